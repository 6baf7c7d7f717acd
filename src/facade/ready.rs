//! A scenario that is ready to be simulated, and what comes of it.

use std::path::Path;
use std::sync::Arc;

use super::error::{Error, Kind};
use super::load::{Canonical, Loaded, canonical};
use super::results::Results;
use super::run::Run;
use crate::model::blueprint::Blueprint;
use crate::plan::{Draft, cost};
use crate::report::run::{ASKED, Identity, SAMPLED, TOLD_ALONE};
use crate::report::write::sha256;
use crate::scenario::render::shown;
use crate::solve::requests::Breach;
use crate::study::compare::Member;
use crate::study::results::{Results as Rows, gather};
use crate::study::scenario::{self, StudyPlan, StudyResult};
use crate::study::why;
use crate::study::window::Watch;

/// Window and replication that this thread simulates; empty where it simulates nothing.
pub(crate) use crate::study::underway::now as under_way;

/// A scenario that is ready to be simulated.
#[derive(Debug)]
pub struct Ready {
    /// As it was read.
    pub loaded: Loaded,
    /// What is asked of it.
    pub study: StudyPlan,
    /// Its one spelling.
    pub canonical: Canonical,
    /// What was laid over the file.
    pub assignments: Vec<String>,
}

impl Ready {
    /// A scenario that was loaded to be run, with `assignments` laid over its file.
    ///
    /// # Errors
    ///
    /// The diagnostics, when there is an error; a figure of the run that there is not.
    pub(crate) fn new(loaded: Loaded, assignments: Vec<String>) -> Result<Self, Error> {
        let ready = Self::with_any_figures(loaded, assignments)?;
        match ready.study.refused.first() {
            Some((_, wrong)) => Err(wrong.into()),
            None => Ok(ready),
        }
    }

    /// As [`Self::new`], also with figures of the run that there are not.
    pub(crate) fn with_any_figures(
        mut loaded: Loaded,
        assignments: Vec<String>,
    ) -> Result<Self, Error> {
        let study = loaded.study.take();
        let canonical = canonical(loaded.runnable()?);
        let study = study.ok_or_else(|| Error::refused(&loaded))?;
        Ok(Self { loaded, study, canonical, assignments })
    }

    /// Reads the scenario file at `path` and resolves all that `run` asks of it.
    ///
    /// # Errors
    ///
    /// As [`Self::new`]; a run that is too long; a file that cannot be read.
    pub(crate) fn load(path: &Path, run: &Run) -> Result<Self, Error> {
        let mut loaded = run.read(path, None)?;
        loaded.weigh(run, 1);
        Self::new(loaded, run.assignments.clone())
    }

    /// The draft.
    #[must_use]
    pub fn draft(&self) -> &Draft {
        self.loaded.draft.as_ref().expect("a scenario that is ready has a draft")
    }

    /// The name of the scenario.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.draft().scenario.scenario.value.text
    }

    /// The blueprint.
    #[must_use]
    pub fn blueprint(&self) -> &Blueprint {
        self.loaded.blueprint.as_ref().expect("a scenario that is ready has a blueprint")
    }

    /// What it costs per month and once, in dollars, where it has prices.
    pub(crate) fn cost(&self) -> (Option<f64>, Option<f64>) {
        cost::totals(self.draft())
    }

    /// Number of claims that it states.
    pub(crate) fn claims(&self) -> usize {
        self.draft().scenario.claim.len()
    }

    /// What its digest will cover, as far as it is known before the run.
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

    /// Replications that there are in any case.
    #[must_use]
    pub fn replications(&self) -> u64 {
        self.study.windows.iter().map(|window| u64::from(window.replications.0)).sum()
    }

    /// The files that the scenario names, each with the digest of its content.
    ///
    /// # Errors
    ///
    /// A file that cannot be read.
    pub fn traces(&self) -> Result<Vec<(String, String)>, Error> {
        let mut traces = Vec::new();
        for (_, workload) in self.draft().scenario.workload.iter() {
            let Some(trace) = &workload.trace else { continue };
            let name = &trace.file.value;
            traces.push((name.clone(), digest_of(&self.loaded.folder, name)?));
        }
        traces.sort();
        traces.dedup();
        Ok(traces)
    }

    /// Simulates it as `run` has it.
    ///
    /// # Errors
    ///
    /// A file that it names and that is gone; a broken invariant.
    pub(crate) fn live(self: &Arc<Self>, run: &Run) -> Result<Results, Error> {
        let traces = self.traces()?;
        let watch = Watch::default();
        let result = run.during(self.replications(), &watch, || self.simulate(&watch))?;
        let result = result.map_err(|breach| Error::breach(&breach, &self.phrase()))?;
        let rows = self.rows(&result);
        // By the name of the file beside the results.
        let identity = self.identity(traces, run.command("run", &["scenario"]));
        Ok(Results::new(Arc::clone(self), result, rows, identity))
    }

    /// Its name, digest and seed, for the words when something is wrong with fivenines.
    pub(crate) fn phrase(&self) -> String {
        let seed = self.draft().scenario.run.seed.value;
        format!("scenario {}, {}, seed {seed}", self.name(), self.canonical.digest)
    }

    /// Simulates all that is asked of it, on the threads of the caller.
    ///
    /// # Errors
    ///
    /// [`Breach`] when an invariant is broken.
    pub fn simulate(&self, watch: &Watch) -> Result<StudyResult, Breach> {
        let mut result = scenario::run(self.blueprint(), &self.study, watch)?;
        result.why = why::ask(self.draft(), &self.study, &result, watch)?;
        Ok(result)
    }

    /// The rows of a result.
    #[must_use]
    pub fn rows(&self, result: &StudyResult) -> Rows {
        gather(self.draft(), self.blueprint(), &self.study, result)
    }

    /// What identifies the run with this command, beside its figures.
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

    /// Itself with its result, as one of several that are compared.
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
        }
    }
}

/// The digest of a file that a scenario names.
///
/// # Errors
///
/// When it cannot be read.
pub(crate) fn digest_of(folder: &Path, name: &str) -> Result<String, Error> {
    let bytes = std::fs::read(folder.join(name))
        .map_err(|error| Error::new(Kind::Io, format!("cannot read `{}`: {error}", shown(name))))?;
    Ok(format!("sha256:{}", sha256(&bytes)))
}
