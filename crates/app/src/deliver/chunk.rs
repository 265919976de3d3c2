//! One transaction of an intake: which effect each row has, sealed, with its counts and faults.

use std::collections::BTreeMap;

use domain::catalogue::Item;
use domain::record::{RecordContent, RecordEventKind};
use domain::{IdentityDocument, Uscc};
use foldhash::{HashMap, HashMapExt, HashSet, HashSetExt};
use intake::{Fault, FaultCode, RowOperation};
use store::{
    BirthState, ChunkCommit, Counts, DeliveryId, IndexTag, KnownFact, NewPerson, NewProcedure, NewRecord,
    NewRecordEvent, NewStagedRow, OwnEvent, PersonId, PersonRef, ProcedureKind, Record, Sealed, StagedKind, StoreError,
};
use uuid::Uuid;
use vault::{KeyName, Secret, SecretOwner};

use super::entry;
use super::place::{self, Attachment, Placed, Places, Waiting};
use crate::keys::{self, PERSON_IDENTITY, RECORD_CONTENT, STAGED_CONTENT};
use crate::{App, AppError};

/// What the rows of a chunk have in common.
pub(crate) struct Origin<'a> {
    pub(crate) delivery: Option<DeliveryId>,
    pub(crate) provider: &'a Uscc,
    pub(crate) item: &'a Item,
    /// The delivery's key, under which waiting rows lie.
    pub(crate) secret: Option<&'a Secret>,
    /// Where faults are shown.
    pub(crate) places: &'a Places,
}

/// Whom a row belongs to, in case the person must be created.
pub(crate) struct Person {
    document: IdentityDocument,
    tags: keys::TagPair,
    /// The authoritative name; `None`: as the identity register writes it.
    registered_name: Option<String>,
}

impl Person {
    pub(crate) fn new(app: &App, document: IdentityDocument, registered_name: Option<String>) -> Self {
        Self {
            tags: keys::number_tags(app.vault(), &document),
            document,
            registered_name,
        }
    }

    /// The tags under the keys that live now: they may have been rotated since the row was read.
    fn tags_now(&self, app: &App, versions: &[u16]) -> keys::TagPair {
        if self.tags.all().map(|tag| tag.key_version).eq(versions.iter().copied()) {
            return self.tags;
        }
        keys::number_tags(app.vault(), &self.document)
    }
}

/// A person the chunk deals with.
struct Slot {
    person: PersonRef,
    secret: Secret,
}

/// The facts of one attached row.
struct Fact {
    slot: usize,
    tag: i64,
    content_tag: [u8; 16],
    /// Number of the record that the row may become.
    ordinal: u32,
    /// What the store knew of the fact when it was asked last.
    known: Option<KnownFact>,
    /// The content, sealed for that number; `None` if the store was seen to have it already.
    sealed: Option<Sealed>,
}

impl Fact {
    fn new(attachment: &Attachment, slot: usize, slots: &[Slot], ordinal: u32) -> Result<Self, AppError> {
        let secret = &slots.get(slot).ok_or(AppError::Damaged { what: "chunk slots" })?.secret;
        Ok(Self {
            slot,
            tag: secret.fact_tag(attachment.fact_key.as_bytes()),
            content_tag: secret.content_tag(&attachment.content),
            ordinal,
            known: None,
            sealed: None,
        })
    }

    fn is_repeat(&self) -> bool {
        self.known.is_some_and(|known| known.content_tag == self.content_tag)
    }
}

/// What a row does to the store.
enum Effect {
    Record { revision: u32, corrects: Option<Latest> },
    Withdraw(Latest),
    Repeat,
    Refuse,
}

/// The latest record of a fact.
#[derive(Clone, Copy)]
enum Latest {
    /// in the store
    Stored(store::RecordId),
    /// written by this chunk: its ordinal
    Drafted(u32),
}

/// What is known of a fact at a row: what the store has, and what earlier rows of the chunk did to it.
#[derive(Clone, Copy)]
struct FactState {
    latest: Latest,
    revision: u32,
    content_tag: [u8; 16],
    is_alive: bool,
    is_withdrawn: bool,
}

impl From<KnownFact> for FactState {
    fn from(known: KnownFact) -> Self {
        Self {
            latest: Latest::Stored(known.record),
            revision: known.revision,
            content_tag: known.content_tag,
            is_alive: known.is_alive,
            is_withdrawn: known.is_withdrawn,
        }
    }
}

/// What can be worked out about rows while the chunk before them is still being committed: whose they are, with the keys
/// of persons whom the store does not have yet, what the store knows of their facts, and their sealed contents.
pub(crate) struct Prepared {
    /// Base of the chunk's public ids.
    uuid: Uuid,
    slots: Vec<Slot>,
    facts: Vec<Fact>,
    new_persons: Vec<NewPerson>,
}

/// What a committed chunk changed that a chunk prepared meanwhile must look at again.
#[derive(Default)]
pub(crate) struct Changed {
    /// Tags of the persons it created.
    tags: HashSet<IndexTag>,
    /// Known persons whose records it added to.
    persons: HashSet<PersonId>,
}

impl Changed {
    /// What `commit` changes.
    pub(crate) fn by(commit: &ChunkCommit) -> Self {
        let known = commit.records.iter().filter_map(|record| match record.person {
            PersonRef::Known(person) => Some(person),
            PersonRef::New(_) => None,
        });
        Self {
            tags: commit
                .new_persons
                .iter()
                .flat_map(|person| person.tags.iter().copied())
                .collect(),
            persons: known.chain(commit.events.iter().map(|event| event.person)).collect(),
        }
    }

    pub(crate) fn add(&mut self, other: &Self) {
        self.tags.extend(&other.tags);
        self.persons.extend(&other.persons);
    }
}

/// Plans the transaction that takes `placed` in.
///
/// # Errors
///
/// If store or vault fail.
pub(crate) async fn plan(app: &App, origin: &Origin<'_>, placed: &[Placed]) -> Result<ChunkCommit, AppError> {
    let prepared = prepare(app, placed).await?;
    settle(app, origin, placed, prepared, &Changed::default()).await
}

fn attachments(placed: &[Placed]) -> impl Iterator<Item = &Attachment> {
    placed.iter().filter_map(|place| match place {
        Placed::Attach(attachment) => Some(&**attachment),
        Placed::Staged(_) | Placed::Refused(_) => None,
    })
}

/// The first half of a plan: it stays good while an earlier chunk of the same delivery is committed, but for the persons
/// whom that chunk creates or adds to.
///
/// # Errors
///
/// If store or vault fail.
pub(crate) async fn prepare(app: &App, placed: &[Placed]) -> Result<Prepared, AppError> {
    let owners: Vec<&Person> = attachments(placed).map(|attachment| &attachment.person).collect();
    let (slots, slot_of, new_persons) = resolve(app, &owners).await?;
    // Results are collected without a hint of their number, and facts are large.
    let mut facts = Vec::with_capacity(slot_of.len());
    for ((attachment, slot), ordinal) in attachments(placed).zip(slot_of).zip(0..) {
        facts.push(Fact::new(attachment, slot, &slots, ordinal)?);
    }
    let mut prepared = Prepared {
        uuid: store::chunk_uuid(app.fresh_uuid()),
        slots,
        facts,
        new_persons,
    };
    prepared.ask_store(app, |_, _| true).await?;
    let Prepared { uuid, slots, facts, .. } = &mut prepared;
    for (fact, attachment) in facts.iter_mut().zip(attachments(placed)) {
        if !fact.is_repeat() {
            fact.sealed = Some(seal_record(*uuid, slots, fact, &attachment.content)?);
        }
    }
    Ok(prepared)
}

/// The second half: what the store knows of each fact now decides its effect. `changed` is what was committed since the
/// first half began.
///
/// # Errors
///
/// If store or vault fail.
pub(crate) async fn settle(
    app: &App,
    origin: &Origin<'_>,
    placed: &[Placed],
    mut prepared: Prepared,
    changed: &Changed,
) -> Result<ChunkCommit, AppError> {
    let met = prepared.meet(app, placed, changed).await?;
    let is_changed = |slot: usize, person: PersonId| met.contains(&slot) || changed.persons.contains(&person);
    prepared.ask_store(app, is_changed).await?;
    let Prepared {
        uuid,
        slots,
        facts,
        new_persons,
    } = prepared;

    let mut builder = Builder::new(app, origin, uuid, slots, new_persons);
    builder.expect(facts.len());
    let mut next = facts.into_iter();
    for place in placed {
        match place {
            Placed::Refused(faults) => builder.refuse(faults),
            Placed::Staged(waiting) => builder.stage(waiting)?,
            Placed::Attach(attachment) => {
                let fact = next.next().ok_or(AppError::Damaged { what: "chunk facts" })?;
                builder.attach(attachment, fact)?;
            }
        }
    }
    Ok(builder.finish())
}

impl Prepared {
    /// Asks the store for the latest revision of each fact; facts of new persons cannot be known.
    async fn ask_store(&mut self, app: &App, is_asked: impl Fn(usize, PersonId) -> bool) -> Result<(), AppError> {
        let (places, questions): (Vec<usize>, Vec<(PersonId, i64)>) = self
            .facts
            .iter()
            .enumerate()
            .filter_map(|(at, fact)| match self.slots.get(fact.slot)?.person {
                PersonRef::Known(person) if is_asked(fact.slot, person) => Some((at, (person, fact.tag))),
                PersonRef::Known(_) | PersonRef::New(_) => None,
            })
            .unzip();
        if questions.is_empty() {
            return Ok(());
        }
        for (at, answer) in places.into_iter().zip(app.store().find_facts(&questions).await?) {
            if let Some(fact) = self.facts.get_mut(at) {
                fact.known = answer;
            }
        }
        Ok(())
    }

    /// Persons who were to be created and are there now: their rows get the keys that the store has. Their slots.
    async fn meet(&mut self, app: &App, placed: &[Placed], changed: &Changed) -> Result<HashSet<usize>, AppError> {
        let is_there = |slot: &Slot| match slot.person {
            PersonRef::Known(_) => None,
            PersonRef::New(at) => {
                let new = self.new_persons.get(usize::try_from(at).ok()?)?;
                let is_met = new.tags.iter().any(|tag| changed.tags.contains(tag));
                is_met.then_some(&new.tags)
            }
        };
        // By all tags of each: of those by an older key the store may know nobody any more.
        let (met, tags): (Vec<usize>, Vec<IndexTag>) = self
            .slots
            .iter()
            .enumerate()
            .filter_map(|(at, slot)| Some((at, is_there(slot)?)))
            .flat_map(|(at, tags)| tags.iter().map(move |tag| (at, *tag)))
            .unzip();
        if met.is_empty() {
            return Ok(HashSet::new());
        }
        let found = app.store().find_persons(&tags).await?;
        for (at, person) in met.iter().zip(found) {
            // One that is not found makes the commit collide, and everything is planned anew.
            if let (Some(person), Some(place)) = (person, self.slots.get_mut(*at)) {
                *place = known_slot(app, &person)?;
            }
        }
        let met: HashSet<usize> = met.into_iter().collect();
        for (fact, attachment) in self.facts.iter_mut().zip(attachments(placed)) {
            if met.contains(&fact.slot) {
                *fact = Fact::new(attachment, fact.slot, &self.slots, fact.ordinal)?;
            }
        }
        Ok(met)
    }
}

/// A transaction that copies records to the person they belong to, each marked where it lay.
///
/// # Errors
///
/// If store or vault fail.
pub(crate) async fn copy(
    app: &App,
    origin: &Origin<'_>,
    owner: &Person,
    copies: &[(RecordContent, Record)],
    mark: impl Fn(&Record) -> NewRecordEvent,
) -> Result<ChunkCommit, AppError> {
    let (slots, _, new_persons) = resolve(app, &[owner]).await?;
    let uuid = store::chunk_uuid(app.fresh_uuid());
    let mut builder = Builder::new(app, origin, uuid, slots, new_persons);
    for (content, record) in copies {
        builder.copy(content, record)?;
        builder.commit.events.push(mark(record));
    }
    Ok(builder.finish())
}

/// Slots, each row's slot, and new persons.
type Resolved = (Vec<Slot>, Vec<usize>, Vec<NewPerson>);

/// Finds the persons of the rows, creating those the store does not have yet; again if a key was retired between reading the
/// key file and asking the store.
async fn resolve(app: &App, owners: &[&Person]) -> Result<Resolved, AppError> {
    for _ in 0..keys::RETIRED_IN_A_ROW_MAX {
        match resolve_once(app, owners).await {
            Err(AppError::Store(StoreError::Conflict { .. })) => {}
            other => return other,
        }
    }
    resolve_once(app, owners).await
}

async fn resolve_once(app: &App, owners: &[&Person]) -> Result<Resolved, AppError> {
    let mut index: HashMap<IndexTag, usize> = HashMap::new();
    let mut slot_of = Vec::with_capacity(owners.len());
    let mut firsts: Vec<(&Person, keys::TagPair)> = Vec::new();
    app.vault().refresh()?;
    let versions = app.vault().versions(KeyName::Index);
    for &owner in owners {
        let tags = owner.tags_now(app, &versions);
        let slot = *index.entry(tags.current).or_insert_with(|| {
            firsts.push((owner, tags));
            firsts.len() - 1
        });
        slot_of.push(slot);
    }
    let current: Vec<IndexTag> = firsts.iter().map(|(_, tags)| tags.current).collect();
    let mut found = app.store().find_persons(&current).await?;
    let (missing, previous): (Vec<usize>, Vec<IndexTag>) = firsts
        .iter()
        .enumerate()
        .filter(|(at, _)| found.get(*at).is_none_or(Option::is_none))
        .filter_map(|(at, (_, tags))| tags.previous.map(|tag| (at, tag)))
        .unzip();
    if !previous.is_empty() {
        // With the current ones in one look: by older tags alone the store answers nobody while their key is being retired.
        let again = missing.iter().filter_map(|at| current.get(*at));
        let both: Vec<IndexTag> = again.chain(&previous).copied().collect();
        let mut persons = app.store().find_persons(&both).await?;
        let before = persons.split_off(missing.len());
        for ((at, now), before) in missing.into_iter().zip(persons).zip(before) {
            if let Some(place) = found.get_mut(at) {
                *place = now.or(before);
            }
        }
    }
    let mut slots = Vec::with_capacity(firsts.len());
    let mut new_persons = Vec::new();
    for ((owner, tags), person) in firsts.into_iter().zip(found) {
        slots.push(if let Some(person) = person {
            known_slot(app, &person)?
        } else {
            let (new, secret) = new_person(app, owner, tags)?;
            let at = u32::try_from(new_persons.len()).map_err(|_| AppError::Damaged { what: "chunk size" })?;
            new_persons.push(new);
            Slot {
                person: PersonRef::New(at),
                secret,
            }
        });
    }
    Ok((slots, slot_of, new_persons))
}

fn new_person(app: &App, owner: &Person, numbers: keys::TagPair) -> Result<(NewPerson, Secret), AppError> {
    let uuid = app.fresh_uuid();
    let (secret, wrapped) = app.vault().new_secret(SecretOwner::Person, uuid)?;
    let given = owner.registered_name.clone();
    let registered = given.or_else(|| place::registered_name(app, &owner.document));
    let name = registered.and_then(|name| domain::Name::parse(&name).ok());
    let name = name.ok_or(AppError::Damaged {
        what: "a name in the identity register",
    })?;
    let identity = keys::identity_bytes(&owner.document, name.expose());
    let names = keys::name_tags(app.vault(), &owner.document, &name);
    let tags = numbers.all().chain(names.all()).collect();
    let identity = keys::seal(&secret, PERSON_IDENTITY, uuid, &identity)?;
    Ok((
        NewPerson {
            uuid,
            secret: wrapped,
            identity,
            tags,
        },
        secret,
    ))
}

fn known_slot(app: &App, person: &store::Person) -> Result<Slot, AppError> {
    let wrapped = person.secret.as_ref().ok_or(AppError::Damaged {
        what: "a person whose key was destroyed",
    })?;
    let secret = app.vault().unwrap_secret(SecretOwner::Person, person.uuid, wrapped)?;
    Ok(Slot {
        person: PersonRef::Known(person.id),
        secret,
    })
}

struct Builder<'a> {
    app: &'a App,
    origin: &'a Origin<'a>,
    slots: Vec<Slot>,
    /// Facts that earlier rows of this chunk touched, as those rows left them.
    touched: HashMap<(usize, i64), FactState>,
    commit: ChunkCommit,
}

impl<'a> Builder<'a> {
    fn new(app: &'a App, origin: &'a Origin<'a>, uuid: Uuid, slots: Vec<Slot>, new_persons: Vec<NewPerson>) -> Self {
        let commit = ChunkCommit {
            delivery: origin.delivery,
            chunk_no: 0,
            uuid,
            rows_done: 0,
            at: app.now(),
            new_persons,
            records: Vec::new(),
            events: Vec::new(),
            own_events: Vec::new(),
            person_events: Vec::new(),
            staged: Vec::new(),
            staged_delivery: origin.delivery,
            procedures: Vec::new(),
            steps: Vec::new(),
            resolved: Vec::new(),
            faults: Vec::new(),
            fault_counts: BTreeMap::new(),
            counts: Counts::default(),
            entry_hash: [0; 32],
        };
        Self {
            app,
            origin,
            slots,
            touched: HashMap::new(),
            commit,
        }
    }

    /// Makes room for so many records.
    fn expect(&mut self, records: usize) {
        self.commit.records.reserve(records);
        self.touched.reserve(records);
    }

    fn report<'f>(&mut self, faults: impl IntoIterator<Item = &'f Fault>) {
        for fault in faults {
            fault.write_json_line(&mut self.commit.faults);
            *self
                .commit
                .fault_counts
                .entry(fault.code.as_str().to_owned())
                .or_default() += 1;
        }
    }

    fn refuse(&mut self, faults: &[Fault]) {
        self.report(faults);
        self.commit.counts.received += 1;
        self.commit.counts.refused += 1;
    }

    fn stage(&mut self, waiting: &Waiting) -> Result<(), AppError> {
        let secret = self.origin.secret.ok_or(AppError::Damaged {
            what: "a delivery without a key",
        })?;
        self.report(&waiting.faults);
        self.commit.counts.received += 1;
        let uuid = self.app.fresh_uuid();
        let at = self.commit.at;
        if waiting.kind == StagedKind::Pending {
            self.commit.counts.pending += 1;
            self.commit.procedures.push(NewProcedure {
                uuid: self.app.fresh_uuid(),
                kind: ProcedureKind::Review,
                organisation: self.origin.provider.clone(),
                staged_row: Some(uuid),
                person: None,
                reason: waiting.reason.clone().into_owned(),
                details: Sealed::default(),
                at,
                due_at: None,
            });
        } else {
            self.commit.counts.held += 1;
        }
        // The document a human should look at; for a slip it is the neighbour, which the row itself does not hold.
        let mut plain = keys::identity_bytes(&waiting.document, "");
        plain.push(b'\n');
        plain.extend_from_slice(&waiting.content.to_bytes());
        self.commit.staged.push(NewStagedRow {
            uuid,
            line: waiting.line,
            kind: waiting.kind,
            reason: waiting.reason.clone().into_owned(),
            tag: keys::number_tags(self.app.vault(), &waiting.document).current,
            content: keys::seal(secret, STAGED_CONTENT, uuid, &plain)?,
        });
        Ok(())
    }

    fn attach(&mut self, attachment: &Attachment, fact: Fact) -> Result<(), AppError> {
        let place = (fact.slot, fact.tag);
        let state = self.touched.get(&place).copied().or(fact.known.map(FactState::from));
        self.commit.counts.received += 1;
        match effect_of(attachment.operation, &fact, state) {
            Effect::Refuse => {
                // The row is not kept, so nothing is asked about it.
                let is_told = |fault: &&Fault| !fault.code.is_question();
                self.report(attachment.warnings.iter().filter(is_told));
                let (column, header) = self.origin.places.operation.clone();
                self.report(&[Fault::new(attachment.line, column, header, FaultCode::E15)]);
                self.commit.counts.refused += 1;
            }
            Effect::Repeat => {
                self.report(&attachment.warnings);
                self.commit.counts.repeated += 1;
            }
            Effect::Withdraw(record) => {
                self.event(&fact, record, RecordEventKind::Withdrawn);
                if let Some(state) = state {
                    let withdrawn = FactState {
                        is_alive: false,
                        is_withdrawn: true,
                        ..state
                    };
                    self.touched.insert(place, withdrawn);
                }
                self.commit.counts.recorded += 1;
                self.commit.counts.withdrawn += 1;
            }
            Effect::Record { revision, corrects } => {
                self.report(&attachment.warnings);
                if let Some(old) = corrects {
                    self.event(&fact, old, RecordEventKind::Corrected);
                }
                self.count_record(attachment.is_held, corrects.is_some());
                let written = FactState {
                    latest: Latest::Drafted(fact.ordinal),
                    revision,
                    content_tag: fact.content_tag,
                    is_alive: true,
                    is_withdrawn: false,
                };
                self.touched.insert(place, written);
                self.record(attachment, fact, revision)?;
            }
        }
        Ok(())
    }

    fn count_record(&mut self, is_held: bool, is_correction: bool) {
        let counts = &mut self.commit.counts;
        if is_held {
            counts.held += 1;
        } else {
            counts.recorded += 1;
            counts.corrected += u64::from(is_correction);
        }
    }

    fn event(&mut self, fact: &Fact, latest: Latest, kind: RecordEventKind) {
        let effective = self.commit.at.day();
        let record = match latest {
            Latest::Stored(record) => record,
            Latest::Drafted(ordinal) => {
                return self.commit.own_events.push(OwnEvent {
                    ordinal,
                    kind,
                    effective,
                });
            }
        };
        let Some(Slot {
            person: PersonRef::Known(person),
            ..
        }) = self.slots.get(fact.slot)
        else {
            return;
        };
        self.commit.events.push(NewRecordEvent {
            record,
            person: *person,
            kind,
            effective,
            reason: Sealed::default(),
        });
    }

    fn record(&mut self, attachment: &Attachment, mut fact: Fact, revision: u32) -> Result<(), AppError> {
        let content = match fact.sealed.take() {
            Some(content) => content,
            None => seal_record(self.commit.uuid, &self.slots, &fact, &attachment.content)?,
        };
        let slot = self
            .slots
            .get(fact.slot)
            .ok_or(AppError::Damaged { what: "chunk slots" })?;
        self.commit.records.push(NewRecord {
            ordinal: fact.ordinal,
            person: slot.person,
            item: self.origin.item.id.clone(),
            provider: self.origin.provider.clone(),
            state: if attachment.is_held {
                BirthState::Held
            } else {
                BirthState::Usable
            },
            class: attachment.class,
            end: attachment.end,
            fact_tag: fact.tag,
            revision,
            content_tag: fact.content_tag,
            content,
        });
        Ok(())
    }

    /// A copy keeps what was said and since when it may be served; only its person and its key are others.
    fn copy(&mut self, content: &RecordContent, record: &Record) -> Result<(), AppError> {
        let slot = self.slots.first().ok_or(AppError::Damaged { what: "chunk slots" })?;
        let bytes = content.to_bytes();
        let ordinal = u32::try_from(self.commit.records.len()).map_err(|_| AppError::Damaged { what: "chunk size" })?;
        let row = store::record_uuid(self.commit.uuid, ordinal);
        self.commit.records.push(NewRecord {
            ordinal,
            person: slot.person,
            item: record.item.clone(),
            provider: record.provider.clone(),
            state: record.birth,
            class: record.class,
            end: record.end,
            // The old tag is keyed by the old person; any fresh one keeps copies of one fact apart from others.
            fact_tag: slot.secret.fact_tag(record.uuid.as_bytes()),
            revision: 0,
            content_tag: slot.secret.content_tag(&bytes),
            content: keys::seal(&slot.secret, RECORD_CONTENT, row, &bytes)?,
        });
        self.commit.counts.received += 1;
        self.count_record(record.birth == BirthState::Held, false);
        Ok(())
    }

    fn finish(mut self) -> ChunkCommit {
        // Persons whose rows all fell out of this chunk are not created.
        drop_unused_persons(&mut self.commit);
        self.commit.entry_hash = entry::hash_of(&self.commit);
        self.commit
    }
}

/// Seals a row's content for the record that the row may become.
fn seal_record(base: Uuid, slots: &[Slot], fact: &Fact, content: &[u8]) -> Result<Sealed, AppError> {
    let slot = slots.get(fact.slot).ok_or(AppError::Damaged { what: "chunk slots" })?;
    let row = store::record_uuid(base, fact.ordinal);
    keys::seal(&slot.secret, RECORD_CONTENT, row, content)
}

fn effect_of(operation: RowOperation, fact: &Fact, known: Option<FactState>) -> Effect {
    match (operation, known) {
        (RowOperation::New | RowOperation::Update, None) => Effect::Record {
            revision: 0,
            corrects: None,
        },
        (RowOperation::New | RowOperation::Update, Some(known)) if known.is_alive => {
            if known.content_tag == fact.content_tag {
                Effect::Repeat
            } else {
                Effect::Record {
                    revision: known.revision + 1,
                    corrects: Some(known.latest),
                }
            }
        }
        // A fact that was withdrawn, repaired or has ended does not come back by being sent again.
        (RowOperation::New | RowOperation::Update, Some(known)) => {
            if known.content_tag == fact.content_tag && !known.is_withdrawn {
                Effect::Repeat
            } else {
                Effect::Refuse
            }
        }
        (RowOperation::Delete, None) => Effect::Refuse,
        (RowOperation::Delete, Some(known)) => {
            if known.is_alive {
                Effect::Withdraw(known.latest)
            } else {
                Effect::Repeat
            }
        }
    }
}

fn drop_unused_persons(commit: &mut ChunkCommit) {
    let place = |at: u32| usize::try_from(at).unwrap_or(usize::MAX);
    let mut is_used = vec![false; commit.new_persons.len()];
    for record in &commit.records {
        if let PersonRef::New(at) = record.person
            && let Some(used) = is_used.get_mut(place(at))
        {
            *used = true;
        }
    }
    if is_used.iter().all(|used| *used) {
        return;
    }
    let mut kept = is_used.iter();
    commit.new_persons.retain(|_| kept.next().copied().unwrap_or(false));
    let mut next = 0;
    let renumbered: Vec<u32> = is_used
        .iter()
        .map(|used| {
            let at = next;
            next += u32::from(*used);
            at
        })
        .collect();
    for record in &mut commit.records {
        if let PersonRef::New(old) = &mut record.person
            && let Some(new) = renumbered.get(place(*old))
        {
            *old = *new;
        }
    }
}
