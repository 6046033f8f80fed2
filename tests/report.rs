//! Each format, from hand-made findings.

#![allow(clippy::unwrap_used, reason = "helpers of tests count as tests")]

mod support;

use expect_test::expect;
use leaklint::config::{Choices, Ground, Layer, Settings};
use leaklint::finding::{Role, Severity};
use leaklint::report::{self, Format, Style};
use leaklint::text::{FileId, Span};
use support::case::{Case, step, two_files};

const UNICODE: Style = Style { color: false, unicode: true, width: 100 };

#[test]
fn pretty_draws_the_story_over_files() {
    two_files().check(
        Format::Pretty,
        UNICODE,
        expect![[r#"
            error[timer-not-cleared] src/poll.js:3:2 (certain)

              × interval started per request is never cleared
               ╭─[src/poll.js:3:2]
             2 │     let last = job.status;
             3 │     setInterval(() => tell(job), 250);
               ·     ─────┬─────
               ·          ╰─┤ an interval is started here
               ·            │ the event loop holds it and its callback
             4 │ }
               ╰────
               ╭─[src/routes.js:3:1]
             2 │ 
             3 │ router.get('/watch', (req, res) => {
               · ─────┬────
               ·      ╰── runs for every request
             4 │   poll(find(req), (it) => res.write(it));
               ·   ────┬────
               ·       ╰── and calls `poll`
             5 │ });
               ╰────
              help: keep the handle and call `clearInterval` when the response closes

            note: src/old.js: not valid UTF-8, bad bytes were replaced
            1 error; 2 files checked, 3 skipped (tests and tool configurations: 2, see --include-tests; Flow files: 1), 1 failed
            1 finding suppressed
            12 suspects hidden, --pedantic shows them
            leaklint explain timer-not-cleared tells why this leaks and what to do
        "#]],
    );
}

#[test]
fn pretty_is_plain_ascii_when_asked() {
    let text = two_files().render(Format::Pretty, Style::PLAIN);
    assert!(text.is_ascii() && !text.contains('\u{1b}'), "{text}");
    assert!(two_files().render(Format::Pretty, Style { color: true, ..UNICODE }).contains("\u{1b}["));
}

#[test]
fn a_long_line_is_cut_and_control_characters_are_not_passed_on() {
    let long =
        format!("var a=\"{}\";app.get(\"/\",()=>{{setInterval(f,9)\u{1b}[2J}});var z=\"{}\"", "é".repeat(400), "z".repeat(400));
    let mut case = Case::new(&[("dist/a\n.js", &long)]);
    let story = vec![
        step(Role::Acquired, "an interval is started here", case.span(0, "setInterval")),
        step(Role::Recurs, "far to the left", case.span(0, "var a")),
    ];
    case.add(case.span(0, "setInterval"), story);
    case.check(Format::Pretty, Style::PLAIN, expect![[r#"
        error[timer-not-cleared] dist/a\n.js:1:427 (certain)

          x interval started per request is never cleared
           ,-[dist/a\n.js:1:427]
         1 | ...ééééééééééééééééééééé";app.get("/",()=>{setInterval(f,9)?[2J});var z="zzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzzz...
           :    ^                                       ^^^^^|^^^^^
           :    |                                            `-- an interval is started here
           :    `-- far to the left
           `----
          help: keep the handle and call `clearInterval` when the response closes

        1 error; 1 file checked
        leaklint explain timer-not-cleared tells why this leaks and what to do
    "#]]);
    case.check(
        Format::Concise,
        Style::PLAIN,
        expect![[r#"
        dist/a\n.js:1:427: error[timer-not-cleared] interval started per request is never cleared (certain)
    "#]],
    );
}

#[test]
fn a_span_over_lines_is_drawn_at_its_start_and_a_vanished_file_without_a_frame() {
    let mut case = Case::new(&[("a.js", "function f() {\n  on('x', () => {\n    g();\n  });\n}\n")]);
    let whole = case.span(0, "on('x', () => {\n    g();\n  })");
    case.add(whole, vec![step(Role::Recurs, "runs for every call", case.span(0, "f() {"))]).severity = Severity::Warning;
    case.paths.push("gone.js".to_owned());
    case.add(Span::new(FileId(1), 5, 9), Vec::new()).severity = Severity::Info;
    case.check(
        Format::Pretty,
        UNICODE,
        expect![[r#"
            warning[timer-not-cleared] a.js:2:3 (certain)

              ⚠ interval started per request is never cleared
               ╭─[a.js:2:3]
             1 │ function f() {
               ·          ──┬──
               ·            ╰── runs for every call
             2 │   on('x', () => {
               ·   ───────────────
             3 │     g();
               ╰────
              help: keep the handle and call `clearInterval` when the response closes

            info[timer-not-cleared] gone.js:1:1 (certain)

              ☞ interval started per request is never cleared
              help: keep the handle and call `clearInterval` when the response closes

            1 warning, 1 info; 1 file checked
            leaklint explain timer-not-cleared tells why this leaks and what to do
        "#]],
    );
}

#[test]
fn empty_files_and_ends_of_files_have_frames() {
    let mut case = Case::new(&[("empty.js", ""), ("open.js", "f(\r\n")]);
    case.add(Span::new(FileId(0), 0, 0), Vec::new());
    case.add(Span::new(FileId(1), 4, 4), Vec::new());
    case.check(
        Format::Pretty,
        Style::PLAIN,
        expect![[r#"
            error[timer-not-cleared] empty.js:1:1 (certain)

              x interval started per request is never cleared
               ,-[empty.js:1:1]
             1 | 
               : ^
               `----
              help: keep the handle and call `clearInterval` when the response closes

            error[timer-not-cleared] open.js:2:1 (certain)

              x interval started per request is never cleared
               ,-[open.js:2:1]
             1 | f(
             2 | 
               : ^
               `----
              help: keep the handle and call `clearInterval` when the response closes

            2 errors; 2 files checked
            leaklint explain timer-not-cleared tells why this leaks and what to do
        "#]],
    );
}

#[test]
fn concise_is_one_line_each() {
    two_files().check(
        Format::Concise,
        Style::PLAIN,
        expect![[r#"
        src/poll.js:3:2: error[timer-not-cleared] interval started per request is never cleared (certain)
    "#]],
    );
}

#[test]
fn json_is_schema_1() {
    two_files().check(Format::Json, Style::PLAIN, expect![[r#"
        {"schema": 1, "tool": {"name": "leaklint", "version": "0.1.0"},
        "findings": [
        {"rule":"timer-not-cleared","severity":"error","confidence":"certain","message":"interval started per request is never cleared","help":"keep the handle and call `clearInterval` when the response closes","url":"https://github.com/leaklint/leaklint/blob/main/rules/timer-not-cleared.md","path":"src/poll.js","range":{"start":{"line":3,"column":2,"offset":59},"end":{"line":3,"column":13,"offset":70}},"scope":"poll","fingerprint":"0123456789abcdef0123","story":[{"role":"acquired","message":"an interval is started here","path":"src/poll.js","range":{"start":{"line":3,"column":2,"offset":59},"end":{"line":3,"column":13,"offset":70}}},{"role":"held","message":"the event loop holds it and its callback","path":"src/poll.js","range":{"start":{"line":3,"column":2,"offset":59},"end":{"line":3,"column":13,"offset":70}}},{"role":"recurs","message":"runs for every request","path":"src/routes.js","range":{"start":{"line":3,"column":1,"offset":35},"end":{"line":3,"column":11,"offset":45}}},{"role":"recurs","message":"and calls `poll`","path":"src/routes.js","range":{"start":{"line":4,"column":3,"offset":74},"end":{"line":4,"column":12,"offset":83}}}],"suppressed":null,"evidence":null},
        {"rule":"timer-not-cleared","severity":"error","confidence":"certain","message":"interval started per request is never cleared","help":"keep the handle and call `clearInterval` when the response closes","url":"https://github.com/leaklint/leaklint/blob/main/rules/timer-not-cleared.md","path":"src/poll.js","range":{"start":{"line":2,"column":6,"offset":39},"end":{"line":2,"column":10,"offset":43}},"scope":"poll","fingerprint":"0123456789abcdef0123","story":[],"suppressed":{"kind":"comment","reason":"on purpose"},"evidence":null}
        ],
        "files": {"checked":2,"skipped":3,"failed":1},
        "notes": ["src/old.js: not valid UTF-8, bad bytes were replaced"]}
    "#]]);
    let parsed: serde_json::Value = serde_json::from_str(&two_files().render(Format::Json, Style::PLAIN)).unwrap();
    assert_eq!(parsed["findings"][0]["range"]["start"]["column"], 2);
    let empty: serde_json::Value = serde_json::from_str(&Case::new(&[]).render(Format::Json, Style::PLAIN)).unwrap();
    assert_eq!(empty["findings"], serde_json::json!([]));
}

#[test]
fn nothing_found_is_said() {
    Case::new(&[("a.js", "")]).check(
        Format::Pretty,
        UNICODE,
        expect![[r#"
        no leaks found; 1 file checked
    "#]],
    );
    Case::new(&[("a.js", "")]).check(Format::Concise, UNICODE, expect![[""]]);
}

#[test]
fn columns_count_utf16_units() {
    let mut case = Case::new(&[("a.js", "/* é😀 */ leak()")]);
    case.add(case.span(0, "leak()"), Vec::new());
    case.check(
        Format::Concise,
        Style::PLAIN,
        expect![[r#"
        a.js:1:11: error[timer-not-cleared] interval started per request is never cleared (certain)
    "#]],
    );
    case.check(
        Format::Pretty,
        UNICODE,
        expect![[r#"
            error[timer-not-cleared] a.js:1:11 (certain)

              × interval started per request is never cleared
               ╭─[a.js:1:11]
             1 │ /* é😀 */ leak()
               ·           ──────
               ╰────
              help: keep the handle and call `clearInterval` when the response closes

            1 error; 1 file checked
            leaklint explain timer-not-cleared tells why this leaks and what to do
        "#]],
    );
}

#[test]
fn a_mistake_in_the_configuration_has_a_frame() {
    let text = "exclude = ['dist']\n\n[rules]\ntimer-not-cleard = 'off'\n";
    let folder = std::path::Path::new("/r");
    let (known, choices) = (&["timer-not-cleared", "parse-error"], &Choices::default());
    let layer = Layer::parse("leaklint.toml", text.to_owned()).unwrap().unwrap();
    let problem = Settings::resolve(Ground { folder, root: folder, base: folder, known, choices }, &[layer]).unwrap_err();
    expect![[r#"
        on standard error:
          x unknown rule `timer-not-cleard`
           ,-[leaklint.toml:4:1]
         3 | [rules]
         4 | timer-not-cleard = 'off'
           : ^^^^^^^^^^^^^^^^
         5 | 
           `----
          help: did you mean `timer-not-cleared`?
    "#]]
    .assert_eq(&format!("on standard error:\n{}", report::frame(&problem, Style::PLAIN)));
}

#[test]
fn a_page_is_rendered_for_the_terminal() {
    let markdown =
        "# Timer not cleared\n\nAn `interval` stays.\n\n## Leaks\n\n```js\nsetInterval(f, 9);\n//^^^^^^^^^ acquired\n```\n";
    expect![[r#"
        Timer not cleared

        An `interval` stays.

        Leaks

            setInterval(f, 9);
            //^^^^^^^^^ acquired
    "#]]
    .assert_eq(&report::page(markdown, Style::PLAIN));
}

#[test]
fn no_text_and_no_span_breaks_a_format() {
    let pieces = [
        "a",
        "\t",
        "\r\n",
        "\r",
        "\n",
        "é",
        "😀",
        "\u{2028}",
        "\u{1b}[31m",
        "\0",
        "漢字",
        " ",
        "long long long ",
        "\u{202e}",
        "e\u{301}",
    ];
    let mut state = 7u64;
    let mut next = |below: usize| {
        state = state.wrapping_mul(6364136223846793005).wrapping_add(1442695040888963407);
        (state >> 33) as usize % below
    };
    for _ in 0..3000 {
        let mut text = String::new();
        let repeat = if next(20) == 0 { 60 } else { 1 };
        for _ in 0..next(40) {
            text.push_str(&pieces[next(pieces.len())].repeat(repeat));
        }
        let mut case = Case::new(&[("a.js", &text), ("b.js", &text)]);
        let mut span = |file| {
            let start = next(text.len() + 3);
            Span::new(FileId(file), start as u32, (start + next(30)) as u32)
        };
        let story = (0..4).map(|n| step(Role::Recurs, "again", span(n % 2))).collect();
        case.add(span(0), story);
        for style in [Style::PLAIN, UNICODE] {
            let drawn = case.render(Format::Pretty, style);
            assert!(drawn.contains("a.js:") && !drawn.contains(['\u{1b}', '\0', '\r', '\u{202e}']), "{text:?}\n{drawn}");
            assert!(drawn.matches("again").count() >= 4, "{text:?}\n{drawn}");
        }
        assert_eq!(case.render(Format::Concise, UNICODE).lines().count(), 1);
        assert!(serde_json::from_str::<serde_json::Value>(&case.render(Format::Json, UNICODE)).is_ok());
    }
}
