//! What is reached from a function by calls, and from a shape by inheritance.

use super::Program;
use super::refs::{FnRef, Shape};
use rustc_hash::FxHashSet;

impl Program<'_> {
    /// What a call of a function may run: its closures run on its behalf only through these. `None` if it is too much.
    pub(super) fn reach(&self, f: FnRef) -> Option<FxHashSet<FnRef>> {
        let mut found = FxHashSet::default();
        let mut open = vec![f];
        while let Some(f) = open.pop() {
            if found.insert(f) {
                open.extend(self.callees(f).map(|edge| edge.callee));
            }
            if found.len() > 2000 {
                return None;
            }
        }
        Some(found)
    }

    /// A shape and those that extend it.
    pub(super) fn derived(&self, shape: Shape) -> Vec<Shape> {
        let mut found = vec![shape];
        let mut i = 0;
        while i < found.len() {
            let base = found[i];
            let direct = self.tables.bases.iter().filter(|(_, it)| matches!(it, super::Base::Shape(it) if *it == base));
            let direct: Vec<Shape> = direct.map(|it| *it.0).filter(|it| !found.contains(it)).collect();
            found.extend(direct);
            i += 1;
        }
        found
    }
}
