//! CSV: lines, encodings, limits.

use std::io::Cursor;

use intake::{Encoding, FileFault, Format, Lang, Limits};

use crate::common::{csv_of, read_all};

fn lines(text: &str) -> Vec<(u32, Vec<String>)> {
    read_all(text.as_bytes(), "a.csv", &Limits::default()).unwrap()
}

fn check(text: &str, want: &[(u32, &[&str])]) {
    let got = lines(text);
    let got: Vec<(u32, Vec<&str>)> = got
        .iter()
        .map(|(line, cells)| (*line, cells.iter().map(String::as_str).collect()))
        .collect();
    let want: Vec<(u32, Vec<&str>)> = want.iter().map(|(line, cells)| (*line, cells.to_vec())).collect();
    assert_eq!(got, want, "{text:?}");
}

#[test]
fn a_row_has_the_line_on_which_it_begins() {
    check(
        "h,i\r\na,b\r\nc,d\r\n",
        &[(1, &["h", "i"]), (2, &["a", "b"]), (3, &["c", "d"])],
    );
    check(
        "h\n\"two\nlines\"\nnext",
        &[(1, &["h"]), (2, &["two\nlines"]), (4, &["next"])],
    );
    check(
        "h\r\n\r\n\r\n\"x\r\ny\r\nz\",\r\nlast\r\n",
        &[(1, &["h"]), (4, &["x\r\ny\r\nz", ""]), (7, &["last"])],
    );
    check("\n\nh\na", &[(3, &["h"]), (4, &["a"])]);
}

#[test]
fn quotes_commas_and_blank_rows() {
    check(
        "h,i\n\"a,\"\"b\"\"\",c\n,\n , \n\u{3000},\nd\n",
        &[(1, &["h", "i"]), (2, &["a,\"b\"", "c"]), (6, &["d"])],
    );
    check("h\n5\" pipe\nx\n", &[(1, &["h"]), (2, &["5\" pipe"]), (3, &["x"])]);
}

#[test]
fn records_longer_than_a_block_are_whole() {
    let long = "长".repeat(40_000);
    let text = format!("h,i\n{long},\"{long}\n\"\nx,y\n");
    check(
        &text,
        &[(1, &["h", "i"]), (2, &[&long, &format!("{long}\n")]), (4, &["x", "y"])],
    );
}

#[test]
fn encodings_are_told_apart() {
    let text = "姓名,备注\r\n测试甲,\u{3400}㐀㧟\r\n";
    let gb18030 = {
        let (bytes, _, has_unmappable) = encoding_rs::GB18030.encode(text);
        assert!(!has_unmappable);
        bytes.into_owned()
    };
    // U+3400 takes four bytes in GB 18030.
    assert!(gb18030.windows(4).any(|four| four == [0x81, 0x39, 0xee, 0x39]));
    let with_mark = [b"\xef\xbb\xbf", text.as_bytes()].concat();
    let with_gb_mark = [b"\x84\x31\x95\x33", gb18030.as_slice()].concat();
    for (bytes, encoding) in [
        (text.as_bytes().to_vec(), Encoding::Utf8),
        (with_mark, Encoding::Utf8Bom),
        (gb18030, Encoding::Gb18030),
        (with_gb_mark, Encoding::Gb18030),
    ] {
        let mut source = intake::open(Cursor::new(&bytes), "a.csv", &Limits::default()).unwrap();
        let mut table = source.table().unwrap();
        assert_eq!((table.format(), table.encoding()), (Format::Csv, encoding));
        assert_eq!(table.header().cell(0), "姓名");
        let row = table.next_row().unwrap().unwrap();
        assert_eq!((row.cell(0), row.cell(1)), ("测试甲", "\u{3400}㐀㧟"));
        assert_eq!(row.cell(99), "");
        assert!(table.next_row().unwrap().is_none());
    }
}

#[test]
fn an_ascii_beginning_does_not_decide_the_encoding() {
    let mut bytes = b"CF_WSH,BZ\n".to_vec();
    for _ in 0..20_000 {
        bytes.extend_from_slice(b"2026-1,plain\n");
    }
    bytes.extend_from_slice(&encoding_rs::GB18030.encode("最后,一行\n").0);
    let rows = read_all(&bytes, "a.csv", &Limits::default()).unwrap();
    assert_eq!(rows.last().unwrap().1, ["最后", "一行"]);
    assert_eq!(rows.last().unwrap().0, 20_002);
}

#[test]
fn characters_across_block_ends_are_whole() {
    // 65,536 is no multiple of 3 or 2 plus the odd prefix, so blocks end inside characters.
    for prefix in ["", "x", "xy"] {
        let text = format!("{prefix}姓名\n{}\n{}\n", "测".repeat(50_000), "试".repeat(50_000));
        for bytes in [
            text.as_bytes().to_vec(),
            encoding_rs::GB18030.encode(&text).0.into_owned(),
        ] {
            let rows = read_all(&bytes, "a.csv", &Limits::default()).unwrap();
            assert_eq!(rows[1].1, ["测".repeat(50_000)]);
            assert_eq!(rows[2].1, ["试".repeat(50_000)]);
        }
    }
}

#[test]
fn undecodable_bytes_are_a_fault_with_their_line_after_the_rows_before() {
    let good = "姓名,备注\n测试甲,好\n";
    let gb = |text: &str| encoding_rs::GB18030.encode(text).0.into_owned();
    let cases = [
        (
            [b"\xef\xbb\xbf", good.as_bytes(), b"\"two\nl\xff\",x\n"].concat(),
            4,
            "UTF-8",
        ),
        (
            [gb(good), gb("\"两\n行"), b"\x81\xff\"\n".to_vec()].concat(),
            4,
            "GB18030",
        ),
        ([gb(good), b"\x81".to_vec()].concat(), 3, "GB18030"),
    ];
    for (bytes, want_line, want_encoding) in cases {
        let mut source = intake::open(Cursor::new(&bytes), "a.csv", &Limits::default()).unwrap();
        let mut table = source.table().unwrap();
        assert_eq!(table.next_row().unwrap().unwrap().cell(0), "测试甲");
        let fault = table.next_row().unwrap_err();
        let FileFault::Undecodable { line, encoding } = &fault else {
            panic!("{fault:?}")
        };
        assert_eq!((*line, *encoding), (want_line, want_encoding));
    }
}

#[test]
fn files_that_are_no_text_are_refused() {
    let fault = |bytes: &[u8], name: &str| read_all(bytes, name, &Limits::default()).unwrap_err().code();
    assert_eq!(fault(b"", "a.csv"), "INTAKE-0001");
    assert_eq!(fault(b"\n\n", "a.csv"), "INTAKE-0001");
    assert_eq!(fault(b"\xef\xbb\xbf", "a.csv"), "INTAKE-0001");
    assert_eq!(fault(b"a\0b", "a.csv"), "INTAKE-0002");
    assert_eq!(fault(b"a\0b", "a.XLSX"), "INTAKE-0011");
    assert_eq!(fault(b"\xff\xfea\0", "a.csv"), "INTAKE-0003");
    assert_eq!(
        fault(&[0xd0, 0xcf, 0x11, 0xe0, 0xa1, 0xb1, 0x1a, 0xe1, 0], "a.xls"),
        "INTAKE-0004"
    );
    assert_eq!(fault(b"PK\x03\x04 and no archive", "a.xlsx"), "INTAKE-0011");
}

#[test]
fn memory_stays_bounded_whatever_the_file() {
    let limits = Limits {
        record_bytes_max: 100_000,
        columns_max: 100,
        rows_max: 3,
        ..Limits::default()
    };
    let fault = |text: &str| read_all(text.as_bytes(), "a.csv", &limits).unwrap_err();
    let unclosed = format!("h\nx\n\"{}", "never closed\n".repeat(20_000));
    assert!(matches!(
        fault(&unclosed),
        FileFault::RecordTooLong {
            line: 3,
            bytes_max: 100_000
        }
    ));
    assert!(matches!(
        fault(&format!("h\n{}", ",".repeat(200))),
        FileFault::TooManyColumns {
            line: 2,
            columns_max: 100
        }
    ));
    assert!(matches!(
        fault("h\n1\n2\n3\n4\n"),
        FileFault::TooManyRows { rows_max: 3 }
    ));
    assert_eq!(read_all(b"h\n1\n2\n3\n", "a.csv", &limits).unwrap().len(), 4);
}

#[test]
fn an_unclosed_quotation_mark_swallows_no_rows() {
    let fault = read_all(b"h,i\na,\"b\nc,d\n", "a.csv", &Limits::default()).unwrap_err();
    assert!(matches!(fault, FileFault::UnclosedQuote { line: 2 }), "{fault:?}");
    assert_eq!(fault.message(Lang::Zh), "自第 2 行起的一行数据中引号没有成对");
    assert_eq!(
        fault.message(Lang::En),
        "the quotation mark opened in the row from line 2 on is never closed"
    );
}

/// The rows that are not blank, as the `csv` crate reads them.
fn by_the_csv_crate(bytes: &[u8]) -> Vec<Vec<String>> {
    csv::ReaderBuilder::new()
        .has_headers(false)
        .flexible(true)
        .from_reader(bytes)
        .records()
        .map(|record| record.unwrap().iter().map(str::to_owned).collect::<Vec<_>>())
        .filter(|cells| cells.iter().any(|cell| !cell.trim().is_empty()))
        .collect()
}

#[test]
fn rows_agree_with_the_csv_crate() {
    let rows: Vec<Vec<String>> = (0..300)
        .map(|row| {
            (0..=row % 5)
                .map(|cell| ["", "a", "\"", ",\n", "测试\r\n", " x "][(row * 7 + cell * 3) % 6].to_owned())
                .collect()
        })
        .collect();
    let bytes = csv_of(&rows);
    let ours: Vec<Vec<String>> = read_all(&bytes, "a.csv", &Limits::default())
        .unwrap()
        .into_iter()
        .map(|(_, cells)| cells)
        .collect();
    let theirs = by_the_csv_crate(&bytes);
    assert_eq!(ours, theirs);
}

#[test]
fn plain_and_quoted_rows_agree_with_the_csv_crate() {
    // Plain records take another way than those with quotation marks; blocks of 64 KiB end within either.
    let mut text = String::new();
    for row in 0..9000_usize {
        for cell in 0..=row % 7 {
            let what = [
                "",
                "a",
                "\"b,\"\"\"",
                "测试甲",
                " x ",
                "\"\r\n\"",
                "a\"b",
                "长".repeat(row % 60).as_str(),
            ][(row * 5 + cell * 3) % if row % 3 == 0 { 8 } else { 2 }]
            .to_owned();
            text.push_str(if cell > 0 { "," } else { "" });
            text.push_str(&what);
        }
        text.push_str(["\n", "\r\n", "\r", "\n\n"][row % 4]);
    }
    let ours: Vec<Vec<String>> = read_all(text.as_bytes(), "a.csv", &Limits::default())
        .unwrap()
        .into_iter()
        .map(|(_, cells)| cells)
        .collect();
    let theirs = by_the_csv_crate(text.as_bytes());
    assert!(ours.len() > 6000, "{}", ours.len());
    assert_eq!(ours, theirs);
}

#[test]
fn plain_and_quoted_rows_meet_the_same_limits() {
    let limits = Limits {
        record_bytes_max: 20,
        columns_max: 4,
        ..Limits::default()
    };
    for (row, want) in [
        ("1,2,3,4", Ok(4)),
        ("\"1\",2,3,4", Ok(4)),
        ("1,2,3,4,5", Err("INTAKE-0008")),
        ("\"1\",2,3,4,5", Err("INTAKE-0008")),
        ("1234567890123456789", Ok(1)),
        ("\"1234567890123456789\"", Ok(1)),
        ("1234567890,123456789", Ok(2)),
        ("12345678901234567890", Err("INTAKE-0006")),
        ("\"12345678901234567890\"", Err("INTAKE-0006")),
    ] {
        let got = read_all(format!("h\n{row}\n").as_bytes(), "a.csv", &limits);
        let got = got.map(|rows| rows[1].1.len()).map_err(|fault| fault.code());
        assert_eq!(got, want, "{row}");
    }
}

#[test]
fn every_kind_of_line_end_ends_one_line() {
    // Found by fuzzing: rows that end with carriage returns alone all lay on one line.
    let text = "h\ra\rb\r\nc\n\r\nd\n\"e\rf\"\rg";
    let got = read_all(text.as_bytes(), "a.csv", &Limits::default()).unwrap();
    let lines: Vec<u32> = got.iter().map(|(line, _)| *line).collect();
    assert_eq!(lines, [1, 2, 3, 4, 6, 7, 9]);
}
