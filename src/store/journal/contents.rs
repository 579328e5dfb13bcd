//! Reading a segment's contents fast: checksums and sequences are checked, digests are taken as they are written.
//!
//! For whoever follows what was checked when it was appended. Who must know whether the chain holds walks it (`walk.rs`).

use crate::store::journal::Head;
use crate::store::journal::digest::Digest;
use crate::store::journal::error::Damage;
use crate::store::journal::error::JournalError;
use crate::store::journal::record::FRAME_BYTES;
use crate::store::journal::record::Frame;
use crate::store::journal::record::Position;
use crate::store::journal::segment::HEADER_BYTES;
use crate::store::journal::segment::Header;
use crate::store::journal::segment::header_of;
use crate::store::journal::segment::list;
use crate::store::journal::segment::path_of;
use crate::store::seal::Seal;

use std::borrow::Cow;
use std::fs;
use std::fs::File;
use std::path::Path;
use std::path::PathBuf;

/// The first sequences of all segments.
pub(in crate::store) fn segments(directory: &Path) -> Result<Vec<u64>, JournalError> {
    list(directory)
}

/// A segment in memory.
pub(in crate::store) struct Contents {
    path: PathBuf,
    segment: u64,
    bytes: Vec<u8>,
    // What its contents are sealed with, if they are.
    seal: Option<Seal>,
}

/// A record's content and what stands before it.
pub(in crate::store) struct Content<'s> {
    pub(in crate::store) sequence: u64,
    pub(in crate::store) position: Position,
    /// The digest of the record before it.
    pub(in crate::store) previous: Digest,
    pub(in crate::store) bytes: Cow<'s, [u8]>,
}

impl Contents {
    /// Reads a segment.
    pub(in crate::store) fn read(
        directory: &Path,
        seal: &Seal,
        segment: u64,
    ) -> Result<Contents, JournalError> {
        let path = path_of(directory, segment);
        let bytes = fs::read(&path).map_err(JournalError::io(&path, "read"))?;
        let header = bytes.first_chunk().map_or(Err(Damage::Header), Header::from_bytes);
        let header = header.map_err(|damage| JournalError::damaged(&path, 0, damage))?;
        let seal = header.is_sealed.then(|| seal.clone());
        Ok(Contents { path, segment, bytes, seal })
    }

    /// Its records from the first on; ends behind the last whole one.
    pub(in crate::store) fn records(
        &self,
    ) -> impl Iterator<Item = Result<Content<'_>, JournalError>> {
        let mut offset = usize::try_from(HEADER_BYTES).unwrap_or(usize::MAX);
        let mut sequence = self.segment;
        std::iter::from_fn(move || {
            let rest = self.bytes.get(offset..)?;
            let frame = Frame::read(rest).filter(|frame| frame.length != 0)?;
            let place = u64::try_from(offset).unwrap_or(u64::MAX);
            let damaged = |damage| Some(Err(JournalError::damaged(&self.path, place, damage)));
            let Some(length) = frame.content_bytes() else {
                return damaged(Damage::Length { found: frame.length });
            };
            let end = FRAME_BYTES + length;
            let Some(bytes) = rest.get(FRAME_BYTES..end) else { return damaged(Damage::Short) };
            if !frame.fits(bytes) {
                return damaged(Damage::Checksum);
            }
            if frame.sequence != sequence {
                return damaged(Damage::Sequence { found: frame.sequence, expected: sequence });
            }
            let length = u32::try_from(end).unwrap_or(u32::MAX);
            let position = Position { segment: self.segment, offset: place, length };
            offset += end;
            sequence += 1;
            let previous = frame.previous();
            let bytes = match frame.unsealed(Cow::Borrowed(bytes), self.seal.as_ref()) {
                Ok(bytes) => bytes,
                Err(damage) => return damaged(damage),
            };
            Some(Ok(Content { sequence: frame.sequence, position, previous, bytes }))
        })
    }
}

/// The last record of a segment, as the segment after it has it; none if it is the newest.
pub(in crate::store) fn digest_behind(
    directory: &Path,
    segment: u64,
) -> Result<Option<Head>, JournalError> {
    let Some(next) = list(directory)?.into_iter().find(|first| segment < *first) else {
        return Ok(None);
    };
    let path = path_of(directory, next);
    let file = File::open(&path).map_err(JournalError::io(&path, "read"))?;
    let header = header_of(&file, next, segment).map_err(JournalError::io(&path, "read"))?;
    let header = header.map_err(|damage| JournalError::damaged(&path, 0, damage))?;
    Ok(Some(Head { sequence: next.saturating_sub(1), digest: header.previous }))
}
