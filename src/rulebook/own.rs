//! What the pages of a project must leave to the built-in ones, so that each finding has one rule.

use super::page::Rule;
use super::trouble::Trouble;

/// Checks that a project's own pages may name: they look for what the models say, and for nothing else.
const OPEN: &[&str] = &["unreleased", "unsafe-default"];

/// Says where pages of a project get in the way of built-in ones, or of each other.
pub(super) fn check(builtin: &[Rule], own: &[Rule], texts: &[(String, String)], troubles: &mut Vec<Trouble>) {
    for (at, (rule, (path, text))) in own.iter().zip(texts).enumerate() {
        let others = || builtin.iter().chain(&own[..at]);
        if others().any(|it| it.id == rule.id) {
            troubles.push(Trouble::new(path, 1, format!("there is a rule `{}` already", rule.id)));
        }
        let mut complain = |word: &str, message: String| troubles.push(Trouble::at_word(path, text, word, message));
        if !OPEN.contains(&rule.check.as_str()) {
            let open = OPEN.join("` or `");
            complain(&rule.check, format!("a page of a project's own is for the check `{open}`, not for `{}`", rule.check));
        } else if rule.check == "unreleased" && rule.resource.is_empty() {
            complain("unreleased", "a page for `unreleased` names a `resource`".to_owned());
        }
        for resource in &rule.resource {
            if let Some(taken) = others().find(|it| it.check == rule.check && it.resource.contains(resource)) {
                complain(resource, format!("`{}` reports the resource `{resource}` already", taken.id));
            }
        }
    }
}
