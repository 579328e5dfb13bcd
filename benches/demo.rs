//! Registers and bills under the demo pack: a registered poor person at the county hospital, for whom all six enabled steps run.

use onestop::proto;

/// The `index`-th person.
pub(crate) fn person(index: usize) -> proto::Person {
    proto::Person {
        id: format!("P{index}"),
        birth: "1970-01-01".to_owned(),
        enrolments: vec![proto::Enrolment {
            place: "000001".to_owned(),
            insutype: "390".to_owned(),
            from: "2010-01-01".to_owned(),
            to: String::new(),
        }],
        identities: vec![proto::HeldIdentity {
            identity: "2302".to_owned(),
            from: "2016-01-01".to_owned(),
            to: String::new(),
        }],
        ..proto::Person::default()
    }
}

/// The county hospital.
pub(crate) fn facility() -> proto::Facility {
    proto::Facility {
        id: "H1".to_owned(),
        entries: vec![proto::FacilityEntry {
            place: "000001".to_owned(),
            level: 2,
            tier: "county".to_owned(),
            from: "2010-01-01".to_owned(),
            ..proto::FacilityEntry::default()
        }],
        ..proto::Facility::default()
    }
}

/// Who writes.
pub(crate) fn writer(request_id: String) -> Option<proto::Writer> {
    Some(proto::Writer { facility: "H1".to_owned(), request_id, ..proto::Writer::default() })
}

/// The `number`-th admission, of the `person`-th person.
pub(crate) fn admission(number: usize, person: usize) -> Option<proto::Admission> {
    Some(proto::Admission {
        id: format!("A{number}"),
        person: format!("P{person}"),
        facility: "H1".to_owned(),
        admitted_on: "2018-03-01".to_owned(),
        discharged_on: "2018-03-10".to_owned(),
        med_type: "21".to_owned(),
        diagnoses: vec!["J18.9".to_owned(), "I10".to_owned()],
        ..proto::Admission::default()
    })
}

/// A bill of totals between 2,400 and 32,400 yuan.
pub(crate) fn totals(number: usize) -> proto::Bill {
    let yuan = 2000 + number % 30_000;
    let parts = proto::Parts {
        in_scope: format!("{yuan}.00"),
        copay_first: "300.00".to_owned(),
        own_expense: "100.00".to_owned(),
        ..proto::Parts::default()
    };
    proto::Bill {
        total: format!("{}.00", yuan + 400),
        totals: Some(proto::Totals { parts: Some(parts), ..proto::Totals::default() }),
        ..proto::Bill::default()
    }
}
