//! Why a proof did not come about. Each is a failure: no proof, no bundle, no server.

/// What stopped the prover.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FloorError {
    /// The solver is not installed, or cannot be started.
    #[error("FLOOR-0001 the solver {path} cannot be started: {cause}")]
    NoSolver {
        /// As it was called.
        path: String,
        /// What the system says.
        cause: String,
    },
    /// The solver answers wrongly to a question whose answer is known: it is broken, or it is no solver.
    #[error("FLOOR-0002 the solver gives no proper answer to a question whose answer is known ({0})")]
    Guard(&'static str),
    /// The solver does not know, ran out of time or died. That is no proof.
    #[error("FLOOR-0003 {what}: {cause}")]
    Undecided {
        /// The question.
        what: String,
        /// What it says.
        cause: String,
    },
    /// A theorem is not well formed.
    #[error("FLOOR-0004 theorem {id} in {file}: {what}")]
    Theorem {
        /// File.
        file: String,
        /// Id, or its place.
        id: String,
        /// What is wrong.
        what: String,
    },
    /// An action stands in no table of offices, so nothing says whom it is closed to.
    #[error("FLOOR-0005 the action {0} is named by no theorem that says whose it is")]
    Unnamed(String),
    /// The policies break the floor.
    #[error("FLOOR-0006 the policies break the floor: {0} counterexamples")]
    Refuted(usize),
    /// A counterexample does not do in the engine what the solver says it does.
    #[error("FLOOR-0007 the engine does not answer as the solver says, for {0}")]
    Disagreement(String),
    /// A bundle or a key cannot be written or read.
    #[error("FLOOR-0008 {path}: {cause}")]
    Io {
        /// Which file.
        path: String,
        /// What the system says.
        cause: String,
    },
    /// The bundle in the tree does not say what was proved now.
    #[error("FLOOR-0009 the bundle {path} does not say what was proved now: {what}")]
    Stale {
        /// Which file.
        path: String,
        /// The difference.
        what: String,
    },
}

impl FloorError {
    /// The public code; see `docs/errors.md`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::NoSolver { .. } => "FLOOR-0001",
            Self::Guard(_) => "FLOOR-0002",
            Self::Undecided { .. } => "FLOOR-0003",
            Self::Theorem { .. } => "FLOOR-0004",
            Self::Unnamed(_) => "FLOOR-0005",
            Self::Refuted(_) => "FLOOR-0006",
            Self::Disagreement(_) => "FLOOR-0007",
            Self::Io { .. } => "FLOOR-0008",
            Self::Stale { .. } => "FLOOR-0009",
        }
    }

    /// What to do about it.
    #[must_use]
    pub const fn remedy(&self) -> &'static str {
        match self {
            Self::NoSolver { .. } => {
                "install cvc5 (Debian: apt-get install cvc5), or name it in the environment: CVC5=/path"
            }
            Self::Guard(_) => "install Debian's cvc5; another solver, such as z3, does not do",
            Self::Undecided { .. } => "prove again on a quiet machine, or make the policy simpler",
            Self::Theorem { .. } => "correct the theorem; it belongs to the program",
            Self::Unnamed(_) => "say in policies/floor/offices.cedar which kinds of caller the action is open to",
            Self::Refuted(_) => {
                "correct the policy that the counterexample names; `chengdang floor replay FILE` shows it again"
            }
            Self::Disagreement(_) => "report it: the engine and the prover must be of one version",
            Self::Io { .. } => "check the path and the rights of the file",
            Self::Stale { .. } => "prove, sign and commit: chengdang floor prove",
        }
    }
}
