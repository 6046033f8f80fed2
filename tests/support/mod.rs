//! What several test files share.
#![allow(dead_code, unreachable_pub, clippy::unwrap_used)]

pub mod editor;
pub mod case;
pub mod node;
pub mod proxy;
pub mod schema;
pub mod shell;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU32, Ordering};

/// A folder that goes away with the value.
pub struct TempDir {
    path: PathBuf,
}

impl TempDir {
    /// A fresh folder.
    pub fn new() -> TempDir {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("leaklint-{}-{}", std::process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let path = std::env::temp_dir().canonicalize().unwrap().join(name);
        std::fs::create_dir(&path).unwrap();
        TempDir { path }
    }

    /// A fresh folder with files.
    pub fn with(files: &[(&str, &str)]) -> TempDir {
        let folder = TempDir::new();
        for (path, text) in files {
            folder.write(path, text);
        }
        folder
    }

    /// Where it is.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Writes a file, and the folders around it.
    pub fn write(&self, path: &str, bytes: impl AsRef<[u8]>) -> PathBuf {
        let path = self.path.join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(&path, bytes).unwrap();
        path
    }
}

impl Drop for TempDir {
    fn drop(&mut self) {
        let _ = std::fs::remove_dir_all(&self.path);
    }
}
