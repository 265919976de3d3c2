//! The file drop: providers lay files into `FOLDER/USCC/ITM/`, and find what became of them in `done/` or `refused/` there.
//!
//! A file is taken by moving it into `taking/`, so that nobody lays another under its name while it is read. From there it
//! is taken in like any other delivery: the same bytes give the same receipt. Only when receipt and fault file lie in
//! `done/` durably does the file follow them, so a stop at any instant leaves it where the next round finds it.

pub(crate) mod statement;
mod take;
mod trouble;

use std::collections::BTreeSet;
use std::ffi::OsStr;
use std::fs::File;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use anyhow::{Context, bail};
use app::{Adapter, App};
use domain::catalogue::ItemId;
use domain::{Clock, Uscc};
use policy::{Deliver, Permit};

use super::folder::{Entry, Folder, Kind};
use super::outcome::Trouble;
use crate::clock::SystemClock;
use crate::config::{Config, DropConfig};
use crate::wire;

/// Longest name of a file in bytes: its receipt's name must fit into 255.
const NAME_BYTES_MAX: usize = 200;
/// What lies beside a file and is none itself.
const COMPANIONS: [&str; 4] = [MARKER, MANIFEST, ERROR, RECEIPT];
/// Endings of files that are being written.
const UNFINISHED: [&str; 2] = [".part", ".tmp"];
const MARKER: &str = ".done";
const MANIFEST: &str = ".manifest.json";
const ERROR: &str = ".error.json";
const RECEIPT: &str = ".receipt.json";
const FAULTS: &str = ".faults.csv";
const DAY_MS: u64 = 24 * 3600 * 1000;

/// What a round did.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Round {
    pub(crate) taken_in: u64,
    pub(crate) refused: u64,
    /// Files that are not complete yet.
    pub(crate) unfinished: u64,
    /// Files that the next round tries again, and folders that cannot be used.
    pub(crate) troubled: u64,
}

/// The folders of one provider and item.
struct Room {
    inbox: Folder,
    taking: Folder,
    done: Folder,
    refused: Folder,
    permit: Result<Permit<Deliver>, Trouble>,
}

/// The watched folder.
pub(crate) struct FileDrop {
    app: App,
    config: DropConfig,
    root: Folder,
    stop: Arc<AtomicBool>,
    /// Held while this lives: one process at a time takes files.
    _lock: File,
    /// Folders that were complained of in the log already.
    complained: BTreeSet<String>,
}

impl FileDrop {
    /// Opens the configured folder; waits for no other process that holds it.
    ///
    /// # Errors
    ///
    /// If none is configured, it cannot be opened, or another process takes files from it.
    pub(crate) fn open(app: &App, config: &Config, stop: Arc<AtomicBool>) -> anyhow::Result<Self> {
        let path = &config.drop.folder;
        if path.as_os_str().is_empty() {
            bail!("no drop folder is configured: set `folder` in the table `drop` of the configuration");
        }
        let root =
            Folder::open(path).with_context(|| format!("the drop folder {} cannot be opened", path.display()))?;
        let lock_path = config.data.join("drop.lock");
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(&lock_path)
            .with_context(|| format!("{} cannot be opened", lock_path.display()))?;
        if lock.try_lock().is_err() {
            bail!("another process takes files from the drop folder; `chengdang serve` does so by itself");
        }
        Ok(Self {
            app: app.clone(),
            config: config.drop.clone(),
            root,
            stop,
            _lock: lock,
            complained: BTreeSet::new(),
        })
    }

    /// Looks into every folder once. Blocks; needs the runtime of the caller.
    ///
    /// # Errors
    ///
    /// If the drop folder itself cannot be read.
    pub(crate) fn round(&mut self) -> anyhow::Result<Round> {
        let mut round = Round::default();
        for provider_name in self.root.names()? {
            let Some(provider) = provider_name.to_str().and_then(|name| Uscc::parse(name).ok()) else {
                self.complain(
                    &mut round,
                    "DROP-0008",
                    "a folder is not named by a unified social credit code",
                );
                continue;
            };
            let items = self
                .root
                .child(&provider_name)
                .and_then(|folder| Ok((folder.names()?, folder)));
            let Ok((items, folder)) = items else {
                self.complain(&mut round, "DROP-0007", "the folder of a provider cannot be opened");
                continue;
            };
            for item_name in items {
                if self.stop.load(Ordering::Relaxed) {
                    return Ok(round);
                }
                self.visit(&provider, &folder, &item_name, &mut round);
            }
        }
        Ok(round)
    }

    fn visit(&mut self, provider: &Uscc, folder: &Folder, item_name: &OsStr, round: &mut Round) {
        let item = item_name.to_str().and_then(|name| ItemId::parse(name).ok());
        let Some(item) = item.and_then(|id| self.app.catalogue().items.get(&id).cloned()) else {
            let is_statement = item_name.to_str().is_some_and(|name| name.ends_with(MANIFEST));
            if !is_statement {
                self.complain(round, "DROP-0008", "a folder is not named by an item of the catalogue");
            }
            return;
        };
        let permit = self
            .app
            .policies()
            .decide(&wire::adapter(Adapter::FileDrop), Deliver::of(provider.clone(), &item))
            .map_err(|refusal| Trouble::refused(&refusal));
        let room = folder.child(item_name).and_then(|inbox| {
            Ok(Room {
                taking: inbox.child_or_new("taking")?,
                done: inbox.child_or_new("done")?,
                refused: inbox.child_or_new("refused")?,
                inbox,
                permit,
            })
        });
        let looked = room.map_err(anyhow::Error::from).and_then(|room| {
            self.look(&room, round)?;
            self.forget(&room.done)?;
            self.forget(&room.refused)
        });
        if let Err(error) = looked {
            tracing::warn!(
                error.code = "DROP-0007",
                error = format!("{error:#}"),
                "a drop folder cannot be used"
            );
            round.troubled += 1;
        }
    }

    /// What a stop left first, then what is new.
    fn look(&self, room: &Room, round: &mut Round) -> anyhow::Result<()> {
        for name in room.taking.names()? {
            if !is_companion(&name) {
                self.take(room, &name, round)?;
            }
        }
        for name in room.inbox.names()? {
            if self.stop.load(Ordering::Relaxed) {
                return Ok(());
            }
            if is_companion(&name) || is_own_folder(&name) {
                continue;
            }
            let Some(entry) = room.inbox.entry(&name)? else {
                continue;
            };
            if !self.is_complete(room, &name, entry)? {
                round.unfinished += 1;
                continue;
            }
            let fault = if is_odd(&name) {
                Some(&trouble::NAME)
            } else if entry.kind != Kind::Plain {
                Some(&trouble::KIND)
            } else if !is_table(&name) {
                Some(&trouble::ENDING)
            } else {
                room.permit.as_ref().err()
            };
            if let Some(fault) = fault {
                take::refuse(&room.inbox, room, &name, fault)?;
                round.refused += 1;
                continue;
            }
            if room.taking.entry(&name)?.is_some() {
                // An earlier file of this name waits to be tried again.
                round.unfinished += 1;
                continue;
            }
            let manifest = with(&name, MANIFEST);
            if room.inbox.entry(&manifest)?.is_some() {
                room.inbox.rename(&manifest, &room.taking, &manifest)?;
            }
            room.inbox.rename(&name, &room.taking, &name)?;
            self.take(room, &name, round)?;
        }
        Ok(())
    }

    /// Complete is what has its marker, or has not changed for a while. A folder or a link is judged at once.
    fn is_complete(&self, room: &Room, name: &OsStr, entry: Entry) -> anyhow::Result<bool> {
        let is_unfinished = name
            .to_str()
            .is_some_and(|name| UNFINISHED.iter().any(|ending| name.ends_with(ending)));
        if is_unfinished {
            return Ok(false);
        }
        if entry.kind != Kind::Plain || room.inbox.entry(with(name, MARKER))?.is_some() {
            return Ok(true);
        }
        Ok(!self.config.needs_marker && is_older(entry, Duration::from_secs(self.config.settle_s)))
    }

    /// Removes data files whose time is over; what was said about them stays.
    fn forget(&self, folder: &Folder) -> anyhow::Result<()> {
        let age = Duration::from_millis(self.config.keep_days.saturating_mul(DAY_MS));
        for name in folder.names()? {
            if is_companion(&name) || name.as_encoded_bytes().ends_with(FAULTS.as_bytes()) {
                continue;
            }
            if let Some(entry) = folder.entry(&name)?
                && entry.kind != Kind::Folder
                && is_older(entry, age)
            {
                folder.remove(&name)?;
            }
        }
        Ok(())
    }

    /// Tells the log once what only the operator can mend. The name is left out: it may be anything.
    fn complain(&mut self, round: &mut Round, code: &'static str, what: &'static str) {
        round.troubled += 1;
        if self.complained.insert(format!("{code} {what}")) {
            tracing::warn!(error.code = code, what, "a folder in the drop folder is passed over");
        }
    }
}

/// Watches until `stop` is set. Troubles are logged and met again in the next round.
pub(crate) async fn watch(app: App, config: Config, stop: Arc<AtomicBool>) {
    let pause = Duration::from_secs(config.drop.every_s);
    let mut drop = match FileDrop::open(&app, &config, Arc::clone(&stop)) {
        Ok(drop) => drop,
        Err(error) => {
            tracing::error!(
                error.code = "DROP-0007",
                error = format!("{error:#}"),
                "the drop folder is not watched"
            );
            return;
        }
    };
    while !stop.load(Ordering::Relaxed) {
        let ended = tokio::task::spawn_blocking(move || {
            let outcome = drop.round();
            (drop, outcome)
        })
        .await;
        let Ok((returned, outcome)) = ended else { return };
        drop = returned;
        if let Err(error) = outcome {
            tracing::warn!(
                error.code = "DROP-0007",
                error = format!("{error:#}"),
                "the drop folder cannot be read"
            );
        }
        tokio::time::sleep(pause).await;
    }
}

/// Whether it has not changed for `age`. A clock that was set back must not keep a file waiting for ever.
fn is_older(entry: Entry, age: Duration) -> bool {
    u128::from(SystemClock.now().0.abs_diff(entry.changed_ms)) >= age.as_millis()
}

fn is_companion(name: &OsStr) -> bool {
    name.to_str()
        .is_some_and(|name| COMPANIONS.iter().any(|ending| name.ends_with(ending)))
}

fn is_own_folder(name: &OsStr) -> bool {
    ["taking", "done", "refused"].iter().any(|own| name == *own)
}

/// Names that a list, a log or a spreadsheet would garble.
fn is_odd(name: &OsStr) -> bool {
    let Some(name) = name.to_str() else { return true };
    // U+202A … U+202E and U+2066 … U+2069 turn the direction of what follows.
    let turns = |c| matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    name.len() > NAME_BYTES_MAX || name.chars().any(|c| c.is_control() || turns(c))
}

fn is_table(name: &OsStr) -> bool {
    let name = name.to_string_lossy().to_ascii_lowercase();
    [".csv", ".xlsx"].iter().any(|ending| name.ends_with(ending))
}

fn with(name: &OsStr, ending: &str) -> std::ffi::OsString {
    let mut whole = name.to_owned();
    whole.push(ending);
    whole
}
