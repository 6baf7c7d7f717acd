//! Tidy CSV: one observation per row, one variable per column, safe to open in a spreadsheet.
//!
//! In: names of columns (snake_case with the unit as suffix, chosen by the caller) and fields. Out: bytes. Holds: RFC
//! 4180 quoting with `\n` between records; numbers in their shortest form that reads back to the same bits. A text
//! cell that a spreadsheet would take for a formula begins with `'` (I7), which [`unguarded`] removes. A missing
//! value is empty, never NaN (S9). The first line of a partial result states that it is partial (B10).

use std::fmt;

use super::document::{Cell, Table};
use super::rows::TableForm;
use super::text::visible;
use super::write::ResultFile;

/// One field of a record.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Field<'a> {
    /// Words; guarded against formulas.
    Text(&'a str),
    /// A number; empty when it is not finite.
    Number(f64),
    /// A count.
    Count(u64),
    /// No value.
    Missing,
}

/// The reason why a table cannot be written as CSV, which is an error of the caller.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CsvError {
    /// A column name that is not snake_case or is used twice.
    ColumnName(String),
    /// A record has another number of fields than there are columns.
    FieldCount {
        /// Number of columns.
        columns: usize,
        /// Number of fields.
        fields: usize,
    },
}

impl fmt::Display for CsvError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::ColumnName(name) => {
                write!(f, "the column name `{}` is not snake_case or not unique", visible(name))
            }
            Self::FieldCount { columns, fields } => {
                write!(f, "a record has {fields} fields for {columns} columns")
            }
        }
    }
}

impl std::error::Error for CsvError {}

/// Writes records to memory.
pub struct CsvWriter {
    columns: usize,
    inner: csv::Writer<Vec<u8>>,
}

impl CsvWriter {
    /// Creates a file with these columns; `partial` is the reason why it is not complete.
    ///
    /// # Errors
    ///
    /// [`CsvError::ColumnName`].
    pub fn new(partial: Option<&str>, columns: &[&str]) -> Result<Self, CsvError> {
        for (at, name) in columns.iter().enumerate() {
            if !is_snake_case(name) || columns[..at].contains(name) {
                return Err(CsvError::ColumnName((*name).into()));
            }
        }
        let mut bytes = Vec::new();
        if let Some(reason) = partial {
            bytes.extend_from_slice(format!("# PARTIAL {}\n", visible(reason)).as_bytes());
        }
        let mut inner =
            csv::WriterBuilder::new().terminator(csv::Terminator::Any(b'\n')).from_writer(bytes);
        inner.write_record(columns).expect("a record written to memory");
        Ok(Self { columns: columns.len(), inner })
    }

    /// Adds a record.
    ///
    /// # Errors
    ///
    /// [`CsvError::FieldCount`].
    pub fn record(&mut self, fields: &[Field<'_>]) -> Result<(), CsvError> {
        if fields.len() != self.columns {
            return Err(CsvError::FieldCount { columns: self.columns, fields: fields.len() });
        }
        self.inner
            .write_record(fields.iter().map(|field| spelled(*field)))
            .expect("a record of the right length written to memory");
        Ok(())
    }

    /// Returns the bytes of the file.
    #[must_use]
    pub fn finish(self) -> Vec<u8> {
        self.inner.into_inner().expect("memory takes all that is left to write")
    }
}

fn spelled(field: Field<'_>) -> String {
    match field {
        Field::Text(words) => guarded(words),
        Field::Number(value) if value.is_finite() => format!("{value:?}"),
        Field::Count(value) => value.to_string(),
        Field::Number(_) | Field::Missing => String::new(),
    }
}

fn is_snake_case(name: &str) -> bool {
    name.starts_with(|c: char| c.is_ascii_lowercase())
        && name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'_')
}

/// Returns whether a spreadsheet may take `text` for a formula; leading quotes count as an existing guard.
fn looks_like_formula(text: &str) -> bool {
    text.trim_start_matches('\'')
        .starts_with(['=', '+', '-', '@', '\t', '\r', '\n', '＝', '＋', '－', '＠'])
}

/// Returns `text` with a leading `'` if it looks like a formula.
#[must_use]
pub fn guarded(text: &str) -> String {
    if looks_like_formula(text) { format!("'{text}") } else { text.into() }
}

/// Returns the text that [`guarded`] was given.
#[must_use]
pub fn unguarded(text: &str) -> &str {
    match text.strip_prefix('\'') {
        Some(rest) if looks_like_formula(rest) => rest,
        _ => text,
    }
}

/// Writes a table of a report as CSV. A column of figures with intervals is followed by its bounds, named `_lo` and
/// `_hi`.
///
/// # Errors
///
/// Any [`CsvError`].
pub fn table(table: &Table, partial: Option<&str>) -> Result<Vec<u8>, CsvError> {
    Ok(put::<ResultFile>("", table, partial)?.bytes)
}

/// Writes a table of a report in any form, with the columns of its CSV file; `name` is the name of the file.
///
/// # Errors
///
/// Any [`CsvError`].
pub fn put<F: TableForm>(name: &str, table: &Table, partial: Option<&str>) -> Result<F, CsvError> {
    let bounded = |at: usize| {
        let has = |cell: &Cell| matches!(cell, Cell::Figure(figure) if figure.interval.is_some());
        table.rows.iter().any(|row| row.get(at).is_some_and(has))
    };
    let bounded: Vec<bool> = (0..table.columns.len()).map(bounded).collect();
    let mut names = Vec::new();
    for (column, bounded) in table.columns.iter().zip(&bounded) {
        names.push(column.key.clone());
        if *bounded {
            names.push(format!("{}_lo", column.key));
            names.push(format!("{}_hi", column.key));
        }
    }
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    let mut writer = F::begin(partial, &names)?;
    for row in &table.rows {
        if row.len() != table.columns.len() {
            return Err(CsvError::FieldCount { columns: table.columns.len(), fields: row.len() });
        }
        let mut fields = Vec::with_capacity(names.len());
        for (cell, bounded) in row.iter().zip(&bounded) {
            let (field, bounds) = match cell {
                Cell::Text(words) => (Field::Text(words), None),
                Cell::Count(value) => (Field::Count(*value), None),
                Cell::Figure(figure) => (Field::Number(figure.value), figure.interval),
                Cell::Name(row) => (Field::Text(&row.name), None),
                Cell::Missing { .. } => (Field::Missing, None),
            };
            fields.push(field);
            if *bounded {
                fields.push(bounds.map_or(Field::Missing, |(low, _)| Field::Number(low)));
                fields.push(bounds.map_or(Field::Missing, |(_, high)| Field::Number(high)));
            }
        }
        F::row(&mut writer, &fields)?;
    }
    Ok(F::end(name, writer))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::report::document::{Column, Figure, Unit};

    /// I7: quoting alone does not stop a spreadsheet; the guard does, and it can be undone.
    #[test]
    fn a_formula_is_guarded_and_reads_back() {
        let hostile =
            ["=1+1", "+1", "-1", "@SUM(A1)", "\tx", "\rx", "＝1", "＋", "－", "＠", "'=1"];
        for text in hostile {
            let safe = guarded(text);
            assert!(safe.starts_with('\''), "{text:?}");
            assert_eq!(unguarded(&safe), text);
        }
        for text in ["web-1", "it's", "'quoted'", "", "a=b", "é", "'"] {
            assert_eq!(guarded(text), text);
            assert_eq!(unguarded(text), text);
        }
    }

    /// S9: no NaN or infinity in any output; D8: numbers read back to the same bits.
    #[test]
    fn numbers_read_back_and_what_is_missing_is_empty() {
        let mut writer = CsvWriter::new(None, &["name", "value_s", "count"]).unwrap();
        let numbers = [0.1, 1e-300, f64::MAX, -0.0, 1.0 / 3.0, 5e-324, -12.5];
        for number in numbers {
            writer.record(&[Field::Text("x"), Field::Number(number), Field::Count(7)]).unwrap();
        }
        writer
            .record(&[Field::Text("a,\"b\"\nc"), Field::Number(f64::NAN), Field::Missing])
            .unwrap();
        let bytes = writer.finish();
        assert!(!bytes.contains(&b'\r'));
        let mut reader = csv::Reader::from_reader(&bytes[..]);
        let rows: Vec<_> = reader.records().map(Result::unwrap).collect();
        for (row, number) in rows.iter().zip(numbers) {
            assert_eq!(row[1].parse::<f64>().unwrap().to_bits(), number.to_bits());
        }
        assert_eq!(&rows[numbers.len()][0], "a,\"b\"\nc");
        assert_eq!((&rows[numbers.len()][1], &rows[numbers.len()][2]), ("", ""));
    }

    /// B10: a partial result cannot be mistaken for a complete one.
    #[test]
    fn a_partial_file_says_so_first() {
        let writer = CsvWriter::new(Some("memory\nlimit"), &["a"]).unwrap();
        let text = String::from_utf8(writer.finish()).unwrap();
        assert_eq!(text, "# PARTIAL memory\\u{a}limit\na\n");
    }

    #[test]
    fn bounds_stand_beside_their_figure() {
        let data = Table {
            columns: vec![
                Column::words("scenario", "scenario"),
                Column::numbers("use", "use_ratio", Unit::Ratio),
            ],
            rows: vec![
                vec![Cell::text("a"), Cell::Figure(Figure::estimate(0.5, 0.25, 0.75, Unit::Ratio))],
                vec![Cell::text("b"), Cell::missing("no requests")],
            ],
            ..Table::default()
        };
        let text = String::from_utf8(table(&data, None).unwrap()).unwrap();
        let expected = "scenario,use_ratio,use_ratio_lo,use_ratio_hi\na,0.5,0.25,0.75\nb,,,\n";
        assert_eq!(text, expected);
    }

    #[test]
    fn names_of_columns_are_checked() {
        for bad in [&["Latency"][..], &["a b"], &["a", "a"], &[""], &["9a"]] {
            assert!(matches!(CsvWriter::new(None, bad), Err(CsvError::ColumnName(_))), "{bad:?}");
        }
        let mut writer = CsvWriter::new(None, &["a"]).unwrap();
        let error = writer.record(&[Field::Missing, Field::Missing]);
        assert_eq!(error, Err(CsvError::FieldCount { columns: 1, fields: 2 }));
    }
}
