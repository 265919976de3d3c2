//! Reviews of pending matches: a human of the delivering organisation decides whether a row belongs to a person (R7).

use domain::catalogue::{Item, ItemId, Text};
use domain::record::RecordContent;
use domain::{DocumentKind, IdentityDocument, Moment, Uscc};
use intake::StagedContent;
use matching::Explanation;
use policy::{DecideReview, ListReviews, Permit, ReadReview};
use serde_json::json;
use store::{
    ChunkCommit, Delivery, NewPersonEvent, NewPersonEventKind, NewProcedureStep, PersonRef, Procedure, ProcedureKind,
    Sealed, StagedRow, StoreError, TraceKind, TraceOutcome,
};
use uuid::Uuid;
use vault::{Secret, SecretOwner};

use crate::deliver::chunk::{self, Origin, Person};
use crate::deliver::place::{self, Attachment, Placed, Places};
use crate::deliveries::reason_text;
use crate::keys::{self, PERSON_ALIAS, STAGED_CONTENT, STEP_REASON};
use crate::own_file::{self, OwnField};
use crate::{App, AppError, names};

/// Shortest reason a decision may have, in characters: a decision without reasons is none (PIPL art. 48).
const REASON_CHARS_MIN: usize = 4;
const REASON_CHARS_MAX: usize = 2_000;

/// State words of a review.
const ATTACHED: &str = "attached";
const REFUSED: &str = "refused";
pub(crate) const OPEN: &str = "open";

/// A review in a list.
#[derive(Debug, Clone)]
pub struct ReviewSummary {
    /// Public id.
    pub uuid: Uuid,
    /// Item of the row.
    pub item: ItemId,
    /// Its name.
    pub item_name: Text,
    /// Line in the file.
    pub line: u32,
    /// Reason word.
    pub reason: String,
    /// What it probably is.
    pub explanation: Text,
    /// When it was opened.
    pub opened_at: Moment,
    /// Delivery the row came with.
    pub delivery: Uuid,
}

/// What a policy question needs to know of a review; not to be shown.
#[derive(Debug, Clone)]
pub struct ReviewHead {
    /// Public id.
    pub uuid: Uuid,
    /// Organisation that handles it.
    pub organisation: Uscc,
}

/// A review as the officer who decides it sees it.
#[derive(Debug, Clone)]
pub struct ReviewView {
    /// The same as in the list.
    pub summary: ReviewSummary,
    /// Name in the row, as the officer's own organisation delivered it.
    pub row_name: String,
    /// Number in the row, masked.
    pub row_document_masked: String,
    /// Number of the person it could be, masked; differs from the row's only for a slip.
    pub candidate_document_masked: String,
    /// Name in the identity register, masked; `None` if the register does not know the number.
    pub register_name_masked: Option<String>,
    /// The row's fields.
    pub fields: Vec<OwnField>,
    /// Whether it waits for a decision.
    pub is_open: bool,
    /// Number of steps so far; the decision must carry it.
    pub after_steps: u32,
    /// Steps: state and moment.
    pub steps: Vec<(String, Moment)>,
}

/// The decision of a human.
#[derive(Debug, Clone)]
pub struct Decision {
    /// Whether the row belongs to the person shown; else it is refused.
    pub attach: bool,
    /// Whether the delivered name is from now on a confirmed alias of the person (name change only).
    pub confirm_alias: bool,
    /// Reasons.
    pub reason: String,
    /// Steps there were when the officer read it.
    pub after_steps: u32,
}

/// Why a decision was not taken.
#[derive(Debug, thiserror::Error)]
pub enum ReviewError {
    /// The reasons are missing or too long.
    #[error("give reasons in 4 to 2000 characters")]
    ReasonMissing,
    /// It is decided already.
    #[error("this review is decided already")]
    NotOpen,
    /// Somebody decided meanwhile.
    #[error("this review changed meanwhile; read it again")]
    Conflict,
    /// The register does not know the person, so nothing may be attached.
    #[error("the identity register does not know this number, so the row cannot be attached")]
    NobodyToAttachTo,
    /// With the confirmed number the row concerns a minor, or is refused by another rule of age.
    #[error("with this number the row concerns a minor and may not be recorded; refuse it")]
    TooYoung,
    /// A use case failed.
    #[error(transparent)]
    App(#[from] AppError),
}

impl ReviewError {
    /// The public code; see `docs/errors.md`.
    #[must_use]
    pub const fn code(&self) -> &'static str {
        match self {
            Self::ReasonMissing => "REVIEW-0001",
            Self::NotOpen => "REVIEW-0002",
            Self::Conflict => "REVIEW-0003",
            Self::NobodyToAttachTo => "REVIEW-0004",
            Self::TooYoung => "REVIEW-0005",
            Self::App(error) => error.code(),
        }
    }
}

/// Open reviews, oldest first. No person is named here.
///
/// # Errors
///
/// If the store fails.
pub async fn list(app: &App, permit: &Permit<ListReviews>, limit: u32) -> Result<Vec<ReviewSummary>, AppError> {
    let mut summaries = Vec::new();
    let open = app
        .store()
        .open_procedures(ProcedureKind::Review, permit.resource().organisation.as_ref(), limit)
        .await?;
    for procedure in open {
        let (row, delivery) = staged(app, &procedure).await?;
        summaries.push(summary(app, &procedure, &row, &delivery));
    }
    Ok(summaries)
}

/// Finds a review, to ask the policies about it.
///
/// # Errors
///
/// If the store fails.
pub async fn find(app: &App, uuid: Uuid) -> Result<Option<ReviewHead>, AppError> {
    let found = app.store().find_procedure(uuid).await?;
    let review = found.filter(|procedure| procedure.kind == ProcedureKind::Review);
    Ok(review.map(|procedure| ReviewHead {
        uuid,
        organisation: procedure.organisation,
    }))
}

/// One review, opened; traced first, since it shows a person's data.
///
/// # Errors
///
/// [`AppError::NotFound`], or if the trace cannot be written.
pub async fn get(app: &App, permit: &Permit<ReadReview>) -> Result<ReviewView, AppError> {
    let procedure = permitted(app, permit.resource().review, &permit.resource().organisation).await?;
    let (row, delivery) = staged(app, &procedure).await?;
    let what = json!({
        "v": 1, "kind": "review", "account": permit.caller().account, "organisation": procedure.organisation.as_str(),
        "what": "review", "procedure": procedure.uuid,
    });
    let trace = own_file::trace(app, TraceKind::LookUp, row.tag, &what).await?;
    let steps = app.store().procedure_steps(procedure.uuid).await?;
    let summary = summary(app, &procedure, &row, &delivery);
    let opened = open_staged(app, &row, &delivery)?;
    let outcome = if opened.is_some() {
        TraceOutcome::Disclosed
    } else {
        TraceOutcome::Nothing
    };
    app.traces().outcome(trace, outcome, app.now()).await;
    let content = match &opened {
        Some((_, content)) => content_of(content)?,
        None => RecordContent::default(),
    };
    Ok(ReviewView {
        row_name: opened
            .as_ref()
            .map(|(_, content)| place::staged_name(content).expose().to_owned())
            .unwrap_or_default(),
        row_document_masked: opened
            .as_ref()
            .map(|(_, content)| row_document_masked(content))
            .unwrap_or_default(),
        candidate_document_masked: opened
            .as_ref()
            .map(|(document, _)| document.masked())
            .unwrap_or_default(),
        register_name_masked: opened
            .as_ref()
            .and_then(|(document, _)| register_name_masked(app, document)),
        fields: own_file::fields(app, &delivery.item, &content),
        is_open: procedure.state == OPEN,
        after_steps: procedure.steps,
        steps: steps.into_iter().map(|(state, _, at)| (state, at)).collect(),
        summary,
    })
}

/// Decides a review. Attaching records the row, tells the person and erases the staged copy, all in one transaction.
///
/// # Errors
///
/// [`ReviewError`]; nothing is half-done.
pub async fn decide(app: &App, permit: &Permit<DecideReview>, decision: &Decision) -> Result<(), ReviewError> {
    let length = decision.reason.trim().chars().count();
    if !(REASON_CHARS_MIN..=REASON_CHARS_MAX).contains(&length) {
        return Err(ReviewError::ReasonMissing);
    }
    let procedure = permitted(app, permit.resource().review, &permit.resource().organisation).await?;
    if procedure.state != OPEN {
        return Err(ReviewError::NotOpen);
    }
    let (row, delivery) = staged(app, &procedure).await?;
    let secret = delivery_secret(app, &delivery)?;
    let Some((document, content)) = open_staged(app, &row, &delivery)? else {
        return Err(ReviewError::NotOpen);
    };
    let state = if decision.attach { ATTACHED } else { REFUSED };
    let step_uuid = app.fresh_uuid();
    let step = NewProcedureStep {
        procedure: procedure.uuid,
        after_steps: decision.after_steps,
        state: state.to_owned(),
        by: permit.caller().account,
        reason: keys::seal(&secret, STEP_REASON, procedure.uuid, decision.reason.trim().as_bytes())?,
        at: app.now(),
        entry_hash: translog::entry_hash(
            "procedure_step",
            &[step_uuid.as_bytes(), procedure.uuid.as_bytes(), state.as_bytes()],
        ),
    };
    let item = app.catalogue().items.get(&delivery.item).ok_or(AppError::Damaged {
        what: "an item that is gone",
    })?;
    let origin = Origin {
        delivery: None,
        provider: &delivery.provider,
        item,
        secret: Some(&secret),
        places: &Places::default(),
    };
    let name = place::staged_name(&content).clone();
    let placed = if decision.attach {
        vec![attach(app, item, content, document.clone())?]
    } else {
        Vec::new()
    };
    let mut commit = chunk::plan(app, &origin, &placed).await?;
    commit.steps.push(step);
    commit.resolved.push(row.uuid);
    if decision.attach && decision.confirm_alias && procedure.reason == Explanation::NameChange.as_str() {
        let alias = alias(app, permit.caller().account, &commit, &document, &name).await?;
        commit.person_events.extend(alias);
    }
    match app.store().commit_chunk(&commit).await {
        Ok(()) => {}
        Err(StoreError::Conflict { .. }) => return Err(ReviewError::Conflict),
        Err(other) => return Err(AppError::from(other).into()),
    }
    Ok(())
}

fn attach(app: &App, item: &Item, content: StagedContent, document: IdentityDocument) -> Result<Placed, ReviewError> {
    let registered_name = place::registered_name(app, &document).ok_or(ReviewError::NobodyToAttachTo)?;
    let mut row = match content {
        StagedContent::Clean(row) => *row,
        StagedContent::Slip(slip) => slip.with_document(document.clone()),
    };
    // What a rule left to a human is decided by this; what its provider was asked is not.
    row.hold = row.hold.and_then(|hold| intake::without_reviews(app.catalogue(), hold));
    // The age of the person is known only now that a human has confirmed the number.
    if intake::check_age(&row, item, app.catalogue()).is_some() {
        return Err(ReviewError::TooYoung);
    }
    let person = Person::new(app, document, Some(registered_name));
    Ok(Placed::Attach(Box::new(Attachment::new(row, person, Vec::new()))))
}

/// From now on a row under this number and this name agrees. `None` if the row left nobody to whom the name could belong.
async fn alias(
    app: &App,
    by: Uuid,
    commit: &ChunkCommit,
    document: &IdentityDocument,
    name: &domain::Name,
) -> Result<Option<NewPersonEvent>, AppError> {
    let recorded = commit.records.first().map(|record| record.person);
    let person = if recorded.is_some() {
        recorded
    } else {
        let numbers: Vec<_> = keys::number_tags(app.vault(), document).all().collect();
        let found = app.store().find_persons(&numbers).await?.into_iter().flatten().next();
        found.map(|person| PersonRef::Known(person.id))
    };
    let Some(person) = person else { return Ok(None) };
    let tags = keys::name_tags(app.vault(), document, name);
    let id = app.fresh_uuid();
    Ok(Some(NewPersonEvent {
        person,
        kind: NewPersonEventKind::AliasConfirmed,
        tags: tags.all().collect(),
        // The name itself is kept, sealed: a later index key has to tag it anew.
        reason: sealed_alias(app, commit, person, name).await?,
        by,
        entry_hash: translog::entry_hash("person_event", &[id.as_bytes(), b"alias_confirmed", &tags.current.tag]),
    }))
}

async fn sealed_alias(
    app: &App,
    commit: &ChunkCommit,
    person: PersonRef,
    name: &domain::Name,
) -> Result<Sealed, AppError> {
    let gone = || AppError::Damaged {
        what: "the person of an alias",
    };
    let (uuid, wrapped) = match person {
        PersonRef::New(place) => {
            let new = usize::try_from(place).ok().and_then(|at| commit.new_persons.get(at));
            let new = new.ok_or_else(gone)?;
            (new.uuid, Some(new.secret.clone()))
        }
        PersonRef::Known(id) => {
            let known = app.store().get_persons(&[id]).await?.into_iter().next();
            let known = known.ok_or_else(gone)?;
            (known.uuid, known.secret)
        }
    };
    let wrapped = wrapped.ok_or_else(gone)?;
    let secret = app.vault().unwrap_secret(SecretOwner::Person, uuid, &wrapped)?;
    keys::seal(&secret, PERSON_ALIAS, uuid, name.expose().as_bytes())
}

/// The permit was given for this organisation; a review of another one must not slip in under its id.
pub(crate) async fn permitted(app: &App, review: Uuid, organisation: &Uscc) -> Result<Procedure, AppError> {
    let procedure = app.store().find_procedure(review).await?.ok_or(AppError::NotFound)?;
    if procedure.organisation == *organisation {
        Ok(procedure)
    } else {
        Err(AppError::NotFound)
    }
}

pub(crate) async fn staged(app: &App, procedure: &Procedure) -> Result<(StagedRow, Delivery), AppError> {
    let uuid = procedure.staged_row.ok_or(AppError::Damaged {
        what: "a review without its row",
    })?;
    let row = app.store().find_staged_row(uuid).await?.ok_or(AppError::Damaged {
        what: "a review without its row",
    })?;
    let delivery = app.store().get_delivery(row.delivery).await?;
    Ok((row, delivery))
}

fn summary(app: &App, procedure: &Procedure, row: &StagedRow, delivery: &Delivery) -> ReviewSummary {
    ReviewSummary {
        uuid: procedure.uuid,
        item: delivery.item.clone(),
        item_name: names::item(app.catalogue(), &delivery.item),
        line: row.line,
        explanation: reason_text(app, &procedure.reason),
        reason: procedure.reason.clone(),
        opened_at: procedure.opened_at,
        delivery: delivery.uuid,
    }
}

fn delivery_secret(app: &App, delivery: &Delivery) -> Result<Secret, AppError> {
    let wrapped = delivery.key.as_ref().ok_or(AppError::NotFound)?;
    Ok(app
        .vault()
        .unwrap_secret(SecretOwner::Delivery, delivery.uuid, wrapped)?)
}

/// Opens a staged row: the document to look at, and the row. `None` once it is resolved and erased.
pub(crate) fn open_staged(
    app: &App,
    row: &StagedRow,
    delivery: &Delivery,
) -> Result<Option<(IdentityDocument, StagedContent)>, AppError> {
    let damaged = || AppError::Damaged { what: "a staged row" };
    if delivery.key.is_none() {
        return Ok(None);
    }
    let secret = delivery_secret(app, delivery)?;
    let Some(bytes) = keys::open(&secret, STAGED_CONTENT, row.uuid, &row.content)? else {
        return Ok(None);
    };
    let split = bytes.iter().position(|byte| *byte == b'\n').ok_or_else(damaged)?;
    let (head, rest) = bytes.split_at(split);
    let head = std::str::from_utf8(head).map_err(|_| damaged())?;
    let mut parts = head.split('\u{1f}');
    let kind = parts.next().and_then(DocumentKind::parse).ok_or_else(damaged)?;
    let document = IdentityDocument::parse(kind, parts.next().unwrap_or_default()).map_err(|_| damaged())?;
    let content = StagedContent::from_bytes(rest.get(1..).unwrap_or_default()).map_err(|_| damaged())?;
    Ok(Some((document, content)))
}

fn content_of(content: &StagedContent) -> Result<RecordContent, AppError> {
    let encoded = match content {
        StagedContent::Clean(row) => &row.content,
        StagedContent::Slip(slip) => &slip.content,
    };
    encoded
        .decode()
        .map_err(|_| AppError::Damaged { what: "staged content" })
}

fn row_document_masked(content: &StagedContent) -> String {
    match content {
        StagedContent::Clean(row) => row.document.masked(),
        StagedContent::Slip(slip) => slip.number_masked(),
    }
}

/// The registered name, masked; where the row's name differs, the officer compares with the paper, not with us.
fn register_name_masked(app: &App, document: &IdentityDocument) -> Option<String> {
    let name = place::registered_name(app, document)?;
    domain::Name::parse(&name).ok().map(|name| name.masked())
}
