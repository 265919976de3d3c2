//! Sealed files on disk: what was written is read, from anywhere; what was altered is not.

use std::io::{Cursor, Read, Seek, SeekFrom, Write};

use proptest::prelude::*;
use uuid::Uuid;
use vault::{SEGMENT_BYTES, Secret, SecretOwner, StagedReader, StagedWriter, Vault};

const ID: Uuid = Uuid::from_u128(5);
const HEADER: usize = 24;
const STORED: usize = SEGMENT_BYTES + 16;

fn secret() -> Secret {
    Vault::ephemeral()
        .unwrap()
        .new_secret(SecretOwner::Delivery, ID)
        .unwrap()
        .0
}

fn plain(length: usize) -> Vec<u8> {
    (0..length).map(|at| u8::try_from(at * 31 % 251).unwrap()).collect()
}

fn sealed(secret: &Secret, plain: &[u8]) -> Vec<u8> {
    let mut writer = StagedWriter::new(secret, ID, Vec::new()).unwrap();
    writer.write_all(plain).unwrap();
    writer.finish().unwrap()
}

/// Whether a reader notices, when it opens or when it reads to the end.
fn is_noticed(secret: &Secret, id: Uuid, bytes: &[u8]) -> bool {
    let read =
        StagedReader::new(secret, id, Cursor::new(bytes)).and_then(|mut reader| reader.read_to_end(&mut Vec::new()));
    read.is_err()
}

#[test]
fn files_of_every_awkward_length_come_back() {
    let secret = secret();
    for length in [
        0,
        1,
        SEGMENT_BYTES - 1,
        SEGMENT_BYTES,
        SEGMENT_BYTES + 1,
        2 * SEGMENT_BYTES,
        3 * SEGMENT_BYTES + 5,
    ] {
        let bytes = sealed(&secret, &plain(length));
        let segments = length.div_ceil(SEGMENT_BYTES).max(1);
        assert_eq!(bytes.len(), HEADER + length + 16 * segments, "{length}");
        let mut reader = StagedReader::new(&secret, ID, Cursor::new(bytes)).unwrap();
        assert_eq!(reader.plain_bytes(), length as u64);
        let mut read = Vec::new();
        reader.read_to_end(&mut read).unwrap();
        assert!(read == plain(length), "{length}");
    }
}

#[test]
fn every_flipped_bit_of_a_small_file_is_noticed() {
    let secret = secret();
    let good = sealed(&secret, b"small");
    assert!(!is_noticed(&secret, ID, &good));
    for bit in 0..good.len() * 8 {
        let mut altered = good.clone();
        altered[bit / 8] ^= 1 << (bit % 8);
        assert!(is_noticed(&secret, ID, &altered), "bit {bit}");
    }
    for length in 0..good.len() {
        assert!(is_noticed(&secret, ID, &good[..length]), "cut at {length}");
    }
    assert!(is_noticed(&secret, ID, &[good.as_slice(), b"x"].concat()));
    assert!(is_noticed(&secret, Uuid::from_u128(6), &good), "another id");
    assert!(is_noticed(&self::secret(), ID, &good), "another secret");
}

#[test]
fn segments_cannot_be_dropped_swapped_repeated_or_taken_from_another_file() {
    let secret = secret();
    let good = sealed(&secret, &plain(3 * SEGMENT_BYTES + 100));
    let other = sealed(&secret, &plain(3 * SEGMENT_BYTES + 100));
    let (header, body) = good.split_at(HEADER);
    let segments: Vec<&[u8]> = body.chunks(STORED).collect();
    let foreign: Vec<&[u8]> = other[HEADER..].chunks(STORED).collect();
    assert_eq!(segments.len(), 4);
    let spoilt: [(&str, Vec<&[u8]>); 7] = [
        ("last one dropped", segments[..3].to_vec()),
        ("first one dropped", segments[1..].to_vec()),
        ("middle one dropped", vec![segments[0], segments[2], segments[3]]),
        ("two swapped", vec![segments[1], segments[0], segments[2], segments[3]]),
        (
            "one repeated",
            vec![segments[0], segments[0], segments[1], segments[2], segments[3]],
        ),
        (
            "one of another file",
            vec![segments[0], foreign[1], segments[2], segments[3]],
        ),
        (
            "the end repeated",
            vec![segments[0], segments[1], segments[2], segments[3], segments[3]],
        ),
    ];
    for (what, parts) in spoilt {
        assert!(is_noticed(&secret, ID, &[header, &parts.concat()].concat()), "{what}");
    }
    assert!(!is_noticed(&secret, ID, &[header, &segments.concat()].concat()));
}

/// A cut is noticed when the file is opened, before anything of it is used.
#[test]
fn a_file_that_was_not_finished_does_not_open() {
    let secret = secret();
    let mut bytes = Vec::new();
    let mut writer = StagedWriter::new(&secret, ID, &mut bytes).unwrap();
    writer.write_all(&plain(2 * SEGMENT_BYTES + 1)).unwrap();
    drop(writer);
    assert_eq!(bytes.len(), HEADER + 2 * STORED);
    assert!(StagedReader::new(&secret, ID, Cursor::new(&bytes)).is_err());
}

/// A disk that is full once, in the middle of a segment, and then has room again.
struct FullOnce {
    room: usize,
    was_full: bool,
}

impl Write for FullOnce {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        if self.was_full {
            return Ok(bytes.len());
        }
        if self.room == 0 {
            self.was_full = true;
            return Err(std::io::ErrorKind::StorageFull.into());
        }
        let taken = self.room.min(bytes.len());
        self.room -= taken;
        Ok(taken)
    }
    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

/// Part of a segment may be on the disk; sealing it again under its nonce would give two messages under one.
#[test]
fn a_failed_write_stays_failed() {
    let secret = secret();
    let start = || {
        StagedWriter::new(
            &secret,
            ID,
            FullOnce {
                room: HEADER + 100,
                was_full: false,
            },
        )
        .unwrap()
    };
    let mut writer = start();
    assert!(writer.write_all(&plain(SEGMENT_BYTES + 1)).is_err());
    assert!(writer.write_all(b"more").is_err());
    assert!(writer.finish().is_err());
    let mut writer = start();
    assert!(writer.write_all(&plain(SEGMENT_BYTES + 1)).is_err());
    assert!(writer.finish().is_err());
}

#[test]
fn nothing_of_the_plaintext_is_in_the_file() {
    let secret = secret();
    let canary = b"CANARY-370199";
    let bytes = sealed(&secret, &canary.repeat(10_000));
    assert!(!bytes.windows(canary.len()).any(|window| window == canary));
}

#[derive(Debug, Clone)]
enum Step {
    Read(usize),
    Seek(SeekFrom),
}

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let far = 3 * SEGMENT_BYTES as u64;
    let back = i64::try_from(far).unwrap();
    prop::collection::vec(
        prop_oneof![
            (0..100_000_usize).prop_map(Step::Read),
            (0..far).prop_map(|to| Step::Seek(SeekFrom::Start(to))),
            (-back..10).prop_map(|by| Step::Seek(SeekFrom::End(by))),
            (-back..back).prop_map(|by| Step::Seek(SeekFrom::Current(by))),
        ],
        1..20,
    )
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// A reader behaves as one over the plaintext would, whatever is read and sought, however it was written.
    #[test]
    fn a_reader_behaves_like_one_over_the_plaintext(
        length in 0..3 * SEGMENT_BYTES,
        piece in 1..100_000_usize,
        steps in steps(),
    ) {
        let secret = secret();
        let plain = plain(length);
        let mut writer = StagedWriter::new(&secret, ID, Vec::new()).unwrap();
        for piece in plain.chunks(piece) {
            writer.write_all(piece).unwrap();
            writer.flush().unwrap();
        }
        let bytes = writer.finish().unwrap();
        let mut reader = StagedReader::new(&secret, ID, Cursor::new(bytes)).unwrap();
        let mut model = Cursor::new(plain.as_slice());
        for step in steps {
            match step {
                Step::Read(count) => {
                    let (mut got, mut want) = (Vec::new(), Vec::new());
                    reader.by_ref().take(count as u64).read_to_end(&mut got).unwrap();
                    model.by_ref().take(count as u64).read_to_end(&mut want).unwrap();
                    prop_assert!(got == want);
                }
                Step::Seek(to) => {
                    prop_assert_eq!(reader.seek(to).ok(), model.seek(to).ok());
                    prop_assert_eq!(reader.stream_position().unwrap(), model.stream_position().unwrap());
                }
            }
        }
    }
}
