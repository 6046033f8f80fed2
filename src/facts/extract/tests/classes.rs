//! Classes.

use expect_test::expect;

use super::check;
use super::print::{bindings, classes, sites};

#[test]
fn members() {
    check(
        classes,
        r#"class A extends B.C { constructor() { super() } a() {} static b() {} get c() { return 1 } set c(v) {} #d() {} e; f = 1; static g = h(); #i = () => 2; ["j"] = 3; [k] = 4; [Symbol.dispose]() {} async *l() {} static #m; accessor n = 5; "o-p" = 6; 7() {} }
"#,
        expect![[r#"
            class A extends ^B.C, constructor fn1, fields fn7
              method a fn2
              static method b fn3
              getter c fn4
              setter c fn5
              method #d fn6
              field e
              field f = 1
              static field g = ^h()
              field #i = fn9 #i
              field j = 3
              field  = 4
              method Symbol.dispose fn10
              method l fn11
              static field #m
              field n = 5
              field o-p = 6
              method 7 fn12
        "#]],
    );
}

#[test]
fn typescript_members() {
    check(
        classes,
        r#"abstract class A<T> implements I { declare a: Map<string, Socket>; abstract b: S; c?: T; private readonly d!: http.Server; [key: string]: any; abstract e(): void; f(): void; f(x: string): void; f(x?: any) {} constructor(x: number); constructor(private s: Socket, readonly t = 1, u: string) {} }
declare class Skipped { a: string }
"#,
        expect![[r#"
            class A, constructor fn2, fields -
              field a: ^Map<^Socket>
              field b: ^S
              field c: ^
              field d: ^http.Server
              method f fn1
              field s: ^Socket
              field t
        "#]],
    );
}

#[test]
fn decorators() {
    check(
        classes,
        r#"@Injectable() @b export class A { constructor(@Inject("x") private readonly y: Y) {} @Input() z: Z; @HostListener("resize", ["$event"]) on(@Arg() e) {} }
"#,
        expect![[r#"
            @[^Injectable(), ^b] class A, constructor fn1, fields -
              @[^Inject("x")] field y: ^Y
              @[^Input()] field z: ^Z
              @[^HostListener("resize", ["$event"])] method on fn2
        "#]],
    );
}

#[test]
fn initializers_are_functions_of_their_own() {
    check(
        sites,
        r#"a(); class A { b = c(); static d = e(); f() { g() } h = () => i(); static { j() } k = l(); [m()] = n(); } o();
"#,
        expect![[r#"
            fn0: ^a()
            fn0: ^m()
            fn0: ^o()
            fn1: ^c()
            fn1: ^l()
            fn1: ^n()
            fn2: ^e()
            fn2: ^j()
            fn3 f: ^g()
            fn4 h!: ^i()
        "#]],
    );
}

#[test]
fn names() {
    check(
        classes,
        r#"const A = class {}, B = class C {}; x.D = class extends E {}; export default class {} f(class {});
"#,
        expect![[r#"
            class A, constructor -, fields -
            class C, constructor -, fields -
            class D extends ^E, constructor -, fields -
            class default, constructor -, fields -
            class , constructor -, fields -
        "#]],
    );
}

#[test]
fn classes_are_bindings() {
    check(
        bindings,
        r#"new A(); class A {} { class B {} }
"#,
        expect![[r#"
            class 0 A in scope 0 of fn0
            class 1 B in scope 1 of fn0
        "#]],
    );
}
