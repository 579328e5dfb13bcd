//! Flipped bytes of everything beside the journal: refused in words, or without a bearing on any answer.

use super::Small;
use super::small;
use crate::faults::model::Answer;
use crate::faults::random::Random;
use crate::faults::say;
use crate::faults::server::Home;
use crate::faults::setting;
use crate::files::copy;
use crate::files::files_of;
use onestop::accumulators::AccumulatorKey;
use onestop::id::FacilityId;
use onestop::id::PersonId;
use onestop::id::RequestId;
use onestop::proto::ledger_entry::Kind;
use onestop::store::OpenReport;
use onestop::store::Store;
use onestop::store::StoreOptions;

use std::fs;
use std::path::Path;

#[test]
fn a_flipped_byte_beside_the_journal_changes_no_answer() {
    let small = small(true);
    let random = &mut Random::new(5);
    let (mut flips, mut refused) = (0, 0);
    for (name, stride) in [("FORMAT", 1), ("state", 1), ("acknowledged", 1)] {
        let length = fs::read(small.home.store().join(name)).unwrap().len();
        for place in (0..length).step_by(stride) {
            let copy = small.home.copy();
            let path = copy.store().join(name);
            flip(&path, place, random);
            flips += 1;
            match opened(&copy) {
                Ok((store, _)) => expect_everything(store, &small),
                Err(said) => {
                    refused += 1;
                    // The number of the last entry may have become a higher one.
                    let is_named = said.contains(path.to_str().unwrap());
                    assert!(is_named || said.contains("was acknowledged"), "{said}");
                }
            }
        }
    }
    say(&format!(
        "flipped bytes in FORMAT, state, acknowledged, locks: {flips}, refused {refused}, wrong answers 0"
    ));
}

/// Every byte of the index of a closed store, each by itself: found at opening, and everything is answered from a new one.
#[test]
fn a_flipped_byte_of_a_closed_index_leads_to_a_new_index() {
    let small = small(true);
    let random = &mut Random::new(6);
    let head = u64::try_from(small.records.len()).unwrap();
    let flips = each_flip(&small, "index", 120, random, |report, situation| {
        assert!(report.set_aside.is_some() && report.replayed == head, "{situation}");
    });
    say(&format!("flipped bytes of a closed index: {flips}, found {flips}, wrong answers 0"));
}

/// Every byte of the cache of a closed store, each by itself: what does not fit is read from the journal.
#[test]
fn a_flipped_byte_of_a_closed_cache_changes_no_answer() {
    let small = small(true);
    let random = &mut Random::new(8);
    let flips = each_flip(&small, "cache", 120, random, |report, situation| {
        assert!(report.set_aside.is_none() && report.replayed == 0, "{situation}");
    });
    say(&format!("flipped bytes of a closed cache: {flips}, wrong answers 0"));
}

/// Flips bytes of the files of a part of a closed store, opens it each time, and asks for everything.
fn each_flip(
    small: &Small,
    part: &str,
    most: usize,
    random: &mut Random,
    expect: impl Fn(&OpenReport, &str),
) -> usize {
    let parts = setting("INDEX_FLIPS", most, 100_000);
    let (mut flips, home) = (0, small.home.copy());
    for file in files_of(&small.home.store().join(part)) {
        let length = fs::read(&file).unwrap().len();
        let name = file.strip_prefix(small.home.store()).unwrap();
        for place in (0..length).step_by((length / parts).max(1)) {
            fs::remove_dir_all(home.store()).unwrap();
            copy(&small.home.store(), &home.store());
            flip(&home.store().join(name), place, random);
            let (store, report) = opened(&home).unwrap();
            expect(&report, &format!("{} at {place}", name.display()));
            expect_everything(store, small);
            flips += 1;
        }
    }
    flips
}

/// What a kill left of index and cache, with a byte flipped anywhere in it.
#[test]
fn a_flipped_byte_of_the_index_of_a_killed_store_changes_no_answer() {
    let small = small(false);
    let random = &mut Random::new(7);
    let head = u64::try_from(small.records.len()).unwrap();
    let mut files = files_of(&small.home.store().join("index"));
    files.extend(files_of(&small.home.store().join("cache")));
    let flips = setting("KILLED_FLIPS", 20, 500);
    for _ in 0..flips {
        let copy = small.home.copy();
        let file = &files[random.below(files.len())];
        let place = random.below(fs::read(file).unwrap().len().max(1));
        let path = copy.store().join(file.strip_prefix(small.home.store()).unwrap());
        if !fs::read(&path).unwrap().is_empty() {
            flip(&path, place, random);
        }
        let (store, report) = opened(&copy).unwrap();
        assert_eq!(report.replayed, head);
        expect_everything(store, &small);
    }
    say(&format!("flipped bytes beside the journal of a killed store: {flips}, wrong answers 0"));
}

fn flip(path: &Path, place: usize, random: &mut Random) {
    let mut bytes = fs::read(path).unwrap();
    bytes[place] ^= [1, 0x80, 0xff, 0x10][random.below(4)];
    fs::write(path, bytes).unwrap();
}

fn opened(home: &Home) -> Result<(Store, OpenReport), String> {
    let opened =
        Store::open(&home.store(), StoreOptions { cache_bytes: 1 << 20, ..Default::default() });
    opened.map_err(|fault| onestop::store::fault::chain(&fault))
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
