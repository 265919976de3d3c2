//! Mutants of policies: each a small mistake that somebody could make. A mistake that neither the loader, nor the reviewed
//! matrix, nor a proof notices would be a hole in the floor, unless it changes no decision at all.

use cedar_policy::{Policy, PolicyId};
use policy::{ACTIONS, Policies};
use serde_json::{Value, json};

/// The policies of one action with one mistake in them.
#[derive(Debug, Clone)]
pub struct Mutant {
    /// The action.
    pub action: &'static str,
    /// The policy with the mistake.
    pub policy: String,
    /// The mistake.
    pub what: String,
    /// All policies of the action, as a file.
    pub text: String,
}

/// All mutants of all policies, in order.
#[must_use]
pub fn mutants(policies: &Policies) -> Vec<Mutant> {
    ACTIONS
        .into_iter()
        .flat_map(|(action, _)| of_action(policies, action))
        .collect()
}

fn of_action(policies: &Policies, action: &'static str) -> Vec<Mutant> {
    let Some(set) = policies.set_of(action) else {
        return Vec::new();
    };
    let mut all: Vec<&Policy> = set.policies().collect();
    all.sort_by_key(|policy| policy.id().to_string());
    let texts: Vec<String> = all.iter().filter_map(|policy| policy.to_cedar()).collect();
    let mut mutants = Vec::new();
    for (place, policy) in all.iter().enumerate() {
        let mut add = |what: String, text: Option<String>| {
            let others = texts.iter().enumerate().filter(|(other, _)| *other != place);
            let mut file: Vec<String> = others.map(|(_, text)| text.clone()).collect();
            file.extend(text);
            mutants.push(Mutant {
                action,
                policy: policy.id().to_string(),
                what,
                text: file.join("\n"),
            });
        };
        add("dropped".to_owned(), None);
        let Ok(json) = policy.to_json() else { continue };
        for (what, mistaken) in of_policy(&json) {
            // What is no policy any more needs no test.
            let id = PolicyId::new(policy.id());
            if let Some(text) = Policy::from_json(Some(id), mistaken)
                .ok()
                .and_then(|policy| policy.to_cedar())
            {
                add(what, Some(text));
            }
        }
    }
    mutants
}

/// Mutants of one policy in Cedar's JSON form.
fn of_policy(policy: &Value) -> Vec<(String, Value)> {
    let mut mutants = Vec::new();
    let changed = |change: &dyn Fn(&mut Value)| {
        let mut copy = policy.clone();
        change(&mut copy);
        copy
    };
    let flipped = if policy.get("effect") == Some(&json!("permit")) {
        changed(&|copy| {
            set(copy, "/effect", json!("forbid"));
            set(copy, "/annotations/refusal", json!("POLICY-0102"));
        })
    } else {
        changed(&|copy| {
            set(copy, "/effect", json!("permit"));
            if let Some(notes) = copy.get_mut("annotations").and_then(Value::as_object_mut) {
                notes.remove("refusal");
            }
        })
    };
    mutants.push(("effect flipped".to_owned(), flipped));
    if policy.pointer("/principal/op") == Some(&json!("is")) {
        let wide = changed(&|copy| set(copy, "/principal", json!({"op": "All"})));
        mutants.push(("any caller".to_owned(), wide));
    }
    let conditions = policy.get("conditions").and_then(Value::as_array);
    for (place, condition) in conditions.into_iter().flatten().enumerate() {
        let at = format!("/conditions/{place}");
        let none = changed(&|copy| set(copy, "/conditions", json!([])));
        mutants.push(("condition dropped".to_owned(), none));
        let other = if condition.get("kind") == Some(&json!("when")) {
            "unless"
        } else {
            "when"
        };
        let turned = changed(&|copy| set(copy, &format!("{at}/kind"), json!(other)));
        mutants.push((format!("turned into {other}"), turned));
        for (what, body) in condition.get("body").map(of_condition).unwrap_or_default() {
            mutants.push((what, changed(&|copy| set(copy, &format!("{at}/body"), body.clone()))));
        }
    }
    mutants
}

fn set(value: &mut Value, pointer: &str, to: Value) {
    if let Some(place) = value.pointer_mut(pointer) {
        *place = to;
        return;
    }
    let parent = pointer
        .rsplit_once('/')
        .and_then(|(parent, key)| Some((value.pointer_mut(parent)?, key)));
    if let Some((Value::Object(fields), key)) = parent {
        fields.insert(key.to_owned(), to);
    }
}

/// The one operator of an expression and its operands.
fn operator(expression: &Value) -> Option<(&str, &Value)> {
    expression
        .as_object()?
        .iter()
        .next()
        .map(|(name, operands)| (name.as_str(), operands))
}

/// An expression in few words, for the list.
fn words(expression: &Value) -> String {
    let text = expression.to_string();
    text.chars()
        .filter(|letter| !"{}\"".contains(*letter))
        .take(90)
        .collect()
}

/// Mutants of an expression that is true or false.
fn of_condition(expression: &Value) -> Vec<(String, Value)> {
    let Some((name, operands)) = operator(expression) else {
        return Vec::new();
    };
    let part = |side: &str| operands.get(side).cloned().unwrap_or_default();
    let mut mutants = Vec::new();
    if name == "&&" || name == "||" {
        let (left, right) = (part("left"), part("right"));
        mutants.push((format!("without: {}", words(&left)), right.clone()));
        mutants.push((format!("without: {}", words(&right)), left.clone()));
        let other = if name == "&&" { "||" } else { "&&" };
        let turned = json!({ other: {"left": left, "right": right} });
        mutants.push((format!("{name} turned into {other}: {}", words(&right)), turned));
        for (what, left) in of_condition(&left) {
            mutants.push((what, json!({ name: {"left": left, "right": right} })));
        }
        for (what, right) in of_condition(&right) {
            mutants.push((what, json!({ name: {"left": left, "right": right} })));
        }
        return mutants;
    }
    if name == "!" {
        mutants.push((format!("not denied: {}", words(&part("arg"))), part("arg")));
        return mutants;
    }
    mutants.push((
        format!("denied: {}", words(expression)),
        json!({"!": {"arg": expression}}),
    ));
    let others: &[&str] = match name {
        "==" => &["!="],
        "!=" => &["=="],
        "<=" => &["<", ">"],
        "containsAll" => &["containsAny"],
        _ => &[],
    };
    for other in others {
        let turned = json!({ *other: operands });
        mutants.push((format!("{name} turned into {other}: {}", words(expression)), turned));
    }
    // One more or one less, and a set without one of its elements.
    for side in ["left", "right"] {
        let operand = part(side);
        if let Some(number) = operand.pointer("/Value").and_then(Value::as_i64) {
            for near in [number + 1, number - 1] {
                let mut copy = expression.clone();
                set(&mut copy, &format!("/{name}/{side}"), json!({"Value": near}));
                mutants.push((format!("{number} turned into {near}"), copy));
            }
        }
        let elements = operand.pointer("/Set").and_then(Value::as_array).map_or(0, Vec::len);
        for place in 0..elements {
            let mut copy = expression.clone();
            if let Some(Value::Array(set)) = copy.pointer_mut(&format!("/{name}/{side}/Set")) {
                let element = set.remove(place);
                mutants.push((format!("set without {}", words(&element)), copy));
            }
        }
    }
    mutants
}
