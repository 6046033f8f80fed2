//! The decoder, the dominators, the retained sizes and the retainer paths: drawn snapshots, broken ones, and one of a real
//! process.

#![allow(clippy::unwrap_used, reason = "helpers of tests count as tests")]

#[path = "support/sketch.rs"]
mod sketch;
mod support;

use leaklint::heap::{
    Census, Collections, DecodeError, Display, Dominators, Durability, EdgeKind, EdgeName, NodeIx, NodeKind, RetainedSizes,
    RetainerPaths, Scopes, Sites, Slots, Snapshot,
};
use sketch::{Sketch, Style};
use std::path::Path;
use std::process::Command;
use support::TempDir;

/// Numbers that look random and are the same every time (xorshift64*).
struct Dice(u64);

impl Dice {
    fn below(&mut self, limit: usize) -> usize {
        self.0 ^= self.0 >> 12;
        self.0 ^= self.0 << 25;
        self.0 ^= self.0 >> 27;
        (self.0.wrapping_mul(0x2545_F491_4F6C_DD1D) >> 33) as usize % limit
    }
}

/// Everything that is read off a snapshot, for its panics.
fn read_all(bytes: &[u8]) -> Result<(), DecodeError> {
    let snapshot = Snapshot::decode(bytes)?;
    let dominators = Dominators::new(&snapshot);
    let sizes = RetainedSizes::new(&snapshot, &dominators);
    let paths = RetainerPaths::new(&snapshot);
    let display = Display { snapshot: &snapshot, paths: &paths, knows: &|_| true, places: &|_| None };
    for node in snapshot.all().take(200) {
        let steps = paths.to(&snapshot, node);
        assert!(!steps.is_empty() && steps.last().unwrap().node == node);
        display.path(&steps);
        assert!(dominators.dominates(dominators.of(node), node));
        let _ = (snapshot.name(node), snapshot.id(node), sizes.of(node));
        snapshot.edges(node).for_each(|it| {
            assert_eq!(snapshot.edge_from(it.ix), node);
            snapshot.edge_name(it);
        });
    }
    let sites = Sites::new(&snapshot);
    let slots = Slots::new(&snapshot, &sites);
    Scopes::new(&snapshot, &sites);
    let collections = Collections::new(&snapshot, &sites);
    Census::new(&snapshot, &sites, &slots, &collections);
    Ok(())
}

/// A small server's heap: a module with a cache, a timer with a closure, a pair of a WeakMap, something that is logged.
fn server() -> Sketch {
    let mut s = Sketch::new();
    let roots = s.node("synthetic", "(GC roots)", 0);
    let strong = s.node("synthetic", "(Strong roots)", 0);
    let handles = s.node("synthetic", "(Global handles)", 0);
    let stack = s.node("synthetic", "(Stack roots)", 0);
    let native = s.node("hidden", "system / NativeContext", 100);
    let global = s.node("object", "global", 40);
    let scope = s.node("object", "system / Context", 64);
    let map = s.node("object", "Map", 32);
    let table = s.node("array", "", 200);
    let session = s.node("object", "Session", 48);
    let key = s.node("string", "sid-secret-\u{e9}\u{1F600}\n\"", 24);
    let handler = s.node("closure", "handler", 56);
    let shared = s.node("code", "handler", 80);
    let script = s.node("code", "/srv/server.js", 20);
    let user = s.node("object", "Object", 16);
    let text = s.node("concatenated string", "mail@example.test", 32);
    let weak = s.node("object", "WeakMap", 32);
    let value = s.node("object", "Value", 500);
    let logged = s.node("object", "Logged", 70);
    let held = s.node("object", "OnStack", 7);
    let orphan = s.node("object", "Orphan", 9);
    for (at, group) in [strong, handles, stack].into_iter().enumerate() {
        s.index(roots, "element", at, group);
    }
    s.index(0, "element", 1, roots);
    s.edge(0, "shortcut", "2", global);
    s.edge(strong, "internal", "1", native);
    s.edge(native, "internal", "global_object", global);
    s.edge(handles, "internal", "7 / DevTools console", logged);
    s.edge(stack, "internal", "1", held);
    s.edge(global, "property", "onrequest", handler);
    s.edge(handler, "internal", "context", scope);
    s.edge(handler, "internal", "shared", shared);
    s.edge(shared, "internal", "script", script);
    s.location(handler, 17, 11, 4);
    s.edge(scope, "context", "cache", map);
    s.edge(scope, "context", "notes", weak);
    s.edge(scope, "internal", "previous", native);
    s.edge(map, "internal", "table", table);
    s.edge(table, "internal", "3", key);
    s.edge(table, "internal", "4", session);
    s.edge(session, "property", "mail@example.test", user);
    s.edge(user, "property", "text", text);
    s.edge(user, "weak", "back", session);
    s.edge(user, "property", "self", user);
    let pair = format!("1 / part of key (Session @{}) -> value (Value @{}) pair in WeakMap (table @{})", 21, 37, 35);
    s.edge(session, "internal", &pair, value);
    s.edge(weak, "internal", &pair, value);
    s.index(orphan, "hidden", 2, session);
    s
}

fn decode(text: &str) -> Snapshot<'_> {
    Snapshot::decode(text.as_bytes()).unwrap()
}

fn find(snapshot: &Snapshot, name: &str) -> NodeIx {
    snapshot.all().find(|it| snapshot.name_is(*it, name)).unwrap_or_else(|| panic!("no {name}"))
}

#[test]
fn columns_are_the_same_in_every_style() {
    let sketch = server();
    let plain = sketch.text();
    let plain = decode(&plain);
    for (shuffled, turned, lines) in [(true, false, false), (false, true, false), (false, false, true), (true, true, true)] {
        let text = sketch.styled(Style { shuffled, turned, lines });
        let other = decode(&text);
        assert_eq!((plain.nodes(), plain.edge_count()), (other.nodes(), other.edge_count()));
        assert_eq!(plain.locations(), other.locations());
        for node in plain.all() {
            assert_eq!(plain.kind(node), other.kind(node));
            assert_eq!(plain.name(node), other.name(node));
            assert_eq!(plain.id(node), other.id(node));
            assert_eq!(plain.self_size(node), other.self_size(node));
            assert!(plain.edges(node).eq(other.edges(node)));
        }
    }
}

#[test]
fn nodes_and_edges_say_what_they_are() {
    let text = server().text();
    let snapshot = decode(&text);
    let session = find(&snapshot, "Session");
    assert_eq!(snapshot.kind(session), NodeKind::Object);
    assert_eq!((snapshot.id(session), snapshot.self_size(session)), (21, 48));
    let edge = snapshot.edges(session).next().unwrap();
    assert_eq!((edge.kind, &*snapshot.edge_name(edge)), (EdgeKind::Property, "mail@example.test"));
    assert_eq!(edge.name, EdgeName::Name(snapshot.string_ix("mail@example.test").unwrap()));
    let escaped = "sid-secret-\u{e9}\u{1F600}\n\"";
    assert_eq!(snapshot.name(find(&snapshot, escaped)), escaped);
    assert_eq!(snapshot.string_ix("absent"), None);
    let handler = snapshot.all().find(|it| snapshot.kind(*it) == NodeKind::Closure).unwrap();
    let location = snapshot.location(handler).unwrap();
    assert_eq!((location.script_id, location.line, location.column), (17, 11, 4));
    assert_eq!(snapshot.location(session), None);
}

#[test]
fn what_is_unknown_is_passed_over() {
    let mut s = Sketch::new();
    let new = s.node("from tomorrow", "Thing", u64::from(u32::MAX) + 5);
    s.index(0, "from tomorrow", 4_000_000_000, new);
    let text = s.text();
    let snapshot = decode(&text);
    let edge = snapshot.edges(snapshot.root()).next().unwrap();
    assert_eq!((edge.kind, edge.name), (EdgeKind::Other, EdgeName::Index(4_000_000_000)));
    assert_eq!((snapshot.kind(edge.to), snapshot.self_size(edge.to)), (NodeKind::Other, u64::from(u32::MAX) + 5));
    // A type number that the header does not name.
    let text = text.replace("\"nodes\":[9,", "\"nodes\":[99,");
    assert_eq!(decode(&text).kind(NodeIx(0)), NodeKind::Other);
}

#[test]
fn a_file_that_is_cut_off_is_refused_wherever_it_is_cut() {
    for turned in [false, true] {
        let text = server().styled(Style { turned, ..Style::default() });
        let end = text.trim_end().len();
        for cut in 0..end {
            let error = Snapshot::decode(&text.as_bytes()[..cut]).map(|_| ()).expect_err(&text[..cut]);
            assert!(error.offset <= cut, "{cut}: {error}");
        }
        assert!(Snapshot::decode(&text.as_bytes()[..end]).is_ok());
    }
}

#[test]
fn broken_bytes_are_refused_or_read_and_never_panic() {
    let (mut refused, mut read) = (0, 0);
    let mut dice = Dice(42);
    for round in 0..4_000 {
        let style = Style { shuffled: round % 3 == 0, turned: round % 5 == 0, lines: round % 7 == 0 };
        let mut bytes = server().styled(style).into_bytes();
        for _ in 0..=dice.below(3) {
            let at = dice.below(bytes.len());
            match dice.below(4) {
                0 => bytes[at] = dice.below(256) as u8,
                1 => bytes[at] = b"0123456789,\"[]{}:\\-"[dice.below(19)],
                2 => drop(bytes.remove(at)),
                _ => bytes.insert(at, b"0123456789,\"[]"[dice.below(14)]),
            }
        }
        match read_all(&bytes) {
            Ok(()) => read += 1,
            Err(error) => {
                assert!(error.offset <= bytes.len() && !error.reason.is_empty());
                refused += 1;
            }
        }
    }
    assert!(refused > 1_000 && read > 100, "{refused} refused, {read} read");
}

/// What is wrong with a snapshot after a replacement: reason, and what stands at the offset.
fn refusal(text: &str, from: &str, to: &str) -> (String, String) {
    let changed = text.replacen(from, to, 1);
    assert!(changed != text, "nothing to replace: {from}");
    let error = Snapshot::decode(changed.as_bytes()).map(|_| ()).expect_err(to);
    assert!(error.offset <= changed.len());
    (error.reason, changed[error.offset..].chars().take(12).collect())
}

#[test]
fn what_cannot_be_is_refused_with_its_place() {
    let mut s = Sketch::new();
    let node = s.node("object", "A", 1);
    s.edge(0, "property", "x", node);
    s.location(node, 1, 2, 3);
    let text = s.text();
    // nodes 9,0,1,0,1,0 and 3,1,3,1,0,0; edges 2,2,6; strings "", "A", "x"
    let cases = [
        ("[2,2,6]", "[2,2,12]", "an edge leads to node 2, of 2", "2,2,12],\n\"sa"),
        ("[2,2,6]", "[2,2,7]", "an edge leads to offset 7, between two nodes", "2,2,7],\n\"sam"),
        ("[2,2,6]", "[2,3,6]", "a name is not in the table of 3 strings", "2,3,6],\n\"sam"),
        ("[2,2,6]", "[2,4294967296,6]", "the name of an edge is 4294967296: that is too much", "2,4294967296"),
        ("[2,2,6]", "[2,2,99999999999999999999]", "a number of more than 64 bits", "999999999999"),
        ("[2,2,6]", "[2,2]", "`edges` has 2 numbers, not a multiple of its 3 fields", "],\n\"samples\""),
        ("[2,2,6]", "[2,2,6,2,2,6]", "the header promises 1 edges, the array has 2", "],\n\"samples\""),
        ("[2,2,6]", "[2,2,-6]", "expected a number, found `-`", "-6],\n\"sample"),
        ("[2,2,6]", "[2,[2],6]", "expected `\"`, found `6`", "6],\n\"samples"),
        ("3,1,3,1,0,0]", "3,8,3,1,0,0]", "a name is not in the table of 3 strings", "3,8,3,1,0,0]"),
        ("3,1,3,1,0,0]", "3,1,3,1,1,0]", "the nodes claim 2 edges, `edges` has 1", "],\n\"samples\""),
        (
            "\"node_count\":2",
            "\"node_count\":9223372036854775807",
            "the header promises 9223372036854775807 nodes, the array has 2",
            "],\n\"edges\":[",
        ),
        ("\"locations\":[6,", "\"locations\":[60,", "a location belongs to node 10, of 2", "60,1,2,3],\n\""),
        ("\"self_size\"", "\"own_size\"", "`meta.node_fields` lacks `self_size`", "{\"meta\":{\"no"),
        ("\"x\"", "\"\\q\"", "a string has an escape that JSON does not know", "\\q\"]}\n"),
        ("\"edges\"", "\"nodes\"", "`nodes` comes a second time", "\"nodes\":[2,2"),
        ("\"strings\"", "\"texts\"", "no heap snapshot: `strings` is missing", ""),
        ("\"nodes\"", "\"knots\"", "no heap snapshot: `nodes` is missing", ""),
        ("\"nodes\":[", "\"nodes\":{", "expected `[`, found `{`", "{9,0,1,0,1,0"),
        ("{\"snapshot\"", "[\"snapshot\"", "no heap snapshot: expected `{`, found `[`", "[\"snapshot\":"),
        ("]}\n", "]} x", "expected the end of the file, found `x`", "x"),
    ];
    for (from, to, reason, place) in cases {
        let place = place.to_owned();
        assert_eq!(refusal(&text, from, to), (reason.to_owned(), place), "{to}");
    }
}

#[test]
fn a_location_that_can_be_none_is_left_out() {
    let mut s = server();
    let session = s.node("object", "Session", 8);
    s.edge(0, "shortcut", "", session);
    for (line, column) in [(u32::MAX, 4), (11, u32::MAX), (i32::MAX as u32, 0)] {
        s.location(session, 17, line as usize, column as usize);
    }
    let text = s.text();
    assert_eq!(decode(&text).location(NodeIx(session as u32)), None);
    read_all(text.as_bytes()).unwrap();
}

#[test]
fn sizes_beyond_all_measure_add_up_to_the_most_there_is() {
    let mut s = server();
    for _ in 0..2 {
        let session = s.node("object", "Session", u64::MAX);
        s.edge(0, "shortcut", "", session);
        s.location(session, 17, 11, 4);
    }
    let text = s.text();
    read_all(text.as_bytes()).unwrap();
    assert_eq!(retained(&text, &[""]), [u64::MAX]);
}

#[test]
fn what_is_no_text_and_no_snapshot_is_refused() {
    let text = server().text();
    let at = text.find("Session").unwrap();
    let mut bytes = text.clone().into_bytes();
    bytes[at] = 0xff;
    assert_eq!(read_all(&bytes).unwrap_err(), DecodeError { offset: at, reason: "a string is not UTF-8".into() });
    let empty = "{\"snapshot\":{\"meta\":{\"node_fields\":[\"type\",\"name\",\"id\",\"self_size\",\"edge_count\"],\"node_types\":[[]],\
         \"edge_fields\":[\"type\",\"name_or_index\",\"to_node\"],\"edge_types\":[[]]}},\"nodes\":[],\"edges\":[],\"strings\":[]}";
    assert_eq!(read_all(empty.as_bytes()).unwrap_err().reason, "there is no node: a snapshot has a root at least");
    for text in ["", "null", "{}", "[]", "{\"head\":{}}", "\u{feff}{}", "{\"snapshot\":{}}", "{\"snapshot\":7}"] {
        assert!(read_all(text.as_bytes()).is_err(), "{text}");
    }
    // Deeper than any stack: passed over, or refused.
    let deep = |depth: usize| {
        text.replacen("\"samples\":[", &format!("\"new\":{}{},\"samples\":[", "[".repeat(depth), "]".repeat(depth)), 1)
    };
    assert!(read_all(deep(1_000_000).as_bytes()).is_ok());
    assert!(read_all(deep(2_000_000).as_bytes()).unwrap_err().reason.starts_with("nested more than"));
    assert!(read_all("[{".repeat(1_000_000).as_bytes()).is_err());
    assert!(read_all(format!("{{\"snapshot\":{}", "[".repeat(1_000_000)).as_bytes()).is_err());
}

/// Names with their retained sizes.
fn retained(text: &str, names: &[&str]) -> Vec<u64> {
    let snapshot = decode(text);
    let dominators = Dominators::new(&snapshot);
    let sizes = RetainedSizes::new(&snapshot, &dominators);
    names.iter().map(|it| sizes.of(find(&snapshot, it))).collect()
}

#[test]
fn retained_sizes_are_those_of_devtools() {
    let names = [
        "",
        "(GC roots)",
        "system / NativeContext",
        "global",
        "system / Context",
        "Map",
        "Session",
        "Object",
        "WeakMap",
        "Value",
        "Orphan",
    ];
    // Read off DevTools' own engine, given this drawing.
    let expected = [1330, 77, 100, 1244, 1048, 852, 596, 48, 32, 500, 9];
    assert_eq!(retained(&server().text(), &names), expected);
}

/// Who dominates whom, found by leaving out each node in turn.
fn dominated_slowly(edges: &[Vec<usize>]) -> Vec<Vec<bool>> {
    let reach = |without: Option<usize>| {
        let mut seen = vec![false; edges.len()];
        let mut open = if without == Some(0) { vec![] } else { vec![0] };
        while let Some(node) = open.pop() {
            if !std::mem::replace(&mut seen[node], true) {
                open.extend(edges[node].iter().filter(|it| Some(**it) != without && !seen[**it]));
            }
        }
        seen
    };
    let all = reach(None);
    (0..edges.len()).map(|node| reach(Some(node)).iter().zip(&all).map(|(without, with)| *with && !without).collect()).collect()
}

#[test]
fn dominators_are_those_found_by_leaving_nodes_out() {
    let mut dice = Dice(7);
    for _ in 0..400 {
        let count = 2 + dice.below(12);
        let mut s = Sketch::new();
        let mut edges = vec![Vec::new(); count];
        for node in 1..count {
            s.node("object", &format!("n{node}"), 1 << node);
        }
        for _ in 0..dice.below(3 * count) {
            let (from, to) = (dice.below(count), dice.below(count));
            s.edge(from, "property", "x", to);
            edges[from].push(to);
        }
        let text = s.text();
        let snapshot = decode(&text);
        let dominators = Dominators::new(&snapshot);
        let sizes = RetainedSizes::new(&snapshot, &dominators);
        // What nothing holds counts as held by the root.
        for node in 1..count {
            let is_held = edges.iter().enumerate().any(|(from, to)| from != node && to.contains(&node));
            edges[0].extend((!is_held).then_some(node));
        }
        let slow = dominated_slowly(&edges);
        for node in (1..count).filter(|it| slow[0][*it]) {
            let expected: u64 = (1..count).filter(|it| slow[node][*it]).map(|it| 1 << it).sum();
            assert_eq!(sizes.of(NodeIx(node as u32)), expected, "n{node} of {edges:?}");
            for other in (1..count).filter(|it| slow[0][*it]) {
                let is = dominators.dominates(NodeIx(node as u32), NodeIx(other as u32));
                assert_eq!(is, slow[node][other], "n{node} and n{other} of {edges:?}");
            }
        }
        assert_eq!(sizes.of(NodeIx(0)), (1..count).map(|it| 1 << it).sum::<u64>());
    }
}

#[test]
fn topmost_nodes_hold_everything_once() {
    let text = server().text();
    let snapshot = decode(&text);
    let dominators = Dominators::new(&snapshot);
    let [map, session, object] = ["Map", "Session", "Object"].map(|it| find(&snapshot, it));
    assert!(
        dominators.dominates(map, session) && dominators.dominates(session, object) && !dominators.dominates(object, session)
    );
    assert_eq!(dominators.topmost(&[object, session, map, map]), [map]);
    let logged = find(&snapshot, "Logged");
    let mut apart = dominators.topmost(&[object, logged]);
    apart.sort_unstable();
    assert_eq!(apart, [object, logged]);
}

/// A list of nodes, each of which holds the next, and the one before too.
fn list(length: usize) -> Sketch {
    let mut s = Sketch::new();
    let mut before = s.node("object", "TimersList", 10);
    s.edge(0, "shortcut", "x", before);
    for _ in 0..length {
        let node = s.node("object", "Timeout", 1);
        s.edge(before, "property", "_idleNext", node);
        s.edge(node, "property", "_idlePrev", before);
        before = node;
    }
    s
}

#[test]
fn a_long_list_is_neither_deep_nor_quadratic() {
    let text = list(150_000).text();
    let snapshot = decode(&text);
    let dominators = Dominators::new(&snapshot);
    let sizes = RetainedSizes::new(&snapshot, &dominators);
    assert_eq!(sizes.of(NodeIx(1)), 150_010);
    assert_eq!(sizes.of(NodeIx(150_001)), 1);
    assert_eq!(dominators.of(NodeIx(150_001)), NodeIx(150_000));
    let paths = RetainerPaths::new(&snapshot);
    let steps = paths.to(&snapshot, NodeIx(150_001));
    assert_eq!(steps.len(), 150_001);
    let display = Display { snapshot: &snapshot, paths: &paths, knows: &|_| false, places: &|_| None };
    assert_eq!(display.path(&steps), ["timers of the event loop: Timeout", "._idleNext Timeout (149999 times)"]);
}

#[test]
fn circles_that_nothing_reaches_hang_from_the_root() {
    let mut s = Sketch::new();
    let [a, b, c] = ["A", "B", "C"].map(|it| s.node("object", it, 5));
    s.edge(a, "property", "b", b);
    s.edge(b, "property", "a", a);
    s.edge(b, "property", "c", c);
    s.edge(c, "property", "self", c);
    assert_eq!(retained(&s.text(), &["", "A", "B", "C"]), [15, 5, 5, 5]);
    assert!(read_all(s.text().as_bytes()).is_ok());
}

/// The way to a node, with its place told as `server.js:12`.
fn path_to(snapshot: &Snapshot, name: &str, known: &[&str]) -> (Durability, Vec<String>) {
    let paths = RetainerPaths::new(snapshot);
    let places = |node| snapshot.location(node).map(|it| format!("server.js:{}", it.line + 1));
    let knows = |name: &str| known.contains(&name);
    let display = Display { snapshot, paths: &paths, knows: &knows, places: &places };
    let node = find(snapshot, name);
    (paths.durability(node), display.path(&paths.to(snapshot, node)))
}

#[test]
fn paths_start_where_the_hold_is_durable() {
    let text = server().text();
    let snapshot = decode(&text);
    let path = |name: &str, known: &[&str]| {
        let (durability, path) = path_to(&snapshot, name, known);
        format!("{durability:?} {}", path.join(" | "))
    };
    assert_eq!(path("Session", &["Session"]), "Lasting server.js: cache (Map) | Map table | [entry] Session");
    assert_eq!(path("Session", &[]), "Lasting server.js: cache (Map) | Map table | [entry] object");
    assert_eq!(path("Object", &["Session"]), "Lasting server.js: cache (Map) | Map table | [entry] Session | .<key> Object");
    let text = "Lasting server.js: cache (Map) | Map table | [entry] Session | .<key> Object | .text string";
    assert_eq!(path("mail@example.test", &["Session", "text"]), text);
    let value = "Lasting server.js: cache (Map) | Map table | [entry] Session | [value of WeakMap] Value";
    assert_eq!(path("Value", &["Session", "Value"]), value);
    assert_eq!(path("handler", &["onrequest"]), "Lasting global: onrequest (function handler at server.js:12)");
    assert_eq!(path("Logged", &["Logged"]), "Inspector inspector: Logged");
    assert_eq!(path("OnStack", &["OnStack"]), "Passing Stack roots: OnStack");
    assert_eq!(path("Orphan", &["Orphan"]), "Unheld Orphan");
}

#[test]
fn paths_tell_no_secret() {
    let text = server().text();
    let snapshot = decode(&text);
    let paths = RetainerPaths::new(&snapshot);
    let display = Display { snapshot: &snapshot, paths: &paths, knows: &|_| false, places: &|_| None };
    for node in snapshot.all() {
        let shown = display.path(&paths.to(&snapshot, node)).join("\n");
        assert!(!shown.contains("secret") && !shown.contains("mail"), "{shown}");
    }
}

/// A snapshot of a real process, which runs a story in the Node of the system; `LEAKLINT_TEST_NODE` names another one.
fn real(story: &str) -> Vec<u8> {
    let folder = TempDir::new();
    let node = std::env::var_os("LEAKLINT_TEST_NODE").unwrap_or_else(|| "node".into());
    let story = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/heaps").join(story);
    let file = folder.path().join("heap.heapsnapshot");
    let mut command = Command::new(&node);
    let output = command.arg(story).arg(&file).env_remove("NODE_OPTIONS").output();
    let output = output.unwrap_or_else(|error| panic!("this test needs Node: {}: {error}", node.display()));
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    std::fs::read(file).unwrap()
}

/// The way to the instance of a class in the story of paths.
fn path_in_story(snapshot: &Snapshot, class: &str) -> String {
    let paths = RetainerPaths::new(snapshot);
    let scripts = Sites::new(snapshot);
    let places = |node| {
        let site = scripts.site(node)?;
        let (_, file) = scripts.script(site.script).path.rsplit_once('/')?;
        Some(format!("{file}:{}", site.line + 1))
    };
    let knows = |name: &str| ["everywhere", "all", "kept", "keep", "InStatic"].contains(&name);
    let display = Display { snapshot, paths: &paths, knows: &knows, places: &places };
    // The prototype goes by the name of its class too, and has no place.
    let is_it = |it: &NodeIx| snapshot.name_is(*it, class) && snapshot.kind(*it) == NodeKind::Object;
    let owns_constructor = |it: &NodeIx| snapshot.edges(*it).any(|it| snapshot.edge_name(it) == "constructor");
    let node = snapshot.all().filter(is_it).find(|it| !owns_constructor(it)).unwrap_or_else(|| panic!("no {class}"));
    format!("{:?} {}", paths.durability(node), display.path(&paths.to(snapshot, node)).join(" | "))
}

#[test]
fn paths_of_a_real_process_are_told_by_names() {
    let bytes = real("paths.cjs");
    let snapshot = Snapshot::decode(&bytes).unwrap();
    let path = |class: &str| path_in_story(&snapshot, class);
    assert_eq!(path("InCache"), "Lasting paths.cjs: cache (Map) | Map table | [entry] InCache");
    let timer = "Lasting timers of the event loop: Timeout | ._onTimeout function at paths.cjs:19 | scope: held (InTimer)";
    assert_eq!(path("InTimer"), timer);
    let listener = "Lasting process: _events (Object) | .<key> function onSignal at paths.cjs:24 | scope: held (InListener)";
    assert_eq!(path("InListener"), listener);
    assert_eq!(path("InExports"), "Lasting paths.cjs: exports (Object) | .kept Array | [element] InExports");
    assert_eq!(path("InGlobal"), "Lasting global: everywhere (Object) | .<key> InGlobal");
    let of_class =
        "Lasting paths.cjs: exports (Object) | .InStatic function InStatic at paths.cjs:9 | .all Array | [element] InStatic";
    assert_eq!(path("InStatic"), of_class);
    let stack = path("OnStack");
    assert!(stack.starts_with("Passing "), "{stack}");
}

#[test]
fn a_real_snapshot_that_is_broken_is_refused_or_read() {
    let bytes = real("paths.cjs");
    assert!(read_all(&bytes).is_ok());
    let end = bytes.trim_ascii_end().len();
    for cut in (0..end).step_by(end / 60).chain(end - 20..end) {
        assert!(Snapshot::decode(&bytes[..cut]).is_err(), "{cut}");
    }
    let mut dice = Dice(3);
    for _ in 0..8 {
        let mut broken = bytes.clone();
        for _ in 0..4 {
            let at = dice.below(broken.len());
            // Digits for digits: what is read in the end.
            if broken[at].is_ascii_digit() {
                broken[at] = b'0' + dice.below(10) as u8;
            }
        }
        let _ = read_all(&broken);
    }
}
