//! Following what the journal has more than the index: entry by entry where it is little, in runs on all cores where it is much.

use crate::store::fault::Fault;
use crate::store::index::Index;
use crate::store::index::Shared;
use crate::store::index::derive::Derived;
use crate::store::index::derive::derive;
use crate::store::index::error::IndexError;
use crate::store::index::posting::Key;
use crate::store::index::posting::Memory;
use crate::store::index::posting::Posting;
use crate::store::index::posting::Row;
use crate::store::index::run::Run;
use crate::store::index::write::Writing;
use crate::store::journal::Head;
use crate::store::journal::contents::Contents;
use crate::store::journal::contents::segments;
use crate::store::journal::error::Damage;
use crate::store::journal::error::JournalError;

use std::path::Path;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;
use std::thread;

/// How many segments a core takes at a time.
const SEGMENTS_AT_ONCE: usize = 8;
/// A run that is built ends when it has so many postings.
const RUN_POSTINGS_MAX: usize = 2_000_000;
/// Fewer entries are followed one by one.
const FEW: u64 = 20_000;

impl Index {
    /// Follows the journal up to its head; returns how many entries that were.
    pub(in crate::store) fn follow(&self, journal: &Path, head: Head) -> Result<u64, Fault> {
        let from = self.head().sequence + 1;
        let Some(behind) = head.sequence.checked_sub(from - 1).filter(|behind| 0 < *behind) else {
            return Ok(0);
        };
        let all = segments(journal)?;
        let place = all.partition_point(|first| *first <= from).saturating_sub(1);
        let later = all.get(place..).unwrap_or_default();
        if behind <= FEW {
            self.follow_each(journal, later, (from, head))?;
        } else {
            self.follow_in_runs(journal, later, (from, head))?;
        }
        if self.head().sequence < head.sequence {
            let (last, acknowledged) = (self.head().sequence, head.sequence);
            let damage = Damage::Acknowledged { last, acknowledged };
            return Err(JournalError::damaged(journal, 0, damage).into());
        }
        self.worker.wake();
        Ok(behind)
    }

    pub(super) fn follow_each(
        &self,
        journal: &Path,
        segments: &[u64],
        (from, head): (u64, Head),
    ) -> Result<(), Fault> {
        let mut derived = Derived::default();
        let mut memory = Memory::behind(from - 1);
        for segment in segments {
            for record in Contents::read(journal, &self.shared.seal, *segment)?.records() {
                let record = record?;
                if record.sequence < from || head.sequence < record.sequence {
                    continue;
                }
                let kind = derive(self.keys(), record.sequence, &record.bytes, &mut derived)?;
                memory.push(Row { kind, position: record.position }, &mut derived.postings);
            }
        }
        if memory.last() == head.sequence {
            self.commit(memory, head);
        }
        Ok(())
    }

    pub(super) fn follow_in_runs(
        &self,
        journal: &Path,
        segments: &[u64],
        (from, head): (u64, Head),
    ) -> Result<(), Fault> {
        let cores = thread::available_parallelism().map_or(1, usize::from);
        let jobs: Vec<&[u64]> = segments.chunks(SEGMENTS_AT_ONCE).collect();
        let next = Mutex::new(jobs.into_iter());
        let shared = &self.shared;
        let work = || -> Result<Vec<Arc<Run>>, Fault> {
            let mut runs = Vec::new();
            loop {
                let job = next.lock().unwrap_or_else(PoisonError::into_inner).next();
                let Some(job) = job else { return Ok(runs) };
                Building::begin(shared, (from, head)).take(journal, job, &mut runs)?;
            }
        };
        let mut built = Vec::new();
        thread::scope(|scope| {
            let threads: Vec<_> = (0..cores).map(|_| scope.spawn(work)).collect();
            for thread in threads {
                // One that panicked has built nothing that counts.
                built.extend(thread.join().unwrap_or(Err(Fault::Stopped))?);
            }
            Ok::<_, Fault>(())
        })?;
        built.sort_unstable_by_key(|run| run.first());
        let mut levels = shared.write();
        let mut runs = levels.runs.as_ref().clone();
        for run in built {
            if run.first() != levels.head.sequence + 1 {
                break;
            }
            levels.head = run.head();
            runs.push(run);
        }
        levels.active = Memory::behind(levels.head.sequence);
        levels.runs = Arc::new(runs);
        Ok(())
    }
}

/// Runs of segments that follow each other.
struct Building<'i> {
    shared: &'i Shared,
    from: u64,
    head: Head,
    first: u64,
    rows: Vec<Row>,
    postings: Vec<(Key, Posting)>,
}

impl<'i> Building<'i> {
    fn begin(shared: &'i Shared, (from, head): (u64, Head)) -> Building<'i> {
        Building { shared, from, head, first: 0, rows: Vec::new(), postings: Vec::new() }
    }

    fn take(
        mut self,
        journal: &Path,
        segments: &[u64],
        runs: &mut Vec<Arc<Run>>,
    ) -> Result<(), Fault> {
        let mut derived = Derived::default();
        for segment in segments {
            for record in Contents::read(journal, &self.shared.seal, *segment)?.records() {
                let record = record?;
                if record.sequence < self.from || self.head.sequence < record.sequence {
                    continue;
                }
                if RUN_POSTINGS_MAX <= self.postings.len() {
                    // A record has the digest of the one before it.
                    let sequence = record.sequence - 1;
                    runs.extend(self.end(Head { sequence, digest: record.previous })?);
                }
                let keys = &self.shared.keys;
                let kind = derive(keys, record.sequence, &record.bytes, &mut derived)?;
                if self.rows.is_empty() {
                    self.first = record.sequence;
                }
                self.rows.push(Row { kind, position: record.position });
                self.postings.append(&mut derived.postings);
            }
        }
        let last = segments.last().copied().unwrap_or(0);
        let after = crate::store::journal::contents::digest_behind(journal, last)?;
        runs.extend(self.end(after.unwrap_or(self.head))?);
        Ok(())
    }

    fn end(&mut self, head: Head) -> Result<Option<Arc<Run>>, IndexError> {
        if self.rows.is_empty() {
            return Ok(None);
        }
        self.postings.sort_unstable();
        let fingerprint = self.shared.keys.fingerprint();
        let range = (self.first, head);
        let directory = &self.shared.directory;
        let mut writing = Writing::begin(directory, fingerprint, range, self.postings.len())?;
        for row in self.rows.drain(..) {
            writing.row(row)?;
        }
        for (key, posting) in self.postings.drain(..) {
            writing.posting(key, posting)?;
        }
        writing.finish().map(|run| Some(Arc::new(run)))
    }
}
