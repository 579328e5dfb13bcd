//! What whoever watches the server sees: metrics, a real Prometheus that reads them, its alerts and the dashboard.

mod prometheus;

use crate::demo;
use crate::demo::PLAIN;
use crate::demo::POOR;
use crate::demo::totals;
use crate::server;
use crate::server::Server;
use crate::web::answer;

use onestop::proto;

/// The value of a series as the page has it; none where it is not on the page.
fn value(page: &str, series: &str) -> Option<String> {
    let line = page.lines().find(|line| line.starts_with(&format!("{series} ")))?;
    line.split(' ').next_back().map(str::to_owned)
}

/// A series of the requests by gRPC.
fn asked(call: &str, outcome: &str) -> String {
    let call = format!("/onestop.v1.{call}");
    format!("onestop_requests_total{{way=\"grpc\",call=\"{call}\",outcome=\"{outcome}\"}}")
}

/// A little of everything: settled once with a guarantee missed and once without, refused, quoted in a stream.
async fn a_little_of_everything(server: &Server) {
    let mut clients = server.clients().await;
    clients.fill().await;
    clients.settle(demo::settle("S1", POOR, totals(1000, 0, 90_000))).await.unwrap();
    clients.settle(demo::settle("S2", PLAIN, totals(1000, 0, 0))).await.unwrap();
    clients.settle(demo::settle("S2", POOR, totals(1000, 0, 0))).await.unwrap_err();
    let request = demo::settle("", demo::GONE, totals(1, 0, 0));
    let (admission, bill) = (request.admission, request.bill);
    let quote = proto::QuoteRequest { admission, bill, ..proto::QuoteRequest::default() };
    let stream = tokio_stream::iter([quote]);
    let mut replies = clients.settlement.quote_many(stream).await.unwrap().into_inner();
    while replies.message().await.unwrap().is_some() {}
    let mut packs = clients.rules.clone();
    packs.reload_packs(proto::ReloadPacksRequest {}).await.unwrap();
}

#[tokio::test]
async fn what_was_answered_refused_and_settled_is_counted() {
    let home = tempfile::tempdir().unwrap();
    let server = server::start(&home.path().join("data"));
    a_little_of_everything(&server).await;
    assert!(answer(&server.http, "/nothing?x=1").starts_with("HTTP/1.1 404"));
    let page = answer(&server.http, "/metrics");
    assert!(page.contains("application/openmetrics-text"), "{page}");
    assert!(page.ends_with("# EOF\n"), "{page}");
    let one = Some("1".to_owned());
    for (series, want) in [
        (asked("Settlement/Settle", "Ok").as_str(), "2"),
        (&asked("Settlement/Settle", "AlreadyExists"), "1"),
        (&asked("Settlement/QuoteMany", "Ok"), "1"),
        (&asked("Registers/PutPersons", "Ok"), "1"),
        ("onestop_refusals_total{code=\"401\"}", "1"),
        ("onestop_refusals_total{code=\"111\"}", "1"),
        ("onestop_settle_seconds_count", "3"),
        ("onestop_guarantees_missed_total", "1"),
        // Three writes to registers, two settlements, and the packs that were read again.
        ("onestop_commit_entries_sum", "6.0"),
        ("onestop_ledger_head", "6"),
        ("onestop_ready", "1"),
        ("onestop_rules_reloads_total{outcome=\"taken\"}", "1"),
        ("onestop_requests_total{way=\"http\",call=\"other\",outcome=\"404\"}", "1"),
    ] {
        assert_eq!(value(&page, series).as_deref(), Some(want), "{series}: {page}");
    }
    let pack = "onestop_pack_in_force{pack=\"000000-demo\",effective_from=\"2019-01-01\"}";
    assert_eq!(value(&page, pack), one, "{page}");
    assert!(!page.contains("effective_from=\"2018-01-01\",pack=\"000000"), "{page}");
    // The newest entries of the index are in memory.
    for (part, at_least) in [("journal", 1000), ("index", 20), ("cache", 1)] {
        let bytes = value(&page, &format!("onestop_store_bytes{{part=\"{part}\"}}")).unwrap();
        assert!(at_least <= bytes.parse::<u64>().unwrap(), "{part}: {bytes}");
    }
    assert!(value(&page, "onestop_store_free_bytes").is_some(), "{page}");
    for personal in [POOR, PLAIN, demo::GONE, demo::CERTIFICATE, "张三", demo::COUNTY, "J18"] {
        assert!(!page.contains(personal), "`{personal}` is in {page}");
    }
    server.stop().await;
}

#[tokio::test]
async fn no_caller_can_make_new_series() {
    let home = tempfile::tempdir().unwrap();
    let server = server::start(&home.path().join("data"));
    let mut client = tonic::client::Grpc::new(server.channel().await);
    for path in ["/onestop.v1.Settlement/Steal", "/any/thing"] {
        client.ready().await.unwrap();
        let codec =
            tonic_prost::ProstCodec::<proto::ListPacksRequest, proto::ListPacksReply>::default();
        let request = tonic::Request::new(proto::ListPacksRequest {});
        let path = path.parse().unwrap();
        let status = client.unary(request, path, codec).await.unwrap_err();
        assert_eq!(status.code(), tonic::Code::Unimplemented);
    }
    for path in ["/a", "/b"] {
        answer(&server.http, path);
    }
    let page = answer(&server.http, "/metrics");
    let series = "onestop_requests_total{way=\"grpc\",call=\"other\",outcome=\"Unimplemented\"}";
    assert_eq!(value(&page, series).as_deref(), Some("2"), "{page}");
    for made_up in ["Steal", "/any", "\"/a\"", "\"/b\""] {
        assert!(!page.contains(made_up), "{page}");
    }
    drop(client);
    server.stop().await;
}
