//! Closed and open loops, and the times of every request in one histogram.

use crate::echo;
use crate::echo::Payload;
use crate::national::Window;
use crate::server::Server;
use crate::work;
use crate::work::Call;
use crate::work::Persons;

use onestop::proto;

use hdrhistogram::Histogram;
use prost::Message;
use prost::bytes::Bytes;
use tokio::time::Instant;
use tonic::Request;
use tonic::codegen::http::uri::PathAndQuery;
use tonic::transport::Channel;
use tonic_prost::ProstCodec;

use std::time::Duration;

/// One row of the table.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Row {
    pub(crate) call: Call,
    pub(crate) connections: usize,
    pub(crate) persons: Persons,
    pub(crate) lines: usize,
    pub(crate) seconds: u64,
    /// Seconds of settlements before it, so that persons have a year.
    pub(crate) settling: u64,
    /// Requests a second that are due; none where each waits for the one before.
    pub(crate) rate: Option<f64>,
    /// Bytes of an echo, there and back.
    pub(crate) sizes: (usize, usize),
}

impl Default for Row {
    fn default() -> Row {
        Row {
            call: Call::Quote,
            connections: 1,
            persons: Persons::Cold,
            lines: 0,
            seconds: 3,
            settling: 0,
            rate: None,
            sizes: (300, 3000),
        }
    }
}

impl Row {
    /// Reads `settle connections=64 persons=hot …`.
    pub(crate) fn parse(arguments: &[String], seconds: u64) -> Row {
        let mut row = Row { call: Call::parse(&arguments[0]), seconds, ..Row::default() };
        for argument in &arguments[1..] {
            let (name, value) = argument.split_once('=').expect("name=value");
            match name {
                "connections" => row.connections = value.parse().unwrap(),
                "persons" if value == "hot" => row.persons = Persons::Hot,
                "persons" => row.persons = Persons::Cold,
                "lines" => row.lines = value.parse().unwrap(),
                "seconds" => row.seconds = value.parse().unwrap(),
                "settling" => row.settling = value.parse().unwrap(),
                "rate" => row.rate = Some(value.parse().unwrap()),
                other => panic!("no such option: {other}"),
            }
        }
        row
    }
}

/// What came of a row. Times are in microseconds.
pub(crate) struct Measured {
    pub(crate) rate: f64,
    pub(crate) times: Histogram<u64>,
}

/// Threads that send. Each is a runtime of its own, as a hospital's software is one thread that waits: what a request costs by going from one
/// thread of a client to another is not the server's.
const THREADS_MAX: usize = 2;

pub(crate) fn run(server: &Server, row: &Row) -> Measured {
    let start = Instant::now() + Duration::from_millis(200);
    let threads = row.connections.min(THREADS_MAX);
    let of_thread = &|thread: usize| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(async {
            let mut tasks = Vec::new();
            for number in (thread..row.connections).step_by(threads) {
                let client = match row.call {
                    Call::Echo => Client::new(server.echo_channel().await),
                    Call::Quote | Call::Settle | Call::Stream => {
                        Client::new(server.channel().await)
                    }
                    Call::HisQuote | Call::HisSettle => {
                        Client::National(Window::connect(&server.http).await)
                    }
                };
                tasks.push(tokio::spawn(connection(client, *row, number, start)));
            }
            let mut times = histogram();
            for task in tasks {
                times.add(task.await.unwrap()).unwrap();
            }
            times
        })
    };
    let mut times = histogram();
    std::thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|one| scope.spawn(move || of_thread(one))).collect();
        for thread in threads {
            times.add(thread.join().unwrap()).unwrap();
        }
    });
    Measured { rate: times.len() as f64 / start.elapsed().as_secs_f64(), times }
}

fn histogram() -> Histogram<u64> {
    Histogram::new_with_bounds(1, 120_000_000, 3).unwrap()
}

async fn connection(mut client: Client, row: Row, number: usize, start: Instant) -> Histogram<u64> {
    tokio::time::sleep_until(start).await;
    if row.call == Call::Stream {
        return stream(client, row, start).await;
    }
    let end = start + Duration::from_secs(row.seconds);
    let mut times = histogram();
    let mut sent = 0_u32;
    loop {
        // When this request is due: now in a closed loop; in an open one whenever the clock says, however late it is sent.
        let due = match row.rate {
            None => Instant::now(),
            Some(rate) => {
                let turn = f64::from(sent) * row.connections as f64 + number as f64;
                start + Duration::from_secs_f64(turn / rate)
            }
        };
        if end <= due {
            return times;
        }
        // The timer counts in milliseconds: sleeping until now would be sleeping for one.
        if row.rate.is_some() {
            tokio::time::sleep_until(due).await;
        }
        client.call(&row).await;
        times.record(micros(due)).unwrap();
        sent += 1;
    }
}

fn micros(since: Instant) -> u64 {
    u64::try_from(since.elapsed().as_micros()).unwrap().max(1)
}

/// An answer that is taken in but not read: what a client does with its answer is not the server's. What matters is that it is one, and no
/// refusal: of all three answers the first field is the statement or the record.
#[derive(Clone, PartialEq, Message)]
struct Unread {
    #[prost(bytes = "bytes", tag = "1")]
    body: Bytes,
}

enum Client {
    Grpc(Box<tonic::client::Grpc<Channel>>),
    National(Window),
}

impl Client {
    fn new(channel: Channel) -> Client {
        Client::Grpc(Box::new(tonic::client::Grpc::new(channel)))
    }

    async fn call(&mut self, row: &Row) {
        let (persons, lines) = (row.persons, row.lines);
        match (row.call, self) {
            (Call::Quote, Client::Grpc(client)) => {
                unary(client, "/onestop.v1.Settlement/Quote", work::quote(persons, lines)).await;
            }
            (Call::Settle, Client::Grpc(client)) => {
                unary(client, "/onestop.v1.Settlement/Settle", work::settle(persons, lines)).await;
            }
            (Call::Echo, Client::Grpc(client)) => {
                let (request, answer) = row.sizes;
                let answer_bytes = u32::try_from(answer).unwrap();
                let payload = Payload { body: vec![b'7'; request], answer_bytes };
                unary(client, echo::PATH, payload).await;
            }
            (Call::HisQuote, Client::National(window)) => window.quote(lines.max(1)).await,
            (Call::HisSettle, Client::National(window)) => window.settle(lines.max(1)).await,
            (call, _) => panic!("{call:?} is another client's"),
        }
    }
}

async fn unary<T: Message + 'static>(
    client: &mut tonic::client::Grpc<Channel>,
    path: &'static str,
    request: T,
) {
    client.ready().await.unwrap();
    let (path, codec) = (PathAndQuery::from_static(path), ProstCodec::<T, Unread>::default());
    let answer = client.unary(Request::new(request), path, codec).await.unwrap();
    assert!(!answer.get_ref().body.is_empty());
}

/// Quotes in one stream, as fast as the server takes them; a time is from one answer to the next.
async fn stream(client: Client, row: Row, start: Instant) -> Histogram<u64> {
    let Client::Grpc(mut client) = client else { panic!("a stream is gRPC's") };
    let end = start + Duration::from_secs(row.seconds);
    let requests = std::iter::repeat_with(move || proto::QuoteRequest {
        amounts_only: true,
        ..work::quote(row.persons, row.lines)
    });
    let requests = tokio_stream::iter(requests.take_while(move |_| Instant::now() < end));
    client.ready().await.unwrap();
    let path = PathAndQuery::from_static("/onestop.v1.Settlement/QuoteMany");
    let codec = ProstCodec::<proto::QuoteRequest, Unread>::default();
    let answers = client.streaming(Request::new(requests), path, codec).await.unwrap();
    let mut answers = answers.into_inner();
    let mut times = histogram();
    let mut last = Instant::now();
    while let Some(answer) = answers.message().await.unwrap() {
        assert!(!answer.body.is_empty());
        times.record(micros(last)).unwrap();
        last = Instant::now();
    }
    times
}
