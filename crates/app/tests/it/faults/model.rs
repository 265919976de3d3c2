//! What a city should come to, written from what the law and the guide for departments say, without a look at how the program
//! does it: facts by person and document number, what waits, and what a delivery is told.

use std::collections::BTreeMap;

use domain::Day;

use crate::permits::Row;
use crate::town::{FORMER_NAME, document, name};

/// Counts of a receipt in its order: received, recorded, repeated, held, pending, refused, corrected, withdrawn.
pub(crate) type Told = [u64; 8];

const RECEIVED: usize = 0;
const RECORDED: usize = 1;
const REPEATED: usize = 2;
const HELD: usize = 3;
const PENDING: usize = 4;
const REFUSED: usize = 5;
const CORRECTED: usize = 6;
const WITHDRAWN: usize = 7;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    Alive,
    Corrected,
    Withdrawn,
}

/// What was said of a fact at one time.
#[derive(Debug, Clone)]
pub(crate) struct Said {
    /// The name under which it was delivered; it says nothing of the fact.
    name: String,
    /// What, until when; the same again says nothing new.
    content: String,
    until: String,
    /// Last day on which it is served.
    end: Day,
    fate: Fate,
    /// The latest day on which something of it was recorded: no clock can make that undone.
    recorded: Day,
}

/// A row that waits for a human.
#[derive(Debug, Clone)]
pub(crate) struct Waiting {
    pub(crate) resident: u16,
    pub(crate) row: Row,
    /// Bytes of its file, and its line there.
    pub(crate) text: String,
    pub(crate) line: u32,
    /// Its end, as computed on the day of its delivery.
    end: Day,
}

/// See the module.
#[derive(Debug, Default)]
pub(crate) struct Model {
    facts: BTreeMap<(u16, String), Vec<Said>>,
    pub(crate) waiting: Vec<Waiting>,
    pub(crate) held: Vec<Waiting>,
    /// Whether the former name of the third resident was confirmed.
    is_alias: bool,
    /// Whether the register knows the fifth resident.
    pub(crate) knows_fifth: bool,
    /// Files by their bytes, with what was told.
    delivered: BTreeMap<String, Told>,
    /// Looks that were answered.
    pub(crate) looks: u64,
}

impl Model {
    /// What a delivery of `rows`, whose bytes are `text`, is told.
    pub(crate) fn deliver(&mut self, text: &str, rows: &[(u16, Row)], today: Day) -> Told {
        if let Some(told) = self.delivered.get(text) {
            return *told;
        }
        let mut told = Told::default();
        for (line, (resident, row)) in (2..).zip(rows) {
            told[RECEIVED] += 1;
            let waiting = Waiting {
                resident: *resident,
                row: row.clone(),
                text: text.to_owned(),
                line,
                end: last_day(&row.until, today),
            };
            self.take(waiting, today, &mut told);
        }
        self.delivered.insert(text.to_owned(), told);
        told
    }

    fn take(&mut self, waiting: Waiting, today: Day, told: &mut Told) {
        let (resident, row) = (waiting.resident, &waiting.row);
        // What is over already is not taken; it may still be withdrawn.
        let is_over = row.operation != "2" && waiting.end < today;
        if is_over || row.number != document(resident).expose() {
            told[REFUSED] += 1;
        } else if resident == 5 && !self.knows_fifth {
            told[HELD] += 1;
            self.held.push(waiting);
        } else if !self.is_name_of(resident, &row.name) {
            told[PENDING] += 1;
            self.waiting.push(waiting);
        } else {
            let end = waiting.end;
            self.record(resident, row, end, today, told);
        }
    }

    fn is_name_of(&self, resident: u16, said: &str) -> bool {
        said == name(resident) || (self.is_alias && resident == 3 && said == FORMER_NAME)
    }

    fn record(&mut self, resident: u16, row: &Row, end: Day, today: Day, told: &mut Told) {
        let fact = self.facts.entry((resident, row.document_no.clone())).or_default();
        let says_the_same = |said: &Said| said.content == row.content && said.until == row.until;
        match (fact.last_mut(), row.operation) {
            (None, "2") => told[REFUSED] += 1,
            (Some(last), "2") if last.fate == Fate::Withdrawn => told[REPEATED] += 1,
            (Some(last), "2") => {
                last.fate = Fate::Withdrawn;
                last.recorded = last.recorded.max(today);
                told[RECORDED] += 1;
                told[WITHDRAWN] += 1;
            }
            (Some(last), _) if last.fate == Fate::Withdrawn => told[REFUSED] += 1,
            (Some(last), _) if says_the_same(last) => told[REPEATED] += 1,
            (last, _) => {
                told[RECORDED] += 1;
                if let Some(last) = last {
                    last.fate = Fate::Corrected;
                    last.recorded = last.recorded.max(today);
                    told[CORRECTED] += 1;
                }
                fact.push(Said {
                    name: row.name.clone(),
                    content: row.content.clone(),
                    until: row.until.clone(),
                    end,
                    fate: Fate::Alive,
                    recorded: today,
                });
            }
        }
    }

    /// A human attaches or refuses the row.
    pub(crate) fn decide(&mut self, at: usize, attach: bool, confirm_alias: bool, today: Day) {
        let Waiting { resident, row, end, .. } = self.waiting.remove(at);
        if attach {
            self.record(resident, &row, end, today, &mut Told::default());
            let is_there = self
                .facts
                .iter()
                .any(|((owner, _), said)| *owner == resident && !said.is_empty());
            self.is_alias |= confirm_alias && row.name == FORMER_NAME && is_there;
        }
        self.facts.retain(|_, said| !said.is_empty());
    }

    /// The register has come to know the fifth resident.
    pub(crate) fn release(&mut self, today: Day) {
        if !self.knows_fifth {
            return;
        }
        for Waiting { row, end, .. } in std::mem::take(&mut self.held) {
            self.record(5, &row, end, today, &mut Told::default());
        }
    }

    /// By hand: the provider says something else of a fact that is served.
    pub(crate) fn correct(&mut self, resident: u16, document_no: &str, content: &str, today: Day) {
        let fact = self.facts.get_mut(&(resident, document_no.to_owned())).unwrap();
        let last = fact.last_mut().unwrap();
        last.fate = Fate::Corrected;
        last.recorded = last.recorded.max(today);
        let new = Said {
            content: content.to_owned(),
            end: last_day(&last.until, today),
            fate: Fate::Alive,
            recorded: today,
            ..last.clone()
        };
        fact.push(new);
    }

    /// By hand: the provider takes it back.
    pub(crate) fn withdraw(&mut self, resident: u16, document_no: &str, today: Day) {
        let fact = self.facts.get_mut(&(resident, document_no.to_owned())).unwrap();
        let last = fact.last_mut().unwrap();
        last.fate = Fate::Withdrawn;
        last.recorded = last.recorded.max(today);
    }

    /// What a resident reads: document number, content, state; sorted.
    pub(crate) fn file(&self, resident: u16, today: Day) -> Vec<(String, String, &'static str)> {
        let mut file = Vec::new();
        for ((owner, document_no), said) in &self.facts {
            for said in said.iter().filter(|_| *owner == resident) {
                file.push((document_no.clone(), said.content.clone(), state(said, today)));
            }
        }
        file.sort();
        file
    }

    /// Notices that a resident has: one for each record, one for each thing that happened to one.
    pub(crate) fn notices(&self, resident: u16) -> usize {
        let own = self.facts.iter().filter(|((owner, _), _)| *owner == resident);
        own.flat_map(|(_, said)| said)
            .map(|said| 1 + usize::from(said.fate != Fate::Alive))
            .sum()
    }

    /// Facts that are served on `today`.
    pub(crate) fn served(&self, today: Day) -> Vec<(u16, String, String)> {
        let last = self.facts.iter().filter_map(|(key, said)| Some((key, said.last()?)));
        last.filter(|(_, said)| state(said, today) == "usable")
            .map(|((resident, document_no), said)| (*resident, document_no.clone(), said.content.clone()))
            .collect()
    }

    /// Rows that would say again what was said last, of every fact.
    pub(crate) fn latest_rows(&self) -> Vec<(u16, Row)> {
        let last = self.facts.iter().filter_map(|(key, said)| Some((key, said.last()?)));
        last.map(|((resident, document_no), said)| {
            let number = document(*resident).expose().to_owned();
            let row = Row::new(document_no, &said.name, &number, &said.content);
            let until = said.until.clone();
            (*resident, Row { until, ..row })
        })
        .collect()
    }

    /// Bytes of files that were delivered.
    pub(crate) fn texts(&self) -> Vec<String> {
        self.delivered.keys().cloned().collect()
    }

    pub(crate) fn records(&self) -> usize {
        self.facts.values().map(Vec::len).sum()
    }
}

fn state(said: &Said, today: Day) -> &'static str {
    match said.fate {
        Fate::Corrected => "corrected",
        Fate::Withdrawn => "withdrawn",
        Fate::Alive if today.max(said.recorded) > said.end => "ended",
        Fate::Alive => "usable",
    }
}

/// The last day of a permit; one without an end is looked at again on each anniversary of its decision (R8).
fn last_day(until: &str, today: Day) -> Day {
    if until != "2099/12/31" {
        return Day::parse_iso(&until.replace('/', "-")).unwrap();
    }
    let reviews = (1..).map(|years| Day::new(2024 + years, 3, 1).unwrap());
    reviews.into_iter().find(|review| *review >= today).unwrap()
}
