//! What a set of packs must not be, and which pack of a set governs.

use crate::packs::complaints;
use crate::packs::file;
use crate::packs::good::GOOD;
use crate::packs::good::PATH;
use onestop::calendar::Day;
use onestop::register::Place;
use onestop::rules::PackFile;
use onestop::rules::RuleBook;
use onestop::rules::pack::ChainBy;
use onestop::rules::pack::Kind;

fn day(text: &str) -> Day {
    Day::parse(text).unwrap()
}

/// The good pack under another id, place and span.
fn pack(id: &str, admdvs: &str, from: &str, to: &str) -> PackFile {
    let end = if to.is_empty() { String::new() } else { format!("effective_to = {to}") };
    let text = GOOD
        .replacen("510400-x", id, 1)
        .replacen("\"5104\"", &format!("\"{admdvs}\""), 1)
        .replacen("2018-01-01", from, 1)
        .replacen("effective_to = 2018-12-31", &end, 1);
    file(&format!("rules/{id}/{from}.toml"), &text)
}

fn changed(file: PackFile, from: &str, to: &str) -> PackFile {
    assert!(file.text.contains(from), "{from}");
    PackFile { text: file.text.replacen(from, to, 1), ..file }
}

#[test]
fn files_of_a_family_must_agree_and_take_turns() {
    let first = || pack("a", "51", "2018-01-01", "");
    let next = || pack("a", "51", "2019-01-01", "");
    for (name, files, expected) in [
        ("two open files", vec![first(), next()], vec![]),
        (
            "another place",
            vec![first(), changed(next(), "\"51\"", "\"52\"")],
            vec!["family-differs pack.admdvs"],
        ),
        (
            "other types",
            vec![first(), changed(next(), "[\"390\", \"310\"]", "[\"390\"]")],
            vec!["family-differs pack.insutype"],
        ),
        (
            "the same types",
            vec![first(), changed(next(), "[\"390\", \"310\"]", "[\"310\", \"390\"]")],
            vec![],
        ),
        (
            "another year",
            vec![first(), changed(next(), "07-01", "01-01")],
            vec!["family-differs pack.benefit_year_start"],
        ),
        (
            "another period",
            vec![first(), changed(next(), "period = \"year\" # floor", "period = \"admission\"")],
            vec!["family-differs step floor: period"],
        ),
        (
            "another kind",
            vec![
                first(),
                changed(
                    changed(next(), "kind = \"floor\"", "kind = \"share\""),
                    "guarantee = [{ ratio = \"0.90\", ",
                    "bands = [{ segments = [{ rate = \"0.1\" }], ",
                ),
            ],
            vec!["family-differs step floor: kind"],
        ),
        ("a new step", vec![first(), changed(next(), "id = \"floor\"", "id = \"ground\"")], vec![]),
        (
            "an end in the next file",
            vec![pack("a", "51", "2018-01-01", "2019-01-01"), next()],
            vec!["span-into-next pack.effective_to"],
        ),
        (
            "an end before the next file",
            vec![pack("a", "51", "2018-01-01", "2018-12-31"), next()],
            vec![],
        ),
        ("a file twice", vec![first(), first()], vec!["same-file pack.effective_from"]),
    ] {
        assert_eq!(complaints(RuleBook::read(&files)), expected, "{name}");
    }
}

#[test]
fn no_two_families_govern_at_once() {
    let first = || pack("a", "51", "2018-01-01", "");
    for (name, files, expected) in [
        (
            "two families",
            vec![first(), pack("b", "51", "2019-01-01", "")],
            vec!["families-meet pack.admdvs"],
        ),
        (
            "two families of other types",
            vec![
                first(),
                changed(pack("b", "51", "2018-01-01", ""), "[\"390\", \"310\"]", "[\"340\"]"),
            ],
            vec![],
        ),
        (
            "two families with a type in common",
            vec![
                first(),
                changed(
                    pack("b", "51", "2018-01-01", ""),
                    "[\"390\", \"310\"]",
                    "[\"340\", \"310\"]",
                ),
            ],
            vec!["families-meet pack.admdvs"],
        ),
        (
            "two families in turn",
            vec![pack("a", "51", "2018-01-01", "2018-12-31"), pack("b", "51", "2019-01-01", "")],
            vec![],
        ),
        (
            "two families on one day",
            vec![pack("a", "51", "2018-01-01", "2018-12-31"), pack("b", "51", "2018-12-31", "")],
            vec!["families-meet pack.admdvs"],
        ),
        ("a city in its province", vec![first(), pack("b", "5104", "2018-01-01", "")], vec![]),
    ] {
        assert_eq!(complaints(RuleBook::read(&files)), expected, "{name}");
    }
}

#[test]
fn the_step_that_a_family_dropped_keeps_its_kind() {
    let without = |file| changed(file, "id = \"floor\"", "id = \"other\"");
    let files = [
        pack("a", "51", "2018-01-01", ""),
        without(pack("a", "51", "2019-01-01", "")),
        changed(
            pack("a", "51", "2020-01-01", ""),
            "period = \"year\" # floor",
            "period = \"admission\"",
        ),
    ];
    assert_eq!(complaints(RuleBook::read(&files)), ["family-differs step floor: period"]);
}

#[test]
fn the_longest_place_governs_and_files_take_turns() {
    let files = [
        pack("province", "51", "2018-01-01", ""),
        pack("city", "5104", "2019-01-01", "2019-06-30"),
        pack("city", "5104", "2018-06-01", ""),
        pack("city", "5104", "2020-01-01", ""),
    ];
    let book = RuleBook::read(&files).unwrap();
    let place = |text: &str| Place::parse(text).unwrap();
    for (at, insutype, on, expected) in [
        ("510402", "390", "2017-12-31", None),
        ("510402", "390", "2018-05-31", Some(("province", "2018-01-01"))),
        ("510402", "390", "2018-06-01", Some(("city", "2018-06-01"))),
        ("510402", "310", "2018-12-31", Some(("city", "2018-06-01"))),
        ("510402", "390", "2019-01-01", Some(("city", "2019-01-01"))),
        ("510402", "390", "2019-07-01", Some(("province", "2018-01-01"))),
        ("510402", "390", "2030-01-01", Some(("city", "2020-01-01"))),
        ("510500", "390", "2030-01-01", Some(("province", "2018-01-01"))),
        ("520000", "390", "2030-01-01", None),
        ("510402", "340", "2030-01-01", None),
    ] {
        let pack = book.governing(place(at), insutype, day(on));
        let found = pack.map(|pack| (pack.id.as_str(), pack.span.from));
        assert_eq!(found, expected.map(|(id, from)| (id, day(from))), "{at} {insutype} {on}");
    }
    let begins: Vec<Day> = book.family("city").map(|pack| pack.span.from).collect();
    assert_eq!(begins, ["2018-06-01", "2019-01-01", "2020-01-01"].map(day));
    assert_eq!(book.packs().len(), 4);
    assert!(book.pack("city", day("2019-01-01")).is_some());
    assert!(book.pack("city", day("2019-01-02")).is_none());
}

#[test]
fn a_pack_is_read_as_it_is_written() {
    let book = RuleBook::read(&[file(PATH, GOOD)]).unwrap();
    let pack = &book.packs()[0];
    assert_eq!(pack.digest.len(), 64);
    assert_eq!(
        pack.identities.iter().map(|one| one.key.as_str()).collect::<Vec<_>>(),
        ["low", "poor"]
    );
    let Kind::Share(basic) = &pack.steps[0].kind else { unreachable!() };
    assert_eq!(basic.chain[0].value, ChainBy::Diagnosis(vec!["C50".into(), "N18".into()]));
    assert!(pack.steps[0].cap[0].source.assumed);
    assert!(!pack.steps[0].financing[0].source.assumed);
    let Kind::Share(critical) = &pack.steps[1].kind else { unreachable!() };
    assert_eq!(&*critical.bands[0].source.text, "n1 五");
    assert!(!pack.steps[1].enabled);
    // A comment is part of what was read.
    let commented = RuleBook::read(&[file(PATH, &format!("{GOOD}#"))]).unwrap();
    assert_ne!(commented.packs()[0].digest, pack.digest);
}
