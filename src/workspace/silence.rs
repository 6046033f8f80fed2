//! Suppression comments put where they hold, and files rewritten with care.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use crate::facts::{Directive, DirectiveKind};
use crate::finding::Finding;
use crate::syntax;
use crate::text::{Encoding, FileId, LineIndex, decode};

use super::{Analysis, panics, paths, read};

/// Text to put into a file.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Insertion {
    /// In front of this byte.
    pub at: u32,
    /// What.
    pub text: String,
}

/// Comments of other tools that are about the line below them.
const NEXT_LINE: [&str; 7] =
    ["-next-line", "@ts-ignore", "@ts-expect-error", "biome-ignore", "prettier-ignore", "istanbul ignore next", "v8 ignore next"];

/// The comment that silences rules for what stands at an offset. Which form is right depends on what is around it (code, JSX,
/// a template), so each is tried: it must come back from the parser as the comment that it is meant to be. `None` if none
/// does, or the text does not parse. Needs the stack that parsing needs.
pub fn silencing(path: &str, text: &str, at: u32, rules: &[&str], reason: &str) -> Option<Insertion> {
    let index = LineIndex::new(text);
    let line = index.location(text, at).line - 1;
    let (start, end) = index.line_range(text, line);
    let indent: String = text[start as usize..].chars().take_while(|it| matches!(it, ' ' | '\t')).collect();
    let line_end = line_end(text, end as usize);
    let said = |word: &str| format!("leaklint-disable-{word} {} -- {reason}", rules.join(", "));
    let above = |text: String| Insertion { at: start, text: format!("{indent}{text}{line_end}") };
    let mut forms = vec![
        above(format!("// {}", said("next-line"))),
        above(format!("{{/* {} */}}", said("next-line"))),
        Insertion { at: end, text: format!(" // {}", said("line")) },
        Insertion { at, text: format!("/* {} */ ", said("line")) },
    ];
    let before = if line == 0 { (0, 0) } else { index.line_range(text, line - 1) };
    let before = text[before.0 as usize..before.1 as usize].trim_start();
    // A comment of another tool must keep its line.
    if before.starts_with(['/', '{']) && NEXT_LINE.iter().any(|it| before.contains(it)) && !before.contains("leaklint-") {
        forms.rotate_left(2);
    }
    forms.into_iter().find(|form| holds(path, text, form, line, rules, reason))
}

/// Whether the comment, once it is there, is one about the line.
fn holds(path: &str, text: &str, form: &Insertion, line: u32, rules: &[&str], reason: &str) -> bool {
    let at = form.at as usize;
    let edited = [&text[..at], &form.text, &text[at..]].concat();
    let Ok(Ok(facts)) = panics::catch(|| read::parse(path, &edited)) else { return false };
    let (from, to) = (form.at, form.at + form.text.len() as u32);
    let is_it = |it: &&Directive| it.start >= from && it.end <= to && it.rules == rules && it.reason.as_deref() == Some(reason);
    let Some(comment) = facts.directives.iter().find(is_it) else { return false };
    match comment.kind {
        DirectiveKind::DisableNextLine => comment.end_line == line,
        DirectiveKind::DisableLine => comment.line == line && comment.end_line == line,
        _ => false,
    }
}

/// What ends the line that ends at an offset, else the first line of the text.
fn line_end(text: &str, at: usize) -> &'static str {
    let ends = ["\r\n", "\n", "\r"];
    let first = text.find(['\r', '\n']).unwrap_or(text.len());
    let at_either = |end: &&&str| text[at..].starts_with(**end);
    let at_first = |end: &&&str| text[first..].starts_with(**end);
    ends.iter().find(at_either).or_else(|| ends.iter().find(at_first)).copied().unwrap_or("\n")
}

/// What became of comments that were asked for.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct Silenced {
    /// Comments that were written.
    pub comments: usize,
    /// Files that they were written to.
    pub files: usize,
    /// Why others were not: a file or a place as shown, and a clause.
    pub refused: Vec<(String, String)>,
}

/// Writes comments that silence findings of an analysis.
pub fn silence(analysis: &Analysis, cwd: &Path, findings: &[&Finding], reason: &str) -> Silenced {
    // Comments are tried out by parsing, which asks for the stack that the run had.
    std::thread::scope(|scope| {
        let worker = std::thread::Builder::new().stack_size(syntax::STACK_SIZE);
        let silenced = worker.spawn_scoped(scope, || write(analysis, cwd, findings, reason)).ok().and_then(|it| it.join().ok());
        silenced.unwrap_or_else(|| Silenced {
            refused: vec![(cwd.display().to_string(), "leaklint cannot start a thread".to_owned())],
            ..Silenced::default()
        })
    })
}

fn write(analysis: &Analysis, cwd: &Path, findings: &[&Finding], reason: &str) -> Silenced {
    let mut by_file: BTreeMap<FileId, BTreeMap<u32, (u32, BTreeSet<&str>)>> = BTreeMap::new();
    for finding in findings {
        let Some(text) = analysis.texts.get(finding.span.file) else { continue };
        let line = text.location(finding.span.start).line;
        let place = by_file.entry(finding.span.file).or_default().entry(line).or_insert((finding.span.start, BTreeSet::new()));
        place.1.insert(&finding.rule);
    }
    let mut silenced = Silenced::default();
    for (file, lines) in by_file {
        let Some(checked) = analysis.texts.get(file) else { continue };
        let mut text = checked.text.clone();
        let mut written = 0;
        // From below, so that places above stay where they are.
        for (line, (at, rules)) in lines.into_iter().rev() {
            let rules: Vec<&str> = rules.into_iter().collect();
            match silencing(&checked.path, &text, at, &rules, reason) {
                Some(comment) => {
                    text.insert_str(comment.at as usize, &comment.text);
                    written += 1;
                }
                None => silenced.refused.push((format!("{}:{line}", checked.path), "no comment can stand here".to_owned())),
            }
        }
        match rewrite(&paths::absolute(cwd, Path::new(&checked.path)), &checked.text, &text) {
            _ if written == 0 => {}
            Ok(()) => {
                silenced.comments += written;
                silenced.files += 1;
            }
            Err(why) => silenced.refused.push((checked.path.clone(), why)),
        }
    }
    silenced
}

/// Replaces a file's text if it still is the one that was read: beside it first, then by a rename, so that nobody ever reads
/// half of it. A byte order mark, the mode, and a link that leads to it stay.
fn rewrite(path: &Path, old: &str, new: &str) -> Result<(), String> {
    if old == new {
        return Ok(());
    }
    let told = |error: io::Error| error.to_string().to_lowercase();
    let path = fs::canonicalize(path).map_err(told)?;
    let before = fs::read(&path).map_err(told)?;
    let mode = fs::metadata(&path).map_err(told)?.permissions();
    let decoded = decode(before.clone());
    if decoded.text != old {
        return Err("it has changed meanwhile".to_owned());
    }
    if decoded.encoding != Encoding::Utf8 {
        return Err("it is not UTF-8".to_owned());
    }
    if mode.readonly() {
        return Err("it is read-only".to_owned());
    }
    let mark = &before[..before.len() - old.len()];
    let beside = temporary(&path);
    let written = fs::File::create_new(&beside).and_then(|mut file| {
        file.write_all(mark)?;
        file.write_all(new.as_bytes())?;
        file.set_permissions(mode)?;
        file.sync_all()
    });
    let done = written.map_err(told).and_then(|()| match fs::read(&path) {
        Ok(bytes) if bytes == before => fs::rename(&beside, &path).map_err(told),
        _ => Err("it has changed meanwhile".to_owned()),
    });
    if done.is_err() {
        let _ = fs::remove_file(&beside);
    }
    done
}

fn temporary(path: &Path) -> PathBuf {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    path.with_file_name(format!(".{name}.{}.tmp", std::process::id()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The text with a comment for what stands at `@`.
    fn silenced(path: &str, marked: &str) -> String {
        let at = marked.find('@').unwrap();
        let mut text = marked.replacen('@', "", 1);
        match silencing(path, &text, at as u32, &["a", "b"], "why") {
            Some(it) => {
                text.insert_str(it.at as usize, &it.text);
                text
            }
            None => "none".to_owned(),
        }
    }

    #[test]
    fn the_form_fits_the_place() {
        let next = "leaklint-disable-next-line a, b -- why";
        let line = "leaklint-disable-line a, b -- why";
        for (path, marked, expected) in [
            ("a.js", "f();\n\t@g();\n", format!("f();\n\t// {next}\n\tg();\n")),
            ("a.js", "@g()", format!("// {next}\ng()")),
            ("a.ts", "f();\r\n@g();\r\n", format!("f();\r\n// {next}\r\ng();\r\n")),
            ("a.js", "f();\r@g()", format!("f();\r// {next}\rg()")),
            ("a.jsx", "x = <a>\n  <b on={@f()} />\n</a>;\n", format!("x = <a>\n  {{/* {next} */}}\n  <b on={{f()}} />\n</a>;\n")),
            ("a.tsx", "x = <a\n  on={@f()}\n/>;\n", format!("x = <a\n  // {next}\n  on={{f()}}\n/>;\n")),
            ("a.jsx", "x = <a>\n  text {@f()} more\n</a>", format!("x = <a>\n  {{/* {next} */}}\n  text {{f()}} more\n</a>")),
            ("a.js", "x = `\n${@f()}`;\n", format!("x = `\n${{f()}}`; // {line}\n")),
            ("a.js", "x = `\n${@f()}\n`;\n", format!("x = `\n${{/* {line} */ f()}}\n`;\n")),
            ("a.js", "/*\n*/ @f()", format!("/*\n*/ f() // {line}")),
            ("a.js", "// eslint-disable-next-line x\n@f()\n", format!("// eslint-disable-next-line x\nf() // {line}\n")),
            ("a.js", "// leaklint-disable-next-line c\n@f()", format!("// leaklint-disable-next-line c\n// {next}\nf()")),
            ("a.js", "f(;\n@g()", "none".to_owned()),
        ] {
            assert_eq!(silenced(path, marked), expected, "{marked}");
        }
        assert_eq!(silencing("a.js", "f()", 0, &["a"], "ends */ here\nx"), None);
    }

    #[test]
    fn a_file_that_changed_is_left_alone() {
        let path = std::env::temp_dir().join(format!("leaklint-silence-{}.js", std::process::id()));
        fs::write(&path, "f();\n").unwrap();
        assert_eq!(rewrite(&path, "g();\n", "// x\ng();\n"), Err("it has changed meanwhile".to_owned()));
        assert_eq!(fs::read_to_string(&path).unwrap(), "f();\n");
        assert_eq!(rewrite(&path, "f();\n", "// x\nf();\n"), Ok(()));
        assert_eq!(fs::read_to_string(&path).unwrap(), "// x\nf();\n");
        fs::remove_file(&path).unwrap();
    }
}
