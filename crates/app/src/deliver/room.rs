//! Room for deliveries on the disk. A delivery goes on only while there is room beside the reserve, so that it stops before
//! a login or a look at the own file finds the disk full.

use store::StoreError;

use super::DeliverError;
use crate::{App, AppError};

/// Bytes written between two looks at the disk.
const BYTES: u64 = 1 << 20;

/// Refuses to go on without room, or while the store may be an old backup.
pub(super) fn must_have_room(app: &App) -> Result<(), DeliverError> {
    app.log().must_be_current()?;
    if app.intake().has_room {
        Ok(())
    } else {
        Err(AppError::from(StoreError::Full).into())
    }
}

/// Looks at the disk every now and then while a file is written.
pub(super) struct Room<'a> {
    app: &'a App,
    bytes: u64,
}

impl<'a> Room<'a> {
    pub(super) const fn of(app: &'a App) -> Self {
        Self { app, bytes: 0 }
    }

    /// Called before `bytes` are written.
    pub(super) fn before(&mut self, bytes: usize) -> Result<(), DeliverError> {
        self.bytes += bytes as u64;
        if self.bytes < BYTES {
            return Ok(());
        }
        self.bytes = 0;
        must_have_room(self.app)
    }
}
