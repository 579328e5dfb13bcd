//! gRPC: unwrap the message, call the service, wrap the answer. Status and details derive from a failure here, once.

pub mod answer;
mod many;
mod office;
mod scope;

use crate::access::Asker;
use crate::grpc::many::Group;
use crate::grpc::many::Many;
use crate::metrics;
use crate::proto;
use crate::proto::registers_server::Registers;
use crate::proto::rules_server::Rules;
use crate::proto::settlement_server::Settlement;
use crate::refusal::Lang;
use crate::refusal::Refusal;
use crate::refusal::RefusalKind;
use crate::rules_view;
use crate::service::Failure;
use crate::service::Onlooker;
use crate::service::Service;
use crate::store::fault::Fault;
use crate::store::fault::chain;
use crate::traces;
use crate::wire::to_proto;

use prost::Message;
use tokio::sync::mpsc;
use tokio_stream::Stream;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Code;
use tonic::Request;
use tonic::Response;
use tonic::Status;
use tonic::Streaming;

use std::collections::BTreeSet;
use std::pin::Pin;
use std::sync::Arc;

/// How many answers of a stream wait for their reader.
const STREAM_AHEAD: usize = 64;

type Answers<T> = Pin<Box<dyn Stream<Item = Result<T, Status>> + Send>>;

/// The three services of the contract.
#[derive(Debug, Clone)]
pub struct Api {
    service: Arc<Service>,
}

impl Api {
    /// On a service.
    pub fn new(service: Arc<Service>) -> Api {
        Api { service }
    }

    /// Records that whoever asks looks at a person's record.
    async fn seen<T>(&self, request: &Request<T>, how: &str, person: String) -> Result<(), Status> {
        let by = scope::onlooker(request);
        self.service.looked(&by, how, vec![person]).await.map_err(status)
    }
}

/// Where a call came from: the address at the other end of its connection.
#[derive(Debug, Clone)]
pub struct CameFrom(pub String);

/// `google.rpc.Status`, in which details travel.
#[derive(Clone, PartialEq, Message)]
struct RichStatus {
    #[prost(int32, tag = "1")]
    code: i32,
    #[prost(string, tag = "2")]
    message: String,
    #[prost(message, repeated, tag = "3")]
    details: Vec<Detail>,
}

/// `google.protobuf.Any`.
#[derive(Clone, PartialEq, Message)]
struct Detail {
    #[prost(string, tag = "1")]
    type_url: String,
    #[prost(bytes = "vec", tag = "2")]
    value: Vec<u8>,
}

const REFUSAL_TYPE: &str = "type.googleapis.com/onestop.v1.Refusal";

/// The status of a failure. Refusals say everything; of a fault the caller learns whether to ask again, the log the rest.
pub fn status(failure: Failure) -> Status {
    match failure {
        Failure::Refusal(refusal) => refused(&refusal),
        Failure::Fault(fault) => {
            tracing::error!(error = chain(&fault), "a request failed");
            broken(&fault)
        }
    }
}

fn refused(refusal: &Refusal) -> Status {
    let code = match refusal.kind() {
        RefusalKind::Invalid => Code::InvalidArgument,
        RefusalKind::NotFound => Code::NotFound,
        RefusalKind::Precondition => Code::FailedPrecondition,
        RefusalKind::Exists => Code::AlreadyExists,
        RefusalKind::Moved => Code::Aborted,
    };
    metrics::refused(refusal.code());
    traces::refused(refusal.code());
    tracing::info!(code = refusal.code(), name = refusal.name(), "refused");
    let message =
        format!("{}: {}; {}", refusal.code(), refusal.sentence(Lang::En), refusal.advice(Lang::En));
    let detail = Detail {
        type_url: REFUSAL_TYPE.to_owned(),
        value: to_proto::refusal(refusal).encode_to_vec(),
    };
    let rich = RichStatus { code: code.into(), message: message.clone(), details: vec![detail] };
    Status::with_details(code, message, rich.encode_to_vec().into())
}

fn broken(fault: &Fault) -> Status {
    if fault.certainly_not_written() {
        Status::unavailable("the server cannot do this now; nothing was written, send it again")
    } else {
        Status::unavailable(
            "it is not known whether this was written; send it again under the same id",
        )
    }
}

/// The refusal that a status carries, for clients.
pub fn refusal_of(status: &Status) -> Option<proto::Refusal> {
    let rich = RichStatus::decode(status.details()).ok()?;
    let detail = rich.details.into_iter().find(|detail| detail.type_url == REFUSAL_TYPE)?;
    proto::Refusal::decode(detail.value.as_slice()).ok()
}

#[tonic::async_trait]
impl Settlement for Api {
    async fn quote(
        &self,
        request: Request<proto::QuoteRequest>,
    ) -> Result<Response<answer::QuoteReply>, Status> {
        let asker = scope::asker(&request)?;
        scope::quote(&asker, request.get_ref())?;
        let statement = self.service.quote_written(request.get_ref()).map_err(status)?;
        if !asker.settles() {
            let (by, person) = (scope::onlooker(&request), scope::quoted(request.get_ref()));
            self.service.looked(&by, scope::QUOTE, person).await.map_err(status)?;
        }
        Ok(Response::new(answer::QuoteReply { statement: statement.into() }))
    }

    type QuoteManyStream = Answers<answer::QuoteManyReply>;

    async fn quote_many(
        &self,
        request: Request<Streaming<proto::QuoteRequest>>,
    ) -> Result<Response<Self::QuoteManyStream>, Status> {
        let service = Arc::clone(&self.service);
        let asker = scope::asker(&request)?;
        let by = (!asker.settles()).then(|| scope::onlooker(&request));
        let answers = Many::answer(request.into_inner(), move |group| {
            let (service, asker, by) = (Arc::clone(&service), asker.clone(), by.clone());
            async move { quotes(&service, &asker, by.as_ref(), group).await }
        });
        Ok(Response::new(Box::pin(answers)))
    }

    async fn settle(
        &self,
        request: Request<proto::SettleRequest>,
    ) -> Result<Response<answer::SettleReply>, Status> {
        scope::settle(&scope::asker(&request)?, request.get_ref())?;
        // Nothing need be finished where the caller goes away: a settlement is one entry, which is handed over whole or not at all.
        let settlement = self.service.settle_written(request.into_inner()).await.map_err(status)?;
        Ok(Response::new(answer::SettleReply { settlement: settlement.into() }))
    }

    async fn reverse(
        &self,
        request: Request<proto::ReverseRequest>,
    ) -> Result<Response<proto::ReverseReply>, Status> {
        scope::reverse(&scope::asker(&request)?, request.get_ref(), &self.service)?;
        let service = Arc::clone(&self.service);
        let request = request.into_inner();
        let reversal = finish(async move { service.reverse(request).await }).await?;
        Ok(Response::new(proto::ReverseReply { reversal: Some(reversal) }))
    }

    async fn load_opening(
        &self,
        request: Request<proto::LoadOpeningRequest>,
    ) -> Result<Response<proto::LoadOpeningReply>, Status> {
        let service = Arc::clone(&self.service);
        let request = request.into_inner();
        let opening = finish(async move { service.load_opening(request).await }).await?;
        let version = opening.accumulators.as_ref().map_or(0, |after| after.version);
        let year_had_entries = 1 < version;
        Ok(Response::new(proto::LoadOpeningReply { opening: Some(opening), year_had_entries }))
    }

    async fn get_settlement(
        &self,
        request: Request<proto::GetSettlementRequest>,
    ) -> Result<Response<proto::SettlementRecord>, Status> {
        let (asker, by) = (scope::asker(&request)?, scope::onlooker(&request));
        let record = self.service.settlement(request.get_ref()).map_err(status)?;
        scope::record(&asker, scope::GET_SETTLEMENT, &record)?;
        let seen = self.service.looked(&by, scope::GET_SETTLEMENT, person_of(&record));
        seen.await.map_err(status)?;
        Ok(Response::new(record))
    }

    type ListSettlementsStream = Answers<proto::SettlementRecord>;

    async fn list_settlements(
        &self,
        request: Request<proto::ListSettlementsRequest>,
    ) -> Result<Response<Self::ListSettlementsStream>, Status> {
        let (asker, by) = (scope::asker(&request)?, scope::onlooker(&request));
        scope::list(&asker, request.get_ref())?;
        let request = request.into_inner();
        let service = Arc::clone(&self.service);
        let first = service.list(&request, request.after_number).map_err(status)?;
        let masks = scope::masks(&asker);
        // Who asks for somebody's settlements looks at him, whatever there are.
        if !request.person.is_empty() {
            let seen = service.looked(&by, scope::LIST, vec![request.person.clone()]);
            seen.await.map_err(status)?;
        }
        let (sender, receiver) = mpsc::channel(STREAM_AHEAD);
        tokio::spawn(async move {
            let mut left = match request.limit {
                0 => u32::MAX,
                limit => limit,
            };
            let mut page = first;
            loop {
                let most = usize::try_from(left).unwrap_or(usize::MAX);
                page.records.truncate(most);
                // A list of everybody's shows whom it names, unless it masks them.
                if request.person.is_empty() && !masks {
                    let persons: BTreeSet<String> =
                        page.records.iter().flat_map(person_of).collect();
                    let persons = persons.into_iter().collect();
                    if let Err(failure) = service.looked(&by, scope::LIST, persons).await {
                        // The reader may have gone.
                        let _ = sender.send(Err(status(failure))).await;
                        return;
                    }
                }
                for record in page.records {
                    let record = if masks { masked(record) } else { record };
                    if sender.send(Ok(record)).await.is_err() {
                        return;
                    }
                    left -= 1;
                }
                if left == 0 {
                    return;
                }
                let Some(next) = page.next else { return };
                page = match service.list(&request, next) {
                    Ok(page) => page,
                    Err(failure) => {
                        // The reader may have gone.
                        let _ = sender.send(Err(status(failure))).await;
                        return;
                    }
                };
            }
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(receiver))))
    }

    async fn get_accumulators(
        &self,
        request: Request<proto::GetAccumulatorsRequest>,
    ) -> Result<Response<proto::GetAccumulatorsReply>, Status> {
        let reply = self.service.accumulators(request.get_ref()).map_err(status)?;
        let key = request.get_ref().key.clone().unwrap_or_default();
        let how = "/onestop.v1.Settlement/GetAccumulators";
        self.seen(&request, how, key.person).await?;
        Ok(Response::new(reply))
    }

    async fn check_eligibility(
        &self,
        request: Request<proto::EligibilityRequest>,
    ) -> Result<Response<proto::EligibilityReply>, Status> {
        let reply = self.service.eligibility(request.get_ref()).map_err(status)?;
        let how = "/onestop.v1.Settlement/CheckEligibility";
        self.seen(&request, how, request.get_ref().person.clone()).await?;
        Ok(Response::new(reply))
    }
}

/// Quotes, one for each request; those of whoever never settles are looks, recorded together before they are answered.
async fn quotes(
    service: &Service,
    asker: &Asker,
    by: Option<&Onlooker>,
    group: Vec<Result<proto::QuoteRequest, Status>>,
) -> Group<answer::QuoteManyReply> {
    let mut shown = BTreeSet::new();
    let quote = |request: Result<proto::QuoteRequest, Status>| {
        let request = received(request)?;
        scope::quote_many(asker, &request)?;
        match service.quote_written(&request) {
            Ok(statement) => {
                shown.extend(scope::quoted(&request));
                Ok(answer::QuoteManyReply::statement(statement))
            }
            Err(Failure::Refusal(refusal)) => {
                metrics::refused(refusal.code());
                Ok(answer::QuoteManyReply::refusal(to_proto::refusal(&refusal)))
            }
            Err(failure @ Failure::Fault(_)) => Err(status(failure)),
        }
    };
    let answers = group.into_iter().map(quote).collect();
    let Some(by) = by else { return answers };
    match service.looked(by, scope::QUOTE_MANY, shown.into_iter().collect()).await {
        Ok(()) => answers,
        Err(failure) => vec![Err(status(failure))],
    }
}

/// Whose settlement it is.
fn person_of(record: &proto::SettlementRecord) -> Vec<String> {
    let request = record.request.as_ref();
    let admission = request.and_then(|request| request.admission.as_ref());
    admission.map(|admission| admission.person.clone()).into_iter().collect()
}

/// A record whose person is not shown whole.
fn masked(mut record: proto::SettlementRecord) -> proto::SettlementRecord {
    let request = record.request.as_mut();
    if let Some(admission) = request.and_then(|request| request.admission.as_mut()) {
        admission.person = crate::id::masked(&admission.person);
    }
    record
}

/// A request of a stream. One over the limit on size comes as OUT_OF_RANGE; it is a limit like the others.
fn received<T>(request: Result<T, Status>) -> Result<T, Status> {
    request.map_err(|status| match status.code() == Code::OutOfRange {
        true => Status::resource_exhausted(status.message()),
        false => status,
    })
}

/// Runs a write to its end even if the caller goes away or its time is over: what was accepted is finished.
async fn finish<T: Send + 'static>(
    write: impl Future<Output = Result<T, Failure>> + Send + 'static,
) -> Result<T, Status> {
    use tracing::Instrument;
    let joined = tokio::spawn(write.in_current_span()).await;
    joined.unwrap_or(Err(Failure::Fault(Fault::Unconfirmed))).map_err(status)
}

#[tonic::async_trait]
impl Rules for Api {
    async fn list_packs(
        &self,
        _: Request<proto::ListPacksRequest>,
    ) -> Result<Response<proto::ListPacksReply>, Status> {
        let book = self.service.book();
        let packs = book.packs().iter().map(rules_view::summary).collect();
        Ok(Response::new(proto::ListPacksReply { packs }))
    }

    async fn get_pack(
        &self,
        request: Request<proto::GetPackRequest>,
    ) -> Result<Response<proto::GetPackReply>, Status> {
        let request = request.get_ref();
        let book = self.service.book();
        let from = crate::wire::from_proto::day(&request.effective_from, "effective_from");
        let from = from.map_err(|refusal| status(refusal.into()))?;
        let Some(pack) = book.pack(&request.id, from) else {
            let refusal = Refusal::UnknownFamily { family: format!("{}/{from}", request.id) };
            return Err(status(refusal.into()));
        };
        let (summary, text) = (rules_view::summary(pack), pack.text.to_string());
        Ok(Response::new(proto::GetPackReply { summary: Some(summary), text }))
    }

    async fn reload_packs(
        &self,
        request: Request<proto::ReloadPacksRequest>,
    ) -> Result<Response<proto::ReloadPacksReply>, Status> {
        let by = scope::onlooker(&request);
        let service = Arc::clone(&self.service);
        // It is carried through once begun, even if its connection is gone.
        let outcome = tokio::spawn(async move { service.reload_rules(by).await }).await;
        let outcome = outcome.map_err(|_| Status::internal("the reload ended unexpectedly"))?;
        Ok(Response::new(rules_view::reloaded(outcome.as_deref())))
    }
}

#[tonic::async_trait]
impl Registers for Api {
    type PutPersonsStream = Answers<proto::PutReply>;

    async fn put_persons(
        &self,
        request: Request<Streaming<proto::PutPersonsRequest>>,
    ) -> Result<Response<Self::PutPersonsStream>, Status> {
        let service = Arc::clone(&self.service);
        let answers = request.into_inner().then(move |request| {
            let service = Arc::clone(&service);
            async move {
                let request = received(request)?;
                finish(async move { service.put_persons(request).await }).await
            }
        });
        Ok(Response::new(Box::pin(answers)))
    }

    async fn get_person(
        &self,
        request: Request<proto::GetPersonRequest>,
    ) -> Result<Response<proto::Person>, Status> {
        let person = self.service.get_person(request.get_ref()).map_err(status)?;
        self.seen(&request, "/onestop.v1.Registers/GetPerson", person.id.clone()).await?;
        Ok(Response::new(person))
    }

    async fn get_person_history(
        &self,
        request: Request<proto::GetPersonRequest>,
    ) -> Result<Response<proto::PersonHistory>, Status> {
        let history = self.service.person_history(request.get_ref()).map_err(status)?;
        let how = "/onestop.v1.Registers/GetPersonHistory";
        self.seen(&request, how, request.get_ref().id.clone()).await?;
        Ok(Response::new(history))
    }

    type ListRegisterWritesStream = Answers<proto::RegisterWrite>;

    async fn list_register_writes(
        &self,
        request: Request<proto::ListRegisterWritesRequest>,
    ) -> Result<Response<Self::ListRegisterWritesStream>, Status> {
        let service = Arc::clone(&self.service);
        let (sender, receiver) = mpsc::channel(STREAM_AHEAD);
        let mut after = request.get_ref().after_number;
        tokio::spawn(async move {
            loop {
                let writes = match service.register_writes(after) {
                    Ok(writes) => writes,
                    Err(failure) => {
                        // The reader may have gone.
                        let _ = sender.send(Err(status(failure))).await;
                        return;
                    }
                };
                let Some(last) = writes.last() else { return };
                after = last.number;
                for write in writes {
                    if sender.send(Ok(write)).await.is_err() {
                        return;
                    }
                }
            }
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(receiver))))
    }

    type PutFacilitiesStream = Answers<proto::PutReply>;

    async fn put_facilities(
        &self,
        request: Request<Streaming<proto::PutFacilitiesRequest>>,
    ) -> Result<Response<Self::PutFacilitiesStream>, Status> {
        let service = Arc::clone(&self.service);
        let answers = request.into_inner().then(move |request| {
            let service = Arc::clone(&service);
            async move {
                let request = received(request)?;
                finish(async move { service.put_facilities(request).await }).await
            }
        });
        Ok(Response::new(Box::pin(answers)))
    }

    async fn get_facility(
        &self,
        request: Request<proto::GetFacilityRequest>,
    ) -> Result<Response<proto::Facility>, Status> {
        self.service.get_facility(request.get_ref()).map(Response::new).map_err(status)
    }

    type PutItemsStream = Answers<proto::PutReply>;

    async fn put_items(
        &self,
        request: Request<Streaming<proto::PutItemsRequest>>,
    ) -> Result<Response<Self::PutItemsStream>, Status> {
        let service = Arc::clone(&self.service);
        let answers = request.into_inner().then(move |request| {
            let service = Arc::clone(&service);
            async move {
                let request = received(request)?;
                finish(async move { service.put_items(request).await }).await
            }
        });
        Ok(Response::new(Box::pin(answers)))
    }

    async fn get_item(
        &self,
        request: Request<proto::GetItemRequest>,
    ) -> Result<Response<proto::GetItemReply>, Status> {
        self.service.get_item(request.get_ref()).map(Response::new).map_err(status)
    }
}
