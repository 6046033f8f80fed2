//! What the world outside does: files that change, and the client's process.

use std::path::Path;

use gen_lsp_types::MessageType;
use serde_json::{Value, json};

use super::engine::Ground;
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
}

/// Whether a change of a file may change what is found on a ground. Configuration above a folder, or beside it, does too.
pub(super) fn concerns(ground: &Ground, path: &Path) -> bool {
    let name = path.file_name().map(|it| it.to_string_lossy()).unwrap_or_default();
    if path.components().any(|it| it.as_os_str() == "node_modules") && !name.ends_with(".toml") {
        return false;
    }
    let is_source = super::document::place(&super::uri::of(path), "").is_some();
    match ground {
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
