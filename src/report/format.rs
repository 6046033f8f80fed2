//! The formats by name.

/// An output format.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub enum Format {
    /// Frames around the source, for people.
    Pretty,
    /// One line each.
    Concise,
    /// A table for people, where Markdown is shown.
    Markdown,
    /// For programs.
    Json,
    /// The findings of [`Format::Json`], one a line.
    Jsonl,
    /// The standard for results of static analysis.
    Sarif,
    /// Workflow commands of GitHub Actions.
    Github,
    /// GitLab's code quality report.
    Gitlab,
    /// Test results.
    Junit,
    /// Checkstyle's XML.
    Checkstyle,
    /// Reviewdog's diagnostics.
    Rdjsonl,
}

impl Format {
    /// All of them, those for people first.
    pub const ALL: &[Format] = &[
        Format::Pretty,
        Format::Concise,
        Format::Markdown,
        Format::Json,
        Format::Jsonl,
        Format::Sarif,
        Format::Github,
        Format::Gitlab,
        Format::Junit,
        Format::Checkstyle,
        Format::Rdjsonl,
    ];

    /// As it is written on a command line.
    pub fn name(self) -> &'static str {
        self.words().0
    }

    /// What it is, in a few words.
    pub fn about(self) -> &'static str {
        self.words().1
    }

    fn words(self) -> (&'static str, &'static str) {
        match self {
            Format::Pretty => ("pretty", "Frames around the source"),
            Format::Concise => ("concise", "One line for each finding"),
            Format::Markdown => ("markdown", "A table, for job summaries"),
            Format::Json => ("json", "One JSON object"),
            Format::Jsonl => ("jsonl", "One JSON object a line, for each finding"),
            Format::Sarif => ("sarif", "SARIF 2.1.0, for code scanning"),
            Format::Github => ("github", "Annotations of GitHub Actions"),
            Format::Gitlab => ("gitlab", "GitLab's code quality report"),
            Format::Junit => ("junit", "JUnit XML"),
            Format::Checkstyle => ("checkstyle", "Checkstyle XML"),
            Format::Rdjsonl => ("rdjsonl", "Diagnostics for reviewdog, one a line"),
        }
    }
}
