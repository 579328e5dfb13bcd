//! How a run's bytes are laid out (`docs/index.md`).

use crate::store::index::filter::Filter;
use crate::store::index::posting::Key;
use crate::store::index::posting::POSTING_BYTES;
use crate::store::index::posting::ROW_BYTES;

pub(super) const MAGIC: [u8; 8] = *b"1STOPRUN";
pub(super) const VERSION: u64 = 1;
/// Magic, version, secret's fingerprint, first and last number, digest, checksum. Unit: bytes.
pub(super) const HEADER_BYTES: usize = 8 + 8 + 8 + 8 + 8 + 32 + 4;
/// Number of postings, the trailer's length and checksum, and a checksum of these. Unit: bytes.
pub(super) const FOOTER_BYTES: usize = 8 + 8 + 4 + 4;
/// How many rows and how many postings a block has.
pub(super) const ROWS_PER_BLOCK: usize = 204;
pub(super) const POSTINGS_PER_BLOCK: usize = 128;
/// A posting block's first posting and its checksum. Unit: bytes.
const FENCE_BYTES: usize = 16 + 8 + 4;

/// Where a posting block begins, and what its bytes sum to.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fence {
    pub(super) key: Key,
    pub(super) number: u64,
    pub(super) sum: u32,
}

/// Where the parts of a run are. Unit: bytes.
#[derive(Clone, Copy)]
pub(super) struct Sizes {
    row_blocks: usize,
    posting_blocks: usize,
    /// Where the trailer begins.
    pub(super) trailer: u64,
}

impl Sizes {
    pub(super) fn of(rows: u64, postings: u64) -> Option<Sizes> {
        let row_bytes = rows.checked_mul(number(ROW_BYTES))?;
        let posting_bytes = postings.checked_mul(number(POSTING_BYTES))?;
        let trailer = number(HEADER_BYTES).checked_add(row_bytes)?.checked_add(posting_bytes)?;
        let row_blocks = usize::try_from(rows.div_ceil(number(ROWS_PER_BLOCK))).ok()?;
        let posting_blocks = usize::try_from(postings.div_ceil(number(POSTINGS_PER_BLOCK))).ok()?;
        Some(Sizes { row_blocks, posting_blocks, trailer })
    }
}

/// What of a run is kept in memory.
pub(super) struct Trailer {
    pub(super) row_sums: Vec<u32>,
    pub(super) fences: Vec<Fence>,
    pub(super) filter: Filter,
}

impl Trailer {
    pub(super) fn to_bytes(&self) -> Vec<u8> {
        let mut bytes = Vec::new();
        for sum in &self.row_sums {
            bytes.extend_from_slice(&sum.to_le_bytes());
        }
        for fence in &self.fences {
            bytes.extend_from_slice(&fence.key.0.to_le_bytes());
            bytes.extend_from_slice(&fence.number.to_le_bytes());
            bytes.extend_from_slice(&fence.sum.to_le_bytes());
        }
        for word in self.filter.words() {
            bytes.extend_from_slice(&word.to_le_bytes());
        }
        bytes
    }

    pub(super) fn read(bytes: &[u8], sizes: Sizes) -> Option<Trailer> {
        let (sums, rest) = bytes.split_at_checked(sizes.row_blocks.checked_mul(4)?)?;
        let (fences, words) =
            rest.split_at_checked(sizes.posting_blocks.checked_mul(FENCE_BYTES)?)?;
        let sum = |mut bytes: &[u8]| take(&mut bytes).map(u32::from_le_bytes);
        let fence = |mut bytes: &[u8]| {
            Some(Fence {
                key: Key(u128::from_le_bytes(take(&mut bytes)?)),
                number: u64::from_le_bytes(take(&mut bytes)?),
                sum: u32::from_le_bytes(take(&mut bytes)?),
            })
        };
        let word = |mut bytes: &[u8]| take(&mut bytes).map(u64::from_le_bytes);
        Some(Trailer {
            row_sums: sums.chunks(4).map(sum).collect::<Option<_>>()?,
            fences: fences.chunks(FENCE_BYTES).map(fence).collect::<Option<_>>()?,
            filter: Filter::of(words.chunks(8).map(word).collect::<Option<_>>()?)?,
        })
    }
}

/// Takes the first `N` bytes.
pub(super) fn take<const N: usize>(bytes: &mut &[u8]) -> Option<[u8; N]> {
    let (first, rest) = bytes.split_first_chunk::<N>()?;
    *bytes = rest;
    Some(*first)
}

/// What a checksum at the end stands for, if it fits.
pub(super) fn summed(bytes: &[u8]) -> Option<&[u8]> {
    let (bytes, sum) = bytes.split_last_chunk::<4>()?;
    (crc32fast::hash(bytes) == u32::from_le_bytes(*sum)).then_some(bytes)
}

/// A size as a file has it.
pub(super) fn number(size: usize) -> u64 {
    u64::try_from(size).unwrap_or(u64::MAX)
}

/// Names of runs: first and last number.
pub(super) fn name(first: u64, last: u64) -> String {
    format!("{first:020}-{last:020}.run")
}

/// What a name says.
pub(super) fn range_of(name: &str) -> Option<(u64, u64)> {
    let (first, last) = name.strip_suffix(".run")?.split_once('-')?;
    let digits = |text: &str| text.len() == 20 && text.bytes().all(|one| one.is_ascii_digit());
    if !digits(first) || !digits(last) {
        return None;
    }
    Some((first.parse().ok()?, last.parse().ok()?)).filter(|(first, last)| first <= last)
}
