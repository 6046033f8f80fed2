//! Files as bytes without reading them first: snapshots are as big as the heaps they show.

use std::fs::File;
use std::io;
use std::ops::Deref;
use std::path::Path;

/// A file in memory, read by the system when it is looked at.
#[derive(Debug)]
pub struct Mapped {
    /// None for an empty file, which cannot be mapped.
    map: Option<memmap2::Mmap>,
}

/// Maps a file.
///
/// The file must not be written to or cut short while it is mapped: what was proved of its text would no longer hold, and
/// looking behind its new end stops the process (SIGBUS on Unix). A writer that renames a finished file into place, as
/// `capture` does, is safe; Windows refuses to shorten a mapped file.
///
/// # Errors
///
/// Those of opening and mapping, and `InvalidInput` for what is no regular file: a pipe or a device has no length.
pub fn map(path: &Path) -> io::Result<Mapped> {
    let file = File::open(path)?;
    let about = file.metadata()?;
    if !about.is_file() {
        return Err(io::Error::new(io::ErrorKind::InvalidInput, "not a regular file"));
    }
    if about.len() == 0 {
        return Ok(Mapped { map: None });
    }
    // SAFETY: a mapping is sound while nobody changes the file. Nothing here writes to it, and the one who could is told
    // above. (Text in it is proved to be UTF-8 once: rewriting the file in place meanwhile is as wrong as cutting it.)
    #[allow(unsafe_code, reason = "the one memory mapping")]
    let map = unsafe { memmap2::Mmap::map(&file) }?;
    Ok(Mapped { map: Some(map) })
}

impl Deref for Mapped {
    type Target = [u8];

    fn deref(&self) -> &[u8] {
        self.map.as_deref().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_are_mapped_and_folders_are_not() {
        let path = std::env::temp_dir().join(format!("leaklint-map-{}", std::process::id()));
        std::fs::write(&path, "bytes").unwrap();
        assert_eq!(&*map(&path).unwrap(), b"bytes");
        std::fs::write(&path, "").unwrap();
        assert_eq!(&*map(&path).unwrap(), b"");
        std::fs::remove_file(&path).unwrap();
        assert_eq!(map(&path).unwrap_err().kind(), io::ErrorKind::NotFound);
        assert!(map(&std::env::temp_dir()).is_err());
    }
}
