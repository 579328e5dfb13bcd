//! The store by itself: whatever happens to the index, the ledger says what stands; and what would be wrong is refused.

mod index;

use crate::demo;
use crate::demo::PLAIN;
use crate::demo::POOR;
use crate::demo::totals;
use crate::files::copy;
use crate::files::files_of;

use onestop::proto;
use onestop::service::Service;
use onestop::store::OpenReport;
use onestop::store::Store;
use onestop::store::fault::Fault;
use onestop::store::fault::chain;
use onestop::store::journal::walk::walk;
use onestop::store::seal::Seal;
use prost::Message;

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicBool;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// All that can be asked of a ledger, to compare before and after.
#[derive(Debug, PartialEq)]
struct Shown {
    head: onestop::store::journal::Head,
    years: Vec<proto::GetAccumulatorsReply>,
    settlements: Vec<proto::SettlementRecord>,
    persons: Vec<proto::Person>,
    items: Vec<proto::GetItemReply>,
    again: proto::SettlementRecord,
}

const SETTLED: u32 = 12;

/// A dozen settlements of two people, an opening balance, and a reversal.
async fn filled(directory: &Path) -> Service {
    let service = demo::begin(directory).await;
    service.load_opening(demo::opening("OLD", PLAIN)).await.unwrap();
    let mut last = 0;
    for index in 0..SETTLED {
        let person = if index % 3 == 0 { PLAIN } else { POOR };
        let request = demo::settle(&format!("S{index}"), person, totals(1000 + index, index, 5));
        last = service.settle(request).await.unwrap().number;
    }
    service.reverse(demo::reverse("UNDO", last)).await.unwrap();
    service
}

async fn shown(service: &Service) -> Shown {
    let list = service.list(&proto::ListSettlementsRequest::default(), 0).unwrap();
    let person = |id: &str| {
        service.get_person(&proto::GetPersonRequest {
            id: id.to_owned(),
            ..proto::GetPersonRequest::default()
        })
    };
    let item = |code: &str| service.get_item(&proto::GetItemRequest { code: code.to_owned() });
    let first = demo::settle("S0", PLAIN, totals(1000, 0, 5));
    Shown {
        head: service.head().unwrap(),
        years: [POOR, PLAIN].map(|id| service.accumulators(&demo::year(id)).unwrap()).to_vec(),
        settlements: list.records,
        persons: [POOR, PLAIN].map(|id| person(id).unwrap()).to_vec(),
        items: ["D-A", "D-B"].map(|code| item(code).unwrap()).to_vec(),
        again: service.settle(first).await.unwrap(),
    }
}

/// Opens again, compares, settles one more, and reverses it, so that writing is seen to go on too.
async fn goes_on(directory: &Path, before: &Shown, what: &str) -> OpenReport {
    let (service, report) = demo::open(directory);
    assert_eq!(&shown(&service).await, before, "{what}");
    let request = demo::settle("MORE", POOR, totals(10, 0, 0));
    let number = service.settle(request).await.unwrap().number;
    assert_eq!(number, before.head.sequence + 1, "{what}");
    service.reverse(demo::reverse("LESS", number)).await.unwrap();
    service.close().unwrap();
    report
}

fn fault(directory: &Path) -> Fault {
    match Store::open(directory, demo::OPTIONS) {
        Ok(_) => panic!("the store opens"),
        Err(fault) => fault,
    }
}

#[tokio::test]
async fn what_was_closed_opens_as_it_was_without_replay() {
    let directory = tempfile::tempdir().unwrap();
    let service = filled(directory.path()).await;
    let before = shown(&service).await;
    service.close().unwrap();
    let report = goes_on(directory.path(), &before, "a clean close").await;
    assert_eq!((report.torn, report.replayed), (None, 0));
    assert!(report.set_aside.is_none());
}

#[tokio::test]
async fn an_index_ahead_of_its_journal_is_damage_and_not_served() {
    let directory = tempfile::tempdir().unwrap();
    let service = filled(directory.path()).await;
    service.close().unwrap();
    let journal = directory.path().join("journal");
    let newest = files_of(&journal)
        .into_iter()
        .rfind(|file| file.extension().is_some_and(|end| end == "journal"));
    let newest = newest.unwrap();
    let bytes = fs::read(&newest).unwrap();
    fs::write(&newest, &bytes[..bytes.len() - 40]).unwrap();
    let text = chain(&fault(directory.path()));
    assert!(text.contains("the record is cut short"), "{text}");
    // Nothing was changed by looking.
    assert_eq!(fs::read(&newest).unwrap().len(), bytes.len() - 40);
}

#[tokio::test]
async fn a_torn_tail_is_cut_off_and_reported() {
    let directory = tempfile::tempdir().unwrap();
    let service = filled(directory.path()).await;
    let before = shown(&service).await;
    service.close().unwrap();
    let journal = directory.path().join("journal");
    let newest = files_of(&journal)
        .into_iter()
        .rfind(|file| file.extension().is_some_and(|end| end == "journal"));
    let newest = newest.unwrap();
    let mut bytes = fs::read(&newest).unwrap();
    let length = bytes.len();
    bytes.extend([9, 0, 0, 0, 1, 2, 3]);
    fs::write(&newest, &bytes).unwrap();
    let report = goes_on(directory.path(), &before, "a torn tail").await;
    let torn = report.torn.unwrap();
    assert_eq!((torn.offset, torn.bytes), (u64::try_from(length).unwrap(), 7));
}

#[test]
fn a_store_of_another_format_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    fs::write(directory.path().join("FORMAT"), "onestop-store 2\n").unwrap();
    let text = fault(directory.path()).to_string();
    assert!(text.contains("`onestop-store 2`") && text.contains("`onestop-store 1`"), "{text}");
    assert!(!directory.path().join("journal").exists(), "nothing was made");
}

#[tokio::test]
async fn an_entry_of_a_newer_program_is_refused() {
    let directory = tempfile::tempdir().unwrap();
    let service = filled(directory.path()).await;
    service.close().unwrap();
    let journal = directory.path().join("journal");
    let options = onestop::store::journal::Options::default();
    let (mut journal, _) = onestop::store::journal::Journal::open(&journal, options, 0).unwrap();
    let entry = proto::LedgerEntry { version: 2, ..proto::LedgerEntry::default() };
    journal.append(&[entry.encode_to_vec()]).unwrap();
    drop(journal);
    let text = chain(&fault(directory.path()));
    assert!(text.contains("version `2`"), "{text}");
}

/// What was acknowledged must be there also after a kill, when no close said up to where: its loss is damage and no torn tail.
#[tokio::test]
async fn a_last_entry_that_was_acknowledged_before_a_kill_is_never_cut_off() {
    let original = tempfile::tempdir().unwrap();
    let service = filled(original.path()).await;
    let scratch = tempfile::tempdir().unwrap();
    copy(original.path(), scratch.path());
    let newest = files_of(&scratch.path().join("journal"))
        .into_iter()
        .rfind(|file| file.extension().is_some_and(|end| end == "journal"))
        .unwrap();
    let mut bytes = fs::read(&newest).unwrap();
    // Behind the last record stand the zeros that the next one would be written over.
    *bytes.iter_mut().rfind(|byte| **byte != 0).unwrap() ^= 1;
    fs::write(&newest, &bytes).unwrap();
    let text = chain(&fault(scratch.path()));
    assert!(text.contains("journal damaged") && text.contains("checksum"), "{text}");
    assert_eq!(fs::read(&newest).unwrap(), bytes, "nothing was cut off");
    // Where nothing says so any more, it cannot be told from a write that was never finished.
    fs::write(scratch.path().join("acknowledged"), "not known").unwrap();
    let (service_now, report) = demo::open(scratch.path());
    assert!(report.torn.is_some());
    service_now.close().unwrap();
    service.close().unwrap();
}

/// A second server on the same directory is refused at once and leaves everything where it is.
#[tokio::test]
async fn a_second_opener_is_refused_and_touches_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let service = filled(directory.path()).await;
    let before = shown(&service).await;
    for state in [None, Some("open\n")] {
        if let Some(state) = state {
            fs::write(directory.path().join("state"), state).unwrap();
        }
        let begun = std::time::Instant::now();
        let names = |directory: &Path| {
            let names = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().file_name());
            let mut names: Vec<_> = names.collect();
            names.sort();
            names
        };
        let there = names(directory.path());
        let text = chain(&fault(directory.path()));
        assert!(text.contains("another process has this store open"), "{text}");
        assert!(begun.elapsed().as_secs() < 3, "it waited");
        assert_eq!(names(directory.path()), there);
    }
    assert_eq!(shown(&service).await, before);
    service.close().unwrap();
    goes_on(directory.path(), &before, "after a second opener").await;
}

/// The journal holds what was answered: number, digest and content of every settlement.
#[tokio::test]
async fn every_acknowledged_settlement_is_in_the_journal_as_it_was_answered() {
    let directory = tempfile::tempdir().unwrap();
    let service = filled(directory.path()).await;
    let list = service.list(&proto::ListSettlementsRequest::default(), 0).unwrap();
    service.close().unwrap();
    let records: Vec<_> = walk(&directory.path().join("journal"), &Seal::NONE, 1)
        .unwrap()
        .map(|record| record.unwrap().0)
        .collect();
    for answered in list.records {
        let index = usize::try_from(answered.number).unwrap() - 1;
        assert_eq!(records[index].digest.to_string(), answered.digest);
        let entry = proto::LedgerEntry::decode(records[index].content.as_slice()).unwrap();
        assert_eq!(entry.recorded_at, answered.recorded_at);
        let Some(proto::ledger_entry::Kind::Settlement(stored)) = entry.kind else {
            panic!("entry {} is no settlement", answered.number);
        };
        assert_eq!((stored.number, stored.digest.as_str(), stored.reversed_by), (0, "", 0));
        let (number, digest) = (answered.number, answered.digest.clone());
        let (recorded_at, reversed_by) = (answered.recorded_at.clone(), answered.reversed_by);
        let shown = proto::SettlementRecord { number, digest, recorded_at, reversed_by, ..stored };
        assert_eq!(shown, answered);
    }
}

/// Whoever asks while the parts of a long put are being kept must not make its earlier record stay.
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_person_who_stands_twice_in_one_put_is_the_last_one_whoever_asks_meanwhile() {
    const ROUNDS: usize = 6;
    let home = tempfile::tempdir().unwrap();
    let service = Arc::new(demo::begin(home.path()).await);
    let ask = || proto::GetPersonRequest { id: POOR.to_owned(), ..Default::default() };
    let first = service.get_person(&ask()).unwrap();
    let stop = Arc::new(AtomicBool::new(false));
    let asking = std::thread::spawn({
        let (service, stop) = (Arc::clone(&service), Arc::clone(&stop));
        move || {
            while !stop.load(Ordering::Relaxed) {
                service.get_person(&ask()).unwrap();
                // Seldom: who asks all the time has the record from the journal before any part is kept.
                std::thread::sleep(Duration::from_millis(7));
            }
        }
    });
    let named = |id: &str, name: String| proto::Person { id: id.to_owned(), name, ..first.clone() };
    for round in 0..ROUNDS {
        let others = (0..5000).map(|one| named(&format!("X{one}"), round.to_string()));
        let twice = [format!("early {round}"), format!("late {round}")];
        let [early, late] = twice.map(|name| named(POOR, name));
        let persons = std::iter::once(early).chain(others).chain([late.clone()]).collect();
        let writer = proto::Writer {
            facility: demo::COUNTY.to_owned(),
            request_id: format!("TWICE-{round}"),
            ..Default::default()
        };
        let put = proto::PutPersonsRequest { writer: Some(writer), persons, ..Default::default() };
        service.put_persons(put).await.unwrap();
        // An earlier record that somebody was reading would be kept by now.
        tokio::time::sleep(Duration::from_millis(20)).await;
        assert_eq!(service.get_person(&ask()).unwrap(), late);
    }
    stop.store(true, Ordering::Relaxed);
    asking.join().unwrap();
}
