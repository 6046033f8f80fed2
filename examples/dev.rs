//! The pipeline without the command line, for work on the checks.
#![allow(clippy::print_stdout, clippy::unwrap_used, reason = "a tool of the house")]

use leaklint::*;
#[global_allocator]
static A: mimalloc::MiMalloc = mimalloc::MiMalloc;
fn main() {
    let args: Vec<String> = std::env::args().skip(1).collect();
    let json = args.iter().any(|a| a == "json");
    let pedantic = args.iter().any(|a| a == "--pedantic");
    let stats = args.iter().any(|a| a == "stats");
    let paths = args
        .iter()
        .filter(|a| !["json", "check", "--format", "--pedantic", "stats"].contains(&a.as_str()))
        .map(|a| a.into())
        .collect();
    let sel = workspace::Selection { paths, ..Default::default() };
    let a = workspace::run(&sel, rulebook::Rulebook::builtin());
    let min = if pedantic { finding::Confidence::Suspect } else { finding::Confidence::Likely };
    let loc = |s: text::Span| -> (String, u32, u32) {
        let p = a.units[s.file.index()].path.clone();
        let t = std::fs::read(&p).map(|b| text::decode(b).text).unwrap_or_default();
        let i = text::LineIndex::new(&t);
        let l = i.location(&t, s.start);
        (p, l.line, l.column)
    };
    if stats {
        println!("{:?} {:?} {:?}", a.files, a.timings, a.errors);
        let mut n = std::collections::BTreeMap::new();
        for f in &a.findings {
            *n.entry((f.confidence, f.rule.clone())).or_insert(0) += 1;
        }
        println!("{n:#?}");
        return;
    }
    let mut js = vec![];
    for f in a.findings.iter().filter(|f| f.confidence >= min) {
        let (p, l, c) = loc(f.span);
        if json {
            let place = |s: text::Span| {
                let (p, l, _) = loc(s);
                (p, serde_json::json!({"start":{"line":l},"end":{"line":l}}))
            };
            let (p, r) = place(f.span);
            js.push(serde_json::json!({"rule": f.rule, "confidence": f.confidence, "path": p, "scope": f.scope, "range": r, "message": f.message,
              "story": f.story.iter().map(|s| { let (p,r)=place(s.span); serde_json::json!({"role": s.role, "path": p, "range": r, "message": s.message})}).collect::<Vec<_>>()}));
        } else {
            println!("{p}:{l}:{c}: {:?} [{}] {} ({:?}) in {}", f.severity, f.rule, f.message, f.confidence, f.scope);
            for s in &f.story {
                let (p, l, c) = loc(s.span);
                println!("    {:?} {p}:{l}:{c} {}", s.role, s.message);
            }
        }
    }
    if json {
        println!("{}", serde_json::json!({"findings": js}));
    }
}
