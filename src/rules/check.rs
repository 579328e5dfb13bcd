//! What reading a set of packs refuses, and what may stand but is worth a look. Packs 8.

pub(super) mod families;
mod adjustments;
mod meet;

use crate::calendar::Day;
use crate::calendar::Span;
use crate::rules::RuleBook;
use crate::rules::entry::Entry;
use crate::rules::pack::ChainBy;
use crate::rules::pack::Kind;
use crate::rules::pack::Pack;
use crate::rules::pack::Step;

use std::fmt;

/// What may stand in a pack but is worth a look.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Concern {
    /// Days between two files of a family on which none is in force.
    #[error("no file of the family is in force on {span}")]
    Gap {
        /// The days.
        span: Span,
    },
    /// An entry behind one that always matches.
    #[error("never acts: entry {before} before it always matches")]
    NeverActs {
        /// The entry before it, counted from 1.
        before: usize,
    },
    /// A step that can pay nothing.
    #[error("all rates are 0")]
    AllZero,
    /// Two adjustments under different identities that add up (就高不重复).
    #[error("adds to the rate beside entry {other}: who has both identities gets both")]
    AddsUp {
        /// The other entry, counted from 1.
        other: usize,
    },
    /// An adjustment that makes things worse for the identity that it names.
    #[error("makes it worse for an identity")]
    Worsens,
    /// Numbers that nobody has compared with their sources for over a year.
    #[error("was last checked on {on}, more than a year ago")]
    CheckedLongAgo {
        /// `checked_on`.
        on: Day,
    },
}

impl Concern {
    /// The code of this kind. Never changed, never used again.
    pub fn code(&self) -> &'static str {
        match self {
            Concern::Gap { .. } => "gap",
            Concern::NeverActs { .. } => "never-acts",
            Concern::AllZero => "all-zero",
            Concern::AddsUp { .. } => "adds-up",
            Concern::Worsens => "worsens",
            Concern::CheckedLongAgo { .. } => "checked-long-ago",
        }
    }

    /// The same in Chinese.
    pub fn zh(&self) -> String {
        match self {
            Concern::Gap { span } => format!("{span} 期间没有生效的文件"),
            Concern::NeverActs { before } => format!("不会生效:前面第 {before} 条总是匹配"),
            Concern::AllZero => "所有比例均为 0".to_owned(),
            Concern::AddsUp { other } => {
                format!("与第 {other} 条的比例会叠加,兼有两种身份者重复享受")
            }
            Concern::Worsens => "对该身份反而不利".to_owned(),
            Concern::CheckedLongAgo { on } => format!("上次核对为 {on},已超过一年"),
        }
    }
}

/// A concern, and where it lies.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Warning {
    /// The file.
    pub path: String,
    /// Step and key: `step basic: adjust[2]`; entries are counted from 1.
    pub place: String,
    /// What is worth a look there.
    pub problem: Concern,
}

impl fmt::Display for Warning {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {}", self.path, self.place, self.problem)
    }
}

impl Warning {
    /// The same in Chinese.
    pub fn zh(&self) -> String {
        format!("{}: {}: {}", self.path, self.place, self.problem.zh())
    }
}

/// A place in a pack, and the concern.
type Found = Vec<(String, Concern)>;

/// Looks through a whole book; `today` is the day of the check.
pub fn warnings(book: &RuleBook, today: Day) -> Vec<Warning> {
    let mut warnings = Vec::new();
    for (index, (pack, path)) in book.packs.iter().zip(&book.paths).enumerate() {
        let mut found = Found::new();
        if let Some(on) = pack.checked_on.filter(|on| on.is_over_a_year_before(today)) {
            found.push(("pack.checked_on".to_owned(), Concern::CheckedLongAgo { on }));
        }
        let next = book.packs.get(index + 1).filter(|next| next.id == pack.id);
        if let Some(span) = next.and_then(|next| gap(pack, next)) {
            found.push(("pack.effective_to".to_owned(), Concern::Gap { span }));
        }
        check_bill(pack, &mut found);
        for step in &pack.steps {
            check_step(pack, step, &mut found);
        }
        let warning = |(place, problem)| Warning { path: path.to_owned(), place, problem };
        warnings.extend(found.into_iter().map(warning));
    }
    warnings
}

fn gap(pack: &Pack, next: &Pack) -> Option<Span> {
    let from = pack.span.to.and_then(Day::after)?;
    let span = Span { from, to: Some(next.span.from.before()?) };
    span.is_in_order().then_some(span)
}

/// Entries that act on the bill. Whether one hides another depends on what it asks of a line, too.
fn check_bill(pack: &Pack, found: &mut Found) {
    let within = |few: &[String], many: &[String]| few.iter().all(|one| many.contains(one));
    never_act(
        "override",
        &pack.overrides,
        |before, after| within(&after.tags, &before.tags),
        found,
    );
    never_act(
        "waiver",
        &pack.waivers,
        |before, after| {
            within(&after.tags, &before.tags) && within(&after.categories, &before.categories)
        },
        found,
    );
    never_act("deposit_exempt", &pack.deposit_exempt, |(), ()| true, found);
}

fn check_step(pack: &Pack, step: &Step, found: &mut Found) {
    let place = |key: &str| format!("step {}: {key}", step.id);
    never_act(&place("cap"), &step.cap, |_, _| true, found);
    match &step.kind {
        Kind::Share(share) => {
            never_act(&place("deductible"), &share.deductible, |_, _| true, found);
            never_act(&place("bands"), &share.bands, |_, _| true, found);
            // An admission may have no episode, and then the next entry gets its turn.
            let same = |before: &ChainBy, after: &ChainBy| before == after;
            never_act(&place("chain"), &share.chain, same, found);
            let mut segments = share.bands.iter().flat_map(|entry| &entry.value);
            if segments.all(|segment| segment.rate.is_zero()) {
                found.push((place("bands"), Concern::AllZero));
            }
            adjustments::check(pack, share, &place("adjust"), found);
        }
        Kind::Floor(floor) => {
            never_act(&place("guarantee"), &floor.guarantee, |_, _| true, found);
            let pays_nothing = floor.guarantee.iter().all(|entry| {
                let guarantee = entry.value;
                guarantee.patient_at_most.is_none()
                    && guarantee.ratio.is_some_and(|ratio| ratio.is_zero())
            });
            if pays_nothing {
                found.push((place("guarantee"), Concern::AllZero));
            }
        }
    }
}

/// Warns of entries behind one that always matches, where that one leaves nothing to them.
fn never_act<T>(
    place: &str,
    entries: &[Entry<T>],
    hides: impl Fn(&T, &T) -> bool,
    found: &mut Found,
) {
    for (index, entry) in entries.iter().enumerate() {
        let before = entries[..index]
            .iter()
            .position(|before| before.when.is_always() && hides(&before.value, &entry.value));
        if let Some(before) = before {
            let concern = Concern::NeverActs { before: before + 1 };
            found.push((format!("{place}[{}]", index + 1), concern));
        }
    }
}
