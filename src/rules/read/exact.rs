//! Refuses adjustments that could need more digits than are exact. Spec 1.3.

use crate::money::Factor;
use crate::money::Money;
use crate::rules::entry::Entry;
use crate::rules::pack::Adjust;
use crate::rules::pack::Deductible;
use crate::rules::problem::Problem;
use crate::rules::read::errors::Read;
use crate::rules::read::reader::Keys;

/// Digits that are always exact.
const DIGITS_MAX: u32 = 28;

/// The largest that a deductible can get while it is adjusted, and its decimals.
#[derive(Debug, Clone, Copy)]
struct Worst {
    /// In fen, rounded up. It saturates: far beyond what is refused.
    fen: u128,
    decimals: u32,
}

impl Worst {
    fn at_least(self, amount: Money) -> Worst {
        Worst { fen: self.fen.max(amount.fen().unsigned_abs()), ..self }
    }

    fn plus(self, amount: Money) -> Worst {
        Worst { fen: self.fen.saturating_add(amount.fen().unsigned_abs()), ..self }
    }

    fn times(self, factor: Factor) -> Worst {
        let one = Factor::MILLION;
        let raised = self.fen.saturating_mul(u128::from(factor.millionths()));
        let fen = if factor.raises() { raised.div_ceil(u128::from(one)) } else { self.fen };
        Worst { fen, decimals: self.decimals.saturating_add(factor.decimals()) }
    }

    fn digits(self) -> u32 {
        let whole = self.fen.div_ceil(100).checked_ilog10().map_or(1, |log| log + 1);
        whole.saturating_add(self.decimals)
    }
}

/// Follows the adjustments as if all that raise or refine a deductible held, whatever they ask for.
pub(super) fn check(
    deductible: &[Entry<Deductible>],
    adjust: &[Entry<Adjust>],
    keys: &Keys<'_>,
) -> Read<()> {
    let amounts = deductible.iter().flat_map(|entry| &entry.value.amounts);
    let mut worst = Worst { fen: 0, decimals: 2 };
    for amount in amounts {
        worst = worst.at_least(*amount);
    }
    let mut digits = worst.digits();
    for Entry { value, .. } in adjust {
        worst = value.deductible_set.map_or(worst, |set| worst.at_least(set));
        worst = value.deductible_multiply.map_or(worst, |factor| worst.times(factor));
        worst = value.deductible_add.map_or(worst, |add| worst.plus(add));
        digits = digits.max(worst.digits());
    }
    if digits <= DIGITS_MAX {
        return Ok(());
    }
    Err(keys.report("adjust", Problem::Inexact { digits, max: DIGITS_MAX }))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_worst_case_counts_every_digit() {
        let money = |text: &str| Money::parse_signed(text).unwrap();
        let worst = Worst { fen: 0, decimals: 2 }.at_least(money("950"));
        for (name, worst, digits) in [
            ("an amount", worst, 5),
            ("a smaller one set", worst.at_least(money("10")), 5),
            ("a larger one set", worst.at_least(money("1000")), 6),
            ("one that is made smaller", worst.times(Factor::parse("0.25").unwrap()), 7),
            ("one that is made larger", worst.times(Factor::parse("1.5").unwrap()), 7),
            ("one with something added", worst.plus(money("50")), 6),
            ("one with something taken off", worst.plus(money("-50")), 6),
        ] {
            assert_eq!(worst.digits(), digits, "{name}");
        }
        let ten = Factor::parse("10").unwrap();
        let huge = (0..100).fold(worst, |worst, _| worst.times(ten));
        assert!(huge.digits() > DIGITS_MAX);
    }
}
