//! Literals, templates, arrays and the names that they make.

use swc_ecma_ast as ast;
use swc_ecma_ast::{Lit, PropName};

use super::super::{Expr, ExprId, Name};
use super::expr::bare;
use super::{Extractor, range};

/// Longer strings are cut: no check reads on.
const TEXT_LIMIT: usize = 64;

/// From this element on, arrays keep only what can matter (calls, functions, identifiers ...), not plain data.
const ARRAY_LIMIT: usize = 32;

impl Extractor<'_> {
    pub(super) fn literal(&mut self, literal: &Lit) -> ExprId {
        match literal {
            Lit::Str(text) => {
                let name = self.text(text);
                self.push(Expr::Str(name), text.span)
            }
            Lit::Bool(value) => self.push(Expr::Bool(value.value), value.span),
            Lit::Null(value) => self.push(Expr::Null, value.span),
            Lit::Num(number) => {
                let (start, end) = range(number.span);
                self.number(number.value, start, end)
            }
            Lit::BigInt(value) => self.push(Expr::Opaque, value.span),
            Lit::Regex(value) => self.push(Expr::Opaque, value.span),
            Lit::JSXText(text) => self.push(Expr::Opaque, text.span),
        }
    }

    pub(super) fn number(&mut self, value: f64, start: u32, end: u32) -> ExprId {
        let small = value as usize;
        let known = if small as f64 == value { self.small_numbers.get(small).copied() } else { None };
        let index = match known {
            Some(index) if index != u32::MAX => index,
            _ => {
                let index = self.facts.numbers.len() as u32;
                self.facts.numbers.push(value);
                if known.is_some() {
                    self.small_numbers[small] = index;
                }
                index
            }
        };
        self.push_at(Expr::Number(index), start, end)
    }

    /// A string's name, cut if it is long.
    pub(super) fn text(&mut self, text: &ast::Str) -> Name {
        match text.value.as_str() {
            Some(text) => self.names.intern(cut(text)),
            None => self.names.intern(cut(&text.value.to_string_lossy())),
        }
    }

    /// A string's name, uncut.
    pub(super) fn whole_text(&mut self, text: &ast::Str) -> Name {
        match text.value.as_str() {
            Some(text) => self.names.intern(text),
            None => self.names.intern(&text.value.to_string_lossy()),
        }
    }

    fn template_part(&mut self, part: &ast::TplElement) -> Name {
        let cooked = part.cooked.as_ref().and_then(|cooked| cooked.as_str());
        self.names.intern(cut(cooked.unwrap_or(&part.raw)))
    }

    pub(super) fn template(&mut self, template: &ast::Tpl) -> ExprId {
        if let ([], [only]) = (&*template.exprs, &*template.quasis) {
            let name = self.template_part(only);
            return self.push(Expr::Str(name), template.span);
        }
        let mark = self.items.len();
        let mut exprs = template.exprs.iter();
        for part in &template.quasis {
            let name = self.template_part(part);
            if name != Name::EMPTY {
                let id = self.push(Expr::Str(name), part.span);
                self.items.push(id.0);
            }
            if let Some(expr) = exprs.next() {
                let id = self.expr(expr);
                self.items.push(id.0);
            }
        }
        let list = self.list(mark);
        self.push(Expr::Template(list), template.span)
    }

    pub(super) fn array(&mut self, array: &ast::ArrayLit) -> ExprId {
        let mark = self.items.len();
        for (i, element) in array.elems.iter().enumerate() {
            let id = match element {
                Some(element) if i >= ARRAY_LIMIT && element.spread.is_none() && is_plain(&element.expr) => continue,
                Some(element) => self.item(element),
                None if i >= ARRAY_LIMIT => continue,
                None => self.push_at(Expr::Undefined, range(array.span).0, range(array.span).0),
            };
            self.items.push(id.0);
        }
        let list = self.list(mark);
        self.push(Expr::Array(list), array.span)
    }

    /// The name that a computed key amounts to, if it is a string.
    pub(super) fn constant_key(&mut self, key: &ast::Expr) -> Option<Name> {
        match bare(key) {
            ast::Expr::Lit(Lit::Str(text)) => Some(self.text(text)),
            ast::Expr::Tpl(template) if template.exprs.is_empty() => template.quasis.first().map(|only| self.template_part(only)),
            ast::Expr::Ident(name) if is_symbol_name(&name.sym) => Some(self.names.intern(&format!("[{}]", name.sym))),
            _ => None,
        }
    }

    /// The name of a property, and its key if that is computed.
    pub(super) fn property_name(&mut self, key: &PropName) -> (Name, ExprId) {
        match key {
            PropName::Ident(key) => (self.name(&key.sym), ExprId::NONE),
            PropName::Str(key) => (self.text(key), ExprId::NONE),
            PropName::Num(key) => (self.names.intern(&key.value.to_string()), ExprId::NONE),
            PropName::BigInt(key) => (self.names.intern(&key.value.to_string()), ExprId::NONE),
            PropName::Computed(key) => match self.constant_key(&key.expr) {
                Some(name) => (name, ExprId::NONE),
                None => (self.symbol_name(&key.expr), self.expr(&key.expr)),
            },
        }
    }

    /// `Symbol.dispose` and the like are names as good as any.
    pub(super) fn symbol_name(&mut self, key: &ast::Expr) -> Name {
        let ast::Expr::Member(ast::MemberExpr { obj, prop: ast::MemberProp::Ident(property), .. }) = key else {
            return Name::EMPTY;
        };
        match &**obj {
            ast::Expr::Ident(object) if object.sym == "Symbol" => self.names.intern(&format!("Symbol.{}", property.sym)),
            _ => Name::EMPTY,
        }
    }

    pub(super) fn private_name(&mut self, name: &ast::PrivateName) -> Name {
        self.names.intern(&format!("#{}", name.name))
    }
}

/// `kClients`: by its name a constant that holds a symbol, so one fixed property.
fn is_symbol_name(name: &str) -> bool {
    name.strip_prefix('k').is_some_and(|rest| rest.len() > 2 && rest.starts_with(|c: char| c.is_ascii_uppercase()))
}

/// A text's first bytes.
fn cut(text: &str) -> &str {
    if text.len() <= TEXT_LIMIT {
        return text;
    }
    let end = (0..=TEXT_LIMIT).rev().find(|&end| text.is_char_boundary(end));
    &text[..end.unwrap_or(0)]
}

/// Data through and through.
fn is_plain(expr: &ast::Expr) -> bool {
    match bare(expr) {
        ast::Expr::Lit(_) => true,
        ast::Expr::Tpl(template) => template.exprs.is_empty(),
        ast::Expr::Unary(unary) => is_plain(&unary.arg),
        ast::Expr::Array(array) => array.elems.iter().flatten().all(|element| is_plain(&element.expr)),
        ast::Expr::Object(object) => object.props.iter().all(|property| match property {
            ast::PropOrSpread::Spread(_) => false,
            ast::PropOrSpread::Prop(property) => match &**property {
                ast::Prop::KeyValue(property) => property.key.as_computed().is_none() && is_plain(&property.value),
                _ => false,
            },
        }),
        _ => false,
    }
}
