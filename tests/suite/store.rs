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

/// Flips, cuts and overwrites in every file of the index, and files that are missing or too many: each is found, whatever stood
/// there, and afterwards everything is as it was.
#[tokio::test]
async fn any_change_to_a_closed_index_is_found_and_the_index_built_anew() {
    let original = tempfile::tempdir().unwrap();
    let service = filled(original.path()).await;
    let before = shown(&service).await;
    service.close().unwrap();
    let files = files_of(&original.path().join("index"));
    assert!(!files.is_empty());
    let mut changes: Vec<(PathBuf, String, Option<Vec<u8>>)> = Vec::new();
    for file in files {
        let bytes = fs::read(&file).unwrap();
        let name = file.strip_prefix(original.path()).unwrap().to_owned();
        let mut change = |what: String, bytes| changes.push((name.clone(), what, bytes));
        change("removed".to_owned(), None);
        change("one byte longer".to_owned(), Some([bytes.as_slice(), &[0]].concat()));
        if bytes.is_empty() {
            continue;
        }
        change("cut short".to_owned(), Some(bytes[..bytes.len() - 1].to_vec()));
        change("emptied".to_owned(), Some(Vec::new()));
        // Over the whole file, also where sled has nothing.
        for part in 0..16 {
            let at = (bytes.len() - 1) * part / 15;
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << (part % 8);
            change(format!("flipped at {at}"), Some(flipped));
        }
    }
    changes.push((PathBuf::from("index/more"), "a file too many".to_owned(), Some(Vec::new())));
    for (name, change, bytes) in changes {
        let what = format!("{} {change}", name.display());
        let scratch = tempfile::tempdir().unwrap();
        copy(original.path(), scratch.path());
        match bytes {
            Some(bytes) => fs::write(scratch.path().join(&name), bytes).unwrap(),
            None => fs::remove_file(scratch.path().join(&name)).unwrap(),
        }
        let report = goes_on(scratch.path(), &before, &what).await;
        let (why, _) = report.set_aside.expect(&what);
        assert!(why.contains("not as they were when it was closed"), "{what}: {why}");
        assert_eq!(report.replayed, before.head.sequence, "{what}");
    }
}

/// Bytes that change under a running server: what is read of them is refused, the index is built anew meanwhile, and then
/// everything is answered again, without a restart.
#[tokio::test]
async fn an_index_that_is_damaged_while_it_serves_is_built_anew_while_it_serves() {
    let directory = tempfile::tempdir().unwrap();
    let service = filled(directory.path()).await;
    let many: Vec<proto::Person> = (0..8000)
        .map(|n| demo::person(&format!("MANY-{n}"), &["registered_poor"], ("390", "")))
        .collect();
    for (index, persons) in many.chunks(1000).enumerate() {
        let writer = demo::office(&format!("many-{index}"));
        let persons = persons.to_vec();
        let request = proto::PutPersonsRequest { writer, persons, ..Default::default() };
        service.put_persons(request).await.unwrap();
    }
    let before = shown(&service).await;
    service.close().unwrap();
    let (service, report) = demo::open(directory.path());
    assert_eq!(report.replayed, 0);
    let mut halted = service.halted();
    // The cache is far smaller than the index, so that most of it is read from the file.
    let file = directory.path().join("index/db");
    let bytes: Vec<u8> = fs::read(&file).unwrap().iter().map(|byte| byte ^ 0x10).collect();
    let file = fs::File::options().write(true).open(&file).unwrap();
    std::os::unix::fs::FileExt::write_all_at(&file, &bytes, 0).unwrap();
    let ask = |person: &proto::Person| {
        let request = proto::GetPersonRequest { id: person.id.clone(), ..Default::default() };
        service.get_person(&request)
    };
    let mut refused = 0;
    for person in &many {
        match ask(person) {
            Ok(found) => assert_eq!(&found, person),
            Err(Failure::Fault(_)) => refused += 1,
            Err(Failure::Refusal(refusal)) => panic!("{refusal:?}"),
        }
    }
    assert!(refused > 0, "nothing was read from the file");
    halted.wait_for(|halted| !halted.anything()).await.unwrap();
    for person in &many {
        assert_eq!(&ask(person).unwrap(), person);
    }
    assert_eq!(shown(&service).await, before);
    drop(halted);
    service.close().unwrap();
    let report = goes_on(directory.path(), &before, "after a mended index").await;
    assert_eq!((report.replayed, report.set_aside), (0, None));
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
    let state = |of: &Path| fs::read_to_string(of.join("state")).unwrap();
    // With their seal as well, as if somebody had copied everything but the journal.
    let seal = state(theirs.path()).split(' ').next_back().unwrap().to_owned();
    let own = state(ours.path());
    for (state, why_not) in [
        (own.clone(), "not as they were when it was closed"),
        ([own.rsplit_once(' ').unwrap().0, &seal].join(" "), "does not know entry"),
    ] {
        let scratch = tempfile::tempdir().unwrap();
        copy(ours.path(), scratch.path());
        fs::write(scratch.path().join("state"), state).unwrap();
        let report = goes_on(scratch.path(), &before, "another index").await;
        let (why, aside) = report.set_aside.unwrap();
        assert!(why.contains(why_not), "{why}");
        assert!(aside.exists(), "what was set aside is kept");
        assert_eq!(report.replayed, before.head.sequence);
    }
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

/// The file `state` says whether the index can be believed: only a clean close does. One that nobody vouches for is not kept.
#[tokio::test]
async fn the_state_file_decides_whether_the_index_is_believed() {
    let original = tempfile::tempdir().unwrap();
    let service = filled(original.path()).await;
    let before = shown(&service).await;
    service.close().unwrap();
    let closed = fs::read_to_string(original.path().join("state")).unwrap();
    assert!(closed.starts_with("closed 17 "), "{closed}");
    let unsealed = closed.rsplit_once(' ').unwrap().0;
    for (what, state, is_believed) in [
        ("closed, and copied", Some(closed.as_str()), true),
        ("open", Some("open 17\n"), false),
        ("closed by a program that sealed nothing", Some(unsealed), false),
        ("open under such a program", Some("open 0000-00 1 2 17\n"), false),
        ("failed under such a program", Some("failed 17\n"), false),
        ("damaged", Some("closed x\n"), false),
        ("empty", Some(""), false),
        ("missing", None, false),
    ] {
        let scratch = tempfile::tempdir().unwrap();
        copy(original.path(), scratch.path());
        match state {
            Some(state) => fs::write(scratch.path().join("state"), state).unwrap(),
            None => fs::remove_file(scratch.path().join("state")).unwrap(),
        }
        let report = goes_on(scratch.path(), &before, what).await;
        let replayed = if is_believed { 0 } else { before.head.sequence };
        assert_eq!((report.replayed, report.set_aside), (replayed, None), "{what}");
    }
}

#[tokio::test]
async fn the_index_of_a_store_that_was_not_closed_is_built_anew() {
    let (original, scratch) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let service = filled(original.path()).await;
    let before = shown(&service).await;
    let state = fs::read_to_string(original.path().join("state")).unwrap();
    assert!(state.starts_with("open "), "{state}");
    copy(original.path(), scratch.path());
    let report = goes_on(scratch.path(), &before, "a copy").await;
    assert_eq!(report.replayed, before.head.sequence);
    service.close().unwrap();
    // As after a kill: the directory itself, never closed.
    fs::write(original.path().join("state"), state).unwrap();
    let report = goes_on(original.path(), &before, "killed").await;
    assert_eq!((report.replayed, report.set_aside), (before.head.sequence, None));
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
    *bytes.last_mut().unwrap() ^= 1;
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
