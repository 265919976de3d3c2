//! Rules of accounts, sessions, attempts and one-time codes.

use domain::Moment;
use futures::future::join_all;

use super::fixture::{Fixture, START, conflicts, misses, ok, some};
use crate::{Account, AccountKind, Session, Store};

fn session(make: &Fixture, account: &Account, expires_at: i64) -> Session {
    Session {
        token_hash: make.bytes(),
        account: account.uuid,
        is_verified: false,
        csrf: make.bytes(),
        created_at: START,
        used_at: START,
        expires_at: Moment(START.0 + expires_at),
        provider: None,
    }
}

/// A login name belongs to one account, also when ten ask for it at once.
///
/// # Panics
///
/// If the store breaks the rule.
pub async fn an_account_has_its_login_name_alone(store: &dyn Store) {
    let make = Fixture::default();
    let first = make.account("officer-1");
    ok(store.create_account(&first).await, "create");
    conflicts(
        store.create_account(&make.account("officer-1")).await,
        "the name is taken",
    );
    conflicts(
        store
            .create_account(&Account {
                login: "other".to_owned(),
                ..first.clone()
            })
            .await,
        "the id is taken",
    );
    let resident = Account {
        kind: AccountKind::Resident,
        organisation: None,
        identity: make.sealed(),
        ..make.account("resident")
    };
    ok(store.create_account(&resident).await, "create");

    let read = some(
        ok(store.find_account_by_login("officer-1").await, "find"),
        "the account",
    );
    assert_eq!(
        (read.uuid, read.kind, &read.organisation),
        (first.uuid, first.kind, &first.organisation)
    );
    assert_eq!(
        (&read.password_hash, &read.totp_secret),
        (&first.password_hash, &first.totp_secret)
    );
    assert_eq!(
        (&read.identity, &read.key, read.created_at),
        (&first.identity, &first.key, START)
    );
    let read = some(ok(store.find_account(resident.uuid).await, "find"), "the account");
    assert_eq!(
        (read.login.as_str(), &read.identity, read.organisation),
        ("resident", &resident.identity, None)
    );
    assert!(ok(store.find_account_by_login("Officer-1").await, "find").is_none());
    assert!(ok(store.find_account(make.uuid()).await, "find").is_none());
    let all = ok(store.list_accounts(10).await, "list");
    assert_eq!(
        all.iter().map(|a| a.login.as_str()).collect::<Vec<_>>(),
        ["officer-1", "resident"]
    );
    assert_eq!(ok(store.list_accounts(1).await, "list one").len(), 1);

    let asking: Vec<_> = (0..10).map(|_| make.account("wanted")).collect();
    super::records::assert_one_winner(join_all(asking.iter().map(|new| store.create_account(new))).await);
}

/// Sessions begin, are used, found by the hash of their token, and end: one that ended does not come back by being used.
///
/// # Panics
///
/// If the store breaks the rule.
pub async fn sessions_come_and_go(store: &dyn Store) {
    let make = Fixture::default();
    let officer = make.account("officer-1");
    misses(
        store.put_session(&session(&make, &officer, 10)).await,
        "a session of nobody",
    );
    ok(store.create_account(&officer).await, "create");
    let short = session(&make, &officer, 10);
    let long = session(&make, &officer, 20);
    ok(store.put_session(&short).await, "put");
    ok(store.put_session(&long).await, "put");
    let stolen = Session {
        token_hash: long.token_hash,
        ..session(&make, &officer, 30)
    };
    conflicts(store.put_session(&stolen).await, "a token twice");
    // Two requests may note their moments in either order.
    for ms in [3, 2] {
        let noted = store.touch_session(&long.token_hash, Moment(START.0 + ms)).await;
        assert!(ok(noted, "use"), "it stands");
    }
    let used = Session {
        used_at: Moment(START.0 + 3),
        ..long.clone()
    };
    assert_eq!(
        ok(store.find_session(&short.token_hash).await, "find"),
        Some(short.clone())
    );
    assert_eq!(ok(store.find_session(&long.token_hash).await, "find"), Some(used));
    assert_eq!(
        ok(store.delete_expired_sessions(Moment(START.0 + 11)).await, "expire"),
        1
    );
    ok(store.delete_session(&long.token_hash).await, "end");
    ok(store.delete_session(&long.token_hash).await, "end again");
    for ended in [&short, &long] {
        let noted = store.touch_session(&ended.token_hash, Moment(START.0 + 4)).await;
        assert!(!ok(noted, "use"), "it has ended");
        assert_eq!(ok(store.find_session(&ended.token_hash).await, "find"), None);
    }
}

/// Attempts are counted under their key, in their window, all of them.
///
/// # Panics
///
/// If the store breaks the rule.
pub async fn attempts_are_counted_in_their_window(store: &dyn Store) {
    let make = Fixture::default();
    let (key, other): ([u8; 32], [u8; 32]) = (make.bytes(), make.bytes());
    let at = |ms: i64| Moment(START.0 + ms);
    for (ms, expected) in [(1, 1), (2, 2), (3, 3)] {
        assert_eq!(ok(store.count_attempt(&key, at(ms), at(0)).await, "count"), expected);
    }
    assert_eq!(
        ok(store.count_attempt(&key, at(4), at(2)).await, "count"),
        2,
        "those at 3 and 4"
    );
    assert_eq!(
        ok(store.attempts(&key, at(0)).await, "count"),
        4,
        "a longer window still sees them"
    );
    assert_eq!(ok(store.attempts(&key, at(3)).await, "count"), 1);
    assert_eq!(ok(store.attempts(&other, at(0)).await, "count"), 0);
    let racing = join_all((0..20).map(|_| store.count_attempt(&other, at(5), at(0)))).await;
    let mut counts: Vec<u32> = racing.into_iter().map(|count| ok(count, "count")).collect();
    counts.sort_unstable();
    assert_eq!(counts.last(), Some(&20), "the last of twenty sees all of them");
    ok(store.clear_attempts(&key).await, "clear");
    assert_eq!(ok(store.attempts(&key, at(0)).await, "count"), 0);
    assert_eq!(ok(store.attempts(&other, at(0)).await, "count"), 20);
}

/// A one-time code is used once per account (RFC 6238 §5.2), also by ten at once.
///
/// # Panics
///
/// If the store breaks the rule.
pub async fn a_one_time_code_is_used_once(store: &dyn Store) {
    let make = Fixture::default();
    let (one, two) = (make.account("one"), make.account("two"));
    ok(store.create_account(&one).await, "create");
    ok(store.create_account(&two).await, "create");
    assert!(ok(store.use_totp_step(one.uuid, 59_000_000).await, "use"));
    assert!(!ok(store.use_totp_step(one.uuid, 59_000_000).await, "use again"));
    assert!(ok(store.use_totp_step(one.uuid, 59_000_001).await, "the next step"));
    assert!(ok(store.use_totp_step(two.uuid, 59_000_000).await, "another account"));
    let racing = join_all((0..10).map(|_| store.use_totp_step(two.uuid, 59_000_007))).await;
    let used = racing
        .into_iter()
        .map(|used| ok(used, "use"))
        .filter(|used| *used)
        .count();
    assert_eq!(used, 1);
    misses(store.use_totp_step(make.uuid(), 1).await, "nobody's code");
}
