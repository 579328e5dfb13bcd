//! A connection, in the clear or over TLS, and who is at its other end.

use crate::listen::first::First;
use crate::listen::gather::Gathered;

use tokio::io::AsyncRead;
use tokio::io::AsyncWrite;
use tokio::io::ReadBuf;
use tokio::net::TcpStream;
use tokio_rustls::server::TlsStream;
use tonic::transport::server::Connected;

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Context;
use std::task::Poll;
use std::task::ready;

/// Who is at the other end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Peer {
    /// The address.
    pub address: SocketAddr,
    /// The certificate that a client has shown and that was found good, in DER; none where it showed none.
    pub certificate: Option<Arc<[u8]>>,
}

/// A connection.
#[derive(Debug)]
pub struct Connection {
    stream: Io,
    gathered: Gathered,
    peer: Peer,
    /// What it has to begin with; none once it has, or where nothing is asked of it.
    first: Option<First>,
}

#[derive(Debug)]
enum Io {
    Clear(TcpStream),
    Tls(Box<TlsStream<TcpStream>>),
}

impl Connection {
    pub(super) fn clear(stream: TcpStream, address: SocketAddr) -> Connection {
        let peer = Peer { address, certificate: None };
        Connection { stream: Io::Clear(stream), gathered: Gathered::default(), peer, first: None }
    }

    pub(super) fn tls(stream: TlsStream<TcpStream>, address: SocketAddr) -> Connection {
        let shown = stream.get_ref().1.peer_certificates().and_then(<[_]>::first);
        let certificate = shown.map(|shown| Arc::from(shown.as_ref()));
        let peer = Peer { address, certificate };
        let stream = Io::Tls(Box::new(stream));
        Connection { stream, gathered: Gathered::default(), peer, first: None }
    }

    /// The same, closed unless it begins as it must.
    pub(super) fn beginning(self, first: Option<First>) -> Connection {
        Connection { first, ..self }
    }

    /// Who is at the other end.
    pub fn peer(&self) -> Peer {
        self.peer.clone()
    }
}

impl Connected for Connection {
    type ConnectInfo = Peer;

    fn connect_info(&self) -> Peer {
        self.peer.clone()
    }
}

impl AsyncRead for Connection {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        buffer: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let Connection { stream, first, .. } = &mut *self;
        let before = buffer.filled().len();
        let read = match stream {
            Io::Clear(stream) => Pin::new(stream).poll_read(context, buffer),
            Io::Tls(stream) => Pin::new(stream).poll_read(context, buffer),
        };
        if let Some(awaited) = first {
            if awaited.came(buffer.filled().len() - before) {
                *first = None;
            } else if read.is_pending() && awaited.is_over(context) {
                return Poll::Ready(Err(io::ErrorKind::TimedOut.into()));
            }
        }
        read
    }
}

impl AsyncWrite for Connection {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        let Connection { stream, gathered, .. } = &mut *self;
        match stream {
            Io::Clear(stream) => gathered.write(Pin::new(stream), context, bytes),
            Io::Tls(stream) => gathered.write(Pin::new(stream), context, bytes),
        }
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Connection { stream, gathered, .. } = &mut *self;
        match stream {
            Io::Clear(stream) => gathered.flush(Pin::new(stream), context),
            Io::Tls(stream) => gathered.flush(Pin::new(stream), context),
        }
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        let Connection { stream, gathered, .. } = &mut *self;
        match stream {
            Io::Clear(stream) => {
                ready!(gathered.send(Pin::new(stream), context))?;
                Pin::new(stream).poll_shutdown(context)
            }
            Io::Tls(stream) => {
                ready!(gathered.send(Pin::new(stream), context))?;
                Pin::new(stream).poll_shutdown(context)
            }
        }
    }
}
