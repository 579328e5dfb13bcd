//! End to end, on this machine: a quote of 100 lines through gRPC, and durable settles, beside the disk's own limit.
//!
//! `cargo bench --bench service`. Workload: the demo pack, one server and its clients in this process, on loopback; a new store in
//! the directory that `ONESTOP_BENCH_DIR` names, or the temporary one. Medians of single requests; whole seconds for throughput.
#![allow(
    clippy::unwrap_used,
    clippy::print_stdout,
    clippy::as_conversions,
    clippy::disallowed_types,
    clippy::float_arithmetic,
    reason = "a benchmark may fail loudly, prints, and reports times"
)]

use onestop::grpc::Api;
use onestop::proto;
use onestop::proto::registers_client::RegistersClient;
use onestop::proto::registers_server::RegistersServer;
use onestop::proto::settlement_client::SettlementClient;
use onestop::proto::settlement_server::SettlementServer;
use onestop::service;
use onestop::service::Service;
use onestop::store::Store;
use onestop::store::StoreOptions;

use tonic::transport::Channel;
use tonic::transport::server::TcpIncoming;

use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::time::Duration;
use std::time::Instant;

const PERSONS: usize = 20_000;

fn main() {
    let runtime = tokio::runtime::Runtime::new().unwrap();
    runtime.block_on(run());
}

async fn run() {
    let base = std::env::var_os("ONESTOP_BENCH_DIR").map_or_else(std::env::temp_dir, Into::into);
    let directory = base.join(format!("onestop-bench-{}", std::process::id()));
    disk(&directory, "before");
    let url = serve(&directory).await;
    let channel = connect(&url).await;
    fill(RegistersClient::new(channel.clone())).await;
    quotes(channel.clone()).await;
    settles(&url, 1, 2000).await;
    settles(&url, 16, 1500).await;
    settles(&url, 64, 800).await;
    disk(&directory, "after");
    std::fs::remove_dir_all(&directory).unwrap();
}

/// 4 KiB append + fdatasync for 1.5 s: the disk of some machines has a slow state.
fn disk(directory: &Path, when: &str) {
    std::fs::create_dir_all(directory).unwrap();
    let path = directory.join("raw");
    let mut file = std::fs::File::create(&path).unwrap();
    let (start, mut syncs) = (Instant::now(), 0_u32);
    while start.elapsed() < Duration::from_millis(1500) {
        file.write_all(&[7; 4096]).unwrap();
        file.sync_data().unwrap();
        syncs += 1;
    }
    let rate = f64::from(syncs) / start.elapsed().as_secs_f64();
    println!("raw 4 KiB append + fdatasync, {when}: {rate:.0}/s");
    std::fs::remove_file(path).unwrap();
}

async fn serve(directory: &Path) -> String {
    let rules = Path::new(env!("CARGO_MANIFEST_DIR")).join("settlement-rules");
    let book = service::read_rules(&rules).unwrap();
    let (store, _) = Store::open(&directory.join("store"), StoreOptions::default()).unwrap();
    let api = Api::new(Arc::new(Service::new(store, book, rules, true)));
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let server = tonic::transport::Server::builder()
        .add_service(SettlementServer::new(api.clone()))
        .add_service(RegistersServer::new(api).max_decoding_message_size(64 << 20))
        .serve_with_incoming(TcpIncoming::from(listener).with_nodelay(Some(true)));
    tokio::spawn(server);
    url
}

async fn connect(url: &str) -> Channel {
    Channel::from_shared(url.to_owned()).unwrap().tcp_nodelay(true).connect().await.unwrap()
}

fn writer(request_id: String) -> Option<proto::Writer> {
    Some(proto::Writer { facility: "H1".to_owned(), request_id, ..proto::Writer::default() })
}

async fn fill(mut registers: RegistersClient<Channel>) {
    let person = |index: usize| proto::Person {
        id: format!("P{index}"),
        birth: "1970-01-01".to_owned(),
        enrolments: vec![proto::Enrolment {
            place: "000001".to_owned(),
            insutype: "390".to_owned(),
            from: "2010-01-01".to_owned(),
            to: String::new(),
        }],
        identities: vec![proto::HeldIdentity {
            identity: "registered_poor".to_owned(),
            from: "2016-01-01".to_owned(),
            to: String::new(),
        }],
        ..proto::Person::default()
    };
    let batches: Vec<_> = (0..PERSONS)
        .step_by(1000)
        .map(|first| proto::PutPersonsRequest {
            writer: writer(format!("persons-{first}")),
            persons: (first..first + 1000).map(person).collect(),
            dry_run: false,
            source: String::new(),
        })
        .collect();
    let mut replies =
        registers.put_persons(tokio_stream::iter(batches)).await.unwrap().into_inner();
    while replies.message().await.unwrap().is_some() {}
    fill_facility_and_items(registers).await;
}

async fn fill_facility_and_items(mut registers: RegistersClient<Channel>) {
    let facility = proto::Facility {
        id: "H1".to_owned(),
        entries: vec![proto::FacilityEntry {
            place: "000001".to_owned(),
            level: 2,
            tier: "county".to_owned(),
            from: "2010-01-01".to_owned(),
            ..proto::FacilityEntry::default()
        }],
        ..proto::Facility::default()
    };
    let put = proto::PutFacilitiesRequest {
        writer: writer("facilities".to_owned()),
        facilities: vec![facility],
        dry_run: false,
        source: String::new(),
    };
    registers
        .put_facilities(tokio_stream::iter([put]))
        .await
        .unwrap()
        .into_inner()
        .message()
        .await
        .unwrap();
    let item = |index: usize| proto::Item {
        code: format!("I{index}"),
        facts: Some(proto::ItemFacts {
            class: "B".to_owned(),
            first_copay_rate: "0.1".to_owned(),
            price_limit: "50".to_owned(),
            tags: Vec::new(),
        }),
        from: "2010-01-01".to_owned(),
        ..proto::Item::default()
    };
    let put = proto::PutItemsRequest {
        writer: writer("items".to_owned()),
        items: (0..100).map(item).collect(),
        dry_run: false,
        source: String::new(),
    };
    registers
        .put_items(tokio_stream::iter([put]))
        .await
        .unwrap()
        .into_inner()
        .message()
        .await
        .unwrap();
}

fn admission(person: usize, id: String) -> Option<proto::Admission> {
    Some(proto::Admission {
        id,
        person: format!("P{}", person % PERSONS),
        facility: "H1".to_owned(),
        admitted_on: "2018-03-01".to_owned(),
        discharged_on: "2018-03-10".to_owned(),
        med_type: "21".to_owned(),
        diagnoses: vec!["J18.9".to_owned()],
        ..proto::Admission::default()
    })
}

async fn quotes(channel: Channel) {
    let line = |index: usize| proto::Line {
        id: index.to_string(),
        code: format!("I{}", index % 100),
        category: "09".to_owned(),
        quantity: "3".to_owned(),
        price: "55.5".to_owned(),
        amount: "166.50".to_owned(),
        ..proto::Line::default()
    };
    let bill = proto::Bill { lines: (0..100).map(line).collect(), ..proto::Bill::default() };
    let mut client = SettlementClient::new(channel);
    let mut times = Vec::new();
    for index in 0..2000 {
        let request = proto::QuoteRequest {
            admission: admission(index, String::new()),
            bill: Some(bill.clone()),
            ..proto::QuoteRequest::default()
        };
        let start = Instant::now();
        client.quote(request).await.unwrap();
        times.push(start.elapsed());
    }
    say("quote, 100 lines, full trace, 1 connection", &mut times);
}

async fn settles(url: &str, connections: usize, each: usize) {
    let start = Instant::now();
    let mut tasks = Vec::new();
    for connection in 0..connections {
        let mut client = SettlementClient::new(connect(url).await);
        tasks.push(tokio::spawn(async move {
            let mut times = Vec::new();
            for index in 0..each {
                let person = connection * each + index;
                let name = format!("{connections}-{person}");
                let parts = proto::Parts {
                    in_scope: "12000.00".to_owned(),
                    copay_first: "800.00".to_owned(),
                    own_expense: "200.00".to_owned(),
                    ..proto::Parts::default()
                };
                let totals = proto::Totals { parts: Some(parts), ..proto::Totals::default() };
                let request = proto::SettleRequest {
                    writer: writer(name.clone()),
                    admission: admission(person, name),
                    bill: Some(proto::Bill {
                        total: "13000.00".to_owned(),
                        totals: Some(totals),
                        ..proto::Bill::default()
                    }),
                    ..proto::SettleRequest::default()
                };
                let start = Instant::now();
                client.settle(request).await.unwrap();
                times.push(start.elapsed());
            }
            times
        }));
    }
    let mut times = Vec::new();
    for task in tasks {
        times.extend(task.await.unwrap());
    }
    let rate = times.len() as f64 / start.elapsed().as_secs_f64();
    say(&format!("settle, totals, {connections} connections, {rate:.0}/s"), &mut times);
}

fn say(what: &str, times: &mut [Duration]) {
    times.sort();
    let at = |share: usize| times[(times.len() - 1) * share / 1000].as_secs_f64() * 1000.0;
    println!("{what}: p50 {:.2} ms, p99 {:.2} ms, max {:.2} ms", at(500), at(990), at(1000));
}
