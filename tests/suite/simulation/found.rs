//! What the simulation found once, by itself.

use crate::demo;
use crate::demo::PLAIN;
use crate::demo::POOR;
use crate::demo::totals;

use onestop::proto;
use onestop::refusal::Refusal;
use onestop::service::Failure;

#[tokio::test]
async fn what_moved_is_said_also_where_the_account_was_to_pay_what_was_quoted() {
    let directory = tempfile::tempdir().unwrap();
    let service = demo::begin(directory.path()).await;
    let mut request = demo::settle("S1", PLAIN, totals(20_000, 0, 0));
    let quote = proto::QuoteRequest {
        admission: request.admission.clone(),
        bill: request.bill.clone(),
        ..proto::QuoteRequest::default()
    };
    let quoted = service.quote(&quote).unwrap();
    // Another stay meets the year's deductible, so that the patient owes less than was quoted.
    service.settle(demo::settle("S0", PLAIN, totals(60_000, 0, 0))).await.unwrap();
    request.account_pay.clone_from(&quoted.patient_pay);
    request.expected_version = Some(quoted.version);
    match service.settle(request).await {
        Err(Failure::Refusal(Refusal::Moved { patient_pay, version, since })) => {
            assert_eq!(patient_pay.to_string(), service.quote(&quote).unwrap().patient_pay);
            assert_eq!((version, since.len()), (quoted.version + 1, 1));
        }
        other => panic!("should say what moved: {other:?}"),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn of_two_at_once_under_one_request_id_one_is_told_so_whatever_else_is_wrong() {
    let directory = tempfile::tempdir_in("/dev/shm").or_else(|_| tempfile::tempdir()).unwrap();
    let service = std::sync::Arc::new(demo::begin(directory.path()).await);
    for index in 0..300 {
        let id = format!("S{index}");
        let both = [PLAIN, POOR].map(|person| {
            let (service, request) =
                (std::sync::Arc::clone(&service), demo::settle(&id, person, totals(10, 0, 0)));
            tokio::spawn(async move { service.settle(request).await })
        });
        let mut answered = 0;
        for one in both {
            match one.await.unwrap() {
                Ok(_) => answered += 1,
                Err(Failure::Refusal(Refusal::RequestIdReused { field })) => {
                    assert_eq!(field, "admission.person");
                }
                Err(other) => panic!("{id}: {other:?}"),
            }
        }
        assert_eq!(answered, 1, "{id}");
    }
}

#[tokio::test]
async fn an_opening_balance_with_an_unknown_step_is_refused_also_where_it_has_nothing() {
    let directory = tempfile::tempdir().unwrap();
    let service = demo::begin(directory.path()).await;
    for chained in [false, true] {
        let mut request = demo::opening("O1", PLAIN);
        let balances = request.balances.as_mut().unwrap();
        let step = "basics".to_owned();
        if chained {
            let chain = "episode:E1".to_owned();
            balances.chains.push(proto::ChainYear { step, chain, met: "0.00".to_owned() });
        } else {
            balances.steps.push(proto::StepYear { step, ..proto::StepYear::default() });
        }
        match service.load_opening(request).await {
            Err(Failure::Refusal(Refusal::UnknownStep { step, .. })) => assert_eq!(step, "basics"),
            other => panic!("should name the step: {other:?}"),
        }
    }
}
