//! Flat arrays of numbers, read record by record on every core.
//!
//! Two passes: commas are counted (as fast as memory goes), so that each part knows which record it starts with and
//! columns are as long as the input justifies; then every part is read into its own piece of the columns.

use std::ops::Range;

use rayon::prelude::*;

use super::header::MAX_FIELDS;
use super::scan::{Cursor, DecodeError, error};

/// Bytes that one task counts or reads.
const PART: usize = 1 << 20;

/// One record: as many values as there are fields, the rest 0.
pub(super) type Record = [u64; MAX_FIELDS];

/// An array of records, cut into parts that start with a record.
#[derive(Clone, Debug)]
pub(super) struct Records<'a> {
    bytes: &'a [u8],
    fields: usize,
    parts: Vec<Part>,
    /// Where the array ends.
    end: usize,
}

/// Whole records of an array.
#[derive(Clone, Debug)]
pub(super) struct Part {
    /// From the first record's first byte to the end of the last one.
    span: Range<usize>,
    /// The index of the first.
    pub(super) first: usize,
    /// How many there are.
    pub(super) count: usize,
}

impl<'a> Records<'a> {
    /// The records of an array whose inside is at a span of the file.
    pub(super) fn new(bytes: &'a [u8], span: Range<usize>, fields: usize, what: &str) -> Result<Records<'a>, DecodeError> {
        if bytes[span.clone()].trim_ascii().is_empty() {
            return Ok(Records { bytes, fields, parts: Vec::new(), end: span.end });
        }
        let starts: Vec<usize> = span.clone().step_by(PART).collect();
        let piece = |at: usize| at..(at + PART).min(span.end);
        let commas: Vec<usize> = starts.par_iter().map(|&at| memchr::memchr_iter(b',', &bytes[piece(at)]).count()).collect();
        let values = commas.iter().sum::<usize>() + 1;
        if values % fields != 0 {
            return Err(error(span.end, format!("`{what}` has {values} numbers, not a multiple of its {fields} fields")));
        }
        let records = values / fields;
        let mut parts: Vec<Part> = vec![Part { span: span.clone(), first: 0, count: records }];
        let mut before = commas.first().copied().unwrap_or_default();
        for (&at, here) in starts.iter().zip(&commas).skip(1) {
            // The next record starts behind the comma with a number that the fields divide.
            let skip = fields - before % fields;
            if let Some(comma) = memchr::memchr_iter(b',', &bytes[piece(at)]).nth(skip - 1) {
                let (start, first) = (at + comma + 1, (before + skip) / fields);
                if let Some(last) = parts.last_mut() {
                    last.span.end = start - 1;
                    last.count = first - last.first;
                }
                parts.push(Part { span: start..span.end, first, count: records - first });
            }
            before += here;
        }
        Ok(Records { bytes, fields, parts, end: span.end })
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.parts.last().map_or(0, |it| it.first + it.count)
    }

    /// Where the array ends in the file.
    pub(super) fn end(&self) -> usize {
        self.end
    }

    /// The parts in order; their counts add up to [`Records::len`].
    pub(super) fn parts(&self) -> &[Part] {
        &self.parts
    }

    /// Reads every record of a part: its index in the part, and its values. A complaint is put at the record.
    pub(super) fn read(&self, part: &Part, take: impl FnMut(usize, &Record) -> Result<(), String>) -> Result<(), DecodeError> {
        // Loops of known length, for the records that V8 writes.
        match self.fields {
            3 => self.read_fields(part, 3, take),
            6 => self.read_fields(part, 6, take),
            7 => self.read_fields(part, 7, take),
            fields => self.read_fields(part, fields.min(MAX_FIELDS), take),
        }
    }

    #[inline(always)]
    fn read_fields(
        &self,
        part: &Part,
        fields: usize,
        mut take: impl FnMut(usize, &Record) -> Result<(), String>,
    ) -> Result<(), DecodeError> {
        let mut cursor = Cursor { bytes: &self.bytes[..part.span.end], at: part.span.start };
        let mut record: Record = [0; MAX_FIELDS];
        for index in 0..part.count {
            let start = cursor.at;
            let is_last = index + 1 == part.count;
            for (place, value) in record[..fields].iter_mut().enumerate() {
                *value = match before_comma(cursor.bytes, &mut cursor.at) {
                    Some(value) => value,
                    None => slow(&mut cursor, is_last && place + 1 == fields)?,
                };
            }
            take(index, &record).map_err(|reason| error(start, reason))?;
        }
        if cursor.at == part.span.end { Ok(()) } else { Err(cursor.unexpected("`,` or `]`")) }
    }

    /// Where a record starts that a test picks, for errors that show only later.
    pub(super) fn find(&self, mut is: impl FnMut(&Record) -> bool) -> usize {
        let mut reasons =
            self.parts.iter().map(|part| self.read(part, |_, record| if is(record) { Err(String::new()) } else { Ok(()) }));
        reasons.find_map(Result::err).map_or(0, |it| it.offset)
    }
}

/// Eight bytes of a character.
const fn eight(byte: u8) -> u64 {
    u64::from_ne_bytes([byte; 8])
}

/// Reads a number and the comma behind it, as V8 writes them; whatever else there is, it leaves to [`slow`].
#[inline(always)]
fn before_comma(bytes: &[u8], at: &mut usize) -> Option<u64> {
    let chunk = bytes.get(*at..)?.first_chunk::<CHUNK>()?;
    let low = Digits::of(chunk.first_chunk()?);
    let (value, length) = if low.count < 8 {
        (low.value(), low.count as usize)
    } else {
        let high = Digits::of(chunk[8..].first_chunk()?);
        if high.count == 8 {
            return None;
        }
        let above = u64::from(eight_digits(low.digits)) * TENS[high.count as usize];
        (above + high.value(), 8 + high.count as usize)
    };
    // Each record ends a line. (Branches: the processor goes on with the next number before this one is known.)
    match chunk[length..] {
        _ if length == 0 => return None,
        [b',', ..] => *at += length + 1,
        [b'\n', b',', ..] => *at += length + 2,
        _ => return None,
    }
    Some(value)
}

/// Bytes of the longest number that is read at once, and of what comes behind it.
const CHUNK: usize = 17;

/// Powers of ten.
const TENS: [u64; 8] = [1, 10, 100, 1_000, 10_000, 100_000, 1_000_000, 10_000_000];

/// Digits at the start of eight bytes.
struct Digits {
    /// As numbers from 0 to 9, as far as they are digits.
    digits: u64,
    count: u32,
}

impl Digits {
    #[inline(always)]
    fn of(chunk: &[u8; 8]) -> Digits {
        let digits = u64::from_le_bytes(*chunk) ^ eight(b'0');
        // What is more than 9, or has the high bit, is no digit.
        let others = (digits.wrapping_add(eight(0x76)) | digits) & eight(0x80);
        Digits { digits, count: others.trailing_zeros() / 8 }
    }

    /// The number that up to seven digits stand for.
    #[inline(always)]
    fn value(&self) -> u64 {
        u64::from(eight_digits(self.digits.checked_shl(64 - 8 * self.count).unwrap_or_default()))
    }
}

/// The number that eight digits stand for, the first in the lowest byte.
/// (Pairs, fours and eights are joined by a multiplication each: Daniel Lemire's `parse_eight_digits`.)
#[inline]
fn eight_digits(digits: u64) -> u32 {
    let pairs = digits.wrapping_mul(10).wrapping_add(digits >> 8);
    let low = (pairs & 0x0000_00FF_0000_00FF).wrapping_mul(0x000F_4240_0000_0064);
    let high = ((pairs >> 16) & 0x0000_00FF_0000_00FF).wrapping_mul(0x0000_2710_0000_0001);
    (low.wrapping_add(high) >> 32) as u32
}

/// As [`before_comma`], one digit at a time; behind the last number of a part there is nothing.
#[cold]
fn slow(cursor: &mut Cursor, is_last: bool) -> Result<u64, DecodeError> {
    let value = number(cursor)?;
    if is_last {
        cursor.blank()
    } else {
        cursor.expect(b',')?
    }
    Ok(value)
}

/// Reads a number, white space before it included.
fn number(cursor: &mut Cursor) -> Result<u64, DecodeError> {
    cursor.blank();
    let start = cursor.at;
    let mut value: u64 = 0;
    while let Some(digit) = cursor.peek().filter(u8::is_ascii_digit) {
        let next = value.checked_mul(10).and_then(|it| it.checked_add(u64::from(digit - b'0')));
        value = next.ok_or_else(|| error(start, "a number of more than 64 bits"))?;
        cursor.at += 1;
    }
    if cursor.at == start { Err(cursor.unexpected("a number")) } else { Ok(value) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str, fields: usize) -> Result<Vec<Vec<u64>>, DecodeError> {
        let records = Records::new(text.as_bytes(), 0..text.len(), fields, "nodes")?;
        let mut out = Vec::new();
        for part in records.parts() {
            records.read(part, |_, record| {
                out.push(record[..fields].to_vec());
                Ok(())
            })?;
        }
        assert_eq!(out.len(), records.len());
        Ok(out)
    }

    #[test]
    fn numbers_of_every_length_are_read() {
        let mut values = vec![0, 9, 10, u64::from(u32::MAX), u64::MAX];
        values.extend((1..20).map(|it| 10_u64.pow(it) + 7));
        for separator in [",", ",\n", " , "] {
            let text: Vec<String> = values.iter().map(u64::to_string).collect();
            let read: Vec<u64> = read(&text.join(separator), 1).unwrap().concat();
            assert_eq!(read, values);
        }
    }

    #[test]
    fn parts_start_with_a_record() {
        let values: Vec<u64> = (0..900_000).map(|it| it * 37 % 100_003).collect();
        let text: Vec<String> = values.iter().map(u64::to_string).collect();
        let text = text.join(",");
        assert!(text.len() > 3 * PART);
        for fields in [1, 3, 5] {
            let expected: Vec<Vec<u64>> = values.chunks(fields).map(<[u64]>::to_vec).collect();
            assert!(read(&text, fields).unwrap() == expected);
        }
    }

    #[test]
    fn what_is_no_number_is_refused_with_its_place() {
        for (text, offset) in
            [("1,", 2), ("1,-2", 2), ("1 2", 2), ("1,a", 2), ("18446744073709551616", 0), (",1", 0), ("1,,2", 2)]
        {
            assert_eq!(read(text, 1).unwrap_err().offset, offset, "{text}");
        }
        assert_eq!(read("1,2,3", 2).unwrap_err().offset, 5);
        assert_eq!(read("  ", 2).unwrap(), Vec::<Vec<u64>>::new());
    }
}
