//! What the ledger refuses: openings, used ids, moved amounts, and reversals.

use crate::demo;
use crate::demo::COUNTY;
use crate::demo::PLAIN;
use crate::demo::POOR;
use crate::demo::totals;
use crate::refusals::Call;
use crate::refusals::table::Numbers;
use crate::refusals::table::Row;
use crate::refusals::table::of_opening;
use crate::refusals::table::settle;
use crate::refusals::table::text;

use onestop::proto;
use onestop::proto::get_settlement_request::By;
use onestop::proto::reverse_request::Of;

pub(super) fn of_openings() -> Vec<Row> {
    let huge = "f".repeat(200_000);
    let step =
        |step: &str| of_opening(|o| o.balances.as_mut().unwrap().steps[0].step = step.to_owned());
    vec![
        ("an unknown family", of_opening(|o| o.family = text("510400-none")), 302, "510400-none"),
        ("a family without end", of_opening(|o| o.family = huge.clone()), 302, "family"),
        ("a type of another family", of_opening(|o| o.insutype = text("310")), 303, "310"),
        ("a type without end", of_opening(|o| o.insutype = huge.clone()), 303, "insurance type"),
        ("an unknown step", step("second"), 304, "second"),
        ("a step without end", step(&huge), 304, "no step"),
        (
            "an unknown step's chain",
            of_opening(|o| {
                let chain = proto::ChainYear {
                    step: text("second"),
                    chain: text("episode:E"),
                    met: text("1"),
                };
                o.balances.as_mut().unwrap().chains.push(chain);
            }),
            304,
            "second",
        ),
    ]
}

#[expect(clippy::too_many_lines, reason = "a table")]
pub(super) fn of_ledger(numbers: &Numbers) -> Vec<Row> {
    let Numbers { first, reversed, opening, .. } = *numbers;
    let again = |change: fn(&mut proto::SettleRequest)| {
        let mut request = demo::settle("FIRST", POOR, totals(1000, 100, 50));
        change(&mut request);
        Call::Settle(request)
    };
    let by_admission =
        By::Admission(proto::AdmissionName { facility: text(COUNTY), admission: text("NEVER") });
    let by_request =
        By::Request(proto::RequestName { facility: text(COUNTY), request_id: text("NEVER") });
    let get = |by: By| Call::Settlement(proto::GetSettlementRequest { by: Some(by) });
    vec![
        (
            "the id again with another bill",
            again(|r| r.bill = Some(totals(1000, 100, 51))),
            401,
            "bill.total",
        ),
        (
            "with another person",
            again(|r| r.admission.as_mut().unwrap().person = text(PLAIN)),
            401,
            "admission.person",
        ),
        ("with a deposit", again(|r| r.deposit = text("1")), 401, "deposit"),
        ("with an expectation", again(|r| r.expected_version = Some(1)), 401, "expectedVersion"),
        ("for a reversal", Call::Reverse(demo::reverse("FIRST", first)), 401, "request"),
        (
            "for a register",
            Call::Items(proto::PutItemsRequest {
                writer: demo::writer(COUNTY, "FIRST"),
                items: demo::items(),
                ..proto::PutItemsRequest::default()
            }),
            401,
            "request",
        ),
        ("a reversal's id for another", Call::Reverse(demo::reverse("UNDO", first)), 401, "`of`"),
        (
            "with another reason",
            Call::Reverse(proto::ReverseRequest {
                reason: text("else"),
                ..demo::reverse("UNDO", reversed)
            }),
            401,
            "reason",
        ),
        (
            "an opening's id again",
            Call::Opening(proto::LoadOpeningRequest {
                id: text("X"),
                ..demo::opening("OLD", PLAIN)
            }),
            401,
            "`id`",
        ),
        (
            "a register's id again",
            Call::Persons(proto::PutPersonsRequest {
                writer: demo::office("persons"),
                persons: Vec::new(),
                ..proto::PutPersonsRequest::default()
            }),
            401,
            "differs",
        ),
        (
            "an admission settled twice",
            settle(|r| r.admission.as_mut().unwrap().id = text("FIRST")),
            402,
            "`FIRST`",
        ),
        (
            "an opening loaded twice",
            Call::Opening(proto::LoadOpeningRequest {
                writer: demo::office("NEW"),
                ..demo::opening("OLD", PLAIN)
            }),
            403,
            "`OLD`",
        ),
        (
            "an amount that has moved",
            settle(|r| r.expected_patient_pay = text("0.01")),
            404,
            "version 4",
        ),
        ("a version that has moved", settle(|r| r.expected_version = Some(3)), 404, "SECOND"),
        ("a version of the future", settle(|r| r.expected_version = Some(9)), 404, "nothing"),
        ("a reversal of nothing", Call::Reverse(demo::reverse("NEW", 0)), 406, "`0`"),
        (
            "of the future",
            Call::Reverse(demo::reverse("NEW", u64::MAX)),
            406,
            "18446744073709551615",
        ),
        ("of a register's entry", Call::Reverse(demo::reverse("NEW", 1)), 406, "`1`"),
        ("of a reversal", Call::Reverse(demo::reverse("NEW", reversed + 1)), 406, ""),
        (
            "of an admission never settled",
            Call::Reverse(proto::ReverseRequest {
                of: Some(Of::Admission(text("NEVER"))),
                ..demo::reverse("NEW", 0)
            }),
            406,
            "`NEVER`",
        ),
        (
            "of another office's opening",
            Call::Reverse(proto::ReverseRequest {
                of: Some(Of::Opening(text("OLD"))),
                ..demo::reverse("NEW", 0)
            }),
            406,
            "`OLD`",
        ),
        ("a number that is no settlement", get(By::Number(opening)), 406, ""),
        ("an admission never settled", get(by_admission), 406, "`NEVER`"),
        ("a request never sent", get(by_request), 406, "`NEVER`"),
        ("an item that nobody knows", Call::Item(text("NONE")), 406, "`NONE`"),
        ("an item code without end", Call::Item("N".repeat(200_000)), 406, "ledger"),
        ("a second reversal", Call::Reverse(demo::reverse("NEW", reversed)), 407, "`GONE`"),
        (
            "a reversal below another entry",
            Call::Reverse(demo::reverse("NEW", first)),
            408,
            "SECOND",
        ),
    ]
}
