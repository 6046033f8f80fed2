//! `leaklint-...` comments, and other facts of a whole file.

use expect_test::expect;

use super::facts_of;

fn directives(path: &str, text: &str) -> String {
    let facts = facts_of(path, text);
    let line = |directive: &crate::facts::Directive| {
        let comment = &text[directive.start as usize..directive.end as usize];
        let lines = format!("{}-{}", directive.line, directive.end_line);
        format!("{:?} {:?} {:?} {lines} {comment:?}\n", directive.kind, directive.rules, directive.reason)
    };
    facts.directives.iter().map(line).collect()
}

#[test]
fn kinds_rules_and_reasons() {
    let text = "a(); // leaklint-disable-line timer-not-cleared, listener-not-removed -- lives as long as the program\n\
        /* leaklint-disable-next-line */ b();\r\n/* leaklint-disable a\n b */\n//leaklint-enable\n/**\n * leaklint-disable-file x y -- why\n */\n\
        // leaklint-expect-next-line z\nc(); // leaklint-disabel z\n// see leaklint-disable\n\"leaklint-enable\";\n";
    let expected = expect![[r#"
        DisableLine ["timer-not-cleared", "listener-not-removed"] Some("lives as long as the program") 0-0 "// leaklint-disable-line timer-not-cleared, listener-not-removed -- lives as long as the program"
        DisableNextLine [] None 1-1 "/* leaklint-disable-next-line */"
        Disable ["a"] None 2-3 "/* leaklint-disable a\n b */"
        Enable [] None 4-4 "//leaklint-enable"
        DisableFile ["x", "y"] Some("why") 5-7 "/**\n * leaklint-disable-file x y -- why\n */"
        ExpectNextLine ["z"] None 8-8 "// leaklint-expect-next-line z"
        Unknown ["z"] None 9-9 "// leaklint-disabel z"
    "#]];
    expected.assert_eq(&directives("x.js", text));
}

#[test]
fn in_jsx() {
    let text = "const a = <a>\n  {/* leaklint-disable-next-line x */}\n  <b on={() => 1 /* leaklint-disable-line y */} />\n</a>;\n// leaklint-enable";
    let expected = expect![[r#"
        DisableNextLine ["x"] None 1-1 "/* leaklint-disable-next-line x */"
        DisableLine ["y"] None 2-2 "/* leaklint-disable-line y */"
        Enable [] None 4-4 "// leaklint-enable"
    "#]];
    expected.assert_eq(&directives("x.jsx", text));
}

#[test]
fn jsx_is_its_parts() {
    let text = "const a = <A.B x={y} {...z} w='v' on={() => f()}>text {b}{/* c */}<div id={d}><E/></div><>{g}</><this.H/></A.B>;";
    let facts = facts_of("x.jsx", text);
    expect![[r#"
        const a in scope 0 of fn0 = parts(^A.B, ^y, ...^z, fn1, ^b, parts(^d, parts(^E)), parts(^g), parts(this.H))
    "#]]
    .assert_eq(&super::print::bindings(&facts));
}

#[test]
fn lines() {
    for (text, lines) in [("", 0), ("a", 1), ("a\n", 1), ("a\nb", 2), ("\n\n", 2)] {
        assert_eq!(facts_of("x.js", text).lines, lines, "{text:?}");
    }
}
