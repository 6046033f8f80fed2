//! The files that scripts came from.

use super::coverage::{is_file, scripts};
use super::{CaptureError, Coverage, Inspector, ScriptFile};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use xxhash_rust::xxh3::xxh3_64;

/// Bytes of a script that is read at most.
const LIMIT: u64 = 64 << 20;

/// What CommonJS has loaded.
const LOADED: &str = "typeof require === 'function' && require.cache ? Object.keys(require.cache) : []";

impl Inspector {
    /// The files of the scripts that the process has loaded, sorted: those of CommonJS, and what V8 knows to have run.
    /// V8 forgets modules that it has not run for long, and says nothing while [`Inspector::start_coverage`] is on: to be
    /// asked early.
    ///
    /// # Errors
    /// As [`Inspector::call`].
    pub fn script_paths(&mut self) -> Result<Vec<PathBuf>, CaptureError> {
        let loaded = self.evaluate_now("listing its scripts", LOADED)?;
        let loaded = loaded.as_array().into_iter().flatten().filter_map(Value::as_str);
        let mut paths: BTreeSet<PathBuf> = loaded.map(PathBuf::from).collect();
        self.call("Profiler.enable", json!({}))?;
        paths.extend(scripts(self.call("Profiler.getBestEffortCoverage", json!({}))?)?.paths());
        Ok(paths.into_iter().collect())
    }
}

impl Coverage {
    /// The files of its scripts, in its order.
    pub fn paths(&self) -> impl Iterator<Item = PathBuf> {
        self.scripts.iter().filter_map(|it| script_path(&it.url))
    }
}

impl ScriptFile {
    /// A script's file as it is on disk now. A process may name anything, so only ordinary files are opened.
    pub fn read(path: &Path) -> ScriptFile {
        let is_script = fs::metadata(path).is_ok_and(|about| about.is_file() && about.len() <= LIMIT);
        let text = if is_script { fs::read(path).ok() } else { None };
        let source_map = text.as_deref().and_then(source_map);
        let path = path.to_string_lossy().into_owned();
        ScriptFile { path, xxh3: text.map(|it| format!("{:016x}", xxh3_64(&it))), source_map }
    }
}

/// The path that a script's name means on this machine: an absolute path, or a `file:` URL without host.
pub fn script_path(url: &str) -> Option<PathBuf> {
    let Some(rest) = url.strip_prefix("file://") else { return is_file(url).then(|| PathBuf::from(url)) };
    let path = rest.split(['?', '#']).next().unwrap_or_default();
    let path = percent_decoded(path)?;
    // `file:///C:/a.js` is `C:/a.js`; a host in front of the path is another machine.
    let is_drive = path.as_bytes().get(2) == Some(&b':');
    path.starts_with('/').then(|| PathBuf::from(if is_drive { &path[1..] } else { &path }))
}

fn percent_decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((first, behind)) = rest.split_first() {
        if *first != b'%' {
            bytes.push(*first);
            rest = behind;
            continue;
        }
        let digits = std::str::from_utf8(behind.get(..2)?).ok()?;
        bytes.push(u8::from_str_radix(digits, 16).ok()?);
        rest = &behind[2..];
    }
    String::from_utf8(bytes).ok()
}

/// What the last comment with a map's URL says.
fn source_map(text: &[u8]) -> Option<String> {
    let mark = b"sourceMappingURL=";
    let at = memchr::memmem::rfind(text, mark)?;
    let is_comment = at >= 4 && matches!(&text[at - 4..at], b"//# " | b"//@ " | b"/*# " | b"/*@ ");
    let rest = &text[at + mark.len()..];
    let end = rest.iter().position(|it| it.is_ascii_whitespace() || matches!(it, b'"' | b'\'' | b'*')).unwrap_or(rest.len());
    let url = std::str::from_utf8(&rest[..end]).ok().filter(|it| is_comment && !it.is_empty())?;
    Some(if url.starts_with("data:") { "data:".to_owned() } else { url.to_owned() })
}

#[cfg(test)]
mod tests {
    use super::{ScriptFile, script_path, source_map};
    use std::path::{Path, PathBuf};

    #[test]
    fn urls_of_files() {
        let path = |it| script_path(it).map(|it| it.to_string_lossy().into_owned());
        assert_eq!(path("/a b/c%20.js").as_deref(), Some("/a b/c%20.js"));
        assert_eq!(path("file:///a%20b/%C3%A9.mjs?v=2").as_deref(), Some("/a b/é.mjs"));
        assert_eq!(path("file:///C:/a.mjs").as_deref(), Some("C:/a.mjs"));
        assert_eq!(path("file://host/a.mjs"), None);
        assert_eq!(path("file:///%F"), None);
        assert_eq!(path("node:fs"), None);
        assert_eq!(path("file:///%ff"), None);
    }

    #[test]
    fn the_last_map_counts() {
        let map = |text: &str| source_map(text.as_bytes());
        assert_eq!(map("//# sourceMappingURL=a.map\nx\n//# sourceMappingURL=b.js.map\n").as_deref(), Some("b.js.map"));
        assert_eq!(map("//# sourceMappingURL=data:application/json;base64,e30=").as_deref(), Some("data:"));
        assert_eq!(map("/*# sourceMappingURL=c.map */").as_deref(), Some("c.map"));
        assert_eq!(map("x = 'sourceMappingURL=' + y"), None);
        assert_eq!(map("nothing"), None);
    }

    #[test]
    fn only_ordinary_files() {
        let file = ScriptFile::read(Path::new("/dev/zero"));
        assert_eq!((file.xxh3, file.source_map), (None, None));
        let own = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml");
        assert!(ScriptFile::read(&own).xxh3.is_some_and(|it| it.len() == 16));
    }
}
