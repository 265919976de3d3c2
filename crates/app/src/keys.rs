//! Between the vault's words and the store's.

use std::borrow::Borrow;

use domain::{IdentityDocument, Name};
use store::{BlindIndex, IndexTag, Sealed};
use uuid::Uuid;
use vault::{BlindTag, Place, Secret, Tags};

use crate::{App, AppError};

/// How many keys can be retired one right after the other, each between reading the key file and asking the store: each of them
/// once.
pub(crate) const RETIRED_IN_A_ROW_MAX: usize = vault::KeyName::ALL.len();

/// Where a sealed thing lies: the AAD without its row.
#[derive(Clone, Copy)]
pub(crate) struct Column(pub(crate) &'static str, pub(crate) &'static str);

pub(crate) const RECORD_CONTENT: Column = Column("record", "content");
pub(crate) const RECORD_EVENT_REASON: Column = Column("record_event", "reason");
pub(crate) const PERSON_IDENTITY: Column = Column("person", "identity");
pub(crate) const PERSON_ALIAS: Column = Column("person_event", "alias");
pub(crate) const PERSON_EVENT_REASON: Column = Column("person_event", "reason");
pub(crate) const DELIVERY_FILE_NAME: Column = Column("delivery", "file_name");
pub(crate) const STAGED_CONTENT: Column = Column("staged_row", "content");
pub(crate) const PROCEDURE_DETAILS: Column = Column("procedure", "details");
pub(crate) const STEP_REASON: Column = Column("procedure_step", "reason");
pub(crate) const TRACE_CONTENT: Column = Column("trace", "content");
pub(crate) const LOOK_UP_ANSWER: Column = Column("look_up_answer", "content");
pub(crate) const CLOSING_REFERENCE: Column = Column("look_up_closing", "reference");
pub(crate) const BLOCK_HEADER: Column = Column("comparison_block", "header");
pub(crate) const PAGE_CONTENT: Column = Column("comparison_page", "content");
pub(crate) const BLOCK_FLAGS: Column = Column("comparison_answer", "flags");
pub(crate) const ACCOUNT_IDENTITY: Column = Column("account", "identity");
pub(crate) const ACCOUNT_TOTP: Column = Column("account", "totp_secret");

impl Column {
    fn at(self, row: Uuid) -> Place<'static> {
        Place {
            table: self.0,
            column: self.1,
            row,
        }
    }
}

/// Tag of an idempotency key: the key of this client and of the officer behind it, so that nobody gets another's answer. It is made
/// with the oldest log secret that lives, so that a retry is known after a rotation; it says nothing of a person.
pub(crate) fn request_key(app: &App, what: &str, client: Option<Uuid>, officer: Uuid, key: &str) -> [u8; 32] {
    let client = client.map(|client| client.to_string()).unwrap_or_default();
    let key = format!("{what}\u{1f}{client}\u{1f}{officer}\u{1f}{key}");
    let (newest, mut older) = app.vault().log_tags(key.as_bytes());
    older.pop().unwrap_or(newest)
}

/// What stands for a request: it says whom it is about, so it is kept under the newest log secret, and compared under all.
pub(crate) struct RequestTag {
    pub(crate) current: [u8; 32],
    earlier: Vec<[u8; 32]>,
}

impl RequestTag {
    pub(crate) fn of(vault: &vault::Vault, request: &[u8]) -> Self {
        let (current, earlier) = vault.log_tags(request);
        Self { current, earlier }
    }

    /// Whether `kept` was made of the same request.
    pub(crate) fn fits(&self, kept: &[u8; 32]) -> bool {
        self.current == *kept || self.earlier.contains(kept)
    }
}

pub(crate) fn seal(secret: impl Borrow<Secret>, column: Column, row: Uuid, plain: &[u8]) -> Result<Sealed, AppError> {
    let sealed = secret.borrow().seal(&column.at(row), plain)?;
    Ok(Sealed {
        salt: Some(sealed.salt),
        ciphertext: Some(sealed.ciphertext),
    })
}

/// Opens a sealed thing; `None` if it has been erased.
pub(crate) fn open(
    secret: impl Borrow<Secret>,
    column: Column,
    row: Uuid,
    sealed: &Sealed,
) -> Result<Option<Vec<u8>>, AppError> {
    let (Some(salt), Some(ciphertext)) = (&sealed.salt, &sealed.ciphertext) else {
        return Ok(None);
    };
    Ok(Some(secret.borrow().open(&column.at(row), salt, ciphertext)?))
}

/// Opens what a log secret sealed, whichever version it was, and says which; `None` if it has been erased.
pub(crate) fn open_log(
    vault: &vault::Vault,
    column: Column,
    row: Uuid,
    sealed: &Sealed,
) -> Result<Option<(u16, Vec<u8>)>, AppError> {
    let (Some(salt), Some(ciphertext)) = (&sealed.salt, &sealed.ciphertext) else {
        return Ok(None);
    };
    Ok(Some(vault.open_log(&column.at(row), salt, ciphertext)?))
}

/// Tags of one thing under the current key and, while a rotation runs, the previous one.
#[derive(Debug, Clone, Copy)]
pub(crate) struct TagPair {
    pub(crate) current: IndexTag,
    pub(crate) previous: Option<IndexTag>,
}

impl TagPair {
    /// All of them, current first. While two versions live, a person stands under both, so that a process that has not read
    /// the newer key yet finds the person too.
    pub(crate) fn all(&self) -> impl Iterator<Item = IndexTag> {
        std::iter::once(self.current).chain(self.previous)
    }

    /// From the older tag to the newer one, while a rotation runs.
    pub(crate) fn moved(&self) -> Option<(IndexTag, IndexTag)> {
        self.previous.map(|previous| (previous, self.current))
    }
}

fn pair(index: BlindIndex, tags: &Tags<BlindTag>) -> TagPair {
    let convert = |tag: &BlindTag| IndexTag {
        index,
        key_version: tag.key_version,
        tag: tag.tag,
    };
    TagPair {
        current: convert(&tags.current),
        previous: tags.previous.as_ref().map(convert),
    }
}

/// B1: for intake and the log.
pub(crate) fn number_tags(vault: &vault::Vault, document: &IdentityDocument) -> TagPair {
    pair(BlindIndex::Number, &vault.number_tags(document))
}

/// B2: for look-ups and confirmed aliases.
pub(crate) fn name_tags(vault: &vault::Vault, document: &IdentityDocument, name: &Name) -> TagPair {
    pair(BlindIndex::NumberAndName, &vault.name_tags(document, name))
}

/// Document and name of a person as sealed bytes: kind code, number, name, each after the other with a unit separator.
pub(crate) fn identity_bytes(document: &IdentityDocument, name: &str) -> Vec<u8> {
    format!("{}\u{1f}{}\u{1f}{name}", document.kind().code(), document.expose()).into_bytes()
}

/// A document for the sealed contents of a trace: kind code and number.
pub(crate) fn document_text(document: &IdentityDocument) -> String {
    format!("{}\u{1f}{}", document.kind().code(), document.expose())
}

/// Reads what [`document_text`] wrote.
pub(crate) fn document_from(text: &str) -> Result<IdentityDocument, AppError> {
    let damaged = || AppError::Damaged {
        what: "document in a trace",
    };
    let (kind, number) = text.split_once('\u{1f}').ok_or_else(damaged)?;
    let kind = domain::DocumentKind::parse(kind).ok_or_else(damaged)?;
    IdentityDocument::parse(kind, number).map_err(|_| damaged())
}

/// Reads what [`identity_bytes`] wrote.
pub(crate) fn identity_from(bytes: &[u8]) -> Result<(IdentityDocument, Name), AppError> {
    let damaged = AppError::Damaged { what: "identity" };
    let text = std::str::from_utf8(bytes).map_err(|_| AppError::Damaged { what: "identity" })?;
    let mut parts = text.splitn(3, '\u{1f}');
    let (Some(kind), Some(number), Some(name)) = (parts.next(), parts.next(), parts.next()) else {
        return Err(damaged);
    };
    let kind = domain::DocumentKind::parse(kind).ok_or(AppError::Damaged { what: "identity" })?;
    let document = IdentityDocument::parse(kind, number).map_err(|_| AppError::Damaged { what: "identity" })?;
    let name = Name::parse(name).map_err(|_| damaged)?;
    Ok((document, name))
}
