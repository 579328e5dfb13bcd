//! The index against a model that is too simple to be wrong, however its entries are spread over memory and runs.

use crate::store::EntryKind;
use crate::store::index::Frozen;
use crate::store::index::Index;
use crate::store::index::Unopened;
use crate::store::index::derive::Derived;
use crate::store::index::derive::derive;
use crate::store::index::merge;
use crate::store::index::posting::Key;
use crate::store::index::posting::Memory;
use crate::store::index::posting::Posting;
use crate::store::index::posting::Row;
use crate::store::journal::Head;
use crate::store::journal::Journal;
use crate::store::journal::Options;
use crate::store::journal::digest::Digest;
use crate::store::journal::record::Position;
use crate::store::seal::Seal;

use proptest::prelude::*;

use std::collections::BTreeMap;
use std::path::Path;

/// Of each entry the keys that it is under, and how far the entries of a level go.
#[derive(Debug, Clone)]
struct Plan {
    entries: Vec<Vec<u128>>,
    levels: Vec<usize>,
    closes: bool,
}

/// Few keys, so that many entries are under one; far apart, as hashes are.
fn plan() -> impl Strategy<Value = Plan> {
    let key = (0_u128..12).prop_map(|n| n.wrapping_mul(0x9E37_79B9_7F4A_7C15_F39C_C060_5CED_C835));
    let entries = prop::collection::vec(prop::collection::vec(key, 0..5), 1..400);
    let levels = prop::collection::vec(1_usize..200, 0..6);
    (entries, levels, any::<bool>()).prop_map(|(entries, levels, closes)| Plan {
        entries,
        levels,
        closes,
    })
}

fn open(directory: &Path) -> Index {
    match Index::open(directory, &Seal::NONE) {
        Ok(index) => index,
        Err(Unopened::Full(error)) => panic!("{error}"),
        Err(Unopened::Unusable(why)) => panic!("{why}"),
    }
}

fn head(sequence: u64) -> Head {
    let mut bytes = [7; 32];
    bytes[..8].copy_from_slice(&sequence.to_le_bytes());
    Head { sequence, digest: Digest::from_bytes(bytes) }
}

fn row(number: u64) -> Row {
    let position = Position { segment: number / 100 * 100 + 1, offset: number * 7, length: 90 };
    let kind = if number.is_multiple_of(2) { EntryKind::Settlement } else { EntryKind::Visit };
    Row { kind, position }
}

/// Writes what is in memory into a run, as the index's thread does when there is enough.
fn into_run(index: &Index) {
    let mut levels = index.shared.write();
    let Some(frozen) = levels.freeze() else { return };
    let run = index.shared.write_run(&frozen).unwrap();
    let mut runs = levels.runs.as_ref().clone();
    runs.push(run.into());
    levels.runs = runs.into();
}

/// What a list of these entries has under each key.
fn model(entries: &[Vec<u128>]) -> BTreeMap<u128, Vec<Posting>> {
    let mut model: BTreeMap<u128, Vec<Posting>> = BTreeMap::new();
    for (number, keys) in (1_u64..).zip(entries) {
        for (detail, key) in (0_u64..).zip(keys) {
            model.entry(*key).or_default().push(Posting { number, detail });
        }
    }
    model
}

/// Asks what is kept from one time to the next.
fn expect_kept(index: &Index, entries: &[Vec<u128>]) {
    for (key, postings) in model(entries) {
        assert_eq!(index.all_of_few(Key(key)).unwrap(), postings);
        assert_eq!(index.latest(Key(key)).unwrap().as_ref(), postings.last());
    }
}

/// Fills an index by the plan, and asks it whenever there is a new run.
fn fill(index: &Index, plan: &Plan) {
    let mut ends: Vec<usize> = plan.levels.clone();
    let mut memory = Memory::default();
    let mut postings = Vec::new();
    let mut since = 0;
    for (number, keys) in (1_u64..).zip(&plan.entries) {
        let posting = |(place, key): (u64, &u128)| (Key(*key), Posting { number, detail: place });
        postings.extend((0_u64..).zip(keys).map(posting));
        memory.push(row(number), &mut postings);
        since += 1;
        if ends.first() == Some(&since) {
            ends.remove(0);
            since = 0;
            index.commit(std::mem::replace(&mut memory, Memory::behind(number)), head(number));
            let entries = &plan.entries[..usize::try_from(number).unwrap()];
            expect_kept(index, entries);
            into_run(index);
            expect_kept(index, entries);
        }
    }
    let last = u64::try_from(plan.entries.len()).unwrap();
    if memory.last() != memory.before {
        index.commit(memory, head(last));
    }
}

fn expect(index: &Index, plan: &Plan) {
    let last = u64::try_from(plan.entries.len()).unwrap();
    for number in 1..=last {
        assert_eq!(index.row(number).unwrap(), Some(row(number)));
    }
    expect_kept(index, &plan.entries);
    assert_eq!(index.head(), head(last));
    assert_eq!((index.row(0).unwrap(), index.row(last + 1).unwrap()), (None, None));
    for (key, postings) in &model(&plan.entries) {
        let key = Key(*key);
        assert_eq!(&index.all(key).unwrap(), postings);
        assert_eq!(index.latest(key).unwrap().as_ref(), postings.last());
        for after in [0, 1, last / 2, last] {
            for most in [0, 1, 7, usize::MAX] {
                let behind = postings.iter().filter(|posting| after < posting.number);
                let expected: Vec<Posting> = behind.take(most).copied().collect();
                assert_eq!(index.after(key, after, most).unwrap(), expected);
            }
        }
    }
    assert_eq!(index.latest(Key(999)).unwrap(), None);
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 16, max_shrink_iters: 60, ..ProptestConfig::default() })]

    #[test]
    fn an_index_answers_as_a_list_does(plan in plan()) {
        let directory = tempfile::tempdir().unwrap();
        let index = open(directory.path());
        fill(&index, &plan);
        expect(&index, &plan);
        let index = if plan.closes {
            index.close().unwrap();
            open(directory.path())
        } else {
            index
        };
        expect(&index, &plan);
        let runs = std::sync::Arc::clone(&index.shared.read().runs);
        let merged = merge::merge(
            &index.shared.directory,
            index.shared.keys.fingerprint(),
            &runs,
            &index.shared.stop,
        );
        index.shared.write().runs =
            merged.unwrap().into_iter().map(std::sync::Arc::new).collect::<Vec<_>>().into();
        expect(&index, &plan);
    }
}

/// Runs come and are merged by the index's own thread, while the index is read.
#[test]
fn memory_becomes_runs_and_few_long_ones_of_many() {
    let directory = tempfile::tempdir().unwrap();
    let index = open(directory.path());
    let mut number = 0;
    for round in 0..9_u64 {
        let mut memory = Memory::behind(number);
        // As much as memory takes; a key in three is in every round.
        for place in 0..super::MEMORY_POSTINGS_MAX / 5 {
            number += 1;
            let of = |which: u128| which << 100 | u128::try_from(place).unwrap();
            let mut postings: Vec<_> = [0, 1, 2, 3, u128::from(round) + 4]
                .map(|which| (Key(of(which)), Posting { number, detail: round }))
                .into();
            memory.push(row(number), &mut postings);
        }
        index.commit(memory, head(number));
    }
    // What was frozen while another run was being written becomes a run when the index is closed.
    index.close().unwrap();
    let index = open(directory.path());
    index.worker.wake();
    let runs = || index.shared.read().runs.len();
    for _ in 0..2000 {
        if runs() <= 3 {
            break;
        }
        std::thread::sleep(std::time::Duration::from_millis(10));
    }
    assert!(runs() <= 3, "{} runs", runs());
    assert_eq!(index.head(), head(number));
    let all = index.all(Key(2 << 100 | 17)).unwrap();
    let details: Vec<u64> = all.iter().map(|posting| posting.detail).collect();
    assert_eq!(details, [0, 1, 2, 3, 4, 5, 6, 7, 8]);
    assert_eq!(index.all(Key(9 << 100 | 17)).unwrap().len(), 1);
    assert_eq!(index.row(number).unwrap(), Some(row(number)));
    index.close().unwrap();
    let names = std::fs::read_dir(directory.path()).unwrap().count();
    assert!(names <= 4, "{names} files");
}

/// Runs that were merged but not removed yet, and what a crash left of one that was being written.
#[test]
fn what_a_crash_leaves_of_a_merge_is_cleared_away() {
    let directory = tempfile::tempdir().unwrap();
    let index = open(directory.path());
    let entries = (0..600_u128).map(|n| vec![n % 7]).collect();
    let plan = Plan { entries, levels: vec![200, 200, 200], closes: false };
    fill(&index, &plan);
    let runs = std::sync::Arc::clone(&index.shared.read().runs);
    assert_eq!(runs.len(), 3);
    let (fingerprint, stop) = (index.shared.keys.fingerprint(), &index.shared.stop);
    merge::merge(directory.path(), fingerprint, &runs[1..], stop).unwrap().unwrap();
    std::fs::write(directory.path().join("half.new"), b"half").unwrap();
    index.discard();
    let index = open(directory.path());
    assert_eq!(index.shared.read().runs.len(), 2);
    expect(&index, &plan);
    assert_eq!(std::fs::read_dir(directory.path()).unwrap().count(), 3);
}

#[test]
fn lengths_fall_geometrically() {
    let due = |lengths: &[u64]| merge::due(lengths);
    assert_eq!(due(&[]), None);
    assert_eq!(due(&[10]), None);
    assert_eq!(due(&[100, 10]), None);
    assert_eq!(due(&[29, 10]), Some(0));
    assert_eq!(due(&[1000, 10, 10]), Some(1));
    assert_eq!(due(&[100, 30, 10]), Some(0));
    assert_eq!(due(&[10; 50]), Some(0));
}

/// A journal in many short segments, followed one by one and in runs on all cores: the same index.
#[test]
fn an_index_built_in_runs_is_as_one_that_followed_each_entry() {
    let directory = tempfile::tempdir().unwrap();
    let journal_directory = directory.path().join("journal");
    let options = Options { segment_bytes_max: 5000, ..Options::default() };
    let (mut journal, _) = Journal::open(&journal_directory, options, 0).unwrap();
    let contents: Vec<Vec<u8>> = (0..3000).map(content).collect();
    for group in contents.chunks(7) {
        journal.append(group).unwrap();
    }
    let head = journal.head();
    assert!(crate::store::journal::contents::segments(&journal_directory).unwrap().len() > 20);
    let [one_by_one, in_runs] = ["one", "runs"].map(|name| open(&directory.path().join(name)));
    let all = crate::store::journal::contents::segments(&journal_directory).unwrap();
    one_by_one.follow_each(&journal_directory, &all, (1, head)).unwrap();
    // From the middle on, as when an index is behind.
    in_runs.follow_in_runs(&journal_directory, &all, (1, head)).unwrap();
    assert_eq!((one_by_one.head(), in_runs.head()), (head, head));
    let mut derived = Derived::default();
    for (number, content) in (1_u64..).zip(&contents) {
        assert_eq!(one_by_one.row(number).unwrap(), in_runs.row(number).unwrap());
        for index in [&one_by_one, &in_runs] {
            derive(index.keys(), number, content, &mut derived).unwrap();
            for (key, posting) in &derived.postings {
                assert!(index.all(*key).unwrap().contains(posting));
            }
        }
        for ask in [format!("H{}", number % 5), "H0".to_owned()] {
            let of = |index: &Index| {
                index.all(index.keys().request(&ask, &format!("R{}", number % 900)))
            };
            assert_eq!(of(&one_by_one).unwrap(), of(&in_runs).unwrap());
        }
    }
    let Frozen { head: frozen, .. } = &*one_by_one.shared.write().freeze().unwrap();
    assert_eq!(*frozen, head);
}

/// Somebody signs in.
fn content(number: u32) -> Vec<u8> {
    use crate::proto;
    use prost::Message;
    let writer = proto::Writer {
        facility: format!("H{}", number % 5),
        request_id: format!("R{}", number % 900),
        ..proto::Writer::default()
    };
    let sign = proto::Sign { writer: Some(writer), ..proto::Sign::default() };
    let kind = Some(proto::ledger_entry::Kind::Sign(sign));
    let recorded_at = "2018-05-01T10:00:00.000+08:00".to_owned();
    proto::LedgerEntry { version: 1, recorded_at, kind, salt: Vec::new() }.encode_to_vec()
}
