//! Who looked at me 谁看过我: every look at the own number, own reads too, misses too, each with what proves it (R6).

use domain::catalogue::{LegalBasis, PurposeId, Text};
use domain::{Moment, Uscc};
use policy::{Permit, ReadOwnLookUps};
use serde_json::{Value, json};
use store::{
    Look, LookUpResult, NewProcedure, PersonId, Procedure, ProcedureKind, StoreError, TraceKind, TraceOutcome,
};
use uuid::Uuid;

use crate::comparisons::{self, ComparedLook, ProofPath};
use crate::entry::{self, Entry};
use crate::keys::{self, CLOSING_REFERENCE, LOOK_UP_ANSWER, PROCEDURE_DETAILS, STEP_REASON, TRACE_CONTENT};
use crate::{App, AppError, accounts, handles, log, names, own_file};

/// Looks on one page.
pub const PAGE_MAX: u32 = 50;
/// Looks whose proofs are given out at once.
pub const PROVED_MAX: u32 = 1_000;
/// … and blocks of comparisons: more than a page shows, so that one that came since the page leaves none of its own out.
const BLOCKS_PROVED_MAX: u32 = 2 * PAGE_MAX;
/// Looks through which a person's own one is searched for.
const SEARCHED_MAX: u32 = 10_000;
/// Working days in which the organisation explains a look-up that its person does not recognise. A policy of ours, by the
/// three to seven working days that Shandong regulation art. 39 gives an objection.
const ANSWER_DAYS: u32 = 5;
/// Characters of what a person or an officer writes.
const WORDS_CHARS_MAX: usize = 1_000;
/// State of a complaint that was answered.
pub const ANSWERED: &str = "answered";

/// A page of looks, newest first.
#[derive(Debug, Clone)]
pub struct OwnLooks {
    /// The looks.
    pub looks: Vec<OwnLook>,
    /// Where the next page begins, if there is one.
    pub older: Option<i64>,
    /// Until when looks of this page are withheld, one entry each (R6: the number withheld is shown).
    pub withheld_until: Vec<Moment>,
    /// Rows of comparisons about the own number, newest first.
    pub compared: Vec<ComparedLook>,
    /// Where the next page of them begins, if there is one.
    pub older_compared: Option<i64>,
    /// Whether the own records are locked.
    pub is_locked: bool,
    /// Moment of reading.
    pub as_of: Moment,
}

/// A look.
#[derive(Debug, Clone)]
pub struct OwnLook {
    /// Public id.
    pub id: Uuid,
    /// When.
    pub at: Moment,
    /// Who, and what for.
    pub who: Who,
    /// What was answered; `None` = unknown, treated as disclosed.
    pub outcome: Option<TraceOutcome>,
    /// Items, each with the number of records that were shown; `None` if that is unknown.
    pub items: Vec<(Text, Option<usize>)>,
    /// Until when the officer has to say what came of it.
    pub close_by: Option<domain::Day>,
    /// What came of it.
    pub closed: Option<ClosedLook>,
    /// The person's complaint about it.
    pub complaint: Option<Complaint>,
    /// What proves it.
    pub proofs: Vec<Proof>,
}

/// Who looked.
#[derive(Debug, Clone)]
pub enum Who {
    /// The person (marked *self*).
    Own {
        /// What was read: a word of ours.
        what: String,
    },
    /// An officer who had a row before them that could be the person's.
    Review {
        /// Organisation.
        organisation: Text,
        /// Handle of the official.
        official: String,
    },
    /// An officer or a department's system.
    LookUp(LookedUp),
}

/// A look-up, as its person sees it.
#[derive(Debug, Clone)]
pub struct LookedUp {
    /// Organisation.
    pub organisation: Text,
    /// Handle of the official; the name is told on complaint.
    pub official: String,
    /// Whether a department's system asked.
    pub is_by_system: bool,
    /// Purpose.
    pub purpose: PurposeId,
    /// Its name.
    pub purpose_name: Text,
    /// Its statute.
    pub statute: Option<LegalBasis>,
    /// Legal ground in the officer's words; `None` once the content is erased.
    pub legal_ground: Option<String>,
    /// Matter number.
    pub matter_no: Option<String>,
}

/// What came of a look-up.
#[derive(Debug, Clone)]
pub struct ClosedLook {
    /// In a word.
    pub result: LookUpResult,
    /// Number of the proceeding.
    pub proceeding: Option<String>,
    /// When it was said.
    pub at: Moment,
}

/// A complaint about a look-up.
#[derive(Debug, Clone)]
pub struct Complaint {
    /// When it was made.
    pub at: Moment,
    /// Until when it is to be answered.
    pub due_at: Option<Moment>,
    /// The answer, once there is one.
    pub answer: Option<String>,
}

/// What a person needs to compute the hash of an entry anew, and to find it in the log.
#[derive(Debug, Clone)]
pub struct Proof {
    /// Label of the entry: what kind it is.
    pub label: &'static str,
    /// Hash of the entry, as the log has it.
    pub entry_hash: [u8; 32],
    /// Nonce and content; `None` once erased: the hash stands.
    pub entry: Option<Entry>,
}

/// Which part of the looks.
#[derive(Debug, Clone, Copy, Default)]
pub struct Part {
    /// Those before [`OwnLooks::older`]; else the newest.
    pub before: Option<i64>,
    /// Rows of comparisons before [`OwnLooks::older_compared`]; else the newest.
    pub before_compared: Option<i64>,
    /// Own reads too.
    pub with_own: bool,
}

/// Looks at the own number, newest first.
///
/// # Errors
///
/// If the trace of this read cannot be written (then nothing is read), or store or vault fail.
pub async fn list(app: &App, permit: &Permit<ReadOwnLookUps>, part: Part) -> Result<OwnLooks, AppError> {
    read(app, permit, part, (PAGE_MAX, PAGE_MAX)).await
}

/// The same looks, each with its places in the public log: all that a check needs that trusts nobody but the log's witnesses.
#[derive(Debug, Clone)]
pub struct OwnProofs {
    /// The entries.
    pub entries: Vec<OwnEntry>,
    /// Their places, one each.
    pub proofs: log::Proofs,
    /// Where the next part begins, if there is one.
    pub older: Option<i64>,
    /// Where the next part of rows of comparisons begins, if there is one.
    pub older_compared: Option<i64>,
}

/// What proves a part of a look.
#[derive(Debug, Clone)]
pub struct OwnEntry {
    /// The look.
    pub look: Uuid,
    /// Hash, nonce and content.
    pub proof: Proof,
    /// How it comes into the log.
    pub way: Way,
}

/// How something that is proved comes into the log.
#[derive(Debug, Clone)]
pub enum Way {
    /// It is an entry.
    Entry,
    /// It is a leaf under an entry (ADR 0021).
    Within(ProofPath),
    /// Its hash stands in the content of what has this hash.
    NamedBy([u8; 32]),
}

/// The way of each part of a row of a comparison: the first is the block's header, which the row names.
fn ways(look: ComparedLook) -> impl Iterator<Item = OwnEntry> {
    let (id, row) = (look.id, look.proofs.get(1).map(|(row, _)| row.entry_hash));
    look.proofs.into_iter().filter_map(move |(proof, path)| {
        let way = path.map(Way::Within).or(row.map(Way::NamedBy))?;
        Some(OwnEntry { look: id, proof, way })
    })
}

/// Proofs of a part of the looks at the own number: at most [`PROVED_MAX`] of them.
///
/// # Errors
///
/// As [`list`], and if the log's tiles are damaged.
pub async fn proofs(app: &App, permit: &Permit<ReadOwnLookUps>, part: Part) -> Result<OwnProofs, AppError> {
    let part = read(app, permit, part, (PROVED_MAX, BLOCKS_PROVED_MAX)).await?;
    let entries: Vec<OwnEntry> = part
        .looks
        .into_iter()
        .flat_map(|look| {
            let id = look.id;
            look.proofs.into_iter().map(move |proof| OwnEntry {
                look: id,
                proof,
                way: Way::Entry,
            })
        })
        .chain(part.compared.into_iter().flat_map(ways))
        .collect();
    let in_log = |entry: &OwnEntry| match &entry.way {
        Way::Within(path) => path.log_entry_hash,
        // What another names has no entry, and so no place.
        Way::Entry | Way::NamedBy(_) => entry.proof.entry_hash,
    };
    let hashes: Vec<[u8; 32]> = entries.iter().map(in_log).collect();
    Ok(OwnProofs {
        proofs: log::prove_all(app, &hashes).await?,
        entries,
        older: part.older,
        older_compared: part.older_compared,
    })
}

/// At most so many looks, and rows of so many blocks.
async fn read(
    app: &App,
    permit: &Permit<ReadOwnLookUps>,
    part: Part,
    (looks_max, blocks_max): (u32, u32),
) -> Result<OwnLooks, AppError> {
    let numbers = numbers(app, permit).await?;
    let current = numbers.first().copied().ok_or(AppError::NotFound)?;
    let what = json!({ "v": 1, "kind": "own_read", "account": permit.resource().account, "what": "own_look_ups" });
    let trace = own_file::trace(app, TraceKind::OwnRead, current, &what).await?;

    let now = app.now();
    let (mut looks, mut withheld_until, mut older) = (Vec::new(), Vec::new(), part.before);
    // Own reads are many: pages are read until one of the others is full.
    let mut read = 0;
    loop {
        let page = app.store().looks_of(&numbers, older, PAGE_MAX).await?;
        let is_last = u32::try_from(page.len()).is_ok_and(|rows| rows < PAGE_MAX);
        read += page.len();
        for look in &page {
            older = Some(look.order);
            if let Some(until) = look.withheld_until.filter(|until| *until > now) {
                withheld_until.push(until);
            } else if part.with_own || look.trace.kind != TraceKind::OwnRead {
                looks.push(own_look(app, look).await?);
            }
            if looks.len() >= looks_max as usize {
                break;
            }
        }
        if is_last {
            older = None;
        }
        if older.is_none() || looks.len() >= looks_max as usize || read >= SEARCHED_MAX as usize {
            break;
        }
    }
    let compared = comparisons::list_looks(app, &numbers, part.before_compared, blocks_max).await?;
    let is_full = compared.len() >= blocks_max as usize;
    let older_compared = compared.last().map(|look| look.order).filter(|_| is_full);
    let is_locked = app.store().is_locked(&numbers).await?;
    app.traces().outcome(trace, TraceOutcome::Disclosed, now).await;
    Ok(OwnLooks {
        looks,
        older,
        withheld_until,
        compared,
        older_compared,
        is_locked,
        as_of: now,
    })
}

/// How many look-ups by others there were at most so many days ago, for the home page; not traced, as it tells no contents.
///
/// # Errors
///
/// If the store fails.
pub async fn count_recent(app: &App, permit: &Permit<ReadOwnLookUps>, days: i64) -> Result<usize, AppError> {
    let numbers = numbers(app, permit).await?;
    let (now, since) = (app.now(), Moment(app.now().0 - days * 24 * 3600 * 1000));
    let looks = app.store().looks_of(&numbers, None, PAGE_MAX).await?;
    let is_counted = |look: &&Look| {
        look.asker.is_some() && look.trace.at >= since && look.withheld_until.is_none_or(|until| until <= now)
    };
    let compared = app.store().blocks_about(&numbers, None, PAGE_MAX).await?;
    let compared = compared.iter().filter(|(block, _)| block.at >= since).count();
    Ok(looks.iter().filter(is_counted).count() + compared)
}

/// B1 tags of the account's number, the current first.
async fn numbers(app: &App, permit: &Permit<ReadOwnLookUps>) -> Result<Vec<store::IndexTag>, AppError> {
    let account = app.store().find_account(permit.resource().account).await?;
    let (document, _) = accounts::identity_of(app, &account.ok_or(AppError::NotFound)?)?;
    Ok(keys::number_tags(app.vault(), &document).all().collect())
}

/// Persons behind the account's number and name, their links followed; the read is traced first.
pub(crate) async fn persons(
    app: &App,
    permit: &Permit<ReadOwnLookUps>,
    what: &'static str,
) -> Result<Vec<PersonId>, AppError> {
    let account = app.store().find_account(permit.resource().account).await?;
    let (document, name) = accounts::identity_of(app, &account.ok_or(AppError::NotFound)?)?;
    let current = keys::number_tags(app.vault(), &document).current;
    let content = json!({ "v": 1, "kind": "own_read", "account": permit.resource().account, "what": what });
    let trace = own_file::trace(app, TraceKind::OwnRead, current, &content).await?;
    let tags: Vec<_> = keys::name_tags(app.vault(), &document, &name).all().collect();
    let first = app.store().find_persons(&tags).await?.into_iter().flatten().next();
    let persons = match first {
        Some(person) => app.store().linked_persons(person.id).await?,
        None => Vec::new(),
    };
    app.traces().outcome(trace, TraceOutcome::Disclosed, app.now()).await;
    Ok(persons)
}

async fn own_look(app: &App, look: &Look) -> Result<OwnLook, AppError> {
    let entry = entry::open(app, TRACE_CONTENT, look.trace.uuid, &look.trace.content)?;
    let content = entry.as_ref().map(Entry::json).unwrap_or_default();
    let mut proofs = vec![Proof {
        label: entry::TRACE,
        entry_hash: look.entry_hash,
        entry,
    }];
    let mut items = asked_items(app, &content);
    if let Some(answer) = &look.answer {
        let entry = entry::open(app, LOOK_UP_ANSWER, look.trace.uuid, &answer.content)?;
        if let Some(entry) = &entry {
            items = answered_items(app, &entry.json());
        }
        proofs.push(Proof {
            label: entry::ANSWER,
            entry_hash: answer.entry_hash,
            entry,
        });
    }
    let mut closed = None;
    if let Some(closing) = &look.closed {
        let entry = entry::open(app, CLOSING_REFERENCE, look.trace.uuid, &closing.reference)?;
        let content = entry.as_ref().map(Entry::json).unwrap_or_default();
        closed = Some(ClosedLook {
            result: closing.result,
            proceeding: text(&content, "proceeding"),
            at: closing.at,
        });
        proofs.push(Proof {
            label: entry::CLOSING,
            entry_hash: closing.entry_hash,
            entry,
        });
    }
    let complaint = match &look.asker {
        Some(_) => complaint_of(app, look.trace.uuid).await?,
        None => None,
    };
    Ok(OwnLook {
        id: look.trace.uuid,
        at: look.trace.at,
        who: who(app, look, &content),
        outcome: look.trace.outcome,
        items,
        close_by: look.answer.as_ref().and_then(|answer| answer.close_by),
        closed,
        complaint,
        proofs,
    })
}

fn who(app: &App, look: &Look, content: &Value) -> Who {
    if let Some(asker) = &look.asker {
        let purpose = app.catalogue().purposes.get(&asker.purpose);
        return Who::LookUp(LookedUp {
            organisation: names::organisation(app.catalogue(), &asker.organisation),
            official: handles::handle(app, &asker.organisation, asker.account),
            is_by_system: asker.client.is_some(),
            purpose: asker.purpose.clone(),
            purpose_name: names::purpose(app.catalogue(), &asker.purpose),
            statute: purpose.and_then(|purpose| purpose.statute.clone()),
            legal_ground: text(content, "legal_ground"),
            matter_no: text(content, "matter_no"),
        });
    }
    if look.trace.kind == TraceKind::OwnRead {
        return Who::Own {
            what: text(content, "what").unwrap_or_default(),
        };
    }
    let organisation = text(content, "organisation").and_then(|code| Uscc::parse(&code).ok());
    let account = text(content, "account").and_then(|id| Uuid::parse_str(&id).ok());
    let official = organisation
        .as_ref()
        .zip(account)
        .map(|(organisation, account)| handles::handle(app, organisation, account));
    Who::Review {
        organisation: organisation.map_or_else(
            || Text {
                zh: String::new(),
                en: String::new(),
            },
            |organisation| names::organisation(app.catalogue(), &organisation),
        ),
        official: official.unwrap_or_default(),
    }
}

fn text(content: &Value, key: &str) -> Option<String> {
    Some(content.get(key)?.as_str()?.to_owned())
}

/// Items that were asked for, before it is known what was answered.
fn asked_items(app: &App, content: &Value) -> Vec<(Text, Option<usize>)> {
    let items = content.get("items").and_then(Value::as_array);
    let name = |id: &Value| Some((item_name(app, id.as_str()?)?, None));
    items.into_iter().flatten().filter_map(name).collect()
}

fn answered_items(app: &App, content: &Value) -> Vec<(Text, Option<usize>)> {
    let items = content.get("items").and_then(Value::as_array);
    let name = |answer: &Value| {
        let records = answer.get("records").and_then(Value::as_array).map(Vec::len);
        Some((item_name(app, answer.get("item")?.as_str()?)?, records))
    };
    items.into_iter().flatten().filter_map(name).collect()
}

fn item_name(app: &App, id: &str) -> Option<Text> {
    let id = domain::catalogue::ItemId::parse(id).ok()?;
    Some(names::item(app.catalogue(), &id))
}

/// The procedure about a look-up: one a look-up, so its id follows from the look-up's.
fn procedure_of(look_up: Uuid) -> Uuid {
    let hash = translog::entry_hash("unrecognised look-up", &[look_up.as_bytes()]);
    let bytes = hash.first_chunk::<16>().copied().unwrap_or_default();
    uuid::Builder::from_custom_bytes(bytes).into_uuid()
}

pub(crate) async fn complaint_of(app: &App, look_up: Uuid) -> Result<Option<Complaint>, AppError> {
    let Some(procedure) = app.store().find_procedure(procedure_of(look_up)).await? else {
        return Ok(None);
    };
    let answer = if procedure.state == ANSWERED {
        last_words(app, &procedure).await?
    } else {
        None
    };
    Ok(Some(Complaint {
        at: procedure.opened_at,
        due_at: procedure.due_at,
        answer,
    }))
}

/// What the organisation answered last; `None` once it is erased.
async fn last_words(app: &App, procedure: &Procedure) -> Result<Option<String>, AppError> {
    let reasons = app.store().step_reasons(procedure.uuid).await?;
    let Some(last) = reasons.last() else { return Ok(None) };
    let entry = entry::open(app, STEP_REASON, procedure.uuid, last)?;
    Ok(entry.and_then(|entry| text(&entry.json(), "words")))
}

async fn open_procedures(app: &App, organisation: &Uscc, limit: u32) -> Result<Vec<Procedure>, AppError> {
    let kind = ProcedureKind::UnrecognisedLookUp;
    Ok(app.store().open_procedures(kind, Some(organisation), limit).await?)
}

/// "I don't recognise this": opens a procedure at the organisation that asked.
///
/// # Errors
///
/// [`AppError::NotFound`] if the look-up is not at the own number or not shown; [`AppError::Conflict`] if it was complained of.
pub async fn complain(app: &App, permit: &Permit<ReadOwnLookUps>, look_up: Uuid, words: &str) -> Result<(), AppError> {
    let words = words.trim();
    if words.chars().count() > WORDS_CHARS_MAX {
        return Err(AppError::Invalid {
            what: "at most 1,000 characters",
        });
    }
    let asker = asker_of_own(app, permit, look_up).await?;
    let (uuid, now) = (procedure_of(look_up), app.now());
    let details = json!({ "v": 1, "kind": "unrecognised_look_up", "look_up": look_up, "words": words });
    let (details, entry_hash) = entry::seal(app, "unrecognised_look_up", PROCEDURE_DETAILS, uuid, &details)?;
    let due = app.catalogue().calendar.plus_working_days(now.day(), ANSWER_DAYS);
    let due = due.or_else(|_| now.day().plus_days(7)).map_err(|_| AppError::Invalid {
        what: "the calendar is at its end",
    })?;
    let procedure = NewProcedure {
        uuid,
        kind: ProcedureKind::UnrecognisedLookUp,
        organisation: asker.organisation,
        staged_row: None,
        person: None,
        reason: ProcedureKind::UnrecognisedLookUp.as_str().to_owned(),
        details,
        at: now,
        due_at: Some(due.last_moment()),
    };
    match app.store().open_procedure(&procedure, entry_hash).await {
        Ok(()) => Ok(()),
        Err(StoreError::Conflict { .. }) => Err(AppError::Conflict),
        Err(error) => Err(error.into()),
    }
}

/// Who asked for a look at the own number that is shown: a look-up, or a row of a comparison.
async fn asker_of_own(app: &App, permit: &Permit<ReadOwnLookUps>, look_up: Uuid) -> Result<store::Asker, AppError> {
    match own_one(app, permit, look_up).await {
        Ok(look) => look.asker.ok_or(AppError::NotFound),
        Err(AppError::NotFound) => {
            let numbers = numbers(app, permit).await?;
            let found = comparisons::find_look(app, &numbers, look_up).await?;
            found.ok_or(AppError::NotFound)
        }
        Err(error) => Err(error),
    }
}

/// A look at the own number that is shown.
async fn own_one(app: &App, permit: &Permit<ReadOwnLookUps>, look_up: Uuid) -> Result<Look, AppError> {
    let numbers = numbers(app, permit).await?;
    let now = app.now();
    let looks = app.store().looks_of(&numbers, None, SEARCHED_MAX).await?;
    let is_it = |look: &Look| look.trace.uuid == look_up && look.withheld_until.is_none_or(|until| until <= now);
    looks.into_iter().find(is_it).ok_or(AppError::NotFound)
}

/// A complaint in an organisation's inbox.
#[derive(Debug, Clone)]
pub struct ComplaintToAnswer {
    /// Public id of the procedure.
    pub id: Uuid,
    /// The look-up it is about.
    pub look_up: Uuid,
    /// What the person wrote.
    pub words: String,
    /// When.
    pub at: Moment,
    /// Until when it is to be answered.
    pub due_at: Option<Moment>,
    /// Whether that is over.
    pub is_overdue: bool,
}

/// Complaints that an organisation has to answer, oldest first.
///
/// # Errors
///
/// If store or vault fail.
pub async fn complaints(app: &App, organisation: &Uscc, limit: u32) -> Result<Vec<ComplaintToAnswer>, AppError> {
    let now = app.now();
    let mut complaints = Vec::new();
    for procedure in open_procedures(app, organisation, limit).await? {
        let entry = entry::open(app, PROCEDURE_DETAILS, procedure.uuid, &procedure.details)?;
        let content = entry.as_ref().map(Entry::json).unwrap_or_default();
        let Some(look_up) = text(&content, "look_up").and_then(|id| Uuid::parse_str(&id).ok()) else {
            continue;
        };
        complaints.push(ComplaintToAnswer {
            id: procedure.uuid,
            look_up,
            words: text(&content, "words").unwrap_or_default(),
            at: procedure.opened_at,
            due_at: procedure.due_at,
            is_overdue: procedure.due_at.is_some_and(|due| due < now),
        });
    }
    Ok(complaints)
}

/// Answers a complaint about one of the organisation's look-ups.
///
/// # Errors
///
/// [`AppError::NotFound`] if there is none; [`AppError::Conflict`] if it was answered.
pub async fn answer_complaint(app: &App, permit: &Permit<policy::CloseLookUp>, words: &str) -> Result<(), AppError> {
    let words = words.trim();
    if !(4..=WORDS_CHARS_MAX).contains(&words.chars().count()) {
        return Err(AppError::Invalid {
            what: "an answer has 4 to 1,000 characters",
        });
    }
    let procedure = app
        .store()
        .find_procedure(procedure_of(permit.resource().look_up))
        .await?;
    let procedure = procedure.ok_or(AppError::NotFound)?;
    if procedure.state == ANSWERED {
        return Err(AppError::Conflict);
    }
    let content = json!({ "v": 1, "kind": "explanation", "procedure": procedure.uuid, "words": words });
    let (reason, entry_hash) = entry::seal(app, "explanation", STEP_REASON, procedure.uuid, &content)?;
    let step = store::NewProcedureStep {
        procedure: procedure.uuid,
        after_steps: procedure.steps,
        state: ANSWERED.to_owned(),
        by: permit.caller().behind.unwrap_or(permit.caller().account),
        reason,
        at: app.now(),
        entry_hash,
    };
    match app.store().append_step(&step).await {
        Ok(()) => Ok(()),
        Err(StoreError::Conflict { .. }) => Err(AppError::Conflict),
        Err(error) => Err(error.into()),
    }
}
