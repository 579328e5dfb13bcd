//! TLS on both listeners: who is let in, what is read again, and what is refused.

use crate::server;
use crate::server::Server;

use onestop::proto;
use onestop::proto::rules_client::RulesClient;
use rcgen::BasicConstraints;
use rcgen::CertificateParams;
use rcgen::IsCa;
use rcgen::Issuer;
use rcgen::KeyPair;
use rustls::ClientConfig;
use rustls::ClientConnection;
use rustls::RootCertStore;
use rustls::StreamOwned;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::ServerName;
use rustls::pki_types::pem::PemObject;
use tonic::transport::Certificate;
use tonic::transport::Channel;
use tonic::transport::ClientTlsConfig;
use tonic::transport::Identity;

use std::fs;
use std::io::Read;
use std::io::Write;
use std::net::TcpStream;
use std::path::Path;
use std::process::Command;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

/// Who signs certificates.
pub(crate) struct Ca {
    issuer: Issuer<'static, KeyPair>,
    pub(crate) pem: String,
}

/// A certificate and its key, in PEM.
pub(crate) struct Pair {
    pub(crate) certificate: String,
    pub(crate) key: String,
}

impl Ca {
    pub(crate) fn new() -> Ca {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(Vec::new()).unwrap();
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        let pem = params.self_signed(&key).unwrap().pem();
        Ca { issuer: Issuer::new(params, key), pem }
    }

    /// A certificate for a name, good until the end of a year.
    pub(crate) fn sign(&self, name: &str, until: i32) -> Pair {
        let key = KeyPair::generate().unwrap();
        let mut params = CertificateParams::new(vec![name.to_owned()]).unwrap();
        params.not_after = rcgen::date_time_ymd(until, 12, 31);
        let certificate = params.signed_by(&key, &self.issuer).unwrap().pem();
        Pair { certificate, key: key.serialize_pem() }
    }
}

impl Pair {
    fn write(&self, folder: &Path) {
        fs::write(folder.join("server.pem"), &self.certificate).unwrap();
        fs::write(folder.join("server.key"), &self.key).unwrap();
    }

    fn identity(&self) -> Identity {
        Identity::from_pem(&self.certificate, &self.key)
    }
}

/// Starts over TLS with the files of a folder.
fn start(folder: &Path, client_ca: Option<&Ca>) -> Server {
    let path = |name: &str| folder.join(name).to_string_lossy().into_owned();
    let (certificate, key, ca) = (path("server.pem"), path("server.key"), path("clients.pem"));
    let mut environment =
        vec![("ONESTOP_TLS_CERTIFICATE", certificate.as_str()), ("ONESTOP_TLS_KEY", key.as_str())];
    if let Some(client_ca) = client_ca {
        fs::write(folder.join("clients.pem"), &client_ca.pem).unwrap();
        environment.push(("ONESTOP_TLS_CLIENT_CA", ca.as_str()));
    }
    server::start_with(&folder.join("data"), &environment)
}

/// Asks for the packs over gRPC.
async fn packs(server: &Server, ca: &Ca, identity: Option<Identity>) -> Result<(), String> {
    let mut tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(&ca.pem));
    if let Some(identity) = identity {
        tls = tls.identity(identity);
    }
    let endpoint = Channel::from_shared(format!("https://{}", server.address)).unwrap();
    let endpoint = endpoint.tls_config(tls).unwrap();
    let channel = endpoint.connect().await.map_err(|error| error.to_string())?;
    let mut client = RulesClient::new(channel);
    let reply = client.list_packs(proto::ListPacksRequest {}).await;
    let packs = reply.map_err(|status| status.to_string())?.into_inner().packs;
    assert!(!packs.is_empty());
    Ok(())
}

/// Asks for a page over HTTP, trusting a CA and showing nothing.
fn page(server: &Server, ca: &Ca, path: &str) -> Result<String, std::io::Error> {
    let mut roots = RootCertStore::empty();
    roots.add(CertificateDer::from_pem_slice(ca.pem.as_bytes()).unwrap()).unwrap();
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_root_certificates(roots)
        .with_no_client_auth();
    let name = ServerName::try_from("127.0.0.1").unwrap();
    let connection = ClientConnection::new(Arc::new(config), name).unwrap();
    let mut stream = StreamOwned::new(connection, TcpStream::connect(&server.http)?);
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer)?;
    Ok(answer)
}

async fn until_logged(server: &Server, text: &str) {
    let begun = Instant::now();
    while !server.log_text().contains(text) {
        assert!(begun.elapsed() < Duration::from_secs(60), "{}", server.log_text());
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

#[tokio::test]
async fn both_listeners_speak_tls_and_nothing_else() {
    let home = tempfile::tempdir().unwrap();
    let (ca, other) = (Ca::new(), Ca::new());
    ca.sign("127.0.0.1", 2041).write(home.path());
    let server = start(home.path(), None);
    assert_eq!(packs(&server, &ca, None).await, Ok(()));
    assert!(packs(&server, &other, None).await.is_err(), "a server of another CA is not trusted");
    assert!(page(&server, &ca, "/ready").unwrap().ends_with("ready\n"));
    assert!(page(&server, &other, "/ready").is_err());
    // In the clear nothing is answered.
    assert!(!crate::web::try_answer(&server.http, "/ready").is_some_and(|a| a.contains("ready")));
    let clear = Channel::from_shared(format!("http://{}", server.address)).unwrap();
    let answered = match clear.connect().await {
        Ok(channel) => {
            RulesClient::new(channel).list_packs(proto::ListPacksRequest {}).await.is_ok()
        }
        Err(_) => false,
    };
    assert!(!answered);
    // The end of 2041, in Greenwich.
    let metrics = page(&server, &ca, "/metrics").unwrap();
    let expiry = "onestop_certificate_expiry_timestamp_seconds{of=\"server\"} 2272060800";
    assert!(metrics.contains(expiry), "{metrics}");
    // The command.
    fs::write(home.path().join("ca.pem"), &ca.pem).unwrap();
    let show = |ca: Option<&str>| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_onestop"));
        command.args(["show", "packs", "--server", &format!("https://{}", server.address)]);
        command.envs(ca.map(|ca| ("ONESTOP_CLIENT_CA", home.path().join(ca))));
        command.output().unwrap()
    };
    let (trusting, without) = (show(Some("ca.pem")), show(None));
    assert!(trusting.status.success(), "{}", String::from_utf8_lossy(&trusting.stderr));
    assert_eq!(without.status.code(), Some(2));
    assert!(String::from_utf8_lossy(&without.stderr).contains("client.ca"));
    server.stop().await;
}

#[tokio::test]
async fn with_a_client_ca_grpc_wants_a_certificate_of_it_and_browsers_need_none() {
    let home = tempfile::tempdir().unwrap();
    let (ca, clients, other) = (Ca::new(), Ca::new(), Ca::new());
    ca.sign("127.0.0.1", 2041).write(home.path());
    let server = start(home.path(), Some(&clients));
    let known = clients.sign("his.hospital.example", 2041);
    let stranger = other.sign("his.hospital.example", 2041);
    let expired = clients.sign("his.hospital.example", 2020);
    assert_eq!(packs(&server, &ca, Some(known.identity())).await, Ok(()));
    assert!(packs(&server, &ca, None).await.is_err());
    assert!(packs(&server, &ca, Some(stranger.identity())).await.is_err());
    assert!(packs(&server, &ca, Some(expired.identity())).await.is_err());
    assert!(page(&server, &ca, "/ready").unwrap().ends_with("ready\n"));
    server.stop().await;
}

#[tokio::test]
async fn certificates_are_read_again_on_sighup_and_bad_ones_are_refused() {
    let home = tempfile::tempdir().unwrap();
    let (old, new) = (Ca::new(), Ca::new());
    old.sign("127.0.0.1", 2041).write(home.path());
    let server = start(home.path(), None);
    assert_eq!(packs(&server, &old, None).await, Ok(()));
    new.sign("127.0.0.1", 2042).write(home.path());
    server.signal("HUP");
    until_logged(&server, "certificates read again").await;
    assert_eq!(packs(&server, &new, None).await, Ok(()));
    assert!(packs(&server, &old, None).await.is_err());
    let metrics = page(&server, &new, "/metrics").unwrap();
    assert!(metrics.contains("{of=\"server\"} 2303596800"), "{metrics}");
    // A key that is another's.
    let (one, two) = (new.sign("127.0.0.1", 2043), new.sign("127.0.0.1", 2043));
    Pair { certificate: one.certificate, key: two.key }.write(home.path());
    server.signal("HUP");
    until_logged(&server, "certificates refused").await;
    assert_eq!(packs(&server, &new, None).await, Ok(()));
    server.stop().await;
}

#[tokio::test]
async fn a_caller_who_does_not_shake_hands_keeps_nobody_waiting() {
    let home = tempfile::tempdir().unwrap();
    let ca = Ca::new();
    ca.sign("127.0.0.1", 2041).write(home.path());
    let server = start(home.path(), None);
    let silent: Vec<TcpStream> =
        (0..50).map(|_| TcpStream::connect(&server.http).unwrap()).collect();
    assert!(page(&server, &ca, "/ready").unwrap().ends_with("ready\n"));
    drop(silent);
    server.stop().await;
}

#[test]
fn the_server_does_not_start_in_the_clear_off_loopback_nor_with_half_of_tls() {
    let home = tempfile::tempdir().unwrap();
    let serve = |environment: &[(&str, &str)], listen: &str| {
        let mut command = Command::new(env!("CARGO_BIN_EXE_onestop"));
        command.args(["serve", "--listen", listen, "--http-listen", "127.0.0.1:0", "--data"]);
        command.arg(home.path().join("data")).envs(environment.iter().copied());
        let output = command.output().unwrap();
        (output.status.code(), String::from_utf8_lossy(&output.stderr).into_owned())
    };
    let (code, said) = serve(&[], "0.0.0.0:0");
    assert_eq!(code, Some(2), "{said}");
    assert!(said.contains("server.listen") && said.contains("in the clear"), "{said}");
    let (code, said) = serve(&[("ONESTOP_TLS_KEY", "x.pem")], "127.0.0.1:0");
    assert_eq!((code, said.contains("together")), (Some(2), true), "{said}");
    let missing = [("ONESTOP_TLS_KEY", "x.pem"), ("ONESTOP_TLS_CERTIFICATE", "/nowhere.pem")];
    let (code, said) = serve(&missing, "127.0.0.1:0");
    assert_eq!((code, said.contains("/nowhere.pem")), (Some(2), true), "{said}");
    assert!(!home.path().join("data").exists(), "nothing was made");
}
