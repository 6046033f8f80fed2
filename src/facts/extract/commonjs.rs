//! CommonJS exports. Whether `module` and `exports` are the module's own is known when all names are resolved.

use super::super::{AssignOp, Export, ExportSource, Expr, ExprId, ListId, Name};
use super::Extractor;

/// An export, provided that `base` turns out to be global.
pub(super) struct Pending {
    base: ExprId,
    name: Name,
    source: ExportSource,
}

impl Extractor<'_> {
    /// `exports.x = v`, `module.exports.x = v`, `module.exports = v`.
    pub(super) fn commonjs_assign(&mut self, target: ExprId, value: ExprId) {
        let Expr::Member(object, name) = self.facts.expr(target) else { return };
        let (base, name) = match self.exports_object(object) {
            Some(base) => (base, name),
            None if name == self.known.exports && self.is_free(object, self.known.module) => (object, self.known.export_equals),
            None => return,
        };
        let source = ExportSource::Expr(self.assigned(value));
        self.commonjs.push(Pending { base, name, source });
    }

    /// The identifier that makes an expression `exports` or `module.exports`.
    fn exports_object(&self, expr: ExprId) -> Option<ExprId> {
        match self.facts.expr(expr) {
            Expr::Free(name) if name == self.known.exports => Some(expr),
            Expr::Member(object, name) if name == self.known.exports && self.is_free(object, self.known.module) => Some(object),
            _ => None,
        }
    }

    fn is_free(&self, expr: ExprId, name: Name) -> bool {
        self.facts.expr(expr) == Expr::Free(name)
    }

    /// The value at the end of `a = b = value`.
    fn assigned(&self, mut value: ExprId) -> ExprId {
        while let Expr::Assign(AssignOp::Set, _, inner) = self.facts.expr(value) {
            value = inner;
        }
        value
    }

    /// `Object.assign(exports, { ... })`, `Object.defineProperty(exports, "x", ...)`, `__exportStar(require("y"), exports)`.
    pub(super) fn commonjs_call(&mut self, callee: ExprId, arguments: ListId) {
        let (object, name) = match self.facts.expr(callee) {
            Expr::Member(object, name) => (Some(object), name),
            Expr::Free(name) => (None, name),
            _ => return,
        };
        if name == self.known.export_star {
            return self.export_star(arguments);
        }
        let of_object = object.is_some_and(|object| self.is_free(object, self.known.object));
        let Some(base) = self.facts.item(arguments, 0).filter(|_| of_object).and_then(|target| self.exports_object(target))
        else {
            return;
        };
        if name == self.known.assign {
            for argument in 1.. {
                let Some(argument) = self.facts.item(arguments, argument) else { break };
                if let Some(module) = self.required(argument) {
                    self.commonjs.push(Pending { base, name: Name::EMPTY, source: ExportSource::AllOf(module) });
                }
                for &property in self.facts.properties(self.facts.expr(argument)) {
                    let source = ExportSource::Expr(property.value);
                    self.commonjs.extend((property.name != Name::EMPTY).then_some(Pending { base, name: property.name, source }));
                }
            }
        } else if name == self.known.define_property {
            self.defined_export(base, arguments);
        }
    }

    fn defined_export(&mut self, base: ExprId, arguments: ListId) {
        let (Some(key), Some(descriptor)) = (self.facts.item(arguments, 1), self.facts.item(arguments, 2)) else { return };
        let Expr::Str(name) = self.facts.expr(key) else { return };
        for &property in self.facts.properties(self.facts.expr(descriptor)) {
            let value = match self.facts.expr(property.value) {
                Expr::Function(id) if property.name == self.known.get => {
                    let body = self.facts.functions[id.index()].body;
                    let returned = self.facts.exits.iter().rev().find(|exit| exit.region == body && !exit.is_throw);
                    returned.and_then(|exit| exit.value.get())
                }
                _ if property.name == self.known.value => Some(property.value),
                _ => None,
            };
            if let Some(value) = value {
                self.commonjs.push(Pending { base, name, source: ExportSource::Expr(value) });
            }
        }
    }

    fn export_star(&mut self, arguments: ListId) {
        let (Some(from), Some(to)) = (self.facts.item(arguments, 0), self.facts.item(arguments, 1)) else { return };
        if let (Some(module), Some(base)) = (self.required(from), self.exports_object(to)) {
            self.commonjs.push(Pending { base, name: Name::EMPTY, source: ExportSource::AllOf(module) });
        }
    }

    /// The specifier of `require("...")`.
    fn required(&self, call: ExprId) -> Option<Name> {
        let Expr::Call(require, arguments) = self.facts.expr(call) else { return None };
        let specifier = self.facts.item(arguments, 0).filter(|_| self.is_free(require, self.known.require))?;
        match self.facts.expr(specifier) {
            Expr::Str(module) => Some(module),
            _ => None,
        }
    }

    /// Keeps the exports whose `module` or `exports` is bound nowhere.
    pub(super) fn export_commonjs(&mut self) {
        for Pending { base, name, source } in std::mem::take(&mut self.commonjs) {
            let is_esmodule_mark = self.names.text(name) == "__esModule";
            if matches!(self.facts.expr(base), Expr::Free(_)) && !is_esmodule_mark {
                self.facts.exports.push(Export { name, source });
            }
        }
    }
}
