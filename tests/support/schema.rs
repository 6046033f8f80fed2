//! JSON against a schema: the part of JSON Schema that the schemas in `tests/schemas` use.

use serde_json::Value;

/// Panics with the place of the first thing that does not fit.
pub fn check(schema: &Value, value: &Value) {
    Checker { root: schema }.check(schema, value, "");
}

struct Checker<'a> {
    root: &'a Value,
}

impl Checker<'_> {
    fn check(&self, schema: &Value, value: &Value, place: &str) {
        for (keyword, wanted) in schema.as_object().unwrap() {
            match keyword.as_str() {
                "$schema" | "title" | "description" | "definitions" => {}
                "$ref" => {
                    let target = self.root.pointer(wanted.as_str().unwrap().strip_prefix('#').unwrap());
                    self.check(target.expect("what `$ref` names"), value, place);
                }
                "type" => assert_eq!(wanted, kind(value), "{place}: {value}"),
                "enum" => assert!(wanted.as_array().unwrap().contains(value), "{place}: {value} is none of {wanted}"),
                "minLength" => assert!(value.as_str().unwrap().len() as u64 >= wanted.as_u64().unwrap(), "{place}: {value}"),
                "minimum" => assert!(value.as_u64() >= wanted.as_u64(), "{place}: {value}"),
                "required" => {
                    for name in wanted.as_array().unwrap() {
                        assert!(value.get(name.as_str().unwrap()).is_some(), "{place} lacks {name}");
                    }
                }
                "items" => {
                    for (n, item) in value.as_array().unwrap().iter().enumerate() {
                        self.check(wanted, item, &format!("{place}/{n}"));
                    }
                }
                "properties" => {
                    for (name, part) in wanted.as_object().unwrap() {
                        if let Some(value) = value.get(name) {
                            self.check(part, value, &format!("{place}/{name}"));
                        }
                    }
                }
                "additionalProperties" => {
                    assert_eq!(wanted, false);
                    for name in value.as_object().unwrap().keys() {
                        assert!(schema["properties"].get(name).is_some(), "{place} has `{name}`");
                    }
                }
                other => panic!("no keyword `{other}` here"),
            }
        }
    }
}

fn kind(value: &Value) -> &'static str {
    match value {
        Value::Null => "null",
        Value::Bool(_) => "boolean",
        Value::Number(it) if it.is_u64() || it.is_i64() => "integer",
        Value::Number(_) => "number",
        Value::String(_) => "string",
        Value::Array(_) => "array",
        Value::Object(_) => "object",
    }
}
