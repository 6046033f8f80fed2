//! Where a token goes: followed forward from its acquisition through bindings, fields, collections, arguments and returns,
//! to the calls that release it.

use super::convention;
use super::refs::{BindingRef, ExprRef, FnRef, SiteRef};
use super::{How, MAX_DEPTH, Place, Program, Value};
use crate::facts::{BindingId, Expr, ExprId};
use crate::rulebook::{Part, Release};
use rustc_hash::FxHashSet;

/// Where a token goes.
#[derive(Debug, Default)]
pub struct Flow {
    /// Calls that release it.
    pub releases: Vec<SiteRef>,
    /// Functions that return it.
    pub returned: Vec<FnRef>,
    /// Calls of something unknown that it is passed to.
    pub escapes: Vec<SiteRef>,
    /// Places that keep it (without element: one token at a time).
    pub slots: Vec<Place>,
    /// It is kept in a property of something that is itself an element of a collection.
    pub in_element: bool,
    /// Collections that keep it.
    pub collections: Vec<Place>,
    /// Something uses it besides keeping it.
    pub used: bool,
}

/// Names of methods that end what they are called on.
const ENDS: [&str; 32] = [
    "close",
    "destroy",
    "end",
    "stop",
    "cancel",
    "clear",
    "unsubscribe",
    "dispose",
    "Symbol.dispose",
    "Symbol.asyncDispose",
    "disconnect",
    "terminate",
    "quit",
    "release",
    "abort",
    "kill",
    "remove",
    "off",
    "return",
    "unref_and_close",
    "$disconnect",
    "closeAll",
    "destroyAll",
    "shutdown",
    "complete",
    "teardown",
    "cleanup",
    "endSession",
    "dispatchClose",
    "rollback",
    "commit",
    "exit",
];

/// Names of methods that give their receiver back.
///
/// `timer[Symbol.toPrimitive]()` is the timer's id.
const PASSES: [&str; 10] =
    ["unref", "ref", "refresh", "setEncoding", "on", "once", "bind", "catch", "finally", "Symbol.toPrimitive"];

/// What a value is followed as.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Debug)]
enum As {
    /// The token.
    Token,
    /// A collection of tokens.
    Collection,
}

struct Follower<'p, 'a> {
    program: &'p Program<'a>,
    resource: &'p str,
    flow: Flow,
    seen: FxHashSet<(ExprRef, As)>,
    open: Vec<(ExprRef, As, u32)>,
}

impl<'a> Program<'a> {
    /// Follows the value of an expression that stands for a token of a resource.
    pub fn flow(&self, token: ExprRef, resource: &str) -> Flow {
        self.flow_from(vec![token], resource)
    }

    /// Follows several expressions that stand for one token.
    pub fn flow_from(&self, tokens: Vec<ExprRef>, resource: &str) -> Flow {
        let open = tokens.into_iter().map(|it| (it, As::Token, 0)).collect();
        let mut follower = Follower { program: self, resource, flow: Flow::default(), seen: FxHashSet::default(), open };
        let mut steps = 0;
        while let Some((expr, what, depth)) = follower.open.pop() {
            steps += 1;
            if steps > 600 || depth > MAX_DEPTH {
                break;
            }
            if follower.seen.insert((expr, what)) {
                follower.step(expr, what, depth);
            }
        }
        let mut flow = follower.flow;
        flow.releases.sort();
        flow.releases.dedup();
        flow
    }

    /// Whether a model's release covers a resource.
    pub fn releases_resource(release: &Release, resource: &str) -> bool {
        release.resource.is_empty() || release.resource.iter().any(|it| it == resource)
    }
}

impl Follower<'_, '_> {
    fn step(&mut self, expr: ExprRef, what: As, depth: u32) {
        let program = self.program;
        let facts = program.facts(expr.file());
        let Some(parent) = program.parent(expr) else { return self.top(expr, what, depth) };
        let go = |it: &mut Self, to: ExprRef| it.open.push((to, what, depth + 1));
        match facts.expr(parent.id) {
            Expr::Assign(_, target, value) if value == expr.id => {
                self.stored(expr.with(target), what, depth);
                go(self, parent);
            }
            Expr::Assign(..) => {}
            Expr::Call(callee, _) if callee == expr.id => self.invoked(parent, what),
            Expr::New(callee, _) if callee == expr.id => {}
            Expr::Call(callee, args) | Expr::New(callee, args) => {
                let n = facts.list(args).position(|it| it == expr.id).unwrap_or(0);
                self.passed(parent, callee, n, what, depth);
            }
            Expr::Member(..) => self.member(expr, parent, what, depth),
            Expr::Index(object, _) if object == expr.id => {
                match what {
                    As::Collection => self.open.push((parent, As::Token, depth + 1)),
                    // A part of a kept tuple: `const [client] = pool[key]`, `pool[key][0].close()`.
                    As::Token if matches!(facts.expr(parent.id), Expr::Index(_, key) if matches!(facts.expr(key), Expr::Number(_))) =>
                    {
                        self.open.push((parent, As::Token, depth + 1));
                    }
                    As::Token => {}
                }
            }
            Expr::ElementOf(_) => {
                if what == As::Collection {
                    self.open.push((parent, As::Token, depth + 1));
                }
            }
            Expr::Array(_) => self.open.push((parent, As::Collection, depth + 1)),
            Expr::Object { .. } => {
                let property = facts.properties(facts.expr(parent.id)).iter().find(|it| it.value == expr.id);
                if let Some(property) = property {
                    let name = property.name;
                    self.property(parent, facts.sym(name), what, depth);
                }
            }
            Expr::Logical(..) | Expr::Choice(_) | Expr::Await(_) | Expr::Sequence(_) | Expr::Spread(_) | Expr::Yield(_) => {
                go(self, parent)
            }
            _ => self.flow.used |= !matches!(facts.expr(parent.id), Expr::Unary(..) | Expr::Binary(..)),
        }
    }

    fn top(&mut self, expr: ExprRef, what: As, depth: u32) {
        let program = self.program;
        if let Some(binding) = program.initialized_by(expr) {
            self.binding(binding, what, depth);
        } else if program.index(expr.file()).exit_of(expr.id).is_some() {
            self.returned(expr.within, what, depth);
        }
    }

    /// What a function returns, its callers have.
    fn returned(&mut self, f: FnRef, what: As, depth: u32) {
        self.flow.returned.push(f);
        let returns = |edge: &&super::Edge| edge.how == How::Call || self.program.is_then(edge.site.expr);
        let calls = self.program.callers(f).filter(returns).map(|edge| edge.site.expr);
        self.open.extend(calls.map(|it| (it, what, depth + 1)));
    }

    fn binding(&mut self, binding: BindingRef, what: As, depth: u32) {
        let program = self.program;
        if program.facts(binding.file).bindings[binding.id.index()].using {
            let it = &program.facts(binding.file).bindings[binding.id.index()];
            let within = FnRef { file: binding.file, id: it.function };
            let region = program.facts(binding.file).functions[it.function.index()].body;
            self.flow.releases.push(SiteRef { expr: ExprRef::new(within, it.init), region });
        }
        if what == As::Token {
            self.flow.slots.push(Place::of(super::Root::Binding(binding)));
        }
        self.open.extend(program.binding_uses(binding).into_iter().map(|it| (it, what, depth + 1)));
        if program.is_top_level(binding) {
            let place = Place::of(super::Root::Binding(binding));
            self.open.extend(program.uses(&place).into_iter().map(|it| (it, what, depth + 1)));
        }
    }

    /// `target = token`.
    fn stored(&mut self, target: ExprRef, what: As, depth: u32) {
        let program = self.program;
        let facts = program.facts(target.file());
        match facts.expr(target.id) {
            Expr::Ident(id) => self.binding(BindingRef { file: target.file(), id }, what, depth),
            Expr::Index(object, _) => {
                if let Some(place) = program.place(target.with(object)) {
                    self.kept_in(&place, depth);
                }
            }
            Expr::Member(_, name) => match program.place(target) {
                Some(place) if !place.path.contains(&program.words.element) => {
                    if what == As::Token {
                        self.flow.slots.push(place.clone());
                    }
                    let uses = program.uses(&place);
                    self.open.extend(uses.into_iter().map(|it| (it, what, depth + 1)));
                    self.same_name(target, facts.sym(name), what, depth);
                }
                place => {
                    self.flow.in_element |= place.is_some() && what == As::Token;
                    self.same_name(target, facts.sym(name), what, depth);
                }
            },
            _ => {}
        }
    }

    /// What cannot be placed is known by its property's name in the same file: this may only find releases.
    fn same_name(&mut self, target: ExprRef, name: crate::facts::Sym, what: As, depth: u32) {
        let program = self.program;
        let file = target.file();
        let facts = program.facts(file);
        let Some(name) = facts.names.find(name) else { return };
        for id in program.index(file).members(name) {
            let within = FnRef { file, id: program.index(file).evaluator(facts, id) };
            self.open.push((ExprRef::new(within, id), what, depth + 1));
        }
    }

    fn kept_in(&mut self, place: &Place, depth: u32) {
        let mut base = place.clone();
        base.path.retain(|it| *it != self.program.words.element);
        if !self.flow.collections.contains(&base) {
            self.flow.collections.push(base.clone());
            self.open.extend(self.program.uses(&base).into_iter().map(|it| (it, As::Collection, depth + 1)));
        }
    }

    fn property(&mut self, literal: ExprRef, name: crate::facts::Sym, what: As, depth: u32) {
        self.same_name(literal, name, what, depth);
        // The object travels on; what is taken out of it by name is found above.
        self.flow.used = true;
        if let Some(parent) = self.program.parent(literal) {
            let facts = self.program.facts(literal.file());
            // A modelled call that releases nothing only uses what its options hold.
            let lends = matches!(facts.expr(parent.id), Expr::Call(..) | Expr::New(..))
                && self.program.call_model(parent).is_none_or(|(model, _)| model.release.is_some());
            if lends {
                self.flow.escapes.extend(self.program.site_of(parent));
            }
        } else if self.program.index(literal.file()).exit_of(literal.id).is_some() {
            self.returned(literal.within, what, depth);
        }
    }

    /// `token()`: a remover is called.
    fn invoked(&mut self, call: ExprRef, what: As) {
        // What a model says of calling it wins: a transaction is called to run a query.
        let model = self.program.call_model(call).map(|(model, _)| &model.release);
        let lets_go = model.is_none_or(|it| it.as_ref().is_some_and(|it| Program::releases_resource(it, self.resource)));
        if what == As::Token && lets_go {
            self.flow.releases.extend(self.program.site_of(call));
        }
    }

    fn member(&mut self, expr: ExprRef, member: ExprRef, what: As, depth: u32) {
        let program = self.program;
        let facts = program.facts(expr.file());
        let Expr::Member(object, name) = facts.expr(member.id) else { return };
        if object != expr.id {
            return;
        }
        let call = program.parent(member).filter(|it| matches!(facts.expr(it.id), Expr::Call(callee, _) if callee == member.id));
        let Some(call) = call else {
            // A destructured or passed-on method: `const { close } = token`, `return token[Symbol.dispose]`.
            let ends = ENDS.contains(&facts.text(name));
            if let Some(binding) = program.initialized_by(member)
                && ends
            {
                self.open.extend(program.binding_uses(binding).into_iter().map(|it| (it, As::Token, depth + 1)));
            } else if ends && program.index(member.file()).exit_of(member.id).is_some() {
                self.returned(member.within, As::Token, depth);
            } else if ends {
                self.flow.releases.extend(program.site_of(member));
            }
            self.flow.used = true;
            return;
        };
        let text = facts.text(name);
        match what {
            As::Token if program.is_then(call) => self.reacted(call, depth),
            As::Token if self.ends(expr, name, call) => self.flow.releases.extend(program.site_of(call)),
            As::Token if PASSES.contains(&text) => self.open.push((call, what, depth + 1)),
            As::Token => self.flow.used = true,
            As::Collection => self.collection_method(call, text, depth),
        }
    }

    /// `token.then((token) => ...)`.
    fn reacted(&mut self, call: ExprRef, depth: u32) {
        self.flow.used = true;
        for f in self.program.functions_of_call(call) {
            if let Some(binding) = self.program.param_binding(f, 0) {
                self.binding(binding, As::Token, depth);
            }
        }
    }

    fn ends(&self, receiver: ExprRef, name: crate::facts::Name, call: ExprRef) -> bool {
        let program = self.program;
        let facts = program.facts(call.file());
        match program.call_model(call) {
            Some((model, _)) => match &model.release {
                Some(release) => {
                    Program::releases_resource(release, self.resource) && !matches!(release.what, Some(Part::Arg0 | Part::Arg1))
                }
                None => false,
            },
            None => {
                let _ = receiver;
                ENDS.contains(&facts.text(name))
            }
        }
    }

    fn collection_method(&mut self, call: ExprRef, name: &str, depth: u32) {
        let program = self.program;
        match name {
            "get" | "pop" | "shift" | "at" | "find" => self.open.push((call, As::Token, depth + 1)),
            "filter" | "slice" | "splice" | "concat" | "values" | "reverse" | "entries" => {
                self.open.push((call, As::Collection, depth + 1))
            }
            _ => {
                for f in program.functions_of_call(call) {
                    if let Some(binding) = program.param_binding(f, 0) {
                        self.open.extend(program.binding_uses(binding).into_iter().map(|it| (it, As::Token, depth + 1)));
                    }
                }
                if let Some(arg) = program.argument(call, 0)
                    && let Value::Path(path) = program.eval(arg)
                    && program
                        .paths
                        .call(path)
                        .is_some_and(|it| it.release.as_ref().is_some_and(|it| Program::releases_resource(it, self.resource)))
                {
                    self.flow.releases.extend(program.site_of(call));
                }
            }
        }
    }

    fn passed(&mut self, call: ExprRef, callee: ExprId, n: usize, what: As, depth: u32) {
        let program = self.program;
        let facts = program.facts(call.file());
        let site = program.site_of(call);
        if let Some((model, _)) = program.call_model(call) {
            if let Some(release) = &model.release
                && Program::releases_resource(release, self.resource)
                && (matches!((release.what, n), (Some(Part::Arg0), 0) | (Some(Part::Arg1), 1))
                    || release.handler == Some(n as u8))
            {
                self.flow.releases.extend(site);
                return;
            }
            if model
                .collection
                .is_some_and(|it| matches!(it, crate::rulebook::CollectionEffect::Add | crate::rulebook::CollectionEffect::Put))
                && let Expr::Member(object, _) = facts.expr(callee)
            {
                if let Some(place) = program.place(call.with(object)) {
                    self.kept_in(&place, depth);
                }
                return;
            }
            match model.passes {
                Some(Part::Arg0) if n == 0 => return self.open.push((call, what, depth + 1)),
                _ => {}
            }
        }
        let mut found = false;
        for edge in program.edges_at(call) {
            if matches!(edge.how, How::Call | How::Construct) {
                found = true;
                if let Some(binding) = program.param_binding(edge.callee, n) {
                    self.open.extend(program.binding_uses(binding).into_iter().map(|it| (it, what, depth + 1)));
                }
            }
        }
        if found {
            return;
        }
        let name = match facts.expr(callee) {
            Expr::Member(_, name) | Expr::Free(name) => facts.text(name),
            Expr::Ident(id) => facts.text(facts.bindings[id.index()].name),
            _ => "",
        };
        if matches!(name, "values" | "keys" | "entries" | "from") && what == As::Collection {
            self.open.push((call, what, depth + 1));
        } else if matches!(name, "push" | "add" | "set" | "unshift") {
            self.unknown_collection(call, callee, depth);
        } else if !looks(name) {
            self.flow.escapes.extend(site);
        }
        self.flow.used = true;
    }

    /// `x.push(token)` on something whose type is not known.
    fn unknown_collection(&mut self, call: ExprRef, callee: ExprId, depth: u32) {
        let facts = self.program.facts(call.file());
        let Expr::Member(object, _) = facts.expr(callee) else { return };
        match self.program.place(call.with(object)) {
            Some(place) => self.kept_in(&place, depth),
            None => self.flow.escapes.extend(self.program.site_of(call)),
        }
    }
}

impl Program<'_> {
    /// The binding of a plain parameter.
    pub fn param_binding(&self, f: FnRef, n: usize) -> Option<BindingRef> {
        let id: BindingId = self.facts(f.file).params(f.id).get(n)?.binding.get()?;
        Some(BindingRef { file: f.file, id })
    }

    /// The edges of a call.
    pub fn edges_at(&self, call: ExprRef) -> impl Iterator<Item = &super::Edge> + '_ {
        self.callees(call.within).filter(move |edge| edge.site.expr.id == call.id)
    }

    /// Whether a function is among a call's arguments, known or not.
    pub fn has_callback(&self, call: ExprRef) -> bool {
        let facts = self.facts(call.file());
        let (Expr::Call(_, args) | Expr::New(_, args)) = facts.expr(call.id) else { return false };
        facts.list(args).any(|it| matches!(self.eval(call.with(it)), Value::Function(_)))
    }

    /// The functions that a call calls back.
    pub fn functions_of_call(&self, call: ExprRef) -> Vec<FnRef> {
        self.edges_at(call).filter(|edge| !matches!(edge.how, How::Call | How::Construct)).map(|edge| edge.callee).collect()
    }
}

/// Whether a function of this name only looks at the handle that it is passed.
fn looks(name: &str) -> bool {
    convention::looks(name) || matches!(name, "assert" | "Number" | "Boolean" | "isBuffer" | "get" | "parseInt")
}
