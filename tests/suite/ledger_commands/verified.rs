//! `verify`, `head`, `prove`: the first entry that does not fit is named, and a pinned day lies on the chain.

use crate::demo;
use crate::ledger_commands::Said;
use crate::ledger_commands::filled;
use crate::ledger_commands::grow;
use crate::ledger_commands::head;
use crate::ledger_commands::ledger;
use crate::ledger_commands::verify;

use onestop::proto;
use onestop::proto::ledger_entry::Kind;
use onestop::store::journal::Journal;
use onestop::store::journal::Options;
use onestop::store::journal::walk::walk;
use onestop::store::seal::Seal;
use prost::Message;

use std::fs;
use std::path::Path;
use std::path::PathBuf;

/// All entries of a store.
fn entries(store: &Path) -> Vec<proto::LedgerEntry> {
    let records = walk(&store.join("journal"), &Seal::NONE, 1).unwrap();
    let decode = |content: Vec<u8>| proto::LedgerEntry::decode(content.as_slice()).unwrap();
    records.map(|record| decode(record.unwrap().0.content)).collect()
}

/// A ledger of these entries, with a chain of digests that fits: as somebody would make it who writes it anew.
fn forged(folder: &Path, name: &str, entries: &[proto::LedgerEntry]) -> PathBuf {
    let store = folder.join(name);
    let (mut journal, _) = Journal::open(&store.join("journal"), Options::default(), 0).unwrap();
    for entry in entries {
        journal.append(&[entry.encode_to_vec()]).unwrap();
    }
    store
}

fn settlement(entry: &mut proto::LedgerEntry) -> &mut proto::SettlementRecord {
    match entry.kind.as_mut() {
        Some(Kind::Settlement(record)) => record,
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn a_ledger_that_fits_is_said_to_with_all_its_kinds() {
    let folder = tempfile::tempdir().unwrap();
    let store = filled(folder.path()).await;
    let Said { code, out, err } = verify(&store, &demo::rules_folder());
    assert_eq!((code, err.as_str()), (0, ""), "{out}");
    let counts = "11 entries (6 settlements, 1 reversals, 1 opening balances, 3 register writes, ";
    assert!(out.contains(counts) && out.contains(&head(&store)), "{out}");
}

/// Entry 5 is the first settlement, 11 the reversal. What is forged is found although every digest fits.
#[tokio::test]
async fn the_first_entry_that_does_not_fit_is_named_with_the_reason() {
    let folder = tempfile::tempdir().unwrap();
    let store = filled(folder.path()).await;
    let good = entries(&store);
    let forge: &[(&str, fn(&mut Vec<proto::LedgerEntry>), &str)] = &[
        (
            "a fen of the patient's",
            |all| {
                let statement = settlement(&mut all[4]).statement.as_mut().unwrap();
                statement.patient_pay.push('1');
            },
            "entry 5 does not fit: settled again, `patientPay` differs",
        ),
        (
            "a bill",
            |all| {
                let bill = settlement(&mut all[4]).request.as_mut().unwrap().bill.as_mut();
                let totals = bill.unwrap().totals.as_mut().unwrap();
                totals.parts.as_mut().unwrap().in_scope = "1000.01".to_owned();
            },
            "entry 5 does not fit",
        ),
        (
            "an identity",
            |all| {
                let facts = settlement(&mut all[4]).statement.as_mut().unwrap().facts.as_mut();
                facts.unwrap().identities.clear();
            },
            "entry 5 does not fit: settled again",
        ),
        (
            "a year's sums",
            |all| settlement(&mut all[5]).accumulators.as_mut().unwrap().total.push('1'),
            "entry 6 does not fit: its accumulators are not the fold",
        ),
        ("a settlement is taken out", |all| drop(all.remove(5)), "entry 7 does not fit"),
        (
            "a settlement is there twice",
            |all| all.push(all[4].clone()),
            "entry 12 does not fit: its request id was used by entry 5",
        ),
        (
            "a reversal of another",
            |all| match all[10].kind.as_mut() {
                Some(Kind::Reversal(reversal)) => reversal.of_number = 6,
                other => panic!("{other:?}"),
            },
            "entry 11 does not fit: it undoes entry 6, but 10 is the latest",
        ),
        (
            "a version of the future",
            |all| all[4].version = 2,
            "entry 5 does not fit: it cannot be read: an entry has version `2`",
        ),
        (
            "a register's write of the future",
            |all| all[1].version = 7,
            "entry 2 does not fit: it cannot be read: an entry has version `7`",
        ),
        (
            "a pack that is not there",
            |all| {
                let statement = settlement(&mut all[4]).statement.as_mut().unwrap();
                statement.pack.as_mut().unwrap().digest = "0".repeat(64);
            },
            "entry 5 does not fit: the pack 000000-demo/2018-01-01",
        ),
        ("no content", |all| all[4].kind = None, "entry 5 does not fit"),
    ];
    for (what, forge, complaint) in forge {
        let mut entries = good.clone();
        forge(&mut entries);
        let store = forged(folder.path(), what, &entries);
        let Said { code, out, err } = verify(&store, &demo::rules_folder());
        assert_eq!((code, out.as_str()), (1, ""), "{what}: {err}");
        assert!(err.contains(complaint), "{what}: {err}");
    }
    let same = forged(folder.path(), "nothing", &good);
    assert_eq!(verify(&same, &demo::rules_folder()).code, 0);
    assert_eq!(head(&same), head(&store));
}

#[tokio::test]
async fn a_flipped_byte_is_named_by_file_and_place() {
    let folder = tempfile::tempdir().unwrap();
    let store = filled(folder.path()).await;
    let segment = store.join("journal/00000000000000000001.journal");
    let mut bytes = fs::read(&segment).unwrap();
    bytes[2000] ^= 4;
    fs::write(&segment, bytes).unwrap();
    let Said { code, out, err } = verify(&store, &demo::rules_folder());
    assert_eq!((code, out.as_str()), (1, ""));
    assert!(err.contains(segment.to_str().unwrap()) && err.contains("at byte"), "{err}");
    for arguments in [vec!["head"], vec!["prove", "--number", "11", "--digest", &"0".repeat(64)]] {
        assert_eq!(ledger(&store, &arguments).code, 1, "{arguments:?}");
    }
}

#[tokio::test]
async fn a_pinned_day_is_proved_as_long_as_nothing_before_it_changes() {
    let folder = tempfile::tempdir().unwrap();
    let store = filled(folder.path()).await;
    let pinned = head(&store);
    let (number, digest) = pinned.split_once(' ').unwrap();
    let prove = |store: &Path, number: &str, digest: &str| {
        ledger(store, &["prove", "--number", number, "--digest", digest])
    };
    assert_eq!(prove(&store, number, digest).code, 0);
    grow(&store, "TOMORROW").await;
    let proved = prove(&store, number, digest);
    let wanted = format!(
        "entry 11 has this digest and lies on the chain that leads to entry {}\n",
        head(&store)
    );
    assert_eq!((proved.code, proved.out.as_str()), (0, wanted.as_str()), "{proved:?}");

    let wrong = prove(&store, "10", digest);
    assert!(wrong.code == 1 && wrong.err.contains("entry 10 has digest"), "{wrong:?}");
    let missing = prove(&store, "13", digest);
    assert!(missing.code == 1 && missing.err.contains("no entry 13"), "{missing:?}");
    let garbage = prove(&store, "11", "abc");
    assert!(garbage.code == 2 && garbage.err.contains("no digest"), "{garbage:?}");
    // Before the first entry stands the same in every ledger.
    assert_eq!(prove(&store, "0", &"0".repeat(64)).code, 0);
    let zero = prove(&store, "0", digest);
    assert!(zero.code == 1 && zero.err.contains("entry 0 has digest 000"), "{zero:?}");

    // A ledger that was written anew from its fifth entry on has another digest at the pinned day.
    let mut entries = entries(&store);
    entries[4].recorded_at = "2018-01-01 00:00:00".to_owned();
    let anew = forged(folder.path(), "anew", &entries);
    let changed = prove(&anew, number, digest);
    assert!(changed.code == 1 && changed.err.contains("entry 11 has digest"), "{changed:?}");
}

#[test]
fn an_empty_ledger_has_a_head_that_every_ledger_proves() {
    let folder = tempfile::tempdir().unwrap();
    let store = folder.path().join("store");
    demo::open(&store).0.close().unwrap();
    assert_eq!(head(&store), format!("0 {}", "0".repeat(64)));
    assert_eq!(verify(&store, &demo::rules_folder()).code, 0);
    let nowhere = ledger(folder.path(), &["head"]);
    assert!(nowhere.code == 2 && nowhere.err.contains("holds no store"), "{nowhere:?}");
}
