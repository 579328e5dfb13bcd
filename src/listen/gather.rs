//! Gathering what is written to a connection until there is nothing more to write.
//!
//! An answer over HTTP/2 is three frames that come one after the other; sent one by one they are three packets, and whoever waits for them
//! wakes three times. So a flush first lets the tasks go on that are about to write, and then sends all at once.

use tokio::io::AsyncWrite;

use std::io;
use std::pin::Pin;
use std::task::Context;
use std::task::Poll;
use std::task::ready;

/// What is gathered at most; longer pieces are sent as they are. Unit: bytes.
const GATHERED_MAX: usize = 64 * 1024;
const LONG: usize = 16 * 1024;

/// What waits to be sent.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    bytes: Vec<u8>,
    /// Whether others were let go on since the last flush.
    has_yielded: bool,
}

impl Gathered {
    /// Takes bytes that are to be written.
    pub(super) fn write(
        &mut self,
        mut to: Pin<&mut impl AsyncWrite>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        if GATHERED_MAX < self.bytes.len() + bytes.len() || LONG <= bytes.len() {
            ready!(self.send(to.as_mut(), context))?;
            return to.poll_write(context, bytes);
        }
        self.bytes.extend_from_slice(bytes);
        Poll::Ready(Ok(bytes.len()))
    }

    /// Lets others write too, once, and then sends everything.
    pub(super) fn flush(
        &mut self,
        mut to: Pin<&mut impl AsyncWrite>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        if !self.bytes.is_empty() && !self.has_yielded {
            self.has_yielded = true;
            context.waker().wake_by_ref();
            return Poll::Pending;
        }
        ready!(self.send(to.as_mut(), context))?;
        self.has_yielded = false;
        to.poll_flush(context)
    }

    /// Sends everything.
    pub(super) fn send(
        &mut self,
        mut to: Pin<&mut impl AsyncWrite>,
        context: &mut Context<'_>,
    ) -> Poll<io::Result<()>> {
        while !self.bytes.is_empty() {
            let sent = ready!(to.as_mut().poll_write(context, &self.bytes))?;
            if sent == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            self.bytes.drain(..sent);
        }
        Poll::Ready(Ok(()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    use std::task::Waker;

    /// Takes so many bytes at a time, and notes how often it was asked.
    struct Slow {
        taken: Vec<Vec<u8>>,
        most: usize,
    }

    impl AsyncWrite for Slow {
        fn poll_write(
            mut self: Pin<&mut Self>,
            _: &mut Context<'_>,
            bytes: &[u8],
        ) -> Poll<io::Result<usize>> {
            let taken = bytes.len().min(self.most);
            self.taken.push(bytes[..taken].to_vec());
            Poll::Ready(Ok(taken))
        }

        fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }

        fn poll_shutdown(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
            Poll::Ready(Ok(()))
        }
    }

    #[test]
    fn what_is_written_before_a_flush_is_over_is_sent_at_once_and_in_order() {
        let mut context = Context::from_waker(Waker::noop());
        let mut to = Slow { taken: Vec::new(), most: usize::MAX };
        let mut gathered = Gathered::default();
        assert!(gathered.write(Pin::new(&mut to), &mut context, b"one ").is_ready());
        assert!(gathered.flush(Pin::new(&mut to), &mut context).is_pending());
        assert!(gathered.write(Pin::new(&mut to), &mut context, b"two").is_ready());
        assert!(gathered.flush(Pin::new(&mut to), &mut context).is_ready());
        assert_eq!(to.taken, [b"one two"]);
        assert!(gathered.flush(Pin::new(&mut to), &mut context).is_ready(), "nothing is left");
        assert!(gathered.write(Pin::new(&mut to), &mut context, b"three").is_ready());
        assert!(gathered.flush(Pin::new(&mut to), &mut context).is_pending());
        assert!(gathered.flush(Pin::new(&mut to), &mut context).is_ready());
        assert_eq!(to.taken.len(), 2);
    }

    #[test]
    fn nothing_is_lost_or_moved_however_long_the_pieces_are_and_however_little_is_taken() {
        for (most, length) in [(1000, 700), (7, 100), (usize::MAX, LONG), (999, GATHERED_MAX - 1)] {
            let mut context = Context::from_waker(Waker::noop());
            let mut to = Slow { taken: Vec::new(), most };
            let mut gathered = Gathered::default();
            let mut all = Vec::new();
            for piece in 0..5_u8 {
                let bytes = vec![piece; length];
                let mut rest = bytes.as_slice();
                while !rest.is_empty() {
                    let Poll::Ready(Ok(taken)) =
                        gathered.write(Pin::new(&mut to), &mut context, rest)
                    else {
                        panic!("nothing is taken");
                    };
                    rest = &rest[taken..];
                }
                all.extend(bytes);
            }
            while gathered.flush(Pin::new(&mut to), &mut context).is_pending() {}
            assert!(to.taken.concat() == all, "{most} {length}");
        }
    }
}
