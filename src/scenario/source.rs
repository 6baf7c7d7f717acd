//! The text of a scenario, and places in it.
//!
//! A [`Span`] is a range of byte offsets. Further texts (the values of `--set`) are appended to the file in the same
//! numbering, so that spans refer to either. Only regular files of at most 16 MiB are read; both are checked before
//! reading.

use std::fs::File;
use std::io::{self, Read};
use std::ops::Range;
use std::path::{Path, PathBuf};

use super::code::Code;
use super::diagnostic::{Diagnostic, Diagnostics};

/// Largest size of a scenario file in bytes.
pub const MAX_FILE_BYTES: u64 = 16 << 20;

/// A range of bytes in a [`Source`].
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Span {
    /// First byte.
    pub start: usize,
    /// One past the last byte.
    pub end: usize,
}

impl Span {
    /// Creates the range from `start` to before `end`.
    #[must_use]
    pub const fn new(start: usize, end: usize) -> Self {
        Self { start, end }
    }

    /// Returns the same bytes as a range.
    #[must_use]
    pub const fn range(self) -> Range<usize> {
        self.start..self.end
    }

    /// Returns the span moved by `offset` bytes towards the end.
    #[must_use]
    pub const fn shifted(self, offset: usize) -> Self {
        Self { start: self.start + offset, end: self.end + offset }
    }

    /// Returns whether `other` is completely inside.
    #[must_use]
    pub const fn holds(self, other: Self) -> bool {
        self.start <= other.start && other.end <= self.end
    }
}

impl From<Range<usize>> for Span {
    fn from(range: Range<usize>) -> Self {
        Self { start: range.start, end: range.end }
    }
}

/// The place where a span begins, for people.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    /// File as the user named it, or `--set`.
    pub file: &'a str,
    /// Line, from 1.
    pub line: usize,
    /// Column in characters, from 1.
    pub column: usize,
}

/// A text with a name and its offset in the common numbering.
#[derive(Clone, Debug)]
struct Chunk {
    name: String,
    text: String,
    base: usize,
}

/// The text of a scenario, and the texts appended to it.
#[derive(Clone, Debug)]
pub struct Source {
    /// Never empty: the first one is the file.
    chunks: Vec<Chunk>,
    /// Folder in which relative paths of the text start.
    folder: PathBuf,
}

impl Source {
    /// Creates a source from a text in memory, without its byte order mark.
    #[must_use]
    pub fn from_text(name: impl Into<String>, text: &str) -> Self {
        let text = text.strip_prefix('\u{feff}').unwrap_or(text).to_string();
        let chunks = vec![Chunk { name: name.into(), text, base: 0 }];
        Self { chunks, folder: PathBuf::new() }
    }

    /// Returns the same text as a file of `folder`, where relative paths start.
    #[must_use]
    pub fn beside(self, folder: &Path) -> Self {
        Self { folder: folder.to_path_buf(), ..self }
    }

    /// Returns the folder in which relative paths of the text start; empty for the current folder.
    #[must_use]
    pub fn folder(&self) -> &Path {
        &self.folder
    }

    /// Creates a source from the bytes of a file. A text that is not UTF-8 is reported and kept up to the end of the
    /// offending line, so that the report can show it. A text that is too long is reported and dropped.
    #[must_use]
    pub fn from_bytes(name: impl Into<String>, bytes: &[u8], out: &mut Diagnostics) -> Self {
        if bytes.len() as u64 > MAX_FILE_BYTES {
            out.push(too_large(bytes.len() as u64));
            return Self::from_text(name, "");
        }
        let error = match std::str::from_utf8(bytes) {
            Ok(text) => return Self::from_text(name, text),
            Err(error) => error,
        };
        let at = error.valid_up_to();
        let line_end = bytes[at..].iter().position(|b| *b == b'\n').map_or(bytes.len(), |n| at + n);
        let kept = String::from_utf8_lossy(&bytes[..line_end]).into_owned();
        let source = Self::from_text(name, &kept);
        let mark = kept.len() - source.text().len();
        let start = at.saturating_sub(mark);
        let width = kept[at..].chars().next().map_or(0, char::len_utf8);
        let help = if bytes.starts_with(&[0xff, 0xfe]) || bytes.starts_with(&[0xfe, 0xff]) {
            "this looks like UTF-16: save the file as UTF-8"
        } else {
            "save the file as UTF-8"
        };
        let message = format!("not UTF-8: byte 0x{:02x} at byte offset {at}", bytes[at]);
        out.push(
            Diagnostic::new(Code::NotUtf8, Span::new(start, start + width), message).help(help),
        );
        source
    }

    /// Reads a file of at most [`MAX_FILE_BYTES`]. A larger one is reported without being read.
    ///
    /// # Errors
    ///
    /// The error of the operating system if the file cannot be opened or read; [`io::ErrorKind::InvalidInput`] if it
    /// is not a regular file.
    pub fn read(path: &Path, out: &mut Diagnostics) -> io::Result<Self> {
        let name = path.display().to_string();
        // Checked before opening: opening a FIFO would wait for a writer.
        let about = std::fs::metadata(path)?;
        if !about.is_file() {
            let what = if about.is_dir() { "a directory" } else { "not a regular file" };
            return Err(io::Error::new(io::ErrorKind::InvalidInput, what));
        }
        if about.len() > MAX_FILE_BYTES {
            out.push(too_large(about.len()));
            return Ok(Self::from_text(name, ""));
        }
        let mut bytes = Vec::new();
        File::open(path)?.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes)?;
        let folder = path.parent().unwrap_or(Path::new(""));
        Ok(Self::from_bytes(name, &bytes, out).beside(folder))
    }

    /// Appends `text`; returns its span.
    pub fn append(&mut self, name: impl Into<String>, text: &str) -> Span {
        // One byte separates the texts, so that the end of one is not the start of the next.
        let base = self.end() + 1;
        self.chunks.push(Chunk { name: name.into(), text: text.to_string(), base });
        Span::new(base, base + text.len())
    }

    fn end(&self) -> usize {
        self.chunks.last().map_or(0, |chunk| chunk.base + chunk.text.len())
    }

    /// Returns the name of the file as the user gave it.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.chunks[0].name
    }

    /// Returns the text of the file.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.chunks[0].text
    }

    /// Returns the text that contains a span, and the span in that text, cut to its length and to character
    /// boundaries.
    #[must_use]
    pub fn locate(&self, span: Span) -> (&str, Span) {
        let chunk = self.chunk(span);
        let local = |offset: usize| {
            let mut at = offset.saturating_sub(chunk.base).min(chunk.text.len());
            while !chunk.text.is_char_boundary(at) {
                at -= 1;
            }
            at
        };
        let start = local(span.start);
        (&chunk.text, Span::new(start, local(span.end).max(start)))
    }

    /// Returns the text of a span.
    #[must_use]
    pub fn slice(&self, span: Span) -> &str {
        let (text, local) = self.locate(span);
        &text[local.range()]
    }

    /// Returns file, line and column of the beginning of a span.
    #[must_use]
    pub fn place(&self, span: Span) -> Place<'_> {
        let (text, local) = self.locate(span);
        let before = &text.as_bytes()[..local.start];
        let line = before.iter().filter(|b| **b == b'\n').count() + 1;
        let line_start = before.iter().rposition(|b| *b == b'\n').map_or(0, |at| at + 1);
        let column = text[line_start..local.start].chars().count() + 1;
        Place { file: &self.chunk(span).name, line, column }
    }

    fn chunk(&self, span: Span) -> &Chunk {
        let after = self.chunks.partition_point(|chunk| chunk.base <= span.start);
        &self.chunks[after.saturating_sub(1)]
    }
}

fn too_large(bytes: u64) -> Diagnostic {
    let mebibytes = bytes as f64 / f64::from(1 << 20);
    Diagnostic::new(
        Code::FileTooLarge,
        Span::default(),
        format!("the file has {mebibytes:.1} MiB ({bytes} bytes), at most 16 MiB are read"),
    )
    .help("move series of data into a trace file")
}
