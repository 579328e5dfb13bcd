//! Certificates and keys (证书): read from files, checked before they are used, and read again on request.

use crate::config::TlsConfig;
use crate::metrics;
use crate::metrics::CertificateUse;

use rustls::RootCertStore;
use rustls::ServerConfig;
use rustls::crypto::CryptoProvider;
use rustls::crypto::ring;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::PrivateKeyDer;
use rustls::pki_types::pem;
use rustls::pki_types::pem::PemObject;
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use x509_cert::Certificate;
use x509_cert::der::Decode;

use std::path::Path;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::PoisonError;
use std::sync::RwLock;

/// What a listener speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Speaks {
    /// HTTP/2. Where there is a client CA, whoever calls must show a certificate of it.
    Grpc,
    /// HTTP/1.1. A certificate is asked for and need not be shown: browsers have none.
    Http,
}

/// Why there is no TLS.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read, or is no PEM.
    #[error("`{}` cannot be read as PEM", path.display())]
    Pem {
        /// Which.
        path: PathBuf,
        /// Why.
        source: pem::Error,
    },
    /// A file has no certificate in it.
    #[error("`{}` has no certificate", path.display())]
    Empty {
        /// Which.
        path: PathBuf,
    },
    /// A certificate cannot be read.
    #[error("`{}` has a certificate that cannot be read: {why}", path.display())]
    Certificate {
        /// Which.
        path: PathBuf,
        /// Why.
        why: String,
    },
    /// Certificate and key do not go together, or are of a kind that nothing here speaks.
    #[error("certificate and key cannot be used: {0}")]
    Pair(#[from] rustls::Error),
    /// The client CA cannot be used.
    #[error("`tls.client_ca` cannot be used: {0}")]
    ClientCa(String),
}

/// The keys of both listeners.
#[derive(Debug)]
pub struct Keys {
    files: TlsConfig,
    in_use: RwLock<InUse>,
}

#[derive(Debug, Clone)]
struct InUse {
    grpc: Arc<ServerConfig>,
    http: Arc<ServerConfig>,
}

impl Keys {
    /// Reads them, if any are configured.
    pub fn read(files: &TlsConfig) -> Result<Option<Arc<Keys>>, TlsError> {
        if !files.is_on() {
            return Ok(None);
        }
        let in_use = RwLock::new(in_use(files)?);
        Ok(Some(Arc::new(Keys { files: files.clone(), in_use })))
    }

    /// Reads them again. On an error the old ones stay in use; connections that stand keep what they began with.
    pub fn reload(&self) -> Result<(), TlsError> {
        let new = in_use(&self.files)?;
        *self.in_use.write().unwrap_or_else(PoisonError::into_inner) = new;
        Ok(())
    }

    pub(super) fn config(&self, speaks: Speaks) -> Arc<ServerConfig> {
        let in_use = self.in_use.read().unwrap_or_else(PoisonError::into_inner);
        match speaks {
            Speaks::Grpc => Arc::clone(&in_use.grpc),
            Speaks::Http => Arc::clone(&in_use.http),
        }
    }
}

fn in_use(files: &TlsConfig) -> Result<InUse, TlsError> {
    let chain = certificates(&files.certificate)?;
    let key = PrivateKeyDer::from_pem_file(&files.key)
        .map_err(|source| TlsError::Pem { path: files.key.clone(), source })?;
    let expires = first_expiry(&files.certificate, &chain)?;
    let mut client_expires = None;
    let mut clients = None;
    if !files.client_ca.as_os_str().is_empty() {
        let roots = certificates(&files.client_ca)?;
        client_expires = Some(first_expiry(&files.client_ca, &roots)?);
        clients = Some(trusted(roots)?);
    }
    let provider = Arc::new(ring::default_provider());
    let config = |speaks| -> Result<Arc<ServerConfig>, TlsError> {
        let builder = ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()?;
        let builder = match &clients {
            None => builder.with_no_client_auth(),
            Some(roots) => builder.with_client_cert_verifier(verifier(roots, &provider, speaks)?),
        };
        let mut config = builder.with_single_cert(chain.clone(), key.clone_key())?;
        config.alpn_protocols = match speaks {
            Speaks::Grpc => vec![b"h2".to_vec()],
            Speaks::Http => vec![b"http/1.1".to_vec()],
        };
        Ok(Arc::new(config))
    };
    let in_use = InUse { grpc: config(Speaks::Grpc)?, http: config(Speaks::Http)? };
    // Told only of what is in use.
    metrics::certificate_expires(CertificateUse::Server, expires);
    if let Some(expires) = client_expires {
        metrics::certificate_expires(CertificateUse::ClientCa, expires);
    }
    Ok(in_use)
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let unreadable = |source| TlsError::Pem { path: path.to_owned(), source };
    let found = CertificateDer::pem_file_iter(path).map_err(unreadable)?;
    let found = found.collect::<Result<Vec<_>, _>>().map_err(unreadable)?;
    if found.is_empty() {
        return Err(TlsError::Empty { path: path.to_owned() });
    }
    Ok(found)
}

/// When the first of some certificates expires. Unit: seconds since 1970.
fn first_expiry(path: &Path, chain: &[CertificateDer<'static>]) -> Result<i64, TlsError> {
    let mut first = i64::MAX;
    for one in chain {
        let read = Certificate::from_der(one.as_ref()).map_err(|error| TlsError::Certificate {
            path: path.to_owned(),
            why: error.to_string(),
        })?;
        let until = read.tbs_certificate().validity().not_after.to_unix_duration();
        first = first.min(i64::try_from(until.as_secs()).unwrap_or(i64::MAX));
    }
    Ok(first)
}

fn trusted(roots: Vec<CertificateDer<'static>>) -> Result<Arc<RootCertStore>, TlsError> {
    let mut store = RootCertStore::empty();
    for root in roots {
        store.add(root).map_err(|error| TlsError::ClientCa(error.to_string()))?;
    }
    Ok(Arc::new(store))
}

fn verifier(
    roots: &Arc<RootCertStore>,
    provider: &Arc<CryptoProvider>,
    speaks: Speaks,
) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
    let builder =
        WebPkiClientVerifier::builder_with_provider(Arc::clone(roots), Arc::clone(provider));
    let builder = match speaks {
        Speaks::Grpc => builder,
        Speaks::Http => builder.allow_unauthenticated(),
    };
    builder.build().map_err(|error| TlsError::ClientCa(error.to_string()))
}
