//! Never crash, hang or lie: whatever lies in the tree, the run ends, tells what it left out, and checks the rest.

#![allow(clippy::unwrap_used)]

mod support;

use std::sync::Arc;
use std::time::Instant;

use leaklint::config::Settings;
use leaklint::rulebook::Rulebook;
use leaklint::workspace::{Analysis, Configs, INTERNAL_ERROR, PARSE_ERROR, Selection, Skip, run, run_in_memory};
use support::TempDir;

fn selection(folder: &TempDir) -> Selection {
    Selection { cwd: folder.path().to_owned(), threads: Some(2), ..Selection::default() }
}

/// A selection with other settings for all files.
fn with(folder: &TempDir, change: impl Fn(&mut Settings)) -> Selection {
    let mut settings = Settings::new(folder.path());
    change(&mut settings);
    Selection { configs: Arc::new(Configs::fixed(settings)), ..selection(folder) }
}

fn check(folder: &TempDir) -> Analysis {
    run(&selection(folder), Rulebook::builtin())
}

fn check_paths(folder: &TempDir, paths: &[&str]) -> Analysis {
    run(&Selection { paths: paths.iter().map(Into::into).collect(), ..selection(folder) }, Rulebook::builtin())
}

fn paths(analysis: &Analysis) -> Vec<&str> {
    analysis.units.iter().map(|unit| unit.path.as_str()).collect()
}

fn skipped(analysis: &Analysis, skip: Skip) -> usize {
    analysis.files.skipped.iter().find(|it| it.0 == skip).map_or(0, |it| it.1)
}

fn rules(analysis: &Analysis) -> Vec<&str> {
    analysis.findings.iter().map(|finding| finding.rule.as_str()).collect()
}

/// A construct nested `DEPTH` deep: what opens, what stands in the middle, what closes.
const DEEP: &[(&str, &str, &str, &str)] = &[
    ("parens.js", "(", "a", ")"),
    ("calls.js", "f(", "a", ")"),
    ("call-chain.js", "", "a", "()"),
    ("method-chain.js", "", "a", ".then(b)"),
    ("members.js", "", "a", ".b"),
    ("optional.js", "", "a", "?.b"),
    ("index.js", "a[", "b", "]"),
    ("index-chain.js", "", "a", "[0]"),
    ("arrays.js", "[", "a", "]"),
    ("objects.js", "({a:", "b", "})"),
    ("object-open.js", "({a:", "b", ""),
    ("open.js", "(", "", ""),
    ("brackets-open.js", "[", "", ""),
    ("braces-open.js", "{", "", ""),
    ("templates.js", "`${", "a", "}`"),
    ("template-open.js", "`${", "", ""),
    ("conditional.js", "a?b:", "c", ""),
    ("conditional-then.js", "a?", "c", ":b"),
    ("plus.js", "a+", "a", ""),
    ("plus-lines.js", "a+\n", "a", ""),
    ("power.js", "a**", "a", ""),
    ("and.js", "a&&", "a", ""),
    ("nullish.js", "a??", "a", ""),
    ("comma.js", "a,", "a", ""),
    ("assign.js", "a=", "a", ""),
    ("not.js", "!", "a", ""),
    ("minus.js", "- ", "a", ""),
    ("typeof.js", "typeof ", "a", ""),
    ("await.mjs", "await ", "a", ""),
    ("new.js", "new ", "a", ""),
    ("spread.js", "[...", "a", "]"),
    ("arrows.js", "a=>", "a", ""),
    ("arrow-bodies.js", "()=>{", "a", "}"),
    ("functions.js", "function f(){", "a", "}"),
    ("function-expressions.js", "(function(){", "a", "})"),
    ("iifes.js", "(()=>{", "a", "})()"),
    ("callbacks.js", "f(function(){", "a", "})"),
    ("classes.js", "class A{m(){", "a", "}}"),
    ("class-extends.js", "class A extends (", "B", "){}"),
    ("class-fields.js", "(class{a=", "b", "})"),
    ("blocks.js", "{", "a", "}"),
    ("ifs.js", "if(a)", "b", ""),
    ("else-ifs.js", "if(a)b;else ", "c", ""),
    ("else-if-blocks.js", "if(a){b}else ", "c", ""),
    ("loops.js", "for(;;)", "a", ""),
    ("whiles.js", "while(a)", "b", ""),
    ("dos.js", "do ", "a", ";while(b)"),
    ("tries.js", "try{", "a", "}catch{}"),
    ("catches.js", "try{}catch{", "a", "}"),
    ("switches.js", "switch(a){case b:", "c", "}"),
    ("labels.js", "a:", "b", ""),
    ("with.cjs", "with(a)", "b", ""),
    ("patterns.js", "let [", "a", "]=b"),
    ("object-patterns.js", "({a:", "b", "}=c)"),
    ("default-parameters.js", "((a=", "b", ")=>{})"),
    ("jsx.jsx", "<a>", "b", "</a>"),
    ("jsx-open.jsx", "<a>", "", ""),
    ("jsx-attributes.jsx", "<a b={", "c", "}/>"),
    ("jsx-fragments.tsx", "<>", "b", "</>"),
    ("type-arguments.ts", "let a:A<", "B", ">"),
    ("type-parens.ts", "type A=(", "B", ")"),
    ("type-arrays.ts", "let a:B", "", "[]"),
    ("type-tuples.ts", "type A=[", "B", "]"),
    ("type-objects.ts", "type A={a:", "B", "}"),
    ("type-functions.ts", "type A=()=>", "B", ""),
    ("type-conditional.ts", "type A=B extends C?D:", "E", ""),
    ("type-union.ts", "type A=B|", "C", ""),
    ("type-keyof.ts", "type A=keyof ", "B", ""),
    ("type-qualified.ts", "let a:B", "", ".C"),
    ("casts.ts", "<any>", "a", ""),
    ("as.ts", "", "a", " as any"),
    ("non-null.ts", "", "a", "!"),
    ("namespaces.ts", "namespace A{", "a", "}"),
    ("decorators.ts", "@a(", "b", ") class A{}"),
    ("decorator-list.ts", "@a ", "class A{}", ""),
    ("generic-calls.ts", "f<A>(", "b", ")"),
    ("comments-open.js", "/*", "*/a", ""),
    ("regex-open.js", "/(", "a", ""),
    ("strings-open.js", "'", "", ""),
    ("yield.js", "function*f(){yield ", "a", "}"),
    ("import-calls.js", "import(", "a", ")"),
    ("declarations.js", "var a=b;", "", ""),
    ("sequence-of-functions.js", "function f(){}", "", ""),
];

/// The middle of an iteration cannot repeat a declaration's head (`type A=` stands once).
fn nest(depth: usize, open: &str, middle: &str, close: &str) -> String {
    let once = ["let a:", "type A=", "function*f(){", "let ", "namespace A"];
    let head = once.into_iter().find(|it| open.starts_with(it) && !open.ends_with('{')).unwrap_or_default();
    let foot = if head == "function*f(){" { "}" } else { "" };
    let (open, close) = (&open[head.len()..], close.strip_suffix(foot).unwrap_or(close));
    format!("{head}{}{middle}{}{foot}\n", open.repeat(depth), close.repeat(depth))
}

fn check_nested(depth: usize, (path, open, middle, close): &(&str, &str, &str, &str)) -> Analysis {
    let begun = Instant::now();
    let good = "setInterval(() => {}, 1000);\n".to_owned();
    let files = [((*path).to_owned(), nest(depth, open, middle, close)), ("good.js".to_owned(), good)];
    let analysis = run_in_memory(&files, Rulebook::builtin());
    assert!(analysis.errors.is_empty(), "{path}: {:?}", analysis.errors);
    assert!(!rules(&analysis).contains(&INTERNAL_ERROR), "{path}: {:?}", analysis.findings);
    assert!(analysis.units.len() == 2 && analysis.files.checked >= 1, "{path}");
    assert!(begun.elapsed().as_secs() < 20, "{path}: {:?}", begun.elapsed());
    analysis
}

#[test]
fn nesting_a_hundred_thousand_deep() {
    for case in DEEP {
        check_nested(100_000, case);
    }
}

#[test]
fn the_binary_goes_on_after_files_that_nest_too_deeply() {
    let folder = TempDir::new();
    for (path, open, middle, close) in DEEP.iter().step_by(9) {
        folder.write(path, nest(100_000, open, middle, close));
    }
    folder.write("good.js", "require('http').createServer((req, res) => { setInterval(() => res.write('.'), 1000); });\n");
    let run = std::process::Command::new(env!("CARGO_BIN_EXE_leaklint"))
        .args(["check", "--format", "json", "--include-generated", "."])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let output = String::from_utf8(run.stdout).unwrap();
    assert_eq!(run.status.code(), Some(1), "{}", String::from_utf8_lossy(&run.stderr));
    assert!(output.contains("\"timer-not-cleared\"") && output.contains("\"parse-error\""), "{output}");
}

#[test]
fn nesting_that_people_write_is_checked() {
    for case in DEEP.iter().filter(|it| !it.0.contains("open")) {
        let analysis = check_nested(60, case);
        assert!(analysis.findings.is_empty(), "{}: {:?}", case.0, analysis.findings);
    }
}

/// Programs that lead in circles: each is a project of its own.
const CIRCLES: &[&[(&str, &str)]] = &[
    &[("a.js", "class A extends A {} A.x.on('x', () => {}); new A().y.on('y', () => {})")],
    &[("a.js", "class A extends B { m() { this.z.on('x', f) } } class B extends A {} A.x.y(); new B().m().n()")],
    &[
        ("a.js", "import { B } from './b.js'; export class A extends B {} A.x.on('x', f); new A().on('x', f)"),
        ("b.js", "import { A } from './a.js'; export class B extends A {} B.x.on('x', f); new B().on('x', f)"),
    ],
    &[("a.js", "var a = b; var b = a; a.on('x', () => {}); function f() { setInterval(a, 1) } f()")],
    &[("a.js", "let a = a.b; a.c.on('x', f); const { x } = x; x.y(); var o = { o }; o.o.o.on('x', f)")],
    &[
        ("a.js", "export * from './b'; export { x } from './b'"),
        ("b.js", "export * from './a'; export { x } from './a'"),
        ("c.js", "import { x, y } from './a'; import * as n from './b'; x.on('x', f); y(); n.z(); n.x.n.on('y', f)"),
    ],
    &[
        ("a.js", "export * from './b'; export * from './c'; export * from './d'"),
        ("b.js", "export * from './a'; export * from './c'; export * from './d'"),
        ("c.js", "export * from './a'; export * from './b'; export * from './d'"),
        ("d.js", "export * from './a'; export * from './b'; export * from './c'; import { x } from './a'; x.on('x', f)"),
    ],
    &[("a.js", "export * from './a'; import * as a from './a'; a.a.a.on('x', f); import a2 from './a'; a2()")],
    &[("a.js", "module.exports = require('./b'); require('./b').x.on('x', f)"), ("b.js", "module.exports = require('./a').y")],
    &[("a.js", "module.exports = require('./a'); exports.x = exports; exports.x.x.on('x', f); module.exports = module.exports")],
    &[("a.js", "function f() { return g() } function g() { return f() } f().on('x', g); f()().x(); setInterval(f(), 1)")],
    &[(
        "a.js",
        "function f(x) { return f(f(x)) } f(f).on('x', f); const g = () => g; g()()().on('x', g); const h = (k) => k(k); h(h)",
    )],
    &[(
        "a.js",
        "function F() { F.call(this); this.on('x', () => this) } F.prototype = F.prototype; F.prototype.__proto__ = F; new F()",
    )],
    &[(
        "a.js",
        "class A { a = new A(); static s = A.s; static t = new A().a.a; m() { return this.m().m().a.on('x', f) } } A.s.s.on('x', f)",
    )],
    &[(
        "a.js",
        "const A = class extends A {}; const m = (B) => class extends m(B) {}; class C extends m(C) {} new C().x.on('x', f)",
    )],
    &[("a.js", "var f = f.bind(f); f = f.bind(null); x.on('x', f); x.off('x', f); var p = promisify(p); p(p)")],
    &[(
        "a.js",
        "const e = e.on('x', () => e.on('x', () => e.on('x', e))); function r() { e.once('x', r); setTimeout(r, 1) } r()",
    )],
    &[(
        "a.ts",
        "type A = A; let a: A; interface B extends B { b: B } let b: B; b.b.b.on('x', f); class C<T extends C<T>> { c: C<T> }",
    )],
    &[("a.ts", "namespace A { export import A2 = A } enum E { a = E.a } let e: E; e.a.on('x', f); import x = x; x.y.on('x', f)")],
    &[(
        "a.js",
        "a = b = a; this.x = this.x.x; globalThis.y = globalThis; y.y.y.on('x', f); window.window.window.addEventListener('x', f)",
    )],
    &[("a.js", "for (const x of x) for (const [y] of y) y.on('x', () => x); while (m = m.next) m.on('x', m); let [q] = q; q()")],
    &[(
        "a.js",
        "app.use(h); function h(q, s, n) { app.use(h); n(h(q, s, n)); q.x = q; q.x.x.on('x', () => h(q)) } app.get('/', h(h))",
    )],
    &[(
        "a.ts",
        "import http from 'http'; import { EventEmitter } from 'events'; class A { bus: EventEmitter; constructor(private b: B) \
         { this.bus = this.b.bus } go() { this.bus.on('x', () => {}) } } class B { bus: EventEmitter; constructor(private a: A) \
         { this.bus = this.a.bus } go() { this.bus.on('x', () => {}) } } http.createServer((req, res) => { const a = new \
         A(undefined!); const b = new B(a); a.go(); b.go() }).listen(1)",
    )],
    &[(
        "a.js",
        "m.set(m, m); m.get(m).set(m, m.get(m)); const c = { [c]: c, ...c }; c.c = c; c.c.c.push(c); a[a[a]] = a; a[a[a]].push(a)",
    )],
];

#[test]
fn circles_end() {
    for files in CIRCLES {
        let files: Vec<(String, String)> = files.iter().map(|it| (it.0.to_owned(), it.1.to_owned())).collect();
        eprintln!("{}", files[0].1);
        let begun = Instant::now();
        let analysis = run_in_memory(&files, Rulebook::builtin());
        assert!(analysis.errors.is_empty(), "{:?}", analysis.errors);
        assert!(!rules(&analysis).contains(&INTERNAL_ERROR), "{:?}", analysis.findings);
        assert!(begun.elapsed().as_secs() < 5, "{:?}", begun.elapsed());
    }
}

#[test]
fn encodings() {
    let folder = TempDir::new();
    folder.write("bom.js", "\u{FEFF}let a = ;");
    folder.write("plain.js", "let a = ;");
    folder.write("latin.js", b"// caf\xE9\nlet a = ;");
    let utf16 = |to: fn(u16) -> [u8; 2]| "\u{FEFF}let a = ;".encode_utf16().flat_map(to).collect::<Vec<u8>>();
    folder.write("little.js", utf16(u16::to_le_bytes));
    folder.write("big.js", utf16(u16::to_be_bytes));
    let analysis = check(&folder);
    assert_eq!(rules(&analysis), [PARSE_ERROR; 5]);
    for finding in &analysis.findings {
        let text = analysis.texts.get(finding.span.file).unwrap();
        let at = text.location(finding.span.start);
        assert_eq!((at.line, at.column), (if text.path == "latin.js" { 2 } else { 1 }, 9), "{}", text.path);
    }
    assert_eq!(analysis.notes, ["latin.js: not valid UTF-8, bad bytes were replaced"]);
}

#[test]
fn odd_characters() {
    let folder = TempDir::new();
    folder.write("empty.js", "");
    folder.write("nul.js", "let a = '\0';\0");
    folder.write("cr.js", "let a\rlet b = ;\r");
    folder.write("separators.js", "let a\u{2028}let b = ;");
    folder.write("hashbang.js", "#!/usr/bin/env node\nlet a");
    let analysis = check(&folder);
    assert_eq!(analysis.units.len(), 5);
    for path in ["cr.js", "separators.js"] {
        let finding = analysis.findings.iter().find(|it| analysis.texts.path(it.span.file) == path).unwrap();
        assert_eq!(analysis.texts.get(finding.span.file).unwrap().location(finding.span.start).line, 2, "{path}");
    }
    assert!(!rules(&analysis).contains(&INTERNAL_ERROR));
}

#[test]
fn large_minified_and_generated_files_are_counted() {
    let folder = TempDir::new();
    folder.write("huge.js", "a=1;".repeat(5 << 20));
    folder.write("dense.js", "a=1;".repeat(20_000));
    folder.write("jquery.min.js", "a");
    folder.write("client.js", "// @generated by a tool\nlet a");
    folder.write("own.js", "let a");
    let analysis = check(&folder);
    assert_eq!(paths(&analysis), ["own.js"]);
    assert_eq!(
        (skipped(&analysis, Skip::TooLarge), skipped(&analysis, Skip::Minified), skipped(&analysis, Skip::Generated)),
        (1, 2, 1)
    );
    assert_eq!(analysis.files.skipped_total(), 4);
    let named = check_paths(&folder, &["dense.js", "client.js", "jquery.min.js", "huge.js"]);
    assert_eq!(paths(&named), ["client.js", "dense.js", "jquery.min.js"], "named files are checked, up to the size limit");
    assert_eq!(skipped(&named, Skip::TooLarge), 1);
    let all = run(&with(&folder, |it| it.include_generated = true), Rulebook::builtin());
    assert_eq!(paths(&all), ["client.js", "dense.js", "jquery.min.js", "own.js"]);
}

#[test]
fn tests_and_foreign_folders_are_left_out() {
    let folder = TempDir::with(&[
        ("src/a.js", "let a"),
        ("src/a.test.js", "let a"),
        ("src/__tests__/b.js", "let a"),
        ("jest.config.js", "let a"),
        ("types.d.ts", "let a"),
        ("node_modules/x/index.js", "let a"),
        ("dist/a.js", "\"use strict\";\nObject.defineProperty(exports, \"__esModule\", { value: true });"),
        ("build/own.js", "let own"),
        ("ignored/c.js", "let a"),
        ("hidden/.d/e.js", "let a"),
        ("mine/f.js", "let a"),
        (".gitignore", "ignored/\n"),
        (".leaklintignore", "mine\n"),
    ]);
    let analysis = check(&folder);
    assert_eq!(paths(&analysis), ["build/own.js", "src/a.js"]);
    assert_eq!(skipped(&analysis, Skip::Test), 3);
    assert_eq!(analysis.notes, ["dist: build output, left out (--include-generated lets it in)"]);
    let named = check_paths(&folder, &["ignored/c.js", "src/__tests__", "dist"]);
    assert_eq!(paths(&named), ["dist/a.js", "ignored/c.js", "src/__tests__/b.js"]);
    let all = Selection { no_ignore: true, ..with(&folder, |it| it.include_tests = true) };
    let all = run(&all, Rulebook::builtin());
    assert_eq!(all.units.len(), 7, "{:?}", paths(&all));
    let forced = Selection { paths: vec!["ignored/c.js".into(), "src/a.js".into()], force_exclude: true, ..selection(&folder) };
    assert_eq!(paths(&run(&forced, Rulebook::builtin())), ["src/a.js"]);
}

#[test]
fn a_named_path_that_is_not_there_is_an_error() {
    let folder = TempDir::with(&[("a.js", "let a"), ("b.txt", "")]);
    let analysis = check_paths(&folder, &["nope.js", "a.js", "b.txt"]);
    assert_eq!(analysis.errors, ["nope.js: no such file or folder"]);
    assert_eq!(analysis.notes, ["b.txt: not a JavaScript or TypeScript source file, left out"]);
    assert_eq!(paths(&analysis), ["a.js"]);
    let nothing = check(&TempDir::new());
    assert_eq!((nothing.files.checked, nothing.errors.len()), (0, 0));
}

#[test]
fn copies_and_compiled_files_stand_aside() {
    let body = "export function f() {}\n".repeat(40);
    let compiled =
        "\"use strict\";\nObject.defineProperty(exports, \"__esModule\", { value: true });\n//# sourceMappingURL=a.js.map\n";
    let folder = TempDir::new();
    folder.write("b/vendor.js", &body);
    folder.write("a/vendor.js", &body);
    folder.write("a/other.ts", &body);
    folder.write("src/a.ts", "export const a = 1");
    folder.write("lib/a.js", compiled);
    folder.write("lib/only.js", compiled);
    folder.write("use.js", "require('./b/vendor'); require('./lib/a')");
    let analysis = check(&folder);
    assert_eq!(paths(&analysis), ["a/other.ts", "a/vendor.js", "lib/only.js", "src/a.ts", "use.js"]);
    assert_eq!((skipped(&analysis, Skip::Duplicate), skipped(&analysis, Skip::Emitted)), (1, 1));
    let targets: Vec<String> = analysis.units[4].links.iter().map(|it| format!("{:?}", it.1)).collect();
    assert_eq!(targets, ["File(FileId(1))", "File(FileId(3))"]);
}

#[test]
fn copies_that_import_by_path_are_read_and_told_once() {
    let text = format!("import './x';\nlet a = ;\n{}", "// padding\n".repeat(40));
    let folder = TempDir::new();
    let good = format!("const x = require('./x');\n{}", "// padding\n".repeat(40));
    for name in ["a", "b"] {
        folder.write(&format!("{name}/bad.js"), &text);
        folder.write(&format!("{name}/good.js"), &good);
        folder.write(&format!("{name}/x.js"), format!("exports.{name} = 1"));
    }
    let analysis = check(&folder);
    assert_eq!(paths(&analysis), ["a/bad.js", "a/good.js", "a/x.js", "b/good.js", "b/x.js"]);
    let target = |unit: usize| format!("{:?}", analysis.units[unit].links[0].1);
    assert_eq!((target(1), target(3)), ("File(FileId(2))".into(), "File(FileId(4))".into()));
    assert_eq!(rules(&analysis), [PARSE_ERROR]);
}

#[cfg(unix)]
#[test]
fn links_and_loops() {
    use std::os::unix::fs::symlink;
    let folder = TempDir::with(&[("src/a.js", "let a")]);
    let other = TempDir::with(&[("b.js", "let b")]);
    symlink(folder.path(), folder.path().join("src/loop")).unwrap();
    symlink("self", folder.path().join("self")).unwrap();
    symlink("gone.js", folder.path().join("dangling.js")).unwrap();
    symlink(other.path(), folder.path().join("outside")).unwrap();
    let analysis = check(&folder);
    assert_eq!(paths(&analysis), ["src/a.js"]);
    let notes = [
        "dangling.js: link not followed: no such file or folder",
        "outside: link to outside of the checked folder, not followed",
    ];
    assert_eq!(analysis.notes, notes);
    let named = check_paths(&folder, &["outside", "src/loop/src"]);
    assert_eq!(paths(&named), ["outside/b.js", "src/loop/src/a.js"], "named links are followed");
    assert_eq!(check_paths(&folder, &["self"]).errors.len(), 1);
}

#[cfg(unix)]
#[test]
fn unreadable_files_and_folders() {
    use std::os::unix::fs::PermissionsExt;
    let folder = TempDir::with(&[("a.js", "let a"), ("b.js", "let b"), ("c/d.js", "let d")]);
    let lock = |path: &str, mode| std::fs::set_permissions(folder.path().join(path), PermissionsExt::from_mode(mode)).unwrap();
    lock("b.js", 0);
    lock("c", 0);
    let is_root = std::fs::read(folder.path().join("b.js")).is_ok();
    let analysis = check(&folder);
    lock("c", 0o755);
    if !is_root {
        assert_eq!(paths(&analysis), ["a.js"]);
        assert_eq!(analysis.files.failed, 1);
        assert_eq!(analysis.notes, ["b.js: permission denied", "c: permission denied"]);
    }
}

#[cfg(unix)]
#[test]
fn special_files_do_not_hang() {
    let folder = TempDir::with(&[("a.js", "let a")]);
    let _socket = std::os::unix::net::UnixListener::bind(folder.path().join("s.js")).unwrap();
    assert_eq!(paths(&check(&folder)), ["a.js"]);
    assert_eq!(check_paths(&folder, &["s.js"]).notes, ["s.js: not a regular file, left out"]);
}

#[test]
fn a_file_that_vanishes_or_changes_has_no_frame() {
    let folder = TempDir::with(&[("a.js", "let a = ;"), ("b.js", "let b = ;"), ("c.js", "let c = ;")]);
    let analysis = check(&folder);
    std::fs::remove_file(folder.path().join("a.js")).unwrap();
    folder.write("b.js", "let changed = ;");
    let texts: Vec<bool> = analysis.findings.iter().map(|it| analysis.texts.get(it.span.file).is_some()).collect();
    assert_eq!(texts, [false, false, true]);
    assert_eq!(analysis.reported_texts().len(), 1);
}

#[cfg(unix)]
#[test]
fn strange_names() {
    use std::os::unix::ffi::OsStrExt;
    let folder = TempDir::with(&[
        ("new\nline.js", "let a = ;"),
        ("日本/é\u{1F600}.ts", "let a = ;"),
        (" .js", "let a"),
        ("-.js", "let a"),
    ]);
    let raw = std::ffi::OsStr::from_bytes(b"bad\xFF.js");
    std::fs::write(folder.path().join(raw), "let a = ;").unwrap();
    let analysis = check(&folder);
    assert_eq!(paths(&analysis), [" .js", "-.js", "bad\u{FFFD}.js", "new\nline.js", "日本/é\u{1F600}.ts"]);
    assert_eq!(analysis.reported_texts().len(), 3);
}

#[test]
fn scripts_without_extension() {
    let folder = TempDir::with(&[
        ("bin/www", "#!/usr/bin/env node\nrequire('../app')"),
        ("bin/run", "#!/bin/sh\n"),
        ("app.js", "let a"),
        ("LICENSE", "#!node"),
        ("package.json", r#"{ "scripts": { "start": "node ./bin/www" } }"#),
    ]);
    let analysis = check(&folder);
    assert_eq!(paths(&analysis), ["app.js", "bin/www"]);
    assert_eq!(format!("{:?}", analysis.units[1].links[0].1), "File(FileId(0))");
    assert_eq!(analysis.manifests[0].started.len(), 1);
    assert_eq!(paths(&check_paths(&folder, &["bin/www", "bin/run"])), ["bin/www"]);
}

#[test]
fn overlays_replace_and_add() {
    let folder = TempDir::with(&[("a.js", "let a = ;"), ("c.js", "let c")]);
    let file = |name: &str| folder.path().join(name);
    let overlays = [(file("a.js"), "let a".to_owned()), (file("b.js"), "\u{FEFF}let b = ;".to_owned())].into();
    let analysis = run(&Selection { overlays, ..selection(&folder) }, Rulebook::builtin());
    assert_eq!(paths(&analysis), ["a.js", "b.js", "c.js"]);
    assert_eq!(rules(&analysis), [PARSE_ERROR]);
    let overlays = [("stdin.ts".into(), "let a: = 1".to_owned())].into();
    let stdin = run(&Selection { overlays, paths: vec!["stdin.ts".into()], ..selection(&folder) }, Rulebook::builtin());
    assert_eq!((paths(&stdin), rules(&stdin)), (vec!["stdin.ts"], vec![PARSE_ERROR]));
}

#[test]
fn the_same_for_any_number_of_threads() {
    let folder = TempDir::new();
    for at in 0..1_500 {
        let text = match at % 5 {
            0 => format!("import {{ x }} from './f{}';\nsetInterval(() => x, {at});\n", at + 1),
            1 => format!("export const x = {at};\n"),
            2 => "let broken = ;\n".to_owned(),
            3 => format!("module.exports = require('./f{}');\n{}", at - 1, "// the same\n".repeat(30)),
            _ => "const same = 1;\n".repeat(30),
        };
        folder.write(&format!("d{}/f{at}.{}", at / 100, if at % 2 == 0 { "js" } else { "ts" }), text);
    }
    let outputs: Vec<String> = [1, 2, 8]
        .iter()
        .map(|&threads| {
            let analysis = run(&Selection { threads: Some(threads), ..selection(&folder) }, Rulebook::builtin());
            let links: Vec<_> = analysis.units.iter().map(|unit| (&unit.path, &unit.links)).collect();
            format!("{:?}\n{:?}\n{:?}\n{links:?}", analysis.findings, analysis.files, analysis.notes)
        })
        .collect();
    assert!(outputs.iter().all(|it| *it == outputs[0]));
    assert!(outputs[0].contains("Emitted") || outputs[0].contains("Duplicate"));
}
