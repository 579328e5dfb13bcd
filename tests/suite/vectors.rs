//! The scenarios with known answers, all of them, through the service and a store each.

use std::path::Path;

#[tokio::test]
async fn all_scenarios_come_out_as_expected() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/vectors/scenarios.jsonl");
    let outcome = onestop::vectors::run(&file, || ()).await.unwrap();
    assert_eq!(outcome.differences, Vec::<String>::new());
    assert_eq!((outcome.scenarios, outcome.operations), (160, 1133));
}
