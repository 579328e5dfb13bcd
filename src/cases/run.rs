//! Runs worked cases and compares, exact to the fen.

use crate::cases::Case;
use crate::cases::Difference;
use crate::cases::Disagreement;
use crate::cases::Failed;
use crate::cases::FamilyReport;
use crate::cases::Given;
use crate::cases::Report;
use crate::cases::coverage::Coverage;
use crate::money::Money;
use crate::refusal::Refusal;
use crate::register::Catalogue;
use crate::rules::RuleBook;
use crate::rules::pack::ChainBy;
use crate::rules::pack::Kind;
use crate::rules::pack::Pack;
use crate::rules::pack::Step;
use crate::settle::Terms;
use crate::settle::settle;
use crate::situation::Situation;
use crate::situation::situation;
use crate::statement::Basis;
use crate::statement::Statement;
use crate::statement::StepResult;
use crate::wire::to_bytes;
use crate::wire::to_bytes::Detail;

use std::borrow::Cow;
use std::collections::BTreeMap;

const STEP: (&str, &str) = ("step", "步骤");
const IDENTITY: (&str, &str) = ("identity", "身份");
const CHECK: (&str, &str) = ("check, or it does not hold", "检查（或其不适用）");
const FLOOR: (&str, &str) = ("floor step, or it did not run", "兜底步骤（或其未运行）");
const CHAIN: (&str, &str) = ("chain", "连续计算链");
const FINANCING: (&str, &str) =
    ("financing, or the step did not run", "筹资分担（或其步骤未运行）");

/// Case lines carry their own catalogue facts.
const TERMS: Terms = Terms { account_pay: Money::ZERO, deposit: Money::ZERO, line_facts: true };

/// Runs all cases on the packs of a book.
pub fn run(book: &RuleBook, cases: &[Case]) -> Report {
    let mut coverage = Coverage::default();
    let mut families: BTreeMap<&str, FamilyReport> = BTreeMap::new();
    let ids = book.packs().iter().map(|pack| pack.id.as_str());
    for id in ids.chain(cases.iter().map(|case| case.family.as_str())) {
        let none = || FamilyReport { id: id.to_owned(), cases: 0, failures: 0 };
        families.entry(id).or_insert_with(none);
    }
    let mut failed = Vec::new();
    for case in cases {
        let failure = run_one(book, case, &mut coverage);
        if let Some(family) = families.get_mut(case.family.as_str()) {
            family.cases += 1;
            family.failures += usize::from(failure.is_some());
        }
        failed.extend(failure);
    }
    let unchecked = book.files().filter(|(_, pack)| pack.checked_on.is_none());
    Report {
        families: families.into_values().collect(),
        failed,
        unchecked: unchecked.map(|(path, _)| path.to_owned()).collect(),
        unreached: coverage.unreached(book),
    }
}

fn run_one(book: &RuleBook, case: &Case, coverage: &mut Coverage) -> Option<Failed> {
    let failed = |differences: Vec<Difference>, trace| {
        let differs = !differences.is_empty();
        differs.then(|| Failed {
            family: case.family.clone(),
            path: case.path.clone(),
            name: case.name.clone(),
            from: case.from.clone(),
            differences,
            trace,
        })
    };
    let refused = |refusal: Refusal| {
        failed(vec![difference("admission", Disagreement::Refused { refusal })], None)
    };
    let given = &case.given;
    let found = situation(book, &given.person, Some(&given.facility), &given.admission);
    let situation = match found {
        Ok(situation) => situation.at(&given.year),
        Err(refusal) => return refused(refusal),
    };
    let governing = situation.pack;
    if governing.id != case.family {
        let governs = governing.id.clone();
        return failed(vec![difference("person", Disagreement::OtherFamily { governs })], None);
    }
    let misnamed = misnamed(book, governing, case);
    if !misnamed.is_empty() {
        return failed(misnamed, None);
    }
    let pack = switched_on(governing, &given.switch_on);
    let situation = Situation { pack: &pack, ..situation };
    match settle(&situation, &given.bill, &Catalogue::default(), &given.year, TERMS) {
        Ok(statement) => {
            coverage.reach(governing, &statement);
            let differences = compare(case, &statement);
            let trace = || {
                let admitted_on = given.admission.admitted_on;
                let written =
                    to_bytes::statement(&statement, &situation, admitted_on, Detail::Full);
                to_bytes::read(&written).ok().map(Box::new)
            };
            let trace = if differences.is_empty() { None } else { trace() };
            failed(differences, trace)
        }
        Err(refusal) => refused(refusal),
    }
}

fn difference(place: &str, problem: Disagreement) -> Difference {
    Difference { place: place.to_owned(), step: None, problem }
}

/// The pack with closed steps opened.
fn switched_on<'p>(pack: &'p Pack, steps: &[String]) -> Cow<'p, Pack> {
    if steps.is_empty() {
        return Cow::Borrowed(pack);
    }
    let mut pack = pack.clone();
    for step in pack.steps.iter_mut().filter(|step| steps.contains(&step.id)) {
        step.enabled = true;
    }
    Cow::Owned(pack)
}

/// Names in a case that its pack does not have: what they stand for would silently not be looked at.
fn misnamed(book: &RuleBook, pack: &Pack, case: &Case) -> Vec<Difference> {
    let Given { switch_on, person, year, .. } = &case.given;
    let mut found = Vec::new();
    let mut report = |place: String, problem: Disagreement| found.push(difference(&place, problem));
    let unknown = |what| Disagreement::Unknown { what };
    for id in switch_on {
        match pack.step(id) {
            Some(step) if step.enabled => report(format!("switch_on.{id}"), Disagreement::IsOn),
            Some(_) => {}
            None => report(format!("switch_on.{id}"), unknown(STEP)),
        }
    }
    for held in &person.identities {
        if pack.identities.iter().all(|one| one.key != held.identity) {
            report(format!("person.identities.{}", held.identity), unknown(IDENTITY));
        }
    }
    for id in case.expected.pays.keys().filter(|id| pack.step(id).is_none()) {
        report(format!("pays.{id}"), unknown(STEP));
    }
    // The year may have what an earlier file of the family has paid.
    let of_family = |id: &str| book.family(&pack.id).filter_map(|one| one.step(id)).next();
    for id in year.sums.steps.keys().filter(|id| of_family(id).is_none()) {
        report(format!("year.steps.{id}"), unknown(STEP));
    }
    for (id, chains) in &year.sums.chains {
        let steps = || book.family(&pack.id).filter_map(|one| one.step(id));
        if of_family(id).is_none() {
            report(format!("year.chains.{id}"), unknown(STEP));
        }
        for name in chains.keys().filter(|name| !steps().any(|step| has_chain(step, name))) {
            report(format!("year.chains.{id}.{name}"), unknown(CHAIN));
        }
    }
    found
}

/// Whether a step can record a chain of this name.
fn has_chain(step: &Step, name: &str) -> bool {
    let Kind::Share(share) = &step.kind else { return false };
    share.chain.iter().any(|entry| match &entry.value {
        ChainBy::Episode => name.starts_with("episode:"),
        ChainBy::Diagnosis(prefixes) => name == format!("diagnosis:{}", prefixes.join(",")),
    })
}

/// All in which a statement is not what the case expects.
fn compare(case: &Case, statement: &Statement<'_>) -> Vec<Difference> {
    let expected = &case.expected;
    let mut found = Vec::new();
    if !statement.balances() {
        found.push(difference("bill", Disagreement::Unbalanced));
    }
    for result in &statement.steps {
        let id = &result.step.id;
        let want = expected.pays.get(id).copied().unwrap_or_default();
        found.extend(value(format!("pays.{id}"), Some(result), want, result.payment()));
    }
    // A step that is closed pays nothing, whatever the case says of it.
    let runs = |id: &str| statement.steps.iter().any(|result| result.step.id == id);
    for (id, want) in expected.pays.iter().filter(|(id, _)| !runs(id)) {
        found.extend(value(format!("pays.{id}"), None, *want, Money::ZERO));
    }
    let (want, got) = (expected.patient_pay, statement.patient_pay);
    found.extend(value("expects.patient_pay".to_owned(), None, want, got));
    if let Some(want) = expected.facility_borne {
        let got = statement.summary.facility_borne;
        found.extend(value("expects.facility_borne".to_owned(), None, want, got));
    }
    if let Some(want) = expected.parts {
        for part in crate::bill::Part::ALL {
            let place = format!("expects.parts.{}", part.name());
            found.extend(value(place, None, want[part], statement.parts[part]));
        }
    }
    if let Some(want) = expected.deposit_exempt {
        let got = statement.deposit_exempt.is_some();
        found.extend(value("expects.deposit_exempt".to_owned(), None, want, got));
    }
    compare_steps(case, statement, &mut found);
    for (id, want) in &expected.excess {
        let place = format!("expects.excess.{id}");
        let check = statement.checks.iter().find(|result| result.check.value.id == *id);
        match check.and_then(|result| result.found) {
            Some(measured) => found.extend(value(place, None, *want, measured.excess)),
            None => found.push(difference(&place, Disagreement::Unknown { what: CHECK })),
        }
    }
    found
}

/// Financing and shortfalls.
fn compare_steps(case: &Case, statement: &Statement<'_>, found: &mut Vec<Difference>) {
    let step = |id: &str| statement.steps.iter().find(|result| result.step.id == id);
    for (id, pieces) in &case.expected.financing {
        let place = format!("expects.financing.{id}");
        let Some(result) = step(id).filter(|one| one.run.is_some()) else {
            found.push(difference(&place, Disagreement::Unknown { what: FINANCING }));
            continue;
        };
        let got = result.financing().map(|(one, amount)| (one.from.as_str(), amount));
        let got: BTreeMap<&str, Money> = got.collect();
        let named = got.keys().copied().chain(pieces.keys().map(String::as_str));
        let named: std::collections::BTreeSet<&str> = named.collect();
        for from in named {
            let want = pieces.get(from).copied().unwrap_or_default();
            let got = got.get(from).copied().unwrap_or_default();
            found.extend(value(format!("{place}.{from}"), Some(result), want, got));
        }
    }
    for (id, want) in &case.expected.shortfall {
        let place = format!("expects.shortfall.{id}");
        let basis = step(id).and_then(|one| Some((one, &one.run.as_ref()?.basis)));
        let shortfall = match basis {
            Some((result, Basis::Floor(trace))) => trace.shortfall.map(|got| (result, got)),
            Some((_, Basis::Share(_))) | None => None,
        };
        match shortfall {
            Some((result, got)) => found.extend(value(place, Some(result), *want, got)),
            None => found.push(difference(&place, Disagreement::Unknown { what: FLOOR })),
        }
    }
}

/// A difference, if these are not the same.
fn value<T: PartialEq + ToString>(
    place: String,
    step: Option<&StepResult<'_>>,
    expected: T,
    got: T,
) -> Option<Difference> {
    (expected != got).then(|| Difference {
        place,
        step: step.map(|result| result.step.title.clone()),
        problem: Disagreement::Value { expected: expected.to_string(), got: got.to_string() },
    })
}
