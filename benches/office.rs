//! The back office on a large ledger: outlines made, read again, a hospital's list reconciled with it, and all of it settled again
//! under another pack.
//!
//! `ONESTOP_BENCH_ENTRIES=1000000 cargo bench --bench office` (100,000 by default). Workload: one settlement of the demo pack, with its
//! whole trace, appended under as many admissions; the list is a CSV file in which every thousandth amount, person, row or number is
//! another. `ONESTOP_BENCH_DIR` names the directory and keeps ledger and list for `benches/reconcile.py`.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::as_conversions,
    clippy::disallowed_types,
    clippy::float_arithmetic,
    clippy::too_many_lines,
    reason = "a benchmark may fail loudly, prints, and reports times"
)]

use onestop::calendar::Day;
use onestop::calendar::Span;
use onestop::clearing_types::ClearingTypes;
use onestop::extract::Extract;
use onestop::outline;
use onestop::proto;
use onestop::proto::ledger_entry::Kind;
use onestop::reconcile::Scope;
use onestop::reconcile::Subject;
use onestop::resettle::resettle;
use onestop::rules::RuleBook;
use onestop::service;
use onestop::service::Service;
use onestop::service::office::compare;
use onestop::store::Store;
use onestop::store::StoreOptions;
use onestop::store::journal::Journal;
use onestop::store::journal::Options;
use onestop::store::seal::Place;
use onestop::table::settlements::ColumnNames;
use onestop::table::settlements::read;

use mimalloc::MiMalloc;
use prost::Message;

use std::fs;
use std::io::Write;
use std::path::Path;
use std::time::Instant;

/// As the program has it.
#[global_allocator]
static ALLOCATOR: MiMalloc = MiMalloc;

const GROUP: usize = 2000;

fn main() {
    let entries = std::env::var("ONESTOP_BENCH_ENTRIES").map_or(100_000, |n| n.parse().unwrap());
    let kept = std::env::var_os("ONESTOP_BENCH_DIR").map(std::path::PathBuf::from);
    let temporary =
        std::env::temp_dir().join(format!("onestop-bench-office-{}", std::process::id()));
    let directory = kept.clone().unwrap_or(temporary);
    fs::create_dir_all(&directory).unwrap();
    let (store, list) = (directory.join("store"), directory.join("list.csv"));
    if !store.exists() {
        let settled = one_settlement(&directory.join("seed"));
        grow(&store, &settled, entries);
        write_list(&store, &list);
    }
    let start = Instant::now();
    let mut count = 0_u64;
    outline::each(Place::unsealed(&store), 0, |_| count += 1).unwrap();
    println!("outlines brought up to date and read: {:.2} s", start.elapsed().as_secs_f64());
    let start = Instant::now();
    outline::each(Place::unsealed(&store), 0, |_| count += 1).unwrap();
    println!("outlines read: {:.2} s", start.elapsed().as_secs_f64());

    // What is measured begins here, and so does the memory that is told.
    fs::write("/proc/self/clear_refs", "5").unwrap_or_default();
    let start = Instant::now();
    let bytes = fs::read(&list).unwrap();
    let book = read(&bytes, &ColumnNames::default()).unwrap();
    drop(bytes);
    println!("list read: {} rows, {:.2} s", book.len(), start.elapsed().as_secs_f64());
    let subject = Subject {
        facility: "H-COUNTY".to_owned(),
        insutype: String::new(),
        clearing_type: String::new(),
        clearing_types: ClearingTypes::default(),
        scope: Scope {
            from: Day::parse("2020-01-01").unwrap(),
            to: Day::parse("2099-12-31").unwrap(),
            with_refunds: true,
        },
    };
    let compared =
        compare(Place::unsealed(&store), subject, (book, String::new()), |_| {}).unwrap();
    let seconds = start.elapsed().as_secs_f64();
    let differences = compared.differences().count();
    println!("reconciled: {seconds:.2} s, {differences} differences");
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    for line in status.lines().filter(|line| line.starts_with("VmHWM")) {
        println!("{line}");
    }
    drop(compared);
    settle_again(&store);
    if kept.is_none() {
        fs::remove_dir_all(&directory).unwrap();
    }
}

/// Everything again, with basic insurance paying another rate at the county hospital.
fn settle_again(store: &Path) {
    const RATE: &str = "level = [2] }, segments = [{ rate = \"0.80\"";
    const OTHER: &str = "level = [2] }, segments = [{ rate = \"0.65\"";
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("settlement-rules");
    let mut files = onestop::folder::pack_files(&folder).unwrap();
    for file in &mut files {
        file.text = file.text.replace(RATE, OTHER);
    }
    let book = RuleBook::read(&files).unwrap();
    let (from, to) = (Day::parse("2018-01-01").unwrap(), Day::parse("2018-12-31"));
    let jobs = std::thread::available_parallelism().unwrap().get();
    fs::write("/proc/self/clear_refs", "5").unwrap_or_default();
    let start = Instant::now();
    let mut looked_at = 0;
    let watch = |done, _| {
        looked_at = done;
        true
    };
    let compared =
        resettle(Place::unsealed(store), &book, (Span { from, to }, jobs), watch).unwrap();
    let seconds = start.elapsed().as_secs_f64();
    println!("settled again: {looked_at} entries, {seconds:.2} s, on {jobs} threads");
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    for line in status.lines().filter(|line| line.starts_with("VmHWM")) {
        println!("{line}");
    }
    let changes = compared.reports();
    assert!(!changes.is_empty(), "nothing was compared");
}

/// One settlement as the service records it.
fn one_settlement(directory: &Path) -> proto::LedgerEntry {
    let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("settlement-rules");
    let book = service::read_rules(&rules).unwrap();
    let (store, _) = Store::open(directory, StoreOptions::default()).unwrap();
    let service = Service::new(store, book, rules, false);
    let runtime = tokio::runtime::Runtime::new().unwrap();
    let writer = |request_id: &str| {
        Some(proto::Writer {
            facility: "H-COUNTY".to_owned(),
            request_id: request_id.to_owned(),
            operator: "bench".to_owned(),
            terminal: "1".to_owned(),
        })
    };
    let person = proto::Person {
        id: "510999199001010011".to_owned(),
        birth: "1990-01-01".to_owned(),
        enrolments: vec![proto::Enrolment {
            place: "000001".to_owned(),
            insutype: "390".to_owned(),
            from: "2016-01-01".to_owned(),
            to: String::new(),
        }],
        ..proto::Person::default()
    };
    let facility = proto::Facility {
        id: "H-COUNTY".to_owned(),
        entries: vec![proto::FacilityEntry {
            place: "000001".to_owned(),
            level: 2,
            tier: "county".to_owned(),
            from: "2016-01-01".to_owned(),
            ..proto::FacilityEntry::default()
        }],
        ..proto::Facility::default()
    };
    let settle = proto::SettleRequest {
        writer: writer("S"),
        admission: Some(proto::Admission {
            id: "A".to_owned(),
            person: person.id.clone(),
            facility: "H-COUNTY".to_owned(),
            admitted_on: "2018-03-01".to_owned(),
            discharged_on: "2018-03-08".to_owned(),
            med_type: "21".to_owned(),
            ..proto::Admission::default()
        }),
        bill: Some(proto::Bill {
            total: "10500.00".to_owned(),
            totals: Some(proto::Totals {
                parts: Some(proto::Parts {
                    in_scope: "10000.00".to_owned(),
                    own_expense: "500.00".to_owned(),
                    ..proto::Parts::default()
                }),
                ..proto::Totals::default()
            }),
            ..proto::Bill::default()
        }),
        ..proto::SettleRequest::default()
    };
    let record = runtime.block_on(async {
        let persons = vec![person];
        let put = proto::PutPersonsRequest { writer: writer("P"), persons, ..Default::default() };
        service.put_persons(put).await.unwrap();
        let facilities = vec![facility];
        let put =
            proto::PutFacilitiesRequest { writer: writer("F"), facilities, ..Default::default() };
        service.put_facilities(put).await.unwrap();
        service.settle(settle).await.unwrap()
    });
    let recorded_at = record.recorded_at.clone();
    let record = proto::SettlementRecord {
        number: 0,
        digest: String::new(),
        recorded_at: String::new(),
        ..record
    };
    proto::LedgerEntry {
        version: 1,
        recorded_at,
        kind: Some(Kind::Settlement(record)),
        ..Default::default()
    }
}

/// A ledger of this settlement under many admissions of many persons, amounts of the bill included.
fn grow(store: &Path, settled: &proto::LedgerEntry, entries: usize) {
    let start = Instant::now();
    let (mut journal, _) = Journal::open(&store.join("journal"), Options::default(), 0).unwrap();
    let mut group = Vec::with_capacity(GROUP);
    let mut bytes = 0;
    for index in 0..entries {
        let mut entry = settled.clone();
        if let Some(Kind::Settlement(record)) = &mut entry.kind {
            let request = record.request.as_mut().unwrap();
            request.writer.as_mut().unwrap().request_id = format!("REQ-{index:08}");
            let admission = request.admission.as_mut().unwrap();
            admission.id = format!("ADM-2018-{index:08}");
            admission.person = format!("5109991990{:08}", index / 5);
        }
        let content = entry.encode_to_vec();
        bytes += content.len();
        group.push(content);
        if group.len() == GROUP || index + 1 == entries {
            journal.append(&group).unwrap();
            group.clear();
        }
    }
    println!(
        "ledger of {entries} settlements, {} bytes each: {:.2} s",
        bytes / entries,
        start.elapsed().as_secs_f64()
    );
}

/// The hospital's list of it, with differences in every thousandth settlement.
fn write_list(store: &Path, list: &Path) {
    let mut out = std::io::BufWriter::new(fs::File::create(list).unwrap());
    writeln!(out, "setl_id,mdtrt_id,psn_no,medfee_sumamt,fund_pay_sumamt,acct_pay,refd_setl_flag")
        .unwrap();
    let mut ledger =
        std::io::BufWriter::new(fs::File::create(list.with_file_name("ledger.csv")).unwrap());
    writeln!(
        ledger,
        "setl_id,mdtrt_id,psn_no,medfee_sumamt,fund_pay_sumamt,acct_pay,refd_setl_flag"
    )
    .unwrap();
    let mut line = |extract: &Extract| {
        let settled = extract.settled.as_ref().unwrap();
        let fault = if extract.number.is_multiple_of(1000) { extract.number / 1000 % 4 } else { 9 };
        let (mut person, mut number) = (settled.person.clone(), extract.number.to_string());
        let mut fund = settled.payments.to_string();
        let (admission, total, account) = (&settled.admission, settled.total, settled.account);
        writeln!(ledger, "{number},{admission},{person},{total},{fund},{account},0").unwrap();
        match fault {
            0 => return,
            1 => fund = "1.00".to_owned(),
            2 => person.push('x'),
            3 => number = format!("H{number}"),
            _ => {}
        }
        writeln!(out, "{number},{admission},{person},{total},{fund},{account},0").unwrap();
    };
    outline::each(Place::unsealed(store), 0, |extract| line(&extract)).unwrap();
    fs::remove_dir_all(store.join("outline-1")).unwrap();
}
