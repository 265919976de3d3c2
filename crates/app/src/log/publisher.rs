//! The publisher: what the sequencer has given its place is integrated into tiles, checked, signed, cosigned and published.
//! It works under the sequencer's lease.

use store::{Lease, LogEntry, SignedHead};
use translog::{Filled, Hash, Head, LogFault, LogKey, Tile, Tree};

use super::clock::ClockGuard;
use super::derive::{PAGE, derive};
use super::witnesses::Seen;
use super::{LogError, Standing, head_of, key, leaf_of, note_of, signer_of, with_files};
use crate::{App, AppError};

/// Entries that one checkpoint adds at most; what waits beyond has the next one.
const ENTRIES_MAX: u64 = 1 << 18;

/// Publishes the log. One for each process that may hold the lease.
pub struct Publisher {
    /// `None` until the tree was derived from the store, and again after anything went wrong.
    integrated: Option<Integrated>,
    seen: Seen,
    clock: ClockGuard,
}

/// How far the log is.
struct Integrated {
    tree: Tree,
    signed: SignedHead,
    published: u64,
    /// The newest key that signed what is published.
    published_by: Option<[u8; 32]>,
    /// Tiles that became full since something was published last.
    full: Vec<Tile>,
}

impl Publisher {
    /// Begins to publish. With witnesses, nothing is shown to others until they have confirmed what is here.
    #[must_use]
    pub fn new(app: &App) -> Self {
        if !app.log().witnesses.is_empty() {
            app.log().stand(Standing::Unasked);
        }
        Self {
            integrated: None,
            seen: Seen::none(app),
            clock: ClockGuard::new(),
        }
    }

    /// Makes sure that the store is not an old backup: what was signed last is shown to the witnesses again, and must be the
    /// newest that they know (I10). Asked until it succeeded once; without witnesses, only the published checkpoint can tell.
    ///
    /// # Errors
    ///
    /// [`LogError::Missing`], [`LogError::Behind`], [`LogError::Contradicted`]: nothing is sequenced or signed then.
    /// [`LogError::Quorum`] while too few witnesses answer.
    pub async fn confirm(&mut self, app: &App, lease: Lease) -> Result<(), AppError> {
        // A key that was replaced meanwhile signs no further head.
        app.vault().refresh()?;
        if self.integrated.is_some() && app.log().standing() == Standing::Current {
            return Ok(());
        }
        let confirmed = self.ask(app, lease).await;
        match &confirmed {
            Ok(()) => app.log().stand(Standing::Current),
            Err(AppError::Log(error)) if error.is_rollback() => app.log().stand(Standing::Behind),
            Err(_) => {}
        }
        confirmed
    }

    /// Refuses a clock that jumped: its moments would be signed (AB-22).
    ///
    /// # Errors
    ///
    /// [`LogError::Clock`].
    pub fn check_clock(&mut self, app: &App) -> Result<(), AppError> {
        Ok(self.clock.check(app.now())?)
    }

    async fn ask(&mut self, app: &App, lease: Lease) -> Result<(), AppError> {
        let key = key(app)?;
        let signed = match app.store().last_head(key.origin()).await? {
            Some(signed) => signed,
            // Every tree begins with the empty one, so its head may be signed whatever was signed before.
            None => sign(app, lease, &key, Tree::default().head()).await?,
        };
        let note = note_of(app, &signed)?;
        let (entries, _) = app.store().log_sizes().await?;
        let published = super::published(app).await?.map_or(0, |(head, _)| head.size);
        if entries < signed.size.max(published) {
            let signed = signed.size.max(published);
            return Err(LogError::Missing { entries, signed }.into());
        }
        if app.log().standing() != Standing::Current {
            self.seen.cosign(app, head_of(&signed), &note).await?;
        }
        Ok(())
    }

    /// Integrates what was sequenced, signs a head over it and publishes that once enough witnesses cosigned. Returns the size
    /// that is published.
    ///
    /// # Errors
    ///
    /// Any [`LogError`]. Nothing was signed then, or what was signed is published by a later call.
    pub async fn publish(&mut self, app: &App, lease: Lease) -> Result<u64, AppError> {
        // Whatever goes wrong: the next call begins from the store again, not from what may be wrong in memory.
        let mut integrated = match self.integrated.take() {
            Some(integrated) => integrated,
            None => begin(app).await?,
        };
        let key = key(app)?;
        if integrated.published == integrated.signed.size {
            let full = integrate(app, &mut integrated.tree).await?;
            integrated.full.extend(&full);
            if integrated.tree.size() > integrated.signed.size {
                let head = checked(app, &integrated, full).await?;
                self.check_clock(app)?;
                integrated.signed = sign(app, lease, &key, head).await?;
            }
        }
        // What is published bears the newest key's line, too, as soon as there is one: who trusts it begins from there.
        let lacks_line = integrated.published == integrated.signed.size
            && integrated.published_by.as_ref() != Some(key.public_key());
        let is_behind = integrated.published < integrated.signed.size;
        if is_behind || lacks_line || super::checkpoint(app).await?.is_none() {
            let head = head_of(&integrated.signed);
            let mut note = note_of(app, &integrated.signed)?;
            let lines = match self.seen.cosign(app, head, &note).await {
                Ok(lines) => lines,
                // The tree stays as it is; only the witnesses are waited for.
                Err(AppError::Log(error @ LogError::Quorum { .. })) => {
                    self.integrated = Some(integrated);
                    return Err(error.into());
                }
                Err(AppError::Log(error)) if error.is_rollback() => {
                    app.log().stand(Standing::Behind);
                    return Err(error.into());
                }
                Err(error) => return Err(error),
            };
            note.extend(lines.concat());
            let full = std::mem::take(&mut integrated.full);
            with_files(app, move |files| {
                files.publish(&note)?;
                full.into_iter().try_for_each(|tile| files.forget_partial(tile))
            })
            .await?;
            integrated.published = head.size;
            integrated.published_by = Some(*key.public_key());
        }
        let published = integrated.published;
        self.integrated = Some(integrated);
        Ok(published)
    }
}

/// Derives the tree, and holds it against everything that was signed last.
async fn begin(app: &App) -> Result<Integrated, AppError> {
    let key = key(app)?;
    let signed = app.store().last_head(key.origin()).await?.ok_or(AppError::Damaged {
        what: "the log has no head",
    })?;
    signer_of(&key, &app.vault().known_signers(), &signed)?;
    let published = super::published(app).await?;
    let by_newest = published
        .as_ref()
        .and_then(|(_, checkpoint)| translog::open(checkpoint, &key).ok());
    let published = published.map(|(head, _)| head);
    let heads: Vec<Head> = std::iter::once(head_of(&signed)).chain(published).collect();
    let tree = derive(app, &heads).await?;
    Ok(Integrated {
        tree,
        signed,
        published: published.map_or(0, |head| head.size),
        published_by: by_newest.map(|_| *key.public_key()),
        full: Vec::new(),
    })
}

/// Appends what was sequenced and writes its tiles; those that became full.
async fn integrate(app: &App, tree: &mut Tree) -> Result<Vec<Tile>, AppError> {
    let until = tree.size() + ENTRIES_MAX;
    let mut filled: Vec<Filled> = Vec::new();
    let from = tree.size();
    while tree.size() < until {
        let page = app.store().log_entries(tree.size(), PAGE).await?;
        if page.is_empty() {
            break;
        }
        for entry in page {
            append(tree, &entry, &mut filled)?;
        }
    }
    let full = filled.iter().map(|filled| filled.tile).collect();
    if tree.size() > from {
        filled.extend(tree.partial());
        with_files(app, move |files| files.write(&filled)).await?;
    }
    Ok(full)
}

fn append(tree: &mut Tree, entry: &LogEntry, filled: &mut Vec<Filled>) -> Result<(), LogError> {
    if entry.index != tree.size() {
        return Err(LogError::Entries {
            size: tree.size(),
            entry: Some(tree.size()),
        });
    }
    tree.append(&leaf_of(entry).to_bytes(), filled);
    Ok(())
}

/// The head of the tree in memory, once entries and tiles have been read anew and agree with it (G-16).
async fn checked(app: &App, integrated: &Integrated, full: Vec<Tile>) -> Result<Head, AppError> {
    let head = integrated.tree.head();
    let mut leaves: Vec<Hash> = Vec::new();
    let mut from = integrated.signed.size;
    while from < head.size {
        let limit = u32::try_from(head.size - from).unwrap_or(PAGE).min(PAGE);
        let page = app.store().log_entries(from, limit).await?;
        if page.is_empty() {
            return Err(LogError::ReadBack.into());
        }
        from += page.len() as u64;
        leaves.extend(page.iter().map(|entry| translog::leaf_hash(&leaf_of(entry).to_bytes())));
    }
    let signed = head_of(&integrated.signed);
    with_files(app, move |files| {
        translog::check_written(|tile| files.read(tile), head, signed, &leaves, &full)
    })
    .await
    .map_err(|error| match error {
        AppError::Log(LogError::Fault(LogFault::Tiles | LogFault::TileMissing { .. })) => LogError::ReadBack.into(),
        error => error,
    })?;
    Ok(head)
}

/// Signs a head and keeps it in the store, before anybody is given it.
async fn sign(app: &App, lease: Lease, key: &LogKey, head: Head) -> Result<SignedHead, AppError> {
    let text = translog::text_of(key, head).map_err(LogError::from)?;
    let signed = SignedHead {
        origin: key.origin().to_owned(),
        size: head.size,
        root: head.root,
        signature: app.vault().sign_log(&text)?,
    };
    app.store().append_head(lease, &signed).await?;
    Ok(signed)
}
