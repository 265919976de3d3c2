//! XLSX: values as spreadsheets hold them, and the caps.

use std::io::Write as _;

use intake::{Cleaned, FaultCode, FileFault, Limits, WorkbookCap};
use rust_xlsxwriter::{ExcelDateTime, Format, Formula, Workbook};

use crate::common::{NUMBER, Sheet, penalty, read_all};

fn workbook(fill: impl FnOnce(&mut rust_xlsxwriter::Worksheet)) -> Vec<u8> {
    let mut workbook = Workbook::new();
    fill(workbook.add_worksheet());
    workbook.save_to_buffer().unwrap()
}

fn rows(bytes: &[u8]) -> Vec<(u32, Vec<String>)> {
    read_all(bytes, "a.xlsx", &Limits::default()).unwrap()
}

fn cap(bytes: &[u8], limits: &Limits) -> Option<WorkbookCap> {
    match read_all(bytes, "a.xlsx", limits) {
        Err(FileFault::WorkbookTooLarge { cap }) => Some(cap),
        Err(other) => panic!("{other:?}"),
        Ok(_) => None,
    }
}

#[test]
fn cells_become_the_text_that_people_see() {
    let bytes = workbook(|sheet| {
        let date = Format::new().set_num_format("yyyy/m/d");
        sheet.write(0, 0, "表头").unwrap();
        sheet.write(0, 3, "日期").unwrap();
        sheet.write(2, 0, "测试\n甲").unwrap();
        sheet.write(2, 1, 0.1 + 0.2).unwrap();
        sheet.write(2, 2, 20_240_305).unwrap();
        sheet
            .write_with_format(2, 3, ExcelDateTime::from_ymd(2024, 3, 5).unwrap(), &date)
            .unwrap();
        sheet.write(2, 4, true).unwrap();
        sheet.write(2, 5, 0.2).unwrap();
        sheet.write_blank(2, 300, &date).unwrap();
        sheet.write(5, 0, " ").unwrap();
        sheet.write(8, 1, "末行").unwrap();
    });
    let got = rows(&bytes);
    assert_eq!(
        got[0],
        (1, vec!["表头".into(), String::new(), String::new(), "日期".into()])
    );
    assert_eq!(got[1].0, 3);
    assert_eq!(got[1].1, ["测试\n甲", "0.3", "20240305", "2024-03-05", "TRUE", "0.2"]);
    assert_eq!(got[2], (9, vec![String::new(), "末行".into()]));
    assert_eq!(got.len(), 3);
}

#[test]
fn the_first_visible_sheet_is_read() {
    let mut workbook = Workbook::new();
    workbook.add_worksheet().set_hidden(true).write(0, 0, "隐藏").unwrap();
    let sheet = workbook.add_worksheet();
    sheet.set_first_tab(true).set_active(true).write(0, 0, "第一").unwrap();
    workbook.add_worksheet().write(0, 0, "第二").unwrap();
    assert_eq!(rows(&workbook.save_to_buffer().unwrap())[0].1, ["第一"]);
}

/// The clean penalty as a workbook with one cell changed.
fn verdict(code: &str, write: impl FnOnce(&mut rust_xlsxwriter::Worksheet, u16)) -> Cleaned {
    let sheet = Sheet::penalties();
    let bytes = workbook(|page| {
        for (column, (header, _)) in sheet.columns().into_iter().enumerate() {
            page.write(0, u16::try_from(column).unwrap(), header).unwrap();
        }
        for (column, cell) in sheet.cells(&penalty()).iter().enumerate() {
            page.write(6, u16::try_from(column).unwrap(), cell).unwrap();
        }
        let at = sheet.columns().iter().position(|(_, field)| *field == code).unwrap();
        write(page, u16::try_from(at).unwrap());
    });
    let mut source = intake::open(std::io::Cursor::new(bytes), "a.xlsx", &Limits::default()).unwrap();
    let mut table = source.table().unwrap();
    let map = intake::recognise(table.header(), sheet.item, crate::common::catalogue()).unwrap();
    let provider = sheet.item.providers.first().unwrap();
    let row = table.next_row().unwrap().unwrap();
    intake::clean(row, &map, &sheet.context(provider))
}

#[test]
fn day_numbers_and_numbers_in_cells() {
    let day = verdict("CF_JDRQ", |page, column| {
        page.write(6, column, 46_266).unwrap();
    });
    let Cleaned::Row(row, faults) = day else {
        panic!("{day:?}")
    };
    assert_eq!((row.decision.to_string().as_str(), faults.len()), ("2026-09-01", 0));
    let kind = verdict("CF_XDR_ZJLX", |page, column| {
        page.write(6, column, 1).unwrap();
    });
    assert!(matches!(kind, Cleaned::Row(..)), "{kind:?}");
}

#[test]
fn long_numbers_and_failed_formulas_are_faults() {
    let number: f64 = NUMBER.parse().unwrap();
    let lost = verdict("CF_XDR_ZJHM", |page, column| {
        page.write(6, column, number).unwrap();
    });
    let Cleaned::Refused(faults) = lost else {
        panic!("{lost:?}")
    };
    assert_eq!((faults.len(), faults[0].code, faults[0].line), (1, FaultCode::E05, 7));
    assert_eq!(faults[0].detail, intake::Detail::DigitsLost);
    let failed = verdict("BZ", |page, column| {
        page.write(6, column, Formula::new("=1/0").set_result("#DIV/0!"))
            .unwrap();
    });
    let text = verdict("BZ", |page, column| {
        page.write(6, column, Formula::new("=\"a\"&\"b\"").set_result("ab"))
            .unwrap();
    });
    let Cleaned::Row(row, _) = text else { panic!("{text:?}") };
    assert!(row.content.decode().unwrap().fields.values().any(|value| value == "ab"));
    assert!(matches!(failed, Cleaned::Refused(faults) if faults[0].code == FaultCode::E03));
}

#[test]
fn caps_hold_before_the_workbook_is_parsed() {
    let bytes = workbook(|sheet| {
        for row in 0..200 {
            sheet.write(row, 0, format!("测试{row}")).unwrap();
        }
    });
    let limits = Limits::default();
    assert_eq!(cap(&bytes, &limits), None);
    assert_eq!(
        cap(
            &bytes,
            &Limits {
                xlsx_bytes_max: 100,
                ..limits.clone()
            }
        ),
        Some(WorkbookCap::Bytes)
    );
    assert_eq!(
        cap(
            &bytes,
            &Limits {
                xlsx_entries_max: 3,
                ..limits.clone()
            }
        ),
        Some(WorkbookCap::Entries)
    );
    assert_eq!(
        cap(
            &bytes,
            &Limits {
                xlsx_unpacked_bytes_max: 5_000,
                ..limits.clone()
            }
        ),
        Some(WorkbookCap::Unpacked)
    );
    assert_eq!(
        cap(
            &bytes,
            &Limits {
                xlsx_cells_max: 199,
                ..limits.clone()
            }
        ),
        Some(WorkbookCap::Cells)
    );
    assert!(matches!(
        read_all(
            &bytes,
            "a.xlsx",
            &Limits {
                rows_max: 10,
                ..limits.clone()
            }
        ),
        Err(FileFault::TooManyRows { rows_max: 10 })
    ));
    let wide = workbook(|sheet| {
        sheet.write(0, 0, "h").unwrap();
        sheet.write(4, 400, "x").unwrap();
    });
    assert!(matches!(
        read_all(&wide, "a.xlsx", &limits),
        Err(FileFault::TooManyColumns { line: 5, .. })
    ));
}

/// An archive with the workbook's parts, one of them replaced.
fn with_part(bytes: &[u8], name: &str, content: &[u8]) -> Vec<u8> {
    let mut archive = zip::ZipArchive::new(std::io::Cursor::new(bytes)).unwrap();
    let mut writer = zip::ZipWriter::new(std::io::Cursor::new(Vec::new()));
    let options = zip::write::SimpleFileOptions::default();
    for index in 0..archive.len() {
        let part = archive.by_index_raw(index).unwrap();
        if part.name().unwrap() != name {
            writer.raw_copy_file(part).unwrap();
        }
    }
    writer.start_file(name, options).unwrap();
    writer.write_all(content).unwrap();
    writer.finish().unwrap().into_inner()
}

#[test]
fn hostile_archives_are_refused() {
    let bytes = workbook(|sheet| {
        sheet.write(0, 0, "表头").unwrap();
    });
    let limits = Limits::default();
    // 200 MB of zeros in a few hundred kilobytes.
    let bomb = with_part(&bytes, "xl/media/image1.png", &vec![0; 200 << 20]);
    assert!(bomb.len() < 1 << 20);
    assert_eq!(cap(&bomb, &limits), Some(WorkbookCap::Ratio));
    let announced = br#"<?xml version="1.0"?><sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" uniqueCount="99999999999"></sst>"#;
    assert_eq!(
        cap(&with_part(&bytes, "xl/sharedStrings.xml", announced), &limits),
        Some(WorkbookCap::Cells)
    );
    let broken = with_part(
        &bytes,
        "xl/worksheets/sheet1.xml",
        b"<worksheet><sheetData><row r=\"1\"><c r=\"A1\">",
    );
    assert!(matches!(
        read_all(&broken, "a.xlsx", &limits),
        Err(FileFault::DamagedWorkbook { .. })
    ));
    let unordered = with_part(
        &bytes,
        "xl/worksheets/sheet1.xml",
        b"<worksheet><sheetData><row r=\"2\"><c r=\"B2\"><v>1</v></c><c r=\"A2\"><v>1</v></c></row></sheetData></worksheet>",
    );
    assert!(matches!(
        read_all(&unordered, "a.xlsx", &limits),
        Err(FileFault::DamagedWorkbook { line: Some(2) })
    ));
    for end in [10, bytes.len() / 2, bytes.len() - 1] {
        assert!(
            matches!(
                read_all(&bytes[..end], "a.xlsx", &limits),
                Err(FileFault::DamagedWorkbook { .. })
            ),
            "cut at {end}"
        );
    }
}
