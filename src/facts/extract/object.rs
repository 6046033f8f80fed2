//! Object literals.

use swc_common::Spanned;
use swc_ecma_ast as ast;
use swc_ecma_ast::{Prop, PropOrSpread};

use super::super::{ClassId, Expr, ExprId, FunctionKind, Name, Property};
use super::function::Outline;
use super::{Extractor, range};

impl Extractor<'_> {
    pub(super) fn object(&mut self, object: &ast::ObjectLit) -> ExprId {
        let mark = self.properties.len();
        for property in &object.props {
            let property = match property {
                PropOrSpread::Spread(spread) => {
                    let value = self.expr(&spread.expr);
                    let value = self.push(Expr::Spread(value), spread.dot3_token.to(spread.expr.span()));
                    Property { name: Name::EMPTY, value, key: ExprId::NONE }
                }
                PropOrSpread::Prop(property) => self.property(property),
            };
            self.properties.push(property);
        }
        let first = self.facts.properties.len() as u32;
        self.facts.properties.extend(self.properties.drain(mark..));
        let count = self.facts.properties.len() as u32 - first;
        self.push(Expr::Object { first, count }, object.span)
    }

    fn property(&mut self, property: &Prop) -> Property {
        match property {
            Prop::Shorthand(ident) => {
                let name = self.name(&ident.sym);
                let value = self.reference(name, ident.span);
                Property { name, value, key: ExprId::NONE }
            }
            Prop::KeyValue(property) => {
                let (name, key) = self.property_name(&property.key);
                let value = self.named(&property.value, name);
                Property { name, value, key }
            }
            Prop::Assign(property) => {
                let name = self.name(&property.key.sym);
                let value = self.named(&property.value, name);
                Property { name, value, key: ExprId::NONE }
            }
            Prop::Getter(property) => self.method(&property.key, &property.function, FunctionKind::Getter),
            Prop::Setter(property) => self.method(&property.key, &property.function, FunctionKind::Setter),
            Prop::Method(property) => self.method(&property.key, &property.function, FunctionKind::Method),
        }
    }

    fn method(&mut self, key: &ast::PropName, function: &ast::Function, kind: FunctionKind) -> Property {
        let (name, computed) = self.property_name(key);
        let (key_start, key_end) = range(key.span());
        let (start, end) = range(function.span);
        let outline = Outline { name, kind, class: ClassId::NONE, start: start.min(key_start), end, head: key_end };
        let id = self.function(function, outline);
        let value = self.push_at(Expr::Function(id), start.min(key_start), end);
        self.facts.functions[id.index()].expr = value;
        Property { name, value, key: computed }
    }
}
