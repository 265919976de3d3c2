//! The suite of `store` on PostgreSQL, and what only PostgreSQL can break. Few tests, since each starts a cluster.

#![expect(
    clippy::unwrap_used,
    clippy::panic,
    reason = "a test ends at the first surprise, in its helpers too"
)]

use std::path::Path;
use std::sync::Arc;

use domain::Moment;
use reserve::Reserve;
use store::conformance::{Fixture, fill_every_table, run_all};
use store::{
    BlindIndex, DeliveryState, DeliveryStore, LogStore, LoginStore, PersonStore, ProcedureStore, Session, Store,
    StoreError, TraceKind,
};
use store_postgres::testing::Cluster;
use store_postgres::{PostgresOptions, PostgresStore, migrate};
use tokio_postgres::{Client, NoTls};

fn options() -> PostgresOptions {
    PostgresOptions {
        connections_max: 8,
        needs_fsync: false,
        ..PostgresOptions::default()
    }
}

async fn raw(url: &str) -> Client {
    let (client, connection) = tokio_postgres::connect(url, NoTls).await.unwrap();
    tokio::spawn(connection);
    client
}

#[tokio::test(flavor = "multi_thread")]
async fn conforms() {
    let cluster = Cluster::start().unwrap();
    run_all(|| async {
        let url = cluster.fresh_database().await.unwrap();
        Arc::new(PostgresStore::connect(&url, &options()).await.unwrap()) as Arc<dyn Store>
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn schema_statements_and_rights() {
    let cluster = Cluster::start().unwrap();
    every_statement_is_prepared(&cluster).await;
    every_column_has_a_comment(&cluster).await;
    another_schema_is_refused(&cluster).await;
    append_only_is_held_twice(&cluster).await;
    an_unsafe_server_is_refused(&cluster).await;
    a_lost_connection_is_told_apart(&cluster).await;
    nothing_of_a_row_is_in_the_log(&cluster).await;
    what_somebody_waits_for_is_run_again_on_the_reserve(&cluster).await;
}

async fn every_statement_is_prepared(cluster: &Cluster) {
    let client = raw(&cluster.fresh_database().await.unwrap()).await;
    let mut prepared = 0;
    let sql = Path::new(env!("CARGO_MANIFEST_DIR")).join("sql");
    for table in std::fs::read_dir(sql).unwrap() {
        for file in std::fs::read_dir(table.unwrap().path()).unwrap() {
            let file = file.unwrap().path();
            let text = std::fs::read_to_string(&file).unwrap();
            assert!(
                text.starts_with("-- "),
                "{} does not say what it answers",
                file.display()
            );
            if let Err(error) = client.prepare(&text).await {
                panic!("{}: {error:?}", file.display());
            }
            prepared += 1;
        }
    }
    assert!(prepared > 80, "only {prepared} statements were found");
}

async fn every_column_has_a_comment(cluster: &Cluster) {
    let client = raw(&cluster.fresh_database().await.unwrap()).await;
    let bare = client
        .query(
            "SELECT c.relname || '.' || a.attname FROM pg_class c \
             JOIN pg_attribute a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped \
             WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace AND c.relname NOT LIKE 'refinery%' \
               AND (col_description(c.oid, a.attnum) IS NULL OR obj_description(c.oid) IS NULL)",
            &[],
        )
        .await
        .unwrap();
    let bare: Vec<String> = bare.iter().map(|row| row.get(0)).collect();
    assert!(bare.is_empty(), "no comment: {bare:?}");
}

async fn another_schema_is_refused(cluster: &Cluster) {
    let url = cluster.empty_database().await.unwrap();
    let open = || async {
        PostgresStore::connect(&url, &options())
            .await
            .map(drop)
            .map_err(|error| error.to_string())
    };
    assert!(open().await.unwrap_err().contains("version 0"), "an empty database");
    let migrations = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/migrations")).unwrap();
    assert_eq!(migrate(&url).await.unwrap(), migrations.count());
    assert_eq!(migrate(&url).await.unwrap(), 0, "a second run has nothing to do");
    assert_eq!(open().await, Ok(()));
    let raw = raw(&url).await;
    let later = "INSERT INTO refinery_schema_history VALUES (9999, 'later', '2030-01-01T00:00:00Z', '1')";
    raw.batch_execute(later).await.unwrap();
    assert!(
        open().await.unwrap_err().contains("version 9999"),
        "a later program's database"
    );
    raw.batch_execute("DELETE FROM refinery_schema_history WHERE version = 9999")
        .await
        .unwrap();
    raw.batch_execute("UPDATE refinery_schema_history SET checksum = '1' WHERE version = 1")
        .await
        .unwrap();
    assert!(
        open().await.unwrap_err().contains("other migrations"),
        "a schema that was edited"
    );

    let far = PostgresStore::connect("host=db.example.org dbname=x", &options())
        .await
        .map(drop);
    assert!(
        far.unwrap_err().to_string().contains("TLS"),
        "rows do not cross a network in clear"
    );
    let nowhere = PostgresStore::connect("host=/nonexistent dbname=x", &options())
        .await
        .map(drop);
    assert!(matches!(nowhere, Err(StoreError::Unavailable { .. })), "{nowhere:?}");
}

const QUEUES: [&str; 15] = [
    "outbox",
    "session",
    "attempt",
    "lease",
    "procedure_open",
    "look_up_open",
    "account_use",
    "client_session",
    "client_nonce",
    "account_subject_live",
    "sign_in",
    "disclosure",
    "fallen_record",
    "event_delivery",
    "event_progress",
];

/// Tables that are not queues, each with its columns and their types.
async fn columns(client: &Client) -> Vec<(String, String, String)> {
    let found = client
        .query(
            "SELECT table_name::text, column_name::text, data_type::text FROM information_schema.columns \
             WHERE table_schema = 'public' AND table_name NOT LIKE 'refinery%' ORDER BY table_name, ordinal_position",
            &[],
        )
        .await
        .unwrap();
    found
        .iter()
        .map(|row| (row.get(0), row.get(1), row.get(2)))
        .filter(|(table, ..): &(String, String, String)| !QUEUES.contains(&table.as_str()))
        .collect()
}

/// What a trigger refuses with: `restrict_violation`.
const TRIGGER: &str = "23001";
/// What a missing grant refuses with: `insufficient_privilege`.
const GRANT: &str = "42501";

async fn append_only_is_held_twice(cluster: &Cluster) {
    let url = cluster.fresh_database().await.unwrap();
    let store = PostgresStore::connect(&url, &options()).await.unwrap();
    fill_every_table(&store).await;
    let (owner, application) = (raw(&url).await, raw(&url).await);
    application.batch_execute("SET ROLE chengdang_app").await.unwrap();
    let refused = |client, sql: String, code: &'static str| async move {
        let client: &Client = client;
        let error = client.execute(&sql, &[]).await.map(|_| sql.clone()).unwrap_err();
        assert_eq!(
            error.code().map(|code| code.code().to_owned()).as_deref(),
            Some(code),
            "{sql}: {error:?}"
        );
    };
    let mut tables = std::collections::BTreeSet::new();
    for (table, column, kind) in columns(&owner).await {
        if tables.insert(table.clone()) {
            let rows: i64 = owner
                .query_one(&format!("SELECT count(*) FROM {table}"), &[])
                .await
                .unwrap()
                .get(0);
            assert!(rows > 0, "{table} is empty, so nothing is shown");
            refused(&owner, format!("DELETE FROM {table}"), TRIGGER).await;
            refused(&owner, format!("TRUNCATE {table} CASCADE"), TRIGGER).await;
            // Tags of a retired key may go: a trigger tells them from the others.
            let forgets = ["blind_index", "declared_relation", "honey_number"];
            let held = if forgets.contains(&table.as_str()) {
                TRIGGER
            } else {
                GRANT
            };
            refused(&application, format!("DELETE FROM {table}"), held).await;
            refused(&application, format!("TRUNCATE {table} CASCADE"), GRANT).await;
        }
        if (table.as_str(), column.as_str()) == ("key_floor", "version") {
            refused(&owner, "UPDATE key_floor SET version = version - 1".to_owned(), TRIGGER).await;
            continue;
        }
        let changed = match kind.as_str() {
            "bytea" => format!("COALESCE({column}, ''::bytea) || '\\x01'::bytea"),
            "uuid" => "gen_random_uuid()".to_owned(),
            "text" => "'changed'".to_owned(),
            _ => format!("COALESCE({column}, 0) + 1"),
        };
        // An identity column is refused by its definition before any trigger sees it.
        let code = if is_identity(&owner, &table, &column).await {
            "428C9"
        } else {
            TRIGGER
        };
        refused(&owner, format!("UPDATE {table} SET {column} = {changed}"), code).await;
    }
    assert!(tables.len() >= 20, "{tables:?}");
    refused(&application, "UPDATE record SET state = 'held'".to_owned(), GRANT).await;
    refused(&application, "UPDATE record SET content = '\\x01'".to_owned(), TRIGGER).await;
    refused(&application, "CREATE TABLE mine (x integer)".to_owned(), GRANT).await;
    refused(&application, "DROP TABLE record".to_owned(), GRANT).await;
    // The one change that is allowed.
    let erase = "UPDATE record SET content = NULL, content_salt = NULL";
    assert_eq!(application.execute(erase, &[]).await.unwrap(), 3);
    assert_eq!(
        application
            .execute("UPDATE person SET secret = NULL", &[])
            .await
            .unwrap(),
        3
    );
    refused(&application, "UPDATE person SET secret = '\\x01'".to_owned(), TRIGGER).await;
    // A destroyed secret does not come back, as whatever it is dressed.
    refused(
        &application,
        "UPDATE person SET secret = '\\x01ffff0001'".to_owned(),
        TRIGGER,
    )
    .await;
    // The store's own connections act as that role, whoever logged in.
    owner
        .batch_execute(
            "CREATE TABLE actor (name text); GRANT INSERT ON actor TO PUBLIC; \
             CREATE FUNCTION note_actor() RETURNS trigger LANGUAGE plpgsql AS $$ \
             BEGIN INSERT INTO actor VALUES (current_user); RETURN NULL; END $$; \
             CREATE TRIGGER notes AFTER INSERT ON trace FOR EACH ROW EXECUTE FUNCTION note_actor()",
        )
        .await
        .unwrap();
    let make = Fixture::default();
    let trace = make.trace(make.tag(BlindIndex::Number), TraceKind::LookUp);
    let unlike = store::NewTrace {
        uuid: uuid::Uuid::from_u128(1),
        ..trace
    };
    store.append_traces(&[unlike]).await.unwrap();
    let actor: String = owner.query_one("SELECT name FROM actor", &[]).await.unwrap().get(0);
    assert_eq!(actor, "chengdang_app");
}

async fn is_identity(client: &Client, table: &str, column: &str) -> bool {
    let sql = "SELECT is_identity = 'YES' FROM information_schema.columns WHERE table_name = $1 AND column_name = $2";
    client.query_one(sql, &[&table, &column]).await.unwrap().get(0)
}

async fn an_unsafe_server_is_refused(cluster: &Cluster) {
    let url = cluster.fresh_database().await.unwrap();
    let strict = PostgresOptions {
        needs_fsync: true,
        ..options()
    };
    let refused = PostgresStore::connect(&url, &strict)
        .await
        .map(drop)
        .unwrap_err()
        .to_string();
    assert!(refused.contains("fsync"), "{refused}");
    let name: String = raw(&url)
        .await
        .query_one("SELECT current_database()::text", &[])
        .await
        .unwrap()
        .get(0);
    let set = |value: &str| format!("ALTER DATABASE {name} SET log_statement = '{value}'");
    raw(&url).await.batch_execute(&set("all")).await.unwrap();
    let refused = PostgresStore::connect(&url, &options())
        .await
        .map(drop)
        .unwrap_err()
        .to_string();
    assert!(refused.contains("log_parameter_max_length"), "{refused}");
    raw(&url).await.batch_execute(&set("none")).await.unwrap();
    PostgresStore::connect(&url, &options()).await.map(drop).unwrap();
}

async fn a_lost_connection_is_told_apart(cluster: &Cluster) {
    let url = cluster.fresh_database().await.unwrap();
    let one = PostgresOptions {
        connections_max: 1,
        ..options()
    };
    let store = PostgresStore::connect(&url, &one).await.unwrap();
    let owner = raw(&url).await;
    // The server ends the session at the commit, by a deferred trigger: nobody knows what became of it.
    owner
        .batch_execute(
            "CREATE FUNCTION die() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ \
             BEGIN PERFORM pg_terminate_backend(pg_backend_pid()); RETURN NULL; END $$; \
             CREATE CONSTRAINT TRIGGER dies AFTER INSERT ON trace DEFERRABLE INITIALLY DEFERRED \
             FOR EACH ROW EXECUTE FUNCTION die();",
        )
        .await
        .unwrap();
    let make = Fixture::default();
    let trace = make.trace(make.tag(BlindIndex::Number), TraceKind::LookUp);
    let lost = store.append_traces(std::slice::from_ref(&trace)).await;
    assert!(matches!(lost, Err(StoreError::OutcomeUnknown)), "{lost:?}");
    // The pool makes a new connection by itself.
    owner.batch_execute("DROP TRIGGER dies ON trace").await.unwrap();
    store.append_traces(std::slice::from_ref(&trace)).await.unwrap();
    assert_eq!(store.log_sizes().await.unwrap(), (0, 1));
}

async fn nothing_of_a_row_is_in_the_log(cluster: &Cluster) {
    let url = cluster.fresh_database().await.unwrap();
    let store = PostgresStore::connect(&url, &options()).await.unwrap();
    let make = Fixture::default();
    // An empty password hash breaks a CHECK, and the server would quote the row in the DETAIL of its answer.
    let good = make.account("planted-login-370199");
    let account = store::Account {
        password_hash: String::new(),
        ..good
    };
    let refused = store.create_account(&account).await.unwrap_err();
    assert!(matches!(refused, StoreError::Invalid { .. }), "{refused:?}");
    assert!(!refused.to_string().contains("planted"), "{refused}");
    let taken = store::Account {
        password_hash: "$argon2id$".to_owned(),
        ..account
    };
    store.create_account(&taken).await.unwrap();
    let refused = store.create_account(&taken).await.unwrap_err();
    assert!(!refused.to_string().contains("planted"), "{refused}");
    assert!(store.find_persons(&[]).await.unwrap().is_empty());
    assert!(
        store
            .open_procedures(store::ProcedureKind::Review, None, 1)
            .await
            .unwrap()
            .is_empty()
    );
    assert!(cluster.log().unwrap().len() > 100, "the log is read");
}

const START: Moment = Moment(1_000_000);

/// Tables whose rows these acts write.
const WRITTEN: [&str; 5] = ["account", "session", "attempt", "totp_step", "delivery"];

/// On a full disk the server answers with SQLSTATE 53100. Where a disk meets its end is chance, so here the server itself says
/// so, in every statement that writes, for as long as the reserve holds its blocks.
async fn what_somebody_waits_for_is_run_again_on_the_reserve(cluster: &Cluster) {
    let url = cluster.fresh_database().await.unwrap();
    let kept = cluster.folder().join("kept");
    std::fs::create_dir(&kept).unwrap();
    let reserve = Reserve::new(&kept, 1 << 20);
    let store = PostgresStore::connect(
        &url,
        &PostgresOptions {
            reserve: reserve.clone(),
            ..options()
        },
    )
    .await
    .unwrap();
    let make = Fixture::default();
    let delivery = make.begun(&store).await.id;
    let ended = store
        .finish_delivery(delivery, DeliveryState::Done, b"r", START, make.bytes())
        .await;
    ended.unwrap();
    let account = make.account("officer-1");
    let file = kept.join(reserve::FILE);
    raw(&url)
        .await
        .batch_execute(&format!(
            "CREATE FUNCTION is_full() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER AS $$ BEGIN
               IF (pg_stat_file('{}')).size > 0 THEN
                 RAISE EXCEPTION 'no space left on device' USING ERRCODE = '53100';
               END IF;
               RETURN NULL;
             END $$",
            file.display()
        ))
        .await
        .unwrap();
    for table in WRITTEN {
        let sql = format!(
            "CREATE TRIGGER full_disk BEFORE INSERT OR UPDATE OR DELETE ON {table} FOR EACH STATEMENT EXECUTE FUNCTION is_full()"
        );
        raw(&url).await.batch_execute(&sql).await.unwrap();
    }
    let session = Session {
        token_hash: make.bytes(),
        account: account.uuid,
        is_verified: true,
        csrf: make.bytes(),
        created_at: START,
        used_at: START,
        expires_at: Moment(START.0 + 1000),
        provider: None,
    };
    let key = make.bytes();
    let mut passed = Vec::new();
    for act in ["create", "sign in", "use", "attempt", "code", "clear", "sign out"] {
        assert!(reserve.restore().unwrap() && !reserve.is_released());
        let outcome = match act {
            "create" => store.create_account(&account).await,
            "sign in" => store.put_session(&session).await,
            "use" => store.touch_session(&session.token_hash, START).await.map(drop),
            "attempt" => store.count_attempt(&key, START, START).await.map(|_| ()),
            "code" => store.use_totp_step(account.uuid, 7).await.map(|_| ()),
            "clear" => store.clear_attempts(&key).await,
            _ => store.delete_session(&session.token_hash).await,
        };
        passed.push((act, outcome.is_ok(), reserve.is_released()));
    }
    assert!(
        passed.iter().all(|(_, is_done, is_released)| *is_done && *is_released),
        "{passed:?}"
    );
    assert_eq!(store.find_session(&session.token_hash).await.unwrap(), None);
    assert_eq!(store.attempts(&key, START).await.unwrap(), 0);
    let found = store.find_account(account.uuid).await.unwrap();
    assert_eq!(found.map(|found| found.login), Some(account.login));

    // What nobody waits for takes nothing.
    assert!(reserve.restore().unwrap());
    let destroyed = store.destroy_delivery_key(delivery).await;
    assert!(matches!(destroyed, Err(StoreError::Full)), "{destroyed:?}");
    assert!(!reserve.is_released());
    assert!(reserve.release());
    assert!(
        store.destroy_delivery_key(delivery).await.unwrap(),
        "once there is space"
    );
}
