//! A block: how its rows become one entry of the log, and one answer another (docs/adr/0021).
//!
//! A row's commitment is the hash of a nonce and its content, which names the hash of the block's header. The rows of a page,
//! in order of their tags, are the leaves of a tree; the roots of the pages are those of the block's tree, whose root is the
//! entry. All nonces follow from one seed, which is sealed with the header: without it nobody can find a content by trying.

use std::collections::{BTreeMap, HashMap};

use domain::catalogue::ItemId;
use domain::{IdentityDocument, MatterNo, Moment};
use serde_json::{Value, json};
use store::{Block, BlockAnswer, NewBlock, NewPage, Page, record_uuid};
use uuid::Uuid;

use super::rows::Row;
use super::{BlockId, Flags};
use crate::entry::Entry;
use crate::keys::{self, BLOCK_FLAGS, BLOCK_HEADER, PAGE_CONTENT};
use crate::{App, AppError};

/// Label of a block's header.
pub const HEADER: &str = "comparison";
/// Label of a row.
pub const ROW: &str = "comparison_row";
/// Label of what a row was answered.
pub const ANSWER: &str = "comparison_answer";

type Hash = [u8; 32];

/// The bytes that a receipt's signature is over.
#[must_use]
pub fn promise(block: Uuid, entry_hash: &Hash, answer_hash: &Hash, at: Moment) -> Vec<u8> {
    let (hash, answer) = (hex::encode(entry_hash), hex::encode(answer_hash));
    format!("chengdang comparison receipt 1\n{block}\n{hash}\n{answer}\n{}\n", at.0).into_bytes()
}

/// Public id of the look that a row is.
pub(crate) fn look_id(block: Uuid, place: u32) -> Uuid {
    record_uuid(block, place)
}

/// What all rows of a block share.
pub(super) struct Header {
    seed: Hash,
    pub(super) entry: Entry,
    hash: Hash,
}

impl Header {
    pub(super) fn new(content: &Value) -> Result<Self, AppError> {
        let entry = Entry {
            nonce: vault::random_bytes()?,
            content: content.to_string(),
        };
        Ok(Self {
            seed: vault::random_bytes()?,
            hash: entry.hash(HEADER),
            entry,
        })
    }

    fn seal(&self, app: &App, block: Uuid) -> Result<store::Sealed, AppError> {
        let plain = [&self.seed, &self.entry.nonce, self.entry.content.as_bytes()].concat();
        keys::seal(app.vault().log_secret(), BLOCK_HEADER, block, &plain)
    }

    /// Opens a header; `None` once it is erased.
    pub(super) fn open(app: &App, block: &Block) -> Result<Option<Self>, AppError> {
        let Some((_, plain)) = keys::open_log(app.vault(), BLOCK_HEADER, block.uuid, &block.header)? else {
            return Ok(None);
        };
        let (seed, rest) = plain.split_first_chunk::<32>().ok_or_else(damaged)?;
        let (nonce, content) = rest.split_first_chunk::<32>().ok_or_else(damaged)?;
        let entry = Entry {
            nonce: *nonce,
            content: String::from_utf8(content.to_vec()).map_err(|_| damaged())?,
        };
        Ok(Some(Self {
            seed: *seed,
            hash: entry.hash(HEADER),
            entry,
        }))
    }

    fn nonce(&self, place: u32) -> Hash {
        translog::entry_hash("comparison nonce", &[&self.seed, &place.to_be_bytes()])
    }

    /// The entry of a row.
    pub(super) fn row(&self, place: u32, matter_no: &str) -> Entry {
        let matter = Value::from(matter_no);
        Entry {
            nonce: self.nonce(place),
            content: format!(
                r#"{{"v":1,"header":"{}","matter_no":{matter}}}"#,
                hex::encode(self.hash)
            ),
        }
    }

    /// The entry of what a row was answered.
    pub(super) fn answer(&self, place: u32, row: &Hash, said: &str) -> Entry {
        Entry {
            nonce: self.nonce(place),
            content: format!(r#"{{"v":1,"row":"{}",{said}}}"#, hex::encode(row)),
        }
    }
}

/// What an answer says beside its row: the same for all rows with the same flags.
pub(super) fn said(items: &[ItemId], flags: Flags, at: Moment) -> String {
    let items: BTreeMap<&str, &str> = flags
        .of(items)
        .map(|(item, is_open)| (item.as_str(), flag_word(is_open)))
        .collect();
    let items = json!(items);
    format!(
        r#""at":{},"outcome":"{}","items":{items}"#,
        at.0,
        flags.outcome().as_str()
    )
}

/// A flag in a word.
const fn flag_word(is_open: bool) -> &'static str {
    if is_open { "open" } else { "nothing" }
}

/// A row that is in the log, in the order of pages and tags.
pub(super) struct TracedRow {
    pub(super) place: u32,
    hash: Hash,
}

/// A block that is in the log.
pub(super) struct Traced {
    pub(super) id: BlockId,
    pub(super) entry_hash: Hash,
    header: Header,
    /// Rows of each page.
    pub(super) pages: Vec<Vec<TracedRow>>,
}

/// Where and when a block comes, before its rows.
pub(super) struct Frame {
    pub(super) comparison: Uuid,
    pub(super) block_no: u32,
    pub(super) rows_a_day: u32,
    pub(super) request_tag: Hash,
    pub(super) id: BlockId,
}

/// Makes a block of rows, which must be some.
pub(super) fn make(app: &App, frame: &Frame, header: Header, rows: &[&Row]) -> Result<(NewBlock, Traced), AppError> {
    let mut ordered: Vec<&Row> = rows.to_vec();
    ordered.sort_unstable_by_key(|row| (row.numbers.current.tag, row.place));
    let version = ordered.first().map_or(0, |row| row.numbers.current.key_version);
    if ordered.iter().any(|row| row.numbers.current.key_version != version) {
        // The index key was rotated while the tags were computed: the caller tries again.
        return Err(AppError::Conflict);
    }
    let (mut pages, mut traced) = (Vec::new(), Vec::new());
    for of_page in ordered.chunk_by(|one, next| shard(one) == shard(next)) {
        let (mut plain, mut tags, mut hashes) = (Vec::with_capacity(of_page.len() * 64), Vec::new(), Vec::new());
        for row in of_page {
            tags.push(row.numbers.current.tag);
            hashes.push(header.row(row.place, row.matter_no.as_str()).hash(ROW));
            write_row(&mut plain, row)?;
        }
        let shard = of_page.first().map_or(0, |row| shard(row));
        let place = record_uuid(frame.id.uuid, shard.into());
        pages.push(NewPage {
            shard,
            tags,
            content: keys::seal(app.vault().log_secret(), PAGE_CONTENT, place, &plain)?,
            root: translog::subtree_root(&hashes),
        });
        let rows = of_page.iter().zip(hashes);
        traced.push(rows.map(|(row, hash)| TracedRow { place: row.place, hash }).collect());
    }
    let roots: Vec<Hash> = pages.iter().map(|page| page.root).collect();
    let entry_hash = translog::subtree_root(&roots);
    let block = NewBlock {
        uuid: frame.id.uuid,
        comparison: frame.comparison,
        block_no: frame.block_no,
        rows: u32::try_from(rows.len()).unwrap_or(u32::MAX),
        day: frame.id.at.day(),
        rows_a_day: frame.rows_a_day,
        request_tag: frame.request_tag,
        key_version: version,
        header: header.seal(app, frame.id.uuid)?,
        pages,
        entry_hash,
        at: frame.id.at,
    };
    let traced = Traced {
        id: frame.id,
        entry_hash,
        header,
        pages: traced,
    };
    Ok((block, traced))
}

const fn shard(row: &Row) -> u8 {
    let [first, ..] = row.numbers.current.tag;
    first
}

fn write_row(plain: &mut Vec<u8>, row: &Row) -> Result<(), AppError> {
    plain.extend_from_slice(&row.place.to_be_bytes());
    for text in [row.matter_no.as_str(), &keys::document_text(&row.document)] {
        // Both are far shorter: 60 characters, 40 bytes.
        let length = u8::try_from(text.len()).map_err(|_| damaged())?;
        plain.push(length);
        plain.extend_from_slice(text.as_bytes());
    }
    Ok(())
}

/// A row as stored.
pub(super) struct StoredRow {
    pub(super) place: u32,
    pub(super) matter_no: MatterNo,
    pub(super) document: IdentityDocument,
}

/// Opens a page; `None` once it is erased.
pub(super) fn open_page(app: &App, block: Uuid, page: &Page) -> Result<Option<Vec<StoredRow>>, AppError> {
    let place = record_uuid(block, page.shard.into());
    let Some((_, plain)) = keys::open_log(app.vault(), PAGE_CONTENT, place, &page.content)? else {
        return Ok(None);
    };
    let (mut rest, mut rows) = (plain.as_slice(), Vec::with_capacity(page.tags.len()));
    while !rest.is_empty() {
        let (place, after) = rest.split_first_chunk::<4>().ok_or_else(damaged)?;
        let (matter_no, after) = read_text(after)?;
        let (document, after) = read_text(after)?;
        rest = after;
        rows.push(StoredRow {
            place: u32::from_be_bytes(*place),
            matter_no: MatterNo::parse(matter_no).map_err(|_| damaged())?,
            document: keys::document_from(document)?,
        });
    }
    if rows.len() == page.tags.len() {
        Ok(Some(rows))
    } else {
        Err(damaged())
    }
}

fn read_text(bytes: &[u8]) -> Result<(&str, &[u8]), AppError> {
    let (length, rest) = bytes.split_first().ok_or_else(damaged)?;
    let (text, rest) = rest.split_at_checked(usize::from(*length)).ok_or_else(damaged)?;
    Ok((std::str::from_utf8(text).map_err(|_| damaged())?, rest))
}

/// The block as it was traced, from the store; `None` once its contents are erased.
pub(super) fn traced(app: &App, block: &Block, pages: &[Page]) -> Result<Option<Traced>, AppError> {
    let Some(header) = Header::open(app, block)? else {
        return Ok(None);
    };
    let mut traced = Vec::with_capacity(pages.len());
    for page in pages {
        let Some(rows) = open_page(app, block.uuid, page)? else {
            return Ok(None);
        };
        let of = |row: &StoredRow| TracedRow {
            place: row.place,
            hash: header.row(row.place, row.matter_no.as_str()).hash(ROW),
        };
        traced.push(rows.iter().map(of).collect());
    }
    Ok(Some(Traced {
        id: BlockId {
            uuid: block.uuid,
            at: block.at,
        },
        entry_hash: block.entry_hash,
        header,
        pages: traced,
    }))
}

/// The tree over rows: the roots of the pages, and the root over these.
fn roots_of(pages: &[Vec<Hash>]) -> (Vec<Hash>, Hash) {
    let roots: Vec<Hash> = pages.iter().map(|hashes| translog::subtree_root(hashes)).collect();
    let root = translog::subtree_root(&roots);
    (roots, root)
}

/// Makes what a block answers; `flags` of each page, in the order of its rows.
pub(super) fn answer(
    app: &App,
    traced: &Traced,
    items: &[ItemId],
    flags: &[Vec<Flags>],
    at: Moment,
) -> Result<BlockAnswer, AppError> {
    let hashes = answer_hashes(traced, items, flags, at);
    let (roots, entry_hash) = roots_of(&hashes);
    let mut plain = Vec::new();
    for page in flags {
        let count = u32::try_from(page.len()).map_err(|_| damaged())?;
        plain.extend_from_slice(&count.to_be_bytes());
        plain.extend(page.iter().flat_map(|flags| flags.0.to_be_bytes()));
    }
    Ok(BlockAnswer {
        flags: keys::seal(app.vault().log_secret(), BLOCK_FLAGS, traced.id.uuid, &plain)?,
        roots,
        entry_hash,
        at,
    })
}

fn answer_hashes(traced: &Traced, items: &[ItemId], flags: &[Vec<Flags>], at: Moment) -> Vec<Vec<Hash>> {
    let mut texts: HashMap<u32, String> = HashMap::new();
    let mut hash = |(row, flags): (&TracedRow, &Flags)| {
        let flags = *flags;
        let said = texts.entry(flags.0).or_insert_with(|| said(items, flags, at));
        traced.header.answer(row.place, &row.hash, said).hash(ANSWER)
    };
    let pages = traced.pages.iter().zip(flags);
    pages
        .map(|(rows, flags)| rows.iter().zip(flags).map(&mut hash).collect())
        .collect()
}

/// Opens the flags of an answer, of each page in the order of its rows; `None` once they are erased.
pub(super) fn open_flags(app: &App, block: Uuid, answer: &BlockAnswer) -> Result<Option<Vec<Vec<Flags>>>, AppError> {
    let Some((_, plain)) = keys::open_log(app.vault(), BLOCK_FLAGS, block, &answer.flags)? else {
        return Ok(None);
    };
    let mut numbers = plain.as_chunks::<4>().0.iter().map(|bytes| u32::from_be_bytes(*bytes));
    let mut pages = Vec::new();
    while let Some(count) = numbers.next() {
        pages.push(numbers.by_ref().take(count as usize).map(Flags).collect());
    }
    Ok(Some(pages))
}

/// What is wrong between the rows of a block, its answer, and the hashes that the log has of them.
pub(super) fn damage_of(
    app: &App,
    block: &Block,
    traced: &Traced,
    items: &[ItemId],
) -> Result<Option<&'static str>, AppError> {
    let hashes: Vec<Vec<Hash>> = traced
        .pages
        .iter()
        .map(|rows| rows.iter().map(|row| row.hash).collect())
        .collect();
    let (roots, root) = roots_of(&hashes);
    let kept: Vec<Hash> = block.roots.iter().map(|(_, root)| *root).collect();
    if root != block.entry_hash || roots != kept {
        return Ok(Some("its rows are not those of its log entry"));
    }
    let Some(answer) = &block.answer else { return Ok(None) };
    let Some(flags) = open_flags(app, block.uuid, answer)? else {
        return Ok(None);
    };
    let is_whole = traced.pages.iter().map(Vec::len).eq(flags.iter().map(Vec::len));
    let (roots, root) = roots_of(&answer_hashes(traced, items, &flags, answer.at));
    if !is_whole || root != answer.entry_hash || roots != answer.roots {
        return Ok(Some("its answers are not those of their log entry"));
    }
    Ok(None)
}

/// Blocks that only the oldest log secret opens.
pub(crate) async fn count_older(app: &App, oldest: u16) -> Result<u64, AppError> {
    const PAGE: u32 = 100;
    let (mut after, mut count) = (i64::MIN, 0);
    loop {
        let blocks = app.store().scan_blocks(after, PAGE).await?;
        let Some(last) = blocks.last() else { return Ok(count) };
        after = last.order;
        for block in &blocks {
            let opened = keys::open_log(app.vault(), BLOCK_HEADER, block.uuid, &block.header)?;
            count += u64::from(opened.is_some_and(|(version, _)| version == oldest));
        }
    }
}

/// Items of a block, as its header names them.
pub(super) fn items_of(header: &Header) -> Vec<ItemId> {
    let content = header.entry.json();
    let items = content.get("items").and_then(Value::as_array);
    let item = |item: &Value| ItemId::parse(item.as_str()?).ok();
    items.into_iter().flatten().filter_map(item).collect()
}

impl Traced {
    /// Items that its header names.
    pub(super) fn items(&self) -> Vec<ItemId> {
        items_of(&self.header)
    }
}

pub(super) fn damaged() -> AppError {
    AppError::Damaged {
        what: "a block of a comparison",
    }
}
