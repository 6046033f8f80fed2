//! From what files and the command line say to settings.

use super::globs::{Globs, normal, rooted};
use super::options::{OverrideOptions, RuleOptions};
use super::settings::Override;
use super::{Ground, Layer, Level, Origin, Problem, Settings, nearest, version};
use std::collections::BTreeMap;
use toml::Spanned;

impl Settings {
    /// The settings of a configuration file with what it builds on: the file itself comes last and wins. Lists add up.
    ///
    /// # Errors
    /// What is wrong and where.
    pub fn resolve(ground: Ground<'_>, layers: &[Layer]) -> Result<Settings, Box<Problem>> {
        let mut settings = Settings { root: normal(ground.root), ..Settings::new(ground.folder) };
        for layer in layers {
            Resolver { ground, layer }.add_to(&mut settings)?;
        }
        let globs = Globs::new(ground.base, settings.exclude.iter().map(String::as_str));
        // Each of them was read alone before.
        settings.excluded = globs.unwrap_or_default();
        choose(&mut settings, ground);
        Ok(settings)
    }
}

/// What the command line says, on top.
fn choose(settings: &mut Settings, ground: Ground<'_>) {
    let choices = ground.choices;
    let mut said = |key: &str| {
        settings.origins.insert(key.to_owned(), Origin::CommandLine);
    };
    if let Some(least) = choices.min_confidence {
        settings.min_confidence = least;
        said("min-confidence");
    }
    if choices.include_tests {
        settings.include_tests = true;
        said("include-tests");
    }
    if choices.include_generated {
        settings.include_generated = true;
        said("include-generated");
    }
    if let Some(size) = choices.max_file_size {
        settings.max_file_size = size;
        said("max-file-size");
    }
    if let Some(level) = choices.fail_on {
        settings.fail_on = level;
        said("fail-on");
    }
    settings.fail_on_suspect = choices.fail_on_suspect;
    settings.suppressions.enabled = !choices.no_inline_config;
    settings.selected.clone_from(&choices.selected);
    settings.ignored.clone_from(&choices.ignored);
}

/// Turns written values into meant ones, blaming the right place.
struct Resolver<'a> {
    ground: Ground<'a>,
    layer: &'a Layer,
}

impl Resolver<'_> {
    /// What this file says, over what stands there.
    fn add_to(&self, settings: &mut Settings) -> Result<(), Box<Problem>> {
        let options = &self.layer.options;
        self.check_version(options.required_version.as_ref())?;
        settings.files.push(self.layer.path.clone());
        self.globs(&options.exclude)?;
        settings.exclude.extend(options.exclude.iter().map(|glob| rooted(glob.get_ref()).to_owned()));
        if let Some(first) = options.exclude.first() {
            settings.origins.insert("exclude".to_owned(), self.origin(first));
        }
        self.check_fail_on(options.fail_on.as_ref())?;
        let origins = &mut settings.origins;
        self.take(origins, "include-tests", options.include_tests.as_ref(), &mut settings.include_tests);
        self.take(origins, "include-generated", options.include_generated.as_ref(), &mut settings.include_generated);
        self.take(origins, "min-confidence", options.min_confidence.as_ref(), &mut settings.min_confidence);
        self.take(origins, "fail-on", options.fail_on.as_ref(), &mut settings.fail_on);
        let size = options.max_file_size.as_ref().map(|it| Spanned::new(it.span(), it.get_ref().0));
        self.take(origins, "max-file-size", size.as_ref(), &mut settings.max_file_size);
        let (said, own) = (&options.suppressions, &mut settings.suppressions);
        self.take(origins, "suppressions.require-reason", said.require_reason.as_ref(), &mut own.require_reason);
        self.take(origins, "suppressions.report-unused", said.report_unused.as_ref(), &mut own.report_unused);
        self.take(origins, "suppressions.allow-blanket", said.allow_blanket.as_ref(), &mut own.allow_blanket);
        for (rule, (level, origin)) in self.rules(&options.rules)? {
            settings.origins.insert(format!("rules.{rule}"), origin);
            settings.rules.insert(rule, level);
        }
        for OverrideOptions { files, rules } in &options.overrides {
            settings.overrides.push(Override { files: self.globs(files)?, rules: self.rules(rules)? });
        }
        Ok(())
    }

    /// A value that is said replaces the one that stands there.
    fn take<T: Clone>(&self, origins: &mut BTreeMap<String, Origin>, key: &str, said: Option<&Spanned<T>>, own: &mut T) {
        if let Some(said) = said {
            own.clone_from(said.get_ref());
            origins.insert(key.to_owned(), self.origin(said));
        }
    }

    fn origin<T>(&self, at: &Spanned<T>) -> Origin {
        Origin::File(self.layer.path.clone(), self.layer.line(at.span().start))
    }

    fn rules(&self, rules: &RuleOptions) -> Result<BTreeMap<String, (Level, Origin)>, Box<Problem>> {
        let known = self.ground.known;
        let mut levels = BTreeMap::new();
        for (name, option) in rules {
            let id = name.get_ref();
            if !known.contains(&id.as_str()) {
                let help = match nearest(id, known.iter().copied()) {
                    Some(word) => format!("did you mean `{word}`?"),
                    None => "`leaklint rules` lists them".to_owned(),
                };
                return Err(self.layer.problem(name, format!("unknown rule `{id}`"), Some(help)));
            }
            levels.insert(id.clone(), (option.level, self.origin(name)));
        }
        Ok(levels)
    }

    fn globs(&self, globs: &[Spanned<String>]) -> Result<Globs, Box<Problem>> {
        Globs::new(self.ground.base, globs.iter().map(|glob| glob.get_ref().as_str()))
            .map_err(|(n, why)| self.layer.problem(&globs[n], format!("this glob cannot be read: {why}"), None))
    }

    fn check_fail_on(&self, level: Option<&Spanned<Level>>) -> Result<(), Box<Problem>> {
        match level {
            Some(at) if *at.get_ref() == Level::Off => {
                let help = "expected `info`, `warning` or `error`; `--exit-zero` never fails".to_owned();
                Err(self.layer.problem(at, "a run cannot fail on `off`".to_owned(), Some(help)))
            }
            _ => Ok(()),
        }
    }

    fn check_version(&self, required: Option<&Spanned<String>>) -> Result<(), Box<Problem>> {
        let Some(at) = required else { return Ok(()) };
        let have = env!("CARGO_PKG_VERSION");
        match version::matches(at.get_ref(), have) {
            Some(true) => Ok(()),
            Some(false) => {
                let message = format!("this is leaklint {have}, and the file asks for {}", at.get_ref());
                Err(self.layer.problem(at, message, None))
            }
            None => {
                let help = Some("write `0.3`, `>=0.3.1` or `>=0.3, <0.5`".to_owned());
                Err(self.layer.problem(at, "not a version requirement".to_owned(), help))
            }
        }
    }
}
