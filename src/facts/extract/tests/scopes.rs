//! Scopes, bindings and references.

use expect_test::expect;

use super::print::{bindings, identifiers, scopes};
use super::{check, check_js};

#[test]
fn hoisting() {
    check_js(
        identifiers,
        r#"f(a, b); var a; { var b; let c; function f() {} } c;
"#,
        expect!["f@0 a@0 b@0 ^c"],
    );
}

#[test]
fn shadowing() {
    check(
        identifiers,
        r#"const a = 1; { a; const b = 2; { const a = 3; a; b; () => a } a; b }
"#,
        expect!["a@0 a@2 b@1 a@2 a@0 b@1"],
    );
}

#[test]
fn closures_see_later_declarations() {
    check(
        identifiers,
        r#"function f() { return later + g(); } const later = 1; function g() { return undefined }
"#,
        expect!["later@0 g@0"],
    );
}

#[test]
fn block_functions_of_modules_stay_in_their_block() {
    check(
        identifiers,
        r#"export {}; { function f() {} f(); } f();
"#,
        expect!["f@1 ^f"],
    );
}

#[test]
fn own_names() {
    check(
        bindings,
        r#"const a = function b() { b; }, c = class D { static d = D; };
"#,
        expect![[r#"
            function fn1 b in scope 1 of fn0
            const a in scope 0 of fn0 = fn1 b
            class 0 D in scope 3 of fn0
            const c in scope 0 of fn0 = class D
        "#]],
    );
}

#[test]
fn parameters() {
    check(
        bindings,
        r#"function f(a: Foo, b = 1, { c, d: { e = 2 } = {}, ...r }: Opts, [g, , h]: X[], ...rest: string[]) {}
((x, [y]) => x)(1);
"#,
        expect![[r#"
            param 0 a: ^Foo in scope 1 of fn1
            param 1 b in scope 1 of fn1 = 1
            param 2 c in scope 1 of fn1 = fn1 f#2.c
            param 2 e in scope 1 of fn1 = ((fn1 f#2.d ?? {}).e ?? 2)
            param 2 r in scope 1 of fn1 = rest(fn1 f#2)
            param 3 g in scope 1 of fn1 = fn1 f#3[0]
            param 3 h in scope 1 of fn1 = fn1 f#3[2]
            param 4 rest: ^Array in scope 1 of fn1
            function fn1 f in scope 0 of fn0
            param 0 x in scope 2 of fn2
            param 1 y in scope 2 of fn2 = fn2#1[0]
        "#]],
    );
}

#[test]
fn patterns() {
    check(
        bindings,
        r#"const { a, b: { c = d() }, ["e"]: f, [k]: g, ...h } = v, [i, { j } = {}, ...l] = w;
"#,
        expect![[r#"
            const a in scope 0 of fn0 = ^v.a
            const c in scope 0 of fn0 = (^v.b.c ?? ^d())
            const f in scope 0 of fn0 = ^v.e
            const g in scope 0 of fn0 = ^v[^k]
            const h in scope 0 of fn0 = rest(^v)
            const i in scope 0 of fn0 = ^w[0]
            const j in scope 0 of fn0 = (^w[1] ?? {}).j
            const l in scope 0 of fn0 = rest(^w)
        "#]],
    );
}

#[test]
fn loops_and_catch() {
    check(
        bindings,
        r#"for (const [a, b] of c) {} for (let k in o) {} for (var i = 0; i < 1; i++) {} try {} catch ({ message }) {} try {} catch (e) {}
"#,
        expect![[r#"
            const a in scope 1 of fn0 = element(^c)[0]
            const b in scope 1 of fn0 = element(^c)[1]
            let k in scope 2 of fn0 = key(^o)
            var i in scope 0 of fn0 = 0, 1 writes
            catch message in scope 4 of fn0 = opaque.message
            catch e in scope 5 of fn0
        "#]],
    );
}

#[test]
fn writes() {
    check(
        bindings,
        r#"let a = 1; a = 2; a++; [a] = []; ({ a } = {}); for (a of []); const b = a; function f() { a += 1; b.c = 3 }
"#,
        expect![[r#"
            let a in scope 0 of fn0 = 1, 6 writes
            const b in scope 0 of fn0 = a
            function fn1 f in scope 0 of fn0
        "#]],
    );
}

#[test]
fn redeclared_variables() {
    check_js(
        bindings,
        r#"var a = 1; var a = 2; var b; var b = 3; function f(c) { var c = c || {}; var c; }
"#,
        expect![[r#"
            var a in scope 0 of fn0 = 1, 1 writes
            var b in scope 0 of fn0 = 3
            param 0 c in scope 1 of fn1, 1 writes
            function fn1 f in scope 0 of fn0
        "#]],
    );
}

#[test]
fn using() {
    check(
        bindings,
        r#"{ using a = b(); await using c = d(); }
"#,
        expect![[r#"
            using const a in scope 1 of fn0 = ^b()
            using const c in scope 1 of fn0 = ^d()
        "#]],
    );
}

#[test]
fn enums_and_namespaces() {
    check(
        bindings,
        r#"enum A { B = f(), C } namespace N { export const x = 1; export namespace M { const y = x; } } declare const z: number; declare function g(): void;
class K {} namespace K { export const k = 1 } namespace P.Q { const q = 1 }
"#,
        expect![[r#"
            enum A in scope 0 of fn0
            enum N in scope 0 of fn0
            const x in scope 1 of fn0 = 1
            enum M in scope 1 of fn0
            const y in scope 2 of fn0 = x
            class 0 K in scope 0 of fn0
            const k in scope 3 of fn0 = 1
            enum P in scope 0 of fn0
            enum Q in scope 4 of fn0
            const q in scope 4 of fn0 = 1
        "#]],
    );
}

#[test]
fn types() {
    check(
        bindings,
        r#"import { Socket as S } from "net"; import type * as http from "http";
interface Own extends S {} type Alias = Own | null; type Text = string; interface Event {}
let a: S, b: http.Server | undefined, c: Map<string, Set<S>>, d: readonly S[] | null, e: Promise<void>, f: string, g: Own, h: Alias, i: Text, j: Event;
function generic<T, U extends S>(k: T, l: U, m: Local) {} class Local {} let n: Local & { x: 1 }, o: A | B, p: (S)[], q: NodeJS.Timeout;
"#,
        expect![[r#"
            import 0 S in scope 0 of fn0
            import 1 http in scope 0 of fn0
            let a: S in scope 0 of fn0
            let b: http.Server in scope 0 of fn0
            let c: ^Map<^Set<S>> in scope 0 of fn0
            let d: ^Array<S> in scope 0 of fn0
            let e: ^Promise in scope 0 of fn0
            let f in scope 0 of fn0
            let g: S in scope 0 of fn0
            let h: S in scope 0 of fn0
            let i: ^ in scope 0 of fn0
            let j: ^ in scope 0 of fn0
            param 0 k: ^ in scope 1 of fn1
            param 1 l: S in scope 1 of fn1
            param 2 m: Local in scope 1 of fn1
            function fn1 generic in scope 0 of fn0
            class 0 Local in scope 0 of fn0
            let n: Local in scope 0 of fn0
            let o in scope 0 of fn0
            let p: ^Array<S> in scope 0 of fn0
            let q: ^NodeJS.Timeout in scope 0 of fn0
        "#]],
    );
}

#[test]
fn scope_tree() {
    check(
        scopes,
        r#"{ let a; { b; } } function f() { if (a) { const b = 1; } } class A { x = () => 1; static { let y; } } for (const c of d) { let e; }
"#,
        expect![[r#"
            0 < - of fn0
            1 < 0 of fn0
            2 < 0 of fn1
            3 < 2 of fn1
            4 < 0 of fn2
            5 < 4 of fn3
            6 < 0 of fn4
            7 < 6 of fn4
            8 < 0 of fn0
            9 < 8 of fn0
        "#]],
    );
}
