//! The whole log against itself: rows, leaves, tiles, signed heads, checkpoint. Finds damage and names it; changes nothing.

use std::collections::BTreeSet;

use policy::{Permit, VerifyStore};
use store::{LogEntry, SignedHead, StoreError};
use translog::{Filled, Head, LogKey, Tile, Tree};

use super::derive::{PAGE, first_difference, read};
use super::{all_keys, head_of, key, leaf_of, with_files};
use crate::verify::Damage;
use crate::{App, AppError};

/// What was looked at and what was found.
#[derive(Debug, Clone, Default)]
pub struct LogFindings {
    /// sequenced entries
    pub entries: u64,
    /// tiles read
    pub tiles: u64,
    /// heads that were signed
    pub heads: u64,
    /// size of the published tree
    pub published: Option<u64>,
    /// witnesses that cosigned what is published
    pub cosigned: usize,
    /// damage, empty if the log is sound
    pub damage: Vec<Damage>,
}

impl LogFindings {
    fn add(&mut self, place: String, what: &'static str) {
        self.damage.push(Damage { place, what });
    }
}

/// Reads the whole log once.
///
/// # Errors
///
/// If store or disk cannot be read at all; what is merely wrong is in [`LogFindings::damage`].
pub async fn verify(
    app: &App,
    _permit: &Permit<VerifyStore>,
    on_progress: impl Fn(u64),
) -> Result<LogFindings, AppError> {
    let mut findings = LogFindings::default();
    let key = key(app)?;
    let published = read_published(app, &mut findings).await?;
    let mut heads = read_heads(app, &key, &mut findings).await?;
    if let Some(head) = published
        && !heads
            .iter()
            .any(|known| known.size == head.size && known.root == head.root)
    {
        findings.add(
            "checkpoint".to_owned(),
            "what is published is not among the heads that were signed",
        );
        heads.push(head);
    }
    heads.sort_by_key(|head| std::cmp::Reverse(head.size));
    let mut walk = Walk {
        tree: Tree::default(),
        largest: heads.first().map_or(0, |head| head.size),
        published: findings.published.unwrap_or_default(),
        walked: 0,
        heads,
        good: 0,
        edges: Vec::new(),
        doubts: Vec::new(),
        differing: BTreeSet::new(),
    };
    walk.over(app, &mut findings, on_progress).await?;
    walk.judge(&mut findings);
    Ok(findings)
}

/// The published head, if its signature holds.
async fn read_published(app: &App, findings: &mut LogFindings) -> Result<Option<Head>, AppError> {
    let keys = all_keys(app)?;
    let Some(checkpoint) = super::checkpoint(app).await? else {
        return Ok(None);
    };
    let place = || "checkpoint".to_owned();
    let (Ok(head), Ok(signers)) = (
        translog::open_any(&checkpoint, &keys),
        translog::signers_of(&checkpoint, &keys),
    ) else {
        findings.add(place(), "it is not signed by the key of the log");
        return Ok(None);
    };
    findings.published = Some(head.size);
    let witnesses: Vec<_> = app
        .log()
        .witnesses
        .iter()
        .map(|witness| witness.key().clone())
        .collect();
    match translog::cosigned_by(&checkpoint, &witnesses) {
        Ok(cosigned) => findings.cosigned = cosigned.len(),
        Err(_) => findings.add(place(), "a cosignature was not made by its witness"),
    }
    if findings.cosigned < app.log().quorum {
        findings.add(place(), "fewer witnesses cosigned it than are needed");
    }
    // Lines by nobody that is known are no part of what was published.
    let lines = checkpoint.split_inclusive(|byte| *byte == b'\n').count();
    // Name, size, root, an empty one, the log's signatures.
    let expected = 4 + signers.len() + findings.cosigned;
    if lines != expected {
        findings.add(place(), "it has lines by nobody who is known");
    }
    Ok(Some(head))
}

/// Heads in the store whose signature holds.
async fn read_heads(app: &App, key: &LogKey, findings: &mut LogFindings) -> Result<Vec<Head>, AppError> {
    let mut heads: Vec<Head> = Vec::new();
    let signers = app.vault().known_signers();
    let mut newest = 0;
    let mut from = 0;
    loop {
        let page = match app.store().signed_heads(key.origin(), from, PAGE).await {
            Err(StoreError::Damaged { .. }) => bisect_heads(app, key, from, findings).await?,
            page => page?,
        };
        let Some(last) = page.last() else { break };
        from = last.size + 1;
        findings.heads += page.len() as u64;
        for head in &page {
            let place = || format!("signed head of {} entries", head.size);
            match super::signer_of(key, &signers, head) {
                Err(_) => findings.add(place(), "its signature does not hold"),
                // Heads only grow, and the newest key signs them: whoever has a key that was replaced signs none any more.
                Ok(signer) if signer.version < newest => {
                    findings.add(place(), "it is signed by a key that was replaced before");
                }
                Ok(signer) => {
                    newest = signer.version;
                    heads.push(head_of(head));
                }
            }
        }
    }
    if !heads.iter().any(|head| head.size == 0) && (!heads.is_empty() || findings.published.is_some()) {
        findings.add("signed head of 0 entries".to_owned(), "it is missing");
    }
    Ok(heads)
}

/// The heads of a page of which one cannot be read, each by itself.
async fn bisect_heads(
    app: &App,
    key: &LogKey,
    from: u64,
    findings: &mut LogFindings,
) -> Result<Vec<SignedHead>, AppError> {
    let mut limit = PAGE;
    while limit > 1 {
        limit /= 2;
        match app.store().signed_heads(key.origin(), from, limit).await {
            Err(StoreError::Damaged { .. }) => {}
            page => return Ok(page?),
        }
    }
    findings.add(
        format!("signed head of {from} entries or more"),
        "the row cannot be read",
    );
    Ok(Vec::new())
}

/// A derived tile that is not the one that lies there.
struct Doubt {
    tile: Tile,
    /// Number of entries of the smallest tree that has the tile.
    end: u64,
    /// Whether it lies there at all.
    is_there: bool,
    /// The entries of which it differs, of the lowest level.
    entries: Vec<u64>,
}

/// Stands for an entry that is missing or cannot be read.
const NOTHING: [u8; translog::LEAF_BYTES] = [0; translog::LEAF_BYTES];

/// The way over the entries.
struct Walk {
    tree: Tree,
    /// Heads still to come, the smallest last.
    heads: Vec<Head>,
    largest: u64,
    published: u64,
    /// Entries that are there.
    walked: u64,
    /// Size of the largest head so far whose root the entries give.
    good: u64,
    /// The tiles that are not full, where they must lie there, with the size of their tree.
    edges: Vec<(u64, Filled)>,
    doubts: Vec<Doubt>,
    /// Sizes whose signed root the entries do not give.
    differing: BTreeSet<u64>,
}

impl Walk {
    async fn over(&mut self, app: &App, findings: &mut LogFindings, on_progress: impl Fn(u64)) -> Result<(), AppError> {
        self.meet_heads();
        loop {
            let page = entries(app, self.tree.size(), PAGE).await?;
            if page.is_empty() {
                break;
            }
            let mut filled = Vec::new();
            let is_in_place = page.into_iter().all(|entry| self.append(entry, &mut filled, findings));
            findings.entries = self.tree.size();
            // Tiles beyond every signed head may lie there half.
            let ends = filled.into_iter().map(|filled| (end_of(filled.tile), filled));
            let within = ends.filter(|(end, _)| *end <= self.largest).collect();
            self.compare(app, within, findings).await?;
            on_progress(findings.entries);
            if !is_in_place {
                break;
            }
        }
        self.walked = self.tree.size();
        if !self.heads.is_empty() {
            let place = format!("log entry {}", self.tree.size());
            findings.add(place, "it is missing, with all that follow, and was signed");
            self.pad(app, findings).await?;
        }
        let edges = std::mem::take(&mut self.edges);
        self.compare_earlier(app, &edges, findings).await?;
        self.compare(app, edges, findings).await
    }

    /// Goes on to the end of what was signed, with nothing for the entries that are missing there, so that what is wrong before
    /// them is found.
    async fn pad(&mut self, app: &App, findings: &mut LogFindings) -> Result<(), AppError> {
        while self.tree.size() < self.largest {
            let mut filled = Vec::new();
            let until = self.largest.min(self.tree.size() + u64::from(PAGE));
            while self.tree.size() < until {
                self.append_leaf(&NOTHING, &mut filled);
            }
            let within = filled.into_iter().map(|filled| (end_of(filled.tile), filled)).collect();
            self.compare(app, within, findings).await?;
        }
        Ok(())
    }

    /// Appends an entry, or what stands for one that is missing or cannot be read; `false` if it has no place here.
    fn append(&mut self, entry: Option<LogEntry>, filled: &mut Vec<Filled>, findings: &mut LogFindings) -> bool {
        let Some(entry) = entry else {
            findings.add(format!("log entry {}", self.tree.size()), "the row cannot be read");
            self.append_leaf(&NOTHING, filled);
            return true;
        };
        if entry.index != self.tree.size() && entry.index >= self.largest {
            findings.add(format!("log entry {}", entry.index), "there are not so many entries");
            return false;
        }
        while self.tree.size() < entry.index {
            findings.add(format!("log entry {}", self.tree.size()), "it is missing");
            self.append_leaf(&NOTHING, filled);
        }
        self.append_leaf(&leaf_of(&entry).to_bytes(), filled);
        true
    }

    fn append_leaf(&mut self, leaf: &[u8], filled: &mut Vec<Filled>) {
        self.tree.append(leaf, filled);
        self.meet_heads();
    }

    /// At the size of a signed head: its root.
    fn meet_heads(&mut self) {
        while let Some(head) = self.heads.pop_if(|head| head.size == self.tree.size()) {
            if head.root == self.tree.root() {
                self.good = self.good.max(head.size);
            } else {
                self.differing.insert(head.size);
            }
            if head.size == self.largest || head.size == self.published {
                self.edges
                    .extend(self.tree.partial().into_iter().map(|filled| (head.size, filled)));
            }
        }
    }

    /// Holds derived tiles, each with the size of the smallest tree that has it, against those that lie there.
    async fn compare(
        &mut self,
        app: &App,
        derived: Vec<(u64, Filled)>,
        findings: &mut LogFindings,
    ) -> Result<(), AppError> {
        if derived.is_empty() {
            return Ok(());
        }
        findings.tiles += derived.len() as u64;
        let doubts = with_files(app, move |files| {
            let mut doubts = Vec::new();
            for (end, derived) in derived {
                let found = read(files, derived.tile)?;
                if found.as_deref() != Some(derived.bytes.as_slice()) {
                    doubts.push(doubt_of(&derived, found.as_deref(), end));
                }
            }
            Ok(doubts)
        })
        .await?;
        self.doubts.extend(doubts);
        Ok(())
    }

    /// What the tiles that are not full were at smaller sizes.
    async fn compare_earlier(
        &mut self,
        app: &App,
        edges: &[(u64, Filled)],
        findings: &mut LogFindings,
    ) -> Result<(), AppError> {
        let mut earlier = Vec::new();
        for (end, now) in edges {
            let (level, index) = (now.tile.level, now.tile.index);
            let widths = with_files(app, move |files| files.partial_widths(level, index)).await?;
            for width in widths.into_iter().filter(|width| *width < now.tile.width) {
                let bytes = now.bytes.get(..width as usize * 32).unwrap_or_default().to_vec();
                let tile = Tile { width, ..now.tile };
                earlier.push((*end, Filled { tile, bytes }));
            }
        }
        self.compare(app, earlier, findings).await
    }

    /// Says of each difference whether the tile or the entries are to blame: where the entries give what was signed, the tile.
    fn judge(self, findings: &mut LogFindings) {
        let mut blamed = BTreeSet::new();
        for doubt in &self.doubts {
            let is_entries_fault = self.differing.iter().any(|size| *size >= doubt.end) && doubt.end > self.good;
            if !is_entries_fault || !doubt.is_there {
                let what = if doubt.is_there {
                    "it is not the one of the entries, which give what was signed"
                } else {
                    "it is missing or too short"
                };
                findings.add(doubt.tile.to_string(), what);
                continue;
            }
            for entry in &doubt.entries {
                if *entry < self.walked && blamed.insert(*entry) {
                    findings.add(
                        format!("log entry {entry}"),
                        "its row is not the one whose hash is in the tiles, and the entries do not give what was signed",
                    );
                }
            }
        }
        let is_explained = !blamed.is_empty()
            || findings
                .damage
                .iter()
                .any(|damage| damage.place.starts_with("log entry"));
        if let Some(size) = self.differing.first()
            && !is_explained
        {
            let from = self.good;
            findings.add(
                format!("log entries {from} to {}", size - 1),
                "entries and tiles agree with each other, but not with what was signed: they were rewritten",
            );
        }
    }
}

fn doubt_of(derived: &Filled, found: Option<&[u8]>, end: u64) -> Doubt {
    let mut entries = Vec::new();
    if let Some(found) = found
        && first_difference(derived, found).is_some()
    {
        let (ours, theirs) = (derived.bytes.as_chunks::<32>().0, found.as_chunks::<32>().0);
        let first = derived.tile.index * u64::from(translog::WIDTH);
        let pairs = (first..).zip(ours.iter().zip(theirs));
        entries.extend(
            pairs
                .filter(|(_, (ours, theirs))| ours != theirs)
                .map(|(entry, _)| entry),
        );
    }
    Doubt {
        tile: derived.tile,
        end,
        is_there: found.is_some(),
        entries,
    }
}

/// Number of the entry after the last one that a full tile stands for.
const fn end_of(tile: Tile) -> u64 {
    // A tree of that many entries has no tile so high.
    match (tile.index + 1).checked_shl(8 * (tile.level as u32 + 1)) {
        Some(end) => end,
        None => u64::MAX,
    }
}

/// The next page of entries; `None` stands for one whose row cannot be read.
async fn entries(app: &App, from: u64, limit: u32) -> Result<Vec<Option<LogEntry>>, AppError> {
    let mut limit = limit;
    loop {
        match app.store().log_entries(from, limit.max(1)).await {
            Ok(page) => return Ok(page.into_iter().map(Some).collect()),
            Err(StoreError::Damaged { .. }) if limit > 1 => limit /= 2,
            Err(StoreError::Damaged { .. }) => return Ok(vec![None]),
            Err(error) => return Err(error.into()),
        }
    }
}
