//! `check_cells ITEM schema` prints the fields of an item as a Table Schema (the part of our rules that it can say);
//! `check_cells ITEM` reads CSV with field codes as header and prints for each row the numbers of the cells that do not
//! fit, with their fault codes. `tools/frictionless` compares these verdicts with another implementation's.

use std::fmt::Write as _;
use std::io::{BufWriter, Write};
use std::path::Path;

use domain::catalogue::{Catalogue, FieldSpec, Format, ItemId, Required};
use serde_json::{Map, Value, json};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mut arguments = std::env::args().skip(1);
    let item = ItemId::parse(&arguments.next().ok_or("which item?")?)?;
    let catalogue = catalogue::load(&Path::new(env!("CARGO_MANIFEST_DIR")).join("../../catalogue"))?;
    let item = catalogue.items.get(&item).ok_or("no such item")?;
    let fields: Vec<&FieldSpec> = item
        .fields
        .iter()
        .filter(|field| SHARED.contains(&&*field.code.0))
        .collect();
    let mut out = BufWriter::new(std::io::stdout().lock());
    if arguments.next().as_deref() == Some("schema") {
        let schema: Vec<Value> = fields.iter().map(|field| describe(&catalogue, field)).collect();
        writeln!(out, "{}", json!({ "fields": schema, "missingValues": [""] }))?;
        return Ok(out.flush()?);
    }
    let mut rows = csv::Reader::from_reader(std::io::stdin().lock());
    for row in rows.records() {
        let row = row?;
        let mut line = String::new();
        for (number, (cell, field)) in row.iter().zip(&fields).enumerate() {
            if let Err(fault) = intake::check_value(&catalogue, field, cell) {
                write!(line, "{}:{} ", number + 1, fault.code)?;
            }
        }
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(out.flush()?)
}

/// One or two fields of each format. Numbers of documents and codes of organisations are left to `tools/stdnum`: their
/// check characters are nothing that a Table Schema can say.
const SHARED: [&str; 9] = [
    "CF_CFMC",
    "CF_NR_WFFF",
    "CF_JDRQ",
    "CF_SXQ",
    "CF_CFJG",
    "DFBM",
    "CF_CFCX",
    "CF_LXQK",
    "CF_XFGZSD",
];

fn describe(catalogue: &Catalogue, field: &FieldSpec) -> Value {
    let mut constraints = Map::new();
    constraints.insert("required".to_owned(), (field.required == Required::Always).into());
    let list = field.code_list.as_ref().and_then(|list| catalogue.code_lists.get(list));
    let (kind, format) = match (list, field.format) {
        (Some(values), _) => {
            let words = values
                .iter()
                .flat_map(|value| [&value.code, &value.text.zh].map(String::clone));
            constraints.insert("enum".to_owned(), words.filter(|word| !word.is_empty()).collect());
            ("string", "default")
        }
        (None, Format::TextMax(max)) => {
            constraints.insert("maxLength".to_owned(), max.into());
            ("string", "default")
        }
        (None, Format::TextExact(exact)) => {
            constraints.insert("minLength".to_owned(), exact.into());
            constraints.insert("maxLength".to_owned(), exact.into());
            ("string", "default")
        }
        (None, Format::Number { precision, scale }) => {
            let whole = precision.saturating_sub(scale);
            constraints.insert(
                "pattern".to_owned(),
                format!("[0-9]{{1,{whole}}}(\\.[0-9]{{1,{scale}}})?").into(),
            );
            // A pattern is for texts alone, and a number of theirs takes any digits, exponents and NaN.
            ("string", "default")
        }
        (None, Format::Day) => ("date", "%Y-%m-%d"),
    };
    json!({ "name": &*field.code.0, "type": kind, "format": format, "constraints": constraints })
}
