//! Break-glass: two officers of one organisation, a time limit, the person told in the same transaction (AB-09, G-37).

use std::sync::atomic::{AtomicU32, Ordering};

use app::accounts::{self, NewAccount};
use app::emergencies::{self, AskedEmergency, EmergencyReason, GrantFault};
use app::look_ups::{self, Request};
use app::own_file;
use app::own_looks::{self, Part, Who};
use app::{App, AppError};
use domain::catalogue::PurposeId;
use domain::{MatterNo, Uscc};
use policy::{Caller, CallerKind, Permit, ReadOwnLookUps, ReadOwnNotices, ReadOwnRecords};
use store::AccountKind;

use crate::town::{Town, document, name};

/// Market regulators of the test city: 食品经营许可 is theirs to ask for.
const ASKER: &str = "11370199MB9900013X";
const OTHER: &str = "11370199MB9900048G";
const MINUTE: i64 = 60_000;

fn purpose() -> PurposeId {
    PurposeId::parse("PUR-FOOD-LICENCE").unwrap()
}

async fn officer(town: &Town, login: &str, organisation: &str) -> Caller {
    let organisation = Some(Uscc::parse(organisation).unwrap());
    let new = NewAccount {
        login: login.to_owned(),
        password: "a password of the test".into(),
        kind: AccountKind::Officer,
        organisation: organisation.clone(),
        identity: None,
        totp_secret: None,
        holder: None,
    };
    Caller {
        account: accounts::create(&town.app, new).await.unwrap().uuid,
        kind: CallerKind::Officer,
        organisation,
        second_factor: true,
        behind: None,
    }
}

fn asked(sequence: u16) -> AskedEmergency {
    AskedEmergency {
        purpose: purpose(),
        reason: EmergencyReason::LifeOrHealth,
        words: "poisoning at a canteen; who cooks there must be known".to_owned(),
        document: document(sequence),
        minutes: 30,
    }
}

/// Looks a resident up in an emergency; the code of the refusal, if the policies refuse.
async fn look_up(app: &App, caller: &Caller, purpose: &str, matter_no: &MatterNo, sequence: u16) -> Option<String> {
    static ASKED: AtomicU32 = AtomicU32::new(0);
    let key = format!("key-{:08}", ASKED.fetch_add(1, Ordering::Relaxed));
    let document = document(sequence);
    let request = Request {
        purpose,
        legal_ground: "个人信息保护法 第十三条第四项",
        matter_no: matter_no.as_str(),
        document_kind: "01",
        document_number: document.expose(),
        name: name(sequence),
        items: &["ITM-PERMIT".to_owned()],
        key: &key,
    };
    let (question, asked) = look_ups::prepare(app, caller, &request).await.unwrap();
    match app.policies().decide(caller, question) {
        Ok(permit) => {
            look_ups::look_up(app, &permit, &asked).await.unwrap();
            None
        }
        Err(refusal) => Some(refusal.code().to_owned()),
    }
}

/// Matter numbers of the look-ups that the person sees.
async fn matters_seen(town: &Town, own: &Permit<ReadOwnRecords>) -> Vec<String> {
    let account = own.resource().account;
    let permit = town.app.policies().decide(own.caller(), ReadOwnLookUps { account });
    let looks = own_looks::list(&town.app, &permit.unwrap(), Part::default())
        .await
        .unwrap();
    let matter_no = |look: own_looks::OwnLook| match look.who {
        Who::LookUp(look) => look.matter_no,
        _ => None,
    };
    looks.looks.into_iter().filter_map(matter_no).collect()
}

async fn told(town: &Town, sequence: u16) -> usize {
    told_to(town, &town.own(sequence).await).await
}

async fn told_to(town: &Town, own: &Permit<ReadOwnRecords>) -> usize {
    let account = own.resource().account;
    let permit = town
        .app
        .policies()
        .decide(own.caller(), ReadOwnNotices { account })
        .unwrap();
    own_file::emergencies(&town.app, &permit).await.unwrap().len()
}

fn is_not_found<T: std::fmt::Debug>(result: &Result<T, AppError>, what: &str) {
    assert!(matches!(result, Err(AppError::NotFound)), "{what}: {result:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn ab09_an_emergency_needs_two_officers_ends_by_itself_and_the_person_is_told() {
    let town = Town::new(&[1, 2]);
    let (first, second) = (
        officer(&town, "first", ASKER).await,
        officer(&town, "second", ASKER).await,
    );
    let (third, stranger) = (
        officer(&town, "third", ASKER).await,
        officer(&town, "stranger", OTHER).await,
    );
    let id = emergencies::ask(&town.app, &first, asked(1)).await.unwrap();
    let number = MatterNo::of_emergency(id);
    let in_hand = |caller: Caller, sequence: u16| {
        let (app, number) = (town.app.clone(), number.clone());
        async move { look_up(&app, &caller, purpose().as_str(), &number, sequence).await }
    };
    let no_matter = Some("POLICY-0204".to_owned());
    assert_eq!(in_hand(first.clone(), 1).await, no_matter, "asked, not granted");

    let waiting = emergencies::open(&town.app, &second).await.unwrap();
    assert_eq!(
        (waiting.len(), waiting[0].asked_by.as_str(), waiting[0].is_own),
        (1, "first", false)
    );
    assert!(emergencies::open(&town.app, &first).await.unwrap()[0].is_own);
    assert!(emergencies::open(&town.app, &stranger).await.unwrap().is_empty());
    let alone = emergencies::grant(&town.app, &first, id).await;
    assert!(
        matches!(&alone, Err(GrantFault::Refused(why)) if why.code() == "POLICY-0106"),
        "{alone:?}"
    );
    let outside = emergencies::grant(&town.app, &stranger, id).await;
    assert!(
        matches!(outside, Err(GrantFault::App(AppError::NotFound))),
        "{outside:?}"
    );

    let until = emergencies::grant(&town.app, &second, id).await.unwrap();
    let left = until.0 - town.clock.look().0;
    assert!((29 * MINUTE..=30 * MINUTE).contains(&left), "{left}");
    let again = emergencies::grant(&town.app, &third, id).await;
    assert!(matches!(again, Err(GrantFault::App(AppError::Conflict))), "{again:?}");
    for (officer, lasting) in [(&first, 1), (&second, 1), (&third, 0), (&stranger, 0)] {
        let open = emergencies::open(&town.app, officer).await.unwrap();
        assert_eq!(open.len(), lasting, "those who asked and granted read its number");
        let numbers = open.iter().map(|open| (open.matter_no.as_ref(), open.lapses_at));
        assert!(numbers.into_iter().all(|open| open == (Some(&number), until)));
    }
    for (caller, sequence, refused, what) in [
        (&first, 1, None, "who asked"),
        (&second, 1, None, "who granted"),
        (
            &third,
            1,
            no_matter.clone(),
            "a colleague who neither asked nor granted",
        ),
        (&first, 2, no_matter.clone(), "another person"),
    ] {
        assert_eq!(in_hand(caller.clone(), sequence).await, refused, "{what}");
    }
    assert!(in_hand(stranger.clone(), 1).await.is_some(), "another organisation");
    let laundered = look_up(&town.app, &first, "PUR-PROCUREMENT", &number, 1).await;
    assert!(laundered.is_some(), "another purpose");
    let never = MatterNo::of_emergency(uuid::Uuid::from_u128(7));
    assert_eq!(
        look_up(&town.app, &first, purpose().as_str(), &never, 1).await,
        no_matter
    );
    let system = Caller {
        kind: CallerKind::System,
        behind: Some(first.account),
        account: uuid::Uuid::from_u128(5),
        second_factor: false,
        ..first.clone()
    };
    let behind = in_hand(system.clone(), 1).await;
    assert_eq!(behind, None, "the system of the officer who asked");
    assert!(
        in_hand(Caller { behind: None, ..system }, 1).await.is_some(),
        "a system with nobody behind it"
    );

    let own = town.own(1).await;
    assert_eq!(
        matters_seen(&town, &own).await,
        vec![number.to_string(); 3],
        "each look names the emergency"
    );
    assert_eq!(told_to(&town, &own).await, 1, "the person is told");
    assert_eq!(told(&town, 2).await, 0);
    town.clock.jump(30 * MINUTE);
    assert_eq!(in_hand(first.clone(), 1).await, no_matter, "it ended by itself");
    assert!(emergencies::open(&town.app, &first).await.unwrap().is_empty());
    let reviews = town
        .app
        .policies()
        .decide(&Town::operator(), policy::ListReviews { organisation: None });
    let reviews = app::reviews::list(&town.app, &reviews.unwrap(), 10).await.unwrap();
    assert!(reviews.is_empty(), "its review is no review of a row");
}

#[tokio::test(flavor = "multi_thread")]
async fn ab09_what_is_no_emergency_is_not_asked_for() {
    let town = Town::new(&[1]);
    let first = officer(&town, "first", ASKER).await;
    let stranger = officer(&town, "stranger", OTHER).await;
    let refused = |caller: Caller, change: fn(&mut AskedEmergency)| {
        let app = town.app.clone();
        async move {
            let mut asked = asked(1);
            change(&mut asked);
            emergencies::ask(&app, &caller, asked).await
        }
    };
    for (what, change) in [
        (
            "no words",
            (|asked| asked.words = "now!".into()) as fn(&mut AskedEmergency),
        ),
        ("no time", |asked| asked.minutes = 0),
        ("more than an hour", |asked| asked.minutes = 61),
        ("a disabled purpose", |asked| {
            asked.purpose = PurposeId::parse("PUR-COMMENDATION").unwrap();
        }),
        ("no purpose", |asked| {
            asked.purpose = PurposeId::parse("PUR-NONE").unwrap();
        }),
    ] {
        let result = refused(first.clone(), change).await;
        assert!(matches!(result, Err(AppError::Invalid { .. })), "{what}: {result:?}");
    }
    let result = refused(stranger, |_| ()).await;
    assert!(
        matches!(result, Err(AppError::Invalid { .. })),
        "an organisation that may not ask: {result:?}"
    );
    let half = Caller {
        second_factor: false,
        ..first.clone()
    };
    is_not_found(&refused(half, |_| ()).await, "one factor");
    is_not_found(&refused(town.centre(), |_| ()).await, "the centre");

    // Nobody granted it in time.
    let second = officer(&town, "second", ASKER).await;
    let id = refused(first, |_| ()).await.unwrap();
    town.clock.jump(15 * MINUTE);
    assert!(emergencies::open(&town.app, &second).await.unwrap().is_empty());
    let late = emergencies::grant(&town.app, &second, id).await;
    assert!(matches!(late, Err(GrantFault::App(AppError::NotFound))), "{late:?}");
    assert_eq!(told(&town, 1).await, 0, "nothing was granted, nobody is told");
}

/// Of fifty officers who grant at once, one does; never the one who asked (G-37).
#[tokio::test(flavor = "multi_thread")]
async fn g37_of_fifty_who_grant_at_once_one_does_and_never_the_first_officer() {
    let town = Town::new(&[1]);
    let first = officer(&town, "first", ASKER).await;
    let mut others = Vec::new();
    for no in 0..9 {
        others.push(officer(&town, &format!("other-{no}"), ASKER).await);
    }
    for round in 0..20 {
        let id = emergencies::ask(&town.app, &first, asked(1)).await.unwrap();
        let racing = (0..50).map(|no| {
            let caller = if no % 5 == 0 { &first } else { &others[(no + round) % 9] };
            emergencies::grant(&town.app, caller, id)
        });
        let outcomes = futures::future::join_all(racing).await;
        for (no, outcome) in outcomes.iter().enumerate() {
            let is_first = no % 5 == 0;
            assert!(
                !(is_first && outcome.is_ok()),
                "the first officer granted the own request"
            );
        }
        assert_eq!(
            outcomes.iter().filter(|outcome| outcome.is_ok()).count(),
            1,
            "round {round}"
        );
    }
    assert_eq!(told(&town, 1).await, 20, "one notice for one grant");
}
