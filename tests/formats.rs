//! The formats that other systems read, parsed as those systems parse them.
//!
//! The ignored test installs two validators from npm and PyPI: `cargo test --test formats -- --ignored`.

#![allow(clippy::unwrap_used, reason = "helpers of tests count as tests")]

mod support;

use leaklint::confirm::Unexplained;
use leaklint::finding::{Confidence, Evidence, Finding, Role, Severity, Suppressed, Verdict};
use leaklint::prove::Experiment;
use leaklint::report::{Format, Style};
use serde_json::{Value, json};
use std::collections::BTreeSet;
use std::fs;
use std::path::Path;
use std::process::{Command, Output};
use support::TempDir;
use support::case::{Case, step, two_files};
use support::schema;
use support::shell::{LEAKY, leaklint};

/// Formats that no person reads, and that stay pure.
const PURE: &[Format] = &[
    Format::Json,
    Format::Jsonl,
    Format::Sarif,
    Format::Github,
    Format::Gitlab,
    Format::Junit,
    Format::Checkstyle,
    Format::Rdjsonl,
];

/// A path that every format has to escape in its own way.
const ODD: &str = "src/a b,c:d%25/<é>&'\"|`].js";

fn finding<'a>(case: &'a mut Case, file: u32, what: &str, rule: &str) -> &'a mut Finding {
    let span = case.span(file, what);
    let number = case.findings.len();
    let finding = case.add(span, Vec::new());
    finding.rule = rule.to_owned();
    finding.fingerprint = format!("{number:020x}");
    finding
}

/// Everything that is hard to write.
fn odd() -> Case {
    let text = "/* é😀 */ on('x', () => {\n  keep();\n});\nstop();\n";
    let mut case = Case::new(&[(ODD, text), ("../shared/lib.js", "a();\nb();\n"), ("src/broken.ts", "let = ;\n")]);
    let held = case.span(1, "b()");
    let here = case.span(0, "keep()");
    let leak = finding(&mut case, 0, "on('x', () => {\n  keep();\n})", "listener-not-removed");
    leak.message = "100 % of `a|b`, <i>: \"x\"\n::error::no ]]> \u{1b}[31m \u{202e} end".to_owned();
    leak.story = vec![step(Role::Acquired, "added, here: 50 %", here), step(Role::Held, "[held](there)", held)];
    leak.evidence = Some(Evidence {
        verdict: Verdict::Confirmed,
        reason: String::new(),
        executed: vec![Some(200), Some(200)],
        alive: vec![5, 205, 405],
        retained_bytes: vec![10, 2_000, 4_000],
        bytes_per_execution: Some(10),
        holder: "the emitter".into(),
        path: vec!["emitter".into(), "listener".into()],
    });
    finding(&mut case, 0, "keep()", "timer-not-cleared").severity = Severity::Warning;
    finding(&mut case, 0, "stop()", "timer-not-cleared").suppressed =
        Some(Suppressed { kind: "comment", reason: Some("lives as long as \"we\" do".to_owned()) });
    finding(&mut case, 1, "a()", "session-in-memory").suppressed = Some(Suppressed { kind: "baseline", reason: None });
    let mild = finding(&mut case, 1, "b()", "session-in-memory");
    (mild.severity, mild.confidence, mild.help) = (Severity::Info, Confidence::Likely, String::new());
    let broken = finding(&mut case, 2, "=", "parse-error");
    (broken.severity, broken.message) = (Severity::Warning, "cannot parse this file: expected a name".to_owned());
    case.notes = vec!["src/old.js: not valid UTF-8, bad bytes were replaced".to_owned()];
    case.errors = vec!["cannot read missing.js: no such file".to_owned()];
    case.below = "packages/app/";
    case.category = Some("nightly");
    case
}

fn parsed(case: &Case, format: Format) -> Value {
    serde_json::from_str(&case.render(format, Style::PLAIN)).unwrap()
}

fn lines(case: &Case, format: Format) -> Vec<Value> {
    case.render(format, Style::PLAIN).lines().map(|it| serde_json::from_str(it).unwrap()).collect()
}

fn schema_of(name: &str) -> Value {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/schemas").join(name);
    serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap()
}

#[test]
fn no_format_for_programs_has_colours_or_raw_control_characters() {
    let coloured = Style { color: true, unicode: true, width: 80 };
    for format in PURE.iter().chain(&[Format::Markdown]) {
        let text = odd().render(*format, coloured);
        assert_eq!(text, odd().render(*format, Style::PLAIN), "{format:?}");
        assert!(text.ends_with('\n') && !text.contains('\u{1b}'), "{format:?}");
    }
}

#[test]
fn jsonl_has_the_findings_of_json() {
    let whole = parsed(&two_files(), Format::Json);
    assert_eq!(Value::from(lines(&two_files(), Format::Jsonl)), whole["findings"]);
    assert_eq!(Case::new(&[]).render(Format::Jsonl, Style::PLAIN), "");
}

/// A workflow command, read as the runner of GitHub Actions reads it.
struct Annotation {
    command: String,
    properties: Vec<(String, String)>,
    message: String,
}

impl Annotation {
    fn parse(line: &str) -> Annotation {
        let (head, message) = line.strip_prefix("::").unwrap().split_once("::").unwrap();
        let (command, properties) = head.split_once(' ').unwrap();
        let data = |text: &str| text.replace("%0D", "\r").replace("%0A", "\n");
        let property = |it: &str| {
            let (name, value) = it.split_once('=').unwrap();
            let value = data(value).replace("%3A", ":").replace("%2C", ",").replace("%25", "%");
            (name.to_owned(), value)
        };
        Annotation {
            command: command.to_owned(),
            properties: properties.split(',').map(property).collect(),
            message: data(message).replace("%25", "%"),
        }
    }

    fn get(&self, name: &str) -> &str {
        self.properties.iter().find(|it| it.0 == name).map_or("", |it| &it.1)
    }
}

#[test]
fn annotations_come_back_as_they_were() {
    let case = odd();
    let text = case.render(Format::Github, Style::PLAIN);
    let all: Vec<Annotation> = text.lines().map(Annotation::parse).collect();
    let commands: Vec<(&str, &str)> = all.iter().map(|it| (it.command.as_str(), it.get("title"))).collect();
    // What a heap confirmed first, then errors, warnings, the rest; the totals last.
    assert_eq!(
        commands,
        [
            ("error", "leaklint (listener-not-removed)"),
            ("warning", "leaklint (timer-not-cleared)"),
            ("warning", "leaklint (parse-error)"),
            ("notice", "leaklint (session-in-memory)"),
            ("notice", "leaklint"),
        ]
    );
    let first = &all[0];
    assert_eq!(first.get("file"), format!("packages/app/{ODD}"));
    assert_eq!((first.get("line"), first.get("endLine"), first.get("col")), ("1", "3", ""), "no columns over lines");
    let message: Vec<&str> = first.message.lines().collect();
    assert_eq!(
        message,
        [
            "100 % of `a|b`, <i>: \"x\"\\n::error::no ]]> \\u{1b}[31m \\u{202e} end (certain)",
            &format!("{ODD}:2: added, here: 50 %"),
            "../shared/lib.js:2: [held](there)",
            "confirmed: executed 400, released 0; alive 5, 205, 405; 10 B each",
            "help: keep the handle and call `clearInterval` when the response closes",
            "https://github.com/leaklint/leaklint/blob/main/rules/listener-not-removed.md",
        ]
    );
    let second = &all[1];
    assert_eq!((second.get("line"), second.get("col"), second.get("endColumn")), ("2", "3", "9"));
    assert_eq!(all[3].get("file"), "packages/shared/lib.js");
    assert_eq!(all[4].message, "1 error, 2 warnings, 1 info in 3 files");
    assert_eq!(Case::new(&[("a.js", "")]).render(Format::Github, Style::PLAIN), "");
}

#[test]
fn gitlab_gets_a_report_of_its_schema() {
    let case = odd();
    let report = parsed(&case, Format::Gitlab);
    schema::check(&schema_of("gitlab-code-quality.json"), &report);
    let issues = report.as_array().unwrap();
    let severities: Vec<&Value> = issues.iter().map(|it| &it["severity"]).collect();
    assert_eq!(severities, ["blocker", "minor", "info", "minor"]);
    assert_eq!(issues[0]["location"], json!({"path": format!("packages/app/{ODD}"), "lines": {"begin": 1, "end": 3}}));
    let fingerprints: BTreeSet<&str> = issues.iter().map(|it| it["fingerprint"].as_str().unwrap()).collect();
    assert_eq!(fingerprints.len(), issues.len());
    assert_eq!(parsed(&Case::new(&[]), Format::Gitlab), json!([]));
}

#[test]
fn reviewdog_gets_columns_in_bytes() {
    let all = lines(&odd(), Format::Rdjsonl);
    for it in &all {
        schema::check(&schema_of("rdjson-diagnostic.json"), it);
    }
    assert_eq!(all.len(), 4);
    assert_eq!(all[0]["location"]["range"]["start"], json!({"line": 1, "column": 14}), "`é` has two bytes, `😀` four");
    assert_eq!(all[0]["related_locations"][1]["location"]["path"], "../shared/lib.js");
}

#[test]
fn junit_is_xml_with_honest_counts() {
    let case = odd();
    let text = case.render(Format::Junit, Style::PLAIN);
    let document = roxmltree::Document::parse(&text).unwrap();
    let root = document.root_element();
    let counts = |node: roxmltree::Node| {
        ["tests", "failures", "errors", "skipped"].map(|it| node.attribute(it).unwrap().parse::<usize>().unwrap())
    };
    assert_eq!(counts(root), [6, 3, 1, 2]);
    let of = |node: roxmltree::Node, name: &str| node.descendants().filter(|it| it.has_tag_name(name)).count();
    for node in root.descendants().filter(|it| it.has_tag_name("testsuite")).chain([root]) {
        let real = ["testcase", "failure", "error", "skipped"].map(|it| of(node, it));
        assert_eq!(counts(node), real, "{:?}", node.attribute("name"));
    }
    let case = root.descendants().find(|it| it.has_tag_name("testcase")).unwrap();
    assert_eq!(case.attribute("classname"), Some(ODD));
    let failure = case.first_element_child().unwrap();
    let message = "100 % of `a|b`, <i>: \"x\"\n::error::no ]]> \\u{1b}[31m \\u{202e} end";
    assert_eq!(failure.attribute("message"), Some(message));
    assert!(failure.text().unwrap().contains(&format!("{ODD}:2:3: added, here: 50 %\n")), "{text}");
    let skipped = root.descendants().find(|it| it.has_tag_name("skipped")).unwrap();
    assert_eq!(skipped.attribute("message"), Some("lives as long as \"we\" do"));
    let clean = Case::new(&[]).render(Format::Junit, Style::PLAIN);
    assert_eq!(counts(roxmltree::Document::parse(&clean).unwrap().root_element()), [1, 0, 0, 0]);
}

#[test]
fn checkstyle_is_xml() {
    let text = odd().render(Format::Checkstyle, Style::PLAIN);
    let document = roxmltree::Document::parse(&text).unwrap();
    let files: Vec<&str> = document.descendants().filter_map(|it| it.attribute("name")).collect();
    assert_eq!(files, [ODD, "../shared/lib.js", "src/broken.ts"]);
    let error = document.descendants().find(|it| it.has_tag_name("error")).unwrap();
    assert_eq!((error.attribute("line"), error.attribute("severity")), (Some("1"), Some("error")));
    assert_eq!(error.attribute("source"), Some("leaklint.listener-not-removed"));
}

#[test]
fn markdown_cannot_be_broken_out_of() {
    let text = odd().render(Format::Markdown, Style::PLAIN);
    let rows: Vec<&str> = text.lines().filter(|it| it.starts_with("| ")).collect();
    assert_eq!(rows.len(), 6, "{text}");
    for row in &rows {
        assert_eq!(row.replace("\\|", "").matches('|').count(), 5, "{row}");
    }
    assert!(rows[2].contains("`a\\|b`, &lt;i&gt;: \"x\"\\\\n::error::no \\]\\]&gt;"), "{}", rows[2]);
    assert!(text.starts_with("## leaklint: 1 error, 2 warnings, 1 info\n"), "{text}");
}

#[test]
fn sarif_tells_the_story() {
    let log = parsed(&odd(), Format::Sarif);
    assert_eq!(log["version"], "2.1.0");
    let run = &log["runs"][0];
    assert_eq!(run["columnKind"], "utf16CodeUnits");
    assert_eq!(run["originalUriBaseIds"], json!({"%SRCROOT%": {"uri": "file:///app/"}}));
    assert_eq!(run["automationDetails"]["id"], "nightly/");
    let results = run["results"].as_array().unwrap();
    let rules = run["tool"]["driver"]["rules"].as_array().unwrap();
    assert_eq!(results.len(), 6);
    for result in results {
        assert_eq!(rules[result["ruleIndex"].as_u64().unwrap() as usize]["id"], result["ruleId"]);
    }
    let first = &results[0];
    assert_eq!(first["level"], "error");
    let place = &first["locations"][0]["physicalLocation"];
    let uri = "src/a%20b%2Cc%3Ad%2525/%3C%C3%A9%3E%26%27%22%7C%60%5D.js";
    assert_eq!(place["artifactLocation"], json!({"uri": uri, "uriBaseId": "%SRCROOT%"}));
    assert_eq!(place["region"], json!({"startLine": 1, "startColumn": 11, "endLine": 3, "endColumn": 3}));
    assert_eq!(first["locations"][0]["logicalLocations"], json!([{"fullyQualifiedName": "poll"}]));
    let message = first["message"]["text"].as_str().unwrap();
    assert!(message.contains("Confirmed by a heap: executed 400, released 0;"), "{message}");
    assert!(message.ends_with(" Keep the handle and call `clearInterval` when the response closes."), "{message}");
    let steps = &first["codeFlows"][0]["threadFlows"][0]["locations"];
    assert_eq!((&steps[0]["kinds"], &steps[1]["kinds"]), (&json!(["acquired"]), &json!(["held"])));
    assert_eq!(steps[0]["location"]["message"]["text"], "added, here: 50 %");
    assert_eq!(
        steps[1]["location"]["physicalLocation"]["artifactLocation"],
        json!({"uri": "file:///shared/lib.js"}),
        "outside the folder"
    );
    let related: Vec<&Value> = first["relatedLocations"].as_array().unwrap().iter().map(|it| &it["id"]).collect();
    assert_eq!(related, [1, 2]);
    assert_eq!(first["partialFingerprints"], json!({"leaklint/v1": "00000000000000000000"}));
    assert_eq!(first["properties"]["confidence"], "certain");
    assert_eq!(first["properties"]["evidence"]["verdict"], "confirmed");
    assert!(results[1].get("codeFlows").is_none() && results[1].get("relatedLocations").is_none());
}

#[test]
fn sarif_tells_what_is_suppressed_and_what_was_not_read() {
    let log = parsed(&odd(), Format::Sarif);
    let run = &log["runs"][0];
    let suppressions: Vec<Value> = run["results"].as_array().unwrap().iter().map(|it| it["suppressions"].clone()).collect();
    let justified = |kind: &str, why: &str| json!([{"kind": kind, "status": "accepted", "justification": why}]);
    assert_eq!(suppressions[2], justified("inSource", "lives as long as \"we\" do"));
    assert_eq!(suppressions[3], justified("external", "accepted in the baseline"));
    assert!([0, 1, 4, 5].iter().all(|it| suppressions[*it].is_null()));
    let states: Vec<&Value> = run["results"].as_array().unwrap().iter().map(|it| &it["baselineState"]).collect();
    assert_eq!(states, ["new", "new", "new", "unchanged", "new", "new"]);
    assert!(parsed(&two_files(), Format::Sarif)["runs"][0]["results"][0].get("baselineState").is_none(), "no baseline");
    let invocation = &run["invocations"][0];
    assert_eq!(invocation["executionSuccessful"], false);
    let notifications = invocation["toolExecutionNotifications"].as_array().unwrap();
    let levels: Vec<&Value> = notifications.iter().map(|it| &it["level"]).collect();
    assert_eq!(levels, ["error", "warning", "note"]);
    assert_eq!(notifications[1]["descriptor"]["id"], "parse-error");
    assert_eq!(notifications[1]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], "src/broken.ts");
    assert_eq!(parsed(&two_files(), Format::Sarif)["runs"][0]["invocations"][0]["executionSuccessful"], true);
}

#[test]
fn sarif_has_a_page_for_every_rule() {
    let log = parsed(&two_files(), Format::Sarif);
    let rules = log["runs"][0]["tool"]["driver"]["rules"].as_array().unwrap();
    assert!(rules.windows(2).all(|it| it[0]["id"].as_str() < it[1]["id"].as_str()));
    for rule in rules {
        for field in ["/shortDescription/text", "/fullDescription/text", "/help/text", "/help/markdown"] {
            let text = rule.pointer(field).and_then(Value::as_str).unwrap_or_default();
            assert!(text.ends_with(['.', '\n', ')', '`']) && text.len() > 10, "{}{field}: {text}", rule["id"]);
        }
        assert!(rule["helpUri"].as_str().unwrap().starts_with("https://"), "{rule}");
        let level = rule["defaultConfiguration"]["level"].as_str().unwrap();
        let severity = rule["properties"]["problem.severity"].as_str().unwrap();
        assert_eq!(level.replace("note", "recommendation"), severity);
        let markdown = rule["help"]["markdown"].as_str().unwrap();
        assert!(!markdown.contains("\n## Leaks\n") && !markdown.contains("^^^"), "{markdown}");
    }
    let timer = rules.iter().find(|it| it["id"] == "timer-not-cleared").unwrap();
    assert!(timer["help"]["markdown"].as_str().unwrap().contains("\n## Why it leaks\n"));
    assert!(timer["fullDescription"]["text"].as_str().unwrap().starts_with("`setInterval` in a request handler"));
}

#[test]
fn an_experiment_goes_along_without_its_command() {
    let mut case = odd();
    let unexplained = Unexplained {
        path: "src/a.js".to_owned(),
        line: 7,
        what: "`Map` in <b>".to_owned(),
        alive: vec![1, 200, 400],
        retained_bytes: vec![10, 2_000, 4_000],
    };
    let command = ["node", "server.js", "--password=hunter2"].map(str::to_owned).to_vec();
    case.proof = Some((vec![unexplained], Experiment { command, rounds: 2, sent: 400, ..Experiment::default() }));
    let text = case.render(Format::Sarif, Style::PLAIN);
    let properties = &serde_json::from_str::<Value>(&text).unwrap()["runs"][0]["properties"];
    assert_eq!(properties["unexplained"][0]["line"], 7);
    assert_eq!((&properties["experiment"]["requests"], &properties["experiment"]["command"]), (&json!(400), &json!([])));
    let markdown = case.render(Format::Markdown, Style::PLAIN);
    for text in
        PURE.iter().filter(|it| !matches!(it, Format::Json)).map(|it| case.render(*it, Style::PLAIN)).chain([markdown.clone()])
    {
        assert!(!text.contains("hunter2"), "{text}");
    }
    assert!(markdown.starts_with("## leaklint: 1 error, 2 warnings, 1 info: 1 confirmed; 1 growth unexplained\n"), "{markdown}");
    assert!(markdown.contains("| confirmed: executed 400, released 0; alive 5, 205, 405; 10 B each |"), "{markdown}");
    assert!(markdown.contains("\n  src/a.js:7  `Map` in <b>  1, 200, 400  4.0 KB\n"), "{markdown}");
}

#[test]
fn sarif_is_cut_where_code_scanning_cuts_and_says_so() {
    let mut case = Case::new(&[("a.js", "on();\n")]);
    let span = case.span(0, "on()");
    for n in 0..25_010 {
        let finding = case.add(span, Vec::new());
        finding.fingerprint = format!("{n:020x}");
        match n {
            // The mildest is told first here, and left out.
            0..4 => finding.severity = Severity::Info,
            100..110 => finding.suppressed = Some(Suppressed { kind: "comment", reason: None }),
            _ => {}
        }
    }
    case.add(span, (0..1_200).map(|_| step(Role::Recurs, "again", span)).collect());
    let log = parsed(&case, Format::Sarif);
    let results = log["runs"][0]["results"].as_array().unwrap();
    assert_eq!(results.len(), 25_000);
    assert!(results.iter().all(|it| it.get("suppressions").is_none()), "suppressed ones go first");
    let mild = results.iter().filter(|it| it["level"] == "note").count();
    assert_eq!(mild, 3, "one too many of those left");
    let prints: Vec<&str> = results.iter().map(|it| it["partialFingerprints"]["leaklint/v1"].as_str().unwrap()).collect();
    assert!(prints[..24_999].is_sorted(), "still in order");
    assert_eq!(results[24_999]["relatedLocations"].as_array().unwrap().len(), 999);
    let said = &log["runs"][0]["invocations"][0]["toolExecutionNotifications"][0];
    assert_eq!(said["message"]["text"], "11 findings were left out, the mildest: 25000 fit into a run.");
}
fn out(output: &Output) -> String {
    String::from_utf8(output.stdout.clone()).unwrap()
}

#[test]
fn every_format_is_the_same_for_any_number_of_threads() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/projects");
    let target = TempDir::new();
    let run = |threads: &str| {
        let files: Vec<(String, String)> = PURE
            .iter()
            .map(|it| (it.name().to_owned(), target.path().join(format!("{threads}-{}", it.name())).display().to_string()))
            .collect();
        let mut args = vec!["check".to_owned(), "--pedantic".to_owned(), "--threads".to_owned(), threads.to_owned()];
        args.extend(files.iter().flat_map(|(format, path)| ["-o".to_owned(), format!("{format}={path}")]));
        let args: Vec<&str> = args.iter().map(String::as_str).collect();
        let output = leaklint(&folder, &args).output().unwrap();
        assert_eq!(output.status.code(), Some(1), "{}", String::from_utf8_lossy(&output.stderr));
        let texts: Vec<String> = files.iter().map(|(_, path)| fs::read_to_string(path).unwrap()).collect();
        (out(&output), texts)
    };
    let one = run("1");
    assert!(one.1.iter().all(|it| it.len() > 1_000));
    assert!(one == run("2"), "2 threads");
    assert!(one == run("8"), "8 threads");
}

#[test]
fn github_is_picked_by_itself_unless_a_format_is_asked_for() {
    let folder = TempDir::with(&[("packages/app/src/server.js", LEAKY)]);
    let app = folder.path().join("packages/app");
    let summary = folder.path().join("summary.md");
    let run = |args: &[&str]| {
        let mut command = leaklint(&app, args);
        command.env("GITHUB_ACTIONS", "true").env("GITHUB_WORKSPACE", folder.path()).env("GITHUB_STEP_SUMMARY", &summary);
        command.output().unwrap()
    };
    let output = run(&["check"]);
    assert!(out(&output).starts_with("::error file=packages/app/src/server.js,line=3,"), "{}", out(&output));
    assert!(String::from_utf8_lossy(&output.stderr).contains("1 error; 1 file checked"));
    assert_eq!(output.status.code(), Some(1));
    let first = fs::read_to_string(&summary).unwrap();
    assert!(first.contains("| error | [`timer-not-cleared`](https://"), "{first}");
    let beside = run(&["check", "-f", "concise", "-o", "github=notes.txt"]);
    assert!(out(&beside).starts_with("src/server.js:3:3: error[timer-not-cleared]"));
    assert_eq!(fs::read(app.join("notes.txt")).unwrap(), output.stdout);
    assert_eq!(fs::read_to_string(&summary).unwrap(), first.repeat(2), "added, not replaced");
    fs::remove_file(&summary).unwrap();
    assert!(out(&run(&["check", "-f", "pretty"])).starts_with("error[timer-not-cleared]"));
    assert_eq!(out(&run(&["check", "-o", "report.txt"])), "");
    assert!(fs::read_to_string(app.join("report.txt")).unwrap().starts_with("error[timer-not-cleared]"));
    assert!(!summary.exists(), "no annotations, no summary");
    fs::write(&summary, vec![b'x'; (1 << 20) - 10]).unwrap();
    let full = run(&["check"]);
    assert_eq!(full.status.code(), Some(1), "a full summary fails nothing");
    assert!(String::from_utf8_lossy(&full.stderr).contains("the job has no summary: "));
}

#[test]
fn gitlab_paths_start_at_the_checkout() {
    let folder = TempDir::with(&[("packages/app/src/server.js", LEAKY)]);
    let mut command =
        leaklint(&folder.path().join("packages/app"), &["check", "-f", "gitlab", "--sarif-category", "x", "-o", "sarif=s"]);
    let output = command.env("CI_PROJECT_DIR", folder.path()).output().unwrap();
    let report: Value = serde_json::from_slice(&output.stdout).unwrap();
    assert_eq!(report[0]["location"]["path"], "packages/app/src/server.js");
    let log: Value = serde_json::from_slice(&fs::read(folder.path().join("packages/app/s")).unwrap()).unwrap();
    let run = &log["runs"][0];
    assert_eq!(run["automationDetails"]["id"], "x/");
    assert_eq!(run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], "src/server.js");
    assert!(run["originalUriBaseIds"]["%SRCROOT%"]["uri"].as_str().unwrap().ends_with("/packages/app/"));
}

#[test]
#[ignore = "installs validators from npm and PyPI"]
fn validators_from_outside_agree() {
    let folder = TempDir::new();
    let odd = folder.write("odd.sarif", odd().render(Format::Sarif, Style::PLAIN));
    let plain = folder.write("plain.sarif", two_files().render(Format::Sarif, Style::PLAIN));
    let empty = folder.write("empty.sarif", Case::new(&[]).render(Format::Sarif, Style::PLAIN));
    let mut command = Command::new("bash");
    command.arg(Path::new(env!("CARGO_MANIFEST_DIR")).join(".ci/formats")).args([odd, plain, empty]);
    let output = command.env("LEAKLINT", env!("CARGO_BIN_EXE_leaklint")).output().unwrap();
    let (said, complained) = (out(&output), String::from_utf8_lossy(&output.stderr).into_owned());
    assert!(output.status.success(), "{said}{complained}");
    assert_eq!(said.matches("\n0 errors and warnings of the SARIF Multitool\n").count(), 4, "{said}");
}
