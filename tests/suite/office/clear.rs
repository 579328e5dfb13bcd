//! Clearing: what a month's statement says, and that a closed one stays as it was.

use crate::demo;
use crate::demo::COUNTY;
use crate::office::begin;
use crate::office::office;
use crate::office::onestop;
use crate::server::refused;

use onestop::clear::Clearing;
use onestop::clear::Month;
use onestop::clear::Statement;
use onestop::money::Money;
use onestop::outline;
use onestop::proto;
use onestop::report::Cell;
use onestop::report::Report;
use onestop::service::now;
use onestop::store::seal::Place;

use std::fs;

/// The cells of a report's row under a title.
fn under<'r>(report: &'r Report, title: &str, row: usize) -> &'r Cell {
    let column = report.columns.iter().position(|(_, en)| *en == title).unwrap();
    &report.rows[row][column]
}

fn money(cell: &Cell) -> Money {
    if let Cell::Money(money) = cell { *money } else { panic!("{cell:?}") }
}

fn sum(report: &Report, title: &str) -> Money {
    (0..report.rows.len()).map(|row| money(under(report, title, row))).sum()
}

#[tokio::test]
async fn a_statement_adds_up_by_fund_by_share_and_over_months() {
    let directory = tempfile::tempdir().unwrap();
    let service = demo::begin(directory.path()).await;
    let bills = [("A1", demo::POOR, 30_000), ("A2", demo::PLAIN, 3_000), ("A3", demo::POOR, 9_000)];
    let mut numbers = Vec::new();
    for (id, person, in_scope) in bills {
        let bill = demo::totals(in_scope, 200, 700);
        numbers.push(service.settle(demo::settle(id, person, bill)).await.unwrap().number);
    }
    service.reverse(demo::reverse("U3", numbers[2])).await.unwrap();
    let mut extracts = Vec::new();
    outline::each(Place::unsealed(directory.path()), 0, |extract| extracts.push(extract)).unwrap();

    let this_month = Month::parse(now().to_string().get(..7).unwrap()).unwrap();
    let statement = |month: Month, facility: &str| {
        let mut statement = Statement::new(Clearing {
            month,
            facility: facility.to_owned(),
            place: String::new(),
            insutype: String::new(),
        });
        extracts.iter().for_each(|extract| statement.add(extract));
        statement.reports()
    };
    let reports = statement(this_month, COUNTY);
    let [facilities, funds, shares, earlier, ..] = reports.as_slice() else { panic!("sheets") };
    assert_eq!(under(facilities, "Settlements", 0), &Cell::Count(3));
    assert_eq!(under(facilities, "Reversals of this month's", 0), &Cell::Count(1));
    let payments = money(under(facilities, "Payments", 0));
    assert!(!payments.is_zero());
    assert_eq!(sum(funds, "Net"), payments, "all that funds paid is somebody's");
    assert!(sum(shares, "Amount") <= payments);
    let bill = money(under(facilities, "Bills", 0));
    let patients = money(under(facilities, "Patients' shares", 0));
    let borne = money(under(facilities, "Borne by the facility", 0));
    assert_eq!(bill, payments + patients + borne);
    assert_eq!(bill, Money::parse("34800.00").unwrap());
    assert!(earlier.rows.is_empty());
    assert!(statement(this_month, "H-OTHER")[0].rows.len() == 1);

    // The same reversal a month later is one of an earlier month's, and the months add up.
    for extract in &mut extracts {
        let (may, june) = (Month::parse("2018-05").unwrap(), Month::parse("2018-06").unwrap());
        extract.recorded_on = may.first();
        if let Some(undone) = &mut extract.undoes {
            undone.recorded_on = may.last();
            extract.recorded_on = june.first();
        }
    }
    let statement = |month: &str| {
        let mut statement = Statement::new(Clearing {
            month: Month::parse(month).unwrap(),
            facility: String::new(),
            place: "000001".to_owned(),
            insutype: "390".to_owned(),
        });
        extracts.iter().for_each(|extract| statement.add(extract));
        statement.reports()
    };
    let (may, june) = (statement("2018-05"), statement("2018-06"));
    assert_eq!(june[3].rows.len(), 1, "a reversal of an earlier month is listed");
    assert_eq!(under(&june[0], "Reversals of earlier months'", 0), &Cell::Count(1));
    assert_eq!(sum(&may[1], "Net") + sum(&june[1], "Net"), payments);
    assert_eq!(sum(&june[1], "Net"), sum(&june[1], "Reversals of earlier months'"));
}

#[tokio::test]
async fn a_month_is_closed_once_after_its_end_and_never_changes() {
    let directory = tempfile::tempdir().unwrap();
    let data = directory.path().join("data");
    let (server, _) = begin(&data).await;
    let url = format!("http://{}", server.address);
    let this_month = now().to_string().get(..7).unwrap().to_owned();
    let (folder, book) = (directory.path().join("sheets"), directory.path().join("sheet.xlsx"));
    let (code, printed) = onestop(&[
        "clear",
        &this_month,
        "--facility",
        COUNTY,
        "--server",
        &url,
        "--lang",
        "en",
        "--csv",
        folder.to_str().unwrap(),
        "--xlsx",
        book.to_str().unwrap(),
    ]);
    assert_eq!(code, 0, "{printed}");
    assert!(printed.contains("Payable to the facility"), "{printed}");
    let funds = fs::read_to_string(folder.join("funds.csv")).unwrap();
    assert!(funds.contains("basic"), "{funds}");
    assert!(fs::read(&book).unwrap().starts_with(b"PK"));

    let mut client = office(&server).await;
    let request = |month: &str, id: &str| proto::ClearRequest {
        month: month.to_owned(),
        close: demo::office(id),
        ..proto::ClearRequest::default()
    };
    assert_eq!(refused(client.clear(request(&this_month, "C1")).await).code, 502);
    let closed = client.clear(request("2018-05", "C1")).await.unwrap().into_inner();
    assert_ne!(closed.number, 0);
    assert_eq!(closed.digest.len(), 64);
    let again = client.clear(request("2018-05", "C1")).await.unwrap().into_inner();
    assert_eq!(again, closed);
    assert_eq!(refused(client.clear(request("2018-05", "C2")).await).code, 503);
    assert_eq!(refused(client.clear(request("2018-04", "C1")).await).code, 401);
    let shown = proto::ClearRequest { close: None, ..request("2018-05", "") };
    assert_eq!(client.clear(shown).await.unwrap().into_inner(), closed);
    server.stop().await;
    let data = data.to_str().unwrap();
    let (code, printed) = onestop(&["clear", "2018-05", "--data", data, "--lang", "en"]);
    assert_eq!(code, 0, "{printed}");
}
