//! What each message asks for.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::time::Duration;

use gen_lsp_types::{
    CodeActionParams, DidChangeTextDocumentParams, DidChangeWatchedFilesParams, DidChangeWorkspaceFoldersParams,
    DidCloseTextDocumentParams, DidOpenTextDocumentParams, DidSaveTextDocumentParams, DocumentDiagnosticParams,
    ExecuteCommandParams, HoverParams, MessageType, WorkspaceDiagnosticParams,
};
use lsp_server::{ErrorCode, Message, Notification, Request, RequestId, Response};
use serde::de::DeserializeOwned;
use serde_json::{Value, json};

use super::End;
use super::client::Client;
use super::document::{Document, place};
use super::engine::Ground;
use super::lines::Encoding;
use super::server::{Asked, GATHER, Phase, Server};
use super::transport::Incoming;
use super::{uri, watch};

/// How long a first run waits for the settings that we asked for.
const PATIENCE: Duration = Duration::from_millis(300);

impl Server {
    /// Takes what came in; the answer ends the session.
    pub(super) fn take(&mut self, incoming: Incoming) -> Option<End> {
        match incoming {
            Incoming::Malformed(code, message, id) => {
                self.send_raw(json!({ "jsonrpc": "2.0", "id": id, "error": { "code": code, "message": message } }));
            }
            Incoming::Message(Message::Request(request)) => {
                let (id, method) = (request.id.clone(), request.method.clone());
                if let Err(message) = guarded(|| self.request(request)) {
                    self.log(MessageType::Error, &format!("failed on {method}, which is a bug in leaklint: {message}"));
                    self.refuse(id, ErrorCode::InternalError as i32, &message);
                }
            }
            Incoming::Message(Message::Notification(it)) if it.method == "exit" => {
                return Some(if self.phase == Phase::Down { End::Orderly } else { End::Abrupt });
            }
            Incoming::Message(Message::Notification(notification)) => {
                let method = notification.method.clone();
                if let Err(message) = guarded(|| self.notification(notification)) {
                    self.log(MessageType::Error, &format!("failed on {method}, which is a bug in leaklint: {message}"));
                }
            }
            Incoming::Message(Message::Response(response)) => self.response(response),
        }
        None
    }

    fn request(&mut self, request: Request) {
        let Request { id, method, params } = request;
        match (self.phase, method.as_str()) {
            (Phase::New, "initialize") => return self.initialize(id, &params),
            (Phase::New, _) => return self.refuse(id, ErrorCode::ServerNotInitialized as i32, "not initialized yet"),
            (Phase::Down, _) => return self.refuse(id, ErrorCode::InvalidRequest as i32, "the server is shut down"),
            (Phase::Running, _) => {}
        }
        match method.as_str() {
            "shutdown" => {
                self.phase = Phase::Down;
                self.reply(id, Value::Null);
            }
            "textDocument/hover" => {
                if let Some((id, params)) = self.params::<HoverParams>(id, params) {
                    let hover = self.hover(&params);
                    self.reply(id, hover);
                }
            }
            "textDocument/codeAction" => {
                if let Some((id, params)) = self.params::<CodeActionParams>(id, params) {
                    let actions = self.actions(&params);
                    self.reply(id, actions);
                }
            }
            "textDocument/diagnostic" => {
                if let Some((id, params)) = self.params::<DocumentDiagnosticParams>(id, params) {
                    self.pull(id, params);
                }
            }
            "workspace/diagnostic" => {
                if let Some((id, params)) = self.params::<WorkspaceDiagnosticParams>(id, params) {
                    self.pull_all(id, params);
                }
            }
            "workspace/executeCommand" => {
                if let Some((id, params)) = self.params::<ExecuteCommandParams>(id, params) {
                    self.execute(id, &params);
                }
            }
            "leaklint/page" => self.page(id, &params),
            "leaklint/status" => self.status(id),
            "leaklint/document" => self.document(id, &params),
            "initialize" => self.refuse(id, ErrorCode::InvalidRequest as i32, "initialized already"),
            _ => self.refuse(id, ErrorCode::MethodNotFound as i32, &format!("no method {method}")),
        }
    }

    /// Parameters in their shape; refuses the request if they have another.
    fn params<T: DeserializeOwned>(&self, id: RequestId, params: Value) -> Option<(RequestId, T)> {
        match serde_json::from_value(params) {
            Ok(params) => Some((id, params)),
            Err(error) => {
                self.refuse(id, ErrorCode::InvalidParams as i32, &error.to_string());
                None
            }
        }
    }

    fn notification(&mut self, notification: Notification) {
        if self.phase != Phase::Running {
            return;
        }
        let Notification { method, params } = notification;
        match method.as_str() {
            "initialized" => self.initialized(),
            "textDocument/didOpen" => self.noted::<DidOpenTextDocumentParams>(params, Server::opened),
            "textDocument/didChange" => self.noted::<DidChangeTextDocumentParams>(params, Server::changed),
            "textDocument/didSave" => self.noted::<DidSaveTextDocumentParams>(params, Server::saved),
            "textDocument/didClose" => self.noted::<DidCloseTextDocumentParams>(params, Server::closed),
            "workspace/didChangeWatchedFiles" => self.noted::<DidChangeWatchedFilesParams>(params, Server::files_changed),
            "workspace/didChangeWorkspaceFolders" => {
                self.noted::<DidChangeWorkspaceFoldersParams>(params, Server::folders_changed);
            }
            "workspace/didChangeConfiguration" => self.settings_changed(&params),
            "$/cancelRequest" => {
                if let Some(id) = params.get("id").and_then(|it| serde_json::from_value(it.clone()).ok()) {
                    self.cancel(id);
                }
            }
            _ => {}
        }
    }

    fn noted<T: DeserializeOwned>(&mut self, params: Value, take: impl FnOnce(&mut Server, T)) {
        match serde_json::from_value(params) {
            Ok(params) => take(self, params),
            Err(error) => self.log(MessageType::Warning, &format!("a notification could not be read: {error}")),
        }
    }

    fn response(&mut self, response: Response) {
        // Error replies to what we asked are ordinary: many clients know only some of it.
        let asked = response.id.to_string().parse::<i32>().ok().and_then(|id| self.asked.remove(&id));
        match (asked, response.response_result) {
            (Some(Asked::Configuration(roots)), result) => self.configured(&roots, &result.unwrap_or_default()),
            (Some(Asked::Progress(root)), Ok(_)) => self.begin_progress(root),
            (Some(Asked::Other(what)), Err(error)) => {
                self.log(MessageType::Info, &format!("the client refused {what}: {}", error.message));
            }
            _ => {}
        }
    }

    fn initialize(&mut self, id: RequestId, params: &Value) {
        self.client = Client::new(params);
        let problems = self.options.update(&self.client.options.clone());
        self.phase = Phase::Running;
        let encoding = if self.client.encoding == Encoding::Utf8 { "utf-8" } else { "utf-16" };
        let mut capabilities = json!({
            "positionEncoding": encoding,
            "textDocumentSync": { "openClose": true, "change": 2, "save": { "includeText": false } },
            "hoverProvider": true,
            "codeActionProvider": { "codeActionKinds": ["quickfix"] },
            "executeCommandProvider": { "commands": super::commands::NAMES },
            "workspace": { "workspaceFolders": { "supported": true, "changeNotifications": true } },
        });
        if self.client.pulls {
            capabilities["diagnosticProvider"] =
                json!({ "identifier": "leaklint", "interFileDependencies": true, "workspaceDiagnostics": true });
        }
        let info = json!({ "name": "leaklint", "version": env!("CARGO_PKG_VERSION") });
        self.reply(id, json!({ "capabilities": capabilities, "serverInfo": info }));
        problems.iter().for_each(|it| self.log(MessageType::Warning, it));
    }

    fn initialized(&mut self) {
        for folder in self.client.folders.clone() {
            self.add_root(Ground::Folder(folder));
        }
        self.register();
        if self.client.can_configure {
            self.roots.iter_mut().for_each(|it| it.run_in(PATIENCE));
            self.ask_for_settings();
        }
    }

    fn opened(&mut self, params: DidOpenTextDocumentParams) {
        let item = params.text_document;
        let language = serde_json::to_value(&item.language_id).unwrap_or_default();
        let Some(path) = place(&item.uri.0, language.as_str().unwrap_or_default()) else { return };
        let is_untitled = uri::path(&item.uri.0).is_none();
        let document = Document {
            uri: item.uri.0,
            path: path.clone(),
            is_untitled,
            version: item.version,
            text: item.text.into(),
            due: None,
        };
        self.documents.insert(path.clone(), document);
        let at = self.ensure_root(&path, is_untitled);
        // A text that is what the last run saw is answered from it at once.
        self.glance(&path);
        if self.roots[at].is_known {
            self.roots[at].run_in(GATHER);
        }
    }

    fn changed(&mut self, params: DidChangeTextDocumentParams) {
        let encoding = self.client.encoding;
        let uri = params.text_document.text_document_identifier.uri.0;
        let Some(path) = self.path_of(&uri) else { return };
        let Some(document) = self.documents.get_mut(&path) else { return };
        document.change(params.content_changes, encoding);
        document.version = params.text_document.version;
        self.touched(&path);
    }

    fn saved(&mut self, params: DidSaveTextDocumentParams) {
        let Some(path) = self.path_of(&params.text_document.uri.0) else { return };
        self.glance(&path);
        if let Some(at) = self.root_of(&path) {
            self.roots[at].run_in(GATHER);
        }
    }

    fn closed(&mut self, params: DidCloseTextDocumentParams) {
        let Some(path) = self.path_of(&params.text_document.uri.0) else { return };
        let at = self.root_of(&path);
        self.documents.remove(&path);
        self.drop_pulls_of(&params.text_document.uri.0);
        match at {
            Some(at) if matches!(self.roots[at].ground, Ground::Folder(_)) => self.roots[at].run_in(GATHER),
            Some(at) => drop(self.roots.remove(at)),
            None => {}
        }
        self.tell(&path);
    }

    /// The path of an open document.
    pub(super) fn path_of(&self, uri: &str) -> Option<std::path::PathBuf> {
        let by_path = uri::path(uri).filter(|it| self.documents.contains_key(it));
        by_path.or_else(|| self.documents.values().find(|it| it.uri == uri).map(|it| it.path.clone()))
    }

    fn files_changed(&mut self, params: DidChangeWatchedFilesParams) {
        let paths: Vec<_> = params.changes.iter().filter_map(|it| uri::path(&it.uri.0)).collect();
        for root in &mut self.roots {
            if paths.iter().any(|it| watch::concerns(root, it)) {
                root.run_in(GATHER);
            }
        }
    }

    fn folders_changed(&mut self, params: DidChangeWorkspaceFoldersParams) {
        for removed in params.event.removed.iter().filter_map(|it| uri::path(&it.uri.0)) {
            if let Some(at) = self.roots.iter().position(|it| it.ground == Ground::Folder(removed.clone())) {
                let root = self.roots.remove(at);
                root.reports.keys().for_each(|path| self.tell(path));
            }
        }
        for added in params.event.added.iter().filter_map(|it| uri::path(&it.uri.0)) {
            self.roots.retain(|it| !matches!(&it.ground, Ground::File(path) if path.starts_with(&added)));
            self.add_root(Ground::Folder(added));
        }
        // Documents of a folder that has gone are looked at by themselves.
        let documents: Vec<_> = self.documents.values().map(|it| (it.path.clone(), it.is_untitled)).collect();
        for (path, is_untitled) in documents {
            self.ensure_root(&path, is_untitled);
        }
        if self.client.can_configure {
            self.ask_for_settings();
        }
        self.answer_pulls();
    }

    fn settings_changed(&mut self, params: &Value) {
        if self.client.can_configure {
            return self.ask_for_settings();
        }
        let mut options = self.options.clone();
        let problems = options.update(params.get("settings").unwrap_or(&Value::Null));
        problems.iter().for_each(|it| self.log(MessageType::Warning, it));
        if options != self.options {
            self.options = options;
            self.roots.iter_mut().for_each(|it| it.run_in(Duration::ZERO));
        }
    }

    fn ask_for_settings(&mut self) {
        let folders = self.roots.iter().filter_map(|it| match &it.ground {
            Ground::Folder(folder) => Some((it.id, json!({ "scopeUri": uri::of(folder), "section": "leaklint" }))),
            _ => None,
        });
        let (roots, mut items): (Vec<u64>, Vec<Value>) = folders.unzip();
        items.insert(0, json!({ "section": "leaklint" }));
        self.ask("workspace/configuration", json!({ "items": items }), Asked::Configuration(roots));
    }

    /// Settings came: first those of the session, then those of folders.
    fn configured(&mut self, roots: &[u64], values: &Value) {
        let values = values.as_array().map_or(&[][..], Vec::as_slice);
        let mut base = crate::lsp::options::Options::default();
        let mut problems = base.update(&self.client.options);
        problems.extend(values.first().map(|it| base.update(it)).unwrap_or_default());
        for root in &mut self.roots {
            let own = roots.iter().position(|it| *it == root.id).and_then(|at| values.get(at + 1));
            let mut options = base.clone();
            problems.extend(own.map(|it| options.update(it)).unwrap_or_default());
            let before = root.options.clone().unwrap_or_else(|| self.options.clone());
            if before != options || !root.is_known {
                root.run_in(Duration::ZERO);
            }
            root.options = Some(options);
        }
        self.options = base;
        problems.sort();
        problems.dedup();
        problems.iter().for_each(|it| self.log(MessageType::Warning, it));
    }
}

/// A panic as its words.
fn guarded(work: impl FnOnce()) -> Result<(), String> {
    catch_unwind(AssertUnwindSafe(work)).map_err(|payload| {
        let text = payload.downcast_ref::<&str>().map(|it| (*it).to_owned());
        text.or_else(|| payload.downcast_ref::<String>().cloned()).unwrap_or_else(|| "no message".to_owned())
    })
}
