//! Names on stable storage: a directory's entries survive a power cut once the directory itself is synced.

use std::fs;
use std::fs::File;
use std::io;
use std::path::Path;

/// Brings the names in a directory to stable storage.
pub(super) fn sync_directory(directory: &Path) -> io::Result<()> {
    File::open(directory)?.sync_all()
}

/// Creates a directory, and those above it, on stable storage. One that is there may have been created by a process that died
/// before it could sync the name, so that is done again.
pub(super) fn create_directory(directory: &Path) -> io::Result<()> {
    if directory.as_os_str().is_empty() {
        return Ok(());
    }
    let parent = directory.parent().unwrap_or(Path::new(""));
    if !directory.exists() {
        create_directory(parent)?;
        fs::create_dir(directory)?;
    }
    sync_directory(if parent.as_os_str().is_empty() { Path::new(".") } else { parent })
}
