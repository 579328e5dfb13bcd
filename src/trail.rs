//! The trail (查阅留痕): who looked at whose record, when, from where and how. A journal of its own beside the ledger, with the same
//! chain of digests and the same care for stable storage, so that settlements neither wait for it nor grow with it.
//!
//! One thread writes; looks that come together are one sync. A look that cannot be recorded is not answered.

use crate::store::fault::Fault;
use crate::store::fault::chain;
use crate::store::journal::Journal;
use crate::store::journal::Options;
use crate::store::journal::error::JournalError;
use crate::store::journal::walk::walk;
use crate::store::seal::Place;
use crate::store::seal::Seal;

use prost::Message;
use tokio::sync::mpsc;
use tokio::sync::oneshot;

use std::path::Path;
use std::thread;
use std::thread::JoinHandle;

/// The folder of the trail in a store.
pub const FOLDER: &str = "trail";
/// Most looks that wait, and most that are written at once.
const WAITING_MAX: usize = 1024;

/// A look at persons' records. Fields are added, never renumbered.
#[derive(Clone, PartialEq, Eq, Message)]
pub struct Look {
    /// When, with the offset of Asia/Shanghai.
    #[prost(string, tag = "1")]
    pub at: String,
    /// Who: the operator, or the name of the key; empty where nobody was asked.
    #[prost(string, tag = "2")]
    pub who: String,
    /// From which address.
    #[prost(string, tag = "3")]
    pub from: String,
    /// By which call, page or transaction.
    #[prost(string, tag = "4")]
    pub how: String,
    /// Whose records. Personal data.
    #[prost(string, repeated, tag = "5")]
    pub persons: Vec<String>,
}

type Asked = (Look, oneshot::Sender<bool>);

/// The trail's one writer.
#[derive(Debug)]
pub struct Trail {
    sender: Option<mpsc::Sender<Asked>>,
    writer: Option<JoinHandle<()>>,
}

impl Trail {
    /// Opens the trail of a store, or begins one.
    pub fn open(store: Place<'_>) -> Result<Trail, JournalError> {
        let folder = store.directory.join(FOLDER);
        let seal = store.seal.clone();
        let journal = open(&folder, &seal)?;
        let (sender, asked) = mpsc::channel(WAITING_MAX);
        let writer = thread::spawn(move || write((&folder, &seal), Some(journal), asked));
        Ok(Trail { sender: Some(sender), writer: Some(writer) })
    }

    /// Records a look; it is on stable storage when this returns.
    pub async fn note(&self, look: Look) -> Result<(), Fault> {
        let (told, hears) = oneshot::channel();
        let sender = self.sender.as_ref().ok_or(Fault::Stopped)?;
        sender.send((look, told)).await.map_err(|_| Fault::Stopped)?;
        match hears.await {
            Ok(true) => Ok(()),
            Ok(false) | Err(_) => {
                Err(Fault::Unreadable("a look at a person's record cannot be recorded".to_owned()))
            }
        }
    }
}

impl Drop for Trail {
    fn drop(&mut self) {
        // The writer ends once nobody can send any more, with what was sent written.
        self.sender = None;
        if let Some(writer) = self.writer.take()
            && writer.join().is_err()
        {
            tracing::error!("the writer of the trail panicked");
        }
    }
}

fn open(folder: &Path, seal: &Seal) -> Result<Journal, JournalError> {
    let options = Options { seal: seal.clone(), ..Options::default() };
    Journal::open(folder, options, 0).map(|(journal, _)| journal)
}

/// Writes until nobody can send any more. A journal that failed is opened again for the next look.
fn write(
    (folder, seal): (&Path, &Seal),
    mut journal: Option<Journal>,
    mut asked: mpsc::Receiver<Asked>,
) {
    while let Some(first) = asked.blocking_recv() {
        let mut group = vec![first];
        while group.len() < WAITING_MAX
            && let Ok(next) = asked.try_recv()
        {
            group.push(next);
        }
        let contents: Vec<Vec<u8>> = group.iter().map(|(look, _)| look.encode_to_vec()).collect();
        let outcome = match journal.take().map_or_else(|| open(folder, seal), Ok) {
            Ok(mut open) => open.append(&contents).map(|_| open),
            Err(error) => Err(error),
        };
        let is_written = match outcome {
            Ok(open) => {
                journal = Some(open);
                true
            }
            Err(error) => {
                tracing::error!(error = chain(&error), "looks at records cannot be recorded");
                false
            }
        };
        for (_, told) in group {
            // Whoever asked may have gone.
            let _ = told.send(is_written);
        }
    }
}

/// Hands over every look of a store with its number, oldest first; also while a server runs.
pub fn each(store: Place<'_>, mut next: impl FnMut(u64, Look)) -> Result<(), JournalError> {
    let folder = store.directory.join(FOLDER);
    if !folder.is_dir() {
        return Ok(());
    }
    for record in walk(&folder, store.seal, 0)? {
        let (record, _) = record?;
        // The digests hold, so what cannot be decoded was written by a later version.
        let look = Look::decode(record.content.as_slice()).unwrap_or_default();
        next(record.sequence, look);
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn look(person: &str) -> Look {
        let text = |text: &str| text.to_owned();
        Look {
            at: text("2026-11-28T10:00:00.000+08:00"),
            who: text("li"),
            from: text("127.0.0.1"),
            how: text("GET /counter/patient"),
            persons: vec![text(person)],
        }
    }

    fn all(store: &Path) -> Vec<(u64, Look)> {
        let mut looks = Vec::new();
        each(Place::unsealed(store), |number, look| looks.push((number, look))).unwrap();
        looks
    }

    #[tokio::test]
    async fn a_look_is_there_once_it_is_acknowledged_and_after_the_next_start() {
        let home = tempfile::tempdir().unwrap();
        assert_eq!(all(home.path()), []);
        let trail = Trail::open(Place::unsealed(home.path())).unwrap();
        trail.note(look("P1")).await.unwrap();
        assert_eq!(all(home.path()), [(1, look("P1"))], "also while it is written");
        drop(trail);
        let trail = Trail::open(Place::unsealed(home.path())).unwrap();
        trail.note(look("P2")).await.unwrap();
        drop(trail);
        assert_eq!(all(home.path()), [(1, look("P1")), (2, look("P2"))]);
    }

    #[tokio::test]
    async fn looks_at_once_are_all_recorded() {
        let home = tempfile::tempdir().unwrap();
        let trail = std::sync::Arc::new(Trail::open(Place::unsealed(home.path())).unwrap());
        let mut tasks = tokio::task::JoinSet::new();
        for one in 0..100 {
            let trail = std::sync::Arc::clone(&trail);
            tasks.spawn(async move { trail.note(look(&one.to_string())).await });
        }
        for outcome in tasks.join_all().await {
            outcome.unwrap();
        }
        assert_eq!(all(home.path()).len(), 100);
    }

    #[tokio::test]
    async fn a_look_that_cannot_be_recorded_is_refused_and_the_next_is_tried_again() {
        let home = tempfile::tempdir().unwrap();
        let folder = home.path().join(FOLDER);
        std::fs::write(&folder, "in the way").unwrap();
        let (sender, asked) = mpsc::channel(1);
        let writes = folder.clone();
        let writer = Some(thread::spawn(move || write((&writes, &Seal::NONE), None, asked)));
        let trail = Trail { sender: Some(sender), writer };
        assert!(trail.note(look("P1")).await.is_err());
        std::fs::remove_file(&folder).unwrap();
        trail.note(look("P2")).await.unwrap();
        assert_eq!(all(home.path()), [(1, look("P2"))]);
    }
}
