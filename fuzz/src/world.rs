//! A service on a store of its own with the sample registers, and what quotes are computed on.

use crate::scratch;

use onestop::calendar::Day;
use onestop::folder;
use onestop::folder::Registers;
use onestop::proto;
use onestop::rules::RuleBook;
use onestop::service;
use onestop::service::Service;
use onestop::store::Store;
use onestop::store::StoreOptions;
use onestop::wire::to_proto;
use tokio::runtime::Builder;
use tokio::runtime::Runtime;

use std::fs;
use std::sync::Arc;
use std::sync::LazyLock;

/// A facility of the sample.
pub(crate) const FACILITY: &str = "H51041100002";

/// What quotes are computed on.
pub(crate) struct Desk {
    pub(crate) book: RuleBook,
    pub(crate) registers: Registers,
    pub(crate) today: Day,
}

static DESK: LazyLock<Desk> = LazyLock::new(|| Desk {
    book: service::read_rules(&scratch::project().join("settlement-rules")).expect("packs"),
    registers: folder::registers(&scratch::project().join("deploy/sample")).expect("registers"),
    today: Day::parse("2020-06-30").expect("a day"),
});

pub(crate) fn desk() -> &'static Desk {
    &DESK
}

/// A runtime with the service that it runs.
pub(crate) struct World {
    pub(crate) runtime: Runtime,
    pub(crate) service: Arc<Service>,
}

/// A new store, filled with the sample registers.
pub(crate) fn world() -> World {
    let runtime = Builder::new_current_thread().enable_all().build().expect("a runtime");
    let data = scratch::folder("store");
    let _ = fs::remove_dir_all(&data);
    let options = StoreOptions { cache_bytes: 1 << 20, ..StoreOptions::default() };
    let (store, _) = Store::open(&data, options).expect("a store");
    let rules = scratch::project().join("settlement-rules");
    let book = service::read_rules(&rules).expect("packs");
    let service = Arc::new(Service::new(store, book, rules, false));
    runtime.block_on(fill(&service));
    World { runtime, service }
}

async fn fill(service: &Service) {
    let registers = &desk().registers;
    let writer = |request_id: &str| {
        let (facility, request_id) = ("OFFICE".to_owned(), request_id.to_owned());
        Some(proto::Writer { facility, request_id, ..proto::Writer::default() })
    };
    let persons = proto::PutPersonsRequest {
        writer: writer("persons"),
        persons: registers.persons.values().map(to_proto::person).collect(),
        ..proto::PutPersonsRequest::default()
    };
    service.put_persons(persons).await.expect("persons");
    let facilities = proto::PutFacilitiesRequest {
        writer: writer("facilities"),
        facilities: registers.facilities.values().map(to_proto::facility).collect(),
        ..proto::PutFacilitiesRequest::default()
    };
    service.put_facilities(facilities).await.expect("facilities");
}
