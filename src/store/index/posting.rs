//! What the index holds: where each entry's record is, and under which keys the entry can be found.
#![expect(
    clippy::disallowed_types,
    reason = "keys are hashes, and are sorted before anything is written in their order"
)]

use crate::store::EntryKind;
use crate::store::journal::record::Position;

use std::collections::HashMap;
use std::hash::BuildHasherDefault;
use std::hash::Hasher;

/// A keyed hash of what is looked up; see `keys.rs`. Who has the index without its secret learns nothing of what was hashed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(in crate::store) struct Key(pub(in crate::store) u128);

impl Key {
    /// Its bytes.
    pub(in crate::store) fn bytes(self) -> [u8; 16] {
        self.0.to_be_bytes()
    }
}

/// That an entry can be found under a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(in crate::store) struct Posting {
    /// The entry's number.
    pub(in crate::store) number: u64,
    /// What the key's kind says of it.
    pub(in crate::store) detail: u64,
}

/// Where an entry's record is, and what kind it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::store) struct Row {
    pub(in crate::store) kind: EntryKind,
    pub(in crate::store) position: Position,
}

/// A stored row. Unit: bytes.
pub(super) const ROW_BYTES: usize = 20;
/// A stored posting with its key. Unit: bytes.
pub(super) const POSTING_BYTES: usize = 32;

impl Row {
    pub(super) fn put(self, bytes: &mut Vec<u8>) {
        let Position { segment, offset, length } = self.position;
        bytes.extend_from_slice(&segment.to_le_bytes());
        bytes.extend_from_slice(&(offset << 8 | u64::from(code_of(self.kind))).to_le_bytes());
        bytes.extend_from_slice(&length.to_le_bytes());
    }

    pub(super) fn read(bytes: &[u8]) -> Option<Row> {
        let (segment, rest) = bytes.split_first_chunk::<8>()?;
        let (place, rest) = rest.split_first_chunk::<8>()?;
        let length = u32::from_le_bytes(*rest.first_chunk::<4>()?);
        let kind = kind_of(*place.first()?)?;
        let (segment, offset) = (u64::from_le_bytes(*segment), u64::from_le_bytes(*place) >> 8);
        Some(Row { kind, position: Position { segment, offset, length } })
    }
}

/// Adds a posting's bytes: the key, number and detail in big-endian form, so that they are ordered as bytes too.
pub(super) fn put_posting(bytes: &mut Vec<u8>, key: Key, posting: Posting) {
    bytes.extend_from_slice(&key.0.to_be_bytes());
    bytes.extend_from_slice(&posting.number.to_be_bytes());
    bytes.extend_from_slice(&posting.detail.to_be_bytes());
}

/// Reads what `put_posting` wrote.
pub(super) fn read_posting(bytes: &[u8]) -> Option<(Key, Posting)> {
    let (key, rest) = bytes.split_first_chunk::<16>()?;
    let (number, rest) = rest.split_first_chunk::<8>()?;
    let detail = u64::from_be_bytes(*rest.first_chunk::<8>()?);
    let posting = Posting { number: u64::from_be_bytes(*number), detail };
    Some((Key(u128::from_be_bytes(*key)), posting))
}

const KINDS: [EntryKind; 9] = [
    EntryKind::Settlement,
    EntryKind::Reversal,
    EntryKind::Opening,
    EntryKind::Register,
    EntryKind::Visit,
    EntryKind::Sign,
    EntryKind::File,
    EntryKind::Cancellation,
    EntryKind::Office,
];

fn code_of(kind: EntryKind) -> u8 {
    let place = KINDS.iter().position(|one| *one == kind);
    place.and_then(|place| u8::try_from(place + 1).ok()).unwrap_or(0)
}

fn kind_of(code: u8) -> Option<EntryKind> {
    KINDS.get(usize::from(code).checked_sub(1)?).copied()
}

/// Keys are hashes already.
#[derive(Debug, Default)]
pub(in crate::store) struct AsItIs(u64);

impl Hasher for AsItIs {
    fn finish(&self) -> u64 {
        self.0
    }

    fn write(&mut self, bytes: &[u8]) {
        for chunk in bytes.chunks(8) {
            let mut word = [0; 8];
            for (to, from) in word.iter_mut().zip(chunk) {
                *to = *from;
            }
            self.0 ^= u64::from_le_bytes(word);
        }
    }

    fn write_u128(&mut self, number: u128) {
        let bytes = number.to_le_bytes();
        self.0 ^= bytes.first_chunk::<8>().map_or(0, |bytes| u64::from_le_bytes(*bytes));
    }
}

/// Most keys have one posting.
#[derive(Debug, Clone)]
pub(super) enum Few {
    One([Posting; 1]),
    Many(Vec<Posting>),
}

impl Few {
    pub(super) fn as_slice(&self) -> &[Posting] {
        match self {
            Few::One(one) => one,
            Few::Many(many) => many,
        }
    }

    fn push(&mut self, posting: Posting) {
        match self {
            Few::One([one]) => *self = Few::Many(vec![*one, posting]),
            Few::Many(many) => many.push(posting),
        }
    }
}

/// The index of entries that follow each other, in memory.
#[derive(Debug, Default)]
pub(in crate::store) struct Memory {
    /// The number before the first row.
    pub(super) before: u64,
    pub(super) rows: Vec<Row>,
    pub(super) postings: HashMap<Key, Few, BuildHasherDefault<AsItIs>>,
    pub(super) count: usize,
}

impl Memory {
    /// Of the entries behind a number.
    pub(in crate::store) fn behind(before: u64) -> Memory {
        Memory { before, ..Memory::default() }
    }

    /// Adds the postings of the next entry, then its row.
    pub(in crate::store) fn push(&mut self, row: Row, postings: &mut Vec<(Key, Posting)>) {
        for (key, posting) in postings.drain(..) {
            self.post(key, posting);
        }
        self.rows.push(row);
    }

    /// Says where the record of an entry is.
    pub(in crate::store) fn place(&mut self, number: u64, position: Position) {
        let row = self.place_of(number).and_then(|place| self.rows.get_mut(place));
        if let Some(row) = row {
            row.position = position;
        }
    }

    /// Adds the entries that follow.
    pub(super) fn append(&mut self, later: Memory) {
        self.rows.extend(later.rows);
        for (key, few) in later.postings {
            for posting in few.as_slice() {
                self.post(key, *posting);
            }
        }
    }

    /// The postings under a key, oldest first.
    pub(in crate::store) fn under(&self, key: Key) -> &[Posting] {
        self.postings.get(&key).map_or(&[], Few::as_slice)
    }

    /// The row of an entry.
    pub(in crate::store) fn row(&self, number: u64) -> Option<Row> {
        self.rows.get(self.place_of(number)?).copied()
    }

    /// The last entry's number.
    pub(super) fn last(&self) -> u64 {
        self.before + u64::try_from(self.rows.len()).unwrap_or(u64::MAX)
    }

    /// All postings in the order of a run.
    pub(super) fn sorted(&self) -> Vec<(Key, Posting)> {
        let mut all: Vec<(Key, Posting)> = Vec::with_capacity(self.count);
        for (key, few) in &self.postings {
            all.extend(few.as_slice().iter().map(|posting| (*key, *posting)));
        }
        all.sort_unstable();
        all
    }

    fn post(&mut self, key: Key, posting: Posting) {
        self.count += 1;
        let few = self.postings.entry(key);
        few.and_modify(|few| few.push(posting)).or_insert(Few::One([posting]));
    }

    fn place_of(&self, number: u64) -> Option<usize> {
        usize::try_from(number.checked_sub(self.before)?.checked_sub(1)?).ok()
    }
}
