//! One question, one answer: a permit or a refusal, never a maybe.

use std::collections::{HashMap, HashSet};
use std::fmt;

use cedar_policy::{
    Authorizer, Context, Decision, Entities, Entity, EntityId, EntityUid, PolicyId, Request, RequestValidationError,
    RestrictedExpression,
};

use crate::action::described::{Resource, Value};
use crate::error::REFUSALS_BY_PERSON;
use crate::load::{ActionPolicies, Policies};
use crate::{Action, Caller, CallerKind};

/// Proof that `caller` may do the action `A` to the thing it names. Only [`Policies::decide`] makes one, and it can be
/// neither copied nor changed.
#[must_use = "a permit is there to be handed to the use case"]
pub struct Permit<A: Action> {
    action: A,
    caller: Caller,
    policies: Vec<String>,
    articles: Vec<String>,
}

impl<A: Action> Permit<A> {
    /// The action and the thing it is about.
    #[must_use]
    pub fn resource(&self) -> &A {
        &self.action
    }
    /// Who may.
    #[must_use]
    pub fn caller(&self) -> &Caller {
        &self.caller
    }
    /// Ids of the policies that permit it, in order.
    #[must_use]
    pub fn policies(&self) -> &[String] {
        &self.policies
    }
    /// The articles they stand on, one for each of [`Self::policies`].
    #[must_use]
    pub fn articles(&self) -> &[String] {
        &self.articles
    }
}

impl<A: Action> fmt::Debug for Permit<A> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Permit")
            .field("action", &A::NAME)
            .field("policies", &self.policies)
            .finish_non_exhaustive()
    }
}

/// Why not. It depends on the caller and on what the caller named, never on whether a person exists (R12).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{code} {reason}")]
pub struct Refusal {
    code: &'static str,
    reason: String,
    policies: Vec<String>,
}

impl Refusal {
    fn new(code: &'static str, reason: impl Into<String>) -> Self {
        Self {
            code,
            reason: reason.into(),
            policies: Vec::new(),
        }
    }

    /// The public code; see [`crate::CODES`].
    #[must_use]
    pub fn code(&self) -> &'static str {
        self.code
    }
    /// One sentence in English for logs and operators; people are shown a text by the code.
    #[must_use]
    pub fn reason(&self) -> &str {
        &self.reason
    }
    /// Ids of the policies that forbid it, in order; none if no policy permits it.
    #[must_use]
    pub fn policies(&self) -> &[String] {
        &self.policies
    }
    /// Whether something is wrong with the system rather than with the caller: somebody must look.
    #[must_use]
    pub fn is_alarm(&self) -> bool {
        matches!(self.code, "POLICY-0003" | "POLICY-0004" | "POLICY-0005" | "POLICY-0301")
    }
    /// Whether it depends on the person who is asked about: the caller is told nothing but "nothing to show" (R12).
    #[must_use]
    pub fn is_silent(&self) -> bool {
        REFUSALS_BY_PERSON.contains(&self.code)
    }
}

impl Policies {
    /// Decides whether `caller` may do `action`.
    ///
    /// # Errors
    ///
    /// [`Refusal`] if no policy permits it, one forbids it, the request does not fit the schema, or a policy errs.
    pub fn decide<A: Action>(&self, caller: &Caller, action: A) -> Result<Permit<A>, Refusal> {
        check(caller)?;
        let asked = self
            .actions
            .get(A::NAME)
            .ok_or_else(|| Refusal::new("POLICY-0005", "the action has no policies"))?;
        let resource = action.resource();
        let (request, entities) = self.question(caller, asked, &resource)?;
        let response = Authorizer::new().is_authorized(&request, &asked.set, &entities);
        // Cedar skips a policy that errs. A skipped `forbid` would allow, so nothing is decided then.
        if response.diagnostics().errors().next().is_some() {
            return Err(Refusal::new("POLICY-0005", "a policy could not be evaluated"));
        }
        let mut deciding: Vec<&PolicyId> = response.diagnostics().reason().collect();
        deciding.sort();
        match response.decision() {
            Decision::Allow => {
                let (policies, articles) = deciding
                    .into_iter()
                    .filter_map(|id| asked.notes.get(id).map(|note| (id.to_string(), note.article.clone())))
                    .unzip();
                Ok(Permit {
                    action,
                    caller: caller.clone(),
                    policies,
                    articles,
                })
            }
            Decision::Deny => Err(refusal(asked, &deciding)),
        }
    }

    /// The request and its entities, both checked against the schema.
    fn question(
        &self,
        caller: &Caller,
        asked: &ActionPolicies,
        resource: &Resource,
    ) -> Result<(Request, Entities), Refusal> {
        let no_fit = || Refusal::new("POLICY-0004", "the request does not fit the schema of the policies");
        let principal = self.uid(caller.kind.entity_type(), &caller.account.to_string())?;
        let organisation = caller.organisation.as_ref().map(Value::organisation);
        let behind = caller.behind.map(Value::officer);
        let attributes = [("organisation", organisation), ("behind", behind)];
        let attributes = attributes.into_iter().filter_map(|(name, value)| Some((name, value?)));
        let who = self.entity(principal.clone(), &attributes.collect::<Vec<_>>())?;
        let target = self.uid(resource.kind, &resource.id)?;
        let what = self.entity(target.clone(), &resource.attributes)?;
        let second_factor = RestrictedExpression::new_bool(caller.second_factor);
        let context = Context::from_pairs([("second_factor".to_owned(), second_factor)]).map_err(|_| no_fit())?;
        let request = Request::new(principal, asked.uid.clone(), target, context, Some(&self.schema));
        let request = request.map_err(|error| match error {
            RequestValidationError::InvalidPrincipalType(_) => Refusal::new(
                "POLICY-0002",
                format!("the action is not for a {}", caller.kind.as_str()),
            ),
            _ => no_fit(),
        })?;
        let entities = Entities::from_entities([who, what], Some(&self.schema)).map_err(|_| no_fit())?;
        Ok((request, entities))
    }

    fn entity(&self, uid: EntityUid, attributes: &[(&'static str, Value)]) -> Result<Entity, Refusal> {
        let mut pairs = HashMap::with_capacity(attributes.len());
        for (name, value) in attributes {
            pairs.insert((*name).to_owned(), self.expression(value)?);
        }
        let invalid = |_| Refusal::new("POLICY-0004", "an entity does not fit the schema of the policies");
        Entity::new(uid, pairs, HashSet::new()).map_err(invalid)
    }

    fn expression(&self, value: &Value) -> Result<RestrictedExpression, Refusal> {
        match value {
            Value::Bool(is) => Ok(RestrictedExpression::new_bool(*is)),
            Value::Count(count) => Ok(RestrictedExpression::new_long(*count)),
            Value::Entity(kind, id) => self.uid(kind, id).map(RestrictedExpression::new_entity_uid),
            Value::Entities(kind, ids) => ids
                .iter()
                .map(|id| self.uid(kind, id).map(RestrictedExpression::new_entity_uid))
                .collect::<Result<Vec<_>, _>>()
                .map(RestrictedExpression::new_set),
            Value::Record(fields) => {
                let mut pairs = Vec::with_capacity(fields.len());
                for (name, value) in fields {
                    pairs.push(((*name).to_owned(), self.expression(value)?));
                }
                RestrictedExpression::new_record(pairs)
                    .map_err(|_| Refusal::new("POLICY-0004", "an attribute is given twice"))
            }
        }
    }

    fn uid(&self, kind: &str, id: &str) -> Result<EntityUid, Refusal> {
        let unknown = || Refusal::new("POLICY-0004", format!("the schema of the policies has no {kind}"));
        let kind = self.types.get(kind).ok_or_else(unknown)?;
        Ok(EntityUid::from_type_name_and_id(kind.clone(), EntityId::new(id)))
    }
}

/// An officer acts for an organisation, and an officer may stand behind a system; nobody else may look as if.
fn check(caller: &Caller) -> Result<(), Refusal> {
    let fault = match (caller.kind.has_organisation(), caller.organisation.is_some()) {
        (true, false) => "the officer's account names no organisation",
        (false, true) => "the account names an organisation and is not an officer's",
        (true, true) | (false, false) if caller.behind.is_some() && caller.kind != CallerKind::System => {
            "somebody stands behind a caller that is no system"
        }
        (true, true) | (false, false) => return Ok(()),
    };
    Err(Refusal::new("POLICY-0003", fault))
}

/// The `forbid` with the lowest code speaks: what the caller can mend first comes first.
fn refusal(asked: &ActionPolicies, deciding: &[&PolicyId]) -> Refusal {
    let speaking = deciding
        .iter()
        .filter_map(|id| asked.notes.get(*id))
        .filter_map(|note| note.refusal.map(|code| (code, note)))
        .min_by_key(|(code, _)| *code);
    let policies = deciding.iter().map(ToString::to_string).collect();
    match speaking {
        Some((code, note)) => Refusal {
            code,
            reason: note.reason.clone(),
            policies,
        },
        None => Refusal {
            code: "POLICY-0001",
            reason: "no policy permits it".to_owned(),
            policies,
        },
    }
}
