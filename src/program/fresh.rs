//! Freshness: in which scope a place's value is created anew, and what repeats a site in which it is not.

use super::calls::How;
use super::depth::Depth;
use super::rate::{Rate, Rated, Witness, callback_quality, is_many};
use super::refs::{ExprRef, FnRef, Shape, SiteRef};
use super::tables::this_function;
use super::{Place, Program, Root, Value};
use crate::facts::{Expr, ExprId, FunctionKind};
use crate::rulebook::{Lifetime, Recurrence, TypeIx};
use rustc_hash::FxHashSet;

/// The innermost scope in which a value is created anew.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub enum Fresh {
    /// Cannot be told: treated as short-lived.
    Unknown,
    /// In each call of a function.
    Call(FnRef),
    /// In each construction of a shape.
    Instance(Shape),
    /// It is a connection that serves several requests.
    Connection,
    /// It is handed in by a caller, and meant to be shared.
    Shared(FnRef),
    /// Never.
    Program,
}

/// How fresh a holder is at a site.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Hold {
    /// How fresh.
    pub fresh: Fresh,
    /// The site whose repetition counts: the site itself, or the call that handed the holder in.
    pub at: SiteRef,
    /// The call that handed the holder in.
    pub via: Option<SiteRef>,
}

/// How many fields freshness is followed through.
const MAX_FIELDS: u32 = 4;

/// Made anew in each call of a function.
fn in_call_of(f: FnRef) -> Fresh {
    if f.is_module() { Fresh::Program } else { Fresh::Call(f) }
}

impl Program<'_> {
    /// How fresh a place is.
    pub fn fresh_of(&self, place: &Place, from: FnRef) -> Fresh {
        self.fresh_deep(place, from, 0)
    }

    fn fresh_deep(&self, place: &Place, from: FnRef, depth: u32) -> Fresh {
        // Objects that hold each other hand their fields around in circles.
        if depth > MAX_FIELDS {
            return Fresh::Unknown;
        }
        if place.path.contains(&self.words.element) {
            return Fresh::Unknown;
        }
        if let Some(lifetime) = self.member_lifetime(place) {
            return lifetime;
        }
        if let Some(f) = self.shared_signal(place, from, 0) {
            return Fresh::Shared(f);
        }
        let fresh = match &place.root {
            Root::Outside(_) | Root::Global(_) => Fresh::Program,
            Root::Static(shape) => self.declared_in(*shape),
            Root::Binding(binding) => {
                let it = &self.facts(binding.file).bindings[binding.id.index()];
                let f = FnRef { file: binding.file, id: it.function };
                in_call_of(f)
            }
            Root::Made(file, id) => {
                let f = self.evaluator(*file, *id);
                let fields = self.facts(*file).functions[f.id.index()].kind == FunctionKind::Fields;
                match self.eval_this(f) {
                    Value::Object(shape) if fields && !self.runs_once(f) => Fresh::Instance(shape),
                    _ => in_call_of(f),
                }
            }
            Root::Param(f, n) => self.fresh_param(*f, *n),
            Root::Instance(shape) => match place.path.as_slice() {
                [] => Fresh::Instance(*shape),
                [name, ..] => self.fresh_field(*shape, *name, from, depth),
            },
        };
        self.promote(fresh)
    }

    /// A class or function itself is made anew in each call of the function that declares it.
    fn declared_in(&self, shape: Shape) -> Fresh {
        match shape {
            Shape::Class(file, class) => in_call_of(FnRef { file, id: self.facts(file).classes[class.index()].function }),
            Shape::Constructor(file, id) => {
                let around = self.facts(file).functions[id.index()].parent.get();
                around.map_or(Fresh::Program, |id| in_call_of(FnRef { file, id }))
            }
            Shape::Literal(..) => Fresh::Program,
        }
    }

    /// A scope that is entered once per program creates program-lived values.
    fn promote(&self, fresh: Fresh) -> Fresh {
        match fresh {
            Fresh::Call(f) | Fresh::Shared(f) if self.runs_once(f) => Fresh::Program,
            Fresh::Instance(shape) if self.is_singleton(shape) => Fresh::Program,
            fresh => fresh,
        }
    }

    /// Whether a function is known to run once per program.
    pub fn runs_once(&self, f: FnRef) -> bool {
        self.rate(f).is_some_and(|it| it.rate == Rate::Once && it.witness != Witness::Offered)
    }

    /// The constructors of classes that a framework makes one instance of.
    pub(super) fn made_once(&self) -> Vec<FnRef> {
        let of = |shape: &Shape| match *shape {
            Shape::Class(file, class) => {
                let id = self.facts(file).classes[class.index()].constructor;
                id.get().map(|id| FnRef { file, id })
            }
            Shape::Constructor(..) | Shape::Literal(..) => None,
        };
        let mut found: Vec<FnRef> = self.singletons.iter().filter_map(of).collect();
        found.sort();
        found
    }

    /// Whether there is one instance of a shape.
    pub fn is_singleton(&self, shape: Shape) -> bool {
        if self.singletons.contains(&shape) {
            return true;
        }
        if let Shape::Literal(file, id) = shape {
            let f = self.evaluator(file, id);
            return f.is_module() || self.runs_once(f);
        }
        let sites = self.constructions(shape);
        !sites.is_empty() && sites.iter().all(|it| self.runs_once(it.expr.within) && self.endless_loop(*it).is_none())
    }

    pub(super) fn fresh_param(&self, f: FnRef, n: u16) -> Fresh {
        let facts = self.facts(f.file);
        match self.event_lifetimes.get(&f) {
            Some(Lifetime::Connection) => return Fresh::Connection,
            Some(Lifetime::Program) => return Fresh::Program,
            Some(Lifetime::Fresh | Lifetime::Receiver) | None => {}
        }
        let called_back = self.callers(f).any(|edge| matches!(edge.how, How::Callback { .. }));
        let ty = self.type_of(self.param_value(f, n, Depth::TOP));
        if self.unit_params.contains(&(f, n))
            || ty.is_some_and(|ty| self.is_unit(ty))
            || called_back
            || self.entries_of.contains_key(&f)
        {
            return Fresh::Call(f);
        }
        if ty.is_some_and(|ty| self.is_shared(ty)) {
            return Fresh::Shared(f);
        }
        let name = facts.params(f.id).get(n as usize).and_then(|it| it.binding.get());
        match name.map(|it| facts.text(facts.bindings[it.index()].name)) {
            Some("signal" | "abortSignal") => Fresh::Shared(f),
            _ => Fresh::Unknown,
        }
    }

    /// Whether a type is a unit of work.
    pub fn is_unit(&self, ty: TypeIx) -> bool {
        let unit = |it: &TypeIx| self.rulebook.models.ty(*it).unit.is_some();
        self.rulebook.models.lineage(ty).iter().any(unit)
    }

    fn is_shared(&self, ty: TypeIx) -> bool {
        self.rulebook.models.ty(ty).shared
    }

    /// A field is as fresh as its instance when the class fills it itself; what the constructor is handed is as fresh as
    /// where it is constructed.
    fn fresh_field(&self, shape: Shape, name: crate::facts::Sym, from: FnRef, depth: u32) -> Fresh {
        let writes = self.tables.fields.get(&(shape, name)).map_or(&[][..], Vec::as_slice);
        let mut fresh = Fresh::Instance(shape);
        let declared = self.param_field(shape, name).map(|(f, n)| Place::of(Root::Param(f, n)));
        let written = writes.iter().take(8).filter_map(|it| self.place(it.value));
        for place in declared.into_iter().chain(written) {
            // What the constructor was handed by the only class that constructs it.
            if matches!(place.root, Root::Instance(outer) if outer != shape) {
                match self.fresh_deep(&place, from, depth + 1) {
                    Fresh::Program => return Fresh::Program,
                    it @ Fresh::Instance(outer) if outer != shape => fresh = it,
                    _ => {}
                }
                continue;
            }
            if let Root::Param(f, n) = place.root
                && place.path.is_empty()
            {
                let from_args = self.args(f, n).iter().take(16).filter_map(|arg| self.place(arg.value)).map(|it| match it.root {
                    Root::Param(..) => Fresh::Unknown,
                    _ if it.root == Root::Instance(shape) && it.path.as_slice() == [name] => Fresh::Unknown,
                    _ => self.fresh_deep(&it, from, depth + 1),
                });
                if let Some(longest) = from_args.max() {
                    match longest {
                        Fresh::Program | Fresh::Instance(_) => fresh = fresh.max(longest),
                        _ => {}
                    }
                    if let Fresh::Instance(outer) = longest {
                        fresh = Fresh::Instance(outer);
                    }
                } else if self.fresh_param(f, n) == Fresh::Shared(f) {
                    return Fresh::Shared(f);
                }
            } else if matches!(place.root, Root::Binding(_) | Root::Static(_) | Root::Outside(_))
                && !matches!(place.root, Root::Instance(_))
            {
                let it = self.fresh_root(&place);
                if it == Fresh::Program {
                    return Fresh::Program;
                }
            }
        }
        fresh
    }

    fn fresh_root(&self, place: &Place) -> Fresh {
        match &place.root {
            Root::Outside(_) | Root::Global(_) => Fresh::Program,
            Root::Binding(binding) => {
                let it = &self.facts(binding.file).bindings[binding.id.index()];
                let f = FnRef { file: binding.file, id: it.function };
                if f.is_module() { Fresh::Program } else { self.promote(Fresh::Call(f)) }
            }
            _ => Fresh::Unknown,
        }
    }

    /// What repeats a site while a holder is not fresh: the answer to the question of `SEMANTICS.md` section 1.
    pub fn repeated(&self, site: SiteRef, fresh: Fresh) -> Option<Rated> {
        let within = site.expr.within;
        let looped = self.endless_loop(site).filter(|_| fresh != Fresh::Unknown).map(|region| Rated {
            rate: Rate::Many,
            recurs: Recurrence::Tick,
            quality: self.loop_quality(site, region),
            witness: Witness::Start,
        });
        match fresh {
            Fresh::Unknown => None,
            Fresh::Program | Fresh::Connection | Fresh::Shared(_) => {
                looped.or_else(|| self.rate(within)).filter(|it| it.rate > Rate::Once)
            }
            Fresh::Call(f) => looped.filter(|_| f != within).or_else(|| {
                let lexical = f != within && f.file == within.file && self.encloses(f, within);
                let reach = if lexical { self.reach(f) } else { None };
                let inside = |it: FnRef| reach.as_ref().is_none_or(|reach| reach.contains(&it));
                self.repeated_within(within, |it| it == f, inside, lexical)
            }),
            Fresh::Instance(shape) => {
                let methods = self.instance_functions(shape);
                // What is made again and again goes soon: that its methods may be called says nothing.
                let short_lived = || {
                    let made = |it: &SiteRef| self.rate(it.expr.within).is_some_and(|it| it.rate == Rate::Many);
                    self.constructions(shape).iter().any(made)
                };
                self.repeated_within(within, |it| methods.contains(&it), |_| true, true)
                    .filter(|it| it.rate == Rate::Many || !short_lived())
            }
        }
    }

    fn encloses(&self, outer: FnRef, inner: FnRef) -> bool {
        let facts = self.facts(inner.file);
        let mut at = Some(inner.id);
        while let Some(id) = at {
            if id == outer.id {
                return true;
            }
            at = facts.functions[id.index()].parent.get();
        }
        false
    }

    /// The functions in which an instance is made: constructors and field initializers.
    pub(super) fn instance_functions(&self, shape: Shape) -> FxHashSet<FnRef> {
        let mut found = FxHashSet::default();
        // What a base class holds is made when a derived one is constructed.
        for shape in self.derived(shape) {
            found.extend(self.constructor(shape));
            found.extend(self.constructions(shape).iter().map(|it| it.expr.within).filter(|it| !it.is_module()));
            if let Shape::Class(file, class) = shape {
                let facts = self.facts(file);
                let fields = facts.classes[class.index()].fields;
                found.extend(fields.get().map(|id| FnRef { file, id }));
            }
        }
        found
    }

    /// Searches the callers of a function, up to where the holder is made, for a callback that recurs.
    /// Only through functions that stand for the same holder: a helper that also serves others repeats for them, not here.
    fn repeated_within(
        &self,
        from: FnRef,
        made: impl Fn(FnRef) -> bool,
        inside: impl Fn(FnRef) -> bool,
        lexical: bool,
    ) -> Option<Rated> {
        if !lexical || made(from) {
            return None;
        }
        let mut open = vec![from];
        let mut seen = FxHashSet::default();
        let mut best: Option<Rated> = None;
        while let Some(f) = open.pop() {
            if !seen.insert(f) || seen.len() > 400 || (f != from && made(f)) {
                continue;
            }
            for &index in self.graph.leading_into(f) {
                let edge = &self.edges[index as usize];
                if !inside(edge.caller) {
                    continue;
                }
                match edge.how {
                    How::Callback { recurs, named, certainty } if is_many(recurs) => {
                        let quality = callback_quality(named, certainty);
                        let it = Rated { rate: Rate::Many, recurs, quality, witness: Witness::Edge(index) };
                        best = best.filter(|old| old.quality >= it.quality).or(Some(it));
                    }
                    How::Callback { recurs: Recurrence::Exit, .. } => {}
                    _ if made(edge.caller) => {}
                    _ => open.push(edge.caller),
                }
            }
            if let Some(&i) = self.entries_of.get(&f) {
                let entry = &self.entries[i as usize];
                let it = Rated { rate: Rate::Many, recurs: entry.recurs, quality: entry.quality, witness: Witness::Entry(i) };
                best = best.filter(|old| old.quality >= it.quality).or(Some(it));
            }
            if best.is_none() && self.rate(f).is_some_and(|it| it.rate == Rate::Api && it.witness == Witness::Offered) {
                best = self.rate(f);
            }
        }
        best
    }

    /// The place where a holder is declared, for the story.
    pub fn declaration(&self, place: &Place) -> Option<crate::text::Span> {
        use crate::text::Span;
        match &place.root {
            Root::Binding(binding) => {
                let facts = self.facts(binding.file);
                let it = &facts.bindings[binding.id.index()];
                Some(Span::new(binding.file, it.start, it.start + facts.text(it.name).len() as u32))
            }
            Root::Instance(shape) | Root::Static(shape) => {
                let name = place.path.first()?;
                let writes = self.tables.fields.get(&(*shape, *name)).or_else(|| self.tables.statics.get(&(*shape, *name)))?;
                let first = writes.first()?;
                Some(match first.site {
                    Some(site) => self.target_span(site.expr),
                    None => self.member_span(*shape, *name).unwrap_or_else(|| self.span(first.value)),
                })
            }
            Root::Made(file, id) => {
                let within = self.evaluator(*file, *id);
                Some(self.span(ExprRef::new(within, *id)))
            }
            Root::Global(name) => {
                let first = self.tables.globals.get(name)?.first()?;
                Some(first.site.map_or_else(|| self.span(first.value), |site| self.target_span(site.expr)))
            }
            Root::Outside(_) | Root::Param(..) => None,
        }
    }

    fn target_span(&self, assignment: ExprRef) -> crate::text::Span {
        match self.facts(assignment.file()).expr(assignment.id) {
            Expr::Assign(_, target, _) => self.span(assignment.with(target)),
            _ => self.span(assignment),
        }
    }

    fn member_span(&self, shape: Shape, name: crate::facts::Sym) -> Option<crate::text::Span> {
        let Shape::Class(file, class) = shape else { return None };
        let facts = self.facts(file);
        let member = facts.members(class).iter().find(|it| facts.sym(it.name) == name)?;
        Some(crate::text::Span::new(file, member.start, member.start + facts.text(member.name).len() as u32))
    }

    /// The function whose `this` a function sees.
    pub fn this_function(&self, f: FnRef) -> FnRef {
        FnRef { file: f.file, id: this_function(self.facts(f.file), f.id) }
    }

    /// Whether a function is a constructor or field initializer.
    pub fn is_construction(&self, f: FnRef) -> bool {
        matches!(self.facts(f.file).functions[f.id.index()].kind, FunctionKind::Constructor | FunctionKind::Fields)
            || self.tables.constructors.contains(&f)
    }

    /// The value of an expression as a literal string, followed through constants.
    pub fn constant_text(&self, expr: ExprRef) -> Option<String> {
        let facts = self.facts(expr.file());
        match facts.expr(expr.id) {
            Expr::Str(name) => Some(facts.text(name).to_owned()),
            Expr::Ident(id) => {
                let binding = &facts.bindings[id.index()];
                let init = binding.init.get().filter(|it| *it != ExprId::NONE && binding.writes == 0)?;
                match facts.expr(init) {
                    Expr::Str(name) => Some(facts.text(name).to_owned()),
                    _ => None,
                }
            }
            _ => None,
        }
    }

    /// Whether the value is known to be of a shape that the program declares.
    pub fn shape_of(&self, expr: ExprRef) -> Option<Shape> {
        match self.eval(expr) {
            Value::Object(shape) => Some(shape),
            _ => None,
        }
    }
}
