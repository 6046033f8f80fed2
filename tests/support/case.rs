//! Reports made by hand: findings in texts of a line or two.

use expect_test::Expect;
use leaklint::confirm::Unexplained;
use leaklint::finding::{Confidence, Finding, Role, Severity, Step, Suppressed};
use leaklint::prove::Experiment;
use leaklint::report::{self, Format, Origin, Proof, Report, Style};
use leaklint::rulebook::Rulebook;
use leaklint::text::{FileId, LineIndex, Span};
use leaklint::workspace::{Files, Skip};
use std::path::Path;

const POLL: &str = "export function poll(job, tell) {\n\tlet last = job.status;\n\tsetInterval(() => tell(job), 250);\n}\n";
const ROUTES: &str =
    "import { poll } from './poll.js';\n\nrouter.get('/watch', (req, res) => {\n  poll(find(req), (it) => res.write(it));\n});\n";

/// A report in the making.
pub struct Case {
    pub paths: Vec<String>,
    pub texts: Vec<(String, LineIndex)>,
    pub findings: Vec<Finding>,
    pub files: Files,
    pub hidden: usize,
    pub notes: Vec<String>,
    pub errors: Vec<String>,
    pub below: &'static str,
    pub category: Option<&'static str>,
    pub proof: Option<(Vec<Unexplained>, Experiment)>,
}

impl Case {
    pub fn new(files: &[(&str, &str)]) -> Case {
        Case {
            paths: files.iter().map(|it| it.0.to_owned()).collect(),
            texts: files.iter().map(|it| (it.1.to_owned(), LineIndex::new(it.1))).collect(),
            findings: Vec::new(),
            files: Files { checked: files.len(), ..Files::default() },
            hidden: 0,
            notes: Vec::new(),
            errors: Vec::new(),
            below: "",
            category: None,
            proof: None,
        }
    }

    /// The span of the first occurrence of some text.
    pub fn span(&self, file: u32, what: &str) -> Span {
        let start = self.texts[file as usize].0.find(what).unwrap();
        Span::new(FileId(file), start as u32, (start + what.len()) as u32)
    }

    pub fn add(&mut self, span: Span, story: Vec<Step>) -> &mut Finding {
        self.findings.push(Finding {
            rule: "timer-not-cleared".to_owned(),
            severity: Severity::Error,
            confidence: Confidence::Certain,
            message: "interval started per request is never cleared".to_owned(),
            help: "keep the handle and call `clearInterval` when the response closes".to_owned(),
            span,
            scope: "poll".to_owned(),
            story,
            fingerprint: "0123456789abcdef0123".to_owned(),
            suppressed: None,
            trace: leaklint::finding::Trace::default(),
            evidence: None,
        });
        self.findings.last_mut().unwrap()
    }

    pub fn render(&self, format: Format, style: Style) -> String {
        let texts = |file: FileId| self.texts.get(file.index()).map(|(text, lines)| (text.as_str(), lines));
        let report = Report {
            findings: &self.findings,
            paths: &self.paths,
            texts: &texts,
            files: &self.files,
            hidden: self.hidden,
            notes: &self.notes,
            errors: &self.errors,
            proof: self.proof.as_ref().map(|(unexplained, it)| Proof { unexplained, experiment: Some(it) }),
            origin: Origin {
                rulebook: Rulebook::builtin(),
                folder: Path::new("/app"),
                below: self.below,
                category: self.category,
            },
        };
        let mut out = Vec::new();
        report::render(report, format, style, &mut out).unwrap();
        if format == Format::Pretty {
            out.extend(report::summary(&report, style).bytes());
        }
        String::from_utf8(out).unwrap()
    }

    pub fn check(&self, format: Format, style: Style, expected: Expect) {
        expected.assert_eq(&self.render(format, style));
    }
}

pub fn step(role: Role, message: &str, span: Span) -> Step {
    Step { role, message: message.to_owned(), span }
}

/// A leak over two files, a suppressed one, and a bit of everything in the totals.
pub fn two_files() -> Case {
    let mut case = Case::new(&[("src/poll.js", POLL), ("src/routes.js", ROUTES)]);
    let timer = case.span(0, "setInterval");
    let story = vec![
        step(Role::Acquired, "an interval is started here", timer),
        step(Role::Held, "the event loop holds it and its callback", timer),
        step(Role::Recurs, "runs for every request", case.span(1, "router.get")),
        step(Role::Recurs, "and calls `poll`", case.span(1, "poll(find")),
    ];
    case.add(timer, story);
    let last = case.span(0, "last");
    case.add(last, Vec::new()).suppressed = Some(Suppressed { kind: "comment", reason: Some("on purpose".to_owned()) });
    case.files.skipped = vec![(Skip::Test, 2), (Skip::Flow, 1)];
    case.files.failed = 1;
    case.hidden = 12;
    case.notes = vec!["src/old.js: not valid UTF-8, bad bytes were replaced".to_owned()];
    case
}
