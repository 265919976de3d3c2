//! Group commit of traces: every look is durable before anything is probed (R11), and looks that come together share one commit.

use std::collections::HashSet;
use std::sync::Arc;
use std::time::Duration;

use domain::Moment;
use futures::future::{BoxFuture, try_join_all};
use store::{Alarm, KnownLookUp, NewAnswer, NewLookUp, NewTrace, Store, StoreError, TraceOutcome};
use tokio::sync::{mpsc, oneshot};
use uuid::Uuid;

use crate::AppError;

/// Traces that share one commit at most.
const GROUP_MAX: usize = 512;
/// Traces that may wait; past it the caller waits (back-pressure), nothing is dropped.
const QUEUE_MAX: usize = 4096;
/// Outcomes, answers and alarms, of each so many, that wait for a store that fails.
const OWED_MAX: usize = 65_536;
/// How long what is owed waits where nothing else is to be written.
const OWED_WAIT: Duration = Duration::from_secs(1);

enum Message {
    Intent(NewTrace, oneshot::Sender<Result<(), AppError>>),
    Outcome(Uuid, TraceOutcome, Moment),
    LookUp(Box<NewLookUp>, oneshot::Sender<Result<Option<KnownLookUp>, AppError>>),
    Answer(Box<NewAnswer>),
    AnswerNow(Box<NewAnswer>, oneshot::Sender<Result<(), AppError>>),
    Alarm(Box<Alarm>),
    Flush(oneshot::Sender<bool>),
}

/// The writer of traces, one task per process.
pub(crate) struct GroupCommit(mpsc::Sender<Message>);

impl GroupCommit {
    pub(crate) fn start(store: Arc<dyn Store>) -> Self {
        let (sender, receiver) = mpsc::channel(QUEUE_MAX);
        tokio::spawn(run(store, receiver));
        Self(sender)
    }

    /// Sends a message that is answered; the answer.
    async fn ask<T>(&self, message: impl FnOnce(oneshot::Sender<T>) -> Message) -> Result<T, AppError> {
        let (reply, answer) = oneshot::channel();
        let sent = self.0.send(message(reply)).await;
        sent.map_err(|_| AppError::ShuttingDown)?;
        answer.await.map_err(|_| AppError::ShuttingDown)
    }

    /// Returns once the trace is durable. If the log cannot take it, the look fails.
    pub(crate) async fn intent(&self, trace: NewTrace) -> Result<(), AppError> {
        self.ask(|reply| Message::Intent(trace, reply)).await?
    }

    /// Returns once the look-up is durable, or with the one that stands under its key. If the log cannot take it, it fails.
    pub(crate) async fn look_up(&self, look_up: NewLookUp) -> Result<Option<KnownLookUp>, AppError> {
        self.ask(|reply| Message::LookUp(Box::new(look_up), reply)).await?
    }

    /// Hands over what a look-up answered, as [`Self::outcome`].
    pub(crate) async fn answer(&self, answer: NewAnswer) {
        let _ = self.0.send(Message::Answer(Box::new(answer))).await;
    }

    /// Returns once an answer of the look-up is durable: this one, or the one that stands already.
    pub(crate) async fn answer_now(&self, answer: NewAnswer) -> Result<(), AppError> {
        self.ask(|reply| Message::AnswerNow(Box::new(answer), reply)).await?
    }

    /// Hands over an alarm, as [`Self::outcome`]: the answer does not wait for it, so its time does not tell of it (R12).
    pub(crate) async fn alarm(&self, alarm: Alarm) {
        let _ = self.0.send(Message::Alarm(Box::new(alarm))).await;
    }

    /// Returns once what was handed over before is written.
    ///
    /// # Errors
    ///
    /// [`StoreError::Unavailable`] if some of it is still owed to the store.
    pub(crate) async fn flush(&self) -> Result<(), AppError> {
        if self.ask(Message::Flush).await? {
            return Ok(());
        }
        Err(StoreError::Unavailable {
            cause: "what looks left behind waits to be written".to_owned(),
        }
        .into())
    }

    /// Hands over the outcome; it joins the next group and is not waited for. What the store does not take then is tried again
    /// with each later group; an outcome that is lost in a crash leaves "unknown, treated as disclosed".
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
    look_ups: Vec<NewLookUp>,
    askers: Vec<oneshot::Sender<Result<Option<KnownLookUp>, AppError>>>,
    owed: Owed,
    answers_now: Vec<(NewAnswer, oneshot::Sender<Result<(), AppError>>)>,
    flushes: Vec<oneshot::Sender<bool>>,
}

/// What looks leave behind and nobody waits for.
#[derive(Default)]
struct Owed {
    outcomes: Vec<(Uuid, TraceOutcome, Moment)>,
    answers: Vec<NewAnswer>,
    alarms: Vec<Alarm>,
}

impl Group {
    /// Sorts messages; those whose idempotency key is in the group already wait for the next one. `owed` is what earlier groups
    /// could not write.
    fn of(messages: &mut Vec<Message>, owed: Owed) -> Self {
        let mut group = Self {
            owed,
            ..Self::default()
        };
        let mut keys = HashSet::new();
        let mut later = Vec::new();
        for message in messages.drain(..) {
            match message {
                Message::Intent(trace, reply) => {
                    group.traces.push(trace);
                    group.intents.push(reply);
                }
                Message::Outcome(trace, outcome, at) => group.owed.outcomes.push((trace, outcome, at)),
                Message::LookUp(look_up, reply) if keys.insert(look_up.request_key) => {
                    group.look_ups.push(*look_up);
                    group.askers.push(reply);
                }
                Message::LookUp(look_up, reply) => later.push(Message::LookUp(look_up, reply)),
                Message::Answer(answer) => group.owed.answers.push(*answer),
                Message::AnswerNow(answer, reply) => group.answers_now.push((*answer, reply)),
                Message::Alarm(alarm) => group.owed.alarms.push(*alarm),
                Message::Flush(reply) => group.flushes.push(reply),
            }
        }
        *messages = later;
        group
    }

    /// Writes the group; what is owed still.
    async fn commit(self, store: &dyn Store) -> Owed {
        let after = async {
            let owed = self.owed.commit(store).await;
            // Behind those that are owed: the first answer of a look-up stands.
            commit_answers_now(store, self.answers_now).await;
            for reply in self.flushes {
                let _ = reply.send(owed.is_empty());
            }
            owed
        };
        let ((), (), owed) = futures::join!(
            commit_traces(store, self.traces, self.intents),
            commit_look_ups(store, self.look_ups, self.askers),
            after,
        );
        owed
    }
}

impl Owed {
    const fn is_empty(&self) -> bool {
        self.outcomes.is_empty() && self.answers.is_empty() && self.alarms.is_empty()
    }

    /// Writes what it can; what the store does not take now stays owed.
    async fn commit(self, store: &dyn Store) -> Self {
        Self {
            outcomes: rest(store, self.outcomes).await,
            answers: rest(store, self.answers).await,
            alarms: rest(store, self.alarms).await,
        }
    }
}

/// Something that is owed to the store.
trait Debt: Sized + Send + Sync {
    /// Writes some of its kind; to write one twice does no harm.
    fn write<'a>(store: &'a dyn Store, owed: &'a [Self]) -> BoxFuture<'a, Result<(), StoreError>>;
}

impl Debt for (Uuid, TraceOutcome, Moment) {
    fn write<'a>(store: &'a dyn Store, owed: &'a [Self]) -> BoxFuture<'a, Result<(), StoreError>> {
        store.append_outcomes(owed)
    }
}

impl Debt for NewAnswer {
    fn write<'a>(store: &'a dyn Store, owed: &'a [Self]) -> BoxFuture<'a, Result<(), StoreError>> {
        store.append_answers(owed)
    }
}

impl Debt for Alarm {
    fn write<'a>(store: &'a dyn Store, owed: &'a [Self]) -> BoxFuture<'a, Result<(), StoreError>> {
        // Together, so that many alarms share the store's commits and no look waits for one after the other.
        let raised = try_join_all(owed.iter().map(|alarm| store.raise_alarm(alarm)));
        Box::pin(async move { raised.await.map(drop) })
    }
}

/// Writes rows together, or, if the store refuses them, each by itself, so that one that it never takes does not keep the others
/// waiting; those to be tried again.
async fn rest<T: Debt>(store: &dyn Store, mut rows: Vec<T>) -> Vec<T> {
    if rows.is_empty() {
        return rows;
    }
    let Err(error) = T::write(store, &rows).await else {
        return Vec::new();
    };
    let code = code(&error);
    tracing::warn!(error.code = code, rows = rows.len(), %error, "what looks answered could not be written yet; it is tried again");
    if !may_be_taken_later(&error) {
        let mut later = Vec::new();
        for row in rows {
            match T::write(store, std::slice::from_ref(&row)).await {
                Ok(()) => {}
                Err(error) if may_be_taken_later(&error) => later.push(row),
                Err(error) => tracing::error!(%error, "what a look answered is never taken; it reads as disclosed"),
            }
        }
        rows = later;
    }
    keep_newest(&mut rows);
    rows
}

const fn may_be_taken_later(error: &StoreError) -> bool {
    matches!(
        error,
        StoreError::Full | StoreError::Unavailable { .. } | StoreError::OutcomeUnknown | StoreError::LeaseLost { .. }
    )
}

/// Memory is bounded; what is dropped reads as disclosed.
fn keep_newest<T>(owed: &mut Vec<T>) {
    let over = owed.len().saturating_sub(OWED_MAX);
    if over > 0 {
        tracing::error!(
            rows = over,
            "what looks answered is not written down: too much waits for the store"
        );
        owed.drain(..over);
    }
}

async fn run(store: Arc<dyn Store>, mut receiver: mpsc::Receiver<Message>) {
    let mut messages = Vec::with_capacity(GROUP_MAX);
    let mut owed = Owed::default();
    loop {
        // What was put off is there already.
        if messages.is_empty() {
            let next = receiver.recv_many(&mut messages, GROUP_MAX);
            let count = if owed.is_empty() {
                Some(next.await)
            } else {
                tokio::time::timeout(OWED_WAIT, next).await.ok()
            };
            if count == Some(0) {
                owed.commit(&*store).await;
                return;
            }
        }
        owed = Group::of(&mut messages, owed).commit(&*store).await;
    }
}

/// The failure as each of the group is told it.
fn told(error: &StoreError) -> AppError {
    match error {
        StoreError::Full => StoreError::Full.into(),
        // Whoever knows what to do about it does it: a key that is being retired is read anew.
        StoreError::Conflict { what } => StoreError::Conflict { what }.into(),
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

async fn commit_answers_now(store: &dyn Store, answers: Vec<(NewAnswer, oneshot::Sender<Result<(), AppError>>)>) {
    for (answer, reply) in answers {
        let outcome = store.append_answers(&[answer]).await;
        let _ = reply.send(outcome.map_err(AppError::from));
    }
}
