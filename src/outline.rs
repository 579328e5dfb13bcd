//! Outlines (账本摘要): an extract of every ledger entry, kept beside the journal, so that the back office need not read every trace
//! again. They follow from the journal and can be thrown away.
//!
//! They are a journal of their own, in which record `n` is about ledger entry `n` and names its digest. One that does not fit the
//! ledger any more is removed and made anew.

mod of_entry;
mod row;
pub(crate) mod slim;

use crate::extract::Extract;
use crate::outline::of_entry::Entry;
use crate::outline::row::Row;
use crate::outline::slim::Without;
use crate::outline::slim::slimmed;
use crate::proto;
use crate::reconcile::Book;
use crate::reconcile::BookError;
use crate::reconcile::Subject;
use crate::store::journal::Head;
use crate::store::journal::Journal;
use crate::store::journal::Options;
use crate::store::journal::error::JournalError;
use crate::store::journal::reader::Reader;
use crate::store::journal::record::Position;
use crate::store::journal::record::Record;
use crate::store::journal::walk::walk;
use crate::store::seal::Place;

use prost::Message;

use std::collections::BTreeMap;
use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::path::PathBuf;
use std::sync::mpsc::SyncSender;
use std::sync::mpsc::sync_channel;
use std::thread;

/// The folder of outlines in a store; its number grows with every change of their form.
pub(crate) const FOLDER: &str = "outline-2";
/// How many entries are read before their outlines are written.
const CHUNK: usize = 8192;

/// How many outlines are read at once, and how often ahead of whoever takes them.
const CHUNK_AHEAD: usize = 1024;
const AHEAD: usize = 2;

/// Why the ledger could not be read.
#[derive(Debug, thiserror::Error)]
pub enum OutlineError {
    /// There is no ledger in this directory.
    #[error("`{}` holds no store", .0.display())]
    NoStore(PathBuf),
    /// A journal failed.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// An entry is not as it should be.
    #[error("ledger entry {number} cannot be read: {why}")]
    Entry {
        /// Which.
        number: u64,
        /// Why.
        why: String,
    },
    /// A list for a reconciliation is too long.
    #[error(transparent)]
    List(#[from] BookError),
    /// An outline that does not fit the ledger cannot be removed.
    #[error("`{}` cannot be removed", path.display())]
    Remove {
        /// Which folder.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// Hands over the extract of every entry after `after`, in order, and says what the ledger's last one is. Brings the outlines up to
/// date first, unless another process does so now or the directory cannot be written; then the rest is read from the ledger.
///
/// Takes no lock on the store, and may run beside a server.
pub fn each(store: Place<'_>, after: u64, next: impl FnMut(Extract)) -> Result<Head, OutlineError> {
    each_without(store, after, None, next)
}

/// The same, where some of an outline is not looked at.
fn each_without(
    store: Place<'_>,
    after: u64,
    without: Option<&Without>,
    mut next: impl FnMut(Extract),
) -> Result<Head, OutlineError> {
    let Place { directory, seal } = store;
    let journal = directory.join("journal");
    if !journal.is_dir() {
        return Err(OutlineError::NoStore(directory.to_owned()));
    }
    let folder = directory.join(FOLDER);
    let (journal, folder) =
        (Place { directory: &journal, seal }, Place { directory: &folder, seal });
    let head = match follow(journal, folder) {
        Ok(head) => head,
        // Nobody needs to write here in order to read.
        Err(OutlineError::Journal(JournalError::Locked { .. } | JournalError::Io { .. })) => {
            valid_head(journal, folder)?
        }
        Err(error) => return Err(error),
    };
    if 0 < head.sequence {
        outlined(folder, (after + 1, head.sequence), without, &mut next)?;
    }
    let mut source = Source::after(journal, folder, head)?;
    while let Some(chunk) = source.chunk()? {
        for (number, row) in chunk {
            if after < number {
                next(row.extract(number)?);
            }
        }
    }
    Ok(source.head)
}

/// Hands over what the outlines from one number to another say; another thread reads ahead.
fn outlined(
    folder: Place<'_>,
    (first, last): (u64, u64),
    without: Option<&Without>,
    next: &mut impl FnMut(Extract),
) -> Result<(), OutlineError> {
    thread::scope(|scope| {
        let (sender, receiver) = sync_channel(AHEAD);
        let reader = scope.spawn(move || read_ahead(folder, (first, last), &sender));
        // The receiver goes with it, and then the reader ends.
        let take = move || {
            for record in receiver.into_iter().flatten() {
                let Record { sequence, content, .. } = record;
                let slim = without.and_then(|without| slimmed(&content, without));
                let row = Row::read(sequence, slim.as_deref().unwrap_or(&content))?;
                next(row.extract(sequence)?);
            }
            Ok(())
        };
        let taken = take();
        let read = reader.join().unwrap_or_else(|_| {
            let why = "the thread that reads outlines stopped".to_owned();
            Err(OutlineError::Entry { number: first, why })
        });
        taken.and(read)
    })
}

/// Reads records in chunks.
fn read_ahead(
    folder: Place<'_>,
    (first, last): (u64, u64),
    sender: &SyncSender<Vec<Record>>,
) -> Result<(), OutlineError> {
    let mut records = walk(folder.directory, folder.seal, first)?;
    loop {
        let mut chunk = Vec::with_capacity(CHUNK_AHEAD);
        for record in records.by_ref().take(CHUNK_AHEAD) {
            let (record, _) = record?;
            if record.sequence <= last {
                chunk.push(record);
            }
        }
        if chunk.is_empty() || sender.send(chunk).is_err() {
            return Ok(());
        }
    }
}

/// Brings the outlines up to date.
fn follow(journal: Place<'_>, folder: Place<'_>) -> Result<Head, OutlineError> {
    let open = || {
        let seal = folder.seal.clone();
        let options = Options { segment_bytes_max: 16 << 20, seal, ..Options::default() };
        Journal::open(folder.directory, options, 0).map(|(outlines, _)| outlines)
    };
    let mut outlines = open()?;
    if valid_head(journal, folder)?.sequence < outlines.head().sequence {
        drop(outlines);
        let remove = |source| OutlineError::Remove { path: folder.directory.to_owned(), source };
        fs::remove_dir_all(folder.directory).map_err(remove)?;
        outlines = open()?;
    }
    let mut source = Source::after(journal, folder, valid_head(journal, folder)?)?;
    while let Some(chunk) = source.chunk()? {
        let contents: Vec<Vec<u8>> = chunk.iter().map(|(_, row)| row.encode_to_vec()).collect();
        outlines.append(&contents)?;
    }
    Ok(source.head)
}

/// The ledger's entry that the last outline is about; nothing where they do not fit, or there are none.
fn valid_head(journal: Place<'_>, folder: Place<'_>) -> Result<Head, OutlineError> {
    if !folder.directory.is_dir() {
        return Ok(Head::EMPTY);
    }
    let mut last = None;
    let mut outlines = walk(folder.directory, folder.seal, u64::MAX)?;
    for record in outlines.by_ref() {
        record?;
    }
    if let Some(head) = outlines.head().filter(|head| 0 < head.sequence)
        && let Some(record) = walk(folder.directory, folder.seal, head.sequence)?.next()
    {
        let (record, _) = record?;
        last = Some((record.sequence, Row::read(record.sequence, &record.content)?.digest));
    }
    let Some((sequence, digest)) = last else { return Ok(Head::EMPTY) };
    match walk(journal.directory, journal.seal, sequence)?.next() {
        Some(record) => {
            let (record, _) = record?;
            let fits = record.sequence == sequence && record.digest.as_bytes() == digest.as_slice();
            Ok(if fits { Head { sequence, digest: record.digest } } else { Head::EMPTY })
        }
        None => Ok(Head::EMPTY),
    }
}

/// The ledger after an entry, as rows.
struct Source<'p> {
    records: crate::store::journal::walk::Walk,
    reader: Reader,
    folder: Place<'p>,
    /// Where the entries are that were read here, from the first of them on.
    first: u64,
    positions: Vec<Position>,
    head: Head,
}

impl<'p> Source<'p> {
    fn after(
        journal: Place<'_>,
        folder: Place<'p>,
        head: Head,
    ) -> Result<Source<'p>, OutlineError> {
        let first = head.sequence + 1;
        let records = walk(journal.directory, journal.seal, first)?;
        let reader = Reader::new(
            journal.directory,
            &Options { seal: journal.seal.clone(), ..Options::default() },
        );
        Ok(Source { records, reader, folder, first, positions: Vec::new(), head })
    }

    /// The next rows; none at the end.
    fn chunk(&mut self) -> Result<Option<Vec<(u64, Row)>>, OutlineError> {
        let mut records = Vec::with_capacity(CHUNK);
        for record in self.records.by_ref().take(CHUNK) {
            let (record, position) = record?;
            self.positions.push(position);
            self.head = Head { sequence: record.sequence, digest: record.digest };
            records.push(record);
        }
        if records.is_empty() {
            return Ok(None);
        }
        let entries = read_all(&records)?;
        let wanted: BTreeSet<u64> =
            entries.iter().filter_map(|(_, entry)| entry.undoes()).collect();
        let undone = self.look_up(&entries, wanted)?;
        let rows = entries.into_iter().map(|(number, entry)| (number, entry.row(&undone)));
        Ok(Some(rows.collect()))
    }

    /// What the reversals of a chunk undo: in the chunk itself, read here before, or outlined before.
    fn look_up(
        &self,
        entries: &[(u64, Entry)],
        mut wanted: BTreeSet<u64>,
    ) -> Result<BTreeMap<u64, Row>, OutlineError> {
        let mut found = BTreeMap::new();
        for (number, entry) in entries {
            if wanted.remove(number) {
                found.insert(*number, entry.settled().clone());
            }
        }
        for number in wanted.split_off(&self.first) {
            let index = usize::try_from(number - self.first).unwrap_or(usize::MAX);
            let position = self.positions.get(index).copied().unwrap_or_default();
            let record = self.reader.read(position)?;
            let entry = of_entry::read(number, record.digest, &record.content)?;
            found.insert(number, entry.settled().clone());
        }
        let (Some(least), Some(most)) = (wanted.first(), wanted.last()) else { return Ok(found) };
        for record in walk(self.folder.directory, self.folder.seal, *least)? {
            let (record, _) = record?;
            if *most < record.sequence {
                break;
            }
            if wanted.contains(&record.sequence) {
                found.insert(record.sequence, Row::read(record.sequence, &record.content)?);
            }
        }
        Ok(found)
    }
}

/// Reads records, half of them on another thread.
fn read_all(records: &[Record]) -> Result<Vec<(u64, Entry)>, OutlineError> {
    let read = |records: &[Record]| -> Result<Vec<(u64, Entry)>, OutlineError> {
        let entry = |record: &Record| {
            let entry = of_entry::read(record.sequence, record.digest, &record.content)?;
            Ok((record.sequence, entry))
        };
        records.iter().map(entry).collect()
    };
    let (one, other) = records.split_at(records.len() / 2);
    let (all, rest) = thread::scope(|scope| {
        let other = scope.spawn(|| read(other));
        let one = read(one);
        let stopped = |_| {
            let why = "the thread that reads it stopped".to_owned();
            Err(OutlineError::Entry { number: 0, why })
        };
        (one, other.join().unwrap_or_else(stopped))
    });
    let mut all = all?;
    all.extend(rest?);
    Ok(all)
}

/// What an outline does not look at: the lines of a bill, how shares came about, and the year.
const NOT_LOOKED_AT: Without = Without {
    tags: &[],
    within: &[(
        3,
        Without {
            tags: &[6],
            within: &[
                (4, Without { tags: &[3], within: &[] }),
                (
                    5,
                    Without {
                        tags: &[6, 9, 11, 16],
                        within: &[(12, Without { tags: &[2, 9, 10, 14, 16], within: &[] })],
                    },
                ),
            ],
        },
    )],
};

/// A ledger entry of a record.
fn entry(number: u64, content: &[u8]) -> Result<proto::LedgerEntry, OutlineError> {
    let slim = slimmed(content, &NOT_LOOKED_AT);
    proto::LedgerEntry::decode(slim.as_deref().unwrap_or(content))
        .map_err(|error| OutlineError::Entry { number, why: error.to_string() })
}

/// What of an outline a reconciliation does not look at: who wrote it, and how the bill was borne.
const NOT_COMPARED: Without = Without {
    tags: &[1, 4, 5, 6, 7, 8, 11],
    within: &[(12, Without { tags: &[4, 5, 6, 9, 10, 11, 17, 18, 19], within: &[] })],
};

/// The ledger's list for a reconciliation, and the last entry that it is of. `watch` is told the number of every entry.
pub fn ledger_list(
    store: Place<'_>,
    subject: &Subject,
    mut watch: impl FnMut(u64),
) -> Result<(Book, Head), OutlineError> {
    let mut ledger = Book::new();
    let mut full = Ok(());
    let head = each_without(store, 0, Some(&NOT_COMPARED), |extract| {
        watch(extract.number);
        if full.is_ok() {
            full = subject.take(&mut ledger, &extract);
        }
    })?;
    full?;
    Ok((ledger, head))
}
