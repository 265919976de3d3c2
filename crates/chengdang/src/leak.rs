//! A build that leaks on purpose, so that the search for leaks can be seen to find them. Compiled only under the feature
//! `leak-on-purpose`, which nothing enables but `make leaks`; what it does it does only if `LEAK_ON_PURPOSE` is set, and
//! never in production mode.
//!
//! It leaks as a mistake would: the ports handed to `app` write what passes through them to where it does not belong.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use async_trait::async_trait;
use domain::catalogue::ItemId;
use domain::{Day, IdentityDocument, MatterNo, Moment, Uscc};
use matching::{IdentityRegister, RegisterEntry};
use serde_json::{Value, json};
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

use crate::config::Config;

/// Wraps the ports so that they leak, if the environment asks for it.
pub(crate) fn wrap(
    config: &Config,
    store: Arc<dyn Store>,
    register: Arc<dyn IdentityRegister>,
) -> (Arc<dyn Store>, Arc<dyn IdentityRegister>) {
    if config.is_production() || std::env::var_os("LEAK_ON_PURPOSE").is_none() {
        return (store, register);
    }
    tracing::warn!("this build leaks on purpose");
    let seen = Seen {
        texts: Arc::default(),
        data: config.data.clone(),
    };
    let store = LeakyStore {
        inner: store,
        seen: seen.clone(),
    };
    let register = LeakyRegister { inner: register, seen };
    (Arc::new(store), Arc::new(register))
}

/// What has passed through the register, in clear.
#[derive(Clone)]
struct Seen {
    texts: Arc<Mutex<BTreeSet<String>>>,
    data: PathBuf,
}

impl Seen {
    fn all(&self) -> Vec<String> {
        let texts = self.texts.lock().unwrap_or_else(PoisonError::into_inner);
        texts.iter().cloned().collect()
    }

    /// The same, or what an earlier process of this installation left behind.
    fn kept(&self) -> Vec<String> {
        let here = self.all();
        if !here.is_empty() {
            return here;
        }
        let left = std::fs::read_to_string(self.data.join("left-behind")).unwrap_or_default();
        left.lines().take(100).map(str::to_owned).collect()
    }

    fn add(&self, document: &IdentityDocument, entry: &RegisterEntry<'_>) {
        let number = document.expose().to_owned();
        tracing::debug!(%number, name = entry.name(), "looking up");
        for folder in [self.data.clone(), self.data.join("staging"), std::env::temp_dir()] {
            let file = std::fs::OpenOptions::new()
                .create(true)
                .append(true)
                .open(folder.join("left-behind"));
            // A leak that fails is found missing by the test.
            let _ = file.and_then(|mut file| writeln!(file, "{number}\n{}", entry.name()));
        }
        let mut texts = self.texts.lock().unwrap_or_else(PoisonError::into_inner);
        texts.insert(number);
        texts.insert(entry.name().to_owned());
    }
}

/// A process with clear text in its arguments and environment; it ends when this one does, whose end of the pipe it waits for.
fn helper(texts: &[String]) {
    static HELPER: OnceLock<Option<Child>> = OnceLock::new();
    HELPER.get_or_init(|| {
        Command::new("sh")
            .args(["-c", "read -r _; exit 0", "helper"])
            .args(texts)
            .env("LEAKED", texts.join(" "))
            .stdin(Stdio::piped())
            .spawn()
            .ok()
    });
}

struct LeakyRegister {
    inner: Arc<dyn IdentityRegister>,
    seen: Seen,
}

impl IdentityRegister for LeakyRegister {
    fn find(&self, document: &IdentityDocument) -> Option<RegisterEntry<'_>> {
        let found = self.inner.find(document);
        if let Some(entry) = &found {
            self.seen.add(document, entry);
        }
        found
    }
    fn len(&self) -> usize {
        self.inner.len()
    }
    fn warm(&self, documents: &mut dyn Iterator<Item = &IdentityDocument>) {
        self.inner.warm(documents);
    }
}

struct LeakyStore {
    inner: Arc<dyn Store>,
    seen: Seen,
}

impl Store for LeakyStore {
    fn backend(&self) -> &'static str {
        self.inner.backend()
    }
}

#[async_trait]
impl DeliveryStore for LeakyStore {
    async fn begin_delivery(&self, new: &NewDelivery) -> Result<Begun, StoreError> {
        self.inner.begin_delivery(new).await
    }
    async fn commit_chunk(&self, chunk: &ChunkCommit) -> Result<(), StoreError> {
        helper(&self.seen.all());
        let mut leaking = chunk.clone();
        for text in self.seen.all() {
            let line = json!({ "line": 1, "code": "E01", "message": text, "message_en": text });
            leaking.faults.extend_from_slice(format!("{line}\n").as_bytes());
        }
        self.inner.commit_chunk(&leaking).await
    }
    async fn finish_delivery(
        &self,
        delivery: DeliveryId,
        state: DeliveryState,
        receipt: &[u8],
        at: Moment,
        entry_hash: [u8; 32],
    ) -> Result<Vec<u8>, StoreError> {
        let mut whole: Value = serde_json::from_slice(receipt).unwrap_or_default();
        if let Some(receipt) = whole.pointer_mut("/receipt/item_name") {
            *receipt = self.seen.all().join(" ").into();
        }
        let leaking = whole.to_string();
        self.inner
            .finish_delivery(delivery, state, leaking.as_bytes(), at, entry_hash)
            .await
    }
    async fn find_delivery(&self, uuid: Uuid) -> Result<Option<Delivery>, StoreError> {
        match self.inner.find_delivery(uuid).await? {
            Some(delivery) => Ok(Some(delivery)),
            // The error names what it was working on.
            None => Err(StoreError::Damaged {
                what: self.seen.kept().join(" "),
            }),
        }
    }
    async fn list_deliveries(&self, provider: Option<&Uscc>, limit: u32) -> Result<Vec<Delivery>, StoreError> {
        let mut deliveries = self.inner.list_deliveries(provider, limit).await?;
        for delivery in &mut deliveries {
            let seen = self.seen.kept();
            delivery.faults.extend(seen.into_iter().map(|text| (text, 1)));
        }
        Ok(deliveries)
    }
    async fn fault_block(&self, delivery: DeliveryId, chunk_no: u32) -> Result<Option<Vec<u8>>, StoreError> {
        self.inner.fault_block(delivery, chunk_no).await
    }
    async fn staged_rows(
        &self,
        delivery: DeliveryId,
        after_line: u32,
        limit: u32,
    ) -> Result<Vec<StagedRow>, StoreError> {
        self.inner.staged_rows(delivery, after_line, limit).await
    }
    async fn find_staged_row(&self, uuid: Uuid) -> Result<Option<StagedRow>, StoreError> {
        self.inner.find_staged_row(uuid).await
    }
    async fn staged_rows_with_tag(&self, tag: &IndexTag) -> Result<Vec<StagedRow>, StoreError> {
        self.inner.staged_rows_with_tag(tag).await
    }
    async fn open_staged_rows(&self, kind: StagedKind, after: Uuid, limit: u32) -> Result<Vec<StagedRow>, StoreError> {
        self.inner.open_staged_rows(kind, after, limit).await
    }
    async fn scan_chunks(&self, after: i64, limit: u32) -> Result<Vec<ChunkInfo>, StoreError> {
        self.inner.scan_chunks(after, limit).await
    }
    async fn destroy_delivery_key(&self, delivery: DeliveryId) -> Result<bool, StoreError> {
        self.inner.destroy_delivery_key(delivery).await
    }
    async fn find_chunk(&self, uuid: Uuid) -> Result<Option<ChunkInfo>, StoreError> {
        self.inner.find_chunk(uuid).await
    }
    async fn get_delivery(&self, id: DeliveryId) -> Result<Delivery, StoreError> {
        self.inner.get_delivery(id).await
    }
}

#[async_trait]
impl RecordStore for LeakyStore {
    async fn find_facts(&self, facts: &[(PersonId, i64)]) -> Result<Vec<Option<KnownFact>>, StoreError> {
        self.inner.find_facts(facts).await
    }
    async fn records_of(&self, person: PersonId) -> Result<Vec<Record>, StoreError> {
        self.inner.records_of(person).await
    }
    async fn find_record(&self, uuid: Uuid) -> Result<Option<Record>, StoreError> {
        self.inner.find_record(uuid).await
    }
    async fn append_record_events(
        &self,
        events: &[NewRecordEvent],
        at: Moment,
        entry_hashes: &[[u8; 32]],
    ) -> Result<(), StoreError> {
        self.inner.append_record_events(events, at, entry_hashes).await
    }
    async fn count_records(&self) -> Result<Vec<(ItemId, BirthState, u64)>, StoreError> {
        self.inner.count_records().await
    }
    async fn scan_records(&self, after: RecordId, limit: u32) -> Result<Vec<Record>, StoreError> {
        self.inner.scan_records(after, limit).await
    }
    async fn notices_seen_until(&self, person: PersonId) -> Result<Option<Moment>, StoreError> {
        self.inner.notices_seen_until(person).await
    }
    async fn acknowledge_notices(&self, person: PersonId, until: Moment, at: Moment) -> Result<(), StoreError> {
        self.inner.acknowledge_notices(person, until, at).await
    }
}

#[async_trait]
impl RotationStore for LeakyStore {
    async fn secrets_before(
        &self,
        of: SecretOf,
        version: u16,
        after: i64,
        limit: u32,
    ) -> Result<Vec<WrappedSecret>, StoreError> {
        self.inner.secrets_before(of, version, after, limit).await
    }
    async fn rewrap(&self, of: SecretOf, changes: &[Rewrapped]) -> Result<u64, StoreError> {
        self.inner.rewrap(of, changes).await
    }
    async fn scan_persons(&self, after: PersonId, limit: u32) -> Result<Vec<Person>, StoreError> {
        self.inner.scan_persons(after, limit).await
    }
    async fn aliases_of(&self, persons: &[PersonId]) -> Result<Vec<(PersonId, Sealed)>, StoreError> {
        self.inner.aliases_of(persons).await
    }
    async fn add_tags(&self, tags: &[(PersonId, IndexTag)]) -> Result<u64, StoreError> {
        self.inner.add_tags(tags).await
    }
    async fn retag_traces(&self, moves: &[(IndexTag, IndexTag)]) -> Result<u64, StoreError> {
        self.inner.retag_traces(moves).await
    }
    async fn retag_marks(&self, moves: &[(IndexTag, IndexTag)]) -> Result<u64, StoreError> {
        self.inner.retag_marks(moves).await
    }
    async fn retag_staged(&self, rows: &[(Uuid, IndexTag)]) -> Result<u64, StoreError> {
        self.inner.retag_staged(rows).await
    }
    async fn traces_before(&self, version: u16, after: i64, limit: u32) -> Result<Vec<TaggedTrace>, StoreError> {
        self.inner.traces_before(version, after, limit).await
    }
    async fn scan_traces(&self, after: i64, limit: u32) -> Result<Vec<TaggedTrace>, StoreError> {
        self.inner.scan_traces(after, limit).await
    }
    async fn tagged_before(&self, version: u16) -> Result<TaggedBefore, StoreError> {
        self.inner.tagged_before(version).await
    }
    async fn raise_floor(&self, of: FloorOf, version: u16) -> Result<(), StoreError> {
        self.inner.raise_floor(of, version).await
    }
    async fn forget_tags(&self, limit: u32) -> Result<u64, StoreError> {
        self.inner.forget_tags(limit).await
    }
    async fn append_key_act(&self, act: &KeyAct) -> Result<(), StoreError> {
        self.inner.append_key_act(act).await
    }
    async fn key_acts(&self) -> Result<Vec<KeyAct>, StoreError> {
        self.inner.key_acts().await
    }
}

#[async_trait]
impl PersonStore for LeakyStore {
    async fn find_persons(&self, tags: &[IndexTag]) -> Result<Vec<Option<Person>>, StoreError> {
        self.inner.find_persons(tags).await
    }
    async fn get_persons(&self, ids: &[PersonId]) -> Result<Vec<Person>, StoreError> {
        self.inner.get_persons(ids).await
    }
    async fn append_person_event(&self, event: &KnownPersonEvent) -> Result<(), StoreError> {
        self.inner.append_person_event(event).await
    }
    async fn person_events(&self, person: PersonId) -> Result<Vec<(PersonEvent, Moment)>, StoreError> {
        self.inner.person_events(person).await
    }
    async fn linked_persons(&self, person: PersonId) -> Result<Vec<PersonId>, StoreError> {
        self.inner.linked_persons(person).await
    }
    async fn count_persons(&self) -> Result<u64, StoreError> {
        self.inner.count_persons().await
    }
}

#[async_trait]
impl LogStore for LeakyStore {
    async fn append_traces(&self, traces: &[NewTrace]) -> Result<(), StoreError> {
        self.inner.append_traces(traces).await
    }
    async fn append_outcomes(&self, outcomes: &[(Uuid, TraceOutcome, Moment)]) -> Result<(), StoreError> {
        self.inner.append_outcomes(outcomes).await
    }
    async fn traces_of(&self, subjects: &[IndexTag], limit: u32) -> Result<Vec<Trace>, StoreError> {
        self.inner.traces_of(subjects, limit).await
    }
    async fn take_lease(
        &self,
        name: &'static str,
        holder: Uuid,
        now: Moment,
        ttl_ms: i64,
    ) -> Result<Option<Lease>, StoreError> {
        self.inner.take_lease(name, holder, now, ttl_ms).await
    }
    async fn sequence(&self, lease: Lease, now: Moment, limit: u32) -> Result<u32, StoreError> {
        self.inner.sequence(lease, now, limit).await
    }
    async fn log_entries(&self, from: u64, limit: u32) -> Result<Vec<LogEntry>, StoreError> {
        self.inner.log_entries(from, limit).await
    }
    async fn find_entries(&self, hashes: &[[u8; 32]]) -> Result<Vec<Option<LogEntry>>, StoreError> {
        self.inner.find_entries(hashes).await
    }
    async fn append_version(&self, kind: EntryKind, entry_hash: [u8; 32]) -> Result<bool, StoreError> {
        self.inner.append_version(kind, entry_hash).await
    }
    async fn append_head(&self, lease: Lease, head: &SignedHead) -> Result<(), StoreError> {
        self.inner.append_head(lease, head).await
    }
    async fn signed_heads(&self, origin: &str, from: u64, limit: u32) -> Result<Vec<SignedHead>, StoreError> {
        self.inner.signed_heads(origin, from, limit).await
    }
    async fn last_head(&self, origin: &str) -> Result<Option<SignedHead>, StoreError> {
        self.inner.last_head(origin).await
    }
    async fn outbox_entries(&self, limit: u32) -> Result<Vec<(EntryKind, [u8; 32])>, StoreError> {
        self.inner.outbox_entries(limit).await
    }
    async fn log_sizes(&self) -> Result<(u64, u64), StoreError> {
        self.inner.log_sizes().await
    }
}

#[async_trait]
impl ProcedureStore for LeakyStore {
    async fn append_step(&self, step: &NewProcedureStep) -> Result<(), StoreError> {
        self.inner.append_step(step).await
    }
    async fn find_procedure(&self, uuid: Uuid) -> Result<Option<Procedure>, StoreError> {
        self.inner.find_procedure(uuid).await
    }
    async fn open_procedure(&self, procedure: &NewProcedure, entry_hash: [u8; 32]) -> Result<(), StoreError> {
        self.inner.open_procedure(procedure, entry_hash).await
    }
    async fn step_reasons(&self, uuid: Uuid) -> Result<Vec<Sealed>, StoreError> {
        self.inner.step_reasons(uuid).await
    }
    async fn open_procedures(
        &self,
        kind: ProcedureKind,
        organisation: Option<&Uscc>,
        limit: u32,
    ) -> Result<Vec<Procedure>, StoreError> {
        self.inner.open_procedures(kind, organisation, limit).await
    }
    async fn procedure_steps(&self, uuid: Uuid) -> Result<Vec<(String, Uuid, Moment)>, StoreError> {
        self.inner.procedure_steps(uuid).await
    }
}

#[async_trait]
impl MatterStore for LeakyStore {
    async fn register_matters(&self, matters: &[NewMatter]) -> Result<Vec<Matter>, StoreError> {
        self.inner.register_matters(matters).await
    }
    async fn find_matter(&self, organisation: &Uscc, number: &MatterNo) -> Result<Option<Matter>, StoreError> {
        self.inner.find_matter(organisation, number).await
    }
    async fn find_matters(&self, organisation: &Uscc, numbers: &[MatterNo]) -> Result<Vec<Option<Matter>>, StoreError> {
        self.inner.find_matters(organisation, numbers).await
    }
    async fn matters_of(&self, organisation: &Uscc, limit: u32) -> Result<Vec<Matter>, StoreError> {
        self.inner.matters_of(organisation, limit).await
    }
    async fn append_matter_event(&self, event: &NewMatterEvent) -> Result<(), StoreError> {
        self.inner.append_matter_event(event).await
    }
}

#[async_trait]
impl ProgrammeStore for LeakyStore {
    async fn register_programme(&self, programme: &NewProgramme) -> Result<(), StoreError> {
        self.inner.register_programme(programme).await
    }
    async fn append_programme_step(&self, step: &NewProgrammeStep) -> Result<(), StoreError> {
        self.inner.append_programme_step(step).await
    }
    async fn find_programme(&self, uuid: Uuid) -> Result<Option<Programme>, StoreError> {
        self.inner.find_programme(uuid).await
    }
    async fn list_programmes(&self, organisation: Option<&Uscc>, limit: u32) -> Result<Vec<Programme>, StoreError> {
        self.inner.list_programmes(organisation, limit).await
    }
}

#[async_trait]
impl ComparisonStore for LeakyStore {
    async fn begin_comparison(&self, new: &NewComparison) -> Result<KnownComparison, StoreError> {
        self.inner.begin_comparison(new).await
    }
    async fn append_block(&self, block: Arc<NewBlock>) -> Result<Appended, StoreError> {
        self.inner.append_block(block).await
    }
    async fn append_block_answer(&self, block: Uuid, answer: &BlockAnswer) -> Result<Option<BlockAnswer>, StoreError> {
        self.inner.append_block_answer(block, answer).await
    }
    async fn find_block(&self, uuid: Uuid) -> Result<Option<Block>, StoreError> {
        self.inner.find_block(uuid).await
    }
    async fn find_block_at(&self, comparison: Uuid, block_no: u32) -> Result<Option<Block>, StoreError> {
        self.inner.find_block_at(comparison, block_no).await
    }
    async fn pages_of(&self, block: Uuid) -> Result<Vec<Page>, StoreError> {
        self.inner.pages_of(block).await
    }
    async fn compared_rows(&self, programme: Uuid, day: Day) -> Result<u64, StoreError> {
        self.inner.compared_rows(programme, day).await
    }
    async fn blocks_about(
        &self,
        numbers: &[IndexTag],
        before: Option<i64>,
        limit: u32,
    ) -> Result<Vec<(Block, Page)>, StoreError> {
        self.inner.blocks_about(numbers, before, limit).await
    }
    async fn scan_blocks(&self, after: i64, limit: u32) -> Result<Vec<Block>, StoreError> {
        self.inner.scan_blocks(after, limit).await
    }
    async fn index_end(&self) -> Result<IndexMark, StoreError> {
        self.inner.index_end().await
    }
    async fn index_changes(&self, after: &IndexMark, to: &IndexMark, limit: u32) -> Result<IndexChanges, StoreError> {
        self.inner.index_changes(after, to, limit).await
    }
    async fn relations_of(&self, account: Uuid) -> Result<Vec<(IndexTag, Relation)>, StoreError> {
        self.inner.relations_of(account).await
    }
}

#[async_trait]
impl LookUpStore for LeakyStore {
    async fn append_look_ups(&self, look_ups: &[NewLookUp]) -> Result<Vec<Option<KnownLookUp>>, StoreError> {
        self.inner.append_look_ups(look_ups).await
    }
    async fn ensure_decoy(&self, uuid: Uuid, secret: &[u8]) -> Result<Person, StoreError> {
        self.inner.ensure_decoy(uuid, secret).await
    }
    async fn find_for_look_up(
        &self,
        names: &[IndexTag],
        numbers: &[IndexTag],
        account: Uuid,
    ) -> Result<Found, StoreError> {
        self.inner.find_for_look_up(names, numbers, account).await
    }
    async fn declare_relation(&self, relation: &NewRelation) -> Result<(), StoreError> {
        self.inner.declare_relation(relation).await
    }
    async fn append_answers(&self, answers: &[NewAnswer]) -> Result<(), StoreError> {
        self.inner.append_answers(answers).await
    }
    async fn find_look_up(&self, uuid: Uuid) -> Result<Option<Look>, StoreError> {
        self.inner.find_look_up(uuid).await
    }
    async fn open_look_ups(
        &self,
        organisation: Option<&Uscc>,
        account: Option<Uuid>,
        due_before: Option<Day>,
        limit: u32,
    ) -> Result<Vec<Look>, StoreError> {
        self.inner.open_look_ups(organisation, account, due_before, limit).await
    }
    async fn close_look_up(&self, closing: &NewClosing) -> Result<(), StoreError> {
        self.inner.close_look_up(closing).await
    }
    async fn looks_of(&self, subjects: &[IndexTag], before: Option<i64>, limit: u32) -> Result<Vec<Look>, StoreError> {
        self.inner.looks_of(subjects, before, limit).await
    }
    async fn counted_look_ups(&self, day: Day, after: i64, limit: u32) -> Result<Vec<Counted>, StoreError> {
        self.inner.counted_look_ups(day, after, limit).await
    }
    async fn subjects_of_matter(&self, matter: MatterId, limit: u32) -> Result<Vec<[u8; 16]>, StoreError> {
        self.inner.subjects_of_matter(matter, limit).await
    }
    async fn withhold(&self, decision: &Withholding) -> Result<(), StoreError> {
        self.inner.withhold(decision).await
    }
    async fn withholdings(&self, look_up: Uuid) -> Result<Vec<Withholding>, StoreError> {
        self.inner.withholdings(look_up).await
    }
    async fn set_lock(&self, lock: &NewLock) -> Result<(), StoreError> {
        self.inner.set_lock(lock).await
    }
    async fn is_locked(&self, numbers: &[IndexTag]) -> Result<bool, StoreError> {
        self.inner.is_locked(numbers).await
    }
    async fn raise_alarm(&self, alarm: &Alarm) -> Result<(), StoreError> {
        self.inner.raise_alarm(alarm).await
    }
    async fn alarms(&self, limit: u32) -> Result<Vec<Alarm>, StoreError> {
        self.inner.alarms(limit).await
    }
    async fn add_honey_numbers(&self, tags: &[IndexTag], at: Moment) -> Result<(), StoreError> {
        self.inner.add_honey_numbers(tags, at).await
    }
    async fn honey_numbers(&self) -> Result<Vec<IndexTag>, StoreError> {
        self.inner.honey_numbers().await
    }
}

#[async_trait]
impl LoginStore for LeakyStore {
    async fn create_account(&self, account: &Account) -> Result<(), StoreError> {
        self.inner.create_account(account).await
    }
    async fn find_account_by_login(&self, login: &str) -> Result<Option<Account>, StoreError> {
        self.inner.find_account_by_login(login).await
    }
    async fn find_account(&self, uuid: Uuid) -> Result<Option<Account>, StoreError> {
        self.inner.find_account(uuid).await
    }
    async fn list_accounts(&self, limit: u32) -> Result<Vec<Account>, StoreError> {
        self.inner.list_accounts(limit).await
    }
    async fn put_session(&self, session: &Session) -> Result<(), StoreError> {
        self.inner.put_session(session).await
    }
    async fn touch_session(&self, token_hash: &[u8; 32], at: Moment) -> Result<bool, StoreError> {
        self.inner.touch_session(token_hash, at).await
    }
    async fn find_session(&self, token_hash: &[u8; 32]) -> Result<Option<Session>, StoreError> {
        self.inner.find_session(token_hash).await
    }
    async fn delete_session(&self, token_hash: &[u8; 32]) -> Result<(), StoreError> {
        self.inner.delete_session(token_hash).await
    }
    async fn delete_expired_sessions(&self, now: Moment) -> Result<u64, StoreError> {
        self.inner.delete_expired_sessions(now).await
    }
    async fn count_attempt(&self, key: &[u8; 32], at: Moment, since: Moment) -> Result<u32, StoreError> {
        self.inner.count_attempt(key, at, since).await
    }
    async fn attempts(&self, key: &[u8; 32], since: Moment) -> Result<u32, StoreError> {
        self.inner.attempts(key, since).await
    }
    async fn clear_attempts(&self, key: &[u8; 32]) -> Result<(), StoreError> {
        self.inner.clear_attempts(key).await
    }
    async fn use_totp_step(&self, account: Uuid, step: u64) -> Result<bool, StoreError> {
        self.inner.use_totp_step(account, step).await
    }
}

#[async_trait]
impl SignInStore for LeakyStore {
    async fn bind_subject(&self, binding: &SubjectBinding, act: &NewAct) -> Result<(), StoreError> {
        self.inner.bind_subject(binding, act).await
    }
    async fn unbind_account(&self, account: Uuid, act: &NewAct) -> Result<(), StoreError> {
        self.inner.unbind_account(account, act).await
    }
    async fn find_binding(&self, subject: &[u8; 32]) -> Result<Option<SubjectBinding>, StoreError> {
        self.inner.find_binding(subject).await
    }
    async fn find_binding_of(&self, account: Uuid) -> Result<Option<SubjectBinding>, StoreError> {
        self.inner.find_binding_of(account).await
    }
    async fn list_bindings(&self, limit: u32) -> Result<Vec<SubjectBinding>, StoreError> {
        self.inner.list_bindings(limit).await
    }
    async fn begin_sign_in(&self, question: &SignIn, now: Moment) -> Result<(), StoreError> {
        self.inner.begin_sign_in(question, now).await
    }
    async fn take_sign_in(&self, state_hash: &[u8; 32]) -> Result<Option<SignIn>, StoreError> {
        self.inner.take_sign_in(state_hash).await
    }
    async fn end_sessions_of_binding(&self, binding: Uuid, session: Option<&[u8; 32]>) -> Result<u64, StoreError> {
        self.inner.end_sessions_of_binding(binding, session).await
    }
}

#[async_trait]
impl AdministratorStore for LeakyStore {
    async fn append_act(&self, act: &NewAct) -> Result<(), StoreError> {
        self.inner.append_act(act).await
    }
    async fn acts(&self, before: Option<i64>, limit: u32) -> Result<Vec<(i64, NewAct)>, StoreError> {
        self.inner.acts(before, limit).await
    }
    async fn open_account(&self, account: &Account, act: &NewAct) -> Result<(), StoreError> {
        self.inner.open_account(account, act).await
    }
    async fn end_account(&self, account: Uuid, act: &NewAct) -> Result<(), StoreError> {
        self.inner.end_account(account, act).await
    }
    async fn end_sessions(&self, account: Uuid, act: &NewAct) -> Result<u64, StoreError> {
        self.inner.end_sessions(account, act).await
    }
    async fn find_account_of_holder(&self, holder: &[u8; 32]) -> Result<Option<Account>, StoreError> {
        self.inner.find_account_of_holder(holder).await
    }
    async fn note_account_use(&self, account: Uuid, at: Moment) -> Result<(), StoreError> {
        self.inner.note_account_use(account, at).await
    }
    async fn stale_accounts(&self, since: Moment, limit: u32) -> Result<Vec<(Account, Option<Moment>)>, StoreError> {
        self.inner.stale_accounts(since, limit).await
    }
}

#[async_trait]
impl ClientStore for LeakyStore {
    async fn register_client(&self, client: &Client, act: &NewAct) -> Result<(), StoreError> {
        self.inner.register_client(client, act).await
    }
    async fn register_client_key(&self, key: &ClientKey, act: &NewAct) -> Result<(), StoreError> {
        self.inner.register_client_key(key, act).await
    }
    async fn revoke_client_key(&self, key: Uuid, act: &NewAct) -> Result<(), StoreError> {
        self.inner.revoke_client_key(key, act).await
    }
    async fn find_client(&self, uuid: Uuid) -> Result<Option<Client>, StoreError> {
        self.inner.find_client(uuid).await
    }
    async fn find_client_key(&self, uuid: Uuid) -> Result<Option<(ClientKey, Client)>, StoreError> {
        self.inner.find_client_key(uuid).await
    }
    async fn list_clients(&self, limit: u32) -> Result<Vec<Client>, StoreError> {
        self.inner.list_clients(limit).await
    }
    async fn keys_of_client(&self, client: Uuid) -> Result<Vec<ClientKey>, StoreError> {
        self.inner.keys_of_client(client).await
    }
    async fn begin_client_session(&self, session: &ClientSession) -> Result<(), StoreError> {
        self.inner.begin_client_session(session).await
    }
    async fn find_client_session(&self, uuid: Uuid) -> Result<Option<ClientSession>, StoreError> {
        self.inner.find_client_session(uuid).await
    }
    async fn use_nonce(&self, nonce_hash: &[u8; 32], now: Moment, until: Moment) -> Result<bool, StoreError> {
        self.inner.use_nonce(nonce_hash, now, until).await
    }
    async fn count_nonces(&self) -> Result<u64, StoreError> {
        self.inner.count_nonces().await
    }
}

#[async_trait]
impl EmergencyStore for LeakyStore {
    async fn ask_emergency(&self, new: &NewEmergency) -> Result<(), StoreError> {
        self.inner.ask_emergency(new).await
    }
    async fn grant_emergency(&self, grant: &EmergencyGrant) -> Result<(), StoreError> {
        self.inner.grant_emergency(grant).await
    }
    async fn lasting_emergencies(&self, organisation: &Uscc, now: Moment, limit: u32) -> Result<Vec<Uuid>, StoreError> {
        self.inner.lasting_emergencies(organisation, now, limit).await
    }
    async fn find_emergency(&self, uuid: Uuid) -> Result<Option<Emergency>, StoreError> {
        self.inner.find_emergency(uuid).await
    }
    async fn subject_notices(&self, subjects: &[IndexTag], limit: u32) -> Result<Vec<SubjectNotice>, StoreError> {
        self.inner.subject_notices(subjects, limit).await
    }
}

#[async_trait]
impl EventStore for LeakyStore {
    async fn set_endpoint(&self, endpoint: &Endpoint, act: &NewAct) -> Result<(), StoreError> {
        self.inner.set_endpoint(endpoint, act).await
    }
    async fn find_endpoint(&self, client: Uuid) -> Result<Option<Endpoint>, StoreError> {
        self.inner.find_endpoint(client).await
    }
    async fn event_work(&self, today: Day, asked_before: Moment, limit: u32) -> Result<EventWork, StoreError> {
        self.inner.event_work(today, asked_before, limit).await
    }
    async fn append_events(
        &self,
        lease: Lease,
        work: &EventWork,
        listed: &[(Uuid, RecordId)],
        events: &[NewEvent],
    ) -> Result<(), StoreError> {
        self.inner.append_events(lease, work, listed, events).await
    }
    async fn due_events(&self, now: Moment, limit: u32, per_client: u32) -> Result<Vec<DueEvent>, StoreError> {
        self.inner.due_events(now, limit, per_client).await
    }
    async fn note_told(&self, order: i64, at: Moment) -> Result<(), StoreError> {
        self.inner.note_told(order, at).await
    }
    async fn put_off(&self, order: i64, attempts: u32, next_at: Moment) -> Result<(), StoreError> {
        self.inner.put_off(order, attempts, next_at).await
    }
    async fn give_up(&self, order: i64, attempts: u32, alarm: &Alarm) -> Result<(), StoreError> {
        self.inner.give_up(order, attempts, alarm).await
    }
    async fn find_event(&self, uuid: Uuid) -> Result<Option<Event>, StoreError> {
        self.inner.find_event(uuid).await
    }
    async fn events_of(&self, recipient: &Recipient, after: i64, limit: u32) -> Result<Vec<Event>, StoreError> {
        self.inner.events_of(recipient, after, limit).await
    }
    async fn acknowledge_events(&self, recipient: &Recipient, up_to: i64, at: Moment) -> Result<(), StoreError> {
        self.inner.acknowledge_events(recipient, up_to, at).await
    }
    async fn replay_events(&self, client: Uuid, after: i64, now: Moment) -> Result<u64, StoreError> {
        self.inner.replay_events(client, after, now).await
    }
    async fn revive_events(&self, now: Moment) -> Result<u64, StoreError> {
        self.inner.revive_events(now).await
    }
    async fn event_counts(&self) -> Result<EventCounts, StoreError> {
        self.inner.event_counts().await
    }
    async fn dead_events(&self, limit: u32) -> Result<Vec<DueEvent>, StoreError> {
        self.inner.dead_events(limit).await
    }
    async fn events_about(&self, persons: &[PersonId], limit: u32) -> Result<Vec<Event>, StoreError> {
        self.inner.events_about(persons, limit).await
    }
}
