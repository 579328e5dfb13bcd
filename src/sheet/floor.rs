//! Why a guarantee pays what it pays, and whether it was reached. Spec 6.

use crate::money::Money;
use crate::proto;
use crate::refusal::Lang;
use crate::sheet::explain;
use crate::sheet::figures;
use crate::sheet::words;

/// The sentences up to the caps.
pub(super) fn before(
    step: &proto::StepResult,
    trace: &proto::FloorTrace,
    lang: Lang,
) -> Vec<String> {
    let base = explain::base(step, lang);
    let measured = figures::amount(figures::or_zero(&trace.measured));
    let owed = words::yuan(figures::or_zero(&trace.owed), lang);
    let mut said = vec![say!(
        lang,
        "基数：{base}共 {measured}，轮到本步骤时患者尚负担 {owed}。",
        "Base: {base}, {measured} in all, of which the patient still owes {owed}."
    )];
    if !trace.matched {
        said.push(say!(
            lang,
            "没有适用的兜底标准：不支付，费用仍计入本步骤的累计。",
            "No guarantee fits: it pays nothing, and the cost counts in its accumulators all the same."
        ));
        return said;
    }
    let source = words::source(trace.source.as_ref(), lang);
    if !trace.ratio.is_empty() {
        said.push(ratio(step, trace, &source, lang));
    }
    if !trace.patient_at_most.is_empty() {
        let most = words::yuan(&trace.patient_at_most, lang);
        said.push(say!(
            lang,
            "保证个人负担至多 {most}{source}。",
            "Guaranteed: the patient's part is at most {most}{source}."
        ));
    }
    if !trace.ratio.is_empty() && !trace.patient_at_most.is_empty() {
        let limit = words::yuan(&trace.limit, lang);
        said.push(say!(lang, "取较小者：{limit}。", "The lesser holds: {limit}."));
    }
    said.push(due(step, trace, lang));
    said
}

/// What the ratio lets the patient keep: `A`, cut to the fen (spec 6.2).
fn ratio(step: &proto::StepResult, trace: &proto::FloorTrace, source: &str, lang: Lang) -> String {
    let (ratio, allowed) = (figures::percent(&trace.ratio), figures::amount(&trace.allowed));
    let measured = figures::amount(figures::or_zero(&trace.measured));
    let earlier = if explain::by_year(step) {
        let before = figures::amount(figures::or_zero(&trace.allowed_before));
        say!(lang, "此前 {before} + ", "{before} before + ")
    } else {
        String::new()
    };
    let cut = match allowed.split_once('.') {
        Some((whole, fraction)) => {
            format!("{whole}.{}", fraction.chars().take(2).collect::<String>())
        }
        None => allowed.clone(),
    };
    let cut = if cut == allowed {
        String::new()
    } else {
        say!(lang, "，分以下舍去为 {cut}", ", cut to {cut}")
    };
    say!(
        lang,
        "保证至少支付 {ratio}{source}：可留给个人 {earlier}(1 − {ratio}) × {measured} = {allowed} 元{cut}。",
        "Guaranteed: at least {ratio} is paid{source}. May remain: {earlier}(1 − {ratio}) × {measured} = {allowed} yuan{cut}."
    )
}

/// What is needed to come down to the limit, and no more than is owed.
fn due(step: &proto::StepResult, trace: &proto::FloorTrace, lang: Lang) -> String {
    let read = |text: &str| Money::parse(figures::or_zero(text)).ok();
    let (owed, limit) =
        (figures::amount(figures::or_zero(&trace.owed)), figures::amount(&trace.limit));
    let uncapped = words::yuan(&step.uncapped, lang);
    let earlier = if figures::is_zero(&trace.remaining_before) {
        String::new()
    } else {
        let before = figures::amount(&trace.remaining_before);
        say!(lang, "此前留下 {before} + ", "{before} left before + ")
    };
    let stands = read(&trace.remaining_before).zip(read(&trace.owed)).map(|(a, b)| a + b);
    let Some((stands, most)) = stands.zip(read(&trace.limit)) else {
        return say!(lang, "应付 {uncapped}。", "Due: {uncapped}.");
    };
    if stands <= most {
        return say!(
            lang,
            "{earlier}尚负担 {owed}，不超过可留 {limit}：无须支付。",
            "{earlier}{owed} owed is not above the {limit} that may remain: nothing is due."
        );
    }
    let over = stands - most;
    let held = if read(&trace.owed).is_some_and(|owed| owed < over) {
        say!(lang, "，至多付尚负担的 {uncapped}", ", of which no more than owed: {uncapped}")
    } else {
        String::new()
    };
    say!(
        lang,
        "应付：{earlier}尚负担 {owed} − 可留 {limit} = {over} 元{held}。",
        "Due: {earlier}{owed} owed − {limit} that may remain = {over} yuan{held}."
    )
}

/// What remains when the waterfall has ended, and what that reaches (spec 6.4).
pub(super) fn after(step: &proto::StepResult, trace: &proto::FloorTrace, lang: Lang) -> String {
    let remaining = words::yuan(&trace.remaining, lang);
    let (year_zh, year_en) =
        if explain::by_year(step) { ("本年度", " in the year") } else { ("", "") };
    let mut said = say!(
        lang,
        "全部步骤之后个人{year_zh}在此基数上共负担 {remaining}",
        "After all steps {remaining} of this base remains{year_en}"
    );
    if !trace.reached.is_empty() {
        let reached = figures::percent(&trace.reached);
        let remaining = figures::amount(&trace.remaining);
        let measured = figures::amount(figures::or_zero(&trace.measured));
        let whole = if figures::is_zero(&trace.measured_before) {
            measured
        } else {
            format!("({} + {measured})", figures::amount(&trace.measured_before))
        };
        said += &say!(
            lang,
            "，实际达到 1 − {remaining} ÷ {whole} = {reached}（截到四位小数）",
            "; reached: 1 − {remaining} ÷ {whole} = {reached} (cut to four decimals)"
        );
    }
    said += words::pick(lang, "。", ".");
    if !figures::is_zero(&trace.shortfall) {
        let (limit, shortfall) =
            (figures::amount(&trace.limit), words::yuan(&trace.shortfall, lang));
        said += &say!(
            lang,
            "超过可留的 {limit}，未达保证，差额 {shortfall}。",
            " That is above {limit}: the guarantee is missed by {shortfall}."
        );
    }
    said
}
