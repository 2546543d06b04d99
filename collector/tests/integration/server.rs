//! Connections: how many there may be, who has to go for another, and who is left.

use std::io::{Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::time::{Duration, Instant};

use axum::Router;
use axum::routing::get;
use collector::server::{ConnectionCounters, Limits, Protocol, Server};
use tokio::net::TcpListener;
use tokio::runtime::Runtime;
use tokio::sync::oneshot;

/// A server of `/large`, 64 MiB, and `/small`.
struct Site {
    address: SocketAddr,
    counters: ConnectionCounters,
    stop: Option<oneshot::Sender<()>>,
    served: tokio::task::JoinHandle<()>,
    runtime: Runtime,
}

impl Site {
    fn start(limits: Limits) -> Self {
        let runtime = Runtime::new().unwrap();
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).unwrap();
        let address = listener.local_addr().unwrap();
        let router = Router::new()
            .route("/large", get(async || vec![b'x'; 64 << 20]))
            .route("/small", get(async || "small"));
        let server = Server::new(listener, Protocol::Http1, limits);
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
    // Who has nothing to read is not meant.
    idle.write_all(b"GET /small HTTP/1.1\r\nhost: test\r\n\r\n")
        .unwrap();
    let mut rest = [0; 4096];
    assert!(idle.read(&mut rest).unwrap() > 0);
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
