//! `leaklint check --suppress`.

use super::args::CheckArgs;
use super::failure::Failure;
use super::output::tell;
use super::project;
use super::terminal::Terminal;
use crate::finding::{Finding, rule_ids};
use crate::workspace::{Checked, INTERNAL_ERROR, PARSE_ERROR, silence};

/// Writes comments that silence what would be reported; whether all could be written.
pub(super) fn suppress(args: &CheckArgs, rule: &str, terminal: Terminal) -> Result<bool, Failure> {
    let reason = args.reason.as_deref().unwrap_or_default().trim();
    if reason.is_empty() || reason.contains(['\n', '\r', '\u{2028}', '\u{2029}']) || reason.contains("*/") {
        let help = "one line that says why the leak is none, or is accepted".to_owned();
        return Err(Failure::Said("this is no reason that a comment can hold".to_owned(), Some(help)));
    }
    let project = project::open(&args.into(), terminal)?;
    let known = rule_ids(&project.rulebook);
    if !rule.is_empty() && !known.contains(&rule) {
        return Err(Failure::unknown_rule(rule, &known));
    }
    if !project.selection.overlays.is_empty() {
        return Err(Failure::new("standard input has no file that comments could be written to"));
    }
    let Checked { analysis, judged } = project.check(&project.selection)?;
    let can_be = |it: &Finding| match rule {
        "" => it.rule != PARSE_ERROR && it.rule != INTERNAL_ERROR && !it.rule.ends_with("-suppression"),
        rule => it.rule == rule,
    };
    let findings: Vec<&Finding> = judged.findings.iter().filter(|it| it.suppressed.is_none() && can_be(it)).collect();
    let silenced = silence(&analysis, &project.selection.cwd, &findings, reason);
    for (place, why) in &silenced.refused {
        Failure::new(format!("{place}: no comment is written: {why}")).tell(terminal);
    }
    let counted = |n: usize, what: &str| format!("{n} {what}{}", if n == 1 { "" } else { "s" });
    tell(&format!("{} written to {}", counted(silenced.comments, "comment"), counted(silenced.files, "file")));
    Ok(silenced.refused.is_empty())
}
