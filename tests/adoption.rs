//! What helps a project to take leaklint up: comments that it writes, files that it starts, answers about itself.

#![allow(clippy::unwrap_used, reason = "helpers of tests count as tests")]

mod support;

use std::fs;
use support::shell::{LEAKY, Shell};

/// A server that renders with JSX.
const JSX: &str = "const app = require('express')();\napp.get('/', (req, res) => {\n  const page = (\n    <main>\n      <Feed every={setInterval(() => res.write('x'), 1000)} />\n    </main>\n  );\n  res.send(page);\n});\napp.listen(80);\n";

#[test]
fn comments_are_written_where_they_hold() {
    let shell =
        Shell::new(&[("a.js", &LEAKY.replace('\n', "\r\n")), ("b.js", &format!("\u{FEFF}// b\n{LEAKY}")), ("c.jsx", JSX)]);
    shell.write("clean.js", "f();\n");
    #[cfg(unix)]
    fs::set_permissions(shell.path().join("a.js"), std::os::unix::fs::PermissionsExt::from_mode(0o755)).unwrap();
    let said = shell.run(&["check", "--suppress", "--reason", "lives as long as the process"]);
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    assert!(said.err.contains("3 comments written to 3 files"), "{}", said.err);
    assert!(said.out.contains("3 findings suppressed"), "{}", said.out);
    let comment = "leaklint-disable-next-line timer-not-cleared -- lives as long as the process";
    assert!(shell.read("a.js").contains(&format!("{{\r\n  // {comment}\r\n  setInterval")), "{}", shell.read("a.js"));
    assert!(!shell.read("a.js").replace("\r\n", "").contains('\n'));
    assert!(shell.read("b.js").starts_with("\u{FEFF}// b\n"));
    assert!(shell.read("c.jsx").contains(&format!("<main>\n      {{/* {comment} */}}\n      <Feed")), "{}", shell.read("c.jsx"));
    #[cfg(unix)]
    {
        let mode = std::os::unix::fs::PermissionsExt::mode(&fs::metadata(shell.path().join("a.js")).unwrap().permissions());
        assert_eq!(mode & 0o777, 0o755);
    }
    let names = fs::read_dir(shell.path()).unwrap().count();
    assert_eq!(names, 4, "nothing is left beside them");
    let said = shell.run(&["check", "--suppress", "--reason", "again"]);
    assert!(said.err.contains("0 comments written to 0 files"), "{}", said.err);
}

#[test]
fn what_cannot_be_written_is_told() {
    let shell = Shell::new(&[("a.js", LEAKY)]);
    let utf16: Vec<u8> =
        [0xFEFF].into_iter().chain(format!("// wide\n{LEAKY}").encode_utf16()).flat_map(u16::to_le_bytes).collect();
    shell.write("wide.js", utf16);
    let said = shell.run(&["check", "--suppress=timer-not-cleared", "--reason", "why"]);
    assert_eq!(said.code, 2);
    assert!(said.err.contains("wide.js: no comment is written: it is not UTF-8"), "{}", said.err);
    assert!(shell.read("a.js").contains("disable-next-line"));
    for (args, message) in [
        (&["--suppress"][..], "--reason <TEXT>"),
        (&["--suppress", "--reason", " "], "no reason that a comment can hold"),
        (&["--suppress", "--reason", "a */ b"], "no reason that a comment can hold"),
        (&["--suppress=timer", "--reason", "why"], "unknown rule `timer`"),
        (&["--suppress", "--reason", "why", "--staged"], "cannot be used with"),
        (&["--suppress", "--reason", "why", "-"], "standard input has no file"),
    ] {
        let said = shell.run(&[&["check"], args].concat());
        assert_eq!(said.code, 2, "{args:?}");
        assert!(said.err.contains(message), "{args:?}: {}", said.err);
    }
}

#[test]
fn deep_nesting_is_no_obstacle() {
    let deep = format!("const deep = {}{};\n", "[\n".repeat(3900), "]\n".repeat(3900));
    let shell = Shell::new(&[("a.js", &format!("{deep}{LEAKY}"))]);
    let said = shell.run(&["check", "--suppress", "--reason", "why"]);
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    assert!(said.err.contains("1 comment written to 1 file"), "{}", said.err);
}

#[cfg(unix)]
#[test]
fn a_link_stays_a_link() {
    let shell = Shell::new(&[("real/a.js", LEAKY)]);
    std::os::unix::fs::symlink("real/a.js", shell.path().join("link.js")).unwrap();
    let said = shell.run(&["check", "--suppress", "--reason", "why", "link.js"]);
    assert_eq!(said.code, 0, "{}{}", said.out, said.err);
    assert!(fs::symlink_metadata(shell.path().join("link.js")).unwrap().is_symlink());
    assert!(shell.read("real/a.js").contains("disable-next-line"));
}

#[test]
fn a_configuration_is_started_and_never_overwritten() {
    let shell = Shell::new(&[("a.js", LEAKY)]);
    assert_eq!(shell.run(&["init"]).code, 0);
    assert_eq!(shell.run(&["check"]).code, 1, "what it starts says nothing yet");
    let text = shell.read("leaklint.toml");
    let said = shell.run(&["init", "--json"]);
    assert_eq!((said.code, shell.read("leaklint.toml")), (2, text));
    assert!(said.err.contains("there is leaklint.toml already"), "{}", said.err);
    let shell = Shell::new(&[("package.json", "{ \"name\": \"x\" }")]);
    assert_eq!(shell.run(&["init", "--json"]).code, 0);
    assert_eq!(shell.run(&["config", "show"]).code, 0);
    assert!(shell.read("leaklint.jsonc").contains("\"$schema\""));
    let shell = Shell::new(&[("package.json", "{ \"leaklint\": {} }")]);
    assert_eq!(shell.run(&["init"]).code, 2);
}

#[test]
fn values_are_shown_with_their_origin() {
    let shell = Shell::new(&[
        ("base.toml", "min-confidence = 'certain'\n"),
        (
            "pkg/leaklint.toml",
            "extends = '../base.toml'\n[rules]\ntimer-not-cleared = 'info'\n[[overrides]]\nfiles = ['b.js']\nrules = { timer-not-cleared = 'off' }\n",
        ),
    ]);
    let row = |file: &str, key: &str| {
        let said = shell.run(&["config", "show", file]);
        assert_eq!(said.code, 0, "{}", said.err);
        let line = said.out.lines().find(|it| it.starts_with(key)).unwrap().to_owned();
        line.split_whitespace().skip(1).collect::<Vec<_>>().join(" ")
    };
    assert_eq!(row("pkg/a.js", "min-confidence"), "certain base.toml:1");
    assert_eq!(row("pkg/a.js", "rules.timer-not-cleared"), "info pkg/leaklint.toml:3");
    assert_eq!(row("pkg/b.js", "rules.timer-not-cleared"), "off pkg/leaklint.toml:6");
    assert_eq!(row("a.js", "rules.timer-not-cleared"), "error default");
    let said = shell.run(&["config", "show", "pkg/a.js", "-f", "json"]);
    let value: serde_json::Value = serde_json::from_str(&said.out).unwrap();
    assert_eq!(value["files"], serde_json::json!(["base.toml", "pkg/leaklint.toml"]));
    shell.write("pkg/leaklint.toml", "exlude = []\n");
    assert_eq!(shell.run(&["config", "show", "pkg/a.js"]).code, 2);
}

#[test]
fn the_schema_is_fresh_and_knows_every_key() {
    let shell = Shell::new(&[("leaklint.json", "{ \"unknown\": 1 }")]);
    let text = shell.run(&["config", "schema"]).out;
    let path = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("npm/leaklint/configuration_schema.json");
    if std::env::var_os("UPDATE_EXPECT").is_some_and(|it| it == "1") {
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(&path, &text).unwrap();
    }
    let kept = fs::read_to_string(&path).unwrap_or_default();
    assert!(kept == text, "the schema is stale: UPDATE_EXPECT=1 cargo test --test adoption");
    let schema: serde_json::Value = serde_json::from_str(&text).unwrap();
    let said = shell.run(&["check"]);
    // "unknown field `unknown`, expected one of `a`, `b`", over several lines of a frame.
    let known = said.err.split("leaklint.json").next().unwrap().split_once("expected one of").unwrap().1;
    let mut known: Vec<&str> = known.split('`').skip(1).step_by(2).collect();
    known.sort_unstable();
    let mut keys: Vec<&str> = schema["properties"].as_object().unwrap().keys().map(String::as_str).collect();
    keys.sort_unstable();
    assert_eq!(known, keys);
    assert!(!text.contains("null"), "no key may be null");
    assert!(schema["properties"]["rules"]["properties"]["timer-not-cleared"]["description"].is_string());
}

#[test]
fn it_is_told_why_a_file_is_not_checked() {
    let shell = Shell::new(&[
        (".gitignore", "# ours\nvendor/\n"),
        ("leaklint.toml", "exclude = ['*.gen.js']\nmax-file-size = 300\n"),
        ("a.js", "f();\n"),
        ("a.test.js", "f();\n"),
        ("x/b.gen.js", "f();\n"),
        ("vendor/x/c.js", "f();\n"),
        ("node_modules/d/d.js", "f();\n"),
        (".e/e.js", "f();\n"),
        ("f.min.js", "f();\n"),
        ("types.d.ts", ""),
        ("README.md", ""),
        ("large.js", &"f();\n".repeat(100)),
        ("dist/g.js", "f();\n//# sourceMappingURL=g.js.map\n"),
        ("dist/g.js.map", "{}"),
        ("made.js", "// @generated\nf();\n"),
        ("flow.js", "/* @flow */ type A = {| a: ?B |}; (x: any);\n"),
    ]);
    for (file, answer) in [
        ("a.js", "is checked"),
        ("a.test.js", "--include-tests"),
        ("x/b.gen.js", "`exclude` has `*.gen.js` (leaklint.toml)"),
        ("vendor/x/c.js", "vendor is left out by .gitignore:2: vendor/"),
        ("node_modules/d/d.js", "node_modules never holds"),
        (".e/e.js", ".e has a name that starts with a dot"),
        ("f.min.js", "minified files are left out (--include-generated"),
        ("types.d.ts", "a declaration file has no code"),
        ("README.md", "not a JavaScript or TypeScript"),
        ("large.js", "files over the size limit"),
        ("dist/g.js", "dist holds the output of a build"),
        ("made.js", "generated files are left out"),
        ("flow.js", "Flow"),
    ] {
        let said = shell.run(&["why-ignored", file]);
        assert_eq!(said.code, 0, "{file}: {}", said.err);
        assert!(said.out.starts_with(&format!("{file}: ")) && said.out.contains(answer), "{file}: {}", said.out);
        // The answer is that of the run itself.
        let listed = shell.run(&["check", "--list-files"]).out.lines().any(|it| it == file);
        assert_eq!(listed, answer == "is checked", "{file}");
    }
    assert_eq!(shell.run(&["why-ignored", "none.js"]).code, 2);
}

#[test]
fn the_doctor_finds_what_is_wrong() {
    let shell = Shell::repository(&[("leaklint.toml", ""), (".leaklint/models/m.toml", "")]);
    let said = shell.run(&["doctor"]);
    assert_eq!(said.code, 0, "{}", said.out);
    for word in
        ["configuration    leaklint.toml", "own rules        .leaklint/models/m.toml", "git version", "language server  answers"]
    {
        assert!(said.out.contains(word), "{word}: {}", said.out);
    }
    shell.write("leaklint.json", "{}");
    let said = shell.run(&["doctor"]);
    assert_eq!(said.code, 1);
    assert!(said.out.contains("wrong: leaklint.json is not read: leaklint.toml wins"), "{}", said.out);
    shell.write("leaklint.toml", "rules = 3\n");
    let said = shell.run(&["doctor"]);
    assert_eq!(said.code, 1);
    assert!(said.out.contains("wrong: leaklint.toml:1: invalid type"), "{}", said.out);
    let said = support::shell::Said::from(shell.command(&["doctor"]).env("PATH", "").output().unwrap());
    assert!(said.out.contains("not found; --staged"), "{}", said.out);
}

#[test]
fn completions_and_manual_pages() {
    let shell = Shell::new(&[]);
    for (name, word) in [
        ("bash", "complete -F"),
        ("zsh", "#compdef leaklint"),
        ("fish", "complete -c leaklint"),
        ("powershell", "Register-ArgumentCompleter"),
    ] {
        let said = shell.run(&["completions", name]);
        assert!(said.code == 0 && said.out.contains(word) && said.out.contains("files-from"), "{name}");
    }
    assert_eq!(shell.run(&["completions", "tcsh"]).code, 2);
    let bash = shell.run(&["completions", "bash"]).out;
    shell.write(
        "complete.bash",
        format!(
            "{bash}\nCOMP_WORDS=(leaklint base) COMP_CWORD=1\n_leaklint leaklint base leaklint\necho \"${{COMPREPLY[@]}}\"\n"
        ),
    );
    let said = std::process::Command::new("bash").arg(shell.path().join("complete.bash")).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&said.stdout).trim(), "baseline");
    for (args, title) in [(&["man"][..], ".TH leaklint 1"), (&["man", "check"], ".TH leaklint-check 1")] {
        let said = shell.run(args);
        assert!(said.code == 0 && said.out.contains(title) && said.out.contains(".SH OPTIONS"), "{args:?}");
    }
    assert_eq!(shell.run(&["man", "chekc"]).code, 2);
}
