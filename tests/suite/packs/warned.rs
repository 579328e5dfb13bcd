//! What may stand in a pack but is worth a look.

use crate::packs::edited;
use crate::packs::file;
use crate::packs::good::GOOD;
use crate::packs::good::PATH;
use crate::packs::rows;
use onestop::calendar::Day;
use onestop::rules::PackFile;
use onestop::rules::RuleBook;
use onestop::rules::check::warnings;

/// Warnings as `code place`, in order.
fn warned(files: &[PackFile], today: &str) -> Vec<String> {
    let book = RuleBook::read(files).unwrap();
    let warnings = warnings(&book, Day::parse(today).unwrap());
    for warning in &warnings {
        let sentence = format!("{}: {}: {}", warning.path, warning.place, warning.problem);
        assert_eq!(warning.to_string(), sentence);
        assert!(warning.zh().chars().any(|sign| sign > '\u{2e80}'), "{warning} in Chinese");
    }
    warnings.iter().map(|one| format!("{} {}", one.problem.code(), one.place)).collect()
}

fn warned_of(from: &str, to: &str) -> Vec<String> {
    warned(&[file(PATH, &edited(from, to))], "2018-12-31")
}

#[test]
fn the_good_pack_warns_of_nothing() {
    assert_eq!(warned(&[file(PATH, GOOD)], "2018-12-31"), Vec::<String>::new());
}

#[test]
fn what_is_worth_a_look_is_warned_of() {
    for [name, from, to, warning] in rows(
        r#"
        a deductible behind one for all | when = { level = [1] }, amount | amount | never-acts step basic: deductible[2]
        a deductible behind an empty table | when = { level = [1] }, amount | when = {}, amount | never-acts step basic: deductible[2]
        bands behind bands for all | bands = [{ segments = [{ rate = "0.50" | bands = [{ segments = [{ rate = "1" }], source = "n1 五" }, { segments = [{ rate = "0.50" | never-acts step critical: bands[2]
        a cap behind one for all | cap = [ | cap = [{ admission = "1", source = "n1 五" },  | never-acts step basic: cap[2]
        a guarantee behind one for all | guarantee = [ | guarantee = [{ patient_at_most = "1", source = "n1 二" },  | never-acts step floor: guarantee[2]
        a chain behind one for all | { by = "episode", | { by = "episode", source = "n1 八" }, { when = { level = [1] }, by = "episode", | never-acts step basic: chain[3]
        an exemption behind one for all | [[deposit_exempt]] | [[deposit_exempt]] ⏎ source = "n1 四" ⏎ [[deposit_exempt]] ⏎ when = { level = [1] } | never-acts deposit_exempt[2]
        a waiver behind a wider one | [[waiver]] | [[waiver]] ⏎ categories = ["05", "06"] ⏎ source = "n1 三" ⏎ [[waiver]] | never-acts waiver[2]
        an override behind a wider one | [[override]] | [[override]] ⏎ tags = ["x", "dialysis"] ⏎ treat_as = "A" ⏎ source = "n1 三" ⏎ [[override]] | never-acts override[2]
        a share that pays nothing | rate = "0.50" | rate = "0" | all-zero step critical: bands
        a floor that pays nothing | ratio = "0.90" | ratio = "0.00" | all-zero step floor: guarantee
        a lowered rate | rate_add = "0.05" | rate_add = "-0.05" | worsens step basic: adjust[1].rate_add
        a multiplied deductible | deductible_multiply = "0.5" | deductible_multiply = "1.1" | worsens step basic: adjust[2].deductible_multiply
        a deductible with more | deductible_multiply = "0.5" | deductible_add = "0.01" | worsens step basic: adjust[2].deductible_add
        a deductible set high | deductible_multiply = "0.5" | deductible_set = "100.01" | worsens step basic: adjust[2].deductible_set
        a deductible set where there was less | when = { identity = ["low"] }, deductible_multiply = "0.5" | when = { identity = ["low"], level = [3] }, deductible_set = "400.01" | worsens step basic: adjust[2].deductible_set
        "#,
    ) {
        assert_eq!(warned_of(&from, &to), [warning], "{name}");
    }
}

#[test]
fn what_is_no_worse_is_not_warned_of() {
    for [name, from, to] in rows(
        r#"
        overrides of other tags | [[override]] | [[override]] ⏎ tags = ["x"] ⏎ treat_as = "A" ⏎ source = "n1 三" ⏎ [[override]]
        waivers of other categories | [[waiver]] | [[waiver]] ⏎ categories = ["06"] ⏎ source = "n1 三" ⏎ [[waiver]]
        a guarantee of an amount | ratio = "0.90" | ratio = "0", patient_at_most = "1"
        a rate lowered for everybody | { deductible_at_most = "50" | { rate_add = "-0.05"
        a rate lowered for the others | { deductible_at_most = "50" | { when = { not_identity = ["poor"] }, rate_add = "-0.05"
        a deductible set at the least | deductible_multiply = "0.5" | deductible_set = "100"
        a deductible set, but at most | deductible_multiply = "0.5" | deductible_set = "300", deductible_at_most = "100"
        a deductible set where there was more | when = { identity = ["low"] }, deductible_multiply = "0.5" | when = { identity = ["low"], level = [3] }, deductible_set = "400"
        a deductible with less | deductible_multiply = "0.5" | deductible_add = "-10"
        "#,
    ) {
        assert_eq!(warned_of(&from, &to), Vec::<String>::new(), "{name}");
    }
}

#[test]
fn rates_that_add_up_are_warned_of_unless_they_cannot_hold_at_once() {
    let when = |first: &str, second: &str| {
        let text = edited(
            "when = { identity = [\"poor\"] }, rate_add",
            &format!("when = {first}, rate_add"),
        );
        let before = "when = { identity = [\"low\"] }, deductible_multiply = \"0.5\"";
        assert!(text.contains(before));
        let text = text.replacen(before, &format!("when = {second}, rate_add = \"0.1\""), 1);
        warned(&[file(PATH, &text)], "2018-12-31")
    };
    for [first, second, outcome] in rows(
        r#"
        { identity = ["poor"] } | { identity = ["low"] } | adds-up
        { identity = ["poor"] } | { identity_all = ["low"] } | adds-up
        { identity = ["poor", "low"] } | { identity = ["low"] } | adds-up
        { identity = ["poor"] } | { identity = ["poor"], level = [1] } | apart
        { identity = ["poor"] } | { level = [1] } | apart
        { identity = ["poor"] } | { identity = ["low"], not_identity = ["poor"] } | apart
        { identity = ["poor"], not_identity = ["low"] } | { identity = ["low"] } | apart
        { identity = ["poor", "low"] } | { identity = ["low"], not_identity = ["poor"] } | adds-up
        { identity_all = ["poor", "low"] } | { identity = ["low"], not_identity = ["poor"] } | apart
        [{ identity = ["poor"] }, { level = [1] }] | { identity = ["low"], not_identity = ["poor"] } | apart
        [{ level = [1] }, { identity = ["poor"] }] | { identity = ["low"] } | adds-up
        { identity = ["poor"], level = [1] } | { identity = ["low"], level = [2, 3] } | apart
        { identity = ["poor"], level = [1, 2] } | { identity = ["low"], level = [2, 3] } | adds-up
        { identity = ["poor"], locality = ["county"] } | { identity = ["low"], locality = ["city"] } | apart
        { identity = ["poor"], tier = ["county"] } | { identity = ["low"], tier = ["city"] } | apart
        { identity = ["poor"], med_type = ["21"] } | { identity = ["low"], med_type = ["14"] } | apart
        { identity = ["poor"], insutype = ["390"] } | { identity = ["low"], insutype = ["310"] } | apart
        { identity = ["poor"], referral = ["none"] } | { identity = ["low"], referral = ["registered"] } | apart
        { identity = ["poor"], facility_tag = ["x"] } | { identity = ["low"], facility_tag = ["y"] } | adds-up
        { identity = ["poor"], diagnosis = ["C"] } | { identity = ["low"], diagnosis = ["N"] } | adds-up
        { identity = ["poor"], principal = ["C"] } | { identity = ["low"], principal = ["N", "M"] } | apart
        { identity = ["poor"], principal = ["C"] } | { identity = ["low"], principal = ["N", "C50"] } | adds-up
        { identity = ["poor"], compliant = true } | { identity = ["low"], compliant = false } | apart
        { identity = ["poor"], compliant = false } | { identity = ["low"], locality = ["city"] } | apart
        { identity = ["poor"], compliant = false } | { identity = ["low"], locality = ["province"] } | adds-up
        { identity = ["poor"], compliant = false } | { identity = ["low"], referral = ["emergency"] } | apart
        { identity = ["poor"], compliant = true, referral = ["none"] } | { identity = ["low"], locality = ["outside"] } | apart
        { identity = ["poor"], age_to = 17 } | { identity = ["low"], age_from = 18 } | apart
        { identity = ["poor"], age_to = 18 } | { identity = ["low"], age_from = 18 } | adds-up
        { identity = ["poor"], insured_years_from = 5 } | { identity = ["low"], insured_years_to = 4 } | apart
        { identity = ["poor"], ordinal_from = 2 } | { identity = ["low"], ordinal_to = 1 } | apart
        "#,
    ) {
        let expected: &[&str] =
            if outcome == "adds-up" { &["adds-up step basic: adjust[2]"] } else { &[] };
        assert_eq!(when(&first, &second), expected, "{first} and {second}");
    }
}

#[test]
fn days_without_a_file_and_old_checks_are_warned_of() {
    let next = |from: &str| {
        let text = edited("effective_to = 2018-12-31", "").replacen("2018-01-01", from, 1);
        file(&format!("settlement-rules/510400-x/{from}.toml"), &text)
    };
    let first = || file(PATH, GOOD);
    for (files, today, expected) in [
        (vec![first(), next("2019-01-01")], "2018-12-31", vec![]),
        (vec![first(), next("2019-01-02")], "2018-12-31", vec!["gap pack.effective_to"]),
        (vec![first()], "2019-07-01", vec![]),
        (vec![first()], "2019-07-02", vec!["checked-long-ago pack.checked_on"]),
    ] {
        assert_eq!(warned(&files, today), expected, "{today}");
    }
    let unchecked = file(PATH, &edited("checked_on = 2018-07-01", ""));
    assert_eq!(warned(&[unchecked], "2030-01-01"), Vec::<String>::new());
}
