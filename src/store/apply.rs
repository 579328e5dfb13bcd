//! Whether an entry may still be appended.

use crate::accumulators::AccumulatorKey;
use crate::proto;
use crate::proto::ledger_entry::Kind;
use crate::proto::register_put::Put;
use crate::store::fault::Fault;
use crate::store::index::slim;
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
pub(super) fn still_fits(view: &View<'_>, entry: &slim::LedgerEntry) -> Result<bool, Fault> {
    let (Some(writer), Some(kind)) = (entry.writer(), &entry.kind) else { return Ok(false) };
    let keys = view.keys();
    if view.number(keys.request(&writer.facility, &writer.request_id))?.is_some() {
        return Ok(false);
    }
    let is_effective = |number: Option<u64>| match number {
        Some(number) => Ok(view.link(number)?.is_some_and(|link| link.reversed_by == 0)),
        None => Ok::<_, Fault>(false),
    };
    let (standing, after) = match kind {
        slim::Kind::Settlement(record) => {
            let request = record.request.as_ref();
            let admission = request.and_then(|request| request.admission.as_ref());
            let (Some(request), Some(admission)) = (request, admission) else { return Ok(false) };
            let admission = keys.admission(&writer.facility, &admission.id);
            if is_effective(view.number(admission)?)? {
                return Ok(false);
            }
            let (visit, version) = (&request.visit, request.visit_version);
            if !visit.is_empty() && !visit::at_version(view, &writer.facility, visit, version)? {
                return Ok(false);
            }
            (view.standing(&from_key(record.key().as_ref())?)?, &record.accumulators)
        }
        slim::Kind::Opening(opening) => {
            let Some(request) = &opening.request else { return Ok(false) };
            let key = from_key(Some(&request.key()))?;
            if is_effective(view.number(keys.opening(&key, &request.id))?)? {
                return Ok(false);
            }
            (view.standing(&key)?, &opening.accumulators)
        }
        slim::Kind::Reversal(reversal) => {
            let standing = view.standing(&from_key(reversal.key.as_ref())?)?;
            if standing.effective.last() != Some(&reversal.of_number) {
                return Ok(false);
            }
            (standing, &reversal.accumulators)
        }
        slim::Kind::Visit(write) => return visit::fits(view, write, &writer.facility),
        slim::Kind::Cancellation(taken) => {
            let request = keys.request(&writer.facility, &taken.request_id);
            return Ok(view.number(request)?.is_none());
        }
        slim::Kind::Register(_)
        | slim::Kind::Sign(_)
        | slim::Kind::File(_)
        | slim::Kind::Office(_) => return Ok(true),
    };
    let Some(after) = after else { return Ok(false) };
    let after = slim::Accumulators::decode(after.as_slice()).map_err(Fault::undecodable)?;
    Ok(standing.version + 1 == after.version)
}

/// The accumulators after an entry that can stand in a year.
pub(crate) fn accumulators_of(entry: &proto::LedgerEntry) -> Option<&proto::Accumulators> {
    match entry.kind.as_ref()? {
        Kind::Settlement(record) => record.accumulators.as_ref(),
        Kind::Opening(opening) => opening.accumulators.as_ref(),
        Kind::Reversal(_)
        | Kind::Register(_)
        | Kind::Visit(_)
        | Kind::Sign(_)
        | Kind::File(_)
        | Kind::Cancellation(_)
        | Kind::Office(_) => None,
    }
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

fn from_key(key: Option<&proto::AccumulatorKey>) -> Result<AccumulatorKey, Fault> {
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
    from_key(key.as_ref())
}

pub(crate) fn opening_key(request: &proto::LoadOpeningRequest) -> Result<AccumulatorKey, Fault> {
    from_key(Some(&proto::AccumulatorKey {
        person: request.person.clone(),
        insutype: request.insutype.clone(),
        family: request.family.clone(),
        benefit_year: request.benefit_year,
    }))
}
