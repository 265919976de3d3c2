//! P3: look-ups of single persons over HTTP by 32 officers, each durable in the log before anything is read, beside the same
//! number of `pgbench` clients that write a log row and read a person's records in one durable transaction.
//!
//! The limits on distinct persons are raised for the run, for they would stop it; everything else is as shipped.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use anyhow::{Context, anyhow, ensure};
use app::App;
use app::accounts::{self, NewAccount};
use app::matters::{self, MatterEntry};
use domain::catalogue::{LookUpLimits, PurposeId};
use domain::{Clock, MatterNo, Uscc};
use policy::{Caller, CallerKind, RegisterMatter};
use serde_json::json;
use store::{AccountKind, Store};
use synth::Outcome;
use tokio::io::{AsyncWriteExt, BufStream};
use tokio::net::{TcpListener, TcpStream};
use uuid::Uuid;

use crate::city::{Ground, Written};
use crate::clock::SystemClock;
use crate::measure::{self, percentile, spread};
use crate::own::{one_time_code, response};
use crate::peer::Peer;
use crate::report::Report;

const CLIENTS: usize = 32;
const PASSWORD: &str = "a long enough password";
const PURPOSE: &str = "PUR-PROCUREMENT";
const ITEM: &str = "ITM-PENALTY";
const PERSONS_MAX: usize = 20_000;

/// A person to look up: kind and number of the document, name.
struct Person {
    kind: &'static str,
    number: String,
    name: String,
}

/// What one arm came to.
struct Arm {
    rates: Vec<f64>,
    p50: Vec<f64>,
    p99: Vec<f64>,
}

impl Arm {
    const fn new() -> Self {
        Self {
            rates: Vec::new(),
            p50: Vec::new(),
            p99: Vec::new(),
        }
    }
}

/// Measures `turns` rounds of each arm, each as long as `seconds`, over a city of `rows` records.
pub(crate) async fn run(
    ground: &Ground,
    rows: u64,
    (turns, seconds): (usize, u64),
    folder: &Path,
    report: &mut Report,
) -> anyhow::Result<()> {
    std::fs::create_dir(folder)?;
    let ground = raised(ground);
    let peer = Peer::start().await?;
    let written = Written::write(&ground.catalogue, rows, folder.join("city"))?;
    let persons = persons(&written)?;
    let sqlite_folder = folder.join("sqlite");
    std::fs::create_dir(&sqlite_folder)?;
    let sqlite_store = ground.sqlite(&sqlite_folder)?;
    let sqlite = ground.app(&written, Arc::clone(&sqlite_store), &sqlite_folder)?;
    let (postgres_store, database) = peer.store().await?;
    let postgres_folder = folder.join("postgres");
    std::fs::create_dir(&postgres_folder)?;
    let postgres = ground.app(&written, Arc::clone(&postgres_store), &postgres_folder)?;
    for app in [&sqlite, &postgres] {
        let receipt = ground.deliver(&written, app).await?;
        crate::truth::check_counts(&written, &receipt)?;
    }
    let table = peer.look_up_tables(u64::try_from(persons.len())?, rows).await?;
    let persons = Arc::new(persons);
    let (on_sqlite, on_postgres) = (
        City::open(sqlite, sqlite_store).await?,
        City::open(postgres, postgres_store).await?,
    );
    let fsync = measure::fsync_times(folder, 400)?;
    report.line(format_args!(
        "\nP3  look-ups by {CLIENTS} officers over HTTP, {rows} records, {} persons in turn, {seconds} s a turn; fsync p99 \
         {:.2} ms; load {}",
        persons.len(),
        percentile(&fsync, 99).as_secs_f64() * 1e3,
        measure::load()
    ))?;
    let (mut pgbench, mut ours, mut theirs) = (Arm::new(), Arm::new(), Arm::new());
    for _ in 0..turns {
        let (rate, latency) = pgbench_rate(&peer, &table, persons.len(), seconds, folder)?;
        pgbench.rates.push(rate);
        pgbench.p50.push(latency);
        for (city, arm) in [(&on_sqlite, &mut ours), (&on_postgres, &mut theirs)] {
            let (rate, times) = city.closed_loop(&persons, seconds).await?;
            arm.rates.push(rate);
            // Latency is that of half the load: at the full one it only says how long the queue is.
            let open = city.open_loop(&persons, rate / 2.0, seconds).await?;
            let ms = |sorted: &[Duration], at| percentile(sorted, at).as_secs_f64() * 1e3;
            arm.p50.push(ms(&open, 50));
            arm.p99.push(ms(&open, 99));
            ensure!(!times.is_empty(), "nobody was looked up");
        }
    }
    on_sqlite.check().await?;
    on_postgres.check().await?;
    say(report, &pgbench, &[("SQLite", &ours), ("PostgreSQL store", &theirs)])?;
    on_sqlite.close().await?;
    on_postgres.close().await?;
    peer.forget(&database).await
}

/// The shipped catalogue without limits on distinct persons.
fn raised(ground: &Ground) -> Ground {
    let mut catalogue = (*ground.catalogue).clone();
    let most = u32::MAX;
    catalogue.look_up_limits = LookUpLimits {
        officer: most,
        client: most,
        department: most,
        purpose: most,
        city: most,
        persons_per_matter: most,
    };
    Ground {
        catalogue: Arc::new(catalogue),
        ..ground.clone()
    }
}

/// Persons of whom the city has a penalty, spread over it.
fn persons(written: &Written) -> anyhow::Result<Vec<Person>> {
    let mut found = std::collections::BTreeSet::new();
    for row in written.truth()? {
        let row = row?;
        if let (Some(resident), Outcome::Recorded) = (row.resident, row.outcome) {
            found.insert(resident);
        }
    }
    let apart = (found.len() / PERSONS_MAX).max(1);
    found
        .into_iter()
        .step_by(apart)
        .map(|resident| {
            let person = written.city.person(resident)?;
            Ok(Person {
                kind: person.kind.code(),
                number: person.number,
                name: person.name,
            })
        })
        .collect()
}

/// The system over a store, served, with an officer for each client.
struct City {
    store: Arc<dyn Store>,
    address: SocketAddr,
    tokens: Vec<String>,
    matter: String,
    turn: AtomicU64,
    answered: AtomicU64,
    stop: tokio::sync::oneshot::Sender<()>,
    served: tokio::task::JoinHandle<std::io::Result<()>>,
}

impl City {
    async fn open(app: App, store: Arc<dyn Store>) -> anyhow::Result<Self> {
        let purpose = PurposeId::parse(PURPOSE)?;
        let organisation = app.catalogue().purposes.get(&purpose).context("the purpose")?;
        let organisation: Uscc = organisation.askers.first().context("who may ask")?.clone();
        let mut tokens = Vec::new();
        let mut account = Uuid::nil();
        for client in 0..CLIENTS {
            let login = format!("officer-{client}");
            let made = accounts::create(
                &app,
                NewAccount {
                    login: login.clone(),
                    password: PASSWORD.to_owned(),
                    kind: AccountKind::Officer,
                    organisation: Some(organisation.clone()),
                    identity: None,
                    totp_secret: None,
                    holder: None,
                },
            )
            .await?;
            account = made.uuid;
            let half = accounts::login(&app, &login, PASSWORD, IpAddr::V4(Ipv4Addr::LOCALHOST)).await?;
            let code = one_time_code(&login, &made.totp_secret_base32)?;
            let token = accounts::second_factor(&app, half.as_str(), &code).await?;
            tokens.push(token.as_str().to_owned());
        }
        let matter = format!("测采〔{}〕1号", SystemClock.today().year());
        let caller = Caller {
            account,
            kind: CallerKind::Officer,
            organisation: Some(organisation.clone()),
            second_factor: true,
            behind: None,
        };
        let permit = app.policies().decide(&caller, RegisterMatter { organisation })?;
        let entry = MatterEntry {
            matter_no: MatterNo::parse(&matter)?,
            purpose,
            opened: SystemClock.today(),
            closed: None,
        };
        for done in matters::register(&app, &permit, &[entry])
            .await
            .map_err(|error| anyhow!("{error}"))?
        {
            done.map_err(|fault| anyhow!("{fault:?}"))?;
        }
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let served = tokio::spawn(web::serve(app, listener, web::WebSettings::default(), None, async {
            let _ = stopped.await;
        }));
        Ok(Self {
            store,
            address,
            tokens,
            matter,
            turn: AtomicU64::new(0),
            answered: AtomicU64::new(0),
            stop,
            served,
        })
    }

    /// Each client asks again as soon as it is answered; look-ups a second and their sorted times.
    async fn closed_loop(&self, persons: &Arc<Vec<Person>>, seconds: u64) -> anyhow::Result<(f64, Vec<Duration>)> {
        let begin = Instant::now();
        let end = begin + Duration::from_secs(seconds);
        let times = self
            .all(persons, move |_| (Instant::now() < end).then(Instant::now))
            .await?;
        let rate = f64::from(u32::try_from(times.len())?) / begin.elapsed().as_secs_f64();
        Ok((rate, times))
    }

    /// Look-ups become due at even distances, whether or not earlier ones are answered; times count from when each was due.
    async fn open_loop(&self, persons: &Arc<Vec<Person>>, rate: f64, seconds: u64) -> anyhow::Result<Vec<Duration>> {
        let begin = Instant::now();
        let end = begin + Duration::from_secs(seconds);
        let next = Arc::new(AtomicU64::new(0));
        let due = move |_| {
            let number = u32::try_from(next.fetch_add(1, Ordering::Relaxed)).ok()?;
            let at = begin + Duration::from_secs_f64(f64::from(number) / rate);
            (at < end).then_some(at)
        };
        self.all(persons, due).await
    }

    /// Runs all clients; `due` says when a client's next look-up is due, or that there is none.
    async fn all(
        &self,
        persons: &Arc<Vec<Person>>,
        due: impl Fn(usize) -> Option<Instant> + Clone + Send + 'static,
    ) -> anyhow::Result<Vec<Duration>> {
        let turn = self.turn.fetch_add(1, Ordering::Relaxed);
        let mut clients = tokio::task::JoinSet::new();
        for (client, token) in self.tokens.iter().cloned().enumerate() {
            let (persons, due, matter, address) = (Arc::clone(persons), due.clone(), self.matter.clone(), self.address);
            clients.spawn(async move {
                let stream = TcpStream::connect(address).await?;
                stream.set_nodelay(true)?;
                let mut stream = BufStream::new(stream);
                let mut times = Vec::new();
                let mut number = 0;
                while let Some(at) = due(client) {
                    tokio::time::sleep_until(at.into()).await;
                    let person = persons
                        .get((client * 631 + number * CLIENTS) % persons.len())
                        .context("a person")?;
                    let key = format!("p3-{turn}-{client}-{number}");
                    let body = json!({
                        "purpose": PURPOSE, "legal_ground": "政府采购法 第二十二条", "matter_no": matter,
                        "document": { "kind": person.kind, "number": person.number }, "name": person.name, "items": [ITEM],
                    })
                    .to_string();
                    let head = format!(
                        "POST /api/v1/look-ups HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {token}\r\nContent-Type: \
                         application/json\r\nIdempotency-Key: {key}\r\nContent-Length: {}\r\n\r\n",
                        body.len()
                    );
                    stream.write_all(head.as_bytes()).await?;
                    stream.write_all(body.as_bytes()).await?;
                    stream.flush().await?;
                    let answer = response(&mut stream).await?;
                    times.push(at.elapsed());
                    ensure!(answer.starts_with(b"{"), "an answer that is no object");
                    number += 1;
                }
                Ok(times)
            });
        }
        let mut all = Vec::new();
        while let Some(times) = clients.join_next().await {
            all.extend(times??);
        }
        self.answered.fetch_add(u64::try_from(all.len())?, Ordering::Relaxed);
        all.sort_unstable();
        Ok(all)
    }

    /// Every answer has its trace: none was given without.
    async fn check(&self) -> anyhow::Result<()> {
        let (sequenced, waiting) = self.store.log_sizes().await?;
        let answered = self.answered.load(Ordering::Relaxed);
        ensure!(
            answered > 0 && sequenced + waiting >= answered,
            "{answered} answers, fewer entries"
        );
        Ok(())
    }

    async fn close(self) -> anyhow::Result<()> {
        let _ = self.stop.send(());
        self.served.await??;
        Ok(())
    }
}

/// Transactions a second of `pgbench` and their mean time in milliseconds.
fn pgbench_rate(peer: &Peer, table: &str, persons: usize, seconds: u64, folder: &Path) -> anyhow::Result<(f64, f64)> {
    let script = folder.join("look-up.sql");
    std::fs::write(
        &script,
        format!(
            "\\set person random(1, {persons})\nBEGIN;\n\
             INSERT INTO {table}_log (tag, officer, purpose, matter, content, hash) VALUES (decode(lpad(to_hex(:person), 32, \
             '0'), 'hex'), gen_random_uuid(), '{PURPOSE}', '测采〔2026〕1号', decode(repeat('00', 400), 'hex'), \
             decode(repeat('11', 32), 'hex'));\n\
             SELECT r.* FROM {table}_tag t JOIN {table}_record r ON r.person = t.person WHERE t.tag = \
             decode(lpad(to_hex(:person), 32, '0'), 'hex');\nCOMMIT;\n"
        ),
    )?;
    let output = Command::new(program("pgbench")?)
        .args(["-n", "-M", "prepared", "-j", "2", "-c"])
        .arg(CLIENTS.to_string())
        .arg("-T")
        .arg(seconds.to_string())
        .arg("-f")
        .arg(&script)
        .arg(peer.url())
        .output()?;
    let text = String::from_utf8_lossy(&output.stdout);
    ensure!(
        output.status.success(),
        "pgbench: {}",
        String::from_utf8_lossy(&output.stderr)
    );
    let value = |before: &str| -> anyhow::Result<f64> {
        let rest = text.split(before).nth(1).context("a figure of pgbench")?;
        Ok(rest.split_whitespace().next().context("a figure of pgbench")?.parse()?)
    };
    Ok((value("tps = ")?, value("latency average = ")?))
}

/// A program of the newest PostgreSQL that Debian has installed.
fn program(name: &str) -> anyhow::Result<PathBuf> {
    let mut found: Vec<PathBuf> = std::fs::read_dir("/usr/lib/postgresql")?
        .filter_map(|entry| Some(entry.ok()?.path().join("bin").join(name)))
        .filter(|path| path.exists())
        .collect();
    found.sort();
    found.pop().with_context(|| format!("{name} is not installed"))
}

fn say(report: &mut Report, pgbench: &Arm, ours: &[(&str, &Arm)]) -> anyhow::Result<()> {
    let (peer, least, most) = spread(&pgbench.rates);
    let (mean, ..) = spread(&pgbench.p50);
    report.line(format_args!(
        "  pgbench, logged and durable {peer:>8.0}/s ({least:.0}–{most:.0}), {mean:.1} ms on average"
    ))?;
    report.value("p3.pgbench", json!({ "per_second": peer.round() }));
    for (name, arm) in ours {
        let (rate, least, most) = spread(&arm.rates);
        let ((p50, ..), (p99, ..)) = (spread(&arm.p50), spread(&arm.p99));
        let ratios: Vec<f64> = arm
            .rates
            .iter()
            .zip(&pgbench.rates)
            .map(|(own, peer)| own / peer)
            .collect();
        let (ratio, ratio_least, ratio_most) = spread(&ratios);
        report.line(format_args!(
            "  {name:<27} {rate:>8.0}/s ({least:.0}–{most:.0}); at half of that p50 {p50:.1} ms, p99 {p99:.1} ms; {ratio:.2} \
             ({ratio_least:.2}–{ratio_most:.2}) of pgbench"
        ))?;
        report.value(
            &format!("p3.{}", name.split(' ').next().unwrap_or_default().to_lowercase()),
            json!({ "per_second": rate.round(), "p50_ms": p50, "p99_ms": p99, "ratio": ratio }),
        );
    }
    report.line("  to ship: 1 x, p99 at most 50 ms")
}
