//! XML as workbooks hold it (XML 1.0, UTF-8), token by token from a stream, in bounded memory.
//!
//! Not a parser for any XML: ECMA-376 part 2 §8.1.4 forbids document type declarations in a package, and one is an error
//! here, so no entity but the five of XML itself is known. Tags must match, as XML says.

use std::io::Read;
use std::ops::Range;
use std::panic::{AssertUnwindSafe, catch_unwind};

/// Read at once.
const BLOCK_BYTES: usize = 64 << 10;
/// A tag or comment longer than this is no spreadsheet program's.
const TAG_BYTES_MAX: usize = 1 << 20;
/// Text is handed on in pieces of at least this length; what must stay whole is shorter.
const PIECE_BYTES: usize = 4 << 10;
/// `&#x0010FFFF;` with some zeros to spare.
const REFERENCE_BYTES_MAX: usize = 64;
/// Elements within one another; a sheet needs a dozen.
const DEPTH_MAX: usize = 128;

const MARK: &[u8] = b"\xef\xbb\xbf";
const DATA: &[u8] = b"<![CDATA[";
const DATA_END: &[u8] = b"]]>";

/// The stream ended early, is not what this reads, or could not be read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Broken;

/// What comes next. An element without content is a start and an end.
#[derive(Debug)]
pub(super) enum Token<'x> {
    Start(Tag<'x>),
    /// The name, without its prefix, and how many elements are still open.
    End(&'x [u8], usize),
    /// Text, or a piece of it, with its references: see [`decode`].
    Text(&'x [u8]),
    /// A piece of a CDATA section: see [`decode_lines`].
    Data(&'x [u8]),
    /// The end of the stream, outside every element.
    Over,
}

/// A start tag.
#[derive(Debug, Clone, Copy)]
pub(super) struct Tag<'x> {
    name: &'x [u8],
    attributes: &'x [u8],
}

impl<'x> Tag<'x> {
    /// The name without its prefix.
    pub(super) fn local_name(&self) -> &'x [u8] {
        local(self.name)
    }

    /// Names and undecoded values.
    pub(super) const fn attributes(&self) -> Attributes<'x> {
        Attributes(self.attributes)
    }

    /// The undecoded value of one attribute.
    pub(super) fn attribute(&self, name: &[u8]) -> Result<Option<&'x [u8]>, Broken> {
        for attribute in self.attributes() {
            let (key, value) = attribute?;
            if key == name {
                return Ok(Some(value));
            }
        }
        Ok(None)
    }

    /// The undecoded values of some attributes.
    pub(super) fn values<const N: usize>(&self, names: [&[u8]; N]) -> Result<[Option<&'x [u8]>; N], Broken> {
        let mut values = [None; N];
        for attribute in self.attributes() {
            let (key, value) = attribute?;
            for (name, found) in names.iter().zip(&mut values) {
                if *name == key {
                    *found = Some(value);
                }
            }
        }
        Ok(values)
    }
}

/// What stands behind the first colon, or all.
pub(super) fn local(name: &[u8]) -> &[u8] {
    memchr::memchr(b':', name)
        .and_then(|colon| name.get(colon + 1..))
        .unwrap_or(name)
}

/// The attributes of a tag.
#[derive(Debug)]
pub(super) struct Attributes<'x>(&'x [u8]);

impl<'x> Attributes<'x> {
    fn pair(&mut self) -> Option<(&'x [u8], &'x [u8])> {
        let rest = self.0;
        let equals = memchr::memchr(b'=', rest)?;
        let (key, value) = (
            rest.get(..equals)?.trim_ascii(),
            rest.get(equals + 1..)?.trim_ascii_start(),
        );
        let (&quote, value) = value.split_first().filter(|(quote, _)| matches!(quote, b'"' | b'\''))?;
        let end = memchr::memchr(quote, value)?;
        self.0 = value.get(end + 1..)?.trim_ascii_start();
        Some((key, value.get(..end)?))
    }
}

impl<'x> Iterator for Attributes<'x> {
    type Item = Result<(&'x [u8], &'x [u8]), Broken>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.0.is_empty() {
            return None;
        }
        let pair = self.pair();
        if pair.is_none() {
            self.0 = &[];
        }
        Some(pair.ok_or(Broken))
    }
}

/// A stream of tokens.
pub(super) struct Xml<R> {
    source: R,
    block: Vec<u8>,
    // INVARIANT: from <= checked <= to <= block.len(); what lies before `checked` is whole characters.
    from: usize,
    checked: usize,
    to: usize,
    is_end: bool,
    /// Names of the open elements, one after another, and where each begins.
    names: Vec<u8>,
    /// The name of an element that was closed stays behind this until another is opened.
    names_end: usize,
    open: Vec<usize>,
    /// The tag before had no content; its end comes next.
    is_closing: bool,
    is_in_data: bool,
}

/// What lies next in the block, by its bytes.
enum Next {
    Start(usize),
    End(usize),
    Text(usize),
    Data {
        skip: usize,
        bytes: usize,
        end: usize,
    },
    Skip(usize),
    Closed,
    Over,
    /// Not all of it is there.
    More,
}

impl<R: Read> Xml<R> {
    pub(super) fn new(source: R) -> Result<Self, Broken> {
        let mut xml = Self {
            source,
            block: vec![0; BLOCK_BYTES],
            from: 0,
            checked: 0,
            to: 0,
            is_end: false,
            names: Vec::new(),
            names_end: 0,
            open: Vec::new(),
            is_closing: false,
            is_in_data: false,
        };
        xml.more()?;
        if xml.rest().starts_with(MARK) {
            xml.from = MARK.len();
        }
        Ok(xml)
    }

    /// Elements that are open.
    pub(super) const fn depth(&self) -> usize {
        self.open.len()
    }

    /// What is read and not yet used, if a tag or text begins there; else nothing.
    pub(super) fn plain_rest(&mut self, bytes: usize) -> Result<&[u8], Broken> {
        if self.is_closing || self.is_in_data {
            return Ok(&[]);
        }
        if self.rest().len() < bytes && !self.is_end {
            self.more()?;
        }
        Ok(self.rest())
    }

    /// Passes over whole elements that were found in [`Self::plain_rest`].
    pub(super) fn pass(&mut self, bytes: usize) {
        self.from = self.checked.min(self.from + bytes);
    }

    /// The next token.
    pub(super) fn next(&mut self) -> Result<Token<'_>, Broken> {
        loop {
            match self.look()? {
                Next::More => self.more()?,
                Next::Skip(bytes) => self.from += bytes,
                Next::Closed => return self.close(None),
                Next::Over => return Ok(Token::Over),
                Next::Text(bytes) => return Ok(Token::Text(self.take(bytes, 0, 0))),
                Next::Data { skip, bytes, end } => {
                    self.is_in_data = end == 0;
                    return Ok(Token::Data(self.take(skip + bytes + end, skip, end)));
                }
                Next::End(bytes) => {
                    let name = self.from + 2..self.from + bytes - 1;
                    self.from += bytes;
                    return self.close(Some(name));
                }
                Next::Start(bytes) => return self.open(bytes).map(Token::Start),
            }
        }
    }

    fn rest(&self) -> &[u8] {
        self.block.get(self.from..self.checked).unwrap_or_default()
    }

    /// Uses `bytes` of the block and hands on what is left without the first and the last few of them.
    fn take(&mut self, bytes: usize, first: usize, last: usize) -> &[u8] {
        let begin = self.from;
        self.from += bytes;
        self.block.get(begin + first..self.from - last).unwrap_or_default()
    }

    fn look(&self) -> Result<Next, Broken> {
        if self.is_closing {
            return Ok(Next::Closed);
        }
        let rest = self.rest();
        if self.is_in_data {
            return self.look_in_data(0);
        }
        match rest {
            [] if self.is_end && self.open.is_empty() => Ok(Next::Over),
            [] | [b'<'] => self.or_more(),
            [b'<', b'/', ..] => memchr::memchr(b'>', rest).map_or_else(|| self.or_more(), |end| Ok(Next::End(end + 1))),
            [b'<', b'?', inside @ ..] => self.skip_to(2, inside, b"?>"),
            [b'<', b'!', b'-', b'-', inside @ ..] => self.skip_to(4, inside, b"-->"),
            [b'<', b'!', ..] if rest.starts_with(DATA) => self.look_in_data(DATA.len()),
            [b'<', b'!', ..] if rest.len() < DATA.len() => self.or_more(),
            [b'<', b'!', ..] => Err(Broken),
            [b'<', ..] => tag_end(rest).map_or_else(|| self.or_more(), |end| Ok(Next::Start(end))),
            _ => match memchr::memchr(b'<', rest) {
                Some(end) => Ok(Next::Text(end)),
                None if self.is_end => Ok(Next::Text(rest.len())),
                None if rest.len() < PIECE_BYTES => Ok(Next::More),
                None => Ok(Next::Text(whole(rest))),
            },
        }
    }

    fn or_more(&self) -> Result<Next, Broken> {
        if self.is_end { Err(Broken) } else { Ok(Next::More) }
    }

    fn look_in_data(&self, skip: usize) -> Result<Next, Broken> {
        let data = self.rest().get(skip..).unwrap_or_default();
        match memchr::memmem::find(data, DATA_END) {
            Some(bytes) => Ok(Next::Data {
                skip,
                bytes,
                end: DATA_END.len(),
            }),
            None if self.is_end => Err(Broken),
            None if data.len() < PIECE_BYTES => Ok(Next::More),
            None => Ok(Next::Data {
                skip,
                bytes: whole_data(data),
                end: 0,
            }),
        }
    }

    /// A comment or an instruction; as long as a tag at most.
    fn skip_to(&self, first: usize, inside: &[u8], end: &[u8]) -> Result<Next, Broken> {
        match memchr::memmem::find(inside, end) {
            Some(at) => Ok(Next::Skip(first + at + end.len())),
            None => self.or_more(),
        }
    }

    /// Reads until the block is full, the stream ends, or the block cannot grow.
    fn more(&mut self) -> Result<(), Broken> {
        if self.is_end {
            return Err(Broken);
        }
        self.block.copy_within(self.from..self.to, 0);
        self.to -= self.from;
        self.checked -= self.from;
        self.from = 0;
        if self.to == self.block.len() {
            if self.to >= TAG_BYTES_MAX {
                return Err(Broken);
            }
            self.block.resize(self.to * 2, 0);
        }
        while let Some(free) = self.block.get_mut(self.to..).filter(|free| !free.is_empty()) {
            let source = &mut self.source;
            // What unpacks is foreign and its input hostile: a panic in it is a fault of the file, not of the system.
            let read = catch_unwind(AssertUnwindSafe(|| source.read(free)));
            match read.map_err(|_| Broken)?.map_err(|_| Broken)? {
                0 => {
                    self.is_end = true;
                    break;
                }
                read => self.to += read,
            }
        }
        let fresh = self.block.get(self.checked..self.to).unwrap_or_default();
        match simdutf8::compat::from_utf8(fresh) {
            Ok(_) => self.checked = self.to,
            Err(error) if error.error_len().is_none() && !self.is_end => self.checked += error.valid_up_to(),
            Err(_) => return Err(Broken),
        }
        Ok(())
    }

    fn open(&mut self, bytes: usize) -> Result<Tag<'_>, Broken> {
        if self.open.len() == DEPTH_MAX {
            return Err(Broken);
        }
        let begin = self.from + 1;
        self.from += bytes;
        let inside = self.block.get(begin..self.from - 1).unwrap_or_default();
        let (inside, is_empty) = match inside.split_last() {
            Some((b'/', inside)) => (inside, true),
            _ => (inside, false),
        };
        let name = inside.iter().position(u8::is_ascii_whitespace).unwrap_or(inside.len());
        let (name, attributes) = inside.split_at_checked(name).ok_or(Broken)?;
        self.names.truncate(self.names_end);
        self.open.push(self.names_end);
        self.names.extend_from_slice(name);
        self.names_end = self.names.len();
        self.is_closing = is_empty;
        Ok(Tag {
            name,
            attributes: attributes.trim_ascii(),
        })
    }

    /// Closes the innermost element, whose name must be the one in the block at `name`.
    fn close(&mut self, name: Option<Range<usize>>) -> Result<Token<'_>, Broken> {
        self.is_closing = false;
        let begin = self.open.pop().ok_or(Broken)?;
        let opened = begin..self.names_end;
        self.names_end = begin;
        let opened = self.names.get(opened).unwrap_or_default();
        let is_match = name.is_none_or(|name| self.block.get(name).map(<[u8]>::trim_ascii_end) == Some(opened));
        is_match
            .then(|| Token::End(local(opened), self.open.len()))
            .ok_or(Broken)
    }
}

/// Where a tag ends: quoted values may hold the sign that ends it.
fn tag_end(rest: &[u8]) -> Option<usize> {
    let mut quote = None;
    for at in memchr::memchr3_iter(b'>', b'"', b'\'', rest) {
        let &byte = rest.get(at)?;
        match quote {
            None if byte == b'>' => return Some(at + 1),
            None => quote = Some(byte),
            Some(open) if open == byte => quote = None,
            Some(_) => {}
        }
    }
    None
}

/// How much of a text whose end is not there can be handed on: no reference and no line end is cut in two.
fn whole(text: &[u8]) -> usize {
    let last = text.len().saturating_sub(REFERENCE_BYTES_MAX);
    let tail = text.get(last..).unwrap_or_default();
    match memchr::memrchr2(b'&', b';', tail) {
        Some(at) if tail.get(at) == Some(&b'&') => last + at,
        _ if text.ends_with(b"\r") => text.len() - 1,
        _ => text.len(),
    }
}

/// The same for a CDATA section: nor is what ends it.
fn whole_data(data: &[u8]) -> usize {
    let mut bytes = data.len() - DATA_END.len();
    while bytes > 0 && (data.get(bytes).is_some_and(|byte| byte & 0xc0 == 0x80) || data.get(bytes - 1) == Some(&b'\r'))
    {
        bytes -= 1;
    }
    bytes
}

/// Appends text with its references resolved and its line ends as XML reads them (XML 1.0 §2.11).
pub(super) fn decode(raw: &[u8], into: &mut String) -> Result<(), Broken> {
    let mut text = simdutf8::basic::from_utf8(raw).map_err(|_| Broken)?;
    while let Some(at) = memchr::memchr2(b'&', b'\r', text.as_bytes()) {
        let (plain, special) = text.split_at_checked(at).ok_or(Broken)?;
        into.push_str(plain);
        if let Some(rest) = special.strip_prefix('\r') {
            into.push('\n');
            text = rest.strip_prefix('\n').unwrap_or(rest);
        } else {
            let (reference, rest) = special.split_once(';').ok_or(Broken)?;
            into.push(character(reference.trim_start_matches('&')).ok_or(Broken)?);
            text = rest;
        }
    }
    into.push_str(text);
    Ok(())
}

/// Appends text in which nothing but line ends is special.
pub(super) fn decode_lines(raw: &[u8], into: &mut String) -> Result<(), Broken> {
    let text = simdutf8::basic::from_utf8(raw).map_err(|_| Broken)?;
    if text.contains('\r') {
        into.push_str(&text.replace("\r\n", "\n").replace('\r', "\n"));
    } else {
        into.push_str(text);
    }
    Ok(())
}

/// What a reference stands for (XML 1.0 §4.1, §4.6).
fn character(reference: &str) -> Option<char> {
    Some(match reference {
        "lt" => '<',
        "gt" => '>',
        "amp" => '&',
        "apos" => '\'',
        "quot" => '"',
        _ => {
            let digits = reference.strip_prefix('#')?;
            let (digits, radix) = digits.strip_prefix('x').map_or((digits, 10), |digits| (digits, 16));
            if digits.starts_with('+') {
                return None;
            }
            let code = u32::from_str_radix(digits, radix).ok().filter(|code| *code != 0)?;
            char::from_u32(code)?
        }
    })
}
