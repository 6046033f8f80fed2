//! Functions that the program hands to something unknown while it starts: `start(config, onPacket)`. They run once as far as can
//! be seen, and may be called again and again. That is no proof of a repetition, only a hint of one.

use super::Program;
use super::calls::{Edge, How};
use super::convention;
use super::rate::{Quality, Rate, Rated, Witness};
use super::refs::FnRef;
use crate::facts::{Expr, Facts};
use crate::rulebook::Recurrence;
use rustc_hash::FxHashMap;

/// Methods that call back once.
const ONCE: [&str; 18] = [
    "once",
    "connect",
    "ready",
    "whenReady",
    "onReady",
    "listen",
    "series",
    "parallel",
    "waterfall",
    "auto",
    "open",
    "init",
    "load",
    "configure",
    "after",
    "action",
    "command",
    "describe",
];

/// By function, the edge by which it, or what calls it, is handed out.
pub(super) fn find(program: &Program<'_>) -> FxHashMap<FnRef, u32> {
    let mut found = FxHashMap::default();
    let seeds = program.edges.iter().enumerate().filter(|(_, edge)| is_handed(program, edge));
    let mut open: Vec<(FnRef, u32)> = seeds.map(|(i, edge)| (edge.callee, i as u32)).collect();
    while let Some((f, i)) = open.pop() {
        if found.contains_key(&f) || program.rate(f).is_some_and(|it| it.rate > Rate::Once) {
            continue;
        }
        found.insert(f, i);
        let now = |how| matches!(how, How::Call | How::Callback { recurs: Recurrence::Now | Recurrence::Once, .. });
        open.extend(program.callees(f).filter(|it| now(it.how)).map(|it| (it.callee, i)));
    }
    found
}

/// Whether an edge hands out a function that is told something, and that not only once.
fn is_handed(program: &Program<'_>, edge: &Edge) -> bool {
    let facts = program.facts(edge.callee.file);
    let first = facts.params(edge.callee.id).first().and_then(|it| it.binding.get());
    let told = first.is_some_and(|it| !convention::tells_failure(facts.text(facts.bindings[it.index()].name)));
    let caller = program.facts(edge.site.expr.file());
    edge.how == How::Passed && told && !ONCE.contains(&name_of_call(caller, caller.expr(edge.site.expr.id)))
}

fn name_of_call(facts: &Facts, call: Expr) -> &str {
    let Expr::Call(callee, _) = call else { return "" };
    match facts.expr(callee) {
        Expr::Member(_, name) => facts.text(name),
        Expr::Ident(id) => facts.text(facts.bindings[id.index()].name),
        _ => "",
    }
}

impl Program<'_> {
    /// How often a function may run that is handed to something unknown, or is called by such a one.
    pub fn handed(&self, f: FnRef) -> Option<Rated> {
        let i = *self.handed.get(&f)?;
        Some(Rated { rate: Rate::Api, recurs: Recurrence::Call, quality: Quality::Inferred, witness: Witness::Edge(i) })
    }
}
