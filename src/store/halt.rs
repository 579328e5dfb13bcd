//! Failures after which only opening the store again tells what stands. Until then nothing is answered that could be wrong.

use crate::store::fault::Fault;
use crate::store::fault::chain;
use crate::store::mark::Mark;

use tokio::sync::watch;

use std::path::PathBuf;
use std::thread;

/// How far the store has stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Halted {
    /// Not at all.
    #[default]
    No,
    /// It writes nothing any more. What was acknowledged is answered; that something is not there cannot be said, because the
    /// write that failed may be on the disk.
    Writes,
    /// The index lacks acknowledged entries, or cannot be read: nothing of it is answered.
    All,
}

/// Where failures are noted; whoever serves can watch it.
#[derive(Debug)]
pub(super) struct Halt {
    state: watch::Sender<Halted>,
    directory: PathBuf,
    mark: Mark,
}

impl Halt {
    /// Of a store that was just opened.
    pub(super) fn new(directory: PathBuf, mark: Mark) -> Halt {
        Halt { state: watch::Sender::new(Halted::No), directory, mark }
    }

    /// How far the store has stopped.
    pub(super) fn state(&self) -> Halted {
        *self.state.borrow()
    }

    /// To wait for a failure.
    pub(super) fn watch(&self) -> watch::Receiver<Halted> {
        self.state.subscribe()
    }

    /// Nothing is written any more.
    pub(super) fn writes(&self) {
        if self.raise(Halted::Writes) {
            tracing::error!("the store writes nothing any more; restart the server");
        }
    }

    /// The index could not be written: it lacks what the journal has.
    pub(super) fn index_behind(&self) {
        if self.raise(Halted::All) {
            tracing::error!(
                "the index cannot be written, so nothing is answered any more; restart the server, which then follows the journal"
            );
        }
    }

    /// The index could not be read. It is built anew at the next start.
    pub(super) fn index_unreadable(&self, fault: &Fault) {
        if !self.raise(Halted::All) {
            return;
        }
        tracing::error!(
            error = chain(fault),
            "the index cannot be read, so nothing is answered any more; restart the server, which then builds it anew"
        );
        if let Err(error) = self.mark.write_failed(&self.directory) {
            tracing::error!(error = chain(&error), "the index could not be marked as failed");
        }
    }

    /// Notes that a thread ended in the middle of its work.
    pub(super) fn guard(&self) -> Guard<'_> {
        Guard(self)
    }

    fn raise(&self, to: Halted) -> bool {
        self.state.send_if_modified(|state| {
            let is_more = match (*state, to) {
                (Halted::No, Halted::Writes | Halted::All) | (Halted::Writes, Halted::All) => true,
                (Halted::No | Halted::Writes | Halted::All, _) => false,
            };
            if is_more {
                *state = to;
            }
            is_more
        })
    }
}

/// See `Halt::guard`.
pub(super) struct Guard<'h>(&'h Halt);

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            let why = "the writing thread ended unexpectedly".to_owned();
            self.0.index_unreadable(&Fault::Unreadable(why));
        }
    }
}
