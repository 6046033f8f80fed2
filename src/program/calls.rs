//! Who calls whom: direct calls, methods of known shapes, callbacks of modelled APIs, callbacks passed on.
//!
//! Resolved in rounds, since what one round learns (types of callback parameters, arguments at call sites) resolves calls
//! in the next.

use super::refs::{ExprRef, FnRef, Shape, SiteRef};
use super::value::Value;
use super::{Program, ROUNDS};
use crate::facts::{BindingKind, Expr, ExprId, ListId, Sym};
use crate::rulebook::{Callback, Certainty, EventModel, Lifetime, Part, Recurrence, TypeIx};
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
    lifetimes: Vec<((FnRef, u16), Lifetime)>,
    constructions: Vec<(Shape, SiteRef)>,
    open: Vec<u32>,
}

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
    for round in 0..ROUNDS {
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
        let before = (program.param_types.len(), program.param_args.len());
        for (file, it) in found {
            absorb(program, &it);
            program.edges.extend(it.edges);
            open.push((file, it.open));
        }
        if (program.param_types.len(), program.param_args.len()) == before && round + 2 < ROUNDS {
            // Nothing new was learnt: go straight to the last round, which settles what stays open.
            continue;
        }
    }
    for (i, edge) in program.edges.iter().enumerate() {
        program.callers.entry(edge.callee).or_default().push(i as u32);
        program.callees.entry(edge.caller).or_default().push(i as u32);
    }
}

fn absorb(program: &mut Program<'_>, found: &Found) {
    for (key, arg) in &found.args {
        let args = program.param_args.entry(*key).or_default();
        if args.len() < 256 && !args.contains(arg) {
            args.push(*arg);
        }
    }
    for (key, ty) in &found.types {
        program.param_types.entry(*key).or_insert(*ty);
    }
    program.param_lifetimes.extend(found.lifetimes.iter().copied());
    for (shape, site) in &found.constructions {
        program.constructions.entry(*shape).or_default().push(*site);
    }
}

struct Names {
    now: [Sym; NOW.len()],
    later: [Sym; LATER.len()],
}

struct Resolver<'p, 'a> {
    program: &'p Program<'a>,
    names: &'p Names,
    file: FileId,
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
            if self.last {
                self.unresolved(at, callee, args);
            } else {
                self.out.open.push(i);
            }
        }
    }

    fn construction(&mut self, at: SiteRef, callee: ExprId, args: ListId) -> bool {
        let program = self.program;
        let shape = match program.eval(at.expr.with(callee)) {
            Value::Class(shape) => shape,
            Value::Function(f) => Shape::Constructor(f.file, f.id),
            Value::Path(path) => {
                if let Some(ty) = program.paths.ty(path) {
                    self.modelled(at, &program.rulebook.models.ty(ty).construct.runs, args, None);
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
        match program.eval(at.expr.with(callee)) {
            Value::Path(path) => {
                if let Some(model) = program.paths.call(path) {
                    self.modelled(at, &model.runs, args, None);
                    return true;
                }
                false
            }
            _ => false,
        }
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
                _ => self.modelled(at, &model.runs, args, None),
            }
            return true;
        }
        let member = program.member_value(receiver, name, 0);
        if let Value::Function(f) = member {
            self.edge(at, f, How::Call, args);
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
                self.modelled(at, &model.runs, args, None);
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
        let how = How::Callback { recurs, certainty, named };
        for f in self.functions(at.expr.with(arg), 0) {
            self.callback(at, f, how, params);
            self.out.lifetimes.extend(model.and_then(|it| it.lifetime).map(|it| ((f, 0), it)));
        }
    }

    /// The callbacks of a modelled call.
    fn modelled(&mut self, at: SiteRef, runs: &[Callback], args: ListId, _ty: Option<TypeIx>) {
        let facts = self.program.facts(self.file);
        let count = facts.list(args).len();
        for run in runs {
            let how = How::Callback { recurs: run.recurs, certainty: None, named: true };
            let chosen: Vec<ExprId> = match run.arg {
                Some(n) => nth(count, n).and_then(|n| facts.item(args, n)).into_iter().collect(),
                None => facts.list(args).collect(),
            };
            for arg in chosen {
                let arg = match &run.property {
                    Some(property) => match self.property(at.expr.with(arg), property) {
                        Some(value) => value,
                        None => continue,
                    },
                    None => at.expr.with(arg),
                };
                for f in self.functions(arg, 0) {
                    self.callback(at, f, how, &run.params);
                }
            }
        }
    }

    fn property(&self, object: ExprRef, name: &str) -> Option<ExprRef> {
        self.program.property(object, Sym::of(name))
    }

    fn callback(&mut self, at: SiteRef, f: FnRef, how: How, params: &[String]) {
        self.out.edges.push(Edge { caller: at.expr.within, callee: f, site: at, how });
        for (n, param) in params.iter().enumerate() {
            if let Some(ty) = self.program.rulebook.models.type_at(param) {
                self.out.types.push(((f, n as u16), ty));
            }
        }
    }

    /// The functions that an argument may be: itself, in an array, or wrapped by a call of something unknown.
    fn functions(&self, expr: ExprRef, depth: u32) -> Vec<FnRef> {
        let program = self.program;
        let facts = program.facts(expr.file());
        if depth > 6 {
            return Vec::new();
        }
        match facts.expr(expr.id) {
            Expr::Array(items) => facts.list(items).flat_map(|it| self.functions(expr.with(it), depth + 1)).collect(),
            Expr::Spread(inner) => self.functions(expr.with(inner), depth + 1),
            Expr::Ident(id) => {
                let binding = &facts.bindings[id.index()];
                if let BindingKind::Param(n) = binding.kind
                    && binding.init == ExprId::NONE
                {
                    let f = FnRef { file: expr.file(), id: binding.function };
                    let mut found: Vec<FnRef> =
                        program.args(f, n).iter().flat_map(|arg| self.functions(arg.value, depth + 2)).collect();
                    found.sort();
                    found.dedup();
                    return found;
                }
                if let Some(init) = binding.init.get()
                    && binding.writes == 0
                    && matches!(facts.expr(init), Expr::Array(_) | Expr::Call(..))
                {
                    let within = FnRef { file: expr.file(), id: binding.function };
                    return self.functions(ExprRef::new(within, init), depth + 1);
                }
                self.one(expr)
            }
            Expr::Call(callee, args) => {
                let one = self.one(expr);
                if !one.is_empty() {
                    return one;
                }
                // A wrapper that cannot be resolved passes its functions on.
                match program.eval(expr.with(callee)) {
                    Value::Unknown | Value::Outside => {
                        facts.list(args).flat_map(|it| self.functions(expr.with(it), depth + 1)).collect()
                    }
                    _ => Vec::new(),
                }
            }
            Expr::Choice(parts) => [1, 2]
                .iter()
                .filter_map(|&i| facts.item(parts, i))
                .flat_map(|it| self.functions(expr.with(it), depth + 1))
                .collect(),
            _ => self.one(expr),
        }
    }

    fn one(&self, expr: ExprRef) -> Vec<FnRef> {
        match self.program.eval(expr) {
            Value::Function(f) => vec![f],
            _ => Vec::new(),
        }
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
                self.out.lifetimes.extend(event.and_then(|it| it.lifetime).map(|it| ((f, 0), it)));
            }
        }
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
fn nth(count: usize, n: i8) -> Option<usize> {
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
