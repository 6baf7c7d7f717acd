//! Results that were written before, and what they say of how they were made.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;

use super::error::{Error, Kind};
use crate::report::run::{EVENT_TRAILS, SAMPLED, TOLD_ALONE};
use crate::report::write::{self, ResultSet, read_manifest, sha256};
use crate::scenario::render::shown;
use crate::solve::trail::pieces;

/// Results of one scenario that are whole.
pub(crate) struct Recorded {
    /// Their folder.
    pub(crate) folder: PathBuf,
    /// Their manifest; every file is as it says.
    pub(crate) manifest: Json,
}

impl Recorded {
    /// Reads the results in `folder` and compares every file with what the manifest says of it;
    /// `None` when there are none of one scenario.
    ///
    /// # Errors
    ///
    /// [`Kind::Integrity`] when they are damaged.
    pub(crate) fn open(folder: &Path) -> Result<Option<Self>, Error> {
        let manifest = read_manifest(folder)?;
        let manifest = manifest.filter(|manifest| manifest["scenario"].is_string());
        let Some(manifest) = manifest else { return Ok(None) };
        write::verify(folder, &manifest)?;
        Ok(Some(Self { folder: folder.to_path_buf(), manifest }))
    }

    /// The folder, to be shown.
    pub(crate) fn name(&self) -> String {
        shown(&self.folder.display().to_string())
    }

    /// The scenario.
    pub(crate) fn scenario(&self) -> &str {
        self.manifest["scenario"].as_str().unwrap_or_default()
    }

    /// The version of its results.
    pub(crate) fn results_version(&self) -> u64 {
        self.manifest["results_version"].as_u64().unwrap_or(0)
    }

    /// Whether no replication is missing.
    pub(crate) fn is_complete(&self) -> bool {
        self.manifest["complete"] == true
    }

    /// The command that made them, without paths.
    pub(crate) fn command(&self) -> &str {
        self.manifest["command"].as_str().unwrap_or_default()
    }

    /// What identifies the run and what came out of it, line by line, as the digest covers it.
    pub(crate) fn covers(&self) -> Vec<&str> {
        let lines = self.manifest["digest_covers"].as_array().into_iter().flatten();
        lines.filter_map(Json::as_str).collect()
    }

    /// How many replications of a window there are.
    pub(crate) fn replications(&self, window: &str) -> Option<u64> {
        let count = |line: &str| {
            let (name, count) = line.strip_prefix("replications ")?.rsplit_once(' ')?;
            if name == window { count.parse().ok() } else { None }
        };
        self.covers().into_iter().find_map(count)
    }

    /// What was noted of a history on the way; `None` when nothing was, as of results that are older
    /// than such notes.
    pub(crate) fn trail(&self, of: &History<'_>) -> Option<Vec<u16>> {
        let lines = self.manifest[EVENT_TRAILS].as_array()?.iter().filter_map(Json::as_str);
        let found = lines.filter_map(History::after).find(|one| one.is_that_of(of))?;
        pieces(found.digest)
    }

    /// Whether they are of a scenario that was run alone.
    pub(crate) fn is_told_alone(&self) -> bool {
        self.covers().contains(&TOLD_ALONE)
    }

    /// Whether windows of requests were drawn from the years: `compare` writes results without.
    pub(crate) fn is_sampled(&self) -> bool {
        let of_windows =
            |line: &&str| line.strip_prefix(SAMPLED).is_some_and(|r| r.starts_with(' '));
        self.covers().iter().any(of_windows)
    }

    /// The file at `path` of these results.
    ///
    /// # Errors
    ///
    /// [`Kind::Integrity`] when it cannot be read.
    pub(crate) fn file(&self, path: &str) -> Result<Vec<u8>, Error> {
        fs::read(self.folder.join(path)).map_err(|error| {
            Error::new(Kind::Integrity, format!("cannot read {}: {error}", self.name()))
        })
    }

    /// Path and SHA-256 of every file, as the manifest lists them.
    pub(crate) fn files(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        let entries = self.manifest["files"].as_array().into_iter().flatten();
        entries.filter_map(|entry| Some((entry["path"].as_str()?, entry["sha256"].as_str())))
    }

    /// The files whose content differs from that of new results, in order of path, and how many there are in all.
    pub(crate) fn differing(&self, set: &ResultSet) -> (Vec<String>, usize) {
        let mut names: Vec<&str> = self.files().map(|(path, _)| path).collect();
        names.extend(set.files.iter().map(|file| file.path.as_str()));
        names.sort_unstable();
        names.dedup();
        let differs = |name: &&str| {
            let was = self.files().find(|(path, _)| path == name).and_then(|(_, digest)| digest);
            was.map(str::to_string) != set.file(name).map(sha256)
        };
        let all = names.len();
        (names.into_iter().filter(differs).map(str::to_string).collect(), all)
    }
}

/// What the digest of new results covers, line by line.
pub(crate) fn covers(set: &ResultSet) -> Vec<&str> {
    let lines = set.facts["digest_covers"].as_array().into_iter().flatten();
    lines.filter_map(Json::as_str).collect()
}

/// The lines that say what was run: scenario, files, seed, version of results.
pub(crate) fn identity<'a>(covers: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let heads = ["scenario ", "file ", "seed ", "results-version "];
    let kept = |line: &&str| heads.iter().any(|head| line.starts_with(head));
    covers.into_iter().filter(kept).collect()
}

/// The first line of `new` that is not that of `old`, in words: a history by its window and
/// replication.
pub(crate) fn first_difference(old: &[&str], new: &[&str]) -> Option<String> {
    let none = "nothing";
    let at = (0..old.len().max(new.len())).find(|at| old.get(*at) != new.get(*at))?;
    let (was, is) = (old.get(at).unwrap_or(&none), new.get(at).unwrap_or(&none));
    Some(match (History::of(was), History::of(is)) {
        (Some(was), Some(is)) if was.is_that_of(&is) => {
            let (window, number) = (shown(was.window), was.replication + 1);
            let (was, is) = (shown(was.digest), is.digest);
            format!("the history of window {window}, replication {number}: events {was} → {is}")
        }
        _ => format!("{} → {}", shown(was), shown(is)),
    })
}

/// What a digest covers of one history.
#[derive(Clone, Copy, Debug)]
pub(crate) struct History<'a> {
    /// The window.
    pub(crate) window: &'a str,
    /// The replication, counted from 0.
    pub(crate) replication: u64,
    /// The digest of its events, or what was noted of it on the way.
    pub(crate) digest: &'a str,
}

impl<'a> History<'a> {
    /// Of a line of what a digest covers; `None` when it is of something else.
    pub(crate) fn of(line: &'a str) -> Option<Self> {
        Self::after(line.strip_prefix("events ")?)
    }

    /// Of `<window> <replication> <digest>`.
    fn after(line: &'a str) -> Option<Self> {
        let (rest, digest) = line.rsplit_once(' ')?;
        let (window, replication) = rest.rsplit_once(' ')?;
        Some(Self { window, replication: replication.parse().ok()?, digest })
    }

    /// Whether both are of the same replication of the same window.
    pub(crate) fn is_that_of(&self, other: &History<'_>) -> bool {
        (self.window, self.replication) == (other.window, other.replication)
    }
}
