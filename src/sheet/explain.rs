//! Why a step pays what it pays: what both kinds of step have in common. Spec 4 and 7.4.

use crate::proto;
use crate::proto::step_result::Basis;
use crate::refusal::Lang;
use crate::sheet::figures;
use crate::sheet::floor;
use crate::sheet::layout;
use crate::sheet::share;
use crate::sheet::words;

/// Says, sentence by sentence, why a step pays what it pays (为什么是这个金额): enough to answer at the counter and to redo
/// the amount with a pocket calculator. What cannot be read is shown as it stands.
///
/// Spec 7.4.
pub fn explain(step: &proto::StepResult, lang: Lang) -> Vec<String> {
    if !step.ran {
        return vec![say!(
            lang,
            "本次就诊不符合该步骤的条件：跳过，不支付，不计入累计。",
            "Its conditions do not hold for this admission: skipped, pays nothing, counts for nothing."
        )];
    }
    let mut said = match &step.basis {
        Some(Basis::Share(trace)) => share::sentences(step, trace, lang),
        Some(Basis::Floor(trace)) => floor::before(step, trace, lang),
        None => Vec::new(),
    };
    said.extend(cap(step, lang));
    said.push(payment(step, lang));
    if let Some(Basis::Floor(trace)) = &step.basis {
        said.push(floor::after(step, trace, lang));
    }
    said.extend(financing(step, lang));
    if let Some(named) = &step.fund_source {
        let source = words::source(Some(named), lang);
        said.push(say!(lang, "付款方和基金的依据：{source}。", "Payer and fund rest on:{source}."));
    }
    said.iter().map(|sentence| layout::clean(sentence)).collect()
}

/// The parts that a step may pay from, by name.
pub(super) fn base(step: &proto::StepResult, lang: Lang) -> String {
    let names: Vec<&str> = step.base.iter().map(|part| words::part(part, lang)).collect();
    words::list(&names, lang)
}

/// Whether the step counts over the benefit year.
pub(super) fn by_year(step: &proto::StepResult) -> bool {
    step.period == "year"
}

/// The caps in force, and which one bound (spec 5.6).
fn cap(step: &proto::StepResult, lang: Lang) -> Option<String> {
    let cap = step.cap.as_ref()?;
    let mut limits = Vec::new();
    if !cap.admission.is_empty() {
        let most = words::yuan(&cap.admission, lang);
        limits.push(say!(lang, "本次至多 {most}", "{most} for this admission"));
    }
    if !cap.year.is_empty() {
        let (most, paid) =
            (words::yuan(&cap.year, lang), figures::amount(figures::or_zero(&cap.paid_before)));
        let left = figures::derived(figures::less(&cap.year, &cap.paid_before));
        limits.push(say!(
            lang,
            "本年度至多 {most}，此前已付 {paid}，尚余 {left}",
            "{most} for the year, {paid} paid before, {left} left"
        ));
    }
    if !cap.base_share.is_empty() {
        let share = figures::percent(&cap.base_share);
        limits.push(say!(
            lang,
            "至多为基数费用的 {share}（分以下舍去）",
            "{share} of the base's cost (cut to the fen)"
        ));
    }
    if limits.is_empty() {
        return None;
    }
    let source = words::source(cap.source.as_ref(), lang);
    let limits = limits.join(words::pick(lang, "；", "; "));
    let acted = if cap.bound.is_empty() {
        say!(lang, "未超过。", "Not reached.")
    } else {
        let which = words::cap(&cap.bound, lang);
        let uncapped = figures::amount(&step.uncapped);
        let most = words::yuan(&cap.bound_at, lang);
        say!(
            lang,
            "封顶前 {uncapped}，受{which}所限，只付 {most}。",
            "Uncapped {uncapped}; the {which} holds it to {most}."
        )
    };
    Some(say!(lang, "封顶线：{limits}{source}。{acted}", "Cap: {limits}{source}. {acted}"))
}

/// What it pays, and from which parts.
fn payment(step: &proto::StepResult, lang: Lang) -> String {
    let paid = words::yuan(&step.payment, lang);
    let from = step.from.as_ref().map(words::parts);
    let from: Vec<(&str, String)> = from
        .iter()
        .flatten()
        .filter(|(_, amount)| !figures::is_zero(amount))
        .map(|(name, amount)| (words::part(name, lang), figures::amount(amount)))
        .collect();
    let from = match from.as_slice() {
        [] => return say!(lang, "支付 {paid}。", "Pays {paid}."),
        [_] if step.base.len() < 2 => return say!(lang, "支付 {paid}。", "Pays {paid}."),
        [(part, _)] => (*part).to_owned(),
        several => {
            let each: Vec<String> =
                several.iter().map(|(part, amount)| format!("{part} {amount}")).collect();
            words::list(&each, lang)
        }
    };
    say!(lang, "支付 {paid}，出自{from}。", "Pays {paid}, from {from}.")
}

/// Who finances the payment (spec 7.5).
fn financing(step: &proto::StepResult, lang: Lang) -> Option<String> {
    let piece = |piece: &proto::FinancingPiece| {
        let from = words::financier(&piece.from, lang);
        let share = figures::percent(&piece.share);
        let amount = words::yuan(&piece.amount, lang);
        let source = words::source(piece.source.as_ref(), lang);
        say!(lang, "{from} {share}，{amount}{source}", "{from} {share}, {amount}{source}")
    };
    let pieces: Vec<String> = step.financing.iter().map(piece).collect();
    let pieces = pieces.join(words::pick(lang, "；", "; "));
    (!pieces.is_empty()).then(|| say!(lang, "资金来源：{pieces}。", "Financed by: {pieces}."))
}

/// Whether a number that a step used is assumed. Packs 2.
pub(crate) fn uses_assumed(step: &proto::StepResult) -> bool {
    let own = [step.fund_source.as_ref(), step.cap.as_ref().and_then(|cap| cap.source.as_ref())];
    let financing = step.financing.iter().map(|piece| piece.source.as_ref());
    let basis: Vec<Option<&proto::Source>> = match &step.basis {
        Some(Basis::Share(trace)) => {
            let adjustments = trace.adjustments.iter().map(|adjust| adjust.source.as_ref());
            let segments = trace.segments.iter().map(|segment| segment.source.as_ref());
            let own = [trace.nominal_source.as_ref(), trace.chain_source.as_ref()];
            own.into_iter().chain(adjustments).chain(segments).collect()
        }
        Some(Basis::Floor(trace)) => vec![trace.source.as_ref()],
        None => Vec::new(),
    };
    own.into_iter().chain(financing).chain(basis).any(words::is_assumed)
}
