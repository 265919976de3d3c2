//! Links and splits of persons are events: nothing is moved.

use app::{AppError, persons};
use domain::Name;
use domain::record::RecordState;
use policy::LinkPersons;

use crate::town::{Town, document, name, read, records, value};

#[tokio::test(flavor = "multi_thread")]
async fn two_documents_of_one_human_are_read_together_while_they_are_linked() {
    let town = Town::new(&[1, 2]);
    let own = town.own(1).await;
    let rows = [("证字第1号", name(1), document(1)), ("证字第2号", name(2), document(2))];
    for (wsh, name, document) in &rows {
        town.deliver(&[(wsh, name, document.expose(), "经营")]).await;
    }
    assert_eq!(records(&read(&town, &own).await).len(), 1);
    let permit = town.app.policies().decide(&town.centre(), LinkPersons).unwrap();
    persons::link(&town.app, &permit, &document(1), &document(2), "同一人持两证")
        .await
        .unwrap();
    assert_eq!(records(&read(&town, &own).await).len(), 2);
    let twice = persons::link(&town.app, &permit, &document(1), &document(2), "再次").await;
    assert!(matches!(twice, Err(AppError::Conflict)), "{twice:?}");
    persons::unlink(&town.app, &permit, &document(1), &document(2), "有误")
        .await
        .unwrap();
    assert_eq!(records(&read(&town, &own).await).len(), 1);
    town.verify().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_split_copies_to_the_right_person_and_leaves_a_tombstone() {
    let town = Town::new(&[1, 2]);
    let (one, two) = (town.own(1).await, town.own(2).await);
    let number = document(1).expose().to_owned();
    town.deliver(&[
        ("证字第1号", name(1), &number, "经营"),
        ("证字第2号", name(1), &number, "经营"),
    ])
    .await;
    let file = read(&town, &one).await;
    let wrong = records(&file)
        .into_iter()
        .find(|record| value(record, "XK_WSH") == "证字第2号")
        .unwrap()
        .uuid;
    let permit = town.app.policies().decide(&town.centre(), LinkPersons).unwrap();
    let second = document(2);
    let stranger = Name::parse("测试别人").unwrap();
    let refused = persons::split(&town.app, &permit, &document(1), (&second, &stranger), &[wrong], "串号").await;
    assert!(
        matches!(refused, Err(AppError::NotFound)),
        "the register must know number and name: {refused:?}"
    );

    let right = Name::parse(name(2)).unwrap();
    let copies = persons::split(&town.app, &permit, &document(1), (&second, &right), &[wrong], "串号")
        .await
        .unwrap();
    let file = read(&town, &two).await;
    assert_eq!(
        records(&file).iter().map(|record| record.uuid).collect::<Vec<_>>(),
        copies
    );
    assert_eq!(value(records(&file)[0], "XK_WSH"), "证字第2号");
    let left = read(&town, &one).await;
    let state = |wsh| {
        records(&left)
            .into_iter()
            .find(|record| value(record, "XK_WSH") == wsh)
            .unwrap()
            .state
    };
    assert_eq!(
        (state("证字第1号"), state("证字第2号")),
        (RecordState::Usable, RecordState::Corrected)
    );
    town.verify().await;
}
