//! Replacing one file of the user.

use std::fs;
use std::path::Path;

use super::{WriteError, io_error, rename, sync_directory, write_new};

/// Replaces the file at `path`, which gets `permissions`: at once, or not at all.
pub fn replace(path: &Path, bytes: &[u8], permissions: fs::Permissions) -> Result<(), WriteError> {
    let mut name = path.file_name().unwrap_or_default().to_os_string();
    name.push(".part");
    let part = path.with_file_name(name);
    write_new(&part, bytes)?;
    let set = fs::set_permissions(&part, permissions).map_err(io_error("write", path));
    let done = set.and_then(|()| rename(&part, path));
    if done.is_err() {
        let _ = fs::remove_file(&part);
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    done.and_then(|()| sync_directory(folder.unwrap_or(Path::new("."))))
}
