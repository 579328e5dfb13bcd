//! What an envelope says besides its input is kept with whatever is written, as it was given.

use crate::demo;
use crate::his::Hospital;

use onestop::config::HisConfig;
use onestop::his::Answer;
use onestop::his::Gateway;
use onestop::his::Sent;
use onestop::id::FacilityId;
use onestop::id::RequestId;
use onestop::proto::ledger_entry::Kind;
use serde_json::json;

use std::sync::Arc;

#[tokio::test]
async fn signatures_of_sign_ins_files_and_withdrawals_are_kept_as_given() {
    let home = tempfile::tempdir().unwrap();
    let service = Arc::new(demo::begin(home.path()).await);
    let gateway = Gateway::new(Arc::clone(&service), HisConfig::default(), true);
    let hospital = Hospital { address: String::new(), facility: demo::COUNTY.to_owned() };
    for (infno, input) in [
        ("9001", json!({"signIn": {"opter_no": "1", "mac": "0", "ip": "::1"}})),
        ("9002", json!({"signOut": {"opter_no": "1", "sign_no": "1"}})),
        ("9101", json!({"fsUploadIn": {"in": [1, 2], "filename": "a.txt"}})),
        ("2601", json!({"data": {"omsgid": "never sent", "oinfno": "2304"}})),
    ] {
        let msgid = format!("NOTED-{infno}");
        let mut envelope = hospital.envelope(infno, &msgid, input);
        envelope["cainfo"] = json!(" 3045== ÄÖ ");
        envelope["signtype"] = json!("SM2");
        let body = envelope.to_string().into_bytes();
        let Answer::Json(answer) = gateway.answer(Sent { body, ..Sent::default() }).await else {
            panic!("{infno}: a file");
        };
        assert!(answer.contains("\"infcode\":0"), "{answer}");
        let facility = FacilityId::parse(demo::COUNTY).unwrap();
        let done = service.done_by(&facility, &RequestId::parse(&msgid).unwrap()).unwrap().unwrap();
        let noted = if let Kind::Sign(sign) = done.kind {
            sign.noted
        } else if let Kind::File(file) = done.kind {
            file.noted
        } else if let Kind::Cancellation(taken) = done.kind {
            taken.noted
        } else {
            panic!("{infno}: another kind");
        };
        let kept =
            |name: &str| noted.iter().find(|one| one.name == name).map(|one| one.value.as_str());
        assert_eq!(kept("cainfo").map(str::trim), Some("3045== ÄÖ"), "{infno}");
        assert_eq!(kept("signtype"), Some("SM2"), "{infno}");
    }
}
