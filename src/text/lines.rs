//! Byte offsets to lines and columns, and back.

use memchr::memchr3_iter;

/// A place for people: line and UTF-16 column, both from 1.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Location {
    /// Line, from 1.
    pub line: u32,
    /// Column in UTF-16 code units, from 1.
    pub column: u32,
}

/// The line starts of one text. LF, CRLF, lone CR, U+2028 and U+2029 end a line, as in ECMAScript.
#[derive(Clone, Debug)]
pub struct LineIndex {
    starts: Vec<u32>,
    /// Columns every few thousand bytes along long lines, so that a one-line file of megabytes costs no more per place.
    marks: Vec<(u32, u32)>,
}

/// Bytes between two marks of a long line.
const STRIDE: usize = 4096;

impl LineIndex {
    /// Indexes a text.
    pub fn new(text: &str) -> LineIndex {
        let bytes = text.as_bytes();
        let mut starts = vec![0];
        for at in memchr3_iter(b'\n', b'\r', 0xE2, bytes) {
            let length = match bytes[at] {
                b'\n' => 1,
                b'\r' if bytes.get(at + 1) == Some(&b'\n') => continue,
                b'\r' => 1,
                _ if matches!(&bytes[at + 1..], [0x80, 0xA8 | 0xA9, ..]) => 3,
                _ => continue,
            };
            starts.push((at + length) as u32);
        }
        let marks = marks(text, &starts);
        LineIndex { starts, marks }
    }

    /// The number of lines; a text that ends with a line end has an empty last one.
    pub fn count(&self) -> u32 {
        self.starts.len() as u32
    }

    /// The place of an offset; offsets behind the end are clamped, offsets inside a character go to its start.
    pub fn location(&self, text: &str, offset: u32) -> Location {
        let offset = text.floor_char_boundary(offset as usize);
        let line = self.starts.partition_point(|&start| start as usize <= offset) - 1;
        let start = (self.starts[line], 0);
        let behind = self.marks.partition_point(|&(at, _)| at as usize <= offset);
        let (from, column) = self.marks[..behind].last().copied().filter(|it| it.0 > start.0).unwrap_or(start);
        Location { line: line as u32 + 1, column: column + utf16_length(&text[from as usize..offset]) + 1 }
    }

    /// The offset of a place; lines and columns outside the text are clamped, as the language server protocol asks.
    pub fn offset(&self, text: &str, location: Location) -> u32 {
        let line = location.line.saturating_sub(1);
        if line >= self.count() {
            return text.len() as u32;
        }
        let (start, end) = self.line_range(text, line);
        let mut units = location.column.saturating_sub(1);
        for (at, character) in text[start as usize..end as usize].char_indices() {
            let length = character.len_utf16() as u32;
            if units < length {
                return start + at as u32;
            }
            units -= length;
        }
        end
    }

    /// Byte range of a line (from 0), without its line end.
    pub fn line_range(&self, text: &str, line: u32) -> (u32, u32) {
        let line = line.min(self.count() - 1) as usize;
        let start = self.starts[line];
        let end = self.starts.get(line + 1).map_or(text.len(), |&next| next as usize);
        let body = text[start as usize..end].trim_end_matches(['\n', '\r', '\u{2028}', '\u{2029}']);
        (start, start + body.len() as u32)
    }
}

/// Offset and UTF-16 column of marks along lines longer than a stride.
fn marks(text: &str, starts: &[u32]) -> Vec<(u32, u32)> {
    let mut marks = Vec::new();
    for (i, &start) in starts.iter().enumerate() {
        let end = starts.get(i + 1).map_or(text.len(), |&next| next as usize);
        let (mut at, mut column) = (start as usize, 0);
        while end - at > STRIDE {
            let next = text.floor_char_boundary(at + STRIDE);
            column += utf16_length(&text[at..next]);
            at = next;
            marks.push((at as u32, column));
        }
    }
    marks
}

fn utf16_length(text: &str) -> u32 {
    if text.is_ascii() { text.len() as u32 } else { text.chars().map(|it| it.len_utf16() as u32).sum() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn at(text: &str, offset: u32) -> (u32, u32) {
        let found = LineIndex::new(text).location(text, offset);
        (found.line, found.column)
    }

    #[test]
    fn columns_of_long_lines_are_exact() {
        let text = format!("x\n{}z\ny", "é😀a".repeat(5000));
        let index = LineIndex::new(&text);
        for at in [2usize, 4000, 4099, 9002, 30_000] {
            let at = text.floor_char_boundary(at);
            let column = text[2..at].encode_utf16().count() as u32 + 1;
            assert_eq!(index.location(&text, at as u32), Location { line: 2, column });
        }
        assert_eq!(index.location(&text, text.len() as u32 - 1), Location { line: 3, column: 1 });
    }

    #[test]
    fn every_line_end_counts_once() {
        let text = "a\nb\r\nc\rd\u{2028}e\u{2029}f";
        let index = LineIndex::new(text);
        assert_eq!(index.count(), 6);
        let places: Vec<(u32, u32)> = "abcdef".chars().map(|it| at(text, text.find(it).unwrap() as u32)).collect();
        assert_eq!(places, [(1, 1), (2, 1), (3, 1), (4, 1), (5, 1), (6, 1)]);
        let lines: Vec<&str> = (0..6).map(|it| index.line_range(text, it)).map(|(a, b)| &text[a as usize..b as usize]).collect();
        assert_eq!(lines, ["a", "b", "c", "d", "e", "f"]);
    }

    #[test]
    fn columns_are_utf16_and_clamped() {
        let text = "é\u{1F600}x\n";
        assert_eq!(at(text, 2), (1, 2));
        assert_eq!(at(text, 6), (1, 4));
        assert_eq!(at(text, 4), (1, 2), "inside a character");
        assert_eq!(at(text, 999), (2, 1));
        assert_eq!(at("", 0), (1, 1));
        assert_eq!(at("", 7), (1, 1));
    }

    #[test]
    fn offsets_and_places_are_inverse() {
        let text = "const é = '\u{1F600}';\r\nx\u{2028}y\rz";
        let index = LineIndex::new(text);
        for (offset, _) in text.char_indices().filter(|(_, it)| !matches!(it, '\r' | '\n' | '\u{2028}')) {
            let location = index.location(text, offset as u32);
            assert_eq!(index.offset(text, location), offset as u32, "{location:?}");
        }
    }

    #[test]
    fn places_outside_are_clamped() {
        let text = "ab\r\ncd";
        let offset = |line, column| LineIndex::new(text).offset(text, Location { line, column });
        assert_eq!(offset(1, 99), 2, "before the line end");
        assert_eq!(offset(9, 1), 6);
        assert_eq!(offset(0, 0), 0);
    }
}
