//! The statement (结算结果): who pays what, and, as data, why. Spec 7.
//!
//! Amounts and their explanation come from the same computation, so that they cannot drift apart.

pub mod segments;

use crate::bill::Class;
use crate::bill::ItemFacts;
use crate::bill::Part;
use crate::bill::Parts;
use crate::money::Exact;
use crate::money::Money;
use crate::money::Points;
use crate::money::Ratio;
use crate::rules::entry::Entry;
use crate::rules::pack::Adjust;
use crate::rules::pack::Cap;
use crate::rules::pack::ChainBy;
use crate::rules::pack::Check;
use crate::rules::pack::Deductible;
use crate::rules::pack::Financing;
use crate::rules::pack::Guarantee;
use crate::rules::pack::Override;
use crate::rules::pack::Payer;
use crate::rules::pack::Segment;
use crate::rules::pack::Step;
use crate::rules::pack::Waiver;

/// What a settlement comes to. `'p` is what it was computed with: pack, bill and catalogue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement<'p> {
    /// The accumulators' version that it was computed at.
    pub version: u64,
    /// Which admission of the year.
    pub ordinal: u64,
    /// The entry under which no deposit may be asked, if one holds.
    pub deposit_exempt: Option<&'p Entry<()>>,
    /// The bill's total.
    pub total: Money,
    /// The five parts after the checks.
    pub parts: Parts,
    /// What is left of the lines, for a bill of lines.
    pub lines: Option<Vec<LineResult<'p>>>,
    /// The checks whose `when` holds.
    pub checks: Vec<CheckResult<'p>>,
    /// What a clerk should know.
    pub warnings: Vec<Warning>,
    /// Every enabled step, in order.
    pub steps: Vec<StepResult<'p>>,
    /// What the patient owes at the end (个人负担总金额).
    pub patient_pay: Money,
    /// Payments without what the facility paid, and the facility's burden with it.
    pub summary: Summary,
    /// From the personal account (个人账户支出).
    pub account_pay: Money,
    /// Paid in advance (押金).
    pub deposit: Money,
    /// To be paid in cash (个人现金支出).
    pub cash_due: Money,
    /// To be given back (退款).
    pub refund: Money,
    /// `1 − patient_pay / (total − facility_borne)`.
    pub actual_ratio: Option<Ratio>,
    /// The same over the pack's policy scope.
    pub policy_scope_ratio: Option<Ratio>,
}

/// Payments and burdens of a whole statement. Spec 7.2.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Summary {
    /// All payments but the facility's.
    pub payments: Money,
    /// The part `facility_borne` and what facility-paid steps pay.
    pub facility_borne: Money,
    /// Payments by payer, without the facility's.
    pub by_payer: Vec<(Payer, Money)>,
}

/// How a line was classified, and why. Spec 2.5.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LineResult<'p> {
    /// The line's id.
    pub id: &'p str,
    /// What is left of its amount after refunds.
    pub amount: Money,
    /// What the catalogue, or the line itself, says of it; none where nothing does.
    pub listed: Option<&'p ItemFacts>,
    /// Why it fell so.
    pub reason: LineReason<'p>,
    /// Where it fell.
    pub parts: Parts,
}

/// Why a line fell where it did. Spec 2.5.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum LineReason<'p> {
    /// Flagged on the line or the bill.
    NonCompliant,
    /// A waiver of the pack.
    Waiver(&'p Entry<Waiver>),
    /// Its class, after overrides.
    Class {
        /// The class that it counts as.
        class: Class,
        /// The override that made it so.
        by: Option<&'p Entry<Override>>,
    },
}

/// What a check found. Packs 7.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CheckResult<'p> {
    /// The check.
    pub check: &'p Entry<Check>,
    /// What it found; none where it could not be measured.
    pub found: Option<Found>,
    /// What it moved from `own_expense` to `facility_borne`.
    pub moved: Money,
}

/// The figures of a check.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Found {
    /// What is measured: own expense, or class C drugs.
    pub part: Money,
    /// Against what: the total, or all drugs.
    pub whole: Money,
    /// How much of it is too much.
    pub excess: Money,
}

/// What a clerk should know.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Warning {
    /// The catalogue has no entry for this item; it counts as class C.
    NotInCatalogue(String),
    /// Overrides or waivers could not act on a bill of totals.
    TotalsUnseen,
    /// The drug check could not be made on a bill of totals.
    DrugsNotMeasured,
}

/// What a step did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StepResult<'p> {
    /// The step.
    pub step: &'p Step,
    /// How it ran; none where its `when` did not hold.
    pub run: Option<Run<'p>>,
}

impl<'p> StepResult<'p> {
    /// What it pays.
    pub fn payment(&self) -> Money {
        self.run.as_ref().map_or(Money::ZERO, |run| run.payment)
    }

    /// Who financed its payment, piece by piece, in the order of the pack; nobody where the pack does not say. Spec 7.5.
    pub fn financing(&self) -> impl Iterator<Item = (&'p Financing, Money)> {
        let financing = self.step.financing.as_slice();
        let pieces = match financing {
            [] => Vec::new(),
            _ => {
                let shares: Vec<_> = financing.iter().map(|one| one.share).collect();
                self.payment().split(&shares)
            }
        };
        financing.iter().zip(pieces)
    }
}

/// How a step ran.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run<'p> {
    /// What it pays.
    pub payment: Money,
    /// What it would have paid without a cap.
    pub uncapped: Money,
    /// From which parts.
    pub from: Parts,
    /// The cap entry that held.
    pub cap: Option<&'p Entry<Cap>>,
    /// Which cap bound, and at how much.
    pub bound: Option<(CapKind, Money)>,
    /// What the year had paid before.
    pub paid_before: Money,
    /// How it came to its payment.
    pub basis: Basis<'p>,
}

/// Which cap bound. Spec 5.6.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CapKind {
    /// For one admission.
    Admission,
    /// For the benefit year.
    Year,
    /// A share of the base.
    BaseShare,
}

impl CapKind {
    /// The name in packs and on the wire.
    pub fn name(self) -> &'static str {
        match self {
            CapKind::Admission => "admission",
            CapKind::Year => "year",
            CapKind::BaseShare => "base_share",
        }
    }
}

/// How a step came to its payment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Basis<'p> {
    /// By bands above a deductible.
    Share(ShareTrace<'p>),
    /// By a guarantee.
    Floor(FloorTrace<'p>),
}

/// The figures of a `share` step. Spec 5.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShareTrace<'p> {
    /// What it looked at: `e`.
    pub eligible: Money,
    /// What the year had looked at before: `E1`; 0 for period `admission`.
    pub eligible_before: Money,
    /// The deductible entry that held.
    pub deductible: Option<&'p Entry<Deductible>>,
    /// Its amount.
    pub nominal: Money,
    /// After the adjustments: `D`.
    pub adjusted: Money,
    /// The adjustments that held, in order.
    pub adjustments: Vec<&'p Entry<Adjust>>,
    /// The points that they add.
    pub points: Points,
    /// The chain: its entry and name.
    pub chain: Option<(&'p Entry<ChainBy>, String)>,
    /// The deductible recorded on the chain before: `K`.
    pub chain_before: Money,
    /// The deductible met now: `d`.
    pub met: Money,
    /// The bands entry that held.
    pub bands: Option<&'p Entry<Vec<Segment>>>,
    /// Between which two points of the bands the cost lies that is paid on now.
    pub counted: (Money, Money),
}

/// The figures of a `floor` step. Spec 6.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FloorTrace<'p> {
    /// The parts over the base: `S`.
    pub measured: Money,
    /// What was owed over it when the step ran: `R`.
    pub owed: Money,
    /// The guarantee that held.
    pub guarantee: Option<&'p Entry<Guarantee>>,
    /// What the year had allowed before; 0 for period `admission`.
    pub allowed_before: Exact,
    /// What is allowed now: `A`; only with a ratio.
    pub allowed: Option<Exact>,
    /// What the year had measured before; 0 for period `admission`.
    pub measured_before: Money,
    /// What remained in the year before; 0 for period `admission`.
    pub remaining_before: Money,
    /// What may remain.
    pub limit: Option<Money>,
    /// What remains when the waterfall has ended.
    pub remaining: Money,
    /// The ratio reached.
    pub reached: Option<Ratio>,
    /// By how much the guarantee is missed; none without one.
    pub shortfall: Option<Money>,
}

impl Statement<'_> {
    /// What the patient owes at the end of each part is `parts` less what steps paid from it.
    pub fn owed(&self) -> Parts {
        let paid = self.steps.iter().filter_map(|result| result.run.as_ref());
        let mut owed = self.parts;
        owed[Part::FacilityBorne] = Money::ZERO;
        paid.fold(owed, |owed, run| owed - run.from)
    }

    /// Whether the payers, the patient and the facility bear exactly the total (spec 7.2).
    pub fn balances(&self) -> bool {
        self.parts.total() == self.total
            && self.summary.payments + self.patient_pay + self.summary.facility_borne == self.total
            && self.owed().total() == self.patient_pay
    }
}
