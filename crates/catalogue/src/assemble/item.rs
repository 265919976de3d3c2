//! An item of the data list, from one file below `items/`.

use domain::Day;
use domain::Uscc;
use domain::catalogue::{
    CodeListId, Disclosure, EndRule, FieldCode, FieldRole, FieldSpec, Format, Item, ItemId, ItemNature, Layout,
    LayoutColumn, Required, Text,
};

use super::parts;
use crate::document::{Document, entries};
use crate::finding::{At, Findings, LintRule};
use crate::format::parse_format;
use crate::raw::{RawColumn, RawEndRule, RawField, RawItem, RawLayout, RawRequired};

/// Reads the item; nothing if an element is so far missing that there is no item to speak of.
pub(crate) fn item(document: &Document, findings: &mut Findings) -> Option<Item> {
    let raw: RawItem = document.whole(findings)?;
    let at = document.top().within(&raw.id);
    let id = ItemId::parse(&raw.id);
    if let Err(fault) = id {
        findings.add(&at, LintRule::Form, fault.to_string());
    }
    let fields = fields(&raw, &at, findings);
    let layouts = layouts(&raw, &at, findings);
    elements(raw, id.ok()?, fields, layouts, &at, findings)
}

/// The seven elements of Shandong regulation art. 10, each missing one a finding.
fn elements(
    raw: RawItem,
    id: ItemId,
    fields: Vec<FieldSpec>,
    layouts: Vec<Layout>,
    at: &At,
    findings: &mut Findings,
) -> Option<Item> {
    let mut missing = |element: &str| {
        findings.add(
            at,
            LintRule::R2,
            format!("the element {element} is missing: an item needs all seven"),
        );
    };
    if raw.zh.is_none() || raw.en.is_none() {
        missing("信息事项 (`zh`, `en`)");
    }
    if raw.nature.is_none() {
        missing("信息性质 (`nature`)");
    }
    if raw.providers.is_empty() {
        missing("提供单位、统一社会信用代码 (`providers`)");
    }
    if raw.data_standard.is_none() || fields.is_empty() {
        missing("数据标准 (`data_standard`, `fields`)");
    }
    if raw.disclosure.is_empty() {
        missing("披露方式 (`disclosure`)");
    }
    if raw.end_rule.is_none() {
        missing("有效期限 (`end_rule`)");
    }
    if raw.legal_basis.is_empty() {
        missing("legal basis (`legal_basis`)");
    }
    if raw.source.is_none() {
        missing("entry of the national or provincial list (`source`)");
    }
    let nature = raw.nature.as_deref().and_then(|word| nature(word, at, findings));
    let providers = raw
        .providers
        .iter()
        .filter_map(|code| uscc(code, at, findings))
        .collect();
    let legal_basis = raw
        .legal_basis
        .iter()
        .enumerate()
        .filter_map(|(index, raw)| parts::basis(raw, &at.within(format_args!("legal_basis[{}]", index + 1)), findings))
        .collect();
    let (in_force_from, in_force_to) = in_force(&raw, at, findings)?;
    let name = parts::checked_text(raw.zh?, raw.en?, at, findings);
    Some(Item {
        id,
        name,
        nature: nature?,
        providers,
        data_standard: raw.data_standard?,
        disclosure: raw
            .disclosure
            .iter()
            .filter_map(|word| disclosure(word, at, findings))
            .collect(),
        end_rule: end_rule(&raw.end_rule?),
        legal_basis,
        source: raw.source?,
        field_of_life: raw.field_of_life,
        in_force_from,
        in_force_to,
        fields,
        layouts,
    })
}

fn in_force(raw: &RawItem, at: &At, findings: &mut Findings) -> Option<(Day, Option<Day>)> {
    let Some(from) = raw.in_force_from.as_deref() else {
        findings.add(at, LintRule::Form, "`in_force_from` is missing");
        return None;
    };
    parts::between(
        ("in_force_from", from),
        ("in_force_to", raw.in_force_to.as_deref()),
        at,
        findings,
    )
}

fn nature(word: &str, at: &At, findings: &mut Findings) -> Option<ItemNature> {
    match word {
        "basic" => Some(ItemNature::Basic),
        "adverse" => Some(ItemNature::Adverse),
        "other" => Some(ItemNature::Other),
        _ => {
            findings.add(
                at,
                LintRule::R2,
                format!("nature `{word}`: 信息性质 is `basic`, `adverse` or `other`"),
            );
            None
        }
    }
}

fn disclosure(word: &str, at: &At, findings: &mut Findings) -> Option<Disclosure> {
    match word {
        "authorised" => Some(Disclosure::Authorised),
        "shared" => Some(Disclosure::Shared),
        _ => {
            let message = format!(
                "disclosure `{word}`: records of persons are disclosed by `authorised` query or `shared` among \
                 authorities, never published"
            );
            findings.add(at, LintRule::R9, message);
            None
        }
    }
}

const fn end_rule(raw: &RawEndRule) -> EndRule {
    match raw {
        RawEndRule::AdverseClocks => EndRule::AdverseClocks,
        RawEndRule::ValidToOrReview { review_months } => EndRule::ValidToOrReview {
            review_months: *review_months,
        },
        RawEndRule::MonthsAfterDecision { months } => EndRule::MonthsAfterDecision { months: *months },
    }
}

fn uscc(code: &str, at: &At, findings: &mut Findings) -> Option<Uscc> {
    match Uscc::parse(code) {
        Ok(uscc) => Some(uscc),
        Err(fault) => {
            findings.add(
                at,
                LintRule::Form,
                format!("provider `{code}`: {fault} (GB 32100-2015)"),
            );
            None
        }
    }
}

fn fields(raw: &RawItem, at: &At, findings: &mut Findings) -> Vec<FieldSpec> {
    let mut fields: Vec<FieldSpec> = entries::<RawField>(&raw.fields, "fields", at, findings)
        .into_iter()
        .filter_map(|(at, raw)| field(raw, &at, findings))
        .collect();
    // A field with a fault of its own has its finding. It stands in the rest of the item all the same, or every place that
    // names it would be a finding, too.
    for (position, value) in raw.fields.iter().enumerate() {
        let text = |key: &str| value.get(key).and_then(toml::Value::as_str);
        let Some(code) = text("code").filter(|code| !fields.iter().any(|field| &*field.code.0 == *code)) else {
            continue;
        };
        let role = text("role").and_then(parts::role_of).unwrap_or(FieldRole::Plain);
        let stand_in = FieldSpec {
            code: FieldCode(code.into()),
            label: Text {
                zh: text("zh").unwrap_or_default().to_owned(),
                en: text("en").unwrap_or_default().to_owned(),
            },
            format: text("format")
                .and_then(|format| parse_format(format).ok())
                .unwrap_or(Format::Day),
            required: Required::Never,
            not_before: None,
            role,
            code_list: None,
            in_ten_thousand_yuan: false,
            is_multiple: false,
        };
        fields.insert(position.min(fields.len()), stand_in);
    }
    fields
}

fn field(raw: RawField, at: &At, findings: &mut Findings) -> Option<FieldSpec> {
    let format = parse_format(&raw.format);
    if let Err(fault) = format {
        findings.add(at, LintRule::Form, format!("format `{}` is {fault}", raw.format));
    }
    let role = match raw.role.as_deref() {
        Some(word) => parts::role(word, at, findings)?,
        None => FieldRole::Plain,
    };
    let code_list = match raw.code_list.as_deref().map(CodeListId::parse) {
        Some(Ok(id)) => Some(id),
        Some(Err(fault)) => {
            findings.add(at, LintRule::Form, format!("code list: {fault}"));
            None
        }
        None => None,
    };
    Some(FieldSpec {
        code: FieldCode(raw.code.into()),
        label: parts::checked_text(raw.zh, raw.en, at, findings),
        format: format.ok()?,
        required: required(raw.required, at, findings),
        not_before: raw.not_before.map(|code| FieldCode(code.into())),
        role,
        code_list,
        in_ten_thousand_yuan: raw.ten_thousand_yuan,
        is_multiple: raw.multiple,
    })
}

fn required(raw: Option<RawRequired>, at: &At, findings: &mut Findings) -> Required {
    match raw {
        None => Required::Never,
        Some(RawRequired::When { when, contains }) => Required::When {
            field: FieldCode(when.into()),
            contains,
        },
        Some(RawRequired::Word(word)) if word == "always" => Required::Always,
        Some(RawRequired::Word(word)) => {
            if word != "never" {
                let message = "`required` is \"always\", \"never\" or { when = FIELD, contains = [TEXT, …] }";
                findings.add(at, LintRule::Form, message);
            }
            Required::Never
        }
    }
}

fn layouts(raw: &RawItem, at: &At, findings: &mut Findings) -> Vec<Layout> {
    entries::<RawLayout>(&raw.layouts, "layouts", at, findings)
        .into_iter()
        .map(|(at, raw)| layout(raw, &at, findings))
        .collect()
}

fn layout(raw: RawLayout, at: &At, findings: &mut Findings) -> Layout {
    if raw.source.is_none() {
        findings.add(
            at,
            LintRule::Form,
            "`source` is missing: each datum says where it comes from",
        );
    }
    let mut columns = Vec::new();
    for (values, key, is_extension) in [(&raw.columns, "columns", false), (&raw.extensions, "extensions", true)] {
        for (_, column) in entries::<RawColumn>(values, key, at, findings) {
            columns.push(LayoutColumn {
                header: column.header,
                aliases: column.aliases,
                field: FieldCode(column.field.into()),
                is_extension,
            });
        }
    }
    Layout {
        version: raw.version,
        recognised_by: raw
            .recognised_by
            .into_iter()
            .map(|code| FieldCode(code.into()))
            .collect(),
        columns,
    }
}
