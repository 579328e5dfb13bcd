//! From the core to messages. Numbers are written in one form each, so that equal content is equal bytes.

use crate::accumulators::AccumulatorKey;
use crate::accumulators::Accumulators;
use crate::accumulators::Sums;
use crate::admission::Admission;
use crate::bill::Bill;
use crate::bill::Charges;
use crate::bill::Class;
use crate::bill::ItemFacts;
use crate::bill::Line;
use crate::bill::Part;
use crate::bill::Parts;
use crate::money::Money;
use crate::proto;
use crate::refusal::EntryName;
use crate::refusal::Lang;
use crate::refusal::Refusal;
use crate::register::Facility;
use crate::register::Item;
use crate::register::Person;
use crate::rules::entry::Source;
use crate::rules::pack::Pack;
use crate::rules::pack::Title;

fn optional<T: ToString>(value: Option<T>) -> String {
    value.map_or_else(String::new, |value| value.to_string())
}

fn amount(value: Option<Money>) -> String {
    value.map_or_else(String::new, Money::text)
}

/// An admission, as it was read.
pub fn admission(admission: &Admission) -> proto::Admission {
    proto::Admission {
        id: optional(admission.id.as_ref()),
        person: admission.person.to_string(),
        facility: optional(admission.facility.as_ref()),
        admitted_on: admission.admitted_on.to_string(),
        discharged_on: admission.discharged_on.to_string(),
        med_type: admission.med_type.clone().unwrap_or_default(),
        referral: admission.referral.name().to_owned(),
        diagnoses: admission.diagnoses.clone(),
        episode: admission.episode.clone().unwrap_or_default(),
        work_injury: false,
    }
}

/// A bill, as it was read.
pub fn bill(bill: &Bill) -> proto::Bill {
    let (lines, totals) = match &bill.charges {
        Charges::Lines(lines) => (lines.iter().map(line).collect(), None),
        Charges::Totals { parts: of_bill, drugs } => {
            let totals = proto::Totals {
                parts: Some(parts(of_bill)),
                drugs: amount(drugs.map(|drugs| drugs.all)),
                class_c_drugs: amount(drugs.map(|drugs| drugs.class_c)),
            };
            (Vec::new(), Some(totals))
        }
    };
    proto::Bill { total: amount(bill.total), noncompliant: bill.noncompliant, lines, totals }
}

fn line(line: &Line) -> proto::Line {
    proto::Line {
        id: line.id.clone(),
        code: line.code.clone(),
        category: line.category.clone(),
        quantity: line.quantity.to_string(),
        price: line.price.to_string(),
        amount: line.amount.text(),
        noncompliant: line.noncompliant,
        refund_of: line.refund_of.clone().unwrap_or_default(),
        facts: line.facts.as_ref().map(item_facts),
    }
}

/// Catalogue facts.
pub fn item_facts(facts: &ItemFacts) -> proto::ItemFacts {
    proto::ItemFacts {
        class: facts.class.letter().to_owned(),
        first_copay_rate: first_copay_rate(facts.class),
        price_limit: optional(facts.price_limit),
        tags: facts.tags.clone(),
    }
}

fn first_copay_rate(class: Class) -> String {
    match class {
        Class::B(rate) => rate.to_string(),
        Class::A | Class::C => String::new(),
    }
}

/// Five parts.
pub fn parts(parts: &Parts) -> proto::Parts {
    let of = |part: Part| parts[part].text();
    proto::Parts {
        in_scope: of(Part::InScope),
        copay_first: of(Part::CopayFirst),
        over_limit: of(Part::OverLimit),
        own_expense: of(Part::OwnExpense),
        facility_borne: of(Part::FacilityBorne),
    }
}

/// A title in both languages.
pub fn title(title: &Title) -> proto::Title {
    proto::Title { zh: title.zh.clone(), en: title.en.clone() }
}

/// A source.
pub fn source(source: &Source) -> proto::Source {
    proto::Source { text: source.text.to_string(), assumed: source.assumed }
}

/// A pack by name.
pub fn pack_name(pack: &Pack) -> proto::PackName {
    proto::PackName {
        id: pack.id.clone(),
        effective_from: pack.span.from.to_string(),
        digest: pack.digest.clone(),
        title: Some(title(&pack.title)),
    }
}

/// The key of a benefit year.
pub fn key(key: &AccumulatorKey) -> proto::AccumulatorKey {
    proto::AccumulatorKey {
        person: key.person.to_string(),
        insutype: key.insutype.clone(),
        family: key.family.clone(),
        benefit_year: i32::from(key.benefit_year),
    }
}

/// What a benefit year has.
pub fn accumulators(accumulators: &Accumulators) -> proto::Accumulators {
    sums(&accumulators.sums, accumulators.version)
}

/// Sums with a version.
pub fn sums(sums: &Sums, version: u64) -> proto::Accumulators {
    let step = |(step, year): (&String, &crate::accumulators::StepYear)| proto::StepYear {
        step: step.clone(),
        eligible: year.eligible.text(),
        paid: year.paid.text(),
        allowed: year.allowed.to_string(),
        measured: year.measured.text(),
        remaining: year.remaining.text(),
    };
    let mut chains = Vec::new();
    for (step, of_step) in &sums.chains {
        for (chain, met) in of_step {
            chains.push(proto::ChainYear {
                step: step.clone(),
                chain: chain.clone(),
                met: met.text(),
            });
        }
    }
    proto::Accumulators {
        version,
        admissions: sums.admissions,
        total: sums.total.text(),
        parts: Some(parts(&sums.parts)),
        patient_pay: sums.patient_pay.text(),
        steps: sums.steps.iter().map(step).collect(),
        chains,
    }
}

/// A refusal with its sentences.
pub fn refusal(refusal: &Refusal) -> proto::Refusal {
    let (patient_pay, version, entries) = about(refusal);
    proto::Refusal {
        code: u32::from(refusal.code()),
        name: refusal.name().to_owned(),
        sentence: Some(proto::Title {
            zh: refusal.sentence(Lang::Zh),
            en: refusal.sentence(Lang::En),
        }),
        advice: Some(proto::Title {
            zh: refusal.advice(Lang::Zh).to_owned(),
            en: refusal.advice(Lang::En).to_owned(),
        }),
        patient_pay: amount(patient_pay),
        version,
        entries: entries.iter().take(ENTRIES_MAX).map(entry_name).collect(),
    }
}

fn entry_name(entry: &EntryName) -> proto::EntryName {
    proto::EntryName { id: entry.id.clone(), number: entry.sequence }
}

/// Most entries that a refusal carries: it travels in a header, which has little room.
const ENTRIES_MAX: usize = 20;

/// The amounts and entries that a refusal is about.
fn about(refusal: &Refusal) -> (Option<Money>, u64, &[EntryName]) {
    match refusal {
        Refusal::Moved { patient_pay, version, since } => (Some(*patient_pay), *version, since),
        Refusal::AlreadySettled { settlement: entry }
        | Refusal::AlreadyLoaded { opening: entry }
        | Refusal::AlreadyReversed { entry } => (None, 0, std::slice::from_ref(entry)),
        Refusal::LaterStand { later } => (None, 0, later),
        Refusal::ManyPersons
        | Refusal::UnknownVisit { .. }
        | Refusal::VisitBarred { .. }
        | Refusal::LineTaken { .. }
        | Refusal::UnknownLine { .. }
        | Refusal::LineHeld { .. }
        | Refusal::RequestCancelled
        | Refusal::Malformed { .. }
        | Refusal::Number { .. }
        | Refusal::TooMany { .. }
        | Refusal::SpanOrder { .. }
        | Refusal::SpansMeet { .. }
        | Refusal::FirstCopay { .. }
        | Refusal::UnknownPerson
        | Refusal::UnknownFacility { .. }
        | Refusal::Dates { .. }
        | Refusal::WorkInjury
        | Refusal::NotInsured { .. }
        | Refusal::NoPack { .. }
        | Refusal::NotDesignated { .. }
        | Refusal::TotalsSum { .. }
        | Refusal::AlreadySigned { .. }
        | Refusal::MonthOpen { .. }
        | Refusal::AlreadyClosed { .. }
        | Refusal::LinesSum { .. }
        | Refusal::BillTooLarge
        | Refusal::Drugs
        | Refusal::LineId { .. }
        | Refusal::LineAmount { .. }
        | Refusal::LineFacts { .. }
        | Refusal::RefundLine { .. }
        | Refusal::AccountPay { .. }
        | Refusal::UnknownFamily { .. }
        | Refusal::FamilyType { .. }
        | Refusal::UnknownStep { .. }
        | Refusal::RequestIdReused { .. }
        | Refusal::Busy
        | Refusal::UnknownEntry { .. } => (None, 0, &[]),
    }
}

/// A person of the register.
pub fn person(person: &Person) -> proto::Person {
    let enrolments = person.enrolments.iter().map(|one| proto::Enrolment {
        place: one.place.to_string(),
        insutype: one.insutype.clone(),
        from: one.span.from.to_string(),
        to: optional(one.span.to),
    });
    let identities = person.identities.iter().map(|one| proto::HeldIdentity {
        identity: one.identity.clone(),
        from: one.span.from.to_string(),
        to: optional(one.span.to),
    });
    proto::Person {
        id: person.id.to_string(),
        name: person.name.clone(),
        certificate_no: person.certificate_no.clone(),
        birth: person.birth.to_string(),
        enrolments: enrolments.collect(),
        identities: identities.collect(),
    }
}

/// A facility of the register.
pub fn facility(facility: &Facility) -> proto::Facility {
    let entries = facility.entries.iter().map(|one| proto::FacilityEntry {
        place: one.place.to_string(),
        level: u32::from(one.level),
        tier: one.tier.name().to_owned(),
        tags: one.tags.clone(),
        from: one.span.from.to_string(),
        to: optional(one.span.to),
        not_designated: !one.designated,
    });
    proto::Facility {
        id: facility.id.to_string(),
        name: facility.name.clone(),
        entries: entries.collect(),
    }
}

/// An entry of the catalogue.
pub fn item(item: &Item) -> proto::Item {
    proto::Item {
        code: item.code.clone(),
        admdvs: item.admdvs.clone(),
        name: item.name.clone(),
        category: item.category.clone().unwrap_or_default(),
        facts: Some(item_facts(&item.facts)),
        from: item.span.from.to_string(),
        to: optional(item.span.to),
    }
}
