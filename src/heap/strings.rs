//! The string table of a snapshot: spans into the input, unescaped when asked for.

use std::borrow::Cow;

use super::scan::{Cursor, DecodeError, error};
use super::snapshot::StringIx;

/// Marks a length whose string has escapes.
const ESCAPED: u32 = 1 << 31;

/// Every string of a snapshot.
#[derive(Debug, Default)]
pub(super) struct Strings<'a> {
    /// The file up to the end of the table, from where the table starts.
    text: &'a str,
    /// Bytes from the start of `text` to behind the opening quote.
    starts: Vec<usize>,
    /// Bytes between the quotes, and [`ESCAPED`].
    lengths: Vec<u32>,
}

impl<'a> Strings<'a> {
    /// Reads the array of strings at the cursor.
    pub(super) fn scan(cursor: &mut Cursor<'a>) -> Result<Strings<'a>, DecodeError> {
        cursor.expect(b'[')?;
        let base = cursor.at;
        let (mut starts, mut lengths) = (Vec::new(), Vec::new());
        let mut more = !cursor.accept(b']');
        while more {
            cursor.expect(b'"')?;
            let start = cursor.at;
            let (end, escaped) = cursor.string_rest()?;
            let length = u32::try_from(end - start).ok().filter(|it| it & ESCAPED == 0);
            let length = length.ok_or_else(|| error(start, "a string of more than 2 GB"))?;
            starts.push(start - base);
            lengths.push(if escaped { length | ESCAPED } else { length });
            if u32::try_from(starts.len()).is_err() {
                return Err(error(start, "more than four billion strings"));
            }
            more = cursor.accept(b',');
            if !more {
                cursor.expect(b']')?;
            }
        }
        let table = &cursor.bytes[base..cursor.at];
        let text = std::str::from_utf8(table).map_err(|it| error(base + it.valid_up_to(), "a string is not UTF-8"))?;
        Ok(Strings { text, starts, lengths })
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.starts.len()
    }

    /// A string as it stands in the file, and whether it has escapes. Empty if there is no such string.
    pub(super) fn raw(&self, ix: StringIx) -> (&'a str, bool) {
        let at = ix.0 as usize;
        let (Some(&start), Some(&length)) = (self.starts.get(at), self.lengths.get(at)) else { return ("", false) };
        let end = start + (length & !ESCAPED) as usize;
        (self.text.get(start..end).unwrap_or_default(), length & ESCAPED != 0)
    }

    /// A string.
    pub(super) fn text(&self, ix: StringIx) -> Cow<'a, str> {
        match self.raw(ix) {
            (text, false) => Cow::Borrowed(text),
            (text, true) => Cow::Owned(unescape(text)),
        }
    }

    /// Whether a string is this one.
    pub(super) fn is(&self, ix: StringIx, text: &str) -> bool {
        match self.raw(ix) {
            (raw, false) => raw == text,
            (raw, true) => raw.len() > text.len() && unescape(raw) == text,
        }
    }

    /// The strings that start with a text that has no escapes.
    pub(super) fn starting(&self, text: &str) -> Vec<StringIx> {
        (0..self.starts.len() as u32).map(StringIx).filter(|it| self.raw(*it).0.starts_with(text)).collect()
    }

    /// The first string with this text: V8 writes each text once.
    pub(super) fn find(&self, text: &str) -> Option<StringIx> {
        let length = u32::try_from(text.len()).ok()?;
        let plausible = |it: u32| it == length || (it & ESCAPED != 0 && it & !ESCAPED > length);
        (0..self.starts.len() as u32)
            .find(|&it| plausible(self.lengths[it as usize]) && self.is(StringIx(it), text))
            .map(StringIx)
    }
}

/// JSON escapes resolved. Halves of surrogate pairs become U+FFFD.
fn unescape(raw: &str) -> String {
    let mut units = Vec::new();
    let mut out = String::with_capacity(raw.len());
    let mut rest = raw;
    while let Some(at) = rest.find('\\') {
        if at > 0 {
            flush(&mut units, &mut out);
            out.push_str(&rest[..at]);
        }
        let after = rest.get(at + 1..).unwrap_or_default();
        let code = after.strip_prefix('u').and_then(|it| u16::from_str_radix(it.get(..4)?, 16).ok());
        match code {
            Some(unit) => units.push(unit),
            None => {
                flush(&mut units, &mut out);
                out.extend(after.chars().next().map(simple));
            }
        }
        let width = if code.is_some() { 5 } else { after.chars().next().map_or(0, char::len_utf8) };
        rest = after.get(width..).unwrap_or_default();
    }
    flush(&mut units, &mut out);
    out.push_str(rest);
    out
}

/// Appends UTF-16 to UTF-8.
fn flush(units: &mut Vec<u16>, out: &mut String) {
    out.extend(char::decode_utf16(units.drain(..)).map(|it| it.unwrap_or(char::REPLACEMENT_CHARACTER)));
}

/// What a letter behind a backslash stands for.
fn simple(letter: char) -> char {
    match letter {
        'b' => '\u{8}',
        'f' => '\u{c}',
        'n' => '\n',
        'r' => '\r',
        't' => '\t',
        other => other,
    }
}
