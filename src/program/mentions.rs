//! Which files mention a name: a bit matrix, so that asking where a place is used does not walk through all files.

use super::input::Unit;
use crate::facts::Sym;
use crate::text::FileId;

/// Rows per hash. At the usual 250 names of a file a row lets one in sixteen strangers pass, two rows one in 250.
const ROWS: usize = 4096;

/// One bit per row and file; each name owns two rows.
#[derive(Debug)]
pub(super) struct Mentions {
    bits: Vec<u64>,
    /// Words of a row.
    width: usize,
}

/// The two rows of a name: symbols are hashes already.
fn rows(name: Sym) -> [usize; 2] {
    [name.0 as usize % ROWS, ROWS + (name.0 >> 32) as usize % ROWS]
}

impl Mentions {
    /// The matrix of all files.
    pub(super) fn new(units: &[Unit]) -> Mentions {
        let width = units.len().div_ceil(64);
        let mut bits = vec![0; 2 * ROWS * width];
        for (file, unit) in units.iter().enumerate() {
            for name in unit.facts.names.syms() {
                for row in rows(*name) {
                    bits[row * width + file / 64] |= 1 << (file % 64);
                }
            }
        }
        Mentions { bits, width }
    }

    /// The files that may mention a name, in order: all that do, and a few others.
    pub(super) fn files(&self, name: Sym) -> impl Iterator<Item = FileId> + '_ {
        let [first, second] = rows(name).map(|row| &self.bits[row * self.width..(row + 1) * self.width]);
        first.iter().zip(second).enumerate().flat_map(|(at, (a, b))| Ones(a & b).map(move |bit| FileId((at * 64) as u32 + bit)))
    }
}

/// The positions of the bits that are set.
struct Ones(u64);

impl Iterator for Ones {
    type Item = u32;

    fn next(&mut self) -> Option<u32> {
        let at = (self.0 != 0).then(|| self.0.trailing_zeros())?;
        self.0 &= self.0 - 1;
        Some(at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{facts, syntax};

    #[test]
    fn a_name_leads_to_every_file_that_says_it_and_to_few_others() {
        let unit = |i: usize| {
            let text = format!("let own{i} = [shared, {}];", if i.is_multiple_of(7) { "seventh" } else { "other" });
            let path = format!("{i:03}.js");
            let facts = facts::extract(&syntax::parse(&path, &text).unwrap(), &text);
            Unit { path, facts: facts.into(), links: Vec::new() }
        };
        let units: Vec<Unit> = (0..200).map(unit).collect();
        let mentions = Mentions::new(&units);
        let files = |name| mentions.files(Sym::of(name)).map(|it| it.0 as usize).collect::<Vec<_>>();
        assert_eq!(files("shared").len(), 200);
        let sevenths = files("seventh");
        assert!((0..200).step_by(7).all(|i| sevenths.contains(&i)));
        assert!(sevenths.len() < 35 && files("own77").contains(&77) && files("own77").len() < 5);
        assert!(sevenths.is_sorted());
    }
}
