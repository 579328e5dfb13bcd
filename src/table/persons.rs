//! The table of persons: enrolments and identities, row by row. Spec 3.1, 3.2.

use crate::calendar::Day;
use crate::calendar::Span;
use crate::id::PersonId;
use crate::register::Enrolment;
use crate::register::HeldIdentity;
use crate::register::Person;
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
    required("person"),
    optional("name"),
    optional("certificate_no"),
    required("birth"),
    required("place"),
    required("insutype"),
    required("insured_from"),
    required("insured_to"),
    optional("identity"),
    optional("identity_from"),
    optional("identity_to"),
];

/// What the rows of one person have said so far.
struct Draft {
    row: u64,
    name: Agreed<String>,
    certificate_no: Agreed<String>,
    birth: Agreed<Day>,
    birth_is_bad: bool,
    enrolments: Vec<(u64, Enrolment)>,
    identities: Vec<HeldIdentity>,
}

/// Reads all persons, in the order of their numbers.
pub(super) fn read(table: &[u8]) -> Result<Vec<Person>, Complaints> {
    let mut complaints = Complaints::default();
    let mut drafts: BTreeMap<PersonId, Draft> = BTreeMap::new();
    grid::read(table, COLUMNS, &mut complaints, |row, complaints| {
        let mut cells = Cells { row, complaints };
        let id = cells.given("person", |text| cell::id(text, PersonId::parse));
        let enrolment = enrolment(&mut cells);
        let identity = identity(&mut cells);
        let name = cells.if_given("name", cell::text).flatten();
        let certificate_no = cells.if_given("certificate_no", cell::text).flatten();
        let birth = cells.if_given("birth", cell::day);
        let Some(id) = id else { return };
        let draft = drafts.entry(id).or_insert_with(|| Draft::begun_at(row.number));
        draft.birth_is_bad |= birth.is_none();
        agree(&mut draft.name, name, "name", &mut cells);
        agree(&mut draft.certificate_no, certificate_no, "certificate_no", &mut cells);
        agree(&mut draft.birth, birth.flatten(), "birth", &mut cells);
        draft.take(row.number, enrolment, identity);
    });
    let mut persons = Vec::with_capacity(drafts.len());
    for (id, draft) in drafts {
        persons.extend(draft.finish(id, &mut complaints));
    }
    complaints.unless_any(persons)
}

fn agree<T: PartialEq>(
    agreed: &mut Agreed<T>,
    value: Option<T>,
    column: &str,
    cells: &mut Cells<'_>,
) {
    if let Some(Err(wrong)) = value.map(|value| agreed.agree(cells.row.number, value)) {
        cells.complain(column, wrong);
    }
}

fn enrolment(cells: &mut Cells<'_>) -> Option<Enrolment> {
    if !cells.has_any(&["place", "insutype", "insured_from", "insured_to"]) {
        return None;
    }
    let place = cells.given("place", cell::place);
    let insutype = cells.given("insutype", cell::insutype);
    let span = cells.span("insured_from", "insured_to");
    Some(Enrolment { place: place?, insutype: insutype?, span: span? })
}

fn identity(cells: &mut Cells<'_>) -> Option<HeldIdentity> {
    if !cells.has_any(&["identity", "identity_from", "identity_to"]) {
        return None;
    }
    let identity = cells.given("identity", cell::code);
    let span = cells.span("identity_from", "identity_to");
    Some(HeldIdentity { identity: identity?, span: span? })
}

impl Draft {
    fn begun_at(row: u64) -> Draft {
        Draft {
            row,
            name: Agreed::default(),
            certificate_no: Agreed::default(),
            birth: Agreed::default(),
            birth_is_bad: false,
            enrolments: Vec::new(),
            identities: Vec::new(),
        }
    }

    /// Adds what a row says; what an earlier row said in the same words is read over, as a person with two identities has
    /// his enrolment on both rows.
    fn take(&mut self, row: u64, enrolment: Option<Enrolment>, identity: Option<HeldIdentity>) {
        let enrolment = enrolment.filter(|new| self.enrolments.iter().all(|(_, one)| one != new));
        self.enrolments.extend(enrolment.map(|new| (row, new)));
        self.identities.extend(identity.filter(|new| !self.identities.contains(new)));
    }

    fn finish(self, id: PersonId, complaints: &mut Complaints) -> Option<Person> {
        let Some(birth) = self.birth.value() else {
            if !self.birth_is_bad {
                let wrong = (
                    "no row of this person has the day of birth; fill it in".to_owned(),
                    "该人员各行均无出生日期;请填写".to_owned(),
                );
                complaints.add(self.row, "birth", wrong);
            }
            return None;
        };
        let rows: Vec<(u64, Span)> =
            self.enrolments.iter().map(|(row, one)| (*row, one.span)).collect();
        let person = Person {
            id,
            name: self.name.value().unwrap_or_default(),
            certificate_no: self.certificate_no.value().unwrap_or_default(),
            birth,
            enrolments: self.enrolments.into_iter().map(|(_, one)| one).collect(),
            identities: self.identities,
        };
        match person.checked() {
            Ok(person) => Some(person),
            Err(refusal) => {
                meeting::complain(complaints, &refusal, &rows, "insured_from");
                None
            }
        }
    }
}
