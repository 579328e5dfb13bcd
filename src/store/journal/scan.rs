//! Reading one segment from its first record to its end, and looking for later groups behind what does not fit.

use crate::store::journal::Head;
use crate::store::journal::error::Damage;
use crate::store::journal::record::FRAME_BYTES;
use crate::store::journal::record::Frame;
use crate::store::journal::record::Position;
use crate::store::journal::record::Record;
use crate::store::journal::segment::HEADER_BYTES;
use crate::store::journal::segment::Header;
use crate::store::seal::Seal;

use std::fs::File;
use std::io;
use std::io::BufReader;
use std::io::Read;
use std::io::Seek;
use std::io::SeekFrom;
use std::os::unix::fs::FileExt;

const READ_BYTES: usize = 256 * 1024;

/// Most bytes that a search reads a second time, because records seem to begin there. Unit: bytes.
const SEARCH_BYTES_MAX: u64 = 1024 * 1024 * 1024;

/// What a search counts for each such place besides its content: a read costs something, however short it is.
const SEARCH_BYTES_EACH: u64 = 4096;

/// What stands next in a segment.
pub(super) enum Step {
    /// A whole record that follows from the one before it.
    Record(Record, Position),
    /// The end; behind it are zeros at most.
    End,
    /// Something that does not fit; the scan stays before it.
    Misfit(Damage),
}

/// A reading of one segment.
pub(super) struct Scan {
    file: BufReader<File>,
    segment: u64,
    offset: u64,
    head: Head,
    // The first sequence of the last record's group. No group is split over segments.
    group: u64,
    // What its contents are sealed with, if they are.
    seal: Option<Seal>,
}

impl Scan {
    /// Begins at the first record of a segment with this header.
    pub(super) fn begin(mut file: File, header: Header, seal: &Seal) -> io::Result<Scan> {
        file.seek(SeekFrom::Start(HEADER_BYTES))?;
        let head = Head { sequence: header.first.saturating_sub(1), digest: header.previous };
        let file = BufReader::with_capacity(READ_BYTES, file);
        let Header { first, is_sealed, .. } = header;
        let seal = is_sealed.then(|| seal.clone());
        Ok(Scan { file, segment: first, offset: HEADER_BYTES, head, group: first, seal })
    }

    /// The last record read, or what the header says stands before the segment.
    pub(super) fn head(&self) -> Head {
        self.head
    }

    /// Where the next record begins. Unit: bytes.
    pub(super) fn offset(&self) -> u64 {
        self.offset
    }

    /// The first sequence of the segment.
    pub(super) fn segment(&self) -> u64 {
        self.segment
    }

    /// The file as it is read.
    pub(super) fn file(&self) -> &File {
        self.file.get_ref()
    }

    /// Reads the next record and goes behind it.
    pub(super) fn step(&mut self) -> io::Result<Step> {
        let mut bytes = [0; FRAME_BYTES];
        let read = read_up_to(&mut self.file, &mut bytes)?;
        let (bytes, _) = bytes.split_at(read);
        if bytes.iter().take(4).all(|byte| *byte == 0) {
            let is_end = bytes.iter().all(|byte| *byte == 0) && only_zeros(&mut self.file)?;
            return Ok(if is_end { Step::End } else { Step::Misfit(Damage::NotZero) });
        }
        let Some(frame) = Frame::read(bytes) else { return Ok(Step::Misfit(Damage::Short)) };
        let Some(content_bytes) = frame.content_bytes() else {
            return Ok(Step::Misfit(Damage::Length { found: frame.length }));
        };
        // The length is not yet proven, so memory is taken as bytes come.
        let mut content = Vec::with_capacity(content_bytes.min(READ_BYTES));
        self.file.by_ref().take(u64::from(frame.length)).read_to_end(&mut content)?;
        if content.len() < content_bytes {
            return Ok(Step::Misfit(Damage::Short));
        }
        let record = frame.with(content, self.seal.as_ref());
        Ok(match record.and_then(|record| self.follows(record, content_bytes)) {
            Ok((record, position)) => Step::Record(record, position),
            Err(damage) => Step::Misfit(damage),
        })
    }

    /// Takes a whole record if it is the next, and goes behind it.
    fn follows(
        &mut self,
        record: Record,
        content_bytes: usize,
    ) -> Result<(Record, Position), Damage> {
        let expected = self.head.sequence.saturating_add(1);
        if record.sequence != expected {
            return Err(Damage::Sequence { found: record.sequence, expected });
        }
        if record.group != record.sequence && record.group != self.group {
            return Err(Damage::Group { found: record.group });
        }
        if record.previous != self.head.digest {
            return Err(Damage::Previous);
        }
        let length = u32::try_from(FRAME_BYTES + content_bytes).map_err(|_| Damage::Position)?;
        let position = Position { segment: self.segment, offset: self.offset, length };
        self.offset += u64::from(length);
        self.head = Head { sequence: record.sequence, digest: record.digest };
        self.group = record.group;
        Ok((record, position))
    }

    /// Whether what did not fit does so when it is read again; stays before it.
    pub(super) fn fits_now(&mut self) -> io::Result<bool> {
        let (offset, head, group) = (self.offset, self.head, self.group);
        self.file.seek(SeekFrom::Start(offset))?;
        let fits = matches!(self.step()?, Step::Record(..));
        (self.offset, self.head, self.group) = (offset, head, group);
        self.file.seek(SeekFrom::Start(offset))?;
        Ok(fits)
    }

    /// Whether a record stands behind what does not fit that shows it to have been synced; see `later_group_stands`.
    ///
    /// Records of the group that the misfit belongs to show nothing: until a group is synced, any of its pages may
    /// reach the disk before any other.
    pub(super) fn later_group_stands_behind(&self) -> io::Result<bool> {
        let misfit = self.head.sequence.saturating_add(1);
        later_group_stands(self.file(), self.offset + 1, misfit)
    }
}

/// Whether a whole record stands at any byte of the file from the offset on whose group begins behind a sequence.
///
/// A group is only written when all before it is synced, so such a record proves that the sequence was.
pub(super) fn later_group_stands(file: &File, from: u64, sequence: u64) -> io::Result<bool> {
    later_group_stands_within(file, from, sequence, SEARCH_BYTES_MAX)
}

/// `later_group_stands`, and true as well where it cannot be told with so many bytes read a second time.
///
/// The work is bounded: every byte is looked at once, and the contents of places that look like a record up to the
/// limit. By chance there are next to none; but a content may be made so that a long record seems to begin at every
/// few bytes of it, and to check them all would take hours. Then nothing may be cut: true is the answer that keeps all.
pub(super) fn later_group_stands_within(
    file: &File,
    from: u64,
    sequence: u64,
    search_bytes_max: u64,
) -> io::Result<bool> {
    let end = file.metadata()?.len();
    // Records before it take room too. This lets through so few places by chance that the checksum is rarely computed.
    let highest = sequence.saturating_add(end.saturating_sub(from));
    let mut search_bytes = 0_u64;
    let mut window = vec![0; READ_BYTES];
    let mut at = from;
    while at < end {
        let read = read_up_to_at(file, &mut window, at)?;
        let (bytes, _) = window.split_at(read);
        for (place, frame_bytes) in (at..).zip(bytes.windows(FRAME_BYTES)) {
            let Some(frame) = Frame::read(frame_bytes) else { continue };
            let is_plausible = sequence < frame.group
                && frame.group <= frame.sequence
                && frame.sequence <= highest
                && frame.content_bytes().is_some()
                && place + u64::from(frame.length) < end;
            if !is_plausible {
                continue;
            }
            search_bytes += u64::from(frame.length) + SEARCH_BYTES_EACH;
            if search_bytes_max < search_bytes || is_whole(file, place, frame)? {
                return Ok(true);
            }
        }
        if read < FRAME_BYTES {
            break;
        }
        // A frame that only begins in this window is seen whole in the next.
        at += u64::try_from(read + 1 - FRAME_BYTES).unwrap_or(u64::MAX);
    }
    Ok(false)
}

/// Whether the content behind a frame is there and fits it.
fn is_whole(file: &File, place: u64, frame: Frame) -> io::Result<bool> {
    let Some(content_bytes) = frame.content_bytes() else { return Ok(false) };
    let mut content = vec![0; content_bytes];
    let frame_end = place + u64::try_from(FRAME_BYTES).unwrap_or(u64::MAX);
    let read = read_up_to_at(file, &mut content, frame_end)?;
    Ok(read == content_bytes && frame.fits(&content))
}

/// Reads until the buffer is full or the file ends.
fn read_up_to(file: &mut impl Read, buffer: &mut [u8]) -> io::Result<usize> {
    let mut read = 0;
    while let Some(rest) = buffer.get_mut(read..).filter(|rest| !rest.is_empty()) {
        match file.read(rest) {
            Ok(0) => break,
            Ok(bytes) => read += bytes,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(read)
}

/// Reads at an offset until the buffer is full or the file ends.
pub(super) fn read_up_to_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    struct At<'a>(&'a File, u64);
    impl Read for At<'_> {
        fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
            let bytes = self.0.read_at(buffer, self.1)?;
            self.1 += u64::try_from(bytes).unwrap_or(u64::MAX);
            Ok(bytes)
        }
    }
    read_up_to(&mut At(file, offset), buffer)
}

/// Whether only zeros stand in the rest of the file.
fn only_zeros(file: &mut impl Read) -> io::Result<bool> {
    let mut buffer = vec![0; READ_BYTES];
    loop {
        let read = read_up_to(file, &mut buffer)?;
        let (bytes, _) = buffer.split_at(read);
        if bytes.iter().any(|byte| *byte != 0) {
            return Ok(false);
        }
        if read < buffer.len() {
            return Ok(true);
        }
    }
}
