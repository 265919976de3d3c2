//! A person's rows in comparisons, for "who looked at me": who, why, what was answered, and the way to the log's entries.

use domain::Moment;
use domain::catalogue::{ItemId, Text};
use store::{Asker, Block, IndexTag, Page, TraceOutcome, chunk_uuid};
use translog::SubtreePath;
use uuid::Uuid;

use super::Flags;
use super::block::{self, ANSWER, HEADER, Header, ROW, StoredRow};
use crate::own_looks::{Complaint, LookedUp, Proof, complaint_of};
use crate::{App, AppError, handles, names};

/// A row about a person.
#[derive(Debug, Clone)]
pub struct ComparedLook {
    /// Public id.
    pub id: Uuid,
    /// Order of its block; later blocks have greater ones.
    pub order: i64,
    /// When.
    pub at: Moment,
    /// Who, and what for.
    pub by: LookedUp,
    /// The programme.
    pub programme: Uuid,
    /// What it is for, in the words of its proposer.
    pub aim: String,
    /// What was answered; `None` = unknown, treated as disclosed.
    pub outcome: Option<TraceOutcome>,
    /// Items, each with whether it was said to open the file by a single look-up; `None` if that is unknown.
    pub items: Vec<(Text, Option<bool>)>,
    /// The person's complaint about it.
    pub complaint: Option<Complaint>,
    /// What proves it: the header that the row names by its hash, then row and answer with their ways to the log's entries.
    pub proofs: Vec<(Proof, Option<ProofPath>)>,
}

/// The way from a commitment to an entry of the log: each step leads to a root, which is the commitment of the next.
#[derive(Debug, Clone)]
pub struct ProofPath {
    /// In the tree of the page, then in that of the block.
    pub steps: Vec<SubtreePath>,
    /// Hash of the log's entry: the last root.
    pub log_entry_hash: [u8; 32],
}

/// Rows about one of these numbers, newest first, from about `limit` blocks; those of blocks before `before`, if given.
pub(crate) async fn list(
    app: &App,
    numbers: &[IndexTag],
    before: Option<i64>,
    limit: u32,
) -> Result<Vec<ComparedLook>, AppError> {
    let mut looks = Vec::new();
    for (block, page) in app.store().blocks_about(numbers, before, limit).await? {
        looks.extend(rows_about(app, numbers, &block, &page)?);
    }
    for look in &mut looks {
        look.complaint = complaint_of(app, look.id).await?;
    }
    Ok(looks)
}

/// Who asked for the row `look`, if it is about one of these numbers.
pub(crate) async fn find(app: &App, numbers: &[IndexTag], look: Uuid) -> Result<Option<Asker>, AppError> {
    let Some(block) = app.store().find_block(chunk_uuid(look)).await? else {
        return Ok(None);
    };
    for page in app.store().pages_of(block.uuid).await? {
        let Some(rows) = block::open_page(app, block.uuid, &page)? else {
            continue;
        };
        let is_it = |(row, tag): (&StoredRow, &[u8; 16])| {
            block::look_id(block.uuid, row.place) == look && is_about(numbers, &block, tag)
        };
        if rows.iter().zip(&page.tags).any(is_it) {
            return Ok(Some(block.asker));
        }
    }
    Ok(None)
}

fn is_about(numbers: &[IndexTag], block: &Block, tag: &[u8; 16]) -> bool {
    numbers
        .iter()
        .any(|number| number.tag == *tag && number.key_version == block.key_version)
}

/// The rows of a page that are about one of these numbers.
fn rows_about(app: &App, numbers: &[IndexTag], block: &Block, page: &Page) -> Result<Vec<ComparedLook>, AppError> {
    let own: Vec<usize> = (0..)
        .zip(&page.tags)
        .filter(|(_, tag)| is_about(numbers, block, tag))
        .map(|(place, _)| place)
        .collect();
    let opened = Opened::of(app, block, page)?;
    Ok(own
        .into_iter()
        .filter_map(|place| opened.look(app, block, place))
        .collect())
}

/// A page with what belongs to it.
struct Opened {
    header: Header,
    items: Vec<ItemId>,
    rows: Vec<StoredRow>,
    hashes: Vec<[u8; 32]>,
    page_at: usize,
    answers: Option<Vec<Flags>>,
}

impl Opened {
    fn of(app: &App, block: &Block, page: &Page) -> Result<Self, AppError> {
        // Contents are erased for a whole block at a time, and then nothing of it can be shown but that it was.
        let gone = || AppError::Damaged {
            what: "an erased block",
        };
        let header = Header::open(app, block)?.ok_or_else(gone)?;
        let rows = block::open_page(app, block.uuid, page)?.ok_or_else(gone)?;
        let hashes = rows
            .iter()
            .map(|row| header.row(row.place, row.matter_no.as_str()).hash(ROW))
            .collect();
        let page_at = block.roots.iter().position(|(shard, _)| *shard == page.shard);
        let page_at = page_at.ok_or_else(block::damaged)?;
        let answers = match &block.answer {
            None => None,
            Some(answer) => block::open_flags(app, block.uuid, answer)?
                .and_then(|pages| pages.into_iter().nth(page_at))
                .filter(|flags| flags.len() == rows.len()),
        };
        Ok(Self {
            items: block::items_of(&header),
            header,
            rows,
            hashes,
            page_at,
            answers,
        })
    }

    fn look(&self, app: &App, block: &Block, place: usize) -> Option<ComparedLook> {
        let row = self.rows.get(place)?;
        let flags = self.answers.as_ref().and_then(|answers| answers.get(place).copied());
        let content = self.header.entry.json();
        let text = |key: &str| content.get(key).and_then(|value| value.as_str()).map(ToOwned::to_owned);
        let item =
            |(at, id): (usize, &ItemId)| (names::item(app.catalogue(), id), flags.map(|flags| flags.is_open(at)));
        let purpose = &block.asker.purpose;
        Some(ComparedLook {
            id: block::look_id(block.uuid, row.place),
            order: block.order,
            at: block.at,
            by: LookedUp {
                organisation: names::organisation(app.catalogue(), &block.asker.organisation),
                official: handles::handle(app, &block.asker.organisation, block.asker.account),
                is_by_system: block.asker.client.is_some(),
                purpose: purpose.clone(),
                purpose_name: names::purpose(app.catalogue(), purpose),
                statute: app
                    .catalogue()
                    .purposes
                    .get(purpose)
                    .and_then(|purpose| purpose.statute.clone()),
                // The legal ground of a batch is its programme's statute.
                legal_ground: text("statute"),
                matter_no: Some(row.matter_no.as_str().to_owned()),
            },
            programme: block.programme,
            aim: text("aim").unwrap_or_default(),
            outcome: flags.map(Flags::outcome),
            items: self.items.iter().enumerate().map(item).collect(),
            complaint: None,
            proofs: self.proofs(block, place)?,
        })
    }

    fn proofs(&self, block: &Block, place: usize) -> Option<Vec<(Proof, Option<ProofPath>)>> {
        let row = self.rows.get(place)?;
        let hash = *self.hashes.get(place)?;
        let header = Proof {
            label: HEADER,
            entry_hash: self.header.entry.hash(HEADER),
            entry: Some(self.header.entry.clone()),
        };
        let asked = Proof {
            label: ROW,
            entry_hash: hash,
            entry: Some(self.header.row(row.place, row.matter_no.as_str())),
        };
        let roots: Vec<[u8; 32]> = block.roots.iter().map(|(_, root)| *root).collect();
        let path = self.path(&self.hashes, place, &roots, block.entry_hash)?;
        let mut proofs = vec![(header, None), (asked, Some(path))];
        if let (Some(answer), Some(flags)) = (&block.answer, &self.answers) {
            let entry = |(row, flags): (usize, &Flags)| {
                let (hash, row) = (self.hashes.get(row)?, self.rows.get(row)?);
                let said = block::said(&self.items, *flags, answer.at);
                Some(self.header.answer(row.place, hash, &said))
            };
            let hashes: Option<Vec<[u8; 32]>> = flags
                .iter()
                .enumerate()
                .map(|row| Some(entry(row)?.hash(ANSWER)))
                .collect();
            let hashes = hashes?;
            let answered = Proof {
                label: ANSWER,
                entry_hash: *hashes.get(place)?,
                entry: entry((place, flags.get(place)?)),
            };
            let path = self.path(&hashes, place, &answer.roots, answer.entry_hash)?;
            proofs.push((answered, Some(path)));
        }
        Some(proofs)
    }

    fn path(
        &self,
        hashes: &[[u8; 32]],
        place: usize,
        roots: &[[u8; 32]],
        log_entry_hash: [u8; 32],
    ) -> Option<ProofPath> {
        Some(ProofPath {
            steps: vec![
                translog::subtree_path(hashes, place)?,
                translog::subtree_path(roots, self.page_at)?,
            ],
            log_entry_hash,
        })
    }
}
