//! The results that were replaced last, kept beside the present ones in `NAME.previous`.
//!
//! Holds: a directory with anything but results is never replaced; the copy is complete before the kept ones go.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use serde_json::Value;

use super::{
    MANIFEST, ResultsDirectory, WriteError, io_error, is_there, listed, read_manifest,
    refuse_foreign, rename, sync_directory, verify, write_new,
};
use crate::report::json;

/// Folder in which results are copied before they are kept as the previous ones.
pub(super) const KEPT: &str = ".fivenines-kept";
/// Ending of the name of the directory that keeps the previous results.
const PREVIOUS: &str = ".previous";

impl ResultsDirectory {
    /// Returns the directory beside this one that keeps the results replaced last: `NAME.previous`.
    #[must_use]
    pub fn previous(&self) -> PathBuf {
        let mut name = self.path.clone().into_os_string();
        name.push(PREVIOUS);
        name.into()
    }

    /// Copies the present results, which `manifest` lists, to [`Self::previous`], in place of those kept there.
    pub(super) fn keep(&self, manifest: &Value) -> Result<(), WriteError> {
        verify(&self.path, manifest)?;
        let place = self.previous();
        refuse_as_previous(&place)?;
        let kept = self.path.join(KEPT);
        fs::create_dir(&kept).map_err(io_error("create", &kept))?;
        for (path, _) in listed(&self.path, manifest)? {
            let (from, to) = (self.path.join(&path), kept.join(&path));
            if let Some(folder) = to.parent() {
                fs::create_dir_all(folder).map_err(io_error("create", folder))?;
            }
            write_new(&to, &fs::read(&from).map_err(io_error("read", &from))?)?;
        }
        write_new(&kept.join(MANIFEST), &json::bytes(manifest))?;
        sync_directory(&kept)?;
        if is_there(&place)? {
            fs::remove_dir_all(&place).map_err(io_error("remove", &place))?;
        }
        rename(&kept, &place)
    }
}

/// Refuses a place for previous results that holds anything but results.
pub(super) fn refuse_as_previous(place: &Path) -> Result<(), WriteError> {
    match fs::symlink_metadata(place) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        Err(error) => Err(io_error("read", place)(error)),
        Ok(found) if !found.is_dir() => {
            Err(WriteError::NotOurs { directory: place.into(), example: ".".into() })
        }
        Ok(_) => {
            refuse_foreign(place)?;
            // Everything in it is listed, so nothing else is removed with it.
            let Some(manifest) = read_manifest(place)? else { return Ok(()) };
            verify(place, &manifest)?;
            let ours = listed(place, &manifest)?;
            let ours: Vec<PathBuf> = ours.iter().map(|(path, _)| place.join(path)).collect();
            match stray(place, &ours)? {
                None => Ok(()),
                Some(example) => Err(WriteError::NotOurs { directory: place.into(), example }),
            }
        }
    }
}

/// Returns a file below `folder` that is neither one of `ours` nor a manifest.
fn stray(folder: &Path, ours: &[PathBuf]) -> Result<Option<String>, WriteError> {
    for entry in fs::read_dir(folder).map_err(io_error("read", folder))? {
        let entry = entry.map_err(io_error("read", folder))?;
        let path = entry.path();
        let kind = entry.file_type().map_err(io_error("read", &path))?;
        let found = if kind.is_dir() {
            stray(&path, ours)?
        } else if ours.contains(&path) || entry.file_name() == MANIFEST {
            None
        } else {
            Some(entry.file_name().to_string_lossy().into_owned())
        };
        if found.is_some() {
            return Ok(found);
        }
    }
    Ok(None)
}
