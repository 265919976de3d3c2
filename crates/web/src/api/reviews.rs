//! What helps to decide a review, by programs. The decision itself is a human's, on the pages.

use app::candidates::{self, CandidateView, CandidatesView, Feature};
use axum::Json;
use axum::extract::State;
use serde::Serialize;
use utoipa::ToSchema;

use super::wire::WireText;
use crate::fault::Fault;
use crate::forms::PathId;
use crate::pages::reviews::{find_candidates, permit_for};
use crate::problem::Problem;
use crate::session::Bearer;
use crate::state::WebState;

/// The few persons that a row in review could be. None of them is a match.
#[derive(Serialize, ToSchema)]
pub(super) struct WireCandidates {
    /// false once the review is decided, or if number and name agree and a rule alone left it to a human
    is_in_doubt: bool,
    /// at most five, in the order in which to look at them
    candidates: Vec<WireCandidate>,
    /// persons that fit too and are not shown
    left_out: usize,
}

/// A person that the row could be.
#[derive(Serialize, ToSchema)]
#[schema(example = json!({
    "document": "****************18", "name": "测**", "is_decided_on": true,
    "features": {
        "number": { "word": "one_character", "text": { "zh": "仅第10位不同", "en": "only character 10 differs" } },
        "name": { "word": "equal", "text": { "zh": "姓名一致", "en": "the name is the same" } },
        "birth": { "word": "differs", "text": { "zh": "号码中的出生日期不同", "en": "the birth date in the number is another" } }
    }
}))]
pub(super) struct WireCandidate {
    /// document number, masked but for the last two characters
    document: String,
    /// name in the identity register, masked but for the first character
    name: String,
    /// whether the decision on the review is about this person
    is_decided_on: bool,
    /// how row and person agree, side by side; nothing adds them up
    features: WireFeatures,
}

/// How row and person agree.
#[derive(Serialize, ToSchema)]
pub(super) struct WireFeatures {
    /// document number
    number: WireFeature,
    /// name
    name: WireFeature,
    /// birth date in the number
    birth: WireFeature,
}

/// One feature.
#[derive(Serialize, ToSchema)]
pub(super) struct WireFeature {
    /// for programs
    word: &'static str,
    /// for people
    text: WireText,
}

impl From<Feature> for WireFeature {
    fn from(feature: Feature) -> Self {
        Self {
            word: feature.word,
            text: feature.text.into(),
        }
    }
}

impl From<CandidateView> for WireCandidate {
    fn from(candidate: CandidateView) -> Self {
        Self {
            document: candidate.document_masked,
            name: candidate.name_masked,
            is_decided_on: candidate.is_decided_on,
            features: WireFeatures {
                number: candidate.number.into(),
                name: candidate.name.into(),
                birth: candidate.birth.into(),
            },
        }
    }
}

impl From<CandidatesView> for WireCandidates {
    fn from(view: CandidatesView) -> Self {
        Self {
            is_in_doubt: view.is_in_doubt,
            candidates: view.candidates.into_iter().map(WireCandidate::from).collect(),
            left_out: view.left_out,
        }
    }
}

/// The few persons that the row of one review could be, feature by feature. The look is traced first, under each
/// person shown.
#[utoipa::path(
    get, path = "/api/v1/reviews/{review}/candidates", tag = "reviews", operation_id = "getCandidates",
    security(("bearer" = [])),
    params(("review" = uuid::Uuid, Path, description = "Id of the review.")),
    responses(
        (status = 200, description = "The candidates.", body = WireCandidates),
        (status = 401, description = "No live session.", body = Problem, content_type = "application/problem+json"),
        (status = 404, description = "There is no such review, or another organisation handles it.", body = Problem, content_type = "application/problem+json"),
        (status = 503, description = "The trace could not be written, so nobody was shown.", body = Problem, content_type = "application/problem+json"),
    )
)]
pub(super) async fn candidates(
    State(state): State<WebState>,
    caller: Bearer,
    PathId(id): PathId,
) -> Result<Json<WireCandidates>, Fault> {
    let permit = permit_for(&state, &caller.session.caller, id, find_candidates).await?;
    Ok(Json(candidates::find(&state.app, &permit).await?.into()))
}
