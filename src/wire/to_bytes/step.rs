//! What a step did, with its trace. Spec 7.4.

use crate::money::Rate;
use crate::proto::tags;
use crate::proto::tags::step_result as tag;
use crate::rules::entry::Entry;
use crate::rules::pack::Adjust;
use crate::rules::pack::Kind;
use crate::rules::pack::Origin;
use crate::statement::Basis;
use crate::statement::FloorTrace;
use crate::statement::Run;
use crate::statement::ShareTrace;
use crate::statement::StepResult;
use crate::statement::segments::SegmentResult;
use crate::wire::to_bytes::Detail;
use crate::wire::to_bytes::Out;
use crate::wire::to_bytes::statement::parts;
use crate::wire::to_bytes::statement::source;
use crate::wire::to_bytes::statement::title;

/// One step of a statement.
pub(super) fn write(out: &mut Out, result: &StepResult<'_>, detail: Detail) {
    let (step, full) = (result.step, detail == Detail::Full);
    out.text(tag::ID, &step.id);
    if full {
        let kind = match &step.kind {
            Kind::Share(_) => "share",
            Kind::Floor(_) => "floor",
        };
        out.message(tag::TITLE, |out| title(out, &step.title));
        out.text(tag::KIND, kind);
        out.text(tag::PERIOD, step.period.name());
    }
    out.text(tag::PAYER, step.payer.name());
    out.text(tag::FUND, &step.fund);
    out.flag(tag::RAN, result.run.is_some());
    out.money(tag::PAYMENT, result.payment());
    if !full {
        return;
    }
    if let Some(run) = &result.run {
        parts(out, tag::FROM, &run.from);
    }
    for part in &step.base {
        out.element(tag::BASE, part.name().as_bytes());
    }
    if let Some(run) = &result.run {
        out.money(tag::UNCAPPED, run.uncapped);
        cap(out, run);
        for (financing, amount) in result.financing() {
            out.message(tag::FINANCING, |out| {
                out.text(tags::financing_piece::FROM, &financing.from);
                out.decimal(tags::financing_piece::SHARE, |out| financing.share.write_to(out));
                out.money(tags::financing_piece::AMOUNT, amount);
                source(out, tags::financing_piece::SOURCE, &financing.source);
            });
        }
        match &run.basis {
            Basis::Share(trace) => out.message(tag::SHARE, |out| share(out, trace, &step.kind)),
            Basis::Floor(trace) => out.message(tag::FLOOR, |out| floor(out, trace)),
        }
    }
    if let Some(of_fund) = &step.fund_source {
        source(out, tag::FUND_SOURCE, of_fund);
    }
}

fn cap(out: &mut Out, run: &Run<'_>) {
    use crate::proto::tags::cap_result as cap;
    let Some(entry) = run.cap else { return };
    out.message(tag::CAP, |out| {
        out.money_if_given(cap::ADMISSION, entry.value.admission);
        out.money_if_given(cap::YEAR, entry.value.year);
        if let Some(share) = entry.value.base_share {
            out.decimal(cap::BASE_SHARE, |out| share.write_to(out));
        }
        out.money(cap::PAID_BEFORE, run.paid_before);
        if let Some((kind, most)) = run.bound {
            out.text(cap::BOUND, kind.name());
            out.money(cap::BOUND_AT, most);
        }
        source(out, cap::SOURCE, &entry.source);
    });
}

fn share(out: &mut Out, trace: &ShareTrace<'_>, kind: &Kind) {
    use crate::proto::tags::share_trace as tag;
    let origin = match kind {
        Kind::Share(terms) if terms.origin == Origin::Zero => "zero",
        Kind::Share(_) | Kind::Floor(_) => "deductible",
    };
    out.money(tag::ELIGIBLE, trace.eligible);
    out.money(tag::ELIGIBLE_BEFORE, trace.eligible_before);
    out.money(tag::NOMINAL, trace.nominal);
    if let Some(entry) = trace.deductible {
        source(out, tag::NOMINAL_SOURCE, &entry.source);
    }
    out.money(tag::ADJUSTED, trace.adjusted);
    for entry in &trace.adjustments {
        out.message(tag::ADJUSTMENTS, |out| adjustment(out, entry));
    }
    if let Some((entry, name)) = &trace.chain {
        out.text(tag::CHAIN, name);
        source(out, tag::CHAIN_SOURCE, &entry.source);
    }
    out.money(tag::CHAIN_BEFORE, trace.chain_before);
    out.money(tag::MET, trace.met);
    out.flag(tag::MATCHED, trace.bands.is_some());
    out.text(tag::ORIGIN, origin);
    for result in trace.segments() {
        out.message(tag::SEGMENTS, |out| segment(out, &result));
    }
}

fn adjustment(out: &mut Out, entry: &Entry<Adjust>) {
    use crate::proto::tags::adjustment as tag;
    let adjust = &entry.value;
    if let Some(points) = adjust.rate_add {
        out.decimal(tag::RATE_ADD, |out| points.write_to(out));
    }
    out.money_if_given(tag::DEDUCTIBLE_SET, adjust.deductible_set);
    if let Some(factor) = adjust.deductible_multiply {
        out.decimal(tag::DEDUCTIBLE_MULTIPLY, |out| factor.write_to(out));
    }
    out.money_if_given(tag::DEDUCTIBLE_ADD, adjust.deductible_add);
    out.money_if_given(tag::DEDUCTIBLE_AT_MOST, adjust.deductible_at_most);
    source(out, tag::SOURCE, &entry.source);
}

fn segment(out: &mut Out, result: &SegmentResult<'_>) {
    use crate::proto::tags::segment as tag;
    let rate = |out: &mut Out, tag: u32, rate: Rate| out.decimal(tag, |out| rate.write_to(out));
    out.money(tag::FROM, result.from);
    out.money_if_given(tag::UP_TO, result.segment.up_to);
    rate(out, tag::NOMINAL_RATE, result.segment.rate);
    rate(out, tag::RATE, result.rate);
    out.money(tag::AMOUNT, result.amount);
    out.decimal(tag::PAYS, |out| result.pays.write_to(out));
    source(out, tag::SOURCE, result.source);
}

fn floor(out: &mut Out, trace: &FloorTrace<'_>) {
    use crate::proto::tags::floor_trace as tag;
    let guarantee = trace.guarantee.map(|entry| entry.value).unwrap_or_default();
    out.money(tag::MEASURED, trace.measured);
    out.money(tag::OWED, trace.owed);
    out.flag(tag::MATCHED, trace.guarantee.is_some());
    if let Some(ratio) = guarantee.ratio {
        out.decimal(tag::RATIO, |out| ratio.write_to(out));
    }
    out.money_if_given(tag::PATIENT_AT_MOST, guarantee.patient_at_most);
    if let Some(entry) = trace.guarantee {
        source(out, tag::SOURCE, &entry.source);
    }
    out.decimal(tag::ALLOWED_BEFORE, |out| trace.allowed_before.write_to(out));
    out.money(tag::MEASURED_BEFORE, trace.measured_before);
    out.money(tag::REMAINING_BEFORE, trace.remaining_before);
    if let Some(allowed) = trace.allowed {
        out.decimal(tag::ALLOWED, |out| allowed.write_to(out));
    }
    out.money_if_given(tag::LIMIT, trace.limit);
    out.money(tag::REMAINING, trace.remaining);
    if let Some(reached) = trace.reached {
        out.decimal(tag::REACHED, |out| reached.write_to(out));
    }
    out.money_if_given(tag::SHORTFALL, trace.shortfall);
}
