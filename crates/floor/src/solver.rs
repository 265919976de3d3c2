//! The solver: Debian's cvc5 in a process of its own, spoken to in SMT-LIB.

use std::process::Stdio;

use cedar_policy_symcc::CedarSymCompiler;
use cedar_policy_symcc::solver::{Decision, LocalSolver, Solver};
use tokio::io::AsyncWriteExt;
use tokio::process::Command;

use crate::FloorError;

/// A question may take this long; past it the answer is "unknown", which is a failure. A limit for each question, not for
/// the life of the process.
const LIMIT_PER_QUESTION: &str = "--tlimit-per=60000";

/// A compiler of questions with its own solver.
pub(crate) type Compiler = CedarSymCompiler<LocalSolver>;

/// The solver as it is called: by the environment, or from the path.
fn path() -> String {
    std::env::var("CVC5").unwrap_or_else(|_| "cvc5".to_owned())
}

fn no_solver(cause: &dyn ToString) -> FloorError {
    FloorError::NoSolver {
        path: path(),
        cause: cause.to_string(),
    }
}

/// Name and version, as it says itself.
///
/// # Errors
///
/// [`FloorError::NoSolver`] if it cannot be started.
pub async fn version() -> Result<String, FloorError> {
    let mut command = Command::new(path());
    command.arg("--version").stdin(Stdio::null());
    let output = command.output().await.map_err(|error| no_solver(&error))?;
    let text = String::from_utf8_lossy(&output.stdout);
    let line = text.lines().next().unwrap_or_default();
    // "This is cvc5 version 1.0.3"
    let line = line.strip_prefix("This is ").unwrap_or(line).trim();
    if output.status.success() && line.starts_with("cvc5") {
        Ok(line.to_owned())
    } else {
        Err(FloorError::Guard("it does not say that it is cvc5"))
    }
}

/// Starts a solver and asks it what is known. A dead solver, or a program that says "unsat" to everything, proves nothing.
pub(crate) async fn open() -> Result<Compiler, FloorError> {
    let solver = LocalSolver::cvc5_with_args([LIMIT_PER_QUESTION]).map_err(|error| no_solver(&error))?;
    let mut compiler = CedarSymCompiler::new(solver).map_err(|error| no_solver(&error))?;
    guard(&mut compiler).await?;
    Ok(compiler)
}

/// One question that must be satisfiable and one that must not, put to the solver itself: no simplification answers them.
pub(crate) async fn guard(compiler: &mut Compiler) -> Result<(), FloorError> {
    let questions = [
        (
            "(assert (> x 41))",
            Decision::Sat,
            "what can be said is called unsatisfiable",
        ),
        (
            "(assert (and (> x 41) (< x 41)))",
            Decision::Unsat,
            "what contradicts itself is called satisfiable",
        ),
    ];
    for (assertion, expected, fault) in questions {
        let solver = compiler.solver_mut();
        let script = format!("(reset)\n(set-logic ALL)\n(declare-const x Int)\n{assertion}\n");
        let written = solver.smtlib_input().write_all(script.as_bytes()).await;
        written.map_err(|_| FloorError::Guard("it takes no question"))?;
        let decided = solver.check_sat().await;
        if decided.map_err(|_| FloorError::Guard("it gives no answer"))? != expected {
            return Err(FloorError::Guard(fault));
        }
    }
    Ok(())
}
