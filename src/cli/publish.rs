//! Which report goes where: one to standard output, any number into files.

use super::args::OutputArgs;
use super::failure::Failure;
use super::host;
use super::output::{tell, to_file, to_stdout};
use super::terminal::Terminal;
use crate::finding::Finding;
use crate::report::{self, Format, Report, Style};
use std::borrow::Cow;
use std::io::{self, Write};
use std::path::PathBuf;

/// Where everything goes.
#[derive(Debug)]
pub(super) struct Outputs {
    /// The report that the run is for.
    main: Format,
    /// The file that it goes to instead of standard output.
    file: Option<PathBuf>,
    /// Further ones.
    beside: Vec<(Format, PathBuf)>,
    statistics: bool,
    suppressed: bool,
    /// What tells this run from others on the same commit.
    pub(super) category: Option<String>,
}

impl Outputs {
    /// What the arguments ask for, and what is written when they say nothing.
    pub(super) fn new(args: &OutputArgs, otherwise: Format) -> Result<Outputs, Failure> {
        let is_moved = args.output.iter().any(|it| it.format.is_none());
        let main = args.format.unwrap_or(if is_moved { Format::Pretty } else { otherwise });
        let mut outputs = Outputs {
            main,
            file: None,
            beside: Vec::new(),
            statistics: args.statistics,
            suppressed: !args.no_suppressed,
            category: args.sarif_category.clone(),
        };
        for (n, it) in args.output.iter().enumerate() {
            if args.output[..n].iter().any(|other| other.path == it.path) {
                return Err(Failure::new(format!("two reports are to be written to {}", it.path.display())));
            }
            match it.format {
                None if outputs.file.is_none() => outputs.file = Some(it.path.clone()),
                format => outputs.beside.push((format.unwrap_or(main), it.path.clone())),
            }
        }
        Ok(outputs)
    }

    /// The findings that are written.
    pub(super) fn shown<'a>(&self, findings: &'a [Finding]) -> Cow<'a, [Finding]> {
        if self.suppressed {
            return Cow::Borrowed(findings);
        }
        findings.iter().filter(|it| it.suppressed.is_none()).cloned().collect()
    }

    /// Writes lines instead of reports.
    pub(super) fn list(&self, lines: &[String]) -> Result<(), Failure> {
        self.to_main(|out| lines.iter().try_for_each(|line| writeln!(out, "{line}")))
    }

    /// Writes all reports, the files first: standard output may have a reader that goes away. One that cannot be written keeps
    /// nobody from reading the others.
    pub(super) fn publish(&self, report: Report<'_>, terminal: Terminal) -> Result<(), Failure> {
        let mut written = Ok(());
        for (format, path) in &self.beside {
            written = written.and(to_file(path, |out| self.write(report, *format, terminal.file(), terminal, out)));
        }
        if self.main == Format::Github || self.beside.iter().any(|it| it.0 == Format::Github) {
            add_summary(report, terminal);
        }
        let style = if self.file.is_some() { terminal.file() } else { terminal.stdout() };
        self.to_main(|out| self.write(report, self.main, style, terminal, out)).and(written)
    }

    fn to_main(&self, write: impl FnOnce(&mut dyn Write) -> io::Result<()>) -> Result<(), Failure> {
        match &self.file {
            Some(path) => to_file(path, write),
            None => to_stdout(write),
        }
    }

    fn write(&self, report: Report<'_>, format: Format, style: Style, terminal: Terminal, out: &mut dyn Write) -> io::Result<()> {
        report::render(report, format, style, out)?;
        if format == Format::Pretty && !terminal.quiet {
            out.write_all(report::summary(&report, style).as_bytes())?;
        }
        if format == Format::Pretty && self.statistics {
            out.write_all(report::statistics(&report).as_bytes())?;
        }
        Ok(())
    }

    /// Says on standard error what formats for programs leave out: they stay pure.
    pub(super) fn tell_rest(&self, report: &Report<'_>, terminal: Terminal) {
        if matches!(self.main, Format::Concise | Format::Github) && !terminal.quiet {
            tell(report::summary(report, terminal.stderr()).trim_end());
        }
        let has_room =
            !matches!(self.main, Format::Jsonl | Format::Gitlab | Format::Junit | Format::Checkstyle | Format::Rdjsonl);
        for note in report.notes.iter().filter(|_| !has_room) {
            terminal.note(note);
        }
        if self.main != Format::Pretty && self.statistics {
            tell(report::statistics(report).trim_end());
        }
    }
}

/// Annotations show ten findings of a kind, the summary of the job all.
fn add_summary(report: Report<'_>, terminal: Terminal) {
    let mut markdown = Vec::new();
    let rendered = report::render(report, Format::Markdown, Style::PLAIN, &mut markdown);
    if let Err(error) = rendered.and_then(|()| host::add_summary(&markdown)) {
        terminal.warn(&format!("the job has no summary: {error}"));
    }
}
