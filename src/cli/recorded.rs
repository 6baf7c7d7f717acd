//! What results say of how they were made.

use std::path::{Path, PathBuf};

use clap::Parser as _;
use serde_json::Value as Json;

use super::exit::{Exit, Failure};
use super::flags::{Cli, Command, Effort};
use crate::report::run::{EVENT_TRAILS, SAMPLED, TOLD_ALONE};
use crate::report::write::{self, read_manifest};
use crate::scenario::render::shown;
use crate::solve::trail::pieces;

/// Results of one scenario that are whole.
pub struct Recorded {
    /// Their folder.
    pub folder: PathBuf,
    /// Their manifest; every file is as it says.
    pub manifest: Json,
}

impl Recorded {
    /// Reads the results in `folder` and compares every file with what the manifest says of it;
    /// `None` when there are none of one scenario.
    ///
    /// # Errors
    ///
    /// [`Exit::Integrity`] when they are damaged.
    pub fn open(folder: &Path) -> Result<Option<Self>, Failure> {
        let manifest = read_manifest(folder)?;
        let manifest = manifest.filter(|manifest| manifest["scenario"].is_string());
        let Some(manifest) = manifest else { return Ok(None) };
        write::verify(folder, &manifest)?;
        Ok(Some(Self { folder: folder.to_path_buf(), manifest }))
    }

    /// The folder, to be shown.
    #[must_use]
    pub fn name(&self) -> String {
        shown(&self.folder.display().to_string())
    }

    /// The scenario.
    #[must_use]
    pub fn scenario(&self) -> &str {
        self.manifest["scenario"].as_str().unwrap_or_default()
    }

    /// The version of its results.
    #[must_use]
    pub fn results_version(&self) -> u64 {
        self.manifest["results_version"].as_u64().unwrap_or(0)
    }

    /// Whether no replication is missing.
    #[must_use]
    pub fn is_complete(&self) -> bool {
        self.manifest["complete"] == true
    }

    /// The command that made them, without paths.
    #[must_use]
    pub fn command(&self) -> &str {
        self.manifest["command"].as_str().unwrap_or_default()
    }

    /// What identifies the run and what came out of it, line by line, as the digest covers it.
    #[must_use]
    pub fn covers(&self) -> Vec<&str> {
        let lines = self.manifest["digest_covers"].as_array().into_iter().flatten();
        lines.filter_map(Json::as_str).collect()
    }

    /// How many replications of a window there are.
    #[must_use]
    pub fn replications(&self, window: &str) -> Option<u64> {
        let count = |line: &str| {
            let (name, count) = line.strip_prefix("replications ")?.rsplit_once(' ')?;
            if name == window { count.parse().ok() } else { None }
        };
        self.covers().into_iter().find_map(count)
    }

    /// What was noted of a history on the way; `None` when nothing was, as of results that are older
    /// than such notes.
    #[must_use]
    pub fn trail(&self, of: &History<'_>) -> Option<Vec<u16>> {
        let lines = self.manifest[EVENT_TRAILS].as_array()?.iter().filter_map(Json::as_str);
        let found = lines.filter_map(History::after).find(|one| one.is_that_of(of))?;
        pieces(found.digest)
    }

    /// Whether they are of a scenario that was run alone.
    #[must_use]
    pub fn is_told_alone(&self) -> bool {
        self.covers().contains(&TOLD_ALONE)
    }

    /// Whether windows of requests were drawn from the years: `compare` writes results without.
    #[must_use]
    pub fn is_sampled(&self) -> bool {
        let of_windows =
            |line: &&str| line.strip_prefix(SAMPLED).is_some_and(|r| r.starts_with(' '));
        self.covers().iter().any(of_windows)
    }

    /// The flags that say how much was simulated. The seed and what flags laid over the scenario
    /// stand in the scenario beside the results.
    ///
    /// # Errors
    ///
    /// [`Exit::Integrity`] when the recorded command is none of ours.
    pub fn effort(&self) -> Result<Effort, Failure> {
        let words = self.command().split_whitespace();
        match Cli::try_parse_from(words).map(|cli| cli.command) {
            // It has been run once.
            Ok(Some(Command::Run(args))) => {
                let figure = args.figure;
                Ok(Effort { long: true, figure, ..args.simulation.effort })
            }
            _ => {
                let message = format!(
                    "{} does not say how its results were made: `{}`",
                    self.name(),
                    shown(self.command())
                );
                Err(Failure::new(Exit::Integrity, message))
            }
        }
    }
}

/// The lines that say what was run: scenario, files, seed, version of results.
#[must_use]
pub fn identity<'a>(covers: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let heads = ["scenario ", "file ", "seed ", "results-version "];
    let kept = |line: &&str| heads.iter().any(|head| line.starts_with(head));
    covers.into_iter().filter(kept).collect()
}

/// The first line of `new` that is not that of `old`, in words: a history by its window and
/// replication.
#[must_use]
pub fn first_difference(old: &[&str], new: &[&str]) -> Option<String> {
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
pub struct History<'a> {
    /// The window.
    pub window: &'a str,
    /// The replication, counted from 0.
    pub replication: u64,
    /// The digest of its events, or what was noted of it on the way.
    pub digest: &'a str,
}

impl<'a> History<'a> {
    /// Of a line of what a digest covers; `None` when it is of something else.
    #[must_use]
    pub fn of(line: &'a str) -> Option<Self> {
        Self::after(line.strip_prefix("events ")?)
    }

    /// Of `<window> <replication> <digest>`.
    fn after(line: &'a str) -> Option<Self> {
        let (rest, digest) = line.rsplit_once(' ')?;
        let (window, replication) = rest.rsplit_once(' ')?;
        Some(Self { window, replication: replication.parse().ok()?, digest })
    }

    /// Whether both are of the same replication of the same window.
    #[must_use]
    pub fn is_that_of(&self, other: &History<'_>) -> bool {
        (self.window, self.replication) == (other.window, other.replication)
    }
}
