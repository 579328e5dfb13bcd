//! Amounts, rates and quantities. The only module that rounds or sees a decimal library. Spec 1.
//!
//! `Money` times a `Rate` is `Exact`; only [`Exact::round2`] and [`Exact::floor2`] make money of it again, so that
//! "rounding happens only where this page says so" (spec 1.3) is what the compiler says.

use std::cmp::Ordering;
use std::fmt;
use std::iter::Sum;
use std::ops::Add;
use std::ops::AddAssign;
use std::ops::Mul;
use std::ops::Sub;

use rust_decimal::Decimal;
use rust_decimal::prelude::ToPrimitive;

/// Most digits of a number that we read, leading zeros aside. What has more is absurd, and refused.
const DIGITS_MAX: usize = 22;
/// Sums stay below this. Unit: fen.
const SUM_FEN_LIMIT: i128 = 10_i128.pow(22);

/// Why a text is not the number it should be.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NumberError {
    /// Not plain digits with at least one on either side of a point (spec 1.1).
    #[error("is not a plain decimal such as `12` or `12.50`")]
    NotPlain,
    /// More decimals than this kind of number may have.
    #[error("has more than {0} decimals")]
    TooFine(u32),
    /// A minus where none may stand.
    #[error("is negative")]
    Negative,
    /// Outside the range of this kind of number.
    #[error("is out of range")]
    OutOfRange,
}

impl NumberError {
    /// The same in Chinese.
    pub fn zh(self) -> String {
        match self {
            NumberError::NotPlain => "不是普通十进制数(如 12 或 12.50)".to_owned(),
            NumberError::TooFine(decimals) => format!("小数超过 {decimals} 位"),
            NumberError::Negative => "为负数".to_owned(),
            NumberError::OutOfRange => "超出允许范围".to_owned(),
        }
    }
}

/// Reads plain digits, with at least one on either side of a point; a minus is read, leading zeros are read over.
fn scan(text: &str, decimals_max: u32) -> Result<Decimal, NumberError> {
    let (negative, digits) = match text.strip_prefix('-') {
        Some(rest) => (true, rest),
        None => (false, text),
    };
    let (whole, fraction) = match digits.split_once('.') {
        Some((_, "")) => return Err(NumberError::NotPlain),
        Some(both) => both,
        None => (digits, ""),
    };
    let plain = |part: &str| part.bytes().all(|byte| byte.is_ascii_digit());
    if whole.is_empty() || !plain(whole) || !plain(fraction) {
        return Err(NumberError::NotPlain);
    }
    let scale = u32::try_from(fraction.len()).map_err(|_| NumberError::TooFine(decimals_max))?;
    if scale > decimals_max {
        return Err(NumberError::TooFine(decimals_max));
    }
    let whole = whole.trim_start_matches('0');
    if whole.len() + fraction.len() > DIGITS_MAX {
        return Err(NumberError::OutOfRange);
    }
    let digit = |sum: i128, byte: u8| sum * 10 + i128::from(byte - b'0');
    let mantissa = whole.bytes().chain(fraction.bytes()).fold(0, digit);
    let mut value = Decimal::from_i128_with_scale(mantissa, scale);
    value.set_sign_negative(negative && mantissa != 0);
    Ok(value)
}

fn not_negative(value: Decimal) -> Result<Decimal, NumberError> {
    if value.is_sign_negative() { Err(NumberError::Negative) } else { Ok(value) }
}

/// An amount of yuan in whole fen (金额).
///
/// Unit: yuan. Invariant: two decimals, always, so that sums and comparisons are those of whole fen. Spec 1.1.
#[derive(Clone, Copy)]
pub struct Money(Decimal);

impl PartialEq for Money {
    fn eq(&self, other: &Money) -> bool {
        self.fen() == other.fen()
    }
}

impl Eq for Money {}

impl Ord for Money {
    fn cmp(&self, other: &Money) -> Ordering {
        self.fen().cmp(&other.fen())
    }
}

impl PartialOrd for Money {
    fn partial_cmp(&self, other: &Money) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Default for Money {
    fn default() -> Money {
        Money::ZERO
    }
}

impl Money {
    /// Nothing.
    pub const ZERO: Money = Money(Decimal::from_parts(0, 0, 0, false, 2));

    /// Amounts, and the sum of one bill, stay below this: 10^10 yuan (spec 1.1).
    pub const LIMIT: Money = Money(Decimal::from_parts(3_567_587_328, 232, 0, false, 2));

    /// Reads an amount that is not negative and below [`Money::LIMIT`]: `1.5` is `1.50`, `1.500` is refused.
    pub fn parse(text: &str) -> Result<Money, NumberError> {
        Money::parse_signed(text).and_then(|money| not_negative(money.0).map(Money))
    }

    /// Reads an amount that may carry a minus: a refund line's (spec 2.7), a pack's `deductible_add`.
    pub fn parse_signed(text: &str) -> Result<Money, NumberError> {
        let mut value = scan(text, 2)?;
        value.rescale(2);
        let money = Money(value);
        if money.abs() < Money::LIMIT { Ok(money) } else { Err(NumberError::OutOfRange) }
    }

    /// Reads a sum of amounts, which may pass [`Money::LIMIT`]: what a year has of many bills. It has no more digits than can be
    /// read again once its two decimals are written.
    pub fn parse_sum(text: &str) -> Result<Money, NumberError> {
        let mut value = not_negative(scan(text, 2)?)?;
        value.rescale(2);
        let sum = Money(value);
        if sum.fen() < SUM_FEN_LIMIT { Ok(sum) } else { Err(NumberError::OutOfRange) }
    }

    /// An amount of whole fen.
    pub fn from_fen(fen: i64) -> Money {
        Money(Decimal::new(fen, 2))
    }

    /// What passes all amounts that can be written stays that large.
    fn of_fen(fen: i128) -> Money {
        let low = |number: u64| u32::try_from(number & u64::from(u32::MAX)).unwrap_or_default();
        match u64::try_from(fen.unsigned_abs()) {
            Ok(number) => Money(Decimal::from_parts(low(number), low(number >> 32), 0, fen < 0, 2)),
            Err(_) => Money(Decimal::try_from_i128_with_scale(fen, 2).unwrap_or(Decimal::MAX)),
        }
    }

    /// The same in fen, for exact division.
    pub fn fen(self) -> i128 {
        self.0.mantissa()
    }

    /// Whether this is nothing at all.
    pub fn is_zero(self) -> bool {
        self.0.is_zero()
    }

    /// Whether this is less than nothing.
    pub fn is_negative(self) -> bool {
        self < Money::ZERO
    }

    /// What is left after taking `other` off, never below 0.
    pub fn less(self, other: Money) -> Money {
        if self <= other { Money::ZERO } else { self - other }
    }

    /// The same without a minus.
    pub fn abs(self) -> Money {
        Money(self.0.abs())
    }

    /// Splits the amount by shares that sum to 1, by largest remainder on the fen; of equal remainders the one listed
    /// first. 0.01 over 0.5 and 0.5 is 0.01 and 0.00. Spec 7.5.
    pub fn split(self, shares: &[Rate]) -> Vec<Money> {
        let exact: Vec<Exact> = shares.iter().map(|share| self * *share).collect();
        let mut pieces: Vec<Money> = exact.iter().map(|piece| piece.floor2()).collect();
        let mut by_remainder: Vec<usize> = (0..pieces.len()).collect();
        by_remainder.sort_by(|&a, &b| {
            let remainder = |index: usize| exact[index].0 - pieces[index].0;
            remainder(b).cmp(&remainder(a))
        });
        let mut left = self - pieces.iter().copied().sum();
        let fen = Money::from_fen(1);
        for index in by_remainder {
            if left.is_zero() {
                break;
            }
            pieces[index] += fen;
            left = left - fen;
        }
        pieces
    }
}

/// All digits of a product, if they are not too many.
fn product(one: Decimal, other: Decimal) -> Option<i128> {
    let (one, other) = (one.mantissa(), other.mantissa());
    // To look for an overflow of 128 bits takes several times as long, and nearly all numbers are shorter.
    match (i64::try_from(one), i64::try_from(other)) {
        (Ok(one), Ok(other)) => Some(i128::from(one) * i128::from(other)),
        _ => one.checked_mul(other),
    }
}

/// Ten to a power that a decimal's digits can need.
fn power_of_ten(power: u32) -> i128 {
    const SHORT: [i64; 11] = [
        1,
        10,
        100,
        1_000,
        10_000,
        100_000,
        1_000_000,
        10_000_000,
        100_000_000,
        1_000_000_000,
        10_000_000_000,
    ];
    let short = usize::try_from(power).ok().and_then(|power| SHORT.get(power));
    short.map_or_else(|| 10_i128.pow(power), |short| i128::from(*short))
}

/// Room for every number of 64 bits, with its point.
const TEXT_BYTES: usize = 24;

/// Writes a number as digits, with a point before the last `decimals` ones if there are any, without a minus; none where it does
/// not fit.
fn digits(number: u128, decimals: usize, buffer: &mut [u8; TEXT_BYTES]) -> Option<&[u8]> {
    if TEXT_BYTES < decimals.saturating_add(2) {
        return None;
    }
    let mut left = u64::try_from(number).ok()?;
    let mut start = buffer.len();
    for _ in 0..decimals {
        start -= 1;
        buffer[start] = last_digit(left);
        left /= 10;
    }
    if decimals != 0 {
        start -= 1;
        buffer[start] = b'.';
    }
    loop {
        start -= 1;
        buffer[start] = last_digit(left);
        left /= 10;
        if left == 0 {
            return Some(&buffer[start..]);
        }
    }
}

fn last_digit(number: u64) -> u8 {
    b'0' + u8::try_from(number % 10).unwrap_or_default()
}

/// Shows a decimal without trailing zeros, as the library does, only faster: traces hold hundreds of them.
fn show(value: Decimal, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let (mut mantissa, mut decimals) = (value.mantissa(), value.scale());
    while decimals != 0 && mantissa % 10 == 0 {
        mantissa /= 10;
        decimals -= 1;
    }
    show_digits(mantissa, decimals, f)
}

fn show_digits(mantissa: i128, decimals: u32, f: &mut fmt::Formatter<'_>) -> fmt::Result {
    let mut buffer = [0; TEXT_BYTES];
    let places = usize::try_from(decimals).unwrap_or(usize::MAX);
    let digits = digits(mantissa.unsigned_abs(), places, &mut buffer);
    match digits.and_then(|digits| std::str::from_utf8(digits).ok()) {
        Some(digits) => f.pad_integral(0 <= mantissa, "", digits),
        None => fmt::Display::fmt(&Decimal::from_i128_with_scale(mantissa, decimals), f),
    }
}

/// The same as `show`, without a formatter.
fn write_shown(value: Decimal, out: &mut Vec<u8>) {
    let Ok(mut mantissa) = u64::try_from(value.mantissa().unsigned_abs()) else {
        return out.extend_from_slice(value.normalize().to_string().as_bytes());
    };
    let mut decimals = usize::try_from(value.scale()).unwrap_or(usize::MAX);
    while decimals != 0 && mantissa.is_multiple_of(10) {
        mantissa /= 10;
        decimals -= 1;
    }
    let mut buffer = [0; TEXT_BYTES];
    match digits(u128::from(mantissa), decimals, &mut buffer) {
        Some(digits) => {
            if value.is_sign_negative() && mantissa != 0 {
                out.push(b'-');
            }
            out.extend_from_slice(digits);
        }
        None => out.extend_from_slice(value.normalize().to_string().as_bytes()),
    }
}

/// Appends a number that has so many decimals, with all of them.
fn write_digits(value: Decimal, decimals: usize, out: &mut Vec<u8>) {
    let mantissa = value.mantissa();
    let mut buffer = [0; TEXT_BYTES];
    match digits(mantissa.unsigned_abs(), decimals, &mut buffer) {
        Some(digits) => {
            if mantissa < 0 {
                out.push(b'-');
            }
            out.extend_from_slice(digits);
        }
        None => out.extend_from_slice(value.to_string().as_bytes()),
    }
}

macro_rules! shown_as_text {
    ($($name:ident),*) => {
        $(impl $name {
            /// Appends what `to_string` gives, faster: traces hold hundreds of them.
            pub fn write_to(self, out: &mut Vec<u8>) {
                write_shown(self.0, out);
            }
        })*
    };
}

shown_as_text!(Rate, Points, Factor, Price, Exact);

impl Money {
    /// The amount with two decimals, always: what `to_string` gives, in one allocation. Records hold hundreds of amounts.
    pub fn text(self) -> String {
        if self.is_zero() {
            return "0.00".to_owned();
        }
        let mut text = Vec::with_capacity(TEXT_BYTES);
        self.write_to(&mut text);
        String::from_utf8(text).unwrap_or_default()
    }

    /// Appends the same text.
    pub fn write_to(self, out: &mut Vec<u8>) {
        // Most amounts of a trace are nothing.
        if self.is_zero() {
            return out.extend_from_slice(b"0.00");
        }
        write_digits(self.0, 2, out);
    }
}

impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad_integral(!self.is_negative(), "", self.abs().text().as_str())
    }
}

impl fmt::Debug for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "¥{}", self.0)
    }
}

impl Add for Money {
    type Output = Money;
    fn add(self, other: Money) -> Money {
        // Most parts of a bill and most payments are nothing.
        if other.is_zero() { self } else { Money::of_fen(self.fen() + other.fen()) }
    }
}

impl AddAssign for Money {
    fn add_assign(&mut self, other: Money) {
        if !other.is_zero() {
            *self = *self + other;
        }
    }
}

impl Sub for Money {
    type Output = Money;
    fn sub(self, other: Money) -> Money {
        if other.is_zero() { self } else { Money::of_fen(self.fen() - other.fen()) }
    }
}

impl Sum for Money {
    fn sum<I: Iterator<Item = Money>>(amounts: I) -> Money {
        Money::of_fen(amounts.map(Money::fen).sum())
    }
}

impl Mul<Rate> for Money {
    type Output = Exact;
    fn mul(self, rate: Rate) -> Exact {
        Exact(self.0 * rate.0)
    }
}

/// A share from 0 to 1 with at most six decimals (比例). Spec 1.2.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Rate(Decimal);

impl Rate {
    /// Nothing is paid.
    pub const ZERO: Rate = Rate(Decimal::ZERO);
    /// All is paid.
    pub const ONE: Rate = Rate(Decimal::ONE);

    /// Reads a rate from 0 to 1.
    pub fn parse(text: &str) -> Result<Rate, NumberError> {
        let value = not_negative(scan(text, 6)?)?;
        if value <= Decimal::ONE {
            Ok(Rate(value.normalize()))
        } else {
            Err(NumberError::OutOfRange)
        }
    }

    /// Whether nothing is paid at this rate.
    pub fn is_zero(self) -> bool {
        self.0.is_zero()
    }

    /// The rest to 1.
    pub fn complement(self) -> Rate {
        Rate(Decimal::ONE - self.0)
    }

    /// This rate with points added, kept within 0 to 1 (spec 5.2).
    pub fn plus(self, points: Points) -> Rate {
        Rate((self.0 + points.0).clamp(Decimal::ZERO, Decimal::ONE).normalize())
    }

    /// The sum of shares, which may pass 1.
    pub fn sums_to_one(rates: impl Iterator<Item = Rate>) -> bool {
        rates.map(|rate| rate.0).sum::<Decimal>() == Decimal::ONE
    }
}

impl fmt::Display for Rate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(self.0, f)
    }
}

/// Points added to a rate, from −1 to 1 (`rate_add`, 提高百分点). Packs 3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Points(Decimal);

impl Points {
    /// Reads points from −1 to 1 with at most six decimals.
    pub fn parse(text: &str) -> Result<Points, NumberError> {
        let value = scan(text, 6)?;
        if value.abs() <= Decimal::ONE {
            Ok(Points(value.normalize()))
        } else {
            Err(NumberError::OutOfRange)
        }
    }

    /// Whether nothing is added.
    pub fn is_zero(self) -> bool {
        self.0.is_zero()
    }

    /// Whether the rate is lowered.
    pub fn is_negative(self) -> bool {
        self.0 < Decimal::ZERO
    }
}

impl Add for Points {
    type Output = Points;
    fn add(self, other: Points) -> Points {
        Points(self.0 + other.0)
    }
}

impl fmt::Display for Points {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(self.0, f)
    }
}

/// What a deductible is multiplied by, from 0 to 10 (`deductible_multiply`). Packs 3.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Factor(Decimal);

impl Factor {
    /// Reads a factor from 0 to 10 with at most six decimals.
    pub fn parse(text: &str) -> Result<Factor, NumberError> {
        let value = not_negative(scan(text, 6)?)?;
        if value <= Decimal::TEN {
            Ok(Factor(value.normalize()))
        } else {
            Err(NumberError::OutOfRange)
        }
    }

    /// Millionths in one.
    pub const MILLION: u64 = 1_000_000;

    /// The factor in millionths: exact, since it has at most six decimals.
    pub fn millionths(self) -> u64 {
        (self.0 * Decimal::from(Factor::MILLION)).to_u64().unwrap_or(u64::MAX)
    }

    /// Whether multiplying by it makes a deductible larger.
    pub fn raises(self) -> bool {
        self.0 > Decimal::ONE
    }

    /// Decimals that a multiplication by this factor adds.
    pub fn decimals(self) -> u32 {
        self.0.scale()
    }
}

impl fmt::Display for Factor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(self.0, f)
    }
}

/// A quantity with at most six decimals; a refund's is negative (数量). Spec 1.1, 2.7.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Quantity(Decimal);

impl Quantity {
    /// Reads a quantity, with or without a minus.
    pub fn parse(text: &str) -> Result<Quantity, NumberError> {
        scan(text, 6).map(Quantity)
    }

    /// Whether there is none.
    pub fn is_zero(self) -> bool {
        self.0.is_zero()
    }

    /// Whether it is taken back.
    pub fn is_negative(self) -> bool {
        self.0 < Decimal::ZERO
    }
}

impl Add for Quantity {
    type Output = Quantity;
    fn add(self, other: Quantity) -> Quantity {
        Quantity(self.0 + other.0)
    }
}

impl fmt::Display for Quantity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(self.0, f)
    }
}

/// A unit price or a price limit with at most six decimals (单价、限价). Unit: yuan. Spec 1.1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Price(Decimal);

impl Price {
    /// Reads a price.
    pub fn parse(text: &str) -> Result<Price, NumberError> {
        not_negative(scan(text, 6)?).map(Price)
    }

    /// Whether `amount` differs from quantity × this price by less than a fen, so that a HIS may round as it likes
    /// (spec 2.3): 3 × 0.335 may be 1.00 or 1.01.
    pub fn explains(self, quantity: Quantity, amount: Money) -> bool {
        // In units of the product's last decimal; what has too many digits for that is more than any amount.
        let Some(product) = product(self.0, quantity.0) else { return false };
        let (scale, fen) = (self.0.scale() + quantity.0.scale(), amount.fen());
        let difference = match scale.checked_sub(2) {
            Some(finer) => {
                let a_fen = power_of_ten(finer);
                return product.abs_diff(fen * a_fen) < a_fen.unsigned_abs();
            }
            None => product.checked_mul(10_i128.pow(2 - scale)).map(|product| product - fen),
        };
        difference == Some(0)
    }

    /// What this many units cost, exactly; none where that has too many digits.
    pub fn times(self, quantity: Quantity) -> Option<Exact> {
        self.0.checked_mul(quantity.0).map(Exact)
    }

    /// What lies above `limit` on this many units, exactly (spec 2.5 d).
    pub fn above(self, limit: Price, quantity: Quantity) -> Exact {
        let is_within = match self.0.scale() == limit.0.scale() {
            true => self.0.mantissa() <= limit.0.mantissa(),
            false => self.0 <= limit.0,
        };
        if is_within {
            return Exact::ZERO;
        }
        let over = self.0 - limit.0;
        Exact(over.checked_mul(quantity.0).unwrap_or(Decimal::MAX))
    }
}

impl fmt::Display for Price {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(self.0, f)
    }
}

/// An amount that is not rounded yet. Unit: yuan.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Exact(Decimal);

impl Exact {
    /// Nothing.
    pub const ZERO: Exact = Exact(Decimal::ZERO);

    /// Reads an amount that is not negative, with at most eight decimals: what a guarantee allowed (spec 8.3).
    pub fn parse_allowed(text: &str) -> Result<Exact, NumberError> {
        let value = not_negative(scan(text, 8)?)?;
        if value < Money::LIMIT.0 { Ok(Exact(value)) } else { Err(NumberError::OutOfRange) }
    }

    /// Reads a sum of such amounts, which may pass [`Money::LIMIT`].
    pub fn parse_allowed_sum(text: &str) -> Result<Exact, NumberError> {
        not_negative(scan(text, 8)?).map(Exact)
    }

    /// Rounds to the fen, half away from zero (四舍五入): 0.005 → 0.01, 0.0049 → 0.00.
    pub fn round2(self) -> Money {
        let (fen, rest, unit) = self.fen();
        let away = if unit <= 2 * rest.abs() { rest.signum() } else { 0 };
        Money::of_fen(fen + away)
    }

    /// Cuts to the fen, toward zero: 0.009 → 0.00.
    pub fn floor2(self) -> Money {
        Money::of_fen(self.fen().0)
    }

    /// Whole fen, and what is left in units of which so many make a fen.
    fn fen(self) -> (i128, i128, i128) {
        let (mantissa, scale) = (self.0.mantissa(), self.0.scale());
        match scale.checked_sub(2) {
            Some(finer) => {
                let unit = power_of_ten(finer);
                // Dividing 128 bits takes several times as long, and nearly all amounts are shorter.
                match (i64::try_from(mantissa), i64::try_from(unit)) {
                    (Ok(short), Ok(by)) => ((short / by).into(), (short % by).into(), unit),
                    _ => (mantissa / unit, mantissa % unit, unit),
                }
            }
            None => (mantissa * 10_i128.pow(2 - scale), 0, 1),
        }
    }

    /// Whether this is nothing at all.
    pub fn is_zero(self) -> bool {
        self.0.is_zero()
    }

    /// The same without trailing zeros, to be shown or stored.
    pub fn normalized(self) -> Exact {
        Exact(self.0.normalize())
    }
}

impl From<Money> for Exact {
    fn from(money: Money) -> Exact {
        Exact(money.0)
    }
}

impl Add for Exact {
    type Output = Exact;
    fn add(self, other: Exact) -> Exact {
        Exact(self.0 + other.0)
    }
}

impl AddAssign for Exact {
    fn add_assign(&mut self, other: Exact) {
        self.0 += other.0;
    }
}

impl Sub for Exact {
    type Output = Exact;
    fn sub(self, other: Exact) -> Exact {
        Exact(self.0 - other.0)
    }
}

impl Mul<Factor> for Exact {
    type Output = Exact;
    fn mul(self, factor: Factor) -> Exact {
        Exact(self.0 * factor.0)
    }
}

impl fmt::Display for Exact {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show(self.0, f)
    }
}

/// A reported ratio with four decimals; it steers nothing (spec 6.4, 7.3).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Ratio(Decimal);

impl Ratio {
    /// `1 − part / whole`, rounded half away from zero to four decimals; none where `whole` is 0.
    pub fn rest_rounded(part: Money, whole: Money) -> Option<Ratio> {
        let (rest, whole) = ((whole - part).fen(), whole.fen());
        if whole == 0 {
            return None;
        }
        let doubled = (rest * 20_000).abs() / whole.abs();
        let rounded = (doubled + 1) / 2 * rest.signum() * whole.signum();
        Some(Ratio(Decimal::from_i128_with_scale(rounded, 4)))
    }

    /// `1 − part / whole`, cut to four decimals; none where `whole` is 0.
    pub fn rest_cut(part: Money, whole: Money) -> Option<Ratio> {
        let (rest, whole) = ((whole - part).fen(), whole.fen());
        (whole != 0).then(|| Ratio(Decimal::from_i128_with_scale(rest * 10_000 / whole, 4)))
    }

    /// Appends what `to_string` gives.
    pub fn write_to(self, out: &mut Vec<u8>) {
        write_digits(self.0, 4, out);
    }

    /// The ratio in hundredths of a percent.
    pub fn basis_points(self) -> i64 {
        self.0.mantissa().to_i64().unwrap_or(i64::MAX)
    }
}

impl fmt::Display for Ratio {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        show_digits(self.0.mantissa(), self.0.scale(), f)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn money(text: &str) -> Money {
        Money::parse(text).unwrap()
    }

    #[test]
    fn a_text_is_what_to_string_gives() {
        let written = |write: &dyn Fn(&mut Vec<u8>)| {
            let mut out = Vec::new();
            write(&mut out);
            String::from_utf8(out).unwrap()
        };
        for text in ["0", "0.000000", "1", "0.9", "0.900", "0.123456", "1.000000"] {
            let rate = Rate::parse(text).unwrap();
            assert_eq!(written(&|out| rate.write_to(out)), rate.to_string());
        }
        for text in ["-0.05", "0.05", "-1", "0", "-0.000001"] {
            let points = Points::parse(text).unwrap();
            assert_eq!(written(&|out| points.write_to(out)), points.to_string());
        }
        for amount in ["0.00", "0.01", "12.30", "9999999999.99"] {
            let amount = money(amount);
            assert_eq!(amount.text(), amount.to_string());
            let less = Money::ZERO - amount;
            assert_eq!(less.text(), less.to_string());
            for rate in ["0", "0.333333", "0.5", "1"] {
                let exact = amount * Rate::parse(rate).unwrap();
                assert_eq!(written(&|out| exact.write_to(out)), exact.to_string());
            }
        }
    }

    #[test]
    fn money_is_read_as_the_specification_says() {
        for (text, expected) in [
            ("0", Ok("0.00")),
            ("1.5", Ok("1.50")),
            ("0001.50", Ok("1.50")),
            ("9999999999.99", Ok("9999999999.99")),
            ("10000000000", Err(NumberError::OutOfRange)),
            ("99999999999999999999999999999999", Err(NumberError::OutOfRange)),
            ("1.500", Err(NumberError::TooFine(2))),
            ("-1", Err(NumberError::Negative)),
            ("-0", Ok("0.00")),
            ("1.", Err(NumberError::NotPlain)),
            (".5", Err(NumberError::NotPlain)),
            ("+1", Err(NumberError::NotPlain)),
            ("1e3", Err(NumberError::NotPlain)),
            ("1_000", Err(NumberError::NotPlain)),
            (" 1", Err(NumberError::NotPlain)),
            ("１", Err(NumberError::NotPlain)),
            ("", Err(NumberError::NotPlain)),
            ("-", Err(NumberError::NotPlain)),
        ] {
            let read = Money::parse(text).map(|money| money.to_string());
            assert_eq!(read, expected.map(str::to_owned), "{text}");
        }
    }

    #[test]
    fn a_sum_that_would_not_be_read_again_as_it_is_written_is_out_of_range() {
        for text in ["99999999999999999999", "99999999999999999999.99"] {
            let sum = Money::parse_sum(text).unwrap();
            assert_eq!(Money::parse_sum(&sum.to_string()), Ok(sum));
        }
        for text in ["0999999999999999999599", "100000000000000000000"] {
            assert_eq!(Money::parse_sum(text), Err(NumberError::OutOfRange), "{text}");
        }
    }

    #[test]
    fn rounding_is_half_away_from_zero_and_cutting_is_toward_zero() {
        for (amount, rate, rounded, cut) in [
            ("0.01", "0.5", "0.01", "0.00"),
            ("0.01", "0.499999", "0.00", "0.00"),
            ("0.03", "0.5", "0.02", "0.01"),
            ("1.00", "0.995", "1.00", "0.99"),
            ("100.00", "1", "100.00", "100.00"),
        ] {
            let exact = money(amount) * Rate::parse(rate).unwrap();
            assert_eq!((exact.round2(), exact.floor2()), (money(rounded), money(cut)));
        }
    }

    #[test]
    fn amounts_are_written_with_two_decimals() {
        for (fen, text) in [(0, "0.00"), (5, "0.05"), (-5, "-0.05"), (100, "1.00")] {
            assert_eq!(Money::from_fen(fen).to_string(), text);
            assert_eq!(Money::from_fen(fen).text(), text);
        }
        assert_eq!(Money::from_fen(i64::MAX).to_string(), "92233720368547758.07");
        assert_eq!(format!("[{:>8}]", Money::from_fen(150)), "[    1.50]");
    }

    #[test]
    fn exact_numbers_are_shown_as_the_library_shows_them() {
        for text in [
            "0",
            "0.00",
            "1",
            "10",
            "1.50",
            "0.00000001",
            "-0.5",
            "100.00",
            "123456789.123456780",
            "0.0000000000000000000001",
            "0.0000000000000000000000000001",
            "79228162514264337593543950335",
            "18446744073709551616.10",
            "-18446744073709551615",
        ] {
            let value: Decimal = text.parse().unwrap();
            assert_eq!(Exact(value).to_string(), value.normalize().to_string(), "{text}");
        }
        let padded = format!("[{:>6}]", Rate::parse("0.5").unwrap());
        assert_eq!(padded, "[   0.5]");
    }

    #[test]
    fn the_limit_is_ten_to_the_tenth() {
        assert_eq!(Money::LIMIT.to_string(), "10000000000.00");
    }

    #[test]
    fn a_split_sums_to_what_was_split() {
        let thirds = ["0.333333", "0.333333", "0.333334"].map(|text| Rate::parse(text).unwrap());
        assert_eq!(money("0.01").split(&thirds), ["0.00", "0.00", "0.01"].map(money));
        let halves = ["0.5", "0.5"].map(|text| Rate::parse(text).unwrap());
        assert_eq!(money("0.03").split(&halves), ["0.02", "0.01"].map(money));
    }

    #[test]
    fn ratios_are_rounded_or_cut() {
        let rounded = |part, whole| Ratio::rest_rounded(money(part), money(whole));
        assert_eq!(rounded("1.00", "3.00").unwrap().to_string(), "0.6667");
        assert_eq!(rounded("1.00", "0.00"), None);
        let cut = |part, whole| Ratio::rest_cut(money(part), money(whole)).unwrap().to_string();
        assert_eq!(cut("1.00", "3.00"), "0.6666");
        assert_eq!(cut("4.00", "3.00"), "-0.3333");
        for part in ["0.00", "0.01", "1.00", "3.00", "40.00"] {
            let ratio = rounded(part, "3.00").unwrap();
            let mut written = Vec::new();
            ratio.write_to(&mut written);
            assert_eq!(String::from_utf8(written).unwrap(), ratio.to_string());
        }
    }
}
