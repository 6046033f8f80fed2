//! Models by path.

use super::model::{CallModel, DecoratorModel, EntryModel, EventModel, MemberModel, ModelFile, Part, TypeModel};
use rustc_hash::{FxBuildHasher, FxHashMap, FxHashSet};

/// A type: index into [`Models::types`].
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug)]
pub struct TypeIx(pub u32);

/// All models, indexed.
#[derive(Debug, Default)]
pub struct Models {
    /// Types, each with what it extends after it in method resolution.
    pub types: Vec<TypeModel>,
    pub(crate) type_by_path: FxHashMap<String, TypeIx>,
    pub(crate) functions: FxHashMap<String, CallModel>,
    pub(crate) values: FxHashMap<String, TypeIx>,
    pub(crate) decorators: FxHashMap<String, DecoratorModel>,
    /// Entry files.
    pub entries: Vec<EntryModel>,
    /// Names that files of platforms give to globals.
    globals: FxHashSet<String>,
}

impl Models {
    /// The models of some files, later ones winning.
    pub(super) fn new(files: Vec<ModelFile>) -> Models {
        let mut models = Models::default();
        let mut values = Vec::new();
        for file in files {
            if file.platform {
                models.globals.extend(global_names(&file));
            }
            for mut ty in file.types {
                let ix = TypeIx(models.types.len() as u32);
                for path in std::iter::once(&ty.name).chain(&ty.aka) {
                    models.type_by_path.insert(path.clone(), ix);
                }
                held_by(&mut ty.construct, Part::Runtime);
                ty.methods.values_mut().for_each(|call| held_by(call, Part::Receiver));
                ty.methods = split_keys(ty.methods);
                ty.events = split_keys(ty.events);
                ty.members = split_keys(ty.members);
                models.types.push(ty);
            }
            for mut function in file.functions {
                held_by(&mut function.call, Part::Runtime);
                for path in function.name {
                    models.functions.insert(path, function.call.clone());
                }
            }
            for decorator in file.decorators {
                for path in &decorator.name {
                    models.decorators.insert(path.clone(), decorator.clone());
                }
            }
            values.extend(file.values);
            models.entries.extend(file.entries);
        }
        // A value may have a type of a later file.
        for value in values {
            if let Some(&ix) = models.type_by_path.get(&value.r#type) {
                models.values.extend(value.name.into_iter().map(|path| (path, ix)));
            }
        }
        models
    }

    /// Whether a path without `#` may name a global: one of a platform, or a name with a capital, which no package can have.
    pub(crate) fn may_be_global(&self, path: &str) -> bool {
        let first = path.split('.').next().unwrap_or(path);
        self.globals.contains(first) || first.contains(|it: char| it.is_ascii_uppercase())
    }

    /// Whether a path without `#` may name a module: all but the globals of a platform.
    pub(crate) fn may_be_module(&self, path: &str) -> bool {
        !self.globals.contains(path.split('.').next().unwrap_or(path))
    }

    /// The type at a path.
    pub fn type_at(&self, path: &str) -> Option<TypeIx> {
        self.type_by_path.get(path).copied()
    }

    /// The type.
    pub fn ty(&self, ix: TypeIx) -> &TypeModel {
        &self.types[ix.0 as usize]
    }

    /// The function at a path.
    pub fn function(&self, path: &str) -> Option<&CallModel> {
        self.functions.get(path)
    }

    /// The type of the program-lived value at a path.
    pub fn value(&self, path: &str) -> Option<TypeIx> {
        self.values.get(path).copied()
    }

    /// The decorator at a path.
    pub fn decorator(&self, path: &str) -> Option<&DecoratorModel> {
        self.decorators.get(path)
    }

    /// The method of a type, inherited ones included.
    pub fn method(&self, ix: TypeIx, name: &str) -> Option<&CallModel> {
        self.lookup(ix, &|ty| ty.methods.get(name))
    }

    /// The event of a type, inherited ones included; `*` matches when no type names it.
    pub fn event(&self, ix: TypeIx, name: &str) -> Option<&EventModel> {
        self.lookup(ix, &|ty| ty.events.get(name)).or_else(|| self.lookup(ix, &|ty| ty.events.get("*")))
    }

    /// The property of a type, inherited ones included.
    pub fn member(&self, ix: TypeIx, name: &str) -> Option<&MemberModel> {
        self.lookup(ix, &|ty| ty.members.get(name))
    }

    /// Whether a type is, or extends, another.
    pub fn is_a(&self, ix: TypeIx, other: TypeIx) -> bool {
        self.lookup(ix, &|ty| std::ptr::eq(ty, self.ty(other)).then_some(&())).is_some()
    }

    /// The first answer along a type and what it extends.
    pub fn lookup<'a, T>(&'a self, ix: TypeIx, get: &dyn Fn(&'a TypeModel) -> Option<&'a T>) -> Option<&'a T> {
        let mut open = vec![ix];
        let mut seen = Vec::new();
        while let Some(ix) = open.pop() {
            if seen.contains(&ix) {
                continue;
            }
            seen.push(ix);
            let ty = self.ty(ix);
            if let Some(it) = get(ty) {
                return Some(it);
            }
            open.extend(ty.extends.iter().rev().filter_map(|path| self.type_at(path)));
        }
        None
    }
}

/// The first names of a platform's paths that are globals: `node:events` is a module.
fn global_names(file: &ModelFile) -> Vec<String> {
    let types = file.types.iter().flat_map(|it| std::iter::once(&it.name).chain(&it.aka));
    let functions = file.functions.iter().flat_map(|it| &it.name);
    let values = file.values.iter().flat_map(|it| &it.name);
    let paths = types.chain(functions).chain(values).filter(|it| !it.contains(['#', ':', '/']));
    paths.map(|it| it.split('.').next().unwrap_or(it).to_owned()).collect()
}

/// Fills in the default of a holder: a function of a module is no method of it.
fn held_by(call: &mut CallModel, default: Part) {
    if let Some(acquire) = &mut call.acquire {
        acquire.holder.get_or_insert(default);
    }
}

/// `"on, addListener" = x` means both.
fn split_keys<T: Clone>(map: FxHashMap<String, T>) -> FxHashMap<String, T> {
    let mut split = FxHashMap::with_capacity_and_hasher(map.len() * 2, FxBuildHasher);
    // The keys of a table are distinct, so the order of insertion does not matter.
    #[expect(clippy::iter_over_hash_type)]
    for (keys, value) in map {
        let mut keys = keys.split(',').map(|key| key.trim().to_owned()).peekable();
        while let Some(key) = keys.next() {
            if keys.peek().is_none() {
                split.insert(key, value);
                break;
            }
            split.insert(key, value.clone());
        }
    }
    split
}

impl Models {
    /// Every call that is modelled, by its path or method name.
    pub fn calls(&self) -> impl Iterator<Item = (&str, &CallModel)> {
        let methods = self.types.iter().flat_map(|ty| &ty.methods);
        methods.chain(&self.functions).map(|(name, model)| (name.as_str(), model))
    }
}

impl Models {
    /// A type and all that it extends, nearest first.
    pub fn lineage(&self, ix: TypeIx) -> Vec<TypeIx> {
        let mut found = vec![ix];
        let mut at = 0;
        while at < found.len() {
            for path in &self.ty(found[at]).extends {
                if let Some(base) = self.type_at(path)
                    && !found.contains(&base)
                {
                    found.push(base);
                }
            }
            at += 1;
        }
        found
    }
}
