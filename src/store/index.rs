//! The index: one sled tree that follows from the journal, written in one batch a group. It can always be built anew.

pub(super) mod keys;

use crate::accumulators::AccumulatorKey;
use crate::store::EntryKind;
use crate::store::Link;
use crate::store::Year;
use crate::store::durable::sync_directory;
use crate::store::fault::Fault;
use crate::store::journal::Head;
use crate::store::journal::digest::Digest;
use crate::store::journal::record::Position;
use crate::wire::from_proto;

use prost::Message;

use std::collections::BTreeMap;
use std::fs;
use std::fs::File;
use std::io;
use std::panic::AssertUnwindSafe;
use std::panic::catch_unwind;
use std::path::Path;
use std::path::PathBuf;
use std::thread;
use std::time::Duration;

/// sled releases its lock late after a close (spacejam/sled 1234): how often and how long opening waits for it.
const LOCK_TRIES_MAX: u32 = 50;
const LOCK_WAIT: Duration = Duration::from_millis(100);

/// The index.
#[derive(Debug)]
pub(super) struct Index {
    database: sled::Db,
}

/// An index that was set aside: why, and where it is now.
pub(super) type SetAside = Option<(String, PathBuf)>;

impl Index {
    /// Opens the index, or sets one aside that cannot be opened and begins anew.
    pub(super) fn open_or_renew(
        directory: &Path,
        cache_bytes: u64,
    ) -> Result<(Index, SetAside), Fault> {
        match Index::open(directory, cache_bytes) {
            Ok(index) => Ok((index, None)),
            Err(why) => Index::renew(directory, &why, cache_bytes),
        }
    }

    /// Sets the index aside, if there is one, and begins anew.
    pub(super) fn renew(
        directory: &Path,
        why: &str,
        cache_bytes: u64,
    ) -> Result<(Index, SetAside), Fault> {
        let set_aside = set_aside(directory, why)?;
        let index = Index::open(directory, cache_bytes).map_err(|why| Fault::File {
            path: directory.to_owned(),
            source: io::Error::other(why),
        })?;
        Ok((index, set_aside))
    }

    /// Opens the index; the error is a sentence. sled may panic on damaged files, which is caught.
    fn open(directory: &Path, cache_bytes: u64) -> Result<Index, String> {
        // A crash while sled writes a snapshot leaves a file that the next opening would take for the newest.
        for file in fs::read_dir(directory).into_iter().flatten().flatten() {
            if file.file_name().to_string_lossy().ends_with(".generating") {
                fs::remove_file(file.path()).map_err(|error| error.to_string())?;
            }
        }
        let config = sled::Config::default()
            .path(directory)
            .cache_capacity(cache_bytes)
            .segment_size(2 << 20)
            .mode(sled::Mode::HighThroughput);
        let mut tries = 0;
        loop {
            match catch_unwind(AssertUnwindSafe(|| config.open())) {
                Ok(Ok(database)) => return Index { database }.of_this_layout(),
                Ok(Err(sled::Error::Io(error))) if tries < LOCK_TRIES_MAX && is_lock(&error) => {
                    tries += 1;
                    thread::sleep(LOCK_WAIT);
                }
                Ok(Err(error)) => return Err(error.to_string()),
                Err(_) => return Err("it cannot be opened".to_owned()),
            }
        }
    }

    /// Refuses an index of another layout; a new one gets this.
    fn of_this_layout(self) -> Result<Index, String> {
        let found = self.database.get(keys::LAYOUT).map_err(|error| error.to_string())?;
        match found {
            Some(found) if found == keys::LAYOUT_NOW => Ok(self),
            None if self.database.is_empty() => {
                let written = self.database.insert(keys::LAYOUT, keys::LAYOUT_NOW);
                written.map_err(|error| error.to_string())?;
                Ok(self)
            }
            Some(_) | None => Err("its layout is that of another version".to_owned()),
        }
    }

    /// The value under a key.
    pub(super) fn get(&self, key: &[u8]) -> Result<Option<sled::IVec>, Fault> {
        Ok(self.database.get(key)?)
    }

    /// All values whose keys begin so, in the order of the keys.
    pub(super) fn values_under(&self, prefix: &[u8]) -> Result<Vec<sled::IVec>, Fault> {
        let values = self.database.scan_prefix(prefix).values();
        Ok(values.collect::<Result<_, _>>()?)
    }

    /// The ends of the keys that begin so, and their values.
    pub(super) fn under(&self, prefix: &[u8]) -> Result<Vec<(sled::IVec, sled::IVec)>, Fault> {
        Ok(self.database.scan_prefix(prefix).collect::<Result<_, _>>()?)
    }

    /// The first values whose keys begin so, at most so many.
    pub(super) fn some_under(&self, prefix: &[u8], most: usize) -> Result<Vec<sled::IVec>, Fault> {
        let values = self.database.scan_prefix(prefix).values();
        Ok(values.take(most).collect::<Result<_, _>>()?)
    }

    /// The numbers that end the keys from one prefix to another, the latter included.
    pub(super) fn numbers_between(&self, from: &[u8], to: &[u8]) -> Result<Vec<u64>, Fault> {
        let to = [to, &[u8::MAX; 9]].concat();
        let keys = self.database.range(from.to_vec()..to).keys();
        Ok(keys.map(|key| key.map(|key| number_at_end(&key))).collect::<Result<_, _>>()?)
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
        let keys = self.database.range(from..to).keys().take(most);
        Ok(keys.map(|key| key.map(|key| number_at_end(&key))).collect::<Result<_, _>>()?)
    }

    /// The last entry that the index follows.
    pub(super) fn stands_at(&self) -> Result<Head, Fault> {
        let Some(bytes) = self.get(keys::STANDS_AT)? else { return Ok(Head::EMPTY) };
        let Some((sequence, digest)) = bytes.split_first_chunk::<8>() else {
            return Ok(Head::EMPTY);
        };
        let Ok(digest) = <[u8; 32]>::try_from(digest) else { return Ok(Head::EMPTY) };
        Ok(Head { sequence: u64::from_be_bytes(*sequence), digest: Digest::from_bytes(digest) })
    }

    /// Writes out what is in memory, and brings files and names to stable storage: sled itself syncs neither when asked to flush.
    pub(super) fn close(self, directory: &Path) -> Result<(), Fault> {
        self.database.flush()?;
        drop(self.database);
        let fault = |source| Fault::File { path: directory.to_owned(), source };
        sync_all(directory).map_err(fault)
    }
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
    if aside.exists() {
        fs::remove_dir_all(&aside).map_err(|source| Fault::File { path: aside.clone(), source })?;
    }
    fs::rename(directory, &aside)
        .map_err(|source| Fault::File { path: directory.to_owned(), source })?;
    Ok(Some((why.to_owned(), aside)))
}

fn is_lock(error: &io::Error) -> bool {
    error.to_string().contains("could not acquire lock")
}

/// A number that a value holds.
pub(super) fn number(bytes: &[u8]) -> u64 {
    bytes.first_chunk::<8>().map_or(0, |bytes| u64::from_be_bytes(*bytes))
}

fn number_at_end(key: &[u8]) -> u64 {
    key.last_chunk::<8>().map_or(0, |bytes| u64::from_be_bytes(*bytes))
}

/// The index, and what is about to be written to it.
#[derive(Debug)]
pub(super) struct View<'i> {
    index: &'i Index,
    written: BTreeMap<Vec<u8>, Vec<u8>>,
    links: BTreeMap<u64, Link>,
}

impl<'i> View<'i> {
    /// With nothing about to be written.
    pub(super) fn of(index: &'i Index) -> View<'i> {
        View { index, written: BTreeMap::new(), links: BTreeMap::new() }
    }

    /// The index without what is about to be written.
    pub(super) fn index(&self) -> &Index {
        self.index
    }

    /// Writes a value.
    pub(super) fn put(&mut self, key: Vec<u8>, value: Vec<u8>) {
        self.written.insert(key, value);
    }

    /// The value under a key.
    pub(super) fn value(&self, key: &[u8]) -> Result<Option<sled::IVec>, Fault> {
        match self.written.get(key) {
            Some(value) => Ok(Some(sled::IVec::from(value.as_slice()))),
            None => self.index.get(key),
        }
    }

    /// A number under a key.
    pub(super) fn number(&self, key: &[u8]) -> Result<Option<u64>, Fault> {
        if let Some(value) = self.written.get(key) {
            return Ok(Some(number(value)));
        }
        Ok(self.index.get(key)?.map(|value| number(&value)))
    }

    /// The year under a key.
    pub(super) fn year(&self, key: &AccumulatorKey) -> Result<Year, Fault> {
        let Some(stored) = self.value(&keys::year(key))? else { return Ok(Year::default()) };
        let (top, message) = stored.split_at(stored.len().min(8));
        let message = crate::proto::Accumulators::decode(message).map_err(Fault::undecodable)?;
        let accumulators = from_proto::accumulators(&message).map_err(Fault::unreadable)?;
        Ok(Year { accumulators, top: number(top) })
    }

    /// Writes the year under a key, and its latest effective entry.
    pub(super) fn put_year(
        &mut self,
        key: &AccumulatorKey,
        top: u64,
        accumulators: &crate::proto::Accumulators,
    ) {
        let mut value = top.to_be_bytes().to_vec();
        value.extend(accumulators.encode_to_vec());
        self.put(keys::year(key), value);
    }

    /// Where an entry stands.
    pub(super) fn link(&self, sequence: u64) -> Result<Option<Link>, Fault> {
        if let Some(link) = self.links.get(&sequence) {
            return Ok(Some(*link));
        }
        Ok(self.index.get(&keys::link(sequence))?.and_then(|bytes| Link::decode(&bytes)))
    }

    /// Says where an entry stands.
    pub(super) fn put_link(&mut self, sequence: u64, link: Link) {
        self.links.insert(sequence, link);
    }

    /// Says where an entry's record is.
    pub(super) fn place(&mut self, sequence: u64, position: Position) {
        if let Some(link) = self.links.get_mut(&sequence) {
            link.position = position;
        }
    }

    /// Writes everything in one batch, with the entry that the index then stands at.
    pub(super) fn commit(&mut self, stands_at: Head) -> Result<(), Fault> {
        let mut batch = sled::Batch::default();
        for (key, value) in std::mem::take(&mut self.written) {
            batch.insert(key, value);
        }
        for (sequence, link) in std::mem::take(&mut self.links) {
            batch.insert(keys::link(sequence), link.encode());
        }
        let mut head = stands_at.sequence.to_be_bytes().to_vec();
        head.extend(stands_at.digest.as_bytes());
        batch.insert(keys::STANDS_AT, head);
        self.index.database.apply_batch(batch)?;
        Ok(())
    }
}

impl Link {
    /// An entry that stands upon another.
    pub(super) fn upon(kind: EntryKind, below: u64) -> Link {
        Link { kind, below, reversed_by: 0, position: Position::default() }
    }

    fn encode(&self) -> Vec<u8> {
        let kind = match self.kind {
            EntryKind::Settlement => 1,
            EntryKind::Reversal => 2,
            EntryKind::Opening => 3,
            EntryKind::Register => 4,
            EntryKind::Visit => 5,
            EntryKind::Sign => 6,
            EntryKind::File => 7,
            EntryKind::Cancellation => 8,
        };
        let mut bytes = vec![kind];
        let Position { segment, offset, length } = self.position;
        for number in [self.below, self.reversed_by, segment, offset, u64::from(length)] {
            bytes.extend(number.to_be_bytes());
        }
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<Link> {
        let kind = match bytes.first()? {
            1 => EntryKind::Settlement,
            2 => EntryKind::Reversal,
            3 => EntryKind::Opening,
            4 => EntryKind::Register,
            5 => EntryKind::Visit,
            6 => EntryKind::Sign,
            7 => EntryKind::File,
            8 => EntryKind::Cancellation,
            _ => return None,
        };
        let field = |index: usize| bytes.get(1 + index * 8..).map(number);
        let position = Position {
            segment: field(2)?,
            offset: field(3)?,
            length: u32::try_from(field(4)?).ok()?,
        };
        Some(Link { kind, below: field(0)?, reversed_by: field(1)?, position })
    }
}
