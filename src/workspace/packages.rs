//! The `package.json` files of a run, and which file of the run a package's entry or subpath is.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use oxc_resolver::{FileMetadata, FileSystem, ResolveError, ResolveOptions, ResolverGeneric};
use rustc_hash::{FxHashMap, FxHashSet};
use serde_json::Value;

use crate::text::FileId;

use super::files::FileIndex;
use super::paths;

/// A `package.json`.
#[derive(Clone, Debug)]
pub(super) struct Package {
    /// The key of its folder.
    pub(super) folder: String,
    pub(super) text: String,
    pub(super) json: Value,
}

impl Package {
    /// Parses one; the error is the parser's.
    pub(super) fn parse(key: &str, text: String) -> Result<Package, String> {
        let json: Value = serde_json::from_str(&text).map_err(|error| error.to_string())?;
        if !json.is_object() {
            return Err("not an object".to_owned());
        }
        Ok(Package { folder: paths::folder(key).to_owned(), text, json })
    }

    /// A field that is a string.
    pub(super) fn field(&self, name: &str) -> Option<&str> {
        self.json.get(name)?.as_str()
    }

    /// Names of dependencies of every kind.
    pub(super) fn dependencies(&self) -> impl Iterator<Item = &str> {
        ["dependencies", "devDependencies", "peerDependencies", "optionalDependencies"]
            .iter()
            .filter_map(|kind| self.json.get(kind)?.as_object())
            .flat_map(|it| it.keys().map(String::as_str))
    }

    /// Whether `name` is among its dependencies.
    pub(super) fn depends_on(&self, name: &str) -> bool {
        self.dependencies().any(|it| it == name)
    }
}

/// All of them.
pub(super) struct Packages {
    list: Vec<Package>,
    by_folder: FxHashMap<String, usize>,
    by_name: FxHashMap<String, usize>,
    index: Arc<FileIndex>,
    keys: Arc<Vec<String>>,
    exports: OnceLock<ResolverGeneric<RunFs>>,
}

impl Packages {
    /// Indexes packages, which come in order of paths: of two with one name the first counts.
    pub(super) fn new(list: Vec<Package>, index: Arc<FileIndex>, keys: Arc<Vec<String>>) -> Packages {
        let mut by_name = FxHashMap::default();
        for (at, package) in list.iter().enumerate() {
            if let Some(name) = package.field("name") {
                by_name.entry(name.to_owned()).or_insert(at);
            }
        }
        let by_folder = list.iter().enumerate().map(|(at, it)| (it.folder.clone(), at)).collect();
        Packages { list, by_folder, by_name, index, keys, exports: OnceLock::new() }
    }

    pub(super) fn list(&self) -> &[Package] {
        &self.list
    }

    /// The package of this folder.
    pub(super) fn at(&self, folder: &str) -> Option<&Package> {
        self.by_folder.get(folder).map(|&at| &self.list[at])
    }

    /// The package with this name.
    pub(super) fn named(&self, name: &str) -> Option<&Package> {
        self.by_name.get(name).map(|&at| &self.list[at])
    }

    /// The packages that a folder lies in, inside out.
    pub(super) fn around<'a>(&'a self, folder: &'a str) -> impl Iterator<Item = &'a Package> {
        paths::upwards(folder).filter_map(|it| self.at(it))
    }

    /// The file that the package's name alone means.
    pub(super) fn entry(&self, package: &Package) -> Option<FileId> {
        let field = |name: &&str| self.index.source_of(&paths::join(&package.folder, package.field(name)?)?);
        if let Some(found) = field(&"source").or_else(|| self.exported(package, "")) {
            return Some(found);
        }
        let found = ["main", "module", "jsnext:main", "types", "typings"].iter().find_map(field);
        found.or_else(|| {
            let defaults = ["index", "src/index", "lib/index", "src/main", "src/app"];
            defaults.iter().find_map(|it| self.index.file(&format!("{}/{it}", package.folder)))
        })
    }

    /// The file that `name/subpath` means.
    pub(super) fn subpath(&self, package: &Package, subpath: &str) -> Option<FileId> {
        self.exported(package, subpath).or_else(|| {
            let key = paths::join(&package.folder, subpath)?;
            let in_source = || self.index.module(&paths::join(&format!("{}/src", package.folder), subpath)?);
            self.index.source_of(&key).or_else(in_source)
        })
    }

    /// The file that a `#name` of the package's `imports` means.
    pub(super) fn private_import(&self, folder: &str, specifier: &str) -> Option<FileId> {
        self.resolve(folder, specifier)
    }

    /// Looks into `exports`, by the package's reference to itself.
    fn exported(&self, package: &Package, subpath: &str) -> Option<FileId> {
        package.json.get("exports").filter(|it| !it.is_null())?;
        let name = package.field("name")?;
        let specifier = if subpath.is_empty() { name.to_owned() } else { format!("{name}/{subpath}") };
        self.resolve(&package.folder, &specifier)
    }

    fn resolve(&self, folder: &str, specifier: &str) -> Option<FileId> {
        let resolver = self.exports.get_or_init(|| {
            let packages: FxHashMap<String, String> =
                self.list.iter().map(|it| (format!("{}/package.json", it.folder), it.text.clone())).collect();
            let folders = folders_around(self.keys.iter().chain(packages.keys()));
            let files = RunFs { index: Arc::clone(&self.index), folders, packages };
            ResolverGeneric::new_with_file_system(files, options())
        });
        let found = resolver.resolve(Path::new(folder), specifier).ok()?;
        self.index.source_of(&paths::key(found.path()))
    }
}

fn folders_around<'a>(keys: impl Iterator<Item = &'a String>) -> FxHashSet<String> {
    let mut folders = FxHashSet::default();
    for key in keys {
        for folder in paths::ancestors(key) {
            if !folders.insert(folder.to_owned()) {
                break;
            }
        }
    }
    folders
}

fn options() -> ResolveOptions {
    let words = |list: &[&str]| list.iter().map(|&it| it.to_owned()).collect::<Vec<_>>();
    ResolveOptions {
        condition_names: words(&["source", "node", "import", "require", "default", "types"]),
        extensions: words(&[".ts", ".tsx", ".js", ".jsx", ".mts", ".cts", ".mjs", ".cjs"]),
        main_fields: words(&["source", "main", "module"]),
        symlinks: false,
        node_path: false,
        ..ResolveOptions::default()
    }
}

/// The run's files as a file system for the resolver crate: no disk, so that every machine and the in-memory run agree, and
/// a path of a build's output exists when its source does.
struct RunFs {
    index: Arc<FileIndex>,
    folders: FxHashSet<String>,
    packages: FxHashMap<String, String>,
}

fn absent() -> io::Error {
    io::Error::from(io::ErrorKind::NotFound)
}

impl FileSystem for RunFs {
    fn new() -> Self {
        RunFs { index: Arc::default(), folders: FxHashSet::default(), packages: FxHashMap::default() }
    }

    fn read(&self, path: &Path) -> io::Result<Vec<u8>> {
        self.read_to_string(path).map(String::into_bytes)
    }

    fn read_to_string(&self, path: &Path) -> io::Result<String> {
        self.packages.get(&paths::key(path)).cloned().ok_or_else(absent)
    }

    fn metadata(&self, path: &Path) -> io::Result<FileMetadata> {
        let key = paths::key(path);
        let is_source = || paths::name(&key).contains('.') && self.index.source_of(&key).is_some();
        if self.folders.contains(key.trim_end_matches('/')) {
            Ok(FileMetadata::new(false, true, false))
        } else if self.packages.contains_key(&key) || is_source() {
            Ok(FileMetadata::new(true, false, false))
        } else {
            Err(absent())
        }
    }

    fn symlink_metadata(&self, path: &Path) -> io::Result<FileMetadata> {
        self.metadata(path)
    }

    fn read_link(&self, _: &Path) -> Result<PathBuf, ResolveError> {
        Err(ResolveError::from(absent()))
    }

    fn canonicalize(&self, path: &Path) -> io::Result<PathBuf> {
        Ok(path.to_owned())
    }
}
