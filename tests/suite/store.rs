//! The store by itself: whatever happens to the index, the ledger says what stands; and what would be wrong is refused.

use crate::demo;
use crate::demo::PLAIN;
use crate::demo::POOR;
use crate::demo::totals;

use onestop::proto;
use onestop::service::Failure;
use onestop::service::Service;
use onestop::store::OpenReport;
use onestop::store::Store;
use onestop::store::fault::Fault;
use onestop::store::fault::chain;
use onestop::store::journal::walk::walk;
use prost::Message;

use std::fs;
use std::path::Path;
use std::path::PathBuf;

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

fn copy(from: &Path, to: &Path) {
    fs::create_dir_all(to).unwrap();
    for entry in fs::read_dir(from).unwrap() {
        let entry = entry.unwrap();
        let target = to.join(entry.file_name());
        if entry.file_type().unwrap().is_dir() {
            copy(&entry.path(), &target);
        } else {
            fs::copy(entry.path(), target).unwrap();
        }
    }
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
async fn a_missing_index_is_built_anew() {
    let directory = tempfile::tempdir().unwrap();
    let service = filled(directory.path()).await;
    let before = shown(&service).await;
    service.close().unwrap();
    fs::remove_dir_all(directory.path().join("index")).unwrap();
    let report = goes_on(directory.path(), &before, "no index").await;
    assert_eq!(report.replayed, before.head.sequence);
}

fn files_of(directory: &Path) -> Vec<PathBuf> {
    let mut files = Vec::new();
    for entry in fs::read_dir(directory).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() { files.extend(files_of(&path)) } else { files.push(path) }
    }
    files.sort();
    files
}

/// Flips, cuts and overwrites in every file of the index: afterwards everything is as it was, or nothing was served.
#[tokio::test]
async fn a_damaged_index_is_set_aside_or_harmless() {
    let original = tempfile::tempdir().unwrap();
    let service = filled(original.path()).await;
    let before = shown(&service).await;
    service.close().unwrap();
    let files = files_of(&original.path().join("index"));
    assert!(!files.is_empty());
    let mut set_aside = 0;
    for file in files {
        let name = file.strip_prefix(original.path()).unwrap();
        let bytes = fs::read(&file).unwrap();
        let written = bytes.iter().rposition(|byte| *byte != 0).map_or(0, |last| last + 1);
        let mut damages: Vec<(String, Vec<u8>)> = vec![
            ("emptied".to_owned(), Vec::new()),
            ("cut in half".to_owned(), bytes[..written / 2].to_vec()),
            ("all zeros".to_owned(), vec![0; bytes.len()]),
        ];
        for part in 0..24 {
            let at = written * part / 24;
            if let Some(byte) = bytes.get(at) {
                let mut flipped = bytes.clone();
                flipped[at] = byte ^ 0x55;
                damages.push((format!("flipped at {at}"), flipped));
            }
        }
        for (damage, bytes) in damages {
            let what = format!("{} {damage}", name.display());
            let scratch = tempfile::tempdir().unwrap();
            copy(original.path(), scratch.path());
            fs::write(scratch.path().join(name), bytes).unwrap();
            let report = goes_on(scratch.path(), &before, &what).await;
            set_aside += u32::from(report.set_aside.is_some());
        }
    }
    assert!(set_aside > 0);
}

/// The same with an index of many pages, most of which opening does not look at.
#[tokio::test]
async fn damage_to_a_large_index_is_never_answered_as_data() {
    let original = tempfile::tempdir().unwrap();
    let service = filled(original.path()).await;
    let many: Vec<proto::Person> = (0..8000)
        .map(|n| proto::Person {
            // Without a document, so that the index writes each person in few places and gives up few pages.
            certificate_no: String::new(),
            ..demo::person(&format!("MANY-{n}"), &["registered_poor"], ("390", ""))
        })
        .collect();
    for (index, persons) in many.chunks(1000).enumerate() {
        let writer = demo::office(&format!("many-{index}"));
        let persons = persons.to_vec();
        service
            .put_persons(proto::PutPersonsRequest {
                writer,
                persons,
                ..proto::PutPersonsRequest::default()
            })
            .await
            .unwrap();
    }
    let before = shown(&service).await;
    service.close().unwrap();
    let file = original.path().join("index/db");
    let bytes = fs::read(&file).unwrap();
    let mut noticed = 0;
    for part in 0..12 {
        let at = bytes.len() * part / 12 + 1000 + part * 37;
        let Some(byte) = bytes.get(at).copied() else { continue };
        let mut flipped = bytes.clone();
        flipped[at] = byte ^ 0x10;
        let scratch = tempfile::tempdir().unwrap();
        copy(original.path(), scratch.path());
        fs::write(scratch.path().join("index/db"), flipped).unwrap();
        let (service, report) = demo::open(scratch.path());
        // sled may have given up the place of a flip when it was busy; then nothing depends on it.
        noticed += u32::from(report.replayed > 0 || report.set_aside.is_some());
        for person in &many {
            let request = proto::GetPersonRequest {
                id: person.id.clone(),
                ..proto::GetPersonRequest::default()
            };
            match service.get_person(&request) {
                Ok(found) => assert_eq!(&found, person, "flipped at {at}"),
                Err(Failure::Fault(_)) => {}
                Err(Failure::Refusal(refusal)) => panic!("flipped at {at}: {refusal:?}"),
            }
        }
        assert_eq!(shown(&service).await, before, "flipped at {at}");
        drop(service);
    }
    assert!(noticed > 6, "{noticed}");
}

#[tokio::test]
async fn an_index_of_another_journal_is_set_aside() {
    let (ours, theirs) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let service = filled(ours.path()).await;
    let before = shown(&service).await;
    service.close().unwrap();
    // As long a ledger, but other entries.
    let other = demo::begin(theirs.path()).await;
    for index in 0..=SETTLED + 1 {
        let request = demo::settle(&format!("T{index}"), POOR, totals(77, 0, 0));
        other.settle(request).await.unwrap();
    }
    other.close().unwrap();
    fs::remove_dir_all(ours.path().join("index")).unwrap();
    copy(&theirs.path().join("index"), &ours.path().join("index"));
    let report = goes_on(ours.path(), &before, "another index").await;
    let (why, aside) = report.set_aside.unwrap();
    assert!(why.contains("does not know entry"), "{why}");
    assert!(aside.exists(), "what was set aside is kept");
    assert_eq!(report.replayed, before.head.sequence);
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

/// The file `state` says whether sled's files can be believed.
#[tokio::test]
async fn the_state_file_decides_whether_the_index_is_believed() {
    let original = tempfile::tempdir().unwrap();
    let service = filled(original.path()).await;
    let before = shown(&service).await;
    service.close().unwrap();
    let closed = fs::read_to_string(original.path().join("state")).unwrap();
    assert!(closed.starts_with("closed 17 "), "{closed}");
    let open = "open 00000000-0000-0000-0000-000000000000 1 2\n";
    for (what, state, is_set_aside) in [
        ("closed, and copied", Some(closed.as_str()), false),
        ("open in another boot", Some(open), true),
        ("open on a machine that does not say its boot", Some("open\n"), true),
        ("damaged", Some("closed x\n"), true),
        ("empty", Some(""), true),
        ("missing", None, true),
    ] {
        let scratch = tempfile::tempdir().unwrap();
        copy(original.path(), scratch.path());
        match state {
            Some(state) => fs::write(scratch.path().join("state"), state).unwrap(),
            None => fs::remove_file(scratch.path().join("state")).unwrap(),
        }
        let report = goes_on(scratch.path(), &before, what).await;
        assert_eq!(report.set_aside.is_some(), is_set_aside, "{what}");
    }
}

#[tokio::test]
async fn a_copy_of_an_open_store_is_not_believed_but_a_killed_one_is() {
    let (original, scratch) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let service = filled(original.path()).await;
    let before = shown(&service).await;
    let state = fs::read_to_string(original.path().join("state")).unwrap();
    assert!(state.starts_with("open "), "{state}");
    copy(original.path(), scratch.path());
    let report = goes_on(scratch.path(), &before, "a copy").await;
    assert!(report.set_aside.unwrap().0.contains("copied"));
    service.close().unwrap();
    // As after a kill: the directory itself, in the same boot, never closed.
    fs::write(original.path().join("state"), state).unwrap();
    let report = goes_on(original.path(), &before, "killed").await;
    assert!(report.set_aside.is_none());
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
    let records: Vec<_> = walk(&directory.path().join("journal"), 1)
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
