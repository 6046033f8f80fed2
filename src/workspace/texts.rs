//! Texts of the run's files, read again for those that are reported: keeping all of them would cost as much memory as
//! everything else.

use std::path::PathBuf;
use std::sync::OnceLock;

use xxhash_rust::xxh3::xxh3_64;

use crate::text::{FileId, LineIndex, Location, Span};

use super::paths;
use super::read::load;
use super::selection::Selection;
use super::walk::Candidate;

/// A text with its lines.
#[derive(Debug)]
pub struct Text {
    /// The path as shown.
    pub path: String,
    /// The text, without a byte order mark.
    pub text: String,
    /// Its lines.
    pub lines: LineIndex,
}

impl Text {
    /// The place of an offset.
    pub fn location(&self, offset: u32) -> Location {
        self.lines.location(&self.text, offset)
    }

    /// The bytes of a span, clamped to the text.
    pub fn slice(&self, span: Span) -> &str {
        let start = self.text.floor_char_boundary(span.start as usize);
        let end = self.text.floor_char_boundary(span.end as usize);
        &self.text[start..end.max(start)]
    }

    /// The line that an offset is in, without its line end.
    pub fn line(&self, offset: u32) -> &str {
        let (start, end) = self.lines.line_range(&self.text, self.location(offset).line - 1);
        &self.text[start as usize..end as usize]
    }
}

#[derive(Debug)]
struct Slot {
    path: PathBuf,
    shown: String,
    hash: u64,
    limit: u64,
    text: OnceLock<Option<Box<Text>>>,
}

/// The texts of a run, by file.
#[derive(Debug, Default)]
pub struct Texts {
    slots: Vec<Slot>,
    selection: Selection,
}

impl Texts {
    pub(super) fn new<'f>(selection: &Selection, files: impl Iterator<Item = (&'f Candidate, u64)>) -> Texts {
        let cwd = selection.cwd_key();
        let slot = |(file, hash): (&Candidate, u64)| Slot {
            path: file.path.clone(),
            shown: paths::shown(&file.key, &cwd),
            hash,
            limit: file.settings.max_file_size,
            text: OnceLock::new(),
        };
        let slots = files.map(slot).collect();
        // A file that has grown over the limit since has changed and is no longer what was checked.
        Texts { slots, selection: selection.clone() }
    }

    /// The text that was checked; `None` if the file has vanished or changed since.
    pub fn get(&self, file: FileId) -> Option<&Text> {
        let slot = self.slots.get(file.index())?;
        slot.text.get_or_init(|| self.read(slot)).as_deref()
    }

    /// The file's path as shown.
    pub fn path(&self, file: FileId) -> &str {
        self.slots.get(file.index()).map_or("", |slot| &slot.shown)
    }

    fn read(&self, slot: &Slot) -> Option<Box<Text>> {
        let text = load(&slot.path, &self.selection, slot.limit).ok()?.text;
        let same = xxh3_64(text.as_bytes()) == slot.hash;
        same.then(|| Box::new(Text { path: slot.shown.clone(), lines: LineIndex::new(&text), text }))
    }
}
