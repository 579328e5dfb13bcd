//! Generated admissions under one pack, and what their patient pays.

use crate::accumulators::Accumulators;
use crate::admission::Admission;
use crate::admission::IdentitySet;
use crate::admission::Referral;
use crate::bill::Bill;
use crate::bill::Charges;
use crate::bill::Class;
use crate::bill::Drugs;
use crate::bill::ItemFacts;
use crate::bill::Line;
use crate::bill::Part;
use crate::bill::Parts;
use crate::calendar::Day;
use crate::calendar::Span;
use crate::cases::Given;
use crate::id::FacilityId;
use crate::id::PersonId;
use crate::money::Money;
use crate::money::Price;
use crate::money::Quantity;
use crate::money::Rate;
use crate::register::Catalogue;
use crate::register::Enrolment;
use crate::register::Facility;
use crate::register::FacilityEntry;
use crate::register::HeldIdentity;
use crate::register::LEVEL_MAX;
use crate::register::Locality;
use crate::register::Person;
use crate::register::Place;
use crate::register::Tier;
use crate::rules::RuleBook;
use crate::rules::pack::Pack;
use crate::settle::Terms;
use crate::settle::added;
use crate::settle::settle;
use crate::situation::Situation;
use crate::situation::situation;
use crate::statement::Statement;
use crate::worse_off::aim::aim;
use crate::worse_off::random::Random;
use crate::worse_off::vocabulary::Vocabulary;

const TERMS: Terms = Terms { account_pay: Money::ZERO, deposit: Money::ZERO, line_facts: true };
const ALWAYS: Span = Span { from: Day::FIRST, to: None };

/// How much of an amount that a pack names is charged, in percent: what a later step sees is a small part of the bill.
const PERCENTS: [i64; 12] = [50, 90, 100, 110, 150, 200, 300, 500, 700, 1000, 1500, 3000];

/// The first-copay rate of generated lines.
const COPAY_RATE: &str = "0.1";

/// A pack in its book.
pub(super) struct Scene<'b> {
    pub(super) book: &'b RuleBook,
    pub(super) pack: &'b Pack,
    /// How much more is no finding.
    pub(super) slack: Money,
}

/// An identity as the register holds it, always.
pub(super) fn held(identity: String) -> HeldIdentity {
    HeldIdentity { identity, span: ALWAYS }
}

impl Scene<'_> {
    /// What the patient pays with these identities and none else; none where the admission is refused or another pack
    /// governs it.
    pub(super) fn patient_pays(&self, given: &Given, identities: IdentitySet) -> Option<Money> {
        self.settled(given, identities, |_, statement| statement.patient_pay)
    }

    /// Something of the statement that they come to.
    pub(super) fn settled<T>(
        &self,
        given: &Given,
        identities: IdentitySet,
        of: impl Fn(&Situation<'_>, &Statement<'_>) -> T,
    ) -> Option<T> {
        let found = situation(self.book, &given.person, Some(&given.facility), &given.admission);
        let mut situation = found.ok()?.at(&given.year);
        if !std::ptr::eq(situation.pack, self.pack) {
            return None;
        }
        situation.facts.identities = identities;
        let catalogue = Catalogue::default();
        let statement = settle(&situation, &given.bill, &catalogue, &given.year, TERMS).ok()?;
        Some(of(&situation, &statement))
    }

    /// A person without identities, somewhere in hospital, with a bill and a year so far.
    pub(super) fn generate(&self, words: &Vocabulary, random: &mut Random) -> Option<Given> {
        let on = self.pack.span.from;
        let (person_id, facility_id) =
            PersonId::parse("patient").zip(FacilityId::parse("hospital"))?;
        let insured = insured_place(&self.pack.admdvs)?;
        let locality = *random.pick(&Locality::ALL)?;
        let insutype = random.pick(&self.pack.insutype)?.clone();
        let person = Person {
            id: person_id.clone(),
            name: String::new(),
            certificate_no: String::new(),
            birth: years_before(on, *random.pick(&words.ages)?)?,
            enrolments: vec![Enrolment {
                place: insured,
                insutype,
                span: Span {
                    from: years_before(on, *random.pick(&words.insured_years)?)?,
                    to: None,
                },
            }],
            identities: Vec::new(),
        };
        let entry = FacilityEntry {
            place: place_at(insured, locality)?,
            level: u8::try_from(random.below(usize::from(LEVEL_MAX) + 1)).unwrap_or(LEVEL_MAX),
            tier: *random.pick(&Tier::ALL)?,
            tags: some(random, &words.facility_tags, 2),
            designated: true,
            span: ALWAYS,
        };
        let admission = Admission {
            id: None,
            person: person_id,
            facility: Some(facility_id.clone()),
            admitted_on: on,
            discharged_on: on,
            med_type: random.pick(&words.med_types).cloned(),
            referral: *random.pick(&Referral::ALL)?,
            diagnoses: some(random, &words.diagnoses, 2),
            episode: random.once_in(2).then(|| "E1".to_owned()),
        };
        let facility = Facility { id: facility_id, name: String::new(), entries: vec![entry] };
        let bill = bill(words, random);
        let year = Accumulators::default();
        let given = Given { switch_on: Vec::new(), person, facility, admission, bill, year };
        let mut given = self.with_year(given, words, random);
        if random.once_in(2) {
            aim(self, &mut given, self.somebody(random), random);
        }
        Some(given)
    }

    /// No identity, or one of the pack's.
    fn somebody(&self, random: &mut Random) -> IdentitySet {
        let nobody = IdentitySet::default();
        let index = random.below(self.pack.identities.len() + 1);
        if index < self.pack.identities.len() { nobody.with(index) } else { nobody }
    }

    /// With what an earlier bill of the same person has left, half of the time, and sometimes close to a yearly cap.
    fn with_year(&self, mut given: Given, words: &Vocabulary, random: &mut Random) -> Given {
        if random.once_in(2) {
            let earlier = Given { bill: bill(words, random), ..given.clone() };
            let added = self.settled(&earlier, self.somebody(random), added);
            given.year = added.map_or(given.year, |added| Accumulators::default().after(&added));
            if random.once_in(2)
                && let Some((step, cap)) = random.pick(&words.year_caps)
            {
                let left = amount(words, random).min(*cap);
                let year = given.year.sums.steps.entry(step.clone()).or_default();
                year.paid = *cap - left;
                year.eligible += year.paid;
            }
        }
        let ordinal = random.pick(&words.ordinals).copied().unwrap_or(1);
        given.year.sums.admissions = u64::from(ordinal.saturating_sub(1));
        given.year.version = 0;
        given
    }
}

/// One of some, or none of them.
fn some(random: &mut Random, all: &[String], once_in: usize) -> Vec<String> {
    let wanted = random.once_in(once_in);
    random.pick(all).filter(|_| wanted).cloned().into_iter().collect()
}

/// An insured place that the pack governs, unless a longer `admdvs` does.
fn insured_place(admdvs: &str) -> Option<Place> {
    Place::parse(&format!("{admdvs}{}", "010101".get(admdvs.len()..)?))
}

/// A place that lies so to the insured one.
fn place_at(insured: Place, locality: Locality) -> Option<Place> {
    let codes = match locality {
        Locality::County => return Some(insured),
        Locality::City => ["98", "99"].map(|end| format!("{}{end}", &insured.as_str()[..4])),
        Locality::Province => {
            ["9801", "9901"].map(|end| format!("{}{end}", &insured.as_str()[..2]))
        }
        Locality::Outside => ["110101", "310101"].map(str::to_owned),
    };
    let places = codes.iter().filter_map(|code| Place::parse(code));
    places.into_iter().find(|place| place.locality_of(&insured) == locality)
}

/// The day so many years before, so that they are just reached.
fn years_before(day: Day, years: u32) -> Option<Day> {
    let year = day.year().checked_sub(i16::try_from(years).ok()?)?;
    let text = day.to_string();
    let (_, rest) = text.split_once('-')?;
    Day::parse(&format!("{year:04}-{rest}")).or_else(|| Day::new(year, 2, 28))
}

/// An amount near one that the pack names, in whole yuan.
fn amount(words: &Vocabulary, random: &mut Random) -> Money {
    let named = random.pick(&words.amounts).copied().unwrap_or_default();
    let percent = random.pick(&PERCENTS).copied().unwrap_or(100);
    let yuan = i64::try_from(named.fen() / 100).unwrap_or(0).saturating_mul(percent) / 100;
    Money::from_fen(yuan.clamp(100, 10_000_000) * 100)
}

/// Totals, or lines where the pack looks at them.
fn bill(words: &Vocabulary, random: &mut Random) -> Bill {
    let in_scope = amount(words, random);
    let acts_on_lines = !words.item_tags.is_empty() || !words.categories.is_empty();
    let charges = if acts_on_lines && random.once_in(3) {
        Charges::Lines(lines(in_scope, words, random))
    } else {
        totals(in_scope, random)
    };
    Bill { total: None, noncompliant: false, charges }
}

fn totals(in_scope: Money, random: &mut Random) -> Charges {
    let mut parts = Parts::of(Part::InScope, in_scope);
    for part in [Part::CopayFirst, Part::OverLimit, Part::OwnExpense] {
        if random.once_in(3) {
            parts[part] = share(in_scope, random);
        }
    }
    let class_c = share(parts[Part::OwnExpense], random);
    let drugs =
        random.once_in(2).then(|| Drugs { all: class_c + share(in_scope, random), class_c });
    Charges::Totals { parts, drugs }
}

/// Some of an amount, in whole yuan.
fn share(of: Money, random: &mut Random) -> Money {
    let yuan = i64::try_from(of.fen() / 100).unwrap_or(0);
    let percent = i64::try_from(random.below(100)).unwrap_or(0) + 1;
    Money::from_fen(yuan * percent / 100 * 100)
}

/// One line in scope, and others that overrides, waivers and checks may look at.
fn lines(in_scope: Money, words: &Vocabulary, random: &mut Random) -> Vec<Line> {
    let mut lines = Vec::new();
    let copay = Rate::parse(COPAY_RATE).unwrap_or(Rate::ZERO);
    let classes = [Class::A, Class::B(copay), Class::C];
    for index in 0..4 {
        let (class, charged, tags) = if index == 0 {
            (Class::A, in_scope, Vec::new())
        } else {
            let class = random.pick(&classes).copied().unwrap_or(Class::A);
            (class, share(in_scope, random), some(random, &words.item_tags, 1))
        };
        let drug = ["09".to_owned()];
        let listed = if random.once_in(2) { &drug[..] } else { &words.categories[..] };
        let category = random.pick(listed).cloned().unwrap_or_else(|| "14".to_owned());
        let price = Price::parse(&charged.to_string());
        let (Ok(price), Ok(quantity)) = (price, Quantity::parse("1")) else { continue };
        lines.push(Line {
            id: (index + 1).to_string(),
            code: "case".to_owned(),
            category,
            quantity,
            price,
            amount: charged,
            noncompliant: false,
            refund_of: None,
            facts: Some(ItemFacts { class, price_limit: None, tags }),
        });
    }
    lines
}
