//! Names that may be printed. Property names and map keys of a heap are session ids and e-mail addresses: a name is printed
//! only if the program's source uses it (or it is the platform's own, which `heap` knows).

use crate::facts::Sym;
use crate::program::Unit;

/// Whether the program's source uses a name.
pub(super) fn knows(units: &[Unit], name: &str) -> bool {
    let sym = Sym::of(name);
    units.iter().any(|unit| unit.facts.names.contains(sym))
}
