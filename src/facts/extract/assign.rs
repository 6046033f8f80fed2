//! Assignments.

use swc_common::Spanned;
use swc_ecma_ast as ast;
use swc_ecma_ast::{AssignTarget, AssignTargetPat, SimpleAssignTarget};

use super::super::{AssignOp, Expr, ExprId, LogicalOp, Name};
use super::expr::region_of;
use super::pattern::Origin;
use super::{Extractor, range};

impl Extractor<'_> {
    pub(super) fn assign(&mut self, assign: &ast::AssignExpr) -> ExprId {
        let target = match &assign.left {
            AssignTarget::Simple(target) => self.target(target),
            AssignTarget::Pat(pattern) => return self.assign_pattern(pattern, &assign.right, assign.span),
        };
        self.write(target);
        let name = self.target_name(target);
        let (op, logical) = operator(assign.op);
        let Some(logical) = logical else {
            let value = self.named(&assign.right, name);
            if op == AssignOp::Set {
                self.commonjs_assign(target, value);
            }
            return self.push_site(Expr::Assign(op, target, value), assign.span);
        };
        let start = range(assign.right.span()).0;
        self.conditionally(region_of(logical), target, start, |x| {
            let value = x.named(&assign.right, name);
            x.push_site(Expr::Assign(op, target, value), assign.span)
        })
    }

    fn target(&mut self, target: &SimpleAssignTarget) -> ExprId {
        match target {
            SimpleAssignTarget::Ident(ident) => {
                let name = self.name(&ident.sym);
                self.reference(name, ident.span)
            }
            SimpleAssignTarget::Member(member) => {
                let object = self.expr(&member.obj);
                self.member(member, object)
            }
            SimpleAssignTarget::SuperProp(member) => self.super_member(member),
            SimpleAssignTarget::OptChain(chain) => match &*chain.base {
                ast::OptChainBase::Member(member) => {
                    let object = self.expr(&member.obj);
                    self.member(member, object)
                }
                ast::OptChainBase::Call(call) => {
                    let callee = self.expr(&call.callee);
                    self.call(callee, &call.args, call.span)
                }
            },
            SimpleAssignTarget::Paren(inner) => self.expr(&inner.expr),
            SimpleAssignTarget::TsAs(inner) => self.expr(&inner.expr),
            SimpleAssignTarget::TsSatisfies(inner) => self.expr(&inner.expr),
            SimpleAssignTarget::TsNonNull(inner) => self.expr(&inner.expr),
            SimpleAssignTarget::TsTypeAssertion(inner) => self.expr(&inner.expr),
            SimpleAssignTarget::TsInstantiation(inner) => self.expr(&inner.expr),
            SimpleAssignTarget::Invalid(invalid) => self.push(Expr::Opaque, invalid.span),
        }
    }

    /// The name that a function takes from being assigned here.
    fn target_name(&self, target: ExprId) -> Name {
        match self.facts.expr(target) {
            Expr::Free(name) if name == self.known.exports => Name::EMPTY,
            Expr::Free(name) => name,
            Expr::Member(object, name) => {
                let is_module = self.facts.expr(object) == Expr::Free(self.known.module);
                if is_module && name == self.known.exports { Name::EMPTY } else { name }
            }
            _ => Name::EMPTY,
        }
    }

    fn assign_pattern(&mut self, pattern: &AssignTargetPat, value: &ast::Expr, span: swc_common::Span) -> ExprId {
        let value = self.expr(value);
        let mark = self.items.len();
        match pattern {
            AssignTargetPat::Array(array) => self.take_array_apart(array, value, Origin::Assigned),
            AssignTargetPat::Object(object) => self.take_object_apart(object, value, Origin::Assigned),
            AssignTargetPat::Invalid(_) => {}
        }
        self.items.push(value.0);
        let list = self.list(mark);
        self.push(Expr::Sequence(list), span)
    }
}

/// The operator, and the logical one that it applies.
fn operator(op: ast::AssignOp) -> (AssignOp, Option<LogicalOp>) {
    use ast::AssignOp as Op;
    match op {
        Op::Assign => (AssignOp::Set, None),
        Op::AddAssign => (AssignOp::Add, None),
        Op::OrAssign => (AssignOp::Or, Some(LogicalOp::Or)),
        Op::AndAssign => (AssignOp::And, Some(LogicalOp::And)),
        Op::NullishAssign => (AssignOp::Nullish, Some(LogicalOp::Nullish)),
        Op::SubAssign | Op::MulAssign | Op::DivAssign | Op::ModAssign | Op::LShiftAssign | Op::RShiftAssign => {
            (AssignOp::Other, None)
        }
        Op::ZeroFillRShiftAssign | Op::BitOrAssign | Op::BitXorAssign | Op::BitAndAssign | Op::ExpAssign => {
            (AssignOp::Other, None)
        }
    }
}
