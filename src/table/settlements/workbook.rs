//! A list as an XLSX workbook: its first sheet, the header in the first row that has content.
//!
//! A workbook keeps numbers in binary. Amounts below ten million million yuan come back from that as they were typed; a longer
//! number that was no text is a rounded one, and is complained of.

use crate::table::settlements::List;

use calamine::Data;
use calamine::Reader;
use calamine::Xlsx;

use std::io::Cursor;

/// From so many digits on a number in a workbook is not exact.
const DIGITS_EXACT: usize = 15;

pub(super) fn read(file: &[u8], list: &mut List<'_>) {
    let sheet = Xlsx::new(Cursor::new(file)).ok().and_then(|mut book| book.worksheet_range_at(0));
    let Some(Ok(sheet)) = sheet else {
        list.complain(
            0,
            "",
            "the workbook cannot be read; save it again",
            "工作簿无法读取;请重新另存",
        );
        return;
    };
    let first = u64::from(sheet.start().map_or(0, |(row, _)| row)) + 1;
    let mut has_header = false;
    for (number, row) in (first..).zip(sheet.rows()) {
        if row.iter().all(|cell| matches!(cell, Data::Empty)) {
            continue;
        }
        let texts: Vec<String> = row.iter().map(text).collect();
        if !has_header {
            if !list.header(number, texts.iter().map(String::as_str)) {
                return;
            }
            has_header = true;
            continue;
        }
        list.row(number, |index| texts.get(index).map(String::as_str));
    }
    if !has_header {
        list.complain(0, "", "the first sheet is empty", "第一个工作表为空");
    }
}

/// What stands behind a number that is not exact any more, so that it is neither taken for an identifier nor for an amount.
const ROUNDED: &str = "E+0";

fn text(cell: &Data) -> String {
    match cell {
        Data::Int(number) => number.to_string(),
        Data::Float(number) => {
            let text = number.to_string();
            let digits = text.bytes().filter(u8::is_ascii_digit).count();
            if DIGITS_EXACT < digits && !text.contains('.') { text + ROUNDED } else { text }
        }
        Data::String(text) | Data::DateTimeIso(text) | Data::DurationIso(text) => text.clone(),
        Data::Bool(truth) => truth.to_string(),
        Data::DateTime(moment) => {
            let (year, month, day, ..) = moment.to_ymd_hms_milli();
            format!("{year:04}-{month:02}-{day:02}")
        }
        Data::Error(error) => format!("#{error:?}"),
        Data::Empty => String::new(),
    }
}
