//! Registers with a history, opening balances by the table, and corrections: what changes afterwards, and what does not.

use crate::demo;

use onestop::calendar::Day;
use onestop::proto;
use onestop::service;
use onestop::service::Failure;

use std::process::Command;
use std::process::Output;

fn onestop(arguments: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_onestop")).args(arguments).output().unwrap()
}

fn asked(id: &str, as_of: &str) -> proto::GetPersonRequest {
    proto::GetPersonRequest { id: id.to_owned(), as_of: as_of.to_owned() }
}

async fn put(service: &service::Service, request_id: &str, identities: &[&str], source: &str) {
    let request = proto::PutPersonsRequest {
        writer: demo::office(request_id),
        persons: vec![demo::person(demo::POOR, identities, ("390", ""))],
        dry_run: false,
        source: source.to_owned(),
    };
    service.put_persons(request).await.unwrap();
}

#[tokio::test]
async fn the_register_says_what_it_had_on_a_past_day_and_from_which_list() {
    let folder = tempfile::tempdir().unwrap();
    let service = demo::begin(folder.path()).await;
    put(&service, "list 2", &[], "list-2.csv sha256:22").await;
    put(&service, "list 3", &["destitute"], "list-3.csv sha256:33").await;

    let history = service.person_history(&asked(demo::POOR, "")).unwrap().versions;
    let sources: Vec<&str> = history.iter().map(|version| version.source.as_str()).collect();
    assert_eq!(sources, ["", "list-2.csv sha256:22", "list-3.csv sha256:33"]);
    let identities = |index: usize| {
        let person = history[index].person.as_ref().unwrap();
        person.identities.iter().map(|held| held.identity.clone()).collect::<Vec<_>>()
    };
    assert_eq!(identities(0), ["registered_poor"]);
    assert_eq!(identities(1), [""; 0]);
    assert_eq!(identities(2), ["destitute"]);

    let today = service::now().day();
    let yesterday = today.before().unwrap();
    let now = service.get_person(&asked(demo::POOR, "")).unwrap();
    assert_eq!(service.get_person(&asked(demo::POOR, &today.to_string())).unwrap(), now);
    let before = service.get_person(&asked(demo::POOR, &yesterday.to_string())).unwrap_err();
    assert!(matches!(before, Failure::Refusal(refusal) if refusal.code() == 107));

    let writes = service.register_writes(0).unwrap();
    let last = writes.last().unwrap();
    assert_eq!((last.register.as_str(), last.source.as_str()), ("persons", "list-3.csv sha256:33"));
    assert_eq!(last.reply.unwrap().changed, 1);
    assert!(Day::parse(&last.recorded_at[..10]).is_some());
}

#[tokio::test]
async fn a_dry_run_says_what_would_change_and_changes_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let service = demo::begin(folder.path()).await;
    let head = service.head().unwrap();
    let mut ended = demo::person(demo::POOR, &["registered_poor"], ("390", ""));
    ended.identities[0].to = "2017-12-31".to_owned();
    let request = proto::PutPersonsRequest {
        writer: demo::office("dry"),
        persons: vec![ended, demo::person("NEW-1", &[], ("390", ""))],
        dry_run: true,
        source: String::new(),
    };
    let reply = service.put_persons(request).await.unwrap();
    assert_eq!((reply.added, reply.changed, reply.ended, reply.number), (1, 1, 1, 0));
    assert_eq!(service.head().unwrap(), head);
    assert!(service.get_person(&asked("NEW-1", "")).is_err());
}

#[tokio::test]
async fn settlements_keep_their_facts_and_corrections_say_what_they_would_be() {
    let folder = tempfile::tempdir().unwrap();
    let service = demo::begin(folder.path()).await;
    let first = demo::settle("A1", demo::POOR, demo::totals(20_000, 0, 0));
    let first = service.settle(first).await.unwrap();
    let undone = demo::settle("A2", demo::POOR, demo::totals(5_000, 0, 0));
    let undone = service.settle(undone).await.unwrap();
    service.reverse(demo::reverse("undo", undone.number)).await.unwrap();
    put(&service, "corrected", &[], "").await;
    let by = Some(proto::get_settlement_request::By::Number(first.number));
    let kept = service.settlement(&proto::GetSettlementRequest { by }).unwrap();
    assert_eq!(kept.statement, first.statement);
    let today = service
        .quote(&proto::QuoteRequest {
            admission: Some(demo::admission("A9", demo::PLAIN)),
            bill: Some(demo::totals(20_000, 0, 0)),
            ..proto::QuoteRequest::default()
        })
        .unwrap();
    service.close().unwrap();

    let store = folder.path().to_str().unwrap();
    let rules = demo::rules_folder();
    let listed = onestop(&[
        "ledger",
        "corrections",
        "--lang",
        "en",
        "--data",
        store,
        "--rules",
        rules.to_str().unwrap(),
    ]);
    let said = String::from_utf8(listed.stdout).unwrap();
    let lines: Vec<&str> = said.lines().collect();
    assert_eq!(lines.len(), 2, "{said}");
    let (then, now) = (first.statement.unwrap().patient_pay, today.patient_pay);
    assert!(lines[1].contains("registered_poor → -"), "{said}");
    assert!(lines[1].contains(&format!("{then} → {now}")), "{said}");
    let verified =
        onestop(&["ledger", "verify", "--data", store, "--rules", rules.to_str().unwrap()]);
    assert!(verified.status.success());
}

#[test]
fn a_table_of_opening_balances_is_read_whole_or_not_at_all() {
    const HEAD: &str = "opening,person,insutype,family,benefit_year,admissions,total,in_scope,\
        copay_first,over_limit,own_expense,facility_borne,patient_pay,step,eligible,paid,allowed,\
        measured,remaining,chain,met\n";
    let read = |rows: &str| onestop::table::openings(format!("{HEAD}{rows}").as_bytes());
    let good = "O1,P1,390,000000-demo,2018,2,100.00,90.00,,,10.00,,40,basic,90.00,50.00,,,,,\n\
        O1,P1,390,000000-demo,2018,,,,,,,,,topup,,5.00,,100.00,8.5,,\n\
        O1,P1,390,000000-demo,2018,,,,,,,,,basic,,,,,,episode:E1,400\n";
    let openings = read(good).unwrap();
    assert_eq!(openings.len(), 1);
    let sums = &openings[0].balances;
    assert_eq!((sums.admissions, sums.total.to_string()), (2, "100.00".to_owned()));
    assert_eq!(sums.step("basic").paid.to_string(), "50.00");
    assert_eq!(sums.step("topup").allowed.to_string(), "8.5");
    assert_eq!(sums.chain("basic", "episode:E1").to_string(), "400.00");
    for (rows, complaint) in [
        ("O1,P1,390,x,2018,1,5.00,4.00,,,,,1,,,,,,,,\n", "row 2, column `total`"),
        ("O1,P1,390,x,year,1,5.00,5.00,,,,,1,,,,,,,,\n", "row 2, column `benefit_year`"),
        ("O1,P1,390,x,2018,1,5.001,5.00,,,,,1,,,,,,,,\n", "row 2, column `total`"),
        ("O1,P1,390,x,2018,,,,,,,,,,1,,,,,,\n", "row 2, column `step`"),
        (
            "O1,P1,390,x,2018,,,,,,,,,a,1,,,,,,\nO1,P1,390,x,2018,,,,,,,,,a,1,,,,,,\n",
            "row 3, column `step`",
        ),
        ("O1,P1,390,x,2018,,,,,,,,,,,,,,,,\nO1,P1,390,x,2018,1,,,,,,,,,,,,,,,\n", "row 3"),
    ] {
        let complaints = read(rows).unwrap_err().to_string();
        assert!(complaints.contains(complaint), "{complaints}");
    }
}
