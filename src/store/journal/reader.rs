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
use crate::store::journal::segment::path_of;

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::Mutex;
use std::sync::PoisonError;

/// Open files with the first sequences of their segments, last used first.
type OpenFiles = Vec<(u64, Arc<File>)>;

/// Reads records by position (按位置读取); clones share their open files.
#[derive(Debug, Clone)]
pub struct Reader {
    directory: PathBuf,
    files_max: usize,
    files: Arc<Mutex<OpenFiles>>,
}

impl Reader {
    /// A reader of the journal in a directory.
    pub fn new(directory: &Path, options: Options) -> Reader {
        Reader {
            directory: directory.to_owned(),
            files_max: options.reader_files_max,
            files: Arc::default(),
        }
    }

    /// Reads the record at a position and checks its length and checksum, but not the records around it; computes its digest.
    pub fn read(&self, position: Position) -> Result<Record, JournalError> {
        let (frame, content) = self.checked(position)?;
        let damaged = |damage| {
            let path = path_of(&self.directory, position.segment);
            JournalError::damaged(&path, position.offset, damage)
        };
        frame.with(content).map_err(damaged)
    }

    /// `read`, for whoever needs no digest.
    pub(in crate::store) fn content(&self, position: Position) -> Result<Vec<u8>, JournalError> {
        let (frame, content) = self.checked(position)?;
        if frame.fits(&content) {
            return Ok(content);
        }
        let path = path_of(&self.directory, position.segment);
        Err(JournalError::damaged(&path, position.offset, Damage::Checksum))
    }

    /// What stands at a position, with its length checked.
    fn checked(&self, position: Position) -> Result<(Frame, Vec<u8>), JournalError> {
        let path = path_of(&self.directory, position.segment);
        let damaged = |damage| JournalError::damaged(&path, position.offset, damage);
        let length = record_bytes(position).ok_or_else(|| damaged(Damage::Position))?;
        let file = self.file(position.segment).map_err(JournalError::io(&path, "opened"))?;
        let mut bytes = vec![0; length];
        file.read_exact_at(&mut bytes, position.offset).map_err(|error| {
            if error.kind() == io::ErrorKind::UnexpectedEof {
                damaged(Damage::Short)
            } else {
                JournalError::io(&path, "read")(error)
            }
        })?;
        let frame = Frame::read(&bytes).ok_or_else(|| damaged(Damage::Short))?;
        if frame.content_bytes() != Some(length - FRAME_BYTES) {
            return Err(damaged(Damage::Length { found: frame.length }));
        }
        bytes.drain(..FRAME_BYTES);
        Ok((frame, bytes))
    }

    /// The segment's file, opened now or before.
    fn file(&self, segment: u64) -> io::Result<Arc<File>> {
        // The list is whole at every moment, whatever a thread that panicked was about to do.
        let mut files = self.files.lock().unwrap_or_else(PoisonError::into_inner);
        let file = match files.iter().position(|(first, _)| *first == segment) {
            Some(index) => files.remove(index).1,
            None => Arc::new(File::open(path_of(&self.directory, segment))?),
        };
        files.insert(0, (segment, Arc::clone(&file)));
        files.truncate(self.files_max);
        Ok(file)
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
