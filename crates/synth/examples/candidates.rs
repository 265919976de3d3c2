//! The arm of `tools/splink` that is ours: writes a synthetic register and rows in doubt, and answers those rows from those
//! files. Invented people only.
//!
//! ```text
//! candidates write DIR RESIDENTS ROWS SEED   register.csv and rows.csv with the truth
//! candidates answer DIR [TURNS]              answers.csv; one line of JSON on standard output
//! ```

use std::error::Error;
use std::fs::File;
use std::io::{BufReader, BufWriter, Write};
use std::path::Path;
use std::time::{Duration, Instant};

use domain::{Day, DocumentKind, IdentityDocument, Name};
use matching::{Candidates, Doubt, FileRegister, IdentityRegister, candidates};
use synth::{City, doubtful_row, write_register};

fn main() -> Result<(), Box<dyn Error>> {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let words: Vec<&str> = arguments.iter().map(String::as_str).collect();
    match words[..] {
        ["write", folder, residents, rows, seed] => {
            write(Path::new(folder), residents.parse()?, rows.parse()?, seed.parse()?)
        }
        ["answer", folder] => answer(Path::new(folder), 1),
        ["answer", folder, turns] => answer(Path::new(folder), turns.parse()?),
        _ => Err("usage: candidates write DIR RESIDENTS ROWS SEED | candidates answer DIR [TURNS]".into()),
    }
}

fn write(folder: &Path, residents: u64, rows: u64, seed: u64) -> Result<(), Box<dyn Error>> {
    let city = City::new(seed, residents, Day::new(2026, 11, 24)?)?;
    write_register(&city, File::create(folder.join("register.csv"))?)?;
    let mut out = BufWriter::new(File::create(folder.join("rows.csv"))?);
    writeln!(out, "row,number,name,true_number,number_slip,name_slip")?;
    for at in 0..rows {
        let row = doubtful_row(&city, at)?;
        let truth = match row.resident {
            Some(index) => city.person(index)?.number,
            None => String::new(),
        };
        let (number, name) = (&row.number, &row.name);
        writeln!(
            out,
            "{at},{number},{name},{truth},{},{}",
            row.number_slip, row.name_slip
        )?;
    }
    out.flush()?;
    Ok(())
}

/// A row as a delivery would bring it.
struct Row {
    at: String,
    number: String,
    document: Option<IdentityDocument>,
    name: Name,
}

impl Row {
    fn candidates<'r>(&self, register: &'r FileRegister) -> Candidates<'r> {
        let doubt = match &self.document {
            Some(document) => Doubt::of(document, &self.name),
            None => Doubt::slip(DocumentKind::ResidentId, &self.number, &self.name),
        };
        candidates(&doubt, register)
    }
}

fn answer(folder: &Path, turns: u32) -> Result<(), Box<dyn Error>> {
    let before = cpu_seconds()?;
    let register = FileRegister::load(BufReader::with_capacity(
        1 << 20,
        File::open(folder.join("register.csv"))?,
    ))?;
    let loaded = cpu_seconds()?;
    let mut rows = Vec::new();
    for record in csv::Reader::from_path(folder.join("rows.csv"))?.records() {
        let record = record?;
        let number = record.get(1).unwrap_or_default().to_owned();
        rows.push(Row {
            at: record.get(0).unwrap_or_default().to_owned(),
            document: IdentityDocument::parse(DocumentKind::ResidentId, &number).ok(),
            number,
            name: Name::parse(record.get(2).unwrap_or_default())?,
        });
    }
    let mut out = BufWriter::new(File::create(folder.join("answers.csv"))?);
    writeln!(
        out,
        "row,place,number,is_foremost,number_agreement,name_agreement,left_out"
    )?;
    let mut quickest = vec![Duration::MAX; rows.len()];
    let mut all = Vec::with_capacity(rows.len());
    let unanswered = cpu_seconds()?;
    for turn in 0..turns {
        for (row, quickest) in rows.iter().zip(&mut quickest) {
            let begin = Instant::now();
            let found = row.candidates(&register);
            let took = begin.elapsed();
            all.push(took);
            *quickest = took.min(*quickest);
            if turn == 0 {
                write_answer(&mut out, row, &found)?;
            }
        }
    }
    out.flush()?;
    let answered = cpu_seconds()?;
    quickest.sort_unstable();
    all.sort_unstable();
    let us = |sorted: &[Duration], hundredths: usize| {
        let at = sorted.len().saturating_sub(1) * hundredths / 100;
        sorted.get(at).map_or(0.0, |time| time.as_secs_f64() * 1e6)
    };
    writeln!(
        std::io::stdout(),
        "{{\"persons\": {}, \"rows\": {}, \"turns\": {turns}, \"load_cpu_s\": {:.2}, \"answer_cpu_s\": {:.3}, \
         \"row_p50_us\": {:.1}, \"row_p99_us\": {:.1}, \"row_max_us\": {:.1}, \"quickest_p99_us\": {:.1}, \
         \"register_mib\": {}}}",
        register.len(),
        rows.len(),
        loaded - before,
        (answered - unanswered) / f64::from(turns),
        us(&all, 50),
        us(&all, 99),
        us(&all, 100),
        us(&quickest, 99),
        register.memory_bytes() >> 20,
    )?;
    Ok(())
}

fn write_answer(out: &mut impl Write, row: &Row, found: &Candidates<'_>) -> std::io::Result<()> {
    let foremost = found.foremost().map(|candidate| &candidate.document);
    for (place, candidate) in found.iter().enumerate() {
        writeln!(
            out,
            "{},{},{},{},{},{},{}",
            row.at,
            place + 1,
            candidate.document.expose(),
            u8::from(foremost == Some(&candidate.document)),
            candidate.number.as_str(),
            candidate.name.as_str(),
            found.left_out()
        )?;
    }
    Ok(())
}

/// Processor seconds of this process, user and system (proc(5), schedstat: nanoseconds of its first thread, and it has one).
fn cpu_seconds() -> Result<f64, Box<dyn Error>> {
    let text = std::fs::read_to_string("/proc/self/schedstat")?;
    let nanoseconds: f64 = text.split(' ').next().unwrap_or_default().parse()?;
    Ok(nanoseconds / 1e9)
}
