//! Reading a journal in order, with every check there is.

use crate::store::journal::Head;
use crate::store::journal::TornTail;
use crate::store::journal::error::Damage;
use crate::store::journal::error::JournalError;
use crate::store::journal::record::Position;
use crate::store::journal::record::Record;
use crate::store::journal::scan::Scan;
use crate::store::journal::scan::Step;
use crate::store::journal::scan::later_group_stands;
use crate::store::journal::segment::header_of;
use crate::store::journal::segment::list;
use crate::store::journal::segment::path_of;
use crate::store::seal::Seal;

use std::fs::File;
use std::iter::Peekable;
use std::path::Path;
use std::path::PathBuf;
use std::vec;

/// Walks records from a sequence on, checking length, checksum, sequence and digest chain (核验).
///
/// The walk begins with the segment that holds the sequence, and checks that segment from its first record.
/// It covers the segments there are when it begins, takes no lock, and may run beside a writer: a torn tail, or a
/// record that is just being written, ends it (`Walk::torn`). Anything else that does not fit is its last item.
pub fn walk(directory: &Path, seal: &Seal, from_sequence: u64) -> Result<Walk, JournalError> {
    let mut segments = list(directory)?;
    if segments.first().is_some_and(|first| *first != 1) {
        return Err(JournalError::damaged(directory, 0, Damage::FirstMissing));
    }
    let start = segments.partition_point(|first| *first <= from_sequence).saturating_sub(1);
    let before = start.checked_sub(1).and_then(|index| segments.get(index)).copied();
    Ok(Walk {
        directory: directory.to_owned(),
        seal: seal.clone(),
        segments: segments.split_off(start.min(segments.len())).into_iter().peekable(),
        from_sequence,
        before: before.unwrap_or(0),
        scan: None,
        head: None,
        torn: None,
        is_over: false,
    })
}

/// A walk through a journal; see `walk`.
pub struct Walk {
    directory: PathBuf,
    seal: Seal,
    segments: Peekable<vec::IntoIter<u64>>,
    from_sequence: u64,
    before: u64,
    scan: Option<Scan>,
    head: Option<Head>,
    torn: Option<TornTail>,
    is_over: bool,
}

impl Walk {
    /// The last record that fits so far; `None` before the first segment's end or first record.
    pub fn head(&self) -> Option<Head> {
        self.head
    }

    /// What stood behind the last whole record, once the walk is over.
    pub fn torn(&self) -> Option<&TornTail> {
        self.torn.as_ref()
    }

    fn advance(&mut self) -> Result<Option<(Record, Position)>, JournalError> {
        loop {
            let Some(scan) = self.scan.as_mut() else {
                match self.segments.next() {
                    Some(segment) => self.enter(segment)?,
                    None => return Ok(None),
                }
                continue;
            };
            let path = path_of(&self.directory, scan.segment());
            match scan.step().map_err(JournalError::io(&path, "read"))? {
                Step::Record(record, position) => {
                    self.head = Some(scan.head());
                    if self.from_sequence <= record.sequence {
                        return Ok(Some((record, position)));
                    }
                }
                Step::End => {
                    self.head = Some(scan.head());
                    self.before = scan.segment();
                    self.scan = None;
                }
                Step::Misfit(damage) => {
                    self.head = Some(scan.head());
                    self.misfit(damage)?;
                }
            }
        }
    }

    /// Opens the next segment, unless it is a newest one that was only partly created.
    fn enter(&mut self, segment: u64) -> Result<(), JournalError> {
        let path = path_of(&self.directory, segment);
        let io = || JournalError::io(&path, "read");
        let file = File::open(&path).map_err(io())?;
        let mut header = header_of(&file, segment, self.before).map_err(io())?;
        if header.is_err_and(Damage::may_be_torn) && self.segments.peek().is_none() {
            if !later_group_stands(&file, 0, segment.saturating_sub(1)).map_err(io())? {
                let bytes = file.metadata().map_err(io())?.len();
                self.torn = Some(TornTail { segment, offset: 0, bytes });
                return self.follows(&path, segment.saturating_sub(1));
            }
            // A writer may have finished the header and a record since it was read. If so, it fits now.
            header = header_of(&file, segment, self.before).map_err(io())?;
        }
        let header = header.map_err(|damage| JournalError::damaged(&path, 0, damage))?;
        let scan = Scan::begin(file, header, &self.seal).map_err(io())?;
        self.follows(&path, scan.head().sequence)?;
        if self.head.is_some_and(|head| head != scan.head()) {
            return Err(JournalError::damaged(&path, 0, Damage::HeaderDigest));
        }
        self.scan = Some(scan);
        Ok(())
    }

    /// Checks that the segment that ended last, if any, ended with this sequence.
    fn follows(&self, path: &Path, sequence: u64) -> Result<(), JournalError> {
        match self.head {
            Some(head) if head.sequence != sequence => {
                let damage = Damage::HeaderChain { before: head.sequence };
                Err(JournalError::damaged(path, 0, damage))
            }
            Some(_) | None => Ok(()),
        }
    }

    /// Ends the walk at a torn tail, or names the damage.
    fn misfit(&mut self, damage: Damage) -> Result<(), JournalError> {
        let Some(mut scan) = self.scan.take() else { return Ok(()) };
        let path = path_of(&self.directory, scan.segment());
        let io = || JournalError::io(&path, "read");
        let damaged = JournalError::damaged(&path, scan.offset(), damage);
        if self.segments.peek().is_some() || !damage.may_be_torn() {
            return Err(damaged);
        }
        if !scan.later_group_stands_behind().map_err(io())? {
            let offset = scan.offset();
            let length = scan.file().metadata().map_err(io())?.len();
            let bytes = length.saturating_sub(offset);
            self.torn = Some(TornTail { segment: scan.segment(), offset, bytes });
            return Ok(());
        }
        // A writer may have finished this record and another one since it was read. If so, it fits now.
        if !scan.fits_now().map_err(io())? {
            return Err(damaged);
        }
        self.scan = Some(scan);
        Ok(())
    }
}

impl Iterator for Walk {
    type Item = Result<(Record, Position), JournalError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.is_over {
            return None;
        }
        let item = self.advance().transpose();
        self.is_over = !matches!(item, Some(Ok(_)));
        item
    }
}
