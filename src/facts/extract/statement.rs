//! Statements and declarations: swc's `Visit`, with the control-flow regions that they open.

use swc_common::{Span, Spanned};
use swc_ecma_ast as ast;
use swc_ecma_ast::{ForHead, ModuleItem, Stmt};
use swc_ecma_visit::{Visit, VisitWith};

use super::super::{BindingKind, Expr, ExprId, LoopKind, RegionId, RegionKind};
use super::pattern::Origin;
use super::{Extractor, range};

impl Extractor<'_> {
    /// A list of statements. What follows an `if` with one branch that exits stands in a region of its own, so that
    /// guards are found by walking outwards.
    pub(super) fn statements(&mut self, statements: &[Stmt]) {
        let outer = self.here.region;
        let mut exits = false;
        for (i, statement) in statements.iter().enumerate() {
            self.visit_stmt(statement);
            exits |= self.exits;
            let is_last = i + 1 == statements.len();
            self.guard_rest(statement.span(), is_last);
        }
        self.leave_guards(outer, exits);
    }

    /// The same for a module's or namespace's items.
    pub(super) fn module_items(&mut self, items: &[ModuleItem]) {
        let outer = self.here.region;
        let mut exits = false;
        for (i, item) in items.iter().enumerate() {
            match item {
                ModuleItem::Stmt(statement) => self.visit_stmt(statement),
                ModuleItem::ModuleDecl(declaration) => {
                    (self.exits, self.guard) = (false, None);
                    self.module_declaration(declaration);
                }
            }
            exits |= self.exits;
            self.guard_rest(item.span(), i + 1 == items.len());
        }
        self.leave_guards(outer, exits);
    }

    fn guard_rest(&mut self, statement: Span, is_last: bool) {
        if let Some((kind, test)) = self.guard.take()
            && !is_last
        {
            self.open_region(kind, test, range(statement).1);
        }
    }

    fn leave_guards(&mut self, outer: RegionId, exits: bool) {
        while self.here.region != outer {
            let region = &mut self.facts.regions[self.here.region.index()];
            region.exits = exits;
            self.here.region = region.parent;
        }
        self.exits = exits;
    }

    /// Visits a statement inside a new region; answers whether the region always exits.
    fn branch(&mut self, kind: RegionKind, test: ExprId, statement: &impl VisitWith<Self>, start: u32) -> bool {
        let outer = self.here.region;
        let region = self.open_region(kind, test, start);
        self.exits = false;
        statement.visit_with(self);
        let exits = self.exits;
        self.facts.regions[region.index()].exits = exits;
        self.here.region = outer;
        self.guard = None;
        exits
    }

    /// Runs inside a scope, if one is called for.
    fn scoped(&mut self, wanted: bool, run: impl FnOnce(&mut Self)) {
        if !wanted {
            return run(self);
        }
        let outer = self.here.scope;
        let scope = self.open_scope();
        run(self);
        self.close_scope(scope);
        self.here.scope = outer;
    }

    fn var_declarators(&mut self, declarators: &[ast::VarDeclarator], kind: BindingKind, using: bool) {
        for declarator in declarators {
            self.declarator(declarator, kind, using);
        }
    }

    fn declarator(&mut self, declarator: &ast::VarDeclarator, kind: BindingKind, using: bool) {
        let name = declarator.name.as_ident().map(|ident| self.name(&ident.sym)).unwrap_or(super::super::Name::EMPTY);
        let value = declarator.init.as_ref().map_or(ExprId::NONE, |init| self.named(init, name));
        self.take_apart(&declarator.name, value, Origin::Declared { kind, using });
    }

    /// Binds or assigns what a `for ... in` or `for ... of` takes.
    fn for_head(&mut self, head: &ForHead, value: ExprId) {
        let declared = |kind, using| Origin::Declared { kind, using };
        match head {
            ForHead::VarDecl(declaration) => {
                for declarator in &declaration.decls {
                    self.take_apart(&declarator.name, value, declared(kind_of(declaration.kind), false));
                }
            }
            ForHead::UsingDecl(declaration) => {
                for declarator in &declaration.decls {
                    self.take_apart(&declarator.name, value, declared(BindingKind::Const, true));
                }
            }
            ForHead::Pat(pattern) => {
                let mark = self.items.len();
                self.take_apart(pattern, value, Origin::Assigned);
                self.items.truncate(mark);
            }
        }
    }

    fn for_each(&mut self, head: &ForHead, list: &ast::Expr, body: &Stmt, kind: LoopKind, by_key: bool) {
        let list = self.expr(list);
        let outer = self.here.region;
        let region = self.open_region(RegionKind::Loop(kind), list, range(body.span()).0);
        self.scoped(!matches!(head, ForHead::Pat(_)), |x| {
            let taken = if by_key { Expr::KeyOf(list) } else { Expr::ElementOf(list) };
            let value = x.push(taken, head.span());
            x.for_head(head, value);
            x.visit_stmt(body);
        });
        self.close_loop(region, outer);
    }

    fn close_loop(&mut self, region: RegionId, outer: RegionId) {
        self.facts.regions[region.index()].exits = self.exits;
        self.here.region = outer;
        (self.exits, self.guard) = (false, None);
    }

    /// `while` and `do ... while`, whose test belongs to what is repeated.
    fn while_loop(&mut self, test: &ast::Expr, body: &Stmt, span: Span, test_first: bool) {
        let outer = self.here.region;
        let awaits = self.here.awaits;
        let region = self.open_region(RegionKind::Loop(LoopKind::Counted), ExprId::NONE, range(span).0);
        let mut tested = ExprId::NONE;
        if test_first {
            tested = self.expr(test);
        }
        self.exits = false;
        self.visit_stmt(body);
        let exits = self.exits;
        if !test_first {
            tested = self.expr(test);
        }
        let endless = is_always_true(test) || self.here.awaits > awaits;
        let kind = if endless { LoopKind::Endless } else { LoopKind::Counted };
        let opened = &mut self.facts.regions[region.index()];
        (opened.kind, opened.test) = (RegionKind::Loop(kind), tested);
        self.exits = exits;
        self.close_loop(region, outer);
    }
}

impl Visit for Extractor<'_> {
    fn visit_expr(&mut self, expr: &ast::Expr) {
        self.expr(expr);
    }

    fn visit_stmt(&mut self, statement: &Stmt) {
        (self.exits, self.guard) = (false, None);
        statement.visit_children_with(self);
    }

    fn visit_block_stmt(&mut self, block: &ast::BlockStmt) {
        self.scoped(declares(&block.stmts), |x| x.statements(&block.stmts));
    }

    fn visit_expr_stmt(&mut self, statement: &ast::ExprStmt) {
        self.expr(&statement.expr);
    }

    fn visit_return_stmt(&mut self, statement: &ast::ReturnStmt) {
        let value = statement.arg.as_ref().map_or(ExprId::NONE, |value| self.expr(value));
        self.exit(value, false, range(statement.span).0);
        self.exits = true;
    }

    fn visit_throw_stmt(&mut self, statement: &ast::ThrowStmt) {
        let value = self.expr(&statement.arg);
        self.exit(value, true, range(statement.span).0);
        self.exits = true;
    }

    fn visit_break_stmt(&mut self, _: &ast::BreakStmt) {
        self.exits = true;
    }

    fn visit_continue_stmt(&mut self, _: &ast::ContinueStmt) {
        self.exits = true;
    }

    fn visit_labeled_stmt(&mut self, statement: &ast::LabeledStmt) {
        self.visit_stmt(&statement.body);
        (self.exits, self.guard) = (false, None);
    }

    fn visit_if_stmt(&mut self, statement: &ast::IfStmt) {
        let test = self.expr(&statement.test);
        let then = self.branch(RegionKind::Then, test, &*statement.cons, range(statement.cons.span()).0);
        let or_else = match &statement.alt {
            Some(alt) => self.branch(RegionKind::Else, test, &**alt, range(alt.span()).0),
            None => false,
        };
        self.exits = then && or_else;
        self.guard = match (then, or_else) {
            (true, false) => Some((RegionKind::Else, test)),
            (false, true) => Some((RegionKind::Then, test)),
            _ => None,
        };
    }

    fn visit_switch_stmt(&mut self, statement: &ast::SwitchStmt) {
        let discriminant = self.expr(&statement.discriminant);
        let wanted = statement.cases.iter().any(|case| declares(&case.cons));
        self.scoped(wanted, |x| {
            for case in &statement.cases {
                if let Some(test) = &case.test {
                    x.expr(test);
                }
                let outer = x.here.region;
                let region = x.open_region(RegionKind::Case, discriminant, range(case.span).0);
                x.statements(&case.cons);
                x.facts.regions[region.index()].exits = x.exits;
                x.here.region = outer;
            }
        });
        self.exits = false;
    }

    fn visit_try_stmt(&mut self, statement: &ast::TryStmt) {
        let block = self.branch(RegionKind::Try, ExprId::NONE, &statement.block, range(statement.block.span).0);
        let handler = match &statement.handler {
            Some(handler) => self.branch(RegionKind::Catch, ExprId::NONE, handler, range(handler.span).0),
            None => true,
        };
        let finalizer = match &statement.finalizer {
            Some(finalizer) => self.branch(RegionKind::Finally, ExprId::NONE, finalizer, range(finalizer.span).0),
            None => false,
        };
        self.exits = (block && handler) || finalizer;
    }

    fn visit_catch_clause(&mut self, clause: &ast::CatchClause) {
        self.scoped(clause.param.is_some(), |x| {
            match &clause.param {
                None => {}
                Some(ast::Pat::Ident(_)) => x.catch_parameter(clause, ExprId::NONE),
                Some(pattern) => {
                    let error = x.push(Expr::Opaque, pattern.span());
                    x.catch_parameter(clause, error);
                }
            }
            x.visit_block_stmt(&clause.body);
        });
    }

    fn visit_while_stmt(&mut self, statement: &ast::WhileStmt) {
        self.while_loop(&statement.test, &statement.body, statement.span, true);
    }

    fn visit_do_while_stmt(&mut self, statement: &ast::DoWhileStmt) {
        self.while_loop(&statement.test, &statement.body, statement.span, false);
    }

    fn visit_for_stmt(&mut self, statement: &ast::ForStmt) {
        let declares = matches!(statement.init, Some(ast::VarDeclOrExpr::VarDecl(_)));
        self.scoped(declares, |x| {
            statement.init.visit_with(x);
            let outer = x.here.region;
            let endless = statement.test.as_ref().is_none_or(|test| is_always_true(test));
            let kind = if endless { LoopKind::Endless } else { LoopKind::Counted };
            let region = x.open_region(RegionKind::Loop(kind), ExprId::NONE, range(statement.body.span()).0);
            if let Some(test) = &statement.test {
                let test = x.expr(test);
                x.facts.regions[region.index()].test = test;
            }
            x.visit_stmt(&statement.body);
            let exits = x.exits;
            if let Some(update) = &statement.update {
                x.expr(update);
            }
            x.exits = exits;
            x.close_loop(region, outer);
        });
    }

    fn visit_for_in_stmt(&mut self, statement: &ast::ForInStmt) {
        self.for_each(&statement.left, &statement.right, &statement.body, LoopKind::Each, true);
    }

    fn visit_for_of_stmt(&mut self, statement: &ast::ForOfStmt) {
        let kind = if statement.is_await { LoopKind::Await } else { LoopKind::Each };
        self.here.awaits += u32::from(statement.is_await);
        self.for_each(&statement.left, &statement.right, &statement.body, kind, false);
    }

    fn visit_var_decl(&mut self, declaration: &ast::VarDecl) {
        if !declaration.declare {
            self.var_declarators(&declaration.decls, kind_of(declaration.kind), false);
        }
    }

    fn visit_using_decl(&mut self, declaration: &ast::UsingDecl) {
        self.here.awaits += u32::from(declaration.is_await);
        self.var_declarators(&declaration.decls, BindingKind::Const, true);
    }

    fn visit_fn_decl(&mut self, declaration: &ast::FnDecl) {
        if !declaration.declare && declaration.function.body.is_some() {
            self.function_declaration(&declaration.ident, &declaration.function);
        }
    }

    fn visit_class_decl(&mut self, declaration: &ast::ClassDecl) {
        if !declaration.declare {
            self.class_declaration(&declaration.ident, &declaration.class);
        }
    }

    fn visit_ts_interface_decl(&mut self, declaration: &ast::TsInterfaceDecl) {
        self.interface(declaration);
    }

    fn visit_ts_type_alias_decl(&mut self, declaration: &ast::TsTypeAliasDecl) {
        self.type_alias(declaration);
    }

    fn visit_ts_enum_decl(&mut self, declaration: &ast::TsEnumDecl) {
        self.enumeration(declaration);
    }

    fn visit_ts_module_decl(&mut self, declaration: &ast::TsModuleDecl) {
        self.namespace(declaration);
    }
}

impl Extractor<'_> {
    fn catch_parameter(&mut self, clause: &ast::CatchClause, value: ExprId) {
        if let Some(pattern) = &clause.param {
            self.take_apart(pattern, value, Origin::Declared { kind: BindingKind::Catch, using: false });
        }
    }
}

fn kind_of(kind: ast::VarDeclKind) -> BindingKind {
    match kind {
        ast::VarDeclKind::Var => BindingKind::Var,
        ast::VarDeclKind::Let => BindingKind::Let,
        ast::VarDeclKind::Const => BindingKind::Const,
    }
}

/// Whether a block needs a scope.
fn declares(statements: &[Stmt]) -> bool {
    statements.iter().any(|statement| matches!(statement, Stmt::Decl(_)))
}

fn is_always_true(test: &ast::Expr) -> bool {
    match super::expr::bare(test) {
        ast::Expr::Lit(ast::Lit::Bool(value)) => value.value,
        ast::Expr::Lit(ast::Lit::Num(value)) => value.value != 0.0,
        ast::Expr::Unary(unary) if unary.op == ast::UnaryOp::Bang => {
            matches!(super::expr::bare(&unary.arg), ast::Expr::Lit(ast::Lit::Num(value)) if value.value == 0.0)
        }
        _ => false,
    }
}
