//! Every use of a place, program-wide.

use super::refs::{BindingRef, ExprRef, FnRef};
use super::{Place, Program, Root, Use};
use crate::facts::{BindingId, BindingKind, Expr, ExprId, Sym};
use crate::text::FileId;
use rustc_hash::FxHashSet;

impl Program<'_> {
    /// The expressions that stand for a place, in file order: its own name, members of that name, aliases, and parameters
    /// that call sites always fill with it.
    pub fn uses(&self, place: &Place) -> Vec<ExprRef> {
        let Some(name) = self.place_name(place) else { return Vec::new() };
        let mut found = Vec::new();
        for file in self.files() {
            if self.may_use(file, place, name) {
                self.uses_in(file, place, name, &mut found);
            }
        }
        found
    }

    /// The last name of a place.
    pub fn place_name(&self, place: &Place) -> Option<Sym> {
        if let Some(name) = place.path.iter().rev().find(|it| **it != self.words.element) {
            return Some(*name);
        }
        match place.root {
            Root::Binding(binding) => {
                let facts = self.facts(binding.file);
                Some(facts.sym(facts.bindings[binding.id.index()].name))
            }
            Root::Global(name) => Some(name),
            Root::Param(f, n) => {
                let facts = self.facts(f.file);
                let binding = facts.params(f.id).get(n as usize)?.binding.get()?;
                Some(facts.sym(facts.bindings[binding.index()].name))
            }
            _ => None,
        }
    }

    fn may_use(&self, file: FileId, place: &Place, name: Sym) -> bool {
        match place.root {
            // A binding inside a function is seen by its own file only.
            Root::Binding(binding) if !self.is_top_level(binding) => binding.file == file,
            _ => self.facts(file).names.contains(name),
        }
    }

    /// Whether a binding belongs to a module body.
    pub fn is_top_level(&self, binding: BindingRef) -> bool {
        self.facts(binding.file).bindings[binding.id.index()].function == crate::facts::FnId::MODULE
    }

    fn uses_in(&self, file: FileId, place: &Place, name: Sym, found: &mut Vec<ExprRef>) {
        let facts = self.facts(file);
        let index = self.index(file);
        let aliases: FxHashSet<BindingId> = (0..facts.bindings.len() as u32)
            .map(BindingId)
            .filter(|&id| self.may_alias(BindingRef { file, id }, place, name))
            .filter(|&id| {
                let within = FnRef { file, id: facts.bindings[id.index()].function };
                self.binding_stands_for(BindingRef { file, id }, within, place)
            })
            .collect();
        for (i, node) in facts.nodes.iter().enumerate() {
            let id = ExprId(i as u32);
            let hit = match node.expr {
                Expr::Ident(binding) => aliases.contains(&binding),
                Expr::Free(free) => place.root == Root::Global(facts.sym(free)) && place.path.is_empty(),
                Expr::Member(_, member) if facts.sym(member) == name => {
                    let within = FnRef { file, id: index.evaluator(facts, id) };
                    self.place(ExprRef::new(within, id)).as_ref() == Some(place)
                }
                _ => false,
            };
            if hit {
                found.push(ExprRef::new(FnRef { file, id: index.evaluator(facts, id) }, id));
            }
        }
    }

    /// A cheap test before the place of a binding is computed.
    fn may_alias(&self, binding: BindingRef, place: &Place, name: Sym) -> bool {
        if place.root == Root::Binding(binding) && place.path.is_empty() {
            return true;
        }
        let facts = self.facts(binding.file);
        let it = &facts.bindings[binding.id.index()];
        match it.kind {
            BindingKind::Param(n) if it.init == ExprId::NONE => {
                !self.args(FnRef { file: binding.file, id: it.function }, n).is_empty()
            }
            BindingKind::Import(_) => facts.sym(it.name) == name || facts.names.contains(name),
            BindingKind::Function(_) | BindingKind::Class(_) => false,
            _ => it.init.get().is_some_and(|init| {
                facts.sym(it.name) == name
                    || match facts.expr(init) {
                        Expr::Member(_, member) => facts.sym(member) == name,
                        Expr::Ident(other) => facts.sym(facts.bindings[other.index()].name) == name,
                        Expr::Logical(..) | Expr::Call(..) => true,
                        _ => false,
                    }
            }),
        }
    }

    fn binding_stands_for(&self, binding: BindingRef, _within: FnRef, place: &Place) -> bool {
        self.binding_place(binding, 0).as_ref() == Some(place)
    }

    /// The binding that an expression initializes.
    pub fn initialized_by(&self, expr: ExprRef) -> Option<BindingRef> {
        let id = self.index(expr.file()).initialized(expr.id)?;
        Some(BindingRef { file: expr.file(), id })
    }

    /// Uses of a binding in its own file.
    pub fn binding_uses(&self, binding: BindingRef) -> Vec<ExprRef> {
        let facts = self.facts(binding.file);
        let index = self.index(binding.file);
        let is_use = |(i, node): (usize, &crate::facts::Node)| {
            (node.expr == Expr::Ident(binding.id)).then(|| {
                let id = ExprId(i as u32);
                ExprRef::new(FnRef { file: binding.file, id: index.evaluator(facts, id) }, id)
            })
        };
        facts.nodes.iter().enumerate().filter_map(is_use).collect()
    }

    /// The expression around an expression.
    pub fn parent(&self, expr: ExprRef) -> Option<ExprRef> {
        match self.index(expr.file()).parent(expr.id) {
            Use::In(id) => Some(expr.with(id)),
            Use::Top => None,
        }
    }
}
