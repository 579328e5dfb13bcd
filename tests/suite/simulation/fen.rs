//! Amounts as whole numbers: fen, and hundred-millionths of a yuan for what a guarantee allows. Not the engine's arithmetic.

/// Reads an amount of an answer: digits, a point, two digits.
pub(crate) fn fen(text: &str) -> Result<i64, String> {
    let wrong = || format!("`{text}` is no amount with two decimals");
    let (yuan, rest) = text.split_once('.').ok_or_else(wrong)?;
    let is_digits = |text: &str| !text.is_empty() && text.bytes().all(|sign| sign.is_ascii_digit());
    if !is_digits(yuan) || !is_digits(rest) || rest.len() != 2 {
        return Err(wrong());
    }
    let number: i64 = format!("{yuan}{rest}").parse().map_err(|_| wrong())?;
    Ok(number)
}

/// An amount that is empty where there is none.
pub(crate) fn fen_if_given(text: &str) -> Result<Option<i64>, String> {
    if text.is_empty() { Ok(None) } else { fen(text).map(Some) }
}

/// Writes fen as yuan.
pub(crate) fn yuan(fen: i64) -> String {
    let sign = if fen < 0 { "-" } else { "" };
    format!("{sign}{}.{:02}", fen.abs() / 100, fen.abs() % 100)
}

/// Hundred-millionths of a yuan in a fen.
pub(crate) const PARTS_OF_FEN: i128 = 1_000_000;

/// Reads plain digits with at most eight decimals, as hundred-millionths.
pub(crate) fn parts(text: &str) -> Result<i128, String> {
    let wrong = || format!("`{text}` is no number with at most eight decimals");
    let (whole, rest) = text.split_once('.').unwrap_or((text, ""));
    let is_plain = whole.bytes().chain(rest.bytes()).all(|sign| sign.is_ascii_digit());
    if whole.is_empty() || !is_plain || 8 < rest.len() {
        return Err(wrong());
    }
    format!("{whole}{rest:0<8}").parse().map_err(|_| wrong())
}

#[test]
fn amounts_are_read_as_they_are_written() {
    for (text, number) in [("0.00", 0), ("1.05", 105), ("1200.50", 120_050)] {
        assert_eq!(fen(text), Ok(number));
        assert_eq!(yuan(number), text);
    }
    for text in ["", "1", "1.5", "1.500", "-1.00", "+1.00", ".50", "1.0a"] {
        assert!(fen(text).is_err(), "{text}");
    }
    assert_eq!(yuan(-105), "-1.05");
    assert_eq!(parts("0.1"), Ok(10_000_000));
    assert_eq!(parts("12"), Ok(1_200_000_000));
    assert!(parts("0.123456789").is_err());
}
