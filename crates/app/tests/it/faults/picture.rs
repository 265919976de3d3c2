//! What a city comes to: what its residents read and what its store holds, without ids, times and salts, so that a city that
//! met a fault can be compared with one that did not. Traces are left out: a look that failed leaves one, too.

use std::collections::{BTreeMap, BTreeSet};

use app::own_looks::Who;
use store::{EntryKind, PersonId, RecordId};
use uuid::Uuid;

use crate::faults::city::{City, KNOWN};
use crate::town::value;

const PAGE: u32 = 10_000;

/// See the module.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Picture {
    /// Of each resident: document number, content, state, sorted.
    files: Vec<Vec<(String, String, &'static str)>>,
    /// Records with the events of their life.
    records: Vec<(u32, &'static str, i32, Vec<&'static str>)>,
    /// Deliveries, oldest first.
    deliveries: Vec<String>,
    /// Waiting rows: delivery, line, kind, reason, whether resolved.
    staged: BTreeSet<(usize, u32, &'static str, String, bool)>,
    open_reviews: Vec<String>,
    persons: u64,
    person_events: Vec<String>,
    accounts: usize,
    /// Of each resident: look-ups by others, with how they were closed and whether they were complained of.
    looks: Vec<Vec<(Option<&'static str>, bool)>>,
    locks: Vec<bool>,
    alarms: BTreeSet<&'static str>,
    matters: Vec<(String, bool)>,
    entries: BTreeMap<EntryKind, u64>,
}

impl Picture {
    pub(crate) async fn of(city: &City) -> Self {
        let store = city.store();
        let mut picture = Self {
            persons: store.count_persons().await.unwrap(),
            accounts: store.list_accounts(PAGE).await.unwrap().len(),
            ..Self::default()
        };
        for sequence in KNOWN {
            let file = city.own(*sequence).await.unwrap();
            let mut records: Vec<_> = crate::town::records(&file)
                .into_iter()
                .map(|record| {
                    let text = |code| value(record, code).to_owned();
                    (text("XK_WSH"), text("XK_NR"), record.state.as_str())
                })
                .collect();
            records.sort();
            picture.files.push(records);
        }
        picture.read_records(city).await;
        let mut deliveries = store.list_deliveries(None, PAGE).await.unwrap();
        deliveries.sort_by_key(|delivery| delivery.id);
        for (at, delivery) in deliveries.into_iter().enumerate() {
            for row in store.staged_rows(delivery.id, 0, PAGE).await.unwrap() {
                let kind = row.kind.as_str();
                picture.staged.insert((at, row.line, kind, row.reason, row.is_resolved));
            }
            let has_receipt = delivery.receipt.is_some();
            picture.deliveries.push(format!(
                "{:?} {:?} {:?} {has_receipt}",
                delivery.state, delivery.counts, delivery.faults
            ));
        }
        let open = store
            .open_procedures(store::ProcedureKind::Review, None, PAGE)
            .await
            .unwrap();
        picture.open_reviews = open.into_iter().map(|review| review.reason).collect();
        picture.open_reviews.sort();
        for sequence in KNOWN {
            let caller = city.resident(*sequence);
            let account = caller.account;
            let permit = city.may(&caller, policy::ReadOwnLookUps { account });
            let seen = app::own_looks::list(city.app(), &permit, app::own_looks::Part::default())
                .await
                .unwrap();
            // A look of a review has no key: asked again after an error it leaves one more, as any look that failed.
            let looks = seen.looks.iter().filter(|look| matches!(look.who, Who::LookUp(_)));
            let looks = looks.map(|look| {
                let closed = look.closed.as_ref().map(|closed| closed.result.as_str());
                (closed, look.complaint.is_some())
            });
            picture.looks.push(looks.collect());
            picture.locks.push(seen.is_locked);
        }
        // Whoever asks again after an error may raise the same alarm again.
        picture.alarms = store
            .alarms(PAGE)
            .await
            .unwrap()
            .iter()
            .map(|alarm| alarm.kind.as_str())
            .collect();
        let matters = store.matters_of(&city.provider, PAGE).await.unwrap();
        picture.matters = matters
            .into_iter()
            .map(|matter| (matter.matter_no.to_string(), matter.closed.is_some()))
            .collect();
        picture.entries = entries(city).await;
        picture
    }

    async fn read_records(&mut self, city: &City) {
        let mut persons: BTreeSet<PersonId> = BTreeSet::new();
        for record in city.store().scan_records(RecordId(i64::MIN), PAGE).await.unwrap() {
            persons.insert(record.person);
            let events = record.events.iter().map(|event| event.kind.as_str()).collect();
            let end = record.end.to_epoch_days();
            self.records.push((record.revision, record.birth.as_str(), end, events));
        }
        self.records.sort();
        for person in persons {
            for (event, _) in city.store().person_events(person).await.unwrap() {
                self.person_events.push(event.to_words().0.to_owned());
            }
        }
        self.person_events.sort();
    }
}

/// How many entries of each kind the log has or will have, but for traces and what was answered.
async fn entries(city: &City) -> BTreeMap<EntryKind, u64> {
    let mut entries = BTreeMap::new();
    let sequenced = city.store().log_entries(0, PAGE).await.unwrap();
    let waiting = city.store().outbox_entries(PAGE).await.unwrap();
    let kinds = sequenced.iter().map(|entry| entry.kind);
    for kind in kinds.chain(waiting.iter().map(|(kind, _)| *kind)) {
        *entries.entry(kind).or_default() += 1;
    }
    entries.remove(&EntryKind::Trace);
    // An answer that could not be written is unknown and counts as disclosed: the look-up stands without it.
    entries.remove(&EntryKind::Outcome);
    entries
}

/// Traces in the log and the outbox.
pub(crate) async fn traces(city: &City) -> u64 {
    let sequenced = city.store().log_entries(0, PAGE).await.unwrap();
    let waiting = city.store().outbox_entries(PAGE).await.unwrap();
    let kinds = sequenced.iter().map(|entry| entry.kind);
    let all = kinds.chain(waiting.iter().map(|(kind, _)| *kind));
    all.filter(|kind| *kind == EntryKind::Trace).count() as u64
}

/// The record with a document number, as the resident's page shows it.
pub(crate) async fn record_with(city: &City, sequence: u16, document_no: &str) -> Uuid {
    let file = city.own(sequence).await.unwrap();
    crate::town::records(&file)
        .into_iter()
        .find(|record| value(record, "XK_WSH") == document_no)
        .unwrap()
        .uuid
}
