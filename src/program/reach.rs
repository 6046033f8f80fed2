//! What is reached from a function by calls, and from a shape by inheritance.

use super::refs::{FnRef, Shape};
use super::{Base, Program};
use rustc_hash::{FxHashMap, FxHashSet};

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
            let direct = self.heirs().get(&found[i]).map_or(&[][..], Vec::as_slice);
            for shape in direct {
                if !found.contains(shape) {
                    found.push(*shape);
                }
            }
            i += 1;
        }
        found
    }

    /// The shapes that extend each shape directly.
    fn heirs(&self) -> &FxHashMap<Shape, Vec<Shape>> {
        self.heirs.get_or_init(|| {
            let mut heirs: FxHashMap<Shape, Vec<Shape>> = FxHashMap::default();
            let extended = self.tables.bases.iter().filter_map(|(shape, base)| match base {
                Base::Shape(base) => Some((*base, *shape)),
                Base::Type(_) | Base::Outside => None,
            });
            extended.for_each(|(base, shape)| heirs.entry(base).or_default().push(shape));
            heirs
        })
    }
}
