//! A store with the demo pack, a few people and two hospitals: what most tests of the service begin with.

use onestop::proto;
use onestop::rules::PackFile;
use onestop::rules::RuleBook;
use onestop::service::Service;
use onestop::store::OpenReport;
use onestop::store::Store;
use onestop::store::StoreOptions;
use onestop::store::seal::Seal;

use std::fs;
use std::path::Path;
use std::path::PathBuf;

/// A poor person, as a register would number him: nothing of it may be in a refusal or a log.
pub(crate) const POOR: &str = "510999199001010011";
/// Somebody without any identity.
pub(crate) const PLAIN: &str = "510999198502020022";
/// Insured until the end of 2017.
pub(crate) const GONE: &str = "510999197003030033";
/// Insured under a type that no pack has.
pub(crate) const WORKER: &str = "510999196004040044";
/// The number of everybody's identity document.
pub(crate) const CERTIFICATE: &str = "CERT-77000099";
/// In the same county, level 2.
pub(crate) const COUNTY: &str = "H-COUNTY";
/// Known, but not designated.
pub(crate) const PRIVATE: &str = "H-PRIVATE";
/// Known and designated from June 2018 on.
pub(crate) const LATER: &str = "H-LATER";
/// The family of the demo pack.
pub(crate) const FAMILY: &str = "000000-demo";

/// The folder with the packs of this repository.
pub(crate) fn rules_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("settlement-rules")
}

/// The demo pack alone, so that real policy may change.
pub(crate) fn book() -> RuleBook {
    let read = |day: &str| {
        let path = rules_folder().join(FAMILY).join(format!("{day}.toml"));
        let text = fs::read_to_string(&path).unwrap();
        PackFile { path: path.to_string_lossy().into_owned(), text }
    };
    RuleBook::read(&[read("2018-01-01"), read("2019-01-01")]).unwrap()
}

/// Small files, so that a test sees several of them.
pub(crate) const OPTIONS: StoreOptions =
    StoreOptions { segment_bytes_max: 64 << 10, cache_bytes: 1 << 20, seal: Seal::NONE };

/// The service on the store in a directory, and what opening it found.
pub(crate) fn open(directory: &Path) -> (Service, OpenReport) {
    let (store, report) = Store::open(directory, OPTIONS).unwrap();
    (serving(store), report)
}

/// The service on a store.
pub(crate) fn serving(store: Store) -> Service {
    Service::new(store, book(), rules_folder(), false)
}

/// The service on a new store with its registers filled.
pub(crate) async fn begin(directory: &Path) -> Service {
    let (service, _) = open(directory);
    fill(&service).await;
    service
}

/// Fills the registers.
pub(crate) async fn fill(service: &Service) {
    let request = proto::PutPersonsRequest {
        writer: office("persons"),
        persons: persons(),
        ..proto::PutPersonsRequest::default()
    };
    service.put_persons(request).await.unwrap();
    let facilities = facilities();
    let request = proto::PutFacilitiesRequest {
        writer: office("facilities"),
        facilities,
        ..proto::PutFacilitiesRequest::default()
    };
    service.put_facilities(request).await.unwrap();
    let request = proto::PutItemsRequest {
        writer: office("items"),
        items: items(),
        ..proto::PutItemsRequest::default()
    };
    service.put_items(request).await.unwrap();
}

/// An office that writes registers.
pub(crate) fn office(request_id: &str) -> Option<proto::Writer> {
    writer("OFFICE", request_id)
}

/// Somebody who writes.
pub(crate) fn writer(facility: &str, request_id: &str) -> Option<proto::Writer> {
    let (facility, request_id) = (facility.to_owned(), request_id.to_owned());
    Some(proto::Writer { facility, request_id, ..proto::Writer::default() })
}

/// A person of the demo county.
pub(crate) fn person(id: &str, identities: &[&str], (insutype, to): (&str, &str)) -> proto::Person {
    let held = |identity: &&str| proto::HeldIdentity {
        identity: (*identity).to_owned(),
        from: "2016-01-01".to_owned(),
        to: String::new(),
    };
    proto::Person {
        id: id.to_owned(),
        name: "张三".to_owned(),
        certificate_no: CERTIFICATE.to_owned(),
        birth: "1960-05-06".to_owned(),
        enrolments: vec![proto::Enrolment {
            place: "000001".to_owned(),
            insutype: insutype.to_owned(),
            from: "2010-01-01".to_owned(),
            to: to.to_owned(),
        }],
        identities: identities.iter().map(held).collect(),
    }
}

pub(crate) fn persons() -> Vec<proto::Person> {
    vec![
        person(POOR, &["registered_poor"], ("390", "")),
        person(PLAIN, &[], ("390", "")),
        person(GONE, &[], ("390", "2017-12-31")),
        person(WORKER, &[], ("310", "")),
    ]
}

pub(crate) fn facilities() -> Vec<proto::Facility> {
    let facility = |id: &str, from: &str, not_designated: bool| proto::Facility {
        id: id.to_owned(),
        name: "县医院".to_owned(),
        entries: vec![proto::FacilityEntry {
            place: "000001".to_owned(),
            level: 2,
            tier: "county".to_owned(),
            tags: Vec::new(),
            from: from.to_owned(),
            to: String::new(),
            not_designated,
        }],
    };
    vec![
        facility(COUNTY, "2015-01-01", false),
        facility(PRIVATE, "2015-01-01", true),
        facility(LATER, "2018-06-01", false),
    ]
}

/// An item for everybody.
pub(crate) fn item(code: &str, class: &str, first_copay_rate: &str) -> proto::Item {
    proto::Item {
        code: code.to_owned(),
        name: "药".to_owned(),
        facts: Some(proto::ItemFacts {
            class: class.to_owned(),
            first_copay_rate: first_copay_rate.to_owned(),
            ..proto::ItemFacts::default()
        }),
        from: "2015-01-01".to_owned(),
        ..proto::Item::default()
    }
}

pub(crate) fn items() -> Vec<proto::Item> {
    vec![item("D-A", "A", ""), item("D-B", "B", "0.10"), item("D-C", "C", "")]
}

/// A stay in the county hospital, in March 2018.
pub(crate) fn admission(id: &str, person: &str) -> proto::Admission {
    proto::Admission {
        id: id.to_owned(),
        person: person.to_owned(),
        facility: COUNTY.to_owned(),
        admitted_on: "2018-03-01".to_owned(),
        discharged_on: "2018-03-08".to_owned(),
        med_type: "21".to_owned(),
        diagnoses: vec!["J18.9".to_owned()],
        ..proto::Admission::default()
    }
}

/// A bill that the HIS has classified: in scope, first copayment, and own expense.
pub(crate) fn totals(in_scope: u32, copay_first: u32, own_expense: u32) -> proto::Bill {
    let parts = proto::Parts {
        in_scope: format!("{in_scope}.00"),
        copay_first: format!("{copay_first}.00"),
        own_expense: format!("{own_expense}.00"),
        ..proto::Parts::default()
    };
    let totals = proto::Totals { parts: Some(parts), ..proto::Totals::default() };
    let total = format!("{}.00", in_scope + copay_first + own_expense);
    proto::Bill { total, totals: Some(totals), ..proto::Bill::default() }
}

/// A line of an item.
pub(crate) fn line(
    id: &str,
    code: &str,
    (quantity, price, amount): (&str, &str, &str),
) -> proto::Line {
    proto::Line {
        id: id.to_owned(),
        code: code.to_owned(),
        category: "09".to_owned(),
        quantity: quantity.to_owned(),
        price: price.to_owned(),
        amount: amount.to_owned(),
        ..proto::Line::default()
    }
}

/// A bill of lines that does not state its total.
pub(crate) fn lines(lines: Vec<proto::Line>) -> proto::Bill {
    proto::Bill { lines, ..proto::Bill::default() }
}

/// Settles a stay; its id is the request id too.
pub(crate) fn settle(id: &str, person: &str, bill: proto::Bill) -> proto::SettleRequest {
    proto::SettleRequest {
        writer: writer(COUNTY, id),
        admission: Some(admission(id, person)),
        bill: Some(bill),
        ..proto::SettleRequest::default()
    }
}

/// Reverses an entry.
pub(crate) fn reverse(request_id: &str, number: u64) -> proto::ReverseRequest {
    proto::ReverseRequest {
        writer: writer(COUNTY, request_id),
        of: Some(proto::reverse_request::Of::Number(number)),
        reason: "typed wrong".to_owned(),
    }
}

/// An opening balance of 2018.
pub(crate) fn opening(id: &str, person: &str) -> proto::LoadOpeningRequest {
    let step = proto::StepYear {
        step: "basic".to_owned(),
        eligible: "5000.00".to_owned(),
        paid: "3000.00".to_owned(),
        ..proto::StepYear::default()
    };
    let balances = proto::Accumulators {
        admissions: 1,
        total: "5000.00".to_owned(),
        parts: Some(proto::Parts { in_scope: "5000.00".to_owned(), ..proto::Parts::default() }),
        patient_pay: "2000.00".to_owned(),
        steps: vec![step],
        ..proto::Accumulators::default()
    };
    proto::LoadOpeningRequest {
        writer: office(id),
        id: id.to_owned(),
        person: person.to_owned(),
        insutype: "390".to_owned(),
        family: FAMILY.to_owned(),
        benefit_year: 2018,
        balances: Some(balances),
    }
}

/// Asks for a person's year 2018.
pub(crate) fn year(person: &str) -> proto::GetAccumulatorsRequest {
    let key = proto::AccumulatorKey {
        person: person.to_owned(),
        insutype: "390".to_owned(),
        family: FAMILY.to_owned(),
        benefit_year: 2018,
    };
    proto::GetAccumulatorsRequest { key: Some(key) }
}
