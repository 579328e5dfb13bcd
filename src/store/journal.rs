//! The truth of the embedded store (日志): append, sync, replay. Its format is in `docs/journal.md`.

pub(in crate::store) mod contents;
pub mod digest;
pub mod error;
mod open;
pub mod reader;
pub mod record;
mod reseal;
mod scan;
mod segment;
pub mod walk;

#[cfg(test)]
mod damage_tests;
#[cfg(test)]
mod sealed_tests;
#[cfg(test)]
mod tests;
#[cfg(test)]
mod torn_tests;

use crate::store::journal::digest::Digest;
use crate::store::journal::error::JournalError;
use crate::store::journal::reader::Reader;
use crate::store::journal::record::FRAME_BYTES;
use crate::store::journal::record::Position;
use crate::store::journal::record::RECORD_BYTES_MAX;
use crate::store::journal::record::put;
use crate::store::journal::segment::HEADER_BYTES;
use crate::store::journal::segment::Header;
use crate::store::journal::segment::NotCreated;
use crate::store::journal::segment::begin_again;
use crate::store::journal::segment::create;
use crate::store::journal::segment::path_of;
use crate::store::journal::segment::remove;
use crate::store::seal::Seal;

use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::path::PathBuf;

/// Most bytes of one group, with what stands before each content. Unit: bytes.
pub const GROUP_BYTES_MAX: usize = 64 * 1024 * 1024;

/// What of the group's memory is kept from one append to the next. Unit: bytes.
const GROUP_BYTES_KEPT: usize = 4 * 1024 * 1024;

/// How many zeros are written behind a group that outgrew the last ones. A sync of bytes that the file has already needs not write
/// where they are, too. Unit: bytes.
const PREPARED_BYTES: usize = 1024 * 1024;

/// How a journal is kept.
#[derive(Debug, Clone)]
pub struct Options {
    /// A group that would make a segment longer goes into a new one; a longer group has its own. Unit: bytes.
    pub segment_bytes_max: u64,
    /// How many files a reader keeps open.
    pub reader_files_max: usize,
    /// What contents are sealed with.
    pub seal: Seal,
}

impl Default for Options {
    fn default() -> Options {
        Options { segment_bytes_max: 64 * 1024 * 1024, reader_files_max: 8, seal: Seal::NONE }
    }
}

/// The last record of a journal (日志末尾); sequence 0 and `Digest::GENESIS` of an empty one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Head {
    /// Its sequence.
    pub sequence: u64,
    /// Its digest.
    pub digest: Digest,
}

impl Head {
    /// The head of a journal without records.
    pub const EMPTY: Head = Head { sequence: 0, digest: Digest::GENESIS };

    /// The head once this content is appended.
    #[must_use]
    pub fn next(self, content: &[u8]) -> Head {
        let sequence = self.sequence + 1;
        Head { sequence, digest: Digest::of(&self.digest, sequence, content) }
    }
}

/// Bytes that a crash left behind the last whole record (残尾).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TornTail {
    /// The first sequence of its segment.
    pub segment: u64,
    /// Where it begins; 0 where the segment itself was only partly created. Unit: bytes.
    pub offset: u64,
    /// How long it is. Unit: bytes.
    pub bytes: u64,
}

/// What was found and done when a journal was opened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opened {
    /// What was cut off.
    pub cut: Option<TornTail>,
    /// How many records there are, which is the last one's sequence.
    pub records: u64,
    /// How many segments there are.
    pub segments: usize,
    /// How much was written again, because nobody had said that it was on stable storage. Unit: bytes.
    pub rewritten_bytes: u64,
}

/// A record that was appended and is on stable storage.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Appended {
    /// Its sequence.
    pub sequence: u64,
    /// Its digest.
    pub digest: Digest,
    /// Where it stands.
    pub position: Position,
}

/// The segment that is written to.
#[derive(Debug)]
struct Newest {
    header: Header,
    file: File,
    end: u64,
    /// To where zeros stand behind the end; at most the end where there are none.
    prepared: u64,
}

impl Newest {
    fn of(header: Header, file: File, end: u64) -> Newest {
        Newest { header, file, end, prepared: end }
    }

    fn first(&self) -> u64 {
        self.header.first
    }
}

/// What a failed write left and could not be undone yet.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Leftover {
    /// Bytes behind the last record.
    Tail,
    /// A new segment's file, without records.
    Segment(PathBuf),
}

/// The journal's one writer (日志写入者).
#[derive(Debug)]
pub struct Journal {
    directory: PathBuf,
    options: Options,
    newest: Newest,
    head: Head,
    group: Vec<u8>,
    leftover: Option<Leftover>,
    is_poisoned: bool,
    // Held for as long as the journal lives; the system lets go of it with the process.
    _lock: File,
}

impl Journal {
    /// Opens the journal in a directory, or creates both.
    ///
    /// `acknowledged` is the highest sequence known from elsewhere to have been acknowledged, 0 if nothing is known.
    /// A torn tail behind it is cut off and said. If that record is missing, the journal is damaged.
    /// Whole records above it are written and synced again: whoever wrote them may have failed to sync them.
    pub fn open(
        directory: &Path,
        options: Options,
        acknowledged: u64,
    ) -> Result<(Journal, Opened), JournalError> {
        open::open(directory, options, acknowledged)
    }

    /// The last record on stable storage.
    pub fn head(&self) -> Head {
        self.head
    }

    /// Whether an earlier failure closed the journal to writing.
    pub fn is_closed_to_writing(&self) -> bool {
        self.is_poisoned
    }

    /// Whether something of a failed write still stands behind the last record. While it does, nothing is written, and nobody can
    /// say that what failed is not there.
    pub fn has_leftover(&self) -> bool {
        self.leftover.is_some()
    }

    /// Undoes what a failed write left; `append` does so by itself. Only a sync that fails closes the journal to writing.
    pub fn undo(&mut self) -> Result<(), JournalError> {
        if self.is_poisoned {
            return Err(JournalError::Poisoned);
        }
        let synced = match &self.leftover {
            None => Ok(()),
            Some(Leftover::Tail) => {
                let Newest { file, end, header, prepared } = &mut self.newest;
                let path = path_of(&self.directory, header.first);
                file.set_len(*end).map_err(JournalError::io(&path, "cut off"))?;
                *prepared = *end;
                file.sync_all()
            }
            Some(Leftover::Segment(path)) => {
                let names =
                    File::open(&self.directory).map_err(JournalError::io(path, "removed"))?;
                remove(path).map_err(JournalError::io(path, "removed"))?;
                names.sync_all()
            }
        };
        synced.map_err(|error| self.poison(JournalError::Sync(error)))?;
        self.leftover = None;
        Ok(())
    }

    /// A handle to read records by their positions, for any thread.
    pub fn reader(&self) -> Reader {
        Reader::new(&self.directory, &self.options)
    }

    /// Appends a group in one write and one sync: all of it, or nothing.
    ///
    /// After an error, `JournalError::certainly_not_written` says whether the group may simply be tried again.
    /// A process that dies within can leave the group's first records, none of them acknowledged.
    pub fn append<C: AsRef<[u8]>>(
        &mut self,
        contents: &[C],
    ) -> Result<Vec<Appended>, JournalError> {
        let group_bytes = self.check(contents)?;
        if self.is_poisoned {
            return Err(JournalError::Poisoned);
        }
        if contents.is_empty() {
            return Ok(Vec::new());
        }
        self.undo()?;
        let is_begun = HEADER_BYTES < self.newest.end;
        let is_too_long =
            self.options.segment_bytes_max < self.newest.end.saturating_add(group_bytes);
        let is_sealed = self.options.seal.is_on();
        match (is_begun, is_sealed == self.newest.header.is_sealed) {
            (true, true) if is_too_long => self.rotate()?,
            (true, false) => self.rotate()?,
            (false, false) => self.begin_again(is_sealed)?,
            (true | false, true) => {}
        }
        let appended = self.fill(contents)?;
        self.write()?;
        self.prepare(self.newest.end + group_bytes);
        // A failed sync is never tried again: the system may have dropped what it could not write and call it clean.
        self.newest.file.sync_data().map_err(|error| self.poison(JournalError::Sync(error)))?;
        self.newest.end += group_bytes;
        if let Some(last) = appended.last() {
            self.head = Head { sequence: last.sequence, digest: last.digest };
        }
        self.group.shrink_to(GROUP_BYTES_KEPT);
        Ok(appended)
    }

    /// Asks everything of a group before anything is done, and returns its length.
    fn check<C: AsRef<[u8]>>(&self, contents: &[C]) -> Result<u64, JournalError> {
        let mut group_bytes = 0;
        for (index, content) in contents.iter().map(AsRef::as_ref).enumerate() {
            if content.is_empty() {
                return Err(JournalError::ContentEmpty { index });
            }
            let stored_bytes = content.len().saturating_add(self.options.seal.overhead());
            if RECORD_BYTES_MAX < stored_bytes {
                return Err(JournalError::ContentTooLong { index, bytes: content.len() });
            }
            group_bytes += FRAME_BYTES + stored_bytes;
            if GROUP_BYTES_MAX < group_bytes {
                return Err(JournalError::GroupTooLong);
            }
        }
        let group_bytes = u64::try_from(group_bytes).map_err(|_| JournalError::GroupTooLong)?;
        // A group has fewer records than bytes, so no sequence can overflow below.
        self.head.sequence.checked_add(group_bytes).ok_or(JournalError::GroupTooLong)?;
        Ok(group_bytes)
    }

    /// Goes on in a new segment. The one before it is on stable storage, since every append is.
    fn rotate(&mut self) -> Result<(), JournalError> {
        let header = Header {
            first: self.head.sequence + 1,
            before: self.newest.first(),
            previous: self.head.digest,
            is_sealed: self.options.seal.is_on(),
        };
        match create(&self.directory, header) {
            Ok(file) => {
                self.trim();
                self.newest = Newest::of(header, file, HEADER_BYTES);
                Ok(())
            }
            Err(NotCreated::Undone(error)) => Err(JournalError::undone(error)),
            Err(NotCreated::Left(source)) => {
                let file = path_of(&self.directory, header.first);
                self.leftover = Some(Leftover::Segment(file.clone()));
                Err(JournalError::Segment { file, source })
            }
            Err(NotCreated::Unsynced(source)) => {
                let file = path_of(&self.directory, header.first);
                Err(self.poison(JournalError::Segment { file, source }))
            }
        }
    }

    /// Makes the newest segment, which has no records, one that is sealed, or one that is not.
    fn begin_again(&mut self, is_sealed: bool) -> Result<(), JournalError> {
        let header = Header { is_sealed, ..self.newest.header };
        if let Err(source) = begin_again(&self.newest.file, header) {
            let file = path_of(&self.directory, header.first);
            return Err(self.poison(JournalError::Segment { file, source }));
        }
        self.newest.header = header;
        Ok(())
    }

    /// Puts the group together in memory.
    fn fill<C: AsRef<[u8]>>(&mut self, contents: &[C]) -> Result<Vec<Appended>, JournalError> {
        self.group.clear();
        let mut appended = Vec::with_capacity(contents.len());
        let Head { mut sequence, mut digest } = self.head;
        let first = sequence + 1;
        let mut offset = self.newest.end;
        for content in contents.iter().map(AsRef::as_ref) {
            sequence += 1;
            let seal = &self.options.seal;
            let length = u32::try_from(FRAME_BYTES + content.len() + seal.overhead())
                .map_err(|_| JournalError::GroupTooLong)?;
            digest = put(&mut self.group, (sequence, first), &digest, content, seal)
                .map_err(JournalError::Seal)?;
            let position = Position { segment: self.newest.first(), offset, length };
            appended.push(Appended { sequence, digest, position });
            offset += u64::from(length);
        }
        Ok(appended)
    }

    /// Writes the group behind the last record; if that fails, cuts off what was written of it.
    fn write(&mut self) -> Result<(), JournalError> {
        let Newest { file, end, .. } = &self.newest;
        let Err(error) = file.write_all_at(&self.group, *end) else { return Ok(()) };
        self.leftover = Some(Leftover::Tail);
        match self.undo() {
            Ok(()) => Err(JournalError::undone(error)),
            Err(_) => Err(JournalError::NotCutOff(error)),
        }
    }

    /// Writes zeros behind the group that ends there, unless some stand there still. They are the end of a segment as nothing is, so
    /// that it does not matter how many of them come to be there.
    fn prepare(&mut self, end: u64) {
        const ZEROS: &[u8; PREPARED_BYTES] = &[0; PREPARED_BYTES];
        let Newest { file, prepared, .. } = &mut self.newest;
        if end <= *prepared {
            return;
        }
        let room = self.options.segment_bytes_max.saturating_sub(end);
        let room = usize::try_from(room).unwrap_or(PREPARED_BYTES).min(PREPARED_BYTES);
        let (zeros, _) = ZEROS.split_at(room);
        if file.write_all_at(zeros, end).is_ok() {
            *prepared = end + u64::try_from(room).unwrap_or(0);
        }
    }

    /// Takes away the zeros behind the last record, if that is possible.
    fn trim(&mut self) {
        let Newest { file, end, prepared, .. } = &mut self.newest;
        if *end < *prepared && file.set_len(*end).is_ok() {
            *prepared = *end;
        }
    }

    /// Closes the journal to writing.
    fn poison(&mut self, error: JournalError) -> JournalError {
        self.is_poisoned = true;
        error
    }
}

impl Drop for Journal {
    fn drop(&mut self) {
        // What a failed write left, or a failed sync, is for the next opening to look at.
        if !self.is_poisoned && self.leftover.is_none() {
            self.trim();
        }
    }
}

/// Shortens a segment, on stable storage.
fn cut(file: &File, end: u64) -> io::Result<()> {
    file.set_len(end)?;
    file.sync_all()
}
