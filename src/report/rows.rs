//! The forms of a whole table of results: a CSV file, or rows in memory.

use super::csv::{CsvError, CsvWriter, Field};
use super::write::ResultFile;

/// A form of a table, which is written row by row.
pub trait TableForm: Sized {
    /// The type that collects the rows.
    type Writer;

    /// Starts a table with these columns; `partial` is the reason why it is not complete.
    ///
    /// # Errors
    ///
    /// [`CsvError::ColumnName`].
    fn begin(partial: Option<&str>, columns: &[&str]) -> Result<Self::Writer, CsvError>;

    /// Adds a row.
    ///
    /// # Errors
    ///
    /// [`CsvError::FieldCount`].
    fn row(writer: &mut Self::Writer, fields: &[Field<'_>]) -> Result<(), CsvError>;

    /// Completes the table; `name` is the name of its file.
    fn end(name: &str, writer: Self::Writer) -> Self;
}

impl TableForm for ResultFile {
    type Writer = CsvWriter;

    fn begin(partial: Option<&str>, columns: &[&str]) -> Result<CsvWriter, CsvError> {
        CsvWriter::new(partial, columns)
    }

    fn row(writer: &mut CsvWriter, fields: &[Field<'_>]) -> Result<(), CsvError> {
        writer.record(fields)
    }

    fn end(name: &str, writer: CsvWriter) -> Self {
        Self::covered(name, writer.finish())
    }
}

/// One field of a row in memory.
#[derive(Clone, Debug, PartialEq)]
pub enum HeldField {
    /// Words, unguarded.
    Text(String),
    /// A finite number.
    Number(f64),
    /// A count.
    Count(u64),
    /// No value.
    Missing,
}

impl From<Field<'_>> for HeldField {
    fn from(field: Field<'_>) -> Self {
        match field {
            Field::Text(words) => Self::Text(words.to_string()),
            Field::Count(count) => Self::Count(count),
            Field::Number(number) if number.is_finite() => Self::Number(number),
            Field::Number(_) | Field::Missing => Self::Missing,
        }
    }
}

/// A table in memory, with the columns of its file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct HeldTable {
    /// Name of its file.
    pub name: String,
    /// Names of its columns.
    pub columns: Vec<String>,
    /// Its rows, each with a field per column.
    pub rows: Vec<Vec<HeldField>>,
}

impl TableForm for HeldTable {
    type Writer = Self;

    fn begin(_: Option<&str>, columns: &[&str]) -> Result<Self, CsvError> {
        let columns = columns.iter().map(|name| (*name).to_string()).collect();
        Ok(Self { columns, ..Self::default() })
    }

    fn row(writer: &mut Self, fields: &[Field<'_>]) -> Result<(), CsvError> {
        let (columns, count) = (writer.columns.len(), fields.len());
        if count != columns {
            return Err(CsvError::FieldCount { columns, fields: count });
        }
        writer.rows.push(fields.iter().map(|field| (*field).into()).collect());
        Ok(())
    }

    fn end(name: &str, writer: Self) -> Self {
        Self { name: name.to_string(), ..writer }
    }
}
