//! What is charged: lines, the five parts they fall into, and bills. Spec 2.1–2.4.

use crate::money::Money;
use crate::money::Price;
use crate::money::Quantity;
use crate::money::Rate;

use std::ops::Add;
use std::ops::AddAssign;
use std::ops::Index;
use std::ops::IndexMut;
use std::ops::Sub;

/// Most lines of one bill.
pub const LINES_MAX: usize = 10_000;

/// One of the five parts of a bill. Spec 2.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Part {
    /// Within policy scope (符合政策范围, `inscp_scp_amt`).
    InScope,
    /// The first share of class B items (先行自付, `preselfpay_amt`).
    CopayFirst,
    /// Above a price limit (超限价自费, `overlmt_selfpay`).
    OverLimit,
    /// Outside the catalogue (全自费, `fulamt_ownpay_amt`).
    OwnExpense,
    /// Borne by the facility (医院负担, `hosp_part_amt`); never the patient's.
    FacilityBorne,
}

impl Part {
    /// All parts, in the order of spec 2.1.
    pub const ALL: [Part; 5] =
        [Part::InScope, Part::CopayFirst, Part::OverLimit, Part::OwnExpense, Part::FacilityBorne];

    /// The parts that the patient can still owe.
    pub const OWED: [Part; 4] =
        [Part::InScope, Part::CopayFirst, Part::OverLimit, Part::OwnExpense];

    /// The name in packs, on the wire and in the trace.
    pub fn name(self) -> &'static str {
        match self {
            Part::InScope => "in_scope",
            Part::CopayFirst => "copay_first",
            Part::OverLimit => "over_limit",
            Part::OwnExpense => "own_expense",
            Part::FacilityBorne => "facility_borne",
        }
    }

    fn index(self) -> usize {
        match self {
            Part::InScope => 0,
            Part::CopayFirst => 1,
            Part::OverLimit => 2,
            Part::OwnExpense => 3,
            Part::FacilityBorne => 4,
        }
    }
}

/// An amount for each of the five parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Parts([Money; 5]);

impl Parts {
    /// All of it in one part.
    pub fn of(part: Part, amount: Money) -> Parts {
        let mut parts = Parts::default();
        parts[part] = amount;
        parts
    }

    /// The sum over all parts.
    pub fn total(&self) -> Money {
        self.0.iter().copied().sum()
    }

    /// The sum over some parts.
    pub fn over(&self, base: &[Part]) -> Money {
        base.iter().map(|part| self[*part]).sum()
    }

    /// The sum of what the patient can owe.
    pub fn owed(&self) -> Money {
        self.over(&Part::OWED)
    }
}

impl Index<Part> for Parts {
    type Output = Money;
    fn index(&self, part: Part) -> &Money {
        &self.0[part.index()]
    }
}

impl IndexMut<Part> for Parts {
    fn index_mut(&mut self, part: Part) -> &mut Money {
        &mut self.0[part.index()]
    }
}

impl Add for Parts {
    type Output = Parts;
    fn add(mut self, other: Parts) -> Parts {
        self += other;
        self
    }
}

impl AddAssign for Parts {
    fn add_assign(&mut self, other: Parts) {
        for (sum, more) in self.0.iter_mut().zip(other.0) {
            *sum += more;
        }
    }
}

impl Sub for Parts {
    type Output = Parts;
    fn sub(mut self, other: Parts) -> Parts {
        for (rest, less) in self.0.iter_mut().zip(other.0) {
            *rest = *rest - less;
        }
        self
    }
}

/// The class of an item in the catalogue (甲乙丙类).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Class A (甲类): in scope whole.
    A,
    /// Class B (乙类): the patient owes the first share; its rate.
    B(Rate),
    /// Class C (丙类): outside the catalogue.
    C,
}

impl Class {
    /// The letter.
    pub fn letter(self) -> &'static str {
        match self {
            Class::A => "A",
            Class::B(_) => "B",
            Class::C => "C",
        }
    }
}

/// What the catalogue says of an item (目录属性). Spec 2.4.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ItemFacts {
    /// Class, with the first-copay rate of class B.
    pub class: Class,
    /// Above this unit price the patient pays alone.
    pub price_limit: Option<Price>,
    /// Words that overrides and waivers ask for.
    pub tags: Vec<String>,
}

/// One line of a bill (费用明细). Spec 2.3.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Line {
    /// Unique in its bill.
    pub id: String,
    /// The item's code (医疗目录编码).
    pub code: String,
    /// The national charge category (医疗收费项目类别); 09, 10 and 11 are drugs.
    pub category: String,
    /// How many; negative for a refund.
    pub quantity: Quantity,
    /// Unit price in yuan.
    pub price: Price,
    /// What is charged; at most 0 for a refund.
    pub amount: Money,
    /// Flagged as non-compliant (不合规费用): the facility bears it.
    pub noncompliant: bool,
    /// The earlier line that this one takes back.
    pub refund_of: Option<String>,
    /// Catalogue facts of its own, where the server allows them.
    pub facts: Option<ItemFacts>,
}

/// What a bill of totals says of its drugs. Packs 7.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Drugs {
    /// All drugs, without what is already facility-borne.
    pub all: Money,
    /// Those of class C.
    pub class_c: Money,
}

/// The charges of a bill, itemised or already classified by the HIS. Spec 2.2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Charges {
    /// Itemised.
    Lines(Vec<Line>),
    /// The five parts.
    Totals {
        /// What the HIS classified.
        parts: Parts,
        /// Its drugs, for the drug check.
        drugs: Option<Drugs>,
    },
}

/// A bill (费用). Spec 2.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Bill {
    /// The stated total; a bill of totals always has one.
    pub total: Option<Money>,
    /// Flagged as non-compliant as a whole.
    pub noncompliant: bool,
    /// What is charged.
    pub charges: Charges,
}
