//! What is about to be written to the index, over what it holds.

use crate::accumulators::AccumulatorKey;
use crate::store::EntryKind;
use crate::store::Link;
use crate::store::Year;
use crate::store::fault::Fault;
use crate::store::index::Index;
use crate::store::index::keys;
use crate::store::index::number;
use crate::store::journal::Head;
use crate::store::journal::record::Position;
use crate::wire::from_proto;

use prost::Message;

use std::collections::BTreeMap;

/// The index, and what is about to be written to it.
#[derive(Debug)]
pub(in crate::store) struct View<'i> {
    index: &'i Index,
    written: BTreeMap<Vec<u8>, Vec<u8>>,
    links: BTreeMap<u64, Link>,
}

impl<'i> View<'i> {
    /// With nothing about to be written.
    pub(in crate::store) fn of(index: &'i Index) -> View<'i> {
        View { index, written: BTreeMap::new(), links: BTreeMap::new() }
    }

    /// The index without what is about to be written.
    pub(in crate::store) fn index(&self) -> &Index {
        self.index
    }

    /// Writes a value.
    pub(in crate::store) fn put(&mut self, key: Vec<u8>, value: Vec<u8>) {
        self.written.insert(key, value);
    }

    /// The value under a key.
    pub(in crate::store) fn value(&self, key: &[u8]) -> Result<Option<sled::IVec>, Fault> {
        match self.written.get(key) {
            Some(value) => Ok(Some(sled::IVec::from(value.as_slice()))),
            None => self.index.get(key),
        }
    }

    /// A number under a key.
    pub(in crate::store) fn number(&self, key: &[u8]) -> Result<Option<u64>, Fault> {
        if let Some(value) = self.written.get(key) {
            return Ok(Some(number(value)));
        }
        Ok(self.index.get(key)?.map(|value| number(&value)))
    }

    /// The year under a key.
    pub(in crate::store) fn year(&self, key: &AccumulatorKey) -> Result<Year, Fault> {
        let Some(stored) = self.value(&keys::year(key))? else { return Ok(Year::default()) };
        let (top, message) = stored.split_at(stored.len().min(8));
        let message = crate::proto::Accumulators::decode(message).map_err(Fault::undecodable)?;
        let accumulators = from_proto::accumulators(&message).map_err(Fault::unreadable)?;
        Ok(Year { accumulators, top: number(top) })
    }

    /// Writes the year under a key, and its latest effective entry.
    pub(in crate::store) fn put_year(
        &mut self,
        key: &AccumulatorKey,
        top: u64,
        accumulators: &crate::proto::Accumulators,
    ) {
        let mut value = top.to_be_bytes().to_vec();
        value.extend(accumulators.encode_to_vec());
        self.put(keys::year(key), value);
    }

    /// Where an entry stands.
    pub(in crate::store) fn link(&self, sequence: u64) -> Result<Option<Link>, Fault> {
        if let Some(link) = self.links.get(&sequence) {
            return Ok(Some(*link));
        }
        Ok(self.index.get(&keys::link(sequence))?.and_then(|bytes| Link::decode(&bytes)))
    }

    /// Says where an entry stands.
    pub(in crate::store) fn put_link(&mut self, sequence: u64, link: Link) {
        self.links.insert(sequence, link);
    }

    /// Says where an entry's record is.
    pub(in crate::store) fn place(&mut self, sequence: u64, position: Position) {
        if let Some(link) = self.links.get_mut(&sequence) {
            link.position = position;
        }
    }

    /// Writes everything in one batch, with the entry that the index then stands at: readers see all of it or nothing.
    pub(in crate::store) fn commit(&mut self, stands_at: Head) -> Result<(), Fault> {
        let mut batch = sled::Batch::default();
        for (key, value) in self.take(stands_at) {
            batch.insert(key, value);
        }
        self.index.apply(batch)
    }

    /// Writes everything in the order of the keys, many times as fast as a batch, for an index that nobody reads yet. What a crash
    /// leaves of it is not believed, since the store was not closed.
    pub(in crate::store) fn load(&mut self, stands_at: Head) -> Result<(), Fault> {
        let written = self.take(stands_at);
        self.index.load(written)
    }

    /// How many values are about to be written.
    pub(in crate::store) fn len(&self) -> usize {
        self.written.len() + self.links.len()
    }

    fn take(&mut self, stands_at: Head) -> BTreeMap<Vec<u8>, Vec<u8>> {
        let mut written = std::mem::take(&mut self.written);
        for (sequence, link) in std::mem::take(&mut self.links) {
            written.insert(keys::link(sequence), link.encode());
        }
        let mut head = stands_at.sequence.to_be_bytes().to_vec();
        head.extend(stands_at.digest.as_bytes());
        written.insert(keys::STANDS_AT.to_vec(), head);
        written
    }
}

impl Link {
    /// An entry that stands upon another.
    pub(in crate::store) fn upon(kind: EntryKind, below: u64) -> Link {
        Link { kind, below, reversed_by: 0, position: Position::default() }
    }

    fn encode(&self) -> Vec<u8> {
        let kind = match self.kind {
            EntryKind::Settlement => 1,
            EntryKind::Reversal => 2,
            EntryKind::Opening => 3,
            EntryKind::Register => 4,
            EntryKind::Visit => 5,
            EntryKind::Sign => 6,
            EntryKind::File => 7,
            EntryKind::Cancellation => 8,
            EntryKind::Office => 9,
        };
        let mut bytes = vec![kind];
        let Position { segment, offset, length } = self.position;
        for number in [self.below, self.reversed_by, segment, offset, u64::from(length)] {
            bytes.extend(number.to_be_bytes());
        }
        bytes
    }

    fn decode(bytes: &[u8]) -> Option<Link> {
        let kind = match bytes.first()? {
            1 => EntryKind::Settlement,
            2 => EntryKind::Reversal,
            3 => EntryKind::Opening,
            4 => EntryKind::Register,
            5 => EntryKind::Visit,
            6 => EntryKind::Sign,
            7 => EntryKind::File,
            8 => EntryKind::Cancellation,
            9 => EntryKind::Office,
            _ => return None,
        };
        let field = |index: usize| bytes.get(1 + index * 8..).map(number);
        let position = Position {
            segment: field(2)?,
            offset: field(3)?,
            length: u32::try_from(field(4)?).ok()?,
        };
        Some(Link { kind, below: field(0)?, reversed_by: field(1)?, position })
    }
}
