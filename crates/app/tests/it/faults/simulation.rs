//! Operations in a random order, under faults and a clock that jumps, against the model. The seed is printed; the same seed
//! gives the same course.
//!
//! `CHENGDANG_TEST_SEED` is the first seed (1 unless given), `CHENGDANG_SIM_SEEDS` how many follow, `CHENGDANG_SIM_OPS` the
//! operations of each, `CHENGDANG_SOAK_S` after how many seconds no further seed begins.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr};
use std::str::FromStr;
use std::time::Instant;

use app::accounts::{self, LoginFault};
use app::reviews::{self, Decision, ReviewError};
use app::{AppError, held, lifecycle, own_file, sequencer};
use domain::catalogue::FieldCode;
use domain::record::RecordState;
use domain::{Day, Moment};
use policy::{CorrectRecord, DecideReview, ReleaseHeld, WithdrawRecord};
use serde_json::Value;
use sha2::{Digest, Sha256};
use uuid::Uuid;

use crate::faults::WRITES;
use crate::faults::city::{Backend, City, Ground, KNOWN_LATER};
use crate::faults::failing::{Cell, Mode};
use crate::faults::model::{Model, Told, Waiting};
use crate::faults::operations::{Failed, log_in};
use crate::faults::picture::traces;
use crate::permits::Row;
use crate::town::{FORMER_NAME, document, name, records, value};

const ATTEMPTS_MAX: u32 = 6;
/// `LoginFault::LockedOut`.
const LOCKED_OUT: &str = "LOGIN-0002";
const MINUTE_MS: i64 = 60_000;
const HOUR_MS: i64 = 60 * MINUTE_MS;
const DAY_MS: i64 = 24 * HOUR_MS;
/// Jumps of the clock: by minutes and hours, by a day, over an end, and back.
const JUMPS_MS: [i64; 8] = [
    MINUTE_MS,
    HOUR_MS,
    DAY_MS,
    40 * DAY_MS,
    -15 * MINUTE_MS,
    -15 * MINUTE_MS,
    -HOUR_MS,
    -DAY_MS,
];
/// Last days of permits, before and after what the clock can reach.
const ENDS: [&str; 4] = ["2026/11/24", "2026/12/20", "2027/03/01", "2099/12/31"];

#[tokio::test(flavor = "multi_thread")]
async fn any_order_of_operations_comes_to_what_the_model_says_on_sqlite() {
    simulate(Backend::Sqlite, 30).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn any_order_of_operations_comes_to_what_the_model_says_on_postgresql() {
    simulate(Backend::Postgres, 4).await;
}

pub(crate) fn chosen<T: FromStr>(variable: &str, otherwise: T) -> T {
    let text = std::env::var(variable).ok();
    text.map_or(otherwise, |text| {
        text.parse().unwrap_or_else(|_| panic!("{variable} is no number"))
    })
}

async fn simulate(backend: Backend, seeds: u64) {
    let began = Instant::now();
    let (first, seeds) = (chosen("CHENGDANG_TEST_SEED", 1), chosen("CHENGDANG_SIM_SEEDS", seeds));
    let operations = chosen("CHENGDANG_SIM_OPS", 60);
    let seconds_max = chosen("CHENGDANG_SOAK_S", u64::MAX);
    let ground = Ground::empty(backend).await;
    let mut figures = Figures::default();
    let mut done = 0;
    for seed in first..first + seeds {
        if began.elapsed().as_secs() >= seconds_max {
            break;
        }
        println!("{backend:?}: CHENGDANG_TEST_SEED={seed}");
        let mut course = Course::new(&ground, seed).await;
        for _ in 0..operations {
            course.step().await;
        }
        course.conclude().await;
        figures.add(&course.figures);
        ground.discard(course.city).await;
        done += 1;
    }
    println!(
        "{backend:?}: seeds {first} to {}, {operations} operations each, {:.0} s: {figures:?}",
        first + done - 1,
        began.elapsed().as_secs_f64()
    );
    assert!(done > 0 && figures.faults > 0 && figures.jumps_back > 0);
}

#[derive(Debug, Default)]
struct Figures {
    operations: u64,
    faults: u64,
    errors: u64,
    jumps_back: u64,
    reads: u64,
    records: u64,
}

impl Figures {
    fn add(&mut self, other: &Self) {
        self.operations += other.operations;
        self.faults += other.faults;
        self.errors += other.errors;
        self.jumps_back += other.jumps_back;
        self.reads += other.reads;
        self.records += other.records;
    }
}

/// `SplitMix64`.
pub(crate) struct Chance(pub(crate) u64);

impl Chance {
    pub(crate) fn below(&mut self, limit: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut x = self.0;
        x = (x ^ (x >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        x = (x ^ (x >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((x ^ (x >> 31)) % u64::try_from(limit).unwrap()).unwrap()
    }

    pub(crate) fn one_of<'a, T>(&mut self, choices: &'a [T]) -> Option<&'a T> {
        (!choices.is_empty()).then(|| &choices[self.below(choices.len())])
    }
}

/// What is tried, again and again until it goes through.
enum Act {
    Deliver {
        text: String,
        told: Told,
    },
    Correct {
        record: Uuid,
        content: String,
    },
    Withdraw {
        record: Uuid,
    },
    Decide {
        review: Uuid,
        attach: bool,
        confirm_alias: bool,
    },
    Release,
    Sequence,
    Read {
        resident: u16,
        expected: Vec<(String, String, &'static str)>,
    },
    Notices {
        resident: u16,
        expected: usize,
    },
    LogIn {
        resident: u16,
    },
    /// With another's password.
    LogInWrongly {
        resident: u16,
    },
}

impl Act {
    /// What is done, whoever does it to whom.
    const fn kind(&self) -> &'static str {
        match self {
            Self::Deliver { .. } => "deliver",
            Self::Correct { .. } => "correct",
            Self::Withdraw { .. } => "withdraw",
            Self::Decide { .. } => "decide",
            Self::Release => "release",
            Self::Sequence => "sequence",
            Self::Read { .. } => "read",
            Self::Notices { .. } => "notices",
            Self::LogIn { .. } => "log in",
            Self::LogInWrongly { .. } => "log in wrongly",
        }
    }
}

struct Course {
    seed: u64,
    city: City,
    model: Model,
    chance: Chance,
    next_no: u32,
    /// What each kind of act was seen to call, and how often at most.
    called: BTreeMap<&'static str, BTreeMap<&'static str, u32>>,
    figures: Figures,
}

impl Course {
    async fn new(ground: &Ground, seed: u64) -> Self {
        Self {
            seed,
            city: ground.copy().await,
            model: Model::default(),
            chance: Chance(seed),
            next_no: 0,
            called: BTreeMap::new(),
            figures: Figures::default(),
        }
    }

    fn now(&self) -> Moment {
        self.city.clock.look()
    }

    fn today(&self) -> Day {
        self.now().day()
    }

    async fn step(&mut self) {
        self.figures.operations += 1;
        match self.chance.below(22) {
            0..7 => self.deliver().await,
            7 => self.deliver_same_bytes().await,
            8 | 9 => self.by_hand().await,
            10 | 11 => self.decide().await,
            12..15 => self.read().await,
            15 => self.insist(Act::Sequence).await,
            16 => {
                self.learn().await;
                self.insist(Act::Release).await;
                self.model.release(self.today());
            }
            17 => self.city.restart().await,
            20 | 21 => self.log_in().await,
            _ => {
                let jump = *self.chance.one_of(&JUMPS_MS).unwrap();
                self.figures.jumps_back += u64::from(jump < 0);
                self.city.clock.jump(jump);
            }
        }
    }

    /// The register learns of the fifth resident at some time.
    async fn learn(&mut self) {
        if !self.model.knows_fifth && self.chance.below(2) == 0 {
            self.model.knows_fifth = true;
            self.city.known = KNOWN_LATER;
            self.city.restart().await;
        }
    }

    async fn deliver(&mut self) {
        let count = 1 + self.chance.below(5);
        let mut rows = Vec::new();
        for _ in 0..count {
            rows.push(self.row());
        }
        let only: Vec<Row> = rows.iter().map(|(_, row)| row.clone()).collect();
        let text = self.city.csv(&only);
        let told = self.model.deliver(&text, &rows, self.today());
        self.insist(Act::Deliver { text, told }).await;
    }

    async fn deliver_same_bytes(&mut self) {
        let texts = self.model.texts();
        if let Some(text) = self.chance.one_of(&texts).cloned() {
            let told = self.model.deliver(&text, &[], self.today());
            self.insist(Act::Deliver { text, told }).await;
        }
    }

    fn row(&mut self) -> (u16, Row) {
        let latest = self.model.latest_rows();
        let kind = self.chance.below(10);
        let known = (kind >= 4).then(|| self.chance.one_of(&latest).cloned()).flatten();
        let (resident, row) = known.unwrap_or_else(|| self.new_row());
        let row = match kind {
            6 | 7 => Row {
                content: format!("{}，改{}", row.content, self.chance.below(3)),
                ..row
            },
            8 => row.withdrawn(),
            9 => Row {
                until: (*self.chance.one_of(&ENDS).unwrap()).to_owned(),
                ..row
            },
            _ => row,
        };
        let is_of_third = resident == 3;
        let row = match self.chance.below(12) {
            0 | 1 if is_of_third => Row {
                name: FORMER_NAME.to_owned(),
                ..row
            },
            2 if resident != 5 => Row {
                name: "测试别人".to_owned(),
                ..row
            },
            // Its check character is wrong, and no neighbour of it is in the register under this name.
            3 if resident == 1 => Row {
                number: "370199195001010000".to_owned(),
                ..row
            },
            _ => row,
        };
        (resident, row)
    }

    fn new_row(&mut self) -> (u16, Row) {
        self.next_no += 1;
        let resident = 1 + u16::try_from(self.chance.below(5)).unwrap();
        let document_no = format!("证字第{}号", self.next_no);
        let row = Row::new(&document_no, name(resident), document(resident).expose(), "经营");
        let until = (*self.chance.one_of(&ENDS).unwrap()).to_owned();
        (resident, Row { until, ..row })
    }

    async fn by_hand(&mut self) {
        let served = self.model.served(self.today());
        let Some((resident, document_no, content)) = self.chance.one_of(&served).cloned() else {
            return;
        };
        self.city.plan.arm(&[]);
        let expected = self.model.file(resident, self.today());
        self.model.looks += 2;
        self.attempt(&Act::Read { resident, expected }, false).await.unwrap();
        let file = self.city.own(resident).await.unwrap();
        let found = records(&file)
            .into_iter()
            .find(|record| value(record, "XK_WSH") == document_no && record.state == RecordState::Usable);
        let record = found.unwrap().uuid;
        if self.chance.below(2) == 0 {
            let content = format!("{content}，手改{}", self.chance.below(100));
            self.model.correct(resident, &document_no, &content, self.today());
            self.insist(Act::Correct { record, content }).await;
        } else {
            self.model.withdraw(resident, &document_no, self.today());
            self.insist(Act::Withdraw { record }).await;
        }
    }

    async fn decide(&mut self) {
        self.city.plan.arm(&[]);
        let open = self.city.reviews().await.unwrap();
        assert_eq!(open.len(), self.model.waiting.len(), "seed {}: open reviews", self.seed);
        let Some(review) = self.chance.one_of(&open) else {
            return;
        };
        let (review, is_change) = (review.uuid, review.reason == "name_change");
        // The model's waiting row is found by its file and line.
        let organisation = self.city.provider.clone();
        let question = policy::ReadReview { review, organisation };
        let permit = self.city.may(&self.city.officer(), question);
        let view = reviews::get(self.city.app(), &permit).await.unwrap();
        self.model.looks += 1;
        let delivery = self.city.store().find_delivery(view.summary.delivery).await.unwrap();
        let hash = delivery.unwrap().content_hash;
        let is_seen = |waiting: &Waiting| {
            view.summary.line == waiting.line && hash == <[u8; 32]>::from(Sha256::digest(waiting.text.as_bytes()))
        };
        let at = self.model.waiting.iter().position(is_seen);
        let at = at.unwrap_or_else(|| panic!("seed {}: nobody delivered {view:?}", self.seed));
        assert_eq!(view.row_name, self.model.waiting[at].row.name, "seed {}", self.seed);
        let attach = self.chance.below(3) > 0;
        let confirm_alias = attach && is_change && self.chance.below(2) == 0;
        self.model.decide(at, attach, confirm_alias, self.today());
        let act = Act::Decide {
            review,
            attach,
            confirm_alias,
        };
        self.insist(act).await;
    }

    async fn read(&mut self) {
        let resident = 1 + u16::try_from(self.chance.below(5)).unwrap();
        self.figures.reads += 1;
        self.model.looks += 1;
        let act = if self.chance.below(4) == 0 {
            let expected = self.model.notices(resident);
            Act::Notices { resident, expected }
        } else {
            let expected = self.model.file(resident, self.today());
            Act::Read { resident, expected }
        };
        self.insist(act).await;
    }

    async fn log_in(&mut self) {
        let resident = 1 + u16::try_from(self.chance.below(5)).unwrap();
        // No more of them than the lock allows: earlier failures are past.
        self.city.clock.jump(16 * MINUTE_MS);
        if self.chance.below(4) == 0 {
            self.insist(Act::LogInWrongly { resident }).await;
        } else {
            self.insist(Act::LogIn { resident }).await;
        }
    }

    /// A call that this kind of act makes, as far as is known; writes twice as often as questions.
    fn fault(&mut self, act: &Act) -> Option<Cell> {
        let calls = self.called.get(act.kind())?;
        let writes: Vec<_> = calls.iter().filter(|(method, _)| WRITES.contains(method)).collect();
        let all: Vec<_> = calls.iter().collect();
        let among = if writes.is_empty() || self.chance.below(3) == 0 {
            all
        } else {
            writes
        };
        let (method, calls) = *self.chance.one_of(&among)?;
        Some(Cell {
            method,
            nth: u32::try_from(self.chance.below(*calls as usize)).unwrap(),
            mode: *self.chance.one_of(&Mode::ALL).unwrap(),
        })
    }

    /// Tries until it goes through; half of the time something fails on the way.
    async fn insist(&mut self, act: Act) {
        let fault = if self.chance.below(2) == 0 {
            self.fault(&act)
        } else {
            None
        };
        self.city.plan.arm(fault.as_slice());
        for attempt in 0.. {
            let outcome = self.attempt(&act, attempt > 0).await;
            assert_eq!(self.city.plan.looks_without_trace(), 0, "seed {}", self.seed);
            let Err(failed) = outcome else { break };
            self.figures.errors += 1;
            let told = failed.0;
            assert!(self.city.plan.met() > 0, "seed {}: without a fault: {told}", self.seed);
            assert!(
                attempt < ATTEMPTS_MAX,
                "seed {}: {fault:?} never ends: {told}",
                self.seed
            );
            if self.chance.below(2) == 0 {
                self.city.restart().await;
            }
        }
        self.figures.faults += u64::from(self.city.plan.met() > 0);
        if fault.is_none() {
            let seen = self.called.entry(act.kind()).or_default();
            for (method, calls) in self.city.plan.calls() {
                let most = seen.entry(method).or_default();
                *most = calls.max(*most);
            }
        }
        self.city.plan.arm(&[]);
    }

    async fn attempt(&self, act: &Act, is_again: bool) -> Result<(), Failed> {
        let city = &self.city;
        let seed = self.seed;
        let over = |result: Result<(), AppError>| match result {
            Err(AppError::Conflict) if is_again => Ok(()),
            other => Ok(other?),
        };
        match act {
            Act::Deliver { text, told } => {
                let counts = city.deliver_text(text).await?;
                assert_eq!(in_order(&counts), *told, "seed {seed}: {text}");
                Ok(())
            }
            Act::Correct { record, content } => {
                let (record, provider) = (*record, city.provider.clone());
                let permit = city.may(&city.officer(), CorrectRecord { record, provider });
                let change = BTreeMap::from([(FieldCode("XK_NR".into()), content.clone())]);
                over(
                    lifecycle::correct(city.app(), &permit, &change, "决定书有误")
                        .await
                        .map(drop),
                )
            }
            Act::Withdraw { record } => {
                let (record, provider) = (*record, city.provider.clone());
                let permit = city.may(&city.officer(), WithdrawRecord { record, provider });
                over(lifecycle::withdraw(city.app(), &permit, "决定已撤销").await)
            }
            Act::Decide {
                review,
                attach,
                confirm_alias,
            } => {
                let (review, organisation) = (*review, city.provider.clone());
                let permit = city.may(&city.officer(), DecideReview { review, organisation });
                let decision = Decision {
                    attach: *attach,
                    confirm_alias: *confirm_alias,
                    reason: "已核对身份证件".to_owned(),
                    after_steps: 0,
                };
                match reviews::decide(city.app(), &permit, &decision).await {
                    Err(ReviewError::NotOpen | ReviewError::Conflict) if is_again => Ok(()),
                    other => other.map_err(|error| Failed(error.code())),
                }
            }
            Act::Release => {
                let permit = city.may(&City::operator(), ReleaseHeld);
                Ok(held::release(city.app(), &permit).await.map(drop)?)
            }
            Act::Sequence => {
                // Another process each time: the one before left its lease behind, which lasts ten seconds.
                city.clock.jump(10_001);
                let done =
                    sequencer::run_once(city.app(), Uuid::from_u128(city.clock.look().0.unsigned_abs().into())).await?;
                assert!(done.is_some(), "seed {seed}: an abandoned lease stops the log");
                Ok(())
            }
            Act::Read { resident, expected } => {
                let file = city.own(*resident).await?;
                let mut shown: Vec<_> = records(&file)
                    .into_iter()
                    .map(|record| {
                        let text = |code| value(record, code).to_owned();
                        (text("XK_WSH"), text("XK_NR"), record.state.as_str())
                    })
                    .collect();
                shown.sort();
                assert_eq!(shown, *expected, "seed {seed}: resident {resident}");
                Ok(())
            }
            Act::LogIn { resident } => match log_in(city, *resident).await {
                // Attempts before the clock was set back lie ahead and count; the lock ends by itself.
                Err(failed) if failed.0 == LOCKED_OUT => {
                    city.clock.jump(2 * DAY_MS);
                    log_in(city, *resident).await
                }
                other => other,
            },
            Act::LogInWrongly { resident } => {
                let login = format!("resident-{resident}");
                let address = IpAddr::V4(Ipv4Addr::LOCALHOST);
                match accounts::login(city.app(), &login, "another password", address).await {
                    Err(LoginFault::Wrong | LoginFault::LockedOut { .. }) => Ok(()),
                    Err(other) => Err(Failed(other.code())),
                    Ok(_) => panic!("seed {seed}: a wrong password opens an account"),
                }
            }
            Act::Notices { resident, expected } => {
                let permit = city.may_read_notices(*resident);
                let notices = own_file::notices(city.app(), &permit).await?;
                assert_eq!(notices.len(), *expected, "seed {seed}: resident {resident}");
                Ok(())
            }
        }
    }

    /// Everything once more, without faults.
    async fn conclude(&mut self) {
        self.city.plan.arm(&[]);
        self.city.restart().await;
        self.city.verify().await.unwrap();
        for resident in 1..=5 {
            let expected = self.model.file(resident, self.today());
            self.model.looks += 1;
            self.attempt(&Act::Read { resident, expected }, false).await.unwrap();
        }
        let open = self.city.reviews().await.unwrap().len();
        assert_eq!(open, self.model.waiting.len(), "seed {}: open reviews", self.seed);
        let held = self
            .city
            .store()
            .open_staged_rows(store::StagedKind::Held, Uuid::nil(), 1_000)
            .await
            .unwrap();
        assert_eq!(held.len(), self.model.held.len(), "seed {}: held rows", self.seed);
        assert!(
            traces(&self.city).await >= self.model.looks,
            "seed {}: looks without traces",
            self.seed
        );
        self.figures.records += self.model.records() as u64;
    }
}

fn in_order(counts: &Value) -> Told {
    [
        "received",
        "recorded",
        "repeated",
        "held",
        "pending",
        "refused",
        "corrected",
        "withdrawn",
    ]
    .map(|key| counts[key].as_u64().unwrap())
}
