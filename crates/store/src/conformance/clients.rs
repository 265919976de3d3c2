//! Rules of departments' systems, their keys, sessions and nonces.

use domain::Moment;
use futures::future::join_all;

use super::fixture::{Fixture, START, conflicts, misses, ok, organisation, some};
use super::records::assert_one_winner;
use crate::{ActKind, Client, ClientKey, ClientSession, Store};

async fn registered(make: &Fixture, store: &dyn Store) -> (Client, ClientKey) {
    let client = make.client(&organisation(1));
    let act = make.administrator_act(ActKind::ClientRegistered);
    ok(store.register_client(&client, &act).await, "client");
    let key = make.client_key(&client);
    let act = make.administrator_act(ActKind::KeyRegistered);
    ok(store.register_client_key(&key, &act).await, "key");
    (client, key)
}

/// Clients and keys come back as written; a key is one client's.
///
/// # Panics
///
/// If the store breaks the rule.
pub async fn clients_and_keys_come_back_as_written(store: &dyn Store) {
    let make = Fixture::default();
    let (client, key) = registered(&make, store).await;
    let act = || make.administrator_act(ActKind::ClientRegistered);
    let same_name = Client {
        uuid: make.uuid(),
        ..client.clone()
    };
    conflicts(store.register_client(&same_name, &act()).await, "a name twice");
    let other = make.client(&organisation(2));
    ok(store.register_client(&other, &act()).await, "another client");
    let stolen = ClientKey {
        uuid: make.uuid(),
        client: other.uuid,
        ..key.clone()
    };
    conflicts(store.register_client_key(&stolen, &act()).await, "another's key");
    let nobodys = ClientKey {
        client: make.uuid(),
        ..make.client_key(&client)
    };
    misses(store.register_client_key(&nobodys, &act()).await, "a key of nobody");
    let second = make.client_key(&client);
    ok(store.register_client_key(&second, &act()).await, "a second key");

    assert_eq!(ok(store.find_client(client.uuid).await, "find"), Some(client.clone()));
    assert_eq!(ok(store.find_client(make.uuid()).await, "find"), None);
    let found = ok(store.find_client_key(key.uuid).await, "find");
    assert_eq!(found, Some((key.clone(), client.clone())));
    assert_eq!(ok(store.find_client_key(client.uuid).await, "find"), None);
    assert_eq!(ok(store.keys_of_client(client.uuid).await, "keys"), [key, second]);
    assert_eq!(ok(store.list_clients(10).await, "list"), [client, other]);
    assert_eq!(ok(store.list_clients(1).await, "list one").len(), 1);
    assert_eq!(
        ok(store.acts(None, 10).await, "acts").len(),
        4,
        "what failed left no act"
    );
}

/// A revocation is there for the next reader, ends the key's sessions, and happens once, by whoever of fifty was first.
///
/// # Panics
///
/// If the store breaks the rule.
pub async fn a_revocation_binds_at_once(store: &dyn Store) {
    let make = Fixture::default();
    let (client, key) = registered(&make, store).await;
    let second = make.client_key(&client);
    let act = make.administrator_act(ActKind::KeyRegistered);
    ok(store.register_client_key(&second, &act).await, "a second key");
    let session = |key: &ClientKey, until: i64| ClientSession {
        uuid: make.uuid(),
        key: key.uuid,
        created_at: START,
        expires_at: Moment(START.0 + until),
    };
    let (of_first, of_second) = (session(&key, 10), session(&second, 10));
    ok(store.begin_client_session(&of_first).await, "session");
    ok(store.begin_client_session(&of_second).await, "session");
    assert_eq!(
        ok(store.find_client_session(of_first.uuid).await, "find"),
        Some(of_first)
    );

    let acts: Vec<_> = (0..50).map(|_| make.administrator_act(ActKind::KeyRevoked)).collect();
    assert_one_winner(join_all(acts.iter().map(|act| store.revoke_client_key(key.uuid, act))).await);
    let (read, _) = some(ok(store.find_client_key(key.uuid).await, "find"), "the key");
    assert_eq!(read.revoked_at, Some(START));
    assert_eq!(ok(store.find_client_session(of_first.uuid).await, "find"), None);
    assert_eq!(
        ok(store.find_client_session(of_second.uuid).await, "find"),
        Some(of_second)
    );
    let act = make.administrator_act(ActKind::KeyRevoked);
    misses(store.revoke_client_key(make.uuid(), &act).await, "no such key");
    misses(
        store.begin_client_session(&session(&make.client_key(&client), 1)).await,
        "a session of no key",
    );
    assert_eq!(ok(store.acts(None, 10).await, "acts").len(), 4, "one revocation");

    let late = ClientSession {
        created_at: Moment(START.0 + 11),
        ..session(&second, 20)
    };
    ok(store.begin_client_session(&late).await, "a later session");
    assert_eq!(
        ok(store.find_client_session(of_second.uuid).await, "find"),
        None,
        "it is over and cleared away"
    );
}

/// A nonce is used once, also by fifty at once, and forgotten when its time is over.
///
/// # Panics
///
/// If the store breaks the rule.
pub async fn a_nonce_is_used_once_and_forgotten_in_time(store: &dyn Store) {
    let make = Fixture::default();
    let (one, two): ([u8; 32], [u8; 32]) = (make.bytes(), make.bytes());
    let at = |ms: i64| Moment(START.0 + ms);
    assert!(ok(store.use_nonce(&one, at(0), at(100)).await, "use"));
    assert!(!ok(store.use_nonce(&one, at(1), at(100)).await, "again"));
    assert!(!ok(store.use_nonce(&one, at(100), at(200)).await, "its last moment"));
    let racing = join_all((0..50).map(|_| store.use_nonce(&two, at(1), at(100)))).await;
    let used = racing
        .into_iter()
        .map(|used| ok(used, "use"))
        .filter(|used| *used)
        .count();
    assert_eq!(used, 1);
    for _ in 0..40 {
        ok(store.use_nonce(&make.bytes(), at(2), at(100)).await, "use");
    }
    assert_eq!(ok(store.count_nonces().await, "count"), 42);
    for _ in 0..8 {
        ok(store.use_nonce(&make.bytes(), at(101), at(300)).await, "later");
    }
    assert_eq!(
        ok(store.count_nonces().await, "count"),
        8,
        "what is over is cleared away"
    );
}
