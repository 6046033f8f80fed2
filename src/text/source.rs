//! The position types.

/// A file of this run: an index into the run's sorted list of files.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize, serde::Deserialize)]
pub struct FileId(pub u32);

impl FileId {
    /// The id as an index.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A byte range in a file. `start <= end`; both are offsets into the decoded text (without a byte order mark).
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize, serde::Deserialize)]
pub struct Span {
    /// The file.
    pub file: FileId,
    /// Offset of the first byte.
    pub start: u32,
    /// Offset behind the last byte.
    pub end: u32,
}

impl Span {
    /// A span from its parts.
    pub fn new(file: FileId, start: u32, end: u32) -> Self {
        Span { file, start, end: end.max(start) }
    }
}

/// One file's name and text.
#[derive(Clone, Debug)]
pub struct Source {
    /// The path as shown: relative to the working directory where possible, with `/`.
    pub path: String,
    /// The decoded text, without a byte order mark.
    pub text: String,
}
