//! Files that wait on disk, sealed: 64 KiB of plaintext a segment, each under its own nonce, so that a reader can jump.
//!
//! Layout: eight bytes of magic, a salt of sixteen, then segments of ciphertext and tag; the last may be shorter and is
//! marked as final. The key comes from the secret, the salt and the id and serves this one file. Position and finality
//! are nonce and AAD (the STREAM construction of Hoang, Reyhanitabar, Rogaway and Vizár, 2015), so segments cannot be
//! swapped, dropped, repeated or cut off.

use std::fmt;
use std::io::{self, Read, Seek, SeekFrom, Write};

use uuid::Uuid;
use zeroize::{Zeroize, Zeroizing};

use crate::VaultError;
use crate::hash::framed;
use crate::salts::SALT_BYTES;
use crate::secret::{KeyBytes, Secret};
use crate::suite::{NONCE_BYTES, Suite, TAG_BYTES};

/// Plaintext bytes of a whole segment.
pub const SEGMENT_BYTES: usize = 64 * 1024;
/// Bytes of a whole segment as stored.
const STORED_BYTES: usize = SEGMENT_BYTES + TAG_BYTES;
const MAGIC: [u8; 8] = *b"CDSTAGE1";
const HEADER_BYTES: usize = MAGIC.len() + SALT_BYTES;

/// What both directions share: the key of this file and the names it is bound to.
struct Sealer {
    suite: &'static dyn Suite,
    key: KeyBytes,
    context: Vec<u8>,
}

impl Sealer {
    fn new(secret: &Secret, id: Uuid, salt: &[u8; SALT_BYTES]) -> Self {
        let context = framed("chengdang staged 1", &[id.as_bytes(), &secret.version().to_be_bytes()]);
        Self {
            suite: secret.suite(),
            key: Box::new(secret.derive(&context, salt)),
            context,
        }
    }

    /// Nonce and AAD of a segment: its number and whether it is the last.
    fn place(&self, segment: u64, is_last: bool) -> ([u8; NONCE_BYTES], Vec<u8>) {
        let mut nonce = [0; NONCE_BYTES];
        let numbered = segment.to_be_bytes().into_iter().chain([0, 0, 0, u8::from(is_last)]);
        for (to, from) in nonce.iter_mut().zip(numbered) {
            *to = from;
        }
        (nonce, [self.context.as_slice(), &nonce].concat())
    }

    fn seal(&self, segment: u64, is_last: bool, buffer: &mut Vec<u8>) -> Result<(), VaultError> {
        let (nonce, aad) = self.place(segment, is_last);
        self.suite.seal(self.key.as_slice(), &nonce, &aad, buffer)
    }

    fn open(&self, segment: u64, is_last: bool, buffer: &mut Vec<u8>) -> Result<(), VaultError> {
        let (nonce, aad) = self.place(segment, is_last);
        self.suite.open(self.key.as_slice(), &nonce, &aad, buffer)
    }
}

fn vault_error(error: VaultError) -> io::Error {
    io::Error::new(io::ErrorKind::InvalidData, error)
}

/// A buffer that never grows, so that no plaintext is left behind in freed memory.
fn segment_buffer() -> Zeroizing<Vec<u8>> {
    Zeroizing::new(Vec::with_capacity(STORED_BYTES))
}

/// Seals what is written to it. Call [`Self::finish`]; without it the file reads as cut off.
pub struct StagedWriter<W: Write> {
    inner: W,
    sealer: Sealer,
    buffer: Zeroizing<Vec<u8>>,
    segment: u64,
    is_broken: bool,
}

impl<W: Write> fmt::Debug for StagedWriter<W> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "StagedWriter(masked, at segment {})", self.segment)
    }
}

impl<W: Write> StagedWriter<W> {
    /// Starts a sealed file in `inner`, bound to `id` under `secret`.
    ///
    /// # Errors
    ///
    /// Those of `inner`, and of the random source.
    pub fn new(secret: &Secret, id: Uuid, mut inner: W) -> io::Result<Self> {
        let mut salt = [0; SALT_BYTES];
        secret.suite().fill_random(&mut salt).map_err(vault_error)?;
        let sealer = Sealer::new(secret, id, &salt);
        inner.write_all(&MAGIC)?;
        inner.write_all(&salt)?;
        Ok(Self {
            inner,
            sealer,
            buffer: segment_buffer(),
            segment: 0,
            is_broken: false,
        })
    }

    /// Seals the rest as the last segment and hands `inner` back; making it durable is the caller's.
    ///
    /// # Errors
    ///
    /// Those of `inner`.
    pub fn finish(mut self) -> io::Result<W> {
        self.put(true)?;
        self.inner.flush()?;
        Ok(self.inner)
    }

    fn put(&mut self, is_last: bool) -> io::Result<()> {
        if self.is_broken {
            return Err(io::Error::other("an earlier write to the staged file failed"));
        }
        // A segment that may have reached the file in part must not be sealed again under its nonce.
        self.is_broken = true;
        self.sealer
            .seal(self.segment, is_last, &mut self.buffer)
            .map_err(vault_error)?;
        self.inner.write_all(&self.buffer)?;
        self.buffer.clear();
        self.segment = self
            .segment
            .checked_add(1)
            .ok_or_else(|| io::Error::other("the staged file is too long"))?;
        self.is_broken = false;
        Ok(())
    }
}

impl<W: Write> Write for StagedWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        // A full segment is held back until more comes: the last one must be marked.
        if self.buffer.len() == SEGMENT_BYTES && !bytes.is_empty() {
            self.put(false)?;
        }
        let room = SEGMENT_BYTES.saturating_sub(self.buffer.len());
        let (taken, _) = bytes.split_at(room.min(bytes.len()));
        self.buffer.extend_from_slice(taken);
        Ok(taken.len())
    }

    /// Only what fills a segment can be sealed, so this flushes `inner` alone.
    fn flush(&mut self) -> io::Result<()> {
        self.inner.flush()
    }
}

/// Reads a sealed file, and jumps in it. The end is checked when it is opened, each segment when it is reached.
pub struct StagedReader<R: Read + Seek> {
    inner: R,
    sealer: Sealer,
    /// Plaintext of the segment `loaded`.
    buffer: Zeroizing<Vec<u8>>,
    loaded: Option<u64>,
    segments: u64,
    plain_bytes: u64,
    position: u64,
}

impl<R: Read + Seek> fmt::Debug for StagedReader<R> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "StagedReader(masked, {} of {} bytes)",
            self.position, self.plain_bytes
        )
    }
}

impl<R: Read + Seek> StagedReader<R> {
    /// Opens what a [`StagedWriter`] with the same secret and id finished.
    ///
    /// # Errors
    ///
    /// Those of `inner`; `InvalidData` with a [`VaultError`] inside if it is no such file, or its end was cut or altered.
    pub fn new(secret: &Secret, id: Uuid, mut inner: R) -> io::Result<Self> {
        let stored = inner.seek(SeekFrom::End(0))?;
        inner.seek(SeekFrom::Start(0))?;
        let no_file = || vault_error(VaultError::DoesNotOpen);
        let body = stored
            .checked_sub(HEADER_BYTES as u64)
            .filter(|body| *body > 0)
            .ok_or_else(no_file)?;
        let (mut magic, mut salt) = ([0; MAGIC.len()], [0; SALT_BYTES]);
        inner.read_exact(&mut magic)?;
        inner.read_exact(&mut salt)?;
        if magic != MAGIC {
            return Err(no_file());
        }
        let sealer = Sealer::new(secret, id, &salt);
        let segments = body.div_ceil(STORED_BYTES as u64);
        let plain_bytes = body.checked_sub(segments * TAG_BYTES as u64).ok_or_else(no_file)?;
        let mut reader = Self {
            inner,
            sealer,
            buffer: segment_buffer(),
            loaded: None,
            segments,
            plain_bytes,
            position: 0,
        };
        reader.load(segments - 1)?;
        Ok(reader)
    }

    /// Plaintext bytes in all.
    #[must_use]
    pub fn plain_bytes(&self) -> u64 {
        self.plain_bytes
    }

    fn load(&mut self, segment: u64) -> io::Result<()> {
        if self.loaded == Some(segment) {
            return Ok(());
        }
        self.loaded = None;
        self.buffer.zeroize();
        let start = HEADER_BYTES as u64 + segment * STORED_BYTES as u64;
        self.inner.seek(SeekFrom::Start(start))?;
        self.inner
            .by_ref()
            .take(STORED_BYTES as u64)
            .read_to_end(&mut self.buffer)?;
        let is_last = segment + 1 == self.segments;
        self.sealer
            .open(segment, is_last, &mut self.buffer)
            .map_err(vault_error)?;
        self.loaded = Some(segment);
        Ok(())
    }
}

impl<R: Read + Seek> Read for StagedReader<R> {
    fn read(&mut self, out: &mut [u8]) -> io::Result<usize> {
        if self.position >= self.plain_bytes || out.is_empty() {
            return Ok(0);
        }
        self.load(self.position / SEGMENT_BYTES as u64)?;
        let within = usize::try_from(self.position % SEGMENT_BYTES as u64).map_err(io::Error::other)?;
        let rest = self.buffer.get(within..).unwrap_or_default();
        let count = rest.len().min(out.len());
        let (from, _) = rest.split_at(count);
        let (to, _) = out.split_at_mut(count);
        to.copy_from_slice(from);
        self.position += count as u64;
        Ok(count)
    }
}

impl<R: Read + Seek> Seek for StagedReader<R> {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        let position = match to {
            SeekFrom::Start(position) => Some(position),
            SeekFrom::End(offset) => self.plain_bytes.checked_add_signed(offset),
            SeekFrom::Current(offset) => self.position.checked_add_signed(offset),
        };
        let before_start = || io::Error::new(io::ErrorKind::InvalidInput, "a position before the start");
        self.position = position.ok_or_else(before_start)?;
        Ok(self.position)
    }
}
