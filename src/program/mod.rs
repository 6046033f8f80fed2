//! All facts and models, linked: modules, calls, roles, freshness, coverage, summaries.

mod input;

use crate::rulebook::Rulebook;
pub use input::{Manifest, StartCommand, StartKind, Target, Unit};

/// The linked program.
#[derive(Debug)]
pub struct Program<'a> {
    /// Its files, by file id.
    pub units: &'a [Unit],
    /// Rules and models.
    pub rulebook: &'a Rulebook,
}

/// Links files into a program.
pub fn link<'a>(units: &'a [Unit], manifests: &'a [Manifest], rulebook: &'a Rulebook) -> Program<'a> {
    let _ = manifests;
    Program { units, rulebook }
}
