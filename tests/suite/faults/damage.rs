//! Torn, truncated and flipped bytes in every file of a closed store: found and named, or built anew, and never answered as data.

use super::load;
use super::model::Answer;
use super::model::Model;
use super::random::Random;
use super::say;
use super::server::Environment;
use super::server::Home;
use super::server::Server;
use super::server::copy_directory;
use super::server::verify;
use super::setting;
use onestop::accumulators::AccumulatorKey;
use onestop::id::FacilityId;
use onestop::id::PersonId;
use onestop::id::RequestId;
use onestop::proto;
use onestop::proto::ledger_entry::Kind;
use onestop::store::Store;
use onestop::store::StoreOptions;
use onestop::store::journal::Journal;
use onestop::store::journal::Opened;
use onestop::store::journal::Options;
use onestop::store::journal::error::JournalError;
use onestop::store::journal::record::Record;
use onestop::store::journal::walk::walk;

use std::fs;
use std::panic::AssertUnwindSafe;
use std::panic::catch_unwind;
use std::path::Path;
use std::path::PathBuf;

/// A small store, what it holds, and what it answered.
struct Small {
    home: Home,
    model: Model,
    records: Vec<Record>,
}

fn small_segments() -> Environment {
    vec![("ONESTOP_STORE_SEGMENT_BYTES_MAX".to_owned(), "9000".to_owned())]
}

/// A few settlements and a reversal over a few segments.
fn small(is_closed: bool) -> Small {
    let (home, mut model) = (Home::in_memory(), Model::default());
    super::runtime().block_on(async {
        let server = Server::start(&home, &small_segments()).unwrap();
        let mut clients = server.connect().await;
        load::fill(&mut clients, &mut model).await;
        for number in 0..6 {
            let person = ["P0-0", "P1-0"][number % 2];
            let asked =
                load::settle(format!("s-{number}"), person, &format!("A-{number}"), 900 + number);
            model.ask(&mut clients, asked).await.unwrap();
        }
        model.ask(&mut clients, load::reverse("r".to_owned(), "A-5")).await.unwrap();
        if is_closed {
            server.stop_cleanly();
        } else {
            server.kill();
        }
    });
    let walked = walk(&home.store().join("journal"), 1).unwrap();
    let records = walked.map(|record| record.unwrap().0).collect();
    Small { home, model, records }
}

fn segments(store: &Path) -> Vec<PathBuf> {
    files(&store.join("journal"), "journal")
}

/// The files of a directory whose names end so, sorted.
fn files(directory: &Path, ending: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(directory).unwrap().map(|entry| entry.unwrap().path());
    let mut files: Vec<PathBuf> =
        entries.filter(|path| path.is_file() && path.to_str().unwrap().ends_with(ending)).collect();
    files.sort();
    files
}

#[test]
fn every_flipped_byte_of_the_journal_is_found_and_named() {
    let small = small(true);
    let random = &mut Random::new(3);
    let acknowledged = u64::try_from(small.records.len()).unwrap();
    let stride = setting("FLIP_STRIDE", 17, 1);
    let scratch = Home::in_memory();
    let directory = scratch.store();
    let (mut flips, mut at_open) = (0, 0);
    for segment in segments(&small.home.store()) {
        let bytes = fs::read(&segment).unwrap();
        let mut place = random.below(stride);
        while place < bytes.len() {
            // Opening writes to the last segment, so all begin anew.
            copy_directory(&small.home.store().join("journal"), &directory);
            let mut flipped = bytes.clone();
            flipped[place] ^= [1, 0x80, 0xff, 0x10][random.below(4)];
            let path = directory.join(segment.file_name().unwrap());
            fs::write(&path, &flipped).unwrap();
            let opened = open_alone(&directory, acknowledged);
            at_open += usize::from(opened.is_err());
            let error = match opened {
                Err(error) => error,
                Ok(_) => damage_of(&directory, &small.records),
            };
            expect_named(&error, &path, place);
            flips += 1;
            place += stride;
        }
    }
    say(&format!(
        "flipped bytes of the journal: {flips}, refused at opening {at_open}, found by a walk {}, answered as data 0",
        flips - at_open
    ));
}

/// What a walk ends with; whatever it reads before is as it was written.
/// Opens a journal whose lock a process that another test is starting may still hold a copy of, between fork and exec.
fn open_alone(directory: &Path, acknowledged: u64) -> Result<(Journal, Opened), JournalError> {
    let mut opened = Journal::open(directory, Options::default(), acknowledged);
    for _ in 0..200 {
        if !matches!(opened, Err(JournalError::Locked { .. })) {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(5));
        opened = Journal::open(directory, Options::default(), acknowledged);
    }
    opened
}

fn damage_of(directory: &Path, records: &[Record]) -> JournalError {
    let mut expected = records.iter();
    for walked in walk(directory, 1).unwrap() {
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

#[test]
fn damage_is_refused_by_the_server_and_named_by_verify() {
    let small = small(true);
    let all = segments(&small.home.store());
    let mut seen = Vec::new();
    for (number, segment) in all.iter().enumerate() {
        let copy = small.home.copy();
        let path = copy.store().join("journal").join(segment.file_name().unwrap());
        let mut bytes = fs::read(&path).unwrap();
        let place = bytes.len() - 100;
        bytes[place] ^= 0x20;
        fs::write(&path, &bytes).unwrap();
        let is_last = number + 1 == all.len();

        if !is_last {
            let output = verify(&copy.store());
            let said = String::from_utf8(output.stderr).unwrap();
            assert!(!output.status.success());
            assert!(said.contains(path.to_str().unwrap()) && said.contains("at byte"), "{said}");
        }
        match Server::start(&copy, &small_segments()) {
            Err(ended) => {
                assert!(is_last, "{ended:?}");
                assert!(ended.said.contains(path.to_str().unwrap()), "{ended:?}");
                assert!(ended.said.contains("at byte"), "{ended:?}");
                seen.push("refused");
            }
            Ok(server) => {
                // The record in question is refused in words, all others are answered as they were.
                let damaged = super::runtime().block_on(answers(&server, &small.model));
                assert_eq!(damaged, 1, "{}", server.said());
                assert!(server.said().contains("journal damaged"), "{}", server.said());
                seen.push("served without the record");
            }
        }
    }
    say(&format!("flipped bytes seen by a server, one in each segment: {}", seen.join(", ")));
}

/// Asks for every settlement; returns how many could not be answered.
async fn answers(server: &Server, model: &Model) -> usize {
    let mut clients = server.connect().await;
    let mut damaged = 0;
    for sent in &model.sent {
        let Some(Answer::Settled(record)) = &sent.answer else { continue };
        let by = Some(proto::get_settlement_request::By::Number(record.number));
        match clients.settlement.get_settlement(proto::GetSettlementRequest { by }).await {
            Ok(found) => {
                let found = found.into_inner();
                assert_eq!(proto::SettlementRecord { reversed_by: 0, ..found }, *record);
            }
            Err(status) => {
                assert_eq!(status.code(), tonic::Code::Unavailable);
                damaged += 1;
            }
        }
    }
    damaged
}

#[test]
fn a_torn_tail_without_a_clean_close_is_cut_off_and_said() {
    let small = small(false);
    let last = segments(&small.home.store()).pop().unwrap();
    let whole = fs::read(&last).unwrap();
    let mut cuts = 0;
    for tail in [&b"\x01"[..], &[7; 55], &[0xff; 300], &whole[64..164]] {
        let copy = small.home.copy();
        let path = copy.store().join("journal").join(last.file_name().unwrap());
        fs::write(&path, [&whole, tail].concat()).unwrap();
        let server = Server::start(&copy, &small_segments()).unwrap();
        let said = server.said();
        assert!(said.contains("torn tail") && said.contains("never acknowledged"), "{said}");
        let mut model = small.model.clone();
        super::runtime().block_on(async { model.check(&mut server.connect().await).await });
        server.stop_cleanly();
        cuts += 1;
    }
    say(&format!("torn tails: {cuts}, cut off and said {cuts}"));
}

#[test]
fn a_flipped_byte_beside_the_journal_changes_no_answer() {
    let small = small(true);
    let random = &mut Random::new(5);
    let (mut flips, mut refused, mut second) = (0, 0, 0);
    for (name, stride) in [("FORMAT", 3), ("state", 3), ("store.lock", 1)] {
        let length = fs::read(small.home.store().join(name)).unwrap().len();
        for place in (0..length).step_by(stride) {
            let copy = small.home.copy();
            let path = copy.store().join(name);
            flip(&path, place, random);
            flips += 1;
            match opened(&copy) {
                Ok(store) => expect_everything(store, &small),
                Err(said) => {
                    refused += 1;
                    // The number of the last entry may have become a higher one.
                    let is_named = said.contains(path.to_str().unwrap());
                    assert!(is_named || said.contains("was acknowledged"), "{said}");
                }
            }
        }
    }
    let index = small.home.store().join("index");
    let parts = setting("INDEX_FLIPS", 120, 3000);
    for file in files(&index, "") {
        let length = fs::read(&file).unwrap().len();
        for place in (0..length).step_by((length / parts).max(1)) {
            let copy = small.home.copy();
            flip(&copy.store().join("index").join(file.file_name().unwrap()), place, random);
            flips += 1;
            second += usize::from(!is_right(&copy, &small));
        }
    }
    say(&format!(
        "flipped bytes in FORMAT, state, lock and the index: {flips}, refused {refused}, index given up while in use {second}, \
         wrong answers 0"
    ));
}

fn flip(path: &Path, place: usize, random: &mut Random) {
    let mut bytes = fs::read(path).unwrap();
    bytes[place] ^= [1, 0x80, 0xff, 0x10][random.below(4)];
    fs::write(path, bytes).unwrap();
}

fn opened(home: &Home) -> Result<Store, String> {
    let opened =
        Store::open(&home.store(), StoreOptions { cache_bytes: 1 << 20, ..Default::default() });
    opened.map(|(store, _)| store).map_err(|fault| onestop::store::fault::chain(&fault))
}

/// Whether everything is answered at once; what fails must do so in words, and be right after a restart.
fn is_right(home: &Home, small: &Small) -> bool {
    let first = catch_unwind(AssertUnwindSafe(|| {
        let store = opened(home).unwrap();
        let is_right = everything(&store, small);
        let _ = store.close();
        is_right
    }));
    if matches!(first, Ok(Ok(()))) {
        return true;
    }
    if let Ok(Err(said)) = &first {
        assert!(
            said.contains("index") || said.contains("stored") || said.contains("restart"),
            "{said}"
        );
    }
    let store = opened(home).unwrap();
    expect_everything(store, small);
    false
}

fn expect_everything(store: Store, small: &Small) {
    everything(&store, small).unwrap();
    store.close().unwrap();
}

/// Looks up all that was acknowledged; a fault in words, or a panic where an answer is wrong.
fn everything(store: &Store, small: &Small) -> Result<(), String> {
    let words = |fault| onestop::store::fault::chain(&fault);
    let facility = FacilityId::parse("H1").unwrap();
    let mut latest = std::collections::BTreeMap::new();
    for sent in &small.model.sent {
        let (number, after, person) = match sent.answer.as_ref().unwrap() {
            Answer::Settled(record) => {
                let request = record.request.as_ref().unwrap();
                let id = &request.writer.as_ref().unwrap().request_id;
                let id = RequestId::parse(id).unwrap();
                let found = store.by_request(&facility, &id).map_err(words)?;
                assert_eq!(found, Some(record.number), "by request");
                let person = request.admission.as_ref().unwrap().person.clone();
                (record.number, record.accumulators.clone(), person)
            }
            Answer::Reversed(reversal) => {
                let person = reversal.key.as_ref().unwrap().person.clone();
                (reversal.number, reversal.accumulators.clone(), person)
            }
            Answer::Put(_) => continue,
        };
        latest.insert(person, after.unwrap());
        let stored = store.entry(number).map_err(words)?.expect("an entry");
        let written = &small.records[usize::try_from(number - 1).unwrap()];
        assert_eq!(stored.digest, written.digest);
        let is_reversed = stored.reversed_by != 0;
        let is_last = number + 1 == u64::try_from(small.records.len()).unwrap();
        assert_eq!(is_reversed, is_last && matches!(stored.entry.kind, Some(Kind::Settlement(_))));
    }
    for (person, after) in latest {
        let person = PersonId::parse(&person).unwrap();
        assert!(store.person(&person).map_err(words)?.is_some(), "a person");
        let key = AccumulatorKey {
            person,
            insutype: "390".to_owned(),
            family: "000000-demo".to_owned(),
            benefit_year: 2018,
        };
        let year = store.year(&key).map_err(words)?;
        assert_eq!(year.accumulators.version, after.version);
        assert_eq!(year.accumulators.sums.total.to_string(), after.total);
        assert_eq!(year.accumulators.sums.patient_pay.to_string(), after.patient_pay);
    }
    Ok(())
}
