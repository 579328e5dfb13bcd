//! Traces at a collector of our own: what a span says, whose trace it goes on, and what happens where the collector is away.

use crate::demo;
use crate::demo::PLAIN;
use crate::demo::POOR;
use crate::demo::totals;
use crate::his::Hospital;
use crate::server::start_with;
use crate::web::answer;

use axum::Router;
use axum::body::Body;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::HeaderMap;
use axum::response::Response;
use http_body::Frame;
use prost::Message;
use serde_json::json;
use tokio::net::TcpListener;
use tokio_stream::wrappers::TcpListenerStream;
use tonic::Request;
use tonic::service::Routes;

use std::convert::Infallible;
use std::pin::Pin;
use std::process::Command;
use std::sync::Arc;
use std::sync::Mutex;
use std::task::Context;
use std::task::Poll;
use std::time::Duration;
use std::time::Instant;

/// Messages as they came, without what gRPC puts before each.
type Received = Arc<Mutex<Vec<Bytes>>>;

/// A collector that takes everything; it ends with the test's runtime.
pub(crate) struct Collector {
    pub(crate) endpoint: String,
    received: Received,
}

impl Collector {
    pub(crate) async fn start() -> Collector {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let endpoint = format!("http://{}", listener.local_addr().unwrap());
        let received = Received::default();
        let router = Router::new()
            .route(
                "/opentelemetry.proto.collector.trace.v1.TraceService/Export",
                axum::routing::post(take),
            )
            .with_state(Arc::clone(&received));
        let serving = tonic::transport::Server::builder()
            .add_routes(Routes::from(router))
            .serve_with_incoming(TcpListenerStream::new(listener));
        tokio::spawn(serving);
        Collector { endpoint, received }
    }

    /// All that was sent, byte for byte.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        self.received.lock().unwrap().concat()
    }

    fn spans(&self) -> Vec<Span> {
        let received = self.received.lock().unwrap();
        let requests = received.iter().map(|bytes| Export::decode(bytes.clone()).unwrap());
        let resources = requests.flat_map(|request| request.resources);
        resources.flat_map(|resource| resource.scopes).flat_map(|scope| scope.spans).collect()
    }
}

async fn take(State(received): State<Received>, request: axum::extract::Request) -> Response {
    let body = axum::body::to_bytes(request.into_body(), 1 << 24).await.unwrap();
    assert_eq!(body[0], 0, "nothing is compressed");
    received.lock().unwrap().push(body.slice(5..));
    let answer = Response::new(Body::new(Answer(0)));
    let (mut head, body) = answer.into_parts();
    head.headers.insert("content-type", "application/grpc".parse().unwrap());
    Response::from_parts(head, body)
}

/// An empty message, and the status behind it.
struct Answer(u8);

impl http_body::Body for Answer {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        self.0 += 1;
        Poll::Ready(match self.0 {
            1 => Some(Ok(Frame::data(Bytes::from_static(&[0; 5])))),
            2 => {
                let mut trailers = HeaderMap::new();
                trailers.insert("grpc-status", "0".parse().unwrap());
                Some(Ok(Frame::trailers(trailers)))
            }
            _ => None,
        })
    }
}

// The messages again, by the numbers of opentelemetry-proto.
#[derive(Clone, PartialEq, Message)]
struct Export {
    #[prost(message, repeated, tag = "1")]
    resources: Vec<Resource>,
}

#[derive(Clone, PartialEq, Message)]
struct Resource {
    #[prost(message, repeated, tag = "2")]
    scopes: Vec<Scope>,
}

#[derive(Clone, PartialEq, Message)]
struct Scope {
    #[prost(message, repeated, tag = "2")]
    spans: Vec<Span>,
}

#[derive(Clone, PartialEq, Message)]
struct Span {
    #[prost(bytes = "vec", tag = "1")]
    trace: Vec<u8>,
    #[prost(bytes = "vec", tag = "2")]
    id: Vec<u8>,
    #[prost(bytes = "vec", tag = "4")]
    parent: Vec<u8>,
    #[prost(string, tag = "5")]
    name: String,
    #[prost(int32, tag = "6")]
    kind: i32,
    #[prost(fixed64, tag = "7")]
    begun: u64,
    #[prost(fixed64, tag = "8")]
    ended: u64,
    #[prost(message, repeated, tag = "9")]
    attributes: Vec<Attribute>,
}

#[derive(Clone, PartialEq, Message)]
struct Attribute {
    #[prost(string, tag = "1")]
    key: String,
    #[prost(message, optional, tag = "2")]
    value: Option<Value>,
}

#[derive(Clone, PartialEq, Message)]
struct Value {
    #[prost(string, optional, tag = "1")]
    text: Option<String>,
    #[prost(int64, optional, tag = "3")]
    number: Option<i64>,
}

impl Span {
    /// A number among its attributes.
    fn number(&self, key: &str) -> Option<i64> {
        let found = self.attributes.iter().find(|one| one.key == key)?;
        found.value.as_ref()?.number
    }

    /// Its name, its status, and the number of its refusal.
    fn outcome(&self) -> (String, i64, i64) {
        let status = self.number("rpc.grpc.status_code");
        let status = status.or_else(|| self.number("http.response.status_code")).unwrap();
        (self.name.clone(), status, self.number("onestop.refusal").unwrap_or(0))
    }
}

const TRACE: &str = "0af7651916cd43dd8448eb211c80319c";
const PARENT: &str = "b7ad6b7169203331";

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[tokio::test]
async fn every_request_is_a_span_with_its_outcome_in_the_trace_of_whoever_asks() {
    let collector = Collector::start().await;
    let home = tempfile::tempdir().unwrap();
    let environment = [("ONESTOP_TRACES_ENDPOINT", collector.endpoint.as_str())];
    let server = start_with(&home.path().join("data"), &environment);
    let mut clients = server.clients().await;
    clients.fill().await;
    clients.settle(demo::settle("S1", PLAIN, totals(700, 0, 0))).await.unwrap();
    clients.settle(demo::settle("S1", POOR, totals(700, 0, 0))).await.unwrap_err();
    for (person, sampled) in [("nobody", "01"), ("nobody", "00")] {
        let mut request = Request::new(demo::year(person));
        let parent = format!("00-{TRACE}-{PARENT}-{sampled}");
        request.metadata_mut().insert("traceparent", parent.parse().unwrap());
        // Whether there is such a person is not what this is about.
        let _ = clients.settlement.get_accumulators(request).await;
    }
    drop(clients);
    let hospital = Hospital::of(&server);
    let wrong = json!({"data": {"psn_no": POOR, "mdtrt_id": "9", "setl_id": "9"}});
    hospital.ask_as("2305", &hospital.msgid(), wrong);
    answer(&server.http, "/counter/sheet/999");
    answer(&server.http, &format!("/{POOR}?name=x"));
    server.stop().await;

    let spans = collector.spans();
    let outcomes: Vec<_> = spans.iter().map(Span::outcome).collect();
    let settle = "onestop.v1.Settlement/Settle";
    for (name, status, refusal) in [
        (settle, 0, 0),
        (settle, 6, 401),
        ("national/2305", 200, 406),
        ("GET /counter/sheet/{number}", 404, 406),
        ("GET other", 404, 0),
    ] {
        let expected = (name.to_owned(), status, refusal);
        assert!(outcomes.contains(&expected), "{expected:?}: {outcomes:?}");
    }
    for span in &spans {
        assert_eq!((span.kind, span.trace.len(), span.id.len()), (2, 16, 8), "{span:?}");
        assert!(0 < span.begun && span.begun < span.ended, "{span:?}");
        assert!(span.number("onestop.request").is_some_and(|number| 0 < number), "{span:?}");
    }
    // The one that is traced goes on in its trace; the other is nobody's business.
    let of_year = |span: &&Span| span.name.ends_with("/GetAccumulators");
    let [year] = spans.iter().filter(of_year).collect::<Vec<_>>()[..] else { panic!("{spans:?}") };
    assert_eq!((hex(&year.trace), hex(&year.parent)), (TRACE.to_owned(), PARENT.to_owned()));
    assert!(spans.iter().filter(|span| span.parent.is_empty()).count() + 1 == spans.len());
}

#[tokio::test]
async fn a_collector_that_is_away_or_silent_stops_nothing_and_what_it_misses_is_counted() {
    // Nobody listens at the one; the other takes connections and never answers.
    let free = TcpListener::bind("127.0.0.1:0").await.unwrap().local_addr().unwrap();
    let silent = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    for address in [free, silent.local_addr().unwrap()] {
        let home = tempfile::tempdir().unwrap();
        let endpoint = format!("http://{address}");
        let environment = [("ONESTOP_TRACES_ENDPOINT", endpoint.as_str())];
        let server = start_with(&home.path().join("data"), &environment);
        let mut clients = server.clients().await;
        clients.fill().await;
        for number in 0..20 {
            let request = demo::settle(&format!("S{number}"), PLAIN, totals(700, 0, 0));
            clients.settle(request).await.unwrap();
        }
        drop(clients);
        let begun = Instant::now();
        while !answer(&server.http, "/metrics")
            .contains("onestop_trace_spans_total{outcome=\"dropped\"}")
        {
            assert!(begun.elapsed() < Duration::from_secs(60), "nothing is counted as dropped");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        let log = server.log_text();
        assert_eq!(log.matches("the collector takes no traces").count(), 1, "{log}");
        server.stop().await;
    }
}

#[test]
fn the_server_does_not_start_with_an_address_of_a_collector_that_is_none() {
    let home = tempfile::tempdir().unwrap();
    for (endpoint, said) in [
        ("127.0.0.1:4317", "neither http:// nor https://"),
        ("http://a b", "traces.endpoint"),
        ("https://127.0.0.1:4317", "traces.ca"),
    ] {
        let output = Command::new(env!("CARGO_BIN_EXE_onestop"))
            .args(["serve", "--listen", "127.0.0.1:0", "--http-listen", "127.0.0.1:0", "--data"])
            .arg(home.path().join("data"))
            .arg("--rules")
            .arg(demo::rules_folder())
            .env("ONESTOP_TRACES_ENDPOINT", endpoint)
            .output()
            .unwrap();
        let complaint = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(2), "{complaint}");
        assert!(complaint.contains(said), "{endpoint}: {complaint}");
        assert!(!home.path().join("data").exists(), "nothing was begun");
    }
}

#[tokio::test]
async fn without_a_collector_nothing_is_traced() {
    let home = tempfile::tempdir().unwrap();
    let server = start_with(&home.path().join("data"), &[]);
    let mut clients = server.clients().await;
    clients.fill().await;
    let page = answer(&server.http, "/metrics");
    assert!(!page.contains("onestop_trace_spans_total{"), "{page}");
    drop(clients);
    server.stop().await;
}
