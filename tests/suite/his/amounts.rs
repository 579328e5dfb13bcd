//! The identities of the interface on generated bills, for every identity, discharge and class; and what regions configure.

use crate::demo;
use crate::his::Hospital;
use crate::his::bill;
use crate::his::fee;
use crate::his::fen;
use crate::his::flow::identities_hold;

use onestop::clearing_types::ClearingTypes;
use onestop::config::HisConfig;
use onestop::his::Answer;
use onestop::his::Gateway;
use onestop::his::Sent;
use onestop::outline;
use onestop::store::seal::Place;
use proptest::prelude::*;
use proptest::test_runner::Config;
use proptest::test_runner::TestRunner;
use serde_json::Value;
use serde_json::json;

use std::cell::Cell;
use std::path::Path;
use std::sync::Arc;

/// A converter of its own on a store of its own.
struct Desk {
    runtime: tokio::runtime::Runtime,
    gateway: Gateway,
    hospital: Hospital,
    asked: Cell<u32>,
}

impl Desk {
    fn open(home: &Path, config: HisConfig) -> Desk {
        let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
        let clearing_types = ClearingTypes::new(config.clearing_types.clone());
        let service = runtime.block_on(demo::begin(home));
        let service = Arc::new(service.naming(Default::default(), clearing_types));
        let gateway = Gateway::new(service, config, true);
        let hospital = Hospital { address: String::new(), facility: demo::COUNTY.to_owned() };
        Desk { runtime, gateway, hospital, asked: Cell::new(0) }
    }

    fn answer(&self, infno: &str, input: Value) -> Value {
        self.asked.set(self.asked.get() + 1);
        let envelope = self.hospital.envelope(infno, &format!("M{}", self.asked.get()), input);
        let body = envelope.to_string().into_bytes();
        match self.runtime.block_on(self.gateway.answer(Sent { body, ..Sent::default() })) {
            Answer::Json(text) => serde_json::from_str(&text).unwrap(),
            Answer::File(_) => panic!("a file"),
        }
    }

    fn ask(&self, infno: &str, input: Value) -> Value {
        let answer = self.answer(infno, input);
        assert!(answer["infcode"] == 0 || answer["infcode"] == "0", "{infno}: {answer}");
        answer["output"].clone()
    }

    fn admit(&self, person: &str) -> String {
        let number = format!("ZY{}", self.asked.get());
        let mut admission = crate::his::admission(&number);
        admission["mdtrtinfo"]["psn_no"] = json!(person);
        self.ask("2401", admission)["result"]["mdtrt_id"].as_str().unwrap().to_owned()
    }
}

#[test]
fn the_identities_hold_on_generated_bills() {
    let home = tempfile::tempdir().unwrap();
    let desk = Desk::open(home.path(), HisConfig::default());
    let line = (
        proptest::sample::select(vec!["D-A", "D-B", "D-C", "D-UNKNOWN"]),
        1_i64..2000,
        1_i64..500_000,
        any::<bool>(),
    );
    let bills = proptest::collection::vec(line, 1..12);
    let person = proptest::sample::select(vec![demo::POOR, demo::PLAIN]);
    let mut runner =
        TestRunner::new(Config { cases: 60, failure_persistence: None, ..Config::default() });
    let outcome = runner.run(&(bills, person), |(lines, person)| {
        let visit = desk.admit(person);
        let mut page = Vec::new();
        let mut total = 0;
        for (index, (code, count, price, refunded)) in lines.iter().enumerate() {
            let (id, quantity) = (index.to_string(), count.to_string());
            let yuan = |fen: i64| {
                let sign = if fen < 0 { "-" } else { "" };
                format!("{sign}{}.{:02}", fen.abs() / 100, fen.abs() % 100)
            };
            let (amount, price) = (count * price, yuan(*price));
            let mut of = |id: &str, quantity: &str, amount: i64, refunds: &str| {
                total += amount;
                let mut line = fee(&visit, (id, code), (quantity, &price, &yuan(amount)), refunds);
                line["psn_no"] = json!(person);
                page.push(line);
            };
            of(&id, &quantity, amount, "");
            if *refunded && index != 0 {
                of(&format!("R{index}"), &format!("-{quantity}"), -amount, &id);
            }
        }
        let rows = desk.ask("2301", json!({ "feedetail": page }))["result"].clone();
        for row in rows.as_array().unwrap() {
            let parts = ["fulamt_ownpay_amt", "overlmt_amt", "preselfpay_amt", "inscp_scp_amt"];
            let sum: i64 = parts.iter().map(|name| fen(&row[*name])).sum();
            prop_assert_eq!(fen(&row["det_item_fee_sumamt"]), sum);
        }
        let mut asked = bill(&visit, "");
        asked["data"]["psn_no"] = json!(person);
        let quoted = desk.ask("2303", asked.clone());
        identities_hold(&quoted);
        let settled = desk.ask("2304", asked);
        identities_hold(&settled);
        prop_assert_eq!(fen(&settled["setlinfo"]["medfee_sumamt"]), total);
        let number = settled["setlinfo"]["setl_id"].clone();
        let named = json!({"data": {"psn_no": person, "mdtrt_id": visit, "setl_id": number}});
        let items = desk.ask("100001", named.clone());
        prop_assert!(items.as_array().unwrap().len() >= 3);
        let undone = desk.ask("2305", named);
        identities_hold(&undone);
        Ok(())
    });
    outcome.unwrap();
}

#[test]
fn what_differs_by_region_is_configuration() {
    let home = tempfile::tempdir().unwrap();
    let text = r#"
        infcode = "text"
        results = "six-digits"
        account_in_fund = true
        [field_names]
        outDate = "dscgTime"
        [med_types]
        "2101" = "21"
        [identities]
        registered_poor = "7203"
        [funds]
        "390100" = "99999001"
        [fund_fields]
        "390100" = "hifes_pay"
        [clearing_types]
        "2101" = "99948"
    "#;
    let desk = Desk::open(home.path(), toml::from_str(text).unwrap());
    let mut admission = crate::his::admission("ZY1");
    admission["mdtrtinfo"]["med_type"] = json!("2101");
    let answer = desk.answer("2401", admission);
    assert_eq!(answer["infcode"], "0");
    let visit = answer["output"]["result"]["mdtrt_id"].as_str().unwrap().to_owned();
    let refused = desk.answer("2999", json!({}));
    assert_eq!(refused["infcode"], "-1");
    let line = fee(&visit, ("1", "D-A"), ("1", "1000", "1000"), "");
    desk.ask("2301", json!({ "feedetail": [line] }));
    let mut asked = bill(&visit, "1000");
    asked["data"]["outDate"] = json!("2018-05-08");
    asked["data"]["dscgTime"] = json!(null);
    asked["data"]["acct_pay"] = json!("10.00");
    let settled = desk.ask("2304", asked);
    let info = &settled["setlinfo"];
    assert_eq!((&info["enddate"], &info["med_type"]), (&json!("2018-05-08"), &json!("2101")));
    assert_eq!(info["clr_type"], "99948");
    assert_eq!(fen(&info["hifp_pay"]), 0);
    assert!(0 < fen(&info["hifes_pay"]), "{info}");
    assert_eq!(settled["setldetail"][0]["fund_pay_type"], "99999001");
    assert_eq!(fen(&info["acct_pay"]), 1000);
    // The account is in the sum of the funds here.
    let sum =
        fen(&info["fund_pay_sumamt"]) + fen(&info["psn_cash_pay"]) + fen(&info["hosp_part_amt"]);
    assert_eq!(fen(&info["medfee_sumamt"]), sum);
    let card = json!({"data": {"psn_no": demo::POOR}});
    assert_eq!(desk.ask("1101", card)["idetinfo"][0]["psn_idet_type"], "7203");
    let day = &info["setl_time"].as_str().unwrap()[..10];
    let mut totals = json!({"insutype": "390", "clr_type": "99948", "setl_optins": "000001",
        "stmt_begndate": day, "stmt_enddate": day, "medfee_sumamt": "1000", "acct_pay": "10",
        "fund_pay_sumamt": info["fund_pay_sumamt"], "fixmedins_setl_cnt": 1});
    let balanced = desk.ask("3201", json!({ "data": totals }));
    assert_eq!(balanced["stmtinfo"]["stmt_rslt"], "000000");
    // The back office clears it under the same type.
    let mut clearing = Vec::new();
    let types = ClearingTypes::new([("2101".to_owned(), "99948".to_owned())].into());
    outline::each(Place::unsealed(home.path()), 0, |extract| {
        clearing.extend(extract.settled.map(|one| types.of(&one.med_type).to_owned()));
    })
    .unwrap();
    assert_eq!(clearing, ["99948"]);
    totals["medfee_sumamt"] = json!("1001");
    let differs = desk.ask("3201", json!({ "data": totals }));
    assert_eq!(differs["stmtinfo"]["stmt_rslt"], "000103");
}

#[test]
fn deviations_of_published_clients_are_tolerated() {
    let home = tempfile::tempdir().unwrap();
    let desk = Desk::open(home.path(), HisConfig::default());
    let visit = desk.admit(demo::POOR);
    let envelope = |input: Value| desk.hospital.envelope("5202", "M", input);
    let named = json!({"PSN_NO": demo::POOR, "mdtrtId": visit, "unknown": {"x": [1]}});
    let plain = envelope(json!({ "data": named }));
    let text = plain.to_string();
    let mut as_text = plain.clone();
    as_text["input"] = json!(json!({ "data": named }).to_string());
    let mut odd = plain.clone();
    odd["INFNO"] = odd["infno"].take();
    odd["dev_no"] = json!("null");
    odd["enc_type"] = json!(1.5);
    let bodies = [
        text.clone(),
        format!("\u{feff}  {text}\n"),
        as_text.to_string(),
        odd.to_string(),
        envelope(named.clone()).to_string(),
        envelope(json!({ "data": [named] })).to_string(),
        text.replace("\"5202\"", "\"5202A\""),
    ];
    for body in bodies {
        let sent = Sent { body: body.clone().into_bytes(), ..Sent::default() };
        let Answer::Json(answer) = desk.runtime.block_on(desk.gateway.answer(sent)) else {
            panic!()
        };
        let answer: Value = serde_json::from_str(&answer).unwrap();
        assert_eq!(answer["infcode"], 0, "{body}: {answer}");
        assert_eq!(answer["output"]["diseinfo"][0]["diag_code"], "J18.9");
    }
}
