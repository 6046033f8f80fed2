//! Patterns, taken apart: each name gets the expression for its part of the value.

use swc_common::Spanned;
use swc_ecma_ast as ast;
use swc_ecma_ast::{ObjectPatProp, Pat, PropName};

use super::super::{AssignOp, BindingKind, Expr, ExprId, Name};
use super::scope::Declaration;
use super::{Extractor, range};

/// What a pattern does with the parts.
#[derive(Clone, Copy)]
pub(super) enum Origin {
    /// Binds new names.
    Declared {
        /// As what.
        kind: BindingKind,
        /// With `using`.
        using: bool,
    },
    /// Assigns; the assignments are appended to the list under construction.
    Assigned,
}

impl Extractor<'_> {
    /// Takes a value apart.
    pub(super) fn take_apart(&mut self, pattern: &Pat, value: ExprId, origin: Origin) {
        match pattern {
            Pat::Ident(ident) => self.part(ident, value, origin),
            Pat::Expr(target) => {
                let target = self.expr(target);
                self.assign_part(target, value, pattern.span());
            }
            Pat::Assign(assign) => {
                let name = self.pattern_name(&assign.left);
                let value = self.with_default(value, &assign.right, name, assign.span);
                self.take_apart(&assign.left, value, origin);
            }
            Pat::Rest(rest) => {
                let value = self.push(Expr::Rest(value), rest.span);
                self.take_apart(&rest.arg, value, origin);
            }
            Pat::Object(object) => self.take_object_apart(object, value, origin),
            Pat::Array(array) => self.take_array_apart(array, value, origin),
            Pat::Invalid(_) => {}
        }
    }

    pub(super) fn take_object_apart(&mut self, object: &ast::ObjectPat, value: ExprId, origin: Origin) {
        for property in &object.props {
            match property {
                ObjectPatProp::KeyValue(property) => {
                    let span = property.key.span();
                    let part = match &property.key {
                        PropName::Computed(key) => self.index(value, &key.expr, span),
                        key => {
                            let (name, _) = self.property_name(key);
                            self.push(Expr::Member(value, name), span)
                        }
                    };
                    self.take_apart(&property.value, part, origin);
                }
                ObjectPatProp::Assign(property) => {
                    let name = self.name(&property.key.sym);
                    let mut part = self.push(Expr::Member(value, name), property.key.span);
                    if let Some(default) = &property.value {
                        part = self.with_default(part, default, name, property.span);
                    }
                    self.part(&property.key, part, origin);
                }
                ObjectPatProp::Rest(rest) => {
                    let part = self.push(Expr::Rest(value), rest.span);
                    self.take_apart(&rest.arg, part, origin);
                }
            }
        }
    }

    pub(super) fn take_array_apart(&mut self, array: &ast::ArrayPat, value: ExprId, origin: Origin) {
        for (i, element) in array.elems.iter().enumerate() {
            let Some(element) = element else { continue };
            if let Pat::Rest(_) = element {
                self.take_apart(element, value, origin);
                continue;
            }
            let (start, end) = range(element.span());
            let index = self.number(i as f64, start, start);
            let part = self.push_at(Expr::Index(value, index), start, end);
            self.take_apart(element, part, origin);
        }
    }

    /// One name's part.
    fn part(&mut self, ident: &ast::BindingIdent, value: ExprId, origin: Origin) {
        let name = self.name(&ident.sym);
        match origin {
            Origin::Declared { kind, using } => {
                let ty = self.annotation(ident.type_ann.as_deref());
                let start = range(ident.span).0;
                self.initialize(Declaration { name, start, kind, init: value, ty, using }, ident.span);
            }
            Origin::Assigned => {
                let target = self.reference(name, ident.span);
                self.assign_part(target, value, ident.span);
            }
        }
    }

    /// Declares a name with a value. What is declared again is assigned to instead.
    pub(super) fn initialize(&mut self, declaration: Declaration, span: swc_common::Span) {
        let Declaration { name, init, .. } = declaration;
        let (binding, is_new) = self.declare(declaration);
        if is_new || init == ExprId::NONE {
            return;
        }
        let old = &mut self.facts.bindings[binding.index()];
        if old.kind == BindingKind::Var && old.init == ExprId::NONE {
            old.init = init;
            return;
        }
        let target = self.reference(name, span);
        self.write(target);
        self.push_site(Expr::Assign(AssignOp::Set, target, init), span);
    }

    fn assign_part(&mut self, target: ExprId, value: ExprId, span: swc_common::Span) {
        self.write(target);
        let id = self.push_site(Expr::Assign(AssignOp::Set, target, value), span);
        self.items.push(id.0);
    }

    /// The name that a pattern consists of.
    fn pattern_name(&mut self, pattern: &Pat) -> Name {
        match pattern {
            Pat::Ident(ident) => self.name(&ident.sym),
            _ => Name::EMPTY,
        }
    }
}
