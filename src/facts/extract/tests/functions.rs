//! Functions, their names and positions.

use expect_test::expect;

use super::facts_of;
use super::print::{exits, functions};

fn check(text: &str, expected: expect_test::Expect) {
    expected.assert_eq(&functions(&facts_of("x.ts", text), text));
}

#[test]
fn names() {
    check(
        r#"function a() {} const b = () => 1, c = function () {}, d = function own() {}; e.f = () => 2; e.g.h = class { i() {} };
const o = { j() {}, k: () => 3, "l-m": function () {}, [n]() {}, get p() { return 1 }, set p(v) {}, async *q() {}, [Symbol.iterator]() {} };
let { r = () => 4 } = {}; s ??= () => 5; exports.t = () => 6; module.exports = () => 7; (u as any) = (() => 8) as any; f(() => 9);
"#,
        expect![[r#"
            fn1 a plain() in fn0, starts `function a()`, v8 `() {} const `
            fn2 b arrow() in fn0, starts `() => 1, c =`, v8 `() => 1, c =`
            fn3 c plain() in fn0, starts `function () `, v8 `() {}, d = f`
            fn4 own plain() in fn0, starts `function own`, v8 `() {}; e.f =`
            fn5 f arrow() in fn0, starts `() => 2; e.g`, v8 `() => 2; e.g`
            fn6 i method of h() in fn0, starts `i() {} };`, v8 `() {} };`
            fn7 j method() in fn0, starts `j() {}, k: (`, v8 `() {}, k: ()`
            fn8 k arrow() in fn0, starts `() => 3, "l-`, v8 `() => 3, "l-`
            fn9 l-m plain() in fn0, starts `function () `, v8 `() {}, [n]()`
            fn10 method() in fn0, starts `[n]() {}, ge`, v8 `() {}, get p`
            fn11 p getter() in fn0, starts `get p() { re`, v8 `() { return `
            fn12 p setter(v) in fn0, starts `set p(v) {},`, v8 `(v) {}, asyn`
            fn13 q async generator method() in fn0, starts `async *q() {`, v8 `() {}, [Symb`
            fn14 Symbol.iterator method() in fn0, starts `[Symbol.iter`, v8 `() {} };`
            fn15 r arrow() in fn0 > nullish({}.r), starts `() => 4 } = `, v8 `() => 4 } = `
            fn16 s arrow() in fn0 > nullish(^s), starts `() => 5; exp`, v8 `() => 5; exp`
            fn17 t arrow() in fn0, starts `() => 6; mod`, v8 `() => 6; mod`
            fn18 arrow() in fn0, starts `() => 7; (u `, v8 `() => 7; (u `
            fn19 u arrow() in fn0, starts `() => 8) as `, v8 `() => 8) as `
            fn20 arrow() in fn0, starts `() => 9);`, v8 `() => 9);`
        "#]],
    );
}

#[test]
fn default_exports() {
    check(
        r#"export default () => 1;
"#,
        expect![[r#"
            fn1 default arrow() in fn0, starts `() => 1;`, v8 `() => 1;`
        "#]],
    );
}

#[test]
fn default_function() {
    check(
        r#"export default function () {}
"#,
        expect![[r#"
            fn1 default plain() in fn0, starts `function () `, v8 `() {}`
        "#]],
    );
}

#[test]
fn positions() {
    check(
        r#"function /*(*/ a /*c*/ (x) {} const b = async (y) => y, c = async z => z, d = async function* // (
  (w) {};
class K<T> { constructor(private a: A, @Inject() b) { } ["c(" + 1](x) {} async d<U extends (x: any) => void>(y: U) {} get e() { return 1 } static async *f() {} #g() {} x = () => 1 }
const o = { m /* ( */ (a) {}, async n() {}, get ["p()"]() { return 1 } };
"#,
        expect![[r#"
            fn1 a plain(x) in fn0, starts `function /*(`, v8 `(x) {} const`
            fn2 b async arrow(y) in fn0, starts `async (y) =>`, v8 `async (y) =>`
            fn3 c async arrow(z) in fn0, starts `async z => z`, v8 `async z => z`
            fn4 d async generator plain(w) in fn0, starts `async functi`, v8 `(w) {};`
            fn5 constructor constructor of K(field a: ^A, @^Inject() b) in fn0, starts `constructor(`, v8 `(private a: `
            fn6 method of K(x) in fn0, starts `["c(" + 1](x`, v8 `(x) {} async`
            fn7 d async method of K(y: ^) in fn0, starts `async d<U ex`, v8 `(y: U) {} ge`
            fn8 e getter of K() in fn0, starts `get e() { re`, v8 `() { return `
            fn9 f async generator method of K() in fn0, starts `static async`, v8 `() {} #g() {`
            fn10 #g method of K() in fn0, starts `#g() {} x = `, v8 `() {} x = ()`
            fn11 fields of K() in fn0, starts `class K<T> {`, v8 `class K<T> {`
            fn12 x arrow() in fn11, starts `() => 1 }`, v8 `() => 1 }`
            fn13 m method(a) in fn0, starts `m /* ( */ (a`, v8 `(a) {}, asyn`
            fn14 n async method() in fn0, starts `async n() {}`, v8 `() {}, get [`
            fn15 p() getter() in fn0, starts `get ["p()"](`, v8 `() { return `
        "#]],
    );
}

#[test]
fn uses_of_this() {
    check(
        r#"function a() { () => this; function b() {} } const c = () => this.x, d = () => { () => 1 };
class K { x = this.y; e() { return super.e() } f() { const self = () => () => this; } static { this.z } g() {} [this.h]() {} }
"#,
        expect![[r#"
            fn1 a this plain() in fn0, starts `function a()`, v8 `() { () => t`
            fn2 this arrow() in fn1 a, starts `() => this; `, v8 `() => this; `
            fn3 b plain() in fn1 a, starts `function b()`, v8 `() {} } cons`
            fn4 c this arrow() in fn0, starts `() => this.x`, v8 `() => this.x`
            fn5 d arrow() in fn0, starts `() => { () =`, v8 `() => { () =`
            fn6 arrow() in fn5 d, starts `() => 1 };`, v8 `() => 1 };`
            fn7 this fields of K() in fn0, starts `class K { x `, v8 `class K { x `
            fn8 e this method of K() in fn0, starts `e() { return`, v8 `() { return `
            fn9 f this method of K() in fn0, starts `f() { const `, v8 `() { const s`
            fn10 self this arrow() in fn9 f, starts `() => () => `, v8 `() => () => `
            fn11 this arrow() in fn10 self!, starts `() => this; `, v8 `() => this; `
            fn12 this statics of K() in fn0, starts `class K { x `, v8 `class K { x `
            fn13 g method of K() in fn0, starts `g() {} [this`, v8 `() {} [this.`
            fn14 method of K() in fn0, starts `[this.h]() {`, v8 `() {} }`
        "#]],
    );
}

#[test]
fn made_in() {
    check(
        r#"if (a) { f(() => { while (b) g(() => 1); }); } else h && i(() => 2);
"#,
        expect![[r#"
            fn1 arrow() in fn0 > then(^a), starts `() => { whil`, v8 `() => { whil`
            fn2 arrow() in fn1 > counted(^b), starts `() => 1); })`, v8 `() => 1); })`
            fn3 arrow() in fn0 > else(^a) > then(^h), starts `() => 2);`, v8 `() => 2);`
        "#]],
    );
}

#[test]
fn ends() {
    let text = "function f(a) { if (a) return 1; throw a; } const g = x => x.y; return;";
    let expected = expect![[r#"
        fn1 f! > then(a)!: return 1
        fn1 f! > else(a)!: throw a
        fn2 g!: return x.y
        fn0!: return -
    "#]];
    expected.assert_eq(&exits(&facts_of("x.ts", text)));
}
