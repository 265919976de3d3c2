//! Candidates of a review: the few persons that its row could be. None is a match (R7), each look is traced (R6, R11).

use app::candidates::{self, CANDIDATES_MAX, CandidatesView};
use app::reviews::{self, Decision};
use app::{AppError, reviews::ReviewSummary};
use domain::Uscc;
use policy::{DecideReview, FindCandidates, ListReviews, Permit, ReadReview};
use uuid::Uuid;

use crate::town::{Town, document, name, read, records};

/// Delivers one row of resident 1's number under resident 2's name; returns its review.
async fn doubtful(town: &Town) -> ReviewSummary {
    let rows = town
        .deliver(&[("证字第1号", name(2), document(1).expose(), "经营")])
        .await;
    assert_eq!(rows["pending"], 1, "{rows}");
    let organisation: Option<Uscc> = Some(town.provider.clone());
    let permit = town
        .app
        .policies()
        .decide(&town.officer(), ListReviews { organisation })
        .unwrap();
    reviews::list(&town.app, &permit, 10).await.unwrap().remove(0)
}

fn permit(town: &Town, review: Uuid, organisation: Uscc) -> Permit<FindCandidates> {
    let asked = FindCandidates { review, organisation };
    let officer = policy::Caller {
        organisation: Some(asked.organisation.clone()),
        ..town.officer()
    };
    town.app.policies().decide(&officer, asked).unwrap()
}

async fn found(town: &Town, review: Uuid) -> CandidatesView {
    candidates::find(&town.app, &permit(town, review, town.provider.clone()))
        .await
        .unwrap()
}

fn traces(town: &Town, what: &str) -> i64 {
    let database = rusqlite::Connection::open(&town.database).unwrap();
    database
        .query_row(&format!("SELECT count({what}) FROM trace"), [], |row| row.get(0))
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn r7_candidates_attach_nothing_and_only_the_person_decided_on_can_be_attached_to() {
    let town = Town::new(&[1, 2, 3]);
    let (first, second) = (town.own(1).await, town.own(2).await);
    let review = doubtful(&town).await;
    let view = found(&town, review.uuid).await;
    assert!(view.is_in_doubt && view.left_out == 0);
    let seen: Vec<_> = view
        .candidates
        .iter()
        .map(|one| (one.number.word, one.name.word, one.birth.word, one.is_decided_on))
        .collect();
    // The number is 1's, the name 2's; 3 is near in both, and nobody for that.
    assert_eq!(
        seen,
        [
            ("same", "one_character", "same", true),
            ("one_digit_and_check", "equal", "same", false),
        ]
    );
    assert_eq!(view.candidates[0].number.text.zh, "号码完全一致");
    assert_eq!(
        view.candidates[1].number.text.en,
        "digit 17 differs, and the check character with it"
    );
    for candidate in &view.candidates {
        assert_eq!(candidate.name_masked, "测**");
        assert!(candidate.document_masked.starts_with("****************"));
    }
    // Nobody has a record of it, and the review waits as before.
    for own in [&first, &second] {
        assert_eq!(records(&read(&town, own).await).len(), 0);
    }
    let asked = ReadReview {
        review: review.uuid,
        organisation: town.provider.clone(),
    };
    let reading = town.app.policies().decide(&town.officer(), asked).unwrap();
    let view = reviews::get(&town.app, &reading).await.unwrap();
    assert!(view.is_open && view.after_steps == 0 && view.steps.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn r11_candidates_are_traced_under_each_person_before_anybody_is_shown() {
    let town = Town::new(&[1, 2, 3]);
    let review = doubtful(&town).await;
    assert_eq!(traces(&town, "*"), 0);
    assert_eq!(found(&town, review.uuid).await.candidates.len(), 2);
    // One for the number of the row, which is the first candidate's, one for the other.
    assert_eq!((traces(&town, "*"), traces(&town, "DISTINCT tag")), (2, 2));

    let database = rusqlite::Connection::open(&town.database).unwrap();
    // The log takes the row's own trace and fails at the other's: nobody may be shown.
    database
        .execute_batch(
            "CREATE TRIGGER broken_log BEFORE INSERT ON trace WHEN (SELECT count(*) FROM trace) > 2 \
             BEGIN SELECT RAISE(ABORT, 'broken'); END;",
        )
        .unwrap();
    let asked = permit(&town, review.uuid, town.provider.clone());
    assert!(
        candidates::find(&town.app, &asked).await.is_err(),
        "shown without a trace"
    );
    assert_eq!(traces(&town, "*"), 3);
    database.execute_batch("DROP TRIGGER broken_log;").unwrap();
    assert_eq!(found(&town, review.uuid).await.candidates.len(), 2);
    town.app.ready().await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn candidates_are_of_one_review_of_the_own_organisation_and_end_with_it() {
    let town = Town::new(&[1, 2, 3]);
    let review = doubtful(&town).await;
    // A permit for another organisation opens nothing, even with this review's id in it.
    let other = town
        .app
        .catalogue()
        .organisations
        .keys()
        .find(|code| **code != town.provider)
        .unwrap()
        .clone();
    let refused = candidates::find(&town.app, &permit(&town, review.uuid, other)).await;
    assert!(matches!(refused, Err(AppError::NotFound)), "{refused:?}");
    let absent = candidates::find(&town.app, &permit(&town, Uuid::from_u128(7), town.provider.clone())).await;
    assert!(matches!(absent, Err(AppError::NotFound)), "{absent:?}");
    assert_eq!(traces(&town, "*"), 0, "nobody was looked for");

    let asked = DecideReview {
        review: review.uuid,
        organisation: town.provider.clone(),
    };
    let deciding = town.app.policies().decide(&town.officer(), asked).unwrap();
    let decision = Decision {
        attach: false,
        confirm_alias: false,
        reason: "与许可卷宗核对，号码填错".to_owned(),
        after_steps: 0,
    };
    reviews::decide(&town.app, &deciding, &decision).await.unwrap();
    let view = found(&town, review.uuid).await;
    assert!(!view.is_in_doubt && view.candidates.is_empty());
    assert_eq!(traces(&town, "*"), 0, "a decided review looks for nobody");
}

/// However many fit, a few are shown, and each of those is traced and no other.
#[tokio::test(flavor = "multi_thread")]
async fn the_candidates_shown_are_bounded_and_so_are_the_traces() {
    let town = Town::with_namesakes(40);
    let review = doubtful(&town).await;
    let view = found(&town, review.uuid).await;
    assert_eq!(
        (view.candidates.len(), view.left_out),
        (CANDIDATES_MAX, 41 - CANDIDATES_MAX)
    );
    let shown = i64::try_from(CANDIDATES_MAX).unwrap();
    // The holder of the row's number is traced whether shown or not.
    assert!(
        (shown..=shown + 1).contains(&traces(&town, "*")),
        "{}",
        traces(&town, "*")
    );
}
