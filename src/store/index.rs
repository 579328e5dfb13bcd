//! The index: where each entry is, and what it can be found by. It follows from the journal and can always be built anew from it.
//!
//! The newest entries are in memory, earlier ones in runs: files that are written once, brought to stable storage and never changed
//! (`run.rs`). So what a run says is right after a kill and after a power cut too, and only what the journal has more is read again.
//! A thread writes what is in memory into runs, and makes few long runs of many short ones (`merge.rs`).

pub(super) mod build;
pub(super) mod derive;
pub(super) mod error;
mod filter;
pub(super) mod keys;
mod layout;
mod merge;
mod open;
pub(super) mod posting;
mod run;
pub(in crate::store) mod slim;
#[cfg(test)]
mod tests;
pub(super) mod view;
mod worker;
mod write;

use crate::store::fault::Fault;
use crate::store::index::error::IndexError;
use crate::store::index::keys::Keys;
use crate::store::index::posting::Key;
use crate::store::index::posting::Memory;
use crate::store::index::posting::Posting;
use crate::store::index::posting::Row;
use crate::store::index::run::Run;
use crate::store::index::worker::Worker;
use crate::store::index::write::Writing;
use crate::store::journal::Head;
use crate::store::kept::Kept;
use crate::store::seal::Seal;

use std::fs;
use std::io;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::PoisonError;
use std::sync::RwLock;
use std::sync::RwLockReadGuard;
use std::sync::RwLockWriteGuard;
use std::sync::atomic::AtomicBool;

/// When what is in memory becomes a run; sooner in this crate's own tests. Unit: postings.
const MEMORY_POSTINGS_MAX: usize = if cfg!(test) { 5_000 } else { 500_000 };

/// The index.
#[derive(Debug)]
pub(super) struct Index {
    shared: Arc<Shared>,
    worker: Worker,
    /// What runs were found to have under keys that are asked for again and again. Runs never change and entries are only added: it
    /// holds for all entries up to a number, and only runs with later ones are asked again.
    latest: Kept<Posting>,
    all: Kept<Arc<[Posting]>>,
}

/// What readers, the writer and the index's thread share.
#[derive(Debug)]
struct Shared {
    directory: PathBuf,
    seal: Seal,
    keys: Keys,
    levels: RwLock<Levels>,
    stop: AtomicBool,
}

/// Where postings are, from the newest to the oldest.
#[derive(Debug)]
struct Levels {
    active: Memory,
    head: Head,
    /// What is being written into a run.
    frozen: Option<Arc<Frozen>>,
    runs: Arc<Vec<Arc<Run>>>,
}

/// Memory that does not change any more, and its last entry.
#[derive(Debug)]
struct Frozen {
    memory: Memory,
    head: Head,
}

/// An index that was set aside: why, and where it is now.
pub(super) type SetAside = Option<(String, PathBuf)>;

/// Why an index cannot be opened.
pub(super) enum Unopened {
    /// There is no space to open it; nothing is wrong with it.
    Full(io::Error),
    /// It is damaged, or of another layout.
    Unusable(String),
}

impl From<IndexError> for Unopened {
    fn from(error: IndexError) -> Unopened {
        const FULL: [io::ErrorKind; 2] = [io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded];
        match error {
            IndexError::Io { source, .. } if FULL.contains(&source.kind()) => {
                Unopened::Full(source)
            }
            error @ (IndexError::Io { .. } | IndexError::Damaged { .. }) => {
                Unopened::Unusable(crate::store::fault::chain(&error))
            }
        }
    }
}

impl Index {
    /// Opens the index in a directory, or begins one.
    pub(super) fn open(directory: &Path, seal: &Seal) -> Result<Index, Unopened> {
        let (keys, runs) = open::open(directory, seal)?;
        let head = runs.last().map_or(Head::EMPTY, |run| run.head());
        let active = Memory::behind(head.sequence);
        let levels = Levels { active, head, frozen: None, runs: Arc::new(runs) };
        let shared = Arc::new(Shared {
            directory: directory.to_owned(),
            seal: seal.clone(),
            keys,
            levels: RwLock::new(levels),
            stop: AtomicBool::new(false),
        });
        let worker = Worker::start(Arc::clone(&shared)).map_err(|error| {
            Unopened::from(IndexError::io(directory, "served by a thread")(error))
        })?;
        Ok(Index { shared, worker, latest: Kept::default(), all: Kept::default() })
    }

    /// Makes keys.
    pub(super) fn keys(&self) -> &Keys {
        &self.shared.keys
    }

    /// The last entry that it knows.
    pub(super) fn head(&self) -> Head {
        self.shared.read().head
    }

    /// The row of an entry.
    pub(super) fn row(&self, number: u64) -> Result<Option<Row>, Fault> {
        let runs = {
            let levels = self.shared.read();
            if let Some(row) = levels.in_memory(|memory| memory.row(number)) {
                return Ok(Some(row));
            }
            Arc::clone(&levels.runs)
        };
        let place = runs.partition_point(|run| run.head().sequence < number);
        Ok(runs.get(place).map_or(Ok(None), |run| run.row(number))?)
    }

    /// The latest posting under a key.
    pub(super) fn latest(&self, key: Key) -> Result<Option<Posting>, Fault> {
        let runs = {
            let levels = self.shared.read();
            let latest = |memory: &Memory| memory.under(key).last().copied();
            if let Some(posting) = levels.in_memory(latest) {
                return Ok(Some(posting));
            }
            Arc::clone(&levels.runs)
        };
        let covered = covered(&runs);
        let seen = self.latest.get(key).filter(|(up_to, _)| *up_to <= covered);
        let up_to = seen.map_or(0, |(up_to, _)| up_to);
        let mut latest = seen.map(|(_, posting)| posting);
        for run in runs.iter().rev().take_while(|run| up_to < run.head().sequence) {
            if let Some(posting) = run.latest(key)? {
                latest = Some(posting);
                break;
            }
        }
        // What there is none of is not kept: it is mostly a request that is new.
        if let Some(posting) = latest
            && up_to < covered
        {
            self.latest.put(key, covered, posting);
        }
        Ok(latest)
    }

    /// All postings under a key, oldest first.
    pub(super) fn all(&self, key: Key) -> Result<Vec<Posting>, Fault> {
        self.after(key, 0, usize::MAX)
    }

    /// The same of a key that has few and is asked for again and again.
    pub(super) fn all_of_few(&self, key: Key) -> Result<Vec<Posting>, Fault> {
        let (runs, in_memory) = self.shared.under(key, 0, usize::MAX);
        let covered = covered(&runs);
        let seen = self.all.get(key).filter(|(up_to, _)| *up_to <= covered);
        let (up_to, mut found) =
            seen.map_or((0, Vec::new()), |(up_to, postings)| (up_to, postings.to_vec()));
        if up_to < covered {
            for run in runs.iter() {
                run.add_after(key, up_to, usize::MAX, &mut found)?;
            }
            if !found.is_empty() {
                self.all.put(key, covered, found.as_slice().into());
            }
        }
        found.extend(in_memory);
        Ok(found)
    }

    /// The next postings under a key behind a number, oldest first, at most so many.
    pub(super) fn after(&self, key: Key, after: u64, most: usize) -> Result<Vec<Posting>, Fault> {
        let (runs, in_memory) = self.shared.under(key, after, most);
        let mut found = Vec::new();
        for run in runs.iter() {
            run.add_after(key, after, most, &mut found)?;
        }
        let left = most.saturating_sub(found.len());
        found.extend(in_memory.into_iter().take(left));
        Ok(found)
    }

    /// Adds the entries that follow; readers see all of them or none.
    pub(super) fn commit(&self, entries: Memory, head: Head) {
        let mut levels = self.shared.write();
        levels.active.append(entries);
        levels.head = head;
        if levels.active.count < MEMORY_POSTINGS_MAX || levels.frozen.is_some() {
            return;
        }
        let active = std::mem::replace(&mut levels.active, Memory::behind(head.sequence));
        levels.frozen = Some(Arc::new(Frozen { memory: active, head }));
        drop(levels);
        self.worker.wake();
    }

    /// Writes what is in memory into runs, so that the next opening need not read the journal.
    pub(super) fn close(self) -> Result<(), IndexError> {
        let Index { shared, worker, .. } = self;
        worker.end(&shared.stop);
        let mut levels = shared.write();
        for frozen in [levels.frozen.take(), levels.freeze()].into_iter().flatten() {
            shared.write_run(&frozen)?;
        }
        Ok(())
    }

    /// Lets go of an index that failed.
    pub(super) fn discard(self) {
        let Index { shared, worker, .. } = self;
        worker.end(&shared.stop);
    }
}

impl Shared {
    fn read(&self) -> RwLockReadGuard<'_, Levels> {
        self.levels.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, Levels> {
        self.levels.write().unwrap_or_else(PoisonError::into_inner)
    }

    /// The runs, and what of a key is in memory behind a number, oldest first, at most so many.
    fn under(&self, key: Key, after: u64, most: usize) -> (Arc<Vec<Arc<Run>>>, Vec<Posting>) {
        let levels = self.read();
        let mut in_memory: Vec<Posting> = Vec::new();
        let frozen = levels.frozen.as_ref().map(|frozen| &frozen.memory);
        for memory in frozen.into_iter().chain([&levels.active]) {
            let under = memory.under(key);
            let from = under.partition_point(|posting| posting.number <= after);
            let left = most.saturating_sub(in_memory.len());
            in_memory.extend(under.iter().skip(from).take(left));
        }
        (Arc::clone(&levels.runs), in_memory)
    }

    fn write_run(&self, frozen: &Frozen) -> Result<Run, IndexError> {
        let Frozen { memory, head } = frozen;
        let range = (memory.before + 1, *head);
        let mut writing =
            Writing::begin(&self.directory, self.keys.fingerprint(), range, memory.count)?;
        for row in &memory.rows {
            writing.row(*row)?;
        }
        for (key, posting) in memory.sorted() {
            writing.posting(key, posting)?;
        }
        writing.finish()
    }
}

impl Levels {
    /// What memory knows, the newer first.
    fn in_memory<T>(&self, ask: impl Fn(&Memory) -> Option<T>) -> Option<T> {
        let frozen = || self.frozen.as_ref().and_then(|frozen| ask(&frozen.memory));
        ask(&self.active).or_else(frozen)
    }

    /// Takes what is in memory and not being written yet.
    fn freeze(&mut self) -> Option<Arc<Frozen>> {
        let head = self.head;
        let memory = std::mem::replace(&mut self.active, Memory::behind(head.sequence));
        (!memory.rows.is_empty()).then(|| Arc::new(Frozen { memory, head }))
    }
}

/// The last entry that is in a run; 0: none.
fn covered(runs: &[Arc<Run>]) -> u64 {
    runs.last().map_or(0, |run| run.head().sequence)
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
    let fault = |source| Fault::File { path: directory.to_owned(), source };
    match fs::remove_dir_all(&aside) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => return Err(fault(error)),
        Ok(()) | Err(_) => {}
    }
    fs::rename(directory, &aside).map_err(fault)?;
    Ok(Some((why.to_owned(), aside)))
}
