//! The database view: rows that appeared in a provider's view since the last poll become a delivery (GB/T 39443).
//!
//! A batch is written as CSV into the sealed staging area before anything is recorded, and the state file names it: a stop
//! at any instant finds the same bytes again, whatever happened to the view meanwhile. The watermark advances in the same
//! write that forgets the batch, and only after its receipt.

mod batch;
mod state;

use std::collections::BTreeMap;
use std::fs::File;
use std::io::Write;
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, bail};
use app::deliver::{DeliverError, deliver_staged, discard_staged, stage};
use app::{Adapter, App};
use domain::catalogue::ItemId;
use domain::{Clock, Uscc};
use policy::{Deliver, Permit};
use store_postgres::{ViewError, ViewOptions, ViewSource};

use self::batch::Batch;
use self::state::{InFlight, State, StateTrouble};
use super::folder::Folder;
use super::outcome;
use crate::clock::SystemClock;
use crate::config::{Config, ViewConfig};
use crate::wire;

const FIRST_PAUSE_MS: i64 = 5_000;
const LONGEST_PAUSE_MS: i64 = 600_000;

/// Why a poll did not end as it should.
#[derive(Debug, thiserror::Error)]
pub(crate) enum PollError {
    /// The source.
    #[error(transparent)]
    View(#[from] ViewError),
    /// What the source gave cannot be a delivery.
    #[error(transparent)]
    Batch(#[from] batch::BatchFault),
    /// The intake.
    #[error(transparent)]
    Deliver(#[from] DeliverError),
    /// The folder of the view.
    #[error("{0:#}")]
    Folder(#[from] anyhow::Error),
}

impl PollError {
    /// Public code; see `docs/errors.md`.
    pub(crate) fn code(&self) -> &'static str {
        match self {
            Self::View(ViewError::Unavailable { .. }) => "VIEW-0001",
            Self::View(ViewError::Unfit { .. }) => "VIEW-0002",
            Self::View(ViewError::Unmarked) => "VIEW-0003",
            Self::Batch(fault) => fault.code(),
            Self::Deliver(error) => error.code(),
            Self::Folder(_) => "VIEW-0007",
        }
    }
}

/// What one poll did.
#[derive(Debug, Default, Clone, PartialEq, Eq)]
pub(crate) struct Poll {
    pub(crate) rows: u64,
    /// Deliveries that were finished.
    pub(crate) deliveries: Vec<uuid::Uuid>,
}

/// A view that is polled.
pub(crate) struct View {
    app: App,
    pub(crate) name: String,
    config: ViewConfig,
    permit: Permit<Deliver>,
    folder: Folder,
    state: State,
}

/// All configured views; while this lives, no other process polls them.
pub(crate) struct Views {
    pub(crate) views: Vec<View>,
    _lock: File,
}

impl Views {
    /// # Errors
    ///
    /// If a view is configured wrongly, or another process polls.
    pub(crate) fn open(app: &App, config: &Config) -> anyhow::Result<Self> {
        let root: PathBuf = config.data.join("views");
        std::fs::create_dir_all(&root).with_context(|| format!("{} cannot be created", root.display()))?;
        let lock = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(root.join(".lock"))
            .context("the lock of the views cannot be opened")?;
        if lock.try_lock().is_err() {
            bail!("another process polls the views; `chengdang serve` does so by itself");
        }
        let root = Folder::open(&root)?;
        let views = config
            .views
            .iter()
            .map(|(name, view)| View::open(app, &root, name, view).with_context(|| format!("views.{name}")))
            .collect::<anyhow::Result<_>>()?;
        Ok(Self { views, _lock: lock })
    }
}

impl View {
    fn open(app: &App, root: &Folder, name: &str, config: &ViewConfig) -> anyhow::Result<Self> {
        let item = ItemId::parse(&config.item).context("item is not an item id")?;
        let provider = Uscc::parse(&config.provider).context("provider is not a unified social credit code")?;
        let folder = root.child_or_new(name)?;
        Ok(Self {
            permit: wire::may_deliver(app, &wire::adapter(Adapter::DatabaseView), &item, &provider)?,
            app: app.clone(),
            name: name.to_owned(),
            config: config.clone(),
            state: State::read(&folder)?,
            folder,
        })
    }

    /// Whether the pause after a failure is over.
    pub(crate) fn is_due(&self) -> bool {
        let now = SystemClock.now().0;
        self.state.trouble.as_ref().is_none_or(|trouble| {
            // A clock that was set back must not lengthen the pause.
            now >= trouble.next_ms || trouble.next_ms - now > LONGEST_PAUSE_MS
        })
    }

    /// Takes in what is new, batch by batch. A failure is kept in the state with the time of the next try.
    pub(crate) async fn poll(&mut self) -> Result<Poll, PollError> {
        let outcome = self.try_poll().await;
        match &outcome {
            Ok(_) if self.state.trouble.is_some() => {
                self.state.trouble = None;
                self.state.write(&self.folder)?;
            }
            Ok(_) => {}
            Err(error) => {
                let failures = self
                    .state
                    .trouble
                    .as_ref()
                    .map_or(0, |trouble| trouble.failures)
                    .saturating_add(1);
                let pause = FIRST_PAUSE_MS
                    .saturating_mul(1 << (failures - 1).min(16))
                    .min(LONGEST_PAUSE_MS);
                tracing::warn!(error.code = error.code(), %error, view = self.name, failures, "a view could not be polled");
                self.state.trouble = Some(StateTrouble {
                    code: error.code().to_owned(),
                    what: error.to_string(),
                    failures,
                    next_ms: SystemClock.now().0 + pause,
                });
                self.state.write(&self.folder)?;
            }
        }
        outcome
    }

    async fn try_poll(&mut self) -> Result<Poll, PollError> {
        let mut poll = Poll::default();
        self.finish_in_flight(&mut poll).await?;
        let source = ViewSource::connect(&ViewOptions {
            url: self.config.source.clone(),
            view: self.config.view.clone(),
            watermark: self.config.watermark.clone(),
            key: self.config.key.clone(),
            settle: Duration::from_secs(self.config.settle_s),
        })
        .await?;
        let headers = self.headers(&source);
        loop {
            let batch = Batch::read(&source, &headers, &self.state, self.config.batch_rows).await?;
            if batch.rows == 0 {
                return Ok(poll);
            }
            self.begin(batch).await?;
            self.finish_in_flight(&mut poll).await?;
        }
    }

    fn headers(&self, source: &ViewSource) -> Vec<String> {
        let renamed: &BTreeMap<String, String> = &self.config.columns;
        source
            .columns()
            .iter()
            .map(|column| renamed.get(column).unwrap_or(column).clone())
            .collect()
    }

    /// Seals the batch onto the disk and notes it: from here on its bytes are fixed.
    async fn begin(&mut self, batch: Batch) -> Result<(), PollError> {
        let name = format!("{}-{}.csv", self.name, self.state.batches + 1);
        let body = futures::stream::iter([Ok(bytes::Bytes::from(batch.csv))]);
        let staged = stage(&self.app, &self.permit, &name, body).await?;
        self.folder
            .write(&lines_name(staged.uuid), |file| file.write_all(&batch.lines))
            .map_err(anyhow::Error::from)?;
        self.state.in_flight = Some(InFlight {
            upload: staged.uuid,
            is_noted: false,
            rows: batch.rows,
            watermark: batch.watermark,
            taken: batch.taken,
        });
        self.state.write(&self.folder)?;
        Ok(())
    }

    /// Takes in the batch that is noted, if one is, and advances the watermark with its receipt.
    async fn finish_in_flight(&mut self, poll: &mut Poll) -> Result<(), PollError> {
        let Some(in_flight) = self.state.in_flight.clone() else {
            return Ok(());
        };
        if !in_flight.is_noted {
            let receipt = match deliver_staged(&self.app, &self.permit, in_flight.upload).await {
                Ok(receipt) => receipt,
                Err(DeliverError::NotStaged) => {
                    // Somebody emptied the staging folder. The watermark has not advanced, so the rows are read again.
                    tracing::warn!(
                        view = self.name,
                        "a batch of a view is gone from the staging folder; it is read again"
                    );
                    self.state.in_flight = None;
                    self.state.write(&self.folder)?;
                    return Ok(());
                }
                Err(other) => return Err(other.into()),
            };
            let (delivery, _) = outcome::named_by(&receipt)?;
            self.leave(in_flight.upload, delivery, &receipt)?;
            self.state.watermark = Some(in_flight.watermark.clone());
            self.state.taken.clone_from(&in_flight.taken);
            self.state.batches += 1;
            poll.rows += in_flight.rows;
            poll.deliveries.push(delivery);
            self.state.in_flight = Some(InFlight {
                is_noted: true,
                ..in_flight.clone()
            });
            self.state.write(&self.folder)?;
        }
        discard_staged(&self.app, &self.permit, in_flight.upload).await?;
        self.state.in_flight = None;
        self.state.write(&self.folder)?;
        Ok(())
    }

    /// Receipt, faults and the keys of the lines, by the delivery's id.
    fn leave(&self, upload: uuid::Uuid, delivery: uuid::Uuid, receipt: &[u8]) -> anyhow::Result<()> {
        tokio::task::block_in_place(|| {
            let caller = wire::adapter(Adapter::DatabaseView);
            outcome::write_faults(
                &self.app,
                &caller,
                delivery,
                &self.folder,
                &format!("{delivery}.faults.csv"),
            )?;
            self.folder
                .write(&format!("{delivery}.receipt.json"), |file| file.write_all(receipt))?;
            if upload != delivery && self.folder.entry(lines_name(upload))?.is_some() {
                self.folder
                    .rename(lines_name(upload), &self.folder, lines_name(delivery))?;
            }
            Ok(())
        })
    }

    /// What an operator sees of it.
    pub(crate) fn report(&self) -> serde_json::Value {
        serde_json::json!({
            "view": self.name,
            "provider": self.config.provider,
            "item": self.config.item,
            "batches": self.state.batches,
            "in_flight_rows": self.state.in_flight.as_ref().map(|in_flight| in_flight.rows),
            "watermark": self.state.watermark,
            "trouble": self.state.trouble.as_ref().map(|trouble| serde_json::json!({
                "code": trouble.code, "what": trouble.what, "failures": trouble.failures,
                "next_try": domain::Moment(trouble.next_ms).local_text(),
            })),
        })
    }
}

/// Polls every view by its own rhythm until the task is dropped.
pub(crate) async fn watch(mut views: Views) {
    let mut next: BTreeMap<String, i64> = BTreeMap::new();
    loop {
        for view in &mut views.views {
            let now = SystemClock.now().0;
            let at = next.get(&view.name).copied().unwrap_or_default();
            let every = i64::try_from(view.config.every_s)
                .unwrap_or(i64::MAX)
                .saturating_mul(1000);
            if (now < at && at - now <= every) || !view.is_due() {
                continue;
            }
            // A failure is in the log and in the state.
            let _ = view.poll().await;
            next.insert(view.name.clone(), SystemClock.now().0.saturating_add(every));
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
}

fn lines_name(id: uuid::Uuid) -> String {
    format!("{id}.lines.csv")
}
