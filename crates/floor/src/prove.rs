//! Proving: for each kind of request the policies of its action are compiled once, and all that must hold is asked of the solver.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use cedar_policy::{PolicySet, RequestEnv};
use cedar_policy_symcc::{CompiledPolicy, CompiledPolicySet};
use policy::Policies;

use crate::FloorError;
use crate::counterexample::{Counterexample, replayed};
use crate::solver::{self, Compiler};
use crate::theorem::{Holds, Theorem, theorems};

/// The theorem that no policy can err; it has no formula of its own.
pub const NEVER_ERRS: &str = "no-policy-errs";

/// Solvers that are ready, and the theorems.
pub struct Prover {
    theorems: Arc<Vec<Theorem>>,
    compilers: Vec<Compiler>,
}

/// What was found.
#[derive(Debug, Default)]
pub struct Report {
    /// Kinds of request that were looked at: caller, action, thing.
    pub environments: usize,
    /// Policies that never err, each counted once for each environment.
    pub never_erring: usize,
    /// Questions that were put.
    pub questions: usize,
    /// For each theorem: environments in which it was asked, and the time.
    pub asked: BTreeMap<String, (usize, Duration)>,
    /// Requests that break a theorem.
    pub counterexamples: Vec<Counterexample>,
    /// Kinds of request of which the policies permit none, though the schema names them.
    pub closed: Vec<String>,
}

impl Report {
    /// Whether all is proved.
    #[must_use]
    pub fn is_proved(&self) -> bool {
        self.counterexamples.is_empty() && self.closed.is_empty()
    }

    fn add(&mut self, other: Self) {
        self.environments += other.environments;
        self.never_erring += other.never_erring;
        self.questions += other.questions;
        for (id, (environments, time)) in other.asked {
            let entry = self.asked.entry(id).or_default();
            entry.0 += environments;
            entry.1 += time;
        }
        self.counterexamples.extend(other.counterexamples);
        self.closed.extend(other.closed);
    }

    fn count(&mut self, theorem: &str, since: Instant) {
        self.questions += 1;
        let entry = self.asked.entry(theorem.to_owned()).or_default();
        entry.0 += 1;
        entry.1 += since.elapsed();
    }
}

impl Prover {
    /// Starts `solvers` solvers and reads the theorems against the schema of `policies`.
    ///
    /// # Errors
    ///
    /// [`FloorError`] if a solver is missing or broken, or a theorem does not fit the schema.
    pub async fn open(policies: &Policies, solvers: usize) -> Result<Self, FloorError> {
        let mut compilers = Vec::with_capacity(solvers);
        for _ in 0..solvers.max(1) {
            compilers.push(solver::open().await?);
        }
        Ok(Self {
            theorems: Arc::new(theorems(policies.schema())?),
            compilers,
        })
    }

    /// The theorems.
    #[must_use]
    pub fn theorems(&self) -> &[Theorem] {
        &self.theorems
    }

    /// Asks all that must hold of `policies`; of one action only, if one is named.
    ///
    /// # Errors
    ///
    /// [`FloorError`] if the solver does not know or dies, or the engine does not answer as it says.
    pub async fn prove(&mut self, policies: &Arc<Policies>, action: Option<&str>) -> Result<Report, FloorError> {
        let environments = policies.schema().request_envs();
        let wanted = environments.filter(|env| action.is_none_or(|name| name == env.action().id().unescaped()));
        let environments: Arc<Vec<RequestEnv>> = Arc::new(wanted.collect());
        let next = Arc::new(AtomicUsize::new(0));
        let mut workers = Vec::new();
        for compiler in std::mem::take(&mut self.compilers) {
            let (policies, theorems) = (Arc::clone(policies), Arc::clone(&self.theorems));
            let (environments, next) = (Arc::clone(&environments), Arc::clone(&next));
            workers.push(tokio::spawn(work(compiler, policies, theorems, environments, next)));
        }
        let mut report = Report::default();
        let mut failure = None;
        for worker in workers {
            let died = |error: tokio::task::JoinError| undecided("a worker", &error);
            match worker.await.map_err(died).and_then(|done| done) {
                Ok((compiler, part)) => {
                    self.compilers.push(compiler);
                    report.add(part);
                }
                Err(error) => failure = failure.or(Some(error)),
            }
        }
        // All theorems that could be asked were, or the run is none.
        failure.map_or(Ok(report), Err)
    }
}

fn undecided(what: &str, cause: &dyn ToString) -> FloorError {
    FloorError::Undecided {
        what: what.to_owned(),
        cause: cause.to_string(),
    }
}

async fn work(
    mut compiler: Compiler,
    policies: Arc<Policies>,
    theorems: Arc<Vec<Theorem>>,
    environments: Arc<Vec<RequestEnv>>,
    next: Arc<AtomicUsize>,
) -> Result<(Compiler, Report), FloorError> {
    let mut report = Report::default();
    while let Some(env) = environments.get(next.fetch_add(1, Ordering::Relaxed)) {
        let mut asking = Asking {
            compiler: &mut compiler,
            policies: &policies,
            env,
            name: name(env),
            report: &mut report,
        };
        asking.environment(&theorems).await?;
    }
    // A solver that broke on the way has proved nothing.
    solver::guard(&mut compiler).await?;
    Ok((compiler, report))
}

fn name(env: &RequestEnv) -> String {
    let action = env.action().id().unescaped();
    format!("{} by {} on {}", action, env.principal(), env.resource())
}

/// One environment, being asked about.
struct Asking<'a> {
    compiler: &'a mut Compiler,
    policies: &'a Policies,
    env: &'a RequestEnv,
    name: String,
    report: &'a mut Report,
}

impl Asking<'_> {
    async fn environment(&mut self, theorems: &[Theorem]) -> Result<(), FloorError> {
        let action = self.env.action().id().unescaped();
        let set = self
            .policies
            .set_of(action)
            .ok_or_else(|| undecided(action, &"it has no policies"))?;
        let compiled = self.compile(set)?;
        self.report.environments += 1;
        if !self.policies_never_err(set).await? {
            // The engine refuses where a policy errs, Cedar skips it: the other answers would be about something else.
            return Ok(());
        }
        let covering: Vec<&Theorem> = theorems.iter().filter(|theorem| theorem.covers(self.env)).collect();
        // Outside the offices nothing may be permitted at all, which says more than the other theorems.
        let is_outside = covering.iter().any(|theorem| theorem.is_office());
        if !is_outside {
            self.is_open(&compiled).await?;
        }
        for theorem in covering {
            if theorem.is_office() == is_outside {
                self.theorem(theorem, &compiled).await?;
            }
        }
        Ok(())
    }

    fn compile(&self, set: &PolicySet) -> Result<CompiledPolicySet, FloorError> {
        let compiled = CompiledPolicySet::compile(set, self.env, self.policies.schema());
        compiled.map_err(|error| undecided(&self.name, &error))
    }

    /// Whether no policy errs. One that does is skipped by Cedar and refuses here, so that a request that should be decided is
    /// not.
    async fn policies_never_err(&mut self, set: &PolicySet) -> Result<bool, FloorError> {
        let before = self.report.counterexamples.len();
        for policy in set.policies() {
            let since = Instant::now();
            let compiled = CompiledPolicy::compile(policy, self.env, self.policies.schema());
            let compiled = compiled.map_err(|error| undecided(&self.name, &error))?;
            let found = self
                .compiler
                .check_never_errors_with_counterexample_opt(&compiled)
                .await;
            let found = found.map_err(|error| undecided(&self.name, &error))?;
            self.report.count(NEVER_ERRS, since);
            match found {
                None => self.report.never_erring += 1,
                Some(found) => {
                    let says = format!("{}: the policy {} errs", self.name, policy.id());
                    let found = replayed(self.policies, &found, NEVER_ERRS, &says, false)?;
                    self.report.counterexamples.push(found);
                }
            }
        }
        Ok(self.report.counterexamples.len() == before)
    }

    /// The question that must be satisfiable: something is permitted here, and the engine permits it too.
    async fn is_open(&mut self, compiled: &CompiledPolicySet) -> Result<(), FloorError> {
        let found = self
            .compiler
            .check_always_denies_with_counterexample_opt(compiled)
            .await;
        self.report.questions += 1;
        if let Some(found) = found.map_err(|error| undecided(&self.name, &error))? {
            replayed(self.policies, &found, "open", &self.name, true).map(|_| ())
        } else {
            self.report.closed.push(self.name.clone());
            Ok(())
        }
    }

    async fn theorem(&mut self, theorem: &Theorem, compiled: &CompiledPolicySet) -> Result<(), FloorError> {
        let since = Instant::now();
        let failed = |error: cedar_policy_symcc::err::Error| undecided(&theorem.id, &error);
        let found = match &theorem.holds {
            Holds::Only { .. } => {
                self.compiler
                    .check_always_denies_with_counterexample_opt(compiled)
                    .await
            }
            Holds::Never | Holds::Always => {
                let region = CompiledPolicy::compile(&theorem.region, self.env, self.policies.schema());
                let region = region.map_err(failed)?.into_compiled_policyset();
                if self.compiler.check_always_denies_opt(&region).await.map_err(failed)? {
                    return Err(undecided(&theorem.id, &"it speaks of no request at all"));
                }
                if theorem.holds == Holds::Never {
                    self.compiler
                        .check_disjoint_with_counterexample_opt(compiled, &region)
                        .await
                } else {
                    self.compiler
                        .check_implies_with_counterexample_opt(&region, compiled)
                        .await
                }
            }
        };
        self.report.count(&theorem.id, since);
        if let Some(found) = found.map_err(failed)? {
            let says = format!("{}: {}", self.name, theorem.en);
            let is_permitted = theorem.holds != Holds::Always;
            let found = replayed(self.policies, &found, &theorem.id, &says, is_permitted)?;
            self.report.counterexamples.push(found);
        }
        Ok(())
    }
}

impl Prover {
    /// Whether `policies` and `others` decide every request of `action` alike; the codes of refusals may differ.
    ///
    /// # Errors
    ///
    /// As [`Self::prove`].
    pub async fn decides_alike(
        &mut self,
        policies: &Policies,
        others: &Policies,
        action: &str,
    ) -> Result<bool, FloorError> {
        let failed = |error: &dyn ToString| undecided(action, error);
        let compiler = self
            .compilers
            .first_mut()
            .ok_or_else(|| undecided(action, &"no solver is left"))?;
        let (Some(one), Some(other)) = (policies.set_of(action), others.set_of(action)) else {
            return Err(undecided(action, &"it has no policies"));
        };
        let environments = policies.schema().request_envs();
        for env in environments.filter(|env| env.action().id().unescaped() == action) {
            let compile =
                |set| CompiledPolicySet::compile(set, &env, policies.schema()).map_err(|error| failed(&error));
            let (one, other) = (compile(one)?, compile(other)?);
            let alike = compiler.check_equivalent_opt(&one, &other).await;
            if !alike.map_err(|error| failed(&error))? {
                return Ok(false);
            }
        }
        Ok(true)
    }
}
