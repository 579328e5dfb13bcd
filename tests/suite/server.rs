//! The built server as a process of its own, and clients of its socket.

use crate::demo;

use onestop::proto;
use onestop::proto::registers_client::RegistersClient;
use onestop::proto::rules_client::RulesClient;
use onestop::proto::settlement_client::SettlementClient;
use tonic::transport::Channel;

use std::fs;
use std::path::Path;
use std::path::PathBuf;
use std::process::Child;
use std::process::Command;
use std::process::ExitStatus;
use std::process::Stdio;
use std::thread;
use std::time::Duration;
use std::time::Instant;

/// A running server; dropped, it is killed.
pub(crate) struct Server {
    child: Child,
    pub(crate) address: String,
    /// Where it listens for HTTP.
    pub(crate) http: String,
    /// What it has written to standard error.
    pub(crate) log: PathBuf,
}

/// How a server is started.
pub(crate) struct Start<'a> {
    /// Directory of the store; its log is beside it.
    pub(crate) data: &'a Path,
    pub(crate) rules: PathBuf,
    pub(crate) environment: &'a [(&'a str, &'a str)],
    pub(crate) config: Option<&'a Path>,
    pub(crate) demo: bool,
}

/// Starts on a store, with the packs of this repository.
pub(crate) fn start(data: &Path) -> Server {
    Start { data, rules: demo::rules_folder(), environment: &[], config: None, demo: false }.start()
}

/// Starts with environment variables.
pub(crate) fn start_with(data: &Path, environment: &[(&str, &str)]) -> Server {
    Start { data, rules: demo::rules_folder(), environment, config: None, demo: false }.start()
}

/// Starts the demonstration, and waits until its admissions are settled.
pub(crate) async fn start_demo(data: &Path) -> Server {
    let server =
        Start { data, rules: demo::rules_folder(), environment: &[], config: None, demo: true }
            .start();
    let begun = Instant::now();
    while server.clients().await.list(Default::default()).await.unwrap().len() < 5 {
        assert!(begun.elapsed() < Duration::from_secs(60), "the demonstration does not settle");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
    server
}

impl Start<'_> {
    pub(crate) fn start(self) -> Server {
        let beside = |end: &str| {
            let mut name = self.data.as_os_str().to_owned();
            name.push(end);
            PathBuf::from(name)
        };
        let (ready, log) = (beside(".ready"), beside(".log"));
        // A file of an earlier start would name another address.
        let _ = fs::remove_file(&ready);
        let errors = fs::File::options().create(true).append(true).open(&log).unwrap();
        let mut command = Command::new(env!("CARGO_BIN_EXE_onestop"));
        if let Some(config) = self.config {
            command.arg("--config").arg(config);
        }
        command.arg("serve").args(["--listen", "127.0.0.1:0", "--http-listen", "127.0.0.1:0"]);
        command.arg("--data").arg(self.data).arg("--rules").arg(&self.rules);
        command.arg("--ready-file").arg(&ready).args(self.demo.then_some("--demo"));
        command.envs(self.environment.iter().copied());
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(errors);
        let mut child = command.spawn().unwrap();
        let begun = Instant::now();
        let (address, http) = loop {
            let addresses = fs::read_to_string(&ready).unwrap_or_default();
            if let Some((address, http)) = addresses.split_once('\n') {
                break (address.to_owned(), http.trim_end().to_owned());
            }
            if let Some(status) = child.try_wait().unwrap() {
                panic!("the server ended with {status}: {}", fs::read_to_string(&log).unwrap());
            }
            assert!(begun.elapsed() < Duration::from_secs(60), "the server is not ready");
            thread::sleep(Duration::from_millis(10));
        };
        Server { child, address, http, log }
    }
}

impl Server {
    /// Sends it a signal by name.
    pub(crate) fn signal(&self, name: &str) {
        let process = self.child.id().to_string();
        let status = Command::new("kill").args(["-s", name, &process]).status().unwrap();
        assert!(status.success());
    }

    /// Waits for its end. Clients must be able to move meanwhile: they are asked to close their connections.
    pub(crate) async fn wait(&mut self) -> ExitStatus {
        let begun = Instant::now();
        loop {
            if let Some(status) = self.child.try_wait().unwrap() {
                return status;
            }
            assert!(begun.elapsed() < Duration::from_secs(60), "the server does not end");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }

    /// Stops it as an operator does; it must end well.
    pub(crate) async fn stop(mut self) {
        self.signal("TERM");
        let status = self.wait().await;
        assert!(status.success(), "{status}: {}", self.log_text());
    }

    /// Kills it at once.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// What it has written to standard error.
    pub(crate) fn log_text(&self) -> String {
        fs::read_to_string(&self.log).unwrap()
    }

    /// A connection of its own.
    pub(crate) async fn channel(&self) -> Channel {
        let endpoint = Channel::from_shared(format!("http://{}", self.address)).unwrap();
        endpoint.connect().await.unwrap()
    }

    /// Clients of all three services on one connection.
    pub(crate) async fn clients(&self) -> Clients {
        let channel = self.channel().await;
        Clients {
            settlement: SettlementClient::new(channel.clone())
                .max_decoding_message_size(usize::MAX),
            rules: RulesClient::new(channel.clone()),
            registers: RegistersClient::new(channel),
        }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It may have ended already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// The three services.
#[derive(Clone)]
pub(crate) struct Clients {
    pub(crate) settlement: SettlementClient<Channel>,
    pub(crate) rules: RulesClient<Channel>,
    pub(crate) registers: RegistersClient<Channel>,
}

impl Clients {
    /// Fills the registers with the demo's people.
    pub(crate) async fn fill(&mut self) {
        let (writer, persons) = (demo::office("persons"), demo::persons());
        self.put_persons(vec![proto::PutPersonsRequest {
            writer,
            persons,
            ..proto::PutPersonsRequest::default()
        }])
        .await;
        let (writer, facilities) = (demo::office("facilities"), demo::facilities());
        let request = proto::PutFacilitiesRequest {
            writer,
            facilities,
            ..proto::PutFacilitiesRequest::default()
        };
        let stream = tokio_stream::iter([request]);
        let mut replies = self.registers.put_facilities(stream).await.unwrap().into_inner();
        assert_eq!(replies.message().await.unwrap().unwrap().added, 3);
        let (writer, items) = (demo::office("items"), demo::items());
        let stream = tokio_stream::iter([proto::PutItemsRequest {
            writer,
            items,
            ..proto::PutItemsRequest::default()
        }]);
        let mut replies = self.registers.put_items(stream).await.unwrap().into_inner();
        assert_eq!(replies.message().await.unwrap().unwrap().added, 3);
    }

    /// Puts persons; all must be taken.
    pub(crate) async fn put_persons(
        &mut self,
        requests: Vec<proto::PutPersonsRequest>,
    ) -> Vec<proto::PutReply> {
        let stream = tokio_stream::iter(requests);
        let mut replies = self.registers.put_persons(stream).await.unwrap().into_inner();
        let mut all = Vec::new();
        while let Some(reply) = replies.message().await.unwrap() {
            all.push(reply);
        }
        all
    }

    /// Settles.
    pub(crate) async fn settle(
        &mut self,
        request: proto::SettleRequest,
    ) -> Result<proto::SettlementRecord, tonic::Status> {
        let reply = self.settlement.settle(request).await?;
        Ok(reply.into_inner().settlement.unwrap())
    }

    /// A list as a whole.
    pub(crate) async fn list(
        &mut self,
        request: proto::ListSettlementsRequest,
    ) -> Result<Vec<proto::SettlementRecord>, tonic::Status> {
        let mut stream = self.settlement.list_settlements(request).await?.into_inner();
        let mut records = Vec::new();
        while let Some(record) = stream.message().await? {
            records.push(record);
        }
        Ok(records)
    }

    /// A person's year 2018.
    pub(crate) async fn year(&mut self, person: &str) -> proto::Accumulators {
        let reply = self.settlement.get_accumulators(demo::year(person)).await.unwrap();
        reply.into_inner().accumulators.unwrap()
    }
}

/// The number of the refusal that a status carries; it must carry one.
pub(crate) fn refused<T: std::fmt::Debug>(outcome: Result<T, tonic::Status>) -> proto::Refusal {
    let status = outcome.unwrap_err();
    onestop::grpc::refusal_of(&status).unwrap_or_else(|| panic!("{status:?}"))
}
