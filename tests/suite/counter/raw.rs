//! Requests written by hand, as no browser would write them.

use std::io::Read;
use std::io::Write;
use std::net::TcpStream;

/// An answer: its head, and its body.
pub(crate) struct Answer {
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    /// The status.
    pub(crate) fn status(&self) -> &str {
        self.head.split(' ').nth(1).unwrap()
    }

    /// The values of a header.
    pub(crate) fn all<'a>(&'a self, name: &'a str) -> impl Iterator<Item = &'a str> {
        let pairs = self.head.lines().skip(1).filter_map(|line| line.split_once(": "));
        pairs.filter(move |(one, _)| one.eq_ignore_ascii_case(name)).map(|(_, value)| value)
    }

    /// The value of a header that there must be.
    pub(crate) fn header<'a>(&'a self, name: &'a str) -> &'a str {
        self.all(name).next().unwrap_or_else(|| panic!("no {name}: {}", self.head))
    }
}

/// One request on a connection of its own.
pub(crate) fn ask(address: &str, first: &str, headers: &[(&str, &str)], body: &str) -> Answer {
    let mut request = format!("{first} HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n");
    for (name, value) in headers {
        request.push_str(&format!("{name}: {value}\r\n"));
    }
    request.push_str(&format!("Content-Length: {}\r\n\r\n{body}", body.len()));
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = Vec::new();
    stream.read_to_end(&mut answer).unwrap();
    let answer = String::from_utf8_lossy(&answer);
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    Answer { head: head.to_owned(), body: body.to_owned() }
}

/// The content type of plain forms.
pub(crate) const FORM: (&str, &str) = ("Content-Type", "application/x-www-form-urlencoded");

/// A visitor: what its cookies are, and the token that its forms bring back.
pub(crate) struct Visitor {
    pub(crate) cookie: String,
    pub(crate) token: String,
}

/// A visitor who has just come.
pub(crate) fn visitor(address: &str) -> Visitor {
    let answer = ask(address, "GET /counter/window", &[], "");
    let cookie = answer.header("set-cookie").split(';').next().unwrap().to_owned();
    let token = cookie.split_once('=').unwrap().1.to_owned();
    Visitor { cookie, token }
}
