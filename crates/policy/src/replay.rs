//! A request written down, such as a counterexample of the prover, put to the ordinary engine.

use cedar_policy::{Context, Entities, EntityUid, Request};
use serde::{Deserialize, Serialize};
use serde_json::Value;

use crate::decide::evaluate;
use crate::{Policies, Refusal};

/// A request as JSON, in the forms of Cedar's own tools: entities as `{"type", "id"}`, attributes as they are.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct RequestFile {
    /// What it is an example of; for the reader.
    #[serde(default)]
    pub says: String,
    /// Who asks.
    pub principal: Value,
    /// For what, by the name of the action.
    pub action: String,
    /// About which thing.
    pub resource: Value,
    /// Of the session.
    pub context: Value,
    /// All entities with their attributes.
    pub entities: Value,
}

/// A request that cannot be put to the policies.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("POLICY-0908 the request cannot be put: {0}")]
pub struct RequestFault(String);

impl RequestFault {
    /// The public code; see `docs/errors.md`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        "POLICY-0908"
    }
}

/// What the policies said to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Replayed {
    /// The permitting policies with their articles, or the refusal.
    pub outcome: Result<Vec<(String, String)>, Refusal>,
}

impl Policies {
    /// Puts `file` to the policies, by the same way on which every request is decided.
    ///
    /// # Errors
    ///
    /// [`RequestFault`] if it is not well formed or does not fit the schema.
    pub fn replay(&self, file: &RequestFile) -> Result<Replayed, RequestFault> {
        let fault = |what: &dyn ToString| RequestFault(what.to_string());
        let uid = |json: &Value| EntityUid::from_json(json.clone()).map_err(|error| fault(&error));
        let asked = self
            .actions
            .get(file.action.as_str())
            .ok_or_else(|| fault(&"no such action"))?;
        let context = Context::from_json_value(file.context.clone(), Some((&self.schema, &asked.uid)));
        let request = Request::new(
            uid(&file.principal)?,
            asked.uid.clone(),
            uid(&file.resource)?,
            context.map_err(|error| fault(&error))?,
            Some(&self.schema),
        );
        let request = request.map_err(|error| fault(&error))?;
        let entities = Entities::from_json_value(file.entities.clone(), Some(&self.schema));
        let entities = entities.map_err(|error| fault(&error))?;
        let outcome = evaluate(asked, &request, &entities).map(|grant| {
            let policies = grant.policies.iter().cloned();
            policies.zip(grant.articles.iter().cloned()).collect()
        });
        Ok(Replayed { outcome })
    }
}
