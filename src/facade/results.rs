//! Results of a run.

use std::fmt;
use std::path::Path;
use std::sync::{Arc, OnceLock};

use super::error::{Error, Kind};
use super::estimate::Estimate;
use super::ready::Ready;
use super::value::Value;
use crate::plan::figure::{Figure as Parsed, FigureUnit};
use crate::report::rows::{HeldField, HeldTable};
use crate::report::run::{Identity, Output, figures, files, output, page};
use crate::report::text::{Letters, Terminal, document};
use crate::report::write::{Overwrite, ResultsDirectory};
use crate::scenario::suggest;
use crate::study::compare::Member;
use crate::study::compare::asked;
use crate::study::expect::{Demand, Verdict as Judgement};
use crate::study::measure::Measure;
use crate::study::results::Results as Rows;
use crate::study::sampled::agreement::Agrees;
use crate::study::scenario::StudyResult;
use crate::study::window::Estimate as Inner;

/// Terminal settings for text that is not printed on a terminal.
pub(super) const TERMINAL: Terminal = Terminal { width: 100, letters: Letters::Unicode };

/// The results of one scenario: figures with intervals, tables, and the report that the command writes.
///
/// ```
/// use fivenines::{Run, Scenario};
///
/// let desk = Scenario::load("scenarios/oracles/o01-mm1.toml")?.with("window.steady.length", "20s")?;
/// let results = desk.run(&Run::new().replications(4))?;
/// let p95 = results.figure("latency.job.p95@steady")?;
/// println!("{p95}: {} to {} {}", p95.low(), p95.high(), p95.unit());
/// # Ok::<(), fivenines::Error>(())
/// ```
#[derive(Debug)]
pub struct Results {
    ready: Arc<Ready>,
    result: StudyResult,
    rows: Rows,
    identity: Identity,
    output: OnceLock<Output>,
    held: OnceLock<Vec<HeldTable>>,
}

/// The outcome of a run, from the worst to the best.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Ending {
    /// A limit of the run ended a window early.
    Limit,
    /// Two solvers disagree on the same figure.
    SolversDisagree,
    /// An expectation fails.
    Fails,
    /// An expectation cannot be judged, or a required precision was not reached.
    Inconclusive,
    /// None of these.
    Holds,
}

/// A figure of a run: its path, with its estimate or the reason why there is none.
///
/// ```
/// use fivenines::{Run, Scenario};
///
/// let desk = Scenario::load("scenarios/oracles/o01-mm1.toml")?.with("window.steady.length", "5s")?;
/// let results = desk.run(&Run::new().replications(2))?;
/// let busy = results.figures().find(|figure| figure.path() == "utilization.web@steady").unwrap();
/// assert!(busy.estimate().is_some() && busy.reason().is_none());
/// # Ok::<(), fivenines::Error>(())
/// ```
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    path: String,
    estimate: Option<Estimate>,
    reason: Option<String>,
}

impl Figure {
    fn of(path: &str, unit: FigureUnit, estimate: &Inner) -> Self {
        let reason = match estimate {
            Inner::Missing(reason) => Some(reason.to_string()),
            _ => None,
        };
        Self { path: path.to_string(), estimate: Estimate::of(estimate, unit), reason }
    }

    /// Returns the path, such as `latency.page.p95@peak`; `docs/figures.md` lists all figures.
    ///
    /// ```
    /// # use fivenines::{Run, Scenario};
    /// # let desk = Scenario::load("scenarios/oracles/o01-mm1.toml")?.with("window.steady.length", "5s")?;
    /// let results = desk.run(&Run::new().replications(2))?;
    /// assert!(results.figures().all(|figure| figure.path().contains('@')));
    /// # Ok::<(), fivenines::Error>(())
    /// ```
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// Returns the estimate; if it is `None`, [`Self::reason`] gives the reason.
    ///
    /// ```
    /// # use fivenines::{Run, Scenario};
    /// # let desk = Scenario::load("scenarios/oracles/o01-mm1.toml")?.with("window.steady.length", "5s")?;
    /// let results = desk.run(&Run::new().replications(2))?;
    /// let known = results.figures().filter_map(|figure| figure.estimate());
    /// println!("{} figures have a value", known.count());
    /// # Ok::<(), fivenines::Error>(())
    /// ```
    #[must_use]
    pub const fn estimate(&self) -> Option<Estimate> {
        self.estimate
    }

    /// Returns the reason why there is no estimate, such as too few samples beyond a percentile.
    ///
    /// ```
    /// # use fivenines::{Run, Scenario};
    /// # let desk = Scenario::load("scenarios/oracles/o01-mm1.toml")?.with("window.steady.length", "5s")?;
    /// let results = desk.run(&Run::new().replications(2))?;
    /// for figure in results.figures().filter(|figure| figure.reason().is_some()) {
    ///     println!("{figure}");
    /// }
    /// # Ok::<(), fivenines::Error>(())
    /// ```
    #[must_use]
    pub fn reason(&self) -> Option<&str> {
        self.reason.as_deref()
    }
}

/// `latency.page.p95@peak 451 ms ± 8`, or the reason in place of the value.
impl fmt::Display for Figure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (&self.estimate, &self.reason) {
            (Some(estimate), _) => write!(f, "{} {estimate}", self.path),
            (None, reason) => write!(f, "{} {}", self.path, reason.as_deref().unwrap_or("–")),
        }
    }
}

impl Results {
    pub(super) fn new(
        ready: Arc<Ready>,
        result: StudyResult,
        rows: Rows,
        identity: Identity,
    ) -> Self {
        Self { ready, result, rows, identity, output: OnceLock::new(), held: OnceLock::new() }
    }

    /// Returns the output: the files and the document.
    pub(crate) fn output(&self) -> &Output {
        self.output.get_or_init(|| output(&self.rows, &self.identity))
    }

    fn held(&self) -> &[HeldTable] {
        self.held.get_or_init(|| files::tables(&self.rows))
    }

    /// Returns the scenario that was run.
    pub(crate) fn ready(&self) -> &Ready {
        &self.ready
    }

    pub(super) const fn result(&self) -> &StudyResult {
        &self.result
    }

    /// Returns the outcome of the run, for an exit code.
    pub(crate) fn ending(&self) -> Ending {
        let judged = |how: &[Judgement]| {
            self.result.judgements.iter().any(|judgement| how.contains(judgement))
        };
        let mut agreement = self.rows.sampled.iter().flat_map(|sampled| &sampled.agreement);
        if self.met_a_limit() {
            Ending::Limit
        } else if agreement.any(|row| row.verdict == Agrees::Disagree) {
            Ending::SolversDisagree
        } else if judged(&[Judgement::Fails]) {
            Ending::Fails
        } else if judged(&[Judgement::Inconclusive, Judgement::NotJudged])
            || !self.rows.unreached.is_empty()
        {
            Ending::Inconclusive
        } else {
            Ending::Holds
        }
    }

    /// Returns whether a limit of the run ended a window early.
    pub(crate) fn met_a_limit(&self) -> bool {
        self.result.windows.iter().any(|window| window.stopped.is_some())
            || self.result.sampled.as_ref().is_some_and(|sampled| sampled.stopped().is_some())
    }

    /// Returns every figure as CSV.
    pub(crate) fn figures_csv(&self) -> Vec<u8> {
        figures::csv(&self.rows)
    }

    /// Drops the files and the data that a comparison does not need, to save memory when several scenarios are held.
    pub(crate) fn keep_compared(&mut self) {
        if let Some(years) = &mut self.result.years {
            years.keep_compared();
        }
        if let Some(output) = self.output.get_mut() {
            output.set.files = Vec::new();
        }
    }

    pub(super) fn member(&self) -> Member<'_> {
        self.ready.member(&self.result, &self.rows)
    }

    pub(super) const fn rows(&self) -> &Rows {
        &self.rows
    }

    /// Returns the name of the scenario.
    ///
    /// ```
    /// # use fivenines::{Run, Scenario};
    /// # let desk = Scenario::load("scenarios/oracles/o01-mm1.toml")?.with("window.steady.length", "1s")?;
    /// assert_eq!(desk.run(&Run::new().replications(2))?.scenario(), "o01-mm1");
    /// # Ok::<(), fivenines::Error>(())
    /// ```
    #[must_use]
    pub fn scenario(&self) -> &str {
        &self.rows.scenario
    }

    /// Returns the estimate of a figure by its path. The standard figures of the report and all figures that the
    /// scenario names are available; [`Run::figure`](crate::Run::figure) adds others.
    ///
    /// # Errors
    ///
    /// A path that is not a figure of this run; a figure without a value, with the reason.
    ///
    /// ```
    /// # use fivenines::{Run, Scenario};
    /// # let desk = Scenario::load("scenarios/oracles/o01-mm1.toml")?.with("window.steady.length", "5s")?;
    /// let results = desk.run(&Run::new().replications(2))?;
    /// let mean = results.figure("latency.job.mean@steady")?;
    /// let wrong = results.figure("latency.job.mena@steady").unwrap_err();
    /// assert!(wrong.to_string().contains("mena"));
    /// # Ok::<(), fivenines::Error>(())
    /// ```
    pub fn figure(&self, path: &str) -> Result<Estimate, Error> {
        let found = self.find(path)?;
        found.estimate.ok_or_else(|| {
            let reason = found.reason.unwrap_or_default();
            Error::new(Kind::Usage, format!("`{path}` has no value: {reason}"))
        })
    }

    /// Finds a figure by its path or by another spelling of it: `utilization.web` for the only member `web-1`. Unlike
    /// [`Self::figure`], it returns a figure without a value too, with the reason.
    ///
    /// # Errors
    ///
    /// A path that is not a figure of this run.
    ///
    /// ```
    /// # use fivenines::{Run, Scenario};
    /// # let desk = Scenario::load("scenarios/oracles/o01-mm1.toml")?.with("window.steady.length", "1s")?;
    /// let results = desk.run(&Run::new().replications(2))?;
    /// let found = results.find("utilization.web@steady")?;
    /// assert_eq!(found.estimate(), Some(results.figure("utilization.web@steady")?));
    /// # Ok::<(), fivenines::Error>(())
    /// ```
    pub fn find(&self, path: &str) -> Result<Figure, Error> {
        if let Some(found) = self.figures().find(|figure| figure.path == path) {
            return Ok(found);
        }
        let parsed = Parsed::parse(path)?;
        self.same(&parsed).map_or_else(
            || Err(self.no_such_figure(path)),
            |estimate| Ok(Figure::of(path, parsed.unit(), estimate)),
        )
    }

    /// Returns the estimate of the same measure in the same window, whatever path was used to request it.
    fn same(&self, figure: &Parsed) -> Option<&Inner> {
        let measure = Measure::resolve(self.ready.blueprint(), figure).ok()?;
        let windows = &self.ready.study.windows;
        let at =
            windows.iter().position(|asked| Some(&asked.window.name) == figure.window.as_ref())?;
        let place = windows[at].measures.iter().position(|other| *other == measure)?;
        self.result.windows.get(at)?.estimates.get(place)
    }

    fn no_such_figure(&self, path: &str) -> Error {
        let paths: Vec<String> = self.figures().map(|figure| figure.path).collect();
        let near = suggest::nearest(path, paths.iter().map(String::as_str));
        let help = match near {
            Some(near) => format!("did you mean `{near}`? `Run::figure` adds others"),
            None => "`Run::figure` adds it".to_string(),
        };
        Error::new(Kind::Usage, format!("these results have no figure `{path}`"))
            .with_help(Some(help))
    }

    /// Returns all figures: those of windows, of the long horizon, of windows sampled from it, and capacities.
    ///
    /// ```
    /// # use fivenines::{Run, Scenario};
    /// # let desk = Scenario::load("scenarios/oracles/o01-mm1.toml")?.with("window.steady.length", "1s")?;
    /// let results = desk.run(&Run::new().replications(2))?;
    /// for figure in results.figures() {
    ///     println!("{figure}");
    /// }
    /// # Ok::<(), fivenines::Error>(())
    /// ```
    pub fn figures(&self) -> impl Iterator<Item = Figure> {
        let rows = &self.rows;
        let capacities = rows.capacities.iter().map(|row| {
            let path = format!("capacity.{}[objective={}]", row.class, row.stat);
            Figure::of(&path, FigureUnit::PerSecond, &row.carries.estimate())
        });
        let years = rows.years.iter().flat_map(|years| &years.figures);
        let sampled = rows.sampled.iter().flat_map(|sampled| &sampled.figures);
        let known = |path: &str| rows.figures.iter().any(|row| row.path == path);
        let capacities = capacities.filter(move |figure| !known(&figure.path));
        let all = rows.figures.iter().chain(years).chain(sampled);
        all.map(|row| Figure::of(&row.path, row.unit, &row.estimate)).chain(capacities)
    }

    /// Returns whether the whole interval of a figure meets a condition as in `[[expect]]`, such as `< 500ms` or
    /// `within 5% of 0.8`. Returns `None` if the interval lies on both sides of the bound or there is no value.
    ///
    /// # Errors
    ///
    /// A path that is not a figure of this run; a condition that cannot be parsed.
    ///
    /// ```
    /// # use fivenines::{Run, Scenario};
    /// # let desk = Scenario::load("scenarios/oracles/o01-mm1.toml")?.with("window.steady.length", "20s")?;
    /// let results = desk.run(&Run::new().replications(4))?;
    /// assert_eq!(results.meets("utilization.web@steady", "< 95%")?, Some(true));
    /// assert_eq!(results.meets("utilization.web@steady", "> 95%")?, Some(false));
    /// # Ok::<(), fivenines::Error>(())
    /// ```
    pub fn meets(&self, path: &str, condition: &str) -> Result<Option<bool>, Error> {
        let figure = self.find(path)?;
        let unit = Parsed::parse(path)?.unit();
        let demand =
            Demand::parse(condition, unit).map_err(|wrong| Error::new(Kind::Usage, wrong))?;
        let Some(estimate) = figure.estimate else { return Ok(None) };
        Ok(match demand.judge_estimate(&estimate.inner()) {
            Judgement::Holds => Some(true),
            Judgement::Fails => Some(false),
            Judgement::Inconclusive | Judgement::NotJudged => None,
        })
    }

    /// Returns the expectations that do not hold, one sentence each; empty if all hold.
    ///
    /// ```
    /// # use fivenines::{Run, Scenario};
    /// # let desk = Scenario::load("scenarios/oracles/o01-mm1.toml")?.with("window.steady.length", "5s")?;
    /// let results = desk.run(&Run::new().replications(2))?;
    /// assert!(results.unmet().iter().any(|one| one.starts_with("latency.job.mean@steady ")));
    /// # Ok::<(), fivenines::Error>(())
    /// ```
    #[must_use]
    pub fn unmet(&self) -> Vec<String> {
        let rows = self.rows.expectations.iter();
        let unmet = rows.filter(|row| row.judgement != Judgement::Holds);
        let sentence = unmet.map(|row| {
            let is = match (&row.words, Estimate::of(&row.estimate, row.unit), &row.estimate) {
                (Some(words), ..) => words.clone(),
                (None, Some(estimate), _) => estimate.to_string(),
                (None, None, Inner::Missing(reason)) => reason.to_string(),
                (None, None, _) => String::new(),
            };
            format!("{} must be {}, and is {is}: {}", row.path, row.is, row.judgement.word())
        });
        sentence.collect()
    }

    /// Returns the paired difference of a figure, these results minus `other`, with its interval. Common random
    /// numbers (same arrivals and demands) make its interval narrower than that of independent runs. Of a window with more
    /// than 1,024 replications the first 1,024 are paired.
    ///
    /// # Errors
    ///
    /// A figure without values per replication in both results, or a figure whose value is a name.
    ///
    /// ```
    /// # use fivenines::{Run, Scenario};
    /// # let desk = Scenario::load("scenarios/oracles/o01-mm1.toml")?.with("window.steady.length", "20s")?;
    /// let run = Run::new().replications(5);
    /// let (one, two) = (desk.run(&run)?, desk.with("station.web.servers", 2)?.run(&run)?);
    /// assert!(two.difference(&one, "utilization.web@steady")?.high() < 0.0);
    /// # Ok::<(), fivenines::Error>(())
    /// ```
    pub fn difference(&self, other: &Self, path: &str) -> Result<Estimate, Error> {
        let figure = Parsed::parse(path)?;
        let members = [self.member(), other.member()];
        let estimate = asked::difference(&members[0], &members[1], &figure)?;
        Estimate::of(&estimate, figure.unit()).ok_or_else(|| {
            Error::new(Kind::Usage, format!("`{path}` has no value in both results"))
        })
    }

    /// Returns the names of the tables that [`Self::table`] accepts.
    ///
    /// ```
    /// # use fivenines::{Run, Scenario};
    /// # let desk = Scenario::load("scenarios/oracles/o01-mm1.toml")?.with("window.steady.length", "1s")?;
    /// let results = desk.run(&Run::new().replications(2))?;
    /// assert!(results.tables().any(|name| name == "latency"));
    /// # Ok::<(), fivenines::Error>(())
    /// ```
    pub fn tables(&self) -> impl Iterator<Item = &str> {
        self.held().iter().filter_map(|table| table.name.strip_suffix(".csv"))
    }

    /// Returns the rows of a table; each row is a table by column. The columns are those of the CSV file with that
    /// name, which `docs/results.md` explains. A missing value has no key.
    ///
    /// # Errors
    ///
    /// A table that does not exist.
    ///
    /// ```
    /// # use fivenines::{Run, Scenario};
    /// # let desk = Scenario::load("scenarios/oracles/o01-mm1.toml")?.with("window.steady.length", "5s")?;
    /// let results = desk.run(&Run::new().replications(2))?;
    /// for row in results.table("utilization")? {
    ///     println!("{} {:?}", row.text_of("component").unwrap_or_default(), row.number_of("mean_ratio"));
    /// }
    /// # Ok::<(), fivenines::Error>(())
    /// ```
    pub fn table(&self, name: &str) -> Result<impl Iterator<Item = Value>, Error> {
        Ok(rows_of(self.held_table(name)?))
    }

    fn held_table(&self, name: &str) -> Result<&HeldTable, Error> {
        let path = format!("{name}.csv");
        self.held().iter().find(|table| table.name == path).ok_or_else(|| {
            let known: Vec<&str> = self.tables().collect();
            let help = suggest::help(name, &known, "there are");
            let message = format!("these results have no table `{name}`");
            Error::new(Kind::Usage, message).with_help(help)
        })
    }

    /// Returns the columns of a table, in their order.
    ///
    /// # Errors
    ///
    /// A table that does not exist.
    ///
    /// ```
    /// # use fivenines::{Run, Scenario};
    /// # let desk = Scenario::load("scenarios/oracles/o01-mm1.toml")?.with("window.steady.length", "1s")?;
    /// let results = desk.run(&Run::new().replications(2))?;
    /// assert_eq!(results.columns("latency")?[0], "window");
    /// # Ok::<(), fivenines::Error>(())
    /// ```
    pub fn columns(&self, name: &str) -> Result<&[String], Error> {
        Ok(&self.held_table(name)?.columns)
    }

    /// Returns the files that [`Self::write`] writes, except for the manifest: names and contents. Among them are
    /// `report.html` and the charts.
    ///
    /// ```
    /// # use fivenines::{Run, Scenario};
    /// # let desk = Scenario::load("scenarios/oracles/o01-mm1.toml")?.with("window.steady.length", "1s")?;
    /// let results = desk.run(&Run::new().replications(2))?;
    /// assert!(results.files().any(|(name, bytes)| name == "report.html" && bytes.starts_with(b"<!doctype")));
    /// # Ok::<(), fivenines::Error>(())
    /// ```
    pub fn files(&self) -> impl Iterator<Item = (&str, &[u8])> {
        let files = self.output().set.files.iter();
        files.map(|file| (file.path.as_str(), file.bytes.as_slice()))
    }

    /// Returns the reason why the results are partial; `None` if they are complete.
    ///
    /// ```
    /// # use fivenines::{Run, Scenario};
    /// # let desk = Scenario::load("scenarios/oracles/o01-mm1.toml")?.with("window.steady.length", "1s")?;
    /// let stopped = desk.run(&Run::new().replications(2).stop_when(|| true))?;
    /// assert!(stopped.partial().is_some());
    /// # Ok::<(), fivenines::Error>(())
    /// ```
    #[must_use]
    pub fn partial(&self) -> Option<&str> {
        self.rows.partial.as_deref()
    }

    /// Returns the digest of the results. The command prints the same digest for the same scenario, options and seed.
    ///
    /// ```
    /// # use fivenines::{Run, Scenario};
    /// # let desk = Scenario::load("scenarios/oracles/o01-mm1.toml")?.with("window.steady.length", "1s")?;
    /// let run = Run::new().replications(2);
    /// assert_eq!(desk.run(&run)?.digest(), desk.run(&run)?.digest());
    /// # Ok::<(), fivenines::Error>(())
    /// ```
    #[must_use]
    pub fn digest(&self) -> &str {
        &self.output().set.digest
    }

    /// Returns the text that the command prints: answers, tables and checks, 100 columns wide.
    ///
    /// ```
    /// # use fivenines::{Run, Scenario};
    /// # let desk = Scenario::load("scenarios/oracles/o01-mm1.toml")?.with("window.steady.length", "1s")?;
    /// println!("{}", desk.run(&Run::new().replications(2))?.text());
    /// # Ok::<(), fivenines::Error>(())
    /// ```
    #[must_use]
    pub fn text(&self) -> String {
        document(&page::brief(&self.output().document), TERMINAL)
    }

    /// Writes report, tables and scenario into a folder, completely or not at all: the files that the command writes.
    /// Identical results in the folder are left untouched.
    ///
    /// # Errors
    ///
    /// Different results or other files in the folder; an error of the operating system.
    ///
    /// ```no_run
    /// # use fivenines::{Run, Scenario};
    /// let results = Scenario::load("shop.toml")?.run(&Run::new())?;
    /// results.write("results/shop")?;
    /// # Ok::<(), fivenines::Error>(())
    /// ```
    pub fn write(&self, folder: impl AsRef<Path>) -> Result<(), Error> {
        let directory = ResultsDirectory::open(folder.as_ref())?;
        directory.commit(&self.output().set, Overwrite::Refuse)?;
        Ok(())
    }
}

/// Converts the rows of a table, each to a table by column; a missing value has no key.
pub(super) fn rows_of(table: &HeldTable) -> impl Iterator<Item = Value> {
    table.rows.iter().map(|row| {
        let fields = table.columns.iter().zip(row);
        fields.fold(Value::table(), |row, (column, field)| match field {
            HeldField::Text(words) => row.with(column, words.as_str()),
            HeldField::Number(number) => row.with(column, *number),
            HeldField::Count(count) => row.with(column, *count),
            HeldField::Missing => row,
        })
    })
}
