//! How fast chunks go in: rows a second, by chunk, with the persons created. Synthetic bytes only.
//!
//! `cargo run --release -p store-sqlite --example store-sqlite-speed -- [ROWS] [CHUNK_ROWS] [FILE]`

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Instant;

use domain::catalogue::ItemId;
use domain::{Day, Moment, Uscc};
use store::{
    Begun, BirthState, BlindIndex, ChunkCommit, Counts, DeliveryStore, IndexTag, NewDelivery, NewPerson, NewRecord,
    PersonId, PersonRef, Sealed, chunk_uuid,
};
use store_sqlite::{SqliteOptions, SqliteStore, migrate};
use uuid::Uuid;

/// Bytes of a record's ciphertext.
const CONTENT_BYTES: usize = 1000;
/// Of ten rows, so many are of a new person; the rest of one created before.
const NEW_IN_TEN: u64 = 5;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut args = std::env::args().skip(1);
    let rows: u64 = args.next().map_or(Ok(1_000_000), |text| text.parse())?;
    let chunk_rows: u64 = args.next().map_or(Ok(50_000), |text| text.parse())?;
    let folder = tempfile::tempdir()?;
    let path = args
        .next()
        .map_or_else(|| folder.path().join("speed.db"), PathBuf::from);
    migrate(&path)?;
    let store = SqliteStore::open(&path, &SqliteOptions::default())?;
    tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()?
        .block_on(run(&store, rows, chunk_rows))?;
    let began = Instant::now();
    drop(store);
    let mib = |bytes: u64| bytes >> 20;
    eprintln!(
        "closed in {:.2} s; file {} MiB",
        began.elapsed().as_secs_f64(),
        mib(std::fs::metadata(&path)?.len())
    );
    Ok(())
}

async fn run(store: &SqliteStore, rows: u64, chunk_rows: u64) -> Result<(), Box<dyn std::error::Error>> {
    let mut random = Random(0x9E37_79B9_7F4A_7C15);
    let provider = Uscc::compose("11", "370199", "00000001")?;
    let item = ItemId::parse("ITM-PENALTY")?;
    let new = NewDelivery {
        uuid: random.uuid(),
        provider: provider.clone(),
        item: item.clone(),
        content_hash: random.bytes(),
        bytes: rows * 1000,
        key: vec![1; 60],
        file_name: Sealed::default(),
        by: random.uuid(),
        at: Moment(0),
    };
    let Begun::New(delivery) = store.begin_delivery(&new).await? else {
        return Err("not a new file".into());
    };
    let mut persons: u64 = 0;
    let mut spent = 0.0;
    for chunk_no in 0..rows.div_ceil(chunk_rows) {
        let mut chunk = make_chunk(&mut random, &provider, &item, chunk_rows, persons)?;
        chunk.delivery = Some(delivery.id);
        chunk.chunk_no = u32::try_from(chunk_no)?;
        chunk.rows_done = (chunk_no + 1) * chunk_rows;
        persons += chunk.new_persons.len() as u64;
        let began = Instant::now();
        store.commit_chunk(&chunk).await?;
        let seconds = began.elapsed().as_secs_f64();
        spent += seconds;
        eprintln!(
            "chunk {chunk_no:3}  {:7.0} rows/s",
            rows_per_second(chunk_rows, seconds)
        );
    }
    let all = chunk_rows * rows.div_ceil(chunk_rows);
    eprintln!(
        "{all} rows, {persons} new persons: {:.0} rows/s in commit_chunk",
        rows_per_second(all, spent)
    );
    Ok(())
}

fn rows_per_second(rows: u64, seconds: f64) -> f64 {
    u32::try_from(rows).map_or(f64::NAN, f64::from) / seconds
}

fn make_chunk(
    random: &mut Random,
    provider: &Uscc,
    item: &ItemId,
    rows: u64,
    known: u64,
) -> Result<ChunkCommit, Box<dyn std::error::Error>> {
    let news = if known == 0 { rows } else { rows * NEW_IN_TEN / 10 };
    let mut refs: Vec<PersonRef> = Vec::new();
    for _ in news..rows {
        refs.push(PersonRef::Known(PersonId(i64::try_from(random.next() % known)? + 1)));
    }
    refs.sort_unstable();
    for index in 0..news {
        refs.push(PersonRef::New(u32::try_from(index)?));
    }
    let tag = |random: &mut Random, index| IndexTag {
        index,
        key_version: 1,
        tag: random.bytes(),
    };
    Ok(ChunkCommit {
        delivery: None,
        chunk_no: 0,
        uuid: chunk_uuid(random.uuid()),
        rows_done: 0,
        at: Moment(0),
        new_persons: (0..news)
            .map(|_| NewPerson {
                uuid: random.uuid(),
                secret: vec![2; 60],
                identity: random.sealed(80),
                tags: vec![tag(random, BlindIndex::Number), tag(random, BlindIndex::NumberAndName)],
            })
            .collect(),
        records: (0..)
            .zip(refs)
            .map(|(ordinal, person)| NewRecord {
                ordinal,
                person,
                item: item.clone(),
                provider: provider.clone(),
                state: BirthState::Usable,
                class: None,
                end: Day::from_epoch_days(22_000).unwrap_or_else(|_| Moment(0).day()),
                fact_tag: random.next().cast_signed(),
                revision: 0,
                content_tag: random.bytes(),
                content: random.sealed(CONTENT_BYTES),
            })
            .collect(),
        events: Vec::new(),
        own_events: Vec::new(),
        person_events: Vec::new(),
        staged_delivery: None,
        staged: Vec::new(),
        procedures: Vec::new(),
        steps: Vec::new(),
        resolved: Vec::new(),
        faults: Vec::new(),
        fault_counts: BTreeMap::new(),
        counts: Counts {
            received: rows,
            recorded: rows,
            ..Counts::default()
        },
        entry_hash: random.bytes(),
    })
}

/// A small generator (xorshift64*): the same run each time.
struct Random(u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        self.0.wrapping_mul(0x2545_F491_4F6C_DD1D)
    }
    fn bytes<const N: usize>(&mut self) -> [u8; N] {
        let mut bytes = [0; N];
        for part in bytes.chunks_mut(8) {
            let next = self.next().to_le_bytes();
            part.copy_from_slice(next.get(..part.len()).unwrap_or_default());
        }
        bytes
    }
    fn uuid(&mut self) -> Uuid {
        Uuid::from_bytes(self.bytes())
    }
    fn sealed(&mut self, length: usize) -> Sealed {
        let mut ciphertext = vec![0; length];
        for part in ciphertext.chunks_mut(8) {
            let next = self.next().to_le_bytes();
            part.copy_from_slice(next.get(..part.len()).unwrap_or_default());
        }
        Sealed {
            salt: Some(self.bytes()),
            ciphertext: Some(ciphertext),
        }
    }
}
