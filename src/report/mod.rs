//! Findings and run totals to text, for people and for other systems.
//!
//! In comes a [`Report`], out go bytes into a writer. Every format reads the same value. Nothing here decides what counts:
//! that was settled before.

mod baseline;
mod checkstyle;
mod concise;
mod evidence;
mod excerpt;
mod experiment;
mod format;
mod frame;
mod github;
mod gitlab;
mod json;
mod junit;
mod markdown;
mod page;
mod places;
mod pretty;
mod rdjsonl;
mod sarif;
mod style;
mod summary;
mod text;

use crate::confirm::Unexplained;
use crate::finding::{Finding, HOUSE_RULES};
use crate::prove::Experiment;
use crate::rulebook::Rulebook;
use crate::text::{FileId, LineIndex};
use crate::workspace::Files;
use std::io::{self, Write};
use std::path::Path;

pub use baseline::baseline;
pub use format::Format;
pub use frame::frame;
pub use page::page;
pub use style::Style;
pub use summary::{statistics, summary};

/// The text of a file and its lines; `None` for a file that has vanished or changed since it was checked.
pub type Texts<'a> = dyn Fn(FileId) -> Option<(&'a str, &'a LineIndex)> + 'a;

/// What a run has to say.
#[derive(Clone, Copy)]
pub struct Report<'a> {
    /// Sorted; suppressed ones among them, flagged.
    pub findings: &'a [Finding],
    /// Paths as shown, by file.
    pub paths: &'a [String],
    /// Texts, by file.
    pub texts: &'a Texts<'a>,
    /// Numbers of files.
    pub files: &'a Files,
    /// How many suspects are not shown.
    pub hidden: usize,
    /// What the user should know: one sentence each, sorted.
    pub notes: &'a [String],
    /// Why the run could not do all of its job: one sentence each.
    pub errors: &'a [String],
    /// What a heap showed beside the findings, if one was asked.
    pub proof: Option<Proof<'a>>,
    /// Where it comes from.
    pub origin: Origin<'a>,
}

/// Where a report comes from, for the systems that read it.
#[derive(Clone, Copy, Debug)]
pub struct Origin<'a> {
    /// The rules of the run.
    pub rulebook: &'a Rulebook,
    /// The working directory: paths are relative to it.
    pub folder: &'a Path,
    /// The way to it from the folder that a CI system counts from, with a slash at the end; empty if the two are one.
    pub below: &'a str,
    /// What tells this run from others on the same commit.
    pub category: Option<&'a str>,
}

/// What a heap showed beside the findings.
#[derive(Clone, Copy, Debug)]
pub struct Proof<'a> {
    /// Growth that no finding explains, the largest first.
    pub unexplained: &'a [Unexplained],
    /// What was done, if the process was ours.
    pub experiment: Option<&'a Experiment>,
}

/// Writes a report.
///
/// # Errors
/// Those of the writer.
pub fn render(report: Report<'_>, format: Format, style: Style, out: &mut dyn Write) -> io::Result<()> {
    match format {
        Format::Pretty => pretty::render(report, style, out),
        Format::Concise => concise::render(report, out),
        Format::Json => json::render(report, out),
        Format::Jsonl => json::render_lines(report, out),
        Format::Sarif => sarif::render(report, out),
        Format::Github => github::render(report, out),
        Format::Gitlab => gitlab::render(report, out),
        Format::Junit => junit::render(report, out),
        Format::Checkstyle => checkstyle::render(report, out),
        Format::Rdjsonl => rdjsonl::render(report, out),
        Format::Markdown => markdown::render(report, out),
    }
}

/// Where the page of a rule can be read: for a project's own, below the folder that has `.leaklint`. Rules that speak of the
/// run itself have none.
pub fn url(rule: &str) -> String {
    let repository = env!("CARGO_PKG_REPOSITORY");
    if HOUSE_RULES.iter().any(|it| it.id == rule) {
        return format!("{repository}#readme");
    }
    if !Rulebook::is_builtin(rule) {
        return format!(".leaklint/rules/{rule}.md");
    }
    format!("{repository}/blob/main/rules/{rule}.md")
}
