//! A ledger of many settlements: how fast it grows, is verified, opens again and has its index rebuilt.
//!
//! `ONESTOP_BENCH_ENTRIES=1000000 cargo bench --bench ledger` (100,000 by default). Workload: the demo pack, bills of totals, one
//! settlement for each of as many persons as there are entries divided by five, so that years have five settlements; 256 requests at
//! once in this process, without gRPC. A new store in the directory that `ONESTOP_BENCH_DIR` names, or the temporary one.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::as_conversions,
    clippy::disallowed_types,
    clippy::float_arithmetic,
    reason = "a benchmark may fail loudly, prints, and reports times"
)]

mod demo;

use onestop::proto;
use onestop::service;
use onestop::service::Service;
use onestop::store::Store;
use onestop::store::StoreOptions;
use onestop::store::journal::walk::walk;
use onestop::verify::Verifier;

use mimalloc::MiMalloc;
use prost::Message;

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

/// As in the program.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

const AT_ONCE: usize = 256;

fn main() {
    let entries = std::env::var("ONESTOP_BENCH_ENTRIES").map_or(100_000, |n| n.parse().unwrap());
    let base = std::env::var_os("ONESTOP_BENCH_DIR").map_or_else(std::env::temp_dir, Into::into);
    let directory = base.join(format!("onestop-bench-ledger-{}", std::process::id()));
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(grow(&directory, entries));
    let rate = |what: &str, start: Instant| {
        let seconds = start.elapsed().as_secs_f64();
        println!("{what}: {seconds:.2} s, {:.0} entries/s", entries as f64 / seconds);
    };
    let bytes = size(&directory.join("journal"));
    println!("journal: {:.0} bytes a settlement", bytes as f64 / entries as f64);
    println!(
        "index: {:.0} bytes a settlement",
        size(&directory.join("index")) as f64 / entries as f64
    );

    let start = Instant::now();
    verify(&directory);
    rate("verify", start);

    let start = Instant::now();
    Store::open(&directory, StoreOptions::default()).unwrap().0.close().unwrap();
    println!("open and close after a clean close: {:.2} s", start.elapsed().as_secs_f64());

    std::fs::remove_dir_all(directory.join("index")).unwrap();
    let start = Instant::now();
    Store::open(&directory, StoreOptions::default()).unwrap().0.close().unwrap();
    rate("rebuild of the index", start);
    std::fs::remove_dir_all(&directory).unwrap();
}

fn rules() -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("settlement-rules")
}

async fn grow(directory: &Path, entries: usize) {
    let book = service::read_rules(&rules()).unwrap();
    let (store, _) = Store::open(directory, StoreOptions::default()).unwrap();
    let service = Arc::new(Service::new(store, book, rules(), false));
    let persons = entries.div_ceil(5);
    fill(&service, persons).await;
    let start = Instant::now();
    let tasks: Vec<_> = (0..AT_ONCE)
        .map(|task| {
            let service = Arc::clone(&service);
            tokio::spawn(async move {
                for index in (task..entries).step_by(AT_ONCE) {
                    service.settle(request(index, persons)).await.unwrap();
                }
            })
        })
        .collect();
    for task in tasks {
        task.await.unwrap();
    }
    let seconds = start.elapsed().as_secs_f64();
    println!("settle, {AT_ONCE} at once: {:.0}/s", entries as f64 / seconds);
    let start = Instant::now();
    Arc::try_unwrap(service).unwrap().close().unwrap();
    println!("close: {:.2} s", start.elapsed().as_secs_f64());
}

async fn fill(service: &Service, persons: usize) {
    for first in (0..persons).step_by(5000) {
        let request = proto::PutPersonsRequest {
            writer: demo::writer(format!("persons-{first}")),
            persons: (first..persons.min(first + 5000)).map(demo::person).collect(),
            ..proto::PutPersonsRequest::default()
        };
        service.put_persons(request).await.unwrap();
    }
    let request = proto::PutFacilitiesRequest {
        writer: demo::writer("facilities".to_owned()),
        facilities: vec![demo::facility()],
        ..proto::PutFacilitiesRequest::default()
    };
    service.put_facilities(request).await.unwrap();
}

fn request(index: usize, persons: usize) -> proto::SettleRequest {
    proto::SettleRequest {
        writer: demo::writer(format!("R{index}")),
        admission: demo::admission(index, index % persons),
        bill: Some(demo::totals(index)),
        ..proto::SettleRequest::default()
    }
}

fn verify(directory: &Path) {
    let book = service::read_rules(&rules()).unwrap();
    let mut verifier = Verifier::new(&book);
    for record in walk(&directory.join("journal"), 1).unwrap() {
        let (record, _) = record.unwrap();
        let entry = proto::LedgerEntry::decode(record.content.as_slice()).unwrap();
        verifier.next(record.sequence, &entry, &|_| unreachable!("no reversals here")).unwrap();
    }
}

fn size(directory: &Path) -> u64 {
    let files = std::fs::read_dir(directory).unwrap().map(Result::unwrap);
    files
        .map(|file| file.metadata().unwrap())
        .filter(|one| one.is_file())
        .map(|one| one.len())
        .sum()
}
