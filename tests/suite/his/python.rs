//! The interface as four published hospital systems use it: a client in another language, with its standard library alone.

use crate::demo;
use crate::server::Server;
use crate::server::Start;
use crate::server::start_demo;

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

/// Whether there is a Python; said aloud where there is none.
fn has_python() -> bool {
    if Command::new("python3").arg("--version").output().is_ok() {
        return true;
    }
    assert!(std::env::var_os("CI").is_none(), "CI needs python3");
    eprintln!("SKIPPED: no python3 here; `apt-get install python3`");
    false
}

/// Runs the clients to their end.
async fn drive(server: &Server, mode: Option<&'static str>) {
    let mut command = Command::new("python3");
    command.arg(Path::new(ROOT).join("tests/python/his_client.py")).arg(&server.http).args(mode);
    let output = tokio::task::spawn_blocking(move || command.output().unwrap()).await.unwrap();
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{errors}\n{}", server.log_text());
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "done");
}

#[tokio::test]
async fn the_demonstration_answers_the_whole_day_of_the_same_clients() {
    if !has_python() {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let server = start_demo(&home.path().join("data")).await;
    drive(&server, Some("demo")).await;
    server.stop().await;
}

#[tokio::test]
async fn hospital_systems_as_they_are_in_the_field_do_their_whole_day() {
    if !has_python() {
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
    drive(&server, None).await;
    // The keys stay where they are.
    assert!(!server.log_text().contains("SK-SAMPLE"));
    server.stop().await;
}
