//! What can go wrong with the store. An operator acts on it, not the caller.

use crate::refusal::Refusal;
use crate::store::index::error::IndexError;
use crate::store::journal::error::JournalError;

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

/// A fault of the store.
#[derive(Debug, thiserror::Error)]
pub enum Fault {
    /// The journal cannot be read or written.
    #[error("journal")]
    Journal(#[source] Arc<JournalError>),
    /// The index cannot be read or written.
    #[error("index")]
    Index(#[from] IndexError),
    /// The index failed and is being built anew from the journal.
    #[error("the index failed and is built anew from the journal; ask again")]
    Mending,
    /// A file beside journal and index cannot be read or written.
    #[error("`{}`", path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// A store of another format.
    #[error(
        "`{}` holds store format `{found}`, this program reads format `{wanted}`; export the ledger with the program that wrote it \
         (`onestop ledger export`) and import it here into an empty directory (`onestop ledger import`)",
        path.display()
    )]
    Format {
        /// Which file says so.
        path: PathBuf,
        /// What it says.
        found: String,
        /// What this program reads.
        wanted: &'static str,
    },
    /// Another process has the store open.
    #[error("`{}` is locked: another process has this store open", path.display())]
    Locked {
        /// The lock.
        path: PathBuf,
    },
    /// Stored bytes are no message of this program.
    #[error("stored bytes cannot be decoded")]
    Undecodable(#[source] prost::DecodeError),
    /// A stored record breaks a rule that it was checked by before it was stored.
    #[error("a stored record cannot be read: {0}")]
    Unreadable(String),
    /// An entry was written by a newer program.
    #[error("an entry has version `{0}`, which this program does not know")]
    EntryVersion(u32),
    /// A statement whose payers do not pay the total (spec 7.2): a bug, neither written nor answered.
    #[error("a statement does not balance; nothing was written")]
    Unbalanced,
    /// A write failed earlier, or the store is closing; nothing is written any more.
    #[error("the store does not accept writes any more; restart the server")]
    Stopped,
    /// A task of the server ended before it had answered; the write may have happened.
    #[error("the write was not confirmed")]
    Unconfirmed,
}

impl From<JournalError> for Fault {
    fn from(error: JournalError) -> Fault {
        Fault::Journal(Arc::new(error))
    }
}

impl Fault {
    /// From bytes that are no message.
    pub(crate) fn undecodable(error: prost::DecodeError) -> Fault {
        Fault::Undecodable(error)
    }

    /// From a stored record that breaks a rule. Refusals name no person.
    pub(crate) fn unreadable(refusal: Refusal) -> Fault {
        Fault::Unreadable(refusal.sentence(crate::refusal::Lang::En))
    }

    /// Whether the request was certainly not written, neither now nor when it was sent before. Where something cannot be read, or
    /// nothing is written any more after a failure, that is not known: the failure may have been this very request's.
    pub fn certainly_not_written(&self) -> bool {
        match self {
            Fault::Journal(error) => match **error {
                JournalError::Damaged { .. }
                | JournalError::NoKey { .. }
                | JournalError::Io { .. }
                | JournalError::Locked { .. }
                | JournalError::Poisoned => false,
                JournalError::ContentEmpty { .. }
                | JournalError::ContentTooLong { .. }
                | JournalError::GroupTooLong
                | JournalError::Seal(_)
                | JournalError::NoSpace(_)
                | JournalError::Write(_)
                | JournalError::NotCutOff(_)
                | JournalError::Segment { .. }
                | JournalError::Sync(_) => error.certainly_not_written(),
            },
            Fault::Unbalanced => true,
            Fault::Unconfirmed
            | Fault::Index(_)
            | Fault::Mending
            | Fault::File { .. }
            | Fault::Locked { .. }
            | Fault::Format { .. }
            | Fault::Undecodable(_)
            | Fault::Unreadable(_)
            | Fault::EntryVersion(_)
            | Fault::Stopped => false,
        }
    }
}

/// An error with all that caused it, for a log line.
pub fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
