//! A difference between two lists: its class, its rows, and the fields that differ.

use crate::money::Money;
use crate::reconcile::book::Book;
use crate::reconcile::book::RowView;
use crate::reconcile::cause::Cause;

/// What sort of difference it is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// The hospital has it, the ledger does not (中心缺).
    MissingInLedger,
    /// The ledger has it, the hospital does not (医院缺).
    MissingAtHospital,
    /// Both have it, with other amounts (金额不符).
    AmountDiffers,
    /// Both have it, and only one has its reversal (单边撤销).
    ReversedOnOneSide,
    /// The hospital lists it more than once (重复).
    CountedTwice,
    /// The ledger has it outside the period, or the hospital says another day (期间不符).
    WrongPeriod,
    /// The ledger has it under another insurance type or clearing type (险种或清算类别不符).
    WrongType,
    /// Both have it, for different persons (人员不符).
    WrongPerson,
    /// Both have it, under different numbers (编号不符).
    DifferentReference,
}

impl Class {
    /// All of them, as they are counted and shown.
    pub const ALL: [Class; 9] = [
        Class::MissingInLedger,
        Class::MissingAtHospital,
        Class::AmountDiffers,
        Class::ReversedOnOneSide,
        Class::CountedTwice,
        Class::WrongPeriod,
        Class::WrongType,
        Class::WrongPerson,
        Class::DifferentReference,
    ];

    /// The name in answers and exports.
    pub fn name(self) -> &'static str {
        match self {
            Class::MissingInLedger => "missing_in_ledger",
            Class::MissingAtHospital => "missing_at_hospital",
            Class::AmountDiffers => "amount_differs",
            Class::ReversedOnOneSide => "reversed_on_one_side",
            Class::CountedTwice => "counted_twice",
            Class::WrongPeriod => "wrong_period",
            Class::WrongType => "wrong_type",
            Class::WrongPerson => "wrong_person",
            Class::DifferentReference => "different_reference",
        }
    }

    /// Takes a name.
    pub fn parse(name: &str) -> Option<Class> {
        Class::ALL.into_iter().find(|class| class.name() == name)
    }
}

/// One difference. Rows are places in the two lists.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Difference {
    /// What sort it is.
    pub class: Class,
    /// Why, where the ledger shows it.
    pub cause: Option<Cause>,
    /// The hospital's row. Of a settlement listed again, the later one.
    pub hospital: Option<u32>,
    /// The ledger's row. Of a settlement listed again, the one that it repeats, where the ledger has it.
    pub ledger: Option<u32>,
}

/// A field of a row.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Field {
    /// The bill.
    Total,
    /// What the funds paid.
    Fund,
    /// From the personal account.
    Account,
    /// In cash.
    Cash,
    /// The patient.
    Person,
    /// The number at the centre.
    Reference,
    /// The admission.
    Admission,
    /// The day of settlement.
    Day,
}

impl Field {
    /// Its name in the national interface.
    pub fn name(self) -> &'static str {
        match self {
            Field::Total => "medfee_sumamt",
            Field::Fund => "fund_pay_sumamt",
            Field::Account => "acct_pay",
            Field::Cash => "psn_cash_pay",
            Field::Person => "psn_no",
            Field::Reference => "setl_id",
            Field::Admission => "mdtrt_id",
            Field::Day => "setl_time",
        }
    }
}

/// A field that differs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FieldDifference {
    /// Which.
    pub field: Field,
    /// What the hospital says.
    pub hospital: String,
    /// What the ledger says.
    pub ledger: String,
    /// The hospital's amount less the ledger's.
    pub by: Option<Money>,
}

impl Difference {
    /// The fields that differ, if both lists have the row.
    pub fn fields(&self, hospital: &Book, ledger: &Book) -> Vec<FieldDifference> {
        match (self.hospital, self.ledger) {
            (Some(one), Some(other)) if self.class != Class::CountedTwice => {
                fields(&hospital.row(one), &ledger.row(other))
            }
            _ => Vec::new(),
        }
    }
}

fn fields(hospital: &RowView<'_>, ledger: &RowView<'_>) -> Vec<FieldDifference> {
    let mut differ = Vec::new();
    for (field, one, other) in amounts(hospital, ledger) {
        if one != other {
            let by = Some(one - other);
            let (hospital, ledger) = (one.to_string(), other.to_string());
            differ.push(FieldDifference { field, hospital, ledger, by });
        }
    }
    let mut text = |field, one: &str, other: &str| {
        if one != other {
            let (hospital, ledger) = (one.to_owned(), other.to_owned());
            differ.push(FieldDifference { field, hospital, ledger, by: None });
        }
    };
    if person_differs(hospital, ledger) {
        text(Field::Person, hospital.person(), ledger.person());
    }
    if reference_differs(hospital, ledger) {
        text(Field::Reference, hospital.reference(), ledger.reference());
    }
    if admission_differs(hospital, ledger) {
        text(Field::Admission, hospital.admission(), ledger.admission());
    }
    if let Some((one, other)) = hospital.day().zip(ledger.day()) {
        text(Field::Day, &one.to_string(), &other.to_string());
    }
    differ
}

/// The amounts that both lists say.
pub(super) fn amounts(
    hospital: &RowView<'_>,
    ledger: &RowView<'_>,
) -> impl Iterator<Item = (Field, Money, Money)> {
    let cash = hospital.cash().zip(ledger.cash());
    [
        (Field::Total, hospital.total(), ledger.total()),
        (Field::Fund, hospital.fund(), ledger.fund()),
        (Field::Account, hospital.account(), ledger.account()),
    ]
    .into_iter()
    .chain(cash.map(|(one, other)| (Field::Cash, one, other)))
}

/// Two persons; a list that does not say one does not differ.
pub(super) fn person_differs(hospital: &RowView<'_>, ledger: &RowView<'_>) -> bool {
    let (one, other) = (hospital.person(), ledger.person());
    one != other && !one.is_empty() && !other.is_empty()
}

/// Two numbers; a refund may be listed under that of what it undoes.
pub(super) fn reference_differs(hospital: &RowView<'_>, ledger: &RowView<'_>) -> bool {
    let (one, other) = (hospital.reference(), ledger.reference());
    one != other && (ledger.undoes().is_empty() || one != ledger.undoes())
}

/// Two admissions; a list that does not say one does not differ.
pub(super) fn admission_differs(hospital: &RowView<'_>, ledger: &RowView<'_>) -> bool {
    let (one, other) = (hospital.admission(), ledger.admission());
    one != other && !one.is_empty() && !other.is_empty()
}
