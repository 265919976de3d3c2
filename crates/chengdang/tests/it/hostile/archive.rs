//! A writer of ZIP archives that lies wherever it is told to (APPNOTE.TXT §4.3).

use std::io::{Cursor, Read, Write};

use zip::write::SimpleFileOptions;

/// A part of an archive, with all that its headers say about it.
#[derive(Clone)]
pub(super) struct Part {
    pub(super) name: Vec<u8>,
    pub(super) data: Vec<u8>,
    pub(super) method: u16,
    pub(super) flags: u16,
    pub(super) crc: u32,
    pub(super) packed: u32,
    pub(super) unpacked: u32,
    pub(super) attributes: u32,
    pub(super) extra: Vec<u8>,
    /// Shares the local header of this part.
    pub(super) at: Option<usize>,
}

/// A part that says the truth, deflated.
pub(super) fn part(name: &str, content: &[u8]) -> Part {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    writer.start_file("x", SimpleFileOptions::default()).unwrap();
    writer.write_all(content).unwrap();
    packed(name, writer)
}

/// A part of `bytes` times the same byte, without having them in memory.
pub(super) fn bomb(name: &str, head: &[u8], byte: u8, bytes: u64, tail: &[u8]) -> Part {
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    writer.start_file("x", SimpleFileOptions::default()).unwrap();
    writer.write_all(head).unwrap();
    std::io::copy(&mut std::io::repeat(byte).take(bytes), &mut writer).unwrap();
    writer.write_all(tail).unwrap();
    packed(name, writer)
}

fn packed(name: &str, writer: zip::ZipWriter<Cursor<Vec<u8>>>) -> Part {
    let mut archive = zip::ZipArchive::new(writer.finish().unwrap()).unwrap();
    let mut raw = archive.by_index_raw(0).unwrap();
    let (crc, unpacked) = (raw.crc32(), u32::try_from(raw.size()).unwrap());
    let mut data = Vec::new();
    raw.read_to_end(&mut data).unwrap();
    Part {
        name: name.into(),
        method: 8,
        flags: 0,
        crc,
        packed: u32::try_from(data.len()).unwrap(),
        unpacked,
        attributes: 0,
        extra: Vec::new(),
        at: None,
        data,
    }
}

fn header(part: &Part, into: &mut Vec<u8>) {
    for word in [20, part.flags, part.method, 0, 0x21] {
        into.extend_from_slice(&word.to_le_bytes());
    }
    for long in [part.crc, part.packed, part.unpacked] {
        into.extend_from_slice(&long.to_le_bytes());
    }
    for length in [part.name.len(), part.extra.len()] {
        into.extend_from_slice(&u16::try_from(length).unwrap().to_le_bytes());
    }
}

/// The archive of `parts`.
pub(super) fn archive(parts: &[Part]) -> Vec<u8> {
    let (mut bytes, mut places) = (Vec::new(), Vec::new());
    for part in parts {
        if let Some(at) = part.at {
            places.push(places[at]);
            continue;
        }
        places.push(u32::try_from(bytes.len()).unwrap());
        bytes.extend_from_slice(b"PK\x03\x04");
        header(part, &mut bytes);
        bytes.extend_from_slice(&part.name);
        bytes.extend_from_slice(&part.extra);
        bytes.extend_from_slice(&part.data);
    }
    let begin = bytes.len();
    for (part, place) in parts.iter().zip(places) {
        bytes.extend_from_slice(b"PK\x01\x02\x14\x03");
        header(part, &mut bytes);
        bytes.extend_from_slice(&[0; 6]);
        bytes.extend_from_slice(&part.attributes.to_le_bytes());
        bytes.extend_from_slice(&place.to_le_bytes());
        bytes.extend_from_slice(&part.name);
        bytes.extend_from_slice(&part.extra);
    }
    let length = u32::try_from(bytes.len() - begin).unwrap();
    let count = u16::try_from(parts.len()).unwrap().to_le_bytes();
    bytes.extend_from_slice(b"PK\x05\x06\0\0\0\0");
    bytes.extend_from_slice(&count);
    bytes.extend_from_slice(&count);
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes.extend_from_slice(&u32::try_from(begin).unwrap().to_le_bytes());
    bytes.extend_from_slice(&[0, 0]);
    bytes
}
