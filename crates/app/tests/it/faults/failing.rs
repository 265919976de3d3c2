//! A store that fails where it is told to: every call of every port is a step, and a step can fail before it happens, after
//! it happened, or twice.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use domain::catalogue::ItemId;
use domain::{Day, MatterNo, Moment, Uscc};
use store::{
    Account, AdministratorStore, Alarm, Appended, Begun, BirthState, Block, BlockAnswer, ChunkCommit, ChunkInfo,
    Client, ClientKey, ClientSession, ClientStore, ComparisonStore, Counted, Delivery, DeliveryId, DeliveryState,
    DeliveryStore, DueEvent, Emergency, EmergencyGrant, EmergencyStore, Endpoint, EntryKind, Event, EventCounts,
    EventStore, EventWork, FloorOf, Found, IndexChanges, IndexMark, IndexTag, KeyAct, KnownComparison, KnownFact,
    KnownLookUp, KnownPersonEvent, Lease, LogEntry, LogStore, LoginStore, Look, LookUpStore, Matter, MatterId,
    MatterStore, NewAct, NewAnswer, NewBlock, NewClosing, NewComparison, NewDelivery, NewEmergency, NewEvent, NewLock,
    NewLookUp, NewMatter, NewMatterEvent, NewProcedure, NewProcedureStep, NewProgramme, NewProgrammeStep,
    NewRecordEvent, NewRelation, NewTrace, Page, Person, PersonEvent, PersonId, PersonStore, Procedure, ProcedureKind,
    ProcedureStore, Programme, ProgrammeStore, Recipient, Record, RecordId, RecordStore, Relation, Rewrapped,
    RotationStore, Sealed, SecretOf, Session, SignIn, SignInStore, SignedHead, StagedKind, StagedRow, Store,
    StoreError, SubjectBinding, SubjectNotice, TaggedBefore, TaggedTrace, Trace, TraceOutcome, Withholding,
    WrappedSecret,
};
use uuid::Uuid;

/// How a step fails.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Mode {
    /// It does not happen, and the caller is told so.
    Fails,
    /// It happens, but the reply is lost.
    ReplyLost,
    /// It does not happen, and the caller cannot know.
    Unknown,
    /// It does not happen, and the next call of the same port does not either.
    FailsTwice,
    /// It happens, the reply is lost, and the next call of the same port fails.
    ReplyLostThenFails,
    /// It does not happen, and no later call of it does: not one of [`Mode::ALL`], since who tries again never ends.
    Down,
    /// What stands there is damaged: not one of [`Mode::ALL`], since no operation can mend it.
    Damaged,
}

impl Mode {
    pub(crate) const ALL: [Self; 5] = [
        Self::Fails,
        Self::ReplyLost,
        Self::Unknown,
        Self::FailsTwice,
        Self::ReplyLostThenFails,
    ];
}

/// A fault to come: at the `nth` call (from 0) of a method.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Cell {
    pub(crate) method: &'static str,
    pub(crate) nth: u32,
    pub(crate) mode: Mode,
}

#[derive(Default)]
struct State {
    armed: Vec<Cell>,
    met: u32,
    calls: BTreeMap<&'static str, u32>,
    /// Since when: traces that were made durable, and records that were asked for.
    traces: u64,
    looks_without_trace: u64,
}

/// What is to be failed and what was called.
#[derive(Clone, Default)]
pub(crate) struct Plan(Arc<Mutex<State>>);

/// What a call is to do.
enum Act {
    Go,
    Fail(StoreError),
    Forget(StoreError),
}

fn unavailable() -> StoreError {
    StoreError::Unavailable {
        cause: "a fault of the test".to_owned(),
    }
}

impl Plan {
    /// Forgets what was called; `cells` fail from now on.
    pub(crate) fn arm(&self, cells: &[Cell]) {
        *self.0.lock().unwrap() = State {
            armed: cells.to_vec(),
            ..State::default()
        };
    }

    /// How often each method was called since.
    pub(crate) fn calls(&self) -> BTreeMap<&'static str, u32> {
        self.0.lock().unwrap().calls.clone()
    }

    /// Calls that failed since.
    pub(crate) fn met(&self) -> u32 {
        self.0.lock().unwrap().met
    }

    /// Questions for the records of a person that came before any trace was durable (R11).
    pub(crate) fn looks_without_trace(&self) -> u64 {
        self.0.lock().unwrap().looks_without_trace
    }

    fn call(&self, method: &'static str) -> Act {
        let mut state = self.0.lock().unwrap();
        let count = state.calls.entry(method).or_default();
        let at = *count;
        *count += 1;
        if matches!(method, "records_of" | "find_for_look_up") && state.traces == 0 {
            state.looks_without_trace += 1;
        }
        let Some(cell) = state.armed.iter().find(|cell| cell.method == method).copied() else {
            return Act::Go;
        };
        let is_second = at == cell.nth + 1;
        let act = match cell.mode {
            Mode::Fails | Mode::FailsTwice if at == cell.nth => Act::Fail(unavailable()),
            Mode::Down if at >= cell.nth => Act::Fail(unavailable()),
            Mode::Damaged if at == cell.nth => Act::Fail(StoreError::Damaged {
                what: "a row of the test".to_owned(),
            }),
            Mode::Unknown if at == cell.nth => Act::Fail(StoreError::OutcomeUnknown),
            Mode::ReplyLost | Mode::ReplyLostThenFails if at == cell.nth => Act::Forget(StoreError::OutcomeUnknown),
            Mode::FailsTwice | Mode::ReplyLostThenFails if is_second => Act::Fail(unavailable()),
            _ => return Act::Go,
        };
        state.met += 1;
        act
    }

    fn done(&self, method: &'static str) {
        if matches!(method, "append_traces" | "append_look_ups") {
            self.0.lock().unwrap().traces += 1;
        }
    }
}

/// See the module.
pub(crate) struct Failing {
    pub(crate) inner: Arc<dyn Store>,
    pub(crate) plan: Plan,
}

impl Store for Failing {
    fn backend(&self) -> &'static str {
        self.inner.backend()
    }
}

/// Every method of the ports, by their signatures; the compiler and `every_method_is_here` hold it complete.
macro_rules! ports {
    ($($port:ident { $($method:ident($($name:ident: $kind:ty),*) -> $answer:ty;)+ })+) => {
        /// Names of all methods.
        pub(crate) const METHODS: &[&str] = &[$($(stringify!($method)),+),+];
        $(
            #[async_trait]
            impl $port for Failing {
                $(
                    async fn $method(&self, $($name: $kind),*) -> Result<$answer, StoreError> {
                        let act = self.plan.call(stringify!($method));
                        if let Act::Fail(error) = act {
                            return Err(error);
                        }
                        let answer = self.inner.$method($($name),*).await;
                        if answer.is_ok() {
                            self.plan.done(stringify!($method));
                        }
                        match act {
                            // A refusal is an answer; what is lost is the word that it was done.
                            Act::Forget(error) => answer.and(Err(error)),
                            Act::Go | Act::Fail(_) => answer,
                        }
                    }
                )+
            }
        )+
    };
}

ports! {
    DeliveryStore {
        begin_delivery(new: &NewDelivery) -> Begun;
        commit_chunk(chunk: &ChunkCommit) -> ();
        commit_shared_chunk(chunk: Arc<ChunkCommit>) -> ();
        finish_delivery(delivery: DeliveryId, state: DeliveryState, receipt: &[u8], at: Moment, entry_hash: [u8; 32]) -> Vec<u8>;
        find_delivery(uuid: Uuid) -> Option<Delivery>;
        list_deliveries(provider: Option<&Uscc>, limit: u32) -> Vec<Delivery>;
        fault_block(delivery: DeliveryId, chunk_no: u32) -> Option<Vec<u8>>;
        staged_rows(delivery: DeliveryId, after_line: u32, limit: u32) -> Vec<StagedRow>;
        find_staged_row(uuid: Uuid) -> Option<StagedRow>;
        staged_rows_with_tag(tag: &IndexTag) -> Vec<StagedRow>;
        open_staged_rows(kind: StagedKind, after: Uuid, limit: u32) -> Vec<StagedRow>;
        scan_chunks(after: i64, limit: u32) -> Vec<ChunkInfo>;
        destroy_delivery_key(delivery: DeliveryId) -> bool;
        find_chunk(uuid: Uuid) -> Option<ChunkInfo>;
        get_delivery(id: DeliveryId) -> Delivery;
    }
    RecordStore {
        find_facts(facts: &[(PersonId, i64)]) -> Vec<Option<KnownFact>>;
        records_of(person: PersonId) -> Vec<Record>;
        find_record(uuid: Uuid) -> Option<Record>;
        append_record_events(events: &[NewRecordEvent], at: Moment, entry_hashes: &[[u8; 32]]) -> ();
        count_records() -> Vec<(ItemId, BirthState, u64)>;
        scan_records(after: RecordId, limit: u32) -> Vec<Record>;
        notices_seen_until(person: PersonId) -> Option<Moment>;
        acknowledge_notices(person: PersonId, until: Moment, at: Moment) -> ();
    }
    PersonStore {
        find_persons(tags: &[IndexTag]) -> Vec<Option<Person>>;
        get_persons(ids: &[PersonId]) -> Vec<Person>;
        append_person_event(event: &KnownPersonEvent) -> ();
        person_events(person: PersonId) -> Vec<(PersonEvent, Moment)>;
        linked_persons(person: PersonId) -> Vec<PersonId>;
        count_persons() -> u64;
    }
    LogStore {
        append_traces(traces: &[NewTrace]) -> ();
        append_outcomes(outcomes: &[(Uuid, TraceOutcome, Moment)]) -> ();
        traces_of(subjects: &[IndexTag], limit: u32) -> Vec<Trace>;
        take_lease(name: &'static str, holder: Uuid, now: Moment, ttl_ms: i64) -> Option<Lease>;
        sequence(lease: Lease, now: Moment, limit: u32) -> u32;
        log_entries(from: u64, limit: u32) -> Vec<LogEntry>;
        find_entries(hashes: &[[u8; 32]]) -> Vec<Option<LogEntry>>;
        append_version(kind: EntryKind, entry_hash: [u8; 32]) -> bool;
        append_head(lease: Lease, head: &SignedHead) -> ();
        signed_heads(origin: &str, from: u64, limit: u32) -> Vec<SignedHead>;
        last_head(origin: &str) -> Option<SignedHead>;
        outbox_entries(limit: u32) -> Vec<(EntryKind, [u8; 32])>;
        log_sizes() -> (u64, u64);
    }
    ProcedureStore {
        open_procedure(procedure: &NewProcedure, entry_hash: [u8; 32]) -> ();
        append_step(step: &NewProcedureStep) -> ();
        find_procedure(uuid: Uuid) -> Option<Procedure>;
        open_procedures(kind: ProcedureKind, organisation: Option<&Uscc>, limit: u32) -> Vec<Procedure>;
        step_reasons(uuid: Uuid) -> Vec<Sealed>;
        procedure_steps(uuid: Uuid) -> Vec<(String, Uuid, Moment)>;
    }
    LoginStore {
        create_account(account: &Account) -> ();
        find_account_by_login(login: &str) -> Option<Account>;
        find_account(uuid: Uuid) -> Option<Account>;
        list_accounts(limit: u32) -> Vec<Account>;
        put_session(session: &Session) -> ();
        touch_session(token_hash: &[u8; 32], at: Moment) -> bool;
        find_session(token_hash: &[u8; 32]) -> Option<Session>;
        delete_session(token_hash: &[u8; 32]) -> ();
        delete_expired_sessions(now: Moment) -> u64;
        count_attempt(key: &[u8; 32], at: Moment, since: Moment) -> u32;
        attempts(key: &[u8; 32], since: Moment) -> u32;
        clear_attempts(key: &[u8; 32]) -> ();
        use_totp_step(account: Uuid, step: u64) -> bool;
    }
    SignInStore {
        bind_subject(binding: &SubjectBinding, act: &NewAct) -> ();
        unbind_account(account: Uuid, act: &NewAct) -> ();
        find_binding(subject: &[u8; 32]) -> Option<SubjectBinding>;
        find_binding_of(account: Uuid) -> Option<SubjectBinding>;
        list_bindings(limit: u32) -> Vec<SubjectBinding>;
        begin_sign_in(question: &SignIn, now: Moment) -> ();
        take_sign_in(state_hash: &[u8; 32]) -> Option<SignIn>;
        end_sessions_of_binding(binding: Uuid, session: Option<&[u8; 32]>) -> u64;
    }
    MatterStore {
        register_matters(matters: &[NewMatter]) -> Vec<Matter>;
        find_matter(organisation: &Uscc, number: &MatterNo) -> Option<Matter>;
        find_matters(organisation: &Uscc, numbers: &[MatterNo]) -> Vec<Option<Matter>>;
        matters_of(organisation: &Uscc, limit: u32) -> Vec<Matter>;
        append_matter_event(event: &NewMatterEvent) -> ();
    }
    LookUpStore {
        append_look_ups(look_ups: &[NewLookUp]) -> Vec<Option<KnownLookUp>>;
        ensure_decoy(uuid: Uuid, secret: &[u8]) -> Person;
        find_for_look_up(names: &[IndexTag], numbers: &[IndexTag], account: Uuid) -> Found;
        declare_relation(relation: &NewRelation) -> ();
        append_answers(answers: &[NewAnswer]) -> ();
        find_look_up(uuid: Uuid) -> Option<Look>;
        open_look_ups(organisation: Option<&Uscc>, account: Option<Uuid>, due_before: Option<Day>, limit: u32) -> Vec<Look>;
        close_look_up(closing: &NewClosing) -> ();
        looks_of(subjects: &[IndexTag], before: Option<i64>, limit: u32) -> Vec<Look>;
        counted_look_ups(day: Day, after: i64, limit: u32) -> Vec<Counted>;
        subjects_of_matter(matter: MatterId, limit: u32) -> Vec<[u8; 16]>;
        withhold(decision: &Withholding) -> ();
        withholdings(look_up: Uuid) -> Vec<Withholding>;
        set_lock(lock: &NewLock) -> ();
        is_locked(numbers: &[IndexTag]) -> bool;
        raise_alarm(alarm: &Alarm) -> ();
        alarms(limit: u32) -> Vec<Alarm>;
        add_honey_numbers(tags: &[IndexTag], at: Moment) -> ();
        honey_numbers() -> Vec<IndexTag>;
    }
    ProgrammeStore {
        register_programme(programme: &NewProgramme) -> ();
        append_programme_step(step: &NewProgrammeStep) -> ();
        find_programme(uuid: Uuid) -> Option<Programme>;
        list_programmes(organisation: Option<&Uscc>, limit: u32) -> Vec<Programme>;
    }
    ComparisonStore {
        begin_comparison(new: &NewComparison) -> KnownComparison;
        append_block(block: Arc<NewBlock>) -> Appended;
        append_block_answer(block: Uuid, answer: &BlockAnswer) -> Option<BlockAnswer>;
        find_block(uuid: Uuid) -> Option<Block>;
        find_block_at(comparison: Uuid, block_no: u32) -> Option<Block>;
        pages_of(block: Uuid) -> Vec<Page>;
        compared_rows(programme: Uuid, day: Day) -> u64;
        blocks_about(numbers: &[IndexTag], before: Option<i64>, limit: u32) -> Vec<(Block, Page)>;
        scan_blocks(after: i64, limit: u32) -> Vec<Block>;
        index_end() -> IndexMark;
        index_changes(after: &IndexMark, to: &IndexMark, limit: u32) -> IndexChanges;
        relations_of(account: Uuid) -> Vec<(IndexTag, Relation)>;
    }
    AdministratorStore {
        append_act(act: &NewAct) -> ();
        acts(before: Option<i64>, limit: u32) -> Vec<(i64, NewAct)>;
        open_account(account: &Account, act: &NewAct) -> ();
        end_account(account: Uuid, act: &NewAct) -> ();
        end_sessions(account: Uuid, act: &NewAct) -> u64;
        find_account_of_holder(holder: &[u8; 32]) -> Option<Account>;
        note_account_use(account: Uuid, at: Moment) -> ();
        stale_accounts(since: Moment, limit: u32) -> Vec<(Account, Option<Moment>)>;
    }
    ClientStore {
        register_client(client: &Client, act: &NewAct) -> ();
        register_client_key(key: &ClientKey, act: &NewAct) -> ();
        revoke_client_key(key: Uuid, act: &NewAct) -> ();
        find_client(uuid: Uuid) -> Option<Client>;
        find_client_key(uuid: Uuid) -> Option<(ClientKey, Client)>;
        list_clients(limit: u32) -> Vec<Client>;
        keys_of_client(client: Uuid) -> Vec<ClientKey>;
        begin_client_session(session: &ClientSession) -> ();
        find_client_session(uuid: Uuid) -> Option<ClientSession>;
        use_nonce(nonce_hash: &[u8; 32], now: Moment, until: Moment) -> bool;
        count_nonces() -> u64;
    }
    EmergencyStore {
        ask_emergency(new: &NewEmergency) -> ();
        grant_emergency(grant: &EmergencyGrant) -> ();
        find_emergency(uuid: Uuid) -> Option<Emergency>;
        lasting_emergencies(organisation: &Uscc, now: Moment, limit: u32) -> Vec<Uuid>;
        subject_notices(subjects: &[IndexTag], limit: u32) -> Vec<SubjectNotice>;
    }
    EventStore {
        set_endpoint(endpoint: &Endpoint, act: &NewAct) -> ();
        find_endpoint(client: Uuid) -> Option<Endpoint>;
        event_work(today: Day, asked_before: Moment, limit: u32) -> EventWork;
        append_events(lease: Lease, work: &EventWork, listed: &[(Uuid, RecordId)], events: &[NewEvent]) -> ();
        due_events(now: Moment, limit: u32, per_client: u32) -> Vec<DueEvent>;
        note_told(order: i64, at: Moment) -> ();
        put_off(order: i64, attempts: u32, next_at: Moment) -> ();
        give_up(order: i64, attempts: u32, alarm: &Alarm) -> ();
        find_event(uuid: Uuid) -> Option<Event>;
        events_of(recipient: &Recipient, after: i64, limit: u32) -> Vec<Event>;
        acknowledge_events(recipient: &Recipient, up_to: i64, at: Moment) -> ();
        replay_events(client: Uuid, after: i64, now: Moment) -> u64;
        revive_events(now: Moment) -> u64;
        event_counts() -> EventCounts;
        dead_events(limit: u32) -> Vec<DueEvent>;
        events_about(persons: &[PersonId], limit: u32) -> Vec<Event>;
    }
    RotationStore {
        secrets_before(of: SecretOf, version: u16, after: i64, limit: u32) -> Vec<WrappedSecret>;
        rewrap(of: SecretOf, changes: &[Rewrapped]) -> u64;
        scan_persons(after: PersonId, limit: u32) -> Vec<Person>;
        aliases_of(persons: &[PersonId]) -> Vec<(PersonId, Sealed)>;
        add_tags(tags: &[(PersonId, IndexTag)]) -> u64;
        retag_traces(moves: &[(IndexTag, IndexTag)]) -> u64;
        retag_marks(moves: &[(IndexTag, IndexTag)]) -> u64;
        retag_staged(rows: &[(Uuid, IndexTag)]) -> u64;
        traces_before(version: u16, after: i64, limit: u32) -> Vec<TaggedTrace>;
        scan_traces(after: i64, limit: u32) -> Vec<TaggedTrace>;
        tagged_before(version: u16) -> TaggedBefore;
        raise_floor(of: FloorOf, version: u16) -> ();
        forget_tags(limit: u32) -> u64;
        append_key_act(act: &KeyAct) -> ();
        key_acts() -> Vec<KeyAct>;
    }
}

/// The list is that of the traits: a method with a body of its own would otherwise pass by unseen.
#[test]
fn every_method_is_here() {
    let source = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../store/src");
    let mut declared = BTreeSet::new();
    for file in [
        "administrator",
        "client",
        "comparison",
        "delivery",
        "emergency",
        "event",
        "log",
        "login",
        "look_up",
        "matter",
        "person",
        "procedure",
        "programme",
        "record",
        "rotation",
        "sign_in",
    ] {
        let text = std::fs::read_to_string(source.join(file).with_extension("rs")).unwrap();
        let begin = text.find("#[async_trait]").unwrap();
        for part in text[begin..].split("async fn ").skip(1) {
            declared.insert(part[..part.find('(').unwrap()].to_owned());
        }
    }
    let listed: BTreeSet<String> = METHODS.iter().map(|method| (*method).to_owned()).collect();
    assert_eq!(listed, declared);
    assert_eq!(listed.len(), METHODS.len());
}
