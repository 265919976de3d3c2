//! Rules of emergencies.

use domain::Moment;
use domain::catalogue::PurposeId;
use futures::future::join_all;

use super::fixture::{Fixture, START, conflicts, misses, ok, organisation, some};
use super::records::assert_one_winner;
use crate::{BlindIndex, EmergencyGrant, GRANTED, IndexTag, NewEmergency, NewProcedure, ProcedureKind, Store};

pub(super) fn emergency(make: &Fixture, subject: IndexTag) -> NewEmergency {
    NewEmergency {
        procedure: NewProcedure {
            kind: ProcedureKind::BreakGlass,
            reason: "life_at_risk".to_owned(),
            ..make.procedure(&organisation(1))
        },
        purpose: ok(PurposeId::parse("PUR-SYNTHETIC"), "purpose"),
        subject,
        by: make.uuid(),
        minutes: 30,
        entry_hash: make.bytes(),
    }
}

pub(super) fn grant(make: &Fixture, asked: &NewEmergency) -> EmergencyGrant {
    EmergencyGrant {
        step: make.step(asked.procedure.uuid, 0, GRANTED),
        until: Moment(START.0 + 1000),
        review: NewProcedure {
            kind: ProcedureKind::BreakGlassReview,
            ..make.procedure(&organisation(1))
        },
    }
}

/// An emergency is granted once, by whoever of fifty was first; with it the person is told and a review is open, and
/// otherwise neither.
///
/// # Panics
///
/// If the store breaks the rule.
pub async fn an_emergency_is_granted_once_and_its_person_told(store: &dyn Store) {
    let make = Fixture::default();
    let subject = make.tag(BlindIndex::Number);
    let asked = emergency(&make, subject);
    ok(store.ask_emergency(&asked).await, "ask");
    let read = some(
        ok(store.find_emergency(asked.procedure.uuid).await, "find"),
        "the emergency",
    );
    assert_eq!(
        (&read.purpose, read.subject, read.by),
        (&asked.purpose, subject, asked.by)
    );
    assert_eq!((read.minutes, read.granted), (30, None));
    assert_eq!(
        (read.procedure.kind, read.procedure.steps),
        (ProcedureKind::BreakGlass, 0)
    );
    assert!(
        ok(store.subject_notices(&[subject], 10).await, "notices").is_empty(),
        "nothing was granted"
    );

    let grants: Vec<_> = (0..50).map(|_| grant(&make, &asked)).collect();
    assert_one_winner(join_all(grants.iter().map(|grant| store.grant_emergency(grant))).await);
    let read = some(
        ok(store.find_emergency(asked.procedure.uuid).await, "find"),
        "the emergency",
    );
    assert_eq!(read.granted, Some((START, Moment(START.0 + 1000))));
    assert_eq!((read.procedure.state.as_str(), read.procedure.steps), (GRANTED, 1));
    let told = ok(
        store
            .subject_notices(&[make.tag(BlindIndex::Number), subject], 10)
            .await,
        "notices",
    );
    let told: Vec<_> = told.iter().map(|notice| (notice.procedure, notice.until)).collect();
    assert_eq!(told, [(asked.procedure.uuid, Moment(START.0 + 1000))]);
    for (kind, count) in [(ProcedureKind::BreakGlassReview, 1), (ProcedureKind::BreakGlass, 0)] {
        let open = ok(store.open_procedures(kind, Some(&organisation(1)), 100).await, "open");
        assert_eq!(
            open.len(),
            count,
            "{kind:?}: one review, and nothing that waits for a grant"
        );
    }

    for (of, now, lasting) in [
        (1, START.0, &[asked.procedure.uuid][..]),
        (1, START.0 + 999, &[asked.procedure.uuid]),
        (1, START.0 + 1000, &[]),
        (2, START.0, &[]),
    ] {
        let found = store.lasting_emergencies(&organisation(of), Moment(now), 10).await;
        assert_eq!(ok(found, "lasting"), lasting, "organisation {of} at {now}");
    }

    conflicts(store.grant_emergency(&grant(&make, &asked)).await, "granted again");
    misses(
        store.grant_emergency(&grant(&make, &emergency(&make, subject))).await,
        "never asked for",
    );
    conflicts(store.ask_emergency(&asked).await, "asked for twice");
    assert!(ok(store.find_emergency(make.uuid()).await, "find").is_none());
    assert_eq!(
        ok(store.log_sizes().await, "sizes"),
        (0, 2),
        "asking and granting wait for their places"
    );
}
