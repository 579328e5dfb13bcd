//! The packs of `settlement-rules` leave no day and nobody out, and give nothing to warn of.

use crate::cases::book;
use onestop::accumulators::Accumulators;
use onestop::admission::Admission;
use onestop::admission::IdentitySet;
use onestop::admission::Referral;
use onestop::bill::Bill;
use onestop::bill::Charges;
use onestop::bill::Part;
use onestop::bill::Parts;
use onestop::calendar::Day;
use onestop::calendar::Span;
use onestop::id::FacilityId;
use onestop::id::PersonId;
use onestop::money::Money;
use onestop::register::Catalogue;
use onestop::register::Enrolment;
use onestop::register::Facility;
use onestop::register::FacilityEntry;
use onestop::register::Locality;
use onestop::register::Person;
use onestop::register::Place;
use onestop::register::Tier;
use onestop::rules::RuleBook;
use onestop::rules::check::warnings;
use onestop::rules::pack::Pack;
use onestop::settle::Terms;
use onestop::settle::settle;
use onestop::situation::Situation;
use onestop::situation::situation;
use onestop::statement::Basis;
use onestop::statement::Run;
use onestop::worse_off;
use std::collections::BTreeSet;

/// The day on which the packs were last compared with their sources; a later one makes them old and nothing else.
const TODAY: &str = "2026-11-23";

const ALWAYS: Span = Span { from: Day::FIRST, to: None };

/// A place that a pack governs.
fn place(pack: &Pack) -> Place {
    Place::parse(&format!("{}{}", pack.admdvs, &"010101"[pack.admdvs.len()..])).unwrap()
}

#[test]
fn a_family_has_no_day_without_a_file_once_it_has_begun() {
    let book = book();
    for pack in book.packs() {
        let first = book.family(&pack.id).next().unwrap().span.from;
        let begins = pack.span.from;
        for day in [begins.before().unwrap(), begins, begins.after().unwrap()] {
            for insutype in &pack.insutype {
                let governs = book.governing(place(pack), insutype, day);
                let found = governs.map(|one| (one.id.as_str(), one.span.has(day)));
                let expected = (first <= day).then_some((pack.id.as_str(), true));
                assert_eq!(found, expected, "{} on {day}", pack.id);
            }
        }
        assert_eq!(book.governing(place(pack), &pack.insutype[0], begins), Some(pack));
    }
}

#[test]
fn checking_the_packs_gives_nothing_to_warn_of() {
    let book = book();
    assert_eq!(warnings(&book, Day::parse(TODAY).unwrap()), []);
    assert_eq!(worse_off::search(&book, 250), []);
}

/// Everything that an admission can be under a pack.
struct Combinations<'b> {
    book: &'b RuleBook,
    pack: &'b Pack,
    identities: Vec<IdentitySet>,
    count: usize,
}

/// Kinds of care: those that the pack names, and one that it does not.
fn med_types(pack: &Pack) -> BTreeSet<String> {
    let mut types: BTreeSet<String> = pack.counts_as_admission.iter().cloned().collect();
    types.extend(["11", "14", "21"].map(str::to_owned));
    let whens = pack.steps.iter().flat_map(|step| &step.when.any_of);
    types.extend(whens.flat_map(|table| table.med_type.clone().unwrap_or_default()));
    types
}

fn places(pack: &Pack) -> [Place; 4] {
    let home = place(pack);
    let at = |kept: usize, rest: &str| Place::parse(&format!("{}{rest}", &home.as_str()[..kept]));
    let places =
        [home, at(4, "99").unwrap(), at(2, "9901").unwrap(), Place::parse("999901").unwrap()];
    let localities: Vec<Locality> = places.iter().map(|one| one.locality_of(&home)).collect();
    assert_eq!(localities, Locality::ALL);
    places
}

impl Combinations<'_> {
    fn serve_all(&mut self) {
        for at in places(self.pack) {
            for tier in Tier::ALL {
                for level in 0..=3 {
                    let facility = Facility {
                        id: FacilityId::parse("H1").unwrap(),
                        name: String::new(),
                        entries: vec![FacilityEntry {
                            place: at,
                            level,
                            tier,
                            tags: Vec::new(),
                            designated: true,
                            span: ALWAYS,
                        }],
                    };
                    self.serve(&facility);
                }
            }
        }
    }

    fn serve(&mut self, facility: &Facility) {
        let on = self.pack.span.from;
        let insutype = self.pack.insutype[0].clone();
        let person = Person {
            id: PersonId::parse("P1").unwrap(),
            name: String::new(),
            certificate_no: String::new(),
            birth: Day::parse("1970-05-01").unwrap(),
            enrolments: vec![Enrolment { place: place(self.pack), insutype, span: ALWAYS }],
            identities: Vec::new(),
        };
        for referral in Referral::ALL {
            for med_type in med_types(self.pack) {
                let admission = Admission {
                    id: None,
                    person: person.id.clone(),
                    facility: Some(facility.id.clone()),
                    admitted_on: on,
                    discharged_on: on,
                    med_type: Some(med_type),
                    referral,
                    diagnoses: Vec::new(),
                    episode: None,
                };
                self.settle(&person, facility, &admission);
            }
        }
    }

    fn settle(&mut self, person: &Person, facility: &Facility, admission: &Admission) {
        let found = situation(self.book, person, Some(facility), admission).unwrap();
        assert_eq!(found.pack.id, self.pack.id);
        for identities in &self.identities {
            self.count += 1;
            let mut situation = found.clone();
            situation.facts.identities = *identities;
            self.settle_one(&situation);
        }
    }

    fn settle_one(&self, situation: &Situation<'_>) {
        let fen = [1, 99_999, 1_234_567, 98_765_432][self.count % 4];
        let mut parts = Parts::of(Part::InScope, Money::from_fen(fen));
        parts[Part::CopayFirst] = Money::from_fen(fen / 7);
        parts[Part::OwnExpense] = Money::from_fen(fen / 11);
        let charges = Charges::Totals { parts, drugs: None };
        let bill = Bill { total: None, noncompliant: false, charges };
        let (catalogue, year) = (Catalogue::default(), Accumulators::default());
        let statement = settle(situation, &bill, &catalogue, &year, Terms::default()).unwrap();
        assert!(statement.balances(), "{:?}", situation.facts);
        for result in &statement.steps {
            if let Some(run) = &result.run {
                let step = &result.step.id;
                assert!(is_answered(run), "{step} has no answer for {:?}", situation.facts);
            }
        }
    }
}

/// Whether a step that runs has bands or a guarantee for what it runs on.
fn is_answered(run: &Run<'_>) -> bool {
    match &run.basis {
        Basis::Share(trace) => trace.bands.is_some(),
        Basis::Floor(trace) => trace.guarantee.is_some(),
    }
}

#[test]
fn every_combination_of_facts_is_served_and_balances() {
    let book = book();
    for pack in book.packs() {
        let nobody = IdentitySet::default();
        let mut identities = vec![nobody];
        identities.extend((0..pack.identities.len()).map(|one| nobody.with(one)));
        identities.push((0..pack.identities.len()).fold(nobody, IdentitySet::with));
        let mut all = Combinations { book: &book, pack, identities, count: 0 };
        all.serve_all();
        let facts = 4 * 4 * 4 * 3 * med_types(pack).len();
        assert_eq!(all.count, facts * all.identities.len());
    }
}
