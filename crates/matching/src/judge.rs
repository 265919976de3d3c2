//! The decision itself: number and name, or a human.

use domain::{IdentityDocument, Name};

use crate::names::is_variant;
use crate::{Explanation, IdentityRegister};

/// Whose a row is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// Number and name agree with the register, or the name is an alias that a human confirmed for this number.
    Match,
    /// The register does not know the number: the row is held, whatever its nature.
    HeldNumberUnknown,
    /// A human decides.
    Pending(Explanation),
}

/// Whether a human has confirmed the delivered name for the delivered number. Aliases lie under a blind index, so only
/// the caller can tell.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AliasStanding {
    /// No confirmation is known.
    NotConfirmed,
    /// A review confirmed this name for this number.
    Confirmed,
}

/// A row to be judged in a batch.
#[derive(Debug, Clone, Copy)]
pub struct Claim<'a> {
    /// Document as delivered.
    pub document: &'a IdentityDocument,
    /// Name as delivered.
    pub name: &'a Name,
    /// Whether the name is a confirmed alias.
    pub alias: AliasStanding,
}

/// Judges many rows: what [`judge`] says of each, in order, but several times faster on a register that is larger than
/// the processor's caches, since its memory is asked for many rows at once.
#[must_use]
pub fn judge_all(claims: &[Claim<'_>], register: &dyn IdentityRegister) -> Vec<Verdict> {
    register.warm(&mut claims.iter().take(WARMED_MAX).map(|claim| claim.document));
    let mut verdicts = Vec::with_capacity(claims.len());
    for (chunk, next) in claims
        .chunks(WARMED_MAX)
        .zip(claims.chunks(WARMED_MAX).skip(1).chain([&[][..]]))
    {
        register.warm(&mut next.iter().map(|claim| claim.document));
        verdicts.extend(
            chunk
                .iter()
                .map(|claim| judge(claim.document, claim.name, register, claim.alias)),
        );
    }
    verdicts
}

/// Documents that a register is asked to fetch at once: more than a processor fetches at once, few enough to stay in its
/// caches until they are used.
const WARMED_MAX: usize = 32;

/// Judges one row. The result depends on its own arguments only, so neither order nor batch can change it (I7).
#[must_use]
pub fn judge(
    document: &IdentityDocument,
    name: &Name,
    register: &dyn IdentityRegister,
    alias: AliasStanding,
) -> Verdict {
    // 居民身份证法 art. 3: the number is a person's only one, and for life. A computed number is a guess until somebody has seen a paper.
    if document.is_converted() {
        return Verdict::Pending(Explanation::Converted15);
    }
    let Some(entry) = register.find(document) else {
        return Verdict::HeldNumberUnknown;
    };
    let delivered = name.canonical();
    if entry.name() == delivered || alias == AliasStanding::Confirmed {
        return Verdict::Match;
    }
    Verdict::Pending(if entry.former_names().any(|former| former == delivered) {
        Explanation::NameChange
    } else if is_variant(delivered, entry.name()) {
        Explanation::NameVariant
    } else {
        Explanation::NameDiffers
    })
}
