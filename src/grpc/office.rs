//! The back office over gRPC. A comparison runs beside the requests, on a thread of its own.

use crate::grpc::Answers;
use crate::grpc::Api;
use crate::grpc::STREAM_AHEAD;
use crate::grpc::finish;
use crate::grpc::received;
use crate::grpc::status;
use crate::proto;
use crate::proto::office_server::Office;
use crate::proto::reconcile_reply::Part as Reply;
use crate::proto::reconcile_request::Part as Asked;
use crate::reconcile::Book;
use crate::refusal::Refusal;
use crate::service::Failure;
use crate::service::Service;
use crate::wire::office;

use tokio::sync::mpsc;
use tokio_stream::StreamExt;
use tokio_stream::wrappers::ReceiverStream;
use tonic::Request;
use tonic::Response;
use tonic::Status;
use tonic::Streaming;

use std::sync::Arc;

/// How many differences one answer holds.
const DIFFERENCES: usize = 500;

type Replies = mpsc::Sender<Result<proto::ReconcileReply, Status>>;

#[tonic::async_trait]
impl Office for Api {
    type ReconcileStream = Answers<proto::ReconcileReply>;

    async fn reconcile(
        &self,
        request: Request<Streaming<proto::ReconcileRequest>>,
    ) -> Result<Response<Self::ReconcileStream>, Status> {
        let (sender, receiver) = mpsc::channel(STREAM_AHEAD);
        let service = Arc::clone(&self.service);
        let requests = request.into_inner();
        tokio::spawn(async move {
            if let Err(failed) = reconcile(service, requests, &sender).await {
                // Whoever asked may have gone.
                let _ = sender.send(Err(failed)).await;
            }
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(receiver))))
    }

    async fn get_reconciliation(
        &self,
        request: Request<proto::GetReconciliationRequest>,
    ) -> Result<Response<proto::ReconciliationRecord>, Status> {
        let number = request.get_ref().number;
        self.service.reconciliation(number).map(Response::new).map_err(status)
    }

    type ListReconciliationsStream = Answers<proto::ReconciliationRecord>;

    async fn list_reconciliations(
        &self,
        request: Request<proto::ListReconciliationsRequest>,
    ) -> Result<Response<Self::ListReconciliationsStream>, Status> {
        let records = self.service.reconciliations(&request.get_ref().facility).map_err(status)?;
        Ok(Response::new(Box::pin(tokio_stream::iter(records.into_iter().map(Ok)))))
    }

    async fn sign_off(
        &self,
        request: Request<proto::SignOffRequest>,
    ) -> Result<Response<proto::SignOffReply>, Status> {
        let service = Arc::clone(&self.service);
        let request = request.into_inner();
        finish(async move { service.sign_off(request).await }).await.map(Response::new)
    }

    async fn clear(
        &self,
        request: Request<proto::ClearRequest>,
    ) -> Result<Response<proto::ClearingRecord>, Status> {
        let service = Arc::clone(&self.service);
        let request = request.into_inner();
        let close = request.close.clone();
        let asked = Arc::clone(&service);
        let drawn = beside(move || asked.clearing(&request)).await?;
        match close {
            // One that was closed before is answered, or refused, as the request's id says.
            Some(writer) => {
                finish(async move { service.close_clearing(writer, unnumbered(drawn)).await })
                    .await
                    .map(Response::new)
            }
            None => Ok(Response::new(drawn)),
        }
    }
}

fn unnumbered(record: proto::ClearingRecord) -> proto::ClearingRecord {
    let (digest, recorded_at) = (String::new(), String::new());
    proto::ClearingRecord { number: 0, digest, recorded_at, ..record }
}

/// Runs what takes long without holding up other requests.
async fn beside<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Status> {
    match tokio::task::spawn_blocking(work).await {
        Ok(done) => done.map_err(status),
        Err(_) => Err(Status::internal("the work was cut off")),
    }
}

async fn reconcile(
    service: Arc<Service>,
    mut requests: Streaming<proto::ReconcileRequest>,
    replies: &Replies,
) -> Result<(), Status> {
    let gone = |_| Status::cancelled("nobody listens any more");
    let first = match requests.next().await {
        Some(request) => received(request)?.part,
        None => None,
    };
    let Some(Asked::Start(start)) = first else { return Err(not_begun()) };
    let subject =
        office::subject(start.scope.as_ref(), service.clearing_types()).map_err(refused)?;
    let mut list = Book::new();
    while let Some(request) = requests.next().await {
        let Some(Asked::Rows(rows)) = received(request)?.part else { return Err(not_begun()) };
        for row in &rows.rows {
            office::take_row(&mut list, row).map_err(refused)?;
        }
        let rows_taken = u64::try_from(list.len()).unwrap_or(u64::MAX);
        let reply = proto::ReconcileReply { part: Some(Reply::RowsTaken(rows_taken)) };
        replies.send(Ok(reply)).await.map_err(gone)?;
    }
    let asked = Arc::clone(&service);
    let source = start.source;
    let (compared, result) = beside(move || asked.compare(subject, (list, source), |_| {})).await?;
    let mut record = match start.keep {
        Some(writer) => finish(async move { service.keep(writer, result).await }).await?,
        None => proto::ReconciliationRecord {
            reconciliation: Some(result),
            ..proto::ReconciliationRecord::default()
        },
    };
    if let Some(result) = &mut record.reconciliation {
        result.differences.clear();
        result.differences_left_out = 0;
    }
    let reply = proto::ReconcileReply { part: Some(Reply::Result(record)) };
    replies.send(Ok(reply)).await.map_err(gone)?;
    let mut differences = compared.differences().peekable();
    while differences.peek().is_some() {
        let differences = differences.by_ref().take(DIFFERENCES).collect();
        let part = Reply::Differences(proto::ReconcileDifferences { differences });
        let reply = proto::ReconcileReply { part: Some(part) };
        replies.send(Ok(reply)).await.map_err(gone)?;
    }
    Ok(())
}

fn refused(refusal: Refusal) -> Status {
    status(Failure::Refusal(refusal))
}

fn not_begun() -> Status {
    const START: (&str, &str) =
        ("first what is reconciled, and then rows", "先给出对账范围,再给出明细行");
    refused(Refusal::Malformed { field: "part".to_owned(), want: START })
}
