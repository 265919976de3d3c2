//! Intake rules and dropped columns: their form, and those that no catalogue may lack (R2, R7).

use std::collections::BTreeSet;

use domain::catalogue::{Catalogue, Condition, FieldRole, IntakeEffect, IntakeRule, Item};

use super::words;
use crate::assemble::parts::role_word;
use crate::finding::{At, Findings, LintRule};
use crate::fold::fold_value;

const RULES: &str = "intake-rules.toml";
const DROPPED: &str = "dropped-columns.toml";

pub(crate) fn lint(catalogue: &Catalogue, findings: &mut Findings) {
    let mut ids = BTreeSet::new();
    for rule in &catalogue.intake_rules {
        let at = At::new(RULES, rule.id.as_str());
        if !ids.insert(&rule.id) {
            findings.add(&at, LintRule::Form, "the same id stands here twice");
        }
        for id in rule.items.iter().filter(|id| !catalogue.items.contains_key(*id)) {
            findings.add(&at, LintRule::Form, format!("unknown item `{id}`"));
        }
        for condition in &rule.conditions {
            reaches(rule, condition, catalogue, &at, findings);
            if !is_shown(condition, rule) {
                findings.add(
                    &at,
                    LintRule::Form,
                    "its `example` does not satisfy each of its conditions",
                );
            }
        }
    }
    for dropped in &catalogue.dropped_columns {
        if !ids.insert(&dropped.id) {
            findings.add(
                &At::new(DROPPED, dropped.id.as_str()),
                LintRule::Form,
                "the same id stands here twice",
            );
        }
    }
    floor(catalogue, findings);
}

/// Whether the rule's example satisfies the condition. What it leaves as a correct row has it satisfies none on texts but
/// `contains_none`; ages are tried by the number.
fn is_shown(condition: &Condition, rule: &IntakeRule) -> bool {
    let cell = |role: &FieldRole| rule.example.get(role).map(|text| fold_value(text));
    match condition {
        Condition::Contains(field, texts) => {
            cell(field).is_some_and(|cell| texts.iter().any(|text| cell.contains(&fold_value(text))))
        }
        Condition::ContainsNone(field, texts) => {
            cell(field).is_none_or(|cell| !texts.iter().any(|text| cell.contains(&fold_value(text))))
        }
        Condition::Equals(field, texts) => {
            cell(field).is_some_and(|cell| texts.iter().any(|text| cell == fold_value(text)))
        }
        Condition::Missing(field) => cell(field).is_some_and(|cell| cell.is_empty()),
        Condition::YoungerThan(_) => true,
        Condition::SmallFineWithoutProcedure(_) => {
            cell(&FieldRole::FineAmount).is_some_and(|cell| !cell.is_empty())
                && cell(&FieldRole::Procedure).is_some_and(|cell| cell.is_empty())
        }
    }
}

/// A condition on a role that no bound item has would never fit, and an unknown code neither: both are slips of the pen.
fn reaches(bound_by: &IntakeRule, condition: &Condition, catalogue: &Catalogue, at: &At, findings: &mut Findings) {
    let (Condition::Contains(role, texts) | Condition::ContainsNone(role, texts) | Condition::Equals(role, texts)) =
        condition
    else {
        return;
    };
    let fields: Vec<_> = bound(bound_by, catalogue)
        .filter_map(|item| item.field_with(*role))
        .collect();
    if fields.is_empty() {
        findings.add(
            at,
            LintRule::Form,
            format!("no item that the rule binds has the role `{}`", role_word(*role)),
        );
    }
    if !matches!(condition, Condition::Equals(..)) {
        return;
    }
    let lists: Vec<_> = fields
        .iter()
        .filter_map(|field| field.code_list.as_ref())
        .filter_map(|list| catalogue.code_lists.get(list))
        .collect();
    if lists.is_empty() {
        return;
    }
    for text in texts {
        let folded = fold_value(text);
        let known = lists.iter().copied().flatten().any(|value| {
            [&value.code, &value.text.zh]
                .into_iter()
                .chain(&value.aliases)
                .any(|known| fold_value(known) == folded)
        });
        if !known {
            findings.add(
                at,
                LintRule::Form,
                format!("`{text}` is no value of the role `{}`", role_word(*role)),
            );
        }
    }
}

/// The items that a rule binds.
fn bound<'a>(rule: &'a IntakeRule, catalogue: &'a Catalogue) -> impl Iterator<Item = &'a Item> {
    catalogue.items.values().filter(|item| rule.binds(item))
}

/// A rule that every catalogue has.
struct Needed {
    rule: LintRule,
    effect: IntakeEffect,
    fits: fn(&[Condition]) -> bool,
    /// The role that makes an item subject to it; none: every adverse item.
    role: Option<FieldRole>,
    what: &'static str,
    article: &'static str,
}

/// Under eighteen; who is of full capacity by own work may be left to a human (民法典 art. 18).
fn under_eighteen(conditions: &[Condition]) -> bool {
    match conditions {
        [Condition::YoungerThan(years)]
        | [
            Condition::YoungerThan(years),
            Condition::ContainsNone(FieldRole::SelfSupporting, _),
        ] => *years >= 18,
        _ => false,
    }
}

fn under_sixteen(conditions: &[Condition]) -> bool {
    match conditions {
        [Condition::YoungerThan(years)]
        | [
            Condition::YoungerThan(years),
            Condition::Equals(FieldRole::SelfSupporting, _),
        ] => *years >= 16,
        _ => false,
    }
}

fn texts_have(texts: &[String], text: &str) -> bool {
    texts.iter().any(|known| known == text)
}

const NEEDED: [Needed; 11] = [
    Needed {
        rule: LintRule::R2,
        effect: IntakeEffect::Refuse,
        fits: |c| {
            matches!(
                c,
                [Condition::Contains(FieldRole::PenaltyBasis, t)] if texts_have(t, "治安管理处罚法")
            )
        },
        role: Some(FieldRole::PenaltyKind),
        what: "public-security penalties, by the statute cited",
        article: "治安管理处罚法 第一百三十六条",
    },
    Needed {
        rule: LintRule::R2,
        effect: IntakeEffect::Refuse,
        fits: |c| {
            matches!(
                c,
                [Condition::Equals(FieldRole::PublicSecurity, t)] if texts_have(t, "是")
            )
        },
        role: Some(FieldRole::PublicSecurity),
        what: "public-security penalties, by their mark",
        article: "治安管理处罚法 第一百三十六条",
    },
    Needed {
        rule: LintRule::R2,
        effect: IntakeEffect::Refuse,
        fits: |c| {
            matches!(
                c,
                [Condition::Equals(FieldRole::Procedure, t)] if texts_have(t, "简易程序")
            )
        },
        role: Some(FieldRole::Procedure),
        what: "penalties by summary procedure",
        article: "山东省社会信用条例 第十三条第二款",
    },
    Needed {
        rule: LintRule::R2,
        effect: IntakeEffect::Refuse,
        fits: |c| {
            matches!(c, [Condition::Equals(FieldRole::SubjectCategory, t)]
                if texts_have(t, "法人及非法人组织") && texts_have(t, "个体工商户"))
        },
        role: Some(FieldRole::SubjectCategory),
        what: "decisions about organisations and individual businesses",
        article: "山东省社会信用条例 第二条",
    },
    Needed {
        rule: LintRule::R2,
        effect: IntakeEffect::Refuse,
        fits: under_eighteen,
        role: None,
        what: "adverse records of persons under eighteen",
        article: "山东省社会信用条例 第二条",
    },
    Needed {
        rule: LintRule::R2,
        effect: IntakeEffect::Refuse,
        fits: under_sixteen,
        role: None,
        what: "adverse records of persons under sixteen, whatever they live on",
        article: "民法典 第十八条; 山东省社会信用条例 第二条",
    },
    Needed {
        rule: LintRule::R2,
        effect: IntakeEffect::Refuse,
        fits: |c| {
            matches!(
                c,
                [Condition::Contains(FieldRole::DocumentNo, t)] if texts_have(t, "刑初")
            )
        },
        role: Some(FieldRole::DocumentNo),
        what: "criminal judgments",
        article: "个人信息保护法 第二十八条",
    },
    Needed {
        rule: LintRule::R2,
        effect: IntakeEffect::Refuse,
        fits: |c| {
            matches!(
                c,
                [Condition::Contains(FieldRole::DocumentNo, t)] if texts_have(t, "不诉")
            )
        },
        role: Some(FieldRole::DocumentNo),
        what: "decisions not to prosecute",
        article: "刑事诉讼法 第十二条",
    },
    Needed {
        rule: LintRule::R7,
        effect: IntakeEffect::Hold,
        fits: |c| matches!(c, [Condition::Missing(FieldRole::Procedure)]),
        role: Some(FieldRole::Procedure),
        what: "rows without a procedure",
        article: "山东省社会信用条例 第十三条第二款",
    },
    Needed {
        rule: LintRule::R7,
        effect: IntakeEffect::Hold,
        fits: |c| matches!(c, [Condition::Missing(FieldRole::BreachClass)]),
        role: Some(FieldRole::BreachClass),
        what: "rows without a class",
        article: "国家发展改革委令第36号",
    },
    Needed {
        rule: LintRule::R7,
        effect: IntakeEffect::Hold,
        fits: |c| matches!(c, [Condition::Missing(FieldRole::ActEndDay)]),
        role: Some(FieldRole::ActEndDay),
        what: "rows without the end of the act",
        article: "山东省社会信用条例 第三十八条",
    },
];

/// What no deployment may leave out: each rule alone, without an end, for every item that it concerns.
fn floor(catalogue: &Catalogue, findings: &mut Findings) {
    let at = At::new(RULES, "rules");
    for needed in &NEEDED {
        let rules: Vec<&IntakeRule> = catalogue
            .intake_rules
            .iter()
            .filter(|rule| rule.effect == needed.effect && rule.valid_to.is_none())
            .filter(|rule| (needed.fits)(&rule.conditions))
            .collect();
        for item in catalogue.items.values() {
            let concerned = match needed.role {
                Some(role) => item.field_with(role).is_some(),
                None => item.is_adverse(),
            };
            let is_bound = rules
                .iter()
                .any(|rule| bound(rule, catalogue).any(|bound| bound.id == item.id));
            if concerned && !is_bound {
                let verb = match needed.effect {
                    IntakeEffect::Refuse => "refuses",
                    IntakeEffect::Hold | IntakeEffect::Review | IntakeEffect::NoRepair => "holds",
                };
                let message = format!("no rule {verb} {} for {}; it cannot be left out", needed.what, item.id);
                findings.cite(&at, needed.rule, message, needed.article);
            }
        }
    }
    let at = At::new(DROPPED, "columns");
    for (word, article) in words::FORBIDDEN_DATA {
        if crate::dropped_by(catalogue, word).is_none() {
            findings.cite(
                &at,
                LintRule::R2,
                format!("no line drops a column `{word}`; it cannot be left out"),
                article,
            );
        }
    }
}
