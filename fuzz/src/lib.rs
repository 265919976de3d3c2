//! What the fuzz targets share: one function a target, which must neither panic nor take long nor much memory, whatever it
//! is given, and which asserts what holds of every answer.

use std::io::Cursor;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use domain::catalogue::{Catalogue, Item, ItemId};
use domain::{Day, DocumentKind, IdentityDocument, Name, ResidentId, Uscc};
use intake::{Cleaned, Context, FileFault, Frames, Limits, Pass, RawRow, Workbooks};

/// The shipped catalogue.
static CATALOGUE: LazyLock<Catalogue> = LazyLock::new(|| {
    catalogue::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../catalogue")).expect("the shipped catalogue")
});

/// The item whose rules and columns are the most.
static ITEM: LazyLock<&'static Item> =
    LazyLock::new(|| &CATALOGUE.items[&ItemId::parse("ITM-PENALTY").expect("an id")]);

/// Loads what every input needs. It takes seconds in an instrumented build, which are not the first input's.
pub fn prepare() {
    LazyLock::force(&ITEM);
    LazyLock::force(&MAP);
    LazyLock::force(&HEADINGS);
}

/// What the columns of the clean header mean.
static MAP: LazyLock<intake::HeaderMap> = LazyLock::new(|| {
    let columns = ITEM.layouts[0].columns.iter();
    let header: Vec<&str> = columns.map(|column| column.header.as_str()).collect();
    intake::recognise(&RawRow::from_cells(1, &header), &ITEM, &CATALOGUE).expect("the template's header")
});

/// The words of every item.
static HEADINGS: LazyLock<Vec<intake::Headings<'static>>> = LazyLock::new(|| {
    let items = CATALOGUE.items.values();
    items.map(|item| intake::Headings::new(item, &CATALOGUE)).collect()
});

/// Smaller than what ships, so that every limit is met.
fn limits() -> Limits {
    Limits {
        record_bytes_max: 4 << 10,
        columns_max: 64,
        rows_max: 500,
        xlsx_bytes_max: 1 << 20,
        xlsx_entries_max: 32,
        xlsx_unpacked_bytes_max: 8 << 20,
        xlsx_ratio_max: 250,
        xlsx_cells_max: 20_000,
    }
}

/// Identity numbers, credit codes, names, documents, days.
pub fn number(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    if let Ok(id) = ResidentId::parse(text) {
        assert_eq!(ResidentId::parse(id.expose()).expect("canonical"), id);
        assert!(!format!("{id:?}").contains(id.expose()));
    }
    let _ = ResidentId::from_legacy(text);
    if let Ok(code) = Uscc::parse(text) {
        assert_eq!(Uscc::parse(code.as_str()).expect("canonical"), code);
    }
    let _ = Name::parse(text);
    let _ = Day::parse_iso(text);
    let _ = DocumentKind::parse(text);
    for kind in [
        DocumentKind::ResidentId,
        DocumentKind::Passport,
        DocumentKind::HkMacaoPass,
        DocumentKind::TaiwanPass,
        DocumentKind::ForeignPermanentResident,
    ] {
        let _ = IdentityDocument::parse(kind, text);
    }
}

/// A file from its bytes to verdicts on rows.
pub fn file(data: &[u8], name: &str) {
    read(data, name, None);
}

fn read(data: &[u8], name: &str, map: Option<&intake::HeaderMap>) {
    let Ok(mut source) = intake::open(Cursor::new(data), name, &limits()) else {
        return;
    };
    let Ok(mut table) = source.table() else { return };
    let context = Context {
        catalogue: &CATALOGUE,
        item: &ITEM,
        provider: &ITEM.providers[0],
        today: Day::parse_iso("2026-11-24").expect("a day"),
        allow_test_area: true,
    };
    let mut cleaner = map.map(|map| intake::Cleaner::new(map, &context));
    let mut line = table.header().line();
    while let Ok(Some(row)) = table.next_row() {
        assert!(row.line() > line, "rows come in order");
        line = row.line();
        check_row(row);
        if let Some(cleaner) = &mut cleaner {
            let faults = match cleaner.clean(row) {
                Cleaned::Row(_, faults) | Cleaned::Refused(faults) | Cleaned::Slip(_, faults) => faults,
            };
            assert!(faults.iter().all(|fault| fault.line == row.line()));
        }
    }
}

fn check_row(row: &RawRow) {
    let limits = limits();
    assert!(row.len() <= limits.columns_max);
    assert!(row.cells().map(str::len).sum::<usize>() <= limits.record_bytes_max * 3);
}

/// The data as rows under the clean header, so that rules and cells are reached at once. Of the header only as much is
/// read again as says how the text is encoded: it costs more than the rows.
pub fn rows(data: &[u8], to_gb18030: bool) {
    // 姓 in either encoding; the two bytes of GB18030 are no UTF-8.
    let header: &[u8] = if to_gb18030 { b"\xd0\xd5\n" } else { "姓\n".as_bytes() };
    read(&[header, data].concat(), "a.csv", Some(&MAP));
}

/// A workbook: the data is one of its parts, or the archive.
///
/// A panic of what unpacks is caught where it is called and is a fault of the file; any other ends the fuzzer.
pub fn workbook(data: &[u8]) {
    static HOOK: std::sync::Once = std::sync::Once::new();
    HOOK.call_once(|| {
        let ends = std::panic::take_hook();
        std::panic::set_hook(Box::new(move |info| {
            let place = info.location().map_or("", |place| place.file());
            if !["/zip-", "/zlib-rs-"].iter().any(|unpacker| place.contains(unpacker)) {
                ends(info);
            }
        }));
    });
    const PARTS: [(&str, &str); 6] = [
        ("[Content_Types].xml", "<Types/>"),
        ("_rels/.rels", include_str!("../book/root.rels")),
        ("xl/workbook.xml", include_str!("../book/workbook.xml")),
        ("xl/_rels/workbook.xml.rels", include_str!("../book/workbook.xml.rels")),
        ("xl/worksheets/sheet1.xml", include_str!("../book/sheet1.xml")),
        ("xl/sharedStrings.xml", include_str!("../book/sharedStrings.xml")),
    ];
    let Some((&which, rest)) = data.split_first() else { return };
    let Some(fuzzed) = PARTS.get(usize::from(which) % 8) else {
        return file(rest, "a.xlsx");
    };
    let mut writer = zip::ZipWriter::new(Cursor::new(Vec::new()));
    let stored = zip::write::SimpleFileOptions::default().compression_method(zip::CompressionMethod::Stored);
    for (name, text) in &PARTS {
        let content = if *name == fuzzed.0 { rest } else { text.as_bytes() };
        writer.start_file(*name, stored).expect("a part");
        std::io::Write::write_all(&mut writer, content).expect("memory");
    }
    file(&writer.finish().expect("an archive").into_inner(), "a.xlsx");
}

/// A header, cell by cell; the first byte says of which item. Cleaning is prepared for about one header
/// in 256: it costs far more than all the rest, and depends on nothing but which columns there are. Which one is decided by
/// a sum that almost every mutation changes; by its length, say, the fuzzer would keep to those headers for all they reach.
pub fn header(data: &[u8]) {
    let Some((&which, rest)) = data.split_first() else { return };
    let text = String::from_utf8_lossy(rest);
    let cells: Vec<&str> = text.split('\u{1f}').take(64).collect();
    let row = RawRow::from_cells(1, &cells);
    match HEADINGS[usize::from(which) % HEADINGS.len()].recognise(&row) {
        Ok(columns) => {
            let [dropped, unknown, known] = columns.counts();
            assert!(dropped + unknown + known <= cells.len());
            if rest.iter().fold(0_u8, |sum, &byte| sum.wrapping_add(byte)) == 0 {
                let map = columns.into_map();
                assert_eq!((map.dropped.len(), map.unknown.len()), (dropped, unknown));
                assert!(map.fields().count() <= known);
            }
        }
        Err(faults) => assert!(!faults.is_empty()),
    }
}

/// One file of a catalogue; the others are missing.
pub fn catalogue_file(data: &[u8]) {
    const NAMES: [&str; 11] = [
        "items/penalty.toml",
        "calendar.toml",
        "classes.toml",
        "code-lists.toml",
        "dropped-columns.toml",
        "fields-of-life.toml",
        "intake-rules.toml",
        "measures.toml",
        "occupations.toml",
        "organisations.toml",
        "purposes.toml",
    ];
    static FOLDER: LazyLock<tempfile::TempDir> = LazyLock::new(|| {
        let memory = PathBuf::from("/dev/shm");
        let place = if memory.is_dir() { memory } else { std::env::temp_dir() };
        let folder = tempfile::tempdir_in(place).expect("a folder");
        std::fs::create_dir(folder.path().join("items")).expect("a folder");
        folder
    });
    let Some((&which, rest)) = data.split_first() else { return };
    let path = FOLDER.path().join(NAMES[usize::from(which) % NAMES.len()]);
    std::fs::write(&path, rest).expect("memory");
    let findings = catalogue::lint(FOLDER.path()).expect("it is there");
    std::fs::remove_file(&path).expect("it was there");
    assert!(!findings.is_empty(), "one file alone is no catalogue");
}

/// Frames as an attacker's reader of workbooks could send them.
pub fn frames(data: &[u8]) {
    struct Sent(Cursor<Vec<u8>>);
    impl std::io::Read for Sent {
        fn read(&mut self, into: &mut [u8]) -> std::io::Result<usize> {
            self.0.read(into)
        }
    }
    impl Frames for Sent {
        fn broken(&mut self) -> FileFault {
            FileFault::WorkbookTooCostly
        }
    }
    struct Attacker<'a>(&'a [u8]);
    impl Workbooks for Attacker<'_> {
        fn begin(&self, _: &mut dyn std::io::Read, _: &Limits, _: Pass) -> Result<Box<dyn Frames>, FileFault> {
            Ok(Box::new(Sent(Cursor::new(self.0.to_vec()))))
        }
    }
    let Ok(mut source) = intake::open_with(Cursor::new(b"PK\x03\x04"), "a.xlsx", &limits(), &Attacker(data), Pass::Rows)
    else {
        return;
    };
    let Ok(mut table) = source.table() else { return };
    let mut line = table.header().line();
    while let Ok(Some(row)) = table.next_row() {
        assert!(row.line() > line);
        line = row.line();
        check_row(row);
    }
}
