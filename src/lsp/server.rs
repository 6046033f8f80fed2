//! The conversation: who is open, what is due, what is told.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, after, never, select_biased};
use gen_lsp_types::{
    Diagnostic, DiagnosticSeverity, LogMessageParams, Message, MessageType, PublishDiagnosticsParams, ShowMessageParams,
};
use lsp_server::{Notification, Request, RequestId, Response};
use serde::Serialize;
use serde_json::{Value, json};

use super::End;
use super::client::Client;
use super::document::Document;
use super::engine::{Done, Engine, GlanceJob, Ground, Opened, Trouble, Whole, WholeJob};
use super::lines::Lines;
use super::options::Options;
use super::pull::Pulls;
use super::report::{Manner, Report};
use super::root::Root;
use super::transport::{Incoming, Outgoing};

/// How long typing must pause before a file is looked at.
const DEBOUNCE: Duration = Duration::from_millis(60);
/// How long typing must pause before the whole program is.
const SETTLE: Duration = Duration::from_millis(400);
/// How long to wait for further events of the file system.
pub(super) const GATHER: Duration = Duration::from_millis(150);
/// How often to see whether the client still lives.
const HEARTBEAT: Duration = Duration::from_secs(2);

/// What we asked the client.
#[derive(Clone, Debug)]
pub(super) enum Asked {
    /// Settings, for these roots.
    Configuration(Vec<u64>),
    /// To show progress of a root's first run.
    Progress(u64),
    /// Something whose answer does not matter; the word says what.
    Other(&'static str),
}

/// Everything that is known.
pub(super) struct Server {
    out: Sender<Outgoing>,
    pub(super) engine: Engine,
    pub(super) client: Client,
    pub(super) options: Options,
    pub(super) phase: Phase,
    pub(super) documents: BTreeMap<PathBuf, Document>,
    pub(super) roots: Vec<Root>,
    pub(super) pulls: Pulls,
    pub(super) asked: BTreeMap<i32, Asked>,
    /// Progress tokens whose bar is shown, by root.
    pub(super) bars: BTreeSet<u64>,
    /// Files outside of all folders that the client tells of.
    pub(super) watched: BTreeSet<PathBuf>,
    /// What was last published, by path: version, address, id.
    published: BTreeMap<PathBuf, (Option<i32>, String, String)>,
    count: i32,
    parent: Option<u32>,
}

/// How far the session is.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Phase {
    /// Before `initialize`.
    New,
    /// After it.
    Running,
    /// After `shutdown`.
    Down,
}

impl Server {
    pub(super) fn new(out: Sender<Outgoing>, engine: Engine, parent: Option<u32>) -> Server {
        Server {
            out,
            engine,
            client: Client::new(&Value::Null),
            options: Options::default(),
            phase: Phase::New,
            documents: BTreeMap::new(),
            roots: Vec::new(),
            pulls: Pulls::default(),
            asked: BTreeMap::new(),
            bars: BTreeSet::new(),
            watched: BTreeSet::new(),
            published: BTreeMap::new(),
            count: 0,
            parent,
        }
    }

    /// Talks until one of both leaves.
    pub(super) fn run(mut self, incoming: &Receiver<Incoming>) -> End {
        let mut beat = Instant::now() + HEARTBEAT;
        let done = self.engine.done.clone();
        loop {
            let timer = self.deadline().map_or_else(never, |it| after(it.saturating_duration_since(Instant::now())));
            // What was said comes before what was computed, so that no answer is older than it need be.
            select_biased! {
                recv(incoming) -> message => match message {
                    Ok(message) => if let Some(end) = self.take(message) { return end },
                    Err(_) => return if self.phase == Phase::Down { End::Orderly } else { End::Abrupt },
                },
                recv(done) -> it => if let Ok(it) = it { self.finish(it) },
                recv(timer) -> _ => {},
                recv(after(beat.saturating_duration_since(Instant::now()))) -> _ => {
                    beat = Instant::now() + HEARTBEAT;
                    if self.parent.or(self.client.parent).is_some_and(|it| !super::watch::is_alive(it)) {
                        return End::Abrupt;
                    }
                },
            }
            self.start_what_is_due();
        }
    }

    fn deadline(&self) -> Option<Instant> {
        let documents = self.documents.values().filter_map(|it| it.due);
        let roots = self.roots.iter().filter(|it| !it.is_busy).filter_map(|it| it.due.map(|due| due.at));
        documents.chain(roots).min()
    }

    pub(super) fn manner(&self) -> Manner {
        Manner { encoding: self.client.encoding, can_relate: self.client.can_relate }
    }

    /// The options that hold for a root.
    pub(super) fn options_of(&self, root: &Root) -> Options {
        root.options.clone().unwrap_or_else(|| self.options.clone())
    }

    /// The root that a path belongs to: the innermost.
    pub(super) fn root_of(&self, path: &Path) -> Option<usize> {
        let owners = self.roots.iter().enumerate().filter_map(|(at, it)| Some((it.owns(path)?, at)));
        owners.max().map(|it| it.1)
    }

    /// The root of a document, made if there is none.
    pub(super) fn ensure_root(&mut self, path: &Path, is_untitled: bool) -> usize {
        if let Some(at) = self.root_of(path) {
            return at;
        }
        let path = path.to_owned();
        self.add_root(if is_untitled { Ground::Untitled(path) } else { Ground::File(path) })
    }

    pub(super) fn add_root(&mut self, ground: Ground) -> usize {
        let id = u64::from(self.next_id().unsigned_abs());
        let mut root = Root::new(id, ground);
        root.run_in(Duration::ZERO);
        self.roots.push(root);
        self.roots.len() - 1
    }

    pub(super) fn next_id(&mut self) -> i32 {
        self.count = self.count.wrapping_add(1).max(1);
        self.count
    }

    /// A document has another text: it is looked at soon, the whole program when typing pauses.
    pub(super) fn touched(&mut self, path: &Path) {
        let Some(at) = self.root_of(path) else { return };
        if self.options_of(&self.roots[at]).on_save {
            return;
        }
        if let Some(document) = self.documents.get_mut(path) {
            document.due = Some(Instant::now() + DEBOUNCE);
        }
        self.roots[at].run_in(SETTLE);
    }

    fn start_what_is_due(&mut self) {
        let now = Instant::now();
        let due = |it: &&Document| it.due.is_some_and(|due| due <= now);
        let paths: Vec<PathBuf> = self.documents.values().filter(due).map(|it| it.path.clone()).collect();
        for path in paths {
            self.glance(&path);
        }
        for at in 0..self.roots.len() {
            if !self.roots[at].is_busy && self.roots[at].due.is_some_and(|it| it.at <= now) {
                self.run_whole(at);
            }
        }
    }

    /// Has a changed document looked at.
    pub(super) fn glance(&mut self, path: &Path) {
        let manner = self.manner();
        let root = self.root_of(path).map(|at| &self.roots[at]);
        let Some(document) = self.documents.get_mut(path) else { return };
        document.due = None;
        // Without a state the whole run that is under way or due will tell.
        let Some((root, state)) = root.and_then(|it| Some((it.id, it.state.clone()?))) else { return };
        let opened = opened(document);
        let _ = self.engine.glance.send(GlanceJob { root, state, path: path.to_owned(), opened, manner });
    }

    fn run_whole(&mut self, at: usize) {
        let (manner, options) = (self.manner(), self.options_of(&self.roots[at]));
        let inside = self.documents.values().filter(|it| self.root_of(&it.path) == Some(at));
        let opened = inside.map(|it| (it.path.clone(), opened(it))).collect();
        let is_first = !self.roots[at].is_known;
        let cores = std::thread::available_parallelism().map_or(1, usize::from);
        let root = &mut self.roots[at];
        root.due = None;
        root.is_busy = true;
        let job = WholeJob {
            root: root.id,
            ground: root.ground.clone(),
            options,
            manner,
            session: Arc::clone(&root.session),
            opened,
            // The first answer is waited for; later runs leave room for what is typed meanwhile.
            threads: (!is_first).then_some((cores / 2).max(1)),
        };
        let _ = self.engine.whole.send(job);
        let id = self.roots[at].id;
        if is_first && self.client.can_progress && matches!(self.roots[at].ground, Ground::Folder(_)) {
            self.ask("window/workDoneProgress/create", json!({ "token": bar(id) }), Asked::Progress(id));
        }
    }

    fn finish(&mut self, done: Done) {
        match done {
            Done::Glance { root, state, path, report: Some(report) } => {
                let is_current = self.documents.get(&path).is_some_and(|it| Some(it.version) == report.version);
                // A whole run that was over first knows more; what it did not see is looked at again.
                let is_of = |it: &&mut Root| it.id == root && it.state.as_ref().is_some_and(|it| Arc::ptr_eq(it, &state));
                if let Some(root) = self.roots.iter_mut().find(is_of).filter(|_| is_current) {
                    root.reports.insert(path.clone(), report);
                    self.tell(&path);
                }
            }
            // The whole run that is due tells.
            Done::Glance { report: None, .. } => {}
            Done::Whole { root, result } => {
                self.end_progress(root);
                if let Some(at) = self.roots.iter().position(|it| it.id == root) {
                    self.roots[at].is_busy = false;
                    match result {
                        Ok(whole) => self.settle(at, whole),
                        Err(error) => self.complain(at, error),
                    }
                    self.roots[at].is_known = true;
                }
            }
        }
        self.answer_pulls();
    }

    /// Takes a whole run over. Documents that have changed meanwhile are looked at in its light.
    fn settle(&mut self, at: usize, mut whole: Whole) {
        let (errors, notes) = (std::mem::take(&mut whole.errors), std::mem::take(&mut whole.notes));
        let (mut changed, behind) = self.renew(at, whole);
        let had_complained = self.roots[at].complaint.take();
        for error in errors {
            self.complain(at, Trouble::said(error));
        }
        if let Some(before) = had_complained.filter(|_| self.roots[at].complaint.is_none()) {
            self.log(MessageType::Info, "what was wrong is right again");
            self.withdraw(&before);
        }
        self.register_more();
        notes.iter().for_each(|note| self.log(MessageType::Log, note));
        for (path, is_new) in behind {
            self.glance(&path);
            if is_new {
                self.roots[at].run_in(Duration::ZERO);
            }
        }
        let is_open = |path: &PathBuf| self.documents.contains_key(path);
        if self.client.pulls && self.roots[at].is_known && changed.iter().any(is_open) {
            self.ask("workspace/diagnostic/refresh", Value::Null, Asked::Other("to refresh"));
        }
        let open: Vec<PathBuf> = self.documents.keys().cloned().collect();
        changed.extend(open.into_iter().filter(|it| self.root_of(it) == Some(at)));
        changed.iter().for_each(|path| self.tell(path));
    }

    /// Replaces what is known of a root. Returns the files whose reports differ from before, and the documents that the run
    /// saw in an older version, or (true) not at all.
    fn renew(&mut self, at: usize, whole: Whole) -> (BTreeSet<PathBuf>, Vec<(PathBuf, bool)>) {
        let inside = self.documents.values().filter(|it| self.root_of(&it.path) == Some(at));
        let open: Vec<(PathBuf, i32)> = inside.map(|it| (it.path.clone(), it.version)).collect();
        let root = &mut self.roots[at];
        // To free what a whole run left takes longer than an answer may.
        let left = std::mem::replace(&mut root.state, whole.state);
        drop(std::thread::spawn(move || drop(left)));
        root.files = whole.files;
        let old = std::mem::replace(&mut root.reports, whole.reports);
        let mut behind = Vec::new();
        for (path, version) in open {
            let seen = whole.versions.get(&path).copied();
            if seen == Some(version) {
                root.reports.entry(path).or_insert_with(|| Report::empty(seen));
            } else {
                // What was said of the later text stays until it has been looked at again.
                root.reports.remove(&path);
                root.reports.extend(old.get(&path).cloned().map(|it| (path.clone(), it)));
                behind.push((path, seen.is_none()));
            }
        }
        let id = |reports: &BTreeMap<PathBuf, Report>, path: &PathBuf| reports.get(path).map(|it| it.id.clone());
        let all = old.keys().chain(root.reports.keys());
        let changed = all.filter(|it| id(&old, it) != id(&root.reports, it)).cloned().collect();
        (changed, behind)
    }

    /// Tells once what keeps a root from being checked. What was known of it stays.
    fn complain(&mut self, at: usize, trouble: Trouble) {
        if self.roots[at].complaint.as_ref() == Some(&trouble) {
            return;
        }
        if let Some(before) = self.roots[at].complaint.take() {
            self.withdraw(&before);
        }
        self.show(MessageType::Error, &trouble.message);
        if let Some((path, text, range)) = &trouble.place {
            let lines = Lines::new(text);
            let diagnostic = Diagnostic {
                range: lines.range(text, range.start, range.end, self.client.encoding),
                severity: Some(DiagnosticSeverity::Error),
                source: Some("leaklint".to_owned()),
                message: Message::String(trouble.message.clone()),
                ..Diagnostic::default()
            };
            self.publish(super::uri::of(path), None, vec![diagnostic]);
        }
        self.roots[at].complaint = Some(trouble);
    }

    /// Takes back what was shown in a configuration file.
    fn withdraw(&self, trouble: &Trouble) {
        if let Some((path, ..)) = &trouble.place {
            self.publish(super::uri::of(path), None, Vec::new());
        }
    }

    fn publish(&self, uri: String, version: Option<i32>, diagnostics: Vec<Diagnostic>) {
        self.notify("textDocument/publishDiagnostics", PublishDiagnosticsParams { uri: uri.into(), version, diagnostics });
    }

    /// What holds for a path now: a report, if the path is shown at all.
    pub(super) fn report(&self, path: &Path) -> Option<&Report> {
        let root = &self.roots[self.root_of(path)?];
        let is_shown = self.documents.contains_key(path) || self.options_of(root).whole_folder;
        root.reports.get(path).filter(|_| is_shown)
    }

    /// Tells the client of a file, in the way that it wants to hear.
    pub(super) fn tell(&mut self, path: &Path) {
        self.pulls.epoch += 1;
        if self.client.pulls {
            return;
        }
        let document = self.documents.get(path);
        let version = document.map(|it| it.version);
        let report = self.report(path);
        if let (Some(report), Some(version)) = (report, version)
            && report.version != Some(version)
        {
            return;
        }
        let uri = match (document, self.published.get(path)) {
            (Some(document), _) => document.uri.clone(),
            (None, Some(before)) => before.1.clone(),
            (None, None) => super::uri::of(path),
        };
        let diagnostics = report.map_or_else(Vec::new, |it| it.diagnostics.clone());
        let id = report.map_or_else(String::new, |it| it.id.clone());
        let is_empty = diagnostics.is_empty();
        let now = (version, uri.clone(), id);
        let before = self.published.get(path);
        if before == Some(&now) || (is_empty && version.is_none() && before.is_none()) {
            return;
        }
        if is_empty && version.is_none() {
            self.published.remove(path);
        } else {
            self.published.insert(path.to_owned(), now);
        }
        self.publish(uri, version, diagnostics);
    }

    pub(super) fn send(&self, message: impl Into<lsp_server::Message>) {
        let _ = self.out.send(Outgoing::Message(message.into()));
    }

    pub(super) fn send_raw(&self, value: Value) {
        let _ = self.out.send(Outgoing::Raw(value));
    }

    pub(super) fn reply<T: Serialize>(&self, id: RequestId, result: T) {
        self.send(Response::new_ok(id, result));
    }

    pub(super) fn refuse(&self, id: RequestId, code: i32, message: &str) {
        self.send(Response::new_err(id, code, message.to_owned()));
    }

    pub(super) fn notify(&self, method: &str, params: impl Serialize) {
        self.send(Notification::new(method.to_owned(), params));
    }

    pub(super) fn ask(&mut self, method: &'static str, params: impl Serialize, asked: Asked) {
        let id = self.next_id();
        self.asked.insert(id, asked);
        self.send(Request::new(id.into(), method.to_owned(), params));
    }

    pub(super) fn log(&self, kind: MessageType, message: &str) {
        self.notify("window/logMessage", LogMessageParams { kind, message: format!("leaklint: {message}") });
    }

    pub(super) fn show(&self, kind: MessageType, message: &str) {
        self.notify("window/showMessage", ShowMessageParams { kind, message: format!("leaklint: {message}") });
    }

    fn end_progress(&mut self, root: u64) {
        if self.bars.remove(&root) {
            self.notify("$/progress", json!({ "token": bar(root), "value": { "kind": "end" } }));
        }
    }

    /// The client is ready to show how a first run goes.
    pub(super) fn begin_progress(&mut self, id: u64) {
        let Some(root) = self.roots.iter().find(|it| it.id == id && it.is_busy) else { return };
        let name = root.ground.folder().file_name().map(|it| it.to_string_lossy().into_owned()).unwrap_or_default();
        let value = json!({ "kind": "begin", "title": "leaklint", "message": format!("checking {name}"), "cancellable": false });
        self.notify("$/progress", json!({ "token": bar(id), "value": value }));
        self.bars.insert(id);
    }
}

fn bar(root: u64) -> String {
    format!("leaklint/{root}")
}

fn opened(document: &Document) -> Opened {
    Opened { uri: document.uri.clone(), version: document.version, text: Arc::clone(&document.text) }
}
