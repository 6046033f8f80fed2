//! `leaklint check`.

use super::Exit;
use super::args::CheckArgs;
use super::failure::Failure;
use super::host;
use super::output::tell;
use super::project;
use super::publish::Outputs;
use super::terminal::Terminal;
use crate::config::Settings;
use crate::facts::Directive;
use crate::finding::{Docket, Finding, Judged, Severity, fails, judge, rule_ids};
use crate::report::{Format, Origin, Report};
use crate::rulebook::Rulebook;
use crate::text::FileId;
use crate::workspace::{self, Analysis, INTERNAL_ERROR, Timings};
use std::time::{Duration, Instant};

pub(super) fn check(args: &CheckArgs, terminal: Terminal) -> Result<Exit, Failure> {
    let started = Instant::now();
    let outputs = Outputs::new(&args.output, if host::is_github() { Format::Github } else { Format::Pretty })?;
    let folder = project::folder()?;
    let rulebook = &*project::rulebook(args.into(), &folder, terminal)?;
    let settings = project::settings(args.into(), &folder, &rule_ids(rulebook), terminal)?;
    let selection = project::selection(args.into(), &settings, &folder)?;
    let prepared = started.elapsed();
    let mut analysis = workspace::run(&selection, rulebook);
    let judged = settle(&mut analysis, &settings, rulebook);
    let paths: Vec<String> = analysis.units.iter().map(|unit| unit.path.clone()).collect();
    let report = Report {
        findings: &outputs.shown(&judged.findings),
        paths: &paths,
        texts: &|file| analysis.texts.get(file).map(|it| (it.text.as_str(), &it.lines)),
        files: &analysis.files,
        hidden: judged.hidden,
        notes: &analysis.notes,
        errors: &analysis.errors,
        proof: None,
        origin: Origin { rulebook, folder: &folder, below: &host::below(&folder), category: outputs.category.as_deref() },
    };
    let written = if args.list_files { outputs.list(&paths) } else { outputs.publish(report, terminal) };
    if !args.list_files {
        outputs.tell_rest(&report, terminal);
    }
    tell_errors(args, &analysis, terminal);
    if args.timing {
        tell(timing(&analysis.timings, prepared, started.elapsed()).trim_end());
    }
    written?;
    Ok(exit(args, &settings, &judged.findings, &analysis))
}

/// The findings as they are reported.
pub(super) fn settle(analysis: &mut Analysis, settings: &Settings, rulebook: &Rulebook) -> Judged {
    let findings = std::mem::take(&mut analysis.findings);
    let paths: Vec<String> = analysis.units.iter().map(|unit| unit.path.clone()).collect();
    let directives: Vec<(FileId, &[Directive])> = analysis
        .units
        .iter()
        .enumerate()
        .filter(|(_, unit)| !unit.facts.directives.is_empty())
        .map(|(at, unit)| (FileId(at as u32), unit.facts.directives.as_slice()))
        .collect();
    let text = |file| analysis.texts.get(file).map(|it| it.text.as_str());
    judge(findings, Docket { paths: &paths, text: &text, directives: &directives, settings, rulebook })
}

/// What could not be done.
fn tell_errors(args: &CheckArgs, analysis: &Analysis, terminal: Terminal) {
    for error in &analysis.errors {
        Failure::new(error.as_str()).tell(terminal);
    }
    if is_unmatched(analysis) {
        let paths: Vec<String> = args.paths.iter().map(|path| path.display().to_string()).collect();
        terminal.warn(&format!("no JavaScript or TypeScript file to check in {}", paths.join(", ")));
    }
}

fn is_unmatched(analysis: &Analysis) -> bool {
    analysis.files.checked + analysis.files.failed == 0 && analysis.errors.is_empty()
}

fn exit(args: &CheckArgs, settings: &Settings, findings: &[Finding], analysis: &Analysis) -> Exit {
    let is_internal = |finding: &Finding| finding.rule == INTERNAL_ERROR;
    if !analysis.errors.is_empty() || findings.iter().any(is_internal) || (args.exit.error_on_unmatched && is_unmatched(analysis))
    {
        return Exit::Failed;
    }
    if args.exit.exit_zero || args.list_files {
        return Exit::Clean;
    }
    let is_warning = |it: &&Finding| it.severity == Severity::Warning && it.suppressed.is_none();
    let too_many = args.exit.max_warnings.is_some_and(|most| findings.iter().filter(is_warning).count() > most);
    if too_many || findings.iter().any(|finding| fails(finding, settings)) { Exit::Found } else { Exit::Clean }
}

fn timing(timings: &Timings, prepared: Duration, total: Duration) -> String {
    let rows = [
        ("rules and settings", prepared),
        ("read, parse, extract", timings.read),
        ("  listing files", timings.walk),
        ("  work of all threads", timings.read_work),
        ("resolve", timings.resolve),
        ("link", timings.link),
        ("check", timings.check),
        ("judge and report", total.saturating_sub(prepared).saturating_sub(timings.total)),
        ("total", total),
    ];
    rows.iter().map(|(phase, time)| format!("{:>9.1} ms  {phase}\n", time.as_secs_f64() * 1000.0)).collect()
}
