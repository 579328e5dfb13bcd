//! Where files are put that have to be files.

use std::fs;
use std::path::PathBuf;
use std::process;

/// A folder of this process; `.ci/fuzz` names where, and clears it away.
pub(crate) fn folder(name: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("{name}-{}", process::id()));
    fs::create_dir_all(&folder).expect("a folder for scratch files");
    folder
}

/// The root of the project.
pub(crate) fn project() -> PathBuf {
    PathBuf::from(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
}
