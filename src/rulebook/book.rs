//! The rulebook as one value: built in, or with the pages and models of a user.

use super::index::Models;
use super::model::ModelFile;
use super::names::{Used, each_name};
use super::page::Rule;
use super::trouble::{Trouble, closest};
use std::sync::LazyLock;

include!(concat!(env!("OUT_DIR"), "/rulebook.rs"));

/// All rules and models.
#[derive(Debug, Default)]
pub struct Rulebook {
    /// Rules, sorted by id.
    pub rules: Vec<Rule>,
    /// Models.
    pub models: Models,
}

impl Rulebook {
    /// The pages and models in the binary.
    ///
    /// # Panics
    /// When one of them is malformed, which a test rules out.
    pub fn builtin() -> &'static Rulebook {
        static BUILTIN: LazyLock<Rulebook> =
            LazyLock::new(|| Rulebook::load(PAGES, MODELS).unwrap_or_else(|trouble| panic!("built-in {trouble}")));
        &BUILTIN
    }

    /// The rulebook of these pages and models alone, each a path and a text. Names in models are not looked up.
    ///
    /// # Errors
    /// The first mistake in a page or a model.
    pub fn load<P: AsRef<str>, T: AsRef<str>>(pages: &[(P, T)], models: &[(P, T)]) -> Result<Rulebook, Trouble> {
        let models = models.iter().map(|(path, text)| read(path.as_ref(), text.as_ref())).collect::<Result<Vec<_>, _>>()?;
        Ok(Rulebook { rules: rules(pages)?, models: Models::new(models) })
    }

    /// The built-in rulebook with further pages and models; a model replaces a built-in one of the same path.
    ///
    /// # Errors
    /// The first mistake in a page or a model, or every name in a model that nothing defines.
    pub fn extended(pages: &[(String, String)], models: &[(String, String)]) -> Result<Rulebook, Vec<Trouble>> {
        let one = |trouble| vec![trouble];
        let rules = rules(&joined(PAGES, pages)).map_err(one)?;
        let texts = joined(MODELS, models);
        let files = texts.iter().map(|(path, text)| read(path, text)).collect::<Result<Vec<_>, _>>().map_err(one)?;
        let types: Vec<&str> = files
            .iter()
            .flat_map(|file| &file.types)
            .flat_map(|ty| std::iter::once(&ty.name).chain(&ty.aka))
            .map(String::as_str)
            .collect();
        let ids: Vec<&str> = rules.iter().map(|rule| rule.id.as_str()).collect();
        let resources: Vec<&str> =
            rules.iter().filter(|rule| rule.check == "unreleased").flat_map(|rule| &rule.resource).map(String::as_str).collect();
        let mut troubles = Vec::new();
        for ((path, text), file) in texts.iter().zip(&files) {
            each_name(file, &mut |used| {
                let (what, name, known) = match used {
                    Used::Type(name) => ("modelled type", name, &types),
                    Used::Rule(name) => ("rule", name, &ids),
                    Used::Resource(name) => ("rule for `unreleased` with the resource", name, &resources),
                };
                if !known.contains(&name) {
                    let line = text.lines().take_while(|line| !line.contains(&format!("\"{name}\""))).count() + 1;
                    let hint = closest(name, known.iter().copied()).map(str::to_owned);
                    troubles.push(Trouble { hint, ..Trouble::new(path, line, format!("there is no {what} `{name}`")) });
                }
            });
        }
        if troubles.is_empty() { Ok(Rulebook { rules, models: Models::new(files) }) } else { Err(troubles) }
    }

    /// The rule with this id.
    pub fn rule(&self, id: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.id == id)
    }

    /// The rule that reports `resource` for `check`.
    pub fn rule_for(&self, check: &str, resource: &str) -> Option<&Rule> {
        self.rules.iter().find(|rule| rule.check == check && rule.resource.iter().any(|it| it == resource))
    }
}

/// The rules of some pages, sorted by id.
fn rules<P: AsRef<str>, T: AsRef<str>>(pages: &[(P, T)]) -> Result<Vec<Rule>, Trouble> {
    let mut rules = pages.iter().map(|(path, text)| Rule::parse(path.as_ref(), text.as_ref())).collect::<Result<Vec<_>, _>>()?;
    rules.sort_by(|a, b| a.id.cmp(&b.id));
    match rules.windows(2).find(|pair| pair[0].id == pair[1].id) {
        Some(pair) => Err(Trouble::new(&pair[1].path, 1, format!("there is a rule `{}` already", pair[1].id))),
        None => Ok(rules),
    }
}

/// Built-in files, then those of a user.
fn joined<'a>(builtin: &[(&'a str, &'a str)], further: &'a [(String, String)]) -> Vec<(&'a str, &'a str)> {
    builtin.iter().copied().chain(further.iter().map(|(path, text)| (path.as_str(), text.as_str()))).collect()
}

/// One file of models.
fn read(path: &str, text: &str) -> Result<ModelFile, Trouble> {
    toml::from_str(text).map_err(|error| Trouble::toml(path, text, 0, &error))
}
