//! What the registers refuse, and what they say of people, facilities and packs.

use crate::demo;
use crate::demo::GONE;
use crate::demo::LATER;
use crate::demo::PRIVATE;
use crate::demo::WORKER;
use crate::demo::totals;
use crate::refusals::Call;
use crate::refusals::table::Row;
use crate::refusals::table::of_admission;
use crate::refusals::table::of_facility;
use crate::refusals::table::of_item;
use crate::refusals::table::of_opening;
use crate::refusals::table::of_person;
use crate::refusals::table::settle;
use crate::refusals::table::text;

use onestop::proto;

pub(super) fn of_registers() -> Vec<Row> {
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

#[expect(clippy::too_many_lines, reason = "a table")]
pub(super) fn of_facts() -> Vec<Row> {
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
