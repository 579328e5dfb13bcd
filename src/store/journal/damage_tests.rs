//! Damage that no crash explains is named, and nothing is changed. Torn tails are in `torn_tests.rs`.

use super::tests::contents_of;
use super::tests::group;
use super::tests::journal_of;
use super::tests::reopen;
use super::*;
use crate::store::journal::error::Damage;

use std::collections::BTreeMap;
use std::fs;
use tempfile::TempDir;

/// The journal's files as they are, without the lock.
pub(super) type Files = BTreeMap<PathBuf, Vec<u8>>;

pub(super) fn files_of(directory: &Path) -> Files {
    let paths = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    paths
        .filter(|path| path.extension().is_some_and(|ending| ending == "journal"))
        .map(|path| (path.clone(), fs::read(path).unwrap()))
        .collect()
}

/// Puts the files back as they were, and no others.
pub(super) fn restore(directory: &Path, files: &Files) {
    for path in files_of(directory).into_keys().filter(|path| !files.contains_key(path)) {
        fs::remove_file(path).unwrap();
    }
    for (path, bytes) in files {
        fs::write(path, bytes).unwrap();
    }
}

/// Expects that opening names this damage and changes nothing.
pub(super) fn expect_damage(directory: &Path, acknowledged: u64, expected: &str) {
    let before = files_of(directory);
    let error = reopen(directory, acknowledged).unwrap_err();
    assert!(matches!(error, JournalError::Damaged { .. }), "{error}");
    assert!(error.to_string().contains(expected), "{error}, expected {expected}");
    assert!(files_of(directory) == before, "{error}, but files changed");
}

/// Two segments: records 1 to 4 and 5 to 7.
pub(super) fn two_segments(directory: &Path) -> (Vec<Appended>, Files) {
    let contents = ["first one", "second", "third", &"4".repeat(120), "fifth", "sixth", "seventh"];
    let appended = journal_of(directory, &contents);
    let segments: Vec<u64> = appended.iter().map(|one| one.position.segment).collect();
    assert_eq!(segments, [1, 1, 1, 1, 5, 5, 5]);
    (appended, files_of(directory))
}

#[test]
fn a_flipped_byte_is_never_answered_as_other_data() {
    let directory = TempDir::new().unwrap();
    let (appended, files) = two_segments(directory.path());
    let right = contents_of(directory.path()).unwrap();
    let last = appended[6].position;
    for (path, bytes) in &files {
        for place in 0..bytes.len() {
            for flip in [0x80, bytes[place].max(1)] {
                let mut flipped = bytes.clone();
                flipped[place] ^= flip;
                fs::write(path, &flipped).unwrap();
                let what = format!("{} byte {place} flip {flip}", path.display());
                let is_last = path.ends_with("00000000000000000005.journal")
                    && last.offset <= u64::try_from(place).unwrap();
                check_walk(directory.path(), is_last, &right, &what);
                // Opening does not read so far back; some such places are enough.
                if place < 64 || place % 16 == 0 || path.ends_with("00000000000000000005.journal") {
                    check_open(directory.path(), is_last, &what);
                }
                check_positions(directory.path(), &appended, &right, &what);
                restore(directory.path(), &files);
            }
        }
    }
}

/// A walk names the damage; it may only pass over a torn last record in silence.
fn check_walk(directory: &Path, is_last: bool, right: &[String], what: &str) {
    match contents_of(directory) {
        Err(JournalError::Damaged { .. }) => {}
        Ok(walked) if is_last => assert_eq!(walked, right[..6], "{what}"),
        other => panic!("{what}: {other:?}"),
    }
}

/// Only a flip in the last record may be cut, and only if that record was not acknowledged.
fn check_open(directory: &Path, is_last: bool, what: &str) {
    let before = files_of(directory);
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
    let reader = Reader::new(directory, &Options::default());
    for (one, content) in appended.iter().zip(right) {
        if let Ok(record) = reader.read(one.position) {
            assert_eq!(record.content, content.as_bytes(), "{what}");
            assert_eq!(record.digest, one.digest, "{what}");
        }
    }
}

#[test]
fn bad_bytes_before_a_whole_record_of_a_later_group_are_no_torn_tail() {
    let directory = TempDir::new().unwrap();
    let (mut journal, _) = Journal::open(directory.path(), Options::default(), 0).unwrap();
    // The whole record behind the bad one lies across two reading windows.
    let appended = journal.append(&[b"one".to_vec(), vec![b'x'; 262_061]]).unwrap();
    journal.append(&group(&["three"])).unwrap();
    drop(journal);
    let path = path_of(directory.path(), 1);
    let whole = fs::read(&path).unwrap();
    let bad = usize::try_from(appended[1].position.offset).unwrap();
    for (place, byte) in [(bad, 7), (bad + 3, 0xff), (bad + 8, 9), (bad + 5_000, 0)] {
        let mut bytes = whole.clone();
        bytes[place] = byte;
        fs::write(&path, &bytes).unwrap();
        expect_damage(directory.path(), 0, "at byte `123`");
        assert!(contents_of(directory.path()).is_err());
    }
    let mut bytes = whole.clone();
    bytes[bad..bad + 56].fill(0);
    fs::write(&path, &bytes).unwrap();
    expect_damage(directory.path(), 0, "other than zero");
}

#[test]
fn a_bad_record_is_damage_if_a_later_group_or_an_acknowledgement_shows_that_it_was_synced() {
    let directory = TempDir::new().unwrap();
    let (mut journal, _) = Journal::open(directory.path(), Options::default(), 0).unwrap();
    let mut appended = journal.append(&group(&["one", "two", "three"])).unwrap();
    appended.extend(journal.append(&group(&["four", "five", "six"])).unwrap());
    drop(journal);
    let path = path_of(directory.path(), 1);
    let whole = fs::read(&path).unwrap();
    // The bad record, what was acknowledged, and how many records are left; `None` for damage.
    let cases = [
        (1, 0, None),
        (2, 0, None),
        (3, 0, None),
        (4, 0, Some(3)),
        (4, 3, Some(3)),
        (4, 4, None),
        (5, 3, Some(4)),
        (5, 6, None),
        (6, 3, Some(5)),
        (6, 6, None),
    ];
    for (bad, acknowledged, left) in cases {
        let mut bytes = whole.clone();
        bytes[usize::try_from(appended[bad - 1].position.offset).unwrap() + 57] ^= 1;
        fs::write(&path, &bytes).unwrap();
        match left {
            None => expect_damage(directory.path(), acknowledged, "the checksum does not fit"),
            Some(left) => {
                let opened = reopen(directory.path(), acknowledged).unwrap();
                assert_eq!((opened.records, opened.cut.is_some()), (left, true), "{bad}");
            }
        }
    }
}

#[test]
fn a_bad_header_before_whole_records_is_no_partly_created_segment() {
    let directory = TempDir::new().unwrap();
    two_segments(directory.path());
    let path = path_of(directory.path(), 5);
    let mut bytes = fs::read(&path).unwrap();
    bytes[30] ^= 1;
    fs::write(&path, &bytes).unwrap();
    expect_damage(directory.path(), 0, "the header is not whole");
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
        (put_bytes(4, 4, &Digest::GENESIS), "sequence `4`, expected `3`"),
        (put_bytes(2, 2, &Digest::GENESIS), "sequence `2`, expected `3`"),
        (put_bytes(3, 0, &Digest::GENESIS), "its group begins with sequence `0`"),
        (put_bytes(3, 1, &Digest::GENESIS), "its group begins with sequence `1`"),
        (put_bytes(3, 4, &Digest::GENESIS), "its group begins with sequence `4`"),
        (put_bytes(3, 2, &Digest::GENESIS), "does not follow from the digest"),
        (put_bytes(3, 3, &Digest::GENESIS), "does not follow from the digest"),
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

pub(super) fn put_bytes(sequence: u64, group: u64, previous: &Digest) -> Vec<u8> {
    let mut bytes = Vec::new();
    put(&mut bytes, (sequence, group), previous, b"content", &Seal::NONE).unwrap();
    bytes
}

#[test]
fn a_segment_that_does_not_go_on_from_the_one_before_is_found_by_a_walk() {
    let directory = TempDir::new().unwrap();
    two_segments(directory.path());
    let path = path_of(directory.path(), 1);
    let bytes = fs::read(&path).unwrap();
    // The fourth record is cut off cleanly: opening does not read so far back.
    fs::write(&path, &bytes[..bytes.len() - 176]).unwrap();
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
    let header = Header { first: 5, before: 1, previous: Digest::GENESIS, is_sealed: false };
    fs::write(path_of(directory.path(), 5), header.to_bytes()).unwrap();
    let error = contents_of(directory.path()).unwrap_err();
    assert!(error.to_string().contains(&Damage::HeaderDigest.to_string()), "{error}");
}

#[test]
fn a_format_of_a_later_version_is_left_alone() {
    let directory = TempDir::new().unwrap();
    let mut header = Header::GENESIS.to_bytes();
    header[8] = 3;
    let checksum = crc32fast::hash(&header[..60]).to_le_bytes();
    header[60..].copy_from_slice(&checksum);
    fs::write(path_of(directory.path(), 1), &header).unwrap();
    expect_damage(directory.path(), 0, "version `3`");
}
