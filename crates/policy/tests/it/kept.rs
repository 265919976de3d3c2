//! P5: kept answers and sets by action say what Cedar says with all policies in one set, and nothing outlives its policies.

use domain::catalogue::Purpose;
use domain::record::RecordState;
use policy::{
    Action, ApplyMeasure, Caller, CallerKind, CompareBatch, ComparisonAsked, Consent, DecideMeasure, Disclose, LookUp,
    LookUpAsked, OneSet, PersonSide, Policies, Proceeding, Programme, ReadConsented, ReadOwnLookUps, ReadReview,
    Relation, ShowRecord,
};
use uuid::Uuid;

use crate::callers::{caller, item, organisation, purpose, shipped};

/// A run of numbers from a seed: the same requests in each run.
struct Dice(u64);

impl Dice {
    /// `SplitMix64`.
    fn below(&mut self, count: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (mixed ^ (mixed >> 31)) % count
    }
    /// More often yes: a request that is wrong in everything tells little.
    fn mostly(&mut self) -> bool {
        self.below(4) > 0
    }
    fn one<T: Clone>(&mut self, of: &[T]) -> T {
        of[usize::try_from(self.below(of.len() as u64)).unwrap()].clone()
    }
    fn account(&mut self) -> Uuid {
        Uuid::from_u128(u128::from(1 + self.below(4)))
    }
    fn organisation(&mut self) -> domain::Uscc {
        organisation(self.one(&[1, 1, 1, 2, 3]))
    }
    fn items(&mut self) -> Vec<domain::catalogue::ItemId> {
        let all = ["ITM-PENALTY", "ITM-PERMIT", "ITM-AWARD"];
        all.into_iter().filter(|_| self.below(2) == 0).map(item).collect()
    }
    fn caller(&mut self) -> Caller {
        let kind = self.one(&CallerKind::ALL);
        let kind = if self.mostly() {
            self.one(&[CallerKind::Officer, CallerKind::System])
        } else {
            kind
        };
        let mut caller = caller(kind, self.mostly());
        caller.account = self.account();
        if caller.organisation.is_some() {
            caller.organisation = Some(self.organisation());
        }
        caller
    }
    fn purpose(&mut self) -> Purpose {
        Purpose {
            is_enabled: self.mostly(),
            law_compels: self.mostly(),
            ..purpose(&[organisation(1), self.organisation()])
        }
    }
    fn look_up(&mut self) -> LookUp {
        let asked = LookUpAsked {
            items: self.items(),
            matter_in_hand: self.mostly(),
            names_legal_ground: self.mostly(),
        };
        LookUp::of(&self.purpose(), asked)
    }
    fn proceeding(&mut self) -> Proceeding {
        Proceeding {
            proceeding: self.account(),
            authority: self.organisation(),
            proposer: self.account(),
            decider: self.mostly().then(|| self.account()),
            reports_to_proposer: !self.mostly(),
            notice_is_served: self.mostly(),
            reply_period_is_over: self.mostly(),
            decision_is_served: self.mostly(),
        }
    }
    fn disclosure(&mut self) -> Disclose {
        Disclose {
            asked: self.look_up(),
            person: PersonSide {
                is_traced: self.mostly(),
                is_locked: !self.mostly(),
                has_consent: !self.mostly(),
                relation: (!self.mostly()).then(|| self.one(&Relation::ALL)),
            },
        }
    }
    fn batch(&mut self) -> CompareBatch {
        let programme = Programme {
            programme: self.account(),
            organisation: self.organisation(),
            items: self.items(),
            proposer: self.account(),
            department_approver: self.mostly().then(|| self.account()),
            centre_approver: self.mostly().then(|| self.account()),
            has_ended: !self.mostly(),
            rows_max: 100,
        };
        let asked = ComparisonAsked {
            items: self.items(),
            rows: self.one(&[1, 100, 101]),
            each_row_names_a_matter: self.mostly(),
        };
        CompareBatch::of(&self.purpose(), programme, asked)
    }
    fn consented(&mut self) -> ReadConsented {
        let consent = Consent {
            recipient: self.organisation(),
            purpose: purpose(&[]).id,
            items: self.items(),
            is_live: self.mostly(),
        };
        ReadConsented {
            consent: self.mostly().then_some(consent),
            purpose: purpose(&[]).id,
            items: self.items(),
            reads_as_employer: !self.mostly(),
            is_traced: self.mostly(),
        }
    }
}

/// Both ways; true if it was permitted.
fn same<A: Action>(policies: &Policies, plain: &OneSet, caller: &Caller, action: A) -> bool {
    let expected = plain.decide(caller, &action);
    match (policies.decide(caller, action), expected) {
        (Ok(permit), Ok(policies)) => {
            assert_eq!(permit.policies(), policies);
            true
        }
        (Err(refusal), Err((code, policies))) => {
            assert_eq!(refusal.policies(), policies, "{refusal}");
            // Which of the policies that forbid speaks is this crate's own choice.
            assert!(code == refusal.code() || code == "POLICY-0001", "{refusal} {code}");
            false
        }
        (got, expected) => panic!("{}: {got:?}, and Cedar says {expected:?}", A::NAME),
    }
}

#[test]
fn kept_answers_are_what_cedar_says_with_all_policies_in_one_set() {
    let count: u64 = std::env::var("ANSWERS").map_or(100_000, |text| text.parse().unwrap());
    let seed = std::env::var("CHENGDANG_TEST_SEED").map_or(5, |text| text.parse().unwrap());
    let policies = Policies::load(&shipped()).unwrap();
    let plain = OneSet::of(&policies, LookUp::NAME, usize::MAX);
    let mut dice = Dice(seed);
    let mut permitted = 0_u64;
    for _ in 0..count {
        let caller = dice.caller();
        let is_permitted = match dice.below(9) {
            0..=1 => same(&policies, &plain, &caller, dice.look_up()),
            2 => same(&policies, &plain, &caller, dice.disclosure()),
            3 => same(&policies, &plain, &caller, dice.batch()),
            4 => same(&policies, &plain, &caller, dice.consented()),
            5 => same(&policies, &plain, &caller, DecideMeasure(dice.proceeding())),
            6 => same(&policies, &plain, &caller, ApplyMeasure(dice.proceeding())),
            7 => {
                let record = ShowRecord {
                    item: item("ITM-PENALTY"),
                    items: dice.items(),
                    state: dice.one(&RecordState::ALL),
                    is_in_time: dice.mostly(),
                };
                same(&policies, &plain, &caller, record)
            }
            _ => {
                let account = dice.account();
                let review = ReadReview {
                    review: account,
                    organisation: dice.organisation(),
                };
                same(&policies, &plain, &caller, ReadOwnLookUps { account }) | same(&policies, &plain, &caller, review)
            }
        };
        permitted += u64::from(is_permitted);
    }
    println!(
        "CHENGDANG_TEST_SEED={seed}: {count} random requests, {permitted} permitted, {} policies",
        plain.policy_count()
    );
    assert!(
        permitted > count / 50,
        "{permitted} of {count}: too few to mean anything"
    );
}

#[test]
fn answers_are_few_and_go_with_their_policies() {
    let policies = Policies::load(&shipped()).unwrap();
    let account = Uuid::from_u128(1);
    let resident = caller(CallerKind::Resident, true);
    assert!(policies.decide(&resident, ReadOwnLookUps { account }).is_ok());
    assert_eq!(policies.answers_kept(), 1);
    assert!(policies.decide(&resident, ReadOwnLookUps { account }).is_ok());
    assert_eq!(policies.answers_kept(), 1);
    // Every part of the question counts.
    let half = caller(CallerKind::Resident, false);
    assert!(policies.decide(&half, ReadOwnLookUps { account }).is_err());
    assert_eq!(policies.answers_kept(), 2);
    // Other policies answer for themselves.
    let text = "@id(\"x\") @article(\"x\") @reason(\"x\") \
                permit (principal, action == Action::\"ReadOwnLookUps\", resource) when { !context.second_factor };";
    let changed = policies.with_action(ReadOwnLookUps::NAME, text).unwrap();
    assert_eq!(changed.answers_kept(), 0);
    assert!(changed.decide(&resident, ReadOwnLookUps { account }).is_err());
    assert!(changed.decide(&half, ReadOwnLookUps { account }).is_ok());
    assert!(policies.decide(&resident, ReadOwnLookUps { account }).is_ok());
    // Whoever asks for ever new things does not fill the memory, and what is asked often stays.
    for number in 0..10_000 {
        let account = Uuid::from_u128(number);
        assert_eq!(
            policies.decide(&resident, ReadOwnLookUps { account }).is_ok(),
            number == 1
        );
        assert!(
            policies
                .decide(
                    &resident,
                    ReadOwnLookUps {
                        account: Uuid::from_u128(1)
                    }
                )
                .is_ok()
        );
    }
    assert!(policies.answers_kept() <= 8_192, "{}", policies.answers_kept());
}
