//! What was settled, what a year has, and what a person may expect.

use crate::admission::Admission;
use crate::calendar::Day;
use crate::id::AdmissionId;
use crate::id::FacilityId;
use crate::id::PersonId;
use crate::id::RequestId;
use crate::proto;
use crate::proto::get_settlement_request::By;
use crate::proto::ledger_entry::Kind;
use crate::refusal::Refusal;
use crate::rules::entry::first;
use crate::rules::when::StepSet;
use crate::service::Failure;
use crate::service::Service;
use crate::service::now;
use crate::service::settle::record_of;
use crate::service::used_for_another_kind;
use crate::situation::situation;
use crate::store::Filter;
use crate::store::fault::Fault;
use crate::wire::from_proto;
use crate::wire::to_bytes;
use crate::wire::to_proto;

use prost::Message;

/// How many entries of a list are read at once.
const PAGE: usize = 200;

/// A stretch of a list, and where it goes on.
#[derive(Debug)]
pub struct ListPage {
    /// The settlements that fit.
    pub records: Vec<proto::SettlementRecord>,
    /// Ask for the next page after this number; none at the end.
    pub next: Option<u64>,
}

/// A list request, read.
struct Listing {
    filter: Filter,
    facility: Option<FacilityId>,
    from: Option<Day>,
    to: Option<Day>,
    effective_only: bool,
}

impl Service {
    /// One settlement, by number, by admission, or by the request that made or undid it: whoever lost an answer learns whether it
    /// was settled, was reversed, or was never seen.
    pub fn settlement(
        &self,
        request: &proto::GetSettlementRequest,
    ) -> Result<proto::SettlementRecord, Failure> {
        let (number, name) = match &request.by {
            Some(By::Number(number)) => (Some(*number), number.to_string()),
            Some(By::Admission(by)) => {
                let facility =
                    from_proto::id(&by.facility, "admission.facility", FacilityId::parse)?;
                let id = from_proto::id(&by.admission, "admission.admission", AdmissionId::parse)?;
                (self.store.by_admission(&facility, &id)?, by.admission.clone())
            }
            Some(By::Request(by)) => {
                let facility = from_proto::id(&by.facility, "request.facility", FacilityId::parse)?;
                let id = from_proto::id(&by.request_id, "request.request_id", RequestId::parse)?;
                (self.store.by_request(&facility, &id)?, by.request_id.clone())
            }
            None => {
                const WANT: (&str, &str) =
                    ("a number, an admission or a request", "结算号、就诊或请求编号");
                return Err(Refusal::Malformed { field: "by".to_owned(), want: WANT }.into());
            }
        };
        let unknown = || Refusal::UnknownEntry { name: name.clone() };
        let stored = self.store.entry(number.ok_or_else(unknown)?)?.ok_or_else(unknown)?;
        match (&stored.entry.kind, &request.by) {
            (Some(Kind::Settlement(_)), _) => record_of(stored),
            // The request that undid a settlement: that one says that it is undone.
            (Some(Kind::Reversal(reversal)), Some(By::Request(_))) => {
                let by = Some(By::Number(reversal.of_number));
                self.settlement(&proto::GetSettlementRequest { by })
            }
            // To say that it was never seen would be wrong.
            (Some(_), Some(By::Request(_))) => Err(used_for_another_kind()),
            (Some(_) | None, _) => Err(unknown().into()),
        }
    }

    /// The next page of a list; `after` is where the one before said to go on.
    pub fn list(
        &self,
        request: &proto::ListSettlementsRequest,
        after: u64,
    ) -> Result<ListPage, Failure> {
        let listing = Listing::read(request, after)?;
        let numbers = self.store.list(&listing.filter, PAGE)?;
        let next = numbers.last().copied().filter(|_| numbers.len() == PAGE);
        let mut records = Vec::new();
        for number in numbers {
            let record = record_of(self.stored(number)?)?;
            if listing.fits(&record) {
                records.push(record);
            }
        }
        Ok(ListPage { records, next })
    }

    /// What a benefit year has.
    pub fn accumulators(
        &self,
        request: &proto::GetAccumulatorsRequest,
    ) -> Result<proto::GetAccumulatorsReply, Failure> {
        let key = from_proto::key(request.key.as_ref())?;
        if self.store.person(&key.person)?.is_none() {
            return Err(Refusal::UnknownPerson.into());
        }
        let year = self.store.year(&key)?;
        Ok(proto::GetAccumulatorsReply {
            key: Some(to_proto::key(&key)),
            accumulators: Some(to_proto::accumulators(&year.accumulators)),
        })
    }

    /// Who a person is to the policy on a day.
    pub fn eligibility(
        &self,
        request: &proto::EligibilityRequest,
    ) -> Result<proto::EligibilityReply, Failure> {
        let asked = from_proto::day_if_given(&request.asked, "asked")?;
        let day = asked.unwrap_or_else(|| now().day());
        let optional = |text: &str| if text.is_empty() { None } else { Some(text.to_owned()) };
        let facility = match request.facility.as_str() {
            "" => None,
            text => Some(from_proto::id(text, "facility", FacilityId::parse)?),
        };
        let admission = Admission {
            id: None,
            person: from_proto::id(&request.person, "person", PersonId::parse)?,
            facility,
            admitted_on: day,
            discharged_on: day,
            med_type: optional(&request.med_type),
            referral: from_proto::referral(&request.referral, "referral")?,
            diagnoses: from_proto::diagnoses(&request.diagnoses, "diagnoses")?,
            episode: None,
        };
        let looked_up = self.look_up(&admission, None)?;
        let book = self.book();
        let situation =
            situation(&book, &looked_up.person, looked_up.facility.as_deref(), &admission)?;
        let year = self.store.year(&situation.key)?.accumulators;
        let situation = situation.at(&year);
        let facts = proto::Facts::decode(to_bytes::facts(&situation, day).as_slice());
        let facts = facts.map_err(Fault::undecodable)?;
        let exempt = first(&situation.pack.deposit_exempt, &situation.facts, StepSet::default());
        Ok(proto::EligibilityReply {
            pack: Some(to_proto::pack_name(situation.pack)),
            benefit_year: i32::from(situation.key.benefit_year),
            facts: Some(facts),
            deposit_exempt: exempt.is_some(),
            deposit_source: exempt.map(|entry| to_proto::source(&entry.source)),
            accumulators: Some(to_proto::accumulators(&year)),
        })
    }
}

impl Listing {
    fn read(request: &proto::ListSettlementsRequest, after: u64) -> Result<Listing, Refusal> {
        let person = match request.person.as_str() {
            "" => None,
            text => Some(from_proto::id(text, "person", PersonId::parse)?),
        };
        let facility = match request.facility.as_str() {
            "" => None,
            text => Some(from_proto::id(text, "facility", FacilityId::parse)?),
        };
        Ok(Listing {
            filter: Filter { person, facility: facility.clone(), after },
            facility,
            from: from_proto::day_if_given(&request.recorded_from, "recorded_from")?,
            to: from_proto::day_if_given(&request.recorded_to, "recorded_to")?,
            effective_only: request.effective_only,
        })
    }

    fn fits(&self, record: &proto::SettlementRecord) -> bool {
        let day = record.recorded_at.get(..10).and_then(Day::parse);
        let writer = record.request.as_ref().and_then(|request| request.writer.as_ref());
        let facility = writer.map(|writer| writer.facility.as_str());
        self.from.is_none_or(|from| day.is_some_and(|day| from <= day))
            && self.to.is_none_or(|to| day.is_some_and(|day| day <= to))
            && self.facility.as_ref().is_none_or(|one| facility == Some(one.as_str()))
            && !(self.effective_only && record.reversed_by != 0)
    }
}
