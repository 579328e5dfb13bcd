//! The file of accounts: read whole, replaced whole. Whoever changes it holds a lock, so that the command line and a running server
//! do not overwrite one another; whoever reads it needs none, because it is replaced by renaming.

use crate::operators::account::Accounts;

use std::fs;
use std::fs::File;
use std::fs::Metadata;
use std::fs::OpenOptions;
use std::io;
use std::io::Write;
use std::os::unix::fs::MetadataExt;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::path::PathBuf;

const NAME: &str = "operators.json";
const NEW: &str = "operators.json.new";
const LOCK: &str = "operators.lock";
/// Accounts are read by nobody but the server.
const MODE: u32 = 0o600;

/// Why the file of accounts cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum FileError {
    /// The system refused something.
    #[error("accounts in `{}`: {source}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// It is not what was written.
    #[error("accounts in `{}` cannot be read: {why}; put back a copy of it", path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// Why.
        why: String,
    },
}

/// What tells one state of the file from another without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Stamp(u64, u64, i64, i64);

/// Where accounts are kept.
#[derive(Debug)]
pub(super) struct Kept {
    directory: PathBuf,
}

impl Kept {
    pub(super) fn new(directory: &Path) -> Kept {
        Kept { directory: directory.to_owned() }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.directory.join(name)
    }

    fn failed(&self, name: &str) -> impl Fn(io::Error) -> FileError {
        let path = self.path(name);
        move |source| FileError::Io { path: path.clone(), source }
    }

    /// Which state it is in; none where there is no file yet.
    pub(super) fn stamp(&self) -> Result<Option<Stamp>, FileError> {
        match fs::metadata(self.path(NAME)) {
            Ok(of) => Ok(Some(stamp(&of))),
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
            Err(error) => Err(self.failed(NAME)(error)),
        }
    }

    /// All accounts; none where there is no file yet.
    pub(super) fn read(&self) -> Result<Accounts, FileError> {
        let text = match fs::read(self.path(NAME)) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(Accounts::default()),
            Err(error) => return Err(self.failed(NAME)(error)),
        };
        serde_json::from_slice(&text)
            .map_err(|error| FileError::Damaged { path: self.path(NAME), why: error.to_string() })
    }

    /// Changes them: all of the change or nothing, on stable storage before this returns.
    pub(super) fn change<T, E: From<FileError>>(
        &self,
        change: impl FnOnce(&mut Accounts) -> Result<T, E>,
    ) -> Result<T, E> {
        let lock = self.lock()?;
        let before = self.read()?;
        let mut accounts = before.clone();
        let outcome = change(&mut accounts)?;
        if accounts != before {
            self.replace(&accounts)?;
        }
        drop(lock);
        Ok(outcome)
    }

    fn lock(&self) -> Result<File, FileError> {
        let failed = self.failed(LOCK);
        fs::create_dir_all(&self.directory).map_err(&failed)?;
        let mut options = OpenOptions::new();
        let lock = options.write(true).create(true).truncate(false).mode(MODE);
        let lock = lock.open(self.path(LOCK)).map_err(&failed)?;
        lock.lock().map_err(&failed)?;
        Ok(lock)
    }

    fn replace(&self, accounts: &Accounts) -> Result<(), FileError> {
        let failed = self.failed(NEW);
        let text = serde_json::to_vec_pretty(accounts).map_err(|error| failed(error.into()))?;
        // One that a crash left behind may be of another mode.
        match fs::remove_file(self.path(NEW)) {
            Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(failed(error)),
            _ => {}
        }
        let mut options = OpenOptions::new();
        let file = options.write(true).create_new(true).mode(MODE).open(self.path(NEW));
        let mut file = file.map_err(&failed)?;
        file.write_all(&text).map_err(&failed)?;
        file.sync_all().map_err(&failed)?;
        fs::rename(self.path(NEW), self.path(NAME)).map_err(self.failed(NAME))?;
        File::open(&self.directory).and_then(|one| one.sync_all()).map_err(self.failed(NAME))
    }
}

fn stamp(of: &Metadata) -> Stamp {
    Stamp(of.ino(), of.len(), of.mtime(), of.mtime_nsec())
}
