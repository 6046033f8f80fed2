//! Accepted findings: what they silence, how they follow edits, and when they are told to be gone.

#![allow(clippy::unwrap_used, reason = "helpers of tests count as tests")]

mod support;

use std::fs;
use support::shell::{LEAKY, Shell};

const FILE: &str = "leaklint-baseline.json";

/// Another leak in a server.
const SECOND: &str = "app.get('/more', (req, res) => {\n  setInterval(() => res.write('more'), 1000);\n});\n";

fn code(shell: &Shell, args: &[&str]) -> i32 {
    shell.run(args).code
}

#[test]
fn what_is_accepted_stays_accepted_and_what_is_new_stands_out() {
    let shell = Shell::new(&[("leaklint.toml", ""), ("src/a.js", LEAKY)]);
    assert_eq!(code(&shell, &["check"]), 1);
    let said = shell.run(&["baseline", "write"]);
    assert_eq!((said.code, said.err.as_str()), (0, "leaklint-baseline.json: 1 accepted finding\n"));
    let text = shell.read(FILE);
    assert!(
        text.starts_with("{\n  \"version\": 1,\n  \"findings\": [\n    {\"path\":\"src/a.js\",\"rule\":\"timer-not-cleared\","),
        "{text}"
    );
    let said = shell.run(&["check", "-f", "json"]);
    assert_eq!(said.code, 0, "{}", said.out);
    assert!(said.out.contains("\"kind\":\"baseline\""), "{}", said.out);
    // Lines above move it, and that is no new finding.
    shell.write("src/a.js", format!("// one\n\n// two\n{LEAKY}"));
    assert_eq!(code(&shell, &["check"]), 0);
    assert_eq!(code(&shell, &["check", "--no-baseline"]), 1);
    assert_eq!(code(&shell, &["check", "--isolated"]), 1);
    assert_eq!(code(&shell, &["check", "--baseline", "none.json"]), 2);
    assert_eq!(shell.run_in("src", &["check"]).code, 0, "the same from below");
    shell.write("src/a.js", format!("{LEAKY}{SECOND}"));
    let said = shell.run(&["check", "-f", "concise"]);
    assert_eq!((said.code, said.out.lines().filter(|it| it.contains("error[")).count()), (1, 1), "{}", said.out);
    assert!(said.out.starts_with("src/a.js:7:3: "), "{}", said.out);
    let said = shell.run(&["baseline", "write"]);
    assert_eq!(said.code, 2, "{}", said.err);
    assert_eq!(code(&shell, &["baseline", "update"]), 0);
    assert_eq!(shell.read(FILE).lines().count(), 7);
    assert_eq!(code(&shell, &["check"]), 0);
}

#[test]
fn what_is_gone_is_told_and_taken_off() {
    let shell = Shell::new(&[("leaklint.toml", ""), ("src/a.js", LEAKY), ("src/b.js", &format!("// b\n{LEAKY}{SECOND}"))]);
    assert_eq!(code(&shell, &["baseline", "write"]), 0);
    let all = shell.read(FILE);
    shell.write("src/a.js", "// repaired\n");
    let said = shell.run(&["check"]);
    assert_eq!(said.code, 1);
    assert!(said.err.contains("accepted findings are gone: timer-not-cleared in src/a.js"), "{}", said.err);
    assert_eq!((code(&shell, &["check", "--allow-stale"]), code(&shell, &["check", "--exit-zero"])), (0, 0));
    // Only what the run looked at is gone.
    assert_eq!(code(&shell, &["check", "src/b.js"]), 0);
    assert_eq!(code(&shell, &["check", "--ignore", "timer-not-cleared"]), 0);
    assert_eq!(code(&shell, &["baseline", "prune", "src/b.js"]), 0);
    assert_eq!(shell.read(FILE), all);
    // A file that is not understood has not been repaired.
    shell.write("src/a.js", "let = ;\n");
    assert_eq!(code(&shell, &["check"]), 0);
    assert_eq!(code(&shell, &["baseline", "prune"]), 0);
    assert_eq!(shell.read(FILE), all);
    fs::remove_file(shell.path().join("src/a.js")).unwrap();
    assert_eq!(code(&shell, &["check"]), 1);
    let said = shell.run(&["baseline", "prune"]);
    assert!(said.err.contains("1 gone\n"), "{}", said.err);
    assert_eq!(
        shell.read(FILE),
        all.lines().filter(|it| !it.contains("src/a.js")).map(|it| format!("{it}\n")).collect::<String>()
    );
    assert_eq!(code(&shell, &["check"]), 0);
    // A comment that silences a finding takes its place.
    let text = shell.read("src/b.js").replace(
        "  setInterval(() => res.write('more')",
        "  // leaklint-disable-next-line timer-not-cleared -- why\n  setInterval(() => res.write('more')",
    );
    shell.write("src/b.js", text);
    assert_eq!(code(&shell, &["check"]), 1);
    assert_eq!(code(&shell, &["baseline", "prune"]), 0);
    assert_eq!((shell.read(FILE).matches("rule").count(), code(&shell, &["check"])), (1, 0));
}

#[test]
fn renamed_files_keep_what_was_accepted() {
    let shell = Shell::repository(&[("src/a.js", &format!("{LEAKY}{SECOND}")), ("other.js", "f();")]);
    assert_eq!(code(&shell, &["baseline", "write"]), 0);
    fs::create_dir(shell.path().join("lib")).unwrap();
    fs::rename(shell.path().join("src/a.js"), shell.path().join("lib/b.js")).unwrap();
    assert_eq!((code(&shell, &["check"]), code(&shell, &["check", "lib/b.js"])), (0, 0));
    // A second copy is one more leak.
    shell.write("lib/c.js", format!("// copy\n{LEAKY}"));
    let said = shell.run(&["check", "-f", "concise", "-q"]);
    assert_eq!((said.code, said.out.lines().count()), (1, 1), "{}", said.out);
    fs::remove_file(shell.path().join("lib/c.js")).unwrap();
    assert_eq!(code(&shell, &["baseline", "update"]), 0);
    let text = shell.read(FILE);
    assert!(text.contains("lib/b.js") && !text.contains("src/a.js"), "{text}");
    assert_eq!(shell.run_in("lib", &["check"]).code, 0, "found in the root of the work tree");
}

#[test]
fn two_that_merge_are_one_baseline() {
    let shell = Shell::repository(&[("a.js", LEAKY), ("b.js", "f();"), ("c.js", "g();")]);
    assert_eq!(code(&shell, &["baseline", "write"]), 0);
    shell.commit("accepted");
    shell.git(&["switch", "-qc", "other"]);
    shell.write("c.js", format!("// c\n{LEAKY}"));
    assert_eq!(code(&shell, &["baseline", "update"]), 0);
    shell.commit("c");
    shell.git(&["switch", "-q", "main"]);
    shell.write("a.js", format!("const late = 1;\n{LEAKY}"));
    assert_eq!(code(&shell, &["baseline", "update"]), 0, "nothing to write anew");
    shell.commit("a");
    shell.git(&["merge", "-q", "other", "-m", "both"]);
    assert_eq!(code(&shell, &["check"]), 0);
}

#[test]
fn a_broken_baseline_is_told() {
    let shell = Shell::new(&[("a.js", LEAKY), (FILE, "{ \"version\": 1,\n<<<<<<< ours\n")]);
    let said = shell.run(&["check"]);
    assert_eq!((said.code, said.out.as_str()), (2, ""));
    assert!(said.err.contains(FILE) && said.err.contains("line 2 column 1"), "{}", said.err);
    assert_eq!(code(&shell, &["baseline", "update"]), 2);
    assert_eq!(code(&shell, &["baseline", "write", "--force"]), 0);
    assert_eq!(code(&shell, &["check"]), 0);
    let shell = Shell::new(&[("a.js", LEAKY)]);
    assert_eq!(code(&shell, &["baseline", "update"]), 2);
    assert_eq!(code(&shell, &["baseline", "write", "none"]), 2);
    assert!(!shell.path().join(FILE).exists());
    assert_eq!(code(&shell, &["baseline", "write", "--baseline", "x/accepted.json"]), 0);
    assert_eq!(code(&shell, &["check", "--baseline", "x/accepted.json"]), 0);
    let with = |args: &[&str]| shell.command(args).env("LEAKLINT_BASELINE", "x/accepted.json").output().unwrap().status.code();
    assert_eq!((with(&["check"]), with(&["check", "--no-baseline"])), (Some(0), Some(1)));
}
