//! Rules of administrators' acts and of accounts that end.

use domain::Moment;
use futures::future::join_all;

use super::fixture::{Fixture, START, conflicts, misses, ok, some};
use super::records::assert_one_winner;
use crate::{Account, AccountKind, ActKind, NewAct, Session, Store};

fn of_kind(make: &Fixture, login: &str, kind: AccountKind, holder: Option<[u8; 32]>) -> Account {
    let organisation = make.account(login).organisation.filter(|_| !kind.is_administrator());
    Account {
        kind,
        organisation,
        holder,
        ..make.account(login)
    }
}

/// Acts are read newest first, page by page, and each has its outbox row.
///
/// # Panics
///
/// If the store breaks the rule.
pub async fn acts_are_read_newest_first(store: &dyn Store) {
    let make = Fixture::default();
    let acts: Vec<NewAct> = (0..5).map(|_| make.administrator_act(ActKind::ActsRead)).collect();
    for act in &acts {
        ok(store.append_act(act).await, "act");
    }
    conflicts(store.append_act(some(acts.first(), "an act")).await, "an act twice");
    let read = ok(store.acts(None, 3).await, "read");
    let newest: Vec<&NewAct> = read.iter().map(|(_, act)| act).collect();
    assert_eq!(newest, acts.iter().rev().take(3).collect::<Vec<_>>());
    let last = read.last().map(|(order, _)| *order);
    let rest = ok(store.acts(last, 10).await, "the next page");
    let rest: Vec<&NewAct> = rest.iter().map(|(_, act)| act).collect();
    assert_eq!(rest, acts.iter().rev().skip(3).collect::<Vec<_>>());
    assert_eq!(ok(store.log_sizes().await, "sizes"), (0, 5), "each waits for its place");
}

/// A human holds one account, whatever its kind; of fifty that are created at once for one human, one is.
///
/// # Panics
///
/// If the store breaks the rule.
pub async fn a_human_holds_one_account(store: &dyn Store) {
    let make = Fixture::default();
    let holder: [u8; 32] = make.bytes();
    let act = || make.administrator_act(ActKind::AccountCreated);
    let security = of_kind(&make, "security", AccountKind::SecurityAdmin, Some(holder));
    ok(store.open_account(&security, &act()).await, "create");
    let audit = of_kind(&make, "audit", AccountKind::AuditAdmin, Some(holder));
    conflicts(store.open_account(&audit, &act()).await, "two duties of one human");
    let officer = of_kind(&make, "officer", AccountKind::Officer, Some(holder));
    conflicts(
        store.create_account(&officer).await,
        "an officer who is an administrator",
    );
    let found = some(ok(store.find_account_of_holder(&holder).await, "find"), "the account");
    assert_eq!(
        (found.uuid, found.kind, found.holder),
        (security.uuid, security.kind, Some(holder))
    );
    assert!(ok(store.find_account_of_holder(&make.bytes()).await, "find").is_none());
    let nobody = of_kind(&make, "nobody", AccountKind::SystemAdmin, None);
    assert!(
        store.open_account(&nobody, &act()).await.is_err(),
        "an administrator of whom nobody knows who it is"
    );
    assert_eq!(
        ok(store.acts(None, 10).await, "acts").len(),
        1,
        "what failed left no act"
    );

    let wanted: [u8; 32] = make.bytes();
    let kinds = [
        AccountKind::SystemAdmin,
        AccountKind::SecurityAdmin,
        AccountKind::AuditAdmin,
    ];
    let asking: Vec<_> = (0..50)
        .zip(kinds.into_iter().cycle())
        .map(|(no, kind)| (of_kind(&make, &format!("racing-{no}"), kind, Some(wanted)), act()))
        .collect();
    assert_one_winner(join_all(asking.iter().map(|(new, act)| store.open_account(new, act))).await);
    assert_eq!(
        ok(store.acts(None, 10).await, "acts").len(),
        2,
        "one act for one account"
    );
}

/// An account ends once, with its sessions, and stays to be read.
///
/// # Panics
///
/// If the store breaks the rule.
pub async fn an_account_ends_with_its_sessions(store: &dyn Store) {
    let make = Fixture::default();
    let (leaver, other) = (make.account("leaver"), make.account("other"));
    ok(store.create_account(&leaver).await, "create");
    ok(store.create_account(&other).await, "create");
    let session = |account: &Account| Session {
        token_hash: make.bytes(),
        account: account.uuid,
        is_verified: true,
        csrf: make.bytes(),
        created_at: START,
        used_at: START,
        expires_at: Moment(START.0 + 10),
        provider: None,
    };
    let sessions = [session(&leaver), session(&leaver), session(&other)];
    for session in &sessions {
        ok(store.put_session(session).await, "session");
    }
    let [first, second, others] = &sessions;
    let act = make.administrator_act(ActKind::SessionsEnded);
    assert_eq!(ok(store.end_sessions(leaver.uuid, &act).await, "end sessions"), 2);
    ok(store.put_session(first).await, "begin again");
    let act = make.administrator_act(ActKind::AccountEnded);
    ok(store.end_account(leaver.uuid, &act).await, "end");
    for gone in [first, second] {
        assert_eq!(ok(store.find_session(&gone.token_hash).await, "find"), None);
    }
    assert!(ok(store.find_session(&others.token_hash).await, "find").is_some());
    let read = some(ok(store.find_account_by_login("leaver").await, "find"), "the account");
    assert_eq!(read.ended_at, Some(act.at));
    assert_eq!(
        some(ok(store.find_account(other.uuid).await, "find"), "other").ended_at,
        None
    );
    let again = make.administrator_act(ActKind::AccountEnded);
    conflicts(store.end_account(leaver.uuid, &again).await, "an end twice");
    misses(store.end_account(make.uuid(), &again).await, "nobody's account");
    misses(store.end_sessions(make.uuid(), &again).await, "nobody's sessions");
    assert_eq!(ok(store.acts(None, 10).await, "acts").len(), 2);
}

/// Accounts that nobody uses are listed, residents' and ended ones are not.
///
/// # Panics
///
/// If the store breaks the rule.
pub async fn unused_accounts_are_listed(store: &dyn Store) {
    let make = Fixture::default();
    let day = |days: i64| Moment(START.0 + days * 86_400_000);
    let accounts = [
        of_kind(&make, "never", AccountKind::Officer, None),
        of_kind(&make, "used", AccountKind::Centre, None),
        of_kind(&make, "long-ago", AccountKind::AuditAdmin, Some(make.bytes())),
        of_kind(&make, "ended", AccountKind::Officer, None),
        of_kind(&make, "resident", AccountKind::Resident, None),
    ];
    for account in &accounts {
        ok(store.create_account(account).await, "create");
    }
    let [_, used, long_ago, ended, _] = &accounts;
    ok(store.note_account_use(long_ago.uuid, day(1)).await, "use");
    ok(store.note_account_use(used.uuid, day(1)).await, "use");
    ok(store.note_account_use(used.uuid, day(80)).await, "use again");
    misses(store.note_account_use(make.uuid(), day(1)).await, "nobody's use");
    let act = make.administrator_act(ActKind::AccountEnded);
    ok(store.end_account(ended.uuid, &act).await, "end");
    let stale = ok(store.stale_accounts(day(10), 10).await, "stale");
    let stale: Vec<_> = stale
        .iter()
        .map(|(account, at)| (account.login.as_str(), *at))
        .collect();
    assert_eq!(stale, [("never", None), ("long-ago", Some(day(1)))]);
    assert_eq!(ok(store.stale_accounts(day(10), 1).await, "one").len(), 1);
}
