//! What was asked of a store and what it acknowledged, kept apart from it.

mod check;

use super::server::Clients;
use super::server::PATIENCE;
use super::server::Server;
use onestop::grpc::refusal_of;
use onestop::proto;
use tonic::Code;
use tonic::Status;

use std::collections::BTreeMap;
use std::ops::AddAssign;
use std::time::Duration;
use std::time::Instant;

pub(super) const FACILITY: &str = "H1";

/// A write.
#[derive(Debug, Clone)]
pub(super) enum Asked {
    Settle(proto::SettleRequest),
    Reverse(proto::ReverseRequest),
    Put(proto::PutPersonsRequest),
    Facility(proto::PutFacilitiesRequest),
}

/// Its answer.
#[derive(Debug, Clone, PartialEq)]
pub(super) enum Answer {
    Settled(proto::SettlementRecord),
    Reversed(proto::Reversal),
    Put(proto::PutReply),
}

/// Sends a write.
pub(super) async fn ask(clients: &mut Clients, asked: &Asked) -> Result<Answer, Status> {
    let lost = || Status::unknown("no answer");
    let Clients { settlement, registers, .. } = clients;
    Ok(match asked.clone() {
        Asked::Settle(request) => {
            let answer = settlement.settle(request).await?.into_inner();
            Answer::Settled(answer.settlement.unwrap())
        }
        Asked::Reverse(request) => {
            let answer = settlement.reverse(request).await?.into_inner();
            Answer::Reversed(answer.reversal.unwrap())
        }
        Asked::Put(request) => {
            let answers = registers.put_persons(tokio_stream::iter([request])).await?;
            Answer::Put(answers.into_inner().message().await?.ok_or_else(lost)?)
        }
        Asked::Facility(request) => {
            let answers = registers.put_facilities(tokio_stream::iter([request])).await?;
            Answer::Put(answers.into_inner().message().await?.ok_or_else(lost)?)
        }
    })
}

/// A write that was sent, and its answer if one came.
#[derive(Debug, Clone)]
pub(super) struct Sent {
    pub(super) asked: Asked,
    pub(super) answer: Option<Answer>,
    /// Where the log of the disk was when the answer was there.
    pub(super) log_bytes: u64,
}

/// How much was checked.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Checked {
    pub(super) settlements: usize,
    pub(super) reversals: usize,
    pub(super) registers: usize,
    pub(super) years: usize,
    pub(super) sent_again: usize,
}

impl AddAssign for Checked {
    fn add_assign(&mut self, other: Checked) {
        self.settlements += other.settlements;
        self.reversals += other.reversals;
        self.registers += other.registers;
        self.years += other.years;
        self.sent_again += other.sent_again;
    }
}

/// All that was sent to one store; for one person, in the order in which it was sent.
#[derive(Debug, Clone, Default)]
pub(super) struct Model {
    pub(super) sent: Vec<Sent>,
}

impl Model {
    /// Notes a write that is about to be sent, and returns its place.
    pub(super) fn send(&mut self, asked: Asked) -> usize {
        self.sent.push(Sent { asked, answer: None, log_bytes: 0 });
        self.sent.len() - 1
    }

    /// Sends a write and notes the answer. A refusal is a fault of the test: it asks for nothing that may be refused.
    pub(super) async fn ask(
        &mut self,
        clients: &mut Clients,
        asked: Asked,
    ) -> Result<Answer, Status> {
        let place = self.send(asked.clone());
        let answer = ask(clients, &asked).await.inspect_err(expect_no_refusal)?;
        self.sent[place].answer = Some(answer.clone());
        Ok(answer)
    }

    /// Sends a write until it is answered, twice: the first may be what an index that failed in the background needs to say so.
    pub(super) async fn insist(&mut self, clients: &mut Clients, asked: Asked, server: &Server) {
        let start = Instant::now();
        let place = self.send(asked.clone());
        for _ in 0..2 {
            self.sent[place].answer = loop {
                match ask(clients, &asked).await {
                    Ok(answer) => break Some(answer),
                    Err(status) => expect_no_refusal(&status),
                }
                assert!(start.elapsed() < PATIENCE, "{}", server.said());
                tokio::time::sleep(Duration::from_millis(10)).await;
            };
        }
    }

    /// Forgets the answers that came after the log had this length; before it had begun, all are kept.
    pub(super) fn rewind(&mut self, log_bytes: u64) {
        for sent in &mut self.sent {
            if log_bytes < sent.log_bytes {
                sent.answer = None;
            }
        }
    }

    /// From now on all answers were there before the log began.
    pub(super) fn settle_log(&mut self) {
        for sent in &mut self.sent {
            sent.log_bytes = 0;
        }
    }

    pub(super) fn acknowledged(&self) -> usize {
        self.sent.iter().filter(|sent| sent.answer.is_some()).count()
    }

    /// All settlements as they must stand now, by number.
    fn settlements(&self) -> BTreeMap<u64, proto::SettlementRecord> {
        let mut settlements = BTreeMap::new();
        for sent in &self.sent {
            if let Some(Answer::Settled(record)) = &sent.answer {
                let before = settlements.insert(record.number, record.clone());
                assert_eq!(before, None, "two settlements have one number");
            }
        }
        for sent in &self.sent {
            if let Some(Answer::Reversed(reversal)) = &sent.answer {
                let reversed = settlements.get_mut(&reversal.of_number).unwrap();
                assert_eq!(reversed.reversed_by, 0, "reversed twice");
                reversed.reversed_by = reversal.number;
            }
        }
        settlements
    }

    /// The admissions of a person that are effective, the latest last, as far as answers tell.
    pub(super) fn effective(&self, person: &str) -> Vec<String> {
        let of_person = |record: &&proto::SettlementRecord| person_of(record) == person;
        let settlements = self.settlements();
        let effective = settlements.values().filter(|record| record.reversed_by == 0);
        let id = |record: &proto::SettlementRecord| {
            record.request.as_ref().unwrap().admission.as_ref().unwrap().id.clone()
        };
        effective.filter(of_person).map(id).collect()
    }
}

fn person_of(record: &proto::SettlementRecord) -> String {
    record.request.as_ref().unwrap().admission.as_ref().unwrap().person.clone()
}

/// Whether a failed write may be sent again: the server could not do it, or is gone.
pub(super) fn expect_no_refusal(status: &Status) {
    assert!(refusal_of(status).is_none(), "refused: {status:?}");
    // The client itself says INTERNAL when the connection goes.
    let codes =
        [Code::Unavailable, Code::Unknown, Code::Cancelled, Code::DeadlineExceeded, Code::Internal];
    assert!(codes.contains(&status.code()), "{status:?}");
}
