//! Calls, arguments, tagged templates and JSX.

use swc_common::{Span, Spanned};
use swc_ecma_ast as ast;
use swc_ecma_ast::{Callee, JSXAttrOrSpread, JSXAttrValue, JSXElementChild, JSXElementName, JSXExpr, JSXObject};

use super::super::{Expr, ExprId, ListId};
use super::Extractor;

impl Extractor<'_> {
    pub(super) fn call(&mut self, callee: ExprId, arguments: &[ast::ExprOrSpread], span: Span) -> ExprId {
        let is_require = self.facts.expr(callee) == Expr::Free(self.known.require);
        let arguments = match arguments {
            [argument] if is_require => {
                let specifier = self.specifier(&argument.expr);
                self.items.push(specifier.0);
                self.list(self.items.len() - 1)
            }
            _ => self.arguments(arguments),
        };
        let call = self.push_site(Expr::Call(callee, arguments), span);
        self.commonjs_call(callee, arguments);
        call
    }

    /// `super(...)` and `import(...)`.
    pub(super) fn special_call(&mut self, call: &ast::CallExpr) -> ExprId {
        match &call.callee {
            Callee::Super(callee) => {
                self.mark_this();
                let callee = self.push(Expr::Super, callee.span);
                self.call(callee, &call.args, call.span)
            }
            Callee::Import(_) => {
                let mut arguments = call.args.iter();
                let specifier = arguments.next().map_or(ExprId::NONE, |first| self.specifier(&first.expr));
                for argument in arguments {
                    self.expr(&argument.expr);
                }
                if specifier == ExprId::NONE {
                    return self.push(Expr::Opaque, call.span);
                }
                self.push_site(Expr::ImportCall(specifier), call.span)
            }
            Callee::Expr(callee) => {
                let callee = self.expr(callee);
                self.call(callee, &call.args, call.span)
            }
        }
    }

    /// A module specifier: a string that must not be cut.
    fn specifier(&mut self, expr: &ast::Expr) -> ExprId {
        match super::expr::bare(expr) {
            ast::Expr::Lit(ast::Lit::Str(text)) => {
                let name = self.whole_text(text);
                self.push(Expr::Str(name), text.span)
            }
            other => match beside_file(other) {
                Some(specifier) => {
                    let name = self.names.intern(&specifier);
                    self.push(Expr::Str(name), expr.span())
                }
                None => self.expr(expr),
            },
        }
    }

    pub(super) fn arguments(&mut self, arguments: &[ast::ExprOrSpread]) -> ListId {
        let mark = self.items.len();
        for argument in arguments {
            let id = self.item(argument);
            self.items.push(id.0);
        }
        self.list(mark)
    }

    /// An argument or array element.
    pub(super) fn item(&mut self, item: &ast::ExprOrSpread) -> ExprId {
        let value = self.expr(&item.expr);
        match item.spread {
            Some(_) => self.push(Expr::Spread(value), item.span()),
            None => value,
        }
    }

    pub(super) fn tagged_template(&mut self, template: &ast::TaggedTpl, tag: ExprId) -> ExprId {
        let mark = self.items.len();
        self.items.push(tag.0);
        for part in &template.tpl.exprs {
            let id = self.expr(part);
            self.items.push(id.0);
        }
        let list = self.list(mark);
        self.push(Expr::Parts(list), template.span)
    }

    pub(super) fn jsx_element(&mut self, element: &ast::JSXElement) -> ExprId {
        let mark = self.items.len();
        self.jsx_tag(&element.opening.name);
        for attribute in &element.opening.attrs {
            let value = match attribute {
                JSXAttrOrSpread::SpreadElement(spread) => {
                    let value = self.expr(&spread.expr);
                    Some(self.push(Expr::Spread(value), spread.dot3_token.to(spread.expr.span())))
                }
                JSXAttrOrSpread::JSXAttr(attribute) => match &attribute.value {
                    None | Some(JSXAttrValue::Str(_)) => None,
                    Some(JSXAttrValue::JSXExprContainer(container)) => self.jsx_expr(container),
                    Some(JSXAttrValue::JSXElement(inner)) => Some(self.jsx_element(inner)),
                    Some(JSXAttrValue::JSXFragment(inner)) => Some(self.jsx_fragment(inner)),
                },
            };
            self.items.extend(value.map(|id| id.0));
        }
        self.jsx_children(&element.children);
        let list = self.list(mark);
        self.push(Expr::Parts(list), element.span)
    }

    pub(super) fn jsx_fragment(&mut self, fragment: &ast::JSXFragment) -> ExprId {
        let mark = self.items.len();
        self.jsx_children(&fragment.children);
        let list = self.list(mark);
        self.push(Expr::Parts(list), fragment.span)
    }

    fn jsx_children(&mut self, children: &[JSXElementChild]) {
        for child in children {
            let value = match child {
                JSXElementChild::JSXText(_) => None,
                JSXElementChild::JSXExprContainer(container) => self.jsx_expr(container),
                JSXElementChild::JSXSpreadChild(spread) => Some(self.expr(&spread.expr)),
                JSXElementChild::JSXElement(inner) => Some(self.jsx_element(inner)),
                JSXElementChild::JSXFragment(inner) => Some(self.jsx_fragment(inner)),
            };
            self.items.extend(value.map(|id| id.0));
        }
    }

    fn jsx_expr(&mut self, container: &ast::JSXExprContainer) -> Option<ExprId> {
        match &container.expr {
            JSXExpr::JSXEmptyExpr(_) => None,
            JSXExpr::Expr(expr) => Some(self.expr(expr)),
        }
    }

    /// A component's tag is a use of it; an element's tag (`<div>`) is not.
    fn jsx_tag(&mut self, tag: &JSXElementName) {
        let tag = match tag {
            JSXElementName::Ident(tag) if tag.sym.starts_with(|c: char| c.is_ascii_lowercase()) => return,
            JSXElementName::Ident(tag) => {
                let name = self.name(&tag.sym);
                self.reference(name, tag.span)
            }
            JSXElementName::JSXMemberExpr(tag) => self.jsx_member(tag),
            JSXElementName::JSXNamespacedName(_) => return,
        };
        self.items.push(tag.0);
    }

    pub(super) fn jsx_member(&mut self, member: &ast::JSXMemberExpr) -> ExprId {
        let object = match &member.obj {
            JSXObject::JSXMemberExpr(object) => self.jsx_member(object),
            JSXObject::Ident(object) if object.sym == "this" => {
                self.mark_this();
                self.push(Expr::This, object.span)
            }
            JSXObject::Ident(object) => {
                let name = self.name(&object.sym);
                self.reference(name, object.span)
            }
        };
        let name = self.name(&member.prop.sym);
        self.push(Expr::Member(object, name), member.span)
    }
}

/// The relative specifier of `path.join(__dirname, "..", "x")`, `__dirname + "/x"` and `${__dirname}/x`.
fn beside_file(expr: &ast::Expr) -> Option<String> {
    let is_folder = |it: &ast::Expr| matches!(it, ast::Expr::Ident(name) if name.sym == *"__dirname");
    let text = |it: &ast::Expr| match it {
        ast::Expr::Lit(ast::Lit::Str(text)) => text.value.as_str().map(str::to_owned),
        _ => None,
    };
    match expr {
        ast::Expr::Bin(it) if it.op == ast::BinaryOp::Add && is_folder(&it.left) => {
            text(&it.right).filter(|it| it.starts_with('/')).map(|it| format!(".{it}"))
        }
        ast::Expr::Tpl(it) => match (it.quasis.as_slice(), it.exprs.as_slice()) {
            ([before, after], [folder]) if before.raw.is_empty() && after.raw.starts_with('/') && is_folder(folder) => {
                Some(format!(".{}", after.raw))
            }
            _ => None,
        },
        ast::Expr::Call(it) => {
            let Callee::Expr(callee) = &it.callee else { return None };
            let ast::Expr::Member(member) = &**callee else { return None };
            let joins = matches!(&member.prop, ast::MemberProp::Ident(name) if name.sym == *"join" || name.sym == *"resolve");
            let (first, rest) = it.args.split_first()?;
            let parts: Option<Vec<String>> = rest.iter().map(|it| text(&it.expr)).collect();
            parts
                .filter(|it| joins && is_folder(&first.expr) && !it.is_empty())
                .map(|it| format!("./{}", it.join("/").trim_start_matches('/')))
        }
        _ => None,
    }
}
