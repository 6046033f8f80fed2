//! Imports and exports.

use expect_test::expect;

use super::print::modules;
use super::{check, check_js};

#[test]
fn imports() {
    check(
        modules,
        r#"import a, { b, c as d, default as e, type F } from "x"; import * as g from "./y"; import "z"; import type H from "h"; import i = require("i"); import j = g.k.l;
"#,
        expect![[r#"
            import default as a from "x"
            import b as b from "x"
            import c as d from "x"
            import default as e from "x"
            import type F as F from "x"
            import * as g from "./y"
            import nothing from "z"
            import type default as H from "h"
            import * as i from "i"
            (module)
        "#]],
    );
}

#[test]
fn exports() {
    check(
        modules,
        r#"const a = 1, b = 2; type T = string; export { a, b as c, b as default, T }; export { d, e as f } from "x"; export * from "y"; export * as g from "z"; export type { U } from "u";
export const h = 1, { i, j: [k] } = l; export function m() {} export class N {} export enum O {} export interface P {} export namespace Q { export const r = 1; } export declare const s: number; export import t = a.b;
"#,
        expect![[r#"
            export a = binding a
            export c = binding b
            export default = binding b
            export d = d of "x"
            export f = e of "x"
            export  = all of "y"
            export g = * of "z"
            export h = binding h
            export i = binding i
            export k = binding k
            export m = binding m
            export N = binding N
            export O = binding O
            export Q = binding Q
            export t = binding t
            (module)
        "#]],
    );
}

#[test]
fn default_exports() {
    check(
        modules,
        r#"export default a; const a = 1;
"#,
        expect![[r#"
            export default = binding a
            (module)
        "#]],
    );
}

#[test]
fn default_declarations() {
    check(
        modules,
        r#"export default class A {}
"#,
        expect![[r#"
            export default = binding A
            (module)
        "#]],
    );
}

#[test]
fn default_values() {
    check(
        modules,
        r#"export default { a: 1 };
"#,
        expect![[r#"
            export default = {a: 1}
            (module)
        "#]],
    );
}

#[test]
fn default_exports_from() {
    check_js(
        modules,
        r#"export a from "b"; export default function () {}
"#,
        expect![[r#"
            export a = default of "b"
            export default = fn1 default
            (module)
        "#]],
    );
}

#[test]
fn export_assignment() {
    check(
        modules,
        r#"import a = require("a"); class B {} export = B;
"#,
        expect![[r#"
            import * as a from "a"
            export export= = B
        "#]],
    );
}

#[test]
fn commonjs() {
    check_js(
        modules,
        r#"exports.a = 1; module.exports.b = function () {}; exports.c = exports.d = e; exports = module.exports = f; module["exports"]["g"] = 2; module.exports = { h };
Object.defineProperty(exports, "__esModule", { value: true }); Object.defineProperty(exports, "i", { enumerable: true, get: function () { return j.k; } });
Object.assign(module.exports, { l, m() {} }, require("./n")); __exportStar(require("./o"), exports); tslib.__exportStar(require("./p"), exports);
exports.q ||= 3; if (r) exports.s = 4; exports.t.u = 5;
"#,
        expect![[r#"
            export a = 1
            export b = fn1 b
            export d = ^e
            export c = ^e
            export export= = ^f
            export g = 2
            export export= = {h: ^h}
            export i = ^j.k
            export l = ^l
            export m = fn3 m
            export  = all of "./n"
            export  = all of "./o"
            export  = all of "./p"
            export s = 4
        "#]],
    );
}

#[test]
fn bound_names_are_not_commonjs() {
    check_js(
        modules,
        r#"(function (exports, module) { exports.a = 1; module.exports = 2; __exportStar(require("./o"), exports) })({}, {});
"#,
        expect![[r#""#]],
    );
}
