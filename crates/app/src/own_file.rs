//! The resident's own file: records and notices. Every own read is traced first, marked *self* (R6, R11).

use std::collections::BTreeMap;

use domain::catalogue::{BreachClass, Disclosure, ItemId, ItemNature, LegalBasis, Text};
use domain::record::{RecordContent, RecordEventKind, RecordState};
use domain::{Day, IdentityDocument, Moment};
use policy::{Permit, ReadOwnNotices, ReadOwnRecords};
use serde_json::json;
use store::{BirthState, IndexTag, NewTrace, Person, Record, StoreError, TraceKind, TraceOutcome};
use uuid::Uuid;
use vault::{Secret, SecretOwner};

use crate::keys::{self, RECORD_CONTENT, TRACE_CONTENT};
use crate::{App, AppError, accounts, entry, names};

/// The own CreditFile.
#[derive(Debug, Clone)]
pub struct OwnFile {
    /// The person's own name.
    pub name: String,
    /// Document number, masked but for the last two characters.
    pub document_masked: String,
    /// Moment of reading.
    pub as_of: Moment,
    /// Records by item, in the catalogue's order; empty if nothing is held.
    pub groups: Vec<OwnGroup>,
}

/// Records of one item, newest first.
#[derive(Debug, Clone)]
pub struct OwnGroup {
    /// Item.
    pub item: ItemId,
    /// Its name.
    pub item_name: Text,
    /// Its nature.
    pub nature: ItemNature,
    /// Records.
    pub records: Vec<OwnRecord>,
}

/// A record as its person sees it.
#[derive(Debug, Clone)]
pub struct OwnRecord {
    /// Public id.
    pub uuid: Uuid,
    /// What it says.
    pub fields: Vec<OwnField>,
    /// Who said so.
    pub provider_name: Text,
    /// On what legal basis.
    pub legal_basis: Vec<LegalBasis>,
    /// Since when it is in the file.
    pub since: Day,
    /// Until when others may read it.
    pub until: Day,
    /// When it was received.
    pub received_at: Moment,
    /// State today.
    pub state: RecordState,
    /// Class of a breach.
    pub class: Option<BreachClass>,
    /// Earliest day of a repair, for adverse records whose class has a shortest period.
    pub repair_from: Option<Day>,
    /// Why it cannot be repaired, if a rule says so; then there is no day.
    pub repair_barred: Option<Text>,
    /// Who may see it.
    pub seen_by: Vec<Disclosure>,
    /// Whether the person has not acknowledged it yet.
    pub is_new: bool,
}

/// A field of a record.
#[derive(Debug, Clone)]
pub struct OwnField {
    /// Code of the data standard.
    pub code: String,
    /// Label.
    pub label: Text,
    /// Value as delivered.
    pub value: String,
    /// Whether free text was withheld because it names others (E16).
    pub is_withheld: bool,
    /// Unit of an amount.
    pub unit: Option<&'static str>,
}

/// What a notice is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoticeKind {
    /// A record was received.
    RecordReceived,
    /// A record was received and is held: nobody else is served.
    RecordHeld,
    /// Something happened to a record.
    RecordEvent(RecordEventKind),
}

/// A notice: an effect as its person is told of it. No period runs from an unread one (R3).
#[derive(Debug, Clone)]
pub struct Notice {
    /// What.
    pub kind: NoticeKind,
    /// When.
    pub at: Moment,
    /// Record.
    pub record: Uuid,
    /// Item.
    pub item: ItemId,
    /// Name of the item.
    pub item_name: Text,
    /// Who delivered.
    pub provider_name: Text,
    /// Whether it has not been acknowledged.
    pub is_new: bool,
}

/// What the person's account leads to.
struct Own {
    name: String,
    document_masked: String,
    persons: Vec<(Person, Secret)>,
    records: Vec<Record>,
    seen_until: Option<Moment>,
}

/// The own records, each opened.
///
/// # Errors
///
/// If the trace cannot be written (then nothing is read), or store or vault fail.
pub async fn records(app: &App, permit: &Permit<ReadOwnRecords>) -> Result<OwnFile, AppError> {
    let account = permit.resource().account;
    let (own, trace) = read(app, account, "own_records").await?;
    let mut groups: BTreeMap<ItemId, Vec<OwnRecord>> = BTreeMap::new();
    for record in &own.records {
        groups
            .entry(record.item.clone())
            .or_default()
            .push(open_record(app, &own, record)?);
    }
    let groups = groups
        .into_iter()
        .map(|(item, records)| OwnGroup {
            item_name: names::item(app.catalogue(), &item),
            nature: app
                .catalogue()
                .items
                .get(&item)
                .map_or(ItemNature::Other, |item| item.nature),
            item,
            records,
        })
        .collect();
    let outcome = if own.records.is_empty() {
        TraceOutcome::Nothing
    } else {
        TraceOutcome::Disclosed
    };
    app.traces().outcome(trace, outcome, app.now()).await;
    Ok(OwnFile {
        name: own.name,
        document_masked: own.document_masked,
        as_of: app.now(),
        groups,
    })
}

/// The person's notices, newest first.
///
/// # Errors
///
/// As [`records`].
pub async fn notices(app: &App, permit: &Permit<ReadOwnNotices>) -> Result<Vec<Notice>, AppError> {
    let (own, trace) = read(app, permit.resource().account, "own_notices").await?;
    let mut notices = Vec::new();
    for record in &own.records {
        let notice = |kind, at: Moment| Notice {
            kind,
            at,
            record: record.uuid,
            item: record.item.clone(),
            item_name: names::item(app.catalogue(), &record.item),
            provider_name: names::organisation(app.catalogue(), &record.provider),
            is_new: own.seen_until.is_none_or(|seen| at > seen),
        };
        let kind = match record.birth {
            BirthState::Usable => NoticeKind::RecordReceived,
            BirthState::Held => NoticeKind::RecordHeld,
        };
        notices.push(notice(kind, record.received_at));
        notices.extend(
            record
                .events
                .iter()
                .map(|event| notice(NoticeKind::RecordEvent(event.kind), event.at)),
        );
    }
    notices.sort_by_key(|notice| std::cmp::Reverse(notice.at));
    let outcome = if notices.is_empty() {
        TraceOutcome::Nothing
    } else {
        TraceOutcome::Disclosed
    };
    app.traces().outcome(trace, outcome, app.now()).await;
    Ok(notices)
}

/// An emergency in which officers were let look at the person without a registered matter.
#[derive(Debug, Clone)]
pub struct EmergencyNotice {
    /// Its id, to ask about.
    pub uuid: Uuid,
    /// Whose officers.
    pub organisation_name: Text,
    /// Reason word of the closed list.
    pub reason: String,
    /// Purpose.
    pub purpose_name: Text,
    /// When it was granted.
    pub at: Moment,
    /// Until when it lasted.
    pub until: Moment,
}

/// The emergencies about the person, newest first: told from the moment in which each was granted (AB-09).
///
/// # Errors
///
/// As [`records`].
pub async fn emergencies(app: &App, permit: &Permit<ReadOwnNotices>) -> Result<Vec<EmergencyNotice>, AppError> {
    let account = app.store().find_account(permit.resource().account).await?;
    let account = account.ok_or(AppError::NotFound)?;
    let (document, _) = accounts::identity_of(app, &account)?;
    let tags = keys::number_tags(app.vault(), &document);
    let what = json!({ "by": account.uuid, "what": "own_notices" });
    let trace = trace(app, TraceKind::OwnRead, tags.current, &what).await?;
    let subjects: Vec<IndexTag> = tags.all().collect();
    let told = crate::emergencies::told(app, &subjects).await?;
    let outcome = if told.is_empty() {
        TraceOutcome::Nothing
    } else {
        TraceOutcome::Disclosed
    };
    app.traces().outcome(trace, outcome, app.now()).await;
    let purposes = &app.catalogue().purposes;
    let notices = told.into_iter().map(|notice| EmergencyNotice {
        uuid: notice.procedure,
        organisation_name: names::organisation(app.catalogue(), &notice.organisation),
        reason: notice.reason,
        purpose_name: purposes.get(&notice.purpose).map_or_else(
            || Text {
                zh: notice.purpose.to_string(),
                en: notice.purpose.to_string(),
            },
            |purpose| purpose.name.clone(),
        ),
        at: notice.at,
        until: notice.until,
    });
    Ok(notices.collect())
}

/// Records that the person has read all notices up to `until`.
///
/// # Errors
///
/// If the store fails.
pub async fn acknowledge(app: &App, permit: &Permit<ReadOwnNotices>, until: Moment) -> Result<(), AppError> {
    let (own, trace) = read(app, permit.resource().account, "own_notices").await?;
    let until = until.min(app.now());
    for (person, _) in &own.persons {
        app.store().acknowledge_notices(person.id, until, app.now()).await?;
    }
    app.traces().outcome(trace, TraceOutcome::Nothing, app.now()).await;
    Ok(())
}

/// Traces, then finds the person behind an account and reads the records.
async fn read(app: &App, account: Uuid, what: &'static str) -> Result<(Own, Uuid), AppError> {
    match read_once(app, account, what).await {
        // A key was retired between reading the key file and asking the store.
        Err(AppError::Store(StoreError::Conflict { .. })) => read_once(app, account, what).await,
        other => other,
    }
}

async fn read_once(app: &App, account: Uuid, what: &'static str) -> Result<(Own, Uuid), AppError> {
    app.vault().refresh()?;
    let account = app.store().find_account(account).await?.ok_or(AppError::NotFound)?;
    let (document, name) = accounts::identity_of(app, &account)?;
    let subject = keys::number_tags(app.vault(), &document).current;
    let trace = trace(
        app,
        TraceKind::OwnRead,
        subject,
        &json!({ "v": 1, "kind": "own_read", "account": account.uuid, "what": what }),
    )
    .await?;

    // The name comes from a verified login, so number and name are both authoritative (B2); an alias leads there, too.
    let tags: Vec<IndexTag> = keys::name_tags(app.vault(), &document, &name).all().collect();
    let first = app.store().find_persons(&tags).await?.into_iter().flatten().next();
    let mut persons = Vec::new();
    let mut records = Vec::new();
    let mut seen_until = None;
    if let Some(first) = first {
        let linked = app.store().linked_persons(first.id).await?;
        for person in app.store().get_persons(&linked).await? {
            let Some(wrapped) = &person.secret else { continue };
            let secret = app.vault().unwrap_secret(SecretOwner::Person, person.uuid, wrapped)?;
            records.extend(app.store().records_of(person.id).await?);
            persons.push((person, secret));
        }
        seen_until = app.store().notices_seen_until(first.id).await?;
    }
    records.sort_by_key(|record| std::cmp::Reverse((record.received_at, record.id)));
    let own = Own {
        name: name.expose().to_owned(),
        document_masked: document.masked(),
        persons,
        records,
        seen_until,
    };
    Ok((own, trace))
}

/// Makes a trace durable before anything is probed (R11); returns its id for the outcome.
pub(crate) async fn trace(
    app: &App,
    kind: TraceKind,
    subject: IndexTag,
    content: &serde_json::Value,
) -> Result<Uuid, AppError> {
    trace_about(app, kind, subject, content, None).await
}

/// The same, with the number it is about, where no account and no waiting row leads to it.
pub(crate) async fn trace_about(
    app: &App,
    kind: TraceKind,
    subject: IndexTag,
    content: &serde_json::Value,
    about: Option<&IdentityDocument>,
) -> Result<Uuid, AppError> {
    // The own file is shown even from an old backup: that hides nothing from its person, and harms nobody.
    if kind == TraceKind::LookUp {
        app.log().must_be_current()?;
    }
    let uuid = app.fresh_uuid();
    let (content, entry_hash) = entry::seal_about(app, entry::TRACE, TRACE_CONTENT, uuid, content, about)?;
    app.traces()
        .intent(NewTrace {
            uuid,
            kind,
            subject,
            content,
            entry_hash,
            at: app.now(),
        })
        .await?;
    Ok(uuid)
}

fn open_record(app: &App, own: &Own, record: &Record) -> Result<OwnRecord, AppError> {
    let (_, secret) = own
        .persons
        .iter()
        .find(|(person, _)| person.id == record.person)
        .ok_or(AppError::Damaged {
            what: "a record without its person",
        })?;
    let content = match keys::open(secret, RECORD_CONTENT, record.uuid, &record.content)? {
        Some(bytes) => RecordContent::from_bytes(&bytes).map_err(|_| AppError::Damaged { what: "record content" })?,
        None => RecordContent::default(),
    };
    let item = app.catalogue().items.get(&record.item);
    let today = app.now().day();
    let barred = item
        .filter(|item| item.is_adverse())
        .and_then(|item| intake::repair_bar(app.catalogue(), item, &content, today))
        .map(|rule| rule.message.clone());
    Ok(OwnRecord {
        uuid: record.uuid,
        fields: fields(app, &record.item, &content),
        provider_name: names::organisation(app.catalogue(), &record.provider),
        legal_basis: item.map(|item| item.legal_basis.clone()).unwrap_or_default(),
        since: record.received_at.day(),
        until: record.end,
        received_at: record.received_at,
        state: state_now(app, record),
        class: record.class,
        repair_from: repair_from(app, record, &content).filter(|_| barred.is_none()),
        repair_barred: barred,
        seen_by: item.map(|item| item.disclosure.clone()).unwrap_or_default(),
        is_new: own.seen_until.is_none_or(|seen| record.received_at > seen),
    })
}

/// The state of a record now. What is recorded has happened, even if the clock of this host went back since: a withdrawn
/// record does not come back to life by it.
pub(crate) fn state_now(app: &App, record: &Record) -> RecordState {
    let recorded = record
        .events
        .iter()
        .map(|event| event.at)
        .fold(record.received_at, Moment::max);
    let now = app.now().max(recorded);
    let birth = match record.birth {
        BirthState::Usable => RecordState::Usable,
        BirthState::Held => RecordState::Held,
    };
    let events: Vec<_> = record
        .events
        .iter()
        .map(|event| (event.kind, event.effective, event.at))
        .collect();
    domain::record::state_on(birth, record.end, &events, now.day(), now)
}

/// Labels and values in the order of the standard; fields that the catalogue no longer knows come last under their code.
pub(crate) fn fields(app: &App, item: &ItemId, content: &RecordContent) -> Vec<OwnField> {
    let specs = app
        .catalogue()
        .items
        .get(item)
        .map(|item| item.fields.as_slice())
        .unwrap_or_default();
    let mut fields = Vec::new();
    for spec in specs {
        let is_withheld = content.withheld.contains(&spec.code);
        let Some(value) = content
            .fields
            .get(&spec.code)
            .cloned()
            .or_else(|| is_withheld.then(String::new))
        else {
            continue;
        };
        fields.push(OwnField {
            code: spec.code.0.to_string(),
            label: spec.label.clone(),
            value,
            is_withheld,
            unit: spec.in_ten_thousand_yuan.then_some("万元"),
        });
    }
    for (code, value) in &content.fields {
        if !specs.iter().any(|spec| spec.code == *code) {
            let label = Text {
                zh: code.0.to_string(),
                en: code.0.to_string(),
            };
            fields.push(OwnField {
                code: code.0.to_string(),
                label,
                value: value.clone(),
                is_withheld: false,
                unit: None,
            });
        }
    }
    fields
}

/// The earliest day of a repair: the class's shortest period after the decision (decree 36).
fn repair_from(app: &App, record: &Record, content: &RecordContent) -> Option<Day> {
    let item = app
        .catalogue()
        .items
        .get(&record.item)
        .filter(|item| item.is_adverse())?;
    let class = record.class?;
    let decision_field = item.field_with(domain::catalogue::FieldRole::DecisionDay)?;
    let decision = Day::parse_iso(content.fields.get(&decision_field.code)?).ok()?;
    let period = app.catalogue().class_periods.iter().find(|period| {
        period.class == class && period.valid_from <= decision && period.valid_to.is_none_or(|to| decision <= to)
    })?;
    decision.plus_months(i32::try_from(period.min_months).ok()?).ok()
}
