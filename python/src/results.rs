//! Results, their comparison, and parts that are merged to results.

use std::path::PathBuf;

use fivenines::{Error, Figure, Parts};
use pyo3::prelude::*;
use pyo3::types::PyBytes;

use crate::errors::{checked, missing as no_such};
use crate::options::Options;
use crate::table::Table;

/// The results of one scenario.
#[pyclass(frozen, module = "fivenines._native")]
pub struct Results(pub fivenines::Results);

/// A figure: path, text, unit, value with both ends of its interval, level and method of the interval, and the reason
/// why it has no value.
type Shown = (
    String,
    String,
    Option<&'static str>,
    Option<(f64, f64, f64)>,
    Option<f64>,
    Option<&'static str>,
    Option<String>,
);

fn shown(figure: &Figure) -> Shown {
    let estimate = figure.estimate();
    (
        figure.path().to_string(),
        figure.to_string(),
        estimate.map(|one| one.unit()),
        estimate.map(|one| (one.value(), one.low(), one.high())),
        estimate.and_then(|one| one.level()),
        estimate.and_then(|one| one.method()),
        figure.reason().map(str::to_string),
    )
}

#[pymethods]
impl Results {
    #[getter]
    fn scenario(&self) -> &str {
        self.0.scenario()
    }

    #[getter]
    fn digest(&self, py: Python<'_>) -> &str {
        py.detach(|| self.0.digest())
    }

    #[getter]
    fn partial(&self) -> Option<&str> {
        self.0.partial()
    }

    /// Finds a figure by its path.
    fn figure(&self, py: Python<'_>, path: &str) -> PyResult<Shown> {
        self.0.find(path).map(|figure| shown(&figure)).map_err(|error| no_such(py, &error))
    }

    /// Returns all figures.
    fn figures(&self) -> Vec<Shown> {
        self.0.figures().map(|figure| shown(&figure)).collect()
    }

    /// Returns whether a figure meets a condition; `None` if its interval does not decide.
    fn meets(&self, py: Python<'_>, path: &str, condition: &str) -> PyResult<Option<bool>> {
        checked(py, self.0.meets(path, condition))
    }

    /// Returns the expectations that do not hold.
    fn unmet(&self) -> Vec<String> {
        self.0.unmet()
    }

    /// Returns the text that the command prints.
    fn text(&self, py: Python<'_>) -> String {
        py.detach(|| self.0.text())
    }

    /// Returns the paired difference of a figure as value, low, high, level, method, unit and text.
    #[expect(clippy::type_complexity, reason = "a tuple for one caller in Python")]
    fn difference(
        &self,
        py: Python<'_>,
        other: &Self,
        path: &str,
    ) -> PyResult<(f64, f64, f64, Option<f64>, Option<&'static str>, &'static str, String)> {
        let found = checked(py, py.detach(|| self.0.difference(&other.0, path)))?;
        let (value, low, high) = (found.value(), found.low(), found.high());
        Ok((value, low, high, found.level(), found.method(), found.unit(), found.to_string()))
    }

    /// Returns the names of the tables.
    fn tables(&self, py: Python<'_>) -> Vec<String> {
        py.detach(|| self.0.tables().map(str::to_string).collect())
    }

    /// Returns a table.
    fn table(&self, py: Python<'_>, name: &str) -> PyResult<Table> {
        let table =
            py.detach(|| Ok::<_, Error>(Table::of(self.0.columns(name)?, self.0.table(name)?)));
        table.map_err(|error| no_such(py, &error))
    }

    /// Returns the names of the files of a report.
    fn files(&self, py: Python<'_>) -> Vec<String> {
        py.detach(|| self.0.files().map(|(name, _)| name.to_string()).collect())
    }

    /// Returns the bytes of a file of a report.
    fn file<'py>(&self, py: Python<'py>, name: &str) -> Option<Bound<'py, PyBytes>> {
        let found = self.0.files().find(|(path, _)| *path == name);
        found.map(|(_, bytes)| PyBytes::new(py, bytes))
    }

    /// Writes report, tables and scenario into a folder.
    fn save(&self, py: Python<'_>, folder: PathBuf) -> PyResult<()> {
        let written = py.detach(|| self.0.write(folder));
        checked(py, written)
    }
}

/// A comparison of scenarios.
#[pyclass(frozen, module = "fivenines._native")]
pub struct Comparison(fivenines::Comparison);

#[pymethods]
impl Comparison {
    /// Returns the text that the command prints.
    fn text(&self, py: Python<'_>) -> String {
        py.detach(|| self.0.text())
    }

    /// Returns the figures of all scenarios.
    fn table(&self) -> Table {
        Table::of(self.0.columns(), self.0.rows())
    }

    /// Writes report and tables into a folder.
    fn save(&self, py: Python<'_>, folder: PathBuf) -> PyResult<()> {
        let written = py.detach(|| self.0.write(folder));
        checked(py, written)
    }
}

/// Compares results, in the given order.
#[pyfunction]
pub fn compare(py: Python<'_>, results: Vec<Py<Results>>) -> PyResult<Comparison> {
    let compared =
        py.detach(|| fivenines::Comparison::between(results.iter().map(|one| &one.get().0)));
    checked(py, compared).map(Comparison)
}

/// Returns the results of the whole run.
#[pyfunction]
pub fn merge(
    py: Python<'_>,
    parts: Vec<Vec<u8>>,
    folder: PathBuf,
    options: Options,
) -> PyResult<Results> {
    let merged = options.during(py, |run| Parts::new(&parts)?.files(folder).merge(run));
    merged.map(Results)
}

/// Returns one part with all that these have.
#[pyfunction]
pub fn combine(py: Python<'_>, parts: Vec<Vec<u8>>) -> PyResult<Bound<'_, PyBytes>> {
    let combined = py.detach(|| Parts::new(&parts).map(Parts::combine));
    checked(py, combined).map(|bytes| PyBytes::new(py, &bytes))
}

/// Returns the work that is still missing as a round; `None` if the parts are complete.
#[pyfunction]
pub fn missing<'py>(
    py: Python<'py>,
    parts: Vec<Vec<u8>>,
    folder: PathBuf,
    options: Options,
) -> PyResult<Option<Bound<'py, PyBytes>>> {
    let found = options.during(py, |run| Parts::new(&parts)?.files(folder).missing(run))?;
    Ok(found.map(|bytes| PyBytes::new(py, &bytes)))
}
