//! `chengdang-floor`: proves the rights floor for a folder of policies, and signs the proof. `chengdang floor prove` runs it.

use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, anyhow};
use clap::Parser;
use floor::{Counterexample, FloorError, NEVER_ERRS, Prover, Report};
use policy::{BUNDLE_FILE, Bundle, Policies};

/// Prove that the policies keep the rights floor; write the signed proof that the server asks for
#[derive(Parser)]
#[command(name = "chengdang-floor", version, max_term_width = 100)]
struct Args {
    /// Folder of the policies
    #[arg(long, default_value = "policies")]
    policies: PathBuf,
    /// Key file of whoever proves; made if it is missing [default: ~/.config/chengdang/floor.key]
    #[arg(long)]
    key: Option<PathBuf>,
    /// Where the public key is written as well, for the configuration's `floor_keys`
    #[arg(long)]
    public_key: Option<PathBuf>,
    /// Where the proof goes [default: floor/bundle.json in the folder of the policies]
    #[arg(long)]
    out: Option<PathBuf>,
    /// Sign nothing: prove, and compare with the proof that lies there
    #[arg(long)]
    check: bool,
    /// Folder for counterexamples, one file each, to be replayed
    #[arg(long)]
    save: Option<PathBuf>,
    /// Solvers that work at the same time [default: one a processor]
    #[arg(long)]
    solvers: Option<usize>,
}

#[tokio::main]
async fn main() -> ExitCode {
    match run(Args::parse()).await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            let remedy = error.downcast_ref::<FloorError>().map(FloorError::remedy);
            let remedy = remedy.map(|remedy| format!("; {remedy}")).unwrap_or_default();
            // Standard error may be closed; then there is nobody to tell.
            let _ = writeln!(std::io::stderr(), "chengdang-floor: {error:#}{remedy}");
            ExitCode::FAILURE
        }
    }
}

async fn run(args: Args) -> anyhow::Result<()> {
    let policies = Policies::load(&args.policies)
        .with_context(|| format!("the policies in {} cannot be used", args.policies.display()))?;
    let policies = Arc::new(policies);
    let since = Instant::now();
    let solver = floor::solver_version().await?;
    let solvers = args
        .solvers
        .or_else(|| std::thread::available_parallelism().ok().map(Into::into));
    let mut prover = Prover::open(&policies, solvers.unwrap_or(1)).await?;
    let report = prover.prove(&policies, None).await?;
    let mut out = std::io::stdout().lock();
    print(&mut out, &prover, &report)?;
    writeln!(
        out,
        "{} theorems, {} environments, {} questions to {solver}, {:.1} s",
        prover.theorems().len() + 1,
        report.environments,
        report.questions,
        since.elapsed().as_secs_f64(),
    )?;
    for name in &report.closed {
        writeln!(
            out,
            "closed: {name}: the schema names it, and no policy ever permits it"
        )?;
    }
    for (number, found) in report.counterexamples.iter().enumerate() {
        print_counterexample(&mut out, number + 1, found, args.save.as_deref())?;
    }
    if !report.is_proved() {
        return Err(FloorError::Refuted(report.counterexamples.len() + report.closed.len()).into());
    }
    let file = args.out.clone().unwrap_or_else(|| args.policies.join(BUNDLE_FILE));
    if args.check {
        compare(&file, &prover, &report, &policies)?;
        writeln!(out, "the proof {} says the same", file.display())?;
        return Ok(());
    }
    let key_file = args.key.clone().map_or_else(default_key, Ok)?;
    let key = floor::proof_key(&key_file)?;
    let bundle = floor::signed(&report, prover.theorems(), &policies, &solver, &now(), &key)?;
    write_file(&file, &format!("{}\n", serde_json::to_string_pretty(&bundle)?))?;
    if let Some(path) = &args.public_key {
        write_file(path, &format!("{}\n", bundle.key))?;
    }
    writeln!(out, "signed by {} in {}", bundle.key, file.display())?;
    Ok(())
}

fn print(out: &mut impl Write, prover: &Prover, report: &Report) -> anyhow::Result<()> {
    let line = |id: &str, serves: &str, en: &str| {
        let (environments, time) = report.asked.get(id).copied().unwrap_or_default();
        let broken = report
            .counterexamples
            .iter()
            .filter(|found| found.theorem == id)
            .count();
        let result = if broken == 0 {
            "proved".to_owned()
        } else {
            format!("BROKEN x{broken}")
        };
        let ms = time.as_millis();
        format!("{result:<10} {serves:<8} {id:<36} {environments:>3} env {ms:>6} ms  {en}")
    };
    for theorem in prover.theorems() {
        writeln!(out, "{}", line(&theorem.id, &theorem.serves, &theorem.en))?;
    }
    writeln!(
        out,
        "{}",
        line(NEVER_ERRS, "all", "no policy can err on a request that fits the schema")
    )?;
    Ok(())
}

fn print_counterexample(
    out: &mut impl Write,
    number: usize,
    found: &Counterexample,
    folder: Option<&Path>,
) -> anyhow::Result<()> {
    let decision = if found.is_permitted {
        "permitted by"
    } else {
        "refused by"
    };
    writeln!(
        out,
        "\ncounterexample {number}: {} breaks {}",
        found.request.says, found.theorem
    )?;
    writeln!(out, "{decision} {}", found.deciding.join(", "))?;
    let json = serde_json::to_string_pretty(&found.request)?;
    writeln!(out, "{json}")?;
    if let Some(folder) = folder {
        let file = folder.join(format!("{number:02}-{}.json", found.theorem));
        write_file(&file, &format!("{json}\n"))?;
        writeln!(out, "replay it: chengdang floor replay {}", file.display())?;
    }
    Ok(())
}

/// Times, solver and signer differ from one run to the next; what was proved of what does not.
fn compare(file: &Path, prover: &Prover, report: &Report, policies: &Policies) -> anyhow::Result<()> {
    let text = std::fs::read_to_string(file).with_context(|| format!("cannot read {}", file.display()))?;
    let said = Bundle::parse(&text)?.statement;
    let stale = |what: &str| FloorError::Stale {
        path: file.display().to_string(),
        what: what.to_owned(),
    };
    let asked = prover.theorems().iter().map(|theorem| {
        let environments = report.asked.get(&theorem.id).map_or(0, |asked| asked.0);
        (theorem.id.clone(), environments)
    });
    let asked: Vec<_> = asked.collect();
    let listed: Vec<_> = said
        .theorems
        .into_iter()
        .map(|theorem| (theorem.id, theorem.environments))
        .collect();
    let differences = [
        (said.policies == policies.version(), "other policies"),
        (said.theorems_version == policy::theorems_version(), "other theorems"),
        (said.environments == report.environments, "other environments"),
        (
            said.never_erring == report.never_erring,
            "other policies that never err",
        ),
        (listed == asked, "other theorems or environments of them"),
    ];
    match differences.into_iter().find(|(is_same, _)| !is_same) {
        None => Ok(()),
        Some((_, what)) => Err(stale(what).into()),
    }
}

fn write_file(path: &Path, text: &str) -> anyhow::Result<()> {
    if let Some(folder) = path.parent() {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    std::fs::write(path, text).with_context(|| format!("cannot write {}", path.display()))
}

fn default_key() -> anyhow::Result<PathBuf> {
    let from = |name: &str| {
        std::env::var_os(name)
            .filter(|value| !value.is_empty())
            .map(PathBuf::from)
    };
    let folder = from("XDG_CONFIG_HOME").or_else(|| from("HOME").map(|home| home.join(".config")));
    let folder = folder.ok_or_else(|| anyhow!("there is no home folder: name the key file with --key"))?;
    Ok(folder.join("chengdang/floor.key"))
}

#[expect(
    clippy::disallowed_methods,
    reason = "the program's own clock: it dates the proof, and decides nothing"
)]
fn now() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
