//! Type annotations, as far as they name something, and TypeScript's own declarations.

use rustc_hash::FxHashMap;
use swc_ecma_ast as ast;
use swc_ecma_ast::{TsEntityName, TsType, TsUnionOrIntersectionType};

use super::super::{BindingId, BindingKind, Name, TypeId, TypeRef};
use super::scope::{Declaration, Index, LocalType, TypeReference};
use super::{Extractor, range};

impl Extractor<'_> {
    pub(super) fn annotation(&mut self, annotation: Option<&ast::TsTypeAnn>) -> TypeId {
        annotation.map_or(TypeId::NONE, |annotation| self.type_of(&annotation.type_ann))
    }

    /// The type of a whole parameter.
    pub(super) fn pattern_type(&mut self, pattern: &ast::Pat) -> TypeId {
        let annotation = match pattern {
            ast::Pat::Ident(pattern) => &pattern.type_ann,
            ast::Pat::Array(pattern) => &pattern.type_ann,
            ast::Pat::Object(pattern) => &pattern.type_ann,
            ast::Pat::Rest(pattern) => &pattern.type_ann,
            ast::Pat::Assign(pattern) => return self.pattern_type(&pattern.left),
            ast::Pat::Invalid(_) | ast::Pat::Expr(_) => return TypeId::NONE,
        };
        self.annotation(annotation.as_deref())
    }

    pub(super) fn type_of(&mut self, ty: &TsType) -> TypeId {
        match ty {
            TsType::TsTypeRef(reference) => {
                let arguments = reference.type_params.as_ref();
                let element = arguments.and_then(|list| list.params.last());
                let element = element.map_or(TypeId::NONE, |element| self.type_of(element));
                self.named_type(&reference.type_name, element)
            }
            TsType::TsArrayType(array) => {
                let element = self.type_of(&array.elem_type);
                let name = self.names.intern("Array");
                self.add_type(name, element)
            }
            TsType::TsUnionOrIntersectionType(TsUnionOrIntersectionType::TsUnionType(union)) => {
                let mut others = union.types.iter().filter(|ty| !is_nothing(ty));
                match (others.next(), others.next()) {
                    (Some(only), None) => self.type_of(only),
                    _ => TypeId::NONE,
                }
            }
            TsType::TsUnionOrIntersectionType(TsUnionOrIntersectionType::TsIntersectionType(all)) => {
                let mut named = all.types.iter().map(|ty| self.type_of(ty));
                named.find(|&ty| ty != TypeId::NONE).unwrap_or(TypeId::NONE)
            }
            TsType::TsParenthesizedType(inner) => self.type_of(&inner.type_ann),
            TsType::TsOptionalType(inner) => self.type_of(&inner.type_ann),
            TsType::TsTypeOperator(inner) if inner.op == ast::TsTypeOperatorOp::ReadOnly => self.type_of(&inner.type_ann),
            _ => TypeId::NONE,
        }
    }

    fn named_type(&mut self, name: &TsEntityName, element: TypeId) -> TypeId {
        let (first, dotted) = self.entity(name);
        let ty = self.add_type(dotted, element);
        self.binder.type_references.push(TypeReference { ty, name: first, scope: self.here.scope });
        ty
    }

    fn add_type(&mut self, name: Name, element: TypeId) -> TypeId {
        let id = TypeId(self.facts.types.len() as u32);
        let qualified = self.names.text(name).contains('.');
        self.facts.types.push(TypeRef { name, qualified, binding: BindingId::NONE, element });
        id
    }

    /// First part and whole of a dotted name.
    fn entity(&mut self, mut name: &TsEntityName) -> (Name, Name) {
        let mut parts = Vec::new();
        while let TsEntityName::TsQualifiedName(qualified) = name {
            parts.push(&*qualified.right.sym);
            name = &qualified.left;
        }
        let TsEntityName::Ident(first) = name else { return (Name::EMPTY, Name::EMPTY) };
        let first_name = self.name(&first.sym);
        if parts.is_empty() {
            return (first_name, first_name);
        }
        parts.push(&first.sym);
        parts.reverse();
        (first_name, self.names.intern(&parts.join(".")))
    }

    /// Type parameters hide globals of the same name.
    pub(super) fn type_parameters(&mut self, parameters: Option<&ast::TsTypeParamDecl>) {
        for parameter in parameters.iter().flat_map(|list| &list.params) {
            let target = parameter.constraint.as_ref().map_or(TypeId::NONE, |ty| self.type_of(ty));
            self.local_type(&parameter.name, target);
        }
    }

    pub(super) fn interface(&mut self, declaration: &ast::TsInterfaceDecl) {
        let target = declaration.extends.first().map_or(TypeId::NONE, |base| self.base_type(&base.expr));
        self.local_type(&declaration.id, target);
    }

    /// The type that an `extends` clause names.
    fn base_type(&mut self, base: &ast::Expr) -> TypeId {
        let Some((first, dotted)) = self.dotted(base) else { return TypeId::NONE };
        let name = self.names.intern(&dotted);
        let ty = self.add_type(name, TypeId::NONE);
        self.binder.type_references.push(TypeReference { ty, name: first, scope: self.here.scope });
        ty
    }

    fn dotted(&mut self, expr: &ast::Expr) -> Option<(Name, String)> {
        match expr {
            ast::Expr::Ident(ident) => Some((self.name(&ident.sym), ident.sym.to_string())),
            ast::Expr::Member(member) => {
                let (first, left) = self.dotted(&member.obj)?;
                let property = member.prop.as_ident()?;
                Some((first, format!("{left}.{}", property.sym)))
            }
            _ => None,
        }
    }

    pub(super) fn type_alias(&mut self, declaration: &ast::TsTypeAliasDecl) {
        let target = self.type_of(&declaration.type_ann);
        self.local_type(&declaration.id, target);
    }

    fn local_type(&mut self, ident: &ast::Ident, target: TypeId) {
        let name = self.name(&ident.sym);
        self.binder.local_types.push(LocalType { name, scope: self.here.scope, target });
    }

    pub(super) fn enumeration(&mut self, declaration: &ast::TsEnumDecl) {
        if declaration.declare {
            return;
        }
        let name = self.name(&declaration.id.sym);
        self.declare(Declaration::of(name, range(declaration.id.span).0, BindingKind::Enum));
        for init in declaration.members.iter().filter_map(|member| member.init.as_ref()) {
            self.expr(init);
        }
    }

    /// A namespace's statements run with the module's; its exports stay inside.
    pub(super) fn namespace(&mut self, declaration: &ast::TsModuleDecl) {
        if declaration.declare || declaration.global {
            return;
        }
        let ast::TsModuleName::Ident(ident) = &declaration.id else { return };
        let Some(body) = &declaration.body else { return };
        let name = self.name(&ident.sym);
        self.declare(Declaration::of(name, range(ident.span).0, BindingKind::Enum));
        let outer = self.here;
        let scope = self.open_scope();
        self.here.hoist = scope;
        self.here.in_namespace = true;
        self.namespace_body(body);
        self.close_scope(scope);
        let awaits = self.here.awaits;
        self.here = super::Here { awaits, ..outer };
        (self.exits, self.guard) = (false, None);
    }

    fn namespace_body(&mut self, body: &ast::TsNamespaceBody) {
        match body {
            ast::TsNamespaceBody::TsModuleBlock(block) => self.module_items(&block.body),
            ast::TsNamespaceBody::TsNamespaceDecl(inner) => {
                let name = self.name(&inner.id.sym);
                self.declare(Declaration::of(name, range(inner.id.span).0, BindingKind::Enum));
                self.namespace_body(&inner.body);
            }
        }
    }

    /// Resolves the names of types. A type declared here without a value stands for its target, or for nothing known:
    /// then it loses its name, lest it be taken for a global.
    pub(super) fn resolve_types(&mut self, values: &Index) {
        let locals = std::mem::take(&mut self.binder.local_types);
        let index = Index::of_types(&locals, values, self.names.len());
        let mut aliases = Vec::new();
        for TypeReference { ty, name, scope } in std::mem::take(&mut self.binder.type_references) {
            let value = values.find(name, scope);
            let value_scope = value.map(|value| self.facts.bindings[value.index()].scope);
            let local = index.find(name, scope).map(|local| &locals[local.index()]);
            match local {
                Some(local) if value_scope.is_none_or(|scope| local.scope > scope) => aliases.push((ty, local.target)),
                _ => self.facts.types[ty.index()].binding = value.unwrap_or(BindingId::NONE),
            }
        }
        // An alias of an alias stands for what the last one names.
        let pending: FxHashMap<TypeId, TypeId> = aliases.iter().copied().collect();
        for (ty, mut target) in aliases {
            for _ in 0..8 {
                target = pending.get(&target).copied().unwrap_or(target);
            }
            let known = target.get().filter(|target| !pending.contains_key(target));
            let unknown = TypeRef { name: Name::EMPTY, qualified: false, binding: BindingId::NONE, element: TypeId::NONE };
            self.facts.types[ty.index()] = known.map_or(unknown, |target| self.facts.types[target.index()]);
        }
    }
}

fn is_nothing(ty: &TsType) -> bool {
    use ast::TsKeywordTypeKind as Kind;
    let nothing = |kind| matches!(kind, Kind::TsNullKeyword | Kind::TsUndefinedKeyword | Kind::TsVoidKeyword);
    matches!(ty, TsType::TsKeywordType(keyword) if nothing(keyword.kind))
}
