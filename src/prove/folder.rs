//! Where snapshots are: heaps are full of secrets, so nobody else may look, and nothing stays without being asked for.

use super::{Cause, ProveError};
use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// A folder of snapshots. A temporary one goes away with the value.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    is_kept: bool,
}

impl Folder {
    /// A fresh temporary folder, or the one that the user wants: new or empty.
    ///
    /// # Errors
    /// If it cannot be made, or is in use.
    pub(super) fn new(keep: Option<&Path>) -> Result<Folder, ProveError> {
        let path = match keep {
            Some(path) => path.to_owned(),
            None => temporary(),
        };
        let is_there = keep.is_some() && path.exists();
        if is_there {
            let mut entries = fs::read_dir(&path).map_err(|error| ProveError::file("read", &path, error))?;
            if entries.next().is_some() {
                let message = format!("{} is not empty: snapshots of two experiments are not mixed", path.display());
                return Err(Cause::Option(message).into());
            }
        } else {
            create(&path).map_err(|error| ProveError::file("create", &path, error))?;
        }
        Ok(Folder { path, is_kept: keep.is_some() })
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// A file in it.
    pub(super) fn file(&self, name: &str) -> PathBuf {
        self.path.join(name)
    }

    pub(super) fn is_kept(&self) -> bool {
        self.is_kept
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        if !self.is_kept {
            // Nothing can be done about it, and nobody reads it but its owner.
            let _ = fs::remove_dir_all(&self.path);
        }
    }
}

fn temporary() -> PathBuf {
    let since = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
    std::env::temp_dir().join(format!("leaklint-prove-{}-{}", std::process::id(), since.as_nanos()))
}

fn create(path: &Path) -> io::Result<()> {
    if let Some(parent) = path.parent().filter(|it| !it.as_os_str().is_empty()) {
        fs::create_dir_all(parent)?;
    }
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(path)
}
