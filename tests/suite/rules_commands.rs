//! What `onestop rules` prints and how it ends.

use crate::cases::book;
use crate::golden;
use onestop::rules_view::page;
use std::fs;
use std::path::Path;
use std::process::Command;

/// The exit code and what was printed.
fn onestop(arguments: &[&str]) -> (i32, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_onestop"))
        .args(arguments)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    (output.status.code().unwrap(), String::from_utf8(output.stdout).unwrap())
}

/// A copy of the demo pack and its cases, with something changed in one file.
fn changed(file: &str, from: &str, to: &str) -> tempfile::TempDir {
    let folder = tempfile::tempdir().unwrap();
    let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("settlement-rules/000000-demo");
    let pack = folder.path().join("000000-demo");
    fs::create_dir_all(pack.join("cases")).unwrap();
    for name in ["2018-01-01.toml", "2019-01-01.toml", "cases/change.toml", "cases/notice.toml"] {
        let mut text = fs::read_to_string(source.join(name)).unwrap();
        if name == file {
            assert!(text.contains(from), "{from}");
            text = text.replacen(from, to, 1);
        }
        fs::write(pack.join(name), text).unwrap();
    }
    folder
}

#[test]
fn the_project_s_own_packs_pass() {
    let (code, printed) = onestop(&["rules", "test", "settlement-rules", "--lang", "en"]);
    assert_eq!(code, 0, "{printed}");
    assert!(printed.contains("510400-resident: 26 cases, 0 failures"), "{printed}");
    let (code, printed) =
        onestop(&["rules", "check", "settlement-rules", "--trials", "20", "--lang", "en"]);
    assert_eq!((code, printed.as_str()), (0, "11 pack files, 0 warnings\n"));
}

#[test]
fn a_wrong_case_ends_with_one_and_says_why() {
    let folder = changed("cases/notice.toml", "basic = \"", "basic = \"1");
    let path = folder.path().to_str().unwrap();
    let (code, printed) = onestop(&["rules", "test", path, "--lang", "en"]);
    assert_eq!(code, 1, "{printed}");
    assert!(printed.contains("pays.basic (basic insurance): expected 1"), "{printed}");
    let (code, printed) = onestop(&["rules", "test", path, "--json"]);
    let printed: serde_json::Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(
        (code, printed["failures"][0]["differences"][0]["place"].as_str()),
        (1, Some("pays.basic"))
    );
    assert!(printed["failures"][0]["trace"]["steps"].is_array(), "{printed}");
}

#[test]
fn a_wrong_pack_is_refused_by_every_command() {
    let folder = changed("2018-01-01.toml", "rate = \"0.90\"", "rate = 0.90");
    let path = folder.path().to_str().unwrap();
    for command in ["check", "test", "show"] {
        let (code, printed) = onestop(&["rules", command, path, "--lang", "en"]);
        assert_eq!(code, 1, "{command}: {printed}");
        assert!(printed.contains("step basic: bands[2].segments[1].rate: should be"), "{printed}");
        let (code, printed) = onestop(&["rules", command, path, "--json"]);
        let printed: serde_json::Value = serde_json::from_str(&printed).unwrap();
        assert_eq!((code, printed["errors"][0]["code"].as_str()), (1, Some("wrong-form")));
    }
}

#[test]
fn warnings_end_with_one_only_where_they_are_denied() {
    let excluding = "not_identity = [\"low_income\"], compliant = true";
    let folder =
        changed("2019-01-01.toml", "compliant = true, med_type", &format!("{excluding}, med_type"));
    let path = folder.path().to_str().unwrap();
    let check = ["rules", "check", path, "--trials", "400", "--lang", "en"];
    let (code, printed) = onestop(&check);
    assert_eq!(code, 0, "{printed}");
    assert!(printed.contains("identities.low_income: the patient pays "), "{printed}");
    assert_eq!(onestop(&[&check[..], &["--deny-warnings"]].concat()).0, 1);
    let (_, printed) = onestop(&[&check[..], &["--json"]].concat());
    let printed: serde_json::Value = serde_json::from_str(&printed).unwrap();
    assert_eq!(printed["warnings"][0]["code"], "worse-off");
}

#[test]
fn a_folder_that_is_not_there_is_a_wrong_argument() {
    for command in ["check", "test", "show"] {
        assert_eq!(onestop(&["rules", command, "/nowhere"]), (2, String::new()), "{command}");
    }
    assert_eq!(onestop(&["rules", "show", "settlement-rules", "999999-nobody"]).0, 2);
}

#[test]
fn a_pack_is_shown_as_its_golden_page() {
    let book = book();
    let demo = book.family("000000-demo").next().unwrap();
    golden::check("pack", |lang| page(demo, lang));
}
