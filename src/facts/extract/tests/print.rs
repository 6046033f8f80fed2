//! Facts as text, for tests.

use std::fmt::Write;

use crate::facts::{
    AssignOp, BinaryOp, BindingId, BindingKind, ExportSource, Expr, ExprId, Facts, FnId, Imported, ListId, LogicalOp, RegionId,
    RegionKind, ScopeId, TypeId, UnaryOp,
};

/// An expression. Globals are marked `^`.
pub(super) fn expr(f: &Facts, id: ExprId) -> String {
    let e = |id| expr(f, id);
    match f.expr(id) {
        Expr::Opaque => "opaque".into(),
        Expr::Parts(items) => format!("parts({})", list(f, items)),
        Expr::Undefined => "undefined".into(),
        Expr::Null => "null".into(),
        Expr::Bool(value) => value.to_string(),
        Expr::Number(index) => f.numbers[index as usize].to_string(),
        Expr::Str(name) => format!("{:?}", f.text(name)),
        Expr::Template(items) => format!("template({})", list(f, items)),
        Expr::Ident(binding) => f.text(f.bindings[binding.index()].name).into(),
        Expr::Free(name) => format!("^{}", f.text(name)),
        Expr::Param(function, n) => format!("{}#{n}", function_name(f, function)),
        Expr::This => "this".into(),
        Expr::Super => "super".into(),
        Expr::Member(object, name) => format!("{}.{}", e(object), f.text(name)),
        Expr::Index(object, key) => format!("{}[{}]", e(object), e(key)),
        Expr::Call(callee, arguments) => format!("{}({})", e(callee), list(f, arguments)),
        Expr::New(callee, arguments) => format!("new {}({})", e(callee), list(f, arguments)),
        Expr::ImportCall(specifier) => format!("import({})", e(specifier)),
        Expr::Function(function) => function_name(f, function),
        Expr::Class(class) => format!("class {}", f.text(f.classes[class.index()].name)),
        Expr::Object { .. } => object(f, id),
        Expr::Array(items) => format!("[{}]", list(f, items)),
        Expr::Assign(op, target, value) => format!("({} {} {})", e(target), assign_op(op), e(value)),
        Expr::Update(up, target) => format!("{}{}", e(target), if up { "++" } else { "--" }),
        Expr::Choice(items) => format!("choice({})", list(f, items)),
        Expr::Logical(op, left, right) => format!("({} {} {})", e(left), logical_op(op), e(right)),
        Expr::Binary(op, left, right) => format!("({} {} {})", e(left), binary_op(op), e(right)),
        Expr::Unary(op, operand) => format!("{}{}", unary_op(op), e(operand)),
        Expr::Delete(target) => format!("delete {}", e(target)),
        Expr::Await(value) => format!("await {}", e(value)),
        Expr::Yield(value) => format!("yield {}", maybe(f, value)),
        Expr::Spread(value) => format!("...{}", e(value)),
        Expr::Sequence(items) => format!("sequence({})", list(f, items)),
        Expr::ElementOf(value) => format!("element({})", e(value)),
        Expr::KeyOf(value) => format!("key({})", e(value)),
        Expr::Rest(value) => format!("rest({})", e(value)),
    }
}

fn list(f: &Facts, items: ListId) -> String {
    f.list(items).map(|item| expr(f, item)).collect::<Vec<_>>().join(", ")
}

fn maybe(f: &Facts, id: ExprId) -> String {
    id.get().map_or("-".into(), |id| expr(f, id))
}

fn object(f: &Facts, id: ExprId) -> String {
    let properties = f.properties(f.expr(id)).iter().map(|property| match property.key.get() {
        Some(key) => format!("[{}]: {}", expr(f, key), expr(f, property.value)),
        None if f.text(property.name).is_empty() => expr(f, property.value),
        None => format!("{}: {}", f.text(property.name), expr(f, property.value)),
    });
    format!("{{{}}}", properties.collect::<Vec<_>>().join(", "))
}

fn assign_op(op: AssignOp) -> &'static str {
    match op {
        AssignOp::Set => "=",
        AssignOp::Add => "+=",
        AssignOp::Or => "||=",
        AssignOp::And => "&&=",
        AssignOp::Nullish => "??=",
        AssignOp::Other => "?=",
    }
}

fn logical_op(op: LogicalOp) -> &'static str {
    match op {
        LogicalOp::And => "&&",
        LogicalOp::Or => "||",
        LogicalOp::Nullish => "??",
    }
}

fn binary_op(op: BinaryOp) -> &'static str {
    match op {
        BinaryOp::Add => "+",
        BinaryOp::Equal => "==",
        BinaryOp::NotEqual => "!=",
        BinaryOp::Less => "<",
        BinaryOp::Greater => ">",
        BinaryOp::In => "in",
        BinaryOp::InstanceOf => "instanceof",
        BinaryOp::Multiply => "*",
        BinaryOp::Modulo => "%",
        BinaryOp::Other => "op",
    }
}

fn unary_op(op: UnaryOp) -> &'static str {
    match op {
        UnaryOp::Not => "!",
        UnaryOp::TypeOf => "typeof ",
        UnaryOp::Minus => "-",
        UnaryOp::Other => "op ",
    }
}

/// `fn1` and the name, if it has one.
fn function_name(f: &Facts, id: FnId) -> String {
    match f.text(f.functions[id.index()].name) {
        "" => format!("fn{}", id.0),
        name => format!("fn{} {name}", id.0),
    }
}

fn ty(f: &Facts, id: TypeId) -> String {
    let Some(id) = id.get() else { return String::new() };
    let ty_ref = &f.types[id.index()];
    let bound = if ty_ref.binding == BindingId::NONE { "^" } else { "" };
    match ty_ref.element {
        TypeId::NONE => format!("{bound}{}", f.text(ty_ref.name)),
        element => format!("{bound}{}<{}>", f.text(ty_ref.name), ty(f, element)),
    }
}

fn typed(f: &Facts, id: TypeId) -> String {
    if id == TypeId::NONE { String::new() } else { format!(": {}", ty(f, id)) }
}

/// A region as the path that leads to it.
pub(super) fn region(f: &Facts, id: RegionId) -> String {
    let region_data = &f.regions[id.index()];
    let kind = match region_data.kind {
        RegionKind::Body => function_name(f, region_data.function),
        RegionKind::Loop(kind) => format!("{kind:?}").to_lowercase(),
        kind => format!("{kind:?}").to_lowercase(),
    };
    let test = region_data.test.get().map_or(String::new(), |test| format!("({})", expr(f, test)));
    let exits = if region_data.exits { "!" } else { "" };
    let here = format!("{kind}{test}{exits}");
    region_data.parent.get().map_or(here.clone(), |parent| format!("{} > {here}", region(f, parent)))
}

/// Sites of each function in order, with their regions.
pub(super) fn sites(f: &Facts) -> String {
    let mut out = String::new();
    for function in 0..f.functions.len() {
        for site in f.sites.iter().filter(|site| f.function_of(site.region).index() == function) {
            writeln!(out, "{}: {}", region(f, site.region), expr(f, site.expr)).unwrap();
        }
    }
    out
}

/// All regions.
pub(super) fn regions(f: &Facts) -> String {
    (0..f.regions.len()).map(|i| region(f, RegionId(i as u32)) + "\n").collect()
}

/// `return`, `throw` and values of arrows.
pub(super) fn exits(f: &Facts) -> String {
    let line = |exit: &crate::facts::Exit| {
        let kind = if exit.is_throw { "throw" } else { "return" };
        format!("{}: {kind} {}\n", region(f, exit.region), maybe(f, exit.value))
    };
    f.exits.iter().map(line).collect()
}

/// Bindings with what is known of them.
pub(super) fn bindings(f: &Facts) -> String {
    let mut out = String::new();
    for binding in &f.bindings {
        let kind = match binding.kind {
            BindingKind::Param(n) => format!("param {n}"),
            BindingKind::Function(id) => format!("function fn{}", id.0),
            BindingKind::Class(id) => format!("class {}", id.0),
            BindingKind::Import(id) => format!("import {id}"),
            kind => format!("{kind:?}").to_lowercase(),
        };
        let using = if binding.using { "using " } else { "" };
        let exported = if binding.exported { "export " } else { "" };
        let name = f.text(binding.name);
        write!(out, "{exported}{using}{kind} {name}{}", typed(f, binding.ty)).unwrap();
        write!(out, " in scope {} of fn{}", binding.scope.0, binding.function.0).unwrap();
        if let Some(init) = binding.init.get() {
            write!(out, " = {}", expr(f, init)).unwrap();
        }
        if binding.writes > 0 {
            write!(out, ", {} writes", binding.writes).unwrap();
        }
        out.push('\n');
    }
    out
}

/// Scopes as `child < parent` lines.
pub(super) fn scopes(f: &Facts) -> String {
    let parent = |id: ScopeId| id.get().map_or("-".into(), |id| id.0.to_string());
    let lines =
        f.scopes.iter().enumerate().map(|(i, scope)| format!("{i} < {} of fn{}\n", parent(scope.parent), scope.function.0));
    lines.collect()
}

/// All identifiers of the arena with the scope of their binding.
pub(super) fn identifiers(f: &Facts) -> String {
    let names = f.nodes.iter().filter_map(|node| match node.expr {
        Expr::Ident(id) => Some(format!("{}@{}", f.text(f.bindings[id.index()].name), f.bindings[id.index()].scope.0)),
        Expr::Free(name) => Some(format!("^{}", f.text(name))),
        _ => None,
    });
    names.collect::<Vec<_>>().join(" ")
}

/// Functions with their parameters and positions.
pub(super) fn functions(f: &Facts, text: &str) -> String {
    let mut out = String::new();
    for (i, function) in f.functions.iter().enumerate().skip(1) {
        let flags = [(function.is_async, "async "), (function.is_generator, "generator "), (function.uses_this, "this ")];
        let flags: String = flags.iter().filter(|(on, _)| *on).map(|(_, flag)| *flag).collect();
        let kind = format!("{:?}", function.kind).to_lowercase();
        let id = FnId(i as u32);
        write!(out, "{} {flags}{kind}", function_name(f, id)).unwrap();
        if let Some(class) = function.class.get() {
            write!(out, " of {}", f.text(f.classes[class.index()].name)).unwrap();
        }
        let params = f.params(id).iter().map(|param| {
            let name = param.binding.get().map_or("pattern", |id| f.text(f.bindings[id.index()].name));
            let (rest, field) = (if param.rest { "..." } else { "" }, if param.is_field { "field " } else { "" });
            let decorators =
                if param.decorators == ListId::EMPTY { String::new() } else { format!("@{} ", list(f, param.decorators)) };
            format!("{decorators}{field}{rest}{name}{}", typed(f, param.ty))
        });
        write!(out, "({})", params.collect::<Vec<_>>().join(", ")).unwrap();
        let source = |at: u32| text[at as usize..].lines().next().unwrap_or_default().chars().take(12).collect::<String>();
        write!(out, " in {}", region(f, function.made_in)).unwrap();
        writeln!(out, ", starts `{}`, v8 `{}`", source(function.start), source(function.v8_start)).unwrap();
    }
    out
}

/// Classes with their members.
pub(super) fn classes(f: &Facts) -> String {
    let mut out = String::new();
    for (i, class) in f.classes.iter().enumerate() {
        let extends = class.extends.get().map_or(String::new(), |base| format!(" extends {}", expr(f, base)));
        let id = |id: FnId| id.get().map_or("-".into(), |id| format!("fn{}", id.0));
        write!(out, "{}class {}{extends}", decorated(f, class.decorators), f.text(class.name)).unwrap();
        writeln!(out, ", constructor {}, fields {}", id(class.constructor), id(class.fields)).unwrap();
        for member in f.members(crate::facts::ClassId(i as u32)) {
            let is_static = if member.is_static { "static " } else { "" };
            let kind = format!("{:?}", member.kind).to_lowercase();
            let function = member.function.get().map_or(String::new(), |id| format!(" fn{}", id.0));
            let init = member.init.get().map_or(String::new(), |init| format!(" = {}", expr(f, init)));
            let (name, ty) = (f.text(member.name), typed(f, member.ty));
            writeln!(out, "  {}{is_static}{kind} {name}{ty}{function}{init}", decorated(f, member.decorators)).unwrap();
        }
    }
    out
}

fn decorated(f: &Facts, decorators: ListId) -> String {
    if decorators == ListId::EMPTY { String::new() } else { format!("@[{}] ", list(f, decorators)) }
}

/// Imports, then exports.
pub(super) fn modules(f: &Facts) -> String {
    let mut out = String::new();
    for import in &f.imports {
        let what = match import.imported {
            Imported::Name(name) => f.text(name).to_string(),
            Imported::Namespace => "*".into(),
            Imported::Effect => "nothing".into(),
        };
        let local = import.binding.get().map_or(String::new(), |id| format!(" as {}", f.text(f.bindings[id.index()].name)));
        let type_only = if import.type_only { "type " } else { "" };
        writeln!(out, "import {type_only}{what}{local} from {:?}", f.text(import.module)).unwrap();
    }
    for export in &f.exports {
        let source = match export.source {
            ExportSource::Binding(id) => format!("binding {}", f.text(f.bindings[id.index()].name)),
            ExportSource::Expr(id) => expr(f, id),
            ExportSource::From(module, name) => format!("{} of {:?}", f.text(name), f.text(module)),
            ExportSource::NamespaceOf(module) => format!("* of {:?}", f.text(module)),
            ExportSource::AllOf(module) => format!("all of {:?}", f.text(module)),
        };
        writeln!(out, "export {} = {source}", f.text(export.name)).unwrap();
    }
    if f.is_module {
        out.push_str("(module)\n");
    }
    out
}
