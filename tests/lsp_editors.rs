//! What `editors/` has for each editor, in the real ones: passed over where an editor is not there, unless
//! `LEAKLINT_EDITORS=1` asks for all of them.

#![allow(clippy::unwrap_used, clippy::print_stdout, reason = "helpers of tests count as tests, and say what was passed over")]

use std::path::{Path, PathBuf};
use std::process::Command;

fn editors() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("editors")
}

/// Runs an editor's test, and says what it said.
fn run(name: &str) {
    let script = editors().join(name).join("test/run");
    let mut command = Command::new("bash");
    for (name, _) in std::env::vars().filter(|it| it.0.starts_with("LEAKLINT_") && it.0 != "LEAKLINT_EDITORS") {
        command.env_remove(name);
    }
    let output = command.arg(script).env("LEAKLINT", env!("CARGO_BIN_EXE_leaklint")).output().unwrap();
    let said = format!("{}{}", String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{said}");
    print!("{said}");
}

#[cfg(unix)]
#[test]
fn neovim_shows_the_findings_and_suppresses_one() {
    run("neovim");
}

#[cfg(unix)]
#[test]
fn emacs_shows_the_findings_and_suppresses_one() {
    run("emacs");
}

#[cfg(unix)]
#[test]
fn vscode_shows_the_findings_and_suppresses_one() {
    run("vscode");
}

#[test]
fn the_settings_of_vscode_are_those_that_are_told_of() {
    let text = std::fs::read_to_string(editors().join("vscode/package.json")).unwrap();
    let manifest: serde_json::Value = serde_json::from_str(&text).unwrap();
    let settings = manifest["contributes"]["configuration"]["properties"].as_object().unwrap();
    let readme = std::fs::read_to_string(editors().join("vscode/README.md")).unwrap();
    let rows = readme.lines().filter_map(|it| it.strip_prefix("| `leaklint.")?.split_once('`'));
    let told: std::collections::BTreeSet<String> = rows.map(|it| format!("leaklint.{}", it.0)).collect();
    assert_eq!(told, settings.keys().cloned().collect());
    assert_eq!(manifest["version"], env!("CARGO_PKG_VERSION"));
    let known = std::fs::read_to_string(editors().join("README.md")).unwrap();
    let ours = told.iter().map(|it| &it["leaklint.".len()..]).filter(|it| !["path", "trace.server"].contains(it));
    let unknown: Vec<&str> = ours.filter(|it| !known.contains(&format!("`{it}`"))).collect();
    assert_eq!(unknown, [""; 0], "settings that the server does not know");
}

#[test]
fn helix_would_start_what_there_is() {
    let text = std::fs::read_to_string(editors().join("helix/languages.toml")).unwrap();
    let table: toml::Table = text.parse().unwrap();
    let server = &table["language-server"]["leaklint"];
    assert_eq!((server["command"].as_str(), server["args"][0].as_str()), (Some("leaklint"), Some("lsp")));
    let languages = table["language"].as_array().unwrap();
    for language in languages {
        let servers = language["language-servers"].as_array().unwrap();
        assert!(servers.iter().any(|it| it.as_str() == Some("leaklint")), "{language}");
    }
    assert_eq!(languages.len(), 4);
}

#[test]
fn the_table_of_settings_is_complete() {
    let readme = std::fs::read_to_string(editors().join("README.md")).unwrap();
    let source = std::fs::read_to_string(editors().join("../src/lsp/options.rs")).unwrap();
    let arms = source.split_once("match name {").unwrap().1.split_once("_ => return Err(None)").unwrap().0;
    let names = arms.lines().filter_map(|it| it.trim().strip_prefix('"')?.split_once("\" => ")).map(|it| it.0);
    let missing: Vec<&str> = names.filter(|it| !readme.contains(&format!("`{it}`"))).collect();
    assert_eq!(missing, [""; 0]);
}
