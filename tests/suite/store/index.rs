//! Whatever happens to the index, the ledger says what stands: an index is as it was closed, or it is built anew.

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
