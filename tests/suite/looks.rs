//! Looks at persons' records: each is recorded with who, when, from where and whose; and who sees what of a person.

mod national;

use crate::access::filled;
use crate::access::keys;
use crate::access::secret;
use crate::access::settle;
use crate::access::start;
use crate::access::under;
use crate::demo;
use crate::demo::PLAIN;
use crate::demo::POOR;
use crate::demo::totals;
use crate::his::post;
use crate::operators::Desk;
use crate::operators::everybody;
use crate::server;

use onestop::access::Role;
use onestop::proto;
use onestop::proto::get_settlement_request::By;

use std::path::Path;
use std::process::Command;

/// The looks that the audit lists: who, from where, how and whose.
fn looks(home: &Path, more: &[&str]) -> Vec<[String; 4]> {
    let mut command = Command::new(env!("CARGO_BIN_EXE_onestop"));
    command.args(["audit", "--from", "2018-01-01", "--to", "2999-12-31", "--json", "--data"]);
    let output = command.arg(home.join("data")).args(more).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let sheets = serde_json::Deserializer::from_slice(&output.stdout).into_iter();
    let sheets: Vec<proto::Sheet> = sheets.map(Result::unwrap).collect();
    let sheet = sheets.iter().find(|sheet| sheet.name == "looks").unwrap();
    let row = |row: &proto::SheetRow| {
        let text = |index: usize| row.cells[index].text.clone();
        assert!(text(1).starts_with("20") && text(1).ends_with("+08:00"), "{row:?}");
        [text(2), text(3), text(4), text(5)]
    };
    sheet.rows.iter().map(row).collect()
}

fn whole(looks: &[[String; 4]]) -> Vec<String> {
    looks.iter().map(|look| look.join(" ")).collect()
}

#[tokio::test]
async fn whoever_reads_a_person_over_grpc_is_recorded_and_quoting_and_settling_are_no_look() {
    let home = tempfile::tempdir().unwrap();
    filled(home.path()).await;
    let server = start(home.path(), &keys());
    let mut clients = server.clients().await;
    let (his, insurer, auditor) = (secret(Role::His), secret(Role::Insurer), secret(Role::Auditor));
    // What one does for one's own patients.
    let request = demo::settle("S3", PLAIN, totals(700, 0, 0));
    let number = settle(&mut clients, &his, request).await.unwrap().settlement.unwrap().number;
    let quote = proto::QuoteRequest {
        admission: demo::settle("S4", PLAIN, totals(1, 0, 0)).admission,
        bill: Some(totals(700, 0, 0)),
        ..proto::QuoteRequest::default()
    };
    clients.settlement.quote(under(quote.clone(), &his)).await.unwrap();
    let quotes = tokio_stream::iter([quote.clone()]);
    let answers = clients.settlement.quote_many(under(quotes, &his)).await.unwrap();
    let mut answers = answers.into_inner();
    while answers.message().await.unwrap().is_some() {}
    let get = |number| proto::GetSettlementRequest { by: Some(By::Number(number)) };
    assert!(looks(home.path(), &[]).is_empty());
    // What one looks up, be it one's own.
    clients.settlement.get_settlement(under(get(number), &his)).await.unwrap();
    let list = proto::ListSettlementsRequest {
        facility: demo::COUNTY.to_owned(),
        person: PLAIN.to_owned(),
        ..Default::default()
    };
    clients.settlement.list_settlements(under(list, &his)).await.unwrap();
    let person = |id: &str| proto::GetPersonRequest { id: id.to_owned(), ..Default::default() };
    let found = clients.registers.get_person(under(person(POOR), &insurer)).await.unwrap();
    assert_eq!(found.into_inner().id, POOR);
    clients.registers.get_person_history(under(person(POOR), &auditor)).await.unwrap();
    assert!(clients.registers.get_person(under(person("nobody"), &insurer)).await.is_err());
    let denied = clients.registers.get_person(under(person(POOR), &secret(Role::Administrator)));
    assert!(denied.await.is_err());
    let asked = proto::EligibilityRequest {
        person: PLAIN.to_owned(),
        asked: "2018-06-01".to_owned(),
        facility: demo::COUNTY.to_owned(),
        med_type: "21".to_owned(),
        ..proto::EligibilityRequest::default()
    };
    clients.settlement.check_eligibility(under(asked, &his)).await.unwrap();
    clients.settlement.get_accumulators(under(demo::year(PLAIN), &auditor)).await.unwrap();
    clients.settlement.get_settlement(under(get(number), &auditor)).await.unwrap();
    // A quote is no step of a settlement for whoever never settles.
    clients.settlement.quote(under(quote.clone(), &insurer)).await.unwrap();
    let unknown = proto::QuoteRequest {
        admission: demo::settle("S4", "nobody", totals(1, 0, 0)).admission,
        ..quote.clone()
    };
    let quotes = tokio_stream::iter([quote, unknown]);
    let answers = clients.settlement.quote_many(under(quotes, &auditor)).await.unwrap();
    let mut answers = answers.into_inner();
    while answers.message().await.unwrap().is_some() {}
    let expected = [
        "his 127.0.0.1 /onestop.v1.Settlement/GetSettlement **************0022",
        "his 127.0.0.1 /onestop.v1.Settlement/ListSettlements **************0022",
        "insurer 127.0.0.1 /onestop.v1.Registers/GetPerson **************0011",
        "auditor 127.0.0.1 /onestop.v1.Registers/GetPersonHistory **************0011",
        "his 127.0.0.1 /onestop.v1.Settlement/CheckEligibility **************0022",
        "auditor 127.0.0.1 /onestop.v1.Settlement/GetAccumulators **************0022",
        "auditor 127.0.0.1 /onestop.v1.Settlement/GetSettlement **************0022",
        "insurer 127.0.0.1 /onestop.v1.Settlement/Quote **************0022",
        "auditor 127.0.0.1 /onestop.v1.Settlement/QuoteMany **************0022",
    ];
    assert_eq!(whole(&looks(home.path(), &[])), expected);
    assert_eq!(whole(&looks(home.path(), &["--person", POOR])), expected[2..4]);
    let of_his = [expected[0], expected[1], expected[4]];
    assert_eq!(whole(&looks(home.path(), &["--operator", "his"])), of_his);
    // A list shows an auditor no person whole, and an insurer all that it has.
    for (key, expected) in [(&auditor, "**************0022"), (&insurer, PLAIN)] {
        let list = proto::ListSettlementsRequest::default();
        let mut list =
            clients.settlement.list_settlements(under(list, key)).await.unwrap().into_inner();
        while let Some(record) = list.message().await.unwrap() {
            let admission = record.request.unwrap().admission.unwrap();
            assert_eq!(admission.person, expected);
        }
    }
    let all = whole(&looks(home.path(), &[]));
    assert_eq!(all.len(), expected.len() + 1, "a list whose persons are masked shows nobody");
    assert_eq!(
        all.last().unwrap(),
        "insurer 127.0.0.1 /onestop.v1.Settlement/ListSettlements **************0022"
    );
    let list = proto::ListSettlementsRequest { person: POOR.to_owned(), ..Default::default() };
    clients.settlement.list_settlements(under(list, &insurer)).await.unwrap();
    let last = whole(&looks(home.path(), &[])).pop().unwrap();
    assert_eq!(last, "insurer 127.0.0.1 /onestop.v1.Settlement/ListSettlements **************0011");
    drop(clients);
    server.stop().await;
}

#[tokio::test]
async fn whoever_opens_a_patient_at_a_page_is_recorded_and_others_see_no_name_before() {
    let home = tempfile::tempdir().unwrap();
    filled(home.path()).await;
    let desks = everybody(home.path());
    let server = start(home.path(), &keys());
    let desk = |name: &str| {
        let found = desks.iter().find(|desk| desk.0.name() == name).unwrap();
        Desk::enter(&server.http, name, &found.1)
    };
    let people = demo::persons();
    let name = &people.iter().find(|person| person.id == PLAIN).unwrap().name;
    let hidden: String = name.chars().take(1).chain(name.chars().skip(1).map(|_| '*')).collect();
    let mut clerk = desk("clerk");
    let page = clerk.send(&format!("GET /counter/patient?person={PLAIN}"), "");
    assert!(page.body.contains(name.as_str()), "{}", page.body);
    assert_eq!(clerk.send("GET /counter/patient?person=nobody", "").status(), "404");
    assert!(clerk.send("GET /counter/sheet/4", "").body.contains(name.as_str()));
    let mut auditor = desk("auditor");
    let sheet = auditor.send("GET /counter/sheet/4", "").body;
    assert!(!sheet.contains(name.as_str()) && !sheet.contains(PLAIN), "{sheet}");
    assert!(sheet.contains(&hidden) && sheet.contains("/counter/sheet/4?open=yes"), "{sheet}");
    let before = looks(home.path(), &[]);
    assert!(auditor.send("GET /counter/sheet/4?open=yes", "").body.contains(name.as_str()));
    assert_eq!(desk("supervisor").send("GET /counter/undo?find=4", "").status(), "200");
    let expected = [
        "clerk 127.0.0.1 GET /counter/patient **************0022",
        "clerk 127.0.0.1 GET /counter/sheet/{number} **************0022",
        "auditor 127.0.0.1 GET /counter/sheet/{number} **************0022",
        "supervisor 127.0.0.1 GET /counter/undo **************0022",
    ];
    assert_eq!(whole(&before), expected[..2]);
    assert_eq!(whole(&looks(home.path(), &[])), expected);
    // The audit's page lists the same, by person, and never a person whole.
    let page = auditor.send(&format!("GET /office/audit?from=2018-01-01&person={PLAIN}"), "").body;
    assert!(page.contains("查阅记录") && page.contains("GET /counter/patient"), "{page}");
    let csv = format!("GET /office/audit?format=csv&sheet=looks&from=2018-01-01&person={PLAIN}");
    let csv = auditor.send(&csv, "").body;
    assert_eq!(csv.lines().filter(|line| line.contains("0022")).count(), 4, "{csv}");
    assert!(!csv.contains(PLAIN), "{csv}");
    let csv = format!("GET /office/audit?format=csv&sheet=looks&from=2018-01-01&person={POOR}");
    assert!(!auditor.send(&csv, "").body.contains("clerk"));
    server.stop().await;
}

#[tokio::test]
async fn files_of_a_sheet_and_lists_of_a_day_are_looks_at_all_whom_they_name() {
    let home = tempfile::tempdir().unwrap();
    filled(home.path()).await;
    let desks = everybody(home.path());
    let server = start(home.path(), &keys());
    let mut clients = server.clients().await;
    let his = secret(Role::His);
    for (id, person) in [("S7", PLAIN), ("S8", POOR), ("S9", PLAIN)] {
        let request = demo::settle(id, person, totals(700, 0, 0));
        settle(&mut clients, &his, request).await.unwrap();
    }
    let desk = |name: &str| {
        let found = desks.iter().find(|desk| desk.0.name() == name).unwrap();
        Desk::enter(&server.http, name, &found.1)
    };
    let mut clerk = desk("clerk");
    assert_eq!(clerk.send("GET /counter/sheet/4/pdf?paper=a5", "").status(), "200");
    assert_eq!(desk("auditor").send("GET /counter/sheet/4/pdf", "").status(), "200");
    let pdf = "/counter/sheet/{number}/pdf **************0022";
    let mut expected =
        vec![format!("clerk 127.0.0.1 GET {pdf}"), format!("auditor 127.0.0.1 GET {pdf}")];
    assert_eq!(whole(&looks(home.path(), &[])), expected);
    // A day without anything is a look at nobody; a day with something at everybody on it, once.
    assert_eq!(clerk.send("GET /counter/today?all=yes&day=1999-01-01", "").status(), "200");
    assert_eq!(clerk.send("GET /counter/today/csv?all=yes&day=1999-01-01", "").status(), "200");
    assert_eq!(whole(&looks(home.path(), &[])), expected);
    for page in ["/counter/today", "/counter/today/csv"] {
        let answer = clerk.send(&format!("GET {page}?all=yes"), "");
        assert_eq!((answer.status(), answer.body.contains("张三")), ("200", true));
        for person in ["**************0022", "**************0011"] {
            expected.push(format!("clerk 127.0.0.1 GET {page} {person}"));
        }
    }
    assert_eq!(whole(&looks(home.path(), &[])), expected);
    drop(clients);
    server.stop().await;
}

#[tokio::test]
async fn a_hospital_that_asks_the_national_interface_for_a_person_is_recorded() {
    let home = tempfile::tempdir().unwrap();
    filled(home.path()).await;
    let server = server::start(&home.path().join("data"));
    let ask = |number: &str, input: &str| {
        let envelope = format!(
            "{{\"infno\":\"{number}\",\"msgid\":\"M{number}\",\"fixmedins_code\":\"{}\",\"opter\":\"wang\",\"input\":{input}}}",
            demo::COUNTY
        );
        let answer = post(&server.http, "/fsi/api", &[], envelope.as_bytes()).body;
        String::from_utf8(answer).unwrap()
    };
    let by_number = format!("{{\"data\":{{\"psn_no\":\"{PLAIN}\"}}}}");
    assert!(ask("1101", &by_number).contains(PLAIN));
    assert!(ask("1101", "{\"data\":{\"psn_no\":\"nobody\"}}").contains("-1"));
    // Nor is whoever is asked for no key unseen: the address is known.
    let mut clients = server.clients().await;
    let get = proto::GetSettlementRequest { by: Some(By::Number(4)) };
    clients.settlement.get_settlement(get).await.unwrap();
    drop(clients);
    assert_eq!(
        whole(&looks(home.path(), &[])),
        [
            "wang 127.0.0.1 national/1101 **************0022",
            " 127.0.0.1 /onestop.v1.Settlement/GetSettlement **************0022",
        ]
    );
    server.stop().await;
    // The trail outlives the server.
    let server = server::start(&home.path().join("data"));
    assert_eq!(looks(home.path(), &[]).len(), 2);
    server.stop().await;
}
