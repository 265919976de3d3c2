//! What an operator says about the tables of a dump, and which law keeps tables and columns out.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use anyhow::{Context, bail};
use domain::Day;
use domain::catalogue::{Catalogue, ItemId};
use serde::Deserialize;
use sha2::{Digest, Sha256};

/// The mapping file.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Mapping {
    pub(crate) tables: Vec<TableMapping>,
    #[serde(skip)]
    pub(crate) sha256: String,
}

/// One table of the dump.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TableMapping {
    /// File below the dump's folder.
    pub(crate) file: String,
    /// Item that its rows are; a table without one is not taken.
    pub(crate) item: Option<String>,
    /// Provider of all its rows.
    pub(crate) provider: Option<String>,
    /// Column that says whose a row is.
    pub(crate) provider_column: Option<String>,
    /// Unified social credit code for each value of that column which is none.
    #[serde(default)]
    pub(crate) providers: BTreeMap<String, String>,
    /// Header of the item for each column that is taken.
    #[serde(default)]
    pub(crate) columns: BTreeMap<String, String>,
}

/// Rules for tables and columns, from `catalogue/legacy/tables.toml`.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TableRules {
    pub(crate) rules: Vec<TableRule>,
    pub(crate) codes: Vec<CodeSource>,
    #[serde(skip)]
    pub(crate) sha256: String,
}

/// A rule that keeps a table or a column out.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct TableRule {
    pub(crate) id: String,
    pub(crate) headers: Vec<String>,
    pub(crate) message: Words,
    pub(crate) basis: Source,
    pub(crate) valid_from: String,
    pub(crate) valid_to: Option<String>,
}

/// The legal source of a fault that rests on no rule.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct CodeSource {
    pub(crate) code: String,
    pub(crate) message: Words,
    pub(crate) basis: Source,
}

/// Both languages.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Words {
    pub(crate) zh: String,
    pub(crate) en: String,
}

/// Law and article.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Source {
    pub(crate) document: String,
    pub(crate) article: String,
}

pub(crate) const NO_ITEM: &str = "RUL-LEGACY-NO-ITEM";
pub(crate) const NO_PROVIDER: &str = "RUL-LEGACY-NO-PROVIDER";
pub(crate) const NO_FIELD: &str = "RUL-LEGACY-NO-FIELD";

impl Mapping {
    /// Reads the mapping and holds it against the dump and the catalogue.
    pub(crate) fn read(path: &Path, dump: &Path, catalogue: &Catalogue) -> anyhow::Result<Self> {
        let text =
            std::fs::read_to_string(path).with_context(|| format!("the mapping {} cannot be read", path.display()))?;
        let mut mapping: Self = toml::from_str(&text).context("LEGACY-0001: the mapping is not well formed")?;
        mapping.sha256 = hex::encode(Sha256::digest(text.as_bytes()));
        let mut named = BTreeSet::new();
        for table in &mapping.tables {
            if table.file.contains(['/', '\\']) || !dump.join(&table.file).is_file() {
                bail!(
                    "LEGACY-0002: the mapping speaks of {}, which is no file of the dump",
                    table.file
                );
            }
            if !named.insert(table.file.as_str()) {
                bail!("LEGACY-0002: the mapping speaks of {} twice", table.file);
            }
            if let Some(item) = &table.item {
                let known = ItemId::parse(item).is_ok_and(|id| catalogue.items.contains_key(&id));
                if !known || table.columns.is_empty() || table.provider.is_some() == table.provider_column.is_some() {
                    bail!(
                        "LEGACY-0003: {} needs an item of the catalogue, columns, and either provider or provider_column",
                        table.file
                    );
                }
            }
        }
        // Nothing is left out in silence.
        for entry in std::fs::read_dir(dump).with_context(|| format!("{} cannot be read", dump.display()))? {
            let entry = entry?;
            let name = entry.file_name().to_string_lossy().into_owned();
            let is_table = [".csv", ".xlsx"]
                .iter()
                .any(|ending| name.to_ascii_lowercase().ends_with(ending));
            if is_table && !named.contains(name.as_str()) {
                bail!(
                    "LEGACY-0004: the mapping says nothing of {name}; a table without `item` is refused and reported"
                );
            }
        }
        Ok(mapping)
    }
}

impl TableRules {
    /// Reads the rules that are in force on `day`.
    pub(crate) fn read(catalogue_dir: &Path, day: Day) -> anyhow::Result<Self> {
        let path = catalogue_dir.join("legacy/tables.toml");
        let text = std::fs::read_to_string(&path).with_context(|| format!("{} cannot be read", path.display()))?;
        let mut rules: Self =
            toml::from_str(&text).with_context(|| format!("LEGACY-0005: {} is not well formed", path.display()))?;
        rules.sha256 = hex::encode(Sha256::digest(text.as_bytes()));
        for rule in &rules.rules {
            let days = [Some(&rule.valid_from), rule.valid_to.as_ref()];
            if days.into_iter().flatten().any(|text| Day::parse_iso(text).is_err()) {
                bail!("LEGACY-0005: {}: a day is not of the form YYYY-MM-DD", rule.id);
            }
        }
        for id in [NO_ITEM, NO_PROVIDER, NO_FIELD] {
            if !rules.rules.iter().any(|rule| rule.id == id) {
                bail!("LEGACY-0005: {} has no rule {id}", path.display());
            }
        }
        let is_past = |text: &str| Day::parse_iso(text).is_ok_and(|day_of| day_of < day);
        let is_future = |text: &str| Day::parse_iso(text).is_ok_and(|day_of| day_of > day);
        rules.rules.retain(|rule| {
            rule.headers.is_empty() || !(is_future(&rule.valid_from) || rule.valid_to.as_deref().is_some_and(is_past))
        });
        Ok(rules)
    }

    /// The rule that keeps a column of this header out.
    pub(crate) fn of_header(&self, header: &str) -> Option<&TableRule> {
        let bare: String = header.chars().filter(|c| !c.is_whitespace()).collect();
        self.rules
            .iter()
            .find(|rule| rule.headers.iter().any(|word| bare.contains(word.as_str())))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        Day::parse_iso(text).expect("a day")
    }

    #[test]
    fn every_rule_about_columns_binds_from_its_first_day_to_its_last() {
        let shipped = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../catalogue");
        let text = std::fs::read_to_string(shipped.join("legacy/tables.toml")).expect("the shipped rules");
        // None has ended yet; so that the last day is tried, too, each of them ends here.
        let folder = tempfile::tempdir().expect("a folder");
        std::fs::create_dir(folder.path().join("legacy")).expect("a folder");
        let ended = text.replace("valid_from =", "valid_to = \"2027-12-31\"\nvalid_from =");
        std::fs::write(folder.path().join("legacy/tables.toml"), ended).expect("the rules with an end");

        let today = TableRules::read(&shipped, day("2026-11-24")).expect("the shipped rules");
        let about_columns: Vec<_> = today.rules.iter().filter(|rule| !rule.headers.is_empty()).collect();
        assert!(about_columns.len() >= 2, "the rules about scores and lists are there");
        for rule in about_columns {
            let binds = |catalogue: &Path, on: Day| {
                let rules = TableRules::read(catalogue, on).expect("the rules");
                let header = format!(" {} 1", rule.headers[0]);
                rules.of_header(&header).is_some_and(|found| found.id == rule.id)
            };
            let first = day(&rule.valid_from);
            let beside = |days| first.plus_days(days).expect("a day");
            assert!(!binds(&shipped, beside(-1)), "{} the day before", rule.id);
            assert!(binds(&shipped, first), "{} on its first day", rule.id);
            assert!(binds(&shipped, beside(1)), "{} the day after", rule.id);
            assert!(binds(folder.path(), day("2027-12-31")), "{} on its last day", rule.id);
            assert!(
                !binds(folder.path(), day("2028-01-01")),
                "{} after its last day",
                rule.id
            );
        }
    }
}
