//! Days on which a provider should have sent something, by the State Council's calendar of 2026.

use app::reconcile::Reconciliation;
use domain::Day;

use crate::town::{Town, document, name};

const DAY_MS: i64 = 24 * 3600 * 1000;

/// Moves the town's clock to ten in the morning of a day.
fn go_to(town: &Town, day: &str) {
    let day = Day::parse_iso(day).unwrap();
    let days = i64::from(day.to_epoch_days() - town.clock.look().day().to_epoch_days());
    town.clock.jump(days * DAY_MS);
    assert_eq!(town.clock.look().day(), day);
}

async fn report(town: &Town, day: &str) -> Reconciliation {
    let question = policy::ListDeliveries {
        provider: Some(town.provider.clone()),
    };
    let permit = town.app.policies().decide(&town.officer(), question).unwrap();
    let day = Day::parse_iso(day).unwrap();
    app::reconcile::reconcile(&town.app, &permit, day, Vec::new())
        .await
        .unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn working_days_without_a_delivery_are_missing_and_days_off_are_not() {
    let town = Town::new(&[1]);
    assert_eq!(
        report(&town, "2026-09-18").await.missing_days,
        [""; 0],
        "nothing is expected of who never sent"
    );
    for (day, number) in [("2026-09-18", "证字第1号"), ("2026-09-21", "证字第2号")] {
        go_to(&town, day);
        town.deliver(&[(number, name(1), document(1).expose(), "经营")]).await;
    }

    let found = report(&town, "2026-10-12").await;
    // 中秋节 is 25 to 27 September, 国庆节 1 to 7 October; Sunday 20 September and Saturday 10 October are worked.
    assert_eq!(
        found.missing_days,
        [
            "2026-09-20",
            "2026-09-22",
            "2026-09-23",
            "2026-09-24",
            "2026-09-28",
            "2026-09-29",
            "2026-09-30",
            "2026-10-08",
            "2026-10-09",
            "2026-10-10",
            "2026-10-12",
        ]
    );
    assert_eq!(found.days_without_calendar, [""; 0]);
    assert_eq!(report(&town, "2026-09-18").await.missing_days, [""; 0]);

    // Thirty days are looked back.
    let later = report(&town, "2026-10-20").await;
    assert_eq!(later.missing_days[0], "2026-09-22");
    assert_eq!(report(&town, "2026-10-19").await.missing_days[0], "2026-09-20");
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_said_about_a_year_whose_calendar_is_not_entered() {
    let town = Town::new(&[1]);
    go_to(&town, "2026-12-30");
    town.deliver(&[("证字第1号", name(1), document(1).expose(), "经营")])
        .await;
    let found = report(&town, "2027-01-04").await;
    assert_eq!(found.missing_days, ["2026-12-31"]);
    assert_eq!(
        found.days_without_calendar,
        ["2027-01-01", "2027-01-02", "2027-01-03", "2027-01-04"]
    );
}
