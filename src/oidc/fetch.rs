//! Requests to the provider: HTTP/1.1 over TLS, one at a time, each bounded in time and size. In the clear to this machine alone.

use crate::oidc::OidcError;

use axum::body::Body;
use hyper::Request;
use hyper::Uri;
use hyper::client::conn::http1::handshake;
use hyper::header;
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::ServerName;
use rustls::pki_types::pem::PemObject;
use serde_json::Value;
use tokio::io::AsyncRead;
use tokio::io::AsyncWrite;
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

/// Longest time for a request.
const LONGEST: Duration = Duration::from_secs(10);
/// Largest answer. Unit: bytes.
const ANSWER_BYTES_MAX: usize = 256 << 10;

/// Whoever asks the provider.
pub(super) struct Client {
    tls: Option<TlsConnector>,
}

impl std::fmt::Debug for Client {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Client").field("tls", &self.tls.is_some()).finish()
    }
}

/// What is asked for.
pub(super) struct Asked<'a> {
    pub(super) address: &'a str,
    /// A form to post, and the authorization that goes with it; none to get.
    pub(super) form: Option<(String, String)>,
}

/// An address that may be asked: over TLS, or on this machine.
pub(super) fn checked(address: &str) -> Result<Uri, OidcError> {
    let wrong = || OidcError::Address(address.to_owned());
    let uri: Uri = address.parse().map_err(|_| wrong())?;
    let host = uri.host().ok_or_else(wrong)?;
    let is_here = matches!(host, "localhost" | "127.0.0.1" | "[::1]");
    match uri.scheme_str() {
        Some("https") => Ok(uri),
        Some("http") if is_here => Ok(uri),
        _ => Err(wrong()),
    }
}

impl Client {
    /// One that trusts the CAs of a file in PEM; none where it is empty, and then only this machine is asked.
    pub(super) fn new(ca: &Path) -> Result<Client, OidcError> {
        if ca.as_os_str().is_empty() {
            return Ok(Client { tls: None });
        }
        let wrong = |why: String| OidcError::Ca { path: ca.to_owned(), why };
        let mut roots = RootCertStore::empty();
        let certificates = CertificateDer::pem_file_iter(ca).map_err(|e| wrong(e.to_string()))?;
        for certificate in certificates {
            let certificate = certificate.map_err(|error| wrong(error.to_string()))?;
            roots.add(certificate).map_err(|error| wrong(error.to_string()))?;
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| wrong(error.to_string()))?
            .with_root_certificates(roots)
            .with_no_client_auth();
        Ok(Client { tls: Some(TlsConnector::from(Arc::new(config))) })
    }

    /// The JSON that an address answers with.
    pub(super) async fn json(&self, asked: Asked<'_>) -> Result<Value, OidcError> {
        let failed = |why: String| OidcError::Provider(why);
        let uri = checked(asked.address)?;
        let answered = tokio::time::timeout(LONGEST, self.answer(&uri, asked.form)).await;
        let bytes = answered.map_err(|_| failed("it did not answer in time".to_owned()))??;
        serde_json::from_slice(&bytes).map_err(|_| failed("its answer is no JSON".to_owned()))
    }

    async fn answer(
        &self,
        uri: &Uri,
        form: Option<(String, String)>,
    ) -> Result<Vec<u8>, OidcError> {
        let failed = |error: &dyn std::error::Error| OidcError::Provider(error.to_string());
        let is_tls = uri.scheme_str() == Some("https");
        let host = uri.host().unwrap_or_default().trim_matches(['[', ']']);
        let port = uri.port_u16().unwrap_or(if is_tls { 443 } else { 80 });
        let stream = TcpStream::connect((host, port)).await.map_err(|error| failed(&error))?;
        if !is_tls {
            return sent(stream, uri, form).await;
        }
        let tls = self.tls.as_ref();
        let tls = tls.ok_or_else(|| OidcError::Provider("`oidc.ca` is not set".to_owned()))?;
        let name = ServerName::try_from(host.to_owned()).map_err(|error| failed(&error))?;
        let stream = tls.connect(name, stream).await.map_err(|error| failed(&error))?;
        sent(stream, uri, form).await
    }
}

async fn sent(
    stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static,
    uri: &Uri,
    form: Option<(String, String)>,
) -> Result<Vec<u8>, OidcError> {
    let failed = |error: &dyn std::error::Error| OidcError::Provider(error.to_string());
    let (mut sender, connection) =
        handshake(TokioIo::new(stream)).await.map_err(|error| failed(&error))?;
    let driver = tokio::spawn(connection);
    let path = uri.path_and_query().map_or("/", |path| path.as_str());
    let host = uri.authority().map_or("", |host| host.as_str());
    let request = Request::builder()
        .uri(path)
        .header(header::HOST, host)
        .header(header::ACCEPT, "application/json");
    let request = match form {
        None => request.body(Body::empty()),
        Some((form, authorization)) => request
            .method("POST")
            .header(header::CONTENT_TYPE, "application/x-www-form-urlencoded")
            .header(header::AUTHORIZATION, authorization)
            .body(Body::from(form)),
    };
    let request = request.map_err(|error| failed(&error))?;
    let answer = sender.send_request(request).await.map_err(|error| failed(&error))?;
    let status = answer.status();
    let body = axum::body::to_bytes(Body::new(answer.into_body()), ANSWER_BYTES_MAX).await;
    driver.abort();
    let body = body.map_err(|error| failed(&error))?;
    if status.is_success() {
        return Ok(body.to_vec());
    }
    // What it says of the error may repeat what was sent.
    Err(OidcError::Provider(format!("it answered {status}")))
}
