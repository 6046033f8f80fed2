//! Syntax tree to facts.
//!
//! One traversal: statements and declarations through swc's `Visit`, expressions by one exhaustive match into the arena.
//! References are recorded with their scope and resolved at the end, so that hoisting needs no pass of its own.

mod assign;
mod call;
mod class;
mod commonjs;
mod directive;
mod expr;
mod function;
mod literal;
mod module;
mod object;
mod pattern;
mod scope;
mod statement;
#[cfg(test)]
mod tests;
mod types;
mod v8;

use swc_common::Span;
use swc_ecma_ast::{ModuleDecl, ModuleItem, Program};

use super::names::NameTable;
use super::{Exit, Expr, ExprId, Facts, FnId, ListId, Name, Node, Param, Property, Region, RegionId, RegionKind, ScopeId, Site};
use crate::syntax::Tree;

/// What the file says.
pub fn extract(tree: &Tree, text: &str) -> Facts {
    let mut extractor = Extractor::new(text);
    extractor.facts.is_module = is_module(&tree.program);
    extractor.program(&tree.program);
    extractor.resolve();
    extractor.export_commonjs();
    extractor.facts.directives = directive::directives(&tree.comments, text);
    extractor.finish()
}

/// Where the traversal stands.
#[derive(Clone, Copy)]
struct Here {
    function: FnId,
    region: RegionId,
    scope: ScopeId,
    /// The scope that `var` declares in.
    hoist: ScopeId,
    /// Awaits so far in this function.
    awaits: u32,
    /// Inside a TypeScript namespace, whose exports are not the module's.
    in_namespace: bool,
}

/// Names that mean something to the extraction.
struct Known {
    undefined: Name,
    default: Name,
    module: Name,
    exports: Name,
    export_equals: Name,
    export_star: Name,
    object: Name,
    assign: Name,
    define_property: Name,
    require: Name,
    get: Name,
    value: Name,
}

/// Facts under construction.
struct Extractor<'t> {
    text: &'t str,
    names: NameTable,
    facts: Facts,
    known: Known,
    here: Here,
    binder: scope::Binder,
    commonjs: Vec<commonjs::Pending>,
    /// Items of lists under construction; a list is moved to `Facts::lists` when it is complete.
    items: Vec<u32>,
    /// The same for properties and parameters, which stand contiguously in the facts.
    properties: Vec<Property>,
    params: Vec<Param>,
    /// Whether the statement visited last always exits.
    exits: bool,
    /// In which region the statements behind the one visited last stand, if it was an `if` with one branch that exits.
    guard: Option<(RegionKind, ExprId)>,
    /// Indexes of small numbers in `Facts::numbers`.
    small_numbers: [u32; 16],
}

impl<'t> Extractor<'t> {
    fn new(text: &'t str) -> Self {
        let mut names = NameTable::new(text.len() / 64);
        let known = Known {
            undefined: names.intern("undefined"),
            default: names.intern("default"),
            module: names.intern("module"),
            exports: names.intern("exports"),
            export_equals: names.intern("export="),
            export_star: names.intern("__exportStar"),
            object: names.intern("Object"),
            assign: names.intern("assign"),
            define_property: names.intern("defineProperty"),
            require: names.intern("require"),
            get: names.intern("get"),
            value: names.intern("value"),
        };
        // Typical counts per byte: most files need no second allocation.
        let facts = Facts {
            lines: lines(text),
            nodes: Vec::with_capacity(text.len() / 16),
            lists: Vec::with_capacity(text.len() / 40),
            sites: Vec::with_capacity(text.len() / 100),
            bindings: Vec::with_capacity(text.len() / 160),
            regions: Vec::with_capacity(text.len() / 250),
            ..Facts::default()
        };
        let module = Here {
            function: FnId::MODULE,
            region: RegionId(0),
            scope: ScopeId(0),
            hoist: ScopeId(0),
            awaits: 0,
            in_namespace: false,
        };
        Extractor {
            text,
            names,
            facts,
            known,
            here: module,
            binder: scope::Binder::new(text.len()),
            commonjs: Vec::new(),
            items: Vec::new(),
            properties: Vec::new(),
            params: Vec::new(),
            exits: false,
            guard: None,
            small_numbers: [u32::MAX; 16],
        }
    }

    fn program(&mut self, program: &Program) {
        self.open_module();
        match program {
            Program::Module(module) => self.module_items(&module.body),
            Program::Script(script) => self.statements(&script.body),
        }
        self.facts.regions[0].exits = self.exits;
        self.close_scope(ScopeId(0));
    }

    fn finish(self) -> Facts {
        let facts = self.facts;
        Facts {
            names: self.names.finish(),
            nodes: exact(facts.nodes),
            lists: exact(facts.lists),
            properties: exact(facts.properties),
            numbers: exact(facts.numbers),
            scopes: exact(facts.scopes),
            bindings: exact(facts.bindings),
            functions: exact(facts.functions),
            params: exact(facts.params),
            classes: exact(facts.classes),
            members: exact(facts.members),
            types: exact(facts.types),
            regions: exact(facts.regions),
            sites: exact(facts.sites),
            exits: exact(facts.exits),
            imports: exact(facts.imports),
            exports: exact(facts.exports),
            directives: facts.directives,
            is_module: facts.is_module,
            lines: facts.lines,
        }
    }

    fn name(&mut self, text: &str) -> Name {
        self.names.intern(text)
    }

    /// Adds an expression.
    fn push(&mut self, expr: Expr, span: Span) -> ExprId {
        let (start, end) = range(span);
        self.push_at(expr, start, end)
    }

    fn push_at(&mut self, expr: Expr, start: u32, end: u32) -> ExprId {
        let id = ExprId(self.facts.nodes.len() as u32);
        self.facts.nodes.push(Node { expr, start, len: end - start });
        id
    }

    /// Adds an expression that is a site.
    fn push_site(&mut self, expr: Expr, span: Span) -> ExprId {
        let id = self.push(expr, span);
        self.facts.sites.push(Site { expr: id, region: self.here.region });
        id
    }

    /// Completes the list whose items were pushed since `mark`.
    fn list(&mut self, mark: usize) -> ListId {
        let count = self.items.len() - mark;
        if count == 0 {
            return ListId::EMPTY;
        }
        let id = ListId(self.facts.lists.len() as u32);
        self.facts.lists.push(count as u32);
        self.facts.lists.extend(self.items.drain(mark..));
        id
    }

    /// Opens a region inside the present one and moves into it; the caller moves back.
    fn open_region(&mut self, kind: RegionKind, test: ExprId, start: u32) -> RegionId {
        let id = RegionId(self.facts.regions.len() as u32);
        let Here { region: parent, function, .. } = self.here;
        self.facts.regions.push(Region { parent, function, kind, test, exits: false, start });
        self.here.region = id;
        id
    }

    /// Evaluates what runs under a condition inside an expression. The region stays only if something happens in it.
    fn conditionally<T>(&mut self, kind: RegionKind, test: ExprId, start: u32, run: impl FnOnce(&mut Self) -> T) -> T {
        let outer = self.here.region;
        let before = (self.facts.sites.len(), self.facts.functions.len());
        let region = self.open_region(kind, test, start);
        let value = run(self);
        self.here.region = outer;
        if before == (self.facts.sites.len(), self.facts.functions.len()) {
            self.facts.regions.truncate(region.index());
        }
        value
    }

    fn exit(&mut self, value: ExprId, is_throw: bool, start: u32) {
        self.facts.exits.push(Exit { value, region: self.here.region, is_throw, start });
    }
}

/// The same items in no more memory than they need. Facts stay; `shrink_to_fit` may leave the allocator's block as it is.
fn exact<T: Copy>(items: Vec<T>) -> Vec<T> {
    if items.capacity() == items.len() { items } else { items.as_slice().to_vec() }
}

/// Byte offsets of a span.
fn range(span: Span) -> (u32, u32) {
    let start = span.lo.0.saturating_sub(1);
    (start, span.hi.0.saturating_sub(1).max(start))
}

fn lines(text: &str) -> u32 {
    let breaks = memchr::memchr_iter(b'\n', text.as_bytes()).count() as u32;
    breaks + u32::from(!text.is_empty() && !text.ends_with('\n'))
}

/// TypeScript's `import x = require()` and `export =` are CommonJS; a module without declarations awaits at top level or
/// uses `import.meta`.
fn is_module(program: &Program) -> bool {
    let Program::Module(module) = program else { return false };
    let mut commonjs = false;
    for item in &module.body {
        match item {
            ModuleItem::Stmt(_) => {}
            ModuleItem::ModuleDecl(ModuleDecl::TsImportEquals(_) | ModuleDecl::TsExportAssignment(_)) => commonjs = true,
            ModuleItem::ModuleDecl(_) => return true,
        }
    }
    !commonjs
}
