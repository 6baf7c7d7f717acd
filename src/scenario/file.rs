//! Files that a scenario names, and their lines. The content is untrusted.
//!
//! A path is relative to the folder of the scenario. With symbolic links resolved, it must stay inside that folder
//! (or inside a folder that the user allowed) and name a regular file. This is checked before the file is opened, so
//! that a pipe or a device is never opened and nothing blocks, and again on the open file. A gzip file is recognised
//! by its first bytes and decompressed, also with several members. Before a parser sees the lines, their length, open
//! quotes and the total decompressed size are limited.
//!
//! Holds: no error shows content of a file outside the folder; memory is one line (and the 32 KiB window of gzip).
//! Leaves out: other compression formats; such a file is recognised and refused by name.
//! Source: RFC 1952 (gzip).

use std::fmt;
use std::fs::{self, File};
use std::io::{self, BufRead, BufReader, Chain, Cursor, Read};
use std::path::{Component, Path, PathBuf};

use flate2::bufread::MultiGzDecoder;

use super::code::Code;
use crate::table::parquet::ParquetError;
use crate::units::SimDuration;

/// Longest line of a trace, in bytes.
pub const MAX_LINE_BYTES: usize = 64 * 1024;
/// Largest decompressed size of a trace in bytes: a week of a busy site's log.
pub const MAX_BYTES: u64 = 1 << 34;
/// Largest number of decompressed bytes per compressed byte.
pub const MAX_RATIO: u64 = 1_000;
/// Number of decompressed bytes up to which the ratio is not checked.
const FREE_BYTES: u64 = 1 << 20;
/// Longest excerpt of a line in a message, in characters.
const EXCERPT: usize = 80;

/// The reason why a path in a scenario is refused or its file cannot be opened.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PathError {
    /// Empty, or with a NUL byte.
    NotAPath,
    /// Absolute or with a drive, and not inside an allowed folder.
    Absolute,
    /// A web address, or a `~` that only a shell would expand.
    NotPlain,
    /// Leads out of the scenario's folder, by `..` or by a symbolic link.
    Escapes,
    /// There is no such file.
    Missing,
    /// Not a regular file; holds its type.
    NotAFile(&'static str),
    /// The operating system refuses to read it; holds its message.
    Unreadable(String),
}

impl fmt::Display for PathError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotAPath => f.write_str("this is not a path"),
            Self::Absolute => f.write_str("the path must be relative to the scenario's folder"),
            Self::NotPlain => {
                f.write_str("a plain relative path is needed: no web address, no `~`")
            }
            Self::Escapes => f.write_str("the path leads out of the scenario's folder"),
            Self::Missing => f.write_str("there is no such file"),
            Self::NotAFile(what) => write!(f, "this is a {what}, not a regular file"),
            Self::Unreadable(why) => write!(f, "the file cannot be read: {why}"),
        }
    }
}

impl std::error::Error for PathError {}

/// Resolves `written`, a path in a scenario of the folder `folder`, to its canonical path inside `folder` or one of
/// the `allowed` folders.
///
/// # Errors
///
/// Any [`PathError`]; no file is opened, so the call does not block.
pub fn resolve(folder: &Path, allowed: &[PathBuf], written: &str) -> Result<PathBuf, PathError> {
    if written.trim().is_empty() || written.contains('\0') {
        return Err(PathError::NotAPath);
    }
    if written.contains("://") || written.starts_with('~') {
        return Err(PathError::NotPlain);
    }
    let path = Path::new(written);
    let rooted = path.components().any(|c| matches!(c, Component::RootDir | Component::Prefix(_)));
    if rooted && !allowed.iter().any(|folder| path.starts_with(folder)) {
        return Err(PathError::Absolute);
    }
    // The written components are checked first: a file with a forbidden path is not looked up.
    let mut depth = 0_i64;
    for component in path.components() {
        depth += match component {
            Component::ParentDir => -1,
            Component::Normal(_) => 1,
            _ => 0,
        };
        if depth < 0 || (rooted && component == Component::ParentDir) {
            return Err(PathError::Escapes);
        }
    }
    // The path of a scenario in the current folder has an empty parent.
    let folder = if folder.as_os_str().is_empty() { Path::new(".") } else { folder };
    let found = folder.join(path).canonicalize().map_err(|error| refusal(&error))?;
    let under = |root: &Path| root.canonicalize().is_ok_and(|root| found.starts_with(root));
    if !under(folder) && !allowed.iter().any(|root| under(root)) {
        return Err(PathError::Escapes);
    }
    regular(&fs::metadata(&found).map_err(|error| refusal(&error))?)?;
    Ok(found)
}

/// Opens the file that [`resolve`] finds.
///
/// # Errors
///
/// Any [`PathError`].
pub fn open(folder: &Path, allowed: &[PathBuf], written: &str) -> Result<File, PathError> {
    let file = File::open(resolve(folder, allowed, written)?).map_err(|error| refusal(&error))?;
    regular(&file.metadata().map_err(|error| refusal(&error))?)?;
    Ok(file)
}

fn refusal(error: &io::Error) -> PathError {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => PathError::Missing,
        kind => PathError::Unreadable(kind.to_string()),
    }
}

fn regular(metadata: &fs::Metadata) -> Result<(), PathError> {
    if metadata.is_file() {
        return Ok(());
    }
    let what = if metadata.is_dir() { "folder" } else { "pipe, socket or device" };
    Err(PathError::NotAFile(what))
}

/// The reason why a trace is refused, with its line.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceError {
    /// Line in the file, from 1; `None` for an error of the file as a whole.
    pub line: Option<u64>,
    /// The error.
    pub kind: TraceErrorKind,
}

/// An error in a trace.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum TraceErrorKind {
    /// No bytes.
    Empty,
    /// A header without rows, or a log without a usable line.
    NoRows,
    /// A column that the header does not have; holds its name and the existing columns.
    NoColumn(String, Vec<String>),
    /// A row with another number of fields than the header; holds both numbers.
    Ragged(u64, u64),
    /// A field that is not a number; holds an excerpt.
    NotANumber(String),
    /// A field that is not a time in the declared format; holds an excerpt.
    NotATime(String),
    /// A number or a time that is negative, infinite or NaN; holds an excerpt.
    OutOfRange(String),
    /// A time after the last instant that can be read; holds an excerpt.
    TooLate(String),
    /// A date where a number is read; holds an excerpt.
    IsADate(String),
    /// A time before that of the previous row, or inside its interval.
    NotSorted,
    /// A time inside the interval of the previous row: holds the time between them, the interval, and the unit that
    /// would fit, as the word of `time-unit`.
    TooClose(SimDuration, SimDuration, Option<&'static str>),
    /// Bytes that are not UTF-8.
    NotUtf8,
    /// A line longer than [`MAX_LINE_BYTES`].
    LineTooLong,
    /// A quote that is not closed on its line.
    OpenQuote,
    /// A compression format other than gzip, or gzip inside gzip; holds the format.
    Compressed(&'static str),
    /// A gzip file that cannot be decompressed completely; holds the error.
    Damaged(&'static str),
    /// More rows, requests or malformed lines than the limit; holds the kind of entry and the limit.
    Limit(&'static str, u64),
    /// A line that does not follow the log format; holds the missing part.
    Malformed(&'static str),
    /// A failure that ends before it begins.
    EndBeforeBegin,
    /// A failure of a part that is not there; holds an excerpt, and the number of parts.
    NoSuchPart(String, usize),
    /// A failed read; holds the message of the operating system.
    Unreadable(String),
    /// Text that is no answer of Prometheus to a range query; holds the defect.
    NotARangeQuery(String),
    /// A Parquet file that is not read; holds the reason.
    Parquet(String),
    /// A missing value; holds the column.
    NoValue(String),
    /// An error in a row of a table without lines, counted from 1.
    InRow(u64, Box<Self>),
}

impl TraceErrorKind {
    pub(crate) const fn whole(self) -> TraceError {
        TraceError { line: None, kind: self }
    }

    pub(crate) const fn at(self, line: u64) -> TraceError {
        TraceError { line: Some(line), kind: self }
    }

    pub(crate) fn in_row(self, row: u64) -> TraceError {
        Self::InRow(row, Box::new(self)).whole()
    }
}

impl fmt::Display for TraceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(line) = self.line {
            write!(f, "line {line}: ")?;
        }
        match &self.kind {
            TraceErrorKind::Empty => f.write_str("the file is empty"),
            TraceErrorKind::NoRows => f.write_str("there is no row to play in the file"),
            TraceErrorKind::NoColumn(name, columns) => {
                write!(f, "there is no column `{name}`; the columns are {}", columns.join(", "))
            }
            TraceErrorKind::Ragged(fields, expected) => {
                write!(f, "{fields} fields where the header has {expected}")
            }
            TraceErrorKind::NotANumber(text) => write!(f, "`{text}` is not a number"),
            TraceErrorKind::NotATime(text) => {
                write!(f, "`{text}` is not a time of the stated form")
            }
            TraceErrorKind::TooLate(text) => write!(
                f,
                "`{text}` lies beyond all calendars: are the times in a smaller unit, such as `time-unit = \"ms\"` or \"ns\"?"
            ),
            TraceErrorKind::OutOfRange(text) => {
                write!(f, "`{text}` is out of range; it must be finite and ≥ 0")
            }
            TraceErrorKind::NotSorted => {
                f.write_str("earlier than the one before allows; a trace must be sorted by time")
            }
            TraceErrorKind::IsADate(text) => {
                write!(f, "`{text}` is a date; write `time-unit = \"iso8601\"`")
            }
            TraceErrorKind::TooClose(step, interval, unit) => {
                write!(f, "{step} after the one before, which covers {interval}")?;
                match unit {
                    Some(unit) => {
                        write!(f, "; are the times in another unit? `time-unit = \"{unit}\"` fits")
                    }
                    None => Ok(()),
                }
            }
            TraceErrorKind::NotUtf8 => f.write_str("this is not UTF-8 text"),
            TraceErrorKind::LineTooLong => {
                write!(f, "longer than {MAX_LINE_BYTES} bytes")
            }
            TraceErrorKind::OpenQuote => f.write_str("a quote is not closed on its line"),
            TraceErrorKind::Compressed(format) => {
                write!(f, "the file is compressed ({format}); unpack it, or pack it with gzip once")
            }
            TraceErrorKind::Damaged(what) => write!(f, "the gzip file is damaged: {what}"),
            TraceErrorKind::Limit(what, bound) => write!(f, "more than {bound} {what}"),
            TraceErrorKind::Malformed(what) => write!(f, "not a line of the log format: {what}"),
            TraceErrorKind::EndBeforeBegin => f.write_str("the failure ends before it begins"),
            TraceErrorKind::NoSuchPart(text, parts) => {
                write!(f, "`{text}` is the number of none of the {parts} parts")
            }
            TraceErrorKind::Unreadable(why) => write!(f, "the file cannot be read: {why}"),
            TraceErrorKind::NotARangeQuery(what) => {
                write!(f, "this is no answer of Prometheus to a range query: {what}")
            }
            TraceErrorKind::Parquet(why) => f.write_str(why),
            TraceErrorKind::NoValue(column) => write!(f, "column `{column}` has no value"),
            TraceErrorKind::InRow(row, kind) => {
                write!(f, "row {row}: {}", TraceError { line: None, kind: (**kind).clone() })
            }
        }
    }
}

impl std::error::Error for TraceError {}

impl From<ParquetError> for TraceError {
    fn from(error: ParquetError) -> Self {
        let kind = match error {
            ParquetError::NoColumn(name, columns) => {
                let columns = columns.iter().map(|name| excerpt(name)).take(32).collect();
                TraceErrorKind::NoColumn(name, columns)
            }
            ParquetError::Limit(what, most) => TraceErrorKind::Limit(what, most),
            ParquetError::Io(why) => TraceErrorKind::Unreadable(why),
            other => TraceErrorKind::Parquet(other.to_string()),
        };
        kind.whole()
    }
}

/// Prepares `text` for a message: control characters escaped, at most 80 characters.
pub(crate) fn excerpt(text: &str) -> String {
    let mut shown: String = text.chars().take(EXCERPT).flat_map(char::escape_debug).collect();
    if text.chars().nth(EXCERPT).is_some() {
        shown.push('…');
    }
    shown
}

/// Returns the code of a refused path.
#[must_use]
pub fn path_code(error: &PathError) -> Code {
    match error {
        PathError::Missing | PathError::Unreadable(_) => Code::TraceUnreadable,
        PathError::NotAFile(_) => Code::NotAFile,
        _ => Code::OutsideFolder,
    }
}

/// Returns the code of an error in a trace.
#[must_use]
pub fn trace_code(kind: &TraceErrorKind) -> Code {
    match kind {
        TraceErrorKind::Empty | TraceErrorKind::NoRows | TraceErrorKind::Unreadable(_) => {
            Code::TraceUnreadable
        }
        TraceErrorKind::Compressed(_) | TraceErrorKind::Damaged(_) => Code::TraceArchive,
        TraceErrorKind::Limit(..) => Code::TooMany,
        TraceErrorKind::InRow(_, kind) => trace_code(kind),
        _ => Code::TraceContent,
    }
}

/// The content of a file, plain or compressed.
#[derive(Debug)]
enum Content<R> {
    Plain(BufReader<Whole<R>>),
    Gzip(Box<BufReader<MultiGzDecoder<Packed<R>>>>),
}

/// A compressed file, with a count of the bytes read from it.
type Packed<R> = BufReader<Counted<Whole<R>>>;

/// A reader with a count of its bytes.
#[derive(Debug)]
struct Counted<R> {
    reader: R,
    bytes: u64,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, into: &mut [u8]) -> io::Result<usize> {
        let read = self.reader.read(into)?;
        self.bytes += read as u64;
        Ok(read)
    }
}

/// A file with its first bytes, which have been inspected, put back in front.
type Whole<R> = Chain<Cursor<Vec<u8>>, R>;

impl<R: Read> Content<R> {
    fn of(mut reader: R) -> io::Result<Self> {
        let mut start = Vec::with_capacity(GZIP.len());
        reader.by_ref().take(GZIP.len() as u64).read_to_end(&mut start)?;
        let packed = start == GZIP;
        let whole = Cursor::new(start).chain(reader);
        Ok(if packed {
            let counted = BufReader::new(Counted { reader: whole, bytes: 0 });
            Self::Gzip(Box::new(BufReader::new(MultiGzDecoder::new(counted))))
        } else {
            Self::Plain(BufReader::new(whole))
        })
    }

    /// Returns whether `unpacked` bytes are more than a trace of this compressed size can have (a decompression
    /// bomb).
    fn is_bomb(&self, unpacked: u64) -> bool {
        let Self::Gzip(reader) = self else { return false };
        let packed = reader.get_ref().get_ref().get_ref().bytes;
        unpacked > FREE_BYTES && unpacked > MAX_RATIO.saturating_mul(packed)
    }

    /// Reads up to and including the next line feed, at most `limit` bytes.
    fn read_line(&mut self, limit: u64, line: &mut Vec<u8>) -> Result<usize, TraceErrorKind> {
        let unreadable = |error: &io::Error| TraceErrorKind::Unreadable(error.kind().to_string());
        match self {
            Self::Plain(reader) => {
                reader.take(limit).read_until(b'\n', line).map_err(|error| unreadable(&error))
            }
            Self::Gzip(reader) => {
                reader.take(limit).read_until(b'\n', line).map_err(|error| match error.kind() {
                    io::ErrorKind::UnexpectedEof => TraceErrorKind::Damaged("it ends too early"),
                    io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => {
                        TraceErrorKind::Damaged("what follows is not gzip, or its check fails")
                    }
                    _ => unreadable(&error),
                })
            }
        }
    }
}

/// Lines of a trace, one at a time. Each is at most [`MAX_LINE_BYTES`] long, all together at most [`MAX_BYTES`],
/// decompressed.
#[derive(Debug)]
pub struct Lines<R> {
    /// The reader before its first bytes are inspected.
    fresh: Option<R>,
    content: Option<Content<R>>,
    line: Vec<u8>,
    number: u64,
    /// Bytes allowed in total, and bytes left.
    bytes: u64,
    left: u64,
}

impl<R: Read> Lines<R> {
    /// Creates the lines of `reader`.
    pub fn new(reader: R) -> Self {
        Self::at_most(reader, MAX_BYTES)
    }

    fn at_most(reader: R, bytes: u64) -> Self {
        Self { fresh: Some(reader), content: None, line: Vec::new(), number: 0, bytes, left: bytes }
    }

    /// Reads the next line, without its end (LF or CRLF) and without a byte order mark, and its number from 1.
    /// Returns `None` after the last line.
    ///
    /// # Errors
    ///
    /// [`TraceErrorKind::LineTooLong`], [`TraceErrorKind::Compressed`] on the first line,
    /// [`TraceErrorKind::Damaged`], [`TraceErrorKind::Limit`], [`TraceErrorKind::Unreadable`].
    pub fn next_line(&mut self) -> Result<Option<(u64, &[u8])>, TraceError> {
        self.line.clear();
        let number = self.number + 1;
        if let Some(reader) = self.fresh.take() {
            let content = Content::of(reader);
            let unreadable =
                |error: io::Error| TraceErrorKind::Unreadable(error.kind().to_string()).whole();
            self.content = Some(content.map_err(unreadable)?);
        }
        let Some(content) = &mut self.content else { return Ok(None) };
        let limit = MAX_LINE_BYTES as u64 + 2;
        let read = content.read_line(limit, &mut self.line).map_err(|kind| kind.at(number))?;
        if read == 0 {
            return Ok(None);
        }
        let Some(left) = self.left.checked_sub(read as u64) else {
            return Err(TraceErrorKind::Limit("bytes, unpacked", MAX_BYTES).at(number));
        };
        self.left = left;
        if content.is_bomb(self.bytes - left) {
            return Err(
                TraceErrorKind::Limit("bytes unpacked from each packed one", MAX_RATIO).at(number)
            );
        }
        if number == 1
            && let Some(format) = compression(&self.line)
        {
            return Err(TraceErrorKind::Compressed(format).whole());
        }
        if self.line.last() == Some(&b'\n') {
            self.line.pop();
            if self.line.last() == Some(&b'\r') {
                self.line.pop();
            }
        }
        if self.line.len() > MAX_LINE_BYTES {
            return Err(TraceErrorKind::LineTooLong.at(number));
        }
        self.number = number;
        let marked = number == 1 && self.line.starts_with(b"\xEF\xBB\xBF");
        Ok(Some((number, &self.line[if marked { 3 } else { 0 }..])))
    }

    /// Returns the number of lines read.
    #[must_use]
    pub const fn count(&self) -> u64 {
        self.number
    }
}

/// Reads the whole content, plain or packed by gzip, of at most `most` bytes unpacked.
///
/// # Errors
///
/// [`TraceErrorKind::Compressed`], [`TraceErrorKind::Damaged`], [`TraceErrorKind::Limit`],
/// [`TraceErrorKind::Unreadable`].
pub fn whole(reader: impl Read, most: u64) -> Result<Vec<u8>, TraceErrorKind> {
    let unreadable = |error: io::Error| TraceErrorKind::Unreadable(error.kind().to_string());
    let mut content = Content::of(reader).map_err(unreadable)?;
    let mut bytes = Vec::new();
    while content.read_line(most + 1, &mut bytes)? > 0 {
        let read = bytes.len() as u64;
        if read > most {
            return Err(TraceErrorKind::Limit("bytes, unpacked", most));
        }
        if content.is_bomb(read) {
            return Err(TraceErrorKind::Limit("bytes unpacked from each packed one", MAX_RATIO));
        }
    }
    match compression(&bytes) {
        Some(format) => Err(TraceErrorKind::Compressed(format)),
        None => Ok(bytes),
    }
}

/// The first bytes of a gzip file.
const GZIP: &[u8] = b"\x1F\x8B";

/// Recognises a compression format by the first bytes of the content.
fn compression(start: &[u8]) -> Option<&'static str> {
    let formats: [(&[u8], &str); 5] = [
        (GZIP, "gzip in gzip"),
        (b"\x28\xB5\x2F\xFD", "zstd"),
        (b"PK\x03\x04", "zip"),
        (b"BZh", "bzip2"),
        (b"\xFD7zXZ", "xz"),
    ];
    formats.iter().find(|(magic, _)| start.starts_with(magic)).map(|(_, name)| *name)
}

#[cfg(test)]
mod tests;
