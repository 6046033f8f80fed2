//! What the facts of small files look like, printed compactly.

mod classes;
mod depth;
mod directives;
mod functions;
mod invariants;
mod modules;
mod print;
mod regions;
mod scopes;
mod values;

use expect_test::Expect;

use crate::facts::Facts;

/// Facts of a text, as a file of that name.
fn facts_of(path: &str, text: &str) -> Facts {
    let tree = crate::syntax::parse(path, text).unwrap_or_else(|error| panic!("{error:?} in {text}"));
    let facts = super::extract(&tree, text);
    invariants::check(path, text, &facts);
    facts
}

/// Compares one section of a TypeScript file's facts.
fn check(section: fn(&Facts) -> String, text: &str, expected: Expect) {
    expected.assert_eq(&section(&facts_of("x.ts", text)));
}

/// Compares one section of a JavaScript file's facts.
fn check_js(section: fn(&Facts) -> String, text: &str, expected: Expect) {
    expected.assert_eq(&section(&facts_of("x.js", text)));
}
