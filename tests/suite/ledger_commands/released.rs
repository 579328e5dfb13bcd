//! Stores as released programs left them, under `tests/released`, one folder a version: the store, an export of it, and the packs
//! that its entries name. Whoever changes what is stored adds a folder and changes none.

use crate::files::copy;
use crate::ledger_commands::Said;
use crate::ledger_commands::head;
use crate::ledger_commands::ledger;
use crate::ledger_commands::verify;

use onestop::proto;
use onestop::service;
use onestop::service::Service;
use onestop::store::OpenReport;
use onestop::store::Store;
use onestop::store::StoreOptions;

use std::fs;
use std::path::Path;
use std::path::PathBuf;

/// The versions, and the last entry that each one's store had.
const RELEASED: &[(&str, &str)] =
    &[("0.1.0", "10 8b5d46bb97927523614ca467fc861f91b2150431cdb87a2f8ae3f1ed9d2b85ba")];

fn folder_of(version: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/released").join(version)
}

fn open(store: &Path, rules: &Path) -> (Service, OpenReport) {
    let (opened, report) = Store::open(store, StoreOptions::default()).unwrap();
    let book = service::read_rules(rules).unwrap();
    (Service::new(opened, book, rules.to_owned(), false), report)
}

fn by_request(service: &Service, request_id: &str) -> proto::SettlementRecord {
    let name = proto::RequestName { facility: "H-1".to_owned(), request_id: request_id.to_owned() };
    let by = Some(proto::get_settlement_request::By::Request(name));
    service.settlement(&proto::GetSettlementRequest { by }).unwrap()
}

#[test]
fn every_released_version_has_a_folder_here() {
    let current = env!("CARGO_PKG_VERSION");
    assert!(RELEASED.iter().any(|(version, _)| *version == current), "{current} has none");
    for (version, _) in RELEASED {
        assert!(folder_of(version).join("export.jsonl").is_file(), "{version}");
    }
}

/// The store opens as it is, its index is built anew where this program does not believe it, the ledger fits, and it goes on.
#[tokio::test]
async fn a_store_of_every_released_version_is_opened_and_goes_on() {
    for (version, pinned) in RELEASED {
        let (scratch, folder) = (tempfile::tempdir().unwrap(), folder_of(version));
        let (store, rules) = (scratch.path().join("store"), folder.join("rules"));
        copy(&folder.join("store"), &store);
        assert_eq!(head(&store), *pinned, "{version}");
        let Said { code, err, .. } = verify(&store, &rules);
        assert_eq!((code, err.as_str()), (0, ""), "{version}");

        let (service, report) = open(&store, &rules);
        assert_eq!(report.torn, None, "{version}");
        assert_eq!(report.head.sequence, 10, "{version}");
        let settled = by_request(&service, "R-4");
        assert_eq!((settled.number, settled.reversed_by), (8, 0), "{version}");
        let writer = settled.request.as_ref().unwrap().writer.clone().unwrap();
        let (operator, terminal) = (writer.operator.as_str(), writer.terminal.as_str());
        assert_eq!((operator, terminal), ("示例收费员", "窗口3"), "{version}");
        assert_eq!(by_request(&service, "R-5").reversed_by, 10, "{version}");
        // The same request again gets its old answer, a new one goes on from the old year.
        let asked = settled.request.clone().unwrap();
        assert_eq!(service.settle(asked.clone()).await.unwrap(), settled, "{version}");
        let mut next = asked;
        next.writer.as_mut().unwrap().request_id = "R-NEXT".to_owned();
        next.admission.as_mut().unwrap().id = "A-NEXT".to_owned();
        let next = service.settle(next).await.unwrap();
        let versions = [&settled, &next].map(|one| one.accumulators.as_ref().unwrap().version);
        assert_eq!(versions, [3, 4], "{version}");
        service.close().unwrap();
        assert_eq!(verify(&store, &rules).code, 0, "{version}");
    }
}

#[test]
fn an_export_of_every_released_version_is_imported_with_its_digests() {
    for (version, pinned) in RELEASED {
        let (scratch, folder) = (tempfile::tempdir().unwrap(), folder_of(version));
        let store = scratch.path().join("store");
        let file = folder.join("export.jsonl");
        let imported = ledger(&store, &["import", file.to_str().unwrap()]);
        assert_eq!((imported.code, imported.err.as_str()), (0, ""), "{version}");
        assert_eq!(head(&store), *pinned, "{version}");
        assert_eq!(verify(&store, &folder.join("rules")).code, 0, "{version}");
        let exported = ledger(&store, &["export", "-"]);
        assert_eq!(exported.out, fs::read_to_string(&file).unwrap(), "{version}");
    }
}

/// A format that this program does not know is not touched, and the way out is named.
#[test]
fn another_format_is_refused_with_the_commands_that_bring_it_here() {
    let scratch = tempfile::tempdir().unwrap();
    let store = scratch.path().join("store");
    copy(&folder_of("0.1.0").join("store"), &store);
    fs::write(store.join("FORMAT"), "onestop-store 2\n").unwrap();
    let error = Store::open(&store, StoreOptions::default()).unwrap_err();
    let text = onestop::store::fault::chain(&error);
    for word in
        ["onestop-store 2", "onestop-store 1", "onestop ledger export", "onestop ledger import"]
    {
        assert!(text.contains(word), "{text}");
    }
    let backup = ledger(&folder_of("0.1.0").join("store"), &["backup", store.to_str().unwrap()]);
    assert!(backup.code == 2 && backup.err.contains("onestop ledger import"), "{backup:?}");
}
