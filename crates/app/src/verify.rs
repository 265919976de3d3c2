//! The store against itself: counts, chunks, contents, tags, log. Finds damage and names the row; it changes nothing.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use domain::record::RecordContent;
use policy::{Permit, VerifyStore};
use store::{
    ChunkInfo, Counts, DeliveryId, DeliveryState, EntryKind, IndexTag, Person, PersonId, Record, RecordId, StagedKind,
};
use uuid::Uuid;
use vault::{Secret, SecretOwner};

use crate::deliver::entry::{HashedRecord, chunk_hash};
use crate::deliver::verifies_here;
use crate::keys::{self, PERSON_IDENTITY, RECORD_CONTENT, TagPair};
use crate::{App, AppError, comparisons, reviews};

/// Rows read at once.
const PAGE: u32 = 10_000;
/// Deliveries looked at.
const DELIVERIES_MAX: u32 = 1_000_000;
/// Bits of a record's number below its chunk's.
const ORDINAL_BITS: u32 = 20;

/// Something that is not as it should be. Names rows by their ids, never a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Damage {
    /// Which row: `record 0190…`, `chunk 17`.
    pub place: String,
    /// What is wrong.
    pub what: &'static str,
}

/// What was looked at and what was found.
#[derive(Debug, Clone, Default)]
pub struct Findings {
    /// deliveries read
    pub deliveries: u64,
    /// chunks read
    pub chunks: u64,
    /// records opened
    pub records: u64,
    /// staged rows opened
    pub staged: u64,
    /// entries of the log and the outbox
    pub entries: u64,
    /// of them, versions of the catalogue and the policies
    pub versions: u64,
    /// of them, acts on keys
    pub key_acts: u64,
    /// blocks of comparisons opened
    pub blocks: u64,
    /// rows in them
    pub compared: u64,
    /// damage, empty if the store is sound
    pub damage: Vec<Damage>,
}

impl Findings {
    pub(crate) fn add(&mut self, place: String, what: &'static str) {
        self.damage.push(Damage { place, what });
    }
}

/// Reads the whole store once.
///
/// # Errors
///
/// If the store cannot be read at all; what is merely wrong in it is in [`Findings::damage`].
pub async fn run(app: &App, _permit: &Permit<VerifyStore>, on_progress: impl Fn(u64)) -> Result<Findings, AppError> {
    let mut findings = Findings::default();
    let hashes = log_hashes(app, &mut findings).await?;
    let chunks = read_chunks(app, &mut findings).await?;
    check_deliveries(app, &mut findings, &chunks, &hashes).await?;
    check_records(app, &mut findings, &chunks, &hashes, on_progress).await?;
    check_staged(app, &mut findings).await?;
    comparisons::check_blocks(app, &mut findings, &hashes).await?;
    Ok(findings)
}

/// Hashes of everything sequenced or waiting to be; the indexes must be dense.
async fn log_hashes(app: &App, findings: &mut Findings) -> Result<BTreeSet<(EntryKind, [u8; 32])>, AppError> {
    let mut hashes = BTreeSet::new();
    let mut from = 0;
    loop {
        let entries = app.store().log_entries(from, PAGE).await?;
        for entry in &entries {
            if entry.index != from {
                findings.add(format!("log entry {from}"), "the log has a gap");
                from = entry.index;
            }
            from += 1;
            hashes.insert((entry.kind, entry.entry_hash));
        }
        findings.entries += entries.len() as u64;
        if entries.len() < PAGE as usize {
            break;
        }
    }
    let (_, waiting) = app.store().log_sizes().await?;
    let outbox = app
        .store()
        .outbox_entries(u32::try_from(waiting).unwrap_or(u32::MAX))
        .await?;
    findings.entries += outbox.len() as u64;
    hashes.extend(outbox);
    let is_version = |kind: EntryKind| matches!(kind, EntryKind::Catalogue | EntryKind::Policy);
    findings.versions = hashes.iter().filter(|(kind, _)| is_version(*kind)).count() as u64;
    findings.key_acts = hashes.iter().filter(|(kind, _)| *kind == EntryKind::Key).count() as u64;
    Ok(hashes)
}

async fn read_chunks(app: &App, findings: &mut Findings) -> Result<BTreeMap<i64, ChunkInfo>, AppError> {
    let mut chunks = BTreeMap::new();
    let mut after = i64::MIN;
    loop {
        let page = app.store().scan_chunks(after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = last.number;
        for chunk in page {
            findings.chunks += 1;
            if !chunk.counts.add_up() {
                findings.add(format!("chunk {}", chunk.number), "the counts do not add up");
            }
            chunks.insert(chunk.number, chunk);
        }
    }
    Ok(chunks)
}

async fn check_deliveries(
    app: &App,
    findings: &mut Findings,
    chunks: &BTreeMap<i64, ChunkInfo>,
    hashes: &BTreeSet<(EntryKind, [u8; 32])>,
) -> Result<(), AppError> {
    let mut sums: BTreeMap<DeliveryId, (Counts, u32)> = BTreeMap::new();
    for chunk in chunks.values() {
        let Some(delivery) = chunk.delivery else { continue };
        let (counts, next) = sums.entry(delivery).or_default();
        counts.add(&chunk.counts);
        if chunk.chunk_no != *next {
            findings.add(
                format!("chunk {}", chunk.number),
                "a chunk of the delivery is missing before it",
            );
        }
        *next = chunk.chunk_no + 1;
        if chunk.rows_done != counts.received {
            findings.add(
                format!("chunk {}", chunk.number),
                "the resume point is not where the counts say",
            );
        }
    }
    for delivery in app.store().list_deliveries(None, DELIVERIES_MAX).await? {
        findings.deliveries += 1;
        let place = format!("delivery {}", delivery.uuid);
        if delivery.counts != sums.remove(&delivery.id).unwrap_or_default().0 {
            findings.add(place.clone(), "the counts are not the sum of its chunks");
        }
        match (&delivery.receipt, delivery.state) {
            (None, DeliveryState::Receiving) => {}
            (Some(receipt), DeliveryState::Done | DeliveryState::Refused) => {
                if !verifies_here(app, receipt, delivery.received_at) {
                    findings.add(place.clone(), "the signature of the receipt does not verify");
                }
                if !hashes.contains(&(EntryKind::Receipt, translog::entry_hash("receipt", &[receipt]))) {
                    findings.add(place, "the receipt is not in the log");
                }
            }
            _ => findings.add(place, "state and receipt contradict each other"),
        }
    }
    Ok(())
}

/// A chunk's records as they pass by, in order.
struct Running<'a> {
    chunk: Option<&'a ChunkInfo>,
    records: Vec<Record>,
}

async fn check_records(
    app: &App,
    findings: &mut Findings,
    chunks: &BTreeMap<i64, ChunkInfo>,
    hashes: &BTreeSet<(EntryKind, [u8; 32])>,
    on_progress: impl Fn(u64),
) -> Result<(), AppError> {
    let mut after = RecordId(i64::MIN);
    let mut secrets: HashMap<PersonId, Secret> = HashMap::new();
    let mut running = Running {
        chunk: None,
        records: Vec::new(),
    };
    let mut seen = BTreeSet::new();
    loop {
        let page = app.store().scan_records(after, PAGE).await?;
        let Some(last) = page.last() else { break };
        after = last.id;
        read_persons(app, findings, &page, &mut secrets).await?;
        check_facts(app, findings, &page).await?;
        for record in page {
            findings.records += 1;
            check_content(findings, &record, secrets.get(&record.person));
            let number = record.id.0 >> ORDINAL_BITS;
            if running.chunk.is_none_or(|chunk| chunk.number != number) {
                close_chunk(findings, hashes, &mut running);
                running.chunk = chunks.get(&number);
                if running.chunk.is_none() {
                    findings.add(format!("record {}", record.uuid), "its chunk does not exist");
                }
                seen.insert(number);
            }
            running.records.push(record);
        }
        on_progress(findings.records);
        // Keys are not kept longer than a page needs them.
        secrets.clear();
    }
    close_chunk(findings, hashes, &mut running);
    for chunk in chunks.values().filter(|chunk| !seen.contains(&chunk.number)) {
        close_chunk(
            findings,
            hashes,
            &mut Running {
                chunk: Some(chunk),
                records: Vec::new(),
            },
        );
    }
    Ok(())
}

async fn read_persons(
    app: &App,
    findings: &mut Findings,
    page: &[Record],
    secrets: &mut HashMap<PersonId, Secret>,
) -> Result<(), AppError> {
    let ids: BTreeSet<PersonId> = page.iter().map(|record| record.person).collect();
    let ids: Vec<PersonId> = ids.into_iter().collect();
    let persons = app.store().get_persons(&ids).await?;
    let mut tags = Vec::new();
    let mut owners = Vec::new();
    for person in persons {
        let Some(secret) = open_person(app, findings, &person, &mut tags) else {
            continue;
        };
        owners.resize(tags.len(), person.id);
        secrets.insert(person.id, secret);
    }
    // While an index key is rotated, a person stands under the newer one, the older one, or both.
    for version in [0, 1] {
        let asked: Vec<IndexTag> = tags
            .iter()
            .filter_map(|pair: &TagPair| pair.all().nth(version))
            .collect();
        if asked.len() < tags.len() {
            break;
        }
        let found = app.store().find_persons(&asked).await?;
        let missed = |((owner, _), found): &((PersonId, TagPair), Option<Person>)| {
            found.as_ref().is_none_or(|person| person.id != *owner)
        };
        let left = owners.into_iter().zip(tags).zip(found).filter(missed);
        (owners, tags) = left.map(|(pair, _)| pair).unzip();
    }
    for owner in owners {
        findings.add(format!("person {}", owner.0), "the blind index does not lead to it");
    }
    Ok(())
}

/// The index of facts leads to each record, or to a later revision of its fact.
async fn check_facts(app: &App, findings: &mut Findings, page: &[Record]) -> Result<(), AppError> {
    let facts: Vec<(PersonId, i64)> = page.iter().map(|record| (record.person, record.fact_tag)).collect();
    for (record, known) in page.iter().zip(app.store().find_facts(&facts).await?) {
        let is_found = known.is_some_and(|known| {
            known.revision > record.revision || (known.revision == record.revision && known.record == record.id)
        });
        if !is_found {
            findings.add(
                format!("record {}", record.uuid),
                "the index of facts does not lead to it",
            );
        }
    }
    Ok(())
}

fn open_person(app: &App, findings: &mut Findings, person: &Person, tags: &mut Vec<TagPair>) -> Option<Secret> {
    let place = || format!("person {}", person.uuid);
    let wrapped = person.secret.as_ref()?;
    let Ok(secret) = app.vault().unwrap_secret(SecretOwner::Person, person.uuid, wrapped) else {
        findings.add(place(), "the wrapped key does not open");
        return None;
    };
    match keys::open(&secret, PERSON_IDENTITY, person.uuid, &person.identity)
        .map(|bytes| bytes.map(|bytes| keys::identity_from(&bytes)))
    {
        Ok(Some(Ok((document, name)))) => {
            tags.push(keys::number_tags(app.vault(), &document));
            tags.push(keys::name_tags(app.vault(), &document, &name));
        }
        Ok(None) => {}
        Ok(Some(Err(_))) | Err(_) => findings.add(place(), "the sealed identity does not open"),
    }
    Some(secret)
}

fn check_content(findings: &mut Findings, record: &Record, secret: Option<&Secret>) {
    let place = || format!("record {}", record.uuid);
    let Some(secret) = secret else { return };
    match keys::open(secret, RECORD_CONTENT, record.uuid, &record.content) {
        Ok(Some(bytes)) => {
            if secret.content_tag(&bytes) != record.content_tag {
                findings.add(place(), "the content is not the one its tag stands for");
            } else if RecordContent::from_bytes(&bytes).is_err() {
                findings.add(place(), "the content cannot be read");
            }
        }
        // Erased: the proof stands, the content is gone.
        Ok(None) => {}
        Err(_) => findings.add(place(), "the content does not open"),
    }
}

fn close_chunk(findings: &mut Findings, hashes: &BTreeSet<(EntryKind, [u8; 32])>, running: &mut Running<'_>) {
    let records = std::mem::take(&mut running.records);
    let Some(chunk) = running.chunk.take() else { return };
    let place = format!("chunk {}", chunk.number);
    if records.len() != chunk.records as usize {
        findings.add(place.clone(), "it does not have the records it says");
    }
    let hash = chunk_hash(
        chunk.uuid,
        &chunk.counts,
        records.iter().map(|record| HashedRecord {
            item: &record.item,
            provider: &record.provider,
            state: record.birth,
            class: record.class.map_or("", domain::catalogue::BreachClass::as_str),
            end: record.end.to_epoch_days(),
            fact_tag: record.fact_tag,
            revision: record.revision,
            content_tag: record.content_tag,
        }),
    );
    if hash != chunk.entry_hash {
        findings.add(place.clone(), "its records are not those of its log entry");
    }
    if !hashes.contains(&(EntryKind::Chunk, chunk.entry_hash)) {
        findings.add(place, "it is not in the log");
    }
}

async fn check_staged(app: &App, findings: &mut Findings) -> Result<(), AppError> {
    for kind in [StagedKind::Held, StagedKind::Pending] {
        let mut after = Uuid::nil();
        loop {
            let page = app.store().open_staged_rows(kind, after, PAGE).await?;
            let Some(last) = page.last() else { break };
            after = last.uuid;
            for row in page {
                findings.staged += 1;
                let delivery = app.store().get_delivery(row.delivery).await?;
                if !matches!(reviews::open_staged(app, &row, &delivery), Ok(Some(_))) {
                    findings.add(format!("staged row {}", row.uuid), "it does not open");
                }
            }
        }
    }
    Ok(())
}
