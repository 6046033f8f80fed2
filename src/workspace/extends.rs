//! What a configuration file builds on: other files, and packages of `node_modules`.

use std::path::{Path, PathBuf};

use oxc_resolver::{ResolveOptions, Resolver};
use toml::Spanned;

use crate::config::{Ground, Layer, Settings};

use super::configs::Files;
use super::paths;
use super::project::ProjectError;

/// Files of one chain: more are a mistake, however it was made.
const MOST: usize = 100;

/// The settings of a configuration file with everything that it builds on.
pub(super) fn resolve(files: &Files, ground: Ground<'_>, layer: Option<(PathBuf, Layer)>) -> Result<Settings, ProjectError> {
    let mut chain = Chain { files, layers: Vec::new(), open: Vec::new() };
    if let Some((path, layer)) = layer {
        chain.add(path, layer)?;
    }
    Ok(Settings::resolve(ground, &chain.layers)?)
}

struct Chain<'a> {
    files: &'a Files,
    /// Those built on first.
    layers: Vec<Layer>,
    /// The files that are being read, each built on by the one before.
    open: Vec<PathBuf>,
}

impl Chain<'_> {
    fn add(&mut self, path: PathBuf, layer: Layer) -> Result<(), ProjectError> {
        self.open.push(path);
        for said in layer.extends() {
            let (path, below) = self.find(&layer, &said)?;
            self.add(path, below)?;
        }
        self.open.pop();
        self.layers.push(layer);
        Ok(())
    }

    /// The file that `extends` means.
    fn find(&self, from: &Layer, said: &Spanned<String>) -> Result<(PathBuf, Layer), ProjectError> {
        let fail = |message: String| ProjectError::from(from.problem(said, message, None));
        let name = said.get_ref();
        let folder = self.open.last().and_then(|it| it.parent()).unwrap_or(&self.files.cwd);
        let path = if is_path(name) { paths::absolute(folder, Path::new(name)) } else { package(folder, name).map_err(fail)? };
        if let Some(at) = self.open.iter().position(|it| *it == path) {
            let round: Vec<String> = self.open[at..].iter().chain([&path]).map(|it| self.files.shown(it)).collect();
            return Err(fail(format!("this goes round in a circle: {}", round.join(" -> "))));
        }
        if self.layers.len() + self.open.len() > MOST {
            return Err(fail(format!("this is the file number {MOST} that is built on")));
        }
        // An editor watches for a file that is not there, too.
        self.files.note(&path);
        let shown = self.files.shown(&path);
        let text = self.files.text(&path)?.ok_or_else(|| fail(format!("there is no file {shown}")))?;
        match Layer::parse(&shown, text)? {
            Some(layer) => Ok((path, layer)),
            None => Err(fail(format!("{shown} says nothing about leaklint"))),
        }
    }
}

fn is_path(name: &str) -> bool {
    name.starts_with('.') || Path::new(name).is_absolute()
}

/// The configuration file of a package: what its `exports` say, or `leaklint.toml` and its like in its folder.
fn package(folder: &Path, name: &str) -> Result<PathBuf, String> {
    let words = |all: &[&str]| all.iter().map(|it| (*it).to_owned()).collect::<Vec<String>>();
    let resolver = Resolver::new(ResolveOptions {
        extensions: words(&[".toml", ".json", ".jsonc"]),
        condition_names: words(&["leaklint", "node", "default"]),
        main_fields: words(&["leaklint", "main"]),
        main_files: words(&["leaklint", ".leaklint"]),
        ..ResolveOptions::default()
    });
    let found = resolver
        .resolve(folder, name)
        .map_err(|_| format!("there is no package `{name}` with a configuration; a path starts with `./`"))?;
    let path = found.full_path();
    match path.extension().and_then(|it| it.to_str()) {
        Some("toml" | "json" | "jsonc") => Ok(path),
        _ => Err(format!("`{name}` leads to {}, which is no TOML or JSON", path.display())),
    }
}
