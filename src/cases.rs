//! Worked cases (案例): examples worked by hand that a pack must agree with to the fen. Packs 9.

mod read;
mod given;
mod bill;
mod run;
mod coverage;
mod report;
mod line;

use crate::accumulators::Accumulators;
use crate::admission::Admission;
use crate::bill::Bill;
use crate::bill::Parts;
use crate::money::Money;
use crate::proto;
use crate::refusal::Lang;
use crate::refusal::Refusal;
use crate::register::Facility;
use crate::register::Person;
use crate::rules::pack::Title;

use std::collections::BTreeMap;
use std::fmt;

pub use crate::cases::line::line;
pub use crate::cases::read::read;
pub use crate::cases::report::text;
pub use crate::cases::run::run;

/// A case file as it was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CaseFile {
    /// The pack folder that it lies in.
    pub family: String,
    /// Where: `settlement-rules/510400-resident/cases/layers.toml`.
    pub path: String,
    /// All of it.
    pub text: String,
}

/// A worked case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Case {
    /// The pack family that it is for.
    pub family: String,
    /// Its file.
    pub path: String,
    /// A sentence, unique within the family.
    pub name: String,
    /// The clause that it comes from, or that it was worked by hand.
    pub from: String,
    /// What is settled.
    pub given: Given,
    /// What it must come to.
    pub expected: Expected,
}

/// What a case settles: who, where, when, what is charged, and what the year has already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Given {
    /// Steps with `enabled = false` that run all the same.
    pub switch_on: Vec<String>,
    /// The patient, with his insurance and identities.
    pub person: Person,
    /// The hospital.
    pub facility: Facility,
    /// The stay.
    pub admission: Admission,
    /// Totals, or lines with their catalogue facts.
    pub bill: Bill,
    /// The year so far.
    pub year: Accumulators,
}

/// What a case must come to. What is not named is not compared, but for `pays`: a step not named there pays nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expected {
    /// What each step pays.
    pub pays: BTreeMap<String, Money>,
    /// What the patient owes.
    pub patient_pay: Money,
    /// What the facility bears, with what facility-paid steps pay.
    pub facility_borne: Option<Money>,
    /// The parts after the checks.
    pub parts: Option<Parts>,
    /// Whether no deposit may be asked.
    pub deposit_exempt: Option<bool>,
    /// By step and financier.
    pub financing: BTreeMap<String, BTreeMap<String, Money>>,
    /// By floor step.
    pub shortfall: BTreeMap<String, Money>,
    /// By check.
    pub excess: BTreeMap<String, Money>,
}

/// One way in which a case and its pack do not agree.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Difference {
    /// The key of the case: `pays.basic`.
    pub place: String,
    /// The title of the step that it is about.
    pub step: Option<Title>,
    /// What is different.
    pub problem: Disagreement,
}

/// What is different.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Disagreement {
    /// Another value than the case says.
    #[error("expected {expected}, got {got}")]
    Value {
        /// What the case says.
        expected: String,
        /// What the pack comes to.
        got: String,
    },
    /// The engine refuses the admission.
    #[error("refused: {}", refusal.sentence(Lang::En))]
    Refused {
        /// Why.
        refusal: Refusal,
    },
    /// The pack that governs is of another family than the folder.
    #[error("pack `{governs}` governs, not the one of this folder")]
    OtherFamily {
        /// The family that governs.
        governs: String,
    },
    /// A name that the pack does not have.
    #[error("the pack has no such {}", what.0)]
    Unknown {
        /// What is not there, in English and Chinese.
        what: (&'static str, &'static str),
    },
    /// A step to be switched on that is on.
    #[error("the step is enabled by itself")]
    IsOn,
    /// Payers, patient and facility do not bear exactly the total: the engine is wrong.
    #[error("the statement does not balance")]
    Unbalanced,
}

impl Disagreement {
    /// The same in the language that is asked for.
    pub fn sentence(&self, lang: Lang) -> String {
        match lang {
            Lang::En => self.to_string(),
            Lang::Zh => self.zh(),
        }
    }

    fn zh(&self) -> String {
        match self {
            Disagreement::Value { expected, got } => format!("应为 {expected}，实为 {got}"),
            Disagreement::Refused { refusal } => format!("被拒绝：{}", refusal.sentence(Lang::Zh)),
            Disagreement::OtherFamily { governs } => {
                format!("适用的规则包是 {governs}，不是本文件夹的")
            }
            Disagreement::Unknown { what } => format!("规则包没有这个{}", what.1),
            Disagreement::IsOn => "该步骤本来就启用".to_owned(),
            Disagreement::Unbalanced => "结算结果不平衡".to_owned(),
        }
    }
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}", self.place, self.problem)
    }
}

/// What all cases of a folder came to.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Report {
    /// Every family of the book, in its order.
    pub families: Vec<FamilyReport>,
    /// The cases that do not agree.
    pub failed: Vec<Failed>,
    /// Pack files that nobody has compared with their sources.
    pub unchecked: Vec<String>,
    /// What no case exercises.
    pub unreached: Vec<Unreached>,
}

/// How the cases of a family went.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FamilyReport {
    /// The family.
    pub id: String,
    /// Its cases.
    pub cases: usize,
    /// Those that do not agree.
    pub failures: usize,
}

/// A case that does not agree with its pack.
#[derive(Debug, Clone, PartialEq)]
pub struct Failed {
    /// The family.
    pub family: String,
    /// The case's file.
    pub path: String,
    /// Its name.
    pub name: String,
    /// The clause that it comes from.
    pub from: String,
    /// In what.
    pub differences: Vec<Difference>,
    /// How the pack came to its amounts; none where it came to none.
    pub trace: Option<Box<proto::Statement>>,
}

/// An entry that acts in no case.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unreached {
    /// The pack file.
    pub path: String,
    /// The step it belongs to; none for what acts on the bill.
    pub step: Option<String>,
    /// The entries, such as `deductible[2]`; none where the step never runs at all.
    pub entries: Vec<String>,
}
