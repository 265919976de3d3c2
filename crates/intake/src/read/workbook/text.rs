//! Strings of a workbook: their elements (ECMA-376 part 1 §18.4), their escapes, and the table that cells share.

use std::io::Read;

use super::xml::{Broken, Token, Xml, decode, decode_lines};

/// Appends the text of an item (`si`, `is`) whose start was just read, up to its end: all its `t` but the phonetic ones.
/// Of more than `bytes_max` bytes only so many are kept that it is seen to be too long.
pub(super) fn read_item<R: Read>(xml: &mut Xml<R>, bytes_max: usize, into: &mut String) -> Result<(), Broken> {
    let depth = xml.depth();
    let begin = into.len();
    let mut is_phonetic = false;
    loop {
        match xml.next()? {
            Token::Start(tag) if tag.local_name() == b"rPh" => is_phonetic = true,
            Token::Start(tag) if tag.local_name() == b"t" && !is_phonetic => {
                let is_kept = tag.attribute(b"xml:space")? == Some(b"preserve");
                let from = into.len();
                read_text(xml, begin + bytes_max, into)?;
                finish(is_kept, into, from);
            }
            Token::End(b"rPh", _) => is_phonetic = false,
            Token::End(_, left) if left < depth => return Ok(()),
            Token::Over => return Err(Broken),
            _ => {}
        }
    }
}

/// The text of an item as nearly every program writes it: one `t`, and nothing in it that has to be decoded.
pub(super) struct PlainItem<'x> {
    raw: &'x [u8],
    is_kept: bool,
}

impl<'x> PlainItem<'x> {
    /// The item that `text` begins with, from `open`, the beginning of its `t`, to `close`, and what stands behind it.
    #[inline]
    pub(super) fn of(text: &'x [u8], open: &[u8], close: &[u8]) -> Option<(Self, &'x [u8])> {
        let item = text.strip_prefix(open)?;
        let (is_kept, item) = match item.strip_prefix(b" xml:space=\"preserve\">") {
            Some(item) => (true, item),
            None => (false, item.strip_prefix(b">")?),
        };
        let (raw, rest) = until_tag(item)?;
        Some((Self { raw, is_kept }, rest.strip_prefix(close)?))
    }

    pub(super) fn push(&self, into: &mut String) -> Result<(), Broken> {
        let from = into.len();
        into.push_str(simdutf8::basic::from_utf8(self.raw).map_err(|_| Broken)?);
        finish(self.is_kept, into, from);
        Ok(())
    }
}

/// Text up to the next tag, if it stands for itself.
#[inline]
pub(super) fn until_tag(text: &[u8]) -> Option<(&[u8], &[u8])> {
    let end = memchr::memchr3(b'<', b'&', b'\r', text)?;
    text.split_at_checked(end)
}

fn finish(is_kept: bool, text: &mut String, from: usize) {
    if !is_kept {
        trim(text, from);
    }
    unescape(text, from);
}

/// Appends the text of the element whose start was just read, up to its end.
pub(super) fn read_text<R: Read>(xml: &mut Xml<R>, length_max: usize, into: &mut String) -> Result<(), Broken> {
    let depth = xml.depth();
    loop {
        let is_full = into.len() > length_max;
        match xml.next()? {
            Token::Text(text) if !is_full => decode(text, into)?,
            Token::Data(text) if !is_full => decode_lines(text, into)?,
            Token::End(_, left) if left < depth => return Ok(()),
            Token::Over => return Err(Broken),
            _ => {}
        }
    }
}

/// Passes over the element whose start was just read.
pub(super) fn skip<R: Read>(xml: &mut Xml<R>) -> Result<(), Broken> {
    let depth = xml.depth();
    loop {
        match xml.next()? {
            Token::End(_, left) if left < depth => return Ok(()),
            Token::Over => return Err(Broken),
            _ => {}
        }
    }
}

/// Without the white space of XML at the edges of what stands behind `from`.
fn trim(text: &mut String, from: usize) {
    const WHITE: [char; 4] = [' ', '\t', '\r', '\n'];
    let fresh = text.get(from..).unwrap_or_default();
    let end = from + fresh.trim_end_matches(WHITE).len();
    let begin = fresh.len() - fresh.trim_start_matches(WHITE).len();
    text.truncate(end);
    if begin > 0 {
        text.drain(from..end.min(from + begin));
    }
}

/// Replaces `_xHHHH_` behind `from` by the UTF-16 code unit that it stands for (§22.9.2.19); half a pair is U+FFFD.
pub(super) fn unescape(text: &mut String, from: usize) {
    let fresh = text.get(from..).unwrap_or_default();
    if memchr::memchr(b'_', fresh.as_bytes()).is_none() {
        return;
    }
    let Some(at) = fresh.find("_x") else { return };
    let begin = from + at;
    let escaped = text.get(begin..).unwrap_or_default().to_owned();
    text.truncate(begin);
    let mut rest = escaped.as_str();
    while let Some(at) = rest.find("_x") {
        let (plain, marked) = rest.split_at_checked(at).unwrap_or((rest, ""));
        text.push_str(plain);
        let Some((unit, behind)) = unit(marked) else {
            // The sign itself stays, and may begin nothing else.
            text.push('_');
            rest = marked.get(1..).unwrap_or_default();
            continue;
        };
        let (low, behind) = match unit {
            0xd800..=0xdbff => unit_pair(behind).map_or((None, behind), |(low, behind)| (Some(low), behind)),
            _ => (None, behind),
        };
        text.extend(
            char::decode_utf16([unit].into_iter().chain(low)).map(|c| c.unwrap_or(char::REPLACEMENT_CHARACTER)),
        );
        rest = behind;
    }
    text.push_str(rest);
}

/// The second half of a pair, if one follows.
fn unit_pair(text: &str) -> Option<(u16, &str)> {
    unit(text).filter(|(unit, _)| (0xdc00..=0xdfff).contains(unit))
}

/// The code unit of the escape that `text` begins with, and what stands behind it.
fn unit(text: &str) -> Option<(u16, &str)> {
    let rest = text.strip_prefix("_x")?;
    let (digits, rest) = rest.split_at_checked(4)?;
    let rest = rest.strip_prefix('_')?;
    let is_hex = digits.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_hex
        .then(|| u16::from_str_radix(digits, 16).ok())?
        .map(|unit| (unit, rest))
}

/// The strings that cells share, in chunks, so that a table of any size grows without being copied.
pub(super) struct Strings {
    chunks: Vec<String>,
    /// A chunk has two to the power of this many bytes.
    chunk_bits: u32,
    // INVARIANT: ascending; each is the end of a string, counted as if all chunks were full. A string lies in one chunk:
    // it begins where the one before ends, or at the beginning of the chunk that it ends in.
    ends: Vec<u32>,
}

impl Strings {
    const CHUNK_BITS: u32 = 22;

    /// An empty table for strings of at most `bytes_max` bytes.
    pub(super) fn new(bytes_max: usize) -> Self {
        Self {
            chunks: Vec::new(),
            chunk_bits: Self::CHUNK_BITS.max(bytes_max.next_power_of_two().ilog2()),
            ends: Vec::new(),
        }
    }

    pub(super) const fn len(&self) -> usize {
        self.ends.len()
    }

    pub(super) fn push(&mut self, text: &str) -> Result<(), Broken> {
        let has_room = |chunk: &String| chunk.len() + text.len() <= 1 << self.chunk_bits;
        if !self.chunks.last().is_some_and(has_room) {
            self.chunks.push(String::new());
        }
        let before = (self.chunks.len() - 1) << self.chunk_bits;
        let chunk = self.chunks.last_mut().ok_or(Broken)?;
        chunk.push_str(text);
        self.ends.push(u32::try_from(before + chunk.len()).map_err(|_| Broken)?);
        Ok(())
    }

    pub(super) fn get(&self, number: usize) -> Option<&str> {
        let end = *self.ends.get(number)? as usize;
        let before = number.checked_sub(1).and_then(|before| self.ends.get(before));
        let before = before.map_or(0, |before| *before as usize);
        let chunk = end.saturating_sub(1) >> self.chunk_bits;
        let first = chunk << self.chunk_bits;
        // An empty string at the very beginning of a chunk ends in the one before.
        if before == end {
            return Some("");
        }
        self.chunks.get(chunk)?.get(before.max(first) - first..end - first)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_come_back_whatever_chunk_they_fell_into() {
        let mut strings = Strings::new(0);
        strings.chunk_bits = 3;
        let texts = ["", "ab", "", "abcdef", "甲", "甲乙", "", "abcdefgh", "", "x", "丙丁"];
        for text in texts {
            strings.push(text).unwrap();
        }
        let back: Vec<_> = (0..strings.len()).map(|number| strings.get(number).unwrap()).collect();
        assert_eq!(back, texts);
        assert_eq!(strings.get(texts.len()), None);
    }

    #[test]
    fn escapes_become_what_they_stand_for() {
        for (escaped, plain) in [
            ("_x000D_\n", "\r\n"),
            ("_x005F_x000D_", "_x000D_"),
            ("_xD83D__xDE00_", "\u{1f600}"),
            ("_xD83D_x", "\u{fffd}x"),
            ("_xDE00_", "\u{fffd}"),
            ("_xD83D__xD83D__xDE00_", "\u{fffd}\u{1f600}"),
            ("__x0041_", "_A"),
            ("_x00½_ _x+123_ _x", "_x00½_ _x+123_ _x"),
        ] {
            let mut text = "前_x0041_".to_owned();
            let from = text.len();
            text.push_str(escaped);
            unescape(&mut text, from);
            assert_eq!(text.get(from..), Some(plain), "{escaped}");
        }
    }

    #[test]
    fn white_space_falls_away_only_behind_the_mark() {
        for (text, left) in [
            ("  甲 乙\r\n", "甲 乙"),
            (" \t ", ""),
            ("\u{a0}x", "\u{a0}x"),
            ("x", "x"),
        ] {
            let mut all = "a ".to_owned();
            all.push_str(text);
            trim(&mut all, 2);
            assert_eq!(all, format!("a {left}"));
        }
    }
}
