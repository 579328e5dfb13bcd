//! What can be wrong with the files of the index. It can always be built anew.

use std::io;
use std::path::Path;
use std::path::PathBuf;

/// Why the index cannot be read or written.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// The system refused.
    #[error("`{}` cannot be {verb}", path.display())]
    Io {
        /// Which file.
        path: PathBuf,
        /// What was tried.
        verb: &'static str,
        /// Why.
        source: io::Error,
    },
    /// Bytes are not as they were written.
    #[error("`{}` is damaged: {what}", path.display())]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What does not fit.
        what: &'static str,
    },
}

impl IndexError {
    /// From what the system says.
    pub(super) fn io(path: &Path, verb: &'static str) -> impl FnOnce(io::Error) -> IndexError {
        let path = path.to_owned();
        move |source| IndexError::Io { path, verb, source }
    }

    pub(super) fn damaged(path: &Path, what: &'static str) -> IndexError {
        IndexError::Damaged { path: path.to_owned(), what }
    }
}
