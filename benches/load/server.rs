//! The built server and the echo, each a process of its own, as in use.

use crate::work;

use tonic::transport::Channel;

use std::path::Path;
use std::process::Child;
use std::process::Command;
use std::process::Stdio;

/// The file in which a process says where it listens.
pub(crate) mod ready {
    use std::path::Path;
    use std::time::Duration;

    /// Writes it whole: whoever reads it never sees a part.
    pub(crate) fn write(file: &Path, address: &str) {
        let beside = file.with_extension("part");
        std::fs::write(&beside, address).unwrap();
        std::fs::rename(beside, file).unwrap();
    }

    /// The addresses, gRPC's first.
    pub(crate) async fn read(file: &Path) -> Vec<String> {
        for _ in 0..6000 {
            let text = std::fs::read_to_string(file).unwrap_or_default();
            if !text.is_empty() {
                return text.lines().map(|line| line.trim().to_owned()).collect();
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{} does not come", file.display());
    }
}

/// Both processes; dropped, they are killed.
pub(crate) struct Server {
    onestop: Child,
    echo: Child,
    pub(crate) url: String,
    /// The address of the national interface.
    pub(crate) http: String,
    pub(crate) echo_url: String,
}

impl Drop for Server {
    fn drop(&mut self) {
        // They may have ended already.
        let _ = (self.onestop.kill(), self.echo.kill());
        let _ = (self.onestop.wait(), self.echo.wait());
    }
}

impl Server {
    /// Starts both on a new store and fills the registers.
    pub(crate) async fn start(directory: &Path) -> Server {
        let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("settlement-rules");
        let (ready, echo_ready) = (directory.join("ready"), directory.join("echo-ready"));
        let log = std::fs::File::create(directory.join("log")).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_onestop"));
        command.args(["serve", "--listen", "127.0.0.1:0", "--http-listen", "127.0.0.1:0"]);
        command.arg("--data").arg(directory.join("store"));
        command.arg("--rules").arg(rules).arg("--ready-file").arg(&ready);
        // The program reads what begins with its name as configuration.
        for (name, _) in std::env::vars().filter(|(name, _)| name.starts_with("ONESTOP_")) {
            command.env_remove(name);
        }
        let onestop = command.stdout(Stdio::null()).stderr(log).spawn().unwrap();
        let mut command = Command::new(std::env::current_exe().unwrap());
        let echo = command.arg("serve-echo").arg(&echo_ready).spawn().unwrap();
        let addresses = ready::read(&ready).await;
        let [grpc, http] = addresses.as_slice() else { panic!("{addresses:?}") };
        let echo_url = format!("http://{}", ready::read(&echo_ready).await[0]);
        let url = format!("http://{grpc}");
        let server = Server { onestop, echo, url, http: http.clone(), echo_url };
        work::fill(&server.channel().await).await;
        server
    }

    /// A connection of its own to the server.
    pub(crate) async fn channel(&self) -> Channel {
        connect(&self.url).await
    }

    /// A connection of its own to the echo.
    pub(crate) async fn echo_channel(&self) -> Channel {
        connect(&self.echo_url).await
    }

    pub(crate) fn stop(self) {
        drop(self);
    }
}

async fn connect(url: &str) -> Channel {
    let endpoint = Channel::from_shared(url.to_owned()).unwrap();
    endpoint.tcp_nodelay(true).connect().await.unwrap()
}
