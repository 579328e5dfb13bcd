//! Another pack on what was settled: as if it had been so from the beginning, and the ledger as it was.

use crate::demo;
use crate::demo::PLAIN;
use crate::demo::POOR;
use crate::demo::totals;
use crate::office::onestop;

use onestop::calendar::Day;
use onestop::calendar::Span;
use onestop::money::Money;
use onestop::proto;
use onestop::resettle::ResettleError;
use onestop::resettle::resettle;
use onestop::service::Service;
use onestop::service::read_rules;
use onestop::store::Store;
use onestop::store::seal::Place;

use std::fs;
use std::path::Path;

/// What basic insurance pays at the county hospital, and what it might.
pub(super) const LEVEL_TWO: &str = "level = [2] }, segments = [{ rate = \"0.80\"";
pub(super) const OTHER: &str = "level = [2] }, segments = [{ rate = \"0.65\"";

/// The demo's packs, with one text in place of another in each file.
fn packs(folder: &Path, change: Option<(&str, &str)>) {
    let source = demo::rules_folder().join(demo::FAMILY);
    let pack = folder.join(demo::FAMILY);
    fs::create_dir_all(&pack).unwrap();
    for name in ["2018-01-01.toml", "2019-01-01.toml"] {
        let mut text = fs::read_to_string(source.join(name)).unwrap();
        if let Some((from, to)) = change.filter(|_| name.starts_with("2018")) {
            assert!(text.contains(from), "{from}");
            text = text.replace(from, to);
        }
        fs::write(pack.join(name), text).unwrap();
    }
}

/// The same year under these packs: openings, stays, and one that is taken back in between.
async fn year(store: &Path, packs: &Path) -> Vec<proto::SettlementRecord> {
    let (opened, _) = Store::open(store, demo::OPTIONS).unwrap();
    let service = Service::new(opened, read_rules(packs).unwrap(), packs.to_owned(), false);
    demo::fill(&service).await;
    service.load_opening(demo::opening("OLD", PLAIN)).await.unwrap();
    let mut settled = Vec::new();
    for (index, in_scope) in (0..).zip([30_000, 3_000, 900, 12_000, 45_000, 100, 7_000]) {
        let person = if index % 2 == 0 { POOR } else { PLAIN };
        let request = demo::settle(&format!("A{index}"), person, totals(in_scope, 200, 700));
        settled.push(service.settle(request).await.unwrap());
        if index == 2 {
            let undone = settled.pop().unwrap();
            service.reverse(demo::reverse("U", undone.number)).await.unwrap();
        }
    }
    service.close().unwrap();
    settled
}

fn sum(settled: &[proto::SettlementRecord], of: fn(&proto::Statement) -> &String) -> Money {
    settled.iter().map(|one| Money::parse(of(one.statement.as_ref().unwrap())).unwrap()).sum()
}

/// The cells of a row of a CSV file that begins so.
fn row<'t>(table: &'t str, begins: &str) -> Vec<&'t str> {
    let found = table.lines().find(|line| line.starts_with(begins));
    found.unwrap_or_else(|| panic!("no row `{begins}`: {table}")).split(',').collect()
}

#[tokio::test]
async fn another_pack_gives_what_it_would_have_given_from_the_beginning() {
    let directory = tempfile::tempdir().unwrap();
    let at = |name: &str| directory.path().join(name);
    packs(&at("before"), None);
    packs(&at("after"), Some((LEVEL_TWO, OTHER)));
    let before = year(&at("ledger"), &at("before")).await;
    let after = year(&at("other"), &at("after")).await;
    let head = onestop(&["ledger", "head", "--data", at("ledger").to_str().unwrap()]);
    let ask = |packs: &str, to: &str, jobs: &str| {
        let (ledger, packs, out) = (at("ledger"), at(packs), at("out"));
        let page = at("page.html");
        let (code, printed) = onestop(&[
            "whatif",
            "--packs",
            packs.to_str().unwrap(),
            "--from",
            "2018-01-01",
            "--to",
            to,
            "--data",
            ledger.to_str().unwrap(),
            "--csv",
            out.to_str().unwrap(),
            "--html",
            page.to_str().unwrap(),
            "--jobs",
            jobs,
            "--lang",
            "en",
        ]);
        assert_eq!(code, 0, "{printed}");
        let read = |name: &str| fs::read_to_string(out.join(name)).unwrap().replace('\u{feff}', "");
        (read("sums.csv"), read("changes.csv"), read("losers.csv"))
    };

    // Under the same packs nothing is different.
    let (sums, changes, _) = ask("before", "2018-12-31", "1");
    assert_eq!(row(&changes, "unchanged")[1], before.len().to_string());
    assert_eq!(row(&sums, "all")[4], "0.00", "{sums}");

    // Under others it is what a ledger of their own has, with its accumulators, on one core as on three.
    let expected = [
        sum(&before, |one| &one.payments),
        sum(&after, |one| &one.payments),
        sum(&before, |one| &one.patient_pay),
        sum(&after, |one| &one.patient_pay),
    ];
    assert!(expected[2] < expected[3], "the change changes something");
    let one = ask("after", "2018-12-31", "1");
    let cells = row(&one.0, "all");
    let found = [2, 3, 5, 6].map(|index| Money::parse(cells[index]).unwrap());
    assert_eq!(found, expected);
    assert_eq!(row(&one.1, "worse off")[1].parse::<usize>().unwrap(), one.2.lines().count() - 1);
    assert_eq!(ask("after", "2018-12-31", "3"), one);
    let page = fs::read_to_string(at("page.html")).unwrap();
    assert!(
        page.contains("<svg") && page.contains("Worse off most") && !page.contains("http"),
        "{page}"
    );

    // Whoever watches may call it off.
    let book = read_rules(&at("after")).unwrap();
    let (from, to) = (Day::parse("2018-01-01").unwrap(), Day::parse("2018-12-31"));
    for steps in [0, 1] {
        let mut told = 0;
        let watch = |_, _| {
            told += 1;
            told <= steps
        };
        let outcome =
            resettle(Place::unsealed(&at("ledger")), &book, (Span { from, to }, 2), watch);
        assert!(matches!(outcome, Err(ResettleError::CalledOff)), "{outcome:?}");
    }

    // A period without a discharge has nothing, and the ledger is as it was.
    assert_eq!(row(&ask("after", "2018-02-28", "2").0, "all")[1], "0");
    assert_eq!(onestop(&["ledger", "head", "--data", at("ledger").to_str().unwrap()]), head);
    let ledger = at("ledger");
    let missing = ["whatif", "--packs", "/nowhere", "--from", "2018-01-01", "--to", "2018-12-31"];
    let (code, _) = onestop(&[&missing[..], &["--data", ledger.to_str().unwrap()]].concat());
    assert_eq!(code, 2);
}
