//! Making one run of several: which, and how.

use crate::store::index::error::IndexError;
use crate::store::index::posting::Key;
use crate::store::index::posting::Posting;
use crate::store::index::run::Run;
use crate::store::index::write::Writing;

use std::cmp::Reverse;
use std::collections::BinaryHeap;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;

/// A run stays as it is while it is so many times as long as all later ones together.
const STAYS: u64 = 3;
/// How often a merge asks whether it is still wanted. Unit: postings.
const ASKS_EVERY: u64 = 100_000;

/// Where the runs begin that are to become one, if any are: the lengths then fall geometrically, so that there are few runs, and
/// each posting is written again few times.
pub(super) fn due(postings: &[u64]) -> Option<usize> {
    let mut later = 0_u64;
    let mut from = None;
    for (place, own) in postings.iter().enumerate().rev() {
        if 0 < later && *own < later.saturating_mul(STAYS) {
            from = Some(place);
        }
        later = later.saturating_add(*own);
    }
    from
}

/// Merges runs that follow each other; none if it was told to stop.
pub(super) fn merge(
    directory: &Path,
    fingerprint: u64,
    runs: &[Arc<Run>],
    stop: &AtomicBool,
) -> Result<Option<Run>, IndexError> {
    let (Some(first), Some(last)) = (runs.first(), runs.last()) else { return Ok(None) };
    let postings: u64 = runs.iter().map(|run| run.postings()).sum();
    let postings = usize::try_from(postings).unwrap_or(usize::MAX);
    let range = (first.first(), last.head());
    let mut writing = Writing::begin(directory, fingerprint, range, postings)?;
    for run in runs {
        for block in run.row_blocks() {
            writing.row_bytes(&block?)?;
        }
    }
    let mut scans: Vec<_> = runs.iter().map(|run| run.scan()).collect();
    let mut next: BinaryHeap<Reverse<(Key, Posting, usize)>> = BinaryHeap::new();
    for (place, scan) in scans.iter_mut().enumerate() {
        if let Some((key, posting)) = scan.next()? {
            next.push(Reverse((key, posting, place)));
        }
    }
    let mut written = 0_u64;
    while let Some(mut top) = next.peek_mut() {
        let Reverse((key, posting, place)) = *top;
        writing.posting(key, posting)?;
        let following = match scans.get_mut(place) {
            Some(scan) => scan.next()?,
            None => None,
        };
        match following {
            Some((key, posting)) => *top = Reverse((key, posting, place)),
            None => {
                std::collections::binary_heap::PeekMut::pop(top);
            }
        }
        written += 1;
        if written.is_multiple_of(ASKS_EVERY) && stop.load(Ordering::Relaxed) {
            return Ok(None);
        }
    }
    writing.finish().map(Some)
}
