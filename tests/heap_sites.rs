//! What is read off snapshots of real processes: counts are exact.
//!
//! The stories in `fixtures/heaps` run in the Node of the system; `LEAKLINT_TEST_NODE` names another one.

#![allow(clippy::unwrap_used, reason = "helpers of tests count as tests")]

mod support;

use leaklint::heap::{self, Census, Collections, GrowingSite, Growth, Hold, NodeIx, Scopes, Sites, Slot, Slots, Snapshot, What};
use std::path::{Path, PathBuf};
use std::process::Command;
use support::TempDir;

/// Runs a story, which writes snapshots under the path it is given; returns those that are there, by name.
fn run(story: &str, more: &[&str]) -> Vec<Vec<u8>> {
    let folder = TempDir::new();
    let node = std::env::var_os("LEAKLINT_TEST_NODE").unwrap_or_else(|| "node".into());
    let mut command = Command::new(&node);
    command.arg(fixture(story)).arg(folder.path().join("heap")).args(more).env_remove("NODE_OPTIONS");
    let output = command.output().unwrap_or_else(|error| panic!("these tests need Node: {}: {error}", node.display()));
    assert!(output.status.success(), "{story}: {}", String::from_utf8_lossy(&output.stderr));
    let mut files: Vec<PathBuf> = std::fs::read_dir(folder.path()).unwrap().map(|it| it.unwrap().path()).collect();
    files.sort_by_key(|it| (it.as_os_str().len(), it.clone()));
    files.iter().map(|it| std::fs::read(it).unwrap()).collect()
}

fn fixture(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/heaps").join(name)
}

/// The path of a fixture as a heap has it.
fn path(name: &str) -> String {
    heap::path_of(fixture(name).to_str().unwrap())
}

/// Everything that is read off one snapshot.
struct Heap<'a> {
    snapshot: Snapshot<'a>,
    sites: Sites,
    slots: Slots,
    scopes: Scopes,
    collections: Collections,
}

impl<'a> Heap<'a> {
    fn read(bytes: &'a [u8]) -> Heap<'a> {
        let snapshot = Snapshot::decode(bytes).unwrap();
        let sites = Sites::new(&snapshot);
        let slots = Slots::new(&snapshot, &sites);
        let scopes = Scopes::new(&snapshot, &sites);
        let collections = Collections::new(&snapshot, &sites);
        Heap { snapshot, sites, slots, scopes, collections }
    }

    fn global(&self, name: &str) -> NodeIx {
        self.scopes.global(&self.snapshot, &self.sites, name).unwrap_or_else(|| panic!("no global {name}"))
    }

    fn follow(&self, node: NodeIx, name: &str) -> Option<NodeIx> {
        heap::follow(&self.snapshot, &self.sites, node, name)
    }

    /// Slots whose innermost sure function is called so.
    fn slots_of(&self, name: &str) -> Vec<&Slot> {
        let is_it = |it: &&Slot| self.slots.function(it).is_some_and(|it| self.snapshot.name(it) == name);
        self.slots.all().iter().filter(is_it).collect()
    }

    /// `3 timer` and the like; slots of several sorts are told apart.
    fn slots_text(&self, name: &str) -> String {
        let mut sorts: Vec<&str> = self.slots_of(name).iter().map(|it| sort(it)).collect();
        sorts.sort_unstable();
        let counts = sorts.chunk_by(|a, b| a == b).map(|it| format!("{} {}", it.len(), it[0]));
        counts.collect::<Vec<_>>().join(", ")
    }

    /// `105`, `~64` if it is not exact, `none` if it is no collection.
    fn count(&self, node: Option<NodeIx>) -> String {
        let Some(node) = node else { return "absent".into() };
        let entries = self.collections.entries(&self.snapshot, node);
        entries.map_or("none".into(), |it| format!("{}{}", if it.exact { "" } else { "~" }, it.count))
    }

    fn counts(&self, nodes: &[NodeIx]) -> String {
        let mut counts: Vec<String> = nodes.iter().map(|it| self.count(Some(*it))).collect();
        counts.sort();
        counts.join(" ")
    }
}

fn sort(slot: &Slot) -> &'static str {
    match slot.hold {
        Hold::Timer { repeat: true, .. } => "interval",
        Hold::Timer { repeat: false, .. } => "timeout",
        Hold::Immediate => "immediate",
        Hold::Listener { .. } => "listener",
        Hold::TargetListener { .. } => "target listener",
        Hold::Reaction => "reaction",
    }
}

/// Compares what was read with what is written, all of it at once.
fn check(expected: &[(&str, &str)], read: impl Fn(&str) -> String) {
    let wrong: Vec<String> = expected
        .iter()
        .filter_map(|(what, expected)| {
            let read = read(what);
            (read != *expected).then(|| format!("{what}: {read}, not {expected}"))
        })
        .collect();
    assert!(wrong.is_empty(), "\n{}", wrong.join("\n"));
}

/// Line and column of a mark in a fixture, both from 0.
fn at(name: &str, mark: &str) -> (u32, u32) {
    let text = std::fs::read_to_string(fixture(name)).unwrap();
    let offset = text.find(mark).unwrap_or_else(|| panic!("no {mark}"));
    let before = &text[..offset];
    let column = before.rsplit('\n').next().unwrap().encode_utf16().count();
    (before.matches('\n').count() as u32, column as u32)
}

#[test]
fn timers_are_counted_by_slot() {
    for numbers in ["numbers", "plain"] {
        let files = run("timers.cjs", &[numbers]);
        let heap = Heap::read(&files[0]);
        let expected = [
            ("own", "3 interval"),
            ("tick", "9 interval"),
            ("once", "4 timeout"),
            ("unrefed", "2 timeout"),
            ("refreshed", "1 timeout"),
            ("cleared", ""),
            ("fired", ""),
            ("dropped", ""),
        ];
        check(&expected, |name| heap.slots_text(name));
        let mut delays: Vec<Option<f64>> = heap.slots_of("once").iter().map(|it| delay(it)).collect();
        delays.sort_by(|a, b| a.partial_cmp(b).unwrap());
        let expected = [120_000.0, 120_001.0, 120_002.0, 120_003.0].map(|it| (numbers == "numbers").then_some(it));
        assert_eq!(delays, expected);
    }
}

fn delay(slot: &Slot) -> Option<f64> {
    match slot.hold {
        Hold::Timer { delay, .. } => delay,
        _ => None,
    }
}

#[test]
fn positions_lead_to_closures() {
    let files = run("timers.cjs", &[]);
    let heap = Heap::read(&files[0]);
    let (line, column) = at("timers.cjs", "own() {}");
    let own: Vec<NodeIx> = heap.sites.closures_at(&path("timers.cjs"), (line, column + 3)).collect();
    assert_eq!(own.len(), 3);
    let held = heap.slots.holding(|it| own.contains(&it)).count();
    assert_eq!(held, 3);
    let script = heap.sites.script(heap.sites.site(own[0]).unwrap().script);
    assert_eq!(script.path, path("timers.cjs"));
    assert!(script.source.starts_with("'use strict';\nconst take"), "{}", script.source);
    let all = heap.sites.nodes_within(&path("timers.cjs"), (line, 0), (line, 1000));
    assert_eq!(all.filter(|it| it.2).count(), 3);
    assert_eq!(heap.sites.closures_at(&path("timers.cjs"), (line, 0)).count(), 0);
}

#[test]
fn listeners_are_counted_through_wrappers() {
    let files = run("listeners.cjs", &[]);
    let heap = Heap::read(&files[0]);
    let expected = [
        ("one", "1 listener"),
        ("many", "4 listener"),
        ("shared", "6 listener"),
        ("onceOne", "1 listener"),
        ("onceMany", "3 listener"),
        ("symbol", "1 listener"),
        ("integer", "1 listener"),
        ("removed", ""),
        ("prepended", "2 listener"),
        ("onProcess", "3 listener"),
        ("resource", "2 listener"),
        ("instance", "1 listener"),
        ("storage", "1 listener"),
        ("scoped", "1 listener"),
        ("promisified", "1 listener"),
        ("callbackified", "1 listener"),
        ("deprecated", "1 listener"),
        ("called", "1 listener"),
        ("wrapped", "5 listener"),
        ("first", "1 listener"),
        ("second", "1 listener"),
        ("third", "3 listener"),
        ("onTick", "3 target listener"),
        ("onceTick", "1 target listener"),
        ("onTock", "1 target listener"),
        ("gone", ""),
        ("onAbort", "4 target listener"),
        ("attribute", "1 target listener"),
    ];
    check(&expected, |name| heap.slots_text(name));
    let events =
        [("many", "many"), ("onceMany", "onces"), ("onProcess", "leaklint"), ("symbol", "<symbol event>"), ("onTick", "tick")];
    check(&events, |name| event(&heap, heap.slots_of(name)[0]));
    assert_eq!(heap.slots_of("many")[0].holder, heap.global("emitter"));
    assert_eq!(heap.slots_of("onTick")[0].holder, heap.global("target"));
    let process = heap.slots_of("onProcess")[0].holder;
    assert_eq!(heap.snapshot.name(process), "process");
}

fn event(heap: &Heap, slot: &Slot) -> String {
    match slot.hold {
        Hold::Listener { event } | Hold::TargetListener { event } => {
            event.map_or(String::new(), |it| heap.snapshot.text(it).into_owned())
        }
        _ => String::new(),
    }
}

#[test]
fn a_function_handed_to_a_wrapping_one_is_found_and_its_neighbours_are_not() {
    let files = run("listeners.cjs", &[]);
    let heap = Heap::read(&files[0]);
    let holding = |name: &str| {
        let asked = |node: NodeIx| heap.snapshot.name(node) == name;
        let all: Vec<String> = heap.slots.holding(asked).map(|it| event(&heap, it)).collect();
        all.join(" ")
    };
    check(&[("inner", "patched patched patched patched patched"), ("first", "first"), ("second", "second")], holding);
}

#[test]
fn reactions_are_counted_on_pending_promises() {
    let files = run("promises.cjs", &[]);
    let heap = Heap::read(&files[0]);
    let expected = [("fulfilled", "3 reaction"), ("caught", "1 reaction"), ("settled", "2 reaction"), ("ran", "")];
    check(&expected, |name| heap.slots_text(name));
    let holding = |name: &str| heap.slots.holding(|it| heap.snapshot.name(it) == name).count().to_string();
    check(&[("both", "2"), ("rejected", "2")], holding);
    let (line, column) = at("promises.cjs", "waiter() {");
    let place = (line, column + 6);
    let is_waiter = |node| heap.sites.nodes_within(&path("promises.cjs"), place, place).any(|it| it.1 == node);
    assert_eq!(heap.slots.holding(is_waiter).count(), 4);
    check(&[("never", "14"), ("quiet", "0"), ("done", "0")], |name| heap.count(Some(heap.global(name))));
}

#[test]
fn entries_are_exact() {
    let files = run("entries.cjs", &[]);
    let heap = Heap::read(&files[0]);
    let kept = heap.global("kept");
    let expected = [
        ("mapOfObjects", "105"),
        ("mapByNumber", "105"),
        ("mapOfNumbers", "105"),
        ("mapDeleted", "7"),
        ("mapShrunk", "5"),
        ("mapCleared", "~0"),
        ("mapOnlyNumbers", "~32"),
        ("setOfObjects", "205"),
        ("setOfStrings", "7"),
        ("setOnlyNumbers", "~32"),
        ("subclass", "5"),
        ("nested", "3"),
        ("array", "9"),
        ("arrayPushed", "205"),
        ("arrayHoles", "3"),
        ("arrayMixed", "7"),
        ("arraySparse", "2"),
        ("arrayShifted", "5"),
        ("arrayDrained", "0"),
        ("arrayTruncated", "4"),
        ("arrayEmpty", "0"),
        ("queue", "3"),
        ("object", "5"),
        ("objectOfNumbers", "5"),
        ("dictionary", "105"),
        ("dictionaryOfNumbers", "105"),
        ("dictionaryDeleted", "55"),
        ("large", "2000"),
        ("integers", "6"),
        ("integersSparse", "7"),
        ("both", "7"),
        ("nullPrototype", "6"),
        ("values", "7"),
        ("accessors", "2"),
        ("routes", "3"),
        ("symbols", "2"),
        ("empty", "0"),
        ("buffer", "5000"),
        ("bytes", "1000"),
        ("arrayBuffer", "300"),
        ("weak", "none"),
        ("function", "none"),
        ("count", "none"),
    ];
    check(&expected, |name| heap.count(heap.follow(kept, name)));
    for (name, length) in [("arrayNumbers", 105), ("arrayDoubles", 105)] {
        let entries = heap.collections.entries(&heap.snapshot, heap.follow(kept, name).unwrap()).unwrap();
        assert!(!entries.exact && entries.count <= length && entries.count > length / 2, "{name}: {entries:?}");
    }
    let bytes = |name: &str| heap.collections.entries(&heap.snapshot, heap.follow(kept, name).unwrap()).unwrap().count;
    assert!((5000..5100).contains(&bytes("text")), "{}", bytes("text"));
    assert!((1790..20_000).contains(&bytes("log")), "{}", bytes("log"));
    let inner = heap.collections.elements(&heap.snapshot, heap.follow(kept, "nested").unwrap());
    assert_eq!(heap.counts(&inner), "4 4 4");
    let value = heap.collections.value_of(&heap.snapshot, heap.follow(kept, "nested").unwrap(), "key 1");
    assert_eq!(heap.count(value), "4");
    assert_eq!(heap.collections.elements(&heap.snapshot, heap.follow(kept, "array").unwrap()).len(), 9);
}

#[test]
fn entries_without_numbers_say_when_they_are_not_exact() {
    let files = run("entries.cjs", &["plain"]);
    let heap = Heap::read(&files[0]);
    let kept = heap.global("kept");
    let expected = [
        ("mapOfObjects", "105"),
        ("mapByNumber", "105"),
        ("mapOfNumbers", "105"),
        ("arrayPushed", "205"),
        ("arrayMixed", "~6"),
        ("arrayDrained", "0"),
        ("dictionary", "105"),
        ("dictionaryOfNumbers", "105"),
        ("dictionaryDeleted", "55"),
        ("large", "2000"),
        ("object", "~5"),
        ("objectOfNumbers", "~0"),
    ];
    check(&expected, |name| heap.count(heap.follow(kept, name)));
}

#[test]
fn variables_are_found_by_name() {
    let files = run("modules.cjs", &[]);
    let heap = Heap::read(&files[0]);
    let variables = |file: &str, name: &str| heap.scopes.module_variables(&heap.snapshot, &heap.sites, &path(file), name);
    let common = [
        ("constant", "1"),
        ("changing", "2"),
        ("old", "3"),
        ("exported", "4"),
        ("shadowed", "1"),
        ("inner", ""),
        ("things", ""),
        ("nothing", ""),
        ("scriptLet", ""),
    ];
    check(&common, |name| heap.counts(&variables("modules.cjs", name)));
    // The module is there twice.
    let modules =
        [("exportedConst", "2 2"), ("exportedLet", "1 1"), ("hidden", "3 3"), ("local", "2 2"), ("renamed", ""), ("lonely", "")];
    check(&modules, |name| heap.counts(&variables("module.mjs", name)));
    assert_eq!(heap.sites.scripts_of(&path("module.mjs")).len(), 2);
    assert_eq!(heap.count(Some(heap.global("things"))), "3");
    assert_eq!(heap.count(Some(heap.global("scriptLet"))), "2");
    assert_eq!(heap.count(Some(heap.global("scriptConst"))), "1");
    let script = heap.scopes.module_variables(&heap.snapshot, &heap.sites, "/virtual/script.js", "scriptConst");
    assert_eq!(heap.counts(&script), "1");
}

#[test]
fn variables_around_closures_are_the_nearest() {
    let files = run("modules.cjs", &[]);
    let heap = Heap::read(&files[0]);
    let (line, column) = at("modules.cjs", "nested() {");
    let nested: Vec<NodeIx> = heap.sites.closures_at(&path("modules.cjs"), (line, column + 6)).collect();
    assert_eq!(nested.len(), 2);
    let of = |name: &str| heap.counts(&heap.scopes.variables(&heap.snapshot, nested.iter().copied(), name));
    check(&[("inner", "2 3"), ("shadowed", "3 3"), ("changing", "2"), ("nothing", "")], of);
    let one = heap.scopes.variable(&heap.snapshot, nested[0], "changing");
    assert_eq!(heap.count(one), "2");
}

#[test]
fn fields_statics_and_instances_are_found() {
    let files = run("modules.cjs", &[]);
    let heap = Heap::read(&files[0]);
    let (line, column) = at("modules.cjs", "constructor() {");
    let base = (line, column + 11);
    let instances = heap::instances_at(&heap.snapshot, &heap.sites, &path("modules.cjs"), base);
    assert_eq!(instances.len(), 2);
    let derived = heap::instances_at(&heap.snapshot, &heap.sites, &path("modules.cjs"), at("modules.cjs", "class Derived"));
    assert_eq!(derived.len(), 1);
    for instance in instances.iter().chain(&derived) {
        let fields = [("#own", "2"), ("open", "1"), ("items", "1"), ("nothing", "absent")];
        check(&fields, |name| heap.count(heap.follow(*instance, name)));
    }
    let class = heap.sites.closures_at(&path("modules.cjs"), base).next().unwrap();
    check(&[("all", "2"), ("#hidden", "1")], |name| heap.count(heap.follow(class, name)));
    let old = heap::instances_named(&heap.snapshot, &heap.sites, "Old");
    assert_eq!(old.len(), 1);
    check(&[("items", "3"), ("common", "2")], |name| heap.count(heap.follow(old[0], name)));
    let registry = heap.scopes.module_variables(&heap.snapshot, &heap.sites, &path("modules.cjs"), "Old");
    assert_eq!(heap.count(heap.follow(registry.first().copied().unwrap_or(class), "registry")), "absent");
}

#[test]
fn growth_is_what_grows_in_every_step() {
    let files = run("growth.cjs", &[]);
    assert_eq!(files.len(), 3);
    let heaps: Vec<Heap> = files.iter().map(|it| Heap::read(it)).collect();
    let census = |it: &Heap| Census::new(&it.snapshot, &it.sites, &it.slots, &it.collections);
    let series: Vec<Census> = heaps.iter().map(census).collect();
    let growth = Growth::over(&series);
    let place = |it: &GrowingSite| (it.path == path("growth.cjs")).then_some((it.line, it.column));
    let sites: Vec<_> = growth.sites.iter().map(|it| (place(it), it.what.clone(), it.event.as_deref(), &it.counts)).collect();
    let counts = vec![5, 105, 205];
    let session = at("growth.cjs", "(id) { this.id");
    let expected = [
        (Some(session), What::Instance("Session".into()), None, &counts),
        (Some(at("growth.cjs", "() => id")), What::Interval, None, &counts),
        (Some(at("growth.cjs", "() { return id; }")), What::Listener, Some("data"), &counts),
    ];
    assert_eq!(sites, expected);
    let last = &heaps[2];
    let variables = ["cache", "order", "byKey"].map(|name| {
        let found = last.scopes.module_variables(&last.snapshot, &last.sites, &path("growth.cjs"), name);
        assert_eq!(found.len(), 1, "{name}");
        found[0]
    });
    for variable in variables {
        let found = growth.collections.iter().find(|it| it.node == variable).expect("a collection");
        assert!(found.exact && found.counts == counts && found.id == last.snapshot.id(variable), "{found:?}");
    }
    let others: Vec<_> = growth.collections.iter().filter(|it| !variables.contains(&it.node)).collect();
    assert!(others.is_empty() && growth.same_ids, "{others:#?}");
    assert_eq!(Growth::over(&series[2..]), Growth::default());
    assert!(Growth::over(&[series[1].clone(), series[1].clone()]).sites.is_empty());
}
