//! The results directory: complete or unchanged, one writer, nothing outside it.
//!
//! Model: a result set is built in `.fivenines-next/` inside the directory. Every file is created exclusively under a
//! temporary name, flushed, synced and renamed. The manifest, with path, length and SHA-256 of every file, comes
//! last. One rename to `.fivenines-commit/` commits the set. Then the files move to their places, the manifest last
//! again. After a crash in between, the next process that opens the directory completes the move from the committed
//! set alone. So at every instant the directory holds the old set or the new one.
//! In: files as bytes. Out: the action taken, or a typed error. Holds: K1, K3, K4, K9, K10, B10, I11.
//! Leaves out: the checkpoint.

use std::fs::{self, File, OpenOptions, TryLockError};
use std::io::{self, Write};
use std::path::{Component, Path, PathBuf};

use serde_json::{Map, Value, json};
use sha2::{Digest, Sha256};

mod error;
mod kept;
mod replace;

use super::json;
pub use error::WriteError;
use error::{free_bytes, io_error};
use kept::{KEPT, refuse_as_previous};
pub use replace::{replace, write_over};

/// Name of the file that marks a directory as results.
pub const MANIFEST: &str = "manifest.json";
/// The format in the manifest.
const FORMAT: &str = "fivenines-results";
/// Last key of a manifest: the SHA-256 of the manifest without it.
const CHECKSUM: &str = "manifest_sha256";
/// Folders of a set that is being built, and of a committed one.
const NEXT: &str = ".fivenines-next";
const COMMIT: &str = ".fivenines-commit";
/// Name of the old manifest until all files that it lists are removed.
const OLD: &str = ".old-manifest";
/// File for testing whether the directory is writable.
const PROBE: &str = ".fivenines-probe";
/// Files that other parts of a run keep beside the results, outside the digest.
const COMPANIONS: [&str; 4] = ["run.log", "provenance.json", "checkpoint", "checkpoint.lock"];

/// One file of a result set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ResultFile {
    /// Relative path with `/` between folders.
    pub path: String,
    /// Content.
    pub bytes: Vec<u8>,
    /// Coverage by the run digest; a file that shows the digest cannot be covered by it.
    pub coverage: Coverage,
}

/// The coverage of a file by the run digest.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Coverage {
    /// Covered.
    Digest,
    /// Listed in the manifest only.
    Manifest,
}

impl ResultFile {
    /// Creates a file that the digest covers.
    #[must_use]
    pub fn covered(path: impl Into<String>, bytes: Vec<u8>) -> Self {
        Self { path: path.into(), bytes, coverage: Coverage::Digest }
    }

    /// Creates a file that shows the digest.
    #[must_use]
    pub fn listed(path: impl Into<String>, bytes: Vec<u8>) -> Self {
        Self { path: path.into(), bytes, coverage: Coverage::Manifest }
    }
}

/// A complete set of results.
#[derive(Clone, Debug, PartialEq)]
pub struct ResultSet {
    /// The run digest, `sha256:<64 hex>`.
    pub digest: String,
    /// Version of the result format.
    pub results_version: u32,
    /// The reason why the set is partial; `None` if it is complete.
    pub partial: Option<String>,
    /// Other entries of the manifest: scenario, seed, command, lines that the digest covers.
    pub facts: Map<String, Value>,
    /// The files, without the manifest.
    pub files: Vec<ResultFile>,
}

impl ResultSet {
    /// Returns the content of the file at `path`.
    #[must_use]
    pub fn file(&self, path: &str) -> Option<&[u8]> {
        let file = self.files.iter().find(|file| file.path == path)?;
        Some(&file.bytes)
    }
}

/// Computes the run digest (D3): SHA-256 over lines of `key value`. First come those of `identity` as given, then
/// `result <path> <length> <sha256>` of every covered file in order of path. A user can check it with `sha256sum`.
#[must_use]
pub fn run_digest(identity: &[(String, String)], files: &[ResultFile]) -> String {
    let covered = files.iter().filter(|file| file.coverage == Coverage::Digest);
    let entry =
        |file: &ResultFile| (file.path.clone(), file.bytes.len() as u64, sha256(&file.bytes));
    digest_of(covers(identity).into_iter(), covered.map(entry).collect())
}

/// Computes the run digest of lines and of covered files (path, length, SHA-256).
fn digest_of(
    lines: impl Iterator<Item = String>,
    mut covered: Vec<(String, u64, String)>,
) -> String {
    let mut hasher = Sha256::new();
    for line in lines {
        hasher.update(format!("{line}\n"));
    }
    covered.sort();
    for (path, length, hash) in covered {
        hasher.update(format!("result {path} {length} {hash}\n"));
    }
    format!("sha256:{}", hex(&hasher.finalize()))
}

/// Computes the SHA-256 of `bytes` in hexadecimal.
#[must_use]
pub fn sha256(bytes: &[u8]) -> String {
    hex(&Sha256::digest(bytes))
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

/// Returns the manifest of a set.
#[must_use]
pub fn manifest(set: &ResultSet) -> Value {
    let mut object = Map::new();
    object.insert("format".into(), FORMAT.into());
    object.insert("results_version".into(), set.results_version.into());
    object.insert("complete".into(), set.partial.is_none().into());
    object.insert("reason".into(), json!(set.partial));
    object.insert("digest".into(), set.digest.as_str().into());
    for (key, value) in &set.facts {
        object.entry(key.as_str()).or_insert_with(|| value.clone());
    }
    let mut files: Vec<&ResultFile> = set.files.iter().collect();
    files.sort_by(|a, b| a.path.cmp(&b.path));
    let entry = |file: &&ResultFile| {
        json!({
            "path": file.path,
            "bytes": file.bytes.len(),
            "sha256": sha256(&file.bytes),
            "digest": file.coverage == Coverage::Digest,
        })
    };
    object.insert("files".into(), files.iter().map(entry).collect());
    let checksum = sha256(&json::bytes(&Value::Object(object.clone())));
    object.insert(CHECKSUM.into(), checksum.into());
    Value::Object(object)
}

/// Returns the lines that a digest covers besides the files, in the form of a manifest: `key value`.
#[must_use]
pub fn covers(lines: &[(String, String)]) -> Vec<String> {
    lines.iter().map(|(key, value)| format!("{key} {value}")).collect()
}

/// Describes the first part of a manifest that contradicts the others: the checksum over all of them (absent in older
/// results), version and seed as the digest covers them, the digest itself.
fn contradiction(manifest: &Value) -> Option<&'static str> {
    let mut rest = manifest.clone();
    let checksum = rest.as_object_mut().and_then(|object| object.shift_remove(CHECKSUM));
    if checksum.is_some_and(|recorded| recorded != sha256(&json::bytes(&rest)).as_str()) {
        return Some("it was altered: its checksum differs");
    }
    let texts = manifest["digest_covers"].as_array().into_iter().flatten();
    let lines: Vec<&str> = texts.filter_map(Value::as_str).collect();
    let covered = |key: &str| lines.iter().find_map(|line| line.strip_prefix(key));
    let number = |key: &str| manifest[key].as_u64().map(|number| number.to_string());
    if covered("results-version ") != number("results_version").as_deref() {
        return Some("its version of results is not the one that its digest covers");
    }
    if covered("seed ").is_some_and(|seed| number("seed").as_deref() != Some(seed)) {
        return Some("its seed is not the one that its digest covers");
    }
    let entries = manifest["files"].as_array().into_iter().flatten();
    let covered = entries.filter(|entry| entry["digest"] == true).map(|entry| {
        let text = |key: &str| entry[key].as_str().unwrap_or_default().to_string();
        (text("path"), entry["bytes"].as_u64().unwrap_or_default(), text("sha256"))
    });
    let digest = digest_of(lines.iter().map(|line| (*line).to_string()), covered.collect());
    (manifest["digest"] != digest.as_str()).then_some("its digest does not match its parts")
}

/// The effect of writing a set.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Written {
    /// There were no results before.
    New,
    /// The same results were there; nothing was changed.
    Unchanged,
    /// Other results were there and have been replaced.
    Replaced,
}

/// The treatment of other results.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Overwrite {
    /// Leave them and report a conflict.
    Refuse,
    /// Replace earlier results of the same scenario and keep them beside the directory, see
    /// [`ResultsDirectory::previous`]; refuse any others.
    Keep,
    /// Replace them.
    Force,
}

/// A results directory, locked for this process while the value exists.
#[derive(Debug)]
pub struct ResultsDirectory {
    path: PathBuf,
    /// Dropped before the lock.
    _made: Made,
    /// Holds the lock; the system releases it with the process.
    _lock: File,
}

/// Folders that were created for results, the deepest first; empty ones are removed at the end.
#[derive(Debug)]
struct Made(Vec<PathBuf>);

impl Drop for Made {
    fn drop(&mut self) {
        // A folder with content stays, and so do those above it.
        let _ = self.0.iter().try_for_each(fs::remove_dir);
    }
}

impl ResultsDirectory {
    /// Creates the directory if needed, locks it (K4), completes or drops the remains of a crash, and tests that it
    /// is writable (K10). It is called before the simulation starts. Folders created here are removed if nothing is
    /// committed.
    ///
    /// # Errors
    ///
    /// [`WriteError::Locked`], [`WriteError::NotOurs`], [`WriteError::Damaged`], [`WriteError::Io`].
    pub fn open(path: &Path) -> Result<Self, WriteError> {
        let missing = |folder: &&Path| !folder.as_os_str().is_empty() && !folder.exists();
        let made = path.ancestors().take_while(missing).map(Path::to_path_buf).collect();
        let made = Made(made);
        fs::create_dir_all(path).map_err(io_error("create", path))?;
        refuse_foreign(path)?;
        let lock = lock(path)?;
        recover(path)?;
        let probe = path.join(PROBE);
        remove_if_there(&probe)?;
        let written = write_new(&probe, b"1");
        remove_if_there(&probe)?;
        written?;
        Ok(Self { path: path.into(), _made: made, _lock: lock })
    }

    /// Refuses, before the run, results that [`Self::commit`] would refuse after it, as far as is known. These are
    /// partial results, and results whose digest does not cover one of `facts`. A fact that ends in a space is a
    /// prefix. With [`Overwrite::Keep`] sound results of the scenario `name` are no conflict.
    ///
    /// # Errors
    ///
    /// [`WriteError::Foreseen`]; [`WriteError::Io`], [`WriteError::Damaged`].
    pub fn foresee(
        &self,
        name: &str,
        facts: &[String],
        overwrite: Overwrite,
    ) -> Result<(), WriteError> {
        let Some(old) = self.manifest()?.filter(|_| overwrite != Overwrite::Force) else {
            return Ok(());
        };
        if overwrite == Overwrite::Keep && subject(&old) == Some(name) {
            verify(&self.path, &old)?;
            return refuse_as_previous(&self.previous());
        }
        let lines = old["digest_covers"].as_array().map(Vec::as_slice).unwrap_or_default();
        let covers = |fact: &String| {
            lines.iter().filter_map(Value::as_str).any(|line| match fact.ends_with(' ') {
                true => line.starts_with(fact.as_str()),
                false => line == fact,
            })
        };
        let there = if old["complete"] == false {
            "partial results"
        } else if !facts.iter().all(covers) {
            "results of another scenario, or of other flags"
        } else {
            return Ok(());
        };
        Err(WriteError::Foreseen { directory: self.path.clone(), there: there.into() })
    }

    /// Returns the path of the directory.
    #[must_use]
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the existing manifest; `None` if the directory has no results.
    ///
    /// # Errors
    ///
    /// [`WriteError::Io`], [`WriteError::Damaged`].
    pub fn manifest(&self) -> Result<Option<Value>, WriteError> {
        read_manifest(&self.path)
    }

    /// Writes `set`, unless the same results exist (K3).
    ///
    /// # Errors
    ///
    /// Any [`WriteError`]; before the commit, existing results stay intact. After it, the next [`Self::open`]
    /// completes the new set.
    pub fn commit(&self, set: &ResultSet, overwrite: Overwrite) -> Result<Written, WriteError> {
        check_paths(set)?;
        let old = self.manifest()?;
        if let Some(old) = &old {
            let there = old["digest"].as_str().unwrap_or("no digest");
            let same =
                there == set.digest && old["complete"].as_bool() == Some(set.partial.is_none());
            if same && overwrite != Overwrite::Force {
                return verify(&self.path, old).map(|()| Written::Unchanged);
            }
            // The digest does not cover pages: another version may write the same figures with other words.
            if same && *old == manifest(set) && verify(&self.path, old).is_ok() {
                return Ok(Written::Unchanged);
            }
            // Partial results never take the place of complete ones.
            let keeps = overwrite == Overwrite::Keep
                && subject(old).is_some()
                && subject(old) == subject(&manifest(set))
                && (set.partial.is_none() || old["complete"] == false);
            if overwrite != Overwrite::Force && !keeps {
                return Err(WriteError::Conflict {
                    directory: self.path.clone(),
                    there: there.into(),
                    wanted: set.digest.clone(),
                });
            }
        }
        for file in &set.files {
            refuse_links(&self.path, &file.path)?;
            refuse_folder(&self.path.join(&file.path))?;
        }
        let kept = old.as_ref().filter(|_| overwrite == Overwrite::Keep);
        let built = self.build(set).and_then(|()| kept.map_or(Ok(()), |old| self.keep(old)));
        if let Err(error) = built {
            // A failed build leaves nothing behind; its error is more important than one of the removal.
            let _ = fs::remove_dir_all(self.path.join(NEXT));
            let _ = fs::remove_dir_all(self.path.join(KEPT));
            return Err(error);
        }
        rename(&self.path.join(NEXT), &self.path.join(COMMIT))?;
        sync_directory(&self.path)?;
        roll_forward(&self.path)?;
        Ok(if old.is_some() { Written::Replaced } else { Written::New })
    }

    /// Builds the set in a folder of its own, its manifest last (K1).
    fn build(&self, set: &ResultSet) -> Result<(), WriteError> {
        let next = self.path.join(NEXT);
        fs::create_dir(&next).map_err(io_error("create", &next))?;
        for file in &set.files {
            let place = next.join(&file.path);
            if let Some(folder) = place.parent() {
                fs::create_dir_all(folder).map_err(io_error("create", folder))?;
            }
            write_atomically(&place, &file.bytes)?;
        }
        write_atomically(&next.join(MANIFEST), &json::bytes(&manifest(set)))?;
        sync_directory(&next)
    }
}

/// Returns what results are about: the scenario, or the scenarios that are compared.
fn subject(manifest: &Value) -> Option<&str> {
    manifest["scenario"].as_str().or_else(|| manifest["compared"].as_str())
}

/// Reads the manifest of a directory without locking it, and checks that its parts agree. A directory without a
/// manifest has no results. A committed set that a crash kept from its place counts as well, so call
/// [`ResultsDirectory::open`] first.
///
/// # Errors
///
/// [`WriteError::Io`], [`WriteError::Damaged`].
pub fn read_manifest(directory: &Path) -> Result<Option<Value>, WriteError> {
    let Some(manifest) = parse_manifest(directory)? else { return Ok(None) };
    match contradiction(&manifest) {
        None => Ok(Some(manifest)),
        Some(what) => {
            Err(WriteError::Damaged { file: directory.join(MANIFEST), what: what.into() })
        }
    }
}

/// Reads the manifest of a directory, without checking that its parts agree.
fn parse_manifest(directory: &Path) -> Result<Option<Value>, WriteError> {
    let file = directory.join(MANIFEST);
    let bytes = match fs::read(&file) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(io_error("read", &file)(error)),
    };
    let damaged = |what: String| WriteError::Damaged { file: file.clone(), what };
    let value: Value = serde_json::from_slice(&bytes).map_err(|e| damaged(e.to_string()))?;
    if value["format"] != FORMAT {
        return Err(damaged(format!("its format is not {FORMAT}")));
    }
    Ok(Some(value))
}

/// Compares every listed file with its length and SHA-256.
///
/// # Errors
///
/// [`WriteError::Damaged`] for the first difference.
pub fn verify(directory: &Path, manifest: &Value) -> Result<(), WriteError> {
    for (path, entry) in listed(directory, manifest)? {
        let file = directory.join(&path);
        let damaged = |what: String| WriteError::Damaged { file: file.clone(), what };
        let bytes = fs::read(&file).map_err(|error| damaged(error.to_string()))?;
        if entry["bytes"].as_u64() != Some(bytes.len() as u64) {
            return Err(damaged(format!("it has {} bytes", bytes.len())));
        }
        if entry["sha256"].as_str() != Some(&sha256(&bytes)) {
            return Err(damaged("its SHA-256 differs from the manifest".into()));
        }
    }
    Ok(())
}

/// Returns the files that a manifest lists. Its paths are checked, since a manifest may come from an untrusted
/// source.
fn listed<'a>(
    directory: &Path,
    manifest: &'a Value,
) -> Result<Vec<(String, &'a Value)>, WriteError> {
    let entries = manifest["files"].as_array().map(Vec::as_slice).unwrap_or_default();
    let path = |entry: &'a Value| {
        let path = entry["path"].as_str().filter(|path| is_inside(path));
        path.map(|path| (path.to_string(), entry)).ok_or_else(|| WriteError::Damaged {
            file: directory.join(MANIFEST),
            what: "it lists a path outside the directory".into(),
        })
    };
    entries.iter().map(path).collect()
}

/// Returns whether a relative path stays inside the directory on every system, and is not reserved.
fn is_inside(path: &str) -> bool {
    let plain = |part: Component<'_>| matches!(part, Component::Normal(_));
    !path.is_empty()
        && !path.contains(['\\', ':', '\0'])
        && !path.split('/').any(|part| part.is_empty() || part.starts_with('.'))
        && Path::new(path).components().all(plain)
}

fn check_paths(set: &ResultSet) -> Result<(), WriteError> {
    let mut seen = std::collections::BTreeSet::new();
    for file in &set.files {
        let reserved = file.path == MANIFEST || COMPANIONS.contains(&file.path.as_str());
        if !is_inside(&file.path) || reserved || !seen.insert(&file.path) {
            return Err(WriteError::Path(file.path.clone()));
        }
    }
    Ok(())
}

/// Refuses a directory that has files but no results (K3).
fn refuse_foreign(directory: &Path) -> Result<(), WriteError> {
    let mut names = Vec::new();
    for entry in fs::read_dir(directory).map_err(io_error("read", directory))? {
        let entry = entry.map_err(io_error("read", directory))?;
        names.push(entry.file_name().to_string_lossy().into_owned());
    }
    names.sort_unstable();
    // A set being built or committed, or a file of another part of a run, shows that a run was here.
    let ours =
        |name: &String| name.starts_with(".fivenines-") || COMPANIONS.contains(&name.as_str());
    if names.iter().any(ours) {
        return Ok(());
    }
    if names.is_empty() {
        return Ok(());
    }
    if matches!(parse_manifest(directory), Ok(Some(_))) {
        return read_manifest(directory).map(|_| ());
    }
    Err(WriteError::NotOurs { directory: directory.into(), example: names.swap_remove(0) })
}

/// Locks the directory itself, so that no file remains; if the system cannot open a directory, locks a file in it.
fn lock(directory: &Path) -> Result<File, WriteError> {
    let file = if cfg!(unix) {
        File::open(directory).map_err(io_error("open", directory))?
    } else {
        let path = directory.join(".fivenines-lock");
        let options = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
        options.map_err(io_error("create", &path))?
    };
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(WriteError::Locked(directory.into())),
        Err(TryLockError::Error(error)) => Err(io_error("lock", directory)(error)),
    }
}

/// Drops a set that was not committed; completes one that was.
fn recover(directory: &Path) -> Result<(), WriteError> {
    for unfinished in [NEXT, KEPT] {
        let folder = directory.join(unfinished);
        if is_there(&folder)? {
            fs::remove_dir_all(&folder).map_err(io_error("remove", &folder))?;
        }
    }
    if is_there(&directory.join(COMMIT))? { roll_forward(directory) } else { Ok(()) }
}

/// Moves a committed set to its place. Every step can be repeated after a crash. The old manifest is moved away
/// first, so that a mixture never counts as results; the new one comes last.
fn roll_forward(directory: &Path) -> Result<(), WriteError> {
    let commit = directory.join(COMMIT);
    let Some(new) = read_manifest(&commit)? else {
        // All files are in place, including the manifest; only the empty folder is left.
        fs::remove_dir_all(&commit).map_err(io_error("remove", &commit))?;
        return sync_directory(directory);
    };
    let kept = listed(&commit, &new)?;
    let (manifest, old) = (directory.join(MANIFEST), commit.join(OLD));
    if is_there(&manifest)? {
        rename(&manifest, &old)?;
        sync_directory(directory)?;
    }
    let bytes = fs::read(&old).unwrap_or_default();
    if let Ok(old) = serde_json::from_slice::<Value>(&bytes) {
        let gone = listed(directory, &old)?;
        for (path, _) in gone.iter().filter(|(path, _)| !kept.iter().any(|(k, _)| k == path)) {
            refuse_links(directory, path)?;
            remove_if_there(&directory.join(path))?;
        }
    }
    for (path, _) in &kept {
        let (from, to) = (commit.join(path), directory.join(path));
        if !is_there(&from)? {
            continue; // moved before a crash
        }
        refuse_links(directory, path)?;
        if let Some(folder) = to.parent() {
            fs::create_dir_all(folder).map_err(io_error("create", folder))?;
            rename(&from, &to)?;
            sync_directory(folder)?;
        }
    }
    rename(&commit.join(MANIFEST), &manifest)?;
    sync_directory(directory)?;
    fs::remove_dir_all(&commit).map_err(io_error("remove", &commit))?;
    sync_directory(directory)
}

/// Refuses links on the path to `path`, since they could lead out of the directory (I11).
fn refuse_links(directory: &Path, path: &str) -> Result<(), WriteError> {
    let mut place = directory.to_path_buf();
    let mut parts: Vec<&str> = path.split('/').collect();
    parts.pop();
    for part in parts {
        place.push(part);
        if fs::symlink_metadata(&place).is_ok_and(|found| !found.is_dir()) {
            let source = io::Error::new(io::ErrorKind::NotADirectory, "it is not a folder");
            return Err(io_error("write into", &place)(source));
        }
    }
    Ok(())
}

/// Refuses a folder in the place of a file: a rename onto it would fail half-way.
fn refuse_folder(path: &Path) -> Result<(), WriteError> {
    if fs::symlink_metadata(path).is_ok_and(|found| found.is_dir()) {
        let source = io::Error::new(io::ErrorKind::IsADirectory, "there is a folder of this name");
        return Err(io_error("write", path)(source));
    }
    Ok(())
}

fn is_there(path: &Path) -> Result<bool, WriteError> {
    match fs::symlink_metadata(path) {
        Ok(_) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(false),
        Err(error) => Err(io_error("read", path)(error)),
    }
}

fn remove_if_there(path: &Path) -> Result<(), WriteError> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => {
            Err(io_error("remove", path)(error))
        }
        _ => Ok(()),
    }
}

fn rename(from: &Path, to: &Path) -> Result<(), WriteError> {
    fs::rename(from, to).map_err(io_error("rename to", to))
}

/// Writes a file that must not exist yet, and syncs it to disk.
fn write_new(path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
    let written =
        OpenOptions::new().write(true).create_new(true).open(path).and_then(|mut file| {
            file.write_all(bytes)?;
            file.sync_all()
        });
    written.map_err(|source| WriteError::Io {
        file: path.into(),
        doing: "write",
        wanted_bytes: Some(bytes.len() as u64),
        free_bytes: free_bytes(path, &source),
        source,
    })
}

/// Writes `path` under a temporary name beside it, then renames it.
fn write_atomically(path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(".part");
    let part = path.with_file_name(name);
    write_new(&part, bytes).map_err(|error| match error {
        WriteError::Io { doing, wanted_bytes, free_bytes, source, .. } => {
            WriteError::Io { file: path.into(), doing, wanted_bytes, free_bytes, source }
        }
        other => other,
    })?;
    rename(&part, path)?;
    path.parent().map_or(Ok(()), sync_directory)
}

/// Syncs the names in a directory to disk; a system that cannot open a directory does so by itself.
fn sync_directory(directory: &Path) -> Result<(), WriteError> {
    if cfg!(unix) {
        let sync = File::open(directory).and_then(|opened| opened.sync_all());
        sync.map_err(io_error("sync", directory))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests;
