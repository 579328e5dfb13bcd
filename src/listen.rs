//! Listening: connections in the clear or over TLS, for whoever serves them. A slow handshake keeps nobody else waiting.

mod connection;
mod first;
mod gather;
pub mod tls;

pub use crate::listen::connection::Connection;
pub use crate::listen::connection::Peer;

use crate::listen::first::First;
use crate::listen::tls::Keys;
use crate::listen::tls::Speaks;

use tokio::net::TcpListener;
use tokio::net::TcpStream;
use tokio::sync::Semaphore;
use tokio::sync::mpsc;
use tokio_rustls::TlsAcceptor;
use tokio_stream::Stream;

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::Arc;
use std::task::Context;
use std::task::Poll;
use std::time::Duration;

/// Longest time for a handshake, and for the first bytes of HTTP/2.
const HANDSHAKE: Duration = Duration::from_secs(10);
/// Most handshakes at once, and most connections that wait to be served.
const HANDSHAKES_MAX: usize = 256;
/// How long to wait where the system has no connection to give (too many open files).
const PAUSE: Duration = Duration::from_millis(200);

/// A door that is listened at.
#[derive(Debug)]
pub struct Door {
    address: SocketAddr,
    encrypted: bool,
    connections: mpsc::Receiver<Connection>,
}

impl Door {
    /// Listens at an address; over TLS where there are keys.
    pub async fn open(
        address: SocketAddr,
        keys: Option<Arc<Keys>>,
        speaks: Speaks,
    ) -> io::Result<Door> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let (sender, connections) = mpsc::channel(HANDSHAKES_MAX);
        let encrypted = keys.is_some();
        tokio::spawn(accept(listener, keys, speaks, sender));
        Ok(Door { address, encrypted, connections })
    }

    /// Whether it is listened at over TLS.
    pub fn is_encrypted(&self) -> bool {
        self.encrypted
    }

    /// Where it is.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The next connection; none comes once nobody takes any.
    pub async fn accept(&mut self) -> Connection {
        match self.connections.recv().await {
            Some(connection) => connection,
            None => std::future::pending().await,
        }
    }
}

/// Takes connections until nobody serves them any more.
async fn accept(
    listener: TcpListener,
    keys: Option<Arc<Keys>>,
    speaks: Speaks,
    sender: mpsc::Sender<Connection>,
) {
    let free = Arc::new(Semaphore::new(HANDSHAKES_MAX));
    // HTTP/1.1 has a time for the head of each request.
    let first = move || match speaks {
        Speaks::Grpc => Some(First::within(HANDSHAKE)),
        Speaks::Http => None,
    };
    loop {
        let accepted = tokio::select! {
            accepted = listener.accept() => accepted,
            () = sender.closed() => return,
        };
        let (stream, peer) = match accepted {
            Ok(accepted) => accepted,
            Err(error) => {
                tracing::warn!(%error, "no connection could be taken");
                tokio::time::sleep(PAUSE).await;
                continue;
            }
        };
        // Answers are short, and a caller waits for each.
        let _ = stream.set_nodelay(true);
        let Some(keys) = &keys else {
            let connection = Connection::clear(stream, peer).beginning(first());
            if sender.send(connection).await.is_err() {
                return;
            }
            continue;
        };
        let Ok(turn) = Arc::clone(&free).acquire_owned().await else { return };
        let (acceptor, sender) = (TlsAcceptor::from(keys.config(speaks)), sender.clone());
        tokio::spawn(async move {
            if let Some(connection) = shake_hands(acceptor, stream, peer).await {
                // Whoever served may have stopped meanwhile.
                let _ = sender.send(connection.beginning(first())).await;
            }
            drop(turn);
        });
    }
}

async fn shake_hands(
    acceptor: TlsAcceptor,
    stream: TcpStream,
    peer: SocketAddr,
) -> Option<Connection> {
    match tokio::time::timeout(HANDSHAKE, acceptor.accept(stream)).await {
        Ok(Ok(stream)) => Some(Connection::tls(stream, peer)),
        Ok(Err(error)) => {
            tracing::info!(%peer, %error, "a TLS handshake failed");
            None
        }
        Err(_) => {
            tracing::info!(%peer, "a TLS handshake took too long");
            None
        }
    }
}

impl Stream for Door {
    type Item = io::Result<Connection>;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        self.connections.poll_recv(context).map(|connection| connection.map(Ok))
    }
}
