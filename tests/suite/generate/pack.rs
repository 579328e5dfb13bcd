//! Random packs, as the text of their files.

mod step;
mod when;

use proptest::prelude::*;

pub(crate) use step::STEPS;
pub(crate) use step::Shape;
use step::step;
use when::entry;
use when::when;

/// An amount as packs and requests write it.
pub(crate) fn yuan(fen: u64) -> String {
    format!("{}.{:02}", fen / 100, fen % 100)
}

/// A rate as packs write it.
pub(crate) fn decimal(millionths: u64) -> String {
    format!("{}.{:06}", millionths / 1_000_000, millionths % 1_000_000)
}

/// Amounts from a few fen to half a billion yuan, mostly those of bills.
pub(crate) fn fen() -> impl Strategy<Value = u64> {
    prop_oneof![
        3 => 0..=200u64,
        5 => 0..=300_000u64,
        3 => 0..=5_000_000u64,
        1 => 0..=50_000_000_000u64,
    ]
}

/// Rates, of which those that policy likes more often.
pub(crate) fn millionths() -> impl Strategy<Value = u64> {
    let liked = prop::sample::select(vec![0u64, 500_000, 850_000, 900_000, 1_000_000]);
    prop_oneof![liked, 0..=1_000_000u64]
}

/// A pack that can be read.
pub(crate) fn pack(shape: Shape) -> impl Strategy<Value = String> {
    let steps = prop::collection::vec(step(shape), 1..=STEPS.len());
    (head(), bill_rules(shape), steps).prop_map(move |(head, bill_rules, steps)| {
        let numbered = steps.into_iter().enumerate();
        let steps: String = numbered.map(|(index, step)| step.text(index, shape)).collect();
        format!("schema = 1\n{bill_rules}{head}{steps}")
    })
}

fn head() -> impl Strategy<Value = String> {
    let choice = |of: &'static [&'static str]| prop::sample::select(of);
    (
        choice(&["01-01", "07-01", "03-01"]),
        choice(&["admission", "discharge"]),
        choice(&["\"in_scope\"", "\"in_scope\", \"copay_first\""]),
        choice(&["county", "city", "province"]),
        choice(&["\"21\"", "\"21\", \"52\"", "\"14\""]),
    )
        .prop_map(|(year_start, identity_date, scope, within, counts)| {
            format!(
                r#"[pack]
id = "510400-x"
title = {{ zh = "某地", en = "somewhere" }}
admdvs = "5104"
insutype = ["390", "310"]
effective_from = 2018-01-01
counts_as_admission = [{counts}]
benefit_year_start = "{year_start}"
identity_date = "{identity_date}"
policy_scope = [{scope}]
compliant_within = "{within}"
[identities]
poor = {{ zh = "建档立卡", en = "poor", code = ["2302"] }}
low = {{ zh = "低保", en = "allowance" }}
old = {{ zh = "老人", en = "old", code = ["2302", "9"] }}
[sources.n1]
document = "某〔2018〕1号"
"#
            )
        })
}

/// Overrides, waivers, exemptions and checks.
fn bill_rules(shape: Shape) -> impl Strategy<Value = String> {
    let classes = vec![
        "treat_as = \"A\"".to_owned(),
        "treat_as = \"C\"".to_owned(),
        "treat_as = \"B\", first_copay_rate = \"0.15\"".to_owned(),
    ];
    let tag = || prop::sample::select(vec!["essential", "expert"]);
    let one_override = (when(), tag(), prop::sample::select(classes))
        .prop_map(|(when, tag, class)| entry(&when, &format!("tags = [\"{tag}\"], {class}")));
    let waived = vec!["categories = [\"05\"]", "tags = [\"expert\"]"];
    let waiver = (when(), prop::sample::select(waived)).prop_map(|(when, of)| entry(&when, of));
    let breach = || prop::sample::select(vec!["warn", "facility_borne"]);
    let check = (when(), any::<bool>(), millionths(), breach());
    let few = |strategy: BoxedStrategy<String>| prop::collection::vec(strategy, 0..=2);
    (
        few(one_override.boxed()),
        few(waiver.boxed()),
        few(when().prop_map(|when| entry(&when, "")).boxed()),
        // A check cuts to the fen, so that bills cut in two would be moved a fen less.
        prop::collection::vec(check, if shape.yearly { 0..=0 } else { 0..=3 }),
    )
        .prop_map(|(overrides, waivers, exempt, checks)| {
            let list = |key: &str, entries: &[String]| {
                format!("{key} = [\n  {},\n]\n", entries.join(",\n  "))
            };
            let numbered = checks.into_iter().enumerate();
            let checks: Vec<String> = numbered
                .map(|(index, (when, drugs, limit, breach))| {
                    let (measure, key) = match drugs {
                        true => ("catalogue_drug_share", "at_least"),
                        false => ("own_expense_share", "at_most"),
                    };
                    let limit = decimal(limit);
                    let value = format!(
                        "id = \"c{index}\", measure = \"{measure}\", {key} = \"{limit}\", \
                         on_breach = \"{breach}\""
                    );
                    entry(&when, &value)
                })
                .collect();
            let tables = [
                ("override", overrides),
                ("waiver", waivers),
                ("deposit_exempt", exempt),
                ("check", checks),
            ];
            tables
                .iter()
                .filter(|(_, entries)| !entries.is_empty())
                .map(|(key, entries)| list(key, entries))
                .collect()
        })
}
