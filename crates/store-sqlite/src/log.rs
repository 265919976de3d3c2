//! Traces and their outcomes, the outbox, the lease of the sequencer and the sequenced log.

use async_trait::async_trait;
use domain::Moment;
use rusqlite::{Connection, Row, params};
use store::{
    EntryKind, IndexTag, Lease, LogEntry, LogStore, NewTrace, SEQUENCER_LEASE, SignedHead, StoreError, Trace,
    TraceKind, TraceOutcome, is_lease_good,
};
use uuid::Uuid;

use crate::connection::{all, bytes, count, execute, first, sealed, signed, uuid, word};
use crate::fault::{Fault, conflict, damaged};
use crate::{SqliteStore, rotation};

#[async_trait]
impl LogStore for SqliteStore {
    async fn append_traces(&self, traces: &[NewTrace]) -> Result<(), StoreError> {
        let traces = traces.to_vec();
        self.write(move |connection| {
            rotation::check_floors(
                connection,
                std::iter::empty(),
                traces.iter().map(|trace| &trace.subject),
            )?;
            traces.iter().try_for_each(|trace| append_trace(connection, trace))
        })
        .await
    }

    async fn append_outcomes(&self, outcomes: &[(Uuid, TraceOutcome, Moment)]) -> Result<(), StoreError> {
        let outcomes = outcomes.to_vec();
        self.write(move |connection| {
            outcomes
                .iter()
                .try_for_each(|(trace, outcome, at)| append_outcome(connection, *trace, *outcome, *at))
        })
        .await
    }

    async fn traces_of(&self, subjects: &[IndexTag], limit: u32) -> Result<Vec<Trace>, StoreError> {
        let subjects = subjects.to_vec();
        self.read(move |connection| traces_of(connection, &subjects, limit))
            .await
    }

    async fn take_lease(
        &self,
        name: &'static str,
        holder: Uuid,
        now: Moment,
        ttl_ms: i64,
    ) -> Result<Option<Lease>, StoreError> {
        self.write(move |connection| take_lease(connection, name, holder, now, ttl_ms))
            .await
    }

    async fn sequence(&self, lease: Lease, now: Moment, limit: u32) -> Result<u32, StoreError> {
        self.write(move |connection| sequence(connection, lease, now, limit))
            .await
    }

    async fn log_entries(&self, from: u64, limit: u32) -> Result<Vec<LogEntry>, StoreError> {
        self.read(move |connection| {
            all(
                connection,
                include_str!("../sql/log_entry/list.sql"),
                params![signed(from)?, limit],
                entry,
            )
        })
        .await
    }

    async fn find_entries(&self, hashes: &[[u8; 32]]) -> Result<Vec<Option<LogEntry>>, StoreError> {
        let hashes = hashes.to_vec();
        self.read(move |connection| {
            let sql = include_str!("../sql/log_entry/find.sql");
            hashes
                .iter()
                .map(|hash| first(connection, sql, [hash], entry))
                .collect()
        })
        .await
    }

    async fn append_version(&self, kind: EntryKind, entry_hash: [u8; 32]) -> Result<bool, StoreError> {
        self.write(move |connection| append_version(connection, kind, &entry_hash))
            .await
    }

    async fn append_head(&self, lease: Lease, new: &SignedHead) -> Result<(), StoreError> {
        let new = new.clone();
        self.write(move |connection| {
            hold_lease(connection, SEQUENCER_LEASE, lease)?;
            let sql = include_str!("../sql/log_head/insert.sql");
            let columns = params![new.origin, signed(new.size)?, &new.root, &new.signature];
            match execute(connection, sql, columns)? {
                0 => Err(conflict("a head as large was signed")),
                _ => Ok(()),
            }
        })
        .await
    }

    async fn signed_heads(&self, origin: &str, from: u64, limit: u32) -> Result<Vec<SignedHead>, StoreError> {
        let origin = origin.to_owned();
        self.read(move |connection| {
            let sql = include_str!("../sql/log_head/list.sql");
            all(connection, sql, params![origin, signed(from)?, limit], head)
        })
        .await
    }

    async fn last_head(&self, origin: &str) -> Result<Option<SignedHead>, StoreError> {
        let origin = origin.to_owned();
        self.read(move |connection| first(connection, include_str!("../sql/log_head/last.sql"), [origin], head))
            .await
    }

    async fn outbox_entries(&self, limit: u32) -> Result<Vec<(EntryKind, [u8; 32])>, StoreError> {
        self.read(move |connection| {
            all(connection, include_str!("../sql/outbox/list.sql"), [limit], |row| {
                Ok((word(row, 0, EntryKind::parse)?, bytes(row, 1)?))
            })
        })
        .await
    }

    async fn log_sizes(&self) -> Result<(u64, u64), StoreError> {
        self.read(|connection| {
            let one = |sql| first(connection, sql, [], |row| count(row, 0)).map(Option::unwrap_or_default);
            Ok((
                one(include_str!("../sql/log_entry/size.sql"))?,
                one(include_str!("../sql/outbox/count.sql"))?,
            ))
        })
        .await
    }
}

/// Asks for a place in the log, in the effect's own transaction.
pub(crate) fn enqueue(connection: &Connection, kind: EntryKind, entry_hash: &[u8; 32]) -> Result<(), Fault> {
    execute(
        connection,
        include_str!("../sql/outbox/insert.sql"),
        params![kind.as_str(), entry_hash],
    )?;
    Ok(())
}

pub(crate) fn append_trace(connection: &Connection, trace: &NewTrace) -> Result<(), Fault> {
    execute(
        connection,
        include_str!("../sql/trace/insert.sql"),
        params![
            trace.uuid.as_bytes(),
            trace.kind.as_str(),
            &trace.subject.tag,
            trace.subject.index.code(),
            trace.subject.key_version,
            trace.content.salt.as_ref(),
            trace.content.ciphertext,
            &trace.entry_hash,
            trace.at.0,
        ],
    )?;
    enqueue(connection, EntryKind::Trace, &trace.entry_hash)
}

pub(crate) fn append_outcome(
    connection: &Connection,
    trace: Uuid,
    outcome: TraceOutcome,
    at: Moment,
) -> Result<(), Fault> {
    let sql = include_str!("../sql/trace_outcome/insert.sql");
    if execute(connection, sql, params![trace.as_bytes(), outcome.as_str(), at.0])? == 1 {
        return Ok(());
    }
    let stands = first(
        connection,
        include_str!("../sql/trace_outcome/get.sql"),
        [trace.as_bytes()],
        |row| word(row, 0, TraceOutcome::parse),
    )?;
    if stands == Some(outcome) {
        Ok(())
    } else {
        Err(conflict("the trace has another outcome"))
    }
}

fn traces_of(connection: &Connection, subjects: &[IndexTag], limit: u32) -> Result<Vec<Trace>, Fault> {
    let mut found: Vec<(i64, Trace)> = Vec::new();
    for tag in subjects {
        let sql = include_str!("../sql/trace/list_of_subject.sql");
        let key = params![&tag.tag, tag.index.code(), tag.key_version, limit];
        found.extend(all(connection, sql, key, |row| {
            let has_outcome = row.get_ref(6)?.as_str().is_ok();
            let trace = Trace {
                uuid: uuid(row, 1)?,
                kind: word(row, 2, TraceKind::parse)?,
                content: sealed(row, 3)?,
                at: Moment(row.get(5)?),
                outcome: if has_outcome {
                    Some(word(row, 6, TraceOutcome::parse)?)
                } else {
                    None
                },
            };
            Ok((row.get(0)?, trace))
        })?);
    }
    found.sort_unstable_by_key(|(order, _)| std::cmp::Reverse(*order));
    found.dedup_by_key(|(order, _)| *order);
    found.truncate(usize::try_from(limit).unwrap_or(usize::MAX));
    Ok(found.into_iter().map(|(_, trace)| trace).collect())
}

fn take_lease(
    connection: &Connection,
    name: &'static str,
    holder: Uuid,
    now: Moment,
    ttl_ms: i64,
) -> Result<Option<Lease>, Fault> {
    let until = now.0.saturating_add(ttl_ms);
    let held = first(connection, include_str!("../sql/lease/get.sql"), [name], |row| {
        Ok((row.get::<_, i64>(0)?, uuid(row, 1)?, row.get::<_, i64>(2)?))
    })?;
    let token = match held {
        None => {
            execute(
                connection,
                include_str!("../sql/lease/insert.sql"),
                params![name, holder.as_bytes(), until],
            )?;
            1
        }
        Some((_, other, held_until)) if other != holder && is_lease_good(held_until, now, ttl_ms) => return Ok(None),
        Some((token, other, _)) => {
            let token = if other == holder { token } else { token + 1 };
            let sql = include_str!("../sql/lease/update.sql");
            execute(connection, sql, params![name, token, holder.as_bytes(), until])?;
            token
        }
    };
    Ok(Some(Lease {
        token: u64::try_from(token).map_err(|_| damaged("a lease has a negative token"))?,
    }))
}

/// Refuses whoever does not hold the lease `name` any more.
pub(crate) fn hold_lease(connection: &Connection, name: &'static str, lease: Lease) -> Result<(), Fault> {
    let sql = include_str!("../sql/lease/get.sql");
    let token = first(connection, sql, [name], |row| count(row, 0))?;
    if token != Some(lease.token) {
        return Err(StoreError::LeaseLost { name }.into());
    }
    Ok(())
}

fn entry(row: &Row<'_>) -> Result<LogEntry, Fault> {
    Ok(LogEntry {
        index: count(row, 0)?,
        kind: word(row, 1, EntryKind::parse)?,
        entry_hash: bytes(row, 2)?,
        at: Moment(row.get(3)?),
    })
}

fn head(row: &Row<'_>) -> Result<SignedHead, Fault> {
    Ok(SignedHead {
        origin: row.get(0)?,
        size: count(row, 1)?,
        root: bytes(row, 2)?,
        signature: bytes(row, 3)?,
    })
}

fn append_version(connection: &Connection, kind: EntryKind, entry_hash: &[u8; 32]) -> Result<bool, Fault> {
    let newest = |sql| first(connection, sql, [kind.as_str()], |row| bytes::<32>(row, 0));
    let known = match newest(include_str!("../sql/outbox/newest.sql"))? {
        Some(waiting) => Some(waiting),
        None => newest(include_str!("../sql/log_entry/newest_version.sql"))?,
    };
    let is_new = known != Some(*entry_hash);
    if is_new {
        enqueue(connection, kind, entry_hash)?;
    }
    Ok(is_new)
}

fn sequence(connection: &Connection, lease: Lease, now: Moment, limit: u32) -> Result<u32, Fault> {
    hold_lease(connection, SEQUENCER_LEASE, lease)?;
    let appended = execute(
        connection,
        include_str!("../sql/log_entry/append_from_outbox.sql"),
        params![limit, now.0],
    )?;
    let left = execute(connection, include_str!("../sql/outbox/delete_oldest.sql"), [limit])?;
    if appended != left {
        return Err(damaged("the outbox and the log disagree"));
    }
    u32::try_from(appended).map_err(|_| damaged("the outbox is larger than asked"))
}
