//! Errors as Python exceptions, whose classes are in `fivenines._errors`.

use fivenines::{Diagnostic, Error};
use pyo3::prelude::*;
use pyo3::types::PyList;

/// Advice that names an item of the Rust interface, with the same in Python.
const ADVICE: [(&str, &str); 5] = [
    ("`Run::figure` adds others", "`run(figures=[...])` adds others"),
    ("`Run::figure` adds it", "`run(figures=[...])` adds it"),
    (
        "`scenario.with(\"scenario\", \"other-name\")`",
        "`scenario.set(\"scenario\", \"other-name\")`",
    ),
    (
        "`fivenines plan-shards PARTS --out ROUND` lists them; `run FILE --shard I/N --round ROUND` simulates them",
        "`fivenines.missing(parts)` lists them; `scenario.part_of(round, number, of)` simulates them",
    ),
    (
        "give files that `fivenines run FILE --shard I/N --out PART` has written",
        "give the bytes that `scenario.part(number, of)` has returned",
    ),
];

/// Converts an error into `fivenines.Error`, or `fivenines.ScenarioError` if it has diagnostics.
pub fn raised(py: Python<'_>, error: &Error) -> PyErr {
    let class = if error.diagnostics().is_empty() { "Error" } else { "ScenarioError" };
    of_class(py, class, error)
}

/// Converts an error about a name that results do not have into `fivenines.MissingError`, which is a `KeyError` too.
pub fn missing(py: Python<'_>, error: &Error) -> PyErr {
    of_class(py, "MissingError", error)
}

/// Converts the result of the crate into one of Python.
pub fn checked<T>(py: Python<'_>, result: Result<T, Error>) -> PyResult<T> {
    result.map_err(|error| raised(py, &error))
}

fn of_class(py: Python<'_>, class: &str, error: &Error) -> PyErr {
    let help = error.help().map(|help| {
        ADVICE.iter().fold(help.to_string(), |help, (rust, python)| help.replace(rust, python))
    });
    let made = || {
        let class = py.import("fivenines._errors")?.getattr(class)?;
        if error.diagnostics().is_empty() {
            return class.call1((error.message(), help));
        }
        class.call1((
            error.message(),
            help,
            error.to_string(),
            diagnostics(py, error.diagnostics())?,
        ))
    };
    made().map_or_else(|wrong| wrong, PyErr::from_value)
}

/// Converts diagnostics into a list of `fivenines.Diagnostic`.
pub fn diagnostics<'py>(py: Python<'py>, all: &[Diagnostic]) -> PyResult<Bound<'py, PyList>> {
    let class = py.import("fivenines._errors")?.getattr("Diagnostic")?;
    let list = PyList::empty(py);
    for one in all {
        let place = (one.code(), one.line(), one.column(), one.field());
        let words = (one.message(), one.help(), one.is_error(), one.to_string());
        list.append(
            class
                .call1((place.0, place.1, place.2, place.3, words.0, words.1, words.2, words.3))?,
        )?;
    }
    Ok(list)
}
