//! Documents as the client has them.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Instant;

use gen_lsp_types::TextDocumentContentChangeEvent;

use super::lines::{Encoding, Lines};

/// An open document.
#[derive(Clone, Debug)]
pub(super) struct Document {
    /// Its address, as the client writes it.
    pub(super) uri: String,
    /// Where it lies, or would lie: see [`place`].
    pub(super) path: PathBuf,
    /// Whether it has no file at all.
    pub(super) is_untitled: bool,
    /// The client's count.
    pub(super) version: i32,
    /// Its text.
    pub(super) text: Arc<str>,
    /// When it should be looked at.
    pub(super) due: Option<Instant>,
}

impl Document {
    /// Applies changes in their order; each is in terms of the text that the one before left.
    pub(super) fn change(&mut self, changes: Vec<TextDocumentContentChangeEvent>, encoding: Encoding) {
        let mut text = self.text.to_string();
        for change in changes {
            match change {
                TextDocumentContentChangeEvent::TextDocumentContentChangePartial(change) => {
                    let lines = Lines::new(&text);
                    let start = lines.offset(&text, change.range.start, encoding);
                    let end = lines.offset(&text, change.range.end, encoding);
                    text.replace_range(start.min(end)..end.max(start), &change.text);
                }
                TextDocumentContentChangeEvent::TextDocumentContentChangeWholeDocument(change) => text = change.text,
            }
        }
        self.text = text.into();
    }
}

/// Extensions that are checked.
const EXTENSIONS: [&str; 8] = ["js", "mjs", "cjs", "jsx", "ts", "mts", "cts", "tsx"];

/// Where a document lies, if it is one for us. What the language is, its name decides; what the editor calls it (some say
/// `js`) counts only for documents without a name.
pub(super) fn place(uri: &str, language: &str) -> Option<PathBuf> {
    if let Some(path) = super::uri::path(uri) {
        let extension = path.extension()?.to_str()?.to_ascii_lowercase();
        return EXTENSIONS.contains(&extension.as_str()).then_some(path);
    }
    let name = uri.strip_prefix("untitled:")?;
    let extension = match language {
        "javascript" | "js" | "javascriptreact" | "jsx" => "js",
        "typescript" | "ts" => "ts",
        "typescriptreact" | "tsx" => "tsx",
        _ => return None,
    };
    let stem: String = name.chars().map(|it| if it.is_ascii_alphanumeric() || it == '-' { it } else { '_' }).collect();
    Some(PathBuf::from(format!("/untitled/{stem}.{extension}")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use gen_lsp_types::{Position, Range, TextDocumentContentChangePartial, TextDocumentContentChangeWholeDocument};

    fn at(line: u32, character: u32) -> Position {
        Position { line, character }
    }

    #[test]
    fn changes_apply_one_after_the_other() {
        let mut document = Document {
            uri: String::new(),
            path: PathBuf::new(),
            is_untitled: false,
            version: 1,
            text: "a😀b\r\nc".into(),
            due: None,
        };
        #[allow(deprecated)]
        let part = |start, end, text: &str| {
            TextDocumentContentChangeEvent::TextDocumentContentChangePartial(TextDocumentContentChangePartial {
                range: Range { start, end },
                range_length: None,
                text: text.to_owned(),
            })
        };
        document.change(vec![part(at(0, 1), at(0, 3), "é"), part(at(0, 2), at(1, 0), "-")], Encoding::Utf16);
        assert_eq!(&*document.text, "aé-c");
        document.change(vec![part(at(0, 3), at(0, 1), "x"), part(at(7, 7), at(8, 8), "!")], Encoding::Utf8);
        assert_eq!(&*document.text, "ax-c!");
        let whole = TextDocumentContentChangeWholeDocument { text: "new".to_owned() };
        document.change(vec![TextDocumentContentChangeEvent::TextDocumentContentChangeWholeDocument(whole)], Encoding::Utf16);
        assert_eq!(&*document.text, "new");
    }

    #[test]
    fn the_name_decides_before_the_language() {
        assert_eq!(place("file:///a/b.mts", "plaintext"), Some(PathBuf::from("/a/b.mts")));
        assert_eq!(place("file:///a/b.md", "javascript"), None);
        assert_eq!(place("untitled:Untitled-1", "js"), Some(PathBuf::from("/untitled/Untitled-1.js")));
        assert_eq!(place("untitled:Untitled-1", "markdown"), None);
        assert_eq!(place("git:/a/b.js", "javascript"), None);
    }
}
