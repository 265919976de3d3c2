//! The fault file that a provider opens in a spreadsheet: CSV with a byte order mark, safe against formulas.

use std::borrow::Cow;

use serde_json::Value;

use crate::Lang;

/// Columns of the file: key in the JSON line, header in Chinese and English.
const COLUMNS: [(&str, &str, &str, &str); 7] = [
    ("line", "line", "行号", "line"),
    ("column", "column", "列号", "column"),
    ("header", "header", "列名", "header"),
    ("code", "code", "错误代码", "code"),
    ("rule", "rule", "规则", "rule"),
    ("message", "message_en", "问题", "what is wrong"),
    ("remedy", "remedy_en", "处理办法", "what to do"),
];

const MARK: &[u8] = b"\xef\xbb\xbf";

/// Fault lines as [`crate::Fault::write_json_line`] wrote them, as CSV (RFC 4180, line ends CR LF).
///
/// With `with_header` the byte order mark and the header row come first: leave it out for all blocks but the first. A
/// cell that a spreadsheet would run as a formula (it begins with `=`, `+`, `-`, `@`, tab or CR) gets a leading `'`.
/// Lines that are no JSON objects are skipped.
#[must_use]
pub fn fault_csv(lines: &[u8], lang: Lang, with_header: bool) -> Vec<u8> {
    let mut out = Vec::with_capacity(lines.len());
    if with_header {
        out.extend_from_slice(MARK);
    }
    let mut writer = csv::WriterBuilder::new()
        .terminator(csv::Terminator::CRLF)
        .from_writer(out);
    // Writing to memory does not fail, and every record has as many fields as the first.
    if with_header {
        let _ = writer.write_record(COLUMNS.iter().map(|(_, _, zh, en)| match lang {
            Lang::Zh => *zh,
            Lang::En => *en,
        }));
    }
    for line in lines.split(|&byte| byte == b'\n') {
        let Ok(Value::Object(fault)) = serde_json::from_slice(line) else {
            continue;
        };
        let _ = writer.write_record(COLUMNS.iter().map(|(zh, en, ..)| {
            let key = match lang {
                Lang::Zh => *zh,
                Lang::En => *en,
            };
            let cell = match fault.get(key) {
                Some(Value::String(text)) => text.clone(),
                Some(Value::Number(number)) => number.to_string(),
                _ => String::new(),
            };
            harmless(&cell).into_owned()
        }));
    }
    writer.into_inner().unwrap_or_default()
}

/// `cell`, made text for every spreadsheet (CWE-1236).
fn harmless(cell: &str) -> Cow<'_, str> {
    if cell.starts_with(['=', '+', '-', '@', '\t', '\r']) {
        Cow::Owned(format!("'{cell}"))
    } else {
        Cow::Borrowed(cell)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Fault, FaultCode};

    #[test]
    fn the_fault_file_opens_in_a_spreadsheet_and_runs_nothing() {
        let mut lines = Vec::new();
        Fault::new(7, Some(3), Some("=HYPERLINK(\"x\")".to_owned()), FaultCode::E02).write_json_line(&mut lines);
        Fault::new(8, None, Some("a,\"b\"".to_owned()), FaultCode::E05).write_json_line(&mut lines);
        let zh = fault_csv(&lines, Lang::Zh, true);
        assert_eq!(
            String::from_utf8(zh).unwrap(),
            "\u{feff}行号,列号,列名,错误代码,规则,问题,处理办法\r\n\
             7,3,\"'=HYPERLINK(\"\"x\"\")\",E02,,必填项为空,请补填该单元格\r\n\
             8,,\"a,\"\"b\"\"\",E05,,证件号码校验不通过,请核对证件原件上的号码\r\n"
        );
        let en = fault_csv(&lines, Lang::En, false);
        assert!(String::from_utf8(en).unwrap().starts_with("7,3,\"'=HYPERLINK"));
        assert_eq!(fault_csv(b"no json\n\n", Lang::En, false), b"");
    }

    #[test]
    fn every_dangerous_beginning_is_made_text() {
        for begin in ["=", "+", "-", "@", "\t", "\r"] {
            assert_eq!(harmless(&format!("{begin}1")), format!("'{begin}1"));
        }
        assert_eq!(harmless("行"), "行");
        assert_eq!(harmless(""), "");
    }
}
