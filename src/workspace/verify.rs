//! Whether the examples of a rule's page do what the page says of them.

use crate::finding::Confidence;
use crate::rulebook::{Caret, Example, ExampleFile, Rule, Rulebook};

use super::run::run_in_memory;

/// A finding of default confidence in an example.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Seen {
    /// The file of the example.
    pub path: String,
    /// The rule.
    pub rule: String,
    /// What it says.
    pub message: String,
    /// Its line, from 1.
    pub line: usize,
    /// Its column in characters, from 1.
    pub column: usize,
    /// Columns on the first line.
    pub length: usize,
}

/// What an example gave.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Verified {
    /// Its findings.
    pub seen: Vec<Seen>,
    /// What it expects and does not get, or gets and does not expect: a line of the page, from 1, and a clause.
    pub complaints: Vec<(usize, String)>,
}

/// Checks an example of a rule's page as the small project that it is.
pub fn verify(rulebook: &Rulebook, rule: &Rule, example: &Example) -> Verified {
    let seen = lint(rulebook, example);
    let mut left: Vec<&Seen> = seen.iter().collect();
    let mut complaints = Vec::new();
    for file in &example.files {
        for caret in &file.carets {
            match left.iter().position(|it| it.path == file.path && fits(rule, caret, it)) {
                Some(at) => drop(left.remove(at)),
                None => {
                    let id = caret.rule.as_ref().unwrap_or(&rule.id);
                    let message = if caret.message.is_empty() { String::new() } else { format!(": {}", caret.message) };
                    complaints.push((file.line + caret.own_line - 1, format!("missing: {id}{message}")));
                }
            }
        }
    }
    let start = |path: &str| example.files.iter().find(|it: &&ExampleFile| it.path == path).map_or(example.line, |it| it.line);
    complaints.extend(left.iter().map(|it| (start(&it.path) + it.line - 1, format!("unexpected: {}: {}", it.rule, it.message))));
    complaints.sort();
    Verified { complaints, seen }
}

fn lint(rulebook: &Rulebook, example: &Example) -> Vec<Seen> {
    let files: Vec<(String, String)> = example.files.iter().map(|file| (file.path.clone(), file.text.clone())).collect();
    let analysis = run_in_memory(&files, rulebook);
    let shown = analysis.findings.iter().filter(|finding| finding.confidence >= Confidence::Likely);
    shown
        .filter_map(|finding| {
            let text = analysis.texts.get(finding.span.file)?;
            let start = text.location(finding.span.start);
            let first_line = text.slice(finding.span).lines().next().unwrap_or("").chars().count();
            Some(Seen {
                path: text.path.trim_start_matches('/').to_owned(),
                rule: finding.rule.clone(),
                message: finding.message.clone(),
                line: start.line as usize,
                column: start.column as usize,
                length: first_line.max(1),
            })
        })
        .collect()
}

/// Whether a finding is what a caret asserts.
fn fits(rule: &Rule, caret: &Caret, seen: &Seen) -> bool {
    seen.rule == *caret.rule.as_ref().unwrap_or(&rule.id)
        && seen.line == caret.line
        && seen.column <= caret.column
        && caret.column + caret.length <= seen.column + seen.length
        && seen.message.contains(&caret.message)
}
