//! P2: a batch compared with a city, each row durable in the log; in process and over HTTP, on both stores, beside PostgreSQL's
//! tuned job on the same rows in the same run.
//!
//! The peer keeps numbers and names in clear, seals nothing, hashes nothing, checks no matter and has no index by which a
//! person would find the own rows: one prepared job in one transaction, a temporary table, index joins, one audit row each.

use std::fmt::Write as _;
use std::net::{IpAddr, Ipv4Addr};
use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use anyhow::{Context, ensure};
use app::accounts::{self, NewAccount};
use app::comparisons::{self, BLOCK_ROWS, Proposal, RawRow, Request, RowFault};
use app::{App, Parts, Settings};
use domain::catalogue::{ItemId, PurposeId};
use domain::{Clock, Day, DocumentKind, IdentityDocument, MatterNo, Name, ResidentId, Uscc};
use futures::SinkExt;
use policy::{Caller, CallerKind};
use serde_json::json;
use store::{
    AccountKind, BirthState, BlindIndex, ChunkCommit, Counts, IndexTag, NewMatter, NewPerson, NewRecord, PersonRef,
    Sealed, Store,
};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio_postgres::Client;
use uuid::Uuid;
use vault::Vault;

use crate::city::Ground;
use crate::clock::{RandomIds, SystemClock};
use crate::measure::{self, Cost, Meter, spread};
use crate::peer::Peer;
use crate::report::Report;

const PURPOSE: &str = "PUR-FOOD-LICENCE";
const PROVIDER: &str = "11370199MB9900013X";
const PASSWORD: &str = "a long enough password";
/// Persons of a transaction while the city is filled.
const CHUNK: u64 = 50_000;
/// Every third person has a penalty.
const PENALISED: u64 = 3;

/// What one size is measured with.
pub(crate) struct Plan {
    pub(crate) persons: u64,
    pub(crate) rows: u64,
    pub(crate) turns: usize,
}

/// A row of the batch, the same for all arms.
struct Asked {
    matter_no: String,
    number: String,
    name: String,
}

/// Number and name of the person in a place; beyond the last place they are nobody's.
fn person(place: u64) -> anyhow::Result<(ResidentId, String)> {
    let day = Day::new(1960, 1, 1)?.plus_days(i32::try_from(place / 999)?)?;
    let number = ResidentId::compose("370199", day, u16::try_from(place % 999 + 1)?).context("a number")?;
    let letters = ['甲', '乙', '丙', '丁', '戊', '己', '庚', '辛', '壬', '癸'];
    let letter = |at: u64| {
        usize::try_from(at % 10)
            .ok()
            .and_then(|at| letters.get(at))
            .copied()
            .unwrap_or('甲')
    };
    Ok((number, ['测', '试', letter(place), letter(place / 10)].iter().collect()))
}

/// The batch: nine of ten rows about persons all over the city, one of these under another's name; the tenth about nobody.
fn batch(plan: &Plan) -> anyhow::Result<Vec<Asked>> {
    (0..plan.rows)
        .map(|row| {
            let place = row.wrapping_mul(7_919_317) % plan.persons;
            let place = if row % 10 == 9 { plan.persons + row } else { place };
            let (number, mut name) = person(place)?;
            if row % 10 == 8 {
                name.push('某');
            }
            Ok(Asked {
                matter_no: format!("测食许〔2026〕{}号", row + 1),
                number: number.expose().to_owned(),
                name,
            })
        })
        .collect()
}

pub(crate) async fn run(ground: &Ground, plan: &Plan, folder: &Path, report: &mut Report) -> anyhow::Result<()> {
    std::fs::create_dir(folder)?;
    report.line(format_args!(
        "\nP2  {} rows compared with {} persons, each row durable in the log; load {}",
        plan.rows,
        plan.persons,
        measure::load()
    ))?;
    let peer = Peer::start().await?;
    let rows = batch(plan)?;
    let tuned = Tuned::fill(&peer, plan).await?;
    let mut opened = Vec::new();
    let mut arms: Vec<Arm> = vec![Arm::new("PostgreSQL's job")];
    let mut towns = Vec::new();
    for name in ["SQLite", "PostgreSQL store"] {
        let place = folder.join(name.replace(' ', "-"));
        std::fs::create_dir(&place)?;
        let (store, postmaster) = if name == "SQLite" {
            (ground.sqlite(&place)?, None)
        } else {
            (peer.store().await?.0, Some(peer.postmaster))
        };
        let town = Town::fill(ground, store, plan, &place).await?;
        let begin = Instant::now();
        town.compare(rows.get(..1).unwrap_or_default(), "key-warming-up")
            .await?;
        report.line(format_args!(
            "  {name}: the index is built in {:.1} s; the process has {:.0} MiB",
            begin.elapsed().as_secs_f64(),
            measure::status_mib(std::process::id(), "VmRSS").unwrap_or_default()
        ))?;
        towns.push((name, town, postmaster));
        arms.push(Arm::new(if name == "SQLite" {
            "SQLite, in process"
        } else {
            "PostgreSQL store, in process"
        }));
        arms.push(Arm::new(if name == "SQLite" {
            "SQLite, over HTTP"
        } else {
            "PostgreSQL store, over HTTP"
        }));
    }
    for turn in 0..plan.turns {
        measure::settle();
        let meter = Meter::start(Some(peer.postmaster));
        opened.push(tuned.job(&rows).await?);
        arms.first_mut()
            .context("an arm")?
            .end(turn, plan, meter.stop(), report)?;
        for (at, (_, town, postmaster)) in towns.iter().enumerate() {
            measure::settle();
            let meter = Meter::start(*postmaster);
            opened.push(town.compare(&rows, &format!("key-of-turn-{turn}")).await?);
            arms.get_mut(1 + 2 * at)
                .context("an arm")?
                .end(turn, plan, meter.stop(), report)?;
            measure::settle();
            let meter = Meter::start(*postmaster);
            opened.push(town.over_http(&rows, &format!("key-of-http-{turn}")).await?);
            arms.get_mut(2 + 2 * at)
                .context("an arm")?
                .end(turn, plan, meter.stop(), report)?;
        }
    }
    let first = opened.first().copied().unwrap_or_default();
    ensure!(
        first > 0 && opened.iter().all(|open| *open == first),
        "the arms disagree: {opened:?}"
    );
    report.line(format_args!("  every arm opened the same number of rows: {first}"))?;
    summary(&arms, plan, report)
}

struct Arm {
    name: &'static str,
    costs: Vec<Cost>,
}

impl Arm {
    const fn new(name: &'static str) -> Self {
        Self {
            name,
            costs: Vec::new(),
        }
    }

    fn end(&mut self, turn: usize, plan: &Plan, cost: Cost, report: &mut Report) -> anyhow::Result<()> {
        let rate = f64::from(u32::try_from(plan.rows)?) / cost.wall;
        report.line(format_args!(
            "  turn {} {:<30} {:>7.2} s  {rate:>8.0} rows/s  {:>6.2} CPU-s own {:>6.2} CPU-s server  load {}",
            turn + 1,
            self.name,
            cost.wall,
            cost.own_cpu,
            cost.server_cpu,
            measure::load()
        ))?;
        self.costs.push(cost);
        Ok(())
    }
}

fn summary(arms: &[Arm], plan: &Plan, report: &mut Report) -> anyhow::Result<()> {
    let Some((peer, others)) = arms.split_first() else {
        return Ok(());
    };
    let wall = |arm: &Arm| arm.costs.iter().map(|cost| cost.wall).collect::<Vec<_>>();
    let (median, min, max) = spread(&wall(peer));
    report.line(format_args!("  {:<30} {median:.2} s ({min:.2}–{max:.2})", peer.name))?;
    for arm in others {
        let (median, min, max) = spread(&wall(arm));
        let ratios: Vec<f64> = wall(peer).iter().zip(wall(arm)).map(|(peer, own)| peer / own).collect();
        let (ratio, least, most) = spread(&ratios);
        report.line(format_args!(
            "  {:<30} {median:.2} s ({min:.2}–{max:.2}): {ratio:.1} × ({least:.1}–{most:.1}) the peer's rate; to ship 5, goal 20",
            arm.name
        ))?;
        let name = arm.name.to_lowercase().replace([',', ' '], "_");
        report.value(
            &format!("p2.{}.{}.{name}", plan.rows, plan.persons),
            json!({ "seconds": median, "ratio": ratio, "min": least, "max": most }),
        );
    }
    Ok(())
}

/// The system over a filled store.
struct Town {
    app: App,
    caller: Caller,
    programme: Uuid,
    token: String,
}

impl Town {
    async fn fill(ground: &Ground, store: Arc<dyn Store>, plan: &Plan, folder: &Path) -> anyhow::Result<Self> {
        let vault = Arc::new(Vault::ephemeral()?);
        fill_persons(&*store, &vault, plan).await?;
        fill_matters(&*store, plan).await?;
        let mut settings = Settings::new(folder.join("staging"));
        settings.allow_test_area = true;
        let register = "证件类型,证件号码,姓名,曾用名\n".as_bytes();
        let app = App::new(Parts {
            store,
            vault,
            catalogue: Arc::clone(&ground.catalogue),
            policies: Arc::clone(&ground.policies),
            register: Arc::new(matching::FileRegister::load(register)?),
            workbooks: Arc::new(confine::ConfinedReader::new("/nonexistent")),
            statements: Arc::new(app::reconcile::NoStatements),
            clock: Arc::new(SystemClock),
            ids: Arc::new(RandomIds::default()),
            log: app::log::Log::new(
                "log.example",
                Arc::new(translog::TileFolder::open(&folder.join("log"))?),
            ),
            settings,
        });
        let organisation = Some(Uscc::parse(PROVIDER)?);
        let made = accounts::create(
            &app,
            NewAccount {
                login: "officer".to_owned(),
                password: PASSWORD.to_owned(),
                kind: AccountKind::Officer,
                organisation: organisation.clone(),
                identity: None,
                totp_secret: None,
                holder: None,
            },
        )
        .await?;
        let caller = Caller {
            account: made.uuid,
            kind: CallerKind::Officer,
            organisation,
            second_factor: true,
            behind: None,
        };
        let programme = programme(&app, &caller).await?;
        let half = accounts::login(&app, "officer", PASSWORD, IpAddr::V4(Ipv4Addr::LOCALHOST)).await?;
        let code = crate::own::one_time_code("officer", &made.totp_secret_base32)?;
        let token = accounts::second_factor(&app, half.as_str(), &code).await?;
        Ok(Self {
            app,
            caller,
            programme,
            token: token.as_str().to_owned(),
        })
    }

    /// Compares in process; how many rows were told to be opened.
    async fn compare(&self, rows: &[Asked], key: &str) -> anyhow::Result<u64> {
        let request = Request {
            programme: self.programme,
            items: &[],
            key,
        };
        let (question, asked) = comparisons::prepare(&self.app, &self.caller, &request).await?;
        let permit = self
            .app
            .policies()
            .decide(&self.caller, question)
            .ok()
            .context("a permit")?;
        let mut run = comparisons::begin(&self.app, &permit, asked).await?;
        let mut open = 0;
        for block in rows.chunks(BLOCK_ROWS) {
            let lines: Vec<Result<RawRow, RowFault>> = block.iter().map(|row| Ok(row.raw())).collect();
            let done = run.block(lines).await?;
            for answer in &done.answers {
                let flags = answer.map_err(|fault| anyhow::anyhow!("a row is faulty: {}", fault.code))?;
                open += u64::from(flags.is_open(0));
            }
        }
        Ok(open)
    }

    /// The same over HTTP: the body is sent while the answer is read.
    async fn over_http(&self, rows: &[Asked], key: &str) -> anyhow::Result<u64> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).await?;
        let address = listener.local_addr()?;
        let (stop, stopped) = tokio::sync::oneshot::channel::<()>();
        let served = tokio::spawn(web::serve(
            self.app.clone(),
            listener,
            web::WebSettings::default(),
            None,
            async {
                // Either end of the channel may go first.
                let _ = stopped.await;
            },
        ));
        let (mut from, mut to) = TcpStream::connect(address).await?.into_split();
        let head = format!(
            "POST /api/v1/comparisons?programme={} HTTP/1.1\r\nHost: {address}\r\nAuthorization: Bearer {}\r\n\
             Content-Type: application/x-ndjson\r\nIdempotency-Key: {key}\r\nTransfer-Encoding: chunked\r\nConnection: close\r\n\r\n",
            self.programme, self.token
        );
        let bodies: Vec<String> = rows
            .chunks(1_000)
            .map(|rows| rows.iter().map(Asked::line).collect())
            .collect();
        let sending = tokio::spawn(async move {
            to.write_all(head.as_bytes()).await?;
            for body in bodies {
                to.write_all(format!("{:x}\r\n{body}\r\n", body.len()).as_bytes())
                    .await?;
            }
            to.write_all(b"0\r\n\r\n").await?;
            Ok::<_, std::io::Error>(to)
        });
        let mut answer = Vec::new();
        from.read_to_end(&mut answer).await?;
        drop(sending.await??);
        drop(from);
        drop(stop);
        served.await??;
        opened(&answer, rows.len())
    }
}

/// Rows that an answer says to open; every row must be answered.
fn opened(answer: &[u8], rows: usize) -> anyhow::Result<u64> {
    let text = std::str::from_utf8(answer)?;
    ensure!(
        text.starts_with("HTTP/1.1 200"),
        "the answer is {}",
        text.lines().next().unwrap_or_default()
    );
    let (_, mut rest) = text.split_once("\r\n\r\n").context("a head")?;
    let mut body = String::with_capacity(rest.len());
    while let Some((size, after)) = rest.split_once("\r\n") {
        let size = usize::from_str_radix(size, 16)?;
        let (piece, after) = after.split_at_checked(size).context("a whole chunk")?;
        body.push_str(piece);
        rest = after.get(2..).unwrap_or_default();
    }
    let answered = body.lines().filter(|line| line.starts_with("{\"line\"")).count();
    ensure!(
        answered == rows && body.contains("{\"end\""),
        "{answered} of {rows} rows were answered"
    );
    Ok(body.matches("\"open\"").count() as u64)
}

impl Asked {
    fn raw(&self) -> RawRow {
        RawRow {
            matter_no: self.matter_no.clone(),
            document_kind: "01".to_owned(),
            document_number: self.number.clone(),
            name: self.name.clone(),
        }
    }

    fn line(&self) -> String {
        let document = json!({ "kind": "01", "number": self.number });
        let line = json!({ "matter_no": self.matter_no, "document": document, "name": self.name });
        format!("{line}\n")
    }
}

/// A programme for the penalties, approved by a second officer and the credit centre.
async fn programme(app: &App, caller: &Caller) -> anyhow::Result<Uuid> {
    let items = ["ITM-PENALTY".to_owned()];
    let proposal = Proposal {
        purpose: PURPOSE,
        aim: "比对测试",
        items: &items,
        rows_a_day: i32::MAX.unsigned_abs(),
        last_day: SystemClock.today().plus_days(30)?,
    };
    let question = comparisons::propose_question(app, caller, &proposal)?;
    let permit = app.policies().decide(caller, question).ok().context("a permit")?;
    let id = comparisons::propose(app, &permit, &proposal)
        .await?
        .programme
        .proposed
        .uuid;
    let second = Caller {
        account: Uuid::from_u128(8),
        ..caller.clone()
    };
    let centre = Caller {
        account: Uuid::from_u128(9),
        kind: CallerKind::Centre,
        ..caller.clone()
    };
    for approver in [second, centre] {
        let question = comparisons::approve_question(app, id).await?;
        let permit = app.policies().decide(&approver, question).ok().context("a permit")?;
        comparisons::approve(app, &permit).await?;
    }
    Ok(id)
}

/// Enters the persons with their tags, and a penalty for every third.
async fn fill_persons(store: &dyn Store, vault: &Vault, plan: &Plan) -> anyhow::Result<()> {
    let ids = RandomIds::default();
    let mut from = 0;
    while from < plan.persons {
        let until = plan.persons.min(from + CHUNK);
        let mut commit = empty(&ids);
        for place in from..until {
            let (number, name) = person(place)?;
            let document = IdentityDocument::parse(DocumentKind::ResidentId, number.expose())?;
            let name = Name::parse(&name)?;
            let tag = |index, tag: vault::BlindTag| IndexTag {
                index,
                key_version: tag.key_version,
                tag: tag.tag,
            };
            let numbers = vault.number_tags(&document).current;
            let names = vault.name_tags(&document, &name).current;
            if place % PENALISED == 0 {
                commit
                    .records
                    .push(penalty(&commit, u32::try_from(place - from)?, place)?);
            }
            commit.new_persons.push(NewPerson {
                uuid: domain::IdSource::uuid(&ids, SystemClock.now()),
                secret: vec![1, 0, 1, 0, 1, 7, 7, 7],
                identity: Sealed::default(),
                tags: vec![tag(BlindIndex::Number, numbers), tag(BlindIndex::NumberAndName, names)],
            });
        }
        let records = commit.records.len() as u64;
        commit.counts = Counts {
            received: records,
            recorded: records,
            ..Counts::default()
        };
        store.commit_chunk(&commit).await?;
        from = until;
    }
    Ok(())
}

fn empty(ids: &RandomIds) -> ChunkCommit {
    let uuid = store::chunk_uuid(domain::IdSource::uuid(ids, SystemClock.now()));
    ChunkCommit {
        uuid,
        delivery: None,
        chunk_no: 0,
        rows_done: 0,
        at: SystemClock.now(),
        counts: Counts::default(),
        new_persons: Vec::new(),
        records: Vec::new(),
        events: Vec::new(),
        own_events: Vec::new(),
        person_events: Vec::new(),
        staged_delivery: None,
        staged: Vec::new(),
        resolved: Vec::new(),
        procedures: Vec::new(),
        steps: Vec::new(),
        faults: Vec::new(),
        fault_counts: std::collections::BTreeMap::new(),
        entry_hash: translog::entry_hash("chunk", &[uuid.as_bytes()]),
    }
}

fn penalty(commit: &ChunkCommit, ordinal: u32, place: u64) -> anyhow::Result<NewRecord> {
    let hash = translog::entry_hash("record", &[&place.to_be_bytes(), commit.uuid.as_bytes()]);
    let (content_tag, _) = hash.split_first_chunk::<16>().context("a tag")?;
    Ok(NewRecord {
        ordinal,
        person: PersonRef::New(ordinal),
        item: ItemId::parse("ITM-PENALTY")?,
        provider: Uscc::parse(PROVIDER)?,
        state: BirthState::Usable,
        class: None,
        end: Day::new(2099, 12, 31)?,
        fact_tag: i64::try_from(place)?,
        revision: 0,
        content_tag: *content_tag,
        content: Sealed {
            salt: Some(*content_tag),
            ciphertext: Some(vec![7; 64]),
        },
    })
}

/// A matter for each row, as the registry has them.
async fn fill_matters(store: &dyn Store, plan: &Plan) -> anyhow::Result<()> {
    let ids = RandomIds::default();
    let numbers: Vec<u64> = (1..=plan.rows).collect();
    for numbers in numbers.chunks(10_000) {
        let matter = |number: &u64| {
            Ok(NewMatter {
                uuid: domain::IdSource::uuid(&ids, SystemClock.now()),
                organisation: Uscc::parse(PROVIDER)?,
                matter_no: MatterNo::parse(&format!("测食许〔2026〕{number}号"))?,
                purpose: PurposeId::parse(PURPOSE)?,
                opened: Day::new(2026, 1, 1)?,
                by: Uuid::from_u128(1),
                at: SystemClock.now(),
            })
        };
        let matters: Vec<NewMatter> = numbers.iter().map(matter).collect::<anyhow::Result<_>>()?;
        store.register_matters(&matters).await?;
    }
    Ok(())
}

/// The peer's tables and its job.
struct Tuned {
    client: Client,
}

impl Tuned {
    async fn fill(peer: &Peer, plan: &Plan) -> anyhow::Result<Self> {
        let client = peer.empty().await?;
        client
            .batch_execute(
                "CREATE TABLE person (person_id bigint NOT NULL, number text NOT NULL, name text NOT NULL);
                 CREATE TABLE record (person_id bigint NOT NULL, item text NOT NULL, state text NOT NULL, end_day date NOT NULL);
                 CREATE TABLE audit (audit_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, number text NOT NULL,
                                     matter_no text NOT NULL, programme text NOT NULL, is_open boolean NOT NULL,
                                     at timestamptz NOT NULL)",
            )
            .await?;
        let places: Vec<u64> = (0..plan.persons).collect();
        for places in places.chunks(100_000) {
            let (mut persons, mut records) = (String::new(), String::new());
            for place in places {
                let (number, name) = person(*place)?;
                writeln!(persons, "{place}\t{}\t{name}", number.expose())?;
                if place % PENALISED == 0 {
                    writeln!(records, "{place}\tITM-PENALTY\tusable\t2099-12-31")?;
                }
            }
            copy(&client, "COPY person FROM STDIN", persons).await?;
            copy(&client, "COPY record FROM STDIN", records).await?;
        }
        client
            .batch_execute(
                "CREATE UNIQUE INDEX person_number ON person (number); CREATE INDEX record_person ON record (person_id);
                 ANALYZE person; ANALYZE record; CHECKPOINT",
            )
            .await?;
        Ok(Self { client })
    }

    /// One transaction: the batch into a temporary table, an audit row for each, the flags; read out once it is durable.
    async fn job(&self, rows: &[Asked]) -> anyhow::Result<u64> {
        let client = &self.client;
        client
            .batch_execute(
                "BEGIN; CREATE TEMP TABLE batch (line integer NOT NULL, number text NOT NULL, name text NOT NULL,
                                                 matter_no text NOT NULL) ON COMMIT PRESERVE ROWS",
            )
            .await?;
        for (at, rows) in rows.chunks(100_000).enumerate() {
            let mut text = String::new();
            for (row, asked) in rows.iter().enumerate() {
                let line = at * 100_000 + row;
                writeln!(text, "{line}\t{}\t{}\t{}", asked.number, asked.name, asked.matter_no)?;
            }
            copy(client, "COPY batch FROM STDIN", text).await?;
        }
        client
            .batch_execute(
                "ANALYZE batch;
                 CREATE TEMP TABLE answer ON COMMIT PRESERVE ROWS AS
                 SELECT b.line, b.number, b.matter_no,
                        EXISTS (SELECT 1 FROM person p JOIN record r ON r.person_id = p.person_id
                                WHERE p.number = b.number AND p.name = b.name AND r.item = 'ITM-PENALTY'
                                  AND r.state = 'usable' AND r.end_day >= CURRENT_DATE) AS is_open
                 FROM batch b;
                 INSERT INTO audit (number, matter_no, programme, is_open, at)
                 SELECT number, matter_no, 'programme', is_open, now() FROM answer;
                 COMMIT",
            )
            .await?;
        let statement = client.prepare("SELECT line, is_open FROM answer ORDER BY line").await?;
        let answers = client.query(&statement, &[]).await?;
        ensure!(answers.len() == rows.len(), "the peer lost rows");
        let mut open = 0;
        for answer in &answers {
            open += u64::from(answer.try_get::<_, bool>(1)?);
        }
        client.batch_execute("DROP TABLE batch, answer").await?;
        Ok(open)
    }
}

async fn copy(client: &Client, sql: &str, text: String) -> anyhow::Result<()> {
    let sink = client.copy_in(sql).await?;
    let mut sink = std::pin::pin!(sink);
    sink.send(bytes::Bytes::from(text)).await?;
    sink.finish().await?;
    Ok(())
}
