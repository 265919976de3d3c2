//! The reader beside calamine: on every workbook that both read, every cell is the same; where one of them refuses, the
//! reason is known.

#![expect(
    clippy::format_push_string,
    clippy::format_collect,
    reason = "sheets are put together so that a reader sees them"
)]

use std::io::{Cursor, Write as _};

use proptest::prelude::*;
use quick_xml::events::Event;
use quick_xml::events::attributes::{AttrError, Attribute};
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use super::super::row::{Epoch, Spoiled};
use super::super::{RawRow, Rows};
use super::{Workbook, calamine_rows};
use crate::{FileFault, Limits};

type Row = (u32, Vec<String>, Vec<usize>, Vec<(usize, Spoiled)>, Option<Epoch>);

fn all(mut rows: impl Rows) -> Result<Vec<Row>, FileFault> {
    let (mut row, mut all) = (RawRow::default(), Vec::new());
    while rows.read_into(&mut row)? {
        let cells = row.cells().map(str::to_owned).collect();
        all.push((row.line, cells, row.numbers.clone(), row.spoiled.clone(), row.epoch));
    }
    Ok(all)
}

fn ours(book: &[u8], limits: &Limits) -> Result<Vec<Row>, FileFault> {
    all(Workbook::open(Cursor::new(book), limits, true)?.rows(limits)?)
}

fn calamines(book: &[u8], limits: &Limits) -> Result<Vec<Row>, FileFault> {
    all(calamine_rows::Workbook::open(Cursor::new(book), limits, true)?.rows(limits)?)
}

const CONTENT_TYPES: &str = "<Types/>";
const ROOT: &str = include_str!("../../../../../fuzz/book/root.rels");
const BOOK: &str = include_str!("../../../../../fuzz/book/workbook.xml");
const RELATIONS: &str = include_str!("../../../../../fuzz/book/workbook.xml.rels");
const SHEET: &str = include_str!("../../../../../fuzz/book/sheet1.xml");
const STRINGS: &str = include_str!("../../../../../fuzz/book/sharedStrings.xml");
const STYLES: &str = r#"<styleSheet><numFmts count="3"><numFmt numFmtId="164" formatCode="yyyy/m/d h:mm"/><numFmt
    numFmtId="165" formatCode="[h]:mm:ss"/><numFmt numFmtId="166" formatCode="&quot;d&quot;0.00"/></numFmts><cellXfs><xf numFmtId="0"/><xf
    numFmtId="14"/><xf numFmtId="164"><alignment/></xf><xf numFmtId="165"/><xf numFmtId="166"/><xf/></cellXfs></styleSheet>"#;

/// An archive of a workbook's parts, of which some are given.
fn pack(given: &[(&str, &[u8])]) -> Vec<u8> {
    let parts = [
        ("[Content_Types].xml", CONTENT_TYPES),
        ("_rels/.rels", ROOT),
        ("xl/workbook.xml", BOOK),
        ("xl/_rels/workbook.xml.rels", RELATIONS),
        ("xl/styles.xml", STYLES),
        ("xl/sharedStrings.xml", STRINGS),
        ("xl/worksheets/sheet1.xml", SHEET),
    ];
    let mut writer = ZipWriter::new(Cursor::new(Vec::new()));
    for (name, text) in parts {
        let part = given.iter().find(|(given, _)| *given == name);
        let content = part.map_or(text.as_bytes(), |(_, content)| content);
        writer.start_file(name, SimpleFileOptions::default()).unwrap();
        writer.write_all(content).unwrap();
    }
    writer.finish().unwrap().into_inner()
}

fn sheet(rows: &str) -> Vec<u8> {
    let text = format!(
        "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n<worksheet><dimension ref=\"A1:C3\"/><sheetData>{rows}</sheetData></worksheet>"
    );
    pack(&[("xl/worksheets/sheet1.xml", text.as_bytes())])
}

fn small() -> Limits {
    Limits {
        record_bytes_max: 4 << 10,
        columns_max: 64,
        ..Limits::default()
    }
}

#[track_caller]
fn agree(book: &[u8]) -> Vec<Row> {
    let (ours, calamines) = (ours(book, &small()), calamines(book, &small()));
    match (ours, calamines) {
        (Ok(ours), Ok(calamines)) => {
            assert_eq!(ours, calamines);
            ours
        }
        (ours, calamines) => {
            assert_eq!(format!("{:?}", ours.err()), format!("{:?}", calamines.err()));
            Vec::new()
        }
    }
}

/// Text as XML, in one of its spellings. The first is no good for formulas' texts: calamine passes over CDATA there.
fn spelled(text: &str, way: u8) -> String {
    let escaped = text.replace('&', "&amp;").replace('<', "&lt;");
    match way % 4 {
        0 if !text.contains("]]>") => format!("<![CDATA[{text}]]>"),
        1 => text.chars().map(|c| format!("&#x{:x};", u32::from(c))).collect(),
        2 => format!("<!-- > -->{escaped}<?x y?>"),
        _ => escaped,
    }
}

fn text() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        "[ -~]{0,12}",
        "[测试甲乙丙丁1-9 \u{a0}\u{3000}]{0,8}",
        Just("_x000D_".to_owned()),
        Just("_x005F_x0041_".to_owned()),
        Just("_xD83D__xDE00_".to_owned()),
        Just(" \r\n\t".to_owned()),
        Just("😀".to_owned()),
    ];
    proptest::collection::vec(part, 0..4).prop_map(|parts| parts.concat())
}

fn number() -> impl Strategy<Value = String> {
    prop_oneof![
        any::<i32>().prop_map(|number| number.to_string()),
        any::<f64>().prop_map(|number| number.to_string()),
        any::<f64>().prop_map(|number| format!("{number:e}")),
        (0.0..60_000.0_f64).prop_map(|number| number.to_string()),
        "-?[0-9]{0,17}(\\.[0-9]{0,17})?([eE][+-]?[0-9]{1,3})?",
        (0..70_000_u32).prop_map(|day| day.to_string()),
        Just("NaN".to_owned()),
        Just("测试".to_owned()),
    ]
}

/// The inside of a `c` with its `t`.
fn content() -> impl Strategy<Value = (Option<&'static str>, String)> {
    prop_oneof![
        6 => number().prop_map(|number| (None, format!("<v>{number}</v>"))),
        2 => number().prop_map(|number| (Some("n"), format!("<v>{number}</v>"))),
        4 => (0..4_u8).prop_map(|number| (Some("s"), format!("<v>{number}</v>"))),
        2 => (text(), any::<u8>()).prop_map(|(text, way)| (Some("str"), format!("<f>A1&amp;B1</f><v>{}</v>", spelled(&text, way % 3 + 1)))),
        2 => (text(), any::<u8>()).prop_map(|(text, way)| (Some("inlineStr"), format!("<is><t>{}</t></is>", spelled(&text, way)))),
        2 => (text(), text()).prop_map(|(one, two)| (
            Some("inlineStr"),
            format!("<is><t xml:space=\"preserve\">{}</t><r><rPr><b/></rPr><t>{}</t></r><rPh sb=\"0\" eb=\"1\"><t>cè</t></rPh></is>",
                spelled(&one, 3), spelled(&two, 3)))),
        1 => "[01]|true|FALSE|| 1 |2".prop_map(|value| (Some("b"), format!("<v>{value}</v>"))),
        1 => "#N/A|#DIV/0!|#REF!".prop_map(|value| (Some("e"), format!("<v>{value}</v>"))),
        1 => Just((Some("d"), "<v>2026-11-24T00:00:00</v>".to_owned())),
        1 => "|<v/>|<v></v>|<f/>|<is/>|<v>1</v><f>1</f>".prop_map(|inside| (None, inside)),
        1 => "s|str|b|e|n|x|inlineStr".prop_flat_map(|kind| {
            let kind: &'static str = match kind.as_str() { "s" => "s", "str" => "str", "b" => "b", "e" => "e", "n" => "n", "x" => "x", _ => "inlineStr" };
            "|<v></v>".prop_map(move |inside| (Some(kind), inside))
        }),
    ]
}

fn cell(row: usize, column: usize) -> impl Strategy<Value = String> {
    (content(), 0..8_usize, any::<bool>(), 0..6_u8).prop_map(move |((kind, inside), style, is_placed, order)| {
        let letter = char::from(b'A' + u8::try_from(column).unwrap());
        let mut attributes = Vec::new();
        if is_placed || order > 2 {
            attributes.push(format!("r=\"{letter}{row}\""));
        }
        if style < 7 {
            attributes.push(format!("s='{style}'"));
        }
        if let Some(kind) = kind {
            attributes.push(format!("t = \"{kind}\"").replace(" = ", if order % 2 == 0 { "=" } else { " = " }));
        }
        if order == 4 {
            attributes.reverse();
        }
        let attributes = attributes.join(if order == 5 { "\n  " } else { " " });
        let attributes = if order == 3 {
            attributes.replace('\'', "\"")
        } else {
            attributes
        };
        match (inside.is_empty(), order) {
            (true, 0 | 3) => format!("<c {attributes}/>"),
            (_, 1) => format!("<x:c {attributes}>{inside}</x:c>"),
            (_, 2) => format!("<c {attributes} > {inside}\n</c >"),
            _ => format!("<c {attributes}>{inside}</c>"),
        }
    })
}

fn rows() -> impl Strategy<Value = String> {
    let row = |number: usize| {
        let cells = (0..6).map(|column| cell(number, column)).collect::<Vec<_>>();
        (cells, any::<u64>(), any::<bool>()).prop_map(move |(cells, kept, is_numbered)| {
            let cells = cells.into_iter().enumerate().filter(|(at, _)| kept >> at & 1 == 1);
            let cells: String = cells.map(|(_, cell)| cell).collect();
            if is_numbered || number > 3 {
                format!("<row r=\"{number}\" spans=\"1:6\">{cells}</row>")
            } else {
                format!("<row>{cells}</row>\n")
            }
        })
    };
    (row(1), row(2), row(3), row(7), row(8)).prop_map(|(a, b, c, d, e)| [a, b, c, d, e].concat())
}

/// Rows of cells as nearly every program writes them, which are read in one go, and of what only looks like one.
fn common_rows() -> impl Strategy<Value = String> {
    let style = prop_oneof![4 => Just(String::new()), 2 => (0..8_u8).prop_map(|style| format!(" s=\"{style}\"")), 1 => Just(" s=\"\"".to_owned())];
    let value = prop_oneof![
        12 => (0..2_u8).prop_map(|number| format!(" t=\"s\"><v>{number}</v></c>")),
        4 => "[0-9]{1,20}".prop_map(|number| format!("><v>{number}</v></c>")),
        1 => "[2-9]|[0-9]{17,18}|00".prop_map(|number| format!(" t=\"s\"><v>{number}</v></c>")),
        1 => "><v>1\\.5</v></c>|><v>7</v ></c>|><v>7</v><v>8</v></c>|/>|></c>| t=\"n\"><v>3</v></c>| t=\"str\"><v>4</v></c>",
    ];
    let place = prop_oneof![30 => Just(0_u8), 1 => 1..5_u8];
    let cell = (prop_oneof![20 => 1..4_u32, 1 => 20..800_u32], place, style, value);
    let row = (
        prop_oneof![9 => 1..3_u32, 1 => 90..30_000_000_u32],
        proptest::collection::vec(cell, 1..12),
    );
    proptest::collection::vec(row, 1..6).prop_map(|rows| {
        let (mut all, mut number) = (String::new(), 0);
        for (gap, cells) in rows {
            number += gap;
            all += &format!("<row r=\"{number}\">");
            let mut column = 0;
            for (gap, place, style, value) in cells {
                column += gap;
                let letters = letters(column);
                all += &match place {
                    1 => format!("<c r=\"{}{number}\"{style}{value}", letters.to_lowercase()),
                    2 => format!("<c r=\"{letters}0{number}\"{style}{value}"),
                    3 => format!("<c r=\"{letters}{}\"{style}{value}", number + 1),
                    4 => format!("<c{style}{value}"),
                    _ => format!("<c r=\"{letters}{number}\"{style}{value}"),
                };
            }
            all += "</row>";
        }
        all
    })
}

/// The name of a column, from 1.
fn letters(mut column: u32) -> String {
    let mut letters = Vec::new();
    while column > 0 {
        column -= 1;
        letters.push(char::from(b'A' + u8::try_from(column % 26).unwrap()));
        column /= 26;
    }
    letters.iter().rev().collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn common_sheets_are_read_as_calamine_reads_them(rows in common_rows()) {
        agree(&sheet(&rows));
    }

    #[test]
    fn sheets_in_any_spelling_are_read_as_calamine_reads_them(rows in rows()) {
        agree(&sheet(&rows));
    }

    #[test]
    fn numbers_and_moments_are_written_as_before(numbers in proptest::collection::vec(number(), 1..40), is_1904: bool) {
        let mut cells = String::new();
        for (at, number) in numbers.iter().enumerate() {
            cells += &format!("<row r=\"{}\"><c><v>{number}</v></c><c s=\"1\"><v>{number}</v></c><c s=\"3\"><v>{number}</v></c></row>", at + 1);
        }
        let text = format!("<worksheet><sheetData>{cells}</sheetData></worksheet>");
        let book = BOOK.replace("<sheets>", if is_1904 { "<workbookPr date1904=\"1\"/><sheets>" } else { "<sheets>" });
        agree(&pack(&[("xl/worksheets/sheet1.xml", text.as_bytes()), ("xl/workbook.xml", book.as_bytes())]));
    }

    #[test]
    fn format_codes_mean_the_same(codes in proptest::collection::vec("[dmyhsDMYHSapAP0#.,;:/ _*\\\\\\[\\]年\"$-]{0,10}", 1..50)) {
        let (mut formats, mut styles, mut cells) = (String::new(), String::new(), String::new());
        for (at, code) in codes.iter().enumerate() {
            let id = at + 164;
            let code = code.replace('"', "&quot;");
            formats += &format!("<numFmt numFmtId=\"{id}\" formatCode=\"{code}\"/>");
            styles += &format!("<xf numFmtId=\"{id}\"/>");
            cells += &format!("<row r=\"{}\"><c r=\"A{}\" s=\"{at}\"><v>45000.25</v></c></row>", at + 1, at + 1);
        }
        let styles = format!("<styleSheet><numFmts>{formats}</numFmts><cellXfs>{styles}</cellXfs></styleSheet>");
        let text = format!("<worksheet><sheetData>{cells}</sheetData></worksheet>");
        let got = agree(&pack(&[("xl/worksheets/sheet1.xml", text.as_bytes()), ("xl/styles.xml", styles.as_bytes())]));
        prop_assert_eq!(got.len(), codes.len());
    }

    #[test]
    fn shared_strings_are_the_same(texts in proptest::collection::vec((text(), any::<u8>()), 1..30)) {
        let (mut items, mut cells) = (String::new(), String::new());
        for (at, (text, way)) in texts.iter().enumerate() {
            let text = spelled(text, *way);
            items += &match way >> 2 & 3 {
                0 => format!("<si><t>{text}</t></si>"),
                1 => format!("<si><t xml:space=\"preserve\">{text}</t><phoneticPr fontId=\"1\"/></si>\n"),
                2 => format!("<x:si><x:r><x:t>{text}</x:t></x:r><x:r><x:t> 乙</x:t></x:r></x:si>"),
                _ => format!("<si><rPh><t>x</t></rPh><t/><t>{text}</t></si>"),
            };
            cells += &format!("<row r=\"{}\"><c r=\"A{}\" t=\"s\"><v>{at}</v></c><c t=\"s\"><v>0</v></c></row>", at + 1, at + 1);
        }
        let strings = format!("<x:sst uniqueCount=\"{}\">{items}</x:sst>", texts.len());
        let text = format!("<worksheet><sheetData>{cells}</sheetData></worksheet>");
        agree(&pack(&[("xl/worksheets/sheet1.xml", text.as_bytes()), ("xl/sharedStrings.xml", strings.as_bytes())]));
    }

    /// Bytes of a part changed at random: who refuses what the other takes has a reason.
    #[test]
    fn damaged_parts_are_not_read_otherwise(rows in rows(), which in 0..6_usize, changes in proptest::collection::vec((any::<u32>(), any::<u8>()), 1..4)) {
        let sheet = format!("<worksheet><sheetData>{rows}</sheetData></worksheet>");
        let parts = [
            ("xl/worksheets/sheet1.xml", sheet.as_str()), ("xl/workbook.xml", BOOK), ("_rels/.rels", ROOT),
            ("xl/_rels/workbook.xml.rels", RELATIONS), ("xl/styles.xml", STYLES), ("xl/sharedStrings.xml", STRINGS),
        ];
        let (name, text) = parts[which];
        let mut part = text.as_bytes().to_vec();
        for (at, byte) in changes {
            let at = at as usize % part.len();
            // Some of the changes keep it XML.
            part[at] = if byte < 128 { b"<>/\"'= &;ctvsr019"[usize::from(byte) % 17] } else { byte };
        }
        let mut given = vec![(name, part.as_slice())];
        if which != 0 {
            given.push((parts[0].0, sheet.as_bytes()));
        }
        let book = pack(&given);
        // calamine may panic at what is no XML, which is why it reads for nobody but these tests.
        let calamines = std::panic::catch_unwind(|| calamines(&book, &small()));
        prop_assert!(calamines.is_ok() || !is_xml(&part), "{}", String::from_utf8_lossy(&part));
        judge(name, &part, ours(&book, &small()), calamines.unwrap_or(Err(FileFault::DamagedWorkbook { line: None })));
    }
}

/// What is wrong first in a row is what is told of it, also where the texts of a row are looked up at its end.
#[test]
fn a_row_that_is_too_long_is_so_before_what_is_wrong_behind_it() {
    let strings = format!("<sst><si><t>{}</t></si></sst>", "x".repeat(3 << 10));
    let shared = |place: &str| format!("<c r=\"{place}\" t=\"s\"><v>0</v></c>");
    let inline = format!(
        "<c r=\"B1\" t=\"inlineStr\"><is><t>{}</t></is></c>",
        "y".repeat(3 << 10)
    );
    for (cells, is_long) in [
        (shared("A1") + &shared("B1") + "<c r=\"C1\" t=\"b\"><v>9</v></c>", true),
        (shared("A1") + &inline + "<c r=\"BZ1\"><v>9</v></c>", true),
        (shared("A1") + "<c r=\"BZ1\"><v>9</v></c>" + &shared("CA1"), false),
        (shared("A1") + "<c r=\"B1\" t=\"b\"><v>9</v></c>" + &shared("C1"), false),
    ] {
        let sheet = format!("<worksheet><sheetData><row r=\"1\">{cells}</row></sheetData></worksheet>");
        let book = pack(&[
            ("xl/worksheets/sheet1.xml", sheet.as_bytes()),
            ("xl/sharedStrings.xml", strings.as_bytes()),
        ]);
        agree(&book);
        let told = ours(&book, &small());
        let is_told = matches!(told, Err(FileFault::RecordTooLong { line: 1, .. }));
        assert_eq!(is_told, is_long, "{:?}", told.err());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    /// Longer than what is read at once, so that texts, tags and references lie across its edges.
    #[test]
    fn long_sheets_and_long_texts_are_the_same(
        (one, two) in (rows(), rows()),
        texts in proptest::collection::vec((text(), 1..3000_usize, any::<u8>()), 4..8),
        shift in 0..200_usize,
    ) {
        let mut items = " ".repeat(shift);
        let mut cells = "\n".repeat(shift);
        for (at, (text, times, way)) in texts.iter().enumerate() {
            let text = spelled(&(text.repeat(*times) + "乙"), *way);
            items += &format!("<si><t>{text}</t></si>");
            cells += &format!("<row r=\"{0}\"><c t=\"s\"><v>{at}</v></c><c t=\"inlineStr\"><is><t>{text}</t></is></c></row>", at + 1);
        }
        let (one, two) = (one.replace("<row>", "<row r=\"9\">"), two.replace("<row>", "<row r=\"9\">"));
        for times in 0..60 {
            for (from, rows) in [(20, &one), (40, &two)] {
                // Every row below the one before.
                let rows = rows.split("<row r=\"").skip(1).enumerate();
                for (at, row) in rows {
                    let (_, row) = row.split_once('"').unwrap();
                    let number = from + times * 40 + at;
                    let row: String = row.split("r=\"").enumerate().map(|(part, text)| {
                        let Some((place, rest)) = text.split_once('"').filter(|_| part > 0) else { return text.to_owned() };
                        format!("r=\"{}{number}\"{rest}", &place[..1])
                    }).collect();
                    cells += &format!("<row r=\"{number}\"{row}");
                }
            }
        }
        let sheet = format!("<worksheet><sheetData>{cells}</sheetData></worksheet>");
        let strings = format!("<sst>{items}</sst>");
        let book = pack(&[("xl/worksheets/sheet1.xml", sheet.as_bytes()), ("xl/sharedStrings.xml", strings.as_bytes())]);
        let (ours, calamines) = (ours(&book, &Limits::default()), calamines(&book, &Limits::default()));
        match (ours, calamines) {
            (Ok(ours), Ok(calamines)) => prop_assert!(ours == calamines),
            (ours, calamines) => prop_assert_eq!(format!("{:?}", ours.err()), format!("{:?}", calamines.err())),
        }
    }
}

/// Fails unless both say the same, or it is known why not. Of XML that a package may have, two refusals are the same to the
/// line, and each difference has its reason in the part. What is no such XML is damaged, wherever that is noticed.
fn judge(name: &str, part: &[u8], ours: Result<Vec<Row>, FileFault>, calamines: Result<Vec<Row>, FileFault>) {
    let text = String::from_utf8_lossy(part);
    let is_sheet = name.contains("sheet1");
    let is_xml = is_xml(part);
    let is_damage = |fault: &FileFault| matches!(fault, FileFault::DamagedWorkbook { .. });
    // A list of sheets that is no XML may name none that is seen.
    let is_refused =
        |fault: &FileFault| is_damage(fault) || name == "xl/workbook.xml" && matches!(fault, FileFault::Empty);
    match (ours, calamines) {
        (Ok(ours), Ok(calamines)) if ours == calamines => {}
        (Err(ours), Err(calamines)) if format!("{ours:?}") == format!("{calamines:?}") => {}
        // Each passes over what is no XML until it meets something that it cannot pass over.
        (Err(ours), Err(calamines)) if !is_xml && is_refused(&ours) && is_refused(&calamines) => {}
        (Err(ours), Ok(_)) if !is_xml && is_refused(&ours) => {}
        // Tags that mean nothing to the reader are not looked into, so that references there may be wrong.
        (Ok(_), Err(calamines)) if !is_xml && is_refused(&calamines) => {}
        // calamine takes the first piece of a number for the whole, and passes over CDATA in what a formula gave.
        (Ok(_), Ok(_)) if is_xml && is_sheet && (text.contains("<!") || text.contains("<?") || text.contains('&')) => {}
        // calamine knows the failures of formulas that there were in 2007, and refuses the line of the first other one.
        (ours, Err(FileFault::DamagedWorkbook { line: Some(_) }))
            if is_sheet
                && ["\"e\"", "'e'"].iter().any(|kind| text.contains(kind))
                && ours.as_ref().err().is_none_or(is_damage) => {}
        // calamine takes an index that is no number for the first string, and goes on.
        (Err(FileFault::DamagedWorkbook { line: Some(_) }), calamines)
            if is_sheet && has_odd_index(&text) && calamines.as_ref().err().is_none_or(is_damage) => {}
        (ours, calamines) => panic!("{name}: {ours:?} beside {calamines:?} of {text}"),
    }
}

/// Whether it is XML of the kind that a package may have, by quick-xml at its strictest.
fn is_xml(part: &[u8]) -> bool {
    let mut reader = quick_xml::Reader::from_reader(part);
    reader.config_mut().check_comments = true;
    let mut depth = 0_usize;
    loop {
        match reader.read_event() {
            Ok(Event::Start(tag) | Event::Empty(tag))
                if !is_name(tag.name().as_ref()) || !tag.attributes().all(is_attribute) =>
            {
                return false;
            }
            Ok(Event::Start(_)) => depth += 1,
            Ok(Event::End(_)) => depth -= 1,
            Ok(Event::GeneralRef(reference)) => {
                let is_known = ["lt", "gt", "amp", "apos", "quot"].contains(&&*reference);
                if !is_known && !matches!(reference.resolve_char_ref(), Ok(Some(_))) {
                    return false;
                }
            }
            Ok(Event::DocType(_)) | Err(_) => return false,
            Ok(Event::Eof) => return depth == 0,
            Ok(_) => {}
        }
    }
}

fn is_attribute(attribute: Result<Attribute<'_>, AttrError>) -> bool {
    attribute
        .is_ok_and(|attribute| is_name(attribute.key.as_ref()) && quick_xml::escape::unescape(&attribute.value).is_ok())
}

/// XML 1.0 §2.3, as far as ASCII goes; quick-xml takes any bytes for a name.
fn is_name(name: &str) -> bool {
    let begins = |c: char| c.is_ascii_alphabetic() || !c.is_ascii() || "_:".contains(c);
    name.starts_with(begins)
        && name
            .chars()
            .all(|c| begins(c) || c.is_ascii_digit() || "-.".contains(c))
}

fn has_odd_index(sheet: &str) -> bool {
    sheet.split("<c").any(|cell| {
        let is_shared = cell.contains("t=\"s\"") || cell.contains("t = \"s\"") || cell.contains("t='s'");
        let value = cell.split_once("<v>").and_then(|(_, value)| value.split_once('<'));
        is_shared && value.is_some_and(|(value, _)| value.parse::<usize>().is_err())
    })
}

/// The differences of ADR 0011 that a sheet can show.
#[test]
fn where_the_two_differ_it_was_decided() {
    let one = |cell: &str| {
        let book = sheet(&format!("<row r=\"1\">{cell}</row>"));
        let texts = |rows: Result<Vec<Row>, FileFault>| match rows {
            Ok(rows) => rows.into_iter().flat_map(|row| row.1).collect::<Vec<_>>().join("|"),
            Err(fault) => fault.code().to_owned(),
        };
        (texts(ours(&book, &small())), texts(calamines(&book, &small())))
    };
    let damaged = "INTAKE-0011";
    for (cell, ours, calamines) in [
        ("<c t=\"s\"><v>x</v></c>", damaged, "x"),
        ("<c><v>1&#50;3</v></c>", "123", "1"),
        ("<c><v>1<!-- -->2</v></c>", "12", "1"),
        ("<c><v><![CDATA[12]]></v></c><c><v>3</v></c>", "12|3", "|3"),
        ("<c t=\"str\"><v><![CDATA[甲]]></v></c><c><v>3</v></c>", "甲|3", "|3"),
        ("<c t=\"e\"><v>#SPILL!</v></c><c><v>3</v></c>", "|3", damaged),
        ("<c><v>1</v></x>", damaged, damaged),
        ("<c><v>1</v></c></x>", damaged, "1"),
    ] {
        assert_eq!(one(cell), (ours.to_owned(), calamines.to_owned()), "{cell}");
    }
    let text = "<!DOCTYPE worksheet><worksheet><sheetData><row><c><v>1</v></c></row></sheetData></worksheet>";
    let book = pack(&[("xl/worksheets/sheet1.xml", text.as_bytes())]);
    assert!(matches!(ours(&book, &small()), Err(FileFault::DamagedWorkbook { .. })));
    assert_eq!(calamines(&book, &small()).unwrap().len(), 1);
}

/// What each damage of a part gives: the error, and the line where it lies in one.
#[test]
fn each_damage_has_its_error() {
    let rows = |rows: &str| format!("<worksheet><sheetData>{rows}</sheetData></worksheet>");
    let (sheet, book, strings) = ("xl/worksheets/sheet1.xml", "xl/workbook.xml", "xl/sharedStrings.xml");
    let (root, relations, styles) = ("_rels/.rels", "xl/_rels/workbook.xml.rels", "xl/styles.xml");
    let damaged = |line| format!("{:?}", FileFault::DamagedWorkbook { line });
    let empty = format!("{:?}", FileFault::Empty);
    let second = "<row r=\"4\"><c><v>1</v></c></row><row r=\"5\">";
    for (name, text, fault) in [
        // Within the rows of a sheet: the line of the last one that is whole, behind which the damage lies; 1 if none is.
        (
            sheet,
            rows(&format!("{second}<c t=\"s\"><v>x</v></c></row>")),
            damaged(Some(4)),
        ),
        (
            sheet,
            rows(&format!("{second}<c t=\"s\"><v>99</v></c></row>")),
            damaged(Some(4)),
        ),
        (sheet, rows(&format!("{second}<c><v>1</v></x></row>")), damaged(Some(4))),
        (
            sheet,
            rows(&format!("{second}<c><v>&none;</v></c></row>")),
            damaged(Some(4)),
        ),
        (
            sheet,
            rows(&format!("{second}<c r=\"1\"><v>1</v></c></row>")),
            damaged(Some(4)),
        ),
        (
            sheet,
            rows(&format!("{second}<c t=x><v>1</v></c></row>")),
            damaged(Some(4)),
        ),
        (sheet, rows("<row r=\"x\"><c><v>1</v></c></row>"), damaged(Some(1))),
        (sheet, format!("<!DOCTYPE x>{}", rows("")), damaged(None)),
        (
            sheet,
            "<worksheet><sheetData><row r=\"1\">".to_owned(),
            damaged(Some(1)),
        ),
        (sheet, String::new(), damaged(None)),
        // The other parts have no lines.
        (book, BOOK.replace("r:id=\"rId1\"", "r:id=\"rId9\""), damaged(None)),
        (book, BOOK.replace("<sheet ", "<sheet state=\"x\" "), damaged(None)),
        (book, BOOK.replace("</workbook>", ""), damaged(None)),
        (book, BOOK.replace("<sheet ", "<sheet state=\"hidden\" "), empty.clone()),
        (book, BOOK.replace("<sheet ", "&sheet "), empty),
        (root, ROOT.replace("officeDocument\"", "x\""), damaged(None)),
        (root, ROOT.replace("</Relationships>", ""), damaged(None)),
        (relations, RELATIONS.replace("/worksheet\"", "/x\""), damaged(None)),
        (relations, RELATIONS.replace("</Relationships>", "</x>"), damaged(None)),
        (strings, STRINGS.replace("</sst>", ""), damaged(None)),
        (styles, STYLES.replace("</styleSheet>", ""), damaged(None)),
    ] {
        let given = pack(&[
            (sheet, rows("<row><c t=\"s\"><v>0</v></c></row>").as_bytes()),
            (name, text.as_bytes()),
        ]);
        let given = if name == sheet {
            pack(&[(name, text.as_bytes())])
        } else {
            given
        };
        let found = ours(&given, &small()).map_err(|fault| format!("{fault:?}"));
        assert_eq!(found, Err(fault), "{name}: {text}");
    }
}

#[cfg(test)]
mod corpus {
    use super::*;

    #[test]
    fn the_corpus_of_the_fuzzer_is_read_as_calamine_reads_it() {
        let parts = [
            "[Content_Types].xml",
            "_rels/.rels",
            "xl/workbook.xml",
            "xl/_rels/workbook.xml.rels",
            "xl/worksheets/sheet1.xml",
            "xl/sharedStrings.xml",
        ];
        let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../fuzz/corpus/xlsx");
        let mut rows = 0;
        for file in std::fs::read_dir(folder).unwrap() {
            let input = std::fs::read(file.unwrap().path()).unwrap();
            let Some((&which, rest)) = input.split_first() else {
                continue;
            };
            match parts.get(usize::from(which) % 8) {
                Some(name) => {
                    let book = pack(&[(name, rest)]);
                    let ours = ours(&book, &small());
                    rows += ours.as_ref().map_or(0, Vec::len);
                    judge(name, rest, ours, calamines(&book, &small()));
                }
                None => assert_eq!(ours(rest, &small()).ok(), calamines(rest, &small()).ok()),
            }
        }
        assert!(rows > 3, "{rows}");
    }
}
