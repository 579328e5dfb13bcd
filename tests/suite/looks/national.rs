//! Looks through the national interface: every transaction that shows a record, and none that settles.

use super::looks;
use super::whole;
use crate::access::national::signed;
use crate::access::rows;
use crate::demo;
use crate::demo::POOR;
use crate::his::Hospital;
use crate::his::begun;
use crate::his::bill;
use crate::his::fee;
use crate::his::in_form;
use crate::his::post;
use crate::server::Start;

use onestop::access::Reach;
use onestop::access::Role;
use serde_json::Value;
use serde_json::json;

use std::collections::BTreeSet;
use std::fs;
use std::io::Write;
use std::path::Path;

/// Whose record it is, as the audit shows it.
const MASKED: &str = "**************0011";

/// A list of one settlement, with which the hospital ends its day.
fn file(home: &Path, settled: &Value) -> Vec<u8> {
    let of = |name: &str| settled["setlinfo"][name].to_string().replace('"', "");
    let row = ["setl_id", "mdtrt_id", "psn_no", "medfee_sumamt", "fund_pay_sumamt"].map(of);
    let path = home.join("list.txt");
    writeln!(fs::File::create(&path).unwrap(), "{}\t0\t0", row.join("\t")).unwrap();
    fs::read(path).unwrap()
}

#[tokio::test]
async fn every_transaction_that_shows_a_record_is_a_look_and_settling_is_none() {
    let home = tempfile::tempdir().unwrap();
    let server = begun(home.path()).await;
    let hospital = Hospital::of(&server);
    let seen = || looks(home.path(), &[]);
    // From the admission to the end of the day, a quote and an undone settlement among it.
    let signed = hospital.ask("9001", json!({"signIn": {"opter_no": "1", "mac": "0", "ip": "0"}}));
    let day = signed["signinoutb"]["sign_time"].as_str().unwrap()[..10].to_owned();
    let visit = hospital.admit("ZY1");
    let line = fee(&visit, ("1", "D-A"), ("1", "1000", "1000"), "");
    hospital.ask("2301", json!({"feedetail": [line]}));
    hospital.ask("2303", bill(&visit, "1000"));
    let settled = hospital.ask("2304", bill(&visit, "1000"));
    let number = settled["setlinfo"]["setl_id"].clone();
    let named = json!({"data": {"psn_no": POOR, "mdtrt_id": visit, "setl_id": number}});
    let undone = hospital.ask("2305", named.clone());
    let settled = hospital.ask("2304", bill(&visit, "1000"));
    let staying = hospital.admit("ZY2");
    let uploaded = json!({"fsUploadIn": {"filename": "list.txt",
        "in": file(home.path(), &settled), "fixmedins_code": hospital.facility}});
    let uploaded = hospital.ask("9101", uploaded)["file_qury_no"].clone();
    let mut totals = json!({"insutype": "390", "clr_type": "21", "stmt_begndate": day,
        "stmt_enddate": day, "file_qury_no": uploaded, "medfee_sumamt": 0, "fund_pay_sumamt": 0,
        "acct_pay": 0, "fixmedins_setl_cnt": 0});
    hospital.ask("3201", json!({ "data": totals }));
    let result = hospital.ask("3202", json!({"data": totals.take()}));
    let download = |info: &Value| {
        let input = json!({"fsDownloadIn": {"file_qury_no": info, "filename": "result.zip",
            "fixmedins_code": hospital.facility}});
        let body = hospital.envelope("9102", &hospital.msgid(), input).to_string();
        let raw = post(&hospital.address, "/9102", &[], body.as_bytes());
        assert!(raw.head.contains("application/octet-stream"), "{}", raw.head);
    };
    // What the hospital itself has written is its own words.
    download(&uploaded);
    assert_eq!(whole(&seen()), [""; 0]);

    let period = json!({"begntime": "2018-05-01 00:00:00", "endtime": "2018-05-31 00:00:00"});
    let of_visit = json!({"data": {"psn_no": POOR, "mdtrt_id": visit}});
    let settled = json!({"data": {"setl_id": settled["setlinfo"]["setl_id"], "mdtrt_id": visit}});
    let reversal = json!({"data": {"setl_id": undone["setlinfo"]["setl_id"]}});
    let mut expected = Vec::new();
    for (infno, input) in [
        ("1101", json!({"data": {"psn_no": POOR}})),
        (
            "2001",
            json!({"data": {"psn_no": POOR, "begntime": "2018-05-02 08:00:00", "med_type": "21"}}),
        ),
        ("5201", json!({ "data": period })),
        ("5202", of_visit.clone()),
        ("5203", settled.clone()),
        ("5203", reversal),
        ("5204", settled.clone()),
        ("5204", json!({"data": {"mdtrt_id": staying}})),
        ("5206", json!({"data": {"psn_no": POOR, "cum_ym": "201805"}})),
        ("5303", json!({ "data": period })),
        ("100001", settled),
    ] {
        hospital.ask(infno, input);
        expected.push(format!("001 127.0.0.1 national/{infno} {MASKED}"));
        assert_eq!(whole(&seen()), expected);
    }
    download(&result["fileinfo"]["file_qury_no"]);
    expected.push(format!("001 127.0.0.1 national/9102 {MASKED}"));
    assert_eq!(whole(&seen()), expected);
    // What shows nothing is none.
    let before = json!({"begntime": "1999-05-01 00:00:00", "endtime": "1999-05-31 00:00:00"});
    hospital.ask("5201", json!({ "data": before }));
    hospital.refused("5203", json!({"data": {"setl_id": "999999"}}));
    assert_eq!(whole(&seen()), expected);

    // All that those may use who only look was asked here, but for signing in and out, and for quoting.
    let asked: BTreeSet<&str> =
        expected.iter().map(|look| look.split(' ').nth(2).unwrap()).collect();
    let auditor = onestop::access::ROLES.iter().position(|role| *role == Role::Auditor).unwrap();
    let reading = rows().into_iter().filter(|(_, reaches)| reaches[auditor] != Reach::None);
    let reading = reading.map(|(call, _)| call).filter(|call| call.starts_with("national/"));
    let others = ["national/9001", "national/9002", "national/2303"];
    let reading: BTreeSet<String> =
        reading.filter(|call| !others.contains(&call.as_str())).collect();
    assert_eq!(asked, reading.iter().map(String::as_str).collect());
    server.stop().await;
}

#[tokio::test]
async fn a_quote_by_a_key_that_never_settles_is_a_look() {
    let home = tempfile::tempdir().unwrap();
    begun(home.path()).await.stop().await;
    let key = |name: &str, facilities: &str| {
        format!(
            "[[his.keys]]\nid = \"{name}\"\nsecret = \"secret-{name}\"\nrole = \"{name}\"\nfacilities = [{facilities}]\n"
        )
    };
    let keys = key("his", &format!("\"{}\"", demo::COUNTY)) + &key("auditor", "");
    let config = home.path().join("onestop.toml");
    fs::write(&config, format!("[his]\nauth = \"always\"\n{keys}")).unwrap();
    let data = home.path().join("data");
    let rules = demo::rules_folder();
    let server =
        Start { data: &data, rules, environment: &[], config: Some(&config), demo: false }.start();
    let hospital = Hospital::of(&server);
    let ask = |role: Role, infno: &str, input: Value| {
        let headers = signed(role);
        let headers: Vec<(&str, &str)> =
            headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
        let body = hospital.envelope(infno, &hospital.msgid(), input).to_string();
        let answer = in_form(&post(&server.http, "/", &headers, body.as_bytes()));
        assert_eq!(answer["infcode"], 0, "{infno}: {answer}");
        answer["output"].clone()
    };
    let admitted = ask(Role::His, "2401", crate::his::admission("ZY1"));
    let visit = admitted["result"]["mdtrt_id"].as_str().unwrap();
    let line = fee(visit, ("1", "D-A"), ("1", "1000", "1000"), "");
    ask(Role::His, "2301", json!({"feedetail": [line]}));
    ask(Role::His, "2303", bill(visit, "1000"));
    assert_eq!(whole(&looks(home.path(), &[])), [""; 0]);
    ask(Role::Auditor, "2303", bill(visit, "1000"));
    let expected = format!("auditor 001 127.0.0.1 national/2303 {MASKED}");
    assert_eq!(whole(&looks(home.path(), &[])), [expected]);
    server.stop().await;
}
