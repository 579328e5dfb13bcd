//! Random steps of the waterfall.

use crate::generate::pack::decimal;
use crate::generate::pack::fen;
use crate::generate::pack::millionths;
use crate::generate::pack::when;
use crate::generate::pack::when::Scope;
use crate::generate::pack::when::When;
use crate::generate::pack::when::entry_in;
use crate::generate::pack::yuan;

use proptest::collection::vec;
use proptest::option::of;
use proptest::prelude::*;

/// The steps' ids, by their place.
pub(crate) const STEPS: [&str; 5] = ["s0", "s1", "s2", "s3", "s4"];

/// What packs may have.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Shape {
    /// Whether predicates may ask for `reached`.
    pub(crate) reached: bool,
    /// Whether predicates may ask for `ordinal`.
    pub(crate) ordinal: bool,
    /// Whether all bases begin with `in_scope` and keep the order of spec 2.1.
    pub(crate) ordered: bool,
    /// Whether the first step is a `share` of period `year` with no cap but the year's.
    pub(crate) yearly: bool,
}

impl Shape {
    /// Whatever can be said in a pack.
    pub(crate) const ANY: Shape =
        Shape { reached: true, ordinal: true, ordered: false, yearly: false };
    /// Spec 10: adding in-scope cost never lowers what is paid.
    pub(crate) const ORDERED: Shape =
        Shape { reached: false, ordinal: true, ordered: true, yearly: false };
    /// Spec 10: a year pays the same however it was cut.
    pub(crate) const YEARLY: Shape =
        Shape { reached: true, ordinal: false, ordered: false, yearly: true };
}

#[derive(Debug, Clone)]
pub(super) struct Step {
    common: Common,
    share: Option<Share>,
    guarantees: Vec<(When, Option<u64>, Option<u64>)>,
}

#[derive(Debug, Clone)]
struct Common {
    is_year: bool,
    base: Vec<&'static str>,
    when: When,
    enabled: bool,
    payer: &'static str,
    caps: Vec<(When, Cap)>,
    financing: Option<u64>,
}

#[derive(Debug, Clone)]
struct Share {
    from_zero: bool,
    deductibles: Vec<(When, Vec<u64>)>,
    bands: Vec<(When, Vec<Segment>, u64)>,
    adjustments: Vec<(When, Adjust)>,
    chains: Vec<(When, bool)>,
}

/// For an admission, for a year, and of the base (millionths).
type Cap = (Option<u64>, Option<u64>, Option<u64>);
/// A length, and its rate in millionths.
type Segment = (u64, u64);
/// Points, set, multiply (thousandths), add, at most.
type Adjust = (Option<i64>, Option<u64>, Option<u64>, Option<i64>, Option<u64>);

pub(super) fn step(shape: Shape) -> impl Strategy<Value = Step> {
    (common(shape), any::<bool>(), share(), vec((when::when(), of(millionths()), of(fen())), 1..=2))
        .prop_map(|(common, is_share, share, guarantees)| Step {
            common,
            share: is_share.then_some(share),
            guarantees,
        })
}

fn common(shape: Shape) -> impl Strategy<Value = Common> {
    const PARTS: [&str; 4] = ["in_scope", "copay_first", "over_limit", "own_expense"];
    let sorted = prop::sample::subsequence(PARTS.to_vec(), 1..=4);
    let base = match shape.ordered {
        true => (1..=PARTS.len()).prop_map(|most| PARTS[..most].to_vec()).boxed(),
        false => sorted.prop_shuffle().boxed(),
    };
    let payers = vec!["fund", "commercial", "government", "charity", "facility"];
    let caps = vec((when::when(), (of(fen()), of(fen()), of(millionths()))), 0..=2);
    let financing = of(millionths());
    let enabled = prop::bool::weighted(0.95);
    let payer = prop::sample::select(payers);
    (any::<bool>(), base, when::when(), enabled, payer, caps, financing).prop_map(
        |(is_year, base, when, enabled, payer, caps, financing)| Common {
            is_year,
            base,
            when,
            enabled,
            payer,
            caps,
            financing,
        },
    )
}

fn share() -> impl Strategy<Value = Share> {
    let deductibles = vec((when::when(), vec(fen(), 1..=3)), 0..=2);
    let segments = vec((1..=2_000_000u64, millionths()), 0..=2);
    let bands = vec((when::when(), segments, millionths()), 1..=2);
    let adjust = (
        of(-300_000..=300_000i64),
        of(fen()),
        of(0..=3_000u64),
        of(-100_000..=100_000i64),
        of(0..=200_000u64),
    );
    let adjustments = vec((when::when(), adjust), 0..=3);
    let chains = vec((when::when(), any::<bool>()), 0..=2);
    (any::<bool>(), deductibles, bands, adjustments, chains).prop_map(
        |(from_zero, deductibles, bands, adjustments, chains)| Share {
            from_zero,
            deductibles,
            bands,
            adjustments,
            chains,
        },
    )
}

impl Step {
    /// The step as its file has it, at its place in the waterfall.
    pub(super) fn text(&self, index: usize, shape: Shape) -> String {
        let scope = Scope { reached: shape.reached.then_some(index), ordinal: shape.ordinal };
        let is_yearly = shape.yearly && index == 0;
        let common = &self.common;
        let is_year = is_yearly || common.is_year;
        let period = if is_year { "year" } else { "admission" };
        let enabled = is_yearly || common.enabled;
        let payer = common.payer;
        let base: Vec<String> = common.base.iter().map(|part| format!("\"{part}\"")).collect();
        let mut lines = vec![
            format!("[[step]]\nid = \"s{index}\"\ntitle = {{ zh = \"步{index}\", en = \"step\" }}"),
            format!("fund = \"390{index}00\"\nbase = [{}]\nperiod = \"{period}\"", base.join(", ")),
            format!("payer = \"{payer}\"\nenabled = {enabled}"),
            when::text(&common.when, scope),
        ];
        match &self.share {
            Some(share) => lines.push(share.text(scope, is_year)),
            None if is_yearly => lines.push(Share::plain()),
            None => lines.push(self.floor(scope)),
        }
        let caps = common.caps.iter().filter_map(|(when, (admission, year, base_share))| {
            let (admission, base_share) =
                if is_yearly { (None, None) } else { (*admission, *base_share) };
            let keys = [
                admission.map(|fen| format!("admission = \"{}\"", yuan(fen))),
                year.map(|fen| format!("year = \"{}\"", yuan(fen))),
                base_share.map(|rate| format!("base_share = \"{}\"", decimal(rate))),
            ];
            let keys: Vec<String> = keys.into_iter().flatten().collect();
            (!keys.is_empty()).then(|| entry_in(when, &keys.join(", "), scope))
        });
        lines.push(list("cap", caps.collect()));
        if let Some(share) = common.financing {
            let piece = |from, share| {
                format!(
                    "{{ from = \"{from}\", share = \"{}\", source = \"n1 1\" }}",
                    decimal(share)
                )
            };
            let pieces = vec![piece("province", share), piece("city", 1_000_000 - share)];
            lines.push(list("financing", pieces));
        }
        lines.retain(|line| !line.is_empty());
        lines.join("\n") + "\n"
    }

    fn floor(&self, scope: Scope) -> String {
        let guarantees = self.guarantees.iter().map(|(when, ratio, at_most)| {
            let keys = [
                ratio.map(|ratio| format!("ratio = \"{}\"", decimal(ratio))),
                at_most.map(|fen| format!("patient_at_most = \"{}\"", yuan(fen))),
            ];
            let mut keys: Vec<String> = keys.into_iter().flatten().collect();
            if keys.is_empty() {
                keys.push("ratio = \"0.90\"".to_owned());
            }
            entry_in(when, &keys.join(", "), scope)
        });
        format!("kind = \"floor\"\n{}", list("guarantee", guarantees.collect()))
    }
}

impl Share {
    fn plain() -> String {
        let bands = "{ segments = [{ up_to = \"1000\", rate = \"0.333333\" }, { rate = \"0.6\" }], \
             source = \"n1 1\" }";
        format!("kind = \"share\"\n{}", list("bands", vec![bands.to_owned()]))
    }

    fn text(&self, scope: Scope, is_year: bool) -> String {
        let origin = if self.from_zero { "zero" } else { "deductible" };
        let deductibles = self.deductibles.iter().map(|(when, amounts)| {
            let amounts: Vec<String> =
                amounts.iter().map(|fen| format!("\"{}\"", yuan(*fen))).collect();
            let value = match amounts.as_slice() {
                [first, ..] if is_year || amounts.len() == 1 => format!("amount = {first}"),
                many => format!("amounts = [{}]", many.join(", ")),
            };
            entry_in(when, &value, scope)
        });
        let bands = self.bands.iter().map(|(when, segments, last)| {
            let mut up_to = 0;
            let mut segments: Vec<String> = segments
                .iter()
                .map(|(length, rate)| {
                    up_to += length;
                    format!("{{ up_to = \"{}\", rate = \"{}\" }}", yuan(up_to), decimal(*rate))
                })
                .collect();
            segments.push(format!("{{ rate = \"{}\" }}", decimal(*last)));
            entry_in(when, &format!("segments = [{}]", segments.join(", ")), scope)
        });
        let adjustments = self
            .adjustments
            .iter()
            .map(|(when, adjust)| entry_in(when, &adjustment(adjust), scope));
        let chains = self.chains.iter().map(|(when, by_episode)| match by_episode {
            true => entry_in(when, "by = \"episode\"", scope),
            false => "{ when = { principal = [\"N18\", \"A15\"] }, by = \"diagnosis\", \
                 source = \"n1 1\" }"
                .to_owned(),
        });
        let chains = if is_year { Vec::new() } else { chains.collect() };
        let lines = [
            format!("kind = \"share\"\norigin = \"{origin}\""),
            list("deductible", deductibles.collect()),
            list("bands", bands.collect()),
            list("adjust", adjustments.collect()),
            list("chain", chains),
        ];
        lines.into_iter().filter(|line| !line.is_empty()).collect::<Vec<_>>().join("\n")
    }
}

fn adjustment((points, set, multiply, add, at_most): &Adjust) -> String {
    let sign = |value: i64| if value < 0 { "-" } else { "" };
    let keys = [
        points.map(|points| {
            format!("rate_add = \"{}{}\"", sign(points), decimal(points.unsigned_abs()))
        }),
        set.map(|fen| format!("deductible_set = \"{}\"", yuan(fen))),
        multiply.map(|thousandths| {
            format!("deductible_multiply = \"{}.{:03}\"", thousandths / 1000, thousandths % 1000)
        }),
        add.map(|fen| format!("deductible_add = \"{}{}\"", sign(fen), yuan(fen.unsigned_abs()))),
        at_most.map(|fen| format!("deductible_at_most = \"{}\"", yuan(fen))),
    ];
    let mut keys: Vec<String> = keys.into_iter().flatten().collect();
    if keys.is_empty() {
        keys.push("rate_add = \"0.05\"".to_owned());
    }
    keys.join(", ")
}

fn list(key: &str, entries: Vec<String>) -> String {
    if entries.is_empty() { String::new() } else { format!("{key} = [{}]", entries.join(", ")) }
}
