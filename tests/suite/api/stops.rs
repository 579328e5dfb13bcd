//! Stops, kills and restarts: what was acknowledged is there, and what was begun is finished.

use crate::demo;
use crate::demo::PLAIN;
use crate::demo::POOR;
use crate::demo::totals;
use crate::server::Clients;
use crate::server::start;

use onestop::proto;

use std::collections::BTreeMap;
use std::time::Duration;

fn request(n: u32) -> proto::SettleRequest {
    let person = if n.is_multiple_of(2) { PLAIN } else { POOR };
    demo::settle(&format!("S{n}"), person, totals(100 + n, n, 0))
}

type Outcome = Result<proto::SettlementRecord, tonic::Status>;

/// Sends many at once and does something as soon as the first is answered.
async fn many(clients: &Clients, count: u32, then: impl FnOnce()) -> BTreeMap<u32, Outcome> {
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..count {
        let mut clients = clients.clone();
        tasks.spawn(async move { (n, clients.settle(request(n)).await) });
    }
    let (n, first) = tasks.join_next().await.unwrap().unwrap();
    then();
    let mut outcomes: BTreeMap<u32, Outcome> = tasks.join_all().await.into_iter().collect();
    outcomes.insert(n, first);
    outcomes
}

/// Whatever was answered is answered so again; whatever was not is settled now, once.
async fn all_is_there(clients: &mut Clients, outcomes: BTreeMap<u32, Outcome>) {
    let count = u64::try_from(outcomes.len()).unwrap();
    for (n, outcome) in outcomes {
        let again = clients.settle(request(n)).await.unwrap();
        if let Ok(record) = outcome {
            assert_eq!(again, record);
        }
    }
    let (plain, poor) = (clients.year(PLAIN).await, clients.year(POOR).await);
    assert_eq!(plain.admissions + poor.admissions, count);
    assert_eq!(plain.version + poor.version, count);
    let records = clients.list(proto::ListSettlementsRequest::default()).await.unwrap();
    assert_eq!(u64::try_from(records.len()).unwrap(), count);
}

#[tokio::test]
async fn an_answer_is_the_same_after_a_restart() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let server = start(&data);
    let mut clients = server.clients().await;
    clients.fill().await;
    let first = clients.settle(request(1)).await.unwrap();
    let year = clients.year(POOR).await;
    server.stop().await;
    let server = start(&data);
    let mut clients = server.clients().await;
    assert_eq!(clients.settle(request(1)).await.unwrap(), first);
    assert_eq!(clients.year(POOR).await, year);
    server.stop().await;
}

#[tokio::test]
async fn what_is_in_flight_when_the_server_is_stopped_is_finished() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    for round in 0..3 {
        let data = data.join(round.to_string());
        std::fs::create_dir_all(&data).unwrap();
        let mut server = start(&data);
        let mut clients = server.clients().await;
        clients.fill().await;
        let outcomes = many(&clients, 100, || server.signal("TERM")).await;
        let status = server.wait().await;
        assert!(status.success(), "{status}: {}", server.log_text());
        let answered = outcomes.values().filter(|outcome| outcome.is_ok()).count();
        assert!(answered > 1, "only {answered} were answered");
        assert!(server.log_text().contains("closed"), "{}", server.log_text());
        let server = start(&data);
        let log = server.log_text();
        assert!(log.contains("replayed=0") || !log.contains("set aside"), "{log}");
        all_is_there(&mut server.clients().await, outcomes).await;
        server.stop().await;
    }
}

#[tokio::test]
async fn a_stop_waits_for_no_idle_connection() {
    let directory = tempfile::tempdir().unwrap();
    let server = start(&directory.path().join("data"));
    let mut clients = server.clients().await;
    clients.fill().await;
    let begun = std::time::Instant::now();
    server.stop().await;
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
}

#[tokio::test]
async fn a_stop_ends_though_a_stream_stays_open() {
    let directory = tempfile::tempdir().unwrap();
    let timeout = [("ONESTOP_SERVER_SHUTDOWN_TIMEOUT_MS", "500")];
    let data = directory.path().join("data");
    let mut server = crate::server::start_with(&data, &timeout);
    let mut clients = server.clients().await;
    clients.fill().await;
    // A stream of quotes whose client never ends it.
    let stream = tokio_stream::pending::<proto::QuoteRequest>();
    let replies = clients.settlement.quote_many(stream).await.unwrap();
    let begun = std::time::Instant::now();
    server.signal("TERM");
    assert!(server.wait().await.success(), "{}", server.log_text());
    assert!(begun.elapsed() < Duration::from_secs(20), "{:?}", begun.elapsed());
    drop(replies);
    let server = start(&data);
    server.clients().await.year(POOR).await;
    server.stop().await;
}

#[tokio::test]
async fn everything_acknowledged_is_there_after_a_kill() {
    let directory = tempfile::tempdir().unwrap();
    for round in 0..2 {
        let data = directory.path().join(round.to_string());
        let server = start(&data);
        let mut clients = server.clients().await;
        clients.fill().await;
        let outcomes = many(&clients, 100 + round * 50, || server.kill()).await;
        let server = start(&data);
        all_is_there(&mut server.clients().await, outcomes).await;
        server.stop().await;
    }
}

#[tokio::test]
async fn a_second_server_on_the_same_store_does_not_start() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let server = start(&data);
    let mut clients = server.clients().await;
    clients.fill().await;
    let output = std::process::Command::new(env!("CARGO_BIN_EXE_onestop"))
        .args(["serve", "--listen", "127.0.0.1:0", "--http-listen", "127.0.0.1:0", "--data"])
        .arg(&data)
        .arg("--rules")
        .arg(demo::rules_folder())
        .output()
        .unwrap();
    assert_eq!(output.status.code(), Some(3));
    let complaint = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(complaint.contains("another process has this store open"), "{complaint}");
    let first = clients.settle(request(1)).await.unwrap();
    server.stop().await;
    let server = start(&data);
    assert!(!server.log_text().contains("set aside"), "{}", server.log_text());
    assert_eq!(server.clients().await.settle(request(1)).await.unwrap(), first);
    server.stop().await;
}
