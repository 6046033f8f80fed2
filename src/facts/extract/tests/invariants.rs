//! What holds for the facts of any file. Every test's snippet is held to it, and real code on demand.

use rayon::prelude::*;

use crate::facts::{BindingId, ExportSource, Expr, ExprId, Facts, FnId, FunctionKind, RegionKind, TypeId};

/// The expressions that an expression consists of.
fn children(f: &Facts, expr: Expr) -> Vec<ExprId> {
    match expr {
        Expr::Opaque | Expr::Undefined | Expr::Null | Expr::Bool(_) | Expr::Number(_) | Expr::Str(_) | Expr::Ident(_) => {
            Vec::new()
        }
        Expr::Free(_) | Expr::Param(..) | Expr::This | Expr::Super | Expr::Function(_) | Expr::Class(_) => Vec::new(),
        Expr::Parts(list) | Expr::Template(list) | Expr::Array(list) | Expr::Choice(list) | Expr::Sequence(list) => {
            f.list(list).collect()
        }
        Expr::Member(a, _) | Expr::ImportCall(a) | Expr::Update(_, a) | Expr::Unary(_, a) | Expr::Delete(a) | Expr::Await(a) => {
            vec![a]
        }
        Expr::Spread(a) | Expr::ElementOf(a) | Expr::KeyOf(a) | Expr::Rest(a) => vec![a],
        Expr::Yield(a) => a.get().into_iter().collect(),
        Expr::Index(a, b) | Expr::Assign(_, a, b) | Expr::Logical(_, a, b) | Expr::Binary(_, a, b) => vec![a, b],
        Expr::Call(callee, list) | Expr::New(callee, list) => std::iter::once(callee).chain(f.list(list)).collect(),
        Expr::Object { .. } => f.properties(expr).iter().flat_map(|one| [Some(one.value), one.key.get()]).flatten().collect(),
    }
}

/// Holds facts to what they promise.
pub(super) fn check(path: &str, text: &str, f: &Facts) {
    expressions(path, text, f);
    functions(path, text, f);
    let expr = |id: ExprId| assert!(id == ExprId::NONE || id.index() < f.nodes.len(), "{path}");
    for (i, region) in f.regions.iter().enumerate() {
        expr(region.test);
        match region.parent.get() {
            None => assert_eq!(region.kind, RegionKind::Body, "{path}"),
            Some(parent) => {
                assert!(parent.index() < i, "{path}: {region:?}");
                assert_eq!(f.function_of(parent), region.function, "{path}: {region:?}");
            }
        }
    }
    assert!(f.sites.is_sorted_by_key(|it| it.expr), "{path}");
    for site in &f.sites {
        let (start, end) = f.range(site.expr);
        let function = &f.functions[f.function_of(site.region).index()];
        assert!(function.start <= start && end <= function.end, "{path}: {:?} is outside of {function:?}", f.expr(site.expr));
        let is_site = matches!(
            f.expr(site.expr),
            Expr::Call(..)
                | Expr::New(..)
                | Expr::ImportCall(_)
                | Expr::Assign(..)
                | Expr::Update(..)
                | Expr::Delete(_)
                | Expr::Await(_)
        );
        assert!(is_site, "{path}");
    }
    f.exits.iter().for_each(|exit| expr(exit.value));
    for binding in &f.bindings {
        expr(binding.init);
        assert!(binding.ty == TypeId::NONE || binding.ty.index() < f.types.len(), "{path}");
        let source = &text[binding.start as usize..];
        assert!(source.starts_with(f.text(binding.name)) || source.contains('\\'), "{path}: {}", f.text(binding.name));
    }
    for class in &f.classes {
        expr(class.extends);
        assert!(text[class.start as usize..].starts_with("class"), "{path}: {class:?}");
    }
    for ty in &f.types {
        assert!(ty.binding == BindingId::NONE || ty.binding.index() < f.bindings.len(), "{path}");
        assert!(ty.element == TypeId::NONE || ty.element.index() < f.types.len(), "{path}");
    }
    for export in &f.exports {
        match export.source {
            ExportSource::Binding(binding) => assert!(binding.index() < f.bindings.len(), "{path}"),
            ExportSource::Expr(value) => assert!(value.index() < f.nodes.len(), "{path}"),
            ExportSource::From(..) | ExportSource::NamespaceOf(_) | ExportSource::AllOf(_) => {}
        }
    }
}

fn expressions(path: &str, text: &str, f: &Facts) {
    for (i, node) in f.nodes.iter().enumerate() {
        let first = children(f, node.expr).into_iter().find(|child| child.index() >= i);
        assert_eq!(first, None, "{path}: {:?} comes before its part", node.expr);
        assert!((node.start + node.len) as usize <= text.len(), "{path}: {node:?}");
        match node.expr {
            Expr::Ident(binding) => assert!(binding.index() < f.bindings.len(), "{path}"),
            Expr::Function(function) => assert_eq!(f.functions[function.index()].expr, ExprId(i as u32), "{path}"),
            Expr::Class(class) => assert!(class.index() < f.classes.len(), "{path}"),
            Expr::Number(number) => assert!((number as usize) < f.numbers.len(), "{path}"),
            Expr::Param(function, n) => assert!(u32::from(n) < f.functions[function.index()].param_count, "{path}"),
            _ => {}
        }
    }
}

fn functions(path: &str, text: &str, f: &Facts) {
    for (i, function) in f.functions.iter().enumerate() {
        let id = FnId(i as u32);
        assert_eq!(f.function_of(function.body), id, "{path}: {function:?}");
        assert_eq!(f.scopes[function.scope.index()].function, id, "{path}: {function:?}");
        assert_eq!(f.params(id).len(), function.param_count as usize);
        let by_parenthesis = match function.kind {
            FunctionKind::Module | FunctionKind::Fields | FunctionKind::Statics | FunctionKind::Arrow => false,
            FunctionKind::Plain | FunctionKind::Method | FunctionKind::Getter | FunctionKind::Setter => true,
            FunctionKind::Constructor => true,
        };
        if by_parenthesis {
            assert_eq!(text.as_bytes()[function.v8_start as usize], b'(', "{path}: {function:?}");
        }
        if id != FnId::MODULE {
            assert!(function.parent.index() < i, "{path}: {function:?}");
            assert_eq!(f.function_of(function.made_in), function.parent, "{path}: {function:?}");
        }
    }
}

/// `LEAKLINT_CORPUS=dir cargo test -- --ignored`
#[test]
#[ignore = "wants a folder of real code"]
fn real_code_keeps_the_invariants() {
    let folder = std::env::var_os("LEAKLINT_CORPUS").expect("LEAKLINT_CORPUS");
    let files: Vec<_> = ignore::WalkBuilder::new(folder).standard_filters(false).build().flatten().collect();
    let pool = rayon::ThreadPoolBuilder::new().stack_size(crate::syntax::STACK_SIZE).build().unwrap();
    pool.install(|| {
        files.par_iter().for_each(|file| {
            let extension = file.path().extension().and_then(|extension| extension.to_str()).unwrap_or_default();
            if !matches!(extension, "js" | "jsx" | "ts" | "tsx" | "mjs" | "cjs" | "mts" | "cts") {
                return;
            }
            let Ok(text) = std::fs::read_to_string(file.path()) else { return };
            let path = file.path().to_string_lossy();
            match crate::syntax::parse(&path, &text) {
                Ok(tree) => check(&path, &text, &super::super::extract(&tree, &text)),
                Err(error) => println!("{path}: {}", error.message),
            }
        });
    });
}
