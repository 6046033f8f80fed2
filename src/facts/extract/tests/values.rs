//! Expressions.

use expect_test::expect;

use super::print::{bindings, sites};
use super::{check, check_js};

#[test]
fn calls_and_members() {
    check(
        sites,
        r#"a.b.c("x")?.d[`e`]?.[f](...g, null)!.h["i-j"] as any;
new (a.b)(1); new A; (<any>b)(); super_(0);
import("./long/long/long/long/long/long/long/long/long/long/long/long/long/module.js");
require("./long/long/long/long/long/long/long/long/long/long/long/long/long/module.js");
log("a long text that is cut at sixty-four bytes, because nobody reads on any further");
"#,
        expect![[r#"
            fn0: ^a.b.c("x")
            fn0: ^a.b.c("x").d.e[^f](...^g, null)
            fn0: new ^a.b(1)
            fn0: new ^A()
            fn0: ^b()
            fn0: ^super_(0)
            fn0: import("./long/long/long/long/long/long/long/long/long/long/long/long/long/module.js")
            fn0: ^require("./long/long/long/long/long/long/long/long/long/long/long/long/long/module.js")
            fn0: ^log("a long text that is cut at sixty-four bytes, because nobody read")
        "#]],
    );
}

#[test]
fn operators() {
    check(
        bindings,
        r#"const a = !b && -c + typeof d === "e" || (f ?? void 0), g = h ? undefined : null;
const i = x instanceof Map, j = "k" in l, m = n < 5 && o >= 6.5 && p % 7 * 8 != ~q;
const r = (s, t), u = /re/g, v = 10n, w = import.meta.url, y = `1${2}3${z}`, aa = `plain`, ab = tag`x${1}`;
const ac = [1, , ...ad], ae = { af, ag: 1, "ah-i": 2, [aj]: 3, ["ak"]: 4, 5: 6, ...al, am() {}, get an() { return 1 }, ao: () => 2 };
"#,
        expect![[r#"
            const a in scope 0 of fn0 = ((!^b && ((-^c + typeof ^d) == "e")) || (^f ?? undefined))
            const g in scope 0 of fn0 = choice(^h, undefined, null)
            const i in scope 0 of fn0 = (^x instanceof ^Map)
            const j in scope 0 of fn0 = ("k" in ^l)
            const m in scope 0 of fn0 = (((^n < 5) && (^o > 6.5)) && (((^p % 7) * 8) != op ^q))
            const r in scope 0 of fn0 = sequence(^s, ^t)
            const u in scope 0 of fn0 = opaque
            const v in scope 0 of fn0 = opaque
            const w in scope 0 of fn0 = opaque.url
            const y in scope 0 of fn0 = template("1", 2, "3", ^z)
            const aa in scope 0 of fn0 = "plain"
            const ab in scope 0 of fn0 = parts(^tag, 1)
            const ac in scope 0 of fn0 = [1, undefined, ...^ad]
            const ae in scope 0 of fn0 = {af: ^af, ag: 1, ah-i: 2, [^aj]: 3, ak: 4, 5: 6, ...^al, am: fn1 am, an: fn2 an, ao: fn3 ao}
        "#]],
    );
}

#[test]
fn assignments() {
    check(
        sites,
        r#"let a, b, c, d;
a = 1; a += 2; a -= 3; a ||= f(); a &&= g(); a ??= h();
a++; --b.c; delete b[d]; b.c = b.d = () => 1;
({ a, b: c.d, e: [c = 1, ...d], [k()]: b } = v());
[a, b] = [b, a];
for (a of b) a(); for (c.x in d);
"#,
        expect![[r#"
            fn0: (a = 1)
            fn0: (a += 2)
            fn0: (a ?= 3)
            fn0 > else(a): ^f()
            fn0 > else(a): (a ||= ^f())
            fn0 > then(a): ^g()
            fn0 > then(a): (a &&= ^g())
            fn0 > nullish(a): ^h()
            fn0 > nullish(a): (a ??= ^h())
            fn0: a++
            fn0: b.c--
            fn0: delete b[d]
            fn0: (b.d = fn1 d)
            fn0: (b.c = (b.d = fn1 d))
            fn0: ^v()
            fn0: (a = ^v().a)
            fn0: (c.d = ^v().b)
            fn0: (c = (^v().e[0] ?? 1))
            fn0: (d = rest(^v().e))
            fn0: ^k()
            fn0: (b = ^v()[^k()])
            fn0: (a = [b, a][0])
            fn0: (b = [b, a][1])
            fn0 > each(b): (a = element(b))
            fn0 > each(b): a()
            fn0 > each(d): (c.x = key(d))
        "#]],
    );
}

#[test]
fn conditional_operands_have_regions() {
    check(
        sites,
        r#"a && b(); a || b(); a ?? b();
a ? b() : c(); a && (b || c());
a && (() => d()); x = a && b;
"#,
        expect![[r#"
            fn0 > then(^a): ^b()
            fn0 > else(^a): ^b()
            fn0 > nullish(^a): ^b()
            fn0 > then(^a): ^b()
            fn0 > else(^a): ^c()
            fn0 > then(^a) > else(^b): ^c()
            fn0: (^x = (^a && ^b))
            fn1!: ^d()
        "#]],
    );
}

#[test]
fn awaits_and_yields() {
    check(
        sites,
        r#"async function* f() { await a(); yield await b(); for await (const c of d()) c(); yield; }
"#,
        expect![[r#"
            fn1 f: ^a()
            fn1 f: await ^a()
            fn1 f: ^b()
            fn1 f: await ^b()
            fn1 f: ^d()
            fn1 f > await(^d()): c()
        "#]],
    );
}

#[test]
fn long_arrays_keep_what_can_matter() {
    check_js(
        bindings,
        r#"const a = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, 32, "s", [1, { a: 2 }], b, c(), , { d() {} }, ...e];
"#,
        expect![[r#"
            const a in scope 0 of fn0 = [0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16, 17, 18, 19, 20, 21, 22, 23, 24, 25, 26, 27, 28, 29, 30, 31, ^b, ^c(), {d: fn1 d}, ...^e]
        "#]],
    );
}
