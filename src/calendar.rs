//! Civil days in Asia/Shanghai, spans of them, whole years and benefit years. Spec 1.4, 3.9, 3.11.

use std::fmt;

use jiff::ToSpan;
use jiff::civil::Date;
use jiff::tz::Offset;

/// A civil day (日期), written `2018-03-08`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Day(Date);

impl Day {
    /// The first day that can be written.
    pub const FIRST: Day = Day(Date::constant(1, 1, 1));

    /// Reads `YYYY-MM-DD`, and nothing else.
    pub fn parse(text: &str) -> Option<Day> {
        let shape = text.len() == 10
            && text.bytes().enumerate().all(|(index, byte)| match index {
                4 | 7 => byte == b'-',
                _ => byte.is_ascii_digit(),
            });
        if !shape {
            return None;
        }
        let number = |from: usize, to: usize| text.get(from..to)?.parse::<i16>().ok();
        let small = |from: usize, to: usize| text.get(from..to)?.parse::<i8>().ok();
        Day::new(number(0, 4)?, small(5, 7)?, small(8, 10)?)
    }

    /// The day of a year, month and day of month, if there is one.
    pub fn new(year: i16, month: i8, day: i8) -> Option<Day> {
        if year < 1 {
            return None;
        }
        Date::new(year, month, day).ok().map(Day)
    }

    /// The calendar year.
    pub fn year(self) -> i16 {
        self.0.year()
    }

    /// What `to_string` gives, without a formatter: every record has several.
    pub fn text(self) -> [u8; 10] {
        let digit =
            |number: i16, place: i16| b'0' + u8::try_from(number / place % 10).unwrap_or_default();
        let (year, month, day) = (self.0.year(), self.0.month().into(), self.0.day().into());
        [
            digit(year, 1000),
            digit(year, 100),
            digit(year, 10),
            digit(year, 1),
            b'-',
            digit(month, 10),
            digit(month, 1),
            b'-',
            digit(day, 10),
            digit(day, 1),
        ]
    }

    /// The day before.
    pub fn before(self) -> Option<Day> {
        self.0.yesterday().ok().map(Day)
    }

    /// The day after.
    pub fn after(self) -> Option<Day> {
        self.0.tomorrow().ok().map(Day)
    }

    /// Whole years from this day to `day`, reached on the anniversary; for 29 February, in a year without one, on
    /// 1 March. 0 where `day` comes first. Spec 3.11.
    pub fn whole_years_to(self, day: Day) -> u32 {
        if day < self {
            return 0;
        }
        let mark = |date: Date| (date.month(), date.day());
        let reached = mark(day.0) >= mark(self.0);
        let years = i32::from(day.year()) - i32::from(self.year()) - i32::from(!reached);
        u32::try_from(years).unwrap_or(0)
    }

    /// More than a calendar year before `day`.
    pub fn is_over_a_year_before(self, day: Day) -> bool {
        self.0.checked_add(1.year()).is_ok_and(|later| later < day.0)
    }
}

impl fmt::Display for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

impl fmt::Debug for Day {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.fmt(f)
    }
}

/// A moment (时刻), written in RFC 3339 with the offset of Asia/Shanghai.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Default)]
pub struct Moment(jiff::Timestamp);

impl Moment {
    /// Asia/Shanghai has kept this offset since 1991.
    const OFFSET: Offset = Offset::constant(8);

    /// Milliseconds since 1970-01-01 UTC, if that is a moment that can be written.
    pub fn from_unix_millis(millis: i64) -> Option<Moment> {
        jiff::Timestamp::from_millisecond(millis).ok().map(Moment)
    }

    /// Milliseconds since 1970-01-01 UTC.
    pub fn unix_millis(self) -> i64 {
        self.0.as_millisecond()
    }

    /// Whole seconds since 1970-01-01 UTC.
    pub fn unix_seconds(self) -> i64 {
        self.0.as_second()
    }

    /// The civil day in Asia/Shanghai.
    pub fn day(self) -> Day {
        Day(Moment::OFFSET.to_datetime(self.0).date())
    }
}

impl fmt::Display for Moment {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:.3}+08:00", Moment::OFFSET.to_datetime(self.0))
    }
}

/// A span of days; both ends count, and an open one has no last day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct Span {
    /// The first day.
    pub from: Day,
    /// The last day, if it has one.
    pub to: Option<Day>,
}

impl Span {
    /// Whether the day lies in the span.
    pub fn has(&self, day: Day) -> bool {
        self.from <= day && self.to.is_none_or(|to| day <= to)
    }

    /// Whether two spans have a day in common.
    pub fn meets(&self, other: &Span) -> bool {
        self.to.is_none_or(|to| other.from <= to) && other.to.is_none_or(|to| self.from <= to)
    }

    /// Whether the last day does not come before the first.
    pub fn is_in_order(&self) -> bool {
        self.to.is_none_or(|to| self.from <= to)
    }

    /// Whether this span begins on the day after `other` ends.
    pub fn follows(&self, other: &Span) -> bool {
        other.to.and_then(Day::after) == Some(self.from)
    }
}

impl fmt::Display for Span {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.to {
            Some(to) => write!(f, "{}..{}", self.from, to),
            None => write!(f, "{}..", self.from),
        }
    }
}

/// The day of the year on which a benefit year starts (待遇年度起始日), written `07-01`. Never 29 February.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct YearStart {
    month: i8,
    day: i8,
}

impl YearStart {
    /// 1 January.
    pub const JANUARY: YearStart = YearStart { month: 1, day: 1 };

    /// Reads `MM-DD`; a day that not every year has is refused.
    pub fn parse(text: &str) -> Option<YearStart> {
        let ordinary = Day::parse(&format!("2019-{text}"))?;
        Some(YearStart { month: ordinary.0.month(), day: ordinary.0.day() })
    }

    /// The benefit year of a day, named by the calendar year in which it starts (spec 3.9).
    pub fn benefit_year(self, day: Day) -> i16 {
        let begun = (day.0.month(), day.0.day()) >= (self.month, self.day);
        if begun { day.year() } else { day.year() - 1 }
    }
}

impl fmt::Display for YearStart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:02}-{:02}", self.month, self.day)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn day(text: &str) -> Day {
        Day::parse(text).unwrap()
    }

    #[test]
    fn days_are_read_strictly() {
        for bad in
            ["2018-2-01", "2018-02-29", "20180201", "2018-02-01T", "0000-01-01", "+018-01-01"]
        {
            assert_eq!(Day::parse(bad), None, "{bad}");
        }
        for good in ["2016-02-29", "0001-01-01", "9999-12-31"] {
            assert_eq!(day(good).to_string(), good);
            assert_eq!(day(good).text(), good.as_bytes());
        }
    }

    #[test]
    fn a_moment_is_written_in_shanghai() {
        let moment = Moment::from_unix_millis(1_514_736_000_120).unwrap();
        assert_eq!(moment.to_string(), "2018-01-01T00:00:00.120+08:00");
        assert_eq!(moment.day(), day("2018-01-01"));
    }

    #[test]
    fn years_are_reached_on_the_birthday() {
        for (from, to, years) in [
            ("2000-05-02", "2018-05-01", 17),
            ("2000-05-02", "2018-05-02", 18),
            ("2016-02-29", "2017-02-28", 0),
            ("2016-02-29", "2017-03-01", 1),
            ("2016-02-29", "2020-02-29", 4),
            ("2018-01-02", "2018-01-01", 0),
        ] {
            assert_eq!(day(from).whole_years_to(day(to)), years, "{from} {to}");
        }
    }

    #[test]
    fn a_benefit_year_is_named_by_the_year_it_starts_in() {
        let july = YearStart::parse("07-01").unwrap();
        assert_eq!(july.benefit_year(day("2018-06-30")), 2017);
        assert_eq!(july.benefit_year(day("2018-07-01")), 2018);
        assert_eq!(YearStart::parse("02-29"), None);
    }
}
