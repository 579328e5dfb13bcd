//! Bad text in every field of every request: each is taken or refused, and nothing panics or fails otherwise.

use crate::demo;
use crate::refusals::Call;
use crate::refusals::ask;
use crate::refusals::names_nobody;

use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

/// Texts that somebody may send by mistake or to do harm.
fn bad_texts() -> Vec<String> {
    let texts = [
        "",
        " ",
        "\0",
        "a\0b",
        "\u{7f}",
        "\u{202e}gnp",
        "\u{feff}x",
        "é",
        "𠀀",
        "-",
        "-0",
        "+1",
        "1.",
        ".5",
        "0x10",
        "1_0",
        "1,5",
        "99999999999",
        "9999999999.99",
        "0.0000001",
        "-1",
        "NaN",
        "0001-01-01",
        "9999-12-31",
        "2018-02-29",
        "2018-3-8",
        "2018-03-08 ",
        "A",
        "none",
        "null",
        "true",
        "'; --",
        "../../etc/passwd",
        "%s%n",
        "{\"a\":1}",
    ];
    let mut texts: Vec<String> = texts.into_iter().map(str::to_owned).collect();
    texts.extend(["x".repeat(101), "药".repeat(100), "9".repeat(300), "x".repeat(100_000)]);
    texts
}

/// Every text of a JSON value, by the path to it.
fn paths(value: &Value, path: &str, found: &mut Vec<String>) {
    match value {
        Value::String(_) => found.push(path.to_owned()),
        Value::Array(list) => {
            for (index, one) in list.iter().enumerate() {
                paths(one, &format!("{path}/{index}"), found);
            }
        }
        Value::Object(map) => {
            for (name, one) in map {
                paths(one, &format!("{path}/{name}"), found);
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The message with each of its texts replaced by each bad one.
fn spoilt<M: Serialize + DeserializeOwned>(message: &M) -> Vec<(String, M)> {
    let value = serde_json::to_value(message).unwrap();
    let mut found = Vec::new();
    paths(&value, "", &mut found);
    assert!(!found.is_empty());
    let mut spoilt = Vec::new();
    for path in found {
        for text in bad_texts() {
            let mut value = value.clone();
            *value.pointer_mut(&path).unwrap() = Value::String(text);
            // A number or a name of a choice is not text to the contract's JSON form.
            if let Ok(message) = serde_json::from_value(value) {
                spoilt.push((path.clone(), message));
            }
        }
    }
    spoilt
}

#[expect(clippy::too_many_lines, reason = "one request of each kind")]
fn calls() -> Vec<(String, Call)> {
    let mut bill = demo::lines(vec![
        demo::line("L1", "D-A", ("2", "10", "20")),
        demo::line("L2", "D-B", ("-1", "10", "-10")),
    ]);
    bill.total = "10".to_owned();
    bill.lines[1].refund_of = "L1".to_owned();
    bill.lines[1].code = "D-A".to_owned();
    let mut of_lines = demo::settle("S", demo::PLAIN, bill);
    let admission = of_lines.admission.as_mut().unwrap();
    (admission.episode, admission.referral) = ("E".to_owned(), "registered".to_owned());
    (of_lines.account_pay, of_lines.deposit) = ("1".to_owned(), "1".to_owned());
    let of_totals = demo::settle("T", demo::POOR, demo::totals(100, 10, 5));
    let mut quote = onestop::proto::QuoteRequest {
        admission: of_totals.admission.clone(),
        bill: of_totals.bill.clone(),
        asked: "2018-03-08".to_owned(),
        ..Default::default()
    };
    let totals = quote.bill.as_mut().unwrap().totals.as_mut().unwrap();
    (totals.drugs, totals.class_c_drugs) = ("4".to_owned(), "2".to_owned());
    let persons = onestop::proto::PutPersonsRequest {
        writer: demo::office("P"),
        persons: vec![demo::person("X1", &["registered_poor"], ("390", "2020-01-01"))],
        ..onestop::proto::PutPersonsRequest::default()
    };
    let mut facilities = onestop::proto::PutFacilitiesRequest {
        writer: demo::office("F"),
        facilities: vec![demo::facilities().remove(0)],
        ..onestop::proto::PutFacilitiesRequest::default()
    };
    facilities.facilities[0].id = "X2".to_owned();
    facilities.facilities[0].entries[0].tags = vec!["alliance".to_owned()];
    let items = onestop::proto::PutItemsRequest {
        writer: demo::office("I"),
        items: vec![demo::item("X3", "B", "0.2")],
        ..onestop::proto::PutItemsRequest::default()
    };
    let eligibility = onestop::proto::EligibilityRequest {
        person: demo::POOR.to_owned(),
        facility: demo::COUNTY.to_owned(),
        asked: "2018-03-08".to_owned(),
        med_type: "21".to_owned(),
        referral: "none".to_owned(),
        diagnoses: vec!["A15".to_owned()],
    };
    let list = onestop::proto::ListSettlementsRequest {
        person: demo::POOR.to_owned(),
        facility: demo::COUNTY.to_owned(),
        recorded_from: "2018-03-08".to_owned(),
        recorded_to: "2038-03-08".to_owned(),
        ..Default::default()
    };
    let mut opening = demo::opening("O", demo::PLAIN);
    let chain = onestop::proto::ChainYear {
        step: "basic".to_owned(),
        chain: "episode:E".to_owned(),
        met: "1".to_owned(),
    };
    opening.balances.as_mut().unwrap().chains.push(chain);

    let mut calls = Vec::new();
    fn add<M: Serialize + DeserializeOwned>(
        calls: &mut Vec<(String, Call)>,
        message: &M,
        call: fn(M) -> Call,
    ) {
        calls.extend(spoilt(message).into_iter().map(|(path, message)| (path, call(message))));
    }
    add(&mut calls, &of_lines, Call::Settle);
    add(&mut calls, &of_totals, Call::Settle);
    add(&mut calls, &quote, Call::Quote);
    add(&mut calls, &demo::reverse("R", 5), Call::Reverse);
    add(&mut calls, &opening, Call::Opening);
    add(&mut calls, &persons, Call::Persons);
    add(&mut calls, &facilities, Call::Facilities);
    add(&mut calls, &items, Call::Items);
    add(&mut calls, &eligibility, Call::Eligibility);
    add(&mut calls, &list, Call::List);
    add(&mut calls, &demo::year(demo::POOR), Call::Year);
    for text in bad_texts() {
        calls.push((String::new(), Call::Person(text.clone())));
        calls.push((String::new(), Call::Facility(text.clone())));
        calls.push((String::new(), Call::Item(text)));
    }
    calls
}

#[tokio::test]
async fn bad_text_in_any_field_is_taken_or_refused_and_nothing_else() {
    let directory = tempfile::tempdir().unwrap();
    let service = demo::begin(directory.path()).await;
    let (mut refused, mut taken) = (0, 0);
    for (path, call) in calls() {
        let head = service.head().unwrap();
        match ask(&service, call).await {
            Some(refusal) => {
                names_nobody(&refusal);
                assert_eq!(service.head().unwrap(), head, "{path}: {refusal:?}");
                refused += 1;
            }
            None => taken += 1,
        }
    }
    assert!(refused > 1000 && taken > 100, "{refused} refused, {taken} taken");
    // Whatever was taken can be read again.
    service.close().unwrap();
    std::fs::remove_dir_all(directory.path().join("index")).unwrap();
    let (service, _) = demo::open(directory.path());
    service.accumulators(&demo::year(demo::POOR)).unwrap();
    service.accumulators(&demo::year(demo::PLAIN)).unwrap();
    service.close().unwrap();
}
