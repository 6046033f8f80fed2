//! A file that is there whole or not at all.

use super::CaptureError;
use std::fs::{self, File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};
use xxhash_rust::xxh3::Xxh3;

/// Writes beside the final name, for the owner only, and takes the name at the end. Dropped before, nothing is left.
pub(super) struct PartialFile {
    out: BufWriter<File>,
    path: PathBuf,
    temporary: PathBuf,
    hash: Xxh3,
    /// Bytes so far.
    pub(super) bytes: u64,
    /// Bytes that a file of this process may have.
    limit: u64,
    is_done: bool,
}

impl PartialFile {
    /// Starts one; its folder must be there.
    ///
    /// # Errors
    /// If the final name is taken and may not be, or the folder cannot be written to.
    pub(super) fn create(path: &Path, overwrite: bool) -> Result<PartialFile, CaptureError> {
        if !overwrite && path.symlink_metadata().is_ok() {
            return Err(CaptureError::Exists(path.to_owned()));
        }
        let name = path.file_name().ok_or_else(|| CaptureError::Other(format!("{} is no file name", path.display())))?;
        let temporary = path.with_file_name(format!(".{}.{}.tmp", name.to_string_lossy(), std::process::id()));
        let file = owner_only().open(&temporary).map_err(|error| CaptureError::file("create", path, error))?;
        let out = BufWriter::with_capacity(1 << 20, file);
        Ok(PartialFile { out, path: path.to_owned(), temporary, hash: Xxh3::new(), bytes: 0, limit: limit(), is_done: false })
    }

    /// Adds to it.
    ///
    /// # Errors
    /// If the disk is full, or a limit of the system is reached.
    pub(super) fn write(&mut self, text: &[u8]) -> Result<(), CaptureError> {
        self.bytes += text.len() as u64;
        if self.bytes > self.limit {
            // Beyond the limit the system does not fail the write but kills the process.
            let error = io::Error::other(format!("it would pass the limit for files of {} bytes (`ulimit -f`)", self.limit));
            return Err(CaptureError::file("write", &self.path, error));
        }
        self.hash.update(text);
        self.out.write_all(text).map_err(|error| CaptureError::file("write", &self.path, error))
    }

    /// Gives it its name, and says its hash: XXH3 of 64 bits, as 16 hexadecimal digits.
    ///
    /// # Errors
    /// If it cannot be written to the end, or the name was taken meanwhile and may not be.
    pub(super) fn finish(mut self, overwrite: bool) -> Result<String, CaptureError> {
        let failed = |error: io::Error| CaptureError::file("write", &self.path, error);
        self.out.flush().map_err(failed)?;
        self.out.get_ref().sync_all().map_err(failed)?;
        if overwrite {
            fs::rename(&self.temporary, &self.path).map_err(failed)?;
            self.is_done = true;
        } else {
            take_name(&self.temporary, &self.path)?;
        }
        Ok(format!("{:016x}", self.hash.digest()))
    }
}

impl Drop for PartialFile {
    fn drop(&mut self) {
        if !self.is_done {
            let _ = fs::remove_file(&self.temporary);
        }
    }
}

/// A second name for a file fails if it is taken, where a new name in place of the old one would not.
fn take_name(temporary: &Path, path: &Path) -> Result<(), CaptureError> {
    match fs::hard_link(temporary, path) {
        Ok(()) => Ok(()),
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists => Err(CaptureError::Exists(path.to_owned())),
        // Some file systems know one name per file.
        Err(_) if path.symlink_metadata().is_err() => {
            fs::rename(temporary, path).map_err(|error| CaptureError::file("write", path, error))
        }
        Err(_) => Err(CaptureError::Exists(path.to_owned())),
    }
}

/// For a file that must be new, and that nobody else may read: heaps are full of secrets.
fn owner_only() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options
}

#[cfg(unix)]
fn limit() -> u64 {
    rustix::process::getrlimit(rustix::process::Resource::Fsize).current.unwrap_or(u64::MAX)
}

#[cfg(not(unix))]
fn limit() -> u64 {
    u64::MAX
}

/// Writes a small file whole.
///
/// # Errors
/// As [`PartialFile`].
pub(super) fn write_whole(path: &Path, text: &[u8], overwrite: bool) -> Result<(), CaptureError> {
    let mut file = PartialFile::create(path, overwrite)?;
    file.write(text)?;
    file.finish(overwrite).map(drop)
}
