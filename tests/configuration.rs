//! Which configuration governs a file, for terminal and editor alike.

#![allow(clippy::unwrap_used, reason = "helpers of tests count as tests")]

mod support;

use leaklint::workspace::{Opening, Project};
use support::shell::{LEAKY, Shell};

const OFF: &str = "[rules]\ntimer-not-cleared = 'off'\n";
const WARNING: &str = "[rules]\ntimer-not-cleared = 'warning'\n";

/// Paths and severities of what `check` says, one line each.
fn found(shell: &Shell, args: &[&str]) -> String {
    let said = shell.run(&[&["check", "-f", "concise", "-q"], args].concat());
    assert!(said.code < 2, "{}", said.err);
    let line = |line: &str| {
        let (path, rest) = line.split_once(':').unwrap();
        format!("{path} {}", rest.split_whitespace().nth(1).unwrap_or_default().split('[').next().unwrap())
    };
    said.out.lines().map(line).collect::<Vec<_>>().join(", ")
}

#[test]
fn the_nearest_file_governs_alone() {
    let shell = Shell::new(&[
        ("leaklint.toml", WARNING),
        ("app.js", LEAKY),
        ("packages/a/leaklint.json", r#"{ "rules": { "timer-not-cleared": "info" } }"#),
        ("packages/a/src/app.js", &format!("{LEAKY}// a")),
        ("packages/b/package.json", r#"{ "name": "b", "leaklint": { "include-tests": true } }"#),
        ("packages/b/app.test.js", &format!("{LEAKY}// b")),
        ("packages/c/.leaklint.toml", "exclude = ['gen']\n"),
        ("packages/c/gen/app.js", &format!("{LEAKY}// c")),
        ("packages/d/package.json", r#"{ "name": "d" }"#),
        ("packages/d/app.js", &format!("{LEAKY}// d")),
    ]);
    let all = "app.js warning, packages/a/src/app.js info, packages/b/app.test.js error, packages/d/app.js warning";
    assert_eq!(found(&shell, &[]), all);
    let below = shell.run_in("packages/a", &["check", "-f", "concise", "-q", "src"]);
    assert!(below.out.starts_with("src/app.js:3:3: info["), "{}", below.out);
    assert_eq!(found(&shell, &["--isolated", "packages/a"]), "packages/a/src/app.js error");
    assert_eq!(found(&shell, &["--config", "leaklint.toml", "packages/a"]), "packages/a/src/app.js warning");
    let named = ["packages/c/gen/app.js", "app.js"];
    assert_eq!(found(&shell, &named), "app.js warning, packages/c/gen/app.js error");
    assert_eq!(found(&shell, &[&named[..], &["--force-exclude"]].concat()), "app.js warning");
}

#[test]
fn a_folder_is_left_out_by_what_lies_around_it() {
    let shell = Shell::new(&[
        ("leaklint.toml", "exclude = ['vendor']\n"),
        ("vendor/leaklint.toml", "exclude = []\n"),
        ("vendor/x/app.js", LEAKY),
        ("own.js", LEAKY),
    ]);
    assert_eq!(found(&shell, &["."]), "own.js error");
    assert_eq!(found(&shell, &["--force-exclude", "vendor/x/app.js", "own.js"]), "own.js error");
}

#[test]
fn files_build_on_files_and_packages() {
    let shell = Shell::new(&[
        ("leaklint.toml", "extends = ['@acme/leaklint', './strict.toml', 'plain/loose']\n"),
        ("node_modules/@acme/leaklint/package.json", r#"{ "name": "@acme/leaklint" }"#),
        ("node_modules/@acme/leaklint/leaklint.toml", "exclude = ['gen']\n[rules]\ntimer-not-cleared = 'off'\n"),
        ("node_modules/plain/package.json", r#"{ "name": "plain", "exports": { "./loose": "./x/loose.json" } }"#),
        ("node_modules/plain/x/loose.json", r#"{ "extends": "./base.jsonc" }"#),
        ("node_modules/plain/x/base.jsonc", "{ // info\n \"rules\": { \"timer-not-cleared\": \"info\" } }"),
        ("strict.toml", WARNING),
        ("gen/a.js", LEAKY),
        ("src/a.js", LEAKY),
    ]);
    assert_eq!(found(&shell, &["."]), "src/a.js info");
    let folder = shell.path().to_owned();
    let project = Project::open(&Opening { folder: folder.clone(), ..Opening::default() }).unwrap();
    let read: Vec<String> =
        project.files().iter().map(|it| it.strip_prefix(&folder).unwrap().to_string_lossy().into_owned()).collect();
    assert_eq!(
        read,
        [
            "leaklint-baseline.json",
            "leaklint.toml",
            "node_modules/@acme/leaklint/leaklint.toml",
            "node_modules/plain/x/base.jsonc",
            "node_modules/plain/x/loose.json",
            "strict.toml"
        ],
        "what an editor has to watch"
    );
}

#[test]
fn mistakes_are_told_where_they_stand() {
    for (files, place, message) in [
        (
            vec![("leaklint.toml", "extends = './a.toml'"), ("a.toml", "extends = ['./leaklint.toml']")],
            "a.toml:1:12",
            "circle: leaklint.toml -> a.toml -> leaklint.toml",
        ),
        (vec![("leaklint.toml", "extends = './none.toml'")], "leaklint.toml:1:11", "there is no file none.toml"),
        (vec![("leaklint.toml", "extends = 'none'")], "leaklint.toml:1:11", "there is no package `none`"),
        (
            vec![("leaklint.toml", "extends = './package.json'"), ("package.json", "{}")],
            "leaklint.toml:1:11",
            "package.json says nothing about leaklint",
        ),
        (
            vec![("leaklint.jsonc", "{\n  \"rules\": { \"timer-not-clear\": \"off\" }\n}")],
            "leaklint.jsonc:2:14",
            "did you mean `timer-not-cleared`?",
        ),
        (vec![("package.json", "{ \"leaklint\": { \"exlude\": [] } }")], "package.json:1:17", "did you mean `exclude`?"),
        (vec![("lib/leaklint.toml", "fail-on = 'off'"), ("lib/a.js", "")], "lib/leaklint.toml:1:11", "cannot fail on `off`"),
        (vec![("leaklint.json", "{ \"root\": tru }")], "leaklint.json:1:11", "unexpected word"),
    ] {
        let shell = Shell::new(&files);
        shell.write("app.js", LEAKY);
        let said = shell.run(&["check"]);
        assert_eq!((said.code, said.out.as_str()), (2, ""), "{files:?}: {}", said.err);
        assert!(said.err.contains(place) && said.err.contains(message), "{files:?}: {}", said.err);
    }
}

#[test]
fn a_declared_root_is_the_end_of_the_search() {
    let shell = Shell::new(&[
        ("leaklint.toml", OFF),
        (".leaklint/models/house.toml", ""),
        ("own/leaklint.toml", "root = true\n"),
        ("own/app.js", LEAKY),
        ("other/leaklint.toml", ""),
        ("other/app.js", LEAKY),
    ]);
    let open = |folder: &str| Project::open(&Opening { folder: shell.path().join(folder), ..Opening::default() }).unwrap();
    let (own, other) = (open("own"), open("other"));
    assert_eq!((own.root.as_path(), own.own.len()), (shell.path().join("own").as_path(), 0));
    assert_eq!((other.root.as_path(), other.own.len()), (shell.path(), 1));
}

#[test]
fn unsaved_configuration_counts_and_untrusted_rules_do_not() {
    let page = include_str!("../rules/timer-not-cleared.md");
    let shell = Shell::new(&[
        ("app.js", LEAKY),
        ("leaklint.toml", "[rules]\nhouse-timer = 'off'\n"),
        (".leaklint/rules/house-timer.md", page),
    ]);
    let severity = |opening: &Opening| {
        let project = Project::open(opening).unwrap();
        let checked = project.check(&project.selection).unwrap();
        checked.judged.findings.iter().find(|it| it.rule == "timer-not-cleared").map(|it| format!("{:?}", it.severity))
    };
    let mut opening = Opening { folder: shell.path().to_owned(), untrusted: true, ..Opening::default() };
    assert!(Project::open(&opening).unwrap().rulebook.rule("house-timer").is_none());
    assert_eq!(severity(&opening).as_deref(), Some("Error"));
    opening.overlays.insert("leaklint.toml".into(), WARNING.to_owned());
    assert_eq!(severity(&opening).as_deref(), Some("Warning"));
}

#[test]
fn a_flag_wins_over_the_environment() {
    let shell = Shell::new(&[("app.js", LEAKY), ("off.toml", OFF)]);
    let with = |name: &str, value: &str, args: &[&str]| shell.command(args).env(name, value).output().unwrap().status.code();
    assert_eq!(with("LEAKLINT_MIN_CONFIDENCE", "certain", &["check", "--pedantic"]), Some(1));
    assert_eq!(with("LEAKLINT_CONFIG", "off.toml", &["check"]), Some(0));
    assert_eq!(with("LEAKLINT_CONFIG", "off.toml", &["check", "--isolated"]), Some(1));
}
