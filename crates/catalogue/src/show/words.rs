//! The words that the files use for the values of enums.

use domain::catalogue::{BasisRank, Disclosure, IntakeEffect, ItemNature};

pub(crate) const fn nature(nature: ItemNature) -> &'static str {
    match nature {
        ItemNature::Basic => "basic",
        ItemNature::Adverse => "adverse",
        ItemNature::Other => "other",
    }
}

pub(crate) const fn disclosure(way: Disclosure) -> &'static str {
    match way {
        Disclosure::Authorised => "authorised",
        Disclosure::Shared => "shared",
    }
}

pub(crate) const fn rank(rank: BasisRank) -> &'static str {
    match rank {
        BasisRank::Law => "law",
        BasisRank::AdministrativeRegulation => "administrative_regulation",
        BasisRank::DepartmentalRule => "departmental_rule",
        BasisRank::ProvincialRegulation => "provincial_regulation",
    }
}

pub(crate) const fn effect(effect: IntakeEffect) -> &'static str {
    match effect {
        IntakeEffect::Refuse => "refuse",
        IntakeEffect::Hold => "hold",
        IntakeEffect::Review => "review",
        IntakeEffect::NoRepair => "no_repair",
    }
}
