//! What cannot be read: texts, numbers, and more than a request may have.

use crate::demo;
use crate::demo::COUNTY;
use crate::demo::PRIVATE;
use crate::demo::line;
use crate::demo::lines;
use crate::refusals::Call;
use crate::refusals::table::Row;
use crate::refusals::table::of_admission;
use crate::refusals::table::of_bill;
use crate::refusals::table::of_facility;
use crate::refusals::table::of_item;
use crate::refusals::table::of_line;
use crate::refusals::table::of_opening;
use crate::refusals::table::of_person;
use crate::refusals::table::of_totals;
use crate::refusals::table::settle;
use crate::refusals::table::text;

use onestop::proto;

#[expect(clippy::too_many_lines, reason = "a table")]
pub(super) fn malformed() -> Vec<Row> {
    let huge = "9".repeat(200_000);
    vec![
        ("no admission", settle(|r| r.admission = None), 101, "admission"),
        ("no bill", settle(|r| r.bill = None), 101, "bill"),
        ("no writer's request id", settle(|r| r.writer = None), 101, "writer.request_id"),
        (
            "another writer than the facility",
            settle(|r| r.writer = demo::writer(PRIVATE, "NEW")),
            101,
            "writer.facility",
        ),
        ("an empty request id", settle(|r| r.writer = demo::writer(COUNTY, "")), 101, "request_id"),
        ("a person with a NUL", of_admission(|a| a.person = text("P\0")), 101, "admission.person"),
        ("a huge admission id", of_admission(|a| a.id = huge.clone()), 101, "admission.id"),
        (
            "a facility with a line feed",
            of_admission(|a| a.facility = text("H\n")),
            101,
            "facility",
        ),
        ("a space before an episode", of_admission(|a| a.episode = text(" E")), 101, "episode"),
        ("no medical type", of_admission(|a| a.med_type.clear()), 101, "med_type"),
        ("an unknown referral", of_admission(|a| a.referral = text("self")), 101, "referral"),
        ("30 February", of_admission(|a| a.discharged_on = text("2018-02-30")), 101, "discharged"),
        (
            "a day with a time",
            of_admission(|a| a.admitted_on = text("2018-03-01T00")),
            101,
            "admitted",
        ),
        ("an empty diagnosis", of_admission(|a| a.diagnoses = vec![text("")]), 101, "diagnoses[0]"),
        (
            "lines and totals",
            of_totals(|bill, _| bill.lines = vec![line("L1", "D-A", ("1", "1", "1"))]),
            101,
            "lines or totals",
        ),
        ("totals without a total", of_totals(|bill, _| bill.total.clear()), 101, "bill.total"),
        (
            "one of both drugs",
            of_totals(|_, totals| totals.drugs = text("1")),
            101,
            "class_c_drugs",
        ),
        ("a line without a code", of_line(|l| l.code.clear()), 101, "bill.lines[0].code"),
        ("a category with an escape", of_line(|l| l.category = text("\u{1b}")), 101, "category"),
        (
            "nothing to reverse",
            Call::Reverse(proto::ReverseRequest { of: None, ..demo::reverse("NEW", 1) }),
            101,
            "of",
        ),
        (
            "a reason without end",
            Call::Reverse(proto::ReverseRequest {
                reason: huge.clone(),
                ..demo::reverse("NEW", 1)
            }),
            101,
            "reason",
        ),
        ("nothing to get", Call::Settlement(proto::GetSettlementRequest { by: None }), 101, "by"),
        (
            "a year without a key",
            Call::Year(proto::GetAccumulatorsRequest { key: None }),
            101,
            "key",
        ),
        ("the year -1", of_opening(|o| o.benefit_year = -1), 101, "benefit_year"),
        ("the year 10000", of_opening(|o| o.benefit_year = 10_000), 101, "benefit_year"),
        ("an opening without balances", of_opening(|o| o.balances = None), 101, "balances"),
        (
            "a step twice in an opening",
            of_opening(|o| {
                let balances = o.balances.as_mut().unwrap();
                balances.steps.push(balances.steps[0].clone());
            }),
            101,
            "named once",
        ),
        (
            "a place of five digits",
            of_person(|p| p.enrolments[0].place = text("00000")),
            101,
            "place",
        ),
        ("a birth that is no day", of_person(|p| p.birth = text("1960")), 101, "persons[1].birth"),
        ("a name without end", of_person(|p| p.name = huge.clone()), 101, "persons[1].name"),
        ("level 4", of_facility(|f| f.entries[0].level = 4), 101, "level"),
        ("an unknown tier", of_facility(|f| f.entries[0].tier = text("village")), 101, "tier"),
        ("class D", of_item(|i| i.facts.as_mut().unwrap().class = text("D")), 101, "class"),
        ("an item without facts", of_item(|i| i.facts = None), 101, "facts"),
        ("a prefix of three digits", of_item(|i| i.admdvs = text("000")), 101, "admdvs"),
        ("a person without a number", Call::Person(String::new()), 101, "id"),
        (
            "a list by a bad day",
            Call::List(proto::ListSettlementsRequest {
                recorded_from: text("now"),
                ..Default::default()
            }),
            101,
            "recorded_from",
        ),
    ]
}

pub(super) fn not_numbers() -> Vec<Row> {
    let bad = |field: &'static str, value: &str| {
        of_totals(|_, totals| {
            let parts = totals.parts.as_mut().unwrap();
            match field {
                "in_scope" => parts.in_scope = text(value),
                _ => parts.own_expense = text(value),
            }
        })
    };
    let huge = "9".repeat(200_000);
    vec![
        ("a negative amount", bad("in_scope", "-1.00"), 102, "is negative"),
        ("three decimals", bad("in_scope", "1.500"), 102, "more than 2 decimals"),
        ("ten to the tenth", bad("own_expense", "10000000000"), 102, "out of range"),
        ("an exponent", bad("in_scope", "1e3"), 102, "plain decimal"),
        ("wide digits", bad("in_scope", "１"), 102, "plain decimal"),
        ("no digits", bad("in_scope", "NaN"), 102, "plain decimal"),
        ("a NUL", bad("in_scope", "1\0"), 102, "plain decimal"),
        ("digits without end", bad("in_scope", &huge), 102, "out of range"),
        ("a negative deposit", settle(|r| r.deposit = text("-5")), 102, "deposit"),
        ("a negative account", settle(|r| r.account_pay = text("-5")), 102, "account_pay"),
        (
            "a quantity of seven decimals",
            of_line(|l| l.quantity = text("2.0000001")),
            102,
            "quantity",
        ),
        ("no quantity", of_line(|l| l.quantity.clear()), 102, "quantity"),
        ("a negative price", of_line(|l| l.price = text("-10")), 102, "price"),
        ("a negative amount without refund", of_line(|l| l.amount = text("-20")), 102, "amount"),
        (
            "a first-copay rate above 1",
            of_item(|i| i.facts.as_mut().unwrap().first_copay_rate = text("1.1")),
            102,
            "first_copay_rate",
        ),
        (
            "nine decimals allowed",
            of_opening(|o| o.balances.as_mut().unwrap().steps[0].allowed = text("0.123456789")),
            102,
            "allowed",
        ),
    ]
}

pub(super) fn too_many() -> Vec<Row> {
    let many: Vec<proto::Line> =
        (0..=10_000).map(|n| line(&format!("L{n}"), "D-A", ("1", "1", "1"))).collect();
    let persons: Vec<proto::Person> =
        (0..=10_000).map(|n| demo::person(&format!("M{n}"), &[], ("390", ""))).collect();
    let writer = demo::office("MANY");
    vec![
        ("10,001 lines", of_bill(lines(many)), 103, "10000 lines"),
        (
            "101 diagnoses",
            of_admission(|a| a.diagnoses = vec![text("A00"); 101]),
            103,
            "100 diagnoses",
        ),
        (
            "10,001 persons",
            Call::Persons(proto::PutPersonsRequest {
                writer,
                persons,
                ..proto::PutPersonsRequest::default()
            }),
            103,
            "10000 persons",
        ),
    ]
}
