//! One of each refusal. A new one does not compile until it has its place here.

use onestop::calendar::Day;
use onestop::calendar::Span;
use onestop::money::Money;
use onestop::money::NumberError;
use onestop::refusal::EntryName;
use onestop::refusal::Refusal;
use onestop::refusal::VisitBar;

const WHY: (&str, &str) = ("why", "原因");

/// All of them, one after another.
pub(super) fn refusals() -> impl Iterator<Item = Refusal> {
    std::iter::successors(Some(Refusal::Malformed { field: text(), want: WHY }), next)
}

fn text() -> String {
    "x".to_owned()
}

fn span() -> Span {
    Span { from: Day::FIRST, to: None }
}

fn entry() -> EntryName {
    EntryName { id: text(), sequence: 7 }
}

/// The one behind it.
#[allow(clippy::too_many_lines, reason = "one closed list")]
fn next(refusal: &Refusal) -> Option<Refusal> {
    let (on, zero) = (Day::FIRST, Money::ZERO);
    Some(match refusal {
        Refusal::Malformed { .. } => {
            Refusal::Number { field: text(), text: text(), why: NumberError::Negative }
        }
        Refusal::Number { .. } => Refusal::TooMany { what: text(), max: 1 },
        Refusal::TooMany { .. } => Refusal::SpanOrder { place: text(), span: span() },
        Refusal::SpanOrder { .. } => {
            Refusal::SpansMeet { place: text(), first: span(), second: span() }
        }
        Refusal::SpansMeet { .. } => Refusal::FirstCopay { code: text() },
        Refusal::FirstCopay { .. } => Refusal::UnknownPerson,
        Refusal::UnknownPerson => Refusal::UnknownFacility { facility: text() },
        Refusal::UnknownFacility { .. } => Refusal::Dates { admitted_on: on, discharged_on: on },
        Refusal::Dates { .. } => Refusal::WorkInjury,
        Refusal::WorkInjury => Refusal::NotInsured { on },
        Refusal::NotInsured { .. } => Refusal::NoPack { place: text(), insutype: text(), on },
        Refusal::NoPack { .. } => Refusal::NotDesignated { facility: text(), on },
        Refusal::NotDesignated { .. } => Refusal::TotalsSum { stated: zero, sum: zero },
        Refusal::TotalsSum { .. } => Refusal::LinesSum { stated: zero, sum: zero },
        Refusal::LinesSum { .. } => Refusal::BillTooLarge,
        Refusal::BillTooLarge => Refusal::Drugs,
        Refusal::Drugs => Refusal::LineId { position: 1, line: text() },
        Refusal::LineId { .. } => Refusal::LineAmount { line: text(), amount: zero },
        Refusal::LineAmount { .. } => Refusal::LineFacts { line: text() },
        Refusal::LineFacts { .. } => Refusal::RefundLine { line: text(), why: WHY },
        Refusal::RefundLine { .. } => Refusal::AccountPay { account_pay: zero, patient_pay: zero },
        Refusal::AccountPay { .. } => Refusal::UnknownFamily { family: text() },
        Refusal::UnknownFamily { .. } => Refusal::FamilyType { family: text(), insutype: text() },
        Refusal::FamilyType { .. } => Refusal::UnknownStep { family: text(), step: text() },
        Refusal::UnknownStep { .. } => Refusal::RequestIdReused { field: text() },
        Refusal::RequestIdReused { .. } => Refusal::AlreadySettled { settlement: entry() },
        Refusal::AlreadySettled { .. } => Refusal::AlreadyLoaded { opening: entry() },
        Refusal::AlreadyLoaded { .. } => {
            Refusal::Moved { patient_pay: zero, version: 1, since: vec![entry()] }
        }
        Refusal::Moved { .. } => Refusal::Busy,
        Refusal::Busy => Refusal::UnknownEntry { name: text() },
        Refusal::UnknownEntry { .. } => Refusal::AlreadyReversed { entry: entry() },
        Refusal::AlreadyReversed { .. } => Refusal::LaterStand { later: vec![entry()] },
        Refusal::LaterStand { .. } => Refusal::ManyPersons,
        Refusal::ManyPersons => Refusal::UnknownVisit { visit: text() },
        Refusal::UnknownVisit { .. } => {
            Refusal::VisitBarred { visit: text(), bar: VisitBar::Settled }
        }
        Refusal::VisitBarred { .. } => Refusal::LineTaken { line: text() },
        Refusal::LineTaken { .. } => Refusal::UnknownLine { line: text() },
        Refusal::UnknownLine { .. } => Refusal::LineHeld { line: text() },
        Refusal::LineHeld { .. } => Refusal::RequestCancelled,
        Refusal::RequestCancelled => Refusal::AlreadySigned { number: 7 },
        Refusal::AlreadySigned { .. } => Refusal::MonthOpen { month: text() },
        Refusal::MonthOpen { .. } => Refusal::AlreadyClosed { number: 7 },
        Refusal::AlreadyClosed { .. } => return None,
    })
}
