//! What is known of a series of snapshots besides the snapshots: a file beside them.

use super::partial::write_whole;
use super::{CaptureError, Memory, SnapshotInfo};
use serde::{Deserialize, Serialize};
use std::fs;
use std::path::{Path, PathBuf};

/// The form of the file; another one is refused.
const SCHEMA: u32 = 1;

/// Bytes that a manifest may have: what lies beside a snapshot need not be ours.
const LIMIT: u64 = 256 << 20;

/// What is known of a series of snapshots of one isolate, in the order in which they were taken.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct Manifest {
    /// The form of the file.
    pub schema: u32,
    /// The version of leaklint that wrote it.
    pub tool: String,
    /// As in `20.20.2`.
    pub node: String,
    /// As in `11.3.244.8-node.38`.
    pub v8: String,
    /// The process's own number for itself.
    pub pid: u32,
    /// Tells the process and thread from any other: snapshots of two isolates cannot be compared.
    pub isolate: String,
    /// When the process started, as ISO 8601 in UTC, by this machine's clock.
    pub started: String,
    /// `NODE_ENV`, if it was set.
    pub node_env: Option<String>,
    /// The snapshots.
    pub snapshots: Vec<SnapshotEntry>,
    /// The files of the scripts, sorted.
    pub scripts: Vec<ScriptFile>,
}

/// One snapshot of a series.
#[derive(Clone, PartialEq, Debug, Serialize, Deserialize)]
pub struct SnapshotEntry {
    /// The file's name, in the manifest's folder.
    pub file: String,
    /// When it was begun, as ISO 8601 in UTC.
    pub time: String,
    /// Its size.
    pub bytes: u64,
    /// XXH3 of 64 bits of its content, as 16 hexadecimal digits.
    pub xxh3: String,
    /// Milliseconds that it took.
    pub took: u64,
    /// What the process said before it.
    pub memory: Memory,
    /// Requests answered since the previous snapshot, if somebody counted.
    pub requests: Option<u64>,
    /// The file with the execution counts since the previous snapshot (since counting began, for the first), in the
    /// manifest's folder.
    pub coverage: Option<String>,
}

/// A script that was live, and the file it came from as it was on disk then.
#[derive(Clone, PartialEq, Eq, Debug, Serialize, Deserialize)]
pub struct ScriptFile {
    /// Its absolute path: for modules, without the query of their URL.
    pub path: String,
    /// XXH3 of 64 bits of the file's bytes, as 16 hexadecimal digits; none if it is not on this machine.
    pub xxh3: Option<String>,
    /// What its last `sourceMappingURL` comment says; `data:` for a map within the file.
    pub source_map: Option<String>,
}

impl Manifest {
    /// The file's name within the folder of a series.
    pub const FILE: &str = "manifest.json";

    /// A series without snapshots. `isolate` is the answer of [`super::Inspector::isolate`].
    pub fn new(memory: &Memory, isolate: String, started: String) -> Manifest {
        Manifest {
            schema: SCHEMA,
            tool: env!("CARGO_PKG_VERSION").to_owned(),
            node: memory.node.clone(),
            v8: memory.v8.clone(),
            pid: memory.pid,
            isolate,
            started,
            node_env: memory.node_env.clone(),
            snapshots: Vec::new(),
            scripts: Vec::new(),
        }
    }

    /// Adds a snapshot, and gives its entry for requests and execution counts.
    pub fn push(&mut self, info: &SnapshotInfo) -> &mut SnapshotEntry {
        let at = self.snapshots.len();
        self.snapshots.push(SnapshotEntry {
            file: info.path.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            time: info.time.clone(),
            bytes: info.bytes,
            xxh3: info.xxh3.clone(),
            took: info.took.as_millis() as u64,
            memory: info.memory.clone(),
            requests: None,
            coverage: None,
        });
        &mut self.snapshots[at]
    }

    /// Writes it as JSON, for the owner only.
    ///
    /// # Errors
    /// If the file is there already and may not be replaced, or cannot be written.
    pub fn write(&self, path: &Path, overwrite: bool) -> Result<(), CaptureError> {
        let mut text = serde_json::to_vec_pretty(self).map_err(|error| CaptureError::file("write", path, error.into()))?;
        text.push(b'\n');
        write_whole(path, &text, overwrite)
    }

    /// Reads one.
    ///
    /// # Errors
    /// If it cannot be read, is something else, or of another schema.
    pub fn read(path: &Path) -> Result<Manifest, CaptureError> {
        let failed = |error: std::io::Error| CaptureError::file("read", path, error);
        let about = fs::metadata(path).map_err(failed)?;
        if !about.is_file() || about.len() > LIMIT {
            return Err(CaptureError::Other(format!("{} is no manifest of snapshots", path.display())));
        }
        let text = fs::read(path).map_err(failed)?;
        let manifest: Manifest = serde_json::from_slice(&text)
            .map_err(|error| CaptureError::Other(format!("{} is no manifest of snapshots: {error}", path.display())))?;
        if manifest.schema != SCHEMA {
            let message = format!("{} has schema {}, and this version reads {SCHEMA}", path.display(), manifest.schema);
            return Err(CaptureError::Other(message));
        }
        Ok(manifest)
    }

    /// The manifest in a snapshot's folder that lists it: any `*manifest.json`, in the order of their names. Those that
    /// cannot be read are passed over.
    pub fn beside(snapshot: &Path) -> Option<(PathBuf, Manifest)> {
        let name = snapshot.file_name()?.to_string_lossy().into_owned();
        let folder = snapshot.parent().filter(|it| !it.as_os_str().is_empty()).unwrap_or(Path::new("."));
        let entries = fs::read_dir(folder).ok()?.flatten().map(|it| it.path());
        let mut paths: Vec<PathBuf> = entries.filter(|it| it.to_string_lossy().ends_with(Manifest::FILE)).collect();
        paths.sort();
        let mut manifests = paths.into_iter().filter_map(|path| Some((Manifest::read(&path).ok()?, path)));
        let (manifest, path) = manifests.find(|(it, _)| it.entry(&name).is_some())?;
        Some((path, manifest))
    }

    /// The snapshot of that file name.
    pub fn entry(&self, file: &str) -> Option<&SnapshotEntry> {
        self.snapshots.iter().find(|it| it.file == file)
    }
}
