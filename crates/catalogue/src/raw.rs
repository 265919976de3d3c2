//! The entries as written in the files. Elements whose absence is a finding of its own are optional here.

use std::collections::BTreeMap;

use serde::Deserialize;
use toml::Value;

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawText {
    pub(crate) zh: String,
    pub(crate) en: String,
}

#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawBasis {
    pub(crate) document: Option<String>,
    pub(crate) article: Option<String>,
    pub(crate) rank: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawItem {
    pub(crate) id: String,
    pub(crate) zh: Option<String>,
    pub(crate) en: Option<String>,
    pub(crate) nature: Option<String>,
    pub(crate) data_standard: Option<String>,
    #[serde(default)]
    pub(crate) disclosure: Vec<String>,
    pub(crate) source: Option<String>,
    pub(crate) in_force_from: Option<String>,
    pub(crate) in_force_to: Option<String>,
    pub(crate) field_of_life: Option<String>,
    pub(crate) end_rule: Option<RawEndRule>,
    #[serde(default)]
    pub(crate) providers: Vec<String>,
    #[serde(default)]
    pub(crate) legal_basis: Vec<RawBasis>,
    #[serde(default)]
    pub(crate) fields: Vec<Value>,
    #[serde(default)]
    pub(crate) layouts: Vec<Value>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields, tag = "kind", rename_all = "snake_case")]
pub(crate) enum RawEndRule {
    AdverseClocks,
    ValidToOrReview { review_months: u32 },
    MonthsAfterDecision { months: u32 },
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawField {
    pub(crate) code: String,
    pub(crate) zh: String,
    pub(crate) en: String,
    pub(crate) format: String,
    pub(crate) required: Option<RawRequired>,
    pub(crate) role: Option<String>,
    pub(crate) code_list: Option<String>,
    pub(crate) not_before: Option<String>,
    #[serde(default)]
    pub(crate) multiple: bool,
    #[serde(default)]
    pub(crate) ten_thousand_yuan: bool,
}

#[derive(Debug, Deserialize)]
#[serde(untagged)]
pub(crate) enum RawRequired {
    Word(String),
    When { when: String, contains: Vec<String> },
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawLayout {
    pub(crate) version: String,
    pub(crate) source: Option<String>,
    pub(crate) recognised_by: Vec<String>,
    #[serde(default)]
    pub(crate) columns: Vec<Value>,
    #[serde(default)]
    pub(crate) extensions: Vec<Value>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawColumn {
    pub(crate) header: String,
    pub(crate) field: String,
    #[serde(default)]
    pub(crate) aliases: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawCodeList {
    pub(crate) id: String,
    pub(crate) source: Option<String>,
    pub(crate) values: Vec<Value>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawCode {
    pub(crate) code: String,
    pub(crate) zh: String,
    pub(crate) en: String,
    #[serde(default)]
    pub(crate) aliases: Vec<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawOrganisation {
    pub(crate) uscc: String,
    pub(crate) zh: String,
    pub(crate) en: String,
    pub(crate) district: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawPurpose {
    pub(crate) id: String,
    pub(crate) zh: String,
    pub(crate) en: String,
    pub(crate) enabled: bool,
    #[serde(default)]
    pub(crate) items: Vec<String>,
    pub(crate) statute: Option<RawBasis>,
    pub(crate) duty: Option<RawText>,
    pub(crate) field_of_life: Option<String>,
    pub(crate) cross_field_basis: Option<RawBasis>,
    pub(crate) disabled_because: Option<RawText>,
    pub(crate) source: Option<String>,
    #[serde(default)]
    pub(crate) askers: Vec<String>,
    #[serde(default)]
    pub(crate) fields: BTreeMap<String, Vec<String>>,
    #[serde(default)]
    pub(crate) linked_providers: Vec<String>,
    pub(crate) matter: Option<RawMatterForm>,
    pub(crate) law_compels: Option<bool>,
    pub(crate) close_within_days: Option<u32>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawMatterForm {
    pub(crate) form: String,
    pub(crate) example: String,
    pub(crate) registered: bool,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawLookUpLimits {
    #[serde(rename = "source")]
    pub(crate) _source: Option<String>,
    pub(crate) officer: u32,
    pub(crate) client: u32,
    pub(crate) department: u32,
    pub(crate) purpose: u32,
    pub(crate) city: u32,
    pub(crate) persons_per_matter: u32,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawMeasure {
    pub(crate) id: String,
    pub(crate) zh: String,
    pub(crate) en: String,
    pub(crate) enabled: bool,
    pub(crate) linked_item: Option<String>,
    pub(crate) linked_fact: Option<RawText>,
    pub(crate) statute: Option<RawBasis>,
    pub(crate) field_of_life: Option<String>,
    pub(crate) cross_field_basis: Option<RawBasis>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawPeriod {
    pub(crate) class: String,
    pub(crate) min_months: u32,
    pub(crate) max_months: u32,
    pub(crate) valid_from: String,
    pub(crate) valid_to: Option<String>,
    pub(crate) basis: RawBasis,
    #[serde(rename = "note")]
    pub(crate) _note: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawClassRule {
    pub(crate) id: String,
    pub(crate) class: String,
    pub(crate) penalty_kinds: Vec<String>,
    pub(crate) fine_from: Option<String>,
    pub(crate) valid_from: String,
    pub(crate) valid_to: Option<String>,
    pub(crate) basis: RawBasis,
    #[serde(rename = "note")]
    pub(crate) _note: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawIntakeRule {
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) items: Vec<String>,
    #[serde(default)]
    pub(crate) adverse_only: bool,
    pub(crate) effect: String,
    pub(crate) conditions: Vec<RawCondition>,
    pub(crate) example: Option<BTreeMap<String, String>>,
    pub(crate) answer: Option<BTreeMap<String, String>>,
    pub(crate) message: RawText,
    pub(crate) basis: RawBasis,
    pub(crate) valid_from: Option<String>,
    pub(crate) undated: Option<String>,
    pub(crate) valid_to: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawCondition {
    pub(crate) role: Option<String>,
    pub(crate) contains: Option<Vec<String>>,
    pub(crate) contains_none: Option<Vec<String>>,
    pub(crate) equals: Option<Vec<String>>,
    pub(crate) missing: Option<String>,
    pub(crate) younger_than: Option<u8>,
    pub(crate) small_fine_without_procedure: Option<String>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawDroppedColumn {
    pub(crate) id: String,
    #[serde(default)]
    pub(crate) headers: Vec<String>,
    #[serde(default)]
    pub(crate) exact: Vec<String>,
    pub(crate) message: RawText,
    pub(crate) basis: RawBasis,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawYear {
    pub(crate) year: i16,
    pub(crate) source: Option<String>,
    pub(crate) days_off: Vec<String>,
    pub(crate) work_days: Vec<String>,
}
