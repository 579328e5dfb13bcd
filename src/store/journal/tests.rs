//! What the journal promises when nothing is damaged, and when writing fails. Damage and torn tails have files of their own.

use super::*;
use crate::store::journal::error::Damage;
use crate::store::journal::record::Record;
use crate::store::journal::walk::walk;

use std::fs;
use std::thread;
use tempfile::TempDir;

/// Options under which every group of more than a few records begins a segment.
pub(super) const SMALL: Options =
    Options { segment_bytes_max: 440, reader_files_max: 2, seal: Seal::NONE };

/// Opens, or says why not.
pub(super) fn reopen(directory: &Path, acknowledged: u64) -> Result<Opened, JournalError> {
    Journal::open(directory, SMALL, acknowledged).map(|(_, opened)| opened)
}

/// A journal of these contents, one a group.
pub(super) fn journal_of(directory: &Path, contents: &[&str]) -> Vec<Appended> {
    let (mut journal, _) = Journal::open(directory, SMALL, 0).unwrap();
    contents
        .iter()
        .flat_map(|content| journal.append(&[content.as_bytes().to_vec()]).unwrap())
        .collect()
}

/// All contents, or the first thing that does not fit.
pub(super) fn contents_of(directory: &Path) -> Result<Vec<String>, JournalError> {
    walk(directory, &Seal::NONE, 0)?
        .map(|item| item.map(|(record, _)| String::from_utf8(record.content).unwrap()))
        .collect()
}

pub(super) fn group(contents: &[&str]) -> Vec<Vec<u8>> {
    contents.iter().map(|content| content.as_bytes().to_vec()).collect()
}

#[test]
fn what_was_appended_is_read_back_by_position_and_in_order() {
    let directory = TempDir::new().unwrap();
    let (mut journal, opened) = Journal::open(directory.path(), Options::default(), 0).unwrap();
    assert_eq!(opened, Opened { cut: None, records: 0, segments: 1, rewritten_bytes: 0 });
    assert_eq!(journal.head(), Head { sequence: 0, digest: Digest::GENESIS });

    let appended = journal.append(&group(&["one", "two", "three"])).unwrap();
    let walked: Vec<(Record, Position)> =
        walk(directory.path(), &Seal::NONE, 0).unwrap().collect::<Result<_, _>>().unwrap();
    assert_eq!(walked.len(), 3);
    let mut previous = Digest::GENESIS;
    for ((record, position), appended) in walked.iter().zip(&appended) {
        assert_eq!(journal.reader().read(appended.position).unwrap(), *record);
        assert_eq!((appended.sequence, appended.digest), (record.sequence, record.digest));
        assert_eq!(appended.position, *position);
        assert_eq!(record.previous, previous);
        assert_eq!(record.digest, Digest::of(&previous, record.sequence, &record.content));
        previous = record.digest;
    }
    assert_eq!(journal.head(), Head { sequence: 3, digest: previous });
}

#[test]
fn each_record_names_the_first_of_its_group_and_its_digest_does_not_depend_on_it() {
    let cases: [(&[usize], [u64; 4]); 3] =
        [(&[4], [1, 1, 1, 1]), (&[1, 2, 1], [1, 2, 2, 4]), (&[2, 2], [1, 1, 3, 3])];
    let mut heads = Vec::new();
    for (lengths, expected) in cases {
        let directory = TempDir::new().unwrap();
        let (mut journal, _) = Journal::open(directory.path(), SMALL, 0).unwrap();
        let contents = group(&["one", "two", "three", "four"]);
        let mut rest = contents.as_slice();
        for length in lengths {
            let (contents, behind) = rest.split_at(*length);
            journal.append(contents).unwrap();
            rest = behind;
        }
        let groups: Vec<u64> = walk(directory.path(), &Seal::NONE, 0)
            .unwrap()
            .map(|item| item.unwrap().0.group)
            .collect();
        assert_eq!(groups, expected);
        heads.push(journal.head());
    }
    assert!(heads.iter().all(|head| *head == heads[0]));
}

#[test]
fn a_journal_goes_on_where_it_was_closed() {
    let directory = TempDir::new().unwrap();
    let first = journal_of(directory.path(), &["one", "two"]);
    let (mut journal, opened) = Journal::open(directory.path(), SMALL, 2).unwrap();
    assert_eq!((opened.records, opened.rewritten_bytes), (2, 0));
    assert_eq!(journal.head().digest, first[1].digest);
    journal.append(&group(&["three"])).unwrap();
    assert_eq!(contents_of(directory.path()).unwrap(), ["one", "two", "three"]);
}

#[test]
fn segments_follow_each_other_and_no_group_is_split() {
    let directory = TempDir::new().unwrap();
    let (mut journal, _) = Journal::open(directory.path(), SMALL, 0).unwrap();
    let long = "x".repeat(300);
    let groups = [group(&["a", "b"]), group(&[&long, &long, &long]), group(&["c"])];
    let mut segments = Vec::new();
    for contents in &groups {
        let appended = journal.append(contents).unwrap();
        assert!(appended.iter().all(|one| one.position.segment == appended[0].position.segment));
        segments.push(appended[0].position.segment);
    }
    assert_eq!(segments, [1, 3, 6]);
    drop(journal);
    let opened = reopen(directory.path(), 6).unwrap();
    assert_eq!((opened.records, opened.segments), (6, 3));
    assert_eq!(contents_of(directory.path()).unwrap(), ["a", "b", &long, &long, &long, "c"]);
}

#[test]
fn a_walk_begins_at_any_sequence() {
    let directory = TempDir::new().unwrap();
    let names: Vec<String> = (1..=20).map(|number| format!("record {number}")).collect();
    let names: Vec<&str> = names.iter().map(String::as_str).collect();
    journal_of(directory.path(), &names);
    for from in 0..25_u64 {
        let sequences: Vec<u64> = walk(directory.path(), &Seal::NONE, from)
            .unwrap()
            .map(|item| item.unwrap().0.sequence)
            .collect();
        assert_eq!(sequences, (from.max(1)..=20).collect::<Vec<u64>>());
    }
}

#[test]
fn an_empty_group_writes_nothing() {
    let directory = TempDir::new().unwrap();
    let (mut journal, _) = Journal::open(directory.path(), SMALL, 0).unwrap();
    assert_eq!(journal.append::<Vec<u8>>(&[]).unwrap(), []);
    assert_eq!(journal.head().sequence, 0);
    assert_eq!(fs::metadata(path_of(directory.path(), 1)).unwrap().len(), HEADER_BYTES);
}

#[test]
fn what_no_record_or_group_can_hold_is_refused_before_anything_is_written() {
    let directory = TempDir::new().unwrap();
    let (mut journal, _) = Journal::open(directory.path(), SMALL, 0).unwrap();
    let longest = vec![b'x'; RECORD_BYTES_MAX];
    let cases = [
        (vec![vec![1], vec![]], "content `1` of the group is empty"),
        (vec![vec![1; RECORD_BYTES_MAX + 1]], "has `16777217` bytes"),
        (vec![longest.clone(); 4], "more than one write"),
    ];
    for (contents, complaint) in cases {
        let error = journal.append(&contents).unwrap_err();
        assert!(error.to_string().contains(complaint), "{error}");
        assert!(error.certainly_not_written());
    }
    let appended = journal.append(std::slice::from_ref(&longest)).unwrap();
    assert_eq!(appended[0].sequence, 1);
    assert!(journal.reader().read(appended[0].position).unwrap().content == longest);
}

#[test]
fn a_second_writer_is_kept_out_until_the_first_is_gone() {
    let directory = TempDir::new().unwrap();
    let (journal, _) = Journal::open(directory.path(), SMALL, 0).unwrap();
    let error = reopen(directory.path(), 0).unwrap_err();
    assert!(matches!(error, JournalError::Locked { .. }), "{error}");
    drop(journal);
    reopen(directory.path(), 0).unwrap();
}

#[test]
fn a_reader_with_few_files_reads_many_segments_from_many_threads() {
    let directory = TempDir::new().unwrap();
    let long = "x".repeat(200);
    let appended = journal_of(directory.path(), &[long.as_str(); 20]);
    let reader = Reader::new(directory.path(), &SMALL);
    thread::scope(|scope| {
        for _ in 0..4 {
            let (reader, appended) = (reader.clone(), &appended);
            scope.spawn(move || {
                for one in appended.iter().chain(appended.iter().rev()) {
                    assert_eq!(reader.read(one.position).unwrap().digest, one.digest);
                }
            });
        }
    });
}

#[test]
fn a_position_at_which_no_record_stands_is_refused() {
    let directory = TempDir::new().unwrap();
    let right = journal_of(directory.path(), &["one", "two"])[0].position;
    let reader = Reader::new(directory.path(), &SMALL);
    let cases = [
        Position { offset: 0, ..right },
        Position { offset: right.offset + 1, ..right },
        Position { offset: u64::MAX, ..right },
        Position { offset: 10_000, ..right },
        Position { length: 0, ..right },
        Position { length: 56, ..right },
        Position { length: right.length - 1, ..right },
        Position { length: u32::MAX, ..right },
        Position { segment: 2, ..right },
    ];
    for position in cases {
        assert!(reader.read(position).is_err(), "{position:?}");
    }
    reader.read(right).unwrap();
}

#[test]
fn a_walk_beside_a_writer_sees_whole_records_only() {
    let directory = TempDir::new().unwrap();
    let options = Options { segment_bytes_max: 200_000, reader_files_max: 2, seal: Seal::NONE };
    let (mut journal, _) = Journal::open(directory.path(), options, 0).unwrap();
    let contents = vec![vec![b'x'; 9_000]; 7];
    thread::scope(|scope| {
        let writer = scope.spawn(move || {
            (0..40).for_each(|_| assert_eq!(journal.append(&contents).unwrap().len(), 7));
        });
        while !writer.is_finished() {
            for item in walk(directory.path(), &Seal::NONE, 0).unwrap() {
                assert_eq!(item.unwrap().0.content.len(), 9_000);
            }
        }
    });
    assert_eq!(walk(directory.path(), &Seal::NONE, 0).unwrap().count(), 280);
}

#[test]
fn a_failed_sync_closes_the_journal_until_it_is_opened_again() {
    let directory = TempDir::new().unwrap();
    let (mut journal, _) = Journal::open(directory.path(), SMALL, 0).unwrap();
    journal.append(&group(&["one"])).unwrap();
    // This device takes every write and cannot be synced.
    journal.newest.file = File::options().write(true).open("/dev/null").unwrap();
    let error = journal.append(&group(&["two"])).unwrap_err();
    assert!(matches!(error, JournalError::Sync(_)), "{error}");
    assert!(!error.certainly_not_written());
    let error = journal.append(&group(&["three"])).unwrap_err();
    assert!(matches!(error, JournalError::Poisoned), "{error}");
    assert!(error.certainly_not_written());
    assert_eq!(journal.head().sequence, 1);
    drop(journal);
    assert_eq!(reopen(directory.path(), 1).unwrap().records, 1);
}

#[test]
fn a_failed_write_that_cannot_be_undone_is_undone_before_anything_is_written() {
    let directory = TempDir::new().unwrap();
    let (mut journal, _) = Journal::open(directory.path(), SMALL, 0).unwrap();
    journal.append(&group(&["one"])).unwrap();
    let path = path_of(directory.path(), 1);
    // This device is always full and has no length.
    let full = File::options().write(true).open("/dev/full").unwrap();
    let file = std::mem::replace(&mut journal.newest.file, full);
    let error = journal.append(&group(&["two"])).unwrap_err();
    assert!(matches!(error, JournalError::NotCutOff(_)), "{error}");
    assert!(!error.certainly_not_written());
    // As if a whole record of it had been written.
    let mut bytes = fs::read(&path).unwrap();
    bytes.truncate(usize::try_from(journal.newest.end).unwrap());
    file.write_all_at(&journal.group.clone(), journal.newest.end).unwrap();
    let error = journal.append(&group(&["three"])).unwrap_err();
    assert!(matches!(error, JournalError::Io { .. }), "{error}");
    assert!(journal.has_leftover() && !journal.is_closed_to_writing());
    journal.newest.file = file;
    journal.undo().unwrap();
    assert_eq!(fs::read(&path).unwrap(), bytes);
    assert_eq!(journal.append(&group(&["three"])).unwrap()[0].sequence, 2);
    drop(journal);
    assert_eq!(reopen(directory.path(), 2).unwrap().records, 2);
}

#[test]
fn a_group_is_written_over_zeros_that_no_closed_segment_keeps() {
    let directory = TempDir::new().unwrap();
    let options = Options { segment_bytes_max: 4096, ..SMALL };
    let path = |first| path_of(directory.path(), first);
    let length = |first| fs::metadata(path(first)).unwrap().len();
    let (mut journal, _) = Journal::open(directory.path(), options.clone(), 0).unwrap();
    let mut end = HEADER_BYTES;
    for _ in 0..3 {
        end += u64::from(journal.append(&group(&["one"])).unwrap()[0].position.length);
        assert_eq!(length(1), 4096);
        let bytes = fs::read(path(1)).unwrap();
        assert!(bytes[usize::try_from(end).unwrap()..].iter().all(|byte| *byte == 0));
    }
    let killed = TempDir::new().unwrap();
    fs::copy(path(1), path_of(killed.path(), 1)).unwrap();

    // A group that needs more room goes on in a segment of its own.
    let long = journal.append(&group(&[&"x".repeat(4000)])).unwrap()[0].position;
    assert_eq!(length(1), end);
    let last = journal.append(&group(&["five"])).unwrap()[0].position;
    drop(journal);
    for position in [long, last] {
        assert_eq!(length(position.segment), HEADER_BYTES + u64::from(position.length));
    }
    assert_eq!(contents_of(directory.path()).unwrap().len(), 5);

    // Where the process was killed they stay, and are the end.
    let (mut journal, opened) = Journal::open(killed.path(), options, 3).unwrap();
    assert_eq!((opened.cut, opened.records), (None, 3));
    assert_eq!(journal.append(&group(&["four"])).unwrap()[0].position.offset, end);
    drop(journal);
    assert_eq!(contents_of(killed.path()).unwrap(), ["one", "one", "one", "four"]);
}

#[test]
fn zeros_that_find_no_room_hold_nothing_up() {
    let directory = TempDir::new().unwrap();
    let (mut journal, _) = Journal::open(directory.path(), Options::default(), 0).unwrap();
    // This device takes nothing.
    let full = File::options().write(true).open("/dev/full").unwrap();
    let file = std::mem::replace(&mut journal.newest.file, full);
    journal.prepare(HEADER_BYTES);
    journal.newest.file = file;
    assert_eq!(journal.newest.prepared, HEADER_BYTES);
    journal.append(&group(&["one"])).unwrap();
    assert!(journal.newest.end < journal.newest.prepared);
}

#[test]
fn what_was_cut_off_but_not_synced_closes_the_journal() {
    let directory = TempDir::new().unwrap();
    let (mut journal, _) = Journal::open(directory.path(), SMALL, 0).unwrap();
    journal.leftover = Some(Leftover::Segment(directory.path().join("missing")));
    // Names that cannot be synced, as of a file system that is read-only by now.
    let place = std::mem::replace(&mut journal.directory, PathBuf::from("/proc/self"));
    assert!(matches!(journal.append(&group(&["one"])), Err(JournalError::Sync(_))));
    assert!(journal.is_closed_to_writing());
    journal.directory = place;
    assert!(matches!(journal.append(&group(&["one"])), Err(JournalError::Poisoned)));
    assert!(matches!(journal.undo(), Err(JournalError::Poisoned)));
}

#[test]
fn a_segment_that_cannot_be_created_leaves_the_journal_open() {
    let directory = TempDir::new().unwrap();
    let (mut journal, _) = Journal::open(directory.path(), SMALL, 0).unwrap();
    let long = "x".repeat(300);
    journal.append(&group(&[&long])).unwrap();
    let in_the_way = path_of(directory.path(), 2);
    fs::create_dir(&in_the_way).unwrap();
    let error = journal.append(&group(&[&long])).unwrap_err();
    assert!(matches!(error, JournalError::Write(_)), "{error}");
    assert!(error.certainly_not_written());
    fs::remove_dir(&in_the_way).unwrap();
    assert_eq!(journal.append(&group(&[&long])).unwrap()[0].sequence, 2);
}

#[test]
fn records_that_nobody_acknowledged_are_written_again() {
    let directory = TempDir::new().unwrap();
    let appended = journal_of(directory.path(), &["one", "two", "three"]);
    let end = fs::metadata(path_of(directory.path(), 1)).unwrap().len();
    let second = appended[1].position.offset;
    for (acknowledged, rewritten) in [(0, end), (1, end - second), (3, 0)] {
        let opened = reopen(directory.path(), acknowledged).unwrap();
        assert_eq!(opened.rewritten_bytes, rewritten, "{acknowledged}");
        assert_eq!(contents_of(directory.path()).unwrap(), ["one", "two", "three"]);
    }
}

#[test]
fn directories_above_are_created() {
    let above = TempDir::new().unwrap();
    let directory = above.path().join("a/b");
    let error = reopen(&directory, 1).unwrap_err();
    let damage = Damage::Acknowledged { last: 0, acknowledged: 1 };
    assert!(error.to_string().contains(&damage.to_string()), "{error}");
    assert!(!above.path().join("a").exists());
    reopen(&directory, 0).unwrap();
}
