//! What the server writes to its log names nobody.

use crate::demo;
use crate::demo::CERTIFICATE;
use crate::demo::PLAIN;
use crate::demo::POOR;
use crate::demo::totals;
use crate::server::start_with;

use onestop::proto;

#[tokio::test]
async fn no_log_line_has_a_person_number_a_document_number_or_a_name() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let json = [("ONESTOP_LOG_FORMAT", "json"), ("ONESTOP_LOG_LEVEL", "debug")];
    let server = start_with(&data, &json);
    let mut clients = server.clients().await;
    clients.fill().await;
    let settle = demo::settle("S1", POOR, totals(1000, 100, 10));
    let settled = clients.settle(settle.clone()).await.unwrap();
    clients.settle(demo::settle("S2", POOR, totals(1000, 100, 10))).await.unwrap();
    let quote = |person: &str| proto::QuoteRequest {
        admission: Some(demo::admission("", person)),
        bill: settle.bill.clone(),
        ..proto::QuoteRequest::default()
    };
    clients.settlement.quote(quote(PLAIN)).await.unwrap();
    // Refused ones of many kinds, some with the number where something else should be.
    let _ = clients.settlement.quote(quote(&format!("{POOR}9"))).await.unwrap_err();
    let _ = clients.settlement.quote(quote(&format!("{POOR}\n"))).await.unwrap_err();
    let _ = clients.settlement.quote(quote(demo::GONE)).await.unwrap_err();
    let _ = clients.settle(demo::settle("S1", PLAIN, totals(1, 0, 0))).await.unwrap_err();
    let mut wrong = demo::settle("S3", POOR, totals(1, 0, 0));
    wrong.bill.as_mut().unwrap().total = POOR.to_owned();
    let _ = clients.settle(wrong).await.unwrap_err();
    let _ = clients.settlement.reverse(demo::reverse("R", settled.number)).await.unwrap_err();
    let mut meet = demo::persons()[0].clone();
    meet.enrolments.push(meet.enrolments[0].clone());
    let put = proto::PutPersonsRequest {
        writer: demo::office("meet"),
        persons: vec![meet],
        ..proto::PutPersonsRequest::default()
    };
    let mut replies =
        clients.registers.put_persons(tokio_stream::iter([put])).await.unwrap().into_inner();
    let _ = replies.message().await.unwrap_err();
    clients.settlement.load_opening(demo::opening("O", PLAIN)).await.unwrap();
    clients.year(PLAIN).await;
    let person = POOR.to_owned();
    let request = proto::ListSettlementsRequest { person, ..Default::default() };
    assert_eq!(clients.list(request).await.unwrap().len(), 2);
    let log = server.log.clone();
    drop(clients);
    server.stop().await;
    start_with(&data, &json).stop().await;

    let text = std::fs::read_to_string(log).unwrap();
    let lines: Vec<serde_json::Value> =
        text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let messages =
        |wanted: &str| lines.iter().filter(|line| line["fields"]["message"] == wanted).count();
    assert_eq!((messages("settled"), messages("refused")), (2, 7), "{text}");
    assert!(lines.iter().any(|line| line["level"] == "DEBUG"), "it is a log at level debug");
    for secret in [POOR, PLAIN, demo::GONE, CERTIFICATE, "张三"] {
        let found: Vec<&str> = text.lines().filter(|line| line.contains(secret)).collect();
        assert!(found.is_empty(), "`{secret}` is in {found:#?}");
        let escaped = secret.escape_unicode().to_string().replace("\\u{", "\\u").replace('}', "");
        assert!(!text.contains(&escaped), "`{secret}` is in the log, escaped");
    }
}
