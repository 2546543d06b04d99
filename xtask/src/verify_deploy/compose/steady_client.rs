//! A client that asks at a steady rate over connections that it keeps, and tells apart what became of each request.

use std::io::{ErrorKind, Read, Write};
use std::net::TcpStream;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

/// Together 200 requests a second.
const CONNECTIONS: usize = 8;
const INTERVAL: Duration = Duration::from_millis(40);
const PATIENCE: Duration = Duration::from_secs(10);

/// What became of the requests.
#[derive(Debug, Default)]
pub(super) struct Counts {
    /// Whole answers with status 200.
    pub(super) answered: u64,
    /// Whole answers with another status.
    pub(super) failed: u64,
    /// Connections that were not taken, or closed before the server had said anything over them: Docker takes every
    /// connection to a published port itself and closes it when it finds nobody behind.
    pub(super) refused: u64,
    /// Requests over a connection in use that got no answer, or a part of one.
    pub(super) cut: u64,
}

/// A running client.
pub(super) struct SteadyClient {
    stop: Arc<AtomicBool>,
    answered: Arc<AtomicU64>,
    workers: Vec<JoinHandle<Counts>>,
}

impl SteadyClient {
    /// Begins to ask.
    pub(super) fn start(address: &str, path: &str) -> SteadyClient {
        let request = format!("GET {path} HTTP/1.1\r\nHost: {address}\r\n\r\n");
        let (stop, answered) = (Arc::default(), Arc::default());
        let workers = (0..CONNECTIONS)
            .map(|_| {
                let (stop, answered) = (Arc::clone(&stop), Arc::clone(&answered));
                let (address, request) = (address.to_owned(), request.clone());
                std::thread::spawn(move || work(&address, &request, &stop, &answered))
            })
            .collect();
        SteadyClient {
            stop,
            answered,
            workers,
        }
    }

    /// Requests answered so far.
    pub(super) fn answered(&self) -> u64 {
        self.answered.load(Ordering::Relaxed)
    }

    /// Ends, after the requests that are under way.
    pub(super) fn stop(self) -> Counts {
        self.stop.store(true, Ordering::Relaxed);
        let mut sum = Counts::default();
        for worker in self.workers {
            let counts = worker.join().unwrap_or_default();
            sum.answered += counts.answered;
            sum.failed += counts.failed;
            sum.refused += counts.refused;
            sum.cut += counts.cut;
        }
        sum
    }
}

fn work(address: &str, request: &str, stop: &AtomicBool, answered: &AtomicU64) -> Counts {
    let mut counts = Counts::default();
    let mut kept: Option<TcpStream> = None;
    while !stop.load(Ordering::Relaxed) {
        let begin = Instant::now();
        // A server that ends closes its idle connections; whoever looks before sending loses nothing by that.
        let used = kept.take().filter(is_open);
        let is_used = used.is_some();
        match used.or_else(|| TcpStream::connect(address).ok()) {
            None => counts.refused += 1,
            Some(mut connection) => match ask(&mut connection, request) {
                Outcome::Whole { status, is_last } => {
                    match status {
                        200 => counts.answered += 1,
                        _ => counts.failed += 1,
                    }
                    answered.fetch_add(1, Ordering::Relaxed);
                    kept = (!is_last).then_some(connection);
                }
                Outcome::Nothing if !is_used => counts.refused += 1,
                Outcome::Nothing | Outcome::Part => counts.cut += 1,
            },
        }
        std::thread::sleep(INTERVAL.saturating_sub(begin.elapsed()));
    }
    counts
}

fn is_open(connection: &TcpStream) -> bool {
    let looked = connection
        .set_nonblocking(true)
        .and_then(|()| connection.peek(&mut [0]));
    let waits = matches!(&looked, Err(error) if error.kind() == ErrorKind::WouldBlock);
    waits && connection.set_nonblocking(false).is_ok()
}

#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    Whole {
        status: u16,
        /// The server closes the connection after this answer.
        is_last: bool,
    },
    Part,
    Nothing,
}

fn ask(connection: &mut TcpStream, request: &str) -> Outcome {
    let sent = connection
        .set_read_timeout(Some(PATIENCE))
        .and_then(|()| connection.write_all(request.as_bytes()));
    let mut answer = Vec::new();
    let mut block = [0; 16 * 1024];
    while sent.is_ok() {
        match connection.read(&mut block) {
            Ok(0) | Err(_) => break,
            Ok(length) => answer.extend_from_slice(&block[..length]),
        }
        if let Some(outcome) = whole(&answer) {
            return outcome;
        }
    }
    match answer.is_empty() {
        true => Outcome::Nothing,
        false => Outcome::Part,
    }
}

/// The answer, if it is complete.
fn whole(answer: &[u8]) -> Option<Outcome> {
    let end = answer.windows(4).position(|four| four == b"\r\n\r\n")? + 4;
    let head = std::str::from_utf8(&answer[..end])
        .ok()?
        .to_ascii_lowercase();
    let body = &answer[end..];
    let header = |name: &str| {
        let mut lines = head.lines();
        lines.find_map(|line| Some(line.strip_prefix(name)?.strip_prefix(':')?.trim()))
    };
    let is_complete = match header("content-length").map(str::parse::<usize>) {
        Some(length) => body.len() >= length.ok()?,
        None => body.ends_with(b"0\r\n\r\n"),
    };
    is_complete.then_some(Outcome::Whole {
        status: head.get(9..12)?.parse().ok()?,
        is_last: header("connection") == Some("close"),
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_whole_answer_counts() {
        let check = |answer: &str, expected: Option<(u16, bool)>| {
            let expected = expected.map(|(status, is_last)| Outcome::Whole { status, is_last });
            assert_eq!(whole(answer.as_bytes()), expected, "{answer:?}");
        };
        check("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n", None);
        check("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{", None);
        check(
            "HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}",
            Some((200, false)),
        );
        check(
            "HTTP/1.1 502 Bad Gateway\r\nconnection: close\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n",
            Some((502, true)),
        );
        check(
            "HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n2\r\n{}\r\n",
            None,
        );
    }

    #[test]
    fn a_server_that_hangs_up_in_the_middle_has_cut_the_request() {
        let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap().to_string();
        let server = std::thread::spawn(move || {
            // Each of the connections gets one answer, and half of a second one.
            for _ in 0..CONNECTIONS {
                let (mut connection, _) = listener.accept().unwrap();
                let mut request = [0; 256];
                for answer in [
                    "HTTP/1.1 200 OK\r\ncontent-length: 1\r\n\r\n!",
                    "HTTP/1.1 2",
                ] {
                    let length = connection.read(&mut request).unwrap();
                    assert!(request[..length].ends_with(b"\r\n\r\n"));
                    connection.write_all(answer.as_bytes()).unwrap();
                }
            }
        });
        let client = SteadyClient::start(&address, "/");
        server.join().unwrap();
        let counts = client.stop();
        assert_eq!((counts.answered, counts.cut), (8, 8), "{counts:?}");
    }
}
