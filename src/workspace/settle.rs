//! Which of the files that were read are checked: copies and compiled twins stand aside for their originals.

use rustc_hash::FxHashMap;

use crate::text::FileId;

use super::files::FileIndex;
use super::names::{Skip, source_name};
use super::paths;
use super::read::ReadFile;
use super::walk::Candidate;

/// A copy of a file that was read.
#[derive(Debug)]
pub(super) struct Copy {
    pub(super) candidate: Candidate,
    pub(super) claim: u64,
}

/// What becomes of the copies.
#[derive(Default)]
pub(super) struct Copies {
    /// Keys that stand for another file: copy, original.
    pub(super) stand_ins: Vec<(String, String)>,
    /// Copies that import something by a relative path. From where they lie it may lead elsewhere, so they are needed
    /// to link; what is found in them twice is told once.
    pub(super) needed: Vec<Candidate>,
}

/// Sorts copies out. Which of several was read depends on the threads' luck; the first by path takes its place.
pub(super) fn copies(files: &mut [ReadFile], mut found: Vec<Copy>) -> Copies {
    let mut result = Copies::default();
    let by_claim: FxHashMap<u64, usize> =
        files.iter().enumerate().filter(|(_, it)| !it.candidate.by_hand).map(|(at, it)| (it.claim(), at)).collect();
    found.sort_by(|a, b| a.candidate.key.cmp(&b.candidate.key));
    let mut positions = Vec::new();
    for mut copy in found {
        let Some(&at) = by_claim.get(&copy.claim) else { continue };
        let original = &mut files[at];
        if imports_by_path(original) {
            result.needed.push(copy.candidate);
            continue;
        }
        if copy.candidate.key < original.candidate.key {
            std::mem::swap(&mut copy.candidate, &mut original.candidate);
        }
        positions.push((copy.candidate.key, at));
    }
    result.stand_ins = positions.into_iter().map(|(key, at)| (key, files[at].candidate.key.clone())).collect();
    result
}

fn imports_by_path(file: &ReadFile) -> bool {
    file.specifiers.iter().any(|&name| !file.facts.text(name).starts_with(|it: char| it.is_alphanumeric()))
}

/// For each file (sorted by path) the one that it was compiled from, if that is in the run.
pub(super) fn originals(files: &[ReadFile]) -> Vec<Option<usize>> {
    let index = FileIndex::new(files.iter().enumerate().map(|(at, it)| (it.candidate.key.as_str(), FileId(at as u32))));
    let mut result: Vec<Option<usize>> = vec![None; files.len()];
    for at in 0..files.len() {
        if files[at].candidate.by_hand || files[at].candidate.settings.include_generated {
            continue;
        }
        let original = typed_original(files, at, &index).or_else(|| module_twin(files, at, &index));
        result[at] = original.filter(|&it| it != at && result[it].is_none());
    }
    result
}

/// The source that `lib/a.js` was compiled from, judged by what compilers leave behind.
fn typed_original(files: &[ReadFile], at: usize, index: &FileIndex) -> Option<usize> {
    let file = &files[at];
    let is_compiled = file.traces.map_tail || file.traces.es_module_marker;
    if !is_compiled || !is_script(&file.candidate.key) {
        return None;
    }
    let stem = paths::without_extension(&file.candidate.key);
    let beside = ["ts", "tsx", "mts", "cts"].iter().find_map(|it| index.exact(&format!("{stem}.{it}")));
    let original = beside.or_else(|| index.built_from(&file.candidate.key))?.index();
    let is_source = !is_script(&files[original].candidate.key) || files[original].facts.is_module;
    is_source.then_some(original)
}

/// Of `a.mjs`, `a.js` and `a.cjs` in one folder, the one that the others repeat in another module system.
fn module_twin(files: &[ReadFile], at: usize, index: &FileIndex) -> Option<usize> {
    let file = &files[at];
    let stem = paths::without_extension(&file.candidate.key);
    let (_, extension) = source_name(paths::name(&file.candidate.key))?;
    let better: &[&str] = match extension {
        "cjs" => &["js", "mjs"],
        "mjs" => &["js"],
        "js" if file.traces.es_module_marker => &["mjs"],
        _ => return None,
    };
    let twin = better.iter().find_map(|it| index.exact(&format!("{stem}.{it}")))?.index();
    let is_near = file.length > 500 && file.length.abs_diff(files[twin].length) * 10 < file.length;
    let is_transpiled = file.traces.es_module_marker && files[twin].facts.is_module;
    let both_hand_written = file.facts.is_module == files[twin].facts.is_module;
    ((is_near && !both_hand_written) || is_transpiled).then_some(twin)
}

fn is_script(key: &str) -> bool {
    source_name(paths::name(key)).is_some_and(|(_, extension)| extension.ends_with("js"))
}

/// How many files were left out, by reason.
#[derive(Clone, Default, Debug)]
pub(super) struct Tally([usize; Skip::ALL.len()]);

impl Tally {
    pub(super) fn add(&mut self, skip: Skip) {
        self.0[skip as usize] += 1;
    }

    /// Reasons that occurred, with their counts.
    pub(super) fn counts(&self) -> Vec<(Skip, usize)> {
        Skip::ALL.into_iter().map(|it| (it, self.0[it as usize])).filter(|it| it.1 > 0).collect()
    }
}
