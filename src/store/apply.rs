//! What follows from a ledger entry: whether it may be appended, and what the index then holds.

use crate::accumulators::AccumulatorKey;
use crate::proto;
use crate::proto::ledger_entry::Kind;
use crate::proto::register_put::Put;
use crate::store::EntryKind;
use crate::store::Link;
use crate::store::fault::Fault;
use crate::store::index::keys;
use crate::store::index::view::View;
use crate::store::visit;
use crate::wire::from_proto;

use prost::Message;

/// The version of entries that this program writes and reads.
pub(crate) const ENTRY_VERSION: u32 = 1;

/// Refuses an entry of a version that this program does not know: it must not guess at what it says.
pub(crate) fn check_version(entry: &proto::LedgerEntry) -> Result<(), Fault> {
    if entry.version == ENTRY_VERSION { Ok(()) } else { Err(Fault::EntryVersion(entry.version)) }
}

/// Whether the state that an entry was computed on still stands: its request id is new, its year is where it was, and what it
/// settles, loads or undoes is free to be.
pub(super) fn still_fits(view: &View<'_>, entry: &proto::LedgerEntry) -> Result<bool, Fault> {
    let Some((writer, kind)) = writer(entry) else { return Ok(false) };
    if view.number(&keys::request(&writer.facility, &writer.request_id))?.is_some() {
        return Ok(false);
    }
    let is_effective = |number: Option<u64>| match number {
        Some(number) => Ok(view.link(number)?.is_some_and(|link| link.reversed_by == 0)),
        None => Ok::<_, Fault>(false),
    };
    let (key, after) = match kind {
        Kind::Settlement(record) => {
            let admission = record.request.as_ref().and_then(|request| request.admission.as_ref());
            let Some(admission) = admission else { return Ok(false) };
            let admission = keys::admission(&writer.facility, &admission.id);
            if is_effective(view.number(&admission)?)? {
                return Ok(false);
            }
            if let Some((visit, version)) = visit_of(record)
                && !visit::at_version(view, &writer.facility, visit, version)?
            {
                return Ok(false);
            }
            (settlement_key(record)?, &record.accumulators)
        }
        Kind::Opening(opening) => {
            let Some(request) = &opening.request else { return Ok(false) };
            let key = opening_key(request)?;
            if is_effective(view.number(&keys::opening(&key, &request.id))?)? {
                return Ok(false);
            }
            (key, &opening.accumulators)
        }
        Kind::Reversal(reversal) => {
            let key = read_key(reversal.key.as_ref())?;
            if view.year(&key)?.top != reversal.of_number {
                return Ok(false);
            }
            (key, &reversal.accumulators)
        }
        Kind::Visit(write) => return visit::fits(view, write, &writer.facility),
        Kind::Cancellation(taken) => {
            let request = keys::request(&writer.facility, &taken.request_id);
            return Ok(view.number(&request)?.is_none());
        }
        Kind::Register(_) | Kind::Sign(_) | Kind::File(_) | Kind::Office(_) => return Ok(true),
    };
    let version = after.as_ref().map_or(0, |accumulators| accumulators.version);
    Ok(view.year(&key)?.accumulators.version + 1 == version)
}

/// Writes what follows from an entry.
pub(super) fn apply(
    view: &mut View<'_>,
    sequence: u64,
    entry: &proto::LedgerEntry,
) -> Result<(), Fault> {
    check_version(entry)?;
    let Some((writer, kind)) = writer(entry) else {
        return Err(Fault::Unreadable("an entry without content".to_owned()));
    };
    let number = sequence.to_be_bytes().to_vec();
    view.put(keys::request(&writer.facility, &writer.request_id), number.clone());
    match kind {
        Kind::Settlement(record) => {
            let key = settlement_key(record)?;
            stand_upon(view, sequence, (&key, &record.accumulators), EntryKind::Settlement)?;
            let admission = record.request.as_ref().and_then(|request| request.admission.as_ref());
            let admission = admission.map_or("", |admission| &admission.id);
            view.put(keys::admission(&writer.facility, admission), number);
            let person = key.person.as_str();
            view.put(keys::settlement(sequence), writer.facility.as_bytes().to_vec());
            view.put(keys::settlement_of_person(person, sequence), Vec::new());
            view.put(keys::settlement_of_facility(&writer.facility, sequence), Vec::new());
            let day = day_of(entry);
            view.put(keys::entry_of_day(&writer.facility, day, sequence), Vec::new());
            if let Some((visit, _)) = visit_of(record) {
                visit::settled(view, sequence, &writer.facility, visit)?;
            }
        }
        Kind::Opening(opening) => {
            let Some(request) = &opening.request else { return Ok(()) };
            let key = opening_key(request)?;
            stand_upon(view, sequence, (&key, &opening.accumulators), EntryKind::Opening)?;
            view.put(keys::opening(&key, &request.id), number.clone());
            view.put(keys::office_opening(&writer.facility, &request.id), number);
        }
        Kind::Reversal(reversal) => {
            undo(view, sequence, reversal)?;
            // The settlement's facility may be another than the one that undid it.
            let facility = view.value(&keys::settlement(reversal.of_number))?;
            if let Some(facility) = facility.and_then(|name| String::from_utf8(name.to_vec()).ok())
            {
                view.put(keys::entry_of_day(&facility, day_of(entry), sequence), Vec::new());
            }
        }
        Kind::Register(register) => {
            put(view, sequence, register);
            view.put(keys::register_write(sequence), Vec::new());
            view.put_link(sequence, Link::upon(EntryKind::Register, 0));
        }
        Kind::Office(_) => {
            view.put(keys::office_record(sequence), Vec::new());
            view.put_link(sequence, Link::upon(EntryKind::Office, 0));
        }
        Kind::Visit(write) => {
            visit::follow(view, (sequence, &entry.recorded_at), write, &writer.facility)?;
        }
        Kind::Sign(_) => view.put_link(sequence, Link::upon(EntryKind::Sign, 0)),
        Kind::File(_) => view.put_link(sequence, Link::upon(EntryKind::File, 0)),
        Kind::Cancellation(taken) => {
            view.put(keys::request(&writer.facility, &taken.request_id), number);
            view.put_link(sequence, Link::upon(EntryKind::Cancellation, 0));
        }
    }
    Ok(())
}

/// The visit that a settlement bills, and the version that its bill was made at.
fn visit_of(record: &proto::SettlementRecord) -> Option<(&str, u64)> {
    let request = record.request.as_ref().filter(|request| !request.visit.is_empty())?;
    Some((&request.visit, request.visit_version))
}

/// The day on which an entry was recorded.
fn day_of(entry: &proto::LedgerEntry) -> &str {
    entry.recorded_at.get(..10).unwrap_or_default()
}

/// Registers hold each record as it was put last.
fn put(view: &mut View<'_>, sequence: u64, register: &proto::RegisterPut) {
    match &register.put {
        Some(Put::Persons(put)) => {
            for person in &put.persons {
                view.put(keys::person(&person.id), person.encode_to_vec());
                view.put(keys::write_of_person(&person.id, sequence), Vec::new());
                if !person.name.is_empty() {
                    view.put(keys::named(&person.name, &person.id), person.id.clone().into_bytes());
                }
                if !person.certificate_no.is_empty() {
                    let key = keys::certificate(&person.certificate_no, &person.id);
                    view.put(key, Vec::new());
                }
            }
        }
        Some(Put::Facilities(put)) => {
            for facility in &put.facilities {
                view.put(keys::facility(&facility.id), facility.encode_to_vec());
            }
        }
        Some(Put::Items(put)) => {
            for item in &put.items {
                let key = keys::item(&item.code, &item.admdvs, &item.from);
                view.put(key, item.encode_to_vec());
            }
        }
        None => {}
    }
}

/// A settlement or opening balance becomes the latest effective entry of its year.
fn stand_upon(
    view: &mut View<'_>,
    sequence: u64,
    (key, after): (&AccumulatorKey, &Option<proto::Accumulators>),
    kind: EntryKind,
) -> Result<(), Fault> {
    let below = view.year(key)?.top;
    view.put_link(sequence, Link::upon(kind, below));
    put_year(view, key, sequence, (sequence, after))
}

/// The entry that a reversal undoes gives way to the one that it stood upon.
fn undo(view: &mut View<'_>, sequence: u64, reversal: &proto::Reversal) -> Result<(), Fault> {
    let key = read_key(reversal.key.as_ref())?;
    let Some(link) = view.link(reversal.of_number)? else {
        let missing = format!("a reversal of entry {}, which is missing", reversal.of_number);
        return Err(Fault::Unreadable(missing));
    };
    view.put_link(reversal.of_number, Link { reversed_by: sequence, ..link });
    view.put_link(sequence, Link::upon(EntryKind::Reversal, 0));
    put_year(view, &key, sequence, (link.below, &reversal.accumulators))
}

fn put_year(
    view: &mut View<'_>,
    key: &AccumulatorKey,
    sequence: u64,
    (top, after): (u64, &Option<proto::Accumulators>),
) -> Result<(), Fault> {
    let Some(after) = after else {
        return Err(Fault::Unreadable("an entry without accumulators".to_owned()));
    };
    view.put(keys::version(key, after.version), sequence.to_be_bytes().to_vec());
    view.put_year(key, top, after);
    Ok(())
}

/// Who wrote an entry, and what kind it is.
pub(crate) fn writer(entry: &proto::LedgerEntry) -> Option<(&proto::Writer, &Kind)> {
    let kind = entry.kind.as_ref()?;
    let writer = match kind {
        Kind::Settlement(record) => record.request.as_ref()?.writer.as_ref()?,
        Kind::Opening(opening) => opening.request.as_ref()?.writer.as_ref()?,
        Kind::Reversal(reversal) => reversal.writer.as_ref()?,
        Kind::Register(register) => match register.put.as_ref()? {
            Put::Persons(put) => put.writer.as_ref()?,
            Put::Facilities(put) => put.writer.as_ref()?,
            Put::Items(put) => put.writer.as_ref()?,
        },
        Kind::Office(record) => record.writer.as_ref()?,
        Kind::Visit(write) => write.writer.as_ref()?,
        Kind::Sign(sign) => sign.writer.as_ref()?,
        Kind::File(file) => file.writer.as_ref()?,
        Kind::Cancellation(taken) => taken.writer.as_ref()?,
    };
    Some((writer, kind))
}

fn read_key(key: Option<&proto::AccumulatorKey>) -> Result<AccumulatorKey, Fault> {
    from_proto::key(key).map_err(Fault::unreadable)
}

/// The key of a settlement's year, from what it recorded.
pub(crate) fn settlement_key(record: &proto::SettlementRecord) -> Result<AccumulatorKey, Fault> {
    let key = record.statement.as_ref().and_then(|statement| {
        let admission = record.request.as_ref()?.admission.as_ref()?;
        Some(proto::AccumulatorKey {
            person: admission.person.clone(),
            insutype: statement.facts.as_ref()?.insutype.clone(),
            family: statement.pack.as_ref()?.id.clone(),
            benefit_year: statement.benefit_year,
        })
    });
    read_key(key.as_ref())
}

pub(crate) fn opening_key(request: &proto::LoadOpeningRequest) -> Result<AccumulatorKey, Fault> {
    read_key(Some(&proto::AccumulatorKey {
        person: request.person.clone(),
        insutype: request.insutype.clone(),
        family: request.family.clone(),
        benefit_year: request.benefit_year,
    }))
}
