//! Entries of the log about looks at a person: content and nonce, sealed together, and the hash that the log has of them.
//!
//! Whoever may read the content can compute the hash again; nobody else can guess the content from it, for the nonce is random.

use domain::IdentityDocument;
use serde_json::Value;
use store::Sealed;
use uuid::Uuid;

use crate::keys::{self, Column};
use crate::{App, AppError};

/// Bytes of a nonce.
const NONCE_BYTES: usize = 32;
/// Room for a number with its kind.
const ABOUT_BYTES: usize = 80;

/// An entry, opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Entry {
    /// Random bytes, hashed with the content.
    pub nonce: [u8; NONCE_BYTES],
    /// JSON, byte for byte as hashed.
    pub content: String,
}

impl Entry {
    /// The hash that the log has of it: SHA-256 over label, nonce and content (`translog::entry_hash`).
    #[must_use]
    pub fn hash(&self, label: &str) -> [u8; 32] {
        translog::entry_hash(label, &[&self.nonce, self.content.as_bytes()])
    }

    /// The content, read; an empty object if it is none.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.content).unwrap_or_default()
    }
}

/// Label of a trace.
pub const TRACE: &str = "trace";
/// Label of what a look-up answered.
pub const ANSWER: &str = "look_up_answer";
/// Label of how a look-up was closed.
pub const CLOSING: &str = "look_up_closing";

/// Stands between the content and whom it is about; JSON writes it as an escape, so it is never within the content.
const ABOUT: char = '\u{1e}';

/// Seals an entry with the log's key and hashes it.
pub(crate) fn seal(
    app: &App,
    label: &str,
    column: Column,
    row: Uuid,
    content: &Value,
) -> Result<(Sealed, [u8; 32]), AppError> {
    seal_about(app, label, column, row, content, None)
}

/// The same, with the number it is about: sealed beside the content and neither hashed nor shown. Whoever has no file is found
/// by the next index key only through it.
pub(crate) fn seal_about(
    app: &App,
    label: &str,
    column: Column,
    row: Uuid,
    content: &Value,
    about: Option<&IdentityDocument>,
) -> Result<(Sealed, [u8; 32]), AppError> {
    let entry = Entry {
        nonce: vault::random_bytes()?,
        content: content.to_string(),
    };
    let mut plain = Vec::with_capacity(NONCE_BYTES + entry.content.len() + ABOUT_BYTES);
    plain.extend_from_slice(&entry.nonce);
    plain.extend_from_slice(entry.content.as_bytes());
    if let Some(document) = about {
        plain.extend_from_slice(format!("{ABOUT}{}", keys::document_text(document)).as_bytes());
    }
    let sealed = keys::seal(app.vault().log_secret(), column, row, &plain)?;
    Ok((sealed, entry.hash(label)))
}

/// Opens an entry; `None` if its content was erased.
pub(crate) fn open(app: &App, column: Column, row: Uuid, sealed: &Sealed) -> Result<Option<Entry>, AppError> {
    Ok(open_about(app, column, row, sealed)?.map(|(entry, _)| entry))
}

/// Opens an entry, with the number it is about where that was sealed with it.
pub(crate) fn open_about(
    app: &App,
    column: Column,
    row: Uuid,
    sealed: &Sealed,
) -> Result<Option<(Entry, Option<IdentityDocument>)>, AppError> {
    let Some((_, plain)) = keys::open_log(app.vault(), column, row, sealed)? else {
        return Ok(None);
    };
    let damaged = || AppError::Damaged {
        what: "an entry of the log",
    };
    let (nonce, text) = plain.split_first_chunk::<NONCE_BYTES>().ok_or_else(damaged)?;
    let text = std::str::from_utf8(text).map_err(|_| damaged())?;
    let (content, about) = match text.split_once(ABOUT) {
        Some((content, about)) => (content, Some(keys::document_from(about)?)),
        None => (text, None),
    };
    let entry = Entry {
        nonce: *nonce,
        content: content.to_owned(),
    };
    Ok(Some((entry, about)))
}
