//! Three administrators that are kept apart: what they do is an entry of the log, and nobody holds two duties.

use app::AppError;
use app::accounts::{self, NewAccount};
use app::administrators;
use policy::{Caller, CallerKind, ManageAccounts, ReadAuditLog};
use store::{AccountKind, ActKind};
use uuid::Uuid;

use crate::town::Town;

fn account(login: &str, kind: AccountKind, staff_number: &str) -> NewAccount {
    NewAccount {
        login: login.to_owned(),
        password: "a password of the test".into(),
        kind,
        organisation: None,
        identity: None,
        totp_secret: None,
        holder: Some(staff_number.to_owned()),
    }
}

fn caller(account: Uuid, kind: CallerKind) -> Caller {
    Caller {
        account,
        kind,
        organisation: None,
        second_factor: true,
        behind: None,
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_holds_two_duties_and_every_act_is_in_the_log() {
    let town = Town::new(&[1]);
    let app = &town.app;
    let first = administrators::create_first(app, account("system", AccountKind::SystemAdmin, "A-1"))
        .await
        .unwrap();
    let officer = NewAccount {
        organisation: Some(town.provider.clone()),
        ..account("officer", AccountKind::Officer, "A-2")
    };
    let refused = administrators::create_first(app, officer).await;
    assert!(
        matches!(refused, Err(AppError::Invalid { .. })),
        "from the host, administrators only: {refused:?}"
    );

    let asked = caller(first.uuid, CallerKind::SystemAdministrator);
    let permit = app.policies().decide(&asked, ManageAccounts).unwrap();
    let audit = administrators::create_account(app, &permit, account("audit", AccountKind::AuditAdmin, "A-3")).await;
    let audit = audit.unwrap();
    for (login, kind, staff_number) in [
        ("audit-too", AccountKind::AuditAdmin, " a-1 "),
        ("security", AccountKind::SecurityAdmin, "A-3"),
    ] {
        let again = administrators::create_account(app, &permit, account(login, kind, staff_number)).await;
        assert!(
            matches!(again, Err(AppError::Conflict)),
            "{login} has a duty already: {again:?}"
        );
    }
    let mut nobody = account("nobody", AccountKind::SecurityAdmin, "");
    nobody.holder = None;
    let nobody = administrators::create_account(app, &permit, nobody).await;
    assert!(matches!(nobody, Err(AppError::Invalid { .. })), "{nobody:?}");
    let number = account("number", AccountKind::SecurityAdmin, crate::town::document(1).expose());
    let number = administrators::create_account(app, &permit, number).await;
    assert!(
        matches!(number, Err(AppError::Invalid { .. })),
        "an identity number is no staff number: {number:?}"
    );
    let own = administrators::end_account(app, &permit, first.uuid).await;
    assert!(matches!(own, Err(AppError::Invalid { .. })), "{own:?}");
    let resident = town.own(1).await.resource().account;
    let private = administrators::end_account(app, &permit, resident).await;
    assert!(
        matches!(private, Err(AppError::NotFound)),
        "a resident's account: {private:?}"
    );
    let listed = administrators::accounts(app, &permit).await.unwrap();
    assert!(
        listed.iter().all(|view| view.kind != AccountKind::Resident),
        "residents are not listed"
    );

    let reader = caller(audit.uuid, CallerKind::AuditAdministrator);
    let permit = app.policies().decide(&reader, ReadAuditLog).unwrap();
    administrators::acts(app, &permit, None).await.unwrap();
    let acts = administrators::acts(app, &permit, None).await.unwrap();
    let kinds: Vec<ActKind> = acts.iter().map(|(_, act)| act.kind).collect();
    assert_eq!(
        kinds,
        [ActKind::ActsRead, ActKind::AccountCreated, ActKind::AccountCreated]
    );
    assert!(acts.iter().all(|(_, act)| administrators::is_whole(act)));
    let mut altered = acts[0].1.clone();
    altered.about.push('x');
    assert!(
        !administrators::is_whole(&altered),
        "an altered row does not fit its entry"
    );
    // Each has its place to come in the log: three acts, and the reading just now.
    let figures = administrators::figures(app, &permit).await.unwrap();
    assert_eq!((figures.entries, figures.waiting), (0, 4));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_account_that_nobody_used_for_ninety_days_is_listed() {
    let town = Town::new(&[1]);
    let app = &town.app;
    let first = administrators::create_first(app, account("system", AccountKind::SystemAdmin, "A-1"))
        .await
        .unwrap();
    let officer = NewAccount {
        organisation: Some(town.provider.clone()),
        holder: None,
        ..account("officer", AccountKind::Officer, "")
    };
    let officer = accounts::create(app, officer).await.unwrap();
    let permit = app
        .policies()
        .decide(&caller(first.uuid, CallerKind::SystemAdministrator), ManageAccounts)
        .unwrap();
    town.clock.jump(administrators::STALE_MS - 60_000);
    assert!(administrators::stale_accounts(app, &permit).await.unwrap().is_empty());
    town.clock.jump(60_000);
    let stale = administrators::stale_accounts(app, &permit).await.unwrap();
    assert_eq!(stale.len(), 2);
    administrators::end_account(app, &permit, officer.uuid).await.unwrap();
    let again = administrators::end_account(app, &permit, officer.uuid).await;
    assert!(matches!(again, Err(AppError::Conflict)), "{again:?}");
    assert_eq!(
        administrators::stale_accounts(app, &permit).await.unwrap().len(),
        1,
        "what ended is no leaver's any more"
    );
}
