//! What of the store has stopped after a failure. Until it goes on, nothing is answered that could be wrong.
//!
//! Most of it mends by itself, as soon as the disk lets it (`writer.rs`): a write that failed is cut off again, an index that
//! failed is built anew. Only a failed sync stays, because nobody can say what it left: then the store must be opened again.

use crate::store::fault::Fault;
use crate::store::fault::chain;

use tokio::sync::watch;

use std::thread;

/// What has stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Halted {
    /// A sync failed: nothing is written until the store is opened again.
    writes: bool,
    /// A failed write is not cut off yet: nothing is written until it is.
    tail: bool,
    /// The index lacks acknowledged entries, or cannot be read: nothing of it is answered until it is built anew.
    index: bool,
}

impl Halted {
    /// Whether anything has. What was acknowledged may still be answered; that something is not there cannot be said, because the
    /// write that failed may be on the disk.
    pub fn anything(self) -> bool {
        self != Halted::default()
    }

    /// Whether the index is not to be believed.
    pub(super) fn index(self) -> bool {
        self.index
    }

    /// Whether something has stopped that mends while the store is open.
    pub(super) fn may_mend(self) -> bool {
        self.index || (self.tail && !self.writes)
    }

    /// Whether a failed write waits to be cut off.
    pub(super) fn tail(self) -> bool {
        self.tail && !self.writes
    }

    /// What a request is told that cannot be answered.
    pub(super) fn fault(self) -> Fault {
        if self.may_mend() { Fault::Mending } else { Fault::Stopped }
    }
}

/// Where failures are noted; whoever serves can watch it.
#[derive(Debug, Default)]
pub(super) struct Halt {
    state: watch::Sender<Halted>,
}

impl Halt {
    /// What has stopped.
    pub(super) fn state(&self) -> Halted {
        *self.state.borrow()
    }

    /// To wait for a failure, and for its end.
    pub(super) fn watch(&self) -> watch::Receiver<Halted> {
        self.state.subscribe()
    }

    /// A sync failed: nothing is written any more.
    pub(super) fn writes(&self) {
        if self.change(|state| state.writes = true) {
            tracing::error!("the store writes nothing any more; restart the server");
        }
    }

    /// A failed write could not be cut off.
    pub(super) fn tail(&self) {
        if self.change(|state| state.tail = true) {
            tracing::error!("a failed write could not be cut off; nothing is written until it is");
        }
    }

    /// The failed write is cut off.
    pub(super) fn tail_is_cut(&self) {
        if self.change(|state| state.tail = false) {
            tracing::info!("the failed write is cut off; the store goes on");
        }
    }

    /// A request failed. If that is the index's fault, it is built anew; a stored record that cannot be understood comes from the
    /// journal, and a new index would say the same.
    pub(super) fn asked_in_vain(&self, fault: &Fault) {
        if !matches!(fault, Fault::Index(_)) {
            return;
        }
        if self.change(|state| state.index = true) {
            tracing::error!(
                error = chain(fault),
                "the index cannot be read; nothing is answered until it is built anew"
            );
        }
    }

    /// The index is built anew.
    pub(super) fn index_stands(&self, entries: u64) {
        if self.change(|state| state.index = false) {
            tracing::info!(entries, "the index is built anew; the store goes on");
        }
    }

    /// Notes that the writing thread ended in the middle of its work.
    pub(super) fn guard(&self) -> Guard<'_> {
        Guard(self)
    }

    fn change(&self, change: impl FnOnce(&mut Halted)) -> bool {
        self.state.send_if_modified(|state| {
            let before = *state;
            change(state);
            *state != before
        })
    }
}

/// See `Halt::guard`.
pub(super) struct Guard<'h>(&'h Halt);

impl Drop for Guard<'_> {
    fn drop(&mut self) {
        if thread::panicking() {
            // What was in its hands may be in the journal and not in the index, and nobody is left to mend that.
            self.0.change(|state| {
                *state = Halted { writes: true, tail: false, index: true };
            });
            tracing::error!("the writing thread ended unexpectedly; restart the server");
        }
    }
}
