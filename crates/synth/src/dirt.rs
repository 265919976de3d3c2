//! What can be wrong with a row, and how often.

macro_rules! plants {
    ($($(#[$doc:meta])* $variant:ident $field:ident $rate:literal;)*) => {
        /// How often each thing is planted, in rows of ten thousand. What a file cannot show (a column that it lacks) is
        /// not planted there, and the row stays clean.
        #[derive(Debug, Clone, PartialEq, Eq)]
        pub struct Dirt {
            $($(#[$doc])* pub $field: u32,)*
        }

        impl Default for Dirt {
            fn default() -> Self {
                Self { $($field: $rate,)* }
            }
        }

        impl Dirt {
            /// No dirt at all.
            #[must_use]
            pub const fn none() -> Self {
                Self { $($field: 0,)* }
            }

            pub(crate) fn rates(&self) -> Vec<(Plant, u32)> {
                vec![$((Plant::$variant, self.$field),)*]
            }
        }

        /// What is planted in a row.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
        pub(crate) enum Plant {
            $($(#[$doc])* $variant,)*
        }

        impl Plant {
            /// The word in the truth file.
            pub(crate) const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => stringify!($field),)* }
            }
        }
    };
}

plants! {
    // ---- refused, each with its code ----
    /// E02: a required cell is empty.
    RequiredEmpty required_empty 25;
    /// E02: a fine without its amount.
    FineMissing fine_missing 10;
    /// E03: a text is longer than its field.
    TooLong too_long 20;
    /// E03: a number is none.
    NotANumber not_a_number 10;
    /// E04: a value that its code list does not have.
    BadCode bad_code 20;
    /// E05: a number fails its check, and no neighbour of it belongs to a person of that name.
    CheckFails check_fails 20;
    /// E05: a number has not the length of one.
    NumberShape number_shape 10;
    /// E06: a number with a day of birth that does not exist.
    BadBirthDay bad_birth_day 15;
    /// E06: a number from no province.
    BadArea bad_area 10;
    /// E08: the organ's code fails its check.
    OrganCheck organ_check 15;
    /// E09: decided in the future.
    FutureDecision future_decision 15;
    /// E09: a day lies before the one that it must follow.
    DayOrder day_order 15;
    /// E09: a day that does not exist.
    NotADay not_a_day 15;
    /// E10: an organ that the register of organisations does not know.
    UnknownOrgan unknown_organ 15;
    /// E11: decided before the item was in force.
    BeforeInForce before_in_force 15;
    /// E13: marked as a public-security penalty.
    PublicSecurityFlag public_security_flag 15;
    /// E13: resting on the public-security law.
    PublicSecurityBasis public_security_basis 15;
    /// E13: by summary procedure.
    SummaryProcedure summary_procedure 25;
    /// E13: about a person under eighteen.
    Minor minor 10;
    /// E13: about an organisation.
    OrganisationRow organisation_row 15;
    /// E13: speaks of a petition, which is never taken.
    ForbiddenText forbidden_text 10;
    /// E13: a refusal that only this item knows: performed, revoked, not agreed to, broken without a decision.
    ItemRefusal item_refusal 15;
    /// E14: the longest period of its class is over.
    ClassOver class_over 15;
    /// E14: five years since the end of the act are over.
    ActLongAgo act_long_ago 10;
    /// E15: withdraws a fact that nobody delivered.
    DeleteUnknown delete_unknown 10;
    /// E15: delivers a fact again that its provider has withdrawn.
    AfterWithdrawal after_withdrawal 5;
    /// Several of the faults above in one row.
    SeveralFaults several_faults 15;

    // ---- held ----
    /// The number of a stranger.
    UnknownNumber unknown_number 60;
    /// No procedure.
    MissingProcedure missing_procedure 20;
    /// A small fine, and no procedure.
    SmallFine small_fine 10;
    /// No class.
    MissingClass missing_class 20;
    /// No end of the act.
    MissingActEnd missing_act_end 20;
    /// A hold that only this item knows: harm removed, objected to at the source, consent not stated, broken by decision.
    ItemHold item_hold 15;

    // ---- pending ----
    /// The name is a variant of the registered one.
    NameVariant name_variant 25;
    /// The name is a former one.
    NameChange name_change 15;
    /// E07: the name is another.
    NameDiffers name_differs 15;
    /// The check character is wrong.
    CheckSlip check_slip 20;
    /// Two neighbouring characters are swapped.
    Transposition transposition 20;
    /// The number has 15 digits.
    Legacy15 legacy_15 20;

    // ---- effects of rows on earlier rows ----
    /// An earlier row once more.
    Repeat repeat 60;
    /// An earlier fact with other content.
    Correction correction 30;
    /// An earlier fact is withdrawn.
    Withdrawal withdrawal 15;

    // ---- kept, with a warning ----
    /// E16: another person's number in free text.
    OtherNumber other_number 20;
    /// E16: another person's telephone number in free text.
    OtherTelephone other_telephone 10;
    /// E16: another person's name in free text.
    OtherName other_name 10;
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn most_rows_stay_clean_by_default() {
        let planted: u32 = Dirt::default().rates().iter().map(|(_, rate)| rate).sum();
        assert!((500..1_500).contains(&planted), "{planted} of 10000");
        assert_eq!(Dirt::none().rates().iter().map(|(_, rate)| rate).sum::<u32>(), 0);
    }
}
