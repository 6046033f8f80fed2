//! What a path's name alone says: source or not, test, minified, a folder to leave out.

/// Why a file is left out.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Debug, serde::Serialize, serde::Deserialize)]
pub enum Skip {
    /// A test, a fixture of tests, or a development tool's configuration.
    Test,
    /// Minified.
    Minified,
    /// Made by a generator or bundler.
    Generated,
    /// Compiled from another file of the run.
    Emitted,
    /// The same text as another file of the run.
    Duplicate,
    /// Written in Flow, which the parser does not read.
    Flow,
    /// Larger than the limit.
    TooLarge,
}

impl Skip {
    /// Every reason, in the order of reports.
    pub const ALL: [Skip; 7] =
        [Skip::Test, Skip::Minified, Skip::Generated, Skip::Emitted, Skip::Duplicate, Skip::Flow, Skip::TooLarge];

    /// What such files are called, and what lets them in.
    pub fn words(self) -> (&'static str, Option<&'static str>) {
        match self {
            Skip::Test => ("tests and tool configurations", Some("--include-tests")),
            Skip::Minified => ("minified files", Some("--include-generated")),
            Skip::Generated => ("generated files", Some("--include-generated")),
            Skip::Emitted => ("files compiled from others of the run", Some("--include-generated")),
            Skip::Duplicate => ("copies of other files of the run", None),
            Skip::Flow => ("Flow files", None),
            Skip::TooLarge => ("files over the size limit", Some("--max-file-size")),
        }
    }
}

/// Extensions of source files, in the order in which an import without extension prefers them.
pub(super) const EXTENSIONS: [&str; 8] = ["ts", "tsx", "js", "jsx", "mts", "cts", "mjs", "cjs"];

/// Folders that never hold a project's own source.
const FOREIGN_FOLDERS: [&str; 10] = [
    "node_modules",
    "bower_components",
    "jspm_packages",
    "lib-cov",
    "storybook-static",
    ".git",
    ".next",
    ".nuxt",
    ".output",
    ".svelte-kit",
];

/// Folders that build tools write, and people sometimes too: the content decides.
const OUTPUT_FOLDERS: [&str; 5] = ["dist", "build", "out", "output", "coverage"];

const TEST_FOLDERS: [&str; 18] = [
    "test",
    "tests",
    "__tests__",
    "__test__",
    "__mocks__",
    "__fixtures__",
    "spec",
    "specs",
    "e2e",
    "cypress",
    "playwright",
    "fixtures",
    "integration-tests",
    "integration_tests",
    "unit-tests",
    "bench",
    "benchmark",
    "benchmarks",
];

/// Words between dots that mark a test: `a.test.ts`, `a.e2e-spec.ts`.
const TEST_WORDS: [&str; 12] =
    ["test", "tests", "spec", "specs", "e2e", "cy", "bench", "benchmark", "stories", "story", "e2e-spec", "int-spec"];

/// Tools whose configuration is a script that runs at build or test time only.
const TOOLS: [&str; 35] = [
    "astro",
    "ava",
    "babel",
    "commitlint",
    "craco",
    "cypress",
    "esbuild",
    "eslint",
    "gatsby",
    "jest",
    "karma",
    "knip",
    "lint-staged",
    "metro",
    "next",
    "nodemon",
    "nuxt",
    "playwright",
    "postcss",
    "prettier",
    "protractor",
    "quasar",
    "react-router",
    "release",
    "rollup",
    "snowpack",
    "stylelint",
    "svelte",
    "tailwind",
    "tsdown",
    "tsup",
    "vite",
    "vitest",
    "vue",
    "webpack",
];

/// The stem and extension of a source file's name; `None` for other files and for declaration files.
pub(super) fn source_name(name: &str) -> Option<(&str, &str)> {
    let (stem, extension) = name.rsplit_once('.')?;
    let is_source = EXTENSIONS.contains(&extension) && !stem.is_empty();
    (is_source && !is_declaration(stem, extension)).then_some((stem, extension))
}

/// `a.d.ts`, and `a.d.css.ts` as TypeScript 5 writes it.
fn is_declaration(stem: &str, extension: &str) -> bool {
    extension.ends_with("ts") && (stem.ends_with(".d") || stem.contains(".d."))
}

/// Whether the stem of a source file says that it was minified or bundled.
pub(super) fn is_minified_name(stem: &str) -> bool {
    [".min", "-min", ".bundle", ".chunk"].iter().any(|it| stem.len() > it.len() && stem.ends_with(it))
}

/// Whether the folder holds tests, by its name.
pub(super) fn is_test_folder(name: &str) -> bool {
    TEST_FOLDERS.contains(&name)
}

/// Whether the stem of a source file marks a test or a tool's configuration.
pub(super) fn is_test_name(stem: &str) -> bool {
    let mut words = stem.split('.');
    let first = words.next().unwrap_or_default();
    let is_test = words.any(|word| TEST_WORDS.contains(&word))
        || matches!(first, "test" | "tests" | "spec")
        || ["-test", "_test", "-spec", "_spec", "-tests", "_tests"].iter().any(|it| first.ends_with(it));
    is_test || is_tool_name(stem)
}

/// `webpack.config.prod.js`, `webpack.prod.js`, `vitest.setup.ts`, `karma.conf.js`, `gulpfile.js`.
fn is_tool_name(stem: &str) -> bool {
    let lower = stem.to_ascii_lowercase();
    if matches!(lower.as_str(), "gulpfile" | "gruntfile" | "jakefile" | "setuptests" | "setup-tests" | "gulpfile.babel") {
        return true;
    }
    let Some((tool, rest)) = lower.split_once('.') else { return false };
    let first = rest.split('.').next().unwrap_or_default();
    let is_role = matches!(first, "config" | "conf" | "setup" | "workspace" | "preset" | "globalsetup" | "global-setup");
    (TOOLS.contains(&tool) && is_role) || (tool == "webpack" && matches!(first, "common" | "dev" | "prod" | "base"))
}

/// What a folder's name says.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(super) enum Folder {
    /// Walk into it.
    Own,
    /// Never the project's own source.
    Foreign,
    /// Left out if it holds a build's output.
    MaybeOutput,
}

/// Judges a folder by its name and that of the folder around it.
pub(super) fn folder(name: &str, parent: &str) -> Folder {
    if FOREIGN_FOLDERS.contains(&name) {
        Folder::Foreign
    } else if OUTPUT_FOLDERS.contains(&name) || (parent == "public" && matches!(name, "assets" | "js" | "bundles" | "packs")) {
        Folder::MaybeOutput
    } else {
        Folder::Own
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sources() {
        for name in ["a.js", "a.b.tsx", "x.mts", "x.cts", "x.mjs", "x.cjs", "x.jsx", "d.ts", "a.dx.ts"] {
            assert!(source_name(name).is_some(), "{name}");
        }
        for name in ["a.d.ts", "a.d.mts", "a.d.css.ts", ".js", "js", "a.json", "a.vue", "a.ts.map"] {
            assert!(source_name(name).is_none(), "{name}");
        }
    }

    #[test]
    fn test_names() {
        for stem in ["a.test", "a.spec", "app.e2e-spec", "a-test", "a_test", "test", "Button.stories", "a.cy"] {
            assert!(is_test_name(stem), "{stem}");
        }
        for stem in ["jest.config", "webpack.config.prod", "webpack.dev", "vitest.setup", "karma.conf", "Gruntfile"] {
            assert!(is_test_name(stem), "{stem}");
        }
        for stem in
            ["index", "latest", "contest", "app.config", "db.config", "multer.config", "vite", "test-runner", "next.handler"]
        {
            assert!(!is_test_name(stem), "{stem}");
        }
    }

    #[test]
    fn folders() {
        assert_eq!(folder("node_modules", ""), Folder::Foreign);
        assert_eq!(folder("dist", "x"), Folder::MaybeOutput);
        assert_eq!(folder("lib", "x"), Folder::Own);
        assert_eq!(folder("public", "x"), Folder::Own);
        assert!(is_test_folder("__tests__") && !is_test_folder("testing"));
        assert!(is_minified_name("jquery.min") && !is_minified_name("admin") && !is_minified_name(".min"));
    }
}
