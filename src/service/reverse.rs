//! Reversal: the latest effective entry of a year is undone by a counter-entry. Spec 9.5.

use crate::accumulators::AccumulatorKey;
use crate::accumulators::Accumulators;
use crate::accumulators::Sums;
use crate::id::AdmissionId;
use crate::id::FacilityId;
use crate::id::OpeningId;
use crate::proto;
use crate::proto::ledger_entry::Kind;
use crate::proto::reverse_request::Of;
use crate::refusal::EntryName;
use crate::refusal::Refusal;
use crate::service::Failure;
use crate::service::RETRIES_MAX;
use crate::service::Service;
use crate::service::acknowledged;
use crate::service::entry;
use crate::service::now;
use crate::service::used_for_another_kind;
use crate::store::AppendError;
use crate::store::EntryKind;
use crate::store::Stored;
use crate::store::Year;
use crate::store::apply::accumulators_of;
use crate::wire::compare;
use crate::wire::from_proto;
use crate::wire::to_proto;

const WANT_OF: (&str, &str) =
    ("a number, an admission or an opening", "结算号、就诊编号或期初来源号");

impl Service {
    /// Undoes an entry; the same request again gets its first answer.
    pub async fn reverse(
        &self,
        request: proto::ReverseRequest,
    ) -> Result<proto::Reversal, Failure> {
        let writer = from_proto::writer(request.writer.as_ref())?;
        let reason = from_proto::text(&request.reason, "reason")?;
        if let Some(stored) = self.made_by(&writer)? {
            return self.reversed_before(stored, &request);
        }
        for _ in 0..RETRIES_MAX {
            let (target, key) = self.target(&writer.0, request.of.as_ref())?;
            let _turn = self.lock_of(&key.person).lock().await;
            if let Some(stored) = self.made_by(&writer)? {
                return self.reversed_before(stored, &request);
            }
            let year = self.store.year(&key)?;
            let of = self.entry_name(target)?;
            if let Err(refused) = self.refuse_reversal(&of, &year) {
                // What the id was used for comes first, also where that was written only just now.
                return match self.made_by(&writer)? {
                    Some(stored) => self.reversed_before(stored, &request),
                    None => Err(refused),
                };
            }
            let reversal = proto::Reversal {
                writer: request.writer.clone(),
                of_number: target,
                of_id: of.id,
                key: Some(to_proto::key(&key)),
                accumulators: Some(to_proto::accumulators(&self.before(target, &year)?)),
                reason: reason.clone(),
                ..proto::Reversal::default()
            };
            let entry = entry(Kind::Reversal(reversal), now())?;
            match self.store.append(&entry).await {
                Ok(receipt) => {
                    tracing::info!(
                        number = receipt.sequence,
                        of = target,
                        facility = %writer.0,
                        request_id = %writer.1,
                        "reversed"
                    );
                    return reversal_of(acknowledged(receipt, entry));
                }
                Err(AppendError::Raced) => {}
                Err(AppendError::Fault(fault)) => return Err(fault.into()),
            }
        }
        Err(Refusal::Busy.into())
    }

    /// What would have to be undone before an entry can be, latest first. Writes nothing.
    pub fn undone_first(&self, number: u64) -> Result<Vec<EntryName>, Failure> {
        let (target, key) = self.target_of(Some(number), &number.to_string())?;
        match self.refuse_reversal(&self.entry_name(target)?, &self.store.year(&key)?) {
            Ok(()) => Ok(Vec::new()),
            Err(Failure::Refusal(Refusal::LaterStand { later })) => Ok(later),
            Err(other) => Err(other),
        }
    }

    /// A reversal by its number.
    pub fn reversal(&self, number: u64) -> Result<proto::Reversal, Failure> {
        reversal_of(self.stored(number)?)
    }

    /// The entry that a request names, and whose year it is in.
    fn target(
        &self,
        facility: &FacilityId,
        of: Option<&Of>,
    ) -> Result<(u64, AccumulatorKey), Failure> {
        let malformed = || Refusal::Malformed { field: "of".to_owned(), want: WANT_OF };
        let (number, name) = match of {
            Some(Of::Number(number)) => (Some(*number), number.to_string()),
            Some(Of::Admission(id)) => {
                let admission = AdmissionId::parse(id).ok_or_else(malformed)?;
                (self.store.by_admission(facility, &admission)?, id.clone())
            }
            Some(Of::Opening(id)) => {
                let opening = OpeningId::parse(id).ok_or_else(malformed)?;
                (self.store.by_office_opening(facility, &opening)?, id.clone())
            }
            None => return Err(malformed().into()),
        };
        self.target_of(number, &name)
    }

    fn target_of(&self, number: Option<u64>, name: &str) -> Result<(u64, AccumulatorKey), Failure> {
        let unknown = || Refusal::UnknownEntry { name: name.to_owned() };
        let number = number.ok_or_else(unknown)?;
        let stored = self.store.entry(number)?.ok_or_else(unknown)?;
        let key = year_of(&stored.entry).ok_or_else(unknown)?;
        Ok((number, from_proto::key(Some(&key))?))
    }

    /// Only the latest effective entry of a year can be undone.
    fn refuse_reversal(&self, of: &EntryName, year: &Year) -> Result<(), Failure> {
        let link = self.store.link(of.sequence)?;
        let link = link.ok_or_else(|| Refusal::UnknownEntry { name: of.id.clone() })?;
        if link.kind != EntryKind::Settlement && link.kind != EntryKind::Opening {
            return Err(Refusal::UnknownEntry { name: of.sequence.to_string() }.into());
        }
        if link.reversed_by != 0 {
            return Err(Refusal::AlreadyReversed { entry: of.clone() }.into());
        }
        let later = year.effective.iter().rev().take_while(|number| **number != of.sequence);
        let later: Vec<EntryName> =
            later.map(|number| self.entry_name(*number)).collect::<Result<_, _>>()?;
        if later.is_empty() { Ok(()) } else { Err(Refusal::LaterStand { later }.into()) }
    }

    /// The accumulators as they were before an entry: those of the effective entry that it stands upon; the version grows.
    fn before(&self, sequence: u64, year: &Year) -> Result<Accumulators, Failure> {
        let earlier = year.effective.iter().rev().skip_while(|number| **number != sequence);
        let below = earlier.copied().nth(1).unwrap_or(0);
        let sums = if below == 0 {
            Sums::default()
        } else {
            let stored = self.stored(below)?;
            let unknown = || Refusal::UnknownEntry { name: below.to_string() };
            from_proto::accumulators(accumulators_of(&stored.entry).ok_or_else(unknown)?)?.sums
        };
        Ok(Accumulators { version: year.accumulators.version + 1, sums })
    }

    /// The first answer again, or a refusal where the request differs.
    fn reversed_before(
        &self,
        stored: Stored,
        request: &proto::ReverseRequest,
    ) -> Result<proto::Reversal, Failure> {
        let Some(Kind::Reversal(reversal)) = &stored.entry.kind else {
            return Err(used_for_another_kind());
        };
        let named_the_same = match request.of.as_ref() {
            Some(Of::Number(number)) => *number == reversal.of_number,
            Some(Of::Admission(id) | Of::Opening(id)) => *id == reversal.of_id,
            None => false,
        };
        if !named_the_same {
            return Err(Refusal::RequestIdReused { field: "of".to_owned() }.into());
        }
        compare::same(&reversal.reason, &request.reason)
            .map_err(|_| Refusal::RequestIdReused { field: "reason".to_owned() })?;
        reversal_of(stored)
    }
}

/// The key of the year that a settlement or opening balance is in.
fn year_of(entry: &proto::LedgerEntry) -> Option<proto::AccumulatorKey> {
    match entry.kind.as_ref()? {
        Kind::Settlement(record) => {
            let statement = record.statement.as_ref()?;
            Some(proto::AccumulatorKey {
                person: record.request.as_ref()?.admission.as_ref()?.person.clone(),
                insutype: statement.facts.as_ref()?.insutype.clone(),
                family: statement.pack.as_ref()?.id.clone(),
                benefit_year: statement.benefit_year,
            })
        }
        Kind::Opening(opening) => {
            let request = opening.request.as_ref()?;
            Some(proto::AccumulatorKey {
                person: request.person.clone(),
                insutype: request.insutype.clone(),
                family: request.family.clone(),
                benefit_year: request.benefit_year,
            })
        }
        Kind::Reversal(_)
        | Kind::Register(_)
        | Kind::Visit(_)
        | Kind::Sign(_)
        | Kind::File(_)
        | Kind::Cancellation(_)
        | Kind::Office(_) => None,
    }
}

/// A reversal with its number and digest.
fn reversal_of(stored: Stored) -> Result<proto::Reversal, Failure> {
    let Stored { sequence, digest, entry, .. } = stored;
    match entry.kind {
        Some(Kind::Reversal(reversal)) => Ok(proto::Reversal {
            number: sequence,
            digest: digest.to_string(),
            recorded_at: entry.recorded_at,
            ..reversal
        }),
        Some(
            Kind::Settlement(_)
            | Kind::Opening(_)
            | Kind::Register(_)
            | Kind::Visit(_)
            | Kind::Sign(_)
            | Kind::File(_)
            | Kind::Cancellation(_)
            | Kind::Office(_),
        )
        | None => Err(used_for_another_kind()),
    }
}
