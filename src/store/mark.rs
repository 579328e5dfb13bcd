//! Small files beside journal and index: the store's format, and how it was left.
//!
//! sled does not sync what it acknowledges, so after a power cut its files may lie. They are trusted after a clean close, and
//! after a kill on a machine that has not restarted since; else the index is built anew from the journal.

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
pub(super) enum Mark {
    /// The index can be believed; the journal has at least this many acknowledged entries.
    Trust {
        /// The last entry at a clean close; 0 where it was not closed.
        acknowledged: u64,
    },
    /// It cannot; why.
    Distrust(String),
}

/// Makes the directory with its format file, or refuses another format.
pub(super) fn check_format(directory: &Path) -> Result<(), Fault> {
    let path = directory.join("FORMAT");
    let fault = |source| Fault::File { path: path.clone(), source };
    fs::create_dir_all(directory).map_err(fault)?;
    match fs::read_to_string(&path) {
        Ok(found) if found.trim() == FORMAT => Ok(()),
        Ok(found) => Err(Fault::Format {
            path: path.clone(),
            found: found.trim().chars().take(60).collect(),
            wanted: FORMAT,
        }),
        Err(error) if error.kind() == io::ErrorKind::NotFound => {
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
        let Ok(text) = fs::read_to_string(directory.join("state")) else {
            return if directory.join("index").exists() {
                Mark::Distrust("nothing says how the store was left".to_owned())
            } else {
                Mark::Trust { acknowledged: 0 }
            };
        };
        let text = text.trim();
        if let Some(closed) = text.strip_prefix("closed ") {
            let sequence = closed.split(' ').next().and_then(|number| number.parse().ok());
            return match sequence {
                Some(acknowledged) => Mark::Trust { acknowledged },
                None => Mark::Distrust("what says how the store was left is damaged".to_owned()),
            };
        }
        if open_state(directory).is_some_and(|state| state == text) {
            Mark::Trust { acknowledged: 0 }
        } else {
            let why = "the store was not closed before the machine restarted, or it was copied";
            Mark::Distrust(why.to_owned())
        }
    }

    /// The highest entry that is known to have been acknowledged.
    pub(super) fn acknowledged(&self) -> u64 {
        match self {
            Mark::Trust { acknowledged } => *acknowledged,
            Mark::Distrust(_) => 0,
        }
    }

    /// Says that the store is open.
    pub(super) fn write_open(directory: &Path) -> Result<(), Fault> {
        let state = open_state(directory).unwrap_or_else(|| "open".to_owned());
        Mark::write(directory, &state)
    }

    /// Says that the store was closed behind this entry.
    pub(super) fn write_closed(directory: &Path, head: Head) -> Result<(), Fault> {
        let Head { sequence, digest } = head;
        let digest: Digest = digest;
        Mark::write(directory, &format!("closed {sequence} {digest}"))
    }

    fn write(directory: &Path, state: &str) -> Result<(), Fault> {
        let fault = |source| Fault::File { path: directory.join("state"), source };
        replace(directory, "state", &format!("{state}\n")).map_err(fault)
    }
}

/// This boot of this machine, and this directory on it: a copy or another boot reads differently.
fn open_state(directory: &Path) -> Option<String> {
    let boot = fs::read_to_string("/proc/sys/kernel/random/boot_id").ok()?;
    let metadata = fs::metadata(directory).ok()?;
    Some(format!("open {} {} {}", boot.trim(), metadata.dev(), metadata.ino()))
}

/// Puts a file in the place of another so that either the old or the new one is there, whole.
fn replace(directory: &Path, name: &str, text: &str) -> io::Result<()> {
    let new = directory.join(format!("{name}.new"));
    let mut file = File::create(&new)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    fs::rename(&new, directory.join(name))?;
    File::open(directory)?.sync_all()
}
