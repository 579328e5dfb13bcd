//! Packs in which an identity makes its holder worse off are found, and good ones are not accused.

use super::*;

use crate::cases::CaseFile;
use crate::rules::PackFile;

const HEAD: &str = r#"
schema = 1
[pack]
id = "t"
title = { zh = "测试", en = "test" }
admdvs = "5104"
insutype = ["390"]
effective_from = 2018-01-01
counts_as_admission = ["21"]
compliant_within = "city"
[identities]
poor = { zh = "贫困", en = "poor" }
disabled = { zh = "残疾", en = "disabled" }
[[step]]
id = "basic"
title = { zh = "基本", en = "basic" }
kind = "share"
fund = "390100"
base = ["in_scope"]
period = "admission"
when = { med_type = ["14", "21", "2101"] }
"#;

const PLAIN: &str = r#"
bands = [{ segments = [{ rate = "0.6" }], source = "assumed: test" }]
"#;

const SECOND: &str = r#"
[[step]]
id = "second"
title = { zh = "其次", en = "second" }
kind = "share"
fund = "390200"
base = ["in_scope"]
period = "year"
"#;

fn book(texts: &[&str]) -> RuleBook {
    let text = format!("{HEAD}{}", texts.concat());
    RuleBook::read(&[PackFile { path: "packs/t/2018-01-01.toml".to_owned(), text }]).unwrap()
}

/// Each finding as the identity, and what is held beside it.
fn found(texts: &[&str]) -> Vec<String> {
    let found = search(&book(texts), 500);
    let named = |one: &WorseOff| match one.beside.as_slice() {
        [] => one.identity.clone(),
        beside => format!("{} beside {}", one.identity, beside.join(",")),
    };
    found.iter().map(named).collect()
}

#[test]
fn an_identity_that_harms_its_holder_is_found() {
    let second = |rest: &str| format!("{SECOND}{rest}");
    let rate = r#"bands = [{ segments = [{ rate = "0.5" }], source = "assumed: test" }]"#;
    for (name, first, rest, expected) in [
        ("nothing to find", PLAIN, second(rate), vec![]),
        (
            "a benefit for one group only",
            PLAIN,
            second(&format!("when = {{ identity = [\"poor\"] }}\n{rate}")),
            vec![],
        ),
        (
            "a second identity that excludes a benefit",
            PLAIN,
            second(&format!(
                "when = {{ identity = [\"poor\"], not_identity = [\"disabled\"] }}\n{rate}"
            )),
            vec!["disabled beside poor"],
        ),
        (
            "a better band behind that of another identity",
            PLAIN,
            second(
                r#"bands = [
  { when = { identity = ["poor"] }, segments = [{ rate = "0.5" }], source = "assumed: test" },
  { when = { identity = ["disabled"] }, segments = [{ rate = "0.9" }], source = "assumed: test" },
  { segments = [{ rate = "0.4" }], source = "assumed: test" },
]"#,
            ),
            vec!["poor beside disabled"],
        ),
        (
            "a cap of the year that is lower for one group",
            PLAIN,
            second(&format!(
                "{rate}\ncap = [{{ when = {{ identity = [\"poor\"] }}, year = \"20000\", source = \
                 \"assumed: test\" }}, {{ year = \"90000\", source = \"assumed: test\" }}]"
            )),
            vec!["poor"],
        ),
        (
            "more from one step, so that the next opens no more",
            r#"
bands = [{ segments = [{ rate = "0.6" }], source = "assumed: test" }]
adjust = [{ when = { identity = ["poor"] }, rate_add = "0.01", source = "assumed: test" }]
"#,
            format!(
                "{}\n[[step]]\nid = \"third\"\ntitle = {{ zh = \"再次\", en = \"third\" }}\nkind = \
                 \"floor\"\nfund = \"390300\"\nbase = [\"in_scope\"]\nperiod = \"admission\"\nwhen = \
                 {{ reached = [\"second\"] }}\nguarantee = [{{ ratio = \"0.9\", source = \"assumed: \
                 test\" }}]",
                second(
                    "deductible = [{ amount = \"10000\", source = \"assumed: test\" }]\nbands = [{ \
                     segments = [{ rate = \"0.5\" }], source = \"assumed: test\" }]"
                )
            ),
            vec!["poor"],
        ),
    ] {
        assert_eq!(found(&[first, &rest]), expected, "{name}");
    }
}

#[test]
fn an_override_that_takes_a_drug_from_one_group_is_found_on_lines() {
    let first = PLAIN;
    let rest = r#"
[[override]]
when = { identity = ["poor"] }
tags = ["costly"]
treat_as = "C"
source = "assumed: test"
"#;
    assert_eq!(found(&[first, rest]), ["poor"]);
}

#[test]
fn a_finding_is_small_and_can_be_redone_as_a_case() {
    let rest = r#"
when = { identity = ["poor"], not_identity = ["disabled"], med_type = ["21"] }
bands = [{ segments = [{ rate = "0.5" }], source = "assumed: test" }]
"#;
    let book = book(&[PLAIN, SECOND, rest]);
    let findings = search(&book, 300);
    let [finding] = findings.as_slice() else { panic!("{findings:?}") };
    assert_eq!(search(&book, 300), findings, "the search is the same every time");
    assert_eq!(finding.without, Money::parse("20.00").unwrap(), "{finding}");
    assert_eq!(finding.with, Money::parse("40.00").unwrap(), "{finding}");

    let given = finding.case.strip_prefix('{').unwrap();
    let expects = "pays = { basic = \"60.00\" }, expects = { patient_pay = \"40.00\" }";
    let text = format!("case = [{{ name = \"redone\", from = \"a finding\", {expects}, {given}]");
    let (family, path) = ("t".to_owned(), "packs/t/cases/redone.toml".to_owned());
    let cases = cases::read(&[CaseFile { family, path, text }]).unwrap();
    assert_eq!(cases::run(&book, &cases).failed, []);
}
