//! Answers that were given before, exactly: the key is all that the question consists of, so a hit is what the evaluator
//! would say again. They belong to one set of policies and go with it.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use crate::decide::{Answer, Question};

/// Answers of one generation; two are kept, some 16 MB together when the questions are long.
const ANSWERS_MAX: usize = 4_096;

/// The answers. Whoever fills them with questions that nobody asks again pushes out the old ones, and costs no more memory.
#[derive(Default)]
pub(crate) struct Answers(Mutex<Generations>);

#[derive(Default)]
struct Generations {
    young: HashMap<Question, Answer>,
    old: HashMap<Question, Answer>,
}

impl Generations {
    fn put(&mut self, question: Question, answer: Answer) {
        if self.young.len() >= ANSWERS_MAX {
            self.old = std::mem::take(&mut self.young);
        }
        self.young.insert(question, answer);
    }
}

impl Answers {
    /// The answer, if this was asked before.
    pub(crate) fn find(&self, question: &Question) -> Option<Answer> {
        // Whoever panicked here left a map that is whole: an entry is put in one piece.
        let mut generations = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(answer) = generations.young.get(question) {
            return Some(answer.clone());
        }
        let (question, answer) = generations.old.remove_entry(question)?;
        generations.put(question, answer.clone());
        Some(answer)
    }

    /// Asks, and keeps the answer. An alarm is not kept: whatever is wrong with the system may be mended.
    pub(crate) fn keep(&self, question: Question, ask: impl FnOnce(&Question) -> Answer) -> Answer {
        let answer = ask(&question);
        if !answer.as_ref().is_err_and(crate::Refusal::is_alarm) {
            let mut generations = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            generations.put(question, answer.clone());
        }
        answer
    }

    /// How many answers are kept.
    pub(crate) fn len(&self) -> usize {
        let generations = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        generations.young.len() + generations.old.len()
    }
}
