//! Reading single records where they stand.

use crate::store::journal::Options;
use crate::store::journal::error::Damage;
use crate::store::journal::error::JournalError;
use crate::store::journal::record::FRAME_BYTES;
use crate::store::journal::record::Frame;
use crate::store::journal::record::Position;
use crate::store::journal::record::RECORD_BYTES_MAX;
use crate::store::journal::record::Record;
use crate::store::journal::segment::HEADER_BYTES;
use crate::store::journal::segment::Header;
use crate::store::journal::segment::path_of;
use crate::store::seal::Seal;

use std::borrow::Cow;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

/// Open segments, last used first.
type OpenFiles = Vec<Arc<Open>>;

/// A segment that is open.
#[derive(Debug)]
struct Open {
    first: u64,
    file: File,
    is_sealed: bool,
}

/// Reads records by position (按位置读取); clones share their open files.
#[derive(Debug, Clone)]
pub struct Reader {
    directory: PathBuf,
    files_max: usize,
    seal: Seal,
    files: Arc<Mutex<OpenFiles>>,
}

impl Reader {
    /// A reader of the journal in a directory.
    pub fn new(directory: &Path, options: &Options) -> Reader {
        Reader {
            directory: directory.to_owned(),
            files_max: options.reader_files_max,
            seal: options.seal.clone(),
            files: Arc::default(),
        }
    }

    /// Reads the record at a position and checks its length and checksum, but not the records around it; computes its digest.
    pub fn read(&self, position: Position) -> Result<Record, JournalError> {
        let (frame, content, seal) = self.checked(position)?;
        frame.with(content, seal).map_err(|damage| self.damaged(position, damage))
    }

    /// `read`, for whoever needs no digest.
    pub(in crate::store) fn content(&self, position: Position) -> Result<Vec<u8>, JournalError> {
        let (frame, stored, seal) = self.checked(position)?;
        if !frame.fits(&stored) {
            return Err(self.damaged(position, Damage::Checksum));
        }
        let content = frame.unsealed(Cow::Owned(stored), seal);
        content.map(Cow::into_owned).map_err(|damage| self.damaged(position, damage))
    }

    fn damaged(&self, position: Position, damage: Damage) -> JournalError {
        let path = path_of(&self.directory, position.segment);
        JournalError::damaged(&path, position.offset, damage)
    }

    /// What stands at a position, with its length checked, and what it is sealed with.
    fn checked(&self, position: Position) -> Result<(Frame, Vec<u8>, Option<&Seal>), JournalError> {
        let path = path_of(&self.directory, position.segment);
        let damaged = |damage| JournalError::damaged(&path, position.offset, damage);
        let length = record_bytes(position).ok_or_else(|| damaged(Damage::Position))?;
        let open = self.segment(position.segment)?;
        let read = |bytes: &mut [u8], offset| {
            open.file.read_exact_at(bytes, offset).map_err(|error| {
                if error.kind() == io::ErrorKind::UnexpectedEof {
                    damaged(Damage::Short)
                } else {
                    JournalError::io(&path, "read")(error)
                }
            })
        };
        // One after the other: a record of a register may be long, and would be moved to part it from its frame.
        let mut frame = [0; FRAME_BYTES];
        read(&mut frame, position.offset)?;
        let frame = Frame::read(&frame).ok_or_else(|| damaged(Damage::Short))?;
        if frame.content_bytes() != Some(length - FRAME_BYTES) {
            return Err(damaged(Damage::Length { found: frame.length }));
        }
        let mut content = vec![0; length - FRAME_BYTES];
        let frame_bytes = u64::try_from(FRAME_BYTES).unwrap_or(u64::MAX);
        read(&mut content, position.offset + frame_bytes)?;
        Ok((frame, content, open.is_sealed.then_some(&self.seal)))
    }

    /// A segment, opened now or before.
    fn segment(&self, segment: u64) -> Result<Arc<Open>, JournalError> {
        // The list is whole at every moment, whatever a thread that panicked was about to do.
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        let open = match files.iter().position(|open| open.first == segment) {
            Some(index) => files.remove(index),
            None => Arc::new(Open::of(&self.directory, segment)?),
        };
        files.insert(0, Arc::clone(&open));
        files.truncate(self.files_max);
        Ok(open)
    }
}

impl Open {
    fn of(directory: &Path, first: u64) -> Result<Open, JournalError> {
        let path = path_of(directory, first);
        let file = File::open(&path).map_err(JournalError::io(&path, "opened"))?;
        let mut bytes = [0; 64];
        file.read_exact_at(&mut bytes, 0).map_err(JournalError::io(&path, "read"))?;
        let header = Header::from_bytes(&bytes);
        let header = header.map_err(|damage| JournalError::damaged(&path, 0, damage))?;
        Ok(Open { first, file, is_sealed: header.is_sealed })
    }
}

/// The length of the record at a position, if one can stand there.
fn record_bytes(position: Position) -> Option<usize> {
    let length = usize::try_from(position.length).ok()?;
    let is_possible = HEADER_BYTES <= position.offset
        && position.offset.checked_add(u64::from(position.length)).is_some()
        && FRAME_BYTES < length
        && length <= FRAME_BYTES + RECORD_BYTES_MAX;
    is_possible.then_some(length)
}
