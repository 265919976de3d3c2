//! From entries to a signed checkpoint and proofs, and what keeps it from being signed.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use app::{AppError, log};
use store::EntryKind;
use translog::{Filled, InclusionProof, Leaf, LogFault, LogFiles, Tile, TileFolder};

use super::{Around, Ledger, code, hash_of};

#[tokio::test(flavor = "multi_thread")]
async fn what_happened_is_published_and_proved() {
    let mut ledger = Ledger::new();
    assert_eq!(ledger.publish().await.unwrap(), 0, "the empty tree");
    let not_yet = log::prove(&ledger.app, hash_of(0)).await;
    assert!(matches!(not_yet, Err(AppError::NotFound)), "{not_yet:?}");
    ledger.happen(1).await;
    assert_eq!(
        code(&log::prove(&ledger.app, hash_of(0)).await.unwrap_err()),
        "LOG-0012",
        "it waits"
    );
    for size in [1, 255, 256, 257, 700] {
        ledger.grown_to(size).await;
        let checkpoint = log::checkpoint(&ledger.app).await.unwrap().unwrap();
        assert_eq!(translog::open(&checkpoint, &ledger.key()).unwrap().size, size);
        assert_eq!(ledger.findings().await.damage, []);
    }
    let key = ledger.key();
    for number in [0, 1, 254, 255, 256, 511, 699] {
        let text = log::prove(&ledger.app, hash_of(number)).await.unwrap();
        assert_eq!(log::prove_index(&ledger.app, number).await.unwrap(), text);
        let proof = InclusionProof::from_text(&text).unwrap();
        let head = proof.check(&proof.extra, &key).unwrap();
        assert_eq!((proof.index, head.size), (number, 700));
        let leaf = Leaf::from_bytes(&proof.extra).unwrap();
        let kind = EntryKind::from_number(leaf.kind).unwrap();
        assert_eq!(
            kind,
            EntryKind::ALL[usize::try_from(number).unwrap() % EntryKind::ALL.len()]
        );
        assert_eq!(leaf.commitment, hash_of(number));
    }
    // What is full has no earlier forms any more; what is not published is not served.
    assert!(!ledger.path().join("log/tile/0/000.p").exists());
    let tile = |path: &str| log::tile(&ledger.app, path.parse::<Tile>().unwrap());
    assert_eq!(tile("tile/0/001").await.unwrap().unwrap().len(), 8192);
    assert_eq!(tile("tile/0/002.p/188").await.unwrap().unwrap().len(), 188 * 32);
    assert_eq!(tile("tile/0/000.p/255").await.unwrap().unwrap().len(), 255 * 32);
    for beyond in ["tile/0/002", "tile/0/002.p/189", "tile/0/003.p/1", "tile/1/000.p/3"] {
        assert_eq!(tile(beyond).await.unwrap(), None, "{beyond}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_restart_goes_on_from_the_store_and_puts_back_what_is_missing() {
    let mut ledger = Ledger::new();
    ledger.grown_to(600).await;
    ledger.happen(50).await;
    fs::remove_file(ledger.path().join("log/tile/0/001")).unwrap();
    fs::remove_file(ledger.path().join("log/tile/0/002.p/88")).unwrap();
    let mut ledger = ledger.restarted(&Around::default());
    assert_eq!(ledger.publish().await.unwrap(), 650);
    assert_eq!(ledger.findings().await.damage, []);

    // All of it: then it is made again, up to what was signed.
    fs::remove_dir_all(ledger.path().join("log")).unwrap();
    let mut ledger = ledger.restarted(&Around::default());
    assert_eq!(ledger.publish().await.unwrap(), 650);
    assert_eq!(ledger.findings().await.damage, []);
    ledger.grown_to(651).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_damaged_tile_or_row_is_named_and_nothing_is_signed() {
    let mut ledger = Ledger::new();
    ledger.grown_to(600).await;
    let path = ledger.path().join("log/tile/0/001");
    let good = fs::read(&path).unwrap();
    let mut bad = good.clone();
    bad[32 * 17 + 5] ^= 1;
    fs::write(&path, &bad).unwrap();
    let mut ledger = ledger.restarted(&Around::default());
    ledger.happen(5).await;
    let error = ledger.publish().await.unwrap_err();
    assert_eq!(code(&error), "LOG-0001");
    assert!(
        error.to_string().contains("tile/0/001") && error.to_string().contains("entry 273"),
        "{error}"
    );
    assert_eq!(ledger.signed().await, 600);

    // Without the tile it is made again from the entries.
    fs::remove_file(&path).unwrap();
    assert_eq!(ledger.publish().await.unwrap(), 605);
    assert_eq!(fs::read(&path).unwrap(), good);

    let database = rusqlite::Connection::open(ledger.database()).unwrap();
    database
        .execute_batch(
            "DROP TRIGGER log_entry_keeps_columns; UPDATE log_entry SET sequenced_at = sequenced_at + 1 WHERE log_index = 400;",
        )
        .unwrap();
    let mut ledger = ledger.restarted(&Around::default());
    ledger.happen(5).await;
    let error = ledger.publish().await.unwrap_err();
    assert_eq!(code(&error), "LOG-0002");
    assert!(error.to_string().contains("entry 400"), "{error}");
    assert_eq!(ledger.signed().await, 605);
    let refused = log::prove_index(&ledger.app, 400).await.unwrap_err();
    assert_eq!(
        code(&refused),
        "LOG-0014",
        "a changed row is not given out with a proof"
    );
}

const NEVER: u64 = u64::MAX;

/// Files that lose a bit, as memory or a disk may, at a chosen call.
struct Flipping {
    inner: TileFolder,
    calls: AtomicU64,
    at: AtomicU64,
    in_reads: AtomicBool,
}

impl Flipping {
    fn flip(&self, is_read: bool, bytes: &mut [u8]) {
        if is_read != self.in_reads.load(Ordering::SeqCst) || bytes.is_empty() {
            return;
        }
        let call = self.calls.fetch_add(1, Ordering::SeqCst);
        let at = self.at.load(Ordering::SeqCst);
        if at != NEVER && call == at % 2 {
            let place = usize::try_from(at.wrapping_mul(2_654_435_761)).unwrap() % (bytes.len() * 8);
            bytes[place / 8] ^= 1 << (place % 8);
        }
    }
}

impl LogFiles for Flipping {
    fn write(&self, tiles: &[Filled]) -> Result<(), LogFault> {
        let mut tiles = tiles.to_vec();
        for filled in &mut tiles {
            self.flip(false, &mut filled.bytes);
        }
        self.inner.write(&tiles)
    }
    fn publish(&self, checkpoint: &[u8]) -> Result<(), LogFault> {
        self.inner.publish(checkpoint)
    }
    fn checkpoint(&self) -> Result<Option<Vec<u8>>, LogFault> {
        self.inner.checkpoint()
    }
    fn read(&self, tile: Tile) -> Result<Vec<u8>, LogFault> {
        let mut bytes = self.inner.read(tile)?;
        self.flip(true, &mut bytes);
        Ok(bytes)
    }
    fn partial_widths(&self, level: u8, index: u64) -> Result<Vec<u32>, LogFault> {
        self.inner.partial_widths(level, index)
    }
    fn forget_partial(&self, tile: Tile) -> Result<(), LogFault> {
        self.inner.forget_partial(tile)
    }
}

/// G-16: 200 times a bit is lost between memory and file, or back. Whatever is signed is the tree of the entries.
#[tokio::test(flavor = "multi_thread")]
async fn a_lost_bit_is_found_before_anything_is_signed() {
    let folder = tempfile::tempdir().unwrap();
    let files = Arc::new(Flipping {
        inner: TileFolder::open(folder.path()).unwrap(),
        calls: AtomicU64::new(0),
        at: AtomicU64::new(NEVER),
        in_reads: AtomicBool::new(false),
    });
    let around = Around {
        files: Some(Arc::clone(&files) as Arc<dyn LogFiles>),
        ..Around::default()
    };
    let mut ledger = Ledger::with(&around);
    ledger.grown_to(300).await;
    let mut found = 0;
    for number in 0..200 {
        let before = ledger.signed().await;
        ledger.happen(3 + number % 7).await;
        files.calls.store(0, Ordering::SeqCst);
        files.in_reads.store(number % 2 == 1, Ordering::SeqCst);
        files.at.store(number, Ordering::SeqCst);
        let outcome = ledger.publish().await;
        files.at.store(NEVER, Ordering::SeqCst);
        if let Err(error) = outcome {
            found += 1;
            assert!(["LOG-0011", "LOG-0001"].contains(&code(&error)), "{number}: {error}");
            assert_eq!(ledger.signed().await, before, "{number}: nothing was signed");
        }
        // From the store again; what lies there wrong beyond what was signed is written anew.
        assert_eq!(ledger.publish().await.unwrap(), ledger.entries, "{number}");
    }
    assert!(found >= 150, "only {found} of 200 were met");
    assert_eq!(ledger.findings().await.damage, []);
}

/// AB-22: a clock that jumps stops the signatures, and nothing else.
#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_jumps_stops_the_signatures() {
    let mut ledger = Ledger::new();
    ledger.grown_to(10).await;
    for jump in [400_000, -400_000] {
        ledger.clock.jump(jump);
        ledger.happen(1).await;
        let signed = ledger.signed().await;
        assert_eq!(code(&ledger.publish().await.unwrap_err()), "LOG-0010", "{jump}");
        assert_eq!(ledger.signed().await, signed);
        assert_eq!(
            ledger.store.log_sizes().await.unwrap(),
            (signed, 1),
            "no entry gets a wrong moment"
        );
        ledger.clock.jump(-jump);
        assert_eq!(ledger.publish().await.unwrap(), ledger.entries);
    }
    ledger.clock.jump(200_000);
    ledger.grown_to(ledger.entries + 1).await;
}

/// Two processes, one lease: whoever lost it signs nothing.
#[tokio::test(flavor = "multi_thread")]
async fn of_two_publishers_one_signs() {
    let mut ledger = Ledger::new();
    ledger.grown_to(10).await;
    let other = uuid::Uuid::from_u128(2);
    let mut second = log::Publisher::new(&ledger.app);
    let held = app::sequencer::publish_once(&ledger.app, other, &mut second)
        .await
        .unwrap();
    assert_eq!(held, None, "the lease is held by another");
    ledger.clock.jump(20_000);
    ledger.happen(5).await;
    let published = app::sequencer::publish_once(&ledger.app, other, &mut second)
        .await
        .unwrap();
    assert_eq!(published, Some(15));
    ledger.clock.jump(20_000);
    ledger.happen(5).await;
    // The first one's tree is older; it derives what the other signed.
    let first = ledger.publish().await;
    let published = match first {
        Ok(published) => published,
        Err(_) => ledger.publish().await.unwrap(),
    };
    assert_eq!(published, 20);
    assert_eq!(ledger.findings().await.damage, []);
}
