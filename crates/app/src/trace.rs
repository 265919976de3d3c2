//! Group commit of traces: every look is durable before anything is probed (R11), and looks that come together share one commit.

use std::sync::Arc;

use domain::Moment;
use store::{NewTrace, Store, StoreError, TraceOutcome};
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use crate::AppError;

/// Traces that share one commit at most.
const GROUP_MAX: usize = 512;
/// Traces that may wait; past it the caller waits (back-pressure), nothing is dropped.
const QUEUE_MAX: usize = 4096;

enum Message {
    Intent(NewTrace, oneshot::Sender<Result<(), AppError>>),
    Outcome(Uuid, TraceOutcome, Moment),
}

/// The writer of traces, one task per process.
pub(crate) struct GroupCommit(mpsc::Sender<Message>);

impl GroupCommit {
    pub(crate) fn start(store: Arc<dyn Store>) -> Self {
        let (sender, receiver) = mpsc::channel(QUEUE_MAX);
        tokio::spawn(run(store, receiver));
        Self(sender)
    }

    /// Returns once the trace is durable. If the log cannot take it, the look fails.
    pub(crate) async fn intent(&self, trace: NewTrace) -> Result<(), AppError> {
        let (reply, answer) = oneshot::channel();
        self.0
            .send(Message::Intent(trace, reply))
            .await
            .map_err(|_| AppError::ShuttingDown)?;
        answer.await.map_err(|_| AppError::ShuttingDown)?
    }

    /// Hands over the outcome; it joins the next group and is not waited for. An outcome that is lost in a crash
    /// leaves "unknown, treated as disclosed".
    pub(crate) async fn outcome(&self, trace: Uuid, outcome: TraceOutcome, at: Moment) {
        // A closed channel means shutdown: then the outcome stays unknown, which is the cautious reading.
        let _ = self.0.send(Message::Outcome(trace, outcome, at)).await;
    }
}

/// The code under which a trace that was not written is told.
const fn code(error: &StoreError) -> &'static str {
    match error {
        StoreError::Full => "APP-0010",
        _ => "APP-0001",
    }
}

async fn run(store: Arc<dyn Store>, mut receiver: mpsc::Receiver<Message>) {
    let mut group = Vec::with_capacity(GROUP_MAX);
    while receiver.recv_many(&mut group, GROUP_MAX).await > 0 {
        let mut traces = Vec::new();
        let mut replies = Vec::new();
        let mut outcomes = Vec::new();
        for message in group.drain(..) {
            match message {
                Message::Intent(trace, reply) => {
                    traces.push(trace);
                    replies.push(reply);
                }
                Message::Outcome(trace, outcome, at) => outcomes.push((trace, outcome, at)),
            }
        }
        if !traces.is_empty() {
            let failure = store.append_traces(&traces).await.err();
            if let Some(error) = &failure {
                let (code, rows) = (code(error), traces.len());
                tracing::error!(error.code = code, rows, %error, "traces could not be written; the looks fail");
            }
            for reply in replies {
                // The caller may have gone away; its trace stands all the same.
                let _ = reply.send(match &failure {
                    None => Ok(()),
                    Some(StoreError::Full) => Err(StoreError::Full.into()),
                    Some(error) => Err(StoreError::Unavailable {
                        cause: error.to_string(),
                    }
                    .into()),
                });
            }
        }
        if !outcomes.is_empty()
            && let Err(error) = store.append_outcomes(&outcomes).await
        {
            tracing::warn!(rows = outcomes.len(), %error, "outcomes of looks could not be written; they read as disclosed");
        }
    }
}
