//! One transaction of an intake: which effect each row has, sealed and sorted by person, with its counts and faults.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};

use domain::catalogue::{Item, ItemId};
use domain::record::{RecordContent, RecordEventKind};
use domain::{IdentityDocument, Uscc};
use intake::{Fault, FaultCode, RowOperation};
use store::{
    BirthState, ChunkCommit, Counts, DeliveryId, IndexTag, KnownFact, NewPerson, NewProcedure, NewRecord,
    NewRecordEvent, NewStagedRow, OwnEvent, PersonId, PersonRef, ProcedureKind, Record, Sealed, StagedKind,
};
use uuid::Uuid;
use vault::{Secret, SecretOwner};

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
    /// written by this chunk: its place among the drafts
    Drafted(usize),
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
/// of persons whom the store does not have yet, and their tags.
pub(crate) struct Prepared {
    slots: Vec<Slot>,
    facts: Vec<Fact>,
    new_persons: Vec<NewPerson>,
}

/// Plans the transaction that takes `placed` in.
///
/// # Errors
///
/// If store or vault fail.
pub(crate) async fn plan(app: &App, origin: &Origin<'_>, placed: &[Placed]) -> Result<ChunkCommit, AppError> {
    let prepared = prepare(app, placed).await?;
    settle(app, origin, placed, prepared, &HashSet::new()).await
}

fn attachments(placed: &[Placed]) -> impl Iterator<Item = &Attachment> {
    placed.iter().filter_map(|place| match place {
        Placed::Attach(attachment) => Some(&**attachment),
        Placed::Staged(_) | Placed::Refused(_) => None,
    })
}

/// The first half of a plan: it stays good while an earlier chunk of the same delivery is committed, but for the persons
/// which that chunk creates.
///
/// # Errors
///
/// If store or vault fail.
pub(crate) async fn prepare(app: &App, placed: &[Placed]) -> Result<Prepared, AppError> {
    let owners: Vec<&Person> = attachments(placed).map(|attachment| &attachment.person).collect();
    let (slots, slot_of, new_persons) = resolve(app, &owners).await?;
    let facts = attachments(placed)
        .zip(slot_of)
        .map(|(attachment, slot)| fact_of(attachment, slot, &slots))
        .collect::<Result<_, _>>()?;
    Ok(Prepared {
        slots,
        facts,
        new_persons,
    })
}

/// The second half: what the store knows of each fact now decides its effect. `appeared` are the tags of the persons that
/// were created since the first half.
///
/// # Errors
///
/// If store or vault fail.
pub(crate) async fn settle(
    app: &App,
    origin: &Origin<'_>,
    placed: &[Placed],
    mut prepared: Prepared,
    appeared: &HashSet<IndexTag>,
) -> Result<ChunkCommit, AppError> {
    prepared.meet(app, placed, appeared).await?;
    let Prepared {
        slots,
        facts,
        new_persons,
    } = prepared;
    let known = known_facts(app, &slots, &facts).await?;

    let mut builder = Builder::new(app, origin, slots, new_persons);
    let mut next = facts.into_iter().zip(known);
    for place in placed {
        match place {
            Placed::Refused(faults) => builder.refuse(faults),
            Placed::Staged(waiting) => builder.stage(waiting)?,
            Placed::Attach(attachment) => {
                let (fact, known) = next.next().ok_or(AppError::Damaged { what: "chunk facts" })?;
                builder.attach(attachment, &fact, known);
            }
        }
    }
    builder.finish()
}

impl Prepared {
    /// Persons who were to be created and are there now: their rows get the keys that the store has.
    async fn meet(&mut self, app: &App, placed: &[Placed], appeared: &HashSet<IndexTag>) -> Result<(), AppError> {
        let is_there = |slot: &Slot| match slot.person {
            PersonRef::Known(_) => None,
            PersonRef::New(at) => {
                let new = self.new_persons.get(usize::try_from(at).ok()?)?;
                new.tags.iter().find(|tag| appeared.contains(tag)).copied()
            }
        };
        let (met, tags): (Vec<usize>, Vec<IndexTag>) = self
            .slots
            .iter()
            .enumerate()
            .filter_map(|(at, slot)| Some((at, is_there(slot)?)))
            .unzip();
        if met.is_empty() {
            return Ok(());
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
                *fact = fact_of(attachment, fact.slot, &self.slots)?;
            }
        }
        Ok(())
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
    let mut builder = Builder::new(app, origin, slots, new_persons);
    for (content, record) in copies {
        builder.copy(content, record)?;
        builder.commit.events.push(mark(record));
    }
    builder.finish()
}

/// Finds the persons of the rows, creating those the store does not have yet. Returns the slots, each row's slot and the new persons.
async fn resolve(app: &App, owners: &[&Person]) -> Result<(Vec<Slot>, Vec<usize>, Vec<NewPerson>), AppError> {
    let mut index: HashMap<IndexTag, usize> = HashMap::new();
    let mut slot_of = Vec::with_capacity(owners.len());
    let mut firsts: Vec<&Person> = Vec::new();
    for &owner in owners {
        let slot = *index.entry(owner.tags.current).or_insert_with(|| {
            firsts.push(owner);
            firsts.len() - 1
        });
        slot_of.push(slot);
    }
    let current: Vec<IndexTag> = firsts.iter().map(|owner| owner.tags.current).collect();
    let mut found = app.store().find_persons(&current).await?;
    let (missing, previous): (Vec<usize>, Vec<IndexTag>) = firsts
        .iter()
        .enumerate()
        .filter(|(at, _)| found.get(*at).is_none_or(Option::is_none))
        .filter_map(|(at, owner)| owner.tags.previous.map(|tag| (at, tag)))
        .unzip();
    if !previous.is_empty() {
        for (at, person) in missing.into_iter().zip(app.store().find_persons(&previous).await?) {
            if let Some(place) = found.get_mut(at) {
                *place = person;
            }
        }
    }
    let mut slots = Vec::with_capacity(firsts.len());
    let mut new_persons = Vec::new();
    for (owner, person) in firsts.into_iter().zip(found) {
        slots.push(if let Some(person) = person {
            known_slot(app, &person)?
        } else {
            let (new, secret) = new_person(app, owner)?;
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

fn new_person(app: &App, owner: &Person) -> Result<(NewPerson, Secret), AppError> {
    let uuid = app.fresh_uuid();
    let (secret, wrapped) = app.vault().new_secret(SecretOwner::Person, uuid)?;
    let given = owner.registered_name.clone();
    let registered = given.or_else(|| place::registered_name(app, &owner.document));
    let name = registered.and_then(|name| domain::Name::parse(&name).ok());
    let name = name.ok_or(AppError::Damaged {
        what: "a name in the identity register",
    })?;
    let identity = keys::identity_bytes(&owner.document, name.expose());
    let tags = vec![
        owner.tags.current,
        keys::name_tags(app.vault(), &owner.document, &name).current,
    ];
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

fn fact_of(attachment: &Attachment, slot: usize, slots: &[Slot]) -> Result<Fact, AppError> {
    let secret = &slots.get(slot).ok_or(AppError::Damaged { what: "chunk slots" })?.secret;
    Ok(Fact {
        slot,
        tag: secret.fact_tag(attachment.fact_key.as_bytes()),
        content_tag: secret.content_tag(&attachment.content),
    })
}

/// The latest revision of each fact; facts of new persons cannot be known.
async fn known_facts(app: &App, slots: &[Slot], facts: &[Fact]) -> Result<Vec<Option<KnownFact>>, AppError> {
    let mut known = vec![None; facts.len()];
    let (places, questions): (Vec<usize>, Vec<(PersonId, i64)>) = facts
        .iter()
        .enumerate()
        .filter_map(|(at, fact)| match slots.get(fact.slot)?.person {
            PersonRef::Known(person) => Some((at, (person, fact.tag))),
            PersonRef::New(_) => None,
        })
        .unzip();
    if !questions.is_empty() {
        for (at, answer) in places.into_iter().zip(app.store().find_facts(&questions).await?) {
            if let Some(place) = known.get_mut(at) {
                *place = answer;
            }
        }
    }
    Ok(known)
}

/// A record whose ordinal is not fixed yet.
struct Draft<'a> {
    /// Place among the drafts before they are sorted.
    place: usize,
    slot: usize,
    record: NewRecord,
    bytes: Cow<'a, [u8]>,
}

struct Builder<'a> {
    app: &'a App,
    origin: &'a Origin<'a>,
    slots: Vec<Slot>,
    drafts: Vec<Draft<'a>>,
    /// Facts that earlier rows of this chunk touched, as those rows left them.
    touched: HashMap<(usize, i64), FactState>,
    /// Events of records that this chunk writes: the record's place among the drafts.
    own_events: Vec<(usize, RecordEventKind)>,
    commit: ChunkCommit,
}

impl<'a> Builder<'a> {
    fn new(app: &'a App, origin: &'a Origin<'a>, slots: Vec<Slot>, new_persons: Vec<NewPerson>) -> Self {
        let commit = ChunkCommit {
            delivery: origin.delivery,
            chunk_no: 0,
            uuid: store::chunk_uuid(app.fresh_uuid()),
            rows_done: 0,
            at: app.now(),
            new_persons,
            records: Vec::new(),
            events: Vec::new(),
            own_events: Vec::new(),
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
            drafts: Vec::new(),
            touched: HashMap::new(),
            own_events: Vec::new(),
            commit,
        }
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

    fn attach(&mut self, attachment: &'a Attachment, fact: &Fact, known: Option<KnownFact>) {
        let place = (fact.slot, fact.tag);
        let state = self.touched.get(&place).copied().or(known.map(FactState::from));
        self.commit.counts.received += 1;
        match effect_of(attachment.operation, fact, state) {
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
                self.event(fact, record, RecordEventKind::Withdrawn);
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
                    self.event(fact, old, RecordEventKind::Corrected);
                }
                self.count_record(attachment.is_held, corrects.is_some());
                let written = FactState {
                    latest: Latest::Drafted(self.drafts.len()),
                    revision,
                    content_tag: fact.content_tag,
                    is_alive: true,
                    is_withdrawn: false,
                };
                self.touched.insert(place, written);
                self.draft(attachment, fact, revision);
            }
        }
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
        let record = match latest {
            Latest::Stored(record) => record,
            Latest::Drafted(place) => return self.own_events.push((place, kind)),
        };
        let Some(Slot {
            person: PersonRef::Known(person),
            ..
        }) = self.slots.get(fact.slot)
        else {
            return;
        };
        let effective = self.commit.at.day();
        self.commit.events.push(NewRecordEvent {
            record,
            person: *person,
            kind,
            effective,
            reason: Sealed::default(),
        });
    }

    fn draft(&mut self, attachment: &'a Attachment, fact: &Fact, revision: u32) {
        let Some(slot) = self.slots.get(fact.slot) else { return };
        let record = NewRecord {
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
            content: Sealed::default(),
        };
        self.drafts.push(Draft {
            place: self.drafts.len(),
            slot: fact.slot,
            record,
            bytes: Cow::Borrowed(&attachment.content),
        });
    }

    /// A copy keeps what was said and since when it may be served; only its person and its key are others.
    fn copy(&mut self, content: &RecordContent, record: &Record) -> Result<(), AppError> {
        let slot = self.slots.first().ok_or(AppError::Damaged { what: "chunk slots" })?;
        let bytes = content.to_bytes();
        // The old tag is keyed by the old person; any fresh one keeps copies of one fact apart from others.
        let fact_tag = slot.secret.fact_tag(record.uuid.as_bytes());
        let new = NewRecord {
            person: slot.person,
            item: record.item.clone(),
            provider: record.provider.clone(),
            state: record.birth,
            class: record.class,
            end: record.end,
            fact_tag,
            revision: 0,
            content_tag: slot.secret.content_tag(&bytes),
            content: Sealed::default(),
        };
        self.drafts.push(Draft {
            place: self.drafts.len(),
            slot: 0,
            record: new,
            bytes: Cow::Owned(bytes),
        });
        self.commit.counts.received += 1;
        self.count_record(record.birth == BirthState::Held, false);
        Ok(())
    }

    /// The events of this chunk's own records, by the ordinals that the sorted records have.
    fn number_own_events(&mut self) -> Result<(), AppError> {
        let damaged = || AppError::Damaged { what: "chunk order" };
        let mut ordinals = vec![0; self.drafts.len()];
        for (ordinal, draft) in (0_u32..).zip(&self.drafts) {
            *ordinals.get_mut(draft.place).ok_or_else(damaged)? = ordinal;
        }
        let effective = self.commit.at.day();
        for (place, kind) in &self.own_events {
            self.commit.own_events.push(OwnEvent {
                ordinal: *ordinals.get(*place).ok_or_else(damaged)?,
                kind: *kind,
                effective,
            });
        }
        Ok(())
    }

    /// Seals the drafts in their order, the two halves at once: the store waits for this while nothing is in flight.
    fn seal_all(&self) -> Result<Vec<Sealed>, AppError> {
        let (base, slots) = (self.commit.uuid, &*self.slots);
        let (first, second) = self.drafts.split_at(self.drafts.len() / 2);
        let middle = first.len();
        let (first, second) = std::thread::scope(|scope| {
            let second = scope.spawn(move || seal_drafts(base, slots, second, middle));
            (seal_drafts(base, slots, first, 0), second.join())
        });
        let mut contents = first?;
        contents.extend(second.map_err(|_| AppError::ShuttingDown)??);
        Ok(contents)
    }

    /// Sorts by person, so that the index is written in order; then each record's place is known and it can be sealed.
    fn finish(mut self) -> Result<ChunkCommit, AppError> {
        // The keys are sorted and each draft is moved once.
        self.drafts
            .sort_by_cached_key(|draft| (draft.record.person, draft.record.fact_tag, draft.record.revision));
        self.number_own_events()?;
        let contents = self.seal_all()?;
        self.commit.records = self
            .drafts
            .into_iter()
            .zip(contents)
            .map(|(draft, content)| NewRecord {
                content,
                ..draft.record
            })
            .collect();
        // Persons whose rows all fell out of this chunk are not created.
        drop_unused_persons(&mut self.commit);
        self.commit.entry_hash = hash_of(&self.commit);
        Ok(self.commit)
    }
}

/// Seals `drafts`, the first of which has the ordinal `from`.
fn seal_drafts(base: Uuid, slots: &[Slot], drafts: &[Draft<'_>], from: usize) -> Result<Vec<Sealed>, AppError> {
    let seal = |(ordinal, draft): (usize, &Draft<'_>)| {
        let ordinal = u32::try_from(ordinal).map_err(|_| AppError::Damaged { what: "chunk size" })?;
        let slot = slots.get(draft.slot).ok_or(AppError::Damaged { what: "chunk slots" })?;
        keys::seal(
            &slot.secret,
            RECORD_CONTENT,
            store::record_uuid(base, ordinal),
            &draft.bytes,
        )
    };
    (from..).zip(drafts).map(seal).collect()
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
    let used: std::collections::BTreeSet<u32> = commit
        .records
        .iter()
        .filter_map(|record| match record.person {
            PersonRef::New(at) => Some(at),
            PersonRef::Known(_) => None,
        })
        .collect();
    if used.len() == commit.new_persons.len() {
        return;
    }
    let renumbered: BTreeMap<u32, u32> = used.iter().copied().zip(0..).collect();
    let mut at = 0;
    commit.new_persons.retain(|_| {
        at += 1;
        used.contains(&(at - 1))
    });
    for record in &mut commit.records {
        if let PersonRef::New(old) = &mut record.person
            && let Some(new) = renumbered.get(old)
        {
            *old = *new;
        }
    }
}

/// The parts of a record that its chunk's log entry commits to. They stay when the content is erased, so the proof stands.
pub(crate) struct HashedRecord<'a> {
    pub(crate) item: &'a ItemId,
    pub(crate) provider: &'a Uscc,
    pub(crate) state: BirthState,
    pub(crate) class: &'a str,
    pub(crate) end: i32,
    pub(crate) fact_tag: i64,
    pub(crate) revision: u32,
    pub(crate) content_tag: [u8; 16],
}

/// Hash of the log entry for a chunk about to be committed.
pub(crate) fn hash_of(commit: &ChunkCommit) -> [u8; 32] {
    let records = commit.records.iter().map(|record| HashedRecord {
        item: &record.item,
        provider: &record.provider,
        state: record.state,
        class: record.class.map_or("", domain::catalogue::BreachClass::as_str),
        end: record.end.to_epoch_days(),
        fact_tag: record.fact_tag,
        revision: record.revision,
        content_tag: record.content_tag,
    });
    chunk_hash(commit.uuid, &commit.counts, records)
}

/// Hash of the log entry that stands for a chunk.
pub(crate) fn chunk_hash<'a>(uuid: Uuid, counts: &Counts, records: impl Iterator<Item = HashedRecord<'a>>) -> [u8; 32] {
    let mut bytes = Vec::new();
    for count in [
        counts.received,
        counts.recorded,
        counts.repeated,
        counts.held,
        counts.pending,
        counts.refused,
    ] {
        bytes.extend_from_slice(&count.to_be_bytes());
    }
    for record in records {
        for text in [record.item.as_str(), record.provider.as_str(), record.class] {
            bytes.extend_from_slice(text.as_bytes());
            bytes.push(0x1f);
        }
        bytes.push(u8::from(record.state == BirthState::Held));
        bytes.extend_from_slice(&record.end.to_be_bytes());
        bytes.extend_from_slice(&record.fact_tag.to_be_bytes());
        bytes.extend_from_slice(&record.revision.to_be_bytes());
        bytes.extend_from_slice(&record.content_tag);
    }
    vault::entry_hash("chunk", &[uuid.as_bytes(), &bytes])
}
