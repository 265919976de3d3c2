//! Traces and their outcomes, the outbox, the lease of the sequencer and the sequenced log.

use async_trait::async_trait;
use deadpool_postgres::Transaction;
use domain::Moment;
use store::{
    EntryKind, IndexTag, Lease, LogEntry, LogStore, NewTrace, SEQUENCER_LEASE, SignedHead, StoreError, Trace,
    TraceKind, TraceOutcome, is_lease_good,
};
use tokio_postgres::Row;
use uuid::Uuid;

use crate::connection::{all, commit, execute, first};
use crate::fault::{Fault, conflict, damaged};
use crate::value::{bytes, count, get, parts, sealed, signed, tag_arrays, word, word_or_none};
use crate::{PostgresStore, rotation};

#[async_trait]
impl LogStore for PostgresStore {
    async fn append_traces(&self, traces: &[NewTrace]) -> Result<(), StoreError> {
        self.small(move || self.write_traces(traces)).await
    }

    async fn append_outcomes(&self, outcomes: &[(Uuid, TraceOutcome, Moment)]) -> Result<(), StoreError> {
        self.small(move || self.write_outcomes(outcomes)).await
    }

    async fn traces_of(&self, subjects: &[IndexTag], limit: u32) -> Result<Vec<Trace>, StoreError> {
        let client = self.client().await?;
        let (tags, indexes, versions) = tag_arrays(subjects);
        let sql = include_str!("../sql/trace/list_of_subjects.sql");
        let traces = all(&client, sql, &[&tags, &indexes, &versions, &i64::from(limit)], |row| {
            Ok(Trace {
                uuid: get(row, 0)?,
                kind: word(row, 1, TraceKind::parse)?,
                content: sealed(row, 2)?,
                at: Moment(get(row, 4)?),
                outcome: word_or_none(row, 5, TraceOutcome::parse)?,
            })
        })
        .await?;
        Ok(traces)
    }

    async fn take_lease(
        &self,
        name: &'static str,
        holder: Uuid,
        now: Moment,
        ttl_ms: i64,
    ) -> Result<Option<Lease>, StoreError> {
        self.small(move || self.lease(name, holder, now, ttl_ms)).await
    }

    async fn sequence(&self, lease: Lease, now: Moment, limit: u32) -> Result<u32, StoreError> {
        self.small(move || self.sequence_oldest(lease, now, limit)).await
    }

    async fn log_entries(&self, from: u64, limit: u32) -> Result<Vec<LogEntry>, StoreError> {
        let client = self.client().await?;
        let sql = include_str!("../sql/log_entry/list.sql");
        let entries = all(&client, sql, &[&signed(from)?, &i64::from(limit)], |row| entry(row, 0)).await?;
        Ok(entries)
    }

    async fn find_entries(&self, hashes: &[[u8; 32]]) -> Result<Vec<Option<LogEntry>>, StoreError> {
        let client = self.client().await?;
        let asked: Vec<&[u8]> = hashes.iter().map(<[u8; 32]>::as_slice).collect();
        let sql = include_str!("../sql/log_entry/find.sql");
        let rows = all(&client, sql, &[&asked], |row| Ok((count(row, 0)?, entry(row, 1)?))).await?;
        let mut rows = rows.into_iter().peekable();
        let places = 1..=hashes.len() as u64;
        Ok(places
            .map(|place| rows.next_if(|(found, _)| *found == place).map(|(_, entry)| entry))
            .collect())
    }

    async fn append_version(&self, kind: EntryKind, entry_hash: [u8; 32]) -> Result<bool, StoreError> {
        self.small(move || self.write_version(kind, entry_hash)).await
    }

    async fn append_head(&self, lease: Lease, head: &SignedHead) -> Result<(), StoreError> {
        self.small(move || self.write_head(lease, head)).await
    }

    async fn signed_heads(&self, origin: &str, from: u64, limit: u32) -> Result<Vec<SignedHead>, StoreError> {
        let client = self.client().await?;
        let sql = include_str!("../sql/log_head/list.sql");
        Ok(all(&client, sql, &[&origin, &signed(from)?, &i64::from(limit)], head).await?)
    }

    async fn last_head(&self, origin: &str) -> Result<Option<SignedHead>, StoreError> {
        let client = self.client().await?;
        Ok(first(&client, include_str!("../sql/log_head/last.sql"), &[&origin], head).await?)
    }

    async fn outbox_entries(&self, limit: u32) -> Result<Vec<(EntryKind, [u8; 32])>, StoreError> {
        let client = self.client().await?;
        let waiting = all(
            &client,
            include_str!("../sql/outbox/list.sql"),
            &[&i64::from(limit)],
            |row| Ok((word(row, 0, EntryKind::parse)?, bytes(row, 1)?)),
        )
        .await?;
        Ok(waiting)
    }

    async fn log_sizes(&self) -> Result<(u64, u64), StoreError> {
        let client = self.client().await?;
        let log = first(&client, include_str!("../sql/log_entry/size.sql"), &[], |row| {
            count(row, 0)
        })
        .await?;
        let outbox = first(&client, include_str!("../sql/outbox/count.sql"), &[], |row| {
            count(row, 0)
        })
        .await?;
        Ok((log.unwrap_or_default(), outbox.unwrap_or_default()))
    }
}

/// Asks for places in the log, in the effects' own transaction.
pub(crate) async fn enqueue(
    transaction: &Transaction<'_>,
    kind: EntryKind,
    entry_hashes: &[&[u8; 32]],
) -> Result<(), Fault> {
    let hashes: Vec<&[u8]> = entry_hashes.iter().map(|hash| hash.as_slice()).collect();
    execute(
        transaction,
        include_str!("../sql/outbox/insert.sql"),
        &[&kind.as_str(), &hashes],
    )
    .await?;
    Ok(())
}

/// Writes traces with their outbox rows.
pub(crate) async fn insert_traces(transaction: &Transaction<'_>, traces: &[&NewTrace]) -> Result<(), Fault> {
    let subjects: Vec<IndexTag> = traces.iter().map(|trace| trace.subject).collect();
    rotation::check_floors(transaction, std::iter::empty(), subjects.iter()).await?;
    let (tags, indexes, versions) = tag_arrays(&subjects);
    let uuids: Vec<Uuid> = traces.iter().map(|trace| trace.uuid).collect();
    let kinds: Vec<&str> = traces.iter().map(|trace| trace.kind.as_str()).collect();
    let (salts, contents): (Vec<_>, Vec<_>) = traces.iter().map(|trace| parts(&trace.content)).unzip();
    let hashes: Vec<&[u8]> = traces.iter().map(|trace| trace.entry_hash.as_slice()).collect();
    let moments: Vec<i64> = traces.iter().map(|trace| trace.at.0).collect();
    let sql = include_str!("../sql/trace/insert.sql");
    let columns: &[crate::connection::Parameter<'_>] = &[
        &uuids, &kinds, &tags, &indexes, &versions, &salts, &contents, &hashes, &moments,
    ];
    execute(transaction, sql, columns).await?;
    let hashes: Vec<&[u8; 32]> = traces.iter().map(|trace| &trace.entry_hash).collect();
    enqueue(transaction, EntryKind::Trace, &hashes).await
}

/// Adds outcomes; one that stands stays as it is.
pub(crate) async fn insert_outcomes(
    transaction: &Transaction<'_>,
    outcomes: &[(Uuid, TraceOutcome, Moment)],
) -> Result<(), Fault> {
    let uuids: Vec<Uuid> = outcomes.iter().map(|(uuid, ..)| *uuid).collect();
    let words: Vec<&str> = outcomes.iter().map(|(_, outcome, _)| outcome.as_str()).collect();
    let moments: Vec<i64> = outcomes.iter().map(|(.., at)| at.0).collect();
    let sql = include_str!("../sql/trace_outcome/insert.sql");
    execute(transaction, sql, &[&uuids, &words, &moments]).await?;
    let sql = include_str!("../sql/trace_outcome/count_standing.sql");
    let standing = first(transaction, sql, &[&uuids, &words], |row| count(row, 0)).await?;
    if standing != Some(outcomes.len() as u64) {
        return Err(conflict("the trace has another outcome"));
    }
    Ok(())
}

/// Refuses whoever does not hold the lease `name` any more. Its row stays locked until the commit, so a new holder's
/// token waits for it: the fence.
pub(crate) async fn hold_lease(transaction: &Transaction<'_>, name: &'static str, lease: Lease) -> Result<(), Fault> {
    let sql = include_str!("../sql/lease/lock.sql");
    let token = first(transaction, sql, &[&name], |row| count(row, 0)).await?;
    if token != Some(lease.token) {
        return Err(StoreError::LeaseLost { name }.into());
    }
    Ok(())
}

fn entry(row: &Row, column: usize) -> Result<LogEntry, Fault> {
    Ok(LogEntry {
        index: count(row, column)?,
        kind: word(row, column + 1, EntryKind::parse)?,
        entry_hash: bytes(row, column + 2)?,
        at: Moment(get(row, column + 3)?),
    })
}

fn head(row: &Row) -> Result<SignedHead, Fault> {
    Ok(SignedHead {
        origin: get(row, 0)?,
        size: count(row, 1)?,
        root: bytes(row, 2)?,
        signature: bytes(row, 3)?,
    })
}

impl PostgresStore {
    async fn write_version(&self, kind: EntryKind, entry_hash: [u8; 32]) -> Result<bool, Fault> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        let mut known = None;
        for sql in [
            include_str!("../sql/outbox/newest.sql"),
            include_str!("../sql/log_entry/newest_version.sql"),
        ] {
            if known.is_none() {
                known = first(&transaction, sql, &[&kind.as_str()], |row| bytes::<32>(row, 0)).await?;
            }
        }
        let is_new = known != Some(entry_hash);
        if is_new {
            enqueue(&transaction, kind, &[&entry_hash]).await?;
            commit(transaction).await?;
        }
        Ok(is_new)
    }

    async fn write_head(&self, lease: Lease, head: &SignedHead) -> Result<(), Fault> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        hold_lease(&transaction, SEQUENCER_LEASE, lease).await?;
        let sql = include_str!("../sql/log_head/insert.sql");
        let (root, signature) = (head.root.as_slice(), head.signature.as_slice());
        let columns: &[crate::connection::Parameter<'_>] = &[&head.origin, &signed(head.size)?, &root, &signature];
        if execute(&transaction, sql, columns).await? == 0 {
            return Err(conflict("a head as large was signed"));
        }
        commit(transaction).await
    }

    async fn write_traces(&self, traces: &[NewTrace]) -> Result<(), Fault> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        let traces: Vec<&NewTrace> = traces.iter().collect();
        insert_traces(&transaction, &traces).await?;
        commit(transaction).await
    }

    async fn write_outcomes(&self, outcomes: &[(Uuid, TraceOutcome, Moment)]) -> Result<(), Fault> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        insert_outcomes(&transaction, outcomes).await?;
        commit(transaction).await
    }

    async fn lease(&self, name: &'static str, holder: Uuid, now: Moment, ttl_ms: i64) -> Result<Option<Lease>, Fault> {
        let until = now.0.saturating_add(ttl_ms);
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        let inserted = execute(
            &transaction,
            include_str!("../sql/lease/insert.sql"),
            &[&name, &holder, &until],
        )
        .await?;
        let held = first(&transaction, include_str!("../sql/lease/lock.sql"), &[&name], |row| {
            Ok((get::<i64>(row, 0)?, get::<Uuid>(row, 1)?, get::<i64>(row, 2)?))
        })
        .await?;
        let (token, other, held_until) = held.ok_or_else(|| damaged("a lease vanished"))?;
        if other != holder && is_lease_good(held_until, now, ttl_ms) {
            return Ok(None);
        }
        let token = if other == holder { token } else { token + 1 };
        if inserted == 0 {
            let sql = include_str!("../sql/lease/update.sql");
            execute(&transaction, sql, &[&name, &token, &holder, &until]).await?;
        }
        commit(transaction).await?;
        Ok(Some(Lease {
            token: u64::try_from(token).map_err(|_| damaged("a lease has a negative token"))?,
        }))
    }

    async fn sequence_oldest(&self, lease: Lease, now: Moment, limit: u32) -> Result<u32, Fault> {
        let mut client = self.client().await?;
        let transaction = client.transaction().await?;
        hold_lease(&transaction, SEQUENCER_LEASE, lease).await?;
        let sql = include_str!("../sql/log_entry/append_from_outbox.sql");
        let appended = execute(&transaction, sql, &[&i64::from(limit), &now.0]).await?;
        commit(transaction).await?;
        u32::try_from(appended).map_err(|_| damaged("the outbox is larger than asked"))
    }
}
