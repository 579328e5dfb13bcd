//! Every refusal: how it is provoked, its number, and that nothing has changed.

mod bad_text;
mod every;
mod table;

use crate::demo;
use crate::his;

use onestop::proto;
use onestop::refusal::Lang;
use onestop::refusal::Refusal;
use onestop::refusal::RefusalKind;
use onestop::service::Failure;
use onestop::service::Service;

use std::collections::BTreeSet;

/// Something that can be asked of the service.
#[derive(Debug, Clone)]
enum Call {
    Quote(proto::QuoteRequest),
    Settle(proto::SettleRequest),
    Reverse(proto::ReverseRequest),
    Opening(proto::LoadOpeningRequest),
    Persons(proto::PutPersonsRequest),
    Facilities(proto::PutFacilitiesRequest),
    Items(proto::PutItemsRequest),
    Settlement(proto::GetSettlementRequest),
    List(proto::ListSettlementsRequest),
    Year(proto::GetAccumulatorsRequest),
    Eligibility(proto::EligibilityRequest),
    Person(String),
    Facility(String),
    Item(String),
    Keep(proto::Writer, proto::Reconciliation),
    SignOff(proto::SignOffRequest),
    Close(proto::Writer, proto::ClearRequest),
}

/// Asks it. Only the refusal matters; a fault would be a defect.
async fn ask(service: &Service, call: Call) -> Option<Refusal> {
    let failure = match call {
        Call::Quote(request) => service.quote(&request).err(),
        Call::Settle(request) => service.settle(request).await.err(),
        Call::Reverse(request) => service.reverse(request).await.err(),
        Call::Opening(request) => service.load_opening(request).await.err(),
        Call::Persons(request) => service.put_persons(request).await.err(),
        Call::Facilities(request) => service.put_facilities(request).await.err(),
        Call::Items(request) => service.put_items(request).await.err(),
        Call::Settlement(request) => service.settlement(&request).err(),
        Call::List(request) => service.list(&request, request.after_number).err(),
        Call::Year(request) => service.accumulators(&request).err(),
        Call::Eligibility(request) => service.eligibility(&request).err(),
        Call::Person(id) => service
            .get_person(&proto::GetPersonRequest { id, ..proto::GetPersonRequest::default() })
            .err(),
        Call::Facility(id) => service.get_facility(&proto::GetFacilityRequest { id }).err(),
        Call::Keep(writer, result) => service.keep(writer, result).await.err(),
        Call::SignOff(request) => service.sign_off(request).await.err(),
        Call::Close(writer, request) => match service.clearing(&request) {
            Ok(drawn) => service.close_clearing(writer, drawn).await.err(),
            Err(failure) => Some(failure),
        },
        Call::Item(code) => service.get_item(&proto::GetItemRequest { code }).err(),
    };
    match failure {
        None => None,
        Some(Failure::Refusal(refusal)) => Some(refusal),
        Some(Failure::Fault(fault)) => panic!("a fault: {fault}"),
    }
}

/// What must not change by a refusal: the ledger's head, the years, and the registers.
fn state(service: &Service) -> impl PartialEq + std::fmt::Debug + use<> {
    let year = |person: &str| service.accumulators(&demo::year(person)).unwrap();
    let person = |id: &str| {
        service
            .get_person(&proto::GetPersonRequest { id: id.to_owned(), ..Default::default() })
            .unwrap()
    };
    let item =
        |code: &str| service.get_item(&proto::GetItemRequest { code: code.to_owned() }).unwrap();
    let (head, facility) = (service.head().unwrap(), demo::COUNTY.to_owned());
    let facility = service.get_facility(&proto::GetFacilityRequest { id: facility }).unwrap();
    let years = [demo::POOR, demo::PLAIN].map(year);
    let persons = [demo::POOR, demo::PLAIN, demo::GONE, demo::WORKER].map(person);
    (head, years, persons, facility, ["D-A", "D-B", "D-C"].map(item))
}

/// Nobody's number or document may be in what is answered.
fn names_nobody(refusal: &Refusal) {
    for lang in [Lang::En, Lang::Zh] {
        let sentence = refusal.sentence(lang);
        for secret in [demo::POOR, demo::PLAIN, demo::GONE, demo::WORKER, demo::CERTIFICATE] {
            assert!(!sentence.contains(secret), "{sentence}");
        }
        assert!(!sentence.is_empty() && sentence.chars().count() < 1000, "{sentence}");
        assert!(!refusal.advice(lang).is_empty());
    }
}

#[tokio::test]
async fn every_refusal_is_provoked_and_changes_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let service = demo::begin(directory.path()).await;
    let numbers = table::prepare(&service).await;
    let before = state(&service);
    let mut provoked = BTreeSet::new();
    for (what, call, code, says) in table::rows(&numbers) {
        let refusal = ask(&service, call).await;
        let Some(refusal) = refusal else { panic!("{what} is not refused") };
        assert_eq!(refusal.code(), code, "{what}: {refusal:?}");
        let sentence = refusal.sentence(Lang::En);
        assert!(sentence.contains(says), "{what}: `{sentence}` does not say `{says}`");
        names_nobody(&refusal);
        assert_eq!(state(&service), before, "{what} changed something");
        provoked.insert(code);
    }
    // What needs two at once is provoked by itself below.
    provoked.insert(Refusal::Busy.code());
    provoked.extend(his::PROVOKED);
    let all: BTreeSet<u16> = every::refusals().map(|refusal| refusal.code()).collect();
    assert_eq!(provoked, all);
    service.close().unwrap();
}

/// Two writes of different kinds that use one request id at the same moment: the second one to reach the ledger is told to
/// come again, and then hears why.
#[tokio::test]
async fn busy_is_answered_to_a_put_that_another_write_overtook() {
    let directory = tempfile::tempdir().unwrap();
    let service = demo::begin(directory.path()).await;
    for round in 0..500 {
        let id = format!("round-{round}");
        let settle = demo::settle(&id, demo::PLAIN, demo::totals(100, 0, 0));
        let items = vec![demo::item(&id, "A", "")];
        let put = proto::PutItemsRequest {
            writer: demo::writer(demo::COUNTY, &id),
            items,
            ..proto::PutItemsRequest::default()
        };
        let (settled, written) =
            tokio::join!(service.settle(settle), service.put_items(put.clone()));
        settled.unwrap();
        let code = |outcome: Result<_, Failure>| match outcome {
            Err(Failure::Refusal(refusal)) => refusal.code(),
            other => panic!("{other:?}"),
        };
        let refused = code(written);
        assert_eq!(code(service.put_items(put).await), 401);
        if refused == Refusal::Busy.code() {
            return service.close().unwrap();
        }
        assert_eq!(refused, 401);
    }
    panic!("never busy");
}

#[test]
fn numbers_names_and_kinds_of_refusals_are_never_changed() {
    let kind = |kind: RefusalKind| match kind {
        RefusalKind::Invalid => "invalid",
        RefusalKind::NotFound => "not-found",
        RefusalKind::Precondition => "precondition",
        RefusalKind::Exists => "exists",
        RefusalKind::Moved => "moved",
    };
    let mut lines: Vec<String> = every::refusals()
        .map(|refusal| format!("{} {} {}", refusal.code(), refusal.name(), kind(refusal.kind())))
        .collect();
    lines.sort();
    let codes: BTreeSet<&str> = lines.iter().filter_map(|line| line.split(' ').next()).collect();
    assert_eq!(codes.len(), lines.len(), "a number is used twice");
    let golden = include_str!("../golden/refusals.txt");
    assert_eq!(
        lines.join("\n") + "\n",
        golden,
        "tests/golden/refusals.txt lists what callers know"
    );
}
