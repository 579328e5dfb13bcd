//! What can go wrong with the journal, and whether a group that failed may simply be tried again.

use crate::store::seal::KeyName;

use std::io;
use std::path::Path;
use std::path::PathBuf;

/// What keeps the journal from answering (日志故障). For the operator.
#[derive(Debug, thiserror::Error)]
pub enum JournalError {
    /// The files say something that no crash explains (日志损坏). Nothing was changed on disk.
    #[error("journal damaged: `{}` at byte `{offset}`: {damage}", file.display())]
    Damaged {
        /// The segment, or the directory if no segment can be named.
        file: PathBuf,
        /// Where in the file. Unit: bytes.
        offset: u64,
        /// What does not fit.
        damage: Damage,
    },
    /// The store is sealed, and its key was not given (缺少密钥). Nothing was changed on disk.
    #[error(
        "`{}` is sealed{}, which was not given: name the key file of this store as `store.key_file`",
        file.display(),
        name.map_or_else(|| " with a key".to_owned(), |name| format!(" with key `{name}`"))
    )]
    NoKey {
        /// The segment.
        file: PathBuf,
        /// The key, where a record names it.
        name: Option<KeyName>,
    },
    /// A content could not be sealed. The journal goes on.
    #[error("the group could not be sealed")]
    Seal(#[source] io::Error),
    /// Another process, or another `Journal` of this one, has the journal open.
    #[error("the journal is in use: `{}` is locked", file.display())]
    Locked {
        /// The lock file.
        file: PathBuf,
    },
    /// A content is empty; a record has at least one byte, because a length of 0 ends a segment.
    #[error("content `{index}` of the group is empty")]
    ContentEmpty {
        /// Which content of the group, from 0.
        index: usize,
    },
    /// A content is longer than a record may be.
    #[error("content `{index}` of the group has `{bytes}` bytes, more than a record holds")]
    ContentTooLong {
        /// Which content of the group, from 0.
        index: usize,
        /// Its length. Unit: bytes.
        bytes: usize,
    },
    /// The contents together are more than one write may be.
    #[error("the group is more than one write may hold")]
    GroupTooLong,
    /// The disk is full or the quota used up (磁盘已满). What was written of the group was cut off; the journal goes on.
    #[error("no space for the group")]
    NoSpace(#[source] io::Error),
    /// The write failed. What was written of the group was cut off; the journal goes on.
    #[error("the group could not be written")]
    Write(#[source] io::Error),
    /// The write failed, and what was written of the group could not be cut off yet. It is tried again before anything is
    /// written.
    #[error("the group could not be written, nor its beginning cut off")]
    NotCutOff(#[source] io::Error),
    /// A new segment could not be made before the group was written. If it was a sync that failed, the journal is closed to
    /// writing.
    #[error("the new segment `{}` could not be made", file.display())]
    Segment {
        /// The segment.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// Whether what was written, or cut off, is so on stable storage is unknown. The journal is closed to writing.
    #[error("the journal could not be synced")]
    Sync(#[source] io::Error),
    /// An earlier failure closed the journal to writing; it must be opened again.
    #[error("the journal is closed to writing after an earlier failure")]
    Poisoned,
    /// A file could not be opened, read, or made ready.
    #[error("`{}` could not be {done}", file.display())]
    Io {
        /// The file or directory.
        file: PathBuf,
        /// What was to be done with it: `read`, `synced`.
        done: &'static str,
        /// What the system said.
        source: io::Error,
    },
}

impl JournalError {
    /// Whether no record of the group that failed can ever be read, so that the caller may simply try again.
    pub fn certainly_not_written(&self) -> bool {
        match self {
            JournalError::NotCutOff(_) | JournalError::Sync(_) => false,
            JournalError::Damaged { .. }
            | JournalError::NoKey { .. }
            | JournalError::Seal(_)
            | JournalError::Locked { .. }
            | JournalError::ContentEmpty { .. }
            | JournalError::ContentTooLong { .. }
            | JournalError::GroupTooLong
            | JournalError::NoSpace(_)
            | JournalError::Write(_)
            | JournalError::Segment { .. }
            | JournalError::Poisoned
            | JournalError::Io { .. } => true,
        }
    }

    /// Names the place of a damage.
    pub(in crate::store) fn damaged(file: &Path, offset: u64, damage: Damage) -> JournalError {
        let file = file.to_owned();
        if let Damage::NoKey { name } = damage {
            return JournalError::NoKey { file, name: Some(name) };
        }
        JournalError::Damaged { file, offset, damage }
    }

    /// Names the file of a system error, for use with `map_err`.
    pub(super) fn io(file: &Path, done: &'static str) -> impl FnOnce(io::Error) -> JournalError {
        move |source| JournalError::Io { file: file.to_owned(), done, source }
    }

    /// A failed write that was undone.
    pub(super) fn undone(source: io::Error) -> JournalError {
        // `ErrorKind` is open to new kinds, so this cannot be a `match` without a wildcard.
        let full =
            [io::ErrorKind::StorageFull, io::ErrorKind::QuotaExceeded, io::ErrorKind::FileTooLarge];
        if full.contains(&source.kind()) {
            JournalError::NoSpace(source)
        } else {
            JournalError::Write(source)
        }
    }
}

/// What does not fit in a journal (损坏原因).
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Damage {
    /// A file that ends like a segment has another name than a segment.
    #[error("not the name of a segment")]
    Name,
    /// The first segment there is does not begin with sequence 1.
    #[error("the segments before it are missing")]
    FirstMissing,
    /// The header's length, magic or checksum is wrong.
    #[error("the header is not whole")]
    Header,
    /// The header is whole, but of a format that this program does not know.
    #[error("format version `{found}` is not known")]
    Version {
        /// The version found.
        found: u32,
    },
    /// The header begins with another sequence than the file's name says.
    #[error("the header says first sequence `{found}`")]
    HeaderSequence {
        /// The sequence found.
        found: u64,
    },
    /// The header names another segment before it than the one there is.
    #[error("segment `{expected}`, which stood before it, is missing or not the last before it")]
    SegmentMissing {
        /// The first sequence of the segment that the header names; 0 for none.
        expected: u64,
    },
    /// The segment does not go on where the one before it ends.
    #[error("does not go on from sequence `{before}`, with which the segment before it ends")]
    HeaderChain {
        /// The last sequence before.
        before: u64,
    },
    /// The segment names another digest than the one with which the segment before it ends.
    #[error("does not follow from the digest with which the segment before it ends")]
    HeaderDigest,
    /// The file ends within a record.
    #[error("the record is cut short")]
    Short,
    /// The length is more than a record may have.
    #[error("a record cannot have `{found}` bytes")]
    Length {
        /// The length found. Unit: bytes.
        found: u32,
    },
    /// The checksum is not that of the bytes.
    #[error("the checksum does not fit the record")]
    Checksum,
    /// The content is sealed with a key that was not given.
    #[error("sealed with key `{name}`, which was not given")]
    NoKey {
        /// The key.
        name: KeyName,
    },
    /// The content is not what was sealed here.
    #[error("the content is not what was sealed here")]
    Unsealed,
    /// Bytes stand behind the end of the records.
    #[error("bytes other than zero stand behind the end")]
    NotZero,
    /// The record is whole, but not the next.
    #[error("the record has sequence `{found}`, expected `{expected}`")]
    Sequence {
        /// The sequence found.
        found: u64,
        /// The sequence expected.
        expected: u64,
    },
    /// The record is whole, but its group can begin neither with it nor where the group before it began.
    #[error("the record says that its group begins with sequence `{found}`")]
    Group {
        /// The first sequence of the group as found.
        found: u64,
    },
    /// The record is whole, but names another digest before it.
    #[error("the record does not follow from the digest before it")]
    Previous,
    /// The journal ends before a record that is known to have been acknowledged.
    #[error("the journal ends with sequence `{last}`, but `{acknowledged}` was acknowledged")]
    Acknowledged {
        /// The last whole record.
        last: u64,
        /// The record that must be there.
        acknowledged: u64,
    },
    /// No record can stand where one was asked for.
    #[error("not the position of a record")]
    Position,
}

impl Damage {
    /// Whether a write that did not finish can leave this at the end of the last segment.
    pub(super) fn may_be_torn(self) -> bool {
        match self {
            Damage::Header
            | Damage::Short
            | Damage::Length { .. }
            | Damage::Checksum
            | Damage::NotZero => true,
            Damage::Name
            | Damage::FirstMissing
            | Damage::Version { .. }
            | Damage::HeaderSequence { .. }
            | Damage::SegmentMissing { .. }
            | Damage::HeaderChain { .. }
            | Damage::HeaderDigest
            | Damage::Sequence { .. }
            | Damage::Group { .. }
            | Damage::Previous
            | Damage::NoKey { .. }
            | Damage::Unsealed
            | Damage::Acknowledged { .. }
            | Damage::Position => false,
        }
    }
}
