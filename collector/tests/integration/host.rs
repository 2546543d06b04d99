//! A collector in the test's own process, on ports of its own, and a client that can be as odd as it likes.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use collector::otlp::Limits;
use collector::otlp::Receiver;
use collector::server::{self, Protocol, Server};
use collector::store::{Counters, Store};
use collector::tee::Tee;
use collector::{otlp, query};
use prost::Message;
use tokio::net::TcpListener;
use tokio::runtime::Runtime;

/// A running collector; it ends with the value.
pub(crate) struct Host {
    pub(crate) otlp: SocketAddr,
    pub(crate) grpc: SocketAddr,
    pub(crate) query: SocketAddr,
    store: Arc<Store>,
    _runtime: Runtime,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

impl Host {
    pub(crate) fn start() -> Self {
        Self::with(64 << 20, Limits::default())
    }

    pub(crate) fn with(max_bytes: usize, limits: Limits) -> Self {
        Self::with_all(max_bytes, limits, query::Limits::default())
    }

    pub(crate) fn start_with_query(limits: query::Limits) -> Self {
        Self::with_all(64 << 20, Limits::default(), limits)
    }

    fn with_all(max_bytes: usize, limits: Limits, query_limits: query::Limits) -> Self {
        let store = Arc::new(Store::new(max_bytes));
        let receiver = Receiver::new(store.clone(), limits);
        Self::of(store, receiver, query_limits)
    }

    /// Another way in.
    pub(crate) fn receiver(&self) -> Receiver {
        Receiver::new(self.store.clone(), Limits::default())
    }

    /// Passes on what it receives.
    pub(crate) fn with_tee(tee: Arc<Tee>) -> Self {
        let store = Arc::new(Store::new(64 << 20));
        let receiver = Receiver::new(store.clone(), Limits::default()).with_tee(tee);
        Self::of(store, receiver, query::Limits::default())
    }

    fn of(store: Arc<Store>, receiver: Receiver, query_limits: query::Limits) -> Self {
        let runtime = Runtime::new().unwrap();
        let serve = |protocol, router| {
            let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
            let address = listener.local_addr().unwrap();
            let server = Server::new(listener, protocol, server::Limits::default());
            runtime.spawn(server.serve(router, std::future::pending()));
            address
        };
        let otlp = serve(Protocol::Http1, otlp::http_router(receiver.clone()));
        let grpc = serve(Protocol::Http2, otlp::grpc_router(receiver));
        let query = query::router(store.clone(), query_limits);
        let query = serve(Protocol::Http1, query);
        Self {
            otlp,
            grpc,
            query,
            store,
            _runtime: runtime,
        }
    }

    pub(crate) fn get(&self, path: &str) -> Answer {
        exchange(self.query, &format!("GET {path} HTTP/1.1\r\n"), b"")
    }

    pub(crate) fn post(&self, content_type: &str, body: &[u8]) -> Answer {
        self.post_with(&format!("content-type: {content_type}\r\n"), body)
    }

    /// Posts spans with these header lines.
    pub(crate) fn post_with(&self, headers: &str, body: &[u8]) -> Answer {
        self.post_to("/v1/traces", headers, body)
    }

    /// Posts to this path with these header lines.
    pub(crate) fn post_to(&self, path: &str, headers: &str, body: &[u8]) -> Answer {
        let length = body.len();
        let head = format!("POST {path} HTTP/1.1\r\n{headers}content-length: {length}\r\n");
        exchange(self.otlp, &head, body)
    }

    /// Sends spans in protobuf, all of which must be taken.
    pub(crate) fn send(&self, request: &impl Message) {
        let answer = self.post("application/x-protobuf", &request.encode_to_vec());
        assert_eq!((answer.status, answer.body.as_slice()), (200, &b""[..]));
    }

    pub(crate) fn end_feeds(&self) {
        self.store.end_feeds();
    }

    pub(crate) fn counters(&self) -> Counters {
        self.store.counters()
    }

    /// Spans of a trace as a viewer reads them.
    pub(crate) fn spans_of(&self, trace_id: u128) -> Vec<trace_model::Span> {
        let answer = self.get(&format!("/api/v3/traces/{trace_id:032x}"));
        assert_eq!(answer.status, 200, "{}", answer.text());
        trace_model::otlp_json::parse(&answer.text()).unwrap()
    }
}

impl Answer {
    pub(crate) fn text(&self) -> String {
        String::from_utf8(self.body.clone()).unwrap()
    }

    pub(crate) fn json(&self) -> serde_json::Value {
        serde_json::from_slice(&self.body).unwrap()
    }

    /// The value of a header that is there.
    pub(crate) fn header(&self, name: &str) -> &str {
        let line = self
            .head
            .lines()
            .find_map(|line| line.strip_prefix(name)?.strip_prefix(": "));
        line.unwrap_or_else(|| panic!("no {name} in {}", self.head))
    }
}

/// Writes a request of this head and body, and reads the answer until the connection is closed.
pub(crate) fn exchange(address: SocketAddr, head: &str, body: &[u8]) -> Answer {
    let mut stream = TcpStream::connect(address).unwrap();
    stream
        .set_read_timeout(Some(Duration::from_secs(30)))
        .unwrap();
    stream
        .write_all(format!("{head}host: test\r\nconnection: close\r\n\r\n").as_bytes())
        .unwrap();
    stream.write_all(body).unwrap();
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).unwrap();
    let end = bytes
        .windows(4)
        .position(|window| window == b"\r\n\r\n")
        .unwrap();
    let head = String::from_utf8(bytes[..end].to_vec()).unwrap();
    Answer {
        status: head.split(' ').nth(1).unwrap().parse().unwrap(),
        body: bytes[end + 4..].to_vec(),
        head,
    }
}
