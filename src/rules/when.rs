//! The one predicate of the pack language. Packs 1.

use crate::admission::Facts;
use crate::admission::IdentitySet;
use crate::admission::Referral;
use crate::register::Locality;
use crate::register::Tier;

/// Most steps of one pack.
pub const STEPS_MAX: usize = 64;

/// Some steps of a pack, by their place in the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StepSet(u64);

impl StepSet {
    /// With one more.
    #[must_use]
    pub fn with(self, index: usize) -> StepSet {
        StepSet(self.0 | 1 << index)
    }

    /// Whether it has one of `other`.
    pub fn has_any_of(self, other: StepSet) -> bool {
        self.0 & other.0 != 0
    }
}

/// Whole numbers from one bound to another, both included; an absent bound is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Bounds {
    /// The least, if any.
    pub from: Option<u32>,
    /// The greatest, if any.
    pub to: Option<u32>,
}

impl Bounds {
    /// Whether the number lies within.
    pub fn has(&self, number: u64) -> bool {
        self.from.is_none_or(|from| u64::from(from) <= number)
            && self.to.is_none_or(|to| number <= u64::from(to))
    }
}

/// One table of facts, all of which must hold. A list that is absent asks for nothing; none is ever empty.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Conditions {
    /// The person has one of them.
    pub identity: Option<IdentitySet>,
    /// The person has all of them.
    pub identity_all: Option<IdentitySet>,
    /// The person has none of them.
    pub not_identity: Option<IdentitySet>,
    /// Where the facility lies.
    pub locality: Option<Vec<Locality>>,
    /// The facility's level.
    pub level: Option<Vec<u8>>,
    /// The facility's tier.
    pub tier: Option<Vec<Tier>>,
    /// The facility bears one of these tags.
    pub facility_tag: Option<Vec<String>>,
    /// National medical type codes.
    pub med_type: Option<Vec<String>>,
    /// Insurance types.
    pub insutype: Option<Vec<String>>,
    /// How the patient came.
    pub referral: Option<Vec<Referral>>,
    /// ICD-10 prefixes, for any diagnosis.
    pub diagnosis: Option<Vec<String>>,
    /// ICD-10 prefixes, for the first diagnosis.
    pub principal: Option<Vec<String>>,
    /// Earlier steps, one of which has paid in this year or settlement.
    pub reached: Option<StepSet>,
    /// Whether graded treatment was followed.
    pub compliant: Option<bool>,
    /// Whole years at admission.
    pub age: Bounds,
    /// Whole years of unbroken insurance.
    pub insured_years: Bounds,
    /// Which admission of the year.
    pub ordinal: Bounds,
}

/// Tables of conditions, one of which must hold; without any it always holds.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct When {
    /// The tables.
    pub any_of: Vec<Conditions>,
}

impl When {
    /// Whether it holds for these facts; `reached` are the steps that have paid.
    pub fn holds(&self, facts: &Facts<'_>, reached: StepSet) -> bool {
        self.any_of.is_empty() || self.any_of.iter().any(|table| table.hold(facts, reached))
    }

    /// Whether it holds for everybody, always.
    pub fn is_always(&self) -> bool {
        self.any_of.is_empty() || self.any_of.contains(&Conditions::default())
    }
}

fn fits<T: PartialEq>(list: &Option<Vec<T>>, fact: Option<&T>) -> bool {
    list.as_ref().is_none_or(|list| fact.is_some_and(|fact| list.contains(fact)))
}

fn fits_text(list: &Option<Vec<String>>, fact: Option<&str>) -> bool {
    list.as_ref().is_none_or(|list| fact.is_some_and(|fact| list.iter().any(|one| one == fact)))
}

fn fits_prefix(list: &Option<Vec<String>>, codes: &[String]) -> bool {
    let fits_one = |code: &String, list: &[String]| list.iter().any(|one| code.starts_with(one));
    list.as_ref().is_none_or(|list| codes.iter().any(|code| fits_one(code, list)))
}

impl Conditions {
    fn hold(&self, facts: &Facts<'_>, reached: StepSet) -> bool {
        let principal = facts.diagnoses.get(..1).unwrap_or_default();
        self.identity.is_none_or(|one_of| facts.identities.has_any_of(one_of))
            && self.identity_all.is_none_or(|all| facts.identities.has_all_of(all))
            && self.not_identity.is_none_or(|none| !facts.identities.has_any_of(none))
            && fits(&self.locality, facts.locality.as_ref())
            && fits(&self.level, facts.level.as_ref())
            && fits(&self.tier, facts.tier.as_ref())
            && fits_text(&self.med_type, facts.med_type)
            && fits_text(&self.insutype, Some(facts.insutype))
            && fits(&self.referral, Some(&facts.referral))
            && self.compliant.is_none_or(|wanted| facts.compliant == Some(wanted))
            && self.age.has(u64::from(facts.age))
            && self.insured_years.has(u64::from(facts.insured_years))
            && self.ordinal.has(facts.ordinal)
            && self.reached.is_none_or(|steps| reached.has_any_of(steps))
            && self.has_tag(facts.facility_tags)
            && fits_prefix(&self.diagnosis, facts.diagnoses)
            && fits_prefix(&self.principal, principal)
    }

    fn has_tag(&self, tags: &[String]) -> bool {
        self.facility_tag.as_ref().is_none_or(|list| list.iter().any(|tag| tags.contains(tag)))
    }
}
