//! Plants dirt in a row, and writes down what must come of it.

use domain::catalogue::{FieldRole, FieldSpec, Format, Required};
use domain::{DocumentKind, Uscc};

use crate::SynthError;
use crate::cells::{Column, DayForm, Organ, push_day, write_cells};
use crate::city::Resident;
use crate::dirt::Plant;
use crate::fact::{Fact, FactPlan, out_of_range};
use crate::stream::Stream;
use crate::truth::{ExpectedFault, Outcome};

mod canary;
mod person;
mod rule;

pub(crate) use canary::{canary_of, plant_canary};
use person::wrong_check;

/// A row in the making.
#[derive(Clone)]
pub(crate) struct Draft {
    pub fact: Fact,
    pub cells: Vec<String>,
    pub form: DayForm,
    pub outcome: Outcome,
    pub faults: Vec<ExpectedFault>,
    pub explanation: &'static str,
}

/// What plants need to know of the file.
pub(crate) struct Bed<'a> {
    pub plan: FactPlan<'a>,
    pub columns: Vec<Column<'a>>,
    pub organ: Organ<'a>,
    /// Whether the file lacks a column without which no row can be judged (R7).
    pub is_all_held: bool,
}

fn set(draft: &mut Draft, at: usize, text: &str) {
    if let Some(cell) = draft.cells.get_mut(at) {
        cell.clear();
        cell.push_str(text);
    }
}

fn push(draft: &mut Draft, at: usize, text: &str) {
    if let Some(cell) = draft.cells.get_mut(at) {
        cell.push_str(text);
    }
}

impl Bed<'_> {
    /// A clean row of this fact, in the memory of the row before.
    pub(crate) fn draft(&self, fact: Fact, form: DayForm, mut cells: Vec<String>) -> Draft {
        write_cells(&self.columns, self.organ, &fact, form, &mut cells);
        let outcome = if self.is_all_held {
            Outcome::Held
        } else {
            Outcome::Recorded
        };
        Draft {
            fact,
            cells,
            form,
            outcome,
            faults: Vec::new(),
            explanation: "",
        }
    }

    fn rewrite(&self, draft: &mut Draft) {
        write_cells(&self.columns, self.organ, &draft.fact, draft.form, &mut draft.cells);
    }

    pub(crate) fn at(&self, role: FieldRole) -> Option<usize> {
        self.columns.iter().position(|column| column.has(role))
    }

    fn header(&self, at: usize) -> &str {
        self.columns
            .get(at)
            .map(|column| column.layout_header)
            .unwrap_or_default()
    }

    /// Plants `plant`; `false`, with the row as it was, if this file cannot show it.
    pub(crate) fn plant(&self, plant: Plant, draft: &mut Draft, stream: &mut Stream) -> Result<bool, SynthError> {
        use Plant as P;
        Ok(match plant {
            P::RequiredEmpty | P::FineMissing | P::TooLong | P::NotANumber | P::BadCode | P::OrganCheck => {
                self.plant_in_cell(plant, draft, stream)
            }
            P::DayOrder | P::NotADay => self.plant_in_cell(plant, draft, stream),
            P::SeveralFaults => self.several(draft, stream),
            P::CheckFails | P::NumberShape | P::BadBirthDay | P::BadArea => self.bad_number(plant, draft, stream)?,
            P::FutureDecision | P::BeforeInForce | P::ClassOver | P::ActLongAgo => {
                self.bad_days(plant, draft, stream)?
            }
            P::UnknownOrgan => self.unknown_organ(draft, stream),
            P::PublicSecurityFlag => self.refused_text(FieldRole::PublicSecurity, "是", draft),
            P::PublicSecurityBasis => {
                self.plan.item.id.as_str() == "ITM-PENALTY"
                    && self.refused_text(
                        FieldRole::PenaltyBasis,
                        "《中华人民共和国治安管理处罚法》第五十一条",
                        draft,
                    )
            }
            P::SummaryProcedure => self.refused_text(FieldRole::Procedure, "简易程序", draft),
            P::OrganisationRow => {
                let category = stream.pick(&["法人及非法人组织", "个体工商户"]);
                self.refused_text(FieldRole::SubjectCategory, category, draft)
            }
            P::ForbiddenText => self.forbidden_text(draft, stream),
            P::Minor => self.minor(draft, stream)?,
            P::ItemRefusal => self.item_refusal(draft),
            P::ItemHold => self.item_hold(draft),
            P::UnknownNumber => self.stranger(draft, stream)?,
            P::MissingProcedure => self.held_empty(FieldRole::Procedure, draft),
            P::MissingClass => self.held_empty(FieldRole::BreachClass, draft),
            P::MissingActEnd => self.held_empty(FieldRole::ActEndDay, draft),
            P::SmallFine => self.small_fine(draft),
            P::NameVariant | P::NameChange | P::NameDiffers => self.bad_name(plant, draft, stream)?,
            P::CheckSlip | P::Transposition | P::Legacy15 => self.slip(plant, draft, stream)?,
            P::OtherNumber | P::OtherTelephone | P::OtherName => {
                let other = self
                    .plan
                    .search(stream, |person| person.kind == DocumentKind::ResidentId)?;
                self.other_person(plant, &other, draft, stream)
            }
            P::DeleteUnknown => self.delete_unknown(draft),
            // These look at earlier rows; the file plants them.
            P::Repeat | P::Correction | P::Withdrawal | P::AfterWithdrawal => false,
        })
    }

    fn refuse(&self, draft: &mut Draft, code: &str, at: Option<usize>) {
        draft.outcome = Outcome::Refused;
        let header = at.map(|at| self.header(at).to_owned()).unwrap_or_default();
        draft.faults.push(ExpectedFault {
            code: code.to_owned(),
            header,
        });
        draft.faults.sort();
    }

    /// Columns for which `fits` holds, one of them drawn.
    fn any(&self, stream: &mut Stream, fits: impl Fn(&Column<'_>, &FieldSpec) -> bool) -> Option<usize> {
        let fitting: Vec<usize> = self
            .columns
            .iter()
            .enumerate()
            .filter(|(_, column)| column.spec.is_some_and(|spec| fits(column, spec)))
            .map(|(at, _)| at)
            .collect();
        if fitting.is_empty() {
            None
        } else {
            Some(stream.pick(&fitting))
        }
    }

    /// Faults that one cell shows by itself.
    fn plant_in_cell(&self, plant: Plant, draft: &mut Draft, stream: &mut Stream) -> bool {
        let (at, code, text) = match plant {
            Plant::RequiredEmpty => {
                // Without a kind the number is read as that of a resident identity card.
                let is_card = draft.fact.person.kind == DocumentKind::ResidentId;
                let at = self.any(stream, |column, spec| {
                    !column.is_extension
                        && spec.required == Required::Always
                        && (is_card || spec.role != FieldRole::DocumentKind)
                });
                (at, "E02", String::new())
            }
            Plant::FineMissing if draft.fact.fine_yuan > 0 => {
                // Only a column of the template can be required.
                let at = self
                    .at(FieldRole::FineAmount)
                    .filter(|at| self.columns.get(*at).is_some_and(|c| !c.is_extension));
                (at, "E02", String::new())
            }
            Plant::TooLong => {
                let at = self.any(stream, |_, spec| max_chars(spec).is_some());
                let max = at
                    .and_then(|at| self.columns.get(at))
                    .and_then(|column| column.spec)
                    .and_then(max_chars);
                (at, "E03", "超".repeat(max.unwrap_or_default() + 1))
            }
            Plant::NotANumber => {
                let at = self.any(stream, |_, spec| matches!(spec.format, Format::Number { .. }));
                (
                    at,
                    "E03",
                    stream.pick(&["若干", "12.5.1", "1234567890123456789"]).to_owned(),
                )
            }
            Plant::BadCode => {
                let at = self.any(stream, |_, spec| spec.code_list.is_some());
                (at, "E04", "无此代码".to_owned())
            }
            Plant::OrganCheck => {
                let at = self.any(stream, |_, spec| {
                    matches!(spec.role, FieldRole::OrganCode | FieldRole::SourceCode)
                });
                (at, "E08", wrong_check(self.organ.code))
            }
            Plant::NotADay => {
                let at = self.any(stream, |_, spec| spec.format == Format::Day);
                (
                    at,
                    "E09",
                    stream.pick(&["2026/02/30", "2026-13-01", "待定", "26年3月"]).to_owned(),
                )
            }
            Plant::DayOrder => return self.day_order(draft, stream),
            _ => (None, "", String::new()),
        };
        let Some(at) = at else { return false };
        set(draft, at, &text);
        self.refuse(draft, code, Some(at));
        true
    }

    fn day_order(&self, draft: &mut Draft, stream: &mut Stream) -> bool {
        let Some(at) = self.any(stream, |_, spec| {
            spec.not_before.is_some() && spec.role != FieldRole::DecisionDay
        }) else {
            return false;
        };
        let Some(before) = self
            .columns
            .get(at)
            .and_then(|column| column.spec)
            .and_then(|spec| spec.not_before.as_ref())
        else {
            return false;
        };
        // The other day must be in the file; all such days lie within a year of the decision.
        if !self
            .columns
            .iter()
            .any(|column| column.spec.is_some_and(|spec| &spec.code == before))
        {
            return false;
        }
        let Ok(early) = draft.fact.decision.plus_days(-stream.between(700, 800)) else {
            return false;
        };
        let mut text = String::new();
        push_day(&mut text, early, draft.form);
        set(draft, at, &text);
        self.refuse(draft, "E09", Some(at));
        if self
            .columns
            .get(at)
            .is_some_and(|column| column.has(FieldRole::ValidTo))
        {
            // A stated end in the past also ends the record.
            self.refuse(draft, "E14", Some(at));
        }
        true
    }

    /// Two or three faults, each in a column of its own.
    fn several(&self, draft: &mut Draft, stream: &mut Stream) -> bool {
        let plants = [
            Plant::RequiredEmpty,
            Plant::TooLong,
            Plant::NotANumber,
            Plant::NotADay,
            Plant::OrganCheck,
        ];
        let mut planted = 0;
        for plant in plants {
            if !stream.chance(6_000) {
                continue;
            }
            let mut attempt = draft.clone();
            if self.plant_in_cell(plant, &mut attempt, stream) && has_distinct_columns(&attempt.faults) {
                *draft = attempt;
                planted += 1;
            }
        }
        planted > 0
    }

    fn bad_days(&self, plant: Plant, draft: &mut Draft, stream: &mut Stream) -> Result<bool, SynthError> {
        let today = self.plan.city.today();
        let ago = |months: i32| today.plus_months(-months).map_err(out_of_range);
        match plant {
            Plant::FutureDecision => {
                draft.fact.decision = today.plus_days(stream.between(2, 60)).map_err(out_of_range)?;
                draft.fact.from = draft.fact.decision;
                draft.fact.to = None;
                self.rewrite(draft);
                self.refuse(draft, "E09", self.at(FieldRole::DecisionDay));
            }
            Plant::BeforeInForce => {
                // An adverse record that old is over as well, and would say so.
                if self.plan.item.is_adverse() || !self.can_state_its_end() {
                    return Ok(false);
                }
                draft.fact.decision = self
                    .plan
                    .item
                    .in_force_from
                    .plus_days(-stream.between(1, 300))
                    .map_err(out_of_range)?;
                draft.fact.from = draft.fact.decision;
                draft.fact.to = Some(today.plus_days(400).map_err(out_of_range)?);
                self.rewrite(draft);
                self.refuse(draft, "E11", self.at(FieldRole::DecisionDay));
            }
            Plant::ClassOver | Plant::ActLongAgo => {
                let (Some(class), Some(act_end)) = (self.at(FieldRole::BreachClass), self.at(FieldRole::ActEndDay))
                else {
                    return Ok(false);
                };
                let is_class = plant == Plant::ClassOver;
                if is_class {
                    draft.fact.decision = ago(stream.between(38, 50))?;
                }
                draft.fact.act_end = if is_class {
                    draft.fact.decision
                } else {
                    ago(stream.between(61, 90))?
                };
                self.rewrite(draft);
                // The fault lies where the clock is that ran out.
                self.refuse(draft, "E14", Some(if is_class { class } else { act_end }));
            }
            _ => return Ok(false),
        }
        Ok(true)
    }

    fn can_state_its_end(&self) -> bool {
        matches!(
            self.plan.item.end_rule,
            domain::catalogue::EndRule::ValidToOrReview { .. }
        ) && self.at(FieldRole::ValidTo).is_some()
    }

    fn unknown_organ(&self, draft: &mut Draft, stream: &mut Stream) -> bool {
        let Some(at) = self.at(FieldRole::OrganCode) else {
            return false;
        };
        let organisation = format!("MB99{:04}", 7_000 + stream.below(900));
        let Ok(code) = Uscc::compose("11", "370199", &organisation) else {
            return false;
        };
        if self.plan.catalogue.organisations.contains_key(&code) {
            return false;
        }
        set(draft, at, code.as_str());
        self.refuse(draft, "E10", Some(at));
        true
    }

    /// A free-text column that has room for an addition.
    pub(crate) fn free_text(&self, stream: &mut Stream) -> Option<usize> {
        self.any(stream, |_, spec| {
            spec.role == FieldRole::FreeText
                && spec.code_list.is_none()
                && matches!(spec.format, Format::TextMax(max) if max >= 200)
        })
    }

    /// Puts `other` into free text; the row is kept, the text withheld (E16).
    pub(crate) fn other_person(&self, plant: Plant, other: &Resident, draft: &mut Draft, stream: &mut Stream) -> bool {
        let Some(at) = self.free_text(stream) else { return false };
        let (word, value) = match plant {
            Plant::OtherNumber => ("，同案人员证件号码", &other.number),
            Plant::OtherTelephone => ("，联系电话", &other.telephone),
            _ => ("，受害人：", &other.name),
        };
        push(draft, at, word);
        push(draft, at, value);
        draft.faults.push(ExpectedFault {
            code: "E16".to_owned(),
            header: self.header(at).to_owned(),
        });
        true
    }

    fn delete_unknown(&self, draft: &mut Draft) -> bool {
        let Some(at) = self.at(FieldRole::RowOperation) else {
            return false;
        };
        set(draft, at, "2");
        self.refuse(draft, "E15", Some(at));
        true
    }
}

fn has_distinct_columns(faults: &[ExpectedFault]) -> bool {
    faults
        .iter()
        .zip(faults.iter().skip(1))
        .all(|(a, b)| a.header != b.header)
        && faults
            .iter()
            .all(|a| faults.iter().filter(|b| a.header == b.header).count() == 1)
}

/// Characters that a plain text field takes at most, if a longer text is that fault and no other.
fn max_chars(spec: &FieldSpec) -> Option<usize> {
    let is_plain = matches!(
        spec.role,
        FieldRole::Plain | FieldRole::FreeText | FieldRole::DocumentNo | FieldRole::OrganName
    );
    match spec.format {
        Format::TextMax(max) if is_plain && spec.code_list.is_none() && max <= 600 => usize::try_from(max).ok(),
        _ => None,
    }
}
