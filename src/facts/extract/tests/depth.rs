//! Hostile nesting: whatever a file holds, parsing, extracting and dropping it must not overflow the stack.

use std::time::Instant;

use super::super::extract;
use crate::syntax::{STACK_SIZE, parse};

/// Extension, then: start, what is repeated, middle, what is repeated after it, end.
type Nest = (&'static str, &'static str, &'static str, &'static str, &'static str, &'static str);

#[rustfmt::skip]
const NESTS: &[Nest] = &[
    ("js", "", "(", "a", ")", ""),
    ("ts", "", "(", "a", ")", ""),
    ("js", "", "[", "", "]", ""),
    ("ts", "", "[", "", "]", ""),
    ("js", "x=", "{a:", "1", "}", ""),
    ("js", "", "{", "", "}", ""),
    ("js", "", "f(", "", ")", ""),
    ("ts", "", "f(", "", ")", ""),
    ("js", "", "a[", "0", "]", ""),
    ("js", "", "function f(){", "", "}", ""),
    ("js", "", "(function(){", "", "})", ""),
    ("js", "x=", "()=>{", "", "}", ""),
    ("js", "", "f(()=>{", "", "})", ""),
    ("ts", "", "f(()=>{", "", "})", ""),
    ("js", "", "x=>", "1", "", ""),
    ("ts", "", "x=>", "1", "", ""),
    ("js", "", "(x)=>", "1", "", ""),
    ("ts", "", "(x)=>", "1", "", ""),
    ("ts", "", "async(x)=>", "1", "", ""),
    ("js", "", "(class{a(){", "", "}})", ""),
    ("js", "", "(class extends ", "A", "{})", ""),
    ("js", "", "!", "a", "", ""),
    ("js", "", "- ", "a", "", ""),
    ("js", "", "typeof ", "a", "", ""),
    ("ts", "", "void ", "a", "", ""),
    ("mjs", "", "await ", "a", "", ""),
    ("js", "function*g(){", "yield ", "}", "", ""),
    ("js", "", "new ", "a", "", ""),
    ("js", "", "new ", "a", "()", ""),
    ("js", "", "++a;", "", "", ""),
    ("js", "", "if(a){}else ", "{}", "", ""),
    ("ts", "", "if(a)b;else ", "b", "", ""),
    ("js", "", "if(a)", "b", "", ""),
    ("js", "", "if(a)\n", "b", "", ""),
    ("js", "", "for(;;)", "b", "", ""),
    ("js", "", "while(a)", "b", "", ""),
    ("js", "", "do ", "b", " while(a)", ""),
    ("js", "", "with(a)", "b", "", ""),
    ("js", "", "try{", "", "}catch{}", ""),
    ("js", "", "switch(a){case 0:", "", "}", ""),
    ("js", "", "a?b:", "c", "", ""),
    ("ts", "", "a?b:", "c", "", ""),
    ("js", "", "a?", "b", ":c", ""),
    ("ts", "", "a?", "b", ":c", ""),
    ("js", "", "a=", "1", "", ""),
    ("js", "", "a+=", "1", "", ""),
    ("js", "", "a**", "1", "", ""),
    ("js", "", "a,", "a", "", ""),
    ("js", "", "a+", "1", "", ""),
    ("ts", "", "a+", "1", "", ""),
    ("js", "", "a&&", "1", "", ""),
    ("js", "", "a??", "1", "", ""),
    ("js", "a", ".b", "", "", ""),
    ("js", "a", "?.b", "", "", ""),
    ("js", "a", "()", "", "", ""),
    ("js", "a", ".b()", "", "", ""),
    ("ts", "a", "\n.b()", "", "", ""),
    ("js", "a", "[0]", "", "", ""),
    ("js", "a", "``", "", "", ""),
    ("ts", "a", "!", "", "", ""),
    ("ts", "a", " as A", "", "", ""),
    ("ts", "a", " satisfies A", "", "", ""),
    ("ts", "", "<A>", "a", "", ""),
    ("ts", "", "a<", "b", "", ""),
    ("js", "", "`${", "", "}`", ""),
    ("ts", "let x:", "A<", "B", ">", ""),
    ("ts", "let x:", "(", "B", ")", ""),
    ("ts", "let x:A", "[]", "", "", ""),
    ("ts", "let x:", "[", "A", "]", ""),
    ("ts", "let x:", "{a:", "A", "}", ""),
    ("ts", "let x:", "()=>", "A", "", ""),
    ("ts", "let x:", "(a:", "A", ")=>A", ""),
    ("ts", "type X=", "A extends B?C:", "D", "", ""),
    ("ts", "type X=", "A extends B?", "C", ":D", ""),
    ("ts", "type X=", "A|", "D", "", ""),
    ("ts", "type X=", "keyof ", "D", "", ""),
    ("ts", "type X=A", "[B]", "", "", ""),
    ("ts", "type X=A", ".B", "", "", ""),
    ("ts", "type X=", "`${", "A", "}`", ""),
    ("ts", "", "a<", "b", ">()", ""),
    ("ts", "", "namespace a{", "", "}", ""),
    ("ts", "namespace a", ".a", "{}", "", ""),
    ("jsx", "", "<a>", "", "</a>", ""),
    ("tsx", "x=", "<a>", "", "</a>", ""),
    ("jsx", "", "<>", "", "</>", ""),
    ("jsx", "", "<a b=", "''", "/>", ""),
    ("jsx", "", "<a>{", "", "}</a>", ""),
    ("jsx", "<a", ".b", "/>", "", ""),
    ("js", "let ", "[", "a", "]", "=b"),
    ("js", "let ", "{a:", "b", "}", "=b"),
    ("js", "", "[", "a", "]", "=b"),
    ("js", "let {", "a=", "}=b", "", ""),
    ("js", "", "[...", "a", "]", ""),
    ("js", "", "import(", "a", ")", ""),
    ("ts", "", "@a(", "", ")", "class A{}"),
    ("ts", "", "(a<", "b", ")", ""),
    ("ts", "", "(a=", "b", ")", ""),
    ("js", "", "(a=", "b", ")", ""),
    ("ts", "", "(a=(", "b", ")=>1)=>1", ""),
    ("js", "", "(a=", "b", ")=>1", ""),
    ("ts", "", "async(", "b", ")", ""),
    ("ts", "", "async<T>(", "b", ")", ""),
    ("ts", "", "a?(b):", "c", "", ""),
    ("ts", "", "a?(", "c", "):d", ""),
    ("ts", "", "a?(b)=>", "c", ":d", ""),
    ("ts", "", "a?(b):c=>(", "d", "):e", ""),
    ("ts", "", "<T>(a=", "b", ")=>1", ""),
    ("ts", "", "({a:", "b", "})", ""),
    ("ts", "", "({a=", "b", "})", ""),
    ("ts", "", "([", "b", "])", ""),
    ("ts", "", "a<b>(", "b", ")", ""),
    ("ts", "", "new a<", "b", ">", ""),
    ("ts", "let x:", "(a:", "b", ")", ""),
    ("ts", "let x:", "{[a in ", "b", "]:c}", ""),
    ("ts", "type X=", "A extends infer B extends ", "b", "?c:d", ""),
    ("ts", "", "(a):b=>(", "b", ")", ""),
    ("tsx", "", "<T,>(a=", "b", ")=>1", ""),
    ("tsx", "", "(a=", "b", ")", ""),
    ("ts", "", "await(", "b", ")", ""),
    ("js", "", "await(", "b", ");function await(){}", ""),
    ("js", "", "await /a/;", "", "", ""),
    ("js", "", "for(let a of (", "b", "));", ""),
    ("ts", "", "using x=(", "b", ")", ""),
    ("ts", "", "@(", "b", ") class A{}", ""),
    ("ts", "", "(a,{b=", "", "", ""),
    ("ts", "", "a<b<(", "", "", ""),
    ("ts", "let x:", "abstract new(a:", "b", ")=>c", ""),
    ("ts", "", "a?(b?:", "c", ")", ""),
    ("js", "", "(\")\"+", "a", ")", ""),
    ("js", "", "(/*)*/", "a", ")", ""),
    ("js", "", "(/)/+", "a", ")", ""),
    ("js", "", "(`)`+", "a", ")", ""),
];

fn text_of((_, start, open, middle, close, end): Nest, depth: usize) -> String {
    [start, &open.repeat(depth), middle, &close.repeat(depth), end].concat()
}

/// Runs on a stack of the size that the workspace's workers have.
fn on_a_worker<T: Send + 'static>(run: impl FnOnce() -> T + Send + 'static) -> T {
    std::thread::Builder::new().stack_size(STACK_SIZE).spawn(run).unwrap().join().unwrap()
}

/// Nodes of the file's facts, or the error.
fn survive(extension: &str, text: String) -> Result<usize, String> {
    let path = format!("x.{extension}");
    on_a_worker(move || {
        let tree = parse(&path, &text).map_err(|error| error.message)?;
        let facts = extract(&tree, &text);
        drop(tree);
        Ok(facts.nodes.len())
    })
}

#[test]
fn any_depth_is_parsed_or_refused() {
    for &nest in NESTS {
        for depth in [1500, 7000, 100_000] {
            let started = Instant::now();
            let _ = survive(nest.0, text_of(nest, depth));
            assert!(started.elapsed().as_secs() < 60, "{nest:?} took {:?}", started.elapsed());
        }
    }
}

#[test]
fn a_hundred_levels_are_not_too_deep() {
    for &nest in NESTS {
        if let Err(error) = survive(nest.0, text_of(nest, 100)) {
            assert!(!error.contains("nested"), "{nest:?}: {error}");
        }
    }
}

#[test]
fn long_chains_of_real_code_are_parsed() {
    let chains: [(&str, &str, &str, usize); 6] = [
        ("ts", "x = ", "object.property.name + \n", 3000),
        ("js", "", "if (a === 'b') { c(); } else ", 1000),
        ("js", "$", "\n  .then(x => { y(x); })", 2000),
        ("js", "a", ".b", 10_000),
        ("js", "a\n", "b()\nc.d = e\n", 50_000),
        ("js", "switch (a) {\n", "case 1:\n", 50_000),
    ];
    for (extension, start, repeated, count) in chains {
        let end = if start.starts_with("switch") {
            "}"
        } else if repeated.ends_with("else ") {
            "{}"
        } else {
            "z"
        };
        let end = if repeated.ends_with(')') || repeated == ".b" { "" } else { end };
        let text = [start, &repeated.repeat(count), end].concat();
        let nodes = survive(extension, text);
        assert!(nodes.is_ok(), "{repeated:?} {count} times: {nodes:?}");
    }
}

#[test]
fn labels_are_parsed_or_refused() {
    let labels: String = (0..100_000).map(|i| format!("l{i}:\n")).collect();
    assert!(survive("js", labels + "a").is_err());
}

#[test]
fn a_refusal_says_why_and_where() {
    let text = "(".repeat(5000);
    let error = parse("x.js", &text).err().unwrap();
    assert_eq!(error.message, "nested too deeply (5625 levels, limit 4000)");
    assert_eq!((error.start, error.end), (3555, 3555));
}
