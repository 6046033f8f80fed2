//! The rulebook as one value: built in, or with the pages and models of a user.

use super::index::Models;
use super::model::ModelFile;
use super::names::{Used, each_name};
use super::own;
use super::page::{Rule, stem};
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
    /// The first mistake in each page and model that cannot be read, else every name that nothing defines or that is taken.
    pub fn extended(pages: &[(String, String)], models: &[(String, String)]) -> Result<Rulebook, Vec<Trouble>> {
        let mut troubles = Vec::new();
        let parsed = joined(PAGES, pages).into_iter().map(|(path, text)| Rule::parse(path, text));
        let mut rules: Vec<Rule> = parsed.filter_map(|it| it.map_err(|trouble| troubles.push(trouble)).ok()).collect();
        let texts = joined(MODELS, models);
        let read = texts.iter().map(|(path, text)| read(path, text));
        let files: Vec<ModelFile> = read.filter_map(|it| it.map_err(|trouble| troubles.push(trouble)).ok()).collect();
        if !troubles.is_empty() {
            return Err(troubles);
        }
        own::check(&rules[..PAGES.len()], &rules[PAGES.len()..], pages, &mut troubles);
        rules.sort_by(|a, b| a.id.cmp(&b.id));
        let types: Vec<&str> = files
            .iter()
            .flat_map(|file| &file.types)
            .flat_map(|ty| std::iter::once(&ty.name).chain(&ty.aka))
            .map(String::as_str)
            .collect();
        let ids = |check: &str| rules.iter().filter(|rule| rule.check == check).map(|rule| rule.id.as_str()).collect::<Vec<_>>();
        let defaults = ids("unsafe-default");
        let resources: Vec<&str> =
            rules.iter().filter(|rule| rule.check == "unreleased").flat_map(|rule| &rule.resource).map(String::as_str).collect();
        for ((path, text), file) in texts.iter().zip(&files) {
            each_name(file, &mut |used| {
                let (what, name, known) = match used {
                    Used::Type(name) => ("modelled type", name, &types),
                    Used::Rule(name) => ("rule for `unsafe-default`", name, &defaults),
                    Used::Resource(name) => ("rule for `unreleased` with the resource", name, &resources),
                };
                if !known.contains(&name) {
                    let hint = closest(name, known.iter().copied()).map(str::to_owned);
                    let message = format!("there is no {what} `{name}`");
                    troubles.push(Trouble { hint, ..Trouble::at_word(path, text, name, message) });
                }
            });
        }
        if troubles.is_empty() { Ok(Rulebook { rules, models: Models::new(files) }) } else { Err(troubles) }
    }

    /// Whether a rule's page is in the binary.
    pub fn is_builtin(id: &str) -> bool {
        PAGES.iter().any(|(path, _)| stem(path) == id)
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
