//! The indexes whose keys come in random order, as sorted runs: a chunk adds one run to each, packed into blocks of a
//! page; eight runs of one size become one. A key is in one run only, so nothing needs to be newer than anything else.
//!
//! In a B-tree a chunk of an intake writes nearly every page again, the more so the larger the city (docs/adr/0013).

use std::cmp::Reverse;
use std::collections::{BTreeMap, BinaryHeap};

use rusqlite::{CachedStatement, Connection, OptionalExtension, Row, params};

use crate::connection::{all, count, execute, signed};
use crate::fault::{Fault, damaged};

/// Who stands under a tag: tag, number of the blind index, version of its key; person.
pub(crate) const TAGS: Index<19> = Index { kind: "tag" };
/// Records by person, fact and revision; record.
pub(crate) const FACTS: Index<20> = Index { kind: "fact" };

/// Bytes of a block at most: with its row's head it fits a page of 16 KiB, so that SQLite hands it out in one piece.
const BLOCK_BYTES: usize = 16_000;
/// Runs of one size that become one: a key is written once more for each eightfold size, and a search looks into seven
/// runs of each size at most.
const MERGED_RUNS: usize = 8;
/// Sizes are powers of eight blocks. Runs from this one on (4,096 blocks, two million entries) stay as they are, so that
/// no write waits longer than one merge of eight smaller ones takes.
const LARGEST_SIZE: u32 = 4;
/// Bits of a block's number below its run's.
const PLACE_BITS: u32 = 20;

/// A key of 16 to 20 bytes as numbers, in the order of its bytes: entries are put in order by these, without a call for each
/// comparison.
pub(crate) fn rank<const K: usize>(key: &[u8; K]) -> (u128, u32) {
    const { assert!(16 <= K && K <= 20, "what does not fit the two numbers would be lost") };
    let (head, tail) = key
        .split_first_chunk()
        .map_or(([0; 16], &key[..]), |(head, tail)| (*head, tail));
    let tail = tail.iter().fold(0, |number: u32, byte| number << 8 | u32::from(*byte));
    (u128::from_be_bytes(head), tail)
}

/// An index with keys of `K` bytes, each leading to a number.
pub(crate) struct Index<const K: usize> {
    kind: &'static str,
}

impl<const K: usize> Index<K> {
    /// Bytes of a key and its number.
    const ENTRY: usize = K + 8;

    /// Adds keys that are in no run yet; see [`Self::has_any`]. `false` if two of `entries` have the same key.
    pub(crate) fn add(&self, connection: &Connection, mut entries: Vec<([u8; K], i64)>) -> Result<bool, Fault> {
        entries.sort_unstable_by_key(|(key, _)| rank(key));
        if entries
            .iter()
            .zip(entries.iter().skip(1))
            .any(|(one, next)| one.0 == next.0)
        {
            return Ok(false);
        }
        if !entries.is_empty() {
            let mut run = self.begin(connection, entries.len() as u64)?;
            entries.iter().try_for_each(|(key, number)| run.push(key, *number))?;
            run.finish()?;
            self.merge(connection)?;
        }
        Ok(true)
    }

    /// Writes one run anew without the keys that are to be forgotten; how many those were, 0 once no run has any. Whoever has
    /// the old blocks has them no longer in the file: deleted rows are overwritten (`secure_delete`).
    pub(crate) fn forget(
        &self,
        connection: &Connection,
        is_forgotten: impl Fn(&[u8; K]) -> bool,
    ) -> Result<u64, Fault> {
        let mut blocks = Blocks::open(connection)?;
        for (run, entries) in self.runs(connection)? {
            let mut forgotten = 0;
            let mut source = Source::<K>::begin(&mut blocks, run)?;
            while let Some((key, _)) = source.next(&mut blocks)? {
                forgotten += u64::from(is_forgotten(&key));
            }
            if forgotten == 0 {
                continue;
            }
            if entries > forgotten {
                let mut kept = self.begin(connection, entries - forgotten)?;
                let mut source = Source::<K>::begin(&mut blocks, run)?;
                while let Some((key, number)) = source.next(&mut blocks)? {
                    if !is_forgotten(&key) {
                        kept.push(&key, number)?;
                    }
                }
                kept.finish()?;
            }
            execute(connection, include_str!("../sql/index_block/delete.sql"), [run])?;
            execute(connection, include_str!("../sql/index_run/delete.sql"), [run])?;
            return Ok(forgotten);
        }
        Ok(0)
    }

    /// Calls `found` with the entries of the blocks after `after`, about `limit` of them, in order of writing; the last
    /// block read, or `to` where nothing is left, and whether nothing is. What runs were merged meanwhile comes again under a
    /// later number, which may lie behind `to`.
    pub(crate) fn list(
        &self,
        connection: &Connection,
        (after, to): (i64, i64),
        limit: u32,
        mut found: impl FnMut(&[u8; K], i64),
    ) -> Result<(i64, bool), Fault> {
        let limit = (limit as usize).div_ceil(BLOCK_BYTES / Self::ENTRY).max(1);
        let mut statement = connection.prepare_cached(include_str!("../sql/index_block/list.sql"))?;
        let mut rows = statement.query(params![after, self.kind, signed(limit as u64)?])?;
        let (mut last, mut read) = (after, 0);
        while let Some(row) = rows.next()? {
            last = row.get(0)?;
            read += 1;
            for entry in row.get_ref(1)?.as_blob().map_err(|_| torn())?.chunks_exact(Self::ENTRY) {
                let (key, number) = entry.split_first_chunk::<K>().ok_or_else(torn)?;
                found(key, number_of(number)?);
            }
        }
        let is_last = read < limit;
        Ok((if is_last { last.max(to) } else { last }, is_last))
    }

    /// Whether one of `keys`, sorted, is there.
    pub(crate) fn has_any(&self, connection: &Connection, keys: &[[u8; K]]) -> Result<bool, Fault> {
        let mut has_any = false;
        self.visit(connection, keys, |_, _, _| has_any = true)?;
        Ok(has_any)
    }

    /// Calls `found` with each entry that begins with one of `prefixes`, sorted: the prefix's place, key and number.
    pub(crate) fn visit(
        &self,
        connection: &Connection,
        prefixes: &[impl AsRef<[u8]>],
        mut found: impl FnMut(usize, &[u8], i64),
    ) -> Result<(), Fault> {
        let mut blocks = Blocks::open(connection)?;
        for (run, _) in self.runs(connection)? {
            let mut block = Block::default();
            for (place, prefix) in prefixes.iter().enumerate() {
                let prefix = prefix.as_ref();
                if !block.covers(prefix) {
                    blocks.seek(&mut block, run, prefix)?;
                }
                loop {
                    let from = block.find::<K>(prefix);
                    let entries = block.entries.get(from * Self::ENTRY..).unwrap_or_default();
                    let mut fitting = entries
                        .chunks_exact(Self::ENTRY)
                        .take_while(|entry| entry.starts_with(prefix));
                    let mut seen = from;
                    for (key, number) in fitting.by_ref().filter_map(|entry| entry.split_at_checked(K)) {
                        found(place, key, number_of(number)?);
                        seen += 1;
                    }
                    // Only a part of a key can go on in the next block.
                    let goes_on = prefix.len() < K && seen * Self::ENTRY >= block.entries.len();
                    if !goes_on || !blocks.next(&mut block)? {
                        break;
                    }
                }
            }
        }
        Ok(())
    }

    /// The runs with their numbers of entries, newest first.
    fn runs(&self, connection: &Connection) -> Result<Vec<(i64, u64)>, Fault> {
        let sql = include_str!("../sql/index_run/list.sql");
        all(connection, sql, [self.kind], |row| Ok((row.get(0)?, count(row, 1)?)))
    }

    fn begin<'a>(&self, connection: &'a Connection, entries: u64) -> Result<NewRun<'a, K>, Fault> {
        let run: i64 = connection
            .prepare_cached(include_str!("../sql/index_run/insert.sql"))?
            .query_row(params![self.kind, signed(entries)?], |row| row.get(0))?;
        Ok(NewRun {
            insert: connection.prepare_cached(include_str!("../sql/index_block/insert.sql"))?,
            run,
            next: run << PLACE_BITS,
            entries: Vec::with_capacity(BLOCK_BYTES),
        })
    }

    /// Makes one run of eight of a size, and again if that makes eight of the next.
    fn merge(&self, connection: &Connection) -> Result<(), Fault> {
        loop {
            let mut sizes: BTreeMap<u32, Vec<(i64, u64)>> = BTreeMap::new();
            for (run, entries) in self.runs(connection)? {
                sizes.entry(Self::size(entries)).or_default().push((run, entries));
            }
            let is_due = |(size, runs): &(u32, Vec<(i64, u64)>)| *size < LARGEST_SIZE && runs.len() >= MERGED_RUNS;
            let Some((_, runs)) = sizes.into_iter().find(is_due) else {
                return Ok(());
            };
            self.merge_runs(connection, &runs)?;
        }
    }

    /// 0 for a block, 1 from 8 blocks on, 2 from 64 …
    fn size(entries: u64) -> u32 {
        let blocks = entries.div_ceil((BLOCK_BYTES / Self::ENTRY) as u64);
        blocks.max(1).ilog(MERGED_RUNS as u64)
    }

    fn merge_runs(&self, connection: &Connection, runs: &[(i64, u64)]) -> Result<(), Fault> {
        let mut merged = self.begin(connection, runs.iter().map(|(_, entries)| entries).sum())?;
        let mut blocks = Blocks::open(connection)?;
        let mut sources = Vec::with_capacity(runs.len());
        let mut heads = BinaryHeap::with_capacity(runs.len());
        for (place, (run, _)) in runs.iter().enumerate() {
            let mut source = Source::<K>::begin(&mut blocks, *run)?;
            heads.extend(
                source
                    .next(&mut blocks)?
                    .map(|(key, number)| Reverse((key, number, place))),
            );
            sources.push(source);
        }
        let mut last = None;
        while let Some(Reverse((key, number, place))) = heads.pop() {
            if last == Some(key) {
                return Err(damaged("an index leads to two rows under one key"));
            }
            last = Some(key);
            merged.push(&key, number)?;
            if let Some(source) = sources.get_mut(place) {
                heads.extend(
                    source
                        .next(&mut blocks)?
                        .map(|(key, number)| Reverse((key, number, place))),
                );
            }
        }
        merged.finish()?;
        for (run, _) in runs {
            execute(connection, include_str!("../sql/index_block/delete.sql"), [run])?;
            execute(connection, include_str!("../sql/index_run/delete.sql"), [run])?;
        }
        Ok(())
    }
}

/// A run that is being written.
struct NewRun<'a, const K: usize> {
    insert: CachedStatement<'a>,
    run: i64,
    /// number of the next block
    next: i64,
    entries: Vec<u8>,
}

impl<const K: usize> NewRun<'_, K> {
    fn push(&mut self, key: &[u8; K], number: i64) -> Result<(), Fault> {
        if self.entries.len() + Index::<K>::ENTRY > BLOCK_BYTES {
            self.finish()?;
        }
        self.entries.extend_from_slice(key);
        self.entries.extend_from_slice(&number.to_be_bytes());
        Ok(())
    }

    /// Writes the block that was begun.
    fn finish(&mut self) -> Result<(), Fault> {
        let first = self.entries.get(..K).unwrap_or_default();
        self.insert.execute(params![self.next, self.run, first, self.entries])?;
        self.next += 1;
        self.entries.clear();
        Ok(())
    }
}

/// The statements that read blocks.
struct Blocks<'a> {
    seek: CachedStatement<'a>,
    get: CachedStatement<'a>,
}

impl<'a> Blocks<'a> {
    fn open(connection: &'a Connection) -> Result<Self, Fault> {
        Ok(Self {
            seek: connection.prepare_cached(include_str!("../sql/index_block/seek.sql"))?,
            get: connection.prepare_cached(include_str!("../sql/index_block/get.sql"))?,
        })
    }

    /// Reads the block in which the first entry of `run` from `key` on is, or the one before it, or the first.
    fn seek(&mut self, block: &mut Block, run: i64, key: &[u8]) -> Result<(), Fault> {
        let found = self.seek.query_row(params![run, key], |row| block.read(row));
        found
            .optional()?
            .ok_or_else(|| damaged("a run of an index has no blocks"))
    }

    /// Reads the next block of the same run, if there is one.
    fn next(&mut self, block: &mut Block) -> Result<bool, Fault> {
        if block.upper.is_none() {
            return Ok(false);
        }
        self.get(block, block.number + 1)
    }

    fn get(&mut self, block: &mut Block, number: i64) -> Result<bool, Fault> {
        Ok(self
            .get
            .query_row([number], |row| block.read(row))
            .optional()?
            .is_some())
    }
}

/// A block, read.
#[derive(Default)]
struct Block {
    number: i64,
    entries: Vec<u8>,
    /// first key of the next block of its run
    upper: Option<Vec<u8>>,
    /// place of the entry that was found last
    at: usize,
}

impl Block {
    fn read(&mut self, row: &Row<'_>) -> rusqlite::Result<()> {
        self.number = row.get(0)?;
        self.entries.clear();
        self.entries.extend_from_slice(row.get_ref(1)?.as_blob()?);
        self.upper = row.get(2)?;
        self.at = 0;
        Ok(())
    }

    /// Whether entries from `key` on begin here, or do not begin in another block.
    fn covers(&self, key: &[u8]) -> bool {
        let is_first = self.number.trailing_zeros() >= PLACE_BITS;
        self.entries
            .get(..key.len())
            .is_some_and(|first| is_first || first <= key)
            && self.upper.as_ref().is_none_or(|upper| key < upper.as_slice())
    }

    /// The place of the first entry from `key` on. Keys are asked for in order, so the search begins at the last answer
    /// and doubles its steps.
    fn find<const K: usize>(&mut self, key: &[u8]) -> usize {
        let entry = Index::<K>::ENTRY;
        let is_before = |place: usize| {
            self.entries
                .get(place * entry..place * entry + K)
                .is_some_and(|at| at < key)
        };
        let (mut low, mut step) = (self.at, 1);
        while is_before(low + step - 1) {
            low += step;
            step *= 2;
        }
        let mut high = (low + step - 1).min(self.entries.len() / entry);
        while low < high {
            let middle = low.midpoint(high);
            if is_before(middle) {
                low = middle + 1;
            } else {
                high = middle;
            }
        }
        self.at = low;
        low
    }
}

/// A run that is being merged.
struct Source<const K: usize> {
    block: Block,
    at: usize,
}

impl<const K: usize> Source<K> {
    fn begin(blocks: &mut Blocks<'_>, run: i64) -> Result<Self, Fault> {
        let mut block = Block::default();
        if !blocks.get(&mut block, run << PLACE_BITS)? {
            return Err(damaged("a run of an index has no blocks"));
        }
        Ok(Self { block, at: 0 })
    }

    fn next(&mut self, blocks: &mut Blocks<'_>) -> Result<Option<([u8; K], i64)>, Fault> {
        if self.at >= self.block.entries.len() {
            if !blocks.next(&mut self.block)? {
                return Ok(None);
            }
            self.at = 0;
        }
        let rest = self.block.entries.get(self.at..).unwrap_or_default();
        let (key, rest) = rest.split_first_chunk::<K>().ok_or_else(torn)?;
        self.at += Index::<K>::ENTRY;
        Ok(Some((*key, number_of(rest)?)))
    }
}

fn number_of(bytes: &[u8]) -> Result<i64, Fault> {
    let number = bytes.first_chunk::<8>().ok_or_else(torn)?;
    Ok(i64::from_be_bytes(*number))
}

fn torn() -> Fault {
    damaged("a block of an index ends within an entry")
}

#[cfg(test)]
mod tests {

    use std::collections::BTreeMap;

    use super::*;

    const INDEX: Index<19> = TAGS;

    fn empty() -> Connection {
        let connection = Connection::open_in_memory().unwrap();
        for migration in [
            include_str!("../migrations/V0001__create_tables.sql"),
            include_str!("../migrations/V0002__hold_append_only.sql"),
            include_str!("../migrations/V0004__index_by_sorted_runs.sql"),
        ] {
            connection.execute_batch(migration).unwrap();
        }
        connection
    }

    /// Numbers that look like tags, the same in each run of the test.
    fn keys(from: u64, count: u64) -> Vec<([u8; 19], i64)> {
        let of = |number: u64| {
            let mut key = [0; 19];
            let mixed = u128::from(number + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835);
            key[..16].copy_from_slice(&mixed.to_be_bytes());
            (key, i64::try_from(number).unwrap())
        };
        (from..from + count).map(of).collect()
    }

    fn all_with(connection: &Connection, prefixes: &[impl AsRef<[u8]>]) -> Vec<(usize, Vec<u8>, i64)> {
        let mut found = Vec::new();
        INDEX
            .visit(connection, prefixes, |place, key, number| {
                found.push((place, key.to_vec(), number));
            })
            .unwrap();
        found.sort_unstable();
        found
    }

    #[test]
    fn what_was_added_is_found_by_key_and_by_prefix_and_nothing_else_is() {
        let connection = empty();
        let mut model = BTreeMap::new();
        let mut next = 0;
        // One, few and many blocks, in an order that merges runs of several sizes.
        for size in (0..90).map(|turn| [1, 3, 700, 2000][turn % 4]) {
            let added = keys(next, size);
            next += size;
            model.extend(added.iter().copied());
            assert!(INDEX.add(&connection, added).unwrap());
            let runs = INDEX.runs(&connection).unwrap();
            assert!(runs.len() < 3 * MERGED_RUNS, "{runs:?}");
        }
        let held: u64 = INDEX
            .runs(&connection)
            .unwrap()
            .iter()
            .map(|(_, entries)| entries)
            .sum();
        assert_eq!(held, next, "nothing lost in a merge");

        let mut asked: Vec<[u8; 19]> = keys(0, next + 5000).into_iter().map(|(key, _)| key).collect();
        asked.sort_unstable();
        let expected: Vec<(usize, Vec<u8>, i64)> = asked
            .iter()
            .enumerate()
            .filter_map(|(place, key)| model.get(key).map(|number| (place, key.to_vec(), *number)))
            .collect();
        assert_eq!(all_with(&connection, &asked), expected);
        // Whole runs, across blocks.
        let bytes: Vec<[u8; 1]> = (0..=255).map(|byte| [byte]).collect();
        let found = all_with(&connection, &bytes);
        assert_eq!(found.len(), model.len());
        assert!(
            found
                .iter()
                .all(|(place, key, number)| key[0] == bytes[*place][0] && model[&key[..]] == *number)
        );
    }

    #[test]
    fn numbers_stand_in_the_order_of_bytes() {
        let with = |at: usize, byte: u8| {
            let mut key = [7; 20];
            key[at] = byte;
            key
        };
        let mut keys: Vec<[u8; 20]> = (0..20)
            .flat_map(|at| [0, 6, 8, 127, 128, 255].map(|byte| with(at, byte)))
            .collect();
        let mut ranked = keys.clone();
        keys.sort_unstable();
        ranked.sort_unstable_by_key(rank);
        assert_eq!(ranked, keys);
        assert!(rank(&[1; 16]) < rank(&[2; 16]), "a prefix of a fact's key");
    }

    #[test]
    fn a_key_is_there_once() {
        let connection = empty();
        assert!(INDEX.add(&connection, keys(0, 2000)).unwrap());
        let mut known: Vec<[u8; 19]> = keys(1999, 1).into_iter().map(|(key, _)| key).collect();
        assert!(INDEX.has_any(&connection, &known).unwrap());
        known = keys(2000, 50).into_iter().map(|(key, _)| key).collect();
        known.sort_unstable();
        assert!(!INDEX.has_any(&connection, &known).unwrap());
        assert!(
            !INDEX.add(&connection, [keys(3000, 2), keys(3001, 1)].concat()).unwrap(),
            "twice in one run"
        );
        // Whoever adds without asking is found out by the merge.
        let twice = (0..8).try_for_each(|_| INDEX.add(&connection, keys(5000, 1)).map(|_| ()));
        assert!(twice.is_err());
    }

    #[test]
    fn forgotten_keys_go_and_the_others_stay() {
        let connection = empty();
        for from in 0..20 {
            assert!(INDEX.add(&connection, keys(from * 500, 500)).unwrap());
        }
        let is_old = |key: &[u8; 19]| key[0] < 128;
        let (old, kept): (Vec<_>, Vec<_>) = keys(0, 10_000).into_iter().partition(|(key, _)| is_old(key));
        let mut forgotten = 0;
        loop {
            let now = INDEX.forget(&connection, is_old).unwrap();
            forgotten += now;
            if now == 0 {
                break;
            }
        }
        assert_eq!(forgotten, old.len() as u64);
        let held: u64 = INDEX
            .runs(&connection)
            .unwrap()
            .iter()
            .map(|(_, entries)| entries)
            .sum();
        assert_eq!(held, kept.len() as u64);
        let mut asked: Vec<[u8; 19]> = kept.iter().chain(&old).map(|(key, _)| *key).collect();
        asked.sort_unstable();
        let found = all_with(&connection, &asked);
        let kept: BTreeMap<Vec<u8>, i64> = kept.into_iter().map(|(key, number)| (key.to_vec(), number)).collect();
        assert_eq!(found.len(), kept.len());
        assert!(found.iter().all(|(_, key, number)| kept.get(key) == Some(number)));
        // A run of nothing else goes as a whole.
        assert!(INDEX.forget(&connection, |_| true).unwrap() > 0);
    }

    #[test]
    fn what_the_tables_held_before_becomes_runs() {
        let connection = Connection::open_in_memory().unwrap();
        connection
            .execute_batch(include_str!("../migrations/V0001__create_tables.sql"))
            .unwrap();
        connection.pragma_update(None, "foreign_keys", "OFF").unwrap();
        for (key, number) in keys(0, 1234) {
            let sql = "INSERT INTO blind_index (tag, index_no, key_version, person_id) VALUES (?1, ?2, 258, ?3)";
            connection
                .execute(sql, params![&key[..16], number % 2 + 1, number])
                .unwrap();
        }
        let sql =
            "INSERT INTO record (record_id, person_id, item, provider, state, end_day, fact_tag, revision, content_tag)
                   VALUES (?1, ?2, 'ITM-PENALTY', '11370199MB00000001', 'usable', 0, ?3, 7, zeroblob(16))";
        for number in 0..1234_i64 {
            connection
                .execute(sql, params![number, number * 3, number - 600])
                .unwrap();
        }
        connection
            .execute_batch(include_str!("../migrations/V0004__index_by_sorted_runs.sql"))
            .unwrap();
        for (mut key, number) in keys(0, 1234) {
            key[16..].copy_from_slice(&[u8::try_from(number % 2 + 1).unwrap(), 1, 2]);
            assert_eq!(all_with(&connection, &[key]), [(0, key.to_vec(), number)]);
            let mut found = Vec::new();
            let prefix = [(number * 3).to_be_bytes(), (number - 600).to_be_bytes()].concat();
            FACTS
                .visit(&connection, &[&prefix], |_, key, record| {
                    found.push((key[16..].to_vec(), record));
                })
                .unwrap();
            assert_eq!(found, [(vec![0, 0, 0, 7], number)]);
        }
    }
}
