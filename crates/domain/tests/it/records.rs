//! The life of records, their end, their state as of a day on both axes, and the bytes of their content.

use domain::catalogue::FieldCode;
use domain::record::{
    AdverseClock, ContentFault, EndInput, RecordContent, RecordEventKind as Event, RecordState as State, adverse_end,
    adverse_end_by, is_served_to_others, state_after, state_on, step,
};
use domain::{Day, Moment};
use proptest::prelude::*;

fn day(text: &str) -> Day {
    Day::parse_iso(text).unwrap()
}

/// Everything that may happen, by architecture: received → held | usable → {disputed → usable | corrected | withdrawn}
/// → {repaired | ended} → purged; and a fact can fall after its end or repair.
const LIFE: [(State, Event, State); 23] = [
    (State::Held, Event::Confirmed, State::Usable),
    (State::Held, Event::Corrected, State::Corrected),
    (State::Held, Event::Withdrawn, State::Withdrawn),
    (State::Held, Event::Repaired, State::Repaired),
    (State::Held, Event::Ended, State::Ended),
    (State::Usable, Event::Disputed, State::Disputed),
    (State::Usable, Event::Corrected, State::Corrected),
    (State::Usable, Event::Withdrawn, State::Withdrawn),
    (State::Usable, Event::Repaired, State::Repaired),
    (State::Usable, Event::Ended, State::Ended),
    (State::Disputed, Event::DisputeEnded, State::Usable),
    (State::Disputed, Event::Corrected, State::Corrected),
    (State::Disputed, Event::Withdrawn, State::Withdrawn),
    (State::Disputed, Event::Repaired, State::Repaired),
    (State::Disputed, Event::Ended, State::Ended),
    (State::Repaired, Event::Corrected, State::Corrected),
    (State::Repaired, Event::Withdrawn, State::Withdrawn),
    (State::Ended, Event::Corrected, State::Corrected),
    (State::Ended, Event::Withdrawn, State::Withdrawn),
    (State::Corrected, Event::Purged, State::Purged),
    (State::Withdrawn, Event::Purged, State::Purged),
    (State::Repaired, Event::Purged, State::Purged),
    (State::Ended, Event::Purged, State::Purged),
];

#[test]
fn every_pair_of_state_and_event_has_one_answer() {
    for from in State::ALL {
        for kind in Event::ALL {
            let expected = LIFE
                .iter()
                .find(|(state, event, _)| (*state, *event) == (from, kind))
                .map(|(_, _, to)| *to);
            assert_eq!(step(from, kind).ok(), expected, "{from:?} {kind:?}");
            if from.is_final() {
                assert!(expected.is_none_or(State::is_final), "{from:?} {kind:?}");
            }
        }
    }
}

#[test]
fn words_are_read_as_they_are_written() {
    for kind in Event::ALL {
        assert_eq!(Event::parse(kind.as_str()), Some(kind));
    }
    for state in State::ALL {
        assert_eq!(State::parse(state.as_str()), Some(state));
    }
    assert_eq!((Event::parse("Ended"), State::parse("")), (None, None));
    let refused = step(State::Withdrawn, Event::Confirmed).unwrap_err();
    assert_eq!(refused.to_string(), "a record that is withdrawn cannot be confirmed");
}

#[test]
fn a_life_is_replayed_or_refused() {
    assert_eq!(state_after(State::Held, &[]), Ok(State::Held));
    let events = [
        Event::Confirmed,
        Event::Disputed,
        Event::DisputeEnded,
        Event::Disputed,
        Event::Repaired,
        Event::Purged,
    ];
    assert_eq!(state_after(State::Held, &events), Ok(State::Purged));
    assert!(state_after(State::Usable, &events).is_err());
}

#[test]
fn an_event_counts_from_its_day_and_from_the_moment_it_was_known() {
    let end = day("2027-03-31");
    let effective = day("2026-06-15");
    let known = Moment(1_790_000_000_000);
    let events = [(Event::Withdrawn, effective, known)];
    let state = |day, known_at| state_on(State::Usable, end, &events, day, known_at);
    let day_before = effective.plus_days(-1).unwrap();
    assert_eq!(state(day_before, known), State::Usable);
    assert_eq!(state(effective, known), State::Withdrawn);
    assert_eq!(state(effective.plus_days(1).unwrap(), known), State::Withdrawn);
    assert_eq!(state(effective, Moment(known.0 - 1)), State::Usable);
    assert_eq!(state(effective, Moment(known.0 + 1)), State::Withdrawn);
}

#[test]
fn the_end_is_the_last_day_on_which_a_record_is_served() {
    let end = day("2026-04-15");
    let at = Moment(0);
    for (offset, state, is_served) in [
        (-1, State::Usable, true),
        (0, State::Usable, true),
        (1, State::Ended, false),
    ] {
        let day = end.plus_days(offset).unwrap();
        assert_eq!(state_on(State::Usable, end, &[], day, at), state, "{offset}");
        for live in [State::Usable, State::Disputed] {
            assert_eq!(is_served_to_others(live, end, day), is_served, "{offset}");
        }
        assert!(!is_served_to_others(State::Held, end, day));
    }
    // What was over before its end keeps the word for why; what falls after its end gets it.
    let later = end.plus_days(30).unwrap();
    let repaired = [(Event::Repaired, day("2026-03-01"), at)];
    assert_eq!(state_on(State::Usable, end, &repaired, later, at), State::Repaired);
    let withdrawn = [(Event::Withdrawn, later, at)];
    assert_eq!(state_on(State::Usable, end, &withdrawn, later, at), State::Withdrawn);
    assert_eq!(state_on(State::Held, end, &[], later, at), State::Ended);
    assert_eq!(
        state_on(State::Usable, end, &[(Event::Purged, later, at)], later, at),
        State::Purged
    );
}

#[test]
fn a_correction_can_be_true_before_a_dispute_that_was_recorded_first() {
    let events = [
        (Event::Disputed, day("2026-05-10"), Moment(1)),
        (Event::Corrected, day("2026-05-05"), Moment(2)),
    ];
    let state = |text, known_at| state_on(State::Usable, day("2030-01-01"), &events, day(text), Moment(known_at));
    assert_eq!(state("2026-05-04", 2), State::Usable);
    assert_eq!(state("2026-05-07", 1), State::Usable);
    assert_eq!(state("2026-05-07", 2), State::Corrected);
    assert_eq!(state("2026-05-10", 1), State::Disputed);
    assert_eq!(state("2026-05-10", 2), State::Corrected);
}

#[test]
fn the_earliest_of_both_clocks_and_the_providers_end_wins() {
    let base = EndInput {
        decision: day("2026-05-31"),
        act_end: Some(day("2026-02-28")),
        class_max_months: Some(12),
        act_end_months: 60,
        upstream_end: None,
    };
    for (input, end, clock) in [
        (base, "2027-05-31", AdverseClock::ClassMaximum),
        (
            EndInput {
                class_max_months: Some(9),
                ..base
            },
            "2027-02-28",
            AdverseClock::ClassMaximum,
        ),
        (
            EndInput {
                class_max_months: Some(3),
                ..base
            },
            "2026-08-31",
            AdverseClock::ClassMaximum,
        ),
        (
            EndInput {
                class_max_months: None,
                ..base
            },
            "2031-02-28",
            AdverseClock::ActEnd,
        ),
        (
            EndInput {
                act_end: Some(day("2021-09-30")),
                ..base
            },
            "2026-09-30",
            AdverseClock::ActEnd,
        ),
        (
            EndInput {
                act_end: Some(day("2020-02-29")),
                ..base
            },
            "2025-02-28",
            AdverseClock::ActEnd,
        ),
        (
            EndInput {
                act_end: None,
                class_max_months: None,
                ..base
            },
            "2031-05-31",
            AdverseClock::ActEnd,
        ),
        (
            EndInput {
                upstream_end: Some(day("2027-05-30")),
                ..base
            },
            "2027-05-30",
            AdverseClock::Upstream,
        ),
        (
            EndInput {
                upstream_end: Some(day("2027-06-01")),
                ..base
            },
            "2027-05-31",
            AdverseClock::ClassMaximum,
        ),
    ] {
        assert_eq!(adverse_end_by(&input), Ok((day(end), clock)), "{input:?}");
        assert_eq!(adverse_end(&input), Ok(day(end)));
    }
    assert!(
        adverse_end(&EndInput {
            act_end_months: u32::MAX,
            ..base
        })
        .is_err()
    );
}

fn any_events() -> impl Strategy<Value = Vec<(Event, Day, Moment)>> {
    let event = (prop::sample::select(Event::ALL.to_vec()), 0_i32..40);
    prop::collection::vec(event, 0..8).prop_map(|events| {
        let at = |(i, (kind, day)): (usize, (Event, i32))| {
            (
                kind,
                Day::from_epoch_days(day).unwrap(),
                Moment(i64::try_from(i).unwrap() * 10),
            )
        };
        events.into_iter().enumerate().map(at).collect()
    })
}

fn any_birth() -> impl Strategy<Value = State> {
    prop::sample::select(vec![State::Held, State::Usable])
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2000))]

    #[test]
    fn nothing_is_served_after_its_end_or_after_an_event_that_ends_it(
        birth in any_birth(), events in any_events(), end in 0_i32..40, on in 0_i32..45, known_at in 0_i64..80,
    ) {
        let [end, on] = [end, on].map(|days| Day::from_epoch_days(days).unwrap());
        let state = state_on(birth, end, &events, on, Moment(known_at));
        let is_served = is_served_to_others(state, end, on);
        prop_assert!(!(is_served && on > end));
        let is_over = events.iter().any(|(kind, effective, known)| {
            let is_ending = !matches!(kind, Event::Confirmed | Event::Disputed | Event::DisputeEnded);
            is_ending && *effective <= on && known.0 <= known_at
        });
        prop_assert!(!(is_served && is_over), "{state:?}");
        prop_assert!(!(is_served && birth == State::Held && !events.iter().any(|event| event.0 == Event::Confirmed)));
    }

    #[test]
    fn what_becomes_known_later_changes_nothing_before(
        birth in any_birth(), events in any_events(), on in 0_i32..40, cut in 0_usize..8,
    ) {
        let (end, on) = (Day::from_epoch_days(20).unwrap(), Day::from_epoch_days(on).unwrap());
        let known = &events[..cut.min(events.len())];
        let known_at = Moment(i64::try_from(known.len()).unwrap() * 10 - 1);
        prop_assert_eq!(
            state_on(birth, end, &events, on, known_at),
            state_on(birth, end, known, on, Moment(i64::MAX))
        );
    }

    #[test]
    fn a_legal_life_read_at_its_end_is_its_last_state(birth in any_birth(), kinds in any_events()) {
        let mut legal = Vec::new();
        let mut state = birth;
        for event in kinds {
            if let Ok(next) = step(state, event.0) {
                state = next;
                legal.push(event);
            }
        }
        let kinds: Vec<Event> = legal.iter().map(|event| event.0).collect();
        prop_assert_eq!(state_after(birth, &kinds), Ok(state));
        let late = Day::from_epoch_days(40).unwrap();
        prop_assert_eq!(state_on(birth, late, &legal, late, Moment(i64::MAX)), state);
    }

    #[test]
    fn content_round_trips(content in any_content()) {
        let bytes = content.to_bytes();
        prop_assert!(RecordContent::from_bytes(&bytes).is_ok_and(|read| read == content));
        for length in 0..bytes.len() {
            prop_assert!(RecordContent::from_bytes(&bytes[..length]).is_err(), "cut to {} bytes", length);
        }
    }

    #[test]
    fn content_has_exactly_one_encoding(content in any_content(), place in any::<prop::sample::Index>(), flip in 1_u8..=255) {
        let mut bytes = content.to_bytes();
        let place = place.index(bytes.len());
        bytes[place] ^= flip;
        if let Ok(other) = RecordContent::from_bytes(&bytes) {
            prop_assert_ne!(&other, &content);
            prop_assert_eq!(other.to_bytes(), bytes);
        }
    }

    #[test]
    fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..40)) {
        if let Ok(content) = RecordContent::from_bytes(&bytes) {
            prop_assert_eq!(content.to_bytes(), bytes);
        }
    }
}

fn any_content() -> impl Strategy<Value = RecordContent> {
    let code = "[A-Z]{1,3}_[A-Z]{0,4}".prop_map(|code| FieldCode(code.into()));
    (
        "[0-9+]{0,5}",
        prop::collection::btree_map(code.clone(), "\\PC{0,200}", 0..6),
        prop::collection::btree_set(code, 0..3),
    )
        .prop_map(|(item_version, fields, withheld)| RecordContent {
            item_version,
            fields,
            withheld,
        })
}

#[test]
fn faults_of_bytes_are_named_and_values_are_not_shown() {
    let content = RecordContent {
        item_version: "2018".to_owned(),
        fields: [("A".to_owned(), "测试甲".to_owned()), ("B".to_owned(), String::new())]
            .map(|(code, value)| (FieldCode(code.into()), value))
            .into(),
        withheld: [FieldCode("A".into())].into(),
    };
    let bytes = content.to_bytes();
    assert_eq!(
        bytes,
        b"\x01\x042018\x02\x01A\x09\xe6\xb5\x8b\xe8\xaf\x95\xe7\x94\xb2\x01B\x00\x01\x01A"
    );
    assert!(!format!("{content:?}").contains('测'));
    let read = |bytes: &[u8]| RecordContent::from_bytes(bytes).map(|_| ());
    assert_eq!(read(b""), Err(ContentFault::Length));
    assert_eq!(read(b"\x02\x00\x00\x00"), Err(ContentFault::Version));
    assert_eq!(read(b"\x01\x00\x00\x00"), Ok(()));
    assert_eq!(read(b"\x01\x00\x00\x00\x00"), Err(ContentFault::Length));
    assert_eq!(read(b"\x01\x80\x00\x00\x00"), Err(ContentFault::Form));
    assert_eq!(read(b"\x01\x01\xff\x00\x00"), Err(ContentFault::Form));
    assert_eq!(read(b"\x01\x00\x02\x01B\x00\x01A\x00\x00"), Err(ContentFault::Form));
    assert_eq!(read(b"\x01\x00\x02\x01A\x00\x01A\x00\x00"), Err(ContentFault::Form));
    assert_eq!(read(b"\x01\xff\xff\xff\xff\x1f"), Err(ContentFault::Form));
    assert_eq!(read(b"\x01\xff\xff\xff\xff\x0f"), Err(ContentFault::Length));
    let long = RecordContent {
        item_version: "x".repeat(300),
        ..RecordContent::default()
    };
    assert_eq!(RecordContent::from_bytes(&long.to_bytes()).unwrap(), long);
}
