//! Files that could not be checked, as findings.

use crate::finding::{Confidence, Finding, Severity};
use crate::text::{FileId, Span};

use super::read::Problem;

/// The rule id of a file that does not parse.
pub const PARSE_ERROR: &str = "parse-error";
/// The rule id of a file that we failed over.
pub const INTERNAL_ERROR: &str = "internal-error";

/// The finding that tells of a problem.
pub(super) fn finding(file: FileId, problem: Problem) -> Finding {
    let (rule, severity, message, help) = if problem.is_internal {
        let message = format!("leaklint failed on this file, which is a bug in leaklint: {}", problem.message);
        (INTERNAL_ERROR, Severity::Error, message, "please report it; the other files were checked")
    } else {
        let message = format!("cannot parse this file: {}", lower_case(&problem.message));
        (PARSE_ERROR, Severity::Warning, message, "it was not checked; the other files were")
    };
    Finding {
        rule: rule.to_owned(),
        severity,
        confidence: Confidence::Certain,
        message,
        help: help.to_owned(),
        span: Span::new(file, problem.start, problem.end),
        scope: String::new(),
        story: Vec::new(),
        fingerprint: String::new(),
        suppressed: None,
        trace: crate::finding::Trace::default(),
        evidence: None,
    }
}

/// A message in the house style: it starts small unless it starts with a name, and has no full stop.
fn lower_case(message: &str) -> String {
    let message = message.trim().trim_end_matches('.');
    let mut characters = message.chars();
    match (characters.next(), characters.clone().next()) {
        (Some(first), Some(second)) if second.is_lowercase() || second == ' ' => first.to_lowercase().chain(characters).collect(),
        _ => message.to_owned(),
    }
}
