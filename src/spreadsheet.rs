//! Tables as files and as text: CSV, XLSX, and columns for a terminal. From messages alone, so that a closed statement is written
//! as it was closed.

use crate::proto;
use crate::refusal::Lang;

use csv::Writer;
use rust_xlsxwriter::Format;
use rust_xlsxwriter::Workbook;
use rust_xlsxwriter::XlsxError;

/// Signs after which a spreadsheet takes a cell for a formula.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];
/// From so many signs on a number does not fit a spreadsheet's numbers, and is written as text.
const NUMBER_SIGNS: usize = 15;
/// Most rows of a sheet in a workbook, its header included.
const WORKBOOK_ROWS_MAX: usize = 1_048_576;

fn of_lang<'t>(zh: &'t str, en: &'t str, lang: Lang) -> &'t str {
    match lang {
        Lang::En if !en.is_empty() => en,
        Lang::En | Lang::Zh => zh,
    }
}

fn title(title: &proto::Title, lang: Lang) -> &str {
    of_lang(&title.zh, &title.en, lang)
}

/// What stands in a cell.
pub fn shown(cell: &proto::SheetCell, lang: Lang) -> &str {
    of_lang(&cell.text, &cell.en, lang)
}

/// The title of a sheet.
pub fn title_of(sheet: &proto::Sheet, lang: Lang) -> &str {
    sheet.title.as_ref().map_or("", |one| title(one, lang))
}

/// The titles of its columns.
pub fn columns_of(sheet: &proto::Sheet, lang: Lang) -> impl Iterator<Item = &str> {
    sheet.columns.iter().map(move |one| title(one, lang))
}

/// A text that no spreadsheet takes for a formula.
fn guarded(cell: &proto::SheetCell, lang: Lang) -> String {
    let text = shown(cell, lang);
    if !cell.is_number && text.starts_with(FORMULA) { format!("'{text}") } else { text.to_owned() }
}

/// A sheet as CSV in UTF-8, with the mark by which spreadsheets see that it is.
pub fn csv(sheet: &proto::Sheet, lang: Lang) -> Result<Vec<u8>, csv::Error> {
    let mut writer = Writer::from_writer(b"\xEF\xBB\xBF".to_vec());
    writer.write_record(columns_of(sheet, lang))?;
    for row in &sheet.rows {
        writer.write_record(row.cells.iter().map(|cell| guarded(cell, lang)))?;
    }
    writer.into_inner().map_err(|error| csv::Error::from(error.into_error()))
}

/// Sheets as one XLSX workbook. Amounts are numbers there, so that they can be added up; texts are texts, never formulas.
pub fn xlsx(sheets: &[proto::Sheet], lang: Lang) -> Result<Vec<u8>, XlsxError> {
    let mut workbook = Workbook::new();
    let (head, amount) = (Format::new().set_bold(), Format::new().set_num_format("0.00"));
    for sheet in sheets {
        let page = workbook.add_worksheet();
        page.set_name(title_of(sheet, lang).chars().take(31).collect::<String>())?;
        page.set_freeze_panes(1, 0)?;
        for (column, name) in (0_u16..).zip(columns_of(sheet, lang)) {
            page.write_string_with_format(0, column, name, &head)?;
            page.set_column_width(column, 16)?;
        }
        for (line, row) in (1_u32..).zip(sheet.rows.iter().take(WORKBOOK_ROWS_MAX - 1)) {
            for (column, cell) in (0_u16..).zip(&row.cells) {
                let text = shown(cell, lang);
                match number(cell) {
                    Some(number) if text.contains('.') => {
                        page.write_number_with_format(line, column, number, &amount)?;
                    }
                    Some(number) => {
                        page.write_number(line, column, number)?;
                    }
                    None => {
                        page.write_string(line, column, text)?;
                    }
                }
            }
        }
    }
    workbook.save_to_buffer()
}

/// A cell as a spreadsheet has numbers; exact up to fifteen digits. Nothing is computed with it, and none is read back.
#[allow(clippy::disallowed_types, reason = "a workbook has no other numbers")]
fn number(cell: &proto::SheetCell) -> Option<f64> {
    let is_exact = cell.is_number && cell.text.len() <= NUMBER_SIGNS;
    is_exact.then(|| cell.text.parse().ok()).flatten()
}

/// Sheets for a terminal: titles, and columns that stand under each other.
pub fn text(sheets: &[proto::Sheet], lang: Lang) -> String {
    sheets.iter().map(|sheet| text_of(sheet, lang)).collect::<Vec<_>>().join("\n")
}

fn text_of(sheet: &proto::Sheet, lang: Lang) -> String {
    let mut rows: Vec<Vec<&str>> = vec![columns_of(sheet, lang).collect()];
    rows.extend(
        sheet.rows.iter().map(|row| row.cells.iter().map(|one| shown(one, lang)).collect()),
    );
    let mut widths = vec![0; sheet.columns.len()];
    for row in &rows {
        for (width, cell) in widths.iter_mut().zip(row) {
            *width = (*width).max(signs(cell));
        }
    }
    let mut lines = vec![format!("# {}", title_of(sheet, lang))];
    for row in &rows {
        let cells = row.iter().zip(&widths);
        let padded =
            cells.map(|(cell, width)| format!("{cell}{}", " ".repeat(width - signs(cell))));
        lines.push(padded.collect::<Vec<_>>().join("  ").trim_end().to_owned());
    }
    lines.join("\n") + "\n"
}

/// How wide a text is in a terminal: Chinese signs take two places.
fn signs(text: &str) -> usize {
    text.chars().map(|sign| if sign.is_ascii() { 1 } else { 2 }).sum()
}
