//! What one file says.
//!
//! In comes a syntax tree, out come [`Facts`]: scopes, bindings, functions, classes, sites (calls, assignments ...) in
//! evaluation order with the control-flow region each stands in, imports, exports and directives. Facts depend on the
//! file's text alone: no models, no settings, no other files, no opinions. swc types do not leave this module.

mod expr;
mod extract;
mod names;
mod shape;

pub use expr::{AssignOp, BinaryOp, Expr, ExprId, ListId, LogicalOp, Node, UnaryOp};
pub use extract::extract;
pub use names::{Name, Names, Sym};
pub use shape::{
    Binding, BindingId, BindingKind, Class, ClassId, Directive, DirectiveKind, Exit, Export, ExportSource, FnId, Function,
    FunctionKind, Import, Imported, LoopKind, Member, MemberKind, Param, Property, Region, RegionId, RegionKind, Scope, ScopeId,
    Site, TypeId, TypeRef,
};

/// Everything leaklint knows about one file. Ids index the vectors; expressions are in post-order, so a child's id is
/// smaller than its parent's.
#[derive(Clone, Debug, Default, serde::Serialize, serde::Deserialize)]
pub struct Facts {
    /// Interned identifiers and short strings.
    pub names: Names,
    /// The expression arena.
    pub nodes: Vec<Node>,
    /// Flat storage behind [`ListId`]: a length, then that many expression ids.
    pub lists: Vec<u32>,
    /// Properties of object literals, contiguous per literal.
    pub properties: Vec<Property>,
    /// Values of `Expr::Number`.
    pub numbers: Vec<f64>,
    /// Scopes; the first is the module's.
    pub scopes: Vec<Scope>,
    /// Bindings of all scopes.
    pub bindings: Vec<Binding>,
    /// Functions; the first is the module body.
    pub functions: Vec<Function>,
    /// Parameters, contiguous per function.
    pub params: Vec<Param>,
    /// Classes.
    pub classes: Vec<Class>,
    /// Members of classes, contiguous per class.
    pub members: Vec<Member>,
    /// Type annotations that name something.
    pub types: Vec<TypeRef>,
    /// Control-flow regions; the first is the module body's.
    pub regions: Vec<Region>,
    /// Calls, constructions, assignments, updates, deletes and awaits, in evaluation order within each function and in order of
    /// their expressions.
    pub sites: Vec<Site>,
    /// `return` and `throw`, and the value of an arrow with an expression body.
    pub exits: Vec<Exit>,
    /// `import` declarations, one per local binding, and `import "x"` without one.
    pub imports: Vec<Import>,
    /// ESM exports and CommonJS assignments to `exports` and `module.exports`.
    pub exports: Vec<Export>,
    /// `leaklint-...` comments.
    pub directives: Vec<Directive>,
    /// Whether the file uses ESM syntax.
    pub is_module: bool,
    /// Number of lines, for statistics.
    pub lines: u32,
}

impl Facts {
    /// The expression.
    pub fn expr(&self, id: ExprId) -> Expr {
        self.nodes[id.index()].expr
    }

    /// Byte range of the expression.
    pub fn range(&self, id: ExprId) -> (u32, u32) {
        let node = &self.nodes[id.index()];
        (node.start, node.start + node.len)
    }

    /// The items of a list.
    pub fn list(&self, id: ListId) -> impl ExactSizeIterator<Item = ExprId> + '_ {
        let at = id.0 as usize;
        let len = if id == ListId::EMPTY { 0 } else { self.lists[at] as usize };
        (0..len).map(move |i| ExprId(self.lists[at + 1 + i]))
    }

    /// The `n`th item of a list.
    pub fn item(&self, id: ListId, n: usize) -> Option<ExprId> {
        let at = id.0 as usize;
        (id != ListId::EMPTY && n < self.lists[at] as usize).then(|| ExprId(self.lists[at + 1 + n]))
    }

    /// The properties of the object literal.
    pub fn properties(&self, object: Expr) -> &[Property] {
        match object {
            Expr::Object { first, count } => &self.properties[first as usize..(first + count) as usize],
            _ => &[],
        }
    }

    /// The parameters of the function.
    pub fn params(&self, id: FnId) -> &[Param] {
        let f = &self.functions[id.index()];
        &self.params[f.first_param as usize..(f.first_param + f.param_count) as usize]
    }

    /// The members of the class.
    pub fn members(&self, id: ClassId) -> &[Member] {
        let c = &self.classes[id.index()];
        &self.members[c.first_member as usize..(c.first_member + c.member_count) as usize]
    }

    /// The text of a name.
    pub fn text(&self, name: Name) -> &str {
        self.names.text(name)
    }

    /// The symbol of a name: equal for equal text in any file.
    pub fn sym(&self, name: Name) -> Sym {
        self.names.sym(name)
    }

    /// Whether a region is another one, or stands around it in the same function.
    pub fn encloses(&self, outer: RegionId, inner: RegionId) -> bool {
        let mut at = inner.get();
        while let Some(id) = at {
            if id == outer {
                return true;
            }
            at = self.regions[id.index()].parent.get();
        }
        false
    }

    /// The function that a region belongs to.
    pub fn function_of(&self, region: RegionId) -> FnId {
        self.regions[region.index()].function
    }
}
