//! Persons as a whole: two documents of one human are linked, records of two humans under one file are split. Both are
//! events; nothing is moved (architecture, "Decided once").

use domain::record::{RecordContent, RecordEventKind};
use domain::{IdentityDocument, Name};
use policy::{LinkPersons, Permit};
use store::{
    KnownPersonEvent, NewPersonEvent, NewPersonEventKind, NewRecordEvent, Person, PersonEvent, PersonRef, Record,
    Sealed, StoreError,
};
use uuid::Uuid;
use vault::{Secret, SecretOwner};

use crate::deliver::chunk::{self, Origin, Person as NewFile};
use crate::deliver::place::Places;
use crate::keys::{self, PERSON_EVENT_REASON, RECORD_CONTENT};
use crate::{App, AppError, own_file};

/// Links the persons of two documents of one human: the own page shows the records of both from now on.
///
/// # Errors
///
/// [`AppError::NotFound`] if one of them has no file; [`AppError::Conflict`] if they are linked already.
pub async fn link(
    app: &App,
    permit: &Permit<LinkPersons>,
    one: &IdentityDocument,
    other: &IdentityDocument,
    reason: &str,
) -> Result<(), AppError> {
    let (one, other) = (find(app, one).await?, find(app, other).await?);
    let is_linked = app.store().linked_persons(one.id).await?.contains(&other.id);
    if one.id == other.id || is_linked {
        return Err(AppError::Conflict);
    }
    append(app, permit, &one, PersonEvent::Linked { with: other.id }, reason).await
}

/// Ends a link that was wrong.
///
/// # Errors
///
/// [`AppError::NotFound`] if one of them has no file; [`AppError::Conflict`] if they are not linked.
pub async fn unlink(
    app: &App,
    permit: &Permit<LinkPersons>,
    one: &IdentityDocument,
    other: &IdentityDocument,
    reason: &str,
) -> Result<(), AppError> {
    let (one, other) = (find(app, one).await?, find(app, other).await?);
    if one.id == other.id || !app.store().linked_persons(one.id).await?.contains(&other.id) {
        return Err(AppError::Conflict);
    }
    append(app, permit, &one, PersonEvent::Unlinked { with: other.id }, reason).await
}

/// Splits records off a person's file that belong to another human: copies are encrypted for the right person, and the
/// records left behind are marked as corrected, a tombstone that only the person reads.
///
/// # Errors
///
/// [`AppError::NotFound`] if the register does not know the right person under this name, or a record is not this person's;
/// [`AppError::Conflict`] if somebody changed them meanwhile.
pub async fn split(
    app: &App,
    permit: &Permit<LinkPersons>,
    from: &IdentityDocument,
    into: (&IdentityDocument, &Name),
    records: &[Uuid],
    reason: &str,
) -> Result<Vec<Uuid>, AppError> {
    let registered = app
        .register()
        .find(into.0)
        .filter(|entry| entry.name() == into.1.canonical());
    let registered = registered.ok_or(AppError::NotFound)?.original().to_owned();
    let from = find(app, from).await?;
    let from_secret = secret_of(app, &from)?;
    let mut copies = Vec::new();
    for uuid in records {
        let record = app
            .store()
            .find_record(*uuid)
            .await?
            .filter(|record| record.person == from.id);
        let record = record.ok_or(AppError::NotFound)?;
        if own_file::state_now(app, &record).is_final() {
            return Err(AppError::Conflict);
        }
        copies.push((open(&from_secret, &record)?, record));
    }
    let first = copies.first().ok_or(AppError::Invalid {
        what: "name the records that are to be split off",
    })?;
    let (provider, item) = (first.1.provider.clone(), first.1.item.clone());
    if copies
        .iter()
        .any(|(_, record)| record.provider != provider || record.item != item)
    {
        return Err(AppError::Invalid {
            what: "split off the records of one provider and one item at a time",
        });
    }
    let item = app.catalogue().items.get(&item).ok_or(AppError::Damaged {
        what: "an item that is gone",
    })?;
    let origin = Origin {
        delivery: None,
        provider: &provider,
        item,
        secret: None,
        places: &Places::default(),
    };
    let file = NewFile::new(app, into.0.clone(), Some(registered));
    let mut commit = chunk::copy(app, &origin, &file, &copies, |record| NewRecordEvent {
        record: record.id,
        person: from.id,
        kind: RecordEventKind::Corrected,
        effective: app.now().day(),
        reason: Sealed::default(),
    })
    .await?;
    let into = commit.records.first().map(|record| record.person);
    let into = into.ok_or(AppError::Damaged {
        what: "a split without copies",
    })?;
    commit.person_events.push(NewPersonEvent {
        person: PersonRef::Known(from.id),
        kind: NewPersonEventKind::Split { into },
        tags: Vec::new(),
        reason: keys::seal(&from_secret, PERSON_EVENT_REASON, from.uuid, reason.as_bytes())?,
        by: permit.caller().account,
        entry_hash: event_hash(app, &from),
    });
    match app.store().commit_chunk(&commit).await {
        Ok(()) => {}
        Err(StoreError::Conflict { .. }) => return Err(AppError::Conflict),
        Err(other) => return Err(other.into()),
    }
    Ok(commit
        .records
        .iter()
        .map(|record| store::record_uuid(commit.uuid, record.ordinal))
        .collect())
}

async fn find(app: &App, document: &IdentityDocument) -> Result<Person, AppError> {
    let tags: Vec<_> = keys::number_tags(app.vault(), document).all().collect();
    app.store()
        .find_persons(&tags)
        .await?
        .into_iter()
        .flatten()
        .next()
        .ok_or(AppError::NotFound)
}

fn secret_of(app: &App, person: &Person) -> Result<Secret, AppError> {
    let wrapped = person.secret.as_ref().ok_or(AppError::NotFound)?;
    Ok(app.vault().unwrap_secret(SecretOwner::Person, person.uuid, wrapped)?)
}

fn open(secret: &Secret, record: &Record) -> Result<RecordContent, AppError> {
    let bytes = keys::open(secret, RECORD_CONTENT, record.uuid, &record.content)?.ok_or(AppError::Conflict)?;
    RecordContent::from_bytes(&bytes).map_err(|_| AppError::Damaged { what: "record content" })
}

async fn append(
    app: &App,
    permit: &Permit<LinkPersons>,
    person: &Person,
    event: PersonEvent,
    reason: &str,
) -> Result<(), AppError> {
    let secret = secret_of(app, person)?;
    let sealed = keys::seal(&secret, PERSON_EVENT_REASON, person.uuid, reason.as_bytes())?;
    let known = KnownPersonEvent {
        person: person.id,
        event,
        tags: Vec::new(),
        reason: sealed,
        by: permit.caller().account,
        at: app.now(),
        entry_hash: event_hash(app, person),
    };
    Ok(app.store().append_person_event(&known).await?)
}

fn event_hash(app: &App, person: &Person) -> [u8; 32] {
    let id = app.fresh_uuid();
    translog::entry_hash("person_event", &[id.as_bytes(), person.uuid.as_bytes()])
}
