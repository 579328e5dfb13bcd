//! Why a share step pays what it pays: deductible, bands, and the one rounding. Spec 5.

use crate::money::Money;
use crate::proto;
use crate::refusal::Lang;
use crate::sheet::explain;
use crate::sheet::figures;
use crate::sheet::figures::Worked;
use crate::sheet::words;

/// The sentences up to the caps.
pub(super) fn sentences(
    step: &proto::StepResult,
    trace: &proto::ShareTrace,
    lang: Lang,
) -> Vec<String> {
    let mut said = vec![looked_at(step, trace, lang)];
    said.extend(deductible(trace, lang));
    if trace.matched {
        said.extend(segments(trace, lang));
        said.extend(total(step, trace, lang));
    } else {
        said.push(say!(
            lang,
            "没有适用的支付比例：不支付，费用仍计入本步骤的累计。",
            "No bands fit: it pays nothing, and the cost counts in its accumulators all the same."
        ));
    }
    said
}

/// Its base, and what was owed on it (`e`, `E1`, `E2`).
fn looked_at(step: &proto::StepResult, trace: &proto::ShareTrace, lang: Lang) -> String {
    let base = explain::base(step, lang);
    let eligible = words::yuan(&trace.eligible, lang);
    let mut said = say!(
        lang,
        "基数：{base}中患者尚负担的 {eligible}。",
        "Base: {base}; the patient still owes {eligible} of it."
    );
    if explain::by_year(step) {
        let before = figures::amount(figures::or_zero(&trace.eligible_before));
        let after = figures::sum([trace.eligible_before.as_str(), &trace.eligible]);
        let after = words::yuan(&figures::derived(after), lang);
        said += &say!(
            lang,
            "按年度计算：此前已计入 {before}，连同本次 {after}。",
            " By the year: {before} before, {after} with this."
        );
    }
    said
}

/// The deductible as named, each adjustment, the chain, and what is met now (spec 5.1, 5.4).
fn deductible(trace: &proto::ShareTrace, lang: Lang) -> Vec<String> {
    let nominal = words::yuan(figures::or_zero(&trace.nominal), lang);
    let source = words::source(trace.nominal_source.as_ref(), lang);
    let mut said = Vec::new();
    if trace.nominal_source.is_none() && figures::is_zero(&trace.nominal) {
        said.push(say!(lang, "没有起付线。", "No deductible."));
    } else {
        said.push(say!(lang, "起付线 {nominal}{source}。", "Deductible {nominal}{source}."));
    }
    let adjusts = |one: &&proto::Adjustment| {
        [
            &one.deductible_set,
            &one.deductible_multiply,
            &one.deductible_add,
            &one.deductible_at_most,
        ]
        .into_iter()
        .any(|text| !text.is_empty())
    };
    said.extend(trace.adjustments.iter().map(|one| adjustment(one, lang)));
    let mut adjusting = trace.adjustments.iter().filter(adjusts).peekable();
    if adjusting.peek().is_some() {
        let adjusted = words::yuan(figures::or_zero(&trace.adjusted), lang);
        let nominal = words::is_assumed(trace.nominal_source.as_ref());
        let assumed = nominal || adjusting.any(|one| words::is_assumed(one.source.as_ref()));
        let mark = if assumed { words::assumed_mark(lang) } else { "" };
        said.push(say!(
            lang,
            "调整后起付线 {adjusted}{mark}（四舍五入到分，不低于 0）。",
            "Deductible after that: {adjusted}{mark} (rounded to the fen, not below 0)."
        ));
    }
    if !trace.chain.is_empty() {
        said.push(chain(trace, lang));
    }
    if !figures::is_zero(&trace.adjusted) {
        said.push(met(trace, lang));
    }
    said
}

/// What one adjustment did, in the order in which it does it.
fn adjustment(one: &proto::Adjustment, lang: Lang) -> String {
    let mut did = Vec::new();
    if !one.deductible_set.is_empty() {
        let set = words::yuan(&one.deductible_set, lang);
        did.push(say!(lang, "起付线改为 {set}", "deductible set to {set}"));
    }
    if !one.deductible_multiply.is_empty() {
        let factor = &one.deductible_multiply;
        did.push(say!(lang, "起付线 × {factor}", "deductible × {factor}"));
    }
    if let Some(off) = one.deductible_add.strip_prefix('-') {
        let off = words::yuan(off, lang);
        did.push(say!(lang, "起付线 − {off}", "deductible − {off}"));
    } else if !one.deductible_add.is_empty() {
        let add = words::yuan(&one.deductible_add, lang);
        did.push(say!(lang, "起付线 + {add}", "deductible + {add}"));
    }
    if !one.deductible_at_most.is_empty() {
        let most = words::yuan(&one.deductible_at_most, lang);
        did.push(say!(lang, "起付线至多 {most}", "deductible at most {most}"));
    }
    if !one.rate_add.is_empty() {
        let points = figures::points(&one.rate_add).unwrap_or_else(|| one.rate_add.clone());
        did.push(match points.strip_prefix('-') {
            Some(off) => say!(lang, "支付比例降低 {off} 个百分点", "rates − {off} points"),
            None => say!(lang, "支付比例提高 {points} 个百分点", "rates + {points} points"),
        });
    }
    let did = did.join(words::pick(lang, "，", ", "));
    let source = words::source(one.source.as_ref(), lang);
    say!(lang, "调整：{did}{source}。", "Adjusted: {did}{source}.")
}

/// The chain that shares one deductible, and what it has met before (`K`).
fn chain(trace: &proto::ShareTrace, lang: Lang) -> String {
    let chain = words::chain(&trace.chain, lang);
    let source = words::source(trace.chain_source.as_ref(), lang);
    let before = figures::amount(figures::or_zero(&trace.chain_before));
    let left = words::yuan(&figures::derived(left(trace)), lang);
    say!(
        lang,
        "{chain} 共用一个起付线{source}：此前已扣 {before}，尚余 {left}。",
        "One deductible for the {chain}{source}: {before} met before, {left} left."
    )
}

/// What is left of the deductible on its chain (`D'`).
fn left(trace: &proto::ShareTrace) -> Option<Money> {
    figures::less(&trace.adjusted, &trace.chain_before)
}

/// The deductible met now (`d`).
fn met(trace: &proto::ShareTrace, lang: Lang) -> String {
    let met = words::yuan(figures::or_zero(&trace.met), lang);
    let before = Money::parse(figures::or_zero(&trace.eligible_before)).ok();
    let earlier = before.zip(left(trace)).map(|(before, left)| before.min(left));
    match earlier.filter(|earlier| !earlier.is_zero()) {
        Some(earlier) => say!(
            lang,
            "此前费用已抵起付线 {earlier}，本次抵 {met}。",
            "Earlier cost met {earlier} of it; met now: {met}."
        ),
        None => say!(lang, "本次抵起付线 {met}。", "Met now: {met}."),
    }
}

/// Each band segment with amount, rate and payment. Those that nothing lies in are left out, unless an auditor needs them
/// for what the year paid before.
fn segments(trace: &proto::ShareTrace, lang: Lang) -> Vec<String> {
    let mut said = Vec::new();
    if 1 < trace.segments.len() {
        said.push(if trace.origin == "zero" {
            say!(
                lang,
                "分段从第一元算起，起付线以内不付：",
                "Bands count from the first yuan; within the deductible nothing is paid:"
            )
        } else {
            say!(lang, "分段从起付线以上算起：", "Bands count from above the deductible:")
        });
    }
    let all = !figures::is_zero(&trace.eligible_before);
    let shown = trace.segments.iter().filter(|segment| all || !figures::is_zero(&segment.amount));
    let raised = trace.adjustments.iter().filter(|one| !one.rate_add.is_empty());
    let assumed = raised.map(|one| one.source.as_ref()).any(words::is_assumed);
    let mark = if assumed { words::assumed_mark(lang) } else { "" };
    let shown: Vec<String> = shown.map(|one| segment(one, mark, lang)).collect();
    if shown.is_empty() {
        said.push(say!(
            lang,
            "没有费用超过起付线，不支付。",
            "No cost lies above the deductible: nothing is paid."
        ));
    }
    said.extend(shown);
    said
}

/// One segment; its rate carries the mark where an assumption changed it.
fn segment(one: &proto::Segment, mark: &str, lang: Lang) -> String {
    let (from, to) = (figures::amount(figures::or_zero(&one.from)), figures::amount(&one.up_to));
    let range = match (figures::is_zero(&one.from), one.up_to.is_empty()) {
        (true, true) => String::new(),
        (false, true) => say!(lang, "{from} 以上：", "above {from}: "),
        (_, false) => say!(lang, "{from} 至 {to}：", "{from} to {to}: "),
    };
    let (rate, nominal) = (figures::percent(&one.rate), figures::percent(&one.nominal_rate));
    let rate = if rate == nominal || nominal.is_empty() {
        rate
    } else {
        say!(
            lang,
            "{rate}{mark}（调整前 {nominal}）",
            "{rate}{mark} (before adjustments {nominal})"
        )
    };
    let amount = figures::amount(figures::or_zero(&one.amount));
    let pays = words::yuan(figures::or_zero(&one.pays), lang);
    let source = words::source(one.source.as_ref(), lang);
    let stop = words::pick(lang, "。", ".");
    format!("{range}{amount} × {rate} = {pays}{source}{stop}")
}

/// The exact sum and its one rounding; where the year had cost before, the difference of two rounded values (spec 5.5).
fn total(step: &proto::StepResult, trace: &proto::ShareTrace, lang: Lang) -> Option<String> {
    let uncapped = words::yuan(&step.uncapped, lang);
    if !figures::is_zero(&trace.eligible_before) {
        return Some(difference(step, trace, lang).unwrap_or_else(|| {
            say!(
                lang,
                "应付额为年度至今的应付额与此前的应付额（各四舍五入到分）之差：{uncapped}。",
                "Due: what the year is due so far less what it was before, each rounded: {uncapped}."
            )
        }));
    }
    let sum = figures::exact_sum(trace.segments.iter().map(|one| one.pays.as_str()))?;
    let exact = words::yuan(&figures::exact(sum), lang);
    if exact != uncapped {
        return Some(say!(
            lang,
            "合计 {exact}，只在此处四舍五入一次：{uncapped}。",
            "Sum {exact}, rounded once, here: {uncapped}."
        ));
    }
    let several = 1 < trace.segments.iter().filter(|one| !figures::is_zero(&one.pays)).count();
    several.then(|| say!(lang, "合计 {exact}，无须舍入。", "Sum {exact}; nothing to round."))
}

/// Payment up to `E2` less payment up to `E1`, written out; none where it cannot be, or does not come to what is due.
fn difference(step: &proto::StepResult, trace: &proto::ShareTrace, lang: Lang) -> Option<String> {
    let before = Money::parse(&trace.eligible_before).ok()?;
    let after = before + Money::parse(figures::or_zero(&trace.eligible)).ok()?;
    let left = left(trace)?;
    let up_to = |point: Money| match trace.origin.as_str() {
        "zero" => figures::worked(&trace.segments, point.min(left), point),
        _ => figures::worked(&trace.segments, Money::ZERO, point.less(left)),
    };
    let (whole, earlier) = (up_to(after)?, up_to(before)?);
    let due = whole.exact.round2() - earlier.exact.round2();
    if Money::parse(&step.uncapped) != Ok(due) {
        return None;
    }
    let (whole, earlier) = (written(&whole, lang), written(&earlier, lang));
    Some(say!(
        lang,
        "年度计至 {after}：{whole}；计至此前 {before}：{earlier}。两数之差 {due} 元为应付（均按本次标准，各四舍五入一次）。",
        "The year up to {after}: {whole}; up to {before}: {earlier}. Their difference, {due} yuan, is due (both by today's terms, each rounded once)."
    ))
}

fn written(worked: &Worked, lang: Lang) -> String {
    let (terms, exact) = (&worked.terms, figures::exact(worked.exact));
    let rounded = worked.exact.round2().to_string();
    if worked.exact.is_zero() {
        return rounded;
    }
    if exact == rounded {
        return format!("{terms} = {exact}");
    }
    say!(lang, "{terms} = {exact}，舍入为 {rounded}", "{terms} = {exact}, rounded {rounded}")
}
