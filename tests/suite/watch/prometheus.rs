//! A real Prometheus, from Debian's package: it takes the metrics, its rules and every question of the dashboard.

use crate::server;
use crate::watch::a_little_of_everything;

use std::collections::BTreeSet;
use std::fs;
use std::net::TcpListener;
use std::path::Path;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;
use std::thread;
use std::time::Duration;
use std::time::Instant;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// Whether Prometheus is here. In CI it must be.
fn is_installed() -> bool {
    let installed = Command::new("promtool").arg("--version").output().is_ok();
    let in_ci = std::env::var("CI").is_ok_and(|ci| ci == "true");
    assert!(installed || !in_ci, ".ci/run installs Debian's package `prometheus`");
    if !installed {
        eprintln!("SKIPPED: no Prometheus here. Install it with `apt-get install prometheus`.");
    }
    installed
}

fn promtool(arguments: &[&str]) {
    let folder = Path::new(ROOT).join("deploy/prometheus");
    let output = Command::new("promtool").args(arguments).current_dir(folder).output().unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {said}{errors}");
}

#[test]
fn the_alert_rules_fire_on_what_they_are_for_and_on_nothing_else() {
    if !is_installed() {
        return;
    }
    promtool(&["check", "config", "prometheus.yml"]);
    promtool(&["check", "rules", "alerts.yml"]);
    promtool(&["test", "rules", "alerts_test.yml"]);
}

#[test]
fn every_alert_is_tried_and_has_its_section_in_the_operations_page() {
    let folder = Path::new(ROOT).join("deploy/prometheus");
    let rules = fs::read_to_string(folder.join("alerts.yml")).unwrap();
    let tried = fs::read_to_string(folder.join("alerts_test.yml")).unwrap();
    let page = fs::read_to_string(Path::new(ROOT).join("docs/operations.md")).unwrap();
    let alerts: Vec<&str> =
        rules.lines().filter_map(|line| line.trim().strip_prefix("- alert: ")).collect();
    assert!(10 < alerts.len());
    for alert in alerts {
        assert!(tried.contains(alert), "alerts_test.yml does not try `{alert}`");
        assert!(page.contains(&format!("### {alert}\n")), "docs/operations.md lacks `{alert}`");
        let anchor = format!("docs/operations.md#{}", alert.to_lowercase());
        assert!(rules.contains(&anchor), "`{alert}` does not lead to its section");
    }
}

/// A running Prometheus; dropped, it is killed.
struct Prometheus {
    child: Child,
    address: String,
}

impl Drop for Prometheus {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Prometheus {
    /// Watches a server, with the rules of this repository, every 200 ms.
    fn start(home: &Path, target: &str) -> Prometheus {
        let folder = Path::new(ROOT).join("deploy/prometheus");
        fs::copy(folder.join("alerts.yml"), home.join("alerts.yml")).unwrap();
        let config = fs::read_to_string(folder.join("prometheus.yml")).unwrap();
        let config = config.replace("127.0.0.1:7181", target).replace("15s", "200ms");
        assert!(config.contains(target), "{config}");
        fs::write(home.join("prometheus.yml"), config).unwrap();
        let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
        let errors = fs::File::create(home.join("prometheus.log")).unwrap();
        let mut command = Command::new("prometheus");
        command.arg(format!("--web.listen-address={free}"));
        command.args(["--config.file=prometheus.yml", "--storage.tsdb.path=tsdb"]);
        command.current_dir(home).stdin(Stdio::null()).stdout(Stdio::null()).stderr(errors);
        Prometheus { child: command.spawn().unwrap(), address: free.to_string() }
    }

    /// Asks its API; none while it does not answer with success.
    fn ask(&self, path: &str) -> Option<serde_json::Value> {
        let answer = crate::web::try_answer(&self.address, path)?;
        let (_, body) = answer.split_once("\r\n\r\n")?;
        let found: serde_json::Value =
            serde_json::from_str(&body[body.find('{')?..=body.rfind('}')?]).ok()?;
        (found["status"] == "success").then_some(found)
    }

    /// The answer to a question in its language, once it is not empty.
    fn until(&self, question: &str) -> serde_json::Value {
        let begun = Instant::now();
        loop {
            let path = format!("/api/v1/query?query={}", escaped(question));
            let found = self.ask(&path).map(|found| found["data"]["result"].clone());
            match found {
                Some(found) if found != serde_json::json!([]) => return found,
                Some(_) | None => {}
            }
            assert!(begun.elapsed() < Duration::from_secs(60), "no answer to `{question}`");
            thread::sleep(Duration::from_millis(100));
        }
    }
}

/// A question as it stands in an address.
fn escaped(question: &str) -> String {
    let one = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    question.bytes().map(one).collect()
}

/// The questions of the dashboard.
fn questions() -> Vec<String> {
    let path = Path::new(ROOT).join("deploy/grafana/onestop.json");
    let board: serde_json::Value =
        serde_json::from_str(&fs::read_to_string(path).unwrap()).unwrap();
    let panels = board["panels"].as_array().unwrap();
    let targets = panels.iter().flat_map(|panel| panel["targets"].as_array().unwrap());
    targets.map(|target| target["expr"].as_str().unwrap().replace("$instance", ".*")).collect()
}

#[tokio::test]
async fn a_real_prometheus_takes_the_metrics_the_rules_and_every_question_of_the_dashboard() {
    if !is_installed() {
        return;
    }
    let home = tempfile::tempdir().unwrap();
    let server = server::start(&home.path().join("data"));
    a_little_of_everything(&server).await;
    let prometheus = Prometheus::start(home.path(), &server.http);
    let watching = tokio::task::spawn_blocking(move || {
        let up = prometheus.until("up{job=\"onestop\"} == 1");
        assert_eq!(up.as_array().unwrap().len(), 1);
        prometheus.until("onestop_settle_seconds_count == 3");
        prometheus.until("count(onestop_requests_total{outcome=\"AlreadyExists\"}) == 1");
        for question in questions() {
            // A rate needs two looks; a question that has no answer at all names a metric that is not there.
            prometheus.until(&question);
        }
        let rules = prometheus.ask("/api/v1/rules").unwrap();
        let rules = rules["data"]["groups"][0]["rules"].as_array().unwrap();
        let health: BTreeSet<&str> =
            rules.iter().map(|rule| rule["health"].as_str().unwrap()).collect();
        assert_eq!(health, BTreeSet::from(["ok"]), "{rules:#?}");
        prometheus
    });
    let prometheus = watching.await.unwrap();
    // The server goes, and the alert waits for its minute.
    server.stop().await;
    let pending = tokio::task::spawn_blocking(move || {
        prometheus.until("ALERTS{alertname=\"OnestopDown\",alertstate=\"pending\"}")
    });
    assert_eq!(pending.await.unwrap().as_array().unwrap().len(), 1);
}
