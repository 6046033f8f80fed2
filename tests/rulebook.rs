//! The rulebook is true: every page is complete, and its examples do what it says of them.
//!
//! A failure prints the example with the carets that it got; `UPDATE_EXPECT=1` writes them into the page.

use leaklint::rulebook::{Example, ExampleFile, Rule, Rulebook};
use leaklint::workspace::{Seen, verify};
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

#[test]
fn names_in_models_are_defined() {
    if let Err(troubles) = Rulebook::extended(&[], &[]) {
        panic!("{}", troubles.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n"));
    }
}

#[test]
fn pages_are_complete() {
    let mut out = String::new();
    for rule in &Rulebook::builtin().rules {
        let examples = rule.examples().unwrap_or_else(|trouble| panic!("{trouble}"));
        let mut omissions = rule.omissions();
        for (leaks, heading) in [(true, "Leaks"), (false, "Does not leak")] {
            if !examples.iter().any(|it| it.leaks == leaks) {
                omissions.push(format!("an example under `## {heading}`"));
            }
        }
        if !rule.id.contains('-') || rule.id.starts_with("no-") {
            omissions.push("an id of a noun and a fact about it".to_owned());
        }
        for example in examples {
            let carets = example.files.iter().map(|file| file.carets.len()).sum::<usize>();
            match (example.leaks, carets) {
                (true, 0) => omissions.push(format!("a caret in the example of line {}", example.line)),
                (false, 1..) => omissions.push(format!("an example without carets at line {}", example.line)),
                _ => {}
            }
        }
        for omission in omissions {
            let _ = writeln!(out, "{} lacks {omission}", rule.path);
        }
    }
    assert!(out.is_empty(), "\n{out}");
}

#[test]
fn examples_do_what_their_page_says() {
    let update = std::env::var_os("UPDATE_EXPECT").is_some_and(|it| it == "1");
    let mut out = String::new();
    for rule in &Rulebook::builtin().rules {
        let mut edits = Vec::new();
        for example in rule.examples().unwrap_or_else(|trouble| panic!("{trouble}")) {
            let verified = verify(Rulebook::builtin(), rule, &example);
            let found = verified.seen;
            if verified.complaints.is_empty() {
                // A caret without a message asserts less than it could.
                let carets = example.files.iter().flat_map(|file| &file.carets);
                if update && carets.into_iter().any(|it| it.message.is_empty()) {
                    edits.push((example, found));
                }
                continue;
            }
            let complaints: Vec<String> = verified.complaints.iter().map(|(line, it)| format!("  {line}: {it}")).collect();
            let _ =
                writeln!(out, "{}:{}:\n{}\n{}", rule.path, example.line, complaints.join("\n"), drawn(rule, &example, &found));
            edits.push((example, found));
        }
        if update && !edits.is_empty() {
            rewrite(rule, &edits);
        }
    }
    assert!(out.is_empty() || update, "\n{out}");
}

/// An example as it would stand in its page with the carets that it got.
fn drawn(rule: &Rule, example: &Example, found: &[Seen]) -> String {
    let mut out = String::new();
    for file in &example.files {
        let _ = writeln!(out, "  `{}`:", file.path);
        let carets: Vec<usize> = file.carets.iter().map(|it| it.own_line).collect();
        for (index, line) in file.text.lines().enumerate() {
            if !carets.contains(&(index + 1)) {
                let _ = writeln!(out, "  | {line}");
            }
            for line in caret_lines(rule, file, found, index + 1) {
                let _ = writeln!(out, "  | {line}");
            }
        }
    }
    out
}

/// The caret lines that belong below a line of a file.
fn caret_lines(rule: &Rule, file: &ExampleFile, found: &[Seen], line: usize) -> Vec<String> {
    let mark = if file.path.contains("Dockerfile") { "#" } else { "//" };
    found
        .iter()
        .filter(|it| it.path == file.path && it.line == line)
        .map(|it| {
            let prefix = if it.rule == rule.id { String::new() } else { format!("{}: ", it.rule) };
            // The mark takes the first columns, so carets start behind it.
            let start = it.column.max(mark.len() + 1);
            let length = (it.column + it.length).saturating_sub(start).max(1);
            format!("{mark}{}{} {prefix}{}", " ".repeat(start - mark.len() - 1), "^".repeat(length), it.message)
        })
        .collect()
}

/// Writes the carets of some examples into their page.
fn rewrite(rule: &Rule, edits: &[(Example, Vec<Seen>)]) {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(&rule.path);
    let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", rule.path));
    let mut out = String::new();
    for (index, line) in text.lines().enumerate() {
        let number = index + 1;
        let place = edits.iter().find_map(|(example, found)| {
            let file = example.files.iter().find(|it| (it.line..it.line + it.text.lines().count()).contains(&number))?;
            Some((file, found))
        });
        let Some((file, found)) = place else {
            let _ = writeln!(out, "{line}");
            continue;
        };
        let own = number - file.line + 1;
        if !file.carets.iter().any(|it| it.own_line == own) {
            let _ = writeln!(out, "{line}");
        }
        for line in caret_lines(rule, file, found, own) {
            let _ = writeln!(out, "{line}");
        }
    }
    fs::write(&path, out).unwrap_or_else(|error| panic!("{}: {error}", rule.path));
}
