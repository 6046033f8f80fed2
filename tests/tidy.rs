//! The house is in order: who imports whom, how long things are, what stands where.
//!
//! `UPDATE_EXPECT=1` rewrites what the README shows: the table of rules and an output.

#![allow(clippy::unwrap_used, reason = "helpers of tests count as tests")]

use leaklint::finding::HOUSE_RULES;
use leaklint::rulebook::Rulebook;
use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::fs;
use std::path::Path;

/// The modules in the order of the pipeline, those that are still to come included.
const PIPELINE: &[&str] = &[
    "text",
    "config",
    "rulebook",
    "syntax",
    "facts",
    "program",
    "finding",
    "checks",
    "heap",
    "trend",
    "confirm",
    "capture",
    "prove",
    "workspace",
    "report",
    "lsp",
    "cli",
];

/// Imports that the order would allow and the design does not.
const BANS: &[(&str, &[&str])] = &[
    ("heap", PIPELINE),
    ("trend", PIPELINE),
    ("capture", &["finding", "checks", "program"]),
    ("lsp", &["syntax", "program", "checks", "heap"]),
    ("cli", &["syntax", "program", "checks", "heap"]),
];

/// What only some modules may say: the words, and who may.
const WORDS: &[(&[&str], &[&str])] = &[
    (&["swc_"], &["syntax", "facts"]),
    (&["println!", "print!(", "eprint!(", "io::stdout", "io::stderr"], &["report", "lsp", "cli", "main"]),
    (&["serde_json::to_", "serde_json::json!"], &["report", "lsp", "cli", "capture"]),
    (&["fs::", "File::open", ".read_dir()", ".is_file()", ".canonicalize()"], &["workspace", "capture", "prove", "lsp", "cli"]),
    (&[".unwrap()", "todo!(", "unimplemented!(", "dbg!("], &[]),
];

/// Lines of a file.
const FILE_BUDGET: usize = 500;

/// Lines of a function, its signature included.
const FUNCTION_BUDGET: usize = 60;

/// What is still over its budget, a file or a function of one. This list only shrinks.
const OVER_BUDGET: &[&str] = &["src/checks/key.rs: keys_deep", "src/checks/unreleased.rs: judge", "src/program/value.rs"];

/// Around the table of rules in the README.
const MARKS: [&str; 2] = ["<!-- rules: made by `UPDATE_EXPECT=1 cargo test --test tidy` -->\n", "<!-- end of rules -->"];

/// What belongs to one machine, in two parts, so that this file may name it.
const MACHINES: &[(&str, &str)] = &[
    ("/wo", "rk/"),
    ("/ro", "ot/"),
    ("/home", "/runner"),
    ("/Us", "ers/"),
    ("registry.npm", "js.org"),
    ("index.crates", ".io"),
    ("static.crates", ".io"),
    ("pypi", ".org"),
];

/// A text file of the repository.
struct Text {
    /// Path below the root, with `/`.
    path: String,
    text: String,
}

impl Text {
    /// The top-level module that a file of `src` belongs to.
    fn module(&self) -> &str {
        let below = self.path.strip_prefix("src/").unwrap_or(&self.path);
        below.split('/').next().unwrap_or(below).trim_end_matches(".rs")
    }

    /// Whether all of it is compiled for tests only.
    fn is_test(&self) -> bool {
        self.path.contains("/tests/") || self.path.ends_with("tests.rs")
    }

    /// What is compiled into the program: comments and literals blanked, unit tests cut off.
    fn code(&self) -> String {
        let code = blanked(&self.text);
        let end = code.find("#[cfg(test)]\nmod tests {").unwrap_or(code.len());
        if self.is_test() { String::new() } else { code[..end].to_owned() }
    }
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every text file below a folder that git would keep.
fn texts(folder: &str) -> Vec<Text> {
    let walk = ignore::WalkBuilder::new(root().join(folder)).hidden(false).require_git(false).parents(false).build();
    let mut texts: Vec<Text> = walk
        .filter_map(Result::ok)
        .filter(|entry| entry.file_type().is_some_and(|it| it.is_file()))
        .filter_map(|entry| {
            let path = entry.path().strip_prefix(root()).unwrap().to_string_lossy().replace('\\', "/");
            let text = fs::read_to_string(entry.path()).ok()?;
            Some(Text { path, text })
        })
        .filter(|it| it.path != ".git" && !it.path.starts_with(".git/") && !it.path.starts_with("target/"))
        .collect();
    texts.sort_by(|a, b| a.path.cmp(&b.path));
    assert!(!texts.is_empty(), "nothing in {folder}");
    texts
}

fn sources() -> Vec<Text> {
    texts("src").into_iter().filter(|it| it.path.ends_with(".rs")).collect()
}

/// Rust with comments and the insides of literals turned into blanks; lines stay where they are.
fn blanked(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let length = opaque(rest, out.chars().next_back());
        if length == 0 {
            out.push(first);
            rest = &rest[first.len_utf8()..];
            continue;
        }
        out.extend(rest[..length].chars().map(|it| if it == '\n' { '\n' } else { ' ' }));
        rest = &rest[length..];
    }
    out
}

/// The bytes of the comment or literal that a text starts with, 0 if it starts with none.
fn opaque(text: &str, before: Option<char>) -> usize {
    let until = |from: usize, end: &str| text[from..].find(end).map_or(text.len(), |at| from + at + end.len());
    let in_word = before.is_some_and(|it| it.is_alphanumeric() || it == '_');
    if text.starts_with("//") {
        return text.find('\n').unwrap_or(text.len());
    }
    if text.starts_with("/*") {
        return until(2, "*/");
    }
    let raw = text.strip_prefix('r').map(|it| it.bytes().take_while(|b| *b == b'#').count());
    if let Some(hashes) = raw.filter(|it| !in_word && text[1 + it..].starts_with('"')) {
        return until(2 + hashes, &format!("\"{}", "#".repeat(hashes)));
    }
    match text.as_bytes()[0] {
        b'"' => closing(text, '"'),
        // A lifetime has no second quote where a character would have it.
        b'\'' if text[1..].starts_with('\\') || text.chars().nth(2) == Some('\'') => closing(text, '\''),
        _ => 0,
    }
}

/// Behind the quote that ends what starts with one.
fn closing(text: &str, quote: char) -> usize {
    let mut escaped = false;
    for (at, c) in text.char_indices().skip(1) {
        if c == quote && !escaped {
            return at + 1;
        }
        escaped = c == '\\' && !escaped;
    }
    text.len()
}

/// The modules that a file names with `crate::`.
fn imports(code: &str) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    for (at, _) in code.match_indices("crate::") {
        let rest = &code[at + "crate::".len()..];
        let group = rest.strip_prefix('{').and_then(|it| it.split_once("};")).map_or(rest, |it| it.0);
        let several = rest.starts_with('{');
        let mut depth = 0;
        for part in group.split_inclusive([',', '{', '}']) {
            let name: String = part.trim_start().chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
            if depth == 0 && !name.is_empty() {
                names.insert(name);
            }
            depth += part.matches('{').count() as i32 - part.matches('}').count() as i32;
            if !several {
                break;
            }
        }
    }
    names
}

/// Functions of some code: name and number of lines.
fn functions(code: &str) -> Vec<(String, usize)> {
    let mut found = Vec::new();
    for (at, _) in code.match_indices("fn ") {
        let starts = code[..at].chars().next_back().is_none_or(|it| it.is_whitespace());
        let name: String = code[at + 3..].chars().take_while(|c| c.is_alphanumeric() || *c == '_').collect();
        let Some(open) = code[at..].find(['{', ';']).filter(|_| starts && !name.is_empty()) else { continue };
        let mut depth = 0;
        let end = code[at + open..].char_indices().find(|(_, c)| {
            depth += i32::from(*c == '{') - i32::from(*c == '}');
            depth == 0
        });
        let Some((length, _)) = end else { continue };
        let lines = code[at..at + open + length].matches('\n').count() + 1;
        found.push((name, lines));
    }
    found
}

#[test]
fn modules_stand_in_the_order_of_the_pipeline() {
    let lib = fs::read_to_string(root().join("src/lib.rs")).unwrap();
    let modules: Vec<&str> = lib.lines().filter_map(|it| it.strip_prefix("pub mod ")?.strip_suffix(';')).collect();
    let expected: Vec<&str> = PIPELINE.iter().copied().filter(|it| modules.contains(it)).collect();
    assert_eq!(modules, expected, "the `mod` lines of lib.rs");
    let readme = fs::read_to_string(root().join("README.md")).unwrap();
    for module in modules {
        assert!(readme.contains(&format!("  {module}/ ")), "the map in the README lacks src/{module}");
    }
}

#[test]
fn no_module_imports_what_it_must_not_know() {
    let mut out = String::new();
    let place = |name: &str| PIPELINE.iter().position(|it| *it == name);
    for file in sources() {
        let Some(own) = place(file.module()) else { continue };
        let banned = BANS.iter().find(|it| it.0 == file.module()).map_or(&[][..], |it| it.1);
        for name in imports(&file.code()) {
            let below = place(&name).is_some_and(|it| it > own);
            if below || (banned.contains(&name.as_str()) && name != file.module()) {
                let _ = writeln!(out, "{} imports {name}", file.path);
            }
        }
    }
    assert!(out.is_empty(), "\n{out}");
}

#[test]
fn words_stand_only_where_they_may() {
    let mut out = String::new();
    for file in sources() {
        let code = file.code();
        for (words, may) in WORDS.iter().filter(|it| !it.1.contains(&file.module())) {
            for (number, line) in code.lines().enumerate() {
                if let Some(word) = words.iter().find(|it| says(line, it)) {
                    let _ = writeln!(out, "{}:{}: `{word}`, which only {may:?} may say", file.path, number + 1);
                }
            }
        }
    }
    assert!(out.is_empty(), "\n{out}");
}

/// Whether a line has a word that is not the end of a longer one.
fn says(line: &str, word: &str) -> bool {
    let starts = word.starts_with(|c: char| c.is_alphanumeric());
    let longer = |at: usize| line[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_');
    line.match_indices(word).any(|(at, _)| !starts || !longer(at))
}

#[test]
fn no_public_field_has_a_type_of_swc() {
    let mut out = String::new();
    for file in sources() {
        let code = file.code();
        let imported = code.split("use swc_").skip(1).filter_map(|it| it.split_once(';')).map(|it| it.0);
        let names: BTreeSet<&str> = imported
            .flat_map(|it| it.split(|c: char| !(c.is_alphanumeric() || c == '_')))
            .filter(|it| it.starts_with(char::is_uppercase))
            .collect();
        for (number, line) in code.lines().enumerate() {
            let Some((_, ty)) = line.trim_start().strip_prefix("pub ").and_then(|it| it.split_once(": ")) else { continue };
            let mut words = ty.split(|c: char| !(c.is_alphanumeric() || c == '_'));
            let is_field = line.starts_with(' ') && !line.contains("fn ");
            if is_field && words.any(|it| names.contains(it) || it.starts_with("swc_")) {
                let _ = writeln!(out, "{}:{}: {}", file.path, number + 1, line.trim());
            }
        }
    }
    assert!(out.is_empty(), "\n{out}");
}

#[test]
fn files_and_functions_keep_to_their_budgets() {
    let mut over = Vec::new();
    let mut out = String::new();
    for file in sources() {
        let lines = file.text.lines().count();
        if lines > FILE_BUDGET {
            over.push((file.path.clone(), lines));
        }
        for (name, lines) in functions(&file.code()) {
            if lines > FUNCTION_BUDGET {
                over.push((format!("{}: {name}", file.path), lines));
            }
        }
    }
    for (what, lines) in over.iter().filter(|it| !OVER_BUDGET.contains(&it.0.as_str())) {
        let _ = writeln!(out, "{what} has {lines} lines");
    }
    for what in OVER_BUDGET.iter().filter(|it| !over.iter().any(|(other, _)| other == **it)) {
        let _ = writeln!(out, "{what} keeps to its budget: take it off the list");
    }
    assert!(out.is_empty(), "\n{out}");
}

#[test]
fn every_file_says_what_it_is() {
    let rust = texts("").into_iter().filter(|it| it.path.ends_with(".rs") && !it.path.starts_with("fixtures/"));
    let bare: Vec<String> = rust.filter(|it| !it.text.starts_with("//! ")).map(|it| it.path).collect();
    assert!(bare.is_empty(), "no `//!` on top: {bare:#?}");
}

#[test]
fn checks_and_pages_know_each_other() {
    let mut out = String::new();
    let page = fs::read_to_string(root().join("src/rulebook/page.rs")).unwrap();
    let list = page.split_once("const CHECKS").and_then(|it| it.1.split_once("];")).unwrap().0;
    let checks: Vec<&str> = list.split('"').skip(1).step_by(2).collect();
    let rules = &Rulebook::builtin().rules;
    let sources = texts("src/checks");
    for check in checks {
        if !rules.iter().any(|it| it.check == check) {
            let _ = writeln!(out, "no page uses the check `{check}`");
        }
        let (name, file) = (format!("\"{check}\""), format!("src/checks/{}.rs", check.replace('-', "_")));
        if !sources.iter().any(|it| it.path == file || it.text.contains(&name)) {
            let _ = writeln!(out, "src/checks has no check `{check}`");
        }
    }
    let pages = rules.iter().map(|it| (it.id.as_str(), it.summary.as_str()));
    for (id, summary) in pages.chain(HOUSE_RULES.iter().map(|it| (it.id, it.summary))) {
        if summary.is_empty() || summary.ends_with('.') || summary.starts_with(char::is_uppercase) {
            let _ = writeln!(out, "{id}: a summary is lower case without a full stop, not `{summary}`");
        }
    }
    assert!(out.is_empty(), "\n{out}");
}

#[test]
fn the_readme_is_fresh() {
    let path = root().join("README.md");
    let text = fs::read_to_string(&path).unwrap();
    let (before, rest) = text.split_once(MARKS[0]).expect("the first mark");
    let (_, after) = rest.split_once(MARKS[1]).expect("the second mark");
    let expected = [before, MARKS[0], &Rulebook::builtin().table(), MARKS[1], after].concat();
    let (before, rest) = expected.split_once("```text\n$ leaklint check\n").expect("a terminal output");
    let (_, after) = rest.split_once("```\n").expect("its end");
    let example = before.split_once("```js\n").and_then(|it| it.1.split_once("```")).expect("an example").0;
    let expected = [before, "```text\n$ leaklint check\n", &output(example), "```\n", after].concat();
    if std::env::var_os("UPDATE_EXPECT").is_some_and(|it| it == "1") {
        fs::write(&path, expected).unwrap();
    } else {
        assert!(text == expected, "the README is stale: UPDATE_EXPECT=1 cargo test --test tidy\n{expected}");
    }
}

/// What `leaklint check` prints in a folder that has one file.
fn output(text: &str) -> String {
    let folder = std::env::temp_dir().join(format!("leaklint-tidy-{}", std::process::id()));
    fs::create_dir_all(folder.join("src")).unwrap();
    fs::write(folder.join("src/feed.js"), text).unwrap();
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_leaklint"));
    for (name, _) in std::env::vars().filter(|it| it.0.starts_with("LEAKLINT_")) {
        command.env_remove(name);
    }
    for name in ["COLUMNS", "FORCE_COLOR", "CLICOLOR_FORCE", "LC_ALL", "LC_CTYPE", "LANG", "GITHUB_ACTIONS"] {
        command.env_remove(name);
    }
    let output = command.args(["check", "--isolated"]).current_dir(&folder).output().unwrap();
    fs::remove_dir_all(&folder).unwrap();
    String::from_utf8(output.stdout).unwrap().lines().map(|it| format!("{}\n", it.trim_end())).collect()
}

#[test]
fn texts_are_clean_and_of_no_machine() {
    let mut out = String::new();
    let is_data = |path: &str| path.starts_with("fixtures/") || path.ends_with("lock") || path.contains("package-lock");
    for file in texts("").iter().filter(|it| !is_data(&it.path)) {
        if !file.text.is_empty() && !file.text.ends_with('\n') {
            let _ = writeln!(out, "{}: no line end at its end", file.path);
        }
        for (number, line) in file.text.lines().enumerate() {
            let mut complain = |what: &str| {
                let _ = writeln!(out, "{}:{}: {what}", file.path, number + 1);
            };
            // The licence is kept letter by letter.
            if line.contains('\t') && file.path != "LICENSE-APACHE" {
                complain("a tab");
            }
            // The frames that a test expects have lines of a number and a space.
            if line.ends_with([' ', '\t', '\r']) && file.path != "tests/report.rs" {
                complain("space at the end of the line");
            }
            for (first, second) in MACHINES {
                if line.contains(&[*first, *second].concat()) {
                    complain(&format!("`{first}{second}` belongs to one machine"));
                }
            }
        }
    }
    assert!(out.is_empty(), "\n{out}");
}
