//! What changed between two versions of the catalogue, in lines that a person reads and the log keeps.

use std::collections::BTreeMap;
use std::fmt;

use domain::MatterForm;
use domain::catalogue::{
    Catalogue, CodeValue, Condition, EndRule, FieldCode, FieldRole, IntakeRule, Item, LegalBasis, Purpose, Required,
    Text,
};

use crate::assemble::parts::role_word;
use crate::format::format_notation;
use crate::show::words;

/// One change.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Change {
    /// Something is new.
    Added {
        /// What, such as `item ITM-PENALTY field CF_WSH`.
        what: String,
    },
    /// Something is gone.
    Removed {
        /// What.
        what: String,
    },
    /// Something says something else.
    Changed {
        /// What.
        what: String,
        /// Which part of it, such as `format`.
        part: String,
        /// Before; empty if it had no such part.
        from: String,
        /// After; empty if it has no such part any more.
        to: String,
    },
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Added { what } => write!(f, "+ {what}"),
            Self::Removed { what } => write!(f, "- {what}"),
            Self::Changed { what, part, from, to } => write!(f, "~ {what} {part}: {from} → {to}"),
        }
    }
}

/// A thing of the catalogue, by its name, and its parts in words.
type Facts = BTreeMap<String, BTreeMap<&'static str, String>>;

/// Every change from `old` to `new`, ordered by what changed. A thing that came or went is one line, not one per part.
#[must_use]
pub fn diff(old: &Catalogue, new: &Catalogue) -> Vec<Change> {
    let (old, new) = (facts(old), facts(new));
    let mut changes = Vec::new();
    let mut names: Vec<&String> = old
        .keys()
        .chain(new.keys().filter(|name| !old.contains_key(*name)))
        .collect();
    names.sort();
    for name in names {
        match (old.get(name), new.get(name)) {
            (Some(_), None) => {
                if !is_within_other(name, &old, &new) {
                    changes.push(Change::Removed { what: name.clone() });
                }
            }
            (None, Some(_)) => {
                if !is_within_other(name, &new, &old) {
                    changes.push(Change::Added { what: name.clone() });
                }
            }
            (Some(before), Some(after)) => parts(name, before, after, &mut changes),
            (None, None) => {}
        }
    }
    changes
}

/// Whether `name` is part of a thing that is itself in `there` and not in `elsewhere`, so that one line says it all.
fn is_within_other(name: &str, there: &Facts, elsewhere: &Facts) -> bool {
    let mut end = name.len();
    while let Some(space) = name.get(..end).and_then(|head| head.rfind(' ')) {
        let whole = name.get(..space).unwrap_or_default();
        if there.contains_key(whole) && !elsewhere.contains_key(whole) {
            return true;
        }
        end = space;
    }
    false
}

fn parts(
    name: &str,
    before: &BTreeMap<&'static str, String>,
    after: &BTreeMap<&'static str, String>,
    changes: &mut Vec<Change>,
) {
    let more = after.keys().filter(|part| !before.contains_key(*part));
    for part in before.keys().chain(more) {
        let (from, to) = (
            before.get(part).cloned().unwrap_or_default(),
            after.get(part).cloned().unwrap_or_default(),
        );
        if from != to {
            changes.push(Change::Changed {
                what: name.to_owned(),
                part: (*part).to_owned(),
                from,
                to,
            });
        }
    }
}

fn facts(catalogue: &Catalogue) -> Facts {
    let mut facts = Facts::new();
    for item in catalogue.items.values() {
        item_facts(item, &mut facts);
    }
    for (id, values) in &catalogue.code_lists {
        add(
            &mut facts,
            format!("code list {id}"),
            [("values", values.len().to_string())],
        );
        for value in values {
            code_facts(&format!("code list {id}"), value, &mut facts);
        }
    }
    for organisation in catalogue.organisations.values() {
        let parts = [
            ("name", text(&organisation.name)),
            ("district", organisation.district.clone()),
        ];
        add(&mut facts, format!("organisation {}", organisation.uscc), parts);
    }
    for purpose in catalogue.purposes.values() {
        let parts = [
            ("name", text(&purpose.name)),
            ("statute", purpose.statute.as_ref().map_or_else(String::new, basis)),
            ("duty", purpose.duty.as_ref().map_or_else(String::new, text)),
            ("enabled", purpose.is_enabled.to_string()),
            (
                "disabled because",
                purpose.disabled_because.as_ref().map_or_else(String::new, text),
            ),
            ("items", join(purpose.items.iter())),
            ("field of life", purpose.field_of_life.clone().unwrap_or_default()),
            (
                "cross-field basis",
                purpose.cross_field_basis.as_ref().map_or_else(String::new, basis),
            ),
            ("fields", shown(purpose)),
            ("linked providers", join(purpose.linked_providers.iter())),
            ("askers", join(purpose.askers.iter())),
            ("matter", purpose.matter.as_ref().map_or_else(String::new, matter)),
            ("law compels", purpose.law_compels.to_string()),
            ("close within days", purpose.close_within_days.to_string()),
        ];
        add(&mut facts, format!("purpose {}", purpose.id), parts);
    }
    for measure in catalogue.measures.values() {
        let parts = [
            ("name", text(&measure.name)),
            (
                "linked to",
                format!("{}: {}", measure.linked_item, text(&measure.linked_fact)),
            ),
            ("statute", basis(&measure.statute)),
            ("enabled", measure.is_enabled.to_string()),
            ("field of life", measure.field_of_life.clone().unwrap_or_default()),
            (
                "cross-field basis",
                measure.cross_field_basis.as_ref().map_or_else(String::new, basis),
            ),
        ];
        add(&mut facts, format!("measure {}", measure.id), parts);
    }
    for (kind, names) in [
        ("field of life", &catalogue.fields_of_life),
        ("occupation", &catalogue.occupations),
    ] {
        for (code, name) in names {
            add(&mut facts, format!("{kind} {code}"), [("name", text(name))]);
        }
    }
    let limits = &catalogue.look_up_limits;
    let parts = [
        ("officer", limits.officer.to_string()),
        ("client", limits.client.to_string()),
        ("department", limits.department.to_string()),
        ("purpose", limits.purpose.to_string()),
        ("city", limits.city.to_string()),
        ("persons per matter", limits.persons_per_matter.to_string()),
    ];
    add(&mut facts, "limits of look-ups".to_owned(), parts);
    rule_facts(catalogue, &mut facts);
    facts
}

fn shown(purpose: &Purpose) -> String {
    let of = |codes: &Vec<FieldCode>| codes.iter().map(|code| &*code.0).collect::<Vec<_>>().join(" ");
    let items: Vec<String> = purpose
        .fields
        .iter()
        .map(|(id, codes)| format!("{id}: {}", of(codes)))
        .collect();
    items.join(", ")
}

fn matter(form: &MatterForm) -> String {
    let when = if form.is_registered() {
        ", registered before"
    } else {
        ""
    };
    format!("{}{when}", form.form())
}

fn item_facts(item: &Item, facts: &mut Facts) {
    let what = format!("item {}", item.id);
    let parts = [
        ("name", text(&item.name)),
        ("nature", words::nature(item.nature).to_owned()),
        ("providers", join(item.providers.iter())),
        ("data standard", item.data_standard.clone()),
        (
            "disclosure",
            item.disclosure
                .iter()
                .map(|way| words::disclosure(*way))
                .collect::<Vec<_>>()
                .join(", "),
        ),
        ("end", end(&item.end_rule)),
        (
            "legal basis",
            item.legal_basis.iter().map(basis).collect::<Vec<_>>().join("; "),
        ),
        ("source", item.source.clone()),
        ("field of life", item.field_of_life.clone().unwrap_or_default()),
        ("in force", span(&item.in_force_from, item.in_force_to.as_ref())),
    ];
    add(facts, what.clone(), parts);
    for field in &item.fields {
        let parts = [
            ("label", text(&field.label)),
            ("format", format_notation(field.format)),
            ("required", required(&field.required)),
            (
                "not before",
                field
                    .not_before
                    .as_ref()
                    .map_or_else(String::new, |code| code.0.to_string()),
            ),
            ("role", role_word(field.role).to_owned()),
            (
                "code list",
                field.code_list.as_ref().map_or_else(String::new, ToString::to_string),
            ),
            ("multiple", field.is_multiple.to_string()),
            ("in 万元", field.in_ten_thousand_yuan.to_string()),
        ];
        add(facts, format!("{what} field {}", field.code.0), parts);
    }
    for (place, layout) in item.layouts.iter().enumerate() {
        let what = format!("{what} version {}", layout.version);
        let order: Vec<&str> = layout.columns.iter().map(|column| &*column.field.0).collect();
        let parts = [
            ("place", (place + 1).to_string()),
            (
                "recognised by",
                layout
                    .recognised_by
                    .iter()
                    .map(|code| &*code.0)
                    .collect::<Vec<_>>()
                    .join(", "),
            ),
            ("order", order.join(", ")),
        ];
        add(facts, what.clone(), parts);
        for column in &layout.columns {
            let kind = if column.is_extension { "extension" } else { "template" };
            let parts = [
                ("header", column.header.clone()),
                ("aliases", column.aliases.join(", ")),
                ("kind", kind.to_owned()),
            ];
            add(facts, format!("{what} column {}", column.field.0), parts);
        }
    }
}

fn code_facts(list: &str, value: &CodeValue, facts: &mut Facts) {
    let parts = [("text", text(&value.text)), ("aliases", value.aliases.join(", "))];
    add(facts, format!("{list} value {}", value.code), parts);
}

fn rule_facts(catalogue: &Catalogue, facts: &mut Facts) {
    add(
        facts,
        "five-year clock".to_owned(),
        [("months", catalogue.act_end_months.to_string())],
    );
    for period in &catalogue.class_periods {
        let parts = [
            ("months", format!("{} to {}", period.min_months, period.max_months)),
            ("valid", span(&period.valid_from, period.valid_to.as_ref())),
            ("basis", basis(&period.basis)),
        ];
        add(
            facts,
            format!("class period {} from {}", period.class.as_str(), period.valid_from),
            parts,
        );
    }
    for (place, rule) in catalogue.class_rules.iter().enumerate() {
        let parts = [
            ("place", (place + 1).to_string()),
            ("kinds", rule.penalty_kinds.join(", ")),
            ("fine from", rule.fine_from.clone().unwrap_or_default()),
            ("class", rule.class.as_str().to_owned()),
            ("valid", span(&rule.valid_from, rule.valid_to.as_ref())),
            ("basis", basis(&rule.basis)),
        ];
        add(facts, format!("class rule {}", rule.id), parts);
    }
    for rule in &catalogue.intake_rules {
        let parts = [
            ("effect", words::effect(rule.effect).to_owned()),
            ("items", join(rule.items.iter())),
            ("adverse only", rule.is_adverse_only.to_string()),
            (
                "conditions",
                rule.conditions.iter().map(condition).collect::<Vec<_>>().join(" and "),
            ),
            ("example", cells(&rule.example)),
            ("answer", cells(&rule.answer)),
            ("message", text(&rule.message)),
            ("valid", rule_span(rule)),
            ("basis", basis(&rule.basis)),
        ];
        add(facts, format!("intake rule {}", rule.id), parts);
    }
    for dropped in &catalogue.dropped_columns {
        let parts = [
            ("headers", dropped.headers.join(", ")),
            ("exact headers", dropped.exact_headers.join(", ")),
            ("message", text(&dropped.message)),
            ("basis", basis(&dropped.basis)),
        ];
        add(facts, format!("dropped columns {}", dropped.id), parts);
    }
    for (year, table) in catalogue.calendar.years() {
        let parts = [
            ("days off", join(table.days_off.iter())),
            ("working weekends", join(table.work_days.iter())),
        ];
        add(facts, format!("calendar {year}"), parts);
    }
}

fn add<const N: usize>(facts: &mut Facts, what: String, parts: [(&'static str, String); N]) {
    facts.insert(what, BTreeMap::from(parts));
}

pub(crate) fn text(text: &Text) -> String {
    format!("{} / {}", text.zh, text.en)
}

pub(crate) fn basis(basis: &LegalBasis) -> String {
    format!("{} {}", basis.document, basis.article)
}

pub(crate) fn required(required: &Required) -> String {
    match required {
        Required::Always => "always".to_owned(),
        Required::Never => "no".to_owned(),
        Required::When { field, contains } => format!("if {} contains {}", field.0, contains.join(" or ")),
    }
}

pub(crate) fn end(rule: &EndRule) -> String {
    match rule {
        EndRule::AdverseClocks => "class maximum from the decision, five years from the end of the act".to_owned(),
        EndRule::ValidToOrReview { review_months } => {
            format!("as the record says, else {review_months} months after the decision")
        }
        EndRule::MonthsAfterDecision { months } => format!("{months} months after the decision"),
    }
}

pub(crate) fn condition(condition: &Condition) -> String {
    match condition {
        Condition::Contains(role, texts) => format!("{} contains {}", role_word(*role), texts.join(" or ")),
        Condition::ContainsNone(role, texts) => format!("{} contains none of {}", role_word(*role), texts.join(", ")),
        Condition::Equals(role, texts) => format!("{} is {}", role_word(*role), texts.join(" or ")),
        Condition::Missing(role) => format!("{} is missing", role_word(*role)),
        Condition::YoungerThan(years) => format!("the person was younger than {years}"),
        Condition::SmallFineWithoutProcedure(amount) => format!("fine of at most {amount} 万元 without a procedure"),
    }
}

/// Days of delivery on which a rule binds.
pub(crate) fn rule_span(rule: &IntakeRule) -> String {
    match (rule.valid_from, rule.valid_to) {
        (Some(from), to) => span(&from, to.as_ref()),
        (None, None) => "whatever is delivered".to_owned(),
        (None, Some(to)) => format!("whatever is delivered to {to}"),
    }
}

fn cells(cells: &BTreeMap<FieldRole, String>) -> String {
    join(
        cells
            .iter()
            .map(|(role, text)| format!("{} = {text}", role_word(*role))),
    )
}

pub(crate) fn span<T: fmt::Display>(from: &T, to: Option<&T>) -> String {
    to.map_or_else(|| format!("from {from}"), |to| format!("{from} to {to}"))
}

pub(crate) fn join<T: fmt::Display>(things: impl Iterator<Item = T>) -> String {
    things.map(|thing| thing.to_string()).collect::<Vec<_>>().join(", ")
}
