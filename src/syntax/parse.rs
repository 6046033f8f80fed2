//! Parsing with swc.

use swc_common::BytePos;
use swc_common::comments::{Comments, SingleThreadedComments};
use swc_ecma_ast::{EsVersion, Program};
use swc_ecma_parser::{EsSyntax, Lexer, Parser, StringInput, Syntax, TsSyntax};

use super::depth::{self, TooDeep};

/// What a thread's stack must hold to parse, extract and drop any tree that [`parse`] lets through.
pub const STACK_SIZE: usize = 256 << 20;

/// The marker that every directive comment starts with; comments are collected only where it occurs.
const DIRECTIVE: &[u8] = b"leaklint-";

/// The syntax tree of one file.
pub struct Tree {
    pub(crate) program: Program,
    pub(crate) comments: SingleThreadedComments,
}

/// Why a file could not be parsed.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SyntaxError {
    /// What is wrong.
    pub message: String,
    /// First byte.
    pub start: u32,
    /// Behind the last byte.
    pub end: u32,
}

/// How a file is to be read, by its extension.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Grammar {
    Either,
    Module,
    CommonJs,
}

/// Parses a file; its path tells the language. Errors that the parser recovers from are ignored.
pub fn parse(path: &str, text: &str) -> Result<Tree, SyntaxError> {
    let (syntax, grammar) = syntax_of(path);
    depth::check(text, syntax.jsx()).map_err(|TooDeep { levels, at }| SyntaxError {
        message: format!("nested too deeply ({levels} levels, limit {})", depth::LIMIT),
        start: at,
        end: at,
    })?;
    let comments = SingleThreadedComments::default();
    let wanted = memchr::memmem::find(text.as_bytes(), DIRECTIVE).is_some();
    let input = StringInput::new(text, BytePos(1), BytePos(1 + text.len() as u32));
    let lexer = Lexer::new(syntax, EsVersion::latest(), input, wanted.then_some(&comments as &dyn Comments));
    let mut parser = Parser::new_from(lexer);
    let program = match grammar {
        Grammar::Either => parser.parse_program(),
        Grammar::Module => parser.parse_module().map(Program::Module),
        Grammar::CommonJs => parser.parse_commonjs().map(Program::Script),
    };
    match program {
        Ok(program) => Ok(Tree { program, comments }),
        Err(error) => {
            let span = swc_common::Spanned::span(&error);
            let start = span.lo.0.saturating_sub(1).min(text.len() as u32);
            let end = span.hi.0.saturating_sub(1).clamp(start, text.len() as u32);
            Err(SyntaxError { message: error.kind().msg().into_owned(), start, end })
        }
    }
}

fn syntax_of(path: &str) -> (Syntax, Grammar) {
    let extension = path.rsplit_once('.').map_or("", |(_, extension)| extension);
    let typescript = |tsx| Syntax::Typescript(TsSyntax { tsx, decorators: true, ..TsSyntax::default() });
    match extension {
        "ts" | "cts" => (typescript(false), Grammar::Either),
        "mts" => (typescript(false), Grammar::Module),
        "tsx" => (typescript(true), Grammar::Either),
        "mjs" => (javascript(), Grammar::Module),
        "cjs" => (javascript(), Grammar::CommonJs),
        _ => (javascript(), Grammar::Either),
    }
}

fn javascript() -> Syntax {
    Syntax::Es(EsSyntax {
        jsx: true,
        decorators: true,
        decorators_before_export: true,
        export_default_from: true,
        import_attributes: true,
        allow_super_outside_method: true,
        allow_return_outside_function: true,
        auto_accessors: true,
        explicit_resource_management: true,
        ..EsSyntax::default()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn error(path: &str, text: &str) -> Option<SyntaxError> {
        parse(path, text).err()
    }

    #[test]
    fn each_extension_has_its_syntax() {
        let accepted = [
            ("a.js", "const a = <b c={d}>{e}</b>; return;"),
            ("a.js", "import a from 'b' with { type: 'json' }; export c from 'd'; @e export class F { accessor g; @h i() {} }"),
            ("a.js", "#!/usr/bin/env node\nwith (a) b; var await; 010; delete c;"),
            ("a.js", "await a; import('b');"),
            ("a.js", "super.a(); class B { static { await; } } { using c = d; }"),
            ("a.jsx", "<><A.B {...c} d:e='f' /></>"),
            ("a.mjs", "await a; export {};"),
            ("a.cjs", "if (a) return; var await = 1; module.exports = new.target;"),
            (
                "a.ts",
                "@a class B<T> { constructor(private c: D, @e f?: G) { super(); } declare h: I; } <any>j; k!; l satisfies M;",
            ),
            ("a.ts", "return; namespace A.B { export = c }"),
            ("a.mts", "export type A = typeof import('b'); await c;"),
            ("a.cts", "import a = require('a'); export = a;"),
            ("a.tsx", "const a = <T,>(b: T) => <c d={b as any}/>;"),
            ("a.d.ts", "declare module 'a' { const b: string; export default b } declare global { interface C {} }"),
            ("a.b/c", "a;"),
        ];
        for (path, text) in accepted {
            assert_eq!(error(path, text), None, "{path}: {text}");
        }
        for (path, text) in [("a.ts", "<a>b</a>"), ("a.cjs", "import a from 'b';"), ("a.mjs", "var a = ;")] {
            assert!(error(path, text).is_some(), "{path}: {text}");
        }
    }

    #[test]
    fn errors_have_byte_offsets() {
        let found = error("a.js", "/* é */ let a = ;\n").unwrap();
        assert_eq!((found.message.as_str(), found.start, found.end), ("Expression expected", 17, 18));
        let found = error("a.js", "a(").unwrap();
        assert_eq!((found.start, found.end), (2, 2));
        assert!(error("a.js", "").is_none());
    }
}
