//! Whose row it is: document and name, and which faults of a number a human could mend.

use domain::resident_id::ResidentIdFault;
use domain::{DocumentFault, DocumentKind, IdentityDocument, NameFault, Uscc};

use crate::fault::Detail;
use crate::{Context, FaultCode, fold};

/// The synthetic area, not assigned by GB/T 2260.
const TEST_AREA: &str = "370199";

/// What the number's cell came to.
#[derive(Debug)]
pub(crate) enum Number {
    /// checked
    Good(IdentityDocument),
    /// of the right form, and failing a check: perhaps a slip
    Slip { kind: DocumentKind, number: String },
    /// empty, or of no form at all
    Unknown,
}

/// Why a number is none.
pub(crate) struct NumberFault {
    pub(crate) code: FaultCode,
    pub(crate) detail: Detail,
    /// Whether the identity register may know a neighbour of it.
    pub(crate) is_slip: bool,
}

/// Reads a number and refuses those of the test area unless they are allowed.
pub(crate) fn read_number(
    kind: DocumentKind,
    text: &str,
    context: &Context<'_>,
) -> Result<IdentityDocument, NumberFault> {
    let refused = |code, detail| NumberFault {
        code,
        detail,
        is_slip: false,
    };
    let mended = |code, detail| NumberFault {
        code,
        detail,
        is_slip: true,
    };
    let is_test = |number: &str| !context.allow_test_area && number.starts_with(TEST_AREA);
    match IdentityDocument::parse(kind, text) {
        Ok(document) if document.is_test_area() && !context.allow_test_area => {
            Err(refused(FaultCode::E06, Detail::TestArea))
        }
        Ok(document) if document.birth_day().is_some_and(|birth| birth > context.today) => {
            Err(mended(FaultCode::E06, Detail::NumberDate))
        }
        Ok(document) => Ok(document),
        Err(DocumentFault::ResidentId(_)) if is_test(&fold::value(text)) => {
            Err(refused(FaultCode::E06, Detail::TestArea))
        }
        Err(DocumentFault::ResidentId(ResidentIdFault::Shape)) => Err(refused(FaultCode::E05, Detail::NumberShape)),
        Err(DocumentFault::ResidentId(ResidentIdFault::Check)) => Err(mended(FaultCode::E05, Detail::NumberCheck)),
        Err(DocumentFault::ResidentId(ResidentIdFault::Date)) => Err(mended(FaultCode::E06, Detail::NumberDate)),
        Err(DocumentFault::ResidentId(ResidentIdFault::Area)) => Err(mended(FaultCode::E06, Detail::NumberArea)),
        Err(DocumentFault::Shape) => Err(refused(FaultCode::E05, Detail::DocumentShape)),
    }
}

/// Whether the text is the social credit code of an organisation and cannot be an identity number.
pub(crate) fn is_organisation(text: &str) -> bool {
    let has_letter = text.bytes().take(17).any(|byte| byte.is_ascii_alphabetic());
    text.len() >= 18 && has_letter && Uscc::parse(text).is_ok()
}

pub(crate) const fn name_fault(fault: NameFault) -> (FaultCode, Detail) {
    match fault {
        NameFault::Empty => (FaultCode::E02, Detail::General),
        NameFault::TooLong => (FaultCode::E03, Detail::TooLong { max: 200 }),
        NameFault::Characters => (FaultCode::E03, Detail::NotAName),
    }
}
