//! What a transaction gives back, and whose record it shows.

use crate::his::json::Json;
use crate::service::Failure;

use std::collections::BTreeSet;

/// What a transaction gives back.
#[derive(Debug)]
pub(super) struct Reply {
    /// What is answered.
    pub(super) content: Content,
    /// Whose record that shows: a look at each of them.
    pub(super) shows: BTreeSet<String>,
}

/// What is answered.
#[derive(Debug)]
pub(super) enum Content {
    /// An output, and what a clerk should know.
    Output(Json, String),
    /// A file.
    File(Vec<u8>),
}

/// What came of a transaction.
pub(super) type Replied = Result<Reply, Failure>;

/// Longest `warn_msg`. Unit: signs.
const WARNING_CHARS_MAX: usize = 200;

impl Reply {
    fn of(content: Content) -> Reply {
        Reply { content, shows: BTreeSet::new() }
    }

    /// No output.
    pub(super) fn nothing() -> Reply {
        Reply::from(Json::Object(Vec::new()))
    }

    /// An output, and what a clerk should know.
    pub(super) fn warned(output: Json, warning: &str) -> Reply {
        Reply::of(Content::Output(output, warning.chars().take(WARNING_CHARS_MAX).collect()))
    }

    /// A file.
    pub(super) fn file(content: Vec<u8>) -> Reply {
        Reply::of(Content::File(content))
    }

    /// It shows persons' records. Every transaction that is there for reading says whose.
    pub(super) fn showing(mut self, persons: impl IntoIterator<Item = String>) -> Reply {
        self.shows.extend(persons.into_iter().filter(|person| !person.is_empty()));
        self
    }
}

impl From<Json> for Reply {
    fn from(output: Json) -> Reply {
        Reply::of(Content::Output(output, String::new()))
    }
}
