//! The rules, told by their pages.

use super::log::{Configuration, Help, Message, Rule, RuleProperties};
use crate::finding::{HOUSE_RULES, HouseRule, Severity};
use crate::report::page::page;
use crate::report::style::Style;
use crate::report::text::sentence;
use crate::report::url;
use crate::rulebook::{self, Rulebook};

/// Sections that are left out of the help: examples are long, and the page is a click away.
const EXAMPLES: [&str; 2] = ["## Leaks", "## Does not leak"];

/// All rules, those without a page included, sorted by id.
pub(super) fn rules(rulebook: &Rulebook) -> Vec<Rule<'_>> {
    let mut rules: Vec<Rule<'_>> = rulebook.rules.iter().map(paged).chain(HOUSE_RULES.iter().map(house)).collect();
    rules.sort_by_key(|rule| rule.id);
    rules
}

fn paged(rule: &rulebook::Rule) -> Rule<'_> {
    let level = match rule.severity.as_str() {
        "error" => Severity::Error,
        "warning" => Severity::Warning,
        _ => Severity::Info,
    };
    let address = url(&rule.id);
    let mut markdown = without_examples(&rule.body);
    let text = page(&markdown, Style::PLAIN);
    if address.starts_with("https:") {
        markdown.push_str(&format!("\n[Examples]({address})\n"));
    }
    Rule {
        id: &rule.id,
        name: name(&rule.id),
        short_description: Message { text: sentence(&rule.summary) },
        full_description: Message { text: introduction(&rule.body).unwrap_or_else(|| sentence(&rule.summary)) },
        help: Help { text, markdown },
        help_uri: Some(address).filter(|it| it.starts_with("https:")),
        default_configuration: Configuration { enabled: rule.default, level: sarif_level(level) },
        properties: RuleProperties {
            tags: &["memory-leak", "reliability"],
            precision: if rule.default { "high" } else { "medium" },
            severity: problem_severity(level),
        },
    }
}

fn house(rule: &HouseRule) -> Rule<'_> {
    let address = url(rule.id);
    // One that leads to an example says nothing alone.
    let paragraph = rule.page.split("\n\n").next().filter(|it| !it.ends_with(':'));
    Rule {
        id: rule.id,
        name: name(rule.id),
        short_description: Message { text: sentence(rule.summary) },
        full_description: Message { text: paragraph.map_or_else(|| sentence(rule.summary), str::to_owned) },
        help: Help { text: page(rule.page, Style::PLAIN), markdown: rule.page.to_owned() },
        help_uri: Some(address),
        default_configuration: Configuration { enabled: true, level: sarif_level(rule.severity) },
        properties: RuleProperties {
            tags: &["maintainability"],
            precision: "very-high",
            severity: problem_severity(rule.severity),
        },
    }
}

/// The word for a severity in SARIF.
pub(super) fn sarif_level(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "note",
    }
}

/// The word for a severity in code scanning.
fn problem_severity(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Info => "recommendation",
    }
}

/// `timer-not-cleared` as `TimerNotCleared`: names of rules have no hyphens in SARIF.
fn name(id: &str) -> String {
    let word = |word: &str| {
        let mut letters = word.chars();
        letters.next().into_iter().flat_map(char::to_uppercase).chain(letters).collect::<String>()
    };
    id.split('-').map(word).collect()
}

/// The first paragraph below the title, on one line.
fn introduction(body: &str) -> Option<String> {
    let paragraph = body.split("\n\n").map(str::trim).find(|it| !it.is_empty() && !it.starts_with('#'))?;
    Some(paragraph.split_whitespace().collect::<Vec<_>>().join(" "))
}

/// A page without the sections that are examples.
fn without_examples(body: &str) -> String {
    let mut text = String::with_capacity(2_000);
    let (mut in_fence, mut in_examples) = (false, false);
    for line in body.trim().lines() {
        if line.starts_with("```") {
            in_fence = !in_fence;
        } else if !in_fence && line.starts_with("## ") {
            in_examples = EXAMPLES.contains(&line.trim_end());
        }
        if !in_examples {
            text.push_str(line);
            text.push('\n');
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn help_has_no_examples() {
        let body =
            "# A\n\nOne\ntwo.\n\n## Why it leaks\n\nBecause.\n\n## Leaks\n\n```js\n## no heading\n```\n\n## Remedy\n\nDo.\n";
        assert_eq!(without_examples(body), "# A\n\nOne\ntwo.\n\n## Why it leaks\n\nBecause.\n\n## Remedy\n\nDo.\n");
        assert_eq!(introduction(body).as_deref(), Some("One two."));
        assert_eq!(introduction("# A\n"), None);
        assert_eq!(name("timer-not-cleared"), "TimerNotCleared");
    }
}
