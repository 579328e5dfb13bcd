//! Reconciliation from a file to a signed result, and what is left of it the next time.

use crate::office::around_today;
use crate::office::begin;
use crate::office::csv;
use crate::office::office;
use crate::office::onestop;
use crate::office::whole_list;
use crate::server::refused;

use onestop::proto;

use std::fs;
use std::path::Path;

/// The arguments of a comparison.
fn arguments<'a>(file: &'a Path, from: &'a str, to: &'a str) -> Vec<&'a str> {
    let file = file.to_str().unwrap();
    vec!["reconcile", file, "--facility", "H-COUNTY", "--from", from, "--to", to, "--lang", "en"]
}

#[tokio::test]
async fn a_list_is_compared_kept_signed_and_compared_again() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let (server, settled) = begin(&data).await;
    let url = format!("http://{}", server.address);
    let (from, to) = around_today();
    let file = directory.path().join("list.csv");
    let (table, book) = (directory.path().join("out.csv"), directory.path().join("out.xlsx"));
    let mut lines = whole_list(&settled);

    // All that the hospital has is what the ledger has.
    fs::write(&file, csv(&lines)).unwrap();
    let mut asked = arguments(&file, &from, &to);
    asked.extend(["--server", &url]);
    let (code, printed) = onestop(&asked);
    assert_eq!(code, 0, "{printed}");
    assert!(printed.contains("5 rows matched; 0 differences"), "{printed}");

    // One amount is wrong, one settlement is not known, the reversal neither, and one row stands there twice.
    lines[0][4] = "1.00".to_owned();
    lines.remove(4);
    lines.remove(1);
    lines.push(lines[1].clone());
    fs::write(&file, csv(&lines)).unwrap();
    asked.extend(["--keep", "--office", "OFFICE", "--operator", "李"]);
    asked.extend(["--csv", table.to_str().unwrap(), "--xlsx", book.to_str().unwrap()]);
    let (code, printed) = onestop(&asked);
    assert_eq!(code, 1, "{printed}");
    assert!(printed.contains("4 differences"), "{printed}");
    assert!(printed.contains("kept in the ledger as"), "{printed}");
    let table = fs::read_to_string(&table).unwrap();
    for says in
        ["amount differs", "missing at the hospital", "reversed on one side", "counted twice"]
    {
        assert!(table.contains(says), "{says}: {table}");
    }
    assert!(table.contains("never took the answer"), "{table}");
    for settlement in &settled {
        let admission = settlement.request.as_ref().unwrap().admission.as_ref().unwrap();
        assert!(!table.contains(&admission.person), "a person is shown whole");
    }
    assert!(fs::read(&book).unwrap().starts_with(b"PK"));

    // The result is in the ledger, with its differences.
    let mut client = office(&server).await;
    let list = proto::ListReconciliationsRequest::default();
    let mut kept = client.list_reconciliations(list.clone()).await.unwrap().into_inner();
    let number = kept.message().await.unwrap().unwrap().number;
    assert!(kept.message().await.unwrap().is_none());
    let get = proto::GetReconciliationRequest { number };
    let record = client.get_reconciliation(get).await.unwrap().into_inner();
    assert_eq!(record.reconciliation.as_ref().unwrap().differences.len(), 4);
    assert_eq!(record.reconciliation.as_ref().unwrap().balance, "ledger_more");
    assert!(record.sign_off.is_none());

    // It is signed once, by somebody with a name.
    let text = number.to_string();
    let sign = ["sign-off", &text, "--office", "OFFICE", "--operator", "王", "--server", &url];
    let (code, printed) = onestop(&sign);
    assert_eq!(code, 0, "{printed}");
    assert_eq!(onestop(&sign).0, 0, "the same signature again is the same signature");
    let another = proto::SignOffRequest {
        writer: Some(proto::Writer {
            facility: "OFFICE".to_owned(),
            request_id: "other".to_owned(),
            operator: "赵".to_owned(),
            terminal: String::new(),
        }),
        number,
        remark: String::new(),
    };
    assert_eq!(refused(client.sign_off(another).await).code, 501);
    let record = client.get_reconciliation(get).await.unwrap().into_inner();
    let signed = record.sign_off.unwrap().request.unwrap().writer.unwrap();
    assert_eq!(signed.operator, "王");

    // Later the amount is mended, and something else is wrong.
    lines[0][4] = settled[0].statement.as_ref().unwrap().payments.clone();
    lines[1][2] = "510999198502020099".to_owned();
    fs::write(&file, csv(&lines)).unwrap();
    let (code, printed) = onestop(&asked);
    assert_eq!(code, 1, "{printed}");
    let since = format!("since reconciliation {number}: ");
    assert!(printed.contains(&since), "{printed}");
    assert!(printed.contains("2 resolved, 2 still open, 2 new"), "{printed}");

    // A store without a server answers the same, and its ledger verifies.
    server.stop().await;
    let mut asked = arguments(&file, &from, &to);
    asked.extend(["--data", data.to_str().unwrap()]);
    let (code, offline) = onestop(&asked);
    assert_eq!(code, 1, "{offline}");
    assert!(offline.contains("4 differences"), "{offline}");
    let (code, printed) =
        onestop(&["ledger", "verify", "--data", data.to_str().unwrap(), "--lang", "en"]);
    assert_eq!(code, 0, "{printed}");
    assert!(printed.contains("3 office records"), "{printed}");
}

#[tokio::test]
async fn a_bad_list_names_row_column_and_reason_and_nothing_is_kept() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let (server, settled) = begin(&data).await;
    let url = format!("http://{}", server.address);
    let (from, to) = around_today();
    let file = directory.path().join("list.csv");
    let mut lines = whole_list(&settled);
    lines[2][3] = "12,5".to_owned();
    lines[3][6] = "2".to_owned();
    let quoted: Vec<_> = lines.iter().map(|line| format!("\"{}\"\n", line.join("\",\""))).collect();
    let header = "setl_id,mdtrt_id,psn_no,medfee_sumamt,fund_pay_sumamt,acct_pay,refd_setl_flag\n";
    fs::write(&file, header.to_owned() + &quoted.concat()).unwrap();
    let mut asked = arguments(&file, &from, &to);
    asked.extend(["--server", &url, "--keep", "--office", "OFFICE", "--operator", "李"]);
    let (code, printed) = onestop(&asked);
    assert_eq!(code, 1, "{printed}");
    assert!(printed.contains("row 4, column `medfee_sumamt`: `12,5` is not"), "{printed}");
    assert!(printed.contains("row 5, column `refd_setl_flag`: `2` is neither"), "{printed}");
    let list = proto::ListReconciliationsRequest::default();
    let mut kept = office(&server).await.list_reconciliations(list).await.unwrap().into_inner();
    assert!(kept.message().await.unwrap().is_none());
}

#[tokio::test]
async fn a_stream_that_does_not_begin_with_its_scope_or_breaks_off_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let (server, _) = begin(&directory.path().join("data")).await;
    let mut client = office(&server).await;
    let rows = |rows: Vec<proto::HospitalRow>| proto::ReconcileRequest {
        part: Some(proto::reconcile_request::Part::Rows(proto::ReconcileRows { rows })),
    };
    let start = |facility: &str| proto::ReconcileRequest {
        part: Some(proto::reconcile_request::Part::Start(proto::ReconcileStart {
            scope: Some(proto::ReconcileScope {
                facility: facility.to_owned(),
                from: "2018-06-01".to_owned(),
                to: "2018-06-30".to_owned(),
                ..proto::ReconcileScope::default()
            }),
            ..proto::ReconcileStart::default()
        })),
    };
    let amount = |total: &str| proto::HospitalRow {
        reference: "1".to_owned(),
        total: total.to_owned(),
        fund: "0".to_owned(),
        account: "0".to_owned(),
        ..proto::HospitalRow::default()
    };
    for (requests, code) in [
        (vec![rows(Vec::new())], 101),
        (Vec::new(), 101),
        (vec![start("")], 101),
        (vec![start("H-COUNTY"), start("H-COUNTY")], 101),
        (vec![start("H-COUNTY"), rows(vec![amount("1.234")])], 102),
    ] {
        let mut replies =
            client.reconcile(tokio_stream::iter(requests)).await.unwrap().into_inner();
        assert_eq!(refused(replies.message().await).code, code);
    }
}
