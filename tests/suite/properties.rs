//! What must hold for every pack and every input: one property for each line of spec 10, in its words.
//!
//! Expectations are computed in whole fen here, not with the engine's own arithmetic.

mod ledger;

use crate::generate::Case;
use crate::generate::Checked;
use crate::generate::Settled;
use crate::generate::case;
use crate::generate::pack::Shape;
use crate::generate::visit;
use crate::generate::visit::Visit;
use crate::generate::walk;

use onestop::bill::Part;
use onestop::bill::Parts;
use onestop::money::Money;
use onestop::proto;
use onestop::proto::quote_many_reply::Outcome;
use onestop::rules::entry::first;
use onestop::rules::pack::Cap;
use onestop::rules::pack::Kind;
use onestop::rules::pack::Payer;
use onestop::rules::pack::Period;
use onestop::rules::when::StepSet;
use onestop::settle::settle;
use onestop::statement::Basis;
use onestop::statement::Run;
use onestop::statement::Statement;
use onestop::statement::StepResult;
use onestop::wire::to_bytes;
use onestop::wire::to_bytes::Detail;
use onestop::wire::to_json;
use proptest::prelude::*;
use proptest::strategy::ValueTree;
use prost::Message;

/// Of one to four visits each, so that a property sees some thousands of settlements.
const CASES: u32 = 1500;

/// A rate in millionths, read from its digits.
fn millionths(text: &impl ToString) -> i128 {
    let text = text.to_string();
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    format!("{whole}{fraction:0<6}").parse().unwrap()
}

fn paid(statement: &Statement<'_>) -> i128 {
    statement.steps.iter().map(|step| step.payment().fen()).sum()
}

fn over(parts: &Parts, base: &[Part]) -> i128 {
    base.iter().map(|part| parts[*part].fen()).sum()
}

/// Every step that ran, with what was owed when it did and which steps had paid by then.
fn runs<'s, 'p>(settled: &'s Settled<'_>, statement: &'s Statement<'p>) -> Vec<Ran<'s, 'p>> {
    let pack = settled.situation.pack;
    let has_paid = |id: &str| !settled.before.sums.step(id).paid.is_zero();
    let mut reached = StepSet::default();
    for (index, step) in pack.steps.iter().enumerate() {
        if has_paid(&step.id) {
            reached = reached.with(index);
        }
    }
    let mut owed = statement.parts;
    owed[Part::FacilityBorne] = Money::ZERO;
    let mut ran = Vec::new();
    for result in &statement.steps {
        let Some(run) = &result.run else { continue };
        ran.push(Ran { result, run, owed, reached });
        for part in Part::ALL {
            owed[part] = owed[part] - run.from[part];
        }
        let index = pack.steps.iter().position(|step| step.id == result.step.id);
        if Money::ZERO < run.payment {
            reached = reached.with(index.unwrap());
        }
    }
    ran
}

struct Ran<'s, 'p> {
    result: &'s StepResult<'p>,
    run: &'s Run<'p>,
    owed: Parts,
    reached: StepSet,
}

/// Spec 7.2: `total = Σ payments + patient_pay + facility_borne`; the pieces of everything sum to it.
fn conserves(settled: &Settled<'_>) -> Checked {
    let statement = settled.statement;
    prop_assert!(statement.balances());
    let parts: i128 = Part::ALL.iter().map(|part| statement.parts[*part].fen()).sum();
    prop_assert_eq!(parts, statement.total.fen());
    let of_bill = statement.parts[Part::FacilityBorne].fen();
    prop_assert_eq!(parts, paid(statement) + statement.patient_pay.fen() + of_bill);
    let by_facility = |step: &&StepResult<'_>| step.step.payer == Payer::Facility;
    let facility_paid: i128 =
        statement.steps.iter().filter(by_facility).map(|step| step.payment().fen()).sum();
    let summary = &statement.summary;
    prop_assert_eq!(summary.facility_borne.fen(), of_bill + facility_paid);
    prop_assert_eq!(summary.payments.fen(), paid(statement) - facility_paid);
    let by_payer: i128 = summary.by_payer.iter().map(|(_, sum)| sum.fen()).sum();
    prop_assert_eq!(summary.payments.fen(), by_payer);
    let advance = statement.account_pay.fen() + statement.deposit.fen();
    let (due, back) = (statement.cash_due.fen(), statement.refund.fen());
    prop_assert_eq!(statement.patient_pay.fen() - advance, due - back);
    prop_assert!(due == 0 || back == 0);
    if let Some(lines) = &statement.lines {
        let sum: i128 = lines.iter().map(|line| line.amount.fen()).sum();
        prop_assert_eq!(sum, statement.total.fen());
        for line in lines {
            prop_assert_eq!(line.parts.total(), line.amount, "line {}", line.id);
        }
    }
    for result in &statement.steps {
        let pieces: Vec<_> = result.financing().map(|(_, piece)| piece).collect();
        if !pieces.is_empty() {
            let sum: i128 = pieces.iter().map(|piece| piece.fen()).sum();
            prop_assert_eq!(sum, result.payment().fen());
            prop_assert!(pieces.iter().all(|piece| !piece.is_negative()));
        }
    }
    Ok(())
}

/// Spec 4.1, 4.3: no step pays more than is owed, nor from another part than its base's, nor in another order.
fn pays_what_is_owed(settled: &Settled<'_>) -> Checked {
    for Ran { result, run, owed, .. } in runs(settled, settled.statement) {
        let base = &result.step.base;
        prop_assert!(!run.payment.is_negative());
        prop_assert!(run.payment.fen() <= over(&owed, base), "step {}", result.step.id);
        let mut left = run.payment.fen();
        for part in base {
            let taken = left.min(owed[*part].fen());
            prop_assert_eq!(run.from[*part].fen(), taken, "step {}", result.step.id);
            left -= taken;
        }
        prop_assert_eq!(run.from.total(), run.payment);
    }
    prop_assert!(!settled.statement.patient_pay.is_negative());
    Ok(())
}

/// Spec 5.6: caps, of the first matching entry, are never exceeded; and nothing is cut without one.
fn keeps_caps(settled: &Settled<'_>) -> Checked {
    let facts = &settled.situation.facts;
    for Ran { result, run, reached, .. } in runs(settled, settled.statement) {
        let step = result.step;
        let id = &step.id;
        let Some(entry) = first(&step.cap, facts, reached) else {
            prop_assert_eq!(run.payment, run.uncapped, "step {}", id);
            continue;
        };
        let Cap { admission, year, base_share } = entry.value;
        let before = settled.before.sums.step(id).paid.fen();
        let parts = over(&settled.statement.parts, &step.base);
        let most = [
            admission.map(Money::fen),
            year.map(|year| (year.fen() - before).max(0)),
            base_share.map(|share| parts * millionths(&share) / 1_000_000),
        ];
        let most = most.into_iter().flatten().min().unwrap();
        prop_assert!(run.payment.fen() <= most, "step {} pays over {}", id, most);
        prop_assert_eq!(run.payment.fen(), run.uncapped.fen().min(most), "step {}", id);
        prop_assert_eq!(run.bound.is_some(), run.payment < run.uncapped, "step {}", id);
    }
    Ok(())
}

/// Spec 6.4: the floor is reached or its shortfall is reported.
fn reaches_the_floor_or_says_so(settled: &Settled<'_>) -> Checked {
    let statement = settled.statement;
    let mut owed_at_end = statement.parts;
    owed_at_end[Part::FacilityBorne] = Money::ZERO;
    for result in &statement.steps {
        let Some(run) = &result.run else { continue };
        for part in Part::ALL {
            owed_at_end[part] = owed_at_end[part] - run.from[part];
        }
    }
    for Ran { result, run, reached, .. } in runs(settled, statement) {
        let (Kind::Floor(terms), Basis::Floor(trace)) = (&result.step.kind, &run.basis) else {
            continue;
        };
        let step = result.step;
        let by_year = step.period == Period::Year;
        let year = settled.before.sums.step(&step.id);
        let before = |money: Money| if by_year { money.fen() } else { 0 };
        let remaining = before(year.remaining) + over(&owed_at_end, &step.base);
        let measured = before(year.measured) + over(&statement.parts, &step.base);
        prop_assert_eq!(trace.remaining.fen(), remaining);
        let Some(entry) = first(&terms.guarantee, &settled.situation.facts, reached) else {
            prop_assert_eq!(run.payment, Money::ZERO);
            prop_assert_eq!(trace.shortfall, None);
            continue;
        };
        let allowed_before = if by_year { millionths_of_fen(&year.allowed) } else { 0 };
        let limit_by_ratio = entry.value.ratio.map(|ratio| {
            let share = 1_000_000 - millionths(&ratio);
            (allowed_before + over(&statement.parts, &step.base) * share) / 1_000_000
        });
        let at_most = entry.value.patient_at_most.map(Money::fen);
        let limit = [limit_by_ratio, at_most].into_iter().flatten().min().unwrap();
        prop_assert_eq!(trace.limit.map(Money::fen), Some(limit), "step {}", step.id);
        let missed = (remaining - limit).max(0);
        prop_assert_eq!(trace.shortfall.map(Money::fen), Some(missed), "step {}", step.id);
        // Nothing but a cap, or what the year has left before, may keep it from being reached.
        if missed > 0 && run.bound.is_none() {
            prop_assert!(before(year.remaining) > limit, "step {} is missed", step.id);
            prop_assert_eq!(over(&owed_at_end, &step.base), 0, "step {}", step.id);
        }
        if let Some(ratio) = entry.value.ratio.filter(|_| missed == 0 && !by_year) {
            let reached = (measured - remaining) * 1_000_000;
            prop_assert!(measured * millionths(&ratio) <= reached, "step {}", step.id);
        }
    }
    Ok(())
}

/// An exact amount of at most eight decimals, in millionths of a fen.
fn millionths_of_fen(exact: &impl ToString) -> i128 {
    let text = exact.to_string();
    let (whole, fraction) = text.split_once('.').unwrap_or((&text, ""));
    format!("{whole}{fraction:0<8}").parse().unwrap()
}

/// Spec 10: the same request gives the same answer.
fn says_the_same_again(settled: &Settled<'_>) -> Checked {
    let Settled { situation, bill, catalogue, terms, before, statement } = *settled;
    let again = settle(situation, bill, catalogue, before, terms);
    prop_assert_eq!(again.as_ref(), Ok(statement));
    Ok(())
}

/// The amounts of a quote are the same bytes of JSON, with a message in between or without.
fn is_written_as_its_message(settled: &Settled<'_>) -> Checked {
    let Settled { situation, statement, .. } = *settled;
    let admitted_on = situation.discharged_on;
    let read = |detail| {
        let written = to_bytes::statement(statement, situation, admitted_on, detail);
        let message = proto::Statement::decode(written.as_slice()).unwrap();
        prop_assert_eq!(message.encode_to_vec(), written, "in the order and form of the library");
        Ok(message)
    };
    read(Detail::Full)?;
    let message = read(Detail::Amounts)?;
    let reply = proto::QuoteManyReply { outcome: Some(Outcome::Statement(message)) };
    let mut written = Vec::new();
    to_json::quoted(statement, situation, &mut written);
    let written = String::from_utf8(written).unwrap();
    prop_assert_eq!(written, serde_json::to_string(&reply).unwrap());
    Ok(())
}

/// What is paid for each visit.
fn payments(case: &Case) -> Result<Vec<i128>, TestCaseError> {
    let mut sums = Vec::new();
    walk(case, |settled| {
        sums.push(paid(settled.statement));
        Ok(())
    })?;
    Ok(sums)
}

/// A visit of totals cut into pieces; the last piece has what the others leave.
fn cut(visit: &Visit, parts: [u64; 5], shares: &[u64]) -> Vec<Visit> {
    let mut left = parts;
    let mut pieces: Vec<[u64; 5]> = Vec::new();
    for share in shares {
        let piece = left.map(|fen| fen * share / 100);
        left = std::array::from_fn(|index| left[index] - piece[index]);
        pieces.push(piece);
    }
    pieces.push(left);
    let visits = pieces
        .into_iter()
        .map(|piece| Visit { bill: visit::bill_of(piece, None), ..visit.clone() });
    visits.enumerate().map(|(index, visit)| visit.numbered(index)).collect()
}

/// What the first step of a pack pays and looks at in all visits together.
fn first_step(case: &Case) -> Result<(i128, i128), TestCaseError> {
    let mut sums = (0, 0);
    walk(case, |settled| {
        let added = settled.added().step("s0");
        sums = (sums.0 + added.paid.fen(), sums.1 + added.eligible.fen());
        Ok(())
    })?;
    Ok(sums)
}

/// Spec 10 speaks of bases that begin with `in_scope` and keep the order of spec 2.1. That holds where none leaves a part out
/// that a later one has: over bases with gaps a floor pays the new cost first, and the next one has less to pay and may leave
/// more. Here 700.00 becomes 640.00.
#[test]
fn floors_over_bases_with_gaps_can_pay_less_in_sum_for_more_in_scope_cost() {
    let step = |id: &str, base: &str, ratio: &str| {
        format!(
            "[[step]]\nid = \"{id}\"\ntitle = {{ zh = \"兜\", en = \"floor\" }}\nkind = \"floor\"\n\
             fund = \"1\"\nperiod = \"admission\"\nbase = [\"in_scope\", \"{base}\"]\n\
             guarantee = [{{ ratio = \"{ratio}\", source = \"assumed: x\" }}]\n"
        )
    };
    let head = "schema = 1\n[pack]\nid = \"510400-x\"\ntitle = { zh = \"某\", en = \"x\" }\n\
         admdvs = \"5104\"\ninsutype = [\"390\", \"310\"]\neffective_from = 2018-01-01\n\
         counts_as_admission = [\"21\"]\n";
    let (first, second) = (step("s0", "over_limit", "0.2"), step("s1", "own_expense", "0.5"));
    let pack = format!("{head}{first}{second}");
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let case = case(Shape::ANY).new_tree(&mut runner).unwrap().current();
    let case = Case { pack, opening: Vec::new(), ..case };
    let mut paid = Vec::new();
    for in_scope in [0, 20_000] {
        let parts = [in_scope, 0, 100_000, 100_000, 0];
        paid.extend(payments(&case.with(cut(&case.visits[0], parts, &[]))).unwrap());
    }
    assert_eq!(paid, [70_000, 64_000]);
}

fn five(most: u64) -> impl Strategy<Value = [u64; 5]> {
    prop::array::uniform5(0..=most)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(CASES))]

    #[test]
    fn conservation(case in case(Shape::ANY)) {
        walk(&case, conserves)?;
    }

    #[test]
    fn no_step_pays_more_than_is_owed(case in case(Shape::ANY)) {
        walk(&case, pays_what_is_owed)?;
    }

    #[test]
    fn caps_are_never_exceeded(case in case(Shape::ANY)) {
        walk(&case, keeps_caps)?;
    }

    #[test]
    fn the_floor_is_reached_or_its_shortfall_reported(case in case(Shape::ANY)) {
        walk(&case, reaches_the_floor_or_says_so)?;
    }

    #[test]
    fn the_same_request_gives_the_same_answer(case in case(Shape::ANY)) {
        walk(&case, says_the_same_again)?;
    }

    #[test]
    fn amounts_are_written_as_their_message_is(case in case(Shape::ANY)) {
        walk(&case, is_written_as_its_message)?;
    }

    #[test]
    fn adding_in_scope_cost_never_lowers_what_is_paid_in_sum(
        case in case(Shape::ORDERED),
        more in prop_oneof![1..=300u64, 1..=5_000_000u64],
    ) {
        // Each visit by itself: what the year has before must be the same with and without the addition.
        for visit in &case.visits {
            let more_costly =
                Visit { bill: visit::with_more_in_scope(&visit.bill, more), ..visit.clone() };
            let less = payments(&case.with(vec![visit.clone()]))?;
            let more = payments(&case.with(vec![more_costly]))?;
            prop_assert!(less <= more, "{:?} is more than {:?}", less, more);
        }
    }

    #[test]
    fn a_year_pays_the_same_however_its_cost_was_cut(
        case in case(Shape::YEARLY),
        parts in prop_oneof![five(500), five(5_000_000)],
        shares in prop::collection::vec(0..=100u64, 1..=6),
    ) {
        let whole = first_step(&case.with(cut(&case.visits[0], parts, &[])))?;
        let pieces = first_step(&case.with(cut(&case.visits[0], parts, &shares)))?;
        prop_assert_eq!(whole, pieces);
    }
}
