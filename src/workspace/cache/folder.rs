//! Where a project's cache is.

use std::env;
use std::ffi::OsString;
use std::path::{Path, PathBuf};

use xxhash_rust::xxh3::xxh3_64;

/// The folder for the cache of a project: below its `node_modules`, where other tools keep theirs, else below the user's
/// cache folder. `None` if there is neither.
pub(in super::super) fn folder(root: &Path) -> Option<PathBuf> {
    let modules = root.join("node_modules");
    if modules.is_dir() {
        return Some(modules.join(".cache").join("leaklint"));
    }
    let name = root.file_name().map_or_else(|| "root".into(), |it| it.to_string_lossy());
    // Two projects of one name are told apart by where they are.
    let id = xxh3_64(root.as_os_str().as_encoded_bytes());
    Some(user_folder(&|name| env::var_os(name))?.join("leaklint").join(format!("{name}-{id:016x}")))
}

/// The user's cache folder, as the platform's custom is.
fn user_folder(var: &dyn Fn(&str) -> Option<OsString>) -> Option<PathBuf> {
    let folder = |name: &str| var(name).map(PathBuf::from).filter(|it| it.is_absolute());
    if cfg!(windows) {
        return folder("LOCALAPPDATA");
    }
    if cfg!(target_os = "macos") {
        return folder("HOME").map(|it| it.join("Library/Caches"));
    }
    folder("XDG_CACHE_HOME").or_else(|| folder("HOME").map(|it| it.join(".cache")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn the_users_folder_is_asked_of_the_environment() {
        let with = |vars: &'static [(&str, &str)]| {
            user_folder(&move |name| vars.iter().find(|it| it.0 == name).map(|it| OsString::from(it.1)))
        };
        assert_eq!(with(&[("HOME", "/h")]), Some(PathBuf::from("/h/.cache")));
        assert_eq!(with(&[("HOME", "/h"), ("XDG_CACHE_HOME", "/c")]), Some(PathBuf::from("/c")));
        assert_eq!(with(&[("HOME", "/h"), ("XDG_CACHE_HOME", "relative")]), Some(PathBuf::from("/h/.cache")));
        assert_eq!(with(&[]), None);
    }
}
