//! Opening a journal: what is there, what a crash left behind, and what must not be touched.

use crate::store::durable::create_directory;
use crate::store::durable::sync_directory;
use crate::store::journal::Head;
use crate::store::journal::Journal;
use crate::store::journal::Newest;
use crate::store::journal::Opened;
use crate::store::journal::Options;
use crate::store::journal::TornTail;
use crate::store::journal::cut;
use crate::store::journal::error::Damage;
use crate::store::journal::error::JournalError;
use crate::store::journal::scan::Scan;
use crate::store::journal::scan::Step;
use crate::store::journal::scan::later_group_stands;
use crate::store::journal::scan::read_up_to_at;
use crate::store::journal::segment::HEADER_BYTES;
use crate::store::journal::segment::Header;
use crate::store::journal::segment::NotCreated;
use crate::store::journal::segment::create;
use crate::store::journal::segment::header_of;
use crate::store::journal::segment::list;
use crate::store::journal::segment::path_of;
use crate::store::seal::Seal;

use std::fs;
use std::fs::File;
use std::fs::TryLockError;
use std::io;
use std::os::unix::fs::FileExt;
use std::path::Path;

const LOCK_NAME: &str = "journal.lock";
const COPY_BYTES: usize = 1024 * 1024;

/// See `Journal::open`.
pub(super) fn open(
    directory: &Path,
    options: Options,
    acknowledged: u64,
) -> Result<(Journal, Opened), JournalError> {
    if 0 < acknowledged && !directory.exists() {
        let damage = Damage::Acknowledged { last: 0, acknowledged };
        return Err(JournalError::damaged(directory, 0, damage));
    }
    let lock = lock(directory)?;
    let mut segments = list(directory)?;
    // Everything is asked before anything is changed.
    let partly_created = partly_created(directory, &segments)?;
    if partly_created.is_some() {
        segments.pop();
    }
    let tail = match segments.split_last() {
        Some((newest, earlier)) => {
            let before = check_headers(directory, &options.seal, earlier)?;
            Some(read_tail(directory, &options.seal, (*newest, before), acknowledged)?)
        }
        None => None,
    };
    let head = tail.as_ref().map_or(Head::EMPTY, |tail| tail.head);
    check_end(directory, head, acknowledged, &tail, &partly_created)?;

    let mut rewritten_bytes = 0;
    if let Some(torn) = &partly_created {
        let path = path_of(directory, torn.segment);
        fs::remove_file(&path).map_err(JournalError::io(&path, "removed"))?;
    }
    let newest = match &tail {
        Some(tail) => {
            let path = path_of(directory, tail.header.first);
            let (file, bytes) = settle(&path, tail).map_err(JournalError::io(&path, "synced"))?;
            rewritten_bytes = bytes;
            Newest::of(tail.header, file, tail.end)
        }
        None => begin(directory, options.seal.is_on())?,
    };
    sync_directory(directory).map_err(JournalError::io(directory, "synced"))?;

    let opened = Opened {
        cut: partly_created.or(tail.and_then(|tail| tail.torn)),
        records: head.sequence,
        segments: segments.len().max(1),
        rewritten_bytes,
    };
    let journal = Journal {
        directory: directory.to_owned(),
        options,
        newest,
        head,
        group: Vec::new(),
        leftover: None,
        is_poisoned: false,
        _lock: lock,
    };
    Ok((journal, opened))
}

/// The newest segment, read to its end.
struct Tail {
    header: Header,
    head: Head,
    end: u64,
    torn: Option<TornTail>,
    // Behind here nobody has said that the bytes are on stable storage.
    unproven: u64,
}

/// Creates the directory if need be and keeps other writers out of it.
fn lock(directory: &Path) -> Result<File, JournalError> {
    create_directory(directory).map_err(JournalError::io(directory, "created"))?;
    let path = directory.join(LOCK_NAME);
    let file = File::options()
        .write(true)
        .create(true)
        .truncate(false)
        .open(&path)
        .map_err(JournalError::io(&path, "opened"))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(JournalError::Locked { file: path }),
        Err(TryLockError::Error(error)) => Err(JournalError::io(&path, "locked")(error)),
    }
}

/// The newest segment, if it has no whole header and no record: its creation was not finished.
fn partly_created(directory: &Path, segments: &[u64]) -> Result<Option<TornTail>, JournalError> {
    let Some((segment, earlier)) = segments.split_last() else { return Ok(None) };
    let path = path_of(directory, *segment);
    let io = || JournalError::io(&path, "read");
    let file = File::open(&path).map_err(io())?;
    let before = earlier.last().copied().unwrap_or(0);
    let Err(damage) = header_of(&file, *segment, before).map_err(io())? else { return Ok(None) };
    let is_torn = damage.may_be_torn()
        && !later_group_stands(&file, 0, segment.saturating_sub(1)).map_err(io())?;
    if !is_torn {
        return Err(JournalError::damaged(&path, 0, damage));
    }
    let bytes = file.metadata().map_err(io())?.len();
    Ok(Some(TornTail { segment: *segment, offset: 0, bytes }))
}

/// Checks that the headers of the segments before the newest name each other, and returns the last of them.
fn check_headers(directory: &Path, seal: &Seal, earlier: &[u64]) -> Result<u64, JournalError> {
    let mut before = 0;
    for segment in earlier {
        let path = path_of(directory, *segment);
        let io = || JournalError::io(&path, "read");
        let file = File::open(&path).map_err(io())?;
        let header = header_of(&file, *segment, before)
            .map_err(io())?
            .map_err(|damage| JournalError::damaged(&path, 0, damage))?;
        can_unseal(header, seal, &path)?;
        before = *segment;
    }
    Ok(before)
}

/// Refuses a sealed segment where no key is given: what is written next must not stand in the clear.
fn can_unseal(header: Header, seal: &Seal, path: &Path) -> Result<(), JournalError> {
    if header.is_sealed && !seal.is_on() {
        return Err(JournalError::NoKey { file: path.to_owned(), name: None });
    }
    Ok(())
}

/// Reads the newest segment to its last whole record; what follows is a torn tail or damage.
fn read_tail(
    directory: &Path,
    seal: &Seal,
    (segment, before): (u64, u64),
    acknowledged: u64,
) -> Result<Tail, JournalError> {
    let path = path_of(directory, segment);
    let io = || JournalError::io(&path, "read");
    let file = File::open(&path).map_err(io())?;
    let header = header_of(&file, segment, before)
        .map_err(io())?
        .map_err(|damage| JournalError::damaged(&path, 0, damage))?;
    can_unseal(header, seal, &path)?;
    let mut scan = Scan::begin(file, header, seal).map_err(io())?;
    let mut unproven = if segment <= acknowledged { HEADER_BYTES } else { 0 };
    let torn = loop {
        match scan.step().map_err(io())? {
            Step::Record(record, _) if record.sequence <= acknowledged => unproven = scan.offset(),
            Step::Record(..) => {}
            Step::End => break None,
            Step::Misfit(damage) => {
                let is_torn = damage.may_be_torn()
                    && acknowledged <= scan.head().sequence
                    && !scan.later_group_stands_behind().map_err(io())?;
                if !is_torn {
                    return Err(JournalError::damaged(&path, scan.offset(), damage));
                }
                let length = scan.file().metadata().map_err(io())?.len();
                let bytes = length.saturating_sub(scan.offset());
                break Some(TornTail { segment, offset: scan.offset(), bytes });
            }
        }
    };
    Ok(Tail { header, head: scan.head(), end: scan.offset(), torn, unproven })
}

/// Checks that the journal goes on to where it must.
fn check_end(
    directory: &Path,
    head: Head,
    acknowledged: u64,
    tail: &Option<Tail>,
    partly_created: &Option<TornTail>,
) -> Result<(), JournalError> {
    let (path, end) = match tail {
        Some(tail) => (path_of(directory, tail.header.first), tail.end),
        None => (directory.to_owned(), 0),
    };
    if let Some(created) = partly_created {
        let path = path_of(directory, created.segment);
        if created.segment != head.sequence.saturating_add(1) {
            let damage = Damage::HeaderChain { before: head.sequence };
            return Err(JournalError::damaged(&path, 0, damage));
        }
        // A segment is only begun when the one before it is whole and synced.
        if let Some(torn) = tail.as_ref().and_then(|tail| tail.torn.as_ref()) {
            let path = path_of(directory, torn.segment);
            return Err(JournalError::damaged(&path, torn.offset, Damage::NotZero));
        }
    }
    if head.sequence < acknowledged {
        let damage = Damage::Acknowledged { last: head.sequence, acknowledged };
        return Err(JournalError::damaged(&path, end, damage));
    }
    Ok(())
}

/// Cuts the torn tail off and brings the rest to stable storage; returns the file and how much was written again.
///
/// Writing the same bytes again looks idle. But a sync that failed may have left them in memory alone, marked as
/// written, and then no later sync would write them.
fn settle(path: &Path, tail: &Tail) -> io::Result<(File, u64)> {
    let file = File::options().read(true).write(true).open(path)?;
    if tail.torn.is_some() {
        cut(&file, tail.end)?;
    }
    let mut buffer = vec![0; COPY_BYTES];
    let mut at = tail.unproven;
    while at < tail.end {
        let read = read_up_to_at(&file, &mut buffer, at)?;
        let left = usize::try_from(tail.end - at).unwrap_or(usize::MAX);
        let (bytes, _) = buffer.split_at(read.min(left));
        if bytes.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        file.write_all_at(bytes, at)?;
        at += u64::try_from(bytes.len()).unwrap_or(u64::MAX);
    }
    file.sync_all()?;
    Ok((file, tail.end.saturating_sub(tail.unproven)))
}

/// Makes the first segment of a journal without any.
fn begin(directory: &Path, is_sealed: bool) -> Result<Newest, JournalError> {
    let header = Header { is_sealed, ..Header::GENESIS };
    match create(directory, header) {
        Ok(file) => Ok(Newest::of(header, file, HEADER_BYTES)),
        Err(
            NotCreated::Undone(source) | NotCreated::Left(source) | NotCreated::Unsynced(source),
        ) => {
            let file = path_of(directory, header.first);
            Err(JournalError::Segment { file, source })
        }
    }
}
