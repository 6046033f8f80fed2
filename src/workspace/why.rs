//! Why a file is not checked.

use std::fs;
use std::path::{Path, PathBuf};

use ignore::gitignore::GitignoreBuilder;

use super::names::{self, Folder, Skip};
use super::project::{Project, ProjectError};
use super::walk::{OWN_IGNORE_FILE, foreign, ignored, is_left_out, is_source, skip_by_name};
use super::{content, output, paths, read};

/// Why `check` passes over a file; `None` when it does not.
///
/// # Errors
/// There is no such file, or a mistake in the configuration that governs it.
pub fn why_ignored(project: &Project, file: &Path) -> Result<Option<String>, ProjectError> {
    let selection = &project.selection;
    let path = paths::absolute(&selection.cwd, file);
    let shown = paths::shown(&paths::key(&path), &selection.cwd_key());
    match fs::metadata(&path) {
        Ok(it) if it.is_file() => {}
        Ok(_) => return Err(ProjectError::Said(format!("{shown}: not a file"))),
        Err(error) => return Err(ProjectError::unreadable(&path, &error)),
    }
    let settings = project.settings(&path)?;
    let relative = path.strip_prefix(&selection.cwd).unwrap_or(&path);
    let by_place = by_kind(&path).or_else(|| by_ignore_file(project, &path)).or_else(|| by_config(project, &path));
    let by_name = || {
        let name = paths::name(&shown);
        let stem = names::source_name(name).map_or(name, |it| it.0);
        by_output(&path, relative, settings.include_generated)
            .or_else(|| skip_by_name(&settings, &selection.cwd, &path, stem).map(words))
    };
    if let Some(why) = by_place.or_else(by_name) {
        return Ok(Some(why));
    }
    let text = match read::load(&path, selection, settings.max_file_size) {
        Ok(loaded) => loaded.text,
        Err(read::Unread::TooLarge) => return Ok(Some(words(Skip::TooLarge))),
        Err(read::Unread::Failed(why)) => return Ok(Some(format!("it cannot be read: {why}"))),
    };
    if let Some(skip) = content::reason_to_skip(&text, settings.include_generated) {
        return Ok(Some(words(skip)));
    }
    // The rest depends on what else there is.
    let analysis = project.analyse(selection)?;
    let is_checked = analysis.units.iter().any(|unit| unit.path == shown);
    let twin = || "it has the text of another file, is compiled from one, or is written in Flow".to_owned();
    Ok((!is_checked).then(twin))
}

fn words(skip: Skip) -> String {
    match skip.words() {
        (what, Some(flag)) => format!("{what} are left out ({flag} lets them in)"),
        (what, None) => format!("{what} are left out"),
    }
}

fn by_kind(path: &Path) -> Option<String> {
    if is_source(path) {
        let is_link = path.symlink_metadata().is_ok_and(|it| it.is_symlink());
        return is_link.then(|| "links are not followed, only named ones".to_owned());
    }
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    let is_declaration = [".d.ts", ".d.mts", ".d.cts"].iter().any(|it| name.ends_with(it));
    let what = if is_declaration { "a declaration file has no code" } else { "not a JavaScript or TypeScript source file" };
    Some(what.to_owned())
}

fn by_ignore_file(project: &Project, path: &Path) -> Option<String> {
    let selection = &project.selection;
    let relative = path.strip_prefix(&selection.cwd).ok()?;
    if let Some(folder) = foreign(relative) {
        return Some(format!("{} never holds a project's own source", folder.display()));
    }
    let part = ignored(selection, path)?;
    let who = match naming(&selection.cwd, &part) {
        Some(line) => line,
        None if part.file_name().is_some_and(|it| it.to_string_lossy().starts_with('.')) => {
            return Some(format!("{} has a name that starts with a dot", part.display()));
        }
        None => "an ignore file".to_owned(),
    };
    Some(format!("{} is left out by {who} (--no-ignore lets it in)", part.display()))
}

/// The line of an ignore file that names a path.
fn naming(cwd: &Path, part: &Path) -> Option<String> {
    let path = cwd.join(part);
    let is_dir = path.is_dir();
    let candidates = path.ancestors().skip(1).flat_map(|folder| {
        let beside = [OWN_IGNORE_FILE, ".ignore", ".gitignore"].map(|it| (folder.to_owned(), folder.join(it)));
        beside.into_iter().chain([(folder.to_owned(), folder.join(".git/info/exclude"))])
    });
    candidates.into_iter().find_map(|(folder, file)| named_by(&folder, &file, &path, is_dir, cwd))
}

fn named_by(folder: &Path, file: &PathBuf, path: &Path, is_dir: bool, cwd: &Path) -> Option<String> {
    let text = fs::read_to_string(file).ok()?;
    let mut builder = GitignoreBuilder::new(folder);
    for line in text.lines() {
        // A line that cannot be read names nothing.
        let _ = builder.add_line(None, line);
    }
    let set = builder.build().ok()?;
    let matched = set.matched_path_or_any_parents(path, is_dir);
    let glob = matched.is_ignore().then(|| matched.inner().map(|it| it.original().to_owned()))??;
    let number = text.lines().position(|line| line.trim_end() == glob).map_or(1, |at| at + 1);
    Some(format!("{}:{number}: {glob}", paths::shown(&paths::key(file), &paths::key(cwd))))
}

fn by_config(project: &Project, path: &Path) -> Option<String> {
    let configs = &project.selection.configs;
    if !is_left_out(configs, path) {
        return None;
    }
    let governing = path.ancestors().skip(1).map(|folder| configs.settings(folder));
    let glob = governing.into_iter().find_map(|it| {
        let glob = it.excluding(path)?.to_owned();
        Some(format!("`exclude` has `{glob}` ({})", it.files.last().map_or("", String::as_str)))
    });
    Some(glob.unwrap_or_else(|| "`exclude` of the configuration leaves it out".to_owned()))
}

fn by_output(path: &Path, relative: &Path, include_generated: bool) -> Option<String> {
    let is_output = |folder: &&Path| {
        let name = folder.file_name().unwrap_or_default().to_string_lossy();
        let parent = folder.parent().and_then(Path::file_name).unwrap_or_default().to_string_lossy();
        let whole = || path.ancestors().find(|it| it.ends_with(folder));
        names::folder(&name, &parent) == Folder::MaybeOutput && whole().is_some_and(output::is_output)
    };
    let found = relative.ancestors().skip(1).filter(|_| !include_generated).find(is_output)?;
    Some(format!("{} holds the output of a build (--include-generated lets it in)", found.display()))
}
