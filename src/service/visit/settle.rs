//! Quoting and settling a visit: its open lines become the bill, and the settlement is one like any other.

use crate::calendar::Day;
use crate::id::FacilityId;
use crate::proto;
use crate::refusal::Refusal;
use crate::refusal::VisitBar;
use crate::service::Failure;
use crate::service::RETRIES_MAX;
use crate::service::Service;
use crate::service::now;
use crate::service::settle::read_record;
use crate::service::visit::Kept;
use crate::wire::from_proto;

/// What is said of the bill of a visit.
#[derive(Debug, Clone, Default)]
pub struct VisitBill {
    /// The visit.
    pub visit: String,
    /// Day of discharge where it is given; else that of the discharge, or today.
    pub discharged_on: Option<Day>,
    /// An interim bill (中途结算): an admission of its own, linked to the others of the visit by their episode.
    pub interim: bool,
    /// The stated total; empty where it is not stated.
    pub total: String,
    /// To be paid from the personal account; empty for nothing.
    pub account_pay: String,
    /// Paid in advance; empty for nothing.
    pub deposit: String,
    /// The patient's share that was quoted; empty where it was not.
    pub expected_patient_pay: String,
    /// The accumulators' version that was quoted.
    pub expected_version: Option<u64>,
    /// What else was said.
    pub noted: Vec<proto::NamedText>,
}

impl Service {
    /// Computes what everybody would pay of the open lines, and writes nothing.
    pub fn quote_visit(
        &self,
        facility: &FacilityId,
        bill: &VisitBill,
    ) -> Result<(Kept, proto::Statement), Failure> {
        let kept = self.visit(facility, &bill.visit)?;
        let request = self.bill_of(facility, &kept, bill)?;
        let quote = proto::QuoteRequest {
            admission: request.admission,
            bill: request.bill,
            account_pay: request.account_pay,
            deposit: request.deposit,
            ..proto::QuoteRequest::default()
        };
        Ok((kept, self.quote(&quote)?))
    }

    /// Settles the open lines.
    pub async fn settle_visit(
        &self,
        writer: &proto::Writer,
        bill: &VisitBill,
    ) -> Result<proto::SettlementRecord, Failure> {
        let name = from_proto::writer(Some(writer))?;
        for _ in 0..RETRIES_MAX {
            let _turn = self.visit_turn(&name.0, &bill.visit).lock().await;
            if let Some(stored) = self.made_by(&name)? {
                return settled_before(stored, bill);
            }
            let kept = self.visit(&name.0, &bill.visit)?;
            let request = self.bill_of(&name.0, &kept, bill)?;
            let request = proto::SettleRequest { writer: Some(writer.clone()), ..request };
            match self.settle_bill(request).await {
                Err(Failure::Refusal(Refusal::Busy)) => {}
                outcome => return read_record(&outcome?),
            }
        }
        Err(Refusal::Busy.into())
    }

    /// The request that settles the open lines, without its writer.
    fn bill_of(
        &self,
        facility: &FacilityId,
        kept: &Kept,
        bill: &VisitBill,
    ) -> Result<proto::SettleRequest, Failure> {
        self.unless_closed(facility, kept)?;
        let lines = self.open_lines(facility, &kept.id)?;
        if lines.is_empty() {
            let (visit, bar) = (kept.id.clone(), VisitBar::NoLines);
            return Err(Refusal::VisitBarred { visit, bar }.into());
        }
        let before = self.store.visit_settlements(facility, &kept.id)?;
        let discharged_on = bill.discharged_on.or(kept.discharged_on()).unwrap_or(now().day());
        let quoted = kept.quoted(facility, discharged_on, lines);
        let mut admission = quoted.admission.unwrap_or_default();
        admission.id = if bill.interim {
            format!("{}-{}", kept.id, before.len() + 1)
        } else {
            kept.id.clone()
        };
        if bill.interim || !before.is_empty() {
            admission.episode.clone_from(&kept.id);
        }
        let charges = quoted.bill.unwrap_or_default();
        Ok(proto::SettleRequest {
            admission: Some(admission),
            bill: Some(proto::Bill { total: bill.total.clone(), ..charges }),
            account_pay: bill.account_pay.clone(),
            deposit: bill.deposit.clone(),
            expected_patient_pay: bill.expected_patient_pay.clone(),
            expected_version: bill.expected_version,
            visit: kept.id.clone(),
            visit_version: kept.version,
            noted: bill.noted.clone(),
            ..proto::SettleRequest::default()
        })
    }
}

impl Kept {
    /// The day of admission.
    pub fn admitted_on(&self) -> Result<Day, Failure> {
        let day = self.visit.begun_at.get(..10).unwrap_or_default();
        Ok(from_proto::day(day, "begntime")?)
    }

    /// The day of discharge, if there was one.
    fn discharged_on(&self) -> Option<Day> {
        self.visit.ended_at.get(..10).and_then(Day::parse)
    }

    /// The last day of the visit that is known: of discharge, or of its latest line.
    pub fn last_day(&self, lines: &[proto::FeeLine]) -> Result<Day, Failure> {
        let admitted_on = self.admitted_on()?;
        let of_lines = lines.iter().filter_map(|line| line.occurred_at.get(..10));
        let latest = of_lines.filter_map(Day::parse).chain([admitted_on]).max();
        Ok(self.discharged_on().or(latest).unwrap_or(admitted_on))
    }

    /// A quote of some of its lines as if the visit ended on a day. Refunds stand behind what they take back.
    pub fn quoted(
        &self,
        facility: &FacilityId,
        discharged_on: Day,
        lines: Vec<proto::FeeLine>,
    ) -> proto::QuoteRequest {
        let visit = &self.visit;
        let lines = lines.into_iter().filter_map(|line| line.line);
        let (refunds, mut all): (Vec<_>, Vec<_>) =
            lines.partition(|line| !line.refund_of.is_empty());
        all.extend(refunds);
        proto::QuoteRequest {
            admission: Some(proto::Admission {
                id: self.id.clone(),
                person: visit.person.clone(),
                facility: facility.to_string(),
                admitted_on: visit.begun_at.get(..10).unwrap_or_default().to_owned(),
                discharged_on: discharged_on.to_string(),
                med_type: visit.med_type.clone(),
                referral: visit.referral.clone(),
                diagnoses: diagnoses(visit),
                ..proto::Admission::default()
            }),
            bill: Some(proto::Bill { lines: all, ..proto::Bill::default() }),
            ..proto::QuoteRequest::default()
        }
    }
}

/// The codes of the diagnoses, the principal one first; those made at discharge in place of the earlier ones.
fn diagnoses(visit: &proto::Visit) -> Vec<String> {
    let at_discharge = visit.diagnoses.iter().any(|one| one.at_discharge);
    let mut sorted: Vec<_> =
        visit.diagnoses.iter().filter(|one| one.at_discharge == at_discharge).collect();
    sorted.sort_by_key(|one| (!one.principal, one.order));
    let mut codes: Vec<String> = Vec::new();
    for one in sorted {
        if !codes.contains(&one.code) {
            codes.push(one.code.clone());
        }
    }
    codes
}

/// The first answer again: whoever lost it knows the visit and the stated total, and both must be the same.
fn settled_before(
    stored: crate::store::Stored,
    bill: &VisitBill,
) -> Result<proto::SettlementRecord, Failure> {
    let record = crate::service::settle::record_of(stored)
        .map_err(|_| crate::service::used_for_another_kind())?;
    let request = record.request.as_ref();
    let visit = request.map(|request| request.visit.as_str());
    let total = request.and_then(|request| request.bill.as_ref()).map(|bill| bill.total.as_str());
    let reused = |field: &str| Refusal::RequestIdReused { field: field.to_owned() };
    if visit != Some(bill.visit.as_str()) {
        return Err(reused("mdtrt_id").into());
    }
    if from_proto::money_if_given(total.unwrap_or_default(), "medfee_sumamt")?
        != from_proto::money_if_given(&bill.total, "medfee_sumamt")?
    {
        return Err(reused("medfee_sumamt").into());
    }
    Ok(record)
}
