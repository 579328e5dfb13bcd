//! Outlines follow the ledger, whatever becomes of their folder.

use crate::demo;
use crate::demo::POOR;
use crate::demo::totals;

use onestop::extract::Extract;
use onestop::extract::Kind;
use onestop::outline;
use onestop::store::seal::Place;

use std::fs;
use std::path::Path;
use std::path::PathBuf;

fn extracts(store: &Path) -> Vec<Extract> {
    let mut extracts = Vec::new();
    outline::each(Place::unsealed(store), 0, |extract| extracts.push(extract)).unwrap();
    extracts
}

/// The folder of outlines.
fn folder(store: &Path) -> PathBuf {
    let mut folders = fs::read_dir(store).unwrap().map(|entry| entry.unwrap().path());
    folders.find(|path| path.file_name().unwrap().to_str().unwrap().starts_with("outline")).unwrap()
}

#[tokio::test]
async fn outlines_follow_the_ledger_and_are_made_anew_where_they_do_not_fit() {
    let directory = tempfile::tempdir().unwrap();
    let store = directory.path().join("store");
    let service = demo::begin(&store).await;
    let first = service.settle(demo::settle("A1", POOR, totals(5000, 100, 50))).await.unwrap();
    service.load_opening(demo::opening("OLD", demo::PLAIN)).await.unwrap();
    let before = extracts(&store);
    assert_eq!(before.last().unwrap().kind, Kind::Opening);

    // A reversal of what was outlined in an earlier run has its amounts with a minus.
    service.reverse(demo::reverse("U1", first.number)).await.unwrap();
    let second = service.settle(demo::settle("A2", POOR, totals(700, 0, 0))).await.unwrap();
    service.reverse(demo::reverse("U2", second.number)).await.unwrap();
    let all = extracts(&store);
    assert_eq!(all[..before.len()], before);
    let settled = |number: u64| {
        let one = all.iter().find(|one| one.number == number).unwrap();
        one.settled.clone().unwrap()
    };
    for (settlement, reversal) in
        [(first.number, first.number + 2), (second.number, second.number + 1)]
    {
        let (one, undone) = (settled(settlement), settled(reversal));
        assert_eq!(one.total + undone.total, Default::default());
        assert_eq!(one.patient_pay + undone.patient_pay, Default::default());
        assert_eq!(one.layers[0].payment + undone.layers[0].payment, Default::default());
        assert!(undone.is_refund() && one.admission == undone.admission);
    }
    let undoes = all.iter().filter_map(|one| one.undoes.as_ref()).map(|one| one.number);
    assert_eq!(undoes.collect::<Vec<_>>(), [first.number, second.number]);
    service.close().unwrap();

    // Gone, of another ledger, or cut off: the same again.
    fs::remove_dir_all(folder(&store)).unwrap();
    assert_eq!(extracts(&store), all);
    let other = directory.path().join("other");
    let service = demo::begin(&other).await;
    for index in 0..9 {
        let request = demo::settle(&format!("B{index}"), POOR, totals(100, 0, 0));
        service.settle(request).await.unwrap();
    }
    extracts(&other);
    service.close().unwrap();
    fs::remove_dir_all(folder(&store)).unwrap();
    fs::rename(folder(&other), store.join("outline-2")).unwrap();
    assert_eq!(extracts(&store), all);
    for entry in fs::read_dir(folder(&store)).unwrap() {
        let path = entry.unwrap().path();
        let length = fs::metadata(&path).unwrap().len();
        let file = fs::File::options().write(true).open(&path).unwrap();
        file.set_len(length.saturating_sub(20)).unwrap();
    }
    assert_eq!(extracts(&store), all);
}
