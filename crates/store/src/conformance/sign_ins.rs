//! Rules of signing in by an identity provider.

use domain::Moment;
use futures::future::join_all;

use super::fixture::{Fixture, START, conflicts, misses, ok, some};
use super::records::assert_one_winner;
use crate::{Account, ActKind, ProviderSession, Session, SignIn, Store, SubjectBinding};

/// A subject of the provider has one account and an account one subject, also when ten ask at once; ended, both are free again.
///
/// # Panics
///
/// If the store breaks the rule.
pub async fn a_subject_has_one_account_and_an_account_one_subject(store: &dyn Store) {
    let make = Fixture::default();
    let (one, two) = (make.account("one"), make.account("two"));
    ok(store.create_account(&one).await, "create");
    ok(store.create_account(&two).await, "create");
    let bound = || make.administrator_act(ActKind::SubjectBound);
    let first = make.binding(one.uuid);
    assert!(ok(store.find_binding(&first.subject).await, "find").is_none());
    ok(store.bind_subject(&first, &bound()).await, "bind");
    conflicts(
        store.bind_subject(&make.binding(one.uuid), &bound()).await,
        "a second subject",
    );
    let stolen = SubjectBinding {
        subject: first.subject,
        ..make.binding(two.uuid)
    };
    conflicts(store.bind_subject(&stolen, &bound()).await, "a second account");
    misses(
        store.bind_subject(&make.binding(make.uuid()), &bound()).await,
        "nobody's account",
    );
    assert_eq!(ok(store.find_binding(&first.subject).await, "find"), Some(first));
    assert_eq!(ok(store.find_binding_of(one.uuid).await, "find"), Some(first));
    assert_eq!(ok(store.find_binding_of(two.uuid).await, "find"), None);
    assert_eq!(ok(store.list_bindings(10).await, "list"), [first]);
    assert_eq!(
        ok(store.acts(None, 10).await, "acts").len(),
        1,
        "what failed left no act"
    );

    let unbound = || make.administrator_act(ActKind::SubjectUnbound);
    misses(store.unbind_account(two.uuid, &unbound()).await, "no binding");
    ok(store.unbind_account(one.uuid, &unbound()).await, "unbind");
    misses(store.unbind_account(one.uuid, &unbound()).await, "an end twice");
    assert_eq!(ok(store.find_binding(&first.subject).await, "find"), None);
    ok(store.bind_subject(&stolen, &bound()).await, "the subject is free again");
    let ended = make.administrator_act(ActKind::AccountEnded);
    ok(store.end_account(two.uuid, &ended).await, "leaver");
    assert_eq!(
        ok(store.find_binding(&first.subject).await, "find"),
        None,
        "it ends with the account"
    );
    assert_eq!(ok(store.acts(None, 10).await, "acts").len(), 4);

    let asking: Vec<_> = (0..10).map(|_| (make.binding(one.uuid), bound())).collect();
    assert_one_winner(join_all(asking.iter().map(|(new, act)| store.bind_subject(new, act))).await);
}

fn session(make: &Fixture, account: &Account, binding: &SubjectBinding, at_provider: Option<[u8; 32]>) -> Session {
    Session {
        token_hash: make.bytes(),
        account: account.uuid,
        is_verified: true,
        csrf: make.bytes(),
        created_at: START,
        used_at: START,
        expires_at: Moment(START.0 + 10),
        provider: Some(ProviderSession {
            binding: binding.uuid,
            second_factor_until: Some(Moment(START.0 + 5)),
            session: at_provider,
        }),
    }
}

/// A session that the provider's word began comes back as written, ends with its binding, and by the provider's word; while an
/// account is bound it has no other session, neither from before nor from now.
///
/// # Panics
///
/// If the store breaks the rule.
pub async fn a_session_lives_as_long_as_its_binding(store: &dyn Store) {
    let make = Fixture::default();
    let (officer, other) = (make.account("officer"), make.account("other"));
    ok(store.create_account(&officer).await, "create");
    ok(store.create_account(&other).await, "create");
    let (binding, others) = (make.binding(officer.uuid), make.binding(other.uuid));
    let by_password = |account| Session {
        provider: None,
        ..session(&make, account, &binding, None)
    };
    let (before, meanwhile, foreign_before) = (by_password(&officer), by_password(&officer), by_password(&other));
    for session in [&before, &foreign_before] {
        ok(store.put_session(session).await, "put");
    }
    let act = make.administrator_act(ActKind::SubjectBound);
    ok(store.bind_subject(&make.binding(officer.uuid), &act).await, "bind");
    let act = make.administrator_act(ActKind::SubjectUnbound);
    ok(store.unbind_account(officer.uuid, &act).await, "unbind");
    assert_eq!(
        ok(store.find_session(&before.token_hash).await, "find"),
        None,
        "what ended with the binding stays ended after it"
    );
    assert!(ok(store.find_session(&foreign_before.token_hash).await, "find").is_some());
    for bound in [&binding, &others] {
        let act = make.administrator_act(ActKind::SubjectBound);
        ok(store.bind_subject(bound, &act).await, "bind");
    }
    let (here, there): ([u8; 32], [u8; 32]) = (make.bytes(), make.bytes());
    let sessions = [
        session(&make, &officer, &binding, Some(here)),
        session(&make, &officer, &binding, Some(there)),
        session(&make, &officer, &binding, None),
        session(&make, &other, &others, Some(here)),
    ];
    for session in &sessions {
        ok(store.put_session(session).await, "put");
        assert_eq!(
            ok(store.find_session(&session.token_hash).await, "find").as_ref(),
            Some(session)
        );
    }
    // The password was right before the binding, and its session begins after it.
    ok(store.put_session(&meanwhile).await, "put");
    for gone in [&before, &meanwhile, &foreign_before] {
        assert_eq!(
            ok(store.find_session(&gone.token_hash).await, "find"),
            None,
            "another door"
        );
    }

    let [first, second, silent, foreign] = &sessions;
    let ended = store.end_sessions_of_binding(binding.uuid, Some(&here)).await;
    assert_eq!(
        ok(ended, "end at the provider"),
        2,
        "the one it names, and the one of which it told nothing"
    );
    for (session, lives) in [(first, false), (second, true), (silent, false), (foreign, true)] {
        assert_eq!(
            ok(store.find_session(&session.token_hash).await, "find").is_some(),
            lives
        );
    }
    ok(store.put_session(first).await, "begin again");
    assert_eq!(
        ok(store.end_sessions_of_binding(binding.uuid, None).await, "end all"),
        2
    );
    assert_eq!(
        ok(store.end_sessions_of_binding(make.uuid(), None).await, "nobody's"),
        0
    );

    ok(store.put_session(first).await, "begin again");
    let act = make.administrator_act(ActKind::SubjectUnbound);
    ok(store.unbind_account(officer.uuid, &act).await, "unbind");
    assert_eq!(ok(store.find_session(&first.token_hash).await, "find"), None);
    // One that begins at the same moment as the end finds no way in either.
    ok(store.put_session(second).await, "a late one");
    assert_eq!(
        ok(store.find_session(&second.token_hash).await, "find"),
        None,
        "a session without a binding in force"
    );
    assert!(ok(store.find_session(&foreign.token_hash).await, "find").is_some());
}

/// An answer of the provider is taken once, also by ten at once; questions that nobody answered are cleared away.
///
/// # Panics
///
/// If the store breaks the rule.
pub async fn an_answer_is_taken_once(store: &dyn Store) {
    let make = Fixture::default();
    let question = |after_ms: i64, session_hash: Option<[u8; 32]>| SignIn {
        state_hash: make.bytes(),
        browser_hash: make.bytes(),
        session_hash,
        return_to: "/look-up?purpose=PUR-TOUR-GUIDE".to_owned(),
        expires_at: Moment(START.0 + after_ms),
    };
    let (plain, confirming) = (question(10, None), question(10, Some(make.bytes())));
    for question in [&plain, &confirming] {
        ok(store.begin_sign_in(question, START).await, "ask");
    }
    conflicts(store.begin_sign_in(&plain, START).await, "a state twice");
    assert_eq!(ok(store.take_sign_in(&make.bytes()).await, "take"), None);
    let taken = some(
        ok(store.take_sign_in(&confirming.state_hash).await, "take"),
        "the question",
    );
    assert_eq!(taken, confirming);
    let racing = join_all((0..10).map(|_| store.take_sign_in(&plain.state_hash))).await;
    let taken = racing.into_iter().filter_map(|taken| ok(taken, "take")).count();
    assert_eq!(taken, 1);

    let (old, new) = (question(1, None), question(100, None));
    ok(store.begin_sign_in(&old, START).await, "ask");
    ok(store.begin_sign_in(&new, Moment(START.0 + 50)).await, "ask later");
    assert_eq!(
        ok(store.take_sign_in(&old.state_hash).await, "take"),
        None,
        "cleared away"
    );
    assert!(ok(store.take_sign_in(&new.state_hash).await, "take").is_some());
}
