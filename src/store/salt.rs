//! What makes a sealed entry's digest say nothing of its content.

use crate::proto;
use crate::store::fault::Fault;
use crate::store::journal::error::JournalError;

use prost::Message;
use prost::bytes::Bytes;

use std::io;

/// How long it is. Unit: bytes.
const SALT_BYTES: usize = 16;

/// Adds what nobody can guess to an entry's content, so that its digest, which others may see, does not show a guess at it to be right.
pub(super) fn salted(content: &[u8]) -> Result<Bytes, Fault> {
    let mut salt = vec![0; SALT_BYTES];
    getrandom::fill(&mut salt).map_err(|error| JournalError::Seal(io::Error::other(error)))?;
    let salted = proto::LedgerEntry { salt, ..proto::LedgerEntry::default() };
    // Messages one behind the other are one message with the fields of both.
    Ok([content, &salted.encode_to_vec()].concat().into())
}
