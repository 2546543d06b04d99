//! One GET over plain HTTP, for readiness and for a look at an answer.

use std::io::{Read, Write};
use std::net::TcpStream;
use std::time::Duration;

/// Enough for every answer that is looked at here.
const MOST_BYTES: u64 = 1 << 20;

/// What a server answered.
pub(crate) struct Answer {
    pub(crate) status: u16,
    /// As sent, chunk sizes included.
    pub(crate) body: String,
}

/// The answer to a GET at `address` (`host:port`), or `None` when there is none within five seconds.
pub(crate) fn get(address: &str, path: &str) -> Option<Answer> {
    get_with(address, path, "")
}

/// As [`get`], with a header line, which ends with its own `\r\n`.
pub(crate) fn get_with(address: &str, path: &str, header: &str) -> Option<Answer> {
    let mut stream = TcpStream::connect(address).ok()?;
    stream.set_read_timeout(Some(Duration::from_secs(5))).ok()?;
    write!(
        stream,
        "GET {path} HTTP/1.1\r\nHost: {address}\r\n{header}Connection: close\r\n\r\n"
    )
    .ok()?;
    let mut answer = Vec::new();
    stream.take(MOST_BYTES).read_to_end(&mut answer).ok()?;
    parse(&String::from_utf8_lossy(&answer))
}

fn parse(answer: &str) -> Option<Answer> {
    let (head, body) = answer.split_once("\r\n\r\n")?;
    let status = head.strip_prefix("HTTP/1.1 ")?.get(..3)?.parse().ok()?;
    Some(Answer {
        status,
        body: body.to_owned(),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reads_status_and_body_of_a_whole_answer_only() {
        let answer =
            parse("HTTP/1.1 503 Service Unavailable\r\nRetry-After: 1\r\n\r\nwait").unwrap();
        assert_eq!((answer.status, answer.body.as_str()), (503, "wait"));
        assert!(parse("HTTP/1.1 200 OK\r\nContent-Le").is_none());
        assert!(parse("SSH-2.0\r\n\r\n").is_none());
    }
}
