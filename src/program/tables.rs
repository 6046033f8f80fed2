//! What assignments say, file by file and then merged: fields of shapes, methods of prototypes, values of bindings.
//!
//! Fields are kept per shape, not per object (a *field-based* analysis): cheap, and right for the question at hand, since
//! one site that fills a field leaks in every instance alike.

use super::Program;
use super::bound;
use super::prototype;
use super::refs::{BindingRef, ExprRef, FnRef, Shape, SiteRef};
use super::value::Value;
use crate::facts::{AssignOp, BindingKind, Expr, ExprId, FnId, FunctionKind, MemberKind, RegionId, Sym, TypeId};
use crate::rulebook::TypeIx;
use crate::text::FileId;
use rayon::prelude::*;
use rustc_hash::{FxHashMap, FxHashSet};

/// A value written to a binding or field.
#[derive(Clone, Copy, Debug)]
pub struct Write {
    /// The value.
    pub value: ExprRef,
    /// The assignment, or `None` for an initializer.
    pub site: Option<SiteRef>,
}

/// What a shape extends.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Base {
    /// A shape of the program.
    Shape(Shape),
    /// A modelled type.
    Type(TypeIx),
    /// Something outside that is not modelled.
    Outside,
}

/// The tables.
#[derive(Debug, Default)]
pub struct Tables {
    /// Methods, getters left out.
    pub methods: FxHashMap<(Shape, Sym), FnRef>,
    /// Fields of instances.
    pub fields: FxHashMap<(Shape, Sym), Vec<Write>>,
    /// Types that classes declare for their members.
    pub declared: FxHashMap<(Shape, Sym), TypeId>,
    /// Fields that parameters of constructors declare.
    pub param_fields: FxHashMap<(Shape, Sym), (FnRef, u16)>,
    /// Static members and properties of functions.
    pub statics: FxHashMap<(Shape, Sym), Vec<Write>>,
    /// What shapes extend.
    pub bases: FxHashMap<Shape, Base>,
    /// `this` of functions that are no class members.
    pub this_of: FxHashMap<FnRef, Shape>,
    /// Assignments to bindings, initializers left out.
    pub writes: FxHashMap<BindingRef, Vec<Write>>,
    /// Assignments to globals: `global.x = ...`, undeclared `x = ...`.
    pub globals: FxHashMap<Sym, Vec<Write>>,
    /// Functions that have a prototype of their own, are constructed, or fill `this`.
    pub constructors: FxHashSet<FnRef>,
    /// The binding that an object literal, class or `new` initializes for good.
    pub home: FxHashMap<(FileId, ExprId), BindingRef>,
}

impl Tables {
    /// The writes to a place that is a binding, a field, a static or a global.
    pub fn writes_to(&self, place: &super::Place) -> &[Write] {
        use super::Root;
        let writes = match (&place.root, place.path.as_slice()) {
            (Root::Binding(binding), []) => self.writes.get(binding),
            (Root::Instance(shape), [name]) => self.fields.get(&(*shape, *name)),
            (Root::Static(shape), [name]) => self.statics.get(&(*shape, *name)),
            (Root::Global(name), []) => self.globals.get(name),
            _ => None,
        };
        writes.map_or(&[], Vec::as_slice)
    }

    #[expect(clippy::iter_over_hash_type, reason = "every key is on its own, so the order of keys does not show")]
    fn absorb(&mut self, other: Tables) {
        self.methods.extend(other.methods);
        self.declared.extend(other.declared);
        self.param_fields.extend(other.param_fields);
        for (key, writes) in other.fields {
            self.fields.entry(key).or_default().extend(writes);
        }
        for (key, writes) in other.statics {
            self.statics.entry(key).or_default().extend(writes);
        }
        self.bases.extend(other.bases);
        self.this_of.extend(other.this_of);
        for (key, writes) in other.writes {
            self.writes.entry(key).or_default().extend(writes);
        }
        for (key, writes) in other.globals {
            self.globals.entry(key).or_default().extend(writes);
        }
        self.constructors.extend(other.constructors);
        self.home.extend(other.home);
    }
}

/// Functions that are bound inside bound functions are followed so far.
const BOUND_DEPTH: u32 = 4;

/// Reads every file's classes, literals and assignments, in rounds: what a file says of its own shapes, which functions are
/// constructors (`this` in them is an instance), what is assigned, and what needs all that (base classes, mixins).
pub(super) fn collect(program: &mut Program<'_>) {
    let files: Vec<FileId> = program.files().collect();
    let local: Vec<Tables> = files.par_iter().map(|&file| Collector::new(program, file).declarations()).collect();
    local.into_iter().for_each(|it| program.tables.absorb(it));
    program.forget_values();
    let constructed: Vec<Tables> = files.par_iter().map(|&file| Collector::new(program, file).constructors()).collect();
    constructed.into_iter().for_each(|it| program.tables.absorb(it));
    program.forget_values();
    let assigned: Vec<Tables> = files.par_iter().map(|&file| Collector::new(program, file).assignments()).collect();
    assigned.into_iter().for_each(|it| program.tables.absorb(it));
    program.forget_values();
    // What `this` is in a bound function tells it for those inside.
    for _ in 0..BOUND_DEPTH {
        let bound: Vec<Tables> = files.par_iter().map(|&file| bound::told(program, file)).collect();
        if bound.iter().all(|it| it.this_of.is_empty()) {
            break;
        }
        bound.into_iter().for_each(|it| program.tables.absorb(it));
        program.forget_values();
    }
    let based: Vec<Tables> = files.par_iter().map(|&file| Collector::new(program, file).bases()).collect();
    based.into_iter().for_each(|it| program.tables.absorb(it));
    program.forget_values();
}

struct Collector<'l, 'a> {
    program: &'l Program<'a>,
    file: FileId,
    out: Tables,
}

impl<'l, 'a> Collector<'l, 'a> {
    fn new(program: &'l Program<'a>, file: FileId) -> Self {
        Collector { program, file, out: Tables::default() }
    }

    /// Members of classes, functions in literals, bindings that are home to a literal.
    fn declarations(mut self) -> Tables {
        let facts = self.program.facts(self.file);
        for (i, class) in facts.classes.iter().enumerate() {
            let id = crate::facts::ClassId(i as u32);
            let shape = Shape::Class(self.file, id);
            let fields = FnRef { file: self.file, id: if class.fields.get().is_some() { class.fields } else { class.function } };
            self.param_fields(shape, class.constructor);
            for member in facts.members(id) {
                let sym = facts.sym(member.name);
                if member.ty.get().is_some() {
                    self.out.declared.entry((shape, sym)).or_insert(member.ty);
                }
                match (member.kind, member.is_static) {
                    (MemberKind::Method, false) => {
                        self.out.methods.insert((shape, sym), FnRef { file: self.file, id: member.function });
                    }
                    (MemberKind::Field, _) if member.init.get().is_some() => {
                        let write = Write { value: ExprRef::new(fields, member.init), site: None };
                        let table = if member.is_static { &mut self.out.statics } else { &mut self.out.fields };
                        table.entry((shape, sym)).or_default().push(write);
                    }
                    _ => {}
                }
            }
        }
        for (i, node) in facts.nodes.iter().enumerate() {
            if let Expr::Object { .. } = node.expr {
                let shape = Shape::Literal(self.file, ExprId(i as u32));
                for property in facts.properties(node.expr) {
                    if let Expr::Function(id) = facts.expr(property.value) {
                        let f = FnRef { file: self.file, id };
                        if facts.functions[id.index()].kind != FunctionKind::Arrow {
                            self.out.this_of.insert(f, shape);
                        }
                        self.out.methods.insert((shape, facts.sym(property.name)), f);
                    }
                }
            }
        }
        for (i, binding) in facts.bindings.iter().enumerate() {
            if let Some(init) = binding.init.get()
                && binding.writes == 0
                && matches!(facts.expr(init), Expr::Object { .. } | Expr::Array(_) | Expr::New(..) | Expr::Call(..))
                && !matches!(binding.kind, BindingKind::Param(_))
            {
                let home = BindingRef { file: self.file, id: crate::facts::BindingId(i as u32) };
                self.out.home.insert((self.file, init), home);
            }
        }
        self.out
    }

    /// The fields that a constructor's parameters declare.
    fn param_fields(&mut self, shape: Shape, constructor: FnId) {
        let Some(id) = constructor.get() else { return };
        let facts = self.program.facts(self.file);
        for (n, param) in facts.params(id).iter().enumerate() {
            if let (true, Some(binding)) = (param.is_field, param.binding.get()) {
                let name = facts.sym(facts.bindings[binding.index()].name);
                self.out.param_fields.entry((shape, name)).or_insert((FnRef { file: self.file, id }, n as u16));
            }
        }
    }

    /// Functions that are constructed or given a prototype, and those that are told what `this` is.
    fn constructors(mut self) -> Tables {
        let facts = self.program.facts(self.file);
        for site in &facts.sites {
            let within = FnRef { file: self.file, id: facts.function_of(site.region) };
            if let Expr::Call(callee, args) = facts.expr(site.expr)
                && let (Expr::Member(f, name), Some(this)) = (facts.expr(callee), facts.item(args, 0))
            {
                self.told_this(ExprRef::new(within, f), facts.sym(name), ExprRef::new(within, this));
            }
            let constructor = match facts.expr(site.expr) {
                Expr::New(callee, _) => callee,
                Expr::Assign(AssignOp::Set, target, _) => match self.prototype_owner(target) {
                    Some(owner) => owner,
                    None => continue,
                },
                _ => continue,
            };
            if let Value::Function(f) = self.program.eval(ExprRef::new(within, constructor)) {
                self.out.constructors.insert(f);
                if let Expr::Assign(_, target, value) = facts.expr(site.expr) {
                    prototype::methods(self.program, f, target, ExprRef::new(within, value), &mut self.out);
                }
            }
        }
        self.out
    }

    /// `handle.call(this, ...)`, `handle.apply(self, ...)`, `handle.bind(this)`.
    fn told_this(&mut self, f: ExprRef, name: Sym, this: ExprRef) {
        let words = &self.program.words;
        if ![words.call, words.apply, words.bind].contains(&name) {
            return;
        }
        let Value::Function(f) = self.program.eval(f) else { return };
        let function = &self.program.facts(f.file).functions[f.id.index()];
        if function.kind == FunctionKind::Arrow || function.class.get().is_some() || self.program.tables.this_of.contains_key(&f)
        {
            return;
        }
        if let Value::Object(shape @ (Shape::Class(..) | Shape::Literal(..))) = self.program.eval(this) {
            self.out.this_of.insert(f, shape);
        }
    }

    /// `X` of `X.prototype` and `X.prototype.y`.
    fn prototype_owner(&self, target: ExprId) -> Option<ExprId> {
        let facts = self.program.facts(self.file);
        let Expr::Member(object, name) = facts.expr(target) else { return None };
        if facts.sym(name) == self.program.words.prototype {
            return Some(object);
        }
        match facts.expr(object) {
            Expr::Member(owner, middle) if facts.sym(middle) == self.program.words.prototype => Some(owner),
            _ => None,
        }
    }

    /// Assignments to bindings, `this.x`, `X.prototype.x`, `X.x`.
    fn assignments(mut self) -> Tables {
        let facts = self.program.facts(self.file);
        for site in &facts.sites {
            let within = FnRef { file: self.file, id: facts.function_of(site.region) };
            let at = SiteRef { expr: ExprRef::new(within, site.expr), region: site.region };
            match facts.expr(site.expr) {
                Expr::Assign(op, target, value) if !matches!(op, AssignOp::Add | AssignOp::Other) => {
                    self.assignment(within, target, value, at);
                }
                Expr::Assign(_, target, _) | Expr::Update(_, target) => {
                    if let Expr::Ident(id) = facts.expr(target) {
                        let key = BindingRef { file: self.file, id };
                        self.out.writes.entry(key).or_default().push(Write { value: at.expr, site: Some(at) });
                    }
                }
                Expr::New(callee, _) => {
                    if let Value::Function(f) = self.program.eval(ExprRef::new(within, callee)) {
                        self.out.constructors.insert(f);
                    }
                }
                _ => {}
            }
        }
        self.out
    }

    fn assignment(&mut self, within: FnRef, target: ExprId, value: ExprId, at: SiteRef) {
        let facts = self.program.facts(self.file);
        let words = &self.program.words;
        let write = Write { value: ExprRef::new(within, value), site: Some(at) };
        match facts.expr(target) {
            Expr::Ident(id) => self.out.writes.entry(BindingRef { file: self.file, id }).or_default().push(write),
            Expr::Free(name) if facts.sym(name) != words.exports => {
                self.out.globals.entry(facts.sym(name)).or_default().push(write);
            }
            Expr::Member(object, name) if self.program.is_global_object(self.file, object) => {
                self.out.globals.entry(facts.sym(name)).or_default().push(write);
            }
            Expr::Member(object, name) => {
                let sym = facts.sym(name);
                if sym == words.prototype {
                    if let Value::Function(f) = self.program.eval(ExprRef::new(within, object)) {
                        self.prototype(f, within, value);
                    }
                    return;
                }
                if let Expr::Member(constructor, middle) = facts.expr(object)
                    && facts.sym(middle) == words.prototype
                {
                    self.prototype_member(ExprRef::new(within, constructor), sym, write);
                    return;
                }
                match self.program.eval(ExprRef::new(within, object)) {
                    Value::Object(shape) => {
                        if let (Shape::Constructor(file, id), Expr::This) = (shape, facts.expr(object)) {
                            self.out.constructors.insert(FnRef { file, id });
                        }
                        if let Expr::Function(id) = facts.expr(value)
                            && facts.functions[id.index()].kind != FunctionKind::Arrow
                        {
                            self.out.this_of.insert(FnRef { file: self.file, id }, shape);
                        }
                        self.out.fields.entry((shape, sym)).or_default().push(write);
                    }
                    Value::Class(shape) => self.out.statics.entry((shape, sym)).or_default().push(write),
                    Value::Function(f) => {
                        self.out.statics.entry((Shape::Constructor(f.file, f.id), sym)).or_default().push(write);
                    }
                    _ => {}
                }
            }
            _ => {}
        }
    }

    fn prototype_member(&mut self, constructor: ExprRef, name: Sym, write: Write) {
        let shape = match self.program.eval(constructor) {
            Value::Function(f) => {
                self.out.constructors.insert(f);
                Shape::Constructor(f.file, f.id)
            }
            Value::Class(shape) => shape,
            _ => return,
        };
        if name == self.program.words.proto {
            return;
        }
        match self.program.eval(write.value) {
            Value::Function(f) => {
                self.out.methods.insert((shape, name), f);
                self.out.this_of.insert(f, shape);
            }
            _ => self.out.fields.entry((shape, name)).or_default().push(write),
        }
    }

    /// `X.prototype = { ... }` or `Object.create(Base.prototype)` (the latter read in `bases`).
    fn prototype(&mut self, f: FnRef, within: FnRef, value: ExprId) {
        let facts = self.program.facts(self.file);
        self.out.constructors.insert(f);
        let shape = Shape::Constructor(f.file, f.id);
        self.mix_in(shape, ExprRef::new(within, value));
        let _ = facts;
    }

    fn mix_in(&mut self, shape: Shape, source: ExprRef) {
        let facts = self.program.facts(source.file());
        for property in facts.properties(facts.expr(source.id)) {
            let sym = facts.sym(property.name);
            match self.program.eval(source.with(property.value)) {
                Value::Function(f) => {
                    self.out.methods.insert((shape, sym), f);
                    self.out.this_of.insert(f, shape);
                }
                _ => {
                    let write = Write { value: source.with(property.value), site: None };
                    self.out.fields.entry((shape, sym)).or_default().push(write);
                }
            }
        }
    }

    /// `extends`, `util.inherits`, `Object.create(Base.prototype)`, `__proto__`, `Object.assign(X.prototype, ...)`.
    fn bases(mut self) -> Tables {
        let facts = self.program.facts(self.file);
        for (i, class) in facts.classes.iter().enumerate() {
            if let Some(extends) = class.extends.get() {
                let within = FnRef { file: self.file, id: class.function };
                let shape = Shape::Class(self.file, crate::facts::ClassId(i as u32));
                if let Some(base) = self.base(ExprRef::new(within, extends)) {
                    self.out.bases.insert(shape, base);
                }
            }
        }
        for site in &facts.sites {
            let within = FnRef { file: self.file, id: facts.function_of(site.region) };
            match facts.expr(site.expr) {
                Expr::Call(callee, args) => {
                    if let Expr::Member(_, name) = facts.expr(callee) {
                        self.inheritance_call(within, facts.sym(name), args);
                    } else if let Expr::Ident(id) = facts.expr(callee)
                        && facts.sym(facts.bindings[id.index()].name) == self.program.words.inherits
                    {
                        self.inheritance_call(within, self.program.words.inherits, args);
                    }
                }
                Expr::Assign(AssignOp::Set, target, value) => self.prototype_chain(within, target, value, site.region),
                _ => {}
            }
        }
        self.out
    }

    fn base(&self, expr: ExprRef) -> Option<Base> {
        match self.program.eval(expr) {
            Value::Class(shape) => Some(Base::Shape(shape)),
            Value::Function(f) => Some(Base::Shape(Shape::Constructor(f.file, f.id))),
            Value::Path(path) => Some(self.program.paths.ty(path).map_or(Base::Outside, Base::Type)),
            Value::Outside => Some(Base::Outside),
            _ => None,
        }
    }

    fn shape_of_constructor(&self, expr: ExprRef) -> Option<Shape> {
        match self.program.eval(expr) {
            Value::Class(shape) => Some(shape),
            Value::Function(f) => Some(Shape::Constructor(f.file, f.id)),
            _ => None,
        }
    }

    /// `inherits(X, Base)`, `Object.setPrototypeOf(X.prototype, Base.prototype)`, `Object.assign(X.prototype, mixin)`.
    fn inheritance_call(&mut self, within: FnRef, name: Sym, args: crate::facts::ListId) {
        let facts = self.program.facts(self.file);
        let words = &self.program.words;
        if ![words.inherits, words.set_prototype_of, words.assign, words.extend].contains(&name) {
            return;
        }
        let (Some(first), Some(second)) = (facts.item(args, 0), facts.item(args, 1)) else { return };
        let strip = |id: ExprId| match facts.expr(id) {
            Expr::Member(object, name) if facts.sym(name) == words.prototype => Some(object),
            _ => None,
        };
        let first_constructor = if name == words.inherits { Some(first) } else { strip(first) };
        let Some(shape) = first_constructor.and_then(|it| self.shape_of_constructor(ExprRef::new(within, it))) else { return };
        if let Shape::Constructor(file, id) = shape {
            self.out.constructors.insert(FnRef { file, id });
        }
        let second = if name == words.inherits { Some(second) } else { strip(second).or(Some(second)) };
        let Some(second) = second.map(|it| ExprRef::new(within, it)) else { return };
        if let Some(base) = self.base(second) {
            self.out.bases.insert(shape, base);
        } else if let Value::Object(Shape::Literal(file, literal)) = self.program.eval(second) {
            self.mix_in(shape, ExprRef::new(FnRef::module(file), literal));
        }
    }

    /// `X.prototype = Object.create(Base.prototype)`, `X.prototype = new Base()`, `X.prototype.__proto__ = Base.prototype`.
    fn prototype_chain(&mut self, within: FnRef, target: ExprId, value: ExprId, _region: RegionId) {
        let facts = self.program.facts(self.file);
        let words = &self.program.words;
        let Expr::Member(object, name) = facts.expr(target) else { return };
        let constructor = match facts.expr(object) {
            Expr::Member(inner, middle) if facts.sym(name) == words.proto && facts.sym(middle) == words.prototype => inner,
            _ if facts.sym(name) == words.prototype => object,
            _ => return,
        };
        let base = match facts.expr(value) {
            Expr::Member(base, name) if facts.sym(name) == words.prototype => Some(base),
            Expr::New(callee, _) => Some(callee),
            Expr::Call(_, args) => facts.item(args, 0).and_then(|it| match facts.expr(it) {
                Expr::Member(base, name) if facts.sym(name) == words.prototype => Some(base),
                _ => None,
            }),
            _ => None,
        };
        let shape = self.shape_of_constructor(ExprRef::new(within, constructor));
        if let (Some(shape), Some(base)) = (shape, base.and_then(|it| self.base(ExprRef::new(within, it)))) {
            self.out.bases.insert(shape, base);
        }
    }
}

/// The function whose `this` a function sees: itself, or for an arrow the nearest other one.
pub(super) fn this_function(facts: &crate::facts::Facts, mut id: FnId) -> FnId {
    while facts.functions[id.index()].kind == FunctionKind::Arrow {
        id = facts.functions[id.index()].parent;
    }
    id
}
