//! Amounts, rates and sums as a sheet shows them. What cannot be read is shown as it is.

use crate::money::Exact;
use crate::money::Money;
use crate::money::Rate;
use crate::proto;
use crate::sheet::layout::NOTHING;

/// An amount, with at least two decimals; a dash where there is none.
pub(crate) fn amount(text: &str) -> String {
    if text.is_empty() {
        return NOTHING.to_owned();
    }
    match text.split_once('.') {
        Some((_, fraction)) if 2 <= fraction.len() => text.to_owned(),
        Some((whole, fraction)) if plain(whole) && plain(fraction) => {
            format!("{text:0<columns$}", columns = whole.len() + 3)
        }
        None if plain(text) => format!("{text}.00"),
        Some(_) | None => text.to_owned(),
    }
}

/// An exact amount, with at least two decimals.
pub(crate) fn exact(value: Exact) -> String {
    amount(&value.to_string())
}

/// A rate or ratio in percent: `0.8525` is `85.25%`.
pub(crate) fn percent(text: &str) -> String {
    points(text).map_or_else(|| text.to_owned(), |shown| format!("{shown}%"))
}

/// A rate in percent without the sign of it: `-0.05` is `-5`. None where it cannot be read.
pub(crate) fn points(text: &str) -> Option<String> {
    let (minus, digits) = text.strip_prefix('-').map_or(("", text), |rest| ("-", rest));
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    if !plain(whole) || !fraction.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    let fraction = format!("{fraction:0<2}");
    let (hundredths, rest) = fraction.split_at(2);
    let whole = format!("{whole}{hundredths}");
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    let rest = rest.trim_end_matches('0');
    let point = if rest.is_empty() { "" } else { "." };
    Some(format!("{minus}{whole}{point}{rest}"))
}

fn plain(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether an amount is nothing, or not there.
pub(crate) fn is_zero(text: &str) -> bool {
    text.is_empty() || Exact::parse_allowed(text).is_ok_and(Exact::is_zero)
}

/// The sum of amounts; none where one cannot be read.
pub(crate) fn sum<'a>(amounts: impl IntoIterator<Item = &'a str>) -> Option<Money> {
    amounts.into_iter().map(|text| Money::parse(or_zero(text)).ok()).sum()
}

/// The exact sum of amounts that are not rounded; none where one cannot be read.
pub(crate) fn exact_sum<'a>(amounts: impl IntoIterator<Item = &'a str>) -> Option<Exact> {
    let read = |text| Exact::parse_allowed(or_zero(text)).ok();
    amounts.into_iter().map(read).try_fold(Exact::ZERO, |sum, value| Some(sum + value?))
}

/// What is left of an amount; none where one of them cannot be read.
pub(crate) fn less(from: &str, taken: &str) -> Option<Money> {
    let read = |text| Money::parse(or_zero(text)).ok();
    Some(read(from)?.less(read(taken)?))
}

/// A derived amount, or a dash.
pub(crate) fn derived(money: Option<Money>) -> String {
    money.map_or_else(|| NOTHING.to_owned(), |money| money.to_string())
}

/// An amount left out is nothing.
pub(crate) fn or_zero(text: &str) -> &str {
    if text.is_empty() { "0" } else { text }
}

/// What bands pay up to a point, written out: its terms, and their exact sum.
pub(crate) struct Worked {
    pub(crate) terms: String,
    pub(crate) exact: Exact,
}

/// What the bands pay on the span between two points; none where a number cannot be read. Spec 5.2.
pub(crate) fn worked(segments: &[proto::Segment], from: Money, to: Money) -> Option<Worked> {
    let mut terms = Vec::new();
    let mut sum = Exact::ZERO;
    for segment in segments {
        let start = Money::parse(or_zero(&segment.from)).ok()?;
        let rate = Rate::parse(&segment.rate).ok()?;
        let end = match segment.up_to.as_str() {
            "" => to,
            up_to => to.min(Money::parse(up_to).ok()?),
        };
        let span = end.less(start.max(from));
        if !span.is_zero() {
            terms.push(format!("{span} × {}", percent(&segment.rate)));
            sum += span * rate;
        }
    }
    let terms = if terms.is_empty() { "0".to_owned() } else { terms.join(" + ") };
    Some(Worked { terms, exact: sum })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn amounts_have_two_decimals_and_what_cannot_be_read_stays() {
        for (text, expected) in [
            ("", "-"),
            ("850", "850.00"),
            ("850.5", "850.50"),
            ("850.50", "850.50"),
            ("850.505", "850.505"),
            ("many", "many"),
            ("1.x", "1.x"),
        ] {
            assert_eq!(amount(text), expected, "{text}");
        }
    }

    #[test]
    fn rates_are_shown_in_percent_exactly() {
        for (text, expected) in [
            ("0", "0%"),
            ("1", "100%"),
            ("0.85", "85%"),
            ("0.9", "90%"),
            ("0.333333", "33.3333%"),
            ("0.0050", "0.5%"),
            ("-0.05", "-5%"),
            ("", ""),
            ("0.8x", "0.8x"),
        ] {
            assert_eq!(percent(text), expected, "{text}");
        }
    }
}
