//! Looks at a log from outside: whether it is the one that was seen before, grown.

use std::fs::{self, File};
use std::io::{ErrorKind, Write};
use std::path::Path;

use anyhow::{Context, bail};
use translog::{Head, LogFault, LogKey, Tile, WitnessKey};
use ureq::Agent;

use crate::log_client::{agent, get};

/// A log that is watched.
pub(crate) struct Watched {
    url: String,
    keys: Vec<LogKey>,
    witnesses: Vec<WitnessKey>,
    quorum: usize,
    agent: Agent,
}

/// What a look found.
pub(crate) struct Finding {
    /// Size that was seen before.
    pub(crate) before: Option<u64>,
    /// Size that is published, if its signature holds.
    pub(crate) now: Option<u64>,
    /// Code and sentence of what is wrong.
    pub(crate) fault: Option<(&'static str, String)>,
}

impl Watched {
    /// # Errors
    ///
    /// If a key cannot be read.
    pub(crate) fn new(url: &str, log: &[String], witnesses: &[String], quorum: Option<usize>) -> anyhow::Result<Self> {
        let witnesses = witnesses
            .iter()
            .map(|vkey| WitnessKey::from_vkey(vkey).with_context(|| format!("{vkey} is not the key of a witness")))
            .collect::<anyhow::Result<Vec<_>>>()?;
        let quorum = quorum.unwrap_or(witnesses.len());
        if quorum > witnesses.len() {
            bail!("--quorum is larger than the number of witnesses");
        }
        Ok(Self {
            url: url.trim_end_matches('/').to_owned(),
            keys: LogKey::all_from(&log.join(" ")).context("--log is not the key of a log")?,
            witnesses,
            quorum,
            agent: agent(),
        })
    }

    fn tile(&self, tile: Tile) -> Result<Vec<u8>, LogFault> {
        let bytes = tile.width as usize * 32;
        // The full one stands for a partial one that is not kept any more (tlog-tiles, "Partial Tiles").
        for path in [tile, Tile::full(tile.level, tile.index)] {
            match get(&self.agent, &format!("{}/{path}", self.url)) {
                Ok((200, mut body)) if body.len() >= bytes => {
                    body.truncate(bytes);
                    return Ok(body);
                }
                Ok(_) => {}
                Err(_) => return Err(LogFault::Io(ErrorKind::NotConnected.into())),
            }
        }
        Err(LogFault::TileMissing { path: tile.to_string() })
    }
}

/// Looks once; what was found good is kept in `state`.
///
/// # Errors
///
/// If the log does not answer, or the state file cannot be read or written.
pub(crate) fn look(watched: &Watched, state: &Path) -> anyhow::Result<Finding> {
    let before = read_state(watched, state)?;
    let url = format!("{}/checkpoint", watched.url);
    let (status, checkpoint) = get(&watched.agent, &url)?;
    if status != 200 {
        bail!("{url} answers {status}");
    }
    let mut found = Finding {
        before: before.map(|head| head.size),
        now: None,
        fault: None,
    };
    let now = match translog::open_any(&checkpoint, &watched.keys) {
        Ok(now) => now,
        Err(fault) => {
            found.fault = Some(("MONITOR-0001", fault.to_string()));
            return Ok(found);
        }
    };
    found.now = Some(now.size);
    found.fault = fault_of(watched, before, now, &checkpoint)?;
    if found.fault.is_none() && before.is_none_or(|before| before.size < now.size) {
        write_state(state, &checkpoint)?;
    }
    Ok(found)
}

fn fault_of(
    watched: &Watched,
    before: Option<Head>,
    now: Head,
    checkpoint: &[u8],
) -> anyhow::Result<Option<(&'static str, String)>> {
    let cosigned = translog::cosigned_by(checkpoint, &watched.witnesses).map(|cosigned| cosigned.len());
    match cosigned {
        Ok(cosigned) if cosigned >= watched.quorum => {}
        Ok(cosigned) => {
            let what = format!(
                "{cosigned} witnesses cosigned of the {} that are needed",
                watched.quorum
            );
            return Ok(Some(("MONITOR-0002", what)));
        }
        Err(fault) => return Ok(Some(("MONITOR-0002", fault.to_string()))),
    }
    let Some(before) = before else { return Ok(None) };
    let (old, new) = if before.size <= now.size {
        (before, now)
    } else {
        (now, before)
    };
    if old.size == before.size {
        let proof = match translog::prove_consistency(|tile| watched.tile(tile), new, old.size) {
            Ok(proof) => proof,
            Err(LogFault::Io(_)) => bail!("{} does not answer", watched.url),
            Err(fault) => return Ok(Some(("MONITOR-0004", fault.to_string()))),
        };
        if translog::check_consistency(&proof, old, new).is_err() {
            let what = format!(
                "the tree of {} entries does not begin with the {} seen before",
                new.size, old.size
            );
            return Ok(Some(("MONITOR-0004", what)));
        }
        return Ok(None);
    }
    let what = format!("the log went back from {} to {} entries", before.size, now.size);
    Ok(Some(("MONITOR-0003", what)))
}

fn read_state(watched: &Watched, state: &Path) -> anyhow::Result<Option<Head>> {
    let bytes = match fs::read(state) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(error).with_context(|| format!("{} cannot be read", state.display())),
    };
    let head = translog::open_any(&bytes, &watched.keys).with_context(|| {
        format!(
            "{} is not a checkpoint of this log; another log has another state file",
            state.display()
        )
    })?;
    Ok(Some(head))
}

fn write_state(state: &Path, checkpoint: &[u8]) -> anyhow::Result<()> {
    let draft = state.with_added_extension("draft");
    let written = File::create(&draft)
        .and_then(|mut file| file.write_all(checkpoint).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&draft, state));
    written.with_context(|| format!("{} cannot be written", state.display()))
}
