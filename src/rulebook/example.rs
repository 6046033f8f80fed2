//! The examples of a rule page, as small projects with expectations.
//!
//! Under *Leaks* and *Does not leak*, every fence of JavaScript or TypeScript is a file. An unnamed fence is a project of
//! its own. A fence below a line that is only a back-quoted name (`` `server.ts`: ``) is the file of that name, in any language,
//! and a project runs from its first named file until prose, a heading, an unnamed fence, or a name that it has already.
//!
//! A line `//^^^^ message` (`#^^^^` where `#` starts a comment) asserts a finding whose range covers the columns of the carets
//! on the code line above. The message, if any, is part of the finding's; `other-rule:` before it names the rule of a finding
//! that is not the page's own. Caret lines are blanked before linting, so lines and columns stay where the page has them.

use super::trouble::Trouble;

/// A small project of a page.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Example {
    /// Stands under *Leaks*.
    pub leaks: bool,
    /// Line of the page where its first fence starts, from 1.
    pub line: usize,
    /// Its files.
    pub files: Vec<ExampleFile>,
}

/// A file of an example.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct ExampleFile {
    /// Its name.
    pub path: String,
    /// Its text, caret lines blanked.
    pub text: String,
    /// Line of the page where the text starts, from 1.
    pub line: usize,
    /// What is expected in it.
    pub carets: Vec<Caret>,
}

/// An expected finding.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Caret {
    /// Line of the text that it is about, from 1.
    pub line: usize,
    /// Line of the text that it stands on, from 1.
    pub own_line: usize,
    /// First column in characters, from 1.
    pub column: usize,
    /// Number of columns.
    pub length: usize,
    /// The rule, unless it is the page's.
    pub rule: Option<String>,
    /// A part of the finding's message.
    pub message: String,
}

/// Names of languages on fences, and the extension of an unnamed file.
const LANGUAGES: &[(&str, &str)] = &[
    ("js", "js"),
    ("jsx", "jsx"),
    ("mjs", "mjs"),
    ("cjs", "cjs"),
    ("ts", "ts"),
    ("tsx", "tsx"),
    ("mts", "mts"),
    ("cts", "cts"),
    ("javascript", "js"),
    ("typescript", "ts"),
];

/// A fence that has begun.
struct Open {
    marker: String,
    /// Extension of a language we lint.
    extension: Option<&'static str>,
    /// Line of the page below the opening one, from 1.
    line: usize,
    lines: Vec<String>,
}

/// What has been read so far.
#[derive(Default)]
struct Reader {
    /// Under *Leaks*, under *Does not leak*, or elsewhere.
    leaks: Option<bool>,
    name: Option<String>,
    done: Vec<Example>,
    /// The last project takes further named files.
    continues: bool,
}

/// The examples of a body that starts below `skipped` lines of its page.
pub(super) fn parse(path: &str, body: &str, skipped: usize) -> Result<Vec<Example>, Trouble> {
    let mut reader = Reader::default();
    let mut open: Option<Open> = None;
    for (index, line) in body.lines().enumerate() {
        let number = skipped + index + 1;
        match &mut open {
            Some(fence) if closes(line, &fence.marker) => {
                if let Some(fence) = open.take() {
                    reader.close(path, fence)?;
                }
            }
            Some(fence) => fence.lines.push(line.to_owned()),
            None => open = reader.outside(line, number),
        }
    }
    match open {
        Some(fence) => Err(Trouble::new(path, fence.line - 1, "this fence does not end")),
        None => Ok(reader.done),
    }
}

/// The heading lines of a body, without those inside fences.
pub(super) fn headings(body: &str) -> impl Iterator<Item = &str> {
    let mut marker: Option<String> = None;
    body.lines().filter(move |line| match &marker {
        Some(it) => {
            if closes(line, it) {
                marker = None;
            }
            false
        }
        None => {
            marker = opens(line).map(|(marker, _)| marker);
            line.starts_with('#')
        }
    })
}

impl Reader {
    /// Takes a line outside of fences; gives the fence that it opens.
    fn outside(&mut self, line: &str, number: usize) -> Option<Open> {
        if let Some((marker, language)) = opens(line) {
            let extension = LANGUAGES.iter().find(|(name, _)| *name == language).map(|(_, extension)| *extension);
            return Some(Open { marker, extension, line: number + 1, lines: Vec::new() });
        }
        if let Some(heading) = line.strip_prefix("## ") {
            self.leaks = match heading.trim() {
                "Leaks" => Some(true),
                "Does not leak" => Some(false),
                _ => None,
            };
        }
        if let Some(name) = file_name(line) {
            self.name = Some(name.to_owned());
        } else if !line.trim().is_empty() {
            self.name = None;
            self.continues = false;
        }
        None
    }

    /// Takes a whole fence.
    fn close(&mut self, path: &str, fence: Open) -> Result<(), Trouble> {
        let name = self.name.take();
        let Some(leaks) = self.leaks else { return Ok(()) };
        let named = name.is_some();
        let Some(file) = name.or_else(|| fence.extension.map(|it| format!("example.{it}"))) else {
            self.continues = false;
            return Ok(());
        };
        let line = fence.line;
        let file = read(path, file, fence)?;
        match self.done.last_mut() {
            Some(last) if self.continues && named && last.files.iter().all(|it| it.path != file.path) => last.files.push(file),
            _ => self.done.push(Example { leaks, line: line - 1, files: vec![file] }),
        }
        self.continues = named;
        Ok(())
    }
}

/// Separates the code of a fence from its carets.
fn read(path: &str, name: String, fence: Open) -> Result<ExampleFile, Trouble> {
    let mut file = ExampleFile { path: name, text: String::new(), line: fence.line, carets: Vec::new() };
    let mut code = 0;
    for (index, line) in fence.lines.iter().enumerate() {
        if let Some(mut caret) = caret(line) {
            if code == 0 {
                return Err(Trouble::new(path, fence.line + index, "these carets have no code line above them"));
            }
            (caret.line, caret.own_line) = (code, index + 1);
            file.carets.push(caret);
        } else {
            file.text.push_str(line);
            code = index + 1;
        }
        file.text.push('\n');
    }
    Ok(file)
}

/// A caret line; which line it is about, the caller knows.
fn caret(line: &str) -> Option<Caret> {
    let trimmed = line.trim_start();
    let rest = trimmed.strip_prefix("//").or_else(|| trimmed.strip_prefix('#'))?.trim_start();
    let length = rest.len() - rest.trim_start_matches('^').len();
    if length == 0 {
        return None;
    }
    let column = line[..line.len() - rest.len()].chars().count() + 1;
    let (rule, message) = match rest[length..].trim().split_once(':') {
        Some((rule, message)) if is_id(rule) => (Some(rule.to_owned()), message.trim()),
        _ => (None, rest[length..].trim()),
    };
    Some(Caret { line: 0, own_line: 0, column, length, rule, message: message.to_owned() })
}

/// Whether a word could be the id of a rule.
fn is_id(word: &str) -> bool {
    word.contains('-') && word.chars().all(|it| it.is_ascii_lowercase() || it == '-')
}

/// The marker and language of an opening fence.
fn opens(line: &str) -> Option<(String, &str)> {
    let rest = line.trim_start_matches('`');
    let marker = &line[..line.len() - rest.len()];
    (marker.len() >= 3 && !rest.contains('`')).then(|| (marker.to_owned(), rest.split_whitespace().next().unwrap_or("")))
}

/// Whether a line closes the fence with this marker.
fn closes(line: &str, marker: &str) -> bool {
    let line = line.trim_end();
    line.len() >= marker.len() && line.chars().all(|it| it == '`')
}

/// The name in a line that is nothing but a back-quoted file name and a colon.
fn file_name(line: &str) -> Option<&str> {
    let name = line.trim().strip_prefix('`')?.strip_suffix("`:")?;
    (!name.is_empty() && !name.contains(['`', ' '])).then_some(name)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(body: &str) -> Vec<Example> {
        parse("p.md", body, 10).unwrap()
    }

    #[test]
    fn carets_are_blanked_and_point_at_the_line_above() {
        let examples = parsed("## Leaks\n```js\nlet a;\n  b();\n//^^^ is b\n  //  ^ other-rule: c\n```\n");
        let file = &examples[0].files[0];
        assert_eq!((file.path.as_str(), file.text.as_str(), file.line), ("example.js", "let a;\n  b();\n\n\n", 13));
        let caret = |own_line, column, length, rule: Option<&str>, message: &str| Caret {
            line: 2,
            own_line,
            column,
            length,
            rule: rule.map(str::to_owned),
            message: message.to_owned(),
        };
        assert_eq!(file.carets, [caret(3, 3, 3, None, "is b"), caret(4, 7, 1, Some("other-rule"), "c")]);
    }

    #[test]
    fn named_fences_are_one_project_until_prose() {
        let body = "## Leaks\n`a.js`:\n```js\n```\n\n`b.json`:\n```json\n```\nAnd:\n\n`c.js`:\n```js\n```\n```ts\n```\n## Does not leak\n```sh\nx\n```\n```js\n```\n## Remedy\n```js\n```\n";
        let shape: Vec<_> = parsed(body)
            .into_iter()
            .map(|it| (it.leaks, it.files.into_iter().map(|file| file.path).collect::<Vec<_>>().join(" ")))
            .collect();
        let expected = [(true, "a.js b.json"), (true, "c.js"), (true, "example.ts"), (false, "example.js")];
        assert_eq!(shape, expected.map(|(leaks, files)| (leaks, files.to_owned())));
    }

    #[test]
    fn mistakes_have_a_line() {
        assert_eq!(parse("p.md", "## Leaks\n```js\n", 10).unwrap_err().line, 12);
        assert_eq!(parse("p.md", "## Leaks\n```js\n//^^ x\n```\n", 10).unwrap_err().line, 13);
    }
}
