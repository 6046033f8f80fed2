//! Paths as text: absolute, normalized, with `/`. A file's *key* is such a path; it names the file in all tables.

use std::path::{Path, PathBuf};

use crate::config::normal;

/// The absolute path without `.` and `..`, by its text alone.
pub(super) fn absolute(cwd: &Path, path: &Path) -> PathBuf {
    normal(&cwd.join(path))
}

/// The key of an absolute, normalized path.
pub(super) fn key(path: &Path) -> String {
    let text = path.to_string_lossy();
    if cfg!(windows) { text.replace('\\', "/") } else { text.into_owned() }
}

/// The folder of a key, without a trailing `/`; empty for what lies in the root.
pub(super) fn folder(key: &str) -> &str {
    key.rfind('/').map_or("", |at| &key[..at])
}

/// The last component of a key.
pub(super) fn name(key: &str) -> &str {
    &key[key.rfind('/').map_or(0, |at| at + 1)..]
}

/// The key with the folder's `/` and an extension taken off its name: `/a/b.c.ts` becomes `/a/b.c`.
pub(super) fn without_extension(key: &str) -> &str {
    let at = key.len() - name(key).len();
    key[at..].rfind('.').filter(|&dot| dot > 0).map_or(key, |dot| &key[..at + dot])
}

/// Writes `folder/relative` into `result`, normalized. False if it climbs over the root.
pub(super) fn join_into(result: &mut String, folder: &str, relative: &str) -> bool {
    result.clear();
    result.push_str(folder);
    for part in relative.split('/') {
        match part {
            "" | "." => {}
            ".." => match result.rfind('/') {
                Some(at) => result.truncate(at),
                None => return false,
            },
            _ => {
                result.push('/');
                result.push_str(part);
            }
        }
    }
    true
}

/// As [`join_into`], for those who are not in a hurry.
pub(super) fn join(folder: &str, relative: &str) -> Option<String> {
    let mut result = String::with_capacity(folder.len() + relative.len() + 1);
    join_into(&mut result, folder, relative).then_some(result)
}

/// A key as people read it: relative to the working directory (also a key), over `..` where it lies beside it.
pub(super) fn shown(key: &str, cwd: &str) -> String {
    let mut base = cwd.trim_end_matches('/');
    let mut ups = 0;
    loop {
        if let Some(rest) = key.strip_prefix(base).and_then(|rest| rest.strip_prefix('/')) {
            // A path that shares nothing with the working directory reads better in full.
            return if base.is_empty() && ups > 0 { key.to_owned() } else { "../".repeat(ups) + rest };
        }
        if base.is_empty() {
            return key.to_owned();
        }
        base = folder(base);
        ups += 1;
    }
}

/// The folders around a key, nearest first, up to the root (the empty key).
pub(super) fn ancestors(key: &str) -> impl Iterator<Item = &str> {
    upwards(folder(key))
}

/// A folder and those around it.
pub(super) fn upwards(folder_key: &str) -> impl Iterator<Item = &str> {
    std::iter::successors(Some(folder_key), |it| (!it.is_empty()).then(|| folder(it)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn joining() {
        assert_eq!(join("/a/b", "./c"), Some("/a/b/c".into()));
        assert_eq!(join("/a/b", "../c/./d/"), Some("/a/c/d".into()));
        assert_eq!(join("/a", "../../c"), None);
        assert_eq!(join("", "./c"), Some("/c".into()));
        assert_eq!(join("/a", ".."), Some(String::new()));
    }

    #[test]
    fn parts() {
        assert_eq!((folder("/a/b.ts"), name("/a/b.ts")), ("/a", "b.ts"));
        assert_eq!(without_extension("/a.x/b.c.ts"), "/a.x/b.c");
        assert_eq!(without_extension("/a.x/b"), "/a.x/b");
        assert_eq!(without_extension("/a/.b"), "/a/.b");
        assert_eq!(ancestors("/a/b/c").collect::<Vec<_>>(), ["/a/b", "/a", ""]);
    }

    #[test]
    fn shown_paths() {
        assert_eq!(shown("/w/src/a.ts", "/w"), "src/a.ts");
        assert_eq!(shown("/w/src/a.ts", "/w/x/y"), "../../src/a.ts");
        assert_eq!(shown("/other/a.ts", "/w/x"), "/other/a.ts");
        assert_eq!(shown("/a.ts", "/"), "a.ts");
        assert_eq!(shown("/wide/a.ts", "/w"), "/wide/a.ts");
    }

    #[test]
    fn absolute_paths() {
        assert_eq!(absolute(Path::new("/w/x"), Path::new("../a/./b")), Path::new("/w/a/b"));
        assert_eq!(absolute(Path::new("/w"), Path::new("/v/..")), Path::new("/"));
    }
}
