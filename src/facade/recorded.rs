//! Results from an earlier run, and the facts that their manifest records.

use std::fs;
use std::path::{Path, PathBuf};

use serde_json::Value as Json;

use super::error::{Error, Kind};
use crate::report::run::{EVENT_TRAILS, SAMPLED, TOLD_ALONE, figures};
use crate::report::write::{self, ResultSet, read_manifest, sha256};
use crate::scenario::render::shown;
use crate::solve::trail::pieces;
use crate::study::record::SummaryRecord;
use crate::study::results::RESULTS_VERSION;

/// Verified results of one scenario.
pub(crate) struct Recorded {
    /// Their folder.
    pub(crate) folder: PathBuf,
    /// Their manifest; every file matches it.
    pub(crate) manifest: Json,
}

impl Recorded {
    /// Reads the results in `folder` and compares every file with the manifest. Returns `None` if the folder has no
    /// results of one scenario.
    ///
    /// # Errors
    ///
    /// [`Kind::Integrity`] if they are damaged.
    pub(crate) fn open(folder: &Path) -> Result<Option<Self>, Error> {
        let manifest = read_manifest(folder)?;
        let manifest = manifest.filter(|manifest| manifest["scenario"].is_string());
        let Some(manifest) = manifest else { return Ok(None) };
        write::verify(folder, &manifest)?;
        Ok(Some(Self { folder: folder.to_path_buf(), manifest }))
    }

    /// Reads results as [`Self::open`] does; `help` says which folder to give instead of one without any.
    ///
    /// # Errors
    ///
    /// [`Kind::Usage`] if the folder has no results of one scenario; [`Kind::Integrity`] if they are damaged.
    pub(crate) fn of_one_scenario(folder: &Path, help: &str) -> Result<Self, Error> {
        Self::open(folder)?.ok_or_else(|| {
            let name = shown(&folder.display().to_string());
            let message = format!("`{name}` is not the results folder of one scenario");
            Error::new(Kind::Usage, message).with_help(Some(help.to_string()))
        })
    }

    /// Returns the folder, for messages.
    pub(crate) fn name(&self) -> String {
        shown(&self.folder.display().to_string())
    }

    /// Returns the name of the scenario.
    pub(crate) fn scenario(&self) -> &str {
        self.manifest["scenario"].as_str().unwrap_or_default()
    }

    /// Returns the version of the results format.
    pub(crate) fn results_version(&self) -> u64 {
        self.manifest["results_version"].as_u64().unwrap_or(0)
    }

    /// Returns whether all replications are present.
    pub(crate) fn is_complete(&self) -> bool {
        self.manifest["complete"] == true
    }

    /// Returns the command that made them, without paths.
    pub(crate) fn command(&self) -> &str {
        self.manifest["command"].as_str().unwrap_or_default()
    }

    /// Returns the lines that the digest covers: the identity of the run and its outcomes.
    pub(crate) fn covers(&self) -> Vec<&str> {
        let lines = self.manifest["digest_covers"].as_array().into_iter().flatten();
        lines.filter_map(Json::as_str).collect()
    }

    /// Returns the number of replications of a window.
    pub(crate) fn replications(&self, window: &str) -> Option<u64> {
        let count = |line: &str| {
            let (name, count) = line.strip_prefix("replications ")?.rsplit_once(' ')?;
            if name == window { count.parse().ok() } else { None }
        };
        self.covers().into_iter().find_map(count)
    }

    /// Returns the event-digest checkpoints of a replication; `None` if there are none, as in results of older
    /// versions.
    pub(crate) fn trail(&self, of: &History<'_>) -> Option<Vec<u16>> {
        let lines = self.manifest[EVENT_TRAILS].as_array()?.iter().filter_map(Json::as_str);
        let found = lines.filter_map(History::after).find(|one| one.is_that_of(of))?;
        pieces(found.digest)
    }

    /// Returns whether the scenario was run alone, not for a comparison.
    pub(crate) fn is_told_alone(&self) -> bool {
        self.covers().contains(&TOLD_ALONE)
    }

    /// Returns whether request windows were sampled from the long horizon; results of `compare` have none.
    pub(crate) fn is_sampled(&self) -> bool {
        let of_windows =
            |line: &&str| line.strip_prefix(SAMPLED).is_some_and(|r| r.starts_with(' '));
        self.covers().iter().any(of_windows)
    }

    /// Reads the file at `path` of these results.
    ///
    /// # Errors
    ///
    /// [`Kind::Integrity`] if it cannot be read.
    pub(crate) fn file(&self, path: &str) -> Result<Vec<u8>, Error> {
        fs::read(self.folder.join(path)).map_err(|error| {
            Error::new(Kind::Integrity, format!("cannot read {}: {error}", self.name()))
        })
    }

    /// Reads the figures; `called` is the word for the folder in messages.
    ///
    /// # Errors
    ///
    /// [`Kind::Inconclusive`] if replications are missing or the summary cannot be parsed by this version;
    /// [`Kind::Integrity`] if the file cannot be read.
    pub(crate) fn summary(&self, called: &str) -> Result<SummaryRecord, Error> {
        if !self.is_complete() {
            let message =
                format!("the {called} {} is partial: replications are missing", self.name());
            return Err(Error::new(Kind::Inconclusive, message));
        }
        let bytes = self.file("summary.json")?;
        let values = self.file("replications.json").ok();
        let summary = SummaryRecord::parse(&bytes).and_then(|summary| match values {
            Some(values) => summary.with_values(&values),
            None => Ok(summary),
        });
        summary.map_err(|error| {
            let message = format!(
                "the summary of {} (results version {}) cannot be read by this version ({RESULTS_VERSION}): {error}",
                self.name(),
                self.results_version(),
            );
            Error::new(Kind::Inconclusive, message)
        })
    }

    /// Returns path and SHA-256 of every file in the manifest.
    pub(crate) fn files(&self) -> impl Iterator<Item = (&str, Option<&str>)> {
        let entries = self.manifest["files"].as_array().into_iter().flatten();
        entries.filter_map(|entry| Some((entry["path"].as_str()?, entry["sha256"].as_str())))
    }

    /// Returns the files that differ from new results, in order of path, and the number of all files.
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

/// The tables of verified, complete results: of a scenario, a comparison, a sweep or a ledger of claims.
pub(crate) struct RecordedTables {
    recorded: Recorded,
    /// Figures of a scenario, as CSV.
    figures: Option<Vec<u8>>,
}

/// Name of the table of all figures, which no file of the results has: those that `run --format csv` prints, by path.
const FIGURES: &str = "figures.csv";

impl RecordedTables {
    /// Reads the results in `folder`.
    ///
    /// # Errors
    ///
    /// [`Kind::Usage`] if there are none; [`Kind::Inconclusive`] if they are partial or of another version;
    /// [`Kind::Integrity`] if they are damaged.
    pub(crate) fn open(folder: &Path) -> Result<Self, Error> {
        let name = shown(&folder.display().to_string());
        let Some(manifest) = read_manifest(folder)? else {
            let help = "give a folder that `run`, `compare` or `sweep` has written";
            let message = format!("`{name}` has no results");
            return Err(Error::new(Kind::Usage, message).with_help(Some(help.to_string())));
        };
        write::verify(folder, &manifest)?;
        let recorded = Recorded { folder: folder.to_path_buf(), manifest };
        if !recorded.is_complete() {
            let message = format!("the results folder {name} is partial: replications are missing");
            return Err(Error::new(Kind::Inconclusive, message));
        }
        let is_scenario = recorded.manifest["scenario"].is_string();
        let figures = is_scenario
            .then(|| {
                recorded.summary("results folder").map(|summary| figures::of_summary(&summary))
            })
            .transpose()?;
        Ok(Self { recorded, figures })
    }

    /// Returns the digest of the results.
    pub(crate) fn digest(&self) -> &str {
        self.recorded.manifest["digest"].as_str().unwrap_or_default()
    }

    /// Returns the names of the tables, each with `.csv`.
    pub(crate) fn names(&self) -> impl Iterator<Item = &str> {
        let files = self.recorded.files().map(|(path, _)| path);
        let files = files.filter(|path| path.ends_with(".csv") && !path.contains('/'));
        files.chain(self.figures.as_ref().map(|_| FIGURES))
    }

    /// Returns the CSV file of a table.
    ///
    /// # Errors
    ///
    /// [`Kind::Integrity`] if it cannot be read.
    pub(crate) fn read(&self, name: &str) -> Result<Vec<u8>, Error> {
        match &self.figures {
            Some(figures) if name == FIGURES => Ok(figures.clone()),
            _ => self.recorded.file(name),
        }
    }
}

/// Returns the lines that the digest of new results covers.
pub(crate) fn covers(set: &ResultSet) -> Vec<&str> {
    let lines = set.facts["digest_covers"].as_array().into_iter().flatten();
    lines.filter_map(Json::as_str).collect()
}

/// Keeps the lines that identify what was run: scenario, files, seed, version of results.
pub(crate) fn identity<'a>(covers: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let heads = ["scenario ", "file ", "seed ", "results-version "];
    let kept = |line: &&str| heads.iter().any(|head| line.starts_with(head));
    covers.into_iter().filter(kept).collect()
}

/// Describes the first line of `new` that differs from `old`; an event digest is described by its window and
/// replication.
pub(crate) fn first_difference(old: &[&str], new: &[&str]) -> Option<String> {
    let none = "nothing";
    let at = (0..old.len().max(new.len())).find(|at| old.get(*at) != new.get(*at))?;
    let (was, is) = (old.get(at).unwrap_or(&none), new.get(at).unwrap_or(&none));
    Some(match (History::of(was), History::of(is)) {
        (Some(was), Some(is)) if was.is_that_of(&is) => {
            let (window, number) = (shown(was.window), was.replication + 1);
            let (was, is) = (shown(was.digest), is.digest);
            format!("the trajectory of window {window}, replication {number}: events {was} → {is}")
        }
        _ => format!("{} → {}", shown(was), shown(is)),
    })
}

/// The event digest or the checkpoints of one replication.
#[derive(Clone, Copy, Debug)]
pub(crate) struct History<'a> {
    /// The window.
    pub(crate) window: &'a str,
    /// The replication, counted from 0.
    pub(crate) replication: u64,
    /// The digest of its events, or its event-digest checkpoints.
    pub(crate) digest: &'a str,
}

impl<'a> History<'a> {
    /// Parses a line that a digest covers; returns `None` if it is not an event digest.
    pub(crate) fn of(line: &'a str) -> Option<Self> {
        Self::after(line.strip_prefix("events ")?)
    }

    /// Parses `<window> <replication> <digest>`.
    fn after(line: &'a str) -> Option<Self> {
        let (rest, digest) = line.rsplit_once(' ')?;
        let (window, replication) = rest.rsplit_once(' ')?;
        Some(Self { window, replication: replication.parse().ok()?, digest })
    }

    /// Returns whether both belong to the same replication of the same window.
    pub(crate) fn is_that_of(&self, other: &History<'_>) -> bool {
        (self.window, self.replication) == (other.window, other.replication)
    }
}
