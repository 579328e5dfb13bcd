//! Rows as CSV for a spreadsheet. A text that a spreadsheet would take for a formula is shown as text.

/// What a spreadsheet takes the beginning of a formula for.
const FORMULA: [char; 6] = ['=', '+', '-', '@', '\t', '\r'];

/// A cell of other people's words, in quotation marks.
pub(crate) fn words(text: &str) -> String {
    let guard = if text.starts_with(FORMULA) { "'" } else { "" };
    format!("{guard}{text}")
}

/// A row; its numbers were made here and stand as they are.
pub(crate) fn row(cells: &[String]) -> String {
    let quoted: Vec<String> = cells.iter().map(|cell| quoted(cell)).collect();
    format!("{}\r\n", quoted.join(","))
}

/// A cell in quotation marks.
pub(crate) fn quoted(text: &str) -> String {
    format!("\"{}\"", text.replace('"', "\"\""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_formula_in_a_name_is_shown_as_text() {
        for (text, expected) in [
            ("=1+1", "'=1+1"),
            ("@SUM(A1)", "'@SUM(A1)"),
            ("-2", "'-2"),
            ("\tx", "'\tx"),
            ("王=敏", "王=敏"),
            ("", ""),
        ] {
            assert_eq!(words(text), expected);
        }
        assert_eq!(row(&["a\"b".to_owned(), "-1.00".to_owned()]), "\"a\"\"b\",\"-1.00\"\r\n");
    }
}
