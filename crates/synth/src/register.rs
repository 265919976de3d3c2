//! The identity register of a synthetic city, as the file that `matching` reads.

use std::io::{BufWriter, Write};

use crate::{City, SynthError};

/// Writes the register of `city` as a stream: one row a resident, strangers left out.
///
/// # Errors
///
/// [`SynthError`] if the writer fails.
pub fn write_register(city: &City, writer: impl Write) -> Result<(), SynthError> {
    let mut out = BufWriter::with_capacity(1 << 20, writer);
    out.write_all("证件类型,证件号码,姓名,曾用名\n".as_bytes())?;
    let mut line = String::new();
    for index in 0..city.residents() {
        let person = city.person(index)?;
        line.clear();
        for part in [person.kind.code(), ",", &person.number, ",", &person.name, ","] {
            line.push_str(part);
        }
        line.push_str(person.former_name.as_deref().unwrap_or_default());
        line.push('\n');
        out.write_all(line.as_bytes())?;
    }
    out.flush()?;
    Ok(())
}
