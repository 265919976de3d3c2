//! One file: from `taking/` to `done/` or `refused/`.

use std::ffi::OsStr;
use std::fs::File;
use std::io::{Read, Write};
use std::os::unix::ffi::OsStrExt;

use app::Adapter;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use tokio::runtime::Handle;
use uuid::Uuid;

use super::{ERROR, FAULTS, FileDrop, MANIFEST, MARKER, RECEIPT, Room, Round, Trouble, trouble, with};
use crate::adapters::folder::{Entry, Folder};
use crate::adapters::outcome;
use crate::wire;

/// Largest manifest in bytes.
const MANIFEST_BYTES_MAX: u64 = 64 * 1024;

/// What a provider says of a file. What it does not say is not compared.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Manifest {
    sha256: Option<String>,
    bytes: Option<u64>,
    rows: Option<u64>,
}

impl FileDrop {
    /// Takes in a file that lies in `taking/`. An error means that the folders cannot be used.
    pub(super) fn take(&self, room: &Room, name: &OsStr, round: &mut Round) -> anyhow::Result<()> {
        let refused = |fault: &Trouble, round: &mut Round| {
            round.refused += 1;
            refuse(&room.taking, room, name, fault)
        };
        let permit = match &room.permit {
            Ok(permit) => permit,
            Err(fault) => return refused(fault, round),
        };
        let Some(file) = room.taking.plain_file(name)? else {
            return refused(&trouble::KIND, round);
        };
        let before = Entry::of_file(&file)?;
        let stated = match agrees(room, name, &file)? {
            Ok(stated) => stated,
            Err(fault) => return refused(&fault, round),
        };
        let shown = name.to_string_lossy();
        let delivered = Handle::current().block_on(app::deliver::deliver_file(
            &self.app,
            permit,
            file.try_clone()?,
            &shown,
            |_| {},
        ));
        let after = Entry::of_file(&file)?;
        if (before.bytes, before.changed_ms) != (after.bytes, after.changed_ms) {
            return refused(&trouble::CHANGED, round);
        }
        let receipt = match delivered {
            Ok(receipt) => receipt,
            Err(error) => {
                round.troubled += 1;
                let note = format!("{shown}{ERROR}");
                // Told once: on a full disk each round meets the same, and has no block to spare for it.
                if !error.is_full() || room.inbox.entry(&note)?.is_none() {
                    tracing::warn!(error.code = error.code(), %error, "a file of the drop folder waits");
                    outcome::write_json(&room.inbox, &note, &Trouble::of(&error).json())?;
                }
                return Ok(());
            }
        };
        let (delivery, state) = outcome::named_by(&receipt)?;
        let is_refused = state == "refused";
        let target = if is_refused { &room.refused } else { &room.done };
        let new_name = name_of_delivery(target, &shown, delivery)?;
        outcome::write_faults(
            &self.app,
            &wire::adapter(Adapter::FileDrop),
            delivery,
            target,
            &format!("{new_name}{FAULTS}"),
        )?;
        target.write(&format!("{new_name}{RECEIPT}"), |file| file.write_all(&receipt))?;
        if !is_refused && stated.is_some_and(|rows| rows != outcome::rows_of(&receipt)) {
            outcome::write_json(target, &format!("{new_name}{ERROR}"), &trouble::ROWS_DIFFER.json())?;
        }
        leave(&room.taking, room, name, target, &new_name)?;
        round.refused += u64::from(is_refused);
        round.taken_in += u64::from(!is_refused);
        Ok(())
    }
}

/// Moves a file that is not even looked at into `refused/`, its error beside it.
pub(super) fn refuse(from: &Folder, room: &Room, name: &OsStr, fault: &Trouble) -> anyhow::Result<()> {
    // A name that cannot be shown is told by its hash.
    let shown = if super::is_odd(name) {
        format!("unnamed-{}", short_hash(name))
    } else {
        name.to_string_lossy().into_owned()
    };
    let mut new_name = shown.clone();
    let mut number: u32 = 1;
    while room.refused.entry(&new_name)?.is_some() || room.refused.entry(format!("{new_name}{RECEIPT}"))?.is_some() {
        number += 1;
        new_name = format!("{number}-{shown}");
    }
    outcome::write_json(&room.refused, &format!("{new_name}{ERROR}"), &fault.json())?;
    leave(from, room, name, &room.refused, &new_name)
}

/// The last steps, in the order in which a stop between them is mended by the next round: the file goes last.
fn leave(from: &Folder, room: &Room, name: &OsStr, target: &Folder, new_name: &str) -> anyhow::Result<()> {
    room.inbox.remove(with(name, ERROR))?;
    room.inbox.remove(with(name, MARKER))?;
    let manifest = with(name, MANIFEST);
    if from.entry(&manifest)?.is_some() {
        from.rename(&manifest, target, format!("{new_name}{MANIFEST}"))?;
    }
    from.rename(name, target, new_name)?;
    target.sync()?;
    from.sync()?;
    Ok(())
}

/// The file's own name, unless an earlier delivery left its receipt there.
fn name_of_delivery(target: &Folder, shown: &str, delivery: Uuid) -> anyhow::Result<String> {
    let owner = match target.plain_file(format!("{shown}{RECEIPT}"))? {
        Some(file) => {
            let mut bytes = Vec::new();
            file.take(1 << 20).read_to_end(&mut bytes)?;
            outcome::named_by(&bytes).ok().map(|(delivery, _)| delivery)
        }
        None if target.entry(shown)?.is_some() => None,
        None => Some(delivery),
    };
    if owner == Some(delivery) {
        return Ok(shown.to_owned());
    }
    Ok(format!("{delivery}-{shown}"))
}

/// Whether the file is what its manifest says; then how many rows that states.
fn agrees(room: &Room, name: &OsStr, file: &File) -> anyhow::Result<Result<Option<u64>, Trouble>> {
    let manifest = with(name, MANIFEST);
    if room.taking.entry(&manifest)?.is_none() {
        return Ok(Ok(None));
    }
    let Some(opened) = room.taking.plain_file(&manifest)? else {
        return Ok(Err(trouble::MANIFEST_FORM));
    };
    let mut bytes = Vec::new();
    opened.take(MANIFEST_BYTES_MAX).read_to_end(&mut bytes)?;
    let Ok(manifest) = serde_json::from_slice::<Manifest>(&bytes) else {
        return Ok(Err(trouble::MANIFEST_FORM));
    };
    let (hash, length) = hash(file.try_clone()?)?;
    let is_same = manifest.bytes.is_none_or(|said| said == length)
        && manifest.sha256.is_none_or(|said| said.eq_ignore_ascii_case(&hash));
    Ok(if is_same {
        Ok(manifest.rows)
    } else {
        Err(trouble::MANIFEST_DIFFERS)
    })
}

fn hash(mut file: File) -> std::io::Result<(String, u64)> {
    let mut hasher = Sha256::new();
    let mut buffer = vec![0; 1 << 16];
    let mut length = 0;
    loop {
        let read = file.read(&mut buffer)?;
        if read == 0 {
            std::io::Seek::rewind(&mut file)?;
            return Ok((hex::encode(hasher.finalize()), length));
        }
        length += read as u64;
        hasher.update(buffer.get(..read).unwrap_or_default());
    }
}

fn short_hash(name: &OsStr) -> String {
    hex::encode(Sha256::digest(name.as_bytes())).chars().take(12).collect()
}
