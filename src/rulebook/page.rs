//! Rule pages: one Markdown file per rule, front matter in TOML between `+++` lines.

use super::index::Models;

/// A rule: its page, parsed.
#[derive(Clone, Debug)]
pub struct Rule {
    /// The stem of the page.
    pub id: String,
    /// One line: lower case, without a full stop.
    pub summary: String,
    /// The check that finds it.
    pub check: String,
    /// The resources that the check looks for on behalf of this rule.
    pub resource: Vec<String>,
    /// Default severity: `error`, `warning` or `info`.
    pub severity: String,
    /// What to do about it: one clause, used as the help of a finding.
    pub help: String,
    /// Since which version.
    pub since: String,
    /// Enabled by default.
    pub default: bool,
    /// The page below the front matter.
    pub body: String,
    /// Fences under *Leaks* and *Does not leak*.
    pub examples: Vec<Example>,
}

/// A small project of a page.
#[derive(Clone, Debug)]
pub struct Example {
    /// Stands under *Leaks*.
    pub leaks: bool,
    /// Line of the page where it starts, from 1.
    pub line: usize,
    /// Its files.
    pub files: Vec<ExampleFile>,
}

/// A file of an example.
#[derive(Clone, Debug)]
pub struct ExampleFile {
    /// Its name.
    pub path: String,
    /// Its text, caret lines blanked out of it.
    pub text: String,
    /// Carets: line (from 1), first column (from 1), length, message.
    pub carets: Vec<(usize, usize, usize, String)>,
}

/// All rules and models.
#[derive(Debug, Default)]
pub struct Rulebook {
    /// Rules, sorted by id.
    pub rules: Vec<Rule>,
    /// Models.
    pub models: Models,
}

impl Rulebook {
    /// The rule with this id.
    pub fn rule(&self, id: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.id == id)
    }

    /// The rule that reports `resource` for `check`.
    pub fn rule_for(&self, check: &str, resource: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.check == check && rule.resource.iter().any(|it| it == resource))
    }
}
