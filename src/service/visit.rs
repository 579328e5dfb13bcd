//! Visits that a HIS keeps here until they are settled (就诊): registered, changed and taken back, one ledger entry each time.

mod lines;
mod settle;

pub use crate::service::visit::lines::Upload;
pub use crate::service::visit::settle::VisitBill;

use crate::id::FacilityId;
use crate::id::PersonId;
use crate::id::RequestId;
use crate::proto;
use crate::proto::ledger_entry::Kind;
use crate::proto::visit_write::Change;
use crate::refusal::Refusal;
use crate::refusal::VisitBar;
use crate::service::Failure;
use crate::service::RETRIES_MAX;
use crate::service::Service;
use crate::service::acknowledged;
use crate::service::entry;
use crate::service::now;
use crate::service::one_of;
use crate::service::used_for_another_kind;
use crate::store::AppendError;
use crate::store::Stored;
use crate::store::fault::Fault;
use crate::store::visit::visit_id;
use crate::wire::from_proto;

/// A visit as it stands.
#[derive(Debug, Clone, PartialEq)]
pub struct Kept {
    /// Its id.
    pub id: String,
    /// How many entries it has.
    pub version: u64,
    /// What its last registration says.
    pub visit: proto::Visit,
}

/// Who asks for a write, and to which visit.
#[derive(Debug, Clone)]
pub struct Writing {
    /// Who.
    pub writer: proto::Writer,
    /// The transaction.
    pub infno: String,
    /// A digest of what is asked, to tell a repetition from another request under the same id.
    pub asked: String,
    /// The visit; empty in the write that opens it.
    pub visit: String,
    /// What the envelope said besides.
    pub noted: Vec<proto::NamedText>,
}

/// A write as it was acknowledged, now or before.
#[derive(Debug, Clone, PartialEq)]
pub struct Written {
    /// Its ledger number; 0 where nothing had to be written.
    pub number: u64,
    /// When.
    pub recorded_at: String,
    /// The visit.
    pub visit: String,
    /// What was written.
    pub change: Option<Change>,
}

impl Service {
    /// A visit as it stands.
    pub fn visit(&self, facility: &FacilityId, id: &str) -> Result<Kept, Failure> {
        let unknown = || Refusal::UnknownVisit { visit: id.to_owned() };
        let place = self.store.visit(facility, id)?.ok_or_else(unknown)?;
        let stored = self.stored(place.stands)?;
        let Some(Kind::Visit(proto::VisitWrite { change: Some(Change::Stands(visit)), .. })) =
            stored.entry.kind
        else {
            return Err(unknown().into());
        };
        Ok(Kept { id: id.to_owned(), version: place.version, visit })
    }

    /// The visits of a person, or of a facility, oldest first.
    pub fn visits(
        &self,
        facility: &FacilityId,
        person: Option<&PersonId>,
    ) -> Result<Vec<Kept>, Failure> {
        let numbers = match person {
            Some(person) => self.store.visits_of_person(person)?,
            None => self.store.visits_of_facility(facility)?,
        };
        let mut kept = Vec::new();
        for number in numbers {
            let stored = self.stored(number)?;
            let id = visit_id(&stored.entry.recorded_at, number);
            let Some(Kind::Visit(write)) = stored.entry.kind else { continue };
            if write.writer.is_some_and(|writer| writer.facility == facility.as_str()) {
                kept.push(self.visit(facility, &id)?);
            }
        }
        Ok(kept)
    }

    /// Opens a visit, unless there is something against it. A facility's visits are opened one after another.
    pub async fn open_visit(
        &self,
        writing: &Writing,
        visit: &proto::Visit,
        unless: impl Fn() -> Result<(), Failure>,
    ) -> Result<Written, Failure> {
        let open = |_: Option<&Kept>| {
            unless()?;
            Ok(Some(Change::Stands(visit.clone())))
        };
        self.write_visit(writing, open).await
    }

    /// Says how a visit stands now.
    pub async fn change_visit(
        &self,
        writing: &Writing,
        change: impl Fn(&Kept) -> Result<proto::Visit, Failure>,
    ) -> Result<Written, Failure> {
        let change = |kept: Option<&Kept>| {
            let kept = kept.ok_or_else(|| Refusal::UnknownVisit { visit: String::new() })?;
            Ok(Some(Change::Stands(change(kept)?)))
        };
        self.write_visit(writing, change).await
    }

    /// Takes a visit back; one that was settled or has fee lines stays.
    pub async fn cancel_visit(&self, writing: &Writing) -> Result<Written, Failure> {
        let facility = from_proto::writer(Some(&writing.writer))?.0;
        self.change_visit(writing, |kept| {
            let barred = |bar| Refusal::VisitBarred { visit: kept.id.clone(), bar };
            if kept.visit.cancelled {
                return Err(barred(VisitBar::Cancelled).into());
            }
            if !self.effective_settlements(&facility, &kept.id)?.is_empty() {
                return Err(barred(VisitBar::Settled).into());
            }
            if !self.store.visit_lines(&facility, &kept.id)?.is_empty() {
                return Err(barred(VisitBar::HasLines).into());
            }
            Ok(proto::Visit { cancelled: true, ..kept.visit.clone() })
        })
        .await
    }

    /// A visit that may be written to: neither taken back nor settled as a whole.
    pub fn unless_closed(&self, facility: &FacilityId, kept: &Kept) -> Result<(), Failure> {
        let barred = |bar| Refusal::VisitBarred { visit: kept.id.clone(), bar };
        if kept.visit.cancelled {
            return Err(barred(VisitBar::Cancelled).into());
        }
        let settled = self.effective_settlements(facility, &kept.id)?;
        let whole = |record: &proto::SettlementRecord| {
            let admission = record.request.as_ref().and_then(|request| request.admission.as_ref());
            admission.is_some_and(|admission| admission.id == kept.id)
        };
        if settled.iter().any(whole) { Err(barred(VisitBar::Settled).into()) } else { Ok(()) }
    }

    /// Writes what `decide` says of the visit as it stands; where it says nothing, nothing is written. The same request again
    /// gets its first answer.
    async fn write_visit(
        &self,
        writing: &Writing,
        decide: impl Fn(Option<&Kept>) -> Result<Option<Change>, Failure>,
    ) -> Result<Written, Failure> {
        let name = from_proto::writer(Some(&writing.writer))?;
        for _ in 0..RETRIES_MAX {
            let _turn = self.visit_turn(&name.0, &writing.visit).lock().await;
            if let Some(stored) = self.made_by(&name)? {
                return written_before(stored, writing);
            }
            let decided = self.decide(&name, writing, &decide);
            let (version, change) = match decided {
                Ok(decided) => decided,
                // What the id was used for comes first, also where that was written only just now.
                Err(refused) => match self.made_by(&name)? {
                    Some(stored) => return written_before(stored, writing),
                    None => return Err(refused),
                },
            };
            let write = proto::VisitWrite {
                writer: Some(writing.writer.clone()),
                visit: writing.visit.clone(),
                version,
                infno: writing.infno.clone(),
                asked: writing.asked.clone(),
                change,
                noted: writing.noted.clone(),
            };
            if write.change.is_none() {
                let (visit, recorded_at) = (write.visit, String::new());
                return Ok(Written { number: 0, recorded_at, visit, change: None });
            }
            let entry = entry(Kind::Visit(write), now())?;
            match self.store.append(&entry).await {
                Ok(receipt) => {
                    tracing::info!(
                        number = receipt.sequence,
                        facility = %name.0,
                        request_id = %name.1,
                        infno = writing.infno,
                        "visit written"
                    );
                    return written(acknowledged(receipt, entry));
                }
                Err(AppendError::Raced) => {}
                Err(AppendError::Fault(fault)) => return Err(fault.into()),
            }
        }
        Err(Refusal::Busy.into())
    }

    fn decide(
        &self,
        name: &(FacilityId, RequestId),
        writing: &Writing,
        decide: &impl Fn(Option<&Kept>) -> Result<Option<Change>, Failure>,
    ) -> Result<(u64, Option<Change>), Failure> {
        if writing.visit.is_empty() {
            return Ok((1, decide(None)?));
        }
        let kept = self.visit(&name.0, &writing.visit)?;
        Ok((kept.version + 1, decide(Some(&kept))?))
    }

    fn visit_turn(&self, facility: &FacilityId, visit: &str) -> &tokio::sync::Mutex<()> {
        one_of(&self.visit_locks, &format!("{facility}\0{visit}"))
    }

    /// The settlements of a visit that stand.
    pub fn effective_settlements(
        &self,
        facility: &FacilityId,
        visit: &str,
    ) -> Result<Vec<proto::SettlementRecord>, Failure> {
        let mut effective = Vec::new();
        for number in self.store.visit_settlements(facility, visit)? {
            let stored = self.stored(number)?;
            if stored.reversed_by == 0 {
                effective.push(crate::service::settle::record_of(stored)?);
            }
        }
        Ok(effective)
    }
}

/// The first answer again, or a refusal where the request differs.
fn written_before(stored: Stored, writing: &Writing) -> Result<Written, Failure> {
    let Some(Kind::Visit(write)) = &stored.entry.kind else { return Err(used_for_another_kind()) };
    if write.infno != writing.infno {
        return Err(Refusal::RequestIdReused { field: "infno".to_owned() }.into());
    }
    if write.visit != writing.visit || write.asked != writing.asked {
        return Err(Refusal::RequestIdReused { field: "input".to_owned() }.into());
    }
    written(stored)
}

fn written(stored: Stored) -> Result<Written, Failure> {
    let Stored { sequence, entry, .. } = stored;
    let proto::LedgerEntry { recorded_at, kind: Some(Kind::Visit(write)), .. } = entry else {
        return Err(Fault::Unconfirmed.into());
    };
    let opened = || visit_id(&recorded_at, sequence);
    let visit = if write.visit.is_empty() { opened() } else { write.visit };
    Ok(Written { number: sequence, recorded_at, visit, change: write.change })
}
