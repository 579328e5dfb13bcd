//! A list of settlements as compact rows: texts lie behind each other in one buffer, amounts are whole fen.

use crate::calendar::Day;
use crate::money::Money;

/// Most rows of a list.
pub(super) const ROWS_MAX: usize = 50_000_000;

/// A row as it is put in: a settlement, or its refund.
#[derive(Debug, Clone, Copy, Default)]
pub struct Settled<'a> {
    /// Its number at the centre `setl_id`; empty where the hospital does not know it.
    pub reference: &'a str,
    /// Of a refund in the ledger: the number of what it undoes, under which some hospitals list it too.
    pub undoes: &'a str,
    /// Its admission `mdtrt_id`; may be empty.
    pub admission: &'a str,
    /// The patient `psn_no`; may be empty.
    pub person: &'a str,
    /// Whether this is a refund `refd_setl_flag`. Its amounts count with a minus, however they are written.
    pub is_refund: bool,
    /// The bill `medfee_sumamt`.
    pub total: Money,
    /// What the funds paid `fund_pay_sumamt`.
    pub fund: Money,
    /// From the personal account `acct_pay`.
    pub account: Money,
    /// In cash `psn_cash_pay`, where the list says.
    pub cash: Option<Money>,
    /// The day on which it was settled `setl_time`, where the list says.
    pub day: Option<Day>,
    /// Where a row of the ledger lies, unless it is one of those that are reconciled.
    pub outside: Option<Outside>,
    /// The line of the file that it stands on; 0 where it comes from none.
    pub line: u32,
}

/// Why a row of the ledger is not one of those that are reconciled.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Outside {
    /// Settled before the first day.
    Before,
    /// Settled after the last day.
    After,
    /// Of another insurance type or clearing type.
    OtherType,
}

/// Why a row cannot be put into a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum BookError {
    /// More rows, or longer texts, than a list can hold.
    #[error("the list has too many rows; reconcile a shorter period")]
    Full,
    /// An amount that no settlement has.
    #[error("an amount of the row is out of range")]
    Amount,
}

impl BookError {
    /// The same in Chinese.
    pub fn zh(self) -> &'static str {
        match self {
            BookError::Full => "行数过多;请缩短对账期间",
            BookError::Amount => "金额超出允许范围",
        }
    }
}

#[derive(Debug, Clone, Copy)]
struct Text {
    start: u32,
    bytes: u16,
}

#[derive(Debug, Clone, Copy)]
struct Row {
    total: i64,
    fund: i64,
    account: i64,
    cash: Option<i64>,
    reference: Text,
    undoes: Text,
    admission: Text,
    person: Text,
    day: Option<Day>,
    line: u32,
    outside: Option<Outside>,
    is_refund: bool,
}

/// A list of settlements.
#[derive(Debug, Default)]
pub struct Book {
    texts: String,
    rows: Vec<Row>,
}

impl Book {
    /// An empty list.
    pub fn new() -> Book {
        Book::default()
    }

    /// Puts a row behind the others.
    pub fn push(&mut self, settled: &Settled<'_>) -> Result<(), BookError> {
        if ROWS_MAX <= self.rows.len() {
            return Err(BookError::Full);
        }
        let fen = |money: Money| {
            let fen = i64::try_from(money.fen()).map_err(|_| BookError::Amount)?;
            Ok(if settled.is_refund { -fen.abs() } else { fen })
        };
        let row = Row {
            total: fen(settled.total)?,
            fund: fen(settled.fund)?,
            account: fen(settled.account)?,
            cash: settled.cash.map(fen).transpose()?,
            reference: self.keep(settled.reference)?,
            undoes: self.keep(settled.undoes)?,
            admission: self.keep(settled.admission)?,
            person: self.keep(settled.person)?,
            day: settled.day,
            line: settled.line,
            outside: settled.outside,
            is_refund: settled.is_refund,
        };
        self.rows.push(row);
        Ok(())
    }

    fn keep(&mut self, text: &str) -> Result<Text, BookError> {
        let start = u32::try_from(self.texts.len()).map_err(|_| BookError::Full)?;
        let bytes = u16::try_from(text.len()).map_err(|_| BookError::Full)?;
        self.texts.push_str(text);
        Ok(Text { start, bytes })
    }

    /// How many rows there are.
    pub fn len(&self) -> usize {
        self.rows.len()
    }

    /// Whether there is none.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// A row by its place; an empty one beyond the last.
    pub fn row(&self, index: u32) -> RowView<'_> {
        let row = usize::try_from(index).ok().and_then(|index| self.rows.get(index));
        RowView { texts: &self.texts, row: row.unwrap_or(&NO_ROW) }
    }

    /// All rows, in order, with their places.
    pub fn rows(&self) -> impl Iterator<Item = (u32, RowView<'_>)> {
        (0..).zip(self.rows.iter().map(|row| RowView { texts: &self.texts, row }))
    }
}

const NO_TEXT: Text = Text { start: 0, bytes: 0 };
const NO_ROW: Row = Row {
    total: 0,
    fund: 0,
    account: 0,
    cash: None,
    reference: NO_TEXT,
    undoes: NO_TEXT,
    admission: NO_TEXT,
    person: NO_TEXT,
    day: None,
    line: 0,
    outside: None,
    is_refund: false,
};

/// A row of a list.
#[derive(Debug, Clone, Copy)]
pub struct RowView<'b> {
    texts: &'b str,
    row: &'b Row,
}

impl<'b> RowView<'b> {
    fn text(&self, text: Text) -> &'b str {
        let start = usize::try_from(text.start).unwrap_or_default();
        self.texts.get(start..start + usize::from(text.bytes)).unwrap_or_default()
    }

    /// Its number at the centre.
    pub fn reference(&self) -> &'b str {
        self.text(self.row.reference)
    }

    /// Of a refund: the number of what it undoes.
    pub fn undoes(&self) -> &'b str {
        self.text(self.row.undoes)
    }

    /// Its admission.
    pub fn admission(&self) -> &'b str {
        self.text(self.row.admission)
    }

    /// The patient. Personal data.
    pub fn person(&self) -> &'b str {
        self.text(self.row.person)
    }

    /// Whether it is a refund.
    pub fn is_refund(&self) -> bool {
        self.row.is_refund
    }

    /// The bill; negative for a refund, like the other amounts.
    pub fn total(&self) -> Money {
        Money::from_fen(self.row.total)
    }

    /// What the funds paid.
    pub fn fund(&self) -> Money {
        Money::from_fen(self.row.fund)
    }

    /// From the personal account.
    pub fn account(&self) -> Money {
        Money::from_fen(self.row.account)
    }

    /// In cash, where the list says.
    pub fn cash(&self) -> Option<Money> {
        self.row.cash.map(Money::from_fen)
    }

    /// The day on which it was settled, where the list says.
    pub fn day(&self) -> Option<Day> {
        self.row.day
    }

    /// The line of the file that it stands on; 0 where it comes from none.
    pub fn line(&self) -> u32 {
        self.row.line
    }

    /// Where it lies, unless it is one of those that are reconciled.
    pub fn outside(&self) -> Option<Outside> {
        self.row.outside
    }

    /// Total and payments in fen, for keys.
    pub(super) fn amounts(&self) -> (i64, i64) {
        (self.row.total, self.row.fund)
    }
}
