//! Findings as results: the story is a code flow, and its steps are related locations.

use super::log::{
    ArtifactLocation, CodeFlow, Fingerprints, Location, LogicalLocation, Message, PhysicalLocation, Region, ResultProperties,
    RunResult, Suppression, ThreadFlow, ThreadFlowLocation,
};
use super::rules::sarif_level;
use crate::finding::{Evidence, Finding, Role, Step, Suppressed, Verdict};
use crate::report::evidence::ledger;
use crate::report::json::json_evidence;
use crate::report::style::harmless;
use crate::report::summary::confidence_word;
use crate::report::text::{file_uri, normal, sentence, uri};
use crate::report::{Report, places};
use crate::text::Span;
use std::cmp::Reverse;

/// What relative URIs are relative to.
pub(super) const ROOT: &str = "%SRCROOT%";

/// Results that code scanning takes of a run.
const RESULTS: usize = 25_000;
/// Locations that it takes of a result, the primary one included.
const LOCATIONS: usize = 1_000;

/// The results of a run, and how many were left out: suppressed ones first, then the mildest.
pub(super) fn results<'a>(report: &Report<'a>, rule_index: &dyn Fn(&str) -> Option<usize>) -> (Vec<RunResult<'a>>, usize) {
    let mut kept: Vec<(usize, &Finding)> = report.findings.iter().enumerate().collect();
    let cut = kept.len().saturating_sub(RESULTS);
    if cut > 0 {
        kept.sort_by_key(|(at, it)| (it.suppressed.is_some(), Reverse(it.severity), Reverse(it.confidence), *at));
        kept.truncate(RESULTS);
        kept.sort_by_key(|(at, _)| *at);
    }
    // The standard wants the state of all results or of none.
    let is_compared = report.findings.iter().any(is_known);
    let results = kept.into_iter().map(|(_, finding)| result(report, finding, rule_index(&finding.rule), is_compared));
    (results.collect(), cut)
}

fn is_known(finding: &Finding) -> bool {
    finding.suppressed.as_ref().is_some_and(|it| it.kind == "baseline")
}

fn result<'a>(report: &Report<'a>, finding: &'a Finding, rule_index: Option<usize>, is_compared: bool) -> RunResult<'a> {
    let steps = || finding.story.iter().take(LOCATIONS - 1);
    let related = |(n, step): (usize, &Step)| Location { id: Some(n + 1), ..step_location(report, step) };
    let logical = (!finding.scope.is_empty()).then_some(LogicalLocation { fully_qualified_name: &finding.scope });
    let place = Location {
        id: None,
        physical_location: place(report, finding.span),
        message: None,
        logical_locations: logical.into_iter().collect(),
    };
    let state = if is_known(finding) { "unchanged" } else { "new" };
    RunResult {
        rule_id: &finding.rule,
        rule_index,
        level: sarif_level(finding.severity),
        message: Message { text: message(finding) },
        locations: [place],
        related_locations: steps().enumerate().map(related).collect(),
        code_flows: code_flow(report, steps()).into_iter().collect(),
        partial_fingerprints: Fingerprints { leaklint: &finding.fingerprint },
        baseline_state: is_compared.then_some(state),
        suppressions: finding.suppressed.iter().map(suppression).collect(),
        properties: ResultProperties {
            confidence: confidence_word(finding.confidence),
            evidence: finding.evidence.as_ref().map(json_evidence),
        },
    }
}

/// What leaks, what a heap said of it, what to do.
fn message(finding: &Finding) -> String {
    let is_seen = |it: &&Evidence| matches!(it.verdict, Verdict::Confirmed | Verdict::Accumulated);
    let seen = finding.evidence.as_ref().filter(is_seen).map(|it| format!("{} by a heap: {}", it.verdict.text(), ledger(it)));
    let clauses = [Some(finding.message.clone()), seen, Some(finding.help.clone())];
    clauses.into_iter().flatten().filter(|it| !it.is_empty()).map(|it| sentence(&it)).collect::<Vec<_>>().join(" ")
}

fn suppression(suppressed: &Suppressed) -> Suppression<'_> {
    let kind = if suppressed.kind == "comment" { "inSource" } else { "external" };
    let said = match suppressed.kind {
        "config" => Some("set off by the configuration"),
        "baseline" => Some("accepted in the baseline"),
        _ => None,
    };
    Suppression { kind, status: "accepted", justification: suppressed.reason.as_deref().or(said) }
}

fn code_flow<'a>(report: &Report<'_>, steps: impl Iterator<Item = &'a Step>) -> Option<CodeFlow<'a>> {
    let locations: Vec<_> =
        steps.map(|step| ThreadFlowLocation { location: step_location(report, step), kinds: [role_word(step.role)] }).collect();
    (!locations.is_empty()).then_some(CodeFlow { thread_flows: [ThreadFlow { locations }] })
}

fn role_word(role: Role) -> &'static str {
    match role {
        Role::Acquired => "acquired",
        Role::Recurs => "recurs",
        Role::Held => "held",
        Role::Released => "released",
        Role::Expected => "expected",
    }
}

fn step_location<'a>(report: &Report<'_>, step: &Step) -> Location<'a> {
    let message = Some(Message { text: harmless(&step.message).into_owned() });
    Location { id: None, physical_location: place(report, step.span), message, logical_locations: Vec::new() }
}

/// A span of a file.
pub(super) fn place(report: &Report<'_>, span: Span) -> PhysicalLocation {
    let (start, end) = places::range(report, span);
    PhysicalLocation {
        artifact_location: artifact(report, places::path(report, span)),
        region: Region { start_line: start.line, start_column: start.column, end_line: end.line, end_column: end.column },
    }
}

/// Relative to the working directory; a file outside it has no relative URI.
fn artifact(report: &Report<'_>, path: &str) -> ArtifactLocation {
    let path = normal(path);
    let is_outside = path.starts_with("../") || path.starts_with('/') || path.get(1..2) == Some(":");
    if !is_outside {
        return ArtifactLocation { uri: uri(&path), uri_base_id: Some(ROOT) };
    }
    let whole = report.origin.folder.join(&path);
    ArtifactLocation { uri: file_uri(&normal(&whole.to_string_lossy().replace('\\', "/"))), uri_base_id: None }
}
