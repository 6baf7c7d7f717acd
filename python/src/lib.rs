//! The compiled half of the Python package: `fivenines._native`.
//!
//! Python sources in `package/fivenines` wrap these classes; users see those. Everything here is a thin cover of the
//! public types of the crate `fivenines`.
//! Holds: no figure is computed here; the interpreter lock is released while a scenario is read, simulated or printed.

mod errors;
mod options;
mod results;
mod scenario;
mod table;
mod values;

use std::ffi::OsString;

use pyo3::prelude::*;

/// Runs the command `fivenines` with these words and returns its exit code.
#[pyfunction]
fn command(py: Python<'_>, words: Vec<OsString>) -> u8 {
    py.detach(|| fivenines::command_of(&words))
}

#[pymodule]
mod _native {
    #[pymodule_export]
    use super::command;
    #[pymodule_export]
    use super::results::{Comparison, Results, combine, compare, merge, missing};
    #[pymodule_export]
    use super::scenario::{Scenario, check};
    #[pymodule_export]
    use super::table::Table;
    #[pymodule_export]
    use super::values::to_toml;
}
