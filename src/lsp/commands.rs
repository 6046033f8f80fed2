//! Commands and requests of our own.

use gen_lsp_types::{ExecuteCommandParams, MessageType};
use lsp_server::{ErrorCode, RequestId};
use serde_json::{Value, json};

use crate::finding::HOUSE_RULES;
use crate::rulebook::Rulebook;

use super::report::link;
use super::root::Root;
use super::server::{Asked, Server};

/// Shows what a rule is about.
pub(super) const EXPLAIN: &str = "leaklint.server.explain";

/// Takes a finding into the baseline.
pub(super) const ACCEPT: &str = "leaklint.server.accept";

/// All commands.
pub(super) const NAMES: [&str; 2] = [EXPLAIN, ACCEPT];

impl Server {
    /// `workspace/executeCommand`.
    pub(super) fn execute(&mut self, id: RequestId, params: &ExecuteCommandParams) {
        let rule = params.arguments.iter().flatten().next().and_then(Value::as_str);
        match (params.command.as_str(), rule) {
            (EXPLAIN, Some(rule)) => {
                let Some(summary) = summary(rule) else {
                    return self.refuse(id, ErrorCode::InvalidParams as i32, &format!("there is no rule `{rule}`"));
                };
                self.reply(id, Value::Null);
                let folder = self.roots.first().map(|it| it.ground.folder().to_owned()).unwrap_or_default();
                let url = link(&folder, rule);
                if self.client.can_show_documents {
                    let is_external = !url.starts_with("file:");
                    self.ask(
                        "window/showDocument",
                        json!({ "uri": url, "external": is_external }),
                        Asked::Other("to show a page"),
                    );
                } else {
                    self.show(MessageType::Info, &format!("{rule}: {summary}\n{url}"));
                }
            }
            (ACCEPT, Some(fingerprint)) => match self.accept(fingerprint) {
                Ok(()) => self.reply(id, Value::Null),
                Err(message) => self.refuse(id, ErrorCode::RequestFailed as i32, &message),
            },
            _ => self.refuse(id, ErrorCode::InvalidParams as i32, "no such command, or nothing was named"),
        }
    }

    /// Writes the baseline with a further finding in it.
    fn accept(&mut self, fingerprint: &str) -> Result<(), String> {
        let state = |it: &Root| it.state.clone().filter(|it| it.can_accept(fingerprint));
        let found = self.roots.iter().enumerate().find_map(|(at, it)| Some((at, state(it)?)));
        let (at, state) = found.ok_or("there is no such finding, or no baseline")?;
        let (path, text) = state.accept(fingerprint).ok_or("there is no baseline")?;
        let beside = path.with_extension(format!("{}.tmp", std::process::id()));
        let written = std::fs::write(&beside, text).and_then(|()| std::fs::rename(&beside, &path));
        if written.is_err() {
            let _ = std::fs::remove_file(&beside);
        }
        self.roots[at].run_in(std::time::Duration::ZERO);
        written.map_err(|error| format!("cannot write {}: {error}", path.display()))
    }

    /// `leaklint/page`: the page of a rule as Markdown.
    pub(super) fn page(&mut self, id: RequestId, params: &Value) {
        let rule = params.get("rule").and_then(Value::as_str).unwrap_or_default();
        match markdown(rule) {
            Some(markdown) => self.reply(id, json!({ "markdown": markdown })),
            None => self.refuse(id, ErrorCode::InvalidParams as i32, &format!("there is no rule `{rule}`")),
        }
    }

    /// `leaklint/document`: a document as the server has it, to find out who is wrong about it.
    pub(super) fn document(&mut self, id: RequestId, params: &Value) {
        let uri = params.get("uri").and_then(Value::as_str).unwrap_or_default();
        match self.path_of(uri).and_then(|it| self.documents.get(&it)) {
            Some(it) => self.reply(id, json!({ "version": it.version, "text": &*it.text })),
            None => self.refuse(id, ErrorCode::InvalidParams as i32, &format!("{uri} is not open")),
        }
    }

    /// `leaklint/status`: for a status bar, and for whoever waits until nothing is under way.
    pub(super) fn status(&mut self, id: RequestId) {
        let is_idle = self.roots.iter().all(|it| it.is_known && !it.is_busy && it.due.is_none());
        let is_idle = is_idle && self.documents.values().all(|it| it.due.is_none());
        let findings: usize = self.roots.iter().flat_map(|it| it.reports.values()).map(|it| it.diagnostics.len()).sum();
        let complaints: Vec<&String> = self.roots.iter().filter_map(|it| Some(&it.complaint.as_ref()?.message)).collect();
        let version = env!("CARGO_PKG_VERSION");
        self.reply(id, json!({ "version": version, "idle": is_idle, "findings": findings, "complaints": complaints }));
    }
}

/// One line about a rule.
pub(super) fn summary(rule: &str) -> Option<String> {
    let page = Rulebook::builtin().rule(rule).map(|it| it.summary.clone());
    page.or_else(|| HOUSE_RULES.iter().find(|it| it.id == rule).map(|it| it.summary.to_owned()))
}

/// The whole page of a rule.
pub(super) fn markdown(rule: &str) -> Option<String> {
    let page = Rulebook::builtin().rule(rule).map(|it| it.body.clone());
    let house = || HOUSE_RULES.iter().find(|it| it.id == rule).map(|it| format!("# {}\n\n{}\n", it.summary, it.page));
    page.or_else(house)
}
