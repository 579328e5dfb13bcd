//! Bills that do not add up.

use crate::demo::line;
use crate::demo::lines;
use crate::refusals::table::Row;
use crate::refusals::table::of_bill;
use crate::refusals::table::of_line;
use crate::refusals::table::of_opening;
use crate::refusals::table::of_refund;
use crate::refusals::table::of_totals;
use crate::refusals::table::settle;
use crate::refusals::table::text;

use onestop::proto;

#[expect(clippy::too_many_lines, reason = "a table")]
pub(super) fn of_bills() -> Vec<Row> {
    let facts = proto::ItemFacts { class: text("A"), ..proto::ItemFacts::default() };
    let large = |n| line(&format!("L{n}"), "D-A", ("1", "9999999999", "9999999999"));
    vec![
        (
            "totals that do not sum",
            of_totals(|bill, _| bill.total = text("1150.01")),
            201,
            "1150.00",
        ),
        (
            "parts of an opening",
            of_opening(|o| o.balances.as_mut().unwrap().total = text("1")),
            201,
            "5000.00",
        ),
        (
            "lines that do not sum",
            of_bill(proto::Bill {
                total: text("20.01"),
                ..lines(vec![line("L1", "D-A", ("2", "10", "20"))])
            }),
            202,
            "20.00",
        ),
        (
            "totals of ten to the tenth",
            of_totals(|bill, totals| {
                totals.parts.as_mut().unwrap().in_scope = text("9999999999.99");
                bill.total = text("9999999999.99");
            }),
            203,
            "10000000000",
        ),
        ("lines of ten to the tenth", of_bill(lines(vec![large(1), large(2)])), 203, "10000000000"),
        (
            "more class C drugs than own expense",
            of_totals(|_, totals| {
                totals.drugs = text("100");
                totals.class_c_drugs = text("50.01");
            }),
            204,
            "class_c_drugs",
        ),
        (
            "more drugs than the total",
            of_totals(|_, totals| {
                totals.drugs = text("1150.01");
                totals.class_c_drugs = text("0");
            }),
            204,
            "drugs",
        ),
        ("a line without an id", of_line(|l| l.id.clear()), 205, "line 1"),
        ("a line id without end", of_line(|l| l.id = "L".repeat(200_000)), 205, "line 1"),
        ("a line id with a NUL", of_line(|l| l.id = text("L\0")), 205, "line 1"),
        ("an id used twice", of_refund(|l| l.id = text("L1")), 205, "`L1`"),
        ("a fen too much", of_line(|l| l.amount = text("20.01")), 206, "20.01"),
        ("an absurd product", of_line(|l| l.quantity = text("9999999999999999")), 206, "`L1`"),
        ("a line with facts of its own", of_line(|l| l.facts = Some(facts.clone())), 207, "`L1`"),
        (
            "a line with facts and an id without end",
            of_line(|l| {
                l.facts = Some(facts.clone());
                l.id = "L".repeat(200_000);
            }),
            207,
            "catalogue facts",
        ),
        (
            "a negative quantity without refund",
            of_line(|l| {
                l.quantity = text("-0.001");
                l.amount = text("0");
                l.price = text("0");
            }),
            208,
            "refund_of",
        ),
        ("a refund of nothing", of_refund(|l| l.refund_of = text("L9")), 208, "no earlier line"),
        ("a refund of itself", of_refund(|l| l.refund_of = text("R1")), 208, "no earlier line"),
        ("a refund of another item", of_refund(|l| l.code = text("D-B")), 208, "item, category"),
        (
            "a refund of too much",
            of_refund(|l| {
                l.quantity = text("-3");
                l.amount = text("-30");
            }),
            208,
            "more than is left",
        ),
        (
            "a refund that leaves a fen",
            of_refund(|l| {
                l.quantity = text("-2");
                l.amount = text("-19.995").replace("19.995", "19.99");
                l.price = text("10");
            }),
            206,
            "R1",
        ),
        (
            "more from the account than is owed",
            settle(|r| r.account_pay = text("1150.01")),
            209,
            "1150.01",
        ),
    ]
}
