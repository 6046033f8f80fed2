//! What git knows: what has changed, which lines of it, and what the index holds. Asked of the `git` program, in formats that
//! no name of a file can break.

use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use super::paths;

/// Why git gave no answer, and what may help.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct GitError {
    /// One clause.
    pub message: String,
    /// A command to run, or advice.
    pub help: Option<String>,
}

impl GitError {
    fn new(message: impl Into<String>, help: &str) -> GitError {
        GitError { message: message.into(), help: (!help.is_empty()).then(|| help.to_owned()) }
    }

    /// A thread of ours that asked git did not come back.
    pub(super) fn failed() -> GitError {
        GitError::new("leaklint failed while asking git, which is a bug in leaklint", "")
    }
}

/// A work tree.
#[derive(Debug)]
pub(super) struct Git {
    folder: PathBuf,
    /// Its top folder, as the working directory spells it.
    pub(super) top: PathBuf,
}

/// What a command answered.
struct Answer {
    ok: bool,
    out: Vec<u8>,
    err: String,
}

impl Git {
    /// The work tree that a folder is in.
    pub(super) fn around(folder: &Path) -> Result<Git, GitError> {
        let mut git = Git { folder: folder.to_owned(), top: PathBuf::new() };
        let up = git.ask(["rev-parse", "--show-cdup"])?;
        if !up.ok {
            let message = format!("{} is in no git work tree: {}", folder.display(), up.err);
            let trust = format!("run `git config --global --add safe.directory {}` if you trust it", folder.display());
            let is_foreign = up.err.contains("dubious ownership");
            return Err(GitError::new(message, if is_foreign { &trust } else { "name the files, or use --files-from" }));
        }
        git.top = paths::absolute(folder, Path::new(text(&up.out).trim_end()));
        Ok(git)
    }

    /// The same work tree from its top: some commands speak of the folder that they run in alone.
    fn everywhere(&self) -> Git {
        Git { folder: self.top.clone(), top: self.top.clone() }
    }

    fn ask<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Result<Answer, GitError> {
        self.ask_with(args, &[])
    }

    fn ask_with<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>, input: &[u8]) -> Result<Answer, GitError> {
        let mut command = Command::new("git");
        command.args(["--no-optional-locks", "-c", "core.quotePath=false", "-c", "core.fsmonitor=false"]);
        command.args(args).current_dir(&self.folder);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let failed = |error: std::io::Error| match error.kind() {
            std::io::ErrorKind::NotFound => GitError::new("there is no `git` to ask", "install git, or name the files"),
            _ => GitError::new(format!("cannot run git: {error}"), ""),
        };
        let mut child = command.spawn().map_err(failed)?;
        let stdin = child.stdin.take();
        let output = std::thread::scope(|scope| {
            // Git may answer before it has read everything; one that has gone away says why itself.
            scope.spawn(move || stdin.map(|mut it| it.write_all(input)));
            child.wait_with_output()
        });
        let output = output.map_err(failed)?;
        let err = text(&output.stderr);
        let err = err.lines().next().unwrap_or_default().trim_start_matches("fatal: ").to_owned();
        Ok(Answer { ok: output.status.success(), out: output.stdout, err })
    }

    /// The answer of a command that must not fail.
    fn demand<S: AsRef<OsStr>>(&self, args: impl IntoIterator<Item = S>) -> Result<Vec<u8>, GitError> {
        let answer = self.ask(args)?;
        if answer.ok { Ok(answer.out) } else { Err(GitError::new(format!("git says: {}", answer.err), "")) }
    }

    /// Whether anything was ever committed.
    pub(super) fn has_head(&self) -> Result<bool, GitError> {
        Ok(self.ask(["rev-parse", "--quiet", "--verify", "HEAD^{commit}"])?.ok)
    }

    /// The commit that a revision and this work tree have in common.
    pub(super) fn merge_base(&self, revision: &str) -> Result<String, GitError> {
        let found = self.ask(["rev-parse", "--quiet", "--verify", "--end-of-options", &format!("{revision}^{{commit}}")])?;
        if !found.ok {
            let fetch = format!("run `git fetch origin {revision}`, or name a commit that is here");
            let help = self.deepen()?.unwrap_or(fetch);
            return Err(GitError::new(format!("git knows no revision `{revision}`"), &help));
        }
        let commit = text(&found.out).trim().to_owned();
        let base = self.ask(["merge-base", &commit, "HEAD"])?;
        if !base.ok {
            let help = self.deepen()?.unwrap_or_default();
            return Err(GitError::new(format!("`{revision}` and HEAD have no commit in common here"), &help));
        }
        Ok(text(&base.out).trim().to_owned())
    }

    /// What to do if this clone has but the newest commits.
    fn deepen(&self) -> Result<Option<String>, GitError> {
        let is_shallow = text(&self.demand(["rev-parse", "--is-shallow-repository"])?).trim() == "true";
        Ok(is_shallow.then(|| "this clone is shallow: run `git fetch --unshallow`".to_owned()))
    }

    /// Names of what a diff has, without what it deletes. `against` are further arguments of `git diff`.
    pub(super) fn changed(&self, against: &[&str]) -> Result<Vec<Name>, GitError> {
        let fixed = ["diff", "--raw", "-z", "--no-relative", "-M", "--no-ext-diff", "--ignore-submodules=dirty"];
        let out = self.demand(fixed.iter().chain(against).chain(&["--"]))?;
        let mut fields = out.split(|it| *it == 0).map(text);
        let mut names = Vec::new();
        // `:100644 100644 1111111 2222222 M`, a name, and for renames and copies the new name.
        while let Some(head) = fields.next().filter(|it| !it.is_empty()) {
            let kind = head.rsplit(' ').next().unwrap_or_default().chars().next().unwrap_or('M');
            let mut name = fields.next().unwrap_or_default();
            if matches!(kind, 'R' | 'C') {
                name = fields.next().unwrap_or_default();
            }
            if kind != 'D' {
                names.push(Name { is_submodule: head.split(' ').nth(1) == Some("160000"), path: self.top.join(name) });
            }
        }
        Ok(names)
    }

    /// The patch of a diff without context, for [`super::patch::touched`].
    pub(super) fn patch(&self, against: &[&str]) -> Result<Vec<u8>, GitError> {
        let fixed = ["diff", "-U0", "--inter-hunk-context=0", "-M", "--no-ext-diff", "--no-textconv", "--no-color"];
        let names = ["--ignore-submodules=all", "--no-relative", "--src-prefix=a/", "--dst-prefix=b/"];
        let sources = ["--", ":/*.[jt]s", ":/*.[jt]sx", ":/*.[cm][jt]s"];
        self.demand(fixed.iter().chain(&names).chain(against).chain(&sources))
    }

    /// Files that git neither has nor ignores.
    pub(super) fn untracked(&self) -> Result<Vec<PathBuf>, GitError> {
        let out = self.everywhere().demand(["ls-files", "--others", "--exclude-standard", "-z"])?;
        Ok(out.split(|it| *it == 0).filter(|it| !it.is_empty()).map(|it| self.top.join(text(it))).collect())
    }

    /// What the index holds where the work tree differs from it: paths and contents.
    pub(super) fn staged_contents(&self, wanted: &dyn Fn(&Path) -> bool) -> Result<Vec<(PathBuf, Vec<u8>)>, GitError> {
        let out =
            self.demand(["diff", "--name-only", "-z", "--no-relative", "--no-ext-diff", "--ignore-submodules=all", "--"])?;
        let names = out.split(|it| *it == 0).map(|it| self.top.join(text(it)));
        let differing: std::collections::BTreeSet<PathBuf> = names.filter(|it| wanted(it)).collect();
        if differing.is_empty() {
            return Ok(Vec::new());
        }
        let out = self.everywhere().demand(["ls-files", "--stage", "-z"])?;
        let mut objects = Vec::new();
        // `100644 OBJECT 0`, a tab, and a name; other stages belong to conflicts.
        for line in out.split(|it| *it == 0).map(text) {
            let Some((head, name)) = line.split_once('\t') else { continue };
            let path = self.top.join(name);
            let mut head = head.split(' ');
            if let (Some("100644" | "100755"), Some(object), Some("0")) = (head.next(), head.next(), head.next())
                && differing.contains(&path)
            {
                objects.push((path, object.to_owned()));
            }
        }
        self.contents(objects)
    }

    fn contents(&self, objects: Vec<(PathBuf, String)>) -> Result<Vec<(PathBuf, Vec<u8>)>, GitError> {
        let asked: String = objects.iter().map(|(_, object)| format!("{object}\n")).collect();
        let answer = self.ask_with(["cat-file", "--batch"], asked.as_bytes())?;
        let mut rest = answer.out.as_slice();
        let mut contents = Vec::new();
        // `OBJECT blob SIZE`, a line end, the bytes, a line end.
        for (path, object) in objects {
            let unclear = || GitError::new(format!("git does not tell what {object} is: {}", answer.err), "run `git fsck`");
            let end = memchr::memchr(b'\n', rest).ok_or_else(unclear)?;
            let size = text(&rest[..end]).rsplit(' ').next().and_then(|it| it.parse::<usize>().ok()).ok_or_else(unclear)?;
            let bytes = rest.get(end + 1..end + 1 + size).ok_or_else(unclear)?;
            contents.push((path, bytes.to_vec()));
            rest = rest.get(end + size + 2..).unwrap_or_default();
        }
        Ok(contents)
    }
}

/// Something that a diff names.
#[derive(Clone, PartialEq, Eq, Debug)]
pub(super) struct Name {
    pub(super) path: PathBuf,
    /// A folder with a repository of its own, at another commit than before.
    pub(super) is_submodule: bool,
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
