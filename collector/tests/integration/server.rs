//! Connections: how many there may be, who has to go for another, and who is left.

use std::future::pending;
use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Body;
use axum::http::Request;
use axum::routing::get;
use collector::server::{ConnectionCounters, Limits, Protocol, Server};
use hyper::client::conn::http2;
use hyper_util::rt::{TokioExecutor, TokioIo};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

/// A server of `/large`, 64 MiB, `/small`, and `/never`, which is not answered.
struct Site {
    address: SocketAddr,
    counters: ConnectionCounters,
    stop: Option<oneshot::Sender<()>>,
    served: tokio::task::JoinHandle<()>,
    runtime: Runtime,
}

impl Site {
    fn start(limits: Limits) -> Self {
        Self::speaking(Protocol::Http1, limits)
    }

    fn speaking(protocol: Protocol, limits: Limits) -> Self {
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new()
            .route("/large", get(async || vec![b'x'; 64 << 20]))
            .route("/small", get(async || "small"))
            .route("/never", get(async || pending::<()>().await));
        let server = Server::new(listener, protocol, limits);
        let counters = server.counters();
        let (stop, stopped) = oneshot::channel();
        let served = runtime.spawn(server.serve(router, async { drop(stopped.await) }));
        Self {
            address,
            counters,
            stop: Some(stop),
            served,
            runtime,
        }
    }

    fn ask(&self, path: &str) -> TcpStream {
        let mut stream = TcpStream::connect(self.address).unwrap();
        let request = format!("GET {path} HTTP/1.1\r\nhost: test\r\n\r\n");
        stream.write_all(request.as_bytes()).unwrap();
        let wait = Some(Duration::from_secs(30));
        stream.set_read_timeout(wait).unwrap();
        stream
    }

    fn wait_for(&self, what: &str, is_so: impl Fn(&ConnectionCounters) -> bool) {
        let deadline = Instant::now() + Duration::from_secs(30);
        while !is_so(&self.counters) {
            assert!(Instant::now() < deadline, "waited in vain for {what}");
            std::thread::yield_now();
        }
    }
}

fn first_line(stream: &mut TcpStream) -> String {
    let mut bytes = [0; 15];
    stream.read_exact(&mut bytes).unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn who_reads_nothing_of_an_answer_is_left() {
    let site = Site::start(Limits {
        stall_timeout: Duration::from_millis(200),
        ..Limits::default()
    });
    let mut idle = site.ask("/small");
    assert_eq!(first_line(&mut idle), "HTTP/1.1 200 OK");
    let mut reader = site.ask("/large");
    assert_eq!(first_line(&mut reader), "HTTP/1.1 200 OK");
    site.wait_for("the reader to be left", |counters| counters.open() == 1);
    assert_eq!(site.counters.stalled(), 1);
    // Who has nothing to read is not meant.
    idle.write_all(b"GET /small HTTP/1.1\r\nhost: test\r\n\r\n")
        .unwrap();
    let mut rest = [0; 4096];
    assert!(idle.read(&mut rest).unwrap() > 0);
}

#[test]
fn whose_next_request_does_not_come_in_time_is_left() {
    let site = Site::start(Limits {
        head_timeout: Duration::from_millis(100),
        ..Limits::default()
    });
    let mut slow = TcpStream::connect(site.address).unwrap();
    slow.write_all(b"GET /small HTTP/1.1\r\nhost: te").unwrap();
    let mut idle = site.ask("/small");
    site.wait_for("both to be left", |counters| counters.late() == 2);
    let mut answered = String::new();
    idle.read_to_string(&mut answered).unwrap();
    assert!(answered.ends_with("small"), "{answered}");
    site.wait_for("both to be gone", |counters| counters.open() == 0);
}

#[test]
fn a_connection_has_so_many_requests_at_a_time_and_others_wait() {
    let limits = Limits {
        streams_max: 2,
        ..Limits::default()
    };
    let site = Site::speaking(Protocol::Http2, limits);
    site.runtime.block_on(async {
        let stream = tokio::net::TcpStream::connect(site.address).await.unwrap();
        let stream = TokioIo::new(stream);
        let (client, connection) = http2::handshake(TokioExecutor::new(), stream)
            .await
            .unwrap();
        tokio::spawn(connection);
        let ask = |path: &str| {
            let url = format!("http://{}{path}", site.address);
            let request = Request::get(url).body(Body::empty()).unwrap();
            client.clone().send_request(request)
        };
        // The server says how many there may be, and the client knows it after the first answer.
        assert_eq!(ask("/small").await.unwrap().status(), 200);
        let never = [ask("/never"), ask("/never")];
        let mut small = std::pin::pin!(ask("/small"));
        let waits = tokio::time::timeout(Duration::from_millis(100), &mut small).await;
        assert!(waits.is_err(), "there is no room for a third");
        assert_eq!(site.counters.full(), 1);
        drop(never);
        assert_eq!(small.await.unwrap().status(), 200);
    });
}

#[test]
fn the_idlest_connection_goes_for_another_and_one_at_work_does_not() {
    let site = Site::start(Limits {
        connections_max: 2,
        ..Limits::default()
    });
    let mut at_work = site.ask("/large");
    assert_eq!(first_line(&mut at_work), "HTTP/1.1 200 OK");
    for _ in 0..5 {
        assert_eq!(first_line(&mut site.ask("/small")), "HTTP/1.1 200 OK");
    }
    let mut length = 15;
    let mut part = vec![0; 1 << 20];
    while length < 64 << 20 {
        let read = at_work.read(&mut part).unwrap();
        assert!(read > 0, "ended after {length} bytes");
        length += read;
    }
    assert_eq!(site.counters.accepted(), 6);
}

#[test]
fn the_end_waits_for_answers_under_way() {
    let mut site = Site::start(Limits::default());
    let mut reader = site.ask("/large");
    assert_eq!(first_line(&mut reader), "HTTP/1.1 200 OK");
    site.stop.take().unwrap().send(()).unwrap();
    let mut rest = Vec::new();
    reader.read_to_end(&mut rest).unwrap();
    assert!(rest.len() > 64 << 20);
    site.runtime.block_on(site.served).unwrap();
    assert!(TcpStream::connect(site.address).is_err());
}
