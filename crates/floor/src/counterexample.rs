//! A request that breaks a theorem, in a form that a reader understands and that the engine takes.

use cedar_policy::EntityUid;
use cedar_policy_symcc::Env;
use policy::{Policies, RequestFile};
use serde_json::{Value, json};

use crate::FloorError;

/// A request that breaks a theorem, with what the engine says to it.
#[derive(Debug, Clone)]
pub struct Counterexample {
    /// Id of the theorem.
    pub theorem: String,
    /// The request.
    pub request: RequestFile,
    /// Whether the engine permits it.
    pub is_permitted: bool,
    /// The policies that decide, with the articles they name.
    pub deciding: Vec<String>,
}

fn uid(uid: &EntityUid) -> Value {
    json!({"type": uid.type_name().to_string(), "id": uid.id().unescaped()})
}

/// The request of `found`, as a file.
pub(crate) fn request_file(found: &Env, says: &str) -> Result<RequestFile, FloorError> {
    let cannot = |cause: &dyn ToString| FloorError::Disagreement(format!("{says}: {}", cause.to_string()));
    let request = &found.request;
    let (Some(principal), Some(action), Some(resource)) = (request.principal(), request.action(), request.resource())
    else {
        return Err(cannot(&"the solver leaves a part of the request open"));
    };
    let context = match request.context() {
        Some(context) => context.to_json_value().map_err(|error| cannot(&error))?,
        None => json!({}),
    };
    let mut entities = found.entities.to_json_value().map_err(|error| cannot(&error))?;
    if let Value::Array(list) = &mut entities {
        // Actions stand in the schema; a model repeats them.
        list.retain(|entity| entity.pointer("/uid/type") != Some(&json!("Action")));
    }
    Ok(RequestFile {
        says: says.to_owned(),
        principal: uid(principal),
        action: action.id().unescaped().to_owned(),
        resource: uid(resource),
        context,
        entities,
    })
}

/// Puts what the solver found to the ordinary engine. What it says must come true there.
///
/// # Errors
///
/// [`FloorError::Disagreement`] if it does not: then neither can be believed.
pub(crate) fn replayed(
    policies: &Policies,
    found: &Env,
    theorem: &str,
    says: &str,
    is_permitted: bool,
) -> Result<Counterexample, FloorError> {
    let request = request_file(found, says)?;
    let disagree = |what: String| FloorError::Disagreement(format!("{theorem}: {what}"));
    let replayed = policies.replay(&request).map_err(|fault| disagree(fault.to_string()))?;
    if replayed.outcome.is_ok() != is_permitted {
        let decision = if is_permitted { "refuses" } else { "permits" };
        return Err(disagree(format!("it {decision} the request that the solver found")));
    }
    let deciding = match replayed.outcome {
        Ok(policies) => policies
            .into_iter()
            .map(|(id, article)| format!("{id} ({article})"))
            .collect(),
        Err(refusal) => {
            let forbidding = refusal.policies().iter().cloned();
            forbidding.chain([refusal.to_string()]).collect()
        }
    };
    Ok(Counterexample {
        theorem: theorem.to_owned(),
        request,
        is_permitted,
        deciding,
    })
}
