//! Embeds the rulebook: every `rules/*.md` and `rules/models/*.toml`, found by listing, so that a page is registered by
//! existing.

use std::fmt::Write as _;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};
use std::{env, fs, io};

fn main() -> io::Result<()> {
    for part in PARTS {
        println!("cargo::rerun-if-changed={part}");
    }
    let root = PathBuf::from(env::var_os("CARGO_MANIFEST_DIR").unwrap_or_default());
    let mut out = String::new();
    table(&mut out, "PAGES", &root, "rules", "md")?;
    table(&mut out, "MODELS", &root, "rules/models", "toml")?;
    println!("cargo::rustc-env=LEAKLINT_BUILD={:016x}", build(&root)?);
    let path = PathBuf::from(env::var_os("OUT_DIR").unwrap_or_default()).join("rulebook.rs");
    fs::write(path, out)
}

/// What a build is made of.
const PARTS: [&str; 3] = ["src", "rules", "Cargo.toml"];

/// Tells builds apart, since what one leaves in a cache another may not read.
fn build(root: &Path) -> io::Result<u64> {
    let mut hasher = DefaultHasher::new();
    let mut open: Vec<PathBuf> = PARTS.iter().map(|part| root.join(part)).collect();
    let mut files = Vec::new();
    while let Some(path) = open.pop() {
        if path.is_dir() {
            for entry in fs::read_dir(&path)? {
                open.push(entry?.path());
            }
        } else {
            files.push(path);
        }
    }
    files.sort();
    for path in files {
        path.strip_prefix(root).unwrap_or(&path).hash(&mut hasher);
        fs::read(&path)?.hash(&mut hasher);
    }
    Ok(hasher.finish())
}

/// One constant: path below the root and text of each file in a folder, sorted.
fn table(out: &mut String, name: &str, root: &Path, folder: &str, extension: &str) -> io::Result<()> {
    let mut files = Vec::new();
    for entry in fs::read_dir(root.join(folder))? {
        let path = entry?.path();
        if path.extension().is_some_and(|it| it == extension) {
            files.push(path);
        }
    }
    files.sort();
    let _ = writeln!(out, "const {name}: &[(&str, &str)] = &[");
    for path in files {
        let file = path.file_name().unwrap_or_default().to_string_lossy();
        let _ = writeln!(out, "    ({:?}, include_str!({:?})),", format!("{folder}/{file}"), path);
    }
    let _ = writeln!(out, "];");
    Ok(())
}
