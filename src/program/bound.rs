//! Functions that are bound to the `this` around them, as code without arrows does it.

use super::Program;
use super::refs::{ExprRef, FnRef, SiteRef};
use super::tables::{Tables, Write, this_function};
use super::value::Value;
use crate::facts::{AssignOp, Expr, FunctionKind};
use crate::text::FileId;

/// `function () { this.x = ... }.bind(this)` in what has turned out to be a method: what `this` is in it, and what it assigns
/// to its fields.
pub(super) fn told(program: &Program<'_>, file: FileId) -> Tables {
    let facts = program.facts(file);
    let words = &program.words;
    let mut out = Tables::default();
    for site in &facts.sites {
        let Expr::Call(callee, args) = facts.expr(site.expr) else { continue };
        let (Expr::Member(f, name), Some(this)) = (facts.expr(callee), facts.item(args, 0)) else { continue };
        let tells = [words.call, words.apply, words.bind].contains(&facts.sym(name));
        if !tells || !matches!(facts.expr(this), Expr::This) {
            continue;
        }
        let within = FnRef { file, id: facts.function_of(site.region) };
        let Value::Function(f) = program.eval(ExprRef::new(within, f)) else { continue };
        if f.file == file
            && facts.functions[f.id.index()].kind != FunctionKind::Arrow
            && !program.tables.this_of.contains_key(&f)
            && let Value::Object(shape) = program.eval(ExprRef::new(within, this))
        {
            out.this_of.insert(f, shape);
        }
    }
    fields(program, file, &mut out);
    out
}

/// What these functions assign to the fields of their `this`.
fn fields(program: &Program<'_>, file: FileId, out: &mut Tables) {
    let facts = program.facts(file);
    for site in facts.sites.iter().filter(|_| !out.this_of.is_empty()) {
        let id = facts.function_of(site.region);
        let Some(&shape) = out.this_of.get(&FnRef { file, id: this_function(facts, id) }) else { continue };
        let Expr::Assign(AssignOp::Set, target, value) = facts.expr(site.expr) else { continue };
        let Expr::Member(object, name) = facts.expr(target) else { continue };
        if matches!(facts.expr(object), Expr::This) {
            let within = FnRef { file, id };
            let at = SiteRef { expr: ExprRef::new(within, site.expr), region: site.region };
            let write = Write { value: ExprRef::new(within, value), site: Some(at) };
            out.fields.entry((shape, facts.sym(name))).or_default().push(write);
        }
    }
}
