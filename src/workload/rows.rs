//! Rows of a CSV file, each with its line.
//!
//! Takes bytes with a header line; gives the fields of the columns that are asked for.
//! Holds: the text is read line by line and never held whole; each line is short enough, with its quotes closed.

use std::io::{self, Read};

use crate::scenario::file::{Lines, TraceError, TraceErrorKind, excerpt};

/// Gives each row of a CSV file with a header line to `take`, as the fields of `columns`.
///
/// # Errors
///
/// [`TraceError`] with the line: no bytes, a missing column, ragged rows, and what `take` refuses.
pub(super) fn each_row(
    reader: impl Read,
    columns: &[&str],
    mut take: impl FnMut(&[&str]) -> Result<(), TraceErrorKind>,
) -> Result<(), TraceError> {
    let mut csv = csv::Reader::from_reader(Guarded::new(reader));
    let header = csv.headers().map_err(|error| refusal(error, 1))?.clone();
    if header.is_empty() {
        return Err(TraceErrorKind::Empty.whole());
    }
    let place = |name: &&str| {
        header.iter().position(|field| field.trim() == *name).ok_or_else(|| {
            let columns = header.iter().map(excerpt).take(32).collect();
            TraceErrorKind::NoColumn((*name).to_string(), columns).at(1)
        })
    };
    let places: Vec<usize> = columns.iter().map(place).collect::<Result<_, _>>()?;
    let mut record = csv::StringRecord::new();
    loop {
        let more = csv.read_record(&mut record);
        // The guard hands on one line at a time, so its count is the line of this record.
        let line = csv.get_ref().lines.count();
        if !more.map_err(|error| refusal(error, line))? {
            return Ok(());
        }
        let fields: Vec<&str> = places.iter().map(|place| &record[*place]).collect();
        take(&fields).map_err(|kind| kind.at(line))?;
    }
}

/// Feeds guarded lines to the CSV parser: each short enough, each with its quotes closed.
struct Guarded<R> {
    lines: Lines<R>,
    /// The current line with a line end, and how much of it was handed on.
    line: Vec<u8>,
    given: usize,
}

impl<R: Read> Guarded<R> {
    fn new(reader: R) -> Self {
        Self { lines: Lines::new(reader), line: Vec::new(), given: 0 }
    }
}

impl<R: Read> Read for Guarded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.given == self.line.len() {
            self.line.clear();
            self.given = 0;
            match self.lines.next_line().map_err(io::Error::other)? {
                None => return Ok(0),
                Some((number, line)) => {
                    if line.iter().filter(|byte| **byte == b'"').count() % 2 == 1 {
                        return Err(io::Error::other(TraceErrorKind::OpenQuote.at(number)));
                    }
                    self.line.extend_from_slice(line);
                    self.line.push(b'\n');
                }
            }
        }
        let count = buffer.len().min(self.line.len() - self.given);
        buffer[..count].copy_from_slice(&self.line[self.given..self.given + count]);
        self.given += count;
        Ok(count)
    }
}

fn refusal(error: csv::Error, line: u64) -> TraceError {
    match error.into_kind() {
        csv::ErrorKind::Io(error) => match error.downcast::<TraceError>() {
            Ok(ours) => ours,
            Err(error) => TraceErrorKind::Unreadable(error.kind().to_string()).at(line),
        },
        csv::ErrorKind::Utf8 { .. } => TraceErrorKind::NotUtf8.at(line),
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            TraceErrorKind::Ragged(len, expected_len).at(line)
        }
        _ => TraceErrorKind::Unreadable("not CSV".to_string()).at(line),
    }
}
