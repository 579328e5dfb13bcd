//! Lists of settlements.

use crate::demo;
use crate::demo::PLAIN;
use crate::demo::POOR;
use crate::demo::totals;
use crate::server::start;

use onestop::proto;

#[expect(clippy::too_many_lines, reason = "a table")]
#[tokio::test]
async fn settlements_are_listed_by_person_facility_time_and_page() {
    let directory = tempfile::tempdir().unwrap();
    let server = start(&directory.path().join("data"));
    let mut clients = server.clients().await;
    clients.fill().await;
    let mut facility = demo::facilities().remove(0);
    facility.id = "H-TWO".to_owned();
    let (writer, facilities) = (demo::office("two"), vec![facility]);
    let stream = tokio_stream::iter([proto::PutFacilitiesRequest {
        writer,
        facilities,
        ..proto::PutFacilitiesRequest::default()
    }]);
    clients.registers.put_facilities(stream).await.unwrap().into_inner().message().await.unwrap();
    let mut tasks = tokio::task::JoinSet::new();
    // More than the server reads at once.
    for index in 0..450u32 {
        let person = if index % 3 == 0 { PLAIN } else { POOR };
        let mut request = demo::settle(&format!("S{index}"), person, totals(10, 0, 0));
        if index % 5 == 0 {
            request.writer = demo::writer("H-TWO", &format!("S{index}"));
            request.admission.as_mut().unwrap().facility = "H-TWO".to_owned();
        }
        let mut clients = clients.clone();
        tasks.spawn(async move { clients.settle(request).await.unwrap().number });
    }
    let mut numbers = tasks.join_all().await;
    numbers.sort_unstable();
    let last = *numbers.last().unwrap();
    clients.settlement.reverse(demo::reverse("R", last)).await.unwrap();

    let list = proto::ListSettlementsRequest::default();
    let all = clients.list(list.clone()).await.unwrap();
    assert_eq!(all.iter().map(|record| record.number).collect::<Vec<_>>(), numbers);
    let day = all[0].recorded_at[..10].to_owned();
    let of = |fits: &dyn Fn(&proto::SettlementRecord) -> bool| -> Vec<u64> {
        all.iter().filter(|record| fits(record)).map(|record| record.number).collect()
    };
    let request = |record: &proto::SettlementRecord| record.request.clone().unwrap();
    let by_person = of(&|record| request(record).admission.unwrap().person == PLAIN);
    let by_facility = of(&|record| request(record).writer.unwrap().facility == "H-TWO");
    let by_both: Vec<u64> =
        by_person.iter().copied().filter(|number| by_facility.contains(number)).collect();
    let (person, facility) = (PLAIN.to_owned(), "H-TWO".to_owned());
    let l = || list.clone();
    let rows = [
        ("person", proto::ListSettlementsRequest { person: person.clone(), ..l() }, by_person),
        (
            "facility",
            proto::ListSettlementsRequest { facility: facility.clone(), ..l() },
            by_facility,
        ),
        ("both", proto::ListSettlementsRequest { person, facility, ..l() }, by_both),
        ("limit", proto::ListSettlementsRequest { limit: 7, ..l() }, numbers[..7].to_vec()),
        (
            "over a page",
            proto::ListSettlementsRequest { limit: 401, ..l() },
            numbers[..401].to_vec(),
        ),
        (
            "behind a number",
            proto::ListSettlementsRequest { after_number: numbers[9], limit: 5, ..l() },
            numbers[10..15].to_vec(),
        ),
        (
            "behind the last",
            proto::ListSettlementsRequest { after_number: last, ..l() },
            Vec::new(),
        ),
        ("behind all", proto::ListSettlementsRequest { after_number: u64::MAX, ..l() }, Vec::new()),
        (
            "effective",
            proto::ListSettlementsRequest { effective_only: true, ..l() },
            numbers[..numbers.len() - 1].to_vec(),
        ),
        (
            "since",
            proto::ListSettlementsRequest { recorded_from: day.clone(), ..l() },
            numbers.clone(),
        ),
        (
            "long ago",
            proto::ListSettlementsRequest { recorded_to: "2001-01-01".to_owned(), ..l() },
            Vec::new(),
        ),
        (
            "tomorrow",
            proto::ListSettlementsRequest { recorded_from: "9999-12-31".to_owned(), ..l() },
            Vec::new(),
        ),
        (
            "nobody",
            proto::ListSettlementsRequest { person: "NOBODY".to_owned(), ..l() },
            Vec::new(),
        ),
    ];
    for (what, request, expected) in rows {
        let found = clients.list(request).await.unwrap();
        let found: Vec<u64> = found.iter().map(|record| record.number).collect();
        assert_eq!(found, expected, "{what}");
    }
    // Page by page comes to the same.
    let (mut paged, mut after_number) = (Vec::new(), 0);
    loop {
        let page = proto::ListSettlementsRequest { limit: 100, after_number, ..l() };
        let page = clients.list(page).await.unwrap();
        let Some(end) = page.last() else { break };
        after_number = end.number;
        paged.extend(page);
    }
    assert_eq!(paged, clients.list(l()).await.unwrap());
    server.stop().await;
}
