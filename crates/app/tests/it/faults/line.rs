//! The line to PostgreSQL breaks anywhere in an operation: before a message of either side, in the middle of it, or after a
//! commit has happened and before anybody hears of it. Done again, the operation comes to what it comes to undisturbed.
//!
//! The seed is printed; `CHENGDANG_TEST_SEED` sets it. `CHENGDANG_SOAK` asks for every message.

use store_postgres::testing::{At, Fate, Line, Side};

use crate::faults::city::{Backend, Ground};
use crate::faults::operations::Operation;
use crate::faults::picture::Picture;
use crate::faults::simulation::{Chance, chosen};
use crate::faults::{Bound, Tally, Waits, disturbed, is_soak, judge};

/// Messages and commits of an operation.
#[derive(Clone, Copy)]
struct Course {
    client: u64,
    server: u64,
    commits: u64,
}

impl Course {
    fn of(line: &Line) -> Self {
        Self {
            client: line.messages(Side::Client),
            server: line.messages(Side::Server),
            commits: line.commits(),
        }
    }

    /// Two places, or all of them.
    fn breaks(self, chance: &mut Chance) -> Vec<(At, Fate)> {
        let mut breaks: Vec<(At, Fate)> = (1..=self.commits)
            .map(|nth| (At::CommitAnswer(nth), Fate::Cut))
            .collect();
        let mut messages: Vec<(Side, u64)> = (1..=self.client).map(|nth| (Side::Client, nth)).collect();
        messages.extend((1..=self.server).map(|nth| (Side::Server, nth)));
        if !is_soak() {
            breaks = chance.one_of(&breaks).copied().into_iter().collect();
            messages = chance.one_of(&messages).copied().into_iter().collect();
        }
        for (side, nth) in messages {
            let fate = *chance.one_of(&[Fate::Cut, Fate::CutHalf, Fate::CutAfterwards]).unwrap();
            breaks.push((At::Message(side, nth), fate));
        }
        breaks
    }
}

impl Waits for Line {
    fn is_met(&self) -> bool {
        self.has_struck()
    }
    fn call_off(&self) {
        self.disarm();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_line_to_the_database_may_break_anywhere() {
    let seed = chosen(
        "CHENGDANG_TEST_SEED",
        u64::from_le_bytes(vault::random_bytes().unwrap()),
    );
    println!("CHENGDANG_TEST_SEED={seed}");
    let bound = Bound::new();
    let mut chance = Chance(seed);
    let ground = Ground::peopled(Backend::Postgres).await;
    let line = ground.line();
    let (mut tally, mut commits) = (Tally::default(), 0);
    for operation in Operation::ALL {
        let (course, expected) = undisturbed(&ground, &line, operation).await;
        for place in course.breaks(&mut chance) {
            if bound.is_over() {
                tally.left_out += 1;
                continue;
            }
            commits += u32::from(matches!(place.0, At::CommitAnswer(_)));
            let mut city = ground.copy_over(Some(&line)).await;
            let known = operation.prepare(&mut city).await;
            city.plan.arm(&[]);
            let (At::Message(_, nth) | At::Commit(nth) | At::CommitAnswer(nth)) = place.0;
            line.arm(place.0, place.1);
            disturbed(&mut city, operation, known, (&place, nth), &line, &expected, &mut tally).await;
            ground.discard(city).await;
        }
    }
    println!(
        "{} breaks ({commits} of them took the answer to a commit), {} of them met, {} errors told, {} left \
         out for their time, {:.0} s",
        tally.cells,
        tally.met,
        tally.errors,
        tally.left_out,
        bound.0.elapsed().as_secs_f64()
    );
    assert_eq!(tally.wrong, [""; 0], "breaks that end wrong");
    assert!(tally.met * 10 >= tally.cells * 9, "nearly every break is met");
}

async fn undisturbed(ground: &Ground, line: &Line, operation: Operation) -> (Course, Picture) {
    let mut city = ground.copy_over(Some(line)).await;
    let mut known = operation.prepare(&mut city).await;
    city.plan.arm(&[]);
    line.disarm();
    operation.attempt(&mut city, &mut known, false).await.unwrap();
    let course = Course::of(line);
    city.restart().await;
    let picture = judge(&mut city).await;
    ground.discard(city).await;
    (course, picture)
}
