//! The embedded store: a journal that is the truth, and an index that follows from it.
//!
//! A write is acknowledged when its journal record is synced. The index says where each entry is and what it is found by; sled caches
//! accumulators and the records of registers. Both follow from the journal: what of them is missing or damaged is read from there.

pub mod journal;
pub mod fault;
pub mod seal;
pub mod reseal;
pub mod halt;
pub mod visit;
pub(crate) mod apply;
mod acknowledged;
mod cache;
mod decoded;
mod durable;
mod follow;
mod index;
mod kept;
mod mark;
mod parts;
mod people;
mod salt;
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
use crate::register::Item;
use crate::register::Person;
use crate::store::acknowledged::Acknowledged;
use crate::store::cache::Cache;
use crate::store::decoded::Decoded;
use crate::store::fault::Fault;
use crate::store::fault::chain;
use crate::store::follow::Following;
use crate::store::follow::Found;
use crate::store::halt::Halt;
use crate::store::halt::Halted;
use crate::store::index::keys::Keys;
use crate::store::index::posting::Key;
use crate::store::index::view::View;
use crate::store::journal::Head;
use crate::store::journal::Journal;
use crate::store::journal::TornTail;
use crate::store::journal::digest::Digest;
use crate::store::journal::reader::Reader;
use crate::store::mark::Mark;
use crate::store::seal::Place;
use crate::store::seal::Seal;
use crate::store::size::Size;
use crate::store::writer::Loop;
use crate::store::writer::Writer;
use crate::wire::from_proto;

use prost::Message;
use prost::bytes::Bytes;
use tokio::sync::watch;

use std::fs;
use std::fs::File;
use std::io;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;

/// How the store is opened.
#[derive(Debug, Clone)]
pub struct StoreOptions {
    /// How large a journal segment grows. Unit: bytes.
    pub segment_bytes_max: u64,
    /// Memory of the cache. Unit: bytes.
    pub cache_bytes: u64,
    /// What its contents are sealed with.
    pub seal: Seal,
}

impl Default for StoreOptions {
    fn default() -> StoreOptions {
        StoreOptions { segment_bytes_max: 64 << 20, cache_bytes: 128 << 20, seal: Seal::NONE }
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

/// A benefit year.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Year {
    /// What stands.
    pub accumulators: Arc<Accumulators>,
    /// The entries that nobody undid, oldest first: a reversal may undo the last.
    pub effective: Vec<u64>,
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
    /// A record of the back office.
    Office,
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
    seal: Seal,
    following: Arc<Following>,
    cache: Cache,
    persons: Decoded<Person>,
    facilities: Decoded<Facility>,
    catalogue: Decoded<Vec<Item>>,
    years: Decoded<Accumulators>,
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
        let lock = Arc::new(mark::lock(directory)?);
        let mark = Mark::read(directory);
        let acknowledged = mark.acknowledged.max(Acknowledged::read(directory));
        let StoreOptions { segment_bytes_max, cache_bytes, seal } = options;
        let journal_options =
            journal::Options { segment_bytes_max, seal: seal.clone(), ..Default::default() };
        let (journal, opened) =
            Journal::open(&directory.join("journal"), journal_options, acknowledged)?;
        let (head, reader) = (journal.head(), journal.reader());
        mark.write_open(directory)?;
        let acknowledged = Acknowledged::open(directory, head.sequence)?;
        let place = Place { directory, seal: &seal };
        let (following, found) = Following::open(place, (head, &reader))?;
        let closed_at = mark.closed_at.filter(|closed_at| *closed_at == head);
        let cache = Cache::open(&directory.join("cache"), cache_bytes, closed_at, &seal);
        let Found { set_aside, replayed } = found;
        let report = OpenReport { head, torn: opened.cut, set_aside, replayed };
        let following = Arc::new(following);
        let halt = Arc::new(Halt::default());
        let writer = Writer::start(Loop {
            journal,
            acknowledged,
            following: Arc::clone(&following),
            halt: Arc::clone(&halt),
            lock: Arc::clone(&lock),
        })?;
        let store = Store {
            directory: directory.to_owned(),
            seal,
            following,
            cache,
            persons: Decoded::default(),
            facilities: Decoded::default(),
            catalogue: Decoded::default(),
            years: Decoded::default(),
            reader,
            writer,
            halt,
            _lock: lock,
        };
        Ok((store, report))
    }

    /// Finishes what was accepted, brings index and cache to stable storage and marks the store as closed. What of the index cannot
    /// be written is read from the journal at the next opening.
    pub fn close(self) -> Result<(), Fault> {
        let Store { directory, following, cache, writer, halt, .. } = self;
        let head = writer.close()?;
        let index = following.take();
        let has_failed = halt.state().index();
        if let Some(index) = index
            && !has_failed
            && let Err(error) = index.close()
        {
            let error = chain(&error);
            tracing::warn!(
                error,
                "a part of the index is not written; the next start reads the journal for it"
            );
        }
        cache.close(&directory.join("cache"), head);
        Mark::write_closed(&directory, head)
    }

    /// Appends an entry that was computed on the state that it names. Returns once it is on stable storage.
    pub async fn append(&self, entry: &proto::LedgerEntry) -> Result<Receipt, AppendError> {
        self.append_content(entry.encode_to_vec().into()).await
    }

    /// The same of an entry that stands in the bytes of its message already.
    pub async fn append_content(&self, content: Bytes) -> Result<Receipt, AppendError> {
        let content = if self.seal.is_on() { salt::salted(&content)? } else { content };
        let (receipt, parts) = self.writer.append(content).await?;
        self.cache.put_all(parts);
        Ok(receipt)
    }

    /// To wait for a failure, and for its end.
    pub fn halted(&self) -> watch::Receiver<Halted> {
        self.halt.watch()
    }

    /// How much disk it takes.
    pub fn size(&self) -> Size {
        size::measure(&self.directory)
    }

    /// The last acknowledged entry.
    pub fn head(&self) -> Result<Head, Fault> {
        self.read(|view| Ok(view.head()))
    }

    /// A person of the register.
    pub fn person(&self, id: &PersonId) -> Result<Option<Arc<Person>>, Fault> {
        self.read(|view| {
            let key = view.keys().person(id.as_str());
            let Some(posting) = view.latest(key)? else { return Ok(None) };
            let read = || {
                let message = self.record_at(view, key, posting)?;
                from_proto::person(&message, "person").map_err(Fault::unreadable)
            };
            self.persons.get(key, posting.number, read).map(Some)
        })
    }

    /// A facility of the register.
    pub fn facility(&self, id: &FacilityId) -> Result<Option<Arc<Facility>>, Fault> {
        self.read(|view| {
            let key = view.keys().facility(id.as_str());
            let Some(posting) = view.latest(key)? else { return Ok(None) };
            let read = || {
                let message = self.record_at(view, key, posting)?;
                from_proto::facility(&message, "facility").map_err(Fault::unreadable)
            };
            self.facilities.get(key, posting.number, read).map(Some)
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
                let key = view.keys().items(code);
                let Some(latest) = view.latest(key)? else { continue };
                let entries = self.catalogue.get(key, latest.number, || {
                    let mut of_code = Catalogue::default();
                    for message in self.items(view, key, latest)? {
                        let item = from_proto::item(&message, "item").map_err(Fault::unreadable)?;
                        of_code.put(item).map_err(Fault::unreadable)?;
                    }
                    Ok(of_code.entries(code).to_vec())
                })?;
                catalogue.add(code.to_owned(), entries);
            }
            Ok(catalogue)
        })
    }

    /// The year under a key; an unknown key is a year that has nothing.
    pub fn year(&self, key: &AccumulatorKey) -> Result<Year, Fault> {
        self.read(|view| {
            let standing = view.standing(key)?;
            if standing.last == 0 {
                return Ok(Year::default());
            }
            let under = view.keys().year(key);
            let read = || self.accumulators(view, under, standing.last);
            let accumulators = self.years.get(under, standing.last, read)?;
            Ok(Year { accumulators, effective: standing.effective })
        })
    }

    /// The entry that a request made.
    pub fn by_request(
        &self,
        facility: &FacilityId,
        request: &RequestId,
    ) -> Result<Option<u64>, Fault> {
        self.number(|keys| keys.request(facility.as_str(), request.as_str()))
    }

    /// The latest settlement of an admission, effective or reversed.
    pub fn by_admission(
        &self,
        facility: &FacilityId,
        admission: &AdmissionId,
    ) -> Result<Option<u64>, Fault> {
        self.number(|keys| keys.admission(facility.as_str(), admission.as_str()))
    }

    /// The latest opening balance under a key with this reference, effective or reversed.
    pub fn by_opening(
        &self,
        key: &AccumulatorKey,
        opening: &OpeningId,
    ) -> Result<Option<u64>, Fault> {
        self.number(|keys| keys.opening(key, opening.as_str()))
    }

    /// The latest opening balance that an office loaded under this reference, whatever the key.
    pub fn by_office_opening(
        &self,
        facility: &FacilityId,
        opening: &OpeningId,
    ) -> Result<Option<u64>, Fault> {
        self.number(|keys| keys.office_opening(facility.as_str(), opening.as_str()))
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
        let all = self.read(|view| view.all(view.keys().year(key)))?;
        let after = usize::try_from(version).unwrap_or(usize::MAX);
        Ok(all.iter().skip(after).rev().map(|posting| posting.number).collect())
    }

    /// The next settlements that fit, at most `most`, oldest first.
    pub fn list(&self, filter: &Filter, most: usize) -> Result<Vec<u64>, Fault> {
        self.read(|view| {
            let keys = view.keys();
            let key = match (&filter.person, &filter.facility) {
                (Some(person), _) => keys.settlements_of_person(person.as_str()),
                (None, Some(facility)) => keys.settlements_of_facility(facility.as_str()),
                (None, None) => keys.settlements(),
            };
            view.numbers_after(key, filter.after, most)
        })
    }

    /// The writes that put a person, oldest first.
    pub fn writes_of_person(&self, person: &PersonId) -> Result<Vec<u64>, Fault> {
        self.read(|view| view.numbers_after(view.keys().person(person.as_str()), 0, usize::MAX))
    }

    /// The next writes to registers after a number, at most `most`.
    pub fn register_writes(&self, after: u64, most: usize) -> Result<Vec<u64>, Fault> {
        self.read(|view| view.numbers_after(view.keys().register_writes(), after, most))
    }

    /// The next records of the back office after a number, at most `most`.
    pub fn office_records(&self, after: u64, most: usize) -> Result<Vec<u64>, Fault> {
        self.read(|view| view.numbers_after(view.keys().office_records(), after, most))
    }

    /// Where it is, and what it is sealed with.
    pub fn place(&self) -> Place<'_> {
        Place { directory: &self.directory, seal: &self.seal }
    }

    /// Reads the index, unless it lacks something. If it cannot be read, that is noted.
    fn read<T>(&self, read: impl FnOnce(&View<'_>) -> Result<T, Fault>) -> Result<T, Fault> {
        let index = self.following.index();
        let answer = match index.as_ref() {
            Some(index) => read(&View::of(index)),
            None => Err(Fault::Mending),
        };
        let answer = answer.inspect_err(|fault| self.halt.asked_in_vain(fault));
        // Asked afterwards: an entry is acknowledged only after it is noted that the index lacks it.
        match self.halt.state() {
            state if state.index() => Err(state.fault()),
            _ => answer,
        }
    }

    /// The latest entry under a key.
    fn number(&self, key: impl FnOnce(&Keys) -> Key) -> Result<Option<u64>, Fault> {
        let number = self.read(|view| view.number(key(view.keys())))?;
        self.unless_unsure(number)
    }

    /// After a failed write nobody can say that something is not there.
    fn unless_unsure<T>(&self, found: Option<T>) -> Result<Option<T>, Fault> {
        let state = self.halt.state();
        if found.is_none() && state.anything() { Err(state.fault()) } else { Ok(found) }
    }
}

/// Makes the directory of a store, or refuses one of another format.
pub fn prepare(directory: &Path) -> Result<(), Fault> {
    mark::check_format(directory)
}

/// Puts a finished journal in the place of the one of a store that has no entries, so that either is there whole.
pub fn put_journal(Place { directory, seal }: Place<'_>, finished: &Path) -> Result<(), Fault> {
    let _lock = mark::lock(directory)?;
    let journal = directory.join("journal");
    let fault = |source| Fault::File { path: journal.clone(), source };
    if journal.exists() {
        let options = journal::Options { seal: seal.clone(), ..Default::default() };
        let (empty, _) = Journal::open(&journal, options, 0)?;
        if empty.head() != Head::EMPTY {
            return Err(fault(io::ErrorKind::AlreadyExists.into()));
        }
        fs::remove_dir_all(&journal).map_err(fault)?;
    }
    fs::rename(finished, &journal).map_err(fault)?;
    durable::sync_directory(directory).map_err(fault)
}
