//! The index's thread: writes frozen memory into runs, and merges runs.

use crate::store::durable::sync_directory;
use crate::store::fault::chain;
use crate::store::index::Shared;
use crate::store::index::error::IndexError;
use crate::store::index::merge;
use crate::store::index::run::Run;

use std::fs;
use std::io;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::sync::mpsc;
use std::sync::mpsc::RecvTimeoutError;
use std::thread;
use std::thread::JoinHandle;
use std::time::Duration;

/// When what could not be written is tried again.
const AGAIN: Duration = Duration::from_secs(10);

/// The way to the thread.
#[derive(Debug)]
pub(super) struct Worker {
    wake: mpsc::SyncSender<()>,
    thread: JoinHandle<()>,
}

impl Worker {
    /// Starts the thread.
    pub(super) fn start(shared: Arc<Shared>) -> io::Result<Worker> {
        let (wake, woken) = mpsc::sync_channel(1);
        let thread =
            thread::Builder::new().name("index".to_owned()).spawn(move || run(&shared, &woken))?;
        Ok(Worker { wake, thread })
    }

    /// Says that there is something to do.
    pub(super) fn wake(&self) {
        // Where the thread is told already, that is enough.
        let _ = self.wake.try_send(());
    }

    /// Waits until the thread has ended; a merge is given up.
    pub(super) fn end(self, stop: &AtomicBool) {
        stop.store(true, Ordering::Relaxed);
        drop(self.wake);
        // One that panicked has ended too: what it had not done is still in memory.
        let _ = self.thread.join();
    }
}

fn run(shared: &Shared, woken: &mpsc::Receiver<()>) {
    let mut has_failed = false;
    loop {
        match if has_failed { woken.recv_timeout(AGAIN) } else { woken.recv().map_err(Into::into) }
        {
            Ok(()) | Err(RecvTimeoutError::Timeout) => {}
            Err(RecvTimeoutError::Disconnected) => return,
        }
        let outcome = work(shared);
        if let Err(error) = &outcome
            && !has_failed
        {
            tracing::warn!(error = chain(error), "a part of the index stays in memory");
        }
        has_failed = outcome.is_err();
    }
}

fn work(shared: &Shared) -> Result<(), IndexError> {
    let frozen = shared.read().frozen.clone();
    if let Some(frozen) = frozen {
        let run = Arc::new(shared.write_run(&frozen)?);
        let mut levels = shared.write();
        let mut runs = levels.runs.as_ref().clone();
        runs.push(run);
        levels.runs = Arc::new(runs);
        levels.frozen = None;
    }
    while !shared.stop.load(Ordering::Relaxed) {
        let runs = Arc::clone(&shared.read().runs);
        let lengths: Vec<u64> = runs.iter().map(|run| run.postings()).collect();
        let Some(from) = merge::due(&lengths) else { break };
        let (stay, old) = runs.split_at(from);
        let fingerprint = shared.keys.fingerprint();
        let merged = merge::merge(&shared.directory, fingerprint, old, &shared.stop)?;
        let Some(merged) = merged else { break };
        let mut levels = shared.write();
        // Only this thread takes runs away; some may have been added behind meanwhile.
        let added = levels.runs.get(runs.len()..).unwrap_or_default();
        levels.runs = Arc::new([stay, &[Arc::new(merged)], added].concat());
        drop(levels);
        remove(&shared.directory, old)?;
    }
    Ok(())
}

/// Removes runs that one was made of; whoever reads them still has them open.
fn remove(directory: &Path, runs: &[Arc<Run>]) -> Result<(), IndexError> {
    for run in runs {
        fs::remove_file(run.path()).map_err(IndexError::io(run.path(), "removed"))?;
    }
    sync_directory(directory).map_err(IndexError::io(directory, "synced"))
}
