//! Every use of a place, program-wide.

use super::depth::Depth;
use super::mentions::Mentions;
use super::refs::{BindingRef, ExprRef, FnRef};
use super::{Place, Program, Root, Use};
use crate::facts::{BindingId, BindingKind, Expr, ExprId, Name, Sym};
use crate::text::FileId;
use rustc_hash::FxHashMap;
use std::sync::{Arc, PoisonError};

/// Things of a file by the place that they stand for.
pub(super) type ByPlace<T> = FxHashMap<Place, Vec<T>>;

impl Program<'_> {
    /// The expressions that stand for a place, in file order: its own name, members of that name, aliases, and parameters
    /// that call sites always fill with it.
    pub fn uses(&self, place: &Place) -> Vec<ExprRef> {
        let Some(name) = self.place_name(place) else { return self.uses_of_unnamed(place) };
        let mut found = Vec::new();
        match place.root {
            // A binding inside a function is seen by its own file only.
            Root::Binding(binding) if !self.is_top_level(binding) => self.uses_in(binding.file, place, name, &mut found),
            _ => {
                let mentions = self.mentions.get_or_init(|| Mentions::new(self.units()));
                let files = mentions.files(name).filter(|it| self.facts(*it).names.contains(name));
                files.for_each(|file| self.uses_in(file, place, name, &mut found));
            }
        }
        found
    }

    /// What is made without a name of its own (`module.exports = new Map()`) is used by the names that others give it.
    fn uses_of_unnamed(&self, place: &Place) -> Vec<ExprRef> {
        let of_file = |file: FileId| {
            let aliases = self.aliases(file).get(place).cloned().unwrap_or_default();
            aliases.into_iter().flat_map(move |id| self.binding_uses(BindingRef { file, id }))
        };
        self.files().flat_map(of_file).collect()
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
            Root::Made(file, id) => self.given_name(file, id),
            _ => None,
        }
    }

    /// The name under which a literal is first stored: `exports.users = []`, `config.users = []`.
    fn given_name(&self, file: FileId, id: ExprId) -> Option<Sym> {
        let facts = self.facts(file);
        let mut at = id;
        while let Use::In(parent) = self.index(file).parent(at) {
            match facts.expr(parent) {
                Expr::Assign(_, target, value) if value == at => match facts.expr(target) {
                    Expr::Member(_, name) => return Some(facts.sym(name)),
                    _ => return None,
                },
                Expr::Object { .. } => {
                    let own = facts.properties(facts.expr(parent)).iter().find(|it| it.value == at)?;
                    return Some(facts.sym(own.name));
                }
                Expr::Logical(..) => at = parent,
                _ => return None,
            }
        }
        None
    }

    /// Whether a binding belongs to a module body.
    pub fn is_top_level(&self, binding: BindingRef) -> bool {
        self.facts(binding.file).bindings[binding.id.index()].function == crate::facts::FnId::MODULE
    }

    fn uses_in(&self, file: FileId, place: &Place, name: Sym, found: &mut Vec<ExprRef>) {
        let facts = self.facts(file);
        let index = self.index(file);
        let from = found.len();
        let at = |id| ExprRef::new(FnRef { file, id: index.evaluator(facts, id) }, id);
        let own = match place.root {
            Root::Binding(binding) if binding.file == file && place.path.is_empty() => Some(binding.id),
            _ => None,
        };
        let aliases = self.aliases(file).get(place).map_or(&[][..], Vec::as_slice);
        for &binding in own.iter().chain(aliases) {
            found.extend(index.idents(binding).map(at));
        }
        if let Some(local) = facts.names.find(name) {
            let members = self.members_by_place(file, local);
            found.extend(members.get(place).into_iter().flatten().copied().map(at));
            if place.root == Root::Global(name) && place.path.is_empty() {
                let free = facts.nodes.iter().enumerate().filter(|(_, node)| node.expr == Expr::Free(local));
                found.extend(free.map(|(i, _)| at(ExprId(i as u32))));
            }
        }
        found[from..].sort();
        let mut last = None;
        let mut kept = from;
        for i in from..found.len() {
            if last != Some(found[i]) {
                last = Some(found[i]);
                found[kept] = found[i];
                kept += 1;
            }
        }
        found.truncate(kept);
    }

    /// The member expressions of a name in a file, by what they stand for: fields of one name are asked for one by one.
    fn members_by_place(&self, file: FileId, name: Name) -> Arc<ByPlace<ExprId>> {
        let kept = || self.members_of[file.index()].lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(members) = kept().get(&name) {
            return members.clone();
        }
        let mut members: ByPlace<ExprId> = FxHashMap::default();
        for id in self.index(file).members(name) {
            if let Some(place) = self.place(ExprRef::new(self.evaluator(file, id), id)) {
                members.entry(place).or_default().push(id);
            }
        }
        kept().entry(name).or_insert_with(|| members.into()).clone()
    }

    /// The bindings of a file that stand for a place other than themselves.
    fn aliases(&self, file: FileId) -> &ByPlace<BindingId> {
        self.aliases[file.index()].get_or_init(|| {
            let mut aliases: ByPlace<BindingId> = FxHashMap::default();
            for id in (0..self.facts(file).bindings.len() as u32).map(BindingId) {
                let binding = BindingRef { file, id };
                if !self.may_alias(binding) {
                    continue;
                }
                if let Some(place) = self.binding_place(binding, Depth::TOP)
                    && place.root != Root::Binding(binding)
                {
                    aliases.entry(place).or_default().push(id);
                }
            }
            aliases
        })
    }

    /// A cheap test before the place of a binding is computed.
    fn may_alias(&self, binding: BindingRef) -> bool {
        let facts = self.facts(binding.file);
        let it = &facts.bindings[binding.id.index()];
        match it.kind {
            BindingKind::Param(n) if it.init == ExprId::NONE => {
                !self.args(FnRef { file: binding.file, id: it.function }, n).is_empty()
            }
            BindingKind::Import(_) => true,
            BindingKind::Function(_) | BindingKind::Class(_) => false,
            _ if it.writes > 0 => {
                let init = it.init.get().map(|init| facts.expr(init));
                it.writes < 3 && matches!(init, Some(Expr::Call(..) | Expr::Index(..)))
            }
            _ => it.init.get().is_some_and(|init| {
                matches!(
                    facts.expr(init),
                    Expr::Member(..)
                        | Expr::Ident(_)
                        | Expr::Logical(..)
                        | Expr::Call(..)
                        | Expr::Await(_)
                        | Expr::Index(..)
                        | Expr::ElementOf(_)
                        | Expr::This
                        | Expr::Assign(..)
                )
            }),
        }
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
        let at = |id| ExprRef::new(FnRef { file: binding.file, id: index.evaluator(facts, id) }, id);
        index.idents(binding.id).map(at).collect()
    }

    /// The expression around an expression.
    pub fn parent(&self, expr: ExprRef) -> Option<ExprRef> {
        match self.index(expr.file()).parent(expr.id) {
            Use::In(id) => Some(expr.with(id)),
            Use::Top => None,
        }
    }
}
