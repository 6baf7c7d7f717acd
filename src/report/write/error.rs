//! Errors of the results directory, each with the exit code of a command that meets it.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use crate::report::text::visible;

/// The reason why results were not written.
#[derive(Debug)]
pub enum WriteError {
    /// The directory has other results (exit 6).
    Conflict {
        /// The directory.
        directory: PathBuf,
        /// Digest of the existing results.
        there: String,
        /// Digest of the new results.
        wanted: String,
    },
    /// The directory has results that this run cannot reproduce (exit 6).
    Foreseen {
        /// The directory.
        directory: PathBuf,
        /// Description of the existing results.
        there: String,
    },
    /// Another process writes to the directory (exit 6).
    Locked(PathBuf),
    /// The directory holds files that are not results (exit 6).
    NotOurs {
        /// The directory.
        directory: PathBuf,
        /// One of the files.
        example: String,
    },
    /// Existing results do not match their manifest (exit 7).
    Damaged {
        /// The file.
        file: PathBuf,
        /// The difference.
        what: String,
    },
    /// A path that leaves the directory, is used twice, or is reserved: an error of the caller.
    Path(String),
    /// The operating system refused (exit 8).
    Io {
        /// The file.
        file: PathBuf,
        /// The operation on the file.
        doing: &'static str,
        /// Number of bytes to be written, for a write.
        wanted_bytes: Option<u64>,
        /// Number of free bytes, if there were too few.
        free_bytes: Option<u64>,
        /// The error of the operating system.
        source: io::Error,
    },
}

impl WriteError {
    /// Returns the exit code of the error.
    #[must_use]
    pub const fn exit_code(&self) -> u8 {
        match self {
            Self::Conflict { .. }
            | Self::Foreseen { .. }
            | Self::Locked(_)
            | Self::NotOurs { .. } => 6,
            Self::Damaged { .. } => 7,
            Self::Path(_) => 70,
            Self::Io { .. } => 8,
        }
    }
}

impl fmt::Display for WriteError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let shown = |path: &Path| visible(&path.display().to_string());
        match self {
            Self::Conflict { directory, there, wanted } => write!(
                f,
                "{} holds other results ({there}); the new ones are {wanted}; nothing was changed; \
                 --force replaces them",
                shown(directory)
            ),
            Self::Foreseen { directory, there } => write!(
                f,
                "{} holds {there}; nothing was simulated or changed; --force replaces them",
                shown(directory)
            ),
            Self::Locked(directory) => {
                write!(f, "another process is writing to {}", shown(directory))
            }
            Self::NotOurs { directory, example } => write!(
                f,
                "{} is not empty and holds no results (there is `{}`); choose another directory",
                shown(directory),
                visible(example)
            ),
            Self::Damaged { file, what } => write!(f, "{} is damaged: {what}", shown(file)),
            Self::Path(path) => {
                write!(f, "`{}` cannot be the path of a result", visible(path))
            }
            Self::Io { file, doing, wanted_bytes, free_bytes, source } => {
                write!(f, "cannot {doing} {}", shown(file))?;
                match (wanted_bytes, free_bytes) {
                    (Some(wanted), Some(free)) => {
                        write!(f, " ({wanted} bytes, {free} were free)")?;
                    }
                    (Some(bytes), None) => write!(f, " ({bytes} bytes)")?,
                    (None, Some(free)) => write!(f, " ({free} bytes were free)")?,
                    (None, None) => {}
                }
                write!(f, ": {source}")
            }
        }
    }
}

impl std::error::Error for WriteError {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io { source, .. } => Some(source),
            _ => None,
        }
    }
}

/// Returns what makes an error of the operating system one of the writer: `doing` something to `file`.
pub(super) fn io_error(doing: &'static str, file: &Path) -> impl FnOnce(io::Error) -> WriteError {
    move |source| {
        let free_bytes = free_bytes(file, &source);
        WriteError::Io { file: file.into(), doing, wanted_bytes: None, free_bytes, source }
    }
}

/// Returns the number of free bytes at the place of `file`, if there were too few.
pub(super) fn free_bytes(file: &Path, error: &io::Error) -> Option<u64> {
    use io::ErrorKind::{QuotaExceeded, StorageFull};
    if !matches!(error.kind(), StorageFull | QuotaExceeded) {
        return None;
    }
    free_space(file.ancestors().find(|folder| folder.is_dir())?)
}

/// Returns the number of bytes that this user may still write below `folder`.
#[cfg(unix)]
fn free_space(folder: &Path) -> Option<u64> {
    let found = rustix::fs::statvfs(folder).ok()?;
    found.f_bavail.checked_mul(found.f_frsize)
}

/// Other systems have no such call in the crates used here.
#[cfg(not(unix))]
const fn free_space(_folder: &Path) -> Option<u64> {
    None
}
