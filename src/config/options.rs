//! A configuration file as written.

use super::{Confidence, Level, schema};
use schemars::JsonSchema;
use serde::Deserialize;
use serde::de::{self, Deserializer, MapAccess, Visitor};
use std::collections::BTreeMap;
use std::fmt;
use toml::Spanned;

/// Levels by rule.
pub(super) type RuleOptions = BTreeMap<Spanned<String>, RuleOption>;

/// Everything that a configuration file may say.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct Options {
    /// Where an editor finds the schema of this file.
    #[serde(rename = "$schema")]
    #[schemars(with = "String")]
    pub schema: Option<String>,
    /// This folder is the root of the project: nothing above it is looked at.
    #[schemars(with = "bool")]
    pub root: Option<Spanned<bool>>,
    /// Files (`./strict.toml`) and packages (`@acme/leaklint`) that this one builds on; what comes later wins.
    #[schemars(schema_with = "schema::extends")]
    pub extends: Option<Spanned<Extends>>,
    /// Versions of leaklint that may read the file: `0.3`, `>=0.3, <0.5`.
    #[schemars(with = "String")]
    pub required_version: Option<Spanned<String>>,
    /// Levels of rules.
    #[schemars(with = "BTreeMap<String, RuleOption>")]
    pub rules: RuleOptions,
    /// Files that are left out, as globs.
    #[schemars(with = "Vec<String>")]
    pub exclude: Vec<Spanned<String>>,
    /// Read test files too.
    #[schemars(with = "bool")]
    pub include_tests: Option<Spanned<bool>>,
    /// Read generated and minified files too.
    #[schemars(with = "bool")]
    pub include_generated: Option<Spanned<bool>>,
    /// Files above this size are left out: bytes, or `"2 MiB"`.
    #[schemars(schema_with = "schema::size")]
    pub max_file_size: Option<Spanned<Size>>,
    /// The least confidence that is shown.
    #[schemars(with = "Confidence")]
    pub min_confidence: Option<Spanned<Confidence>>,
    /// The least severity that fails a run.
    #[schemars(with = "Level")]
    pub fail_on: Option<Spanned<Level>>,
    /// How inline comments are treated.
    pub suppressions: SuppressionOptions,
    /// Levels for some files; the last that says something wins.
    pub overrides: Vec<OverrideOptions>,
}

/// How inline comments are treated.
#[derive(Clone, Debug, Default, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, default, rename_all = "kebab-case")]
pub struct SuppressionOptions {
    /// A comment must say why, behind `--`.
    #[schemars(with = "bool")]
    pub require_reason: Option<Spanned<bool>>,
    /// Report comments that silence nothing.
    #[schemars(with = "bool")]
    pub report_unused: Option<Spanned<bool>>,
    /// A comment may leave out the rule and silence all of them.
    #[schemars(with = "bool")]
    pub allow_blanket: Option<Spanned<bool>>,
}

/// Levels for some files.
#[derive(Clone, Debug, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields, rename_all = "kebab-case")]
pub struct OverrideOptions {
    /// The files, as globs.
    #[schemars(with = "Vec<String>")]
    pub files: Vec<Spanned<String>>,
    /// Levels of rules in them.
    #[serde(default)]
    #[schemars(with = "BTreeMap<String, RuleOption>")]
    pub rules: RuleOptions,
}

/// What a file builds on.
#[derive(Clone, PartialEq, Eq, Debug)]
pub enum Extends {
    /// One file or package.
    One(String),
    /// Several, in order.
    Many(Vec<Spanned<String>>),
}

impl Extends {
    /// All of them; `span` is that of the whole value.
    pub(super) fn list(&self, span: std::ops::Range<usize>) -> Vec<Spanned<String>> {
        match self {
            Extends::One(name) => vec![Spanned::new(span, name.clone())],
            Extends::Many(names) => names.clone(),
        }
    }
}

impl<'de> Deserialize<'de> for Extends {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Extends, D::Error> {
        deserializer.deserialize_any(ExtendsVisitor)
    }
}

struct ExtendsVisitor;

impl<'de> Visitor<'de> for ExtendsVisitor {
    type Value = Extends;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a path or a package, or a list of them")
    }

    fn visit_str<E: de::Error>(self, name: &str) -> Result<Extends, E> {
        Ok(Extends::One(name.to_owned()))
    }

    fn visit_seq<A: de::SeqAccess<'de>>(self, seq: A) -> Result<Extends, A::Error> {
        Vec::deserialize(de::value::SeqAccessDeserializer::new(seq)).map(Extends::Many)
    }
}

/// A rule's level: `"error"`, or a table `{ level = "error" }`, which leaves room for options of the rule.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct RuleOption {
    /// The level.
    pub level: Level,
}

impl JsonSchema for RuleOption {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "RuleOption".into()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schema::rule(generator)
    }
}

impl<'de> Deserialize<'de> for RuleOption {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<RuleOption, D::Error> {
        deserializer.deserialize_any(RuleOptionVisitor)
    }
}

/// An untagged enum would lose the place and the list of known words.
struct RuleOptionVisitor;

impl<'de> Visitor<'de> for RuleOptionVisitor {
    type Value = RuleOption;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a level (`off`, `info`, `warning` or `error`) or a table with one")
    }

    fn visit_str<E: de::Error>(self, word: &str) -> Result<RuleOption, E> {
        let level = word.parse().map_err(|_| E::unknown_variant(word, Level::WORDS))?;
        Ok(RuleOption { level })
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<RuleOption, A::Error> {
        #[derive(Deserialize)]
        #[serde(deny_unknown_fields)]
        struct Table {
            level: Level,
        }
        let table = Table::deserialize(de::value::MapAccessDeserializer::new(map))?;
        Ok(RuleOption { level: table.level })
    }
}

/// A number of bytes: a number, or text with a unit (`"512 KiB"`, `"2MB"`).
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub struct Size(pub u64);

impl std::str::FromStr for Size {
    type Err = String;

    fn from_str(text: &str) -> Result<Size, String> {
        let text = text.trim();
        let at = text.find(|c: char| !c.is_ascii_digit()).unwrap_or(text.len());
        let unit: u64 = match text[at..].trim().to_ascii_lowercase().as_str() {
            "" | "b" => 1,
            "k" | "kib" => 1 << 10,
            "kb" => 1000,
            "m" | "mib" => 1 << 20,
            "mb" => 1_000_000,
            "g" | "gib" => 1 << 30,
            "gb" => 1_000_000_000,
            _ => return Err(format!("`{text}` is not a size; write bytes, or a unit as in `2 MiB`")),
        };
        let number: u64 =
            text[..at].parse().map_err(|_| format!("`{text}` is not a size; write bytes, or a unit as in `2 MiB`"))?;
        number.checked_mul(unit).map(Size).ok_or_else(|| format!("`{text}` is too large"))
    }
}

impl<'de> Deserialize<'de> for Size {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Size, D::Error> {
        #[derive(Deserialize)]
        #[serde(untagged, expecting = "a number of bytes, or text with a unit such as \"2 MiB\"")]
        enum Written {
            Bytes(u64),
            Text(String),
        }
        match Written::deserialize(deserializer)? {
            Written::Bytes(bytes) => Ok(Size(bytes)),
            Written::Text(text) => text.parse().map_err(de::Error::custom),
        }
    }
}
