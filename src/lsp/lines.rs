//! Places as the protocol counts them: lines from 0, ended by LF, CRLF or CR and nothing else; columns in the units that
//! client and server agreed on.

use gen_lsp_types::{Position, Range};

/// The units of columns.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Encoding {
    /// Bytes.
    Utf8,
    /// What the protocol assumes.
    Utf16,
}

/// The line starts of a text.
#[derive(Clone, Debug)]
pub(super) struct Lines {
    starts: Vec<usize>,
}

impl Lines {
    pub(super) fn new(text: &str) -> Lines {
        let bytes = text.as_bytes();
        let mut starts = vec![0];
        let ends = memchr::memchr2_iter(b'\n', b'\r', bytes);
        starts.extend(ends.filter(|&at| bytes[at] == b'\n' || bytes.get(at + 1) != Some(&b'\n')).map(|at| at + 1));
        Lines { starts }
    }

    /// The place of an offset, clamped to the text and to the start of its character.
    pub(super) fn position(&self, text: &str, offset: usize, encoding: Encoding) -> Position {
        let offset = text.floor_char_boundary(offset);
        let line = self.starts.partition_point(|&start| start <= offset) - 1;
        let before = &text[self.starts[line]..offset];
        let column = match encoding {
            Encoding::Utf8 => before.len(),
            Encoding::Utf16 if before.is_ascii() => before.len(),
            Encoding::Utf16 => before.chars().map(char::len_utf16).sum(),
        };
        Position { line: line as u32, character: column as u32 }
    }

    /// The range between two offsets.
    pub(super) fn range(&self, text: &str, start: usize, end: usize, encoding: Encoding) -> Range {
        Range { start: self.position(text, start, encoding), end: self.position(text, end.max(start), encoding) }
    }

    /// The offset of a place; lines and columns outside of the text are clamped, as the protocol asks.
    pub(super) fn offset(&self, text: &str, position: Position, encoding: Encoding) -> usize {
        let Some(&start) = self.starts.get(position.line as usize) else { return text.len() };
        let end = self.starts.get(position.line as usize + 1).copied().unwrap_or(text.len());
        let line = text[start..end].trim_end_matches(['\n', '\r']);
        let mut left = position.character as usize;
        for (at, character) in line.char_indices() {
            let units = match encoding {
                Encoding::Utf8 => character.len_utf8(),
                Encoding::Utf16 => character.len_utf16(),
            };
            if left < units {
                return start + at;
            }
            left -= units;
        }
        start + line.len()
    }

    /// Where a line starts; the end of the text for one behind the last.
    pub(super) fn start(&self, text: &str, line: u32) -> usize {
        self.starts.get(line as usize).copied().unwrap_or(text.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn places_and_offsets_are_inverse_in_both_units() {
        let text = "é😀x\r\ny\rz\n\u{2028}w";
        let lines = Lines::new(text);
        assert_eq!(lines.starts.len(), 4);
        for encoding in [Encoding::Utf8, Encoding::Utf16] {
            for (at, _) in text.char_indices().filter(|it| !matches!(it.1, '\n' | '\r')) {
                assert_eq!(lines.offset(text, lines.position(text, at, encoding), encoding), at, "{encoding:?} {at}");
            }
        }
        let at = text.find('x').unwrap();
        assert_eq!(lines.position(text, at, Encoding::Utf16), Position { line: 0, character: 3 });
        assert_eq!(lines.position(text, at, Encoding::Utf8), Position { line: 0, character: 6 });
        assert_eq!(lines.position(text, text.find('w').unwrap(), Encoding::Utf16), Position { line: 3, character: 1 });
    }

    #[test]
    fn what_is_outside_is_clamped() {
        let text = "ab\r\n😀";
        let lines = Lines::new(text);
        let offset = |line, character| lines.offset(text, Position { line, character }, Encoding::Utf16);
        assert_eq!((offset(0, 99), offset(9, 0), offset(1, 1), offset(1, 2), offset(1, 9)), (2, 8, 4, 8, 8));
        assert_eq!(lines.position(text, 99, Encoding::Utf16), Position { line: 1, character: 2 });
    }
}
