//! The day of a window, estimates, and rules: pages that only show.

use crate::counter::raw::FORM;
use crate::counter::raw::ask;
use crate::counter::raw::visitor;
use crate::demo;
use crate::his;
use crate::server;

use onestop::proto;
use serde_json::json;

/// A window's cookie.
fn at(terminal: &str) -> String {
    format!("onestop-window=facility={}&terminal={terminal}&operator=Wang", demo::COUNTY)
}

#[tokio::test]
async fn a_day_shows_what_the_window_did_and_the_cash_to_count() {
    let home = tempfile::tempdir().unwrap();
    let server = server::start(&home.path().join("data"));
    let mut clients = server.clients().await;
    clients.fill().await;
    let at_window = |terminal: &str, operator: &str, request: proto::SettleRequest| {
        let writer = request.writer.clone().unwrap();
        let (terminal, operator) = (terminal.to_owned(), operator.to_owned());
        proto::SettleRequest {
            writer: Some(proto::Writer { terminal, operator, ..writer }),
            ..request
        }
    };
    let one = demo::settle("ONE", demo::PLAIN, demo::totals(1000, 0, 50));
    let one = clients.settle(at_window("W1", "=1+1", one)).await.unwrap();
    let two = demo::settle("TWO", demo::POOR, demo::totals(2000, 0, 0));
    clients.settle(at_window("W2", "Li", two)).await.unwrap();
    let three = proto::SettleRequest {
        deposit: "5000".to_owned(),
        ..demo::settle("THREE", demo::POOR, demo::totals(300, 0, 0))
    };
    let three = clients.settle(at_window("W1", "Wang", three)).await.unwrap();
    let statement = |record: &proto::SettlementRecord| record.statement.clone().unwrap();
    let (first, third) = (statement(&one), statement(&three));
    let fen = |text: &str| text.replace('.', "").parse::<i64>().unwrap();
    let cash = fen(&first.cash_due) - fen(&third.refund);
    let cash = format!("-{}.{:02}", -cash / 100, -cash % 100);
    let page = ask(&server.http, "GET /counter/today", &[("Cookie", &at("W1"))], "");
    assert!(page.body.contains(&format!("<strong>{cash}</strong>")), "{cash}: {}", page.body);
    assert_eq!(page.body.matches("<td>结算</td>").count(), 2);
    let all = ask(&server.http, "GET /counter/today?all=yes", &[("Cookie", &at("W1"))], "");
    assert_eq!(all.body.matches("<td>结算</td>").count(), 3);
    let table = ask(&server.http, "GET /counter/today/csv", &[("Cookie", &at("W1"))], "");
    assert!(table.header("content-type").starts_with("text/csv"));
    let rows: Vec<&str> = table.body.lines().collect();
    assert_eq!(rows.len(), 3, "{rows:?}");
    assert!(rows[1].contains("\"'=1+1\""), "{}", rows[1]);
    assert!(rows[1].contains(&format!("\"{}\"", first.patient_pay)), "{}", rows[1]);
    // Undone at the window: nothing of it is left in the till.
    let undo = proto::ReverseRequest {
        writer: Some(proto::Writer {
            terminal: "W1".to_owned(),
            ..demo::writer(demo::COUNTY, "undo").unwrap()
        }),
        ..demo::reverse("undo", three.number)
    };
    clients.settlement.reverse(undo).await.unwrap();
    let page = ask(&server.http, "GET /counter/today", &[("Cookie", &at("W1"))], "");
    let left = format!("<strong>{}</strong>", first.cash_due);
    assert!(page.body.contains(&left), "{left}: {}", page.body);
    server.stop().await;
}

#[tokio::test]
async fn rules_are_shown_in_words_and_two_dates_side_by_side() {
    let home = tempfile::tempdir().unwrap();
    let server = server::start(&home.path().join("data"));
    let get = |path: &str| ask(&server.http, &format!("GET {path}"), &[], "");
    let list = get("/counter/rules");
    assert!(list.body.contains("/counter/rules?pack=000000-demo@2018-01-01"), "{}", list.body);
    let one = get("/counter/rules?pack=000000-demo@2018-01-01");
    assert_eq!(one.body.matches("<article").count(), 1);
    for words in ["起付线", "notice 二(一)1", "〔假定〕", "300.00"] {
        assert!(one.body.contains(words), "{words}");
    }
    let two = get("/counter/rules?pack=000000-demo@2018-01-01&beside=000000-demo@2019-01-01");
    assert_eq!(two.body.matches("<article").count(), 2);
    assert_eq!(get("/counter/rules?pack=nothing@2018-01-01").status(), "404");
    server.stop().await;
}

#[tokio::test]
async fn an_estimate_says_that_it_does_not_bind_and_writes_nothing() {
    let home = tempfile::tempdir().unwrap();
    let server = server::start(&home.path().join("data"));
    let mut clients = server.clients().await;
    clients.fill().await;
    let visitor = visitor(&server.http);
    let body = format!(
        "token={}&person={}&facility={}&admitted_on=20180301&discharged_on=20180309&med_type=21&referral=none\
         &kind=totals&total=9000&in_scope=9000",
        visitor.token,
        demo::POOR,
        demo::COUNTY
    );
    let headers = [FORM, ("Cookie", visitor.cookie.as_str())];
    let page = ask(&server.http, "POST /counter/cost/quote", &headers, &body);
    assert_eq!(page.status(), "200", "{}", page.body);
    assert!(page.body.contains("仅为估算，不具约束力，没有入账"), "{}", page.body);
    let request = proto::ListSettlementsRequest::default();
    assert_eq!(clients.list(request).await.unwrap().len(), 0);
    server.stop().await;
}

#[tokio::test]
async fn a_visit_that_the_his_opened_is_quoted_and_settled_at_the_window() {
    let home = tempfile::tempdir().unwrap();
    let server = his::begun(home.path()).await;
    let hospital = his::Hospital::of(&server);
    hospital.ask("9001", json!({"signIn": {"opter_no": "1", "mac": "0", "ip": "::1"}}));
    let visit = hospital.admit("ZY1");
    let line = his::fee(&visit, ("1", "A1"), ("2", "600", "1200.00"), "");
    hospital.ask("2301", json!({ "feedetail": [line] }));
    let visitor = visitor(&server.http);
    let cookie = format!("{}; {}", visitor.cookie, at("W1"));
    let page = format!("GET /counter/patient?person={}", demo::POOR);
    let page = ask(&server.http, &page, &[("Cookie", &cookie)], "");
    assert!(page.body.contains(&visit), "{}", page.body);
    let headers = [FORM, ("Cookie", cookie.as_str())];
    let body = format!("token={}&person={}&visit={visit}&deposit=100", visitor.token, demo::POOR);
    let quoted = ask(&server.http, "POST /counter/visit", &headers, &body);
    assert_eq!(quoted.status(), "200", "{}", quoted.body);
    let field = |name: &str| {
        let from = format!("name=\"{name}\" value=\"");
        let (_, rest) = quoted.body.split_once(&from).unwrap();
        rest.split_once('"').unwrap().0.to_owned()
    };
    let body = format!(
        "{body}&request={}&expected_patient_pay={}&expected_version={}",
        field("request"),
        field("expected_patient_pay"),
        field("expected_version")
    );
    // Another line comes in between: nothing is settled, and the new amount is shown.
    let late = his::fee(&visit, ("2", "A1"), ("1", "600", "600.00"), "");
    hospital.ask("2301", json!({ "feedetail": [late] }));
    let moved = ask(&server.http, "POST /counter/settle", &headers, &body);
    assert_eq!(moved.status(), "409", "{}", moved.body);
    assert!(moved.body.contains("1800.00"), "{}", moved.body);
    let pay = moved.body.split_once("name=\"expected_patient_pay\" value=\"").unwrap().1;
    let pay = pay.split_once('"').unwrap().0;
    let body = body.replace(&field("expected_patient_pay"), pay);
    for _ in 0..2 {
        let settled = ask(&server.http, "POST /counter/settle", &headers, &body);
        assert!(settled.header("location").starts_with("/counter/sheet/"), "{}", settled.body);
    }
    let request = proto::ListSettlementsRequest::default();
    let records = server.clients().await.list(request).await.unwrap();
    assert_eq!(records.len(), 1);
    assert_eq!(records[0].request.as_ref().unwrap().visit, visit);
    server.stop().await;
}
