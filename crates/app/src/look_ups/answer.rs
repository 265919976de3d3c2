//! Trace, find, the person's decision, answer.

use domain::catalogue::{Item, Purpose};
use domain::disclosure::{RecordHead, disclose, is_shown};
use domain::record::{RecordContent, RecordState};
use domain::{Day, Moment};
use policy::{Caller, Disclose, LookUp, Permit, PersonSide, Relation, ShowRecord};
use serde_json::json;
use store::{
    AlarmKind, Asker, Found, KnownLookUp, NewAnswer, NewLookUp, NewTrace, Record, RecordId, TraceKind, TraceOutcome,
};
use uuid::Uuid;
use vault::{Secret, SecretOwner};

use super::{Answer, Asked, FieldAnswer, ItemAnswer, LookUpFault, Receipt, RecordAnswer, limits};
use crate::keys::{self, LOOK_UP_ANSWER, RECORD_CONTENT, RequestTag, TRACE_CONTENT};
use crate::{App, AppError, entry, handles, names, own_file};

/// How long the same key gets the same answer, in milliseconds. Later the records may have changed, and reading them again is
/// another look.
const REPEAT_MS: i64 = 10 * 60 * 1000;

/// The bytes that a receipt's signature is over.
#[must_use]
pub fn promise(look_up: Uuid, entry_hash: &[u8; 32], at: Moment) -> Vec<u8> {
    let hash = hex::encode(entry_hash);
    format!("chengdang look-up receipt 1\n{look_up}\n{hash}\n{}\n", at.0).into_bytes()
}

/// A look-up that is durable, with the moment as of which it is answered.
struct Traced {
    id: Uuid,
    at: Moment,
    entry_hash: [u8; 32],
    /// Whether it stood under its key already.
    is_repeated: bool,
}

/// Looks a person up. The trace is durable before anybody is searched for (R11); what depends on the person looks the same
/// whatever the reason (R12).
///
/// # Errors
///
/// [`LookUpFault`] for what depends on the caller, and if trace, store or vault fail: then nothing is answered.
pub async fn look_up(app: &App, permit: &Permit<LookUp>, asked: &Asked) -> Result<Answer, LookUpFault> {
    app.log().must_be_current()?;
    let caller = permit.caller();
    let purpose = purpose_of(app, permit, asked)?;
    let officer = caller.behind.unwrap_or(caller.account);
    let organisation = caller.organisation.clone().ok_or(AppError::Invalid {
        what: "who looks a person up acts for an organisation",
    })?;
    let by = Asker {
        organisation,
        account: officer,
        client: limits::client_of(caller),
        purpose: purpose.id.clone(),
    };
    let numbers = keys::number_tags(app.vault(), &asked.document);
    let matter = asked.matter.as_ref().map(|matter| matter.id);
    limits::take(app, caller, &by, matter, numbers.current.tag).await?;
    app.ensure_decoy().await?;

    let traced = trace(app, permit, asked, by, &numbers).await?;
    if limits::is_honey(app, &numbers) {
        limits::raise(app, AlarmKind::HoneyNumber, caller, Some(&purpose.id), Some(traced.id)).await;
    }
    let names: Vec<_> = keys::name_tags(app.vault(), &asked.document, &asked.name)
        .all()
        .collect();
    let numbers: Vec<_> = numbers.all().collect();
    let found = app.store().find_for_look_up(&names, &numbers, officer).await?;
    // The decoy has a secret, too, so that a miss costs the same.
    let secret = found
        .person
        .secret
        .as_ref()
        .map(|wrapped| {
            app.vault()
                .unwrap_secret(SecretOwner::Person, found.person.uuid, wrapped)
        })
        .transpose()?;
    let (is_allowed, is_related) = person_decision(app, permit, &found);
    if is_related {
        limits::raise(app, AlarmKind::Relation, caller, Some(&purpose.id), Some(traced.id)).await;
    }
    let secret = secret.as_ref().filter(|_| is_allowed);
    if traced.is_repeated {
        return again(app, permit, asked, &traced, found, secret).await;
    }
    let items = items(app, caller, purpose, asked, &found, secret)?;
    let answer = new_answer(app, purpose, &traced, &found, &items, is_allowed)?;
    let close_by = answer.close_by;
    app.traces().answer(answer).await;
    Ok(Answer {
        id: traced.id,
        at: traced.at,
        items,
        close_by,
        receipt: receipt(app, &traced),
    })
}

/// Answers a look-up again that stands under its key: at most what it was answered then, and less where records fell since. What
/// came since is another look, with a trace of its own (R11).
async fn again(
    app: &App,
    permit: &Permit<LookUp>,
    asked: &Asked,
    traced: &Traced,
    mut found: Found,
    secret: Option<&Secret>,
) -> Result<Answer, LookUpFault> {
    let (caller, purpose) = (permit.caller(), purpose_of(app, permit, asked)?);
    let mut first = first_answer(app, traced).await?;
    if first.is_none() {
        // It is on its way to the store, or was lost in a crash. Whichever is written first stands.
        let items = items(app, caller, purpose, asked, &found, secret)?;
        let answer = new_answer(app, purpose, traced, &found, &items, secret.is_some())?;
        app.traces().answer_now(answer).await?;
        first = first_answer(app, traced).await?;
    }
    let (shown, close_by) = first.ok_or(LookUpFault::KeyOld)?;
    found.records.retain(|record| shown.contains(&record.uuid));
    Ok(Answer {
        id: traced.id,
        at: traced.at,
        items: items(app, caller, purpose, asked, &found, secret)?,
        close_by,
        receipt: receipt(app, traced),
    })
}

/// The records that a look-up was answered with, and the day to close it by; `None` if no answer was written down.
async fn first_answer(app: &App, traced: &Traced) -> Result<Option<(Vec<Uuid>, Option<Day>)>, LookUpFault> {
    let look = app.store().find_look_up(traced.id).await?;
    let Some(answered) = look.and_then(|look| look.answer) else {
        return Ok(None);
    };
    // Erased since: it cannot be told what was shown.
    let entry = entry::open(app, LOOK_UP_ANSWER, traced.id, &answered.content)?.ok_or(LookUpFault::KeyOld)?;
    let content = entry.json();
    let items = content.get("items").and_then(serde_json::Value::as_array);
    let records = items
        .into_iter()
        .flatten()
        .filter_map(|item| item.get("records")?.as_array())
        .flatten()
        .filter_map(|record| Uuid::parse_str(record.as_str()?).ok());
    Ok(Some((records.collect(), answered.close_by)))
}

fn receipt(app: &App, traced: &Traced) -> Receipt {
    let signature = app.vault().sign(&promise(traced.id, &traced.entry_hash, traced.at));
    Receipt {
        look_up: traced.id,
        entry_hash: traced.entry_hash,
        at: traced.at,
        signature,
    }
}

/// The purpose of the permit, which must be that of the request.
fn purpose_of<'a>(app: &'a App, permit: &Permit<LookUp>, asked: &Asked) -> Result<&'a Purpose, LookUpFault> {
    let permitted = permit.resource();
    if *permitted.purpose() != asked.purpose || permitted.items() != asked.items {
        return Err(AppError::Invalid {
            what: "the permit is for another look-up",
        }
        .into());
    }
    let purpose = app.catalogue().purposes.get(&asked.purpose);
    purpose.ok_or(LookUpFault::Purpose)
}

/// Makes the look-up durable, or finds the one that stands under its key.
async fn trace(
    app: &App,
    permit: &Permit<LookUp>,
    asked: &Asked,
    by: Asker,
    numbers: &keys::TagPair,
) -> Result<Traced, LookUpFault> {
    let (id, at) = (app.fresh_uuid(), app.now());
    let statute = app
        .catalogue()
        .purposes
        .get(&asked.purpose)
        .and_then(|purpose| purpose.statute.as_ref());
    let content = json!({
        "v": 1,
        "kind": "look_up",
        "id": id,
        "at": at.0,
        "organisation": by.organisation.as_str(),
        "official": handles::handle(app, &by.organisation, by.account),
        "account": by.account,
        "client": by.client,
        "purpose": by.purpose.as_str(),
        "statute": statute.map(|basis| format!("{} {}", basis.document, basis.article)),
        "legal_ground": asked.ground,
        "matter_no": asked.matter_no.as_str(),
        "items": asked.items.iter().map(ToString::to_string).collect::<Vec<_>>(),
        "policies": permit.policies(),
        "catalogue": app.catalogue().version,
    });
    let about = Some(&asked.document);
    let (content, entry_hash) = entry::seal_about(app, entry::TRACE, TRACE_CONTENT, id, &content, about)?;
    let request_tag = RequestTag::of(app.vault(), request_bytes(asked).as_bytes());
    let request_key = keys::request_key(app, "key", by.client, by.account, &asked.key);
    let new = NewLookUp {
        request_key,
        request_tag: request_tag.current,
        matter: asked.matter.as_ref().map(|matter| matter.id),
        organisation: by.organisation,
        account: by.account,
        client: by.client,
        purpose: by.purpose,
        day: at.day(),
        trace: NewTrace {
            uuid: id,
            kind: TraceKind::LookUp,
            subject: numbers.current,
            content,
            entry_hash,
            at,
        },
    };
    match app.traces().look_up(new).await? {
        None => Ok(Traced {
            id,
            at,
            entry_hash,
            is_repeated: false,
        }),
        Some(known) => repeated(app, &known, &request_tag, at).await,
    }
}

/// The look-up that stands under the key already: the same request gets the same answer, without a second trace (I8).
async fn repeated(
    app: &App,
    known: &KnownLookUp,
    request_tag: &RequestTag,
    now: Moment,
) -> Result<Traced, LookUpFault> {
    if !request_tag.fits(&known.request_tag) {
        return Err(LookUpFault::KeyUsed);
    }
    if now.0 - known.at.0 > REPEAT_MS {
        return Err(LookUpFault::KeyOld);
    }
    let look = app.store().find_look_up(known.uuid).await?;
    let look = look.ok_or(AppError::Damaged {
        what: "a look-up that is gone",
    })?;
    Ok(Traced {
        id: known.uuid,
        at: known.at,
        entry_hash: look.entry_hash,
        is_repeated: true,
    })
}

/// What tells one request from another. It is kept as a keyed tag only.
fn request_bytes(asked: &Asked) -> String {
    let items: Vec<&str> = asked.items.iter().map(domain::catalogue::ItemId::as_str).collect();
    let parts = [
        "request",
        asked.purpose.as_str(),
        &asked.ground,
        asked.matter_no.as_str(),
        &keys::document_text(&asked.document),
        asked.name.canonical(),
        &items.join(","),
    ];
    parts.join("\u{1f}")
}

/// A declared relation, as the policies name it.
pub(crate) const fn relation_of(relation: store::Relation) -> Relation {
    match relation {
        store::Relation::Own => Relation::Oneself,
        store::Relation::Kin => Relation::Declared,
        store::Relation::Colleague => Relation::Colleague,
    }
}

/// What the person's side says: allowed, and whether it is for a relation that it is not.
fn person_decision(app: &App, permit: &Permit<LookUp>, found: &Found) -> (bool, bool) {
    let relation = found.relation.map(relation_of);
    let question = Disclose {
        asked: permit.resource().clone(),
        person: PersonSide {
            is_traced: true,
            is_locked: found.is_locked,
            has_consent: false,
            relation,
        },
    };
    let decision = app.policies().decide(permit.caller(), question);
    if let Err(refusal) = &decision
        && refusal.is_alarm()
    {
        tracing::error!(
            error.code = refusal.code(),
            "the policies could not decide on a person's side"
        );
    }
    (decision.is_ok(), relation.is_some())
}

/// What is shown of each item; nothing without `secret`.
fn items(
    app: &App,
    caller: &Caller,
    purpose: &Purpose,
    asked: &Asked,
    found: &Found,
    secret: Option<&Secret>,
) -> Result<Vec<ItemAnswer>, AppError> {
    let mut answers = Vec::with_capacity(asked.items.len());
    for id in &asked.items {
        let item = app.catalogue().items.get(id).ok_or(AppError::Damaged {
            what: "an item that is gone",
        })?;
        let mut records = Vec::new();
        for record in found.records.iter().filter(|record| record.item == *id) {
            if let Some(secret) = secret
                && let Some(shown) = shown(app, caller, purpose, item, asked, record, secret)?
            {
                records.push(shown);
            }
        }
        answers.push(ItemAnswer {
            item: id.clone(),
            name: item.name.clone(),
            is_adverse: item.is_adverse(),
            records,
        });
    }
    Ok(answers)
}

/// What is shown of a record, if it is: first by its clear columns, so that what is not shown is not opened either.
fn shown(
    app: &App,
    caller: &Caller,
    purpose: &Purpose,
    item: &Item,
    asked: &Asked,
    record: &Record,
    secret: &Secret,
) -> Result<Option<RecordAnswer>, AppError> {
    let (state, today) = (own_file::state_now(app, record), app.now().day());
    let head = RecordHead {
        item: &record.item,
        provider: &record.provider,
        state,
        end: record.end,
    };
    if !is_shown(&head, purpose, item, &asked.items, today) {
        return Ok(None);
    }
    // The same rule as a policy, which is proved against the floor: neither alone decides.
    let question = ShowRecord {
        item: record.item.clone(),
        items: asked.items.clone(),
        state,
        is_in_time: today <= record.end,
    };
    if let Err(refusal) = app.policies().decide(caller, question) {
        tracing::error!(
            error.code = refusal.code(),
            "policies and disclosure disagree; nothing is shown"
        );
        return Ok(None);
    }
    let Some(bytes) = keys::open(secret, RECORD_CONTENT, record.uuid, &record.content)? else {
        return Ok(None);
    };
    let content = RecordContent::from_bytes(&bytes).map_err(|_| AppError::Damaged { what: "record content" })?;
    let fields = disclose(purpose, item, &content).into_iter().map(|field| FieldAnswer {
        code: field.spec.code.0.to_string(),
        label: field.spec.label.clone(),
        value: field.value,
        unit: field.spec.in_ten_thousand_yuan.then_some("万元"),
    });
    Ok(Some(RecordAnswer {
        record: record.uuid,
        fields: fields.collect(),
        provider: names::organisation(app.catalogue(), &record.provider),
        is_disputed: state == RecordState::Disputed,
        until: record.end,
    }))
}

/// Numbers of the records that are shown: whoever was shown one is told when it falls.
fn shown_records(found: &Found, items: &[ItemAnswer]) -> Vec<RecordId> {
    let is_shown = |record: &&Record| {
        let mut shown = items.iter().flat_map(|item| &item.records);
        shown.any(|shown| shown.record == record.uuid)
    };
    found.records.iter().filter(is_shown).map(|record| record.id).collect()
}

/// The last day to say what came of it. Where the calendar of the coming year is not announced, days of any kind are counted.
fn close_by(app: &App, purpose: &Purpose, asked: Day) -> Day {
    let days = purpose.close_within_days;
    let working = app.catalogue().calendar.plus_working_days(asked, days).ok();
    let plain = || asked.plus_days(i32::try_from(days).unwrap_or(i32::MAX)).ok();
    working.or_else(plain).unwrap_or(asked)
}

/// What is written down of an answer.
fn new_answer(
    app: &App,
    purpose: &Purpose,
    traced: &Traced,
    found: &Found,
    items: &[ItemAnswer],
    is_allowed: bool,
) -> Result<NewAnswer, AppError> {
    let has_adverse = items.iter().any(|item| item.is_adverse && !item.records.is_empty());
    let close_by = has_adverse.then(|| close_by(app, purpose, traced.at.day()));
    let outcome = if items.iter().any(|item| !item.records.is_empty()) {
        TraceOutcome::Disclosed
    } else if is_allowed {
        TraceOutcome::Nothing
    } else {
        TraceOutcome::Refused
    };
    let shown: Vec<_> = items
        .iter()
        .map(|item| {
            let records: Vec<Uuid> = item.records.iter().map(|record| record.record).collect();
            json!({ "item": item.item.as_str(), "records": records })
        })
        .collect();
    let at = app.now();
    let content = json!({
        "v": 1,
        "kind": "answer",
        "look_up": traced.id,
        "at": at.0,
        "outcome": outcome.as_str(),
        "items": shown,
        "close_by": close_by.map(|day| day.to_string()),
    });
    let (content, entry_hash) = entry::seal(app, entry::ANSWER, LOOK_UP_ANSWER, traced.id, &content)?;
    Ok(NewAnswer {
        look_up: traced.id,
        outcome,
        content,
        records: shown_records(found, items),
        close_by,
        entry_hash,
        at,
    })
}
