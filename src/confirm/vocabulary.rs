//! Names that may be printed. Property names and map keys of a heap are session ids and e-mail addresses: a name is printed
//! only if the program's source uses it, or a package's that it loaded (or it is the platform's own, which `heap` knows).

use super::Project;
use crate::facts::Sym;
use crate::program::Unit;
use rustc_hash::FxHashSet;
use std::path::Path;

/// Bytes of scripts that are read for their names.
const MOST: usize = 64 << 20;

/// Whether the program's source uses a name.
pub(super) fn knows(units: &[Unit], name: &str) -> bool {
    let sym = Sym::of(name);
    units.iter().any(|unit| unit.facts.names.contains(sym))
}

/// The names of properties in scripts: behind a dot or before a colon. Not the words of texts and lists.
pub(super) fn names_in_scripts<'s>(project: Project<'_>, scripts: impl Iterator<Item = &'s str>) -> FxHashSet<String> {
    let mut names = FxHashSet::default();
    let mut left = MOST;
    for text in scripts.filter_map(|it| (project.read)(Path::new(it))) {
        let Some(less) = left.checked_sub(text.len()) else { break };
        left = less;
        add_names(&text, &mut names);
    }
    names
}

fn add_names(text: &[u8], names: &mut FxHashSet<String>) {
    let is_word = |it: &u8| it.is_ascii_alphanumeric() || matches!(it, b'_' | b'$');
    let mut at = 0;
    while at < text.len() {
        let length = text[at..].iter().take_while(|it| is_word(it)).count();
        let word = &text[at..at + length];
        let before = at.checked_sub(1).map(|it| text[it]);
        at += length;
        let is_property = before == Some(b'.') || text.get(at) == Some(&b':');
        if is_property && (2..=64).contains(&length) && !word[0].is_ascii_digit() {
            names.insert(String::from_utf8_lossy(word).into_owned());
        }
        at += usize::from(length == 0);
    }
}

#[cfg(test)]
mod tests {
    use super::add_names;

    #[test]
    fn properties_are_names_and_words_of_texts_are_not() {
        let mut names = rustc_hash::FxHashSet::default();
        add_names(b"app.handle = { stack: [], path }; const users = ['alice', 'bob'] // see mail\n", &mut names);
        let mut names: Vec<String> = names.into_iter().collect();
        names.sort();
        assert_eq!(names, ["handle", "stack"]);
    }
}
