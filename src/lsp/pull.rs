//! Diagnostics that the client asks for.
//!
//! An answer waits until it can be given: until the first whole run is over, and the file has been looked at as it is now.

use std::collections::BTreeSet;
use std::path::PathBuf;

use gen_lsp_types::{DocumentDiagnosticParams, ProgressToken, WorkspaceDiagnosticParams};
use lsp_server::{ErrorCode, RequestId};
use serde_json::{Value, json};

use super::report::Report;
use super::server::Server;
use super::uri;

/// Requests that wait.
#[derive(Default)]
pub(super) struct Pulls {
    files: Vec<FilePull>,
    whole: Vec<WholePull>,
    /// Counts what was learned.
    pub(super) epoch: u64,
    /// The count when the whole was last told.
    told: u64,
}

struct FilePull {
    id: RequestId,
    uri: String,
    previous: Option<String>,
}

struct WholePull {
    id: RequestId,
    /// Addresses and ids that the client has.
    previous: Vec<(String, String)>,
    progress: Option<ProgressToken>,
    partial: Option<ProgressToken>,
}

/// Reports in one piece of a partial result.
const PIECE: usize = 200;

impl Server {
    /// `textDocument/diagnostic`.
    pub(super) fn pull(&mut self, id: RequestId, params: DocumentDiagnosticParams) {
        let uri = params.text_document.uri.0;
        // Who asks does not want to wait for a pause.
        if let Some(path) = self.path_of(&uri).filter(|it| self.documents.get(it).is_some_and(|it| it.due.is_some())) {
            self.glance(&path);
        }
        self.pulls.files.push(FilePull { id, uri, previous: params.previous_result_id });
        self.answer_pulls();
    }

    /// `workspace/diagnostic`.
    pub(super) fn pull_all(&mut self, id: RequestId, params: WorkspaceDiagnosticParams) {
        let progress = params.work_done_progress_params.work_done_token;
        if let Some(token) = &progress {
            let value = json!({ "kind": "begin", "title": "leaklint", "message": "checking", "cancellable": true });
            self.notify("$/progress", json!({ "token": token, "value": value }));
        }
        let previous = params.previous_result_ids.into_iter().map(|it| (it.uri.0, it.value)).collect();
        let partial = params.partial_result_params.partial_result_token;
        self.pulls.whole.push(WholePull { id, previous, progress, partial });
        self.answer_pulls();
    }

    /// Answers what can be answered.
    pub(super) fn answer_pulls(&mut self) {
        for pull in std::mem::take(&mut self.pulls.files) {
            match self.answer(&pull) {
                Some(answer) => self.reply(pull.id, answer),
                None => self.pulls.files.push(pull),
            }
        }
        if self.pulls.whole.is_empty() || !self.roots.iter().all(|it| it.is_known) {
            return;
        }
        for mut pull in std::mem::take(&mut self.pulls.whole) {
            let (items, has_news) = self.items(&pull.previous);
            // A client asks again at once, so an answer without news waits until there may be some.
            if !has_news && self.pulls.told == self.pulls.epoch {
                self.end_bar(pull.progress.take());
                self.pulls.whole.push(pull);
                continue;
            }
            self.pulls.told = self.pulls.epoch;
            self.finish_pull(pull, items);
        }
    }

    fn finish_pull(&self, pull: WholePull, mut items: Vec<Value>) {
        if let Some(token) = &pull.partial {
            for piece in items.chunks(PIECE) {
                self.notify("$/progress", json!({ "token": token, "value": { "items": piece } }));
            }
            items.clear();
        }
        self.end_bar(pull.progress);
        self.reply(pull.id, json!({ "items": items }));
    }

    fn end_bar(&self, token: Option<ProgressToken>) {
        if let Some(token) = token {
            self.notify("$/progress", json!({ "token": token, "value": { "kind": "end" } }));
        }
    }

    fn answer(&self, pull: &FilePull) -> Option<Value> {
        let path = self.path_of(&pull.uri).or_else(|| uri::path(&pull.uri));
        let root = path.as_ref().and_then(|it| self.root_of(it)).map(|at| &self.roots[at]);
        let (Some(path), Some(root)) = (path, root) else { return Some(full(&Report::empty(None))) };
        if !root.is_known {
            return None;
        }
        let version = self.documents.get(&path).map(|it| it.version);
        match (root.reports.get(&path), version) {
            (Some(report), Some(version)) if report.version != Some(version) => None,
            (None, Some(_)) => None,
            (Some(report), _) if pull.previous.as_ref() == Some(&report.id) => Some(unchanged(&report.id)),
            (Some(report), _) => Some(full(report)),
            (None, None) => Some(full(&Report::empty(None))),
        }
    }

    /// The reports of all files, and whether one of them is news to who has these.
    fn items(&self, previous: &[(String, String)]) -> (Vec<Value>, bool) {
        let mut items = Vec::new();
        let mut has_news = false;
        let mut told: BTreeSet<PathBuf> = BTreeSet::new();
        for (uri, id) in previous {
            let path = self.path_of(uri).or_else(|| uri::path(uri)).unwrap_or_default();
            let report = self.report(&path).cloned().unwrap_or_else(|| Report::empty(None));
            let mut item = if report.id == *id { unchanged(id) } else { full(&report) };
            has_news |= report.id != *id;
            self.address(&mut item, uri.clone(), &path);
            items.push(item);
            told.insert(path);
        }
        let paths = self.roots.iter().flat_map(|root| root.reports.keys()).filter(|it| !told.contains(*it));
        for path in paths.collect::<BTreeSet<_>>() {
            let Some(report) = self.report(path).filter(|it| !it.diagnostics.is_empty()) else { continue };
            has_news = true;
            let mut item = full(report);
            let uri = self.documents.get(path).map_or_else(|| uri::of(path), |it| it.uri.clone());
            self.address(&mut item, uri, path);
            items.push(item);
        }
        (items, has_news)
    }

    fn address(&self, item: &mut Value, uri: String, path: &std::path::Path) {
        item["uri"] = uri.into();
        item["version"] = self.documents.get(path).map(|it| it.version).into();
    }

    /// `$/cancelRequest`.
    pub(super) fn cancel(&mut self, id: RequestId) {
        let files = self.pulls.files.len();
        self.pulls.files.retain(|it| it.id != id);
        let whole = self.pulls.whole.iter().position(|it| it.id == id).map(|at| self.pulls.whole.remove(at));
        let is_whole = whole.is_some();
        self.end_bar(whole.and_then(|it| it.progress));
        if is_whole || self.pulls.files.len() < files {
            self.refuse(id, ErrorCode::RequestCanceled as i32, "cancelled");
        }
    }

    /// A document was closed: who waits for it as it was gets an answer.
    pub(super) fn drop_pulls_of(&mut self, uri: &str) {
        let (gone, kept) = std::mem::take(&mut self.pulls.files).into_iter().partition(|it: &FilePull| it.uri == uri);
        self.pulls.files = kept;
        for pull in gone {
            self.refuse(pull.id, ErrorCode::ContentModified as i32, "the document was closed");
        }
    }
}

fn full(report: &Report) -> Value {
    json!({ "kind": "full", "resultId": report.id, "items": report.diagnostics })
}

fn unchanged(id: &str) -> Value {
    json!({ "kind": "unchanged", "resultId": id })
}
