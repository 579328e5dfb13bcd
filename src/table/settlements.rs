//! A hospital's list of settlements (医院结算清单) as CSV, XLSX or the interface's TXT in a ZIP: into rows that are reconciled.
//!
//! Columns have the national names; others are given for them by a map. Columns that nobody asks for are read over. All that is
//! wrong is named by row and column, and then nothing of the list is taken.

mod csv_text;
mod workbook;
mod zipped;

use crate::calendar::Day;
use crate::money::Money;
use crate::money::NumberError;
use crate::reconcile::Book;
use crate::reconcile::Settled;
use crate::table::Complaints;
use crate::table::cell;
use crate::table::cell::Wrong;
use crate::table::grid::short;

use std::collections::BTreeMap;

/// What the columns say, by their names in the national interface.
pub const COLUMNS: [&str; 9] = [
    "setl_id",
    "mdtrt_id",
    "psn_no",
    "medfee_sumamt",
    "fund_pay_sumamt",
    "acct_pay",
    "refd_setl_flag",
    "psn_cash_pay",
    "setl_time",
];

const REFERENCE: usize = 0;
const ADMISSION: usize = 1;
const PERSON: usize = 2;
const TOTAL: usize = 3;
const FUND: usize = 4;
const ACCOUNT: usize = 5;
const REFUND: usize = 6;
const CASH: usize = 7;
const DAY: usize = 8;

/// How many columns a TXT of the interface has, in the order of [`COLUMNS`].
const TXT_COLUMNS: usize = 7;

/// Other names of columns: for each name of the interface those under which hospitals write it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ColumnNames(BTreeMap<String, usize>);

impl ColumnNames {
    /// Takes one more name for a column; none if there is no such column.
    pub fn add(&mut self, column: &str, name: &str) -> Option<()> {
        let place = COLUMNS.iter().position(|one| *one == column)?;
        let name = name.trim();
        if !name.is_empty() {
            self.0.insert(name.to_owned(), place);
        }
        Some(())
    }

    fn place(&self, name: &str) -> Option<usize> {
        self.0.get(name).copied().or_else(|| COLUMNS.iter().position(|one| *one == name))
    }
}

/// Reads a list, whatever its format: what begins as a ZIP is an XLSX workbook or holds one TXT; all else is CSV in UTF-8 or GBK.
///
/// Errors: all bad rows; none of the list is taken then.
pub fn read(file: &[u8], names: &ColumnNames) -> Result<Book, Complaints> {
    let mut list = List::new(names);
    if file.starts_with(b"PK\x03\x04") {
        zipped::read(file, &mut list);
    } else {
        csv_text::read(file, &mut list);
    }
    list.finish()
}

/// A list that is being read.
struct List<'n> {
    names: &'n ColumnNames,
    /// Where each column stands, once the header is read.
    places: [Option<usize>; 9],
    book: Book,
    complaints: Complaints,
}

impl<'n> List<'n> {
    fn new(names: &'n ColumnNames) -> List<'n> {
        List { names, places: [None; 9], book: Book::new(), complaints: Complaints::default() }
    }

    fn complain(&mut self, row: u64, column: &str, english: &str, chinese: &str) {
        self.complaints.add(row, column, (english.to_owned(), chinese.to_owned()));
    }

    /// Takes the names of the columns. False after a complaint, since no row can be understood then.
    fn header<'c>(&mut self, row: u64, cells: impl Iterator<Item = &'c str>) -> bool {
        for (index, name) in cells.enumerate() {
            let name = name.trim();
            let Some(place) = self.names.place(name) else { continue };
            if self.places[place].replace(index).is_some() {
                let english = "the column is there twice; take one out or map another name";
                self.complain(row, &short(name), english, "该列重复;请删去其中一列或改列名映射");
                return false;
            }
        }
        let mut is_whole = true;
        for place in [TOTAL, FUND, ACCOUNT] {
            if self.places[place].is_none() {
                let english = "the column is missing; add it, or map its name";
                self.complain(row, COLUMNS[place], english, "缺少该列;请补上,或配置列名映射");
                is_whole = false;
            }
        }
        if self.places[REFERENCE].is_none() && self.places[ADMISSION].is_none() {
            let english = "either this column or `mdtrt_id` is needed";
            self.complain(row, COLUMNS[REFERENCE], english, "该列与 mdtrt_id 至少要有一列");
            is_whole = false;
        }
        is_whole
    }

    /// The columns of the interface's TXT, which has no header.
    fn without_header(&mut self) {
        for (place, column) in self.places.iter_mut().take(TXT_COLUMNS).enumerate() {
            *column = Some(place);
        }
    }

    /// Takes a row.
    fn row<'c>(&mut self, row: u64, cell: impl Fn(usize) -> Option<&'c str>) {
        let texts = self.places.map(|place| match place.and_then(&cell).map(str::trim) {
            Some("null" | "NULL") | None => "",
            Some(text) => text,
        });
        let before = self.complaints.count;
        let reference = self.id(row, REFERENCE, texts);
        let admission = self.id(row, ADMISSION, texts);
        let person = self.id(row, PERSON, texts);
        if reference.is_empty() && admission.is_empty() {
            let english = "neither this nor `mdtrt_id` is filled in";
            self.complain(row, COLUMNS[REFERENCE], english, "该列与 mdtrt_id 均为空;至少填一项");
        }
        let total = self.amount(row, TOTAL, texts).unwrap_or_default();
        let fund = self.amount(row, FUND, texts).unwrap_or_default();
        let account = self.amount(row, ACCOUNT, texts).unwrap_or_default();
        let cash = match texts[CASH] {
            "" => None,
            _ => self.amount(row, CASH, texts),
        };
        let is_refund = self.value(row, REFUND, texts, refund_flag).flatten();
        let settled = Settled {
            reference,
            admission,
            person,
            is_refund: is_refund.unwrap_or_else(|| total.is_negative()),
            total,
            fund,
            account,
            cash,
            day: self.value(row, DAY, texts, day),
            line: u32::try_from(row).unwrap_or(u32::MAX),
            ..Settled::default()
        };
        // Once something is wrong nothing is taken; all the rest is read for its complaints.
        if self.complaints.count != before || 0 < before {
            return;
        }
        if let Err(error) = self.book.push(&settled) {
            self.complain(row, "", &error.to_string(), error.zh());
        }
    }

    fn id<'c>(&mut self, row: u64, place: usize, texts: [&'c str; 9]) -> &'c str {
        if !texts[place].is_empty()
            && let Err(wrong) = cell::code(texts[place])
        {
            // A person's number is not repeated in a complaint.
            let shown = if place == PERSON { "" } else { texts[place] };
            self.wrong(row, place, shown, wrong);
        }
        texts[place]
    }

    fn amount(&mut self, row: u64, place: usize, texts: [&str; 9]) -> Option<Money> {
        if texts[place].is_empty() {
            let english = "the cell is empty; fill it in, 0 for nothing";
            self.complain(row, COLUMNS[place], english, "单元格为空;请填写,没有的填 0");
            return None;
        }
        self.value(row, place, texts, amount)
    }

    fn value<T>(
        &mut self,
        row: u64,
        place: usize,
        texts: [&str; 9],
        parse: impl Fn(&str) -> Result<T, Wrong>,
    ) -> Option<T> {
        if texts[place].is_empty() {
            return None;
        }
        match parse(texts[place]) {
            Ok(value) => Some(value),
            Err(wrong) => {
                self.wrong(row, place, texts[place], wrong);
                None
            }
        }
    }

    fn wrong(&mut self, row: u64, place: usize, text: &str, (english, chinese): Wrong) {
        let (what, what_zh) = match text {
            "" => ("the content".to_owned(), "内容".to_owned()),
            text => (format!("`{}`", short(text)), format!("“{}”", short(text))),
        };
        let wrong = (format!("{what} {english}"), format!("{what_zh}{chinese}"));
        self.complaints.add(row, COLUMNS[place], wrong);
    }

    fn finish(self) -> Result<Book, Complaints> {
        self.complaints.unless_any(self.book)
    }
}

/// An amount; a refund's may carry a minus. Two decimals; more are read where they are zeros.
fn amount(text: &str) -> Result<Money, Wrong> {
    let is_zeros = |rest: &str| !rest.is_empty() && rest.bytes().all(|one| one == b'0');
    let text = match text.split_once('.') {
        Some((whole, fraction)) if fraction.get(2..).is_some_and(is_zeros) => {
            text.get(..whole.len() + 3).unwrap_or(text)
        }
        Some(_) | None => text,
    };
    let wrong = |why: NumberError| {
        (
            format!(
                "{why}; write yuan with at most two decimals and no separators, such as 1234.50"
            ),
            format!("{};应为元,至多两位小数,不带千分位,如 1234.50", why.zh()),
        )
    };
    Money::parse_signed(text).map_err(wrong)
}

/// Whether a row is a refund; none where the flag says nothing.
fn refund_flag(text: &str) -> Result<Option<bool>, Wrong> {
    match text {
        "1" | "01" | "001" | "是" | "退费" | "Y" | "true" => Ok(Some(true)),
        "0" | "00" | "000" | "否" | "正常" | "N" | "false" => Ok(Some(false)),
        _ => Err((
            "is neither 0 nor 1; write 1 for a refund".to_owned(),
            "应为 0 或 1,退费填 1".to_owned(),
        )),
    }
}

/// A day, with or without a time behind it: 2018-06-15, 2018/06/15 or 20180615.
fn day(text: &str) -> Result<Day, Wrong> {
    let is_dense = text.bytes().take(8).filter(u8::is_ascii_digit).count() == 8;
    let written = match (text.get(..10), text.get(..8).filter(|_| is_dense)) {
        (_, Some(dense)) => match (dense.get(..4), dense.get(4..6), dense.get(6..8)) {
            (Some(year), Some(month), Some(day)) => format!("{year}-{month}-{day}"),
            _ => String::new(),
        },
        (Some(day), None) => day.replace('/', "-"),
        (None, None) => String::new(),
    };
    cell::day(&written).map_err(|_| {
        ("is not a day such as 2018-06-15".to_owned(), "不是 2018-06-15 形式的日期".to_owned())
    })
}
