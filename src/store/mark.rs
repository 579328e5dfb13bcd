//! Small files beside journal and index: the store's format, and how it was left.
//!
//! sled does not sync what it acknowledges, so after a power cut its files may lie, and after a kill nobody can prove that they do
//! not: the cache of a store is only kept if it was closed.

use crate::store::durable::create_directory;
use crate::store::durable::sync_directory;
use crate::store::fault::Fault;
use crate::store::journal::Head;
use crate::store::journal::digest::Digest;

use std::fs;
use std::fs::File;
use std::fs::TryLockError;
use std::io;
use std::io::Write;
use std::path::Path;

/// The format of the whole store.
const FORMAT: &str = "onestop-store 1";

/// How the store was left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mark {
    /// Where the store was closed; none if it was not, or if nobody knows.
    pub(super) closed_at: Option<Head>,
    /// The last entry at the last clean close: the journal has at least this many acknowledged entries. 0: nothing is known.
    pub(super) acknowledged: u64,
}

/// Makes the directory with its format file, or refuses another format.
pub(super) fn check_format(directory: &Path) -> Result<(), Fault> {
    let path = directory.join("FORMAT");
    let fault = |source| Fault::File { path: path.clone(), source };
    match fs::read_to_string(&path) {
        Ok(found) if found.trim() == FORMAT => Ok(()),
        Ok(found) => Err(Fault::Format {
            path: path.clone(),
            found: found.trim().chars().take(60).collect(),
            wanted: FORMAT,
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
            create_directory(directory).map_err(fault)?;
            replace(directory, "FORMAT", &format!("{FORMAT}\n")).map_err(fault)
        }
        Err(error) => Err(fault(error)),
    }
}

/// Keeps other processes out of the store for as long as the file is held.
///
/// The journal has a lock of its own, but the index is looked at before the journal is opened, and one that is in use must not
/// be taken for one that cannot be opened and be set aside.
pub(super) fn lock(directory: &Path) -> Result<File, Fault> {
    let path = directory.join("store.lock");
    let fault = |source| Fault::File { path: path.clone(), source };
    let options = File::options().write(true).create(true).truncate(false).open(&path);
    let file = options.map_err(fault)?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(Fault::Locked { path }),
        Err(TryLockError::Error(error)) => Err(fault(error)),
    }
}

impl Mark {
    /// Reads how the store was left. What cannot be read says nothing.
    pub(super) fn read(directory: &Path) -> Mark {
        let text = fs::read_to_string(directory.join("state")).unwrap_or_default();
        let words: Vec<&str> = text.split_ascii_whitespace().collect();
        let number = |text: &str| text.parse().unwrap_or(0);
        match words.as_slice() {
            // Earlier programs wrote more words.
            ["closed", last, digest, ..] => {
                let sequence = number(last);
                let closed_at = Digest::parse(digest).map(|digest| Head { sequence, digest });
                Mark { closed_at, acknowledged: sequence }
            }
            ["closed" | "failed", last] | ["open", .., last] => {
                Mark { closed_at: None, acknowledged: number(last) }
            }
            _ => Mark { closed_at: None, acknowledged: 0 },
        }
    }

    /// Says that the store is open. This must be on stable storage before the cache is written to: else a power cut could
    /// leave a half-written cache and the word that the store was closed.
    pub(super) fn write_open(&self, directory: &Path) -> Result<(), Fault> {
        write(directory, &format!("open {}", self.acknowledged))
    }

    /// Says that the store was closed behind this entry. Everything else must be on stable storage before.
    pub(super) fn write_closed(directory: &Path, head: Head) -> Result<(), Fault> {
        let Head { sequence, digest } = head;
        write(directory, &format!("closed {sequence} {digest}"))
    }
}

fn write(directory: &Path, state: &str) -> Result<(), Fault> {
    let fault = |source| Fault::File { path: directory.join("state"), source };
    replace(directory, "state", &format!("{state}\n")).map_err(fault)
}

/// Puts a file in the place of another so that either the old or the new one is there, whole.
fn replace(directory: &Path, name: &str, text: &str) -> io::Result<()> {
    let new = directory.join(format!("{name}.new"));
    let mut file = File::create(&new)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&new, directory.join(name))?;
    sync_directory(directory)
}
