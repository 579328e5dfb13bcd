//! The first bytes of a connection for gRPC: who does not send the preface of HTTP/2 in time is not waited for. What comes after it
//! is watched by HTTP/2 itself.

use tokio::time::Sleep;
use tokio::time::sleep;

use std::pin::Pin;
use std::task::Context;
use std::time::Duration;

/// Bytes of the preface.
const PREFACE_BYTES: usize = 24;

/// What of the preface is still to come, and until when.
#[derive(Debug)]
pub(super) struct First {
    left: usize,
    over: Pin<Box<Sleep>>,
}

impl First {
    /// All of it, within a time.
    pub(super) fn within(time: Duration) -> First {
        First { left: PREFACE_BYTES, over: Box::pin(sleep(time)) }
    }

    /// So many bytes came; whether that is all of it.
    pub(super) fn came(&mut self, bytes: usize) -> bool {
        self.left = self.left.saturating_sub(bytes);
        self.left == 0
    }

    /// Whether the time is over; if not, the task is woken when it is.
    pub(super) fn is_over(&mut self, context: &mut Context<'_>) -> bool {
        self.over.as_mut().poll(context).is_ready()
    }
}
