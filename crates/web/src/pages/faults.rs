//! Faults and dropped columns as rows of a page.

use app::deliver::DroppedNote;
use app::{Fault as RowFault, FaultCode, Language};

use crate::texts::Lang;

/// A fault in its place.
pub(super) struct FaultRow {
    pub(super) place: String,
    pub(super) code: &'static str,
    pub(super) tone: &'static str,
    pub(super) message: String,
    pub(super) remedy: String,
}

/// Faults of one code, counted.
pub(super) struct FaultCount {
    pub(super) code: String,
    pub(super) count: u64,
    pub(super) message: String,
    pub(super) remedy: String,
}

/// A column that was not stored.
pub(super) struct DroppedColumn {
    pub(super) header: String,
    pub(super) rule: String,
    pub(super) why: String,
}

impl From<Lang> for Language {
    fn from(lang: Lang) -> Self {
        match lang {
            Lang::Zh => Self::Zh,
            Lang::En => Self::En,
        }
    }
}

impl FaultRow {
    pub(super) fn of(lang: Lang, fault: &RowFault) -> Self {
        let line = ("line", fault.line.into());
        let mut place = match fault.column {
            Some(column) => lang.text_with("fault-line-column", &[line, ("column", column.into())]),
            None => lang.text_with("fault-line", &[line]),
        };
        if let Some(header) = &fault.header {
            place.push('\n');
            place.push_str(header);
        }
        Self {
            place,
            code: fault.code.as_str(),
            tone: if fault.code.keeps_row() { "warn" } else { "bad" },
            message: fault.message(lang.into()),
            remedy: fault.remedy(lang.into()),
        }
    }
}

impl FaultCount {
    pub(super) fn of(lang: Lang, code: &str, count: u64) -> Self {
        let known = FaultCode::ALL.into_iter().find(|known| known.as_str() == code);
        let general = known.map(|known| RowFault::new(1, None, None, known));
        Self {
            code: code.to_owned(),
            count,
            message: general
                .as_ref()
                .map(|fault| fault.message(lang.into()))
                .unwrap_or_default(),
            remedy: general
                .as_ref()
                .map(|fault| fault.remedy(lang.into()))
                .unwrap_or_default(),
        }
    }
}

impl DroppedColumn {
    pub(super) fn of(lang: Lang, note: DroppedNote) -> Self {
        Self {
            header: note.header,
            rule: note.rule,
            why: lang.of(&note.why).to_owned(),
        }
    }
}

/// Numbers of columns in a sentence.
pub(super) fn columns_text(lang: Lang, columns: &[u32]) -> String {
    columns
        .iter()
        .map(u32::to_string)
        .collect::<Vec<_>>()
        .join(&lang.text("disclosure-join"))
}
