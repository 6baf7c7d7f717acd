//! Distributions from files: a CSV of observations, or of points of a distribution function.
//!
//! The first line names the content of the columns: the unit of the values (`ms`, `kB`; `value` for counts), and, for
//! a distribution function, `cumulative`. Values without a second column are observations with equal weights, in any
//! order. Blank lines are skipped.
//!
//! Holds: paths follow the rules of [`file`](mod@crate::scenario::file); at most [`MAX_ROWS`] rows; an error names
//! its line.

use std::fmt::Write as _;

use sha2::{Digest, Sha256};

use super::{Random, Read};
use crate::scenario::code::Code;
use crate::scenario::diagnostic::{Diagnostic, Diagnostics};
use crate::scenario::document::{Data, Item};
use crate::scenario::file::{
    self, Lines, TraceError, TraceErrorKind, excerpt, path_code, trace_code,
};
use crate::scenario::source::Span;
use crate::scenario::value::Spanned;

/// Largest number of rows in a file.
pub const MAX_ROWS: u64 = 1_000_000;

/// The rows of a file, in base units.
pub(super) enum Rows {
    /// Observations.
    Values(Vec<f64>),
    /// Points of a distribution function.
    Points(Vec<(f64, f64)>),
}

/// Reads the file of `read`, if it has one, into its values or points. Returns false after an error, which is
/// reported.
pub(super) fn load<U: Random>(read: &mut Read<U>, out: &mut Diagnostics) -> bool {
    let Some(path) = &read.file else { return true };
    let mut hash = Sha256::new();
    match rows::<U>(path, &mut hash, out) {
        Ok(Rows::Values(values)) => read.lists.push(("values", values)),
        Ok(Rows::Points(points)) => {
            read.points = points;
            read.cumulated = true;
        }
        Err(diagnostic) => {
            out.push(*diagnostic);
            return false;
        }
    }
    let digest = hash.finalize().iter().fold(String::new(), |mut text, byte| {
        write!(text, "{byte:02x}").expect("a string takes all");
        text
    });
    // The digest of the content is part of the model: two files with the same name can be two models.
    read.canonical.push(("sha256", digest.into()));
    true
}

fn rows<U: Random>(
    path: &Spanned<String>,
    hash: &mut Sha256,
    out: &Diagnostics,
) -> Result<Rows, Box<Diagnostic>> {
    let refuse = |code: Code, message: String| {
        Box::new(Diagnostic::new(code, path.span, format!("`{}`: {message}", path.value)))
    };
    let wrong = |error: &TraceError| refuse(trace_code(&error.kind), error.to_string());
    let opened = file::open(out.folder(), &[], &path.value)
        .map_err(|error| refuse(path_code(&error), error.to_string()))?;
    let mut lines = Lines::new(opened);
    let mut header: Option<Header> = None;
    let mut found = Rows::Values(Vec::new());
    let mut count = 0;
    while let Some((number, line)) = lines.next_line().map_err(|error| wrong(&error))? {
        hash.update(line);
        hash.update(b"\n");
        let text =
            std::str::from_utf8(line).map_err(|_| wrong(&TraceErrorKind::NotUtf8.at(number)))?;
        if text.trim().is_empty() {
            continue;
        }
        let Some(header) = &header else {
            let named =
                Header::read::<U>(text, number).map_err(|error| refuse_header(path, error))?;
            if named.cumulative {
                found = Rows::Points(Vec::new());
            }
            header = Some(named);
            continue;
        };
        count += 1;
        if count > MAX_ROWS {
            return Err(wrong(&TraceErrorKind::Limit("rows", MAX_ROWS).whole()));
        }
        let row = header.row::<U>(text).map_err(|kind| wrong(&kind.at(number)))?;
        match &mut found {
            Rows::Values(values) => values.push(row.0),
            Rows::Points(points) => points.push(row),
        }
    }
    match (header, count) {
        (None, _) => Err(wrong(&TraceErrorKind::Empty.whole())),
        (Some(_), 0) => Err(refuse(Code::TraceUnreadable, "there is no row in the file".into())),
        _ => Ok(found),
    }
}

/// The content of the columns.
struct Header {
    unit: String,
    cumulative: bool,
}

fn refuse_header(path: &Spanned<String>, (line, message): (u64, String)) -> Box<Diagnostic> {
    let message = format!("`{}`: line {line}: {message}", path.value);
    let help = "the first line names the unit of the values (ms, kB; `value` for counts), then \
                `cumulative` when a second column holds P(X <= value)";
    Box::new(Diagnostic::new(Code::TraceContent, path.span, message).help(help))
}

impl Header {
    fn read<U: Random>(text: &str, line: u64) -> Result<Self, (u64, String)> {
        let mut fields = text.split(',').map(str::trim);
        let unit = fields.next().unwrap_or_default().to_string();
        let known = if U::COUNTS { unit == "value" } else { value_of::<U>("1", &unit).is_some() };
        if !known {
            return Err((line, format!("`{}` is not a unit of this quantity", excerpt(&unit))));
        }
        let cumulative = match (fields.next(), fields.next()) {
            (None, _) => false,
            (Some("cumulative"), None) => true,
            (Some(other), _) => {
                return Err((line, format!("`{}` is not `cumulative`", excerpt(other))));
            }
        };
        Ok(Self { unit, cumulative })
    }

    /// Parses a row: a value and its cumulative probability.
    fn row<U: Random>(&self, text: &str) -> Result<(f64, f64), TraceErrorKind> {
        let fields: Vec<&str> = text.split(',').map(str::trim).collect();
        let expected = 1 + u64::from(self.cumulative);
        if fields.len() as u64 != expected {
            return Err(TraceErrorKind::Ragged(fields.len() as u64, expected));
        }
        let number = |text: &str| match text.parse::<f64>() {
            Ok(value) if value.is_finite() && value >= 0.0 => Ok(value),
            Ok(_) => Err(TraceErrorKind::OutOfRange(excerpt(text))),
            Err(_) => Err(TraceErrorKind::NotANumber(excerpt(text))),
        };
        let plain = number(fields[0])?;
        let value = if U::COUNTS { Some(plain) } else { value_of::<U>(fields[0], &self.unit) };
        let value = value.ok_or_else(|| TraceErrorKind::OutOfRange(excerpt(fields[0])))?;
        let cumulated = if self.cumulative { number(fields[1])? } else { 1.0 };
        Ok((value, cumulated))
    }
}

/// Converts `number` of `unit` to the base unit, with the parser of scenarios.
fn value_of<U: Random>(number: &str, unit: &str) -> Option<f64> {
    let item = Item { span: Span::default(), data: Data::Text(format!("{number}{unit}")) };
    let mut quiet = Diagnostics::new();
    let value = U::read(&item, &mut quiet);
    value.filter(|_| !quiet.has_errors()).map(|value| value.base())
}
