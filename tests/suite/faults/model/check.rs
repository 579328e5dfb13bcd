//! Whether a store still holds all that it acknowledged, once; and whether what it says is right while something fails.

use super::Answer;
use super::Asked;
use super::Checked;
use super::Model;
use super::Sent;
use super::ask;
use super::person_of;
use crate::faults::server::Clients;
use onestop::proto;
use onestop::proto::get_settlement_request::By;
use onestop::proto::reverse_request::Of;
use tonic::Code;
use tonic::Status;

use std::collections::BTreeMap;

impl Model {
    /// Whether the store holds everything acknowledged; sends what was not, and checks that all of it is there once.
    pub(in crate::faults) async fn check(&mut self, clients: &mut Clients) -> Checked {
        let mut checked = Checked::default();
        for sent in self.sent.iter().filter(|sent| sent.answer.is_some()) {
            self.check_one(clients, sent, &mut checked).await;
        }
        for place in 0..self.sent.len() {
            if self.sent[place].answer.is_none() {
                let asked = self.sent[place].asked.clone();
                let answer = ask(clients, &asked).await;
                let answer = answer.unwrap_or_else(|status| panic!("{asked:?}: {status:?}"));
                self.sent[place].answer = Some(answer);
                checked.sent_again += 1;
            }
        }
        self.check_list(clients).await;
        checked.years = self.check_years(clients).await;
        checked
    }

    /// Whether a server in which something failed answers nothing wrong: what was acknowledged as it was, or not now; what was not
    /// is not denied unless the server is healthy, which it may become meanwhile.
    pub(in crate::faults) async fn check_answers(
        &mut self,
        clients: &mut Clients,
        is_healthy: bool,
    ) {
        let mut latest: BTreeMap<String, u64> = BTreeMap::new();
        for sent in &mut self.sent {
            if sent.answer.is_some() || !is_healthy {
                match (ask(clients, &sent.asked).await, &sent.answer) {
                    (Ok(answer), Some(before)) => assert_eq!(answer, *before),
                    (Ok(answer), None) => {
                        assert!(clients.becomes(true).await, "acknowledged while not healthy");
                        sent.answer = Some(answer);
                    }
                    (Err(status), _) => expect_unsure(&status),
                }
            }
            let Asked::Settle(request) = &sent.asked else { continue };
            let writer = request.writer.clone().unwrap();
            let by_request =
                proto::RequestName { facility: writer.facility, request_id: writer.request_id };
            let by = Some(By::Request(by_request));
            let found = clients.settlement.get_settlement(proto::GetSettlementRequest { by }).await;
            match (found, &sent.answer) {
                (Ok(found), Some(Answer::Settled(record))) => {
                    let found = found.into_inner();
                    assert_eq!(proto::SettlementRecord { reversed_by: 0, ..found }, *record);
                    let person = person_of(record);
                    let version = record.accumulators.as_ref().unwrap().version;
                    let before = latest.entry(person).or_default();
                    *before = version.max(*before);
                }
                (Ok(found), _) => panic!("found, but not acknowledged: {found:?}"),
                (Err(status), None) if status.code() == Code::NotFound => {
                    assert!(clients.becomes(true).await, "denied while not healthy");
                }
                (Err(status), _) => expect_unsure(&status),
            }
        }
        for (person, version) in latest {
            match accumulators(clients, &person).await {
                Ok(found) => assert!(version <= found.version, "the year of {person} is behind"),
                Err(status) => expect_unsure(&status),
            }
        }
    }

    /// One acknowledged write: by number, by request, and sent again.
    async fn check_one(&self, clients: &mut Clients, sent: &Sent, checked: &mut Checked) {
        let again = ask(clients, &sent.asked).await;
        let again = again.unwrap_or_else(|status| panic!("lost: {sent:?}: {status:?}"));
        assert_eq!(Some(&again), sent.answer.as_ref(), "answered otherwise when sent again");
        match (&sent.asked, &again) {
            (Asked::Settle(request), Answer::Settled(record)) => {
                let writer = request.writer.clone().unwrap();
                let by_request =
                    proto::RequestName { facility: writer.facility, request_id: writer.request_id };
                for by in [By::Number(record.number), By::Request(by_request)] {
                    let request = proto::GetSettlementRequest { by: Some(by) };
                    let found = clients.settlement.get_settlement(request).await.unwrap();
                    let found = found.into_inner();
                    let reversed_by = found.reversed_by;
                    assert_eq!(proto::SettlementRecord { reversed_by: 0, ..found }, *record);
                    self.check_reversed(record, reversed_by);
                }
                checked.settlements += 1;
            }
            (Asked::Reverse(_), Answer::Reversed(_)) => checked.reversals += 1,
            (Asked::Put(request), Answer::Put(_)) => {
                for person in &request.persons {
                    let request =
                        proto::GetPersonRequest { id: person.id.clone(), ..Default::default() };
                    let found = clients.registers.get_person(request).await.unwrap();
                    assert_eq!(found.into_inner(), *person);
                }
                checked.registers += 1;
            }
            (Asked::Facility(_), Answer::Put(_)) => checked.registers += 1,
            (asked, answer) => panic!("{asked:?} was answered with {answer:?}"),
        }
    }

    /// A settlement counts as reversed by the reversal that was acknowledged, or else by none or one not acknowledged yet.
    fn check_reversed(&self, record: &proto::SettlementRecord, reversed_by: u64) {
        if let Some(reversal) = self.reversal_of(record.number) {
            assert_eq!(reversed_by, reversal.number, "{record:?}");
        } else if reversed_by != 0 {
            let id = &record.request.as_ref().unwrap().admission.as_ref().unwrap().id;
            let is_asked = self.sent.iter().any(|sent| match (&sent.asked, &sent.answer) {
                (Asked::Reverse(request), None) => request.of == Some(Of::Admission(id.clone())),
                _ => false,
            });
            assert!(is_asked, "reversed by {reversed_by}, which nobody asked for: {record:?}");
        }
    }

    fn reversal_of(&self, number: u64) -> Option<&proto::Reversal> {
        self.sent.iter().find_map(|sent| match &sent.answer {
            Some(Answer::Reversed(reversal)) if reversal.of_number == number => Some(reversal),
            _ => None,
        })
    }

    /// What is listed is what was asked for: nothing is missing, nothing is there twice.
    async fn check_list(&self, clients: &mut Clients) {
        let request = proto::ListSettlementsRequest::default();
        let mut listed = clients.settlement.list_settlements(request).await.unwrap().into_inner();
        let mut expected = self.settlements().into_values();
        while let Some(record) = listed.message().await.unwrap() {
            assert_eq!(Some(record), expected.next(), "listed, and expected");
        }
        assert_eq!(expected.next(), None, "not listed");
    }

    /// The years of all persons: versions without gaps, the latest answer's accumulators, and sums of our own.
    async fn check_years(&self, clients: &mut Clients) -> usize {
        let mut years: BTreeMap<String, BTreeMap<u64, proto::Accumulators>> = BTreeMap::new();
        for sent in &self.sent {
            let (person, after) = match &sent.answer {
                Some(Answer::Settled(record)) => (person_of(record), record.accumulators.clone()),
                Some(Answer::Reversed(reversal)) => {
                    (reversal.key.clone().unwrap().person, reversal.accumulators.clone())
                }
                Some(Answer::Put(_)) | None => continue,
            };
            let after = after.unwrap();
            let before = years.entry(person).or_default().insert(after.version, after);
            assert_eq!(before, None, "two entries made one version of a year");
        }
        let settlements = self.settlements();
        for (person, versions) in &years {
            let numbers: Vec<u64> = versions.keys().copied().collect();
            let wanted: Vec<u64> = (1..).take(numbers.len()).collect();
            assert_eq!(numbers, wanted, "versions of {person}");
            let stands = accumulators(clients, person).await.unwrap();
            assert_eq!(Some(&stands), versions.values().last(), "year of {person}");
            let effective = settlements.values().filter(|record| record.reversed_by == 0);
            let effective: Vec<_> =
                effective.filter(|record| person_of(record) == *person).collect();
            let sum = |of: fn(&proto::Statement) -> &str| -> i64 {
                effective.iter().map(|record| fen(of(record.statement.as_ref().unwrap()))).sum()
            };
            assert_eq!(fen(&stands.total), sum(|statement| &statement.total), "{person}");
            assert_eq!(
                fen(&stands.patient_pay),
                sum(|statement| &statement.patient_pay),
                "{person}"
            );
            assert_eq!(stands.admissions, u64::try_from(effective.len()).unwrap(), "{person}");
        }
        years.len()
    }
}

/// A failure that says that nobody knows whether it was written.
fn expect_unsure(status: &Status) {
    let is_unsure =
        status.code() == Code::Unavailable && !status.message().contains("nothing was written");
    assert!(is_unsure, "{status:?}");
}

async fn accumulators(clients: &mut Clients, person: &str) -> Result<proto::Accumulators, Status> {
    let key = proto::AccumulatorKey {
        person: person.to_owned(),
        insutype: "390".to_owned(),
        family: "000000-demo".to_owned(),
        benefit_year: 2018,
    };
    let request = proto::GetAccumulatorsRequest { key: Some(key) };
    let answer = clients.settlement.get_accumulators(request).await?.into_inner();
    Ok(answer.accumulators.unwrap())
}

/// An amount of two decimals in fen.
fn fen(amount: &str) -> i64 {
    let (yuan, fen) = amount.split_once('.').unwrap();
    assert_eq!(fen.len(), 2, "{amount}");
    yuan.parse::<i64>().unwrap() * 100 + fen.parse::<i64>().unwrap()
}
