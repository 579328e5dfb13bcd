//! A client in another language, made from the contract alone.

use crate::server::start;

use std::path::Path;
use std::path::PathBuf;
use std::process::Command;
use std::process::Output;

/// The repository.
const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn run(command: &mut Command) -> Output {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{command:?}: {}: {errors}", output.status);
    output
}

fn has_grpc(python: &Path) -> bool {
    let output = Command::new(python).args(["-c", "import grpc, grpc_tools"]).output();
    output.is_ok_and(|output| output.status.success())
}

/// A Python with gRPC: in CI one of our own, with pinned packages; elsewhere what is there.
fn python() -> Option<PathBuf> {
    let venv = Path::new(env!("CARGO_TARGET_TMPDIR")).with_file_name("python-client");
    let own = venv.join("bin/python");
    let requirements = Path::new(ROOT).join("tests/python/requirements.txt");
    if std::env::var("CI").is_ok_and(|ci| ci == "true") {
        if !own.exists() {
            run(Command::new("python3").args(["-m", "venv"]).arg(&venv));
        }
        let pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "-r"];
        run(Command::new(&own).args(pip).arg(&requirements));
        return Some(own);
    }
    [own, PathBuf::from("python3")].into_iter().find(|python| has_grpc(python))
}

#[tokio::test]
async fn a_python_client_written_from_the_contract_can_do_everything() {
    let Some(python) = python() else {
        eprintln!(
            "SKIPPED: no Python with gRPC here. Install it with `pip install -r tests/python/requirements.txt`, or run \
             with CI=true to let this test make an environment of its own under target/."
        );
        return;
    };
    let directory = tempfile::tempdir().unwrap();
    let server = start(&directory.path().join("data"));
    let mut command = Command::new(python);
    command.arg(Path::new(ROOT).join("tests/python/client.py"));
    command.arg(&server.address).arg(Path::new(ROOT).join("proto"));
    let output = tokio::task::spawn_blocking(move || run(&mut command)).await.unwrap();
    assert_eq!(String::from_utf8_lossy(&output.stdout).trim(), "done");
    server.stop().await;
}
