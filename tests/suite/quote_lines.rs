//! `onestop quote` on JSON lines, through the built program.

use serde_json::Value;
use serde_json::json;

use std::fs;
use std::process::Command;

/// The exit code, and the answer to each line.
fn quote(lines: &str, options: &[&str]) -> (i32, Vec<String>) {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("lines.jsonl");
    fs::write(&file, lines).unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_onestop"))
        .arg("quote")
        .arg(&file)
        .args(options)
        .current_dir(env!("CARGO_MANIFEST_DIR"))
        .output()
        .unwrap();
    let printed = String::from_utf8(output.stdout).unwrap();
    (output.status.code().unwrap(), printed.lines().map(str::to_owned).collect())
}

/// The admissions of the sample, each in one line.
fn sample() -> Vec<String> {
    let read = |name: &str| {
        let path = format!("{}/deploy/sample/admissions/{name}.json", env!("CARGO_MANIFEST_DIR"));
        let request: Value = serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
        request.to_string()
    };
    ["panzhihua", "guangxi", "xianyang", "jilin", "tangshan"].map(read).to_vec()
}

/// Whether all that `less` says is said the same in `more`.
fn is_within(less: &Value, more: &Value) -> bool {
    match (less, more) {
        (Value::Object(less), Value::Object(more)) => {
            less.iter().all(|(name, value)| more.get(name).is_some_and(|one| is_within(value, one)))
        }
        (Value::Array(less), Value::Array(more)) => {
            less.len() == more.len() && less.iter().zip(more).all(|(a, b)| is_within(a, b))
        }
        (less, more) => less == more,
    }
}

#[test]
fn lines_are_answered_in_order_and_a_bad_one_does_not_end_the_run() {
    let nobody = json!({"admission": {"person": "nobody"}, "bill": {"lines": []}}).to_string();
    let mut lines = sample();
    lines.insert(1, nobody);
    lines.insert(3, "{\"admission\": 7}".to_owned());
    lines.insert(5, "  ".to_owned());
    let text = lines.join("\n");
    let (code, answers) = quote(&text, &["--jobs", "1"]);
    let kinds: Vec<&str> = answers.iter().map(|one| one.split('"').nth(1).unwrap()).collect();
    let (quoted, refused) = ("statement", "refusal");
    assert_eq!(kinds, [quoted, refused, quoted, refused, quoted, quoted, quoted]);
    assert_eq!(code, 1);
    let code_of =
        |answer: &str| serde_json::from_str::<Value>(answer).unwrap()["refusal"]["code"].clone();
    assert_eq!((code_of(&answers[1]), code_of(&answers[3])), (json!(107), json!(101)));
    assert_eq!(quote(&text, &["--jobs", "3"]), (code, answers));
}

#[test]
fn amounts_are_those_of_the_full_trace() {
    let text = sample().join("\n");
    let (code, amounts) = quote(&text, &[]);
    let (_, full) = quote(&text, &["--trace"]);
    assert_eq!((code, amounts.len(), full.len()), (0, 5, 5));
    for (less, more) in amounts.iter().zip(&full) {
        assert!(less.len() * 3 < more.len(), "{less}");
        let read = |text: &str| serde_json::from_str::<Value>(text).unwrap();
        assert!(is_within(&read(less), &read(more)), "{less}\n{more}");
    }
}
