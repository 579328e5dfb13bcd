//! What is refused: every refusal of this interface alone, in a sentence that a HIS can show; and nothing is written.

use crate::demo;
use crate::his::Hospital;
use crate::his::PROVOKED;
use crate::his::begun;
use crate::his::bill;
use crate::his::fee;
use crate::his::number_of;

use serde_json::Value;
use serde_json::json;

use std::collections::BTreeSet;

fn lines(lines: Vec<Value>) -> Value {
    json!({ "feedetail": lines })
}

#[tokio::test]
async fn every_refusal_of_this_interface_is_provoked_and_writes_nothing() {
    let home = tempfile::tempdir().unwrap();
    let server = begun(home.path()).await;
    let hospital = Hospital::of(&server);
    let visit = hospital.admit("ZY1");
    let page = vec![
        fee(&visit, ("1", "D-A"), ("10", "100", "1000"), ""),
        fee(&visit, ("2", "D-A"), ("-1", "100", "-100"), "1"),
        fee(&visit, ("3", "D-B"), ("1", "100", "100"), ""),
    ];
    hospital.ask("2301", lines(page));
    let barred = hospital.msgid();
    hospital.ask("2601", json!({"data": {"omsgid": barred, "oinfno": "2304"}}));
    let head = || async {
        let client = server.clients().await.list(Default::default()).await.unwrap();
        (
            client.len(),
            hospital
                .ask("5303", json!({"data": {"begntime": "2018-01-01", "endtime": "2018-12-31"}})),
        )
    };
    let before = head().await;
    let named = |line: &str| json!({"data": [{"feedetl_sn": line, "mdtrt_id": visit, "psn_no": demo::POOR}]});
    let of_visit = json!({"data": {"mdtrt_id": visit, "psn_no": demo::POOR}});
    let card = json!({"data": {"mdtrt_cert_type": "02", "mdtrt_cert_no": demo::CERTIFICATE}});
    let mut provoked = BTreeSet::new();
    for (infno, input, number) in [
        ("1101", card, 121),
        ("1101", json!({"data": {"mdtrt_cert_type": "02", "mdtrt_cert_no": "nobody"}}), 107),
        ("2303", bill("nothing", "1"), 421),
        ("2402", json!({"dscginfo": {"mdtrt_id": "x", "endtime": "2018-05-09"}}), 421),
        ("2404", of_visit.clone(), 422),
        ("2405", of_visit, 422),
        ("2401", crate::his::admission("ZY1"), 422),
        ("2301", lines(vec![fee(&visit, ("1", "D-A"), ("9", "100", "900"), "")]), 423),
        ("2301", lines(vec![fee(&visit, ("7", "D-A"), ("9", "100", "901"), "")]), 206),
        ("2301", lines(vec![fee(&visit, ("7", "D-A"), ("1e1", "100", "1000"), "")]), 102),
        ("2301", lines(vec![fee(&visit, ("7", "D-A"), ("-1", "100", "-100"), "")]), 101),
        ("2301", lines(vec![fee(&visit, ("7", "D-A"), ("-11", "100", "-1100"), "1")]), 208),
        ("2301", lines(vec![]), 101),
        ("2302", named("8"), 424),
        ("2302", named("1"), 425),
        ("2303", bill(&visit, "999"), 202),
        ("2304", bill(&visit, "999"), 202),
        ("2601", json!({"data": {"omsgid": "x", "oinfno": "2305"}}), 101),
        ("5203", json!({"data": {"setl_id": "9999"}}), 406),
        ("5203", json!({"data": {"setl_id": "x"}}), 101),
        ("2999", json!({}), 101),
    ] {
        assert_eq!(hospital.refused(infno, input), number, "{infno}");
        provoked.insert(number);
    }
    assert_eq!(number_of(&hospital.ask_as("2304", &barred, bill(&visit, "1000"))), 426);
    provoked.insert(426);
    assert!(PROVOKED.iter().all(|number| provoked.contains(number)), "{provoked:?}");
    assert_eq!(head().await, before);
    // No person's number is logged or told.
    let log = server.log_text();
    assert!(!log.contains(demo::POOR) && !log.contains(demo::CERTIFICATE), "{log}");
    server.stop().await;
}
