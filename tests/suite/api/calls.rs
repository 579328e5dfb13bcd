//! Every call of the contract.

use crate::demo;
use crate::demo::COUNTY;
use crate::demo::POOR;
use crate::demo::totals;
use crate::server::refused;
use crate::server::start;

use onestop::proto;
use onestop::proto::get_settlement_request::By;
use onestop::proto::quote_many_reply::Outcome;
use tonic::Code;
use tonic_health::pb::HealthCheckRequest;
use tonic_health::pb::health_client::HealthClient;
use tonic_reflection::pb::v1::ServerReflectionRequest;
use tonic_reflection::pb::v1::server_reflection_client::ServerReflectionClient;
use tonic_reflection::pb::v1::server_reflection_request::MessageRequest;
use tonic_reflection::pb::v1::server_reflection_response::MessageResponse;

fn quote_of(request: &proto::SettleRequest) -> proto::QuoteRequest {
    proto::QuoteRequest {
        admission: request.admission.clone(),
        bill: request.bill.clone(),
        ..proto::QuoteRequest::default()
    }
}

fn get(by: By) -> proto::GetSettlementRequest {
    proto::GetSettlementRequest { by: Some(by) }
}

#[tokio::test]
async fn registers_are_put_and_got() {
    let directory = tempfile::tempdir().unwrap();
    let server = start(&directory.path().join("data"));
    let mut clients = server.clients().await;
    clients.fill().await;
    let id = POOR.to_owned();
    let person = clients
        .registers
        .get_person(proto::GetPersonRequest { id, ..proto::GetPersonRequest::default() })
        .await
        .unwrap();
    assert_eq!(person.into_inner(), demo::persons()[0]);
    let id = COUNTY.to_owned();
    let facility = clients.registers.get_facility(proto::GetFacilityRequest { id }).await.unwrap();
    assert_eq!(facility.into_inner(), demo::facilities()[0]);
    let code = "D-B".to_owned();
    let item = clients.registers.get_item(proto::GetItemRequest { code }).await.unwrap();
    let mut expected = demo::items()[1].clone();
    expected.facts.as_mut().unwrap().first_copay_rate = "0.1".to_owned();
    assert_eq!(item.into_inner().items, [expected]);

    // One stream, several writes: new, changed and ended, unchanged, the first again.
    let mut leaves = demo::persons()[1].clone();
    leaves.enrolments[0].to = "2018-12-31".to_owned();
    let put = |id: &str, persons: Vec<proto::Person>| proto::PutPersonsRequest {
        writer: demo::office(id),
        persons,
        ..proto::PutPersonsRequest::default()
    };
    let first = put("w1", vec![demo::person("NEW", &[], ("390", "")), leaves.clone()]);
    let requests = vec![first.clone(), put("w2", vec![leaves.clone()]), first];
    let replies = clients.put_persons(requests).await;
    let counts: Vec<_> = replies
        .iter()
        .map(|reply| (reply.number, reply.added, reply.changed, reply.ended, reply.unchanged))
        .collect();
    assert_eq!(counts, [(4, 1, 1, 1, 0), (0, 0, 0, 0, 1), (4, 1, 1, 1, 0)]);

    // A bad record ends the stream, with its place; what came before stands, what came with it does not.
    let mut bad = demo::person("BAD", &[], ("390", ""));
    bad.enrolments[0].place = "1".to_owned();
    let requests = [
        put("w3", vec![demo::person("GOOD", &[], ("390", ""))]),
        put("w4", vec![demo::person("WITH-BAD", &[], ("390", "")), bad]),
    ];
    let stream = tokio_stream::iter(requests);
    let mut replies = clients.registers.put_persons(stream).await.unwrap().into_inner();
    assert_eq!(replies.message().await.unwrap().unwrap().added, 1);
    let refusal = refused(replies.message().await);
    assert_eq!(refusal.code, 101);
    assert!(refusal.sentence.unwrap().en.contains("persons[1].enrolments[0].place"));
    for (id, is_there) in [("GOOD", true), ("WITH-BAD", false)] {
        let id = id.to_owned();
        let found = clients
            .registers
            .get_person(proto::GetPersonRequest { id, ..proto::GetPersonRequest::default() })
            .await;
        assert_eq!(found.is_ok(), is_there);
    }
    server.stop().await;
}

#[tokio::test]
async fn a_stay_is_quoted_settled_shown_and_reversed() {
    let directory = tempfile::tempdir().unwrap();
    let server = start(&directory.path().join("data"));
    let mut clients = server.clients().await;
    clients.fill().await;
    let mut request = demo::settle("S1", POOR, totals(10_000, 500, 300));
    let quote = clients.settlement.quote(quote_of(&request)).await.unwrap().into_inner();
    let quoted = quote.statement.unwrap();
    assert_eq!(clients.year(POOR).await.version, 0);
    request.expected_patient_pay = quoted.patient_pay.clone();
    request.expected_version = Some(quoted.version);
    let record = clients.settle(request.clone()).await.unwrap();
    assert_eq!(record.statement.as_ref(), Some(&quoted));
    assert_eq!(Some(clients.year(POOR).await), record.accumulators);

    let name = |admission: &str| proto::AdmissionName {
        facility: COUNTY.to_owned(),
        admission: admission.to_owned(),
    };
    let asked = |request_id: &str| proto::RequestName {
        facility: COUNTY.to_owned(),
        request_id: request_id.to_owned(),
    };
    for by in [By::Number(record.number), By::Admission(name("S1")), By::Request(asked("S1"))] {
        let got = clients.settlement.get_settlement(get(by)).await.unwrap().into_inner();
        assert_eq!(got, record);
    }
    let refusal = refused(clients.settlement.get_settlement(get(By::Request(asked("S2")))).await);
    assert_eq!((refusal.code, refusal.name.as_str()), (406, "unknown-entry"));

    let reversal = clients.settlement.reverse(demo::reverse("R1", record.number)).await.unwrap();
    let reversal = reversal.into_inner().reversal.unwrap();
    assert_eq!((reversal.of_number, reversal.of_id.as_str()), (record.number, "S1"));
    let year = clients.year(POOR).await;
    assert_eq!(reversal.accumulators.as_ref(), Some(&year));
    assert_eq!(year, proto::Accumulators { version: 2, ..empty_year() });
    let got = clients.settlement.get_settlement(get(By::Number(record.number))).await.unwrap();
    assert_eq!(got.into_inner().reversed_by, reversal.number);
    // The first answers again, as they were.
    assert_eq!(clients.settle(request).await.unwrap(), record);
    let again = clients.settlement.reverse(demo::reverse("R1", record.number)).await.unwrap();
    assert_eq!(again.into_inner().reversal.unwrap(), reversal);
    // The admission may be settled again; its name then means the effective one.
    let mut request = demo::settle("S1", POOR, totals(9_000, 500, 300));
    request.writer = demo::writer(COUNTY, "S1-again");
    let second = clients.settle(request).await.unwrap();
    let got = clients.settlement.get_settlement(get(By::Admission(name("S1")))).await.unwrap();
    assert_eq!(got.into_inner(), second);
    server.stop().await;
}

/// A year that has nothing.
fn empty_year() -> proto::Accumulators {
    let zero = || "0.00".to_owned();
    let parts = proto::Parts {
        in_scope: zero(),
        copay_first: zero(),
        over_limit: zero(),
        own_expense: zero(),
        facility_borne: zero(),
    };
    proto::Accumulators {
        total: zero(),
        parts: Some(parts),
        patient_pay: zero(),
        ..proto::Accumulators::default()
    }
}

#[tokio::test]
async fn quotes_are_streamed_in_order_and_a_refused_one_does_not_end_the_stream() {
    let directory = tempfile::tempdir().unwrap();
    let server = start(&directory.path().join("data"));
    let mut clients = server.clients().await;
    clients.fill().await;
    let requests: Vec<proto::QuoteRequest> = (0..300)
        .map(|index| {
            let person = if index % 7 == 0 { "NOBODY" } else { POOR };
            let settle = demo::settle("", person, totals(1000 + index, 0, 0));
            proto::QuoteRequest { amounts_only: index % 2 == 0, ..quote_of(&settle) }
        })
        .collect();
    let stream = tokio_stream::iter(requests);
    let mut replies = clients.settlement.quote_many(stream).await.unwrap().into_inner();
    for index in 0..300 {
        let outcome = replies.message().await.unwrap().unwrap().outcome.unwrap();
        match outcome {
            Outcome::Refusal(refusal) => {
                assert_eq!((index % 7, refusal.code), (0, 107));
            }
            Outcome::Statement(statement) => {
                assert_eq!(statement.total, format!("{}.00", 1000 + index));
                let has_trace = statement.steps.iter().any(|step| step.basis.is_some());
                assert_eq!(has_trace, index % 2 != 0, "quote {index}");
            }
        }
    }
    assert!(replies.message().await.unwrap().is_none());
    server.stop().await;
}

#[tokio::test]
async fn years_openings_and_eligibility_are_told() {
    let directory = tempfile::tempdir().unwrap();
    let server = start(&directory.path().join("data"));
    let mut clients = server.clients().await;
    clients.fill().await;
    let opening = clients.settlement.load_opening(demo::opening("OLD", POOR)).await.unwrap();
    let opening = opening.into_inner().opening.unwrap();
    assert_eq!(Some(clients.year(POOR).await), opening.accumulators);
    let again = clients.settlement.load_opening(demo::opening("OLD", POOR)).await.unwrap();
    assert_eq!(again.into_inner().opening.unwrap(), opening);
    let request = proto::EligibilityRequest {
        person: POOR.to_owned(),
        facility: COUNTY.to_owned(),
        asked: "2018-03-08".to_owned(),
        med_type: "21".to_owned(),
        ..proto::EligibilityRequest::default()
    };
    let told = clients.settlement.check_eligibility(request).await.unwrap().into_inner();
    assert!(told.deposit_exempt);
    assert_eq!(told.accumulators, opening.accumulators);
    let facts = told.facts.unwrap();
    assert_eq!(
        (facts.ordinal, facts.locality.as_str(), facts.compliant),
        (2, "county", Some(true))
    );
    assert_eq!(facts.identities[0].key, "registered_poor");
    assert_eq!(told.pack.unwrap().id, "000000-demo");
    // By the office that loaded it.
    let of = Some(proto::reverse_request::Of::Opening("OLD".to_owned()));
    let reverse = proto::ReverseRequest { writer: demo::office("R"), of, reason: String::new() };
    let reversal = clients.settlement.reverse(reverse).await.unwrap().into_inner();
    let year = proto::Accumulators { version: 2, ..empty_year() };
    assert_eq!(reversal.reversal.unwrap().accumulators, Some(year));
    server.stop().await;
}

#[tokio::test]
async fn refusals_have_their_status_and_their_details() {
    let directory = tempfile::tempdir().unwrap();
    let server = start(&directory.path().join("data"));
    let mut clients = server.clients().await;
    clients.fill().await;
    let first = clients.settle(demo::settle("S1", POOR, totals(100, 0, 0))).await.unwrap();
    clients.settle(demo::settle("S2", POOR, totals(100, 0, 0))).await.unwrap();
    let with = |change: &dyn Fn(&mut proto::SettleRequest)| {
        let mut request = demo::settle("NEW", POOR, totals(100, 0, 0));
        change(&mut request);
        request
    };
    let person = |request: &mut proto::SettleRequest, person: &str| {
        request.admission.as_mut().unwrap().person = person.to_owned();
    };
    for (request, status, code) in [
        (with(&|r| r.bill = None), Code::InvalidArgument, 101),
        (with(&|r| person(r, "NOBODY")), Code::NotFound, 107),
        (with(&|r| person(r, demo::GONE)), Code::FailedPrecondition, 111),
        (with(&|r| r.admission.as_mut().unwrap().id = "S1".to_owned()), Code::AlreadyExists, 402),
        (with(&|r| r.expected_version = Some(0)), Code::Aborted, 404),
    ] {
        let answer = clients.settlement.settle(request).await.unwrap_err();
        assert_eq!(answer.code(), status, "{answer:?}");
        assert!(answer.message().starts_with(&format!("{code}: ")), "{}", answer.message());
        let refusal = onestop::grpc::refusal_of(&answer).unwrap();
        assert_eq!(refusal.code, code);
        let (sentence, advice) = (refusal.sentence.unwrap(), refusal.advice.unwrap());
        assert!(answer.message().contains(&sentence.en) && answer.message().contains(&advice.en));
        assert!(!sentence.zh.is_empty() && !advice.zh.is_empty());
        if code == 404 {
            assert_eq!((refusal.patient_pay.as_str(), refusal.version), ("3.00", 2));
            assert_eq!(refusal.entries.len(), 2);
        }
    }
    let refusal = refused(clients.settlement.reverse(demo::reverse("R", first.number)).await);
    assert_eq!((refusal.code, refusal.entries[0].id.as_str()), (408, "S2"));
    server.stop().await;
}

#[tokio::test]
async fn health_and_reflection_answer() {
    let directory = tempfile::tempdir().unwrap();
    let server = start(&directory.path().join("data"));
    let channel = server.channel().await;
    let mut health = HealthClient::new(channel.clone());
    for service in ["", "onestop.v1.Settlement", "onestop.v1.Rules", "onestop.v1.Registers"] {
        let request = HealthCheckRequest { service: service.to_owned() };
        let status = health.check(request).await.unwrap().into_inner().status;
        assert_eq!(status, 1, "`{service}` serves");
    }
    let mut reflection = ServerReflectionClient::new(channel);
    let ask = |request: MessageRequest| {
        tokio_stream::iter([ServerReflectionRequest {
            host: String::new(),
            message_request: Some(request),
        }])
    };
    let request = ask(MessageRequest::ListServices(String::new()));
    let mut answers = reflection.server_reflection_info(request).await.unwrap().into_inner();
    let answer = answers.message().await.unwrap().unwrap().message_response;
    let Some(MessageResponse::ListServicesResponse(list)) = answer else { panic!("{answer:?}") };
    let names: Vec<&str> = list.service.iter().map(|service| service.name.as_str()).collect();
    for name in ["onestop.v1.Settlement", "onestop.v1.Rules", "onestop.v1.Registers"] {
        assert!(names.contains(&name), "{names:?}");
    }
    let symbol = "onestop.v1.Settlement".to_owned();
    let request = ask(MessageRequest::FileContainingSymbol(symbol));
    let mut answers = reflection.server_reflection_info(request).await.unwrap().into_inner();
    let answer = answers.message().await.unwrap().unwrap().message_response;
    assert!(matches!(answer, Some(MessageResponse::FileDescriptorResponse(_))), "{answer:?}");
    server.stop().await;
}
