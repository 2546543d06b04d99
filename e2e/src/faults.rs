//! A bad day of the collector: stands between frontend-server and the collector and answers the page's exports in its
//! place, as a test wants. Everything else passes through.

use std::collections::VecDeque;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex};

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;

/// What happens to one export of the page.
#[derive(Clone, Debug)]
pub enum Fault {
    /// Answered with this status, and with a wish to be asked again after so many seconds.
    Refuse(u16, Option<u64>),
    /// Answered with this body, without any span going on to the collector.
    Answer(Vec<u8>),
}

/// The stand-in for the collector.
#[derive(Debug)]
pub struct Faults {
    address: SocketAddr,
    state: Arc<State>,
}

#[derive(Debug)]
struct State {
    collector: SocketAddr,
    next: Mutex<VecDeque<Fault>>,
    silent: watch::Sender<bool>,
    exports: Mutex<usize>,
}

impl Faults {
    /// Stands before the collector at this address.
    ///
    /// # Errors
    /// When no port can be had.
    pub async fn start(collector: SocketAddr) -> anyhow::Result<Faults> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let state = Arc::new(State {
            collector,
            next: Mutex::default(),
            silent: watch::Sender::new(false),
            exports: Mutex::default(),
        });
        let faults = Faults {
            address: listener.local_addr()?,
            state: Arc::clone(&state),
        };
        tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                let state = Arc::clone(&state);
                // A connection that breaks is what some of its users want to see.
                tokio::spawn(async move { serve(connection, &state).await });
            }
        });
        Ok(faults)
    }

    /// Where exports go.
    pub fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// These happen to the exports of the page that come next, in this order.
    ///
    /// # Panics
    /// When a thread has panicked before.
    pub fn plan(&self, faults: impl IntoIterator<Item = Fault>) {
        self.state.next.lock().expect("no panic").extend(faults);
    }

    /// From now on exports of the page get no answer, until told otherwise; then those that wait lose their connection.
    pub fn be_silent(&self, silent: bool) {
        self.state.silent.send_replace(silent);
    }

    /// How many exports of the page have come so far.
    ///
    /// # Panics
    /// When a thread has panicked before.
    pub fn exports(&self) -> usize {
        *self.state.exports.lock().expect("no panic")
    }
}

/// One request for each connection.
async fn serve(mut connection: TcpStream, state: &State) -> std::io::Result<()> {
    let request = read_request(&mut connection).await?;
    if request.is_empty() {
        return Ok(());
    }
    if is_of_the_page(&request) {
        *state.exports.lock().expect("no panic") += 1;
        let mut silent = state.silent.subscribe();
        if *silent.borrow_and_update() {
            // The sender lives as long as this state.
            let _ = silent.wait_for(|silent| !silent).await;
            return Ok(());
        }
        let fault = state.next.lock().expect("no panic").pop_front();
        if let Some(fault) = fault {
            return connection.write_all(&answer(&fault)).await;
        }
    }
    let mut collector = TcpStream::connect(state.collector).await?;
    let closing = String::from_utf8_lossy(&request)
        .to_ascii_lowercase()
        .contains("\r\nconnection: close");
    collector.write_all(&with_close(&request, closing)).await?;
    tokio::io::copy(&mut collector, &mut connection).await?;
    Ok(())
}

/// A whole request: its head, and as much body as that announces.
async fn read_request(connection: &mut TcpStream) -> std::io::Result<Vec<u8>> {
    let mut request = Vec::new();
    loop {
        if connection.read_buf(&mut request).await? == 0 {
            return Ok(request);
        }
        if let Some(head) = head_of(&request)
            && request.len() >= head.len() + 4 + content_length(&head)
        {
            return Ok(request);
        }
    }
}

fn head_of(request: &[u8]) -> Option<String> {
    let end = request.windows(4).position(|bytes| bytes == b"\r\n\r\n")?;
    Some(String::from_utf8_lossy(&request[..end]).into_owned())
}

fn content_length(head: &str) -> usize {
    let lower = head.to_ascii_lowercase();
    let line = lower
        .lines()
        .find_map(|line| line.strip_prefix("content-length:"));
    line.and_then(|length| length.trim().parse().ok())
        .unwrap_or(0)
}

/// The same request, after which the connection ends.
fn with_close(request: &[u8], closing: bool) -> Vec<u8> {
    let line_end = request.windows(2).position(|bytes| bytes == b"\r\n");
    match line_end {
        Some(end) if !closing => {
            let (line, rest) = request.split_at(end);
            [line, b"\r\nconnection: close", rest].concat()
        }
        _ => request.to_vec(),
    }
}

/// Whether this is an export of spans whose resource is the page and not one of the servers, whose names go on after it.
fn is_of_the_page(request: &[u8]) -> bool {
    let name = shared::semconv::service::FRONTEND.as_bytes();
    let mut places = request.windows(name.len() + 1);
    request.starts_with(b"POST /v1/traces ")
        && places.any(|bytes| bytes.starts_with(name) && !bytes.ends_with(b"-"))
}

fn answer(fault: &Fault) -> Vec<u8> {
    let (status, extra, body) = match fault {
        Fault::Refuse(status, Some(seconds)) => {
            (*status, format!("retry-after: {seconds}\r\n"), Vec::new())
        }
        Fault::Refuse(status, None) => (*status, String::new(), Vec::new()),
        Fault::Answer(body) => (
            200,
            "content-type: application/x-protobuf\r\n".to_owned(),
            body.clone(),
        ),
    };
    let head = format!(
        "HTTP/1.1 {status} As planned\r\n{extra}content-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    [head.into_bytes(), body].concat()
}
