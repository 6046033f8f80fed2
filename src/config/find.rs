//! Which configuration file governs a run.

use std::io;
use std::path::{Path, PathBuf};

/// A configuration file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Found {
    /// Where it is.
    pub path: PathBuf,
    /// Its text.
    pub text: String,
}

/// Names, the one that wins first.
const NAMES: [&str; 2] = ["leaklint.toml", ".leaklint.toml"];

/// The nearest configuration file in `start` or above it. `read` answers `None` where there is no such file.
///
/// # Errors
/// A file that is there and cannot be read, with its path.
pub fn find(start: &Path, read: &dyn Fn(&Path) -> io::Result<Option<String>>) -> Result<Option<Found>, (PathBuf, io::Error)> {
    for folder in start.ancestors() {
        for name in NAMES {
            let path = folder.join(name);
            match read(&path) {
                Ok(Some(text)) => return Ok(Some(Found { path, text })),
                Ok(None) => {}
                Err(error) => return Err((path, error)),
            }
        }
    }
    Ok(None)
}
