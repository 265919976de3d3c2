//! Canaries: people whose numbers, names and telephone numbers are planted in deliveries, so that a leak test knows what
//! to look for.

use std::io::{Read, Write};

use serde::{Deserialize, Serialize};

use crate::{City, SynthError};

/// A planted person.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Canary {
    /// Index in the city.
    pub index: u64,
    /// Number of the resident identity card.
    pub number: String,
    /// Name; nobody else has it.
    pub name: String,
    /// Telephone number.
    pub telephone: String,
}

impl std::fmt::Debug for Canary {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Canary")
            .field("index", &self.index)
            .finish_non_exhaustive()
    }
}

/// Every canary of `city`.
pub(crate) fn canaries(city: &City) -> Result<Vec<Canary>, SynthError> {
    city.canary_indexes()
        .map(|index| {
            let person = city.person(index)?;
            Ok(Canary {
                index,
                number: person.number,
                name: person.name,
                telephone: person.telephone,
            })
        })
        .collect()
}

pub(crate) fn write_canaries(city: &City, writer: impl Write) -> Result<(), SynthError> {
    Ok(serde_json::to_writer_pretty(writer, &canaries(city)?)?)
}

/// Reads `canaries.json`.
///
/// # Errors
///
/// [`SynthError::Json`] if it is not such a file.
pub fn read_canaries(reader: impl Read) -> Result<Vec<Canary>, SynthError> {
    Ok(serde_json::from_reader(reader)?)
}
