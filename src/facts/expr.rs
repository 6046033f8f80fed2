//! The expression arena: what expressions say, without what no check asks for (operators' exact meaning, text of long
//! literals, JSX structure).

use super::names::Name;
use super::shape::{BindingId, ClassId, FnId};
use serde::{Deserialize, Serialize};

/// An expression of a file.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct ExprId(pub u32);

impl ExprId {
    /// Stands for "no expression".
    pub const NONE: ExprId = ExprId(u32::MAX);

    /// The id as an index.
    pub fn index(self) -> usize {
        self.0 as usize
    }

    /// `None` for [`ExprId::NONE`].
    pub fn get(self) -> Option<ExprId> {
        (self != ExprId::NONE).then_some(self)
    }
}

/// A list of expressions: an offset into `Facts::lists`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug, Serialize, Deserialize)]
pub struct ListId(pub u32);

impl ListId {
    /// The empty list.
    pub const EMPTY: ListId = ListId(u32::MAX);
}

/// An expression with its place.
#[derive(Clone, Copy, PartialEq, Debug, Serialize, Deserialize)]
pub struct Node {
    /// What it is.
    pub expr: Expr,
    /// Offset of the first byte.
    pub start: u32,
    /// Length in bytes.
    pub len: u32,
}

/// What an expression is. Parentheses, type assertions and optional chaining are transparent.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum Expr {
    /// Nothing that a check reads (regular expression, `import.meta`, ...).
    Opaque,
    /// Several parts that are evaluated, with nothing known of the result (JSX, tagged template, ...).
    Parts(ListId),
    /// `undefined` (also `void 0`).
    Undefined,
    /// `null`.
    Null,
    /// `true` or `false`.
    Bool(bool),
    /// A number: index into `Facts::numbers`.
    Number(u32),
    /// A string literal, or a template without expressions. Long ones are cut.
    Str(Name),
    /// A template with expressions: its parts in order, strings included.
    Template(ListId),
    /// A resolved identifier.
    Ident(BindingId),
    /// An identifier bound nowhere in the file: a global.
    Free(Name),
    /// The `n`th parameter as it arrives, where a pattern takes it apart.
    Param(FnId, u16),
    /// `this`.
    This,
    /// `super`.
    Super,
    /// `object.property`, `object["property"]`, `object.#property` (the name then starts with `#`).
    Member(ExprId, Name),
    /// `object[key]` with a computed key.
    Index(ExprId, ExprId),
    /// `callee(...args)`.
    Call(ExprId, ListId),
    /// `new callee(...args)`.
    New(ExprId, ListId),
    /// `import(specifier)`.
    ImportCall(ExprId),
    /// A function or arrow.
    Function(FnId),
    /// A class.
    Class(ClassId),
    /// An object literal: a range of `Facts::properties`.
    Object {
        /// Index of the first property.
        first: u32,
        /// Number of properties.
        count: u32,
    },
    /// An array literal. Very long ones are cut.
    Array(ListId),
    /// `target op= value`. Destructuring assignments are taken apart into several.
    Assign(AssignOp, ExprId, ExprId),
    /// `++` or `--`.
    Update(bool, ExprId),
    /// `[test, then, else]` of a conditional expression.
    Choice(ListId),
    /// `&&`, `||`, `??`.
    Logical(LogicalOp, ExprId, ExprId),
    /// Any other binary operator.
    Binary(BinaryOp, ExprId, ExprId),
    /// A unary operator without an effect of its own.
    Unary(UnaryOp, ExprId),
    /// `delete target`.
    Delete(ExprId),
    /// `await value`.
    Await(ExprId),
    /// `yield value`; the operand may be `ExprId::NONE`.
    Yield(ExprId),
    /// `...value`.
    Spread(ExprId),
    /// `a, b, c`: the last is the value.
    Sequence(ListId),
    /// An element of what is iterated (`for (const x of list)`: `x` is initialized with this).
    ElementOf(ExprId),
    /// A key of what is iterated (`for (const k in object)`).
    KeyOf(ExprId),
    /// The rest of what a pattern took apart.
    Rest(ExprId),
}

/// Assignment operators, as far as they differ to a check.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum AssignOp {
    /// `=`
    Set,
    /// `+=`
    Add,
    /// `||=`
    Or,
    /// `&&=`
    And,
    /// `??=`
    Nullish,
    /// Any other.
    Other,
}

/// Logical operators.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum LogicalOp {
    /// `&&`
    And,
    /// `||`
    Or,
    /// `??`
    Nullish,
}

/// Binary operators, as far as they differ to a check.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum BinaryOp {
    /// `+`
    Add,
    /// `==`, `===`
    Equal,
    /// `!=`, `!==`
    NotEqual,
    /// `<`, `<=`
    Less,
    /// `>`, `>=`
    Greater,
    /// `in`
    In,
    /// `instanceof`
    InstanceOf,
    /// `*`
    Multiply,
    /// `%`
    Modulo,
    /// Any other.
    Other,
}

/// Unary operators, as far as they differ to a check.
#[derive(Clone, Copy, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub enum UnaryOp {
    /// `!`
    Not,
    /// `typeof`
    TypeOf,
    /// `-`
    Minus,
    /// Any other.
    Other,
}
