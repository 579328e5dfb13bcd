//! One cell of a row: read strictly, or complained of with what should stand there.

use crate::calendar::Day;
use crate::calendar::Span;
use crate::id::is_id;
use crate::money::Exact;
use crate::money::Money;
use crate::money::NumberError;
use crate::money::Price;
use crate::money::Quantity;
use crate::money::Rate;
use crate::register::LEVEL_MAX;
use crate::register::Place;
use crate::register::Tier;
use crate::table::Complaints;
use crate::table::grid::Row;
use crate::table::grid::short;

/// Most characters of a text that is no identifier, such as a name.
const TEXT_CHARS_MAX: usize = 500;

/// Columns whose content no complaint repeats, since complaints are printed and logged.
const PERSONAL: &[&str] = &["person", "name", "certificate_no", "birth"];

/// What is wrong with a text and what to do, in English and Chinese; the text itself goes before it.
pub(super) type Wrong = (String, String);

/// A row that is being read, and where complaints of it go.
pub(super) struct Cells<'a> {
    /// The row.
    pub row: &'a Row<'a>,
    /// All complaints of its table.
    pub complaints: &'a mut Complaints,
}

impl Cells<'_> {
    /// Whether any of these columns has content.
    pub(super) fn has_any(&self, columns: &[&str]) -> bool {
        columns.iter().any(|column| !self.row.cell(column).is_empty())
    }

    /// Complains of a column of this row.
    pub(super) fn complain(&mut self, column: &str, wrong: Wrong) {
        self.complaints.add(self.row.number, column, wrong);
    }

    /// What must stand under a column; none after a complaint.
    pub(super) fn given<T>(
        &mut self,
        column: &str,
        parse: impl FnOnce(&str) -> Result<T, Wrong>,
    ) -> Option<T> {
        if self.row.cell(column).is_empty() {
            let wrong =
                ("the cell is empty; fill it in".to_owned(), "单元格为空;请填写".to_owned());
            self.complain(column, wrong);
            return None;
        }
        self.if_given(column, parse).flatten()
    }

    /// What may stand under a column, none where it is empty; no answer after a complaint.
    pub(super) fn if_given<T>(
        &mut self,
        column: &str,
        parse: impl FnOnce(&str) -> Result<T, Wrong>,
    ) -> Option<Option<T>> {
        let text = self.row.cell(column);
        if text.is_empty() {
            return Some(None);
        }
        match parse(text) {
            Ok(value) => Some(Some(value)),
            Err((english, chinese)) => {
                let (what, what_zh) = if PERSONAL.contains(&column) {
                    ("the content".to_owned(), "内容".to_owned())
                } else {
                    (format!("`{}`", short(text)), format!("“{}”", short(text)))
                };
                self.complain(column, (format!("{what} {english}"), format!("{what_zh}{chinese}")));
                None
            }
        }
    }

    /// A first day that must be there and a last day that may be.
    pub(super) fn span(&mut self, from: &str, to: &str) -> Option<Span> {
        let first = self.given(from, day);
        let last = self.if_given(to, day);
        let span = Span { from: first?, to: last? };
        if span.is_in_order() {
            return Some(span);
        }
        let wrong = (
            format!("the span {span} ends before it begins; correct one of its days"),
            format!("期间 {span} 止日早于起日;请改正起止日期"),
        );
        self.complain(to, wrong);
        None
    }

    /// Words separated by semicolons or spaces.
    pub(super) fn tags(&mut self, column: &str) -> Option<Vec<String>> {
        Some(self.if_given(column, tags)?.unwrap_or_default())
    }
}

fn wrong<T>(english: &str, chinese: &str) -> Result<T, Wrong> {
    Err((english.to_owned(), chinese.to_owned()))
}

/// Whether a spreadsheet took a long number for a quantity and rounded it, as in `5.10411E+17`.
fn is_rounded(text: &str) -> bool {
    let Some((digits, power)) = text.split_once("E+") else { return false };
    let plain = |part: &str| {
        !part.is_empty() && part.bytes().all(|byte| byte.is_ascii_digit() || byte == b'.')
    };
    plain(digits) && plain(power)
}

const ROUNDED: (&str, &str) = (
    "was rounded by a spreadsheet; format the column as text and enter the whole number again",
    "已被电子表格四舍五入为科学计数;请将该列设为文本格式后重新录入完整号码",
);

/// An identifier or code.
pub(super) fn id<T>(text: &str, parse: impl Fn(&str) -> Option<T>) -> Result<T, Wrong> {
    if is_rounded(text) {
        return wrong(ROUNDED.0, ROUNDED.1);
    }
    parse(text).map_or_else(
        || {
            wrong(
                "is not an identifier; write 1 to 100 characters without line breaks",
                "不是有效编号;应为 1 至 100 个字符,不含换行等控制字符",
            )
        },
        Ok,
    )
}

/// A code of whatever kind.
pub(super) fn code(text: &str) -> Result<String, Wrong> {
    id(text, |text| is_id(text).then(|| text.to_owned()))
}

/// A text for people.
pub(super) fn text(text: &str) -> Result<String, Wrong> {
    if is_rounded(text) {
        return wrong(ROUNDED.0, ROUNDED.1);
    }
    if text.chars().count() <= TEXT_CHARS_MAX && !text.chars().any(char::is_control) {
        return Ok(text.to_owned());
    }
    wrong(
        "is no plain text; write at most 500 characters without line breaks, and look for a \
         quotation mark that is not closed",
        "不是普通文字;应不超过 500 个字符且不含换行,并检查是否有未闭合的引号",
    )
}

/// A day.
pub(super) fn day(text: &str) -> Result<Day, Wrong> {
    Day::parse(text).map_or_else(
        || {
            wrong(
                "is not a day such as 2018-03-08; format the column as text and write it so",
                "不是 2018-03-08 形式的日期;请将该列设为文本格式后按此形式填写",
            )
        },
        Ok,
    )
}

/// A place.
pub(super) fn place(text: &str) -> Result<Place, Wrong> {
    Place::parse(text).map_or_else(
        || wrong("is not a division code; write its six digits", "不是行政区划代码;应为六位数字"),
        Ok,
    )
}

/// An insurance type.
pub(super) fn insutype(text: &str) -> Result<String, Wrong> {
    if text.len() <= 10 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(text.to_owned());
    }
    wrong(
        "is not an insurance type; write its digits, such as 390 for residents",
        "不是险种类型;应为数字代码,如城乡居民 390",
    )
}

/// The beginning of division codes.
pub(super) fn place_prefix(text: &str) -> Result<String, Wrong> {
    if [2, 4, 6].contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(text.to_owned());
    }
    wrong(
        "is not the beginning of a division code; write 2, 4 or 6 digits, or nothing for all places",
        "不是行政区划代码前缀;应为 2、4 或 6 位数字,适用全部地区时留空",
    )
}

/// Yes or no, in either language.
pub(super) fn yes_or_no(text: &str) -> Result<bool, Wrong> {
    match text {
        "yes" | "是" => Ok(true),
        "no" | "否" => Ok(false),
        _ => wrong("is neither yes nor no", "应为 是 或 否"),
    }
}

/// The level of a facility.
pub(super) fn level(text: &str) -> Result<u8, Wrong> {
    let level = (text.len() == 1).then(|| text.parse::<u8>().ok()).flatten();
    level.filter(|level| *level <= LEVEL_MAX).map_or_else(
        || {
            wrong(
                "is not a level; write 0 for unrated, or 1, 2, 3",
                "不是医院级别;应为 0(未定级)、1、2 或 3",
            )
        },
        Ok,
    )
}

/// The tier of a facility.
pub(super) fn tier(text: &str) -> Result<Tier, Wrong> {
    Tier::parse(text).map_or_else(
        || {
            wrong(
                "is not a tier; write township, county, city or province",
                "不是机构层级;应为 township(乡镇)、county(县)、city(市)或 province(省)",
            )
        },
        Ok,
    )
}

/// A rate from 0 to 1.
pub(super) fn rate(text: &str) -> Result<Rate, Wrong> {
    let advice =
        ("write a decimal from 0 to 1, such as 0.1 for 10%", "应为 0 至 1 的小数,10% 写作 0.1");
    Rate::parse(text).map_err(|why| number(why, advice))
}

/// A unit price.
pub(super) fn price(text: &str) -> Result<Price, Wrong> {
    let advice = ("write yuan as plain digits, such as 12.5", "应为以元计的普通数字,如 12.5");
    Price::parse(text).map_err(|why| number(why, advice))
}

/// An amount.
pub(super) fn money(text: &str) -> Result<Money, Wrong> {
    let advice =
        ("write yuan with at most two decimals, such as 12.50", "应为元,至多两位小数,如 12.50");
    Money::parse(text).map_err(|why| number(why, advice))
}

/// An amount, negative for a refund.
pub(super) fn signed_money(text: &str) -> Result<Money, Wrong> {
    let advice =
        ("write yuan with at most two decimals, such as 12.50", "应为元,至多两位小数,如 12.50");
    Money::parse_signed(text).map_err(|why| number(why, advice))
}

/// A quantity, negative for a refund.
pub(super) fn quantity(text: &str) -> Result<Quantity, Wrong> {
    let advice = ("write plain digits, such as 2 or 0.5", "应为普通数字,如 2 或 0.5");
    Quantity::parse(text).map_err(|why| number(why, advice))
}

/// A national charge category.
pub(super) fn category(text: &str) -> Result<String, Wrong> {
    if text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit()) {
        return Ok(text.to_owned());
    }
    wrong(
        "is no charge category; write its two digits, such as 09 for drugs, and format the column as text",
        "不是收费类别;应为两位数字,如西药 09,并将该列设为文本格式",
    )
}

/// What a guarantee allowed, with up to eight decimals.
pub(super) fn allowed(text: &str) -> Result<Exact, Wrong> {
    let advice = ("write yuan with at most eight decimals", "应为元,至多八位小数");
    Exact::parse_allowed(text).map_err(|why| number(why, advice))
}

/// A whole number.
pub(super) fn whole<T: std::str::FromStr>(text: &str) -> Result<T, Wrong> {
    let plain = text.bytes().all(|byte| byte.is_ascii_digit());
    match text.parse() {
        Ok(number) if plain => Ok(number),
        Ok(_) | Err(_) => wrong("is not a whole number, such as 3", "应为整数,如 3"),
    }
}

fn number(why: NumberError, advice: (&str, &str)) -> Wrong {
    (format!("{why}; {}", advice.0), format!("{};{}", why.zh(), advice.1))
}

/// Words; one that stands twice counts once.
fn tags(text: &str) -> Result<Vec<String>, Wrong> {
    let mut tags: Vec<String> = Vec::new();
    let is_between = |sign: char| matches!(sign, ';' | '\u{ff1b}') || sign.is_whitespace();
    for tag in text.split(is_between).filter(|tag| !tag.is_empty()) {
        if !is_id(tag) {
            return wrong(
                "has a tag that is too long or not plain; separate tags by a semicolon",
                "含有过长或无效的标签;多个标签以分号分隔",
            );
        }
        if !tags.iter().any(|known| known == tag) {
            tags.push(tag.to_owned());
        }
    }
    Ok(tags)
}
