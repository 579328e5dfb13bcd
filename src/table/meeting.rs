//! What the registers refuse of rows that are each well written: the complaint goes to the rows that it is about.

use crate::calendar::Span;
use crate::refusal::Lang;
use crate::refusal::Refusal;
use crate::table::Complaints;
use crate::table::cell::Wrong;

/// Complains of a refusal, at the last of the rows that have its spans, naming the others.
pub(super) fn complain(
    complaints: &mut Complaints,
    refusal: &Refusal,
    rows: &[(u64, Span)],
    column: &str,
) {
    let Refusal::SpansMeet { first, second, .. } = refusal else {
        let row = rows.iter().map(|(row, _)| *row).max().unwrap_or_default();
        complaints.add(row, column, in_both(refusal));
        return;
    };
    let is_one = |span: &Span| span == first || span == second;
    let mut numbers: Vec<u64> =
        rows.iter().filter(|(_, span)| is_one(span)).map(|(row, _)| *row).collect();
    numbers.sort_unstable();
    let row = numbers.pop().unwrap_or_default();
    let others = numbers.iter().map(u64::to_string).collect::<Vec<_>>().join(", ");
    let wrong = (
        format!(
            "the spans {first} and {second} meet, see row {others}; end the earlier one before \
             the other begins"
        ),
        format!(
            "期间 {first} 与 {second} 重叠,参见第 {others} 行;请在后一期间开始之前终止前一期间"
        ),
    );
    complaints.add(row, column, wrong);
}

/// A refusal's sentence and advice.
pub(super) fn in_both(refusal: &Refusal) -> Wrong {
    let both = |lang: Lang, mark: &str| {
        format!("{}{mark}{}", refusal.sentence(lang), refusal.advice(lang))
    };
    (both(Lang::En, "; "), both(Lang::Zh, ";"))
}

/// Something that the rows of one person or facility must agree on, with the row that said it first.
pub(super) struct Agreed<T>(Option<(u64, T)>);

impl<T> Default for Agreed<T> {
    fn default() -> Agreed<T> {
        Agreed(None)
    }
}

impl<T: PartialEq> Agreed<T> {
    /// Takes what a row says of it; refuses what differs from an earlier row.
    pub(super) fn agree(&mut self, row: u64, value: T) -> Result<(), Wrong> {
        match &self.0 {
            None => {
                self.0 = Some((row, value));
                Ok(())
            }
            Some((_, known)) if *known == value => Ok(()),
            Some((first, _)) => Err((
                format!("the content differs from row {first}; make them agree"),
                format!("内容与第 {first} 行不一致;请统一"),
            )),
        }
    }

    /// What they agreed on.
    pub(super) fn value(self) -> Option<T> {
        self.0.map(|(_, value)| value)
    }
}
