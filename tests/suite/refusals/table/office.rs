//! What the back office refuses: a second signature, a month that is not over, a month that is closed.

use crate::demo;
use crate::refusals::Call;
use crate::refusals::table::Numbers;
use crate::refusals::table::Row;
use crate::refusals::table::text;

use onestop::proto;
use onestop::service::Service;
use onestop::service::now;

fn scope() -> proto::ReconcileScope {
    proto::ReconcileScope {
        facility: text(demo::COUNTY),
        from: text("2018-01-01"),
        to: text("2018-01-31"),
        ..proto::ReconcileScope::default()
    }
}

fn writer(request_id: &str) -> proto::Writer {
    proto::Writer { operator: text("李"), ..demo::office(request_id).unwrap() }
}

fn result() -> proto::Reconciliation {
    proto::Reconciliation { scope: Some(scope()), ..proto::Reconciliation::default() }
}

fn sign(request_id: &str, number: u64) -> proto::SignOffRequest {
    proto::SignOffRequest { writer: Some(writer(request_id)), number, remark: String::new() }
}

fn month(month: &str) -> proto::ClearRequest {
    proto::ClearRequest { month: text(month), ..proto::ClearRequest::default() }
}

/// A kept result that is signed off, and January 2018 closed.
pub(super) async fn prepare(service: &Service) -> u64 {
    let number = service.keep(writer("KEEP"), result()).await.unwrap().number;
    service.sign_off(sign("SIGN", number)).await.unwrap();
    let drawn = service.clearing(&month("2018-01")).unwrap();
    service.close_clearing(writer("CLOSE"), drawn).await.unwrap();
    number
}

pub(super) fn rows(numbers: &Numbers) -> Vec<Row> {
    let this_month = now().to_string().get(..7).unwrap().to_owned();
    let nobody = |mut request: proto::SignOffRequest| {
        request.writer.as_mut().unwrap().operator.clear();
        request
    };
    let other = proto::ReconcileScope { to: text("2018-02-28"), ..scope() };
    let other = proto::Reconciliation { scope: Some(other), ..result() };
    vec![
        ("a second signature", Call::SignOff(sign("S2", numbers.signed)), 501, "signed off"),
        (
            "a signature of nobody",
            Call::SignOff(nobody(sign("S3", numbers.signed))),
            101,
            "operator",
        ),
        ("a signature under nothing", Call::SignOff(sign("S4", 1)), 406, "1"),
        ("another signature under the id", Call::SignOff(sign("SIGN", 1)), 401, "number"),
        ("another result under the id", Call::Keep(writer("KEEP"), other), 401, "to"),
        (
            "a month that is not over",
            Call::Close(writer("C2"), month(&this_month)),
            502,
            "not over",
        ),
        ("a month that is closed", Call::Close(writer("C3"), month("2018-01")), 503, "closed"),
        ("no month", Call::Close(writer("C4"), month("2018-13")), 101, "month"),
    ]
}
