//! The survey adds up to what was settled, and the audit names what its rules ask for.

use crate::demo;
use crate::demo::COUNTY;
use crate::demo::PLAIN;
use crate::demo::POOR;
use crate::demo::totals;

use onestop::audit::Audit;
use onestop::audit::Wanted;
use onestop::calendar::Day;
use onestop::extract::Extract;
use onestop::extract::Guarantee;
use onestop::money::Money;
use onestop::outline;
use onestop::report::Cell;
use onestop::report::Report;
use onestop::store::seal::Place;
use onestop::survey::Looked;
use onestop::survey::Survey;

fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

/// Three settlements of June, one of them reversed nine days later by the same operator.
async fn extracts() -> Vec<Extract> {
    let directory = tempfile::tempdir().unwrap();
    let service = demo::begin(directory.path()).await;
    let mut last = 0;
    for (id, person, in_scope) in [("A1", POOR, 30_000), ("A2", PLAIN, 3_000), ("A3", POOR, 900)] {
        let request = demo::settle(id, person, totals(in_scope, 200, 700));
        last = service.settle(request).await.unwrap().number;
    }
    service.reverse(demo::reverse("U3", last)).await.unwrap();
    let mut extracts = Vec::new();
    outline::each(Place::unsealed(directory.path()), 0, |extract| extracts.push(extract)).unwrap();
    for extract in &mut extracts {
        extract.recorded_on = day("2018-06-01");
        extract.operator = "li".to_owned();
        if let Some(undone) = &mut extract.undoes {
            undone.recorded_on = day("2018-06-01");
            undone.operator = "li".to_owned();
            extract.recorded_on = day("2018-06-10");
        }
    }
    extracts
}

fn looked() -> Looked {
    Looked {
        from: day("2018-06-01"),
        to: day("2018-06-30"),
        facility: String::new(),
        place: String::new(),
        insutype: String::new(),
        identity: String::new(),
    }
}

fn survey(extracts: &[Extract], looked: Looked) -> Vec<Report> {
    let mut survey = Survey::new(looked);
    extracts.iter().for_each(|extract| survey.add(extract));
    survey.reports()
}

fn named<'r>(reports: &'r [Report], name: &str) -> &'r Report {
    reports.iter().find(|one| one.name == name).unwrap()
}

fn sum(report: &Report, title: &str) -> Money {
    let column = report.columns.iter().position(|(_, en)| *en == title).unwrap();
    let money =
        |row: &Vec<Cell>| if let Cell::Money(money) = row[column] { money } else { Money::ZERO };
    report.rows.iter().map(money).sum()
}

#[tokio::test]
async fn every_yuan_of_the_bills_is_somebody_s_in_every_table() {
    let extracts = extracts().await;
    let reports = survey(&extracts, looked());
    let bills = Money::parse("34800.00").unwrap();
    assert_eq!(sum(named(&reports, "layers"), "Amount"), bills);
    for name in ["patients", "identities", "facilities"] {
        let report = named(&reports, name);
        assert_eq!(sum(report, "Bills"), bills, "{name}");
        let whose = ["Payments", "Patients' shares", "Borne by facilities"];
        assert_eq!(
            whose.map(|title| sum(report, title)).into_iter().sum::<Money>(),
            bills,
            "{name}"
        );
    }
    let poor = survey(&extracts, Looked { identity: "registered_poor".to_owned(), ..looked() });
    assert_eq!(sum(named(&poor, "facilities"), "Bills"), Money::parse("30900.00").unwrap());
    let none = survey(&extracts, Looked { facility: "H-OTHER".to_owned(), ..looked() });
    assert!(named(&none, "facilities").rows.is_empty());
    // The reversal alone, in a period of its own, takes off what it undoes.
    let july = survey(&extracts, Looked { from: day("2018-06-02"), ..looked() });
    assert!(sum(named(&july, "facilities"), "Bills").is_negative());
}

#[tokio::test]
async fn who_missed_a_guarantee_or_is_near_a_cap_is_listed_with_the_reason() {
    let mut extracts = extracts().await;
    let thousand = Money::parse("1000.00").unwrap();
    for extract in &mut extracts {
        let Some(settled) = &mut extract.settled else { continue };
        let layer = settled.layers.first_mut().unwrap();
        layer.bound = "year".to_owned();
        layer.year_cap = Some((thousand, Money::parse("900.00").unwrap()));
        layer.guarantee = Some(Guarantee {
            measured: thousand,
            ratio: Some(9000),
            remaining: Money::parse("250.00").unwrap(),
            shortfall: Money::parse("150.00").unwrap(),
        });
    }
    let reports = survey(&extracts, looked());
    let shortfalls = named(&reports, "shortfalls");
    assert_eq!(shortfalls.rows.len(), 2, "what was reversed is not listed");
    let row = &shortfalls.rows[0];
    assert!(row.contains(&Cell::Words("年度封顶", "capped for the year")), "{row:?}");
    assert!(row.contains(&Cell::text("0.9000")), "{row:?}");
    assert!(!row.contains(&Cell::text(POOR)), "a person is shown whole");
    assert_eq!(named(&reports, "near-caps").rows.len(), 2);
}

#[tokio::test]
async fn an_unusual_reversal_is_listed_with_its_rules() {
    let extracts = extracts().await;
    let wanted = |operator: &str| Wanted {
        from: day("2018-06-01"),
        to: day("2018-06-30"),
        kind: None,
        writer: String::new(),
        operator: operator.to_owned(),
        person: String::new(),
    };
    let audit = |wanted: Wanted, extracts: &[Extract]| {
        let mut audit = Audit::new(wanted);
        extracts.iter().for_each(|extract| audit.add(extract));
        audit.reports()
    };
    let [unusual, log, _] = audit(wanted(""), &extracts);
    assert_eq!(unusual.rows.len(), 1);
    assert_eq!(unusual.rows[0][0], Cell::text("late same-operator"));
    assert!(unusual.rows[0].contains(&Cell::text(COUNTY)));
    assert_eq!(log.rows.len(), extracts.len());
    assert!(audit(wanted("zhao"), &extracts).iter().all(|report| report.rows.is_empty()));
    // In time and by another it is usual; twice for one admission it is not.
    let mut usual = extracts.clone();
    for extract in &mut usual {
        if let Some(undone) = &mut extract.undoes {
            undone.operator = "wang".to_owned();
            extract.recorded_on = day("2018-06-02");
        }
    }
    assert!(audit(wanted(""), &usual)[0].rows.is_empty());
    usual.push(Extract { number: 99, ..usual.last().unwrap().clone() });
    let [unusual, ..] = audit(wanted(""), &usual);
    assert_eq!(unusual.rows.len(), 2);
    assert_eq!(unusual.rows[0][0], Cell::text("repeated-admission"));
}
