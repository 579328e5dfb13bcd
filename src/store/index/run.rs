//! A run: the index of entries that follow each other, in a file that never changes once it is there.
//!
//! Its parts, each with checksums: a header; the rows, in blocks; the postings in order, in blocks; a trailer with what is kept in
//! memory (the blocks' checksums, each posting block's first posting, the filter); a footer that says where the trailer is. A block
//! is checked whenever it is read.

use crate::store::index::error::IndexError;
use crate::store::index::filter::Filter;
use crate::store::index::layout::FOOTER_BYTES;
use crate::store::index::layout::Fence;
use crate::store::index::layout::HEADER_BYTES;
use crate::store::index::layout::MAGIC;
use crate::store::index::layout::POSTINGS_PER_BLOCK;
use crate::store::index::layout::ROWS_PER_BLOCK;
use crate::store::index::layout::Sizes;
use crate::store::index::layout::Trailer;
use crate::store::index::layout::VERSION;
use crate::store::index::layout::number;
use crate::store::index::layout::summed;
use crate::store::index::layout::take;
use crate::store::index::posting::Key;
use crate::store::index::posting::POSTING_BYTES;
use crate::store::index::posting::Posting;
use crate::store::index::posting::ROW_BYTES;
use crate::store::index::posting::Row;
use crate::store::index::posting::read_posting;
use crate::store::journal::Head;
use crate::store::journal::digest::Digest;

use std::fs::File;
use std::os::unix::fs::FileExt;
use std::path::Path;
use std::path::PathBuf;

/// A run that is open.
#[derive(Debug)]
pub(in crate::store) struct Run {
    path: PathBuf,
    file: File,
    first: u64,
    head: Head,
    postings: u64,
    row_sums: Vec<u32>,
    fences: Vec<Fence>,
    filter: Filter,
}

impl Run {
    /// Opens a run that was made with a secret of this fingerprint.
    pub(super) fn open(path: &Path, fingerprint: u64) -> Result<Run, IndexError> {
        let damaged = |what| IndexError::damaged(path, what);
        let file = File::open(path).map_err(IndexError::io(path, "opened"))?;
        let length = file.metadata().map_err(IndexError::io(path, "read"))?.len();
        let at = |bytes: &mut [u8], offset| {
            file.read_exact_at(bytes, offset).map_err(IndexError::io(path, "read"))
        };
        let fixed = HEADER_BYTES + FOOTER_BYTES;
        if length < number(fixed) {
            return Err(damaged("it is cut short"));
        }
        let mut header = [0; HEADER_BYTES];
        at(&mut header, 0)?;
        let mut header = summed(&header).ok_or_else(|| damaged("its header"))?;
        let of_this_layout = take::<8>(&mut header) == Some(MAGIC)
            && take(&mut header).map(u64::from_le_bytes) == Some(VERSION);
        if !of_this_layout {
            return Err(damaged("it is of another layout"));
        }
        if take(&mut header).map(u64::from_le_bytes) != Some(fingerprint) {
            return Err(damaged("it was made with another secret"));
        }
        let [first, last] =
            [take(&mut header), take(&mut header)].map(|bytes| bytes.map_or(0, u64::from_le_bytes));
        let digest = Digest::from_bytes(take(&mut header).unwrap_or_default());
        let mut footer = [0; FOOTER_BYTES];
        at(&mut footer, length - number(FOOTER_BYTES))?;
        let mut footer = summed(&footer).ok_or_else(|| damaged("its footer"))?;
        let [postings, trailer_bytes] =
            [take(&mut footer), take(&mut footer)].map(|bytes| bytes.map_or(0, u64::from_le_bytes));
        let trailer_sum = take(&mut footer).map_or(0, u32::from_le_bytes);
        let rows = last.checked_sub(first).map(|between| between.saturating_add(1));
        let rows = rows.filter(|_| 0 < first).ok_or_else(|| damaged("its header"))?;
        let expected = Sizes::of(rows, postings).ok_or_else(|| damaged("its length"))?;
        if expected
            .trailer
            .checked_add(trailer_bytes)
            .and_then(|end| end.checked_add(number(FOOTER_BYTES)))
            != Some(length)
        {
            return Err(damaged("its length"));
        }
        let trailer_length = usize::try_from(trailer_bytes).map_err(|_| damaged("its length"))?;
        let mut trailer = vec![0; trailer_length];
        at(&mut trailer, expected.trailer)?;
        if crc32fast::hash(&trailer) != trailer_sum {
            return Err(damaged("its trailer"));
        }
        let parts = Trailer::read(&trailer, expected).ok_or_else(|| damaged("its trailer"))?;
        let Trailer { row_sums, fences, filter } = parts;
        let head = Head { sequence: last, digest };
        let path = path.to_owned();
        Ok(Run { path, file, first, head, postings, row_sums, fences, filter })
    }

    /// The last entry.
    pub(super) fn head(&self) -> Head {
        self.head
    }

    /// The first entry's number.
    pub(super) fn first(&self) -> u64 {
        self.first
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// How many postings it has.
    pub(super) fn postings(&self) -> u64 {
        self.postings
    }

    /// Reads all blocks, each of which is checked.
    pub(super) fn check(&self) -> Result<(), IndexError> {
        for block in 0..self.row_sums.len() {
            self.row_block(block)?;
        }
        let mut scan = self.scan();
        while scan.next()?.is_some() {}
        Ok(())
    }

    /// The row of an entry, if the run has it.
    pub(super) fn row(&self, sequence: u64) -> Result<Option<Row>, IndexError> {
        if sequence < self.first || self.head.sequence < sequence {
            return Ok(None);
        }
        let place = usize::try_from(sequence - self.first).unwrap_or(usize::MAX);
        let block = self.row_block(place / ROWS_PER_BLOCK)?;
        let row = block.get(place % ROWS_PER_BLOCK * ROW_BYTES..).and_then(Row::read);
        row.map(Some).ok_or_else(|| self.damaged("a row"))
    }

    /// The latest posting under a key.
    pub(super) fn latest(&self, key: Key) -> Result<Option<Posting>, IndexError> {
        if !self.filter.may_have(key) {
            return Ok(None);
        }
        // The last block that begins with the key or before it has the last posting of the key, if there is one.
        let Some(block) = self.fences.partition_point(|fence| fence.key <= key).checked_sub(1)
        else {
            return Ok(None);
        };
        let bytes = self.posting_block(block)?;
        let (postings, _) = bytes.as_chunks::<POSTING_BYTES>();
        let wanted = key.bytes();
        let behind = postings.partition_point(|posting| posting[..wanted.len()] <= wanted[..]);
        let last = behind.checked_sub(1).and_then(|last| read_posting(&postings[last]));
        Ok(last.filter(|(one, _)| *one == key).map(|(_, posting)| posting))
    }

    /// Adds the postings under a key behind a number, oldest first, until there are so many.
    pub(super) fn add_after(
        &self,
        key: Key,
        after: u64,
        most: usize,
        found: &mut Vec<Posting>,
    ) -> Result<(), IndexError> {
        if !self.filter.may_have(key) || self.head.sequence <= after {
            return Ok(());
        }
        let before = self.fences.partition_point(|fence| (fence.key, fence.number) <= (key, after));
        let mut block = before.saturating_sub(1);
        while block < self.fences.len() && found.len() < most {
            let bytes = self.posting_block(block)?;
            for (one, posting) in postings_of(&bytes) {
                if key < one {
                    return Ok(());
                }
                if one == key && after < posting.number && found.len() < most {
                    found.push(posting);
                }
            }
            block += 1;
        }
        Ok(())
    }

    /// All postings in order.
    pub(super) fn scan(&self) -> Scan<'_> {
        Scan { run: self, bytes: Vec::new(), at: 0, block: 0 }
    }

    /// All rows' bytes, block by block.
    pub(super) fn row_blocks(&self) -> impl Iterator<Item = Result<Vec<u8>, IndexError>> {
        (0..self.row_sums.len()).map(|block| self.row_block(block))
    }

    fn rows(&self) -> usize {
        usize::try_from(self.head.sequence - self.first + 1).unwrap_or(usize::MAX)
    }

    fn row_block(&self, block: usize) -> Result<Vec<u8>, IndexError> {
        let rows = self.rows().saturating_sub(block * ROWS_PER_BLOCK).min(ROWS_PER_BLOCK);
        let offset = HEADER_BYTES + block * ROWS_PER_BLOCK * ROW_BYTES;
        let sum = self.row_sums.get(block).copied();
        self.block(number(offset), rows * ROW_BYTES, sum.ok_or_else(|| self.damaged("a row"))?)
    }

    fn posting_block(&self, block: usize) -> Result<Vec<u8>, IndexError> {
        let before = block * POSTINGS_PER_BLOCK;
        let postings = usize::try_from(self.postings).unwrap_or(usize::MAX);
        let postings = postings.saturating_sub(before).min(POSTINGS_PER_BLOCK);
        let offset = HEADER_BYTES + self.rows() * ROW_BYTES + before * POSTING_BYTES;
        let sum = self.fences.get(block).map(|fence| fence.sum);
        let sum = sum.ok_or_else(|| self.damaged("a posting"))?;
        self.block(number(offset), postings * POSTING_BYTES, sum)
    }

    fn block(&self, offset: u64, length: usize, sum: u32) -> Result<Vec<u8>, IndexError> {
        let mut bytes = vec![0; length];
        self.file.read_exact_at(&mut bytes, offset).map_err(IndexError::io(&self.path, "read"))?;
        if crc32fast::hash(&bytes) == sum { Ok(bytes) } else { Err(self.damaged("a block")) }
    }

    fn damaged(&self, what: &'static str) -> IndexError {
        IndexError::damaged(&self.path, what)
    }
}

/// A reading of all postings of a run in order.
pub(super) struct Scan<'r> {
    run: &'r Run,
    bytes: Vec<u8>,
    at: usize,
    block: usize,
}

impl Scan<'_> {
    pub(super) fn next(&mut self) -> Result<Option<(Key, Posting)>, IndexError> {
        if self.at == self.bytes.len() {
            if self.block == self.run.fences.len() {
                return Ok(None);
            }
            self.bytes = self.run.posting_block(self.block)?;
            self.block += 1;
            self.at = 0;
        }
        let posting = self.bytes.get(self.at..).and_then(read_posting);
        self.at += POSTING_BYTES;
        posting.map(Some).ok_or_else(|| self.run.damaged("a posting"))
    }
}

fn postings_of(bytes: &[u8]) -> impl Iterator<Item = (Key, Posting)> {
    bytes.chunks(POSTING_BYTES).filter_map(read_posting)
}
