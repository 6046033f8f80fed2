//! `leaklint check`.

use super::Exit;
use super::args::CheckArgs;
use super::failure::Failure;
use super::host;
use super::output::tell;
use super::project;
use super::publish::Outputs;
use super::suppress::suppress;
use super::terminal::Terminal;
use crate::finding::{Finding, Judged, Severity, fails};
use crate::report::{Format, Origin, Report};
use crate::workspace::{Analysis, Checked, INTERNAL_ERROR, Project, Timings};
use std::time::{Duration, Instant};

pub(super) fn check(args: &CheckArgs, terminal: Terminal) -> Result<Exit, Failure> {
    let started = Instant::now();
    let outputs = Outputs::new(&args.output, if host::is_github() { Format::Github } else { Format::Pretty })?;
    let all_written = match &args.suppress {
        Some(rule) => suppress(args, rule, terminal)?,
        None => true,
    };
    let mut project = project::open(&args.into(), terminal)?;
    project.selection.cache = args.cache.of(&project);
    project.evidence = project.selection.cache.as_ref().map(|it| it.evidence()).unwrap_or_default();
    let prepared = started.elapsed();
    let Checked { mut analysis, judged } = project.check(&project.selection)?;
    analysis.notes.extend(silencers(&project));
    analysis.notes.sort();
    let (paths, folder) = (analysis.paths(), &project.selection.cwd);
    let report = Report {
        findings: &outputs.shown(&judged.findings),
        paths: &paths,
        texts: &|file| analysis.texts.get(file).map(|it| (it.text.as_str(), &it.lines)),
        files: &analysis.files,
        hidden: judged.hidden,
        notes: &analysis.notes,
        errors: &analysis.errors,
        proof: None,
        origin: Origin {
            rulebook: &project.rulebook,
            folder,
            below: &host::below(folder),
            category: outputs.category.as_deref(),
        },
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
    let stale = tell_stale(args, &project, &judged, terminal);
    Ok(match exit(args, &judged.findings, &analysis) {
        _ if !all_written => Exit::Failed,
        Exit::Clean if stale && !args.exit.exit_zero => Exit::Found,
        exit => exit,
    })
}

/// What can silence findings, where somebody reviews: files that have changed, or in CI the project's own rules.
fn silencers(project: &Project) -> Option<String> {
    let is_in_ci = std::env::var_os("CI").is_some_and(|it| !it.is_empty() && it != "false");
    let files = if project.changes.is_some() || is_in_ci { project.silencers() } else { Vec::new() };
    let what = if project.changes.is_some() {
        "changed, and can silence findings"
    } else {
        "the project's own, and can silence findings"
    };
    (!files.is_empty()).then(|| format!("{what}: {}", files.join(", ")))
}

/// Says which accepted findings are gone; whether that fails the run.
fn tell_stale(args: &CheckArgs, project: &Project, judged: &Judged, terminal: Terminal) -> bool {
    // Whoever looks at changes alone does not look whether everything accepted is still there.
    let standing = judged.standing.as_ref().filter(|_| project.changes.is_none());
    let stale = standing.map_or(&[][..], |it| &it.stale);
    let Some(first) = stale.first() else { return false };
    let path = project.baseline_path.strip_prefix(&project.selection.cwd).unwrap_or(&project.baseline_path).display();
    let more = if stale.len() > 1 { format!(" and {} more", stale.len() - 1) } else { String::new() };
    let said = format!("{path}: accepted findings are gone: {} in {}{more}", first.rule, first.path);
    let help = "`leaklint baseline prune` takes them off, `--allow-stale` lets them be".to_owned();
    if args.baseline.allow_stale {
        terminal.warn(&said);
        return false;
    }
    Failure::Said(said, Some(help)).tell(terminal);
    true
}

/// What could not be done.
fn tell_errors(args: &CheckArgs, analysis: &Analysis, terminal: Terminal) {
    for error in &analysis.errors {
        Failure::new(error.as_str()).tell(terminal);
    }
    if is_unmatched(args, analysis) && args.files_from.is_none() {
        let paths: Vec<String> = args.paths.iter().map(|path| path.display().to_string()).collect();
        terminal.warn(&format!("no JavaScript or TypeScript file to check in {}", paths.join(", ")));
    }
}

/// Whether there was nothing to check. Where changes are asked for, there need not be any.
fn is_unmatched(args: &CheckArgs, analysis: &Analysis) -> bool {
    analysis.files.checked + analysis.files.failed == 0 && analysis.errors.is_empty() && args.changes.since().is_none()
}

fn exit(args: &CheckArgs, findings: &[Finding], analysis: &Analysis) -> Exit {
    let is_internal = |finding: &Finding| finding.rule == INTERNAL_ERROR;
    if !analysis.errors.is_empty()
        || findings.iter().any(is_internal)
        || (args.exit.error_on_unmatched && is_unmatched(args, analysis))
    {
        return Exit::Failed;
    }
    if args.exit.exit_zero || args.list_files {
        return Exit::Clean;
    }
    let is_warning = |it: &&Finding| it.severity == Severity::Warning && it.suppressed.is_none();
    let too_many = args.exit.max_warnings.is_some_and(|most| findings.iter().filter(is_warning).count() > most);
    let is_failing = |it: &Finding| fails(it, &analysis.settings[it.span.file.index()]);
    if too_many || findings.iter().any(is_failing) { Exit::Found } else { Exit::Clean }
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
