//! What is as large as the contract allows stays usable: it can be settled, read, reversed and rebuilt.

use crate::demo;

use onestop::proto;
use onestop::refusal::Lang;
use onestop::rules::PackFile;
use onestop::rules::RuleBook;
use onestop::service::Failure;
use onestop::service::Service;
use onestop::store::Store;

use std::fs;
use std::path::Path;

fn year_of(service: &Service, person: &str) -> proto::Accumulators {
    service.accumulators(&demo::year(person)).unwrap().accumulators.unwrap()
}

fn rebuilt(directory: &Path, service: Service, book: RuleBook) -> Service {
    service.close().unwrap();
    fs::remove_dir_all(directory.join("index")).unwrap();
    let (store, _) = Store::open(directory, demo::OPTIONS).unwrap();
    Service::new(store, book, demo::rules_folder(), false)
}

#[tokio::test]
async fn a_year_may_sum_to_more_than_one_bill_may_have() {
    let directory = tempfile::tempdir().unwrap();
    let service = demo::begin(directory.path()).await;
    let bill = |own_expense: &str| {
        let own_expense = own_expense.to_owned();
        let total = own_expense.clone();
        let parts = proto::Parts { own_expense, ..proto::Parts::default() };
        let totals = proto::Totals { parts: Some(parts), ..proto::Totals::default() };
        proto::Bill { total, totals: Some(totals), ..proto::Bill::default() }
    };
    let mut numbers = Vec::new();
    for id in ["L1", "L2", "L3"] {
        let request = demo::settle(id, demo::PLAIN, bill("9999999999.99"));
        numbers.push(service.settle(request).await.unwrap().number);
    }
    assert_eq!(year_of(&service, demo::PLAIN).total, "29999999999.97");
    let service = rebuilt(directory.path(), service, demo::book());
    assert_eq!(year_of(&service, demo::PLAIN).total, "29999999999.97");
    for (request_id, number) in ["R3", "R2", "R1"].into_iter().zip(numbers.into_iter().rev()) {
        service.reverse(demo::reverse(request_id, number)).await.unwrap();
    }
    assert_eq!(year_of(&service, demo::PLAIN).patient_pay, "0.00");
    service.close().unwrap();
}

/// A pack of one step, with what a test wants in it.
fn pack(from: &str, step: &str) -> RuleBook {
    let text = format!(
        "schema = 1\n[pack]\nid = \"000000-demo\"\ntitle = {{ zh = \"某\", en = \"x\" }}\nadmdvs = \"0000\"\n\
         insutype = [\"390\"]\neffective_from = {from}\ncounts_as_admission = [\"21\"]\n\
         benefit_year_start = \"07-01\"\n[[step]]\nid = \"basic\"\ntitle = {{ zh = \"基\", en = \"b\" }}\n\
         kind = \"share\"\nfund = \"1\"\nbase = [\"in_scope\"]\nperiod = \"admission\"\n\
         deductible = [{{ amount = \"500\", source = \"assumed: x\" }}]\n\
         bands = [{{ segments = [{{ rate = \"0.5\" }}], source = \"assumed: x\" }}]\n{step}"
    );
    let path = format!("settlement-rules/000000-demo/{from}.toml");
    RuleBook::read(&[PackFile { path, text }]).unwrap()
}

async fn with_pack(directory: &Path, book: RuleBook) -> Service {
    let (store, _) = Store::open(directory, demo::OPTIONS).unwrap();
    let service = Service::new(store, book, demo::rules_folder(), false);
    demo::fill(&service).await;
    service
}

#[tokio::test]
async fn a_chain_may_have_as_many_diagnoses_as_a_policy_names() {
    let directory = tempfile::tempdir().unwrap();
    let prefixes: Vec<String> = (100..500).map(|n| format!("\"J{n}\"")).collect();
    let chain = format!(
        "chain = [{{ when = {{ principal = [\"J18\", {}] }}, by = \"diagnosis\", source = \"assumed: x\" }}]\n",
        prefixes.join(", ")
    );
    let book = || pack("2018-01-01", &chain);
    let service = with_pack(directory.path(), book()).await;
    let mut paid = Vec::new();
    let mut last = 0;
    for id in ["C1", "C2", "C3"] {
        let request = demo::settle(id, demo::PLAIN, demo::totals(300, 0, 0));
        let record = service.settle(request).await.unwrap();
        last = record.number;
        paid.push(record.statement.unwrap().payments);
    }
    assert_eq!(paid, ["0.00", "50.00", "150.00"]);
    let service = rebuilt(directory.path(), service, book());
    let reversal = service.reverse(demo::reverse("R", last)).await.unwrap();
    let chains = reversal.accumulators.unwrap().chains;
    assert_eq!(chains.len(), 1);
    // What the year has can be loaded elsewhere as an opening balance.
    let mut opening = demo::opening("O", demo::POOR);
    opening.benefit_year = 2017;
    opening.balances.as_mut().unwrap().chains = chains.clone();
    let opened = service.load_opening(opening).await.unwrap();
    assert_eq!(opened.accumulators.unwrap().chains, chains);
    service.close().unwrap();
}

#[tokio::test]
async fn the_first_days_that_can_be_written_are_settled_or_refused() {
    let directory = tempfile::tempdir().unwrap();
    let service = with_pack(directory.path(), pack("0001-01-01", "")).await;
    let mut person = demo::person("OLD", &[], ("390", ""));
    person.birth = "0001-01-01".to_owned();
    person.enrolments[0].from = "0001-01-01".to_owned();
    let request = proto::PutPersonsRequest {
        writer: demo::office("p"),
        persons: vec![person],
        ..proto::PutPersonsRequest::default()
    };
    service.put_persons(request).await.unwrap();
    for (day, referral) in [("0001-01-01", "none"), ("9999-12-31", "none")] {
        let mut request = demo::settle(day, "OLD", demo::totals(1000, 0, 0));
        let admission = request.admission.as_mut().unwrap();
        admission.admitted_on = day.to_owned();
        admission.discharged_on = day.to_owned();
        admission.referral = referral.to_owned();
        let mut facility = demo::facilities().remove(0);
        facility.entries[0].from = "0001-01-01".to_owned();
        let facilities = vec![facility];
        let writer = demo::office(&format!("f{day}"));
        service
            .put_facilities(proto::PutFacilitiesRequest {
                writer,
                facilities,
                ..proto::PutFacilitiesRequest::default()
            })
            .await
            .unwrap();
        match service.settle(request).await {
            Ok(record) => assert_eq!(record.statement.unwrap().payments, "250.00"),
            Err(Failure::Refusal(refusal)) => assert!(!refusal.sentence(Lang::En).is_empty()),
            Err(Failure::Fault(fault)) => panic!("{day}: {fault}"),
        }
    }
    service.close().unwrap();
}

/// Ten thousand lines whose ids are as long as they may be, of an item with many tags: the ledger entry would be larger than a
/// journal record may be. Whoever settles beside it must not suffer from it.
#[tokio::test]
async fn a_settlement_too_large_for_the_journal_is_refused_and_harms_nobody() {
    let directory = tempfile::tempdir().unwrap();
    let service = demo::begin(directory.path()).await;
    let mut item = demo::item("BIG", "A", "");
    item.facts.as_mut().unwrap().tags = (0..20).map(|n| format!("{n:0>100}")).collect();
    let request = proto::PutItemsRequest {
        writer: demo::office("big"),
        items: vec![item],
        ..proto::PutItemsRequest::default()
    };
    service.put_items(request).await.unwrap();
    let lines = (0..10_000).map(|n| {
        let id = format!("{n:0>100}");
        demo::line(&id, "BIG", ("1", "1", "1"))
    });
    let big = demo::settle("BIG", demo::PLAIN, demo::lines(lines.collect()));
    let beside = demo::settle("BESIDE", demo::POOR, demo::totals(100, 0, 0));
    let head = service.head().unwrap().sequence;
    let (outcome, beside) = tokio::join!(service.settle(big), service.settle(beside));
    beside.unwrap();
    match outcome {
        Err(Failure::Refusal(refusal)) => assert_eq!(refusal.code(), 103),
        other => panic!("{:?}", other.map(|record| record.number)),
    }
    assert_eq!(service.head().unwrap().sequence, head + 1);
    service.close().unwrap();
}
