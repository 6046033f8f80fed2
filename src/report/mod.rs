//! Findings and run totals to text, for people and for other systems.
//!
//! In comes a [`Report`], out go bytes into a writer. Every format reads the same value. Nothing here decides what counts:
//! that was settled before.

mod concise;
mod evidence;
mod excerpt;
mod experiment;
mod frame;
mod json;
mod page;
mod places;
mod pretty;
mod style;
mod summary;

use crate::confirm::Unexplained;
use crate::finding::{Finding, HOUSE_RULES};
use crate::prove::Experiment;
use crate::rulebook::Rulebook;
use crate::text::{FileId, LineIndex};
use crate::workspace::Files;
use std::io::{self, Write};
use std::path::Path;

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

/// An output format.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// Frames around the source, for people.
    Pretty,
    /// One line each.
    Concise,
    /// For programs.
    Json,
}

impl Format {
    /// All of them, those for people first.
    pub const ALL: &[Format] = &[Format::Pretty, Format::Concise, Format::Json];

    /// As it is written on a command line.
    pub fn name(self) -> &'static str {
        match self {
            Format::Pretty => "pretty",
            Format::Concise => "concise",
            Format::Json => "json",
        }
    }

    /// What it is, in a few words.
    pub fn about(self) -> &'static str {
        match self {
            Format::Pretty => "Frames around the source",
            Format::Concise => "One line for each finding",
            Format::Json => "One JSON object",
        }
    }
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
