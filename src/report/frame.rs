//! A frame around a mistake in a configuration file.

use super::excerpt::{Excerpt, Mark};
use super::pretty::{Drawing, draw, handler};
use super::style::{Style, harmless};
use crate::config::Problem;
use crate::text::{FileId, LineIndex, Span};

/// Draws a mistake where it stands.
pub fn frame(problem: &Problem, style: Style) -> String {
    // The file is not one of the run; an excerpt asks for the offsets only.
    let span = Span::new(FileId(0), problem.range.start as u32, problem.range.end as u32);
    let mark = Mark { span, message: None, primary: true };
    let excerpt = Excerpt::new(&harmless(&problem.path), &problem.text, &LineIndex::new(&problem.text), &[mark]);
    let drawing = Drawing {
        message: harmless(&problem.message).into_owned(),
        code: None,
        severity: miette::Severity::Error,
        help: problem.help.as_deref().map(|help| harmless(help).into_owned()),
        excerpt: Some(excerpt),
    };
    draw(&handler(style), &drawing)
}
