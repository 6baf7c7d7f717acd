//! The documentation of files and their columns.

/// The documentation of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Described {
    /// Name of the file.
    pub name: &'static str,
    /// The meaning of one row.
    pub row_is: &'static str,
    /// Its columns, in order.
    pub columns: Vec<DescribedColumn>,
}

/// The documentation of a column.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DescribedColumn {
    /// Its name in the file, and those of its bounds.
    pub names: Vec<String>,
    /// Its meaning.
    pub meaning: &'static str,
    /// Name of its unit; `1` without one.
    pub unit: String,
    /// True if its values are words.
    pub is_words: bool,
}
