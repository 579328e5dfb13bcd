//! The gate before gRPC: who asks, and whether his role may use the call at all. What a call is about is looked at behind it.

use crate::access::Asker;
use crate::access::Reach;
use crate::access::Ring;
use crate::grpc::CameFrom;
use crate::listen::Peer;

use tonic::Status;
use tonic::codegen::http::Request;
use tonic::codegen::http::Response;
use tonic::codegen::http::header::AUTHORIZATION;
use tower::BoxError;
use tower::Layer;
use tower::Service;

use std::pin::Pin;
use std::sync::Arc;
use std::sync::PoisonError;
use std::sync::RwLock;
use std::task::Context;
use std::task::Poll;

/// Asked of nobody: whether the server is well, and what the contract is.
const OPEN: [&str; 2] = ["/grpc.health.v1.Health/", "/grpc.reflection.v1.ServerReflection/"];

/// The keys that are known; none where nobody is asked who he is.
pub(super) type Known = Option<Arc<RwLock<Ring>>>;

/// Lets through who may.
#[derive(Debug, Clone)]
pub(super) struct GateLayer(pub(super) Known);

/// A service behind the gate.
#[derive(Debug, Clone)]
pub(super) struct Gated<S> {
    inner: S,
    known: Known,
}

impl<S> Layer<S> for GateLayer {
    type Service = Gated<S>;
    fn layer(&self, inner: S) -> Gated<S> {
        Gated { inner, known: self.0.clone() }
    }
}

impl<S, A, B> Service<Request<A>> for Gated<S>
where
    S: Service<Request<A>, Response = Response<B>, Error = BoxError>,
    S::Future: Send + 'static,
{
    type Response = S::Response;
    type Error = BoxError;
    type Future = Pin<Box<dyn Future<Output = Result<Response<B>, BoxError>> + Send>>;

    fn poll_ready(&mut self, context: &mut Context<'_>) -> Poll<Result<(), BoxError>> {
        self.inner.poll_ready(context)
    }

    fn call(&mut self, mut request: Request<A>) -> Self::Future {
        match asker(self.known.as_ref(), &request) {
            Ok(asker) => {
                let peer = request.extensions().get::<Peer>();
                let from = peer.map(|peer| peer.address.ip().to_string()).unwrap_or_default();
                request.extensions_mut().insert(CameFrom(from));
                request.extensions_mut().insert(asker);
                let answer = self.inner.call(request);
                Box::pin(answer)
            }
            Err(status) => Box::pin(async move { Err(status.into()) }),
        }
    }
}

fn asker<A>(known: Option<&Arc<RwLock<Ring>>>, request: &Request<A>) -> Result<Asker, Status> {
    let path = request.uri().path();
    let Some(known) = known else { return Ok(Asker::Anybody) };
    if OPEN.iter().any(|open| path.starts_with(open)) {
        return Ok(Asker::Anybody);
    }
    let ring = known.read().unwrap_or_else(PoisonError::into_inner);
    let bearer = request.headers().get(AUTHORIZATION).and_then(|value| value.to_str().ok());
    let secret = bearer.and_then(|value| value.strip_prefix("Bearer "));
    let peer = request.extensions().get::<Peer>();
    let certificate = peer.and_then(|peer| peer.certificate.as_deref());
    // A secret that is not known is not mended by a certificate that is.
    let holder = match secret {
        Some(secret) => ring.holder(secret.as_bytes()),
        None => certificate.and_then(|certificate| ring.holder(certificate)),
    };
    let Some(actor) = holder else {
        tracing::info!(path, "nobody who is known asked");
        let why = "send `authorization: Bearer` with a key that is known here, or show a known certificate 请提供有效的接口密钥或证书";
        return Err(Status::unauthenticated(why));
    };
    if actor.reach(path) == Reach::None {
        tracing::info!(path, key = actor.name, "a key asked what its role may not");
        return Err(Status::permission_denied(
            "this key's role may not do this 该密钥的角色无此权限",
        ));
    }
    tracing::info!(path, key = actor.name, "let in");
    Ok(Asker::Known(actor))
}
