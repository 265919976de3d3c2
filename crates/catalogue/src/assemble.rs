//! From files to the catalogue's types. What does not fit becomes a finding, and the rest is assembled all the same, so
//! that the linter reports everything at once.

pub(crate) mod item;
pub(crate) mod lists;
pub(crate) mod parts;
pub(crate) mod purposes;
pub(crate) mod rules;

use std::collections::BTreeMap;

use domain::catalogue::{Catalogue, CodeListId, ItemId};

use crate::document::Document;
use crate::finding::{At, Findings, LintRule};
use crate::source::{SourceFile, version};

/// Files that every catalogue has, beside those of `items/`.
const FILES: [&str; 11] = [
    "calendar.toml",
    "classes.toml",
    "code-lists.toml",
    "dropped-columns.toml",
    "fields-of-life.toml",
    "intake-rules.toml",
    "look-up-limits.toml",
    "measures.toml",
    "occupations.toml",
    "organisations.toml",
    "purposes.toml",
];

/// The sixteen fields of 国办发〔2016〕98号.
const FIELDS_OF_LIFE: usize = 16;
/// Its fourteen groups and the two that the notice adds.
const OCCUPATIONS: usize = 16;

/// The catalogue as far as it could be assembled, and which file each item came from.
pub(crate) struct Assembled {
    pub(crate) catalogue: Catalogue,
    pub(crate) item_files: BTreeMap<ItemId, String>,
    /// Whether every file was there and is TOML. If not, what one file says of another cannot be checked: each finding
    /// would only repeat that a file is broken.
    pub(crate) is_whole: bool,
}

pub(crate) fn assemble(files: &[SourceFile], findings: &mut Findings) -> Assembled {
    let mut documents: BTreeMap<&str, Document> = BTreeMap::new();
    for file in files {
        documents.insert(&file.name, Document::parse(file, findings));
    }
    for name in FILES {
        if !documents.contains_key(name) {
            findings.add(&At::new(name, ""), LintRule::Form, "the file is missing");
        }
    }
    let is_whole =
        FILES.iter().all(|name| documents.contains_key(name)) && documents.values().all(|file| file.is_readable);
    let mut items = BTreeMap::new();
    let mut item_files = BTreeMap::new();
    for (name, document) in documents.iter().filter(|(_, document)| document.is_readable) {
        if name.starts_with("items/") {
            if let Some(item) = item::item(document, findings) {
                if let Some(other) = item_files.get(&item.id) {
                    let message = format!("{} is the id of {other}: an item has an id of its own", item.id);
                    findings.add(&document.top(), LintRule::Form, message);
                    continue;
                }
                item_files.insert(item.id.clone(), (*name).to_owned());
                items.insert(item.id.clone(), item);
            }
        } else if !FILES.contains(name) {
            findings.add(
                &document.top(),
                LintRule::Form,
                "the catalogue has no file of this name",
            );
        }
    }
    let empty = Document::default();
    let file = |name: &str| documents.get(name).unwrap_or(&empty);

    let mut code_lists = lists::code_lists(file("code-lists.toml"), findings);
    let fields_of_life = lists::named_list(file("fields-of-life.toml"), "fields", FIELDS_OF_LIFE, findings);
    let occupations = lists::named_list(file("occupations.toml"), "groups", OCCUPATIONS, findings);
    for (id, values) in [("CL-FIELD-OF-LIFE", &fields_of_life), ("CL-OCCUPATION", &occupations)] {
        if let Ok(id) = CodeListId::parse(id) {
            let at = file("code-lists.toml").top();
            lists::insert(&mut code_lists, id, values.clone(), &at, findings);
        }
    }
    let catalogue = Catalogue {
        version: version(files),
        items,
        code_lists,
        organisations: lists::organisations(file("organisations.toml"), findings),
        purposes: purposes::purposes(file("purposes.toml"), findings),
        look_up_limits: purposes::look_up_limits(file("look-up-limits.toml"), findings),
        measures: purposes::measures(file("measures.toml"), findings),
        fields_of_life: lists::names(&fields_of_life),
        occupations: lists::names(&occupations),
        class_periods: rules::class_periods(file("classes.toml"), findings),
        class_rules: rules::class_rules(file("classes.toml"), findings),
        act_end_months: rules::act_end_months(file("classes.toml"), findings),
        intake_rules: rules::intake_rules(file("intake-rules.toml"), findings),
        dropped_columns: rules::dropped_columns(file("dropped-columns.toml"), findings),
        calendar: lists::calendar(file("calendar.toml"), findings),
    };
    Assembled {
        catalogue,
        item_files,
        is_whole,
    }
}
