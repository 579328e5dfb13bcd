//! A ledger of many millions, whose entries are written to the journal and not settled one by one.

use crate::demo;
use crate::fill;
use crate::killed;
use crate::open_and_close;
use crate::request;
use crate::rules;
use crate::settle;
use crate::size;

use onestop::proto;
use onestop::proto::ledger_entry::Kind;
use onestop::service;
use onestop::service::Service;
use onestop::store::Store;
use onestop::store::StoreOptions;
use onestop::store::journal::Journal;
use onestop::store::journal::Options;

use prost::Message;

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

/// Stays of a person.
const STAYS: usize = 5;
/// Settlements that are measured.
const MEASURED: usize = 100_000;
/// Entries that are written with one sync.
const GROUP: usize = 512;

pub(crate) fn run(directory: &Path, entries: usize) {
    let empty = directory.join("empty");
    println!("on an empty ledger:");
    killed("settle-on", &empty, 0);
    let full = directory.join("full");
    plant(&full, entries);
    println!("on a ledger of {entries}:");
    killed("settle-on", &full, entries);
    let bytes = |name: &str| size(&full.join(name)) as f64 / (entries + 2 * MEASURED) as f64;
    println!("journal: {:.0} bytes a settlement", bytes("journal"));
    println!("index: {:.0} bytes a settlement", bytes("index"));
    open_and_close(&full, "a kill");
    open_and_close(&full, "a clean close");
    std::fs::remove_dir_all(full.join("index")).unwrap();
    let start = Instant::now();
    open_and_close(&full, "the loss of the index");
    let rate = entries as f64 / start.elapsed().as_secs_f64();
    println!("rebuild of the index, opening and closing with it: {rate:.0} entries/s");
}

async fn service(directory: &Path) -> Arc<Service> {
    let book = service::read_rules(&rules()).unwrap();
    let start = Instant::now();
    let (store, report) = Store::open(directory, StoreOptions::default()).unwrap();
    let opened = start.elapsed().as_secs_f64();
    println!("opened: {opened:.2} s, {} entries followed", report.replayed);
    Arc::new(Service::new(store, book, rules(), false))
}

/// Settles on top of what is there, with as many persons as there are, and is killed.
pub(crate) async fn settle_on(directory: &Path, entries: usize) {
    let persons = persons(entries);
    let service = service(directory).await;
    if entries == 0 {
        fill(&service, persons).await;
    }
    // The cache is empty: what is asked for comes from the journal. Then the same persons once more.
    settle(&service, persons, entries..entries + MEASURED).await;
    let again = entries + persons * MEASURED.div_ceil(persons);
    settle(&service, persons, again..again + MEASURED).await;
    let status = std::fs::read_to_string("/proc/self/status").unwrap();
    for line in
        status.lines().filter(|line| line.starts_with("VmRSS") || line.starts_with("RssAnon"))
    {
        println!("{line}");
    }
    std::process::abort();
}

fn persons(entries: usize) -> usize {
    entries.max(MEASURED).div_ceil(STAYS)
}

/// Registers through the service; the stays of one person too, and of all others as his.
fn plant(directory: &Path, entries: usize) {
    let persons = persons(entries);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let stays = runtime.block_on(async {
        let service = service(directory).await;
        fill(&service, persons).await;
        let mut stays = Vec::new();
        for stay in 0..STAYS {
            let record = service.settle(request(stay * persons, persons)).await.unwrap();
            let recorded_at = record.recorded_at.clone();
            let record = proto::SettlementRecord {
                number: 0,
                digest: String::new(),
                recorded_at: String::new(),
                ..record
            };
            stays.push(proto::LedgerEntry {
                version: 1,
                recorded_at,
                kind: Some(Kind::Settlement(record)),
                ..proto::LedgerEntry::default()
            });
        }
        Arc::into_inner(service).unwrap().close().unwrap();
        stays
    });
    std::fs::remove_dir_all(directory.join("index")).unwrap();
    let start = Instant::now();
    let (mut journal, _) =
        Journal::open(&directory.join("journal"), Options::default(), 0).unwrap();
    let mut group = Vec::with_capacity(GROUP);
    for index in (0..entries).filter(|index| index % persons != 0) {
        let mut entry = stays[index / persons].clone();
        if let Some(Kind::Settlement(record)) = &mut entry.kind {
            let request = record.request.as_mut().unwrap();
            request.writer = demo::writer(format!("R{index}"));
            request.admission = demo::admission(index, index % persons);
        }
        group.push(entry.encode_to_vec());
        if group.len() == GROUP {
            journal.append(&group).unwrap();
            group.clear();
        }
    }
    journal.append(&group).unwrap();
    println!(
        "{entries} entries of {persons} persons written: {:.0} s",
        start.elapsed().as_secs_f64()
    );
}
