//! Classes.

use swc_common::{Span, Spanned};
use swc_ecma_ast as ast;
use swc_ecma_ast::{ClassMember, MethodKind, ParamOrTsParamProp, TsParamPropParam};

use super::super::{
    BindingKind, Class, ClassId, Expr, ExprId, FnId, FunctionKind, ListId, Member, MemberKind, Name, RegionKind, TypeId,
};
use super::function::Outline;
use super::scope::Declaration;
use super::{Extractor, Here, range, v8};

/// A class while its members are gathered.
struct Draft {
    id: ClassId,
    members: Vec<Member>,
    constructor: FnId,
    fields: FnId,
    statics: FnId,
}

/// What all fields have, whatever syntax made them.
struct Field<'a> {
    span: Span,
    name: Name,
    is_static: bool,
    value: Option<&'a ast::Expr>,
    ty: Option<&'a ast::TsTypeAnn>,
}

impl Extractor<'_> {
    pub(super) fn class_declaration(&mut self, ident: &ast::Ident, class: &ast::Class) -> ClassId {
        let name = self.name(&ident.sym);
        let id = ClassId(self.facts.classes.len() as u32);
        self.facts.classes.push(empty(name));
        self.declare(Declaration::of(name, range(ident.span).0, BindingKind::Class(id)));
        self.class(class, id);
        id
    }

    /// A class expression, which takes the given name if it has none.
    pub(super) fn class_expr(&mut self, expr: &ast::ClassExpr, given: Name) -> ExprId {
        let id = ClassId(self.facts.classes.len() as u32);
        let own = expr.ident.as_ref().map(|ident| (self.name(&ident.sym), range(ident.span).0));
        self.facts.classes.push(empty(own.map_or(given, |(name, _)| name)));
        let outer = self.here.scope;
        if let Some((name, start)) = own {
            let scope = self.open_scope();
            self.declare(Declaration::of(name, start, BindingKind::Class(id)));
            self.class(&expr.class, id);
            self.close_scope(scope);
            self.here.scope = outer;
        } else {
            self.class(&expr.class, id);
        }
        self.push(Expr::Class(id), expr.class.span)
    }

    fn class(&mut self, class: &ast::Class, id: ClassId) {
        let decorators = self.decorators(&class.decorators);
        let (start, end) = self.class_range(class);
        let outer = self.here.scope;
        let scope = class.type_params.as_deref().map(|parameters| {
            let scope = self.open_scope();
            self.type_parameters(Some(parameters));
            scope
        });
        let extends = class.super_class.as_ref().map_or(ExprId::NONE, |base| self.expr(base));
        let mut draft = Draft { id, members: Vec::new(), constructor: FnId::NONE, fields: FnId::NONE, statics: FnId::NONE };
        for member in &class.body {
            self.class_member(member, &mut draft, (start, end));
        }
        for initializer in [draft.fields, draft.statics] {
            if let Some(initializer) = initializer.get() {
                self.close_scope(self.facts.functions[initializer.index()].scope);
            }
        }
        if let Some(scope) = scope {
            self.close_scope(scope);
        }
        self.here.scope = outer;
        let first_member = self.facts.members.len() as u32;
        let member_count = draft.members.len() as u32;
        self.facts.members.append(&mut draft.members);
        let name = self.facts.classes[id.index()].name;
        let (constructor, fields, function) = (draft.constructor, draft.fields, self.here.function);
        self.facts.classes[id.index()] =
            Class { name, extends, first_member, member_count, constructor, fields, function, decorators, start, end };
    }

    /// The class from its keyword on: behind decorators and modifiers.
    fn class_range(&self, class: &ast::Class) -> (u32, u32) {
        let (start, end) = range(class.span);
        let behind = class.decorators.last().map_or(start, |last| range(last.span).1.max(start));
        (v8::class_keyword(self.text, behind, end), end)
    }

    fn class_member(&mut self, member: &ClassMember, draft: &mut Draft, class: (u32, u32)) {
        match member {
            ClassMember::Constructor(constructor) => self.constructor(constructor, draft),
            ClassMember::Method(method) => {
                if method.function.body.is_some() {
                    let (name, _) = self.property_name(&method.key);
                    let head = range(method.key.span()).1;
                    let shape = (name, method.kind, method.is_static, method.span, head);
                    self.class_method(&method.function, shape, draft);
                }
            }
            ClassMember::PrivateMethod(method) if method.function.body.is_none() => {}
            ClassMember::PrivateMethod(method) => {
                let name = self.private_name(&method.key);
                let head = range(method.key.span).1;
                let shape = (name, method.kind, method.is_static, method.span, head);
                self.class_method(&method.function, shape, draft);
            }
            ClassMember::ClassProp(property) => {
                let (name, _) = self.property_name(&property.key);
                let (value, ty) = (property.value.as_deref(), property.type_ann.as_deref());
                let field = Field { name, span: property.span, is_static: property.is_static, value, ty };
                self.field(field, &property.decorators, draft, class);
            }
            ClassMember::PrivateProp(property) => {
                let name = self.private_name(&property.key);
                let (value, ty) = (property.value.as_deref(), property.type_ann.as_deref());
                let field = Field { name, span: property.span, is_static: property.is_static, value, ty };
                self.field(field, &property.decorators, draft, class);
            }
            ClassMember::AutoAccessor(property) => {
                let name = match &property.key {
                    ast::Key::Private(key) => self.private_name(key),
                    ast::Key::Public(key) => self.property_name(key).0,
                };
                let (value, ty) = (property.value.as_deref(), property.type_ann.as_deref());
                let field = Field { name, span: property.span, is_static: property.is_static, value, ty };
                self.field(field, &property.decorators, draft, class);
            }
            ClassMember::StaticBlock(block) => self.static_block(block, draft, class),
            ClassMember::TsIndexSignature(_) | ClassMember::Empty(_) => {}
        }
    }

    fn static_block(&mut self, block: &ast::StaticBlock, draft: &mut Draft, class: (u32, u32)) {
        let outer = self.enter_initializer(draft, true, class);
        let scope = self.open_scope();
        self.here.hoist = scope;
        self.statements(&block.body.stmts);
        self.close_scope(scope);
        self.here = outer;
        (self.exits, self.guard) = (false, None);
    }

    fn constructor(&mut self, constructor: &ast::Constructor, draft: &mut Draft) {
        let Some(body) = &constructor.body else { return };
        let (start, end) = range(constructor.span);
        let head = range(constructor.key.span()).1;
        let decorators = self.parameter_decorators(constructor.params.iter().map(|param| match param {
            ParamOrTsParamProp::TsParamProp(param) => &*param.decorators,
            ParamOrTsParamProp::Param(param) => &*param.decorators,
        }));
        let name = self.names.intern("constructor");
        let outline = Outline { name, kind: FunctionKind::Constructor, class: draft.id, start, end, head };
        let v8_start = v8::parenthesis(self.text, head, end);
        let (id, outer) = self.open_function(outline, v8_start, false, false);
        let mark = self.params.len();
        for (n, param) in constructor.params.iter().enumerate() {
            let lists = decorators.get(n).copied().unwrap_or(ListId::EMPTY);
            match param {
                ParamOrTsParamProp::Param(param) => self.parameter(&param.pat, n as u16, lists, false),
                ParamOrTsParamProp::TsParamProp(param) => self.parameter_property(param, n as u16, lists, draft),
            }
        }
        self.finish_parameters(id, mark);
        self.body(&body.stmts);
        self.close_function(id, outer);
        draft.constructor = id;
    }

    /// A parameter that is also a field.
    fn parameter_property(&mut self, param: &ast::TsParamProp, n: u16, decorators: ListId, draft: &mut Draft) {
        let pattern = match &param.param {
            TsParamPropParam::Ident(ident) => ast::Pat::Ident(ident.clone()),
            TsParamPropParam::Assign(assign) => ast::Pat::Assign(assign.clone()),
        };
        self.parameter(&pattern, n, decorators, true);
        let Some(last) = self.params.last().copied() else { return };
        let Some(binding) = last.binding.get() else { return };
        draft.members.push(Member {
            name: self.facts.bindings[binding.index()].name,
            kind: MemberKind::Field,
            is_static: false,
            function: FnId::NONE,
            init: ExprId::NONE,
            ty: last.ty,
            decorators,
            start: range(param.span).0,
        });
    }

    fn class_method(
        &mut self,
        function: &ast::Function,
        (name, kind, is_static, span, head): (Name, MethodKind, bool, Span, u32),
        draft: &mut Draft,
    ) {
        let decorators = self.decorators(&function.decorators);
        let (start, end) = range(span);
        let (kind, function_kind) = match kind {
            MethodKind::Method => (MemberKind::Method, FunctionKind::Method),
            MethodKind::Getter => (MemberKind::Getter, FunctionKind::Getter),
            MethodKind::Setter => (MemberKind::Setter, FunctionKind::Setter),
        };
        let outline = Outline { name, kind: function_kind, class: draft.id, start, end, head };
        let function = self.function(function, outline);
        self.facts.functions[function.index()].is_static = is_static;
        let (init, ty) = (ExprId::NONE, TypeId::NONE);
        draft.members.push(Member { name, kind, is_static, function, init, ty, decorators, start });
    }

    fn field(&mut self, field: Field, decorators: &[ast::Decorator], draft: &mut Draft, class: (u32, u32)) {
        let Field { span, name, is_static, value, ty } = field;
        let decorators = self.decorators(decorators);
        let ty = self.annotation(ty);
        let init = value.map_or(ExprId::NONE, |value| {
            let outer = self.enter_initializer(draft, is_static, class);
            let init = self.named(value, name);
            self.here = outer;
            init
        });
        let (kind, function, start) = (MemberKind::Field, FnId::NONE, range(span).0);
        draft.members.push(Member { name, kind, is_static, function, init, ty, decorators, start });
    }

    /// Moves into the function of the class's initializers; the caller moves back.
    fn enter_initializer(&mut self, draft: &mut Draft, is_static: bool, (start, end): (u32, u32)) -> Here {
        let known = if is_static { draft.statics } else { draft.fields };
        if let Some(id) = known.get() {
            let outer = self.here;
            let function = &self.facts.functions[id.index()];
            self.here.function = id;
            self.here.region = function.body;
            self.here.scope = function.scope;
            self.here.hoist = function.scope;
            self.here.awaits = 0;
            return outer;
        }
        let kind = if is_static { FunctionKind::Statics } else { FunctionKind::Fields };
        let outline = Outline { name: Name::EMPTY, kind, class: draft.id, start, end, head: start };
        let (id, outer) = self.open_function(outline, start, false, false);
        debug_assert_eq!(self.facts.regions[self.here.region.index()].kind, RegionKind::Body);
        self.finish_parameters(id, self.params.len());
        if is_static {
            draft.statics = id
        } else {
            draft.fields = id
        }
        outer
    }
}

/// A class's place in the table, until it is known.
fn empty(name: Name) -> Class {
    Class {
        name,
        extends: ExprId::NONE,
        first_member: 0,
        member_count: 0,
        constructor: FnId::NONE,
        fields: FnId::NONE,
        function: FnId::MODULE,
        decorators: ListId::EMPTY,
        start: 0,
        end: 0,
    }
}
