//! Refusals: a closed, numbered list, each with a sentence that says what was wrong, where, and what to do.
//!
//! Numbers are never changed and never used again; they are grouped by hundreds: 1xx the request's form and the registers,
//! 2xx the bill, 3xx policy, 4xx the ledger, 5xx reconciliation. gRPC status and HIS message derive from the kind, in one
//! place each.

mod words;

use crate::calendar::Day;
use crate::calendar::Span;
use crate::money::Money;
use crate::money::NumberError;

/// A language that people at a counter read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Lang {
    /// Chinese.
    Zh,
    /// English.
    En,
}

/// What sort of refusal it is: whoever answers derives a status from it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RefusalKind {
    /// The request itself is wrong, whatever the state.
    Invalid,
    /// It names something that is not there.
    NotFound,
    /// It does not fit the state; another request must come first.
    Precondition,
    /// The same thing was done already.
    Exists,
    /// Something moved meanwhile; ask again.
    Moved,
}

/// A ledger entry, as a caller knows it: what he called it, and its settlement number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EntryName {
    /// Admission id or opening id.
    pub id: String,
    /// Ledger sequence number.
    pub sequence: u64,
}

/// What keeps a visit from being written to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum VisitBar {
    /// Its registration was taken back.
    Cancelled,
    /// It has an effective settlement.
    Settled,
    /// It still has fee lines.
    HasLines,
    /// It has no fee lines that are not settled.
    NoLines,
    /// Its patient is in hospital.
    NotDischarged,
    /// Its patient was discharged.
    Discharged,
    /// It is the same stay, registered before.
    Open,
}

/// Why a request is refused. Nothing was written.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Refusal {
    /// A field of the request cannot be read.
    Malformed {
        /// Which field.
        field: String,
        /// What it should be, in English and Chinese.
        want: (&'static str, &'static str),
    },
    /// A number cannot be read. Spec 1.1, 1.2.
    Number {
        /// Which field.
        field: String,
        /// What stood there.
        text: String,
        /// Why not.
        why: NumberError,
    },
    /// More of something than one request may have.
    TooMany {
        /// Of what.
        what: String,
        /// The most.
        max: usize,
    },
    /// A span of a register ends before it begins.
    SpanOrder {
        /// Where.
        place: String,
        /// The span.
        span: Span,
    },
    /// Spans of a register meet where only one can hold. Spec 3.1.
    SpansMeet {
        /// Where.
        place: String,
        /// One of them.
        first: Span,
        /// The other.
        second: Span,
    },
    /// A class B item without a first-copay rate, or another class with one. Spec 2.4.
    FirstCopay {
        /// The item's code.
        code: String,
    },
    /// The person register does not hold this person.
    UnknownPerson,
    /// The facility register does not hold this facility.
    UnknownFacility {
        /// Its code.
        facility: String,
    },
    /// Discharge before admission. Spec 3.11.
    Dates {
        /// Admission.
        admitted_on: Day,
        /// Discharge.
        discharged_on: Day,
    },
    /// Work-injury care: the work-injury fund pays, not this chain.
    WorkInjury,
    /// The person is not insured on the discharge date. Spec 3.1.
    NotInsured {
        /// The discharge date.
        on: Day,
    },
    /// No pack governs. Spec 3.1.
    NoPack {
        /// The insured place.
        place: String,
        /// The insurance type.
        insutype: String,
        /// The discharge date.
        on: Day,
    },
    /// The facility is not designated on the discharge date. Spec 3.1.
    NotDesignated {
        /// Its code.
        facility: String,
        /// The discharge date.
        on: Day,
    },
    /// The parts do not sum to the stated total. Spec 2.2.
    TotalsSum {
        /// As stated.
        stated: Money,
        /// The sum.
        sum: Money,
    },
    /// The lines do not sum to the stated total. Spec 2.3.
    LinesSum {
        /// As stated.
        stated: Money,
        /// The sum.
        sum: Money,
    },
    /// The bill's sum reaches 10^10. Spec 1.1.
    BillTooLarge,
    /// What a bill of totals says of drugs cannot be. Packs 7.
    Drugs,
    /// A line without an id, or with one that another line has. Spec 2.3.
    LineId {
        /// Its place in the bill, from 1.
        position: usize,
        /// The id.
        line: String,
    },
    /// Amount and quantity × unit price differ by a fen or more. Spec 2.3.
    LineAmount {
        /// The line.
        line: String,
        /// What it charges.
        amount: Money,
    },
    /// A line carries catalogue facts of its own, which this server does not allow. Spec 2.4.
    LineFacts {
        /// The line.
        line: String,
    },
    /// A refund line does not fit the line that it takes back. Spec 2.7.
    RefundLine {
        /// The line.
        line: String,
        /// Why, in English and Chinese.
        why: (&'static str, &'static str),
    },
    /// More from the personal account than the patient owes. Spec 7.1.
    AccountPay {
        /// What was to be paid from the account.
        account_pay: Money,
        /// What the patient owes.
        patient_pay: Money,
    },
    /// An opening balance names a pack family that is not there. Spec 8.3.
    UnknownFamily {
        /// The family.
        family: String,
    },
    /// An opening balance names an insurance type that the family does not have. Spec 8.3.
    FamilyType {
        /// The family.
        family: String,
        /// The type.
        insutype: String,
    },
    /// An opening balance names a step that the family does not have. Spec 8.3.
    UnknownStep {
        /// The family.
        family: String,
        /// The step.
        step: String,
    },
    /// The request id was used for something else. Spec 9.3.
    RequestIdReused {
        /// A field that differs.
        field: String,
    },
    /// The admission has an effective settlement. Spec 9.4.
    AlreadySettled {
        /// That settlement.
        settlement: EntryName,
    },
    /// An opening balance with this reference is loaded. Spec 8.3.
    AlreadyLoaded {
        /// That opening balance.
        opening: EntryName,
    },
    /// What was expected does not hold any more. Spec 9.2.
    Moved {
        /// What the patient would pay now.
        patient_pay: Money,
        /// The accumulators' version now.
        version: u64,
        /// Entries since the expected version, latest first.
        since: Vec<EntryName>,
    },
    /// Other writers were faster too often; nothing was written.
    Busy,
    /// There is nothing to undo or to show under this name. Spec 9.5.
    UnknownEntry {
        /// The name.
        name: String,
    },
    /// It was reversed before. Spec 9.5.
    AlreadyReversed {
        /// It.
        entry: EntryName,
    },
    /// Later entries stand. Spec 9.5.
    LaterStand {
        /// Them, latest first.
        later: Vec<EntryName>,
    },
    /// The result of a reconciliation is signed off.
    AlreadySigned {
        /// The result's number.
        number: u64,
    },
    /// The month is not over.
    MonthOpen {
        /// The month.
        month: String,
    },
    /// The statement of this month is closed.
    AlreadyClosed {
        /// The statement's number.
        number: u64,
    },
    /// Several persons of the register have this number of an identity document.
    ManyPersons,
    /// The facility keeps no visit under this id here.
    UnknownVisit {
        /// The id.
        visit: String,
    },
    /// The visit is not in the state that this needs.
    VisitBarred {
        /// Its id.
        visit: String,
        /// What is in the way.
        bar: VisitBar,
    },
    /// The visit has a fee line of this id with other content.
    LineTaken {
        /// Its id.
        line: String,
    },
    /// The visit has no such fee line.
    UnknownLine {
        /// Its id.
        line: String,
    },
    /// The fee line cannot be taken back: it is settled, or a refund line stands upon it.
    LineHeld {
        /// Its id.
        line: String,
    },
    /// The request id was taken back before the request arrived.
    RequestCancelled,
}

impl Refusal {
    /// The number that callers program against. Never changed, never used again.
    pub fn code(&self) -> u16 {
        self.terms().0
    }

    /// The name of the number, for logs and metrics.
    pub fn name(&self) -> &'static str {
        self.terms().1
    }

    /// What sort of refusal it is.
    pub fn kind(&self) -> RefusalKind {
        self.terms().2
    }

    fn terms(&self) -> (u16, &'static str, RefusalKind) {
        use RefusalKind::Exists;
        use RefusalKind::Invalid;
        use RefusalKind::Moved;
        use RefusalKind::NotFound;
        use RefusalKind::Precondition;
        match self {
            Refusal::Malformed { .. } => (101, "malformed", Invalid),
            Refusal::Number { .. } => (102, "number", Invalid),
            Refusal::TooMany { .. } => (103, "too-many", Invalid),
            Refusal::SpanOrder { .. } => (104, "span-order", Invalid),
            Refusal::SpansMeet { .. } => (105, "spans-meet", Invalid),
            Refusal::FirstCopay { .. } => (106, "first-copay", Invalid),
            Refusal::UnknownPerson => (107, "unknown-person", NotFound),
            Refusal::UnknownFacility { .. } => (108, "unknown-facility", NotFound),
            Refusal::Dates { .. } => (109, "dates", Invalid),
            Refusal::WorkInjury => (110, "work-injury", Precondition),
            Refusal::NotInsured { .. } => (111, "not-insured", Precondition),
            Refusal::NotDesignated { .. } => (112, "not-designated", Precondition),
            Refusal::TotalsSum { .. } => (201, "totals-sum", Invalid),
            Refusal::LinesSum { .. } => (202, "lines-sum", Invalid),
            Refusal::BillTooLarge => (203, "bill-too-large", Invalid),
            Refusal::Drugs => (204, "drugs", Invalid),
            Refusal::LineId { .. } => (205, "line-id", Invalid),
            Refusal::LineAmount { .. } => (206, "line-amount", Invalid),
            Refusal::LineFacts { .. } => (207, "line-facts", Invalid),
            Refusal::RefundLine { .. } => (208, "refund-line", Invalid),
            Refusal::AccountPay { .. } => (209, "account-pay", Invalid),
            Refusal::NoPack { .. } => (301, "no-pack", Precondition),
            Refusal::UnknownFamily { .. } => (302, "unknown-family", NotFound),
            Refusal::FamilyType { .. } => (303, "family-type", Invalid),
            Refusal::UnknownStep { .. } => (304, "unknown-step", NotFound),
            Refusal::RequestIdReused { .. } => (401, "request-id-reused", Exists),
            Refusal::AlreadySettled { .. } => (402, "already-settled", Exists),
            Refusal::AlreadyLoaded { .. } => (403, "already-loaded", Exists),
            Refusal::Moved { .. } => (404, "moved", Moved),
            Refusal::Busy => (405, "busy", Moved),
            Refusal::UnknownEntry { .. } => (406, "unknown-entry", NotFound),
            Refusal::AlreadyReversed { .. } => (407, "already-reversed", Exists),
            Refusal::LaterStand { .. } => (408, "later-stand", Precondition),
            Refusal::AlreadySigned { .. } => (501, "already-signed", Exists),
            Refusal::MonthOpen { .. } => (502, "month-open", Precondition),
            Refusal::AlreadyClosed { .. } => (503, "already-closed", Exists),
            Refusal::ManyPersons => (121, "many-persons", Precondition),
            Refusal::UnknownVisit { .. } => (421, "unknown-visit", NotFound),
            Refusal::VisitBarred { .. } => (422, "visit-barred", Precondition),
            Refusal::LineTaken { .. } => (423, "line-taken", Exists),
            Refusal::UnknownLine { .. } => (424, "unknown-line", NotFound),
            Refusal::LineHeld { .. } => (425, "line-held", Precondition),
            Refusal::RequestCancelled => (426, "request-cancelled", Exists),
        }
    }
}
