//! A configuration file as read: TOML, JSON with comments, or the `leaklint` key of a `package.json`.

use super::{Options, Problem};
use jsonc_parser::ast;
use jsonc_parser::common::{Range, Ranged};
use jsonc_parser::{CollectOptions, ParseOptions, parse_to_ast};
use serde::Deserialize;
use std::borrow::Cow;
use toml::Spanned;
use toml::de::{DeArray, DeTable, DeValue, Deserializer};

/// Names of configuration files, the one that wins in a folder first.
pub const NAMES: [&str; 5] = ["leaklint.toml", ".leaklint.toml", "leaklint.json", "leaklint.jsonc", "package.json"];

/// The key of a `package.json`.
const KEY: &str = "leaklint";

/// A configuration file: one link of a chain of `extends`.
#[derive(Clone, Debug)]
pub struct Layer {
    /// Its path as shown.
    pub path: String,
    /// Its text.
    pub text: String,
    /// What it says.
    pub options: Options,
}

impl Layer {
    /// Reads a text in the language that the file's name tells. `None` for a `package.json` that does not speak of leaklint.
    ///
    /// # Errors
    /// What is wrong and where.
    pub fn parse(path: &str, text: String) -> Result<Option<Layer>, Box<Problem>> {
        let name = path.rsplit(['/', '\\']).next().unwrap_or(path);
        let table = match name.rsplit_once('.') {
            // Few manifests speak of leaklint, and all of them are asked.
            Some(_) if name == "package.json" && !text.contains("\"leaklint\"") => None,
            Some((_, "json" | "jsonc")) => json(path, &text, name == "package.json")?,
            _ => Some(DeTable::parse(&text).map_err(|error| Problem::from_toml(path, &text, &error))?),
        };
        let Some(table) = table else { return Ok(None) };
        let span = table.span();
        // Room for what other tools keep in the file.
        let own: DeTable<'_> = table.into_inner().into_iter().filter(|(key, _)| !key.get_ref().starts_with("x-")).collect();
        let options = Options::deserialize(Deserializer::from(Spanned::new(span, own)));
        let options = options.map_err(|error| Problem::from_toml(path, &text, &error))?;
        Ok(Some(Layer { path: path.to_owned(), text, options }))
    }

    /// The files and packages that it builds on, in order.
    pub fn extends(&self) -> Vec<Spanned<String>> {
        self.options.extends.iter().flat_map(|it| it.get_ref().list(it.span())).collect()
    }

    /// A mistake in it.
    pub fn problem<T>(&self, at: &Spanned<T>, message: String, help: Option<String>) -> Box<Problem> {
        Box::new(Problem { path: self.path.clone(), text: self.text.clone(), range: at.span(), message, help })
    }

    /// The line of a byte, from 1.
    pub(super) fn line(&self, at: usize) -> usize {
        self.text.as_bytes()[..at.min(self.text.len())].iter().filter(|it| **it == b'\n').count() + 1
    }
}

/// The table that a JSON text is, or has under the key of a manifest.
fn json<'a>(path: &str, text: &'a str, is_manifest: bool) -> Result<Option<Spanned<DeTable<'a>>>, Box<Problem>> {
    let problem = |range: std::ops::Range<usize>, message: String| {
        Box::new(Problem { path: path.to_owned(), text: text.to_owned(), range, message, help: None })
    };
    let parsed = parse_to_ast(text, &CollectOptions::default(), &DIALECT)
        .map_err(|error| problem(bytes(error.range()), error.kind().to_string().to_lowercase()))?;
    let Some(mut value) = parsed.value else { return Ok(None) };
    if is_manifest {
        let ast::Value::Object(mut manifest) = value else { return Ok(None) };
        let Some(own) = manifest.take(KEY) else { return Ok(None) };
        value = own.value;
    }
    let span = bytes(value.range());
    match convert(value) {
        Ok(DeValue::Table(table)) => Ok(Some(Spanned::new(span, table))),
        Ok(_) => Err(problem(span, "expected an object with options".to_owned())),
        Err((span, message)) => Err(problem(span, message)),
    }
}

/// Comments and a comma behind the last element, as editors write them; nothing else that JSON does not have.
const DIALECT: ParseOptions = ParseOptions {
    allow_comments: true,
    allow_trailing_commas: true,
    allow_loose_object_property_names: false,
    allow_missing_commas: false,
    allow_single_quoted_strings: false,
    allow_hexadecimal_numbers: false,
    allow_unary_plus_numbers: false,
    allow_bare_decimal_point_numbers: false,
    allow_non_finite_numbers: false,
    allow_extended_string_escapes: false,
};

fn bytes(range: Range) -> std::ops::Range<usize> {
    range.start..range.end
}

type Misfit = (std::ops::Range<usize>, String);

/// JSON in the types of the TOML reader, so that both languages are understood, and blamed, by the same code.
fn convert(value: ast::Value<'_>) -> Result<DeValue<'_>, Misfit> {
    let span = bytes(value.range());
    Ok(match value {
        ast::Value::StringLit(it) => DeValue::String(it.value),
        ast::Value::BooleanLit(it) => DeValue::Boolean(it.value),
        ast::Value::NumberLit(it) => match DeValue::parse(it.value) {
            Ok(number) => number.into_inner(),
            Err(_) => return Err((span, format!("`{}` is not a number that is understood here", it.value))),
        },
        ast::Value::NullKeyword(_) => return Err((span, "`null` says nothing: leave the key out".to_owned())),
        ast::Value::Array(it) => {
            let elements = it.elements.into_iter().map(|it| Ok(Spanned::new(bytes(it.range()), convert(it)?)));
            let mut array = DeArray::new();
            elements.collect::<Result<Vec<_>, Misfit>>()?.into_iter().for_each(|it| array.push(it));
            DeValue::Array(array)
        }
        ast::Value::Object(it) => {
            let mut table = DeTable::new();
            for property in it.properties {
                let at = bytes(property.name.range());
                let name = Spanned::new(at.clone(), Cow::Owned(property.name.into_string()));
                let value = Spanned::new(bytes(property.value.range()), convert(property.value)?);
                if table.insert(name, value).is_some() {
                    return Err((at, "this key stands here twice".to_owned()));
                }
            }
            DeValue::Table(table)
        }
    })
}
