//! Rules of comparison programmes, blocks, and what a comparison index reads.

use std::collections::BTreeMap;
use std::sync::Arc;

use domain::record::RecordEventKind;
use futures::future::join_all;
use uuid::Uuid;

use super::fixture::{Fixture, START, conflicts, day, is_invalid, item, misses, ok, organisation, purpose, some};
use crate::{
    Appended, BlindIndex, BlockAnswer, IndexChanges, IndexMark, IndexTag, NewBlock, NewComparison, NewLock, NewPage,
    NewProgramme, NewProgrammeStep, NewRelation, PersonEvent, PersonId, ProgrammeStepKind, RecordId, Relation, Store,
};

impl Fixture {
    /// A programme of an organisation that may compare ten rows a day.
    pub fn programme(&self, number: u32) -> NewProgramme {
        NewProgramme {
            uuid: self.uuid(),
            organisation: organisation(number),
            purpose: purpose("PUR-FOOD-LICENCE"),
            statute: "测试法 第一条".to_owned(),
            aim: "年度复核".to_owned(),
            items: vec![item("ITM-PENALTY"), item("ITM-PERMIT")],
            rows_a_day: 10,
            last_day: day(12, 31),
            by: self.uuid(),
            entry_hash: self.bytes(),
            at: START,
        }
    }

    /// A step of a programme, by somebody of its own.
    pub fn programme_step(&self, programme: Uuid, kind: ProgrammeStepKind) -> NewProgrammeStep {
        NewProgrammeStep {
            programme,
            kind,
            by: self.uuid(),
            entry_hash: self.bytes(),
            at: START,
        }
    }

    /// A comparison under a programme.
    pub fn comparison(&self, programme: Uuid) -> NewComparison {
        NewComparison {
            uuid: self.uuid(),
            programme,
            account: self.uuid(),
            client: Some(self.uuid()),
            request_key: self.bytes(),
            request_tag: self.bytes(),
            at: START,
        }
    }

    /// A block with a row about each tag.
    pub fn block(&self, comparison: Uuid, block_no: u32, tags: &[[u8; 16]]) -> NewBlock {
        let mut shards: BTreeMap<u8, Vec<[u8; 16]>> = BTreeMap::new();
        for tag in tags {
            shards.entry(tag[0]).or_default().push(*tag);
        }
        let page = |(shard, mut tags): (u8, Vec<[u8; 16]>)| {
            tags.sort_unstable();
            NewPage {
                shard,
                tags,
                content: self.sealed(),
                root: self.bytes(),
            }
        };
        NewBlock {
            uuid: self.uuid(),
            comparison,
            block_no,
            rows: u32::try_from(tags.len()).unwrap_or_default(),
            day: day(1, 1),
            rows_a_day: 10,
            request_tag: self.bytes(),
            key_version: 1,
            header: self.sealed(),
            pages: shards.into_iter().map(page).collect(),
            entry_hash: self.bytes(),
            at: START,
        }
    }

    /// What a block answered.
    pub fn block_answer(&self, block: &NewBlock) -> BlockAnswer {
        BlockAnswer {
            flags: self.sealed(),
            roots: block.pages.iter().map(|_| self.bytes()).collect(),
            entry_hash: self.bytes(),
            at: START,
        }
    }
}

/// Three humans propose and approve a programme; each approval is given once, and none after the end.
///
/// # Panics
///
/// If the store breaks the rule.
pub async fn a_programme_is_approved_by_two_others(store: &dyn Store) {
    let make = Fixture::default();
    let new = make.programme(1);
    ok(store.register_programme(&new).await, "register");
    let other = make.programme(2);
    ok(store.register_programme(&other).await, "register another");
    let step = |kind| make.programme_step(new.uuid, kind);
    let by_proposer = NewProgrammeStep {
        by: new.by,
        ..step(ProgrammeStepKind::Department)
    };
    conflicts(
        store.append_programme_step(&by_proposer).await,
        "approved by its proposer",
    );
    let racing = (0..6).map(|_| async {
        let step = step(ProgrammeStepKind::Department);
        store.append_programme_step(&step).await.is_ok()
    });
    let won = join_all(racing).await.into_iter().filter(|won| *won).count();
    assert_eq!(won, 1, "one approval by the department");
    let found = some(ok(store.find_programme(new.uuid).await, "find"), "the programme");
    assert_eq!(found.proposed, new, "it comes back as written");
    let twice = NewProgrammeStep {
        by: some(found.by(ProgrammeStepKind::Department), "approver"),
        ..step(ProgrammeStepKind::Centre)
    };
    conflicts(store.append_programme_step(&twice).await, "the same human for both");
    ok(
        store.append_programme_step(&step(ProgrammeStepKind::Centre)).await,
        "centre",
    );
    let found = some(ok(store.find_programme(new.uuid).await, "find"), "the programme");
    assert!(!found.has_ended(day(12, 31)), "its last day is a day of it");
    let ending = NewProgrammeStep {
        by: new.by,
        ..step(ProgrammeStepKind::Ended)
    };
    ok(store.append_programme_step(&ending).await, "end");
    let found = some(ok(store.find_programme(new.uuid).await, "find"), "the programme");
    assert!(found.has_ended(day(1, 1)) && found.steps.len() == 3);
    conflicts(store.append_programme_step(&ending).await, "ended twice");
    let unknown = make.programme_step(make.uuid(), ProgrammeStepKind::Centre);
    misses(store.append_programme_step(&unknown).await, "a step of no programme");
    let listed = ok(store.list_programmes(None, 9).await, "list");
    let uuids: Vec<Uuid> = listed.iter().map(|programme| programme.proposed.uuid).collect();
    assert_eq!(uuids, [other.uuid, new.uuid], "newest first");
    let own = ok(store.list_programmes(Some(&organisation(1)), 9).await, "list of one");
    assert_eq!(own.len(), 1);
}

/// A block stands once in its place, within the day's rows, and leaves an outbox row; so does its first answer.
///
/// # Panics
///
/// If the store breaks the rule.
pub async fn a_block_stands_once_and_is_answered_once(store: &dyn Store) {
    let make = Fixture::default();
    let programme = make.programme(1);
    ok(store.register_programme(&programme).await, "register");
    let new = make.comparison(programme.uuid);
    let begun = ok(store.begin_comparison(&new).await, "begin");
    assert_eq!((begun.uuid, begun.request_tag), (new.uuid, new.request_tag));
    let again = NewComparison {
        request_key: new.request_key,
        ..make.comparison(programme.uuid)
    };
    let known = ok(store.begin_comparison(&again).await, "begin again");
    assert_eq!(known, begun, "what stands under the key");
    misses(
        store.begin_comparison(&make.comparison(make.uuid())).await,
        "no programme",
    );

    let (_, waiting) = ok(store.log_sizes().await, "sizes");
    let tags: Vec<[u8; 16]> = (0..7).map(|_| make.bytes()).collect();
    let block = make.block(new.uuid, 0, &tags);
    let appended = ok(store.append_block(Arc::new(block.clone())).await, "append");
    assert!(matches!(appended, Appended::New));
    let racing = make.block(new.uuid, 0, &tags);
    let appended = ok(store.append_block(Arc::new(racing)).await, "append again");
    assert!(matches!(appended, Appended::Known(known) if known.uuid == block.uuid));
    let next = make.block(new.uuid, 1, &tags);
    let appended = ok(store.append_block(Arc::new(next)).await, "append too many");
    assert!(matches!(appended, Appended::TooMany), "fourteen of ten rows");
    assert_eq!(ok(store.compared_rows(programme.uuid, day(1, 1)).await, "count"), 7);
    assert_eq!(ok(store.compared_rows(programme.uuid, day(1, 2)).await, "count"), 0);
    let torn = NewBlock {
        rows: 6,
        ..make.block(new.uuid, 1, &tags)
    };
    is_invalid(store.append_block(Arc::new(torn)).await, "fewer rows than it says");

    let found = some(ok(store.find_block(block.uuid).await, "find"), "the block");
    assert_eq!((found.rows, found.block_no, found.key_version), (7, 0, 1));
    assert_eq!((&found.header, found.entry_hash), (&block.header, block.entry_hash));
    assert_eq!((found.asker.account, found.asker.client), (new.account, new.client));
    assert_eq!((found.programme, &found.answer), (programme.uuid, &None));
    let roots: Vec<_> = block.pages.iter().map(|page| (page.shard, page.root)).collect();
    assert_eq!(found.roots, roots);
    let answer = make.block_answer(&block);
    assert_eq!(ok(store.append_block_answer(block.uuid, &answer).await, "answer"), None);
    let second = make.block_answer(&block);
    let stands = ok(store.append_block_answer(block.uuid, &second).await, "answer again");
    assert_eq!(stands, Some(answer.clone()), "the first answer stands");
    let found = some(ok(store.find_block_at(new.uuid, 0).await, "find"), "the block");
    assert_eq!(found.answer, Some(answer));
    assert_eq!(ok(store.find_block_at(new.uuid, 1).await, "find"), None);
    let (_, now) = ok(store.log_sizes().await, "sizes");
    assert_eq!(now - waiting, 2, "an entry for the block, one for its answer");
    let pages = ok(store.pages_of(block.uuid).await, "pages");
    let written: Vec<_> = block
        .pages
        .iter()
        .map(|page| (page.shard, &page.tags, &page.content))
        .collect();
    let read: Vec<_> = pages
        .iter()
        .map(|page| (page.shard, &page.tags, &page.content))
        .collect();
    assert_eq!(read, written);
    assert_eq!(ok(store.tagged_before(1).await, "tagged").compared, 0);
    assert_eq!(ok(store.tagged_before(2).await, "tagged").compared, 7);
}

/// Blocks about a number are found with their page, newest first; another's are not, even if their bytes hold the tag.
///
/// # Panics
///
/// If the store breaks the rule.
pub async fn blocks_about_a_number_are_found(store: &dyn Store) {
    let make = Fixture::default();
    let programme = make.programme(1);
    ok(store.register_programme(&programme).await, "register");
    let new = make.comparison(programme.uuid);
    ok(store.begin_comparison(&new).await, "begin");
    let tag = IndexTag {
        tag: [7; 16],
        ..make.tag(BlindIndex::Number)
    };
    // Two tags that have the sixteen sevens between them.
    let (mut left, mut right) = ([7; 16], [7; 16]);
    (left[1], right[15]) = (1, 9);
    let blocks = [
        make.block(new.uuid, 0, &[tag.tag, make.bytes()]),
        make.block(new.uuid, 1, &[left, right]),
        make.block(new.uuid, 2, &[tag.tag]),
    ];
    for block in &blocks {
        ok(store.append_block(Arc::new(block.clone())).await, "append");
    }
    let about = |before, limit| store.blocks_about(std::slice::from_ref(&tag), before, limit);
    let found = ok(about(None, 9).await, "about");
    let uuids: Vec<Uuid> = found.iter().map(|(block, _)| block.uuid).collect();
    assert_eq!(uuids, [blocks[2].uuid, blocks[0].uuid], "newest first");
    assert!(
        found
            .iter()
            .all(|(_, page)| page.shard == 7 && page.tags.contains(&tag.tag))
    );
    let newest = some(found.first(), "the newest").0.order;
    let earlier = ok(about(Some(newest), 9).await, "earlier ones");
    assert_eq!(earlier.len(), 1);
    let later = IndexTag { key_version: 2, ..tag };
    assert!(ok(store.blocks_about(&[later], None, 9).await, "another key").is_empty());
    let scanned = ok(store.scan_blocks(0, 2).await, "scan");
    let last = some(scanned.last(), "two blocks").order;
    assert_eq!(
        (scanned.len(), ok(store.scan_blocks(last, 9).await, "scan").len()),
        (2, 1)
    );
}

/// Everything that changed between two marks, in portions of `limit`.
async fn changes(store: &dyn Store, from: &IndexMark, limit: u32) -> IndexChanges {
    let to = ok(store.index_end().await, "end");
    changes_to(store, from, &to, limit).await
}

async fn changes_to(store: &dyn Store, from: &IndexMark, to: &IndexMark, limit: u32) -> IndexChanges {
    let mut all = IndexChanges {
        mark: *from,
        is_whole: from.has_reached(to),
        ..IndexChanges::default()
    };
    while !all.is_whole {
        let portion = ok(store.index_changes(&all.mark, to, limit).await, "changes");
        assert!(portion.is_whole || portion.mark != all.mark, "each portion leads on");
        (all.mark, all.is_whole) = (portion.mark, portion.is_whole);
        all.tags.extend(portion.tags);
        all.records.extend(portion.records);
        all.events.extend(portion.events);
        all.locks.extend(portion.locks);
    }
    all
}

/// Persons who are more than a block of an index holds.
const MANY: u32 = 500;

/// What is written anew after the end was asked for is read all the same.
///
/// # Panics
///
/// If the store breaks the rule.
pub async fn a_comparison_index_misses_nothing_that_moves(store: &dyn Store) {
    let make = Fixture::default();
    let mut owners = Vec::new();
    for _ in 0..MANY {
        let (person, new) = make.person(store).await;
        let tags = new.tags.iter().filter(|tag| tag.index == BlindIndex::NumberAndName);
        owners.extend(tags.map(|tag| (*tag, person.id)));
    }
    let to = ok(store.index_end().await, "end");
    // More persons: runs are put together, and what was there moves behind the end.
    for _ in 0..64 {
        make.person(store).await;
    }
    let read = changes_to(store, &IndexMark::default(), &to, 1).await;
    let read: std::collections::BTreeSet<_> = read.tags.into_iter().collect();
    let missing = owners.iter().filter(|owner| !read.contains(*owner));
    assert_eq!(missing.count(), 0, "of {} owners", owners.len());
}

/// What a comparison index reads is complete, whatever the portions, and only what is new comes again later.
///
/// # Panics
///
/// If the store breaks the rule.
pub async fn a_comparison_index_reads_what_is_new(store: &dyn Store) {
    let make = Fixture::default();
    let mut owners = Vec::new();
    let mut records = Vec::new();
    for _ in 0..9 {
        let (person, new) = make.person(store).await;
        let tag = new
            .tags
            .iter()
            .find(|tag| tag.index == BlindIndex::NumberAndName)
            .copied();
        owners.extend(tag.map(|tag| (tag, person.id)));
        let (record, written) = make.record(store, person.id).await;
        records.push((
            record,
            person.id,
            written.item,
            written.provider,
            written.state,
            written.end,
        ));
    }
    let read = changes(store, &IndexMark::default(), 2).await;
    let sorted = |changes: &IndexChanges| {
        let mut tags = changes.tags.clone();
        tags.sort_unstable();
        tags.dedup();
        tags
    };
    owners.sort_unstable();
    assert_eq!(sorted(&read), owners, "every tag of number and name, no other");
    let seen: Vec<_> = read
        .records
        .iter()
        .map(|read| {
            (
                read.id,
                read.person,
                read.item.clone(),
                read.provider.clone(),
                read.birth,
                read.end,
            )
        })
        .collect();
    assert_eq!(seen, records, "in order of arrival");
    assert!(read.events.is_empty() && read.locks.is_empty());

    let nothing = changes(store, &read.mark, 100).await;
    assert!(nothing.records.is_empty() && nothing.events.is_empty());
    assert!(nothing.mark.has_reached(&read.mark));
    let (record, person) = some(records.first().map(|record| (record.0, record.1)), "a record");
    let new = [
        make.event(person, record, RecordEventKind::Disputed),
        make.event(person, record, RecordEventKind::DisputeEnded),
    ];
    ok(
        store
            .append_record_events(&new, START, &[make.bytes(), make.bytes()])
            .await,
        "events",
    );
    let mut alias = make.person_event(person, PersonEvent::AliasConfirmed);
    alias.tags = vec![make.tag(BlindIndex::NumberAndName)];
    ok(store.append_person_event(&alias).await, "alias");
    let mut lock = NewLock {
        tags: vec![make.tag(BlindIndex::Number)],
        is_locked: true,
        by: make.uuid(),
        entry_hash: make.bytes(),
        at: START,
    };
    ok(store.set_lock(&lock).await, "lock");
    lock.is_locked = false;
    ok(store.set_lock(&lock).await, "open");
    let read = changes(store, &nothing.mark, 1).await;
    let events: Vec<(PersonId, RecordId, RecordEventKind)> = read
        .events
        .iter()
        .map(|(person, event)| (*person, event.record, event.kind))
        .collect();
    let due = [RecordEventKind::Disputed, RecordEventKind::DisputeEnded].map(|kind| (person, record, kind));
    assert_eq!(events, due);
    let locks: Vec<_> = read
        .locks
        .iter()
        .map(|(_, tag, is_locked)| (*tag, *is_locked))
        .collect();
    let tag = some(lock.tags.first().copied(), "a tag");
    assert_eq!(locks, [(tag, true), (tag, false)]);
    let added: Vec<_> = alias
        .tags
        .iter()
        .filter(|tag| tag.index == BlindIndex::NumberAndName)
        .collect();
    assert!(!added.is_empty() && added.iter().all(|tag| read.tags.contains(&(**tag, person))));
    assert!(read.records.is_empty());

    relations_are_read_by_account(&make, store, tag).await;
}

async fn relations_are_read_by_account(make: &Fixture, store: &dyn Store, tag: IndexTag) {
    let account = make.uuid();
    let relation = NewRelation {
        account,
        tags: vec![tag],
        relation: Relation::Kin,
        at: START,
    };
    ok(store.declare_relation(&relation).await, "relation");
    assert_eq!(
        ok(store.relations_of(account).await, "relations"),
        [(tag, Relation::Kin)]
    );
    assert!(ok(store.relations_of(make.uuid()).await, "relations").is_empty());
}

/// What is committed while others commit is read, whatever the order in which they took their numbers.
///
/// # Panics
///
/// If the store breaks the rule.
pub async fn nothing_committed_is_beyond_the_end(store: &dyn Store) {
    let make = Fixture::default();
    let (person, _) = make.person(store).await;
    let writers = (0..4).map(|_| async {
        let mut written = Vec::new();
        for _ in 0..6 {
            written.push(make.record(store, person.id).await.0);
        }
        written
    });
    let reader = async {
        let mut mark = IndexMark::default();
        let mut seen = Vec::new();
        for _ in 0..12 {
            let read = changes(store, &mark, 3).await;
            seen.extend(read.records.iter().map(|record| record.id));
            mark = read.mark;
        }
        (mark, seen)
    };
    let (written, (mark, mut seen)) = futures::join!(join_all(writers), reader);
    seen.extend(changes(store, &mark, 3).await.records.iter().map(|record| record.id));
    let mut written: Vec<RecordId> = written.into_iter().flatten().collect();
    written.sort_unstable();
    seen.sort_unstable();
    assert_eq!(seen, written, "each once");
}
