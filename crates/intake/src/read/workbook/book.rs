//! The parts of a workbook beside its sheets: which sheet is the first, how numbers are shown, what strings are shared.

use std::collections::HashMap;
use std::io::{Read, Seek};

use zip::ZipArchive;
use zip::read::ZipFile;
use zip::result::ZipError;

use super::super::row::Epoch;
use super::format::{NumberFormat, built_in, by_code};
use super::text::{self, PlainItem, Strings};
use super::xml::{Broken, Token, Xml, decode};
use crate::file_fault::WorkbookCap;
use crate::{FileFault, Limits};

/// What is to be known before a sheet is read.
pub(super) struct Book {
    /// Part of the first visible sheet.
    pub(super) sheet: String,
    pub(super) epoch: Epoch,
    /// By number of the cell's style.
    pub(super) formats: Vec<NumberFormat>,
    pub(super) strings: Strings,
}

pub(super) type Part<'a, R> = Xml<ZipFile<'a, R>>;

/// A part by its path, as spreadsheet programs look for it: case does not matter, nor which way slashes lean.
pub(super) fn part<'a, R: Read + Seek>(
    archive: &'a mut ZipArchive<R>,
    path: &str,
) -> Result<Option<Part<'a, R>>, Broken> {
    let wanted = path.to_ascii_lowercase();
    let mut found = path.to_owned();
    for name in archive.file_names() {
        let name = name.map_err(|_| Broken)?;
        if name.replace('\\', "/").to_ascii_lowercase() == wanted {
            found = name.into_owned();
        }
    }
    match archive.by_name(&found) {
        Ok(file) => Xml::new(file).map(Some),
        Err(ZipError::FileNotFound) => Ok(None),
        Err(_) => Err(Broken),
    }
}

impl Book {
    pub(super) fn read<R: Read + Seek>(archive: &mut ZipArchive<R>, limits: &Limits) -> Result<Self, FileFault> {
        let (folder, name) = main_part(archive)?;
        let strings = match part(archive, &format!("{folder}sharedStrings.xml"))? {
            Some(mut xml) => shared_strings(&mut xml, limits)?,
            None => Strings::new(0),
        };
        let formats = match part(archive, &format!("{folder}styles.xml"))? {
            Some(mut xml) => formats(&mut xml)?,
            None => Vec::new(),
        };
        let targets = match part(archive, &format!("{folder}_rels/{name}.rels"))? {
            Some(mut xml) => targets(&mut xml)?,
            None => return Err(Broken.into()),
        };
        // Whatever the parts are called.
        if targets.values().any(|(_, of_type)| is_active(of_type)) {
            return Err(FileFault::ActiveWorkbook);
        }
        let (sheet, epoch) = match part(archive, &format!("{folder}{name}"))? {
            Some(mut xml) => sheets(&mut xml, &targets)?,
            None => (None, Epoch::Of1900),
        };
        let target = sheet.ok_or(FileFault::Empty)?;
        Ok(Self {
            sheet: target
                .strip_prefix('/')
                .map_or_else(|| format!("{folder}{target}"), str::to_owned),
            epoch,
            formats,
            strings,
        })
    }
}

/// Folder and name of the part that the package says is its document.
fn main_part<R: Read + Seek>(archive: &mut ZipArchive<R>) -> Result<(String, String), Broken> {
    let mut xml = part(archive, "_rels/.rels")?.ok_or(Broken)?;
    let mut document = None;
    enter(&mut xml, b"Relationships")?;
    loop {
        match xml.next()? {
            Token::Start(tag) if tag.local_name() == b"Relationship" => {
                let [of_type, target] = tag.values([b"Type", b"Target"])?;
                // The end is the same in the transitional and in the strict form.
                let is_document = of_type.is_some_and(|of_type| of_type.ends_with(b"/relationships/officeDocument"));
                if let Some(target) = target.filter(|_| is_document) {
                    document = Some(decoded(target)?);
                }
            }
            Token::End(b"Relationships", _) => break,
            Token::Over => return Err(Broken),
            _ => {}
        }
    }
    let document = document.ok_or(Broken)?;
    let (folder, name) = document
        .split_at_checked(document.rfind('/').map_or(0, |at| at + 1))
        .ok_or(Broken)?;
    let name = if name.is_empty() { "workbook.xml" } else { name };
    Ok((folder.strip_prefix('/').unwrap_or(folder).to_owned(), name.to_owned()))
}

fn shared_strings<R: Read>(xml: &mut Xml<R>, limits: &Limits) -> Result<Strings, FileFault> {
    // One byte more than a row may have: who refers to such a string is told that the row is too long.
    let bytes_max = limits.record_bytes_max + 1;
    let mut strings = Strings::new(bytes_max + BEYOND);
    let mut string = String::new();
    enter(xml, b"sst")?;
    loop {
        string.clear();
        let rest = xml.plain_rest(PLAIN_BYTES)?;
        let before = rest.len();
        if let Some((item, rest)) = PlainItem::of(rest, b"<si><t", b"</t></si>") {
            let bytes = before - rest.len();
            item.push(&mut string)?;
            xml.pass(bytes);
            push(&mut strings, &string, bytes_max, limits)?;
            continue;
        }
        match xml.next()? {
            Token::Start(tag) if tag.local_name() == b"si" => {
                text::read_item(xml, bytes_max, &mut string)?;
                push(&mut strings, &string, bytes_max, limits)?;
            }
            Token::End(b"sst", _) => return Ok(strings),
            Token::Over => return Err(Broken.into()),
            _ => {}
        }
    }
}

fn push(strings: &mut Strings, string: &str, bytes_max: usize, limits: &Limits) -> Result<(), FileFault> {
    if strings.len() as u64 == limits.xlsx_cells_max {
        let cap = WorkbookCap::Cells;
        return Err(FileFault::WorkbookTooLarge { cap });
    }
    Ok(strings.push(cut(string, bytes_max))?)
}

/// An item that is longer may be read token by token.
const PLAIN_BYTES: usize = 1 << 10;

/// A character more.
const BEYOND: usize = 4;

/// At least `bytes` bytes of it, if it has so many.
fn cut(text: &str, bytes: usize) -> &str {
    let end = (bytes..bytes + BEYOND).find(|end| text.is_char_boundary(*end));
    end.and_then(|end| text.get(..end)).unwrap_or(text)
}

/// How cells of each style show numbers (`cellXfs`, ECMA-376 part 1 §18.8.10).
fn formats<R: Read>(xml: &mut Xml<R>) -> Result<Vec<NumberFormat>, Broken> {
    let mut codes: HashMap<Vec<u8>, NumberFormat> = HashMap::new();
    let mut formats = Vec::new();
    // Other lists have elements of these names too.
    let mut list = None;
    let mut depth = 0;
    loop {
        match xml.next()? {
            Token::Start(tag) => match (list, tag.local_name()) {
                (None, b"numFmts") => list = Some(List::Codes),
                (None, b"cellXfs") => list = Some(List::Styles),
                (Some(List::Codes), b"numFmt") => {
                    if let [Some(id), Some(code)] = tag.values([b"numFmtId", b"formatCode"])? {
                        codes.insert(id.to_vec(), by_code(&decoded(code)?));
                    }
                }
                (Some(List::Styles), b"xf") if depth == 0 => {
                    depth = 1;
                    let id = tag.attribute(b"numFmtId")?;
                    formats.push(id.map_or(NumberFormat::Number, |id| {
                        codes.get(id).copied().unwrap_or_else(|| built_in(id))
                    }));
                }
                _ => {}
            },
            Token::End(b"numFmts" | b"cellXfs", _) => list = None,
            Token::End(b"xf", _) => depth = 0,
            Token::End(b"styleSheet", _) => return Ok(formats),
            Token::Over => return Err(Broken),
            _ => {}
        }
    }
}

#[derive(Clone, Copy)]
enum List {
    Codes,
    Styles,
}

/// What relationships point at, by id: target and type.
type Targets = HashMap<Vec<u8>, (String, Vec<u8>)>;

fn targets<R: Read>(xml: &mut Xml<R>) -> Result<Targets, Broken> {
    let mut targets = HashMap::new();
    enter(xml, b"Relationships")?;
    loop {
        match xml.next()? {
            Token::Start(tag) if tag.local_name() == b"Relationship" => {
                if let [Some(id), of_type, target] = tag.values([b"Id", b"Type", b"Target"])? {
                    let target = decoded(target.unwrap_or_default())?;
                    targets.insert(id.to_vec(), (target, of_type.unwrap_or_default().to_vec()));
                }
            }
            Token::End(b"Relationships", _) => return Ok(targets),
            Token::Over => return Err(Broken),
            _ => {}
        }
    }
}

/// Whether a relationship of this type leads to a part that runs programs or fetches from elsewhere.
fn is_active(of_type: &[u8]) -> bool {
    let kind = of_type.rsplit(|byte| *byte == b'/').next();
    matches!(
        kind,
        Some(b"vbaProject" | b"externalLink" | b"xlMacrosheet" | b"xlIntlMacrosheet" | b"connections")
    )
}

/// Target of the first sheet that is a table and visible, and the day that the workbook counts from.
fn sheets<R: Read>(xml: &mut Xml<R>, targets: &Targets) -> Result<(Option<String>, Epoch), Broken> {
    let mut first = None;
    let mut epoch = Epoch::Of1900;
    loop {
        match xml.next()? {
            Token::Start(tag) if tag.local_name() == b"sheet" => {
                let (mut id, mut is_visible) = (&b""[..], true);
                for attribute in tag.attributes() {
                    match attribute? {
                        (b"state", b"visible") => is_visible = true,
                        (b"state", b"hidden" | b"veryHidden") => is_visible = false,
                        (b"state", _) => return Err(Broken),
                        // Whatever prefix the namespace of relationships has.
                        (key, value) if key == b"id" || key.ends_with(b":id") => id = value,
                        _ => {}
                    }
                }
                let (target, of_type) = targets.get(id).ok_or(Broken)?;
                let is_table = match of_type.rsplit(|byte| *byte == b'/').next() {
                    Some(b"worksheet") => true,
                    Some(b"chartsheet" | b"dialogsheet") => false,
                    _ => return Err(Broken),
                };
                if is_table && is_visible && first.is_none() {
                    first = Some(target.clone());
                }
            }
            Token::Start(tag) if tag.local_name() == b"workbookPr" => {
                // Extensions have an element of this name without the attribute.
                if let Some(value) = tag.attribute(b"date1904")? {
                    epoch = if value == b"1" || value == b"true" {
                        Epoch::Of1904
                    } else {
                        Epoch::Of1900
                    };
                }
            }
            Token::End(b"workbook", _) => return Ok((first, epoch)),
            Token::Over => return Err(Broken),
            _ => {}
        }
    }
}

/// Reads up to the start of the first element called `name`.
fn enter<R: Read>(xml: &mut Xml<R>, name: &[u8]) -> Result<(), Broken> {
    loop {
        match xml.next()? {
            Token::Start(tag) if tag.local_name() == name => return Ok(()),
            Token::Over => return Err(Broken),
            _ => {}
        }
    }
}

fn decoded(value: &[u8]) -> Result<String, Broken> {
    let mut text = String::new();
    decode(value, &mut text)?;
    Ok(text)
}
