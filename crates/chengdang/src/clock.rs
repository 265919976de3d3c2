//! The real clock and the real source of ids: the only place where time is read.

use std::time::UNIX_EPOCH;

use domain::{Clock, IdSource, Moment};
use uuid::{ContextV7, Timestamp, Uuid};

/// The system's clock.
pub(crate) struct SystemClock;

impl Clock for SystemClock {
    #[expect(
        clippy::disallowed_methods,
        reason = "the one place that reads the clock; everybody else takes a Clock"
    )]
    fn now(&self) -> Moment {
        let since = std::time::SystemTime::now()
            .duration_since(UNIX_EPOCH)
            .unwrap_or_default();
        Moment(i64::try_from(since.as_millis()).unwrap_or(i64::MAX))
    }
}

/// Random UUIDv7 (RFC 9562), monotonic within the process.
#[derive(Default)]
pub(crate) struct RandomIds(std::sync::Mutex<ContextV7>);

impl IdSource for RandomIds {
    fn uuid(&self, at: Moment) -> Uuid {
        let seconds = u64::try_from(at.0.div_euclid(1000)).unwrap_or_default();
        let nanos = u32::try_from(at.0.rem_euclid(1000)).unwrap_or_default() * 1_000_000;
        let context = self.0.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
        Uuid::new_v7(Timestamp::from_unix(&*context, seconds, nanos))
    }
}
