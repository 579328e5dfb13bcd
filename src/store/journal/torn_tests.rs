//! What a crash leaves behind the last record is cut off and said, or read over by a walk.

use super::damage_tests::expect_damage;
use super::damage_tests::files_of;
use super::damage_tests::put_bytes;
use super::damage_tests::restore;
use super::damage_tests::two_segments;
use super::tests::SMALL;
use super::tests::contents_of;
use super::tests::group;
use super::tests::journal_of;
use super::tests::reopen;
use super::*;
use crate::store::journal::error::Damage;
use crate::store::journal::scan::Scan;
use crate::store::journal::scan::Step;
use crate::store::journal::scan::later_group_stands_within;
use crate::store::journal::walk::walk;

use std::fs;
use std::ops::Range;
use tempfile::TempDir;

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
        let complaint = if left == 0 { "`7` was acknowledged" } else { "cut short" };
        expect_damage(directory.path(), 7, complaint);
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
fn zeros_behind_the_records_are_the_end() {
    let directory = TempDir::new().unwrap();
    for zeros in [1, 3, 4, 55, 56, 57, 4096, 600_000] {
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
fn a_group_of_which_only_some_sectors_reached_the_zeros_is_torn() {
    const SECTOR: usize = 512;
    let directory = TempDir::new().unwrap();
    let killed = TempDir::new().unwrap();
    let options = Options { segment_bytes_max: 8192, ..SMALL };
    let (mut journal, _) = Journal::open(directory.path(), options.clone(), 0).unwrap();
    journal.append(&group(&["one"])).unwrap();
    let contents: Vec<String> = (0..4).map(|one| one.to_string().repeat(700)).collect();
    let contents: Vec<&str> = contents.iter().map(String::as_str).collect();
    let begin = usize::try_from(journal.newest.end).unwrap();
    journal.append(&group(&contents)).unwrap();
    let end = usize::try_from(journal.newest.end).unwrap();
    let whole = fs::read(path_of(directory.path(), 1)).unwrap();
    let sectors: Vec<Range<usize>> = (begin / SECTOR..end.div_ceil(SECTOR))
        .map(|sector| begin.max(sector * SECTOR)..end.min((sector + 1) * SECTOR))
        .collect();
    for arrived in 0..1_u32 << sectors.len().min(7) {
        let mut bytes = whole.clone();
        for (place, sector) in sectors.iter().enumerate() {
            if arrived & (1 << place) == 0 {
                bytes[sector.clone()].fill(0);
            }
        }
        fs::write(path_of(killed.path(), 1), &bytes).unwrap();
        let (mut journal, opened) = Journal::open(killed.path(), options.clone(), 1).unwrap();
        // Whole records at the beginning of the group may stand; nobody was told that they do.
        assert!((1..=5).contains(&opened.records), "{arrived:b}: {opened:?}");
        let behind = usize::try_from(journal.newest.end).unwrap();
        assert_eq!(opened.cut.is_some(), bytes[behind..].iter().any(|byte| *byte != 0));
        journal.append(&group(&["next"])).unwrap();
        drop(journal);
        let read = contents_of(killed.path()).unwrap();
        assert_eq!(read.first().zip(read.last()), Some((&"one".to_owned(), &"next".to_owned())));
    }
}

#[test]
fn bytes_that_only_look_like_a_record_are_part_of_the_torn_tail() {
    let directory = TempDir::new().unwrap();
    journal_of(directory.path(), &["one"]);
    let path = path_of(directory.path(), 1);
    let mut bytes = fs::read(&path).unwrap();
    let mut record = put_bytes(3, 3, &Digest::GENESIS);
    if let Some(last) = record.last_mut() {
        *last ^= 1;
    }
    bytes.extend_from_slice(&[7; 60]);
    bytes.extend_from_slice(&record);
    fs::write(&path, &bytes).unwrap();
    let cut = reopen(directory.path(), 1).unwrap().cut.unwrap();
    assert_eq!(cut.bytes, 60 + u64::try_from(record.len()).unwrap());
}

#[test]
fn a_record_that_was_being_written_fits_when_it_is_read_again() {
    let directory = TempDir::new().unwrap();
    let appended = journal_of(directory.path(), &["one", "two", "three"]);
    let path = path_of(directory.path(), 1);
    let whole = fs::read(&path).unwrap();
    let second = usize::try_from(appended[1].position.offset).unwrap();
    fs::write(&path, &whole[..second + 50]).unwrap();
    let mut scan =
        Scan::begin(fs::File::open(&path).unwrap(), Header::GENESIS, &Seal::NONE).unwrap();
    assert!(matches!(scan.step().unwrap(), Step::Record(..)));
    assert!(matches!(scan.step().unwrap(), Step::Misfit(Damage::Short)));
    assert!(!scan.fits_now().unwrap());
    assert!(!scan.later_group_stands_behind().unwrap());

    fs::write(&path, &whole).unwrap();
    assert!(scan.later_group_stands_behind().unwrap());
    assert!(scan.fits_now().unwrap());
    for one in &appended[1..] {
        let Step::Record(record, position) = scan.step().unwrap() else { panic!("no record") };
        assert_eq!((record.digest, position), (one.digest, one.position));
    }
    assert!(matches!(scan.step().unwrap(), Step::End));
}

/// A group of one, then one of five over several pages: the appended, and the bytes of the second group's pages.
fn group_of_pages(directory: &Path) -> (Vec<Appended>, Vec<Range<usize>>) {
    let (mut journal, _) = Journal::open(directory, Options::default(), 0).unwrap();
    let mut appended = journal.append(&group(&["acknowledged"])).unwrap();
    let begin = usize::try_from(journal.newest.end).unwrap();
    let long = "x".repeat(5_000);
    appended.extend(journal.append(&group(&["two", &long, "four", &long, "six"])).unwrap());
    let end = usize::try_from(journal.newest.end).unwrap();
    // What stands before the group in its first page was synced before.
    let pages = (0..end).step_by(4096).map(|page| page.max(begin)..end.min(page + 4096)).collect();
    (appended, pages)
}

#[test]
fn a_group_that_lost_any_of_its_pages_before_it_was_synced_is_cut_and_said() {
    let directory = TempDir::new().unwrap();
    let (appended, pages) = group_of_pages(directory.path());
    assert_eq!(pages.len(), 3);
    let path = path_of(directory.path(), 1);
    let whole = fs::read(&path).unwrap();
    for (lost, filler) in (1..8_usize).flat_map(|lost| [(lost, 0), (lost, 0xa5)]) {
        let mut bytes = whole.clone();
        for (_, page) in pages.iter().enumerate().filter(|(index, _)| lost >> index & 1 == 1) {
            bytes[page.clone()].fill(filler);
        }
        fs::write(&path, &bytes).unwrap();
        let what = format!("pages {lost:03b} filled with {filler}");
        let mut kept = 0;
        for one in &appended {
            let begin = usize::try_from(one.position.offset).unwrap();
            let end = begin + usize::try_from(one.position.length).unwrap();
            if bytes[begin..end] != whole[begin..end] {
                break;
            }
            kept += 1;
        }
        let end = appended[kept].position.offset;
        let tail = &bytes[usize::try_from(end).unwrap()..];
        let torn = TornTail { segment: 1, offset: end, bytes: u64::try_from(tail.len()).unwrap() };
        // The first that is missing was not acknowledged, or else nothing is cut.
        expect_damage(directory.path(), appended[kept].sequence, "at byte");
        let walked = contents_of(directory.path()).unwrap();
        assert_eq!(walked.len(), kept, "{what}");

        let (mut journal, opened) = Journal::open(directory.path(), Options::default(), 1).unwrap();
        // Nothing but zeros is the end of a segment as it should be.
        assert_eq!(opened.cut, tail.iter().any(|byte| *byte != 0).then_some(torn), "{what}");
        assert_eq!(journal.head().digest, appended[kept - 1].digest, "{what}");
        journal.append(&group(&["next"])).unwrap();
        drop(journal);
        assert_eq!(contents_of(directory.path()).unwrap().len(), kept + 1, "{what}");
    }
}

#[test]
fn whole_records_of_the_same_group_behind_a_bad_one_are_cut_with_it() {
    let directory = TempDir::new().unwrap();
    let (mut journal, _) = Journal::open(directory.path(), Options::default(), 0).unwrap();
    let appended = journal.append(&group(&["one", "two", "three"])).unwrap();
    drop(journal);
    let path = path_of(directory.path(), 1);
    let whole = fs::read(&path).unwrap();
    for (kept, one) in appended.iter().enumerate() {
        let bad = usize::try_from(one.position.offset).unwrap();
        for (place, byte) in [(bad, 7), (bad + 3, 0xff), (bad + 8, 9), (bad + 57, 0)] {
            let mut bytes = whole.clone();
            bytes[place] = byte;
            fs::write(&path, &bytes).unwrap();
            expect_damage(directory.path(), one.sequence, "at byte");
            let opened = reopen(directory.path(), one.sequence - 1).unwrap();
            let bytes = u64::try_from(whole.len() - bad).unwrap();
            let torn = TornTail { segment: 1, offset: one.position.offset, bytes };
            assert_eq!(opened.cut, Some(torn));
            assert_eq!(contents_of(directory.path()).unwrap().len(), kept);
        }
    }
}

#[test]
fn a_search_that_would_take_too_long_cuts_nothing() {
    let directory = TempDir::new().unwrap();
    let path = directory.path().join("many places that look like a record");
    let mut record = put_bytes(3, 3, &Digest::GENESIS);
    if let Some(last) = record.last_mut() {
        *last ^= 1;
    }
    fs::write(&path, record.repeat(10)).unwrap();
    let file = File::open(&path).unwrap();
    // Each of them counts 4,096 bytes and the 7 of its content.
    for (limit, expected) in [(4103 * 10, false), (4103 * 10 - 1, true), (0, true)] {
        assert_eq!(later_group_stands_within(&file, 0, 2, limit).unwrap(), expected, "{limit}");
    }
    // None of them is of a group that begins behind 3.
    assert!(!later_group_stands_within(&file, 0, 3, 0).unwrap());
}

#[test]
fn a_segment_that_was_only_partly_created_is_removed_and_said() {
    let directory = TempDir::new().unwrap();
    let (_, files) = two_segments(directory.path());
    let path = path_of(directory.path(), 8);
    let header =
        Header { first: 8, before: 5, previous: Digest::GENESIS, is_sealed: false }.to_bytes();
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
fn a_walk_says_where_it_ended_and_what_was_torn() {
    let directory = TempDir::new().unwrap();
    let (appended, _) = two_segments(directory.path());
    let path = path_of(directory.path(), 5);
    let bytes = fs::read(&path).unwrap();
    fs::write(&path, &bytes[..bytes.len() - 1]).unwrap();
    let mut walk = walk(directory.path(), &Seal::NONE, 6).unwrap();
    assert_eq!(walk.by_ref().count(), 1);
    assert_eq!(walk.head().map(|head| head.digest), Some(appended[5].digest));
    assert_eq!(
        walk.torn().map(|torn| torn.bytes),
        Some(u64::from(appended[6].position.length) - 1)
    );
}
