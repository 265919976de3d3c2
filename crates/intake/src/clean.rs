//! A row, cell by cell, to its verdict. Every fault of a row is found, not only the first.

use std::borrow::Cow;

use domain::catalogue::{BreachClass, Catalogue, FieldRole, IntakeEffect, Item};
use domain::record::EncodedContent;
use domain::{Day, DocumentKind, Name, Uscc};

use crate::end::{EndAndClass, Facts, compute};
use crate::fault::Detail;
use crate::identity::{self, Number};
use crate::plan::{CellPlan, Need, Plan};
use crate::recent::Recent;
use crate::value::{CellFault, Known, Value};
use crate::{CleanRow, Cleaned, Fault, FaultCode, HeaderMap, Hold, RawRow, RowOperation, SlipRow, fold, rules, value};

/// What rows are judged against.
#[derive(Debug, Clone, Copy)]
pub struct Context<'a> {
    /// The catalogue that the header was recognised with.
    pub catalogue: &'a Catalogue,
    /// Item of the delivery.
    pub item: &'a Item,
    /// Organisation that delivers.
    pub provider: &'a Uscc,
    /// Day of arrival.
    pub today: Day,
    /// Whether numbers of the synthetic area 370199 are taken.
    pub allow_test_area: bool,
}

/// Cleans the rows of a file. It remembers what it found of texts that come again and again; the verdicts are those of
/// [`clean`].
#[derive(Debug)]
pub struct Cleaner<'a> {
    map: &'a HeaderMap,
    context: &'a Context<'a>,
    /// By cell of the plan.
    cells: Vec<Recent<Known>>,
    /// By scan of the plan: the hits.
    scans: Vec<Recent<Vec<usize>>>,
}

impl<'a> Cleaner<'a> {
    /// For rows under the header that `map` was made from.
    #[must_use]
    pub fn new(map: &'a HeaderMap, context: &'a Context<'a>) -> Self {
        let mut cells = Vec::new();
        cells.resize_with(map.plan.cells.len(), Recent::default);
        let mut scans = Vec::new();
        scans.resize_with(map.plan.scans.len(), Recent::default);
        Self {
            map,
            context,
            cells,
            scans,
        }
    }

    /// Cleans one row.
    #[must_use]
    pub fn clean(&mut self, row: &RawRow) -> Cleaned {
        let draft = Draft::read(row, &self.map.plan, self.context, &mut self.cells);
        judge(draft, &mut self.scans)
    }
}

/// Cleans one row.
#[must_use]
pub fn clean(row: &RawRow, map: &HeaderMap, context: &Context<'_>) -> Cleaned {
    Cleaner::new(map, context).clean(row)
}

fn judge(mut draft: Draft<'_>, scans: &mut [Recent<Vec<usize>>]) -> Cleaned {
    let operation = draft.operation();
    let is_person = draft.check_subject();
    let name = draft.name(is_person);
    let number = draft.number(is_person);
    draft.check_required(is_person);
    if operation == RowOperation::Delete {
        draft.keep_faults_of_delete();
    } else {
        draft.check_days();
    }
    let hold = draft.apply_rules(&number, is_person, operation, scans);
    draft.conclude(operation, name, number, hold)
}

/// A row on its way: its values by slot, and what was found wrong.
pub(crate) struct Draft<'r> {
    pub(crate) row: &'r RawRow,
    pub(crate) plan: &'r Plan,
    pub(crate) context: &'r Context<'r>,
    pub(crate) values: Vec<Value<'r>>,
    pub(crate) faults: Vec<Fault>,
    /// Faults that do not refuse the row.
    warnings: Vec<Fault>,
    /// What the rules that hold ask, for a row that is kept.
    questions: Vec<Fault>,
    withheld: Vec<usize>,
}

/// Roles that a row with 删除 needs; the rest of it is not looked at.
const NEEDED_TO_DELETE: [FieldRole; 8] = [
    FieldRole::PersonName,
    FieldRole::DocumentKind,
    FieldRole::DocumentNumber,
    FieldRole::DocumentNo,
    FieldRole::OrganName,
    FieldRole::OrganCode,
    FieldRole::DecisionDay,
    FieldRole::RowOperation,
];

impl<'r> Draft<'r> {
    fn read(row: &'r RawRow, plan: &'r Plan, context: &'r Context<'r>, recent: &mut [Recent<Known>]) -> Self {
        let mut draft = Self {
            row,
            plan,
            context,
            values: Vec::with_capacity(plan.cells.len()),
            faults: Vec::new(),
            warnings: Vec::new(),
            questions: Vec::new(),
            withheld: Vec::new(),
        };
        let is_suspect = value::is_suspect(row.text());
        for ((slot, cell), recent) in plan.cells.iter().enumerate().zip(recent) {
            let read = value::read(row, cell, plan, is_suspect, &context.catalogue.organisations, recent);
            draft.values.push(read.value);
            if let Some(CellFault { code, detail }) = read.fault {
                draft.fault(slot, code, detail);
            }
            if read.names_others {
                draft.withheld.push(slot);
                let fault = draft.fault_at(slot, FaultCode::E16, Detail::General);
                draft.warnings.push(fault);
            }
        }
        if (plan.columns..row.len()).any(|column| !fold::trim(row.cell(column)).is_empty()) {
            let column = u32::try_from(plan.columns + 1).ok();
            let fault = Fault::new(row.line(), column, None, FaultCode::E03);
            draft.faults.push(Fault {
                detail: Detail::CellsBeyondHeader,
                ..fault
            });
        }
        draft
    }

    pub(crate) fn value(&self, slot: Option<usize>) -> &Value<'r> {
        slot.and_then(|slot| self.values.get(slot)).unwrap_or(&Value::Empty)
    }

    fn with(&self, role: FieldRole) -> &Value<'r> {
        self.value(self.plan.slot(role))
    }

    fn cell(&self, slot: usize) -> Option<&'r CellPlan> {
        self.plan.cells.get(slot)
    }

    pub(crate) fn fault_at(&self, slot: usize, code: FaultCode, detail: Detail) -> Fault {
        let cell = self.cell(slot);
        Fault {
            line: self.row.line(),
            column: cell.map(|cell| cell.column_no),
            header: cell.map(|cell| cell.header.clone()),
            code,
            rule: None,
            detail,
        }
    }

    pub(crate) fn fault(&mut self, slot: usize, code: FaultCode, detail: Detail) {
        let fault = self.fault_at(slot, code, detail);
        self.faults.push(fault);
    }

    /// A fault at the column with `role`, or at the row if the file has none.
    fn fault_with(&mut self, role: FieldRole, code: FaultCode, detail: Detail) {
        match self.plan.slot(role) {
            Some(slot) => self.fault(slot, code, detail),
            None => self.faults.push(Fault {
                detail,
                ..Fault::new(self.row.line(), None, None, code)
            }),
        }
    }

    fn operation(&mut self) -> RowOperation {
        match self.with(FieldRole::RowOperation) {
            Value::Operation(operation) => *operation,
            _ => RowOperation::New,
        }
    }

    /// Whether the row is about a person. A decision against an organisation or 个体工商户 never touches a person's file
    /// (R2). What the catalogue's rules say of the subject is said in their words, the rest is floor.
    fn check_subject(&mut self) -> bool {
        let category = self.plan.slot(FieldRole::SubjectCategory);
        let is_other = match self.value(category) {
            Value::Code(value) => self.code_text(category, *value).is_some_and(|text| text != "自然人"),
            Value::Text(text) => text != "自然人",
            _ => false,
        };
        if is_other {
            let is_ruled = self.plan.rules.iter().any(|rule| {
                rule.is_about_subject && rule.effect == IntakeEffect::Refuse && rules::fits(rule, self, &[], None)
            });
            if !is_ruled {
                self.fault_with(FieldRole::SubjectCategory, FaultCode::E13, Detail::NotAPerson);
            }
            return false;
        }
        let number = self.plan.slot(FieldRole::DocumentNumber);
        // Lists of persons and organisations, such as the courts', have the organisation's code in the number's place.
        let is_code = |value: &Value<'_>| matches!(value, Value::Text(text) if identity::is_organisation(text));
        for slot in [self.plan.subject_code, number].into_iter().flatten() {
            if is_code(self.value(Some(slot))) {
                self.fault(slot, FaultCode::E13, Detail::NotAPerson);
                return false;
            }
        }
        true
    }

    pub(crate) fn code_text(&self, slot: Option<usize>, value: u16) -> Option<&'r str> {
        let cell = slot.and_then(|slot| self.cell(slot))?;
        cell.table()
            .and_then(|table| self.plan.table(table))
            .map(|table| table.text(value))
    }

    fn name(&mut self, is_person: bool) -> Option<Name> {
        let Value::Text(text) = self.with(FieldRole::PersonName) else {
            return None;
        };
        match Name::parse(text) {
            Ok(name) => Some(name),
            Err(_) if !is_person => None,
            Err(fault) => {
                let (code, detail) = identity::name_fault(fault);
                self.fault_with(FieldRole::PersonName, code, detail);
                None
            }
        }
    }

    fn number(&mut self, is_person: bool) -> Number {
        let kind = match self.with(FieldRole::DocumentKind) {
            Value::Kind(kind) => *kind,
            // The column must be filled and is not: the number cannot be judged.
            Value::Empty
                if self
                    .plan
                    .cell_with(FieldRole::DocumentKind)
                    .is_some_and(CellPlan::is_always_needed) =>
            {
                return Number::Unknown;
            }
            // No such column, or an optional one left empty: the standards then mean the identity number.
            Value::Empty => DocumentKind::ResidentId,
            _ => return Number::Unknown,
        };
        let Value::Text(text) = self.with(FieldRole::DocumentNumber) else {
            return Number::Unknown;
        };
        if !is_person {
            return Number::Unknown;
        }
        match identity::read_number(kind, text, self.context) {
            Ok(document) => Number::Good(document),
            Err(fault) => {
                let is_slip = fault.is_slip;
                let number = text.to_string();
                self.fault_with(FieldRole::DocumentNumber, fault.code, fault.detail);
                if is_slip {
                    Number::Slip { kind, number }
                } else {
                    Number::Unknown
                }
            }
        }
    }

    fn check_required(&mut self, is_person: bool) {
        for slot in 0..self.plan.cells.len() {
            let Some(cell) = self.cell(slot) else { continue };
            let is_of_person = matches!(
                cell.role,
                FieldRole::PersonName | FieldRole::DocumentKind | FieldRole::DocumentNumber
            );
            if !matches!(self.value(Some(slot)), Value::Empty) || (is_of_person && !is_person) {
                continue;
            }
            let is_needed = match &cell.need {
                Need::Never => false,
                Need::Always => true,
                Need::When(test) => rules::contains(test, self, None),
            };
            if is_needed {
                self.fault(slot, FaultCode::E02, Detail::General);
            }
        }
        for absent in &self.plan.absent {
            if rules::contains(&absent.when, self, None) {
                self.faults.push(Fault::new(
                    self.row.line(),
                    None,
                    Some(absent.header.clone()),
                    FaultCode::E02,
                ));
            }
        }
    }

    fn check_days(&mut self) {
        let today = self.context.today;
        for role in [FieldRole::DecisionDay, FieldRole::ActEndDay] {
            let is_future = match self.with(role) {
                Value::Day(day) => *day > today,
                Value::NoEnd => true,
                _ => false,
            };
            if is_future {
                self.fault_with(role, FaultCode::E09, Detail::InFuture);
            }
        }
        for slot in 0..self.plan.cells.len() {
            let Some((other, label)) = self.cell(slot).and_then(|cell| cell.not_before.as_ref()) else {
                continue;
            };
            if let (Value::Day(day), Value::Day(start)) = (self.value(Some(slot)), self.value(Some(*other)))
                && day < start
            {
                self.fault(slot, FaultCode::E09, Detail::TooEarly { than: label.clone() });
            }
        }
        if let Some(decision) = self.day(FieldRole::DecisionDay)
            && decision <= today
            && !self.context.item.is_in_force(decision)
        {
            self.fault_with(FieldRole::DecisionDay, FaultCode::E11, Detail::General);
        }
    }

    pub(crate) fn day(&self, role: FieldRole) -> Option<Day> {
        match self.with(role) {
            Value::Day(day) => Some(*day),
            _ => None,
        }
    }

    /// E13 faults, and the rules that hold with what they ask.
    fn apply_rules(
        &mut self,
        number: &Number,
        is_person: bool,
        operation: RowOperation,
        scans: &mut [Recent<Vec<usize>>],
    ) -> Option<Hold> {
        let hits = rules::scan(self, scans);
        // The floor has said that it is no person's row, or nothing is taken in: only the subject is of interest then.
        let only_subject = !is_person || operation == RowOperation::Delete;
        let plan = self.plan;
        let mut hold: Option<Hold> = None;
        for planned in &plan.rules {
            let Some(rule) = self.context.catalogue.intake_rules.get(planned.index) else {
                continue;
            };
            let is_asked = rule.is_in_force(self.context.today) && (!only_subject || planned.is_about_subject);
            let is_of_repair = planned.effect == IntakeEffect::NoRepair;
            if !is_asked || is_of_repair || !rules::fits(planned, self, &hits, Some(number)) {
                continue;
            }
            let fault = rules::fault(self, planned, &hits, rule);
            if planned.effect == IntakeEffect::Refuse {
                self.faults.push(fault);
                continue;
            }
            self.questions.push(fault);
            match &mut hold {
                Some(hold) => hold.also.push(rule.id.clone()),
                none => {
                    *none = Some(Hold {
                        rule: rule.id.clone(),
                        also: Vec::new(),
                    });
                }
            }
        }
        hold
    }

    fn conclude(mut self, operation: RowOperation, name: Option<Name>, number: Number, hold: Option<Hold>) -> Cleaned {
        let decision = self.day(FieldRole::DecisionDay);
        let ending = decision.and_then(|decision| self.ending(decision, hold.is_some(), operation));
        let is_slip = matches!(number, Number::Slip { .. });
        // A slip's own fault is the only one that a human can mend.
        let is_clean = self.faults.len() == usize::from(is_slip);
        let (Some(name), Some(EndAndClass { end, class }), Some(decision), true) = (name, ending, decision, is_clean)
        else {
            return self.refused();
        };
        let line = self.row.line();
        let fact_key = self.fact_key();
        let mut faults = self.faults;
        faults.append(&mut self.warnings);
        if operation != RowOperation::Delete {
            faults.append(&mut self.questions);
        }
        faults.sort_by_key(|fault| fault.column.unwrap_or(u32::MAX));
        match number {
            Number::Good(document) => {
                let content = content(self.plan, &self.values, &self.withheld);
                let row = CleanRow {
                    line,
                    operation,
                    document,
                    name,
                    content,
                    fact_key,
                    class,
                    end,
                    decision,
                    hold,
                };
                Cleaned::Row(Box::new(row), faults)
            }
            Number::Slip { kind, number } => {
                let content = content(self.plan, &self.values, &self.withheld);
                let row = SlipRow {
                    line,
                    operation,
                    kind,
                    number,
                    name,
                    content,
                    fact_key,
                    class,
                    end,
                    decision,
                    hold,
                };
                Cleaned::Slip(Box::new(row), faults)
            }
            Number::Unknown => Cleaned::Refused(faults),
        }
    }

    fn refused(mut self) -> Cleaned {
        self.faults.append(&mut self.warnings);
        if self.faults.is_empty() {
            // Nothing was found wrong and yet something that every row needs is not there: the item's data standard
            // lacks a column for it. Refuse rather than guess.
            self.faults
                .push(Fault::new(self.row.line(), None, None, FaultCode::E02));
        }
        self.faults.sort_by_key(|fault| fault.column.unwrap_or(u32::MAX));
        Cleaned::Refused(self.faults)
    }

    /// Nothing of the row is stored: only what finds the record matters, and whose it is.
    fn keep_faults_of_delete(&mut self) {
        let plan = self.plan;
        self.faults.retain(|fault| {
            let is_needed =
                |cell: &CellPlan| Some(cell.column_no) == fault.column && NEEDED_TO_DELETE.contains(&cell.role);
            matches!(fault.detail, Detail::NotAPerson | Detail::CellsBeyondHeader) || plan.cells.iter().any(is_needed)
        });
        self.warnings.clear();
    }

    /// End and class; E14 if that end is over.
    fn ending(&mut self, decision: Day, is_held: bool, operation: RowOperation) -> Option<EndAndClass> {
        let kinds = match self.with(FieldRole::PenaltyKind) {
            Value::Codes(values) => {
                let slot = self.plan.slot(FieldRole::PenaltyKind);
                values
                    .iter()
                    .filter_map(|value| self.code_text(slot, *value))
                    .collect::<Vec<_>>()
                    .join(" ")
            }
            other => self.text_of(FieldRole::PenaltyKind, other).to_owned(),
        };
        let is_unread = |role: FieldRole| matches!(self.with(role), Value::Bad(_));
        let facts = Facts {
            decision,
            act_end: self.day(FieldRole::ActEndDay),
            valid_to: self.day(FieldRole::ValidTo),
            class: BreachClass::parse(self.text_of(FieldRole::BreachClass, self.with(FieldRole::BreachClass))),
            penalty_kinds: &kinds,
            fine: match self.with(FieldRole::FineAmount) {
                Value::Text(amount) => Some(amount),
                _ => None,
            },
            // A cell that could not be read says nothing of the class, so no end is drawn from an assumed one.
            is_held: is_held
                || is_unread(FieldRole::BreachClass)
                || is_unread(FieldRole::PenaltyKind)
                || is_unread(FieldRole::FineAmount),
        };
        let context = self.context;
        let Ok((computed, by)) = compute(context.catalogue, context.item, &facts, context.today) else {
            self.fault_with(FieldRole::DecisionDay, FaultCode::E09, Detail::NotADay);
            return None;
        };
        if computed.end < context.today && operation != RowOperation::Delete {
            // Where the field that decided is empty, the decision stood in for it.
            let role = if matches!(self.with(by), Value::Empty) {
                FieldRole::DecisionDay
            } else {
                by
            };
            self.fault_with(role, FaultCode::E14, Detail::General);
        }
        Some(computed)
    }

    pub(crate) fn text_of<'v>(&'v self, role: FieldRole, value: &'v Value<'r>) -> &'v str {
        match value {
            Value::Text(text) => text,
            Value::Code(code) => self.code_text(self.plan.slot(role), *code).unwrap_or_default(),
            _ => "",
        }
    }

    /// Item, document number and organ. The organ's code where it is known, whichever of code and name the row gives.
    fn fact_key(&self) -> String {
        let organisations = &self.context.catalogue.organisations;
        let code = match self.with(FieldRole::OrganCode) {
            Value::Text(code) => Some(code.as_ref()),
            _ => None,
        };
        let name = self.text_of(FieldRole::OrganName, self.with(FieldRole::OrganName));
        let named = |name: &str| {
            let organ = organisations.values().find(|organ| organ.name.zh == name)?;
            Some(Cow::Borrowed(organ.uscc.as_str()))
        };
        let organ = code.map(Cow::Borrowed).or_else(|| named(name)).unwrap_or_else(|| {
            let folded = fold::value(name);
            named(&folded).unwrap_or(Cow::Owned(folded))
        });
        let number = self.text_of(FieldRole::DocumentNo, self.with(FieldRole::DocumentNo));
        [self.context.item.id.as_str(), &fold::document_key(number), &organ].join("\u{1f}")
    }
}

/// The values to store, in the order of their codes.
fn content(plan: &Plan, values: &[Value<'_>], withheld: &[usize]) -> EncodedContent {
    let mut fields = Vec::with_capacity(values.len());
    let mut hidden = Vec::new();
    // The plan's cells are in the order of their codes.
    let stored = plan.cells.iter().zip(values).enumerate();
    for (slot, (cell, value)) in stored.filter(|(_, (cell, _))| cell.is_stored) {
        if withheld.contains(&slot) {
            hidden.push(&cell.code);
        } else if let Some(text) = value.text(cell, plan) {
            fields.push((&cell.code, text));
        }
    }
    EncodedContent::new(&plan.version, &fields, &hidden)
}
