//! The one thread that writes: it takes what waits, appends it in one group with one sync, follows it in the index, and then
//! acknowledges.

use crate::metrics;
use crate::proto;
use crate::store::AppendError;
use crate::store::Receipt;
use crate::store::apply::apply;
use crate::store::apply::still_fits;
use crate::store::fault::Fault;
use crate::store::fault::chain;
use crate::store::halt::Halt;
use crate::store::halt::Halted;
use crate::store::index::Index;
use crate::store::index::View;
use crate::store::journal::Head;
use crate::store::journal::Journal;

use prost::Message;
use tokio::sync::mpsc;
use tokio::sync::oneshot;

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::thread::JoinHandle;
use std::time::Instant;

/// Most entries that share one sync, and most that wait for it.
const GROUP_MAX: usize = 256;
const WAITING_MAX: usize = 4096;
/// A group is closed when it has this many bytes.
const GROUP_BYTES_MAX: usize = 8 << 20;

type Reply = oneshot::Sender<Result<Receipt, AppendError>>;

/// The way to the writing thread.
#[derive(Debug)]
pub(super) struct Writer {
    sender: mpsc::Sender<(proto::LedgerEntry, Reply)>,
    thread: JoinHandle<Head>,
}

impl Writer {
    /// Starts the thread.
    pub(super) fn start(
        journal: Journal,
        index: Arc<Index>,
        halt: Arc<Halt>,
        lock: Arc<File>,
    ) -> Result<Writer, Fault> {
        let (sender, receiver) = mpsc::channel(WAITING_MAX);
        let thread = thread::Builder::new()
            .name("ledger".to_owned())
            .spawn(move || {
                let head = Loop { journal, index, receiver, halt }.run();
                // Only now may another process look at the files.
                drop(lock);
                head
            })
            .map_err(|source| Fault::File { path: PathBuf::from("ledger"), source })?;
        Ok(Writer { sender, thread })
    }

    /// Hands an entry over and waits until it is on stable storage.
    pub(super) async fn append(&self, entry: proto::LedgerEntry) -> Result<Receipt, AppendError> {
        let (reply, answer) = oneshot::channel();
        self.sender.send((entry, reply)).await.map_err(|_| Fault::Stopped)?;
        answer.await.unwrap_or(Err(AppendError::Fault(Fault::Unconfirmed)))
    }

    /// Lets the thread finish what it has; returns the last entry.
    pub(super) fn close(self) -> Result<Head, Fault> {
        drop(self.sender);
        self.thread.join().map_err(|_| Fault::Stopped)
    }
}

struct Loop {
    journal: Journal,
    index: Arc<Index>,
    receiver: mpsc::Receiver<(proto::LedgerEntry, Reply)>,
    /// Where failures are noted after which nothing may be acknowledged.
    halt: Arc<Halt>,
}

impl Loop {
    fn run(mut self) -> Head {
        let halt = Arc::clone(&self.halt);
        let _guard = halt.guard();
        let mut group = Vec::with_capacity(GROUP_MAX);
        while self.receiver.blocking_recv_many(&mut group, GROUP_MAX) != 0 {
            while !group.is_empty() {
                self.write(&mut group);
            }
        }
        self.journal.head()
    }

    /// Writes as many of the waiting entries as fit in one group, and answers them.
    fn write(&mut self, waiting: &mut Vec<(proto::LedgerEntry, Reply)>) {
        let index = Arc::clone(&self.index);
        let mut view = View::of(&index);
        let mut contents = Vec::new();
        let mut replies = Vec::new();
        let mut bytes = 0;
        let mut taken = 0;
        let mut next = self.journal.head().sequence + 1;
        for (entry, _) in waiting.iter() {
            if GROUP_BYTES_MAX <= bytes {
                break;
            }
            taken += 1;
            let fate = self.admit(&mut view, next, entry);
            if fate.is_ok() {
                next += 1;
                let content = entry.encode_to_vec();
                bytes += content.len();
                contents.push(content);
            }
            replies.push(fate);
        }
        let group: Vec<Reply> = waiting.drain(..taken).map(|(_, reply)| reply).collect();
        let outcome = self.commit(&mut view, &contents);
        let mut receipts = outcome.into_iter();
        for (reply, fate) in group.into_iter().zip(replies) {
            let answer = match fate {
                Ok(()) => receipts.next().unwrap_or(Err(AppendError::Fault(Fault::Stopped))),
                Err(error) => Err(error),
            };
            // Whoever asked may have gone; the entry stands all the same.
            let _ = reply.send(answer);
        }
    }

    /// Whether an entry may be in the group; what follows from it is then in the view.
    fn admit(
        &mut self,
        view: &mut View<'_>,
        sequence: u64,
        entry: &proto::LedgerEntry,
    ) -> Result<(), AppendError> {
        if self.halt.state() != Halted::No {
            return Err(AppendError::Fault(Fault::Stopped));
        }
        let fits = still_fits(view, entry).inspect_err(|fault| {
            if matches!(fault, Fault::Index(_) | Fault::Undecodable(_)) {
                self.halt.index_unreadable(fault);
            }
        })?;
        if !fits {
            return Err(AppendError::Raced);
        }
        // After this the view may hold a part of what follows, so that nothing may be written any more.
        apply(view, sequence, entry).inspect_err(|_| self.halt.writes())?;
        Ok(())
    }

    /// Appends and syncs the group, then follows it in the index. One outcome for each entry.
    fn commit(
        &mut self,
        view: &mut View<'_>,
        contents: &[Vec<u8>],
    ) -> Vec<Result<Receipt, AppendError>> {
        if contents.is_empty() || self.halt.state() != Halted::No {
            return Vec::new();
        }
        let begun = Instant::now();
        let appended = match self.journal.append(contents) {
            Ok(appended) => appended,
            Err(error) => {
                tracing::error!(error = chain(&error), "journal append failed");
                if self.journal.is_closed_to_writing() {
                    self.halt.writes();
                }
                let fault = Arc::new(error);
                let failed = |_| Err(AppendError::Fault(Fault::Journal(Arc::clone(&fault))));
                return contents.iter().map(failed).collect();
            }
        };
        metrics::committed(appended.len(), begun.elapsed());
        for one in &appended {
            view.place(one.sequence, one.position);
        }
        if let Err(error) = view.commit(self.journal.head()) {
            // The entries are safe in the journal; a restart builds the index from it.
            tracing::error!(error = chain(&error), "index write failed");
            self.halt.index_behind();
        }
        let receipt = |sequence, digest| Ok(Receipt { sequence, digest });
        appended.iter().map(|one| receipt(one.sequence, one.digest)).collect()
    }
}
