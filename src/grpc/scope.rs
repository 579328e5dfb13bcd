//! What a call is about, looked at before it is done: whoever has facilities of his own may ask for those alone.

use crate::access::Asker;
use crate::access::Role;
use crate::grpc::CameFrom;
use crate::proto;
use crate::proto::get_settlement_request::By;
use crate::proto::reverse_request::Of;
use crate::service::Onlooker;
use crate::service::Service;

use tonic::Request;
use tonic::Status;

pub(super) const GET_SETTLEMENT: &str = "/onestop.v1.Settlement/GetSettlement";
pub(super) const LIST: &str = "/onestop.v1.Settlement/ListSettlements";
pub(super) const QUOTE: &str = "/onestop.v1.Settlement/Quote";
pub(super) const QUOTE_MANY: &str = "/onestop.v1.Settlement/QuoteMany";
const REVERSE: &str = "/onestop.v1.Settlement/Reverse";
const SETTLE: &str = "/onestop.v1.Settlement/Settle";

/// Who looks at persons' records.
pub(super) fn onlooker<T>(request: &Request<T>) -> Onlooker {
    let extensions = request.extensions();
    let who = match extensions.get::<Asker>() {
        Some(Asker::Known(actor)) => actor.name.clone(),
        Some(Asker::Anybody) | None => String::new(),
    };
    let from = extensions.get::<CameFrom>().map(|from| from.0.clone()).unwrap_or_default();
    Onlooker { who, from }
}

/// Whether persons' numbers are masked in lists for this caller: an auditor sees one whole only where a record is opened.
pub(super) fn masks(asker: &Asker) -> bool {
    match asker {
        Asker::Anybody => false,
        Asker::Known(actor) => actor.roles.iter().all(|role| *role == Role::Auditor),
    }
}

/// Who asks. A request that came past the gate is one of nobody.
pub(super) fn asker<T>(request: &Request<T>) -> Result<Asker, Status> {
    request.extensions().get::<Asker>().cloned().ok_or_else(denied)
}

fn denied() -> Status {
    Status::permission_denied("this key may not do this for that facility 该密钥不得代该机构办理")
}

fn within(asker: &Asker, call: &str, facility: &str) -> Result<(), Status> {
    if asker.may(call, facility) { Ok(()) } else { Err(denied()) }
}

/// For whom a quote is.
pub(super) fn quoted(request: &proto::QuoteRequest) -> Vec<String> {
    request.admission.iter().map(|admission| admission.person.clone()).collect()
}

fn quoting(asker: &Asker, call: &str, request: &proto::QuoteRequest) -> Result<(), Status> {
    let facility = request.admission.as_ref().map_or("", |admission| &admission.facility);
    within(asker, call, facility)
}

pub(super) fn quote(asker: &Asker, request: &proto::QuoteRequest) -> Result<(), Status> {
    quoting(asker, QUOTE, request)
}

pub(super) fn quote_many(asker: &Asker, request: &proto::QuoteRequest) -> Result<(), Status> {
    quoting(asker, QUOTE_MANY, request)
}

/// Both names of the facility must be its own; that they are the same is looked at later.
pub(super) fn settle(asker: &Asker, request: &proto::SettleRequest) -> Result<(), Status> {
    let admission = request.admission.as_ref().map_or("", |admission| &admission.facility);
    within(asker, SETTLE, admission)?;
    match request.writer.as_ref().map_or("", |writer| &writer.facility) {
        "" => Ok(()),
        writer => within(asker, SETTLE, writer),
    }
}

/// The writer and what is undone must both be its own; an opening balance is nobody's.
pub(super) fn reverse(
    asker: &Asker,
    request: &proto::ReverseRequest,
    service: &Service,
) -> Result<(), Status> {
    within(asker, REVERSE, request.writer.as_ref().map_or("", |writer| &writer.facility))?;
    if *asker == Asker::Anybody {
        return Ok(());
    }
    match &request.of {
        // An admission is looked for among those of the writer.
        Some(Of::Admission(_)) | None => Ok(()),
        Some(Of::Opening(_)) => Err(denied()),
        Some(Of::Number(number)) => {
            let by = Some(By::Number(*number));
            let found = service.settlement(&proto::GetSettlementRequest { by });
            record(asker, REVERSE, &found.map_err(|_| denied())?)
        }
    }
}

/// A settlement that was found.
pub(super) fn record(
    asker: &Asker,
    call: &str,
    record: &proto::SettlementRecord,
) -> Result<(), Status> {
    let request = record.request.as_ref();
    let writer = request.and_then(|request| request.writer.as_ref());
    within(asker, call, writer.map_or("", |writer| &writer.facility))
}

pub(super) fn list(asker: &Asker, request: &proto::ListSettlementsRequest) -> Result<(), Status> {
    within(asker, LIST, &request.facility)
}
