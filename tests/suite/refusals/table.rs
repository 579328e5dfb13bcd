//! The table: what is sent, the number that it is refused with, and what the sentence says.

use crate::demo;
use crate::demo::COUNTY;
use crate::demo::GONE;
use crate::demo::LATER;
use crate::demo::PLAIN;
use crate::demo::POOR;
use crate::demo::PRIVATE;
use crate::demo::WORKER;
use crate::demo::line;
use crate::demo::lines;
use crate::demo::totals;
use crate::refusals::Call;

use onestop::proto;
use onestop::proto::get_settlement_request::By;
use onestop::proto::reverse_request::Of;
use onestop::service::Service;

type Row = (&'static str, Call, u16, &'static str);

/// Numbers of entries that the rows name.
pub(super) struct Numbers {
    first: u64,
    reversed: u64,
    opening: u64,
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
    Numbers { first, reversed, opening }
}

/// A settlement that would be good, with one thing changed.
fn settle(change: impl FnOnce(&mut proto::SettleRequest)) -> Call {
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
    let mut rows = malformed();
    rows.extend(not_numbers());
    rows.extend(too_many());
    rows.extend(of_registers());
    rows.extend(of_facts());
    rows.extend(of_bills());
    rows.extend(of_openings());
    rows.extend(of_ledger(numbers));
    rows
}

fn malformed() -> Vec<Row> {
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

fn not_numbers() -> Vec<Row> {
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

fn too_many() -> Vec<Row> {
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

fn of_registers() -> Vec<Row> {
    let enrolment = |from: &str, to: &str| proto::Enrolment {
        place: text("000001"),
        insutype: text("390"),
        from: text(from),
        to: text(to),
    };
    vec![
        (
            "an enrolment that ends before it begins",
            of_person(|p| p.enrolments = vec![enrolment("2018-01-02", "2018-01-01")]),
            104,
            "enrolments",
        ),
        ("an item's span", of_item(|i| i.to = text("2014-12-31")), 104, "items"),
        (
            "enrolments that share a day",
            of_person(|p| {
                let both = [("2018-01-01", "2018-06-30"), ("2018-06-30", "")];
                p.enrolments = both.map(|(from, to)| enrolment(from, to)).to_vec();
            }),
            105,
            "meet",
        ),
        (
            "facility entries without an end",
            of_facility(|f| {
                let mut later = f.entries[0].clone();
                later.from = text("2018-01-01");
                f.entries.push(later);
            }),
            105,
            "facility.entries",
        ),
        (
            "catalogue entries that meet what the register holds",
            of_item(|i| {
                i.code = text("D-C");
                i.from = text("2016-01-01");
            }),
            105,
            "items",
        ),
        (
            "class B without a rate",
            of_item(|i| i.facts.as_mut().unwrap().first_copay_rate.clear()),
            106,
            "`NEW`",
        ),
        (
            "class A with a rate",
            of_item(|i| i.facts.as_mut().unwrap().class = text("A")),
            106,
            "`NEW`",
        ),
    ]
}

fn of_facts() -> Vec<Row> {
    let unknown = "510999200001019999";
    let mut year = demo::year(unknown);
    let key = year.key.as_mut().unwrap();
    key.benefit_year = 2019;
    vec![
        ("an unknown person", of_admission(|a| a.person = text(unknown)), 107, "person"),
        (
            "a quote for him",
            Call::Quote(proto::QuoteRequest {
                admission: Some(demo::admission("", unknown)),
                bill: Some(totals(1, 0, 0)),
                ..Default::default()
            }),
            107,
            "person",
        ),
        (
            "his eligibility",
            Call::Eligibility(proto::EligibilityRequest {
                person: text(unknown),
                ..Default::default()
            }),
            107,
            "person",
        ),
        ("his year", Call::Year(year), 107, "person"),
        ("his record", Call::Person(text(unknown)), 107, "person"),
        ("an opening for him", of_opening(|o| o.person = text(unknown)), 107, "person"),
        (
            "an unknown facility",
            settle(|r| {
                r.writer = demo::writer("H-NONE", "NEW");
                r.admission.as_mut().unwrap().facility = text("H-NONE");
            }),
            108,
            "H-NONE",
        ),
        ("its record", Call::Facility(text("H-NONE")), 108, "H-NONE"),
        (
            "a facility before its first entry, in an emergency",
            settle(|r| {
                r.writer = demo::writer(LATER, "NEW");
                let admission = r.admission.as_mut().unwrap();
                admission.facility = text(LATER);
                admission.referral = text("emergency");
            }),
            108,
            "H-LATER",
        ),
        (
            "discharge before admission",
            of_admission(|a| a.admitted_on = text("2018-03-09")),
            109,
            "2018-03-09",
        ),
        ("a work-injury bill", of_admission(|a| a.work_injury = true), 110, "work-injury"),
        ("a person who left", of_admission(|a| a.person = text(GONE)), 111, "2018-03-08"),
        (
            "a facility that is not designated",
            settle(|r| {
                r.writer = demo::writer(PRIVATE, "NEW");
                r.admission.as_mut().unwrap().facility = text(PRIVATE);
            }),
            112,
            "H-PRIVATE",
        ),
        ("a type that no pack has", of_admission(|a| a.person = text(WORKER)), 301, "310"),
        (
            "a day before every pack",
            of_admission(|a| {
                a.admitted_on = text("2017-12-30");
                a.discharged_on = text("2017-12-31");
            }),
            301,
            "2017-12-31",
        ),
    ]
}

fn of_bills() -> Vec<Row> {
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

fn of_openings() -> Vec<Row> {
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

fn of_ledger(numbers: &Numbers) -> Vec<Row> {
    let Numbers { first, reversed, opening } = *numbers;
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
