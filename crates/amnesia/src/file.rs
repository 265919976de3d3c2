//! One file: what its cache holds, what the disk holds for certain, and the changes between the two.

use crate::crash::Kept;

/// What a disk writes whole or not at all, in bytes.
pub const SECTOR: usize = 512;

/// A change that no sync has followed yet. It carries whole sectors as the cache held them after it, for that is what is
/// written back: an older version of a sector never comes after a newer one.
#[derive(Debug, Clone)]
pub(crate) struct Change {
    /// Order among the changes of the whole disk.
    pub(crate) order: u64,
    /// Where the image begins, a multiple of [`SECTOR`].
    at: usize,
    /// The sectors touched, the last one filled with zeros.
    image: Vec<u8>,
    length: Length,
}

#[derive(Debug, Clone, Copy)]
enum Length {
    Stays,
    Grows(usize),
    /// Cut to this length: what lies behind is gone.
    Cut(usize),
}

#[derive(Debug, Clone, Default)]
pub(crate) struct File {
    pub(crate) cached: Vec<u8>,
    durable: Vec<u8>,
    pub(crate) pending: Vec<Change>,
}

impl File {
    pub(crate) fn write(&mut self, order: u64, offset: usize, bytes: &[u8]) {
        if bytes.is_empty() {
            return;
        }
        let end = offset.saturating_add(bytes.len());
        let length = if end > self.cached.len() {
            self.cached.resize(end, 0);
            Length::Grows(end)
        } else {
            Length::Stays
        };
        if let Some(place) = self.cached.get_mut(offset..end) {
            place.copy_from_slice(bytes);
        }
        let at = offset / SECTOR * SECTOR;
        let image = self.image(at, end);
        self.pending.push(Change {
            order,
            at,
            image,
            length,
        });
    }

    pub(crate) fn set_length(&mut self, order: u64, length: usize) {
        let was = self.cached.len();
        if length == was {
            return;
        }
        self.cached.resize(length, 0);
        let at = length.min(was) / SECTOR * SECTOR;
        let change = if length > was {
            Change {
                order,
                at,
                image: Vec::new(),
                length: Length::Grows(length),
            }
        } else {
            Change {
                order,
                at,
                image: self.image(at, length),
                length: Length::Cut(length),
            }
        };
        self.pending.push(change);
    }

    /// The cached sectors from `at` to the one that holds `end`.
    fn image(&self, at: usize, end: usize) -> Vec<u8> {
        let whole = end.next_multiple_of(SECTOR);
        let held = self.cached.get(at..whole.min(self.cached.len())).unwrap_or_default();
        let mut image = held.to_vec();
        image.resize(whole - at, 0);
        image
    }

    /// The disk holds all of it.
    pub(crate) fn sync(&mut self) {
        let pending = std::mem::take(&mut self.pending);
        self.durable = applied(std::mem::take(&mut self.durable), &pending, |_, _| Kept::Whole);
    }

    /// The bytes are lost for good. The length is another matter, of the file system's journal: it is kept.
    pub(crate) fn fail_sync(&mut self) {
        self.pending.clear();
        self.durable.resize(self.cached.len(), 0);
    }

    /// What the disk holds if `kept` says what became of each change.
    pub(crate) fn after(&self, kept: impl FnMut(u64, usize) -> Kept) -> Self {
        let content = applied(self.durable.clone(), &self.pending, kept);
        Self {
            cached: content.clone(),
            durable: content,
            pending: Vec::new(),
        }
    }
}

/// `content` after the changes. Sectors are whole on the disk, also behind the end of the file: a growth that is kept
/// shows what a write before it left there.
fn applied(mut content: Vec<u8>, changes: &[Change], mut kept: impl FnMut(u64, usize) -> Kept) -> Vec<u8> {
    let mut length = content.len();
    for change in changes {
        let kept = kept(change.order, change.image.len() / SECTOR);
        change.apply(&mut content, &mut length, kept);
    }
    content.resize(length, 0);
    content
}

impl Change {
    fn apply(&self, content: &mut Vec<u8>, length: &mut usize, kept: Kept) {
        let (sectors, has_length) = match kept {
            Kept::Lost => return,
            Kept::Torn { from, to, has_length } if !matches!(self.length, Length::Cut(_)) => {
                (from * SECTOR..to * SECTOR, has_length)
            }
            // A cut is one word of the disk.
            Kept::Whole | Kept::Torn { .. } => (0..self.image.len(), true),
        };
        match self.length {
            Length::Cut(to) => {
                content.truncate(self.at);
                // It may follow a growth that was lost: then there is nothing to cut.
                *length = to.min(*length);
            }
            Length::Grows(to) if has_length => *length = to.max(*length),
            Length::Grows(_) | Length::Stays => {}
        }
        let start = self.at + sectors.start;
        let image = self.image.get(sectors).unwrap_or_default();
        let end = start + image.len();
        if content.len() < end {
            content.resize(end, 0);
        }
        if let Some(place) = content.get_mut(start..end) {
            place.copy_from_slice(image);
        }
    }
}
