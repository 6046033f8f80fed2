//! The rules and models that a project keeps for itself: `.leaklint/rules/*.md` and `.leaklint/models/*.toml`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::paths;

/// The folder's name.
const FOLDER: &str = ".leaklint";

/// Pages and models of a project, each a path as shown and a text, sorted by path.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Local {
    /// The pages.
    pub pages: Vec<(String, String)>,
    /// The models.
    pub models: Vec<(String, String)>,
}

/// What the nearest folder `.leaklint` in `start` or above it has, paths shown as from `cwd`. Empty when there is none.
///
/// # Errors
/// A file that is there and cannot be read, with its path.
pub fn local(start: &Path, cwd: &Path) -> Result<Local, (PathBuf, io::Error)> {
    let has_any = |it: &PathBuf| ["rules", "models"].iter().any(|name| it.join(name).is_dir());
    match start.ancestors().map(|it| it.join(FOLDER)).find(has_any) {
        Some(folder) => {
            Ok(Local { pages: texts(&folder.join("rules"), "md", cwd)?, models: texts(&folder.join("models"), "toml", cwd)? })
        }
        None => Ok(Local::default()),
    }
}

/// The files of a folder with this extension. A folder that is not there has none.
fn texts(folder: &Path, extension: &str, cwd: &Path) -> Result<Vec<(String, String)>, (PathBuf, io::Error)> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err((folder.to_owned(), error)),
    };
    let mut texts = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| (folder.to_owned(), error))?.path();
        if path.extension().is_some_and(|it| it == extension) && path.is_file() {
            let text = fs::read_to_string(&path).map_err(|error| (path.clone(), error))?;
            texts.push((paths::shown(&paths::key(&path), &paths::key(cwd)), text));
        }
    }
    texts.sort();
    Ok(texts)
}
