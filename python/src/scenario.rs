//! Scenarios and their parts.

use std::path::PathBuf;

use pyo3::prelude::*;
use pyo3::types::{PyBytes, PyList};

use crate::errors::{checked, diagnostics};
use crate::options::Options;
use crate::results::Results;
use crate::values::value_of;

/// A difference: path, old value and new value.
type Change = (String, Option<String>, Option<String>);

/// A scenario without errors.
#[pyclass(frozen, module = "fivenines._native")]
pub struct Scenario(fivenines::Scenario);

/// Returns the diagnostics of a text.
#[pyfunction]
pub fn check<'py>(py: Python<'py>, text: &str) -> PyResult<Bound<'py, PyList>> {
    let found = py.detach(|| fivenines::Scenario::check(text));
    diagnostics(py, &found)
}

#[pymethods]
impl Scenario {
    /// Reads a scenario file.
    #[staticmethod]
    fn load(py: Python<'_>, path: PathBuf) -> PyResult<Self> {
        let read = py.detach(|| fivenines::Scenario::load(path));
        checked(py, read).map(Self)
    }

    /// Reads a scenario from its text.
    #[staticmethod]
    fn parse(py: Python<'_>, text: &str) -> PyResult<Self> {
        let read = py.detach(|| fivenines::Scenario::parse(text));
        checked(py, read).map(Self)
    }

    /// Returns the scenario with other values at these paths.
    fn set(&self, py: Python<'_>, changes: Vec<(String, Bound<'_, PyAny>)>) -> PyResult<Self> {
        let value = |(path, value): &(String, Bound<'_, PyAny>)| value_of(value, path);
        let values: Vec<_> = changes.iter().map(value).collect::<PyResult<_>>()?;
        let paths: Vec<&str> = changes.iter().map(|(path, _)| path.as_str()).collect();
        let changed = py.detach(|| self.0.with_all(paths.into_iter().zip(values)));
        checked(py, changed).map(Self)
    }

    /// Returns the warnings.
    fn check<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        diagnostics(py, &self.0.warnings())
    }

    #[getter]
    fn name(&self) -> &str {
        self.0.name()
    }

    #[getter]
    fn digest(&self) -> &str {
        self.0.digest()
    }

    #[getter]
    fn monthly_cost(&self) -> Option<f64> {
        self.0.monthly_cost()
    }

    #[getter]
    fn folder(&self) -> PathBuf {
        self.0.folder().to_path_buf()
    }

    #[getter]
    fn files(&self) -> Vec<String> {
        self.0.files()
    }

    #[getter]
    fn changes(&self) -> Vec<String> {
        self.0.changes().to_vec()
    }

    /// Returns the canonical form as the text of a scenario file.
    fn to_toml(&self) -> String {
        self.0.to_toml()
    }

    /// Returns the drawing of the system: its picture as SVG, and the same in words.
    fn drawing(&self, py: Python<'_>) -> (String, String) {
        py.detach(|| {
            let drawing = self.0.drawing();
            (drawing.svg(), drawing.text())
        })
    }

    /// Returns the differences in meaning to another scenario, each as path, old value and new value.
    fn differences(&self, py: Python<'_>, other: &Self) -> PyResult<Vec<Change>> {
        let found = checked(py, py.detach(|| self.0.differences(&other.0)))?;
        let row = |row: &fivenines::Value| {
            (row.text_of("path").unwrap_or_default(), row.text_of("old"), row.text_of("new"))
        };
        Ok(found.iter().map(row).collect())
    }

    /// Simulates the scenario.
    fn run(&self, py: Python<'_>, options: Options) -> PyResult<Results> {
        options.during(py, |run| self.0.run(run)).map(Results)
    }

    /// Simulates a part of the work of a run.
    fn part<'py>(
        &self,
        py: Python<'py>,
        number: u32,
        of: u32,
        options: Options,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let bytes = options.during(py, |run| self.0.part(run, number, of))?;
        Ok(PyBytes::new(py, &bytes))
    }

    /// Simulates a part of a later round.
    fn part_of<'py>(
        &self,
        py: Python<'py>,
        round: &[u8],
        number: u32,
        of: u32,
        options: Options,
    ) -> PyResult<Bound<'py, PyBytes>> {
        let bytes = options.during(py, |run| self.0.part_of(run, round, number, of))?;
        Ok(PyBytes::new(py, &bytes))
    }
}
