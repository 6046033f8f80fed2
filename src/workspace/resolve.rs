//! Where each import leads.
//!
//! In come the run's files, its `package.json`s and its `tsconfig.json`s; nothing is asked of the disk. Relative paths are
//! hash lookups; only `exports` and `imports` maps go through the resolver crate.

use std::sync::Arc;

use rayon::prelude::*;
use rustc_hash::FxHashMap;

use crate::facts::{Facts, Name, Sym};
use crate::program::Target;
use crate::text::FileId;

use super::builtins::is_builtin;
use super::files::FileIndex;
use super::packages::{Package, Packages};
use super::paths;
use super::tsconfig::Aliases;

/// Resolves specifiers.
pub(super) struct Resolver {
    pub(super) index: Arc<FileIndex>,
    pub(super) packages: Packages,
    /// `paths` and `baseUrl` by the key of the folder whose configuration gives them; `None` where one gives nothing.
    pub(super) aliases: FxHashMap<String, Option<Aliases>>,
}

/// What holds for all files of a folder.
struct Place<'a> {
    folder: &'a str,
    aliases: Option<&'a Aliases>,
    package: Option<&'a Package>,
}

/// A file whose imports are to be resolved.
pub(super) struct Importer<'a> {
    pub(super) key: &'a str,
    pub(super) facts: &'a Facts,
    pub(super) specifiers: &'a [Name],
}

impl Resolver {
    /// Resolves the imports of all files, which come sorted by path; folder by folder, in parallel.
    pub(super) fn links(&self, files: &[Importer<'_>]) -> Vec<Vec<(Sym, Target)>> {
        let chunks: Vec<&[Importer<'_>]> = files.chunk_by(|a, b| paths::folder(a.key) == paths::folder(b.key)).collect();
        let solved: Vec<Vec<Vec<(Sym, Target)>>> = chunks.par_iter().map(|chunk| self.links_of_folder(chunk)).collect();
        solved.into_iter().flatten().collect()
    }

    fn links_of_folder(&self, files: &[Importer<'_>]) -> Vec<Vec<(Sym, Target)>> {
        let place = self.place(paths::folder(files[0].key));
        let mut known: FxHashMap<Sym, Target> = FxHashMap::default();
        let mut links_of = |file: &Importer<'_>| {
            let one = |&name: &Name| {
                let sym = file.facts.sym(name);
                let target = known.entry(sym).or_insert_with(|| self.target(&place, file.facts.text(name)));
                (sym, target.clone())
            };
            file.specifiers.iter().map(one).collect()
        };
        files.iter().map(&mut links_of).collect()
    }

    fn place<'a>(&'a self, folder: &'a str) -> Place<'a> {
        let aliases = paths::upwards(folder).find_map(|it| self.aliases.get(it)).and_then(Option::as_ref);
        Place { folder, aliases, package: self.packages.around(folder).next() }
    }

    #[cfg(test)]
    pub(super) fn resolve(&self, from: &str, specifier: &str) -> Target {
        self.target(&self.place(paths::folder(from)), specifier)
    }

    fn target(&self, place: &Place<'_>, written: &str) -> Target {
        let specifier = bare_of_decorations(written);
        if specifier.starts_with("./") || specifier.starts_with("../") || matches!(specifier, "." | "..") {
            return file_or_missing(self.relative(place.folder, specifier));
        }
        if specifier.starts_with('/') {
            return file_or_missing(self.index.module(specifier));
        }
        if specifier.is_empty() {
            return Target::Missing;
        }
        if specifier.starts_with('#') {
            let mapped = self.packages.private_import(place.folder, specifier).or_else(|| self.aliased(place, specifier));
            return file_or_missing(mapped);
        }
        if let Some(name) = specifier.strip_prefix("node:") {
            return Target::Package(format!("node:{name}"));
        }
        if is_builtin(specifier) {
            return Target::Package(format!("node:{specifier}"));
        }
        match self.aliased(place, specifier).or_else(|| self.of_package(place, specifier)) {
            Some(file) => Target::File(file),
            None => Target::Package(normalized(specifier)),
        }
    }

    fn relative(&self, folder: &str, specifier: &str) -> Option<FileId> {
        let key = paths::join(folder, specifier)?;
        let is_folder = specifier.ends_with('/') || specifier.ends_with('.');
        let file = if is_folder { None } else { self.index.file(&key) };
        let entry = || self.packages.entry(self.packages.at(&key)?);
        // The last resort is a path into a build's output that is not part of the run.
        file.or_else(entry).or_else(|| self.index.index_of(&key)).or_else(|| self.index.source_of(&key))
    }

    /// Aliases of configurations, then those that only bundlers know and nobody uses otherwise.
    fn aliased(&self, place: &Place<'_>, specifier: &str) -> Option<FileId> {
        if let Some(aliases) = place.aliases {
            let mapped = aliases.mapped(specifier).iter().find_map(|key| self.index.source_of(key));
            if let Some(file) = mapped.or_else(|| self.index.module(&aliases.based(specifier)?)) {
                return Some(file);
            }
        }
        let package = place.package?;
        self.module_alias(package, specifier).or_else(|| {
            let rest = specifier.strip_prefix("@/").or_else(|| specifier.strip_prefix("~/"))?;
            self.below(package, &["src", "", "app"], rest)
        })
    }

    /// `_moduleAliases` of the npm package `module-alias`.
    fn module_alias(&self, package: &Package, specifier: &str) -> Option<FileId> {
        let aliases = package.json.get("_moduleAliases")?.as_object()?;
        aliases.iter().find_map(|(alias, target)| {
            let rest = specifier.strip_prefix(alias.as_str())?;
            if !rest.is_empty() && !rest.starts_with('/') {
                return None;
            }
            let folder = paths::join(&package.folder, target.as_str()?)?;
            self.index.source_of(&paths::join(&folder, rest)?)
        })
    }

    fn of_package(&self, place: &Place<'_>, specifier: &str) -> Option<FileId> {
        let (name, subpath) = split_name(specifier);
        if let Some(package) = self.packages.named(name) {
            return if subpath.is_empty() { self.packages.entry(package) } else { self.packages.subpath(package, subpath) };
        }
        // `require("models/user")` with NODE_PATH or a bundler's root: only for what no manifest declares.
        let package = place.package?;
        if subpath.is_empty() || name.starts_with('@') || self.packages.around(place.folder).any(|it| it.depends_on(name)) {
            return None;
        }
        self.below(package, &["", "src"], specifier)
    }

    fn below(&self, package: &Package, folders: &[&str], path: &str) -> Option<FileId> {
        folders.iter().find_map(|folder| {
            let base = paths::join(&package.folder, folder)?;
            self.index.module(&paths::join(&base, path)?)
        })
    }
}

fn file_or_missing(file: Option<FileId>) -> Target {
    file.map_or(Target::Missing, Target::File)
}

/// Without a loader's prefix (`raw-loader!./a`) and a bundler's query (`./a?worker`).
fn bare_of_decorations(specifier: &str) -> &str {
    let path = specifier.rsplit('!').next().unwrap_or(specifier);
    path.split('?').next().unwrap_or(path)
}

/// The package's name and the path in it: `@a/b/c` is `@a/b`, `c`.
fn split_name(specifier: &str) -> (&str, &str) {
    let from = if specifier.starts_with('@') { specifier.find('/').map_or(specifier.len(), |at| at + 1) } else { 0 };
    match specifier[from..].find('/') {
        Some(at) => (&specifier[..from + at], specifier[from + at + 1..].trim_end_matches('/')),
        None => (specifier, ""),
    }
}

/// One name for the ways to write a package: `lodash/memoize.js`, `lodash/memoize/`, `npm:lodash@4/memoize`.
fn normalized(specifier: &str) -> String {
    let path = specifier.strip_prefix("npm:").or_else(|| specifier.strip_prefix("jsr:"));
    if path.unwrap_or(specifier).contains(':') {
        return specifier.to_owned();
    }
    let (mut name, subpath) = split_name(path.unwrap_or(specifier).trim_start_matches('/'));
    if path.is_some() {
        name = name.rfind('@').filter(|&at| at > 0).map_or(name, |version| &name[..version]);
    }
    let subpath = [".js", ".mjs", ".cjs"].iter().find_map(|it| subpath.strip_suffix(it)).unwrap_or(subpath);
    let subpath = subpath.strip_suffix("/index").unwrap_or(subpath);
    if subpath.is_empty() || subpath == "index" { name.to_owned() } else { format!("{name}/{subpath}") }
}
