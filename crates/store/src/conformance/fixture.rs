//! What the rules are made of: ids that never repeat, bytes that stand for ciphertext, chunks with one row.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicU64, Ordering};

use domain::catalogue::{ItemId, PurposeId};
use domain::record::RecordEventKind;
use domain::{Day, MatterNo, Moment, Uscc};
use uuid::Uuid;

use crate::{
    Account, AccountKind, ActKind, Alarm, AlarmKind, Begun, BirthState, BlindIndex, ChunkCommit, Client, ClientKey,
    Closed, Counts, Delivery, DeliveryState, IndexTag, KeyAct, KeyAlgorithm, KnownPersonEvent, LookUpResult,
    MatterEventKind, NewAct, NewAnswer, NewClosing, NewDelivery, NewLock, NewLookUp, NewMatter, NewMatterEvent,
    NewPerson, NewProcedure, NewProcedureStep, NewRecord, NewRecordEvent, NewRelation, NewStagedRow, NewTrace, Person,
    PersonEvent, PersonId, PersonRef, ProcedureKind, RecordId, Relation, SEQUENCER_LEASE, Sealed, SignedHead,
    StagedKind, Store, StoreError, SubjectBinding, TraceKind, TraceOutcome, Withholding, chunk_uuid,
};

/// The moment at which the rules begin: 2026-01-01T00:00Z.
pub(crate) const START: Moment = Moment(1_767_225_600_000);

/// Makes synthetic things; no two are alike.
#[derive(Debug, Default)]
pub struct Fixture {
    made: AtomicU64,
}

/// The value, or the end of the rule.
#[expect(clippy::panic, reason = "that is how a conformance check reports")]
pub(crate) fn ok<T, E: std::fmt::Display>(result: Result<T, E>, what: &str) -> T {
    match result {
        Ok(value) => value,
        Err(error) => panic!("{what}: {error}"),
    }
}

/// The value that must be there, or the end of the rule.
pub(crate) fn some<T>(value: Option<T>, what: &str) -> T {
    ok(value.ok_or("nothing there"), what)
}

/// Ends the rule unless `result` is a conflict.
pub(crate) fn conflicts<T>(result: Result<T, StoreError>, what: &str) {
    let error = result.err();
    assert!(
        matches!(error, Some(StoreError::Conflict { .. })),
        "{what}: a conflict was due, not {error:?}"
    );
}

/// Ends the rule unless `result` says that something is missing.
pub(crate) fn misses<T>(result: Result<T, StoreError>, what: &str) {
    let error = result.err();
    assert!(
        matches!(error, Some(StoreError::Missing { .. })),
        "{what}: something should be missing, not {error:?}"
    );
}

/// Ends the rule unless `result` says that the program broke a rule of the store.
pub(crate) fn is_invalid<T>(result: Result<T, StoreError>, what: &str) {
    let error = result.err();
    assert!(
        matches!(error, Some(StoreError::Invalid { .. })),
        "{what}: a refusal was due, not {error:?}"
    );
}

/// The item of most rules.
pub(crate) fn item(word: &str) -> ItemId {
    ok(ItemId::parse(word), "item")
}

/// A synthetic organisation (area 370199).
pub(crate) fn organisation(number: u32) -> Uscc {
    ok(Uscc::compose("11", "370199", &format!("{number:08}")), "organisation")
}

/// A purpose.
pub(crate) fn purpose(word: &str) -> PurposeId {
    ok(PurposeId::parse(word), "purpose")
}

/// A day of 2026.
pub(crate) fn day(month: i8, day: i8) -> Day {
    ok(Day::new(2026, month, day), "day")
}

impl Fixture {
    fn next(&self) -> u64 {
        self.made.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// A public id; later ones sort after earlier ones, as UUIDv7 do.
    pub fn uuid(&self) -> Uuid {
        Uuid::from_u128((0x0190_0000_0000_7000_8000_u128 << 48) | (u128::from(self.next()) << 20))
    }

    /// Bytes that occur nowhere else.
    pub fn bytes<const N: usize>(&self) -> [u8; N] {
        // Spread as a hash would be, so that their order is not that of making.
        let mixed = self.next().wrapping_mul(0x9E37_79B9_7F4A_7C15).to_be_bytes();
        std::array::from_fn(|place| mixed.get(place % 8).copied().unwrap_or_default())
    }

    /// Something sealed.
    pub fn sealed(&self) -> Sealed {
        Sealed {
            salt: Some(self.bytes()),
            ciphertext: Some(self.bytes::<48>().to_vec()),
        }
    }

    /// A tag of `index` under key version 1.
    pub fn tag(&self, index: BlindIndex) -> IndexTag {
        IndexTag {
            index,
            key_version: 1,
            tag: self.bytes(),
        }
    }

    /// A delivery to begin.
    pub fn new_delivery(&self, provider: &Uscc) -> NewDelivery {
        NewDelivery {
            uuid: self.uuid(),
            provider: provider.clone(),
            item: item("ITM-PENALTY"),
            content_hash: self.bytes(),
            bytes: 1234,
            key: self.bytes::<60>().to_vec(),
            file_name: self.sealed(),
            by: self.uuid(),
            at: START,
        }
    }

    /// A delivery, begun.
    pub async fn begun(&self, store: &dyn Store) -> Delivery {
        let begun = ok(
            store.begin_delivery(&self.new_delivery(&organisation(1))).await,
            "begin",
        );
        match begun {
            Begun::New(delivery) | Begun::Resumed(delivery) | Begun::Finished(delivery) => delivery,
        }
    }

    /// A person with both tags.
    pub fn new_person(&self) -> NewPerson {
        NewPerson {
            uuid: self.uuid(),
            secret: self.bytes::<60>().to_vec(),
            identity: self.sealed(),
            tags: vec![self.tag(BlindIndex::Number), self.tag(BlindIndex::NumberAndName)],
        }
    }

    /// A usable record of a new fact.
    pub fn new_record(&self, person: PersonRef) -> NewRecord {
        NewRecord {
            ordinal: 0,
            person,
            item: item("ITM-PENALTY"),
            provider: organisation(1),
            state: BirthState::Usable,
            class: None,
            end: day(12, 31),
            fact_tag: i64::from_be_bytes(self.bytes()),
            revision: 0,
            content_tag: self.bytes(),
            content: self.sealed(),
        }
    }

    /// A single act without any effect yet.
    pub fn act(&self) -> ChunkCommit {
        ChunkCommit {
            delivery: None,
            chunk_no: 0,
            uuid: chunk_uuid(self.uuid()),
            rows_done: 0,
            at: START,
            new_persons: Vec::new(),
            records: Vec::new(),
            events: Vec::new(),
            own_events: Vec::new(),
            person_events: Vec::new(),
            staged_delivery: None,
            staged: Vec::new(),
            procedures: Vec::new(),
            steps: Vec::new(),
            resolved: Vec::new(),
            faults: Vec::new(),
            fault_counts: BTreeMap::new(),
            counts: Counts::default(),
            entry_hash: self.bytes(),
        }
    }

    /// The next chunk of `delivery` with `rows` refused rows and nothing else.
    pub fn chunk(&self, delivery: &Delivery, chunk_no: u32, rows: u64) -> ChunkCommit {
        ChunkCommit {
            delivery: Some(delivery.id),
            chunk_no,
            rows_done: u64::from(chunk_no + 1) * rows,
            counts: Counts {
                received: rows,
                refused: rows,
                ..Counts::default()
            },
            ..self.act()
        }
    }

    /// A person in the store.
    pub async fn person(&self, store: &dyn Store) -> (Person, NewPerson) {
        let new = self.new_person();
        let act = ChunkCommit {
            new_persons: vec![new.clone()],
            ..self.act()
        };
        ok(store.commit_chunk(&act).await, "a new person");
        let found = ok(store.find_persons(&new.tags).await, "find the person");
        (some(found.into_iter().next().flatten(), "the person"), new)
    }

    /// A record of `person` in the store.
    pub async fn record(&self, store: &dyn Store, person: PersonId) -> (RecordId, NewRecord) {
        let new = self.new_record(PersonRef::Known(person));
        let act = ChunkCommit {
            records: vec![new.clone()],
            ..self.act()
        };
        ok(store.commit_chunk(&act).await, "a new record");
        let facts = ok(store.find_facts(&[(person, new.fact_tag)]).await, "find the fact");
        (some(facts.into_iter().next().flatten(), "the fact").record, new)
    }

    /// An event of a record.
    pub fn event(&self, person: PersonId, record: RecordId, kind: RecordEventKind) -> NewRecordEvent {
        NewRecordEvent {
            record,
            person,
            kind,
            effective: day(2, 1),
            reason: self.sealed(),
        }
    }

    /// An event of a person who is there, at the start.
    pub fn person_event(&self, person: PersonId, event: PersonEvent) -> KnownPersonEvent {
        KnownPersonEvent {
            person,
            event,
            tags: Vec::new(),
            reason: self.sealed(),
            by: self.uuid(),
            at: START,
            entry_hash: self.bytes(),
        }
    }

    /// A staged row.
    pub fn staged(&self, line: u32, kind: StagedKind) -> NewStagedRow {
        NewStagedRow {
            uuid: self.uuid(),
            line,
            kind,
            reason: "number_unknown".to_owned(),
            tag: self.tag(BlindIndex::Number),
            content: self.sealed(),
        }
    }

    /// A review.
    pub fn procedure(&self, organisation: &Uscc) -> NewProcedure {
        NewProcedure {
            uuid: self.uuid(),
            kind: ProcedureKind::Review,
            organisation: organisation.clone(),
            staged_row: None,
            person: None,
            reason: "name_variant".to_owned(),
            details: self.sealed(),
            at: START,
            due_at: Some(Moment(START.0 + 1000)),
        }
    }

    /// A step of a procedure.
    pub fn step(&self, procedure: Uuid, after_steps: u32, state: &str) -> NewProcedureStep {
        NewProcedureStep {
            procedure,
            after_steps,
            state: state.to_owned(),
            by: self.uuid(),
            reason: self.sealed(),
            at: START,
            entry_hash: self.bytes(),
        }
    }

    /// An officer's account.
    #[must_use]
    pub fn account(&self, login: &str) -> Account {
        Account {
            uuid: self.uuid(),
            kind: AccountKind::Officer,
            login: login.to_owned(),
            password_hash: "$argon2id$synthetic".to_owned(),
            totp_secret: self.sealed(),
            organisation: Some(organisation(1)),
            identity: Sealed::default(),
            key: self.bytes::<60>().to_vec(),
            created_at: START,
            holder: None,
            ended_at: None,
        }
    }

    /// What an administrator did.
    pub fn administrator_act(&self, kind: ActKind) -> NewAct {
        NewAct {
            uuid: self.uuid(),
            kind,
            by: self.uuid(),
            about: "synthetic".to_owned(),
            at: START,
            entry_hash: self.bytes(),
        }
    }

    /// A subject of the identity provider, bound to an account.
    pub fn binding(&self, account: Uuid) -> SubjectBinding {
        SubjectBinding {
            uuid: self.uuid(),
            account,
            subject: self.bytes(),
            bound_at: START,
        }
    }

    /// A department's system.
    pub fn client(&self, organisation: &Uscc) -> Client {
        let uuid = self.uuid();
        Client {
            uuid,
            organisation: organisation.clone(),
            name: format!("system {uuid}"),
            registered_at: START,
        }
    }

    /// A key of a department's system.
    pub fn client_key(&self, client: &Client) -> ClientKey {
        ClientKey {
            uuid: self.uuid(),
            client: client.uuid,
            algorithm: KeyAlgorithm::Ed25519,
            public_key: self.bytes::<32>().to_vec(),
            valid_from: START,
            valid_until: Moment(START.0 + 1000),
            revoked_at: None,
        }
    }

    /// A trace about a subject.
    pub fn trace(&self, subject: IndexTag, kind: TraceKind) -> NewTrace {
        NewTrace {
            uuid: self.uuid(),
            kind,
            subject,
            content: self.sealed(),
            entry_hash: self.bytes(),
            at: START,
        }
    }
}

impl Fixture {
    /// A matter, opened in February.
    pub fn matter(&self, organisation: &Uscc, number: &str) -> NewMatter {
        NewMatter {
            uuid: self.uuid(),
            organisation: organisation.clone(),
            matter_no: ok(MatterNo::parse(number), "matter number"),
            purpose: purpose("PUR-FOOD-LICENCE"),
            opened: day(2, 1),
            by: self.uuid(),
            at: START,
        }
    }

    /// A look-up on the first day of 2026, by an officer of its own.
    pub fn look_up(&self, organisation: &Uscc) -> NewLookUp {
        NewLookUp {
            trace: self.trace(self.tag(BlindIndex::Number), TraceKind::LookUp),
            organisation: organisation.clone(),
            account: self.uuid(),
            client: None,
            purpose: purpose("PUR-FOOD-LICENCE"),
            matter: None,
            request_key: self.bytes(),
            request_tag: self.bytes(),
            day: day(1, 1),
        }
    }

    /// What a look-up answered.
    pub fn answer(&self, look_up: Uuid, outcome: TraceOutcome, close_by: Option<Day>) -> NewAnswer {
        NewAnswer {
            look_up,
            outcome,
            content: self.sealed(),
            close_by,
            entry_hash: self.bytes(),
            at: START,
        }
    }

    /// What came of a look-up.
    pub fn closing(&self, look_up: Uuid, result: LookUpResult) -> NewClosing {
        NewClosing {
            look_up,
            closed: Closed {
                result,
                reference: self.sealed(),
                by: self.uuid(),
                entry_hash: self.bytes(),
                at: START,
            },
        }
    }

    /// A decision to withhold a look-up.
    pub fn withholding(&self, look_up: Uuid, step: u32, body: u32, at: Moment, until: Moment) -> Withholding {
        Withholding {
            look_up,
            step,
            law: "测试法 第一条".to_owned(),
            organisation: organisation(body),
            until,
            by: self.uuid(),
            entry_hash: self.bytes(),
            at,
        }
    }
}

/// Everything a store counts, to show that a refusal left no trace.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Sizes {
    persons: u64,
    records: u64,
    log: (u64, u64),
    chunks: usize,
}

impl Sizes {
    /// Counts now.
    pub(crate) async fn of(store: &dyn Store) -> Self {
        let records = ok(store.count_records().await, "count records");
        Self {
            persons: ok(store.count_persons().await, "count persons"),
            records: records.iter().map(|(_, _, count)| count).sum(),
            log: ok(store.log_sizes().await, "log sizes"),
            chunks: ok(store.scan_chunks(0, 1000).await, "scan chunks").len(),
        }
    }
}

/// Writes something into every table of a store but the queues, so that a test can try to change it.
///
/// # Panics
///
/// If the store does not take it.
pub async fn fill_every_table(store: &dyn Store) {
    let make = Fixture::default();
    let delivery = make.begun(store).await;
    let (pending, held) = (make.staged(2, StagedKind::Pending), make.staged(3, StagedKind::Held));
    let review = NewProcedure {
        staged_row: Some(pending.uuid),
        ..make.procedure(&delivery.provider)
    };
    let chunk = ChunkCommit {
        new_persons: vec![make.new_person()],
        records: vec![make.new_record(PersonRef::New(0))],
        staged: vec![pending, held.clone()],
        procedures: vec![review.clone()],
        faults: b"{}\n".to_vec(),
        fault_counts: [("E05".to_owned(), 1)].into(),
        ..make.chunk(&delivery, 0, 5)
    };
    ok(store.commit_chunk(&chunk).await, "chunk");
    let steps = vec![make.step(review.uuid, 0, "asked")];
    ok(
        store
            .commit_chunk(&ChunkCommit {
                resolved: vec![held.uuid],
                steps,
                ..make.act()
            })
            .await,
        "act",
    );
    let (person, _) = make.person(store).await;
    let (record, _) = make.record(store, person.id).await;
    let event = make.event(person.id, record, RecordEventKind::Disputed);
    ok(
        store.append_record_events(&[event], START, &[make.bytes()]).await,
        "event",
    );
    let mut alias = make.person_event(person.id, PersonEvent::AliasConfirmed);
    alias.tags = vec![make.tag(BlindIndex::NumberAndName)];
    ok(store.append_person_event(&alias).await, "event of a person");
    ok(store.acknowledge_notices(person.id, START, START).await, "acknowledge");
    let trace = make.trace(make.tag(BlindIndex::Number), TraceKind::OwnRead);
    ok(store.append_traces(std::slice::from_ref(&trace)).await, "trace");
    ok(
        store
            .append_outcomes(&[(trace.uuid, TraceOutcome::Nothing, START)])
            .await,
        "outcome",
    );
    let lease = ok(
        store.take_lease(SEQUENCER_LEASE, make.uuid(), START, 1000).await,
        "lease",
    );
    let lease = some(lease, "the lease");
    ok(store.sequence(lease, START, 3).await, "sequence");
    let signed = SignedHead {
        origin: "log.example".to_owned(),
        size: 3,
        root: make.bytes(),
        signature: [7; 64],
    };
    ok(store.append_head(lease, &signed).await, "head");
    ok(
        store
            .finish_delivery(delivery.id, DeliveryState::Done, b"r", START, make.bytes())
            .await,
        "receipt",
    );
    let account = make.account("officer");
    ok(store.create_account(&account).await, "account");
    ok(store.use_totp_step(account.uuid, 1).await, "step");
    fill_look_ups(&make, store).await;
    fill_clients(&make, store, account.uuid).await;
    fill_comparisons(&make, store).await;
}

async fn fill_comparisons(make: &Fixture, store: &dyn Store) {
    let programme = make.programme(1);
    ok(store.register_programme(&programme).await, "programme");
    let step = make.programme_step(programme.uuid, crate::ProgrammeStepKind::Centre);
    ok(store.append_programme_step(&step).await, "step of a programme");
    let comparison = make.comparison(programme.uuid);
    ok(store.begin_comparison(&comparison).await, "comparison");
    let block = make.block(comparison.uuid, 0, &[make.bytes()]);
    let answer = make.block_answer(&block);
    let uuid = block.uuid;
    ok(store.append_block(std::sync::Arc::new(block)).await, "block");
    ok(store.append_block_answer(uuid, &answer).await, "answer of a block");
}

async fn fill_look_ups(make: &Fixture, store: &dyn Store) {
    let matter = make.matter(&organisation(1), "测食许〔2026〕1号");
    let matter = ok(store.register_matters(&[matter]).await, "matter");
    let matter = some(matter.first(), "the matter").id;
    let event = NewMatterEvent {
        matter,
        after_events: 0,
        kind: MatterEventKind::Closed,
        effective: day(6, 1),
        by: make.uuid(),
        at: START,
    };
    ok(store.append_matter_event(&event).await, "event of a matter");
    let look_up = NewLookUp {
        matter: Some(matter),
        client: Some(make.uuid()),
        ..make.look_up(&organisation(1))
    };
    let uuid = look_up.trace.uuid;
    ok(store.append_look_ups(std::slice::from_ref(&look_up)).await, "look-up");
    let answer = make.answer(uuid, TraceOutcome::Disclosed, Some(day(6, 1)));
    ok(store.append_answers(&[answer]).await, "answer");
    let closing = make.closing(uuid, LookUpResult::Proceeding);
    ok(store.close_look_up(&closing).await, "closing");
    let withheld = make.withholding(uuid, 1, 1, START, Moment(START.0 + 1000));
    ok(store.withhold(&withheld).await, "withhold");
    let lock = NewLock {
        tags: vec![look_up.trace.subject],
        is_locked: true,
        by: make.uuid(),
        entry_hash: make.bytes(),
        at: START,
    };
    ok(store.set_lock(&lock).await, "lock");
    let alarm = Alarm {
        kind: AlarmKind::HoneyNumber,
        organisation: organisation(1),
        account: make.uuid(),
        client: None,
        purpose: None,
        look_up: Some(uuid),
        at: START,
    };
    ok(store.raise_alarm(&alarm).await, "alarm");
    let relation = NewRelation {
        account: make.uuid(),
        tags: vec![look_up.trace.subject],
        relation: Relation::Kin,
        at: START,
    };
    ok(store.declare_relation(&relation).await, "relation");
    ok(
        store.add_honey_numbers(&[look_up.trace.subject], START).await,
        "honey numbers",
    );
}

async fn fill_clients(make: &Fixture, store: &dyn Store, account: Uuid) {
    let asked = super::emergencies::emergency(make, make.tag(BlindIndex::Number));
    ok(store.ask_emergency(&asked).await, "emergency");
    let grant = super::emergencies::grant(make, &asked);
    ok(store.grant_emergency(&grant).await, "granted");
    let client = make.client(&organisation(1));
    let key = make.client_key(&client);
    let act = |kind| make.administrator_act(kind);
    ok(
        store.register_client(&client, &act(ActKind::ClientRegistered)).await,
        "client",
    );
    ok(
        store.register_client_key(&key, &act(ActKind::KeyRegistered)).await,
        "key",
    );
    ok(
        store.revoke_client_key(key.uuid, &act(ActKind::KeyRevoked)).await,
        "revoked",
    );
    let binding = make.binding(account);
    ok(store.bind_subject(&binding, &act(ActKind::SubjectBound)).await, "bound");
    ok(store.end_account(account, &act(ActKind::AccountEnded)).await, "leaver");
    let act = KeyAct {
        uuid: make.uuid(),
        document: b"{}".to_vec(),
        by: make.uuid(),
        at: START,
        entry_hash: make.bytes(),
    };
    ok(store.append_key_act(&act).await, "act on a key");
}
