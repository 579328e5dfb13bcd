//! What the service shows, compared with the books: years, settlements by all their names, and lists.

use crate::simulation::auditor::Auditor;
use crate::simulation::auditor::answer::YearKey;
use crate::simulation::auditor::sums::same;
use crate::simulation::world::FAMILY;
use crate::simulation::world::INSUTYPE;

use onestop::proto;
use onestop::proto::get_settlement_request::By;
use onestop::refusal::Refusal;
use onestop::service::Failure;
use onestop::service::Service;
use onestop::wire::compare;

use std::collections::BTreeSet;

impl Auditor {
    /// Compares all that changed since the last time, or all there is.
    pub(crate) fn compare(&mut self, service: &Service, all: bool) -> Result<(), String> {
        let (years, entries) =
            (std::mem::take(&mut self.touched), std::mem::take(&mut self.touched_entries));
        for key in &years {
            self.compare_year(service, key)?;
        }
        for number in &entries {
            self.compare_entry(service, *number)?;
        }
        let persons: BTreeSet<&str> = years.iter().map(|key| key.person.as_str()).collect();
        for person in persons.into_iter().filter(|person| !self.is_adrift(person)) {
            self.compare_list(service, (person, ""), false)?;
        }
        // The books of these may lack an entry: once more, later.
        let is_adrift = |key: &YearKey| self.adrift.contains_key(&key.person);
        self.touched_entries =
            entries.into_iter().filter(|number| is_adrift(&self.entries[number].year)).collect();
        self.touched = years.into_iter().filter(is_adrift).collect();
        if all { self.compare_all(service) } else { Ok(()) }
    }

    /// All years, and all entries in the lists that have them.
    fn compare_all(&self, service: &Service) -> Result<(), String> {
        for key in self.years.keys() {
            self.compare_year(service, key)?;
        }
        let facilities: BTreeSet<&str> =
            self.entries.values().map(|one| one.facility.as_str()).collect();
        for facility in facilities {
            self.compare_list(service, ("", facility), true)?;
        }
        self.compare_list(service, ("", ""), false)
    }

    /// What the service shows of a year is what the books have.
    pub(crate) fn compare_year(&self, service: &Service, key: &YearKey) -> Result<(), String> {
        if self.is_adrift(&key.person) {
            return Ok(());
        }
        let asked = proto::AccumulatorKey {
            person: key.person.clone(),
            insutype: INSUTYPE.to_owned(),
            family: FAMILY.to_owned(),
            benefit_year: key.year,
        };
        let request = proto::GetAccumulatorsRequest { key: Some(asked) };
        let reply = service.accumulators(&request).map_err(|failure| failure.to_string())?;
        self.check_year(key, &reply).map_err(|complaint| format!("year {key:?}: {complaint}"))
    }

    /// The same of an answer.
    pub(crate) fn check_year(
        &self,
        key: &YearKey,
        reply: &proto::GetAccumulatorsReply,
    ) -> Result<(), String> {
        let year = self.years.get(key).cloned().unwrap_or_default();
        year.sums().check(year.version(), reply.accumulators.as_ref())
    }

    fn compare_entry(&self, service: &Service, number: u64) -> Result<(), String> {
        let noted = &self.entries[&number];
        if self.is_adrift(&noted.year.person) {
            return Ok(());
        }
        let get = |by: By| service.settlement(&proto::GetSettlementRequest { by: Some(by) });
        let by_number = get(By::Number(number));
        if !noted.is_settlement {
            return match by_number {
                Err(Failure::Refusal(Refusal::UnknownEntry { .. })) => Ok(()),
                other => Err(format!("entry {number} is no settlement, and is shown as {other:?}")),
            };
        }
        let own = self.settlement(number);
        let check =
            |shown: Result<proto::SettlementRecord, _>, by: &str, own: &proto::SettlementRecord| {
                let shown: proto::SettlementRecord = shown
                    .map_err(|failure: Failure| format!("entry {number} by {by}: {failure}"))?;
                check_record(&shown, own).map_err(|complaint| format!("by {by}: {complaint}"))
            };
        check(by_number, "number", &own)?;
        let writer =
            own.request.as_ref().and_then(|request| request.writer.clone()).unwrap_or_default();
        let request =
            proto::RequestName { facility: writer.facility, request_id: writer.request_id };
        check(get(By::Request(request)), "request", &own)?;
        let admission = (noted.facility.clone(), noted.name.clone());
        let latest = *self.admissions[&admission].last().unwrap();
        if self.entries.contains_key(&latest) {
            let name = proto::AdmissionName { facility: admission.0, admission: admission.1 };
            check(get(By::Admission(name)), "admission", &self.settlement(latest))?;
        }
        Ok(())
    }

    /// A list of a person or facility, read page by page, is what the books have, oldest first.
    fn compare_list(
        &self,
        service: &Service,
        (person, facility): (&str, &str),
        effective_only: bool,
    ) -> Result<(), String> {
        let request = proto::ListSettlementsRequest {
            person: person.to_owned(),
            facility: facility.to_owned(),
            effective_only,
            ..proto::ListSettlementsRequest::default()
        };
        let mut shown = Vec::new();
        let mut after = Some(0);
        while let Some(from) = after {
            let page = service.list(&request, from).map_err(|failure| failure.to_string())?;
            shown.extend(page.records);
            after = page.next;
        }
        // Of persons whose answers are lost, the books may lack some.
        shown.retain(|record| {
            let admission = record.request.as_ref().and_then(|request| request.admission.as_ref());
            admission.is_some_and(|admission| !self.is_adrift(&admission.person))
        });
        let fits = |number: &u64| {
            let one = &self.entries[number];
            one.is_settlement
                && !self.is_adrift(&one.year.person)
                && (person.is_empty() || one.year.person == person)
                && (facility.is_empty() || one.facility == facility)
                && !(effective_only && one.reversed_by != 0)
        };
        let own: Vec<u64> = self.entries.keys().copied().filter(fits).collect();
        let what = format!("list of person `{person}`, facility `{facility}`");
        same(&what, shown.iter().map(|record| record.number).collect::<Vec<_>>(), own)?;
        let check = |record: &proto::SettlementRecord| {
            check_record(record, &self.settlement(record.number))
                .map_err(|complaint| format!("{what}: {complaint}"))
        };
        shown.iter().try_for_each(check)
    }
}

fn check_record(
    shown: &proto::SettlementRecord,
    own: &proto::SettlementRecord,
) -> Result<(), String> {
    if shown == own {
        return Ok(());
    }
    let field = compare::difference_of(own, shown).unwrap_or_default();
    Err(format!("entry {} is shown with another `{field}`", own.number))
}
