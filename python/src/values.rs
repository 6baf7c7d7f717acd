//! Values of Python as values of the scenario language.

use std::time::Duration;

use fivenines::Value;
use pyo3::exceptions::PyTypeError;
use pyo3::prelude::*;
use pyo3::types::{PyBool, PyDelta, PyDict, PyFloat, PyInt, PyList, PyString, PyTuple};

/// Converts a value; `path` is its place for messages. Whatever has `tolist`, as arrays and numbers of numpy, is
/// converted by it.
///
/// # Errors
///
/// `TypeError` for a value that the language does not have.
pub fn toml_of(value: &Bound<'_, PyAny>, path: &str) -> PyResult<toml::Value> {
    if let Ok(truth) = value.cast::<PyBool>() {
        return Ok(toml::Value::Boolean(truth.is_true()));
    }
    if value.is_instance_of::<PyInt>() {
        return value.extract().map(toml::Value::Integer).map_err(|_| {
            PyTypeError::new_err(format!("`{path}`: {value} is beyond the range of whole numbers"))
        });
    }
    if value.is_instance_of::<PyFloat>() {
        return value.extract().map(toml::Value::Float);
    }
    if let Ok(text) = value.cast::<PyString>() {
        return Ok(toml::Value::String(text.to_string()));
    }
    if value.is_instance_of::<PyDelta>() {
        let length = Value::from(value.extract::<Duration>()?);
        return Ok(toml::Value::String(length.text().unwrap_or_default().to_string()));
    }
    if let Ok(table) = value.cast::<PyDict>() {
        let mut entries = toml::Table::new();
        for (key, value) in table {
            let key: String = key.extract()?;
            let value = toml_of(&value, &format!("{path}.{key}"))?;
            entries.insert(key, value);
        }
        return Ok(toml::Value::Table(entries));
    }
    if value.is_instance_of::<PyList>() || value.is_instance_of::<PyTuple>() {
        let items = value.try_iter()?.enumerate();
        let items = items.map(|(at, item)| toml_of(&item?, &format!("{path}[{at}]")));
        return Ok(toml::Value::Array(items.collect::<PyResult<_>>()?));
    }
    if value.hasattr("tolist")? {
        return toml_of(&value.call_method0("tolist")?, path);
    }
    let kind = value.get_type().name()?.to_string();
    Err(PyTypeError::new_err(format!(
        "`{path}`: a scenario holds texts, numbers, truth values, durations, lists and tables, not {kind}"
    )))
}

/// Converts a value for [`fivenines::Scenario::with_all`].
///
/// # Errors
///
/// The errors of [`toml_of`].
pub fn value_of(value: &Bound<'_, PyAny>, path: &str) -> PyResult<Value> {
    Ok(of_toml(toml_of(value, path)?))
}

fn of_toml(value: toml::Value) -> Value {
    match value {
        toml::Value::String(text) => Value::from(text),
        toml::Value::Integer(number) => match (u64::try_from(number), i32::try_from(number)) {
            (Ok(number), _) => Value::from(number),
            (_, Ok(number)) => Value::from(number),
            // No key of the language has a range that reaches as far below 0.
            _ => Value::from(number.to_string()),
        },
        toml::Value::Float(number) => Value::from(number),
        toml::Value::Boolean(truth) => Value::from(truth),
        toml::Value::Datetime(date) => Value::from(date.to_string()),
        toml::Value::Array(items) => {
            Value::from(items.into_iter().map(of_toml).collect::<Vec<_>>())
        }
        toml::Value::Table(table) => table
            .into_iter()
            .fold(Value::table(), |all, (key, value)| all.with(&key, of_toml(value))),
    }
}

/// Writes a mapping as the text of a scenario file.
///
/// # Errors
///
/// `TypeError` for a value that the language does not have.
#[pyfunction]
pub fn to_toml(mapping: &Bound<'_, PyDict>) -> PyResult<String> {
    let mut entries = toml::Table::new();
    for (key, value) in mapping {
        let key: String = key.extract()?;
        let value = toml_of(&value, &key)?;
        entries.insert(key, value);
    }
    toml::to_string(&entries).map_err(|error| PyTypeError::new_err(error.to_string()))
}
