//! How the server is run: the restore drill, and the files that services are started from.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::Command;
use std::process::Output;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

fn drill(arguments: &[&OsStr]) -> Output {
    let mut command = Command::new("bash");
    command.arg(Path::new(ROOT).join("deploy/drill")).args(arguments);
    command.env("ONESTOP", env!("CARGO_BIN_EXE_onestop")).output().unwrap()
}

fn said(output: &Output) -> String {
    let (out, errors) = (&output.stdout, &output.stderr);
    format!("{}{}", String::from_utf8_lossy(out), String::from_utf8_lossy(errors))
}

#[test]
fn the_restore_drill_brings_back_everything_up_to_the_backup() {
    let output = drill(&[]);
    assert!(output.status.success(), "{}", said(&output));
    assert!(said(&output).contains("drill: all of it held"), "{}", said(&output));
}

#[tokio::test]
async fn the_restore_drill_refuses_a_damaged_backup() {
    let home = tempfile::tempdir().unwrap();
    let service = crate::demo::begin(&home.path().join("data")).await;
    service.close().unwrap();
    let (data, backup) = (home.path().join("data"), home.path().join("backup"));
    let onestop = env!("CARGO_BIN_EXE_onestop");
    let mut copy = Command::new(onestop);
    copy.args(["ledger", "backup"]).arg(&backup).arg("--data").arg(&data);
    assert!(copy.status().unwrap().success());
    let head = Command::new(onestop).args(["ledger", "head", "--data"]).arg(&backup).output();
    let head = String::from_utf8(head.unwrap().stdout).unwrap();
    let (number, digest) = head.trim().split_once(' ').unwrap();
    let rules = Path::new(ROOT).join("settlement-rules");
    let arguments = [backup.as_os_str(), number.as_ref(), digest.as_ref(), rules.as_os_str()];
    let good = drill(&arguments);
    assert!(good.status.success(), "{}", said(&good));
    let segment = fs::read_dir(backup.join("journal")).unwrap().map(|entry| entry.unwrap().path());
    let segment = segment.max_by_key(|path| path.metadata().unwrap().len()).unwrap();
    let mut bytes = fs::read(&segment).unwrap();
    let middle = bytes.len() / 2;
    bytes[middle] ^= 1;
    fs::write(&segment, bytes).unwrap();
    let bad = drill(&arguments);
    assert!(!bad.status.success(), "{}", said(&bad));
}

#[test]
fn the_service_waits_as_long_as_the_server_may_take_to_stop() {
    let config = onestop::config::Config::default();
    let patience = config.server.shutdown_timeout_ms / 1000;
    for (file, key) in [
        ("deploy/systemd/onestop.service", "TimeoutStopSec="),
        ("deploy/compose.yaml", "stop_grace_period: "),
        ("deploy/kubernetes/onestop.yaml", "terminationGracePeriodSeconds: "),
    ] {
        let text = fs::read_to_string(Path::new(ROOT).join(file)).unwrap();
        let (_, rest) = text.split_once(key).unwrap();
        let seconds: String = rest.chars().take_while(char::is_ascii_digit).collect();
        assert!(patience + 10 < seconds.parse().unwrap(), "{file}");
    }
}

#[test]
fn the_image_is_built_from_all_that_is_compiled_in() {
    let read = |path: &str| fs::read_to_string(Path::new(ROOT).join(path)).unwrap();
    let (dockerfile, ignored) = (read("deploy/Dockerfile"), read("deploy/Dockerfile.dockerignore"));
    let copied: Vec<&str> = dockerfile
        .lines()
        .filter_map(|line| line.strip_prefix("COPY "))
        .filter(|line| !line.starts_with("--"))
        .flat_map(|line| line.split(' ').rev().skip(1))
        .collect();
    for path in &copied {
        assert!(ignored.lines().any(|line| line == format!("!{path}")), "`{path}` is ignored");
    }
    let mut folders = vec![Path::new(ROOT).join("src")];
    let mut included = 0;
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()) {
            if entry.is_dir() {
                folders.push(entry);
                continue;
            }
            let Ok(text) = fs::read_to_string(&entry) else { continue };
            for mark in ["include_str!(\"", "include_bytes!(\""] {
                for rest in text.split(mark).skip(1) {
                    let file = entry.parent().unwrap().join(rest.split('"').next().unwrap());
                    let file = file.canonicalize().unwrap();
                    let file = file.strip_prefix(ROOT).unwrap();
                    let is_copied = copied.iter().any(|path| file.starts_with(path));
                    assert!(is_copied, "{}: the image lacks it", file.display());
                    included += 1;
                }
            }
        }
    }
    assert!(8 <= included, "only {included} files are compiled in");
}

#[test]
fn the_configuration_of_the_package_is_understood() {
    let path = Path::new(ROOT).join("deploy/debian/onestop.toml");
    let config = onestop::config::Config::read(Some(&path), std::iter::empty()).unwrap();
    assert_eq!(config.store.path, Path::new("/var/lib/onestop"));
    assert!(config.server.listen.ip().is_loopback() && config.http.listen.ip().is_loopback());
}
