//! A service that does nothing but answer so many bytes: what tonic can do here with messages of these sizes.

use crate::server::ready;

use prost::Message;
use tonic::Request;
use tonic::Response;
use tonic::Status;
use tonic::codegen::Body;
use tonic::codegen::Context;
use tonic::codegen::Poll;
use tonic::codegen::Service;
use tonic::codegen::StdError;
use tonic::codegen::http;
use tonic::server::Grpc;
use tonic::server::NamedService;
use tonic::server::UnaryService;
use tonic::transport::server::TcpIncoming;
use tonic_prost::ProstCodec;

use std::convert::Infallible;
use std::future::Future;
use std::future::Ready;
use std::path::Path;
use std::pin::Pin;

/// What goes there and back.
#[derive(Clone, PartialEq, Message)]
pub(crate) struct Payload {
    #[prost(bytes = "vec", tag = "1")]
    pub(crate) body: Vec<u8>,
    #[prost(uint32, tag = "2")]
    pub(crate) answer_bytes: u32,
}

pub(crate) const PATH: &str = "/bench.Echo/Echo";

#[derive(Clone)]
struct Echo;

impl NamedService for Echo {
    const NAME: &'static str = "bench.Echo";
}

impl<B> Service<http::Request<B>> for Echo
where
    B: Body + Send + 'static,
    B::Error: Into<StdError> + Send + 'static,
{
    type Response = http::Response<tonic::body::Body>;
    type Error = Infallible;
    type Future = Pin<Box<dyn Future<Output = Result<Self::Response, Infallible>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<Result<(), Infallible>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, request: http::Request<B>) -> Self::Future {
        Box::pin(async move {
            let codec = ProstCodec::<Payload, Payload>::default();
            Ok(Grpc::new(codec).unary(Echo, request).await)
        })
    }
}

impl UnaryService<Payload> for Echo {
    type Response = Payload;
    type Future = Ready<Result<Response<Payload>, Status>>;

    fn call(&mut self, request: Request<Payload>) -> Self::Future {
        let body = vec![b'7'; request.get_ref().answer_bytes as usize];
        std::future::ready(Ok(Response::new(Payload { body, answer_bytes: 0 })))
    }
}

/// Serves until it is killed; its address is in the ready file.
pub(crate) async fn serve(ready_file: &Path) {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    ready::write(ready_file, &listener.local_addr().unwrap().to_string());
    tonic::transport::Server::builder()
        .add_service(Echo)
        .serve_with_incoming(TcpIncoming::from(listener).with_nodelay(Some(true)))
        .await
        .unwrap();
}
