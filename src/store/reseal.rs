//! Sealing a whole store with another key (更换密钥), while nobody has it open.
//!
//! Journals are written anew, segment by segment; sequences, groups and digests stay. A segment takes the
//! old one's place in one step, so that whatever stops the work leaves a store that both keys together open. What follows from the ledger is
//! removed: it was made under the old key.

use crate::store::acknowledged::Acknowledged;
use crate::store::durable::sync_directory;
use crate::store::fault::Fault;
use crate::store::journal::Journal;
use crate::store::journal::Options;
use crate::store::mark;
use crate::store::mark::Mark;
use crate::store::seal::Place;

use std::fs;
use std::io;

/// What was done.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Resealed {
    /// How many files were written anew.
    pub segments: usize,
    /// How many records they have.
    pub records: u64,
}

/// Seals what a store has under another key, or none, with the first of its keys; `next` is told of every record. `beside` are the folders
/// of the journals that it has beside the ledger, `derived` those of what follows from the ledger beside index and cache.
pub fn reseal(
    store: Place<'_>,
    (beside, derived): (&[&str], &[&str]),
    mut next: impl FnMut(),
) -> Result<Resealed, Fault> {
    let Place { directory, seal } = store;
    mark::check_format(directory)?;
    let _lock = mark::lock(directory)?;
    let acknowledged = Mark::read(directory).acknowledged.max(Acknowledged::read(directory));
    // Opened first: without their key nothing is touched.
    let beside = beside.iter().map(|folder| (*folder, 0));
    let mut journals = Vec::new();
    for (folder, acknowledged) in [("journal", acknowledged)].into_iter().chain(beside) {
        let folder = directory.join(folder);
        if folder.is_dir() {
            let options = Options { seal: seal.clone(), ..Options::default() };
            journals.push(Journal::open(&folder, options, acknowledged)?.0);
        }
    }
    for folder in ["index", "index.set-aside", "cache"].iter().chain(derived) {
        let path = directory.join(folder);
        match fs::remove_dir_all(&path) {
            Err(source) if source.kind() != io::ErrorKind::NotFound => {
                return Err(Fault::File { path, source });
            }
            Ok(()) | Err(_) => {}
        }
    }
    let synced = sync_directory(directory);
    synced.map_err(|source| Fault::File { path: directory.to_owned(), source })?;
    let mut done = Resealed::default();
    for journal in journals {
        journal.reseal(&mut done, &mut next)?;
    }
    Ok(done)
}
