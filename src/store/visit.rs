//! Visits that a HIS keeps here until they are settled: what follows from their writes, and how they are read. Content stays in
//! the journal; the index says which write has it.

use crate::calendar::Day;
use crate::id::FacilityId;
use crate::id::PersonId;
use crate::proto;
use crate::proto::ledger_entry::Kind;
use crate::proto::visit_write::Change;
use crate::store::Store;
use crate::store::fault::Fault;
use crate::store::index::derive::STANDS;
use crate::store::index::keys::Keys;
use crate::store::index::posting::Key;
use crate::store::index::slim;
use crate::store::index::view::View;

use prost::Message;

use std::collections::BTreeMap;

/// Where a visit stands in the ledger.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct VisitPlace {
    /// The number of its entries, settlements included.
    pub version: u64,
    /// The write that says how it stands.
    pub stands: u64,
}

/// Where a fee line is: the write that has it, and its place among that write's lines.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct LinePlace {
    /// The number of the write.
    pub sequence: u64,
    /// From 0.
    pub index: u64,
}

/// The id of the visit that a write opened: the day on which it was recorded, and its number.
pub fn visit_id(recorded_at: &str, sequence: u64) -> String {
    let day: String = recorded_at.chars().take(10).filter(char::is_ascii_digit).collect();
    format!("{day}{sequence:010}")
}

impl Store {
    /// Where a visit stands; none if there is no such visit.
    pub fn visit(&self, facility: &FacilityId, visit: &str) -> Result<Option<VisitPlace>, Fault> {
        let place = self.read(|view| place(view, facility.as_str(), visit))?;
        self.unless_unsure(place)
    }

    /// Where a fee line of a visit is, unless it was taken back.
    pub fn visit_line(
        &self,
        facility: &FacilityId,
        visit: &str,
        line: &str,
    ) -> Result<Option<LinePlace>, Fault> {
        let latest = self
            .read(|view| view.latest(view.keys().line_of_visit(facility.as_str(), visit, line)))?;
        Ok(latest.and_then(|posting| {
            let index = posting.detail.checked_sub(1)?;
            Some(LinePlace { sequence: posting.number, index })
        }))
    }

    /// Where the fee lines of a visit are, in the order in which they were uploaded.
    pub fn visit_lines(&self, facility: &FacilityId, visit: &str) -> Result<Vec<LinePlace>, Fault> {
        let places = self.read(|view| {
            let mut lines: BTreeMap<String, LinePlace> = BTreeMap::new();
            let mut parts = self.parts();
            for posting in view.all(view.keys().lines_of_visit(facility.as_str(), visit))? {
                let sequence = posting.number;
                let content = parts.content(view, sequence)?;
                let entry = proto::LedgerEntry::decode(content).map_err(Fault::undecodable)?;
                match entry.kind {
                    Some(Kind::Visit(proto::VisitWrite {
                        change: Some(Change::Lines(page)),
                        ..
                    })) => {
                        let ids =
                            page.lines.into_iter().map(|line| line.line.unwrap_or_default().id);
                        let placed = (0_u64..).map(|index| LinePlace { sequence, index });
                        lines.extend(ids.zip(placed));
                    }
                    Some(Kind::Visit(proto::VisitWrite {
                        change: Some(Change::Deletion(deletion)),
                        ..
                    })) => {
                        for line in &deletion.lines {
                            lines.remove(line);
                        }
                    }
                    _ => return Err(Fault::Unreadable(format!("entry {sequence} has no lines"))),
                }
            }
            Ok(lines)
        })?;
        let mut places: Vec<LinePlace> = places.into_values().collect();
        places.sort_unstable();
        Ok(places)
    }

    /// The settlements of a visit, effective or reversed, oldest first.
    pub fn visit_settlements(&self, facility: &FacilityId, visit: &str) -> Result<Vec<u64>, Fault> {
        self.numbers_under(|keys| keys.settlements_of_visit(facility.as_str(), visit))
    }

    /// The writes that opened the visits of a person, oldest first.
    pub fn visits_of_person(&self, person: &PersonId) -> Result<Vec<u64>, Fault> {
        self.numbers_under(|keys| keys.visits_of_person(person.as_str()))
    }

    /// The writes that opened the visits of a facility, oldest first.
    pub fn visits_of_facility(&self, facility: &FacilityId) -> Result<Vec<u64>, Fault> {
        self.numbers_under(|keys| keys.visits_of_facility(facility.as_str()))
    }

    /// The settlements of a facility, and the reversals of such, that were recorded from one day to another.
    pub fn entries_of_days(
        &self,
        facility: &FacilityId,
        from: Day,
        to: Day,
    ) -> Result<Vec<u64>, Fault> {
        self.read(|view| {
            let keys = view.keys();
            let of_facility = keys.settlements_of_facility(facility.as_str());
            let mut numbers = Vec::new();
            let mut next = Some(from);
            while let Some(day) = next.filter(|day| *day <= to) {
                let name = day.to_string();
                let mut of_day: Vec<u64> = view
                    .all(keys.settlements_of_day(facility.as_str(), &name))?
                    .iter()
                    .map(|posting| posting.number)
                    .collect();
                // Who undid a settlement may be another facility than the one that made it.
                for posting in view.all(keys.reversals_of_day(&name))? {
                    if view.has(of_facility, posting.detail)? {
                        of_day.push(posting.number);
                    }
                }
                of_day.sort_unstable();
                numbers.extend(of_day);
                next = day.after();
            }
            Ok(numbers)
        })
    }

    fn numbers_under(&self, key: impl FnOnce(&Keys) -> Key) -> Result<Vec<u64>, Fault> {
        self.read(|view| view.numbers_after(key(view.keys()), 0, usize::MAX))
    }
}

/// Where a visit stands.
pub(super) fn place(
    view: &View<'_>,
    facility: &str,
    visit: &str,
) -> Result<Option<VisitPlace>, Fault> {
    let mut place = VisitPlace::default();
    for posting in view.all(view.keys().visit(facility, visit))? {
        place.version += 1;
        if posting.detail == STANDS {
            place.stands = posting.number;
        }
    }
    Ok((place.version != 0).then_some(place))
}

/// Whether a write can be the next of its visit.
pub(super) fn fits(
    view: &View<'_>,
    write: &slim::VisitWrite,
    facility: &str,
) -> Result<bool, Fault> {
    if write.visit.is_empty() {
        return Ok(write.version == 1);
    }
    at_version(view, facility, &write.visit, write.version.wrapping_sub(1))
}

/// Whether a visit is there, and at a version.
pub(super) fn at_version(
    view: &View<'_>,
    facility: &str,
    visit: &str,
    version: u64,
) -> Result<bool, Fault> {
    Ok(place(view, facility, visit)?.is_some_and(|place| place.version == version))
}
