//! Globs of a configuration file.

use ignore::Match;
use ignore::gitignore::{Gitignore, GitignoreBuilder};
use std::path::{Component, Path, PathBuf};

/// Globs in the manner of `.gitignore`, relative to the folder of the file that they stand in: `dist` matches at any depth
/// and with all below it, `src/*.gen.ts` only there, and `!` takes back.
#[derive(Clone, Debug)]
pub(super) struct Globs {
    root: PathBuf,
    set: Gitignore,
}

impl Default for Globs {
    fn default() -> Globs {
        Globs { root: PathBuf::new(), set: Gitignore::empty() }
    }
}

impl Globs {
    /// Compiles globs.
    ///
    /// # Errors
    /// The index of a glob that cannot be read, and why.
    pub(super) fn new<'a>(root: &Path, globs: impl IntoIterator<Item = &'a str>) -> Result<Globs, (usize, String)> {
        let mut builder = GitignoreBuilder::new("");
        for (n, glob) in globs.into_iter().enumerate() {
            builder.add_line(None, rooted(glob)).map_err(|error| (n, reason(&error)))?;
        }
        let set = builder.build().map_err(|error| (0, reason(&error)))?;
        Ok(Globs { root: normal(root), set })
    }

    /// Whether a file, by its absolute path, is meant: itself or a folder above it.
    pub(super) fn is_match(&self, path: &Path) -> bool {
        if self.set.is_empty() {
            return false;
        }
        self.covers(&normal(path), false)
    }

    /// The glob that covers a file, as written.
    pub(super) fn covering(&self, path: &Path) -> Option<&str> {
        let below = path.strip_prefix(&self.root).ok().filter(|it| !it.as_os_str().is_empty())?;
        match self.set.matched_path_or_any_parents(below, false) {
            Match::Ignore(glob) => Some(glob.original()),
            _ => None,
        }
    }

    /// The same for a path that is normal already, perhaps of a folder.
    pub(super) fn covers(&self, path: &Path, is_dir: bool) -> bool {
        if self.set.is_empty() {
            return false;
        }
        let Ok(below) = path.strip_prefix(&self.root) else { return false };
        !below.as_os_str().is_empty() && self.set.matched_path_or_any_parents(below, is_dir).is_ignore()
    }
}

/// People write paths: `./src/gen` means what `/src/gen` means to git.
pub(super) fn rooted(glob: &str) -> &str {
    glob.strip_prefix('.').filter(|it| it.starts_with('/')).unwrap_or(glob)
}

fn reason(error: &ignore::Error) -> String {
    match error {
        ignore::Error::Glob { err, .. } => err.clone(),
        other => other.to_string(),
    }
}

/// The path without `.` and `..`. Lexical, because ids and reports go by the paths that people write: symbolic links are
/// not looked up.
pub fn normal(path: &Path) -> PathBuf {
    let mut out = PathBuf::new();
    for part in path.components() {
        match part {
            Component::CurDir => {}
            Component::ParentDir => {
                out.pop();
            }
            Component::Prefix(_) | Component::RootDir | Component::Normal(_) => out.push(part),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::Globs;
    use std::path::Path;

    #[test]
    fn as_in_gitignore() {
        let globs = Globs::new(Path::new("/r"), ["dist", "./src/*.gen.ts", "**/old/**", "!dist/keep.js"]).unwrap();
        for (path, expected) in [
            ("/r/dist/a.js", true),
            ("/r/packages/a/dist/b/c.js", true),
            ("/r/src/x.gen.ts", true),
            ("/r/lib/src/x.gen.ts", false),
            ("/r/lib/old/x.ts", true),
            ("/r/./lib/../dist/x.ts", true),
            ("/r/dist/keep.js", false),
            ("/elsewhere/dist/a.js", false),
            ("/r", false),
        ] {
            assert_eq!(globs.is_match(Path::new(path)), expected, "{path}");
        }
        assert!(Globs::new(Path::new("/r"), ["ok", "a{b"]).is_err_and(|(n, _)| n == 1));
    }
}
