//! The CI system that the program runs in, if it does.

use std::env;
use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;

/// What a job of GitHub Actions may have for a summary.
const SUMMARY: usize = 1 << 20;

/// Whether this is a step of GitHub Actions.
pub(super) fn is_github() -> bool {
    env::var_os("GITHUB_ACTIONS").is_some_and(|it| it == "true")
}

/// The way to the working directory from the folder that the CI system shows paths from, if there is one around it.
pub(super) fn below(folder: &Path) -> String {
    let whole = |path: &Path| path.canonicalize().unwrap_or_else(|_| path.to_owned());
    let folder = whole(folder);
    let checkouts = ["GITHUB_WORKSPACE", "CI_PROJECT_DIR"].into_iter().filter_map(env::var_os).filter(|it| !it.is_empty());
    let below = checkouts.into_iter().find_map(|it| Some(folder.strip_prefix(whole(Path::new(&it))).ok()?.to_owned()));
    let below = below.unwrap_or_default().to_string_lossy().replace('\\', "/");
    if below.is_empty() { below } else { format!("{below}/") }
}

/// Adds Markdown to the summary of the job, if it has one and there is room.
pub(super) fn add_summary(markdown: &[u8]) -> io::Result<()> {
    let Some(path) = env::var_os("GITHUB_STEP_SUMMARY").filter(|it| !it.is_empty()) else { return Ok(()) };
    let mut file = OpenOptions::new().create(true).append(true).open(path)?;
    let taken = file.metadata()?.len() as usize;
    if taken + markdown.len() > SUMMARY {
        return Err(io::Error::other("the summary of a job may have one mebibyte"));
    }
    file.write_all(markdown)
}
