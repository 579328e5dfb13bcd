//! Answers to a stream of requests, in their order, computed by as many processors as there are: requests that have come are taken
//! together, each such group is a task of its own, and the next groups are computed while one is sent.

use crate::grpc::STREAM_AHEAD;

use tokio::sync::mpsc;
use tokio::task::JoinHandle;
use tokio_stream::Stream;
use tonic::Status;
use tracing::Instrument;

use std::future::poll_fn;
use std::pin::Pin;
use std::task::Context;
use std::task::Poll;
use std::task::ready;
use std::vec;

/// How many groups are computed or wait to be sent.
const GROUPS_AHEAD: usize = 4;

pub(super) type Group<T> = Vec<Result<T, Status>>;

/// The answers.
pub(super) struct Many<T> {
    groups: mpsc::Receiver<JoinHandle<Group<T>>>,
    computing: Option<JoinHandle<Group<T>>>,
    computed: vec::IntoIter<Result<T, Status>>,
}

impl<T: Send + 'static> Many<T> {
    /// Answers every group of requests, one answer for each; whoever sends the answers ends the stream at the first failure.
    pub(super) fn answer<R: Send + 'static, F>(
        mut requests: impl Stream<Item = R> + Send + Unpin + 'static,
        answer: impl Fn(Vec<R>) -> F + Send + 'static,
    ) -> Many<T>
    where
        F: Future<Output = Group<T>> + Send + 'static,
    {
        let (sender, groups) = mpsc::channel(GROUPS_AHEAD);
        let reading = async move {
            loop {
                let group = waiting(&mut requests).await;
                if group.is_empty() {
                    return;
                }
                // Whoever reads the answers may have gone.
                if sender.send(tokio::spawn(answer(group).in_current_span())).await.is_err() {
                    return;
                }
            }
        };
        tokio::spawn(reading.in_current_span());
        Many { groups, computing: None, computed: Vec::new().into_iter() }
    }
}

/// The requests that have come, at least one; none at the end.
async fn waiting<R>(requests: &mut (impl Stream<Item = R> + Unpin)) -> Vec<R> {
    let mut group = Vec::new();
    poll_fn(|context| {
        while group.len() < STREAM_AHEAD {
            match Pin::new(&mut *requests).poll_next(context) {
                Poll::Ready(Some(request)) => group.push(request),
                Poll::Pending if group.is_empty() => return Poll::Pending,
                Poll::Ready(None) | Poll::Pending => break,
            }
        }
        Poll::Ready(())
    })
    .await;
    group
}

// Nothing of it points into itself.
impl<T> Unpin for Many<T> {}

impl<T> Stream for Many<T> {
    type Item = Result<T, Status>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        loop {
            if let Some(answer) = self.computed.next() {
                return Poll::Ready(Some(answer));
            }
            let Some(computing) = &mut self.computing else {
                match ready!(self.groups.poll_recv(context)) {
                    Some(computing) => self.computing = Some(computing),
                    None => return Poll::Ready(None),
                }
                continue;
            };
            let computed = ready!(Pin::new(computing).poll(context));
            self.computing = None;
            let ended = |_| vec![Err(Status::internal("the answers ended unexpectedly"))];
            self.computed = computed.unwrap_or_else(ended).into_iter();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use tokio::runtime::Builder;
    use tokio_stream::StreamExt;

    fn answers(requests: usize, refused: Option<usize>) -> Vec<Result<usize, i32>> {
        let runtime = Builder::new_multi_thread().worker_threads(4).build().unwrap();
        runtime.block_on(async {
            let answer = move |request| match refused {
                Some(refused) if request == refused => Err(Status::invalid_argument("no")),
                _ => Ok(request),
            };
            let group =
                move |group: Vec<usize>| async move { group.into_iter().map(answer).collect() };
            let many = Many::answer(tokio_stream::iter(0..requests), group);
            many.map(|answer| answer.map_err(|status| status.code().into())).collect().await
        })
    }

    #[test]
    fn answers_come_in_the_order_of_their_requests_whoever_computes_them() {
        for requests in [0, 1, STREAM_AHEAD, STREAM_AHEAD + 1, 10_000] {
            assert!(answers(requests, None).into_iter().eq((0..requests).map(Ok)), "{requests}");
        }
    }

    #[test]
    fn a_failure_stands_where_its_request_stood() {
        let answers = answers(500, Some(300));
        assert_eq!(answers.len(), 500);
        assert_eq!(answers[299..302], [Ok(299), Err(3), Ok(301)]);
    }
}
