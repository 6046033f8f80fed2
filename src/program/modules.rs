//! Imports and exports, linked.

use super::depth::Depth;
use super::input::Target;
use super::kept::Answers;
use super::refs::{ExprRef, FnRef};
use super::value::Value;
use super::{MAX_DEPTH, Program};
use crate::facts::{BindingKind, ExportSource, Facts, Imported, Name, Sym};
use crate::text::FileId;

impl Program<'_> {
    /// Where a specifier of a file leads.
    pub fn target(&self, file: FileId, specifier: Name) -> &Target {
        let unit = self.unit(file);
        let sym = unit.facts.sym(specifier);
        unit.links.iter().find(|(it, _)| *it == sym).map_or(&Target::Missing, |(_, target)| target)
    }

    /// The namespace of a module, as `require` or `import *` sees it.
    pub(super) fn module_value(&self, file: FileId, specifier: Name, depth: Depth<'_>) -> Value {
        match self.target(file, specifier) {
            Target::File(file) => self.required(*file, depth),
            Target::Package(name) => self.paths.module(name).map_or(Value::Outside, Value::Path),
            Target::Missing => Value::Unknown,
        }
    }

    /// What `require` of a file yields: what it assigns to `module.exports`, or its namespace.
    fn required(&self, file: FileId, depth: Depth<'_>) -> Value {
        match self.find_export(file, self.words.entry, depth) {
            Some(export) => match self.eval_at(export, depth + 1) {
                Value::Unknown => Value::Module(file),
                value => value,
            },
            None => Value::Module(file),
        }
    }

    /// The value of an imported binding.
    pub(super) fn import_value(&self, file: FileId, import: u32, depth: Depth<'_>) -> Value {
        let facts = self.facts(file);
        let import = facts.imports[import as usize];
        match import.imported {
            Imported::Namespace => self.module_value(file, import.module, depth),
            Imported::Effect => Value::Unknown,
            Imported::Name(name) => {
                let sym = facts.sym(name);
                match self.target(file, import.module) {
                    Target::File(file) => self.export_value(*file, sym, depth + 1),
                    Target::Package(package) => match self.paths.module(package) {
                        Some(path) if sym == self.words.default => Value::Path(path),
                        Some(path) => self.paths.member(path, sym).map_or(Value::Outside, Value::Path),
                        None => Value::Outside,
                    },
                    Target::Missing => Value::Unknown,
                }
            }
        }
    }

    /// The value of a named export. A default import of a CommonJS module is what it assigns to `module.exports`.
    pub(super) fn export_value(&self, file: FileId, name: Sym, depth: Depth<'_>) -> Value {
        if depth > MAX_DEPTH {
            return Value::Unknown;
        }
        if let Some(export) = self.find_export(file, name, depth) {
            return self.eval_at(export, depth + 1);
        }
        if name == self.words.default {
            return self.required(file, depth);
        }
        match self.find_export(file, self.words.entry, depth) {
            Some(export) => {
                let object = self.eval_at(export, depth + 1);
                self.member_value(object, name, depth + 1)
            }
            None => self.outside_export(file, name, depth),
        }
    }

    /// An export that a file passes on from a package.
    fn outside_export(&self, file: FileId, name: Sym, depth: Depth<'_>) -> Value {
        let facts = self.facts(file);
        for export in &facts.exports {
            let (specifier, member) = match export.source {
                ExportSource::From(specifier, member) if facts.sym(export.name) == name => (specifier, facts.sym(member)),
                ExportSource::AllOf(specifier) => (specifier, name),
                ExportSource::NamespaceOf(specifier) if facts.sym(export.name) == name => {
                    return self.module_value(file, specifier, depth);
                }
                _ => continue,
            };
            if let Target::Package(package) = self.target(file, specifier)
                && let Some(path) = self.paths.module(package)
            {
                let found = if member == self.words.default { Some(path) } else { self.paths.member(path, member) };
                if let Some(found) = found {
                    return Value::Path(found);
                }
            }
        }
        Value::Unknown
    }

    /// The expression, or the initializer of the binding, that a file exports under a name; through barrels.
    pub(super) fn find_export(&self, file: FileId, name: Sym, depth: Depth<'_>) -> Option<Exported> {
        if depth > MAX_DEPTH {
            return None;
        }
        let facts = self.facts(file);
        let within = FnRef::module(file);
        let exports = self.exports(file);
        let mut last = None;
        for &export in exports.named(name) {
            let export = facts.exports[export as usize];
            match export.source {
                ExportSource::AllOf(_) => {}
                ExportSource::Binding(id) => return Some(Exported::Binding(super::refs::BindingRef { file, id })),
                ExportSource::Expr(id) => last = Some(Exported::Expr(ExprRef::new(within, id))),
                ExportSource::From(specifier, member) => {
                    if let Target::File(other) = self.target(file, specifier) {
                        return self.find_export(*other, facts.sym(member), depth + 1);
                    }
                }
                ExportSource::NamespaceOf(specifier) => {
                    if let Target::File(other) = self.target(file, specifier) {
                        return Some(Exported::Module(*other));
                    }
                }
            }
        }
        if last.is_some() || name == self.words.default || exports.stars.is_empty() {
            return last;
        }
        exports.passed_on.get_or_find(name, depth, |depth| {
            exports.stars.iter().find_map(|&specifier| match self.target(file, specifier) {
                Target::File(other) => self.find_export(*other, name, depth + 1),
                _ => None,
            })
        })
    }

    fn exports(&self, file: FileId) -> &Exports {
        self.exports[file.index()].get_or_init(|| Exports::new(self.facts(file)))
    }

    fn eval_at(&self, exported: Exported, depth: Depth<'_>) -> Value {
        match exported {
            Exported::Binding(binding) => self.binding_value(binding, depth),
            Exported::Expr(expr) => self.eval_deep(expr, depth),
            Exported::Module(file) => Value::Module(file),
        }
    }

    /// Whether the binding is an import.
    pub fn is_import(&self, binding: super::refs::BindingRef) -> bool {
        matches!(self.facts(binding.file).bindings[binding.id.index()].kind, BindingKind::Import(_))
    }
}

/// The exports of one file by name.
#[derive(Debug)]
pub(super) struct Exports {
    /// Sorted by name, then as written.
    names: Vec<Sym>,
    /// Indexes into `Facts::exports`, beside the names.
    indexes: Vec<u32>,
    /// The modules of `export *`, as written.
    stars: Vec<Name>,
    /// What they give for the names that were asked for: barrels of barrels would be searched again and again.
    passed_on: Answers<Sym, Option<Exported>>,
}

impl Exports {
    fn new(facts: &Facts) -> Exports {
        let mut named = Vec::with_capacity(facts.exports.len());
        let mut stars = Vec::new();
        for (i, export) in facts.exports.iter().enumerate() {
            match export.source {
                ExportSource::AllOf(specifier) => stars.push(specifier),
                _ => named.push((facts.sym(export.name), i as u32)),
            }
        }
        named.sort_unstable();
        let (names, indexes) = named.into_iter().unzip();
        Exports { names, indexes, stars, passed_on: Answers::default() }
    }

    /// The exports under a name, as written.
    fn named(&self, name: Sym) -> &[u32] {
        let from = self.names.partition_point(|it| *it < name);
        let count = self.names[from..].iter().take_while(|it| **it == name).count();
        &self.indexes[from..from + count]
    }
}

/// What stands behind an export.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Exported {
    /// A binding.
    Binding(super::refs::BindingRef),
    /// An expression of the module body.
    Expr(ExprRef),
    /// The namespace of a file.
    Module(FileId),
}
