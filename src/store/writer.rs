//! The one thread that writes: it takes what waits, appends it in one group with one sync, follows it in the index, and then
//! acknowledges. It also mends what failed, so that nothing is written meanwhile.

use crate::metrics;
use crate::store::AppendError;
use crate::store::Receipt;
use crate::store::acknowledged::Acknowledged;
use crate::store::apply::still_fits;
use crate::store::fault::Fault;
use crate::store::fault::chain;
use crate::store::follow::Following;
use crate::store::halt::Halt;
use crate::store::halt::Halted;
use crate::store::index::slim;
use crate::store::index::view::Part;
use crate::store::index::view::View;
use crate::store::journal::Appended;
use crate::store::journal::Head;
use crate::store::journal::Journal;

use prost::Message;
use prost::bytes::Bytes;
use tokio::runtime::Handle;
use tokio::sync::mpsc;
use tokio::sync::oneshot;
use tokio::sync::watch;
use tokio::time::Instant;
use tokio::time::sleep_until;

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread;
use std::thread::JoinHandle;
use std::time::Duration;

/// Most entries that share one sync, and most that wait for it.
const GROUP_MAX: usize = 256;
const WAITING_MAX: usize = 4096;
/// A group is closed when it has this many bytes.
const GROUP_BYTES_MAX: usize = 8 << 20;
/// How long after a mending that failed it is tried again: ten times as long as it took, within these bounds.
const MEND_AGAIN_MIN: Duration = Duration::from_millis(500);
const MEND_AGAIN_MAX: Duration = Duration::from_secs(30);

/// What was written, and the parts of it that are likely asked for next: who asked puts them into the cache, since this thread is the one
/// that all wait for.
pub(super) type Written = (Receipt, Vec<Part>);
type Reply = oneshot::Sender<Result<Written, AppendError>>;
/// An entry that is to be written.
#[derive(Debug)]
struct Waiting {
    content: Bytes,
    /// What of it is looked at here.
    entry: slim::LedgerEntry,
    reply: Reply,
    /// Where whoever asked waits, if that is a runtime.
    runtime: Option<Handle>,
}

/// The way to the writing thread.
#[derive(Debug)]
pub(super) struct Writer {
    sender: mpsc::Sender<Waiting>,
    thread: JoinHandle<Head>,
}

impl Writer {
    /// Starts the thread.
    pub(super) fn start(writing: Loop) -> Result<Writer, Fault> {
        let (sender, receiver) = mpsc::channel(WAITING_MAX);
        let fault = |source| Fault::File { path: PathBuf::from("ledger"), source };
        // A runtime of its own, to wait for entries and for the time at once.
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
        let runtime = runtime.map_err(fault)?;
        let thread = thread::Builder::new()
            .name("ledger".to_owned())
            .spawn(move || {
                let lock = Arc::clone(&writing.lock);
                let head = runtime.block_on(writing.run(receiver));
                // Only now may another process look at the files.
                drop(lock);
                head
            })
            .map_err(fault)?;
        Ok(Writer { sender, thread })
    }

    /// Hands an entry over and waits until it is on stable storage.
    pub(super) async fn append(&self, content: Bytes) -> Result<Written, AppendError> {
        let entry = slim::LedgerEntry::decode(&*content).map_err(Fault::undecodable)?;
        let (reply, answer) = oneshot::channel();
        let waiting = Waiting { content, entry, reply, runtime: Handle::try_current().ok() };
        self.sender.send(waiting).await.map_err(|_| Fault::Stopped)?;
        answer.await.unwrap_or(Err(AppendError::Fault(Fault::Unconfirmed)))
    }

    /// Lets the thread finish what it has; returns the last entry.
    pub(super) fn close(self) -> Result<Head, Fault> {
        drop(self.sender);
        self.thread.join().map_err(|_| Fault::Stopped)
    }
}

/// What the thread has in its hands.
#[derive(Debug)]
pub(super) struct Loop {
    pub(super) journal: Journal,
    pub(super) acknowledged: Acknowledged,
    pub(super) following: Arc<Following>,
    /// Where failures are noted after which nothing may be acknowledged.
    pub(super) halt: Arc<Halt>,
    /// Held until the files are let go of.
    pub(super) lock: Arc<File>,
}

impl Loop {
    async fn run(mut self, mut receiver: mpsc::Receiver<Waiting>) -> Head {
        let halt = Arc::clone(&self.halt);
        let _guard = halt.guard();
        let mut halted = halt.watch();
        let mut again_at = Instant::now();
        let mut group = Vec::with_capacity(GROUP_MAX);
        loop {
            tokio::select! {
                biased;
                () = mending_is_due(&mut halted, again_at) => again_at = self.mend(),
                taken = receiver.recv_many(&mut group, GROUP_MAX) => {
                    if taken == 0 {
                        return self.journal.head();
                    }
                    while !group.is_empty() {
                        self.write(&mut group);
                    }
                }
            }
        }
    }

    /// Tries to mend what failed; returns when to try again if it does not work.
    fn mend(&mut self) -> Instant {
        let begun = Instant::now();
        let state = self.halt.state();
        if state.tail() {
            match self.journal.undo() {
                Ok(()) => self.halt.tail_is_cut(),
                Err(error) => {
                    tracing::warn!(error = chain(&error), "a failed write is still not cut off");
                    if self.journal.is_closed_to_writing() {
                        self.halt.writes();
                    }
                }
            }
        }
        if state.index() {
            match self.following.renew(self.journal.head()) {
                Ok(entries) => self.halt.index_stands(entries),
                Err(fault) => {
                    tracing::warn!(error = chain(&fault), "the index cannot be built anew yet");
                }
            }
        }
        let took = begun.elapsed();
        Instant::now() + (took * 10).clamp(MEND_AGAIN_MIN, MEND_AGAIN_MAX)
    }

    /// Writes as many of the waiting entries as fit in one group, and answers them.
    fn write(&mut self, waiting: &mut Vec<Waiting>) {
        let following = Arc::clone(&self.following);
        let index = following.index();
        let Some(index) = index.as_ref() else {
            for waiting in waiting.drain(..) {
                // Whoever asked may have gone.
                let _ = waiting.reply.send(Err(AppendError::Fault(Fault::Mending)));
            }
            return;
        };
        let mut view = View::of(index);
        let mut contents = Vec::new();
        let mut replies = Vec::new();
        let mut bytes = 0;
        let mut taken = 0;
        let mut next = self.journal.head().sequence + 1;
        for Waiting { content, entry, .. } in waiting.iter() {
            if GROUP_BYTES_MAX <= bytes {
                break;
            }
            taken += 1;
            let fate = self.admit(&mut view, next, (entry, content));
            replies.push(fate.map(|()| {
                next += 1;
                bytes += content.len();
                contents.push(content.clone());
            }));
        }
        let runtime = waiting.first().and_then(|first| first.runtime.clone());
        let group: Vec<Reply> = waiting.drain(..taken).map(|waiting| waiting.reply).collect();
        let mut receipts = self.commit(view, &contents).into_iter();
        let answer = |fate: Result<(), AppendError>| {
            fate.and_then(|()| receipts.next().unwrap_or(Err(AppendError::Raced)))
        };
        let answers: Vec<_> = group.into_iter().zip(replies.into_iter().map(answer)).collect();
        let send = move || {
            for (reply, answer) in answers {
                // Whoever asked may have gone; the entry stands all the same.
                let _ = reply.send(answer);
            }
        };
        match runtime {
            // Answers that are sent from here wake a thread each; those that are sent there wake one.
            Some(runtime) if 1 < taken => drop(runtime.spawn(async move { send() })),
            Some(_) | None => send(),
        }
    }

    /// Whether an entry may be in the group; what follows from it is then in the view.
    fn admit(
        &mut self,
        view: &mut View<'_>,
        sequence: u64,
        entry: (&slim::LedgerEntry, &[u8]),
    ) -> Result<(), AppendError> {
        let state = self.halt.state();
        if state.anything() {
            return Err(state.fault().into());
        }
        if !still_fits(view, entry.0).inspect_err(|fault| self.halt.asked_in_vain(fault))? {
            return Err(AppendError::Raced);
        }
        view.add(sequence, entry)?;
        Ok(())
    }

    /// Appends and syncs the group, then follows it in the index. One outcome for each entry, or none if nothing was tried.
    fn commit(
        &mut self,
        mut view: View<'_>,
        contents: &[Bytes],
    ) -> Vec<Result<Written, AppendError>> {
        if contents.is_empty() {
            return Vec::new();
        }
        let begun = Instant::now();
        let appended = match self.journal.append(contents) {
            Ok(appended) => appended,
            Err(error) => {
                tracing::error!(error = chain(&error), "journal append failed");
                if self.journal.is_closed_to_writing() {
                    self.halt.writes();
                } else if self.journal.has_leftover() {
                    self.halt.tail();
                }
                let fault = Arc::new(error);
                let failed = |_| Err(AppendError::Fault(Fault::Journal(Arc::clone(&fault))));
                return contents.iter().map(failed).collect();
            }
        };
        metrics::committed(appended.len(), begun.elapsed());
        self.acknowledged.note(self.journal.head().sequence);
        for one in &appended {
            view.place(one.sequence, one.position);
        }
        // In the order of the entries.
        let mut parts = view.commit(self.journal.head()).into_iter().peekable();
        let written = |one: &Appended| {
            let receipt = Receipt { sequence: one.sequence, digest: one.digest };
            let of_entry = std::iter::from_fn(|| parts.next_if(|part| part.number == one.sequence));
            Ok((receipt, of_entry.collect()))
        };
        appended.iter().map(written).collect()
    }
}

/// Waits for a failure that mends, and until it is time to try.
async fn mending_is_due(halted: &mut watch::Receiver<Halted>, again_at: Instant) {
    // The sender lives as long as the store.
    if halted.wait_for(|state| state.may_mend()).await.is_err() {
        std::future::pending::<()>().await;
    }
    sleep_until(again_at).await;
}
