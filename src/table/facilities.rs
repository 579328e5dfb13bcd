//! The table of facilities: what each was, and when. Spec 3.4.

use crate::calendar::Span;
use crate::id::FacilityId;
use crate::register::Facility;
use crate::register::FacilityEntry;
use crate::table::Complaints;
use crate::table::cell;
use crate::table::cell::Cells;
use crate::table::grid;
use crate::table::grid::Column;
use crate::table::grid::optional;
use crate::table::grid::required;
use crate::table::meeting;
use crate::table::meeting::Agreed;

use std::collections::BTreeMap;

const COLUMNS: &[Column] = &[
    required("facility"),
    optional("name"),
    required("place"),
    required("level"),
    required("tier"),
    optional("tags"),
    required("from"),
    required("to"),
    optional("designated"),
];

/// What the rows of one facility have said so far.
#[derive(Default)]
struct Draft {
    name: Agreed<String>,
    entries: Vec<(u64, FacilityEntry)>,
}

/// Reads all facilities, in the order of their codes.
pub(super) fn read(table: &[u8]) -> Result<Vec<Facility>, Complaints> {
    let mut complaints = Complaints::default();
    let mut drafts: BTreeMap<FacilityId, Draft> = BTreeMap::new();
    grid::read(table, COLUMNS, &mut complaints, |row, complaints| {
        let mut cells = Cells { row, complaints };
        let id = cells.given("facility", |text| cell::id(text, FacilityId::parse));
        let name = cells.if_given("name", cell::text).flatten();
        let entry = entry(&mut cells);
        let Some(id) = id else { return };
        let draft = drafts.entry(id).or_default();
        if let Some(Err(wrong)) = name.map(|name| draft.name.agree(row.number, name)) {
            cells.complain("name", wrong);
        }
        let entry = entry.filter(|new| draft.entries.iter().all(|(_, one)| one != new));
        draft.entries.extend(entry.map(|new| (row.number, new)));
    });
    let mut facilities = Vec::with_capacity(drafts.len());
    for (id, draft) in drafts {
        let rows: Vec<(u64, Span)> =
            draft.entries.iter().map(|(row, one)| (*row, one.span)).collect();
        let name = draft.name.value().unwrap_or_default();
        let entries = draft.entries.into_iter().map(|(_, one)| one).collect();
        match (Facility { id, name, entries }).checked() {
            Ok(facility) => facilities.push(facility),
            Err(refusal) => meeting::complain(&mut complaints, &refusal, &rows, "from"),
        }
    }
    complaints.unless_any(facilities)
}

fn entry(cells: &mut Cells<'_>) -> Option<FacilityEntry> {
    let place = cells.given("place", cell::place);
    let level = cells.given("level", cell::level);
    let tier = cells.given("tier", cell::tier);
    let tags = cells.tags("tags");
    let designated = cells.if_given("designated", cell::yes_or_no).flatten();
    let span = cells.span("from", "to");
    Some(FacilityEntry {
        place: place?,
        level: level?,
        tier: tier?,
        tags: tags?,
        designated: designated.unwrap_or(true),
        span: span?,
    })
}
