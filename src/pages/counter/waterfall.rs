//! The picture of a statement (支付瀑布图): from the total down to what the patient pays, each payer a bar that opens to its
//! reasons, the guarantees as lines.

use crate::money::Money;
use crate::pages::chart::Bar;
use crate::pages::chart::Piece;
use crate::pages::visit::Visit;
use crate::proto;
use crate::proto::step_result::Basis;
use crate::refusal::Lang;
use crate::sheet;
use crate::sheet::explain::uses_assumed;
use crate::sheet::figures;
use crate::sheet::words;

use maud::Markup;
use maud::html;

/// An amount that a statement holds; one that it leaves out is nothing.
fn money(text: &str) -> Money {
    Money::parse_sum(figures::or_zero(text)).unwrap_or_default()
}

/// A part of a whole in percent, with one decimal.
fn share(part: Money, whole: Money) -> String {
    let whole = whole.fen();
    if whole == 0 {
        return String::new();
    }
    let tenths = (part.fen().saturating_mul(2000) / whole + 1) / 2;
    format!("{}.{}%", tenths / 10, tenths % 10)
}

/// The class of a payer's bar.
fn class(payer: &str) -> &'static str {
    match payer {
        "fund" => "fund",
        "commercial" => "commercial",
        "government" => "government",
        "charity" => "charity",
        "facility" => "facility",
        _ => "other",
    }
}

/// The picture.
pub(super) fn picture(visit: &Visit, statement: &proto::Statement) -> Markup {
    let total = money(&statement.total);
    let mut rows = Vec::new();
    let parts = statement.parts.clone().unwrap_or_default();
    let borne = money(&parts.facility_borne);
    let mut left = total.less(borne);
    if !borne.is_zero() {
        rows.push(row(
            visit,
            Row {
                label: visit.pick("医院负担（不合规、减免）", "Borne by the facility"),
                note: "",
                amount: borne,
                whole: total,
                bar: cut(total, left, borne, "facility"),
                assumed: false,
                alarm: false,
            },
            &because(&[visit
                .pick(
                    "不合规、减免或核查转出的费用，不由患者承担。",
                    "Non-compliant, waived or moved by a check: never the patient's.",
                )
                .to_owned()]),
        ));
    }
    for step in statement.steps.iter().filter(|step| step.ran) {
        let paid = money(&step.payment);
        left = left.less(paid);
        rows.push(of_step(visit, step, (total, left, paid)));
    }
    html! {
        ol .waterfall aria-label=(visit.pick("从总额到个人负担", "From the total to what the patient pays")) {
            (row(visit, Row {
                label: visit.pick("费用总额", "Total"), note: "", amount: total, whole: total,
                bar: Bar::filled(total, total, "total"), assumed: false, alarm: false,
            }, &because(&bill(visit, &parts))))
            @for one in &rows { (one) }
            (patient(visit, statement, total))
        }
        (skipped(visit, statement))
    }
}

/// A payer's piece, cut off the right end of what was left.
fn cut(total: Money, left: Money, amount: Money, class: &'static str) -> Bar {
    let rest = Piece { from: Money::default(), to: left, class: "rest" };
    let piece = Piece { from: left, to: left + amount, class };
    Bar { whole: total, pieces: vec![rest, piece], lines: Vec::new() }
}

struct Row<'a> {
    label: &'a str,
    note: &'a str,
    amount: Money,
    whole: Money,
    bar: Bar,
    assumed: bool,
    alarm: bool,
}

/// A bar with its amount and share; it opens to its reasons.
fn row(visit: &Visit, row: Row<'_>, reasons: &Markup) -> Markup {
    html! {
        li {
            details .step {
                summary {
                    span .label { (row.label)
                        @if !row.note.is_empty() { " " span .payer { (row.note) } }
                        @if row.assumed { " " span .assumed { (words::assumed_mark(visit.lang).trim()) } }
                    }
                    span .chart { (row.bar.markup()) }
                    span .amount { (row.amount) }
                    span .share { (share(row.amount, row.whole)) }
                }
                @if row.alarm { p .alarm { (visit.pick("未达到保证", "The guarantee is missed")) } }
                (reasons)
            }
        }
    }
}

fn because(sentences: &[String]) -> Markup {
    html! { ul .reasons { @for one in sentences { li { (one) } } } }
}

/// The five parts, a sentence each.
fn bill(visit: &Visit, parts: &proto::Parts) -> Vec<String> {
    let named = words::parts(parts).into_iter().filter(|(_, amount)| !figures::is_zero(amount));
    named
        .map(|(name, amount)| {
            format!("{} {}", words::part(name, visit.lang), words::yuan(amount, visit.lang))
        })
        .collect()
}

fn of_step(
    visit: &Visit,
    step: &proto::StepResult,
    (total, left, paid): (Money, Money, Money),
) -> Markup {
    let lang = visit.lang;
    let class = class(&step.payer);
    let missed = match &step.basis {
        Some(Basis::Floor(trace)) => trace.matched && !figures::is_zero(&trace.shortfall),
        Some(Basis::Share(_)) | None => false,
    };
    let mut reasons = sheet::explain(step, lang);
    if let (Some(source), true) =
        (step.cap.as_ref().and_then(|cap| cap.source.as_ref()), reasons.is_empty())
    {
        reasons.push(words::source(Some(source), lang));
    }
    row(
        visit,
        Row {
            label: words::title(step.title.as_ref(), &step.id, lang),
            note: words::payer(&step.payer, lang),
            amount: paid,
            whole: total,
            bar: cut(total, left, paid, class),
            assumed: uses_assumed(step),
            alarm: missed,
        },
        &because(&reasons),
    )
}

/// What the patient pays: what is left under each guarantee first, so that its line shows whether it is kept.
fn patient(visit: &Visit, statement: &proto::Statement, total: Money) -> Markup {
    let pay = money(&statement.patient_pay);
    let lang = visit.lang;
    let mut bar = Bar::filled(pay, total, "patient");
    let mut sentences = Vec::new();
    let mut missed = false;
    for (step, trace) in guarantees(statement) {
        // Of a year's guarantee, this admission may leave what the year has not left yet.
        let line = money(&trace.limit).less(money(&trace.remaining_before));
        let line = if line.is_negative() { Money::default() } else { line };
        let here = money(&trace.remaining).less(money(&trace.remaining_before));
        bar.lines.push(line);
        if !figures::is_zero(&trace.shortfall) {
            bar.pieces.push(Piece { from: line.min(here), to: here, class: "missed" });
            missed = true;
        }
        sentences.push(guarantee(step, trace, line, lang));
    }
    let reasons = html! {
        (because(&sheet::result::sentences(statement, lang)))
    };
    html! {
        (row(visit, Row { label: visit.pick("个人负担", "The patient pays"), note: "", amount: pay, whole: total, bar, assumed: false, alarm: missed }, &reasons))
        @for one in &sentences { li .line-note { span .line-sign aria-hidden="true" {} (one) } }
    }
}

/// The guarantees that were looked at.
pub(super) fn guarantees(
    statement: &proto::Statement,
) -> impl Iterator<Item = (&proto::StepResult, &proto::FloorTrace)> {
    statement.steps.iter().filter(|step| step.ran).filter_map(|step| match &step.basis {
        Some(Basis::Floor(trace)) if trace.matched => Some((step, trace)),
        Some(Basis::Floor(_) | Basis::Share(_)) | None => None,
    })
}

/// A guarantee in one line: where it is drawn, and whether it was kept.
fn guarantee(
    step: &proto::StepResult,
    trace: &proto::FloorTrace,
    line: Money,
    lang: Lang,
) -> String {
    let title = words::title(step.title.as_ref(), &step.id, lang);
    let ratio = if trace.ratio.is_empty() { String::new() } else { figures::percent(&trace.ratio) };
    let reached = figures::percent(&trace.reached);
    let shortfall = words::yuan(figures::or_zero(&trace.shortfall), lang);
    let is_kept = figures::is_zero(&trace.shortfall);
    match (lang, is_kept) {
        (Lang::Zh, true) => format!(
            "保证线 {ratio}（{title}）：范围内个人至多 {line} 元，实际报销 {reached}，已达到"
        ),
        (Lang::Zh, false) => format!(
            "保证线 {ratio}（{title}）：范围内个人至多 {line} 元，实际报销 {reached}，未达到，差额 {shortfall}"
        ),
        (Lang::En, true) => format!(
            "Guarantee {ratio} ({title}): at most {line} yuan in scope, reached {reached}, kept"
        ),
        (Lang::En, false) => format!(
            "Guarantee {ratio} ({title}): at most {line} yuan in scope, reached {reached}, missed by {shortfall}"
        ),
    }
}

fn skipped(visit: &Visit, statement: &proto::Statement) -> Markup {
    let names: Vec<&str> = statement
        .steps
        .iter()
        .filter(|step| !step.ran)
        .map(|step| words::title(step.title.as_ref(), &step.id, visit.lang))
        .collect();
    html! {
        @if !names.is_empty() {
            p .small { (visit.pick("不适用本次就诊：", "Not for this admission: ")) (words::list(&names, visit.lang)) }
        }
    }
}
