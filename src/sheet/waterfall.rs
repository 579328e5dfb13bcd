//! The waterfall on a sheet: a table of the steps, and why each pays what it pays. Spec 4.

use crate::money::Money;
use crate::proto;
use crate::proto::step_result::Basis;
use crate::refusal::Lang;
use crate::sheet::explain;
use crate::sheet::figures;
use crate::sheet::layout::NOTHING;
use crate::sheet::layout::Page;
use crate::sheet::layout::Side;
use crate::sheet::words;
use crate::sheet::words::pick;

/// A row for each step: payer, fund, base, payment, and what the patient still owes after it.
pub(super) fn table(page: &mut Page, statement: &proto::Statement, lang: Lang) {
    if statement.steps.is_empty() {
        return;
    }
    page.heading(pick(lang, "逐步支付", "Who pays, step by step"));
    let heads = match lang {
        Lang::Zh => ["", "步骤", "付款方", "基金", "基数金额", "支付", "个人尚负担"],
        Lang::En => ["", "step", "payer", "fund", "base", "payment", "still owed"],
    };
    let parts = statement.parts.as_ref();
    let mut owed = parts.and_then(|parts| {
        let owed = [&parts.in_scope, &parts.copay_first, &parts.over_limit, &parts.own_expense];
        figures::sum(owed.map(String::as_str))
    });
    let start = ["", pick(lang, "账单", "bill"), "", "", "", "", &figures::derived(owed)]
        .map(str::to_owned);
    let mut rows = vec![heads.map(str::to_owned).to_vec(), start.to_vec()];
    for (index, step) in statement.steps.iter().enumerate() {
        let payment = Money::parse(figures::or_zero(&step.payment)).ok();
        owed = owed.zip(payment).map(|(owed, payment)| owed - payment);
        rows.push(row(index + 1, step, owed, lang));
    }
    let (left, right) = (Side::Left, Side::Right);
    page.table(&[right, left, left, left, right, right, right], &rows);
}

fn row(place: usize, step: &proto::StepResult, owed: Option<Money>, lang: Lang) -> Vec<String> {
    let (base, payment) = if step.ran {
        (looked_at(step), figures::amount(&step.payment))
    } else {
        (NOTHING.to_owned(), pick(lang, "跳过", "skipped").to_owned())
    };
    vec![
        place.to_string(),
        name(step, lang),
        words::payer(&step.payer, lang).to_owned(),
        step.fund.clone(),
        base,
        payment,
        figures::derived(owed),
    ]
}

/// A step's title, marked where a number that it used is assumed.
fn name(step: &proto::StepResult, lang: Lang) -> String {
    let title = words::title(step.title.as_ref(), &step.id, lang);
    let assumed = step.ran && explain::uses_assumed(step);
    let mark = if assumed { words::assumed_mark(lang) } else { "" };
    format!("{title}{mark}")
}

/// The amount that a step looked at.
fn looked_at(step: &proto::StepResult) -> String {
    match &step.basis {
        Some(Basis::Share(trace)) => figures::amount(&trace.eligible),
        Some(Basis::Floor(trace)) => figures::amount(&trace.measured),
        None => NOTHING.to_owned(),
    }
}

/// Why each step pays what it pays. An answer of amounts only says that it does not.
pub(super) fn why(page: &mut Page, statement: &proto::Statement, lang: Lang) {
    page.heading(pick(lang, "为什么是这个金额", "Why this amount"));
    let traced = |step: &proto::StepResult| !step.ran || step.basis.is_some();
    if statement.steps.is_empty() || !statement.steps.iter().all(traced) {
        page.item(
            "",
            pick(
                lang,
                "本次只要求了金额，没有依据，也看不出是否用到假定数值。",
                "Only amounts were asked for: neither the reasons nor what is assumed is known here.",
            ),
        );
        return;
    }
    for (index, step) in statement.steps.iter().enumerate() {
        if 0 < index {
            page.line("");
        }
        let place = index + 1;
        page.line(&format!("{place} {}", name(step, lang)));
        for sentence in explain::explain(step, lang) {
            page.item("  ", &sentence);
        }
    }
}
