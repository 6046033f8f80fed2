//! `paths` and `baseUrl` of `tsconfig.json` and `jsconfig.json`.
//!
//! The resolver crate reads the file (comments, trailing commas); following `extends` and `references` is done here, since
//! without `node_modules` most projects extend something that is not there, and their own `paths` still hold.

use std::path::Path;

use oxc_resolver::{ExtendsField, TsConfig};

use super::paths;

/// What one configuration maps.
#[derive(Clone, Debug, Default)]
pub(super) struct Aliases {
    base_url: Option<String>,
    paths: Vec<Alias>,
}

#[derive(Clone, Debug)]
struct Alias {
    prefix: String,
    /// What follows the `*`; `None` without one.
    suffix: Option<String>,
    /// Keys; the first `*` is to be filled in.
    targets: Vec<String>,
}

/// Chains longer than this are loops.
const DEPTH: u32 = 8;

impl Aliases {
    /// Reads a configuration by its key; `read` gives a file's text.
    pub(super) fn load(key: &str, read: &dyn Fn(&str) -> Option<String>) -> Option<Aliases> {
        load(key, read, DEPTH).filter(|it| it.base_url.is_some() || !it.paths.is_empty())
    }

    /// The keys that `paths` gives for a specifier, best first.
    pub(super) fn mapped(&self, specifier: &str) -> Vec<String> {
        let best = self
            .paths
            .iter()
            .filter_map(|alias| Some((alias.capture(specifier)?, alias)))
            .max_by_key(|(_, alias)| (alias.suffix.is_none(), alias.prefix.len()));
        let Some((captured, alias)) = best else { return Vec::new() };
        alias.targets.iter().map(|target| target.replacen('*', captured, 1)).collect()
    }

    /// The key that `baseUrl` gives.
    pub(super) fn based(&self, specifier: &str) -> Option<String> {
        paths::join(self.base_url.as_deref()?, specifier)
    }
}

impl Alias {
    fn capture<'s>(&self, specifier: &'s str) -> Option<&'s str> {
        match &self.suffix {
            None => (specifier == self.prefix).then_some(""),
            Some(suffix) => specifier.strip_prefix(self.prefix.as_str())?.strip_suffix(suffix.as_str()),
        }
    }
}

fn load(key: &str, read: &dyn Fn(&str) -> Option<String>, depth: u32) -> Option<Aliases> {
    let path = Path::new(key);
    path.parent()?;
    let config = TsConfig::parse(true, path, path, read(key)?).ok()?;
    let folder = paths::folder(key);
    let mut result = own(&config, folder);
    if depth == 0 {
        return Some(result);
    }
    for base in extended(&config).iter().rev() {
        if let Some(base) = follow(folder, base, read, depth) {
            result.inherit(base);
        }
    }
    // A "solution" has no files of its own: the first referenced project with paths speaks for it.
    for reference in &config.references {
        if result.paths.is_empty()
            && let Some(project) = follow(folder, &reference.path.to_string_lossy(), read, depth)
        {
            result.inherit(project);
        }
    }
    Some(result)
}

fn own(config: &TsConfig, folder: &str) -> Aliases {
    let inside = |path: &Path| {
        let text = path.to_string_lossy().replace('\\', "/");
        let relative = text.strip_prefix("${configDir}").unwrap_or(&text);
        if relative.starts_with('/') && relative.len() == text.len() { Some(text) } else { paths::join(folder, relative) }
    };
    let base_url = config.compiler_options.base_url.as_deref().and_then(inside);
    let base = base_url.as_deref().unwrap_or(folder);
    let map = config.compiler_options.paths.iter().flatten();
    let paths = map.map(|(pattern, targets)| {
        let (prefix, suffix) = match pattern.split_once('*') {
            Some((prefix, suffix)) => (prefix, Some(suffix.to_owned())),
            None => (pattern.as_str(), None),
        };
        let targets = targets.iter().filter_map(|it| paths::join(base, &it.to_string_lossy())).collect();
        Alias { prefix: prefix.to_owned(), suffix, targets }
    });
    Aliases { paths: paths.collect(), base_url }
}

fn extended(config: &TsConfig) -> &[String] {
    match &config.extends {
        None => &[],
        Some(ExtendsField::Single(base)) => std::slice::from_ref(base),
        Some(ExtendsField::Multiple(bases)) => bases,
    }
}

/// Packages are not followed: they hold no paths of this project.
fn follow(folder: &str, base: &str, read: &dyn Fn(&str) -> Option<String>, depth: u32) -> Option<Aliases> {
    if !base.starts_with('.') {
        return None;
    }
    let key = paths::join(folder, base)?;
    [key.clone(), format!("{key}.json"), format!("{key}/tsconfig.json")].iter().find_map(|key| load(key, read, depth - 1))
}

impl Aliases {
    fn inherit(&mut self, base: Aliases) {
        self.base_url = self.base_url.take().or(base.base_url);
        if self.paths.is_empty() {
            self.paths = base.paths;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(files: &[(&str, &str)]) -> Option<Aliases> {
        Aliases::load(files[0].0, &|key| files.iter().find(|it| it.0 == key).map(|it| it.1.to_owned()))
    }

    #[test]
    fn paths_with_comments_and_a_missing_base() {
        let config = r#"{ // comment
            "extends": "@tsconfig/node20/tsconfig.json",
            "compilerOptions": { "baseUrl": ".", "paths": { "@/*": ["src/*"], "@db": ["./src/db/index.ts"], "@/db/*": ["db/*"], } },
        }"#;
        let aliases = load(&[("/p/tsconfig.json", config)]).unwrap();
        assert_eq!(aliases.mapped("@/a/b"), ["/p/src/a/b"]);
        assert_eq!(aliases.mapped("@/db/b"), ["/p/db/b"], "the longest prefix");
        assert_eq!(aliases.mapped("@db"), ["/p/src/db/index.ts"]);
        assert!(aliases.mapped("express").is_empty());
        assert_eq!(aliases.based("models/x").as_deref(), Some("/p/models/x"));
    }

    #[test]
    fn chains_and_loops() {
        let aliases = load(&[
            ("/p/app/tsconfig.json", r#"{ "extends": "../tsconfig.base" }"#),
            (
                "/p/tsconfig.base.json",
                r#"{ "extends": "./app/tsconfig.json", "compilerOptions": { "paths": { "~*": ["lib/*"] } } }"#,
            ),
        ]);
        assert_eq!(aliases.unwrap().mapped("~x"), ["/p/lib/x"]);
        let aliases = load(&[
            ("/p/tsconfig.json", r#"{ "files": [], "references": [{ "path": "./tsconfig.app.json" }] }"#),
            ("/p/tsconfig.app.json", r#"{ "compilerOptions": { "paths": { "@/*": ["./src/*"] } } }"#),
        ]);
        assert_eq!(aliases.unwrap().mapped("@/x"), ["/p/src/x"]);
        assert!(load(&[("/p/tsconfig.json", "{ nonsense")]).is_none());
        assert!(load(&[("/p/tsconfig.json", "{}")]).is_none());
    }
}
