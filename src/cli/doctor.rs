//! `leaklint doctor`.

use super::Exit;
use super::failure::Failure;
use super::output::to_stdout;
use super::project;
use super::terminal::Terminal;
use crate::config::{Layer, NAMES};
use crate::workspace::{Opening, Project};
use std::io::{BufRead, BufReader, Read, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::sync::mpsc;
use std::time::Duration;

/// How long the language server may take to answer.
const PATIENCE: Duration = Duration::from_secs(10);

/// One line of the report.
struct Line {
    what: &'static str,
    said: String,
    is_wrong: bool,
}

impl Line {
    fn good(what: &'static str, said: impl Into<String>) -> Line {
        Line { what, said: said.into(), is_wrong: false }
    }

    fn wrong(what: &'static str, said: impl Into<String>) -> Line {
        Line { what, said: said.into(), is_wrong: true }
    }
}

pub(super) fn doctor(terminal: Terminal) -> Result<Exit, Failure> {
    let folder = project::folder()?;
    let system = format!("{} ({}, {})", env!("CARGO_PKG_VERSION"), std::env::consts::OS, std::env::consts::ARCH);
    let mut lines = vec![Line::good("leaklint", system), binary(), Line::good("folder", folder.display().to_string())];
    lines.extend(of_project(&folder));
    lines.push(tool("git", "--staged, --changed and --since need it"));
    lines.push(tool("node", "`leaklint prove` needs it"));
    lines.push(match server() {
        Ok(()) => Line::good("language server", "answers"),
        Err(why) => Line::wrong("language server", why),
    });
    let style = terminal.stdout();
    to_stdout(|out| {
        lines.iter().try_for_each(|it| {
            let mark = if it.is_wrong { style.red("wrong: ") } else { String::new() };
            writeln!(out, "{:<16} {mark}{}", it.what, it.said)
        })
    })?;
    Ok(if lines.iter().any(|it| it.is_wrong) { Exit::Found } else { Exit::Clean })
}

fn binary() -> Line {
    match std::env::current_exe() {
        Ok(path) => Line::good("binary", path.display().to_string()),
        Err(error) => Line::wrong("binary", format!("cannot be found: {error}")),
    }
}

/// What governs the project.
fn of_project(folder: &Path) -> Vec<Line> {
    let config = std::env::var_os("LEAKLINT_CONFIG").filter(|it| !it.is_empty()).map(Into::into);
    let opened = Project::open(&Opening { folder: folder.to_owned(), config, ..Opening::default() });
    let project = match opened {
        Ok(project) => project,
        Err(error) => return vec![Line::wrong("configuration", error.to_string())],
    };
    let shown = |path: &Path| path.strip_prefix(folder).unwrap_or(path).display().to_string();
    let list = |files: Vec<String>| if files.is_empty() { "none".to_owned() } else { files.join(", ") };
    let files = project.selection.configs.files();
    let unread = files.iter().flat_map(|it| overshadowed(it));
    let unread: Vec<Line> = unread
        .map(|(name, by)| Line::wrong("configuration", format!("{} is not read: {} wins", shown(&name), shown(&by))))
        .collect();
    let baseline = match &project.baseline {
        Some(it) => format!("{}, {} accepted", shown(&project.baseline_path), it.entries.len()),
        None => "none".to_owned(),
    };
    let lines = [
        Line::good("root", project.root.display().to_string()),
        Line::good("configuration", list(files.iter().map(|it| shown(it)).collect())),
        Line::good("own rules", list(project.own.iter().map(|it| shown(it)).collect())),
        Line::good("baseline", baseline),
    ];
    lines.into_iter().chain(unread).collect()
}

/// Configuration files that are not read because of one beside them.
fn overshadowed(path: &Path) -> Vec<(PathBuf, PathBuf)> {
    let name = path.file_name().and_then(|it| it.to_str()).unwrap_or_default();
    let Some(rank) = NAMES.iter().position(|it| *it == name) else { return Vec::new() };
    let speaks = |path: &Path| {
        let text = std::fs::read_to_string(path).ok();
        text.is_some_and(|text| !matches!(Layer::parse(&path.to_string_lossy(), text), Ok(None)))
    };
    let others = NAMES[rank + 1..].iter().map(|it| path.with_file_name(it));
    others.filter(|it| speaks(it)).map(|it| (it, path.to_owned())).collect()
}

/// The version of a program that some commands need. That it is not there is no mistake.
fn tool(name: &'static str, need: &str) -> Line {
    let output = Command::new(name).arg("--version").stdin(Stdio::null()).output();
    match output {
        Ok(it) if it.status.success() => Line::good(name, String::from_utf8_lossy(&it.stdout).trim().to_owned()),
        _ => Line::good(name, format!("not found; {need}")),
    }
}

/// Asks the language server of this very binary what it can do.
fn server() -> Result<(), String> {
    let path = std::env::current_exe().map_err(|error| error.to_string())?;
    let command =
        Command::new(path).args(["lsp", "--stdio"]).stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn();
    let mut child = command.map_err(|error| format!("cannot be started: {error}"))?;
    let ask = "{\"jsonrpc\":\"2.0\",\"id\":1,\"method\":\"initialize\",\"params\":{\"processId\":null,\"rootUri\":null,\"capabilities\":{}}}";
    let sent = child.stdin.as_mut().map(|it| write!(it, "Content-Length: {}\r\n\r\n{ask}", ask.len()).and_then(|()| it.flush()));
    let (sender, receiver) = mpsc::channel();
    if let Some(stdout) = child.stdout.take() {
        std::thread::spawn(move || sender.send(message(stdout)));
    }
    let answer = receiver.recv_timeout(PATIENCE).ok().flatten();
    // It would end by itself when its input ends, unless something is wrong with it.
    let _ = child.kill();
    let _ = child.wait();
    match answer {
        Some(it) if it.contains("\"capabilities\"") => Ok(()),
        Some(it) => Err(format!("answers with {}", it.chars().take(200).collect::<String>())),
        None if sent.is_none_or(|it| it.is_err()) => Err("ended at once".to_owned()),
        None => Err(format!("did not answer within {} s", PATIENCE.as_secs())),
    }
}

/// The first message of a server.
fn message(stdout: impl Read) -> Option<String> {
    let mut reader = BufReader::new(stdout);
    let mut length = 0;
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end().split_once(": ") {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => length = value.parse().ok()?,
            Some(_) => {}
            None => break,
        }
    }
    let mut body = String::new();
    reader.take(length).read_to_string(&mut body).ok()?;
    Some(body)
}
