//! Accumulators (年度累计): what a person's benefit year has already, as the fold of the ledger. Spec 8.

use crate::bill::Parts;
use crate::id::PersonId;
use crate::money::Exact;
use crate::money::Money;

use std::collections::BTreeMap;

/// Under what a year is kept. Spec 8.1.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct AccumulatorKey {
    /// The person.
    pub person: PersonId,
    /// Insurance type.
    pub insutype: String,
    /// Pack family.
    pub family: String,
    /// Benefit year, named by the calendar year in which it starts.
    pub benefit_year: i16,
}

/// What one step has in a benefit year. Spec 5, 6, 8.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct StepYear {
    /// What it has looked at: the sum of `e`.
    pub eligible: Money,
    /// What it has paid.
    pub paid: Money,
    /// What its guarantee has allowed to remain; up to eight decimals.
    pub allowed: Exact,
    /// The parts that its guarantee has measured.
    pub measured: Money,
    /// What remained with the patient.
    pub remaining: Money,
}

impl StepYear {
    fn minus(self, other: StepYear) -> StepYear {
        StepYear {
            eligible: self.eligible - other.eligible,
            paid: self.paid - other.paid,
            allowed: self.allowed - other.allowed,
            measured: self.measured - other.measured,
            remaining: self.remaining - other.remaining,
        }
    }

    fn plus(self, other: StepYear) -> StepYear {
        StepYear {
            eligible: self.eligible + other.eligible,
            paid: self.paid + other.paid,
            allowed: self.allowed + other.allowed,
            measured: self.measured + other.measured,
            remaining: self.remaining + other.remaining,
        }
    }
}

/// The deductible recorded on each chain of a step, by the chain's name: `episode:…` or `diagnosis:…`.
pub type Chains = BTreeMap<String, Money>;

/// The sums of a year, and what one ledger entry adds to them. Spec 8.1.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Sums {
    /// Settlements that count as an admission.
    pub admissions: u64,
    /// Sum of the bills.
    pub total: Money,
    /// Sum of their parts.
    pub parts: Parts,
    /// Sum of what patients paid.
    pub patient_pay: Money,
    /// Per step id. A step that has nothing is left out.
    pub steps: BTreeMap<String, StepYear>,
    /// Per step id and chain. A chain that has nothing is left out.
    pub chains: BTreeMap<String, Chains>,
}

impl Sums {
    /// What a step has; nothing where it is left out.
    pub fn step(&self, id: &str) -> StepYear {
        self.steps.get(id).copied().unwrap_or_default()
    }

    /// The deductible recorded on a chain of a step.
    pub fn chain(&self, step: &str, chain: &str) -> Money {
        self.chains.get(step).and_then(|chains| chains.get(chain)).copied().unwrap_or_default()
    }

    /// Adds what an entry holds.
    pub fn add(&mut self, other: &Sums) {
        self.admissions += other.admissions;
        self.total += other.total;
        self.parts += other.parts;
        self.patient_pay += other.patient_pay;
        for (id, theirs) in &other.steps {
            let folded = self.step(id).plus(*theirs);
            if folded == StepYear::default() {
                self.steps.remove(id);
            } else if let Some(ours) = self.steps.get_mut(id) {
                *ours = folded;
            } else {
                self.steps.insert(id.clone(), folded);
            }
        }
        for (step, theirs) in &other.chains {
            let ours = self.chains.entry(step.clone()).or_default();
            for (chain, amount) in theirs {
                let folded = ours.get(chain).copied().unwrap_or_default() + *amount;
                ours.insert(chain.clone(), folded);
            }
            ours.retain(|_, amount| !amount.is_zero());
        }
        self.chains.retain(|_, chains| !chains.is_empty());
    }

    /// What was added since an earlier state of the same year.
    #[must_use]
    pub fn since(&self, before: &Sums) -> Sums {
        let mut added = Sums {
            admissions: self.admissions.saturating_sub(before.admissions),
            total: self.total - before.total,
            parts: self.parts - before.parts,
            patient_pay: self.patient_pay - before.patient_pay,
            ..Sums::default()
        };
        for (id, now) in &self.steps {
            let of_step = now.minus(before.step(id));
            if of_step != StepYear::default() {
                added.steps.insert(id.clone(), of_step);
            }
        }
        for (step, now) in &self.chains {
            for (chain, met) in now {
                let more = *met - before.chain(step, chain);
                if !more.is_zero() {
                    added.chains.entry(step.clone()).or_default().insert(chain.clone(), more);
                }
            }
        }
        added
    }
}

/// The accumulators under one key. Spec 8.1, 8.2.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Accumulators {
    /// The number of ledger entries under the key, reversals included.
    pub version: u64,
    /// What stands.
    pub sums: Sums,
}

impl Accumulators {
    /// After a settlement or an opening balance.
    pub fn after(&self, added: &Sums) -> Accumulators {
        let mut sums = self.sums.clone();
        sums.add(added);
        Accumulators { version: self.version + 1, sums }
    }
}
