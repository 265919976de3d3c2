//! The report: lines on standard output as they are measured, and the figures for the history.

use std::fmt;
use std::io::Write;
use std::path::{Path, PathBuf};

use serde_json::{Map, Value};

#[derive(Default)]
pub(crate) struct Report {
    lines: Vec<String>,
    values: Map<String, Value>,
}

impl Report {
    pub(crate) fn line(&mut self, text: impl fmt::Display) -> anyhow::Result<()> {
        let text = text.to_string();
        let mut out = std::io::stdout().lock();
        writeln!(out, "{text}")?;
        out.flush()?;
        self.lines.push(text);
        Ok(())
    }

    pub(crate) fn value(&mut self, name: &str, value: Value) {
        self.values.insert(name.to_owned(), value);
    }

    /// Appends this run to the day's file: a JSON array of runs.
    pub(crate) fn save(mut self, folder: &Path, day: &str) -> anyhow::Result<PathBuf> {
        std::fs::create_dir_all(folder)?;
        let path = folder.join(format!("{day}.json"));
        let mut runs: Vec<Value> = match std::fs::read(&path) {
            Ok(bytes) => serde_json::from_slice(&bytes)?,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => Vec::new(),
            Err(error) => return Err(error.into()),
        };
        self.value("report", self.lines.clone().into());
        runs.push(Value::Object(self.values));
        let mut text = serde_json::to_string_pretty(&runs)?;
        text.push('\n');
        std::fs::write(&path, text)?;
        Ok(path)
    }
}
