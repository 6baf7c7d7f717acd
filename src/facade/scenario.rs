//! A scenario without errors.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::builder::Builder;
use super::claims;
use super::diagnostic::Diagnostic;
use super::error::Error;
use super::load::{Canonical, Loaded, Purpose, canonical, folder_of, read};
use super::ready::Ready;
use super::results::Results;
use super::run::Run;
use super::value::Value;
use crate::plan::{Draft, cost, records, simulatable};
use crate::scenario::diagnostic::Diagnostics;
use crate::scenario::source::Source;
use crate::study::scenario::Solver;

/// Name that diagnostics show for a text that comes from no file.
const TEXT: &str = "scenario";

/// A system with its traffic, its faults and its study, without errors.
///
/// Every value of this type can be run: a scenario that `fivenines check` refuses cannot be constructed.
/// [`Self::with`] returns a changed scenario, or the diagnostics.
///
/// ```
/// use fivenines::{Run, Scenario};
///
/// let desk = Scenario::parse(
///     r#"
///     scenario = "desk"
///     format = 2
///     station.desk = { servers = 1, service = { dist = "exponential", mean = "20ms" } }
///     request.page.steps = [{ visit = "desk" }]
///     workload.visitors = { request = "page", rate = "20/s" }
///     window.busy.length = "20s"
///     "#,
/// )?;
/// let busier = desk.with("workload.visitors.rate", "40/s")?;
/// let results = busier.run(&Run::new().replications(3))?;
/// println!("{}", results.figure("latency.page.p95@busy")?);
/// # Ok::<(), fivenines::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct Scenario {
    loaded: Arc<Loaded>,
    overrides: Vec<String>,
    canonical: Canonical,
}

impl Scenario {
    /// Reads the scenario file at `path`. Relative paths in it start in its folder.
    ///
    /// # Errors
    ///
    /// A file that does not exist or cannot be read; the diagnostics of a scenario with errors.
    ///
    /// ```
    /// # use fivenines::Scenario;
    /// let scenario = Scenario::load("scenarios/oracles/o01-mm1.toml")?;
    /// assert_eq!(scenario.name(), "o01-mm1");
    /// # Ok::<(), fivenines::Error>(())
    /// ```
    pub fn load(path: impl AsRef<Path>) -> Result<Self, Error> {
        let path = path.as_ref();
        let mut found = Diagnostics::new();
        let source = read(path, &mut found)?;
        Self::of(source, folder_of(path), found)
    }

    /// Reads a scenario from its text. Relative paths in it start in the current folder.
    ///
    /// # Errors
    ///
    /// The diagnostics of a scenario with errors.
    ///
    /// ```
    /// # use fivenines::Scenario;
    /// let error = Scenario::parse("scenario = \"desk\"\nformat = 2\n").unwrap_err();
    /// assert_eq!(error.diagnostics()[0].field(), "horizon");
    /// ```
    pub fn parse(text: &str) -> Result<Self, Error> {
        let mut found = Diagnostics::new();
        let source = Source::from_bytes(TEXT, text.as_bytes(), &mut found);
        Self::of(source, ".".into(), found)
    }

    /// Starts building a scenario in code.
    ///
    /// ```
    /// # use fivenines::Scenario;
    /// let builder = Scenario::builder("desk").title("One desk");
    /// ```
    #[must_use]
    pub fn builder(name: &str) -> Builder {
        Builder::new(name)
    }

    /// Returns all diagnostics that `fivenines check` reports for a text: errors in the order of the text, then
    /// warnings.
    ///
    /// ```
    /// # use fivenines::Scenario;
    /// let found = Scenario::check("scenario = \"desk\"\nformat = 2\n[run]\nseeds = 1\n");
    /// assert!(found.iter().any(|one| one.is_error() && one.line() == 4));
    /// ```
    #[must_use]
    pub fn check(text: &str) -> Vec<Diagnostic> {
        let mut found = Diagnostics::new();
        let source = Source::from_bytes(TEXT, text.as_bytes(), &mut found);
        Self::found_in(source, ".".into(), found)
    }

    /// Returns all diagnostics that `fivenines check` reports for the scenario file at `path`, as [`Self::check`] does for a
    /// text. Files that the scenario names are looked for in its folder.
    ///
    /// # Errors
    ///
    /// A file that does not exist or cannot be read.
    ///
    /// ```
    /// # use fivenines::Scenario;
    /// let found = Scenario::check_file("scenarios/oracles/o01-mm1.toml")?;
    /// assert!(found.iter().all(|one| !one.is_error()));
    /// # Ok::<(), fivenines::Error>(())
    /// ```
    pub fn check_file(path: impl AsRef<Path>) -> Result<Vec<Diagnostic>, Error> {
        let mut found = Diagnostics::new();
        let source = read(path.as_ref(), &mut found)?;
        Ok(Self::found_in(source, folder_of(path.as_ref()), found))
    }

    fn found_in(source: Source, folder: PathBuf, found: Diagnostics) -> Vec<Diagnostic> {
        let mut loaded = Loaded::of(source, folder, found, &[], Purpose::Check(None));
        claims::check(&mut loaded, &[]);
        loaded.weigh(&Run::new().for_comparison(), 1);
        Diagnostic::all(&loaded.report())
    }

    fn of(source: Source, folder: PathBuf, found: Diagnostics) -> Result<Self, Error> {
        let loaded = Loaded::of(source, folder, found, &[], Purpose::Check(None));
        Self::checked(loaded, Vec::new())
    }

    /// Takes a scenario that was loaded to be checked, with `overrides` applied to its file.
    fn checked(mut loaded: Loaded, overrides: Vec<String>) -> Result<Self, Error> {
        if loaded.found.has_errors()
            && loaded.draft.as_ref().is_some_and(|draft| !simulatable::not_yet(draft).is_empty())
        {
            // A scenario that cannot be simulated request by request can still have a long-horizon run.
            let years = loaded.again(&[], &[], Purpose::Check(Some(Solver::Flows)));
            if !years.found.has_errors() {
                loaded = years;
            }
        }
        claims::check(&mut loaded, &overrides);
        let canonical = canonical(loaded.sound()?);
        Ok(Self { loaded: Arc::new(loaded), overrides, canonical })
    }

    /// Returns the scenario with another value at the path of a key, as `--set` does on the command line. Examples of
    /// paths are `workload.visitors.rate` and `request.page.steps[2].read`.
    ///
    /// # Errors
    ///
    /// The diagnostics, if the change causes errors.
    ///
    /// ```
    /// # use fivenines::Scenario;
    /// let scenario = Scenario::load("scenarios/oracles/o01-mm1.toml")?;
    /// let two = scenario.with("station.web.servers", 2)?;
    /// assert_ne!(scenario.digest(), two.digest());
    ///
    /// let error = scenario.with("station.web.severs", 2).unwrap_err();
    /// assert!(error.to_string().contains("did you mean `servers`?"));
    /// # Ok::<(), fivenines::Error>(())
    /// ```
    pub fn with(&self, path: &str, value: impl Into<Value>) -> Result<Self, Error> {
        self.with_all([(path, value)])
    }

    /// Returns the scenario with other values at several paths, which are checked together.
    ///
    /// # Errors
    ///
    /// The diagnostics, if the changes cause errors.
    ///
    /// ```
    /// # use fivenines::{Scenario, Value};
    /// let scenario = Scenario::load("scenarios/oracles/o01-mm1.toml")?;
    /// let changes = [("station.web.servers", Value::from(2)), ("workload.jobs.rate", "160/s".into())];
    /// assert_eq!(scenario.with_all(changes)?.changes().len(), 2);
    /// # Ok::<(), fivenines::Error>(())
    /// ```
    pub fn with_all<'a, V: Into<Value>>(
        &self,
        changes: impl IntoIterator<Item = (&'a str, V)>,
    ) -> Result<Self, Error> {
        let assign = |(path, value): (&str, V)| format!("{path}={}", value.into());
        self.assigning(changes.into_iter().map(assign).collect())
    }

    /// Returns the scenario with these assignments in addition, each `PATH=VALUE`.
    pub(super) fn assigning(&self, change: Vec<String>) -> Result<Self, Error> {
        let loaded = self.loaded.again(&change, &[], Purpose::Check(None));
        Self::checked(loaded, [&self.overrides[..], &change].concat())
    }

    /// Returns one variant per value of a key (a sweep); all variants are checked before any is run.
    /// [`Self::combinations`] varies several keys, and refuses variants that are the same model.
    ///
    /// # Errors
    ///
    /// The diagnostics of the first variant with errors.
    ///
    /// ```
    /// # use fivenines::{Run, Scenario};
    /// let desk = Scenario::load("scenarios/oracles/o01-mm1.toml")?.with("window.steady.length", "5s")?;
    /// for variant in desk.vary("station.web.servers", [1, 2])? {
    ///     let results = variant.run(&Run::new().replications(2))?;
    ///     println!("{}: {}", variant.changes()[1], results.figure("latency.job.mean@steady")?);
    /// }
    /// # Ok::<(), fivenines::Error>(())
    /// ```
    pub fn vary<V: Into<Value>>(
        &self,
        path: &str,
        values: impl IntoIterator<Item = V>,
    ) -> Result<Vec<Self>, Error> {
        values.into_iter().map(|value| self.with(path, value)).collect()
    }

    /// Returns the assignments applied to the file, each as `PATH=VALUE`, in order.
    ///
    /// ```
    /// # use fivenines::Scenario;
    /// let scenario = Scenario::load("scenarios/oracles/o01-mm1.toml")?;
    /// assert_eq!(scenario.with("run.seed", 7)?.changes(), ["run.seed=7"]);
    /// # Ok::<(), fivenines::Error>(())
    /// ```
    #[must_use]
    pub fn changes(&self) -> &[String] {
        &self.overrides
    }

    /// Returns the folder in which relative paths of the scenario start.
    ///
    /// ```
    /// # use fivenines::Scenario;
    /// let scenario = Scenario::load("scenarios/oracles/o01-mm1.toml")?;
    /// assert_eq!(scenario.folder(), std::path::Path::new("scenarios/oracles"));
    /// # Ok::<(), fivenines::Error>(())
    /// ```
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.loaded.folder
    }

    /// Returns the trace files that the scenario names, relative to [`Self::folder`].
    ///
    /// ```
    /// # use fivenines::Scenario;
    /// assert!(Scenario::load("scenarios/oracles/o01-mm1.toml")?.files().is_empty());
    /// # Ok::<(), fivenines::Error>(())
    /// ```
    #[must_use]
    pub fn files(&self) -> Vec<String> {
        records::files(&self.draft().scenario).into_iter().map(str::to_string).collect()
    }

    pub(super) fn loaded(&self) -> &Loaded {
        &self.loaded
    }

    pub(crate) fn draft(&self) -> &Draft {
        self.loaded.draft.as_ref().expect("a scenario without errors has a draft")
    }

    /// Returns the name.
    ///
    /// ```
    /// # use fivenines::Scenario;
    /// assert_eq!(Scenario::load("scenarios/oracles/o01-mm1.toml")?.name(), "o01-mm1");
    /// # Ok::<(), fivenines::Error>(())
    /// ```
    #[must_use]
    pub fn name(&self) -> &str {
        &self.draft().scenario.scenario.value.text
    }

    /// Returns the warnings: doubtful properties of the system that do not prevent a run.
    ///
    /// ```
    /// # use fivenines::Scenario;
    /// let scenario = Scenario::load("scenarios/oracles/o01-mm1.toml")?;
    /// assert!(scenario.warnings().iter().all(|found| !found.is_error()));
    /// # Ok::<(), fivenines::Error>(())
    /// ```
    #[must_use]
    pub fn warnings(&self) -> Vec<Diagnostic> {
        Diagnostic::all(&self.loaded.report())
    }

    /// Returns the digest of the canonical form, equal for two texts with the same meaning.
    ///
    /// ```
    /// # use fivenines::Scenario;
    /// let scenario = Scenario::load("scenarios/oracles/o01-mm1.toml")?;
    /// assert_eq!(scenario.with("workload.jobs.rate", "4800/min")?.digest(), scenario.digest());
    /// # Ok::<(), fivenines::Error>(())
    /// ```
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.canonical.digest
    }

    /// Returns the canonical form as a scenario file: defaults filled in, changes applied.
    ///
    /// ```
    /// # use fivenines::Scenario;
    /// let scenario = Scenario::load("scenarios/oracles/o01-mm1.toml")?;
    /// assert_eq!(Scenario::parse(&scenario.to_toml())?.digest(), scenario.digest());
    /// # Ok::<(), fivenines::Error>(())
    /// ```
    #[must_use]
    pub fn to_toml(&self) -> String {
        self.canonical.toml.clone()
    }

    /// Returns the monthly cost in dollars; `None` without prices.
    ///
    /// ```
    /// # use fivenines::Scenario;
    /// let scenario = Scenario::load("scenarios/tiers/starter.toml")?;
    /// assert_eq!(scenario.monthly_cost(), Some(618.0));
    /// # Ok::<(), fivenines::Error>(())
    /// ```
    #[must_use]
    pub fn monthly_cost(&self) -> Option<f64> {
        cost::totals(self.draft()).0
    }

    /// Simulates the scenario.
    ///
    /// # Errors
    ///
    /// The diagnostics, if these options make it invalid; a figure of [`Run::figure`] that does not exist; a trace
    /// file that no longer exists.
    ///
    /// ```
    /// # use fivenines::{Run, Scenario};
    /// let scenario = Scenario::load("scenarios/oracles/o01-mm1.toml")?.with("window.steady.length", "5s")?;
    /// let results = scenario.run(&Run::new().replications(2))?;
    /// assert_eq!(results.scenario(), "o01-mm1");
    /// # Ok::<(), fivenines::Error>(())
    /// ```
    pub fn run(&self, run: &Run) -> Result<Results, Error> {
        run.check()?;
        Arc::new(self.ready(run)?).live(run)
    }

    pub(super) fn ready(&self, run: &Run) -> Result<Ready, Error> {
        let assignments = [&self.overrides[..], &run.assignments].concat();
        let mut loaded =
            self.loaded.again(&run.assignments, &run.figures, Purpose::Run(run.choices));
        if !run.assignments.is_empty() {
            claims::check(&mut loaded, &assignments);
        }
        loaded.weigh(run, 1);
        Ready::new(loaded, assignments)
    }
}
