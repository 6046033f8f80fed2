//! The schema of configuration files, made from the options themselves.

use super::Options;
use super::options::RuleOption;
use schemars::generate::SchemaSettings;
use schemars::transform::transform_subschemas;
use schemars::{Schema, SchemaGenerator, json_schema};
use serde_json::Value;

/// The JSON schema of a configuration file. `rules` are ids with one line about each; ids that are not among them are let
/// through, since a project may have rules of its own.
pub fn schema(rules: &[(&str, &str)]) -> Schema {
    let mut generator = SchemaSettings::draft07().into_generator();
    let rule = generator.subschema_for::<RuleOption>();
    let mut schema = generator.into_root_schema_for::<Options>();
    let known = rules.iter().map(|(id, summary)| {
        let mut of = rule.clone();
        of.insert("description".to_owned(), Value::from(*summary));
        ((*id).to_owned(), Value::from(of))
    });
    let known: serde_json::Map<String, Value> = known.collect();
    for place in ["/properties/rules", "/definitions/OverrideOptions/properties/rules"] {
        if let Some(Value::Object(levels)) = schema.pointer_mut(place) {
            levels.insert("properties".to_owned(), Value::Object(known.clone()));
        }
    }
    drop_null(&mut schema);
    schema.insert("title".to_owned(), Value::from("Configuration of leaklint"));
    // Room for what other tools keep in the file.
    schema.insert("patternProperties".to_owned(), Value::from(json_schema!({ "^x-": true })));
    schema
}

/// Takes off defaults of `null`: a file leaves such a key out.
fn drop_null(schema: &mut Schema) {
    transform_subschemas(&mut drop_null, schema);
    if schema.get("default").is_some_and(Value::is_null) {
        schema.remove("default");
    }
}

/// What a [`super::Size`] may look like.
pub(super) fn size(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": ["integer", "string"], "minimum": 0, "pattern": r"^\s*\d+\s*([kKmMgG]?([iI]?[bB])?)\s*$" })
}

/// What [`super::Extends`] may look like.
pub(super) fn extends(_: &mut SchemaGenerator) -> Schema {
    json_schema!({ "type": ["string", "array"], "items": { "type": "string" } })
}

/// What a [`RuleOption`] may look like.
pub(super) fn rule(generator: &mut SchemaGenerator) -> Schema {
    let level = generator.subschema_for::<super::Level>();
    json_schema!({
        "anyOf": [
            level,
            { "type": "object", "properties": { "level": level }, "required": ["level"], "additionalProperties": false }
        ]
    })
}
