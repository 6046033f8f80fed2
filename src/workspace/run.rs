//! The pipeline.

use std::cell::RefCell;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Instant;

use rustc_hash::FxHashMap;

use crate::checks;
use crate::config::Settings;
use crate::finding::Finding;
use crate::program::{self, Unit};
use crate::rulebook::Rulebook;
use crate::syntax;
use crate::text::FileId;

use super::cache::Inputs;
use super::collect::{Collected, SIDE_FILE, collect};
use super::configs::Configs;
use super::files::FileIndex;
use super::manifests::{Side, manifests};
use super::names::Skip;
use super::packages::{Package, Packages};
use super::read::{self, Parse, ReadFile};
use super::resolve::{Importer, Resolver};
use super::selection::Selection;
use super::texts::Texts;
use super::tsconfig::Aliases;
use super::{Analysis, Files, panics, paths, problems, settle};

/// Checks what is selected.
pub fn run(selection: &Selection, rulebook: &Rulebook) -> Analysis {
    run_whole(selection, rulebook, &read::parse).analysis
}

/// Checks files given as path and text, without touching the disk. Paths are relative to nothing in particular; nothing is
/// left out for its name.
pub fn run_in_memory(files: &[(String, String)], rulebook: &Rulebook) -> Analysis {
    let root = Path::new("/");
    let overlays = files.iter().map(|(path, text)| (paths::absolute(root, Path::new(path)), text.clone())).collect();
    let mut settings = Settings::new(root);
    settings.include_tests = true;
    settings.include_generated = true;
    let selection = Selection {
        cwd: PathBuf::from(root),
        overlays,
        in_memory: true,
        configs: Arc::new(Configs::fixed(settings)),
        threads: Some(1),
        ..Selection::default()
    };
    run(&selection, rulebook)
}

/// What a run leaves for the next one.
pub(super) struct Whole {
    pub(super) analysis: Analysis,
    /// `None` when the run could not start.
    pub(super) resolver: Option<Resolver>,
    /// `None` when the run could not start.
    pub(super) inputs: Option<Ground>,
}

/// What a run rests on.
pub(super) struct Ground {
    pub(super) inputs: Inputs,
    pub(super) sides: Vec<Side>,
    /// Keys of files that configuration files of compilers build on, wherever they lie.
    pub(super) extended: Vec<String>,
}

/// [`run`] with a parser of the caller's.
pub(super) fn run_whole(selection: &Selection, rulebook: &Rulebook, parse: Parse<'_>) -> Whole {
    let started = Instant::now();
    let selection = &*selection.normalized();
    let mut analysis = Analysis::default();
    let (mut resolver, mut inputs) = (None, None);
    match pool(selection) {
        Ok(pool) => {
            let linked = Run { selection, rulebook, pool: &pool }.go(parse, &mut analysis);
            (resolver, inputs) = (Some(linked.resolver), Some(linked.ground));
        }
        Err(error) => analysis.errors.push(format!("cannot start threads: {error}")),
    }
    analysis.timings.total = started.elapsed();
    Whole { analysis, resolver, inputs }
}

/// The workers of a run.
pub(super) fn pool(selection: &Selection) -> Result<rayon::ThreadPool, rayon::ThreadPoolBuildError> {
    rayon::ThreadPoolBuilder::new()
        .num_threads(selection.threads.unwrap_or(0))
        .stack_size(syntax::STACK_SIZE)
        .start_handler(|_| panics::quiet_thread())
        .build()
}

struct Run<'a> {
    selection: &'a Selection,
    rulebook: &'a Rulebook,
    pool: &'a rayon::ThreadPool,
}

/// What resolving leaves beside the units.
struct Linked {
    /// Problems, by file.
    findings: Vec<Finding>,
    /// Files whose text another file has too, earlier in the order.
    twins: FxHashMap<FileId, FileId>,
    resolver: Resolver,
    ground: Ground,
}

impl Run<'_> {
    fn go(&self, parse: Parse<'_>, analysis: &mut Analysis) -> Linked {
        let mut collected = collect(self.selection, self.pool, parse, &mut analysis.timings);
        analysis.notes.append(&mut collected.notes);
        analysis.errors.append(&mut collected.errors);
        let begun = Instant::now();
        let mut linked = self.pool.install(|| self.resolve(collected, analysis));
        analysis.timings.resolve = begun.elapsed();
        let mut findings = self.pool.install(|| self.check(analysis));
        drop_twins(&mut findings, &linked.twins);
        findings.append(&mut linked.findings);
        findings.sort_by(|a, b| a.sort_key().cmp(&b.sort_key()));
        analysis.findings = findings;
        analysis.notes.sort();
        analysis.notes.dedup();
        linked
    }

    /// Numbers the files, resolves imports, reads manifests.
    fn resolve(&self, mut collected: Collected, analysis: &mut Analysis) -> Linked {
        let cwd = self.selection.cwd_key();
        let mut stand_ins = std::mem::take(&mut collected.stand_ins);
        self.drop_compiled(&mut collected, &mut stand_ins);
        note_lossy(&collected.files, &cwd, analysis);
        analysis.texts = Texts::new(self.selection, collected.files.iter().map(|it| (&it.candidate, it.hash)));
        let mut extended = Vec::new();
        let resolver = resolver(&collected, &stand_ins, self.selection, analysis, &mut extended);
        let importers: Vec<Importer<'_>> = collected.files.iter().map(importer).collect();
        let links = resolver.links(&importers);
        let others: Vec<Side> = collected.sides.iter().filter(|it| !it.key.ends_with(".json")).cloned().collect();
        analysis.manifests = manifests(&resolver.packages, &others, &resolver.index, &cwd);
        let twins = twins(&collected.files);
        let mut findings = Vec::new();
        for (at, (file, links)) in collected.files.into_iter().zip(links).enumerate() {
            findings.extend(file.problem.map(|it| problems::finding(FileId(at as u32), it)));
            analysis.settings.push(file.candidate.settings);
            analysis.units.push(Unit { path: paths::shown(&file.candidate.key, &cwd), facts: file.facts, links });
        }
        let failed = findings.len();
        analysis.files = Files {
            checked: analysis.units.len() - failed,
            skipped: collected.tally.counts(),
            failed: failed + collected.unreadable,
        };
        let ground = Ground { inputs: collected.inputs, sides: collected.sides, extended };
        Linked { findings, twins, resolver, ground }
    }

    fn drop_compiled(&self, collected: &mut Collected, stand_ins: &mut Vec<(String, String)>) {
        let originals = settle::originals(&collected.files);
        let key = |at: usize| collected.files[at].candidate.key.clone();
        let dropped = originals.iter().enumerate().filter_map(|(at, original)| Some((key(at), key((*original)?))));
        stand_ins.extend(dropped.collect::<Vec<_>>());
        let mut at = 0;
        collected.files.retain(|_| {
            at += 1;
            originals[at - 1].is_none()
        });
        originals.iter().flatten().for_each(|_| collected.tally.add(Skip::Emitted));
    }

    fn check(&self, analysis: &mut Analysis) -> Vec<Finding> {
        let begun = Instant::now();
        let (units, manifests) = (&analysis.units, &analysis.manifests);
        let checked = panics::catch(|| {
            let program = program::link(units, manifests, self.rulebook);
            let link = begun.elapsed();
            (checks::check(&program), link)
        });
        match checked {
            Ok((findings, link)) => {
                analysis.timings.link = link;
                analysis.timings.check = begun.elapsed() - link;
                findings
            }
            Err(message) => {
                analysis.errors.push(format!("leaklint failed while linking or checking, which is a bug in leaklint: {message}"));
                Vec::new()
            }
        }
    }
}

fn importer(file: &ReadFile) -> Importer<'_> {
    Importer { key: &file.candidate.key, facts: &file.facts, specifiers: &file.specifiers }
}

fn resolver(
    collected: &Collected,
    stand_ins: &[(String, String)],
    selection: &Selection,
    analysis: &mut Analysis,
    extended: &mut Vec<String>,
) -> Resolver {
    let cwd = &*selection.cwd_key();
    let mut keys: Vec<(String, FileId)> =
        collected.files.iter().enumerate().map(|(at, it)| (it.candidate.key.clone(), FileId(at as u32))).collect();
    let mut ids: FxHashMap<String, FileId> = keys.iter().cloned().collect();
    // An original may itself have been dropped for another: those come later in the list.
    for (key, original) in stand_ins.iter().rev() {
        if let Some(&id) = ids.get(original) {
            ids.insert(key.clone(), id);
            keys.push((key.clone(), id));
        }
    }
    let index = Arc::new(FileIndex::new(keys.iter().map(|(key, id)| (key.as_str(), *id))));
    let mut list = Vec::new();
    for side in collected.sides.iter().filter(|it| paths::name(&it.key) == "package.json") {
        match Package::parse(&side.key, side.text.clone()) {
            Ok(package) => list.push(package),
            Err(error) => analysis.notes.push(format!("{}: not read: {error}", paths::shown(&side.key, cwd))),
        }
    }
    let keys = Arc::new(keys.into_iter().map(|it| it.0).collect());
    let packages = Packages::new(list, Arc::clone(&index), keys);
    Resolver { index, packages, aliases: aliases(&collected.sides, selection, extended) }
}

fn aliases(sides: &[Side], selection: &Selection, extended: &mut Vec<String>) -> FxHashMap<String, Option<Aliases>> {
    let outside = RefCell::new(Vec::new());
    let read = |key: &str| match sides.iter().find(|it| it.key == key) {
        Some(side) => Some(side.text.clone()),
        None => {
            outside.borrow_mut().push(key.to_owned());
            read::load(Path::new(key), selection, SIDE_FILE).ok().map(|it| it.text)
        }
    };
    let mut aliases: FxHashMap<String, Option<Aliases>> = FxHashMap::default();
    // `jsconfig.json` comes first in the order of names and gives way to `tsconfig.json`.
    for side in sides.iter().filter(|it| matches!(paths::name(&it.key), "tsconfig.json" | "jsconfig.json")) {
        aliases.insert(paths::folder(&side.key).to_owned(), Aliases::load(&side.key, &read));
    }
    extended.append(&mut outside.into_inner());
    extended.sort();
    extended.dedup();
    aliases
}

fn note_lossy(files: &[ReadFile], cwd: &str, analysis: &mut Analysis) {
    let lossy: Vec<&ReadFile> = files.iter().filter(|it| it.is_lossy).collect();
    if let Some(first) = lossy.first() {
        let first = paths::shown(&first.candidate.key, cwd);
        let more = if lossy.len() > 1 { format!(" and {} more", lossy.len() - 1) } else { String::new() };
        analysis.notes.push(format!("{first}{more}: not valid UTF-8, bad bytes were replaced"));
    }
}

/// Files with the text of an earlier one. Named files are no twins: who names a file wants to hear of it.
fn twins(files: &[ReadFile]) -> FxHashMap<FileId, FileId> {
    let mut first: FxHashMap<u64, FileId> = FxHashMap::default();
    let mut twins = FxHashMap::default();
    for (at, file) in files.iter().enumerate().filter(|(_, it)| !it.candidate.by_hand) {
        let id = FileId(at as u32);
        let original = *first.entry(file.claim()).or_insert(id);
        if original != id {
            twins.insert(id, original);
        }
    }
    twins
}

/// What is found in a copy at the same place as in the original is told once.
fn drop_twins(findings: &mut Vec<Finding>, twins: &FxHashMap<FileId, FileId>) {
    if twins.is_empty() {
        return;
    }
    let told: std::collections::HashSet<(FileId, u32, String)> =
        findings.iter().map(|it| (it.span.file, it.span.start, it.rule.clone())).collect();
    findings.retain(|it| match twins.get(&it.span.file) {
        Some(&original) => !told.contains(&(original, it.span.start, it.rule.clone())),
        None => true,
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::facts::Facts;
    use crate::workspace::read::Problem;
    use crate::workspace::{INTERNAL_ERROR, PARSE_ERROR};

    fn in_memory(files: &[(&str, &str)], parse: Parse<'_>) -> Analysis {
        let overlays = files.iter().map(|(path, text)| (PathBuf::from(path), (*text).to_owned())).collect();
        let selection = Selection { cwd: PathBuf::from("/"), overlays, in_memory: true, ..Selection::default() };
        run_whole(&selection, &Rulebook::default(), parse).analysis
    }

    #[test]
    fn a_panic_in_one_file_is_its_finding_and_the_others_go_on() {
        let parse = |path: &str, text: &str| -> Result<Arc<Facts>, Problem> {
            assert!(!path.ends_with("boom.js"), "no luck");
            read::parse(path, text)
        };
        let analysis = in_memory(&[("/a.js", "let a"), ("/boom.js", "let b"), ("/c.js", "let c ="), ("/d.js", "")], &parse);
        let told: Vec<(&str, &str)> =
            analysis.findings.iter().map(|it| (it.rule.as_str(), analysis.texts.path(it.span.file))).collect();
        assert_eq!(told, [(INTERNAL_ERROR, "boom.js"), (PARSE_ERROR, "c.js")]);
        assert!(analysis.findings[0].message.contains("no luck"), "{}", analysis.findings[0].message);
        assert_eq!((analysis.files.checked, analysis.files.failed), (2, 2));
        assert!(analysis.errors.is_empty());
    }

    #[test]
    fn imports_lead_from_file_to_file() {
        let files =
            [("/b.ts", "export const b = 1"), ("/a.js", "const b = require('./b'); import('fs'); export * from './none'")];
        let analysis = in_memory(&files, &read::parse);
        let targets: Vec<&program::Target> = analysis.units[0].links.iter().map(|it| &it.1).collect();
        let expected = [program::Target::Missing, program::Target::File(FileId(1)), program::Target::Package("node:fs".into())];
        assert_eq!(targets, expected.iter().collect::<Vec<_>>());
    }

    #[test]
    fn manifests_name_what_starts() {
        let files = [
            ("/package.json", r#"{ "scripts": { "start": "node dist/server" }, "main": "lib.js", "bin": { "x": "./bin/x" } }"#),
            ("/Dockerfile", "ENV NODE_ENV=production\nCMD node dist/server.js"),
            ("/src/server.ts", "let a"),
            ("/lib.js", "let a"),
            ("/broken/package.json", "{"),
        ];
        let analysis = in_memory(&files, &read::parse);
        let manifest = &analysis.manifests[0];
        assert_eq!((&manifest.started, &manifest.exported), (&vec![FileId(1)], &vec![FileId(0)]));
        let starts: Vec<_> = manifest.starts.iter().map(|it| (it.path.as_str(), it.line, it.node_env.as_deref())).collect();
        assert_eq!(starts, [("package.json", 1, None), ("Dockerfile", 2, Some("production"))]);
        assert!(analysis.notes[0].starts_with("broken/package.json: not read"), "{:?}", analysis.notes);
    }

    #[test]
    fn annotated_scripts_are_read_and_flow_is_skipped() {
        let files =
            [("/a.js", "function f(a: string): number { return 1 }"), ("/b.js", "/* @flow */ type A = {| a: ?B |}; (x: any)")];
        let analysis = in_memory(&files, &read::parse);
        assert_eq!((analysis.files.checked, analysis.files.skipped_total(), analysis.files.failed), (1, 1, 0));
    }
}
