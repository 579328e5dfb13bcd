//! Files and folders as they are found: listed by name, and read up to a limit.

use crate::folder::ENTRIES_MAX;
use crate::folder::FolderError;
use crate::folder::PACK_BYTES_MAX;

use std::fs;
use std::io::Read;
use std::path::Path;
use std::path::PathBuf;

/// The TOML files of a folder, by name.
pub(super) fn toml_files(folder: &Path) -> Result<Vec<PathBuf>, FolderError> {
    let mut files = entries(folder)?;
    files.retain(|path| path.extension().is_some_and(|end| end == "toml") && !path.is_dir());
    Ok(files)
}

/// What is in a folder, by name. Names that begin with a dot are left out: editors and mounts put theirs there.
pub(super) fn entries(folder: &Path) -> Result<Vec<PathBuf>, FolderError> {
    let unreadable = |source| FolderError::Unreadable { path: folder.to_owned(), source };
    let mut paths = Vec::new();
    for entry in fs::read_dir(folder).map_err(unreadable)? {
        let entry = entry.map_err(unreadable)?;
        if !entry.file_name().to_string_lossy().starts_with('.') {
            paths.push(entry.path());
        }
        if ENTRIES_MAX < paths.len() {
            return Err(FolderError::TooMany { folder: folder.to_owned() });
        }
    }
    paths.sort();
    Ok(paths)
}

/// A path with the same separators on every system, since it is part of what a pack's complaint says.
pub(super) fn shown(path: &Path) -> String {
    path.to_string_lossy().replace(std::path::MAIN_SEPARATOR, "/")
}

/// Reads a text of a pack folder.
pub(super) fn text(path: &Path) -> Result<String, FolderError> {
    let bytes = bytes(path, PACK_BYTES_MAX)?;
    String::from_utf8(bytes).map_err(|_| FolderError::NotUtf8 { path: path.to_owned() })
}

/// Reads a file, but never more than it may have: it can grow while it is read.
pub(super) fn bytes(path: &Path, bytes_max: u64) -> Result<Vec<u8>, FolderError> {
    let unreadable = |source| FolderError::Unreadable { path: path.to_owned(), source };
    let file = fs::File::open(path).map_err(unreadable)?;
    let mut bytes = Vec::new();
    file.take(bytes_max + 1).read_to_end(&mut bytes).map_err(unreadable)?;
    let is_too_large = u64::try_from(bytes.len()).map_or(true, |length| bytes_max < length);
    if is_too_large {
        return Err(FolderError::TooLarge { path: path.to_owned(), bytes_max });
    }
    Ok(bytes)
}
