//! The same rows give the same verdict in every encoding and format.

use std::io::Cursor;

use intake::{Cleaned, Limits};
use proptest::prelude::*;

use crate::common::{Row, Sheet, catalogue, csv_of, penalty};

/// A verdict without the places that differ by format: what was stored, or the faults.
#[derive(Debug, PartialEq)]
enum Verdict {
    Row(Box<intake::CleanRow>, Vec<intake::Fault>),
    Slip(Box<intake::SlipRow>, Vec<intake::Fault>),
    Refused(Vec<intake::Fault>),
}

fn verdicts(sheet: &Sheet, bytes: Vec<u8>) -> Vec<Verdict> {
    let mut source = intake::open(Cursor::new(bytes), "a", &Limits::default()).unwrap();
    let mut table = source.table().unwrap();
    let map = intake::recognise(table.header(), sheet.item, catalogue()).unwrap();
    let provider = sheet.item.providers.first().unwrap();
    let context = sheet.context(provider);
    let mut verdicts = Vec::new();
    while let Some(row) = table.next_row().unwrap() {
        verdicts.push(match intake::clean(row, &map, &context) {
            Cleaned::Row(row, faults) => Verdict::Row(row, faults),
            Cleaned::Slip(row, faults) => Verdict::Slip(row, faults),
            Cleaned::Refused(faults) => Verdict::Refused(faults),
        });
    }
    verdicts
}

fn xlsx_of(rows: &[Vec<String>]) -> Vec<u8> {
    let mut workbook = rust_xlsxwriter::Workbook::new();
    let page = workbook.add_worksheet();
    for (line, cells) in rows.iter().enumerate() {
        for (column, cell) in cells.iter().enumerate().filter(|(_, cell)| !cell.is_empty()) {
            page.write_string(u32::try_from(line).unwrap(), u16::try_from(column).unwrap(), cell)
                .unwrap();
        }
    }
    workbook.save_to_buffer().unwrap()
}

/// Cells of a delivery: right ones, wrong ones, rare characters.
fn cell(code: &'static str) -> impl Strategy<Value = String> {
    let clean = penalty().get(code).cloned().unwrap_or_default();
    prop_oneof![
        12 => Just(clean),
        1 => Just(String::new()),
        1 => "[\u{4e00}-\u{4eff}\u{3400}-\u{34ff}a-z0-9,\"（）·]{1,30}",
        1 => "20[12][0-9](/|-|年)[01]?[0-9](/|-|月)[0-3]?[0-9]",
        1 => "[0-9]{1,18}(\\.[0-9]{1,8})?",
    ]
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let columns: Vec<&'static str> = Sheet::penalties().columns().into_iter().map(|(_, code)| code).collect();
    let cells: Vec<_> = columns.iter().map(|code| cell(code)).collect();
    let row = cells.prop_map(move |cells| columns.iter().copied().zip(cells).collect::<Row>());
    proptest::collection::vec(row, 1..6)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(60))]

    #[test]
    fn every_format_gives_the_same_verdicts(rows in rows()) {
        let sheet = Sheet::penalties();
        let mut table = vec![sheet.header()];
        table.extend(rows.iter().map(|row| sheet.cells(row)));
        // A row of nothing is no row in any format.
        table.retain(|cells| cells.iter().any(|cell| !cell.trim().is_empty()));
        let utf8 = csv_of(&table);
        let text = String::from_utf8(utf8.clone()).unwrap();
        let (gb18030, _, is_lossy) = encoding_rs::GB18030.encode(&text);
        prop_assert!(!is_lossy);
        let want = verdicts(&sheet, utf8.clone());
        prop_assert_eq!(want.len(), table.len() - 1);
        prop_assert_eq!(&verdicts(&sheet, [&b"\xef\xbb\xbf"[..], &utf8].concat()), &want);
        prop_assert_eq!(&verdicts(&sheet, gb18030.into_owned()), &want);
        prop_assert_eq!(&verdicts(&sheet, xlsx_of(&table)), &want);
    }
}
