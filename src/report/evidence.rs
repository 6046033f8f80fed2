//! What a heap showed of a finding, for people: the verdict, the ledger line, who holds it, the path to it.

use super::style::{Style, harmless};
use crate::finding::{Evidence, Verdict};
use std::fmt::Write;

/// The lines under a finding.
pub(super) fn lines(evidence: &Evidence, style: Style) -> String {
    let mut text = String::new();
    let word = evidence.verdict.text();
    let word = if evidence.verdict == Verdict::Confirmed { style.red(word) } else { style.bold(word) };
    let _ = write!(text, "  {word}: {}", ledger(evidence));
    if !evidence.reason.is_empty() {
        let _ = write!(text, " ({})", harmless(&evidence.reason));
    }
    text.push('\n');
    // Of what did not run only what is there all the same has a holder.
    let is_held = evidence.verdict != Verdict::NotExercised || !evidence.path.is_empty();
    if is_held && !evidence.holder.is_empty() {
        let _ = writeln!(text, "  held by {}", harmless(&evidence.holder));
    }
    for (n, step) in evidence.path.iter().enumerate() {
        let _ = writeln!(text, "  {:indent$}{}", "", harmless(step), indent = 2 + n.min(12));
    }
    text
}

/// `executed 600, released 0; alive 5, 205, 405, 605; 7.4 KB each`
pub(super) fn ledger(evidence: &Evidence) -> String {
    let mut parts = Vec::new();
    let known: Option<Vec<u64>> = evidence.executed.iter().copied().collect();
    let executed = known.filter(|it| !it.is_empty()).map(|it| it.iter().sum::<u64>());
    if evidence.verdict == Verdict::NotExercised {
        let what = if executed.is_some() { "nothing that was sent ran this code" } else { "nothing that was sent made one" };
        parts.push(what.to_owned());
    } else if let Some(executed) = executed {
        let grown = match evidence.alive[..] {
            [first, .., last] => last.saturating_sub(first),
            _ => 0,
        };
        let released = format!(", released {}", executed.saturating_sub(grown));
        parts.push(format!("executed {executed}{}", if evidence.alive.is_empty() { "" } else { &released }));
    } else if evidence.alive.len() > 1 && evidence.reason.is_empty() {
        parts.push("executions unknown".to_owned());
    }
    let is_there = evidence.alive.iter().any(|it| *it > 0);
    if !evidence.alive.is_empty() && (is_there || evidence.verdict != Verdict::NotExercised) {
        let alive: Vec<String> = evidence.alive.iter().map(u64::to_string).collect();
        parts.push(format!("alive {}", alive.join(", ")));
    }
    match evidence.bytes_per_execution {
        Some(each) => parts.push(format!("{} each", bytes(each))),
        None if evidence.verdict == Verdict::NotExercised && !is_there => {}
        None => parts.extend(evidence.retained_bytes.last().filter(|it| **it > 0).map(|it| format!("{} retained", bytes(*it)))),
    }
    if parts.is_empty() { "not found in the heap".to_owned() } else { parts.join("; ") }
}

/// A size for people: `7.4 KB`, in powers of 1,000.
pub(super) fn bytes(size: u64) -> String {
    match size {
        0..1_000 => format!("{size} B"),
        1_000..1_000_000 => format!("{:.1} KB", size as f64 / 1e3),
        1_000_000..1_000_000_000 => format!("{:.1} MB", size as f64 / 1e6),
        _ => format!("{:.1} GB", size as f64 / 1e9),
    }
}

/// A size that may be negative.
pub(super) fn signed(size: i64) -> String {
    let sign = if size < 0 { "-" } else { "" };
    format!("{sign}{}", bytes(size.unsigned_abs()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn evidence() -> Evidence {
        Evidence {
            verdict: Verdict::Confirmed,
            reason: String::new(),
            executed: vec![Some(200), Some(200)],
            alive: vec![5, 205, 405],
            retained_bytes: vec![37_885, 1_553_285, 3_068_685],
            bytes_per_execution: Some(7577),
            holder: "the timers".into(),
            path: vec!["timer list".into(), "Timeout".into()],
        }
    }

    #[test]
    fn the_ledger_is_one_line() {
        assert_eq!(ledger(&evidence()), "executed 400, released 0; alive 5, 205, 405; 7.6 KB each");
        let unknown = Evidence { executed: vec![None, None], bytes_per_execution: None, ..evidence() };
        assert_eq!(ledger(&unknown), "executions unknown; alive 5, 205, 405; 3.1 MB retained");
        let one = Evidence {
            executed: Vec::new(),
            alive: vec![18_402],
            retained_bytes: vec![900],
            bytes_per_execution: None,
            ..evidence()
        };
        assert_eq!(ledger(&one), "alive 18402; 900 B retained");
    }

    #[test]
    fn the_path_is_indented() {
        let text = lines(&evidence(), Style::PLAIN);
        assert_eq!(
            text,
            "  confirmed: executed 400, released 0; alive 5, 205, 405; 7.6 KB each\n  held by the timers\n    timer list\n     Timeout\n"
        );
    }
}
