//! The HTTP listener itself: probes and limits. What is behind it has modules of its own.

use crate::server;

use std::io::ErrorKind;
use std::io::Read;
use std::io::Write;
use std::net::TcpStream;
use std::time::Duration;
use std::time::Instant;

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

#[tokio::test]
async fn a_head_that_comes_a_sign_at_a_time_is_not_waited_for() {
    let home = tempfile::tempdir().unwrap();
    let environment = [("ONESTOP_SERVER_REQUEST_TIMEOUT_MS", "400")];
    let server = server::start_with(&home.path().join("data"), &environment);
    let mut unused = TcpStream::connect(&server.http).unwrap();
    let mut slow = TcpStream::connect(&server.http).unwrap();
    slow.write_all(b"GET /alive HTTP/1.1\r\nHost: localhost\r\nX: ").unwrap();
    slow.set_read_timeout(Some(Duration::from_millis(50))).unwrap();
    let begun = Instant::now();
    // The server ends it, however long the client goes on.
    let ended = loop {
        let mut answer = [0; 512];
        match slow.read(&mut answer) {
            Ok(0) => break true,
            Ok(_) => {}
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(_) => break true,
        }
        if Duration::from_secs(60) < begun.elapsed() {
            break false;
        }
        // Once the server has let go of it, this fails.
        let _ = slow.write_all(b"x");
    };
    assert!(ended, "a head without an end was waited for");
    // The same for who says nothing at all.
    unused.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    assert_eq!(unused.read(&mut [0; 512]).unwrap(), 0);
    // The same for gRPC, where the beginning of HTTP/2 has ten seconds.
    for begun in ["", "PRI * HTTP/2.0\r\n"] {
        let mut silent = TcpStream::connect(&server.address).unwrap();
        silent.write_all(begun.as_bytes()).unwrap();
        silent.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
        // What the server says of itself may come first; then it closes, and a read that waits for too long is an error.
        let ended = loop {
            match silent.read(&mut [0; 512]) {
                Ok(0) => break true,
                Ok(_) => {}
                Err(error) => break error.kind() == ErrorKind::ConnectionReset,
            }
        };
        assert!(ended, "{begun:?} was waited for");
    }
    // A connection that is used is kept.
    let mut kept = TcpStream::connect(&server.http).unwrap();
    kept.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
    for _ in 0..2 {
        kept.write_all(b"GET /alive HTTP/1.1\r\nHost: localhost\r\n\r\n").unwrap();
        let mut answer = Vec::new();
        while !answer.ends_with(b"alive\n") {
            let mut some = [0; 512];
            let read = kept.read(&mut some).unwrap();
            assert!(0 < read, "{}", String::from_utf8_lossy(&answer));
            answer.extend(&some[..read]);
        }
    }
    drop(kept);
    server.stop().await;
}
