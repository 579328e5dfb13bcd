//! Whatever happens to the index and the cache, the ledger says what stands.

use super::SETTLED;
use super::filled;
use super::goes_on;
use super::shown;
use crate::demo;
use crate::demo::POOR;
use crate::demo::totals;
use crate::files::copy;
use crate::files::files_of;

use onestop::proto;
use onestop::service::Failure;

use std::fs;
use std::path::Path;
use std::path::PathBuf;

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

/// A change to a file: what it is called, and what then stands there; none where nothing does.
type Change = (PathBuf, String, Option<Vec<u8>>);

/// Flips, cuts and overwrites in every file under a directory.
fn changes(store: &Path, part: &str) -> Vec<Change> {
    let files = files_of(&store.join(part));
    assert!(!files.is_empty());
    let mut changes = Vec::new();
    for file in files {
        let bytes = fs::read(&file).unwrap();
        let name = file.strip_prefix(store).unwrap().to_owned();
        let mut change = |what: String, bytes| changes.push((name.clone(), what, bytes));
        change("removed".to_owned(), None);
        change("one byte longer".to_owned(), Some([bytes.as_slice(), &[0]].concat()));
        if bytes.is_empty() {
            continue;
        }
        change("cut short".to_owned(), Some(bytes[..bytes.len() - 1].to_vec()));
        change("emptied".to_owned(), Some(Vec::new()));
        for part in 0..16 {
            let at = (bytes.len() - 1) * part / 15;
            let mut flipped = bytes.clone();
            flipped[at] ^= 1 << (part % 8);
            change(format!("flipped at {at}"), Some(flipped));
        }
    }
    changes
}

/// A copy of a store with one change.
fn changed(original: &Path, (name, _, bytes): &Change) -> tempfile::TempDir {
    let scratch = tempfile::tempdir().unwrap();
    copy(original, scratch.path());
    match bytes {
        Some(bytes) => fs::write(scratch.path().join(name), bytes).unwrap(),
        None => fs::remove_file(scratch.path().join(name)).unwrap(),
    }
    scratch
}

/// Each change is found, whatever stood there, and afterwards everything is as it was.
#[tokio::test]
async fn any_change_to_a_closed_index_is_found_and_the_index_built_anew() {
    let original = tempfile::tempdir().unwrap();
    let service = filled(original.path()).await;
    let before = shown(&service).await;
    service.close().unwrap();
    for change in changes(original.path(), "index") {
        let (name, how, bytes) = &change;
        let what = format!("{} {how}", name.display());
        let scratch = changed(original.path(), &change);
        let report = goes_on(scratch.path(), &before, &what).await;
        // A part that is missing altogether is only built again.
        let is_run = name.extension().is_some_and(|end| end == "run");
        let is_missing = bytes.is_none() && is_run;
        assert_eq!(report.set_aside.is_none(), is_missing, "{what}: {:?}", report.set_aside);
        assert_eq!(report.replayed, before.head.sequence, "{what}");
    }
    let more = (PathBuf::from("index/more"), "a file too many".to_owned(), Some(Vec::new()));
    let scratch = changed(original.path(), &more);
    let report = goes_on(scratch.path(), &before, &more.1).await;
    assert_eq!((report.set_aside, report.replayed), (None, 0));
    assert!(!scratch.path().join("index/more").exists());
}

/// The cache of a closed store, changed in any way: nothing of it is answered that is not as it was put.
#[tokio::test]
async fn no_change_to_the_cache_changes_an_answer() {
    let original = tempfile::tempdir().unwrap();
    let service = filled(original.path()).await;
    let before = shown(&service).await;
    service.close().unwrap();
    for change in changes(original.path(), "cache") {
        let what = format!("{} {}", change.0.display(), change.1);
        let scratch = changed(original.path(), &change);
        let report = goes_on(scratch.path(), &before, &what).await;
        assert_eq!((report.set_aside, report.replayed), (None, 0), "{what}");
    }
}

/// A backup put in the place of a ledger that had gone on, but for the cache: what that holds of entries that are no more is not
/// taken for what now has their numbers.
#[tokio::test]
async fn the_cache_of_another_history_is_not_believed() {
    let (ours, backup) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let service = filled(ours.path()).await;
    let before = shown(&service).await;
    service.close().unwrap();
    copy(ours.path(), backup.path());
    let (service, _) = demo::open(ours.path());
    for index in 0..3 {
        let request = demo::settle(&format!("LOST{index}"), POOR, totals(5000, 0, 0));
        service.settle(request).await.unwrap();
    }
    service.close().unwrap();
    fs::remove_dir_all(backup.path().join("cache")).unwrap();
    copy(&ours.path().join("cache"), &backup.path().join("cache"));
    let report = goes_on(backup.path(), &before, "a backup under a later cache").await;
    assert_eq!((report.set_aside, report.replayed), (None, 0));
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
    for file in files_of(&directory.path().join("index")) {
        let bytes: Vec<u8> = fs::read(&file).unwrap().iter().map(|byte| byte ^ 0x10).collect();
        let file = fs::File::options().write(true).open(&file).unwrap();
        std::os::unix::fs::FileExt::write_all_at(&file, &bytes, 0).unwrap();
    }
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
    let report = goes_on(ours.path(), &before, "another index").await;
    let (why, aside) = report.set_aside.unwrap();
    assert!(why.contains("does not know entry"), "{why}");
    assert!(aside.exists(), "what was set aside is kept");
    assert_eq!(report.replayed, before.head.sequence);
}

/// What a run says holds after a kill too: only what came behind it is read from the journal.
#[tokio::test]
async fn the_index_of_a_store_that_was_not_closed_is_kept_as_far_as_it_goes() {
    let (original, scratch) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
    let service = filled(original.path()).await;
    let written = service.head().unwrap().sequence;
    service.close().unwrap();
    let (service, report) = demo::open(original.path());
    assert_eq!(report.replayed, 0);
    for index in 0..5 {
        let request = demo::settle(&format!("LATER{index}"), POOR, totals(40 + index, 0, 0));
        service.settle(request).await.unwrap();
    }
    let before = shown(&service).await;
    assert_eq!(before.head.sequence, written + 5);
    copy(original.path(), scratch.path());
    let report = goes_on(scratch.path(), &before, "a copy of an open store").await;
    assert_eq!((report.replayed, report.set_aside), (5, None));
    service.close().unwrap();
}

/// The file `state` is for the cache; whatever it says, answers stay as they were.
#[tokio::test]
async fn whatever_the_state_file_says_the_answers_stay() {
    let original = tempfile::tempdir().unwrap();
    let service = filled(original.path()).await;
    let before = shown(&service).await;
    service.close().unwrap();
    let closed = fs::read_to_string(original.path().join("state")).unwrap();
    assert!(closed.starts_with("closed 17 "), "{closed}");
    let sealed = format!("{} 0123abcd\n", closed.trim());
    for (what, state) in [
        ("closed, and copied", Some(closed.as_str())),
        ("closed by a program that sealed its index", Some(sealed.as_str())),
        ("open", Some("open 17\n")),
        ("open under an earlier program", Some("open 0000-00 1 2 17\n")),
        ("failed under an earlier program", Some("failed 17\n")),
        ("damaged", Some("closed x\n")),
        ("empty", Some("")),
        ("missing", None),
    ] {
        let scratch = tempfile::tempdir().unwrap();
        copy(original.path(), scratch.path());
        match state {
            Some(state) => fs::write(scratch.path().join("state"), state).unwrap(),
            None => fs::remove_file(scratch.path().join("state")).unwrap(),
        }
        let report = goes_on(scratch.path(), &before, what).await;
        assert_eq!((report.replayed, report.set_aside), (0, None), "{what}");
    }
}

/// The index that earlier programs kept in sled makes room.
#[tokio::test]
async fn an_index_of_an_earlier_program_is_built_anew() {
    let directory = tempfile::tempdir().unwrap();
    let service = filled(directory.path()).await;
    let before = shown(&service).await;
    service.close().unwrap();
    let index = directory.path().join("index");
    fs::remove_dir_all(&index).unwrap();
    fs::create_dir_all(index.join("blobs")).unwrap();
    fs::write(index.join("db"), b"as sled left it").unwrap();
    fs::write(index.join("conf"), b"segment_size").unwrap();
    let report = goes_on(directory.path(), &before, "an index of an earlier program").await;
    assert_eq!((report.replayed, report.set_aside), (before.head.sequence, None));
    assert!(!index.join("db").exists() && !index.join("blobs").exists());
}
