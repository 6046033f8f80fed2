//! How objects end: the terminals of a shape, and what runs when one of them does.
//!
//! Where terminals call each other, the *sink* decides: a release in a terminal that merely starts the end does not count for
//! ends that bypass it (`SEMANTICS.md` section 4).

use super::Program;
use super::calls::{Edge, How};
use super::convention;
use super::refs::{FnRef, Shape};
use super::tables::Base;
use crate::facts::{Expr, FnId, Sym};
use rustc_hash::{FxHashMap, FxHashSet};

/// What methods that answer to an end are called: `onClose`, `handleDisconnect`.
const ENDS: [&str; 8] = ["close", "closed", "disconnect", "disconnected", "destroy", "exit", "shutdown", "terminate"];

/// Functions that one end is followed through.
const MAX_REACH: usize = 600;

/// One way in which objects of a shape end.
#[derive(Debug)]
pub struct Ending {
    /// The method.
    pub terminal: FnRef,
    reach: FxHashSet<FnRef>,
}

impl Ending {
    /// Whether a function may run when the object ends so.
    pub fn runs(&self, f: FnRef) -> bool {
        self.reach.contains(&f)
    }

    /// The functions that may run.
    pub fn functions(&self) -> impl Iterator<Item = FnRef> + '_ {
        self.reach.iter().copied()
    }
}

impl Program<'_> {
    /// How objects of a shape end: by the sink that all ways lead to, or by several ways of their own.
    pub fn endings(&self, shape: Shape) -> Vec<Ending> {
        let all: Vec<Ending> = self.terminals(shape).into_iter().map(|it| self.ending(it)).collect();
        let is_step = |it: &Ending| {
            let callers = self.callers(it.terminal).filter(|edge| !self.is_of_others(edge, shape));
            let mut callers = callers.map(|edge| edge.caller).peekable();
            let by_others = |f: FnRef| all.iter().any(|other| other.terminal != it.terminal && other.runs(f));
            callers.peek().is_some() && callers.all(by_others)
        };
        let steps: Vec<bool> = all.iter().map(is_step).collect();
        let mut roots: Vec<Ending> = all.into_iter().zip(steps).filter(|it| !it.1).map(|it| it.0).collect();
        let sink = roots
            .iter()
            .enumerate()
            .filter(|(_, it)| roots.iter().all(|other| other.runs(it.terminal)))
            .max_by_key(|(i, it)| (it.reach.len(), std::cmp::Reverse(*i)))
            .map(|(i, _)| i);
        match sink {
            Some(i) => vec![roots.swap_remove(i)],
            None => roots,
        }
    }

    /// `this.close()` in a class that shares a base with a shape: it ends an object of its own.
    fn is_of_others(&self, edge: &Edge, shape: Shape) -> bool {
        let facts = self.facts(edge.site.expr.file());
        let Expr::Call(callee, _) = facts.expr(edge.site.expr.id) else { return false };
        let on_this = matches!(facts.expr(callee), Expr::Member(object, _) if facts.expr(object) == Expr::This);
        on_this && self.served_by(edge.caller).is_some_and(|it| !self.is_kin(it, shape))
    }

    /// The methods of a shape that end it, those of its bases included.
    fn terminals(&self, shape: Shape) -> Vec<FnRef> {
        let mut found = Vec::new();
        let mut at = Some(shape);
        while let Some(it) = at {
            found.extend(self.methods_of(it).filter(|f| self.names_end(*f)));
            at = match self.tables.bases.get(&it) {
                Some(Base::Shape(base)) if *base != it && found.len() < 64 => Some(*base),
                _ => None,
            };
        }
        found.sort();
        found.dedup();
        found
    }

    /// Whether objects of a shape have a method that ends them.
    pub fn has_end(&self, shape: Shape) -> bool {
        convention::ENDS
            .iter()
            .any(|it| ["", "_"].iter().any(|mark| self.user_method(shape, Sym::of(&format!("{mark}{it}"))).is_some()))
    }

    /// Whether a function is named as what ends its object.
    fn names_end(&self, f: FnRef) -> bool {
        let facts = self.facts(f.file);
        let name = facts.text(facts.functions[f.id.index()].name).trim_start_matches(['_', '#']);
        let answers = name.strip_prefix("on").or_else(|| name.strip_prefix("handle"));
        convention::ends(name) || answers.is_some_and(|it| ENDS.iter().any(|end| it.eq_ignore_ascii_case(end)))
    }

    /// The methods of a shape, arrow fields included.
    pub fn methods_of(&self, shape: Shape) -> impl Iterator<Item = FnRef> + '_ {
        self.members.get_or_init(|| self.collect_members()).get(&shape).into_iter().flatten().copied()
    }

    fn collect_members(&self) -> FxHashMap<Shape, Vec<FnRef>> {
        let methods = self.tables.methods.iter().map(|(&(shape, _), &f)| (shape, f));
        let fields = self.tables.fields.iter().flat_map(|(&(shape, _), writes)| {
            let function = move |it: &super::Write| match self.facts(it.value.file()).expr(it.value.id) {
                Expr::Function(id) => Some((shape, FnRef { file: it.value.file(), id })),
                _ => None,
            };
            writes.iter().filter_map(function)
        });
        let mut members: FxHashMap<Shape, Vec<FnRef>> = FxHashMap::default();
        for (shape, f) in methods.chain(fields).filter(|(shape, _)| !matches!(shape, Shape::Literal(..))) {
            members.entry(shape).or_default().push(f);
        }
        members.values_mut().for_each(|it| it.sort());
        members
    }

    /// What may run when a function does: what it calls and registers, and the closures that it makes.
    pub fn ending(&self, terminal: FnRef) -> Ending {
        let mut reach = FxHashSet::default();
        let mut open = vec![terminal];
        while let Some(f) = open.pop() {
            if reach.len() > MAX_REACH || !reach.insert(f) {
                continue;
            }
            open.extend(self.callees(f).filter(|edge| !self.takes_off(edge)).map(|edge| edge.callee));
            open.extend(self.closures(f));
        }
        Ending { terminal, reach }
    }

    /// `emitter.off("data", this.onData)` names a function and does not run it.
    fn takes_off(&self, edge: &Edge) -> bool {
        let facts = self.facts(edge.site.expr.file());
        let Expr::Call(callee, _) = facts.expr(edge.site.expr.id) else { return false };
        let Expr::Member(_, name) = facts.expr(callee) else { return false };
        edge.how == How::Passed && (facts.text(name) == "off" || facts.text(name).starts_with("remove"))
    }

    /// The functions that a function makes.
    fn closures(&self, f: FnRef) -> impl Iterator<Item = FnRef> + '_ {
        let functions = self.facts(f.file).functions.iter().enumerate();
        let made = functions.filter(move |(_, it)| it.parent == f.id && !f.is_module());
        made.map(move |(i, _)| FnRef { file: f.file, id: FnId(i as u32) })
    }

    /// The shape whose instance a function works for: that of its own `this`, or of a method around it.
    pub fn served_by(&self, f: FnRef) -> Option<Shape> {
        let mut at = Some(f.id);
        while let Some(id) = at {
            let f = FnRef { file: f.file, id };
            match self.eval_this(f) {
                super::Value::Object(shape @ (Shape::Class(..) | Shape::Constructor(..))) => return Some(shape),
                _ => at = self.facts(f.file).functions[id.index()].parent.get(),
            }
        }
        None
    }

    /// Whether a shape extends another, at any remove.
    pub fn extends(&self, shape: Shape, base: Shape) -> bool {
        let mut at = shape;
        for _ in 0..super::MAX_DEPTH {
            match self.tables.bases.get(&at) {
                Some(Base::Shape(it)) if *it == base => return true,
                Some(Base::Shape(it)) => at = *it,
                _ => return false,
            }
        }
        false
    }

    /// Whether two shapes are the same, or one extends the other.
    pub fn is_kin(&self, a: Shape, b: Shape) -> bool {
        a == b || self.extends(a, b) || self.extends(b, a)
    }
}
