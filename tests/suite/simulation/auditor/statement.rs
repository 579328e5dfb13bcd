//! One settlement redone by the auditor: what each step could see, what it may pay, who pays the total, and what the year gains.

use crate::simulation::auditor::sums::FiveParts;
use crate::simulation::auditor::sums::StepSums;
use crate::simulation::auditor::sums::Sums;
use crate::simulation::auditor::sums::five;
use crate::simulation::auditor::sums::same;
use crate::simulation::fen::PARTS_OF_FEN;
use crate::simulation::fen::fen;
use crate::simulation::fen::fen_if_given;
use crate::simulation::fen::parts;

use onestop::proto;
use onestop::proto::step_result::Basis;

/// The kinds of stay that the demo pack counts.
const COUNTED: [&str; 5] = ["21", "2101", "52", "2106", "2107"];
const PARTS: [&str; 5] = ["in_scope", "copay_first", "over_limit", "own_expense", "facility_borne"];
const FACILITY_BORNE: usize = 4;
const OWN_EXPENSE: usize = 3;

/// Audits a settlement on the year before it, and says what the year gains.
pub(crate) fn audit(
    record: &proto::SettlementRecord,
    before: &Sums,
    version: u64,
) -> Result<Sums, String> {
    let statement = record.statement.as_ref().ok_or_else(|| "no statement".to_owned())?;
    let request = record.request.as_ref().ok_or_else(|| "no request".to_owned())?;
    let facts = statement.facts.as_ref().ok_or_else(|| "no facts".to_owned())?;
    same("version", statement.version, version)?;
    same("facts.ordinal", facts.ordinal, before.admissions + 1)?;
    let total = fen(&statement.total)?;
    let of_bill = five(statement.parts.as_ref())?;
    same("sum of the parts", of_bill.iter().sum::<i64>(), total)?;
    same("parts by the bill", of_bill, parts_of_bill(request, statement)?)?;
    same("total by the bill", total, total_of_bill(request)?)?;
    let mut gained = Sums {
        admissions: u64::from(COUNTED.contains(&facts.med_type.as_str())),
        total,
        parts: of_bill,
        ..Sums::default()
    };
    let mut owed = of_bill;
    owed[FACILITY_BORNE] = 0;
    for step in &statement.steps {
        let year = before.step(&step.id);
        pay(step, (&year, before), &of_bill, &mut owed)
            .map_err(|complaint| format!("step {}: {complaint}", step.id))?;
    }
    for step in statement.steps.iter().filter(|step| step.ran) {
        let year = before.step(&step.id);
        gain(step, &year, &of_bill, &owed, &mut gained)
            .map_err(|complaint| format!("step {}: {complaint}", step.id))?;
    }
    gained.patient_pay = owed.iter().sum();
    same("patient_pay", fen(&statement.patient_pay)?, gained.patient_pay)?;
    summary(statement, total, of_bill[FACILITY_BORNE])?;
    Ok(gained)
}

/// The parts that the bill comes to: as stated or by the lines, and then as the checks moved them.
fn parts_of_bill(
    request: &proto::SettleRequest,
    statement: &proto::Statement,
) -> Result<FiveParts, String> {
    let bill = request.bill.as_ref().ok_or_else(|| "no bill".to_owned())?;
    let mut sum = [0; 5];
    match &bill.totals {
        Some(totals) => sum = five(totals.parts.as_ref())?,
        None => {
            for line in &statement.lines {
                let of_line = five(line.parts.as_ref())?;
                let amount = fen(&line.amount)?;
                same(&format!("line {}", line.id), of_line.iter().sum::<i64>(), amount)?;
                for (sum, part) in sum.iter_mut().zip(of_line) {
                    *sum += part;
                }
            }
        }
    }
    if bill.noncompliant {
        sum = [0, 0, 0, 0, sum.iter().sum()];
    }
    for check in &statement.checks {
        let moved = fen_if_given(&check.moved)?.unwrap_or_default();
        sum[OWN_EXPENSE] -= moved;
        sum[FACILITY_BORNE] += moved;
    }
    Ok(sum)
}

/// What the bill was sent with: its stated parts, or its lines and refunds.
fn total_of_bill(request: &proto::SettleRequest) -> Result<i64, String> {
    let bill = request.bill.as_ref().ok_or_else(|| "no bill".to_owned())?;
    if let Some(totals) = &bill.totals {
        return Ok(five(totals.parts.as_ref())?.iter().sum());
    }
    let amounts = bill.lines.iter().map(|line| match line.amount.strip_prefix('-') {
        Some(amount) => fen(amount).map(|amount| -amount),
        None => fen(&line.amount),
    });
    amounts.sum()
}

/// The amounts over a step's base.
fn over(base: &[String], amounts: &FiveParts) -> Result<i64, String> {
    let of_part = |name: &String| {
        let index = PARTS.iter().position(|part| part == name);
        index.map(|index| amounts[index]).ok_or_else(|| format!("`{name}` is no part"))
    };
    base.iter().map(of_part).sum()
}

/// Takes a step's payment off what is owed; it may not be more than that, nor than its caps or its guarantee.
fn pay(
    step: &proto::StepResult,
    (year, before): (&StepSums, &Sums),
    of_bill: &FiveParts,
    owed: &mut FiveParts,
) -> Result<(), String> {
    let payment = fen(&step.payment)?;
    if !step.ran {
        return same("payment of a step that did not run", payment, 0);
    }
    let seen = over(&step.base, owed)?;
    let is_year = step.period == "year";
    let uncapped = fen(&step.uncapped)?;
    match &step.basis {
        Some(Basis::Share(trace)) => {
            same("eligible", fen(&trace.eligible)?, seen)?;
            let counted = if is_year { year.eligible } else { 0 };
            same("eligible_before", fen(&trace.eligible_before)?, counted)?;
            let on_chain = before.chain(&step.id, &trace.chain);
            same("chain_before", fen(&trace.chain_before)?, on_chain)?;
        }
        Some(Basis::Floor(trace)) => {
            let year = if is_year { *year } else { StepSums::default() };
            same("measured", fen(&trace.measured)?, over(&step.base, of_bill)?)?;
            same("owed", fen(&trace.owed)?, seen)?;
            same("allowed_before", parts(&trace.allowed_before)?, year.allowed)?;
            same("measured_before", fen(&trace.measured_before)?, year.measured)?;
            same("remaining_before", fen(&trace.remaining_before)?, year.remaining)?;
            let limit = limit(trace, &year)?;
            same("limit", fen_if_given(&trace.limit)?, limit)?;
            let due = limit.map_or(0, |limit| (year.remaining + seen - limit).clamp(0, seen));
            same("uncapped", uncapped, due)?;
        }
        None => return Err("no trace".to_owned()),
    }
    same("payment", payment, capped(step, uncapped, year.paid)?)?;
    let from = five(step.from.as_ref())?;
    same("sum of where the payment is from", from.iter().sum::<i64>(), payment)?;
    same("what is from the base", over(&step.base, &from)?, payment)?;
    for (owed, from) in owed.iter_mut().zip(from) {
        if *owed < from {
            return Err(format!("it pays {from} fen where {owed} are owed"));
        }
        *owed -= from;
    }
    let pieces = step.financing.iter().map(|piece| fen(&piece.amount));
    let pieces = pieces.sum::<Result<i64, String>>()?;
    if step.financing.is_empty() { Ok(()) } else { same("sum of the financing", pieces, payment) }
}

/// What a guarantee lets remain with the patient.
fn limit(trace: &proto::FloorTrace, year: &StepSums) -> Result<Option<i64>, String> {
    let by_ratio = match trace.ratio.as_str() {
        "" => None,
        ratio => Some(year.allowed + allowed(ratio, fen(&trace.measured)?)?),
    };
    let by_ratio = by_ratio.map(|allowed| i64::try_from(allowed / PARTS_OF_FEN).unwrap());
    let at_most = fen_if_given(&trace.patient_at_most)?;
    Ok([by_ratio, at_most].into_iter().flatten().min())
}

/// What a ratio allows to remain of an amount, exactly.
fn allowed(ratio: &str, measured: i64) -> Result<i128, String> {
    Ok((100_000_000 - parts(ratio)?) * i128::from(measured) / 100)
}

fn capped(step: &proto::StepResult, uncapped: i64, paid: i64) -> Result<i64, String> {
    let Some(cap) = &step.cap else { return Ok(uncapped) };
    same("paid_before", fen(&cap.paid_before)?, paid)?;
    let admission = fen_if_given(&cap.admission)?;
    let year = fen_if_given(&cap.year)?.map(|year| (year - paid).max(0));
    if !cap.base_share.is_empty() {
        return Err("the demo pack has no base share".to_owned());
    }
    Ok([Some(uncapped), admission, year].into_iter().flatten().min().unwrap_or_default())
}

/// What the year gains by a step, once the waterfall has ended.
fn gain(
    step: &proto::StepResult,
    year: &StepSums,
    of_bill: &FiveParts,
    owed: &FiveParts,
    gained: &mut Sums,
) -> Result<(), String> {
    let mut sums = StepSums { paid: fen(&step.payment)?, ..StepSums::default() };
    match &step.basis {
        Some(Basis::Share(trace)) => {
            sums.eligible = fen(&trace.eligible)?;
            let met = fen(&trace.met)?;
            if !trace.chain.is_empty() && met != 0 {
                gained.chains.insert((step.id.clone(), trace.chain.clone()), met);
            }
        }
        Some(Basis::Floor(trace)) => {
            let left = over(&step.base, owed)?;
            let counted = if step.period == "year" { year.remaining } else { 0 };
            same("remaining", fen(&trace.remaining)?, counted + left)?;
            let limit = fen_if_given(&trace.limit)?;
            let shortfall = limit.map(|limit| (counted + left - limit).max(0));
            same("shortfall", fen_if_given(&trace.shortfall)?, shortfall)?;
            sums.measured = over(&step.base, of_bill)?;
            sums.remaining = left;
            sums.allowed = match trace.ratio.as_str() {
                "" => i128::from(left) * PARTS_OF_FEN,
                ratio => allowed(ratio, sums.measured)?,
            };
        }
        None => {}
    }
    if sums != StepSums::default() {
        gained.steps.insert(step.id.clone(), sums);
    }
    Ok(())
}

/// total = payments + patient_pay + facility_borne, and what is to be paid now.
fn summary(statement: &proto::Statement, total: i64, part_borne: i64) -> Result<(), String> {
    let (mut payments, mut borne) = (0, part_borne);
    for step in &statement.steps {
        let payment = fen(&step.payment)?;
        if step.payer == "facility" { borne += payment } else { payments += payment }
    }
    same("payments", fen(&statement.payments)?, payments)?;
    same("facility_borne", fen(&statement.facility_borne)?, borne)?;
    let by_payer = statement.by_payer.iter().map(|one| fen(&one.amount));
    same("sum by payer", by_payer.sum::<Result<i64, String>>()?, payments)?;
    let patient_pay = fen(&statement.patient_pay)?;
    same("payments + patient_pay + facility_borne", payments + patient_pay + borne, total)?;
    let advance = fen(&statement.account_pay)? + fen(&statement.deposit)?;
    same("cash_due", fen(&statement.cash_due)?, (patient_pay - advance).max(0))?;
    same("refund", fen(&statement.refund)?, (advance - patient_pay).max(0))
}
