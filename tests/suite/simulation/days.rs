//! The simulated calendar: days from the first of 2018 on. Neither 2018 nor 2019 has a 29 February.

const MONTHS: [i64; 12] = [31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31];

/// A day by its distance from 2018-01-01, in 2017 to 2019.
pub(crate) fn day(index: i64) -> String {
    let year = 2018 + index.div_euclid(365);
    let mut rest = index.rem_euclid(365);
    for (month, days) in (1..).zip(MONTHS) {
        if rest < days {
            return format!("{year}-{month:02}-{:02}", rest + 1);
        }
        rest -= days;
    }
    unreachable!("a year has 365 days here")
}

#[test]
fn days_are_counted_from_the_first_of_2018() {
    for (index, text) in [
        (0, "2018-01-01"),
        (58, "2018-02-28"),
        (59, "2018-03-01"),
        (364, "2018-12-31"),
        (365, "2019-01-01"),
        (-1, "2017-12-31"),
        (729, "2019-12-31"),
    ] {
        assert_eq!(day(index), text);
    }
}
