//! A provider corrects or withdraws a record it delivered (Shandong regulation art. 40: at once).

use domain::catalogue::FieldCode;
use domain::record::{RecordContent, RecordEventKind, RecordState};
use policy::{CorrectRecord, Permit, WithdrawRecord};
use std::collections::BTreeMap;
use store::{BirthState, NewRecord, NewRecordEvent, PersonRef, Record, Sealed, StoreError};
use uuid::Uuid;
use vault::{Secret, SecretOwner};

use crate::deliver::chunk::{self, Origin};
use crate::deliver::entry;
use crate::deliver::place::Places;
use crate::keys::{self, RECORD_CONTENT, RECORD_EVENT_REASON};
use crate::{App, AppError, own_file};

/// What a policy question needs to know of a record; not to be shown.
#[derive(Debug, Clone)]
pub struct RecordHead {
    /// Public id.
    pub uuid: Uuid,
    /// Organisation that delivered it.
    pub provider: domain::Uscc,
}

/// Finds a record, to ask the policies about it.
///
/// # Errors
///
/// If the store fails.
pub async fn find(app: &App, uuid: Uuid) -> Result<Option<RecordHead>, AppError> {
    Ok(app.store().find_record(uuid).await?.map(|record| RecordHead {
        uuid,
        provider: record.provider,
    }))
}

/// Withdraws a record: from now on nobody but its person reads it, and sending it again does not bring it back.
///
/// # Errors
///
/// [`AppError::NotFound`]; [`AppError::Conflict`] if its life is over already.
pub async fn withdraw(app: &App, permit: &Permit<WithdrawRecord>, reason: &str) -> Result<(), AppError> {
    let resource = permit.resource();
    let (record, secret) = alive(app, resource.record, &resource.provider).await?;
    let event = event(&record, &secret, RecordEventKind::Withdrawn, reason, app)?;
    let hash = event_hash(&record, RecordEventKind::Withdrawn, app.now());
    app.store()
        .append_record_events(&[event], app.now(), &[hash])
        .await
        .map_err(conflict)
}

/// Corrects fields of a record: the old record stays as it was said and is marked, a new one takes its place.
///
/// # Errors
///
/// [`AppError::NotFound`]; [`AppError::Conflict`] if its life is over or somebody corrected meanwhile;
/// [`AppError::Invalid`] for a field that the standard does not have, or that says whose the record is.
pub async fn correct(
    app: &App,
    permit: &Permit<CorrectRecord>,
    changes: &BTreeMap<FieldCode, String>,
    reason: &str,
) -> Result<Uuid, AppError> {
    let resource = permit.resource();
    let (record, secret) = alive(app, resource.record, &resource.provider).await?;
    let item = app.catalogue().items.get(&record.item).ok_or(AppError::Damaged {
        what: "an item that is gone",
    })?;
    let bytes = keys::open(&secret, RECORD_CONTENT, record.uuid, &record.content)?.ok_or(AppError::Conflict)?;
    let mut content = RecordContent::from_bytes(&bytes).map_err(|_| AppError::Damaged { what: "record content" })?;
    for (code, value) in changes {
        let spec = item.field(code).ok_or(AppError::Invalid {
            what: "the data standard has no such field",
        })?;
        intake::check_value(app.catalogue(), spec, value).map_err(|_| AppError::Invalid {
            what: "the value does not fit the field's format",
        })?;
        if value.is_empty() {
            content.fields.remove(code);
        } else {
            content.fields.insert(code.clone(), value.clone());
        }
    }
    let bytes = content.to_bytes();
    let verdict =
        intake::end_and_class(app.catalogue(), item, &content, app.now().day()).map_err(|_| AppError::Invalid {
            what: "with this change the end of the record cannot be computed",
        })?;
    let origin = Origin {
        delivery: None,
        provider: &record.provider,
        item,
        secret: None,
        places: &Places::default(),
    };
    let mut commit = chunk::plan(app, &origin, &[]).await?;
    let row = store::record_uuid(commit.uuid, 0);
    let new = NewRecord {
        ordinal: 0,
        person: PersonRef::Known(record.person),
        item: record.item.clone(),
        provider: record.provider.clone(),
        state: BirthState::Usable,
        class: verdict.class,
        end: verdict.end,
        fact_tag: record.fact_tag,
        revision: record.revision + 1,
        content_tag: secret.content_tag(&bytes),
        content: keys::seal(&secret, RECORD_CONTENT, row, &bytes)?,
    };
    commit
        .events
        .push(event(&record, &secret, RecordEventKind::Corrected, reason, app)?);
    commit.counts = store::Counts {
        received: 1,
        recorded: 1,
        corrected: 1,
        ..store::Counts::default()
    };
    commit.records.push(new);
    commit.entry_hash = entry::hash_of(&commit);
    app.store().commit_chunk(&commit).await.map_err(conflict)?;
    Ok(row)
}

async fn alive(app: &App, uuid: Uuid, provider: &domain::Uscc) -> Result<(Record, Secret), AppError> {
    let record = app
        .store()
        .find_record(uuid)
        .await?
        .filter(|record| record.provider == *provider);
    let record = record.ok_or(AppError::NotFound)?;
    let state = own_file::state_now(app, &record);
    if !matches!(state, RecordState::Held | RecordState::Usable | RecordState::Disputed) {
        return Err(AppError::Conflict);
    }
    let person = app
        .store()
        .get_persons(&[record.person])
        .await?
        .into_iter()
        .next()
        .ok_or(AppError::NotFound)?;
    let wrapped = person.secret.ok_or(AppError::NotFound)?;
    let secret = app.vault().unwrap_secret(SecretOwner::Person, person.uuid, &wrapped)?;
    Ok((record, secret))
}

fn event(
    record: &Record,
    secret: &Secret,
    kind: RecordEventKind,
    reason: &str,
    app: &App,
) -> Result<NewRecordEvent, AppError> {
    let reason: Sealed = keys::seal(secret, RECORD_EVENT_REASON, record.uuid, reason.as_bytes())?;
    Ok(NewRecordEvent {
        record: record.id,
        person: record.person,
        kind,
        effective: app.now().day(),
        reason,
    })
}

fn event_hash(record: &Record, kind: RecordEventKind, at: domain::Moment) -> [u8; 32] {
    translog::entry_hash(
        "record_event",
        &[record.uuid.as_bytes(), kind.as_str().as_bytes(), &at.0.to_be_bytes()],
    )
}

fn conflict(error: StoreError) -> AppError {
    match error {
        StoreError::Conflict { .. } => AppError::Conflict,
        other => other.into(),
    }
}
