//! What is asked of the server.

use crate::demo;
use crate::items;
use crate::server::Server;

use onestop::proto;
use onestop::proto::registers_client::RegistersClient;
use onestop::proto::settlement_client::SettlementClient;

use prost::Message;
use tonic::transport::Channel;

use std::sync::atomic::AtomicUsize;
use std::sync::atomic::Ordering;

pub(crate) const COLD: usize = 50_000;
const HOT: usize = 16;

/// Every admission of a run is one of its own.
static NEXT: AtomicUsize = AtomicUsize::new(0);

/// A call that can be driven.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Call {
    Quote,
    Settle,
    /// Quotes in one stream a connection.
    Stream,
    Echo,
    /// 2303 of one stay over the national interface.
    HisQuote,
    /// A whole stay over the national interface: 2401, 2301, 2304.
    HisSettle,
}

impl Call {
    pub(crate) fn parse(text: &str) -> Call {
        match text {
            "quote" => Call::Quote,
            "settle" => Call::Settle,
            "stream" => Call::Stream,
            "echo" => Call::Echo,
            "his-quote" => Call::HisQuote,
            "his-settle" => Call::HisSettle,
            other => panic!("no such call: {other}"),
        }
    }

    pub(crate) fn name(self, (request, answer): (usize, usize)) -> String {
        match self {
            Call::Quote => "quote".to_owned(),
            Call::Settle => "settle".to_owned(),
            Call::Stream => "quotes in a stream, amounts only".to_owned(),
            Call::HisQuote => "2303".to_owned(),
            Call::HisSettle => "2401, 2301 and 2304".to_owned(),
            Call::Echo => format!("echo, {request} and {answer} bytes"),
        }
    }
}

/// Whose admissions they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(crate) enum Persons {
    #[default]
    Cold,
    Hot,
}

impl Persons {
    pub(crate) fn name(self) -> &'static str {
        match self {
            Persons::Cold => "cold",
            Persons::Hot => "hot",
        }
    }
}

/// Puts persons, one facility and a hundred items into the registers.
pub(crate) async fn fill(channel: &Channel) {
    let mut registers = RegistersClient::new(channel.clone());
    let batches: Vec<_> = (0..COLD)
        .step_by(1000)
        .map(|first| proto::PutPersonsRequest {
            writer: demo::writer(format!("persons-{first}")),
            persons: (first..first + 1000).map(demo::person).collect(),
            ..proto::PutPersonsRequest::default()
        })
        .collect();
    let replies = registers.put_persons(tokio_stream::iter(batches)).await.unwrap();
    let mut replies = replies.into_inner();
    while replies.message().await.unwrap().is_some() {}
    let facilities = proto::PutFacilitiesRequest {
        writer: demo::writer("facilities".to_owned()),
        facilities: vec![demo::facility()],
        ..proto::PutFacilitiesRequest::default()
    };
    let replies = registers.put_facilities(tokio_stream::iter([facilities])).await.unwrap();
    replies.into_inner().message().await.unwrap();
    let items = proto::PutItemsRequest {
        writer: demo::writer("items".to_owned()),
        items: (0..items::ITEMS).map(items::item).collect(),
        ..proto::PutItemsRequest::default()
    };
    let replies = registers.put_items(tokio_stream::iter([items])).await.unwrap();
    replies.into_inner().message().await.unwrap();
}

fn admission(number: usize, persons: Persons) -> Option<proto::Admission> {
    let persons = match persons {
        Persons::Cold => COLD,
        Persons::Hot => HOT,
    };
    demo::admission(number, number % persons)
}

fn bill(number: usize, lines: usize) -> Option<proto::Bill> {
    Some(if lines == 0 { demo::totals(number) } else { items::bill(lines) })
}

/// The next admission, to be quoted.
pub(crate) fn quote(persons: Persons, lines: usize) -> proto::QuoteRequest {
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    proto::QuoteRequest {
        admission: admission(number, persons),
        bill: bill(number, lines),
        ..proto::QuoteRequest::default()
    }
}

/// The next admission, to be settled.
pub(crate) fn settle(persons: Persons, lines: usize) -> proto::SettleRequest {
    let number = NEXT.fetch_add(1, Ordering::Relaxed);
    proto::SettleRequest {
        writer: demo::writer(format!("R{number}")),
        admission: admission(number, persons),
        bill: bill(number, lines),
        ..proto::SettleRequest::default()
    }
}

/// Bytes of a request and its answer.
pub(crate) async fn sizes(server: &Server, call: Call, lines: usize) -> (usize, usize) {
    let mut client = SettlementClient::new(server.channel().await);
    match call {
        Call::Settle => {
            let request = settle(Persons::Cold, lines);
            let bytes = request.encoded_len();
            (bytes, client.settle(request).await.unwrap().into_inner().encoded_len())
        }
        Call::Quote | Call::Stream | Call::Echo | Call::HisQuote | Call::HisSettle => {
            let request = quote(Persons::Cold, lines);
            let bytes = request.encoded_len();
            (bytes, client.quote(request).await.unwrap().into_inner().encoded_len())
        }
    }
}
