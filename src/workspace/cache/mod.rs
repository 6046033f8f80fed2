//! What earlier runs leave on the disk: facts by text, and the findings of a whole program.
//!
//! A cache may cost time, never truth. Everything is keyed by the content of what it rests on and by the build of leaklint
//! that wrote it; what is broken, foreign or old is as good as absent; files appear whole, by renaming, so that runs at the
//! same time do not meet; and what cannot be written is not written, in silence.

mod evidence;
mod facts;
mod findings;
mod folder;
mod inputs;

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use xxhash_rust::xxh3::xxh3_64;

pub(super) use findings::run;
pub(super) use inputs::{Inputs, hash};

pub(super) use folder::folder;

/// What a build writes, another does not read: facts and checks change with the program.
const BUILD: &str = env!("LEAKLINT_BUILD");

/// Starts every file.
const MAGIC: &[u8] = b"leaklint cache\n";

/// Say to backups, and to version control where the folder is in a project, that nothing in here matters.
const MARKS: [(&str, &str); 2] = [("CACHEDIR.TAG", "Signature: 8a477f597d28d172789f06886806bc55\n"), (".gitignore", "*\n")];

/// A temporary file of a run that is over: none takes so long.
const ABANDONED: Duration = Duration::from_secs(3600);

/// A folder in which runs leave things for later ones.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Cache {
    folder: PathBuf,
    /// Stands for rules and models of the project's own.
    rules: u64,
}

impl Cache {
    /// The cache in a folder, for runs with certain rules: `rules` stands for those of the project's own.
    pub(super) fn new(folder: PathBuf, rules: u64) -> Cache {
        Cache { folder, rules }
    }

    /// Where it is.
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Removes what runs left, and nothing else; how many files that was.
    ///
    /// # Errors
    /// A file or folder that cannot be removed.
    pub fn clear(&self) -> io::Result<usize> {
        let entries = match fs::read_dir(&self.folder) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(0),
            entries => entries?,
        };
        let mut count = 0;
        for entry in entries {
            let (path, name) = entry.map(|it| (it.path(), it.file_name().to_string_lossy().into_owned()))?;
            if name.ends_with(SUFFIX) || name.ends_with(".tmp") {
                fs::remove_file(path)?;
                count += 1;
            }
        }
        for name in MARKS {
            let _ = fs::remove_file(self.folder.join(name.0));
        }
        // Stays if somebody else keeps something there.
        let _ = fs::remove_dir(&self.folder);
        Ok(count)
    }

    fn path(&self, name: &str) -> PathBuf {
        self.folder.join(format!("{BUILD}-{name}"))
    }

    /// Whether anything was left under a name.
    fn has(&self, name: &str) -> bool {
        self.path(name).exists()
    }

    /// What was left under a name, if it is whole.
    fn read(&self, name: &str) -> Option<Vec<u8>> {
        let mut bytes = fs::read(self.path(name)).ok()?;
        let head = MAGIC.len() + 8;
        let sum = bytes.get(MAGIC.len()..head)?.try_into().ok().map(u64::from_le_bytes)?;
        if !bytes.starts_with(MAGIC) || xxh3_64(&bytes[head..]) != sum {
            return None;
        }
        bytes.drain(..head);
        Some(bytes)
    }

    /// Leaves something under a name.
    fn write(&self, name: &str, bytes: &[u8]) {
        let write = |file: &mut fs::File| {
            file.write_all(MAGIC)?;
            file.write_all(&xxh3_64(bytes).to_le_bytes())?;
            file.write_all(bytes)
        };
        if let Some((path, mut file)) = self.temporary(name) {
            let written = write(&mut file).and_then(|()| fs::rename(&path, self.path(name)));
            if written.is_err() {
                let _ = fs::remove_file(path);
            }
        }
    }

    /// A new file that nobody else writes to.
    fn temporary(&self, name: &str) -> Option<(PathBuf, fs::File)> {
        let path = self.folder.join(format!("{name}.{}.tmp", std::process::id()));
        let open = || fs::OpenOptions::new().write(true).create(true).truncate(true).open(&path);
        let file = open().or_else(|_| {
            fs::create_dir_all(&self.folder)?;
            MARKS.iter().try_for_each(|(name, text)| fs::write(self.folder.join(name), text))?;
            open()
        });
        Some((path, file.ok()?))
    }

    /// Removes what no run will ask for any more: files of other builds, and what runs that were killed left behind.
    fn tidy(&self) {
        let Ok(entries) = fs::read_dir(&self.folder) else { return };
        for entry in entries.flatten() {
            let name = entry.file_name().to_string_lossy().into_owned();
            let is_old = || {
                let modified = entry.metadata().and_then(|it| it.modified()).ok();
                modified.and_then(|it| SystemTime::now().duration_since(it).ok()).is_some_and(|age| age > ABANDONED)
            };
            let is_foreign = name.ends_with(SUFFIX) && !name.starts_with(BUILD);
            if (is_foreign || name.ends_with(".tmp")) && is_old() {
                let _ = fs::remove_file(entry.path());
            }
        }
    }
}

/// Runs over fewer files take less time than it takes to look anything up.
const WORTHWHILE: usize = 200;

/// Ends the names of what is kept.
const SUFFIX: &str = ".cache";

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_broken_or_foreign_is_absent() {
        let folder = std::env::temp_dir().join(format!("leaklint-cache-{}", std::process::id()));
        let cache = Cache::new(folder.clone(), 0);
        assert_eq!(cache.read("a.cache"), None);
        cache.write("a.cache", b"text");
        assert_eq!(cache.read("a.cache").as_deref(), Some(&b"text"[..]));
        assert!(folder.join(".gitignore").exists());
        let path = cache.path("a.cache");
        let whole = fs::read(&path).unwrap();
        for broken in [&whole[..whole.len() - 1], &whole[1..], b"", b"leaklint cache\n"] {
            fs::write(&path, broken).unwrap();
            assert_eq!(cache.read("a.cache"), None);
        }
        fs::remove_dir_all(&folder).unwrap();
        let nowhere = Cache::new(PathBuf::from("/dev/null/cache"), 0);
        nowhere.write("a.cache", b"text");
        assert_eq!(nowhere.read("a.cache"), None);
    }
}
