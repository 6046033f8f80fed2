//! What the world outside does: files that change, and the client's process.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use gen_lsp_types::MessageType;
use serde_json::{Value, json};

use super::engine::Ground;
use super::root::Root;
use super::server::{Asked, Server};

/// Files whose change may change a finding.
const PATTERNS: [&str; 4] = [
    "**/*.{js,mjs,cjs,jsx,ts,mts,cts,tsx}",
    "**/{package.json,tsconfig*.json,jsconfig*.json,.gitignore,.ignore,.leaklintignore,Dockerfile,Procfile}",
    "**/{leaklint.toml,.leaklint.toml,leaklint.json,leaklint.jsonc,leaklint-baseline.json}",
    "**/.leaklint/**/*.{md,toml}",
];

impl Server {
    /// Asks the client to tell of changes.
    pub(super) fn register(&mut self) {
        let mut registrations: Vec<Value> = Vec::new();
        if self.client.can_watch {
            let watchers: Vec<Value> = PATTERNS.iter().map(|it| json!({ "globPattern": it })).collect();
            let options = json!({ "watchers": watchers });
            registrations.push(json!({ "id": "files", "method": "workspace/didChangeWatchedFiles", "registerOptions": options }));
        } else {
            self.log(
                MessageType::Info,
                "this client does not watch files: other programs' changes are seen when a file is saved",
            );
        }
        if self.client.can_register_configuration {
            registrations.push(json!({
                "id": "settings",
                "method": "workspace/didChangeConfiguration",
                "registerOptions": { "section": "leaklint" },
            }));
        }
        if !registrations.is_empty() {
            self.ask("client/registerCapability", json!({ "registrations": registrations }), Asked::Other("to watch files"));
        }
    }

    /// Asks the client to tell of configuration that lies outside of its folders, or in `node_modules`.
    pub(super) fn register_more(&mut self) {
        if !self.client.can_watch_relative || !self.client.can_watch {
            return;
        }
        let folders: Vec<&Path> = self.roots.iter().map(|it| it.ground.folder()).collect();
        let is_seen = |path: &Path| folders.iter().any(|it| path.starts_with(it)) && !is_installed(path);
        let more: BTreeSet<PathBuf> = self.roots.iter().flat_map(|it| &it.files).filter(|it| !is_seen(it)).cloned().collect();
        if more == self.watched {
            return;
        }
        if !self.watched.is_empty() {
            let method = "workspace/didChangeWatchedFiles";
            // The protocol has this typing error for good.
            let params = json!({ "unregisterations": [{ "id": "more", "method": method }] });
            self.ask("client/unregisterCapability", params, Asked::Other("not to watch files"));
        }
        let watcher = |path: &PathBuf| {
            let pattern = json!({ "baseUri": super::uri::of(path.parent()?), "pattern": path.file_name()?.to_str()? });
            Some(json!({ "globPattern": pattern }))
        };
        let watchers: Vec<Value> = more.iter().filter_map(watcher).collect();
        self.watched = more;
        if !watchers.is_empty() {
            let options = json!({ "watchers": watchers });
            let registration = json!({ "id": "more", "method": "workspace/didChangeWatchedFiles", "registerOptions": options });
            self.ask("client/registerCapability", json!({ "registrations": [registration] }), Asked::Other("to watch files"));
        }
    }
}

fn is_installed(path: &Path) -> bool {
    path.components().any(|it| it.as_os_str() == "node_modules")
}

/// Whether a change of a file may change what is found in a root. Configuration above a folder, or beside it, does too.
pub(super) fn concerns(root: &Root, path: &Path) -> bool {
    if root.files.contains(path) || is_installed(path) {
        return root.files.contains(path);
    }
    let is_source = super::document::place(&super::uri::of(path), "").is_some();
    match &root.ground {
        Ground::Folder(folder) => path.starts_with(folder) || !is_source,
        Ground::File(own) => own == path || !is_source,
        Ground::Untitled(_) => false,
    }
}

/// Whether a process is there.
pub(super) fn is_alive(process: u32) -> bool {
    #[cfg(unix)]
    {
        let Some(pid) = i32::try_from(process).ok().and_then(rustix::process::Pid::from_raw) else { return true };
        // One that is another user's is there, too.
        !matches!(rustix::process::test_kill_process(pid), Err(rustix::io::Errno::SRCH))
    }
    #[cfg(not(unix))]
    {
        // The end of the standard input tells here.
        let _ = process;
        true
    }
}
