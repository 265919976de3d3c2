//! Error codes: each one that the code can show has a row in the index, and each row has its code.

use std::collections::BTreeMap;

use super::Finding;
use super::tree::{SourceFile, Tree};

const INDEX: &str = "docs/errors.md";

/// Codes in shipped code against the rows of `docs/errors.md`. A row whose code is gone says `retired` (codes are never reused).
pub(super) fn indexed(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut rows: BTreeMap<&str, (usize, &str)> = BTreeMap::new();
    let index = tree.get(INDEX).map_or("", |file| file.text.as_str());
    for (number, line) in index.lines().enumerate().map(|(number, line)| (number + 1, line)) {
        let Some(code) = row_code(line) else { continue };
        if rows.insert(code, (number, line)).is_some() {
            findings.push(Finding::new(
                format!("{INDEX}:{number}"),
                format!("{code} has two rows"),
            ));
        }
    }
    let used = codes_in_code(tree);
    for (code, place) in &used {
        if !rows.contains_key(code.as_str()) {
            findings.push(Finding::new(place.clone(), format!("{code} has no row in {INDEX}")));
        }
    }
    for (code, (number, line)) in rows {
        if !used.contains_key(code) && !line.contains("retired") {
            let message = format!("nothing shows {code}: mark its row `retired`, do not reuse the code");
            findings.push(Finding::new(format!("{INDEX}:{number}"), message));
        }
    }
    findings
}

/// The code in the first cell of a table row.
fn row_code(line: &str) -> Option<&str> {
    let cell = line.strip_prefix('|')?.split('|').next()?.trim().trim_matches('`');
    (code_length(cell) == Some(cell.len())).then_some(cell)
}

fn codes_in_code(tree: &Tree) -> BTreeMap<String, String> {
    let mut codes = BTreeMap::new();
    for file in tree.shipped_rust() {
        collect(file, &mut codes);
    }
    codes
}

/// A code is what stands at the start of a string literal, whole or before a space or colon.
fn collect(file: &SourceFile, codes: &mut BTreeMap<String, String>) {
    for (number, line) in file.shipped_lines() {
        for piece in line.split('"').skip(1) {
            let Some(length) = code_length(piece) else { continue };
            let Some((code, rest)) = piece.split_at_checked(length) else {
                continue;
            };
            let is_area = code.contains('-');
            if rest.is_empty() || (is_area && rest.starts_with([' ', ':'])) {
                codes
                    .entry(code.to_owned())
                    .or_insert_with(|| format!("{}:{number}", file.path));
            }
        }
    }
}

/// The length of the code that `text` starts with: `E` or `Q` and two digits, or an area in capitals, a hyphen and four digits.
fn code_length(text: &str) -> Option<usize> {
    let area = text.bytes().take_while(u8::is_ascii_uppercase).count();
    let hyphens = usize::from(text.as_bytes().get(area) == Some(&b'-'));
    let start = area + hyphens;
    let digits = text.bytes().skip(start).take_while(u8::is_ascii_digit).count();
    let is_fault = hyphens == 0 && area == 1 && digits == 2 && text.starts_with(['E', 'Q']);
    let is_area = hyphens == 1 && area >= 3 && digits == 4;
    (is_fault || is_area).then_some(start + digits)
}

#[cfg(test)]
mod tests {
    use super::*;

    const SOURCE: &str =
        "fn code() -> &'static str { \"E05\" }\n#[error(\"STORE-0001: gone\")]\n// \"E06\" in a comment\n";

    fn check(index: &str) -> Vec<String> {
        let tree = Tree::of(&[("crates/x/src/lib.rs", SOURCE), (INDEX, index)]);
        indexed(&tree).into_iter().map(|finding| finding.to_string()).collect()
    }

    #[test]
    fn complete_index_is_clean() {
        assert_eq!(
            check("| Code | Meaning |\n|---|---|\n| `E05` | a |\n| `STORE-0001` | b |\n"),
            [""; 0]
        );
    }

    #[test]
    fn a_code_without_a_row_is_found() {
        assert_eq!(
            check("| `E05` | a |\n"),
            ["crates/x/src/lib.rs:2: STORE-0001 has no row in docs/errors.md"]
        );
    }

    #[test]
    fn a_row_without_a_code_is_found_unless_retired() {
        let rows = "| `E05` | a |\n| `STORE-0001` | b |\n| `WEB-0001` | c |\n| `WEB-0002` | retired |\n";
        let findings = check(rows);
        assert_eq!(findings.len(), 1, "{findings:?}");
        assert!(findings[0].starts_with("docs/errors.md:3"));
    }

    #[test]
    fn a_row_given_twice_is_found() {
        assert_eq!(check("| `E05` | a |\n| `E05` | b |\n| `STORE-0001` | b |\n").len(), 1);
    }

    #[test]
    fn standards_are_no_codes() {
        for text in [
            "GB18030",
            "ISO-8859-1",
            "EX-0001",
            "E1",
            "E123",
            "STORE-001",
            "STORE-00010",
        ] {
            let found = code_length(text);
            assert!(found.is_none() || found != Some(text.len()), "{text}: {found:?}");
        }
    }
}
