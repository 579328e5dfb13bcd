//! Every worked case of `settlement-rules`, exact to the fen, and how cases are read and reported (packs 9).

use crate::golden;
use onestop::cases;
use onestop::cases::Case;
use onestop::cases::CaseFile;
use onestop::folder;
use onestop::refusal::Lang;
use onestop::rules::PackFile;
use onestop::rules::RuleBook;
use std::path::PathBuf;

pub(crate) fn rules_folder() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("settlement-rules")
}

pub(crate) fn book() -> RuleBook {
    let files = folder::pack_files(&rules_folder()).unwrap();
    RuleBook::read(&files).unwrap_or_else(|errors| panic!("{errors:#?}"))
}

/// The demo pack alone: real policy changes, and these tests should not.
fn demo() -> RuleBook {
    let mut files = folder::pack_files(&rules_folder()).unwrap();
    files.retain(|file| file.path.contains("/000000-demo/"));
    RuleBook::read(&files).unwrap()
}

fn file(family: &str, name: &str, text: &str) -> CaseFile {
    let path = format!("settlement-rules/{family}/cases/{name}.toml");
    CaseFile { family: family.to_owned(), path, text: text.to_owned() }
}

fn read(text: &str) -> Vec<Case> {
    cases::read(&[file("000000-demo", "made", text)]).unwrap_or_else(|errors| panic!("{errors:#?}"))
}

const GOOD: &str = r#"
[[case]]
name = "a stay in a county hospital"
from = "notice 二(一)1, 2"
person = { place = "000001", insutype = "390", birth = 1970-05-01 }
facility = { place = "000001", level = 2, tier = "county" }
admission = { admitted = 2018-03-01, discharged = 2018-03-10 }
bill = { in_scope = "10300.00" }
[case.pays]
basic = "8000.00"
[case.expects]
patient_pay = "2300.00"
"#;

fn edited(from: &str, to: &str) -> String {
    assert_eq!(GOOD.matches(from).count(), 1, "`{from}` should stand once in the good case");
    GOOD.replacen(from, to, 1)
}

#[test]
fn every_worked_case_agrees_with_its_pack_to_the_fen() {
    let files = folder::case_files(&rules_folder()).unwrap().into_iter();
    let files: Vec<_> = files.map(|(family, path, text)| CaseFile { family, path, text }).collect();
    let cases = cases::read(&files).unwrap_or_else(|errors| panic!("{errors:#?}"));
    let report = cases::run(&book(), &cases);
    assert!(report.failed.is_empty(), "{}", cases::text(&report, Lang::En));
    assert_eq!(report.unchecked, Vec::<String>::new(), "compared with their sources by nobody");
    assert_eq!(report.unreached, [], "worked by nobody");
    for family in &report.families {
        assert!(8 <= family.cases, "{family:?}");
    }
}

#[test]
fn a_failure_names_case_step_clause_and_trace() {
    let text = format!(
        "{}{}{}{}{}",
        edited("basic = \"8000.00\"", "basic = \"8050.00\"\ncritical = \"1.00\""),
        edited("a stay in", "misnamed, in")
            .replace("basic =", "basics =")
            .replace("1970-05-01", "1970-05-01, identities = [\"rich\"]")
            .replace("[case.pays]", "year = { steps = { old = { paid = \"1\" } }, chains = { basic = { \"E1\" = \"1\" } } }\nswitch_on = [\"basic\"]\n[case.pays]"),
        edited("a stay in", "discharged before admitted, in").replace("2018-03-10", "2018-02-10"),
        edited("a stay in", "of another place, in").replace("\"000001\", ins", "\"510411\", ins"),
        edited("a stay in", "with other expectations, in").replace(
            "patient_pay = \"2300.00\"",
            "patient_pay = \"2300.00\"\nfacility_borne = \"1.00\"\ndeposit_exempt = true\nparts = \
             { in_scope = \"10000.00\", own_expense = \"300.00\" }\nfinancing = { supplementary = { \
             city = \"1.00\" } }\nshortfall = { tilted = \"0.00\" }\nexcess = { own_expense = \
             \"0.00\" }"
        ),
    );
    let mut files = folder::pack_files(&rules_folder()).unwrap();
    files.retain(|file| file.path.contains("/000000-demo/") || file.path.contains("/510400-"));
    let files: Vec<PackFile> = files.into_iter().map(short).collect();
    let report = cases::run(&RuleBook::read(&files).unwrap(), &read(&text));
    golden::check("case-failures", |lang| {
        let mut report = report.clone();
        report.unreached.clear();
        cases::text(&report, lang)
    });
}

/// A pack file under the path that it has in every checkout.
fn short(file: PackFile) -> PackFile {
    let from = file.path.find("settlement-rules").unwrap();
    PackFile { path: file.path[from..].to_owned(), ..file }
}

/// A line of a bill, as a case may have it instead of totals.
const LINE: &str =
    r#"line = [{ category = "09", class = "A", quantity = "1", price = "1", amount = "1" }]"#;

/// Name, what is changed, into what, and the complaint with its place; `~` is the case.
const REFUSED: [[&str; 4]; 20] = [
    ["a table nobody knows", "[[case]]", "[x]\n[[case]]", "unknown-key x"],
    ["a key nobody knows", "from =", "form = \"x\"\nfrom =", "unknown-key ~: form"],
    ["no clause", "from = \"notice 二(一)1, 2\"", "", "missing ~: from"],
    ["no name", "name = \"a stay in a county hospital\"", "", "missing case[1].name"],
    ["a float", "\"8000.00\"", "8000.00", "wrong-form ~: pays.basic"],
    ["too fine an amount", "\"8000.00\"", "\"8000.001\"", "number ~: pays.basic"],
    ["no payments", "[case.pays]\nbasic = \"8000.00\"", "", "missing ~: pays"],
    ["no patient", "patient_pay = \"2300.00\"", "", "missing ~: expects.patient_pay"],
    ["another part", "in_scope =", "inscope =", "unknown-key ~: bill.inscope"],
    ["a short place", "\"000001\", ins", "\"0001\", ins", "spelling ~: person.place"],
    ["a level that is none", "level = 2", "level = 4", "range ~: facility.level"],
    ["a tier that is none", "\"county\"", "\"village\"", "not-one-of ~: facility.tier"],
    ["a date in quotes", "2018-03-01", "\"2018-03-01\"", "wrong-form ~: admission.admitted"],
    ["a referral", "10 }", "10, referral = \"maybe\" }", "not-one-of ~: admission.referral"],
    ["no bill", "bill = { in_scope = \"10300.00\" }", "", "none-of ~"],
    ["drugs alone", "0.00\" }", "0.00\", drugs = \"1\" }", "missing ~: bill.class_c_drugs"],
    ["class C alone", "0.00\" }", "0.00\", class_c_drugs = \"1\" }", "missing ~: bill.drugs"],
    ["a year", "[case.pays]", "year = { stays = 1 }\n[case.pays]", "unknown-key ~: year.stays"],
    [
        "a step's year",
        "[case.pays]",
        "year = { steps = { basic = { total = \"1\" } } }\n[case.pays]",
        "unknown-key ~: year.steps.basic.total",
    ],
    ["no TOML", "[[case]]", "[[case", "syntax line 2"],
];

fn complaints(text: &str) -> Vec<String> {
    let errors = cases::read(&[file("000000-demo", "made", text)]).err();
    let code_and_place = |error: &onestop::rules::PackError| {
        let place = error.place.replace("case `a stay in a county hospital`", "~");
        format!("{} {place}", error.problem.code())
    };
    errors.iter().flatten().map(code_and_place).collect()
}

#[test]
fn what_is_not_known_in_a_case_is_refused_with_its_place() {
    for [name, from, to, expected] in REFUSED {
        assert_eq!(complaints(&edited(from, to)), [expected], "{name}");
    }
}

#[test]
fn what_is_not_known_in_a_line_is_refused_with_its_place() {
    let bill = "bill = { in_scope = \"10300.00\" }";
    let beside = edited("[case.pays]", &format!("{LINE}\n[case.pays]"));
    assert_eq!(complaints(&beside), ["both ~: line"]);
    for (from, to, expected) in [
        ("class = \"A\", ", "", "missing ~: line[1].class"),
        ("\"A\"", "\"B\"", "first-copay-missing ~: line[1].first_copay_rate"),
        ("\"A\"", "\"D\"", "not-one-of ~: line[1].class"),
        ("price = \"1\"", "price = \"-1\"", "number ~: line[1].price"),
        ("quantity =", "count = 1, quantity =", "unknown-key ~: line[1].count"),
    ] {
        let line = LINE.replacen(from, to, 1);
        assert_eq!(complaints(&edited(bill, &line)), [expected], "{line}");
    }
}

#[test]
fn a_name_stands_once_in_a_pack_folder() {
    let (first, second) = (file("a", "one", GOOD), file("a", "two", GOOD));
    let errors = cases::read(&[first.clone(), second.clone()]).unwrap_err();
    assert_eq!(
        errors[0].to_string(),
        "settlement-rules/a/cases/two.toml: case `a stay in a county hospital`: name: `a stay in a \
         county hospital` is used before"
    );
    assert!(cases::read(&[first, CaseFile { family: "b".to_owned(), ..second }]).is_ok());
}

#[test]
fn a_closed_step_runs_only_where_it_is_switched_on() {
    let closed = edited(
        "\"000001\", insutype = \"390\"",
        "\"000001\", insutype = \"390\", identities = [\"registered_poor\"]",
    )
    .replace(
        "basic = \"8000.00\"",
        "basic = \"8500.00\"\nsupplementary = \"360.00\"\ntilted = \"410.00\"\naid = \"721.00\"",
    )
    .replace("\"2300.00\"", "\"309.00\"");
    let open = closed
        .replace("a stay", "charity for a stay")
        .replace("[case.pays]", "switch_on = [\"charity\"]\n[case.pays]\ncharity = \"309.00\"")
        .replace("patient_pay = \"309.00\"", "patient_pay = \"0.00\"");
    let report = cases::run(&demo(), &read(&format!("{closed}{open}")));
    assert!(report.failed.is_empty(), "{}", cases::text(&report, Lang::En));
}

#[test]
fn entries_that_no_case_works_are_listed_once_worked_they_are_not() {
    let book = demo();
    let of_basic = |cases: &[Case]| {
        let unreached = cases::run(&book, cases).unreached;
        let basic = |step: &Option<String>| step.as_deref() == Some("basic");
        unreached.into_iter().find(|one| basic(&one.step)).map(|one| one.entries)
    };
    assert_eq!(of_basic(&[]), Some(vec![]), "never runs");
    let left = of_basic(&read(GOOD)).unwrap();
    assert!(left.contains(&"deductible[2]".to_owned()), "{left:?}");
    assert!(!left.contains(&"deductible[3]".to_owned()), "{left:?}");
    assert!(!left.contains(&"cap[1]".to_owned()), "{left:?}");
}

#[test]
fn no_text_of_a_case_makes_reading_or_running_panic() {
    let book = demo();
    let signs: Vec<char> = GOOD.chars().collect();
    let try_text = |text: String| {
        if let Ok(read) = cases::read(&[file("000000-demo", "made", &text)]) {
            cases::run(&book, &read);
        }
    };
    for place in 0..signs.len() {
        try_text(signs[..place].iter().collect());
        for other in ['"', '9', '-', '}', '案'] {
            let mut changed = signs.clone();
            changed[place] = other;
            try_text(changed.into_iter().collect());
        }
    }
}
