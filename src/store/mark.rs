//! Small files beside journal and index: the store's format, and how it was left.
//!
//! sled does not sync what it acknowledges, so after a power cut its files may lie. They are trusted after a clean close, and
//! after a kill on a machine that has not restarted since; else the index is built anew from the journal.

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
use std::os::unix::fs::MetadataExt;
use std::path::Path;

/// The format of the whole store.
const FORMAT: &str = "onestop-store 1";

/// How the store was left.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Mark {
    /// Why the index cannot be believed, if it cannot.
    pub(super) distrust: Option<String>,
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
    /// Reads how the store was left.
    pub(super) fn read(directory: &Path) -> Mark {
        let distrust = |why: &str| Mark { distrust: Some(why.to_owned()), acknowledged: 0 };
        let Ok(text) = fs::read_to_string(directory.join("state")) else {
            return if directory.join("index").exists() {
                distrust("nothing says how the store was left")
            } else {
                Mark { distrust: None, acknowledged: 0 }
            };
        };
        let text = text.trim();
        if let Some(closed) = text.strip_prefix("closed ") {
            return match number_at_start(closed) {
                Some(acknowledged) => Mark { distrust: None, acknowledged },
                None => distrust("what says how the store was left is damaged"),
            };
        }
        if let Some(failed) = text.strip_prefix("failed ") {
            let acknowledged = number_at_start(failed).unwrap_or(0);
            return Mark { acknowledged, ..distrust("it could not be read any more") };
        }
        let here = open_state(directory).and_then(|here| text.strip_prefix(&here));
        if let Some(rest) = here {
            return Mark { distrust: None, acknowledged: number_at_start(rest).unwrap_or(0) };
        }
        let words: Vec<&str> = text.split(' ').collect();
        let acknowledged = match words.as_slice() {
            ["open", _, _, _, number] => number.parse().unwrap_or(0),
            _ => 0,
        };
        let why = "the store was not closed before the machine restarted, or it was copied";
        Mark { acknowledged, ..distrust(why) }
    }

    /// Says that the store is open. This must be on stable storage before the index is written to: else a power cut could
    /// leave a half-written index and the word that the store was closed.
    pub(super) fn write_open(&self, directory: &Path) -> Result<(), Fault> {
        let state = open_state(directory).unwrap_or_else(|| "open ".to_owned());
        write(directory, &format!("{state}{}", self.acknowledged))
    }

    /// Says that the index must not be believed.
    pub(super) fn write_failed(&self, directory: &Path) -> Result<(), Fault> {
        write(directory, &format!("failed {}", self.acknowledged))
    }

    /// Says that the store was closed behind this entry. Everything else must be on stable storage before.
    pub(super) fn write_closed(directory: &Path, head: Head) -> Result<(), Fault> {
        let Head { sequence, digest } = head;
        let digest: Digest = digest;
        write(directory, &format!("closed {sequence} {digest}"))
    }
}

fn write(directory: &Path, state: &str) -> Result<(), Fault> {
    let fault = |source| Fault::File { path: directory.join("state"), source };
    replace(directory, "state", &format!("{state}\n")).map_err(fault)
}

fn number_at_start(text: &str) -> Option<u64> {
    text.split(' ').next().and_then(|number| number.parse().ok())
}

/// This boot of this machine, and this directory on it: a copy or another boot reads differently.
fn open_state(directory: &Path) -> Option<String> {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let metadata = fs::metadata(directory).ok()?;
    Some(format!("open {} {} {} ", boot.trim(), metadata.dev(), metadata.ino()))
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
