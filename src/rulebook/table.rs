//! The table of rules in the README.

use super::book::Rulebook;
use std::fmt::Write as _;

impl Rulebook {
    /// A Markdown table of all rules, links to their pages included.
    pub fn table(&self) -> String {
        let mut out = String::from("| rule | severity | what it finds |\n| --- | --- | --- |\n");
        for rule in &self.rules {
            let severity = if rule.default { rule.severity.as_str() } else { "off" };
            let _ = writeln!(out, "| [`{}`]({}) | {} | {} |", rule.id, rule.path, severity, rule.summary.replace('|', "\\|"));
        }
        out
    }
}
