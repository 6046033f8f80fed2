//! Source text to syntax tree: the only door to swc.
//!
//! In comes a file's text, out comes a [`Tree`] or the error that stopped the parser. Only `facts` looks into a tree.
//! Positions inside are swc's (`BytePos`, one more than the byte offset).

mod depth;
mod parse;

pub use parse::{STACK_SIZE, SyntaxError, Tree, parse};
