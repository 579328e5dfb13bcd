//! Lists in every format that hospitals send: the same rows, whatever the format; and what is wrong with a bad one.

use onestop::reconcile::Book;
use onestop::refusal::Lang;
use onestop::table::settlements::ColumnNames;
use onestop::table::settlements::read;

use proptest::prelude::*;
use rust_xlsxwriter::Workbook;
use zip::ZipWriter;
use zip::write::SimpleFileOptions;

use std::io::Cursor;
use std::io::Write;

const HEADER: [&str; 7] = [
    "setl_id",
    "mdtrt_id",
    "psn_no",
    "medfee_sumamt",
    "fund_pay_sumamt",
    "acct_pay",
    "refd_setl_flag",
];
const ROWS: [[&str; 7]; 3] = [
    ["17", "A1", "P1", "1200.50", "800.00", "0.00", "0"],
    ["", "A2", "P2", "99.90", "0.00", "12.34", "0"],
    ["17", "A1", "P1", "-1200.50", "-800.00", "0.00", "1"],
];

fn names() -> ColumnNames {
    let mut names = ColumnNames::default();
    names.add("medfee_sumamt", "总费用").unwrap();
    names
}

/// What the rows of a list say.
fn said(book: &Book) -> Vec<String> {
    let row = |(_, row): (u32, onestop::reconcile::RowView<'_>)| {
        let (reference, admission, person) = (row.reference(), row.admission(), row.person());
        let (total, fund, account) = (row.total(), row.fund(), row.account());
        format!("{reference} {admission} {person} {total} {fund} {account} {}", row.is_refund())
    };
    book.rows().map(row).collect()
}

fn csv() -> String {
    let rows = ROWS.map(|row| row.join(","));
    format!("{}\n{}\n", HEADER.join(","), rows.join("\n"))
}

fn zipped(name: &str, content: &[u8]) -> Vec<u8> {
    let mut archive = ZipWriter::new(Cursor::new(Vec::new()));
    archive.start_file(name, SimpleFileOptions::default()).unwrap();
    archive.write_all(content).unwrap();
    archive.finish().unwrap().into_inner()
}

#[allow(clippy::disallowed_types, reason = "a workbook has no other numbers")]
fn workbook(numbers: bool) -> Vec<u8> {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (column, name) in (0_u16..).zip(HEADER) {
        sheet.write_string(0, column, name).unwrap();
    }
    for (line, row) in (1_u32..).zip(ROWS) {
        for (column, text) in (0_u16..).zip(row) {
            if numbers && (3..6).contains(&column) {
                sheet.write_number(line, column, text.parse::<f64>().unwrap()).unwrap();
            } else if !text.is_empty() {
                sheet.write_string(line, column, text).unwrap();
            }
        }
    }
    book.save_to_buffer().unwrap()
}

#[test]
fn every_format_has_the_same_rows() {
    let of_csv = said(&read(csv().as_bytes(), &names()).unwrap());
    assert_eq!(of_csv[0], "17 A1 P1 1200.50 800.00 0.00 false");
    assert_eq!(of_csv[2], "17 A1 P1 -1200.50 -800.00 0.00 true");
    let text: String = ROWS
        .iter()
        .map(|row| row.map(|cell| if cell.is_empty() { "null" } else { cell }).join("\t") + "\n")
        .collect();
    let tabbed = csv().replace(',', "\t");
    let chinese = csv().replace("medfee_sumamt", "总费用");
    let gbk = encoding_rs::GBK.encode(&chinese).0.into_owned();
    let marked = [b"\xEF\xBB\xBF".as_slice(), csv().as_bytes()].concat();
    // Columns in another order, with one that nobody asks for.
    let extra = csv().lines().map(|line| format!("x,{line}\n")).collect::<String>();
    for (format, file) in [
        ("TXT in a ZIP", zipped("3202.txt", text.as_bytes())),
        ("a workbook of texts", workbook(false)),
        ("a workbook of numbers", workbook(true)),
        ("tabs", tabbed.into_bytes()),
        ("mapped names", chinese.clone().into_bytes()),
        ("GBK", gbk),
        ("a byte order mark", marked),
        ("another column", extra.into_bytes()),
    ] {
        let book = read(&file, &names()).unwrap_or_else(|why| panic!("{format}: {why}"));
        assert_eq!(said(&book), of_csv, "{format}");
    }
}

#[test]
fn a_bad_list_is_refused_with_its_row_and_column() {
    let with = |row: usize, column: usize, text: &str| {
        let mut rows = ROWS.map(|row| row.map(str::to_owned));
        rows[row][column] = format!("\"{text}\"");
        format!("{}\n{}\n", HEADER.join(","), rows.map(|row| row.join(",")).join("\n"))
    };
    for (file, says) in [
        (with(0, 3, "12.345").into_bytes(), "row 2, column `medfee_sumamt`: `12.345` has more"),
        (with(1, 4, "").into_bytes(), "row 3, column `fund_pay_sumamt`: the cell is empty"),
        (with(1, 5, "1,000.00").into_bytes(), "row 3, column `acct_pay`: `1,000.00` is not"),
        (with(2, 6, "x").into_bytes(), "row 4, column `refd_setl_flag`: `x` is neither"),
        (
            with(0, 0, "5.10411E+17").into_bytes(),
            "row 2, column `setl_id`: `5.10411E+17` was rounded",
        ),
        (with(1, 1, "").into_bytes(), "row 3, column `setl_id`: neither"),
        (
            csv().replace("acct_pay,", "acct,").into_bytes(),
            "row 1, column `acct_pay`: the column is missing",
        ),
        (
            csv().replace("psn_no", "acct_pay").into_bytes(),
            "row 1, column `acct_pay`: the column is there twice",
        ),
        (csv().replace(",0.00,0\n", ",0.00\n").into_bytes(), "row 2: the row has 6 cells"),
        (Vec::new(), "the list is empty"),
        (zipped("a.csv", b"x"), "should hold one TXT"),
        (b"PK\x03\x04rubbish".to_vec(), "damaged ZIP"),
        (zipped("a.txt", b"1\t2\n"), "row 1: the row has 2 cells"),
        (vec![0xff, 0xfe, 0x00], "neither UTF-8 nor GBK"),
    ] {
        let complaints = read(&file, &names()).unwrap_err();
        let text = complaints.text(Lang::En);
        assert!(text.contains(says), "`{text}` does not say `{says}`");
        assert!(!complaints.text(Lang::Zh).is_empty());
    }
}

#[test]
fn a_person_s_number_is_in_no_complaint() {
    let file = csv().replace("P1", "\"510999199001010011\u{7}\"");
    let text = read(file.as_bytes(), &names()).unwrap_err().text(Lang::En);
    assert!(text.contains("psn_no") && !text.contains("510999"), "{text}");
}

#[test]
fn a_number_that_a_workbook_has_rounded_is_no_identifier() {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (column, name) in (0_u16..).zip(HEADER) {
        sheet.write_string(0, column, name).unwrap();
    }
    sheet.write_number(1, 0, 5.1e17).unwrap();
    for column in 3..6 {
        sheet.write_number(1, column, 1.5).unwrap();
    }
    let complaints = read(&book.save_to_buffer().unwrap(), &names()).unwrap_err();
    assert!(complaints.text(Lang::En).contains("was rounded"), "{complaints}");
}

#[test]
fn a_cell_far_away_takes_no_memory_and_changes_nothing() {
    let mut book = Workbook::new();
    let sheet = book.add_worksheet();
    for (column, name) in (0_u16..).zip(HEADER) {
        sheet.write_string(0, column, name).unwrap();
        sheet.write_string(1, column, ROWS[0][usize::from(column)]).unwrap();
    }
    sheet.write_string(1, 16_383, "far").unwrap();
    sheet.write_string(1_048_575, 16_383, "far").unwrap();
    let list = read(&book.save_to_buffer().unwrap(), &names()).unwrap();
    assert_eq!(said(&list), ["17 A1 P1 1200.50 800.00 0.00 false"]);
}

#[test]
fn what_a_table_says_is_no_formula() {
    use onestop::proto;
    let cell = |text: &str, is_number| proto::SheetCell {
        text: text.to_owned(),
        is_number,
        ..proto::SheetCell::default()
    };
    let sheet = proto::Sheet {
        name: "x".to_owned(),
        columns: vec![proto::Title { zh: "甲".to_owned(), en: "A".to_owned() }; 3],
        rows: vec![proto::SheetRow {
            cells: vec![cell("=HYPERLINK(1)", false), cell("-12.50", true), cell("@x", false)],
        }],
        title: Some(proto::Title { zh: "表".to_owned(), en: "Sheet".to_owned() }),
    };
    let text = String::from_utf8(onestop::spreadsheet::csv(&sheet, Lang::Zh).unwrap()).unwrap();
    assert_eq!(text.lines().nth(1), Some("'=HYPERLINK(1),-12.50,'@x"));
    let book = onestop::spreadsheet::xlsx(&[sheet], Lang::Zh).unwrap();
    use calamine::Reader;
    let mut book = calamine::Xlsx::new(Cursor::new(book)).unwrap();
    assert!(book.worksheet_formula("表").unwrap().is_empty(), "there is a formula");
    let range = book.worksheet_range("表").unwrap();
    assert_eq!(range.get_value((1, 0)), Some(&calamine::Data::String("=HYPERLINK(1)".to_owned())));
    assert_eq!(range.get_value((1, 1)), Some(&calamine::Data::Float(-12.5)));
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]

    #[test]
    fn no_file_makes_it_panic(bytes in prop::collection::vec(any::<u8>(), 0..300), cut in 0_usize..4000, flip in any::<u8>()) {
        let _ = read(&bytes, &names());
        let _ = read(&[b"PK\x03\x04".as_slice(), &bytes].concat(), &names());
        for mut whole in [workbook(true), zipped("a.txt", b"1\tA\tP\t1\t1\t1\t0\n"), csv().into_bytes()] {
            let at = cut % whole.len();
            whole[at] = flip;
            let _ = read(&whole, &names());
            whole.truncate(at);
            let _ = read(&whole, &names());
        }
    }
}
