//! Keys of the index. Identifiers have no control characters, so a zero byte can part them.

use crate::accumulators::AccumulatorKey;

/// Where the index stands.
pub(in crate::store) const STANDS_AT: &[u8] = b"m";

/// Which keys and values the index has.
pub(in crate::store) const LAYOUT: &[u8] = b"layout";

/// Grows with every change of keys or values; an index of another layout is built anew.
pub(in crate::store) const LAYOUT_NOW: &[u8] = b"3";

fn key(kind: u8, parts: &[&str]) -> Vec<u8> {
    let mut key = vec![kind];
    for part in parts {
        key.extend(part.as_bytes());
        key.push(0);
    }
    key
}

fn numbered(mut key: Vec<u8>, number: u64) -> Vec<u8> {
    key.extend(number.to_be_bytes());
    key
}

fn year_key(kind: u8, of: &AccumulatorKey) -> Vec<u8> {
    let year = of.benefit_year.to_string();
    key(kind, &[of.person.as_str(), &of.insutype, &of.family, &year])
}

/// A person.
pub(in crate::store) fn person(id: &str) -> Vec<u8> {
    key(b'p', &[id])
}

/// The writes that put a person.
pub(in crate::store) fn writes_of_person(id: &str) -> Vec<u8> {
    key(b'h', &[id])
}

/// A write among those that put a person.
pub(in crate::store) fn write_of_person(id: &str, sequence: u64) -> Vec<u8> {
    numbered(writes_of_person(id), sequence)
}

/// All writes to registers.
pub(in crate::store) fn register_writes() -> Vec<u8> {
    vec![b'w']
}

/// A write among all to registers.
pub(in crate::store) fn register_write(sequence: u64) -> Vec<u8> {
    numbered(register_writes(), sequence)
}

/// All records of the back office.
pub(in crate::store) fn office_records() -> Vec<u8> {
    vec![b'B']
}

/// A record of the back office among all.
pub(in crate::store) fn office_record(sequence: u64) -> Vec<u8> {
    numbered(office_records(), sequence)
}

/// A facility.
pub(in crate::store) fn facility(id: &str) -> Vec<u8> {
    key(b'f', &[id])
}

/// All catalogue entries of an item code.
pub(in crate::store) fn items_of(code: &str) -> Vec<u8> {
    key(b'i', &[code])
}

/// A catalogue entry.
pub(in crate::store) fn item(code: &str, admdvs: &str, from: &str) -> Vec<u8> {
    key(b'i', &[code, admdvs, from])
}

/// A benefit year.
pub(in crate::store) fn year(of: &AccumulatorKey) -> Vec<u8> {
    year_key(b'a', of)
}

/// All entries of a benefit year, by version.
pub(in crate::store) fn versions_of(of: &AccumulatorKey) -> Vec<u8> {
    year_key(b'k', of)
}

/// The entry that made a version of a benefit year.
pub(in crate::store) fn version(of: &AccumulatorKey, version: u64) -> Vec<u8> {
    numbered(versions_of(of), version)
}

/// Where an entry stands.
pub(in crate::store) fn link(sequence: u64) -> Vec<u8> {
    numbered(vec![b'e'], sequence)
}

/// What a request made.
pub(in crate::store) fn request(facility: &str, request: &str) -> Vec<u8> {
    key(b'r', &[facility, request])
}

/// The latest settlement of an admission.
pub(in crate::store) fn admission(facility: &str, admission: &str) -> Vec<u8> {
    key(b'd', &[facility, admission])
}

/// The latest opening balance of a year with a reference.
pub(in crate::store) fn opening(of: &AccumulatorKey, opening: &str) -> Vec<u8> {
    let mut under = year_key(b'o', of);
    under.extend(key(0, &[opening]));
    under
}

/// The latest opening balance that an office loaded under a reference.
pub(in crate::store) fn office_opening(facility: &str, opening: &str) -> Vec<u8> {
    key(b'q', &[facility, opening])
}

/// All settlements.
pub(in crate::store) fn settlements() -> Vec<u8> {
    vec![b's']
}

/// A settlement among all.
pub(in crate::store) fn settlement(sequence: u64) -> Vec<u8> {
    numbered(settlements(), sequence)
}

/// All settlements of a person.
pub(in crate::store) fn settlements_of_person(person: &str) -> Vec<u8> {
    key(b't', &[person])
}

/// A settlement among a person's.
pub(in crate::store) fn settlement_of_person(person: &str, sequence: u64) -> Vec<u8> {
    numbered(settlements_of_person(person), sequence)
}

/// All settlements of a facility.
pub(in crate::store) fn settlements_of_facility(facility: &str) -> Vec<u8> {
    key(b'u', &[facility])
}

/// A settlement among a facility's.
pub(in crate::store) fn settlement_of_facility(facility: &str, sequence: u64) -> Vec<u8> {
    numbered(settlements_of_facility(facility), sequence)
}

/// Persons with a number of an identity document, as they were put; small letters are capitals here.
pub(in crate::store) fn persons_of_certificate(number: &str) -> Vec<u8> {
    key(b'c', &[&number.to_uppercase()])
}

/// A person among those with a number of an identity document.
pub(in crate::store) fn certificate(number: &str, person: &str) -> Vec<u8> {
    key(b'c', &[&number.to_uppercase(), person])
}

/// Persons whose names begin so, as they were put.
pub(in crate::store) fn persons_named(beginning: &str) -> Vec<u8> {
    [b"j", beginning.as_bytes()].concat()
}

/// A person among those with a name.
pub(in crate::store) fn named(name: &str, person: &str) -> Vec<u8> {
    key(b'j', &[name, person])
}

/// The settlements and reversals of a facility on a day.
pub(in crate::store) fn day_of_facility(facility: &str, day: &str) -> Vec<u8> {
    key(b'y', &[facility, day])
}

/// A settlement or reversal among a facility's, by day.
pub(in crate::store) fn entry_of_day(facility: &str, day: &str, sequence: u64) -> Vec<u8> {
    numbered(day_of_facility(facility, day), sequence)
}

/// A visit: its version, and the write that says how it stands.
pub(in crate::store) fn visit(facility: &str, visit: &str) -> Vec<u8> {
    key(b'v', &[facility, visit])
}

/// All fee lines of a visit.
pub(in crate::store) fn lines_of_visit(facility: &str, visit: &str) -> Vec<u8> {
    key(b'l', &[facility, visit])
}

/// A fee line of a visit: the write that has it and its place there.
pub(in crate::store) fn line_of_visit(facility: &str, visit: &str, line: &str) -> Vec<u8> {
    key(b'l', &[facility, visit, line])
}

/// The settlements of a visit.
pub(in crate::store) fn settlements_of_visit(facility: &str, visit: &str) -> Vec<u8> {
    key(b'g', &[facility, visit])
}

/// A settlement among a visit's.
pub(in crate::store) fn settlement_of_visit(facility: &str, visit: &str, sequence: u64) -> Vec<u8> {
    numbered(settlements_of_visit(facility, visit), sequence)
}

/// The visits of a person, by the write that opened them.
pub(in crate::store) fn visits_of_person(person: &str) -> Vec<u8> {
    key(b'n', &[person])
}

/// A visit among a person's.
pub(in crate::store) fn visit_of_person(person: &str, sequence: u64) -> Vec<u8> {
    numbered(visits_of_person(person), sequence)
}

/// The visits of a facility, by the write that opened them.
pub(in crate::store) fn visits_of_facility(facility: &str) -> Vec<u8> {
    key(b'z', &[facility])
}

/// A visit among a facility's.
pub(in crate::store) fn visit_of_facility(facility: &str, sequence: u64) -> Vec<u8> {
    numbered(visits_of_facility(facility), sequence)
}
