//! A real server process on a store of its own, and the ways to end it.

use crate::files::copy;

use onestop::proto::registers_client::RegistersClient;
use onestop::proto::settlement_client::SettlementClient;
use onestop::store::seal::Seal;
use tonic::transport::Channel;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;

use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::ExitStatus;
use std::process::Output;
use std::process::Stdio;
use std::thread::sleep;
use std::time::Duration;
use std::time::Instant;

/// How long anything may take that should not take long.
pub(super) const PATIENCE: Duration = Duration::from_secs(30);

/// Rule packs of this repository.
pub(super) fn rules() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("settlement-rules")
}

/// The program, without what this process was set to: it refuses variables that it does not know.
fn program() -> Command {
    let mut program = Command::new(env!("CARGO_BIN_EXE_onestop"));
    for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("ONESTOP_")) {
        program.env_remove(name);
    }
    program
}

/// A place for one store: `disk/data` is the store, everything else stands beside `disk`.
#[derive(Debug)]
pub(super) struct Home {
    directory: tempfile::TempDir,
    /// What the store is sealed with; empty: nothing.
    key: &'static str,
}

/// The key of the stores that are sealed here: it protects nothing.
const KEY: &str = "aes-256-gcm AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8=";

impl Home {
    /// On a real disk, with syncs that take their time.
    pub(super) fn new() -> Home {
        Home::below(&std::env::temp_dir())
    }

    /// In memory, where there is such a place: for tests that need many stores and no disk.
    pub(super) fn in_memory() -> Home {
        let memory = Path::new("/dev/shm");
        if memory.is_dir() { Home::below(memory) } else { Home::new() }
    }

    /// The same, with its store sealed if it is to be.
    pub(super) fn sealed(self, is_sealed: bool) -> Home {
        Home { key: if is_sealed { KEY } else { "" }, ..self }
    }

    /// Another one for the same store.
    pub(super) fn another(&self) -> Home {
        Home { key: self.key, ..Home::new() }
    }

    /// What its store is sealed with.
    pub(super) fn seal(&self) -> Seal {
        Seal::of(Path::new(""), self.key).unwrap()
    }

    pub(super) fn below(place: &Path) -> Home {
        let directory =
            tempfile::Builder::new().prefix("onestop-faults-").tempdir_in(place).unwrap();
        fs::create_dir(directory.path().join("disk")).unwrap();
        Home { directory, key: "" }
    }

    /// What is lost or kept in a power cut.
    pub(super) fn disk(&self) -> PathBuf {
        self.directory.path().join("disk")
    }

    pub(super) fn store(&self) -> PathBuf {
        self.disk().join("data")
    }

    pub(super) fn beside(&self, name: &str) -> PathBuf {
        self.directory.path().join(name)
    }

    /// A copy of the store as it lies there, in a home of its own beside this one.
    pub(super) fn copy(&self) -> Home {
        let place = self.directory.path().parent().unwrap();
        let home = Home { key: self.key, ..Home::below(place) };
        copy(&self.disk(), &home.disk());
        home
    }
}

/// How a server is started.
pub(super) type Environment = Vec<(String, String)>;

/// A server that is starting or serving. It is killed when dropped.
#[derive(Debug)]
pub(super) struct Server {
    child: Child,
    ready: PathBuf,
    said: PathBuf,
    url: String,
}

impl Server {
    /// Starts a server and does not wait for it.
    pub(super) fn spawn(home: &Home, environment: &Environment) -> Server {
        let (ready, said) = (home.beside("ready"), home.beside("said"));
        let _ = fs::remove_file(&ready);
        let child = program()
            .args([
                "--lang",
                "en",
                "serve",
                "--listen",
                "127.0.0.1:0",
                "--http-listen",
                "127.0.0.1:0",
            ])
            .arg("--data")
            .arg(home.store())
            .arg("--rules")
            .arg(rules())
            .arg("--ready-file")
            .arg(&ready)
            .env("ONESTOP_STORE_KEY", home.key)
            .env("ONESTOP_STORE_CACHE_BYTES", "4194304")
            .env("ONESTOP_SERVER_SHUTDOWN_TIMEOUT_MS", "3000")
            .envs(environment.iter().cloned())
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(fs::File::create(&said).unwrap())
            .spawn()
            .unwrap();
        Server { child, ready, said, url: String::new() }
    }

    /// Starts a server and waits until it serves; what it said where it ended instead.
    pub(super) fn start(home: &Home, environment: &Environment) -> Result<Server, Ended> {
        let mut server = Server::spawn(home, environment);
        match server.wait_until_ready() {
            Ok(()) => Ok(server),
            Err(status) => Err(Ended { status, said: server.said() }),
        }
    }

    fn wait_until_ready(&mut self) -> Result<(), ExitStatus> {
        let start = Instant::now();
        loop {
            let addresses = fs::read_to_string(&self.ready).unwrap_or_default();
            // The file may have been made and not yet written.
            if let Some((address, _)) = addresses.split_once('\n') {
                self.url = format!("http://{address}");
                return Ok(());
            }
            if let Some(status) = self.child.try_wait().unwrap() {
                return Err(status);
            }
            assert!(start.elapsed() < PATIENCE, "not ready in time; it said: {}", self.said());
            sleep(Duration::from_millis(2));
        }
    }

    /// What it wrote to standard error.
    pub(super) fn said(&self) -> String {
        fs::read_to_string(&self.said).unwrap()
    }

    /// Ends it at once.
    pub(super) fn kill(mut self) {
        let _ = self.child.kill();
        self.child.wait().unwrap();
    }

    /// Asks it to stop, and waits; a server that does not stop in time is killed and gives no status.
    pub(super) fn stop(mut self) -> (Option<ExitStatus>, String) {
        let asked = Command::new("kill").arg(self.child.id().to_string()).status().unwrap();
        assert!(asked.success() || self.child.try_wait().unwrap().is_some());
        let start = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return (Some(status), self.said());
            }
            if PATIENCE < start.elapsed() {
                let said = self.said();
                self.kill();
                return (None, said);
            }
            sleep(Duration::from_millis(2));
        }
    }

    /// Asks it to stop; anything but a clean end is a fault.
    pub(super) fn stop_cleanly(self) {
        let (status, said) = self.stop();
        assert!(status.is_some_and(|status| status.success()), "{status:?}: {said}");
    }

    /// Whether it still runs.
    pub(super) fn is_up(&mut self) -> bool {
        self.child.try_wait().unwrap().is_none()
    }

    pub(super) async fn connect(&self) -> Clients {
        let endpoint = Channel::from_shared(self.url.clone()).unwrap();
        let endpoint = endpoint.tcp_nodelay(true).timeout(Duration::from_secs(10));
        Clients::on(endpoint.connect_lazy())
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// A server that did not come to serve.
#[derive(Debug)]
pub(super) struct Ended {
    pub(super) status: ExitStatus,
    pub(super) said: String,
}

/// All clients on one connection.
#[derive(Debug, Clone)]
pub(super) struct Clients {
    pub(super) settlement: SettlementClient<Channel>,
    pub(super) registers: RegistersClient<Channel>,
    health: HealthClient<Channel>,
}

impl Clients {
    fn on(channel: Channel) -> Clients {
        Clients {
            settlement: SettlementClient::new(channel.clone()),
            registers: RegistersClient::new(channel.clone()),
            health: HealthClient::new(channel),
        }
    }

    /// Whether the server says that it serves settlements.
    pub(super) async fn is_healthy(&mut self) -> bool {
        let service = "onestop.v1.Settlement".to_owned();
        let answer = self.health.check(HealthCheckRequest { service }).await.unwrap();
        answer.into_inner().status == 1
    }

    /// Waits until it says so, or says the opposite: what has happened is told a moment later.
    pub(super) async fn becomes(&mut self, is_healthy: bool) -> bool {
        let start = Instant::now();
        while self.is_healthy().await != is_healthy {
            if PATIENCE < start.elapsed() {
                return false;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        true
    }
}

/// `onestop ledger verify` on a store.
pub(super) fn verify(home: &Home) -> Output {
    program()
        .args(["--lang", "en", "ledger", "verify", "--data"])
        .arg(home.store())
        .env("ONESTOP_STORE_KEY", home.key)
        .arg("--rules")
        .arg(rules())
        .output()
        .unwrap()
}

/// Anything but a ledger that fits is a fault.
pub(super) fn verify_cleanly(home: &Home) {
    let output = verify(home);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.success(), "ledger verify: {said}");
}
