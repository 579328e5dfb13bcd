//! Flipped bytes of the journal, each one, and journals cut short after a clean close.

use super::Small;
use super::segments;
use super::small;
use super::small_in;
use crate::faults::random::Random;
use crate::faults::say;
use crate::faults::server::Home;
use crate::faults::setting;
use crate::files::copy;
use onestop::store::Store;
use onestop::store::StoreOptions;
use onestop::store::journal::Journal;
use onestop::store::journal::Opened;
use onestop::store::journal::Options;
use onestop::store::journal::error::JournalError;
use onestop::store::journal::walk::walk;

use std::fs;
use std::path::Path;

/// In the clear, and sealed, where what was flipped is nothing that could be answered.
#[test]
fn every_flipped_byte_of_the_journal_is_found_and_named() {
    for is_sealed in [false, true] {
        flip_each(is_sealed);
    }
}

fn flip_each(is_sealed: bool) {
    let small = small_in(Home::in_memory().sealed(is_sealed), true);
    let random = &mut Random::new(3);
    let acknowledged = u64::try_from(small.records.len()).unwrap();
    let stride = setting("FLIP_STRIDE", 37, 1);
    let scratch = Home::in_memory();
    let directory = scratch.store();
    let (mut flips, mut at_open) = (0, 0);
    for segment in segments(&small.home.store()) {
        let bytes = fs::read(&segment).unwrap();
        let mut place = random.below(stride);
        while place < bytes.len() {
            // Opening writes to the last segment, so all begin anew.
            copy(&small.home.store().join("journal"), &directory);
            let mut flipped = bytes.clone();
            flipped[place] ^= [1, 0x80, 0xff, 0x10][random.below(4)];
            let path = directory.join(segment.file_name().unwrap());
            fs::write(&path, &flipped).unwrap();
            let opened = open_alone(&directory, &small.home, acknowledged);
            at_open += usize::from(opened.is_err());
            let error = match opened {
                Err(error) => error,
                Ok(_) => damage_of(&directory, &small),
            };
            expect_named(&error, &path, place);
            flips += 1;
            place += stride;
        }
    }
    say(&format!(
        "flipped bytes of the journal (sealed: {is_sealed}): {flips}, refused at opening {at_open}, found by a walk {}, answered as data 0",
        flips - at_open
    ));
}

/// Opens a journal whose lock a process that another test is starting may still hold a copy of, between fork and exec.
fn open_alone(
    directory: &Path,
    home: &Home,
    acknowledged: u64,
) -> Result<(Journal, Opened), JournalError> {
    let open = || {
        let options = Options { seal: home.seal(), ..Options::default() };
        Journal::open(directory, options, acknowledged)
    };
    let mut opened = open();
    for _ in 0..200 {
        if !matches!(opened, Err(JournalError::Locked { .. })) {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
        opened = open();
    }
    opened
}

/// What a walk ends with; whatever it reads before is as it was written.
fn damage_of(directory: &Path, small: &Small) -> JournalError {
    let mut expected = small.records.iter();
    for walked in walk(directory, &small.home.seal(), 1).unwrap() {
        match walked {
            Ok((record, _)) => assert_eq!(Some(&record), expected.next()),
            Err(error) => return error,
        }
    }
    panic!("nothing was found");
}

/// A damage is named by file, and by an offset that is not behind it.
fn expect_named(error: &JournalError, path: &Path, place: usize) {
    match error {
        JournalError::Damaged { file, offset, .. } => {
            // A header names the segment before it, so a flip there can show at the next one's beginning.
            let is_here = file == path && usize::try_from(*offset).unwrap() <= place;
            assert!(is_here, "byte {place} of {path:?}: {error}");
        }
        other => panic!("byte {place} of {path:?}: {other:?}"),
    }
}

#[test]
fn a_journal_cut_short_after_a_clean_close_is_refused() {
    let small = small(true);
    let last = segments(&small.home.store()).pop().unwrap();
    let bytes = fs::read(&last).unwrap();
    let random = &mut Random::new(4);
    let stride = setting("CUT_STRIDE", 300, 7);
    let mut lengths: Vec<usize> = (0..bytes.len()).step_by(stride).collect();
    lengths.extend([1, 63, 64, 65, bytes.len() - 1]);
    lengths.push(random.below(bytes.len()));
    for length in &lengths {
        let copy = small.home.copy();
        let path = copy.store().join("journal").join(last.file_name().unwrap());
        fs::write(&path, &bytes[..*length]).unwrap();
        // Without its header the segment is not there, and the one before it is where the journal ends.
        let all = segments(&small.home.store());
        let ends = if *length < 64 { &all[all.len() - 2] } else { &last };
        let path = copy.store().join("journal").join(ends.file_name().unwrap());
        expect_refused(&copy, &path, &format!("cut to {length}"));
    }
    let copy = small.home.copy();
    let path = copy.store().join("journal").join(last.file_name().unwrap());
    fs::remove_file(&path).unwrap();
    expect_refused(&copy, &segments(&copy.store()).pop().unwrap(), "removed");
    fs::remove_dir_all(copy.store().join("journal")).unwrap();
    expect_refused(&copy, &copy.store().join("journal"), "all removed");
    let count = lengths.len() + 2;
    say(&format!("journals cut short after a clean close: {count}, refused {count}"));
}

/// Opening is refused in words that name the file, also when it is tried again and when the index is gone.
fn expect_refused(home: &Home, path: &Path, situation: &str) {
    for _ in 0..2 {
        let error = Store::open(&home.store(), StoreOptions::default()).unwrap_err();
        let said = onestop::store::fault::chain(&error);
        assert!(said.contains("journal damaged"), "{situation}: {said}");
        assert!(said.contains(path.to_str().unwrap()), "{situation}: {said}");
        let _ = fs::remove_dir_all(home.store().join("index"));
    }
}
