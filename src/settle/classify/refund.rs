//! Refund lines: what is taken back, and what is left of each line. Spec 2.3, 2.7.

use crate::bill::Line;
use crate::id::is_id;
use crate::money::Money;
use crate::money::Quantity;
use crate::refusal::Refusal;

/// What refunds have left of a line.
pub(super) struct Left<'a> {
    pub(super) line: &'a Line,
    pub(super) quantity: Quantity,
    pub(super) amount: Money,
    /// Whether a refund has taken from it.
    refunded: bool,
}

type Why = (&'static str, &'static str);

const NOT_A_REFUND: Why =
    ("a negative quantity or amount needs `refund_of`", "数量或金额为负时须填写原明细号");
const NOT_NEGATIVE: Why =
    ("its quantity must be negative and its amount at most 0", "数量须为负,金额不得大于 0");
const NO_EARLIER_LINE: Why =
    ("it names no earlier line of this bill", "原明细号不是本单中在前的明细");
const OF_A_REFUND: Why = ("it names a refund line", "原明细本身是退费明细");
const OTHER_ITEM: Why = (
    "item, category and unit price must be those of the line that it names",
    "项目、类别、单价须与原明细一致",
);
const TOO_MUCH: Why = ("it takes back more than is left", "退费超过原明细剩余数量或金额");
const AMOUNT_WITHOUT_QUANTITY: Why =
    ("no quantity is left, but an amount is", "数量已全部退回,金额仍有剩余");

/// Takes refunds off the lines that they name; fully refunded lines vanish.
pub(super) fn take_back(lines: &[Line]) -> Result<Vec<Left<'_>>, Refusal> {
    let mut left: Vec<Left<'_>> = Vec::with_capacity(lines.len());
    let ids = Ids::of(lines);
    // Where each line stands in `left`; none for refund lines.
    let mut places: Vec<Option<usize>> = Vec::with_capacity(lines.len());
    for (index, line) in lines.iter().enumerate() {
        places.push(line.refund_of.is_none().then_some(left.len()));
        if !is_id(&line.id) || ids.first_repeated == Some(index) {
            return Err(Refusal::LineId { position: index + 1, line: line.id.clone() });
        }
        if !line.price.explains(line.quantity, line.amount) {
            return Err(Refusal::LineAmount { line: line.id.clone(), amount: line.amount });
        }
        let refuse = |why: Why| Refusal::RefundLine { line: line.id.clone(), why };
        match &line.refund_of {
            Some(original) => {
                let place = ids.earlier(original, index).map(|earlier| places[earlier]);
                take_off(&mut left, place, line).map_err(refuse)?;
            }
            None if line.quantity.is_negative() || line.amount.is_negative() => {
                return Err(refuse(NOT_A_REFUND));
            }
            None => {
                let (quantity, amount) = (line.quantity, line.amount);
                left.push(Left { line, quantity, amount, refunded: false });
            }
        }
    }
    for left in &left {
        let line = || left.line.id.clone();
        if left.quantity.is_negative() || left.amount.is_negative() {
            return Err(Refusal::RefundLine { line: line(), why: TOO_MUCH });
        }
        if left.refunded && left.quantity.is_zero() && !left.amount.is_zero() {
            return Err(Refusal::RefundLine { line: line(), why: AMOUNT_WITHOUT_QUANTITY });
        }
    }
    left.retain(|left| !(left.refunded && left.quantity.is_zero()));
    Ok(left)
}

/// Lines by their ids.
struct Ids<'a> {
    lines: &'a [Line],
    /// The lines in the order of their ids, equal ones as in the bill; none where the bill has them in that order and each once.
    sorted: Option<Vec<usize>>,
    /// The first line whose id an earlier one has.
    first_repeated: Option<usize>,
}

/// What lines are ordered by: numbers are mostly in order already.
fn order(line: &Line) -> (usize, &str) {
    (line.id.len(), line.id.as_str())
}

impl<'a> Ids<'a> {
    fn of(lines: &'a [Line]) -> Ids<'a> {
        if lines.is_sorted_by(|one, next| order(one) < order(next)) {
            return Ids { lines, sorted: None, first_repeated: None };
        }
        let mut sorted: Vec<usize> = (0..lines.len()).collect();
        sorted.sort_by_key(|index| order(&lines[*index]));
        let repeated = sorted.windows(2).filter(|pair| lines[pair[0]].id == lines[pair[1]].id);
        let first_repeated = repeated.map(|pair| pair[1]).min();
        Ids { lines, sorted: Some(sorted), first_repeated }
    }

    /// The line of that id, if it stands before another.
    fn earlier(&self, id: &str, before: usize) -> Option<usize> {
        let comes_before = |line: &Line| order(line) < (id.len(), id);
        let index = match &self.sorted {
            None => self.lines.partition_point(comes_before),
            Some(sorted) => {
                let place = sorted.partition_point(|index| comes_before(&self.lines[*index]));
                *sorted.get(place)?
            }
        };
        let found = self.lines.get(index)?;
        (found.id == id && index < before).then_some(index)
    }
}

/// `place` is where the line stands that is taken back from; none within for a refund line.
fn take_off(left: &mut [Left<'_>], place: Option<Option<usize>>, line: &Line) -> Result<(), Why> {
    if !line.quantity.is_negative() || Money::ZERO < line.amount {
        return Err(NOT_NEGATIVE);
    }
    let place = match place {
        Some(Some(place)) => place,
        Some(None) => return Err(OF_A_REFUND),
        None => return Err(NO_EARLIER_LINE),
    };
    let Some(named) = left.get_mut(place) else { return Err(NO_EARLIER_LINE) };
    let same = named.line.code == line.code
        && named.line.category == line.category
        && named.line.price == line.price;
    if !same {
        return Err(OTHER_ITEM);
    }
    named.quantity = named.quantity + line.quantity;
    named.amount += line.amount;
    named.refunded = true;
    Ok(())
}
