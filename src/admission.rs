//! An admission as the HIS reports it, and the facts that policy may depend on. Spec 3.

use crate::calendar::Day;
use crate::id::AdmissionId;
use crate::id::FacilityId;
use crate::id::PersonId;
use crate::register::Locality;
use crate::register::Tier;

/// Most diagnoses of one admission.
pub const DIAGNOSES_MAX: usize = 100;

/// How the patient came to the facility (转诊备案情况). Spec 3.5.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub enum Referral {
    /// Neither referred nor registered (未转诊备案).
    #[default]
    None,
    /// Referred or registered (转诊/备案).
    Registered,
    /// In an emergency (急诊).
    Emergency,
}

impl Referral {
    /// All of them.
    pub const ALL: [Referral; 3] = [Referral::None, Referral::Registered, Referral::Emergency];

    /// The name in packs and on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Referral::None => "none",
            Referral::Registered => "registered",
            Referral::Emergency => "emergency",
        }
    }

    /// The referral of that name.
    pub fn parse(text: &str) -> Option<Referral> {
        Referral::ALL.into_iter().find(|referral| referral.name() == text)
    }
}

/// One stay, or one interim bill of a stay (就诊). Spec 3.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Admission {
    /// Its id, unique within the facility; a quote may have none.
    pub id: Option<AdmissionId>,
    /// The patient.
    pub person: PersonId,
    /// The hospital; an eligibility query may have none.
    pub facility: Option<FacilityId>,
    /// Day of admission.
    pub admitted_on: Day,
    /// Day of discharge; decides pack, enrolment and benefit year.
    pub discharged_on: Day,
    /// National medical type code (医疗类别), such as 21; a quote may have none.
    pub med_type: Option<String>,
    /// How the patient came.
    pub referral: Referral,
    /// ICD-10 codes, upper case, the principal one first.
    pub diagnoses: Vec<String>,
    /// Links the admissions of a referral chain or the interim bills of a stay (spec 3.10).
    pub episode: Option<String>,
}

/// The identities of one pack that a person holds, by their place in the pack.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct IdentitySet(u64);

impl IdentitySet {
    /// Most identities of one pack.
    pub const MAX: usize = 64;

    /// With one more.
    #[must_use]
    pub fn with(self, index: usize) -> IdentitySet {
        IdentitySet(self.0 | 1 << index)
    }

    /// With all of `other`.
    #[must_use]
    pub fn and(self, other: IdentitySet) -> IdentitySet {
        IdentitySet(self.0 | other.0)
    }

    /// Whether it has this one.
    pub fn has(self, index: usize) -> bool {
        self.0 & 1 << index != 0
    }

    /// Whether it has one of `other`.
    pub fn has_any_of(self, other: IdentitySet) -> bool {
        self.0 & other.0 != 0
    }

    /// Whether it has all of `other`.
    pub fn has_all_of(self, other: IdentitySet) -> bool {
        self.0 & other.0 == other.0
    }

    /// Whether it has none at all.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }
}

/// All that policy may depend on. Spec 3.2–3.11, packs 1.
#[derive(Debug, Clone)]
pub struct Facts<'a> {
    /// The pack's identities that the person holds.
    pub identities: IdentitySet,
    /// Where the facility lies; none without a facility.
    pub locality: Option<Locality>,
    /// The facility's level.
    pub level: Option<u8>,
    /// The facility's tier.
    pub tier: Option<Tier>,
    /// The facility's tags.
    pub facility_tags: &'a [String],
    /// National medical type code.
    pub med_type: Option<&'a str>,
    /// Insurance type.
    pub insutype: &'a str,
    /// How the patient came.
    pub referral: Referral,
    /// ICD-10 codes, the principal one first.
    pub diagnoses: &'a [String],
    /// Whether the rules of graded treatment were followed (合规转诊); none without a facility.
    pub compliant: Option<bool>,
    /// Whole years at admission.
    pub age: u32,
    /// Whole years of unbroken insurance at admission.
    pub insured_years: u32,
    /// 1 + the admissions settled in the benefit year (第几次住院). Spec 3.8.
    pub ordinal: u64,
}
