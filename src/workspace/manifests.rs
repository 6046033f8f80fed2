//! What the project's own files say about it: `package.json`, `Dockerfile`, `Procfile`.

use serde_json::Value;

use crate::program::{Manifest, StartCommand, StartKind};
use crate::text::{FileId, LineIndex};

use super::files::FileIndex;
use super::packages::{Package, Packages};
use super::paths;
use super::starts::{self, Command, Started};

/// A file beside the sources, by its key.
#[derive(Clone, Debug)]
pub(super) struct Side {
    pub(super) key: String,
    pub(super) text: String,
}

/// Builds the manifests, in order of the packages. `others` are the `Dockerfile`s and `Procfile`s.
pub(super) fn manifests(packages: &Packages, others: &[Side], index: &FileIndex, cwd: &str) -> Vec<Manifest> {
    let one = |package: &Package| {
        let reader = Reader { package, packages, index, cwd };
        let mut manifest = reader.base();
        reader.add_scripts(&mut manifest);
        reader.add_bin(&mut manifest);
        for side in others
            .iter()
            .filter(|it| packages.around(paths::folder(&it.key)).next().is_some_and(|it| it.folder == package.folder))
        {
            let commands =
                if paths::name(&side.key) == "Procfile" { starts::procfile(&side.text) } else { starts::dockerfile(&side.text) };
            reader.add(&mut manifest, side, commands);
        }
        manifest.started.sort();
        manifest.started.dedup();
        manifest
    };
    packages.list().iter().map(one).collect()
}

struct Reader<'a> {
    package: &'a Package,
    packages: &'a Packages,
    index: &'a FileIndex,
    cwd: &'a str,
}

impl Reader<'_> {
    fn base(&self) -> Manifest {
        let shown = paths::shown(&format!("{}/package.json", self.package.folder), self.cwd);
        let mut exported: Vec<FileId> = self.packages.entry(self.package).into_iter().collect();
        for field in ["main", "module", "exports", "browser"] {
            self.add_targets(self.package.json.get(field), &mut exported);
        }
        exported.sort();
        exported.dedup();
        Manifest {
            folder: shown.strip_suffix("package.json").unwrap_or(&shown).to_owned(),
            started: Vec::new(),
            exported,
            is_private: self.package.json.get("private").and_then(Value::as_bool).unwrap_or(false),
            dependencies: self.package.dependencies().map(str::to_owned).collect(),
            starts: Vec::new(),
        }
    }

    /// Every path that an `exports` map or a similar field names; patterns aside.
    fn add_targets(&self, value: Option<&Value>, files: &mut Vec<FileId>) {
        match value {
            Some(Value::String(path)) => files.extend(self.file(path)),
            Some(Value::Array(items)) => items.iter().for_each(|it| self.add_targets(Some(it), files)),
            Some(Value::Object(map)) => map.values().for_each(|it| self.add_targets(Some(it), files)),
            _ => {}
        }
    }

    /// The file of the run that a path in the manifest or a command means.
    fn file(&self, path: &str) -> Option<FileId> {
        if path == "." {
            return self.packages.entry(self.package);
        }
        // A container's working directory is the package's folder, as far as one can tell.
        let inside = ["/usr/src/app/", "/app/", "/home/node/app/", "/opt/app/"].iter().find_map(|it| path.strip_prefix(it));
        self.index.source_of(&paths::join(&self.package.folder, inside.unwrap_or(path))?)
    }

    fn read(&self, command: &str) -> Started {
        let script = |name: &str| self.package.json.get("scripts")?.get(name)?.as_str();
        starts::read_command(command, &|word| self.file(word), &script)
    }

    fn add_scripts(&self, manifest: &mut Manifest) {
        let side = Side { key: format!("{}/package.json", self.package.folder), text: self.package.text.clone() };
        self.add(manifest, &side, starts::scripts(self.package));
    }

    fn add(&self, manifest: &mut Manifest, side: &Side, commands: Vec<Command>) {
        if commands.is_empty() {
            return;
        }
        let lines = LineIndex::new(&side.text);
        for command in commands {
            let started = self.read(&command.text);
            manifest.started.extend(&started.files);
            manifest.starts.push(StartCommand {
                kind: command.kind,
                name: command.name,
                line: lines.location(&side.text, command.start).line,
                path: paths::shown(&side.key, self.cwd),
                text: command.text,
                node_env: started.node_env.or(command.node_env),
                files: started.files,
            });
        }
    }

    fn add_bin(&self, manifest: &mut Manifest) {
        let mut files = Vec::new();
        self.add_targets(self.package.json.get("bin"), &mut files);
        if files.is_empty() {
            return;
        }
        manifest.started.extend(&files);
        manifest.starts.push(StartCommand {
            kind: StartKind::Bin,
            name: "bin".to_owned(),
            text: String::new(),
            path: paths::shown(&format!("{}/package.json", self.package.folder), self.cwd),
            line: 1,
            node_env: None,
            files,
        });
    }
}
