//! Marked data through every path, and then a search of all that came out beside the answers.

use crate::demo;
use crate::demo::POOR;
use crate::demo::totals;
use crate::his::Hospital;
use crate::his::Raw;
use crate::his::admission;
use crate::his::bill;
use crate::his::fee;
use crate::his::post;
use crate::sealed::files;
use crate::sealed::is_in;
use crate::server::Server;
use crate::server::start_with;
use crate::traces::Collector;
use crate::web::answer;

use onestop::proto;
use onestop::store::seal::Cipher;
use onestop::store::seal::new_key;
use serde_json::json;

use std::path::Path;

const NAME: &str = "标记甲乙丙";
const CERTIFICATE: &str = "MARKED-CERT-1";
const DIAGNOSIS: &str = "标记诊断";
const DOCTOR: &str = "标记医师";
const MARKS: [&str; 6] = [POOR, NAME, CERTIFICATE, DIAGNOSIS, DOCTOR, "MK99.9"];

/// A mark as JSON, a URL or a log may escape it.
fn forms(mark: &str) -> Vec<String> {
    let percent = |lower: bool| -> String {
        let byte = |byte: &u8| match byte.is_ascii() {
            true => char::from(*byte).to_string(),
            false if lower => format!("%{byte:02x}"),
            false => format!("%{byte:02X}"),
        };
        mark.as_bytes().iter().map(byte).collect()
    };
    let escaped = mark.escape_unicode().to_string().replace("\\u{", "\\u").replace('}', "");
    let hex: String = mark.as_bytes().iter().map(|byte| format!("{byte:02x}")).collect();
    vec![mark.to_owned(), percent(true), percent(false), escaped, hex]
}

/// What has a mark in it.
fn found(what: &str, bytes: &[u8]) -> Vec<String> {
    let of = |mark: &&str| forms(mark).into_iter().filter(|form| is_in(bytes, form));
    MARKS.iter().flat_map(of).map(|form| format!("`{form}` in {what}")).collect()
}

/// Everything that a hospital, a counter and an office do with the marked person; returns what was complained.
async fn use_all(server: &Server) -> Vec<String> {
    let mut complaints = Vec::new();
    let mut clients = server.clients().await;
    clients.fill().await;
    let mut marked = demo::persons()[0].clone();
    marked.name = NAME.to_owned();
    marked.certificate_no = CERTIFICATE.to_owned();
    let put = |id: &str, person: proto::Person| proto::PutPersonsRequest {
        writer: demo::office(id),
        persons: vec![person],
        ..proto::PutPersonsRequest::default()
    };
    clients.put_persons(vec![put("marked", marked.clone())]).await;
    let settled = clients.settle(demo::settle("M1", POOR, totals(1000, 100, 10))).await.unwrap();
    clients.settlement.reverse(demo::reverse("M1R", settled.number)).await.unwrap();
    clients.settlement.load_opening(demo::opening("O", POOR)).await.unwrap();
    clients.year(POOR).await;
    let list = proto::ListSettlementsRequest { person: POOR.to_owned(), ..Default::default() };
    assert_eq!(clients.list(list).await.unwrap().len(), 1);

    // Wrong ones, with marks where they do not belong.
    let mut wrong = marked.clone();
    wrong.birth = NAME.to_owned();
    let stream = tokio_stream::iter([put("wrong", wrong)]);
    let mut replies = clients.registers.put_persons(stream).await.unwrap().into_inner();
    complaints.push(format!("{:?}", replies.message().await.unwrap_err()));
    let mut twice = demo::settle("M1", POOR, totals(1000, 100, 10));
    twice.bill = Some(totals(7, 0, 0));
    complaints.push(format!("{:?}", clients.settle(twice).await.unwrap_err()));
    for (field, person) in [("total", POOR), ("person", NAME), ("facility", POOR), ("day", NAME)] {
        let mut wrong = demo::settle("M2", POOR, totals(1, 0, 0));
        match field {
            "total" => wrong.bill.as_mut().unwrap().total = person.to_owned(),
            "person" => wrong.admission.as_mut().unwrap().person = person.to_owned(),
            "facility" => wrong.admission.as_mut().unwrap().facility = person.to_owned(),
            _ => wrong.admission.as_mut().unwrap().discharged_on = person.to_owned(),
        }
        complaints.push(format!("{:?}", clients.settle(wrong).await.unwrap_err()));
    }
    drop(clients);

    // The national interface.
    let hospital = Hospital::of(server);
    let mut stay = admission("ZY1");
    stay["mdtrtinfo"]["chfpdr_name"] = json!(DOCTOR);
    stay["mdtrtinfo"]["dscg_maindiag_code"] = json!("MK99.9");
    stay["diseinfo"][0]["diag_code"] = json!("MK99.9");
    stay["diseinfo"][0]["diag_name"] = json!(DIAGNOSIS);
    let visit = hospital.ask("2401", stay)["result"]["mdtrt_id"].as_str().unwrap().to_owned();
    let line = fee(&visit, ("1", "D-A"), ("10", "100.50", "1005.00"), "");
    hospital.ask("2301", json!({ "feedetail": [line] }));
    hospital.ask("2303", bill(&visit, "1005.00"));
    hospital.ask("2304", bill(&visit, "1005.00"));
    hospital.ask("1101", json!({"data": {
        "mdtrt_cert_type": "02", "mdtrt_cert_no": POOR, "certno": POOR, "psn_cert_type": "01", "psn_name": NAME,
    }}));
    for wrong in [bill(&visit, "1.00"), bill(POOR, NAME), json!({"data": NAME}), json!([NAME])] {
        let answer = hospital.ask_as("2304", &hospital.msgid(), wrong);
        complaints.push(answer["err_msg"].to_string());
    }
    let broken = format!("{{\"infno\": \"2304\", \"input\": \"{NAME} {POOR} ");
    let path = "/fsi/api/rsfComIfsService/callService";
    let Raw { head, body } = post(&server.http, path, &[], broken.as_bytes());
    complaints.push(format!("{head}{}", String::from_utf8_lossy(&body)));

    // The pages: those of the person, and some that are not there.
    let number = settled.number;
    for page in ["/counter", "/counter/today", "/office", "/office/audit", "/account"] {
        answer(&server.http, page);
    }
    answer(&server.http, &format!("/counter/patient?person={POOR}&on=2018-05-09"));
    answer(&server.http, &format!("/counter/settlement/{number}"));
    for page in [format!("/counter/{POOR}"), format!("/{POOR}?name=%E6%A0%87")] {
        complaints.push(answer(&server.http, &page));
    }
    complaints
}

#[tokio::test]
async fn no_file_of_a_sealed_store_has_what_was_put_into_it() {
    for cipher in [Cipher::Aes256Gcm, Cipher::Sm4Gcm] {
        let home = tempfile::tempdir().unwrap();
        let data = home.path().join("data");
        let key = new_key(cipher).unwrap();
        let collector = Collector::start().await;
        let environment = [
            ("ONESTOP_STORE_KEY", key.as_str()),
            ("ONESTOP_LOG_LEVEL", "debug"),
            ("ONESTOP_TRACES_ENDPOINT", collector.endpoint.as_str()),
            ("ONESTOP_STORE_CACHE_BYTES", "1048576"),
        ];
        let server = start_with(&data, &environment);
        let complaints = use_all(&server).await;
        let metrics = answer(&server.http, "/metrics");
        let mut leaks = found("metrics", metrics.as_bytes());
        leaks.extend(complaints.iter().flat_map(|one| found(one, one.as_bytes())));
        leaks.extend(in_files(&data));
        let log = server.log.clone();
        server.stop().await;
        leaks.extend(in_files(&data));
        let server = start_with(&data, &environment);
        let list = proto::ListSettlementsRequest { person: POOR.to_owned(), ..Default::default() };
        assert_eq!(server.clients().await.list(list).await.unwrap().len(), 2, "it is all there");
        server.stop().await;
        leaks.extend(in_files(&data));
        leaks.extend(found("the log", &std::fs::read(log).unwrap()));
        let traced = collector.bytes();
        leaks.extend(found("traces", &traced));
        assert!(is_in(&traced, "national/2304") && is_in(&traced, "Settlement/Settle"));
        assert!(complaints.len() > 10 && files(&data).len() > 5);
        assert_eq!(leaks, Vec::<String>::new());
    }
}

/// What has a mark among the files of a store.
fn in_files(data: &Path) -> Vec<String> {
    let all = files(data).into_iter();
    all.flat_map(|(path, bytes)| found(&path.display().to_string(), &bytes)).collect()
}

#[tokio::test]
async fn the_search_finds_what_is_not_sealed() {
    let home = tempfile::tempdir().unwrap();
    let data = home.path().join("data");
    let server = start_with(&data, &[]);
    use_all(&server).await;
    server.stop().await;
    let leaks = in_files(&data);
    for mark in MARKS {
        assert!(leaks.iter().any(|leak| leak.contains(mark)), "`{mark}` is not found: {leaks:?}");
    }
}
