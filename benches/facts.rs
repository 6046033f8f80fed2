//! How long the phases take: parsing, parsing with extraction, and linking with checking of a small project.

use criterion::{Criterion, Throughput, criterion_group, criterion_main};
use leaklint::facts::extract;
use leaklint::program::{Target, Unit, link};
use leaklint::rulebook::Rulebook;
use leaklint::syntax::parse;
use leaklint::{checks, facts::Sym, text::FileId};
use std::fmt::Write as _;
use std::hint::black_box;

/// Files of the project that is linked.
const FILES: usize = 60;

/// A module of a server, about 1,000 lines long: handlers, a class, closures, timers and collections.
fn module(number: usize) -> String {
    let mut text = String::from(HEAD);
    for part in 0..60 {
        let name = format!("{number}_{part}");
        let _ = writeln!(text, "{}", PART.replace("NAME", &name));
    }
    text
}

const HEAD: &str = r#"import express from "express";
import { EventEmitter } from "node:events";
import { shared, track } from "./shared";

export const router = express.Router();
const bus = new EventEmitter();
const cache = new Map<string, { at: number; body: unknown }>();
"#;

const PART: &str = r#"
export class ServiceNAME extends EventEmitter {
  private readonly pending = new Map<string, (value: unknown) => void>();
  async load(id: string, limit = 10): Promise<unknown> {
    const hit = cache.get(id);
    if (hit && Date.now() - hit.at < 60_000) return hit.body;
    const body = await shared.fetch(`/items/${id}?limit=${limit}`);
    cache.set("NAME", { at: Date.now(), body });
    return body;
  }
}
const serviceNAME = new ServiceNAME();
router.get("/NAME/:id", async (req, res) => {
  const timer = setInterval(() => res.write(":\n"), 1000);
  res.on("close", () => clearInterval(timer));
  bus.once("stop", () => track(req.params.id));
  res.json(await serviceNAME.load(req.params.id));
});
"#;

fn text_to_facts(c: &mut Criterion) {
    let text = module(0);
    let mut group = c.benchmark_group("file");
    group.throughput(Throughput::Bytes(text.len() as u64));
    group.bench_function("parse", |b| b.iter(|| black_box(parse("module.ts", &text).is_ok())));
    group.bench_function("parse and extract", |b| {
        b.iter(|| parse("module.ts", &text).map(|tree| black_box(extract(&tree, &text))).is_ok());
    });
    group.finish();
}

fn facts_to_findings(c: &mut Criterion) {
    let shared = "import { EventEmitter } from 'node:events';\nexport const shared = { fetch: (url) => url };\nexport function track(id) { return id; }\n";
    let mut units = vec![unit("shared.ts", shared)];
    units.extend((0..FILES).map(|it| unit(&format!("module{it}.ts"), &module(it))));
    let mut group = c.benchmark_group("project");
    group.sample_size(20);
    group.bench_function("link", |b| b.iter(|| black_box(link(&units, &[], Rulebook::builtin())).edges.len()));
    group.bench_function("link and check", |b| {
        b.iter(|| black_box(checks::check(&link(&units, &[], Rulebook::builtin()))).len());
    });
    group.finish();
}

/// A file of the project; its imports lead to packages, and to the first file.
fn unit(path: &str, text: &str) -> Unit {
    let facts = parse(path, text).map(|tree| extract(&tree, text).into()).unwrap_or_default();
    let package = |name: &str| (Sym::of(name), Target::Package(name.to_owned()));
    let links = vec![package("express"), package("node:events"), (Sym::of("./shared"), Target::File(FileId(0)))];
    Unit { path: path.to_owned(), facts, links }
}

criterion_group!(benches, text_to_facts, facts_to_findings);
criterion_main!(benches);
