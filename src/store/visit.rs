//! Visits that a HIS keeps here until they are settled: what follows from their writes, and how they are read. Content stays in
//! the journal; the index says which write has it.

use crate::calendar::Day;
use crate::id::FacilityId;
use crate::id::PersonId;
use crate::proto;
use crate::proto::visit_write::Change;
use crate::store::EntryKind;
use crate::store::Link;
use crate::store::Store;
use crate::store::fault::Fault;
use crate::store::index;
use crate::store::index::keys;
use crate::store::index::view::View;

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
        let key = keys::line_of_visit(facility.as_str(), visit, line);
        self.read(|view| Ok(view.value(&key)?.and_then(|value| line_place(&value))))
    }

    /// Where the fee lines of a visit are, in the order in which they were uploaded.
    pub fn visit_lines(&self, facility: &FacilityId, visit: &str) -> Result<Vec<LinePlace>, Fault> {
        let under = keys::lines_of_visit(facility.as_str(), visit);
        let values = self.read(|view| view.index().values_under(&under))?;
        let mut places: Vec<LinePlace> =
            values.iter().filter_map(|value| line_place(value)).collect();
        places.sort_unstable();
        Ok(places)
    }

    /// The settlements of a visit, effective or reversed, oldest first.
    pub fn visit_settlements(&self, facility: &FacilityId, visit: &str) -> Result<Vec<u64>, Fault> {
        let under = keys::settlements_of_visit(facility.as_str(), visit);
        self.read(|view| view.index().numbers_after(&under, 0, usize::MAX))
    }

    /// The writes that opened the visits of a person, oldest first.
    pub fn visits_of_person(&self, person: &PersonId) -> Result<Vec<u64>, Fault> {
        let under = keys::visits_of_person(person.as_str());
        self.read(|view| view.index().numbers_after(&under, 0, usize::MAX))
    }

    /// The writes that opened the visits of a facility, oldest first.
    pub fn visits_of_facility(&self, facility: &FacilityId) -> Result<Vec<u64>, Fault> {
        let under = keys::visits_of_facility(facility.as_str());
        self.read(|view| view.index().numbers_after(&under, 0, usize::MAX))
    }

    /// The settlements of a facility, and the reversals of such, that were recorded from one day to another.
    pub fn entries_of_days(
        &self,
        facility: &FacilityId,
        from: Day,
        to: Day,
    ) -> Result<Vec<u64>, Fault> {
        let from = keys::day_of_facility(facility.as_str(), &from.to_string());
        let to = keys::day_of_facility(facility.as_str(), &to.to_string());
        self.read(|view| view.index().numbers_between(&from, &to))
    }

    /// The persons that were put with this number of an identity document, now or earlier.
    pub fn persons_of_certificate(&self, number: &str) -> Result<Vec<String>, Fault> {
        let under = keys::persons_of_certificate(number);
        let found = self.read(|view| view.index().under(&under))?;
        let person = |key: &sled::IVec| {
            let rest = key.get(under.len()..key.len().saturating_sub(1))?;
            String::from_utf8(rest.to_vec()).ok()
        };
        Ok(found.iter().filter_map(|(key, _)| person(key)).collect())
    }
}

/// Where a visit stands.
pub(super) fn place(
    view: &View<'_>,
    facility: &str,
    visit: &str,
) -> Result<Option<VisitPlace>, Fault> {
    let value = view.value(&keys::visit(facility, visit))?;
    Ok(value.map(|value| VisitPlace {
        version: index::number(&value),
        stands: value.get(8..).map(index::number).unwrap_or_default(),
    }))
}

/// Whether a write can be the next of its visit.
pub(super) fn fits(
    view: &View<'_>,
    write: &proto::VisitWrite,
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

/// Writes what follows from a write to a visit.
pub(super) fn follow(
    view: &mut View<'_>,
    (sequence, recorded_at): (u64, &str),
    write: &proto::VisitWrite,
    facility: &str,
) -> Result<(), Fault> {
    view.put_link(sequence, Link::upon(EntryKind::Visit, 0));
    let opened = visit_id(recorded_at, sequence);
    let visit = if write.visit.is_empty() { opened.as_str() } else { write.visit.as_str() };
    let mut stands = place(view, facility, visit)?.unwrap_or_default().stands;
    match &write.change {
        Some(Change::Stands(now)) => {
            stands = sequence;
            if write.visit.is_empty() {
                view.put(keys::visit_of_person(&now.person, sequence), Vec::new());
                view.put(keys::visit_of_facility(facility, sequence), Vec::new());
            }
        }
        Some(Change::Lines(page)) => {
            for (index, line) in (0_u64..).zip(page.lines.iter().flat_map(|line| &line.line)) {
                let place = LinePlace { sequence, index };
                view.put(keys::line_of_visit(facility, visit, &line.id), place.encode());
            }
        }
        Some(Change::Deletion(deletion)) => {
            for line in &deletion.lines {
                view.put(keys::line_of_visit(facility, visit, line), Vec::new());
            }
        }
        None => {}
    }
    put_place(view, facility, visit, VisitPlace { version: write.version, stands });
    Ok(())
}

/// A settlement is an entry of its visit too.
pub(super) fn settled(
    view: &mut View<'_>,
    sequence: u64,
    facility: &str,
    visit: &str,
) -> Result<(), Fault> {
    let VisitPlace { version, stands } = place(view, facility, visit)?.unwrap_or_default();
    view.put(keys::settlement_of_visit(facility, visit, sequence), Vec::new());
    put_place(view, facility, visit, VisitPlace { version: version + 1, stands });
    Ok(())
}

fn put_place(view: &mut View<'_>, facility: &str, visit: &str, place: VisitPlace) {
    let value = [place.version.to_be_bytes(), place.stands.to_be_bytes()].concat();
    view.put(keys::visit(facility, visit), value);
}

impl LinePlace {
    fn encode(self) -> Vec<u8> {
        [self.sequence.to_be_bytes(), self.index.to_be_bytes()].concat()
    }
}

/// Where a line is; a line that was taken back has no value.
fn line_place(value: &[u8]) -> Option<LinePlace> {
    if value.len() != 16 {
        return None;
    }
    Some(LinePlace { sequence: index::number(value), index: index::number(value.get(8..)?) })
}
