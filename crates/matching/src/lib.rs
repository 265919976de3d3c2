//! Decides whose a row is (R7 of the rights floor): a record is attached only when number *and* name agree exactly with
//! the identity register; everything less is held or goes to a human.
//!
//! This crate is pure. It knows nothing of stores, keys or files: a register is read from any [`std::io::Read`], and a
//! confirmed alias comes as a fact from the caller, who alone can look it up under its blind index.
//!
//! ```
//! use domain::{DocumentKind, IdentityDocument, Name};
//! use matching::{AliasStanding, FileRegister, Verdict, judge};
//!
//! let csv = "证件类型,证件号码,姓名,曾用名\n01,370199190001010018,测试甲,\n";
//! let register = FileRegister::load(csv.as_bytes())?;
//! let document = IdentityDocument::parse(DocumentKind::ResidentId, "370199190001010018")?;
//! let name = Name::parse("测试甲")?;
//! assert_eq!(judge(&document, &name, &register, AliasStanding::NotConfirmed), Verdict::Match);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod areas;
mod births;
mod candidates;
mod explanation;
mod features;
mod file_register;
mod judge;
mod key;
mod names;
mod neighbours;
mod register;
mod slip;

pub use candidates::{CANDIDATES_MAX, Candidate, Candidates, Doubt, candidates};
pub use explanation::{Explanation, Language};
pub use features::{BirthAgreement, NameAgreement, NumberAgreement};
pub use file_register::{FileRegister, RegisterError};
pub use judge::{AliasStanding, Claim, Verdict, judge, judge_all};
pub use register::{IdentityRegister, RegisterEntry};
pub use slip::slip;
