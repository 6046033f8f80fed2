//! Interned text of one file.
//!
//! A [`Name`] is an index into the file's own table; a [`Sym`] is a 64-bit hash of the text, equal across files, so that
//! linking compares names without a global table. (Two different names with one hash would at worst link two strangers;
//! at a million names the odds are below one in ten million.)

use serde::{Deserialize, Serialize};
use xxhash_rust::xxh3::xxh3_64;

/// A name of one file.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, Serialize, Deserialize)]
pub struct Name(pub u32);

impl Name {
    /// The empty name; stands for "no name".
    pub const EMPTY: Name = Name(0);

    /// The name as an index.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// A name of any file.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct Sym(pub u64);

impl Sym {
    /// The symbol of a text.
    pub fn of(text: &str) -> Sym {
        Sym(xxh3_64(text.as_bytes()))
    }
}

/// The table of names of one file.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(from = "Plain", into = "Plain")]
pub struct Names {
    text: String,
    ends: Vec<u32>,
    syms: Vec<Sym>,
    /// One bit per symbol, set for those that may be in the table.
    filter: Box<[u64]>,
}

/// Words of a filter: at the usual 250 names of a file it lets one in sixteen strangers pass.
const FILTER: usize = 64;

fn filter_bit(sym: Sym) -> (usize, u64) {
    ((sym.0 >> 6) as usize % FILTER, 1 << (sym.0 & 63))
}

fn filter(syms: &[Sym]) -> Box<[u64]> {
    let mut filter = vec![0; FILTER];
    for sym in syms {
        let (word, bit) = filter_bit(*sym);
        filter[word] |= bit;
    }
    filter.into()
}

impl Names {
    /// The text of a name.
    pub fn text(&self, name: Name) -> &str {
        let i = name.0 as usize;
        let start = if i == 0 { 0 } else { self.ends[i - 1] as usize };
        &self.text[start..self.ends[i] as usize]
    }

    /// The symbol of a name.
    pub fn sym(&self, name: Name) -> Sym {
        self.syms[name.0 as usize]
    }

    /// All symbols, in the order of the names.
    pub fn syms(&self) -> &[Sym] {
        &self.syms
    }

    /// Whether the file uses a name.
    pub fn contains(&self, sym: Sym) -> bool {
        self.find(sym).is_some()
    }

    /// The file's own name of a symbol.
    pub fn find(&self, sym: Sym) -> Option<Name> {
        // The filter spares most files the search.
        let (word, bit) = filter_bit(sym);
        if self.filter.get(word).is_none_or(|it| it & bit == 0) {
            return None;
        }
        self.syms.iter().position(|it| *it == sym).map(|i| Name(i as u32))
    }

    /// Number of names.
    pub fn len(&self) -> usize {
        self.ends.len()
    }

    /// Whether nothing was interned; never true once a [`NameTable`] was finished.
    pub fn is_empty(&self) -> bool {
        self.ends.is_empty()
    }
}

/// A table as it is stored: the rest follows from the text.
#[derive(Serialize, Deserialize)]
struct Plain {
    text: String,
    lengths: Vec<u32>,
}

impl From<Names> for Plain {
    fn from(names: Names) -> Plain {
        let starts = std::iter::once(0).chain(names.ends.iter().copied());
        let lengths = names.ends.iter().zip(starts).map(|(end, start)| end - start).collect();
        Plain { text: names.text, lengths }
    }
}

impl From<Plain> for Names {
    fn from(Plain { text, lengths }: Plain) -> Names {
        let mut names = Names { ends: Vec::with_capacity(lengths.len()), ..Names::default() };
        names.syms.reserve_exact(lengths.len());
        let mut start = 0_usize;
        for length in lengths {
            let end = start + length as usize;
            // Lengths that do not fit the text come from a broken file, whose checksum nobody should get past.
            names.syms.push(Sym::of(text.get(start..end).unwrap_or_default()));
            names.ends.push(end.min(text.len()) as u32);
            start = end;
        }
        names.filter = filter(&names.syms);
        names.text = text;
        names
    }
}

/// A table under construction: open addressing over the symbols, which are hashes already.
pub(crate) struct NameTable {
    names: Names,
    /// Names by symbol; a power of two of them, at most half in use.
    slots: Vec<u32>,
}

const VACANT: u32 = u32::MAX;

impl NameTable {
    /// A table that holds the empty name, with room for about so many.
    pub(crate) fn new(capacity: usize) -> Self {
        let names = Names {
            text: String::new(),
            ends: Vec::with_capacity(capacity),
            syms: Vec::with_capacity(capacity),
            filter: Box::default(),
        };
        let mut table = NameTable { names, slots: vec![VACANT; (capacity * 2).next_power_of_two().max(64)] };
        table.intern("");
        table
    }

    /// The name of a text.
    pub(crate) fn intern(&mut self, text: &str) -> Name {
        let sym = Sym::of(text);
        let slot = self.slot(sym);
        if self.slots[slot] != VACANT {
            return Name(self.slots[slot]);
        }
        let name = Name(self.names.ends.len() as u32);
        self.slots[slot] = name.0;
        self.names.text.push_str(text);
        self.names.ends.push(self.names.text.len() as u32);
        self.names.syms.push(sym);
        if self.names.syms.len() * 2 > self.slots.len() {
            self.grow();
        }
        name
    }

    /// The symbol's slot, or the vacant one where it belongs.
    fn slot(&self, sym: Sym) -> usize {
        let mask = self.slots.len() - 1;
        let mut at = sym.0 as usize & mask;
        while self.slots[at] != VACANT && self.names.syms[self.slots[at] as usize] != sym {
            at = (at + 1) & mask;
        }
        at
    }

    fn grow(&mut self) {
        self.slots = vec![VACANT; self.slots.len() * 2];
        for i in 0..self.names.syms.len() {
            let slot = self.slot(self.names.syms[i]);
            self.slots[slot] = i as u32;
        }
    }

    /// The text of a name.
    pub(crate) fn text(&self, name: Name) -> &str {
        self.names.text(name)
    }

    /// Number of names so far.
    pub(crate) fn len(&self) -> usize {
        self.names.len()
    }

    /// The finished table.
    pub(crate) fn finish(self) -> Names {
        let Names { text, ends, syms, .. } = self.names;
        let (text, ends, syms) = (text.as_str().to_owned(), ends.as_slice().to_vec(), syms.as_slice().to_vec());
        let filter = filter(&syms);
        Names { text, ends, syms, filter }
    }
}
