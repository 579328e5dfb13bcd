//! The index: one sled tree that follows from the journal, written in one batch a group. It can always be built anew.

pub(super) mod keys;
mod seal;
pub(super) mod view;

use crate::store::durable::sync_directory;
use crate::store::fault::Fault;
use crate::store::fault::chain;
use crate::store::journal::Head;
use crate::store::journal::digest::Digest;

pub(super) use crate::store::index::seal::Seal;

use std::collections::BTreeMap;
use std::fs;
use std::fs::File;
use std::io;
use std::panic::AssertUnwindSafe;
use std::panic::catch_unwind;
use std::path::Path;
use std::path::PathBuf;
use std::sync::mpsc;
use std::thread;
use std::time::Duration;

/// sled lets go of its files late after a close (spacejam/sled 1234): how often and how long is waited for it.
const RELEASE_TRIES_MAX: u32 = 1000;
const RELEASE_WAIT: Duration = Duration::from_millis(5);
/// A sled that failed may never end; then it is left alone.
const DISCARD_WAIT: Duration = Duration::from_secs(5);

/// The index.
#[derive(Debug)]
pub(super) struct Index {
    database: sled::Db,
    directory: PathBuf,
}

/// An index that was set aside: why, and where it is now.
pub(super) type SetAside = Option<(String, PathBuf)>;

/// Why an index cannot be opened.
enum Unopened {
    /// There is no space to open it; nothing is wrong with it.
    Full(io::Error),
    /// It is damaged, or of another layout.
    Unusable(String),
}

impl Index {
    /// Opens the index, or sets one aside that cannot be opened and begins anew.
    pub(super) fn open_or_renew(
        directory: &Path,
        cache_bytes: u64,
    ) -> Result<(Index, SetAside), Fault> {
        match Index::open(directory, cache_bytes) {
            Ok(index) => Ok((index, None)),
            Err(Unopened::Full(source)) => Err(Fault::File { path: directory.to_owned(), source }),
            Err(Unopened::Unusable(why)) => {
                let set_aside = set_aside(directory, &why)?;
                Ok((Index::begin(directory, cache_bytes)?, set_aside))
            }
        }
    }

    /// Begins an index in a directory that is not there.
    pub(super) fn begin(directory: &Path, cache_bytes: u64) -> Result<Index, Fault> {
        let source = match Index::open(directory, cache_bytes) {
            Ok(index) => return Ok(index),
            Err(Unopened::Full(source)) => source,
            Err(Unopened::Unusable(why)) => io::Error::other(why),
        };
        Err(Fault::File { path: directory.to_owned(), source })
    }

    /// Opens the index. sled may panic on damaged files, which is caught.
    fn open(directory: &Path, cache_bytes: u64) -> Result<Index, Unopened> {
        let config = sled::Config::default()
            .path(directory)
            .cache_capacity(cache_bytes)
            .segment_size(2 << 20)
            .mode(sled::Mode::HighThroughput);
        let mut tries = 0;
        loop {
            match guarded(|| config.open()) {
                Ok(database) => {
                    return Index { database, directory: directory.to_owned() }.of_this_layout();
                }
                Err(Fault::Index(sled::Error::Io(error)))
                    if tries < RELEASE_TRIES_MAX && is_lock(&error) =>
                {
                    tries += 1;
                    thread::sleep(RELEASE_WAIT);
                }
                Err(fault) => return Err(Unopened::of(fault)),
            }
        }
    }

    /// Refuses an index of another layout; a new one gets this.
    fn of_this_layout(self) -> Result<Index, Unopened> {
        match self.get(keys::LAYOUT).map_err(Unopened::of)? {
            Some(found) if found == keys::LAYOUT_NOW => Ok(self),
            None if self.database.is_empty() => {
                let written = guarded(|| self.database.insert(keys::LAYOUT, keys::LAYOUT_NOW));
                written.map_err(Unopened::of)?;
                Ok(self)
            }
            Some(_) | None => {
                Err(Unopened::Unusable("its layout is that of another version".to_owned()))
            }
        }
    }

    /// The value under a key.
    pub(super) fn get(&self, key: &[u8]) -> Result<Option<sled::IVec>, Fault> {
        guarded(|| self.database.get(key))
    }

    /// All values whose keys begin so, in the order of the keys.
    pub(super) fn values_under(&self, prefix: &[u8]) -> Result<Vec<sled::IVec>, Fault> {
        guarded(|| self.database.scan_prefix(prefix).values().collect())
    }

    /// The ends of the keys that begin so, and their values.
    pub(super) fn under(&self, prefix: &[u8]) -> Result<Vec<(sled::IVec, sled::IVec)>, Fault> {
        guarded(|| self.database.scan_prefix(prefix).collect())
    }

    /// The first values whose keys begin so, at most so many.
    pub(super) fn some_under(&self, prefix: &[u8], most: usize) -> Result<Vec<sled::IVec>, Fault> {
        guarded(|| self.database.scan_prefix(prefix).values().take(most).collect())
    }

    /// The numbers that end the keys from one prefix to another, the latter included.
    pub(super) fn numbers_between(&self, from: &[u8], to: &[u8]) -> Result<Vec<u64>, Fault> {
        let to = [to, &[u8::MAX; 9]].concat();
        guarded(|| {
            let keys = self.database.range(from.to_vec()..to).keys();
            keys.map(|key| key.map(|key| number_at_end(&key))).collect()
        })
    }

    /// The numbers that end the keys that begin so, after a number.
    pub(super) fn numbers_after(
        &self,
        prefix: &[u8],
        after: u64,
        most: usize,
    ) -> Result<Vec<u64>, Fault> {
        let from = [prefix, &after.saturating_add(1).to_be_bytes()].concat();
        let to = [prefix, &[u8::MAX; 9]].concat();
        guarded(|| {
            let keys = self.database.range(from..to).keys().take(most);
            keys.map(|key| key.map(|key| number_at_end(&key))).collect()
        })
    }

    /// The last entry that the index follows.
    pub(super) fn stands_at(&self) -> Result<Head, Fault> {
        let Some(bytes) = self.get(keys::STANDS_AT)? else { return Ok(Head::EMPTY) };
        let Some((sequence, digest)) = bytes.split_first_chunk::<8>() else {
            return Ok(Head::EMPTY);
        };
        let Some(digest) = digest.first_chunk::<32>() else { return Ok(Head::EMPTY) };
        let sequence = u64::from_be_bytes(*sequence);
        Ok(Head { sequence, digest: Digest::from_bytes(*digest) })
    }

    /// Writes a batch, all of it or nothing.
    fn apply(&self, batch: sled::Batch) -> Result<(), Fault> {
        guarded(|| self.database.apply_batch(batch))
    }

    /// Writes values one by one.
    fn load(&self, values: BTreeMap<Vec<u8>, Vec<u8>>) -> Result<(), Fault> {
        guarded(|| {
            for (key, value) in values {
                self.database.insert(key, value)?;
            }
            Ok(())
        })
    }

    /// Brings everything to stable storage, file sizes and names included, and says what the files hold.
    pub(super) fn close(self) -> Result<Seal, Fault> {
        let Index { database, directory } = self;
        guarded(|| database.flush())?;
        drop(database);
        let fault = |source| Fault::File { path: directory.clone(), source };
        // What is sealed must not be written to any more.
        wait_for_release(&directory.join("db")).map_err(fault)?;
        sync_all(&directory).map_err(fault)?;
        Seal::of(&directory).map_err(fault)
    }

    /// Lets go of an index that failed. One that does not end is left alone: its files are given up anyway.
    pub(super) fn discard(self) {
        let (sender, ended) = mpsc::channel();
        let dropping = thread::Builder::new().name("index-end".to_owned()).spawn(move || {
            let _ = catch_unwind(AssertUnwindSafe(|| drop(self)));
            // Nobody may be waiting any more.
            let _ = sender.send(());
        });
        let has_ended = dropping.is_ok() && ended.recv_timeout(DISCARD_WAIT).is_ok();
        if !has_ended {
            tracing::warn!("the index that failed does not end; it is left alone");
        }
    }
}

impl Unopened {
    fn of(fault: Fault) -> Unopened {
        if let Fault::Index(sled::Error::Io(error)) = &fault
            && is_full(error)
        {
            return Unopened::Full(error.kind().into());
        }
        Unopened::Unusable(chain(&fault))
    }
}

/// Asks sled, which may panic on damaged files.
fn guarded<T>(ask: impl FnOnce() -> sled::Result<T>) -> Result<T, Fault> {
    match catch_unwind(AssertUnwindSafe(ask)) {
        Ok(answer) => Ok(answer?),
        Err(_) => Err(Fault::IndexPanicked),
    }
}

/// Waits until nobody holds a file locked.
fn wait_for_release(file: &Path) -> io::Result<()> {
    let file = File::open(file)?;
    for _ in 0..RELEASE_TRIES_MAX {
        match file.try_lock() {
            Ok(()) => return Ok(()),
            Err(fs::TryLockError::WouldBlock) => thread::sleep(RELEASE_WAIT),
            Err(fs::TryLockError::Error(error)) => return Err(error),
        }
    }
    Err(io::ErrorKind::ResourceBusy.into())
}

/// Syncs all files in a directory, then its names.
fn sync_all(directory: &Path) -> io::Result<()> {
    for entry in fs::read_dir(directory)? {
        let entry = entry?;
        if entry.file_type()?.is_dir() {
            sync_all(&entry.path())?;
        } else {
            File::open(entry.path())?.sync_all()?;
        }
    }
    sync_directory(directory)
}

/// Gives the index, if there is one, another name; one that was set aside earlier makes room. An index can always be built anew, so
/// one is enough for whoever wants to know what was wrong.
pub(super) fn set_aside(directory: &Path, why: &str) -> Result<SetAside, Fault> {
    if !directory.exists() {
        return Ok(None);
    }
    let mut name = directory.as_os_str().to_owned();
    name.push(".set-aside");
    let aside = PathBuf::from(name);
    remove(&aside)?;
    fs::rename(directory, &aside)
        .map_err(|source| Fault::File { path: directory.to_owned(), source })?;
    Ok(Some((why.to_owned(), aside)))
}

/// Removes an index with which nothing is wrong but that nobody knows how far it goes.
pub(super) fn remove(directory: &Path) -> Result<(), Fault> {
    match fs::remove_dir_all(directory) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            Err(Fault::File { path: directory.to_owned(), source })
        }
        Ok(()) | Err(_) => Ok(()),
    }
}

fn is_lock(error: &io::Error) -> bool {
    error.to_string().contains("could not acquire lock")
}

fn is_full(error: &io::Error) -> bool {
    [io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded].contains(&error.kind())
}

/// A number that a value holds.
pub(super) fn number(bytes: &[u8]) -> u64 {
    bytes.first_chunk::<8>().map_or(0, |bytes| u64::from_be_bytes(*bytes))
}

fn number_at_end(key: &[u8]) -> u64 {
    key.last_chunk::<8>().map_or(0, |bytes| u64::from_be_bytes(*bytes))
}
