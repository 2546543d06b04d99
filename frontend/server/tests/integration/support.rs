//! A site on free ports: the server in front of a server that answers as each test's path asks and keeps what it was
//! sent, and a client that says exactly what a test wants it to say.

use std::net::SocketAddr;
use std::path::Path;
use std::pin::Pin;
use std::sync::Mutex;
use std::task::{Context as TaskContext, Poll};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{Request, State};
use axum::http::{HeaderMap, Method, StatusCode};
use axum::response::{IntoResponse, Response};
use bytes::Bytes;
use clap::Parser;
use frontend_server::assets::Assets;
use frontend_server::config::{Arguments, Config};
use frontend_server::router;
use http_body::Frame;
use opentelemetry::TraceId;
use telemetry::testing::{Recorder, record};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::mpsc;

pub(crate) const PATIENCE: Duration = Duration::from_secs(10);
/// Content of a hashed asset, long enough to be worth compressing.
pub(crate) const SCRIPT: &str = include_str!("telemetry_query.rs");
pub(crate) const INDEX: &str = "<!doctype html><html lang=\"en\"><head><meta charset=utf-8><title>Books</title></head><body></body></html>";

/// The server under test and what stands behind it.
pub(crate) struct Site {
    pub(crate) address: SocketAddr,
    pub(crate) behind: Behind,
    pub(crate) recorder: &'static Recorder,
    _dist: TempDir,
}

/// What the server behind was sent, and which of its requests were given up.
pub(crate) struct Behind {
    pub(crate) address: SocketAddr,
    received: Mutex<mpsc::UnboundedReceiver<Received>>,
    given_up: Mutex<mpsc::UnboundedReceiver<()>>,
}

/// One request to the server behind.
#[derive(Debug)]
pub(crate) struct Received {
    pub(crate) method: Method,
    pub(crate) target: String,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Bytes,
}

/// One response to the client.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: Vec<u8>,
}

impl Site {
    /// A site with one server behind it, for everything.
    pub(crate) async fn start() -> Self {
        let behind = Behind::start().await;
        let url = format!("http://{}", behind.address);
        Self::before(
            behind,
            &[
                "--backend-url",
                &url,
                "--otlp-url",
                &url,
                "--telemetry-url",
                &url,
            ],
        )
        .await
    }

    /// A site with nobody behind it.
    pub(crate) async fn alone() -> Self {
        let free = TcpListener::bind("127.0.0.1:0")
            .await
            .unwrap()
            .local_addr()
            .unwrap();
        let url = format!("http://{free}");
        let flags = [
            "--backend-url",
            &url,
            "--otlp-url",
            &url,
            "--telemetry-url",
            &url,
        ];
        Self::before(Behind::start().await, &flags).await
    }

    /// A site with these flags.
    pub(crate) async fn before(behind: Behind, flags: &[&str]) -> Self {
        let recorder = record();
        let dist = dist();
        let mut config = config(flags);
        config.upstream_timeout = Duration::from_millis(300);
        let assets = Assets::load(dist.path()).unwrap();
        let page_config = config.page(&config.telemetry().unwrap());
        let router = router::router(&config, assets, page_config);
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(router::serve(listener, router, std::future::pending()));
        Site {
            address,
            behind,
            recorder,
            _dist: dist,
        }
    }

    /// `GET target`.
    pub(crate) async fn get(&self, target: &str) -> Answer {
        self.send("GET", target, &[], b"").await
    }

    /// A request with a body.
    pub(crate) async fn send(
        &self,
        method: &str,
        target: &str,
        headers: &[(&str, &str)],
        body: &[u8],
    ) -> Answer {
        let mut head = format!(
            "{method} {target} HTTP/1.1\r\nhost: {}\r\nconnection: close\r\n",
            self.address
        );
        for (name, value) in headers {
            head.push_str(&format!("{name}: {value}\r\n"));
        }
        let mut request = format!("{head}content-length: {}\r\n\r\n", body.len()).into_bytes();
        request.extend_from_slice(body);
        self.raw(&request).await
    }

    /// These bytes; reads until the server closes the connection.
    pub(crate) async fn raw(&self, request: &[u8]) -> Answer {
        let mut stream = TcpStream::connect(self.address).await.unwrap();
        // A server that refuses early may close before it has read everything.
        let _ = stream.write_all(request).await;
        let mut answer = Vec::new();
        let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await;
        let _ = read.expect("the server answers in time");
        parse(&answer)
    }

    /// The trace that an answer names, once this many of its spans have ended.
    pub(crate) async fn trace(&self, answer: &Answer, spans: usize) -> String {
        self.recorder.render_when(answer.trace_id(), spans).await
    }
}

impl Behind {
    pub(crate) async fn start() -> Self {
        let (received_sender, received) = mpsc::unbounded_channel();
        let (given_up_sender, given_up) = mpsc::unbounded_channel();
        let router = Router::new()
            .fallback(answer)
            .with_state((received_sender, given_up_sender));
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        tokio::spawn(async move { axum::serve(listener, router).await });
        Behind {
            address,
            received: Mutex::new(received),
            given_up: Mutex::new(given_up),
        }
    }

    /// The next request it was sent, which has already arrived.
    pub(crate) fn received(&self) -> Option<Received> {
        self.received.lock().unwrap().try_recv().ok()
    }

    /// Waits until a request arrives.
    #[allow(clippy::await_holding_lock, reason = "one test waits on one thread")]
    pub(crate) async fn receive(&self) -> Received {
        let mut received = self.received.lock().unwrap();
        let received = tokio::time::timeout(PATIENCE, received.recv()).await;
        received.expect("a request arrives in time").unwrap()
    }

    /// Waits until a request that it does not answer is given up.
    #[allow(clippy::await_holding_lock, reason = "one test waits on one thread")]
    pub(crate) async fn given_up(&self) {
        let mut given_up = self.given_up.lock().unwrap();
        let given_up = tokio::time::timeout(PATIENCE, given_up.recv()).await;
        given_up.expect("the request is given up in time").unwrap();
    }
}

impl Answer {
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers
            .get(name)
            .map_or("", |value| value.to_str().unwrap())
    }

    pub(crate) fn text(&self) -> &str {
        std::str::from_utf8(&self.body).unwrap()
    }

    pub(crate) fn trace_id(&self) -> TraceId {
        TraceId::from_hex(&self.header("traceresponse")[3..35]).unwrap()
    }

    /// Asserts a problem of this status with the trace that the headers name, or none; gives its detail.
    #[track_caller]
    pub(crate) fn problem(&self, status: u16) -> String {
        assert_eq!(
            (self.status, self.header("content-type")),
            (status, "application/problem+json"),
            "{self:?}"
        );
        let problem: serde_json::Value = serde_json::from_slice(&self.body).unwrap();
        assert_eq!(problem["status"], status);
        let trace = self.header("traceresponse").get(3..35).unwrap_or_default();
        assert_eq!(problem["trace_id"], trace);
        problem["detail"].as_str().unwrap().to_owned()
    }
}

/// Settings as the command line gives them.
pub(crate) fn config(flags: &[&str]) -> Config {
    let program = ["frontend-server", "--listen", "127.0.0.1:0"];
    Arguments::try_parse_from(program.iter().chain(flags))
        .unwrap()
        .config
}

/// A built page.
pub(crate) fn dist() -> TempDir {
    let dist = tempfile::tempdir().unwrap();
    let write =
        |name: &str, content: &[u8]| std::fs::write(dist.path().join(name), content).unwrap();
    write("index.html", INDEX.as_bytes());
    write("page-0123456789abcdef.js", SCRIPT.as_bytes());
    write("robots.txt", b"User-agent: *\n");
    for folder in ["program-0123456789abcdef", "snippets"] {
        std::fs::create_dir(dist.path().join(folder)).unwrap();
    }
    write("program-0123456789abcdef/page_bg.wasm", b"\0asm");
    write("snippets/inline0.js", b"export {};");
    precompress(dist.path());
    dist
}

pub(crate) fn precompress(dist: &Path) {
    frontend_server::precompress::run(dist).unwrap();
}

type Senders = (mpsc::UnboundedSender<Received>, mpsc::UnboundedSender<()>);

/// Tells the test when a request is dropped unanswered.
struct Unanswered(mpsc::UnboundedSender<()>);

impl Drop for Unanswered {
    fn drop(&mut self) {
        let _ = self.0.send(());
    }
}

async fn answer(State((received, given_up)): State<Senders>, request: Request) -> Response {
    let (head, body) = request.into_parts();
    let path = head.uri.path().to_owned();
    let body = to_bytes(body, usize::MAX).await.unwrap();
    let target = head.uri.to_string();
    received
        .send(Received {
            method: head.method,
            target,
            headers: head.headers,
            body,
        })
        .unwrap();
    match path.as_str() {
        "/hang" => {
            let _unanswered = Unanswered(given_up);
            std::future::pending().await
        }
        "/missing" => StatusCode::NOT_FOUND.into_response(),
        "/broken" => (StatusCode::INTERNAL_SERVER_ERROR, "broken").into_response(),
        "/busy/v1/traces" => {
            (StatusCode::TOO_MANY_REQUESTS, [("retry-after", "7")]).into_response()
        }
        "/hop" => {
            let headers = [
                ("connection", "x-private, x-other"),
                ("keep-alive", "timeout=5"),
                ("x-private", "1"),
                ("x-public", "2"),
                ("server-timing", "trace;desc=\"00-behind\""),
                ("traceresponse", "00-behind"),
                ("content-security-policy", "default-src *"),
            ];
            (headers, "hopped").into_response()
        }
        "/v1/traces" | "/v1/logs" | "/v1/metrics" => StatusCode::OK.into_response(),
        "/garbage/v1/traces" => "no protobuf".into_response(),
        "/stalled" => Body::new(Stalled(None)).into_response(),
        "/live" => Body::new(Stalled(Some("event: trace\n\n".into()))).into_response(),
        _ => ([("content-type", "application/json")], r#"{"answer":1}"#).into_response(),
    }
}

/// A body that never gets anywhere after its beginning.
struct Stalled(Option<Bytes>);

impl http_body::Body for Stalled {
    type Data = Bytes;
    type Error = std::convert::Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        _: &mut TaskContext<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Self::Error>>> {
        match self.0.take() {
            Some(beginning) => Poll::Ready(Some(Ok(Frame::data(beginning)))),
            None => Poll::Pending,
        }
    }
}

fn parse(answer: &[u8]) -> Answer {
    let end = answer.windows(4).position(|window| window == b"\r\n\r\n");
    let end = end.unwrap_or_else(|| panic!("no head in {:?}", String::from_utf8_lossy(answer)));
    let head = std::str::from_utf8(&answer[..end]).unwrap();
    let mut lines = head.split("\r\n");
    let status = lines
        .next()
        .unwrap()
        .split(' ')
        .nth(1)
        .unwrap()
        .parse()
        .unwrap();
    let mut headers = HeaderMap::new();
    for line in lines {
        let (name, value) = line.split_once(": ").unwrap();
        headers.append(
            name.parse::<axum::http::HeaderName>().unwrap(),
            value.parse().unwrap(),
        );
    }
    Answer {
        status,
        headers,
        body: answer[end + 4..].to_vec(),
    }
}
