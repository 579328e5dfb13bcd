//! Which pack governs an admission, and the facts that it may look at. Spec 3.

use crate::accumulators::AccumulatorKey;
use crate::accumulators::Accumulators;
use crate::admission::Admission;
use crate::admission::Facts;
use crate::admission::IdentitySet;
use crate::admission::Referral;
use crate::calendar::Day;
use crate::refusal::Refusal;
use crate::register::Facility;
use crate::register::FacilityEntry;
use crate::register::Person;
use crate::register::Place;
use crate::rules::RuleBook;
use crate::rules::pack::IdentityDate;
use crate::rules::pack::Pack;

/// An admission under its pack: all that the waterfall looks at beside bill and accumulators.
#[derive(Debug, Clone)]
pub struct Situation<'a> {
    /// The pack that governs.
    pub pack: &'a Pack,
    /// The insured place.
    pub place: Place,
    /// What policy may depend on.
    pub facts: Facts<'a>,
    /// Links the admissions of a referral chain.
    pub episode: Option<&'a str>,
    /// Decides catalogue entries.
    pub discharged_on: Day,
    /// Under what the year is kept.
    pub key: AccumulatorKey,
}

/// Chooses the pack and gathers the facts; the ordinal is that of a first admission until the accumulators are known.
pub fn situation<'a>(
    book: &'a RuleBook,
    person: &'a Person,
    facility: Option<&'a Facility>,
    admission: &'a Admission,
) -> Result<Situation<'a>, Refusal> {
    let (admitted_on, discharged_on) = (admission.admitted_on, admission.discharged_on);
    if discharged_on < admitted_on {
        return Err(Refusal::Dates { admitted_on, discharged_on });
    }
    let enrolment =
        person.enrolment_on(discharged_on).ok_or(Refusal::NotInsured { on: discharged_on })?;
    let (place, insutype) = (enrolment.place, enrolment.insutype.as_str());
    let pack = book.governing(place, insutype, discharged_on).ok_or_else(|| Refusal::NoPack {
        place: place.to_string(),
        insutype: insutype.to_owned(),
        on: discharged_on,
    })?;
    let entry = match facility {
        Some(facility) => Some(entry(facility, admission)?),
        None => None,
    };
    let locality = entry.map(|entry| entry.place.locality_of(&place));
    let referred = admission.referral != Referral::None;
    let facts = Facts {
        identities: identities(pack, person, admission),
        locality,
        level: entry.map(|entry| entry.level),
        tier: entry.map(|entry| entry.tier),
        facility_tags: entry.map_or(&[], |entry| entry.tags.as_slice()),
        med_type: admission.med_type.as_deref(),
        insutype,
        referral: admission.referral,
        diagnoses: &admission.diagnoses,
        compliant: locality.map(|locality| locality <= pack.compliant_within || referred),
        age: person.birth.whole_years_to(admitted_on),
        insured_years: person.insured_years_on(admitted_on),
        ordinal: 1,
    };
    let key = AccumulatorKey {
        person: person.id.clone(),
        insutype: insutype.to_owned(),
        family: pack.id.clone(),
        benefit_year: pack.benefit_year_start.benefit_year(discharged_on),
    };
    let episode = admission.episode.as_deref();
    Ok(Situation { pack, place, facts, episode, discharged_on, key })
}

impl Situation<'_> {
    /// With the ordinal that the accumulators give (spec 3.8).
    #[must_use]
    pub fn at(mut self, year: &Accumulators) -> Self {
        self.facts.ordinal = year.sums.admissions + 1;
        self
    }
}

/// What the facility register says of the discharge date: an entry in force, or, in an emergency without one, the latest
/// earlier entry (spec 3.1, 3.4).
fn entry<'a>(facility: &'a Facility, admission: &Admission) -> Result<&'a FacilityEntry, Refusal> {
    let on = admission.discharged_on;
    let is_emergency = admission.referral == Referral::Emergency;
    let code = || facility.id.to_string();
    match facility.entry_on(on) {
        Some(entry) if entry.designated || is_emergency => Ok(entry),
        None if is_emergency => {
            facility.latest_by(on).ok_or_else(|| Refusal::UnknownFacility { facility: code() })
        }
        Some(_) | None => Err(Refusal::NotDesignated { facility: code(), on }),
    }
}

/// The pack's identities that the register holds on the pack's identity date, under their key or a code (spec 3.2).
fn identities(pack: &Pack, person: &Person, admission: &Admission) -> IdentitySet {
    let day = match pack.identity_date {
        IdentityDate::Admission => admission.admitted_on,
        IdentityDate::Discharge => admission.discharged_on,
    };
    let numbered = pack.identities.iter().enumerate();
    numbered
        .filter(|(_, identity)| person.holds_identity_on(&identity.key, &identity.codes, day))
        .fold(IdentitySet::default(), |set, (index, _)| set.with(index))
}
