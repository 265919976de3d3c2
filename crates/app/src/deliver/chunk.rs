//! One transaction of an intake: which effect each row has, sealed and sorted by person, with its counts and faults.

use std::collections::{BTreeMap, HashMap};

use domain::catalogue::{Item, ItemId};
use domain::record::{RecordContent, RecordEventKind};
use domain::{IdentityDocument, Uscc};
use intake::{Fault, FaultCode, RowOperation};
use store::{
    BirthState, ChunkCommit, Counts, DeliveryId, IndexTag, KnownFact, NewPerson, NewProcedure, NewRecord,
    NewRecordEvent, NewStagedRow, PersonId, PersonRef, ProcedureKind, Record, Sealed, StagedKind,
};
use uuid::Uuid;
use vault::{Secret, SecretOwner};

use super::place::{Attachment, Placed, Places, Waiting};
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

/// Whom a row belongs to: the document and the authoritative name (identity register), in case the person must be created.
pub(crate) struct Person {
    pub(crate) document: IdentityDocument,
    pub(crate) registered_name: String,
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
    bytes: Vec<u8>,
}

/// What a row does to the store.
enum Effect {
    Record {
        revision: u32,
        corrects: Option<store::RecordId>,
    },
    Withdraw(store::RecordId),
    Repeat,
    Refuse,
}

/// A chunk ready to be committed, and how many of the placed rows it holds (fewer where a row needs what an earlier row of the same chunk writes).
pub(crate) struct Planned {
    pub(crate) commit: ChunkCommit,
    pub(crate) rows: usize,
}

/// Plans the longest prefix of `placed` that one transaction can hold.
///
/// # Errors
///
/// If store or vault fail.
pub(crate) async fn plan(app: &App, origin: &Origin<'_>, placed: &[Placed]) -> Result<Planned, AppError> {
    let attachments: Vec<&Attachment> = placed
        .iter()
        .filter_map(|place| match place {
            Placed::Attach(attachment) => Some(&**attachment),
            Placed::Staged(_) | Placed::Refused(_) => None,
        })
        .collect();
    let owners: Vec<&Person> = attachments.iter().map(|attachment| &attachment.person).collect();
    let (slots, slot_of, new_persons) = resolve(app, &owners).await?;
    let facts = facts_of(&attachments, &slots, &slot_of)?;
    let known = known_facts(app, &slots, &facts).await?;

    let mut builder = Builder::new(app, origin, slots, new_persons);
    let mut next = facts.into_iter().zip(known);
    let mut rows = 0;
    for place in placed {
        match place {
            Placed::Refused(faults) => builder.refuse(faults),
            Placed::Staged(waiting) => builder.stage(waiting)?,
            Placed::Attach(attachment) => {
                let Some((fact, known)) = next.next() else { break };
                if builder.needs_earlier_row(&fact, attachment.row.operation) {
                    break;
                }
                builder.attach(attachment, fact, known);
            }
        }
        rows += 1;
    }
    Ok(Planned {
        commit: builder.finish()?,
        rows,
    })
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
    let mut firsts: Vec<(&Person, keys::TagPair)> = Vec::new();
    for &owner in owners {
        let tags = keys::number_tags(app.vault(), &owner.document);
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
        for (at, person) in missing.into_iter().zip(app.store().find_persons(&previous).await?) {
            if let Some(place) = found.get_mut(at) {
                *place = person;
            }
        }
    }
    let mut slots = Vec::with_capacity(firsts.len());
    let mut new_persons = Vec::new();
    for ((owner, _), person) in firsts.into_iter().zip(found) {
        slots.push(if let Some(person) = person {
            let wrapped = person.secret.ok_or(AppError::Damaged {
                what: "a person whose key was destroyed",
            })?;
            let secret = app.vault().unwrap_secret(SecretOwner::Person, person.uuid, &wrapped)?;
            Slot {
                person: PersonRef::Known(person.id),
                secret,
            }
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
    let name = domain::Name::parse(&owner.registered_name).map_err(|_| AppError::Damaged {
        what: "a name in the identity register",
    })?;
    let identity = keys::identity_bytes(&owner.document, name.expose());
    let tags = vec![
        keys::number_tags(app.vault(), &owner.document).current,
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

fn facts_of(attachments: &[&Attachment], slots: &[Slot], slot_of: &[usize]) -> Result<Vec<Fact>, AppError> {
    attachments
        .iter()
        .zip(slot_of)
        .map(|(attachment, &slot)| {
            let secret = &slots.get(slot).ok_or(AppError::Damaged { what: "chunk slots" })?.secret;
            let bytes = attachment.row.content.to_bytes();
            let tag = secret.fact_tag(attachment.row.fact_key.as_bytes());
            Ok(Fact {
                slot,
                tag,
                content_tag: secret.content_tag(&bytes),
                bytes,
            })
        })
        .collect()
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
struct Draft {
    slot: usize,
    record: NewRecord,
    bytes: Vec<u8>,
}

struct Builder<'a> {
    app: &'a App,
    origin: &'a Origin<'a>,
    slots: Vec<Slot>,
    drafts: Vec<Draft>,
    /// Facts written by this chunk with the tag of their content, `None` if it withdraws them: a later row with the same fact
    /// and content repeats, another one must wait for the next chunk, and so must any row after a withdrawal.
    written: HashMap<(usize, i64), Option<[u8; 16]>>,
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
            written: HashMap::new(),
            commit,
        }
    }

    fn report(&mut self, faults: &[Fault]) {
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
                reason: waiting.reason.to_owned(),
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
            reason: waiting.reason.to_owned(),
            tag: keys::number_tags(self.app.vault(), &waiting.document).current,
            content: keys::seal(secret, STAGED_CONTENT, uuid, &plain)?,
        });
        Ok(())
    }

    /// A correction or withdrawal of what this very chunk writes has to wait until that is written, and so has whatever
    /// follows a withdrawal: only the store says that the fact does not come back.
    fn needs_earlier_row(&self, fact: &Fact, operation: RowOperation) -> bool {
        self.written
            .get(&(fact.slot, fact.tag))
            .is_some_and(|content| *content != Some(fact.content_tag) || operation == RowOperation::Delete)
    }

    fn attach(&mut self, attachment: &Attachment, fact: Fact, known: Option<KnownFact>) {
        let row = &attachment.row;
        let effect = if self.written.contains_key(&(fact.slot, fact.tag)) {
            Effect::Repeat
        } else {
            effect_of(row.operation, &fact, known)
        };
        self.commit.counts.received += 1;
        match effect {
            Effect::Refuse => {
                self.report(&attachment.warnings);
                let (column, header) = self.origin.places.operation.clone();
                self.report(&[Fault::new(row.line, column, header, FaultCode::E15)]);
                self.commit.counts.refused += 1;
            }
            Effect::Repeat => {
                self.report(&attachment.warnings);
                self.commit.counts.repeated += 1;
            }
            Effect::Withdraw(record) => {
                self.event(&fact, record, RecordEventKind::Withdrawn);
                self.written.insert((fact.slot, fact.tag), None);
                self.commit.counts.recorded += 1;
                self.commit.counts.withdrawn += 1;
            }
            Effect::Record { revision, corrects } => {
                self.report(&attachment.warnings);
                if let Some(old) = corrects {
                    self.event(&fact, old, RecordEventKind::Corrected);
                }
                self.count_record(row.hold.is_some(), corrects.is_some());
                self.written.insert((fact.slot, fact.tag), Some(fact.content_tag));
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

    fn event(&mut self, fact: &Fact, record: store::RecordId, kind: RecordEventKind) {
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

    fn draft(&mut self, attachment: &Attachment, fact: Fact, revision: u32) {
        let Some(slot) = self.slots.get(fact.slot) else { return };
        let row = &attachment.row;
        let record = NewRecord {
            person: slot.person,
            item: self.origin.item.id.clone(),
            provider: self.origin.provider.clone(),
            state: if row.hold.is_some() {
                BirthState::Held
            } else {
                BirthState::Usable
            },
            class: row.class,
            end: row.end,
            fact_tag: fact.tag,
            revision,
            content_tag: fact.content_tag,
            content: Sealed::default(),
        };
        self.drafts.push(Draft {
            slot: fact.slot,
            record,
            bytes: fact.bytes,
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
            slot: 0,
            record: new,
            bytes,
        });
        self.commit.counts.received += 1;
        self.count_record(record.birth == BirthState::Held, false);
        Ok(())
    }

    /// Sorts by person, so that the index is written in order; then each record's place is known and it can be sealed.
    fn finish(mut self) -> Result<ChunkCommit, AppError> {
        self.drafts
            .sort_by_key(|draft| (draft.record.person, draft.record.fact_tag));
        self.commit.records.reserve(self.drafts.len());
        for (ordinal, draft) in self.drafts.into_iter().enumerate() {
            let ordinal = u32::try_from(ordinal).map_err(|_| AppError::Damaged { what: "chunk size" })?;
            let slot = self
                .slots
                .get(draft.slot)
                .ok_or(AppError::Damaged { what: "chunk slots" })?;
            let row = store::record_uuid(self.commit.uuid, ordinal);
            let content = keys::seal(&slot.secret, RECORD_CONTENT, row, &draft.bytes)?;
            self.commit.records.push(NewRecord {
                content,
                ..draft.record
            });
        }
        // Persons whose rows all fell out of this chunk are not created.
        drop_unused_persons(&mut self.commit);
        self.commit.entry_hash = hash_of(&self.commit);
        Ok(self.commit)
    }
}

fn effect_of(operation: RowOperation, fact: &Fact, known: Option<KnownFact>) -> Effect {
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
                    corrects: Some(known.record),
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
                Effect::Withdraw(known.record)
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
