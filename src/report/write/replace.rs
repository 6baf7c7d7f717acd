//! Replacing one file of the user.

use std::ffi::OsString;
use std::fs;
use std::path::Path;

use super::{WriteError, io_error, rename, sync_directory, write_new};

/// Replaces the file at `path`, which gets `permissions`: at once, or not at all.
pub fn replace(path: &Path, bytes: &[u8], permissions: fs::Permissions) -> Result<(), WriteError> {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(".part");
    by_way_of(&path.with_file_name(name), path, bytes, Some(permissions))
}

/// Writes a file at `path` in place of any that is there: at once, or not at all. A process that is killed leaves its
/// file under a hidden name, which no other process uses.
pub fn write_over(path: &Path, bytes: &[u8]) -> Result<(), WriteError> {
    let mut name = OsString::from(".");
    name.push(path.file_name().unwrap_or_default());
    name.push(format!(".{}.next", std::process::id()));
    let next = path.with_file_name(name);
    // A file of that name is that of a process that had the same number and was killed.
    let _ = fs::remove_file(&next);
    by_way_of(&next, path, bytes, None).inspect_err(|_| {
        // A disk that is full may hold a part of it.
        let _ = fs::remove_file(&next);
    })
}

/// Writes `next`, which must not exist yet, and renames it to `path`.
fn by_way_of(
    next: &Path,
    path: &Path,
    bytes: &[u8],
    permissions: Option<fs::Permissions>,
) -> Result<(), WriteError> {
    write_new(next, bytes)?;
    let set = permissions.map_or(Ok(()), |all| fs::set_permissions(next, all));
    let done = set.map_err(io_error("write", path)).and_then(|()| rename(next, path));
    if done.is_err() {
        let _ = fs::remove_file(next);
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    done.and_then(|()| sync_directory(folder.unwrap_or(Path::new("."))))
}
