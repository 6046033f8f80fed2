//! Frames around the source, for people: each finding with its story drawn as labels, file by file.

use super::evidence;
use super::excerpt::{Excerpt, Mark};
use super::experiment;
use super::style::{Style, harmless};
use super::summary::{confidence_word, severity_word};
use super::{Report, places};
use crate::finding::{Finding, Severity};
use crate::text::FileId;
use miette::{Diagnostic, GraphicalReportHandler, GraphicalTheme, LabeledSpan, SourceCode, ThemeCharacters, ThemeStyles};
use std::fmt;
use std::io::{self, Write};

pub(super) fn render(report: Report<'_>, style: Style, out: &mut dyn Write) -> io::Result<()> {
    let handler = handler(style);
    for finding in report.findings.iter().filter(|it| it.suppressed.is_none()) {
        for (n, drawn) in drawings(&report, finding).iter().enumerate() {
            let text = draw(&handler, drawn);
            // Below the first file there is nothing to say that the labels do not say.
            let text = if n == 0 { &text[..] } else { text.split_once('\n').map_or("", |(_, rest)| rest) };
            out.write_all(text.as_bytes())?;
        }
        if let Some(it) = &finding.evidence {
            out.write_all(evidence::lines(it, style).as_bytes())?;
        }
        writeln!(out)?;
    }
    if let Some(proof) = &report.proof {
        out.write_all(experiment::lines(proof, report.findings, style).as_bytes())?;
    }
    Ok(())
}

/// One frame.
#[derive(Debug)]
pub(super) struct Drawing {
    /// What stands above.
    pub(super) message: String,
    /// What stands above that.
    pub(super) code: Option<String>,
    /// The colour and the sign.
    pub(super) severity: miette::Severity,
    /// What stands below.
    pub(super) help: Option<String>,
    /// What is framed.
    pub(super) excerpt: Option<Excerpt>,
}

impl fmt::Display for Drawing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Drawing {}

impl Diagnostic for Drawing {
    fn code<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.code.as_ref().map(|code| Box::new(code) as Box<dyn fmt::Display>)
    }

    fn severity(&self) -> Option<miette::Severity> {
        Some(self.severity)
    }

    fn help<'a>(&'a self) -> Option<Box<dyn fmt::Display + 'a>> {
        self.help.as_ref().map(|help| Box::new(help) as Box<dyn fmt::Display>)
    }

    fn source_code(&self) -> Option<&dyn SourceCode> {
        self.excerpt.as_ref().map(|excerpt| excerpt as &dyn SourceCode)
    }

    fn labels(&self) -> Option<Box<dyn Iterator<Item = LabeledSpan> + '_>> {
        self.excerpt.as_ref().map(|excerpt| Box::new(excerpt.labels()) as Box<dyn Iterator<Item = LabeledSpan>>)
    }
}

/// Draws one frame.
pub(super) fn draw(handler: &GraphicalReportHandler, drawing: &Drawing) -> String {
    let mut text = String::new();
    match handler.render_report(&mut text, drawing) {
        Ok(()) => text,
        // A frame that cannot be drawn must not hide what it was to show.
        Err(_) => format!("{}\n\n  {}\n", drawing.code.as_deref().unwrap_or_default(), drawing.message),
    }
}

/// What draws frames in this style.
pub(super) fn handler(style: Style) -> GraphicalReportHandler {
    let characters = if style.unicode { ThemeCharacters::unicode() } else { ThemeCharacters::ascii() };
    let styles = if style.color { ThemeStyles::ansi() } else { ThemeStyles::none() };
    GraphicalReportHandler::new_themed(GraphicalTheme { characters, styles })
        .with_width(style.width)
        .with_urls(false)
        .without_syntax_highlighting()
}

/// The frames of a finding: its own file first, then the other files of its story as they come.
fn drawings(report: &Report<'_>, finding: &Finding) -> Vec<Drawing> {
    let severity = match finding.severity {
        Severity::Error => miette::Severity::Error,
        Severity::Warning => miette::Severity::Warning,
        Severity::Info => miette::Severity::Advice,
    };
    let code = heading(report, finding);
    let mut drawings = Vec::new();
    for (file, marks) in marks_by_file(finding) {
        let path = harmless(report.paths.get(file.index()).map_or("", String::as_str)).into_owned();
        let excerpt = (report.texts)(file).map(|(text, lines)| Excerpt::new(&path, text, lines, &marks));
        let is_first = drawings.is_empty();
        if excerpt.is_none() && !is_first {
            continue;
        }
        let message = if is_first { harmless(&finding.message).into_owned() } else { String::new() };
        drawings.push(Drawing { message, code: is_first.then(|| code.clone()), severity, help: None, excerpt });
    }
    if let Some(last) = drawings.last_mut()
        && !finding.help.is_empty()
    {
        last.help = Some(harmless(&finding.help).into_owned());
    }
    drawings
}

/// Names the place, too: the first frame may show another, where the story starts.
fn heading(report: &Report<'_>, finding: &Finding) -> String {
    let (start, _) = places::range(report, finding.span);
    let path = harmless(places::path(report, finding.span));
    let (severity, confidence) = (severity_word(finding.severity), confidence_word(finding.confidence));
    format!("{severity}[{}] {path}:{}:{} ({confidence})", finding.rule, start.line, start.column)
}

/// The places of a finding, by file in the order of the story, the finding's own file first. Steps at one place share a label.
fn marks_by_file(finding: &Finding) -> Vec<(FileId, Vec<Mark>)> {
    let mut files = vec![(finding.span.file, vec![Mark { span: finding.span, message: None, primary: true }])];
    for step in &finding.story {
        let at = files.iter().position(|(file, _)| *file == step.span.file).unwrap_or_else(|| {
            files.push((step.span.file, Vec::new()));
            files.len() - 1
        });
        let marks = &mut files[at].1;
        let message = harmless(&step.message);
        match marks.iter_mut().find(|mark| mark.span == step.span) {
            Some(mark) => {
                mark.message = Some(match mark.message.take() {
                    Some(above) => format!("{above}\n{message}"),
                    None => message.into_owned(),
                });
            }
            None => {
                let primary = marks.is_empty();
                marks.push(Mark { span: step.span, message: Some(message.into_owned()), primary });
            }
        }
    }
    files
}
