//! Who calls whom: direct calls, methods of known shapes, callbacks of modelled APIs, callbacks passed on.
//!
//! Resolved in rounds, since what one round learns (types of callback parameters, arguments at call sites) resolves calls
//! in the next.

use super::depth::Depth;
use super::graph::Graph;
use super::refs::{ExprRef, FnRef, Shape, SiteRef};
use super::value::Value;
use super::{Program, ROUNDS};
use crate::facts::{BindingKind, Expr, ExprId, ListId, Sym};
use crate::rulebook::{Certainty, EventModel, Lifetime, Part, Recurrence, TypeIx};
use crate::text::FileId;
use rayon::prelude::*;

/// How a function comes to run.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum How {
    /// It is called.
    Call,
    /// It is the constructor of what is constructed.
    Construct,
    /// A modelled API calls it back.
    Callback {
        /// How often, per registration.
        recurs: Recurrence,
        /// Whether it comes at all.
        certainty: Option<Certainty>,
        /// The model names the event; otherwise it is one of any name.
        named: bool,
    },
    /// It is handed to something unknown, which may call it.
    Passed,
}

/// A function that runs because of a site in another one.
#[derive(Clone, Copy, Debug)]
pub struct Edge {
    /// The function with the site.
    pub caller: FnRef,
    /// The function that runs.
    pub callee: FnRef,
    /// The site.
    pub site: SiteRef,
    /// How it comes to run.
    pub how: How,
}

/// An argument at a call site.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Arg {
    /// The value.
    pub value: ExprRef,
    /// The call.
    pub site: SiteRef,
}

/// What one round finds in one file.
#[derive(Default)]
struct Found {
    edges: Vec<Edge>,
    args: Vec<((FnRef, u16), Arg)>,
    types: Vec<((FnRef, u16), TypeIx)>,
    constructions: Vec<(Shape, SiteRef)>,
    lifetimes: Vec<(FnRef, Lifetime)>,
    open: Vec<u32>,
}

/// Arguments that are remembered per parameter.
const MAX_ARGS: usize = 48;

/// Names of run-now and promise methods, for receivers whose type is not known.
const NOW: [&str; 14] = [
    "forEach",
    "map",
    "filter",
    "reduce",
    "reduceRight",
    "some",
    "every",
    "find",
    "findIndex",
    "findLast",
    "flatMap",
    "sort",
    "each",
    "replace",
];
const LATER: [&str; 3] = ["then", "catch", "finally"];

/// Resolves all calls.
pub(super) fn resolve(program: &mut Program<'_>) {
    let mut open: Vec<(FileId, Vec<u32>)> =
        program.files().map(|file| (file, (0..program.facts(file).sites.len() as u32).collect())).collect();
    let names = Names { now: NOW.map(Sym::of), later: LATER.map(Sym::of) };
    let mut round = 0;
    while round < ROUNDS {
        let found: Vec<(FileId, Found)> = open
            .par_iter()
            .map(|(file, sites)| {
                let mut resolver =
                    Resolver { program, names: &names, file: *file, last: round + 1 == ROUNDS, out: Found::default() };
                sites.iter().for_each(|&i| resolver.site(i));
                (*file, resolver.out)
            })
            .collect();
        open.clear();
        let before = learnt(program);
        for (file, it) in found {
            absorb(program, &it);
            program.edges.extend(it.edges);
            open.push((file, it.open));
        }
        program.forget_passed();
        if learnt(program) == before && round + 2 < ROUNDS {
            // Nothing new: the next round settles what stays open.
            round = ROUNDS - 2;
        }
        round += 1;
    }
    let order = |edge: &Edge| (edge.caller, edge.site, edge.callee);
    program.edges.sort_by_key(order);
    program.edges.dedup_by(|a, b| order(a) == order(b) && a.how == b.how);
    program.edges.shrink_to_fit();
    let counts = program.units().iter().map(|it| it.facts.functions.len());
    program.graph = Graph::new(counts, &program.edges);
}

fn learnt(program: &Program<'_>) -> (usize, usize) {
    (program.param_types.len(), program.param_args.len())
}

fn absorb(program: &mut Program<'_>, found: &Found) {
    for (key, arg) in &found.args {
        let args = program.param_args.entry(*key).or_default();
        if args.len() < MAX_ARGS && !args.contains(arg) {
            args.push(*arg);
        }
    }
    for (key, ty) in &found.types {
        program.param_types.entry(*key).or_insert(*ty);
    }
    program.event_lifetimes.extend(found.lifetimes.iter().copied());
    for (shape, site) in &found.constructions {
        program.constructions.entry(*shape).or_default().push(*site);
    }
}

struct Names {
    now: [Sym; NOW.len()],
    later: [Sym; LATER.len()],
}

pub(super) struct Resolver<'p, 'a> {
    pub(super) program: &'p Program<'a>,
    names: &'p Names,
    pub(super) file: FileId,
    last: bool,
    out: Found,
}

impl<'a> Resolver<'_, 'a> {
    fn site(&mut self, i: u32) {
        let facts = self.program.facts(self.file);
        let site = facts.sites[i as usize];
        let (callee, args, construct) = match facts.expr(site.expr) {
            Expr::Call(callee, args) => (callee, args, false),
            Expr::New(callee, args) => (callee, args, true),
            _ => return,
        };
        let within = FnRef { file: self.file, id: facts.function_of(site.region) };
        let at = SiteRef { expr: ExprRef::new(within, site.expr), region: site.region };
        let done = if construct { self.construction(at, callee, args) } else { self.call(at, callee, args) };
        if !done {
            if self.last || !self.may_be_learnt(callee, 0) {
                self.unresolved(at, callee, args);
            } else {
                self.out.open.push(i);
            }
        }
    }

    /// Whether a later round may know more of an expression: only what hangs on parameters, `this` or a call's result does.
    fn may_be_learnt(&self, id: ExprId, depth: u32) -> bool {
        let facts = self.program.facts(self.file);
        match facts.expr(id) {
            Expr::Member(object, _) | Expr::Index(object, _) | Expr::Await(object) => self.may_be_learnt(object, depth),
            Expr::Ident(id) => {
                let binding = &facts.bindings[id.index()];
                match (binding.kind, binding.init.get()) {
                    (BindingKind::Param(_), _) => true,
                    (BindingKind::Import(_) | BindingKind::Function(_) | BindingKind::Class(_) | BindingKind::Enum, _) => false,
                    (_, Some(init)) if depth < 4 && binding.writes == 0 => self.may_be_learnt(init, depth + 1),
                    (_, None) if binding.writes == 0 => false,
                    _ => true,
                }
            }
            Expr::Free(_) | Expr::Str(_) | Expr::Template(_) | Expr::Number(_) => false,
            _ => true,
        }
    }

    fn construction(&mut self, at: SiteRef, callee: ExprId, args: ListId) -> bool {
        let program = self.program;
        let shape = match program.eval(at.expr.with(callee)) {
            Value::Class(shape) => shape,
            Value::Function(f) => Shape::Constructor(f.file, f.id),
            Value::Path(path) => {
                if let Some(ty) = program.paths.ty(path) {
                    self.modelled(at, &program.rulebook.models.ty(ty).construct.runs, args);
                }
                return true;
            }
            _ => return false,
        };
        self.out.constructions.push((shape, at));
        if let Some(constructor) = program.constructor(shape) {
            self.edge(at, constructor, How::Construct, args);
        }
        if let Shape::Class(file, class) = shape {
            let fields = program.facts(file).classes[class.index()].fields;
            if fields.get().is_some() {
                self.edge(at, FnRef { file, id: fields }, How::Construct, ListId::EMPTY);
            }
        }
        true
    }

    fn call(&mut self, at: SiteRef, callee: ExprId, args: ListId) -> bool {
        let program = self.program;
        let facts = program.facts(self.file);
        if facts.expr(callee) == Expr::Super {
            return self.super_call(at, args);
        }
        if let Expr::Member(object, name) = facts.expr(callee) {
            return self.method(at, object, facts.sym(name), args);
        }
        let callees = self.functions(at.expr.with(callee), 0);
        if !callees.is_empty() {
            callees.into_iter().for_each(|f| self.edge(at, f, How::Call, args));
            // A parameter may receive more in the next round.
            return self.last || !self.is_param(callee);
        }
        let model = program.value_model(program.eval(at.expr.with(callee)));
        model.is_some_and(|(model, _)| {
            self.modelled(at, &model.runs, args);
            true
        })
    }

    fn is_param(&self, callee: ExprId) -> bool {
        let facts = self.program.facts(self.file);
        matches!(facts.expr(callee), Expr::Ident(id) if matches!(facts.bindings[id.index()].kind, BindingKind::Param(_)))
    }

    fn super_call(&mut self, at: SiteRef, args: ListId) -> bool {
        let Value::Object(shape) = self.program.eval_this(at.expr.within) else { return false };
        if let Some(super::Base::Shape(base)) = self.program.tables.bases.get(&shape)
            && let Some(constructor) = self.program.constructor(*base)
        {
            self.edge(at, constructor, How::Call, args);
        }
        true
    }

    fn method(&mut self, at: SiteRef, object: ExprId, name: Sym, args: ListId) -> bool {
        let program = self.program;
        let words = &program.words;
        let receiver = program.eval(at.expr.with(object));
        if let Value::Function(f) = receiver
            && (name == words.call || name == words.apply)
        {
            self.edge(at, f, How::Call, ListId::EMPTY);
            return true;
        }
        if let Some((model, ty)) = program.method_model(receiver, name) {
            let event = model.acquire.as_ref().and_then(|it| Some((it.event?, it.handler?)));
            match (event, ty) {
                (Some((event, handler)), Some(ty)) => {
                    self.listener(at, ty, event, handler, args, model.acquire.as_ref().is_some_and(|it| it.once))
                }
                _ => self.modelled(at, &model.runs, args),
            }
            return true;
        }
        let member = program.member_value(receiver, name, Depth::TOP);
        if let Value::Function(f) = member {
            self.edge(at, f, How::Call, args);
            return true;
        }
        if matches!(receiver, Value::Instance(_) | Value::Object(_)) && self.reaction(at, object, name, args) {
            return true;
        }
        if let Value::Object(shape) = receiver {
            let fields = program.field_functions(shape, name);
            fields.iter().for_each(|&f| self.edge(at, f, How::Call, args));
            return !fields.is_empty();
        }
        if let Value::Path(_) = member {
            if let Value::Path(path) = member
                && let Some(model) = program.paths.call(path)
            {
                self.modelled(at, &model.runs, args);
            }
            return true;
        }
        false
    }

    /// A listener: its event says how often it runs and what it receives.
    fn listener(&mut self, at: SiteRef, ty: TypeIx, event: u8, handler: i8, args: ListId, once: bool) {
        let program = self.program;
        let facts = program.facts(self.file);
        let name = facts.item(args, event as usize).and_then(|it| match facts.expr(it) {
            Expr::Str(name) => Some(facts.sym(name)),
            _ => None,
        });
        let model = name.and_then(|name| program.event_model(ty, name));
        let (recurs, certainty, params) = match model {
            Some(model) => (model.recurs, model.certainty, model.params.as_slice()),
            None => (Recurrence::Event, None, &[][..]),
        };
        let recurs = if once && recurs != Recurrence::Exit { Recurrence::Once } else { recurs };
        let named = name.is_some_and(|name| program.names_event(ty, name));
        let model = if named { model } else { name.and_then(|it| program.event_by_name(it)) };
        let params = if named { params } else { model.map_or(&[][..], |it| it.params.as_slice()) };
        let Some(arg) = nth(facts.list(args).len(), handler).and_then(|n| facts.item(args, n)) else { return };
        let how = How::Callback { recurs, certainty, named: named && !model.is_some_and(|it| it.partner) };
        for f in self.functions(at.expr.with(arg), 0) {
            self.callback(at, f, how, params);
            if let Some(lifetime) = model.and_then(|it| it.lifetime) {
                self.out.lifetimes.push((f, lifetime));
            }
        }
    }

    pub(super) fn callback(&mut self, at: SiteRef, f: FnRef, how: How, params: &[String]) {
        self.out.edges.push(Edge { caller: at.expr.within, callee: f, site: at, how });
        for (n, param) in params.iter().enumerate() {
            if let Some(ty) = self.program.rulebook.models.type_at(param) {
                self.out.types.push(((f, n as u16), ty));
            }
        }
    }

    pub(super) fn argue(&mut self, f: FnRef, arg: Arg) {
        self.out.args.push(((f, 0), arg));
    }

    fn edge(&mut self, at: SiteRef, callee: FnRef, how: How, args: ListId) {
        self.out.edges.push(Edge { caller: at.expr.within, callee, site: at, how });
        let facts = self.program.facts(self.file);
        for (n, arg) in facts.list(args).enumerate() {
            if matches!(facts.expr(arg), Expr::Spread(_)) {
                break;
            }
            self.out.args.push(((callee, n as u16), Arg { value: at.expr.with(arg), site: at }));
        }
    }

    /// Nothing is known of the callee: its function arguments may run, by the method's name perhaps at once.
    fn unresolved(&mut self, at: SiteRef, callee: ExprId, args: ListId) {
        let facts = self.program.facts(self.file);
        let name = match facts.expr(callee) {
            Expr::Member(_, name) => Some(facts.sym(name)),
            _ => None,
        };
        let callback = |recurs| How::Callback { recurs, certainty: None, named: false };
        let how = match name {
            Some(name) if self.names.now.contains(&name) => callback(Recurrence::Now),
            Some(name) if self.names.later.contains(&name) => callback(Recurrence::Once),
            _ => How::Passed,
        };
        let event = name.filter(|_| how == How::Passed).and_then(|name| self.by_event_name(name, args));
        let once = name == Some(self.program.words.once);
        let recurs = event.map(|it| if once { Recurrence::Once } else { it.recurs });
        let ty = event.and_then(|it| it.params.first()).and_then(|it| self.program.rulebook.models.type_at(it));
        for arg in facts.list(args) {
            for f in self.functions(at.expr.with(arg), 0) {
                let how = recurs.map_or(how, callback);
                self.out.edges.push(Edge { caller: at.expr.within, callee: f, site: at, how });
                self.out.types.extend(ty.map(|ty| ((f, 0), ty)));
                self.out.lifetimes.extend(event.and_then(|it| it.lifetime).map(|it| (f, it)));
            }
        }
    }

    /// Whether a method of this name calls back at once, or when a promise is settled.
    pub(super) fn calls_by_itself(&self, name: Sym) -> bool {
        self.names.now.contains(&name) || self.names.later.contains(&name)
    }

    /// `x.on("connection", f)` on an unknown receiver: the event's name is told by the model `shape#Emitter`.
    fn by_event_name(&self, method: Sym, args: ListId) -> Option<&'a EventModel> {
        let program = self.program;
        let facts = program.facts(self.file);
        if method != program.words.on && method != program.words.once {
            return None;
        }
        let event = facts.item(args, 0).and_then(|it| match facts.expr(it) {
            Expr::Str(name) => Some(facts.sym(name)),
            _ => None,
        });
        event.and_then(|it| program.event_by_name(it))
    }
}

/// The index of an argument; negative ones count from the end.
pub(super) fn nth(count: usize, n: i8) -> Option<usize> {
    if n >= 0 { Some(n as usize) } else { count.checked_sub(n.unsigned_abs() as usize) }
}

impl Program<'_> {
    /// The value of a property of an object literal, as far as it can be seen.
    pub fn property(&self, object: ExprRef, name: Sym) -> Option<ExprRef> {
        let literal = self.literal(object)?;
        let facts = self.facts(literal.file());
        let property = facts.properties(facts.expr(literal.id)).iter().find(|it| facts.sym(it.name) == name)?;
        Some(literal.with(property.value))
    }

    /// The object literal that an expression stands for.
    pub fn literal(&self, expr: ExprRef) -> Option<ExprRef> {
        match self.eval(expr) {
            Value::Object(Shape::Literal(file, id)) if matches!(self.facts(file).expr(id), Expr::Object { .. }) => {
                let within = if file == expr.file() && id == expr.id { expr.within } else { self.evaluator(file, id) };
                Some(ExprRef::new(within, id))
            }
            _ => None,
        }
    }

    /// `this` of a function, evaluated.
    pub fn eval_this(&self, within: FnRef) -> Value {
        self.this_value(within)
    }

    /// Every function that is assigned to a field.
    pub fn field_functions(&self, shape: Shape, name: Sym) -> Vec<FnRef> {
        let writes = self.tables.fields.get(&(shape, name)).map_or(&[][..], Vec::as_slice);
        let mut found: Vec<FnRef> = writes
            .iter()
            .take(16)
            .filter_map(|it| match self.eval(it.value) {
                Value::Function(f) => Some(f),
                _ => None,
            })
            .collect();
        found.sort();
        found.dedup();
        found
    }

    /// The argument that a part of a model names.
    pub fn part(&self, call: ExprRef, part: Part) -> Option<ExprRef> {
        let facts = self.facts(call.file());
        let (callee, args) = match facts.expr(call.id) {
            Expr::Call(callee, args) | Expr::New(callee, args) => (callee, args),
            _ => return None,
        };
        let id = match part {
            Part::Receiver => match facts.expr(callee) {
                Expr::Member(object, _) => Some(object),
                _ => None,
            },
            Part::Result => Some(call.id),
            Part::Runtime => None,
            Part::Arg0 => facts.item(args, 0),
            Part::Arg1 => facts.item(args, 1),
            Part::Arg2 => facts.item(args, 2),
        };
        id.map(|id| call.with(id))
    }

    /// The argument at an index; negative ones count from the end.
    pub fn argument(&self, call: ExprRef, n: i8) -> Option<ExprRef> {
        let facts = self.facts(call.file());
        let (Expr::Call(_, args) | Expr::New(_, args)) = facts.expr(call.id) else { return None };
        nth(facts.list(args).len(), n).and_then(|n| facts.item(args, n)).map(|id| call.with(id))
    }
}
