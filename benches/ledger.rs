//! A ledger of many settlements: how fast it grows when it is empty and when it is full, opens again after a kill and after a clean
//! close, is verified and has its index rebuilt, and how much memory and disk it takes.
//!
//! `ONESTOP_BENCH_ENTRIES=1000000 cargo bench --bench ledger` (100,000 by default). Workload: the demo pack, bills of totals, one
//! settlement for each of as many persons as there are entries divided by five, so that years have five settlements; 256 requests at
//! once in this process, without gRPC. A new store in the directory that `ONESTOP_BENCH_DIR` names, or the temporary one.
//!
//! `ONESTOP_BENCH_ENTRIES=10000000 cargo bench --bench ledger -- scale` writes the entries to the journal as the service would have
//! (five stays of a person, each as it was settled for one of them), and measures on top of them: 100,000 settlements beside 100,000 on an
//! empty ledger, opening, rebuilding, memory. Takes 4 kB of disk an entry.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::as_conversions,
    clippy::disallowed_types,
    clippy::float_arithmetic,
    reason = "a benchmark may fail loudly, prints, and reports times"
)]

mod demo;
#[path = "ledger/scale.rs"]
mod scale;

use onestop::proto;
use onestop::service;
use onestop::service::Service;
use onestop::store::Store;
use onestop::store::StoreOptions;
use onestop::store::journal::walk::walk;
use onestop::store::seal::Seal;
use onestop::verify::Verifier;

use mimalloc::MiMalloc;
use prost::Message;

use std::ops::Range;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Instant;

/// As in the program.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

const AT_ONCE: usize = 256;

fn main() {
    let arguments: Vec<String> = std::env::args().collect();
    if let [_, call, directory, entries] = arguments.as_slice()
        && call == "grow"
    {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        return runtime.block_on(grow(Path::new(directory), entries.parse().unwrap()));
    }
    if let [_, call, directory, entries] = arguments.as_slice()
        && call == "settle-on"
    {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        return runtime.block_on(scale::settle_on(Path::new(directory), entries.parse().unwrap()));
    }
    let entries = std::env::var("ONESTOP_BENCH_ENTRIES").map_or(100_000, |n| n.parse().unwrap());
    let base = std::env::var_os("ONESTOP_BENCH_DIR").map_or_else(std::env::temp_dir, Into::into);
    let directory = base.join(format!("onestop-bench-ledger-{}", std::process::id()));
    if arguments.iter().any(|one| one == "scale") {
        scale::run(&directory, entries);
        return std::fs::remove_dir_all(&directory).unwrap();
    }
    grow_and_be_killed(&directory, entries);
    let bytes = |name: &str| size(&directory.join(name)) as f64 / entries as f64;
    println!("journal: {:.0} bytes a settlement", bytes("journal"));
    println!("index: {:.0} bytes a settlement", bytes("index"));

    let rate = |what: &str, start: Instant| {
        let seconds = start.elapsed().as_secs_f64();
        println!("{what}: {seconds:.2} s, {:.0} entries/s", entries as f64 / seconds);
    };
    open_and_close(&directory, "a kill");
    open_and_close(&directory, "a clean close");
    std::fs::remove_dir_all(directory.join("index")).unwrap();
    let start = Instant::now();
    Store::open(&directory, StoreOptions::default()).unwrap().0.close().unwrap();
    rate("rebuild of the index, opening and closing with it", start);
    let start = Instant::now();
    verify(&directory);
    rate("verify", start);
    std::fs::remove_dir_all(&directory).unwrap();
}

fn open_and_close(directory: &Path, what: &str) {
    let start = Instant::now();
    let (store, report) = Store::open(directory, StoreOptions::default()).unwrap();
    let opened = start.elapsed().as_secs_f64();
    println!(
        "open after {what}: {opened:.2} s, {} entries replayed, index set aside: {}",
        report.replayed,
        report.set_aside.map_or("no".to_owned(), |(why, _)| why)
    );
    let start = Instant::now();
    store.close().unwrap();
    println!("close: {:.2} s", start.elapsed().as_secs_f64());
}

/// Grows it in a process of its own, which ends without closing anything.
fn grow_and_be_killed(directory: &Path, entries: usize) {
    killed("grow", directory, entries);
}

fn killed(call: &str, directory: &Path, entries: usize) {
    let mut command = Command::new(std::env::current_exe().unwrap());
    let status = command.arg(call).arg(directory).arg(entries.to_string()).status().unwrap();
    assert!(!status.success() && status.code().is_none(), "{status}");
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
    // The first and the last tenth are measured by themselves: an empty ledger beside a full one.
    let tenth = entries / 10;
    settle(&service, persons, 0..tenth).await;
    settle(&service, persons, tenth..entries - tenth).await;
    settle(&service, persons, entries - tenth..entries).await;
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    let resident = status.lines().find(|line| line.starts_with("VmRSS")).unwrap();
    println!("resident: {}", resident.trim_start_matches("VmRSS:").trim());
    std::process::abort();
}

async fn settle(service: &Arc<Service>, persons: usize, indices: Range<usize>) {
    let start = Instant::now();
    let tasks: Vec<_> = (0..AT_ONCE)
        .map(|task| {
            let (service, indices) = (Arc::clone(service), indices.clone());
            tokio::spawn(async move {
                let mut times = Vec::new();
                for index in indices.skip(task).step_by(AT_ONCE) {
                    let start = Instant::now();
                    service.settle(request(index, persons)).await.unwrap();
                    times.push(start.elapsed());
                }
                times
            })
        })
        .collect();
    let mut times = Vec::new();
    for task in tasks {
        times.extend(task.await.unwrap());
    }
    let rate = times.len() as f64 / start.elapsed().as_secs_f64();
    times.sort_unstable();
    let at = |share: usize| times[(times.len() - 1) * share / 100].as_secs_f64() * 1e3;
    println!(
        "settle {} to {}, {AT_ONCE} at once: {rate:.0}/s, p50 {:.1} ms, p99 {:.1} ms",
        indices.start,
        indices.end,
        at(50),
        at(99)
    );
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
    for record in walk(&directory.join("journal"), &Seal::NONE, 1).unwrap() {
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
