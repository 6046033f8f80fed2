//! The rules and models that a project keeps for itself: `.leaklint/rules/*.md` and `.leaklint/models/*.toml`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use super::configs::Files;
use super::project::ProjectError;

/// The folder's name.
const FOLDER: &str = ".leaklint";

/// Pages and models of a project, each a path as shown and a text, sorted by path.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub(super) struct Local {
    /// The pages.
    pub(super) pages: Vec<(String, String)>,
    /// The models.
    pub(super) models: Vec<(String, String)>,
}

/// What the nearest folder `.leaklint` in `start` or above it has, not above `last`. Empty when there is none.
pub(super) fn local(start: &Path, last: Option<&Path>, files: &Files) -> Result<Local, ProjectError> {
    let has_any = |it: &PathBuf| ["rules", "models"].iter().any(|name| it.join(name).is_dir());
    let around = start.ancestors().take_while(|it| last.is_none_or(|last| it.starts_with(last)));
    match around.map(|it| it.join(FOLDER)).find(has_any) {
        Some(folder) => {
            Ok(Local { pages: texts(&folder.join("rules"), "md", files)?, models: texts(&folder.join("models"), "toml", files)? })
        }
        None => Ok(Local::default()),
    }
}

/// The files of a folder with this extension. A folder that is not there has none.
fn texts(folder: &Path, extension: &str, files: &Files) -> Result<Vec<(String, String)>, ProjectError> {
    let entries = match fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(ProjectError::unreadable(folder, &error)),
    };
    let mut texts = Vec::new();
    for entry in entries {
        let path = entry.map_err(|error| ProjectError::unreadable(folder, &error))?.path();
        if path.extension().is_some_and(|it| it == extension)
            && path.is_file()
            && let Some(text) = files.text(&path)?
        {
            texts.push((files.shown(&path), text));
        }
    }
    texts.sort();
    Ok(texts)
}
