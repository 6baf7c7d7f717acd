//! Tables of results in columns, and their hand-over by the Arrow C stream interface.
//!
//! Model: a column is whole numbers if all its values are, else numbers if all are, else texts. A column without a value
//! has numbers. A missing value is a null.

use std::sync::Arc;

use arrow_array::ffi::FFI_ArrowSchema;
use arrow_array::ffi_stream::FFI_ArrowArrayStream;
use arrow_array::{
    ArrayRef, Float64Array, Int64Array, RecordBatch, RecordBatchIterator, StringArray,
};
use arrow_schema::{ArrowError, DataType, Field, Schema};
use fivenines::Value;
use pyo3::exceptions::PyValueError;
use pyo3::prelude::*;
use pyo3::types::{PyCapsule, PyDict, PyList};

/// The values of a column.
#[derive(Debug)]
enum Column {
    Whole(Vec<Option<i64>>),
    Numbers(Vec<Option<f64>>),
    Texts(Vec<Option<String>>),
}

impl Column {
    fn of(values: Vec<Option<Value>>) -> Self {
        let known = || values.iter().flatten();
        if known().any(|value| value.number().is_none()) {
            let text =
                |value: Value| value.text().map_or_else(|| value.to_string(), str::to_string);
            return Self::Texts(values.into_iter().map(|value| value.map(text)).collect());
        }
        let whole: Option<Vec<Option<i64>>> = values
            .iter()
            .map(|value| {
                value.as_ref().map(Value::integer).map_or(Some(None), |whole| whole.map(Some))
            })
            .collect();
        match whole {
            Some(whole) if known().next().is_some() => Self::Whole(whole),
            _ => Self::Numbers(values.into_iter().map(|value| value?.number()).collect()),
        }
    }

    const fn kind(&self) -> DataType {
        match self {
            Self::Whole(_) => DataType::Int64,
            Self::Numbers(_) => DataType::Float64,
            Self::Texts(_) => DataType::Utf8,
        }
    }

    fn array(&self) -> ArrayRef {
        match self {
            Self::Whole(values) => Arc::new(Int64Array::from(values.clone())),
            Self::Numbers(values) => Arc::new(Float64Array::from(values.clone())),
            Self::Texts(values) => {
                Arc::new(StringArray::from_iter(values.iter().map(Option::as_deref)))
            }
        }
    }

    fn list<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyList>> {
        match self {
            Self::Whole(values) => PyList::new(py, values),
            Self::Numbers(values) => PyList::new(py, values),
            Self::Texts(values) => PyList::new(py, values.iter().map(Option::as_deref)),
        }
    }
}

/// A table of results.
#[pyclass(frozen, module = "fivenines._native")]
#[derive(Debug)]
pub struct Table {
    columns: Vec<(String, Column)>,
    rows: usize,
}

impl Table {
    /// Collects rows, each a table by column in which a missing value has no key.
    pub fn of(columns: &[String], rows: impl Iterator<Item = Value>) -> Self {
        let rows: Vec<Value> = rows.collect();
        let column = |name: &String| {
            (name.clone(), Column::of(rows.iter().map(|row| row.get(name)).collect()))
        };
        Self { columns: columns.iter().map(column).collect(), rows: rows.len() }
    }

    fn schema(&self) -> Schema {
        let field = |(name, column): &(String, Column)| Field::new(name, column.kind(), true);
        Schema::new(self.columns.iter().map(field).collect::<Vec<_>>())
    }
}

fn refused(error: &ArrowError) -> PyErr {
    PyValueError::new_err(error.to_string())
}

#[pymethods]
impl Table {
    /// Returns the names of the columns.
    #[getter]
    fn columns(&self) -> Vec<&str> {
        self.columns.iter().map(|(name, _)| name.as_str()).collect()
    }

    /// Returns the type of each column: `int64`, `float64` or `utf8`.
    #[getter]
    fn types(&self) -> Vec<&'static str> {
        let name = |column: &Column| match column {
            Column::Whole(_) => "int64",
            Column::Numbers(_) => "float64",
            Column::Texts(_) => "utf8",
        };
        self.columns.iter().map(|(_, column)| name(column)).collect()
    }

    fn __len__(&self) -> usize {
        self.rows
    }

    /// Returns the columns as lists by name; a missing value is `None`.
    fn to_dict<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyDict>> {
        let all = PyDict::new(py);
        for (name, column) in &self.columns {
            all.set_item(name, column.list(py)?)?;
        }
        Ok(all)
    }

    /// Returns the types of the columns in a capsule of the Arrow C data interface.
    fn __arrow_c_schema__<'py>(&self, py: Python<'py>) -> PyResult<Bound<'py, PyCapsule>> {
        let schema = FFI_ArrowSchema::try_from(&self.schema()).map_err(|error| refused(&error))?;
        PyCapsule::new_with_value(py, schema, c"arrow_schema")
    }

    /// Returns the rows in a capsule of the Arrow C stream interface.
    #[pyo3(signature = (requested_schema = None))]
    fn __arrow_c_stream__<'py>(
        &self,
        py: Python<'py>,
        requested_schema: Option<&Bound<'py, PyAny>>,
    ) -> PyResult<Bound<'py, PyCapsule>> {
        // The protocol allows to ignore the wish for other types; the reader converts.
        let _ = requested_schema;
        let schema = Arc::new(self.schema());
        let arrays = self.columns.iter().map(|(_, column)| column.array()).collect();
        let batch =
            RecordBatch::try_new(Arc::clone(&schema), arrays).map_err(|error| refused(&error))?;
        let batches = RecordBatchIterator::new([Ok(batch)], schema);
        PyCapsule::new_with_value(
            py,
            FFI_ArrowArrayStream::new(Box::new(batches)),
            c"arrow_array_stream",
        )
    }
}
