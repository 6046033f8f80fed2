//! The shapes around expressions: scopes, bindings, functions, classes, regions, sites, modules, directives.

use super::expr::{ExprId, ListId};
use super::names::Name;
use serde::{Deserialize, Serialize};

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident),* $(,)?) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
        pub struct $name(pub u32);

        impl $name {
            /// Stands for "none".
            pub const NONE: $name = $name(u32::MAX);

            /// The id as an index.
            pub fn index(self) -> usize {
                self.0 as usize
            }

            /// `None` for the id that stands for none.
            pub fn get(self) -> Option<$name> {
                (self != $name::NONE).then_some(self)
            }
        }
    )*};
}

ids! {
    /// A scope of a file.
    ScopeId,
    /// A binding of a file.
    BindingId,
    /// A function of a file; the module body is the first.
    FnId,
    /// A class of a file.
    ClassId,
    /// A control-flow region of a file.
    RegionId,
    /// A type annotation of a file.
    TypeId,
}

impl FnId {
    /// The module body.
    pub const MODULE: FnId = FnId(0);
}

/// A lexical scope.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Scope {
    /// The scope around it; `NONE` for the module's.
    pub parent: ScopeId,
    /// The function whose activation creates it.
    pub function: FnId,
}

/// How a binding came to be.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum BindingKind {
    /// `var`
    Var,
    /// `let`
    Let,
    /// `const`, `using`
    Const,
    /// The `n`th parameter, or (with a pattern) a part of it: then `init` says which.
    Param(u16),
    /// A function declaration, or a function expression's own name.
    Function(FnId),
    /// A class declaration, or a class expression's own name.
    Class(ClassId),
    /// An import: index into `Facts::imports`.
    Import(u32),
    /// A `catch` parameter.
    Catch,
    /// A TypeScript enum or namespace.
    Enum,
}

/// A binding.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Binding {
    /// Its name.
    pub name: Name,
    /// How it came to be.
    pub kind: BindingKind,
    /// Where it is visible.
    pub scope: ScopeId,
    /// The function whose activation creates it.
    pub function: FnId,
    /// Offset of the declaring identifier.
    pub start: u32,
    /// What it is initialized with (for a parameter: its default, or its part of the pattern), or `NONE`.
    pub init: ExprId,
    /// Number of assignments after initialization (also `++`, and as a target of destructuring).
    pub writes: u32,
    /// Its declared type, or `NONE`.
    pub ty: TypeId,
    /// Declared with `using` or `await using`.
    pub using: bool,
    /// A top-level `export` of the declaration itself, or listed in `export {}`.
    pub exported: bool,
}

/// What sort of function.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum FunctionKind {
    /// The module body.
    Module,
    /// `function` declaration or expression.
    Plain,
    /// Arrow.
    Arrow,
    /// Method of a class or object literal.
    Method,
    /// Getter.
    Getter,
    /// Setter.
    Setter,
    /// Class constructor.
    Constructor,
    /// Instance field initializers of a class, as if one function: runs once per construction.
    Fields,
    /// Static initializers of a class: runs once, where the class is evaluated.
    Statics,
}

/// A function.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Function {
    /// Its own name, or the name it is given at once (`const f = () => {}`, `{ f() {} }`, `x.f = function () {}`).
    pub name: Name,
    /// What sort.
    pub kind: FunctionKind,
    /// `async`
    pub is_async: bool,
    /// `function*`
    pub is_generator: bool,
    /// A static method of a class, or its static initializers.
    pub is_static: bool,
    /// The function around it; `NONE` for the module body.
    pub parent: FnId,
    /// Its outermost scope (that of its parameters).
    pub scope: ScopeId,
    /// The class whose member it is, or `NONE`.
    pub class: ClassId,
    /// The expression that makes it (`Expr::Function`), or `NONE` for declarations, methods of classes and the module body.
    pub expr: ExprId,
    /// The region where it is made; `NONE` for the module body.
    pub made_in: RegionId,
    /// The region of its body.
    pub body: RegionId,
    /// Index of the first parameter.
    pub first_param: u32,
    /// Number of parameters.
    pub param_count: u32,
    /// First byte.
    pub start: u32,
    /// Behind the last byte.
    pub end: u32,
    /// The offset that V8 reports for it: the parameter list's `(`, an arrow's first byte, a class's start.
    pub v8_start: u32,
    /// Whether `this` occurs in it (or in an arrow inside it).
    pub uses_this: bool,
}

/// A parameter.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Param {
    /// Its binding, or `NONE` for a pattern.
    pub binding: BindingId,
    /// The declared type, or `NONE`.
    pub ty: TypeId,
    /// `...rest`
    pub rest: bool,
    /// A TypeScript parameter property: also a field of the instance.
    pub is_field: bool,
    /// Decorators.
    pub decorators: ListId,
}

/// A class.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Class {
    /// Its name, or the name it is given at once.
    pub name: Name,
    /// What it extends, or `NONE`.
    pub extends: ExprId,
    /// Index of the first member.
    pub first_member: u32,
    /// Number of members.
    pub member_count: u32,
    /// The constructor, or `NONE`.
    pub constructor: FnId,
    /// Instance field initializers, or `NONE`.
    pub fields: FnId,
    /// Where the class is evaluated.
    pub function: FnId,
    /// Decorators.
    pub decorators: ListId,
    /// First byte (decorators aside).
    pub start: u32,
    /// Behind the last byte.
    pub end: u32,
}

/// What sort of class member.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum MemberKind {
    /// A method; `value` is its function.
    Method,
    /// A getter.
    Getter,
    /// A setter.
    Setter,
    /// A field; `init` is its value.
    Field,
}

/// A member of a class.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Member {
    /// Its name (`#x` for private ones), or the empty name for a computed one.
    pub name: Name,
    /// What sort.
    pub kind: MemberKind,
    /// `static`
    pub is_static: bool,
    /// Its function, or `NONE` for a field.
    pub function: FnId,
    /// A field's value, or `NONE`.
    pub init: ExprId,
    /// Its declared type, or `NONE`.
    pub ty: TypeId,
    /// Decorators.
    pub decorators: ListId,
    /// First byte.
    pub start: u32,
}

/// A property of an object literal.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Property {
    /// Its name, or the empty name for a computed key or a spread.
    pub name: Name,
    /// Its value; a spread is an `Expr::Spread`, a method an `Expr::Function`.
    pub value: ExprId,
    /// A computed key, or `NONE`.
    pub key: ExprId,
}

/// A type annotation that names something: `http.Server`, `Map<string, Socket>`, `Foo[]` (as `Array`).
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct TypeRef {
    /// The dotted name as written.
    pub name: Name,
    /// Whether the name has a dot in it.
    pub qualified: bool,
    /// What the first part of the name is bound to, or `NONE` for a global.
    pub binding: BindingId,
    /// The last type argument (an array's or map's element), or `NONE`.
    pub element: TypeId,
}

/// What sort of region.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum RegionKind {
    /// A function's body.
    Body,
    /// Runs when the test holds: `if`, the rest of a block after `if (!test) return`, `test &&`, `test ? here :`.
    Then,
    /// Runs when the test does not hold: `else`, the rest of a block after `if (test) return`, `test ||`.
    Else,
    /// Runs when the test is null or undefined: `test ??`, `??=`.
    Nullish,
    /// The body of a loop.
    Loop(LoopKind),
    /// The block of a `try`.
    Try,
    /// A `catch` clause.
    Catch,
    /// A `finally` clause.
    Finally,
    /// A `case` of a `switch` whose discriminant is `test`.
    Case,
}

/// What sort of loop.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum LoopKind {
    /// `for (;;)` with a test, and `do` or `while` without an await in its body.
    Counted,
    /// `for ... of`, `for ... in`: as often as there are elements.
    Each,
    /// `for await`
    Await,
    /// `for (;;)` without a test, `while (true)`, or a `while` whose body awaits.
    Endless,
}

/// A control-flow region.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Region {
    /// The region around it; `NONE` for a function's body.
    pub parent: RegionId,
    /// The function.
    pub function: FnId,
    /// What sort.
    pub kind: RegionKind,
    /// The test, the iterated value or the discriminant; or `NONE`.
    pub test: ExprId,
    /// Control never runs off its end: it returns, throws, breaks or continues.
    pub exits: bool,
    /// Offset of its first byte.
    pub start: u32,
}

/// A call, construction, assignment, update, delete or await, with the region it runs in. For a declaration with an
/// initializer nothing is recorded here but what the initializer holds.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Site {
    /// The expression.
    pub expr: ExprId,
    /// Where it runs.
    pub region: RegionId,
}

/// A `return` or `throw`.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Exit {
    /// Its value, or `NONE`.
    pub value: ExprId,
    /// Where it runs.
    pub region: RegionId,
    /// `throw`
    pub is_throw: bool,
    /// Offset of the statement.
    pub start: u32,
}

/// What an import binding names in the other module.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Imported {
    /// A named export (`default` included).
    Name(Name),
    /// The namespace object: `import * as x`, `import x = require()`.
    Namespace,
    /// Nothing: `import "x"`.
    Effect,
}

/// An import.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Import {
    /// The specifier as written.
    pub module: Name,
    /// What is imported.
    pub imported: Imported,
    /// The local binding, or `NONE`.
    pub binding: BindingId,
    /// `import type`
    pub type_only: bool,
    /// First byte of the statement.
    pub start: u32,
}

/// Where an export's value comes from.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum ExportSource {
    /// A local binding.
    Binding(BindingId),
    /// An expression.
    Expr(ExprId),
    /// A named export of another module: specifier, name.
    From(Name, Name),
    /// The namespace of another module: `export * as x from`.
    NamespaceOf(Name),
    /// Everything of another module: `export * from`.
    AllOf(Name),
}

/// An export. CommonJS: `exports.x = v` and `module.exports.x = v` are named `x`; `module.exports = v` has the name
/// `export=`, as TypeScript's `export =`.
#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
pub struct Export {
    /// Its name; empty for `AllOf`.
    pub name: Name,
    /// Its value.
    pub source: ExportSource,
}

/// What a directive comment asks for.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum DirectiveKind {
    /// `leaklint-disable-line`
    DisableLine,
    /// `leaklint-disable-next-line`
    DisableNextLine,
    /// `leaklint-disable`: until `leaklint-enable` or the end of the file.
    Disable,
    /// `leaklint-enable`
    Enable,
    /// `leaklint-disable-file`
    DisableFile,
    /// `leaklint-expect-next-line`: as `leaklint-disable-next-line`, and an error when unused.
    ExpectNextLine,
    /// A comment that starts with `leaklint-` and is none of these.
    Unknown,
}

/// A `leaklint-...` comment.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct Directive {
    /// What it asks for.
    pub kind: DirectiveKind,
    /// The rules it names, as written.
    pub rules: Vec<String>,
    /// The text behind `--`.
    pub reason: Option<String>,
    /// Line of the comment's first byte, from 0.
    pub line: u32,
    /// Line of the comment's last byte, from 0.
    pub end_line: u32,
    /// First byte.
    pub start: u32,
    /// Behind the last byte.
    pub end: u32,
}
