//! The ledger of claims: the models whose figures the claims need, and the verdicts.
//!
//! A claim is tested with the file unchanged and at every point of its range, each time in all scenarios that its
//! figure names. Points with the same model are run once, for all figures that claims use.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use super::beside;
use crate::facade::error::Error;
use crate::facade::ready::Ready;
use crate::facade::results::Results;
use crate::facade::run::Run;
use crate::model::spec::runs::ClaimSpec;
use crate::report::claims::Ledger;
use crate::scenario::diagnostic::Diagnostics;
use crate::study::claim::{At, Criterion, Decided, Judged, Outcome, Point, Side, Term, judge};
use crate::study::measure::NoValue;
use crate::study::results::RESULTS_VERSION;
use crate::study::window::Estimate;

/// A model to run, with every figure that claims need of it.
struct Model {
    file: PathBuf,
    assignments: Vec<String>,
    digest: String,
    figures: Vec<String>,
}

/// A claim and the models that its figures come from.
struct Planned {
    head: Judged,
    criterion: Option<Criterion>,
    level: f64,
    /// Models by point and term: first the unchanged file, then each point; an index into [`Plan::models`] per term.
    models: Vec<Vec<usize>>,
}

/// The models that claims need, collected scenario by scenario, and their estimates.
pub(crate) struct Plan {
    run: Run,
    claims: Vec<Planned>,
    /// Distinct models.
    models: Vec<Model>,
    /// Digest of each model, by its file and the assignments on top of it.
    digests: BTreeMap<(PathBuf, Vec<String>), String>,
    /// Digest of each scenario that has or names a claim, with its file unchanged.
    members: BTreeMap<String, String>,
    seed: Option<u64>,
    /// Estimates by model and figure path.
    sides: BTreeMap<(usize, String), Side>,
    /// True if a window had more replications than are kept one by one.
    beyond: bool,
}

impl Plan {
    /// Creates an empty plan; every model is run with the options of `run` and the figures that claims need.
    pub(crate) const fn new(run: Run) -> Self {
        Self {
            run,
            claims: Vec::new(),
            models: Vec::new(),
            digests: BTreeMap::new(),
            members: BTreeMap::new(),
            seed: None,
            sides: BTreeMap::new(),
            beyond: false,
        }
    }

    /// Plans the claims of the scenario in `file`, which has been checked.
    ///
    /// # Errors
    ///
    /// The errors of the first point that is invalid in one of its scenarios.
    pub(crate) fn add(&mut self, file: &Path, ready: &Ready) -> Result<(), Error> {
        let scenario = &ready.draft().scenario;
        self.seed.get_or_insert(scenario.run.seed.value);
        self.members.insert(ready.name().to_string(), ready.canonical.digest.clone());
        for claim in scenario.claim.iter() {
            let planned = self.claim(claim, file, ready)?;
            self.claims.push(planned);
        }
        Ok(())
    }

    fn claim(&mut self, claim: &ClaimSpec, file: &Path, ready: &Ready) -> Result<Planned, Error> {
        let missing = claim.missing.as_ref().map(|missing| missing.value.clone());
        let head = Judged {
            number: claim.number.value,
            title: claim.title.value.clone(),
            claim: claim.claim.value.clone(),
            source: claim.source.value.clone(),
            scenario: ready.name().to_string(),
            decided: None,
            outcome: Outcome::NotJudged(missing.unwrap_or_default()),
        };
        let level = ready.draft().scenario.run.confidence.value;
        let criterion = Criterion::read(claim, &mut Diagnostics::new());
        let mut planned = Planned { head, criterion, level, models: Vec::new() };
        let Some(criterion) = &planned.criterion else { return Ok(planned) };
        let each = criterion.quantity.level_of_each(level);
        let as_it_is = At::as_it_is();
        for at in std::iter::once(&as_it_is).chain(&criterion.points) {
            let mut places = Vec::new();
            for term in &criterion.quantity.terms {
                let name = term.scenario.as_deref().unwrap_or(ready.name());
                let path = match name == ready.name() {
                    true => file.to_path_buf(),
                    false => beside(&ready.loaded.folder, name),
                };
                let mut assignments = at.assignments(name);
                if each > level {
                    assignments.push(format!("run.confidence={each}"));
                }
                if !self.members.contains_key(name) {
                    let as_it_is = self.variant(&path, &[], Vec::new())?;
                    self.members.insert(name.to_string(), as_it_is.canonical.digest);
                }
                places.push(self.model(path, assignments, term.figure.text())?);
            }
            planned.models.push(places);
        }
        Ok(planned)
    }

    /// Returns the index of a model after adding `figure` to its figures; adds the model if it is new.
    fn model(
        &mut self,
        file: PathBuf,
        assignments: Vec<String>,
        figure: &str,
    ) -> Result<usize, Error> {
        let key = (file.clone(), assignments.clone());
        let digest = match self.digests.get(&key) {
            Some(digest) => digest.clone(),
            None => {
                let ready = self.variant(&file, &assignments, vec![figure.to_string()])?;
                self.digests.insert(key, ready.canonical.digest.clone());
                ready.canonical.digest
            }
        };
        let place = self.models.iter().position(|model| model.digest == digest);
        let place = place.unwrap_or_else(|| {
            self.models.push(Model { file, assignments, digest, figures: Vec::new() });
            self.models.len() - 1
        });
        let figures = &mut self.models[place].figures;
        if !figures.iter().any(|other| other == figure) {
            figures.push(figure.to_string());
        }
        Ok(place)
    }

    fn variant(
        &self,
        file: &Path,
        assignments: &[String],
        figures: Vec<String>,
    ) -> Result<Ready, Error> {
        let run = self.run.asking(figures).laying(assignments.iter().cloned());
        Ready::load(file, &run)
    }

    /// Returns whether the scenario has a claim or is named by one.
    pub(crate) fn needs(&self, scenario: &str) -> bool {
        self.members.contains_key(scenario)
    }

    /// Returns the lines that the digest of the ledger covers besides its files.
    pub(crate) fn lines(&self) -> Vec<(String, String)> {
        let mut lines = vec![("results-version".to_string(), RESULTS_VERSION.to_string())];
        let members = self.members.iter();
        lines.extend(members.map(|(name, digest)| (format!("scenario {name}"), digest.clone())));
        if let Some(count) = self.run.choices.replications {
            lines.push(("replications".into(), count.to_string()));
        }
        if self.run.choices.quick {
            lines.push(("quick".into(), "yes".into()));
        }
        lines
    }

    /// Returns the number of models to run.
    pub(crate) fn models(&self) -> usize {
        self.models.len()
    }

    /// Loads a model, with the run that estimates its figures.
    ///
    /// # Errors
    ///
    /// The errors of a scenario that cannot be read or run with these assignments.
    pub(crate) fn ready(&self, place: usize) -> Result<(Ready, Run), Error> {
        let Model { file, assignments, figures, .. } = &self.models[place];
        let run = self.run.asking(figures.clone()).laying(assignments.iter().cloned());
        Ok((Ready::load(file, &run)?, run))
    }

    /// Describes the assignments on top of the file of a model.
    pub(crate) fn words(&self, place: usize) -> String {
        match self.models[place].assignments.as_slice() {
            [] => "as the file is".into(),
            assignments => assignments.join(", "),
        }
    }

    /// Stores the estimates of a model; those of a partial result count as missing.
    pub(crate) fn take(&mut self, place: usize, results: &Results) {
        self.beyond |= results.rows().windows.iter().any(|window| window.beyond.is_some());
        for path in &self.models[place].figures {
            let side = match results.partial() {
                None => Side::of(results.rows(), path),
                Some(_) => Side { estimate: Estimate::Missing(NoValue::Stopped), values: None },
            };
            self.sides.insert((place, path.clone()), side);
        }
    }

    /// Returns the verdicts on all claims, by number; `command` is the command line that reproduces them.
    pub(crate) fn judge(&self, command: String) -> Ledger {
        let mut claims: Vec<Judged> = self.claims.iter().map(|one| self.decide(one)).collect();
        claims.sort_by_key(|claim| claim.number);
        Ledger {
            claims,
            command,
            seed: self.seed.unwrap_or(1),
            lines: self.lines(),
            quick: self.run.choices.quick,
            beyond: self.beyond,
        }
    }

    /// Decides a claim from the figures at its points.
    fn decide(&self, planned: &Planned) -> Judged {
        let mut judged = planned.head.clone();
        let Some(criterion) = &planned.criterion else { return judged };
        let value = |models: &[usize]| {
            let terms = models.iter().zip(&criterion.quantity.terms);
            let of = |(model, term): (&usize, &Term)| {
                let path = term.figure.text().to_string();
                let none =
                    Side { estimate: Estimate::Missing(NoValue::NotEstimated), values: None };
                self.sides.get(&(*model, path)).cloned().unwrap_or(none)
            };
            criterion.quantity.value(&terms.map(of).collect::<Vec<_>>(), planned.level)
        };
        let as_it_is = &planned.models[0];
        let point = |(places, models): (Vec<usize>, &Vec<usize>)| {
            let estimate = value(models);
            let verdict = judge(&criterion.demand, &estimate);
            Point { places, own: models == as_it_is, estimate, verdict }
        };
        let places = criterion.points.iter().map(|at| at.places.clone());
        let mut points: Vec<Point> = places.zip(&planned.models[1..]).map(point).collect();
        if !points.iter().any(|point| point.own) {
            points.insert(0, point((Vec::new(), as_it_is)));
        }
        let decided = Decided {
            figure: criterion.quantity.text.clone(),
            unit: criterion.quantity.unit(),
            words: criterion.words.clone(),
            is: criterion.is.clone(),
            demand: criterion.demand.clone(),
            ranges: criterion.ranges.clone(),
            points,
        };
        judged.outcome = decided.outcome();
        judged.decided = Some(decided);
        judged
    }
}
