//! Searches over HTTP: connections that stay open and ask one query after the other, as fast as they are answered.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::thread;
use std::time::{Duration, Instant};

use anyhow::{Context, bail};

use crate::samples::Samples;

/// Connections that ask at the same time.
pub(crate) const CONNECTIONS: usize = 8;

/// What a run of the load has measured.
pub(crate) struct Load {
    /// Answers in a second, over all connections.
    pub(crate) per_second: f64,
    /// From the request to the last byte of its answer.
    pub(crate) samples: Samples,
}

/// Asks for `paths` in turn over [`CONNECTIONS`] connections until `duration` is over.
///
/// # Errors
/// The server cannot be reached, or answers something else than success.
pub(crate) fn load(
    server: SocketAddr,
    paths: &[String],
    duration: Duration,
) -> anyhow::Result<Load> {
    let begin = Instant::now();
    let connection = |number: usize| -> anyhow::Result<Samples> {
        let mut connection = Connection::open(server)?;
        let mut samples = Samples::default();
        // Every connection begins elsewhere in the list, so that they do not ask the same at the same time.
        let first = number * paths.len() / CONNECTIONS;
        for path in paths.iter().cycle().skip(first) {
            if begin.elapsed() >= duration {
                break;
            }
            let asked = Instant::now();
            let status = connection.get(path)?;
            samples.add(asked.elapsed());
            if status != 200 {
                bail!("{path} is answered with {status}");
            }
        }
        Ok(samples)
    };
    let connection = &connection;
    let parts = thread::scope(|scope| {
        let workers: Vec<_> = (0..CONNECTIONS)
            .map(|number| scope.spawn(move || connection(number)))
            .collect();
        let joined = workers.into_iter().map(|worker| worker.join());
        joined
            .map(|part| part.expect("a connection does not panic"))
            .collect::<anyhow::Result<Vec<Samples>>>()
    })?;
    let took = begin.elapsed();
    let mut samples = Samples::default();
    parts.iter().for_each(|part| samples.append(part));
    Ok(Load {
        per_second: samples.len() as f64 / took.as_secs_f64(),
        samples,
    })
}

/// The path that searches for `query`.
pub(crate) fn search_path(query: &str, method: &str) -> String {
    let mut path = format!("/search?method={method}&q=");
    for byte in query.bytes() {
        match byte.is_ascii_alphanumeric() {
            true => path.push(char::from(byte)),
            false => path.push_str(&format!("%{byte:02X}")),
        }
    }
    path
}

/// A connection that stays open.
pub(crate) struct Connection {
    stream: BufReader<TcpStream>,
    body: Vec<u8>,
}

impl Connection {
    /// Connects.
    ///
    /// # Errors
    /// Nobody listens.
    pub(crate) fn open(server: SocketAddr) -> anyhow::Result<Self> {
        let stream = TcpStream::connect(server)?;
        stream.set_nodelay(true)?;
        Ok(Self {
            stream: BufReader::new(stream),
            body: Vec::new(),
        })
    }

    /// Asks for `path`, reads the answer to its end and returns its status.
    ///
    /// # Errors
    /// The connection breaks, or the answer is not HTTP with a length.
    pub(crate) fn get(&mut self, path: &str) -> anyhow::Result<u16> {
        let request = format!("GET {path} HTTP/1.1\r\nhost: localhost\r\n\r\n");
        self.stream.get_mut().write_all(request.as_bytes())?;
        let mut line = String::new();
        self.stream.read_line(&mut line)?;
        let status = line.split(' ').nth(1).and_then(|word| word.parse().ok());
        let mut length = None;
        loop {
            line.clear();
            self.stream.read_line(&mut line)?;
            let Some((name, value)) = line.trim_end().split_once(':') else {
                break;
            };
            if name.eq_ignore_ascii_case("content-length") {
                length = value.trim().parse().ok();
            }
        }
        self.body
            .resize(length.context("an answer without length")?, 0);
        self.stream.read_exact(&mut self.body)?;
        status.context("an answer without status")
    }
}
