//! Which functions a call calls back: what its model's entries pick from the arguments, and what an argument may be.

use super::calls::{How, Resolver, nth};
use super::refs::{ExprRef, FnRef, SiteRef};
use super::value::Value;
use super::{MAX_DEPTH, Program};
use crate::facts::{BindingKind, Expr, ExprId, ListId, Sym};
use crate::rulebook::Callback;

impl Resolver<'_, '_> {
    /// The callbacks of a modelled call: the first entry that fits a function describes it.
    pub(super) fn modelled(&mut self, at: SiteRef, runs: &[Callback], args: ListId) {
        let mut described: Vec<FnRef> = Vec::new();
        for run in runs {
            let how = How::Callback { recurs: run.recurs, certainty: run.certainty, named: true };
            for f in self.picked(at.expr, run, args) {
                if self.fits(run, f) && !described.contains(&f) {
                    described.push(f);
                    self.callback(at, f, how, &run.params);
                }
            }
        }
    }

    /// The functions that an entry speaks of.
    fn picked(&self, call: ExprRef, run: &Callback, args: ListId) -> Vec<FnRef> {
        let facts = self.program.facts(self.file);
        let chosen: Vec<ExprId> = match run.arg {
            Some(n) => nth(facts.list(args).len(), n).and_then(|n| facts.item(args, n)).into_iter().collect(),
            None => facts.list(args).collect(),
        };
        let chosen = chosen.into_iter().map(|it| call.with(it));
        match &run.property {
            None => chosen.flat_map(|it| self.functions(it, 0)).collect(),
            Some(path) => {
                let names: Vec<&str> = path.split('.').collect();
                let mut values = Vec::new();
                let mut found = Vec::new();
                for object in chosen {
                    self.program.properties_at(object, &names, 0, &mut values);
                    found.extend(self.method_at(object, &names));
                }
                found.extend(values.into_iter().flat_map(|it| self.functions(it, 0)));
                found
            }
        }
    }

    /// The methods that end a path of property names, where that leads to an instance: `{ store: new Sessions() }`.
    fn method_at(&self, object: ExprRef, names: &[&str]) -> Vec<FnRef> {
        let Some((method, path)) = names.split_last().filter(|it| *it.0 != "*") else { return Vec::new() };
        let mut owners = Vec::new();
        self.program.properties_at(object, path, 0, &mut owners);
        let of = |owner: ExprRef| match self.program.eval(owner) {
            Value::Object(shape) => self.program.user_method(shape, Sym::of(method)),
            _ => None,
        };
        owners.into_iter().filter_map(of).collect()
    }

    fn fits(&self, run: &Callback, f: FnRef) -> bool {
        let count = self.program.facts(f.file).functions[f.id.index()].param_count;
        run.arity.is_none_or(|it| u32::from(it) == count)
    }

    /// The functions that an argument may be: itself, in an array, or wrapped by a call of something unknown.
    pub(super) fn functions(&self, expr: ExprRef, depth: u32) -> Vec<FnRef> {
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
                // What a list or promise calls back is not what comes of it.
                if matches!(facts.expr(callee), Expr::Member(_, name) if self.calls_by_itself(facts.sym(name))) {
                    return Vec::new();
                }
                // A wrapper that cannot be resolved passes its functions on.
                match program.eval(expr.with(callee)) {
                    Value::Unknown | Value::Outside => {
                        let filled = self.filled(expr.with(callee), depth);
                        let given = facts.list(args).len();
                        let passed =
                            facts.list(args).enumerate().filter(|(n, _)| !filled.iter().any(|f| self.asks(*f, *n, given)));
                        passed.flat_map(|(_, it)| self.functions(expr.with(it), depth + 1)).collect()
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

    /// `const onOpen = curry((settings, socket) => ...)`: a call of it gives that function with arguments filled in.
    fn filled(&self, callee: ExprRef, depth: u32) -> Vec<FnRef> {
        let made = self.program.initial(callee);
        match self.program.facts(made.file()).expr(made.id) {
            Expr::Call(..) => self.functions(made, depth + 1),
            _ => Vec::new(),
        }
    }

    /// Whether a function calls its parameter `n`, and never with what the event brings, which are the parameters after the
    /// first `given` ones: that asks for a setting, and tells no handler what happened.
    fn asks(&self, f: FnRef, n: usize, given: usize) -> bool {
        let facts = self.program.facts(f.file);
        let param = |id: ExprId| match facts.expr(id) {
            Expr::Ident(id) if facts.bindings[id.index()].function == f.id => match facts.bindings[id.index()].kind {
                BindingKind::Param(n) => Some(usize::from(n)),
                _ => None,
            },
            _ => None,
        };
        let known = |id: ExprId| match facts.expr(id) {
            Expr::Str(_) | Expr::Number(_) | Expr::Bool(_) => true,
            _ => param(id).is_some_and(|it| it < given),
        };
        let mut calls = self.program.sites(f).filter_map(|site| match facts.expr(site.expr) {
            Expr::Call(callee, args) if param(callee) == Some(n) => Some(args),
            _ => None,
        });
        let asks = |args: ListId| facts.list(args).len() > 0 && facts.list(args).all(known);
        calls.next().is_some_and(asks) && calls.all(asks)
    }

    fn one(&self, expr: ExprRef) -> Vec<FnRef> {
        match self.program.eval(expr) {
            Value::Function(f) => vec![f],
            _ => Vec::new(),
        }
    }
}

impl Program<'_> {
    /// The functions under a dotted path of property names.
    pub(super) fn functions_at(&self, object: ExprRef, path: &str) -> Vec<FnRef> {
        let mut values = Vec::new();
        self.properties_at(object, &path.split('.').collect::<Vec<_>>(), 0, &mut values);
        let function = |it| match self.eval(it) {
            Value::Function(f) => Some(f),
            _ => None,
        };
        values.into_iter().filter_map(function).collect()
    }

    /// The values under a path of property names, through arrays of objects; `*` is any name.
    fn properties_at(&self, object: ExprRef, names: &[&str], depth: u32, found: &mut Vec<ExprRef>) {
        let Some((&name, rest)) = names.split_first() else { return found.push(object) };
        if depth > MAX_DEPTH {
            return;
        }
        let list = self.initial(object);
        if let Expr::Array(items) = self.facts(list.file()).expr(list.id) {
            let items = self.facts(list.file()).list(items);
            return items.for_each(|it| self.properties_at(list.with(it), names, depth + 1, found));
        }
        let Some(literal) = self.literal(object) else { return };
        let facts = self.facts(literal.file());
        for property in facts.properties(facts.expr(literal.id)) {
            match facts.expr(property.value) {
                Expr::Spread(inner) => self.properties_at(literal.with(inner), names, depth + 1, found),
                _ if name == "*" || facts.sym(property.name) == Sym::of(name) => {
                    self.properties_at(literal.with(property.value), rest, depth + 1, found);
                }
                _ => {}
            }
        }
    }

    /// An identifier's initializer, if it has one for good.
    pub fn initial(&self, expr: ExprRef) -> ExprRef {
        let facts = self.facts(expr.file());
        let Expr::Ident(id) = facts.expr(expr.id) else { return expr };
        let binding = &facts.bindings[id.index()];
        match binding.init.get().filter(|_| binding.writes == 0) {
            Some(init) => ExprRef::new(FnRef { file: expr.file(), id: binding.function }, init),
            None => expr,
        }
    }
}
