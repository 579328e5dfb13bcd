//! What a year adds up to by the auditor's own sums.

use crate::simulation::fen::PARTS_OF_FEN;
use crate::simulation::fen::fen;
use crate::simulation::fen::parts;

use onestop::proto;

use std::collections::BTreeMap;
use std::fmt::Debug;

/// The five parts, in the order of the contract.
pub(crate) type FiveParts = [i64; 5];

/// What one step has.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(crate) struct StepSums {
    pub(crate) eligible: i64,
    pub(crate) paid: i64,
    /// Unit: hundred-millionths of a yuan.
    pub(crate) allowed: i128,
    pub(crate) measured: i64,
    pub(crate) remaining: i64,
}

/// The content of a year, or what one entry adds to it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Sums {
    pub(crate) admissions: u64,
    pub(crate) total: i64,
    pub(crate) parts: FiveParts,
    pub(crate) patient_pay: i64,
    pub(crate) steps: BTreeMap<String, StepSums>,
    /// By step and chain.
    pub(crate) chains: BTreeMap<(String, String), i64>,
}

/// Complains where two values differ.
pub(crate) fn same<T: PartialEq + Debug>(what: &str, shown: T, own: T) -> Result<(), String> {
    if shown == own { Ok(()) } else { Err(format!("{what}: shown {shown:?}, should be {own:?}")) }
}

/// Reads parts that are all given.
pub(crate) fn five(parts: Option<&proto::Parts>) -> Result<FiveParts, String> {
    let Some(parts) = parts else { return Err("no parts".to_owned()) };
    Ok([
        fen(&parts.in_scope)?,
        fen(&parts.copay_first)?,
        fen(&parts.over_limit)?,
        fen(&parts.own_expense)?,
        fen(&parts.facility_borne)?,
    ])
}

impl Sums {
    /// Reads accumulators as the service shows them: every amount given.
    pub(crate) fn read(shown: &proto::Accumulators) -> Result<Sums, String> {
        let mut sums = Sums {
            admissions: shown.admissions,
            total: fen(&shown.total)?,
            parts: five(shown.parts.as_ref())?,
            patient_pay: fen(&shown.patient_pay)?,
            ..Sums::default()
        };
        for one in &shown.steps {
            let step = StepSums {
                eligible: fen(&one.eligible)?,
                paid: fen(&one.paid)?,
                allowed: parts(&one.allowed)?,
                measured: fen(&one.measured)?,
                remaining: fen(&one.remaining)?,
            };
            if sums.steps.insert(one.step.clone(), step).is_some() {
                return Err(format!("step {} is shown twice", one.step));
            }
        }
        for one in &shown.chains {
            let name = (one.step.clone(), one.chain.clone());
            if sums.chains.insert(name, fen(&one.met)?).is_some() {
                return Err(format!("chain {} is shown twice", one.chain));
            }
        }
        Ok(sums)
    }

    /// Reads what an opening balance asks for: what is left out is 0, but `allowed` left out is `remaining`.
    pub(crate) fn asked(balances: &proto::Accumulators) -> Result<Sums, String> {
        let or_zero = |text: &str| if text.is_empty() { Ok(0) } else { fen(text) };
        let of = balances.parts.clone().unwrap_or_default();
        let mut sums = Sums {
            admissions: balances.admissions,
            total: or_zero(&balances.total)?,
            parts: [
                or_zero(&of.in_scope)?,
                or_zero(&of.copay_first)?,
                or_zero(&of.over_limit)?,
                or_zero(&of.own_expense)?,
                or_zero(&of.facility_borne)?,
            ],
            patient_pay: or_zero(&balances.patient_pay)?,
            ..Sums::default()
        };
        for one in &balances.steps {
            let remaining = or_zero(&one.remaining)?;
            let step = StepSums {
                eligible: or_zero(&one.eligible)?,
                paid: or_zero(&one.paid)?,
                allowed: match one.allowed.as_str() {
                    "" => i128::from(remaining) * PARTS_OF_FEN,
                    text => parts(text)?,
                },
                measured: or_zero(&one.measured)?,
                remaining,
            };
            sums.steps.insert(one.step.clone(), step);
        }
        for one in &balances.chains {
            sums.chains.insert((one.step.clone(), one.chain.clone()), or_zero(&one.met)?);
        }
        Ok(sums)
    }

    pub(crate) fn step(&self, id: &str) -> StepSums {
        self.steps.get(id).copied().unwrap_or_default()
    }

    pub(crate) fn chain(&self, step: &str, chain: &str) -> i64 {
        self.chains.get(&(step.to_owned(), chain.to_owned())).copied().unwrap_or_default()
    }

    pub(crate) fn add(&mut self, other: &Sums) {
        self.admissions += other.admissions;
        self.total += other.total;
        self.patient_pay += other.patient_pay;
        for (own, more) in self.parts.iter_mut().zip(other.parts) {
            *own += more;
        }
        for (id, more) in &other.steps {
            let own = self.steps.entry(id.clone()).or_default();
            own.eligible += more.eligible;
            own.paid += more.paid;
            own.allowed += more.allowed;
            own.measured += more.measured;
            own.remaining += more.remaining;
        }
        for (name, more) in &other.chains {
            *self.chains.entry(name.clone()).or_default() += more;
        }
        // What has nothing is left out.
        self.steps.retain(|_, step| *step != StepSums::default());
        self.chains.retain(|_, met| *met != 0);
    }

    /// Complains where accumulators are not these sums at this version.
    pub(crate) fn check(
        &self,
        version: u64,
        shown: Option<&proto::Accumulators>,
    ) -> Result<(), String> {
        let shown = shown.ok_or_else(|| "no accumulators".to_owned())?;
        same("accumulators.version", shown.version, version)?;
        let theirs = Sums::read(shown)?;
        same("accumulators.admissions", theirs.admissions, self.admissions)?;
        same("accumulators.total", theirs.total, self.total)?;
        same("accumulators.parts", theirs.parts, self.parts)?;
        same("accumulators.patient_pay", theirs.patient_pay, self.patient_pay)?;
        same("accumulators.steps", &theirs.steps, &self.steps)?;
        same("accumulators.chains", &theirs.chains, &self.chains)
    }
}
