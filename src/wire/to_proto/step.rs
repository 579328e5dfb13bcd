//! What a step did, with its trace. Spec 7.4.

use crate::bill::Part;
use crate::money::Exact;
use crate::money::Factor;
use crate::money::Points;
use crate::money::Rate;
use crate::proto;
use crate::rules::entry::Entry;
use crate::rules::pack::Adjust;
use crate::rules::pack::Kind;
use crate::rules::pack::Origin;
use crate::rules::pack::Step;
use crate::statement::Basis;
use crate::statement::FloorTrace;
use crate::statement::Run;
use crate::statement::SegmentResult;
use crate::statement::ShareTrace;
use crate::statement::StepResult;
use crate::wire::to_proto::Detail;
use crate::wire::to_proto::amount;
use crate::wire::to_proto::optional;
use crate::wire::to_proto::parts;
use crate::wire::to_proto::source;
use crate::wire::to_proto::source_of;
use crate::wire::to_proto::title;

/// One step of a statement.
pub(super) fn result(result: &StepResult<'_>, detail: Detail) -> proto::StepResult {
    let step = result.step;
    let amounts = proto::StepResult {
        id: step.id.clone(),
        payer: step.payer.name().to_owned(),
        fund: step.fund.clone(),
        ran: result.run.is_some(),
        payment: result.payment().text(),
        ..proto::StepResult::default()
    };
    if detail == Detail::Amounts {
        return amounts;
    }
    let kind = match &step.kind {
        Kind::Share(_) => "share",
        Kind::Floor(_) => "floor",
    };
    let run = result.run.as_ref();
    let basis = run.map(|run| match (&run.basis, &step.kind) {
        (Basis::Share(trace), kind) => proto::step_result::Basis::Share(share(trace, kind)),
        (Basis::Floor(trace), _) => proto::step_result::Basis::Floor(floor(trace)),
    });
    proto::StepResult {
        title: Some(title(&step.title)),
        kind: kind.to_owned(),
        period: step.period.name().to_owned(),
        from: run.map(|run| parts(&run.from)),
        base: step.base.iter().map(|part: &Part| part.name().to_owned()).collect(),
        uncapped: amount(run.map(|run| run.uncapped)),
        cap: run.and_then(cap),
        financing: run.map_or_else(Vec::new, |run| financing(step, run)),
        basis,
        fund_source: step.fund_source.as_ref().map(source),
        ..amounts
    }
}

fn financing(step: &Step, run: &Run<'_>) -> Vec<proto::FinancingPiece> {
    let piece = |(financing, amount): (&crate::rules::pack::Financing, &crate::money::Money)| {
        proto::FinancingPiece {
            from: financing.from.clone(),
            share: financing.share.text(),
            amount: amount.text(),
            source: Some(source(&financing.source)),
        }
    };
    step.financing.iter().zip(&run.financing).map(piece).collect()
}

fn cap(run: &Run<'_>) -> Option<proto::CapResult> {
    let entry = run.cap?;
    let (bound, bound_at) = match run.bound {
        Some((kind, most)) => (kind.name().to_owned(), most.text()),
        None => (String::new(), String::new()),
    };
    Some(proto::CapResult {
        admission: amount(entry.value.admission),
        year: amount(entry.value.year),
        base_share: entry.value.base_share.map_or_else(String::new, Rate::text),
        paid_before: run.paid_before.text(),
        bound,
        bound_at,
        source: Some(source(&entry.source)),
    })
}

fn share(trace: &ShareTrace<'_>, kind: &Kind) -> proto::ShareTrace {
    let origin = match kind {
        Kind::Share(terms) if terms.origin == Origin::Zero => "zero",
        Kind::Share(_) | Kind::Floor(_) => "deductible",
    };
    let (chain, chain_source) = match &trace.chain {
        Some((entry, name)) => (name.clone(), Some(source(&entry.source))),
        None => (String::new(), None),
    };
    proto::ShareTrace {
        eligible: trace.eligible.text(),
        eligible_before: trace.eligible_before.text(),
        nominal: trace.nominal.text(),
        nominal_source: source_of(trace.deductible),
        adjusted: trace.adjusted.text(),
        adjustments: trace.adjustments.iter().map(|entry| adjustment(entry)).collect(),
        chain,
        chain_source,
        chain_before: trace.chain_before.text(),
        met: trace.met.text(),
        matched: trace.bands.is_some(),
        origin: origin.to_owned(),
        segments: trace.segments.iter().map(segment).collect(),
    }
}

fn adjustment(entry: &Entry<Adjust>) -> proto::Adjustment {
    proto::Adjustment {
        rate_add: entry.value.rate_add.map_or_else(String::new, Points::text),
        deductible_set: amount(entry.value.deductible_set),
        deductible_multiply: entry.value.deductible_multiply.map_or_else(String::new, Factor::text),
        deductible_add: amount(entry.value.deductible_add),
        deductible_at_most: amount(entry.value.deductible_at_most),
        source: Some(source(&entry.source)),
    }
}

fn segment(result: &SegmentResult<'_>) -> proto::Segment {
    proto::Segment {
        from: result.from.text(),
        up_to: amount(result.segment.up_to),
        nominal_rate: result.segment.rate.text(),
        rate: result.rate.text(),
        amount: result.amount.text(),
        pays: result.pays.text(),
        source: Some(source(result.source)),
    }
}

fn floor(trace: &FloorTrace<'_>) -> proto::FloorTrace {
    let guarantee = trace.guarantee.map(|entry| entry.value).unwrap_or_default();
    proto::FloorTrace {
        measured: trace.measured.text(),
        owed: trace.owed.text(),
        matched: trace.guarantee.is_some(),
        ratio: guarantee.ratio.map_or_else(String::new, Rate::text),
        patient_at_most: amount(guarantee.patient_at_most),
        source: source_of(trace.guarantee),
        allowed_before: trace.allowed_before.text(),
        measured_before: trace.measured_before.text(),
        remaining_before: trace.remaining_before.text(),
        allowed: trace.allowed.map_or_else(String::new, Exact::text),
        limit: amount(trace.limit),
        remaining: trace.remaining.text(),
        reached: optional(trace.reached),
        shortfall: amount(trace.shortfall),
    }
}
