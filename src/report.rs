//! Reports (报表): what the back office is shown, as titled columns of typed cells. Pure; a page, a sheet, a CSV or an XLSX file
//! are written from the same one.

use crate::calendar::Day;
use crate::money::Money;
use crate::money::Ratio;
use crate::refusal::Lang;

/// A title in both languages: Chinese, English.
pub type Title = (&'static str, &'static str);

/// The title in a language.
pub fn titled((zh, en): Title, lang: Lang) -> &'static str {
    match lang {
        Lang::Zh => zh,
        Lang::En => en,
    }
}

/// A cell.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Cell {
    /// Nothing.
    Empty,
    /// A text.
    Text(String),
    /// A text that is another one in Chinese: Chinese, English.
    Words(&'static str, &'static str),
    /// An amount. Unit: yuan.
    Money(Money),
    /// How many.
    Count(u64),
    /// A share of one; shown as a decimal.
    Ratio(Ratio),
    /// A day.
    Day(Day),
}

impl Cell {
    /// A text.
    pub fn text(text: impl Into<String>) -> Cell {
        Cell::Text(text.into())
    }

    /// A share, if there was anything to divide by.
    pub fn ratio(ratio: Option<Ratio>) -> Cell {
        ratio.map_or(Cell::Empty, Cell::Ratio)
    }

    /// An amount, if there is one.
    pub fn money(money: Option<Money>) -> Cell {
        money.map_or(Cell::Empty, Cell::Money)
    }

    /// What stands in it, in a language.
    pub fn shown(&self, lang: Lang) -> String {
        match self {
            Cell::Empty => String::new(),
            Cell::Text(text) => text.clone(),
            Cell::Words(zh, en) => titled((zh, en), lang).to_owned(),
            Cell::Money(money) => money.to_string(),
            Cell::Count(count) => count.to_string(),
            Cell::Ratio(ratio) => ratio.to_string(),
            Cell::Day(day) => day.to_string(),
        }
    }

    /// Whether it is a number, which is set to the right.
    pub fn is_number(&self) -> bool {
        matches!(self, Cell::Money(_) | Cell::Count(_) | Cell::Ratio(_))
    }
}

/// A table with a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Report {
    /// Its name in file names and addresses: lower case, hyphens.
    pub name: &'static str,
    /// What it shows.
    pub title: Title,
    /// What stands in each column.
    pub columns: Vec<Title>,
    /// The rows; each has as many cells as there are columns.
    pub rows: Vec<Vec<Cell>>,
}

impl Report {
    /// Without rows yet.
    pub fn new(name: &'static str, title: Title, columns: &[Title]) -> Report {
        Report { name, title, columns: columns.to_vec(), rows: Vec::new() }
    }
}
