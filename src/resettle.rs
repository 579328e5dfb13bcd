//! Settles a period of a ledger again under other packs (政策测算), on all cores; also while a server runs on the store. It can be
//! watched and called off.

use crate::calendar::Span;
use crate::outline;
use crate::outline::OutlineError;
use crate::outline::slim::Without;
use crate::outline::slim::slimmed;
use crate::proto;
use crate::proto::ledger_entry::Kind;
use crate::rules::RuleBook;
use crate::store::fault::chain;
use crate::store::journal::error::JournalError;
use crate::store::journal::walk::walk;
use crate::store::seal::Place;
use crate::verify::what_if::WhatIf;
use crate::whatif::Comparison;

use prost::Message;

use std::collections::BTreeSet;
use std::hash::BuildHasher;
use std::hash::BuildHasherDefault;
use std::hash::DefaultHasher;
use std::sync::mpsc::Receiver;
use std::sync::mpsc::SyncSender;
use std::sync::mpsc::sync_channel;
use std::thread;

/// How many entries are read before they are settled again.
const CHUNK: usize = 8192;
/// How many chunks are read ahead.
const AHEAD: usize = 2;

/// What settling again does not look at: how the recorded shares came about, and what was said of them.
const NOT_LOOKED_AT: Without = Without {
    tags: &[],
    within: &[(
        3,
        Without {
            tags: &[],
            within: &[(
                5,
                Without {
                    tags: &[6, 8, 10, 11, 16],
                    within: &[(
                        12,
                        Without { tags: &[2, 9, 10, 11, 12, 13, 14, 15, 16], within: &[] },
                    )],
                },
            )],
        },
    )],
};

/// Why a period was not settled again.
#[derive(Debug, thiserror::Error)]
pub enum ResettleError {
    /// The outlines could not be read.
    #[error(transparent)]
    Outline(#[from] OutlineError),
    /// The ledger could not be read.
    #[error(transparent)]
    Journal(#[from] JournalError),
    /// An entry cannot be settled again.
    #[error("entry {number}: {why}")]
    Entry {
        /// Which.
        number: u64,
        /// Why.
        why: String,
    },
    /// A thread stopped.
    #[error("a thread stopped")]
    Stopped,
    /// Whoever watched called it off.
    #[error("called off")]
    CalledOff,
}

/// A record's number and content.
type Content = (u64, Vec<u8>);

/// Settles what stands again on this many threads. Each has persons of its own, so that a year is followed in order by one of them.
///
/// `watch` is told how many entries were looked at, and of how many; where it says no, the work is called off.
pub fn resettle(
    store: Place<'_>,
    book: &RuleBook,
    (period, jobs): (Span, usize),
    mut watch: impl FnMut(u64, u64) -> bool,
) -> Result<Comparison, ResettleError> {
    if !watch(0, 0) {
        return Err(ResettleError::CalledOff);
    }
    let mut reversed = BTreeSet::new();
    let head = outline::each(store, 0, |extract| {
        if let Some(undone) = extract.undoes {
            reversed.insert(undone.number);
        }
    })?;
    let mut workers: Vec<_> = (0..jobs.max(1)).map(|_| WhatIf::new(book, period)).collect();
    let wanted = |number| number <= head.sequence && !reversed.contains(&number);
    thread::scope(|scope| {
        let (sender, receiver) = sync_channel(AHEAD);
        let reader = scope.spawn(move || read(store, &wanted, &sender));
        let settled = settle(&mut workers, receiver, |done| watch(done, head.sequence));
        // The reader ends when nobody receives any more.
        let read = reader.join().unwrap_or(Err(ResettleError::Stopped));
        settled.and(read)
    })?;
    let mut all = Comparison::default();
    for worker in workers {
        all.merge(worker.comparison());
    }
    Ok(all)
}

/// Reads ahead.
fn read(
    store: Place<'_>,
    wanted: &impl Fn(u64) -> bool,
    sender: &SyncSender<Vec<Content>>,
) -> Result<(), ResettleError> {
    let mut records = walk(&store.directory.join("journal"), store.seal, 1)?;
    loop {
        let (mut chunk, mut count) = (Vec::with_capacity(CHUNK), 0);
        for record in records.by_ref().take(CHUNK) {
            let (record, _) = record?;
            count += 1;
            if wanted(record.sequence) {
                chunk.push((record.sequence, record.content));
            }
        }
        if count == 0 || sender.send(chunk).is_err() {
            return Ok(());
        }
    }
}

fn settle(
    workers: &mut [WhatIf<'_>],
    chunks: Receiver<Vec<Content>>,
    mut watch: impl FnMut(u64) -> bool,
) -> Result<(), ResettleError> {
    for contents in chunks {
        chunk(workers, &contents)?;
        if contents.last().is_some_and(|(last, _)| !watch(*last)) {
            return Err(ResettleError::CalledOff);
        }
    }
    Ok(())
}

/// Decodes a chunk on all threads, and then settles it on all threads.
fn chunk(workers: &mut [WhatIf<'_>], contents: &[Content]) -> Result<(), ResettleError> {
    let each = contents.len().div_ceil(workers.len()).max(1);
    let decoded: Vec<Result<Vec<Decoded>, ResettleError>> = thread::scope(|scope| {
        let parts: Vec<_> =
            contents.chunks(each).map(|part| scope.spawn(|| decode(part))).collect();
        let joined = parts.into_iter().map(thread::ScopedJoinHandle::join);
        joined.map(|part| part.unwrap_or(Err(ResettleError::Stopped))).collect()
    });
    let decoded = decoded.into_iter().collect::<Result<Vec<_>, _>>()?;
    let (decoded, jobs) = (&decoded, u64::try_from(workers.len()).unwrap_or(1));
    thread::scope(|scope| {
        let running: Vec<_> = (0..)
            .zip(workers)
            .map(|(index, worker)| {
                scope.spawn(move || {
                    let own = decoded.iter().flatten().filter(|one| one.person % jobs == index);
                    for Decoded { number, entry, .. } in own {
                        let wrong =
                            |why| ResettleError::Entry { number: *number, why: chain(&why) };
                        worker.next(*number, entry).map_err(wrong)?;
                    }
                    Ok(())
                })
            })
            .collect();
        let mut joined = running.into_iter().map(thread::ScopedJoinHandle::join);
        joined.try_for_each(|one| one.unwrap_or(Err(ResettleError::Stopped)))
    })
}

struct Decoded {
    number: u64,
    /// A hash of the person's number.
    person: u64,
    entry: proto::LedgerEntry,
}

fn decode(part: &[Content]) -> Result<Vec<Decoded>, ResettleError> {
    let hasher = BuildHasherDefault::<DefaultHasher>::default();
    let mut decoded = Vec::with_capacity(part.len());
    for (number, content) in part {
        let slim = slimmed(content, &NOT_LOOKED_AT);
        let wrong = |error: prost::DecodeError| ResettleError::Entry {
            number: *number,
            why: error.to_string(),
        };
        let entry =
            proto::LedgerEntry::decode(slim.as_deref().unwrap_or(content)).map_err(wrong)?;
        let person = match &entry.kind {
            Some(Kind::Settlement(record)) => record
                .request
                .as_ref()
                .and_then(|request| request.admission.as_ref())
                .map(|admission| admission.person.as_str()),
            Some(Kind::Opening(opening)) => {
                opening.request.as_ref().map(|request| request.person.as_str())
            }
            Some(
                Kind::Reversal(_)
                | Kind::Register(_)
                | Kind::Visit(_)
                | Kind::Sign(_)
                | Kind::File(_)
                | Kind::Cancellation(_)
                | Kind::Office(_),
            )
            | None => None,
        };
        if let Some(person) = person {
            decoded.push(Decoded { number: *number, person: hasher.hash_one(person), entry });
        }
    }
    Ok(decoded)
}
