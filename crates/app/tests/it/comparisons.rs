//! Comparisons of batches: on both stores, with the shipped catalogue and policies.

use std::collections::BTreeSet;

use app::accounts::{self, NewAccount};
use app::comparisons::{self, BlockDone, ComparisonFault, Proposal, RawRow, Request, RowFault, Run};
use app::look_ups::{self, LookUpFault};
use app::own_looks::{self, OwnLooks, Part};
use app::{AppError, administrators, lifecycle, locks, sequencer};
use domain::catalogue::ItemId;
use domain::{Day, Uscc};
use policy::{Caller, LockOwnFile, ReadOwnLookUps, WithdrawRecord};
use store::{AccountKind, AlarmKind, EntryKind, Relation, TraceOutcome};
use uuid::Uuid;

use crate::faults::city::{Backend, City, Ground};
use crate::faults::failing::{Cell, Mode};
use crate::look_ups::{Written, ask, deliver_penalty, register};
use crate::permits::Row;
use crate::town::{FORMER_NAME, document, name};

const FOOD: &str = "PUR-FOOD-LICENCE";
const PROCUREMENT: &str = "PUR-PROCUREMENT";

/// Everything once: on both stores.
async fn both<F: AsyncFn(&mut City)>(test: F) {
    for backend in [Backend::Sqlite, Backend::Postgres] {
        let ground = Ground::peopled(backend).await;
        let mut city = ground.copy().await;
        test(&mut city).await;
        ground.discard(city).await;
    }
}

/// An officer of an organisation.
fn officer(city: &City, number: u128, organisation: &Uscc) -> Caller {
    Caller {
        account: Uuid::from_u128(number),
        organisation: Some(organisation.clone()),
        ..city.officer()
    }
}

async fn proposed(city: &City, caller: &Caller, purpose: &str, items: &[&str], rows_a_day: u32) -> Uuid {
    let items: Vec<String> = items.iter().map(|item| (*item).to_owned()).collect();
    let proposal = Proposal {
        purpose,
        aim: "年度复核",
        items: &items,
        rows_a_day,
        last_day: Day::new(2027, 6, 30).unwrap(),
    };
    let question = comparisons::propose_question(city.app(), caller, &proposal).unwrap();
    let state = comparisons::propose(city.app(), &city.may(caller, question), &proposal)
        .await
        .unwrap();
    assert!(!state.is_running);
    state.programme.proposed.uuid
}

/// A programme that officer 7 of the organisation proposed, officer 8 and the centre approved.
async fn programme(city: &City, organisation: &Uscc, purpose: &str, items: &[&str], rows_a_day: u32) -> Uuid {
    let id = proposed(city, &officer(city, 7, organisation), purpose, items, rows_a_day).await;
    let centre = Caller {
        account: Uuid::from_u128(9),
        ..city.centre()
    };
    for approver in [officer(city, 8, organisation), centre] {
        let question = comparisons::approve_question(city.app(), id).await.unwrap();
        comparisons::approve(city.app(), &city.may(&approver, question))
            .await
            .unwrap();
    }
    id
}

/// A line about a resident, under a name.
#[expect(clippy::unnecessary_wraps, reason = "a comparison takes lines as they were read")]
fn line(sequence: u16, name: &str, matter_no: &str) -> Result<RawRow, RowFault> {
    Ok(RawRow {
        matter_no: matter_no.to_owned(),
        document_kind: "01".to_owned(),
        document_number: document(sequence).expose().to_owned(),
        name: name.to_owned(),
    })
}

async fn begin(city: &City, caller: &Caller, programme: Uuid, key: &str) -> Result<Run, ComparisonFault> {
    let request = Request {
        programme,
        items: &[],
        key,
    };
    let (question, asked) = comparisons::prepare(city.app(), caller, &request).await?;
    let permit = city.app().policies().decide(caller, question)?;
    comparisons::begin(city.app(), &permit, asked).await
}

async fn compare(
    city: &City,
    caller: &Caller,
    programme: Uuid,
    key: &str,
    lines: &[Result<RawRow, RowFault>],
) -> Result<BlockDone, ComparisonFault> {
    begin(city, caller, programme, key).await?.block(lines.to_vec()).await
}

/// Flags in the order of items, or the fault's code.
fn said(done: &BlockDone, items: usize) -> Vec<Result<Vec<bool>, &'static str>> {
    let flags = |flags: app::comparisons::Flags| (0..items).map(|item| flags.is_open(item)).collect();
    done.answers
        .iter()
        .map(|answer| answer.map(flags).map_err(|fault| fault.code))
        .collect()
}

async fn seen(city: &City, sequence: u16) -> OwnLooks {
    let caller = city.resident(sequence);
    let account = caller.account;
    let permit = city.may(&caller, ReadOwnLookUps { account });
    own_looks::list(city.app(), &permit, Part::default()).await.unwrap()
}

fn matters(from: u32, count: u32) -> Vec<String> {
    (from..from + count)
        .map(|number| format!("测食许〔2026〕{number}号"))
        .collect()
}

async fn register_all(city: &City, purpose: &str, organisation: &Uscc, numbers: &[String]) {
    let numbers: Vec<&str> = numbers.iter().map(String::as_str).collect();
    register(city, purpose, organisation, &numbers).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_programme_runs_with_two_approvals_until_its_end() {
    both(async |city| {
        let organisation = city.provider.clone();
        let (proposer, second) = (officer(city, 7, &organisation), officer(city, 8, &organisation));
        let id = proposed(city, &proposer, FOOD, &["ITM-PENALTY"], 10).await;
        let refused = async |caller: &Caller| match begin(city, caller, id, "key-00000001").await.err() {
            Some(ComparisonFault::Refused(refusal)) => refusal.code(),
            other => panic!("{other:?}"),
        };
        assert_eq!(refused(&proposer).await, "POLICY-0206", "not approved");
        let question = comparisons::approve_question(city.app(), id).await.unwrap();
        let own = city.app().policies().decide(&proposer, question.clone()).unwrap_err();
        assert_eq!(own.code(), "POLICY-0106");
        let foreign = officer(city, 8, &Uscc::parse("11370199MB99000646").unwrap());
        assert!(city.app().policies().decide(&foreign, question.clone()).is_err());
        comparisons::approve(city.app(), &city.may(&second, question.clone()))
            .await
            .unwrap();
        assert_eq!(refused(&proposer).await, "POLICY-0206", "the centre has not approved");
        let same = Caller {
            account: second.account,
            ..city.centre()
        };
        let both_by_one = comparisons::approve(city.app(), &city.may(&same, question.clone())).await;
        assert!(matches!(both_by_one, Err(ComparisonFault::Approval)));
        let centre = Caller {
            account: Uuid::from_u128(9),
            ..city.centre()
        };
        let state = comparisons::approve(city.app(), &city.may(&centre, question.clone()))
            .await
            .unwrap();
        assert!(state.is_running);
        begin(city, &proposer, id, "key-00000001").await.unwrap();
        let other = begin(city, &foreign, id, "key-00000001").await.err().unwrap();
        assert_eq!(
            other.code(),
            "COMPARE-0001",
            "another organisation's is as absent as none"
        );
        let listed = comparisons::list(city.app(), &second).await.unwrap();
        assert_eq!(listed.len(), 1);
        assert!(comparisons::list(city.app(), &foreign).await.unwrap().is_empty());
        // Its last day, and an end before it.
        city.clock.jump(300 * 24 * 3600 * 1000);
        assert_eq!(refused(&proposer).await, "POLICY-0206");
        city.clock.jump(-300 * 24 * 3600 * 1000);
        begin(city, &proposer, id, "key-00000002").await.unwrap();
        comparisons::end(city.app(), &city.may(&second, question.clone()))
            .await
            .unwrap();
        assert_eq!(refused(&proposer).await, "POLICY-0206");
        let twice = comparisons::end(city.app(), &city.may(&second, question)).await;
        assert!(matches!(twice, Err(ComparisonFault::Approval)));
        let (_, waiting) = city.store().log_sizes().await.unwrap();
        let entries = city
            .store()
            .outbox_entries(u32::try_from(waiting).unwrap())
            .await
            .unwrap();
        let decisions = entries.iter().filter(|(kind, _)| *kind == EntryKind::Decision).count();
        assert_eq!(
            decisions, 4,
            "proposed, approved twice, ended: each is an entry of the log"
        );
    })
    .await;
}

/// What single look-ups answer, as flags; `None` where they are refused for what the caller wrote.
async fn singly(city: &City, caller: &Caller, written: &Written) -> Vec<bool> {
    match ask(city, caller, written).await {
        Ok(answer) => answer.items.iter().map(|item| !item.records.is_empty()).collect(),
        Err(fault) => panic!("{fault:?}"),
    }
}

/// Numbers that look drawn, the same in each run.
fn draw(state: &mut u64, below: u64) -> u64 {
    *state = state
        .wrapping_mul(6_364_136_223_846_793_005)
        .wrapping_add(1_442_695_040_888_963_407);
    (*state >> 33) % below
}

/// Something happens in the city that may change what is shown.
async fn happens(city: &mut City, state: &mut u64) {
    match draw(state, 7) {
        0 | 1 => {
            let (resident, number) = (1 + draw(state, 4), draw(state, 1_000));
            let resident = u16::try_from(resident).unwrap();
            let number = format!("证字第{number}号");
            let row = Row::new(&number, name(resident), document(resident).expose(), "经营");
            city.deliver(&[row]).await.unwrap();
        }
        2 | 3 => {
            let resident = u16::try_from(1 + draw(state, 3)).unwrap();
            let own = city.own(resident).await.unwrap();
            let Some(record) = own.groups.iter().flat_map(|group| &group.records).next() else {
                return;
            };
            let asked = WithdrawRecord {
                record: record.uuid,
                provider: city.provider.clone(),
            };
            let permit = city.may(&city.officer(), asked);
            match lifecycle::withdraw(city.app(), &permit, "录入有误").await {
                Ok(()) | Err(AppError::Conflict | AppError::NotFound) => {}
                Err(error) => panic!("{error}"),
            }
        }
        4 => {
            let resident = u16::try_from(1 + draw(state, 5)).unwrap();
            let caller = city.resident(resident);
            let account = caller.account;
            let permit = city.may(&caller, LockOwnFile { account });
            locks::set(city.app(), &permit, draw(state, 2) == 0).await.unwrap();
        }
        5 => {
            let resident = u16::try_from(1 + draw(state, 6)).unwrap();
            let relation =
                [Relation::Own, Relation::Kin, Relation::Colleague][usize::try_from(draw(state, 3)).unwrap()];
            let account = Uuid::from_u128(u128::from(10 + draw(state, 3)));
            look_ups::declare_relation(city.app(), account, &document(resident), relation)
                .await
                .unwrap();
        }
        _ => city.restart().await,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn i7_a_batch_answers_what_single_look_ups_would_whatever_happened_before() {
    both(async |city| {
        let food = city.provider.clone();
        let buyer = Uscc::parse("11370199MB99000646").unwrap();
        deliver_penalty(city).await;
        let items = ["ITM-PENALTY", "ITM-PERMIT"];
        let of_food = programme(city, &food, FOOD, &items, 1_000_000).await;
        let of_buyer = programme(city, &buyer, PROCUREMENT, &["ITM-PENALTY"], 1_000_000).await;
        let food_matters = matters(1, 20);
        let buyer_matters: Vec<String> = (1..=20).map(|number| format!("测采〔2026〕{number}号")).collect();
        register_all(city, FOOD, &food, &food_matters).await;
        register_all(city, PROCUREMENT, &buyer, &buyer_matters).await;
        // Each resident under the own name, another's, and a former one; the third has only a former one on file.
        let who: Vec<(u16, &str)> = (1..=6)
            .flat_map(|sequence| [(sequence, name(sequence)), (sequence, name(7)), (sequence, FORMER_NAME)])
            .collect();
        let mut state = 20_261_128;
        let (mut opened, mut rounds) = (BTreeSet::new(), 0);
        for round in 0..24 {
            happens(city, &mut state).await;
            let account = 10 + u128::from(draw(&mut state, 3));
            for (purpose, organisation, id, numbers, items) in [
                (FOOD, &food, of_food, &food_matters, &items[..]),
                (PROCUREMENT, &buyer, of_buyer, &buyer_matters, &items[..1]),
            ] {
                let caller = officer(city, account, organisation);
                let rows = who.iter().zip(numbers);
                let lines: Vec<_> = rows
                    .map(|((sequence, name), number)| line(*sequence, name, number))
                    .collect();
                let done = compare(city, &caller, id, &format!("key-of-round-{round}-{purpose}"), &lines)
                    .await
                    .unwrap();
                for (place, ((sequence, name), number)) in who.iter().zip(numbers).enumerate() {
                    let written = Written {
                        purpose,
                        matter_no: number.clone(),
                        name: (*name).to_owned(),
                        items: items.iter().map(|item| (*item).to_owned()).collect(),
                        ..Written::about(*sequence, &format!("key-of-{round}-{place}-{purpose}"))
                    };
                    let single = singly(city, &caller, &written).await;
                    let batch = said(&done, items.len())[place].clone().unwrap();
                    assert_eq!(batch, single, "round {round}, {purpose}, resident {sequence} as {name}");
                    opened.insert((purpose, batch));
                }
            }
            rounds += 1;
            // Limits on distinct persons are of a day.
            city.clock.jump(24 * 3600 * 1000);
        }
        assert_eq!(rounds, 24);
        let kinds = [
            (FOOD, vec![false, false]),
            (FOOD, vec![false, true]),
            (FOOD, vec![true, true]),
            (PROCUREMENT, vec![false]),
            (PROCUREMENT, vec![true]),
        ];
        assert!(
            kinds.iter().all(|kind| opened.contains(kind)),
            "the course shows little: {opened:?}"
        );
        city.verify().await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn r6_a_person_sees_each_comparison_at_once_with_its_proof() {
    both(async |city| {
        let organisation = city.provider.clone();
        let items = ["ITM-PENALTY", "ITM-PERMIT"];
        let id = programme(city, &organisation, FOOD, &items, 100).await;
        let numbers = matters(1, 9);
        register_all(city, FOOD, &organisation, &numbers).await;
        let caller = officer(city, 7, &organisation);
        let lines: Vec<_> = (1..=6)
            .zip(&numbers)
            .map(|(sequence, number)| line(sequence, name(sequence), number))
            .collect();
        let done = compare(city, &caller, id, "key-00000001", &lines).await.unwrap();
        let receipt = done.receipt.unwrap();
        let promise = comparisons::promise(receipt.block, &receipt.entry_hash, &receipt.answer_hash, receipt.as_of);
        vault::verify(&city.app().public_key(), &promise, &receipt.signature).unwrap();

        let looks = seen(city, 1).await;
        assert_eq!((looks.looks.len(), looks.compared.len()), (0, 1));
        let look = &looks.compared[0];
        assert_eq!((look.programme, look.aim.as_str()), (id, "年度复核"));
        assert_eq!(look.by.organisation.zh, city.provider_name);
        assert_eq!(
            (look.by.matter_no.as_deref(), look.by.purpose.as_str()),
            (Some(numbers[0].as_str()), FOOD)
        );
        assert!(look.by.legal_ground.as_ref().unwrap().contains("食品安全法"));
        assert_eq!(look.outcome, Some(TraceOutcome::Disclosed));
        let flags: Vec<_> = look.items.iter().map(|(_, is_open)| is_open.unwrap()).collect();
        assert_eq!(flags, [false, true], "two permits, no penalty");
        // A person of whom nothing is held sees it, too, and that nothing was shown.
        let other = &seen(city, 4).await.compared;
        assert_eq!((other.len(), other[0].outcome), (1, Some(TraceOutcome::Nothing)));
        assert_eq!(
            own_looks::count_recent(city.app(), &may_see(city, 4), 90)
                .await
                .unwrap(),
            1
        );

        // The way from the words to the log: header, row, answer.
        sequencer::run_once(city.app(), Uuid::from_u128(5)).await.unwrap();
        let labels: Vec<&str> = look.proofs.iter().map(|(proof, _)| proof.label).collect();
        assert_eq!(labels, [comparisons::HEADER, comparisons::ROW, comparisons::ANSWER]);
        let mut hashes = Vec::new();
        for (proof, path) in &look.proofs {
            let entry = proof.entry.as_ref().unwrap();
            assert_eq!(entry.hash(proof.label), proof.entry_hash, "anybody can compute it anew");
            for resident in 1..=6 {
                let secret = document(resident);
                assert!(!entry.content.contains(secret.expose()) && !entry.content.contains(name(resident)));
            }
            hashes.push(hex::encode(proof.entry_hash));
            let Some(path) = path else { continue };
            let [page, block] = &path.steps[..] else {
                panic!("two steps")
            };
            let root = root_of(page, proof.entry_hash);
            translog::check_subtree(block, &root, path.log_entry_hash).unwrap();
            let found = city.store().find_entries(&[path.log_entry_hash]).await.unwrap();
            assert!(found[0].is_some(), "the last root is an entry of the log");
        }
        let content = |place: usize| look.proofs[place].0.entry.as_ref().unwrap().content.clone();
        assert!(content(1).contains(&hashes[0]), "the row names its header");
        assert!(content(2).contains(&hashes[1]), "the answer names its row");
        let ends: Vec<_> = look
            .proofs
            .iter()
            .filter_map(|(_, path)| Some(path.as_ref()?.log_entry_hash))
            .collect();
        assert_eq!(ends, [receipt.entry_hash, receipt.answer_hash]);

        // "I don't recognise this", and its answer.
        own_looks::complain(city.app(), &may_see(city, 1), look.id, "不是我")
            .await
            .unwrap();
        let foreign = own_looks::complain(city.app(), &may_see(city, 2), look.id, "").await;
        assert!(matches!(foreign, Err(AppError::NotFound)));
        let permit = city.may(&caller, look_ups::head(city.app(), look.id).await.unwrap());
        own_looks::answer_complaint(city.app(), &permit, "年度复核名单")
            .await
            .unwrap();
        let complaint = seen(city, 1).await.compared[0].complaint.clone().unwrap();
        assert_eq!(complaint.answer.as_deref(), Some("年度复核名单"));
        city.verify().await.unwrap();
    })
    .await;
}

fn may_see(city: &City, sequence: u16) -> policy::Permit<ReadOwnLookUps> {
    let caller = city.resident(sequence);
    let account = caller.account;
    city.may(&caller, ReadOwnLookUps { account })
}

/// The root that a path leads to, computed as RFC 6962 section 2.1.1 says.
fn root_of(path: &translog::SubtreePath, commitment: [u8; 32]) -> [u8; 32] {
    use sha2::{Digest, Sha256};
    let node = |left: &[u8; 32], right: &[u8; 32]| -> [u8; 32] {
        Sha256::new()
            .chain_update([1])
            .chain_update(left)
            .chain_update(right)
            .finalize()
            .into()
    };
    let mut hash = translog::leaf_hash(&commitment);
    let (mut at, mut last, mut hashes) = (path.index, path.size - 1, path.hashes.iter());
    while last > 0 {
        if at % 2 == 1 {
            hash = node(hashes.next().unwrap(), &hash);
        } else if at < last {
            hash = node(&hash, hashes.next().unwrap());
        }
        (at, last) = (at / 2, last / 2);
    }
    assert!(hashes.next().is_none());
    hash
}

#[tokio::test(flavor = "multi_thread")]
async fn i8_the_same_key_gets_the_same_answers_and_nothing_is_logged_twice() {
    both(async |city| {
        let organisation = city.provider.clone();
        let id = programme(city, &organisation, FOOD, &["ITM-PERMIT"], 100).await;
        let numbers = matters(1, 9);
        register_all(city, FOOD, &organisation, &numbers).await;
        let caller = officer(city, 7, &organisation);
        let of = |sequences: [u16; 3]| -> Vec<_> {
            let rows = sequences.into_iter().zip(&numbers);
            rows.map(|(sequence, number)| line(sequence, name(sequence), number))
                .collect()
        };
        let (one, two) = (of([1, 2, 6]), of([4, 2, 3]));
        let mut run = begin(city, &caller, id, "key-00000001").await.unwrap();
        let first = run.block(one.clone()).await.unwrap();
        let second = run.block(two.clone()).await.unwrap();
        let sizes = city.store().log_sizes().await.unwrap();
        assert_eq!(said(&first, 1), [Ok(vec![true]), Ok(vec![true]), Ok(vec![false])]);

        // What happened meanwhile changes nothing of what was answered; the process may be another.
        let own = city.own(1).await.unwrap();
        for record in own.groups.iter().flat_map(|group| &group.records) {
            let asked = WithdrawRecord {
                record: record.uuid,
                provider: organisation.clone(),
            };
            lifecycle::withdraw(city.app(), &city.may(&city.officer(), asked), "录入有误")
                .await
                .unwrap();
        }
        let after_withdrawal = city.store().log_sizes().await.unwrap();
        assert!(after_withdrawal > sizes);
        drop(run);
        city.restart().await;
        let mut run = begin(city, &caller, id, "key-00000001").await.unwrap();
        let again = run.block(one.clone()).await.unwrap();
        assert_eq!((said(&again, 1), again.receipt), (said(&first, 1), first.receipt));
        let again = run.block(two.clone()).await.unwrap();
        assert_eq!((said(&again, 1), again.receipt), (said(&second, 1), second.receipt));
        assert_eq!(
            city.store().log_sizes().await.unwrap(),
            after_withdrawal,
            "nothing is logged twice"
        );
        assert_eq!(seen(city, 2).await.compared.len(), 2, "two rows were about resident 2");

        // Other lines in a place, other items under the key, the key a day later: refused, and nothing is logged.
        drop(run);
        let mut run = begin(city, &caller, id, "key-00000001").await.unwrap();
        let other = run.block(two.clone()).await.unwrap_err();
        assert_eq!(other.code(), "COMPARE-0002");
        drop(run);
        let other = programme(city, &organisation, FOOD, &["ITM-PENALTY"], 100).await;
        let fault = begin(city, &caller, other, "key-00000001").await.err().unwrap();
        assert_eq!(fault.code(), "COMPARE-0002");
        let fresh = compare(city, &caller, id, "key-00000002", &one).await.unwrap();
        assert_eq!(
            said(&fresh, 1),
            [Ok(vec![false]), Ok(vec![true]), Ok(vec![false])],
            "another key reads anew"
        );
        city.clock.jump(25 * 3600 * 1000);
        let old = begin(city, &caller, id, "key-00000001").await.err().unwrap();
        assert_eq!(old.code(), "COMPARE-0003");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn r12_a_faulty_row_is_told_before_anybody_is_searched_for_and_stops_no_other() {
    both(async |city| {
        let organisation = city.provider.clone();
        let id = programme(city, &organisation, FOOD, &["ITM-PERMIT"], 4).await;
        let numbers = matters(1, 9);
        register_all(city, FOOD, &organisation, &numbers).await;
        let caller = officer(city, 7, &organisation);
        let with = |change: fn(&mut RawRow)| {
            let mut raw = line(1, name(1), &numbers[5]).unwrap();
            change(&mut raw);
            Ok(raw)
        };
        let lines = vec![
            line(1, name(1), &numbers[0]),
            Err(RowFault::FORM),
            with(|row| row.document_number.replace_range(17.., "X")),
            with(|row| row.document_kind = "99".to_owned()),
            with(|row| row.name = " ".to_owned()),
            with(|row| row.matter_no = "测采〔2026〕1号".to_owned()),
            line(2, name(2), &numbers[0]),
            line(2, name(2), "测食许〔2026〕77号"),
            Err(RowFault::LONG),
            line(2, name(2), &numbers[1]),
        ];
        let done = compare(city, &caller, id, "key-00000001", &lines).await.unwrap();
        let expected = [
            Ok(vec![true]),
            Err("COMPARE-0101"),
            Err("LOOKUP-0105"),
            Err("LOOKUP-0104"),
            Err("LOOKUP-0106"),
            Err("LOOKUP-0103"),
            Err("COMPARE-0103"),
            Err("POLICY-0204"),
            Err("COMPARE-0102"),
            Ok(vec![true]),
        ];
        assert_eq!(said(&done, 1), expected);
        assert_eq!(done.receipt.unwrap().rows, 2);
        assert_eq!(
            (seen(city, 1).await.compared.len(), seen(city, 2).await.compared.len()),
            (1, 1)
        );
        // A block of faults alone searches for nobody and leaves nothing.
        let sizes = city.store().log_sizes().await.unwrap();
        let done = compare(city, &caller, id, "key-00000002", &[Err(RowFault::FORM)])
            .await
            .unwrap();
        assert!(done.receipt.is_none());
        assert_eq!(city.store().log_sizes().await.unwrap(), sizes);
        // The day's rows: two are left.
        let three: Vec<_> = (1..=3)
            .zip(&numbers)
            .map(|(sequence, number)| line(sequence, name(sequence), number))
            .collect();
        let fault = compare(city, &caller, id, "key-00000003", &three).await.unwrap_err();
        assert_eq!(fault.code(), "POLICY-0207");
        compare(city, &caller, id, "key-00000004", &three[..2]).await.unwrap();
        let full = compare(city, &caller, id, "key-00000005", &three[..1])
            .await
            .unwrap_err();
        assert_eq!(full.code(), "POLICY-0207");
        // What was answered is given again all the same, and tomorrow is another day.
        compare(city, &caller, id, "key-00000004", &three[..2]).await.unwrap();
        city.clock.jump(24 * 3600 * 1000);
        compare(city, &caller, id, "key-00000006", &three).await.unwrap();
        for key in ["short", ""] {
            let fault = begin(city, &caller, id, key).await.err().unwrap();
            assert!(matches!(fault, ComparisonFault::LookUp(LookUpFault::Key)));
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn ab01_a_number_never_issued_and_a_relation_raise_alarms_in_a_batch_too() {
    both(async |city| {
        let organisation = city.provider.clone();
        let id = programme(city, &organisation, FOOD, &["ITM-PERMIT"], 100).await;
        let numbers = matters(1, 9);
        register_all(city, FOOD, &organisation, &numbers).await;
        let caller = officer(city, 7, &organisation);
        look_ups::add_honey_numbers(city.app(), &[document(999)]).await.unwrap();
        look_ups::declare_relation(city.app(), caller.account, &document(1), Relation::Kin)
            .await
            .unwrap();
        let lines = vec![
            line(1, name(1), &numbers[0]),
            line(2, name(2), &numbers[1]),
            line(999, name(2), &numbers[2]),
        ];
        let done = compare(city, &caller, id, "key-00000001", &lines).await.unwrap();
        // Kin of the officer: silence, like nobody.
        assert_eq!(said(&done, 1), [Ok(vec![false]), Ok(vec![true]), Ok(vec![false])]);
        assert_eq!(seen(city, 1).await.compared[0].outcome, Some(TraceOutcome::Refused));
        let alarms = look_ups::alarms(city.app(), 9).await.unwrap();
        let kinds: BTreeSet<AlarmKind> = alarms.iter().map(|alarm| alarm.kind).collect();
        assert_eq!(kinds, [AlarmKind::HoneyNumber, AlarmKind::Relation].into());
        assert!(alarms.iter().all(|alarm| alarm.look_up.is_some()));
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn g36_who_left_the_office_gets_no_further_block() {
    both(async |city| {
        let organisation = city.provider.clone();
        let id = programme(city, &organisation, FOOD, &["ITM-PERMIT"], 100).await;
        let numbers = matters(1, 9);
        register_all(city, FOOD, &organisation, &numbers).await;
        let new = NewAccount {
            login: "who.leaves".to_owned(),
            password: "a password of the test".into(),
            kind: AccountKind::Officer,
            organisation: Some(organisation.clone()),
            identity: None,
            totp_secret: None,
            holder: None,
        };
        let caller = Caller {
            account: accounts::create(city.app(), new).await.unwrap().uuid,
            ..officer(city, 7, &organisation)
        };
        let mut run = begin(city, &caller, id, "key-00000001").await.unwrap();
        run.block(vec![line(1, name(1), &numbers[0])]).await.unwrap();
        administrators::end_from_host(city.app(), "who.leaves").await.unwrap();
        let further = run.block(vec![line(2, name(2), &numbers[1])]).await;
        assert!(
            matches!(further, Err(ComparisonFault::App(AppError::NotFound))),
            "{further:?}"
        );
        assert!(seen(city, 2).await.compared.is_empty(), "nothing of it is in the log");
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn r11_no_answer_without_a_trace_whatever_fails_and_the_same_key_tells_the_truth() {
    both(async |city| {
        let organisation = city.provider.clone();
        let id = programme(city, &organisation, FOOD, &["ITM-PERMIT"], 1_000_000).await;
        let numbers = matters(1, 9);
        register_all(city, FOOD, &organisation, &numbers).await;
        look_ups::add_honey_numbers(city.app(), &[document(999)]).await.unwrap();
        let caller = officer(city, 7, &organisation);
        let lines: Vec<_> = [1, 999, 6]
            .into_iter()
            .zip(&numbers)
            .map(|(sequence, number)| line(sequence, name(sequence.min(6)), number))
            .collect();
        city.restart().await;
        city.plan.arm(&[]);
        compare(city, &caller, id, "key-of-the-course", &lines).await.unwrap();
        let counts = city.plan.calls();
        assert!(counts.contains_key("append_block") && counts.contains_key("index_end"));
        let (mut met, mut unanswered, mut blocks) = (0, 0, 1);
        for (method, count) in counts {
            for nth in 0..count {
                for mode in Mode::ALL {
                    let key = format!("key-{method}-{nth}-{mode:?}");
                    city.restart().await;
                    city.plan.arm(&[Cell { method, nth, mode }]);
                    let answered = compare(city, &caller, id, &key, &lines).await;
                    met += city.plan.met();
                    city.plan.arm(&[]);
                    // What a caller is told is durable: the trace and the answer.
                    let stored = city.store().scan_blocks(0, 10_000).await.unwrap();
                    let own = &stored[blocks.min(stored.len())..];
                    assert!(own.len() <= 1, "one block a key");
                    if answered.is_ok() {
                        assert!(
                            own.iter().all(|block| block.answer.is_some()) && own.len() == 1,
                            "{key}"
                        );
                    }
                    if own.iter().any(|block| block.answer.is_none()) {
                        unanswered += 1;
                        let look = &seen(city, 1).await.compared[0];
                        assert_eq!(look.outcome, None, "unknown, treated as disclosed");
                    }
                    // Killed, and asked again with the same key.
                    city.restart().await;
                    let done = compare(city, &caller, id, &key, &lines).await.unwrap();
                    assert_eq!(said(&done, 1), [Ok(vec![true]), Ok(vec![false]), Ok(vec![false])]);
                    blocks += 1;
                    let stored = city.store().scan_blocks(0, 10_000).await.unwrap();
                    assert_eq!(stored.len(), blocks, "{key}: nothing twice, nothing lost");
                    assert!(stored.iter().all(|block| block.answer.is_some()));
                }
            }
        }
        println!("{met} faults met, {unanswered} blocks were left without an answer, {blocks} in all");
        assert!(met > 40 && unanswered > 5);
        assert_eq!(seen(city, 1).await.compared.len(), blocks.min(50));
        city.verify().await.unwrap();
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_block_of_one_key_is_compared_once_by_racing_connections() {
    both(async |city| {
        let organisation = city.provider.clone();
        let id = programme(city, &organisation, FOOD, &["ITM-PERMIT"], 1_000).await;
        let numbers = matters(1, 300);
        register_all(city, FOOD, &organisation, &numbers).await;
        let caller = officer(city, 7, &organisation);
        let lines: Vec<_> = numbers.iter().map(|number| line(2, name(2), number)).collect();
        let racing = (0..2).map(|_| compare(city, &caller, id, "key-of-the-race", &lines));
        let done = futures::future::join_all(racing).await;
        let receipts: BTreeSet<String> = done
            .iter()
            .map(|done| format!("{:?}", done.as_ref().unwrap().receipt))
            .collect();
        assert_eq!(receipts.len(), 1, "all get the one answer");
        assert_eq!(city.store().scan_blocks(0, 9).await.unwrap().len(), 1);
        let item = ItemId::parse("ITM-PERMIT").unwrap();
        let flags = done[0].as_ref().unwrap().answers[299].unwrap();
        assert_eq!(
            flags.of(&[item]).map(|(_, is_open)| is_open).collect::<Vec<_>>(),
            [true]
        );
        // Every one of three hundred rows about one person is on the own page.
        assert_eq!(seen(city, 2).await.compared.len(), 300);
        // As many as one officer may run at once.
        let mut running = Vec::new();
        for number in 0..2 {
            running.push(
                begin(city, &caller, id, &format!("key-at-once-{number}"))
                    .await
                    .unwrap(),
            );
        }
        let busy = begin(city, &caller, id, "key-at-once-2").await.err().unwrap();
        assert_eq!(busy.code(), "COMPARE-0006");
        drop(running);
        begin(city, &caller, id, "key-at-once-2").await.unwrap();
    })
    .await;
}
