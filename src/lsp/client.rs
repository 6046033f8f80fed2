//! What the client can, and what it asks for at the start. Read leniently: an odd capability must not cost the session.

use std::path::PathBuf;

use serde_json::Value;

use super::lines::Encoding;
use super::uri;

/// What the client said of itself.
#[derive(Clone, Debug)]
pub(super) struct Client {
    pub(super) encoding: Encoding,
    /// It asks for diagnostics, and asks again when told to: both are needed, or what other files do would never show.
    pub(super) pulls: bool,
    pub(super) can_relate: bool,
    pub(super) can_watch: bool,
    pub(super) can_watch_relative: bool,
    pub(super) can_configure: bool,
    pub(super) can_register_configuration: bool,
    pub(super) can_progress: bool,
    pub(super) can_show_documents: bool,
    pub(super) takes_actions: bool,
    pub(super) takes_document_changes: bool,
    pub(super) takes_markdown: bool,
    /// The process that the server should not outlive.
    pub(super) parent: Option<u32>,
    /// The folders that are open.
    pub(super) folders: Vec<PathBuf>,
    /// Options of ours.
    pub(super) options: Value,
}

impl Client {
    /// Reads the parameters of `initialize`.
    pub(super) fn new(params: &Value) -> Client {
        let can = |path: &str| params.pointer(&format!("/capabilities/{path}")).and_then(Value::as_bool).unwrap_or(false);
        let has = |path: &str| params.pointer(&format!("/capabilities/{path}")).is_some_and(|it| !it.is_null());
        let lists = |path: &str, word: &str| {
            let list = params.pointer(&format!("/capabilities/{path}")).and_then(Value::as_array);
            list.is_some_and(|it| it.iter().any(|it| it == word))
        };
        let utf8 = lists("general/positionEncodings", "utf-8");
        let refresh = can("workspace/diagnostics/refreshSupport") || can("workspace/diagnostic/refreshSupport");
        let format = "textDocument/hover/contentFormat";
        Client {
            encoding: if utf8 { Encoding::Utf8 } else { Encoding::Utf16 },
            pulls: has("textDocument/diagnostic") && refresh,
            can_relate: can("textDocument/publishDiagnostics/relatedInformation")
                || can("textDocument/diagnostic/relatedInformation"),
            can_watch: can("workspace/didChangeWatchedFiles/dynamicRegistration"),
            can_watch_relative: can("workspace/didChangeWatchedFiles/relativePatternSupport"),
            can_configure: can("workspace/configuration"),
            can_register_configuration: can("workspace/didChangeConfiguration/dynamicRegistration"),
            can_progress: can("window/workDoneProgress"),
            can_show_documents: can("window/showDocument/support"),
            takes_actions: has("textDocument/codeAction/codeActionLiteralSupport"),
            takes_document_changes: can("workspace/workspaceEdit/documentChanges"),
            takes_markdown: lists(format, "markdown") || !has(format),
            parent: params.get("processId").and_then(Value::as_u64).and_then(|it| u32::try_from(it).ok()),
            folders: folders(params),
            options: params.get("initializationOptions").cloned().unwrap_or_default(),
        }
    }
}

/// The open folders: `workspaceFolders`, else `rootUri`, else `rootPath`, else none.
fn folders(params: &Value) -> Vec<PathBuf> {
    if let Some(list) = params.get("workspaceFolders").and_then(Value::as_array) {
        return list.iter().filter_map(|it| uri::path(it.get("uri")?.as_str()?)).collect();
    }
    let uri = params.get("rootUri").and_then(Value::as_str).and_then(uri::path);
    let path = || params.get("rootPath").and_then(Value::as_str).map(PathBuf::from).filter(|it| it.is_absolute());
    uri.or_else(path).into_iter().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn capabilities_are_read_leniently() {
        let client = Client::new(&serde_json::json!({
            "processId": 7,
            "rootUri": "file:///w",
            "capabilities": {
                "general": { "positionEncodings": ["utf-8", 3] },
                "textDocument": { "diagnostic": {}, "publishDiagnostics": "yes" },
                "workspace": { "diagnostics": { "refreshSupport": true }, "configuration": 1 },
            },
        }));
        assert_eq!((client.encoding, client.pulls, client.can_configure), (Encoding::Utf8, true, false));
        assert_eq!((client.parent, client.folders), (Some(7), vec![PathBuf::from("/w")]));
        let bare = Client::new(&Value::Null);
        assert_eq!((bare.encoding, bare.pulls, bare.parent, bare.folders.len()), (Encoding::Utf16, false, None, 0));
        let pull = serde_json::json!({ "capabilities": { "textDocument": { "diagnostic": {} } } });
        assert!(!Client::new(&pull).pulls, "without refresh a client that pulls would see old news");
    }
}
