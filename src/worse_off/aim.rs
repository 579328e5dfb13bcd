//! Scales a bill so that a step sees an amount at which its policy turns: a blind guess hardly ever meets what earlier
//! steps leave to later ones.

use crate::admission::IdentitySet;
use crate::bill::Charges;
use crate::bill::Part;
use crate::cases::Given;
use crate::money::Money;
use crate::statement::Basis;
use crate::statement::Run;
use crate::statement::Statement;
use crate::worse_off::random::Random;
use crate::worse_off::scene::Scene;

/// A bill is scaled twice, since what a step sees is not quite in proportion to it.
const SHOTS: usize = 2;

/// How far beside the mark it ends, in thousandths.
const BESIDE: [i128; 5] = [-10, 0, 5, 10, 30];

/// Largest amount that a bill is scaled to: ten million yuan.
const FEN_MAX: i128 = 1_000_000_000;

/// By how much to scale: what there should be, and what there is.
type Ratio = (Money, Money);

/// Scales the totals of a bill to a turning point of one step, for a person with these identities.
pub(super) fn aim(scene: &Scene<'_>, given: &mut Given, held: IdentitySet, random: &mut Random) {
    let mark = random.below(usize::MAX);
    for shot in 1..=SHOTS {
        let Some(ratios) = scene.settled(given, held, |_, statement| ratios(statement)) else {
            return;
        };
        let Some(&ratio) = ratios.get(mark.checked_rem(ratios.len()).unwrap_or(0)) else { return };
        let last = shot == SHOTS;
        let beside = random.pick(&BESIDE).copied().filter(|_| last).unwrap_or(0);
        scale(given, ratio, beside);
    }
}

/// For every step, its turning points.
fn ratios(statement: &Statement<'_>) -> Vec<Ratio> {
    let runs = statement.steps.iter().filter_map(|result| result.run.as_ref());
    runs.flat_map(of_run).filter(|(want, is)| Money::ZERO < *want && Money::ZERO < *is).collect()
}

fn of_run(run: &Run<'_>) -> Vec<Ratio> {
    let mut ratios = Vec::new();
    match &run.basis {
        Basis::Share(trace) => {
            let deductible = trace.adjusted.less(trace.chain_before);
            let ends = trace.segments().filter_map(|segment| segment.segment.up_to);
            let turns = ends.map(|end| end + deductible).chain([deductible]);
            let left = turns.map(|turn| turn.less(trace.eligible_before));
            ratios.extend(left.map(|left| (left, trace.eligible)));
        }
        Basis::Floor(trace) => ratios.extend(trace.limit.map(|limit| (limit, trace.owed))),
    }
    if let Some(cap) = run.cap.map(|entry| entry.value) {
        let year = cap.year.map(|most| most.less(run.paid_before));
        let most = [cap.admission, year].into_iter().flatten();
        ratios.extend(most.map(|most| (most, run.uncapped)));
    }
    ratios
}

fn scale(given: &mut Given, (want, is): Ratio, beside: i128) {
    let Charges::Totals { parts, drugs } = &mut given.bill.charges else { return };
    *drugs = None;
    for part in Part::OWED {
        let fen = parts[part].fen().saturating_mul(want.fen()) / is.fen().max(1);
        let fen = fen.min(FEN_MAX) * (1000 + beside) / 1000;
        // Whole yuan, the next above, so that a turning point is met and not missed.
        let yuan = i64::try_from((fen + 99) / 100).unwrap_or(0);
        parts[part] = Money::from_fen(yuan * 100);
    }
}
