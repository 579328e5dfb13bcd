//! Extracts (摘要): what the back office needs of a ledger entry. A reversal has the amounts of what it undoes with a minus, so that a
//! sum over any entries is what they come to. Pure.

use crate::bill::Parts;
use crate::calendar::Day;
use crate::money::Money;

/// What kind of entry it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// A settlement (结算).
    Settlement,
    /// A reversal of one (撤销).
    Reversal,
    /// An opening balance, or its reversal (期初余额).
    Opening,
    /// A write to a register (登记).
    Register,
    /// A record of the back office (对账、清算).
    Office,
    /// What the national interface keeps beside settlements: visits, sign-ins, files, request ids taken back.
    Interface,
}

impl Kind {
    /// All of them.
    pub const ALL: [Kind; 6] = [
        Kind::Settlement,
        Kind::Reversal,
        Kind::Opening,
        Kind::Register,
        Kind::Office,
        Kind::Interface,
    ];

    /// The name in exports.
    pub fn name(self) -> &'static str {
        match self {
            Kind::Settlement => "settlement",
            Kind::Reversal => "reversal",
            Kind::Opening => "opening",
            Kind::Register => "register",
            Kind::Office => "office",
            Kind::Interface => "interface",
        }
    }

    /// Takes a name.
    pub fn parse(name: &str) -> Option<Kind> {
        Kind::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// What the back office needs of an entry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Extract {
    /// Its number in the ledger.
    pub number: u64,
    /// What kind it is.
    pub kind: Kind,
    /// When it was recorded, with the offset of Asia/Shanghai.
    pub recorded_at: String,
    /// The day of that.
    pub recorded_on: Day,
    /// Who wrote it: the facility or office.
    pub writer: String,
    /// The request that made it.
    pub request_id: String,
    /// Who did it.
    pub operator: String,
    /// Where from.
    pub terminal: String,
    /// Of a reversal why, of other writes what.
    pub remark: String,
    /// What a reversal undoes.
    pub undoes: Option<Undone>,
    /// What was settled or reversed; none of other kinds.
    pub settled: Option<Settled>,
}

/// What a reversal undoes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Undone {
    /// Its number.
    pub number: u64,
    /// The day on which it was recorded.
    pub recorded_on: Day,
    /// Who had done it.
    pub operator: String,
}

/// A settlement, or with a minus its reversal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settled {
    /// The facility of the admission.
    pub facility: String,
    /// The admission.
    pub admission: String,
    /// The patient. Personal data.
    pub person: String,
    /// Pack family.
    pub family: String,
    /// The pack's first day.
    pub effective_from: String,
    /// Insured place.
    pub place: String,
    /// Insurance type.
    pub insutype: String,
    /// Medical type.
    pub med_type: String,
    /// Where the facility lies as seen from the insured place.
    pub locality: String,
    /// The facility's tier.
    pub tier: String,
    /// Identities that it was made with.
    pub identities: Vec<String>,
    /// Whole years at admission.
    pub age: u32,
    /// Benefit year.
    pub benefit_year: i32,
    /// Admission.
    pub admitted_on: Day,
    /// Discharge.
    pub discharged_on: Day,
    /// The bill.
    pub total: Money,
    /// Its parts after the checks.
    pub parts: Parts,
    /// All payments but the facility's.
    pub payments: Money,
    /// What the patient owes.
    pub patient_pay: Money,
    /// What the facility bears.
    pub facility_borne: Money,
    /// From the personal account.
    pub account: Money,
    /// What each step did.
    pub layers: Vec<Layer>,
    /// Checks that were breached.
    pub breaches: Vec<Breach>,
    /// What the pack's drug check measured, if it did: class C drugs and all drugs.
    pub drugs: Option<(Money, Money)>,
}

/// What a step of the waterfall did.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layer {
    /// The step's id.
    pub step: String,
    /// Who pays.
    pub payer: String,
    /// National fund payment type.
    pub fund: String,
    /// What it paid.
    pub payment: Money,
    /// Its financing: whose share, and how much.
    pub financing: Vec<(String, Money)>,
    /// The cap that bound, by its kind; empty: none.
    pub bound: String,
    /// What may be paid in the benefit year, and what it has paid with this.
    pub year_cap: Option<(Money, Money)>,
    /// Of a guarantee that was found: how it came out.
    pub guarantee: Option<Guarantee>,
}

/// How a guarantee came out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Guarantee {
    /// The parts that it measures.
    pub measured: Money,
    /// At least this share is paid, in ten-thousandths; none where it limits the amount.
    pub ratio: Option<u32>,
    /// What remains with the patient.
    pub remaining: Money,
    /// By how much it was missed.
    pub shortfall: Money,
}

/// A check that was breached.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Breach {
    /// The check.
    pub check: String,
    /// What it measures.
    pub measure: String,
    /// How much is too much.
    pub excess: Money,
    /// What was moved to the facility.
    pub moved: Money,
}

impl Settled {
    /// What the patient pays in cash: what is owed less what the account pays.
    pub fn cash(&self) -> Money {
        self.patient_pay - self.account
    }

    /// Whether this undoes something: its bill counts with a minus.
    pub fn is_refund(&self) -> bool {
        self.total.is_negative()
    }
}
