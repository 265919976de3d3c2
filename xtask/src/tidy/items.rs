//! An item is data: no line of the product knows one of them, so that one more is a file and not a change of the program.

use super::Finding;
use super::tree::Tree;

const PREFIX: &str = "ITM-";

/// Where items are named all the same, and which: what invents a city has facts of its own for them, the conformance suite
/// needs records of some item, and examples of commands and of the API show one.
const NAMED: &[(&str, &[&str])] = &[
    (
        "crates/synth/src/",
        &[
            "ITM-COMMITMENT",
            "ITM-COURT-DEFAULTER",
            "ITM-HONOUR",
            "ITM-LICENCE",
            "ITM-PENALTY",
            "ITM-PERMIT",
            "ITM-TAX-ARREARS",
            "ITM-TAX-BREACH",
            "ITM-VOLUNTEER",
        ],
    ),
    (
        "crates/store/src/conformance/",
        &["ITM-COURT-DEFAULTER", "ITM-HONOUR", "ITM-PENALTY", "ITM-PERMIT"],
    ),
    (
        "crates/chengdang/src/commands/demo",
        &["ITM-PENALTY", "ITM-TAX-BREACH", "ITM-VOLUNTEER"],
    ),
    ("crates/chengdang/src/commands/catalogue.rs", &["ITM-PENALTY"]),
    (
        "crates/chengdang/src/commands/deliver.rs",
        &["ITM-HONOUR", "ITM-PENALTY"],
    ),
    ("crates/chengdang/src/main.rs", &["ITM-PENALTY"]),
    ("crates/web/src/api/", &["ITM-PENALTY", "ITM-PERMIT"]),
];

/// Items that the product names beyond those, and those that it no longer names.
pub(super) fn named(tree: &Tree) -> Vec<Finding> {
    let mut findings = Vec::new();
    let mut unused: Vec<(&str, &str)> = NAMED
        .iter()
        .flat_map(|(place, ids)| ids.iter().map(|id| (*place, *id)))
        .collect();
    for file in tree.shipped_rust() {
        for (number, line) in file.shipped_lines() {
            for id in ids(line) {
                let known = |(place, named): &&(&str, &[&str])| file.path.starts_with(place) && named.contains(&id);
                match NAMED.iter().find(known) {
                    Some((place, _)) => unused.retain(|entry| *entry != (*place, id)),
                    None => findings.push(Finding::new(
                        format!("{}:{number}", file.path),
                        format!(
                            "`{id}`: what holds for an item stands in its file of the catalogue, not in the program"
                        ),
                    )),
                }
            }
        }
    }
    findings.extend(unused.into_iter().map(|(place, id)| {
        Finding::new(
            place,
            format!("names `{id}` no more: take it out of the list in xtask/src/tidy/items.rs"),
        )
    }));
    findings
}

/// The items that a line names.
fn ids(line: &str) -> impl Iterator<Item = &str> {
    line.match_indices(PREFIX).filter_map(|(at, _)| {
        let rest = line.get(at..)?;
        let is_part = |c: char| c.is_ascii_uppercase() || c.is_ascii_digit() || c == '-';
        let length = rest.find(|c| !is_part(c)).unwrap_or(rest.len());
        let id = rest.get(..length)?.trim_end_matches('-');
        (id.len() > PREFIX.len()).then_some(id)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_item_that_the_product_names_is_found() {
        let all = NAMED
            .iter()
            .map(|(place, ids)| (format!("{place}x.rs"), format!("{ids:?}\n")));
        let mut files: Vec<(String, String)> = all.map(|(path, text)| (path.replace(".rsx.rs", ".rs"), text)).collect();
        let findings = |files: &[(String, String)]| {
            let files: Vec<(&str, &str)> = files.iter().map(|(path, text)| (&**path, &**text)).collect();
            named(&Tree::of(&files))
        };
        assert_eq!(findings(&files), []);
        files.push((
            "crates/app/src/a.rs".to_owned(),
            "// ITM-PENALTY\nlet a = \"ITM-…\";\nif id == \"ITM-REWARD\" {}\n".to_owned(),
        ));
        files.push(("crates/web/src/api/b.rs".to_owned(), "json!(\"ITM-LEVY\")\n".to_owned()));
        files.push(("crates/app/tests/it/a.rs".to_owned(), "\"ITM-LEVY\"\n".to_owned()));
        let places: Vec<String> = findings(&files).into_iter().map(|finding| finding.place).collect();
        assert_eq!(places, ["crates/app/src/a.rs:3", "crates/web/src/api/b.rs:1"]);
        files.remove(0);
        assert_eq!(findings(&files).len(), 2 + NAMED[0].1.len(), "those that nobody names");
    }
}
