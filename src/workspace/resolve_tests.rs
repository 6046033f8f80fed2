//! Resolution, on small projects that exist as lists of paths only.

use std::sync::Arc;

use crate::program::Target;
use crate::text::FileId;

use super::files::FileIndex;
use super::packages::{Package, Packages};
use super::paths;
use super::resolve::Resolver;
use super::tsconfig::Aliases;

struct Project {
    keys: Vec<String>,
    resolver: Resolver,
}

fn project(files: &[&str], side_files: &[(&str, &str)]) -> Project {
    let keys: Vec<String> = files.iter().map(|&it| it.to_owned()).collect();
    let index = Arc::new(FileIndex::new(keys.iter().enumerate().map(|(at, key)| (key.as_str(), FileId(at as u32)))));
    let read = |key: &str| side_files.iter().find(|it| it.0 == key).map(|it| it.1.to_owned());
    let packages = side_files.iter().filter(|(key, _)| key.ends_with("package.json"));
    let packages = packages.map(|(key, text)| Package::parse(key, (*text).to_owned()).unwrap()).collect();
    let configs = side_files.iter().filter(|(key, _)| key.ends_with("tsconfig.json"));
    let aliases = configs.map(|(key, _)| (paths::folder(key).to_owned(), Aliases::load(key, &read))).collect();
    let packages = Packages::new(packages, Arc::clone(&index), Arc::new(keys.clone()));
    Project { keys, resolver: Resolver { index, packages, aliases } }
}

impl Project {
    fn at(&self, from: &str, specifier: &str) -> String {
        match self.resolver.resolve(from, specifier) {
            Target::File(id) => self.keys[id.index()].clone(),
            Target::Package(name) => name,
            Target::Missing => "missing".to_owned(),
        }
    }
}

#[test]
fn relative_paths() {
    let it = project(
        &["/p/a.ts", "/p/b/index.js", "/p/b.js", "/p/c/main.js", "/p/c/index.js", "/p/src/x.ts", "/index.js"],
        &[("/p/c/package.json", r#"{ "main": "./main" }"#)],
    );
    assert_eq!(it.at("/p/x.js", "./a"), "/p/a.ts");
    assert_eq!(it.at("/p/x.js", "./a.js"), "/p/a.ts");
    assert_eq!(it.at("/p/x.js", "./b"), "/p/b.js");
    assert_eq!(it.at("/p/x.js", "./b/"), "/p/b/index.js");
    assert_eq!(it.at("/p/b/x.js", "."), "/p/b/index.js");
    assert_eq!(it.at("/p/b/x.js", "../a?worker"), "/p/a.ts");
    assert_eq!(it.at("/p/x.js", "./c"), "/p/c/main.js");
    assert_eq!(it.at("/p/x.js", "./nope"), "missing");
    assert_eq!(it.at("/p/x.js", "../../../a"), "missing");
    assert_eq!(it.at("/p/x.js", ".."), "/index.js");
    assert_eq!(it.at("/p/test/x.js", "../dist/x"), "/p/src/x.ts");
    assert_eq!(it.at("/p/x.js", ""), "missing");
}

#[test]
fn packages_outside_the_run() {
    let it = project(&["/p/a.ts"], &[]);
    for (written, name) in [
        ("fs", "node:fs"),
        ("node:fs/promises", "node:fs/promises"),
        ("node:test", "node:test"),
        ("events/", "events"),
        ("express", "express"),
        ("highlight.js", "highlight.js"),
        ("lodash/memoize.js", "lodash/memoize"),
        ("lodash/index.js", "lodash"),
        ("@nestjs/common", "@nestjs/common"),
        ("@scope/a/b/index", "@scope/a/b"),
        ("npm:express@4.18/lib/x", "express/lib/x"),
        ("npm:@scope/a@1", "@scope/a"),
        ("https://deno.land/x.ts", "https://deno.land/x.ts"),
        ("@/unknown", "@/unknown"),
    ] {
        assert_eq!(it.at("/p/a.ts", written), name);
    }
}

#[test]
fn configured_aliases() {
    let it = project(
        &["/p/src/db.ts", "/p/src/models/user.ts", "/q/lib/x.js", "/q/src/y.js"],
        &[
            (
                "/p/tsconfig.json",
                r#"{ "compilerOptions": { "baseUrl": "src", "paths": { "@app/*": ["*"], "express": ["none"] } } }"#,
            ),
            ("/q/package.json", r#"{ "_moduleAliases": { "@lib": "lib" }, "dependencies": { "src": "1" } }"#),
        ],
    );
    assert_eq!(it.at("/p/src/a/b.ts", "@app/db"), "/p/src/db.ts");
    assert_eq!(it.at("/p/src/a/b.ts", "models/user"), "/p/src/models/user.ts");
    assert_eq!(it.at("/p/src/a/b.ts", "express"), "express");
    assert_eq!(it.at("/p/src/a/b.ts", "fs"), "node:fs");
    assert_eq!(it.at("/q/a.js", "@lib/x"), "/q/lib/x.js");
    assert_eq!(it.at("/q/a.js", "@library/x"), "@library/x");
    assert_eq!(it.at("/q/a.js", "@/y"), "/q/src/y.js");
    assert_eq!(it.at("/q/a.js", "lib/x"), "/q/lib/x.js");
    assert_eq!(it.at("/q/a.js", "src/y"), "src/y", "declared as a dependency");
}

#[test]
fn packages_of_a_workspace() {
    let exports = r##"{ "name": "@w/a", "main": "dist/index.js", "exports": {
        ".": { "import": "./dist/esm/index.js", "require": "./dist/index.js" }, "./sub/*": "./dist/sub/*.js", "./hidden": null },
        "imports": { "#db": "./dist/db.js", "#x/*": "./src/x/*.ts" } }"##;
    let it = project(
        &[
            "/w/a/src/index.ts",
            "/w/a/src/sub/one.ts",
            "/w/a/src/db.ts",
            "/w/a/src/x/y.ts",
            "/w/b/lib/main.js",
            "/w/c/src/index.ts",
        ],
        &[
            ("/w/a/package.json", exports),
            ("/w/b/package.json", r#"{ "name": "b", "main": "lib/main" }"#),
            ("/w/c/package.json", r#"{ "name": "@w/c", "exports": "./dist/index.mjs" }"#),
        ],
    );
    assert_eq!(it.at("/w/b/x.js", "@w/a"), "/w/a/src/index.ts");
    assert_eq!(it.at("/w/b/x.js", "@w/a/sub/one"), "/w/a/src/sub/one.ts");
    assert_eq!(it.at("/w/b/x.js", "@w/a/none"), "@w/a/none");
    assert_eq!(it.at("/w/a/src/sub/one.ts", "#db"), "/w/a/src/db.ts");
    assert_eq!(it.at("/w/a/src/sub/one.ts", "#x/y"), "/w/a/src/x/y.ts");
    assert_eq!(it.at("/w/a/src/sub/one.ts", "#none"), "missing");
    assert_eq!(it.at("/w/a/x.js", "b"), "/w/b/lib/main.js");
    assert_eq!(it.at("/w/a/x.js", "b/lib/main"), "/w/b/lib/main.js");
    assert_eq!(it.at("/w/a/x.js", "@w/c"), "/w/c/src/index.ts");
}
