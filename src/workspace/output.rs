//! Is a folder called `dist`, `build` or `out` a build's output, or has somebody written what is in it?

use std::io::{Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use super::content;
use super::names;

/// Entries looked at before the folder gets the benefit of the doubt.
const ENTRIES: usize = 200;
/// Source files read.
const SAMPLES: usize = 3;
const SAMPLE_BYTES: u64 = 16_384;

/// Judges by what lies in the folder and one level below: maps, declarations, minified names, reports of a coverage
/// run, or the text of a few files.
pub(super) fn is_output(folder: &Path) -> bool {
    let mut samples = Samples { left: SAMPLES };
    let mut below = Vec::new();
    scan(folder, &mut samples, &mut below) || below.iter().any(|it| scan(it, &mut samples, &mut Vec::new()))
}

struct Samples {
    left: usize,
}

fn scan(folder: &Path, samples: &mut Samples, below: &mut Vec<PathBuf>) -> bool {
    let Ok(entries) = std::fs::read_dir(folder) else { return false };
    // In order of names, so that the same folder is judged alike on every machine.
    let mut paths: Vec<PathBuf> = entries.flatten().take(ENTRIES).map(|it| it.path()).collect();
    paths.sort();
    for path in paths {
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let is_declared = name.strip_suffix(".d.ts").is_some_and(|stem| folder.join(format!("{stem}.js")).exists());
        if is_declared || is_output_name(&name) {
            return true;
        }
        match names::source_name(&name) {
            Some((stem, _)) if names::is_minified_name(stem) => return true,
            Some((_, extension)) if extension.ends_with("js") && samples.left > 0 => {
                samples.left -= 1;
                if sample(&path).is_some_and(|text| content::looks_emitted(&text)) {
                    return true;
                }
            }
            Some(_) => {}
            None if path.is_dir() && below.len() < 8 => below.push(path),
            None => {}
        }
    }
    false
}

fn is_output_name(name: &str) -> bool {
    name.ends_with(".js.map")
        || name.ends_with(".mjs.map")
        || name.ends_with(".cjs.map")
        || name.ends_with(".tsbuildinfo")
        || matches!(name, "lcov.info" | "lcov-report" | "coverage-final.json" | "clover.xml" | "asset-manifest.json")
}

/// The file's first and last bytes: headers stand in front, map comments behind.
fn sample(path: &Path) -> Option<String> {
    let mut file = std::fs::File::open(path).ok()?;
    let size = file.metadata().ok()?.len();
    let mut bytes = Vec::new();
    file.by_ref().take(SAMPLE_BYTES).read_to_end(&mut bytes).ok()?;
    if size > SAMPLE_BYTES + 256 {
        file.seek(SeekFrom::End(-256)).ok()?;
        file.read_to_end(&mut bytes).ok()?;
    }
    Some(String::from_utf8_lossy(&bytes).into_owned())
}
