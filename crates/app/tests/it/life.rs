//! Correction and withdrawal by the provider; held rows that the register comes to know.

use std::collections::BTreeMap;

use app::{AppError, lifecycle};
use domain::catalogue::FieldCode;
use domain::record::RecordState;
use policy::{CorrectRecord, ReleaseHeld, WithdrawRecord};

use crate::town::{Town, document, name, read, records, value};

#[tokio::test(flavor = "multi_thread")]
async fn a_correction_leaves_what_was_said_and_a_new_record_takes_its_place() {
    let town = Town::new(&[1]);
    let own = town.own(1).await;
    let number = document(1).expose().to_owned();
    town.deliver(&[("证字第1号", name(1), &number, "经营甲")]).await;
    let record = records(&read(&town, &own).await)[0].uuid;
    let question = CorrectRecord {
        record,
        provider: town.provider.clone(),
    };
    let permit = town.app.policies().decide(&town.officer(), question).unwrap();
    let change = |code: &str, text: &str| BTreeMap::from([(FieldCode(code.into()), text.to_owned())]);

    let corrected = lifecycle::correct(&town.app, &permit, &change("XK_NR", "经营乙"), "决定书有误")
        .await
        .unwrap();
    let file = read(&town, &own).await;
    let (new, old) = (records(&file)[0], records(&file)[1]);
    assert_eq!(
        (new.uuid, new.state, value(new, "XK_NR")),
        (corrected, RecordState::Usable, "经营乙")
    );
    assert_eq!(
        (old.uuid, old.state, value(old, "XK_NR")),
        (record, RecordState::Corrected, "经营甲")
    );

    // The old one is over; a value that does not fit and a field that is not there are refused, and nothing changed.
    let again = lifecycle::correct(&town.app, &permit, &change("XK_NR", "经营丙"), "再次").await;
    assert!(matches!(again, Err(AppError::Conflict)), "{again:?}");
    let question = CorrectRecord {
        record: corrected,
        provider: town.provider.clone(),
    };
    let permit = town.app.policies().decide(&town.officer(), question).unwrap();
    for (code, text) in [("XK_JDRQ", "not a day"), ("NO_SUCH", "x")] {
        let refused = lifecycle::correct(&town.app, &permit, &change(code, text), "再次").await;
        assert!(matches!(refused, Err(AppError::Invalid { .. })), "{code}: {refused:?}");
    }
    assert_eq!(records(&read(&town, &own).await).len(), 2);
    town.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_withdrawn_does_not_come_back_by_being_sent_again() {
    let town = Town::new(&[1]);
    let own = town.own(1).await;
    let number = document(1).expose().to_owned();
    town.deliver(&[("证字第1号", name(1), &number, "经营")]).await;
    let record = records(&read(&town, &own).await)[0].uuid;
    let question = WithdrawRecord {
        record,
        provider: town.provider.clone(),
    };
    let permit = town.app.policies().decide(&town.officer(), question).unwrap();
    lifecycle::withdraw(&town.app, &permit, "决定已撤销").await.unwrap();
    assert_eq!(records(&read(&town, &own).await)[0].state, RecordState::Withdrawn);
    assert!(matches!(
        lifecycle::withdraw(&town.app, &permit, "再次").await,
        Err(AppError::Conflict)
    ));

    let rows = town
        .deliver(&[
            ("证字第1号", name(1), &number, "经营"),
            ("证字第2号", name(1), &number, "经营"),
        ])
        .await;
    assert_eq!((&rows["refused"], &rows["recorded"]), (&1.into(), &1.into()));
    assert_eq!(records(&read(&town, &own).await).len(), 2);
    town.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn r7_a_row_is_held_until_the_register_confirms_number_and_name() {
    let town = Town::new(&[1]);
    let (second, third) = (document(2).expose().to_owned(), document(3).expose().to_owned());
    let rows = town
        .deliver(&[
            ("证字第1号", name(2), &second, "经营"),
            ("证字第2号", "测试别人", &third, "经营"),
            ("证字第3号", name(1), document(1).expose(), "经营"),
        ])
        .await;
    assert_eq!((&rows["held"], &rows["recorded"]), (&2.into(), &1.into()));
    let own = town.own(2).await;
    assert!(
        records(&read(&town, &own).await).is_empty(),
        "a held row belongs to nobody yet"
    );

    let release = |town: &Town| town.app.policies().decide(&Town::operator(), ReleaseHeld).unwrap();
    let permit = release(&town);
    let nothing = app::held::release(&town.app, &permit).await.unwrap();
    assert_eq!((nothing.looked_at, nothing.still_held), (2, 2));

    let town = town.with_register(&[1, 2, 3]);
    let permit = release(&town);
    let released = app::held::release(&town.app, &permit).await.unwrap();
    assert_eq!(
        (
            released.looked_at,
            released.recorded,
            released.pending,
            released.still_held
        ),
        (2, 1, 1, 0)
    );
    let file = read(&town, &own).await;
    assert_eq!(
        (records(&file).len(), value(records(&file)[0], "XK_WSH")),
        (1, "证字第1号")
    );
    let again = app::held::release(&town.app, &permit).await.unwrap();
    assert_eq!(again.looked_at, 0, "a released row is resolved");
    town.verify().await;
}
