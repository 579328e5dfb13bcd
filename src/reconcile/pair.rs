//! Which row of the ledger each row of the hospital is: by number, then by what a refund undoes, then by admission, then by person,
//! day and amounts.

use crate::calendar::Day;
use crate::reconcile::book::Book;
use crate::reconcile::book::RowView;
use crate::reconcile::join::groups;

/// No row.
const NONE: u32 = u32::MAX;

/// Who belongs to whom.
#[derive(Debug)]
pub(super) struct Pairs {
    of_hospital: Vec<u32>,
    of_ledger: Vec<u32>,
    /// Of a hospital row that is listed again: the one before.
    twins: Vec<u32>,
}

impl Pairs {
    /// The ledger's row for one of the hospital.
    pub(super) fn of_hospital(&self, row: u32) -> Option<u32> {
        at(&self.of_hospital, row)
    }

    /// The hospital's row for one of the ledger.
    pub(super) fn of_ledger(&self, row: u32) -> Option<u32> {
        at(&self.of_ledger, row)
    }

    /// The hospital's row that this one repeats.
    pub(super) fn twin(&self, row: u32) -> Option<u32> {
        at(&self.twins, row)
    }

    /// How many rows the lists have.
    pub(super) fn lengths(&self) -> (u32, u32) {
        let length = |rows: &Vec<u32>| u32::try_from(rows.len()).unwrap_or(NONE);
        (length(&self.of_hospital), length(&self.of_ledger))
    }

    pub(super) fn matched(&self) -> u64 {
        let matched = self.of_hospital.iter().filter(|row| **row != NONE).count();
        u64::try_from(matched).unwrap_or(u64::MAX)
    }

    fn is_free(&self, row: u32) -> bool {
        self.of_hospital(row).is_none() && self.twin(row).is_none()
    }

    fn join(&mut self, hospital: u32, ledger: u32) {
        set(&mut self.of_hospital, hospital, ledger);
        set(&mut self.of_ledger, ledger, hospital);
    }

    fn free_of_hospital(&self) -> Vec<u32> {
        (0..self.lengths().0).filter(|row| self.is_free(*row)).collect()
    }

    fn free_of_ledger(&self, book: &Book, inside_only: bool) -> Vec<u32> {
        let is_free = |row: u32| self.of_ledger(row).is_none();
        let fits = |row: u32| !inside_only || book.row(row).outside().is_none();
        (0..self.lengths().1).filter(|row| is_free(*row) && fits(*row)).collect()
    }
}

fn at(rows: &[u32], row: u32) -> Option<u32> {
    let index = usize::try_from(row).ok()?;
    rows.get(index).copied().filter(|other| *other != NONE)
}

fn set(rows: &mut [u32], row: u32, to: u32) {
    if let Some(place) = usize::try_from(row).ok().and_then(|index| rows.get_mut(index)) {
        *place = to;
    }
}

/// A text as a key, with the direction; an empty one is none.
fn keyed<'b>(text: &'b str, row: &RowView<'b>) -> Option<(&'b str, bool)> {
    (!text.is_empty()).then_some((text, row.is_refund()))
}

/// Pairs two lists.
pub(super) fn pair(hospital: &Book, ledger: &Book) -> Pairs {
    let mut pairs = Pairs {
        of_hospital: vec![NONE; hospital.len()],
        of_ledger: vec![NONE; ledger.len()],
        twins: vec![NONE; hospital.len()],
    };
    let books = (hospital, ledger);
    by_text(&mut pairs, books, RowView::reference, RowView::reference);
    by_text(&mut pairs, books, RowView::reference, RowView::undoes);
    by_text(&mut pairs, books, RowView::admission, RowView::admission);
    listed_again(&mut pairs, hospital);
    by_person(&mut pairs, books);
    pairs
}

/// Pairs what has the same text: equal amounts first, then in order; what is left and says the same again is a repetition.
fn by_text<'b>(
    pairs: &mut Pairs,
    (hospital, ledger): (&'b Book, &'b Book),
    of_hospital: impl Fn(&RowView<'b>) -> &'b str,
    of_ledger: impl Fn(&RowView<'b>) -> &'b str,
) {
    // A row outside the scope is taken only where none inside is left.
    for inside_only in [true, false] {
        let lefts = pairs.free_of_hospital();
        let rights = pairs.free_of_ledger(ledger, inside_only);
        if lefts.is_empty() || rights.is_empty() {
            continue;
        }
        let left_key = |row| {
            let row = hospital.row(row);
            keyed(of_hospital(&row), &row)
        };
        let right_key = |row| {
            let row = ledger.row(row);
            keyed(of_ledger(&row), &row)
        };
        groups((lefts.into_iter(), left_key), (rights.into_iter(), right_key), |left, right| {
            join_alike(pairs, (hospital, left), (ledger, right));
        });
    }
    repeated(pairs, hospital, &of_hospital);
}

/// Joins rows of one group.
fn join_alike(
    pairs: &mut Pairs,
    (hospital, left): (&Book, &[u32]),
    (ledger, right): (&Book, &[u32]),
) {
    if let ([one], [other]) = (left, right) {
        return pairs.join(*one, *other);
    }
    let sorted = |book: &Book, rows: &[u32]| {
        let mut rows: Vec<_> = rows.iter().map(|row| (book.row(*row).amounts(), *row)).collect();
        rows.sort_unstable();
        rows
    };
    let (lefts, rights) = (sorted(hospital, left), sorted(ledger, right));
    let mut others = rights.iter().peekable();
    for (amounts, row) in &lefts {
        while others.next_if(|(other, _)| other < amounts).is_some() {}
        if let Some((_, other)) = others.next_if(|(other, _)| other == amounts) {
            pairs.join(*row, *other);
        }
    }
    let is_free = |row: &&u32| pairs.of_hospital(**row).is_none();
    let left: Vec<u32> = left.iter().filter(is_free).copied().collect();
    let is_free = |row: &&u32| pairs.of_ledger(**row).is_none();
    let right: Vec<u32> = right.iter().filter(is_free).copied().collect();
    for (one, other) in left.into_iter().zip(right) {
        pairs.join(one, other);
    }
}

/// Marks free rows of the hospital that say word for word what another with the same text says.
fn repeated<'b>(pairs: &mut Pairs, hospital: &'b Book, text: &impl Fn(&RowView<'b>) -> &'b str) {
    let free = pairs.free_of_hospital();
    if free.is_empty() {
        return;
    }
    let key = |row| {
        let view = hospital.row(row);
        let same = (view.admission(), view.reference(), view.person(), view.amounts());
        keyed(text(&view), &view).map(|key| (key, same))
    };
    let taken: Vec<u32> =
        (0..pairs.lengths().0).filter(|row| pairs.of_hospital(*row).is_some()).collect();
    groups((free.into_iter(), key), (taken.into_iter(), key), |free, taken| {
        mark_twins(pairs, free, taken);
    });
}

/// The same admission once more, under another number or none, with the same person and amounts as a row that was found.
fn listed_again(pairs: &mut Pairs, hospital: &Book) {
    let free = pairs.free_of_hospital();
    if free.is_empty() {
        return;
    }
    let key = |row| {
        let view = hospital.row(row);
        keyed(view.admission(), &view).map(|key| (key, view.person(), view.amounts()))
    };
    let taken: Vec<u32> =
        (0..pairs.lengths().0).filter(|row| pairs.of_hospital(*row).is_some()).collect();
    groups((free.into_iter(), key), (taken.into_iter(), key), |free, taken| {
        if !taken.is_empty() {
            mark_twins(pairs, free, taken);
        }
    });
}

fn mark_twins(pairs: &mut Pairs, free: &[u32], taken: &[u32]) {
    let (before, again) = match (taken.first(), free.split_first()) {
        (Some(taken), Some(_)) => (*taken, free),
        (None, Some((first, again))) => (*first, again),
        (_, None) => return,
    };
    for row in again {
        set(&mut pairs.twins, *row, before);
    }
}

/// Pairs what neither number nor admission brings together, but person, direction and amounts do, and the day where the hospital
/// says it. Somebody may have the same bill every week, so without the day it has to be the only one on either side.
fn by_person(pairs: &mut Pairs, (hospital, ledger): (&Book, &Book)) {
    let has_day = |row: &u32| hospital.row(*row).day().is_some();
    let (with_day, without): (Vec<u32>, Vec<u32>) =
        pairs.free_of_hospital().into_iter().partition(has_day);
    if !with_day.is_empty() {
        let free = pairs.free_of_ledger(ledger, true);
        let of_hospital = |row| of_whom(hospital.row(row), hospital.row(row).day());
        let of_ledger = |row| of_whom(ledger.row(row), ledger.row(row).day());
        groups(
            (with_day.into_iter(), of_hospital),
            (free.into_iter(), of_ledger),
            |left, right| {
                for (one, other) in left.iter().zip(right) {
                    pairs.join(*one, *other);
                }
            },
        );
    }
    if !without.is_empty() {
        let free = pairs.free_of_ledger(ledger, true);
        let of_hospital = |row| of_whom(hospital.row(row), None);
        let of_ledger = |row| of_whom(ledger.row(row), None);
        groups((without.into_iter(), of_hospital), (free.into_iter(), of_ledger), |left, right| {
            if let ([one], [other]) = (left, right) {
                pairs.join(*one, *other);
            }
        });
    }
}

type OfWhom<'b> = (&'b str, bool, (i64, i64), Option<Day>);

fn of_whom(row: RowView<'_>, day: Option<Day>) -> Option<OfWhom<'_>> {
    let person = row.person();
    (!person.is_empty()).then(|| (person, row.is_refund(), row.amounts(), day))
}
