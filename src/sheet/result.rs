//! What it all comes to: payments by payer, the patient's part, cash, ratios and guarantees. Spec 7.

use crate::money::Money;
use crate::proto;
use crate::proto::step_result::Basis;
use crate::refusal::Lang;
use crate::sheet::bill;
use crate::sheet::figures;
use crate::sheet::layout::Page;
use crate::sheet::layout::Side;
use crate::sheet::words;
use crate::sheet::words::pick;

/// The section with the result.
pub(super) fn result(page: &mut Page, statement: &proto::Statement, lang: Lang) {
    page.heading(pick(lang, "结算结果", "Result"));
    amounts(page, statement, lang);
    let said = sentences(statement, lang);
    if !said.is_empty() {
        page.line("");
    }
    for sentence in said {
        page.item("", &sentence);
    }
}

/// Ratios, guarantees and the deposit, a sentence each.
pub(crate) fn sentences(statement: &proto::Statement, lang: Lang) -> Vec<String> {
    let mut said = ratios(statement, lang);
    said.extend(statement.steps.iter().filter_map(|step| guarantee(step, lang)));
    if statement.deposit_exempt {
        let source = words::source(bill::deposit_source(statement), lang);
        said.push(say!(
            lang,
            "先诊疗后付费，不得收取押金{source}。",
            "Treatment before payment: no deposit may be asked{source}."
        ));
    }
    said
}

/// The amounts, one under the other.
fn amounts(page: &mut Page, statement: &proto::Statement, lang: Lang) {
    let mut rows: Vec<(String, &str)> = Vec::new();
    let payers = statement.by_payer.iter().filter(|sum| sum.payer != "facility");
    for sum in payers {
        let payer = words::payer(&sum.payer, lang);
        rows.push((say!(lang, "  {payer}", "  {payer}"), &sum.amount));
    }
    rows.push((pick(lang, "各方支付合计", "payments").to_owned(), &statement.payments));
    rows.push((pick(lang, "医院负担", "facility bears").to_owned(), &statement.facility_borne));
    let by_facility = statement.by_payer.iter().find(|sum| sum.payer == "facility");
    if let Some(sum) = by_facility.filter(|sum| !figures::is_zero(&sum.amount)) {
        rows.push((pick(lang, "  其中按步骤支付", "  of it by steps").to_owned(), &sum.amount));
    }
    rows.push((pick(lang, "个人负担", "patient pays").to_owned(), &statement.patient_pay));
    for (zh, en, amount) in [
        ("  个人账户支付", "  from the account", &statement.account_pay),
        ("  已交押金", "  deposit paid", &statement.deposit),
    ] {
        if !figures::is_zero(amount) {
            rows.push((pick(lang, zh, en).to_owned(), amount));
        }
    }
    rows.push((pick(lang, "应付现金", "cash due").to_owned(), &statement.cash_due));
    if !figures::is_zero(&statement.refund) {
        rows.push((pick(lang, "应退现金", "refund").to_owned(), &statement.refund));
    }
    let rows: Vec<Vec<String>> =
        rows.into_iter().map(|(name, amount)| vec![name, figures::amount(amount)]).collect();
    page.rows(&[Side::Left, Side::Right], &rows);
}

/// The two reported ratios (spec 7.3).
fn ratios(statement: &proto::Statement, lang: Lang) -> Vec<String> {
    let ratios = [
        (pick(lang, "实际报销比例", "Actual ratio"), &statement.actual_ratio),
        (pick(lang, "政策范围内报销比例", "policy-scope ratio"), &statement.policy_scope_ratio),
    ];
    let shown = ratios.into_iter().filter(|(_, ratio)| !ratio.is_empty());
    let shown: Vec<String> =
        shown.map(|(name, ratio)| format!("{name} {}", figures::percent(ratio))).collect();
    let line = shown.join(pick(lang, "，", ", "));
    let stop = pick(lang, "。", ".");
    if line.is_empty() { Vec::new() } else { vec![format!("{line}{stop}")] }
}

/// Whether a guarantee was reached (spec 6.4).
fn guarantee(step: &proto::StepResult, lang: Lang) -> Option<String> {
    let Some(Basis::Floor(trace)) = &step.basis else { return None };
    if !step.ran || !trace.matched {
        return None;
    }
    let title = words::title(step.title.as_ref(), &step.id, lang);
    let source = words::source(trace.source.as_ref(), lang);
    let mut terms = Vec::new();
    if !trace.ratio.is_empty() {
        let ratio = figures::percent(&trace.ratio);
        terms.push(say!(lang, "至少支付 {ratio}", "at least {ratio}"));
    }
    if !trace.patient_at_most.is_empty() {
        let most = words::yuan(&trace.patient_at_most, lang);
        terms.push(say!(lang, "个人至多负担 {most}", "patient at most {most}"));
    }
    let terms = words::list(&terms, lang);
    let reached = match trace.reached.as_str() {
        "" => String::new(),
        ratio => {
            let ratio = figures::percent(ratio);
            say!(lang, "，实际 {ratio}", "; reached {ratio}")
        }
    };
    let missed = Money::parse(figures::or_zero(&trace.shortfall)).is_ok_and(Money::is_zero);
    let end = if missed {
        pick(lang, "，已达到。", "; kept.").to_owned()
    } else {
        let shortfall = words::yuan(&trace.shortfall, lang);
        say!(lang, "，未达到，差额 {shortfall}。", "; missed by {shortfall}.")
    };
    Some(say!(
        lang,
        "保证 {title}：{terms}{source}{reached}{end}",
        "Guarantee, {title}: {terms}{source}{reached}{end}"
    ))
}
