//! Values as PostgreSQL keeps them, and back.

use domain::Day;
use store::{BlindIndex, IndexTag, Sealed, StoreError};
use tokio_postgres::Row;
use tokio_postgres::types::FromSql;

use crate::fault::{Fault, damaged};

/// A column of the type the caller asks for.
pub(crate) fn get<'a, T: FromSql<'a>>(row: &'a Row, column: usize) -> Result<T, Fault> {
    row.try_get(column)
        .map_err(|_| damaged("a stored value has another form"))
}

/// A column of exactly `N` bytes.
pub(crate) fn bytes<const N: usize>(row: &Row, column: usize) -> Result<[u8; N], Fault> {
    get::<&[u8]>(row, column)?
        .try_into()
        .map_err(|_| damaged("a stored value has another length"))
}

/// The same where there may be none.
pub(crate) fn bytes_or_none<const N: usize>(row: &Row, column: usize) -> Result<Option<[u8; N]>, Fault> {
    get::<Option<&[u8]>>(row, column)?
        .map(|_| bytes(row, column))
        .transpose()
}

/// A sealed pair: salt in `column`, ciphertext in the next.
pub(crate) fn sealed(row: &Row, column: usize) -> Result<Sealed, Fault> {
    let ciphertext: Option<Vec<u8>> = get(row, column + 1)?;
    let salt = if ciphertext.is_some() {
        Some(bytes(row, column)?)
    } else {
        None
    };
    Ok(Sealed { salt, ciphertext })
}

/// A tag in three columns.
pub(crate) fn index_tag(row: &Row, column: usize) -> Result<IndexTag, Fault> {
    let index = BlindIndex::from_code(get(row, column + 1)?).ok_or_else(|| damaged("an unknown blind index"))?;
    let key_version =
        u16::try_from(get::<i32>(row, column + 2)?).map_err(|_| damaged("a key version is out of range"))?;
    Ok(IndexTag {
        tag: bytes(row, column)?,
        index,
        key_version,
    })
}

/// A word of an enum.
pub(crate) fn word<T>(row: &Row, column: usize, parse: impl FnOnce(&str) -> Option<T>) -> Result<T, Fault> {
    parse(get(row, column)?).ok_or_else(|| damaged("a stored word is unknown"))
}

/// A word of an enum, or none.
pub(crate) fn word_or_none<T>(
    row: &Row,
    column: usize,
    parse: impl FnOnce(&str) -> Option<T>,
) -> Result<Option<T>, Fault> {
    match get::<Option<&str>>(row, column)? {
        Some(text) => parse(text).map(Some).ok_or_else(|| damaged("a stored word is unknown")),
        None => Ok(None),
    }
}

/// A count, which PostgreSQL keeps signed.
pub(crate) fn count(row: &Row, column: usize) -> Result<u64, Fault> {
    u64::try_from(get::<i64>(row, column)?).map_err(|_| damaged("a stored count is negative"))
}

/// A small count.
pub(crate) fn small(row: &Row, column: usize) -> Result<u32, Fault> {
    u32::try_from(get::<i32>(row, column)?).map_err(|_| damaged("a stored count is negative"))
}

/// A day.
pub(crate) fn day(row: &Row, column: usize) -> Result<Day, Fault> {
    Day::from_epoch_days(get(row, column)?).map_err(|_| damaged("a stored day is out of range"))
}

/// A number as PostgreSQL keeps it.
pub(crate) fn signed<N: TryInto<i64>>(number: N) -> Result<i64, Fault> {
    number.try_into().map_err(|_| {
        Fault::Store(StoreError::Invalid {
            what: "a number is too large",
        })
    })
}

/// A small number as PostgreSQL keeps it.
pub(crate) fn signed_small<N: TryInto<i32>>(number: N) -> Result<i32, Fault> {
    number.try_into().map_err(|_| {
        Fault::Store(StoreError::Invalid {
            what: "a number is too large",
        })
    })
}

/// Salt and ciphertext as parameters.
pub(crate) fn parts(sealed: &Sealed) -> (Option<&[u8]>, Option<&[u8]>) {
    (
        sealed.salt.as_ref().map(<[u8; 16]>::as_slice),
        sealed.ciphertext.as_deref(),
    )
}

/// Tags as three arrays.
pub(crate) fn tag_arrays(tags: &[IndexTag]) -> (Vec<&[u8]>, Vec<i16>, Vec<i32>) {
    (
        tags.iter().map(|tag| tag.tag.as_slice()).collect(),
        tags.iter().map(|tag| tag.index.code()).collect(),
        tags.iter().map(|tag| i32::from(tag.key_version)).collect(),
    )
}
