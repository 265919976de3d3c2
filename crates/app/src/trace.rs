//! Group commit of traces: every look is durable before anything is probed (R11), and looks that come together share one commit.

use std::collections::HashSet;
use std::sync::Arc;

use domain::Moment;
use store::{KnownLookUp, NewAnswer, NewLookUp, NewTrace, Store, StoreError, TraceOutcome};
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
    LookUp(Box<NewLookUp>, oneshot::Sender<Result<Option<KnownLookUp>, AppError>>),
    Answer(Box<NewAnswer>),
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

    /// Returns once the look-up is durable, or with the one that stands under its key. If the log cannot take it, it fails.
    pub(crate) async fn look_up(&self, look_up: NewLookUp) -> Result<Option<KnownLookUp>, AppError> {
        let (reply, answer) = oneshot::channel();
        self.0
            .send(Message::LookUp(Box::new(look_up), reply))
            .await
            .map_err(|_| AppError::ShuttingDown)?;
        answer.await.map_err(|_| AppError::ShuttingDown)?
    }

    /// Hands over what a look-up answered, as [`Self::outcome`].
    pub(crate) async fn answer(&self, answer: NewAnswer) {
        let _ = self.0.send(Message::Answer(Box::new(answer))).await;
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

/// What waits for the same commit.
#[derive(Default)]
struct Group {
    traces: Vec<NewTrace>,
    intents: Vec<oneshot::Sender<Result<(), AppError>>>,
    outcomes: Vec<(Uuid, TraceOutcome, Moment)>,
    look_ups: Vec<NewLookUp>,
    askers: Vec<oneshot::Sender<Result<Option<KnownLookUp>, AppError>>>,
    answers: Vec<NewAnswer>,
}

impl Group {
    /// Sorts messages; those whose idempotency key is in the group already wait for the next one.
    fn of(messages: &mut Vec<Message>) -> Self {
        let mut group = Self::default();
        let mut keys = HashSet::new();
        let mut later = Vec::new();
        for message in messages.drain(..) {
            match message {
                Message::Intent(trace, reply) => {
                    group.traces.push(trace);
                    group.intents.push(reply);
                }
                Message::Outcome(trace, outcome, at) => group.outcomes.push((trace, outcome, at)),
                Message::LookUp(look_up, reply) if keys.insert(look_up.request_key) => {
                    group.look_ups.push(*look_up);
                    group.askers.push(reply);
                }
                Message::LookUp(look_up, reply) => later.push(Message::LookUp(look_up, reply)),
                Message::Answer(answer) => group.answers.push(*answer),
            }
        }
        *messages = later;
        group
    }

    async fn commit(self, store: &dyn Store) {
        futures::join!(
            commit_traces(store, self.traces, self.intents),
            commit_look_ups(store, self.look_ups, self.askers),
            commit_outcomes(store, self.outcomes, self.answers),
        );
    }
}

async fn run(store: Arc<dyn Store>, mut receiver: mpsc::Receiver<Message>) {
    let mut messages = Vec::with_capacity(GROUP_MAX);
    loop {
        // What was put off is there already.
        if messages.is_empty() && receiver.recv_many(&mut messages, GROUP_MAX).await == 0 {
            return;
        }
        Group::of(&mut messages).commit(&*store).await;
    }
}

/// The failure as each of the group is told it.
fn told(error: &StoreError) -> AppError {
    match error {
        StoreError::Full => StoreError::Full.into(),
        error => StoreError::Unavailable {
            cause: error.to_string(),
        }
        .into(),
    }
}

fn log_failure(error: &StoreError, rows: usize) {
    let code = code(error);
    tracing::error!(error.code = code, rows, %error, "traces could not be written; the looks fail");
}

async fn commit_traces(store: &dyn Store, traces: Vec<NewTrace>, replies: Vec<oneshot::Sender<Result<(), AppError>>>) {
    if traces.is_empty() {
        return;
    }
    let failure = store.append_traces(&traces).await.err();
    if let Some(error) = &failure {
        log_failure(error, traces.len());
    }
    for reply in replies {
        // The caller may have gone away; its trace stands all the same.
        let _ = reply.send(failure.as_ref().map_or(Ok(()), |error| Err(told(error))));
    }
}

async fn commit_look_ups(
    store: &dyn Store,
    look_ups: Vec<NewLookUp>,
    replies: Vec<oneshot::Sender<Result<Option<KnownLookUp>, AppError>>>,
) {
    if look_ups.is_empty() {
        return;
    }
    let mut outcome = store.append_look_ups(&look_ups).await;
    // Another process wrote one of the keys meanwhile: it is found in the second turn.
    if matches!(outcome, Err(StoreError::Conflict { .. })) {
        outcome = store.append_look_ups(&look_ups).await;
    }
    match outcome {
        Ok(known) => {
            for (reply, known) in replies.into_iter().zip(known) {
                let _ = reply.send(Ok(known));
            }
        }
        Err(error) => {
            log_failure(&error, look_ups.len());
            for reply in replies {
                let _ = reply.send(Err(told(&error)));
            }
        }
    }
}

async fn commit_outcomes(store: &dyn Store, outcomes: Vec<(Uuid, TraceOutcome, Moment)>, answers: Vec<NewAnswer>) {
    let rows = outcomes.len() + answers.len();
    let mut failure = None;
    if !outcomes.is_empty() {
        failure = store.append_outcomes(&outcomes).await.err();
    }
    if !answers.is_empty() {
        failure = failure.or(store.append_answers(&answers).await.err());
    }
    if let Some(error) = failure {
        tracing::warn!(rows, %error, "outcomes of looks could not be written; they read as disclosed");
    }
}
