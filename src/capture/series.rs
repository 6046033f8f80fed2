//! Snapshots of one process, one after another, in one folder with their manifest.

use super::partial::PartialFile;
use super::{CaptureError, Inspector, Manifest, OnProgress, Room, ScriptFile, SnapshotEntry, SnapshotOptions, utc};
use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

/// What a series is to be.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct SeriesOptions {
    /// Where its files go: `heap-1.heapsnapshot` and so on, `manifest.json`. Made if it is not there.
    pub folder: PathBuf,
    /// How many snapshots it has at most.
    pub count: usize,
    /// Replace files that are there.
    pub overwrite: bool,
    /// Count executions, into `heap-1.coverage.json` and so on. It slows the process.
    pub coverage: bool,
}

/// A series that is under way. After each snapshot the manifest lists those that are done.
pub struct Series {
    inspector: Inspector,
    options: SeriesOptions,
    manifest: Manifest,
    /// Each file as it was when its script was first seen.
    scripts: BTreeMap<PathBuf, ScriptFile>,
}

impl Series {
    /// Makes the folder and looks whether everything can be written there, before any process is touched.
    ///
    /// # Errors
    /// If a file is there already and may not be replaced, or the folder cannot be written to.
    pub fn prepare(options: &SeriesOptions) -> Result<(), CaptureError> {
        let folder = &options.folder;
        create_private(folder).map_err(|error| CaptureError::file("create", folder, error))?;
        let names = (1..=options.count).flat_map(|it| [snapshot_name(it), coverage_name(it)]);
        let taken = names.chain([Manifest::FILE.to_owned()]).map(|it| folder.join(it)).find(|it| it.symlink_metadata().is_ok());
        if let Some(path) = taken.filter(|_| !options.overwrite) {
            return Err(CaptureError::Exists(path));
        }
        PartialFile::create(&folder.join(Manifest::FILE), true).map(drop)
    }

    /// Starts one: counting begins now, if it was asked for.
    ///
    /// # Errors
    /// As [`Series::prepare`] and [`Inspector::call`].
    pub fn start(mut inspector: Inspector, options: SeriesOptions) -> Result<Series, CaptureError> {
        Series::prepare(&options)?;
        let memory = inspector.memory()?;
        let age = Duration::try_from_secs_f64(memory.uptime).unwrap_or_default();
        let started = SystemTime::now().checked_sub(age).unwrap_or(SystemTime::UNIX_EPOCH);
        let manifest = Manifest::new(&memory, inspector.isolate()?, utc(started));
        let paths = inspector.script_paths()?;
        if options.coverage {
            inspector.start_coverage()?;
        }
        let mut series = Series { inspector, options, manifest, scripts: BTreeMap::new() };
        series.see(paths);
        Ok(series)
    }

    /// The connection, to wait on.
    pub fn inspector(&mut self) -> &mut Inspector {
        &mut self.inspector
    }

    /// What is known so far.
    pub fn manifest(&self) -> &Manifest {
        &self.manifest
    }

    /// What the next snapshot would cost, after a collection: garbage costs nothing.
    ///
    /// # Errors
    /// As [`Inspector::call`].
    pub fn room(&mut self) -> Result<Room, CaptureError> {
        self.inspector.discard_console()?;
        self.inspector.collect_garbage()?;
        let memory = self.inspector.memory()?;
        self.inspector.room(&memory, &self.options.folder)
    }

    /// The file of the next snapshot.
    pub fn next_path(&self) -> PathBuf {
        self.options.folder.join(snapshot_name(self.manifest.snapshots.len() + 1))
    }

    /// Takes the next snapshot, and lists it in the manifest.
    ///
    /// # Errors
    /// As [`Inspector::snapshot`]; what was taken before stays.
    pub fn take(&mut self, on_progress: OnProgress<'_>) -> Result<&SnapshotEntry, CaptureError> {
        let SeriesOptions { overwrite, coverage, .. } = self.options;
        let (path, number) = (self.next_path(), self.manifest.snapshots.len() + 1);
        let index = self.options.folder.join(Manifest::FILE);
        if number == 1 && overwrite {
            // An old manifest would tell of files that are about to be others.
            remove(&index)?;
        }
        let info = self.inspector.snapshot(&path, SnapshotOptions { overwrite, coverage }, on_progress)?;
        let mut counted = None;
        if let Some(coverage) = &info.coverage {
            self.see(coverage.paths());
            coverage.write(&self.options.folder.join(coverage_name(number)), overwrite)?;
            counted = Some(coverage_name(number));
        }
        self.manifest.push(&info).coverage = counted;
        self.manifest.scripts = self.scripts.values().cloned().collect();
        self.manifest.write(&index, overwrite || number > 1)?;
        Ok(&self.manifest.snapshots[number - 1])
    }

    fn see(&mut self, paths: impl IntoIterator<Item = PathBuf>) {
        for path in paths {
            self.scripts.entry(path).or_insert_with_key(|it| ScriptFile::read(it));
        }
    }
}

fn snapshot_name(number: usize) -> String {
    format!("heap-{number}.heapsnapshot")
}

fn coverage_name(number: usize) -> String {
    format!("heap-{number}.coverage.json")
}

/// A folder that only its owner may look into and that Git leaves alone, unless it was there before: heaps are full of
/// secrets.
fn create_private(folder: &Path) -> std::io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    let mut builder = fs::DirBuilder::new();
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.recursive(true).create(folder)?;
    fs::write(folder.join(".gitignore"), "*\n")
}

fn remove(path: &Path) -> Result<(), CaptureError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => Err(CaptureError::file("replace", path, error)),
        _ => Ok(()),
    }
}
