//! One segment file: its name, its header, how it is made, and which there are.

use crate::store::journal::digest::Digest;
use crate::store::journal::error::Damage;
use crate::store::journal::error::JournalError;
use crate::store::journal::record::take;

use std::fs;
use std::fs::File;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::path::PathBuf;

/// The header of a segment. Unit: bytes.
pub(super) const HEADER_BYTES: u64 = 64;

const MAGIC: [u8; 8] = *b"1STOPJNL";
/// Of a segment whose contents are as they were appended, and of one whose contents are sealed.
const PLAIN_VERSION: u32 = 1;
const SEALED_VERSION: u32 = 2;
const NAME_DIGITS: usize = 20;
const NAME_ENDING: &str = ".journal";

/// What a segment says of itself.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Header {
    /// The sequence of its first record.
    pub(super) first: u64,
    /// The first sequence of the segment before it; 0 for none.
    pub(super) before: u64,
    /// The digest before its first record.
    pub(super) previous: Digest,
    /// Whether its contents are sealed.
    pub(super) is_sealed: bool,
}

impl Header {
    /// The header of the first segment of a journal.
    pub(super) const GENESIS: Header =
        Header { first: 1, before: 0, previous: Digest::GENESIS, is_sealed: false };

    /// The header's bytes.
    pub(super) fn to_bytes(self) -> Vec<u8> {
        let mut bytes = MAGIC.to_vec();
        let version = if self.is_sealed { SEALED_VERSION } else { PLAIN_VERSION };
        bytes.extend_from_slice(&version.to_le_bytes());
        bytes.extend_from_slice(&self.first.to_le_bytes());
        bytes.extend_from_slice(&self.before.to_le_bytes());
        bytes.extend_from_slice(self.previous.as_bytes());
        bytes.extend_from_slice(&crc32fast::hash(&bytes).to_le_bytes());
        bytes
    }

    /// Reads a header; whether it fits the file's name and the segment before is not asked here.
    pub(super) fn from_bytes(bytes: &[u8; 64]) -> Result<Header, Damage> {
        Header::whole(bytes).ok_or(Damage::Header)?
    }

    fn whole(bytes: &[u8; 64]) -> Option<Result<Header, Damage>> {
        let (summed, checksum) = bytes.split_last_chunk::<4>()?;
        let mut rest = summed;
        let is_whole = crc32fast::hash(summed) == u32::from_le_bytes(*checksum)
            && take::<8>(&mut rest)? == MAGIC;
        if !is_whole {
            return None;
        }
        let version = u32::from_le_bytes(take(&mut rest)?);
        let is_sealed = match version {
            PLAIN_VERSION => false,
            SEALED_VERSION => true,
            found => return Some(Err(Damage::Version { found })),
        };
        Some(Ok(Header {
            is_sealed,
            first: u64::from_le_bytes(take(&mut rest)?),
            before: u64::from_le_bytes(take(&mut rest)?),
            previous: Digest::from_bytes(take(&mut rest)?),
        }))
    }
}

/// The path of the segment with this first sequence.
pub(super) fn path_of(directory: &Path, first: u64) -> PathBuf {
    directory.join(format!("{first:0NAME_DIGITS$}{NAME_ENDING}"))
}

/// The first sequences of all segments, ascending. Files of other endings are not looked at.
pub(super) fn list(directory: &Path) -> Result<Vec<u64>, JournalError> {
    let mut segments = Vec::new();
    for entry in fs::read_dir(directory).map_err(JournalError::io(directory, "listed"))? {
        let path = entry.map_err(JournalError::io(directory, "listed"))?.path();
        let name = path.file_name().unwrap_or_default().to_string_lossy();
        let Some(digits) = name.strip_suffix(NAME_ENDING) else { continue };
        let is_number =
            digits.len() == NAME_DIGITS && digits.bytes().all(|byte| byte.is_ascii_digit());
        match digits.parse() {
            Ok(first) if is_number && first != 0 => segments.push(first),
            Ok(_) | Err(_) => return Err(JournalError::damaged(&path, 0, Damage::Name)),
        }
    }
    segments.sort_unstable();
    Ok(segments)
}

/// Reads a segment's header and asks whether it fits its name and the segment before it (0 for none).
pub(super) fn header_of(
    file: &File,
    first: u64,
    before: u64,
) -> io::Result<Result<Header, Damage>> {
    let mut bytes = [0; 64];
    if let Err(error) = file.read_exact_at(&mut bytes, 0) {
        let is_short = error.kind() == io::ErrorKind::UnexpectedEof;
        return if is_short { Ok(Err(Damage::Header)) } else { Err(error) };
    }
    Ok(Header::from_bytes(&bytes).and_then(|header| {
        let is_genesis = Header { is_sealed: false, ..header } == Header::GENESIS;
        if header.first != first {
            Err(Damage::HeaderSequence { found: header.first })
        } else if header.before != before {
            Err(Damage::SegmentMissing { expected: header.before })
        } else if (first == 1) != is_genesis {
            Err(Damage::HeaderDigest)
        } else {
            Ok(header)
        }
    }))
}

/// Why there is no new segment.
pub(super) enum NotCreated {
    /// Nothing of it is left, also after a power cut.
    Undone(io::Error),
    /// Its file could be neither finished nor removed.
    Left(io::Error),
    /// A sync failed, so that it may be there, whole or in part.
    Unsynced(io::Error),
}

/// Makes a segment without records and returns it once file and name are on stable storage.
pub(super) fn create(directory: &Path, header: Header) -> Result<File, NotCreated> {
    let path = path_of(directory, header.first);
    // Opened first: what is not there yet needs not be undone.
    let names = File::open(directory).map_err(NotCreated::Undone)?;
    let file = File::options()
        .read(true)
        .write(true)
        .create_new(true)
        .open(&path)
        .map_err(NotCreated::Undone)?;
    if let Err(error) = file.write_all_at(&header.to_bytes(), 0) {
        return Err(match remove(&path) {
            Ok(()) => match names.sync_all() {
                Ok(()) => NotCreated::Undone(error),
                Err(error) => NotCreated::Unsynced(error),
            },
            Err(_) => NotCreated::Left(error),
        });
    }
    file.sync_all().and_then(|()| names.sync_all()).map_err(NotCreated::Unsynced)?;
    Ok(file)
}

/// Gives a segment without records another header, on stable storage. What a power cut leaves of it is a segment that was only partly
/// created.
pub(super) fn begin_again(file: &File, header: Header) -> io::Result<()> {
    file.write_all_at(&header.to_bytes(), 0)?;
    file.sync_all()
}

/// Removes a segment's file, if it is there. Until the directory is synced it could come back beside records that took its
/// sequence.
pub(super) fn remove(path: &Path) -> io::Result<()> {
    match fs::remove_file(path) {
        Err(error) if error.kind() != io::ErrorKind::NotFound => Err(error),
        Ok(()) | Err(_) => Ok(()),
    }
}
