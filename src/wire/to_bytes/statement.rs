//! A statement, but for its steps.

use crate::bill::Class;
use crate::bill::ItemFacts;
use crate::bill::Part;
use crate::bill::Parts;
use crate::calendar::Day;
use crate::proto::tags;
use crate::rules::entry::Source;
use crate::rules::pack::Measure;
use crate::rules::pack::OnBreach;
use crate::rules::pack::Title;
use crate::situation::Situation;
use crate::statement::CheckResult;
use crate::statement::LineReason;
use crate::statement::LineResult;
use crate::statement::Statement;
use crate::statement::Warning;
use crate::wire::to_bytes::Detail;
use crate::wire::to_bytes::Out;
use crate::wire::to_bytes::facts;
use crate::wire::to_bytes::step;
use crate::wire::warning;

use crate::proto::tags::statement as tag;

pub(super) fn write(
    out: &mut Out,
    statement: &Statement<'_>,
    situation: &Situation<'_>,
    admitted_on: Day,
    detail: Detail,
) {
    let full = detail == Detail::Full;
    out.message(tag::PACK, |out| {
        let pack = situation.pack;
        out.text(tags::pack_name::ID, &pack.id);
        out.day(tags::pack_name::EFFECTIVE_FROM, pack.span.from);
        out.text(tags::pack_name::DIGEST, &pack.digest);
        if full {
            out.message(tags::pack_name::TITLE, |out| title(out, &pack.title));
        }
    });
    let benefit_year = i64::from(situation.key.benefit_year);
    out.number(tag::BENEFIT_YEAR, benefit_year.cast_unsigned());
    out.number(tag::VERSION, statement.version);
    if full {
        out.message(tag::FACTS, |out| facts::write(out, situation, admitted_on));
    }
    out.flag(tag::DEPOSIT_EXEMPT, statement.deposit_exempt.is_some());
    if let Some(entry) = statement.deposit_exempt.filter(|_| full) {
        source(out, tag::DEPOSIT_SOURCE, &entry.source);
    }
    out.money(tag::TOTAL, statement.total);
    parts(out, tag::PARTS, &statement.parts);
    for result in statement.lines.iter().flatten().filter(|_| full) {
        out.message(tag::LINES, |out| line_result(out, result));
    }
    for result in &statement.checks {
        out.message(tag::CHECKS, |out| check_result(out, result, full));
    }
    for one in &statement.warnings {
        out.message(tag::WARNINGS, |out| one_warning(out, one, full));
    }
    for result in &statement.steps {
        out.message(tag::STEPS, |out| step::write(out, result, detail));
    }
    out.money(tag::PATIENT_PAY, statement.patient_pay);
    out.money(tag::PAYMENTS, statement.summary.payments);
    out.money(tag::FACILITY_BORNE, statement.summary.facility_borne);
    for (payer, amount) in &statement.summary.by_payer {
        out.message(tag::BY_PAYER, |out| {
            out.text(tags::payer_sum::PAYER, payer.name());
            out.money(tags::payer_sum::AMOUNT, *amount);
        });
    }
    out.money(tag::ACCOUNT_PAY, statement.account_pay);
    out.money(tag::DEPOSIT, statement.deposit);
    out.money(tag::CASH_DUE, statement.cash_due);
    out.money(tag::REFUND, statement.refund);
    if let Some(ratio) = statement.actual_ratio {
        out.decimal(tag::ACTUAL_RATIO, |out| ratio.write_to(out));
    }
    if let Some(ratio) = statement.policy_scope_ratio {
        out.decimal(tag::POLICY_SCOPE_RATIO, |out| ratio.write_to(out));
    }
}

/// The fields of a title in both languages.
pub(super) fn title(out: &mut Out, title: &Title) {
    out.text(tags::title::ZH, &title.zh);
    out.text(tags::title::EN, &title.en);
}

/// A source.
pub(super) fn source(out: &mut Out, tag: u32, source: &Source) {
    out.message(tag, |out| {
        out.text(tags::source::TEXT, &source.text);
        out.flag(tags::source::ASSUMED, source.assumed);
    });
}

/// Five parts.
pub(super) fn parts(out: &mut Out, tag: u32, parts: &Parts) {
    out.message(tag, |out| {
        out.money(tags::parts::IN_SCOPE, parts[Part::InScope]);
        out.money(tags::parts::COPAY_FIRST, parts[Part::CopayFirst]);
        out.money(tags::parts::OVER_LIMIT, parts[Part::OverLimit]);
        out.money(tags::parts::OWN_EXPENSE, parts[Part::OwnExpense]);
        out.money(tags::parts::FACILITY_BORNE, parts[Part::FacilityBorne]);
    });
}

fn line_result(out: &mut Out, result: &LineResult<'_>) {
    use crate::proto::tags::line_result as tag;
    let (reason, class, by) = match &result.reason {
        LineReason::NonCompliant => ("noncompliant", None, None),
        LineReason::Waiver(entry) => ("waiver", None, Some(&entry.source)),
        LineReason::Class { class, by } => ("class", Some(*class), by.map(|entry| &entry.source)),
    };
    out.text(tag::ID, result.id);
    out.money(tag::AMOUNT, result.amount);
    out.text(tag::REASON, reason);
    out.text(tag::CLASS, class.map_or("", Class::letter));
    if let Some(listed) = &result.listed {
        out.message(tag::LISTED, |out| item_facts(out, listed));
    }
    if let Some(by) = by {
        source(out, tag::SOURCE, by);
    }
    parts(out, tag::PARTS, &result.parts);
    if let Some(Class::B(rate)) = class {
        out.decimal(tag::FIRST_COPAY_RATE, |out| rate.write_to(out));
    }
}

fn item_facts(out: &mut Out, facts: &ItemFacts) {
    use crate::proto::tags::item_facts as tag;
    out.text(tag::CLASS, facts.class.letter());
    if let Class::B(rate) = facts.class {
        out.decimal(tag::FIRST_COPAY_RATE, |out| rate.write_to(out));
    }
    if let Some(limit) = facts.price_limit {
        out.decimal(tag::PRICE_LIMIT, |out| limit.write_to(out));
    }
    for one in &facts.tags {
        out.element(tag::TAGS, one.as_bytes());
    }
}

fn check_result(out: &mut Out, result: &CheckResult<'_>, full: bool) {
    use crate::proto::tags::check_result as tag;
    let (check, found) = (&result.check.value, &result.found);
    out.text(tag::ID, &check.id);
    if full {
        let (measure, threshold) = match check.measure {
            Measure::CatalogueDrugShare(rate) => ("catalogue_drug_share", rate),
            Measure::OwnExpenseShare(rate) => ("own_expense_share", rate),
        };
        let on_breach = match check.on_breach {
            OnBreach::Warn => "warn",
            OnBreach::FacilityBorne => "facility_borne",
        };
        out.text(tag::MEASURE, measure);
        out.decimal(tag::THRESHOLD, |out| threshold.write_to(out));
        out.text(tag::ON_BREACH, on_breach);
    }
    out.flag(tag::MEASURED, found.is_some());
    if full {
        out.money_if_given(tag::PART, found.map(|found| found.part));
        out.money_if_given(tag::WHOLE, found.map(|found| found.whole));
    }
    out.money_if_given(tag::EXCESS, found.map(|found| found.excess));
    out.money(tag::MOVED, result.moved);
    if full {
        source(out, tag::SOURCE, &result.check.source);
    }
}

fn one_warning(out: &mut Out, warning: &Warning, full: bool) {
    use crate::proto::tags::warning as tag;
    let (kind, code) = warning::name(warning);
    out.text(tag::KIND, kind);
    out.text(tag::CODE, code);
    if full {
        let (zh, en) = warning::sentence(warning);
        out.message(tag::SENTENCE, |out| {
            out.text(tags::title::ZH, &zh);
            out.text(tags::title::EN, &en);
        });
    }
}
