//! `file:` addresses and paths.

use std::path::{Path, PathBuf};

use crate::config::normal;

/// The path of a `file:` address; `None` for any other.
pub(super) fn path(uri: &str) -> Option<PathBuf> {
    let rest = uri.strip_prefix("file://")?;
    let rest = rest.split(['?', '#']).next()?;
    let (host, path) = rest.split_at(rest.find('/')?);
    let path = decoded(path)?;
    if cfg!(windows) {
        return Some(windows_path(host, &path));
    }
    (host.is_empty() || host == "localhost").then(|| normal(Path::new(&path)))
}

/// `/c:/x` is `C:\x`; with a host it is a share.
fn windows_path(host: &str, path: &str) -> PathBuf {
    let drive = path.strip_prefix('/').filter(|it| it.as_bytes().get(1) == Some(&b':'));
    let text = match drive {
        Some(path) => path[..1].to_ascii_uppercase() + &path[1..],
        None if host.is_empty() => path.to_owned(),
        None => format!("//{host}{path}"),
    };
    normal(Path::new(&text.replace('/', "\\")))
}

/// The `file:` address of an absolute path.
pub(super) fn of(path: &Path) -> String {
    let text = path.to_string_lossy().replace('\\', "/");
    let mut uri = String::from(if text.starts_with('/') { "file://" } else { "file:///" });
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"/-._~".contains(&byte) {
            uri.push(char::from(byte));
        } else {
            uri.push_str(&format!("%{byte:02X}"));
        }
    }
    uri
}

fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text.as_bytes();
    while let Some((&first, tail)) = rest.split_first() {
        let code = tail.get(..2).and_then(|it| u8::from_str_radix(std::str::from_utf8(it).ok()?, 16).ok());
        match code {
            Some(code) if first == b'%' => {
                bytes.push(code);
                rest = &tail[2..];
            }
            _ => {
                bytes.push(first);
                rest = tail;
            }
        }
    }
    String::from_utf8(bytes).ok().filter(|it| !it.contains('\0'))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[cfg(unix)]
    #[test]
    fn addresses_and_paths_are_inverse() {
        for name in ["/a/b.ts", "/with space/é😀.js", "/100%/a#b?c.js", "/[id]/(x)/@y+z.tsx"] {
            assert_eq!(path(&of(Path::new(name))).as_deref(), Some(Path::new(name)), "{}", of(Path::new(name)));
        }
        assert_eq!(path("file:///a/../b/./c.js").as_deref(), Some(Path::new("/b/c.js")));
        assert_eq!(path("file://localhost/a%2Eb").as_deref(), Some(Path::new("/a.b")));
        assert_eq!(path("file:///a%zz").as_deref(), Some(Path::new("/a%zz")));
        for other in ["untitled:Untitled-1", "git:/a.js?x", "file:a", "file:///%ff", "file:///a%00"] {
            assert_eq!(path(other), None, "{other}");
        }
        assert_eq!(of(Path::new("/a b")), "file:///a%20b");
    }

    #[test]
    fn drives_and_shares() {
        assert_eq!(windows_path("", "/c:/x/y.js").to_string_lossy().replace('/', "\\"), r"C:\x\y.js");
        assert_eq!(of(Path::new(r"C:\x\y.js")), "file:///C%3A/x/y.js");
    }
}
