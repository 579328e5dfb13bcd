//! The interface as four published hospital systems use it: a client in another language, with its standard library alone.

use crate::demo;
use crate::server::Start;

use std::path::Path;
use std::process::Command;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The sample register, loaded as an operator loads it.
fn import(server: &str) {
    for (what, file) in [
        ("facilities", "facilities.csv"),
        ("catalogue", "catalogue.csv"),
        ("persons", "persons.csv"),
    ] {
        let table = Path::new(ROOT).join("deploy/sample").join(file);
        let mut command = Command::new(env!("CARGO_BIN_EXE_onestop"));
        command.args(["import", what]).arg(table).args(["--server", server]);
        let output = command.output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }
}

#[tokio::test]
async fn hospital_systems_as_they_are_in_the_field_do_their_whole_day() {
    if Command::new("python3").arg("--version").output().is_err() {
        assert!(std::env::var_os("CI").is_none(), "CI needs python3");
        eprintln!("SKIPPED: no python3 here; `apt-get install python3`");
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let config = home.path().join("onestop.toml");
    std::fs::write(
        &config,
        "[his]\nauth = \"always\"\n[[his.keys]]\nid = \"AK-SAMPLE\"\nsecret = \"SK-SAMPLE\"\n\
         facilities = [\"H51041100002\"]\n",
    )
    .unwrap();
    let data = home.path().join("data");
    let rules = demo::rules_folder();
    let server =
        Start { data: &data, rules, environment: &[], config: Some(&config), demo: false }.start();
    import(&format!("http://{}", server.address));
    let mut command = Command::new("python3");
    command.arg(Path::new(ROOT).join("tests/python/his_client.py")).arg(&server.http);
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}\n{}", server.log_text());
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "done");
    // The keys stay where they are.
    assert!(!server.log_text().contains("SK-SAMPLE"));
    server.stop().await;
}
