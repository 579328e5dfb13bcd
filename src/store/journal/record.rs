//! One record: its bytes in a segment, and what is read from them.

use crate::store::journal::digest::Digest;
use crate::store::journal::error::Damage;
use crate::store::seal::Seal;
use crate::store::seal::Unsealable;

use std::borrow::Cow;
use std::io;

/// Most content of one record, as it is stored. Unit: bytes.
pub const RECORD_BYTES_MAX: usize = 16 * 1024 * 1024;

/// What stands before the content: length, checksum, sequence, group, digest before. Unit: bytes.
pub(super) const FRAME_BYTES: usize = 56;

/// A record as it was appended (日志记录).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Record {
    /// Its number; the first record is 1.
    pub sequence: u64,
    /// The first sequence of the group that it was appended with. The digest is not over it: the same contents have
    /// the same digests however they are grouped.
    pub group: u64,
    /// The digest of the record before it.
    pub previous: Digest,
    /// Its own digest.
    pub digest: Digest,
    /// What was appended.
    pub content: Vec<u8>,
}

/// Where a record stands (记录位置).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Position {
    /// The first sequence of its segment.
    pub segment: u64,
    /// Where the record begins in the segment's file. Unit: bytes.
    pub offset: u64,
    /// The whole record, with what stands before its content. Unit: bytes.
    pub length: u32,
}

/// Takes the first `N` bytes.
pub(super) fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (first, rest) = bytes.split_first_chunk::<N>()?;
    *bytes = rest;
    Some(*first)
}

/// What stands before a record's content.
#[derive(Debug, Clone, Copy)]
pub(super) struct Frame {
    /// The content's length, never 0. Unit: bytes.
    pub(super) length: u32,
    checksum: u32,
    /// The record's number.
    pub(super) sequence: u64,
    /// The first sequence of its group.
    pub(super) group: u64,
    previous: Digest,
}

impl Frame {
    /// Reads the bytes before the content; what follows them is not looked at.
    pub(super) fn read(mut bytes: &[u8]) -> Option<Frame> {
        Some(Frame {
            length: u32::from_le_bytes(take(&mut bytes)?),
            checksum: u32::from_le_bytes(take(&mut bytes)?),
            sequence: u64::from_le_bytes(take(&mut bytes)?),
            group: u64::from_le_bytes(take(&mut bytes)?),
            previous: Digest::from_bytes(take(&mut bytes)?),
        })
    }

    /// The digest of the record before.
    pub(super) fn previous(&self) -> Digest {
        self.previous
    }

    /// The content's length, if a record can have it.
    pub(super) fn content_bytes(&self) -> Option<usize> {
        let length = usize::try_from(self.length).ok()?;
        (0 < length && length <= RECORD_BYTES_MAX).then_some(length)
    }

    /// Whether this content belongs to the frame, by length and checksum.
    pub(super) fn fits(&self, content: &[u8]) -> bool {
        self.content_bytes() == Some(content.len()) && self.checksum == self.checksum_with(content)
    }

    /// Makes the record of a stored content that belongs to the frame.
    pub(super) fn with(self, stored: Vec<u8>, seal: Option<&Seal>) -> Result<Record, Damage> {
        if !self.fits(&stored) {
            return Err(Damage::Checksum);
        }
        let content = self.unsealed(Cow::Owned(stored), seal)?.into_owned();
        let Frame { sequence, group, previous, .. } = self;
        let digest = Digest::of(&previous, sequence, &content);
        Ok(Record { sequence, group, previous, digest, content })
    }

    /// The content of what is stored with the frame; `seal` is given where the segment is sealed.
    pub(super) fn unsealed<'c>(
        &self,
        stored: Cow<'c, [u8]>,
        seal: Option<&Seal>,
    ) -> Result<Cow<'c, [u8]>, Damage> {
        let Some(seal) = seal else { return Ok(stored) };
        let content = seal.unseal(&self.sequence.to_le_bytes(), &stored);
        content.map(Cow::Owned).map_err(|error| match error {
            Unsealable::NoKey(name) => Damage::NoKey { name },
            Unsealable::Broken => Damage::Unsealed,
        })
    }

    /// CRC-32 (IEEE) over everything in a record but the checksum itself.
    fn checksum_with(&self, content: &[u8]) -> u32 {
        let mut hash = crc32fast::Hasher::new();
        hash.update(&self.length.to_le_bytes());
        hash.update(&self.sequence.to_le_bytes());
        hash.update(&self.group.to_le_bytes());
        hash.update(self.previous.as_bytes());
        hash.update(content);
        hash.finalize()
    }
}

/// Adds a record's bytes to the bytes of a group that begins with the sequence `group`, and returns its digest.
///
/// The content is not longer than a record holds. The digest is over the content as it was before it was sealed.
pub(super) fn put(
    bytes: &mut Vec<u8>,
    (sequence, group): (u64, u64),
    previous: &Digest,
    content: &[u8],
    seal: &Seal,
) -> io::Result<Digest> {
    let sealed = seal.seal(&sequence.to_le_bytes(), content)?;
    let stored = sealed.as_deref().unwrap_or(content);
    let length = u32::try_from(stored.len()).unwrap_or(u32::MAX);
    let frame = Frame { length, checksum: 0, sequence, group, previous: *previous };
    bytes.extend_from_slice(&length.to_le_bytes());
    bytes.extend_from_slice(&frame.checksum_with(stored).to_le_bytes());
    bytes.extend_from_slice(&sequence.to_le_bytes());
    bytes.extend_from_slice(&group.to_le_bytes());
    bytes.extend_from_slice(previous.as_bytes());
    bytes.extend_from_slice(stored);
    Ok(Digest::of(previous, sequence, content))
}
