//! What follows from an entry's content for the index: only what it is found by is decoded, so that an index is built as fast as a
//! journal is read.

use crate::accumulators::AccumulatorKey;
use crate::proto;
use crate::store::EntryKind;
use crate::store::apply::ENTRY_VERSION;
use crate::store::fault::Fault;
use crate::store::index::keys::Keys;
use crate::store::index::keys::NAME_CHARACTERS_MAX;
use crate::store::index::posting::Key;
use crate::store::index::posting::Posting;
use crate::store::index::slim;
use crate::store::index::slim::Kind;
use crate::store::visit::visit_id;
use crate::wire::from_proto;

use prost::Message;

use std::ops::Range;

/// What follows from an entry.
#[derive(Debug, Default)]
pub(in crate::store) struct Derived {
    /// Where it is to be found.
    pub(in crate::store) postings: Vec<(Key, Posting)>,
    /// What is likely asked for next under its key: accumulators, and records of registers.
    pub(in crate::store) parts: Vec<(Key, Vec<u8>)>,
}

/// That a posting of a year undoes the latest entry that stands.
pub(in crate::store) const UNDOES: u64 = 1;
/// That a posting of a visit says how the visit stands.
pub(in crate::store) const STANDS: u64 = 1;

/// Derives what follows from the content of an entry; `derived` is emptied first.
pub(in crate::store) fn derive(
    keys: &Keys,
    number: u64,
    content: &[u8],
    derived: &mut Derived,
) -> Result<EntryKind, Fault> {
    let entry = slim::LedgerEntry::decode(content).map_err(Fault::undecodable)?;
    derive_from(keys, number, (&entry, content), derived)
}

/// The same where the entry is decoded already.
pub(in crate::store) fn derive_from(
    keys: &Keys,
    number: u64,
    (entry, content): (&slim::LedgerEntry, &[u8]),
    derived: &mut Derived,
) -> Result<EntryKind, Fault> {
    derived.postings.clear();
    derived.parts.clear();
    if entry.version != ENTRY_VERSION {
        return Err(Fault::EntryVersion(entry.version));
    }
    let mut found = Found { keys, number, derived, content };
    found.kind(entry)
}

/// A part of a content as a posting's detail: where it begins, and how long it is.
pub(in crate::store) fn part_of(detail: u64) -> Range<usize> {
    let start = usize::try_from(detail >> 32).unwrap_or(usize::MAX);
    let length = usize::try_from(detail & u64::from(u32::MAX)).unwrap_or(usize::MAX);
    start..start.saturating_add(length)
}

fn detail_of(part: &Range<usize>) -> u64 {
    let start = u64::try_from(part.start).unwrap_or(u64::MAX);
    let length = u64::try_from(part.len()).unwrap_or(u64::MAX);
    start << 32 | length
}

struct Found<'a> {
    keys: &'a Keys,
    number: u64,
    derived: &'a mut Derived,
    content: &'a [u8],
}

impl Found<'_> {
    fn kind(&mut self, entry: &slim::LedgerEntry) -> Result<EntryKind, Fault> {
        let day = entry.recorded_at.get(..10).unwrap_or_default();
        let Some(kind) = &entry.kind else {
            return Err(Fault::Unreadable("an entry without content".to_owned()));
        };
        match kind {
            Kind::Settlement(record) => self.settlement(record, day),
            Kind::Reversal(reversal) => self.reversal(reversal, day),
            Kind::Opening(opening) => self.opening(opening),
            Kind::Register(register) => self.register(register),
            Kind::Visit(write) => self.visit(write, &entry.recorded_at),
            Kind::Sign(of) => self.other(of.writer.as_ref(), EntryKind::Sign),
            Kind::File(of) => self.other(of.writer.as_ref(), EntryKind::File),
            Kind::Cancellation(of) => {
                let facility = self.writer(of.writer.as_ref())?;
                let key = self.keys.request(&facility, &of.request_id);
                self.post(key, 0);
                Ok(EntryKind::Cancellation)
            }
            Kind::Office(of) => {
                self.post(self.keys.office_records(), 0);
                self.other(of.writer.as_ref(), EntryKind::Office)
            }
        }
    }

    fn post(&mut self, key: Key, detail: u64) {
        self.derived.postings.push((key, Posting { number: self.number, detail }));
    }

    /// The request that made the entry; returns its facility.
    fn writer(&mut self, writer: Option<&slim::Writer>) -> Result<String, Fault> {
        let missing = || Fault::Unreadable("an entry without a writer".to_owned());
        let writer = writer.ok_or_else(missing)?;
        self.post(self.keys.request(&writer.facility, &writer.request_id), 0);
        Ok(writer.facility.clone())
    }

    fn other(
        &mut self,
        writer: Option<&slim::Writer>,
        kind: EntryKind,
    ) -> Result<EntryKind, Fault> {
        self.writer(writer)?;
        Ok(kind)
    }

    fn settlement(
        &mut self,
        record: &slim::SettlementRecord,
        day: &str,
    ) -> Result<EntryKind, Fault> {
        let request = record.request.as_ref().ok_or_else(incomplete)?;
        let admission = request.admission.as_ref().ok_or_else(incomplete)?;
        let key = record.key().ok_or_else(incomplete)?;
        let facility = self.writer(request.writer.as_ref())?;
        self.year(&read_key(Some(&key))?, &record.accumulators, 0)?;
        self.post(self.keys.admission(&facility, &admission.id), 0);
        self.post(self.keys.settlements(), 0);
        self.post(self.keys.settlements_of_person(&admission.person), 0);
        self.post(self.keys.settlements_of_facility(&facility), 0);
        self.post(self.keys.settlements_of_day(&facility, day), 0);
        if !request.visit.is_empty() {
            self.post(self.keys.visit(&facility, &request.visit), 0);
            self.post(self.keys.settlements_of_visit(&facility, &request.visit), 0);
        }
        Ok(EntryKind::Settlement)
    }

    fn opening(&mut self, opening: &slim::Opening) -> Result<EntryKind, Fault> {
        let request = opening.request.as_ref().ok_or_else(incomplete)?;
        let key = read_key(Some(&request.key()))?;
        let facility = self.writer(request.writer.as_ref())?;
        self.year(&key, &opening.accumulators, 0)?;
        self.post(self.keys.opening(&key, &request.id), 0);
        self.post(self.keys.office_opening(&facility, &request.id), 0);
        Ok(EntryKind::Opening)
    }

    fn reversal(&mut self, reversal: &slim::Reversal, day: &str) -> Result<EntryKind, Fault> {
        self.writer(reversal.writer.as_ref())?;
        self.year(&read_key(reversal.key.as_ref())?, &reversal.accumulators, UNDOES)?;
        self.post(self.keys.reversal_of(reversal.of_number), 0);
        self.post(self.keys.reversals_of_day(day), reversal.of_number);
        Ok(EntryKind::Reversal)
    }

    /// An entry of a year, with the accumulators after it.
    fn year(
        &mut self,
        key: &AccumulatorKey,
        after: &Option<Vec<u8>>,
        undoes: u64,
    ) -> Result<(), Fault> {
        let Some(after) = after else {
            return Err(Fault::Unreadable("an entry without accumulators".to_owned()));
        };
        let key = self.keys.year(key);
        self.post(key, undoes);
        self.derived.parts.push((key, after.clone()));
        Ok(())
    }

    fn register(&mut self, register: &slim::RegisterPut) -> Result<EntryKind, Fault> {
        self.post(self.keys.register_writes(), 0);
        match register.put.as_ref().ok_or_else(incomplete)? {
            slim::Put::Persons(put) | slim::Put::Facilities(put) | slim::Put::Items(put) => {
                self.writer(put.writer.as_ref())?;
            }
        }
        for (kind, part) in slim::register_parts(self.content).map_err(Fault::undecodable)? {
            let bytes = self.content.get(part.clone()).unwrap_or_default();
            match kind {
                slim::Register::Person => self.person(bytes, &part)?,
                slim::Register::Facility => {
                    let record = slim::Named::decode(bytes).map_err(Fault::undecodable)?;
                    self.record(self.keys.facility(&record.id), &part);
                }
                slim::Register::Item => {
                    let record = slim::Named::decode(bytes).map_err(Fault::undecodable)?;
                    self.post(self.keys.items(&record.id), detail_of(&part));
                }
            }
        }
        Ok(EntryKind::Register)
    }

    fn person(&mut self, bytes: &[u8], part: &Range<usize>) -> Result<(), Fault> {
        let person = slim::Person::decode(bytes).map_err(Fault::undecodable)?;
        let detail = detail_of(part);
        self.record(self.keys.person(&person.id), part);
        if !person.certificate_no.is_empty() {
            self.post(self.keys.certificate(&person.certificate_no), detail);
        }
        let ends = person.name.char_indices().map(|(start, one)| start + one.len_utf8());
        for end in ends.take(NAME_CHARACTERS_MAX) {
            let beginning = person.name.get(..end).unwrap_or_default();
            self.post(self.keys.named(beginning), detail);
        }
        Ok(())
    }

    /// A record of a register that is asked for by its key alone.
    fn record(&mut self, key: Key, part: &Range<usize>) {
        self.post(key, detail_of(part));
        let bytes = self.content.get(part.clone()).unwrap_or_default();
        self.derived.parts.push((key, bytes.to_vec()));
    }

    fn visit(&mut self, write: &slim::VisitWrite, recorded_at: &str) -> Result<EntryKind, Fault> {
        let facility = self.writer(write.writer.as_ref())?;
        let opened = visit_id(recorded_at, self.number);
        let is_opened = write.visit.is_empty();
        let visit = if is_opened { opened.as_str() } else { write.visit.as_str() };
        let key = self.keys.visit(&facility, visit);
        match &write.change {
            Some(slim::Change::Stands(now)) => {
                self.post(key, STANDS);
                if is_opened {
                    self.post(self.keys.visits_of_person(&now.person), 0);
                    self.post(self.keys.visits_of_facility(&facility), 0);
                }
            }
            Some(slim::Change::Lines(page)) => {
                self.post(key, 0);
                self.post(self.keys.lines_of_visit(&facility, visit), 0);
                for (place, line) in (1_u64..).zip(&page.lines) {
                    let id = line.line.as_ref().map_or("", |line| &line.id);
                    self.post(self.keys.line_of_visit(&facility, visit, id), place);
                }
            }
            Some(slim::Change::Deletion(deletion)) => {
                self.post(key, 0);
                self.post(self.keys.lines_of_visit(&facility, visit), 0);
                for line in &deletion.lines {
                    self.post(self.keys.line_of_visit(&facility, visit, line), 0);
                }
            }
            None => self.post(key, 0),
        }
        Ok(EntryKind::Visit)
    }
}

fn incomplete() -> Fault {
    Fault::Unreadable("an entry lacks a part that it is found by".to_owned())
}

fn read_key(key: Option<&proto::AccumulatorKey>) -> Result<AccumulatorKey, Fault> {
    from_proto::key(key).map_err(Fault::unreadable)
}
