//! Many counters at once: the outcome is that of some one-after-another order (spec 9.6).

use crate::demo;
use crate::demo::PLAIN;
use crate::demo::POOR;
use crate::demo::totals;
use crate::server::Clients;
use crate::server::Server;
use crate::server::refused;
use crate::server::start;

use onestop::proto;
use onestop::service::Service;

use std::collections::BTreeMap;
use std::path::Path;

async fn begin(directory: &Path) -> (Server, Clients) {
    let server = start(&directory.join("data"));
    let mut clients = server.clients().await;
    clients.fill().await;
    let people = (0..40).map(|n| demo::person(&person(n), &["low_income"], ("390", ""))).collect();
    let put = proto::PutPersonsRequest {
        writer: demo::office("people"),
        persons: people,
        ..proto::PutPersonsRequest::default()
    };
    clients.put_persons(vec![put]).await;
    (server, clients)
}

fn person(n: u32) -> String {
    format!("PERSON-{n:0>4}")
}

/// A service of its own, on which the ledger of the server is done again, entry by entry.
async fn model(directory: &Path) -> Service {
    let service = demo::begin(&directory.join("model")).await;
    let people = (0..40).map(|n| demo::person(&person(n), &["low_income"], ("390", ""))).collect();
    let put = proto::PutPersonsRequest {
        writer: demo::office("people"),
        persons: people,
        ..proto::PutPersonsRequest::default()
    };
    service.put_persons(put).await.unwrap();
    service
}

#[derive(Debug, Clone)]
enum Write {
    Settle(Box<proto::SettleRequest>),
    Reverse(proto::ReverseRequest),
}

#[derive(Debug, PartialEq)]
enum Answer {
    Settled(Box<proto::SettlementRecord>),
    Reversed(Box<proto::Reversal>),
}

impl Answer {
    fn number(&self) -> u64 {
        match self {
            Answer::Settled(record) => record.number,
            Answer::Reversed(reversal) => reversal.number,
        }
    }

    /// Without what every run has of its own.
    fn timeless(mut self) -> Answer {
        let (digest, at) = match &mut self {
            Answer::Settled(record) => (&mut record.digest, &mut record.recorded_at),
            Answer::Reversed(reversal) => (&mut reversal.digest, &mut reversal.recorded_at),
        };
        digest.clear();
        at.clear();
        self
    }
}

async fn send(mut clients: Clients, write: Write) -> Result<Answer, tonic::Status> {
    match write {
        Write::Settle(request) => Ok(Answer::Settled(Box::new(clients.settle(*request).await?))),
        Write::Reverse(request) => {
            let reply = clients.settlement.reverse(request).await?.into_inner();
            Ok(Answer::Reversed(Box::new(reply.reversal.unwrap())))
        }
    }
}

async fn redo(service: &Service, write: Write) -> Answer {
    match write {
        Write::Settle(request) => {
            Answer::Settled(Box::new(service.settle(*request).await.unwrap()))
        }
        Write::Reverse(request) => {
            Answer::Reversed(Box::new(service.reverse(request).await.unwrap()))
        }
    }
}

/// Sends all writes at once; those that were answered, in the order of the ledger, must come out the same one by one.
async fn equals_some_order(
    directory: &Path,
    server: &Server,
    clients: &Clients,
    writes: Vec<Write>,
) -> usize {
    // Some counters share a connection, some have their own.
    let mut connections = vec![clients.clone()];
    for _ in 0..7 {
        connections.push(server.clients().await);
    }
    let mut tasks = tokio::task::JoinSet::new();
    for (index, write) in writes.into_iter().enumerate() {
        let clients = connections[index % connections.len()].clone();
        tasks.spawn(async move { (write.clone(), send(clients, write).await) });
    }
    let mut by_number = BTreeMap::new();
    for (write, outcome) in tasks.join_all().await {
        match outcome {
            Ok(answer) => {
                let twice = by_number.insert(answer.number(), (write, answer));
                assert!(twice.is_none(), "{twice:?}");
            }
            Err(status) => {
                let refusal = onestop::grpc::refusal_of(&status);
                let refusal = refusal.unwrap_or_else(|| panic!("{status:?}"));
                assert!([406, 407, 408].contains(&refusal.code), "{refusal:?}");
            }
        }
    }
    let service = model(directory).await;
    let answered = by_number.len();
    for (write, answer) in by_number.into_values() {
        assert_eq!(redo(&service, write).await.timeless(), answer.timeless());
    }
    service.close().unwrap();
    answered
}

fn settle(n: u32, person: &str) -> Write {
    let bill = totals(2000 + n * 137, n % 90, n % 7);
    Write::Settle(Box::new(demo::settle(&format!("S{n}"), person, bill)))
}

#[tokio::test(flavor = "multi_thread")]
async fn many_settlements_of_one_person_equal_some_order() {
    let directory = tempfile::tempdir().unwrap();
    let (server, clients) = begin(directory.path()).await;
    let writes = (0..120).map(|n| settle(n, POOR)).collect();
    assert_eq!(equals_some_order(directory.path(), &server, &clients, writes).await, 120);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn many_settlements_of_many_people_equal_some_order() {
    let directory = tempfile::tempdir().unwrap();
    let (server, clients) = begin(directory.path()).await;
    let writes = (0..400).map(|n| settle(n, &person(n % 40))).collect();
    assert_eq!(equals_some_order(directory.path(), &server, &clients, writes).await, 400);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn settlements_and_reversals_at_once_equal_some_order() {
    let directory = tempfile::tempdir().unwrap();
    let (server, clients) = begin(directory.path()).await;
    let writes = (0..200)
        .map(|n| match n % 4 {
            3 => Write::Reverse(proto::ReverseRequest {
                writer: demo::writer(demo::COUNTY, &format!("R{n}")),
                of: Some(proto::reverse_request::Of::Admission(format!("S{}", n - 1 - n % 3))),
                reason: String::new(),
            }),
            _ => settle(n, &person(n % 5)),
        })
        .collect();
    let answered = equals_some_order(directory.path(), &server, &clients, writes).await;
    assert!(answered >= 150, "{answered}");
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_request_id_at_once_makes_one_settlement() {
    let directory = tempfile::tempdir().unwrap();
    let (server, clients) = begin(directory.path()).await;
    for round in 0..10 {
        let id = format!("SAME-{round}");
        let mut tasks = tokio::task::JoinSet::new();
        for _ in 0..16 {
            let mut clients = clients.clone();
            let request = demo::settle(&id, PLAIN, totals(500, 0, 0));
            tasks.spawn(async move { clients.settle(request).await.unwrap() });
        }
        let answers = tasks.join_all().await;
        assert!(answers.iter().all(|answer| *answer == answers[0]));
    }
    let mut clients = clients;
    assert_eq!(clients.year(PLAIN).await.version, 10);
    server.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn one_request_id_for_different_people_is_taken_by_one() {
    let directory = tempfile::tempdir().unwrap();
    let (server, clients) = begin(directory.path()).await;
    for round in 0..10 {
        let id = format!("TAKEN-{round}");
        let mut tasks = tokio::task::JoinSet::new();
        for n in 0..8 {
            let mut clients = clients.clone();
            let mut request = demo::settle(&id, &person(n), totals(500, 0, 0));
            request.admission.as_mut().unwrap().id = format!("{id}-{n}");
            tasks.spawn(async move { clients.settle(request).await });
        }
        let (settled, others): (Vec<_>, Vec<_>) =
            tasks.join_all().await.into_iter().partition(Result::is_ok);
        assert_eq!(settled.len(), 1);
        for other in others {
            assert_eq!(refused(other).code, 401);
        }
    }
    server.stop().await;
}

/// One admission from two windows under two ids.
#[tokio::test(flavor = "multi_thread")]
async fn one_admission_at_once_is_settled_once() {
    let directory = tempfile::tempdir().unwrap();
    let (server, clients) = begin(directory.path()).await;
    for round in 0..10 {
        let mut tasks = tokio::task::JoinSet::new();
        for window in 0..8 {
            let mut clients = clients.clone();
            let mut request = demo::settle(&format!("ONE-{round}"), PLAIN, totals(500, 0, 0));
            request.writer = demo::writer(demo::COUNTY, &format!("W-{round}-{window}"));
            tasks.spawn(async move { clients.settle(request).await });
        }
        let (settled, others): (Vec<_>, Vec<_>) =
            tasks.join_all().await.into_iter().partition(Result::is_ok);
        assert_eq!(settled.len(), 1);
        let number = settled.into_iter().next().unwrap().unwrap().number;
        for other in others {
            let refusal = refused(other);
            assert_eq!((refusal.code, refusal.entries[0].number), (402, number));
        }
    }
    server.stop().await;
}
