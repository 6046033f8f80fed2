//! `leaklint verify`.

use super::Exit;
use super::args::VerifyArgs;
use super::failure::Failure;
use super::output::to_stdout;
use super::project;
use super::terminal::Terminal;
use crate::finding::rule_ids;
use crate::rulebook::{Rule, Rulebook, Trouble};
use crate::workspace;

pub(super) fn verify(args: &VerifyArgs, terminal: Terminal) -> Result<Exit, Failure> {
    let project = project::here(terminal)?;
    let rulebook = &*project.rulebook;
    let pages = chosen(args, rulebook)?;
    if pages.is_empty() {
        let help = "`leaklint verify --all` runs the examples of the built-in pages".to_owned();
        return Err(Failure::Said("there is no page in .leaklint/rules, here or above".to_owned(), Some(help)));
    }
    let mut complaints = Vec::new();
    let mut examples = 0;
    for rule in &pages {
        examples += page(rulebook, rule, &mut complaints)?;
    }
    let ending = match complaints.len() {
        0 => "all do what their pages say".to_owned(),
        1 => "1 complaint".to_owned(),
        n => format!("{n} complaints"),
    };
    to_stdout(|out| {
        for (path, line, complaint) in &complaints {
            writeln!(out, "{path}:{line}: {complaint}")?;
        }
        if terminal.quiet {
            return Ok(());
        }
        writeln!(out, "{}, {}: {ending}", counted(pages.len(), "page"), counted(examples, "example"))
    })?;
    Ok(if complaints.is_empty() { Exit::Clean } else { Exit::Found })
}

/// The pages that are asked for.
fn chosen<'a>(args: &VerifyArgs, rulebook: &'a Rulebook) -> Result<Vec<&'a Rule>, Failure> {
    if let Some(unknown) = args.rules.iter().find(|it| rulebook.rule(it).is_none()) {
        return Err(Failure::unknown_rule(unknown, &rule_ids(rulebook)));
    }
    let is_chosen = |rule: &&Rule| match args.rules.is_empty() {
        true => args.all || !Rulebook::is_builtin(&rule.id),
        false => args.rules.contains(&rule.id),
    };
    Ok(rulebook.rules.iter().filter(is_chosen).collect())
}

/// Runs the examples of a page; gives their number.
fn page(rulebook: &Rulebook, rule: &Rule, complaints: &mut Vec<(String, usize, String)>) -> Result<usize, Failure> {
    let examples = rule.examples().map_err(|trouble: Trouble| Failure::Rules(vec![trouble]))?;
    let mut complain = |line: usize, text: String| complaints.push((rule.path.clone(), line, text));
    for (leaks, heading) in [(true, "Leaks"), (false, "Does not leak")] {
        if !examples.iter().any(|it| it.leaks == leaks) {
            complain(1, format!("there is no example under `## {heading}`"));
        }
    }
    for example in &examples {
        let asserts = example.files.iter().any(|file| !file.carets.is_empty());
        if example.leaks != asserts {
            let (heading, what) =
                if example.leaks { ("Leaks", "points at its leak with carets") } else { ("Does not leak", "has no carets") };
            complain(example.line, format!("an example under `## {heading}` {what}"));
        }
        for (line, text) in workspace::verify(rulebook, rule, example).complaints {
            complain(line, text);
        }
    }
    Ok(examples.len())
}

fn counted(n: usize, what: &str) -> String {
    if n == 1 { format!("1 {what}") } else { format!("{n} {what}s") }
}
