//! The experiment behind a verdict: what was started, sent and measured, and what grew that no finding explains.

use super::Proof;
use super::evidence::{bytes, signed};
use super::style::{Style, harmless};
use crate::finding::{Finding, Verdict};
use crate::prove::{Experiment, LeftOut};
use serde::Serialize;
use std::fmt::Write;

/// Unexplained growth that is shown to people.
const SHOWN: usize = 10;

#[derive(Serialize)]
pub(super) struct JsonExperiment<'a> {
    command: &'a [String],
    node_version: &'a str,
    node_env: Option<&'a str>,
    rounds: u32,
    requests_per_round: u64,
    requests: u64,
    connections: u64,
    failed_requests: u64,
    routes_driven: Vec<String>,
    routes_left_out: Vec<JsonLeftOut<'a>>,
    bytes_per_request: Option<i64>,
    bytes_per_live_connection: Option<i64>,
    bytes_per_closed_connection: Option<i64>,
    notes: &'a [String],
}

#[derive(Serialize)]
struct JsonLeftOut<'a> {
    method: &'a str,
    path: &'a str,
    reason: String,
}

/// The same without the command, for reports that leave the machine: it may hold a password.
pub(super) fn json_without_command(it: &Experiment) -> JsonExperiment<'_> {
    JsonExperiment { command: &[], ..json(it) }
}

/// The twin of an experiment in JSON.
pub(super) fn json(it: &Experiment) -> JsonExperiment<'_> {
    let left_out = |it| -> JsonLeftOut<'_> {
        let it: &LeftOut = it;
        JsonLeftOut { method: &it.method, path: &it.path, reason: it.reason.text() }
    };
    JsonExperiment {
        command: &it.command,
        node_version: &it.node,
        node_env: it.node_env.as_deref(),
        rounds: it.rounds,
        requests_per_round: it.requests,
        requests: it.sent,
        connections: it.connections,
        failed_requests: it.failed,
        routes_driven: it.routes.iter().map(|it| format!("{} {}", it.method, it.path)).collect(),
        routes_left_out: it.left_out.iter().map(left_out).collect(),
        bytes_per_request: it.bytes_per_request,
        bytes_per_live_connection: it.per_connection.map(|it| it.live),
        bytes_per_closed_connection: it.per_connection.map(|it| it.closed),
        notes: &it.notes,
    }
}

/// The lines below the findings.
pub(super) fn lines(proof: &Proof<'_>, findings: &[Finding], style: Style) -> String {
    let mut text = String::new();
    unexplained(proof, style, &mut text);
    if let Some(experiment) = proof.experiment {
        let leaks = findings.iter().any(|it| it.evidence.as_ref().is_some_and(|it| it.verdict == Verdict::Confirmed));
        measured(experiment, leaks, style, &mut text);
    }
    text
}

/// Requests a second of a server with something to do.
const PACE: f64 = 50.0;

/// When a heap that grows so much per request is full.
fn end_of_heap(room: u64, each: u64) -> String {
    let hours = room as f64 / each as f64 / PACE / 3600.0;
    match hours {
        0.0..1.0 => format!("{:.0} min", (hours * 60.0).max(1.0)),
        1.0..48.0 => format!("{hours:.1} h"),
        _ => format!("{:.0} days", hours / 24.0),
    }
}

fn unexplained(proof: &Proof<'_>, style: Style, text: &mut String) {
    if proof.unexplained.is_empty() {
        return;
    }
    let _ = writeln!(text, "{}", style.bold("growth that no finding explains: alive after each round, retained in the end"));
    for it in proof.unexplained.iter().take(SHOWN) {
        let alive: Vec<String> = it.alive.iter().map(u64::to_string).collect();
        let size = it.retained_bytes.last().copied().unwrap_or_default();
        let place = if it.line > 0 { format!("{}:{}", it.path, it.line) } else { it.path.clone() };
        let _ = writeln!(text, "  {}  {}  {}  {}", harmless(&place), harmless(&it.what), alive.join(", "), bytes(size));
    }
    if proof.unexplained.len() > SHOWN {
        let _ = writeln!(text, "  and {} more", proof.unexplained.len() - SHOWN);
    }
    text.push('\n');
}

fn measured(it: &Experiment, leaks: bool, style: Style, text: &mut String) {
    // Without a command nothing was started: the heaps come from elsewhere.
    let is_own = !it.command.is_empty();
    let title = if is_own { "experiment" } else { "snapshots" };
    let env = it.node_env.as_deref().map_or_else(|| "NODE_ENV not set".to_owned(), |env| format!("NODE_ENV={}", harmless(env)));
    let node = if it.node.is_empty() { "of an unknown Node".to_owned() } else { format!("Node {}, {env}", harmless(&it.node)) };
    let _ = writeln!(text, "{} {node}", style.bold(title));
    if is_own {
        let _ = write!(text, "  {} rounds, {} requests", it.rounds, it.sent);
        if it.connections > 0 {
            let _ = write!(text, ", {} connections", it.connections);
        }
        let _ = writeln!(text, ", {} failed, {:.1} s", it.failed, it.times.total.as_secs_f64());
    } else if it.sent > 0 {
        let _ = writeln!(text, "  {} requests between the first and the last", it.sent);
    }
    for (why, count) in &it.failures {
        let _ = writeln!(text, "  {count} failed: {}", harmless(why));
    }
    let routes: Vec<String> = it.routes.iter().take(SHOWN).map(|it| format!("{} {}", it.method, it.path)).collect();
    if !routes.is_empty() {
        let more = it.routes.len().saturating_sub(SHOWN);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let _ = writeln!(text, "  driven: {}{more}", harmless(&routes.join(", ")));
    }
    left_out(&it.left_out, text);
    if let Some(each) = it.bytes_per_request.filter(|it| *it > 0) {
        let _ = write!(text, "  {} stay per request", bytes(each as u64));
        if let Some(room) = it.heap_room.filter(|_| leaks) {
            let _ = write!(text, ": at {PACE} a second the heap is full in about {}", end_of_heap(room, each as u64));
        }
        text.push('\n');
    } else if it.bytes_per_request.is_some() {
        text.push_str("  nothing stays per request\n");
    }
    if let Some(each) = it.per_connection {
        let _ = writeln!(text, "  {} per live connection, {} per closed connection", signed(each.live), signed(each.closed));
    }
    for note in &it.notes {
        let _ = writeln!(text, "  note: {}", harmless(note));
    }
    text.push('\n');
}

/// The routes that were not driven, by reason.
fn left_out(all: &[LeftOut], text: &mut String) {
    let mut reasons: Vec<String> = all.iter().map(|it| it.reason.text()).collect();
    reasons.sort();
    reasons.dedup();
    for reason in reasons {
        let with = |it: &&LeftOut| it.reason.text() == reason;
        let name = |it: &LeftOut| if it.path.is_empty() { it.method.clone() } else { format!("{} {}", it.method, it.path) };
        let routes: Vec<String> = all.iter().filter(with).take(SHOWN).map(name).collect();
        let more = all.iter().filter(with).count() - routes.len();
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        let _ = writeln!(text, "  left out: {}{more}: {}", harmless(&routes.join(", ")), harmless(&reason));
    }
}

#[cfg(test)]
mod tests {
    use super::end_of_heap;

    #[test]
    fn a_heap_is_full_some_day() {
        assert_eq!(end_of_heap(2_000_000_000, 7_577), "1.5 h");
        assert_eq!(end_of_heap(1_000_000, 1_000), "1 min");
        assert_eq!(end_of_heap(2_000_000_000, 100), "5 days");
    }
}
