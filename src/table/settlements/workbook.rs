//! A list as an XLSX workbook: its first sheet, the header in the first row that has content.
//!
//! A workbook keeps numbers in binary. Amounts below ten million million yuan come back from that as they were typed; a longer
//! number that was no text is a rounded one, and is complained of.

use crate::table::settlements::List;

use calamine::DataRef;
use calamine::Reader;
use calamine::Xlsx;

use std::io::Cursor;
use std::panic;
use std::panic::AssertUnwindSafe;

/// From so many digits on a number in a workbook is not exact.
const DIGITS_EXACT: usize = 15;

/// A sheet has at most so many columns; none of ours stands further to the right.
const COLUMNS_MAX: u32 = 1000;

pub(super) fn read(file: &[u8], list: &mut List<'_>) {
    // The library panics on some damaged workbooks. What was taken until then is not taken: there is a complaint.
    let read = panic::catch_unwind(AssertUnwindSafe(|| rows(file, list)));
    match read {
        Ok(Some(true)) => {}
        Ok(Some(false)) => list.complain(0, "", "the first sheet is empty", "第一个工作表为空"),
        Ok(None) | Err(_) => {
            let english = "the workbook cannot be read; save it again";
            list.complain(0, "", english, "工作簿无法读取;请重新另存");
        }
    }
}

/// Reads the first sheet cell by cell, so that a cell far away takes no memory; whether there was any; none where it is damaged.
fn rows(file: &[u8], list: &mut List<'_>) -> Option<bool> {
    let mut book = Xlsx::new(Cursor::new(file)).ok()?;
    let name = book.sheet_names().first()?.clone();
    let mut cells = book.worksheet_cells_reader(&name).ok()?;
    let mut taking = Taking { header: false, is_over: false };
    let (mut at, mut texts) = (0_u32, Vec::new());
    while let Some(cell) = cells.next_cell().ok()? {
        let (row, column) = cell.get_position();
        if row != at {
            taking.take(at, &mut texts, list);
            at = row;
        }
        if taking.is_over {
            return Some(true);
        }
        let text = text(cell.get_value());
        if column < COLUMNS_MAX && !text.is_empty() {
            let column = usize::try_from(column).ok()?;
            if texts.len() <= column {
                texts.resize(column + 1, String::new());
            }
            texts[column] = text;
        }
    }
    taking.take(at, &mut texts, list);
    Some(taking.header)
}

/// How far a sheet has been read.
struct Taking {
    header: bool,
    /// After a header that cannot be understood.
    is_over: bool,
}

impl Taking {
    /// Takes a row and empties it; the first with content is the header.
    fn take(&mut self, row: u32, texts: &mut Vec<String>, list: &mut List<'_>) {
        if texts.is_empty() || self.is_over {
            return;
        }
        let number = u64::from(row) + 1;
        if self.header {
            list.row(number, |index| texts.get(index).map(String::as_str));
        } else {
            self.header = true;
            self.is_over = !list.header(number, texts.iter().map(String::as_str));
        }
        texts.clear();
    }
}

/// What stands behind a number that is not exact any more, so that it is neither taken for an identifier nor for an amount.
const ROUNDED: &str = "E+0";

fn text(cell: &DataRef<'_>) -> String {
    match cell {
        DataRef::Int(number) => number.to_string(),
        DataRef::Float(number) => {
            let text = number.to_string();
            let digits = text.bytes().filter(u8::is_ascii_digit).count();
            if DIGITS_EXACT < digits && !text.contains('.') { text + ROUNDED } else { text }
        }
        DataRef::SharedString(text) => (*text).to_owned(),
        DataRef::String(text) | DataRef::DateTimeIso(text) | DataRef::DurationIso(text) => {
            text.clone()
        }
        DataRef::Bool(truth) => truth.to_string(),
        DataRef::DateTime(moment) => {
            let (year, month, day, ..) = moment.to_ymd_hms_milli();
            format!("{year:04}-{month:02}-{day:02}")
        }
        DataRef::Error(error) => format!("#{error:?}"),
        DataRef::Empty => String::new(),
    }
}
