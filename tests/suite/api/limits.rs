//! What is too large, too much or too slow has a clear status, and may be sent again.

use crate::demo;
use crate::demo::PLAIN;
use crate::demo::totals;
use crate::server::refused;
use crate::server::start;
use crate::server::start_with;

use onestop::proto;
use tonic::Code;

fn many_lines(count: usize) -> proto::Bill {
    let line = |n| demo::line(&format!("L{n}"), "D-A", ("1", "1", "1"));
    demo::lines((0..count).map(line).collect())
}

#[tokio::test]
async fn ten_thousand_lines_are_settled_and_one_more_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let server = start(&directory.path().join("data"));
    let mut clients = server.clients().await;
    clients.fill().await;
    let settled = clients.settle(demo::settle("S1", PLAIN, many_lines(10_000))).await.unwrap();
    assert_eq!(settled.statement.as_ref().unwrap().lines.len(), 10_000);
    let by = Some(proto::get_settlement_request::By::Number(settled.number));
    let request = proto::GetSettlementRequest { by };
    let got = clients.settlement.get_settlement(request).await.unwrap().into_inner();
    assert_eq!(got, settled);
    let refusal = refused(clients.settle(demo::settle("S2", PLAIN, many_lines(10_001))).await);
    assert_eq!(refusal.code, 103);
    server.stop().await;
}

#[tokio::test]
async fn a_message_over_the_limit_is_resource_exhausted() {
    let directory = tempfile::tempdir().unwrap();
    let limit = [("ONESTOP_SERVER_MESSAGE_BYTES_MAX", "100000")];
    let server = start_with(&directory.path().join("data"), &limit);
    let mut clients = server.clients().await;
    clients.fill().await;
    let status = clients.settle(demo::settle("S1", PLAIN, many_lines(9_000))).await.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted, "{status:?}");
    assert!(status.message().contains("100000"), "{}", status.message());
    // In a stream too.
    let settle = demo::settle("", PLAIN, many_lines(9_000));
    let (admission, bill) = (settle.admission, settle.bill);
    let quote = proto::QuoteRequest { admission, bill, ..proto::QuoteRequest::default() };
    let stream = tokio_stream::iter([quote]);
    let mut replies = clients.settlement.quote_many(stream).await.unwrap().into_inner();
    let status = replies.message().await.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted, "{status:?}");
    let persons = (0..5000).map(|n| demo::person(&format!("M{n}"), &[], ("390", ""))).collect();
    let put = proto::PutPersonsRequest {
        writer: demo::office("many"),
        persons,
        ..proto::PutPersonsRequest::default()
    };
    let mut replies =
        clients.registers.put_persons(tokio_stream::iter([put])).await.unwrap().into_inner();
    let status = replies.message().await.unwrap_err();
    assert_eq!(status.code(), Code::ResourceExhausted, "{status:?}");
    clients.settle(demo::settle("S1", PLAIN, many_lines(100))).await.unwrap();
    server.stop().await;
}

#[tokio::test]
async fn too_many_requests_at_once_are_resource_exhausted_and_may_be_sent_again() {
    let directory = tempfile::tempdir().unwrap();
    let limit = [("ONESTOP_SERVER_REQUESTS_MAX", "2")];
    let server = start_with(&directory.path().join("data"), &limit);
    let mut clients = server.clients().await;
    clients.fill().await;
    let request = |n: u32| demo::settle(&format!("S{n}"), PLAIN, totals(10, 0, 0));
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..60 {
        let mut clients = clients.clone();
        let request = request(n);
        tasks.spawn(async move { (n, clients.settle(request).await) });
    }
    let mut refused = Vec::new();
    for (n, outcome) in tasks.join_all().await {
        if let Err(status) = outcome {
            assert_eq!(status.code(), Code::ResourceExhausted, "{status:?}");
            assert!(status.message().contains("too many requests at once"), "{status:?}");
            refused.push(n);
        }
    }
    assert!(!refused.is_empty());
    for n in refused {
        clients.settle(request(n)).await.unwrap();
    }
    assert_eq!(clients.year(PLAIN).await.admissions, 60);
    server.stop().await;
}

#[tokio::test]
async fn a_request_out_of_time_is_deadline_exceeded_and_its_write_is_found_again() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let server = start(&data);
    server.clients().await.fill().await;
    server.stop().await;
    let server = start_with(&data, &[("ONESTOP_SERVER_REQUEST_TIMEOUT_MS", "1")]);
    let mut clients = server.clients().await;
    let mut late = 0;
    for n in 0..40 {
        let request = demo::settle(&format!("S{n}"), PLAIN, totals(10, 0, 0));
        if let Err(status) = clients.settle(request).await {
            assert_eq!(status.code(), Code::DeadlineExceeded, "{status:?}");
            late += 1;
        }
    }
    assert!(late > 0);
    server.stop().await;
    // What was begun was finished, and is answered to whoever asks again.
    let server = start(&data);
    let mut clients = server.clients().await;
    for n in 0..40 {
        clients.settle(demo::settle(&format!("S{n}"), PLAIN, totals(10, 0, 0))).await.unwrap();
    }
    assert_eq!(clients.year(PLAIN).await.admissions, 40);
    server.stop().await;
}

/// A chronic patient's year: what stands in the way of a reversal fits in a status all the same.
#[tokio::test]
async fn a_refusal_about_many_entries_arrives() {
    let directory = tempfile::tempdir().unwrap();
    let server = start(&directory.path().join("data"));
    let mut clients = server.clients().await;
    clients.fill().await;
    let id = |n: u32| format!("{n:0>100}");
    let mut first = 0;
    for n in 0..150 {
        let settled = clients.settle(demo::settle(&id(n), PLAIN, totals(10, 0, 0))).await.unwrap();
        first = if first == 0 { settled.number } else { first };
    }
    let refusal = refused(clients.settlement.reverse(demo::reverse("R", first)).await);
    assert_eq!((refusal.code, refusal.entries[0].id.clone()), (408, id(149)));
    assert!(refusal.sentence.unwrap().en.contains("(+129)"));
    let long = demo::settle(
        "X",
        PLAIN,
        demo::lines(vec![demo::line(&"L".repeat(500_000), "D-A", ("1", "1", "1"))]),
    );
    assert_eq!(refused(clients.settle(long).await).code, 205);
    server.stop().await;
}
