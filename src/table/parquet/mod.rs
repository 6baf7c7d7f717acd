//! Parquet files: their columns, read value by value, and tables written in a build with the feature `parquet`.
//!
//! Model: a table is row groups; a row group has a chunk per column; a chunk is pages, the first of which may hold a
//! dictionary. In: a file, which is untrusted, and names of columns. Out: their values, row by row.
//! Holds: memory is some times a page and a dictionary per wanted column, of at most [`MAX_PAGE_BYTES`] each, checked before
//! anything is allocated or decompressed, and a whole file unpacks to at most [`MAX_FILE_BYTES`]; damaged bytes end with an error, never a panic. The crate `parquet`, which
//! writes our files, is not used to read those of others: in 440,000 damaged files its reader (60.1) panicked 752 times,
//! and it allocates what a header claims.
//! Leaves out: nested columns, encryption, compressions but snappy and gzip (and zstd with the feature `parquet`), encodings that no common
//! writer uses by default for numbers, times and texts.
//! Source: Apache Parquet, format specification and `parquet.thrift`.

use std::cell::Cell;
use std::fmt;
use std::io::{Read, Seek, SeekFrom};

mod bits;
mod footer;
mod page;
mod snappy;
mod thrift;
#[cfg(feature = "parquet")]
mod write;

use footer::Footer;
use page::Pages;
#[cfg(feature = "parquet")]
pub use write::write;

/// The first and the last bytes of a file.
pub const MAGIC: &[u8] = b"PAR1";
/// Most bytes of a page, decompressed: one page with as many times as a recording can have.
const MAX_PAGE_BYTES: usize = 1 << 26;
/// Most bytes of a footer: 100,000 chunks.
const MAX_FOOTER_BYTES: u64 = 1 << 24;
/// Most columns.
const MAX_COLUMNS: usize = 10_000;
/// Most bytes in the names of all columns.
const MAX_NAMES: usize = 1 << 22;
/// Most bytes of all pages of a file, decompressed.
const MAX_FILE_BYTES: u64 = 1 << 34;
/// Most row groups.
const MAX_ROW_GROUPS: usize = 1 << 16;
/// Most rows: a century of minutes. A run of equal values takes a few bytes, whatever its length.
pub const MAX_ROWS: u64 = 1 << 26;

/// The reason why a file is refused.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ParquetError {
    /// Other content.
    NotParquet,
    /// An encrypted file.
    Encrypted,
    /// Bytes that no writer writes; holds the defect.
    Damaged(&'static str),
    /// No column of this name; holds all names.
    NoColumn(String, Vec<String>),
    /// A column that is not read: its name, the reason, and the way to write it.
    Unreadable(String, String, &'static str),
    /// More than the limit of something.
    Limit(&'static str, u64),
    /// A failed read; holds the message of the operating system.
    Io(String),
}

impl fmt::Display for ParquetError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotParquet => f.write_str("this is not a Parquet file, or its end is missing"),
            Self::Encrypted => f.write_str("the Parquet file is encrypted"),
            Self::Damaged(what) => write!(f, "the Parquet file is damaged: {what}"),
            Self::NoColumn(name, _) => write!(f, "there is no column `{name}`"),
            Self::Unreadable(column, why, fix) => write!(f, "column `{column}` {why}; {fix}"),
            Self::Limit(what, most) => write!(f, "more than {most} {what}"),
            Self::Io(why) => write!(f, "the file cannot be read: {why}"),
        }
    }
}

impl std::error::Error for ParquetError {}

impl From<std::io::Error> for ParquetError {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error.kind().to_string())
    }
}

/// The values of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Holds {
    /// Whole numbers.
    Integers,
    /// Whole numbers from 0.
    Unsigned,
    /// Floating-point numbers.
    Numbers,
    /// Texts.
    Texts,
    /// Instants since 1970, in units of this many nanoseconds.
    Timestamps(i128),
    /// Dates, in days since 1970.
    Days,
    /// Values that are not read; holds a word for them.
    Other(&'static str),
}

/// A column of a file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ParquetColumn {
    /// Its name; parts of a nested column are joined by points.
    pub name: String,
    /// Its values.
    pub holds: Holds,
    physical: i64,
    /// True if values may be missing.
    optional: bool,
}

/// The values of a column to write; `None` is a null.
#[derive(Clone, Debug, PartialEq)]
pub enum Written {
    /// Texts.
    Texts(Vec<Option<String>>),
    /// Whole numbers.
    Counts(Vec<Option<i64>>),
    /// Floating-point numbers.
    Numbers(Vec<Option<f64>>),
}

/// A value of a column.
#[derive(Clone, Debug, PartialEq)]
pub enum ParquetValue {
    /// None.
    Missing,
    /// A whole number, a timestamp or a date.
    Integer(i128),
    /// A floating-point number of 32 bits.
    Single(f32),
    /// A floating-point number of 64 bits.
    Number(f64),
    /// A text.
    Text(String),
}

/// An open file, with the columns that are wanted.
#[derive(Debug)]
pub struct ParquetFile<R> {
    reader: R,
    /// Offset of the footer.
    end: u64,
    footer: Footer,
}

impl<R: Read + Seek> ParquetFile<R> {
    /// Reads the footer and finds the columns of these names.
    ///
    /// # Errors
    ///
    /// [`ParquetError`], also for a column whose values are not read.
    pub fn open(mut reader: R, columns: &[&str]) -> Result<Self, ParquetError> {
        let size = reader.seek(SeekFrom::End(0))?;
        let ends = MAGIC.len() as u64 + 4;
        let Some(at) = size.checked_sub(ends).filter(|at| *at >= MAGIC.len() as u64) else {
            return Err(ParquetError::NotParquet);
        };
        let (start, tail) = (bytes(&mut reader, 0, 4, size)?, bytes(&mut reader, at, 8, size)?);
        match (start.as_slice(), &tail[4..]) {
            (MAGIC, MAGIC) => {}
            (b"PARE", _) | (_, b"PARE") => return Err(ParquetError::Encrypted),
            _ => return Err(ParquetError::NotParquet),
        }
        let length = tail[..4].iter().rev().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
        if length > MAX_FOOTER_BYTES {
            return Err(ParquetError::Limit("bytes of metadata", MAX_FOOTER_BYTES));
        }
        let end = at.checked_sub(length).ok_or(ParquetError::Damaged("its footer is too long"))?;
        let footer = footer::read(&bytes(&mut reader, end, length, at)?, columns)?;
        if u64::try_from(footer.rows).is_ok_and(|rows| rows > MAX_ROWS) {
            return Err(ParquetError::Limit("rows", MAX_ROWS));
        }
        for at in 0..footer.columns.len() {
            let chunks = footer.groups.iter().map(|group| group.chunks[at].bytes);
            let bytes = chunks.map(|bytes| u64::try_from(bytes).unwrap_or(0));
            if bytes.fold(0, u64::saturating_add) > end {
                return Err(ParquetError::Damaged("its chunks overlap"));
            }
        }
        for column in &footer.columns {
            if let Holds::Other(what) = column.holds {
                let fix = "write it as a number, a text or a timestamp";
                return Err(refused(column, format!("holds {what} values"), fix));
            }
        }
        Ok(Self { reader, end, footer })
    }

    /// Returns the wanted columns, in their order.
    #[must_use]
    pub fn columns(&self) -> &[ParquetColumn] {
        &self.footer.columns
    }

    /// Gives each row to `take`, with its number from 1: the values of the wanted columns.
    ///
    /// # Errors
    ///
    /// [`ParquetError`], and any error of `take`.
    pub fn each_row<E: From<ParquetError>>(
        mut self,
        mut take: impl FnMut(u64, &[ParquetValue]) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut row = 0;
        let mut values = Vec::with_capacity(self.footer.columns.len());
        let unpacked = Cell::new(0);
        for group in &self.footer.groups {
            let chunks = self.footer.columns.iter().zip(&group.chunks);
            let pages = chunks.map(|(column, chunk)| {
                Pages::new((column, &unpacked), *chunk, group.rows, self.end)
            });
            let mut pages: Vec<Pages<'_>> = pages.collect::<Result<_, _>>()?;
            for _ in 0..group.rows {
                values.clear();
                for one in &mut pages {
                    values.push(one.next(&mut self.reader)?);
                }
                row += 1;
                take(row, &values)?;
            }
        }
        Ok(())
    }
}

/// Returns the error of a column that is not read.
fn refused(column: &ParquetColumn, why: String, fix: &'static str) -> ParquetError {
    ParquetError::Unreadable(column.name.clone(), why, fix)
}

/// Reads `count` bytes from `at` on, which end at `end` or before.
fn bytes<R: Read + Seek>(
    reader: &mut R,
    at: u64,
    count: u64,
    end: u64,
) -> Result<Vec<u8>, ParquetError> {
    const SHORT: ParquetError = ParquetError::Damaged("it ends too early");
    if at.checked_add(count).is_none_or(|last| last > end) {
        return Err(SHORT);
    }
    reader.seek(SeekFrom::Start(at))?;
    let mut bytes = Vec::new();
    reader.take(count).read_to_end(&mut bytes)?;
    if bytes.len() as u64 == count { Ok(bytes) } else { Err(SHORT) }
}

#[cfg(test)]
mod tests;
