//! Expressions.
//!
//! Chains that grow to the left (`a + b + c`, `a.b().c()`) are walked with a list of their links, not by recursion: they
//! may be tens of thousands of links long.

use swc_common::Spanned;
use swc_ecma_ast as ast;
use swc_ecma_ast::{MemberProp, OptChainBase};

use super::super::{BinaryOp, Expr, ExprId, LogicalOp, Name, RegionKind, UnaryOp};
use super::{Extractor, range};

/// The links of a chain, outermost first.
struct Links<'a> {
    near: [Option<&'a ast::Expr>; 8],
    far: Vec<&'a ast::Expr>,
    count: usize,
}

impl<'a> Links<'a> {
    fn push(&mut self, link: &'a ast::Expr) {
        match self.near.get_mut(self.count) {
            Some(slot) => *slot = Some(link),
            None => self.far.push(link),
        }
        self.count += 1;
    }

    fn pop(&mut self) -> Option<&'a ast::Expr> {
        if let Some(link) = self.far.pop() {
            self.count -= 1;
            return Some(link);
        }
        self.count = self.count.checked_sub(1)?;
        self.near[self.count]
    }
}

/// The operand that is evaluated first and in which long chains grow.
fn first_operand(expr: &ast::Expr) -> Option<&ast::Expr> {
    match expr {
        ast::Expr::Member(e) => Some(&e.obj),
        ast::Expr::Call(e) => e.callee.as_expr().map(|callee| &**callee),
        ast::Expr::OptChain(e) => match &*e.base {
            OptChainBase::Member(member) => Some(&member.obj),
            OptChainBase::Call(call) => Some(&call.callee),
        },
        ast::Expr::Bin(e) => Some(&e.left),
        ast::Expr::TaggedTpl(e) => Some(&e.tag),
        _ => transparent(expr),
    }
}

/// What stands inside parentheses or a type assertion.
pub(super) fn transparent(expr: &ast::Expr) -> Option<&ast::Expr> {
    match expr {
        ast::Expr::Paren(e) => Some(&e.expr),
        ast::Expr::TsTypeAssertion(e) => Some(&e.expr),
        ast::Expr::TsConstAssertion(e) => Some(&e.expr),
        ast::Expr::TsNonNull(e) => Some(&e.expr),
        ast::Expr::TsAs(e) => Some(&e.expr),
        ast::Expr::TsInstantiation(e) => Some(&e.expr),
        ast::Expr::TsSatisfies(e) => Some(&e.expr),
        _ => None,
    }
}

/// The expression without parentheses and type assertions.
pub(super) fn bare(mut expr: &ast::Expr) -> &ast::Expr {
    while let Some(inner) = transparent(expr) {
        expr = inner;
    }
    expr
}

impl Extractor<'_> {
    /// Lowers an expression.
    pub(super) fn expr(&mut self, expr: &ast::Expr) -> ExprId {
        let Some(mut operand) = first_operand(expr) else { return self.operand(expr) };
        let mut links = Links { near: [None; 8], far: Vec::new(), count: 0 };
        links.push(expr);
        while let Some(next) = first_operand(operand) {
            links.push(operand);
            operand = next;
        }
        let mut value = self.operand(operand);
        while let Some(link) = links.pop() {
            value = self.link(link, value);
        }
        value
    }

    /// Lowers a value that takes a name from its place, if it is a function or class.
    pub(super) fn named(&mut self, expr: &ast::Expr, name: Name) -> ExprId {
        match bare(expr) {
            ast::Expr::Fn(e) => self.function_expr(e, name),
            ast::Expr::Arrow(e) => self.arrow(e, name),
            ast::Expr::Class(e) => self.class_expr(e, name),
            _ => self.expr(expr),
        }
    }

    /// Lowers a chain's link on top of its lowered first operand.
    fn link(&mut self, link: &ast::Expr, first: ExprId) -> ExprId {
        match link {
            ast::Expr::Member(e) => self.member(e, first),
            ast::Expr::Call(e) => self.call(first, &e.args, e.span),
            ast::Expr::OptChain(e) => match &*e.base {
                OptChainBase::Member(member) => self.member(member, first),
                OptChainBase::Call(call) => self.call(first, &call.args, call.span),
            },
            ast::Expr::Bin(e) => self.binary(e, first),
            ast::Expr::TaggedTpl(e) => self.tagged_template(e, first),
            _ => first,
        }
    }

    /// Lowers an expression that is no link of a chain.
    fn operand(&mut self, expr: &ast::Expr) -> ExprId {
        match expr {
            ast::Expr::Ident(e) => {
                let name = self.name(&e.sym);
                self.reference(name, e.span)
            }
            ast::Expr::This(e) => {
                self.mark_this();
                self.push(Expr::This, e.span)
            }
            ast::Expr::Lit(e) => self.literal(e),
            ast::Expr::Array(e) => self.array(e),
            ast::Expr::Object(e) => self.object(e),
            ast::Expr::Fn(e) => self.function_expr(e, Name::EMPTY),
            ast::Expr::Arrow(e) => self.arrow(e, Name::EMPTY),
            ast::Expr::Class(e) => self.class_expr(e, Name::EMPTY),
            ast::Expr::Unary(e) => self.unary(e),
            ast::Expr::Update(e) => {
                let target = self.expr(&e.arg);
                self.write(target);
                self.push_site(Expr::Update(e.op == ast::UpdateOp::PlusPlus, target), e.span)
            }
            ast::Expr::Assign(e) => self.assign(e),
            ast::Expr::SuperProp(e) => self.super_member(e),
            ast::Expr::Cond(e) => self.choice(e),
            ast::Expr::Call(e) => self.special_call(e),
            ast::Expr::New(e) => self.construction(e),
            ast::Expr::Seq(e) => self.sequence(e),
            ast::Expr::Tpl(e) => self.template(e),
            ast::Expr::Yield(e) => {
                let value = e.arg.as_ref().map_or(ExprId::NONE, |arg| self.expr(arg));
                self.push(Expr::Yield(value), e.span)
            }
            ast::Expr::Await(e) => {
                let value = self.expr(&e.arg);
                self.here.awaits += 1;
                self.push_site(Expr::Await(value), e.span)
            }
            ast::Expr::JSXMember(e) => self.jsx_member(e),
            ast::Expr::JSXElement(e) => self.jsx_element(e),
            ast::Expr::JSXFragment(e) => self.jsx_fragment(e),
            ast::Expr::MetaProp(_)
            | ast::Expr::JSXNamespacedName(_)
            | ast::Expr::JSXEmpty(_)
            | ast::Expr::PrivateName(_)
            | ast::Expr::Invalid(_) => self.push(Expr::Opaque, expr.span()),
            ast::Expr::Member(_)
            | ast::Expr::OptChain(_)
            | ast::Expr::Bin(_)
            | ast::Expr::TaggedTpl(_)
            | ast::Expr::Paren(_)
            | ast::Expr::TsTypeAssertion(_)
            | ast::Expr::TsConstAssertion(_)
            | ast::Expr::TsNonNull(_)
            | ast::Expr::TsAs(_)
            | ast::Expr::TsInstantiation(_)
            | ast::Expr::TsSatisfies(_) => self.expr(expr),
        }
    }

    fn construction(&mut self, new: &ast::NewExpr) -> ExprId {
        let callee = self.expr(&new.callee);
        let arguments = self.arguments(new.args.as_deref().unwrap_or_default());
        self.push_site(Expr::New(callee, arguments), new.span)
    }

    fn sequence(&mut self, sequence: &ast::SeqExpr) -> ExprId {
        let mark = self.items.len();
        for part in &sequence.exprs {
            let id = self.expr(part);
            self.items.push(id.0);
        }
        let list = self.list(mark);
        self.push(Expr::Sequence(list), sequence.span)
    }

    pub(super) fn member(&mut self, member: &ast::MemberExpr, object: ExprId) -> ExprId {
        match &member.prop {
            MemberProp::Ident(property) => {
                let name = self.name(&property.sym);
                self.push(Expr::Member(object, name), member.span)
            }
            MemberProp::PrivateName(property) => {
                let name = self.private_name(property);
                self.push(Expr::Member(object, name), member.span)
            }
            MemberProp::Computed(property) => self.index(object, &property.expr, member.span),
        }
    }

    /// `object[key]`, which is a member if the key is a string, or one of the known symbols.
    pub(super) fn index(&mut self, object: ExprId, key: &ast::Expr, span: swc_common::Span) -> ExprId {
        let name = self.constant_key(key).or_else(|| Some(self.symbol_name(bare(key))).filter(|name| *name != Name::EMPTY));
        match name {
            Some(name) => self.push(Expr::Member(object, name), span),
            None => {
                let key = self.expr(key);
                self.push(Expr::Index(object, key), span)
            }
        }
    }

    pub(super) fn super_member(&mut self, member: &ast::SuperPropExpr) -> ExprId {
        self.mark_this();
        let object = self.push(Expr::Super, member.obj.span);
        match &member.prop {
            ast::SuperProp::Ident(property) => {
                let name = self.name(&property.sym);
                self.push(Expr::Member(object, name), member.span)
            }
            ast::SuperProp::Computed(property) => self.index(object, &property.expr, member.span),
        }
    }

    fn unary(&mut self, unary: &ast::UnaryExpr) -> ExprId {
        if unary.op == ast::UnaryOp::Void && matches!(bare(&unary.arg), ast::Expr::Lit(_)) {
            return self.push(Expr::Undefined, unary.span);
        }
        let operand = self.expr(&unary.arg);
        let op = match unary.op {
            ast::UnaryOp::Delete => return self.push_site(Expr::Delete(operand), unary.span),
            ast::UnaryOp::Bang => UnaryOp::Not,
            ast::UnaryOp::TypeOf => UnaryOp::TypeOf,
            ast::UnaryOp::Minus => UnaryOp::Minus,
            ast::UnaryOp::Plus | ast::UnaryOp::Tilde | ast::UnaryOp::Void => UnaryOp::Other,
        };
        self.push(Expr::Unary(op, operand), unary.span)
    }

    fn binary(&mut self, binary: &ast::BinExpr, left: ExprId) -> ExprId {
        use ast::BinaryOp as Op;
        let op = match binary.op {
            Op::LogicalOr => return self.logical(LogicalOp::Or, left, &binary.right, binary.span),
            Op::LogicalAnd => return self.logical(LogicalOp::And, left, &binary.right, binary.span),
            Op::NullishCoalescing => return self.logical(LogicalOp::Nullish, left, &binary.right, binary.span),
            Op::Add => BinaryOp::Add,
            Op::EqEq | Op::EqEqEq => BinaryOp::Equal,
            Op::NotEq | Op::NotEqEq => BinaryOp::NotEqual,
            Op::Lt | Op::LtEq => BinaryOp::Less,
            Op::Gt | Op::GtEq => BinaryOp::Greater,
            Op::In => BinaryOp::In,
            Op::InstanceOf => BinaryOp::InstanceOf,
            Op::Mul => BinaryOp::Multiply,
            Op::Mod => BinaryOp::Modulo,
            Op::LShift | Op::RShift | Op::ZeroFillRShift | Op::Sub | Op::Div => BinaryOp::Other,
            Op::BitOr | Op::BitXor | Op::BitAnd | Op::Exp => BinaryOp::Other,
        };
        let right = self.expr(&binary.right);
        self.push(Expr::Binary(op, left, right), binary.span)
    }

    fn logical(&mut self, op: LogicalOp, left: ExprId, right: &ast::Expr, span: swc_common::Span) -> ExprId {
        let right = self.conditionally(region_of(op), left, range(right.span()).0, |x| x.expr(right));
        self.push(Expr::Logical(op, left, right), span)
    }

    fn choice(&mut self, choice: &ast::CondExpr) -> ExprId {
        let test = self.expr(&choice.test);
        let start = |e: &ast::Expr| range(e.span()).0;
        let then = self.conditionally(RegionKind::Then, test, start(&choice.cons), |x| x.expr(&choice.cons));
        let or_else = self.conditionally(RegionKind::Else, test, start(&choice.alt), |x| x.expr(&choice.alt));
        let mark = self.items.len();
        self.items.extend([test.0, then.0, or_else.0]);
        let list = self.list(mark);
        self.push(Expr::Choice(list), choice.span)
    }
}

/// The region in which a logical operator's right side runs.
pub(super) fn region_of(op: LogicalOp) -> RegionKind {
    match op {
        LogicalOp::And => RegionKind::Then,
        LogicalOp::Or => RegionKind::Else,
        LogicalOp::Nullish => RegionKind::Nullish,
    }
}
