//! What people set in their editors. An unknown or malformed option is told of and otherwise left alone.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde_json::Value;

use crate::config::Confidence;

/// The options, by their names in the editors' settings.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Options {
    /// `enable`: whether anything is checked.
    pub(super) enable: bool,
    /// `run`: `onType`, or `onSave`.
    pub(super) on_save: bool,
    /// `configPath`: a configuration file in place of the nearest.
    pub(super) config: Option<PathBuf>,
    /// `select`: only these rules.
    pub(super) select: BTreeSet<String>,
    /// `ignore`: not these rules.
    pub(super) ignore: BTreeSet<String>,
    /// `minConfidence`.
    pub(super) min_confidence: Option<Confidence>,
    /// `workspaceDiagnostics`: `openFolder` for findings of all files, or `off` for those of open ones.
    pub(super) whole_folder: bool,
    /// `requireConfig`: check only what has a configuration file.
    pub(super) require_config: bool,
    /// `trusted`: whether rules and models of the project are used.
    pub(super) trusted: bool,
}

impl Default for Options {
    fn default() -> Options {
        Options {
            enable: true,
            on_save: false,
            config: None,
            select: BTreeSet::new(),
            ignore: BTreeSet::new(),
            min_confidence: None,
            whole_folder: true,
            require_config: false,
            trusted: true,
        }
    }
}

/// Names of options that editors keep for themselves.
const OF_EDITORS: [&str; 4] = ["path", "trace", "nodePath", "server"];

impl Options {
    /// Takes over what a value says, which is the section `leaklint` or holds it. What cannot be taken over is told.
    pub(super) fn update(&mut self, value: &Value) -> Vec<String> {
        let section = value.get("leaklint").unwrap_or(value);
        let section = section.get("settings").unwrap_or(section);
        let Some(table) = section.as_object() else { return Vec::new() };
        let mut problems = Vec::new();
        for (name, value) in table.iter().filter(|(name, value)| !OF_EDITORS.contains(&name.as_str()) && !value.is_null()) {
            if let Err(expected) = self.set(name, value) {
                problems.push(match expected {
                    Some(expected) => format!("the setting `{name}` should be {expected}, and is {value}"),
                    None => format!("there is no setting `{name}`"),
                });
            }
        }
        // The order of properties is the client's.
        problems.sort();
        problems
    }

    /// Sets one option. The error is what was expected; `None` if there is no such option.
    fn set(&mut self, name: &str, value: &Value) -> Result<(), Option<&'static str>> {
        match name {
            "enable" => self.enable = value.as_bool().ok_or(Some("true or false"))?,
            "requireConfig" => self.require_config = value.as_bool().ok_or(Some("true or false"))?,
            "trusted" => self.trusted = value.as_bool().ok_or(Some("true or false"))?,
            "run" => {
                self.on_save = match value.as_str() {
                    Some("onType") => false,
                    Some("onSave") => true,
                    _ => return Err(Some("`onType` or `onSave`")),
                };
            }
            "workspaceDiagnostics" => {
                self.whole_folder = match value.as_str() {
                    Some("openFolder") => true,
                    Some("off") => false,
                    _ => return Err(Some("`openFolder` or `off`")),
                };
            }
            "minConfidence" => {
                self.min_confidence = match value.as_str() {
                    Some("suspect") => Some(Confidence::Suspect),
                    Some("likely") => Some(Confidence::Likely),
                    Some("certain") => Some(Confidence::Certain),
                    Some("" | "default") => None,
                    _ => return Err(Some("`suspect`, `likely` or `certain`")),
                };
            }
            "configPath" => {
                let path = value.as_str().ok_or(Some("a path"))?;
                self.config = Some(PathBuf::from(path)).filter(|_| !path.is_empty());
            }
            "select" => self.select = words(value).ok_or(Some("a list of rules"))?,
            "ignore" => self.ignore = words(value).ok_or(Some("a list of rules"))?,
            _ => return Err(None),
        }
        Ok(())
    }
}

fn words(value: &Value) -> Option<BTreeSet<String>> {
    value.as_array()?.iter().map(|it| it.as_str().map(str::to_owned)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn options_are_taken_over_one_by_one() {
        let mut options = Options::default();
        let problems = options.update(&json!({ "leaklint": {
            "enable": false, "run": "onSave", "select": ["a"], "minConfidence": "suspect", "path": "x", "configPath": "",
            "ignore": "a", "colour": 1, "workspaceDiagnostics": "off", "requireConfig": null,
        } }));
        assert_eq!((options.enable, options.on_save, options.whole_folder, options.require_config), (false, true, false, false));
        assert_eq!((options.select.len(), options.min_confidence, options.config.clone()), (1, Some(Confidence::Suspect), None));
        let expected = ["the setting `ignore` should be a list of rules, and is \"a\"", "there is no setting `colour`"];
        assert_eq!(problems, expected);
        assert!(options.update(&Value::Null).is_empty());
    }
}
