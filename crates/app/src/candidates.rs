//! The few persons that the row of one review could be, explained feature by feature (R7). They help the officer who
//! decides; nothing is attached, and no number says how near a candidate is (R1).
//!
//! One review at a time: there is no use case that compares rows with a population, or a population with another.

use domain::catalogue::Text;
use domain::{IdentityDocument, Name};
use futures::future::try_join_all;
use intake::StagedContent;
use matching::{Candidate, Doubt, Explanation, Language};
use policy::{FindCandidates, Permit};
use serde_json::json;
use store::{IndexTag, TraceKind, TraceOutcome};

use crate::reviews::{self, OPEN};
use crate::{App, AppError, keys, own_file};

/// Candidates that are shown at most.
pub use matching::CANDIDATES_MAX;

/// The candidates of one review.
#[derive(Debug, Clone, Default)]
pub struct CandidatesView {
    /// Whether it is in doubt whose the row is. A decided review, or one that a rule left to a human although number and name
    /// agree, has no candidates, and nobody is looked for.
    pub is_in_doubt: bool,
    /// At most [`CANDIDATES_MAX`], those to look at first before the others.
    pub candidates: Vec<CandidateView>,
    /// Persons that fit too and are not shown.
    pub left_out: usize,
}

/// A person that the row could be.
#[derive(Debug, Clone)]
pub struct CandidateView {
    /// Number, masked.
    pub document_masked: String,
    /// Name in the identity register, masked.
    pub name_masked: String,
    /// Whether the decision on the review is about this person: only this one can be attached to.
    pub is_decided_on: bool,
    /// How the numbers agree.
    pub number: Feature,
    /// How the names agree.
    pub name: Feature,
    /// How the birth dates in the numbers agree.
    pub birth: Feature,
}

/// One feature in which row and candidate agree or differ.
#[derive(Debug, Clone)]
pub struct Feature {
    /// The word on the wire.
    pub word: &'static str,
    /// What an officer reads.
    pub text: Text,
}

/// Finds the candidates of one review. The look is durable in the log, under the row's number, before anybody is looked for
/// (R11), and under each candidate's before any is shown, so that it stands among the looks at each of them (R6).
///
/// # Errors
///
/// [`AppError::NotFound`], or if a trace cannot be written: then nobody is shown.
pub async fn find(app: &App, permit: &Permit<FindCandidates>) -> Result<CandidatesView, AppError> {
    let asked = permit.resource();
    let procedure = reviews::permitted(app, asked.review, &asked.organisation).await?;
    if procedure.state != OPEN || Explanation::parse(&procedure.reason).is_none() {
        return Ok(CandidatesView::default());
    }
    let (row, delivery) = reviews::staged(app, &procedure).await?;
    let what = json!({
        "v": 1, "kind": "review", "account": permit.caller().account, "organisation": procedure.organisation.as_str(),
        "what": "review_candidates", "procedure": procedure.uuid,
    });
    let trace = own_file::trace(app, TraceKind::LookUp, row.tag, &what).await?;
    let Some((document, content)) = reviews::open_staged(app, &row, &delivery)? else {
        app.traces().outcome(trace, TraceOutcome::Nothing, app.now()).await;
        return Ok(CandidatesView::default());
    };
    let found = matching::candidates(&doubt(&content), app.register());
    // Whoever the row names is traced already.
    let others: Vec<(IndexTag, &IdentityDocument)> = found
        .iter()
        .map(|candidate| {
            let tag = keys::number_tags(app.vault(), &candidate.document).current;
            (tag, &candidate.document)
        })
        .filter(|(tag, _)| *tag != row.tag)
        .collect();
    // Together, so that they share a commit.
    let traces = try_join_all(
        others
            .iter()
            .map(|(tag, about)| own_file::trace_about(app, TraceKind::LookUp, *tag, &what, Some(*about))),
    )
    .await?;
    let view = CandidatesView {
        is_in_doubt: true,
        left_out: found.left_out(),
        candidates: found.iter().map(|candidate| shown(candidate, &document)).collect(),
    };
    let outcome = if view.candidates.is_empty() {
        TraceOutcome::Nothing
    } else {
        TraceOutcome::Disclosed
    };
    for trace in traces.into_iter().chain([trace]) {
        app.traces().outcome(trace, outcome, app.now()).await;
    }
    Ok(view)
}

fn doubt(content: &StagedContent) -> Doubt<'_> {
    match content {
        StagedContent::Clean(row) => Doubt::of(&row.document, &row.name),
        StagedContent::Slip(slip) => Doubt::slip(slip.kind, slip.number_text(), &slip.name),
    }
}

fn shown(candidate: &Candidate<'_>, decided_on: &IdentityDocument) -> CandidateView {
    CandidateView {
        document_masked: candidate.document.masked(),
        name_masked: Name::parse(candidate.entry.name()).map_or_else(|_| "*".to_owned(), |name| name.masked()),
        is_decided_on: candidate.document == *decided_on,
        number: Feature {
            word: candidate.number.as_str(),
            text: Text {
                zh: candidate.number.text(Language::Zh).into_owned(),
                en: candidate.number.text(Language::En).into_owned(),
            },
        },
        name: Feature {
            word: candidate.name.as_str(),
            text: Text {
                zh: candidate.name.text(Language::Zh).to_owned(),
                en: candidate.name.text(Language::En).to_owned(),
            },
        },
        birth: Feature {
            word: candidate.birth.as_str(),
            text: Text {
                zh: candidate.birth.text(Language::Zh).to_owned(),
                en: candidate.birth.text(Language::En).to_owned(),
            },
        },
    }
}
