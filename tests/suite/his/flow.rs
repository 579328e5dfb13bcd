//! The inpatient flow: what a HIS does from admission to the end of the day, and what the other interface sees of it.

use crate::demo;
use crate::his::Hospital;
use crate::his::admission;
use crate::his::begun;
use crate::his::bill;
use crate::his::fee;
use crate::his::fen;
use crate::his::number_of;
use crate::server::start;

use onestop::proto;
use serde_json::Value;
use serde_json::json;

use std::path::Path;
use std::process::Command;

/// A page with a line of each class, one of which is refunded and charged again.
fn pages(visit: &str) -> [Value; 2] {
    [
        json!({"feedetail": [
            fee(visit, ("1", "D-A"), ("10.0000", "100.500000", "1005.00"), ""),
            fee(visit, ("2", "D-B"), ("5", "200", "1000"), ""),
            fee(visit, ("3", "D-C"), ("2", "30", "60.00"), ""),
        ]}),
        json!({"feedetail": [
            fee(visit, ("4", "D-B"), ("-5", "200", "-1000.00"), "2"),
            fee(visit, ("5", "D-B"), ("3", "200", "600.00"), ""),
        ]}),
    ]
}

/// What the pages come to.
const TOTAL: &str = "1665.00";

fn stay(hospital: &Hospital, number: &str) -> String {
    let visit = hospital.admit(number);
    for page in pages(&visit) {
        hospital.ask("2301", page);
    }
    visit
}

/// The identities of section I1 to I6 of `his/amounts.rs`.
pub(super) fn identities_hold(output: &Value) {
    let info = &output["setlinfo"];
    let of = |name: &str| fen(&info[name]);
    let sum = |names: &[&str]| names.iter().map(|name| of(name)).sum::<i64>();
    let total = of("medfee_sumamt");
    assert_eq!(total, sum(&["fund_pay_sumamt", "psn_part_amt", "hosp_part_amt"]), "I1 {info}");
    assert_eq!(of("psn_part_amt"), sum(&["acct_pay", "psn_cash_pay"]), "I2 {info}");
    let funds =
        ["hifp_pay", "cvlserv_pay", "hifes_pay", "hifmi_pay", "hifob_pay", "maf_pay", "oth_pay"];
    assert_eq!(of("fund_pay_sumamt"), sum(&funds), "I3 {info}");
    let parts = ["fulamt_ownpay_amt", "overlmt_selfpay", "preselfpay_amt", "inscp_scp_amt"];
    assert_eq!(total, sum(&parts), "I4 {info}");
    assert!(of("acct_mulaid_pay").abs() <= of("acct_pay").abs(), "I6 {info}");
    let rows = output["setldetail"].as_array().unwrap();
    let paid: i64 = rows.iter().map(|row| fen(&row["fund_payamt"])).sum();
    assert_eq!(paid, sum(&["fund_pay_sumamt", "acct_pay", "hosp_part_amt"]), "I7 {output}");
}

#[tokio::test]
async fn a_stay_is_quoted_settled_undone_and_settled_again() {
    let home = tempfile::tempdir().unwrap();
    let server = begun(home.path()).await;
    let hospital = Hospital::of(&server);
    hospital.ask("9001", json!({"signIn": {"opter_no": "1", "mac": "0", "ip": "::1"}}));
    let visit = hospital.admit("ZY1");
    let [first, second] = pages(&visit);
    let rows = hospital.ask("2301", first)["result"].clone();
    for row in rows.as_array().unwrap() {
        let parts = ["fulamt_ownpay_amt", "overlmt_amt", "preselfpay_amt", "inscp_scp_amt"];
        let sum: i64 = parts.iter().map(|name| fen(&row[*name])).sum();
        assert_eq!(fen(&row["det_item_fee_sumamt"]), sum, "I5 {row}");
    }
    assert_eq!(rows[1]["chrgitm_lv"], "02");
    assert_eq!(rows[2]["selfpay_prop"].to_string(), "1");
    let refund = hospital.ask("2301", second)["result"][0].clone();
    assert_eq!(
        (fen(&refund["det_item_fee_sumamt"]), fen(&refund["fulamt_ownpay_amt"])),
        (-100_000, 0)
    );
    let quoted = hospital.ask("2303", bill(&visit, TOTAL));
    identities_hold(&quoted);
    let left = json!({"dscginfo": {"mdtrt_id": visit, "psn_no": demo::POOR, "insutype": "390",
        "endtime": "2018-05-09 10:00:00", "dscg_way": "1", "dscg_dept_name": "内科"}});
    hospital.ask("2402", left);
    let settled = hospital.ask("2304", bill(&visit, TOTAL));
    identities_hold(&settled);
    for name in ["fund_pay_sumamt", "psn_part_amt", "hifp_pay"] {
        assert_eq!(quoted["setlinfo"][name], settled["setlinfo"][name]);
    }
    let number = settled["setlinfo"]["setl_id"].clone();
    let named = json!({"data": {"psn_no": demo::POOR, "mdtrt_id": visit, "setl_id": number}});
    let asked = hospital.ask("5203", named.clone());
    assert_eq!(asked["setldetail"], settled["setldetail"]);
    assert_eq!(asked["setlinfo"]["cash_payamt"], settled["setlinfo"]["psn_cash_pay"]);
    let lines = hospital.ask("5204", named.clone());
    assert_eq!(lines.as_array().unwrap().len(), 5);
    let undone = hospital.ask("2305", named);
    identities_hold(&undone);
    assert_eq!(
        fen(&undone["setlinfo"]["medfee_sumamt"]),
        -fen(&settled["setlinfo"]["medfee_sumamt"])
    );
    assert_ne!(undone["setlinfo"]["setl_id"], number);
    let again = hospital.ask("2304", bill(&visit, TOTAL));
    assert_eq!(again["setldetail"], settled["setldetail"]);
    server.stop().await;
    verified(&home.path().join("data"));
}

/// The ledger's own commands go on working with what the interface writes.
fn verified(data: &Path) {
    let onestop = env!("CARGO_BIN_EXE_onestop");
    let home = data.parent().unwrap();
    let run = |arguments: &[&str]| {
        let output = Command::new(onestop).args(arguments).current_dir(home).output().unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        assert!(output.status.success(), "{arguments:?}: {errors}");
    };
    let rules = demo::rules_folder();
    let rules = rules.to_str().unwrap();
    run(&["ledger", "verify", "--data", "data", "--rules", rules]);
    run(&["ledger", "export", "out.jsonl", "--data", "data"]);
    run(&["ledger", "import", "out.jsonl", "--data", "imported"]);
    run(&["ledger", "verify", "--data", "imported", "--rules", rules]);
    run(&["ledger", "backup", "copy", "--data", "data"]);
    run(&["ledger", "corrections", "--data", "data", "--rules", rules]);
}

#[tokio::test]
async fn the_same_message_again_gets_the_first_answer_and_is_written_once() {
    let home = tempfile::tempdir().unwrap();
    let server = begun(home.path()).await;
    let hospital = Hospital::of(&server);
    let id = hospital.msgid();
    let once = hospital.ask_as("2401", &id, admission("ZY1"));
    let twice = hospital.ask_as("2401", &id, admission("ZY1"));
    assert_eq!(once["output"], twice["output"]);
    assert_eq!(number_of(&hospital.ask_as("2401", &id, admission("ZY2"))), 401);
    let visit = once["output"]["result"]["mdtrt_id"].as_str().unwrap().to_owned();
    let id = hospital.msgid();
    for page in pages(&visit) {
        hospital.ask("2301", page);
    }
    // A page whose answer was lost is sent under a new id by some: what is there is read over.
    for page in pages(&visit) {
        hospital.ask("2301", page);
    }
    let first = hospital.ask_as("2304", &id, bill(&visit, TOTAL));
    let again = hospital.ask_as("2304", &id, bill(&visit, TOTAL));
    assert_eq!(first["output"], again["output"]);
    assert_eq!(number_of(&hospital.ask_as("2304", &id, bill(&visit, "1665.01"))), 401);
    assert_eq!(number_of(&hospital.ask_as("2401", &id, admission("ZY3"))), 401);
    assert_eq!(hospital.refused("2304", bill(&visit, TOTAL)), 422);
    let listed = server.clients().await.list(proto::ListSettlementsRequest::default()).await;
    assert_eq!(listed.unwrap().len(), 1);
    server.stop().await;
}

#[tokio::test]
async fn a_request_is_taken_back_whether_or_not_it_had_arrived() {
    let home = tempfile::tempdir().unwrap();
    let server = begun(home.path()).await;
    let hospital = Hospital::of(&server);
    let visit = stay(&hospital, "ZY1");
    let take_back = |id: &str, infno: &str| json!({"data": {"psn_no": demo::POOR, "omsgid": id, "oinfno": infno}});
    let id = hospital.msgid();
    hospital.ask_as("2304", &id, bill(&visit, TOTAL));
    for _ in 0..2 {
        hospital.ask("2601", take_back(&id, "2304"));
    }
    let years = server.clients().await.year(demo::POOR).await;
    assert_eq!((years.admissions, years.version), (0, 2));
    // The settlement had not arrived: it is barred, and settles under another id.
    let late = hospital.msgid();
    hospital.ask("2601", take_back(&late, "2304"));
    assert_eq!(number_of(&hospital.ask_as("2304", &late, bill(&visit, TOTAL))), 426);
    hospital.ask("2304", bill(&visit, TOTAL));
    // An admission.
    let id = hospital.msgid();
    let admitted = hospital.ask_as("2401", &id, admission("ZY2"));
    hospital.ask("2601", take_back(&id, "2401"));
    let visit = admitted["output"]["result"]["mdtrt_id"].as_str().unwrap();
    assert_eq!(hospital.refused("2303", bill(visit, TOTAL)), 422);
    server.stop().await;
}

#[tokio::test]
async fn a_settlement_is_seen_and_undone_through_either_interface() {
    let home = tempfile::tempdir().unwrap();
    let server = begun(home.path()).await;
    let hospital = Hospital::of(&server);
    let mut clients = server.clients().await;
    let visit = stay(&hospital, "ZY1");
    let settled = hospital.ask("2304", bill(&visit, TOTAL));
    let number: u64 = settled["setlinfo"]["setl_id"].as_str().unwrap().parse().unwrap();
    let by = proto::get_settlement_request::By::Number(number);
    let request = proto::GetSettlementRequest { by: Some(by) };
    let record = clients.settlement.get_settlement(request).await.unwrap().into_inner();
    assert_eq!(record.request.unwrap().visit, visit);
    clients.settlement.reverse(demo::reverse("UNDO", number)).await.unwrap();
    hospital.ask("2304", bill(&visit, TOTAL));
    // And the other way round.
    let other =
        clients.settle(demo::settle("G1", demo::PLAIN, demo::totals(1000, 0, 5))).await.unwrap();
    let named = json!({"data": {
        "psn_no": demo::PLAIN, "mdtrt_id": "G1", "setl_id": other.number.to_string(),
    }});
    identities_hold(&hospital.ask("5203", named.clone()));
    identities_hold(&hospital.ask("2305", named));
    assert_eq!(clients.year(demo::PLAIN).await.admissions, 0);
    server.stop().await;
}

#[tokio::test]
async fn interim_bills_of_a_stay_settle_what_is_open() {
    let home = tempfile::tempdir().unwrap();
    let server = begun(home.path()).await;
    let hospital = Hospital::of(&server);
    let visit = hospital.admit("ZY1");
    let [first, second] = pages(&visit);
    hospital.ask("2301", first);
    let mut interim = bill(&visit, "2065.00");
    interim["data"]["mid_setl_flag"] = json!("1");
    interim["data"]["dscgTime"] = json!("2018-05-05");
    identities_hold(&hospital.ask("2304", interim));
    // What is settled is refunded no more; what comes later is billed by itself.
    assert_eq!(hospital.refused("2301", second), 208);
    hospital.ask("2301", json!({"feedetail": [fee(&visit, ("9", "D-A"), ("1", "10", "10"), "")]}));
    let settled = hospital.ask("2304", bill(&visit, "10"));
    assert_eq!(fen(&settled["setlinfo"]["medfee_sumamt"]), 1000);
    server.stop().await;
}

#[tokio::test]
async fn an_open_stay_outlives_a_crash_and_a_lost_index() {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("data");
    let server = begun(home.path()).await;
    let hospital = Hospital::of(&server);
    let visit = stay(&hospital, "ZY1");
    let quoted = hospital.ask("2303", bill(&visit, TOTAL));
    server.kill();
    std::fs::remove_dir_all(data.join("index")).unwrap();
    let server = start(&data);
    let hospital = Hospital::of(&server);
    assert_eq!(hospital.ask("2303", bill(&visit, TOTAL))["setldetail"], quoted["setldetail"]);
    let shown = json!({"data": {"begntime": "2018-01-01", "endtime": "2018-12-31"}});
    assert_eq!(hospital.ask("5303", shown)["data"][0]["mdtrt_id"], visit.as_str());
    identities_hold(&hospital.ask("2304", bill(&visit, TOTAL)));
    server.stop().await;
}
