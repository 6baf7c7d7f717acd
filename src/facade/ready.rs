//! A scenario that is ready to be simulated, and the results of its simulation.

use std::path::Path;
use std::sync::Arc;

use super::error::{Error, Kind};
use super::load::{Canonical, Loaded, canonical};
use super::results::Results;
use super::run::Run;
use crate::model::blueprint::Blueprint;
use crate::plan::{Draft, cost, records};
use crate::report::run::{ASKED, Identity, SAMPLED, TOLD_ALONE};
use crate::report::write::sha256;
use crate::scenario::render::shown;
use crate::solve::requests::Breach;
use crate::study::compare::Member;
use crate::study::results::{Results as Rows, gather};
use crate::study::scenario::{self, StudyPlan, StudyResult};
use crate::study::why;
use crate::study::window::Watch;

/// Window and replication that this thread simulates; empty if it simulates nothing.
pub(crate) use crate::study::underway::now as under_way;

/// A scenario that is ready to be simulated.
#[derive(Debug)]
pub struct Ready {
    /// The scenario as it was read.
    pub loaded: Loaded,
    /// Windows, replications and figures to run.
    pub study: StudyPlan,
    /// Its canonical form.
    pub canonical: Canonical,
    /// Assignments that were applied to the file.
    pub assignments: Vec<String>,
}

impl Ready {
    /// Takes a scenario that was loaded to be run, with `assignments` applied to its file.
    ///
    /// # Errors
    ///
    /// The diagnostics, if there is an error; a figure of the run that does not exist.
    pub(crate) fn new(loaded: Loaded, assignments: Vec<String>) -> Result<Self, Error> {
        let ready = Self::with_any_figures(loaded, assignments)?;
        match ready.study.refused.first() {
            Some((_, wrong)) => Err(wrong.into()),
            None => Ok(ready),
        }
    }

    /// Like [`Self::new`], but accepts figures of the run that do not exist.
    pub(crate) fn with_any_figures(
        mut loaded: Loaded,
        assignments: Vec<String>,
    ) -> Result<Self, Error> {
        let study = loaded.study.take();
        let canonical = canonical(loaded.runnable()?);
        let study = study.ok_or_else(|| Error::refused(&loaded))?;
        Ok(Self { loaded, study, canonical, assignments })
    }

    /// Reads the scenario file at `path` and resolves everything that `run` asks for.
    ///
    /// # Errors
    ///
    /// The errors of [`Self::new`]; a run that is too long; a file that cannot be read.
    pub(crate) fn load(path: &Path, run: &Run) -> Result<Self, Error> {
        let mut loaded = run.read(path, None)?;
        loaded.weigh(run, 1);
        Self::new(loaded, run.assignments.clone())
    }

    /// Reads the same scenario from its canonical form, whose parts are in the order of their names.
    ///
    /// # Errors
    ///
    /// A figure of the run that does not exist.
    pub(crate) fn in_canonical_order(&self, run: &Run) -> Result<Self, Error> {
        Self::new(run.read_canonical(&self.canonical.toml, &self.loaded.folder), Vec::new())
    }

    /// Returns the draft.
    #[must_use]
    pub fn draft(&self) -> &Draft {
        self.loaded.draft.as_ref().expect("a scenario that is ready has a draft")
    }

    /// Returns the name of the scenario.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.draft().scenario.scenario.value.text
    }

    /// Returns the blueprint.
    #[must_use]
    pub fn blueprint(&self) -> &Blueprint {
        self.loaded.blueprint.as_ref().expect("a scenario that is ready has a blueprint")
    }

    /// Returns the monthly and the one-time cost in dollars; `None` without prices.
    pub(crate) fn cost(&self) -> (Option<f64>, Option<f64>) {
        cost::totals(self.draft())
    }

    /// Returns the number of its claims.
    pub(crate) fn claims(&self) -> usize {
        self.draft().scenario.claim.len()
    }

    /// Returns the lines of the results digest that are known before the run.
    #[must_use]
    pub fn facts(&self) -> Vec<String> {
        let mut facts = vec![format!("scenario {}", self.canonical.digest)];
        for window in &self.study.windows {
            let (least, most) = window.replications;
            if least == most || window.precision.is_empty() {
                facts.push(format!("replications {} {least}", window.window.name));
            }
        }
        if let Some(years) = self.study.years.as_ref().filter(|years| years.precision.is_empty()) {
            facts.push(format!("years {} {}", years.of.horizon, years.replications.0));
        }
        if self.study.alone {
            facts.push(TOLD_ALONE.to_string());
        }
        if let Some(sampled) = &self.study.sampled {
            facts.push(format!("{SAMPLED} {}", sampled.sizes.replications));
        }
        facts.extend(self.study.asked.iter().map(|one| format!("{ASKED} {}", one.path)));
        facts
    }

    /// Returns the number of replications that run in any case: the sum of the windows' minimums.
    #[must_use]
    pub fn replications(&self) -> u64 {
        self.study.windows.iter().map(|window| u64::from(window.replications.0)).sum()
    }

    /// Returns the trace files that the scenario names, each with the digest of its content.
    ///
    /// # Errors
    ///
    /// A file that cannot be read.
    pub fn traces(&self) -> Result<Vec<(String, String)>, Error> {
        let files = records::files(&self.draft().scenario).into_iter();
        files.map(|name| Ok((name.to_string(), digest_of(&self.loaded.folder, name)?))).collect()
    }

    /// Simulates the scenario with the options of `run`.
    ///
    /// # Errors
    ///
    /// A trace file that no longer exists; a broken invariant.
    pub(crate) fn live(self: &Arc<Self>, run: &Run) -> Result<Results, Error> {
        let traces = self.traces()?;
        let watch = Watch::default();
        let result = run.during(self.replications(), &watch, || self.simulate(&watch))?;
        let result = result.map_err(|breach| Error::breach(&breach, &self.phrase()))?;
        let rows = self.rows(&result);
        // Named after the scenario file that is written beside the results.
        let identity = self.identity(traces, run.command("run", &["scenario"]));
        Ok(Results::new(Arc::clone(self), result, rows, identity))
    }

    /// Returns name, digest and seed, for the message on a defect of fivenines.
    pub(crate) fn phrase(&self) -> String {
        let seed = self.draft().scenario.run.seed.value;
        format!("scenario {}, {}, seed {seed}", self.name(), self.canonical.digest)
    }

    /// Simulates everything that the study asks for, on the threads of the caller.
    ///
    /// # Errors
    ///
    /// [`Breach`] if an invariant is broken.
    pub fn simulate(&self, watch: &Watch) -> Result<StudyResult, Breach> {
        let mut result = scenario::run(self.blueprint(), &self.study, watch)?;
        result.why = why::ask(self.draft(), &self.study, &result, watch)?;
        Ok(result)
    }

    /// Computes the rows of a result.
    #[must_use]
    pub fn rows(&self, result: &StudyResult) -> Rows {
        gather(self.draft(), self.blueprint(), &self.study, result)
    }

    /// Returns the identity of the run with the given command: canonical form, traces, cost.
    #[must_use]
    pub fn identity(&self, traces: Vec<(String, String)>, command: String) -> Identity {
        let (monthly_cost, once_cost) = self.cost();
        Identity {
            canonical: self.canonical.toml.clone(),
            canonical_digest: self.canonical.digest.clone(),
            traces,
            command,
            monthly_cost,
            once_cost,
        }
    }

    /// Returns the scenario with its result, as a member of a comparison.
    #[must_use]
    pub fn member<'a>(&'a self, result: &'a StudyResult, results: &'a Rows) -> Member<'a> {
        let (monthly_cost, once_cost) = self.cost();
        Member {
            draft: self.draft(),
            plan: self.blueprint(),
            study: &self.study,
            result,
            results,
            monthly_cost,
            once_cost,
            file: self.loaded.file.as_deref(),
            base: self.loaded.base.as_ref().map(|(name, file)| (name.as_str(), file.as_path())),
        }
    }
}

/// Computes the digest of a file that a scenario names.
///
/// # Errors
///
/// A file that cannot be read.
pub(crate) fn digest_of(folder: &Path, name: &str) -> Result<String, Error> {
    let bytes = std::fs::read(folder.join(name))
        .map_err(|error| Error::new(Kind::Io, format!("cannot read `{}`: {error}", shown(name))))?;
    Ok(format!("sha256:{}", sha256(&bytes)))
}
