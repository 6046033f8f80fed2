//! How deeply a text nests, estimated before it is parsed.
//!
//! The parser, the extraction and the tree's drop recurse; a stack that overflows ends the process. So texts that
//! would take too much of it are refused first. The estimate is made of brackets, JSX tags and *links*: the tokens
//! since the statement began, which bound everything that nests without brackets (`a => b => ...`, `do do ...`,
//! labels) and everything that only chains (`a + b + ...`, `a.b().c()`, `else if`), whose drop recurses all the same.
//!
//! Measured in a debug build: a bracket takes up to 32 KiB of stack, the dearest link (`class extends`) up to 16 KiB for
//! two tokens and nearly all others far less. The limits stay below half of [`super::STACK_SIZE`] for real code's mix.

use memchr::{memchr2, memchr3, memmem};

/// Levels allowed. Hand-written code stays below a hundred, generated code below a few hundred.
pub(super) const LIMIT: u32 = 4000;

/// So many links weigh as much as a bracket.
const LINKS: u32 = 8;

/// `<` without `>` allowed: the parser tries each as a type argument list, in quadratic time.
const ANGLES: u32 = 500;

/// A text that nests too deeply.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct TooDeep {
    pub(super) levels: u32,
    /// Where the limit was passed.
    pub(super) at: u32,
}

/// Refuses a text that nests too deeply.
pub(super) fn check(text: &str, jsx: bool) -> Result<(), TooDeep> {
    if is_harmless(text.as_bytes()) {
        return Ok(());
    }
    let mut scan = Scan::new(text.as_bytes(), jsx);
    scan.run();
    let levels = scan.deepest / LINKS;
    if levels > LIMIT { Err(TooDeep { levels, at: scan.passed_at.unwrap_or(0) }) } else { Ok(()) }
}

/// Whether a text is too short, and has too few of the characters that nesting takes, to nest too deeply. Almost all
/// files are; counting them takes a hundredth of a parse.
fn is_harmless(bytes: &[u8]) -> bool {
    const LONGEST: usize = 64 << 10;
    if bytes.len() > LONGEST {
        return false;
    }
    let (mut open, mut less, mut greater, mut colons) = (0, 0, 0, 0);
    for chunk in bytes.chunks(240) {
        let count = |wanted: fn(u8) -> bool| chunk.iter().fold(0u8, |n, &byte| n + u8::from(wanted(byte)));
        open += u32::from(count(|byte| byte == b'(' || byte == b'[' || byte == b'{'));
        less += u32::from(count(|byte| byte == b'<'));
        greater += u32::from(count(|byte| byte == b'>'));
        colons += u32::from(count(|byte| byte == b':'));
    }
    open <= LIMIT && greater <= LIMIT && colons <= LIMIT && less <= 2 * ANGLES
}

/// What stands before the present token.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Before {
    /// An operator or nothing: an operand follows.
    Operator,
    /// The head of `if`, `for`, `while` or `with`: a statement follows.
    Head,
    /// A word: its start and end.
    Word(usize, usize),
    /// A closing brace.
    Brace,
    /// Another end of an operand.
    Value,
}

/// An open bracket.
#[derive(Clone, Copy, Default)]
struct Level {
    links: u32,
    tags: u32,
    angles: u32,
    /// Opened by `${`: behind its end the template's text goes on.
    in_template: bool,
    /// Opened behind `if`, `for`, `while` or `with`.
    is_head: bool,
}

struct Scan<'t> {
    bytes: &'t [u8],
    at: usize,
    jsx: bool,
    before: Before,
    /// A line ended since the last token.
    line_ended: bool,
    /// The innermost level, and those around it.
    level: Level,
    outer: Vec<Level>,
    /// Open `<` of all levels.
    angles: u32,
    /// Present and greatest depth, in links.
    depth: u32,
    deepest: u32,
    passed_at: Option<u32>,
}

impl<'t> Scan<'t> {
    fn new(bytes: &'t [u8], jsx: bool) -> Self {
        let (before, level, outer) = (Before::Operator, Level::default(), Vec::new());
        Scan { bytes, at: 0, jsx, before, line_ended: false, level, outer, angles: 0, depth: 0, deepest: 0, passed_at: None }
    }

    fn run(&mut self) {
        while let Some(&byte) = self.bytes.get(self.at) {
            match byte {
                b' ' | b'\t' | b'\r' => self.at += 1,
                b'\n' => {
                    self.line_ended = true;
                    self.at += 1;
                }
                b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'_' | b'$' | 0x80.. => self.word(),
                b'\'' | b'"' => self.string(byte),
                b'`' => self.template(self.at + 1),
                b'/' => self.slash(),
                b'(' | b'[' | b'{' => self.open(byte),
                b')' | b']' | b'}' => self.close(byte),
                b';' => self.restart(true),
                b',' => self.restart(false),
                b'<' => self.less(),
                b'>' => self.greater(),
                _ => self.operator(1),
            }
        }
    }

    fn token(&mut self, links: u32, before: Before) {
        self.level.links += links;
        self.deepen(links);
        self.before = before;
        self.line_ended = false;
    }

    fn deepen(&mut self, by: u32) {
        self.depth += by;
        if self.depth > self.deepest {
            self.deepest = self.depth;
            if self.passed_at.is_none() && self.deepest > LIMIT * LINKS {
                self.passed_at = Some(self.at as u32);
            }
        }
    }

    /// A statement or list item ends: what it chained does not go on.
    fn reset(&mut self, angles: bool) {
        self.depth -= self.level.links;
        self.level.links = 0;
        if angles {
            self.angles -= std::mem::take(&mut self.level.angles);
        }
    }

    /// `;` or `,`. The chain of `if (a) b; else if (c) d; else ...` goes on behind its semicolons.
    fn restart(&mut self, is_statement: bool) {
        self.at += 1;
        self.before = Before::Operator;
        self.line_ended = false;
        if !(is_statement && self.bytes[self.at..].trim_ascii_start().starts_with(b"else")) {
            self.reset(is_statement);
        }
    }

    fn operator(&mut self, bytes: usize) {
        self.token(1, Before::Operator);
        self.at += bytes;
    }

    fn word(&mut self) {
        let start = self.at;
        let is_part = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | 0x80..);
        let len = self.bytes[start..].iter().take_while(|byte| is_part(byte)).count();
        let word = &self.bytes[start..start + len];
        if (self.line_ended || self.before == Before::Brace) && self.starts_statement(word) {
            self.reset(true);
        }
        self.at = start + len;
        let links = if word == b"extends" { LINKS } else { 1 };
        self.token(links, Before::Word(start, start + len));
    }

    /// Whether a word behind a line's end or a brace starts a statement, as automatic semicolons have it.
    fn starts_statement(&self, word: &[u8]) -> bool {
        if matches!(word, b"else" | b"in" | b"instanceof" | b"as" | b"satisfies" | b"of" | b"is" | b"extends") {
            return false;
        }
        match self.before {
            Before::Brace | Before::Value => true,
            Before::Word(start, end) => !expects_more(&self.bytes[start..end]),
            Before::Operator => matches!(word, b"case" | b"default"),
            Before::Head => false,
        }
    }

    /// A string ends with its line at the latest; an apostrophe in JSX text ends with itself.
    fn string(&mut self, quote: u8) {
        let mut at = self.at + 1;
        while let Some(found) = memchr3(quote, b'\\', b'\n', self.bytes.get(at..).unwrap_or_default()) {
            match self.bytes[at + found] {
                b'\\' => at += found + 2,
                b'\n' => break,
                _ => {
                    self.token(1, Before::Value);
                    self.at = at + found + 1;
                    return;
                }
            }
        }
        self.operator(1);
    }

    /// A template's text from `at` on, to its end or next expression.
    fn template(&mut self, mut at: usize) {
        while let Some(found) = memchr3(b'`', b'\\', b'$', self.bytes.get(at..).unwrap_or_default()) {
            at += found;
            match self.bytes[at] {
                b'\\' => at += 2,
                b'`' => {
                    self.token(1, Before::Value);
                    self.at = at + 1;
                    return;
                }
                _ if self.bytes.get(at + 1) == Some(&b'{') => {
                    self.at = at + 1;
                    self.open(b'{');
                    self.level.in_template = true;
                    return;
                }
                _ => at += 1,
            }
        }
        self.at = self.bytes.len();
    }

    fn slash(&mut self) {
        let rest = &self.bytes[self.at..];
        match rest.get(1) {
            Some(b'/') => self.at += memchr2(b'\n', b'\r', rest).unwrap_or(rest.len()),
            Some(b'*') => {
                let len = memmem::find(&rest[2..], b"*/").map_or(rest.len(), |found| found + 4);
                self.line_ended |= memchr::memchr(b'\n', &rest[..len]).is_some();
                self.at += len;
            }
            Some(b'>') if self.jsx => {
                self.close_tag();
                self.at += 2;
            }
            _ => match self.regex_len() {
                Some(len) => {
                    self.token(1, Before::Value);
                    self.at += len;
                }
                None => self.operator(1),
            },
        }
    }

    /// The length of the regular expression here, if an operand is expected and it ends on its line.
    fn regex_len(&self) -> Option<usize> {
        let expected = match self.before {
            Before::Operator | Before::Head => true,
            Before::Word(start, end) => expects_more(&self.bytes[start..end]),
            Before::Brace | Before::Value => false,
        };
        if !expected {
            return None;
        }
        let mut in_class = false;
        let mut at = self.at + 1;
        loop {
            match self.bytes.get(at)? {
                b'\n' => return None,
                b'\\' => at += 1,
                b'[' => in_class = true,
                b']' => in_class = false,
                b'/' if !in_class => return Some(at + 1 - self.at),
                _ => {}
            }
            at += 1;
        }
    }

    fn open(&mut self, bracket: u8) {
        if bracket == b'{' && self.before == Before::Brace {
            self.reset(true);
        }
        let is_head = bracket == b'(' && self.is_behind_head_word();
        self.token(1, Before::Operator);
        self.outer.push(std::mem::replace(&mut self.level, Level { is_head, ..Level::default() }));
        self.deepen(LINKS);
        self.at += 1;
    }

    fn is_behind_head_word(&self) -> bool {
        let Before::Word(start, end) = self.before else { return false };
        matches!(&self.bytes[start..end], b"if" | b"for" | b"while" | b"with" | b"await")
    }

    fn close(&mut self, bracket: u8) {
        self.at += 1;
        self.before = match bracket {
            b'}' => Before::Brace,
            _ if self.level.is_head => Before::Head,
            _ => Before::Value,
        };
        self.line_ended = false;
        let Some(outer) = self.outer.pop() else { return };
        let Level { links, tags, angles, in_template, .. } = std::mem::replace(&mut self.level, outer);
        self.angles -= angles;
        self.depth -= links + (tags + 1) * LINKS;
        if in_template {
            self.template(self.at);
        }
    }

    fn less(&mut self) {
        let next = self.bytes.get(self.at + 1).copied().unwrap_or(b' ');
        if self.jsx && next == b'/' {
            self.close_tag();
            self.at += 2;
            return;
        }
        if next == b'<' || next == b'=' {
            return self.operator(2);
        }
        let glued = self.at.checked_sub(1).map(|before| self.bytes[before]);
        let glued = glued.is_some_and(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'$' | b')' | b']'));
        if self.jsx && !glued && (next.is_ascii_alphabetic() || next == b'>') {
            self.level.tags += 1;
            self.deepen(LINKS);
        } else {
            // Assertions (`<A><B>value`) nest although each `<` has its `>`.
            let is_nested = self.bytes[..self.at].trim_ascii_end().ends_with(b">");
            let angles = if is_nested { 2 } else { 1 };
            self.level.angles += angles;
            self.angles += angles;
            if self.angles > ANGLES {
                self.deepest = self.deepest.max((LIMIT + 1) * LINKS);
                self.passed_at.get_or_insert(self.at as u32);
            }
        }
        self.operator(1);
    }

    fn greater(&mut self) {
        let is_arrow = self.at > 0 && self.bytes[self.at - 1] == b'=';
        if !is_arrow && self.level.angles > 0 {
            self.level.angles -= 1;
            self.angles -= 1;
        }
        self.operator(1);
    }

    fn close_tag(&mut self) {
        if self.level.tags > 0 {
            self.level.tags -= 1;
            self.depth -= LINKS;
        }
        self.reset(false);
        self.before = Before::Operator;
        self.line_ended = false;
    }
}

/// Words behind which an operand or statement follows, on whichever line.
fn expects_more(word: &[u8]) -> bool {
    matches!(
        word,
        b"typeof"
            | b"new"
            | b"await"
            | b"void"
            | b"delete"
            | b"yield"
            | b"do"
            | b"else"
            | b"extends"
            | b"in"
            | b"of"
            | b"instanceof"
            | b"case"
            | b"return"
            | b"throw"
            | b"as"
            | b"satisfies"
            | b"keyof"
            | b"async"
            | b"infer"
            | b"readonly"
            | b"unique"
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    fn levels(text: &str, jsx: bool) -> u32 {
        let mut scan = Scan::new(text.as_bytes(), jsx);
        scan.run();
        scan.deepest / LINKS
    }

    #[test]
    fn brackets_in_strings_comments_and_regexes_do_not_count() {
        let closers = r#"(")" + ')' + /)/ + /[/)]/ + `)` /* ) */ // )
            "#;
        assert!(levels(&closers.repeat(1000), false) >= 1000);
        let openers = r#"f("(", '[', /\(/, `{ ${"{"} (`); /* ( */ // (
            "#;
        assert!(levels(&openers.repeat(1000), false) < 10);
    }

    #[test]
    fn statements_without_semicolons_do_not_add_up() {
        for code in ["a.b()\n", "a = b\n", "if (a) b()\n", "x = a < b\n", "{}\n", "for (const a of b) { c }\n"] {
            assert!(levels(&code.repeat(20_000), false) < 20, "{code}");
        }
        for code in ["<p a='b'>Don't {x} a/b</p>\n", "<img/>\n", "<></>\n"] {
            assert!(levels(&format!("x = <a>{}</a>", code.repeat(20_000)), true) < 20, "{code}");
        }
    }

    /// Real code does not come near the limit: `LEAKLINT_CORPUS=dir cargo test -- --ignored`.
    #[test]
    #[ignore = "wants a folder of real code"]
    fn real_code_stays_shallow() {
        let folder = std::env::var_os("LEAKLINT_CORPUS").expect("LEAKLINT_CORPUS");
        let files = ignore::WalkBuilder::new(folder).standard_filters(false).build().flatten();
        let mut deepest = Vec::new();
        for file in files.filter(|file| file.file_type().is_some_and(|kind| kind.is_file())) {
            let extension = file.path().extension().and_then(|extension| extension.to_str()).unwrap_or_default();
            let jsx = matches!(extension, "js" | "jsx" | "tsx" | "mjs" | "cjs");
            if !jsx && !matches!(extension, "ts" | "mts" | "cts") {
                continue;
            }
            if let Ok(text) = std::fs::read_to_string(file.path()) {
                deepest.push((levels(&text, jsx), file.path().to_path_buf()));
            }
        }
        deepest.sort();
        for (levels, path) in deepest.iter().rev().take(20) {
            println!("{levels:6} {}", path.display());
        }
        assert!(deepest.last().is_none_or(|(levels, _)| *levels < LIMIT / 4));
    }
}
