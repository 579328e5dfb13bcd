//! The HTTP listener itself: probes and limits. What is behind it has modules of its own.

use crate::server;

use std::io::Read;
use std::io::Write;
use std::net::TcpStream;

/// A whole answer to a request that asks for the connection to be closed.
pub(crate) fn answer(address: &str, path: &str) -> String {
    try_answer(address, path).unwrap()
}

/// The same of one that may not listen yet.
pub(crate) fn try_answer(address: &str, path: &str) -> Option<String> {
    let mut stream = TcpStream::connect(address).ok()?;
    write!(stream, "GET {path} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n").ok()?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).ok()?;
    Some(answer)
}

#[tokio::test]
async fn probes_tell_alive_from_ready() {
    let home = tempfile::tempdir().unwrap();
    let server = server::start(&home.path().join("data"));
    assert!(answer(&server.http, "/alive").starts_with("HTTP/1.1 200 OK"));
    assert!(answer(&server.http, "/ready").ends_with("ready\n"));
    assert!(answer(&server.http, "/nothing").starts_with("HTTP/1.1 404"));
    server.stop().await;
}
