//! SARIF 2.1.0: one run, for code scanning and whoever else reads it.
//!
//! Suppressed findings are results with a suppression, as the standard has it.

mod log;
mod results;
mod rules;

use super::json::json_unexplained;
use super::text::{file_uri, sentence};
use super::{Report, experiment};
use crate::finding::Finding;
use crate::workspace::{INTERNAL_ERROR, PARSE_ERROR};
use log::{
    ArtifactLocation, AutomationDetails, Descriptor, Driver, Invocation, Location, Log, Message, Notification, Run,
    RunProperties, Tool,
};
use rules::sarif_level;
use std::collections::BTreeMap;
use std::io::{self, Write};

pub(super) fn render(report: Report<'_>, out: &mut dyn Write) -> io::Result<()> {
    let log = Log { schema: "https://json.schemastore.org/sarif-2.1.0.json", version: "2.1.0", runs: [run(&report)] };
    serde_json::to_writer(&mut *out, &log)?;
    out.write_all(b"\n")
}

fn run<'a>(report: &Report<'a>) -> Run<'a> {
    let rules = rules::rules(report.origin.rulebook);
    let index = |id: &str| rules.binary_search_by(|rule| rule.id.cmp(id)).ok();
    let (results, cut) = results::results(report, &index);
    let folder = report.origin.folder.to_string_lossy();
    let root = ArtifactLocation { uri: format!("{}/", file_uri(folder.trim_end_matches(['/', '\\']))), uri_base_id: None };
    let properties = report.proof.as_ref().map(|proof| RunProperties {
        unexplained: proof.unexplained.iter().map(json_unexplained).collect(),
        experiment: proof.experiment.map(experiment::json_without_command),
    });
    Run {
        automation_details: report.origin.category.map(automation),
        invocations: [invocation(report, cut)],
        column_kind: "utf16CodeUnits",
        original_uri_base_ids: BTreeMap::from([(results::ROOT, root)]),
        results,
        properties,
        tool: Tool {
            driver: Driver {
                name: env!("CARGO_PKG_NAME"),
                version: env!("CARGO_PKG_VERSION"),
                semantic_version: env!("CARGO_PKG_VERSION"),
                information_uri: env!("CARGO_PKG_REPOSITORY"),
                rules,
            },
        },
    }
}

/// Code scanning takes what stands before the last slash for the category.
fn automation(category: &str) -> AutomationDetails {
    AutomationDetails { id: format!("{}/", category.trim_end_matches('/')) }
}

/// What could not be read, or not be told.
fn invocation<'a>(report: &Report<'a>, cut: usize) -> Invocation<'a> {
    let unread = |it: &&Finding| matches!(it.rule.as_str(), PARSE_ERROR | INTERNAL_ERROR);
    let mut notifications: Vec<Notification<'_>> = report.errors.iter().map(|it| plain("error", it)).collect();
    notifications.extend(report.findings.iter().filter(unread).map(|it| about_file(report, it)));
    if cut > 0 {
        let kept = report.findings.len() - cut;
        notifications.push(plain("warning", &format!("{cut} findings were left out, the mildest: {kept} fit into a run")));
    }
    notifications.extend(report.notes.iter().map(|it| plain("note", it)));
    let is_internal = report.findings.iter().any(|it| it.rule == INTERNAL_ERROR);
    Invocation { execution_successful: report.errors.is_empty() && !is_internal, tool_execution_notifications: notifications }
}

fn plain<'a>(level: &'static str, text: &str) -> Notification<'a> {
    Notification { level, message: Message { text: sentence(text) }, descriptor: None, locations: Vec::new() }
}

fn about_file<'a>(report: &Report<'a>, finding: &'a Finding) -> Notification<'a> {
    let place = Location {
        id: None,
        physical_location: results::place(report, finding.span),
        message: None,
        logical_locations: Vec::new(),
    };
    Notification {
        level: sarif_level(finding.severity),
        message: Message { text: sentence(&finding.message) },
        descriptor: Some(Descriptor { id: &finding.rule }),
        locations: vec![place],
    }
}
