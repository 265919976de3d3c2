//! Reads lines `ric NUMBER` or `uscc CODE` and prints the verdict on each: `ok` and the canonical form, or the fault.
//! `tools/stdnum` compares these verdicts with those of another implementation. Invented numbers only.

use std::io::{BufRead, BufWriter, Write};

use domain::{ResidentId, Uscc};

fn main() -> std::io::Result<()> {
    let mut out = BufWriter::new(std::io::stdout().lock());
    for line in std::io::stdin().lock().lines() {
        let line = line?;
        match line.split_once(' ') {
            Some(("ric", text)) => match ResidentId::parse(text) {
                Ok(id) => writeln!(out, "ok {}", id.expose())?,
                Err(fault) => writeln!(out, "{fault:?}")?,
            },
            Some(("uscc", text)) => match Uscc::parse(text) {
                Ok(code) => writeln!(out, "ok {code}")?,
                Err(fault) => writeln!(out, "{fault:?}")?,
            },
            _ => writeln!(out, "neither ric nor uscc")?,
        }
    }
    out.flush()
}
