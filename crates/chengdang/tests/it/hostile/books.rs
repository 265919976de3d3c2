//! Hostile workbooks.

use std::fmt::Write as _;

use super::archive::{Part, archive, bomb, part};
use super::{Case, Outcome, Sound};

const SHEET: &str = "xl/worksheets/sheet1.xml";
const STRINGS: &str = "xl/sharedStrings.xml";
const MAIN: &str = "http://schemas.openxmlformats.org/spreadsheetml/2006/main";
const REL: &str = "http://schemas.openxmlformats.org/officeDocument/2006/relationships";
const PKG: &str = "http://schemas.openxmlformats.org/package/2006/relationships";

/// The sheet of a delivery: the header and these rows.
fn sheet(sound: &Sound, rows: &str) -> String {
    let cells: String = sound.header.iter().map(|text| inline(text)).collect();
    wrap(&format!("<row r=\"1\">{cells}</row>{rows}"))
}

fn wrap(rows: &str) -> String {
    format!("<?xml version=\"1.0\"?><worksheet xmlns=\"{MAIN}\"><sheetData>{rows}</sheetData></worksheet>")
}

fn inline(text: &str) -> String {
    format!("<c t=\"inlineStr\"><is><t>{text}</t></is></c>")
}

/// A column of free text.
const FACT: &str = "违法事实";
/// A column of amounts.
const FINE: &str = "罚款金额";

/// The sound row, as row `number`.
fn row_at(sound: &Sound, number: &str) -> String {
    let cells: String = sound.row.iter().map(|text| inline(text)).collect();
    format!("<row r=\"{number}\">{cells}</row>")
}

/// The sound row, with a cell of this XML in the column.
fn row_with(sound: &Sound, column: &str, cell: &str) -> String {
    let mut cells: Vec<String> = sound.row.iter().map(|text| inline(text)).collect();
    cell.clone_into(&mut cells[sound.at(column)]);
    format!("<row r=\"2\">{}</row>", cells.concat())
}

/// The sound row, with this text (as XML has it) among it.
fn row_of(sound: &Sound, text: &str) -> String {
    row_with(sound, FACT, &inline(text))
}

/// A workbook with this sheet and these further parts; a part of a name that is there replaces it.
fn book(sheet: &str, further: Vec<Part>) -> Vec<Part> {
    let relation = |id, kind, target| format!("<Relationship Id=\"{id}\" Type=\"{REL}/{kind}\" Target=\"{target}\"/>");
    let relations = |inner: &str| format!("<Relationships xmlns=\"{PKG}\">{inner}</Relationships>");
    let own = [
        (
            "[Content_Types].xml",
            "<Types xmlns=\"http://schemas.openxmlformats.org/package/2006/content-types\"/>".into(),
        ),
        (
            "_rels/.rels",
            relations(&relation("rId1", "officeDocument", "xl/workbook.xml")),
        ),
        (
            "xl/workbook.xml",
            format!(
                "<workbook xmlns=\"{MAIN}\" xmlns:r=\"{REL}\"><sheets><sheet name=\"a\" sheetId=\"1\" r:id=\"rId1\"/></sheets></workbook>"
            ),
        ),
        (
            "xl/_rels/workbook.xml.rels",
            relations(
                &(relation("rId1", "worksheet", "worksheets/sheet1.xml")
                    + &relation("rId2", "sharedStrings", "sharedStrings.xml")),
            ),
        ),
        (SHEET, sheet.to_owned()),
    ];
    let mut parts: Vec<Part> = own
        .iter()
        .filter(|(name, _)| further.iter().all(|part| part.name != name.as_bytes()))
        .map(|(name, text)| part(name, text.as_bytes()))
        .collect();
    parts.extend(further);
    parts
}

/// The same part, said to be something else.
fn but(mut part: Part, change: impl FnOnce(&mut Part)) -> Part {
    change(&mut part);
    part
}

pub(super) fn all(sound: &Sound) -> Vec<Case> {
    let mut cases = Vec::new();
    bombs(sound, &mut |name, parts: &[Part], outcome| {
        cases.push(Case::new(name, "xlsx", archive(parts), outcome));
    });
    archives(sound, &mut |name, bytes, outcome| {
        cases.push(Case::new(name, "xlsx", bytes, outcome));
    });
    sheets(sound, &mut |name, parts: &[Part], outcome| {
        cases.push(Case::new(name, "xlsx", archive(parts), outcome));
    });
    cases
}

fn bombs(sound: &Sound, add: &mut impl FnMut(&'static str, &[Part], Outcome)) {
    use Outcome::{File, Taken};
    let good = sheet(sound, &row_at(sound, "2"));
    let close = b"</t></is></c></row></sheetData></worksheet>";
    let zeros = bomb("xl/media/image1.png", b"", 0, 512 << 20, b"");
    assert!(zeros.data.len() < 600 << 10, "512 MB in about 512 KB");
    add(
        "bomb-in-a-picture",
        &book(&good, vec![zeros.clone()]),
        File("INTAKE-0010"),
    );
    let open = b"<worksheet><sheetData><row r=\"1\"><c t=\"inlineStr\"><is><t>";
    add(
        "bomb-in-the-sheet",
        &book("", vec![bomb(SHEET, open, b'a', 512 << 20, close)]),
        File("INTAKE-0010"),
    );
    add(
        "bomb-in-the-strings",
        &book(
            &good,
            vec![bomb(STRINGS, b"<sst><si><t>", b'a', 512 << 20, b"</t></si></sst>")],
        ),
        File("INTAKE-0010"),
    );
    let four = bomb("xl/media/0", b"", 0, 4 << 20, b"");
    let many = |at: Option<usize>| -> Vec<Part> {
        let first = book(&good, Vec::new()).len();
        let parts = (0..300).map(|number| {
            but(four.clone(), |part| {
                part.name = format!("xl/media/{number}").into_bytes();
                part.at = at.filter(|_| number > 0).map(|at| first + at);
            })
        });
        book(&good, parts.collect())
    };
    add("bomb-in-300-parts-each-small", &many(None), File("INTAKE-0010"));
    add("bomb-of-overlapping-parts", &many(Some(0)), File("INTAKE-0010"));
    let inner = archive(std::slice::from_ref(&zeros));
    add(
        "bomb-inside-an-archive-inside",
        &book(&good, vec![part("xl/embeddings/a.zip", &inner)]),
        File("INTAKE-0014"),
    );
    add(
        "bomb-inside-an-archive-that-says-picture",
        &book(&good, vec![part("xl/media/image1.png", &inner)]),
        Taken(1),
    );
    add(
        "says-10-bytes-is-512-mb",
        &book(&good, vec![but(zeros.clone(), |part| part.unpacked = 10)]),
        File("INTAKE-0011"),
    );
    add(
        "says-4-gb-is-4-mb",
        &book(&good, vec![but(four.clone(), |part| part.unpacked = u32::MAX - 1)]),
        File("INTAKE-0010"),
    );
    let exbibytes = |part: &mut Part| {
        part.unpacked = u32::MAX;
        part.extra = [&[1, 0, 8, 0][..], &(1_u64 << 62).to_le_bytes()].concat();
    };
    add(
        "says-4-exbibytes-in-zip64",
        &book(&good, vec![but(four.clone(), exbibytes)]),
        File("INTAKE-0010"),
    );
    let flat = |part: &mut Part| part.extra = vec![1, 0, 16, 0, 1];
    add(
        "zip64-field-cut-off",
        &book(&good, vec![but(four.clone(), flat)]),
        Taken(1),
    );
    let parts = (0..1_001).map(|number| part(&format!("xl/media/{number}"), b""));
    add("1001-parts", &book(&good, parts.collect()), File("INTAKE-0010"));
    let cells = "<c/>".repeat(11_000_000);
    add(
        "11-million-cells",
        &book(&wrap(&format!("<row r=\"1\">{cells}</row>")), Vec::new()),
        File("INTAKE-0010"),
    );
    let announced = format!("<sst xmlns=\"{MAIN}\" count=\"1\" uniqueCount=\"4000000000\"/>");
    add(
        "announces-4-billion-strings",
        &book(&good, vec![part(STRINGS, announced.as_bytes())]),
        File("INTAKE-0010"),
    );
    let strings = format!("<sst xmlns=\"{MAIN}\">{}</sst>", "<si/>".repeat(2_000_000));
    add(
        "two-million-empty-strings",
        &book(&good, vec![part(STRINGS, strings.as_bytes())]),
        Taken(1),
    );
}

#[expect(clippy::too_many_lines, reason = "a list of files")]
fn archives(sound: &Sound, add: &mut impl FnMut(&'static str, Vec<u8>, Outcome)) {
    use Outcome::{File, Taken};
    let good = sheet(sound, &row_at(sound, "2"));
    let named = |name: &[u8]| {
        archive(&book(
            &good,
            vec![but(part("x", b"root"), |part| part.name = name.to_vec())],
        ))
    };
    add(
        "a-part-named-../../etc/passwd",
        named(b"../../../../etc/passwd"),
        Taken(1),
    );
    add("a-part-named-/etc/passwd", named(b"/etc/passwd"), Taken(1));
    add("a-part-named-C:-windows", named(b"C:\\Windows\\win.ini"), Taken(1));
    add("a-part-with-nul-in-its-name", named(b"xl/a\0.xml"), Taken(1));
    add("a-part-without-a-name", named(b""), Taken(1));
    add("a-part-whose-name-is-no-text", named(&[0xff, 0xfe, 0x80]), Taken(1));
    add(
        "a-part-with-a-name-of-60000-bytes",
        named(&vec![b'a'; 60_000]),
        Taken(1),
    );
    add("a-part-that-is-a-folder", named(b"xl/worksheets/sheet1.xml/"), Taken(1));
    add(
        "the-sheet-twice",
        archive(&{
            let mut parts = book(&good, Vec::new());
            parts.push(part(SHEET, wrap("").as_bytes()));
            parts
        }),
        File("INTAKE-0001"),
    );
    add(
        "the-sheet-again-in-capitals",
        archive(&book(&good, vec![part("XL/WORKSHEETS/SHEET1.XML", b"<x/>")])),
        File("INTAKE-0011"),
    );
    let link = but(part("xl/worksheets/link", b"/etc/passwd"), |part| {
        part.attributes = 0o120_777 << 16;
    });
    add("a-symbolic-link", archive(&book(&good, vec![link])), Taken(1));
    let sheet_link = but(part(SHEET, b"/etc/passwd"), |part| part.attributes = 0o120_777 << 16);
    add(
        "the-sheet-is-a-symbolic-link",
        archive(&book(&good, vec![sheet_link])),
        File("INTAKE-0011"),
    );
    add(
        "a-part-under-a-password",
        archive(&book(&good, vec![but(part("x", b"x"), |part| part.flags = 1)])),
        File("INTAKE-0011"),
    );
    add(
        "a-part-packed-in-an-unknown-way",
        archive(&book(&good, vec![but(part("x", b"x"), |part| part.method = 99)])),
        File("INTAKE-0011"),
    );
    add(
        "a-part-with-a-wrong-checksum",
        archive(&book(&good, vec![but(part("x", b"x"), |part| part.crc ^= 1)])),
        File("INTAKE-0011"),
    );
    add(
        "a-part-that-reaches-behind-the-end",
        archive(&book(&good, vec![but(part("x", b"x"), |part| part.packed = 1 << 30)])),
        Taken(1),
    );
    add(
        "a-part-that-is-no-deflate",
        archive(&book(&good, vec![but(part("x", b"x"), |part| part.data.fill(0xff))])),
        File("INTAKE-0011"),
    );
    let whole = archive(&book(&good, Vec::new()));
    add(
        "data-behind-the-archive",
        [&whole[..], &[b'z'; 1_000]].concat(),
        Taken(1),
    );
    add("a-second-archive-behind", [&whole[..], &whole[..]].concat(), Taken(1));
    add(
        "a-comment-of-64-kb",
        {
            let mut bytes = whole.clone();
            let at = bytes.len() - 2;
            bytes[at..].copy_from_slice(&60_000_u16.to_le_bytes());
            bytes.extend_from_slice(&vec![b'c'; 60_000]);
            bytes
        },
        Taken(1),
    );
    add(
        "cut-in-the-middle",
        whole[..whole.len() / 2].to_vec(),
        File("INTAKE-0011"),
    );
    add("four-bytes", b"PK\x03\x04".to_vec(), File("INTAKE-0011"));
    let broken = |at: usize, value: &[u8]| {
        let mut bytes = whole.clone();
        let at = bytes.len() - at;
        bytes[at..at + value.len()].copy_from_slice(value);
        bytes
    };
    add(
        "a-directory-that-lies-nowhere",
        broken(6, &[0xff, 0xff, 0xff, 0x7f]),
        File("INTAKE-0011"),
    );
    add(
        "a-directory-of-65535-parts",
        broken(14, &[0xff; 4]),
        File("INTAKE-0011"),
    );
    add(
        "an-empty-archive",
        b"PK\x05\x06".iter().copied().chain([0; 18]).collect(),
        File("INTAKE-0011"),
    );
    add(
        "another-kind-of-document",
        archive(&[part("word/document.xml", b"<w:document/>")]),
        File("INTAKE-0011"),
    );
    add(
        "an-archive-behind-a-script",
        [b"#!/bin/sh\nexit\n", &whole[..]].concat(),
        File("INTAKE-0011"),
    );
    let compound = [&[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1][..], &[0; 4096]].concat();
    add("an-old-workbook-renamed", compound.clone(), File("INTAKE-0004"));
    let mut locked = compound;
    locked.extend("EncryptedPackage".encode_utf16().flat_map(u16::to_le_bytes));
    add("a-workbook-under-a-password", locked, File("INTAKE-0004"));
}

#[expect(clippy::too_many_lines, reason = "a list of files")]
fn sheets(sound: &Sound, add: &mut impl FnMut(&'static str, &[Part], Outcome)) {
    use Outcome::{File, Row, Taken};
    let good = sheet(sound, &row_at(sound, "2"));
    let mut page = |name, rows: &str, outcome| add(name, &book(&sheet(sound, rows), Vec::new()), outcome);
    page(
        "a-cell-at-XFD1048576",
        "<row r=\"1048576\"><c r=\"XFD1048576\"><v>1</v></c></row>",
        File("INTAKE-0008"),
    );
    page("a-cell-at-A1048576", &row_at(sound, "1048576"), Taken(1));
    page("a-row-4294967295", &row_at(sound, "4294967295"), File("INTAKE-0009"));
    page(
        "a-row-99999999999999999999",
        "<row r=\"99999999999999999999\"><c r=\"A99999999999999999999\"><v>1</v></c></row>",
        File("INTAKE-0011"),
    );
    page(
        "a-column-ZZZZZZZZZZ",
        "<row r=\"2\"><c r=\"ZZZZZZZZZZ2\"><v>1</v></c></row>",
        File("INTAKE-0011"),
    );
    page(
        "rows-backwards",
        "<row r=\"9\"><c r=\"A9\"><v>1</v></c></row><row r=\"3\"><c r=\"A3\"><v>1</v></c></row>",
        File("INTAKE-0011"),
    );
    page(
        "cells-backwards",
        "<row r=\"2\"><c r=\"B2\"><v>1</v></c><c r=\"A2\"><v>1</v></c></row>",
        File("INTAKE-0011"),
    );
    page(
        "a-string-that-is-not-there",
        "<row r=\"2\"><c t=\"s\"><v>4294967295</v></c></row>",
        File("INTAKE-0011"),
    );
    page(
        "a-style-that-is-not-there",
        &row_with(sound, FINE, "<c s=\"4294967295\"><v>1</v></c>"),
        Taken(1),
    );
    page(
        "a-number-past-every-number",
        &row_with(sound, FINE, "<c><v>1e999</v></c>"),
        Row("E03"),
    );
    page(
        "a-number-that-is-none",
        &row_with(sound, FINE, "<c><v>NaN</v></c>"),
        Row("E03"),
    );
    page(
        "a-number-of-which-digits-are-lost",
        &row_with(sound, FINE, "<c><v>12345678901234567</v></c>"),
        Row("E03"),
    );
    page(
        "a-formula-that-starts-a-program",
        &row_with(
            sound,
            FACT,
            "<c t=\"str\"><f>cmd|'/c calc'!A0</f><v>=cmd|'/c calc'!A0</v></c>",
        ),
        Taken(1),
    );
    // Nothing works formulas out: a cell is what it was worked out to be when the workbook was saved.
    page(
        "a-formula-that-was-never-worked-out",
        &row_with(sound, FACT, "<c><f>1+1</f></c>"),
        Row("E02"),
    );
    page(
        "a-formula-that-failed",
        &row_with(sound, FACT, "<c t=\"e\"><f>1/0</f><v>#DIV/0!</v></c>"),
        Row("E03"),
    );
    page(
        "a-cell-of-two-megabytes",
        &row_of(sound, &"a".repeat(2 << 20)),
        File("INTAKE-0006"),
    );
    page(
        "a-reference-to-a-character-that-is-none",
        &row_of(sound, "&#x110000;&#0;"),
        File("INTAKE-0011"),
    );
    page(
        "a-cell-with-bidi-controls",
        &row_of(sound, "测试&#x202e;甲"),
        Row("E03"),
    );
    page(
        "a-cell-with-what-nobody-sees",
        &row_of(sound, "多次越&#x2060;级上访"),
        Row("E13"),
    );
    page(
        "an-element-that-never-ends",
        "<row r=\"2\"><c><v>1",
        File("INTAKE-0011"),
    );
    page(
        "a-million-attributes",
        &format!("<row r=\"2\"><c {}><v>1</v></c></row>", "a=\"b\" ".repeat(600_000)),
        File("INTAKE-0011"),
    );
    let deep = 300_000;
    page(
        "300000-elements-deep",
        &format!("<row r=\"2\">{}{}</row>", "<a>".repeat(deep), "</a>".repeat(deep)),
        File("INTAKE-0011"),
    );
    let wide = (0..1_000_000_u32).fold(String::new(), |mut row, number| {
        write!(row, "<c><v>{}</v></c>", number.wrapping_mul(2_654_435_761)).unwrap();
        row
    });
    add(
        "a-million-columns",
        &book(&wrap(&format!("<row r=\"1\">{wide}</row>")), Vec::new()),
        File("INTAKE-0008"),
    );
    let dimension = good.replace("<sheetData>", "<dimension ref=\"A1:XFD1048576\"/><sheetData>");
    add("says-17-billion-cells", &book(&dimension, Vec::new()), Taken(1));
    let laughs: String = (1..10).fold("<!ENTITY l0 \"ha\">".to_owned(), |text, level| {
        format!(
            "{text}<!ENTITY l{level} \"{}\">",
            format!("&l{};", level - 1).repeat(10)
        )
    });
    let with_dtd = |dtd: &str, text: &str| {
        sheet(sound, &row_of(sound, text)).replace(
            "<?xml version=\"1.0\"?>",
            &format!("<?xml version=\"1.0\"?><!DOCTYPE worksheet [{dtd}]>"),
        )
    };
    add(
        "a-billion-laughs",
        &book(&with_dtd(&laughs, "&l9;"), Vec::new()),
        File("INTAKE-0011"),
    );
    add(
        "an-entity-of-a-file",
        &book(
            &with_dtd("<!ENTITY x SYSTEM \"file:///etc/passwd\">", "&x;"),
            Vec::new(),
        ),
        File("INTAKE-0011"),
    );
    add(
        "a-document-type-from-the-network",
        &book(
            &with_dtd("<!ENTITY % x SYSTEM \"http://127.0.0.1:9/x.dtd\"> %x;", "x"),
            Vec::new(),
        ),
        File("INTAKE-0011"),
    );
    let strings = format!("<!DOCTYPE sst [{laughs}]><sst xmlns=\"{MAIN}\"><si><t>&l9;</t></si></sst>");
    add(
        "a-billion-laughs-in-the-strings",
        &book(&good, vec![part(STRINGS, strings.as_bytes())]),
        File("INTAKE-0011"),
    );
    let utf16: Vec<u8> = [0xfeff]
        .into_iter()
        .chain(good.encode_utf16())
        .flat_map(u16::to_le_bytes)
        .collect();
    add(
        "a-sheet-in-utf-16",
        &book("", vec![part(SHEET, &utf16)]),
        File("INTAKE-0011"),
    );
    let mut bad = good.clone().into_bytes();
    let at = good.find("<t>").unwrap() + 3;
    bad[at] = 0xff;
    add(
        "a-sheet-that-is-no-utf-8",
        &book("", vec![part(SHEET, &bad)]),
        File("INTAKE-0011"),
    );
    add(
        "macros",
        &book(&good, vec![part("xl/vbaProject.bin", &[0xd0, 0xcf, 0x11, 0xe0])]),
        File("INTAKE-0014"),
    );
    let typed = |kind: &str, target: &str| {
        let relation =
            |id, kind, target| format!("<Relationship Id=\"{id}\" Type=\"{REL}/{kind}\" Target=\"{target}\"/>");
        let inner = relation("rId1", "worksheet", "worksheets/sheet1.xml") + &relation("rId9", kind, target);
        part(
            "xl/_rels/workbook.xml.rels",
            format!("<Relationships xmlns=\"{PKG}\">{inner}</Relationships>").as_bytes(),
        )
    };
    let renamed = part("xl/data.bin", &[0xd0, 0xcf, 0x11, 0xe0]);
    add(
        "macros-under-another-name",
        &book(&good, vec![typed("vbaProject", "data.bin"), renamed]),
        File("INTAKE-0014"),
    );
    add(
        "macros-in-a-sheet",
        &book(&good, vec![part("xl/macrosheets/sheet1.xml", b"<xm:macrosheet/>")]),
        File("INTAKE-0014"),
    );
    add(
        "a-connection-to-a-database",
        &book(&good, vec![part("xl/connections.xml", b"<connections/>")]),
        File("INTAKE-0014"),
    );
    let link = format!(
        "<Relationships xmlns=\"{PKG}\"><Relationship Id=\"rId1\" Type=\"{REL}/hyperlink\" Target=\"http://127.0.0.1:9/\" TargetMode=\"External\"/></Relationships>"
    );
    // Spreadsheet programs make one of every address that is typed in: it is not followed.
    add(
        "a-link-in-a-cell",
        &book(
            &good,
            vec![part("xl/worksheets/_rels/sheet1.xml.rels", link.as_bytes())],
        ),
        Taken(1),
    );
    let external = format!("<externalLink xmlns=\"{MAIN}\"><externalBook r:id=\"rId1\"/></externalLink>");
    let target = format!(
        "<Relationships xmlns=\"{PKG}\"><Relationship Id=\"rId1\" Type=\"{REL}/externalLinkPath\" Target=\"file://///127.0.0.1/share/x.xlsx\" TargetMode=\"External\"/></Relationships>"
    );
    add(
        "a-link-to-another-workbook",
        &book(
            &good,
            vec![
                part("xl/externalLinks/externalLink1.xml", external.as_bytes()),
                part("xl/externalLinks/_rels/externalLink1.xml.rels", target.as_bytes()),
            ],
        ),
        File("INTAKE-0014"),
    );
    let elsewhere = |target: &str| {
        format!(
            "<Relationships xmlns=\"{PKG}\"><Relationship Id=\"rId1\" Type=\"{REL}/worksheet\" Target=\"{target}\"/></Relationships>"
        )
    };
    for (name, target) in [
        ("a-sheet-outside", "../../../../etc/passwd"),
        ("a-sheet-on-the-network", "http://127.0.0.1:9/sheet.xml"),
        ("a-sheet-that-is-the-workbook", "workbook.xml"),
    ] {
        add(
            name,
            &book(
                &good,
                vec![part("xl/_rels/workbook.xml.rels", elsewhere(target).as_bytes())],
            ),
            File("INTAKE-0011"),
        );
    }
    let workbook = |sheets: &str| {
        vec![part(
            "xl/workbook.xml",
            format!("<workbook xmlns=\"{MAIN}\" xmlns:r=\"{REL}\"><sheets>{sheets}</sheets></workbook>").as_bytes(),
        )]
    };
    add("no-sheet", &book(&good, workbook("")), File("INTAKE-0001"));
    add(
        "a-hidden-sheet",
        &book(
            &good,
            workbook("<sheet name=\"a\" sheetId=\"1\" state=\"veryHidden\" r:id=\"rId1\"/>"),
        ),
        File("INTAKE-0001"),
    );
    let many = (0..20_000).fold(String::new(), |mut sheets, number| {
        write!(sheets, "<sheet name=\"{number}\" sheetId=\"{number}\" r:id=\"rId1\"/>").unwrap();
        sheets
    });
    add("20000-sheets-that-are-one", &book(&good, workbook(&many)), Taken(1));
    let styles = format!(
        "<styleSheet xmlns=\"{MAIN}\"><cellXfs count=\"4294967295\"><xf numFmtId=\"4294967295\"/></cellXfs></styleSheet>"
    );
    add(
        "styles-that-announce-4-billion",
        &book(&good, vec![part("xl/styles.xml", styles.as_bytes())]),
        Taken(1),
    );
    add(
        "a-workbook-of-zeros",
        &book("", vec![bomb(SHEET, b"", 0, 1 << 20, b"")]),
        File("INTAKE-0011"),
    );
}
