//! Findings from their parts: wording, confidence, the steps of the story.

use crate::finding::{Confidence, Finding, Role, Severity, Step, Trace};
use crate::program::{FnRef, Grade, Program, Quality, Rate, Rated, SiteRef, Witness};
use crate::rulebook::{Recurrence, Rule};
use crate::text::Span;

/// `per request`, and so on.
pub(super) fn per(recurs: Recurrence) -> &'static str {
    match recurs {
        Recurrence::Request => "per request",
        Recurrence::Connection => "per connection",
        Recurrence::Message => "per message",
        Recurrence::Event => "per event",
        Recurrence::Job => "per job",
        Recurrence::Tick => "per repetition",
        Recurrence::Render => "per rendering",
        Recurrence::Call => "per call",
        Recurrence::Now | Recurrence::Once | Recurrence::Exit => "per run",
    }
}

/// The severity that a page asks for.
pub(super) fn severity(rule: &Rule) -> Severity {
    match rule.severity.as_str() {
        "error" => Severity::Error,
        "warning" => Severity::Warning,
        _ => Severity::Info,
    }
}

/// What is known of a rate, as a confidence.
pub(super) fn of_rate(rated: Rated) -> Confidence {
    match (rated.rate, rated.quality) {
        (Rate::Once | Rate::Api, _) | (Rate::Many, Quality::Inferred) => Confidence::Suspect,
        (Rate::Many, Quality::Shaped) => Confidence::Likely,
        (Rate::Many, Quality::Modelled) => Confidence::Certain,
    }
}

/// What a coverage leaves of a confidence; `None` is silence.
pub(super) fn of_grade(grade: Grade) -> Option<Confidence> {
    match grade {
        Grade::Covers | Grade::PerSlot => None,
        Grade::Unclear => Some(Confidence::Suspect),
        Grade::Partial => Some(Confidence::Likely),
        Grade::None => Some(Confidence::Certain),
    }
}

/// A step.
pub(super) fn step(role: Role, span: Span, message: impl Into<String>) -> Step {
    Step { role, message: message.into(), span }
}

/// Why a site runs again and again: the registration, and the calls from there.
pub(super) fn recurs(program: &Program<'_>, at: SiteRef, rated: Rated) -> Vec<Step> {
    let within = at.expr.within;
    let of_function = program.rate(within);
    let mut steps = Vec::new();
    match rated.witness {
        _ if of_function == Some(rated) => {
            if let Some((_, span, calls)) = program.origin(within) {
                steps.push(step(Role::Recurs, span, origin_text(program, rated)));
                let calls = calls.iter().rev().take(4);
                steps.extend(calls.map(|it| step(Role::Recurs, program.head(it.expr), "calls on the way there")));
            }
        }
        Witness::Edge(i) | Witness::Given(i, _) => {
            let site = program.edges[i as usize].site;
            steps.push(step(Role::Recurs, program.head(site.expr), origin_text(program, rated)));
        }
        Witness::Entry(i) => {
            steps.push(step(Role::Recurs, program.entries[i as usize].span, format!("runs {}", per(rated.recurs))));
        }
        Witness::Loop(_) | Witness::Start | Witness::Offered => {
            if let Some(region) = program.endless_loop(at) {
                let start = program.facts(at.expr.file()).regions[region.index()].start;
                steps.push(step(Role::Recurs, Span::new(at.expr.file(), start, start + 1), "in a loop without end"));
            }
        }
    }
    steps
}

fn origin_text(program: &Program<'_>, rated: Rated) -> String {
    let _ = program;
    match rated.rate {
        Rate::Api => "may be called again and again from outside".into(),
        _ => format!("runs {}", per(rated.recurs)),
    }
}

/// A finding without fingerprint.
pub(super) struct Draft<'p> {
    pub(super) rule: &'p Rule,
    pub(super) confidence: Confidence,
    pub(super) message: String,
    pub(super) span: Span,
    pub(super) within: FnRef,
    pub(super) story: Vec<Step>,
    pub(super) trace: Trace,
}

impl Draft<'_> {
    /// The finding.
    pub(super) fn finish(self, program: &Program<'_>) -> Finding {
        Finding {
            rule: self.rule.id.clone(),
            severity: severity(self.rule),
            confidence: self.confidence,
            message: self.message,
            help: self.rule.help.clone(),
            span: self.span,
            scope: program.scope_name(self.within),
            story: self.story,
            fingerprint: String::new(),
            suppressed: None,
            trace: self.trace,
            evidence: None,
        }
    }
}
