//! What the national interface asks for beside visits and settlements: sign-ins, files that are kept for a while, requests that
//! are taken back, persons by their documents, and what a facility had on some days.

use crate::calendar::Day;
use crate::id::FacilityId;
use crate::id::PersonId;
use crate::id::RequestId;
use crate::proto;
use crate::proto::ledger_entry::Kind;
use crate::proto::reverse_request::Of;
use crate::refusal::Refusal;
use crate::service::Failure;
use crate::service::RETRIES_MAX;
use crate::service::Service;
use crate::service::entry;
use crate::service::now;
use crate::service::settle::record_of;
use crate::service::used_for_another_kind;
use crate::service::visit::Writing;
use crate::store::AppendError;
use crate::store::visit::visit_id;
use crate::wire::from_proto;
use crate::wire::to_proto;

/// An entry that was appended, now or by an earlier request of the same id.
#[derive(Debug, Clone)]
pub struct Appended {
    /// Its number.
    pub number: u64,
    /// When.
    pub recorded_at: String,
    /// What it is.
    pub kind: Kind,
}

/// What taking a request back did.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TakenBack {
    /// What the request had done is undone, now or before.
    Undone,
    /// The request had not arrived, and will be refused if it does.
    Barred,
}

/// A settlement, or the reversal of one, as a facility had it on a day.
#[derive(Debug, Clone)]
pub struct DayEntry {
    /// The settlement; what a reversal undid.
    pub settlement: proto::SettlementRecord,
    /// The reversal; none for the settlement itself.
    pub reversal: Option<Appended>,
}

impl Service {
    /// Records a sign-in or sign-out.
    pub async fn sign(&self, sign: proto::Sign) -> Result<Appended, Failure> {
        let name = from_proto::writer(sign.writer.as_ref())?;
        self.append_once(&name, Kind::Sign(sign), |kind| matches!(kind, Kind::Sign(_))).await
    }

    /// Keeps a file.
    pub async fn keep_file(&self, file: proto::KeptFile) -> Result<Appended, Failure> {
        let name = from_proto::writer(file.writer.as_ref())?;
        let same = |kind: &Kind| {
            matches!(kind, Kind::File(before)
                if before.name == file.name && before.content == file.content)
        };
        self.append_once(&name, Kind::File(file.clone()), same).await
    }

    /// A file of a facility by its number.
    pub fn kept_file(
        &self,
        facility: &FacilityId,
        number: u64,
    ) -> Result<proto::KeptFile, Failure> {
        let unknown = || Refusal::UnknownEntry { name: number.to_string() };
        let stored = self.store.entry(number)?.ok_or_else(unknown)?;
        let Some(Kind::File(file)) = stored.entry.kind else { return Err(unknown().into()) };
        let of = file.writer.as_ref().map(|writer| writer.facility.as_str());
        if of == Some(facility.as_str()) { Ok(file) } else { Err(unknown().into()) }
    }

    /// Takes a request back (冲正): what it did is undone; if it did nothing yet, it never will.
    pub async fn take_back(
        &self,
        writing: &Writing,
        request: &RequestId,
        infno: &str,
    ) -> Result<TakenBack, Failure> {
        let name = from_proto::writer(Some(&writing.writer))?;
        for _ in 0..RETRIES_MAX {
            let before = self.store.by_request(&name.0, &name.1)?;
            if let Some(before) = before
                && let Some(Kind::Cancellation(taken)) = self.stored(before)?.entry.kind
            {
                let same = taken.request_id == request.as_str();
                let reused = || Refusal::RequestIdReused { field: "omsgid".to_owned() };
                return if same { Ok(TakenBack::Barred) } else { Err(reused().into()) };
            }
            if let Some(number) = self.store.by_request(&name.0, request)? {
                return self.undo(writing, number, request).await;
            }
            let taken = proto::Cancellation {
                writer: Some(writing.writer.clone()),
                request_id: request.to_string(),
                infno: infno.to_owned(),
                noted: writing.noted.clone(),
            };
            match self.store.append(&entry(Kind::Cancellation(taken), now())?).await {
                Ok(receipt) => {
                    let number = receipt.sequence;
                    tracing::info!(number, facility = %name.0, request_id = %name.1, "taken back");
                    return Ok(TakenBack::Barred);
                }
                Err(AppendError::Raced) => {}
                Err(AppendError::Fault(fault)) => return Err(fault.into()),
            }
        }
        Err(Refusal::Busy.into())
    }

    /// Undoes what a request did; what is undone already stays so.
    async fn undo(
        &self,
        writing: &Writing,
        number: u64,
        request: &RequestId,
    ) -> Result<TakenBack, Failure> {
        let stored = self.stored(number)?;
        match stored.entry.kind {
            Some(Kind::Cancellation(_)) => Ok(TakenBack::Barred),
            Some(Kind::Settlement(_)) if stored.reversed_by != 0 => Ok(TakenBack::Undone),
            Some(Kind::Settlement(_)) => {
                let reverse = proto::ReverseRequest {
                    writer: Some(writing.writer.clone()),
                    of: Some(Of::Number(number)),
                    reason: format!("{} {request}", writing.infno),
                };
                self.reverse(reverse).await.map(|_| TakenBack::Undone)
            }
            Some(Kind::Visit(write)) if write.visit.is_empty() => {
                let visit = visit_id(&stored.entry.recorded_at, number);
                let name = from_proto::writer(Some(&writing.writer))?;
                if self.visit(&name.0, &visit)?.visit.cancelled {
                    return Ok(TakenBack::Undone);
                }
                let writing = Writing { visit, ..writing.clone() };
                self.cancel_visit(&writing).await.map(|_| TakenBack::Undone)
            }
            _ => {
                const WANT: (&str, &str) = (
                    "the message id of a 2304 or 2401",
                    "2304 或 2401 的报文ID;其他交易请用各自的撤销交易",
                );
                Err(Refusal::Malformed { field: "omsgid".to_owned(), want: WANT }.into())
            }
        }
    }

    /// The person with this number of an identity document, whose case does not matter.
    pub fn person_by_certificate(&self, number: &str) -> Result<proto::Person, Failure> {
        let mut found = Vec::new();
        for id in self.store.persons_of_certificate(number)? {
            let Some(id) = PersonId::parse(&id) else { continue };
            let person = self.store.person(&id)?;
            // He may have had it earlier, and another now.
            let has = |person: &std::sync::Arc<crate::register::Person>| {
                person.certificate_no.to_uppercase() == number.to_uppercase()
            };
            found.extend(person.filter(has));
        }
        match found.as_slice() {
            [] => Err(Refusal::UnknownPerson.into()),
            [person] => Ok(to_proto::person(person)),
            _ => Err(Refusal::ManyPersons.into()),
        }
    }

    /// What a facility settled from one day to another, and what of its settlements was reversed then, oldest first.
    pub fn entries_of_days(
        &self,
        facility: &FacilityId,
        from: Day,
        to: Day,
    ) -> Result<Vec<DayEntry>, Failure> {
        let mut entries = Vec::new();
        for number in self.store.entries_of_days(facility, from, to)? {
            let stored = self.stored(number)?;
            let reversed = match &stored.entry.kind {
                Some(Kind::Reversal(reversal)) => Some(reversal.of_number),
                _ => None,
            };
            entries.push(match (reversed, stored.entry.kind.clone()) {
                (Some(of), Some(kind)) => DayEntry {
                    settlement: record_of(self.stored(of)?)?,
                    reversal: Some(Appended {
                        number,
                        recorded_at: stored.entry.recorded_at,
                        kind,
                    }),
                },
                _ => DayEntry { settlement: record_of(stored)?, reversal: None },
            });
        }
        Ok(entries)
    }

    /// What a request of a facility did, if it did anything.
    pub fn done_by(
        &self,
        facility: &FacilityId,
        request: &RequestId,
    ) -> Result<Option<Appended>, Failure> {
        let Some(number) = self.store.by_request(facility, request)? else { return Ok(None) };
        let entry = self.stored(number)?.entry;
        let recorded_at = entry.recorded_at;
        Ok(entry.kind.map(|kind| Appended { number, recorded_at, kind }))
    }

    async fn append_once(
        &self,
        name: &(FacilityId, RequestId),
        kind: Kind,
        same: impl Fn(&Kind) -> bool,
    ) -> Result<Appended, Failure> {
        for _ in 0..RETRIES_MAX {
            if let Some(stored) = self.made_by(name)? {
                let (number, entry) = (stored.sequence, stored.entry);
                return match entry.kind {
                    Some(kind) if same(&kind) => {
                        Ok(Appended { number, recorded_at: entry.recorded_at, kind })
                    }
                    _ => Err(used_for_another_kind()),
                };
            }
            let entry = entry(kind.clone(), now())?;
            let recorded_at = entry.recorded_at.clone();
            match self.store.append(&entry).await {
                Ok(receipt) => return Ok(Appended { number: receipt.sequence, recorded_at, kind }),
                Err(AppendError::Raced) => {}
                Err(AppendError::Fault(fault)) => return Err(fault.into()),
            }
        }
        Err(Refusal::Busy.into())
    }
}
