//! Persons, traces, waiting rows and whatever else hangs on a number stand under tags of the newest index key.

use domain::{IdentityDocument, Name};
use serde_json::Value;
use store::{IndexTag, Person, PersonId, SecretOf, StagedKind, TaggedTrace, TraceKind};
use uuid::Uuid;
use vault::{KeyName, Secret, SecretOwner};

use super::{Carried, PORTION};
use crate::keys::{self, PERSON_ALIAS, PERSON_IDENTITY, TRACE_CONTENT};
use crate::{App, AppError, accounts, entry, reviews};

fn newest(app: &App) -> u16 {
    app.vault().index_key_version()
}

/// Moves whatever hangs on numbers from their older tags to the newer ones.
struct Retagger {
    /// Whether marks stand below the floor. No further ones come once it has risen.
    has_marks: bool,
}

impl Retagger {
    async fn run(&self, app: &App, moves: &mut Vec<(IndexTag, IndexTag)>) -> Result<u64, AppError> {
        moves.sort_unstable();
        moves.dedup();
        let mut count = app.store().retag_traces(moves).await?;
        if self.has_marks {
            count += app.store().retag_marks(moves).await?;
        }
        Ok(count)
    }
}

pub(super) async fn carry(app: &App, carried: &mut Carried, on_progress: &impl Fn(u64)) -> Result<(), AppError> {
    let retagger = Retagger {
        has_marks: app.store().tagged_before(newest(app)).await?.marks > 0,
    };
    carry_persons(app, &retagger, carried, on_progress).await?;
    carry_staged(app, &retagger, carried).await?;
    carry_traces(app, &retagger, carried).await?;
    let mut left = app.store().tagged_before(newest(app)).await?;
    if left.marks > 0 {
        carry_accounts(app, &retagger, carried).await?;
        carry_looked_at(app, &retagger, carried).await?;
        left = app.store().tagged_before(newest(app)).await?;
    }
    carried.unreachable = left.traces + left.staged + left.compared;
    carried.marks = left.marks;
    Ok(())
}

/// Residents may lock records, and be told of emergencies, before anything is held of them.
async fn carry_accounts(app: &App, retagger: &Retagger, carried: &mut Carried) -> Result<(), AppError> {
    let mut after = i64::MIN;
    loop {
        // Every account has a secret, under whatever version of the wrapping key.
        let page = app
            .store()
            .secrets_before(SecretOf::Account, u16::MAX, after, PORTION)
            .await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last.number;
        let mut moves = Vec::new();
        for secret in &page {
            if let Some(document) = document_of(app, secret.uuid).await? {
                moves.extend(keys::number_tags(app.vault(), &document).moved());
            }
        }
        carried.moved += retagger.run(app, &mut moves).await?;
    }
}

/// Somebody without file and account may have been looked up; the trace moved when the rotation began.
async fn carry_looked_at(app: &App, retagger: &Retagger, carried: &mut Carried) -> Result<(), AppError> {
    let mut after = i64::MIN;
    loop {
        let page = app.store().scan_traces(after, PORTION).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last.number;
        carry_subjects(app, retagger, &page, carried).await?;
    }
}

/// The number of an account's holder, if it was given one and was not erased.
async fn document_of(app: &App, account: Uuid) -> Result<Option<IdentityDocument>, AppError> {
    let Some(account) = app.store().find_account(account).await? else {
        return Ok(None);
    };
    match accounts::identity_of(app, &account) {
        Ok((document, _)) => Ok(Some(document)),
        Err(AppError::NotFound) => Ok(None),
        Err(other) => Err(other),
    }
}

async fn carry_persons(
    app: &App,
    retagger: &Retagger,
    carried: &mut Carried,
    on_progress: &impl Fn(u64),
) -> Result<(), AppError> {
    let mut after = PersonId(i64::MIN);
    let mut seen = 0;
    loop {
        let page = app.store().scan_persons(after, PORTION).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last.id;
        let mut opened = Vec::with_capacity(page.len());
        let mut tags = Vec::new();
        let mut moves = Vec::new();
        for person in page {
            // Whose secret was destroyed has nothing that could be found.
            let Some((secret, document, name)) = open(app, &person)? else {
                continue;
            };
            let numbers = keys::number_tags(app.vault(), &document);
            moves.extend(numbers.moved());
            tags.push((person.id, numbers.current));
            tags.push((person.id, keys::name_tags(app.vault(), &document, &name).current));
            opened.push((person, secret, document));
        }
        tags.extend(alias_tags(app, &opened, carried).await?);
        carried.tags += app.store().add_tags(&tags).await?;
        carried.moved += retagger.run(app, &mut moves).await?;
        seen += opened.len() as u64;
        on_progress(seen);
    }
}

fn open(app: &App, person: &Person) -> Result<Option<(Secret, IdentityDocument, Name)>, AppError> {
    let Some(wrapped) = &person.secret else { return Ok(None) };
    let secret = app.vault().unwrap_secret(SecretOwner::Person, person.uuid, wrapped)?;
    let Some(bytes) = keys::open(&secret, PERSON_IDENTITY, person.uuid, &person.identity)? else {
        return Ok(None);
    };
    let (document, name) = keys::identity_from(&bytes)?;
    Ok(Some((secret, document, name)))
}

/// Tags of confirmed aliases.
async fn alias_tags(
    app: &App,
    opened: &[(Person, Secret, IdentityDocument)],
    carried: &mut Carried,
) -> Result<Vec<(PersonId, IndexTag)>, AppError> {
    let ids: Vec<PersonId> = opened.iter().map(|(person, ..)| person.id).collect();
    let mut tags = Vec::new();
    for (id, sealed) in app.store().aliases_of(&ids).await? {
        let Some((person, secret, document)) = opened.iter().find(|(person, ..)| person.id == id) else {
            continue;
        };
        let name = keys::open(secret, PERSON_ALIAS, person.uuid, &sealed)?;
        let name = name.and_then(|bytes| String::from_utf8(bytes).ok());
        match name.and_then(|name| Name::parse(&name).ok()) {
            Some(name) => tags.push((id, keys::name_tags(app.vault(), document, &name).current)),
            None => carried.lost_aliases += 1,
        }
    }
    Ok(tags)
}

async fn carry_staged(app: &App, retagger: &Retagger, carried: &mut Carried) -> Result<(), AppError> {
    for kind in [StagedKind::Held, StagedKind::Pending] {
        let mut after = Uuid::nil();
        loop {
            let page = app.store().open_staged_rows(kind, after, PORTION).await?;
            let Some(last) = page.last() else { break };
            after = last.uuid;
            let (mut rows, mut moves) = (Vec::new(), Vec::new());
            // The rows themselves moved when the rotation began; what else hangs on their numbers moves once the floor has risen.
            for row in page
                .iter()
                .filter(|row| retagger.has_marks || row.tag.key_version < newest(app))
            {
                let delivery = app.store().get_delivery(row.delivery).await?;
                if let Some((document, _)) = reviews::open_staged(app, row, &delivery)? {
                    let numbers = keys::number_tags(app.vault(), &document);
                    rows.push((row.uuid, numbers.current));
                    moves.extend(numbers.moved());
                }
            }
            carried.moved += app.store().retag_staged(&rows).await?;
            carried.moved += retagger.run(app, &mut moves).await?;
        }
    }
    Ok(())
}

/// What stands under an older tag still: looks by or at somebody who has no file.
async fn carry_traces(app: &App, retagger: &Retagger, carried: &mut Carried) -> Result<(), AppError> {
    let mut after = i64::MIN;
    loop {
        let page = app.store().traces_before(newest(app), after, PORTION).await?;
        let Some(last) = page.last() else { return Ok(()) };
        after = last.number;
        carry_subjects(app, retagger, &page, carried).await?;
    }
}

/// What hangs on the numbers that these traces are about.
async fn carry_subjects(
    app: &App,
    retagger: &Retagger,
    traces: &[TaggedTrace],
    carried: &mut Carried,
) -> Result<(), AppError> {
    let mut moves = Vec::new();
    for trace in traces {
        if let Some(document) = subject(app, trace).await? {
            moves.extend(keys::number_tags(app.vault(), &document).moved());
        }
    }
    carried.moved += retagger.run(app, &mut moves).await?;
    Ok(())
}

/// The number that a trace is about, from its contents or from the account that looked at itself.
async fn subject(app: &App, trace: &TaggedTrace) -> Result<Option<IdentityDocument>, AppError> {
    let Some((entry, about)) = entry::open_about(app, TRACE_CONTENT, trace.uuid, &trace.content)? else {
        return Ok(None);
    };
    if about.is_some() {
        return Ok(about);
    }
    let content = entry.json();
    if trace.kind != TraceKind::OwnRead {
        return Ok(None);
    }
    let by = content.get("by").and_then(Value::as_str);
    let Some(by) = by.and_then(|by| Uuid::parse_str(by).ok()) else {
        return Ok(None);
    };
    document_of(app, by).await
}

/// Deletes the tags of retired versions: whoever had the old key could try numbers against them.
pub(super) async fn forget(app: &App) -> Result<(), AppError> {
    while app.store().forget_tags(50 * PORTION).await? > 0 {}
    Ok(())
}

/// Counts the traces that the oldest log secret alone opens.
pub(super) async fn count_older_traces(app: &App, carried: &mut Carried) -> Result<(), AppError> {
    let versions = app.vault().versions(KeyName::Log);
    let Some(oldest) = versions.get(1..).and_then(<[u16]>::last) else {
        return Ok(());
    };
    let mut after = i64::MIN;
    loop {
        let page = app.store().scan_traces(after, PORTION).await?;
        let Some(last) = page.last() else { break };
        after = last.number;
        for trace in &page {
            if let Some((version, _)) = keys::open_log(app.vault(), TRACE_CONTENT, trace.uuid, &trace.content)? {
                carried.traces += u64::from(version == *oldest);
            }
        }
    }
    carried.traces += crate::comparisons::count_older(app, *oldest).await?;
    Ok(())
}
