//! A rule pack as it is written, key by key. Packs, «Keys».

use crate::bill::Class;
use crate::bill::Part;
use crate::calendar::Day;
use crate::calendar::Span;
use crate::calendar::YearStart;
use crate::money::Factor;
use crate::money::Money;
use crate::money::Points;
use crate::money::Rate;
use crate::register::Locality;
use crate::rules::entry::Entry;
use crate::rules::entry::Source;
use crate::rules::when::When;

use std::sync::Arc;

/// A text in both languages.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Title {
    /// Chinese.
    pub zh: String,
    /// English.
    pub en: String,
}

/// Which day decides the identities that count (身份认定日). Spec 3.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum IdentityDate {
    /// The day of admission.
    Admission,
    /// The day of discharge.
    Discharge,
}

/// An identity that the pack names (身份).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Identity {
    /// Its key in this pack.
    pub key: String,
    /// Its name.
    pub title: Title,
    /// National person identity codes under which the register may hold it.
    pub codes: Vec<String>,
}

/// A document that numbers rest on (政策文件).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Document {
    /// The id that sources begin with.
    pub id: String,
    /// Its number.
    pub document: String,
    /// Its title; may be empty.
    pub title: String,
}

/// The policy of one insured place and insurance type for a span of dates (规则包).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pack {
    /// The family: goes on from one effective date to the next.
    pub id: String,
    /// Its name.
    pub title: Title,
    /// Prefix of the insured places that it governs: 2, 4 or 6 digits.
    pub admdvs: String,
    /// Insurance types.
    pub insutype: Vec<String>,
    /// The days on which it is in force: from `effective_from` to `effective_to`, or to the day before the family's next
    /// file, or open.
    pub span: Span,
    /// National medical types that count for the ordinal.
    pub counts_as_admission: Vec<String>,
    /// When the benefit year starts.
    pub benefit_year_start: YearStart,
    /// Which day decides the identities.
    pub identity_date: IdentityDate,
    /// The parts that the policy-scope ratio is about.
    pub policy_scope: Vec<Part>,
    /// Within which locality no referral is needed.
    pub compliant_within: Locality,
    /// The last day somebody compared every number with its source.
    pub checked_on: Option<Day>,
    /// The identities that it names.
    pub identities: Vec<Identity>,
    /// The documents that it rests on.
    pub documents: Vec<Document>,
    /// Re-classing of tagged items.
    pub overrides: Vec<Entry<Override>>,
    /// What the facility must bear.
    pub waivers: Vec<Entry<Waiver>>,
    /// Who pays no deposit (先诊疗后付费).
    pub deposit_exempt: Vec<Entry<()>>,
    /// Measures of the bill.
    pub checks: Vec<Entry<Check>>,
    /// The waterfall, in order, with the steps that are not enabled.
    pub steps: Vec<Step>,
    /// SHA-256 of the file, in lower-case hex.
    pub digest: String,
    /// The file as it stands.
    pub text: Arc<str>,
}

/// Re-classes lines whose item bears one of the tags. Packs 5.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Override {
    /// One of these must be on the item.
    pub tags: Vec<String>,
    /// What it counts as.
    pub treat_as: Class,
}

/// Makes lines facility-borne by charge category or tag. Packs 5.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Waiver {
    /// Charge categories.
    pub categories: Vec<String>,
    /// Tags.
    pub tags: Vec<String>,
}

/// What a check looks at. Packs 7.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Measure {
    /// Drugs of class A or B over all drugs, at least this (目录内药品占比).
    CatalogueDrugShare(Rate),
    /// Own expense over the total, at most this (自费占比).
    OwnExpenseShare(Rate),
}

/// What follows from a breach.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OnBreach {
    /// The result says so.
    Warn,
    /// The excess goes to the facility.
    FacilityBorne,
}

/// A check of the bill. Packs 7.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Check {
    /// Unique in the file.
    pub id: String,
    /// What it looks at, and the limit.
    pub measure: Measure,
    /// What follows.
    pub on_breach: OnBreach,
}

/// Who pays a step. Spec 4.4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Payer {
    /// An insurance fund (基金).
    Fund,
    /// A commercial insurer (商业保险).
    Commercial,
    /// Public finance (财政).
    Government,
    /// A charity (慈善).
    Charity,
    /// The facility (医疗机构).
    Facility,
}

impl Payer {
    /// All of them.
    pub const ALL: [Payer; 5] =
        [Payer::Fund, Payer::Commercial, Payer::Government, Payer::Charity, Payer::Facility];

    /// The name in packs and on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Payer::Fund => "fund",
            Payer::Commercial => "commercial",
            Payer::Government => "government",
            Payer::Charity => "charity",
            Payer::Facility => "facility",
        }
    }
}

/// Over what a step counts. Spec 4.6.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Period {
    /// Each admission begins at zero.
    Admission,
    /// The benefit year.
    Year,
}

impl Period {
    /// The name in packs and on the wire.
    pub fn name(self) -> &'static str {
        match self {
            Period::Admission => "admission",
            Period::Year => "year",
        }
    }
}

/// One step of the waterfall (一个支付层次). Spec 4.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Step {
    /// Goes on across effective dates: accumulators are kept under it.
    pub id: String,
    /// Its name.
    pub title: Title,
    /// How it pays.
    pub kind: Kind,
    /// National fund payment type code (基金支付类型).
    pub fund: String,
    /// Where payer or fund come from, if not from the text.
    pub fund_source: Option<Source>,
    /// Who pays.
    pub payer: Payer,
    /// The parts that it pays from, in this order.
    pub base: Vec<Part>,
    /// Over what it counts.
    pub period: Period,
    /// Whom it concerns.
    pub when: When,
    /// A step that is not enabled stays out of the waterfall.
    pub enabled: bool,
    /// Caps; the first that holds applies, whatever it names.
    pub cap: Vec<Entry<Cap>>,
    /// Who finances it, in shares that sum to 1; empty where the pack does not say.
    pub financing: Vec<Financing>,
}

/// The two kinds of step, and no others. Spec 4.1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Kind {
    /// A banded share above a deductible (按比例支付).
    Share(Share),
    /// Tops payment up to a guarantee (兜底).
    Floor(Floor),
}

/// A banded share above a deductible. Spec 5.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Share {
    /// Where the bands start to count.
    pub origin: Origin,
    /// Deductibles; the first that holds applies.
    pub deductible: Vec<Entry<Deductible>>,
    /// Bands; the first that hold apply.
    pub bands: Vec<Entry<Vec<Segment>>>,
    /// Adjustments; all that hold apply.
    pub adjust: Vec<Entry<Adjust>>,
    /// Chains; the first that holds and has a chain applies.
    pub chain: Vec<Entry<ChainBy>>,
}

/// Where bands start to count. Spec 5.3.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Origin {
    /// From the first yuan above the deductible.
    Deductible,
    /// From the first eligible yuan.
    Zero,
}

/// A deductible (起付线), one for all admissions or one for each in turn; never empty.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deductible {
    /// By ordinal; the last stands for all later ones.
    pub amounts: Vec<Money>,
}

/// A stretch of the bands (分段). Spec 5.2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Segment {
    /// Its upper end; open in the last one.
    pub up_to: Option<Money>,
    /// What is paid on it.
    pub rate: Rate,
    /// Its own source, where it has one.
    pub source: Option<Source>,
}

/// An adjustment (倾斜). Spec 5.1, 5.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Adjust {
    /// Points on every rate above 0.
    pub rate_add: Option<Points>,
    /// First: the deductible becomes this.
    pub deductible_set: Option<Money>,
    /// Second: it is multiplied.
    pub deductible_multiply: Option<Factor>,
    /// Third: this is added; may be negative.
    pub deductible_add: Option<Money>,
    /// Last: it is at most this.
    pub deductible_at_most: Option<Money>,
}

/// What links admissions that share a deductible (连续计算起付线). Spec 5.4.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ChainBy {
    /// The episode id.
    Episode,
    /// The principal diagnosis: its prefixes, sorted.
    Diagnosis(Vec<String>),
}

/// A cap (封顶). Spec 5.6.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Cap {
    /// For one admission.
    pub admission: Option<Money>,
    /// For the benefit year.
    pub year: Option<Money>,
    /// A share of the parts over the base.
    pub base_share: Option<Rate>,
}

/// Tops payment up to a guarantee. Spec 6.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Floor {
    /// Guarantees; the first that holds applies.
    pub guarantee: Vec<Entry<Guarantee>>,
}

/// A guarantee (兜底保障). At least one of the two is named. Spec 6.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Guarantee {
    /// At least this share is paid (兜底比例).
    pub ratio: Option<Rate>,
    /// The patient's part is at most this (自付封顶).
    pub patient_at_most: Option<Money>,
}

/// A share of a step's financing (筹资分担). Spec 7.5.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Financing {
    /// Who.
    pub from: String,
    /// How much of it.
    pub share: Rate,
    /// Where that is said.
    pub source: Source,
}

impl Pack {
    /// The source of every number, in the order of the file's tables.
    pub fn sources(&self) -> impl Iterator<Item = &Source> {
        let of_bill = self
            .overrides
            .iter()
            .map(|entry| &entry.source)
            .chain(self.waivers.iter().map(|entry| &entry.source))
            .chain(self.checks.iter().map(|entry| &entry.source))
            .chain(self.deposit_exempt.iter().map(|entry| &entry.source));
        of_bill.chain(self.steps.iter().flat_map(Step::sources))
    }

    /// The step of that id, enabled or not.
    pub fn step(&self, id: &str) -> Option<&Step> {
        self.steps.iter().find(|step| step.id == id)
    }
}

impl Step {
    /// The source of every number of the step.
    pub fn sources(&self) -> impl Iterator<Item = &Source> {
        let mut sources: Vec<&Source> = Vec::new();
        match &self.kind {
            Kind::Share(share) => {
                sources.extend(share.deductible.iter().map(|entry| &entry.source));
                for entry in &share.bands {
                    if entry.value.iter().all(|segment| segment.source.is_some()) {
                        sources.extend(entry.value.iter().filter_map(|one| one.source.as_ref()));
                    } else {
                        sources.push(&entry.source);
                    }
                }
                sources.extend(share.adjust.iter().map(|entry| &entry.source));
                sources.extend(share.chain.iter().map(|entry| &entry.source));
            }
            Kind::Floor(floor) => sources.extend(floor.guarantee.iter().map(|one| &one.source)),
        }
        sources.extend(self.cap.iter().map(|entry| &entry.source));
        sources.extend(self.financing.iter().map(|one| &one.source));
        sources.into_iter()
    }
}
