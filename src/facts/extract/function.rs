//! Functions and parameters.

use swc_common::{Span, Spanned};
use swc_ecma_ast as ast;
use swc_ecma_ast::{ArrowFunctionBody, Pat};

use super::super::{
    BindingId, BindingKind, ClassId, Expr, ExprId, FnId, Function, FunctionKind, ListId, LogicalOp, Name, Param, RegionId,
    RegionKind, ScopeId, TypeId,
};
use super::pattern::Origin;
use super::scope::Declaration;
use super::{Extractor, Here, range, v8};

/// What a function is apart from its parameters and body.
pub(super) struct Outline {
    pub(super) name: Name,
    pub(super) kind: FunctionKind,
    pub(super) class: ClassId,
    pub(super) start: u32,
    pub(super) end: u32,
    /// An offset before the parameter list's parenthesis, behind the name or key.
    pub(super) head: u32,
}

impl Extractor<'_> {
    /// A function expression, which takes the given name if it has none.
    pub(super) fn function_expr(&mut self, expr: &ast::FnExpr, given: Name) -> ExprId {
        let (start, end) = range(expr.function.span);
        let own = expr.ident.as_ref().map(|ident| (self.name(&ident.sym), range(ident.span)));
        let outer = self.here.scope;
        let scope = own.map(|_| self.open_scope());
        let (name, head) = own.map_or((given, start), |(name, (_, head))| (name, head));
        let binding = own.map(|(name, (start, _))| {
            let kind = BindingKind::Const;
            self.declare(Declaration::of(name, start, kind)).0
        });
        let outline = Outline { name, kind: FunctionKind::Plain, class: ClassId::NONE, start, end, head };
        let id = self.function(&expr.function, outline);
        if let (Some(scope), Some(binding)) = (scope, binding) {
            self.facts.bindings[binding.index()].kind = BindingKind::Function(id);
            self.close_scope(scope);
        }
        self.here.scope = outer;
        self.function_value(id, expr.function.span)
    }

    /// The expression that makes a function.
    pub(super) fn function_value(&mut self, id: FnId, span: Span) -> ExprId {
        let value = self.push(Expr::Function(id), span);
        self.facts.functions[id.index()].expr = value;
        value
    }

    pub(super) fn function(&mut self, function: &ast::Function, outline: Outline) -> FnId {
        let decorators = self.parameter_decorators(function.params.iter().map(|param| &*param.decorators));
        let head = function.type_params.as_ref().map_or(outline.head, |types| range(types.span).1);
        let v8_start = v8::parenthesis(self.text, head, outline.end);
        let (id, outer) = self.open_function(outline, v8_start, function.is_async, function.is_generator);
        self.type_parameters(function.type_params.as_deref());
        let mark = self.params.len();
        for (n, param) in function.params.iter().enumerate() {
            let lists = decorators.get(n).copied().unwrap_or(ListId::EMPTY);
            self.parameter(&param.pat, n as u16, lists, false);
        }
        self.finish_parameters(id, mark);
        if let Some(body) = &function.body {
            self.body(&body.stmts);
        }
        self.close_function(id, outer);
        id
    }

    pub(super) fn arrow(&mut self, arrow: &ast::ArrowExpr, name: Name) -> ExprId {
        let (start, end) = range(arrow.span);
        let outline = Outline { name, kind: FunctionKind::Arrow, class: ClassId::NONE, start, end, head: start };
        let (id, outer) = self.open_function(outline, start, arrow.is_async, arrow.is_generator);
        self.type_parameters(arrow.type_params.as_deref());
        let mark = self.params.len();
        for (n, pattern) in arrow.params.iter().enumerate() {
            self.parameter(pattern, n as u16, ListId::EMPTY, false);
        }
        self.finish_parameters(id, mark);
        match &*arrow.body {
            ArrowFunctionBody::FunctionBody(body) => self.body(&body.stmts),
            ArrowFunctionBody::Expr(value) => {
                let start = range(value.span()).0;
                let value = self.expr(value);
                self.exit(value, false, start);
                self.facts.regions[self.here.region.index()].exits = true;
            }
        }
        self.close_function(id, outer);
        self.function_value(id, arrow.span)
    }

    /// Moves into a new function; [`Extractor::close_function`] moves back.
    pub(super) fn open_function(&mut self, outline: Outline, v8_start: u32, is_async: bool, is_generator: bool) -> (FnId, Here) {
        let outer = self.here;
        let id = FnId(self.facts.functions.len() as u32);
        let Outline { name, kind, class, start, end, .. } = outline;
        self.facts.functions.push(Function {
            name,
            kind,
            is_async,
            is_generator,
            is_static: kind == FunctionKind::Statics,
            parent: outer.function,
            scope: ScopeId::NONE,
            class,
            expr: ExprId::NONE,
            made_in: outer.region,
            body: RegionId::NONE,
            first_param: 0,
            param_count: 0,
            start,
            end,
            v8_start,
            uses_this: false,
        });
        self.here = Here { function: id, region: RegionId::NONE, awaits: 0, in_namespace: false, ..outer };
        let scope = self.open_scope();
        self.here.hoist = scope;
        let body = self.open_region(RegionKind::Body, ExprId::NONE, start);
        let function = &mut self.facts.functions[id.index()];
        (function.scope, function.body) = (scope, body);
        (id, outer)
    }

    pub(super) fn close_function(&mut self, id: FnId, outer: Here) {
        self.close_scope(self.facts.functions[id.index()].scope);
        self.here = outer;
    }

    /// A body's statements, in the function's own scope and region.
    pub(super) fn body(&mut self, statements: &[ast::Stmt]) {
        let region = self.here.region;
        self.statements(statements);
        self.facts.regions[region.index()].exits = self.exits;
        self.exits = false;
    }

    /// Decorators are evaluated outside the function.
    pub(super) fn parameter_decorators<'a>(&mut self, lists: impl Iterator<Item = &'a [ast::Decorator]> + Clone) -> Vec<ListId> {
        if lists.clone().all(<[_]>::is_empty) {
            return Vec::new();
        }
        lists.map(|list| self.decorators(list)).collect()
    }

    pub(super) fn decorators(&mut self, decorators: &[ast::Decorator]) -> ListId {
        let mark = self.items.len();
        for decorator in decorators {
            let id = self.expr(&decorator.expr);
            self.items.push(id.0);
        }
        self.list(mark)
    }

    /// Moves the parameters gathered since `mark` to the function.
    pub(super) fn finish_parameters(&mut self, id: FnId, mark: usize) {
        let function = &mut self.facts.functions[id.index()];
        function.first_param = self.facts.params.len() as u32;
        function.param_count = (self.params.len() - mark) as u32;
        self.facts.params.extend(self.params.drain(mark..));
    }

    pub(super) fn parameter(&mut self, pattern: &Pat, n: u16, decorators: ListId, is_field: bool) {
        let (pattern, rest, rest_type) = match pattern {
            Pat::Rest(rest) => (&*rest.arg, true, self.annotation(rest.type_ann.as_deref())),
            _ => (pattern, false, TypeId::NONE),
        };
        let mut ty = self.pattern_type(pattern);
        if ty == TypeId::NONE {
            ty = rest_type;
        }
        let binding = match pattern {
            Pat::Ident(ident) => self.plain_parameter(ident, n, ExprId::NONE, ty),
            Pat::Assign(assign) => match &*assign.left {
                Pat::Ident(ident) => {
                    let name = self.name(&ident.sym);
                    let default = self.named(&assign.right, name);
                    self.plain_parameter(ident, n, default, ty)
                }
                pattern => {
                    let whole = self.arriving(n, pattern.span());
                    let value = self.with_default(whole, &assign.right, Name::EMPTY, assign.span);
                    self.take_apart(pattern, value, Origin::Declared { kind: BindingKind::Param(n), using: false });
                    BindingId::NONE
                }
            },
            pattern => {
                let whole = self.arriving(n, pattern.span());
                self.take_apart(pattern, whole, Origin::Declared { kind: BindingKind::Param(n), using: false });
                BindingId::NONE
            }
        };
        self.params.push(Param { binding, ty, rest, is_field, decorators });
    }

    fn plain_parameter(&mut self, ident: &ast::BindingIdent, n: u16, init: ExprId, ty: TypeId) -> BindingId {
        let name = self.name(&ident.sym);
        let start = range(ident.span).0;
        self.declare(Declaration { init, ty, ..Declaration::of(name, start, BindingKind::Param(n)) }).0
    }

    /// The parameter as it arrives.
    fn arriving(&mut self, n: u16, span: Span) -> ExprId {
        let function = self.here.function;
        self.push(Expr::Param(function, n), span)
    }

    /// `value ?? default`: what a pattern with a default takes.
    pub(super) fn with_default(&mut self, value: ExprId, default: &ast::Expr, name: Name, span: Span) -> ExprId {
        let start = range(default.span()).0;
        let default = self.conditionally(RegionKind::Nullish, value, start, |x| x.named(default, name));
        self.push(Expr::Logical(LogicalOp::Nullish, value, default), span)
    }

    /// Notes a use of `this`, in this function and in all that it shares `this` with.
    pub(super) fn mark_this(&mut self) {
        let mut id = self.here.function;
        loop {
            let function = &mut self.facts.functions[id.index()];
            function.uses_this = true;
            if function.kind != FunctionKind::Arrow {
                return;
            }
            id = function.parent;
        }
    }
}

/// The module body.
pub(super) fn module(end: u32) -> Function {
    Function {
        name: Name::EMPTY,
        kind: FunctionKind::Module,
        is_async: false,
        is_generator: false,
        is_static: false,
        parent: FnId::NONE,
        scope: ScopeId(0),
        class: ClassId::NONE,
        expr: ExprId::NONE,
        made_in: RegionId::NONE,
        body: RegionId(0),
        first_param: 0,
        param_count: 0,
        start: 0,
        end,
        v8_start: 0,
        uses_this: false,
    }
}
