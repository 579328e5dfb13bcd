//! Tables: registers, opening balances, bills, and a hospital's list of settlements.

use onestop::refusal::Lang;
use onestop::table;
use onestop::table::Complaints;
use onestop::table::settlements;
use onestop::table::settlements::ColumnNames;

fn check<T>(read: Result<Vec<T>, Complaints>) {
    if let Err(complaints) = read {
        complained(&complaints);
    }
}

/// What is refused is refused in words, in both languages.
fn complained(complaints: &Complaints) {
    assert!(0 < complaints.count && !complaints.shown.is_empty());
    for lang in [Lang::Zh, Lang::En] {
        assert!(!complaints.text(lang).trim().is_empty());
    }
}

/// A register table: the first byte says which.
pub fn register_table(data: &[u8]) {
    let Some((which, table)) = data.split_first() else { return };
    match which % 5 {
        0 => check(table::persons(table)),
        1 => check(table::facilities(table)),
        2 => check(table::catalogue(table)),
        3 => check(table::openings(table)),
        _ => check(table::bill_lines(table)),
    }
}

/// A list of settlements in any of its formats.
pub fn settlement_list(data: &[u8]) {
    let mut names = ColumnNames::default();
    names.add("medfee_sumamt", "总费用");
    match settlements::read(data, &names) {
        Ok(book) => {
            // Whatever was taken can be looked at.
            for (_, row) in book.rows() {
                assert!(!row.reference().is_empty() || !row.admission().is_empty());
            }
        }
        Err(complaints) => complained(&complaints),
    }
}
