//! What a request carries: the fields of a body that handlers read, each filled anew.

use std::fmt;

/// The body of requests to a route.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Default, Debug)]
pub struct Body {
    /// The fields that handlers read.
    pub(super) fields: Vec<String>,
    /// As a form of a page sends it: the program reads no JSON.
    pub(super) is_form: bool,
}

impl Body {
    /// Whether nothing is known that could be sent.
    pub fn is_empty(&self) -> bool {
        self.fields.is_empty()
    }

    /// The media type.
    pub(super) fn media_type(&self) -> &'static str {
        if self.is_form { "application/x-www-form-urlencoded" } else { "application/json" }
    }

    /// The text, each field filled by a number: `{"name":"7"}`, or `name=7` in a form.
    pub(super) fn filled(&self, number: u64) -> String {
        let field = |it: &String| if self.is_form { format!("{it}={number}") } else { format!("\"{it}\":\"{number}\"") };
        let fields: Vec<String> = self.fields.iter().map(field).collect();
        if self.is_form { fields.join("&") } else { format!("{{{}}}", fields.join(",")) }
    }
}

impl fmt::Display for Body {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.fields.join(", "))
    }
}

/// Whether a method sends a body.
pub(super) fn has_body(method: &str) -> bool {
    matches!(method, "POST" | "PUT" | "PATCH")
}

#[cfg(test)]
mod tests {
    use super::Body;

    #[test]
    fn fields_are_filled() {
        let fields = vec!["name".to_owned(), "age".to_owned()];
        let json = Body { fields, is_form: false };
        assert_eq!(json.filled(7), "{\"name\":\"7\",\"age\":\"7\"}");
        assert_eq!(Body { is_form: true, ..json }.filled(7), "name=7&age=7");
        assert_eq!(Body::default().filled(7), "{}");
    }
}
