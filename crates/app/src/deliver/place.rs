//! Where a cleaned row goes: to a person, to the staged rows, or back to the provider (R7).

use std::borrow::Cow;

use domain::catalogue::{BreachClass, FieldRole, Item};
use domain::{Day, IdentityDocument, Name};
use intake::{CleanRow, Cleaned, Fault, FaultCode, HeaderMap, RowOperation, SlipRow, StagedContent};
use matching::{AliasStanding, Claim, Explanation, Verdict};
use store::{IndexTag, StagedKind, StoreError};

use super::chunk::Person;
use crate::{App, AppError, keys};

/// A row whose way is decided.
pub(crate) enum Placed {
    /// Number and name agree: it belongs to this person.
    Attach(Box<Attachment>),
    /// It waits under the delivery's key.
    Staged(Box<Waiting>),
    /// It goes back to the provider.
    Refused(Vec<Fault>),
}

/// A row with the person it belongs to: what is needed of it from here on, so that the rest is dropped where it was made.
pub(crate) struct Attachment {
    pub(crate) line: u32,
    pub(crate) operation: RowOperation,
    pub(crate) class: Option<BreachClass>,
    pub(crate) end: Day,
    /// Whether it is held for a question to the provider.
    pub(crate) is_held: bool,
    pub(crate) fact_key: String,
    /// The content as it will be sealed.
    pub(crate) content: Vec<u8>,
    /// Whom it belongs to.
    pub(crate) person: Person,
    pub(crate) warnings: Vec<Fault>,
}

impl Attachment {
    pub(crate) fn new(row: CleanRow, person: Person, warnings: Vec<Fault>) -> Self {
        Self {
            line: row.line,
            operation: row.operation,
            class: row.class,
            end: row.end,
            is_held: row.hold.is_some(),
            content: row.content.into_bytes(),
            fact_key: row.fact_key,
            person,
            warnings,
        }
    }
}

/// A row that waits.
pub(crate) struct Waiting {
    pub(crate) kind: StagedKind,
    /// Reason word: of matching, or the id of the rule.
    pub(crate) reason: Cow<'static, str>,
    pub(crate) line: u32,
    pub(crate) document: IdentityDocument,
    pub(crate) content: StagedContent,
    pub(crate) faults: Vec<Fault>,
}

/// Reason word of a row whose number the identity register does not know.
pub(crate) const NUMBER_UNKNOWN: &str = "number_unknown";

/// Where a fault that only matching or the store can find is shown in the file: column number and the catalogue's header.
#[derive(Debug, Clone, Default)]
pub(crate) struct Places {
    pub(crate) name: (Option<u32>, Option<String>),
    pub(crate) number: (Option<u32>, Option<String>),
    pub(crate) operation: (Option<u32>, Option<String>),
}

impl Places {
    pub(crate) fn new(map: &HeaderMap, item: &Item) -> Self {
        Self {
            name: map.place_of(FieldRole::PersonName, item),
            number: map.place_of(FieldRole::DocumentNumber, item),
            operation: map.place_of(FieldRole::RowOperation, item),
        }
    }
}

/// Rows whose way is decided as far as the identity register and the rows themselves tell.
#[derive(Default)]
pub(crate) struct Decided {
    placed: Vec<Placed>,
    /// Rows that wait because of their name: a review may have confirmed it.
    doubtful: Vec<Doubtful>,
    /// Faults and questions of these rows.
    faults: usize,
    /// Bytes of their contents.
    bytes: usize,
}

/// A row whose name may have been confirmed for its number. The tag is made when the store is asked: keys may be rotated before.
struct Doubtful {
    /// Place among the rows.
    at: usize,
    document: IdentityDocument,
    name: Name,
}

/// Faults from which a chunk ends, however few its rows: a file that is wrong in every row, or in every cell, needs no more
/// memory than a good one.
const CHUNK_FAULTS_MAX: usize = 5_000;
/// Bytes of contents from which a chunk ends: rows of the largest size need no more memory than ordinary ones.
const CHUNK_BYTES_MAX: usize = 96 << 20;

/// Decides the way of each row, in order.
///
/// # Errors
///
/// If the store fails.
pub(crate) async fn place(app: &App, rows: Vec<Cleaned>, places: &Places) -> Result<Vec<Placed>, AppError> {
    let mut decided = Decided::default();
    decided.decide(app, rows, places);
    confirm(app, decided).await
}

impl Decided {
    /// Rows decided so far.
    pub(crate) fn len(&self) -> usize {
        self.placed.len()
    }

    /// Whether these rows are as heavy as a chunk may be.
    pub(crate) fn is_heavy(&self) -> bool {
        self.faults >= CHUNK_FAULTS_MAX || self.bytes >= CHUNK_BYTES_MAX
    }

    fn push(&mut self, placed: Placed) {
        let (faults, bytes) = match &placed {
            Placed::Attach(row) => (row.warnings.len(), row.content.len()),
            Placed::Staged(row) => (row.faults.len(), content_bytes(&row.content)),
            Placed::Refused(faults) => (faults.len(), 0),
        };
        self.faults += faults;
        self.bytes += bytes;
        self.placed.push(placed);
    }

    /// The part of [`place`] that needs no store.
    pub(crate) fn decide(&mut self, app: &App, rows: Vec<Cleaned>, places: &Places) {
        let claims: Vec<Claim<'_>> = rows
            .iter()
            .filter_map(|cleaned| match cleaned {
                Cleaned::Row(row, _) => Some(Claim {
                    document: &row.document,
                    name: &row.name,
                    alias: AliasStanding::NotConfirmed,
                }),
                Cleaned::Slip(..) | Cleaned::Refused(_) => None,
            })
            .collect();
        let mut verdicts = matching::judge_all(&claims, app.register()).into_iter();
        for cleaned in rows {
            match cleaned {
                Cleaned::Refused(faults) => self.push(Placed::Refused(faults)),
                Cleaned::Slip(slip, faults) => self.push(place_slip(app, *slip, faults)),
                Cleaned::Row(row, warnings) => {
                    let verdict = verdicts.next().unwrap_or_else(|| {
                        matching::judge(&row.document, &row.name, app.register(), AliasStanding::NotConfirmed)
                    });
                    if matches!(verdict, Verdict::Pending(explanation) if is_about_the_name(explanation)) {
                        self.doubtful.push(Doubtful {
                            at: self.placed.len(),
                            document: row.document.clone(),
                            name: row.name.clone(),
                        });
                    }
                    self.push(place_row(app, *row, warnings, verdict, places));
                }
            }
        }
    }
}

/// Asks the store for confirmed aliases, in one question.
///
/// # Errors
///
/// If the store fails.
pub(crate) async fn confirm(app: &App, decided: Decided) -> Result<Vec<Placed>, AppError> {
    let Decided {
        mut placed, doubtful, ..
    } = decided;
    confirm_aliases(app, &mut placed, &doubtful).await?;
    Ok(placed)
}

fn content_bytes(content: &StagedContent) -> usize {
    match content {
        StagedContent::Clean(row) => row.content.as_bytes().len(),
        StagedContent::Slip(row) => row.content.as_bytes().len(),
    }
}

const fn is_about_the_name(explanation: Explanation) -> bool {
    matches!(
        explanation,
        Explanation::NameVariant | Explanation::NameChange | Explanation::NameDiffers
    )
}

fn place_row(app: &App, row: CleanRow, mut faults: Vec<Fault>, verdict: Verdict, places: &Places) -> Placed {
    match verdict {
        Verdict::Match => attach(app, row, faults),
        Verdict::HeldNumberUnknown => {
            let (column, header) = places.number.clone();
            faults.push(Fault::new(row.line, column, header, FaultCode::Q02));
            waiting(row, faults, StagedKind::Held, NUMBER_UNKNOWN)
        }
        Verdict::Pending(explanation) => {
            if is_about_the_name(explanation) {
                let (column, header) = places.name.clone();
                faults.push(Fault::new(row.line, column, header, FaultCode::E07));
            }
            waiting(row, faults, StagedKind::Pending, explanation.as_str())
        }
    }
}

/// A row that agrees with the register: to its person, unless a rule leaves that to a human.
fn attach(app: &App, row: CleanRow, warnings: Vec<Fault>) -> Placed {
    let review = row
        .hold
        .as_ref()
        .and_then(|hold| intake::review_of(app.catalogue(), hold));
    if let Some(rule) = review {
        let reason = rule.as_str().to_owned();
        return waiting(row, warnings, StagedKind::Pending, reason);
    }
    let person = Person::new(app, row.document.clone(), None);
    Placed::Attach(Box::new(Attachment::new(row, person, warnings)))
}

/// The name as the register writes it.
pub(crate) fn registered_name(app: &App, document: &IdentityDocument) -> Option<String> {
    app.register().find(document).map(|entry| entry.original().to_owned())
}

fn waiting(row: CleanRow, faults: Vec<Fault>, kind: StagedKind, reason: impl Into<Cow<'static, str>>) -> Placed {
    let (line, document) = (row.line, row.document.clone());
    Placed::Staged(Box::new(Waiting {
        kind,
        reason: reason.into(),
        line,
        document,
        content: StagedContent::Clean(Box::new(row)),
        faults,
    }))
}

/// A number that fails its check goes to a human only if the register has the neighbour under exactly this name.
fn place_slip(app: &App, slip: SlipRow, mut faults: Vec<Fault>) -> Placed {
    let found = matching::slip(slip.kind, slip.number_text(), &slip.name, app.register());
    let Some((explanation, document)) = found else {
        // The row is not kept, so nothing is asked about it.
        faults.retain(|fault| !fault.code.is_question());
        return Placed::Refused(faults);
    };
    Placed::Staged(Box::new(Waiting {
        kind: StagedKind::Pending,
        reason: explanation.as_str().into(),
        line: slip.line,
        document,
        content: StagedContent::Slip(Box::new(slip)),
        faults,
    }))
}

/// A name that a review confirmed for this number agrees from then on: its B2 tag leads to the person.
async fn confirm_aliases(app: &App, placed: &mut [Placed], doubtful: &[Doubtful]) -> Result<(), AppError> {
    if doubtful.is_empty() {
        return Ok(());
    }
    for at in confirmed(app, doubtful).await? {
        let Some(place) = placed.get_mut(at) else { continue };
        let earlier = std::mem::replace(place, Placed::Refused(Vec::new()));
        *place = match earlier {
            Placed::Staged(waiting) => match *waiting {
                Waiting {
                    content: StagedContent::Clean(row),
                    mut faults,
                    ..
                } => {
                    faults.retain(|fault| fault.code != FaultCode::E07);
                    attach(app, *row, faults)
                }
                other => Placed::Staged(Box::new(other)),
            },
            // The second of two key versions found it, too.
            already => already,
        };
    }
    Ok(())
}

/// Places of the rows whose name was confirmed; asked again if a key was retired between reading the key file and asking the
/// store.
async fn confirmed(app: &App, doubtful: &[Doubtful]) -> Result<Vec<usize>, AppError> {
    for _ in 0..keys::RETIRED_IN_A_ROW_MAX {
        match confirmed_once(app, doubtful).await {
            Err(AppError::Store(StoreError::Conflict { .. })) => {}
            other => return other,
        }
    }
    confirmed_once(app, doubtful).await
}

async fn confirmed_once(app: &App, doubtful: &[Doubtful]) -> Result<Vec<usize>, AppError> {
    app.vault().refresh()?;
    let newest = app.vault().index_key_version();
    let mut asked = Vec::with_capacity(doubtful.len());
    for Doubtful { at, document, name } in doubtful {
        let tags = keys::name_tags(app.vault(), document, name);
        // Another thread took up a newer key meanwhile: the tags before would miss who stands under that alone.
        if tags.current.key_version != newest {
            return Err(AppError::Store(StoreError::Conflict {
                what: "a key was rotated",
            }));
        }
        asked.extend(tags.all().map(|tag| (*at, tag)));
    }
    let tags: Vec<IndexTag> = asked.iter().map(|(_, tag)| *tag).collect();
    let persons = app.store().find_persons(&tags).await?;
    let found = asked.iter().zip(persons).filter(|(_, person)| person.is_some());
    Ok(found.map(|((at, _), _)| *at).collect())
}

/// The name a row was delivered under, for reviews.
pub(crate) fn staged_name(content: &StagedContent) -> &Name {
    match content {
        StagedContent::Clean(row) => &row.name,
        StagedContent::Slip(slip) => &slip.name,
    }
}
