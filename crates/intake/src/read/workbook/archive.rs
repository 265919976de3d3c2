//! Holds a workbook's archive against the caps before a parser sees it: what an archive says about itself is not believed,
//! every part is unpacked once into nothing and counted.

use std::io::{Read, Seek, SeekFrom};

use zip::ZipArchive;

use super::damaged;
use crate::file_fault::WorkbookCap;
use crate::{FileFault, Limits};

/// An attribute by which a string table announces its size.
const ANNOUNCED: &[u8] = b"uniqueCount";
/// How a cell begins; some other elements of a sheet begin so too, but they are few.
const CELL: &[u8] = b"<c";
const BLOCK_BYTES: usize = 64 << 10;
const CARRIED_BYTES: usize = 64;

/// Elements that only begin like cells.
const CELLS_FREE: u64 = 1_000;

/// Parts that run programs or fetch from elsewhere (ECMA-376 part 1 §12.3, MS-OFFMACRO2 §2.2), by file or by folder.
const ACTIVE_FILES: [&str; 4] = [
    "vbaproject.bin",
    "vbaprojectsignature.bin",
    "vbadata.xml",
    "connections.xml",
];
const ACTIVE_FOLDERS: [&str; 5] = ["externallinks", "macrosheets", "activex", "embeddings", "customui"];

const fn too_large(cap: WorkbookCap) -> FileFault {
    FileFault::WorkbookTooLarge { cap }
}

/// Whether a part of this name is none of a mere table. Nothing here runs or follows such a part; that it is refused saves
/// the next reader of the file, and says clearly that its cells are not all there is to it.
fn is_active(name: &str) -> bool {
    let name = name.replace('\\', "/").to_ascii_lowercase();
    let (folders, file) = name.rsplit_once('/').unwrap_or(("", &name));
    ACTIVE_FILES.contains(&file) || folders.split('/').any(|folder| ACTIVE_FOLDERS.contains(&folder))
}

/// Checks bytes, parts, what they are by their names, declared and true unpacked sizes, their ratio, and announced counts.
pub(super) fn check<R: Read + Seek>(reader: &mut R, limits: &Limits) -> Result<(), FileFault> {
    let bytes = reader.seek(SeekFrom::End(0)).map_err(FileFault::Read)?;
    if bytes > limits.xlsx_bytes_max {
        return Err(too_large(WorkbookCap::Bytes));
    }
    reader.seek(SeekFrom::Start(0)).map_err(FileFault::Read)?;
    let mut archive = ZipArchive::new(&mut *reader).map_err(|_| damaged(None))?;
    if archive.len() > limits.xlsx_entries_max {
        return Err(too_large(WorkbookCap::Entries));
    }
    // Raw, for names need not be text.
    if archive
        .file_names_raw()
        .any(|name| is_active(&String::from_utf8_lossy(name)))
    {
        return Err(FileFault::ActiveWorkbook);
    }
    let mut block = vec![0; BLOCK_BYTES];
    let mut unpacked = 0;
    for index in 0..archive.len() {
        let mut part = archive.by_index(index).map_err(|_| damaged(None))?;
        let left = limits.xlsx_unpacked_bytes_max.saturating_sub(unpacked);
        if part.size() > left {
            return Err(too_large(WorkbookCap::Unpacked));
        }
        let packed = part.compressed_size().max(1);
        unpacked += unpack(&mut part, packed, left, &mut block, limits)?;
    }
    drop(archive);
    reader.seek(SeekFrom::Start(0)).map_err(FileFault::Read)?;
    Ok(())
}

/// Unpacks a part into nothing; its true size in bytes.
fn unpack(part: &mut impl Read, packed: u64, left: u64, block: &mut [u8], limits: &Limits) -> Result<u64, FileFault> {
    let mut unpacked = 0_u64;
    // Counted before a parser sees them: it takes ten times as long.
    let mut cells = 0_u64;
    // What the last block ended with: the attribute may lie across two blocks.
    let mut carried = 0;
    while let Some(free) = block.get_mut(carried..) {
        let read = part.read(free).map_err(|_| damaged(None))?;
        if read == 0 {
            break;
        }
        if unpacked == 0 && (block.starts_with(&[0xff, 0xfe]) || block.starts_with(&[0xfe, 0xff])) {
            // UTF-16 would hide the attribute; spreadsheet programs write UTF-8.
            return Err(damaged(None));
        }
        unpacked += read as u64;
        if unpacked > left {
            return Err(too_large(WorkbookCap::Unpacked));
        }
        if unpacked > Limits::XLSX_RATIO_FREE_BYTES && unpacked / packed > limits.xlsx_ratio_max {
            return Err(too_large(WorkbookCap::Ratio));
        }
        let filled = carried + read;
        if announces_more_than(block.get(..filled).unwrap_or_default(), limits.xlsx_cells_max) {
            return Err(too_large(WorkbookCap::Cells));
        }
        let fresh = carried.saturating_sub(CELL.len() - 1);
        cells += memchr::memmem::find_iter(block.get(fresh..filled).unwrap_or_default(), CELL).count() as u64;
        if cells > limits.xlsx_cells_max + CELLS_FREE {
            return Err(too_large(WorkbookCap::Cells));
        }
        carried = filled.min(CARRIED_BYTES);
        block.copy_within(filled - carried..filled, 0);
    }
    Ok(unpacked)
}

fn announces_more_than(block: &[u8], max: u64) -> bool {
    let mut rest = block;
    while let Some(at) = memchr::memmem::find(rest, ANNOUNCED) {
        rest = rest.get(at + ANNOUNCED.len()..).unwrap_or_default();
        let digits: Vec<u8> = rest
            .iter()
            .copied()
            .skip_while(|byte| matches!(byte, b' ' | b'\t' | b'\r' | b'\n' | b'=' | b'"' | b'\'' | b'+'))
            .take_while(u8::is_ascii_digit)
            .collect();
        let announced = std::str::from_utf8(&digits).ok().filter(|digits| !digits.is_empty());
        if announced.is_some_and(|digits| digits.parse::<u64>().map_or(true, |count| count > max)) {
            return true;
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parts_that_run_or_fetch_are_known_by_their_names() {
        for name in [
            "xl/vbaProject.bin",
            "XL\\VBAPROJECT.BIN",
            "vbaProject.bin",
            "xl/externalLinks/_rels/externalLink1.xml.rels",
            "xl/macrosheets/sheet1.xml",
            "xl/embeddings/oleObject1.bin",
            "xl/activeX/activeX1.xml",
            "xl/connections.xml",
            "customUI/customUI14.xml",
        ] {
            assert!(is_active(name), "{name}");
        }
        for name in [
            "",
            "xl/worksheets/_rels/sheet1.xml.rels",
            "xl/media/embeddings.png",
            "xl/printerSettings/printerSettings1.bin",
            "xl/tables/table1.xml",
            "docProps/custom.xml",
        ] {
            assert!(!is_active(name), "{name}");
        }
    }

    #[test]
    fn announced_counts_are_found_in_any_spelling() {
        for text in [
            "uniqueCount=\"11\"",
            "uniqueCount = '11'",
            "x uniqueCount=\"99999999999999999999999999\"",
        ] {
            assert!(announces_more_than(text.as_bytes(), 10), "{text}");
        }
        for text in ["uniqueCount=\"10\"", "uniqueCount", "count=\"11\""] {
            assert!(!announces_more_than(text.as_bytes(), 10), "{text}");
        }
    }
}
