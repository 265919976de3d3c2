//! Purposes (R4, R5).

use domain::catalogue::{Catalogue, FieldRole, FieldSpec, Item, LegalBasis, Purpose};

use super::words;
use crate::finding::{At, Findings, LintRule};

const FILE: &str = "purposes.toml";
/// A look-up that stays open for longer than a quarter of working days is forgotten.
const CLOSE_WITHIN_DAYS_MAX: u32 = 60;

pub(crate) fn lint(purpose: &Purpose, catalogue: &Catalogue, findings: &mut Findings) {
    let at = At::new(FILE, purpose.id.as_str());
    for text in [Some(&purpose.name), purpose.duty.as_ref()].into_iter().flatten() {
        for text in [&text.zh, &text.en] {
            if let Some(word) = words::score_word(text) {
                findings.add(
                    &at,
                    LintRule::R1,
                    format!("`{word}`: nobody is looked up for a score, grade or rank"),
                );
            }
        }
    }
    topic(purpose, &at, findings);
    if purpose.is_enabled {
        enabled(purpose, &at, findings);
    } else if purpose.disabled_because.is_none() {
        findings.add(&at, LintRule::R4, "a disabled purpose says why (`disabled_because`)");
    }
    for id in &purpose.items {
        let Some(item) = catalogue.items.get(id) else {
            findings.add(&at, LintRule::Form, format!("unknown item `{id}`"));
            continue;
        };
        let crosses = item.field_of_life.is_some() && item.field_of_life != purpose.field_of_life;
        if crosses && purpose.cross_field_basis.is_none() {
            let message = format!(
                "{id} belongs to the field {}: a record of one field is not used in another unless the law that is \
                 cited says so (`cross_field_basis`)",
                item.field_of_life.as_deref().unwrap_or_default()
            );
            findings.add(&at, LintRule::R5, message);
        }
        shown(purpose, item, &at, findings);
    }
    for id in purpose.fields.keys().filter(|id| !purpose.items.contains(id)) {
        let message = format!("fields of {id} are named, and the purpose does not ask for it (`items`)");
        findings.add(&at, LintRule::R5, message);
    }
    linked(purpose, catalogue, &at, findings);
    for uscc in purpose.askers.iter().chain(&purpose.linked_providers) {
        if !catalogue.organisations.contains_key(uscc) {
            findings.add(&at, LintRule::Form, format!("`{uscc}` is not in organisations.toml"));
        }
    }
    field_of_life(purpose.field_of_life.as_ref(), catalogue, &at, findings);
}

/// What of an item a purpose shows: named one by one, and nothing that tells number, name or age.
fn shown(purpose: &Purpose, item: &Item, at: &At, findings: &mut Findings) {
    let codes = purpose.fields.get(&item.id).map(Vec::as_slice).unwrap_or_default();
    if purpose.is_enabled && codes.is_empty() {
        let message = format!("it does not say what of {} may be shown (`fields`)", item.id);
        findings.add(at, LintRule::R5, message);
    }
    for code in codes {
        match item.field(code) {
            None => findings.add(at, LintRule::Form, format!("{} has no field `{}`", item.id, code.0)),
            Some(field) if is_never_shown(field) => {
                let message = format!(
                    "`{}` ({}) is shown to nobody but the person: a decision needs the fact, not the identity",
                    code.0, field.label.zh
                );
                findings.cite(at, LintRule::R5, message, "个人信息保护法 第六条; GB/T 35273-2020 7.2");
            }
            Some(_) => {}
        }
    }
}

/// Numbers, names, what tells the age, remarks (never rendered to third parties), and what only the intake looks at.
fn is_never_shown(field: &FieldSpec) -> bool {
    let by_role = match field.role {
        FieldRole::PersonName
        | FieldRole::SubjectCategory
        | FieldRole::SubjectCode
        | FieldRole::DocumentKind
        | FieldRole::DocumentNumber
        | FieldRole::RowOperation
        | FieldRole::SelfSupporting
        | FieldRole::ConsentFlag
        | FieldRole::HarmRemoved
        | FieldRole::PublicSecurity => true,
        FieldRole::OrganName
        | FieldRole::OrganCode
        | FieldRole::SourceCode
        | FieldRole::DocumentNo
        | FieldRole::DecisionDay
        | FieldRole::ValidFrom
        | FieldRole::ValidTo
        | FieldRole::ActEndDay
        | FieldRole::BreachClass
        | FieldRole::Procedure
        | FieldRole::PenaltyKind
        | FieldRole::ActKind
        | FieldRole::PenaltyBasis
        | FieldRole::FineAmount
        | FieldRole::UpstreamState
        | FieldRole::Fulfilment
        | FieldRole::BreachDecisionNo
        | FieldRole::FreeText
        | FieldRole::Plain => false,
    };
    let words = [
        "身份证",
        "证件类型",
        "证件号",
        "备注",
        "出生",
        "年龄",
        "法定代表人",
        "负责人姓名",
    ];
    by_role || words.iter().any(|word| field.label.zh.contains(word))
}

/// R5: an adverse item without a field of its own (a penalty can be of any) is linked by its providers, or by a law that
/// reaches across fields.
fn linked(purpose: &Purpose, catalogue: &Catalogue, at: &At, findings: &mut Findings) {
    let spans_all = purpose
        .items
        .iter()
        .filter_map(|id| catalogue.items.get(id))
        .any(|item| item.is_adverse() && item.field_of_life.is_none());
    let is_linked = purpose.cross_field_basis.is_some() || !purpose.linked_providers.is_empty();
    if purpose.is_enabled && spans_all && !is_linked {
        let message = "an item of it spans all fields of life: name whose records are linked to the purpose \
                       (`linked_providers`), or the law that reaches across (`cross_field_basis`)";
        findings.add(at, LintRule::R5, message);
    }
}

/// A limit of zero would stop every look-up, and a smaller whole than its part could never be reached.
pub(crate) fn limits(catalogue: &Catalogue, findings: &mut Findings) {
    let at = At::new("look-up-limits.toml", "");
    let limits = &catalogue.look_up_limits;
    if limits.persons_per_matter == 0 || limits.officer == 0 || limits.client == 0 {
        findings.add(&at, LintRule::Form, "a limit of zero lets nobody be looked up");
    }
    if limits.officer.max(limits.client) > limits.department || limits.department.max(limits.purpose) > limits.city {
        let message = "an officer's and a client's limit are within the department's, and that and the purpose's within the city's";
        findings.add(&at, LintRule::Form, message);
    }
}

/// A forbidden topic may stand here only as an explanation: disabled, with the reason, without items.
fn topic(purpose: &Purpose, at: &At, findings: &mut Findings) {
    let texts = [Some(&purpose.name), purpose.duty.as_ref()];
    let Some(topic) = texts.into_iter().flatten().find_map(words::forbidden_topic) else {
        return;
    };
    if purpose.is_enabled || !purpose.items.is_empty() {
        let message =
            format!("a purpose that touches {topic} cannot be expressed; it may stand disabled, without items");
        findings.cite(
            at,
            LintRule::R4,
            message,
            "山东省社会信用条例 第六条、第二十二条; 国办发〔2020〕49号（五）",
        );
    }
}

fn enabled(purpose: &Purpose, at: &At, findings: &mut Findings) {
    if purpose.name.zh.contains("其他行政管理") || purpose.name.zh == "其他" {
        findings.add(at, LintRule::R4, "“other administration” alone is never a ground");
    }
    match &purpose.statute {
        None => findings.add(at, LintRule::R4, "an enabled purpose names its statute (`statute`)"),
        Some(statute) if is_article_22(statute) => {
            let message = "art. 22 says when authorities may look up, not who shall look what up: it enables no purpose \
                           on its own, least of all “other administration”";
            findings.add(at, LintRule::R4, message);
        }
        Some(_) => {}
    }
    if purpose.duty.is_none() {
        findings.add(
            at,
            LintRule::R4,
            "an enabled purpose says who shall look what up, as its statute has it (`duty`)",
        );
    }
    if purpose.items.is_empty() {
        findings.add(at, LintRule::R4, "an enabled purpose names its items (`items`)");
    }
    if purpose.askers.is_empty() {
        findings.add(at, LintRule::R4, "an enabled purpose names who may ask (`askers`)");
    }
    if purpose.matter.is_none() {
        let message = "an enabled purpose says which matter numbers it is asked under (`matter`)";
        findings.add(at, LintRule::R4, message);
    }
    if purpose.close_within_days == 0 || purpose.close_within_days > CLOSE_WITHIN_DAYS_MAX {
        let message =
            format!("a look-up is closed within 1 to {CLOSE_WITHIN_DAYS_MAX} working days (`close_within_days`)");
        findings.add(at, LintRule::R4, message);
    }
}

fn is_article_22(statute: &LegalBasis) -> bool {
    statute.document.contains("山东省社会信用条例") && statute.article.contains("第二十二条")
}

pub(crate) fn field_of_life(code: Option<&String>, catalogue: &Catalogue, at: &At, findings: &mut Findings) {
    if let Some(code) = code.filter(|code| !catalogue.fields_of_life.contains_key(*code)) {
        findings.add(
            at,
            LintRule::Form,
            format!("field of life `{code}` is not in fields-of-life.toml"),
        );
    }
}
