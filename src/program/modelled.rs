//! Calls that the models speak of: found once per file, for all checks, after a look at the callee's name alone.

use super::Program;
use super::refs::{ExprRef, FnRef, SiteRef};
use crate::facts::{Expr, ExprId, Facts, Sym};
use crate::rulebook::{CallModel, CollectionEffect, Models};
use crate::text::FileId;
use rustc_hash::FxHashSet;

/// A call with its model.
#[derive(Clone, Copy, Debug)]
pub struct Modelled<'a> {
    /// The call.
    pub site: SiteRef,
    /// What it does.
    pub model: &'a CallModel,
}

/// Names by which a call is worth evaluating.
#[derive(Debug, Default)]
pub(super) struct Telling {
    /// Methods and functions that acquire, keep in memory by default, or that a named check looks for.
    calls: FxHashSet<Sym>,
    /// Methods that make a collection grow.
    growing: FxHashSet<Sym>,
}

impl Telling {
    /// The names of some models.
    pub(super) fn new(models: &Models) -> Telling {
        let mut telling = Telling::default();
        let mut enter = |name: &str, model: &CallModel| {
            if model.acquire.is_some() || !model.r#unsafe.is_empty() || model.does.is_some() {
                telling.calls.insert(Sym::of(name));
            }
            if model.collection.is_some_and(CollectionEffect::grows) {
                telling.growing.insert(Sym::of(name));
            }
        };
        for (name, model) in models.calls() {
            enter(name.rsplit(['#', '.']).next().unwrap_or(name), model);
        }
        telling
    }
}

impl<'a> Program<'a> {
    /// The calls of a file whose models acquire something, have an unsafe default, or are looked for by a named check.
    pub fn modelled_calls(&self, file: FileId) -> &[Modelled<'a>] {
        self.modelled[file.index()].get_or_init(|| {
            let facts = self.facts(file);
            let mut found = Vec::new();
            for site in &facts.sites {
                if !self.tells(facts, site.expr) {
                    continue;
                }
                let within = FnRef { file, id: facts.function_of(site.region) };
                let expr = ExprRef::new(within, site.expr);
                if let Some((model, _)) = self.call_model(expr) {
                    found.push(Modelled { site: SiteRef { expr, region: site.region }, model });
                }
            }
            found
        })
    }

    fn tells(&self, facts: &Facts, id: ExprId) -> bool {
        match facts.expr(id) {
            Expr::Call(callee, _) => match facts.expr(callee) {
                Expr::Member(_, name) => self.telling.calls.contains(&facts.sym(name)),
                _ => true,
            },
            Expr::New(..) => true,
            _ => false,
        }
    }

    /// Whether some model's method of this name makes a collection grow.
    pub fn may_grow(&self, method: Sym) -> bool {
        self.telling.growing.contains(&method)
    }
}
