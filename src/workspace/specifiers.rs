//! What a file imports, by its facts.

use rustc_hash::FxHashSet;

use crate::facts::{Export, ExportSource, Expr, ExprId, Facts, ListId, Name};

/// Every specifier of an `import`, `export ... from`, `require("x")` and `import("x")`, each once, in order of places.
pub(super) fn specifiers(facts: &Facts) -> Vec<Name> {
    let declared = facts.imports.iter().map(|it| it.module);
    let exported = facts.exports.iter().filter_map(export_source);
    let called = facts.nodes.iter().filter_map(|node| match node.expr {
        Expr::Call(callee, args) => required(facts, callee, args),
        Expr::ImportCall(specifier) => string(facts, specifier),
        _ => None,
    });
    let mut seen = FxHashSet::default();
    declared.chain(exported).chain(called).filter(|&name| seen.insert(name)).collect()
}

fn export_source(export: &Export) -> Option<Name> {
    match export.source {
        ExportSource::From(module, _) | ExportSource::NamespaceOf(module) | ExportSource::AllOf(module) => Some(module),
        ExportSource::Binding(_) | ExportSource::Expr(_) => None,
    }
}

/// `require("x")`, and `require.resolve("x")`, whose result people pass to `fork` and `Worker`.
fn required(facts: &Facts, callee: ExprId, args: ListId) -> Option<Name> {
    let name = match facts.expr(callee) {
        Expr::Free(name) => name,
        Expr::Member(object, property) if facts.text(property) == "resolve" => match facts.expr(object) {
            Expr::Free(name) => name,
            _ => return None,
        },
        _ => return None,
    };
    if facts.text(name) != "require" {
        return None;
    }
    string(facts, facts.item(args, 0)?)
}

fn string(facts: &Facts, expr: ExprId) -> Option<Name> {
    match facts.expr(expr) {
        Expr::Str(name) => Some(name),
        _ => None,
    }
}
