//! Rows that speak of earlier ones: repeated, corrected, withdrawn.

use domain::catalogue::FieldRole;

use crate::dirt::Plant;
use crate::plant::{Bed, Draft};
use crate::stream::Stream;
use crate::truth::{ExpectedFault, Outcome};

/// Rows whose facts later rows repeat, correct or withdraw.
const REMEMBERED_MAX: usize = 64;
/// Earlier rows of the file.
#[derive(Default)]
pub(crate) struct Memory {
    pub recorded: Vec<Draft>,
    pub withdrawn: Vec<Draft>,
}

pub(crate) fn remember(memory: &mut Vec<Draft>, draft: Draft) {
    if memory.len() == REMEMBERED_MAX {
        memory.remove(0);
    }
    memory.push(draft);
}

/// A row that speaks of an earlier one, if the plant is of that kind, the file can show it, and there is one.
pub(crate) fn from_memory(bed: &Bed<'_>, plant: Plant, memory: &mut Memory, dirt: &mut Stream) -> Option<Draft> {
    let operation = bed.at(FieldRole::RowOperation);
    let set_operation = |draft: &mut Draft, code: &str| {
        if let Some(cell) = operation.and_then(|at| draft.cells.get_mut(at)) {
            code.clone_into(cell);
        }
    };
    let at = dirt.pick_index(&memory.recorded);
    match plant {
        Plant::Repeat => {
            let mut draft = memory.recorded.get(at)?.clone();
            draft.outcome = Outcome::Repeated;
            Some(draft)
        }
        Plant::Correction => {
            let earlier = memory.recorded.get_mut(at)?;
            let mut fact = earlier.fact.clone();
            fact.version += 1;
            *earlier = bed.draft(fact, earlier.form, std::mem::take(&mut earlier.cells));
            let mut draft = earlier.clone();
            draft.outcome = Outcome::Corrected;
            set_operation(&mut draft, "1");
            Some(draft)
        }
        Plant::Withdrawal => {
            operation?;
            if memory.recorded.len() < 4 {
                return None;
            }
            let mut draft = memory.recorded.swap_remove(at);
            remember(&mut memory.withdrawn, draft.clone());
            draft.outcome = Outcome::Withdrawn;
            set_operation(&mut draft, "2");
            Some(draft)
        }
        Plant::AfterWithdrawal => {
            let at = dirt.pick_index(&memory.withdrawn);
            let mut draft = memory.withdrawn.get(at)?.clone();
            draft.outcome = Outcome::Refused;
            let header = bed.columns.get(operation?)?.layout_header.to_owned();
            draft.faults.push(ExpectedFault {
                code: "E15".to_owned(),
                header,
            });
            set_operation(&mut draft, "1");
            Some(draft)
        }
        _ => None,
    }
}
