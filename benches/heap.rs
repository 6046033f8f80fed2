//! How long a heap takes: decoding, dominators with retained sizes, counting everything, paths. The snapshots are drawn.

#[path = "../tests/support/sketch.rs"]
mod sketch;

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use leaklint::heap::{Census, Collections, RetainedSizes, RetainerPaths, Sites, Slots, Snapshot};
use sketch::Sketch;
use std::hint::black_box;

/// Requests that the server of the snapshot answered.
const REQUESTS: usize = 20_000;

/// A server that keeps, for each request, a session in a map, a timer and a listener: 13 nodes each.
fn server(requests: usize) -> String {
    let mut s = Sketch::new();
    let roots = s.node("synthetic", "(GC roots)", 0);
    s.index(0, "element", 1, roots);
    let global = s.node("object", "global", 64);
    s.edge(0, "shortcut", "", global);
    let module = module(&mut s, roots);
    let table = s.node("array", "", 40 + 56 * requests.next_power_of_two() as u64 / 2);
    let map = s.node("object", "Map", 32);
    s.edge(module, "context", "sessions", map);
    s.edge(map, "internal", "table", table);
    let emitter = s.node("object", "EventEmitter", 56);
    let (events, listeners) = (s.node("object", "Object", 24), s.node("object", "Array", 16));
    s.edge(module, "context", "bus", emitter);
    s.edge(emitter, "property", "_events", events);
    s.edge(events, "property", "data", listeners);
    let list = s.node("object", "TimersList", 48);
    s.index(roots, "element", 2, list);
    let mut last = list;
    for number in 0..requests {
        let scope = s.node("object", "system / Context", 32);
        s.edge(scope, "internal", "previous", module);
        let session = session(&mut s, number);
        s.edge(scope, "context", "session", session);
        s.edge(table, "internal", &(3 + requests.next_power_of_two() / 2 + 3 * number + 1).to_string(), session);
        let listener = closure(&mut s, module + 1, scope, 30);
        s.index(listeners, "element", number, listener);
        last = timer(&mut s, module + 1, scope, last);
    }
    s.edge(list, "property", "_idlePrev", last);
    s.text()
}

/// The scope of a module; the shared part of its functions comes behind it.
fn module(s: &mut Sketch, roots: usize) -> usize {
    let scope = s.node("object", "system / Context", 64);
    let shared = s.node("code", "handle", 64);
    let script = s.node("code", "/app/server.js", 120);
    let source = s.node("string", "const sessions = new Map();", 48);
    s.edge(shared, "internal", "script", script);
    s.edge(script, "internal", "source", source);
    let handle = closure(s, shared, scope, 10);
    s.index(roots, "element", 0, handle);
    scope
}

fn closure(s: &mut Sketch, shared: usize, scope: usize, line: usize) -> usize {
    let closure = s.node("closure", "handle", 64);
    s.edge(closure, "internal", "context", scope);
    s.edge(closure, "internal", "shared", shared);
    s.location(closure, 7, line, 4);
    closure
}

/// An object with texts, an array and its store.
fn session(s: &mut Sketch, number: usize) -> usize {
    let session = s.node("object", "Session", 56);
    s.location(session, 7, 4, 14);
    for (property, text) in [("id", format!("sid-{number}")), ("user", format!("user-{}", number % 997))] {
        let text = s.node("string", &text, 24);
        s.edge(session, "property", property, text);
    }
    let (tags, store) = (s.node("object", "Array", 32), s.node("array", "(object elements)", 80));
    s.edge(session, "property", "tags", tags);
    s.edge(tags, "internal", "elements", store);
    for index in 0..4 {
        let tag = s.node("object", "Object", 28);
        s.index(tags, "element", index, tag);
        s.edge(store, "internal", &index.to_string(), tag);
    }
    session
}

/// A timer behind another in the list.
fn timer(s: &mut Sketch, shared: usize, scope: usize, before: usize) -> usize {
    let timer = s.node("object", "Timeout", 96);
    let callback = closure(s, shared, scope, 20);
    s.edge(timer, "property", "_onTimeout", callback);
    s.edge(timer, "property", "_idlePrev", before);
    s.edge(before, "property", "_idleNext", timer);
    timer
}

fn heap(c: &mut Criterion) {
    let text = server(REQUESTS);
    let mut group = c.benchmark_group("heap");
    group.sample_size(20);
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("decode", |b| b.iter(|| black_box(Snapshot::decode(text.as_bytes())).is_ok()));
    let Ok(snapshot) = Snapshot::decode(text.as_bytes()) else { return };
    group.bench_function("dominators and retained sizes", |b| {
        b.iter(|| black_box(RetainedSizes::with_dominators(&snapshot)).1.of(snapshot.root()));
    });
    group.bench_function("sites, slots, census", |b| {
        b.iter(|| {
            let sites = Sites::new(&snapshot);
            let (slots, collections) = (Slots::new(&snapshot, &sites), Collections::new(&snapshot, &sites));
            black_box(Census::new(&snapshot, &sites, &slots, &collections))
        });
    });
    group.bench_function("paths", |b| b.iter(|| black_box(RetainerPaths::new(&snapshot)).is_held(snapshot.root())));
    group.finish();
}

criterion_group!(benches, heap);
criterion_main!(benches);
