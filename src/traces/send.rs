//! Sends spans to the collector, many at once, beside all requests. A batch that it does not take is dropped: there are more to come.

use crate::metrics;
use crate::traces::otlp::ExportReply;
use crate::traces::otlp::ExportRequest;
use crate::traces::otlp::KeyValue;
use crate::traces::otlp::Resource;
use crate::traces::otlp::ResourceSpans;
use crate::traces::otlp::ScopeSpans;
use crate::traces::otlp::Span;

use tokio::sync::mpsc;
use tokio::time::timeout_at;
use tonic::Status;
use tonic::client::Grpc;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::Certificate;
use tonic::transport::Channel;
use tonic::transport::ClientTlsConfig;
use tonic_prost::ProstCodec;

use std::io;
use std::path::Path;
use std::path::PathBuf;
use std::time::Duration;

/// Most spans of a batch.
const BATCH_MAX: usize = 512;
/// How long the first span of a batch waits for others.
const GATHERED: Duration = Duration::from_secs(1);
/// How long a collector may take for a batch.
const PATIENCE: Duration = Duration::from_secs(5);

const EXPORT: PathAndQuery =
    PathAndQuery::from_static("/opentelemetry.proto.collector.trace.v1.TraceService/Export");

/// Why there is nowhere to send traces to.
#[derive(Debug, thiserror::Error)]
pub enum TracesError {
    /// The address is none.
    #[error(
        "`traces.endpoint` should be the address of a collector, such as http://127.0.0.1:4317: {0}"
    )]
    Endpoint(String),
    /// The CA cannot be read.
    #[error("`traces.ca`: `{}`: {source}", path.display())]
    Ca {
        /// Which file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
}

/// A connection to a collector, made when it is first needed and again when it is gone.
pub(super) fn channel(endpoint: &str, ca: &Path) -> Result<Channel, TracesError> {
    let wrong = |error: tonic::transport::Error| TracesError::Endpoint(error.to_string());
    let is_address = ["http://", "https://"].iter().any(|scheme| endpoint.starts_with(scheme));
    if !is_address {
        return Err(TracesError::Endpoint(
            "it begins with neither http:// nor https://".to_owned(),
        ));
    }
    let mut to = Channel::from_shared(endpoint.to_owned())
        .map_err(|error| TracesError::Endpoint(error.to_string()))?
        .connect_timeout(PATIENCE)
        .timeout(PATIENCE);
    if endpoint.starts_with("https://") {
        let pem =
            std::fs::read(ca).map_err(|source| TracesError::Ca { path: ca.to_owned(), source })?;
        let tls = ClientTlsConfig::new().ca_certificate(Certificate::from_pem(pem));
        to = to.tls_config(tls).map_err(wrong)?;
    }
    Ok(to.connect_lazy())
}

/// Sends until nobody traces any more.
pub(super) async fn send(mut spans: mpsc::Receiver<Span>, channel: Channel) {
    let mut collector = Grpc::new(channel);
    let mut is_taking = true;
    let mut batch = Vec::with_capacity(BATCH_MAX);
    while spans.recv_many(&mut batch, BATCH_MAX).await != 0 {
        let until = tokio::time::Instant::now() + GATHERED;
        while batch.len() < BATCH_MAX {
            let room = BATCH_MAX - batch.len();
            match timeout_at(until, spans.recv_many(&mut batch, room)).await {
                Ok(0) | Err(_) => break,
                Ok(_) => {}
            }
        }
        let count = u64::try_from(batch.len()).unwrap_or(u64::MAX);
        match export(&mut collector, std::mem::take(&mut batch)).await {
            Ok(()) => {
                metrics::spans(true, count);
                is_taking = true;
            }
            Err(status) => {
                metrics::spans(false, count);
                // Said once, and again after it has been well: it may be away for long.
                if is_taking {
                    let error = status.message();
                    tracing::warn!(error, "the collector takes no traces; they are dropped");
                }
                is_taking = false;
            }
        }
    }
}

async fn export(collector: &mut Grpc<Channel>, spans: Vec<Span>) -> Result<(), Status> {
    let attributes = vec![
        KeyValue::text("service.name", "onestop"),
        KeyValue::text("service.version", env!("CARGO_PKG_VERSION")),
    ];
    let resource_spans = vec![ResourceSpans {
        resource: Some(Resource { attributes }),
        scope_spans: vec![ScopeSpans { spans }],
    }];
    let request = tonic::Request::new(ExportRequest { resource_spans });
    let ready = collector.ready().await;
    ready.map_err(|error| Status::unavailable(error.to_string()))?;
    let codec: ProstCodec<ExportRequest, ExportReply> = ProstCodec::default();
    collector.unary(request, EXPORT, codec).await.map(|_| ())
}
