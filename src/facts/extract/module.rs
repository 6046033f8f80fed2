//! Imports and exports.

use swc_ecma_ast as ast;
use swc_ecma_ast::{Decl, DefaultDecl, ExportSpecifier, ImportSpecifier, ModuleDecl, ModuleExportName, Pat};

use super::super::{
    BindingId, BindingKind, ClassId, Export, ExportSource, Expr, ExprId, FunctionKind, Import, Imported, Name, ScopeId,
};
use super::function::Outline;
use super::scope::{Declaration, ExportedName, Index};
use super::{Extractor, range};

impl Extractor<'_> {
    pub(super) fn module_declaration(&mut self, declaration: &ModuleDecl) {
        match declaration {
            ModuleDecl::Import(declaration) => self.import(declaration),
            ModuleDecl::ExportDecl(declaration) => self.export_declaration(&declaration.decl),
            ModuleDecl::ExportNamed(declaration) => self.export_named(declaration),
            ModuleDecl::ExportDefaultDecl(declaration) => self.export_default_declaration(&declaration.decl),
            ModuleDecl::ExportDefaultExpr(declaration) => {
                let value = self.named(&declaration.expr, self.known.default);
                self.export_value(self.known.default, value);
            }
            ModuleDecl::ExportAll(declaration) => {
                if !declaration.type_only {
                    let module = self.whole_text(&declaration.src);
                    self.add_export(Name::EMPTY, ExportSource::AllOf(module));
                }
            }
            ModuleDecl::TsImportEquals(declaration) => self.import_equals(declaration),
            ModuleDecl::TsExportAssignment(declaration) => {
                let value = self.named(&declaration.expr, Name::EMPTY);
                self.export_value(self.known.export_equals, value);
            }
            ModuleDecl::TsNamespaceExport(_) => {}
        }
    }

    fn import(&mut self, declaration: &ast::ImportDecl) {
        let module = self.whole_text(&declaration.src);
        let start = range(declaration.span).0;
        if declaration.specifiers.is_empty() {
            let (imported, binding, type_only) = (Imported::Effect, BindingId::NONE, declaration.type_only);
            self.facts.imports.push(Import { module, imported, binding, type_only, start });
        }
        for specifier in &declaration.specifiers {
            let imported = match specifier {
                ImportSpecifier::Default(_) => Imported::Name(self.known.default),
                ImportSpecifier::Namespace(_) => Imported::Namespace,
                ImportSpecifier::Named(named) => {
                    let name = named.imported.as_ref().map(|name| self.export_name(name));
                    Imported::Name(name.unwrap_or_else(|| self.name(&named.local.sym)))
                }
            };
            let type_only = declaration.type_only || specifier.is_type_only();
            self.import_binding(specifier.local(), module, imported, type_only, start);
        }
    }

    fn import_binding(&mut self, local: &ast::Ident, module: Name, imported: Imported, type_only: bool, start: u32) -> BindingId {
        let index = self.facts.imports.len() as u32;
        let name = self.name(&local.sym);
        let (binding, _) = self.declare(Declaration::of(name, range(local.span).0, BindingKind::Import(index)));
        self.facts.imports.push(Import { module, imported, binding, type_only, start });
        binding
    }

    /// `import x = require("y")`, and the alias `import x = a.b`.
    fn import_equals(&mut self, declaration: &ast::TsImportEqualsDecl) {
        let binding = match &declaration.module_ref {
            ast::TsModuleRef::TsExternalModuleRef(reference) => {
                let module = self.whole_text(&reference.expr);
                let start = range(declaration.span).0;
                self.import_binding(&declaration.id, module, Imported::Namespace, declaration.is_type_only, start)
            }
            ast::TsModuleRef::TsEntityName(target) => {
                let init = self.entity_value(target);
                let name = self.name(&declaration.id.sym);
                let start = range(declaration.id.span).0;
                self.declare(Declaration { init, ..Declaration::of(name, start, BindingKind::Const) }).0
            }
        };
        if declaration.is_export {
            self.export_binding(binding);
        }
    }

    fn entity_value(&mut self, target: &ast::TsEntityName) -> ExprId {
        match target {
            ast::TsEntityName::Ident(ident) => {
                let name = self.name(&ident.sym);
                self.reference(name, ident.span)
            }
            ast::TsEntityName::TsQualifiedName(qualified) => {
                let object = self.entity_value(&qualified.left);
                let name = self.name(&qualified.right.sym);
                self.push(Expr::Member(object, name), qualified.span)
            }
        }
    }

    fn export_declaration(&mut self, declaration: &Decl) {
        swc_ecma_visit::VisitWith::visit_with(declaration, self);
        match declaration {
            Decl::Class(declaration) => self.export_ident(&declaration.ident),
            Decl::Fn(declaration) => self.export_ident(&declaration.ident),
            Decl::Var(declaration) => declaration.decls.iter().for_each(|one| self.export_pattern(&one.name)),
            Decl::Using(declaration) => declaration.decls.iter().for_each(|one| self.export_pattern(&one.name)),
            Decl::TsEnum(declaration) => self.export_ident(&declaration.id),
            Decl::TsModule(declaration) => {
                if let ast::TsModuleName::Ident(ident) = &declaration.id {
                    self.export_ident(ident);
                }
            }
            Decl::TsInterface(_) | Decl::TsTypeAlias(_) => {}
        }
    }

    fn export_pattern(&mut self, pattern: &Pat) {
        match pattern {
            Pat::Ident(ident) => self.export_ident(ident),
            Pat::Array(array) => array.elems.iter().flatten().for_each(|element| self.export_pattern(element)),
            Pat::Rest(rest) => self.export_pattern(&rest.arg),
            Pat::Assign(assign) => self.export_pattern(&assign.left),
            Pat::Object(object) => object.props.iter().for_each(|property| match property {
                ast::ObjectPatProp::KeyValue(property) => self.export_pattern(&property.value),
                ast::ObjectPatProp::Assign(property) => self.export_ident(&property.key),
                ast::ObjectPatProp::Rest(rest) => self.export_pattern(&rest.arg),
            }),
            Pat::Invalid(_) | Pat::Expr(_) => {}
        }
    }

    fn export_ident(&mut self, ident: &ast::Ident) {
        let name = self.name(&ident.sym);
        if let Some(binding) = self.bound_in(self.here.scope, name) {
            self.export_binding(binding);
        }
    }

    /// Exports a binding under its own name, once.
    fn export_binding(&mut self, binding: BindingId) {
        let bound = &mut self.facts.bindings[binding.index()];
        if self.here.in_namespace || std::mem::replace(&mut bound.exported, true) {
            return;
        }
        let name = bound.name;
        self.add_export(name, ExportSource::Binding(binding));
    }

    fn export_named(&mut self, declaration: &ast::NamedExport) {
        if declaration.type_only || self.here.in_namespace {
            return;
        }
        let module = declaration.src.as_ref().map(|src| self.whole_text(src));
        for specifier in &declaration.specifiers {
            match (specifier, module) {
                (ExportSpecifier::Namespace(specifier), Some(module)) => {
                    let name = self.export_name(&specifier.name);
                    self.add_export(name, ExportSource::NamespaceOf(module));
                }
                (ExportSpecifier::Default(specifier), Some(module)) => {
                    let name = self.name(&specifier.exported.sym);
                    self.add_export(name, ExportSource::From(module, self.known.default));
                }
                (ExportSpecifier::Named(specifier), _) if !specifier.is_type_only => {
                    let local = self.export_name(&specifier.orig);
                    let name = specifier.exported.as_ref().map_or(local, |name| self.export_name(name));
                    match module {
                        Some(module) => self.add_export(name, ExportSource::From(module, local)),
                        None => {
                            self.binder.exported_names.push(ExportedName { export: self.facts.exports.len(), local });
                            self.add_export(name, ExportSource::Binding(BindingId::NONE));
                        }
                    }
                }
                _ => {}
            }
        }
    }

    fn export_name(&mut self, name: &ModuleExportName) -> Name {
        match name {
            ModuleExportName::Ident(ident) => self.name(&ident.sym),
            ModuleExportName::Str(text) => self.whole_text(text),
        }
    }

    fn export_default_declaration(&mut self, declaration: &DefaultDecl) {
        let default = self.known.default;
        let source = match declaration {
            DefaultDecl::Class(class) => match &class.ident {
                Some(ident) => {
                    self.class_declaration(ident, &class.class);
                    self.declared_source(ident)
                }
                None => ExportSource::Expr(self.class_expr(class, default)),
            },
            DefaultDecl::Fn(function) if function.function.body.is_none() => return,
            DefaultDecl::Fn(function) => match &function.ident {
                Some(ident) => {
                    self.function_declaration(ident, &function.function);
                    self.declared_source(ident)
                }
                None => ExportSource::Expr(self.function_expr(function, default)),
            },
            DefaultDecl::TsInterfaceDecl(interface) => return self.interface(interface),
        };
        self.add_export(default, source);
    }

    fn declared_source(&mut self, ident: &ast::Ident) -> ExportSource {
        let name = self.name(&ident.sym);
        let binding = self.bound_in(self.here.scope, name).unwrap_or(BindingId::NONE);
        if let Some(binding) = binding.get() {
            self.facts.bindings[binding.index()].exported = true;
        }
        ExportSource::Binding(binding)
    }

    /// `export default value` and `export = value`.
    fn export_value(&mut self, name: Name, value: ExprId) {
        self.add_export(name, ExportSource::Expr(value));
    }

    pub(super) fn add_export(&mut self, name: Name, source: ExportSource) {
        if !self.here.in_namespace {
            self.facts.exports.push(Export { name, source });
        }
    }

    /// Resolves what `export { ... }` and `export default name` refer to. What is a type is no export.
    pub(super) fn resolve_exports(&mut self, index: &Index) {
        for ExportedName { export, local } in std::mem::take(&mut self.binder.exported_names) {
            if let Some(binding) = index.find(local, ScopeId(0)) {
                self.facts.bindings[binding.index()].exported = true;
                self.facts.exports[export].source = ExportSource::Binding(binding);
            }
        }
        let default = self.known.default;
        for export in &mut self.facts.exports {
            if let ExportSource::Expr(value) = export.source
                && export.name == default
                && let Expr::Ident(binding) = self.facts.nodes[value.index()].expr
            {
                self.facts.bindings[binding.index()].exported = true;
                export.source = ExportSource::Binding(binding);
            }
        }
        self.facts.exports.retain(|export| export.source != ExportSource::Binding(BindingId::NONE));
    }

    pub(super) fn function_declaration(&mut self, ident: &ast::Ident, function: &ast::Function) {
        let name = self.name(&ident.sym);
        let (start, end) = range(function.span);
        let (at, head) = range(ident.span);
        let outline = Outline { name, kind: FunctionKind::Plain, class: ClassId::NONE, start, end, head };
        let id = self.function(function, outline);
        self.declare(Declaration::of(name, at, BindingKind::Function(id)));
    }
}
