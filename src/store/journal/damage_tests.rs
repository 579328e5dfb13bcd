//! What a crash leaves is cut and said; every other damage is named, and nothing is changed.

use super::tests::contents_of;
use super::tests::journal_of;
use super::tests::reopen;
use super::*;
use crate::store::journal::error::Damage;
use crate::store::journal::walk::walk;

use std::collections::BTreeMap;
use std::fs;
use tempfile::TempDir;

/// The journal's files as they are, without the lock.
type Files = BTreeMap<PathBuf, Vec<u8>>;

fn files_of(directory: &Path) -> Files {
    let paths = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    paths
        .filter(|path| path.extension().is_some_and(|ending| ending == "journal"))
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect()
}

/// Puts the files back as they were, and no others.
fn restore(directory: &Path, files: &Files) {
    for path in files_of(directory).into_keys().filter(|path| !files.contains_key(path)) {
        fs::remove_file(path).unwrap();
    }
    for (path, bytes) in files {
        fs::write(path, bytes).unwrap();
    }
}

/// Expects that opening names this damage and changes nothing.
fn expect_damage(directory: &Path, acknowledged: u64, expected: &str) {
    let before = files_of(directory);
    let error = reopen(directory, acknowledged).unwrap_err();
    assert!(matches!(error, JournalError::Damaged { .. }), "{error}");
    assert!(error.to_string().contains(expected), "{error}, expected {expected}");
    assert!(files_of(directory) == before, "{error}, but files changed");
}

/// Two segments: records 1 to 4 and 5 to 7.
fn two_segments(directory: &Path) -> (Vec<Appended>, Files) {
    let contents = ["first one", "second", "third", &"4".repeat(120), "fifth", "sixth", "seventh"];
    let appended = journal_of(directory, &contents);
    let segments: Vec<u64> = appended.iter().map(|one| one.position.segment).collect();
    assert_eq!(segments, [1, 1, 1, 1, 5, 5, 5]);
    (appended, files_of(directory))
}

#[test]
fn a_record_cut_anywhere_is_a_torn_tail_unless_it_was_acknowledged() {
    let directory = TempDir::new().unwrap();
    let (appended, files) = two_segments(directory.path());
    let last = appended[6].position;
    let path = path_of(directory.path(), last.segment);
    let whole = fs::read(&path).unwrap();
    for left in 0..u64::from(last.length) {
        let kept = usize::try_from(last.offset + left).unwrap();
        fs::write(&path, &whole[..kept]).unwrap();
        expect_damage(directory.path(), 7, "at byte");
        let walked = contents_of(directory.path()).unwrap();

        let opened = reopen(directory.path(), 6).unwrap();
        let torn = TornTail { segment: 5, offset: last.offset, bytes: left };
        assert_eq!(opened.cut, (left != 0).then_some(torn), "{left}");
        assert_eq!(opened.records, 6);
        assert_eq!(fs::metadata(&path).unwrap().len(), last.offset);
        assert_eq!(contents_of(directory.path()).unwrap(), walked);
        assert_eq!(walked.len(), 6);
        restore(directory.path(), &files);
    }
}

#[test]
fn a_flipped_byte_is_never_answered_as_other_data() {
    let directory = TempDir::new().unwrap();
    let (appended, files) = two_segments(directory.path());
    let right = contents_of(directory.path()).unwrap();
    let last = appended[6].position;
    for (path, bytes) in &files {
        for place in 0..bytes.len() {
            for flip in [0x01, 0x80, bytes[place].max(1)] {
                let mut flipped = bytes.clone();
                flipped[place] ^= flip;
                fs::write(path, &flipped).unwrap();
                let what = format!("{} byte {place} flip {flip}", path.display());
                let is_last = path.ends_with("00000000000000000005.journal")
                    && last.offset <= u64::try_from(place).unwrap();
                check_flipped(directory.path(), is_last, &right, &what);
                check_positions(directory.path(), &appended, &right, &what);
                restore(directory.path(), &files);
            }
        }
    }
}

/// Only a flip in the last record may be cut, and only if that record was not acknowledged.
fn check_flipped(directory: &Path, is_last: bool, right: &[String], what: &str) {
    let before = files_of(directory);
    let walked = contents_of(directory);
    if !is_last {
        assert!(matches!(walked, Err(JournalError::Damaged { .. })), "{what}");
    } else if let Ok(walked) = walked {
        assert_eq!(walked, right[..6], "{what}");
    }
    // Opening reads the newest segment and the headers of the others.
    let is_read = what.contains("5.journal");
    match reopen(directory, 7) {
        Err(JournalError::Damaged { .. }) => assert!(files_of(directory) == before, "{what}"),
        Ok(_) if !is_read => assert!(files_of(directory) == before, "{what}"),
        other => panic!("{what}: {other:?}"),
    }
    match reopen(directory, 6) {
        Err(JournalError::Damaged { .. }) => assert!(files_of(directory) == before, "{what}"),
        Ok(opened) if is_last => {
            assert!(opened.cut.is_some(), "{what}");
            assert_eq!(opened.records, 6, "{what}");
        }
        Ok(opened) if !is_read => assert_eq!((opened.cut, opened.records), (None, 7), "{what}"),
        other => panic!("{what}: {other:?}"),
    }
}

fn check_positions(directory: &Path, appended: &[Appended], right: &[String], what: &str) {
    let reader = Reader::new(directory, Options::default());
    for (one, content) in appended.iter().zip(right) {
        if let Ok(record) = reader.read(one.position) {
            assert_eq!(record.content, content.as_bytes(), "{what}");
            assert_eq!(record.digest, one.digest, "{what}");
        }
    }
}

#[test]
fn zeros_behind_the_records_are_the_end() {
    let directory = TempDir::new().unwrap();
    for zeros in [1, 3, 4, 47, 48, 49, 4096, 600_000] {
        let directory = directory.path().join(zeros.to_string());
        journal_of(&directory, &["one", "two"]);
        let path = path_of(&directory, 1);
        let mut bytes = fs::read(&path).unwrap();
        bytes.resize(bytes.len() + zeros, 0);
        fs::write(&path, &bytes).unwrap();
        let opened = reopen(&directory, 2).unwrap();
        assert_eq!((opened.cut, opened.records), (None, 2), "{zeros}");
        assert_eq!(contents_of(&directory).unwrap(), ["one", "two"]);

        let (mut journal, _) = Journal::open(&directory, Options::default(), 2).unwrap();
        journal.append(&[b"three".to_vec()]).unwrap();
        drop(journal);
        assert_eq!(contents_of(&directory).unwrap(), ["one", "two", "three"]);

        bytes.push(1);
        fs::write(&path, &bytes).unwrap();
        let cut = reopen(&directory, 2).unwrap().cut.unwrap();
        assert_eq!(usize::try_from(cut.bytes).unwrap(), zeros + 1);
        assert_eq!(contents_of(&directory).unwrap(), ["one", "two"]);
    }
}

#[test]
fn bad_bytes_before_a_whole_record_are_no_torn_tail_even_of_one_group() {
    let directory = TempDir::new().unwrap();
    let (mut journal, _) = Journal::open(directory.path(), Options::default(), 0).unwrap();
    // The whole record behind the bad one lies across two reading windows.
    let contents = [b"one".to_vec(), vec![b'x'; 262_060], b"three".to_vec()];
    let appended = journal.append(&contents).unwrap();
    drop(journal);
    let path = path_of(directory.path(), 1);
    let whole = fs::read(&path).unwrap();
    let bad = usize::try_from(appended[1].position.offset).unwrap();
    for (place, byte) in [(bad, 7), (bad + 3, 0xff), (bad + 8, 9), (bad + 5_000, 0)] {
        let mut bytes = whole.clone();
        bytes[place] = byte;
        fs::write(&path, &bytes).unwrap();
        expect_damage(directory.path(), 0, "at byte `115`");
        assert!(contents_of(directory.path()).is_err());
    }
    let mut bytes = whole.clone();
    bytes[bad..bad + 48].fill(0);
    fs::write(&path, &bytes).unwrap();
    expect_damage(directory.path(), 0, "other than zero");
}

#[test]
fn a_segment_that_was_only_partly_created_is_removed_and_said() {
    let directory = TempDir::new().unwrap();
    let (_, files) = two_segments(directory.path());
    let path = path_of(directory.path(), 8);
    let header = Header { first: 8, before: 5, previous: Digest::GENESIS }.to_bytes();
    for length in [0, 1, 63] {
        fs::write(&path, &header[..length]).unwrap();
        expect_damage(directory.path(), 8, "at byte");
        assert_eq!(contents_of(directory.path()).unwrap().len(), 7);
        let opened = reopen(directory.path(), 7).unwrap();
        let bytes = u64::try_from(length).unwrap();
        assert_eq!(opened.cut, Some(TornTail { segment: 8, offset: 0, bytes }));
        assert_eq!((opened.records, opened.segments), (7, 2));
        assert!(files_of(directory.path()) == files);
    }
    let far = path_of(directory.path(), 9);
    fs::write(&far, [0; 10]).unwrap();
    expect_damage(directory.path(), 0, "does not go on from sequence `7`");
    assert!(contents_of(directory.path()).is_err());
}

#[test]
fn a_first_segment_that_was_only_partly_created_is_made_anew() {
    let directory = TempDir::new().unwrap();
    fs::write(path_of(directory.path(), 1), [0; 64]).unwrap();
    expect_damage(directory.path(), 1, "`1` was acknowledged");
    let opened = reopen(directory.path(), 0).unwrap();
    assert_eq!(opened.cut, Some(TornTail { segment: 1, offset: 0, bytes: 64 }));
    assert_eq!(reopen(directory.path(), 0).unwrap().cut, None);
}

#[test]
fn a_torn_tail_before_a_partly_created_segment_is_damage() {
    let directory = TempDir::new().unwrap();
    two_segments(directory.path());
    let path = path_of(directory.path(), 5);
    let mut bytes = fs::read(&path).unwrap();
    bytes.extend_from_slice(&[1, 2, 3]);
    fs::write(&path, &bytes).unwrap();
    fs::write(path_of(directory.path(), 8), []).unwrap();
    expect_damage(directory.path(), 7, "other than zero");
    assert!(contents_of(directory.path()).is_err());
}

#[test]
fn a_missing_or_foreign_segment_is_named() {
    let cases: [(&[u64], &str); 4] = [
        (&[1], "missing"),
        (&[2], "segment `2`"),
        (&[4], "`4` was acknowledged"),
        (&[1, 2, 3, 4], "`4` was acknowledged"),
    ];
    let long = "x".repeat(300);
    for (missing, complaint) in cases {
        let directory = TempDir::new().unwrap();
        journal_of(directory.path(), &[long.as_str(); 4]);
        for first in missing {
            fs::remove_file(path_of(directory.path(), *first)).unwrap();
        }
        expect_damage(directory.path(), 4, complaint);
    }
    for name in ["1.journal", "00000000000000000000.journal", "99999999999999999999.journal"] {
        let directory = TempDir::new().unwrap();
        journal_of(directory.path(), &["one"]);
        fs::write(directory.path().join(name), []).unwrap();
        expect_damage(directory.path(), 0, "not the name of a segment");
    }
}

#[test]
fn a_whole_record_that_does_not_follow_is_never_cut() {
    let cases = [
        (put_bytes(4, &Digest::GENESIS), "sequence `4`, expected `3`"),
        (put_bytes(2, &Digest::GENESIS), "sequence `2`, expected `3`"),
        (put_bytes(3, &Digest::GENESIS), "does not follow from the digest"),
    ];
    for (record, complaint) in cases {
        let directory = TempDir::new().unwrap();
        journal_of(directory.path(), &["one", "two"]);
        let path = path_of(directory.path(), 1);
        let mut bytes = fs::read(&path).unwrap();
        bytes.extend_from_slice(&record);
        fs::write(&path, &bytes).unwrap();
        expect_damage(directory.path(), 0, complaint);
        let error = contents_of(directory.path()).unwrap_err();
        assert!(error.to_string().contains(complaint), "{error}");
    }
}

fn put_bytes(sequence: u64, previous: &Digest) -> Vec<u8> {
    let mut bytes = Vec::new();
    put(&mut bytes, sequence, previous, b"content");
    bytes
}

#[test]
fn a_segment_that_does_not_go_on_from_the_one_before_is_found_by_a_walk() {
    let directory = TempDir::new().unwrap();
    two_segments(directory.path());
    let path = path_of(directory.path(), 1);
    let bytes = fs::read(&path).unwrap();
    // The fourth record is cut off cleanly: opening does not read so far back.
    fs::write(&path, &bytes[..bytes.len() - 168]).unwrap();
    assert_eq!(reopen(directory.path(), 7).unwrap().records, 7);
    let error = contents_of(directory.path()).unwrap_err();
    let expected = Damage::HeaderChain { before: 3 };
    assert!(error.to_string().contains(&expected.to_string()), "{error}");
}

#[test]
fn a_segment_after_another_digest_is_found_by_a_walk() {
    let directory = TempDir::new().unwrap();
    two_segments(directory.path());
    fs::remove_file(path_of(directory.path(), 5)).unwrap();
    let header = Header { first: 5, before: 1, previous: Digest::GENESIS };
    fs::write(path_of(directory.path(), 5), header.to_bytes()).unwrap();
    let error = contents_of(directory.path()).unwrap_err();
    assert!(error.to_string().contains(&Damage::HeaderDigest.to_string()), "{error}");
}

#[test]
fn a_format_of_a_later_version_is_left_alone() {
    let directory = TempDir::new().unwrap();
    let mut header = Header::GENESIS.to_bytes();
    header[8] = 2;
    let checksum = crc32fast::hash(&header[..60]).to_le_bytes();
    header[60..].copy_from_slice(&checksum);
    fs::write(path_of(directory.path(), 1), &header).unwrap();
    expect_damage(directory.path(), 0, "version `2`");
}

#[test]
fn a_walk_says_where_it_ended_and_what_was_torn() {
    let directory = TempDir::new().unwrap();
    let (appended, _) = two_segments(directory.path());
    let path = path_of(directory.path(), 5);
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
    let mut walk = walk(directory.path(), 6).unwrap();
    assert_eq!(walk.by_ref().count(), 1);
    assert_eq!(walk.head().map(|head| head.digest), Some(appended[5].digest));
    assert_eq!(
        walk.torn().map(|torn| torn.bytes),
        Some(u64::from(appended[6].position.length) - 1)
    );
}
