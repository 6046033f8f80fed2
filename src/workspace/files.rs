//! The files of a run by path: what a path without extension, of a folder or of a build's output means.

use rustc_hash::FxHashMap;
use xxhash_rust::xxh3::xxh3_64;

use crate::text::FileId;

use super::names::EXTENSIONS;
use super::paths;

/// Answers which file of the run a path means, without asking the disk.
#[derive(Debug, Default)]
pub(super) struct FileIndex {
    /// By the hash of the key without extension: extensions (as index of [`EXTENSIONS`]) and files.
    stems: FxHashMap<u64, Vec<(u8, FileId)>>,
}

/// Stands for a script without extension (`bin/www`), where the index of an extension is asked for.
const BARE: u8 = u8::MAX;

/// Folders that hold what a build wrote, or one of its formats.
const OUTPUT_PARTS: [&str; 16] = [
    "dist",
    "build",
    "out",
    "output",
    "lib",
    "es",
    "esm",
    "cjs",
    "mjs",
    "umd",
    "compiled",
    "release",
    "node",
    "commonjs",
    "module",
    "transpiled",
];

impl FileIndex {
    /// Indexes keys. Several keys may name one file: copies and compiled twins stand for what was read.
    pub(super) fn new<'a>(files: impl Iterator<Item = (&'a str, FileId)>) -> FileIndex {
        let mut index = FileIndex::default();
        for (key, id) in files {
            let (stem, extension) = split(key);
            let twins = index.stems.entry(hash(stem)).or_default();
            twins.push((extension.unwrap_or(BARE), id));
            twins.sort_by_key(|&(extension, _)| extension);
        }
        index
    }

    /// The file with exactly this key.
    pub(super) fn exact(&self, key: &str) -> Option<FileId> {
        let (stem, extension) = split(key);
        self.with_extension(stem, &[extension?])
    }

    /// The file that an import of this path means: as it stands, with another language's extension (`./a.js` for
    /// `a.ts`), with an extension added.
    pub(super) fn file(&self, key: &str) -> Option<FileId> {
        let (stem, extension) = split(key);
        extension.and_then(|it| self.with_extension(stem, compiled_from(it))).or_else(|| self.stem(key))
    }

    /// The index file of a folder.
    pub(super) fn index_of(&self, folder: &str) -> Option<FileId> {
        self.stem(&format!("{folder}/index"))
    }

    /// A file or a folder's index.
    pub(super) fn module(&self, key: &str) -> Option<FileId> {
        self.file(key).or_else(|| self.index_of(key))
    }

    /// As [`FileIndex::module`]; a path in a build's output means the source that it was built from:
    /// `dist/server.js` is `src/server.ts`.
    pub(super) fn source_of(&self, key: &str) -> Option<FileId> {
        self.module(key).or_else(|| self.built_from(key))
    }

    /// The source in place of a build's output, for a path that lies in one.
    pub(super) fn built_from(&self, key: &str) -> Option<FileId> {
        self.unbuild(key).or_else(|| {
            // `index.esm.js` and `index.umd.js` are formats of one `index`.
            let format = paths::without_extension(paths::without_extension(key));
            self.unbuild(format)
        })
    }

    /// Tries the folders that sources lie in, in place of each folder that a build writes to, the last one first.
    fn unbuild(&self, key: &str) -> Option<FileId> {
        let parts: Vec<&str> = key.split('/').collect();
        for at in (1..parts.len().saturating_sub(1)).rev().filter(|&at| OUTPUT_PARTS.contains(&parts[at])) {
            let before = parts[..at].join("/");
            let mut rest = &parts[at + 1..];
            loop {
                let rest_text = rest.join("/");
                for folder in ["/src/", "/", "/lib/", "/source/", "/app/"] {
                    if let Some(found) = self.module(&format!("{before}{folder}{rest_text}")) {
                        return Some(found);
                    }
                }
                match rest {
                    [first, tail @ ..] if !tail.is_empty() && (OUTPUT_PARTS.contains(first) || *first == "src") => rest = tail,
                    _ => break,
                }
            }
        }
        None
    }

    fn stem(&self, stem: &str) -> Option<FileId> {
        self.stems.get(&hash(stem))?.first().map(|&(_, id)| id)
    }

    fn with_extension(&self, stem: &str, wanted: &[u8]) -> Option<FileId> {
        let twins = self.stems.get(&hash(stem))?;
        wanted.iter().find_map(|it| twins.iter().find(|(extension, _)| extension == it)).map(|&(_, id)| id)
    }
}

fn hash(key: &str) -> u64 {
    xxh3_64(key.as_bytes())
}

/// The key without its extension and the extension's index; the whole key when it has no source extension.
fn split(key: &str) -> (&str, Option<u8>) {
    let stem = paths::without_extension(key);
    let extension = key.get(stem.len() + 1..).and_then(|it| EXTENSIONS.iter().position(|known| *known == it));
    if extension.is_some() { (stem, extension.map(|it| it as u8)) } else { (key, None) }
}

/// The extensions that a specifier with this one may mean, itself first.
fn compiled_from(extension: u8) -> &'static [u8] {
    const TS: u8 = 0;
    const TSX: u8 = 1;
    const JS: u8 = 2;
    const JSX: u8 = 3;
    const MTS: u8 = 4;
    const CTS: u8 = 5;
    const MJS: u8 = 6;
    const CJS: u8 = 7;
    match extension {
        TS => &[TS],
        TSX => &[TSX],
        JS => &[JS, TS, TSX, JSX, MJS, CJS],
        JSX => &[JSX, TSX],
        MTS => &[MTS],
        CTS => &[CTS],
        MJS => &[MJS, MTS, TS, JS],
        _ => &[CJS, CTS, TS, JS],
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn index(keys: &[&str]) -> FileIndex {
        FileIndex::new(keys.iter().enumerate().map(|(at, &key)| (key, FileId(at as u32))))
    }

    #[test]
    fn imports_without_and_with_other_extensions() {
        let files = index(&["/a/b.ts", "/a/c.service.ts", "/a/d/index.tsx", "/a/e.js", "/a/e.ts", "/a/f.mts"]);
        let at = |key: &str| files.module(key).map(|it| it.0);
        assert_eq!(at("/a/b"), Some(0));
        assert_eq!(at("/a/b.js"), Some(0));
        assert_eq!(at("/a/b.ts"), Some(0));
        assert_eq!(at("/a/c.service"), Some(1));
        assert_eq!(at("/a/d"), Some(2));
        assert_eq!(at("/a/e.js"), Some(3));
        assert_eq!(at("/a/e"), Some(4));
        assert_eq!(at("/a/f.mjs"), Some(5));
        assert_eq!(at("/a/b.jsx"), None);
        assert_eq!(at("/a/x"), None);
        assert_eq!(files.exact("/a/b.js"), None);
    }

    #[test]
    fn built_paths_mean_sources() {
        let files = index(&["/p/src/server.ts", "/p/src/index.ts", "/q/app.ts", "/p/src/lib/x.ts"]);
        let at = |key: &str| files.source_of(key).map(|it| it.0);
        assert_eq!(at("/p/dist/server.js"), Some(0));
        assert_eq!(at("/p/dist/src/server.js"), Some(0));
        assert_eq!(at("/p/dist/cjs/index.cjs"), Some(1));
        assert_eq!(at("/p/lib/index.esm.js"), Some(1));
        assert_eq!(at("/p/dist"), None);
        assert_eq!(at("/q/build/app"), Some(2));
        assert_eq!(at("/p/dist/lib/x.js"), Some(3));
        assert_eq!(at("/p/other/server.js"), None);
    }
}
