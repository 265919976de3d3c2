//! P4: the log. Durable appends in groups, their places, their publication, proofs, verification of the whole; on both stores.
//! The machine's bound beside it: the same tree from the same entries in memory alone.

use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use anyhow::{Context, ensure};
use app::log::{Log, Publisher};
use app::{App, Parts, Settings, sequencer};
use domain::Clock;
use policy::{Caller, CallerKind, VerifyStore};
use serde_json::json;
use store::{BlindIndex, IndexTag, NewTrace, Sealed, Store, TraceKind};
use translog::{InclusionProof, LogKey, TileFolder, Tree};
use uuid::Uuid;
use vault::Vault;

use crate::city::Ground;
use crate::clock::{RandomIds, SystemClock};
use crate::measure::percentile;
use crate::report::Report;

/// Traces of one transaction; single looks share at most 512.
const GROUP: usize = 4096;
/// Bytes of a sealed look.
const CONTENT: usize = 240;
const PROOFS: u64 = 1000;

pub(crate) async fn run(ground: &Ground, entries: u64, folder: &Path, report: &mut Report) -> anyhow::Result<()> {
    std::fs::create_dir(folder)?;
    report.line(format_args!(
        "\nP4  log of {entries} entries, appended in groups of {GROUP}; load {}",
        crate::measure::load()
    ))?;
    let peer = crate::peer::Peer::start().await?;
    for name in ["sqlite", "postgresql"] {
        let place = folder.join(name);
        std::fs::create_dir(&place)?;
        let store = if name == "sqlite" {
            ground.sqlite(&place)?
        } else {
            peer.store().await?.0
        };
        measure(ground, store, name, entries, &place, report).await?;
    }
    report.line(
        "  to ship: 100,000 appends/s, proof 1 ms, 300,000 entries/s verified; goal: 500,000, 20 µs warm, 1,500,000",
    )
}

async fn measure(
    ground: &Ground,
    store: Arc<dyn Store>,
    name: &str,
    entries: u64,
    folder: &Path,
    report: &mut Report,
) -> anyhow::Result<()> {
    let app = app_over(ground, Arc::clone(&store), folder)?;
    let begin = Instant::now();
    append(&*store, entries).await?;
    let appended = rate(entries, begin);

    let holder = Uuid::from_u128(1);
    let begin = Instant::now();
    sequencer::run_once(&app, holder).await?.context("the lease is held")?;
    let placed = rate(entries, begin);

    let mut publisher = Publisher::new(&app);
    let begin = Instant::now();
    while sequencer::publish_once(&app, holder, &mut publisher).await? != Some(entries) {}
    let public = rate(entries, begin);

    let permit = ground.policies.decide(&operator(), VerifyStore)?;
    let begin = Instant::now();
    let findings = app::log::verify(&app, &permit, |_| {}).await?;
    let verified = rate(entries, begin);
    ensure!(
        findings.damage.is_empty() && findings.entries == entries,
        "the log does not verify"
    );

    let begin = Instant::now();
    in_memory(&*store, entries).await?;
    let bound = rate(entries, begin);

    let key = app::log::key(&app)?;
    let times = proofs(&app, &key, entries).await?;
    let us = |time: Duration| time.as_secs_f64() * 1e6;
    let (half, most) = (us(percentile(&times.made, 50)), us(percentile(&times.made, 99)));
    let checked = us(percentile(&times.checked, 50));
    report.line(format_args!(
        "  {name:<11} entries/s: durable appends {appended:>8.0}   places {placed:>8.0}   published {public:>8.0}   verified \
         {verified:>8.0}   (read and hashed in memory {bound:>8.0})"
    ))?;
    report.line(format_args!(
        "  {name:<11} proof from row and tiles p50 {half:>6.0} µs  p99 {most:>6.0} µs   its check p50 {checked:>6.0} µs"
    ))?;
    report.value(
        &format!("p4.{name}"),
        json!({
            "appends_per_s": appended, "places_per_s": placed, "published_per_s": public, "verified_per_s": verified,
            "bound_per_s": bound, "proof_p50_us": half, "proof_p99_us": most, "check_p50_us": checked,
        }),
    );
    Ok(())
}

fn operator() -> Caller {
    Caller {
        account: Uuid::nil(),
        kind: CallerKind::Operator,
        organisation: None,
        second_factor: false,
        behind: None,
    }
}

fn app_over(ground: &Ground, store: Arc<dyn Store>, folder: &Path) -> anyhow::Result<App> {
    let register = "证件类型,证件号码,姓名,曾用名\n".as_bytes();
    Ok(App::new(Parts {
        store,
        vault: Arc::new(Vault::ephemeral()?),
        catalogue: Arc::clone(&ground.catalogue),
        policies: Arc::clone(&ground.policies),
        register: Arc::new(matching::FileRegister::load(register)?),
        workbooks: Arc::new(confine::ConfinedReader::new("/nonexistent")),
        statements: Arc::new(app::reconcile::NoStatements),
        clock: Arc::new(SystemClock),
        ids: Arc::new(RandomIds::default()),
        log: Log::new("log.example", Arc::new(TileFolder::open(&folder.join("log"))?)),
        settings: Settings::new(folder.join("staging")),
    }))
}

#[expect(clippy::cast_precision_loss, reason = "a rate is read to three digits")]
fn rate(entries: u64, begin: Instant) -> f64 {
    entries as f64 / begin.elapsed().as_secs_f64()
}

/// Looks of others, as the group commit writes them; each is durable when its group is.
async fn append(store: &dyn Store, entries: u64) -> anyhow::Result<()> {
    let mut number = 0;
    while number < entries {
        let until = entries.min(number + GROUP as u64);
        let group: Vec<NewTrace> = (number..until).map(trace).collect();
        store.append_traces(&group).await?;
        number = until;
    }
    Ok(())
}

fn trace(number: u64) -> NewTrace {
    let hash = translog::leaf_hash(&number.to_be_bytes());
    let mut tag = [0; 16];
    tag.copy_from_slice(hash.get(..16).unwrap_or(&[0; 16]));
    NewTrace {
        uuid: Uuid::from_bytes(tag),
        kind: TraceKind::LookUp,
        subject: IndexTag {
            index: BlindIndex::Number,
            key_version: 1,
            tag,
        },
        content: Sealed {
            salt: Some(tag),
            ciphertext: Some(vec![7; CONTENT]),
        },
        entry_hash: hash,
        at: SystemClock.now(),
    }
}

/// The tree from the store's rows, without tiles: what reading and hashing cost.
async fn in_memory(store: &dyn Store, entries: u64) -> anyhow::Result<()> {
    let mut tree = Tree::default();
    let mut filled = Vec::new();
    while tree.size() < entries {
        for entry in store.log_entries(tree.size(), 10_000).await? {
            tree.append(&app::log::leaf_of(&entry).to_bytes(), &mut filled);
        }
        filled.clear();
    }
    Ok(())
}

/// Sorted times of making proofs and of checking them.
struct Times {
    made: Vec<Duration>,
    checked: Vec<Duration>,
}

/// Proofs of entries all over the log, each from its row and the tiles as they lie.
async fn proofs(app: &App, key: &LogKey, entries: u64) -> anyhow::Result<Times> {
    let mut times = Times {
        made: Vec::new(),
        checked: Vec::new(),
    };
    for number in 0..PROOFS {
        let index = number * 7919 % entries;
        let begin = Instant::now();
        let text = app::log::prove(app, translog::leaf_hash(&index.to_be_bytes())).await?;
        times.made.push(begin.elapsed());
        let begin = Instant::now();
        let proof = InclusionProof::from_text(&text)?;
        proof.check(&proof.extra, key)?;
        times.checked.push(begin.elapsed());
    }
    times.made.sort_unstable();
    times.checked.sort_unstable();
    Ok(times)
}
