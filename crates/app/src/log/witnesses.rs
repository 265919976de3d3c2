//! Cosignatures: the log shows its newest signed head to its witnesses, with the proof that it continues what each saw last.

use domain::Moment;
use futures::future::join_all;
use translog::witness::{AddCheckpoint, Answer};
use translog::{Head, LogFault};

use super::clock::agree;
use super::{LogError, WitnessClient, with_files};
use crate::{App, AppError};

/// Requests to one witness for one head: it says what it saw, then gets the proof from there; once more, since another request
/// may have come between.
const TRIES: u32 = 3;

/// What each witness saw last, as far as this process knows; in the order of the configuration.
pub(super) struct Seen(Vec<Option<u64>>);

/// How asking one witness ended.
enum Outcome {
    /// Its line.
    Cosigned(Vec<u8>),
    /// It is away, or its answer is of no use: it may do better next time.
    Nothing,
}

impl Seen {
    pub(super) fn none(app: &App) -> Self {
        Self(vec![None; app.log().witnesses.len()])
    }

    /// Asks all witnesses for a cosignature of `note`, the signed checkpoint of `head`; the lines of those who gave one.
    ///
    /// # Errors
    ///
    /// [`LogError::Behind`] or [`LogError::Contradicted`] if one of them saw more, or other entries: whatever the others say,
    /// nothing is signed then. [`LogError::Quorum`] if too few cosigned.
    pub(super) async fn cosign(&mut self, app: &App, head: Head, note: &[u8]) -> Result<Vec<Vec<u8>>, AppError> {
        let log = app.log();
        let asked = log.witnesses.iter().zip(&mut self.0);
        let outcomes = join_all(asked.map(|(witness, saw)| ask(app, &**witness, saw, head, note))).await;
        let mut lines = Vec::new();
        for outcome in outcomes {
            if let Outcome::Cosigned(line) = outcome? {
                lines.push(line);
            }
        }
        if lines.len() < log.quorum {
            let (reached, needed) = (lines.len(), log.quorum);
            return Err(LogError::Quorum { reached, needed }.into());
        }
        Ok(lines)
    }
}

async fn ask(
    app: &App,
    witness: &dyn WitnessClient,
    saw: &mut Option<u64>,
    head: Head,
    note: &[u8],
) -> Result<Outcome, AppError> {
    let name = witness.key().name();
    for _ in 0..TRIES {
        // A witness that was not asked before is taken to have seen this head: it says so if it did not.
        let old = saw.unwrap_or(head.size);
        let proof = with_files(app, move |files| {
            translog::prove_consistency(|tile| files.read(tile), head, old)
        })
        .await?;
        let request = AddCheckpoint {
            old,
            proof,
            checkpoint: note.to_vec(),
        };
        let Ok((status, body)) = witness.add_checkpoint(request.to_bytes()).await else {
            tracing::warn!(witness = name, "a witness of the log does not answer");
            return Ok(Outcome::Nothing);
        };
        match Answer::read(status, &body) {
            Answer::Cosigned(lines) => {
                let Some(line) = own_line(app.now(), witness, note, &lines) else {
                    return Ok(Outcome::Nothing);
                };
                *saw = Some(head.size);
                return Ok(Outcome::Cosigned(line));
            }
            Answer::Saw(size) if size > head.size => {
                return Err(LogError::Behind {
                    witness: name.to_owned(),
                    saw: size,
                    signed: head.size,
                }
                .into());
            }
            // It saw a tree as large, with another root.
            Answer::Saw(size) if size == old => {
                return Err(LogError::Contradicted {
                    witness: name.to_owned(),
                }
                .into());
            }
            Answer::Saw(size) => *saw = Some(size),
            Answer::Inconsistent => {
                return Err(LogError::Contradicted {
                    witness: name.to_owned(),
                }
                .into());
            }
            Answer::Unknown | Answer::Strange => {
                tracing::warn!(
                    witness = name,
                    status,
                    "a witness of the log does not take its checkpoints"
                );
                return Ok(Outcome::Nothing);
            }
        }
    }
    Ok(Outcome::Nothing)
}

/// The witness's line from its answer, once it is checked and its moment is about ours.
fn own_line(now: Moment, witness: &dyn WitnessClient, note: &[u8], lines: &[u8]) -> Option<Vec<u8>> {
    let name = witness.key().name();
    let keys = [witness.key().clone()];
    for line in lines.split_inclusive(|byte| *byte == b'\n') {
        let with_line = [note, line].concat();
        // Lines by other keys are ignored ("The client MUST ignore any cosignatures from unknown keys").
        let cosigned: Result<_, LogFault> = translog::cosigned_by(&with_line, &keys);
        let Some(cosigned) = cosigned.ok().and_then(|mut cosigned| cosigned.pop()) else {
            continue;
        };
        let at_ms = i64::try_from(cosigned.at_s.saturating_mul(1000)).unwrap_or(i64::MAX);
        if agree(now, Moment(at_ms)) {
            return Some(line.to_vec());
        }
        tracing::error!(
            error.code = LogError::Clock.code(),
            witness = name,
            "the clock of a witness of the log and the one here differ by more than five minutes"
        );
        return None;
    }
    tracing::warn!(witness = name, "a witness of the log gave no cosignature of its own");
    None
}
