//! A page of another site in the browser of a counter's PC cannot settle.

use crate::his::Hospital;
use crate::his::admission;
use crate::his::begun;
use crate::his::in_form;
use crate::his::post;

use serde_json::json;

#[tokio::test]
async fn what_a_browser_sends_is_refused_in_an_envelope_and_writes_nothing() {
    let home = tempfile::tempdir().unwrap();
    let server = begun(home.path()).await;
    let hospital = Hospital::of(&server);
    let address = hospital.address.clone();
    let envelope = hospital.envelope("2401", &hospital.msgid(), admission("ZY1"));
    let body = serde_json::to_vec(&envelope).unwrap();
    let plain = ("Content-Type", "text/plain");
    let own = format!("http://{address}");
    for header in [
        ("Origin", "http://elsewhere.example"),
        ("Origin", "null"),
        ("Origin", own.as_str()),
        ("Sec-Fetch-Site", "cross-site"),
        ("Sec-Fetch-Site", "same-site"),
        ("Sec-Fetch-Site", "same-origin"),
    ] {
        let answer = in_form(&post(&address, "/2401", &[plain, header], &body));
        assert_eq!((&answer["infcode"], &answer["output"]), (&json!(-1), &json!(null)));
        assert!(answer["err_msg"].as_str().unwrap().contains("浏览器"), "{answer}");
    }
    let all = json!({"data": {"begntime": "2018-01-01", "endtime": "2018-12-31"}});
    assert_eq!(hospital.ask("5303", all.clone())["data"], json!([]));
    // The same envelope without such a header is a hospital's.
    assert_eq!(in_form(&post(&address, "/2401", &[plain], &body))["infcode"], 0);
    assert_eq!(hospital.ask("5303", all)["data"].as_array().unwrap().len(), 1);
    server.stop().await;
}
