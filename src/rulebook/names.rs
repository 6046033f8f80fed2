//! The names that a model file uses and something else must define.

use super::model::{CallModel, Callback, ModelFile, TypeModel};

/// A name and what it is a name of.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Used<'a> {
    /// A type.
    Type(&'a str),
    /// A rule.
    Rule(&'a str),
    /// A resource that something acquires.
    Resource(&'a str),
}

/// Visits every name, in an order of no meaning.
pub(super) fn each_name<'a>(file: &'a ModelFile, visit: &mut dyn FnMut(Used<'a>)) {
    for function in &file.functions {
        in_call(&function.call, visit);
    }
    for ty in &file.types {
        in_type(ty, visit);
    }
    for value in &file.values {
        visit(Used::Type(&value.r#type));
    }
    for ty in file.decorators.iter().filter_map(|it| it.r#type.as_ref()) {
        visit(Used::Type(ty));
    }
    for entry in &file.entries {
        in_params(&entry.params, visit);
    }
}

fn in_type<'a>(ty: &'a TypeModel, visit: &mut dyn FnMut(Used<'a>)) {
    in_params(&ty.extends, visit);
    in_call(&ty.construct, visit);
    ty.methods.values().for_each(|call| in_call(call, visit));
    ty.events.values().for_each(|event| in_params(&event.params, visit));
    ty.members.values().filter_map(|member| member.r#type.as_deref()).for_each(|it| visit(Used::Type(it)));
}

fn in_call<'a>(call: &'a CallModel, visit: &mut dyn FnMut(Used<'a>)) {
    if let Some(ty) = &call.returns {
        visit(Used::Type(ty));
    }
    if let Some(acquire) = &call.acquire {
        visit(Used::Resource(&acquire.resource));
    }
    for resource in call.release.iter().flat_map(|release| &release.resource) {
        visit(Used::Resource(resource));
    }
    for Callback { params, .. } in &call.runs {
        in_params(params, visit);
    }
    for it in &call.r#unsafe {
        visit(Used::Rule(&it.rule));
    }
}

/// Types of parameters; an empty one is unknown.
fn in_params<'a>(params: &'a [String], visit: &mut dyn FnMut(Used<'a>)) {
    params.iter().filter(|it| !it.is_empty()).for_each(|it| visit(Used::Type(it)));
}
