//! Places of a heap to places of the program, and back: by path, and through source maps.

use super::Project;
use crate::facts::{Facts, FnId, FunctionKind};
use crate::heap::path_of;
use crate::text::{FileId, LineIndex, Location};
use rustc_hash::FxHashMap;
use sourcemap::SourceMap;
use std::path::{Component, Path, PathBuf};

/// A script as a heap tells of it.
pub(super) struct Ran<'s> {
    pub(super) path: &'s str,
    /// The URL of its source map, as far as the heap has it.
    pub(super) map: Option<&'s str>,
    /// Its text, as far as the heap has it.
    pub(super) source: &'s str,
}

/// Where the scripts of a process lie in the program.
pub(super) struct Atlas<'a> {
    project: Project<'a>,
    /// By script path; scripts that are none of the program's are not listed.
    scripts: FxHashMap<String, Chart>,
    /// Files of which another text ran: they have changed since, or were compiled on the way in.
    stale: Vec<FileId>,
}

/// How positions of a script translate.
enum Chart {
    /// The script is a file of the program.
    Plain(FileId),
    /// The script was made from files of the program.
    Mapped(Box<Mapped>),
}

struct Mapped {
    map: SourceMap,
    /// The program's file, by source of the map.
    sources: Vec<Option<FileId>>,
    /// The script as it is on disk.
    text: String,
    lines: LineIndex,
}

impl<'a> Atlas<'a> {
    /// Charts scripts.
    pub(super) fn new<'s>(project: Project<'a>, scripts: impl Iterator<Item = Ran<'s>>) -> Atlas<'a> {
        let scripts: Vec<(String, Ran<'s>)> = scripts.map(|it| (path_of(it.path), it)).collect();
        let shown: FxHashMap<&str, FileId> =
            project.units.iter().enumerate().map(|(i, unit)| (unit.path.as_str(), FileId(i as u32))).collect();
        let root = home(&shown, project.root, scripts.iter().map(|it| it.0.as_str()));
        let file = |path: &str| shown.get(below(path, &root)?).copied();
        let mut charts = FxHashMap::default();
        let mut stale = Vec::new();
        for (path, ran) in scripts {
            let mapped = ran.map.filter(|it| !it.is_empty()).and_then(|it| chart(project, &path, it, &file));
            if let Some(mapped) = mapped {
                charts.insert(path, Chart::Mapped(Box::new(mapped)));
                continue;
            }
            let Some(file) = file(&path) else { continue };
            if (project.texts)(file).is_some_and(|it| is_text(ran.source, it.0)) {
                charts.insert(path, Chart::Plain(file));
            } else {
                stale.push(file);
            }
        }
        stale.sort_unstable();
        stale.dedup();
        Atlas { project, scripts: charts, stale }
    }

    /// Files of which another text ran, sorted.
    pub(super) fn stale(&self) -> &[FileId] {
        &self.stale
    }

    /// The place of the program that V8 speaks of, by script path, line and column from 0, in UTF-16 code units: the offset
    /// of a function or class as V8 counts them.
    pub(super) fn place(&self, script: &str, line: u32, column: u32) -> Option<(FileId, u32)> {
        match self.scripts.get(script)? {
            Chart::Plain(file) => {
                let (text, lines) = (self.project.texts)(*file)?;
                Some((*file, lines.offset(text, Location { line: line + 1, column: column + 1 })))
            }
            Chart::Mapped(mapped) => {
                let token = mapped.map.lookup_token(line, column).filter(|it| it.get_dst_line() == line)?;
                let file = (*mapped.sources.get(token.get_src_id() as usize)?)?;
                let (text, lines) = (self.project.texts)(file)?;
                let at = Location { line: token.get_src_line() + 1, column: token.get_src_col() + 1 };
                Some((file, anchor(&self.project.units[file.index()].facts, text, lines.offset(text, at))))
            }
        }
    }

    /// The paths of the scripts made of a file, each with the offset in UTF-16 code units of what a byte offset became.
    pub(super) fn generated(&self, file: FileId, offset: u32) -> Vec<(&str, u32)> {
        let Some((text, lines)) = (self.project.texts)(file) else { return Vec::new() };
        let mut found: Vec<(&str, u32)> = Vec::new();
        let mut scripts: Vec<_> = self.scripts.iter().collect();
        scripts.sort_by_key(|it| it.0);
        for (path, chart) in scripts {
            match chart {
                Chart::Plain(it) if *it == file => found.push((path, units(&text[..text.floor_char_boundary(offset as usize)]))),
                Chart::Mapped(mapped) => {
                    found.extend(mapped.generated(file, lines.location(text, offset)).map(|at| (path.as_str(), at)));
                }
                Chart::Plain(_) => {}
            }
        }
        found
    }

    /// Whether a file of the program ran as it is written.
    pub(super) fn is_plain(&self, file: FileId) -> bool {
        self.scripts.values().any(|it| matches!(it, Chart::Plain(plain) if *plain == file))
    }

    /// The path of a script of the program.
    pub(super) fn scripts_of(&self, file: FileId) -> impl Iterator<Item = &str> {
        let mut paths: Vec<&str> = self
            .scripts
            .iter()
            .filter(move |(_, chart)| match chart {
                Chart::Plain(it) => *it == file,
                Chart::Mapped(mapped) => mapped.sources.contains(&Some(file)),
            })
            .map(|it| it.0.as_str())
            .collect();
        paths.sort_unstable();
        paths.into_iter()
    }
}

impl Mapped {
    /// What a place of a source became: the last thing on its line that starts no later.
    fn generated(&self, file: FileId, at: Location) -> Option<u32> {
        let (line, column) = (at.line - 1, at.column - 1);
        let of_line = self.map.tokens().filter(|it| {
            self.sources.get(it.get_src_id() as usize) == Some(&Some(file))
                && it.get_src_line() == line
                && it.get_src_col() <= column
        });
        let token = of_line.max_by_key(|it| (it.get_src_col(), std::cmp::Reverse(it.get_dst())))?;
        let at = Location { line: token.get_dst_line() + 1, column: token.get_dst_col() + 1 };
        Some(units(&self.text[..self.lines.offset(&self.text, at) as usize]))
    }
}

fn units(text: &str) -> u32 {
    text.chars().map(|it| it.len_utf16() as u32).sum()
}

/// The folder that the program's paths start from, in the process: the project's own, or for a heap from elsewhere the one
/// under which most scripts are files of the program.
fn home<'s>(shown: &FxHashMap<&str, FileId>, root: &Path, scripts: impl Iterator<Item = &'s str> + Clone) -> String {
    let own = root.to_string_lossy().replace('\\', "/");
    let own = own.trim_end_matches('/').to_owned();
    if scripts.clone().any(|it| below(it, &own).is_some_and(|it| shown.contains_key(it))) {
        return own;
    }
    let mut votes: std::collections::BTreeMap<&str, usize> = std::collections::BTreeMap::new();
    for script in scripts.filter(|it| !it.contains("/node_modules/")) {
        for (at, _) in script.match_indices('/').filter(|(at, _)| shown.contains_key(&script[at + 1..])) {
            *votes.entry(&script[..at]).or_default() += 1;
        }
    }
    votes.into_iter().max_by_key(|(root, votes)| (*votes, std::cmp::Reverse(root.len()))).map_or(own, |it| it.0.to_owned())
}

fn below<'p>(path: &'p str, root: &str) -> Option<&'p str> {
    path.strip_prefix(root)?.strip_prefix('/')
}

/// Reads a script's map, and finds its sources among the program's files.
fn chart(project: Project<'_>, script: &str, url: &str, file: &dyn Fn(&str) -> Option<FileId>) -> Option<Mapped> {
    let text = String::from_utf8((project.read)(Path::new(script))?).ok()?;
    let map = if url.starts_with("data:") {
        // The heap has only the start of long strings.
        let at = text.rfind("sourceMappingURL=data:")? + "sourceMappingURL=".len();
        sourcemap::decode_data_url(text[at..].split_whitespace().next()?).ok()?
    } else {
        sourcemap::decode_slice(&(project.read)(&joined(Path::new(script).parent()?, url))?).ok()?
    };
    let map = match map {
        sourcemap::DecodedMap::Regular(map) => map,
        sourcemap::DecodedMap::Index(index) => index.flatten().ok()?,
        sourcemap::DecodedMap::Hermes(_) => return None,
    };
    let folder = if url.starts_with("data:") {
        Path::new(script).parent()?.to_owned()
    } else {
        joined(Path::new(script).parent()?, url).parent()?.to_owned()
    };
    let source = |it: &str| file(&joined(&folder, &path_of(it)).to_string_lossy().replace('\\', "/"));
    let sources: Vec<Option<FileId>> = map.sources().map(source).collect();
    let lines = LineIndex::new(&text);
    sources.iter().any(Option::is_some).then_some(Mapped { map, sources, text, lines })
}

/// Whether a script is a file's text, as far as its start tells. Where Node blanks types out, the rest stays in its place.
fn is_text(script: &str, file: &str) -> bool {
    let whole = |text: &'_ str| text.trim_start_matches('\u{feff}').to_owned();
    let (script, file) = (whole(script), whole(file));
    let same = script.chars().zip(file.chars()).all(|(ran, written)| ran == written || ran.is_whitespace());
    same && script.chars().count() <= file.chars().count()
}

/// A path from a folder, `.` and `..` resolved by name.
fn joined(folder: &Path, path: &str) -> PathBuf {
    let mut whole = PathBuf::new();
    for part in folder.join(path).components() {
        match part {
            Component::ParentDir => {
                whole.pop();
            }
            Component::CurDir => {}
            _ => whole.push(part),
        }
    }
    whole
}

/// Words before `class`.
const MODIFIERS: [&str; 4] = ["export", "default", "abstract", "declare"];

/// Where V8 says that the function or class around an offset is. Maps speak of names and keywords, V8 of parameter lists.
fn anchor(facts: &Facts, text: &str, offset: u32) -> u32 {
    // A constructor that nobody wrote is mapped to the start of the declaration.
    let opens = |it: &&crate::facts::Class| {
        let before = text.get(offset as usize..it.start as usize).unwrap_or_default();
        before.starts_with('@') || before.split_whitespace().all(|it| MODIFIERS.contains(&it)) && !before.is_empty()
    };
    let next = facts.classes.iter().filter(|it| it.start > offset).min_by_key(|it| it.start);
    if let Some(class) = next.filter(opens) {
        return of_class(facts, class.constructor, class.start);
    }
    let real =
        |id: &usize| !matches!(facts.functions[*id].kind, FunctionKind::Module | FunctionKind::Fields | FunctionKind::Statics);
    let around = |start: u32, end: u32| start <= offset && offset < end;
    let functions =
        (0..facts.functions.len()).filter(real).filter(|id| around(facts.functions[*id].start, facts.functions[*id].end));
    let innermost = functions.min_by_key(|id| facts.functions[*id].end - facts.functions[*id].start);
    let classes = facts.classes.iter().filter(|it| around(it.start, it.end));
    let class = classes.min_by_key(|it| it.end - it.start);
    match (innermost, class) {
        (Some(id), Some(class)) if class.start > facts.functions[id].start => of_class(facts, class.constructor, class.start),
        (None, Some(class)) => of_class(facts, class.constructor, class.start),
        (Some(id), _) => facts.functions[id].v8_start,
        (None, None) => offset,
    }
}

fn of_class(facts: &Facts, constructor: FnId, start: u32) -> u32 {
    constructor.get().map_or(start, |it| facts.functions[it.index()].v8_start)
}

#[cfg(test)]
mod tests {
    use super::{is_text, joined};
    use std::path::Path;

    #[test]
    fn a_script_is_its_file_if_it_starts_like_it() {
        assert!(is_text("const a = 1;", "const a = 1;\nconst b = 2;"));
        assert!(is_text("", "const a = 1;"));
        assert!(is_text("const a         = 1;", "\u{feff}const a: number = 1;"));
        assert!(!is_text("const a = 2;", "const a = 1;"));
        assert!(!is_text("const a = 1;\nconst b = 2;", "const a = 1;"));
    }

    #[test]
    fn sources_are_found_from_the_map() {
        assert_eq!(joined(Path::new("/srv/dist"), "../src/./a.ts"), Path::new("/srv/src/a.ts"));
    }
}
