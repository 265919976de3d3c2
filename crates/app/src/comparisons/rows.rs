//! A row of a batch, checked in form: what is wrong with it is said before anybody is searched for (R12).

use std::collections::HashMap;

use domain::catalogue::Purpose;
use domain::{IdentityDocument, MatterNo, Name, Uscc};

use crate::keys::{self, TagPair};
use crate::look_ups::{LookUpFault, ask};
use crate::{App, AppError};

/// A row as a caller writes it. It has no `Debug`: it holds number and name.
#[derive(Clone)]
pub struct RawRow {
    /// Number of the matter in hand, one of its own for each row.
    pub matter_no: String,
    /// Kind of document: its code or name.
    pub document_kind: String,
    /// Its number.
    pub document_number: String,
    /// Name as in the document.
    pub name: String,
}

/// What is wrong with a row. The others are compared all the same.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct RowFault {
    /// The public code; see `docs/errors.md`.
    pub code: &'static str,
    /// What to do, in one sentence.
    pub detail: &'static str,
}

impl RowFault {
    /// The line is not the documented JSON.
    pub const FORM: Self = Self {
        code: "COMPARE-0101",
        detail: "a line is one JSON object with matter_no, document (kind, number) and name",
    };
    /// The line is too long.
    pub const LONG: Self = Self {
        code: "COMPARE-0102",
        detail: "a line has at most 1,024 bytes",
    };
    /// Another row of the block names the same matter.
    pub(crate) const TWICE: Self = Self {
        code: "COMPARE-0103",
        detail: "each row has a matter number of its own; another row of this block names it",
    };
    /// It was faulty when the block was compared.
    pub(crate) const THEN: Self = Self {
        code: "COMPARE-0104",
        detail: "the row was faulty when its block was compared; send it in a comparison with a key of its own",
    };
    /// No such matter is in hand.
    const NO_MATTER: Self = Self {
        code: "POLICY-0204",
        detail: "no matter of this organisation is in hand",
    };

    const fn of(fault: &LookUpFault) -> Self {
        Self {
            code: fault.code(),
            detail: fault.detail(),
        }
    }
}

/// A row that holds, with its tags.
pub(crate) struct Row {
    /// Its line within the block, from 0.
    pub(crate) place: u32,
    pub(crate) matter_no: MatterNo,
    pub(crate) document: IdentityDocument,
    pub(crate) numbers: TagPair,
    pub(crate) names: TagPair,
}

/// Checks rows in form and computes their tags. The form of a matter number is checked, not yet whether it is in hand.
pub(crate) fn check(app: &App, purpose: &Purpose, lines: &[Result<RawRow, RowFault>]) -> Vec<Result<Row, RowFault>> {
    (0..)
        .zip(lines)
        .map(|(place, line)| {
            let raw = line.as_ref().map_err(|fault| *fault)?;
            row(app, purpose, place, raw).map_err(|fault| RowFault::of(&fault))
        })
        .collect()
}

fn row(app: &App, purpose: &Purpose, place: u32, raw: &RawRow) -> Result<Row, LookUpFault> {
    let matter_no = ask::matter_no(purpose, &raw.matter_no)?;
    let document = ask::document(app, &raw.document_kind, &raw.document_number)?;
    let name = Name::parse(&raw.name).map_err(|_| LookUpFault::Name)?;
    Ok(Row {
        place,
        numbers: keys::number_tags(app.vault(), &document),
        names: keys::name_tags(app.vault(), &document, &name),
        matter_no,
        document,
    })
}

/// Looks for the matters in the registry: a row without one in hand, or with one that an earlier row names, is faulty.
pub(crate) async fn check_matters(
    app: &App,
    purpose: &Purpose,
    organisation: &Uscc,
    rows: &mut [Result<Row, RowFault>],
) -> Result<(), AppError> {
    let mut numbers: Vec<MatterNo> = Vec::new();
    let mut seen: HashMap<MatterNo, usize> = HashMap::with_capacity(rows.len());
    for (place, row) in rows.iter_mut().enumerate() {
        let Ok(good) = row else { continue };
        if seen.contains_key(&good.matter_no) {
            *row = Err(RowFault::TWICE);
        } else {
            numbers.push(good.matter_no.clone());
            seen.insert(good.matter_no.clone(), place);
        }
    }
    let today = app.now().day();
    let matters = app.store().find_matters(organisation, &numbers).await?;
    for (number, matter) in numbers.iter().zip(matters) {
        if ask::is_in_hand(purpose, matter.as_ref(), today) {
            continue;
        }
        if let Some(row) = seen.get(number).and_then(|place| rows.get_mut(*place)) {
            *row = Err(RowFault::NO_MATTER);
        }
    }
    Ok(())
}
