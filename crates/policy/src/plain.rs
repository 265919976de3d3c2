//! Cedar as it comes: all policies in one set, nothing kept. What the set of each action and the kept answers are measured
//! and checked against, in tests and in the benchmark; nothing that is shipped asks it.

use cedar_policy::{Authorizer, Decision, PolicySet};

use crate::decide::Question;
use crate::{Action, Caller, Policies, Refusal};

/// Policies of all actions in one set.
pub struct OneSet<'a> {
    policies: &'a Policies,
    set: PolicySet,
}

impl<'a> OneSet<'a> {
    /// All policies; or those of the action `first` and of others, up to `count`.
    #[must_use]
    pub fn of(policies: &'a Policies, first: &str, count: usize) -> Self {
        let mut set = PolicySet::new();
        let (asked, others): (Vec<_>, Vec<_>) = policies.actions.iter().partition(|(action, _)| **action == first);
        let all = asked
            .into_iter()
            .chain(others)
            .flat_map(|(_, action)| action.set.policies());
        for policy in all.take(count) {
            // Ids are unique over all files: loading saw to it.
            let _ = set.add(policy.clone());
        }
        Self { policies, set }
    }

    /// How many policies each decision looks at.
    #[must_use]
    pub fn policy_count(&self) -> usize {
        self.set.num_of_policies()
    }

    /// Ids of the policies that permit, in order.
    ///
    /// # Errors
    ///
    /// The ids of those that forbid, with the code `POLICY-0001`, or the refusal of a request that does not fit.
    pub fn decide<A: Action>(&self, caller: &Caller, action: &A) -> Result<Vec<String>, (&'static str, Vec<String>)> {
        let question = Question::of(caller, action);
        let code = |refusal: Refusal| (refusal.code(), Vec::new());
        crate::decide::check(caller).map_err(code)?;
        let Some(asked) = self.policies.actions.get(A::NAME) else {
            return Err(("POLICY-0005", Vec::new()));
        };
        let (request, entities) = self.policies.request(&question, asked).map_err(code)?;
        let response = Authorizer::new().is_authorized(&request, &self.set, &entities);
        if response.diagnostics().errors().next().is_some() {
            return Err(("POLICY-0005", Vec::new()));
        }
        let mut deciding: Vec<String> = response.diagnostics().reason().map(ToString::to_string).collect();
        deciding.sort();
        match response.decision() {
            Decision::Allow => Ok(deciding),
            Decision::Deny => Err(("POLICY-0001", deciding)),
        }
    }
}
