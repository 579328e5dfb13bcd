//! The cache's values in sled.
//!
//! sled does not sync what it acknowledges, and may answer with what it held earlier. So a value says which entry it is from and has
//! a checksum; it is used only where the index names the same entry as the latest, and only the cache of a store that was closed is
//! kept. One that fails is given up until the next start.

use crate::store::fault::chain;
use crate::store::index::posting::Key;
use crate::store::journal::Head;
use crate::store::seal::Seal;

use std::fs;
use std::fs::File;
use std::io;
use std::panic::AssertUnwindSafe;
use std::panic::catch_unwind;
use std::path::Path;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::thread;
use std::time::Duration;

/// sled lets go of its files late after a close (spacejam/sled 1234): how often and how long is waited for it.
const RELEASE_TRIES_MAX: u32 = 1000;
const RELEASE_WAIT: Duration = Duration::from_millis(5);
const STANDS_AT: &[u8] = b"stands at";

/// A database, as long as it works.
#[derive(Debug)]
pub(super) struct Disk {
    // None where it could not be opened.
    database: Option<sled::Db>,
    has_failed: AtomicBool,
    seal: Seal,
}

impl Disk {
    /// Opens the database of a store that was closed at `closed_at`; another one, or one with another key, is removed.
    pub(super) fn open(directory: &Path, bytes: u64, closed_at: Option<Head>, seal: &Seal) -> Disk {
        let of =
            |database| Disk { database, has_failed: AtomicBool::new(false), seal: seal.clone() };
        if let Some(head) = closed_at
            && let Some(database) = open(directory, bytes)
            && database
                .get(STANDS_AT)
                .is_ok_and(|found| found.is_some_and(|found| found == marker(head, seal)))
            && database.remove(STANDS_AT).is_ok()
        {
            return of(Some(database));
        }
        if let Err(error) = fs::remove_dir_all(directory)
            && error.kind() != io::ErrorKind::NotFound
        {
            tracing::warn!(%error, "an old cache cannot be removed; there is none");
            return of(None);
        }
        of(open(directory, bytes))
    }

    /// What is under a key, if it is from this entry.
    pub(super) fn get(&self, key: Key, number: u64) -> Option<Vec<u8>> {
        let database =
            self.database.as_ref().filter(|_| !self.has_failed.load(Ordering::Relaxed))?;
        let found = self.guarded(|| database.get(key.bytes()))??;
        let (from, rest) = found.split_first_chunk::<8>()?;
        let (sum, value) = rest.split_first_chunk::<4>()?;
        let fits = u64::from_be_bytes(*from) == number
            && u32::from_be_bytes(*sum) == checksum(key, number, value);
        match (fits, self.seal.is_on()) {
            (false, _) => None,
            (true, false) => Some(value.to_vec()),
            (true, true) => self.seal.unseal(&place(key, number), value).ok(),
        }
    }

    /// Keeps what an entry has under a key.
    pub(super) fn put(&self, key: Key, number: u64, value: &[u8]) {
        let Some(database) = &self.database else { return };
        if self.has_failed.load(Ordering::Relaxed) {
            return;
        }
        // What cannot be sealed is not kept.
        let Ok(sealed) = self.seal.seal(&place(key, number), value) else { return };
        let value = sealed.as_deref().unwrap_or(value);
        let mut bytes = number.to_be_bytes().to_vec();
        bytes.extend_from_slice(&checksum(key, number, value).to_be_bytes());
        bytes.extend_from_slice(value);
        self.guarded(|| database.insert(key.bytes(), bytes));
    }

    /// Brings it to stable storage, as of a store that is closed at this entry.
    pub(super) fn close(self, directory: &Path, head: Head) {
        let Some(database) = self.database else { return };
        let marker = marker(head, &self.seal);
        if self.has_failed.load(Ordering::Relaxed) {
            return;
        }
        let closed = catch_unwind(AssertUnwindSafe(|| {
            database.insert(STANDS_AT, marker)?;
            database.flush()?;
            drop(database);
            wait_for_release(&directory.join("db"))
        }));
        if !matches!(closed, Ok(Ok(()))) {
            tracing::warn!("the cache could not be closed; the next start begins a new one");
            // What stays of it is not believed either.
            let _ = fs::remove_dir_all(directory);
        }
    }

    /// Asks sled, which may panic on damaged files.
    fn guarded<T>(&self, ask: impl FnOnce() -> sled::Result<T>) -> Option<T> {
        let error = match catch_unwind(AssertUnwindSafe(ask)) {
            Ok(Ok(answer)) => return Some(answer),
            Ok(Err(error)) => chain(&error),
            Err(_) => "it is damaged".to_owned(),
        };
        if !self.has_failed.swap(true, Ordering::Relaxed) {
            tracing::warn!(error, "the cache failed; everything is read from the journal");
        }
        None
    }
}

fn open(directory: &Path, bytes: u64) -> Option<sled::Db> {
    let config = sled::Config::default()
        .path(directory)
        .cache_capacity(bytes)
        .segment_size(2 << 20)
        .flush_every_ms(None)
        .mode(sled::Mode::HighThroughput);
    let mut tries = 0;
    loop {
        match catch_unwind(AssertUnwindSafe(|| config.open())) {
            Ok(Ok(database)) => return Some(database),
            Ok(Err(sled::Error::Io(error))) if tries < RELEASE_TRIES_MAX && is_lock(&error) => {
                tries += 1;
                thread::sleep(RELEASE_WAIT);
            }
            Ok(Err(error)) => {
                tracing::warn!(error = chain(&error), "the cache cannot be opened");
                return None;
            }
            Err(_) => {
                tracing::warn!("the cache is damaged and cannot be opened");
                return None;
            }
        }
    }
}

/// Waits until nobody holds a file locked.
fn wait_for_release(file: &Path) -> sled::Result<()> {
    let file = File::open(file)?;
    for _ in 0..RELEASE_TRIES_MAX {
        match file.try_lock() {
            Ok(()) => return Ok(()),
            Err(fs::TryLockError::WouldBlock) => thread::sleep(RELEASE_WAIT),
            Err(fs::TryLockError::Error(error)) => return Err(error.into()),
        }
    }
    Err(io::Error::from(io::ErrorKind::ResourceBusy).into())
}

fn is_lock(error: &io::Error) -> bool {
    error.to_string().contains("could not acquire lock")
}

fn marker(head: Head, seal: &Seal) -> Vec<u8> {
    let key = seal.name().map(|name| name.to_string()).unwrap_or_default();
    [head.sequence.to_be_bytes().as_slice(), head.digest.as_bytes(), key.as_bytes()].concat()
}

/// What a value belongs to.
fn place(key: Key, number: u64) -> [u8; 24] {
    let mut place = [0; 24];
    let (first, last) = place.split_at_mut(16);
    first.copy_from_slice(&key.bytes());
    last.copy_from_slice(&number.to_be_bytes());
    place
}

fn checksum(key: Key, number: u64, value: &[u8]) -> u32 {
    let mut sum = crc32fast::Hasher::new();
    sum.update(&key.bytes());
    sum.update(&number.to_be_bytes());
    sum.update(value);
    sum.finalize()
}
