//! A scenario from an access log.

use std::fs::File;
use std::path::Path;

use super::error::{Error, Kind};
use super::load::unreadable;
use crate::scenario::file::TraceErrorKind;
use crate::scenario::render::shown;
use crate::study::from_log::scenario;
use crate::workload::survey::{SurveyError, survey};

/// Reads the access log at `log` and returns the text of a scenario `name` with its traffic.
///
/// # Errors
///
/// [`Kind::Usage`] if there is no such file, it is a folder, it is empty, or most of its lines are in no known form;
/// [`Kind::Io`] if it cannot be read.
pub(crate) fn from_log(log: &Path, name: &str) -> Result<String, Error> {
    let file = shown(&log.display().to_string());
    if log.is_dir() {
        let help = "give an access log in it".to_string();
        let message = format!("`{file}` is a directory, not an access log");
        return Err(Error::new(Kind::Usage, message).with_help(Some(help)));
    }
    let opened = File::open(log).map_err(|error| unreadable(log, &error))?;
    let found = survey(opened).map_err(|error| refused(&file, error))?;
    let short = log.file_name().map(|name| shown(&name.to_string_lossy()));
    Ok(scenario(&found, &short.unwrap_or_default(), name))
}

fn refused(file: &str, error: SurveyError) -> Error {
    match error {
        SurveyError::Empty => {
            Error::new(Kind::Usage, format!("`{file}` is empty: there is no request in it"))
        }
        SurveyError::Unknown { refused, first: (number, line, what) } => {
            let lines = if refused == 1 { "line is" } else { "lines are" };
            let message = format!(
                "`{file}` is not an access log: {refused} {lines} in no known form, the first is line \
                 {number}, `{line}` ({what})"
            );
            let help = "a line in Common or Combined Log Format is: host ident user [day/month/year:time zone] \
                        \"request\" status bytes";
            Error::new(Kind::Usage, message).with_help(Some(help.into()))
        }
        SurveyError::Trace(error) => {
            let kind = match error.kind {
                TraceErrorKind::Unreadable(_) => Kind::Io,
                _ => Kind::Usage,
            };
            Error::new(kind, format!("`{file}`: {error}"))
        }
    }
}
