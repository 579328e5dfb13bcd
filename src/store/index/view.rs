//! The index, and what is about to be added to it.

use crate::accumulators::AccumulatorKey;
use crate::store::EntryKind;
use crate::store::Link;
use crate::store::fault::Fault;
use crate::store::index::Index;
use crate::store::index::derive::Derived;
use crate::store::index::derive::UNDOES;
use crate::store::index::derive::derive_from;
use crate::store::index::keys::Keys;
use crate::store::index::posting::Key;
use crate::store::index::posting::Memory;
use crate::store::index::posting::Posting;
use crate::store::index::posting::Row;
use crate::store::index::slim;
use crate::store::journal::Head;
use crate::store::journal::record::Position;

/// The index, and the entries that are about to follow.
#[derive(Debug)]
pub(in crate::store) struct View<'i> {
    index: &'i Index,
    pending: Memory,
    derived: Derived,
    parts: Vec<Part>,
}

/// A part of an entry that is likely asked for next.
#[derive(Debug)]
pub(in crate::store) struct Part {
    pub(in crate::store) key: Key,
    pub(in crate::store) number: u64,
    pub(in crate::store) bytes: Vec<u8>,
}

/// The entries of a benefit year.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(in crate::store) struct Standing {
    /// How many there are, which is the version of the accumulators.
    pub(in crate::store) version: u64,
    /// The last of them; 0: none.
    pub(in crate::store) last: u64,
    /// Those that nobody undid, oldest first.
    pub(in crate::store) effective: Vec<u64>,
}

impl<'i> View<'i> {
    /// With nothing about to be added.
    pub(in crate::store) fn of(index: &'i Index) -> View<'i> {
        View {
            index,
            pending: Memory::behind(index.head().sequence),
            derived: Derived::default(),
            parts: Vec::new(),
        }
    }

    /// Makes keys.
    pub(in crate::store) fn keys(&self) -> &'i Keys {
        self.index.keys()
    }

    /// The last entry that it knows, of what is added.
    pub(in crate::store) fn head(&self) -> Head {
        self.index.head()
    }

    /// The latest posting under a key.
    pub(in crate::store) fn latest(&self, key: Key) -> Result<Option<Posting>, Fault> {
        match self.pending.under(key).last() {
            Some(posting) => Ok(Some(*posting)),
            None => self.index.latest(key),
        }
    }

    /// The latest entry under a key.
    pub(in crate::store) fn number(&self, key: Key) -> Result<Option<u64>, Fault> {
        Ok(self.latest(key)?.map(|posting| posting.number))
    }

    /// All postings under a key, oldest first.
    pub(in crate::store) fn all(&self, key: Key) -> Result<Vec<Posting>, Fault> {
        let mut all = self.index.all(key)?;
        all.extend(self.pending.under(key));
        Ok(all)
    }

    /// Whether an entry is under a key; of what is about to be added nothing is asked.
    pub(in crate::store) fn has(&self, key: Key, number: u64) -> Result<bool, Fault> {
        let next = self.index.after(key, number.saturating_sub(1), 1)?;
        Ok(next.first().is_some_and(|posting| posting.number == number))
    }

    /// The numbers under a key behind one, oldest first, at most so many; each once.
    pub(in crate::store) fn numbers_after(
        &self,
        key: Key,
        after: u64,
        most: usize,
    ) -> Result<Vec<u64>, Fault> {
        let found = self.index.after(key, after, most)?;
        let mut numbers: Vec<u64> = found.into_iter().map(|posting| posting.number).collect();
        numbers.dedup();
        Ok(numbers)
    }

    /// The entries of a benefit year.
    pub(in crate::store) fn standing(&self, key: &AccumulatorKey) -> Result<Standing, Fault> {
        let mut standing = Standing::default();
        let key = self.keys().year(key);
        let mut postings = self.index.all_of_few(key)?;
        postings.extend(self.pending.under(key));
        for posting in postings {
            standing.version += 1;
            standing.last = posting.number;
            if posting.detail == UNDOES {
                standing.effective.pop();
            } else {
                standing.effective.push(posting.number);
            }
        }
        Ok(standing)
    }

    /// Where an entry stands among the others.
    pub(in crate::store) fn link(&self, number: u64) -> Result<Option<Link>, Fault> {
        let row = match self.pending.row(number) {
            Some(row) => Some(row),
            None => self.index.row(number)?,
        };
        let Some(Row { kind, position }) = row else { return Ok(None) };
        let reversed_by = match kind {
            EntryKind::Settlement | EntryKind::Opening => {
                self.number(self.keys().reversal_of(number))?.unwrap_or(0)
            }
            EntryKind::Reversal
            | EntryKind::Register
            | EntryKind::Office
            | EntryKind::Visit
            | EntryKind::Sign
            | EntryKind::File
            | EntryKind::Cancellation => 0,
        };
        Ok(Some(Link { kind, reversed_by, position }))
    }

    /// Adds what follows from the next entry and its content.
    pub(in crate::store) fn add(
        &mut self,
        number: u64,
        entry: (&slim::LedgerEntry, &[u8]),
    ) -> Result<(), Fault> {
        let kind = derive_from(self.index.keys(), number, entry, &mut self.derived)?;
        let row = Row { kind, position: Position::default() };
        self.pending.push(row, &mut self.derived.postings);
        let parts = self.derived.parts.drain(..);
        self.parts.extend(parts.map(|(key, bytes)| Part { key, number, bytes }));
        Ok(())
    }

    /// Says where an entry's record is.
    pub(in crate::store) fn place(&mut self, number: u64, position: Position) {
        self.pending.place(number, position);
    }

    /// Adds everything at once: readers see all of it or nothing. Returns what is likely asked for next.
    pub(in crate::store) fn commit(self, head: Head) -> Vec<Part> {
        self.index.commit(self.pending, head);
        self.parts
    }
}
