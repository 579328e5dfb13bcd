//! What an administrator does with keys.

use crate::demo;
use crate::demo::POOR;
use crate::demo::totals;
use crate::ledger_commands::Said;
use crate::ledger_commands::said;
use crate::sealed::files;
use crate::sealed::is_in;

use onestop::store::Store;
use onestop::store::StoreOptions;
use onestop::store::seal::Seal;

use std::fs;
use std::path::Path;
use std::process::Command;

/// `onestop --lang en ledger …` with a key file.
fn ledger(keys: Option<&Path>, arguments: &[&str]) -> Said {
    let mut command = Command::new(env!("CARGO_BIN_EXE_onestop"));
    command.args(["--lang", "en", "ledger"]).args(arguments);
    if let Some(keys) = keys {
        command.env("ONESTOP_STORE_KEY_FILE", keys);
    }
    said(command.output().unwrap())
}

fn new_key(cipher: &str) -> String {
    let Said { code, out, .. } = ledger(None, &["key", "--cipher", cipher]);
    assert_eq!(code, 0);
    assert!(out.starts_with(cipher), "{out}");
    out
}

/// A closed store with two settlements under a key.
async fn filled(store: &Path, seal: Seal) -> Vec<String> {
    let options = StoreOptions { seal, ..demo::OPTIONS };
    let (opened, _) = Store::open(store, options).unwrap();
    let service = demo::serving(opened);
    demo::fill(&service).await;
    let mut digests = Vec::new();
    for id in ["S1", "S2"] {
        let request = demo::settle(id, POOR, totals(1000, 100, 10));
        digests.push(service.settle(request).await.unwrap().digest);
    }
    service.close().unwrap();
    digests
}

fn seal_of(keys: &Path) -> Seal {
    Seal::of(keys, "").unwrap()
}

#[tokio::test]
async fn another_key_seals_the_whole_store_and_every_digest_stays() {
    let home = tempfile::tempdir().unwrap();
    let (store, keys) = (home.path().join("store"), home.path().join("keys"));
    let data = store.to_str().unwrap();
    let rules = demo::rules_folder();
    let verify = ["verify", "--data", data, "--rules", rules.to_str().unwrap()];
    // From before there was a key.
    filled(&store, Seal::NONE).await;
    let head = ledger(None, &["head", "--data", data]).out;
    assert!(files(&store).iter().any(|(_, bytes)| is_in(bytes, POOR)));
    assert_eq!(
        ledger(None, &["reseal", "--data", data]).code,
        2,
        "with no key there is nothing to do"
    );

    let mut lines = Vec::new();
    for cipher in ["aes-256-gcm", "sm4-gcm", "aes-256-gcm"] {
        lines.insert(0, new_key(cipher));
        fs::write(&keys, lines.concat()).unwrap();
        let Said { code, out, err } = ledger(Some(&keys), &["reseal", "--data", data]);
        assert_eq!(code, 0, "{err}");
        assert!(out.contains("5 records"), "{out}");
        // The old keys are needed no more.
        lines.truncate(1);
        fs::write(&keys, lines.concat()).unwrap();
        assert_eq!(ledger(Some(&keys), &["head", "--data", data]).out, head);
        let Said { code, err, .. } = ledger(Some(&keys), &verify);
        assert_eq!(code, 0, "{err}");
        for (path, bytes) in files(&store) {
            assert!(!is_in(&bytes, POOR), "{}", path.display());
        }
        let options = StoreOptions { seal: seal_of(&keys), ..demo::OPTIONS };
        let (opened, report) = Store::open(&store, options).unwrap();
        assert_eq!((report.head.sequence, report.set_aside), (5, None));
        opened.close().unwrap();
    }
}

#[tokio::test]
async fn a_sealed_store_is_not_opened_without_its_key() {
    let home = tempfile::tempdir().unwrap();
    let (store, keys) = (home.path().join("store"), home.path().join("keys"));
    let data = store.to_str().unwrap();
    fs::write(&keys, new_key("aes-256-gcm")).unwrap();
    filled(&store, seal_of(&keys)).await;
    let before = files(&store);
    let other = home.path().join("other");
    fs::write(&other, new_key("sm4-gcm")).unwrap();
    let name = seal_of(&keys).name().unwrap().to_string();
    for given in [None, Some(other.as_path())] {
        for command in ["head", "verify", "reseal"] {
            let Said { code, err, .. } = ledger(given, &[command, "--data", data]);
            assert_ne!(code, 0, "{command}");
            assert!(err.contains(&name) || err.contains("key"), "{command}: {err}");
        }
        let seal = given.map_or(Seal::NONE, seal_of);
        let error = Store::open(&store, StoreOptions { seal, ..demo::OPTIONS }).unwrap_err();
        assert!(onestop::store::fault::chain(&error).contains("is sealed with"), "{error:?}");
    }
    assert!(files(&store) == before, "nothing was changed");
    // Making a key reads none: the shell has made the file empty where it is going to be.
    let empty = home.path().join("empty");
    fs::write(&empty, "").unwrap();
    assert_eq!(ledger(Some(&empty), &["key"]).code, 0);
    assert_eq!(ledger(Some(&empty), &["head", "--data", data]).code, 2);
    let bad = home.path().join("bad");
    fs::write(&bad, "no key\n").unwrap();
    let Said { code, err, .. } = ledger(Some(&bad), &["head", "--data", data]);
    assert_eq!(code, 2);
    assert!(err.contains("line 1"), "{err}");
}

#[tokio::test]
async fn the_same_entry_in_two_sealed_stores_has_two_digests() {
    let home = tempfile::tempdir().unwrap();
    let key = Seal::parse(&new_key("aes-256-gcm")).unwrap();
    let one = filled(&home.path().join("one"), key.clone()).await;
    let other = filled(&home.path().join("other"), key).await;
    assert!(one.iter().zip(&other).all(|(one, other)| one != other));
}

#[tokio::test]
async fn an_export_of_a_sealed_store_comes_back_with_the_same_digests_and_a_backup_is_sealed() {
    let home = tempfile::tempdir().unwrap();
    let at = |name: &str| home.path().join(name).to_str().unwrap().to_owned();
    let (data, keys, file, backup) =
        (at("store"), home.path().join("keys"), at("export"), at("backup"));
    fs::write(&keys, new_key("aes-256-gcm")).unwrap();
    filled(Path::new(&data), seal_of(&keys)).await;
    let done = |arguments: &[&str]| {
        let Said { code, out, err } = ledger(Some(&keys), arguments);
        assert_eq!(code, 0, "{err}");
        out
    };
    let head = done(&["head", "--data", &data]);
    done(&["export", &file, "--data", &data]);
    done(&["import", &file, "--data", &at("imported")]);
    assert_eq!(done(&["head", "--data", &at("imported")]), head);
    done(&["backup", &backup, "--data", &data]);
    assert_eq!(done(&["head", "--data", &backup]), head);
    for folder in ["imported", "backup"] {
        for (path, bytes) in files(&home.path().join(folder)) {
            assert!(!is_in(&bytes, POOR), "{}", path.display());
        }
    }
}
