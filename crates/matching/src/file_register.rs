//! The identity register as a file in memory: two memory accesses a look-up, some forty bytes an entry.

use std::io::Read;

use domain::{Day, DocumentKind, IdentityDocument, Name};

use crate::areas::Areas;
use crate::births::{Births, Counts};
use crate::key::{Key, area_in, area_of, birth_in, birth_of, document_of, hash, hash_of_number};
use crate::names::is_same_person_name;
use crate::register::FORMER_NAME_SEPARATOR;
use crate::{IdentityRegister, RegisterEntry};

/// Header of a register file.
const HEADER: [&str; 4] = ["证件类型", "证件号码", "姓名", "曾用名"];
/// Entries lie in blocks of this size, so that growing copies nothing.
const BLOCK_BYTES: usize = 1 << 24;
/// Offsets have 32 bits: 256 blocks, more than a hundred million entries.
const BLOCKS_MAX: usize = 256;

/// The first 17 digits of foreign permanent residents begin with 9; see `domain::ResidentId`.
const FOREIGNERS_FROM: u64 = 90_000_000_000_000_000;

/// Documents that are fetched at once, at most.
const WARMED: usize = 32;

/// A register file that cannot be used. Never repeats a cell: the register is personal data throughout.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// The first row is not the header.
    #[error("the identity register must start with the header 证件类型,证件号码,姓名,曾用名")]
    Header,
    /// Not a CSV file, or not readable.
    #[error("the identity register cannot be read near line {line}")]
    Read {
        /// line of the file, the header is 1; 0 if unknown
        line: u64,
    },
    /// A cell is not what its column says.
    #[error("line {line} of the identity register has no valid {column}")]
    Cell {
        /// line of the file
        line: u64,
        /// column by its header
        column: &'static str,
    },
    /// A number occurs twice; an authoritative source says one thing of a number.
    #[error("the identity register has the number of entry {entry} twice")]
    Twice {
        /// which entry repeats it, counted from 1
        entry: usize,
    },
    /// More entries than 32-bit offsets reach.
    #[error("the identity register is larger than this system holds")]
    TooLarge,
}

/// An identity register that was read from a CSV file (`证件类型,证件号码,姓名,曾用名`; former names joined by `;`).
///
/// Layout: entries one after another in blocks; an open-addressing table of `tag << 32 | offset` finds them. A look-up
/// touches one place in the table and one in the blocks and allocates nothing. Resident numbers lie in a list by day of
/// birth as well, four bytes each.
pub struct FileRegister {
    blocks: Vec<Vec<u8>>,
    /// INVARIANT: at most three fifths full, so that every probe ends; 0 is an empty slot.
    slots: Vec<u64>,
    births: Births,
    areas: Areas,
    len: usize,
}

impl std::fmt::Debug for FileRegister {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("FileRegister")
            .field("len", &self.len)
            .finish_non_exhaustive()
    }
}

impl FileRegister {
    /// Reads a register as a stream. The order of rows is of no importance.
    ///
    /// # Errors
    ///
    /// [`RegisterError`] for a file without the header, an invalid cell or a number that occurs twice: an authoritative
    /// source with a fault is not used in part.
    pub fn load(reader: impl Read) -> Result<Self, RegisterError> {
        let mut csv = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .from_reader(reader);
        let mut record = csv::StringRecord::new();
        let mut draft = Draft::default();
        if !csv.read_record(&mut record).map_err(|error| read_error(&error))? || !is_header(&record) {
            return Err(RegisterError::Header);
        }
        while csv.read_record(&mut record).map_err(|error| read_error(&error))? {
            let line = record.position().map_or(0, csv::Position::line);
            draft.push(&record, line)?;
        }
        draft.index()
    }

    fn entry_at(&self, offset: u32) -> Option<Entry<'_>> {
        let offset = usize::try_from(offset).ok()?;
        Entry::read(self.blocks.get(offset / BLOCK_BYTES)?.get(offset % BLOCK_BYTES..)?)
    }

    /// Memory of entries and table, for the start-up line and the bench.
    #[must_use]
    pub fn memory_bytes(&self) -> usize {
        self.blocks.iter().map(Vec::capacity).sum::<usize>()
            + self.slots.capacity() * size_of::<u64>()
            + self.births.memory_bytes()
            + self.areas.memory_bytes()
    }

    /// The entry that begins at `from`, or at the beginning of the block after it, and where the next one begins.
    fn entry_from(&self, from: usize) -> Result<Option<(u32, usize)>, RegisterError> {
        let next_block = (from / BLOCK_BYTES + 1) * BLOCK_BYTES;
        for from in [from, next_block] {
            let at = u32::try_from(from).map_err(|_| RegisterError::TooLarge)?;
            if let Some(entry) = self.entry_at(at) {
                return Ok(Some((at, from + entry.size)));
            }
            if from / BLOCK_BYTES + 1 >= self.blocks.len() {
                break;
            }
        }
        Ok(None)
    }

    fn birth_at(&self, offset: u32) -> Option<(u32, u32, u32)> {
        birth_of(self.entry_at(offset)?.key)
    }

    fn area_at(&self, offset: u32) -> Option<u32> {
        area_of(self.entry_at(offset)?.key)
    }

    /// Puts the entry at `offset` into the table; `false` if its key is there already.
    fn insert(&mut self, offset: u32) -> bool {
        let Some(entry) = self.entry_at(offset) else {
            return false;
        };
        let hash = hash(entry.key);
        let mut at = self.home(hash);
        loop {
            let found = self.slots.get(at).copied().unwrap_or_default();
            if found == 0 {
                break;
            }
            if same_tag(found, hash)
                && self
                    .entry_at(offset_of(found))
                    .is_some_and(|other| other.key == entry.key)
            {
                return false;
            }
            at = self.next(at);
        }
        if let Some(slot) = self.slots.get_mut(at) {
            *slot = tag(hash) | u64::from(offset);
        }
        true
    }

    /// The first slot of a hash: its high half scaled to the table, so that the table need not be a power of two.
    fn home(&self, hash: u64) -> usize {
        let slots = self.slots.len() as u64;
        usize::try_from(((hash & u64::from(u32::MAX)) * slots) >> 32).unwrap_or_default()
    }

    /// Visits those of which an entry probably has the hash. As in `warm`, one short loop asks for all the slots and the next
    /// one looks at them.
    fn visit_tagged(&self, asked: &[(usize, u64)], visit: &mut dyn FnMut(usize)) {
        let touched = asked.iter().fold(0, |sum, (_, hash)| {
            sum ^ self.slots.get(self.home(*hash)).copied().unwrap_or_default()
        });
        std::hint::black_box(touched);
        for (at, hash) in asked {
            if self.has_tag(*hash) {
                visit(*at);
            }
        }
    }

    /// Whether an entry probably has this hash.
    fn has_tag(&self, hash: u64) -> bool {
        let mut at = self.home(hash);
        loop {
            match self.slots.get(at) {
                None | Some(0) => return false,
                Some(slot) if same_tag(*slot, hash) => return true,
                Some(_) => at = self.next(at),
            }
        }
    }

    /// The first byte of the entry that probably has this hash.
    fn candidate(&self, hash: u64) -> Option<u8> {
        let mut at = self.home(hash);
        loop {
            let slot = self.slots.get(at).copied().filter(|slot| *slot != 0)?;
            if same_tag(slot, hash) {
                return self.first_byte(offset_of(slot));
            }
            at = self.next(at);
        }
    }

    fn first_byte(&self, offset: u32) -> Option<u8> {
        let offset = usize::try_from(offset).ok()?;
        self.blocks
            .get(offset / BLOCK_BYTES)?
            .get(offset % BLOCK_BYTES)
            .copied()
    }

    fn next(&self, at: usize) -> usize {
        if at + 1 == self.slots.len() { 0 } else { at + 1 }
    }
}

impl IdentityRegister for FileRegister {
    fn find(&self, document: &IdentityDocument) -> Option<RegisterEntry<'_>> {
        let key = Key::of(document)?;
        let hash = hash(key.as_bytes());
        let mut at = self.home(hash);
        loop {
            let slot = self.slots.get(at).copied().filter(|slot| *slot != 0)?;
            if same_tag(slot, hash) {
                let entry = self.entry_at(offset_of(slot))?;
                if entry.key == key.as_bytes() {
                    return entry.names();
                }
            }
            at = self.next(at);
        }
    }

    fn warm(&self, documents: &mut dyn Iterator<Item = &IdentityDocument>) {
        // Loops so short that the processor has many of their loads on the way at once: first the table, then the
        // entries. What is read is thrown away; `black_box` keeps the compiler from noticing.
        let hashes = documents.filter_map(Key::of).map(|key| hash(key.as_bytes()));
        let mut wanted = [0_u64; WARMED];
        let mut count = 0;
        for (place, hash) in wanted.iter_mut().zip(hashes) {
            *place = hash;
            count += 1;
        }
        let wanted = wanted.get(..count).unwrap_or_default();
        let touched = wanted.iter().fold(0, |sum, hash| {
            sum ^ self.slots.get(self.home(*hash)).copied().unwrap_or_default()
        });
        std::hint::black_box(touched);
        let touched = wanted
            .iter()
            .fold(0, |sum, hash| sum ^ self.candidate(*hash).unwrap_or_default());
        std::hint::black_box(touched);
    }

    fn sieve(&self, numbers: &[u64], visit: &mut dyn FnMut(usize)) {
        let mut asked = [(0_usize, 0_u64); WARMED];
        let mut waiting = 0;
        for (at, number) in numbers.iter().enumerate() {
            if *number >= FOREIGNERS_FROM {
                // Not packed, so it has another hash; hardly any number is a foreigner's.
                visit(at);
            } else if self.areas.has(area_in(*number)) && !self.births.written(birth_in(*number)).is_empty() {
                if let Some(place) = asked.get_mut(waiting) {
                    *place = (at, hash_of_number(*number));
                    waiting += 1;
                }
                if waiting == WARMED {
                    self.visit_tagged(&asked, visit);
                    waiting = 0;
                }
            }
        }
        self.visit_tagged(asked.get(..waiting).unwrap_or_default(), visit);
    }

    fn namesakes_born<'a>(
        &'a self,
        birth: Day,
        name: &Name,
        visit: &mut dyn FnMut(IdentityDocument, RegisterEntry<'a>),
    ) {
        let born = self.births.on(birth);
        // The entries lie anywhere in the blocks: a short loop asks for many of them at once, see `warm`.
        for together in born.chunks(WARMED) {
            let touched = together
                .iter()
                .fold(0, |sum, offset| sum ^ self.first_byte(*offset).unwrap_or_default());
            std::hint::black_box(touched);
            for entry in together.iter().filter_map(|offset| self.entry_at(*offset)) {
                let Some(names) = entry
                    .names()
                    .filter(|names| is_same_person_name(name.canonical(), names))
                else {
                    continue;
                };
                if let Some(document) = document_of(entry.key) {
                    visit(document, names);
                }
            }
        }
    }

    fn len(&self) -> usize {
        self.len
    }
}

/// The tag of a slot: 31 bits of the hash and a one, so that no used slot is 0.
const fn tag(hash: u64) -> u64 {
    hash & 0xffff_ffff_0000_0000 | 1 << 63
}

const fn same_tag(slot: u64, hash: u64) -> bool {
    slot & 0xffff_ffff_0000_0000 == tag(hash)
}

fn offset_of(slot: u64) -> u32 {
    u32::try_from(slot & u64::from(u32::MAX)).unwrap_or_default()
}

/// One entry in memory: length and bytes of key, name, original (empty if equal to the name) and former names.
struct Entry<'a> {
    key: &'a [u8],
    name: &'a [u8],
    original: &'a [u8],
    former: &'a [u8],
    size: usize,
}

impl<'a> Entry<'a> {
    fn read(bytes: &'a [u8]) -> Option<Self> {
        let (key, rest) = split_short(bytes)?;
        let (name, rest) = split_long(rest)?;
        let (original, rest) = split_long(rest)?;
        let (former, rest) = split_long(rest)?;
        Some(Self {
            key,
            name,
            original,
            former,
            size: bytes.len() - rest.len(),
        })
    }

    fn names(&self) -> Option<RegisterEntry<'a>> {
        let name = std::str::from_utf8(self.name).ok()?;
        let original = if self.original.is_empty() {
            name
        } else {
            std::str::from_utf8(self.original).ok()?
        };
        Some(RegisterEntry::new(
            name,
            original,
            std::str::from_utf8(self.former).ok()?,
        ))
    }
}

fn split_short(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (len, rest) = bytes.split_first()?;
    rest.split_at_checked(usize::from(*len))
}

/// Lengths below 255 take one byte, others 255 and two bytes.
fn split_long(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (len, rest) = bytes.split_first()?;
    if *len < u8::MAX {
        return rest.split_at_checked(usize::from(*len));
    }
    let (len, rest) = rest.split_first_chunk::<2>()?;
    rest.split_at_checked(usize::from(u16::from_le_bytes(*len)))
}

/// A register while it is read: entries, not yet the table.
#[derive(Default)]
struct Draft {
    blocks: Vec<Vec<u8>>,
    entry: Vec<u8>,
    former: String,
    len: usize,
}

impl Draft {
    fn push(&mut self, record: &csv::StringRecord, line: u64) -> Result<(), RegisterError> {
        let cell = |at: usize| record.get(at).unwrap_or_default();
        let fault = |at: usize| RegisterError::Cell {
            line,
            column: HEADER.get(at).copied().unwrap_or_default(),
        };
        let kind = DocumentKind::parse(cell(0)).ok_or_else(|| fault(0))?;
        let document = IdentityDocument::parse(kind, cell(1)).map_err(|_| fault(1))?;
        // The register says what the number is; a converted one would be its guess.
        if document.is_converted() {
            return Err(fault(1));
        }
        let key = Key::of(&document).ok_or_else(|| fault(1))?;
        let name = Name::parse(cell(2)).map_err(|_| fault(2))?;
        self.former.clear();
        for former in cell(3).split([';', '；']).filter(|former| !former.trim().is_empty()) {
            self.former
                .push_str(Name::parse(former).map_err(|_| fault(3))?.canonical());
            self.former.push(FORMER_NAME_SEPARATOR);
        }
        self.entry.clear();
        self.entry
            .push(u8::try_from(key.as_bytes().len()).map_err(|_| fault(1))?);
        self.entry.extend_from_slice(key.as_bytes());
        let original = if name.expose() == name.canonical() {
            ""
        } else {
            name.expose()
        };
        for (at, text) in [(2, name.canonical()), (2, original), (3, &self.former)] {
            push_long(&mut self.entry, text).ok_or_else(|| fault(at))?;
        }
        self.keep()
    }

    fn keep(&mut self) -> Result<(), RegisterError> {
        let is_full = self
            .blocks
            .last()
            .is_none_or(|block| block.len() + self.entry.len() > BLOCK_BYTES);
        if is_full {
            if self.blocks.len() == BLOCKS_MAX {
                return Err(RegisterError::TooLarge);
            }
            // The first block grows from nothing, so that a small register stays small.
            self.blocks.push(if self.blocks.is_empty() {
                Vec::new()
            } else {
                Vec::with_capacity(BLOCK_BYTES)
            });
        }
        if let Some(block) = self.blocks.last_mut() {
            block.extend_from_slice(&self.entry);
        }
        self.len += 1;
        Ok(())
    }

    fn index(mut self) -> Result<FileRegister, RegisterError> {
        if let Some(last) = self.blocks.last_mut() {
            last.shrink_to_fit();
        }
        let slots = vec![0; self.len + self.len / 3 * 2 + 2];
        let mut register = FileRegister {
            blocks: self.blocks,
            slots,
            births: Births::default(),
            areas: Areas::default(),
            len: self.len,
        };
        let mut counts = Counts::default();
        let (mut offset, mut entry) = (0, 0);
        while let Some((at, next)) = register.entry_from(offset)? {
            entry += 1;
            if !register.insert(at) {
                return Err(RegisterError::Twice { entry });
            }
            counts.count(register.birth_at(at));
            if let Some(area) = register.area_at(at) {
                register.areas.add(area);
            }
            offset = next;
        }
        let mut filling = counts.into_filling();
        offset = 0;
        while let Some((at, next)) = register.entry_from(offset)? {
            filling.put(register.birth_at(at), at);
            offset = next;
        }
        register.births = filling.finished();
        Ok(register)
    }
}

fn push_long(entry: &mut Vec<u8>, text: &str) -> Option<()> {
    let len = u16::try_from(text.len()).ok()?;
    match u8::try_from(len) {
        Ok(short) if short < u8::MAX => entry.push(short),
        _ => {
            entry.push(u8::MAX);
            entry.extend_from_slice(&len.to_le_bytes());
        }
    }
    entry.extend_from_slice(text.as_bytes());
    Some(())
}

fn is_header(record: &csv::StringRecord) -> bool {
    let cells = record.iter().map(|cell| cell.trim_start_matches('\u{feff}').trim());
    cells.eq(HEADER)
}

fn read_error(error: &csv::Error) -> RegisterError {
    RegisterError::Read {
        line: error.position().map_or(0, csv::Position::line),
    }
}
