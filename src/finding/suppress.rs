//! Inline comments: what they silence, and which of them are wrong.

use super::{Confidence, Finding, Severity, Suppressed};
use crate::config::{Settings, State, nearest};
use crate::facts::{Directive, DirectiveKind};
use crate::text::{FileId, LineIndex, Span};
use rustc_hash::FxHashMap;

/// The comments of one file.
#[derive(Clone, Copy, Debug)]
pub struct Comments<'a> {
    /// The file.
    pub file: FileId,
    /// Its path as shown.
    pub path: &'a str,
    /// Its text.
    pub text: &'a str,
    /// What its comments ask for, in order.
    pub directives: &'a [Directive],
}

/// The rules that are about comments.
const ABOUT_COMMENTS: [&str; 4] = ["blanket-suppression", "unexplained-suppression", "unknown-suppression", "unused-suppression"];

/// Every directive's word.
const WORDS: [&str; 6] = [
    "leaklint-disable",
    "leaklint-disable-file",
    "leaklint-disable-line",
    "leaklint-disable-next-line",
    "leaklint-enable",
    "leaklint-expect-next-line",
];

/// Marks the findings of one file that its comments silence, and returns findings about the comments themselves. `rules`
/// are the ids of all rules, each with whether it is on by default.
pub fn suppress(findings: &mut [Finding], comments: Comments<'_>, rules: &[(&str, bool)], settings: &Settings) -> Vec<Finding> {
    let mut bench = Bench::new(comments, rules, settings);
    let index = LineIndex::new(comments.text);
    for finding in findings.iter_mut().filter(|it| it.suppressed.is_none() && it.rule != "internal-error") {
        let line = index.location(comments.text, finding.span.start).line - 1;
        finding.suppressed = bench.silence(&finding.rule, line, finding.span.start, None);
    }
    let mut complaints = bench.mistakes();
    complaints.extend(bench.unused(false));
    for (directive, complaint) in &mut complaints {
        let line = comments.directives[*directive].line;
        complaint.suppressed = bench.silence(&complaint.rule, line, complaint.span.start, Some(*directive));
    }
    // Only now is it known whether comments about such complaints were of use; nothing silences these last ones.
    complaints.extend(bench.unused(true));
    complaints.into_iter().map(|(_, complaint)| complaint).collect()
}

/// One rule of one comment.
struct Clause<'a> {
    directive: usize,
    /// `None` for all rules.
    rule: Option<&'a str>,
    used: bool,
}

/// The clauses of a file while findings are held against them.
struct Bench<'a> {
    comments: Comments<'a>,
    rules: &'a [(&'a str, bool)],
    settings: &'a Settings,
    clauses: Vec<Clause<'a>>,
    /// Clauses for single lines. Some files have thousands of them, so they are looked up.
    by_line: FxHashMap<(Option<&'a str>, u32), Vec<usize>>,
    /// Clauses for blocks, with the bytes they cover, and behind them those for the whole file.
    by_block: Vec<(usize, u32, u32)>,
}

impl<'a> Bench<'a> {
    fn new(comments: Comments<'a>, rules: &'a [(&'a str, bool)], settings: &'a Settings) -> Bench<'a> {
        let mut bench =
            Bench { comments, rules, settings, clauses: Vec::new(), by_line: FxHashMap::default(), by_block: Vec::new() };
        let next_lines = next_lines(comments.directives);
        for (directive, it) in comments.directives.iter().enumerate() {
            if it.rules.is_empty() && settings.suppressions.allow_blanket {
                bench.add(directive, None, next_lines[directive]);
            }
            for rule in it.rules.iter().filter(|rule| bench.rules.iter().any(|(id, _)| id == rule)) {
                bench.add(directive, Some(rule), next_lines[directive]);
            }
        }
        bench.by_block.sort_by_key(|&(_, start, end)| (end == u32::MAX, start));
        bench
    }

    fn add(&mut self, directive: usize, rule: Option<&'a str>, next_line: u32) {
        let it = &self.comments.directives[directive];
        let clause = self.clauses.len();
        match it.kind {
            DirectiveKind::DisableLine => {
                self.by_line.entry((rule, it.line)).or_default().push(clause);
                if it.end_line != it.line {
                    self.by_line.entry((rule, it.end_line)).or_default().push(clause);
                }
            }
            DirectiveKind::DisableNextLine | DirectiveKind::ExpectNextLine => {
                self.by_line.entry((rule, next_line)).or_default().push(clause);
            }
            DirectiveKind::Disable => self.by_block.push((clause, it.start, self.block_end(it, rule))),
            DirectiveKind::DisableFile => self.by_block.push((clause, 0, u32::MAX)),
            DirectiveKind::Enable | DirectiveKind::Unknown => return,
        }
        self.clauses.push(Clause { directive, rule, used: false });
    }

    /// Where a block ends for a rule: at a `leaklint-enable` for it or for all.
    fn block_end(&self, from: &Directive, rule: Option<&str>) -> u32 {
        let names =
            |other: &Directive| other.rules.is_empty() || rule.is_some_and(|rule| other.rules.iter().any(|it| it == rule));
        let later = self.comments.directives.iter().filter(|other| other.start > from.start);
        let end = later.into_iter().find(|other| other.kind == DirectiveKind::Enable && names(other));
        end.map_or(u32::MAX - 1, |end| end.start)
    }

    /// Finds the comment that silences a finding, if one does: the most specific, so that one on the line is used before one
    /// for the file. `about` is the comment that a complaint is about.
    fn silence(&mut self, rule: &str, line: u32, start: u32, about: Option<usize>) -> Option<Suppressed> {
        let clause = self.on_line(rule, line, about).or_else(|| self.around(rule, start, about)).or_else(|| {
            // One comment may name a rule and `unused-suppression`, whichever line it is for.
            let own = about?;
            let from = self.clauses.partition_point(|clause| clause.directive < own);
            let count = self.clauses[from..].iter().take_while(|clause| clause.directive == own).count();
            (from..from + count).find(|&clause| self.clauses[clause].rule == Some(rule))
        })?;
        self.clauses[clause].used = true;
        let directive = &self.comments.directives[self.clauses[clause].directive];
        Some(Suppressed { kind: "comment", reason: directive.reason.clone() })
    }

    fn on_line(&self, rule: &str, line: u32, about: Option<usize>) -> Option<usize> {
        [Some(rule), None].into_iter().find_map(|named| {
            let clauses = self.by_line.get(&(named, line))?;
            clauses.iter().copied().find(|&clause| self.may_silence(clause, rule, about))
        })
    }

    fn around(&self, rule: &str, start: u32, about: Option<usize>) -> Option<usize> {
        let covers =
            |&&(clause, from, to): &&(usize, u32, u32)| from <= start && start < to && self.may_silence(clause, rule, about);
        self.by_block.iter().find(covers).map(|it| it.0)
    }

    /// A comment for all rules does not silence the complaint that it is of no use itself.
    fn may_silence(&self, clause: usize, rule: &str, about: Option<usize>) -> bool {
        let Clause { directive, rule: named, .. } = self.clauses[clause];
        named.map_or(about != Some(directive), |named| named == rule)
    }

    /// Complaints about misspelt, blanket and unexplained comments, each with its comment.
    fn mistakes(&self) -> Vec<(usize, Finding)> {
        let mut complaints = Vec::new();
        for (n, it) in self.comments.directives.iter().enumerate() {
            let mut complain = |rule, message, help| complaints.push((n, self.complaint(n, rule, message, help)));
            if it.kind == DirectiveKind::Unknown {
                let word = self.word(it);
                let help = match nearest(word, WORDS) {
                    Some(meant) => format!("did you mean `{meant}`?"),
                    None => format!("the directives are {}", WORDS.map(|word| format!("`{word}`")).join(", ")),
                };
                complain("unknown-suppression", format!("`{word}` is not a directive"), help);
                continue;
            }
            for rule in it.rules.iter().filter(|rule| !self.rules.iter().any(|(id, _)| id == rule)) {
                let help = match nearest(rule, self.rules.iter().map(|(id, _)| *id)) {
                    Some(meant) => format!("did you mean `{meant}`?"),
                    None => "`leaklint rules` lists them".to_owned(),
                };
                complain("unknown-suppression", format!("unknown rule `{rule}` in a suppression"), help);
            }
            if it.kind == DirectiveKind::Enable {
                continue;
            }
            if it.rules.is_empty() && !self.settings.suppressions.allow_blanket {
                let help = "name the rules, or set `allow-blanket` under `[suppressions]`".to_owned();
                complain("blanket-suppression", "a suppression without a rule silences nothing".to_owned(), help);
            }
            if it.reason.is_none() && self.settings.suppressions.require_reason {
                let message = "this suppression does not say why".to_owned();
                complain("unexplained-suppression", message, "append ` -- ` and the reason".to_owned());
            }
        }
        complaints
    }

    /// Complaints about clauses that silenced nothing, each with its comment: those for rules about comments, or all others.
    fn unused(&self, about_comments: bool) -> Vec<(usize, Finding)> {
        let mut complaints = Vec::new();
        for clause in self.clauses.iter().filter(|clause| !clause.used) {
            if clause.rule.is_some_and(|rule| ABOUT_COMMENTS.contains(&rule)) != about_comments || !self.runs(clause.rule) {
                continue;
            }
            let it = &self.comments.directives[clause.directive];
            let rule = clause.rule.map_or_else(String::new, |rule| format!(" of `{rule}`"));
            let mut complaint = if it.kind == DirectiveKind::ExpectNextLine {
                let message = format!("expected a finding{rule} on the next line, and there is none");
                self.complaint(clause.directive, "unused-suppression", message, "the leak is gone: remove the comment".to_owned())
            } else {
                let message = format!("there is no finding{rule} for this suppression");
                self.complaint(
                    clause.directive,
                    "unused-suppression",
                    message,
                    "remove it, or move it next to the finding".to_owned(),
                )
            };
            if it.kind == DirectiveKind::ExpectNextLine {
                complaint.severity = Severity::Error;
            } else if !self.settings.suppressions.report_unused {
                continue;
            }
            complaints.push((clause.directive, complaint));
        }
        if !about_comments && self.settings.suppressions.report_unused {
            complaints.extend(self.idle_enables());
        }
        complaints
    }

    fn idle_enables(&self) -> Vec<(usize, Finding)> {
        let directives = self.comments.directives;
        let is_idle = |n: &usize| {
            let it = &directives[*n];
            let open = |other: &Directive| {
                other.kind == DirectiveKind::Disable
                    && (it.rules.is_empty() || other.rules.is_empty() || other.rules.iter().any(|rule| it.rules.contains(rule)))
            };
            it.kind == DirectiveKind::Enable && !directives[..*n].iter().any(open)
        };
        let message = "there is no `leaklint-disable` above for this to end";
        let complain = |n| (n, self.complaint(n, "unused-suppression", message.to_owned(), "remove the comment".to_owned()));
        (0..directives.len()).filter(is_idle).map(complain).collect()
    }

    /// Whether the rule runs on this file: a comment for one that does not may be needed in another run.
    fn runs(&self, rule: Option<&str>) -> bool {
        let Some(rule) = rule else { return !self.settings.is_partial() };
        let default = self.rules.iter().any(|(id, default)| *id == rule && *default);
        !matches!(self.settings.state(rule, self.comments.path, default), State::Absent | State::Off)
    }

    fn complaint(&self, directive: usize, rule: &str, message: String, help: String) -> Finding {
        let it = &self.comments.directives[directive];
        Finding {
            rule: rule.to_owned(),
            severity: Severity::Warning,
            confidence: Confidence::Certain,
            message,
            help,
            span: Span::new(self.comments.file, it.start, it.end),
            scope: String::new(),
            story: Vec::new(),
            fingerprint: String::new(),
            suppressed: None,
            trace: crate::finding::Trace::default(),
            evidence: None,
        }
    }

    /// The word that a misspelt comment starts with.
    fn word(&self, it: &Directive) -> &'a str {
        let comment = self.comments.text.get(it.start as usize..it.end as usize).unwrap_or_default();
        let from = comment.find("leaklint-").unwrap_or(0);
        let is_part = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
        let to = comment[from..].find(|c| !is_part(c)).map_or(comment.len(), |to| from + to);
        &comment[from..to]
    }
}

/// The line that each comment is for, if it is for the next: further such comments are skipped, so that several can be
/// stacked.
fn next_lines(directives: &[Directive]) -> Vec<u32> {
    let mut lines: Vec<u32> = directives.iter().map(|it| it.end_line + 1).collect();
    for n in (0..directives.len()).rev() {
        let below = n + directives[n..].partition_point(|it| it.line < lines[n]);
        if let Some(it) = directives.get(below)
            && it.line == lines[n]
            && matches!(it.kind, DirectiveKind::DisableNextLine | DirectiveKind::ExpectNextLine)
        {
            lines[n] = lines[below];
        }
    }
    lines
}

#[cfg(test)]
pub(super) mod tests {
    use super::*;
    use std::path::Path;

    const RULES: &[(&str, bool)] = &[
        ("blanket-suppression", true),
        ("listener-not-removed", true),
        ("timer-not-cleared", true),
        ("unexplained-suppression", true),
        ("unknown-suppression", true),
        ("unused-suppression", true),
    ];

    pub(in crate::finding) fn finding(rule: &str, start: u32) -> Finding {
        Finding {
            rule: rule.to_owned(),
            severity: Severity::Error,
            confidence: Confidence::Certain,
            message: String::new(),
            help: String::new(),
            span: Span::new(FileId(0), start, start + 1),
            scope: String::new(),
            story: Vec::new(),
            fingerprint: String::new(),
            suppressed: None,
            trace: crate::finding::Trace::default(),
            evidence: None,
        }
    }

    /// Reads comments as facts do, near enough for these tests: `// leaklint-word rule, rule -- reason`, one a line.
    fn directives(text: &str) -> Vec<Directive> {
        let mut start = 0;
        let mut found = Vec::new();
        for (line, whole) in text.split('\n').enumerate() {
            if let Some(at) = whole.find("// leaklint-") {
                let (said, reason) = whole[at + 3..].split_once(" -- ").map_or((&whole[at + 3..], None), |(a, b)| (a, Some(b)));
                let (word, rules) = said.split_once(' ').unwrap_or((said, ""));
                let kind = match word {
                    "leaklint-disable-line" => DirectiveKind::DisableLine,
                    "leaklint-disable-next-line" => DirectiveKind::DisableNextLine,
                    "leaklint-disable" => DirectiveKind::Disable,
                    "leaklint-enable" => DirectiveKind::Enable,
                    "leaklint-disable-file" => DirectiveKind::DisableFile,
                    "leaklint-expect-next-line" => DirectiveKind::ExpectNextLine,
                    _ => DirectiveKind::Unknown,
                };
                found.push(Directive {
                    kind,
                    rules: rules.split(',').map(|it| it.trim().to_owned()).filter(|it| !it.is_empty()).collect(),
                    reason: reason.map(str::to_owned),
                    line: line as u32,
                    end_line: line as u32,
                    start: (start + at) as u32,
                    end: (start + whole.len()) as u32,
                });
            }
            start += whole.len() + 1;
        }
        found
    }

    /// Every `T` in the text is a timer finding, every `L` a listener finding. Answers with one word each.
    fn outcome(text: &str, change: impl Fn(&mut Settings)) -> Vec<String> {
        let mut settings = Settings::new(Path::new("/r"));
        change(&mut settings);
        let rule = |letter| if letter == 'T' { "timer-not-cleared" } else { "listener-not-removed" };
        let mut findings: Vec<Finding> = text
            .char_indices()
            .filter(|(_, letter)| matches!(letter, 'T' | 'L'))
            .map(|(at, letter)| finding(rule(letter), at as u32))
            .collect();
        let directives = directives(text);
        let comments = Comments { file: FileId(0), path: "a.js", text, directives: &directives };
        let complaints = suppress(&mut findings, comments, RULES, &settings);
        let said = |it: &Finding| match &it.suppressed {
            Some(by) => by.reason.clone().unwrap_or_else(|| "silent".to_owned()),
            None => it.rule.clone(),
        };
        findings.iter().chain(&complaints).map(said).collect()
    }

    #[test]
    fn each_form_reaches_its_findings() {
        for (text, expected) in [
            ("T // leaklint-disable-line timer-not-cleared -- why\nT", &["why", "timer-not-cleared"][..]),
            ("// leaklint-disable-next-line timer-not-cleared\nT L", &["silent", "listener-not-removed"]),
            (
                "// leaklint-disable-next-line timer-not-cleared\n// leaklint-disable-next-line listener-not-removed\nT L",
                &["silent", "silent"],
            ),
            (
                "T\n// leaklint-disable timer-not-cleared\nT\n// leaklint-enable\nT",
                &["timer-not-cleared", "silent", "timer-not-cleared"],
            ),
            (
                "// leaklint-disable timer-not-cleared\n// leaklint-enable listener-not-removed\nT",
                &["silent", "unused-suppression"],
            ),
            ("T\n// leaklint-disable-file timer-not-cleared, listener-not-removed\nL", &["silent", "silent"]),
            ("// leaklint-expect-next-line timer-not-cleared\nT", &["silent"]),
        ] {
            assert_eq!(outcome(text, |_| {}), expected, "{text}");
        }
    }

    #[test]
    fn what_silences_nothing_is_reported_once() {
        for (text, expected) in [
            ("// leaklint-disable-next-line timer-not-cleared\nx", &["unused-suppression"][..]),
            ("// leaklint-expect-next-line timer-not-cleared\nx", &["unused-suppression"]),
            ("// leaklint-disable-next-line timer-not-clear\nT", &["timer-not-cleared", "unknown-suppression"]),
            ("// leaklint-disable-nextline timer-not-cleared\nx", &["unknown-suppression"]),
            ("// leaklint-disable-next-line\nT", &["timer-not-cleared", "blanket-suppression"]),
            ("// leaklint-enable\n", &["unused-suppression"]),
            ("// leaklint-disable-next-line timer-not-cleared, unused-suppression\nx", &["silent"]),
            ("// leaklint-disable-file unused-suppression\n// leaklint-disable-next-line timer-not-cleared\nx", &["silent"]),
            ("// leaklint-disable-file unused-suppression\nx", &["unused-suppression"]),
            ("// leaklint-disable-line unused-suppression\nx", &["unused-suppression"]),
        ] {
            assert_eq!(outcome(text, |_| {}), expected, "{text}");
        }
    }

    #[test]
    fn settings_decide_about_comments() {
        let bare = "// leaklint-disable-next-line\nT";
        assert_eq!(outcome(bare, |it| it.suppressions.allow_blanket = true), ["silent"]);
        let idle = "// leaklint-disable-next-line timer-not-cleared\nx";
        assert_eq!(outcome(idle, |it| it.suppressions.report_unused = false), [""; 0]);
        assert_eq!(outcome(idle, |it| it.selected = Some(["listener-not-removed".to_owned()].into())), [""; 0]);
        assert_eq!(outcome(idle, |it| it.suppressions.require_reason = true), ["unexplained-suppression", "unused-suppression"]);
    }
}
