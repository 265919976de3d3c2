//! Witnesses: what is published was cosigned, an old backup signs nothing (I10), two views are not both cosigned.

use std::fs;
use std::sync::Arc;

use app::log::{self, Standing, WitnessClient};
use app::{own_file, rotation};
use policy::{Deliver, ManageKeys, ReadOwnRecords};
use translog::{Head, InclusionProof, LogKey};
use vault::{KeyName, Vault};

use super::{AWAY, Around, HERE, LOST, Ledger, NearWitness, ORIGIN, code, copy_into};
use crate::town::{TestClock, Town};

/// A log with witnesses of its own.
struct Witnessed {
    ledger: Ledger,
    near: Vec<Arc<NearWitness>>,
    around: Around,
    folders: Vec<tempfile::TempDir>,
}

/// A log of which `count` witnesses know, `quorum` of them needed.
fn witnessed(count: usize, quorum: usize) -> Witnessed {
    // The key is there before the witnesses, who are told it.
    let ledger = Ledger::new();
    let folders: Vec<_> = (0..count).map(|_| tempfile::tempdir().unwrap()).collect();
    let clock = Arc::new(TestClock::default());
    let near: Vec<_> = folders
        .iter()
        .enumerate()
        .map(|(number, folder)| {
            let name = format!("witness-{number}.example");
            NearWitness::new(folder.path(), &name, vec![ledger.key()], Arc::clone(&clock))
        })
        .collect();
    let around = Around {
        files: None,
        witnesses: near
            .iter()
            .map(|near| Arc::clone(near) as Arc<dyn WitnessClient>)
            .collect(),
        quorum,
    };
    Witnessed {
        ledger: ledger.restarted(&around),
        near,
        around,
        folders,
    }
}

fn cosigned(witnessed: &Witnessed) -> usize {
    let checkpoint = fs::read(witnessed.ledger.path().join("log/checkpoint")).unwrap();
    let keys: Vec<_> = witnessed.near.iter().map(|near| near.key().clone()).collect();
    translog::cosigned_by(&checkpoint, &keys).unwrap().len()
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_published_was_cosigned_by_a_quorum() {
    let mut world = witnessed(3, 2);
    assert_eq!(log::standing(&world.ledger.app), Standing::Unasked);
    world.ledger.grown_to(300).await;
    assert_eq!(
        (cosigned(&world), log::standing(&world.ledger.app)),
        (3, Standing::Current)
    );

    world.near[0].is(AWAY);
    world.ledger.grown_to(320).await;
    assert_eq!(cosigned(&world), 2);
    // One more away: signed and kept, but not published, until enough are back.
    world.near[1].is(LOST);
    world.ledger.happen(20).await;
    assert_eq!(code(&world.ledger.publish().await.unwrap_err()), "LOG-0009");
    assert_eq!(code(&world.ledger.publish().await.unwrap_err()), "LOG-0009");
    let checkpoint = log::checkpoint(&world.ledger.app).await.unwrap().unwrap();
    assert_eq!(translog::open(&checkpoint, &world.ledger.key()).unwrap().size, 320);
    assert_eq!(world.ledger.signed().await, 340);
    assert_eq!(log::standing(&world.ledger.app), Standing::Current, "looks go on");

    world.near[0].is(HERE);
    assert_eq!(world.ledger.publish().await.unwrap(), 340);
    world.near[1].is(HERE);
    world.ledger.grown_to(350).await;
    assert_eq!(cosigned(&world), 3, "one that was behind, one whose answers were lost");
    assert_eq!(world.ledger.findings().await.damage, []);
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_is_shown_to_others_before_the_witnesses_confirmed() {
    let mut world = witnessed(1, 1);
    world.ledger.grown_to(10).await;
    let mut world = Witnessed {
        ledger: world.ledger.restarted(&world.around),
        ..world
    };
    world.near[0].is(AWAY);
    world.ledger.happen(1).await;
    assert_eq!(code(&world.ledger.publish().await.unwrap_err()), "LOG-0009");
    assert_eq!(
        world.ledger.store.log_sizes().await.unwrap(),
        (10, 1),
        "nothing was sequenced"
    );
    refuses_others(&world.ledger, "LOG-0008").await;
    world.near[0].is(HERE);
    assert_eq!(
        world.ledger.publish().await.unwrap(),
        12,
        "with the trace of the own read"
    );
    assert_eq!(log::standing(&world.ledger.app), Standing::Current);
}

/// Deliveries are refused with `code`; the own file is shown.
async fn refuses_others(ledger: &Ledger, code: &str) {
    let catalogue = ledger.app.catalogue();
    let item = &catalogue.items[&domain::catalogue::ItemId::parse("ITM-PERMIT").unwrap()];
    let provider = item.providers[0].clone();
    let caller = policy::Caller {
        account: uuid::Uuid::from_u128(1),
        kind: policy::CallerKind::Officer,
        organisation: Some(provider.clone()),
        second_factor: true,
        behind: None,
    };
    let permit = ledger
        .app
        .policies()
        .decide(&caller, Deliver::of(provider, item))
        .unwrap();
    let file = tempfile::tempfile().unwrap();
    let refused = app::deliver::deliver_file(&ledger.app, &permit, file, "permits.csv", |_| {}).await;
    assert_eq!(refused.unwrap_err().code(), code);

    let account = own_account(ledger).await;
    let own = policy::Caller {
        account,
        kind: policy::CallerKind::Resident,
        organisation: None,
        second_factor: true,
        behind: None,
    };
    let permit = ledger.app.policies().decide(&own, ReadOwnRecords { account }).unwrap();
    own_file::records(&ledger.app, &permit).await.unwrap();
}

async fn own_account(ledger: &Ledger) -> uuid::Uuid {
    if let Some(account) = ledger.store.find_account_by_login("resident").await.unwrap() {
        return account.uuid;
    }
    let new = app::accounts::NewAccount {
        login: "resident".into(),
        password: "a password of the test".into(),
        kind: store::AccountKind::Resident,
        organisation: None,
        identity: Some((crate::town::document(1), domain::Name::parse("测试甲").unwrap())),
        totp_secret: None,
        holder: None,
    };
    app::accounts::create(&ledger.app, new).await.unwrap().uuid
}

/// I10: a restored old backup signs nothing, says why, and goes on once the newer one is back.
#[tokio::test(flavor = "multi_thread")]
async fn i10_an_old_backup_signs_nothing_until_it_is_reconciled() {
    let mut world = witnessed(2, 1);
    world.ledger.grown_to(300).await;
    let backup = world.ledger.copied();
    world.ledger.grown_to(340).await;
    let Witnessed {
        ledger,
        near,
        around,
        folders: _kept,
    } = world;
    let newest = ledger.folder;

    let mut old = Ledger::over(backup, &around);
    old.entries = 5_000;
    old.happen(60).await;
    // One of them is away; the other's word is enough.
    near[1].is(AWAY);
    for _ in 0..2 {
        let error = old.publish().await.unwrap_err();
        assert_eq!(code(&error), "LOG-0005");
        assert!(error.to_string().contains("witness-0.example saw 340"), "{error}");
    }
    assert_eq!((old.signed().await, log::standing(&old.app)), (300, Standing::Behind));
    assert_eq!(old.store.log_sizes().await.unwrap().0, 300, "nothing was sequenced");
    refuses_others(&old, "LOG-0007").await;
    near[1].is(HERE);
    assert_eq!(code(&old.publish().await.unwrap_err()), "LOG-0005");

    let mut back = Ledger::over(newest, &around);
    back.entries = 340;
    back.grown_to(350).await;
    assert_eq!(log::standing(&back.app), Standing::Current);
}

/// Without witnesses, the published checkpoint beside an older database tells.
#[tokio::test(flavor = "multi_thread")]
async fn i10_a_database_older_than_its_checkpoint_signs_nothing() {
    let mut ledger = Ledger::new();
    ledger.grown_to(300).await;
    let backup = ledger.copied();
    ledger.grown_to(340).await;
    fs::remove_dir_all(backup.path().join("log")).unwrap();
    copy_into(&ledger.path().join("log"), &backup.path().join("log"));
    let mut old = Ledger::over(backup, &Around::default());
    old.entries = 5_000;
    old.happen(1).await;
    assert_eq!(code(&old.publish().await.unwrap_err()), "LOG-0004");
    assert_eq!((old.signed().await, log::standing(&old.app)), (300, Standing::Behind));
}

/// G-21: the holder of the log's key rewrites history and signs it; or shows two views. Witnesses cosign one.
#[tokio::test(flavor = "multi_thread")]
async fn g21_a_rewritten_history_and_a_second_view_are_not_cosigned() {
    let mut world = witnessed(1, 1);
    world.ledger.grown_to(300).await;
    let folder = world.ledger.copied();

    // A second view, from before: other entries behind the first 300.
    let mut second = Ledger::over(folder, &world.around);
    second.entries = 5_000;
    world.ledger.grown_to(310).await;
    second.happen(10).await;
    assert_eq!(
        code(&second.publish().await.unwrap_err()),
        "LOG-0005",
        "smaller than what was cosigned"
    );
    world.near[0].is(AWAY);

    // The same with a process that believes itself current: it signs, and no witness cosigns.
    let key = world.ledger.key();
    // As large as what was cosigned, with another root; and larger.
    for extra in [0, 25] {
        let fork = rewritten(&world.ledger, extra).await;
        let mut fork = Ledger::over(fork, &world.around);
        fork.clock.jump(40_000);
        let damage = fork.findings().await.damage;
        assert!(
            damage
                .iter()
                .any(|damage| damage.what == "fewer witnesses cosigned it than are needed"),
            "{damage:?}"
        );
        world.near[0].is(HERE);
        let error = fork.publish().await.unwrap_err();
        assert_eq!(code(&error), "LOG-0006", "{extra}: {error}");
        assert_eq!(
            (log::key(&fork.app).unwrap(), log::standing(&fork.app)),
            (key.clone(), Standing::Behind)
        );
    }
    // The honest one goes on.
    world.ledger.grown_to(330).await;
    let evidence = fs::read_dir(world.folders[0].path()).unwrap();
    let kept = evidence.filter(|entry| {
        entry
            .as_ref()
            .unwrap()
            .path()
            .extension()
            .is_some_and(|extension| extension == "contradiction")
    });
    assert_eq!(kept.count(), 1, "the checkpoint that convicts the log is kept");
}

/// A copy whose history was rewritten with the log's own key: other entries, tiles and heads, all in agreement. Whoever did it
/// asked no witness; `extra` entries more were signed.
async fn rewritten(ledger: &Ledger, extra: u64) -> tempfile::TempDir {
    let copy = ledger.copied();
    fs::remove_dir_all(copy.path().join("log")).unwrap();
    let database = rusqlite::Connection::open(copy.path().join("town.db")).unwrap();
    database
        .execute_batch(
            "DROP TRIGGER log_entry_keeps_columns; DROP TRIGGER log_head_keeps_rows; \
             UPDATE log_entry SET kind = 'consent' WHERE log_index = 20; DELETE FROM log_head;",
        )
        .unwrap();
    drop(database);
    let mut alone = Ledger::over(copy, &Around::default());
    alone.clock.jump(20_000);
    alone.entries = 9_000;
    alone.happen(extra).await;
    alone.publish().await.unwrap();
    assert_eq!(alone.findings().await.damage, [], "alone, nobody can tell");
    alone.folder
}

/// The same log after a restart, with the one witness started anew over its folder, knowing these keys.
fn begun_anew(world: Witnessed, keys: Vec<LogKey>) -> Witnessed {
    let clock = Arc::new(TestClock::default());
    let near = NearWitness::new(world.folders[0].path(), "witness-0.example", keys, clock);
    let around = Around {
        witnesses: vec![Arc::clone(&near) as Arc<dyn WitnessClient>],
        ..world.around
    };
    Witnessed {
        ledger: world.ledger.restarted(&around),
        near: vec![near],
        around,
        ..world
    }
}

/// Grows by ten entries, publishes, and proves entries old and new with these keys.
async fn goes_on(world: &mut Witnessed, keys: &[LogKey]) {
    world.ledger.happen(10).await;
    let size = world.ledger.publish().await.unwrap();
    assert_eq!((world.ledger.signed().await, cosigned(world)), (size, 1));
    for index in [0, 299, size - 1] {
        let proof = log::prove_index(&world.ledger.app, index).await.unwrap();
        let proof = InclusionProof::from_text(&proof).unwrap();
        for key in keys {
            assert_eq!(proof.check(&proof.extra, key).unwrap().size, size);
        }
    }
    assert_eq!(world.ledger.findings().await.damage, []);
}

/// The signing key is replaced while the log is published (docs/adr/0018): nothing stops, before a restart and after one, and
/// whoever knows the older key follows as long as both live.
#[tokio::test(flavor = "multi_thread")]
async fn the_log_goes_on_while_its_key_is_replaced() {
    let mut world = witnessed(1, 1);
    world.ledger.grown_to(300).await;
    let old = world.ledger.key();
    let (keys, stolen) = (world.ledger.path().join("keys"), world.ledger.path().join("stolen"));
    fs::copy(&keys, &stolen).unwrap();
    let manage = |world: &Witnessed| {
        let policies = world.ledger.app.policies();
        policies.decide(&Town::operator(), ManageKeys).unwrap()
    };
    // A head of the old key waits for its witness when the key is replaced.
    world.near[0].is(AWAY);
    world.ledger.happen(10).await;
    assert_eq!(code(&world.ledger.publish().await.unwrap_err()), "LOG-0009");
    rotation::rotate(&world.ledger.app, &manage(&world), KeyName::Signing, |_| {})
        .await
        .unwrap();
    world.near[0].is(HERE);
    assert_eq!(
        world.ledger.publish().await.unwrap(),
        310,
        "the witness knows the old key only"
    );
    let new = world.ledger.key();
    assert_eq!(log::keys(&world.ledger.app).unwrap(), [new.clone(), old.clone()]);
    goes_on(&mut world, &[old.clone(), new.clone()]).await;
    // Nothing new happened: what is published stands, with both lines.
    let checkpoint = || fs::read(keys.with_file_name("log").join("checkpoint")).unwrap();
    let before = checkpoint();
    world.ledger.publish().await.unwrap();
    assert_eq!(checkpoint(), before);

    let mut world = begun_anew(world, vec![old.clone()]);
    goes_on(&mut world, &[old.clone(), new.clone()]).await;
    let mut world = begun_anew(world, vec![old.clone(), new.clone()]);
    goes_on(&mut world, &[old.clone(), new.clone()]).await;
    // The witness's own memory bears both lines, so that it goes on with the new key alone.
    let mut world = begun_anew(world, vec![new.clone()]);
    rotation::retire(&world.ledger.app, &manage(&world), KeyName::Signing, false, |_| {})
        .await
        .unwrap();
    goes_on(&mut world, std::slice::from_ref(&new)).await;
    let checkpoint = log::checkpoint(&world.ledger.app).await.unwrap().unwrap();
    assert!(
        translog::open(&checkpoint, &old).is_err(),
        "a retired key signs nothing"
    );

    // Replaced and retired while nothing runs.
    rotation::rotate(&world.ledger.app, &manage(&world), KeyName::Signing, |_| {})
        .await
        .unwrap();
    let third = world.ledger.key();
    rotation::retire(&world.ledger.app, &manage(&world), KeyName::Signing, false, |_| {})
        .await
        .unwrap();
    let mut world = begun_anew(world, vec![new.clone(), third.clone()]);
    goes_on(&mut world, std::slice::from_ref(&third)).await;
    assert_eq!(log::all_keys(&world.ledger.app).unwrap(), [third, new, old.clone()]);

    // Whoever has the first key signs no head any more.
    let head = Head {
        size: world.ledger.signed().await + 1,
        root: [7; 32],
    };
    let forged = Vault::open(&stolen).unwrap();
    let signature = forged.sign_log(&translog::text_of(&old, head).unwrap()).unwrap();
    let size = i64::try_from(head.size).unwrap();
    let raw = rusqlite::Connection::open(world.ledger.database()).unwrap();
    let row = rusqlite::params![ORIGIN, size, head.root, signature];
    raw.execute(
        "INSERT INTO log_head (origin, size, root, signature) VALUES (?1, ?2, ?3, ?4)",
        row,
    )
    .unwrap();
    let findings = world.ledger.findings().await;
    assert!(
        findings
            .damage
            .iter()
            .any(|damage| damage.what.contains("was replaced before")),
        "{findings:?}"
    );
}
