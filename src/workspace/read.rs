//! One file, from its path to its facts, in one worker: read, decoded, judged, parsed, extracted; text and tree die here.

use std::fs::File;
use std::io::Read;
use std::path::Path;
use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::FxHashSet;
use xxhash_rust::xxh3::xxh3_64;

use crate::facts::{self, Facts, Name};
use crate::syntax;
use crate::text::{Encoding, decode};

use super::content::{self, Traces};
use super::names::Skip;
use super::selection::Selection;
use super::settle::Copy;
use super::specifiers::specifiers;
use super::walk::{Candidate, io_words};
use super::{names, panics, paths};

/// Texts shorter than this are never called copies of each other.
const COPY_FROM: usize = 256;

/// A file that was read.
#[derive(Debug)]
pub(super) struct ReadFile {
    pub(super) candidate: Candidate,
    /// Hash of the decoded text.
    pub(super) hash: u64,
    /// Length of the decoded text.
    pub(super) length: usize,
    pub(super) traces: Traces,
    pub(super) is_lossy: bool,
    pub(super) facts: Arc<Facts>,
    /// What it imports, each once.
    pub(super) specifiers: Vec<Name>,
    /// It could not be parsed, or we panicked over it; the facts are then those of an empty file.
    pub(super) problem: Option<Problem>,
}

/// Why a file could not be checked.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Problem {
    /// Our fault, not the file's.
    pub(super) is_internal: bool,
    pub(super) message: String,
    pub(super) start: u32,
    pub(super) end: u32,
}

/// What became of a file.
#[derive(Debug)]
pub(super) enum Outcome {
    Read(Box<ReadFile>),
    Skipped(Skip),
    /// Another file of the run has the same text and extension, and is read for both.
    Copy(Copy),
    /// It could not be read.
    Note(String),
}

/// Texts that some worker has taken on: hash of text and extension.
pub(super) type Claims = Mutex<FxHashSet<u64>>;

/// Parses a text that has this path: a seam for whoever keeps facts, and for tests, which pass a parser that panics.
pub(super) type Parse<'a> = &'a (dyn Fn(&str, &str) -> Parsed + Sync);

/// What a text gave.
pub(super) type Parsed = Result<Arc<Facts>, Problem>;

/// The parser of every run. A script that does not parse is tried as TypeScript: type annotations in `.js` (Flow without
/// its pragma, mostly) are close enough, and a file that is read beats one that is reported.
pub(super) fn parse(path: &str, text: &str) -> Parsed {
    let is_script = names::source_name(paths::name(path)).is_none_or(|(_, it)| matches!(it, "js" | "jsx"));
    let tree = syntax::parse(path, text).or_else(|error| {
        let typed = format!("{}.tsx", paths::without_extension(path));
        match if is_script { syntax::parse(&typed, text) } else { return Err(error) } {
            // The language that got further is the one that the file is written in.
            Err(other) if other.start <= error.start => Err(error),
            result => result,
        }
    });
    match tree {
        Ok(tree) => Ok(Arc::new(facts::extract(&tree, text))),
        Err(error) => Err(Problem { is_internal: false, message: error.message, start: error.start, end: error.end }),
    }
}

/// Takes one file through, once it was loaded. `claims` is `None` for a file that must be read even though it is a copy.
pub(super) fn read(
    candidate: Candidate,
    loaded: Result<Loaded, Unread>,
    selection: &Selection,
    claims: Option<&Claims>,
    parse: Parse<'_>,
) -> Outcome {
    let loaded = match loaded {
        Ok(loaded) => loaded,
        Err(Unread::TooLarge) => return Outcome::Skipped(Skip::TooLarge),
        Err(Unread::Failed(words)) => {
            return Outcome::Note(format!("{}: {words}", paths::shown(&candidate.key, &selection.cwd_key())));
        }
    };
    let text = loaded.text.as_str();
    if let Some(skip) = content::reason_to_skip(text, candidate.by_hand || candidate.settings.include_generated) {
        return Outcome::Skipped(skip);
    }
    let hash = xxh3_64(text.as_bytes());
    if let Some(claims) = claims.filter(|_| text.len() >= COPY_FROM && !candidate.by_hand) {
        let claim = hash ^ extension_hash(&candidate.key);
        if !claims.lock().unwrap_or_else(PoisonError::into_inner).insert(claim) {
            return Outcome::Copy(Copy { candidate, claim });
        }
    }
    let (facts, problem) = match panics::catch(|| parse(&candidate.key, text)) {
        Ok(Ok(facts)) => (facts, None),
        Ok(Err(_)) if content::is_flow(text) => return Outcome::Skipped(Skip::Flow),
        Ok(Err(problem)) => (empty_facts(&candidate.key, parse), Some(problem)),
        Err(message) => (empty_facts(&candidate.key, parse), Some(Problem { is_internal: true, message, start: 0, end: 0 })),
    };
    let specifiers = specifiers(&facts);
    let (length, traces, is_lossy) = (text.len(), content::traces(text), loaded.is_lossy);
    Outcome::Read(Box::new(ReadFile { candidate, hash, length, traces, is_lossy, facts, specifiers, problem }))
}

impl ReadFile {
    /// As a [`Copy`] names this text.
    pub(super) fn claim(&self) -> u64 {
        self.hash ^ extension_hash(&self.candidate.key)
    }
}

fn extension_hash(key: &str) -> u64 {
    let extension = names::source_name(paths::name(key)).map_or("", |(_, extension)| extension);
    xxh3_64(extension.as_bytes())
}

/// What an empty file says: keeps the file's id valid.
fn empty_facts(key: &str, parse: Parse<'_>) -> Arc<Facts> {
    panics::catch(|| parse(key, "").unwrap_or_default()).unwrap_or_default()
}

/// A loaded text.
pub(super) struct Loaded {
    pub(super) text: String,
    pub(super) is_lossy: bool,
}

/// Why there is none.
pub(super) enum Unread {
    TooLarge,
    Failed(String),
}

/// The text of a file: from the overlays, else from the disk.
pub(super) fn load(path: &Path, selection: &Selection, limit: u64) -> Result<Loaded, Unread> {
    if let Some(text) = selection.overlays.get(path) {
        let too_large = text.len() as u64 > limit;
        // Text may come from an editor or a pipe with its mark still on.
        let text = text.strip_prefix('\u{FEFF}').unwrap_or(text).to_owned();
        return if too_large { Err(Unread::TooLarge) } else { Ok(Loaded { text, is_lossy: false }) };
    }
    if selection.in_memory {
        return Err(Unread::Failed("no such file or folder".to_owned()));
    }
    let bytes = read_bytes(path, limit)?;
    let decoded = decode(bytes);
    Ok(Loaded { text: decoded.text, is_lossy: decoded.encoding == Encoding::Lossy })
}

fn read_bytes(path: &Path, limit: u64) -> Result<Vec<u8>, Unread> {
    let failed = |error: std::io::Error| Unread::Failed(io_words(&error));
    let file = File::open(path).map_err(failed)?;
    let size = file.metadata().map_err(failed)?.len();
    if size > limit {
        return Err(Unread::TooLarge);
    }
    // One byte over the size, so that reading sees the end without growing; and a file that grows meanwhile is cut off.
    let mut bytes = Vec::with_capacity(size as usize + 1);
    file.take(limit + 1).read_to_end(&mut bytes).map_err(failed)?;
    if bytes.len() as u64 > limit { Err(Unread::TooLarge) } else { Ok(bytes) }
}
