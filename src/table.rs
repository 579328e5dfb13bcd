//! The registers as tables of a spreadsheet (登记表): CSV text in, core types out, and every bad row by its number. Pure.
//!
//! A table is UTF-8, with or without a byte order mark, separated by commas; its first row names the columns, in any order.
//! White space around a cell and rows without content are read over.

mod bill;
mod catalogue;
mod cell;
mod facilities;
mod grid;
mod meeting;
mod openings;
mod persons;
pub mod settlements;

use crate::accumulators::AccumulatorKey;
use crate::accumulators::Sums;
use crate::bill::Line;
use crate::id::OpeningId;
use crate::refusal::Lang;
use crate::register::Facility;
use crate::register::Item;
use crate::register::Person;

use std::fmt;

/// Most complaints of one table that are kept; the others are counted.
pub const COMPLAINTS_MAX: usize = 1_000;

/// What is wrong with a table at one place, and what to do about it. Names no person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Complaint {
    /// The row as a spreadsheet counts it, the header being row 1; 0 is the table as a whole.
    pub row: u64,
    /// The column by its name in the header; empty for the row as a whole.
    pub column: String,
    /// What is wrong and what to do, in English.
    pub english: String,
    /// The same in Chinese.
    pub chinese: String,
}

impl Complaint {
    /// Place, fault and advice in one sentence.
    pub fn sentence(&self, lang: Lang) -> String {
        let (row, column) = (self.row, &self.column);
        match (lang, row, column.as_str()) {
            (Lang::En, 0, "") => self.english.clone(),
            (Lang::En, _, "") => format!("row {row}: {}", self.english),
            (Lang::En, 0, _) => format!("column `{column}`: {}", self.english),
            (Lang::En, _, _) => format!("row {row}, column `{column}`: {}", self.english),
            (Lang::Zh, 0, "") => self.chinese.clone(),
            (Lang::Zh, _, "") => format!("第 {row} 行:{}", self.chinese),
            (Lang::Zh, 0, _) => format!("{column} 列:{}", self.chinese),
            (Lang::Zh, _, _) => format!("第 {row} 行 {column} 列:{}", self.chinese),
        }
    }
}

/// Why a table cannot be read: all that is wrong with it, in the order of its rows.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Complaints {
    /// The first ones, at most [`COMPLAINTS_MAX`].
    pub shown: Vec<Complaint>,
    /// How many there are, those not shown included.
    pub count: u64,
}

impl Complaints {
    /// All of them that are kept, one a line, and how many more there are.
    pub fn text(&self, lang: Lang) -> String {
        let mut lines: Vec<String> = self.shown.iter().map(|one| one.sentence(lang)).collect();
        let shown = u64::try_from(self.shown.len()).unwrap_or(u64::MAX);
        let more = self.count.saturating_sub(shown);
        if 0 < more {
            lines.push(match lang {
                Lang::En => format!("and {more} more; {} in all", self.count),
                Lang::Zh => format!("另有 {more} 处,共 {} 处", self.count),
            });
        }
        lines.join("\n")
    }

    fn add(&mut self, row: u64, column: &str, (english, chinese): (String, String)) {
        self.count = self.count.saturating_add(1);
        // Some complaints are found only when the whole table is read, and belong before later rows.
        let place = self.shown.partition_point(|one| one.row <= row);
        if place < COMPLAINTS_MAX {
            let column = column.to_owned();
            self.shown.insert(place, Complaint { row, column, english, chinese });
            self.shown.truncate(COMPLAINTS_MAX);
        }
    }

    fn unless_any<T>(self, value: T) -> Result<T, Complaints> {
        if self.count == 0 { Ok(value) } else { Err(self) }
    }
}

impl fmt::Display for Complaints {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text(Lang::En))
    }
}

impl std::error::Error for Complaints {}

/// Reads `persons.csv` (参保人员表): one row an enrolment, an identity, or both; the rows of one person add up.
///
/// Errors: all bad rows; none of the table is taken then.
pub fn persons(table: &[u8]) -> Result<Vec<Person>, Complaints> {
    persons::read(table)
}

/// Reads `facilities.csv` (定点医疗机构表): one row an entry; the rows of one facility add up.
///
/// Errors: all bad rows; none of the table is taken then.
pub fn facilities(table: &[u8]) -> Result<Vec<Facility>, Complaints> {
    facilities::read(table)
}

/// Reads `catalogue.csv` (目录表): one row an item.
///
/// Errors: all bad rows; none of the table is taken then.
pub fn catalogue(table: &[u8]) -> Result<Vec<Item>, Complaints> {
    catalogue::read(table)
}

/// An opening balance as a table has it (期初余额).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Opening {
    /// The row on which it begins.
    pub row: u64,
    /// Source reference.
    pub id: OpeningId,
    /// Whose year.
    pub key: AccumulatorKey,
    /// What the year had.
    pub balances: Sums,
}

/// Reads `openings.csv` (期初余额表): the first row of an opening balance has the year's sums; each row may have one step or chain.
///
/// Errors: all bad rows; none of the table is taken then.
pub fn openings(table: &[u8]) -> Result<Vec<Opening>, Complaints> {
    openings::read(table)
}

/// Reads the lines of a bill (费用明细表). A line without an id is numbered by its row, one without an amount costs quantity × unit
/// price, rounded to the fen.
///
/// Errors: all bad rows; none of the table is taken then.
pub fn bill_lines(table: &[u8]) -> Result<Vec<Line>, Complaints> {
    bill::read(table)
}

#[cfg(test)]
mod tests;
