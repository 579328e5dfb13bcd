//! From a bill to its five parts: refunds, waivers, overrides, limits and checks. Spec 2.

mod check;
mod refund;

use crate::bill::Bill;
use crate::bill::Charges;
use crate::bill::Class;
use crate::bill::Drugs;
use crate::bill::ItemFacts;
use crate::bill::LINES_MAX;
use crate::bill::Line;
use crate::bill::Part;
use crate::bill::Parts;
use crate::money::Money;
use crate::money::Price;
use crate::refusal::Refusal;
use crate::register::Catalogue;
use crate::rules::entry::Entry;
use crate::rules::pack::Override;
use crate::rules::pack::Waiver;
use crate::rules::when::StepSet;
use crate::settle::classify::refund::Left;
use crate::situation::Situation;
use crate::statement::CheckResult;
use crate::statement::LineReason;
use crate::statement::LineResult;
use crate::statement::Warning;

/// A bill as the waterfall sees it.
pub(super) struct Classified<'p> {
    pub(super) total: Money,
    pub(super) parts: Parts,
    pub(super) lines: Option<Vec<LineResult<'p>>>,
    pub(super) checks: Vec<CheckResult<'p>>,
    pub(super) warnings: Vec<Warning>,
}

/// The charge categories of drugs: 西药, 中药饮片, 中成药 (spec 2.4).
const DRUG_CATEGORIES: [&str; 3] = ["09", "10", "11"];

/// Splits a bill into its five parts and runs the pack's checks.
pub(super) fn classify<'p>(
    situation: &'p Situation<'p>,
    bill: &'p Bill,
    catalogue: &'p Catalogue,
    line_facts: bool,
) -> Result<Classified<'p>, Refusal> {
    let (mut classified, drugs) = match &bill.charges {
        Charges::Totals { parts, drugs } => totals(situation, bill, parts, *drugs)?,
        Charges::Lines(lines) => {
            if !line_facts && let Some(line) = lines.iter().find(|line| line.facts.is_some()) {
                return Err(Refusal::LineFacts { line: line.id.clone() });
            }
            itemised(situation, bill, lines, catalogue)?
        }
    };
    check::run(situation, &mut classified, drugs);
    classified.warnings.sort();
    classified.warnings.dedup();
    Ok(classified)
}

/// A bill that the HIS has classified (spec 2.2).
fn totals<'p>(
    situation: &Situation<'_>,
    bill: &Bill,
    parts: &Parts,
    drugs: Option<Drugs>,
) -> Result<(Classified<'p>, Option<Drugs>), Refusal> {
    let total = parts.total();
    if Money::LIMIT <= total {
        return Err(Refusal::BillTooLarge);
    }
    if let Some(stated) = bill.total
        && stated != total
    {
        return Err(Refusal::TotalsSum { stated, sum: total });
    }
    if let Some(drugs) = drugs {
        let most_of_class_c = drugs.all.min(parts[Part::OwnExpense]);
        if most_of_class_c < drugs.class_c || total < drugs.all {
            return Err(Refusal::Drugs);
        }
    }
    let (parts, drugs) = if bill.noncompliant {
        let none = Drugs { all: Money::ZERO, class_c: Money::ZERO };
        (Parts::of(Part::FacilityBorne, total), drugs.map(|_| none))
    } else {
        (*parts, drugs)
    };
    let (pack, facts) = (situation.pack, &situation.facts);
    let unseen = pack.overrides.iter().any(|entry| entry.when.holds(facts, StepSet::default()))
        || pack.waivers.iter().any(|entry| entry.when.holds(facts, StepSet::default()));
    let warnings = if unseen { vec![Warning::TotalsUnseen] } else { Vec::new() };
    Ok((Classified { total, parts, lines: None, checks: Vec::new(), warnings }, drugs))
}

/// A bill of lines (spec 2.3–2.7).
fn itemised<'p>(
    situation: &'p Situation<'p>,
    bill: &Bill,
    lines: &'p [Line],
    catalogue: &'p Catalogue,
) -> Result<(Classified<'p>, Option<Drugs>), Refusal> {
    if LINES_MAX < lines.len() {
        return Err(Refusal::TooMany { what: "lines".to_owned(), max: LINES_MAX });
    }
    let left = refund::take_back(lines)?;
    let total: Money = left.iter().map(|left| left.amount).sum();
    if Money::LIMIT <= total {
        return Err(Refusal::BillTooLarge);
    }
    if let Some(stated) = bill.total
        && stated != total
    {
        return Err(Refusal::LinesSum { stated, sum: total });
    }
    let rules = Rules::of(situation);
    let mut parts = Parts::default();
    let mut drugs = Drugs { all: Money::ZERO, class_c: Money::ZERO };
    let mut warnings = Vec::new();
    let mut results = Vec::with_capacity(left.len());
    for left in &left {
        let line = left.line;
        let facts = line.facts.as_ref();
        let facts =
            facts.or_else(|| catalogue.facts(&line.code, situation.place, situation.discharged_on));
        if facts.is_none() {
            warnings.push(Warning::NotInCatalogue(line.code.clone()));
        }
        let (reason, of_line) = rules.classify(left, facts, bill.noncompliant);
        if let LineReason::Class { class, .. } = &reason
            && DRUG_CATEGORIES.contains(&line.category.as_str())
        {
            drugs.all += left.amount;
            if *class == Class::C {
                drugs.class_c += left.amount;
            }
        }
        parts += of_line;
        let (id, amount) = (line.id.as_str(), left.amount);
        results.push(LineResult { id, amount, listed: facts, reason, parts: of_line });
    }
    let classified =
        Classified { total, parts, lines: Some(results), checks: Vec::new(), warnings };
    Ok((classified, Some(drugs)))
}

/// The pack's waivers and overrides that hold for this admission.
struct Rules<'p> {
    waivers: Vec<&'p Entry<Waiver>>,
    overrides: Vec<&'p Entry<Override>>,
}

impl<'p> Rules<'p> {
    fn of(situation: &'p Situation<'p>) -> Rules<'p> {
        let (pack, facts) = (situation.pack, &situation.facts);
        let none = StepSet::default();
        Rules {
            waivers: pack.waivers.iter().filter(|one| one.when.holds(facts, none)).collect(),
            overrides: pack.overrides.iter().filter(|one| one.when.holds(facts, none)).collect(),
        }
    }

    /// The first of spec 2.5 a to d that applies.
    fn classify(
        &self,
        left: &Left<'_>,
        facts: Option<&ItemFacts>,
        noncompliant: bool,
    ) -> (LineReason<'p>, Parts) {
        let tags = facts.map_or(&[][..], |facts| facts.tags.as_slice());
        if noncompliant || left.line.noncompliant {
            return (LineReason::NonCompliant, Parts::of(Part::FacilityBorne, left.amount));
        }
        let category = &left.line.category;
        let waives = |entry: &&&Entry<Waiver>| {
            entry.value.categories.contains(category) || bears(tags, &entry.value.tags)
        };
        if let Some(entry) = self.waivers.iter().find(waives) {
            return (LineReason::Waiver(entry), Parts::of(Part::FacilityBorne, left.amount));
        }
        let by = self.overrides.iter().find(|entry| bears(tags, &entry.value.tags)).copied();
        let listed = facts.map_or(Class::C, |facts| facts.class);
        let class = by.map_or(listed, |entry| entry.value.treat_as);
        let limit = facts.and_then(|facts| facts.price_limit);
        let reason = LineReason::Class { class, by };
        (reason, split(left, class, limit))
    }
}

fn bears(tags: &[String], wanted: &[String]) -> bool {
    wanted.iter().any(|tag| tags.contains(tag))
}

/// What of a line is above its limit, first copayment and in scope. Spec 2.5 c and d.
fn split(left: &Left<'_>, class: Class, limit: Option<Price>) -> Parts {
    let mut parts = Parts::default();
    if class == Class::C {
        parts[Part::OwnExpense] = left.amount;
        return parts;
    }
    let over = limit.map_or(Money::ZERO, |limit| {
        left.line.price.above(limit, left.quantity).round2().min(left.amount)
    });
    let rest = left.amount - over;
    let copay = match class {
        Class::B(rate) => (rest * rate).round2(),
        Class::A | Class::C => Money::ZERO,
    };
    parts[Part::OverLimit] = over;
    parts[Part::CopayFirst] = copay;
    parts[Part::InScope] = rest - copay;
    parts
}
