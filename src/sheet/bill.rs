//! The bill on a sheet: its five parts, its lines with the reason of each, checks and warnings. Spec 2.

use crate::money::Money;
use crate::money::Rate;
use crate::proto;
use crate::refusal::Lang;
use crate::sheet::figures;
use crate::sheet::layout;
use crate::sheet::layout::Page;
use crate::sheet::layout::Side;
use crate::sheet::words;
use crate::sheet::words::pick;

/// Warnings that a sheet shows: a long bill may have one for each of its lines.
const WARNINGS_SHOWN: usize = 20;

/// The section with the five parts and the total.
pub(super) fn parts(page: &mut Page, statement: &proto::Statement, lang: Lang) {
    page.heading(pick(lang, "费用构成", "The bill"));
    let Some(parts) = &statement.parts else {
        let total = words::yuan(&statement.total, lang);
        page.line(&say!(lang, "总额 {total}", "total {total}"));
        return;
    };
    let parts = words::parts(parts);
    let mut heads: Vec<String> =
        parts.iter().map(|(name, _)| words::part(name, lang).to_owned()).collect();
    let mut amounts: Vec<String> =
        parts.iter().map(|(_, amount)| figures::amount(figures::or_zero(amount))).collect();
    heads.push(pick(lang, "总额", "total").to_owned());
    amounts.push(figures::amount(&statement.total));
    page.table(&[Side::Right; 6], &[heads, amounts]);
}

/// The clause that frees from a deposit.
pub(crate) fn deposit_source(statement: &proto::Statement) -> Option<&proto::Source> {
    statement.deposit_source.as_ref().filter(|_| statement.deposit_exempt)
}

/// The section with checks and warnings; none where there are none.
pub(super) fn notices(page: &mut Page, statement: &proto::Statement, lang: Lang) {
    if statement.checks.is_empty() && statement.warnings.is_empty() {
        return;
    }
    page.heading(pick(lang, "核查与提示", "Checks and warnings"));
    for sentence in check_sentences(statement, lang) {
        page.item("", &sentence);
    }
    for sentence in warning_sentences(statement, lang).iter().take(WARNINGS_SHOWN) {
        page.item("! ", sentence);
    }
    let more = statement.warnings.len().saturating_sub(WARNINGS_SHOWN);
    if 0 < more {
        page.item(
            "! ",
            &say!(
                lang,
                "另有 {more} 条提示，见费用明细的归类。",
                "and {more} more warnings; the lines say why each fell where it did."
            ),
        );
    }
}

/// What the checks found, a sentence each.
pub(crate) fn check_sentences(statement: &proto::Statement, lang: Lang) -> Vec<String> {
    statement.checks.iter().map(|check| checked(check, lang)).collect()
}

/// What a clerk should know, a sentence each.
pub(crate) fn warning_sentences(statement: &proto::Statement, lang: Lang) -> Vec<String> {
    statement.warnings.iter().map(|warning| warned(warning, lang)).collect()
}

/// What a check found, and what it moved. Packs 7.
fn checked(check: &proto::CheckResult, lang: Lang) -> String {
    let limit = figures::percent(&check.threshold);
    let source = words::source(check.source.as_ref(), lang);
    let drugs = check.measure == "catalogue_drug_share";
    let rule = match check.measure.as_str() {
        "catalogue_drug_share" => {
            say!(
                lang,
                "目录内药品占比应不低于 {limit}",
                "Catalogue drugs should be at least {limit}"
            )
        }
        "own_expense_share" => {
            say!(lang, "全自费占比应不高于 {limit}", "Own expense should be at most {limit}")
        }
        other => format!("{other} {limit}"),
    };
    if !check.measured {
        return say!(
            lang,
            "{rule}{source}：账单没有所需金额，未核查。",
            "{rule}{source}: not measured, the bill does not say what is needed."
        );
    }
    let (part, whole) = (figures::amount(&check.part), figures::amount(&check.whole));
    let found = if drugs {
        say!(lang, "丙类药品 {part}，全部药品 {whole}", "class C drugs {part} of {whole}")
    } else {
        say!(lang, "全自费 {part}，总额 {whole}", "own expense {part} of {whole}")
    };
    let most = may_be(check).map_or_else(String::new, |(rate, most)| {
        say!(lang, "，其 {rate} 为 {most}", ", {rate} of that is {most}")
    });
    let end = if figures::is_zero(&check.excess) {
        pick(lang, "，符合。", ": kept.").to_owned()
    } else {
        breached(check, lang)
    };
    say!(lang, "{rule}{source}：{found}{most}{end}", "{rule}{source}: {found}{most}{end}")
}

/// The share that what is measured may have of the whole, and that in money, cut to the fen. Packs 7.
fn may_be(check: &proto::CheckResult) -> Option<(String, Money)> {
    let threshold = Rate::parse(&check.threshold).ok()?;
    let share = match check.measure.as_str() {
        "catalogue_drug_share" => threshold.complement(),
        "own_expense_share" => threshold,
        _ => return None,
    };
    let most = (Money::parse(&check.whole).ok()? * share).floor2();
    Some((figures::percent(&share.to_string()), most))
}

fn breached(check: &proto::CheckResult, lang: Lang) -> String {
    let (excess, moved) = (words::yuan(&check.excess, lang), figures::amount(&check.moved));
    if check.on_breach == "facility_borne" {
        return say!(
            lang,
            "，超出 {excess}，其中 {moved} 由全自费转为医院负担。",
            ", {excess} too much; {moved} moved from own expense to the facility."
        );
    }
    say!(lang, "，超出 {excess}，仅作提示。", ", {excess} too much; a warning only.")
}

fn warned(warning: &proto::Warning, lang: Lang) -> String {
    let own = match warning.kind.as_str() {
        "not-in-catalogue" => {
            pick(lang, "目录中没有该项目，按丙类计", "not in the catalogue, counts as class C")
        }
        "totals-unseen" => pick(
            lang,
            "账单没有明细，改类和减免规则未能应用",
            "a bill without lines: overrides and waivers could not act",
        ),
        "drugs-not-measured" => pick(
            lang,
            "账单没有药品金额，药品核查未做",
            "the bill does not state its drugs: not checked",
        ),
        other => other,
    };
    let sentence = words::title(warning.sentence.as_ref(), own, lang);
    if warning.code.is_empty() || sentence.contains(&warning.code) {
        return sentence.to_owned();
    }
    let code = &warning.code;
    say!(lang, "{code}：{sentence}", "{code}: {sentence}")
}

/// Writes the lines of a bill as a table: where each fell, and why (费用明细). Empty for a bill of totals.
///
/// Spec 2.5, 7.4.
pub fn lines(statement: &proto::Statement, lang: Lang) -> String {
    let mut page = Page::new(lang);
    if statement.lines.is_empty() {
        return page.text();
    }
    let heads = match lang {
        Lang::Zh => ["明细", "金额", "范围内", "先行自付", "超限价", "全自费", "医院负担", "归类"],
        Lang::En => ["line", "amount", "in scope", "copay", "above", "own", "facility", "why"],
    };
    let mut rows = vec![heads.map(str::to_owned).to_vec()];
    rows.extend(statement.lines.iter().map(|line| row(line, lang)));
    rows.push(sums(&statement.lines, lang));
    let mut sides = [Side::Right; 8];
    sides[0] = Side::Left;
    sides[7] = Side::Left;
    let text = layout::columns(&sides, &rows);
    let notes = std::iter::once(None)
        .chain(statement.lines.iter().map(|line| note(line, lang)))
        .chain(std::iter::once(None));
    for (row, note) in text.iter().zip(notes) {
        page.line(row);
        if let Some(note) = note {
            page.item("    ", &note);
        }
    }
    page.text()
}

/// An amount of a line; nothing is shown as a dash, so that what is there stands out.
fn share(amount: &str) -> String {
    if figures::is_zero(amount) { layout::NOTHING.to_owned() } else { figures::amount(amount) }
}

fn row(line: &proto::LineResult, lang: Lang) -> Vec<String> {
    let mut row = vec![line.id.clone(), figures::amount(&line.amount)];
    match &line.parts {
        Some(parts) => row.extend(words::parts(parts).map(|(_, amount)| share(amount))),
        None => row.extend([(); 5].map(|()| layout::NOTHING.to_owned())),
    }
    row.push(reason(line, lang));
    row
}

/// Why a line fell where it did, in few words (spec 2.5).
pub(crate) fn reason(line: &proto::LineResult, lang: Lang) -> String {
    match line.reason.as_str() {
        "noncompliant" => return pick(lang, "不合规", "non-compliant").to_owned(),
        "waiver" => return pick(lang, "减免", "waived").to_owned(),
        _ => {}
    }
    let class = class(&line.class, lang);
    let Some(listed) = &line.listed else {
        return say!(lang, "{class}，目录外", "{class}, unlisted");
    };
    let mut said = class;
    if !figures::is_zero(&line.first_copay_rate) {
        let rate = figures::percent(&line.first_copay_rate);
        said += &say!(lang, " 先付 {rate}", " {rate}");
    }
    if !listed.price_limit.is_empty() && line.class != "C" {
        let limit = &listed.price_limit;
        said += &say!(lang, " 限价 {limit}", ", limit {limit}");
    }
    said
}

fn class(letter: &str, lang: Lang) -> String {
    match (letter, lang) {
        ("A", Lang::Zh) => "甲类".to_owned(),
        ("B", Lang::Zh) => "乙类".to_owned(),
        ("C", Lang::Zh) => "丙类".to_owned(),
        (other, Lang::Zh | Lang::En) => other.to_owned(),
    }
}

/// The source of a waiver or override, under its line.
pub(crate) fn note(line: &proto::LineResult, lang: Lang) -> Option<String> {
    let source = words::source(Some(line.source.as_ref()?), lang);
    let now = class(&line.class, lang);
    Some(match (line.reason.as_str(), &line.listed) {
        ("waiver", _) => {
            say!(lang, "减免，由医院负担{source}", "waived, the facility bears it{source}")
        }
        (_, Some(listed)) => {
            let was = class(&listed.class, lang);
            say!(lang, "目录为{was}，按{now}计{source}", "listed as {was}, counts as {now}{source}")
        }
        (_, None) => say!(lang, "按{now}计{source}", "counts as {now}{source}"),
    })
}

/// The sums of the columns.
fn sums(lines: &[proto::LineResult], lang: Lang) -> Vec<String> {
    let column =
        |of: fn(&proto::LineResult) -> &str| figures::derived(figures::sum(lines.iter().map(of)));
    let parts = [
        column(|line| line.parts.as_ref().map_or("", |parts| &parts.in_scope)),
        column(|line| line.parts.as_ref().map_or("", |parts| &parts.copay_first)),
        column(|line| line.parts.as_ref().map_or("", |parts| &parts.over_limit)),
        column(|line| line.parts.as_ref().map_or("", |parts| &parts.own_expense)),
        column(|line| line.parts.as_ref().map_or("", |parts| &parts.facility_borne)),
    ];
    let mut row = vec![pick(lang, "合计", "sum").to_owned(), column(|line| &line.amount)];
    row.extend(parts);
    row.push(String::new());
    row
}
