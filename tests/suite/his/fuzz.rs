//! Envelopes that nobody would send: whatever comes, an answer in the form that clients expect, and nothing written.

use crate::demo;
use crate::his::Hospital;
use crate::his::admission;
use crate::his::begun;
use crate::his::bill;
use crate::his::fee;
use crate::his::in_form;
use crate::his::post;

use onestop::config::HisConfig;
use onestop::his::Answer;
use onestop::his::Gateway;
use onestop::his::Sent;
use onestop::service::Service;
use proptest::prelude::*;
use proptest::test_runner::Config;
use proptest::test_runner::TestRunner;
use serde_json::Value;
use serde_json::json;

use std::sync::Arc;

/// Every transaction with an input that is nearly right.
fn inputs(visit: &str) -> Vec<(&'static str, Value)> {
    let named = json!({"data": {"psn_no": demo::POOR, "mdtrt_id": visit, "setl_id": "1",
        "omsgid": "x", "oinfno": "2304", "begntime": "2018-01-01", "endtime": "2018-12-31",
        "med_type": "21", "cum_ym": "201805", "mdtrt_cert_type": "02", "certno": "x"}});
    let day = json!({"data": {"insutype": "390", "clr_type": "21", "setl_optins": "000001",
        "stmt_begndate": "2018-01-01", "stmt_enddate": "2018-01-31", "medfee_sumamt": "1",
        "fund_pay_sumamt": 1, "acct_pay": 0, "fixmedins_setl_cnt": 1, "file_qury_no": "1"}});
    let line = json!({"feedetail": [fee(visit, ("1", "D-A"), ("1", "10", "11"), "")]});
    let named_by = [
        "1101", "2001", "2305", "2404", "2405", "5201", "5202", "5203", "5204", "5206", "5303",
        "100001", "9102", "2302", "2402", "2403",
    ];
    let mut inputs: Vec<(&str, Value)> =
        named_by.into_iter().map(|infno| (infno, named.clone())).collect();
    inputs.extend([("3201", day.clone()), ("3202", day), ("2301", line)]);
    inputs.extend([("2303", bill(visit, "1")), ("2304", bill(visit, "1"))]);
    inputs.push(("2401", admission("FUZZ")));
    inputs
}

/// Some piece of JSON.
fn anything() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        "[0-9]{0,30}(\\.[0-9]{0,10})?".prop_map(Value::from),
        "\\PC{0,40}".prop_map(Value::from),
        "[ \\n\\t\\x00-\\x1f]{0,5}".prop_map(Value::from),
        Just(Value::from("9".repeat(5000))),
    ];
    leaf.prop_recursive(3, 16, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::btree_map("[a-z_]{1,12}", inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

/// Where a piece of JSON may be put: the places of a value, one after another.
fn places(value: &Value) -> usize {
    1 + match value {
        Value::Array(all) => all.iter().map(places).sum(),
        Value::Object(fields) => fields.values().map(places).sum(),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => 0,
    }
}

fn put(value: &mut Value, place: &mut usize, new: &Value) {
    if *place == 0 {
        *value = new.clone();
    }
    *place = place.wrapping_sub(1);
    match value {
        Value::Array(all) => all.iter_mut().for_each(|one| put(one, place, new)),
        Value::Object(fields) => fields.values_mut().for_each(|one| put(one, place, new)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// An envelope with a few pieces put in the place of others.
fn spoiled(visit: &str) -> impl Strategy<Value = Vec<u8>> + use<> {
    let hospital = Hospital { address: String::new(), facility: demo::COUNTY.to_owned() };
    let envelopes: Vec<Value> = inputs(visit)
        .into_iter()
        .map(|(infno, input)| hospital.envelope(infno, "FUZZ", input))
        .collect();
    let pieces = proptest::collection::vec((any::<usize>(), anything()), 0..4);
    (proptest::sample::select(envelopes), pieces).prop_map(|(mut envelope, pieces)| {
        for (place, new) in pieces {
            let mut place = place % places(&envelope);
            put(&mut envelope, &mut place, &new);
        }
        serde_json::to_vec(&envelope).unwrap()
    })
}

/// A body: a spoiled envelope, a part of one, or no envelope at all.
fn bodies(visit: &str) -> impl Strategy<Value = Vec<u8>> + use<> {
    let cut = (spoiled(visit), any::<usize>()).prop_map(|(body, at)| {
        let at = at % (body.len() + 1);
        body[..at].to_vec()
    });
    prop_oneof![
        6 => spoiled(visit),
        2 => cut,
        1 => proptest::collection::vec(any::<u8>(), 0..200),
    ]
}

/// Asks the converter itself, where the ledger's head can be seen between two requests.
async fn told(gateway: &Gateway, body: &[u8]) -> Option<Value> {
    match gateway.answer(Sent { body: body.to_vec(), ..Sent::default() }).await {
        Answer::Json(text) => Some(serde_json::from_str(&text).unwrap()),
        Answer::File(_) => None,
    }
}

#[test]
fn a_spoiled_envelope_is_answered_and_what_is_refused_writes_nothing() {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let home = tempfile::tempdir().unwrap();
    let service: Arc<Service> = Arc::new(runtime.block_on(demo::begin(home.path())));
    let gateway = Gateway::new(Arc::clone(&service), HisConfig::default(), true);
    let hospital = Hospital { address: String::new(), facility: demo::COUNTY.to_owned() };
    let admit = hospital.envelope("2401", "ADMIT", admission("ZY1")).to_string();
    let admitted = runtime.block_on(told(&gateway, admit.as_bytes())).unwrap();
    let visit = admitted["output"]["result"]["mdtrt_id"].as_str().unwrap().to_owned();
    let refused = std::cell::Cell::new(0);
    let mut runner =
        TestRunner::new(Config { cases: 1500, failure_persistence: None, ..Config::default() });
    let outcome = runner.run(&bodies(&visit), |body| {
        let before = service.head().unwrap();
        let answer = runtime.block_on(told(&gateway, &body));
        let is_refused = answer.as_ref().is_some_and(|answer| answer["infcode"] == -1);
        if is_refused {
            refused.set(refused.get() + 1);
            let message = answer.unwrap()["err_msg"].as_str().unwrap().to_owned();
            prop_assert!(!message.is_empty() && message.chars().count() <= 200, "{message}");
            prop_assert!(!message.chars().any(char::is_control), "{message:?}");
            prop_assert_eq!(service.head().unwrap(), before);
        }
        Ok(())
    });
    outcome.unwrap();
    // A run in which everything was taken would prove nothing.
    assert!(refused.get() > 750, "{refused:?}");
}

#[tokio::test]
async fn a_spoiled_envelope_over_the_socket_has_status_200() {
    let home = tempfile::tempdir().unwrap();
    let server = begun(home.path()).await;
    let hospital = Hospital::of(&server);
    let visit = hospital.admit("ZY1");
    let address = hospital.address.clone();
    let runs = tokio::task::spawn_blocking(move || {
        let config = Config { cases: 150, failure_persistence: None, ..Config::default() };
        let mut runner = TestRunner::new(config);
        runner.run(&bodies(&visit), |body| {
            for kind in ["text/plain", "application/json", "multipart/form-data; boundary=X"] {
                let raw = post(&address, "/any/path", &[("Content-Type", kind)], &body);
                in_form(&raw);
            }
            Ok(())
        })
    });
    runs.await.unwrap().unwrap();
    // A body that is too long, and one that ends early.
    let long = vec![b' '; (8 << 20) + 1];
    in_form(&post(&hospital.address, "/", &[], &long));
    assert!(
        server.log_text().lines().all(|line| !line.contains("panicked")),
        "{}",
        server.log_text()
    );
    server.stop().await;
}
