//! Every action on everything that makes a difference, for one caller: the rows of the table.

use domain::Uscc;
use domain::catalogue::{Measure, Purpose};
use domain::record::RecordState;
use policy::{
    Action, ApplyMeasure, ApproveProgramme, BreakGlass, Caller, CloseLookUp, CompareBatch, ComparisonAsked, Consent,
    CorrectRecord, DecideMeasure, DecideReview, Deliver, Disclose, FindCandidates, LinkPersons, ListDeliveries,
    ListReviews, LockOwnFile, LookUp, LookUpAsked, ManageAccounts, ManageKeys, ObjectOwn, PersonSide, Policies,
    Proceeding, Programme, ProposeMeasure, ReadAsAttorney, ReadAuditLog, ReadCatalogue, ReadConsented, ReadDelivery,
    ReadOwnLookUps, ReadOwnNotices, ReadOwnRecords, ReadReview, RegisterClient, RegisterMatter, RegisterProgramme,
    Relation, ReleaseHeld, RepairOwn, RevokeClient, ShowRecord, VerifyStore, WithdrawOwnConsent, WithdrawRecord,
};
use uuid::Uuid;

use crate::callers::{item, organisation, purpose};

/// An action, the thing it is about and the answer in the words of the table.
pub(crate) type Answer = (&'static str, &'static str, String);

struct Asking<'a> {
    policies: &'a Policies,
    caller: &'a Caller,
    only: Option<&'a str>,
    answers: Vec<Answer>,
}

impl Asking<'_> {
    fn ask<A: Action>(&mut self, thing: &'static str, action: A) {
        if self.only.is_some_and(|only| only != A::NAME) {
            return;
        }
        let answer = match self.policies.decide(self.caller, action) {
            Ok(permit) => {
                assert!(
                    !permit.policies().is_empty(),
                    "a permit names the policies that gave it"
                );
                assert_eq!(permit.policies().len(), permit.articles().len());
                "yes".to_owned()
            }
            Err(refusal) => refusal.code().strip_prefix("POLICY-").unwrap().to_owned(),
        };
        self.answers.push((A::NAME, thing, answer));
    }
}

/// All answers for one caller; those of one action, if one is named.
pub(crate) fn answers(policies: &Policies, caller: &Caller, only: Option<&str>) -> Vec<Answer> {
    let mut asking = Asking {
        policies,
        caller,
        only,
        answers: Vec::new(),
    };
    let own = caller.organisation.clone().unwrap_or_else(|| organisation(1));
    for (word, organisation) in [("own", own.clone()), ("other", organisation(2))] {
        collecting(&mut asking, word, &organisation);
        let account = if word == "own" {
            caller.account
        } else {
            Uuid::from_u128(2)
        };
        of_the_person(&mut asking, word, account);
    }
    asking.ask("all", ListDeliveries { provider: None });
    asking.ask("all", ListReviews { organisation: None });
    asking.ask("all", LinkPersons);
    asking.ask("all", ReadCatalogue);
    asking.ask("all", ReleaseHeld);
    asking.ask("all", VerifyStore);
    asking.ask("all", ManageKeys);
    asking.ask("all", RegisterClient);
    asking.ask("all", RevokeClient);
    asking.ask("all", ManageAccounts);
    asking.ask("all", ReadAuditLog);
    power_of_attorney(&mut asking);
    looking_up(&mut asking, &own);
    disclosing(&mut asking, &own);
    showing(&mut asking);
    comparing(&mut asking, &own);
    programmes(&mut asking, &own);
    consented(&mut asking, &own);
    measures(&mut asking, &own);
    emergency(&mut asking, &own);
    asking.answers
}

fn collecting(asking: &mut Asking, word: &'static str, organisation: &Uscc) {
    let id = Uuid::from_u128(77);
    let (provider, organisation) = (organisation.clone(), organisation.clone());
    let deliver = |is_listed: bool| Deliver {
        provider: provider.clone(),
        item: item("ITM-PENALTY"),
        item_providers: if is_listed {
            vec![crate::callers::organisation(5), provider.clone()]
        } else {
            vec![crate::callers::organisation(5)]
        },
    };
    let (listed, unlisted) = if word == "own" {
        ("own listed", "own unlisted")
    } else {
        ("other listed", "other unlisted")
    };
    asking.ask(listed, deliver(true));
    asking.ask(unlisted, deliver(false));
    let all_of = || Some(provider.clone());
    asking.ask(word, ListDeliveries { provider: all_of() });
    asking.ask(word, ListReviews { organisation: all_of() });
    let delivery = ReadDelivery {
        delivery: id,
        provider: provider.clone(),
    };
    asking.ask(word, delivery);
    let of = || organisation.clone();
    asking.ask(
        word,
        ReadReview {
            review: id,
            organisation: of(),
        },
    );
    asking.ask(
        word,
        FindCandidates {
            review: id,
            organisation: of(),
        },
    );
    asking.ask(
        word,
        DecideReview {
            review: id,
            organisation: of(),
        },
    );
    asking.ask(
        word,
        CorrectRecord {
            record: id,
            provider: of(),
        },
    );
    asking.ask(
        word,
        WithdrawRecord {
            record: id,
            provider: of(),
        },
    );
    asking.ask(
        word,
        CloseLookUp {
            look_up: id,
            organisation: of(),
        },
    );
    asking.ask(word, RegisterMatter { organisation: of() });
}

fn of_the_person(asking: &mut Asking, word: &'static str, account: Uuid) {
    asking.ask(word, ReadOwnRecords { account });
    asking.ask(word, ReadOwnNotices { account });
    asking.ask(word, ReadOwnLookUps { account });
    asking.ask(word, LockOwnFile { account });
    asking.ask(word, ObjectOwn { account });
    asking.ask(word, RepairOwn { account });
    asking.ask(word, WithdrawOwnConsent { account });
}

fn power_of_attorney(asking: &mut Asking) {
    let given = |attorney, is_live| ReadAsAttorney {
        grantor: Uuid::from_u128(5),
        attorney,
        is_live,
    };
    let me = asking.caller.account;
    asking.ask("live", given(me, true));
    asking.ask("over", given(me, false));
    asking.ask("another's", given(Uuid::from_u128(2), true));
}

/// The ways in which a look-up is wrong on the caller's side, each by itself.
fn faulty_look_ups(own: &Uscc) -> Vec<(&'static str, LookUp)> {
    let asked = |items: &[&str]| LookUpAsked {
        items: items.iter().map(|id| item(id)).collect(),
        matter_in_hand: true,
        names_legal_ground: true,
    };
    let good = purpose(&[organisation(5), own.clone()]);
    let disabled = Purpose {
        is_enabled: false,
        ..good.clone()
    };
    let matterless = LookUpAsked {
        matter_in_hand: false,
        ..asked(&["ITM-PENALTY"])
    };
    let groundless = LookUpAsked {
        names_legal_ground: false,
        ..asked(&["ITM-PENALTY"])
    };
    vec![
        ("right", LookUp::of(&good, asked(&["ITM-PENALTY"]))),
        ("out of force", LookUp::of(&disabled, asked(&["ITM-PENALTY"]))),
        (
            "unentitled",
            LookUp::of(&purpose(&[organisation(5)]), asked(&["ITM-PENALTY"])),
        ),
        ("beyond", LookUp::of(&good, asked(&["ITM-PENALTY", "ITM-AWARD"]))),
        ("nothing", LookUp::of(&good, asked(&[]))),
        ("no matter", LookUp::of(&good, matterless)),
        ("no ground", LookUp::of(&good, groundless)),
    ]
}

fn looking_up(asking: &mut Asking, own: &Uscc) {
    for (thing, look_up) in faulty_look_ups(own) {
        asking.ask(thing, look_up);
    }
}

fn disclosing(asking: &mut Asking, own: &Uscc) {
    let person = PersonSide {
        is_traced: true,
        is_locked: false,
        has_consent: false,
        relation: None,
    };
    let mut look_ups = faulty_look_ups(own);
    let right = look_ups.remove(0).1;
    let compelled = Purpose {
        law_compels: true,
        ..purpose(std::slice::from_ref(own))
    };
    let compelled = LookUp::of(
        &compelled,
        LookUpAsked {
            items: vec![item("ITM-PERMIT")],
            matter_in_hand: true,
            names_legal_ground: true,
        },
    );
    let locked = PersonSide {
        is_locked: true,
        ..person
    };
    let mut ask = |thing, asked: &LookUp, person| {
        let asked = asked.clone();
        asking.ask(thing, Disclose { asked, person });
    };
    ask("right", &right, person);
    for (thing, look_up) in &look_ups {
        ask(thing, look_up, person);
    }
    ask(
        "untraced",
        &right,
        PersonSide {
            is_traced: false,
            ..person
        },
    );
    ask("locked", &right, locked);
    ask("locked compelled", &compelled, locked);
    ask(
        "locked consented",
        &right,
        PersonSide {
            has_consent: true,
            ..locked
        },
    );
    for relation in Relation::ALL {
        let relation = Some(relation);
        let thing = relation.map_or("", Relation::as_str);
        ask(thing, &compelled, PersonSide { relation, ..person });
    }
}

fn showing(asking: &mut Asking) {
    let record = |state, is_in_time, id| ShowRecord {
        item: item(id),
        items: vec![item("ITM-PENALTY")],
        state,
        is_in_time,
    };
    for state in RecordState::ALL {
        asking.ask(state.as_str(), record(state, true, "ITM-PENALTY"));
    }
    asking.ask("past its end", record(RecordState::Usable, false, "ITM-PENALTY"));
    asking.ask("other item", record(RecordState::Usable, true, "ITM-AWARD"));
}

fn programme(own: &Uscc) -> Programme {
    Programme {
        programme: Uuid::from_u128(78),
        organisation: own.clone(),
        items: vec![item("ITM-PENALTY")],
        proposer: Uuid::from_u128(3),
        department_approver: Some(Uuid::from_u128(4)),
        centre_approver: Some(Uuid::from_u128(9)),
        has_ended: false,
        rows_max: 1_000,
    }
}

fn comparing(asking: &mut Asking, own: &Uscc) {
    let purpose = purpose(std::slice::from_ref(own));
    let good = programme(own);
    let asked = ComparisonAsked {
        items: vec![item("ITM-PENALTY")],
        rows: 1_000,
        each_row_names_a_matter: true,
    };
    let mut ask = |thing, programme: Programme| {
        asking.ask(thing, CompareBatch::of(&purpose, programme, asked.clone()));
    };
    ask("right", good.clone());
    let other = Programme {
        organisation: organisation(2),
        ..good.clone()
    };
    ask("other", other);
    ask(
        "ended",
        Programme {
            has_ended: true,
            ..good.clone()
        },
    );
    let alone = Programme {
        department_approver: Some(good.proposer),
        ..good.clone()
    };
    ask("approved by its proposer", alone);
    ask(
        "no second officer",
        Programme {
            department_approver: None,
            ..good.clone()
        },
    );
    ask(
        "no centre",
        Programme {
            centre_approver: None,
            ..good.clone()
        },
    );
    let wrong = [
        (
            "beyond programme",
            ComparisonAsked {
                items: vec![item("ITM-PERMIT")],
                ..asked.clone()
            },
        ),
        (
            "nothing",
            ComparisonAsked {
                items: Vec::new(),
                ..asked.clone()
            },
        ),
        (
            "too many",
            ComparisonAsked {
                rows: 1_001,
                ..asked.clone()
            },
        ),
        (
            "no matter",
            ComparisonAsked {
                each_row_names_a_matter: false,
                ..asked.clone()
            },
        ),
    ];
    for (thing, asked) in wrong {
        asking.ask(thing, CompareBatch::of(&purpose, good.clone(), asked));
    }
    let wide = Programme {
        items: vec![item("ITM-PENALTY"), item("ITM-AWARD")],
        ..good.clone()
    };
    let beyond = ComparisonAsked {
        items: vec![item("ITM-AWARD")],
        ..asked.clone()
    };
    asking.ask("beyond purpose", CompareBatch::of(&purpose, wide, beyond));
    let disabled = Purpose {
        is_enabled: false,
        ..purpose.clone()
    };
    asking.ask("out of force", CompareBatch::of(&disabled, good.clone(), asked.clone()));
    let unentitled = crate::callers::purpose(&[organisation(5)]);
    asking.ask("unentitled", CompareBatch::of(&unentitled, good, asked));
}

fn programmes(asking: &mut Asking, own: &Uscc) {
    let purpose = purpose(std::slice::from_ref(own));
    let items = || vec![item("ITM-PENALTY")];
    asking.ask("right", RegisterProgramme::of(own.clone(), &purpose, items()));
    asking.ask("other", RegisterProgramme::of(organisation(2), &purpose, items()));
    asking.ask(
        "beyond",
        RegisterProgramme::of(own.clone(), &purpose, vec![item("ITM-AWARD")]),
    );
    asking.ask("nothing", RegisterProgramme::of(own.clone(), &purpose, Vec::new()));
    let unentitled = crate::callers::purpose(&[organisation(5)]);
    asking.ask("unentitled", RegisterProgramme::of(own.clone(), &unentitled, items()));
    let disabled = Purpose {
        is_enabled: false,
        ..purpose.clone()
    };
    asking.ask("out of force", RegisterProgramme::of(own.clone(), &disabled, items()));
    let approve = |organisation: &Uscc, proposer| ApproveProgramme {
        programme: Uuid::from_u128(78),
        organisation: organisation.clone(),
        proposer,
    };
    asking.ask("right", approve(own, Uuid::from_u128(3)));
    asking.ask("own proposal", approve(own, asking.caller.account));
    asking.ask("other", approve(&organisation(2), Uuid::from_u128(3)));
}

fn consented(asking: &mut Asking, own: &Uscc) {
    let consent = Consent {
        recipient: own.clone(),
        purpose: purpose(&[]).id,
        items: vec![item("ITM-PENALTY")],
        is_live: true,
    };
    let good = ReadConsented {
        consent: Some(consent.clone()),
        purpose: purpose(&[]).id,
        items: vec![item("ITM-PENALTY")],
        reads_as_employer: false,
        is_traced: true,
    };
    let under = |consent: Option<Consent>| ReadConsented {
        consent,
        ..good.clone()
    };
    asking.ask("right", good.clone());
    asking.ask("no consent", under(None));
    asking.ask(
        "withdrawn",
        under(Some(Consent {
            is_live: false,
            ..consent.clone()
        })),
    );
    let other = Consent {
        recipient: organisation(2),
        ..consent.clone()
    };
    asking.ask("other's consent", under(Some(other)));
    let elsewhere = Consent {
        purpose: domain::catalogue::PurposeId::parse("PUR-OTHER").unwrap(),
        ..consent.clone()
    };
    asking.ask("other purpose", under(Some(elsewhere)));
    let narrow = Consent {
        items: vec![item("ITM-AWARD")],
        ..consent
    };
    asking.ask("beyond", under(Some(narrow)));
    asking.ask(
        "nothing",
        ReadConsented {
            items: Vec::new(),
            ..good.clone()
        },
    );
    asking.ask(
        "employer",
        ReadConsented {
            reads_as_employer: true,
            ..good.clone()
        },
    );
    asking.ask(
        "untraced",
        ReadConsented {
            is_traced: false,
            ..good
        },
    );
}

fn measures(asking: &mut Asking, own: &Uscc) {
    let measure = |is_enabled| Measure {
        id: domain::catalogue::MeasureId::parse("MSR-TEST").unwrap(),
        name: purpose(&[]).name,
        linked_item: item("ITM-PENALTY"),
        linked_fact: purpose(&[]).name,
        statute: statute(),
        field_of_life: None,
        cross_field_basis: None,
        is_enabled,
    };
    asking.ask("right", ProposeMeasure::of(own.clone(), &measure(true), true));
    asking.ask("other", ProposeMeasure::of(organisation(2), &measure(true), true));
    asking.ask("out of force", ProposeMeasure::of(own.clone(), &measure(false), true));
    asking.ask("no fact", ProposeMeasure::of(own.clone(), &measure(true), false));
    let good = Proceeding {
        proceeding: Uuid::from_u128(79),
        authority: own.clone(),
        proposer: Uuid::from_u128(3),
        decider: Some(Uuid::from_u128(4)),
        reports_to_proposer: false,
        notice_is_served: true,
        reply_period_is_over: true,
        decision_is_served: true,
    };
    let mine = asking.caller.account;
    let cases = [
        ("right", good.clone()),
        (
            "other",
            Proceeding {
                authority: organisation(2),
                ..good.clone()
            },
        ),
        (
            "own proposal",
            Proceeding {
                proposer: mine,
                ..good.clone()
            },
        ),
        (
            "subordinate",
            Proceeding {
                reports_to_proposer: true,
                ..good.clone()
            },
        ),
        (
            "no notice",
            Proceeding {
                notice_is_served: false,
                ..good.clone()
            },
        ),
        (
            "reply period",
            Proceeding {
                reply_period_is_over: false,
                ..good.clone()
            },
        ),
        (
            "undecided",
            Proceeding {
                decider: None,
                ..good.clone()
            },
        ),
        (
            "decided by its proposer",
            Proceeding {
                decider: Some(good.proposer),
                ..good.clone()
            },
        ),
        (
            "not served",
            Proceeding {
                decision_is_served: false,
                ..good
            },
        ),
    ];
    for (thing, proceeding) in cases {
        asking.ask(thing, DecideMeasure(proceeding.clone()));
        asking.ask(thing, ApplyMeasure(proceeding));
    }
}

fn statute() -> domain::catalogue::LegalBasis {
    domain::catalogue::LegalBasis {
        document: "测试法".to_owned(),
        article: "第一条".to_owned(),
        rank: domain::catalogue::BasisRank::Law,
    }
}

fn emergency(asking: &mut Asking, own: &Uscc) {
    let good = purpose(std::slice::from_ref(own));
    let second = Some(Uuid::from_u128(4));
    asking.ask("right", BreakGlass::of(&good, true, second, 240));
    asking.ask("no reason", BreakGlass::of(&good, false, second, 240));
    asking.ask("alone", BreakGlass::of(&good, true, None, 240));
    asking.ask(
        "oneself twice",
        BreakGlass::of(&good, true, Some(asking.caller.account), 240),
    );
    asking.ask("too long", BreakGlass::of(&good, true, second, 241));
    asking.ask(
        "unentitled",
        BreakGlass::of(&purpose(&[organisation(5)]), true, second, 240),
    );
    let disabled = Purpose {
        is_enabled: false,
        ..good
    };
    asking.ask("out of force", BreakGlass::of(&disabled, true, second, 240));
}
