//! What stands below a report: totals, statistics.

use super::Report;
use super::style::{Style, harmless};
use crate::finding::{Confidence, HOUSE_RULES, Severity, Verdict};
use crate::workspace::Files;
use std::collections::BTreeMap;
use std::fmt::Write;

/// The word for a severity.
pub(super) fn severity_word(severity: Severity) -> &'static str {
    match severity {
        Severity::Info => "info",
        Severity::Warning => "warning",
        Severity::Error => "error",
    }
}

/// The word for a confidence.
pub(super) fn confidence_word(confidence: Confidence) -> &'static str {
    match confidence {
        Confidence::Suspect => "suspect",
        Confidence::Likely => "likely",
        Confidence::Certain => "certain",
    }
}

/// The totals of a run, a few lines.
pub fn summary(report: &Report<'_>, style: Style) -> String {
    let mut text = String::new();
    for note in report.notes {
        let _ = writeln!(text, "note: {}", harmless(note));
    }
    let shown = || report.findings.iter().filter(|it| it.suppressed.is_none());
    let _ = writeln!(text, "{}; {}", style.bold(&totals(report)), files(report.files));
    let suppressed = report.findings.len() - shown().count();
    if suppressed > 0 {
        let _ = writeln!(text, "{} suppressed", counted(suppressed, "finding"));
    }
    if report.hidden > 0 {
        let _ = writeln!(text, "{} hidden, --pedantic shows them", counted(report.hidden, "suspect"));
    }
    // Those that speak of the run itself explain themselves.
    let has_page = |rule: &&str| !HOUSE_RULES.iter().any(|it| it.id == *rule);
    let mut rules: Vec<&str> = shown().map(|it| it.rule.as_str()).filter(has_page).collect();
    rules.sort_unstable();
    rules.dedup();
    match rules[..] {
        [] => {}
        [rule] => {
            let _ = writeln!(text, "{} tells why this leaks and what to do", style.code(&format!("leaklint explain {rule}")));
        }
        _ => {
            let command = style.code("leaklint explain RULE");
            let _ = writeln!(text, "{command} tells why it leaks and what to do: {}", rules.join(", "));
        }
    }
    text
}

/// How many of each severity: `2 errors, 1 warning`.
pub(super) fn totals(report: &Report<'_>) -> String {
    let shown = || report.findings.iter().filter(|it| it.suppressed.is_none());
    let of = |severity| shown().filter(|it| it.severity == severity).count();
    let counts = [(Severity::Error, "error"), (Severity::Warning, "warning"), (Severity::Info, "info")];
    let found: Vec<String> =
        counts.iter().map(|&(severity, word)| (of(severity), word)).filter(|it| it.0 > 0).map(|it| counted(it.0, it.1)).collect();
    let found = if found.is_empty() { "no leaks found".to_owned() } else { found.join(", ") };
    match &report.proof {
        Some(proof) => proved(report, proof.unexplained.len(), &found),
        None => found,
    }
}

/// The totals with what a heap said: `2 errors: 1 confirmed, 1 contradicted`.
fn proved(report: &Report<'_>, unexplained: usize, found: &str) -> String {
    let mut verdicts: BTreeMap<Verdict, usize> = BTreeMap::new();
    let shown = report.findings.iter().filter(|it| it.suppressed.is_none());
    for evidence in shown.filter_map(|it| it.evidence.as_ref()) {
        *verdicts.entry(evidence.verdict).or_default() += 1;
    }
    let verdicts: Vec<String> = verdicts.into_iter().map(|(verdict, count)| format!("{count} {}", verdict.text())).collect();
    let more = (unexplained > 0).then(|| format!("{} unexplained", counted(unexplained, "growth")));
    match (verdicts.is_empty(), more) {
        (true, None) => found.to_owned(),
        (true, Some(more)) => format!("no findings, {more}"),
        (false, more) => {
            [Some(format!("{found}: {}", verdicts.join(", "))), more].into_iter().flatten().collect::<Vec<_>>().join("; ")
        }
    }
}

/// How often each rule was reported, most often first.
pub fn statistics(report: &Report<'_>) -> String {
    let mut counts: BTreeMap<&str, (usize, Severity)> = BTreeMap::new();
    for finding in report.findings.iter().filter(|it| it.suppressed.is_none()) {
        let count = counts.entry(&finding.rule).or_insert((0, finding.severity));
        *count = (count.0 + 1, count.1.max(finding.severity));
    }
    let mut rows: Vec<(&str, (usize, Severity))> = counts.into_iter().collect();
    rows.sort_by_key(|&(rule, (count, _))| (std::cmp::Reverse(count), rule));
    let mut text = String::new();
    for (rule, (count, severity)) in rows {
        let _ = writeln!(text, "{count:>6}  {:<7}  {rule}", severity_word(severity));
    }
    text
}

/// How many files, and why some were left out.
pub(super) fn files(files: &Files) -> String {
    let mut text = format!("{} checked", counted(files.checked, "file"));
    if files.skipped_total() > 0 {
        let reasons: Vec<String> = files
            .skipped
            .iter()
            .map(|(skip, count)| match skip.words() {
                (what, Some(flag)) => format!("{what}: {count}, see {flag}"),
                (what, None) => format!("{what}: {count}"),
            })
            .collect();
        let _ = write!(text, ", {} skipped ({})", files.skipped_total(), reasons.join("; "));
    }
    if files.failed > 0 {
        let _ = write!(text, ", {} failed", files.failed);
    }
    text
}

/// A number and what it counts.
pub(super) fn counted(n: usize, what: &str) -> String {
    match (n, what) {
        (1, _) | (_, "info") => format!("{n} {what}"),
        _ => format!("{n} {what}s"),
    }
}
