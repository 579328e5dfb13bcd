//! What a pack must not say is refused, and what is worth a look is warned of (packs 8). What packs pay is not tested here.

mod good;
mod refused;
mod sets;
mod warned;

use good::GOOD;
use good::PATH;
use onestop::rules::PackError;
use onestop::rules::PackFile;
use onestop::rules::RuleBook;
use proptest::prelude::*;

/// A file as it could be found.
fn file(path: &str, text: &str) -> PackFile {
    PackFile { path: path.to_owned(), text: text.to_owned() }
}

/// The good pack with one thing changed.
fn edited(from: &str, to: &str) -> String {
    assert_eq!(GOOD.matches(from).count(), 1, "`{from}` should stand once in the good pack");
    GOOD.replacen(from, to, 1)
}

/// Complaints as `code place`, in order.
fn complaints(read: Result<RuleBook, Vec<PackError>>) -> Vec<String> {
    let errors = read.err().unwrap_or_default();
    for error in &errors {
        assert_eq!(
            error.to_string(),
            format!("{}: {}: {}", error.path, error.place, error.problem)
        );
        assert!(error.zh().chars().any(|sign| sign > '\u{2e80}'), "{error} in Chinese");
    }
    errors.iter().map(|error| format!("{} {}", error.problem.code(), error.place)).collect()
}

fn read_edited(from: &str, to: &str) -> Vec<String> {
    complaints(RuleBook::read(&[file(PATH, &edited(from, to))]))
}

/// The rows of a table: a line each, with cells between bars, `-` for an empty one and `⏎` for a new line.
fn rows<const N: usize>(table: &str) -> Vec<[String; N]> {
    let cell = |cell: &str| match cell.trim() {
        "-" => String::new(),
        text => text.replace(" ⏎ ", "\n"),
    };
    let lines = table.lines().filter(|line| !line.trim().is_empty());
    lines.map(|line| line.split(" | ").map(cell).collect::<Vec<_>>().try_into().unwrap()).collect()
}

#[test]
fn the_good_pack_is_read() {
    assert_eq!(complaints(RuleBook::read(&[file(PATH, GOOD)])), Vec::<String>::new());
}

#[test]
fn adjustments_that_could_not_stay_exact_are_refused() {
    let fine = "{ deductible_multiply = \"0.333333\", source = \"n1 六\" }, ";
    let step = |count: usize, amount: &str| {
        let text = edited("adjust = [", &format!("adjust = [{}", fine.repeat(count)));
        text.replacen("amount = \"100\"", &format!("amount = \"{amount}\""), 1)
    };
    let read = |text: &str| complaints(RuleBook::read(&[file(PATH, text)]));
    // 3 digits before the point, 2 + 3 × 6 + 1 after it, and four more before the point would be one too many.
    for (count, amount, fits) in [
        (3, "100", true),
        (3, "1000000", true),
        (3, "10000000", false),
        (4, "100", false),
        (40, "100", false),
    ] {
        let expected: &[&str] = if fits { &[] } else { &["inexact step basic: adjust"] };
        assert_eq!(read(&step(count, amount)), expected, "{count} of {amount}");
    }
}

#[test]
fn more_than_a_pack_may_have_is_refused() {
    let (_, after) = GOOD.split_once("[[step]]").unwrap();
    let (step, _) = after.split_once("[[step]]").unwrap();
    let steps: Vec<String> = (0..65)
        .map(|n| format!("[[step]]{}", step.replace("\"basic\"", &format!("\"s{n}\""))))
        .collect();
    let (before, _) = GOOD.split_once("[[step]]").unwrap();
    let read = |text: &str| complaints(RuleBook::read(&[file(PATH, text)]));
    assert_eq!(read(&format!("{before}{}", steps[..64].concat())), Vec::<String>::new());
    assert_eq!(read(&format!("{before}{}", steps.concat())), ["too-many step"]);
    assert_eq!(read(before), ["missing step"]);

    let people = |count: usize| {
        let lines = (0..count).map(|n| format!("p{n} = {{ zh = \"某\", en = \"x\" }}\n"));
        edited("[identities]", &format!("[identities]\n{}", lines.collect::<String>()))
    };
    assert_eq!(read(&people(62)), Vec::<String>::new());
    assert_eq!(read(&people(63)), ["too-many identities"]);

    let long = format!("{GOOD}#{}", " ".repeat(onestop::rules::PACK_BYTES_MAX));
    assert_eq!(read(&long), ["too-large file"]);
    assert_eq!(read(""), ["missing schema", "missing pack", "missing step"]);
}

#[test]
fn all_errors_of_a_file_are_named() {
    let text = edited("amount = \"100\"", "amount = 100")
        .replacen("\"310\"]", "\"x\"]", 1)
        .replacen("ratio = \"0.90\"", "ratio = \"9\", extra = 1", 1)
        .replacen("by = \"episode\"", "by = \"luck\"", 1);
    let read = complaints(RuleBook::read(&[file(PATH, &text), file("elsewhere/2018.toml", GOOD)]));
    assert_eq!(
        read,
        [
            "spelling pack.insutype[2]",
            "wrong-form step basic: deductible[1].amount",
            "not-one-of step basic: chain[2].by",
            "number step floor: guarantee[1].ratio",
            "unknown-key step floor: guarantee[1].extra",
            "folder-name pack.id",
            "file-name pack.effective_from",
        ]
    );
}

#[test]
fn errors_read_as_sentences_in_both_languages() {
    let text = edited("amount = \"100\"", "amount = 100");
    let errors = RuleBook::read(&[file(PATH, &text)]).unwrap_err();
    assert_eq!(
        errors[0].to_string(),
        "settlement-rules/510400-x/2018-01-01.toml: step basic: deductible[1].amount: should be a decimal in quotes, such \
         as \"0.85\""
    );
    assert_eq!(
        errors[0].zh(),
        "settlement-rules/510400-x/2018-01-01.toml: step basic: deductible[1].amount: 应为带引号的十进制数(如 \"0.85\")"
    );
}

#[test]
fn a_text_of_any_depth_is_refused_and_no_more() {
    let deep = 200_000;
    for (name, text) in [
        ("lists", format!("a = {}", "[".repeat(deep))),
        ("closed lists", format!("a = {}{}", "[".repeat(deep), "]".repeat(deep))),
        ("tables", format!("a = {}", "{ a = ".repeat(deep))),
        ("a dotted key", format!("a{} = 1", ".a".repeat(deep))),
        ("a dotted table", format!("[a{}]", ".a".repeat(deep))),
        ("a dotted list", format!("[[a{}]]", ".a".repeat(deep))),
        ("a date in disguise", edited("2018-07-01", "{ \"$__toml_private_datetime\" = \"x\" }")),
    ] {
        assert!(!complaints(RuleBook::read(&[file(PATH, &text)])).is_empty(), "{name}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn no_text_makes_reading_panic(end in 0..GOOD.len(), flips in prop::collection::vec((0..GOOD.len(), any::<u8>()), 0..4)) {
        let mut bytes = GOOD.as_bytes().to_vec();
        for (index, byte) in flips {
            bytes[index] = byte;
        }
        let whole = String::from_utf8_lossy(&bytes).into_owned();
        let cut = String::from_utf8_lossy(&bytes[..end]).into_owned();
        for text in [whole, cut] {
            if let Err(errors) = RuleBook::read(&[file(PATH, &text)]) {
                prop_assert!(!errors.is_empty());
            }
        }
    }

    #[test]
    fn no_change_of_one_value_makes_reading_panic(line in 0..GOOD.lines().count(), value in "[\\[\\]{}\"0-9a-z.:=, -]{0,12}") {
        let changed = GOOD.lines().enumerate().map(|(index, text)| {
            if index != line { return format!("{text}\n"); }
            let key = text.split('=').next().unwrap_or_default();
            format!("{key}= {value}\n")
        });
        let text: String = changed.collect();
        if let Err(errors) = RuleBook::read(&[file(PATH, &text)]) {
            prop_assert!(!errors.is_empty());
        }
    }
}
