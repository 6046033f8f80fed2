//! What can be done about a finding.

use std::collections::{BTreeSet, HashMap};

use gen_lsp_types::{
    Code, CodeAction, CodeActionKind, CodeActionParams, CodeActionResponse, Command, Diagnostic, DocumentChange, Edit,
    OptionalVersionedTextDocumentIdentifier, Position, Range, TextDocumentEdit, TextDocumentIdentifier, TextEdit, WorkspaceEdit,
};

use crate::workspace::silencing;

use super::commands::{ACCEPT, EXPLAIN};
use super::document::Document;
use super::lines::Lines;
use super::server::Server;

/// What stands for the reason until somebody gives one.
const REASON: &str = "TODO: say why";

impl Server {
    /// `textDocument/codeAction`.
    pub(super) fn actions(&self, params: &CodeActionParams) -> Vec<CodeActionResponse> {
        let is_wanted = |kind: &CodeActionKind| {
            let word = serde_json::to_value(kind).unwrap_or_default();
            word.as_str().is_some_and(|it| it.is_empty() || it == "quickfix")
        };
        let path = self.path_of(&params.text_document.uri.0);
        let document = path.as_ref().and_then(|it| self.documents.get(it));
        let Some(document) = document.filter(|_| params.context.only.as_ref().is_none_or(|it| it.iter().any(is_wanted))) else {
            return Vec::new();
        };
        let lines = Lines::new(&document.text);
        let state = self.root_of(&document.path).and_then(|at| self.roots[at].state.as_deref());
        let mut actions = Vec::new();
        let mut seen = BTreeSet::new();
        for diagnostic in self.concerned(document, params) {
            let Some(Code::String(rule)) = diagnostic.code.clone() else { continue };
            let can_be_silenced = !matches!(rule.as_str(), "parse-error" | "internal-error");
            if !seen.insert((rule.clone(), diagnostic.range)) {
                continue;
            }
            if can_be_silenced {
                if let Some(edit) = self.on_line(document, &lines, diagnostic.range.start, &rule) {
                    actions.push(self.action(document, format!("Suppress {rule} on this line"), edit, &diagnostic, true));
                }
                let edit = self.on_top(document, &lines, &rule);
                actions.push(self.action(document, format!("Suppress {rule} in this file"), edit, &diagnostic, false));
            }
            let fingerprint = diagnostic.data.as_ref().and_then(|it| it.get("fingerprint")?.as_str());
            if let Some(fingerprint) = fingerprint.filter(|it| state.is_some_and(|state| state.can_accept(it))) {
                actions.push(order("Accept in the baseline".to_owned(), ACCEPT, fingerprint, diagnostic.clone()));
            }
            actions.push(order(format!("Explain {rule}"), EXPLAIN, &rule, diagnostic));
        }
        if !self.client.takes_actions {
            return actions.into_iter().filter_map(|it| it.command.map(CodeActionResponse::Command)).collect();
        }
        actions.into_iter().map(CodeActionResponse::CodeAction).collect()
    }

    /// Our findings in the range: those that we know of, and those that the client still shows and has moved along.
    fn concerned(&self, document: &Document, params: &CodeActionParams) -> Vec<Diagnostic> {
        let report = self.report(&document.path).filter(|it| it.version == Some(document.version));
        let (asked, touches) = (params.range, |it: &Diagnostic| overlap(it.range, params.range));
        let known = report.map(|it| it.diagnostics.iter().filter(|it| touches(it)).cloned().collect::<Vec<_>>());
        let ours = |it: &&Diagnostic| it.source.as_deref() == Some("leaklint") && overlap(it.range, asked);
        known.unwrap_or_else(|| params.context.diagnostics.iter().filter(ours).cloned().collect())
    }

    /// A comment for what stands at a place, in the form that fits there; `None` if none does.
    fn on_line(&self, document: &Document, lines: &Lines, at: Position, rule: &str) -> Option<TextEdit> {
        let text = &*document.text;
        let at = lines.offset(text, at, self.client.encoding) as u32;
        let comment = silencing(&document.path.to_string_lossy(), text, at, &[rule], REASON)?;
        Some(insertion(lines.position(text, comment.at as usize, self.client.encoding), comment.text))
    }

    /// A comment on top of the file, below a `#!` line.
    fn on_top(&self, document: &Document, lines: &Lines, rule: &str) -> TextEdit {
        let text = &*document.text;
        let line = u32::from(text.starts_with("#!"));
        let at = lines.position(text, lines.start(text, line), self.client.encoding);
        insertion(at, format!("// leaklint-disable-file {rule} -- {REASON}{}", line_end(text)))
    }

    fn action(&self, document: &Document, title: String, edit: TextEdit, of: &Diagnostic, preferred: bool) -> CodeAction {
        let edit = if self.client.takes_document_changes {
            let text_document = OptionalVersionedTextDocumentIdentifier {
                version: Some(document.version),
                text_document_identifier: TextDocumentIdentifier { uri: document.uri.clone().into() },
            };
            let change = TextDocumentEdit { text_document, edits: vec![Edit::TextEdit(edit)] };
            WorkspaceEdit { document_changes: Some(vec![DocumentChange::TextDocumentEdit(change)]), ..WorkspaceEdit::default() }
        } else {
            let changes: HashMap<_, _> = [(document.uri.clone().into(), vec![edit])].into_iter().collect();
            WorkspaceEdit { changes: Some(changes), ..WorkspaceEdit::default() }
        };
        CodeAction {
            title,
            kind: Some(CodeActionKind::QuickFix),
            diagnostics: Some(vec![of.clone()]),
            is_preferred: preferred.then_some(true),
            edit: Some(edit),
            ..CodeAction::default()
        }
    }
}

/// An action that the server carries out.
fn order(title: String, command: &str, argument: &str, diagnostic: Diagnostic) -> CodeAction {
    let command = Command {
        title: title.clone(),
        command: command.to_owned(),
        arguments: Some(vec![argument.into()]),
        ..Command::default()
    };
    CodeAction {
        title,
        kind: Some(CodeActionKind::QuickFix),
        diagnostics: Some(vec![diagnostic]),
        command: Some(command),
        ..CodeAction::default()
    }
}

fn insertion(at: Position, new_text: String) -> TextEdit {
    TextEdit { range: Range { start: at, end: at }, new_text }
}

fn overlap(a: Range, b: Range) -> bool {
    a.start <= b.end && b.start <= a.end
}

/// What ends the lines of a text.
fn line_end(text: &str) -> &'static str {
    let lf = text.find('\n');
    match (lf, text.find('\r')) {
        (Some(lf), Some(cr)) if cr + 1 == lf => "\r\n",
        (None, Some(_)) => "\r",
        _ => "\n",
    }
}
