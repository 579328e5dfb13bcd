//! Folders as people leave them; and the sample register, which must be readable as it stands.

use super::*;

use crate::bill::Charges;
use crate::proto::SettleRequest;
use crate::rules::PackFile;
use crate::wire::from_proto;

use std::error::Error;
use std::fs;

use tempfile::TempDir;
use tempfile::tempdir;

/// A folder with these files.
fn folder(files: &[(&str, &[u8])]) -> TempDir {
    let folder = tempdir().unwrap();
    for (path, bytes) in files {
        let path = folder.path().join(path);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, bytes).unwrap();
    }
    folder
}

fn root() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn a_table_that_is_not_there_is_empty() {
    let table = "facility,place,level,tier,from,to\nF1,510411,2,county,2017-01-01,\n";
    let folder = folder(&[("facilities.csv", table.as_bytes()), ("README.md", b"\xFF")]);
    let registers = registers(folder.path()).unwrap();
    assert_eq!((registers.persons.len(), registers.facilities.len()), (0, 1));
    assert_eq!(registers.catalogue, Catalogue::default());
}

#[test]
fn the_bad_rows_of_all_tables_are_told_at_once() {
    let folder = folder(&[
        ("persons.csv", b"person,birth,place,insutype,insured_from,insured_to\nP1,x,,,,\n"),
        ("catalogue.csv", b"code,class,first_copay_rate,from,to\nD1,B,,2017-01-01,\n"),
    ]);
    let error = registers(folder.path()).unwrap_err();
    for (lang, parts) in [
        (Lang::En, ["persons.csv:\nrow 2, column `birth`", "row 2, column `first_copay_rate`"]),
        (Lang::Zh, ["persons.csv:\n第 2 行 birth 列", "第 2 行 first_copay_rate 列"]),
    ] {
        let text = error.sentence(lang);
        assert!(parts.iter().all(|part| text.contains(part)), "{text}");
    }
}

#[test]
fn a_wrong_folder_is_told_from_an_empty_one() {
    let nothing = folder(&[("README.md", b"")]);
    let path = nothing.path();
    let file = path.join("README.md");
    for (error, expected) in [
        (registers(path).unwrap_err(), "has no register tables; expected `persons.csv`"),
        (registers(&path.join("none")).unwrap_err(), "there is no folder"),
        (registers(&file).unwrap_err(), "there is no folder"),
        (pack_files(path).unwrap_err(), "such as `510400-resident/2018-01-01.toml`"),
        (case_files(path).unwrap_err(), "has no rule packs"),
        (pack_files(&path.join("none")).unwrap_err(), "there is no folder"),
    ] {
        assert!(error.to_string().contains(expected), "{error}");
        assert!(
            error.sentence(Lang::Zh).contains("文件夹")
                || error.sentence(Lang::Zh).contains("登记表")
        );
    }
}

#[test]
fn packs_and_cases_are_found_in_order() {
    let folder = folder(&[
        ("b/2019-01-01.toml", b"second"),
        ("b/2018-01-01.toml", b"first"),
        ("b/cases/one.toml", b"case"),
        ("b/cases/notes.md", b"\xFF"),
        ("b/notes.txt", b"\xFF"),
        ("b/.2018-01-01.toml.swp.toml", b"\xFF"),
        (".git/x.toml", b"\xFF"),
        ("a/2018-01-01.toml", b"of a"),
        ("README.md", b"\xFF"),
        ("stray.toml", b"\xFF"),
    ]);
    let base = shown(folder.path());
    let file =
        |path: &str, text: &str| PackFile { path: format!("{base}/{path}"), text: text.to_owned() };
    let expected = [
        file("a/2018-01-01.toml", "of a"),
        file("b/2018-01-01.toml", "first"),
        file("b/2019-01-01.toml", "second"),
    ];
    assert_eq!(pack_files(folder.path()).unwrap(), expected);
    let expected = [("b".to_owned(), format!("{base}/b/cases/one.toml"), "case".to_owned())];
    assert_eq!(case_files(folder.path()).unwrap(), expected);
}

#[test]
fn a_pack_that_is_too_large_or_not_utf8_is_named() {
    let most = vec![b'#'; usize::try_from(PACK_BYTES_MAX).unwrap()];
    let over = [most.as_slice(), b"#"].concat();
    assert!(pack_files(folder(&[("a/x.toml", &most)]).path()).is_ok());
    for (bytes, expected) in
        [(over.as_slice(), "larger than 1048576"), (b"\xCF\xD8".as_slice(), "is not UTF-8")]
    {
        let error = pack_files(folder(&[("a/x.toml", bytes)]).path()).unwrap_err();
        let text = error.to_string();
        assert!(text.contains("a/x.toml") && text.contains(expected), "{text}");
        assert!(error.sentence(Lang::Zh).contains("a/x.toml"));
    }
}

#[cfg(unix)]
#[test]
fn a_pack_that_cannot_be_read_is_named() {
    let folder = folder(&[("a/y.toml", b"")]);
    std::os::unix::fs::symlink("nowhere", folder.path().join("a/x.toml")).unwrap();
    let error = pack_files(folder.path()).unwrap_err();
    assert!(error.to_string().contains("a/x.toml` cannot be read"), "{error}");
    assert!(error.source().is_some());
}

#[test]
fn the_rule_packs_and_their_cases_are_found() {
    let rules = root().join("settlement-rules");
    assert!(pack_files(&rules).unwrap().iter().all(|file| file.text.contains("[pack]")));
    assert!(case_files(&rules).unwrap().iter().any(|(id, _, _)| id == "000000-demo"));
}

#[test]
fn the_sample_register_holds_what_its_admissions_name() {
    let sample = root().join("deploy/sample");
    let registers = registers(&sample).map_err(|error| error.to_string()).unwrap();
    let mut places = Vec::new();
    for path in entries(&sample.join("admissions")).unwrap() {
        let request: SettleRequest = serde_json::from_str(&text(&path).unwrap()).unwrap();
        from_proto::writer(request.writer.as_ref()).unwrap();
        let admission = from_proto::admission(request.admission.as_ref(), None).unwrap();
        let bill = from_proto::bill(request.bill.as_ref()).unwrap();
        let day = admission.discharged_on;
        assert_eq!(day.year(), 2018, "{path:?}");
        let person = &registers.persons[&admission.person];
        assert!(
            person.holds_identity_on("registered_poor", &[], admission.admitted_on),
            "{path:?}"
        );
        let place = person.enrolment_on(day).unwrap().place;
        let facility = &registers.facilities[&admission.facility.unwrap()];
        assert!(facility.entry_on(day).is_some(), "{path:?}");
        if let Charges::Lines(lines) = bill.charges {
            let listed = |code: &str| registers.catalogue.facts(code, place, day).is_some();
            assert!(lines.iter().all(|line| listed(&line.code)), "{path:?}");
            assert!(lines.iter().any(|line| line.refund_of.is_some()), "{path:?}");
        }
        places.push(place.as_str().get(..2).unwrap_or_default().to_owned());
    }
    places.sort();
    assert_eq!(places, ["13", "22", "45", "51", "61"]);
}
