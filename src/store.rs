//! The embedded store: a journal that is the truth, and an index that follows from it.
//!
//! A write is acknowledged when its journal record is synced. The index (sled) holds registers, accumulators and look-ups with the
//! sequence number that it stands at; it may lose its tail, and one that does not open or does not fit is set aside and built anew.

pub mod journal;
pub mod fault;
pub mod halt;
pub mod visit;
pub(crate) mod apply;
mod durable;
mod index;
mod mark;
mod people;
pub mod size;
mod writer;

use crate::accumulators::AccumulatorKey;
use crate::accumulators::Accumulators;
use crate::id::AdmissionId;
use crate::id::FacilityId;
use crate::id::OpeningId;
use crate::id::PersonId;
use crate::id::RequestId;
use crate::proto;
use crate::register::Catalogue;
use crate::register::Facility;
use crate::register::Person;
use crate::store::apply::apply;
use crate::store::fault::Fault;
use crate::store::halt::Halt;
use crate::store::halt::Halted;
use crate::store::index::Index;
use crate::store::index::View;
use crate::store::index::keys;
use crate::store::journal::Head;
use crate::store::journal::Journal;
use crate::store::journal::TornTail;
use crate::store::journal::digest::Digest;
use crate::store::journal::reader::Reader;
use crate::store::mark::Mark;
use crate::store::size::Size;
use crate::store::writer::Writer;
use crate::wire::from_proto;

use prost::Message;
use tokio::sync::watch;

use std::fs::File;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

/// How the store is opened.
#[derive(Debug, Clone, Copy)]
pub struct StoreOptions {
    /// How large a journal segment grows. Unit: bytes.
    pub segment_bytes_max: u64,
    /// Memory of the index's page cache. Unit: bytes.
    pub cache_bytes: u64,
}

impl Default for StoreOptions {
    fn default() -> StoreOptions {
        StoreOptions { segment_bytes_max: 64 << 20, cache_bytes: 128 << 20 }
    }
}

/// What opening the store found.
#[derive(Debug)]
pub struct OpenReport {
    /// The last ledger entry.
    pub head: Head,
    /// A torn tail of the journal that was cut off: never acknowledged.
    pub torn: Option<TornTail>,
    /// Why the index was set aside and built anew, and where the old one is.
    pub set_aside: Option<(String, PathBuf)>,
    /// How many entries the index followed at start.
    pub replayed: u64,
}

/// The accumulators of a key, and the latest effective entry under it (0: none).
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Year {
    /// What stands.
    pub accumulators: Accumulators,
    /// The entry that a reversal may undo.
    pub top: u64,
}

/// What kind an entry is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EntryKind {
    /// A settlement.
    Settlement,
    /// A reversal.
    Reversal,
    /// An opening balance.
    Opening,
    /// A write to a register.
    Register,
    /// A write to a visit that a HIS keeps here.
    Visit,
    /// Somebody signed in or out.
    Sign,
    /// A file that is kept for a while.
    File,
    /// A request id that was taken back.
    Cancellation,
}

/// Where an entry stands among the others.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Link {
    /// Its kind.
    pub kind: EntryKind,
    /// The effective entry under the same key that it stands upon; 0: none.
    pub below: u64,
    /// The reversal that undid it; 0: none.
    pub reversed_by: u64,
    /// Where its record is.
    position: journal::record::Position,
}

/// An entry as the ledger holds it.
#[derive(Debug, Clone, PartialEq)]
pub struct Stored {
    /// Its number.
    pub sequence: u64,
    /// Over its content and the digest before it.
    pub digest: Digest,
    /// Its content.
    pub entry: proto::LedgerEntry,
    /// The reversal that undid it; 0: none.
    pub reversed_by: u64,
}

/// The number and digest of an acknowledged entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Receipt {
    /// Its number.
    pub sequence: u64,
    /// Its digest.
    pub digest: Digest,
}

/// Why an entry was not appended.
#[derive(Debug, thiserror::Error)]
pub enum AppendError {
    /// What it was computed on has moved: read again.
    #[error("the state that the entry was computed on has moved")]
    Raced,
    /// The store could not do it.
    #[error(transparent)]
    Fault(#[from] Fault),
}

/// Which settlements to list.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Of this person.
    pub person: Option<PersonId>,
    /// Of this facility.
    pub facility: Option<FacilityId>,
    /// After this number.
    pub after: u64,
}

/// The embedded store. Reads see what is acknowledged; one thread writes.
#[derive(Debug)]
pub struct Store {
    directory: PathBuf,
    index: Arc<Index>,
    reader: Reader,
    writer: Writer,
    halt: Arc<Halt>,
    // Held until everything is closed; the writing thread holds it too.
    _lock: Arc<File>,
}

impl Store {
    /// Opens the store in a directory, or makes a new one; replays what the index does not have yet.
    pub fn open(directory: &Path, options: StoreOptions) -> Result<(Store, OpenReport), Fault> {
        mark::check_format(directory)?;
        let lock = mark::lock(directory)?;
        let mark = Mark::read(directory);
        let index_directory = directory.join("index");
        let aside = match &mark.distrust {
            Some(why) => index::set_aside(&index_directory, why)?,
            None => None,
        };
        mark.write_open(directory)?;
        let (mut index, mut set_aside) =
            Index::open_or_renew(&index_directory, options.cache_bytes)?;
        set_aside = aside.or(set_aside);
        let acknowledged = index.stands_at()?.sequence.max(mark.acknowledged);
        let journal_options =
            journal::Options { segment_bytes_max: options.segment_bytes_max, ..Default::default() };
        let journal_directory = directory.join("journal");
        let (journal, opened) = Journal::open(&journal_directory, journal_options, acknowledged)?;
        let reader = journal.reader();
        if let Some(why) = misfit(&index, &journal, &reader)? {
            drop(index);
            (index, set_aside) = Index::renew(&index_directory, &why, options.cache_bytes)?;
        }
        let replayed = replay(&index, &journal_directory, journal.head())?;
        let index = Arc::new(index);
        let report = OpenReport { head: journal.head(), torn: opened.cut, set_aside, replayed };
        let directory = directory.to_owned();
        let halt = Arc::new(Halt::new(directory.clone(), mark));
        let lock = Arc::new(lock);
        let writer =
            Writer::start(journal, Arc::clone(&index), Arc::clone(&halt), Arc::clone(&lock))?;
        Ok((Store { directory, index, reader, writer, halt, _lock: lock }, report))
    }

    /// Finishes what was accepted, brings the index to stable storage and marks the store as closed.
    pub fn close(self) -> Result<(), Fault> {
        let head = self.writer.close()?;
        if self.halt.state() == Halted::All {
            return Err(Fault::Stopped);
        }
        let index = Arc::into_inner(self.index).ok_or(Fault::Stopped)?;
        index.close(&self.directory.join("index"))?;
        Mark::write_closed(&self.directory, head)
    }

    /// Appends an entry that was computed on the state that it names. Returns once it is on stable storage.
    pub async fn append(&self, entry: proto::LedgerEntry) -> Result<Receipt, AppendError> {
        self.writer.append(entry).await
    }

    /// To wait for a failure after which the store must be opened again.
    pub fn halted(&self) -> watch::Receiver<Halted> {
        self.halt.watch()
    }

    /// How much disk it takes.
    pub fn size(&self) -> Size {
        size::measure(&self.directory)
    }

    /// The last acknowledged entry.
    pub fn head(&self) -> Result<Head, Fault> {
        self.read(|view| view.index().stands_at())
    }

    /// A person of the register.
    pub fn person(&self, id: &PersonId) -> Result<Option<Person>, Fault> {
        self.read(|view| {
            let bytes = view.index().get(&keys::person(id.as_str()))?;
            let Some(bytes) = bytes else { return Ok(None) };
            let message = proto::Person::decode(&*bytes).map_err(Fault::undecodable)?;
            from_proto::person(&message, "person").map(Some).map_err(Fault::unreadable)
        })
    }

    /// A facility of the register.
    pub fn facility(&self, id: &FacilityId) -> Result<Option<Facility>, Fault> {
        self.read(|view| {
            let bytes = view.index().get(&keys::facility(id.as_str()))?;
            let Some(bytes) = bytes else { return Ok(None) };
            let message = proto::Facility::decode(&*bytes).map_err(Fault::undecodable)?;
            from_proto::facility(&message, "facility").map(Some).map_err(Fault::unreadable)
        })
    }

    /// The catalogue entries of these item codes.
    pub fn catalogue<'a>(&self, codes: impl Iterator<Item = &'a str>) -> Result<Catalogue, Fault> {
        let mut catalogue = Catalogue::default();
        let mut seen: Vec<&str> = codes.collect();
        seen.sort_unstable();
        seen.dedup();
        self.read(|view| {
            for code in seen {
                for bytes in view.index().values_under(&keys::items_of(code))? {
                    let message = proto::Item::decode(&*bytes).map_err(Fault::undecodable)?;
                    let item = from_proto::item(&message, "item").map_err(Fault::unreadable)?;
                    catalogue.put(item).map_err(Fault::unreadable)?;
                }
            }
            Ok(catalogue)
        })
    }

    /// The year under a key; an unknown key is a year that has nothing.
    pub fn year(&self, key: &AccumulatorKey) -> Result<Year, Fault> {
        self.read(|view| view.year(key))
    }

    /// The entry that a request made.
    pub fn by_request(
        &self,
        facility: &FacilityId,
        request: &RequestId,
    ) -> Result<Option<u64>, Fault> {
        self.number(&keys::request(facility.as_str(), request.as_str()))
    }

    /// The latest settlement of an admission, effective or reversed.
    pub fn by_admission(
        &self,
        facility: &FacilityId,
        admission: &AdmissionId,
    ) -> Result<Option<u64>, Fault> {
        self.number(&keys::admission(facility.as_str(), admission.as_str()))
    }

    /// The latest opening balance under a key with this reference, effective or reversed.
    pub fn by_opening(
        &self,
        key: &AccumulatorKey,
        opening: &OpeningId,
    ) -> Result<Option<u64>, Fault> {
        self.number(&keys::opening(key, opening.as_str()))
    }

    /// The latest opening balance that an office loaded under this reference, whatever the key.
    pub fn by_office_opening(
        &self,
        facility: &FacilityId,
        opening: &OpeningId,
    ) -> Result<Option<u64>, Fault> {
        self.number(&keys::office_opening(facility.as_str(), opening.as_str()))
    }

    /// Where an entry stands among the others.
    pub fn link(&self, sequence: u64) -> Result<Option<Link>, Fault> {
        let link = self.read(|view| view.link(sequence))?;
        self.unless_unsure(link)
    }

    /// An entry with its content.
    pub fn entry(&self, sequence: u64) -> Result<Option<Stored>, Fault> {
        let Some(link) = self.link(sequence)? else { return Ok(None) };
        let record = self.reader.read(link.position)?;
        let entry = proto::LedgerEntry::decode(&*record.content).map_err(Fault::undecodable)?;
        let (digest, reversed_by) = (record.digest, link.reversed_by);
        Ok(Some(Stored { sequence, digest, entry, reversed_by }))
    }

    /// The entries under a key after a version, latest first.
    pub fn entries_since(&self, key: &AccumulatorKey, version: u64) -> Result<Vec<u64>, Fault> {
        let all = self.read(|view| view.index().values_under(&keys::versions_of(key)))?;
        let after = usize::try_from(version).unwrap_or(usize::MAX);
        let mut since: Vec<u64> =
            all.iter().skip(after).map(|bytes| index::number(bytes)).collect();
        since.reverse();
        Ok(since)
    }

    /// The next settlements that fit, at most `most`, oldest first.
    pub fn list(&self, filter: &Filter, most: usize) -> Result<Vec<u64>, Fault> {
        let under = match (&filter.person, &filter.facility) {
            (Some(person), _) => keys::settlements_of_person(person.as_str()),
            (None, Some(facility)) => keys::settlements_of_facility(facility.as_str()),
            (None, None) => keys::settlements(),
        };
        self.read(|view| view.index().numbers_after(&under, filter.after, most))
    }

    /// The writes that put a person, oldest first.
    pub fn writes_of_person(&self, person: &PersonId) -> Result<Vec<u64>, Fault> {
        let under = keys::writes_of_person(person.as_str());
        self.read(|view| view.index().numbers_after(&under, 0, usize::MAX))
    }

    /// The next writes to registers after a number, at most `most`.
    pub fn register_writes(&self, after: u64, most: usize) -> Result<Vec<u64>, Fault> {
        self.read(|view| view.index().numbers_after(&keys::register_writes(), after, most))
    }

    /// Reads the index, unless it lacks something. If it cannot be read, that is noted.
    fn read<T>(&self, read: impl FnOnce(&View<'_>) -> Result<T, Fault>) -> Result<T, Fault> {
        let answer = read(&View::of(&self.index)).inspect_err(|fault| {
            self.halt.index_unreadable(fault);
        });
        // Asked afterwards: an entry is acknowledged only after it is noted that the index lacks it.
        if self.halt.state() == Halted::All { Err(Fault::Stopped) } else { answer }
    }

    /// The number under a key of the index.
    fn number(&self, key: &[u8]) -> Result<Option<u64>, Fault> {
        let number = self.read(|view| view.number(key))?;
        self.unless_unsure(number)
    }

    /// After a failed write nobody can say that something is not there.
    fn unless_unsure<T>(&self, found: Option<T>) -> Result<Option<T>, Fault> {
        if found.is_none() && self.halt.state() != Halted::No {
            return Err(Fault::Stopped);
        }
        Ok(found)
    }
}

/// Makes the directory of a store, or refuses one of another format.
pub fn prepare(directory: &Path) -> Result<(), Fault> {
    mark::check_format(directory)
}

/// Why the index cannot belong to this journal, if it cannot.
fn misfit(index: &Index, journal: &Journal, reader: &Reader) -> Result<Option<String>, Fault> {
    let (stands_at, head) = (index.stands_at()?, journal.head());
    if stands_at.sequence == 0 {
        return Ok(None);
    }
    if head.sequence < stands_at.sequence {
        let (index, journal) = (stands_at.sequence, head.sequence);
        return Ok(Some(format!("the index is at {index}, the journal only at {journal}")));
    }
    let link = View::of(index).link(stands_at.sequence)?;
    let digest = match link {
        Some(link) => reader.read(link.position).map(|record| record.digest).ok(),
        None => None,
    };
    if digest == Some(stands_at.digest) {
        return Ok(None);
    }
    Ok(Some(format!("the index does not know entry {} as the journal has it", stands_at.sequence)))
}

/// Follows what the journal has more than the index.
fn replay(index: &Index, journal: &Path, head: Head) -> Result<u64, Fault> {
    const GROUP: u64 = 1000;
    let from = index.stands_at()?.sequence + 1;
    if head.sequence < from {
        return Ok(0);
    }
    let mut view = View::of(index);
    let mut in_group = 0;
    let mut last = Head::EMPTY;
    for record in journal::walk::walk(journal, from)? {
        let (record, position) = record?;
        if head.sequence < record.sequence {
            break;
        }
        let entry = proto::LedgerEntry::decode(&*record.content).map_err(Fault::undecodable)?;
        apply(&mut view, record.sequence, &entry)?;
        view.place(record.sequence, position);
        last = Head { sequence: record.sequence, digest: record.digest };
        in_group += 1;
        if in_group == GROUP {
            view.commit(last)?;
            in_group = 0;
        }
    }
    if 0 < in_group {
        view.commit(last)?;
    }
    Ok(last.sequence + 1 - from)
}
