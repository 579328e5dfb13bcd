//! The table: what is sent, the number that it is refused with, and what the sentence says.

mod bills;
mod facts;
mod form;
mod ledger;
mod office;

use crate::demo;
use crate::demo::PLAIN;
use crate::demo::POOR;
use crate::demo::line;
use crate::demo::lines;
use crate::demo::totals;
use crate::refusals::Call;

use onestop::proto;
use onestop::service::Service;

type Row = (&'static str, Call, u16, &'static str);

/// Numbers of entries that the rows name.
pub(super) struct Numbers {
    first: u64,
    reversed: u64,
    opening: u64,
    signed: u64,
}

/// What the rows find: two settlements of one year, of which another was reversed, and an opening balance.
pub(super) async fn prepare(service: &Service) -> Numbers {
    let gone = demo::settle("GONE", POOR, totals(500, 0, 0));
    let reversed = service.settle(gone).await.unwrap().number;
    service.reverse(demo::reverse("UNDO", reversed)).await.unwrap();
    let first = demo::settle("FIRST", POOR, totals(1000, 100, 50));
    let first = service.settle(first).await.unwrap().number;
    service.settle(demo::settle("SECOND", POOR, totals(700, 0, 0))).await.unwrap();
    let opening = service.load_opening(demo::opening("OLD", PLAIN)).await.unwrap().number;
    let signed = office::prepare(service).await;
    Numbers { first, reversed, opening, signed }
}

/// A settlement that would be good, with one thing changed.
pub(super) fn settle(change: impl FnOnce(&mut proto::SettleRequest)) -> Call {
    let mut request = demo::settle("NEW", POOR, totals(1000, 100, 50));
    change(&mut request);
    Call::Settle(request)
}

fn of_admission(change: impl FnOnce(&mut proto::Admission)) -> Call {
    settle(|request| change(request.admission.as_mut().unwrap()))
}

fn of_bill(bill: proto::Bill) -> Call {
    settle(|request| request.bill = Some(bill))
}

fn of_totals(change: impl FnOnce(&mut proto::Bill, &mut proto::Totals)) -> Call {
    let mut bill = totals(1000, 100, 50);
    let mut of_bill_totals = bill.totals.take().unwrap();
    change(&mut bill, &mut of_bill_totals);
    bill.totals = Some(of_bill_totals);
    of_bill(bill)
}

fn of_line(change: impl FnOnce(&mut proto::Line)) -> Call {
    let mut one = line("L1", "D-A", ("2", "10", "20"));
    change(&mut one);
    of_bill(lines(vec![one]))
}

fn of_refund(change: impl FnOnce(&mut proto::Line)) -> Call {
    let mut refund = line("R1", "D-A", ("-1", "10", "-10"));
    refund.refund_of = "L1".to_owned();
    change(&mut refund);
    of_bill(lines(vec![line("L1", "D-A", ("2", "10", "20")), refund]))
}

fn of_opening(change: impl FnOnce(&mut proto::LoadOpeningRequest)) -> Call {
    let mut request = demo::opening("NEW", POOR);
    change(&mut request);
    Call::Opening(request)
}

fn of_person(change: impl FnOnce(&mut proto::Person)) -> Call {
    let mut person = demo::person("NEW", &[], ("390", ""));
    change(&mut person);
    Call::Persons(proto::PutPersonsRequest {
        writer: demo::office("NEW"),
        persons: vec![demo::person("GOOD", &[], ("390", "")), person],
        ..proto::PutPersonsRequest::default()
    })
}

fn of_facility(change: impl FnOnce(&mut proto::Facility)) -> Call {
    let mut facility = demo::facilities().remove(0);
    facility.id = "NEW".to_owned();
    change(&mut facility);
    let facilities = vec![facility];
    Call::Facilities(proto::PutFacilitiesRequest {
        writer: demo::office("NEW"),
        facilities,
        ..proto::PutFacilitiesRequest::default()
    })
}

fn of_item(change: impl FnOnce(&mut proto::Item)) -> Call {
    let mut item = demo::item("NEW", "B", "0.10");
    change(&mut item);
    let items = vec![demo::item("D-A", "C", ""), item];
    Call::Items(proto::PutItemsRequest {
        writer: demo::office("NEW"),
        items,
        ..proto::PutItemsRequest::default()
    })
}

fn text(text: &str) -> String {
    text.to_owned()
}

/// All rows; numbers rise.
pub(super) fn rows(numbers: &Numbers) -> Vec<Row> {
    let mut rows = form::malformed();
    rows.extend(form::not_numbers());
    rows.extend(form::too_many());
    rows.extend(facts::of_registers());
    rows.extend(facts::of_facts());
    rows.extend(bills::of_bills());
    rows.extend(ledger::of_openings());
    rows.extend(ledger::of_ledger(numbers));
    rows.extend(office::rows(numbers));
    rows
}
