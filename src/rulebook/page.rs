//! Rule pages: one Markdown file per rule, front matter in TOML between `+++` lines.

use super::example::{self, Example};
use super::trouble::{Trouble, closest};
use serde::Deserialize;

/// The checks that pages may name.
const CHECKS: &[&str] = &[
    "unreleased",
    "unremovable",
    "unbounded",
    "overcaptured",
    "unsafe-default",
    "whole-read",
    "backpressure",
    "production-mode",
    "exposed",
    "limit-off",
    "by-property",
    "unsettled",
    "incomplete",
    "overwritten",
    "inserting",
    "wrapped",
    "unconsumed",
    "unread-clone",
    "unpiped",
    "finalizer",
    "gives-up",
    "late",
    "context-kept",
];

/// The headings that every page has below its title, in this order.
const HEADINGS: &[&str] = &["Why it leaks", "Leaks", "Does not leak", "Remedy"];

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
    /// What a heap shows of it, as written.
    pub heap: Option<toml::Table>,
    /// The page below the front matter.
    pub body: String,
    /// The file it came from.
    pub path: String,
    /// Lines of that file above the body.
    pub skipped: usize,
}

/// Front matter.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Front {
    summary: String,
    check: String,
    #[serde(default)]
    resource: Vec<String>,
    severity: Severity,
    help: String,
    since: String,
    #[serde(default = "yes")]
    default: bool,
    heap: Option<toml::Table>,
}

/// The words for severities; the type that findings use lies above this module.
#[derive(Deserialize)]
#[serde(rename_all = "lowercase")]
enum Severity {
    Error,
    Warning,
    Info,
}

fn yes() -> bool {
    true
}

impl Rule {
    /// Parses a page. Its examples are left for later.
    ///
    /// # Errors
    /// Missing or malformed front matter, an unknown check.
    pub fn parse(path: &str, text: &str) -> Result<Rule, Trouble> {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text);
        let (front, body) = split(text).ok_or_else(|| Trouble::new(path, 1, "front matter between two `+++` lines expected"))?;
        let skipped = text[..text.len() - body.len()].matches('\n').count();
        let page: Front = toml::from_str(front).map_err(|error| Trouble::toml(path, front, 1, &error))?;
        if !CHECKS.contains(&page.check.as_str()) {
            let line = 2 + front.lines().take_while(|line| !line.starts_with("check")).count();
            let mut trouble =
                Trouble::new(path, line, format!("unknown check `{}`, expected one of {}", page.check, CHECKS.join(", ")));
            trouble.hint = closest(&page.check, CHECKS.iter().copied()).map(str::to_owned);
            return Err(trouble);
        }
        let severity = match page.severity {
            Severity::Error => "error",
            Severity::Warning => "warning",
            Severity::Info => "info",
        };
        Ok(Rule {
            id: stem(path).to_owned(),
            summary: page.summary,
            check: page.check,
            resource: page.resource,
            severity: severity.to_owned(),
            help: page.help,
            since: page.since,
            default: page.default,
            heap: page.heap,
            body: body.to_owned(),
            path: path.to_owned(),
            skipped,
        })
    }

    /// The fences under *Leaks* and *Does not leak*.
    ///
    /// # Errors
    /// A fence that does not end, a caret without a line above it.
    pub fn examples(&self) -> Result<Vec<Example>, Trouble> {
        example::parse(&self.path, &self.body, self.skipped)
    }

    /// What a page of ours must have and this one lacks.
    pub fn omissions(&self) -> Vec<String> {
        let mut missing = Vec::new();
        let mut headings = example::headings(&self.body);
        if !headings.next().is_some_and(|line| line.starts_with("# ")) {
            missing.push("a `# Title` as its first heading".to_owned());
        }
        for heading in HEADINGS {
            if !headings.any(|line| line.strip_prefix("## ") == Some(heading)) {
                missing.push(format!("`## {heading}`, in its place"));
            }
        }
        for (name, text) in [("summary", &self.summary), ("help", &self.help)] {
            if text.ends_with('.') || text.starts_with(char::is_uppercase) || text.is_empty() {
                missing.push(format!("a {name} in lower case without a full stop"));
            }
        }
        missing
    }
}

/// Front matter and body.
fn split(text: &str) -> Option<(&str, &str)> {
    let rest = text.strip_prefix("+++")?;
    let rest = &rest[rest.find('\n')? + 1..];
    let mut at = 0;
    for line in rest.split_inclusive('\n') {
        if line.trim_end() == "+++" {
            return Some((&rest[..at], &rest[at + line.len()..]));
        }
        at += line.len();
    }
    None
}

/// The name of a file without folders and extension.
pub(super) fn stem(path: &str) -> &str {
    let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
    name.strip_suffix(".md").unwrap_or(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = "+++\nsummary = \"a\"\ncheck = \"unreleased\"\nresource = [\"x\"]\nseverity = \"error\"\nhelp = \"b\"\nsince = \"0.1\"\n+++\n# A\n";

    #[test]
    fn a_page_is_parsed() {
        let rule = Rule::parse("rules/thing-kept.md", PAGE).unwrap();
        assert_eq!((rule.id.as_str(), rule.body.as_str(), rule.skipped, rule.default), ("thing-kept", "# A\n", 8, true));
    }

    #[test]
    fn mistakes_have_a_place_and_a_suggestion() {
        let of = |text: &str| Rule::parse("p.md", text).unwrap_err().to_string();
        assert_eq!(of(&PAGE.replace("summary", "sumary")).split(',').next(), Some("p.md:2:1: unknown field `sumary`"));
        assert!(of(&PAGE.replace("summary", "sumary")).ends_with("(did you mean `summary`?)"));
        assert!(of(&PAGE.replace("unreleased", "unreleasd")).starts_with("p.md:3:1: unknown check `unreleasd`"));
        assert!(of(&PAGE.replace("\"error\"", "\"eror\"")).starts_with("p.md:5:"));
        assert!(of("# A").contains("front matter"));
    }
}
