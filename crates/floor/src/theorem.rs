//! Theorems: each a region of requests, written as a policy, and what must hold in it.

use std::collections::BTreeSet;
use std::str::FromStr;

use cedar_policy::{ActionConstraint, Effect, EntityUid, Policy, PolicySet, RequestEnv, Schema};
use policy::THEOREMS;

use crate::FloorError;

/// A theorem of the floor.
pub struct Theorem {
    /// Id.
    pub id: String,
    /// The rules of the floor that it serves, such as `R3 R5`.
    pub serves: String,
    /// Articles it stands on.
    pub article: String,
    /// In Chinese.
    pub zh: String,
    /// In English.
    pub en: String,
    /// What holds.
    pub holds: Holds,
    /// The region: what it permits is what the theorem is about.
    pub region: Policy,
    actions: BTreeSet<EntityUid>,
}

/// What holds in the region of a theorem.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Holds {
    /// Nothing in it is permitted.
    Never,
    /// All of it is permitted, whatever else the policies say.
    Always,
    /// Of the actions named, nothing is permitted to other kinds of caller, or about other kinds of thing.
    Only {
        /// Kinds of caller.
        principals: BTreeSet<String>,
        /// Kinds of thing; empty = any.
        resources: BTreeSet<String>,
    },
}

impl Theorem {
    /// Whether the theorem says something about requests of `environment`.
    #[must_use]
    pub fn covers(&self, environment: &RequestEnv) -> bool {
        if !self.actions.contains(environment.action()) {
            return false;
        }
        match &self.holds {
            Holds::Never | Holds::Always => match self.region.principal_constraint() {
                cedar_policy::PrincipalConstraint::Is(kind) => kind == *environment.principal(),
                _ => true,
            },
            Holds::Only { principals, resources } => {
                let resource = environment.resource().to_string();
                !principals.contains(&environment.principal().to_string())
                    || !(resources.is_empty() || resources.contains(&resource))
            }
        }
    }

    /// Whether it says whose its actions are.
    pub(crate) fn is_office(&self) -> bool {
        matches!(self.holds, Holds::Only { .. })
    }
}

/// The theorems of this program, for `schema`. Whether each fits is seen when it is asked.
///
/// # Errors
///
/// [`FloorError::Theorem`] if one is not well formed or does not fit; [`FloorError::Unnamed`] if none says whose an action is.
pub fn theorems(schema: &Schema) -> Result<Vec<Theorem>, FloorError> {
    let mut theorems: Vec<Theorem> = Vec::new();
    for (file, text) in THEOREMS {
        let wrong = |id: &str, what: String| FloorError::Theorem {
            file: file.to_owned(),
            id: id.to_owned(),
            what,
        };
        let parsed = PolicySet::from_str(text).map_err(|error| wrong("", error.to_string()))?;
        let mut inside: Vec<Theorem> = Vec::new();
        for policy in parsed.policies() {
            let theorem =
                read(policy).map_err(|what| wrong(policy.annotation("id").unwrap_or_default(), what.to_owned()))?;
            if theorems.iter().chain(&inside).any(|other| other.id == theorem.id) {
                return Err(wrong(&theorem.id, "its id is given twice".to_owned()));
            }
            inside.push(theorem);
        }
        theorems.append(&mut inside);
    }
    for action in schema.actions() {
        if !theorems
            .iter()
            .any(|theorem| theorem.is_office() && theorem.actions.contains(action))
        {
            return Err(FloorError::Unnamed(action.id().unescaped().to_owned()));
        }
    }
    theorems.sort_by(|a, b| a.id.cmp(&b.id));
    Ok(theorems)
}

fn read(policy: &Policy) -> Result<Theorem, &'static str> {
    let text = |key: &str, missing| {
        let text = policy.annotation(key).map(str::trim).filter(|text| !text.is_empty());
        text.map(str::to_owned).ok_or(missing)
    };
    let kinds = |key: &str| -> BTreeSet<String> {
        let text = policy.annotation(key).unwrap_or_default();
        text.split_whitespace().map(str::to_owned).collect()
    };
    if policy.effect() != Effect::Permit {
        return Err("a region is written as a permit");
    }
    let holds = match policy.annotation("holds") {
        Some("never") => Holds::Never,
        Some("always") => Holds::Always,
        Some("only") => Holds::Only {
            principals: kinds("principals"),
            resources: kinds("resources"),
        },
        _ => return Err("@holds says never, always or only"),
    };
    let actions: BTreeSet<EntityUid> = match policy.action_constraint() {
        ActionConstraint::Eq(action) => [action].into(),
        ActionConstraint::In(actions) => actions.into_iter().collect(),
        ActionConstraint::Any => return Err("it names its actions"),
    };
    if !matches!(
        policy.principal_constraint(),
        cedar_policy::PrincipalConstraint::Any | cedar_policy::PrincipalConstraint::Is(_)
    ) {
        return Err("the caller is any, or of a kind");
    }
    if policy.resource_constraint() != cedar_policy::ResourceConstraint::Any {
        return Err("the thing is any: the action says of which kind");
    }
    Ok(Theorem {
        id: text("id", "@id is missing")?,
        serves: text("serves", "@serves is missing")?,
        article: text("article", "@article is missing")?,
        zh: text("zh", "@zh is missing")?,
        en: text("en", "@en is missing")?,
        holds,
        region: policy.clone(),
        actions,
    })
}
