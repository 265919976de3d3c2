//! Events: whoever was shown a record is told when it falls, once under one id, in the order of its person, whatever fails.
//! The recipients here take events in memory; `web` sends them over HTTP.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use app::clients;
use app::events::{self, Delivered, EventSender, Made, NotTaken, Outgoing, ToldEvent};
use app::{AppError, lifecycle};
use async_trait::async_trait;
use domain::{Moment, Uscc};
use policy::{Caller, CallerKind, ReadOwnLookUps, RegisterClient, WithdrawRecord};
use serde_json::Value;
use store::{AlarmKind, EventKind, NewAnswer, Sealed, TraceOutcome};
use uuid::Uuid;

use crate::faults::city::{Backend, City, Ground};
use crate::faults::failing::{Cell, Mode};
use crate::look_ups::{MATTER, Written, ask, register};
use crate::town::{document, name};

const PURPOSE: &str = "PUR-FOOD-LICENCE";
const URL: &str = "https://system.example/events";
const HOUR: i64 = 3_600_000;

/// A recipient that takes what it is not told to refuse.
#[derive(Default)]
struct Post(Mutex<Taken>);

#[derive(Default)]
struct Taken {
    /// Events in the order in which they were taken.
    events: Vec<Value>,
    /// How often an event of this look-up and record is refused yet.
    refusals: BTreeMap<(String, String), u32>,
    offered: u32,
}

fn of(event: &Value) -> (String, String) {
    let text = |key: &str| event["data"][key].as_str().unwrap_or_default().to_owned();
    (text("look_up"), text("record"))
}

#[async_trait]
impl EventSender for Post {
    async fn send(&self, outgoing: &Outgoing) -> Result<(), NotTaken> {
        assert_eq!(outgoing.url, URL);
        let event: Value = serde_json::from_slice(&outgoing.body).unwrap();
        let mut taken = self.0.lock().unwrap();
        taken.offered += 1;
        if let Some(refusals) = taken.refusals.get_mut(&of(&event)).filter(|refusals| **refusals > 0) {
            *refusals -= 1;
            return Err(NotTaken {
                why: "a refusal of the test",
            });
        }
        taken.events.push(event);
        Ok(())
    }
}

impl Post {
    fn refuse(&self, look_up: Uuid, record: Uuid, times: u32) {
        let of = (look_up.to_string(), record.to_string());
        self.0.lock().unwrap().refusals.insert(of, times);
    }

    fn offered(&self) -> u32 {
        self.0.lock().unwrap().offered
    }

    fn taken(&self) -> Vec<Value> {
        self.0.lock().unwrap().events.clone()
    }

    /// Look-up, record and what happened, each event once, in the order of their first arrival.
    fn told(&self) -> Vec<(String, String, String)> {
        let mut seen = BTreeMap::new();
        let mut told = Vec::new();
        for event in self.taken() {
            let (look_up, record) = of(&event);
            let told_of = (look_up, record, event["data"]["what"].as_str().unwrap().to_owned());
            let id = event["id"].as_str().unwrap().to_owned();
            let before = seen.insert(told_of.clone(), id.clone());
            assert!(before.is_none_or(|before| before == id), "told twice under two ids");
            if !told.contains(&told_of) {
                told.push(told_of);
            }
        }
        told
    }
}

/// A city in which a department's system and an officer looked residents up.
struct Told {
    system: Caller,
    /// By the system: residents 1 and 2; by the officer: resident 1.
    by_system: [(Uuid, Vec<Uuid>); 2],
    by_officer: (Uuid, Vec<Uuid>),
}

async fn records(city: &City, caller: &Caller, sequence: u16, key: &str) -> (Uuid, Vec<Uuid>) {
    let answer = ask(city, caller, &Written::about(sequence, key)).await.unwrap();
    let records = answer.items.iter().flat_map(|item| &item.records);
    (answer.id, records.map(|record| record.record).collect())
}

fn security_administrator() -> Caller {
    Caller {
        account: Uuid::from_u128(0x5EC),
        kind: CallerKind::SecurityAdministrator,
        organisation: None,
        second_factor: true,
        behind: None,
    }
}

async fn looked_up(city: &mut City) -> Told {
    register(city, PURPOSE, &city.provider.clone(), &[MATTER]).await;
    let permit = city.may(&security_administrator(), RegisterClient);
    let client = clients::register(city.app(), &permit, city.provider.clone(), "许可审批系统")
        .await
        .unwrap();
    clients::set_endpoint(city.app(), &permit, client.uuid, Some(URL))
        .await
        .unwrap();
    let nobody = clients::set_endpoint(city.app(), &permit, Uuid::from_u128(1), Some(URL)).await;
    assert!(matches!(nobody, Err(AppError::NotFound)));
    let listed = clients::list(city.app(), &permit).await.unwrap();
    assert_eq!(listed[0].endpoint.as_ref().unwrap().url.as_deref(), Some(URL));
    let system = Caller {
        account: client.uuid,
        kind: CallerKind::System,
        organisation: Some(city.provider.clone()),
        second_factor: false,
        behind: Some(city.officer().account),
    };
    let told = Told {
        by_system: [
            records(city, &system, 1, "key-system-1").await,
            records(city, &system, 2, "key-system-2").await,
        ],
        by_officer: records(city, &city.officer(), 1, "key-officer-1").await,
        system,
    };
    assert_eq!(told.by_system.each_ref().map(|(_, records)| records.len()), [2, 1]);
    // The answers are written in the background: a process that ends has come to its end.
    city.restart().await;
    told
}

/// Withdraws a record; again, if the store failed.
async fn withdraw(city: &City, record: Uuid) {
    let question = WithdrawRecord {
        record,
        provider: city.provider.clone(),
    };
    let permit = city.may(&city.officer(), question);
    for _ in 0..6 {
        match lifecycle::withdraw(city.app(), &permit, "决定已撤销").await {
            Ok(()) | Err(AppError::Conflict) => return,
            Err(AppError::Store(_)) => {}
            Err(error) => panic!("{error}"),
        }
    }
    panic!("it was not withdrawn");
}

/// One turn of the job runner; what fails is tried in the next.
async fn turn(city: &City, post: &Post) -> Result<u64, AppError> {
    let holder = Uuid::from_u128(0x0070);
    let made = events::make_once(city.app(), holder).await?;
    let sent = events::send_once(city.app(), holder, post).await?.unwrap_or_default();
    let moved = made.map_or(0, |made| u64::from(!made.is_all));
    Ok(moved + sent.told + sent.put_off + sent.given_up)
}

/// Turns until nothing waits, an hour apart.
async fn turns(city: &City, post: &Post) {
    for _ in 0..200 {
        let moved = turn(city, post).await.unwrap();
        if moved == 0 && events::counts(city.app()).await.unwrap().waiting == 0 {
            return;
        }
        city.clock.jump(HOUR);
    }
    panic!("it does not come to an end");
}

async fn pulled(city: &City, caller: &Caller, after: Option<Uuid>) -> Vec<Value> {
    let page = events::acknowledge_and_list(city.app(), caller, after, 100)
        .await
        .unwrap();
    page.events
        .iter()
        .map(|event| serde_json::from_str(&event.json).unwrap())
        .collect()
}

async fn about(city: &City, sequence: u16) -> Vec<ToldEvent> {
    let caller = city.resident(sequence);
    let account = caller.account;
    let permit = city.may(&caller, ReadOwnLookUps { account });
    events::told_about_me(city.app(), &permit).await.unwrap()
}

fn withdrawn(look_up: Uuid, record: Uuid) -> (String, String, String) {
    (look_up.to_string(), record.to_string(), "withdrawn".to_owned())
}

async fn both<F: AsyncFn(&mut City)>(test: F) {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let ground = Ground::peopled(backend).await;
        let mut city = ground.copy().await;
        test(&mut city).await;
        ground.discard(city).await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_was_shown_a_record_is_told_when_it_falls_and_its_person_sees_it() {
    both(async |city| {
        let told = looked_up(city).await;
        let post = Post::default();
        turns(city, &post).await;
        assert!(post.taken().is_empty(), "nothing fell");
        let (first, shown) = &told.by_system[0];
        withdraw(city, shown[0]).await;
        turns(city, &post).await;
        assert_eq!(post.told(), [withdrawn(*first, shown[0])]);

        let event = &post.taken()[0];
        assert_eq!(
            (&event["specversion"], &event["type"]),
            (&"1.0".into(), &"chengdang.record.withdrawn".into())
        );
        assert_eq!(
            (&event["source"], &event["data"]["matter_no"]),
            (&"//log.example".into(), &MATTER.into())
        );
        assert!(event["data"]["next"]["zh"].as_str().unwrap().contains("撤销"));
        let text = event.to_string();
        for secret in [document(1).expose(), name(1), "ITM-", "证字"] {
            assert!(!text.contains(secret), "{secret} in {text}");
        }

        // The officer's look-up is told in the officers' list, and another department has none of it.
        let by_officer = pulled(city, &city.officer(), None).await;
        assert_eq!(
            by_officer.iter().map(of).collect::<Vec<_>>(),
            [(told.by_officer.0.to_string(), shown[0].to_string())]
        );
        let stranger = Caller {
            organisation: Some(Uscc::parse("11370199MB99000646").unwrap()),
            ..city.officer()
        };
        assert!(pulled(city, &stranger, None).await.is_empty());
        let cursor = Uuid::parse_str(by_officer[0]["id"].as_str().unwrap()).unwrap();
        for other in [&stranger, &told.system, &city.resident(1)] {
            let refused = events::acknowledge_and_list(city.app(), other, Some(cursor), 9).await;
            assert!(matches!(refused, Err(AppError::NotFound)), "{refused:?}");
        }

        let delivered = |about: &[ToldEvent]| {
            about
                .iter()
                .map(|told| (told.is_to_system, told.delivered))
                .collect::<Vec<_>>()
        };
        let seen = about(city, 1).await;
        assert_eq!(seen.len(), 2);
        assert!(
            seen.iter()
                .all(|told| told.kind == EventKind::Withdrawn && told.record == Some(shown[0]))
        );
        assert!(seen.iter().all(|told| told.organisation.zh == city.provider_name));
        let waiting = delivered(&seen)
            .into_iter()
            .filter(|(_, delivered)| *delivered == Delivered::Waiting);
        assert_eq!(
            waiting.collect::<Vec<_>>(),
            [(false, Delivered::Waiting)],
            "the officers have not read on"
        );
        assert!(pulled(city, &city.officer(), Some(cursor)).await.is_empty());
        let seen = about(city, 1).await;
        assert!(
            delivered(&seen)
                .iter()
                .all(|(_, delivered)| matches!(delivered, Delivered::Told(_)))
        );
        assert!(about(city, 2).await.is_empty());
        city.verify().await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_person_s_events_keep_their_order_while_another_s_go_on() {
    both(async |city| {
        let told = looked_up(city).await;
        let [(first, one), (second, two)] = &told.by_system;
        let post = Post::default();
        post.refuse(*first, one[0], 3);
        for record in [one[0], one[1], two[0]] {
            withdraw(city, record).await;
            city.clock.jump(10);
        }
        turn(city, &post).await.unwrap();
        assert_eq!(post.told(), [withdrawn(*second, two[0])], "the other person's goes on");
        // Pauses grow: the second is at least twice half of the first.
        for (ms, expected) in [(4_000, 0), (6_001, 1), (9_000, 0), (11_001, 1), (60_000, 2)] {
            city.clock.jump(ms);
            let before = post.offered();
            turn(city, &post).await.unwrap();
            let offered = post.offered() - before;
            assert!(offered <= expected, "after {ms} ms");
        }
        turns(city, &post).await;
        assert_eq!(
            post.told(),
            [
                withdrawn(*second, two[0]),
                withdrawn(*first, one[0]),
                withdrawn(*first, one[1])
            ]
        );
        assert_eq!(post.taken().len(), 3, "nothing was told twice");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_never_taken_is_given_up_with_an_alarm_and_can_be_had_again() {
    both(async |city| {
        let told = looked_up(city).await;
        let (first, one) = &told.by_system[0];
        let post = Post::default();
        let settings = city.app().settings().events;
        let attempts = settings.attempts_max();
        post.refuse(*first, one[0], attempts);
        withdraw(city, one[0]).await;
        let fell = city.clock.look();
        turns(city, &post).await;
        assert!(post.taken().is_empty());
        let alarms = city.store().alarms(9).await.unwrap();
        assert!(alarms[0].at.0 - fell.0 >= settings.tried_for_ms, "not before its time");
        let alarms: Vec<_> = alarms.iter().map(|alarm| (alarm.kind, alarm.client)).collect();
        assert_eq!(
            alarms,
            [(AlarmKind::EventUndelivered, Some(told.system.account))],
            "once"
        );
        let dead = events::dead(city.app(), 9).await.unwrap();
        assert_eq!((dead.len(), dead[0].attempts), (1, attempts));
        assert_eq!(events::counts(city.app()).await.unwrap().dead, 1);
        // It is not lost: the recipient reads it, and asks for it, and the operator sends it again.
        let read = pulled(city, &told.system, None).await;
        assert_eq!(read.len(), 1);
        assert_eq!(events::revive(city.app()).await.unwrap(), 1);
        turns(city, &post).await;
        assert_eq!(post.told(), [withdrawn(*first, one[0])]);
        assert_eq!(post.taken()[0], read[0], "the same event");
        assert_eq!(events::replay(city.app(), &told.system, None).await.unwrap(), 1);
        turns(city, &post).await;
        assert_eq!(
            post.taken(),
            [read[0].clone(), read[0].clone()],
            "replayed under the same id"
        );
        let officer = events::replay(city.app(), &city.officer(), None).await;
        assert!(matches!(officer, Err(AppError::NotFound)), "an officer has no endpoint");

        // Without an endpoint the recipient reads by itself.
        let permit = city.may(&security_administrator(), RegisterClient);
        clients::set_endpoint(city.app(), &permit, told.system.account, None)
            .await
            .unwrap();
        withdraw(city, one[1]).await;
        turns(city, &post).await;
        assert_eq!(
            (post.taken().len(), pulled(city, &told.system, None).await.len()),
            (2, 2)
        );
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_end_that_passes_and_an_answer_that_was_lost_are_told_once() {
    both(async |city| {
        let told = looked_up(city).await;
        let post = Post::default();
        withdraw(city, told.by_system[0].1[0]).await;
        turns(city, &post).await;
        let before = post.taken().len();
        // A look-up whose process ends before its answer is written down.
        city.plan.arm(&[Cell {
            method: "append_answers",
            nth: 0,
            mode: Mode::Down,
        }]);
        let lost = ask(city, &told.system, &Written::about(2, "key-lost-0001"))
            .await
            .unwrap();
        city.restart().await;
        city.plan.arm(&[]);
        turn(city, &post).await.unwrap();
        assert_eq!(post.taken().len(), before, "its process may yet write it");
        city.clock.jump(3 * 60_000);
        turns(city, &post).await;
        let unconfirmed = (lost.id.to_string(), String::new(), "unconfirmed".to_owned());
        assert_eq!(post.told().last(), Some(&unconfirmed));

        // The permits end; one of them was withdrawn before, and is not told of again.
        let ends: Vec<_> = city
            .own(1)
            .await
            .unwrap()
            .groups
            .iter()
            .flat_map(|group| group.records.iter().map(|record| record.until))
            .collect();
        let end = ends.iter().max().unwrap().last_moment();
        city.clock.jump(end.0 - city.clock.look().0 - HOUR);
        assert!(city.clock.look() < Moment(end.0));
        let before = post.told().len();
        turn(city, &post).await.unwrap();
        assert_eq!(post.told().len(), before, "on the last day it is still read");
        city.clock.jump(2 * HOUR);
        turns(city, &post).await;
        let [(first, one), (second, two)] = &told.by_system;
        let ended: BTreeSet<_> = post.told()[before..].iter().cloned().collect();
        let end_of = |look_up: &Uuid, record: Uuid| (look_up.to_string(), record.to_string(), "ended".to_owned());
        assert_eq!(ended, BTreeSet::from([end_of(first, one[1]), end_of(second, two[0])]));
        city.clock.jump(48 * HOUR);
        turns(city, &post).await;
        assert_eq!(post.told().len(), before + 2, "once");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_read_stops_no_other_event() {
    both(async |city| {
        let told = looked_up(city).await;
        let [(first, one), (second, two)] = &told.by_system;
        let (post, holder) = (Post::default(), Uuid::from_u128(0x0070));
        // An answer that does not open, whose records nobody listed.
        city.plan.arm(&[Cell {
            method: "append_answers",
            nth: 0,
            mode: Mode::Down,
        }]);
        let lost = ask(city, &told.system, &Written::about(2, "key-damaged-1"))
            .await
            .unwrap();
        city.restart().await;
        city.plan.arm(&[]);
        let damaged = NewAnswer {
            look_up: lost.id,
            outcome: TraceOutcome::Disclosed,
            content: Sealed {
                salt: Some([7; 16]),
                ciphertext: Some(vec![7; 80]),
            },
            records: Vec::new(),
            close_by: None,
            entry_hash: [7; 32],
            at: city.clock.look(),
        };
        city.store().append_answers(&[damaged]).await.unwrap();
        city.clock.jump(3 * 60_000);
        withdraw(city, one[0]).await;
        withdraw(city, two[0]).await;
        let made = events::make_once(city.app(), holder).await.unwrap().unwrap();
        assert_eq!(made.events, 3, "two for the system, one for the officers");
        let alarms = city.store().alarms(9).await.unwrap();
        let alarms: Vec<_> = alarms.iter().map(|alarm| (alarm.kind, alarm.look_up)).collect();
        assert_eq!(alarms, [(AlarmKind::EventUndelivered, Some(lost.id))]);

        // A look-up that cannot be read now, and one that never can.
        for (mode, sent) in [(Mode::Fails, (1, 1)), (Mode::Damaged, (1, 0))] {
            city.plan.arm(&[Cell {
                method: "find_look_up",
                nth: 0,
                mode,
            }]);
            let done = events::send_once(city.app(), holder, &post).await.unwrap().unwrap();
            assert_eq!((done.told, done.put_off), sent, "{mode:?}");
            city.plan.arm(&[]);
            city.clock.jump(HOUR);
        }
        let told_of: BTreeSet<_> = post.told().into_iter().collect();
        assert_eq!(
            told_of,
            BTreeSet::from([withdrawn(*first, one[0]), withdrawn(*second, two[0])])
        );
        let matters: Vec<_> = post
            .taken()
            .iter()
            .map(|event| event["data"].get("matter_no").cloned())
            .collect();
        assert_eq!(matters, [Some(MATTER.into()), None]);
    })
    .await;
}

/// Calls that the course of an event makes.
const CALLS: [&str; 8] = [
    "take_lease",
    "append_record_events",
    "event_work",
    "append_events",
    "due_events",
    "find_look_up",
    "note_told",
    "put_off",
];

#[tokio::test(flavor = "multi_thread")]
async fn nothing_owed_is_lost_and_nothing_else_is_told_whichever_call_fails() {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let ground = Ground::peopled(backend).await;
        let mut met = 0;
        for method in CALLS {
            for mode in Mode::ALL {
                for nth in 0..2 {
                    let mut city = ground.copy().await;
                    met += course(&mut city, Cell { method, nth, mode }).await;
                    ground.discard(city).await;
                }
            }
        }
        assert!(met >= 70, "only {met} faults on {backend:?}");
    }
}

/// Three records fall, the recipient refuses some, one call fails and the process ends after it; then all goes on.
async fn course(city: &mut City, cell: Cell) -> u32 {
    let told = looked_up(city).await;
    let [(first, one), (second, two)] = &told.by_system;
    let post = Post::default();
    post.refuse(*first, one[0], 1);
    post.refuse(*second, two[0], 2);
    city.plan.arm(&[cell]);
    let mut is_ended = false;
    for record in [one[0], one[1], two[0]] {
        withdraw(city, record).await;
        for _ in 0..3 {
            city.clock.jump(1000);
            let failed = turn(city, &post).await.is_err();
            if failed && !is_ended {
                is_ended = true;
                city.restart().await;
            }
        }
    }
    let met = city.plan.met();
    city.plan.arm(&[]);
    city.restart().await;
    turns(city, &post).await;

    let expected = [
        withdrawn(*first, one[0]),
        withdrawn(*first, one[1]),
        withdrawn(*second, two[0]),
    ];
    let told_now = post.told();
    assert_eq!(
        told_now.iter().collect::<BTreeSet<_>>(),
        expected.iter().collect::<BTreeSet<_>>(),
        "{cell:?}"
    );
    let of_first: Vec<_> = told_now
        .iter()
        .filter(|(look_up, ..)| *look_up == first.to_string())
        .collect();
    assert_eq!(
        of_first,
        [&expected[0], &expected[1]],
        "in the order of the person: {cell:?}"
    );
    let by_officer: Vec<_> = pulled(city, &city.officer(), None).await.iter().map(of).collect();
    let officer = told.by_officer.0.to_string();
    assert_eq!(
        by_officer,
        [one[0], one[1]].map(|record| (officer.clone(), record.to_string())),
        "{cell:?}"
    );
    assert_eq!(
        pulled(city, &told.system, None).await.len(),
        3,
        "each is kept once: {cell:?}"
    );
    assert_eq!(
        events::counts(city.app()).await.unwrap(),
        store::EventCounts::default(),
        "{cell:?}"
    );
    met
}

/// Work that shares a transaction, in `make.rs`.
const BATCH: usize = 200;

#[tokio::test(flavor = "multi_thread")]
async fn what_is_made_is_sent_however_much_there_is_to_make() {
    both(async |city| {
        let told = looked_up(city).await;
        // Each look-up at resident 1 shows two records, so there is more than a batch to look through.
        for place in 0..=BATCH / 2 {
            records(city, &told.system, 1, &format!("key-more-{place:04}")).await;
        }
        city.restart().await;
        let (post, (first, shown)) = (Post::default(), &told.by_system[0]);
        withdraw(city, shown[1]).await;
        turn(city, &post).await.unwrap();
        assert!(post.offered() > 0, "one turn sends");
        let holder = Uuid::from_u128(0x0070);
        let next = events::make_once(city.app(), holder).await.unwrap().unwrap();
        assert!(!next.is_all, "one turn does not make all");
        turns(city, &post).await;
        assert_eq!(post.taken().len(), BATCH / 2 + 2, "everybody is told in the end");
        assert!(post.told().contains(&withdrawn(*first, shown[1])));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_process_makes_and_sends_nothing_meanwhile() {
    both(async |city| {
        let told = looked_up(city).await;
        withdraw(city, told.by_system[0].1[0]).await;
        let post = Post::default();
        let (one, two) = (Uuid::from_u128(1), Uuid::from_u128(2));
        let made = Made {
            events: 2,
            is_all: false,
        };
        assert_eq!(events::make_once(city.app(), one).await.unwrap(), Some(made));
        assert_eq!(events::make_once(city.app(), two).await.unwrap(), None);
        assert_eq!(events::send_once(city.app(), two, &post).await.unwrap(), None);
        city.clock.jump(61_000);
        assert_eq!(
            events::send_once(city.app(), two, &post).await.unwrap().unwrap().told,
            1
        );
        assert_eq!(events::send_once(city.app(), one, &post).await.unwrap(), None);
    })
    .await;
}
