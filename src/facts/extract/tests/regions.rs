//! Control-flow regions.

use expect_test::expect;

use super::check;
use super::print::{regions, sites};

#[test]
fn branches() {
    check(
        sites,
        r#"a(); if (b()) { c() } else if (d) e(); else { f() } g();
"#,
        expect![[r#"
            fn0: ^a()
            fn0: ^b()
            fn0 > then(^b()): ^c()
            fn0 > else(^b()) > then(^d): ^e()
            fn0 > else(^b()) > else(^d): ^f()
            fn0: ^g()
        "#]],
    );
}

#[test]
fn guards() {
    check(
        sites,
        r#"function f() { if (a) return; b(); if (c) { d(); throw e; } else { g(); } h(); if (i) { j() } else return; k(); }
for (const x of y) { if (a) continue; b(); } if (l) return; m();
"#,
        expect![[r#"
            fn0 > each(^y) > else(^a): ^b()
            fn0 > else(^l): ^m()
            fn1 f > else(^a): ^b()
            fn1 f > else(^a) > then(^c)!: ^d()
            fn1 f > else(^a) > else(^c): ^g()
            fn1 f > else(^a) > else(^c): ^h()
            fn1 f > else(^a) > else(^c) > then(^i): ^j()
            fn1 f > else(^a) > else(^c) > then(^i): ^k()
        "#]],
    );
}

#[test]
fn guards_nest() {
    check(
        regions,
        r#"function f() { if (a) return; if (b) return; c(); return 1; }
"#,
        expect![[r#"
            fn0
            fn1 f!
            fn1 f! > then(^a)!
            fn1 f! > else(^a)!
            fn1 f! > else(^a)! > then(^b)!
            fn1 f! > else(^a)! > else(^b)!
        "#]],
    );
}

#[test]
fn loops() {
    check(
        sites,
        r#"for (a(); b(); c()) d(); for (;;) e(); while (f()) g(); do h(); while (i()); while (true) j(); do k(); while (!0); for (const l of m()) n(l); for (const o in p) q(o);
"#,
        expect![[r#"
            fn0: ^a()
            fn0 > counted(^b()): ^b()
            fn0 > counted(^b()): ^d()
            fn0 > counted(^b()): ^c()
            fn0 > endless: ^e()
            fn0 > counted(^f()): ^f()
            fn0 > counted(^f()): ^g()
            fn0 > counted(^i()): ^h()
            fn0 > counted(^i()): ^i()
            fn0 > endless(true): ^j()
            fn0 > endless(!0): ^k()
            fn0: ^m()
            fn0 > each(^m()): ^n(l)
            fn0 > each(^p): ^q(o)
        "#]],
    );
}

#[test]
fn waiting_loops() {
    check(
        sites,
        r#"async function f() { while (a) await b(); while (await c()) d(); do { await e() } while (g); while (h) { i(async () => { await j() }) } for await (const k of l()) m(k); for (; n; ) await o(); while (p) { for await (const q of r); } }
"#,
        expect![[r#"
            fn1 f > endless(^a): ^b()
            fn1 f > endless(^a): await ^b()
            fn1 f > endless(await ^c()): ^c()
            fn1 f > endless(await ^c()): await ^c()
            fn1 f > endless(await ^c()): ^d()
            fn1 f > endless(^g): ^e()
            fn1 f > endless(^g): await ^e()
            fn1 f > counted(^h): ^i(fn2)
            fn1 f: ^l()
            fn1 f > await(^l()): ^m(k)
            fn1 f > counted(^n): ^o()
            fn1 f > counted(^n): await ^o()
            fn2: ^j()
            fn2: await ^j()
        "#]],
    );
}

#[test]
fn tries() {
    check(
        sites,
        r#"try { a() } catch (e) { b(e) } finally { c() } try { d(); return } catch { throw f } g();
"#,
        expect![[r#"
            fn0! > try: ^a()
            fn0! > catch: ^b(e)
            fn0! > finally: ^c()
            fn0! > try!: ^d()
            fn0!: ^g()
        "#]],
    );
}

#[test]
fn switches() {
    check(
        sites,
        r#"switch (a()) { case b(): c(); break; case 1: case 2: { d() } default: e() }
"#,
        expect![[r#"
            fn0: ^a()
            fn0: ^b()
            fn0 > case(^a())!: ^c()
            fn0 > case(^a()): ^d()
            fn0 > case(^a()): ^e()
        "#]],
    );
}

#[test]
fn exits() {
    check(
        regions,
        r#"function f() { { return } } function g() { if (a) return; else throw b; } function h() { try { return } finally { c() } }
function i() { l: { break l } } function j() { while (1) { if (a) break; } } const k = () => 1, m = () => { };
"#,
        expect![[r#"
            fn0
            fn1 f!
            fn2 g!
            fn2 g! > then(^a)!
            fn2 g! > else(^a)!
            fn3 h!
            fn3 h! > try!
            fn3 h! > finally
            fn4 i
            fn5 j
            fn5 j > endless(1)
            fn5 j > endless(1) > then(^a)!
            fn6 k!
            fn7 m
        "#]],
    );
}

#[test]
fn labels_and_statements_without_blocks() {
    check(
        sites,
        r#"x: for (;;) if (a) continue x; else if (b) break; b: c();
"#,
        expect![[r#"
            fn0: ^c()
        "#]],
    );
}
